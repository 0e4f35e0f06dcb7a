// SPDX-License-Identifier: GPL-2.0
/* What random sequences of calls have found, each as short as it can be. */
#include "oob.h"

static struct pair q;

static void begin(void)
{
	ns_new();
	q = pair_lo();
	sk_nonblock(q.c, true);
	sk_nonblock(q.s, true);
	sk_set(q.c, SOL_TCP, TCP_NODELAY, 1);
	sk_set(q.s, SOL_TCP, TCP_NODELAY, 1);
}

static int route_quickack(void)
{
	if (rt.v6)
		return sh("ip -6 route del local ::1 dev lo table local") ||
		       sh("ip -6 route add local ::1 dev lo table local quickack 1");
	return sh("ip route change local 127.0.0.1 dev lo table local scope host quickack 1");
}

/* A route that says so has every segment acknowledged at once. */
static void quickack_route(void)
{
	int i;

	ns_new();
	if (route_quickack())
		t_skip("ip(8) cannot do that");
	q = pair_lo();
	for (i = 0; i < 100; i++) {
		send_str(q.c, "there");
		recv_str(q.s, "there");
		ASSERT_EQ(sk_outq(q.c), 0);
		send_str(q.s, "back");
		recv_str(q.c, "back");
		ASSERT_EQ(sk_outq(q.s), 0);
	}
}

/* The urgent pointer counts, even if the data makes the connection end. */
static void urgent_after_shutdown(void)
{
	begin();
	count_sigurg(q.c);
	OK(shutdown(q.c, SHUT_RDWR));
	send_oob(q.s, "!");
	UNTIL(sk_state(q.c) == TCP_CLOSE);
	ASSERT_EQ(sigurg, 1);
	ASSERT(ev_now(q.c, POLLPRI) & POLLPRI);
}

/* Reading into nowhere passes the mark, and a peek behind it forgets it. */
static void mark_and_bad_buffer(void)
{
	char buf[16];

	begin();
	send_oob(q.s, "abc");
	send_str(q.s, "de");
	UNTIL(sk_inq(q.c) == 2);
	read_is(q.c, "ab");
	ASSERT(at_mark(q.c));
	UNTIL(ev_now(q.c, POLLPRI) & POLLPRI);
	UNTIL(sk_outq(q.s) == 0);
	ASSERT_ERR(recv(q.c, NULL, 10, 0), EFAULT);
	ASSERT_EQ(sk_inq(q.c), 2);
	ASSERT(!at_mark(q.c));
	ASSERT(ev_now(q.c, POLLPRI) & POLLPRI);
	ASSERT_EQ(recv(q.c, buf, 10, MSG_PEEK), 2);
	ASSERT(!(ev_now(q.c, POLLPRI) & POLLPRI));
	read_is(q.c, "de");
}

/* To read nothing is to wait for something to read. */
static void read_nothing_at_all(void)
{
	char c;

	begin();
	ASSERT_ERR(recv(q.c, &c, 0, 0), EAGAIN);
	send_str(q.s, "x");
	ev_need(q.c, POLLIN);
	ASSERT_EQ(recv(q.c, &c, 0, 0), 0);
	recv_str(q.c, "x");
	ASSERT_ERR(recv(q.c, &c, 0, 0), EAGAIN);
	sk_linger(q.s, 1, 0);
	close(q.s);
	ev_need(q.c, POLLERR);
	ASSERT_ERR(recv(q.c, &c, 0, 0), ECONNRESET);
	ASSERT_EQ(recv(q.c, &c, 0, 0), 0);
}

static int inq_of(int fd, int len)
{
	char control[64], c;
	struct iovec iov = { &c, len };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *h;
	int val;

	OK(recvmsg(fd, &m, 0));
	h = CMSG_FIRSTHDR(&m);
	ASSERT(h && h->cmsg_level == SOL_TCP && h->cmsg_type == TCP_CM_INQ);
	memcpy(&val, CMSG_DATA(h), sizeof(val));
	return val;
}

/* TCP_INQ counts the peer's FIN as a byte, and no shutdown of one's own. */
static void inq_at_the_end(void)
{
	begin();
	sk_set(q.c, SOL_TCP, TCP_INQ, 1);
	sk_set(q.s, SOL_TCP, TCP_INQ, 1);
	OK(shutdown(q.c, SHUT_RDWR));
	ASSERT_EQ(inq_of(q.c, 1), 0);
	ev_need(q.s, POLLIN);
	ASSERT_EQ(inq_of(q.s, 1), 1);
	ASSERT_EQ(inq_of(q.s, 1), 1);
}

static void inq_with_fin(void)
{
	begin();
	sk_set(q.s, SOL_TCP, TCP_INQ, 1);
	send_str(q.c, "abc");
	OK(shutdown(q.c, SHUT_WR));
	UNTIL(ev_now(q.s, POLLRDHUP) & POLLRDHUP);
	ASSERT_EQ(sk_inq(q.s), 3);
	ASSERT_EQ(inq_of(q.s, 0), 4);
	ASSERT_EQ(inq_of(q.s, 1), 3);
}

/* Who does not wait in FIN_WAIT_2 says so with a RST. */
static void no_fin_wait_2(void)
{
	begin();
	sk_set(q.c, SOL_TCP, TCP_LINGER2, -1);
	close(q.c);
	UNTIL(ev_now(q.s, POLLERR) & POLLERR);
	ASSERT_EQ(sk_error(q.s), EPIPE);
}

/* shutdown() of a socket that is not connected holds for what it accepts later. */
static void shutdown_before_listen(void)
{
	int l, c, s;

	ns_new();
	l = sk_new();
	ASSERT_ERR(shutdown(l, SHUT_WR), ENOTCONN);
	OK(sk_bind(l, IP_LO, 0));
	OK(listen(l, 1));
	c = sk_dial(IP_LO, sk_port(l));
	s = sk_accept(l);
	recv_eof(c);
	ASSERT_ERR(send(s, "x", 1, MSG_NOSIGNAL), EPIPE);
}

/* A socket that was disconnected with an error connects again without it. */
static void connect_after_error(void)
{
	struct sockaddr_in a = { .sin_family = AF_UNSPEC };

	begin();
	OK(connect(q.c, (void *)&a, sizeof(a)));
	ASSERT(ev_now(q.c, POLLERR) & POLLERR);
	sk_connect(q.c, IP_LO, sk_port(q.l));
	ASSERT_EQ(ev_need(q.c, POLLOUT | POLLERR), POLLOUT);
	ASSERT_EQ(sk_error(q.c), 0);
}

/* MSG_MORE is for one call: the next segment that comes lets out what it held. */
static void more_is_for_once(void)
{
	begin();
	ASSERT_EQ(send(q.c, "a", 1, MSG_MORE), 1);
	send_str(q.s, "x");
	/* long before the 200 ms after which it would leave in any case */
	ASSERT(ev_wait(q.s, POLLIN, 100));
	recv_str(q.s, "a");
}

/* A shutdown before there is a connection is forgotten by the one that is dialled. */
static void shutdown_before_connect(void)
{
	int fd;

	ns_new();
	sk_listen(IP_LO, 8080, 1);
	fd = sk_new();
	ASSERT_ERR(shutdown(fd, SHUT_WR), ENOTCONN);
	OK(sk_connect(fd, IP_LO, 8080));
	ASSERT_EQ(sk_state(fd), TCP_ESTABLISHED);
}

/* The stamp of a FIN is that of the data before it, which had none. */
static void stamp_of_fin(void)
{
	char buf[1], control[64];
	struct iovec v = { buf, 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};

	begin();
	send_str(q.c, "x");
	ev_need(q.s, POLLIN);
	sk_set(q.s, SOL_SOCKET, SO_TIMESTAMP, 1);
	OK(shutdown(q.c, SHUT_WR));
	ev_need(q.s, POLLRDHUP);
	ASSERT_EQ(recvmsg(q.s, &m, 0), 1);
	ASSERT_EQ(m.msg_controllen, CMSG_SPACE(sizeof(struct timeval)));
}

static const struct rt_test tests[] = {
	{ "quickack_route", "C73", quickack_route, 0, 0 },
	{ "urgent_after_shutdown", "C72 SH-3", urgent_after_shutdown, 0, 0 },
	{ "mark_and_bad_buffer", "C72 C87", mark_and_bad_buffer, 0, 0 },
	{ "read_nothing_at_all", "C83", read_nothing_at_all, 0, 0 },
	{ "inq_at_the_end", "RX-8", inq_at_the_end, 0, 0 },
	{ "inq_with_fin", "RX-8", inq_with_fin, 0, 0 },
	{ "no_fin_wait_2", "C21", no_fin_wait_2, 0, 0 },
	{ "shutdown_before_listen", "C24", shutdown_before_listen, 0, 0 },
	{ "connect_after_error", "C13 C82", connect_after_error, 0, 0 },
	{ "more_is_for_once", "C71", more_is_for_once, 0, 0 },
	{ "shutdown_before_connect", "SH-4", shutdown_before_connect, 0, 0 },
	{ "stamp_of_fin", "SO-14", stamp_of_fin, 0, 0 },
};

RT_MAIN(tests)
