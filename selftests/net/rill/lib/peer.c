// SPDX-License-Identifier: GPL-2.0
/*
 * A peer played by hand: behind a TUN device, segment by segment.  Whatever
 * the stack sends is checked for what must always hold: right checksum, sane
 * options, and those of a SYN on a SYN only.
 */
#include "carry.h"

#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* A module on some kernels, and without udev nobody makes the node. */
static int open_tun(void)
{
	const char *path = "/dev/net/tun";
	int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	sh("modprobe -q tun 2>/dev/null");
	mkdir("/dev/net", 0755);
	mknod(path, S_IFCHR | 0666, makedev(10, 200));
	return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

struct tun *tun_new(const char *ifname, uint32_t ip, int mtu)
{
	struct tun *t = calloc(1, sizeof(*t));
	struct ifreq r = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	ASSERT(t);
	t->fd = open_tun();
	if (t->fd < 0)
		t_skip("no /dev/net/tun: %s", strerror(errno));
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", ifname);
	OK(ioctl(t->fd, TUNSETIFF, &r));
	if_mtu(ifname, mtu);
	if_queue(ifname, 5000);
	if_addr(ifname, ip, 24);
	if_up(ifname, true);
	if_ready(ifname, ip);
	/* ACKs that TCP does not send; udpwire is about them */
	if (carry_wire() == WIRE_UDP)
		sysctl_set("udp_pokes", "0");
	return t;
}

static void enqueue(struct tun *t, const struct seg *s)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 64;
		t->q = realloc(t->q, t->cap * sizeof(*t->q));
		ASSERT(t->q);
	}
	t->q[t->n++] = *s;
}

bool tun_fill(struct tun *t, int ms)
{
	uint8_t buf[70000];
	bool any = false;
	ssize_t n;

	if (ms && !ev_wait(t->fd, POLLIN, ms))
		return false;
	while ((n = read(t->fd, buf, sizeof(buf))) > 0) {
		struct seg s;

		if (carry_is_icmp(buf, n))
			t->icmp_seen++;
		if (!seg_parse(&s, buf, n))
			continue;
		wire_trace(&s, '>');
		enqueue(t, &s);
		any = true;
	}
	return any;
}

void tun_put(struct tun *t, const uint8_t *ip, int len)
{
	struct seg s;

	if (seg_parse(&s, ip, len))
		wire_trace(&s, '<');
	if (write(t->fd, ip, len) != len)
		FAIL("write to the tun: %s", strerror(errno));
}

void peer_init(struct peer *p, struct tun *t, int port, int kport)
{
	static uint32_t iss = 1000000;

	memset(p, 0, sizeof(*p));
	p->tun = t;
	p->addr = TUN_P;
	p->kaddr = TUN_K;
	p->port = port;
	p->kport = kport;
	p->iss = iss += 100000;
	p->snd_nxt = p->iss;
	p->win = 65535;
	p->mss = 1460;
	p->ws = -1;
	p->tsval = 1000;
}

static bool for_peer(const struct peer *p, const struct seg *s)
{
	return s->dport == p->port && s->daddr == p->addr && s->saddr == p->kaddr &&
	       (!p->kport || s->sport == p->kport);
}

static bool dequeue(struct peer *p, struct seg *out)
{
	struct tun *t = p->tun;
	int i;

	for (i = 0; i < t->n; i++) {
		if (!for_peer(p, &t->q[i]))
			continue;
		*out = t->q[i];
		memmove(&t->q[i], &t->q[i + 1], (t->n - i - 1) * sizeof(*t->q));
		t->n--;
		return true;
	}
	return false;
}

/* What every segment of a correct sender satisfies. */
static void check_seg(const struct peer *p, const struct seg *s)
{
	if (!s->csum_ok && !p->any_csum)
		FAIL("MUST-2: a segment with a wrong checksum");
	if (s->bad_opts)
		FAIL("MUST-68/69: malformed options");
	if (s->res)
		FAIL("SM-1: reserved bits %x", s->res);
	if (!(s->flags & F_SYN) && (s->mss || s->ws >= 0 || s->sackok))
		FAIL("MUST-65: a SYN's option on %s", flags_str(s->flags));
	if (p->use_ts && !(s->flags & F_RST) && !s->ts)
		FAIL("TS-2M: no timestamp on %s", flags_str(s->flags));
	if (!p->ts && s->ts && !(s->flags & F_SYN))
		FAIL("TS-1O: a timestamp that was not agreed");
	if (!s->df && !p->any_df)
		FAIL("C01: DF is not set");
	if (s->frag)
		FAIL("C01: an IP fragment");
}

struct seg *peer_get(struct peer *p, int ms)
{
	struct seg *s = malloc(sizeof(*s));
	double end = now() + ms / 1000.0;

	ASSERT(s);
	tun_fill(p->tun, 0);
	while (!dequeue(p, s)) {
		double left = end - now();

		if (left <= 0)
			return NULL;
		tun_fill(p->tun, (int)(left * 1000) + 1);
	}
	check_seg(p, s);
	if (!p->kport)
		p->kport = s->sport;
	if (s->ts)
		p->tsrecent = s->tsval;
	if (s->flags & F_SYN && (!p->irs || s->seq != p->irs)) {
		p->irs = s->seq;
		p->rcv_nxt = s->seq + 1;
	} else if (s->seq == p->rcv_nxt && !(s->flags & (F_RST | F_SYN))) {
		p->rcv_nxt += s->len + !!(s->flags & F_FIN);
	}
	return s;
}

struct seg *peer_need(struct peer *p)
{
	struct seg *s = peer_get(p, WAIT_MS);

	if (!s)
		FAIL("no segment within %d ms", WAIT_MS);
	return s;
}

struct seg *peer_want(struct peer *p, uint8_t flags)
{
	struct seg *s = peer_get(p, WAIT_MS);

	if (!s)
		FAIL("no segment within %d ms, want %s", WAIT_MS, flags_str(flags));
	if ((s->flags & ~(F_PSH | F_ECE | F_CWR)) != (flags & ~F_PSH))
		FAIL("want %s, got %s", flags_str(flags), flags_str(s->flags));
	return s;
}

struct seg *peer_want_rst(struct peer *p)
{
	struct seg *s = peer_need(p);

	if (!(s->flags & F_RST))
		FAIL("want a RST, got %s", flags_str(s->flags));
	return s;
}

void peer_none(struct peer *p, int ms)
{
	struct seg *s = peer_get(p, ms);

	if (s)
		FAIL("want no segment, got %s seq %u ack %u len %d", flags_str(s->flags), s->seq,
		     s->ack, s->len);
}

void peer_drop(struct peer *p)
{
	while (peer_get(p, 0))
		;
}

static int put_opts(struct peer *p, uint8_t flags, uint8_t *o)
{
	int n = 0;

	if (flags & F_SYN) {
		if (p->mss) {
			memcpy(o, (uint8_t[]){ 2, 4, p->mss >> 8, p->mss }, 4);
			n = 4;
		}
		if (p->ws >= 0) {
			memcpy(o + n, (uint8_t[]){ 1, 3, 3, p->ws }, 4);
			n += 4;
		}
		if (p->sackok) {
			memcpy(o + n, (uint8_t[]){ 1, 1, 4, 2 }, 4);
			n += 4;
		}
	}
	if (flags & F_SYN ? p->ts : p->use_ts) {
		uint32_t v = htonl(p->tsval), e = htonl(flags & F_ACK ? p->tsrecent : 0);

		memcpy(o + n, (uint8_t[]){ 1, 1, 8, 10 }, 4);
		memcpy(o + n + 4, &v, 4);
		memcpy(o + n + 8, &e, 4);
		n += 12;
	}
	memcpy(o + n, p->xopt, p->xoptlen);
	return n + p->xoptlen;
}

void peer_raw(struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack, const void *data, int len)
{
	uint8_t opts[80], buf[70000];
	struct spec s = {
		.saddr = p->addr, .daddr = p->kaddr, .sport = p->port, .dport = p->kport,
		.seq = seq, .ack = flags & F_ACK ? ack : 0, .flags = flags, .win = p->win,
		.urg = flags & F_URG ? p->urg : 0, .opts = opts, .data = data, .len = len,
		.bad_csum = p->bad_csum, .tos = p->tos, .res = p->res,
	};

	s.optlen = put_opts(p, flags, opts);
	tun_put(p->tun, buf, seg_build(buf, &s));
}

void peer_put(struct peer *p, uint8_t flags, const void *data, int len)
{
	uint32_t seq = p->snd_nxt;

	p->tsval++;
	p->snd_nxt += len + !!(flags & F_SYN) + !!(flags & F_FIN);
	peer_raw(p, flags, seq, p->rcv_nxt, data, len);
}

/* An ICMP error about a segment of the stack that had this sequence number. */
void peer_icmp(struct peer *p, int type, int code, uint32_t rest, uint32_t from, uint32_t seq)
{
	uint8_t b[256], quoted[256], icmp[8] = { type, code };
	struct spec q = {
		.saddr = p->kaddr, .daddr = p->addr, .sport = p->kport, .dport = p->port,
		.seq = seq, .ack = p->snd_nxt, .flags = F_ACK, .win = 1000,
	};
	struct spec outer = { .saddr = from, .daddr = p->kaddr };
	int quote = carry_head() + (p->quote ? p->quote : 20);

	put32(icmp + 4, rest);
	seg_build(quoted, &q);
	tun_put(p->tun, b, carry_icmp(b, &outer, icmp, quoted, quote));
}

void peer_read(struct peer *p, void *buf, int len)
{
	uint8_t *at = buf;

	while (len > 0) {
		uint32_t before = p->rcv_nxt;
		struct seg *s = peer_need(p);
		int n;

		if (!s->len || s->seq != before)
			continue;
		n = s->len < len ? s->len : len;
		memcpy(at, s->data, n);
		at += n;
		len -= n;
		if (n < s->len)
			FAIL("%d bytes more than expected", s->len - n);
		peer_ack(p);
	}
}

void peer_syn(struct peer *p)
{
	p->snd_nxt = p->iss;
	peer_put(p, F_SYN, NULL, 0);
}

static void agree(struct peer *p, const struct seg *s)
{
	p->kws = p->ws >= 0 && s->ws >= 0 ? s->ws : 0;
	p->use_ts = p->ts && s->ts;
}

void peer_connect(struct peer *p)
{
	struct seg *s;

	peer_syn(p);
	s = peer_want(p, F_SYN | F_ACK);
	ASSERT_EQ(s->ack, p->iss + 1);
	agree(p, s);
	peer_ack(p);
}

void peer_answer(struct peer *p)
{
	struct seg *s = peer_want(p, F_SYN);

	agree(p, s);
	p->snd_nxt = p->iss;
	peer_put(p, F_SYN | F_ACK, NULL, 0);
	s = peer_want(p, F_ACK);
	ASSERT_EQ(s->seq, p->irs + 1);
	ASSERT_EQ(s->ack, p->iss + 1);
}

int peer_dialled(struct peer *p)
{
	int fd = sk_new();

	sk_nonblock(fd, true);
	if (sk_connect(fd, p->addr, p->port) && errno != EINPROGRESS)
		FAIL("connect: %s", strerror(errno));
	peer_answer(p);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
	sk_nonblock(fd, false);
	return fd;
}

int peer_accepted(struct peer *p, int lfd)
{
	peer_connect(p);
	return sk_accept(lfd);
}

struct tun *peer_net(void)
{
	ns_new();
	return tun_new("tun0", TUN_K, 1500);
}
