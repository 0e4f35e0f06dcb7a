// SPDX-License-Identifier: GPL-2.0
/* sendmsg and recvmsg: control messages, names, flags, vectors and many at once. */
#include "wire.h"

#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

static struct pair q;

static void begin(void)
{
	ns_new();
	q = pair_lo();
}

/* sendmsg of one byte with a control message; its errno. */
static int send_control(int fd, int level, int type, const void *data, int len, size_t cmsg_len)
{
	char ctl[CMSG_SPACE(64)] __attribute__((aligned(8))) = "";
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl,
		.msg_controllen = CMSG_SPACE(len),
	};
	struct cmsghdr *c = (void *)ctl;

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = cmsg_len ? cmsg_len : CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	if (sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
		return 0;
	return errno;
}

#define INT(level, type, val) \
	({ \
		int v_ = (val); \
		send_control(q.c, level, type, &v_, 4, 0); \
	})

#define STREAM_TIMESTAMPING	37	/* SO_TIMESTAMPING_OLD, in whatever headers */
#define STREAM_TXTIME		61

static void control_sent(void)
{
	struct { int clock, flags; } tx = { CLOCK_MONOTONIC, 0 };
	struct ucred cred = { getpid(), getuid(), getgid() };
	struct in_pktinfo info = { };
	uint64_t when = 1;
	int taken = 0, fd;

	begin();
	/* What is known, and what belongs to other levels. */
	ASSERT_EQ(INT(SOL_SOCKET, SO_MARK, 0), 0);
	ASSERT_EQ(INT(SOL_SOCKET, STREAM_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE), 0);
	ASSERT_EQ(INT(SOL_IP, IP_TTL, 3), 0);
	ASSERT_EQ(INT(SOL_IP, IP_TTL, 99999), 0);
	ASSERT_EQ(INT(SOL_IP, IP_TOS, 8), 0);
	ASSERT_EQ(send_control(q.c, SOL_IP, IP_PKTINFO, &info, sizeof(info), 0), 0);
	ASSERT_EQ(INT(SOL_TCP, TCP_NODELAY, 1), 0);
	ASSERT_EQ(INT(IPPROTO_UDP, 103, 1), 0);
	ASSERT_EQ(INT(12345, 1, 1), 0);
	fd = 0;
	ASSERT_EQ(send_control(q.c, SOL_SOCKET, SCM_RIGHTS, &fd, 4, 0), 0);
	ASSERT_EQ(send_control(q.c, SOL_SOCKET, SCM_CREDENTIALS, &cred, sizeof(cred), 0), 0);
	taken = 11;
	/* What is not, or is not right. */
	ASSERT_EQ(INT(SOL_SOCKET, SO_KEEPALIVE, 1), EINVAL);
	ASSERT_EQ(INT(SOL_SOCKET, 12345, 1), EINVAL);
	ASSERT_EQ(INT(SOL_SOCKET, STREAM_TIMESTAMPING, SOF_TIMESTAMPING_OPT_ID), EINVAL);
	ASSERT_EQ(INT(SOL_SOCKET, STREAM_TIMESTAMPING, -1), EINVAL);
	ASSERT_EQ(send_control(q.c, SOL_SOCKET, SO_MARK, "abc", 3, 0), EINVAL);
	ASSERT_EQ(send_control(q.c, SOL_SOCKET, SO_MARK, "abcdefgh", 8, 0), EINVAL);
	ASSERT_EQ(send_control(q.c, SOL_IP, IP_TTL, "abcd", 4, 3), EINVAL);
	ASSERT_EQ(send_control(q.c, SOL_IP, IP_TTL, "abcd", 4, 4000), EINVAL);
	/* A time to send needs the option; a stream takes no notice. */
	ASSERT_EQ(send_control(q.c, SOL_SOCKET, STREAM_TXTIME, &when, 8, 0), EINVAL);
	OK(setsockopt(q.c, SOL_SOCKET, STREAM_TXTIME, &tx, sizeof(tx)));
	ASSERT_EQ(send_control(q.c, SOL_SOCKET, STREAM_TXTIME, &when, 8, 0), 0);
	ASSERT_EQ(send_control(q.c, SOL_SOCKET, STREAM_TXTIME, &when, 4, 0), EINVAL);
	taken++;
	UNTIL(sk_inq(q.s) == taken);
}

/* SO_MARK is for the privileged; older streams say EINVAL all the same. */
static void control_privilege(void)
{
	int err;

	begin();
	OK(setuid(65534));
	err = INT(SOL_SOCKET, SO_MARK, 1);
	ASSERT(err == EINVAL || err == EPERM);	/* 6.18 */
	ASSERT_EQ(INT(SOL_SOCKET, STREAM_TIMESTAMPING, 0), 0);
}

/* Which error comes first. */
static void control_and_errors(void)
{
	char big[CMSG_SPACE(4)] = "";
	struct msghdr m = { .msg_control = big, .msg_controllen = 1 << 30 };

	begin();
	ASSERT_ERR(sendmsg(q.c, &m, 0), ENOBUFS);
	m.msg_controllen = 4;		/* less than a header: none */
	ASSERT_EQ(sendmsg(q.c, &m, 0), 0);
	OK(shutdown(q.c, SHUT_WR));
	ASSERT_EQ(INT(SOL_SOCKET, 12345, 1), EPIPE);
	close(q.c);
	q.c = sk_new();
	ASSERT_EQ(INT(SOL_SOCKET, 12345, 1), EPIPE);
}

/* A stream tells no name, whatever room there is. */
static void names(void)
{
	struct sockaddr_in a, want;
	socklen_t len = sizeof(a);
	char buf[8];
	struct iovec iov = { .iov_base = buf, .iov_len = 2 };
	struct msghdr m = {
		.msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = &iov, .msg_iovlen = 1,
		.msg_flags = -1,
	};

	begin();
	memset(&a, 0x55, sizeof(a));
	want = a;
	send_str(q.c, "abcdefgh");
	UNTIL(sk_inq(q.s) == 8);
	ASSERT_EQ(recvfrom(q.s, buf, 2, 0, (void *)&a, &len), 2);
	ASSERT_EQ(len, 0);
	ASSERT(!memcmp(&a, &want, sizeof(a)));
	ASSERT_EQ(recvmsg(q.s, &m, 0), 2);
	ASSERT_EQ(m.msg_namelen, 0);
	ASSERT_EQ(m.msg_flags, 0);
	ASSERT_EQ(m.msg_controllen, 0);
	/* a name that cannot be one is looked at all the same */
	len = -1;
	ASSERT_ERR(recvfrom(q.s, buf, 2, 0, (void *)&a, &len), EINVAL);
	m.msg_namelen = -1;
	ASSERT_ERR(recvmsg(q.s, &m, 0), EINVAL);
	ASSERT_ERR(recvfrom(q.s, buf, 2, MSG_DONTWAIT, (void *)&a, NULL), EFAULT);
	ASSERT_ERR(sendto(q.c, "x", 1, 0, (void *)&a, 1000), EINVAL);
	ASSERT_ERR(sendto(q.c, "x", 1, 0, (void *)8, 16), EFAULT);
	ASSERT_EQ(sendto(q.c, "x", 1, 0, (void *)&a, 0), 1);
}

static void flags_back(void)
{
	char buf[8], ctl[64];
	struct iovec iov = { .iov_base = buf, .iov_len = 2 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = 64,
	};

	begin();
	send_str(q.c, "abcdefgh");
	ASSERT_EQ(send(q.c, "ij", 2, MSG_EOR), 2);
	UNTIL(sk_inq(q.s) == 10);
	ASSERT_EQ(recvmsg(q.s, &m, MSG_CMSG_CLOEXEC), 2);
	ASSERT_EQ(m.msg_flags, MSG_CMSG_CLOEXEC);
	ASSERT_EQ(m.msg_controllen, 0);
	ASSERT_EQ(recvmsg(q.s, &m, MSG_TRUNC), 2);
	ASSERT_EQ(m.msg_flags & ~MSG_CMSG_CLOEXEC, 0);
	iov.iov_len = 6;
	/* the end of a record means nothing to who reads */
	ASSERT_EQ(recvmsg(q.s, &m, MSG_WAITALL), 6);
	ASSERT_EQ(m.msg_flags, 0);
	ASSERT_ERR(recvmsg(q.s, &m, MSG_ERRQUEUE), EAGAIN);
	ASSERT_EQ(send(q.c, "klm", 3, MSG_OOB), 3);
	ev_need(q.s, POLLPRI);
	ASSERT_EQ(recvmsg(q.s, &m, MSG_OOB), 1);
	ASSERT_EQ(m.msg_flags, MSG_OOB);
	/* flags that nobody knows are nobody's business */
	ASSERT_EQ(send(q.c, "n", 1, MSG_DONTROUTE | MSG_CONFIRM | MSG_RST | MSG_SYN), 1);
}

/* MSG_EOR: what follows is not joined to it, though it may have to wait. */
static void records(void)
{
	struct peer p;
	int fd, n;

	peer_init(&p, peer_net(), 4000, 8080);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, 8080, 4));
	sk_set(fd, SOL_TCP, TCP_CORK, 1);
	ASSERT_EQ(send(fd, "abc", 3, MSG_EOR), 3);
	ASSERT_EQ(send(fd, "defg", 4, 0), 4);
	sk_set(fd, SOL_TCP, TCP_CORK, 0);
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 3);
	/* a runt waits for the ACK of another */
	OK(ioctl(fd, SIOCOUTQNSD, &n));
	ASSERT_EQ(n, 4);
	peer_ack(&p);
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 4);
	peer_ack(&p);
	/* of a message that was corked by MSG_MORE before */
	ASSERT_EQ(send(fd, "h", 1, MSG_MORE), 1);
	ASSERT_EQ(send(fd, "ij", 2, MSG_MORE | MSG_EOR), 2);
	ASSERT_EQ(send(fd, "klmn", 4, MSG_MORE), 4);
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 3);
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 4);
	peer_ack(&p);
}

/* A read of nothing waits until there is something, and takes none of it. */
static void nothing(void)
{
	struct msghdr m = { };
	char buf[4];
	pid_t pid;
	int st;

	begin();
	ASSERT_ERR(recv(q.s, buf, 0, MSG_DONTWAIT), EAGAIN);
	ASSERT_ERR(recvmsg(q.s, &m, MSG_DONTWAIT), EAGAIN);
	ASSERT_ERR(recv(q.s, buf, 0, MSG_DONTWAIT | MSG_PEEK), EAGAIN);
	ASSERT_ERR(recv(q.l, buf, 0, MSG_DONTWAIT), ENOTCONN);
	ASSERT_EQ(read(q.s, buf, 0), 0);	/* which the file system knows */
	ASSERT_EQ(send(q.c, buf, 0, 0), 0);
	ASSERT_EQ(sendmsg(q.c, &m, 0), 0);
	pid = fork();
	if (!pid) {
		rest(50);
		send_str(q.c, "abc");
		_exit(0);
	}
	ASSERT_EQ(recv(q.s, buf, 0, 0), 0);
	ASSERT_EQ(sk_inq(q.s), 3);
	ASSERT_EQ(recv(q.s, buf, 0, MSG_DONTWAIT), 0);
	ASSERT_EQ(recv(q.s, NULL, 0, MSG_WAITALL), 0);
	ASSERT_EQ(sk_inq(q.s), 3);
	recv_str(q.s, "abc");
	OK(waitpid(pid, &st, 0));
	close(q.c);
	ev_need(q.s, POLLRDHUP);
	ASSERT_EQ(recv(q.s, buf, 0, MSG_DONTWAIT), 0);
}

/* IP_PKTOPTIONS: what IP said of the segment that completed the connection. */
static void ask_packet(int fd, uint32_t addr, int ttl, int tos)
{
	char ctl[256];
	struct msghdr m = { .msg_control = ctl };
	socklen_t len = sizeof(ctl);
	struct in_pktinfo pi;
	struct cmsghdr *c;
	int n = 0;

	OK(getsockopt(fd, SOL_IP, IP_PKTOPTIONS, ctl, &len));
	m.msg_controllen = len;
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		ASSERT_EQ(c->cmsg_level, SOL_IP);
		switch (c->cmsg_type) {
		case IP_PKTINFO:
			memcpy(&pi, CMSG_DATA(c), sizeof(pi));
			ASSERT_EQ(pi.ipi_addr.s_addr, htonl(addr));
			ASSERT_EQ(pi.ipi_spec_dst.s_addr, htonl(addr));
			ASSERT_GE(pi.ipi_ifindex, 1);
			n |= 1;
			break;
		case IP_TTL:
			ASSERT_EQ(*(int *)CMSG_DATA(c), ttl);
			n |= 2;
			break;
		case IP_TOS:
			ASSERT_EQ(*(int *)CMSG_DATA(c), tos);
			n |= 4;
			break;
		}
	}
	ASSERT_EQ(n, 7);
}

/*
 * IP's control messages are not for streams, but the connection's can be asked
 * for. In IPv4's layout: IPV6_2292PKTOPTIONS has another.
 */
static void packet_options(void)
{
	static const int opts[] = { IP_PKTINFO, IP_RECVTTL, IP_RECVTOS };
	char buf[8], ctl[256];
	struct iovec iov = { .iov_base = buf, .iov_len = 4 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl),
	};
	socklen_t len = sizeof(ctl);
	unsigned int i;
	struct peer p;
	int fd, l;

	peer_init(&p, peer_net(), 4000, 8080);
	l = sk_listen(INADDR_ANY, 8080, 4);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	/* the ACK tells, not the SYN */
	p.tos = 0x20;
	peer_ack(&p);
	fd = sk_accept(l);
	OK(getsockopt(fd, SOL_IP, IP_PKTOPTIONS, ctl, &len));
	ASSERT_EQ(len, 0);
	for (i = 0; i < ARRAY_SIZE(opts); i++) {
		sk_set(fd, SOL_IP, opts[i], 1);
		ASSERT_EQ(sk_get(fd, SOL_IP, opts[i]), 1);
	}
	p.tos = 0x40;
	peer_str(&p, "abcd");
	ev_need(fd, POLLIN);
	ASSERT_EQ(recvmsg(fd, &m, 0), 4);
	ASSERT_EQ(m.msg_controllen, 0);
	ask_packet(fd, TUN_K, 64, 0x20);
	len = 4;
	OK(getsockopt(fd, SOL_IP, IP_PKTOPTIONS, ctl, &len));
}

/* ---- many at once ---- */

static struct mmsghdr mm[1100];
static struct iovec iovs[1100];
static char bufs[1100];

static void fill_mm(int n)
{
	int i;

	memset(mm, 0, sizeof(mm));
	for (i = 0; i < n; i++) {
		bufs[i] = 'a' + i % 26;
		iovs[i].iov_base = bufs + i;
		iovs[i].iov_len = 1;
		mm[i].msg_hdr.msg_iov = iovs + i;
		mm[i].msg_hdr.msg_iovlen = 1;
	}
}

static void many_sent(void)
{
	begin();
	fill_mm(1100);
	ASSERT_EQ(sendmmsg(q.c, mm, 0, 0), 0);
	ASSERT_EQ(sendmmsg(q.c, mm, 3, 0), 3);
	ASSERT_EQ(mm[2].msg_len, 1);
	recv_str(q.s, "abc");
	/* at most UIO_MAXIOV */
	ASSERT_EQ(sendmmsg(q.c, mm, 1100, 0), 1024);
	UNTIL(sk_inq(q.s) == 1024);
	/* a bad one ends it; what went before counts */
	iovs[2].iov_base = NULL;
	ASSERT_EQ(sendmmsg(q.c, mm, 5, 0), 2);
	ASSERT_ERR(sendmmsg(q.c, mm + 2, 3, 0), EFAULT);
	OK(shutdown(q.c, SHUT_WR));
	ASSERT_ERR(sendmmsg(q.c, mm, 2, MSG_NOSIGNAL), EPIPE);
	ASSERT_ERR(sendmmsg(q.c, NULL, 2, 0), EFAULT);
	ASSERT_ERR(sendmmsg(-1, mm, 2, 0), EBADF);
}

static void many_got(void)
{
	struct timespec ts = { .tv_nsec = 100000000 };
	double t0;
	int i;

	begin();
	fill_mm(10);
	ASSERT_ERR(recvmmsg(q.s, mm, 10, MSG_DONTWAIT, NULL), EAGAIN);
	send_str(q.c, "xyz");
	UNTIL(sk_inq(q.s) == 3);
	/* one a message, as each has room for one byte */
	ASSERT_EQ(recvmmsg(q.s, mm, 10, MSG_WAITFORONE, NULL), 3);
	ASSERT(!memcmp(bufs, "xyz", 3));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(mm[i].msg_len, 1);
	send_str(q.c, "xyz");
	UNTIL(sk_inq(q.s) == 3);
	ASSERT_EQ(recvmmsg(q.s, mm, 2, 0, NULL), 2);
	recv_str(q.s, "z");
	/* the timeout is looked at after each message only */
	send_str(q.c, "uvw");
	UNTIL(sk_inq(q.s) == 3);
	ts.tv_nsec = 0;
	ASSERT_EQ(recvmmsg(q.s, mm, 10, 0, &ts), 1);
	ts.tv_nsec = 1000000000;
	ASSERT_ERR(recvmmsg(q.s, mm, 10, 0, &ts), EINVAL);
	ts.tv_sec = 10;
	ts.tv_nsec = 0;
	ASSERT_EQ(recvmmsg(q.s, mm, 2, 0, &ts), 2);
	ASSERT_LE(ts.tv_sec, 10);
	/* at the end every message is read, and empty */
	send_str(q.c, "q");
	close(q.c);
	ev_need(q.s, POLLRDHUP);
	t0 = now();
	ASSERT_EQ(recvmmsg(q.s, mm, 4, MSG_WAITFORONE, NULL), 4);
	ASSERT_EQ(mm[0].msg_len, 1);
	ASSERT_EQ(mm[1].msg_len, 0);
	ASSERT_LT(now() - t0, WAIT_MS / 1000.0);
}

/* An error after some messages is kept for the next call. */
static void many_and_error(void)
{
	begin();
	fill_mm(10);
	send_str(q.s, "unread");
	send_str(q.c, "ab");
	ev_need(q.c, POLLIN);
	UNTIL(sk_inq(q.s) == 2);
	/* the reset comes when the data has been read: it ends the call */
	iovs[1].iov_base = NULL;
	ASSERT_EQ(recvmmsg(q.s, mm, 4, MSG_DONTWAIT, NULL), 1);
	ASSERT_EQ(sk_error(q.s), EFAULT);
	iovs[1].iov_base = bufs + 1;
	ASSERT_EQ(recvmmsg(q.s, mm, 4, MSG_DONTWAIT, NULL), 1);
	/* EAGAIN is none to keep */
	ASSERT_EQ(sk_error(q.s), 0);
	close(q.c);
	UNTIL(ev_now(q.s, POLLIN) & POLLERR);
	ASSERT_ERR(recvmmsg(q.s, mm, 4, MSG_DONTWAIT, NULL), ECONNRESET);
	ASSERT_EQ(recvmmsg(q.s, mm, 2, MSG_DONTWAIT, NULL), 2);
}

/* ---- vectors ---- */

static void vectors(void)
{
	struct msghdr m = { .msg_iov = iovs };
	char buf[1024];
	int i;

	begin();
	fill_mm(1100);
	ASSERT_EQ(writev(q.c, iovs, 1024), 1024);
	UNTIL(sk_inq(q.s) == 1024);
	recv_all(q.s, buf, 1024);
	for (i = 0; i < 1024; i++)
		ASSERT_EQ(buf[i], 'a' + i % 26);
	ASSERT_ERR(writev(q.c, iovs, 1025), EINVAL);
	m.msg_iovlen = 1024;
	ASSERT_EQ(sendmsg(q.c, &m, 0), 1024);
	UNTIL(sk_inq(q.s) == 1024);
	memset(bufs, 0, sizeof(bufs));
	ASSERT_EQ(recvmsg(q.s, &m, 0), 1024);
	for (i = 0; i < 1024; i++)
		ASSERT_EQ(bufs[i], 'a' + i % 26);
	m.msg_iovlen = 1025;
	ASSERT_ERR(sendmsg(q.c, &m, 0), EMSGSIZE);
	ASSERT_ERR(recvmsg(q.s, &m, MSG_DONTWAIT), EMSGSIZE);
	/* nothing in many pieces */
	for (i = 0; i < 10; i++)
		iovs[i].iov_len = 0;
	ASSERT_EQ(writev(q.c, iovs, 10), 0);
	ASSERT_EQ(writev(q.c, iovs, 0), 0);
	/* and around something */
	iovs[4].iov_len = 1;
	bufs[4] = '!';
	ASSERT_EQ(writev(q.c, iovs, 10), 1);
	UNTIL(sk_inq(q.s) == 1);
	bufs[4] = 0;
	ASSERT_EQ(readv(q.s, iovs, 10), 1);
	ASSERT_EQ(bufs[4], '!');
	/* lengths that make no sum */
	iovs[3].iov_len = -1;
	ASSERT_ERR(writev(q.c, iovs, 10), EINVAL);
	/* a stream has no places */
	ASSERT_ERR(preadv(q.s, iovs + 4, 1, 0), ESPIPE);
	ASSERT_ERR(pwritev(q.c, iovs + 4, 1, 0), ESPIPE);
	ASSERT_ERR(pread(q.s, buf, 1, 0), ESPIPE);
	ASSERT_ERR(pwrite(q.c, buf, 1, 0), ESPIPE);
	ASSERT_ERR(lseek(q.s, 0, SEEK_SET), ESPIPE);
	ASSERT_EQ(pwritev2(q.c, iovs + 4, 1, -1, 0), 1);
	UNTIL(sk_inq(q.s) == 1);
	ASSERT_EQ(preadv2(q.s, iovs + 4, 1, -1, 0), 1);
}

/* Memory that ends in the middle of a vector: what came before it moves, or nothing. */
static void bad_vector(void)
{
	struct iovec v[3];
	char buf[64];
	long page = sysconf(_SC_PAGESIZE);
	char *m = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t n;

	begin();
	ASSERT(m != MAP_FAILED);
	OK(munmap(m + page, page));
	v[0] = (struct iovec) { "good", 4 };
	v[1] = (struct iovec) { m + page, 10 };
	v[2] = (struct iovec) { "more", 4 };
	ASSERT_EQ(writev(q.c, v, 3), -1);
	ASSERT_EQ(errno, EFAULT);
	send_str(q.c, "abcdefgh");
	UNTIL(sk_inq(q.s) == 8);
	/* a read gives what it copied and loses nothing of the rest */
	v[0] = (struct iovec) { buf, 4 };
	ASSERT_ERR(readv(q.s, v, 2), EFAULT);
	ASSERT_EQ(sk_inq(q.s), 8);
	recv_str(q.s, "abcdefgh");
	/* segment by segment, what was copied whole counts */
	sk_set(q.c, SOL_TCP, TCP_NODELAY, 1);
	{
		static char text[60000], got[60000];

		send_all(q.c, text, sizeof(text));
		UNTIL(sk_inq(q.s) == sizeof(text));
		v[0] = (struct iovec) { got, sizeof(text) - 1 };
		n = readv(q.s, v, 2);
		ASSERT(n == -1 ? errno == EFAULT : n < (ssize_t)sizeof(text));
		if (n < 0)
			n = 0;
		ASSERT_EQ(sk_inq(q.s), (int)sizeof(text) - n);
		recv_all(q.s, got, sizeof(text) - n);
	}
}

static const struct rt_test tests[] = {
	{ "control_sent", "SO-14 C87", control_sent, 0, 0 },
	{ "control_privilege", "SO-6", control_privilege, 0, 0 },
	{ "control_and_errors", "ER-4 ER-6", control_and_errors, 0, 0 },
	{ "names", "C83 C87", names, 0, 0 },
	{ "flags_back", "C83 RX-4", flags_back, 0, 0 },
	{ "records", "TX-5", records, 0, 0 },
	{ "nothing", "RX-10 TX-4", nothing, 0, 0 },
	{ "packet_options", "MAY-9", packet_options, T_IPV4, 0 },
	{ "many_sent", "C84", many_sent, 0, 0 },
	{ "many_got", "C83", many_got, 0, 0 },
	{ "many_and_error", "C83 ER-2", many_and_error, 0, 0 },
	{ "vectors", "C84", vectors, 0, 0 },
	{ "bad_vector", "C87", bad_vector, 0, 0 },
};

RT_MAIN(tests)
