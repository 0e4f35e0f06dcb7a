// SPDX-License-Identifier: GPL-2.0
/*
 * Random segments to connections in every state, to a listener and to nobody.
 * The kernel log tells of crashes and memory errors; here the stack has to
 * send nothing malformed, to answer no more than it was asked, and to serve
 * an honest client afterwards.  --seed repeats a run, --count is the number
 * of segments for each state.
 */
#include "wire.h"

#include <time.h>

#define PORT	8080

static struct peer p;
static int fd, lfd;
static uint64_t rs;
static const char *want_state;

static uint32_t below(uint32_t n)
{
	return rnd(&rs) % n;
}

/* The noise may have made connections that wait before ours. */
static int accepted(struct peer *q)
{
	union rt_addr a;
	socklen_t len;
	int s;

	peer_connect(q);
	for (;;) {
		ev_need(lfd, POLLIN);
		len = sizeof(a);
		s = OK(accept(lfd, &a.sa, &len));
		/* at the same place in both families */
		if (ntohs(a.sin.sin_port) == q->port)
			return s;
		close(s);
	}
}

static void to_established(void)
{
	fd = accepted(&p);
}

static void to_syn_recv(void)
{
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	fd = -1;
}

static void to_syn_sent(void)
{
	p.kport = 0;
	fd = sk_new();
	sk_nonblock(fd, true);
	sk_connect(fd, TUN_P, p.port);
	peer_want(&p, F_SYN);
}

static void to_fin_wait_1(void)
{
	to_established();
	OK(shutdown(fd, SHUT_WR));
	peer_want(&p, F_FIN | F_ACK);
}

static void to_fin_wait_2(void)
{
	to_fin_wait_1();
	peer_ack(&p);
}

static void to_close_wait(void)
{
	to_established();
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
}

static void to_last_ack(void)
{
	to_close_wait();
	close(fd);
	fd = -1;
	peer_want(&p, F_FIN | F_ACK);
}

static void to_closing(void)
{
	to_fin_wait_1();
	peer_raw(&p, F_FIN | F_ACK, p.snd_nxt, p.irs + 1, NULL, 0);
	p.snd_nxt++;
	peer_want(&p, F_ACK);
}

static void to_time_wait(void)
{
	to_fin_wait_2();
	close(fd);
	fd = -1;
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
}

static void to_closed(void)
{
	fd = -1;
	p.kport = 9;
}

static void to_listen(void)
{
	fd = -1;
}

static const struct {
	const char *state;
	void (*enter)(void);
} states[] = {
	{ "ESTABLISHED", to_established }, { "SYN_RECV", to_syn_recv },
	{ "SYN_SENT", to_syn_sent }, { "FIN_WAIT_1", to_fin_wait_1 },
	{ "FIN_WAIT_2", to_fin_wait_2 }, { "CLOSE_WAIT", to_close_wait },
	{ "LAST_ACK", to_last_ack }, { "CLOSING", to_closing },
	{ "TIME_WAIT", to_time_wait }, { "", to_closed }, { "LISTEN", to_listen },
};

/* A number near one that matters, or anything. */
static uint32_t near(uint32_t base)
{
	static const int32_t off[] = { 0, 0, 0, 1, -1, 2, 100, -100, 1460, 65535, 65536, -65536 };

	if (below(12) == 0)
		return rnd(&rs);
	return base + off[below(ARRAY_SIZE(off))];
}

static uint8_t random_flags(void)
{
	static const uint8_t f[] = {
		F_ACK, F_ACK, F_ACK, F_ACK | F_PSH, F_ACK | F_FIN, F_SYN, F_SYN | F_ACK, F_RST,
		F_RST | F_ACK, F_FIN, 0, F_ACK | F_URG, F_SYN | F_FIN, F_SYN | F_RST | F_ACK,
	};

	return below(8) ? f[below(ARRAY_SIZE(f))] : rnd(&rs);
}

static int random_opts(uint8_t *o)
{
	static const uint8_t good[][12] = {
		{ 2, 4, 5, 180 }, { 3, 3, 7, 1 }, { 1, 1, 4, 2 }, { 1, 1, 8, 10, 0, 0, 0, 9 },
		{ 1, 1, 5, 10, 1, 2, 3, 4, 5, 6, 7, 8 }, { 2, 4, 0, 0 }, { 3, 3, 255, 0 },
		{ 1, 1, 1, 0 }, { 253, 4, 1, 2 }, { 34, 10, 1, 2, 3, 4, 5, 6, 7, 8 },
	};
	int n = 0, i;

	if (below(3))
		return 0;
	if (below(2)) {
		n = below(40) & ~3;
		for (i = 0; i < n; i++)
			o[i] = below(4) ? below(12) : rnd(&rs);
		return n;
	}
	while (n <= 28 && below(3)) {
		memcpy(o + n, good[below(ARRAY_SIZE(good))], 12);
		n += 12;
	}
	return n;
}

static void inject(void)
{
	static uint8_t data[4000], pkt[8000];
	uint8_t opts[64];
	struct spec s = {
		.saddr = p.addr, .daddr = p.kaddr, .sport = p.port, .dport = p.kport ?: PORT,
		.seq = near(p.snd_nxt), .ack = near(p.rcv_nxt), .win = rnd(&rs), .urg = below(2000),
		.flags = random_flags(), .res = below(16) ? 0 : rnd(&rs) & 15, .ttl = 64,
		.tos = below(8) ? 0 : rnd(&rs), .opts = opts, .data = data,
		.len = below(3) ? 0 : below(3) ? below(200) : below(3000),
		.bad_csum = !below(20),
	};
	int len;

	s.optlen = random_opts(opts);
	if (!below(30))
		s.doff = below(16);
	len = seg_build(pkt, &s);
	/* Cut short, or with a wrong IP length or protocol header. */
	if (!below(40))
		len = 20 + below(len - 20);
	if (!below(40))
		pkt[(rt.v6 ? 4 : 2) + below(2)] ^= rnd(&rs);
	if (!below(60))
		pkt[6 + below(2)] ^= 1 << below(8);	/* fragments; the next header of IPv6 */
	if (write(p.tun->fd, pkt, len) < 0 && errno != EINVAL)
		FAIL("write: %s", strerror(errno));
}

/* What a program may do meanwhile. */
static void disturb(void)
{
	static char buf[5000];

	if (fd < 0)
		return;
	switch (below(12)) {
	case 0:
		send(fd, buf, 1 + below(sizeof(buf)), MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 1:
		recv(fd, buf, 1 + below(sizeof(buf)), MSG_DONTWAIT);
		break;
	case 2:
		ev_now(fd, POLLIN | POLLOUT);
		break;
	case 3:
		sk_error(fd);
		break;
	case 4:
		if (!below(20))
			shutdown(fd, below(3));
		break;
	case 5:
		send(fd, buf, 1 + below(sizeof(buf)), MSG_DONTWAIT | MSG_NOSIGNAL | MSG_OOB);
		break;
	case 6:
		recv(fd, buf, below(2), MSG_OOB | (below(2) ? MSG_PEEK : 0));
		break;
	case 7:
		sk_set(fd, SOL_SOCKET, SO_OOBINLINE, below(2));
		break;
	}
}

/* Take what was sent; each one must be well-formed. Their number. */
static int collect(void)
{
	int i, n;

	tun_fill(p.tun, 0);
	n = p.tun->n;
	for (i = 0; i < n; i++) {
		const struct seg *s = &p.tun->q[i];

		if (!s->csum_ok)
			FAIL("%s: a segment with a wrong checksum", want_state);
		if (s->bad_opts || s->res)
			FAIL("%s: a malformed segment", want_state);
		if (!(s->flags & F_SYN) && (s->mss || s->ws >= 0 || s->sackok))
			FAIL("%s: a SYN's option on %s", want_state, flags_str(s->flags));
		if (s->daddr != TUN_P || s->saddr != TUN_K)
			FAIL("%s: a segment of other addresses", want_state);
		if (s->iplen > 1500)
			FAIL("%s: %d bytes over an MTU of 1500", want_state, s->iplen);
		free(s->data);
	}
	p.tun->n = 0;
	return n;
}

static void honest_client(int port)
{
	struct peer q;
	int s;

	collect();
	peer_init(&q, p.tun, port, PORT);
	q.iss = rnd(&rs);
	s = accepted(&q);
	peer_str(&q, "honest");
	recv_str(s, "honest");
	peer_raw(&q, F_RST, q.snd_nxt, 0, NULL, 0);
	close(s);
	collect();
}

static void fuzz_states(int count)
{
	unsigned int seed = rt.seed ?: (unsigned int)time(NULL) ^ getpid() << 12;
	struct tun *t = peer_net();
	long replies = 0, sent = 0;
	size_t i;
	int j;

	if (rt.count)
		count = rt.count;
	t_note("seed %u", seed);
	rs = seed;
	sysctl_set("fin_timeout", "5");
	lfd = sk_listen(INADDR_ANY, PORT, 64);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		int round, rounds = 1 + count / 100;

		want_state = *states[i].state ? states[i].state : "CLOSED";
		for (round = 0; round < rounds; round++) {
			peer_init(&p, t, 10000 + i * 1000 + round, PORT);
			p.iss = rnd(&rs);
			p.snd_nxt = p.iss;
			p.ts = round & 1;
			p.ws = round % 3 ? -1 : (int)below(15);
			p.any_csum = true;	/* checked by collect() */
			states[i].enter();
			for (j = 0; j < count / rounds; j++) {
				inject();
				disturb();
				sent++;
				if (j % 16 == 15)
					replies += collect();
			}
			replies += collect();
			if (fd >= 0) {
				sk_linger(fd, 1, 0);
				close(fd);
			}
		}
		honest_client(30000 + i);
	}
	t_note("%ld segments in, %ld out", sent, replies);
	ASSERT_GT(replies, 0);
	/* Answers and the data that was written; nothing multiplies. */
	ASSERT_LE(replies, 4 * sent + 1000);
	close(lfd);
}

static void fuzz_short(void)
{
	fuzz_states(300);
}

static void fuzz_long(void)
{
	fuzz_states(5000);
}

static const struct rt_test tests[] = {
	{ "fuzz_short", "MUST-7 SM-6 C87", fuzz_short, 0, 60 },
	{ "fuzz_long", "MUST-7 SM-6 C87", fuzz_long, T_STRESS, 600 },
};

RT_MAIN(tests)
