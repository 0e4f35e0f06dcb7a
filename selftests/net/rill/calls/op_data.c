// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that move bytes.  What is sent depends on the step and on the place
 * within it, so the hash of what is received tells whether it is the right
 * bytes in the right order.
 */
#include "calls.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

static uint8_t buf[65536];

static void pattern(const struct run *r, int len)
{
	int i;

	for (i = 0; i < len; i++)
		buf[i] = r->at * 37 + i * 7 + (i >> 8);
}

/* What is left of the socket's budget, -1 when there is nothing. */
static int within(struct run *r, int slot, int len)
{
	int left = BUDGET - r->files[r->file[slot]].sent;

	if (len < 0 || left <= 0)
		return -1;
	return len < left ? len : left;
}

static void sent(struct run *r, int slot, long n)
{
	if (n > 0)
		r->files[r->file[slot]].sent += n;
}

/*
 * What MSG_MORE has held back leaves with whatever makes the stack look at the
 * queue next, and which ACKs do so is its own affair.  Here it is the next byte.
 */
static void no_more(struct run *r, int slot)
{
	put_events(r);
	SAY(r, "send(s%d, 1 byte, MSG_NOSIGNAL)", slot);
	sent(r, slot, ret(r, send(r->fd[slot], "m", 1, MSG_NOSIGNAL)));
}

/* Cut a buffer into three, one of them often empty. */
static void cut(struct iovec v[3], int len)
{
	v[0] = (struct iovec){ buf, len / 3 };
	v[1] = (struct iovec){ buf + len / 3, len / 5 };
	v[2] = (struct iovec){ buf + len / 3 + len / 5, len - len / 3 - len / 5 };
}

OP(send)
{
	static const char *const how[] = {
		"send", "write", "sendto", "sendto an address", "sendmsg", "sendmsg of 3",
		"writev", "sendmmsg",
	};
	static const char *const odd[] = {
		"", ", NULL buffer", ", bad buffer", ", bad huge buffer", ", bad iovec",
		", 1025 iovecs", ", bad cmsg", ", namelen 200",
	};
	int fd = NEED(r, st->s), len = within(r, st->s, st->arg[0]), flags = st->arg[1];
	struct sockaddr_storage to = { };
	union rt_addr a;
	socklen_t to_len = sa_of(&a, IP_LO, hidden_port);
	struct mmsghdr mm[2] = { };
	struct msghdr *m = &mm[0].msg_hdr;
	size_t size = len;
	struct iovec v[3];
	char control[24] = { };
	void *from = buf;
	long n = 0;

	if (len < 0)
		return;
	SAY(r, "%s(s%d, %d bytes, flags %#x%s)", how[st->arg[2]], st->s, len, flags,
	    odd[st->arg[3]]);
	pattern(r, len);
	memcpy(&to, &a, sizeof(a));
	if (st->arg[3] == 1)
		from = NULL;
	if (st->arg[3] == 2 || st->arg[3] == 3)
		from = nowhere;
	if (st->arg[3] == 3)
		size = 1ul << 40;
	cut(v, len);
	if (from != buf) {
		v[0] = (struct iovec){ from, size };
		v[1].iov_len = 0;
		v[2].iov_len = 0;
	}
	m->msg_iov = st->arg[3] == 4 ? (void *)nowhere : v;
	m->msg_iovlen = st->arg[3] == 5 ? 1025 : 3;
	if (st->arg[2] == 4) {
		v[0] = (struct iovec){ from, size };
		m->msg_iovlen = st->arg[3] == 5 ? 1025 : 1;
	}
	if (st->arg[3] == 6) {
		*(size_t *)control = 5;		/* shorter than its own header */
		m->msg_control = control;
		m->msg_controllen = sizeof(control);
	}
	if (st->arg[3] == 7) {
		m->msg_name = &to;
		m->msg_namelen = 200;
	}
	switch (st->arg[2]) {
	case 0:
		n = send(fd, from, size, flags);
		break;
	case 1:
		n = write(fd, from, size);
		break;
	case 2:
		n = sendto(fd, from, size, flags, NULL, 0);
		break;
	case 3:
		n = sendto(fd, from, size, flags, (void *)&to,
			   st->arg[3] == 7 ? 200 : to_len);
		break;
	case 4:
	case 5:
		n = sendmsg(fd, m, flags);
		break;
	case 6:
		n = writev(fd, m->msg_iov, m->msg_iovlen);
		break;
	case 7:
		mm[1] = mm[0];
		n = ret(r, sendmmsg(fd, mm, 2, flags));
		if (n > 0)
			put(r, L_LEN, mm[0].msg_len);
		if (n > 1)
			put(r, L_LEN, mm[1].msg_len);
		if (n >= 0)
			n = (long)mm[0].msg_len + mm[1].msg_len;
		break;
	}
	if (st->arg[2] != 7)
		ret(r, n);
	sent(r, st->s, n);
	if (n > 0 && flags & MSG_MORE && st->arg[2] != 1 && st->arg[2] != 6)
		no_more(r, st->s);
}

/* Control messages: which, and what they hold unless it is a time. */
static void put_control(struct run *r, struct msghdr *m)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		put(r, L_CMSG, (int64_t)c->cmsg_level << 40 | (int64_t)c->cmsg_type << 16 |
		    c->cmsg_len);
		if (c->cmsg_level != SOL_SOCKET)
			put(r, L_HASH, hash(CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0)));
	}
	put(r, L_LEN, m->msg_controllen);
	put(r, L_FLAGS, m->msg_flags);
	put(r, L_LEN, m->msg_namelen);
}

/* The bytes, and a few behind them that must be untouched. */
static void put_data(struct run *r, long n, int len)
{
	if (n > len)
		n = len;
	put(r, L_DATA, hash(buf, n + 16));
}

OP(recv)
{
	static const char *const how[] = {
		"recv", "read", "recvfrom", "recvmsg", "recvmsg of 3", "readv", "recvmmsg",
	};
	static const char *const odd[] = {
		"", ", NULL buffer", ", bad buffer", ", bad huge buffer", ", bad iovec",
		", 1025 iovecs", ", bad control", ", no control",
	};
	int fd = NEED(r, st->s), len = st->arg[0], flags = st->arg[1];
	struct sockaddr_storage from;
	struct mmsghdr mm[2] = { };
	struct msghdr *m = &mm[0].msg_hdr;
	socklen_t fromlen = sizeof(from);
	size_t size = len;
	struct iovec v[3];
	char control[256];
	void *to = buf;
	long n = 0;

	SAY(r, "%s(s%d, %d bytes, flags %#x%s)", how[st->arg[2]], st->s, len, flags,
	    odd[st->arg[3]]);
	memset(buf, 0xee, len + 16);
	if (st->arg[3] == 1)
		to = NULL;
	if (st->arg[3] == 2 || st->arg[3] == 3)
		to = nowhere;
	if (st->arg[3] == 3)
		size = 1ul << 40;
	cut(v, len);
	if (to != buf) {
		v[0] = (struct iovec){ to, size };
		v[1].iov_len = 0;
		v[2].iov_len = 0;
	}
	m->msg_iov = st->arg[3] == 4 ? (void *)nowhere : v;
	m->msg_iovlen = st->arg[3] == 5 ? 1025 : 3;
	if (st->arg[2] == 3) {
		v[0] = (struct iovec){ to, size };
		m->msg_iovlen = st->arg[3] == 5 ? 1025 : 1;
	}
	m->msg_control = st->arg[3] == 6 ? (void *)nowhere : control;
	m->msg_controllen = st->arg[3] == 7 ? 0 : sizeof(control);
	m->msg_name = &from;
	m->msg_namelen = sizeof(from);
	m->msg_flags = 0;
	switch (st->arg[2]) {
	case 0:
		n = ret(r, recv(fd, to, size, flags));
		break;
	case 1:
		n = ret(r, read(fd, to, size));
		break;
	case 2:
		memset(&from, 0xee, sizeof(from));
		n = ret(r, recvfrom(fd, to, size, flags, (void *)&from, &fromlen));
		if (n >= 0)
			put_addr(r, &from, sizeof(from), fromlen);
		break;
	case 3:
	case 4:
		n = ret(r, recvmsg(fd, m, flags));
		if (n >= 0)
			put_control(r, m);
		break;
	case 5:
		n = ret(r, readv(fd, m->msg_iov, m->msg_iovlen));
		break;
	case 6:
		/* the second message has a place of its own */
		mm[1].msg_hdr.msg_iov = &(struct iovec){ buf + 32768, 100 };
		mm[1].msg_hdr.msg_iovlen = 1;
		memset(buf + 32768, 0xee, 100);
		n = ret(r, recvmmsg(fd, mm, 2, flags, NULL));
		if (n > 0) {
			put(r, L_LEN, mm[0].msg_len);
			put_control(r, m);
		}
		if (n > 1) {
			put(r, L_LEN, mm[1].msg_len);
			put(r, L_DATA, hash(buf + 32768, 100));
		}
		n = n > 0 ? (long)mm[0].msg_len : -1;
		break;
	}
	if (n >= 0 && to == buf)
		put_data(r, n, len);
}

/* Reads of one size until nothing comes. */
OP(drain)
{
	int fd = NEED(r, st->s), len = st->arg[0] ?: 1, i;
	long n = 1;

	SAY(r, "recv(s%d, %d bytes) until it fails", st->s, len);
	for (i = 0; i < 40 && n > 0; i++) {
		memset(buf, 0xee, len + 16);
		n = ret(r, recv(fd, buf, len, 0));
		if (n > 0)
			put_data(r, n, len);
	}
}

/* A blocking read that need not wait. */
OP(wait)
{
	int fd = NEED(r, st->s), len = st->arg[0], there = 0, fl, off = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLRDHUP };
	long n;

	if (poll(&p, 1, 0) != 1 || ioctl(fd, FIONREAD, &there))
		return;
	if (!(p.revents & (POLLERR | POLLHUP | POLLRDHUP)) && there < (len ?: 1))
		return;
	SAY(r, "recv(s%d, %d bytes, %#x), blocking", st->s, len, st->arg[1]);
	fl = fcntl(fd, F_GETFL);
	if (st->arg[2])
		ret(r, ioctl(fd, FIONBIO, &off));
	else
		ret(r, fcntl(fd, F_SETFL, fl & ~O_NONBLOCK));
	put(r, L_FLAGS, fcntl(fd, F_GETFL));
	/* the mark may stop it short of its target */
	memset(buf, 0xee, len + 16);
	n = ret(r, recv(fd, buf, len, st->arg[1] & ~MSG_WAITALL));
	if (n >= 0)
		put_data(r, n, len);
	ret(r, fcntl(fd, F_SETFL, fl));
}

/* Empties a pipe; the bytes are what a splice moved. */
static void put_pipe(struct run *r, int fd)
{
	long n = read(fd, buf, sizeof(buf));

	put(r, L_LEN, n < 0 ? 0 : n);
	if (n > 0)
		put(r, L_DATA, hash(buf, n));
}

/*
 * How much one splice moves depends on how the bytes lie in the queue; that it
 * moves some, and what all of them are, does not.
 */
OP(splice_out)
{
	int fd = NEED(r, st->s), len = st->arg[0], odd = st->arg[2], i;
	unsigned int flags = st->arg[1];
	long n = 0, all = 0;
	loff_t off = 0;

	SAY(r, "splice(s%d, pipe, %d bytes, %#x%s)", st->s, len, flags,
	    odd == 1 ? ", with an offset" : odd == 2 ? ", into a file" : "");
	if (odd) {
		ret(r, splice(fd, odd == 1 ? &off : NULL, odd == 2 ? data_fd : pipes[0][1], NULL,
			      len, flags));
		return;
	}
	for (i = 0; i < 64 && (!i || all < len); i++) {
		n = splice(fd, NULL, pipes[0][1], NULL, len - all, flags | SPLICE_F_NONBLOCK);
		if (n <= 0)
			break;
		all += n;
	}
	ret(r, all ?: n);
	if (all && st->arg[1] & 4)
		if (ret(r, tee(pipes[0][0], pipes[1][1], all, SPLICE_F_NONBLOCK)) > 0)
			put_pipe(r, pipes[1][0]);
	put_pipe(r, pipes[0][0]);
}

OP(splice_in)
{
	int fd = NEED(r, st->s), len = within(r, st->s, st->arg[0]);
	unsigned int flags = st->arg[1];
	loff_t off = 0;
	long n;

	if (len < 0)
		return;
	SAY(r, "splice(pipe, s%d, %d bytes, %#x%s)", st->s, len, flags,
	    st->arg[2] ? ", with an offset" : "");
	pattern(r, len);
	if (len && write(pipes[0][1], buf, len) != len)
		FAIL("the pipe is full");
	n = ret(r, splice(pipes[0][0], NULL, fd, st->arg[2] ? &off : NULL, len ?: 1,
			  flags | SPLICE_F_NONBLOCK));
	sent(r, st->s, n);
	put_pipe(r, pipes[0][0]);
	if (n > 0 && flags & SPLICE_F_MORE)
		no_more(r, st->s);
}

OP(sendfile)
{
	static const long from[] = { 0, 65530, 100000, -1 };
	int fd = NEED(r, st->s), len = within(r, st->s, st->arg[0]);
	off_t off = st->arg[1] ? from[st->arg[1]] : r->at * 16;
	long n;

	if (len < 0)
		return;
	SAY(r, "sendfile(s%d, file from %ld, %d bytes)", st->s, (long)off, len);
	n = ret(r, sendfile(fd, data_fd, &off, len));
	put(r, L_VAL, off);
	sent(r, st->s, n);
	/* before 6.5 the end of a file does not end MSG_MORE */
	if (n > 0 && n < len)
		no_more(r, st->s);
}
