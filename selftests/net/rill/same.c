// SPDX-License-Identifier: GPL-2.0
/*
 * Sequences of calls that record what they see, without saying what that should
 * be: --proto each compares it with what the kernel's TCP shows.
 */
#include "rt.h"

#include <sys/epoll.h>

#define PORT	8080
#define ALL	(POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM)

static struct pair q;

static void connected(void)
{
	ns_new();
	q = pair_lo();
}

/* Events of one descriptor in an epoll, or 0 when none come within ms. */
static unsigned int wait_ep(int ep, int ms)
{
	struct epoll_event e = { };

	return OK(epoll_wait(ep, &e, 1, ms)) ? e.events : 0;
}

static int epoll_of(int fd, unsigned int events)
{
	struct epoll_event e = { .events = events };
	int ep = OK(epoll_create1(0));

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	return ep;
}

/* The five steps of epoll(7): 2 kB arrive, 1 kB is read. */
static void five_steps(void)
{
	char buf[2048];
	int lv, ed;

	connected();
	fill(buf, sizeof(buf), 1);
	/* 1: the descriptor is registered, */
	lv = epoll_of(q.s, EPOLLIN);
	ed = epoll_of(q.s, EPOLLIN | EPOLLET);
	DO_EVENTS(wait_ep(lv, 0));
	DO_EVENTS(wait_ep(ed, 0));
	/* 2: 2 kB are written at the other end, */
	send_all(q.c, buf, 2048);
	UNTIL(sk_inq(q.s) == 2048);
	/* 3: epoll_wait() says that it is ready, */
	ASSERT_EQ(DO_EVENTS(wait_ep(lv, WAIT_MS)), EPOLLIN);
	ASSERT_EQ(DO_EVENTS(wait_ep(ed, WAIT_MS)), EPOLLIN);
	/* 4: 1 kB is read, */
	ASSERT_EQ(DO_READ(recv(q.s, buf, 1024, 0), buf), 1024);
	/* 5: and epoll_wait() says so again by level; by edge it would hang. */
	ASSERT_EQ(DO_EVENTS(wait_ep(lv, WAIT_MS)), EPOLLIN);
	ASSERT_EQ(DO_EVENTS(wait_ep(ed, 50)), 0);
	/* New data is an edge, and so is the next after EAGAIN. */
	send_all(q.c, "x", 1);
	UNTIL(sk_inq(q.s) == 1025);
	ASSERT_EQ(DO_EVENTS(wait_ep(ed, WAIT_MS)), EPOLLIN);
	ASSERT_EQ(DO_READ(recv(q.s, buf, 2048, 0), buf), 1025);
	DO_READ(recv(q.s, buf, 2048, MSG_DONTWAIT), buf);
	ASSERT_EQ(DO_EVENTS(wait_ep(lv, 0)), 0);
	ASSERT_EQ(DO_EVENTS(wait_ep(ed, 0)), 0);
	send_all(q.c, "y", 1);
	ASSERT_EQ(DO_EVENTS(wait_ep(ed, WAIT_MS)), EPOLLIN);
	ASSERT_EQ(DO_EVENTS(wait_ep(lv, WAIT_MS)), EPOLLIN);
}

/* The tool itself: another value, a line more, another outcome. */
static void tool_value(void)
{
	rec("proto %d", rt.proto == PROTO_INET);
}

static void tool_line(void)
{
	rec("first");
	if (rt.proto == PROTO_RILL)
		rec("second");
}

static void tool_outcome(void)
{
	if (rt.proto == PROTO_RILL)
		t_skip("on purpose");
}

static const struct rt_test tests[] = {
	{ "tool_value", "", tool_value, T_DIFFER, 0 },
	{ "tool_line", "", tool_line, T_DIFFER, 0 },
	{ "tool_outcome", "", tool_outcome, T_DIFFER, 0 },
	{ "five_steps", "C82 PO-11", five_steps, 0, 0 },
};

RT_MAIN(tests)
