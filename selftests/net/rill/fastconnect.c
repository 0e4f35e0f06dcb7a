// SPDX-License-Identifier: GPL-2.0
/*
 * Fast open, RFC 7413, on the side that connects; and both sides together.
 */
#include "fo.h"

#define PORT	8080

static struct tun *tun;

/* ---- the client ---- */

static int client(const char *mode)
{
	int fd;

	tun = peer_net();
	sysctl_set("fastopen", mode);
	fd = sk_new();
	sk_nonblock(fd, true);
	return fd;
}

static int another(void)
{
	int fd = sk_new();

	sk_nonblock(fd, true);
	return fd;
}

static ssize_t fast_send(int fd, int port, const void *data, size_t len)
{
	union rt_addr to;
	socklen_t to_len = sa_of(&to, TUN_P, port);

	return sendto(fd, data, len, MSG_FASTOPEN | MSG_NOSIGNAL, &to.sa, to_len);
}

static const uint8_t good[16] = "cookies!cookies";

/* Answer the SYN that came with a cookie of len bytes, -1 for none, and an ACK of n bytes. */
static void answer(struct peer *p, bool exp, int len, int n)
{
	p->snd_nxt = p->iss + 1;
	fo_opt(p, exp, good, len);
	peer_raw(p, F_SYN | F_ACK, p->iss, p->irs + 1 + n, NULL, 0);
	fo_opt(p, false, NULL, -1);
	p->rcv_nxt = p->irs + 1 + n;
}

/* Teach the stack the cookie of TUN_P. */
static void teach(int port, int len)
{
	int fd = another();
	struct peer p;

	peer_init(&p, tun, port, 0);
	ASSERT_ERR(fast_send(fd, port, "x", 1), EINPROGRESS);
	peer_want(&p, F_SYN);
	answer(&p, false, len, 0);
	peer_want(&p, F_ACK);
	peer_raw(&p, F_RST | F_ACK, p.iss + 1, p.irs + 1, NULL, 0);
	UNTIL(sk_state(fd) == TCP_CLOSE);
	close(fd);
}

static void asks_and_keeps(void)
{
	int fd = client("1");
	long fast = counter("FastOpenActive"), opens = counter("ActiveOpens");
	struct peer p;
	struct seg *s;
	struct tcp_info ti;
	uint8_t val[16];
	bool exp;

	peer_init(&p, tun, 4000, 0);
	ASSERT_ERR(fast_send(fd, 4000, "hello", 5), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(fo_find(s, val, &exp), 0);
	ASSERT(!exp);
	ASSERT_ERR(fast_send(fd, 4000, "hello", 5), EALREADY);
	answer(&p, false, 8, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 0);			/* what was not taken is the program's */
	ev_need(fd, POLLOUT);
	ASSERT_EQ(fo_fail(fd), 1);
	ASSERT_EQ(fast_send(fd, 4000, "hello", 5), 5);	/* as connect(2): 0 once */
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 5);
	ASSERT_ERR(fast_send(fd, 4000, "hello", 5), EISCONN);
	ASSERT(!fo_acked(fd));

	/* the next one, to whatever port */
	fd = another();
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(fo_find(s, val, &exp), 8);
	ASSERT(!memcmp(val, good, 8));
	ASSERT_EQ(s->len, 5);
	ASSERT(!memcmp(s->data, "hello", 5));
	ASSERT_EQ(sk_state(fd), TCP_SYN_SENT);
	ASSERT_EQ(sk_outq(fd), 0);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT), 0);
	ASSERT_ERR(fast_send(fd, 4001, "hello", 5), EALREADY);
	ASSERT_ERR(send(fd, "x", 1, 0), EAGAIN);
	answer(&p, false, -1, 5);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, p.irs + 6);
	ASSERT_EQ(s->len, 0);
	ev_need(fd, POLLOUT);
	ASSERT(fo_acked(fd));
	ASSERT_EQ(fo_fail(fd), 0);
	ASSERT_EQ(counter("FastOpenActive") - fast, 1);
	ASSERT_EQ(counter("ActiveOpens") - opens, 2);
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_unacked, 0);
	ASSERT_EQ(fo_info(fd).data_segs_out, 1);
	ASSERT_EQ(ti.tcpi_total_retrans, 0);
	send_str(fd, "world");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, p.irs + 6);
	ASSERT_EQ(s->len, 5);
	peer_str(&p, "answer");
	recv_str(fd, "answer");
}

/* No more than fits beside all options that there can be, by the MSS it knows. */
static void how_much(void)
{
	static const int mss[] = { 1460, 1000 };
	static uint8_t big[5000];
	struct peer p;
	struct seg *s;
	size_t i;
	int fd;

	close(client("1"));
	fill(big, sizeof(big), 1);
	for (i = 0; i < ARRAY_SIZE(mss); i++) {
		fd = another();
		peer_init(&p, tun, 4000 + i, 0);
		p.mss = mss[i];
		/* what is known of the server so far, or nothing */
		ASSERT_EQ(fast_send(fd, 4000 + i, big, sizeof(big)), i ? mss[i - 1] - 40 : -1);
		peer_want(&p, F_SYN);
		answer(&p, false, 8, 0);
		peer_want(&p, F_ACK);
		close(fd);
		peer_drop(&p);
		peer_raw(&p, F_RST | F_ACK, p.iss + 1, p.irs + 1, NULL, 0);
	}
	fd = another();
	peer_init(&p, tun, 4010, 0);
	ASSERT_EQ(fast_send(fd, 4010, big, sizeof(big)), 960);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 960);
	ASSERT(!memcmp(s->data, big, 960));
	answer(&p, false, -1, 960);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(send(fd, big + 960, 100, 0), 100);
	while ((s = peer_need(&p)) && !s->len)
		;
	ASSERT_EQ(s->seq, p.irs + 961);
	ASSERT(!memcmp(s->data, big + 960, 100));
}

/* The server leaves the data, or a part of it: that is sent again at once. */
static void not_taken(void)
{
	static const int part[] = { 0, 4 };
	long fail = counter("FastOpenActiveFail");
	struct tcp_info ti;
	struct peer p;
	struct seg *s;
	size_t i;
	int fd;

	close(client("1"));
	fail = counter("FastOpenActiveFail");
	teach(4000, 8);
	for (i = 0; i < ARRAY_SIZE(part); i++) {
		fd = another();
		peer_init(&p, tun, 4001 + i, 0);
		ASSERT_EQ(fast_send(fd, 4001 + i, "0123456789", 10), 10);
		ASSERT_EQ(peer_want(&p, F_SYN)->len, 10);
		answer(&p, false, -1, part[i]);
		s = peer_want(&p, F_ACK);
		ASSERT_EQ(s->seq, p.irs + 1 + part[i]);
		ASSERT_EQ(s->ack, p.iss + 1);
		ASSERT_EQ(s->len, 10 - part[i]);
		ASSERT(!memcmp(s->data, "0123456789" + part[i], s->len));
		peer_ack(&p);
		UNTIL(sk_outq(fd) == 0);
		ASSERT_EQ(fo_fail(fd), 2);
		ASSERT(!fo_acked(fd));
		ASSERT_EQ(counter("FastOpenActiveFail") - fail, (long)i + 1);
		sk_info(fd, &ti);
		ASSERT_EQ(ti.tcpi_total_retrans, 1);
		ASSERT_EQ(ti.tcpi_snd_cwnd, 10);
		send_str(fd, "more");
		ASSERT_EQ(peer_want(&p, F_ACK)->seq, p.irs + 11);
	}
}

/* Two SYNs cross, one with data: that waits for its turn, which comes. */
static void crossing(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;

	teach(4000, 8);
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	ASSERT_EQ(peer_want(&p, F_SYN)->len, 5);
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->seq, p.irs);
	ASSERT_EQ(s->ack, p.iss + 1);
	ASSERT_EQ(s->len, 0);
	peer_raw(&p, F_ACK, p.iss + 1, p.irs + 1, NULL, 0);
	UNTIL(sk_state(fd) == TCP_ESTABLISHED);
	do
		s = peer_need(&p);
	while (!s->len);
	ASSERT_EQ(s->seq, p.irs + 1);
	ASSERT_EQ(s->len, 5);
	ASSERT(!memcmp(s->data, "hello", 5));
	peer_raw(&p, F_ACK, p.iss + 1, p.irs + 6, NULL, 0);
	UNTIL(sk_outq(fd) == 0);
	send_str(fd, "more");
	ASSERT_EQ(peer_want(&p, F_ACK)->seq, p.irs + 6);
}

/* TFO-5S: the SYN is lost, and comes again alone. */
static void syn_lost(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;
	double t0;

	teach(4000, 8);
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 5);
	t0 = s->t;
	s = peer_want(&p, F_SYN);
	ASSERT_TIME("SYN again", s->t - t0, 1);
	ASSERT_EQ(s->seq, p.irs);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(fo_len(s), -1);
	answer(&p, false, -1, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, p.irs + 1);
	ASSERT_EQ(s->len, 5);
	peer_ack(&p);
	UNTIL(sk_outq(fd) == 0);
	ASSERT_EQ(fo_fail(fd), 3);
	/* it arrived after all: then all is well */
	fd = another();
	peer_init(&p, tun, 4002, 0);
	ASSERT_EQ(fast_send(fd, 4002, "hello", 5), 5);
	peer_want(&p, F_SYN);
	peer_want(&p, F_SYN);
	answer(&p, false, -1, 5);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 0);
	ASSERT(fo_acked(fd));
	ASSERT_EQ(fo_fail(fd), 0);
}

static void refused(void)
{
	int fd = client("1");
	struct peer p;

	teach(4000, 8);
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	peer_want(&p, F_SYN);
	/* an ACK of no more than the SYN will do */
	peer_raw(&p, F_RST | F_ACK, 0, p.irs + 1, NULL, 0);
	ev_need(fd, POLLERR);
	ASSERT_EQ(sk_error(fd), ECONNREFUSED);
	ASSERT_EQ(sk_state(fd), TCP_CLOSE);
	/* and again, from the beginning */
	peer_init(&p, tun, 4002, 0);
	ASSERT_ERR(fast_send(fd, 4002, "again", 5), ECONNABORTED);
	ASSERT_EQ(fast_send(fd, 4002, "again", 5), 5);
	ASSERT(!memcmp(peer_want(&p, F_SYN)->data, "again", 5));
	answer(&p, false, -1, 5);
	peer_want(&p, F_ACK);
	peer_str(&p, "hi");
	recv_str(fd, "hi");
}

static void client_rules(void)
{
	struct sockaddr un = { .sa_family = AF_UNSPEC };
	int fd = client("0"), one = 1;
	union rt_addr to;
	socklen_t len = sa_of(&to, TUN_P, 4000);

	ASSERT_ERR(fast_send(fd, 4000, "x", 1), EOPNOTSUPP);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, &one, 4), EOPNOTSUPP);
	sysctl_set("fastopen", "1");
	ASSERT_ERR(sendto(fd, "x", 1, MSG_FASTOPEN, &un, sizeof(un)), EOPNOTSUPP);
	ASSERT_ERR(send(fd, "x", 1, MSG_FASTOPEN), EINVAL);
	ASSERT_ERR(sendto(fd, "x", 1, MSG_FASTOPEN, &to.sa, 1), EINVAL);
	to.sa.sa_family = rt.v6 ? AF_INET : AF_INET6;
	ASSERT_ERR(sendto(fd, "x", 1, MSG_FASTOPEN, &to.sa, len), EAFNOSUPPORT);
	len = sa_of(&to, IP(192, 168, 77, 1), 1);
	ASSERT_ERR(sendto(fd, "x", 1, MSG_FASTOPEN, &to.sa, len), ENETUNREACH);
	close(fd);
	fd = sk_listen(INADDR_ANY, PORT, 1);
	ASSERT_ERR(fast_send(fd, 4000, "x", 1), EISCONN);
}

static void options(void)
{
	int fd, bad[] = { -1, 2 }, zero = 0;
	struct peer p;
	size_t i;

	close(client("1"));
	fd = sk_new();
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN), 0);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN_CONNECT), 0);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE), 0);
	for (i = 0; i < 2; i++) {
		ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, &bad[i], 4), EINVAL);
		ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, &bad[i], 4), EINVAL);
	}
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN, &bad[0], 4), EINVAL);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN_CONNECT), 1);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE), 1);
	ASSERT_EQ(write_file("/proc/sys/net/core/somaxconn", "7"), 0);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN, 100);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN), 7);
	close(fd);
	peer_init(&p, tun, 4000, 0);
	fd = peer_dialled(&p);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN, &zero, 4), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, &zero, 4), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, &zero, 4), EINVAL);
	fd = sk_listen(INADDR_ANY, PORT, 1);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, &zero, 4), EINVAL);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN, 3);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN), 3);
}

/* TCP_FASTOPEN_CONNECT: the first write connects. */
static void deferred(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;
	char c;

	teach(4000, 8);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	peer_init(&p, tun, 4001, 0);
	OK(sk_connect(fd, TUN_P, 4001));
	peer_none(&p, 20);
	ASSERT_EQ(sk_state(fd), TCP_SYN_SENT);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT), POLLOUT);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4001), EISCONN);
	ASSERT_ERR(recv(fd, &c, 1, 0), EAGAIN);
	ASSERT_EQ(sk_error(fd), 0);
	ASSERT_EQ(sk_outq(fd), 0);
	/* there is nobody to answer yet */
	p.kport = sk_port(fd);
	peer_raw(&p, F_SYN | F_ACK, p.iss, 1, NULL, 0);
	peer_drop(&p);
	ASSERT_EQ(sk_state(fd), TCP_SYN_SENT);
	ASSERT_EQ(write(fd, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 5);
	ASSERT_EQ(fo_len(s), 8);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT), 0);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4001), EALREADY);
	answer(&p, false, -1, 5);
	peer_want(&p, F_ACK);
	ev_need(fd, POLLOUT);
	ASSERT(fo_acked(fd));
	/* an empty write will do, and close() without any */
	fd = another();
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	peer_init(&p, tun, 4002, 0);
	OK(sk_connect(fd, TUN_P, 4002));
	ASSERT_ERR(write(fd, "", 0), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(fo_len(s), 8);
	answer(&p, false, -1, 0);
	peer_want(&p, F_ACK);
	fd = another();
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	peer_init(&p, tun, 4003, 0);
	OK(sk_connect(fd, TUN_P, 4003));
	close(fd);
	peer_none(&p, 20);
	/* another try after a disconnect */
	fd = another();
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	OK(sk_connect(fd, TUN_P, 4003));
	OK(shutdown(fd, SHUT_WR));
	ASSERT_EQ(sk_state(fd), TCP_CLOSE);
	OK(sk_connect(fd, TUN_P, 4003));
	ASSERT_EQ(write(fd, "hello", 5), 5);
	ASSERT_EQ(peer_want(&p, F_SYN)->len, 5);
}

static void deferred_not(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;

	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	peer_init(&p, tun, 4000, 0);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(fo_len(s), 0);
	ASSERT_EQ(ev_now(fd, POLLOUT), 0);
	answer(&p, false, 8, 0);
	peer_want(&p, F_ACK);
	ev_need(fd, POLLOUT);
	send_str(fd, "hello");
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 5);
	/* now there is a cookie */
	fd = another();
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	OK(sk_connect(fd, TUN_P, 4001));
}

static void no_cookie_client(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;

	sk_set(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	peer_init(&p, tun, 4000, 0);
	ASSERT_EQ(fast_send(fd, 4000, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 5);
	ASSERT_EQ(fo_len(s), -1);
	answer(&p, false, -1, 5);
	peer_want(&p, F_ACK);
	ASSERT(fo_acked(fd));
	sysctl_set("fastopen", "5");
	fd = another();
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 5);
	ASSERT_EQ(fo_len(s), -1);
}

/* A cookie that was not asked for is none; who gives none is asked once in the other form. */
static void denied(void)
{
	static const bool form[] = { false, true, false, false };
	struct peer p;
	struct seg *s;
	uint8_t val[16];
	size_t i;
	bool exp;
	int fd;

	close(client("1"));
	peer_init(&p, tun, 4000, 0);
	fd = another();
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	ASSERT_EQ(fo_len(peer_want(&p, F_SYN)), -1);
	answer(&p, false, 8, 0);
	peer_want(&p, F_ACK);
	for (i = 0; i < ARRAY_SIZE(form); i++) {
		fd = another();
		peer_init(&p, tun, 4001 + i, 0);
		ASSERT_ERR(fast_send(fd, 4001 + i, "hello", 5), EINPROGRESS);
		s = peer_want(&p, F_SYN);
		ASSERT_EQ(fo_find(s, val, &exp), 0);
		ASSERT_EQ(exp, form[i]);
		answer(&p, false, -1, 0);
		peer_want(&p, F_ACK);
	}
}

static void experimental_client(void)
{
	struct peer p;
	struct seg *s;
	uint8_t val[16];
	bool exp;
	int fd;

	close(client("1"));
	teach(4000, -1);
	fd = another();
	peer_init(&p, tun, 4001, 0);
	ASSERT_ERR(fast_send(fd, 4001, "hello", 5), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(fo_find(s, val, &exp), 0);
	ASSERT(exp);
	answer(&p, true, 8, 0);
	peer_want(&p, F_ACK);
	fd = another();
	peer_init(&p, tun, 4002, 0);
	ASSERT_EQ(fast_send(fd, 4002, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(fo_find(s, val, &exp), 8);
	ASSERT(exp);
	ASSERT(!memcmp(val, good, 8));
}

/* All options and the longest cookie fill a SYN to the brim. */
static void longest_cookie(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;

	teach(4000, 16);
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(fo_len(s), 16);
	ASSERT_EQ(s->len, 5);
	ASSERT(s->ts && s->sackok && s->ws >= 0 && s->mss);
}

/* Three timeouts in a row, and fast open has a rest. */
static void blackhole(void)
{
	int fd = client("1"), i;
	long hole = counter("FastOpenBlackhole"), fail = counter("FastOpenActiveFail");
	struct peer p;
	struct seg *s;

	sysctl_set("fastopen_blackhole_timeout_sec", "60");
	teach(4000, 8);
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	for (i = 0; i < 4; i++)
		peer_want(&p, F_SYN);
	UNTIL(counter("FastOpenBlackhole") - hole == 1);
	ASSERT_EQ(counter("FastOpenActiveFail") - fail, 1);
	close(fd);
	fd = another();
	peer_init(&p, tun, 4002, 0);
	ASSERT_ERR(fast_send(fd, 4002, "hello", 5), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(fo_len(s), -1);
	close(fd);
	/* until it is over, or an administrator says so */
	sysctl_set("fastopen_blackhole_timeout_sec", "60");
	fd = another();
	peer_init(&p, tun, 4003, 0);
	ASSERT_EQ(fast_send(fd, 4003, "hello", 5), 5);
}

/* ---- both ---- */

static volatile int drops;	/* of what the case says */
static volatile int seen_early, seen_syn;

static enum verdict drop_syn(const struct seg *s, int dir)
{
	if (!dir && s->flags == F_SYN && s->len) {
		seen_syn++;
		if (drops-- > 0)
			return DROP;
	}
	return PASS;
}

static enum verdict drop_synack(const struct seg *s, int dir)
{
	if (!dir && s->flags == F_SYN && s->len)
		seen_syn++;
	return dir && s->flags == (F_SYN | F_ACK) && drops-- > 0 ? DROP : PASS;
}

static enum verdict drop_ack(const struct seg *s, int dir)
{
	if (!dir && s->flags == F_SYN && s->len)
		seen_syn++;
	if (dir && s->len && !seen_early)
		seen_early = 1;
	return !dir && !(s->flags & F_SYN) && drops-- > 0 ? DROP : PASS;
}

/* Blocking: a request in the SYN, and what is beyond it; an answer; over a wire that loses. */
static void transfer(struct relay *r, relay_fn fn, int lost, int size)
{
	union rt_addr to;
	socklen_t to_len = sa_of(&to, IP_B, PORT);
	static uint8_t out[300000], in[300000];
	int l, fd, s, round;
	pid_t pid;

	ns_enter(r->b);
	sysctl_set("fastopen", "3");
	l = sk_new();
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 16);
	OK(sk_bind(l, INADDR_ANY, PORT));
	OK(listen(l, 8));
	ns_enter(r->a);
	sysctl_set("fastopen", "3");
	fill(out, sizeof(out), 7);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		for (round = 0; round < 2; round++) {
			s = sk_accept(l);
			recv_all(s, in, size);
			ASSERT(!memcmp(in, out, size));
			send_all(s, out, size);
			close(s);
		}
		_exit(0);
	}
	for (round = 0; round < 2; round++) {
		size_t done;

		if (round) {
			drops = lost;
			r->fn = fn;
		}
		fd = sk_new();
		done = OK(sendto(fd, out, size, MSG_FASTOPEN, &to.sa, to_len));
		send_all(fd, out + done, size - done);
		recv_all(fd, in, size);
		ASSERT(!memcmp(in, out, size));
		recv_eof(fd);
		close(fd);
	}
	ASSERT_EQ(waitpid(pid, &s, 0), pid);
	ASSERT_EQ(s, 0);
	ASSERT_GE(seen_syn, 1);
}

static void wire_clean(void)
{
	transfer(relay_new(1500, NULL), drop_syn, 0, 200000);
}

static void wire_syn_lost(void)
{
	transfer(relay_new(1500, NULL), drop_syn, 1, 50000);
}

static void wire_synack_lost(void)
{
	transfer(relay_new(1500, NULL), drop_synack, 1, 50000);
}

static void wire_ack_lost(void)
{
	transfer(relay_new(1500, NULL), drop_ack, 3, 50000);
}

/* On loopback a SYN may take much along. */
static void loopback(void)
{
	static uint8_t out[200000], in[200000];
	union rt_addr to;
	socklen_t to_len = sa_of(&to, IP_LO, PORT);
	int l, fd, s, round;
	ssize_t n;

	ns_new();
	sysctl_set("fastopen", "3");
	l = sk_new();
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 16);
	OK(sk_bind(l, INADDR_ANY, PORT));
	OK(listen(l, 8));
	fill(out, sizeof(out), 9);
	for (round = 0; round < 4; round++) {
		fd = sk_new();
		sk_nonblock(fd, round == 2);
		if (round == 3) {
			sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
			OK(connect(fd, &to.sa, to_len));
			n = OK(send(fd, out, 3000, 0));
		} else {
			n = OK(sendto(fd, out, 3000, MSG_FASTOPEN, &to.sa, to_len));
		}
		ASSERT_EQ(n, 3000);
		s = sk_accept(l);
		recv_all(s, in, 3000);
		ASSERT(!memcmp(in, out, 3000));
		ASSERT_EQ(fo_acked(s), round != 0);
		send_str(s, "answer");
		sk_nonblock(fd, false);
		recv_str(fd, "answer");
		close(fd);
		recv_eof(s);
		close(s);
	}
}

/* Clients that come and go in every way, of a server that hardly keeps up. */
static void churn_client(unsigned int seed)
{
	union rt_addr to;
	socklen_t to_len = sa_of(&to, IP_LO, PORT);
	uint64_t state = seed * 7919 + 1;
	char buf[2000] = { 0 };
	int i, fd;

	for (i = 0; i < 150; i++) {
		uint32_t how = rnd(&state);

		fd = sk_new();
		sk_nonblock(fd, how & 1);
		if (how & 2)
			sk_linger(fd, 1, 0);
		if (how & 4)
			sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
		if (how & 4)
			connect(fd, &to.sa, to_len);
		sendto(fd, buf, how >> 8 & 1023, how & 4 ? 0 : MSG_FASTOPEN, (void *)&to,
		       sizeof(to));
		if (how & 8)
			shutdown(fd, SHUT_WR);
		if (how & 16)
			recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		close(fd);
	}
	_exit(0);
}

static void churn(void)
{
	union rt_addr to;
	socklen_t to_len = sa_of(&to, IP_LO, PORT);
	int l, fd, i, st, left = 4;
	char buf[2000] = { 0 };
	uint64_t state = rt.seed + 1;
	pid_t pid[4], got;

	ns_new();
	sysctl_set("fastopen", "3");
	l = sk_new();
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 3);
	sk_set(l, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(sk_bind(l, INADDR_ANY, PORT));
	OK(listen(l, 4));
	for (i = 0; i < 4; i++) {
		pid[i] = fork();
		ASSERT_GE(pid[i], 0);
		if (!pid[i])
			churn_client(rt.seed + i);
	}
	sk_nonblock(l, true);
	while (left) {
		got = waitpid(-1, &st, WNOHANG);
		if (got > 0) {
			ASSERT_EQ(st, 0);
			left--;
		}
		if (!ev_wait(l, POLLIN, 5))
			continue;
		fd = accept(l, NULL, NULL);
		if (fd < 0)
			continue;
		if (rnd(&state) & 1)
			send(fd, buf, 700, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (rnd(&state) & 1)
			recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (rnd(&state) & 2)
			sk_linger(fd, 1, 0);
		close(fd);
	}
	while ((fd = accept(l, NULL, NULL)) >= 0)
		close(fd);
	/* and it works as on the first day, once resets that count are forgotten */
	OK(shutdown(l, SHUT_RD));
	OK(listen(l, 4));
	UNTIL(table_count("SYN_RECV") == 0);
	fd = sk_new();
	ASSERT_EQ(sendto(fd, "hello", 5, MSG_FASTOPEN, &to.sa, to_len), 5);
	ev_need(l, POLLIN);
	i = accept(l, NULL, NULL);
	sk_nonblock(i, false);
	recv_str(i, "hello");
}

static const struct rt_test tests[] = {
	{ "asks_and_keeps", "TFO-3M OP-1", asks_and_keeps, 0, 0 },
	{ "how_much", "OP-1", how_much, 0, 0 },
	{ "not_taken", "OP-1", not_taken, 0, 0 },
	{ "crossing", "MUST-10 OP-1", crossing, T_FULL, 0 },
	{ "syn_lost", "TFO-5S", syn_lost, T_FULL, 0 },
	{ "refused", "OP-1 ER-1", refused, 0, 0 },
	{ "client_rules", "OP-1", client_rules, 0, 0 },
	{ "options", "OP-1", options, 0, 0 },
	{ "deferred", "OP-1", deferred, 0, 0 },
	{ "deferred_not", "OP-1", deferred_not, 0, 0 },
	{ "no_cookie_client", "OP-1", no_cookie_client, 0, 0 },
	{ "denied", "TFO-3M", denied, 0, 0 },
	{ "experimental_client", "TFO-3M", experimental_client, 0, 0 },
	{ "longest_cookie", "TFO-2M", longest_cookie, 0, 0 },
	{ "blackhole", "sysctl:fastopen_blackhole_timeout_sec", blackhole, T_FULL, 0 },
	{ "wire_clean", "OP-1", wire_clean, 0, 0 },
	{ "wire_syn_lost", "TFO-5S", wire_syn_lost, T_FULL, 0 },
	{ "wire_synack_lost", "TFO-5S", wire_synack_lost, T_FULL, 0 },
	{ "wire_ack_lost", "OP-1", wire_ack_lost, T_FULL, 0 },
	{ "loopback", "OP-1", loopback, 0, 0 },
	{ "churn", "TFO-4M", churn, T_LONG, 600 },
};

RT_MAIN(tests)
