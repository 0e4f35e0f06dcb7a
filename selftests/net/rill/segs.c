// SPDX-License-Identifier: GPL-2.0
/* Segments that arrive on a connection: right ones, wrong ones, and at the edges. */
#include "carry.h"

#define PORT	8080

static struct peer p;
static int fd, lfd;

static void begin(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	lfd = sk_listen(INADDR_ANY, PORT, 4);
	fd = peer_accepted(&p, lfd);
}

/* The window that the stack last offered, and where it ends. */
static uint32_t right_edge(const struct seg *s)
{
	return s->ack + ((uint32_t)s->win << p.kws);
}

/* An ACK with current numbers, no data. */
static struct seg *want_current_ack(void)
{
	struct seg *s = peer_want(&p, F_ACK);

	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(s->seq, p.rcv_nxt);
	ASSERT_EQ(s->ack, p.snd_nxt);
	return s;
}

/* The connection works in both directions. */
static void still_fine(void)
{
	peer_drop(&p);
	peer_str(&p, "fine");
	recv_str(fd, "fine");
	peer_drop(&p);
	send_str(fd, "indeed");
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 6);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
}

/* The limit of ACKs to invalid segments is one in 500 ms. */
static void pass_ratelimit(void)
{
	rest(600);
}

static void unacceptable(void)
{
	struct seg *s;
	uint32_t edge;

	begin();
	peer_str(&p, "x");
	recv_str(fd, "x");
	s = want_current_ack();
	edge = right_edge(s);
	peer_raw(&p, F_ACK, edge, p.rcv_nxt, "beyond", 6);
	want_current_ack();
	pass_ratelimit();
	peer_raw(&p, F_ACK, p.snd_nxt - 20, p.rcv_nxt, "far behind", 10);
	want_current_ack();
	pass_ratelimit();
	/* A RST out there is dropped without a word; over UDP silence has had one meanwhile. */
	peer_drop(&p);
	peer_raw(&p, F_RST, edge + 10, 0, NULL, 0);
	peer_raw(&p, F_RST, p.snd_nxt - 10, 0, NULL, 0);
	peer_none(&p, 20);
	ASSERT_EQ(sk_inq(fd), 0);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	still_fine();
}

/* The last byte of the window is taken, the next one is not. */
static void window_edges(void)
{
	struct seg *s;
	uint32_t edge;
	long ofo;

	begin();
	ofo = counter("OFOQueue");
	peer_str(&p, "x");
	recv_str(fd, "x");
	edge = right_edge(want_current_ack());
	peer_raw(&p, F_ACK, edge - 1, p.rcv_nxt, "L", 1);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->ack, p.snd_nxt);
	ASSERT_EQ(counter("OFOQueue") - ofo, 1);
	peer_raw(&p, F_ACK, edge, p.rcv_nxt, "N", 1);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->ack, p.snd_nxt);
	ASSERT_EQ(counter("OFOQueue") - ofo, 1);
	/* One byte ahead of what is expected: kept as well. */
	peer_raw(&p, F_ACK, p.snd_nxt + 1, p.rcv_nxt, "b", 1);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(counter("OFOQueue") - ofo, 2);
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, "a", 1);
	recv_str(fd, "ab");
}

/* Numbers that pass 2^32 in the middle of the stream, in both directions. */
static void sequence_wrap(void)
{
	static char out[20000], got[20000];
	int i;

	peer_init(&p, peer_net(), 4000, PORT);
	p.iss = 0xffffffff - 5000;
	lfd = sk_listen(INADDR_ANY, PORT, 4);
	fd = peer_accepted(&p, lfd);
	fill(out, sizeof(out), 7);
	for (i = 0; i < 20; i += 2) {	/* each pair in the wrong order */
		peer_raw(&p, F_ACK, p.snd_nxt + 1000, p.rcv_nxt, out + i * 1000 + 1000, 1000);
		peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, out + i * 1000, 1000);
		p.snd_nxt += 2000;
	}
	recv_all(fd, got, sizeof(got));
	ASSERT(!memcmp(out, got, sizeof(got)));
	UNTIL(peer_get(&p, 100)->ack == p.snd_nxt);
	peer_str(&p, "over");
	recv_str(fd, "over");
}

static void stale_window(void)
{
	struct seg *s;
	uint32_t old_seq;

	begin();
	/* Establish WL1 by a byte of data, then one with a window of 10. */
	old_seq = p.snd_nxt + 1;
	peer_str(&p, "x");
	p.win = 10;
	peer_str(&p, "y");
	recv_str(fd, "xy");
	UNTIL(peer_need(&p)->ack == p.snd_nxt);
	/* An older segment promises more: nothing changes. */
	p.win = 60000;
	peer_raw(&p, F_ACK, old_seq - 1, p.rcv_nxt, NULL, 0);
	peer_raw(&p, F_ACK, old_seq - 1, p.rcv_nxt, "x", 1);
	p.win = 10;
	peer_drop(&p);
	send_str(fd, "0123456789abcdefghij");
	s = peer_want(&p, F_ACK);
	ASSERT_LE(s->len, 10);
	ASSERT_EQ(s->seq + s->len, p.irs + 1 + s->len);
	/* Nothing beyond the window, before and after the ACK with a smaller one. */
	peer_none(&p, 100);
}

static void future_ack(void)
{
	begin();
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt + 1000, "evil", 4);
	if (rt.proto != PROTO_TCP)	/* that of 6.1 says nothing */
		want_current_ack();
	else
		rest(30);
	ASSERT_EQ(sk_inq(fd), 0);
	still_fine();
}

static void old_ack(void)
{
	static char big[5000];

	begin();
	send_all(fd, big, sizeof(big));
	while (p.rcv_nxt != p.irs + 1 + sizeof(big))
		peer_need(&p);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	/* Far below SND.UNA - MAX.SND.WND: dropped, whatever it carries. */
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt - 200000, "evil", 4);
	pass_ratelimit();
	ASSERT_EQ(sk_inq(fd), 0);
	/* A little old: the data counts. */
	peer_drop(&p);
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt - 1000, "good", 4);
	p.snd_nxt += 4;
	recv_str(fd, "good");
	still_fine();
}

static void no_ack_flag(void)
{
	begin();
	peer_raw(&p, 0, p.snd_nxt, 0, "none", 4);
	peer_raw(&p, F_FIN, p.snd_nxt, 0, "none", 4);
	peer_none(&p, 20);
	ASSERT_EQ(sk_inq(fd), 0);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	still_fine();
}

static void reserved_bits(void)
{
	begin();
	p.res = 0xe;
	peer_str(&p, "res");
	recv_str(fd, "res");
	p.res = 0;
	still_fine();
}

/* Straddling segments are trimmed at both ends. */
static void overlap(void)
{
	uint32_t at;
	struct seg *s;

	begin();
	at = p.snd_nxt;
	peer_raw(&p, F_ACK, at, p.rcv_nxt, "abcd", 4);
	recv_str(fd, "abcd");
	peer_want(&p, F_ACK);
	peer_raw(&p, F_ACK, at + 2, p.rcv_nxt, "CDef", 4);	/* "ef" is new */
	recv_str(fd, "ef");
	UNTIL((s = peer_get(&p, 600)) && s->ack == at + 6);
	/* Over something that waits out of order, on all sides. */
	peer_raw(&p, F_ACK, at + 9, p.rcv_nxt, "jk", 2);
	peer_raw(&p, F_ACK, at + 13, p.rcv_nxt, "no", 2);
	peer_raw(&p, F_ACK, at + 8, p.rcv_nxt, "ijklmnop", 8);
	peer_raw(&p, F_ACK, at + 4, p.rcv_nxt, "efghij", 6);
	recv_str(fd, "ghijklmnop");
	p.snd_nxt = at + 16;
	UNTIL((s = peer_get(&p, 600)) && s->ack == at + 16);
	/* A complete duplicate draws an ACK and is not delivered. */
	peer_raw(&p, F_ACK, at, p.rcv_nxt, "abcd", 4);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->ack, at + 16);
	ASSERT_EQ(sk_inq(fd), 0);
	still_fine();
}

static void out_of_order(void)
{
	static char out[10 * 100], got[10 * 100];
	static const int order[] = { 9, 3, 5, 1, 7, 2, 8, 6, 4 };
	long ofo;
	struct seg *s;
	size_t i;

	begin();
	ofo = counter("OFOQueue");
	fill(out, sizeof(out), 5);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		peer_raw(&p, F_ACK, p.snd_nxt + order[i] * 100, p.rcv_nxt, out + order[i] * 100,
			 100);
		/* Each draws an ACK at once, for what is missing. */
		s = peer_want(&p, F_ACK);
		ASSERT_EQ(s->ack, p.snd_nxt);
	}
	ASSERT_EQ(counter("OFOQueue") - ofo, 9);
	ASSERT_EQ(sk_inq(fd), 0);
	peer_put(&p, F_ACK, out, 100);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->ack, p.snd_nxt + 900);
	p.snd_nxt += 900;
	recv_all(fd, got, sizeof(got));
	ASSERT(!memcmp(got, out, sizeof(got)));
	still_fine();
}

static void bad_checksum(void)
{
	long errs, csum;

	begin();
	errs = counter("InErrs");
	csum = counter("InCsumErrors");
	p.bad_csum = true;
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, "corrupt", 7);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	peer_raw(&p, F_FIN | F_ACK, p.snd_nxt, p.rcv_nxt, NULL, 0);
	p.bad_csum = false;
	ASSERT_EQ(counter("InCsumErrors") - csum, 3);
	ASSERT_GE(counter("InErrs") - errs, 3);
	peer_none(&p, 20);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	ASSERT_EQ(sk_inq(fd), 0);
	/* The sender has no ACK, so it comes again. */
	peer_str(&p, "correct");
	recv_str(fd, "correct");
	want_current_ack();
}

/* A corrupt segment between two stacks: the data arrives by retransmission. */
static int corrupted;

static enum verdict corrupt_third(const struct seg *s, int dir)
{
	static int n;

	if (!dir && s->len && ++n == 3) {
		corrupted++;
		return CORRUPT;
	}
	return PASS;
}

static void bad_checksum_resent(void)
{
	struct relay *r = relay_new(1500, corrupt_third);
	struct pair q = pair_relay(r);
	static char out[50000], got[50000];
	long re = counter("RetransSegs"), csum;

	ns_enter(r->b);
	csum = counter("InCsumErrors");
	fill(out, sizeof(out), 9);
	send_all(q.c, out, sizeof(out));
	recv_all(q.s, got, sizeof(got));
	ASSERT(!memcmp(got, out, sizeof(got)));
	ASSERT_EQ(corrupted, 1);
	if (rt.proto == PROTO_TCP || rt.wire != WIRE_UDP)	/* whose own sum says it before */
		ASSERT_EQ(counter("InCsumErrors") - csum, 1);
	ns_enter(r->a);
	ASSERT_GE(counter("RetransSegs") - re, 1);
}

static void set_xopt(const uint8_t *o, int len)
{
	memcpy(p.xopt, o, len);
	p.xoptlen = len;
}

#define XOPT(...) \
	do { \
		static const uint8_t o_[] = { __VA_ARGS__ }; \
		set_xopt(o_, sizeof(o_)); \
	} while (0)

static void options_everywhere(void)
{
	struct seg *s;

	/* On the SYN: unknown ones, oddly aligned, with NOPs between. */
	peer_init(&p, peer_net(), 4000, PORT);
	lfd = sk_listen(INADDR_ANY, PORT, 4);
	p.mss = 0;
	XOPT(1, 253, 5, 0xab, 0xcd, 0xef, 1, 2, 4, 700 >> 8, 700 & 255, 254, 2, 1, 1, 0);
	fd = peer_accepted(&p, lfd);
	p.xoptlen = 0;
	{
		static char big[3000];

		send_all(fd, big, sizeof(big));
		s = peer_want(&p, F_ACK);
		ASSERT_EQ(s->len, 700);		/* the MSS was found */
		while (p.rcv_nxt != p.irs + 1 + sizeof(big))
			peer_need(&p);
		peer_ack(&p);
	}
	/* On data, with an MSS that must not count there. */
	XOPT(253, 4, 1, 2, 2, 4, 0, 88);
	peer_str(&p, "data");
	recv_str(fd, "data");
	still_fine();
	XOPT(1, 1, 1, 0);
	still_fine();
	/* A window scale on data is ignored. */
	XOPT(3, 3, 14, 1);
	p.win = 100;
	still_fine();
	{
		static char big[3000];

		send_all(fd, big, sizeof(big));
		s = peer_want(&p, F_ACK);
		ASSERT_LE(s->len, 100);
	}
	/* On a FIN and on a RST. */
	XOPT(253, 2, 254, 2);
	p.win = 60000;
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	recv_eof(fd);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
}

static void options_bad(void)
{
	static const uint8_t bad[][4] = {
		{ 253, 0, 0, 0 }, { 253, 1, 0, 0 }, { 253, 40, 0, 0 }, { 1, 1, 1, 253 },
		{ 2, 0, 0, 0 }, { 2, 3, 5, 0 }, { 8, 10, 0, 0 }, { 5, 255, 0, 0 }, { 4, 0, 4, 0 },
		{ 3, 1, 3, 0 }, { 1, 1, 8, 1 }, { 0, 253, 253, 253 },
	};
	uint8_t buf[256], junk[64];
	size_t i;
	int doff;

	begin();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		set_xopt(bad[i], 4);
		peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, NULL, 0);
		p.xoptlen = 0;
		peer_drop(&p);
		still_fine();
		/* And on a SYN for the listener. */
		{
			struct peer q;
			struct seg *s;

			peer_init(&q, p.tun, 5000 + i, PORT);
			memcpy(q.xopt, bad[i], 4);
			q.xoptlen = 4;
			peer_syn(&q);
			q.xoptlen = 0;
			s = peer_get(&q, 30);
			if (s)		/* dropping it would be fine too */
				peer_raw(&q, F_RST, q.snd_nxt, 0, NULL, 0);
		}
	}
	/* Headers that are too short, or longer than the segment. */
	memset(junk, 1, sizeof(junk));
	for (doff = 1; doff < 16; doff++) {
		struct spec s = {
			.saddr = p.addr, .daddr = p.kaddr, .sport = p.port, .dport = p.kport,
			.seq = p.snd_nxt + 100000, .ack = p.rcv_nxt, .flags = F_ACK, .win = 1000,
			.doff = doff,
		};

		if (doff != 5)
			tun_put(p.tun, buf, seg_build(buf, &s));
	}
	peer_drop(&p);
	ASSERT_EQ(sk_inq(fd), 0);
	still_fine();
}

static void rst_exact(void)
{
	begin();
	peer_raw(&p, F_RST, p.snd_nxt, 0, "reason", 6);	/* with a payload too */
	UNTIL_STATE(PORT, 4000, "");
	ASSERT_EQ(recv_err(fd), ECONNRESET);
	ASSERT_EQ(recv_err(fd), 0);
	peer_none(&p, 20);
}

static void rst_in_window(void)
{
	long resets;

	begin();
	resets = counter("EstabResets");
	peer_raw(&p, F_RST, p.snd_nxt + 1, 0, NULL, 0);
	want_current_ack();		/* a challenge */
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	/* A peer that has no such connection answers the challenge. */
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
	ASSERT_EQ(counter("EstabResets") - resets, 1);
	ASSERT_EQ(sk_error(fd), ECONNRESET);
}

/* Many wrong RSTs draw few challenges. */
static void challenge_limit(void)
{
	int i, n = 0;

	begin();
	for (i = 0; i < 200; i++)
		peer_raw(&p, F_RST, p.snd_nxt + 1 + i, 0, NULL, 0);
	while (peer_get(&p, 20))
		n++;
	ASSERT_GE(n, 1);
	ASSERT_LE(n, 20);
	still_fine();
}

/* Nor does data that no window ever reached, with a good ACK or not. */
static void far_data_limit(void)
{
	int i, n = 0;

	if (rt.proto == PROTO_TCP)
		t_skip("TCP answers all data that is out of the window");
	peer_init(&p, peer_net(), 4000, 0);
	p.ws = 0;
	fd = peer_dialled(&p);
	for (i = 0; i < 200; i++)
		peer_raw(&p, F_ACK, p.snd_nxt + 0x50000000 + i * 0x800000, p.rcv_nxt, "far", 3);
	while (peer_get(&p, 20))
		n++;
	ASSERT_GE(n, 1);
	ASSERT_LE(n, 20);
	still_fine();
}

static void delayed_ack(void)
{
	static char seg[1460];
	struct seg *s;
	uint32_t acked = 0;
	double t0;
	int i, acks = 0;

	begin();
	/* A lone segment: an ACK within half a second. */
	for (i = 0; i < 30; i++) {
		t0 = now();
		peer_put(&p, F_PSH | F_ACK, "lone", 4);
		s = peer_want(&p, F_ACK);
		ASSERT_EQ(s->ack, p.snd_nxt);
		ASSERT_LT((now() - t0) * 1000, 500 + patience(50) - 50);
		recv_str(fd, "lone");
	}
	/* A stream of full segments: one ACK for two at least, and not two for one. */
	for (i = 0; i < 20; i++) {
		peer_put(&p, F_ACK, seg, sizeof(seg));
		peer_put(&p, F_ACK, seg, sizeof(seg));
		recv_all(fd, seg, sizeof(seg));
		recv_all(fd, seg, sizeof(seg));
		/* What is due at once is here by now; at most one segment waits. */
		while ((s = peer_get(&p, 0))) {
			acked = s->ack;
			acks++;
		}
		ASSERT_LE(p.snd_nxt - acked, sizeof(seg));
	}
	ASSERT_GE(acks, 19);
	ASSERT_LE(acks, 60);	/* one for each segment and a window update */
}

static void timestamps(void)
{
	struct seg *s;

	peer_init(&p, peer_net(), 4000, PORT);
	p.ts = true;
	lfd = sk_listen(INADDR_ANY, PORT, 4);
	fd = peer_accepted(&p, lfd);
	ASSERT(p.use_ts);
	peer_str(&p, "one");
	s = peer_want(&p, F_ACK);	/* peer_get() checks that it has one */
	ASSERT_EQ(s->tsecr, p.tsval);
	recv_str(fd, "one");
	/* Older than TS.Recent: ACK and drop. */
	p.tsval -= 100;
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, "old", 3);
	p.tsval += 100;
	want_current_ack();
	ASSERT_EQ(sk_inq(fd), 0);
	/* A gap: TS.Recent stays with the last in-order segment. */
	p.tsval += 5;
	peer_raw(&p, F_ACK, p.snd_nxt + 3, p.rcv_nxt, "gap", 3);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->tsecr, p.tsval - 5);
	p.tsval += 5;
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, "the", 3);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->tsecr, p.tsval);
	p.snd_nxt += 6;
	recv_str(fd, "thegap");
	still_fine();
	/* A RST with an old timestamp counts all the same. */
	p.tsval -= 1000;
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
}

/* Without agreement there are none, and those that come are ignored. */
static void timestamps_unasked(void)
{
	begin();		/* peer_get() fails on a timestamp */
	XOPT(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1);
	peer_str(&p, "x");
	recv_str(fd, "x");
	XOPT(1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0);
	peer_str(&p, "y");
	recv_str(fd, "y");
	p.xoptlen = 0;
	still_fine();
}

/* Segments so large that a few of them are more than 64 KB. */
static void large_segments(int port)
{
	struct tun *t = p.tun;

	if (!t) {
		ns_new();
		t = tun_new("tun0", TUN_K, 9000);
	}
	peer_init(&p, t, port, 0);
	p.mss = 8960;
}

/* Send a lot; ACKs open cwnd, then count what comes without any. */
static uint32_t flight(void)
{
	static char big[2000000];
	struct seg *s;
	uint32_t una;
	int i;

	sk_nonblock(fd, true);
	sk_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 3 << 20);
	OK(send(fd, big, sizeof(big), 0));
	/* at once, or a slow machine makes it a timeout, and cwnd small */
	for (i = 0; i < 60 && (s = peer_get(&p, patience(500))); i++)
		peer_raw(&p, F_ACK, p.snd_nxt, s->seq + s->len, NULL, 0);
	una = p.rcv_nxt;
	while (peer_get(&p, patience(50)))
		;
	return p.rcv_nxt - una;
}

static void window_scale(void)
{
	uint32_t got;

	/* Both: our window of 21 << 12 is used, and no byte beyond. */
	large_segments(4000);
	p.ws = 12;
	fd = peer_dialled(&p);
	p.win = 21;
	peer_ack(&p);
	got = flight();
	ASSERT_GT(got, 65536);
	ASSERT_LE(got, 21 << 12);
	close(fd);
	/* One side only: the window is what the field says. */
	large_segments(4001);
	p.win = 10000;
	fd = peer_dialled(&p);
	got = flight();
	ASSERT_LE(got, 10000);
	ASSERT_GT(got, 0);
}

/* All 16 bits of the window count. */
static void window_unsigned(void)
{
	uint32_t got;

	large_segments(4000);
	p.win = 0xffff;
	fd = peer_dialled(&p);
	got = flight();
	ASSERT_GT(got, 0x8000);
	ASSERT_LE(got, 0xffff);
}

/* A window that moves left does no harm; the rest is sent when it opens. */
static void window_shrinks(void)
{
	static char out[4000], got[4000];
	uint32_t una;

	begin();
	fill(out, sizeof(out), 8);
	send_all(fd, out, sizeof(out));
	una = p.irs + 1;
	while (p.rcv_nxt != una + sizeof(out))
		peer_need(&p);
	/* We say that the first 1000 came, and that the window is 500 now. */
	p.win = 500;
	peer_raw(&p, F_ACK, p.snd_nxt, una + 1000, NULL, 0);
	send_str(fd, "more");
	{
		struct seg *s;
		double end = now() + 0.15;

		/* No new data; what is sent again lies in the window or was lost. */
		while (now() < end && (s = peer_get(&p, 50)))
			ASSERT(seq_before(s->seq + s->len, una + sizeof(out) + 1));
	}
	p.win = 60000;
	peer_raw(&p, F_ACK, p.snd_nxt, una + sizeof(out), NULL, 0);
	UNTIL(p.rcv_nxt == una + sizeof(out) + 4 || (peer_get(&p, 1000), 0));
	peer_ack(&p);
	(void)got;
	still_fine();
}

/* By IPv6 the host puts them together behind the tcp wire's hook, unless conntrack does before. */
static void whole_for_the_wire(void)
{
	if (!host_answers() || !rt.v6)
		return;
	need_nft();
	ASSERT_EQ(sh("nft 'table ip6 t { chain in { type filter hook input priority 0; "
		     "ct state invalid counter; }; }'"), 0);
}

static void ip_fragments(void)
{
	static char data[1200], got[1200];
	int total, cut = 600, n, i;
	uint8_t ip[2000], f[2000];
	struct spec s;

	begin();
	whole_for_the_wire();
	fill(data, sizeof(data), 4);
	s = (struct spec) {
		.saddr = p.addr, .daddr = p.kaddr, .sport = p.port, .dport = p.kport,
		.seq = p.snd_nxt, .ack = p.rcv_nxt, .flags = F_ACK, .win = 60000,
		.data = data, .len = sizeof(data),
	};
	/* behind IP's header, as UDP is cut with what it carries */
	total = seg_build(ip, &s) - (rt.v6 ? 40 : 20);
	for (i = 1; i >= 0; i--) {		/* the second one first */
		n = carry_fragment(f, ip, i ? cut : 0, i ? total - cut : cut, !i);
		if (write(p.tun->fd, f, n) != n)
			FAIL("write: %s", strerror(errno));
		if (i)
			ASSERT_EQ(sk_inq(fd), 0);
	}
	recv_all(fd, got, sizeof(got));
	ASSERT(!memcmp(got, data, sizeof(got)));
	p.snd_nxt += sizeof(data);
	still_fine();
}

static void syn_to_multicast(void)
{
	static const uint32_t bad[] = { IP(224, 0, 0, 1), IP(255, 255, 255, 255) };
	uint8_t buf[256];
	size_t i;

	peer_init(&p, peer_net(), 4000, PORT);
	lfd = sk_listen(INADDR_ANY, PORT, 4);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct spec s = {
			.saddr = p.addr, .daddr = bad[i], .sport = p.port, .dport = PORT,
			.seq = 1, .flags = F_SYN, .win = 1000,
		};

		tun_put(p.tun, buf, seg_build(buf, &s));
		s.daddr = p.kaddr;
		s.saddr = bad[i];
		tun_put(p.tun, buf, seg_build(buf, &s));
	}
	peer_none(&p, 20);
	tun_fill(p.tun, 0);
	ASSERT_EQ(p.tun->n, 0);
	ASSERT_EQ(table_count("SYN_RECV"), 0);
	fd = peer_accepted(&p, lfd);
	still_fine();
}

/* A peer that lost its state: its SYN draws an ACK, its RST frees the way. */
static void half_open(void)
{
	struct seg *s;
	uint32_t old_nxt, old_rcv;

	begin();
	old_nxt = p.snd_nxt;
	old_rcv = p.rcv_nxt;
	p.iss += 77777;
	peer_syn(&p);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->ack, old_nxt);
	ASSERT_EQ(s->seq, old_rcv);
	peer_raw(&p, F_RST, s->ack, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
	ASSERT_EQ(recv_err(fd), ECONNRESET);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	peer_ack(&p);
	fd = sk_accept(lfd);
	still_fine();
}

/* The same with the program still in CLOSE_WAIT. */
static void half_open_close_wait(void)
{
	struct seg *s;

	begin();
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	p.iss += 77777;
	peer_syn(&p);
	s = peer_want(&p, F_ACK);
	ASSERT_STATE(PORT, 4000, "CLOSE_WAIT");
	peer_raw(&p, F_RST, s->ack, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	peer_ack(&p);
	close(fd);
	fd = sk_accept(lfd);
	still_fine();
}

static const struct rt_test tests[] = {
	{ "unacceptable", "SM-4 BLIND-1S C30", unacceptable, 0, 0 },
	{ "window_edges", "SM-5", window_edges, 0, 0 },
	{ "sequence_wrap", "SM-5 SHLD-31", sequence_wrap, 0, 0 },
	{ "stale_window", "SM-11", stale_window, 0, 0 },
	{ "future_ack", "SM-12", future_ack, 0, 0 },
	{ "old_ack", "BLIND-5M MAY-12", old_ack, 0, 0 },
	{ "no_ack_flag", "SM-10", no_ack_flag, 0, 0 },
	{ "reserved_bits", "SM-1", reserved_bits, 0, 0 },
	{ "overlap", "SM-15", overlap, 0, 0 },
	{ "out_of_order", "SHLD-31 MAY-13 CC-6S", out_of_order, 0, 0 },
	{ "bad_checksum", "C07 MUST-3", bad_checksum, 0, 0 },
	{ "bad_checksum_resent", "C07 C40", bad_checksum_resent, 0, 0 },
	{ "options_everywhere", "MUST-4 MUST-5 MUST-6 MUST-64 MUST-65 WS-2M", options_everywhere,
	  0, 0 },
	{ "options_bad", "MUST-7", options_bad, 0, 60 },
	{ "rst_exact", "C30 BLIND-2M SHLD-2 ER-1", rst_exact, 0, 0 },
	{ "rst_in_window", "C30 BLIND-3S", rst_in_window, 0, 0 },
	{ "challenge_limit", "C30 BLIND-6S", challenge_limit, 0, 0 },
	{ "far_data_limit", "BLIND-6S", far_data_limit, 0, 0 },
	{ "delayed_ack", "MUST-40 SHLD-18 SHLD-19 CC-11M", delayed_ack, 0, 0 },
	{ "timestamps", "TS-2M TS-7M PAWS-1M PAWS-2M", timestamps, 0, 0 },
	{ "timestamps_unasked", "TS-1O TS-4M", timestamps_unasked, 0, 0 },
	{ "window_scale", "WS-1M WS-5M REC-1", window_scale, 0, 0 },
	{ "window_unsigned", "MUST-1", window_unsigned, 0, 0 },
	{ "window_shrinks", "MUST-34 SHLD-15 WS-7M", window_shrinks, 0, 0 },
	{ "ip_fragments", "C03", ip_fragments, 0, 0 },
	{ "syn_to_multicast", "MUST-57 MUST-63", syn_to_multicast, 0, 0 },
	{ "half_open", "SM-17 C31", half_open, 0, 0 },
	{ "half_open_close_wait", "C31", half_open_close_wait, 0, 0 },
};

RT_MAIN(tests)
