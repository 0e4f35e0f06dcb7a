// SPDX-License-Identifier: GPL-2.0
/* When a receiver acknowledges, and what window it offers. */
#include "wire.h"

#define PORT	8080
#define MSS	1460
#define BURST	10

static struct peer p;
static int fd;

static void begin(bool ts, int ws)
{
	peer_init(&p, peer_net(), 4000, PORT);
	p.ts = ts;
	p.ws = ws;
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	ASSERT_EQ(p.use_ts, ts);
}

static void swallow(void)
{
	static char got[2000000];
	int n;

	while ((n = sk_inq(fd)) > 0)
		recv_all(fd, got, n);
}

static void put_full(void)
{
	static char seg[MSS];

	peer_put(&p, F_ACK, seg, MSS - (p.use_ts ? 12 : 0));
}

/* Milliseconds from a lone byte to its ACK; the program takes it at once. */
static double lone(void)
{
	double t0 = now();
	struct seg *s;

	peer_put(&p, F_PSH | F_ACK, "x", 1);
	recv_str(fd, "x");
	do {
		s = peer_want(&p, F_ACK);
	} while (s->ack != p.snd_nxt);
	return (s->t - t0) * 1000;
}

/* No ACK is quick any more. */
static void slow_down(void)
{
	int i;

	for (i = 0; i < 60; i++) {
		put_full();
		swallow();
	}
	sk_set(fd, SOL_TCP, TCP_QUICKACK, 0);
	UNTIL(peer_need(&p)->ack == p.snd_nxt);
	peer_drop(&p);
}

/* Where time is real the machine may add to any time, but take nothing away. */
static bool at_once(double ms)
{
	return ms < (time_travels() ? 1 : patience(30));
}

static void quick_at_start(void)
{
	int i, quick = 0;

	begin(false, -1);
	for (i = 0; i < 8; i++)
		quick += at_once(lone());
	ASSERT_GE(quick, time_travels() ? 8 : 6);
}

/* 40 to 200 ms, and one for two full segments. */
static void delayed(void)
{
	double ms;
	int i;

	begin(false, -1);
	slow_down();
	for (i = 0; i < 5; i++) {
		sk_set(fd, SOL_TCP, TCP_QUICKACK, 0);
		ms = lone();
		ASSERT_GE(ms, 35);
		ASSERT_LT(ms, time_travels() ? 205 : patience(450));
	}
}

/* A burst draws one ACK for two segments, and no more. */
static void every_second(void)
{
	struct seg *s;
	uint32_t last;
	int i, acks = 0;

	begin(false, -1);
	slow_down();
	last = p.snd_nxt;
	for (i = 0; i < 20; i++) {
		put_full();
		if (i % 2)
			swallow();
		while ((s = peer_get(&p, 0))) {
			ASSERT(s->ack == last || s->ack - last >= 2 * MSS);
			last = s->ack;
			acks++;
		}
		ASSERT_LE(p.snd_nxt - last, MSS);
	}
	ASSERT_EQ(last, p.snd_nxt);
	ASSERT_LE(acks, 20);		/* one for two, and window updates */
	ASSERT_GE(acks, 10);
}

static void quickack(void)
{
	double ms;

	begin(false, -1);
	slow_down();
	ASSERT_GE(lone(), 35);
	sk_set(fd, SOL_TCP, TCP_QUICKACK, 1);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_QUICKACK), 1);
	ASSERT(at_once(lone()));
	ASSERT(at_once(lone()));
	sk_set(fd, SOL_TCP, TCP_QUICKACK, 0);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_QUICKACK), 0);
	ms = lone();
	ASSERT_GE(ms, 35);
	/* One that waits goes as the option is set. */
	sk_set(fd, SOL_TCP, TCP_QUICKACK, 0);
	peer_put(&p, F_PSH | F_ACK, "x", 1);
	peer_none(&p, 5);
	sk_set(fd, SOL_TCP, TCP_QUICKACK, 1);
	ASSERT_EQ(peer_want(&p, F_ACK)->ack, p.snd_nxt);
}

/* An answer carries the ACK of the question. */
static void with_answer(void)
{
	struct seg *s;
	int i, more = 0;

	begin(false, -1);
	slow_down();
	for (i = 0; i < 20; i++) {
		peer_str(&p, "question");
		recv_str(fd, "question");
		send_str(fd, "answer");
		while (!(s = peer_want(&p, F_ACK))->len)
			more++;		/* a machine that stood still */
		ASSERT_EQ(s->len, 6);
		ASSERT_EQ(s->ack, p.snd_nxt);
	}
	ASSERT_LE(more, time_travels() ? 0 : 5);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_QUICKACK), 0);
}

/* A peer that sends in vain is told at once, and so it is of what comes then. */
static void quick_after_duplicate(void)
{
	int i, quick = 0;

	begin(false, -1);
	slow_down();
	peer_raw(&p, F_ACK, p.snd_nxt - 5, p.rcv_nxt, "xxxxx", 5);
	ASSERT_EQ(peer_want(&p, F_ACK)->ack, p.snd_nxt);
	for (i = 0; i < 8; i++)
		quick += at_once(lone());
	ASSERT_GE(quick, time_travels() ? 8 : 6);
}

/* What an ACK for several echoes: the earliest of them. */
static void echo_earliest(void)
{
	uint32_t first;
	struct seg *s;

	begin(true, -1);
	slow_down();
	p.tsval += 10;
	put_full();
	first = p.tsval;
	peer_none(&p, 0);
	p.tsval += 10;
	put_full();
	do {
		s = peer_want(&p, F_ACK);
	} while (s->ack != p.snd_nxt);
	ASSERT_EQ(s->tsecr, first);
}

/* The last byte of any window that ever was offered is taken, however it scales. */
static void any_window(void)
{
	static char seg[MSS];
	uint32_t edge = 0;
	struct seg *s;
	int i;

	begin(false, 7);
	ASSERT_GT(p.kws, 0);
	for (i = 0; i < 300; i++) {
		uint32_t e;

		peer_put(&p, F_ACK, seg, 1 + i * 7 % MSS);
		if (i % 3 == 0)
			swallow();
		while ((s = peer_get(&p, 0))) {
			e = s->ack + ((uint32_t)s->win << p.kws);
			ASSERT(!edge || !seq_before(e, edge));
			edge = e;
		}
		if ((int)(edge - p.snd_nxt) < 2 * MSS)
			swallow();
	}
	peer_drop(&p);
	peer_raw(&p, F_ACK, edge - 1, p.rcv_nxt, "L", 1);
	i = counter("OFOQueue");
	ASSERT_GE(i, 1);
	s = peer_want(&p, F_ACK);
	edge = s->ack + ((uint32_t)s->win << p.kws);
	peer_raw(&p, F_ACK, edge, p.rcv_nxt, "N", 1);
	ASSERT_EQ(counter("OFOQueue"), i);
}

/* The round trip of the path in question. */
static void pass(double since)
{
	while (now() - since < 0.1)
		rest(5);
}

/*
 * A sender in slow start on a path of 100 ms: in each round twice as much, and
 * always the window for it. The receiver sends nothing but ACKs.
 */
static void slow_start(bool ts)
{
	/* without timestamps TCP guesses its round trip, and not always well */
	uint32_t most = !ts && rt.proto == PROTO_TCP ? 160 : 1280;
	uint32_t edge, flight, i;
	struct seg *s;
	double t0;

	peer_init(&p, peer_net(), 4000, PORT);
	p.ts = ts;
	p.ws = 10;
	fd = sk_listen(INADDR_ANY, PORT, 4);
	t0 = now();
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	p.use_ts = ts;
	p.kws = s->ws;
	edge = p.snd_nxt + s->win;
	pass(t0);
	peer_ack(&p);
	fd = sk_accept(fd);
	for (flight = BURST; flight <= most; flight *= 2) {
		t0 = now();

		for (i = 0; i < flight; i++) {
			if ((int)(edge - p.snd_nxt) < MSS)
				FAIL("a flight of %u segments is short of window", flight);
			put_full();
			if (i % BURST == BURST - 1)
				swallow();
			/* what is ACKed now reaches the sender with the next flight */
		}
		swallow();
		if (now() - t0 > 0.06) {
			t_note("a flight of %u segments took %.0f ms", flight, (now() - t0) * 1000);
			break;		/* so the next one need not fit */
		}
		pass(t0);
		put_full();
		swallow();
		while ((s = peer_get(&p, 5)))
			edge = s->ack + ((uint32_t)s->win << p.kws);
	}
}

static void slow_start_plain(void)
{
	slow_start(false);
}

static void slow_start_ts(void)
{
	slow_start(true);
}

/*
 * A long fat path, 100 Mbit/s and 200 ms: 2.5 MB are under way, so the window
 * grows to that at least, and the path is filled.
 */
static void long_path_of(const char *timestamps)
{
	struct net2 n = net2_new(NET_SINGLE, 1500);
	static char out[1 << 20], got[1 << 20];
	const long total = 100 << 20;
	long sent = 0, come = 0, half = 0;
	struct tcp_info ti;
	double t0, t1 = 0, mbit;
	struct pair q;

	need_netem();
	need_sysctl("timestamps");
	ns_enter(n.b);
	sysctl_set("timestamps", timestamps);
	ASSERT_EQ(sh("tc qdisc add dev eb root netem limit 10000 rate 100mbit delay 100ms"), 0);
	ns_enter(n.a);
	ASSERT_EQ(sh("tc qdisc add dev ea root netem limit 10000 rate 100mbit delay 100ms"), 0);
	q = pair_net2(&n);
	sk_nonblock(q.c, true);
	sk_nonblock(q.s, true);
	t0 = now();
	while (come < total) {
		struct pollfd f[2] = { { q.s, POLLIN, 0 },
				       { q.c, sent < total ? POLLOUT : 0, 0 } };
		ssize_t k;

		OK(poll(f, 2, patience(5000)));
		k = send(q.c, out, sent < total ? sizeof(out) : 0, 0);
		sent += k > 0 ? k : 0;
		k = recv(q.s, got, sizeof(got), 0);
		come += k > 0 ? k : 0;
		if (!half && come > total / 2) {
			half = come;
			t1 = now();
		}
	}
	mbit = (come - half) * 8 / (now() - t1) / 1e6;
	sk_info(q.s, &ti);
	t_note("%.1f Mbit/s, the second half %.1f, rtt %u us, %u bytes a round trip, buffer %d",
	       come * 8 / (now() - t0) / 1e6, mbit, ti.tcpi_rcv_rtt, ti.tcpi_rcv_space,
	       sk_get(q.s, SOL_SOCKET, SO_RCVBUF));
	ASSERT_GE(ti.tcpi_rcv_space, 2000000);
	ASSERT_GE(mbit, 80);
	if (*timestamps == '1')
		ASSERT_GE(ti.tcpi_rcv_rtt, 190000);
}

static void long_path(void)
{
	long_path_of("1");
}

static void long_path_plain(void)
{
	long_path_of("0");
}

static void pinned(void)
{
	struct seg *s;
	int i, l;

	peer_init(&p, peer_net(), 4000, PORT);
	p.ws = 10;
	l = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(l, SOL_SOCKET, SO_RCVBUF, 30000);
	fd = peer_accepted(&p, l);
	for (i = 0; i < 2000; i++) {
		put_full();
		swallow();
		while ((s = peer_get(&p, 0)))
			ASSERT_LE((uint32_t)s->win << p.kws, 60000);
	}
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_RCVBUF), 60000);
}

static void not_moderate(void)
{
	int before, i;

	peer_init(&p, peer_net(), 4000, PORT);
	need_sysctl("moderate_rcvbuf");
	sysctl_set("moderate_rcvbuf", "0");
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	before = sk_get(fd, SOL_SOCKET, SO_RCVBUF);
	for (i = 0; i < 2000; i++) {
		put_full();
		swallow();
		peer_drop(&p);
	}
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_RCVBUF), before);
}

static const struct rt_test tests[] = {
	{ "quick_at_start", "C73", quick_at_start, 0, 0 },
	{ "delayed", "C73 MUST-40 SHLD-18", delayed, 0, 0 },
	{ "every_second", "C73 SHLD-19 MUST-58 CC-11M", every_second, 0, 0 },
	{ "quickack", "C73 TO-4", quickack, 0, 0 },
	{ "with_answer", "C73 MUST-58", with_answer, 0, 0 },
	{ "quick_after_duplicate", "C73", quick_after_duplicate, 0, 0 },
	{ "echo_earliest", "TS-7M", echo_earliest, 0, 0 },
	{ "any_window", "WS-6M SHLD-14", any_window, 0, 0 },
	{ "slow_start", "C53", slow_start_plain, 0, 0 },
	{ "slow_start_timestamps", "C53", slow_start_ts, 0, 0 },
	{ "long_path", "C53", long_path, T_LONG, 120 },
	{ "long_path_no_timestamps", "C53", long_path_plain, T_LONG, 120 },
	{ "pinned", "C53", pinned, 0, 0 },
	{ "moderate_rcvbuf", "C53", not_moderate, 0, 0 },
};

RT_MAIN(tests)
