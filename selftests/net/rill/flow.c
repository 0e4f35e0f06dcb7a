// SPDX-License-Identifier: GPL-2.0
/* Flow control: zero windows and their probes, silly windows, Nagle, cork. */
#include "wire.h"

#define PORT	8080

static struct peer p;
static int fd;

static void begin(int rcvbuf)
{
	int l;

	peer_init(&p, peer_net(), 4000, PORT);
	l = sk_listen(INADDR_ANY, PORT, 4);
	if (rcvbuf)
		sk_set(l, SOL_SOCKET, SO_RCVBUF, rcvbuf);
	fd = peer_accepted(&p, l);
}

/* Offer a window, in a segment that is newer than the one before in any case. */
static void offer(int win)
{
	peer_str(&p, "x");
	p.win = win;
	peer_str(&p, "x");
	recv_str(fd, "xx");
	UNTIL(peer_need(&p)->ack == p.snd_nxt);
	peer_drop(&p);
}

static uint32_t right_edge(const struct seg *s)
{
	return s->ack + ((uint32_t)s->win << p.kws);
}

/* A sender with bytes to send against a window of 0. */
static void against_zero(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	offer(0);
	send_str(fd, "waiting for the window");
}

/* A probe: below the window or one byte of the waiting data. */
static struct seg *want_probe(int ms)
{
	struct seg *s = peer_get(&p, ms);

	if (!s)
		FAIL("no window probe within %d ms", ms);
	ASSERT(s->flags & F_ACK);
	ASSERT_LE(s->len, 1);
	ASSERT(s->seq == p.irs || s->seq == p.irs + 1);
	p.rcv_nxt = p.irs + 1;
	return s;
}

static void zero_window_probes(void)
{
	struct seg *s;
	double t0, t1, gap = 0;
	long probes;
	struct row r;
	int i;

	t0 = now();
	against_zero();
	probes = counter("WinProbes");
	s = want_probe(WAIT_MS);
	/* The first after one RTO, then at twice the distance each. */
	ASSERT_GE((s->t - t0) * 1000, 190);
	UNTIL(table_find(PORT, 4000, &r) && !strcmp(r.timer, "persist"));
	peer_ack(&p);
	t1 = s->t;
	for (i = 0; i < 3; i++) {
		s = want_probe(WAIT_MS);
		if (i)
			ASSERT_BACKOFF(s->t - t1, gap, i);
		else
			gap = s->t - t1;
		t1 = s->t;
		peer_ack(&p);
	}
	ASSERT_GE(gap * 1000, 380);
	if (have_counter("WinProbes"))
		ASSERT_GE(counter("WinProbes") - probes, 3);
	/* Opening it lets the data out. */
	p.win = 1000;
	peer_ack(&p);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 22);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
}

/* The probe spacing doubles to 120 s and goes on as long as they are ACKed. */
static void zero_window_hour(void)
{
	double last, t0, gap;
	struct seg *s;
	int n = 0;

	against_zero();
	t0 = want_probe(WAIT_MS)->t;
	peer_ack(&p);
	s = want_probe(WAIT_MS);
	gap = s->t - t0;		/* twice the RTO */
	last = s->t;
	peer_ack(&p);
	ASSERT_TIME("first gap of probes", gap, 0.42);
	while (now() - t0 < 2 * 3600) {
		s = want_probe(200000);
		n++;
		ASSERT_BACKOFF(s->t - last, gap, n < 20 ? n : 20);
		last = s->t;
		peer_ack(&p);
	}
	ASSERT_GT(n, 60);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	p.win = 1000;
	peer_ack(&p);
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 22);
}

/* Probes without an answer are given up as retransmissions are: 924.6 s. */
static void zero_window_unanswered(void)
{
	double t0;

	against_zero();
	t0 = want_probe(WAIT_MS)->t;
	while (peer_get(&p, 130000))
		;
	ASSERT_EQ(recv_err(fd), ETIMEDOUT);
	ASSERT_GE(now() - t0, 900);
	ASSERT_STATE(PORT, 4000, "");
}

/* The update that opens the window is lost: the next probe's answer tells. */
static void lost_update(void)
{
	struct seg *s;

	against_zero();
	want_probe(WAIT_MS);
	peer_ack(&p);
	p.win = 1000;		/* opened; nobody tells */
	s = want_probe(WAIT_MS);
	if (s->len)
		p.rcv_nxt++;
	peer_ack(&p);
	UNTIL(p.rcv_nxt == p.irs + 23 || (peer_get(&p, 1000), 0));
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
}

/* Fill the stack's receive buffer until its window is shut; bytes taken. */
static uint32_t shut_window(const uint8_t *out, int len)
{
	uint32_t edge = p.irs, start = p.snd_nxt;
	struct seg *s;

	peer_ack(&p);
	peer_put(&p, F_PSH | F_ACK, out, 1);
	for (;;) {
		int at = p.snd_nxt - start, n;

		while ((s = peer_get(&p, 100)))
			edge = right_edge(s);
		n = edge - p.snd_nxt;
		if (n <= 0)
			break;
		if (n > 1000)
			n = 1000;
		if (at + n > len)
			FAIL("the window never shuts");
		peer_put(&p, F_PSH | F_ACK, out + at, n);
	}
	return p.snd_nxt - start;
}

static void reader_stops(void)
{
	static uint8_t out[400000], got[400000];
	uint32_t took, edge;
	struct seg *s;

	begin(8192);
	fill(out, sizeof(out), 20);
	took = shut_window(out, sizeof(out));
	ASSERT_GE(took, 2000);
	/* What hits the shut window draws an ACK that says so. */
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, "p", 1);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->win, 0);
	ASSERT_EQ(s->ack, p.snd_nxt);
	/* Reading opens it, and tells so unasked. */
	recv_all(fd, got, took);
	ASSERT(!memcmp(got, out, took));
	s = peer_want(&p, F_ACK);
	edge = right_edge(s);
	ASSERT_EQ(s->ack, p.snd_nxt);
	ASSERT_GE(edge - s->ack, 1460 / 2);
	peer_str(&p, "on we go");
	recv_str(fd, "on we go");
}

/* RST and the ACK of data count while the window is shut. */
static void zero_window_rst(void)
{
	static uint8_t out[400000];
	uint32_t took;

	begin(8192);
	took = shut_window(out, sizeof(out));
	ASSERT_GT(took, 0);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
}

/* The right edge that is offered never moves left. */
static void edge_never_left(void)
{
	static uint8_t out[400000], got[400000];
	uint32_t edge = p.irs, start, in = 0;
	bool first = true;
	struct seg *s;
	int i;

	begin(16384);
	start = p.snd_nxt;
	for (i = 0; i < 300; i++) {
		int at = p.snd_nxt - start, n = 37 + i * 13 % 700, r;

		peer_drop(&p);
		if (first || (int32_t)(edge - p.snd_nxt) >= n)
			peer_put(&p, F_PSH | F_ACK, out + at, n);
		while ((s = peer_get(&p, 2))) {
			if (!first)
				ASSERT(!seq_before(right_edge(s), edge));
			first = false;
			edge = right_edge(s);
		}
		if (first)
			continue;
		if (i % 3 == 0 || (int32_t)(edge - p.snd_nxt) < 800) {
			r = recv(fd, got, 500, MSG_DONTWAIT);
			if (r > 0)
				in += r;
		}
	}
	ASSERT_GT(in, 10000);
}

/* One byte read at a time opens no window of a few bytes. */
static void no_silly_window(void)
{
	static uint8_t out[400000];
	uint32_t took, i, edge;
	struct seg *s;
	char c;

	begin(8192);
	took = shut_window(out, sizeof(out));
	edge = p.snd_nxt;
	peer_drop(&p);
	for (i = 0; i < took; i++) {
		recv_all(fd, &c, 1);
		while ((s = peer_get(&p, 0))) {
			uint32_t e = right_edge(s);

			/* Half the buffer or an MSS, whichever is less. */
			if (e != edge)
				ASSERT_GE((int32_t)(e - edge), 700);
			edge = e;
		}
	}
	if (edge == p.snd_nxt) {
		s = peer_want(&p, F_ACK);
		edge = right_edge(s);
	}
	ASSERT_GE((int32_t)(edge - p.snd_nxt), 700);
}

/* A window that opens by a little draws no runt. */
static void no_runts(void)
{
	static uint8_t out[20000];
	uint32_t at;
	struct seg *s;
	int i;

	begin(0);
	offer(2920);
	fill(out, sizeof(out), 21);
	send_all(fd, out, sizeof(out));
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 1460);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 1460);
	peer_none(&p, 50);
	at = p.rcv_nxt;
	/* All acknowledged, and the window 10, 20, … bytes: not worth a segment. */
	for (i = 0; i < 10; i++) {
		p.win = 10 + i * 10;
		peer_ack(&p);
		while ((s = peer_get(&p, 10)))
			FAIL("%d bytes into a window of %d", s->len, p.win);
	}
	/* A full segment fits: it goes. */
	p.win = 1460;
	peer_ack(&p);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, at);
	ASSERT_EQ(s->len, 1460);
}

/* The override: in the end the small window is used, not waited for. */
static void small_window_override(void)
{
	static uint8_t out[5000];
	struct seg *s;
	double t0;

	begin(0);
	offer(100);
	t0 = now();
	send_all(fd, out, sizeof(out));
	s = peer_want(&p, F_ACK);
	ASSERT_LE(s->len, 100);
	ASSERT_GT(s->len, 0);
	t_note("override after %.3f s with %d bytes", s->t - t0, s->len);
	ASSERT_LT(s->t - t0, 1.1 + (patience(1000) - 1000) / 1000.0);
}

static void nagle(void)
{
	struct seg *s;
	static char big[1460 + 10];

	begin(0);
	/* Nothing in flight: it goes. Something: it waits, and is joined. */
	send_str(fd, "a");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 1);
	send_str(fd, "b");
	send_str(fd, "c");
	send_str(fd, "d");
	peer_none(&p, 100);
	peer_ack(&p);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 3);
	ASSERT(!memcmp(s->data, "bcd", 3));
	/* A full segment goes all the same, its rest waits. */
	send_all(fd, big, sizeof(big));
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 1460);
	peer_none(&p, 100);
	peer_ack(&p);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 10);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
}

static void nodelay(void)
{
	struct seg *s;
	int i;

	begin(0);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_NODELAY), 0);
	sk_set(fd, SOL_TCP, TCP_NODELAY, 5);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_NODELAY), 1);
	for (i = 0; i < 5; i++) {
		send_str(fd, "x");
		s = peer_want(&p, F_ACK);
		ASSERT_EQ(s->len, 1);
	}
	peer_ack(&p);
	/* Setting it pushes out what Nagle held. */
	sk_set(fd, SOL_TCP, TCP_NODELAY, 0);
	send_str(fd, "y");
	peer_want(&p, F_ACK);
	send_str(fd, "held");
	peer_none(&p, 50);
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 4);
}

/* The FIN does not wait for Nagle. */
static void nagle_close(void)
{
	struct seg *s;

	begin(0);
	send_str(fd, "a");
	peer_want(&p, F_ACK);
	send_str(fd, "b");
	peer_none(&p, 50);
	OK(shutdown(fd, SHUT_WR));
	s = peer_want(&p, F_FIN | F_ACK);
	ASSERT_EQ(s->len, 1);
}

static void cork(void)
{
	static char big[1460 * 2 + 5];
	struct seg *s;
	double t0;

	begin(0);
	sk_set(fd, SOL_TCP, TCP_CORK, 1);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_CORK), 1);
	send_str(fd, "head ");
	send_str(fd, "body");
	peer_none(&p, 100);
	sk_set(fd, SOL_TCP, TCP_CORK, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 9);
	peer_ack(&p);
	/* Full segments go, the rest is held. */
	sk_set(fd, SOL_TCP, TCP_CORK, 1);
	send_all(fd, big, sizeof(big));
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 1460);
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 1460);
	t0 = now();
	peer_ack(&p);
	/* But no longer than 200 ms. */
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 5);
	ASSERT_TIME("cork", s->t - t0, 0.2);
	peer_ack(&p);
	/* NODELAY does not undo it, but flushes once. */
	send_str(fd, "cork");
	peer_none(&p, 50);
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 4);
}

static void msg_more(void)
{
	struct seg *s;
	double t0;

	begin(0);
	ASSERT_EQ(send(fd, "head ", 5, MSG_MORE), 5);
	peer_none(&p, 100);
	send_str(fd, "body");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 9);
	peer_ack(&p);
	t0 = now();
	ASSERT_EQ(send(fd, "alone", 5, MSG_MORE), 5);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 5);
	ASSERT_TIME("MSG_MORE", s->t - t0, 0.2);
	peer_ack(&p);
	ASSERT_EQ(send(fd, "end", 3, MSG_MORE), 3);
	OK(shutdown(fd, SHUT_WR));
	s = peer_want(&p, F_FIN | F_ACK);
	ASSERT_EQ(s->len, 3);
}

static void zero_length(void)
{
	begin(0);
	ASSERT_EQ(send(fd, "", 0, 0), 0);
	peer_none(&p, 50);
	ASSERT_EQ(sk_outq(fd), 0);
}

/* Two stacks, a reader that stops and starts, and a lost window update. */
static int lose_acks;

static enum verdict drop_updates(const struct seg *s, int dir)
{
	if (dir == 1 && lose_acks && !s->len && s->win) {
		lose_acks--;
		return DROP;
	}
	return PASS;
}

static void stop_and_go(void)
{
	struct relay *r = relay_new(1500, drop_updates);
	static uint8_t out[1500000], got[1500000];
	size_t at = 0, sent = 0;
	struct pair q;
	struct row row;
	int i;

	ns_enter(r->b);
	q.l = sk_listen(IP_B, PORT, 4);
	sk_set(q.l, SOL_SOCKET, SO_RCVBUF, 20000);
	ns_enter(r->a);
	q.c = sk_dial(IP_B, PORT);
	q.s = sk_accept(q.l);
	sk_nonblock(q.c, true);
	fill(out, sizeof(out), 22);
	for (i = 0; i < 3; i++) {
		size_t before = at;

		/* Write until nothing goes any more and the sender probes. */
		do {
			ssize_t n = send(q.c, out + sent, sizeof(out) - sent, 0);

			if (n > 0)
				sent += n;
			else
				rest(20);
			ASSERT(sent < sizeof(out));
		} while (!(table_find(sk_port(q.c), 0, &row) && !strcmp(row.timer, "persist")));
		/* All that was let in, and the update that says so is lost. */
		lose_acks = 1;
		while (ev_wait(q.s, POLLIN, 30)) {
			ssize_t n = OK(recv(q.s, got + at, 3000, MSG_DONTWAIT));

			at += n;
			if (at - before > 200000)
				break;
		}
		ASSERT_GT(at, before);
	}
	lose_acks = 0;
	while (at < sent) {
		ev_need(q.s, POLLIN);
		at += OK(recv(q.s, got + at, sizeof(got) - at, MSG_DONTWAIT));
	}
	ASSERT(!memcmp(out, got, at));
	ASSERT_GT(r->dropped[1], 0);
}

static const struct rt_test tests[] = {
	{ "zero_window_probes", "C50 MUST-36 SHLD-29 SHLD-30", zero_window_probes, 0, 0 },
	{ "zero_window_hour", "C50 MUST-37 SHLD-30", zero_window_hour, T_LONG, 8000 },
	{ "zero_window_unanswered", "C50 C43", zero_window_unanswered, T_LONG, 2000 },
	{ "lost_update", "C50 MUST-36", lost_update, 0, 0 },
	{ "reader_stops", "C50 SM-23 RX-9", reader_stops, 0, 0 },
	{ "zero_window_rst", "MUST-66", zero_window_rst, 0, 0 },
	{ "edge_never_left", "SHLD-14", edge_never_left, 0, 0 },
	{ "no_silly_window", "C51 MUST-39 SM-19", no_silly_window, 0, 0 },
	{ "no_runts", "C51 MUST-38 SM-19", no_runts, 0, 0 },
	{ "small_window_override", "C51 SM-19", small_window_override, 0, 0 },
	{ "nagle", "C70 SHLD-7 MUST-60", nagle, 0, 0 },
	{ "nodelay", "C70 MUST-17 TO-1", nodelay, 0, 0 },
	{ "nagle_close", "C70 SM-18", nagle_close, 0, 0 },
	{ "cork", "C71 TO-2", cork, 0, 0 },
	{ "msg_more", "C71 TX-5", msg_more, 0, 0 },
	{ "zero_length", "TX-4", zero_length, 0, 0 },
	{ "stop_and_go", "C50 MUST-36", stop_and_go, 0, 60 },
};

RT_MAIN(tests)
