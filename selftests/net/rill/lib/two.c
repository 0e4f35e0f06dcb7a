// SPDX-License-Identifier: GPL-2.0
/* Sockets of the host's TCP and of Rill on the tcp wire, and streams between them. */
#include "two.h"

#include "v6.h"

#ifndef IPPROTO_RILL_TCP
#define IPPROTO_RILL_TCP	257
#endif
#define FAMILY_DOOR_V6		0x100

#define CHUNK			65536

/* Over --proto tcp both are the host's. */
int two_sk(enum stack stack, bool v6)
{
	int family = v6 ? AF_INET6 : AF_INET;

	if (stack == HOST || rt.proto == PROTO_TCP)
		return OK(socket(family, SOCK_STREAM, IPPROTO_TCP));
	if (rt.proto == PROTO_INET)
		return OK(socket(family, SOCK_STREAM, IPPROTO_RILL_TCP));
	return OK(socket(AF_RILL, SOCK_STREAM, IPPROTO_TCP | (v6 ? FAMILY_DOOR_V6 : 0)));
}

socklen_t two_addr(union addr *a, bool v6, enum where where, int port)
{
	static const uint32_t ip4[] = { 0, IP_LO, IP_A, IP_B };
	static const char *const ip6[] = { "::", LO6, A6, B6 };

	memset(a, 0, sizeof(*a));
	if (v6) {
		a->v6 = addr6(ip6[where], port);
		return sizeof(a->v6);
	}
	a->v4 = sin_of(ip4[where], port);
	return sizeof(a->v4);
}

int two_bind(int fd, bool v6, enum where where, int port)
{
	union addr a;
	socklen_t len = two_addr(&a, v6, where, port);

	return bind(fd, &a.sa, len);
}

int two_connect(int fd, bool v6, enum where where, int port)
{
	union addr a;
	socklen_t len = two_addr(&a, v6, where, port);

	return connect(fd, &a.sa, len);
}

int two_listen(enum stack stack, bool v6, enum where where, int port)
{
	int fd = two_sk(stack, v6);

	OK(two_bind(fd, v6, where, port));
	OK(listen(fd, 128));
	return fd;
}

int two_port(int fd)
{
	union addr a;
	socklen_t len = sizeof(a);

	OK(getsockname(fd, &a.sa, &len));
	return ntohs(a.sa.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

struct net2 net_two(int flags, int mtu)
{
	struct net2 n = net2_new(flags, mtu);

	need_ip("-6 addr add " A6 "/64 dev ea nodad");
	ns_enter(n.b);
	need_ip("-6 addr add " B6 "/64 dev eb nodad");
	UNTIL(!sh("test -z \"$(ip -6 addr show tentative)\""));
	ns_enter(n.a);
	UNTIL(!sh("test -z \"$(ip -6 addr show tentative)\""));
	return n;
}

struct half {
	int fd;
	size_t left;
	uint64_t seed;
	uint8_t buf[CHUNK];
	size_t at, have;
	bool shut, eof;
	struct sha256 out, in;
};

static void half_init(struct half *h, int fd, size_t len, uint64_t seed)
{
	h->fd = fd;
	h->left = len;
	h->seed = seed | 1;
	h->at = 0;
	h->have = 0;
	h->shut = false;
	h->eof = false;
	sha256_init(&h->out);
	sha256_init(&h->in);
	sk_nonblock(fd, true);
}

static void half_fill(struct half *h)
{
	size_t n = 1 + rnd(&h->seed) % CHUNK, i;

	if (n > h->left)
		n = h->left;
	for (i = 0; i < n; i++)
		h->buf[i] = i & 3 ? h->buf[i - 1] + i : rnd(&h->seed);
	sha256_update(&h->out, h->buf, n);
	h->left -= n;
	h->have = n;
	h->at = 0;
}

static void half_write(struct half *h)
{
	ssize_t n;

	if (h->at == h->have && !h->left) {
		if (shutdown(h->fd, SHUT_WR))
			FAIL("the connection of port %d is gone: %s", two_port(h->fd),
			     strerror(sk_error(h->fd)));
		h->shut = true;
		return;
	}
	if (h->at == h->have)
		half_fill(h);
	n = send(h->fd, h->buf + h->at, h->have - h->at, MSG_NOSIGNAL);
	if (n < 0 && errno == EAGAIN)
		return;
	h->at += OK(n);
}

static void half_read(struct half *h)
{
	static uint8_t buf[CHUNK];
	ssize_t n = recv(h->fd, buf, sizeof(buf), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	OK(n);
	h->eof = !n;
	sha256_update(&h->in, buf, n);
}

static short half_wants(const struct half *h)
{
	return (h->shut ? 0 : POLLOUT) | (h->eof ? 0 : POLLIN);
}

static void half_same(struct half *from, struct half *to)
{
	uint8_t sent[32], got[32];

	ASSERT_EQ(to->in.len, from->out.len);
	sha256_final(&from->out, sent);
	sha256_final(&to->in, got);
	ASSERT(!memcmp(sent, got, sizeof(sent)));
}

void two_exchange(int c, int s, size_t up, size_t down, uint64_t seed)
{
	static struct half half[2];
	int i;

	half_init(&half[0], c, up, seed);
	half_init(&half[1], s, down, ~seed);
	while (half_wants(&half[0]) || half_wants(&half[1])) {
		struct pollfd p[2];

		for (i = 0; i < 2; i++) {
			p[i].events = half_wants(&half[i]);
			p[i].fd = p[i].events ? half[i].fd : -1;
		}
		if (!OK(poll(p, 2, patience(60000))))
			FAIL("nothing moves: %zu and %zu bytes to write, ends %d %d",
			     half[0].left, half[1].left, half[0].eof, half[1].eof);
		for (i = 0; i < 2; i++) {
			if (p[i].events & POLLOUT && p[i].revents & (POLLOUT | POLLERR))
				half_write(&half[i]);
			if (p[i].events & POLLIN && p[i].revents & (POLLIN | POLLHUP | POLLERR))
				half_read(&half[i]);
		}
	}
	half_same(&half[0], &half[1]);
	half_same(&half[1], &half[0]);
	close(c);
	close(s);
}
