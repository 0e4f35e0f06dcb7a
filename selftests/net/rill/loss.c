// SPDX-License-Identifier: GPL-2.0
/* Loss seen by the sender: duplicate ACKs, partial ACKs, timeouts, and what cwnd allows. */
#include "wire.h"

#define PORT	8080
#define MSS	1460

static struct peer p;
static int fd;
static uint32_t una;

/* A connection that has much to send, against a large window. */
static void begin(size_t bytes)
{
	static char big[1000000];

	peer_init(&p, peer_net(), 4000, 0);
	p.ws = 7;
	fd = sk_new();
	OK(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "reno", 4));
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_answer(&p);
	ev_need(fd, POLLOUT);
	p.win = 60000;
	peer_ack(&p);
	una = p.irs + 1;
	sk_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 2 << 20);
	fill(big, bytes, 50);
	ASSERT_EQ(send(fd, big, bytes, 0), bytes);
}

/* Segments that come before it is quiet for ms; the end of the highest. */
static int flight(int ms, uint32_t *end)
{
	struct seg *s;
	int n = 0;

	while ((s = peer_get(&p, ms))) {
		n++;
		if (end && seq_before(*end, s->seq + s->len))
			*end = s->seq + s->len;
	}
	return n;
}

static void ack(uint32_t n)
{
	peer_raw(&p, F_ACK, p.snd_nxt, n, NULL, 0);
}

/* Ten segments at first, and never more than the ACKs let out. */
static void initial_window(void)
{
	uint32_t end = 0;
	int n, i;

	begin(500000);
	end = una;
	n = flight(50, &end);
	ASSERT_EQ(n, 10);
	ASSERT_EQ(end, una + 10 * MSS);
	/* Slow start: two for each segment acknowledged. */
	for (i = 1; i <= 10; i++)
		ack(una + i * MSS);
	n = flight(50, &end);
	ASSERT_GE(n, 11);
	ASSERT_LE(n, 20);
}

static void fast_retransmit(void)
{
	uint32_t end;
	long to, fast;
	struct seg *s;
	double t0;
	int i;

	begin(10 * MSS);
	to = counter("Timeouts");
	fast = counter("FastRetrans");
	end = una;
	ASSERT_EQ(flight(20, &end), 10);
	t0 = now();
	/* The first was lost: two duplicates are not enough. */
	for (i = 0; i < 2; i++) {
		ack(una);
		s = peer_get(&p, 10);
		if (s)
			FAIL("seq %u sent again after %d duplicate ACKs", s->seq - una, i + 1);
	}
	ack(una);
	s = peer_need(&p);
	ASSERT_LT((s->t - t0) * 1000, 190);
	ASSERT_EQ(s->seq, una);
	ASSERT_EQ(s->len, MSS);
	ASSERT_EQ(counter("FastRetrans") - fast, 1);
	for (i = 0; i < 6; i++)
		ack(una);
	/* Only what is missing. */
	s = peer_get(&p, 20);
	if (s)
		FAIL("seq %u sent too", s->seq - una);
	ack(end);
	UNTIL(!sk_outq(fd));
	ASSERT_EQ(counter("Timeouts") - to, 0);
}

/* A partial ACK shows the next hole: resent without a timeout. */
static void partial_ack(void)
{
	uint32_t end;
	struct seg *s;
	long to;
	int i;

	begin(10 * MSS);
	to = counter("Timeouts");
	end = una;
	ASSERT_EQ(flight(20, &end), 10);
	for (i = 0; i < 6; i++)		/* 1st and 5th lost */
		ack(una);
	s = peer_need(&p);
	ASSERT_EQ(s->seq, una);
	ack(una + 4 * MSS);
	s = peer_get(&p, 150);
	if (!s)
		FAIL("the second hole waits for a timeout");
	ASSERT_EQ(s->seq, una + 4 * MSS);
	ack(end);
	UNTIL(!sk_outq(fd));
	ASSERT_EQ(counter("Timeouts") - to, 0);
}

/* After a timeout one segment, and slow start from there. */
static void timeout_cwnd(void)
{
	uint32_t end;
	struct tcp_info ti;
	struct seg *s;
	int n;

	begin(40 * MSS);
	end = una;
	n = flight(20, &end);
	ASSERT_GE(n, 10);
	/* What comes now is a probe of the tail at most, then the first again. */
	do {
		s = peer_need(&p);
	} while (s->seq != una);
	n = flight(50, NULL);
	ASSERT_EQ(n, 0);
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_snd_cwnd, 1);
	ASSERT_LE(ti.tcpi_snd_ssthresh, 8);
	ASSERT_GE(ti.tcpi_snd_ssthresh, 2);
	/* An ACK of one lets out two or three, not all. */
	ack(una + MSS);
	n = flight(50, NULL);
	ASSERT_GE(n, 1);
	ASSERT_LE(n, 3);
}

/* The stream is right and ends whatever the order of ACKs. */
static void odd_acks(void)
{
	uint64_t rs = 7;
	uint32_t top;
	struct seg *s;
	int i;

	begin(200 * MSS);
	top = una;
	for (i = 0; i < 3000 && top != una + 200 * MSS; i++) {
		while ((s = peer_get(&p, 0)))
			if (seq_before(top, s->seq + s->len) && !seq_before(top, s->seq))
				top = s->seq + s->len;
		switch (rnd(&rs) % 4) {
		case 0:			/* an old one */
			ack(top - rnd(&rs) % 3000 % (top - una + 1));
			break;
		case 1:			/* in the middle of a segment */
			if (top - una > 100)
				ack(top - rnd(&rs) % 100);
			break;
		default:
			ack(top);
		}
		if (rnd(&rs) % 3 == 0) {
			s = peer_get(&p, 5);
			if (s && seq_before(top, s->seq + s->len) && !seq_before(top, s->seq))
				top = s->seq + s->len;
		}
	}
	ASSERT_EQ(top - una, 200 * MSS);
	ack(top);
	UNTIL(!sk_outq(fd));
	peer_none(&p, 50);
}

/* Idle for longer than an RTO: no burst larger than the initial window. */
static void idle_restart(void)
{
	static char big[60 * MSS];
	uint32_t end;
	int i, n;

	begin(100 * MSS);
	end = una;
	for (i = 0; i < 400 && end != una + 100 * MSS; i++) {
		flight(5, &end);
		ack(end);
	}
	ack(una + 100 * MSS);
	UNTIL(!sk_outq(fd));
	rest(4000);
	peer_drop(&p);
	ASSERT_EQ(send(fd, big, sizeof(big), 0), sizeof(big));
	n = flight(50, &end);
	ASSERT_GE(n, 1);
	ASSERT_LE(n, 10);
}

/* A wire that loses the first copy of every 10th segment, and one that loses tails. */
static uint32_t seen[64];
static int nseen;

static enum verdict lose_first(const struct seg *s, int dir)
{
	static int n;
	int i;

	if (dir || !s->len || ++n % 10)
		return PASS;
	for (i = 0; i < 64; i++)
		if (seen[i] == s->seq)
			return PASS;
	seen[nseen++ % 64] = s->seq;
	return DROP;
}

static void one_of_ten(void)
{
	static char out[400000], got[400000];
	struct relay *r = relay_new(1500, lose_first);
	struct pair q;
	long fast;
	int st;
	pid_t pid;

	r->delay_s = 0.005;
	q = pair_relay(r);
	fast = counter("FastRetrans");
	fill(out, sizeof(out), 51);
	pid = fork();
	if (!pid) {
		send_all(q.c, out, sizeof(out));
		_exit(0);
	}
	recv_all(q.s, got, sizeof(got));
	ASSERT(!memcmp(out, got, sizeof(got)));
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	ASSERT_GT(r->dropped[0], 10);
	ASSERT_GT(counter("FastRetrans") - fast, 0);
}

static const struct rt_test tests[] = {
	{ "initial_window", "C60 IW-1O CC-1M", initial_window, 0, 0 },
	{ "fast_retransmit", "C42 CC-7S CC-15M MUST-19", fast_retransmit, 0, 0 },
	{ "partial_ack", "C42 CC-15M", partial_ack, 0, 0 },
	{ "timeout_cwnd", "C41 C60 CC-5M RTO-11M", timeout_cwnd, 0, 0 },
	{ "odd_acks", "C40 C41", odd_acks, 0, 0 },
	{ "idle_restart", "C61 CC-10S", idle_restart, T_FULL, 0 },
	{ "one_of_ten", "C40 C42 CC-7S", one_of_ten, 0, 60 },
};

RT_MAIN(tests)
