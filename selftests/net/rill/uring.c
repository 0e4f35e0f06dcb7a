// SPDX-License-Identifier: GPL-2.0
/*
 * Socket calls through io_uring.  Like same.c, the cases record what they see
 * and --proto each compares it with TCP.
 */
#include "rt.h"

#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PORT	8080
#define ENTRIES	64

/* A ring, set up by hand: submission and completion queue of the kernel. */
static struct {
	int fd;
	unsigned int *sq_tail, *sq_mask, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	unsigned int pending;
} ring;

static struct pair q;

static void *ring_map(size_t len, off_t at)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, at);

	if (p == MAP_FAILED)
		FAIL("mmap of a ring");
	return p;
}

static void ring_new(void)
{
	struct io_uring_params par = { };
	unsigned int i, *array;
	char *sq, *cq;

	ring.fd = syscall(__NR_io_uring_setup, ENTRIES, &par);
	if (ring.fd < 0 && (errno == ENOSYS || errno == EPERM))
		t_skip("io_uring is not to be had here");
	OK(ring.fd);
	sq = ring_map(par.sq_off.array + ENTRIES * sizeof(*array), IORING_OFF_SQ_RING);
	cq = ring_map(par.cq_off.cqes + par.cq_entries * sizeof(*ring.cqe), IORING_OFF_CQ_RING);
	ring.sqe = ring_map(ENTRIES * sizeof(*ring.sqe), IORING_OFF_SQES);
	ring.sq_tail = (void *)(sq + par.sq_off.tail);
	ring.sq_mask = (void *)(sq + par.sq_off.ring_mask);
	ring.cq_head = (void *)(cq + par.cq_off.head);
	ring.cq_tail = (void *)(cq + par.cq_off.tail);
	ring.cq_mask = (void *)(cq + par.cq_off.ring_mask);
	ring.cqe = (void *)(cq + par.cq_off.cqes);
	array = (void *)(sq + par.sq_off.array);
	for (i = 0; i < ENTRIES; i++)
		array[i] = i;
}

static void connected(void)
{
	ns_new();
	q = pair_lo();
	ring_new();
}

/* The next entry, filled with what every operation has; tag comes back. */
static struct io_uring_sqe *prep(int op, int fd, const void *addr, unsigned int len, int tag)
{
	unsigned int tail = *ring.sq_tail;
	struct io_uring_sqe *e = &ring.sqe[tail & *ring.sq_mask];

	memset(e, 0, sizeof(*e));
	e->opcode = op;
	e->fd = fd;
	e->addr = (unsigned long)addr;
	e->len = len;
	e->user_data = tag;
	__atomic_store_n(ring.sq_tail, tail + 1, __ATOMIC_RELEASE);
	ring.pending++;
	return e;
}

static void submit(void)
{
	unsigned int n = ring.pending;

	ring.pending = 0;
	ASSERT_EQ(OK(syscall(__NR_io_uring_enter, ring.fd, n, 0, 0, NULL, 0)), n);
}

/* The next completion, within the patience of a test; false when there is none in ms. */
static bool completion(struct io_uring_cqe *c, int ms)
{
	unsigned int head = *ring.cq_head;
	struct pollfd p = { .fd = ring.fd, .events = POLLIN };

	while (head == __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE)) {
		/* what the kernel put off is done on the way in */
		syscall(__NR_io_uring_enter, ring.fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
		if (head != __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE))
			break;
		if (!poll(&p, 1, ms))
			return false;
	}
	*c = ring.cqe[head & *ring.cq_mask];
	__atomic_store_n(ring.cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

static void rec_result(const char *what, const struct io_uring_cqe *c)
{
	const char *more = c->flags & IORING_CQE_F_MORE ? ", more to come" : "";

	if (c->res < 0)
		rec("%s: %s%s", what, strerrorname_np(-c->res), more);
	else
		rec("%s: %d%s", what, c->res, more);
}

/* Wait for the completion with this tag, the only one that may come. */
static int done(const char *what, int tag)
{
	struct io_uring_cqe c;

	if (!completion(&c, WAIT_MS))
		FAIL("%s does not complete", what);
	ASSERT_EQ(c.user_data, tag);
	rec_result(what, &c);
	return c.res;
}

static void none_yet(void)
{
	struct io_uring_cqe c;

	ASSERT(!completion(&c, 30));
}

static int now_op(const char *what, int op, int fd, const void *buf, unsigned int len, int flags)
{
	prep(op, fd, buf, len, 1)->msg_flags = flags;
	submit();
	return done(what, 1);
}

/* Bytes that are there, and every flag. */
static void send_recv(void)
{
	static const int flags[] = {
		0, MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL, MSG_TRUNC, MSG_OOB, MSG_ERRQUEUE,
	};
	struct iovec v[2];
	char buf[16];
	size_t i;

	connected();
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		now_op("send", IORING_OP_SEND, q.c, "abcdef", 6, MSG_NOSIGNAL);
		UNTIL(sk_inq(q.s) == 6);
		memset(buf, 0, sizeof(buf));
		rec("flags %x", flags[i]);
		now_op("recv", IORING_OP_RECV, q.s, buf, 4, flags[i]);
		rec("\"%.4s\"", flags[i] & MSG_TRUNC ? "" : buf);
		while (recv(q.s, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
	}
	v[0] = (struct iovec){ "12", 2 };
	v[1] = (struct iovec){ "3456", 4 };
	prep(IORING_OP_WRITEV, q.c, v, 2, 2);
	submit();
	done("writev", 2);
	UNTIL(sk_inq(q.s) == 6);
	v[0] = (struct iovec){ buf, 1 };
	v[1] = (struct iovec){ buf + 1, 15 };
	prep(IORING_OP_READV, q.s, v, 2, 3);
	submit();
	done("readv", 3);
	rec("\"%.6s\"", buf);
	now_op("write", IORING_OP_WRITE, q.c, "xyz", 3, 0);
	UNTIL(sk_inq(q.s) == 3);
	now_op("read", IORING_OP_READ, q.s, buf, 16, 0);
	rec("\"%.3s\"", buf);
	send_str(q.c, "kept");
	UNTIL(sk_inq(q.s) == 4);
	now_op("recv, bad buffer", IORING_OP_RECV, q.s, (void *)8, 4, 0);
	DO_READ(recv(q.s, buf, sizeof(buf), MSG_DONTWAIT), buf);
	now_op("send, bad buffer", IORING_OP_SEND, q.c, (void *)8, 4, 0);
	now_op("send, nothing", IORING_OP_SEND, q.c, "", 0, 0);
}

/* A message each way, with the control message of TCP_INQ. */
static void messages(void)
{
	char in[32] = "", control[64];
	struct iovec ov = { "message", 7 }, iv = { in, 4 };
	struct msghdr out = { .msg_iov = &ov, .msg_iovlen = 1 };
	struct msghdr msg = {
		.msg_iov = &iv, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;

	connected();
	sk_set(q.s, SOL_TCP, TCP_INQ, 1);
	prep(IORING_OP_SENDMSG, q.c, &out, 1, 1);
	submit();
	done("sendmsg", 1);
	UNTIL(sk_inq(q.s) == 7);
	prep(IORING_OP_RECVMSG, q.s, &msg, 1, 2);
	submit();
	done("recvmsg", 2);
	rec("\"%s\", flags %x, control %zu", in, msg.msg_flags, msg.msg_controllen);
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		rec("level %d, type %d: %d", c->cmsg_level, c->cmsg_type, *(int *)CMSG_DATA(c));
}

/* What has to wait is woken by what comes. */
static void waits(void)
{
	char buf[16] = "";

	connected();
	prep(IORING_OP_RECV, q.s, buf, 16, 1);
	submit();
	none_yet();
	send_str(q.c, "late");
	done("recv", 1);
	rec("\"%s\"", buf);
	/* all of it, in two pieces */
	prep(IORING_OP_RECV, q.s, buf, 6, 2)->msg_flags = MSG_WAITALL;
	submit();
	send_str(q.c, "one");
	UNTIL(sk_outq(q.c) == 0);
	none_yet();
	send_str(q.c, "two");
	done("recv of all", 2);
	rec("\"%.6s\"", buf);
	/* the end of the stream */
	prep(IORING_OP_RECV, q.s, buf, 16, 3);
	submit();
	none_yet();
	shutdown(q.c, SHUT_WR);
	done("recv at the end", 3);
	/* and a reset */
	prep(IORING_OP_RECV, q.c, buf, 16, 4);
	submit();
	none_yet();
	sk_linger(q.s, 1, 0);
	close(q.s);
	done("recv of a reset", 4);
	now_op("send", IORING_OP_SEND, q.c, "x", 1, MSG_NOSIGNAL);
}

/* More than fits is sent as the reader makes room. */
static void big_send(void)
{
	static char out[4 << 20], in[4 << 20];
	size_t got = 0;
	ssize_t n;

	connected();
	fill(out, sizeof(out), 3);
	prep(IORING_OP_SEND, q.c, out, sizeof(out), 1)->msg_flags = MSG_WAITALL;
	submit();
	while (got < sizeof(in)) {
		ev_need(q.s, POLLIN);
		n = OK(recv(q.s, in + got, sizeof(in) - got, 0));
		ASSERT_GT(n, 0);
		got += n;
		/* the rest is sent by whoever enters the ring */
		syscall(__NR_io_uring_enter, ring.fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	}
	done("send", 1);
	ASSERT(!memcmp(in, out, sizeof(in)));
}

/* accept before there is something to accept, once and again; addresses. */
static void accepts(void)
{
	union rt_addr a = { };
	struct io_uring_cqe c;
	struct io_uring_sqe *e;
	socklen_t len = sizeof(a);
	int l, i, fd;

	ns_new();
	ring_new();
	l = sk_listen(IP_LO, PORT, 8);
	e = prep(IORING_OP_ACCEPT, l, &a, 0, 1);
	e->addr2 = (unsigned long)&len;
	e->accept_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
	submit();
	none_yet();
	sk_dial(IP_LO, PORT);
	ASSERT(completion(&c, WAIT_MS));
	fd = OK(c.res);
	rec_addr("peer", &a.sa, len);
	rec("flags %x %x", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
	prep(IORING_OP_ACCEPT, l, NULL, 0, 2)->ioprio = IORING_ACCEPT_MULTISHOT;
	submit();
	for (i = 0; i < 3; i++) {
		sk_dial(IP_LO, PORT);
		ASSERT(completion(&c, WAIT_MS));
		ASSERT_EQ(c.user_data, 2);
		rec("accepted %d, flags %x", c.res >= 0, c.flags);
	}
	/* the listener stops listening */
	OK(shutdown(l, SHUT_RD));
	done("accept", 2);
	now_op("accept on no listener", IORING_OP_ACCEPT, fd, NULL, 0, 0);
}

static int connect_op(const char *what, int fd, int port)
{
	union rt_addr a;
	socklen_t len = sa_of(&a, IP_LO, port);

	prep(IORING_OP_CONNECT, fd, &a, 0, 1)->off = len;
	submit();
	return done(what, 1);
}

static void connects(void)
{
	int fd;

	ns_new();
	ring_new();
	sk_listen(IP_LO, PORT, 8);
	fd = sk_new();
	connect_op("connect", fd, PORT);
	connect_op("once more", fd, PORT);
	rec("state %d", sk_state(fd));
	fd = sk_new();
	connect_op("refused", fd, PORT + 1);
	connect_op("then accepted", fd, PORT);
	fd = sk_new();
	sk_nonblock(fd, true);
	connect_op("refused, non-blocking", fd, PORT + 1);
}

static void polls(void)
{
	struct io_uring_cqe c;
	char buf[16];

	connected();
	prep(IORING_OP_POLL_ADD, q.s, NULL, 0, 1)->poll32_events = POLLIN | POLLOUT;
	submit();
	done("poll for in and out", 1);
	prep(IORING_OP_POLL_ADD, q.s, NULL, 0, 2)->poll32_events = POLLIN | POLLRDHUP | POLLPRI;
	submit();
	none_yet();
	send_str(q.c, "x");
	done("poll for in", 2);
	/* as often as there is something new */
	recv_all(q.s, buf, 1);
	prep(IORING_OP_POLL_ADD, q.s, NULL, IORING_POLL_ADD_MULTI, 3)->poll32_events =
		POLLIN | POLLRDHUP | POLLPRI;
	submit();
	none_yet();
	send_str(q.c, "y");
	done("multishot", 3);
	OK(send(q.c, "!", 1, MSG_OOB));
	ASSERT(completion(&c, WAIT_MS));
	ASSERT(c.res & POLLPRI);
	while (completion(&c, 30))
		;
	OK(shutdown(q.c, SHUT_WR));
	ASSERT(completion(&c, WAIT_MS));
	ASSERT(c.res & POLLRDHUP);
	while (completion(&c, 30))
		;
	prep(IORING_OP_POLL_REMOVE, -1, (void *)3, 0, 4);
	submit();
	ASSERT(completion(&c, WAIT_MS));
	rec_result("removed or its own end", &c);
}

/* Wait for the completions with tags 1 and 2, in any order. */
static void both(const char *what)
{
	struct io_uring_cqe c;
	int i, res[2] = { };

	for (i = 0; i < 2; i++) {
		ASSERT(completion(&c, WAIT_MS));
		ASSERT_LE(c.user_data - 1, 1);
		res[c.user_data - 1] = c.res;
	}
	rec("%s: %d and %d", what, res[0], res[1]);
}

/* A call that waits is taken back, or runs out of time. */
static void cancels(void)
{
	struct __kernel_timespec ts = { .tv_nsec = 50000000 };
	char buf[16] = "";

	connected();
	prep(IORING_OP_RECV, q.s, buf, 16, 1);
	submit();
	none_yet();
	prep(IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 2);
	submit();
	both("recv, cancel");
	prep(IORING_OP_RECV, q.s, buf, 16, 1)->flags = IOSQE_IO_LINK;
	prep(IORING_OP_LINK_TIMEOUT, -1, &ts, 1, 2);
	submit();
	both("recv, timeout");
	/* nothing is lost by that */
	send_str(q.c, "still");
	recv_str(q.s, "still");
}

/* A receive that goes on, into buffers that the ring picks. */
static void multishot_recv(void)
{
	static char bufs[4][8];
	struct io_uring_cqe c;
	struct io_uring_sqe *e;
	int i;

	connected();
	prep(IORING_OP_PROVIDE_BUFFERS, 4, bufs, sizeof(bufs[0]), 9)->buf_group = 7;
	submit();
	ASSERT(completion(&c, WAIT_MS));
	ASSERT_GE(c.res, 0);
	e = prep(IORING_OP_RECV, q.s, NULL, 0, 1);
	e->flags = IOSQE_BUFFER_SELECT;
	e->buf_group = 7;
	e->ioprio = IORING_RECV_MULTISHOT;
	submit();
	for (i = 0; i < 3; i++) {
		none_yet();
		OK(send(q.c, &"abcdef"[i], 2, 0));
		ASSERT(completion(&c, WAIT_MS));
		rec_result("recv", &c);
		if (c.res > 0)
			rec("\"%.*s\"", c.res, bufs[c.flags >> IORING_CQE_BUFFER_SHIFT]);
	}
	OK(shutdown(q.c, SHUT_WR));
	ASSERT(completion(&c, WAIT_MS));
	rec_result("recv at the end", &c);
}

static void shuts(void)
{
	char buf[16];

	connected();
	prep(IORING_OP_SHUTDOWN, q.c, NULL, SHUT_WR, 1);
	submit();
	done("shutdown", 1);
	recv_eof(q.s);
	now_op("send", IORING_OP_SEND, q.c, "x", 1, MSG_NOSIGNAL);
	prep(IORING_OP_RECV, q.c, buf, 16, 2);
	submit();
	none_yet();
	prep(IORING_OP_SHUTDOWN, q.c, NULL, SHUT_RD, 1);
	submit();
	both("shutdown, recv");
	prep(IORING_OP_SHUTDOWN, q.c, NULL, 7, 1);
	submit();
	done("shutdown, bad", 1);
	prep(IORING_OP_CLOSE, q.c, NULL, 0, 1);
	submit();
	done("close", 1);
}

static void splices(void)
{
	struct io_uring_sqe *e;
	char buf[16] = "";
	int fd[2];

	connected();
	OK(pipe(fd));
	OK(write(fd[1], "through", 7));
	e = prep(IORING_OP_SPLICE, q.c, NULL, 7, 1);
	e->splice_fd_in = fd[0];
	e->splice_off_in = -1;
	e->off = -1;
	submit();
	done("splice into the socket", 1);
	UNTIL(sk_inq(q.s) == 7);
	e = prep(IORING_OP_SPLICE, fd[1], NULL, 16, 2);
	e->splice_fd_in = q.s;
	e->splice_off_in = -1;
	e->off = -1;
	submit();
	done("splice out of the socket", 2);
	OK(read(fd[0], buf, sizeof(buf)));
	rec("\"%s\"", buf);
}

/* The buffer is read where it lies; a second completion gives it back. */
static void zero_copy(void)
{
	static char out[100000], in[100000];
	struct io_uring_cqe c;
	bool notified = false;
	int more;

	connected();
	fill(out, sizeof(out), 5);
	prep(IORING_OP_SEND_ZC, q.c, out, sizeof(out), 1)->msg_flags = MSG_WAITALL;
	submit();
	ASSERT(completion(&c, WAIT_MS));
	rec("send: %d, flags %x", c.res, c.flags);
	more = c.flags & IORING_CQE_F_MORE;
	if (c.res < 0)
		return;
	recv_all(q.s, in, sizeof(in));
	ASSERT(!memcmp(in, out, sizeof(in)));
	while (more && !notified) {
		ASSERT(completion(&c, WAIT_MS));
		notified = c.flags & IORING_CQE_F_NOTIF;
		rec("notification %d, flags %x", c.res, c.flags);
	}
}

static const struct rt_test tests[] = {
	{ "send_recv", "C83 C84 C87", send_recv, 0, 0 },
	{ "messages", "RX-8 C84", messages, 0, 0 },
	{ "waits", "C83 RX-3 ER-2 ER-4", waits, 0, 0 },
	{ "big_send", "C84 TX-1", big_send, 0, 0 },
	{ "accepts", "C16 C17 AC-1 SH-5", accepts, 0, 0 },
	{ "connects", "C13 CN-2 CN-4", connects, 0, 0 },
	{ "polls", "C82 PO-4 PO-5 PO-9", polls, 0, 0 },
	{ "cancels", "C85", cancels, 0, 0 },
	{ "multishot_recv", "C83", multishot_recv, 0, 0 },
	{ "shuts", "C24 SH-1 SH-2 ER-4", shuts, 0, 0 },
	{ "splices", "C84 SP-1", splices, 0, 0 },
	{ "zero_copy", "C84 ZC-2", zero_copy, 0, 0 },
};

RT_MAIN(tests)
