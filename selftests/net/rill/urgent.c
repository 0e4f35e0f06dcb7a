// SPDX-License-Identifier: GPL-2.0
/* Urgent data as programs see it, through two sockets. */
#include "oob.h"

#include <sys/epoll.h>

#define PORT	8080

static struct pair q;
static int fd;

static void begin(void)
{
	ns_new();
	q = pair_lo();
	sk_set(q.c, SOL_TCP, TCP_NODELAY, 1);
}

static void round_trip(void)
{
	struct msghdr m = { };
	struct iovec iov;
	char c = 0;

	begin();
	no_oob(q.s, EINVAL);
	send_oob(q.c, "ab!");
	ev_need(q.s, POLLPRI);
	iov = (struct iovec){ &c, 1 };
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	ASSERT_EQ(recvmsg(q.s, &m, MSG_OOB), 1);
	ASSERT(m.msg_flags & MSG_OOB);
	ASSERT_EQ(c, '!');
	/* Once. */
	no_oob(q.s, EINVAL);
	read_is(q.s, "ab");
	read_nothing(q.s);
	/* The other way, and without data before it. */
	send_oob(q.s, "?");
	oob_is(q.c, '?');
	read_nothing(q.c);
	/* Behind the mark nothing is left of it. */
	send_str(q.s, "on");
	read_is(q.c, "on");
	no_oob(q.c, EINVAL);
	ASSERT(!at_mark(q.c));
}

static void mark(void)
{
	char c;

	begin();
	ASSERT(!at_mark(q.s));
	send_oob(q.c, "abcD");
	send_str(q.c, "ef");
	UNTIL(ev_now(q.s, POLLPRI));
	ASSERT(!at_mark(q.s));
	ASSERT_EQ(sk_inq(q.s), 3);
	ASSERT_EQ(recv(q.s, &c, 1, 0), 1);
	ASSERT_EQ(sk_inq(q.s), 2);
	/* A read asks for all of it, and stops. */
	read_is(q.s, "bc");
	ASSERT(at_mark(q.s));
	ASSERT(at_mark(q.s));
	ASSERT_EQ(sk_inq(q.s), 0);
	/* The urgent byte may still be had, or not. */
	ASSERT_EQ(ev_now(q.s, POLLPRI), POLLPRI);
	UNTIL(ev_now(q.s, POLLIN));
	read_is(q.s, "ef");
	ASSERT(!at_mark(q.s));
	no_oob(q.s, EINVAL);
	/* With MSG_WAITALL too. */
	send_oob(q.c, "gH");
	send_str(q.c, "ij");
	UNTIL(ev_now(q.s, POLLPRI));
	ASSERT_EQ(recv(q.s, &c, 1, MSG_WAITALL), 1);
	ASSERT(at_mark(q.s));
	read_is(q.s, "ij");
}

static void waitall_stops(void)
{
	char buf[10];

	begin();
	send_oob(q.c, "abC");
	send_str(q.c, "defghijk");
	UNTIL(ev_now(q.s, POLLPRI));
	ASSERT_EQ(recv(q.s, buf, 10, MSG_WAITALL), 2);
	ASSERT_EQ(recv(q.s, buf, 8, MSG_WAITALL), 8);
	ASSERT(!memcmp(buf, "defghijk", 8));
}

/* The loop that rlogin and its like had: throw away all before the mark. */
static void mark_loop(void)
{
	static char out[20000];
	char buf[777];
	size_t n = 0;

	begin();
	fill(out, sizeof(out), 7);
	send_all(q.c, out, sizeof(out));
	send_oob(q.c, "!");
	send_str(q.c, "after");
	ev_need(q.s, POLLPRI);
	while (!at_mark(q.s)) {
		ssize_t k = OK(recv(q.s, buf, sizeof(buf), 0));

		ASSERT_GT(k, 0);
		ASSERT_LE(n + k, sizeof(out));
		ASSERT(!memcmp(buf, out + n, k));
		n += k;
	}
	ASSERT_EQ(n, sizeof(out));
	oob_is(q.s, '!');
	ASSERT(at_mark(q.s));
	recv_str(q.s, "after");
}

static void oobinline(void)
{
	char c;

	begin();
	sk_set(q.s, SOL_SOCKET, SO_OOBINLINE, 1);
	ASSERT_EQ(sk_get(q.s, SOL_SOCKET, SO_OOBINLINE), 1);
	send_oob(q.c, "abC");
	send_str(q.c, "de");
	ev_need(q.s, POLLPRI);
	ASSERT_ERR(recv(q.s, &c, 1, MSG_OOB), EINVAL);
	UNTIL(sk_inq(q.s) == 5);
	read_is(q.s, "ab");
	ASSERT(at_mark(q.s));
	ASSERT_EQ(sk_inq(q.s), 3);
	read_is(q.s, "Cde");
	ASSERT(!at_mark(q.s));
	ASSERT_EQ(ev_now(q.s, POLLPRI), 0);
	/* Alone it is something to read. */
	send_oob(q.c, "F");
	ASSERT(ev_need(q.s, POLLIN | POLLPRI) & POLLIN);
	ASSERT(at_mark(q.s));
	read_is(q.s, "F");
}

/* A child has the option from its listener. */
static void oobinline_inherited(void)
{
	int l, c, s;

	ns_new();
	l = sk_listen(IP_LO, PORT, 4);
	sk_set(l, SOL_SOCKET, SO_OOBINLINE, 1);
	c = sk_dial(IP_LO, PORT);
	s = sk_accept(l);
	send_oob(c, "xy");
	ev_need(s, POLLPRI);
	read_is(s, "x");
	read_is(s, "y");
}

static void two_bytes(void)
{
	begin();
	/* A newer one: the old one becomes data. */
	send_oob(q.c, "abC");
	ev_need(q.s, POLLPRI);
	send_oob(q.c, "deF");
	UNTIL(sk_inq(q.s) == 5);
	oob_is(q.s, 'F');
	read_is(q.s, "abCde");
	ASSERT(at_mark(q.s));
	send_str(q.c, "g");
	read_is(q.s, "g");
	/* Next to be read when the newer comes: it is dropped. */
	send_oob(q.c, "H");
	ev_need(q.s, POLLPRI);
	ASSERT(at_mark(q.s));
	send_oob(q.c, "I");
	UNTIL(at_mark(q.s));
	oob_is(q.s, 'I');
	read_nothing(q.s);
	/* The same after it was read. */
	send_oob(q.c, "J");
	oob_is(q.s, 'J');
	send_oob(q.c, "kL");
	oob_is(q.s, 'L');
	read_is(q.s, "k");
	send_str(q.c, "m");
	read_is(q.s, "m");
	/* Inline nothing is dropped. */
	sk_set(q.s, SOL_SOCKET, SO_OOBINLINE, 1);
	send_oob(q.c, "N");
	send_oob(q.c, "O");
	UNTIL(sk_inq(q.s) == 2);
	read_is(q.s, "N");
	ASSERT(at_mark(q.s));
	read_is(q.s, "O");
}

static void peek(void)
{
	char buf[16];
	char c = 0;

	begin();
	send_oob(q.c, "abC");
	send_str(q.c, "de");
	ev_need(q.s, POLLPRI);
	ASSERT_EQ(recv(q.s, &c, 1, MSG_OOB | MSG_PEEK), 1);
	ASSERT_EQ(c, 'C');
	ASSERT_EQ(ev_now(q.s, POLLPRI), POLLPRI);
	ASSERT_EQ(recv(q.s, buf, sizeof(buf), MSG_OOB | MSG_PEEK), 1);
	/* A look at the stream stops at the mark as a read does. */
	ASSERT_EQ(recv(q.s, buf, sizeof(buf), MSG_PEEK), 2);
	ASSERT(!memcmp(buf, "ab", 2));
	ASSERT(!at_mark(q.s));
	read_is(q.s, "ab");
	/* At the mark it looks past the urgent byte, which stays. */
	ASSERT_EQ(recv(q.s, buf, sizeof(buf), MSG_PEEK), 2);
	ASSERT(!memcmp(buf, "de", 2));
	ASSERT(at_mark(q.s));
	/* No room for it: the flag says so, and it counts as read. */
	ASSERT_EQ(recv(q.s, &c, 0, MSG_OOB | MSG_PEEK), 0);
	oob_is(q.s, 'C');
	no_oob(q.s, EINVAL);
	read_is(q.s, "de");
}

/* A reader that sleeps learns of urgent data, by the signal or by its byte. */
static void signal_wakes(void)
{
	char buf[8];
	pid_t pid;
	int st;

	begin();
	count_sigurg(q.s);
	pid = fork();
	if (!pid) {
		rest(100);
		send_oob(q.c, "!");
		_exit(0);
	}
	ASSERT_ERR(recv(q.s, buf, sizeof(buf), 0), EINTR);
	ASSERT_EQ(sigurg, 1);
	oob_is(q.s, '!');
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
}

static int ep_new(int sock, uint32_t events)
{
	struct epoll_event e = { .events = events };
	int ep = OK(epoll_create1(0));

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, sock, &e));
	return ep;
}

static uint32_t ep_get(int ep, int ms)
{
	struct epoll_event e = { };

	return OK(epoll_wait(ep, &e, 1, ms)) ? e.events : 0;
}

static void epoll_pri(void)
{
	int level, edge, in;

	begin();
	level = ep_new(q.s, EPOLLPRI);
	edge = ep_new(q.s, EPOLLPRI | EPOLLET);
	in = ep_new(q.s, EPOLLIN);
	send_str(q.c, "a");
	ASSERT_EQ(ep_get(in, WAIT_MS), EPOLLIN);
	ASSERT_EQ(ep_get(level, 0), 0);
	ASSERT_EQ(ep_get(edge, 0), 0);
	read_is(q.s, "a");
	send_oob(q.c, "B");
	ASSERT_EQ(ep_get(level, WAIT_MS), EPOLLPRI);
	ASSERT_EQ(ep_get(level, 0), EPOLLPRI);
	ASSERT_EQ(ep_get(edge, WAIT_MS), EPOLLPRI);
	ASSERT_EQ(ep_get(edge, 0), 0);
	/* The urgent byte alone is nothing to read. */
	ASSERT_EQ(ep_get(in, 0), 0);
	oob_is(q.s, 'B');
	ASSERT_EQ(ep_get(level, 0), 0);
	/* The next one is an edge of its own. */
	send_oob(q.c, "C");
	ASSERT_EQ(ep_get(edge, WAIT_MS), EPOLLPRI);
	ASSERT_EQ(ep_get(level, 0), EPOLLPRI);
	send_str(q.c, "d");
	ASSERT_EQ(ep_get(in, WAIT_MS), EPOLLIN);
	/* Passing the mark ends it, read or not. */
	read_is(q.s, "d");
	ASSERT_EQ(ep_get(level, 0), 0);
}

static void closing(void)
{
	char c;

	begin();
	send_oob(q.c, "abC");
	OK(shutdown(q.c, SHUT_WR));
	ASSERT_ERR(send(q.c, "x", 1, MSG_OOB | MSG_NOSIGNAL), EPIPE);
	UNTIL(ev_now(q.s, POLLRDHUP) || sk_state(q.s) == TCP_CLOSE_WAIT);
	/* It arrived before the end, and can be had after it. */
	oob_is(q.s, 'C');
	no_oob(q.s, EINVAL);
	read_is(q.s, "ab");
	ASSERT(at_mark(q.s));
	recv_eof(q.s);
	/* The half that is open still takes urgent data. */
	send_oob(q.s, "deF");
	oob_is(q.c, 'F');
	read_is(q.c, "de");
	close(q.s);
	UNTIL(sk_state(q.c) != TCP_ESTABLISHED && sk_state(q.c) != TCP_FIN_WAIT2);
	ASSERT_ERR(recv(q.c, &c, 1, MSG_OOB), EINVAL);
}

static void not_connected(void)
{
	char c;

	ns_new();
	signal(SIGPIPE, SIG_IGN);
	fd = sk_new();
	ASSERT_ERR(recv(fd, &c, 1, MSG_OOB), EINVAL);
	ASSERT_ERR(send(fd, "x", 1, MSG_OOB), EPIPE);
	ASSERT(!at_mark(fd));
	fd = sk_listen(IP_LO, PORT, 4);
	ASSERT_ERR(recv(fd, &c, 1, MSG_OOB), ENOTCONN);
	ASSERT_ERR(send(fd, "x", 1, MSG_OOB), EPIPE);
	ASSERT(!at_mark(fd));
	/* Nothing is no urgent byte. */
	q = pair_lo();
	ASSERT_EQ(send(q.c, "", 0, MSG_OOB), 0);
	send_str(q.c, "a");
	read_is(q.s, "a");
	no_oob(q.s, EINVAL);
	/* A reset takes it away. */
	send_oob(q.c, "b");
	ev_need(q.s, POLLPRI);
	sk_linger(q.c, 1, 0);
	close(q.c);
	UNTIL(ev_now(q.s, POLLIN) & POLLERR);
	ASSERT_EQ(sk_error(q.s), ECONNRESET);
	ASSERT_ERR(recv(q.s, &c, 1, MSG_OOB), ENOTCONN);
}

static void bad_memory(void)
{
	begin();
	ASSERT_ERR(send(q.c, (void *)8, 1, MSG_OOB), EFAULT);
	send_oob(q.c, "a");
	ev_need(q.s, POLLPRI);
	ASSERT_ERR(recv(q.s, (void *)8, 1, MSG_OOB), EFAULT);
	ASSERT_ERR(ioctl(q.s, SIOCATMARK, (void *)8), EFAULT);
	send_str(q.c, "b");
	read_is(q.s, "b");
}

/* splice stops at the mark, and never passes the urgent byte on. */
static void splice_stops(void)
{
	char buf[16];
	int fds[2];

	begin();
	OK(pipe(fds));
	send_oob(q.c, "abC");
	send_str(q.c, "de");
	ev_need(q.s, POLLPRI);
	ASSERT_EQ(splice(q.s, NULL, fds[1], NULL, 100, 0), 2);
	ASSERT_EQ(read(fds[0], buf, sizeof(buf)), 2);
	ASSERT(!memcmp(buf, "ab", 2));
	ASSERT(at_mark(q.s));
	oob_is(q.s, 'C');
	read_is(q.s, "de");
	send_str(q.c, "fg");
	ASSERT_EQ(splice(q.s, NULL, fds[1], NULL, 100, 0), 2);
}

/* MUST-31: a span that no pointer reaches across; the mark comes out where it was put. */
static void long_span_read(void)
{
	static uint8_t out[70001], got[70001];
	size_t n = 0;

	begin();
	fill(out, sizeof(out), 5);
	sk_set(q.c, SOL_SOCKET, SO_SNDBUF, 400000);
	sk_set(q.s, SOL_SOCKET, SO_RCVBUF, 400000);
	count_sigurg(q.s);
	ASSERT_EQ(send(q.c, out, sizeof(out) - 1, MSG_OOB), sizeof(out) - 1);
	send_all(q.c, out + sizeof(out) - 1, 1);
	UNTIL(sk_inq(q.s) == sizeof(out) - 2);
	while (!at_mark(q.s)) {
		n += OK(recv(q.s, got + n, sizeof(got) - n, 0));
		ASSERT_LT(n, sizeof(out));
	}
	ASSERT_EQ(n, sizeof(out) - 2);
	ASSERT_EQ(recv(q.s, got + n, 1, MSG_OOB), 1);
	ASSERT_EQ(recv(q.s, got + n + 1, 1, 0), 1);
	ASSERT(!memcmp(got, out, sizeof(out)));
	ASSERT_GE(sigurg, 1);
}

static const struct rt_test tests[] = {
	{ "round_trip", "C72 MUST-30 UR-1 UR-2 PO-9", round_trip, 0, 0 },
	{ "mark", "C72 MUST-33 UR-3 IO-1", mark, 0, 0 },
	{ "waitall_stops", "C72 UR-3", waitall_stops, 0, 0 },
	{ "mark_loop", "C72 MUST-33 UR-3", mark_loop, 0, 0 },
	{ "oobinline", "C72 URG-2M UR-4", oobinline, 0, 0 },
	{ "oobinline_inherited", "C72 UR-4 AC-1", oobinline_inherited, 0, 0 },
	{ "two_bytes", "C72 UR-5 MUST-32", two_bytes, 0, 0 },
	{ "peek", "C72 UR-6 RX-2", peek, 0, 0 },
	{ "signal_wakes", "C72 MUST-32 SG-1", signal_wakes, 0, 0 },
	{ "epoll_pri", "C72 C82 PO-9 PO-11", epoll_pri, 0, 0 },
	{ "closing", "C72 UR-2", closing, 0, 0 },
	{ "not_connected", "C72 UR-2 ER-6", not_connected, 0, 0 },
	{ "bad_memory", "C72 C87", bad_memory, 0, 0 },
	{ "splice_stops", "C72 UR-3 SP-1", splice_stops, 0, 0 },
	{ "long_span_read", "MUST-31 MUST-33", long_span_read, 0, 0 },
};

RT_MAIN(tests)
