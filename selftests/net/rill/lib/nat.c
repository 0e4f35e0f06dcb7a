// SPDX-License-Identifier: GPL-2.0
/* A NAT for datagrams, that finds other ports for them when the case says so. */
#include <pthread.h>

#include "nat.h"
#include "v6.h"

#define FIRST_PORT	40000

static uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

int udp_offset(const uint8_t *ip, int len)
{
	if (len >= 28 && ip[0] >> 4 == 4 && ip[9] == IPPROTO_UDP)
		return (ip[0] & 15) * 4;
	if (len >= 48 && ip[0] >> 4 == 6 && ip[6] == IPPROTO_UDP)
		return 40;
	return 0;
}

/* Of a protocol above, whose checksum lies at sum in the packet. */
static void pseudo_fix(uint8_t *ip, int len, int at, int sum, int proto)
{
	bool v6 = ip[0] >> 4 == 6;
	uint32_t start = proto + len - at;
	int i, from = v6 ? 8 : 12, to = v6 ? 40 : 20;
	uint16_t v;

	for (i = from; i < to; i += 2)
		start += get16(ip + i);
	put16(ip + sum, 0);
	v = ip_sum(ip + at, len - at, start);
	put16(ip + sum, v ?: 0xffff);
}

static void v4_fix(uint8_t *ip, int len)
{
	put16(ip + 2, len);
	put16(ip + 10, 0);
	put16(ip + 10, ip_sum(ip, (ip[0] & 15) * 4, 0));
}

void udp_fix(uint8_t *ip, int len)
{
	int at = udp_offset(ip, len);

	if (ip[0] >> 4 == 4)
		v4_fix(ip, len);
	else
		put16(ip + 4, len - 40);
	put16(ip + at + 4, len - at);
	pseudo_fix(ip, len, at, at + 6, IPPROTO_UDP);
}

void inner_fix(uint8_t *ip, int len)
{
	int at = udp_offset(ip, len) + 8;

	put16(ip + at + 16, 0);
	put16(ip + at + 16, ip_sum(ip + at, len - at, 0));
}

/* RFC 1624: the sum of a datagram, one of whose ports changes. */
static void port_set(uint8_t *udp, int at, uint16_t port)
{
	uint32_t sum = (uint16_t)~get16(udp + 6) + (uint16_t)~get16(udp + at) + port;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum & 0xffff;
	put16(udp + at, port);
	put16(udp + 6, sum ?: 0xffff);
}

/* "Too big", back to a. */
static void say_too_big(struct nat *n, const uint8_t *ip, int len)
{
	bool v6 = ip[0] >> 4 == 6;
	int head = v6 ? 40 : 20, quote = n->quote ?: 68, all;
	uint8_t b[NAT_DATAGRAM] = { };

	if (quote > len)
		quote = len;
	all = head + 8 + quote;
	memcpy(b + head + 8, ip, quote);
	put16(b + head + 6, n->mtu);	/* where either ICMP has the low half of it */
	if (v6) {
		b[0] = 0x60;
		put16(b + 4, all - 40);
		b[6] = IPPROTO_ICMPV6;
		b[7] = 64;
		inet_pton(AF_INET6, NAT_ROUTER6, b + 8);
		memcpy(b + 24, ip + 8, 16);
		b[head] = 2;
		pseudo_fix(b, all, head, head + 2, IPPROTO_ICMPV6);
	} else {
		uint32_t from = htonl(NAT_ROUTER4);

		b[0] = 0x45;
		b[8] = 64;
		b[9] = IPPROTO_ICMP;
		memcpy(b + 12, &from, 4);
		memcpy(b + 16, ip + 12, 4);
		v4_fix(b, all);
		b[head] = 3;
		b[head + 1] = 4;
		put16(b + head + 2, ip_sum(b + head, all - head, 0));
	}
	n->too_big++;
	tun_put(n->t[0], b, all);
}

void nat_rebind(struct nat *n)
{
	n->port++;
	n->rebound++;
}

/* Out of it. Returns whether the packet goes on. */
static bool outward(struct nat *n, uint8_t *ip, int len, int at)
{
	if (n->mtu && len > n->mtu) {
		if (!n->lose_big)
			say_too_big(n, ip, len);
		return false;
	}
	if (len > n->longest)
		n->longest = len;
	n->inside = get16(ip + at);
	port_set(ip + at, 0, n->port);
	return true;
}

static bool inward(struct nat *n, uint8_t *ip, int at)
{
	if (get16(ip + at + 2) != n->port) {
		n->gone++;
		return false;
	}
	port_set(ip + at, 2, n->inside);
	return true;
}

static void remember(struct nat *n, int dir, const uint8_t *ip, int len)
{
	pthread_mutex_lock(&n->lock);
	n->last_len[dir] = len < NAT_DATAGRAM ? len : 0;
	memcpy(n->last[dir], ip, n->last_len[dir]);
	pthread_mutex_unlock(&n->lock);
}

int nat_last(struct nat *n, int dir, uint8_t *ip)
{
	int len;

	pthread_mutex_lock(&n->lock);
	len = n->last_len[dir];
	memcpy(ip, n->last[dir], len);
	pthread_mutex_unlock(&n->lock);
	return len;
}

static void one(struct nat *n, int dir, uint8_t *ip, int len)
{
	int at = udp_offset(ip, len);

	if (at) {
		if (n->every[dir] && n->passed[dir] % n->every[dir] == n->every[dir] - 1)
			nat_rebind(n);
		n->passed[dir]++;
		if (dir)
			remember(n, dir, ip, len);
		if (!(dir ? inward(n, ip, at) : outward(n, ip, len, at)))
			return;
		if (!dir)
			remember(n, dir, ip, len);
	} else if (ip[0] >> 4 != 4) {
		return;		/* what IPv6 says of itself */
	}
	tun_put(n->t[!dir], ip, len);
}

static void *nat_loop(void *arg)
{
	static uint8_t buf[70000];
	struct nat *n = arg;

	for (;;) {
		struct pollfd p[2] = {
			{ .fd = n->t[0]->fd, .events = POLLIN },
			{ .fd = n->t[1]->fd, .events = POLLIN },
		};
		int dir, left;
		ssize_t k;

		poll(p, 2, -1);
		for (dir = 0; dir < 2; dir++) {
			for (left = 16; left; left--) {
				k = read(n->t[dir]->fd, buf, sizeof(buf));
				if (k <= 0)
					break;
				one(n, dir, buf, k);
			}
		}
	}
	return NULL;
}

struct nat *nat_new(void)
{
	struct nat *n = calloc(1, sizeof(*n));
	pthread_t th;

	ASSERT(n);
	n->port = FIRST_PORT;
	pthread_mutex_init(&n->lock, NULL);
	n->b = ns_new();
	n->t[1] = tun_new("tb", IP_B, NAT_MTU);
	need_ip("-6 addr add " B6 "/64 dev tb nodad");
	n->a = ns_new();
	n->t[0] = tun_new("ta", IP_A, NAT_MTU);
	need_ip("-6 addr add " A6 "/64 dev ta nodad");
	ASSERT_EQ(pthread_create(&th, NULL, nat_loop, n), 0);
	return n;
}
