// SPDX-License-Identifier: GPL-2.0
/*
 * A blind attacker: it knows the addresses and ports of a connection, not its
 * numbers, and sends RST, SYN, FIN, data and ACKs at random and near the
 * window to both ends.  Nothing may reach the stream, and what the attack
 * draws in ACKs has to stay within the limit (RFC 5961).
 *
 * Two guesses are left out, since against them there is no defence: a RST
 * that is exactly the next number expected (one in 2^32), and a segment whose
 * sequence number and ACK number are both right.  All data of these cases has
 * even lengths, so that a number at an odd distance is never the next one
 * expected, whatever is under way; and no ACK number that is sent lies within
 * a megabyte of the right ones, where no window here is above 256 KB.
 *
 * --seed repeats an attack, --count is the number of segments.
 */
#include "wire.h"

#include <pthread.h>
#include <time.h>

#define BATCH		100		/* segments between two rests of 1 ms */
#define LIMIT_S		0.5		/* invalid_ratelimit */
#define FAR		0x100000u	/* beyond any window */
#define CHUNK_MAX	16384

enum kind { K_RST, K_SYN, K_ACK, K_NO_ACK, K_DATA, K_FIN, KINDS };

static struct relay *net;
static struct pair conn;
static int port, server_port;		/* of the dialled end, of the other */
static uint64_t rs;
static long by_kind[KINDS];

/* What the wire has shown, by direction; the relay's thread writes it. */
static uint32_t isn[2], end_of[2];
static bool have_isn[2];
static long segs[2], odd;

static uint32_t below(uint32_t n)
{
	return rnd(&rs) % n;
}

static enum verdict watch(const struct seg *s, int dir)
{
	uint32_t end = s->seq + s->len + !!(s->flags & (F_SYN | F_FIN));

	if (s->flags & F_SYN) {
		isn[dir] = s->seq;
		end_of[dir] = end;
		have_isn[dir] = true;
	}
	if (seq_before(end_of[dir], end))
		end_of[dir] = end;
	if (s->len & 1)
		odd++;
	segs[dir]++;
	return PASS;
}

static void begin(void)
{
	unsigned int seed = rt.seed ?: (unsigned int)time(NULL) ^ getpid() << 12;

	t_note("seed %u", seed);
	rs = seed;
	net = relay_new(1500, watch);
	ns_enter(net->b);
	sysctl_set("rmem", "4096 131072 262144");
	ns_enter(net->a);
	sysctl_set("rmem", "4096 131072 262144");
	conn = pair_relay(net);
	port = sk_port(conn.c);
	server_port = sk_peer_port(conn.c);
	/* A byte pair each way: both ends are done with the handshake. */
	send_str(conn.c, "ab");
	recv_str(conn.s, "ab");
	send_str(conn.s, "cd");
	recv_str(conn.c, "cd");
	ASSERT(have_isn[0] && have_isn[1]);
}

/* A number at some distance from one that counts, or anything. */
static uint32_t near(uint32_t base)
{
	static const int32_t off[] = {
		0, 1, -1, 2, 100, -100, 1460, -1460, 65535, 65536, -65536, 131072, 262144,
	};

	switch (below(4)) {
	case 0:
		return rnd(&rs);
	case 1:
		return base + off[below(ARRAY_SIZE(off))];
	default:
		return base + below(140000) - 70000;
	}
}

static uint32_t wrong_ack(uint32_t right)
{
	uint32_t d;

	switch (below(4)) {
	case 0:
		return right + FAR + below(FAR);
	case 1:
		return right - FAR - below(FAR);
	}
	do {
		d = rnd(&rs);
	} while (d < FAR || d > -FAR);
	return right + d;
}

static const uint8_t flags_of[KINDS][4] = {
	[K_RST]	   = { F_RST, F_RST, F_RST | F_ACK, F_RST | F_PSH | F_FIN },
	[K_SYN]	   = { F_SYN, F_SYN | F_ACK, F_SYN | F_PSH, F_SYN | F_FIN | F_ACK },
	[K_ACK]	   = { F_ACK, F_ACK, F_ACK | F_URG, F_ACK | F_ECE },
	[K_NO_ACK] = { 0, F_PSH, F_FIN, F_URG | F_CWR },
	[K_DATA]   = { F_ACK, F_ACK | F_PSH, F_ACK | F_URG, F_ACK | F_CWR },
	[K_FIN]	   = { F_ACK | F_FIN, F_ACK | F_FIN, F_ACK | F_FIN | F_PSH, F_ACK | F_FIN | F_URG },
};

static int with_timestamp(uint8_t *o)
{
	uint32_t v = rnd(&rs), e = rnd(&rs);

	memcpy(o, (uint8_t[]){ 1, 1, 8, 10 }, 4);
	memcpy(o + 4, &v, 4);
	memcpy(o + 8, &e, 4);
	return 12;
}

/* One segment to the end that direction dir leads to, as if from the other. */
static void inject(int dir, enum kind kind)
{
	static uint8_t data[1460], pkt[2000], opts[12];
	struct spec s = {
		.saddr = dir ? IP_B : IP_A, .daddr = dir ? IP_A : IP_B,
		.sport = dir ? server_port : port, .dport = dir ? port : server_port,
		.seq = near(end_of[dir]), .ack = wrong_ack(end_of[!dir]),
		.flags = flags_of[kind][below(4)], .win = rnd(&rs), .urg = rnd(&rs),
		.tos = below(4) ? 0 : below(4), .opts = opts, .data = data,
	};
	int len;

	if (kind == K_DATA || (kind != K_ACK && !below(4)))
		s.len = 1 + below(sizeof(data));
	if (kind == K_RST && !((s.seq - isn[dir] - 1) & 1))
		s.seq++;
	if (below(2))
		s.optlen = with_timestamp(opts);
	by_kind[kind]++;
	len = seg_build(pkt, &s);
	if (write(net->t[!dir]->fd, pkt, len) != len)
		FAIL("write to the tun: %s", strerror(errno));
}

/* count segments of the kinds from first to last, to both ends in turn. */
static void attack(long count, enum kind first, enum kind last)
{
	long i;

	for (i = 0; i < count; i++) {
		inject(i & 1, first + below(last - first + 1));
		if (i % BATCH == BATCH - 1)
			rest(1);
	}
}

static long count_or(long count)
{
	return rt.count ?: count;
}

static void still_up(void)
{
	ASSERT_EQ(sk_error(conn.c), 0);
	ASSERT_EQ(sk_error(conn.s), 0);
	ns_enter(net->b);
	ASSERT_STATE(server_port, port, "ESTABLISHED");
	ASSERT_EQ(table_count(NULL), 2);	/* and the listener */
	ns_enter(net->a);
	ASSERT_STATE(port, server_port, "ESTABLISHED");
	ASSERT_EQ(table_count(NULL), 1);
}

/* What both ends have counted. */
static long both(const char *name)
{
	long n;

	ns_enter(net->b);
	n = counter(name);
	ns_enter(net->a);
	return n + counter(name);
}

/* Every drop has a reason and a counter: their sum over both ends. */
static long drops(void)
{
	static const char *const why[] = {
		"DropRstOutOfWindow", "DropRstChallenged", "DropSynChallenged", "DropBadAck",
		"DropPAWS", "DropOutOfWindow", "DropBadFlags", "DropNoAck", "DropOldData",
	};
	long n = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(why); i++)
		n += both(why[i]);
	return n;
}

/* Wait until nothing has passed for so long. */
static void quiet(int ms)
{
	long before;

	do {
		before = segs[0] + segs[1];
		rest(ms);
	} while (segs[0] + segs[1] != before);
}

/* At most this many, in each direction, since t0. */
static double allowed(double t0)
{
	return 2 + (now() - t0) / LIMIT_S;
}

/*
 * Nothing else is under way, so whatever an end sends is an answer, and each
 * injected segment is a drop.
 */
static void idle(long count, enum kind first, enum kind last)
{
	long before[2], dropped = 0, answers;
	double t0;
	int dir;

	begin();
	UNTIL(!sk_outq(conn.c) && !sk_outq(conn.s));
	quiet(300);	/* longer than an ACK is delayed */
	before[0] = segs[0];
	before[1] = segs[1];
	if (rt.proto != PROTO_TCP)
		dropped = drops();
	t0 = now();
	attack(count, first, last);
	quiet(50);
	for (dir = 0; dir < 2; dir++) {
		t_note("%ld answers from %c in %.1f s", segs[dir] - before[dir], "ab"[dir],
		       now() - t0);
		ASSERT_LE(segs[dir] - before[dir], allowed(t0));
	}
	answers = segs[0] - before[0] + segs[1] - before[1];
	ASSERT_GT(answers, 0);
	if (rt.proto != PROTO_TCP)
		ASSERT_EQ(drops() - dropped, count);
	still_up();
	ASSERT_EQ(sk_inq(conn.c), 0);
	ASSERT_EQ(sk_inq(conn.s), 0);
	send_str(conn.c, "still");
	recv_str(conn.s, "still");
	send_str(conn.s, "here");
	recv_str(conn.c, "here");
}

static void idle_flags(void)
{
	idle(count_or(10000), K_RST, K_NO_ACK);
}

/* Linux TCP answers data outside the window each time. */
static void idle_data(void)
{
	idle(count_or(10000), K_DATA, K_FIN);
}

/* ---- a stream each way ---- */

struct stream {
	int tx, rx;
	uint32_t seed;
	long sent, got;
	struct sha256 out, in;
	pthread_t writer, reader;
};

static volatile bool stop;

static void *write_stream(void *arg)
{
	static __thread uint8_t buf[CHUNK_MAX];
	struct stream *s = arg;
	uint64_t r = s->seed;

	while (!stop) {
		size_t len = 2 + (rnd(&r) % (CHUNK_MAX / 2 - 1)) * 2;

		fill(buf, len, rnd(&r));
		sha256_update(&s->out, buf, len);
		send_all(s->tx, buf, len);
		s->sent += len;
		rest(2);
	}
	OK(shutdown(s->tx, SHUT_WR));
	return NULL;
}

static void *read_stream(void *arg)
{
	static __thread uint8_t buf[CHUNK_MAX];
	struct stream *s = arg;
	ssize_t n;

	while ((n = OK(recv(s->rx, buf, sizeof(buf), 0))) > 0) {
		sha256_update(&s->in, buf, n);
		s->got += n;
	}
	return NULL;
}

static void stream_start(struct stream *s, int tx, int rx)
{
	s->tx = tx;
	s->rx = rx;
	s->seed = rnd(&rs);
	sha256_init(&s->out);
	sha256_init(&s->in);
	ASSERT_EQ(pthread_create(&s->reader, NULL, read_stream, s), 0);
	ASSERT_EQ(pthread_create(&s->writer, NULL, write_stream, s), 0);
}

static void stream_check(struct stream *s)
{
	uint8_t out[32], in[32];

	pthread_join(s->writer, NULL);
	pthread_join(s->reader, NULL);
	sha256_final(&s->out, out);
	sha256_final(&s->in, in);
	ASSERT_GT(s->sent, 0);
	ASSERT_EQ(s->got, s->sent);
	if (memcmp(out, in, sizeof(out)))
		FAIL("the stream has changed");
}

static void live(long count)
{
	static struct stream there, back;
	long before, challenges;
	double t0;

	begin();
	challenges = both("ChallengeACK");
	stream_start(&there, conn.c, conn.s);
	stream_start(&back, conn.s, conn.c);
	t0 = now();
	attack(count, 0, KINDS - 1);
	still_up();
	before = there.got + back.got;
	UNTIL(there.got + back.got > before);
	challenges = both("ChallengeACK") - challenges;
	t_note("RST %ld, SYN %ld, ACK %ld, no ACK %ld, data %ld, FIN %ld in %.1f s",
	       by_kind[K_RST], by_kind[K_SYN], by_kind[K_ACK], by_kind[K_NO_ACK],
	       by_kind[K_DATA], by_kind[K_FIN], now() - t0);
	t_note("%ld challenge ACKs; %ld bytes there, %ld back", challenges, there.got, back.got);
	/* one limit serves all answers: the first in a while may be another kind */
	if (now() - t0 > 5)
		ASSERT_GT(challenges, 0);
	ASSERT_LE(challenges, 2 * allowed(t0));
	stop = true;
	stream_check(&there);
	stream_check(&back);
	/* Or an odd RST could have been the right one. */
	ASSERT_EQ(odd, 0);
}

static void live_short(void)
{
	live(count_or(20000));
}

static void live_million(void)
{
	live(count_or(1000000));
}

static const struct rt_test tests[] = {
	{ "idle_flags", "C30 BLIND-1S BLIND-3S BLIND-4M BLIND-5M BLIND-6S SM-10 SM-12",
	  idle_flags, 0, 60 },
	{ "idle_data", "BLIND-5M BLIND-6S", idle_data, T_RILL, 60 },
	{ "live_short", "C30 BLIND-1S BLIND-3S BLIND-4M BLIND-5M BLIND-6S", live_short, 0, 60 },
	{ "live_million", "C30 BLIND-1S BLIND-3S BLIND-4M BLIND-5M BLIND-6S", live_million,
	  T_LONG, 900 },
};

RT_MAIN(tests)
