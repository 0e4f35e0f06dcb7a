// SPDX-License-Identifier: GPL-2.0
/* SO_TIMESTAMP and SO_TIMESTAMPING: when data came, left and was acknowledged. */
#include "wire.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <sys/utsname.h>
#include <time.h>

#define PORT	8080

#define TX_ALL	(SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | \
		 SOF_TIMESTAMPING_TX_ACK)
#define TELL_ID	(SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID)
/* 6.2; the headers may be older */
#define OPT_ID_TCP	0x10000
/* <linux/tcp.h> and <netinet/tcp.h> exclude each other */
#define NLA_SNDQ_SIZE	13
#define NLA_BYTES_SENT	18
#define NLA_TTL		26
/* What 64 bit kernels lay out alike, old and new. */
struct stamp {
	int64_t sec, frac;
};

static struct peer p;
static int fd;

static void connected(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
}

static double clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* One control message. */
struct got {
	int level, type, len;
	uint8_t data[512];
};

/* A read with its control messages; their number. */
static int read_got(int sock, void *buf, int want, int flags, struct got *g, int max)
{
	char ctl[1024];
	struct iovec iov = { .iov_base = buf, .iov_len = want };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl),
	};
	struct cmsghdr *c;
	int n = 0;

	ASSERT_EQ(recvmsg(sock, &m, flags), want);
	ASSERT_EQ(m.msg_flags & ~MSG_CMSG_CLOEXEC, 0);
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		ASSERT_LT(n, max);
		g[n].level = c->cmsg_level;
		g[n].type = c->cmsg_type;
		g[n].len = c->cmsg_len - CMSG_LEN(0);
		ASSERT_LE(g[n].len, (int)sizeof(g[n].data));
		memcpy(g[n].data, CMSG_DATA(c), g[n].len);
		n++;
	}
	return n;
}

static double stamp_of(const struct got *g, double unit)
{
	struct stamp s;

	memcpy(&s, g->data, sizeof(s));
	return s.sec + s.frac / unit;
}

/* The one stamp of a read, as SO_TIMESTAMPNS gives it. */
static double read_stamp(int sock, int want, int flags)
{
	char buf[4096];
	struct got g[4];

	ASSERT_EQ(read_got(sock, buf, want, flags, g, 4), 1);
	ASSERT_EQ(g[0].level, SOL_SOCKET);
	ASSERT_EQ(g[0].type, SO_TIMESTAMPNS_OLD);
	return stamp_of(g, 1e9);
}

static void needs_64(void)
{
	if (sizeof(long) != 8)
		t_skip("stamps have another layout here");
}

static void kinds(void)
{
	static const struct {
		int opt;
		double unit;
	} kind[] = {
		{ SO_TIMESTAMP_OLD, 1e6 }, { SO_TIMESTAMP_NEW, 1e6 },
		{ SO_TIMESTAMPNS_OLD, 1e9 }, { SO_TIMESTAMPNS_NEW, 1e9 },
	};
	struct got g[4];
	double t0, t;
	unsigned int i;
	char buf[8];

	needs_64();
	connected();
	for (i = 0; i < ARRAY_SIZE(kind); i++) {
		sk_set(fd, SOL_SOCKET, kind[i].opt, 1);
		ASSERT_EQ(sk_get(fd, SOL_SOCKET, kind[i].opt), 1);
		t0 = clock_now();
		peer_str(&p, "abcd");
		UNTIL(sk_inq(fd) == 4);
		t = clock_now();
		ASSERT_EQ(read_got(fd, buf, 4, 0, g, 4), 1);
		ASSERT_EQ(g[0].level, SOL_SOCKET);
		ASSERT_EQ(g[0].type, kind[i].opt);
		ASSERT_EQ(g[0].len, sizeof(struct stamp));
		/* whole microseconds */
		ASSERT(stamp_of(g, kind[i].unit) >= t0 - 0.00001);
		ASSERT(stamp_of(g, kind[i].unit) <= t + 0.00001);
		sk_set(fd, SOL_SOCKET, kind[i].opt, 0);
		ASSERT_EQ(sk_get(fd, SOL_SOCKET, kind[i].opt), 0);
		peer_str(&p, "efgh");
		UNTIL(sk_inq(fd) == 4);
		ASSERT_EQ(read_got(fd, buf, 4, 0, g, 4), 0);
	}
}

/* The stamp of the last segment that a read touches. */
static void which_segment(void)
{
	static char text[1200];
	double a, b;

	needs_64();
	connected();
	sk_set(fd, SOL_SOCKET, SO_TIMESTAMPNS_OLD, 1);
	peer_put(&p, F_ACK, text, 1200);
	UNTIL(sk_inq(fd) == 1200);
	rest(30);
	b = clock_now();
	peer_put(&p, F_ACK, text, 1200);
	UNTIL(sk_inq(fd) == 2400);
	a = read_stamp(fd, 500, MSG_PEEK);
	ASSERT(a < b);
	ASSERT(read_stamp(fd, 1300, MSG_PEEK) >= b);
	ASSERT(read_stamp(fd, 500, 0) == a);
	ASSERT(read_stamp(fd, 700, 0) == a);
	b = read_stamp(fd, 100, 0);
	ASSERT(b > a);
	ASSERT(read_stamp(fd, 1100, 0) == b);
	/* Both in one. */
	peer_put(&p, F_ACK, text, 1200);
	UNTIL(sk_inq(fd) == 1200);
	rest(30);
	b = clock_now();
	peer_put(&p, F_ACK, text, 1200);
	UNTIL(sk_inq(fd) == 2400);
	ASSERT(read_stamp(fd, 2400, 0) >= b);
}

/* What fills a hole is younger than what waits behind it; each keeps its own. */
static void out_of_order(void)
{
	static char text[1200];
	double a, b;

	needs_64();
	connected();
	sk_set(fd, SOL_SOCKET, SO_TIMESTAMPNS_OLD, 1);
	peer_raw(&p, F_ACK, p.snd_nxt + 1200, p.rcv_nxt, text, 1200);
	peer_need(&p);
	rest(30);
	b = clock_now();
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, text, 1200);
	UNTIL(sk_inq(fd) == 2400);
	a = read_stamp(fd, 1200, 0);
	ASSERT(a >= b);
	ASSERT(read_stamp(fd, 1200, 0) < b);
}

/* Of data that is thrown away too, and of a read of nothing; not of the end. */
static void without_data(void)
{
	struct got g[4];
	char buf[4];

	connected();
	sk_set(fd, SOL_SOCKET, SO_TIMESTAMP, 1);
	peer_str(&p, "cd");
	UNTIL(sk_inq(fd) == 2);
	ASSERT_EQ(read_got(fd, buf, 0, 0, g, 4), 1);
	ASSERT_EQ(read_got(fd, NULL, 2, MSG_TRUNC, g, 4), 1);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	ev_need(fd, POLLIN);
	ASSERT_EQ(read_got(fd, buf, 0, 0, g, 4), 0);
}

static void timestamping(void)
{
	struct got g[4];
	struct stamp ts[3];
	char buf[8];
	int i;

	needs_64();
	connected();
	for (i = 0; i < 2; i++) {
		int opt = i ? SO_TIMESTAMPING_NEW : SO_TIMESTAMPING_OLD;

		sk_set(fd, SOL_SOCKET, opt, SOF_TIMESTAMPING_RX_SOFTWARE |
		       SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RAW_HARDWARE);
		peer_str(&p, "abcd");
		UNTIL(sk_inq(fd) == 4);
		ASSERT_EQ(read_got(fd, buf, 4, 0, g, 4), 1);
		ASSERT_EQ(g[0].type, opt);
		ASSERT_EQ(g[0].len, sizeof(ts));
		memcpy(ts, g[0].data, sizeof(ts));
		ASSERT(ts[0].sec > clock_now() - 100 && ts[0].sec < clock_now() + 1);
		ASSERT(!ts[1].sec && !ts[1].frac && !ts[2].sec && !ts[2].frac);
	}
	/* taken but not to be told */
	sk_set(fd, SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE);
	peer_str(&p, "abcd");
	UNTIL(sk_inq(fd) == 4);
	ASSERT_EQ(read_got(fd, buf, 4, 0, g, 4), 0);
	/* all at once: in this order */
	sk_set(fd, SOL_SOCKET, SO_TIMESTAMPING,
	       SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
	sk_set(fd, SOL_SOCKET, SO_TIMESTAMP, 1);
	sk_set(fd, SOL_TCP, TCP_INQ, 1);
	peer_str(&p, "abcd");
	UNTIL(sk_inq(fd) == 4);
	ASSERT_EQ(read_got(fd, buf, 3, 0, g, 4), 3);
	ASSERT_EQ(g[0].type, SO_TIMESTAMP);
	ASSERT_EQ(g[1].type, SO_TIMESTAMPING);
	ASSERT_EQ(g[2].level, SOL_TCP);
	ASSERT_EQ(g[2].type, TCP_CM_INQ);
	ASSERT_EQ(*(int *)g[2].data, 1);
}

/* A stamp for which there is no room says so, and does no harm. */
static void short_control(void)
{
	char buf[4], ctl[CMSG_SPACE(sizeof(struct stamp))];
	struct iovec iov = { .iov_base = buf, .iov_len = 4 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	connected();
	sk_set(fd, SOL_SOCKET, SO_TIMESTAMP, 1);
	sk_set(fd, SOL_TCP, TCP_INQ, 1);
	peer_str(&p, "abcdefgh");
	UNTIL(sk_inq(fd) == 8);
	ASSERT_EQ(recvmsg(fd, &m, 0), 4);
	ASSERT_EQ(m.msg_flags, MSG_CTRUNC);
	m.msg_control = ctl;
	m.msg_controllen = sizeof(ctl);
	ASSERT_EQ(recvmsg(fd, &m, 0), 4);
	ASSERT_EQ(m.msg_flags, MSG_CTRUNC);
	ASSERT_EQ(CMSG_FIRSTHDR(&m)->cmsg_type, SO_TIMESTAMP);
}

static void inherited(void)
{
	struct got g[4];
	char buf[4];
	int l;

	peer_init(&p, peer_net(), 4000, PORT);
	l = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(l, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	fd = peer_accepted(&p, l);
	close(l);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_TIMESTAMPNS), 1);
	peer_str(&p, "abcd");
	UNTIL(sk_inq(fd) == 4);
	ASSERT_EQ(read_got(fd, buf, 4, 0, g, 4), 1);
	ASSERT_EQ(g[0].type, SO_TIMESTAMPNS);
}

static void stamp_ioctl(void)
{
	struct timeval tv;
	char buf[4];

	connected();
	ASSERT_ERR(ioctl(fd, SIOCGSTAMP, &tv), ENOENT);
	peer_str(&p, "abcd");
	UNTIL(sk_inq(fd) == 4);
	ASSERT_EQ(recv(fd, buf, 4, 0), 4);
	ASSERT_ERR(ioctl(fd, SIOCGSTAMP, &tv), ENOENT);
	ASSERT_ERR(ioctl(fd, SIOCGSTAMPNS, &tv), ENOENT);
}

/* ---- the way out ---- */

/* A record of the error queue. */
struct rec {
	int what;		/* SCM_TSTAMP_* */
	uint32_t id;
	int len;		/* of the payload */
	int cmsgs;
	double t;
	struct got stats;
	uint8_t data[2048];
};

/* The next record, false when there is none. */
static bool next_rec(struct rec *r)
{
	char ctl[1024];
	struct iovec iov = { .iov_base = r->data, .iov_len = sizeof(r->data) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl),
	};
	struct sock_extended_err ee = { };
	struct cmsghdr *c;

	memset(r, 0, sizeof(*r));
	r->len = recvmsg(fd, &m, MSG_ERRQUEUE);
	if (r->len < 0) {
		ASSERT_EQ(errno, EAGAIN);
		return false;
	}
	ASSERT_EQ(m.msg_flags & ~MSG_TRUNC, MSG_ERRQUEUE);
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		r->cmsgs++;
		if ((c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
		    (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR))
			memcpy(&ee, CMSG_DATA(c), sizeof(ee));
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_TIMESTAMPING) {
			struct stamp s;

			memcpy(&s, CMSG_DATA(c), sizeof(s));
			r->t = s.sec + s.frac / 1e9;
		} else if (c->cmsg_type == SCM_TIMESTAMPING_OPT_STATS) {
			r->stats.len = c->cmsg_len - CMSG_LEN(0);
			ASSERT_LE(r->stats.len, (int)sizeof(r->stats.data));
			memcpy(r->stats.data, CMSG_DATA(c), r->stats.len);
		}
	}
	ASSERT_EQ(ee.ee_errno, ENOMSG);
	ASSERT_EQ(ee.ee_origin, SO_EE_ORIGIN_TIMESTAMPING);
	ASSERT(r->t > clock_now() - 1000 && r->t < clock_now() + 1);
	r->what = ee.ee_info;
	r->id = ee.ee_data;
	return true;
}

/* The next record comes and is this one. */
static void want_rec(struct rec *r, int what, uint32_t id)
{
	UNTIL(next_rec(r));
	ASSERT_EQ(r->what, what);
	ASSERT_EQ(r->id, id);
}

static void no_rec(void)
{
	struct rec r;

	if (next_rec(&r))
		FAIL("a record of kind %d, id %u", r.what, r.id);
}

static void want_sent(uint32_t id)
{
	struct rec r;

	want_rec(&r, SCM_TSTAMP_SCHED, id);
	want_rec(&r, SCM_TSTAMP_SND, id);
}

static void want_acked(uint32_t id)
{
	struct rec r;

	want_rec(&r, SCM_TSTAMP_ACK, id);
}

static void tell(int flags)
{
	sk_set(fd, SOL_SOCKET, SO_TIMESTAMPING, flags);
}

/* Counting bytes as TCP does needs a kernel that shows us the option. */
static bool sees_option(void)
{
	struct utsname u;
	char *end;
	long a, b;

	OK(uname(&u));
	a = strtol(u.release, &end, 10);
	b = strtol(end + 1, NULL, 10);
	return a > 6 || (a == 6 && b >= 7);
}

static void sent_and_acked(void)
{
	struct rec r;
	double t;

	needs_64();
	connected();
	tell(TX_ALL | TELL_ID);
	no_rec();
	t = clock_now();
	send_str(fd, "0123456789");
	peer_want(&p, F_ACK);
	/* What left has its headers. */
	want_rec(&r, SCM_TSTAMP_SCHED, 9);
	ASSERT_GE(r.len, 50);
	ASSERT(!memcmp(r.data + r.len - 10, "0123456789", 10));
	ASSERT(r.t >= t);
	want_rec(&r, SCM_TSTAMP_SND, 9);
	ASSERT_GE(r.len, 50);
	no_rec();
	ASSERT_EQ(ev_now(fd, POLLIN) & POLLERR, 0);
	t = clock_now();
	peer_ack(&p);
	ASSERT(ev_need(fd, POLLIN) & POLLERR);
	want_rec(&r, SCM_TSTAMP_ACK, 9);
	ASSERT(r.t >= t);
	ASSERT_EQ(r.len, 10);
	ASSERT(!memcmp(r.data, "0123456789", 10));
	/* The next. */
	send_str(fd, "abcde");
	peer_want(&p, F_ACK);
	want_sent(14);
	peer_ack(&p);
	want_acked(14);
	no_rec();
	ASSERT_EQ(sk_error(fd), 0);
	/* Without numbers, and without the bytes. */
	tell(TX_ALL | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY);
	send_str(fd, "abcde");
	peer_want(&p, F_ACK);
	want_rec(&r, SCM_TSTAMP_SCHED, 0);
	ASSERT_EQ(r.len, 0);
	want_rec(&r, SCM_TSTAMP_SND, 0);
	peer_ack(&p);
	want_rec(&r, SCM_TSTAMP_ACK, 0);
	ASSERT_EQ(r.len, 0);
	tell(0);
	send_str(fd, "abcde");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	no_rec();
}

/* Each kind by itself. */
static void each_kind(void)
{
	static const struct {
		int flag, what;
	} kind[] = {
		{ SOF_TIMESTAMPING_TX_SCHED, SCM_TSTAMP_SCHED },
		{ SOF_TIMESTAMPING_TX_SOFTWARE, SCM_TSTAMP_SND },
		{ SOF_TIMESTAMPING_TX_ACK, SCM_TSTAMP_ACK },
	};
	unsigned int i;
	struct rec r;

	connected();
	for (i = 0; i < ARRAY_SIZE(kind); i++) {
		tell(kind[i].flag | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
		send_str(fd, "x");
		peer_want(&p, F_ACK);
		peer_ack(&p);
		UNTIL(!sk_outq(fd));
		want_rec(&r, kind[i].what, i);
		no_rec();
	}
}

static void per_message_flags(int flags, const char *s)
{
	char ctl[CMSG_SPACE(4)] = "";
	struct iovec iov = { .iov_base = (void *)s, .iov_len = strlen(s) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SO_TIMESTAMPING;
	c->cmsg_len = CMSG_LEN(4);
	memcpy(CMSG_DATA(c), &flags, 4);
	ASSERT_EQ(sendmsg(fd, &m, 0), strlen(s));
}

static void per_message(void)
{
	struct rec r;

	connected();
	tell(TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	send_str(fd, "none");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	per_message_flags(SOF_TIMESTAMPING_TX_ACK, "acked");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	want_rec(&r, SCM_TSTAMP_ACK, 8);
	per_message_flags(SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE, "sent");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	want_sent(12);
	no_rec();
	/* A message can also ask for less than the socket does. */
	tell(TX_ALL | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	per_message_flags(0, "nothing");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	no_rec();
}

static void option_rules(void)
{
	struct so_timestamping st = { .flags = SOF_TIMESTAMPING_SOFTWARE };
	int f = TELL_ID;

	connected();
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_TIMESTAMPING), 0);
	tell(TELL_ID);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_TIMESTAMPING), TELL_ID);
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &f, 3), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, NULL, 4), EFAULT);
	OK(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &st, sizeof(st)));
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_TIMESTAMPING), SOF_TIMESTAMPING_SOFTWARE);
	f = SOF_TIMESTAMPING_OPT_STATS;		/* needs TSONLY */
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &f, 4), EINVAL);
	f = 1 << 30;
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &f, 4), EINVAL);
	f = OPT_ID_TCP;				/* needs OPT_ID, or is unknown */
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &f, 4), EINVAL);
}

/* OPT_ID counts bytes of a connection: without one there is nothing to count. */
static void id_states(void)
{
	int f = TELL_ID, l;

	if (!sees_option())
		t_skip("this kernel shows SOL_SOCKET to no protocol but TCP");
	connected();
	l = sk_listen(INADDR_ANY, PORT + 1, 4);
	ASSERT_ERR(setsockopt(l, SOL_SOCKET, SO_TIMESTAMPING, &f, 4), EINVAL);
	close(fd);
	fd = sk_new();
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &f, 4), EINVAL);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_TIMESTAMPING), 0);
	/* while connecting it works, but counts the SYN */
	peer_init(&p, p.tun, 4001, 0);
	peer_drop(&p);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4001), EINPROGRESS);
	tell(TX_ALL | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	peer_answer(&p);
	send_str(fd, "abc");
	peer_want(&p, F_ACK);
	want_sent(3);
	peer_ack(&p);
	want_acked(3);
}

/* Numbers begin at what is not acknowledged when the option is set. */
static void id_base(void)
{
	connected();
	send_str(fd, "12345");
	peer_want(&p, F_ACK);
	tell(TX_ALL | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	send_str(fd, "678");
	peer_want(&p, F_ACK);
	want_sent(7);
	peer_ack(&p);
	want_acked(7);
	/* Set again: no change. Off and on: afresh. */
	tell(TX_ALL | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	send_str(fd, "9");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	want_sent(8);
	want_acked(8);
	tell(0);
	send_str(fd, "a");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	tell(TX_ALL | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	send_str(fd, "bc");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	want_sent(1);
	want_acked(1);
	no_rec();
}

/* 6.2: or at what is not written yet. */
static void id_base_written(void)
{
	int f = TX_ALL | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY | OPT_ID_TCP;

	connected();
	send_str(fd, "12345");
	peer_want(&p, F_ACK);
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &f, 4))
		t_skip("SOF_TIMESTAMPING_OPT_ID_TCP is not known");
	send_str(fd, "678");
	peer_want(&p, F_ACK);
	want_sent(2);
	peer_ack(&p);
	want_acked(2);
}

/* Messages that share a segment share a record: that of the last, but for MSG_EOR. */
static void joined(void)
{
	struct seg *s;

	connected();
	tell(TX_ALL | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	sk_set(fd, SOL_TCP, TCP_CORK, 1);
	send_str(fd, "one");
	send_str(fd, "two");
	per_message_flags(0, "three");
	sk_set(fd, SOL_TCP, TCP_CORK, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 11);
	peer_ack(&p);
	want_sent(5);
	want_acked(5);
	/* the second record would be a runt that waits for the ACK of another */
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	sk_set(fd, SOL_TCP, TCP_CORK, 1);
	ASSERT_EQ(send(fd, "four", 4, MSG_EOR), 4);
	ASSERT_EQ(send(fd, "fives", 5, MSG_EOR), 5);
	sk_set(fd, SOL_TCP, TCP_CORK, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 4);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 5);
	want_sent(14);
	want_sent(19);
	peer_ack(&p);
	want_acked(14);
	want_acked(19);
	no_rec();
}

/* The record is of the last byte: what is acknowledged before says nothing. */
static void partly_acked(void)
{
	static char text[4000];
	uint32_t seq;
	int n = 0;

	connected();
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	tell(SOF_TIMESTAMPING_TX_ACK | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	seq = p.rcv_nxt;
	send_all(fd, text, 4000);
	while (n < 4000)
		n += peer_want(&p, F_ACK)->len;
	peer_raw(&p, F_ACK, p.snd_nxt, seq + 3999, NULL, 0);
	UNTIL(sk_outq(fd) == 1);
	no_rec();
	peer_raw(&p, F_ACK, p.snd_nxt, seq + 4000, NULL, 0);
	want_acked(3999);
	/* A write that comes before the ACK neither takes nor moves it. */
	send_str(fd, "abc");
	peer_want(&p, F_ACK);
	send_str(fd, "def");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	want_acked(4002);
	want_acked(4005);
	no_rec();
}

/* What is sent again is stamped again; its ACK once. */
static void sent_again(void)
{
	struct rec r;

	connected();
	tell(TX_ALL | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	send_str(fd, "abc");
	peer_want(&p, F_ACK);
	want_sent(2);
	/* the tail loss probe, or the timeout */
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 3);
	want_sent(2);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	do
		UNTIL(next_rec(&r));
	while (r.what != SCM_TSTAMP_ACK);
	ASSERT_EQ(r.id, 2);
	no_rec();
}

/* Cut by the stack: the piece with the last byte is stamped. */
static void super_segment(void)
{
	static char text[60000];
	struct net2 n = net2_new(NET_SINGLE, 1500);
	struct pair q = pair_net2(&n);
	struct rec r;
	int what[3] = { };
	uint32_t last = 0;

	fd = q.c;
	tell(TX_ALL | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY);
	send_all(fd, text, sizeof(text));
	recv_all(q.s, text, sizeof(text));
	UNTIL(!sk_outq(fd));
	while (next_rec(&r)) {
		ASSERT_LE(r.what, 2);
		what[r.what]++;
		last = r.id;
	}
	ASSERT_EQ(last, sizeof(text) - 1);
	ASSERT_GE(what[SCM_TSTAMP_SCHED], 1);
	ASSERT_GE(what[SCM_TSTAMP_SND], 1);
	ASSERT_GE(what[SCM_TSTAMP_ACK], 1);
	/* One write that fits the window: one record of each. */
	ASSERT_EQ(send(fd, text, 12000, 0), 12000);
	recv_all(q.s, text, 12000);
	UNTIL(!sk_outq(fd));
	want_sent(71999);
	want_acked(71999);
	no_rec();
}

/* Statistics come with each record. */
static void statistics(void)
{
	/* in the order of TCP_NLA_*: from data_segs_out to edt */
	static const int always[] = {
		4, 5, 6, 8, 9, 10, 11, NLA_SNDQ_SIZE, 14, 15,
		NLA_BYTES_SENT, 19, 20, 21, 22, 24, 25, NLA_TTL,
	};
	unsigned int seen = 0;
	struct rec r;
	int i, off;

	connected();
	tell(TX_ALL | TELL_ID | SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_STATS);
	send_str(fd, "0123456789");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	for (i = 0; i < 3; i++) {
		UNTIL(next_rec(&r));
		ASSERT_EQ(r.id, 9);
		ASSERT_GE(r.stats.len, 100);
		for (off = 0; off + 4 <= r.stats.len;) {
			uint16_t len, type;
			uint32_t val = 0;

			memcpy(&len, r.stats.data + off, 2);
			memcpy(&type, r.stats.data + off + 2, 2);
			ASSERT_GE(len, 4);
			memcpy(&val, r.stats.data + off + 4, len - 4 < 4 ? len - 4 : 4);
			if (type < 32)
				seen |= 1u << type;
			if (type == NLA_SNDQ_SIZE)
				ASSERT_EQ(val, r.what == SCM_TSTAMP_ACK ? 0 : 10);
			if (type == NLA_BYTES_SENT && r.what == SCM_TSTAMP_ACK)
				ASSERT_EQ(val, 10);
			if (type == NLA_TTL) {
				ASSERT_EQ(r.what, SCM_TSTAMP_ACK);
				ASSERT_EQ(val, 64);
			}
			off += (len + 3) & ~3;
		}
	}
	/* what is sent, what waits, the path; times that TCP spends are its own */
	for (i = 0; i < (int)ARRAY_SIZE(always); i++)
		ASSERT(seen & 1u << always[i]);
}

/* A full error queue loses records, not data. */
static void overflow(void)
{
	int i, n = 0;
	struct rec r;

	connected();
	sk_set(fd, SOL_SOCKET, SO_RCVBUF, 2000);
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	tell(TX_ALL | TELL_ID);
	for (i = 0; i < 40; i++) {
		send_str(fd, "x");
		peer_want(&p, F_ACK);
		peer_ack(&p);
		UNTIL(!sk_outq(fd));
	}
	while (next_rec(&r))
		n++;
	ASSERT_GT(n, 0);
	ASSERT_LT(n, 120);
	peer_str(&p, "y");
	recv_str(fd, "y");
}

static const struct rt_test tests[] = {
	{ "kinds", "SO-14", kinds, 0, 0 },
	{ "which_segment", "SO-14", which_segment, 0, 0 },
	{ "out_of_order", "SO-14", out_of_order, 0, 0 },
	{ "without_data", "SO-14", without_data, 0, 0 },
	{ "timestamping", "SO-14 RX-8", timestamping, 0, 0 },
	{ "short_control", "SO-14 RX-8", short_control, 0, 0 },
	{ "inherited", "SO-14 AC-4", inherited, 0, 0 },
	{ "stamp_ioctl", "SO-14", stamp_ioctl, 0, 0 },
	{ "sent_and_acked", "SO-14 PO-8", sent_and_acked, 0, 0 },
	{ "each_kind", "SO-14", each_kind, 0, 0 },
	{ "per_message", "SO-14", per_message, 0, 0 },
	{ "option_rules", "SO-14 TO-16", option_rules, 0, 0 },
	{ "id_states", "SO-14", id_states, 0, 0 },
	{ "id_base", "SO-14", id_base, 0, 0 },
	{ "id_base_written", "SO-14", id_base_written, 0, 0 },
	{ "joined", "SO-14 TX-5", joined, 0, 0 },
	{ "partly_acked", "SO-14", partly_acked, 0, 0 },
	{ "sent_again", "SO-14 C41", sent_again, 0, 0 },
	{ "super_segment", "SO-14 C05", super_segment, 0, 0 },
	{ "statistics", "SO-14", statistics, 0, 0 },
	{ "overflow", "SO-14", overflow, 0, 0 },
};

RT_MAIN(tests)
