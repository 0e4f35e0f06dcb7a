// SPDX-License-Identifier: GPL-2.0
/* Calls that make, name and end connections. */
#include "calls.h"

#include <sys/uio.h>

#define CLOSED_PORT	9	/* nothing listens there */

/* A connected pair, without a trace of how it came about. */
OP(pair)
{
	int fd[2], i, one = 1;

	if (st->s == st->t)
		return;
	SAY(r, "s%d, s%d = connected pair%s%s", st->s, st->t, st->arg[0] & 1 ? "" : ", TCP_NODELAY",
	    st->arg[0] & 2 ? ", SO_OOBINLINE" : "");
	drop(r, st->s);
	drop(r, st->t);
	hidden_pair(fd);
	for (i = 0; i < 2; i++) {
		if (!(st->arg[0] & 1))
			setsockopt(fd[i], SOL_TCP, TCP_NODELAY, &one, sizeof(one));
		if (st->arg[0] & 2)
			setsockopt(fd[i], SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
		adopt(r, i ? st->t : st->s, fd[i]);
	}
}

OP(fresh)
{
	if (r->fd[st->s] >= 0)
		return;
	SAY(r, "s%d = socket()", st->s);
	adopt(r, st->s, sk_try(SOCK_NONBLOCK));
}

OP(listener)
{
	static const int backlog[] = { 0, 1, 3, 8 };
	int fd;

	if (r->fd[st->s] >= 0)
		return;
	SAY(r, "s%d = socket(), bind(), listen(%d)", st->s, backlog[st->arg[0] & 3]);
	fd = sk_try(SOCK_NONBLOCK);
	ret(r, sk_bind(fd, IP_LO, 0));
	ret(r, listen(fd, backlog[st->arg[0] & 3]));
	adopt(r, st->s, fd);
}

static int port_of(int fd)
{
	union rt_addr a = { };
	socklen_t len = sizeof(a);

	if (fd < 0 || getsockname(fd, &a.sa, &len))
		return 0;
	return ntohs(rt.v6 ? a.sin6.sin6_port : a.sin.sin_port);
}

static int other_family(void)
{
	return rt.v6 ? AF_INET : AF_INET6;
}

/* The target: who listens in slot 0 or 7, nobody, itself, a port of the run. */
OP(connect)
{
	static const char *const odd[] = {
		"", ", short addrlen", ", addrlen 0", ", the other family", ", AF_UNIX", ", NULL",
	};
	int fd, port, to = CLOSED_PORT;
	union rt_addr a;
	void *addr = &a;
	socklen_t len;

	if (r->fd[st->s] < 0)
		adopt(r, st->s, sk_try(SOCK_NONBLOCK));
	fd = r->fd[st->s];
	port = st->arg[0] < 3 ? port_of(r->fd[0]) : st->arg[0] == 3 ? port_of(r->fd[7]) :
	       st->arg[0] == 4 ? port_of(fd) : 0;
	/* whoever was accepted there has the hidden listener's port */
	if (port && port != hidden_port)
		to = port;
	len = sa_of(&a, IP_LO, to);
	switch (st->arg[1]) {
	case 1:
		len = 7;
		break;
	case 2:
		len = 0;
		break;
	case 3:
		a.sa.sa_family = other_family();
		break;
	case 4:
		a.sa.sa_family = AF_UNIX;
		break;
	case 5:
		addr = NULL;
		break;
	}
	SAY(r, "connect(s%d, %s%s)", st->s,
	    to == CLOSED_PORT ? "closed port" :
	    st->arg[0] < 3 ? "s0" : st->arg[0] == 3 ? "s7" : "itself", odd[st->arg[1]]);
	ret(r, connect(fd, addr, len));
}

OP(accept)
{
	static const int rooms4[] = { 16, 128, 15, 8, 2, 0, -1 },
		rooms6[] = { 28, 128, 27, 16, 2, 0, -1 };
	const int *rooms = rt.v6 ? rooms6 : rooms4;
	struct sockaddr_storage ss;
	int lfd = NEED(r, st->s), slot = free_slot(r, st->t), flags = 0, fd;
	socklen_t len = rooms[st->arg[1]];
	void *addr = &ss;

	if (slot < 0)
		return;
	if (st->arg[0] & 1)
		flags |= SOCK_NONBLOCK;
	if (st->arg[0] & 2)
		flags |= SOCK_CLOEXEC;
	if (st->arg[2] == 1)
		flags |= 0x100;
	if (st->arg[2] == 2)
		addr = NULL;
	memset(&ss, 0xee, sizeof(ss));
	SAY(r, "s%d = accept4(s%d, %s, %d%s, %#x)", slot, st->s, addr ? "addr" : "NULL", (int)len,
	    st->arg[2] == 3 ? " at a bad address" : "", flags);
	fd = accept4(lfd, addr, st->arg[2] == 3 ? (void *)nowhere : &len, flags);
	if (fd < 0) {
		ret(r, fd);
		return;
	}
	put(r, L_FD, slot);
	put(r, L_FLAGS, fcntl(fd, F_GETFL));
	put(r, L_FLAGS, fcntl(fd, F_GETFD));
	if (addr)
		put_addr(r, &ss, rooms[st->arg[1]], len);
	sk_nonblock(fd, true);
	adopt(r, slot, fd);
}

OP(bind)
{
	static const char *const where[] = {
		"port 0", "a port", "any, a port", "the port of s0", "a foreign address", "port 0",
		"broadcast",
	};
	static const char *const odd[] = {
		"", ", short addrlen", ", the other family", ", AF_UNSPEC", ", NULL",
	};
	union rt_addr a;
	int fd = NEED(r, st->s);
	socklen_t len = sa_of(&a, IP_LO, 0);

	switch (st->arg[0]) {
	case 1:
		sa_of(&a, IP_LO, fixed_port(st->arg[1]));
		break;
	case 2:
		sa_of(&a, INADDR_ANY, fixed_port(st->arg[1]));
		break;
	case 3:
		sa_of(&a, IP_LO, port_of(r->fd[0]));
		break;
	case 4:
		sa_of(&a, IP(10, 1, 2, 3), 0);
		break;
	case 6:
		sa_of(&a, INADDR_BROADCAST, 0);
		break;
	}
	if (st->arg[2] == 1)
		len = 8;
	if (st->arg[2] == 2)
		a.sa.sa_family = other_family();
	if (st->arg[2] == 3)
		a.sa.sa_family = AF_UNSPEC;
	SAY(r, "bind(s%d, %s %d%s)", st->s, where[st->arg[0]], st->arg[1], odd[st->arg[2]]);
	ret(r, bind(fd, st->arg[2] == 4 ? NULL : (void *)&a, len));
}

OP(listen)
{
	static const int backlog[] = { 0, 1, 5, -1 };
	int fd = NEED(r, st->s);

	SAY(r, "listen(s%d, %d)", st->s, backlog[st->arg[0] & 3]);
	ret(r, listen(fd, backlog[st->arg[0] & 3]));
}

OP(close)
{
	int fd = NEED(r, st->s);

	SAY(r, "close(s%d)", st->s);
	r->fd[st->s] = -1;
	ret(r, close(fd));
}

OP(dup)
{
	int fd = NEED(r, st->s), slot = free_slot(r, st->t);

	if (slot < 0)
		return;
	SAY(r, "s%d = dup(s%d)", slot, st->s);
	r->fd[slot] = OK(dup(fd));
	r->file[slot] = r->file[st->s];
	r->last[slot] = 0;
}

OP(shutdown)
{
	static const int odd[] = { 0, 3, -1, INT32_MAX };
	int fd = NEED(r, st->s), how = st->arg[1] ? odd[st->arg[1]] : st->arg[0];

	SAY(r, "shutdown(s%d, %d)", st->s, how);
	ret(r, shutdown(fd, how));
}

/* connect() to AF_UNSPEC. */
OP(disconnect)
{
	static const int lens[] = { 16, 2, 1 };
	struct sockaddr_in a = { .sin_family = AF_UNSPEC };
	int fd = NEED(r, st->s);

	SAY(r, "connect(s%d, AF_UNSPEC, %d)", st->s, lens[st->arg[0]]);
	ret(r, connect(fd, (void *)&a, lens[st->arg[0]]));
}

OP(abort)
{
	struct linger l = { .l_onoff = st->arg[0] < 2, .l_linger = st->arg[0] };
	int fd = NEED(r, st->s);

	SAY(r, "SO_LINGER {%d, %d}, close(s%d)", l.l_onoff, l.l_linger, st->s);
	ret(r, setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	r->fd[st->s] = -1;
	ret(r, close(fd));
}

OP(name)
{
	static const int rooms4[] = { 16, 128, 15, 8, 3, 0, -1, 16 },
		rooms6[] = { 28, 128, 27, 16, 3, 0, -1, 28 };
	const int *rooms = rt.v6 ? rooms6 : rooms4;
	struct sockaddr_storage ss;
	int fd = NEED(r, st->s), room = rooms[st->arg[1]];
	socklen_t len = room;
	void *addr = st->arg[1] == 7 ? (void *)nowhere : &ss;

	memset(&ss, 0xee, sizeof(ss));
	SAY(r, "%s(s%d, %s, %d)", st->arg[0] ? "getpeername" : "getsockname", st->s,
	    st->arg[1] == 7 ? "bad address" : "addr", room);
	if (ret(r, st->arg[0] ? getpeername(fd, addr, &len) : getsockname(fd, addr, &len)) == 0)
		put_addr(r, &ss, room, len);
}
