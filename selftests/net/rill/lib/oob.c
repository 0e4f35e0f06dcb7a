// SPDX-License-Identifier: GPL-2.0
/* Urgent data as a program sees it. */
#include "oob.h"

#include <linux/sockios.h>

volatile sig_atomic_t sigurg;

static void on_urg(int sig)
{
	(void)sig;
	sigurg++;
}

void count_sigurg(int fd)
{
	struct sigaction sa = { .sa_handler = on_urg };	/* interrupts system calls */

	sigurg = 0;
	OK(sigaction(SIGURG, &sa, NULL));
	OK(fcntl(fd, F_SETOWN, getpid()));
}

bool at_mark(int fd)
{
	int v = -1;

	OK(ioctl(fd, SIOCATMARK, &v));
	ASSERT(v == 0 || v == 1);
	ASSERT_EQ(sockatmark(fd), v);
	return v;
}

void oob_is(int fd, char want)
{
	char c = 0;

	ev_need(fd, POLLPRI);
	ASSERT_EQ(recv(fd, &c, 1, MSG_OOB), 1);
	ASSERT_EQ(c, want);
}

void no_oob(int fd, int err)
{
	char c;

	ASSERT_ERR(recv(fd, &c, 1, MSG_OOB), err);
	ASSERT_EQ(ev_now(fd, POLLPRI), 0);
}

void read_is(int fd, const char *want)
{
	char buf[256];
	ssize_t n;

	ev_need(fd, POLLIN);
	n = OK(recv(fd, buf, sizeof(buf), 0));
	if (n != (ssize_t)strlen(want) || memcmp(buf, want, n))
		FAIL("read '%.*s', want '%s'", (int)n, buf, want);
}

void read_nothing(int fd)
{
	char c;

	ASSERT_ERR(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
	ASSERT_EQ(ev_now(fd, POLLIN), 0);
}
