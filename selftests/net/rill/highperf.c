// SPDX-License-Identifier: GPL-2.0
/* RFC 7323: window scale, timestamps, and what is dropped as too old (PAWS). */
#include "wire.h"

#define PORT	8080

static struct peer p;
static struct tun *tun;
static int fd, lfd;

static void listening(int rcvbuf)
{
	tun = peer_net();
	lfd = sk_new();
	if (rcvbuf)
		sk_set(lfd, SOL_SOCKET, SO_RCVBUFFORCE, rcvbuf);
	OK(sk_bind(lfd, INADDR_ANY, PORT));
	OK(listen(lfd, 8));
	peer_init(&p, tun, 4000, PORT);
}

static void begin_ts(void)
{
	listening(0);
	p.ts = true;
	fd = peer_accepted(&p, lfd);
	ASSERT(p.use_ts);
}

/* An ACK without data, for all that we sent in order. */
static struct seg *want_ack(uint32_t tsecr)
{
	struct seg *s = peer_want(&p, F_ACK);

	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(s->ack, p.snd_nxt);
	ASSERT_EQ(s->tsecr, tsecr);
	return s;
}

/* Data with this timestamp, off bytes ahead. */
static void put_at(uint32_t tsval, int off, const char *data)
{
	uint32_t was = p.tsval;

	p.tsval = tsval;
	peer_raw(&p, F_ACK, p.snd_nxt + off, p.rcv_nxt, data, strlen(data));
	p.tsval = was;
}

static void syn_window(void)
{
	static char big[20000];
	uint32_t end;
	struct seg *s;

	tun = peer_net();
	peer_init(&p, tun, 4000, 0);
	p.ws = 7;
	p.win = 1000;
	fd = sk_new();
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_GT(s->ws, 0);
	/* Its own is the window, not a 2^ws-th of it. */
	ASSERT_GE(s->win, 14600);
	p.snd_nxt = p.iss;
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	s = peer_want(&p, F_ACK);
	p.kws = 7;
	ev_need(fd, POLLOUT);
	/* Ours was 1000, not 128000. */
	OK(send(fd, big, sizeof(big), 0));
	end = p.irs + 1;
	while ((s = peer_get(&p, 100)))
		if (seq_before(end, s->seq + s->len))
			end = s->seq + s->len;
	ASSERT_LE(end - (p.irs + 1), 1000);
	ASSERT_GT(end - (p.irs + 1), 0);
}

static void scale_above_14(void)
{
	static char big[100000];
	struct tcp_info ti;
	uint32_t una;

	listening(0);
	p.ws = 15;
	p.win = 1;
	fd = peer_accepted(&p, lfd);
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_snd_wscale, 14);
	/* ACKs open cwnd; then the window is full. */
	sk_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 1 << 20);
	OK(send(fd, big, sizeof(big), 0));
	una = p.irs + 1;
	do {
		if (p.rcv_nxt - una > 8000)
			una += 8000;
		peer_raw(&p, F_ACK, p.snd_nxt, una, NULL, 0);
		while (peer_get(&p, 30))
			;
		ASSERT_LE(p.rcv_nxt - una, 1 << 14);
	} while (una - p.irs < 50000);
	ASSERT_GT(p.rcv_nxt - una, 1 << 13);
}

/* What the stack offers has to be shifted to be understood, and holds then. */
static void scaled_offer(void)
{
	static char seg[1400];
	uint32_t acked = 0;
	struct seg *s;
	int i;

	listening(1 << 20);
	p.ws = 7;
	fd = peer_accepted(&p, lfd);
	ASSERT_GT(p.kws, 0);
	peer_str(&p, "x");
	s = peer_want(&p, F_ACK);
	ASSERT_LE((uint32_t)s->win << p.kws, 2 << 20);
	for (i = 0; i < 100; i++) {		/* nobody reads */
		peer_put(&p, F_ACK, seg, sizeof(seg));
		while ((s = peer_get(&p, 0)))
			acked = s->ack;
	}
	while (acked != p.snd_nxt)
		acked = peer_want(&p, F_ACK)->ack;
	/* Room for more than a field of 16 bits can say. */
	for (i = 0; i < 100; i++) {
		peer_put(&p, F_ACK, seg, sizeof(seg));
		recv_all(fd, seg, sizeof(seg));
		while ((s = peer_get(&p, 0)))
			if (((uint32_t)s->win << p.kws) > 65535)
				return;
	}
	FAIL("no window above 65535");
}

/* Rounding takes nothing back: the right edge stays, and what is inside counts. */
static void rounded_edge(void)
{
	uint32_t edge = 0, e;
	struct seg *s;
	long ofo;
	int i;

	listening(0);
	p.ws = 7;
	fd = peer_accepted(&p, lfd);
	ASSERT_GT(p.kws, 0);
	ofo = counter("OFOQueue");
	for (i = 0; i < 300; i++) {
		peer_str(&p, "x");
		s = peer_want(&p, F_ACK);
		e = s->ack + ((uint32_t)s->win << p.kws);
		if (edge && seq_before(e, edge))
			FAIL("byte %d: the right edge moves left by %u", i, edge - e);
		edge = e;
	}
	peer_raw(&p, F_ACK, edge - 1, p.rcv_nxt, "L", 1);
	peer_want(&p, F_ACK);
	ASSERT_EQ(counter("OFOQueue") - ofo, 1);
}

/* TSecr means nothing without ACK: not on a SYN. */
static void tsecr_of_syn(void)
{
	static const uint8_t ts[] = { 1, 1, 8, 10, 0, 0, 4, 0, 0x7f, 1, 2, 3 };
	struct tcp_info ti;
	struct seg *s;

	listening(0);
	memcpy(p.xopt, ts, sizeof(ts));
	p.xoptlen = sizeof(ts);
	p.snd_nxt = p.iss;
	peer_put(&p, F_SYN, NULL, 0);
	p.xoptlen = 0;
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT(s->ts);
	ASSERT_EQ(s->tsecr, 0x400);
	p.ts = true;
	p.use_ts = true;
	p.tsval = 0x401;
	peer_ack(&p);
	fd = sk_accept(lfd);
	sk_info(fd, &ti);
	ASSERT_LT(ti.tcpi_rtt, 1000000);
}

/* An echo measures only what it acknowledges for the first time. */
static void tsecr_of_duplicates(void)
{
	struct tcp_info before, after;
	uint32_t tsval;
	int i;

	begin_ts();
	send_str(fd, "x");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	tsval = p.tsrecent;
	sk_info(fd, &before);
	rest(600);
	for (i = 0; i < 20; i++) {
		p.tsrecent = tsval;
		peer_ack(&p);
		peer_str(&p, "y");
		peer_want(&p, F_ACK);
	}
	sk_info(fd, &after);
	ASSERT_EQ(after.tcpi_rtt, before.tcpi_rtt);
	ASSERT_EQ(after.tcpi_rttvar, before.tcpi_rttvar);
}

/* Which timestamp an ACK echoes when it answers several segments. */
static void echo_earliest(void)
{
	struct seg *s;

	begin_ts();
	sk_set(fd, SOL_TCP, TCP_QUICKACK, 0);
	put_at(2000, 0, "a");
	put_at(2010, 1, "b");
	p.snd_nxt += 2;
	/* One ACK for both, late; if there are two, the first is about the first. */
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->ack, p.snd_nxt);
	ASSERT_EQ(s->tsecr, 2000);
	/* The next begins anew. */
	put_at(2020, 0, "c");
	p.snd_nxt++;
	want_ack(2020);
	recv_str(fd, "abc");
	p.tsval = 2030;
}

/* A segment without what was agreed is taken, as TCP takes it, and aborts nothing. */
static void missing(void)
{
	begin_ts();
	p.use_ts = false;
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, "bare", 4);
	p.use_ts = true;
	p.snd_nxt += 4;
	recv_str(fd, "bare");
	peer_want(&p, F_ACK);
	peer_str(&p, "more");
	recv_str(fd, "more");
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
}

/* A RST of the stack has one too. */
static void on_reset(void)
{
	begin_ts();
	sk_linger(fd, 1, 0);
	close(fd);
	ASSERT(peer_want_rst(&p)->ts);
}

static uint32_t tsval_of(uint32_t addr, double *t)
{
	struct seg *s;

	peer_init(&p, tun, 4000, 0);
	p.addr = addr;
	p.ts = true;
	fd = sk_new();
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, addr, 4000), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT(s->ts);
	ASSERT_EQ(s->tsecr, 0);
	*t = s->t;
	return s->tsval;
}

static void ts_clock(void)
{
	uint32_t a, b;
	double t[2], rate;

	tun = peer_net();
	need_sysctl("timestamps");
	sysctl_set("timestamps", "2");	/* no offset */
	a = tsval_of(IP(10, 9, 0, 2), &t[0]);
	rest(800);
	b = tsval_of(IP(10, 9, 0, 2), &t[1]);
	/* Ticks of a millisecond, as advised up to a second. */
	rate = (b - a) / (t[1] - t[0]);
	t_note("%.1f ticks a second", rate);
	ASSERT_GE(rate, 900);
	ASSERT_LE(rate, 1100);
}

/* An offset that differs from tuple to tuple, if that is wanted. */
static void ts_offset(void)
{
	uint32_t a, b;
	double t;

	tun = peer_net();
	a = tsval_of(IP(10, 9, 0, 2), &t);
	b = tsval_of(IP(10, 9, 0, 3), &t);
	if (a - b < 10000 || b - a < 10000)
		FAIL("two hosts see the same clock: %u and %u", a, b);
	need_sysctl("timestamps");
	sysctl_set("timestamps", "2");
	a = tsval_of(IP(10, 9, 0, 2), &t);
	b = tsval_of(IP(10, 9, 0, 3), &t);
	ASSERT_LE(b - a, 2000);
}

/* TS.Recent is what the last segment said that was in order when it came. */
static void recent(void)
{
	begin_ts();
	put_at(3000, 0, "a");
	p.snd_nxt++;
	want_ack(3000);
	/* The same again is not older. */
	put_at(3000, 0, "b");
	p.snd_nxt++;
	want_ack(3000);
	/* Far ahead in time, and out of order: remembered as data alone. */
	put_at(9000, 1, "d");
	want_ack(3000);
	/* The filler is older than what waits; both count, nothing is checked twice. */
	put_at(3500, 0, "c");
	p.snd_nxt += 2;
	want_ack(3500);
	put_at(3600, 0, "e");
	p.snd_nxt++;
	want_ack(3600);
	/* Out of order, with a timestamp that is too old: not kept. */
	put_at(3500, 1, "X");
	want_ack(3600);
	put_at(3601, 0, "f");
	p.snd_nxt++;
	want_ack(3601);
	recv_str(fd, "abcdef");
	/* Half of the circle ahead is not older yet; beyond it is. */
	put_at(3601u + 0x7fffffff, 0, "g");
	p.snd_nxt++;
	want_ack(3601u + 0x7fffffff);
	recv_str(fd, "g");
	put_at(3601, 0, "Y");
	want_ack(3601u + 0x7fffffff);
	ASSERT_EQ(sk_inq(fd), 0);
}

/* Pure ACKs that are too old are answered, seldom, and do not count. */
static void old_acks(void)
{
	int i, n = 0;

	begin_ts();
	put_at(5000, 0, "x");
	p.snd_nxt++;
	want_ack(5000);
	send_str(fd, "data");
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 4);
	p.tsval = 4000;
	for (i = 0; i < 50; i++)
		peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, NULL, 0);
	while (peer_get(&p, 20))
		n++;
	ASSERT_LE(n, 3);
	ASSERT_EQ(sk_outq(fd), 4);
	p.tsval = 5001;
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
}

static const struct rt_test tests[] = {
	{ "syn_window", "WS-3M", syn_window, 0, 0 },
	{ "scale_above_14", "WS-4M", scale_above_14, 0, 0 },
	{ "scaled_offer", "WS-5M", scaled_offer, 0, 0 },
	{ "rounded_edge", "WS-6M MUST-34", rounded_edge, 0, 0 },
	{ "tsecr_of_syn", "TS-5M", tsecr_of_syn, 0, 0 },
	{ "tsecr_of_duplicates", "TS-6M", tsecr_of_duplicates, 0, 0 },
	{ "echo_earliest", "TS-7M", echo_earliest, 0, 0 },
	{ "missing", "TS-3S", missing, 0, 0 },
	{ "on_reset", "TS-2M", on_reset, 0, 0 },
	{ "ts_clock", "TS-8M", ts_clock, 0, 0 },
	{ "ts_offset", "TS-9S", ts_offset, 0, 0 },
	{ "recent", "PAWS-1M PAWS-3M TS-7M", recent, 0, 0 },
	{ "old_acks", "PAWS-1M", old_acks, 0, 0 },
};

RT_MAIN(tests)
