// SPDX-License-Identifier: GPL-2.0
/* Urgent data on the wire: segments that come, and segments that go. */
#include "oob.h"
#include "wire.h"

#define PORT	8080

static struct peer p;
static int fd;

static void begin(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	count_sigurg(fd);
}

/* The peer sends a segment whose last urgent octet is the one before seq + up. */
static void peer_urg(uint16_t up, const char *data)
{
	p.urg = up;
	peer_put(&p, F_URG | F_PSH | F_ACK, data, strlen(data));
}

/* ---- segments that come ---- */

static void oob_never_blocks(void)
{
	double t0;

	begin();
	t0 = now();
	no_oob(fd, EINVAL);
	/* The pointer came and the byte did not: EAGAIN, on a socket that blocks. */
	peer_urg(5, "ab");
	UNTIL(sigurg == 1);
	no_oob(fd, EAGAIN);
	ASSERT_ERR(recv(fd, &t0, 1, MSG_OOB | MSG_DONTWAIT), EAGAIN);
	ASSERT_ERR(recv(fd, &t0, 1, MSG_OOB | MSG_WAITALL), EAGAIN);
	ASSERT_EQ(sk_inq(fd), 2);
	ASSERT(!at_mark(fd));
	read_is(fd, "ab");
	/* Not yet at the mark: two more bytes come before it. */
	ASSERT(!at_mark(fd));
	peer_put(&p, F_PSH | F_ACK, "cd", 2);
	read_is(fd, "cd");
	ASSERT(at_mark(fd));
	no_oob(fd, EAGAIN);
	/* A segment without URG brings it. */
	peer_put(&p, F_PSH | F_ACK, "Ef", 2);
	oob_is(fd, 'E');
	ASSERT(at_mark(fd));
	read_is(fd, "f");
	ASSERT_EQ(sigurg, 1);
	/* Nobody waits for a byte that will not come. */
	peer_urg(9, "");
	UNTIL(sigurg == 2);
	no_oob(fd, EAGAIN);
	OK(shutdown(fd, SHUT_RD));
	ASSERT_EQ(recv(fd, &t0, 1, MSG_OOB), 0);
}

static void signal_counts(void)
{
	int i;

	begin();
	peer_urg(2, "aB");
	UNTIL(sigurg == 1);
	/* The same pointer again, and one to what was received: no news. */
	p.urg = 1;
	peer_raw(&p, F_URG | F_ACK, p.snd_nxt - 1, p.rcv_nxt, "B", 1);
	p.urg = 0;
	peer_raw(&p, F_URG | F_ACK, p.snd_nxt - 1, p.rcv_nxt, "B", 1);
	peer_str(&p, "c");
	/* One more for each that moves on. */
	for (i = 0; i < 5; i++) {
		peer_urg(1, "D");
		UNTIL(sigurg == 2 + i);
	}
	peer_urg(100, "");
	UNTIL(sigurg == 7);
	peer_urg(50, "");
	peer_urg(100, "");
	peer_urg(101, "");
	UNTIL(sigurg == 8);
	/* No owner, no signal. */
	OK(fcntl(fd, F_SETOWN, 0));
	peer_urg(200, "xyz");
	/* No mark but the last is one, and that is far off. */
	read_is(fd, "aBcDDDDDxyz");
	ASSERT_EQ(sigurg, 8);
}

static void pointer_moves(void)
{
	begin();
	/* Behind what was received, read or not: nobody can take it out any more. */
	peer_str(&p, "abcd");
	UNTIL(sk_inq(fd) == 4);
	p.urg = 2;
	peer_raw(&p, F_URG | F_ACK, p.snd_nxt - 4, p.rcv_nxt, "abcd", 4);
	peer_raw(&p, F_URG | F_ACK, p.snd_nxt - 2, p.rcv_nxt, "cd", 2);
	read_is(fd, "abcd");
	peer_raw(&p, F_URG | F_ACK, p.snd_nxt - 4, p.rcv_nxt, "abcd", 4);
	peer_str(&p, "e");
	read_is(fd, "e");
	ASSERT_EQ(sigurg, 0);
	no_oob(fd, EINVAL);
	/* 1 and 0 both name the first octet: MUST-62, and what 0 means in Linux. */
	peer_urg(1, "Fg");
	oob_is(fd, 'F');
	read_is(fd, "g");
	peer_urg(0, "Hi");
	oob_is(fd, 'H');
	read_is(fd, "i");
	/* The octet before the pointer. */
	peer_urg(2, "jKl");
	oob_is(fd, 'K');
	read_is(fd, "j");
	read_is(fd, "l");
	ASSERT_EQ(sigurg, 3);
}

static void out_of_order(void)
{
	uint32_t at;

	begin();
	/* The urgent byte comes first, behind a hole. */
	at = p.snd_nxt;
	p.urg = 4;
	peer_raw(&p, F_URG | F_ACK, at + 2, p.rcv_nxt, "cdeF", 4);
	oob_is(fd, 'F');
	ASSERT_EQ(sigurg, 1);
	read_nothing(fd);
	ASSERT(!at_mark(fd));
	p.urg = 6;
	peer_raw(&p, F_URG | F_ACK, at, p.rcv_nxt, "ab", 2);
	read_is(fd, "abcde");
	ASSERT(at_mark(fd));
	ASSERT_EQ(sigurg, 1);
	no_oob(fd, EINVAL);
	/* A later pointer first, then an older one: the later stays. */
	at += 6;
	p.urg = 1;
	peer_raw(&p, F_URG | F_ACK, at + 3, p.rcv_nxt, "J", 1);
	UNTIL(sigurg == 2);
	peer_raw(&p, F_URG | F_ACK, at, p.rcv_nxt, "ghi", 3);
	oob_is(fd, 'J');
	read_is(fd, "ghi");
	ASSERT_EQ(sigurg, 2);
	p.snd_nxt = at + 4;
	peer_str(&p, "k");
	read_is(fd, "k");
}

static void lost(void)
{
	uint32_t at;

	begin();
	/* The segment with the byte is lost; others say where it will be. */
	at = p.snd_nxt;
	p.urg = 4;
	peer_raw(&p, F_URG | F_ACK, at, p.rcv_nxt, "ab", 2);
	UNTIL(sigurg == 1);
	no_oob(fd, EAGAIN);
	/* (Right behind it TCP takes a byte of the header.) */
	peer_raw(&p, F_ACK, at + 100, p.rcv_nxt, "far", 3);
	no_oob(fd, EAGAIN);
	read_is(fd, "ab");
	read_nothing(fd);
	p.urg = 2;
	peer_raw(&p, F_URG | F_ACK, at + 2, p.rcv_nxt, "cD", 2);
	oob_is(fd, 'D');
	read_is(fd, "c");
	ASSERT(at_mark(fd));
	peer_raw(&p, F_ACK, at + 4, p.rcv_nxt, "ef", 2);
	read_is(fd, "ef");
	ASSERT_EQ(sigurg, 1);
}

/* Sequence numbers wrap between pointer, mark and data. */
static void wrap(void)
{
	static const uint32_t iss[] = { -1, -2, -3, -4, -6, -8 };
	struct tun *t = peer_net();
	int l = sk_listen(INADDR_ANY, PORT, 16);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(iss); i++) {
		peer_init(&p, t, 4000 + i, PORT);
		p.iss = iss[i];
		fd = peer_accepted(&p, l);
		count_sigurg(fd);
		peer_urg(5, "ab");
		UNTIL(sigurg == 1);
		no_oob(fd, EAGAIN);
		peer_urg(3, "cdEf");
		oob_is(fd, 'E');
		read_is(fd, "abcd");
		ASSERT(at_mark(fd));
		read_is(fd, "f");
		ASSERT(!at_mark(fd));
		peer_urg(2, "gH");
		peer_urg(2, "iJ");
		oob_is(fd, 'J');
		read_is(fd, "gHi");
		ASSERT_EQ(sigurg, 3);
	}
}

/* SM-14: after the peer's FIN there is nothing urgent. */
static void after_fin(void)
{
	begin();
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	recv_eof(fd);
	peer_urg(1, "");
	peer_urg(100, "");
	peer_drop(&p);
	send_str(fd, "x");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	if (rt.proto == PROTO_TCP) {
		t_note("TCP raises %d signals", (int)sigurg);
		return;
	}
	ASSERT_EQ(sigurg, 0);
	no_oob(fd, EINVAL);
	ASSERT(!at_mark(fd));
}

/* A FIN in the segment with the urgent byte comes after it. */
static void with_fin(void)
{
	begin();
	p.urg = 3;
	peer_put(&p, F_URG | F_FIN | F_ACK, "abC", 3);
	oob_is(fd, 'C');
	ASSERT_EQ(sk_inq(fd), 2);
	read_is(fd, "ab");
	ASSERT(at_mark(fd));
	recv_eof(fd);
	ASSERT_EQ(sigurg, 1);
}

/* MUST-66: our window is shut, and URG counts. */
static void at_zero_window(void)
{
	static uint8_t out[400000], got[400000];
	uint32_t edge, start;
	struct seg *s;
	int l;

	peer_init(&p, peer_net(), 4000, PORT);
	l = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(l, SOL_SOCKET, SO_RCVBUF, 8192);
	fd = peer_accepted(&p, l);
	count_sigurg(fd);
	start = p.snd_nxt;
	peer_put(&p, F_PSH | F_ACK, out, 1);
	edge = p.snd_nxt;
	for (;;) {
		int n;

		while ((s = peer_get(&p, 100)))
			edge = s->ack + s->win;
		n = edge - p.snd_nxt;
		if (n <= 0)
			break;
		peer_put(&p, F_PSH | F_ACK, out, n < 1000 ? n : 1000);
	}
	/* Bare, as the probe of a sender is. */
	peer_urg(5, "");
	UNTIL(sigurg == 1);
	no_oob(fd, EAGAIN);
	/* With data that there is no room for; its ACK counts as well. */
	send_str(fd, "x");
	peer_want(&p, F_ACK);
	p.urg = 6;
	peer_raw(&p, F_URG | F_ACK, p.snd_nxt, p.rcv_nxt, "abcdeF", 6);
	/* (Later kernels drop it whole.) */
	if (rt.proto != PROTO_TCP) {
		UNTIL(sigurg == 2);
		UNTIL(!sk_outq(fd));
	}
	recv_all(fd, got, p.snd_nxt - start);
	peer_drop(&p);
	peer_urg(6, "abcdeF");
	oob_is(fd, 'F');
	read_is(fd, "abcde");
	ASSERT_EQ(sigurg, 2);
}

/* ---- segments that go ---- */

static void pointer_on_wire(void)
{
	struct seg *s;

	begin();
	send_oob(fd, "abC");
	s = peer_want(&p, F_URG | F_ACK);
	ASSERT_EQ(s->len, 3);
	ASSERT_EQ(s->urg, 3);
	ASSERT(s->flags & F_PSH);
	ASSERT(!memcmp(s->data, "abC", 3));
	/* Not acknowledged: what comes before it has it, what comes after has not. */
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	send_str(fd, "de");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->urg, 0);
	/* Sent again: again. */
	p.rcv_nxt = p.irs + 1;
	do {
		s = peer_need(&p);
	} while (s->seq != p.irs + 1);
	ASSERT(s->flags & F_URG);
	ASSERT_EQ(s->urg, 3);
	p.rcv_nxt = p.irs + 6;
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	peer_drop(&p);
	/* Over and done with. */
	send_str(fd, "f");
	ASSERT_EQ(peer_want(&p, F_ACK)->urg, 0);
	peer_ack(&p);
	peer_str(&p, "g");
	ASSERT_EQ(peer_want(&p, F_ACK)->urg, 0);
}

/* Urgent data does not wait for company. */
static void no_nagle(void)
{
	struct seg *s;

	begin();
	send_str(fd, "a");
	peer_want(&p, F_ACK);
	send_oob(fd, "b");
	s = peer_want(&p, F_URG | F_ACK);
	ASSERT_EQ(s->len, 1);
	ASSERT_EQ(s->urg, 1);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	sk_set(fd, SOL_TCP, TCP_CORK, 1);
	send_oob(fd, "cd");
	s = peer_want(&p, F_URG | F_ACK);
	ASSERT_EQ(s->len, 2);
	ASSERT_EQ(s->urg, 2);
}

/*
 * Every segment before the mark says where it is, from where it stands itself:
 * one pointer for a super-segment would be wrong in all of its pieces but one.
 */
static void many_segments(void)
{
	static uint8_t out[60000], got[60000];
	uint32_t up;
	struct seg *s;
	int n = 0;

	begin();
	fill(out, sizeof(out), 3);
	sk_set(fd, SOL_SOCKET, SO_SNDBUF, 400000);
	up = p.irs + 1 + sizeof(out);
	ASSERT_EQ(send(fd, out, sizeof(out), MSG_OOB), sizeof(out));
	while (p.rcv_nxt != up) {
		s = peer_need(&p);
		if (!s->len)
			continue;
		ASSERT(s->flags & F_URG);
		ASSERT_EQ(s->seq + s->urg, up);
		ASSERT_LE(s->len, 1460);
		memcpy(got + (s->seq - p.irs - 1), s->data, s->len);
		peer_ack(&p);
		n++;
	}
	ASSERT_GE(n, 40);
	ASSERT(!memcmp(got, out, sizeof(out)));
	/* Behind it segments are as long as ever, and have none. */
	UNTIL(!sk_outq(fd));
	send_all(fd, out, sizeof(out));
	while (p.rcv_nxt != up + sizeof(out)) {
		s = peer_need(&p);
		ASSERT(!(s->flags & F_URG));
		peer_ack(&p);
	}
}

/* MUST-31: a span that no pointer reaches across. */
static void long_span(void)
{
	static uint8_t out[70000], got[70000];
	uint32_t up;
	struct seg *s;

	begin();
	fill(out, sizeof(out), 4);
	sk_set(fd, SOL_SOCKET, SO_SNDBUF, 400000);
	up = p.irs + 1 + sizeof(out);
	ASSERT_EQ(send(fd, out, sizeof(out), MSG_OOB), sizeof(out));
	while (p.rcv_nxt != up) {
		s = peer_need(&p);
		if (!s->len)
			continue;
		ASSERT(s->flags & F_URG);
		ASSERT_EQ(s->urg, up - s->seq < 65535 ? up - s->seq : 65535);
		memcpy(got + (s->seq - p.irs - 1), s->data, s->len);
		peer_ack(&p);
	}
	ASSERT(!memcmp(got, out, sizeof(out)));
}

/* The peer's window is shut: it is told all the same. */
static void behind_zero_window(void)
{
	static uint8_t out[2000];
	struct seg *s;
	int n = 0;

	begin();
	p.win = 1000;
	peer_str(&p, "x");
	read_is(fd, "x");
	p.win = 0;
	peer_str(&p, "y");
	read_is(fd, "y");
	peer_drop(&p);
	fill(out, sizeof(out), 6);
	ASSERT_EQ(send(fd, out, sizeof(out), MSG_OOB), sizeof(out));
	/* In sequence, so that a peer without room looks at it. */
	do {
		s = peer_need(&p);
		ASSERT_EQ(s->len, 0);
	} while (s->seq != p.irs + 1);
	ASSERT(s->flags & F_URG);
	ASSERT_EQ(s->urg, sizeof(out));
	/* An ACK for the peer's data says it as well. */
	peer_drop(&p);
	peer_str(&p, "z");
	do {
		s = peer_need(&p);
	} while (s->ack != p.snd_nxt);
	ASSERT(s->flags & F_URG);
	ASSERT_EQ(s->seq + s->urg, p.irs + 1 + sizeof(out));
	/* Then the window opens. */
	p.win = 65535;
	p.tsval++;
	peer_ack(&p);
	while (n < (int)sizeof(out)) {
		s = peer_need(&p);
		if (!s->len || s->seq != p.irs + 1 + n)
			continue;
		ASSERT(s->flags & F_URG);
		ASSERT_EQ(s->urg, sizeof(out) - n);
		n += s->len;
		peer_ack(&p);
	}
}

/* A window's worth with the mark in it, over a path that loses. */
static int seen;

static enum verdict lose_some(const struct seg *s, int dir)
{
	if (dir || !s->len)
		return PASS;
	return seen++ % 7 == 3 ? DROP : PASS;
}

static void over_loss(void)
{
	static uint8_t out[40000], got[40000];
	struct relay *r = relay_new(1500, NULL);
	struct pair q = pair_relay(r);
	size_t n = 0;
	char c;
	int i;

	r->fn = lose_some;
	fill(out, sizeof(out), 8);
	for (i = 0; i < 20; i++)
		send_oob(q.c, "!");
	ASSERT_EQ(send(q.c, out, sizeof(out), MSG_OOB), sizeof(out));
	send_all(q.c, "z", 1);
	UNTIL_MS(recv(q.s, &c, 1, MSG_OOB | MSG_PEEK) == 1 && !sk_outq(q.c), 60000);
	ASSERT_GT(r->dropped[0], 0);
	ASSERT_EQ(c, (char)out[sizeof(out) - 1]);
	while (!at_mark(q.s)) {
		uint8_t b;

		ASSERT_EQ(recv(q.s, &b, 1, 0), 1);
		if (b == '!' && !n)
			continue;
		ASSERT_LT(n, sizeof(got));
		got[n++] = b;
	}
	/* fill() may begin with what came before it */
	ASSERT_LE(n, sizeof(out) - 1);
	ASSERT_GE(n, sizeof(out) - 3);
	ASSERT(!memcmp(got, out + sizeof(out) - 1 - n, n));
	oob_is(q.s, out[sizeof(out) - 1]);
	read_is(q.s, "z");
}

static const struct rt_test tests[] = {
	{ "oob_never_blocks", "C72 UR-2 UR-6", oob_never_blocks, 0, 0 },
	{ "signal_counts", "C72 MUST-32 PO-15", signal_counts, 0, 0 },
	{ "pointer_moves", "MUST-30 MUST-62 URG-1I", pointer_moves, 0, 0 },
	{ "out_of_order", "C72 MUST-30 MUST-32", out_of_order, 0, 0 },
	{ "lost", "C72 MUST-30 UR-2", lost, 0, 0 },
	{ "wrap", "C72 MUST-62 UR-3", wrap, 0, 0 },
	{ "after_fin", "SM-14", after_fin, 0, 0 },
	{ "with_fin", "C72 SM-14 IO-1", with_fin, 0, 0 },
	{ "at_zero_window", "MUST-66", at_zero_window, 0, 0 },
	{ "pointer_on_wire", "MUST-30 MUST-62 URG-1I UR-1", pointer_on_wire, 0, 0 },
	{ "no_nagle", "C72 C70 C71", no_nagle, 0, 0 },
	{ "many_segments", "MUST-30 MUST-62 C05", many_segments, 0, 0 },
	{ "long_span", "MUST-31", long_span, 0, 0 },
	{ "behind_zero_window", "MUST-66 MUST-30", behind_zero_window, 0, 0 },
	{ "over_loss", "C72 MUST-30", over_loss, T_FULL, 90 },
};

RT_MAIN(tests)
