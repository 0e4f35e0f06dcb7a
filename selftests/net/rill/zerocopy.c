// SPDX-License-Identifier: GPL-2.0
/* MSG_ZEROCOPY: who may have it, when it completes, and what becomes of the pages. */
#include "wire.h"

#include <linux/errqueue.h>
#include <linux/io_uring.h>
#include <linux/rill.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define PAGES	16

static struct pair q;
static struct peer p;
static int fd;
static uint8_t *mem;		/* page-aligned, PAGES of it */
static long page;

/* Kernels before 6.7 serve SO_ZEROCOPY without asking the protocol. */
static void zc_on(int s)
{
	int one = 1;

	if (!setsockopt(s, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)))
		return;
	ASSERT_EQ(errno, EOPNOTSUPP);
	ASSERT(rt.proto != PROTO_TCP);
	sk_set(s, SOL_RILL, SO_ZEROCOPY, 1);
}

static void get_mem(void)
{
	page = sysconf(_SC_PAGESIZE);
	mem = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT(mem != MAP_FAILED);
	fill(mem, PAGES * page, 50);
}

static void begin(void)
{
	ns_new();
	q = pair_lo();
	zc_on(q.c);
	get_mem();
}

static void begin_peer(void)
{
	peer_init(&p, peer_net(), 4000, 0);
	fd = peer_dialled(&p);
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	zc_on(fd);
	get_mem();
}

#define zc_send(s, buf, len)	send(s, buf, len, MSG_ZEROCOPY)

/* The next completion: ids lo to hi, and its code. False when there is none. */
static bool completion(int s, uint32_t *lo, uint32_t *hi, uint8_t *code)
{
	const struct sock_extended_err *e;
	char ctl[128];
	struct msghdr m = { .msg_control = ctl, .msg_controllen = sizeof(ctl) };
	struct cmsghdr *c;

	if (recvmsg(s, &m, MSG_ERRQUEUE) < 0) {
		ASSERT_EQ(errno, EAGAIN);
		return false;
	}
	ASSERT(m.msg_flags & MSG_ERRQUEUE);
	c = CMSG_FIRSTHDR(&m);
	ASSERT(c);
	ASSERT_EQ(c->cmsg_level, rt.v6 ? SOL_IPV6 : SOL_IP);
	ASSERT_EQ(c->cmsg_type, rt.v6 ? IPV6_RECVERR : IP_RECVERR);
	e = (const void *)CMSG_DATA(c);
	ASSERT_EQ(e->ee_errno, 0);
	ASSERT_EQ(e->ee_origin, SO_EE_ORIGIN_ZEROCOPY);
	ASSERT_EQ(e->ee_type, 0);
	*lo = e->ee_info;
	*hi = e->ee_data;
	*code = e->ee_code;
	return true;
}

/* Ids from to n - 1 complete, each once, none else. Returns the last code. */
static int complete(int s, uint32_t from, uint32_t n)
{
	static uint8_t seen[4096];
	uint32_t lo, hi, left = n - from;
	uint8_t code = 0;

	ASSERT_LE(n, sizeof(seen));
	memset(seen, 0, sizeof(seen));
	while (left) {
		ev_need(s, POLLERR);
		if (!completion(s, &lo, &hi, &code))
			FAIL("POLLERR without a completion");
		ASSERT_LE(lo, hi);
		ASSERT_GE(lo, from);
		ASSERT_LT(hi, n);
		for (; lo <= hi; lo++) {
			ASSERT(!seen[lo]);
			seen[lo] = 1;
			left--;
		}
	}
	ASSERT(!completion(s, &lo, &hi, &code));
	return code;
}

static void nothing_completes(int s, int ms)
{
	uint32_t lo, hi;
	uint8_t code;

	ASSERT_EQ(ev_wait(s, 0, ms), 0);
	ASSERT(!completion(s, &lo, &hi, &code));
}

static void option(void)
{
	int level = SOL_SOCKET, v = 1, c;

	begin();
	ASSERT_EQ(sk_get(q.s, SOL_SOCKET, SO_ZEROCOPY), 0);
	ASSERT_EQ(sk_get(q.c, SOL_SOCKET, SO_ZEROCOPY), 1);
	if (setsockopt(q.c, SOL_SOCKET, SO_ZEROCOPY, &v, sizeof(v)))
		level = SOL_RILL;
	v = 2;
	ASSERT_ERR(setsockopt(q.c, level, SO_ZEROCOPY, &v, sizeof(v)), EINVAL);
	v = -1;
	ASSERT_ERR(setsockopt(q.c, level, SO_ZEROCOPY, &v, sizeof(v)), EINVAL);
	v = 0;
	ASSERT_ERR(setsockopt(q.c, level, SO_ZEROCOPY, &v, sizeof(v) - 1), EINVAL);
	ASSERT_ERR(setsockopt(q.c, level, SO_ZEROCOPY, NULL, sizeof(v)), EFAULT);
	ASSERT_EQ(sk_get(q.c, SOL_SOCKET, SO_ZEROCOPY), 1);
	OK(setsockopt(q.c, level, SO_ZEROCOPY, &v, sizeof(v)));
	ASSERT_EQ(sk_get(q.c, SOL_SOCKET, SO_ZEROCOPY), 0);
	/* What the listener has, its children get. */
	zc_on(q.l);
	c = sk_dial(IP_LO, sk_port(q.l));
	ASSERT_EQ(sk_get(sk_accept(q.l), SOL_SOCKET, SO_ZEROCOPY), 1);
	close(c);
	/* Other options find their way, on dialled and accepted sockets. */
	sk_set(q.s, SOL_SOCKET, SO_MARK, 7);
	ASSERT_EQ(sk_get(q.s, SOL_SOCKET, SO_MARK), 7);
	ASSERT_ERR(setsockopt(q.s, SOL_SOCKET, 12345, &v, sizeof(v)), ENOPROTOOPT);
}

/* Without the option the flag means nothing. */
static void not_asked_for(void)
{
	begin();
	ASSERT_EQ(zc_send(q.s, mem, 5000), 5000);
	memset(mem, 0, 5000);
	recv_all(q.c, mem + 5000, 5000);
	fill(mem, 5000, 50);
	ASSERT(!memcmp(mem, mem + 5000, 5000));
	UNTIL(!sk_outq(q.s));
	nothing_completes(q.s, 30);
	/* With the option, only what has the flag completes. */
	ASSERT_EQ(send(q.c, mem, 10, 0), 10);
	ASSERT_EQ(zc_send(q.c, mem, 0), 0);
	recv_all(q.s, mem, 10);
	UNTIL(!sk_outq(q.c));
	nothing_completes(q.c, 30);
}

/* Loopback cannot keep the pages: it copies, and says so. */
static void completes(void)
{
	static uint8_t got[3 * 7000];
	int i;

	begin();
	for (i = 0; i < 3; i++)
		ASSERT_EQ(zc_send(q.c, mem + 100 + i * 7000, 7000), 7000);
	recv_all(q.s, got, sizeof(got));
	ASSERT(!memcmp(got, mem + 100, sizeof(got)));
	ASSERT_EQ(complete(q.c, 0, 3), SO_EE_CODE_ZEROCOPY_COPIED);
	ASSERT_EQ(ev_now(q.c, POLLIN | POLLOUT), POLLOUT);
	ASSERT_EQ(sk_error(q.c), 0);
	/* What comes while nobody reads is told at once. */
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(zc_send(q.c, mem, 100), 100);
		recv_all(q.s, got, 100);
		UNTIL(!sk_outq(q.c));
	}
	{
		uint32_t lo, hi;
		uint8_t code;

		ev_need(q.c, POLLERR);
		ASSERT(completion(q.c, &lo, &hi, &code));
		ASSERT_EQ(lo, 3);
		ASSERT_EQ(hi, 22);
	}
}

/* Completions are no data: recv waits for those, the queue of errors never waits. */
static void edges(void)
{
	struct epoll_event ev = { .events = EPOLLET | EPOLLIN };
	int ep, i;

	begin();
	ep = OK(epoll_create1(0));
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, q.c, &ev));
	ASSERT_EQ(epoll_wait(ep, &ev, 1, 0), 0);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(zc_send(q.c, mem, 1000), 1000);
		recv_all(q.s, mem, 1000);
		ASSERT_EQ(epoll_wait(ep, &ev, 1, WAIT_MS), 1);
		ASSERT(ev.events & EPOLLERR);
		ASSERT_ERR(recv(q.c, mem, 1, MSG_DONTWAIT), EAGAIN);
		complete(q.c, i, i + 1);
		ASSERT_EQ(epoll_wait(ep, &ev, 1, 0), 0);
	}
}

/* A call that sends nothing uses up no number. */
static void failures(void)
{
	static uint8_t got[65536];
	size_t sent = 0;
	ssize_t n;
	int i = 0, idle = 0;
	uint8_t *hole;

	begin();
	sk_set(q.c, SOL_SOCKET, SO_SNDBUF, 40000);
	hole = mem + 8 * page;
	OK(munmap(hole, page));
	ASSERT_ERR(zc_send(q.c, hole, 10), EFAULT);
	ASSERT_ERR(zc_send(q.c, hole - 100, 200), EFAULT);
	ASSERT_ERR(zc_send(q.c, NULL, 1), EFAULT);
	while (idle < 20) {
		n = send(q.c, mem, 6 * page, MSG_ZEROCOPY | MSG_DONTWAIT);
		if (n > 0) {
			sent += n;
			i++;
			idle = 0;
			continue;
		}
		ASSERT_EQ(errno, EAGAIN);
		idle++;
		rest(10);
	}
	t_note("%d sends, %zu bytes", i, sent);
	ASSERT_EQ(ev_now(q.c, POLLOUT) & POLLOUT, 0);
	while (sent) {
		n = OK(recv(q.s, got, sizeof(got), 0));
		ASSERT_GT(n, 0);
		sent -= n;
	}
	complete(q.c, 0, i);
	ASSERT_EQ(zc_send(q.c, mem, 10), 10);
	recv_all(q.s, got, 10);
	complete(q.c, i, i + 1);
	/* Where nothing can be sent at all. */
	OK(shutdown(q.c, SHUT_WR));
	ASSERT_ERR(send(q.c, mem, 10, MSG_ZEROCOPY | MSG_NOSIGNAL), EPIPE);
	nothing_completes(q.c, 10);
	ASSERT_ERR(send(q.l, mem, 10, MSG_ZEROCOPY | MSG_NOSIGNAL), EPIPE);
}

/* Larger than any buffer, more pieces than a segment has room for. */
static void large(void)
{
	static uint8_t out[3 << 20], got[3 << 20];
	struct iovec iov[200];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = ARRAY_SIZE(iov) };
	size_t at = 0, i, n, all = 0;
	pid_t pid;
	int st;

	begin();
	fill(out, sizeof(out), 51);
	for (i = 0; i < ARRAY_SIZE(iov); i++) {
		n = i % 3 ? 1 + i : 9000 + i;
		iov[i] = (struct iovec){ out + at, n };
		at += n;
		all += n;
	}
	pid = fork();
	if (!pid) {
		ASSERT_EQ(zc_send(q.c, out + 1, sizeof(out) - 1), sizeof(out) - 1);
		ASSERT_EQ(sendmsg(q.c, &m, MSG_ZEROCOPY), all);
		complete(q.c, 0, 2);
		_exit(0);
	}
	close(q.c);
	recv_all(q.s, got, sizeof(got) - 1);
	ASSERT(!memcmp(got, out + 1, sizeof(got) - 1));
	recv_all(q.s, got, all);
	ASSERT(!memcmp(got, out, all));
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
}

/* With and without the flag in turns, over a wire that loses some. */
static enum verdict lossy(const struct seg *s, int dir)
{
	static uint64_t r = 5;

	return s->len && !dir && rnd(&r) % 10 == 0 ? DROP : PASS;
}

static void in_turns(void)
{
	static uint8_t out[400000], got[400000];
	struct relay *r = relay_new(1500, lossy);
	uint64_t rs = 17;
	size_t at = 0;
	uint32_t ids = 0;
	pid_t pid;
	int st;

	q = pair_relay(r);
	zc_on(q.c);
	fill(out, sizeof(out), 52);
	pid = fork();
	if (!pid) {
		close(q.c);
		recv_all(q.s, got, sizeof(got));
		ASSERT(!memcmp(got, out, sizeof(got)));
		_exit(0);
	}
	while (at < sizeof(out)) {
		size_t n = 1 + rnd(&rs) % 9000;
		bool zc = rnd(&rs) % 2;
		ssize_t k;

		if (n > sizeof(out) - at)
			n = sizeof(out) - at;
		k = OK(send(q.c, out + at, n, zc ? MSG_ZEROCOPY : 0));
		at += k;
		ids += zc;
	}
	complete(q.c, 0, ids);
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	ASSERT_GT(r->dropped[0], 0);
}

/* ZC-2: the pages are in use until the last byte is acknowledged. */
static void waits_for_ack(void)
{
	uint32_t first;

	begin_peer();
	first = p.rcv_nxt;
	ASSERT_EQ(zc_send(fd, mem, 1000), 1000);
	ASSERT_EQ(peer_need(&p)->len, 1000);
	nothing_completes(fd, 30);
	peer_raw(&p, F_ACK, p.snd_nxt, first + 999, NULL, 0);
	UNTIL(sk_outq(fd) == 1);
	nothing_completes(fd, 10);
	peer_raw(&p, F_ACK, p.snd_nxt, first + 1000, NULL, 0);
	ASSERT_EQ(complete(fd, 0, 1), SO_EE_CODE_ZEROCOPY_COPIED);
}

/* A device that drops packets copies none. */
static void not_copied(void)
{
	int len;

	need_netem();
	begin_peer();
	/* one super-segment: what is shorter than a segment may be copied for its sum */
	len = 2 * sk_get(fd, SOL_TCP, TCP_MAXSEG);
	if (sh("tc qdisc add dev tun0 root netem loss 100%%"))
		t_skip("no netem");
	ASSERT_EQ(zc_send(fd, mem, len), len);
	peer_none(&p, 10);
	nothing_completes(fd, 0);
	p.rcv_nxt += len;
	peer_ack(&p);
	/* as on any device without checksums, UDP's is made of a copy */
	ASSERT_EQ(complete(fd, 0, 1), rt.wire == WIRE_UDP ? SO_EE_CODE_ZEROCOPY_COPIED : 0);
}

/*
 * What is sent again is what the page holds then, with a checksum of that: it
 * was not copied, and the sum is not an old one (the peer checks it).
 */
static void changed_page(void)
{
	struct seg *s;

	begin_peer();
	ASSERT_EQ(zc_send(fd, mem, 1000), 1000);
	s = peer_need(&p);
	ASSERT(!memcmp(s->data, mem, 1000));
	fill(mem, 1000, 53);
	s = peer_need(&p);
	ASSERT_EQ(s->seq, p.irs + 1);
	ASSERT_EQ(s->len, 1000);
	ASSERT(!memcmp(s->data, mem, 1000));
	nothing_completes(fd, 0);
	peer_ack(&p);
	complete(fd, 0, 1);
}

/* ZC-3: the pages outlive the descriptor, and the program's mapping of them. */
static void close_early(void)
{
	static uint8_t copy[1000];
	struct seg *s;

	begin_peer();
	memcpy(copy, mem, sizeof(copy));
	ASSERT_EQ(zc_send(fd, mem, 1000), 1000);
	peer_need(&p);
	OK(close(fd));
	OK(munmap(mem, PAGES * page));
	do
		s = peer_need(&p);
	while (!s->len);
	ASSERT_EQ(s->seq, p.irs + 1);
	ASSERT(!memcmp(s->data, copy, 1000));
	peer_ack(&p);
	while (p.rcv_nxt != p.irs + 1 + 1000 + 1)
		s = peer_need(&p);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	UNTIL_STATE(0, 4000, "TIME_WAIT");
}

static void reset(void)
{
	uint32_t lo, hi;
	uint8_t code;

	begin_peer();
	ASSERT_EQ(zc_send(fd, mem, 1000), 1000);
	peer_need(&p);
	ASSERT_EQ(zc_send(fd, mem, 10000), 10000);
	nothing_completes(fd, 0);
	peer_put(&p, F_RST | F_ACK, NULL, 0);
	UNTIL(ev_now(fd, POLLHUP) & POLLHUP);
	/* The error is told before what the queue of errors has. */
	ASSERT_ERR(recv(fd, mem, 1, MSG_DONTWAIT), ECONNRESET);
	for (lo = 0; lo < 2; lo = hi + 1)
		UNTIL(completion(fd, &lo, &hi, &code));
	ASSERT_EQ(hi, 1);
	ASSERT_ERR(send(fd, mem, 10, MSG_ZEROCOPY | MSG_NOSIGNAL), EPIPE);
}

static void disconnect(void)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };

	begin_peer();
	ASSERT_EQ(zc_send(fd, mem, 1000), 1000);
	peer_need(&p);
	OK(connect(fd, &none, sizeof(none)));
	complete(fd, 0, 1);
	ASSERT_EQ(sk_error(fd), ECONNRESET);
	/* Numbers go on with the next connection. */
	p.irs = 0;
	p.kport = 0;
	p.port = 4001;
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4001), EINPROGRESS);
	peer_answer(&p);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(zc_send(fd, mem, 500), 500);
	ASSERT_EQ(peer_need(&p)->len, 500);
	peer_ack(&p);
	complete(fd, 1, 2);
}

static void linger_abort(void)
{
	begin_peer();
	ASSERT_EQ(zc_send(fd, mem, 5000), 5000);
	peer_need(&p);
	sk_linger(fd, 1, 0);
	OK(close(fd));
	while (!(peer_need(&p)->flags & F_RST))
		;
	UNTIL(table_count(NULL) == 0);
}

/* Each send that is under way costs some of optmem_max: a full one is ENOBUFS. */
static void optmem(void)
{
	static uint8_t big[1 << 20];
	uint32_t i, all = 1;
	ssize_t n;

	peer_init(&p, peer_net(), 4000, 0);
	p.ws = 7;
	p.mss = 536;
	fd = peer_dialled(&p);
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	sk_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20);
	zc_on(fd);
	get_mem();
	/* cwnd has to be large, so that each is sent and none joins the one before. */
	for (i = 0; i < 4; i++) {
		sk_nonblock(fd, true);
		n = OK(send(fd, big, sizeof(big) / 4, 0));
		peer_read(&p, big, n);
		all += n;
	}
	for (i = 0; i < 1000; i++) {
		n = zc_send(fd, mem, 1);
		if (n < 0)
			break;
		ASSERT_EQ(n, 1);
		peer_drop(&p);
	}
	ASSERT_EQ(n, -1);
	ASSERT_EQ(errno, ENOBUFS);
	t_note("%u sends under way", i);
	ASSERT_GT(i, 10);
	ASSERT_ERR(zc_send(fd, mem, 1), ENOBUFS);
	/* Others are not affected. */
	ASSERT_EQ(send(fd, mem, 1, 0), 1);
	while (p.rcv_nxt - p.irs - 1 != all + i)
		peer_need(&p);
	peer_ack(&p);
	complete(fd, 0, i);
	ASSERT_EQ(zc_send(fd, mem, 1), 1);
	peer_need(&p);
	peer_ack(&p);
	complete(fd, i, i + 1);
}

/* ---- io_uring ---- */

struct ring {
	int fd;
	struct io_uring_params par;
	struct io_uring_sqe *sqe;
	uint8_t *sq, *cq;
};

#define RING_U32(base, off)	(*(volatile uint32_t *)((base) + (off)))

static void ring_new(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = syscall(__NR_io_uring_setup, 8, &r->par);
	if (r->fd < 0)
		t_skip("io_uring: %s", strerror(errno));
	r->sq = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
	r->sqe = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);
	ASSERT(r->sq != MAP_FAILED && r->cq != MAP_FAILED && (void *)r->sqe != MAP_FAILED);
}

static void ring_send_zc(struct ring *r, int s, const void *buf, unsigned int len, uint64_t user)
{
	uint32_t tail = RING_U32(r->sq, r->par.sq_off.tail);
	uint32_t i = tail & RING_U32(r->sq, r->par.sq_off.ring_mask);

	r->sqe[i] = (struct io_uring_sqe){
		.opcode = IORING_OP_SEND_ZC, .fd = s, .addr = (uintptr_t)buf, .len = len,
		.user_data = user,
	};
	(&RING_U32(r->sq, r->par.sq_off.array))[i] = i;
	__atomic_store_n((uint32_t *)(r->sq + r->par.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	ASSERT_EQ(syscall(__NR_io_uring_enter, r->fd, 1, 0, 0, NULL, 0), 1);
}

/* The next entry that is done, waiting for it; its result. */
static int ring_next(struct ring *r, uint32_t *flags, uint64_t *user)
{
	uint32_t head = RING_U32(r->cq, r->par.cq_off.head);
	struct io_uring_cqe *e;

	if (head == __atomic_load_n((uint32_t *)(r->cq + r->par.cq_off.tail), __ATOMIC_ACQUIRE))
		OK(syscall(__NR_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	e = (void *)(r->cq + r->par.cq_off.cqes);
	e += head & RING_U32(r->cq, r->par.cq_off.ring_mask);
	*flags = e->flags;
	*user = e->user_data;
	__atomic_store_n((uint32_t *)(r->cq + r->par.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return e->res;
}

/* io_uring watches its pages itself; SO_ZEROCOPY is not for it. */
static void uring(void)
{
	static uint8_t got[2 * 40000];
	uint32_t flags, notes = 0, lo, hi;
	struct ring r;
	uint64_t user;
	uint8_t code;
	int i, n;

	ns_new();
	q = pair_lo();
	get_mem();
	ring_new(&r);
	ring_send_zc(&r, q.s, mem, 0, 0);
	if (ring_next(&r, &flags, &user) == -EINVAL)
		t_skip("no IORING_OP_SEND_ZC");
	if (flags & IORING_CQE_F_MORE)
		ring_next(&r, &flags, &user);
	for (i = 0; i < 2; i++)
		ring_send_zc(&r, q.c, mem + i * 11, 40000, i);
	recv_all(q.s, got, sizeof(got));
	ASSERT(!memcmp(got, mem, 40000) && !memcmp(got + 40000, mem + 11, 40000));
	/* A result and a note for each. */
	for (i = 0; i < 4; i++) {
		n = ring_next(&r, &flags, &user);
		if (flags & IORING_CQE_F_NOTIF) {
			notes |= 1 << user;
			continue;
		}
		ASSERT_EQ(n, 40000);
		ASSERT(flags & IORING_CQE_F_MORE);
	}
	ASSERT_EQ(notes, 3);
	ASSERT_EQ(ev_now(q.c, 0), 0);
	ASSERT(!completion(q.c, &lo, &hi, &code));
	/* On a connection that is gone there is an error, and a note none the less. */
	sk_linger(q.s, 1, 0);
	OK(close(q.s));
	ev_need(q.c, POLLHUP);
	ASSERT_EQ(sk_error(q.c), ECONNRESET);
	ring_send_zc(&r, q.c, mem, 100, 9);
	ASSERT_EQ(ring_next(&r, &flags, &user), -EPIPE);
}

static const struct rt_test tests[] = {
	{ "option", "ZC-1 C82", option, 0, 0 },
	{ "not_asked_for", "ZC-1", not_asked_for, 0, 0 },
	{ "completes", "ZC-2 C84 PO-8", completes, 0, 0 },
	{ "edges", "ZC-2 PO-8 PO-12", edges, 0, 0 },
	{ "failures", "ZC-2 C84 TX-2", failures, 0, 0 },
	{ "large", "ZC-2 ZC-3 C84", large, 0, 0 },
	{ "in_turns", "ZC-3 C84", in_turns, T_FULL, 0 },
	{ "waits_for_ack", "ZC-2 ZC-3", waits_for_ack, 0, 0 },
	{ "not_copied", "ZC-2", not_copied, 0, 0 },
	{ "changed_page", "ZC-3", changed_page, 0, 0 },
	{ "close_early", "ZC-3", close_early, 0, 0 },
	{ "reset", "ZC-3 PO-8 ER-1", reset, 0, 0 },
	{ "disconnect", "ZC-3 CN-7", disconnect, 0, 0 },
	{ "linger_abort", "ZC-3 CL-3", linger_abort, 0, 0 },
	{ "optmem", "ZC-2", optmem, 0, 0 },
	{ "uring", "ZC-2", uring, 0, 0 },
};

RT_MAIN(tests)
