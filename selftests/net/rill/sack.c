// SPDX-License-Identifier: GPL-2.0
/* What a receiver tells in SACK blocks, and about data that came twice. */
#include "wire.h"

#define PORT	8080
#define SEG	100	/* bytes of a segment here */

static struct peer p;
static int fd;

static void begin(bool ts)
{
	peer_init(&p, peer_net(), 4000, PORT);
	p.sackok = true;
	p.ts = ts;
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	ASSERT_EQ(p.use_ts, ts);
}

/* Sequence number of the nth segment from here on. */
static uint32_t at(int n)
{
	return p.snd_nxt + n * SEG;
}

/* Send bytes out of the stream's pattern, by distance from snd_nxt. */
static void put_bytes(int from, int to)
{
	static char out[100000];
	static bool filled;

	if (!filled) {
		fill(out, sizeof(out), 3);
		filled = true;
	}
	p.tsval++;
	peer_raw(&p, F_ACK, p.snd_nxt + from, p.rcv_nxt, out + from, to - from);
}

static void put_seg(int n)
{
	put_bytes(n * SEG, (n + 1) * SEG);
}

/* The next ACK has this number and these blocks, counted in bytes from snd_nxt. */
static void want_blocks(int ack, int nr, const int (*blocks)[2])
{
	struct seg *s = peer_want(&p, F_ACK);
	int i;

	ASSERT_EQ(s->ack - p.snd_nxt, ack);
	ASSERT_EQ(s->nsack, nr);
	for (i = 0; i < nr; i++) {
		ASSERT_EQ((int)(s->sack[i][0] - p.snd_nxt), blocks[i][0]);
		ASSERT_EQ((int)(s->sack[i][1] - p.snd_nxt), blocks[i][1]);
	}
}

#define WANT(ack, ...) \
	do { \
		static const int b_[][2] = { __VA_ARGS__ }; \
		want_blocks(ack, ARRAY_SIZE(b_), b_); \
	} while (0)
#define WANT_NONE(ack)	want_blocks(ack, 0, NULL)

static int has_sack(void)
{
	struct tcp_info ti;

	sk_info(fd, &ti);
	return !!(ti.tcpi_options & TCPI_OPT_SACK);
}

/* On a SYN always, on a SYN-ACK if the SYN had it, never on anything else. */
static void negotiated(void)
{
	struct seg *s;

	begin(false);		/* peer_get() fails on it but on a SYN */
	ASSERT(has_sack());
	peer_init(&p, p.tun, 4001, PORT);
	p.sackok = true;
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT(s->sackok);
	/* and again when the SYN-ACK is resent */
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT(s->sackok);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);

	peer_init(&p, p.tun, 4002, PORT);
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT(!s->sackok);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
}

static void negotiated_active(void)
{
	peer_init(&p, peer_net(), 4000, 0);
	p.sackok = true;
	fd = peer_dialled(&p);
	ASSERT(has_sack());
	peer_init(&p, p.tun, 4001, 0);
	fd = peer_dialled(&p);
	ASSERT(!has_sack());
	/* A gap draws a plain duplicate ACK. */
	put_seg(1);
	WANT_NONE(0);
	put_seg(1);
	WANT_NONE(0);
	put_seg(0);
	WANT_NONE(2 * SEG);
}

static void simultaneous(bool sackok)
{
	struct seg *s;

	fd = sk_new();
	sk_nonblock(fd, true);
	if (sk_connect(fd, p.addr, p.port) && errno != EINPROGRESS)
		FAIL("connect: %s", strerror(errno));
	s = peer_want(&p, F_SYN);
	ASSERT(s->sackok);
	p.sackok = sackok;
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	if (rt.proto != PROTO_TCP)	/* that of 6.1 offers it in any case */
		ASSERT_EQ(s->sackok, sackok);
	p.sackok = false;
	peer_ack(&p);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(has_sack(), sackok);
}

static void negotiated_simultaneous(void)
{
	peer_init(&p, peer_net(), 4000, 0);
	simultaneous(true);
	put_seg(1);
	WANT(0, { SEG, 2 * SEG });
	peer_init(&p, p.tun, 4001, 0);
	simultaneous(false);
	put_seg(1);
	WANT_NONE(0);
}

static void sysctl_off(void)
{
	struct tun *t = peer_net();

	need_sysctl("sack");
	sysctl_set("sack", "0");
	sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4000, PORT);
	p.sackok = true;
	peer_syn(&p);
	ASSERT(!peer_want(&p, F_SYN | F_ACK)->sackok);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	fd = sk_new();
	peer_init(&p, t, 4001, 0);
	p.sackok = true;
	sk_nonblock(fd, true);
	if (sk_connect(fd, p.addr, p.port) && errno != EINPROGRESS)
		FAIL("connect: %s", strerror(errno));
	ASSERT(!peer_want(&p, F_SYN)->sackok);
	p.snd_nxt = p.iss;
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	put_seg(1);
	WANT_NONE(0);
}

/* Three gaps: newest first. With timestamps three blocks fit, else four. */
static void gaps(bool ts)
{
	begin(ts);
	put_seg(1);
	WANT(0, { 100, 200 });
	put_seg(3);
	WANT(0, { 300, 400 }, { 100, 200 });
	put_seg(5);
	WANT(0, { 500, 600 }, { 300, 400 }, { 100, 200 });
	put_seg(7);
	if (ts)
		WANT(0, { 700, 800 }, { 500, 600 }, { 300, 400 });
	else
		WANT(0, { 700, 800 }, { 500, 600 }, { 300, 400 }, { 100, 200 });
	/* The run that the segment is in comes first. */
	put_seg(4);
	if (ts)
		WANT(0, { 300, 600 }, { 700, 800 }, { 100, 200 });
	else
		WANT(0, { 300, 600 }, { 700, 800 }, { 100, 200 });
	/* Moves the cumulative ACK: what is left, as it was. */
	put_seg(0);
	WANT(200, { 300, 600 }, { 700, 800 });
	/* In order, and gaps remain. */
	put_bytes(200, 250);
	WANT(250, { 300, 600 }, { 700, 800 });
	put_bytes(250, 300);
	WANT(600, { 700, 800 });
	put_seg(6);
	WANT_NONE(800);
	ASSERT_EQ(sk_inq(fd), 800);
}

static void gaps_plain(void)
{
	gaps(false);
}

static void gaps_ts(void)
{
	gaps(true);
}

/* More gaps than blocks: the ones that were left out are told when there is room. */
static void many_gaps(void)
{
	struct seg *s;
	int i;

	begin(true);
	put_seg(19);			/* the highest first, then upward from below */
	peer_want(&p, F_ACK);
	for (i = 1; i < 17; i += 2) {
		put_seg(i);
		s = peer_want(&p, F_ACK);
		ASSERT_EQ(s->sack[0][0], at(i));
		ASSERT_EQ(s->nsack, i < 5 ? (i + 3) / 2 : 3);
	}
	/* Every ACK below the highest byte that is held has a block (SACK-5S). */
	for (i = 0; i < 18; i += 2) {
		put_seg(i);
		s = peer_want(&p, F_ACK);
		ASSERT_EQ(s->ack, i < 16 ? at(i + 2) : at(17));
		if (rt.proto != PROTO_TCP)	/* it forgets the highest */
			ASSERT_GE(s->nsack, 1);
	}
	put_seg(17);
	peer_want(&p, F_ACK);
	put_seg(18);
	WANT_NONE(20 * SEG);
	ASSERT_EQ(sk_inq(fd), 20 * SEG);
}

/* Numbers wrap inside of a block. */
static void wrap(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	p.sackok = true;
	p.iss = 0xffffffff - 250;
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	put_seg(4);
	WANT(0, { 400, 500 });
	put_seg(2);			/* has the last byte, and byte 0 */
	WANT(0, { 200, 300 }, { 400, 500 });
	put_seg(3);
	WANT(0, { 200, 500 });
	put_seg(2);
	WANT(0, { 200, 300 }, { 200, 500 });
	put_seg(0);
	put_seg(1);
	UNTIL(peer_need(&p)->ack == at(5));
	put_seg(2);
	WANT(500, { 200, 300 });
}

/* The FIN is a sequence number as any other. */
static void with_fin(void)
{
	begin(false);
	peer_raw(&p, F_FIN | F_ACK, at(1), p.rcv_nxt, "fin", 3);
	WANT(0, { 100, 104 });
	put_seg(0);
	WANT_NONE(104);
	ASSERT_EQ(sk_inq(fd), 103);
	peer_raw(&p, F_FIN | F_ACK, at(1), p.rcv_nxt, "fin", 3);
	WANT(104, { 100, 104 });
}

static int by_start(const void *a, const void *b)
{
	return (int)(((const uint32_t *)a)[0] - ((const uint32_t *)b)[0]);
}

/* A block names nothing that is not held: not what a full buffer threw away. */
static void pruned(void)
{
	static char got[4000], want[4000];
	struct seg last = { 0 }, *s;
	int i, l;

	peer_init(&p, peer_net(), 4000, PORT);
	p.sackok = true;
	l = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(l, SOL_SOCKET, SO_RCVBUF, 20000);
	fd = peer_accepted(&p, l);
	/* Single bytes with gaps, downwards, cost much more than they carry. */
	for (i = 2000; i > 0; i -= 2) {
		put_bytes(i, i + 1);
		s = peer_want(&p, F_ACK);
		if (s->nsack)
			last = *s;
	}
	if (have_counter("DropOFOPruned"))
		ASSERT_GT(counter("DropOFOPruned"), 0);
	/* Fill the hole below each block: the ACK passes the block as well. */
	ASSERT_GE(last.nsack, 1);
	qsort(last.sack, last.nsack, sizeof(last.sack[0]), by_start);
	for (i = 0; i < last.nsack; i++) {
		put_bytes(last.ack - p.snd_nxt, last.sack[i][0] - p.snd_nxt);
		do {
			s = peer_want(&p, F_ACK);
		} while (seq_before(s->ack, last.sack[i][0]));
		ASSERT(!seq_before(s->ack, last.sack[i][1]));
		last.ack = s->ack;
	}
	recv_all(fd, got, last.ack - p.snd_nxt);
	fill(want, sizeof(want), 3);
	ASSERT(!memcmp(got, want, last.ack - p.snd_nxt));
}

static void dsack_old(void)
{
	long old = counter("DSACKOldSent");

	begin(false);
	put_seg(0);
	put_seg(1);
	UNTIL(peer_need(&p)->ack == at(2));
	put_seg(0);
	WANT(200, { 0, 100 });
	/* once */
	put_seg(2);
	put_seg(3);
	do {
		struct seg *s = peer_want(&p, F_ACK);

		ASSERT_EQ(s->nsack, 0);
		if (s->ack == at(4))
			break;
	} while (1);
	/* below the cumulative ACK, and a gap above it */
	put_seg(5);
	WANT(400, { 500, 600 });
	put_seg(1);
	WANT(400, { 100, 200 }, { 500, 600 });
	put_seg(5 + 2);
	WANT(400, { 700, 800 }, { 500, 600 });
	if (have_counter("DSACKOldSent"))
		ASSERT_EQ(counter("DSACKOldSent") - old, 2);
	/* A keepalive probe brings nothing, so nothing came twice. */
	peer_raw(&p, F_ACK, at(4) - 1, p.rcv_nxt, NULL, 0);
	WANT(400, { 700, 800 }, { 500, 600 });
}

static void dsack_island(void)
{
	long ofo = counter("DSACKOfoSent");

	begin(false);
	put_seg(2);
	put_seg(3);
	put_seg(4);
	WANT(0, { 200, 300 });
	WANT(0, { 200, 400 });
	WANT(0, { 200, 500 });
	put_seg(3);
	WANT(0, { 300, 400 }, { 200, 500 });
	put_seg(6);
	WANT(0, { 600, 700 }, { 200, 500 });
	put_seg(2);
	WANT(0, { 200, 300 }, { 200, 500 }, { 600, 700 });
	if (have_counter("DSACKOfoSent"))
		ASSERT_EQ(counter("DSACKOfoSent") - ofo, 2);
	put_seg(0);
	UNTIL(peer_need(&p)->nsack == 2);
	ASSERT_EQ(sk_inq(fd), SEG);
}

static void dsack_partial(void)
{
	begin(false);
	put_bytes(0, 100);
	peer_drop(&p);
	put_bytes(50, 200);		/* 50 old, 100 new */
	peer_drop(&p);
	UNTIL(sk_inq(fd) == 200);
	put_bytes(300, 400);
	WANT(200, { 300, 400 });
	put_bytes(350, 450);		/* above what is held */
	WANT(200, { 350, 400 }, { 300, 450 });
	put_bytes(250, 350);		/* below */
	WANT(200, { 300, 350 }, { 250, 450 });
	put_bytes(600, 700);
	WANT(200, { 600, 700 }, { 250, 450 });
	put_bytes(550, 750);		/* on both sides */
	WANT(200, { 600, 700 }, { 550, 750 }, { 250, 450 });
	put_bytes(200, 300);		/* fills the hole, and half of it is held */
	WANT(450, { 250, 300 }, { 550, 750 });
	put_bytes(400, 550);		/* half of it is old */
	WANT(750, { 400, 450 });
	ASSERT_EQ(sk_inq(fd), 750);
}

/* The bytes of a segment that was partly old are reported as well. */
static void dsack_partly_old(void)
{
	struct seg *s;

	begin(false);
	put_bytes(0, 100);
	UNTIL(peer_need(&p)->ack == at(1));
	put_bytes(50, 200);
	UNTIL((s = peer_need(&p))->ack == at(2));
	ASSERT_EQ(s->nsack, 1);
	ASSERT_EQ(s->sack[0][0], p.snd_nxt + 50);
	ASSERT_EQ(s->sack[0][1], p.snd_nxt + 100);
}

static void dsack_off(void)
{
	struct tun *t = peer_net();

	need_sysctl("dsack");
	sysctl_set("dsack", "0");
	peer_init(&p, t, 4000, PORT);
	p.sackok = true;
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	put_seg(0);
	WANT_NONE(100);
	put_seg(0);
	WANT_NONE(100);
	put_seg(2);
	WANT(100, { 200, 300 });
	put_seg(2);
	WANT(100, { 200, 300 });
}

/* Segments with data have the blocks too, and stay within the MTU. */
static void room_on_data(void)
{
	static char out[30000];
	int sacks[] = { 12, 20, 28 };
	struct seg *s;
	int i, got;

	for (i = 0; i < 3; i++) {
		if (!i) {
			begin(true);
		} else {
			peer_init(&p, p.tun, 4000 + i, PORT + i);
			p.sackok = true;
			p.ts = true;
			fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT + i, 4));
		}
		for (got = 0; got <= i; got++) {
			put_seg(1 + 2 * got);
			peer_want(&p, F_ACK);
		}
		send_all(fd, out, 10 * (1448 - sacks[i]));
		for (got = 0; got < 10 * (1448 - sacks[i]); got += s->len) {
			s = peer_want(&p, F_ACK);
			ASSERT_LE(s->iplen, 1500);
			ASSERT_EQ(s->nsack, i + 1);
			ASSERT_EQ(s->len, 1448 - sacks[i]);
		}
		peer_ack(&p);
		UNTIL(!sk_outq(fd));
	}
}

/* A duplicate is told once even when it lets data out. */
static void once_with_data(void)
{
	static char out[14000];
	struct seg *s;
	int n = 0, got = 0;

	begin(true);
	put_seg(0);
	UNTIL(peer_need(&p)->ack == at(1));
	p.win = 0;
	peer_raw(&p, F_ACK, at(1), p.rcv_nxt, NULL, 0);
	send_all(fd, out, sizeof(out));
	p.win = 65535;
	put_bytes(0, SEG + 1);		/* a byte is new, and the window opens */
	while (got < (int)sizeof(out)) {
		s = peer_want(&p, F_ACK);
		got += s->len;
		if (s->nsack) {
			ASSERT_EQ(s->sack[0][0], p.snd_nxt);
			ASSERT_EQ(s->sack[0][1], at(1));
			n++;
		}
		peer_raw(&p, F_ACK, at(1) + 1, p.rcv_nxt, NULL, 0);
	}
	ASSERT_GE(n, 1);
	if (rt.proto != PROTO_TCP)	/* it tells it on each segment of a burst */
		ASSERT_EQ(n, 1);
}

static const struct rt_test tests[] = {
	{ "sack_permitted", "SACK-1M", negotiated, 0, 0 },
	{ "sack_permitted_active", "SACK-1M SACK-2M", negotiated_active, 0, 0 },
	{ "sack_permitted_simultaneous", "SACK-1M SACK-2M", negotiated_simultaneous, 0, 0 },
	{ "sack_sysctl", "SACK-1M SACK-2M", sysctl_off, 0, 0 },
	{ "gaps", "SACK-3M SACK-4S SACK-5S CC-6S MUST-59", gaps_plain, 0, 0 },
	{ "gaps_timestamps", "SACK-3M SACK-4S SACK-5S CC-6S", gaps_ts, 0, 0 },
	{ "many_gaps", "SACK-4S SACK-5S", many_gaps, 0, 0 },
	{ "sequence_wrap", "SACK-3M DSACK-1I", wrap, 0, 0 },
	{ "fin_out_of_order", "SACK-3M DSACK-1I", with_fin, 0, 0 },
	{ "memory_pressure", "SACK-8M", pruned, 0, 0 },
	{ "dsack_old", "DSACK-1I", dsack_old, 0, 0 },
	{ "dsack_island", "DSACK-2I", dsack_island, 0, 0 },
	{ "dsack_partial", "DSACK-3I", dsack_partial, 0, 0 },
	{ "dsack_partly_old", "DSACK-3I", dsack_partly_old, 0, 0 },
	{ "dsack_sysctl", "DSACK-1I", dsack_off, 0, 0 },
	{ "room_on_data", "MUST-16", room_on_data, 0, 0 },
	{ "once_with_data", "DSACK-1I", once_with_data, 0, 0 },
};

RT_MAIN(tests)
