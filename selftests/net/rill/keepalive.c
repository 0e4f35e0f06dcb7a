// SPDX-License-Identifier: GPL-2.0
/* Probes to a peer that says nothing: when, how many, and what ends it. */
#include "wire.h"

#define PORT	8080

static struct peer p;
static int fd;

static void begin(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
}

/* TCP's timers are the coarser the further off they are. */
static void about(const char *what, double got, double want)
{
	if (rt.proto != PROTO_TCP || !time_travels())
		ASSERT_TIME(what, got, want);
	else if (got < want * 0.98 || got > want * 1.15 + 0.2)
		FAIL("%s: %.3f s, want %.3f s", what, got, want);
}

static void keep(int idle, int intvl, int cnt)
{
	sk_set(fd, SOL_TCP, TCP_KEEPIDLE, idle);
	sk_set(fd, SOL_TCP, TCP_KEEPINTVL, intvl);
	sk_set(fd, SOL_TCP, TCP_KEEPCNT, cnt);
	sk_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* A probe: the last byte's number again, no data. */
static double want_probe(int ms)
{
	struct seg *s = peer_get(&p, ms);

	if (!s)
		FAIL("no probe within %d ms", ms);
	ASSERT_EQ(s->flags, F_ACK);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(s->seq, p.rcv_nxt - 1);
	ASSERT_EQ(s->ack, p.snd_nxt);
	return s->t;
}

/* It gives up: a RST, the error once, nothing left. */
static double want_end(int err)
{
	double t = peer_want_rst(&p)->t;

	ASSERT(ev_need(fd, POLLIN) & POLLERR);
	ASSERT_EQ(recv_err(fd), err);
	ASSERT_EQ(recv_err(fd), 0);
	ASSERT_STATE(PORT, 4000, "");
	return t;
}

/* What comes puts it off, whichever way data goes. */
static void postponed(void)
{
	double t0 = 0;
	int i;

	begin();
	keep(2, 1, 3);
	for (i = 0; i < 3; i++) {
		peer_none(&p, 1200);
		peer_str(&p, "x");
		recv_str(fd, "x");
		t0 = now();
		ASSERT_EQ(peer_want(&p, F_ACK)->seq, p.rcv_nxt);
	}
	/* A bare ACK does so too. */
	peer_none(&p, 1200);
	peer_ack(&p);
	t0 = now();
	about("probe after the last ACK", want_probe(WAIT_MS) - t0, 2);
	peer_ack(&p);
}

/* What is not acceptable was not sent by the peer. */
static void not_postponed(void)
{
	double t0;

	begin();
	keep(2, 1, 3);
	t0 = now();
	peer_none(&p, 1200);
	peer_raw(&p, F_ACK, p.snd_nxt - 100000, p.rcv_nxt, "forged", 6);
	peer_want(&p, F_ACK);
	about("probe", want_probe(WAIT_MS) - t0, 2);
}

/* With something to resend it is retransmission that looks after the peer. */
static void while_unacked(void)
{
	struct seg *s;
	double t0;
	int n = 0;

	begin();
	keep(1, 1, 1);
	send_str(fd, "lost");
	t0 = now();
	while (now() - t0 < 4) {
		s = peer_get(&p, 100);
		if (!s)
			continue;
		ASSERT_EQ(s->len, 4);
		n++;
	}
	ASSERT_GE(n, 3);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	p.rcv_nxt = p.irs + 5;
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	peer_drop(&p);
	t0 = now();
	/* It looks again when a whole idle time has passed. */
	ASSERT_LE(want_probe(WAIT_MS) - t0, 2.3);
}

/* Some are lost, one is answered: the count starts anew. */
static void some_lost(void)
{
	double t0;
	int i;

	begin();
	keep(1, 1, 3);
	for (i = 0; i < 2; i++) {
		t0 = now();
		about("first probe", want_probe(WAIT_MS) - t0, 1);
		t0 = now();
		about("second probe", want_probe(WAIT_MS) - t0, 1);
		peer_ack(&p);
	}
	peer_str(&p, "alive");
	recv_str(fd, "alive");
	peer_want(&p, F_ACK);
	t0 = now();
	for (i = 0; i < 3; i++)
		want_probe(WAIT_MS);
	about("the end", want_end(ETIMEDOUT) - t0, 4);
}

/* A peer that was restarted knows nothing of it. */
static void reset_reply(void)
{
	begin();
	keep(1, 1, 3);
	want_probe(WAIT_MS);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	ASSERT(ev_need(fd, POLLIN) & POLLERR);
	ASSERT_EQ(recv_err(fd), ECONNRESET);
	ASSERT_STATE(PORT, 4000, "");
}

/* On, off, and on again; each connection for itself. */
static void switched(void)
{
	struct peer q;
	double t0;
	int l, other;

	peer_init(&p, peer_net(), 4000, PORT);
	l = sk_listen(INADDR_ANY, PORT, 4);
	fd = peer_accepted(&p, l);
	peer_init(&q, p.tun, 4001, PORT);
	other = peer_accepted(&q, l);
	ASSERT_EQ(sk_get(other, SOL_SOCKET, SO_KEEPALIVE), 0);
	keep(1, 1, 2);
	want_probe(WAIT_MS);
	sk_set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
	peer_none(&p, 2500);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	peer_none(&q, 0);
	/* The time counts from when it is switched on. */
	sk_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	t0 = now();
	about("probe", want_probe(WAIT_MS) - t0, 1);
	peer_ack(&p);
	/* Another time counts from what came last, and may be over. */
	sk_set(fd, SOL_TCP, TCP_KEEPIDLE, 5);
	t0 = now();
	peer_none(&p, 1500);
	sk_set(fd, SOL_TCP, TCP_KEEPIDLE, 2);
	about("shortened", want_probe(WAIT_MS) - t0, 2);
	peer_ack(&p);
	peer_none(&p, 1500);
	sk_set(fd, SOL_TCP, TCP_KEEPIDLE, 1);
	t0 = now();
	want_probe(WAIT_MS);
	ASSERT_LE((now() - t0) * 1000, patience(150));
	peer_ack(&p);
	/* A child has what its listener has. */
	sk_set(l, SOL_SOCKET, SO_KEEPALIVE, 1);
	sk_set(l, SOL_TCP, TCP_KEEPIDLE, 1);
	sk_set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
	peer_init(&p, p.tun, 4002, PORT);
	fd = peer_accepted(&p, l);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	t0 = now();
	about("a child's probe", want_probe(WAIT_MS) - t0, 1);
}

static void limits(void)
{
	static const struct { int opt, max; } v[] = {
		{ TCP_KEEPIDLE, 32767 }, { TCP_KEEPINTVL, 32767 }, { TCP_KEEPCNT, 127 },
	};
	size_t i;

	ns_new();
	fd = sk_new();
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		int bad[] = { 0, -1, v[i].max + 1 }, j;

		for (j = 0; j < 3; j++)
			ASSERT_ERR(setsockopt(fd, SOL_TCP, v[i].opt, &bad[j], sizeof(int)), EINVAL);
		sk_set(fd, SOL_TCP, v[i].opt, v[i].max);
		ASSERT_EQ(sk_get(fd, SOL_TCP, v[i].opt), v[i].max);
	}
	/* The defaults are the namespace's. */
	fd = sk_new();
	sysctl_set("keepalive_time", "11");
	sysctl_set("keepalive_intvl", "12");
	sysctl_set("keepalive_probes", "13");
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_KEEPIDLE), 11);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_KEEPINTVL), 12);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_KEEPCNT), 13);
}

/* The program has the sysctls' values: one probe a second after a second. */
static void by_sysctl(void)
{
	double t0;

	begin();
	sysctl_set("keepalive_time", "1");
	sysctl_set("keepalive_intvl", "1");
	sysctl_set("keepalive_probes", "2");
	sk_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	t0 = now();
	want_probe(WAIT_MS);
	want_probe(WAIT_MS);
	about("the end", want_end(ETIMEDOUT) - t0, 3);
}

/* Two hours, nine probes, 75 s between them. */
static void defaults(void)
{
	double t0, t;
	int i;

	begin();
	sk_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	t0 = now();
	t = want_probe(8200 * 1000);
	about("first probe", t - t0, 7200);
	for (i = 1; i < 9; i++) {
		t0 = t;
		t = want_probe(90 * 1000);
		about("probe", t - t0, 75);
	}
	t0 = t;
	UNTIL_MS(tun_fill(p.tun, 0), 90 * 1000);
	about("the end", want_end(ETIMEDOUT) - t0, 75);
}

/* TCP_USER_TIMEOUT takes the count's place, later or earlier. */
static void user_timeout_later(void)
{
	double t0;
	int i;

	begin();
	keep(2, 1, 1);
	sk_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 4500);
	t0 = now();
	for (i = 0; i < 3; i++)
		want_probe(WAIT_MS);
	about("the end", want_end(ETIMEDOUT) - t0, 5);
}

static void user_timeout_earlier(void)
{
	double t0;

	begin();
	keep(2, 1, 9);
	sk_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 500);
	t0 = now();
	/* One probe has to be unanswered all the same. */
	want_probe(WAIT_MS);
	about("the end", want_end(ETIMEDOUT) - t0, 3);
}

/* Half of it is closed: the other half may be idle for ever, with a live peer. */
static void half_closed(void)
{
	int i;

	begin();
	keep(1, 1, 2);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	recv_eof(fd);
	peer_want(&p, F_ACK);
	for (i = 0; i < 2; i++) {
		want_probe(WAIT_MS);
		peer_ack(&p);
	}
	ASSERT_STATE(PORT, 4000, "CLOSE_WAIT");
	want_probe(WAIT_MS);
	want_probe(WAIT_MS);
	peer_want_rst(&p);
	/* (A read gives the end of the stream first.) */
	ASSERT_EQ(sk_error(fd), ETIMEDOUT);
	ASSERT_STATE(PORT, 4000, "");
}

/* Between two stacks: nobody notices, for hours. */
static void two_stacks(void)
{
	struct pair q;
	char c;

	ns_new();
	q = pair_lo();
	fd = q.c;
	keep(1, 1, 1);
	fd = q.s;
	keep(1, 1, 1);
	ASSERT_EQ(ev_wait(q.c, POLLIN, 6000), 0);
	ASSERT_EQ(ev_now(q.s, POLLIN), 0);
	send_str(q.c, "x");
	OK(recv(q.s, &c, 1, 0));
	ASSERT_EQ(c, 'x');
}

static const struct rt_test tests[] = {
	{ "postponed", "C74 MUST-26 KA-1M KA-2I", postponed, T_FULL, 0 },
	{ "not_postponed", "C74 MUST-26", not_postponed, T_FULL, 0 },
	{ "while_unacked", "C74 MUST-26", while_unacked, T_FULL, 0 },
	{ "some_lost", "C74 MUST-29 KA-1M SHLD-12", some_lost, T_FULL, 0 },
	{ "reset_reply", "C74 KA-2I", reset_reply, 0, 0 },
	{ "switched", "C74 MUST-24 MUST-25 MUST-27", switched, T_FULL, 0 },
	{ "limits", "C74 MUST-27", limits, 0, 0 },
	{ "by_sysctl", "C74 MUST-27 C91", by_sysctl, T_FULL, 0 },
	{ "defaults", "C74 MUST-28 SHLD-12 ER-7", defaults, T_LONG, 9000 },
	{ "user_timeout_later", "C74 TO-5 UTO-5M", user_timeout_later, T_FULL, 0 },
	{ "user_timeout_earlier", "C74 TO-5", user_timeout_earlier, T_FULL, 0 },
	{ "half_closed", "C74 C23", half_closed, T_FULL, 0 },
	{ "two_stacks", "C74 MUST-29", two_stacks, T_FULL, 0 },
};

RT_MAIN(tests)
