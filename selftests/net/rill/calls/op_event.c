// SPDX-License-Identifier: GPL-2.0
/* Calls that ask or tell what a socket is ready for. */
#include "calls.h"

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/select.h>

#define SIOCOUTQNSD_	0x894B

/* TCP tells an output queue of random length once a socket was disconnected. */
static bool gone(int fd, unsigned long cmd)
{
	return (cmd == SIOCOUTQ || cmd == SIOCOUTQNSD_) && sk_state(fd) == TCP_CLOSE;
}

OP(ioctl)
{
	static const struct {
		unsigned long cmd;
		const char *name;
	} list[] = {
		{ FIONREAD, "FIONREAD" }, { FIONREAD, "FIONREAD" }, { SIOCOUTQ, "SIOCOUTQ" },
		{ SIOCOUTQNSD_, "SIOCOUTQNSD" }, { SIOCATMARK, "SIOCATMARK" },
		{ SIOCATMARK, "SIOCATMARK" }, { FIOASYNC, "FIOASYNC" }, { SIOCGPGRP, "SIOCGPGRP" },
		{ 0x88ff, "0x88ff" }, { 0x5421 + 0x100, "0x5521" },
	};
	int fd = NEED(r, st->s), val = st->arg[1] - 1;
	void *arg = st->arg[2] == 1 ? NULL : st->arg[2] == 2 ? (void *)nowhere : &val;
	int i = st->arg[0];

	if (list[i].cmd == FIOASYNC)
		val = st->arg[1] & 1;
	SAY(r, "ioctl(s%d, %s, %s)", st->s, list[i].name,
	    st->arg[2] == 1 ? "NULL" : st->arg[2] == 2 ? "bad address" : "&val");
	if (ret(r, ioctl(fd, list[i].cmd, arg)) == 0 && arg == &val && !gone(fd, list[i].cmd))
		put(r, L_VAL, list[i].cmd == (unsigned long)SIOCGPGRP ? !!val : val);
	put(r, L_FLAGS, fcntl(fd, F_GETFL));
}

/* SIGIO and SIGURG: to whom, and whether. */
OP(async)
{
	int fd = NEED(r, st->s), fl = fcntl(fd, F_GETFL);

	SAY(r, "%s(s%d)", st->arg[0] == 0 ? "F_SETOWN nobody" : st->arg[0] < 3 ? "F_SETOWN self" :
	    st->arg[0] == 3 ? "O_ASYNC on" : "O_ASYNC off", st->s);
	switch (st->arg[0]) {
	case 0:
		ret(r, fcntl(fd, F_SETOWN, 0));
		break;
	case 1:
	case 2:
		ret(r, fcntl(fd, F_SETOWN, getpid()));
		break;
	case 3:
		ret(r, fcntl(fd, F_SETFL, fl | O_ASYNC));
		break;
	case 4:
		ret(r, fcntl(fd, F_SETFL, fl & ~O_ASYNC));
		break;
	}
}

static int epoll_of(struct run *r, int i)
{
	if (r->ep[i] < 0)
		r->ep[i] = OK(epoll_create1(EPOLL_CLOEXEC));
	return r->ep[i];
}

OP(ctl)
{
	static const int list[] = {
		EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL,
	};
	struct epoll_event e = { .events = st->arg[2], .data.u32 = st->s };
	int fd = NEED(r, st->s), i = st->arg[0], op = list[st->arg[1]];

	SAY(r, "epoll_ctl(e%d, %s, s%d, %#x)", i, op == EPOLL_CTL_ADD ? "ADD" :
	    op == EPOLL_CTL_MOD ? "MOD" : "DEL", st->s, e.events);
	ret(r, epoll_ctl(epoll_of(r, i), op, fd, &e));
}

static int by_slot(const void *a, const void *b)
{
	return (int)((const struct epoll_event *)a)->data.u32 -
	       (int)((const struct epoll_event *)b)->data.u32;
}

/* In which order sockets are told that are ready at once is nobody's business. */
OP(epoll)
{
	struct epoll_event ev[2 * NSOCK];
	int i = st->arg[0], n, k;

	if (r->ep[i] < 0)
		return;
	SAY(r, "epoll_wait(e%d)", i);
	n = ret(r, epoll_wait(r->ep[i], ev, ARRAY_SIZE(ev), 0));
	if (n > 1)
		qsort(ev, n, sizeof(ev[0]), by_slot);
	for (k = 0; k < n; k++)
		put(r, L_EVENTS, ev[k].data.u32 << 16 | ev[k].events);
}

OP(poll)
{
	struct pollfd p = { .events = st->arg[0] };

	p.fd = NEED(r, st->s);
	SAY(r, "poll(s%d, %#x)", st->s, p.events);
	ret(r, poll(&p, 1, 0));
	put(r, L_EVENTS, st->s << 16 | (uint16_t)p.revents);
}

OP(select)
{
	struct timeval tv = { };
	fd_set in, out, ex;
	int i, max = -1;

	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&ex);
	for (i = 0; i < NSOCK; i++) {
		if (r->fd[i] < 0)
			continue;
		FD_SET(r->fd[i], &in);
		FD_SET(r->fd[i], &out);
		FD_SET(r->fd[i], &ex);
		if (r->fd[i] > max)
			max = r->fd[i];
	}
	SAY(r, "select(all)");
	(void)st;
	ret(r, select(max + 1, &in, &out, &ex, &tv));
	for (i = 0; i < NSOCK; i++)
		if (r->fd[i] >= 0)
			put(r, L_VAL, i << 4 | !!FD_ISSET(r->fd[i], &in) |
			    !!FD_ISSET(r->fd[i], &out) << 1 | !!FD_ISSET(r->fd[i], &ex) << 2);
}

OP(error)
{
	int fd = NEED(r, st->s), val = -1;
	socklen_t len = sizeof(val);

	SAY(r, "SO_ERROR(s%d)", st->s);
	ret(r, getsockopt(fd, SOL_SOCKET, SO_ERROR, &val, &len));
	put(r, L_VAL, val);
}

OP(info)
{
	int fd = NEED(r, st->s);
	struct tcp_info ti = { };
	socklen_t len = sizeof(ti);

	SAY(r, "TCP_INFO(s%d)", st->s);
	ret(r, getsockopt(fd, SOL_TCP, TCP_INFO, &ti, &len));
	put(r, L_STATE, ti.tcpi_state);
	put(r, L_VAL, ti.tcpi_options);
	put(r, L_VAL, ti.tcpi_unacked);
}
