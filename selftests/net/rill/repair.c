// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_REPAIR: what checkpoint and restore of programs takes a connection apart
 * with, and puts it together again elsewhere.
 */
#include "wire.h"

#include <grp.h>
#include <linux/sockios.h>
#include <sched.h>

#define PORT	8080

enum { REP_OFF_NO_WP = -1, REP_OFF, REP_ON };
enum { Q_NONE, Q_RECV, Q_SEND };

#define REP_MSS		2	/* the kinds of the options on the wire */
#define REP_WSCALE	3
#define REP_SACK	4
#define REP_TS		8

static struct peer p;

static int repair_set(int fd, int opt, int val)
{
	return setsockopt(fd, SOL_TCP, opt, &val, sizeof(val));
}

static void mode(int fd, int how)
{
	OK(repair_set(fd, TCP_REPAIR, how));
}

static void queue(int fd, int q)
{
	OK(repair_set(fd, TCP_REPAIR_QUEUE, q));
}

static uint32_t queue_seq(int fd, int q)
{
	queue(fd, q);
	return sk_get(fd, SOL_TCP, TCP_QUEUE_SEQ);
}

static void set_queue_seq(int fd, int q, uint32_t seq)
{
	queue(fd, q);
	OK(repair_set(fd, TCP_QUEUE_SEQ, seq));
}

static int option(int fd, uint32_t code, uint32_t val)
{
	struct tcp_repair_opt o = { code, val };

	return setsockopt(fd, SOL_TCP, TCP_REPAIR_OPTIONS, &o, sizeof(o));
}

static int unsent(int fd)
{
	int n;

	OK(ioctl(fd, SIOCOUTQNSD, &n));
	return n;
}

/* A socket in repair mode that says to be connected to the peer at port 4000. */
static int assembled(uint32_t snd, uint32_t rcv)
{
	int fd = sk_new();

	mode(fd, REP_ON);
	OK(sk_bind(fd, TUN_K, PORT));
	set_queue_seq(fd, Q_SEND, snd);
	set_queue_seq(fd, Q_RECV, rcv);
	OK(sk_connect(fd, TUN_P, 4000));
	queue(fd, Q_NONE);
	/* what the peer has to know of it */
	peer_init(&p, p.tun, 4000, PORT);
	p.snd_nxt = rcv;
	p.rcv_nxt = snd;
	p.irs = snd - 1;
	p.iss = rcv - 1;
	return fd;
}

static int live(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	return peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
}

static void privilege(void)
{
	int fd = sk_new(), other = sk_new();

	mode(other, REP_ON);
	OK(setgroups(0, NULL));
	OK(setresgid(65534, 65534, 65534));
	OK(setresuid(65534, 65534, 65534));
	ASSERT_ERR(repair_set(fd, TCP_REPAIR, REP_ON), EPERM);
	ASSERT_ERR(repair_set(fd, TCP_REPAIR, REP_OFF), EPERM);
	ASSERT_ERR(repair_set(fd, TCP_REPAIR, 7), EPERM);
	ASSERT_ERR(repair_set(fd, TCP_REPAIR_QUEUE, Q_SEND), EPERM);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_REPAIR), 0);
	/* Who is given such a socket may use it, but not switch it. */
	queue(other, Q_SEND);
	ASSERT_ERR(repair_set(other, TCP_REPAIR, REP_OFF), EPERM);
	ASSERT_EQ(sk_get(other, SOL_TCP, TCP_REPAIR), 1);
	/* Whoever owns the namespace may. */
	OK(unshare(CLONE_NEWUSER | CLONE_NEWNET));
	fd = sk_new();
	mode(fd, REP_ON);
	ASSERT_ERR(repair_set(other, TCP_REPAIR, REP_OFF), EPERM);
}

static void errors(void)
{
	struct tcp_repair_window w = { .snd_wnd = 10, .max_window = 10 };
	socklen_t len = sizeof(w);
	int fd = sk_new(), l, val, one = 1;
	char c;

	ns_new();
	close(fd);
	if_up("lo", true);
	fd = sk_new();
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_REPAIR), 0);
	ASSERT_ERR(repair_set(fd, TCP_REPAIR, 2), EINVAL);
	ASSERT_ERR(repair_set(fd, TCP_REPAIR, -2), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_REPAIR, &one, 3), EINVAL);
	/* Off, nothing of it works. */
	ASSERT_ERR(repair_set(fd, TCP_REPAIR_QUEUE, Q_SEND), EPERM);
	ASSERT_ERR(repair_set(fd, TCP_QUEUE_SEQ, 1), EINVAL);
	ASSERT_ERR(repair_set(fd, TCP_TIMESTAMP, 1), EPERM);
	ASSERT_ERR(option(fd, REP_MSS, 1000), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, sizeof(w)), EPERM);
	ASSERT_ERR(getsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, &len), EPERM);
	len = sizeof(val);
	ASSERT_ERR(getsockopt(fd, SOL_TCP, TCP_REPAIR_QUEUE, &val, &len), EINVAL);
	ASSERT_ERR(getsockopt(fd, SOL_TCP, TCP_QUEUE_SEQ, &val, &len), EINVAL);

	mode(fd, REP_ON);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_REPAIR), 1);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_REPAIR_QUEUE), Q_NONE);
	ASSERT_ERR(repair_set(fd, TCP_REPAIR_QUEUE, 3), EINVAL);
	ASSERT_ERR(repair_set(fd, TCP_REPAIR_QUEUE, -1), EINVAL);
	ASSERT_ERR(repair_set(fd, TCP_QUEUE_SEQ, 1), EINVAL);
	/* Options are for a connection. */
	ASSERT_ERR(option(fd, REP_MSS, 1000), EPERM);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_REUSEADDR), 2);
	set_queue_seq(fd, Q_SEND, 0x80000000);
	set_queue_seq(fd, Q_RECV, 0xffffffff);
	ASSERT_EQ(queue_seq(fd, Q_SEND), 0x80000000);
	ASSERT_EQ(queue_seq(fd, Q_RECV), 0xffffffff);
	ASSERT_ERR(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	ASSERT_ERR(recv(fd, &c, 1, MSG_PEEK), ENOTCONN);

	OK(sk_bind(fd, IP_LO, PORT));
	OK(sk_connect(fd, IP_LO, 4000));
	ASSERT_EQ(sk_state(fd), TCP_ESTABLISHED);
	ASSERT_ERR(repair_set(fd, TCP_QUEUE_SEQ, 1), EPERM);
	queue(fd, Q_NONE);
	ASSERT_ERR(send(fd, "x", 1, MSG_NOSIGNAL), EINVAL);
	ASSERT_ERR(recv(fd, &c, 1, MSG_PEEK), EINVAL);
	ASSERT_ERR(recv(fd, &c, 1, 0), EPERM);
	queue(fd, Q_RECV);
	ASSERT_ERR(recv(fd, &c, 1, MSG_DONTWAIT), EPERM);
	ASSERT_ERR(recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	ASSERT_ERR(option(fd, REP_WSCALE, 15), EFBIG);
	ASSERT_ERR(option(fd, REP_WSCALE, 15 << 16), EFBIG);
	ASSERT_ERR(option(fd, REP_SACK, 1), EINVAL);
	ASSERT_ERR(option(fd, REP_TS, 1), EINVAL);
	OK(option(fd, 77, 1));
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, sizeof(w) - 4), EINVAL);
	len = sizeof(w) - 4;
	ASSERT_ERR(getsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, &len), EINVAL);
	len = sizeof(w);
	OK(getsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, &len));
	ASSERT_EQ(w.snd_wnd, 0);
	ASSERT_EQ(w.max_window, 0);
	ASSERT_EQ(w.rcv_wup, 0xffffffff);
	w.snd_wnd = w.max_window + 1;
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, sizeof(w)), EINVAL);
	w.snd_wnd = 1000;
	w.max_window = 1000;
	w.snd_wl1 = 0xffffffff + w.rcv_wnd + 1;
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, sizeof(w)), EINVAL);
	w.snd_wl1 = 0xffffffff;
	w.rcv_wup = 0;
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, sizeof(w)), EINVAL);
	w.rcv_wup = 0xffffffff;
	OK(setsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, sizeof(w)));
	close(fd);

	l = sk_listen(INADDR_ANY, PORT + 1, 4);
	ASSERT_ERR(repair_set(l, TCP_REPAIR, REP_ON), EPERM);
}

/* connect() makes a connection of it, without a word; so does the end. */
static void silent(void)
{
	uint32_t snd = 0x7ffffff0, rcv = 1000;
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	int fd;

	p.tun = peer_net();
	fd = assembled(snd, rcv);
	ASSERT_EQ(sk_state(fd), TCP_ESTABLISHED);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	OK(getpeername(fd, (struct sockaddr *)&sa, &len));
	ASSERT_EQ(ntohs(sa.sin_port), 4000);
	ASSERT_EQ(queue_seq(fd, Q_SEND), snd);
	ASSERT_EQ(queue_seq(fd, Q_RECV), rcv);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EISCONN);
	peer_none(&p, 300);
	close(fd);
	peer_none(&p, 300);
	ASSERT_STATE(PORT, 4000, "");

	/* The same tuple again, with what was not read: no RST. */
	fd = assembled(snd, rcv);
	queue(fd, Q_RECV);
	ASSERT_EQ(send(fd, "unread", 6, 0), 6);
	queue(fd, Q_SEND);
	ASSERT_EQ(send(fd, "unsent", 6, 0), 6);
	sk_linger(fd, 1, 0);
	close(fd);
	peer_none(&p, 300);
	ASSERT_STATE(PORT, 4000, "");
	/* connect(AF_UNSPEC): likewise. */
	fd = assembled(snd, rcv);
	sa.sin_family = AF_UNSPEC;
	OK(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	ASSERT_EQ(sk_error(fd), ECONNABORTED);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_REPAIR), 1);
	peer_none(&p, 300);
	close(fd);

	/* Nor does it leave the mode with one, unless asked to. */
	fd = assembled(snd, rcv);
	mode(fd, REP_OFF_NO_WP);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_REPAIR), 0);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_REUSEADDR), 0);
	peer_none(&p, 300);
	peer_str(&p, "hello");
	recv_str(fd, "hello");
	ASSERT_EQ(peer_want(&p, F_ACK)->ack, rcv + 5);
	/* The window that came with it counts. */
	send_str(fd, "world");
	ASSERT_EQ(peer_want(&p, F_ACK)->seq, snd);
}

/* Leaving, it asks for the peer's window, and believes the answer. */
static void probe_on_leaving(void)
{
	uint32_t snd = 1000, rcv = 0x80000000;
	struct seg *s;
	int fd;

	p.tun = peer_net();
	fd = assembled(snd, rcv);
	mode(fd, REP_OFF);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, snd - 1);
	ASSERT_EQ(s->ack, rcv);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(s->ts, false);
	peer_none(&p, 300);
	ASSERT_EQ(OK(send(fd, "waits", 5, 0)), 5);
	peer_ack(&p);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, snd);
	ASSERT_EQ(s->len, 5);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	/* Nothing of the kind from a socket that is not connected. */
	fd = sk_new();
	mode(fd, REP_ON);
	mode(fd, REP_OFF);
	peer_none(&p, 100);
}

/* Numbers set by hand, and repair mode left: connect() begins with them. */
static void initial_number(void)
{
	struct seg *s;
	int fd;

	peer_init(&p, peer_net(), 4000, 0);
	fd = sk_new();
	mode(fd, REP_ON);
	set_queue_seq(fd, Q_SEND, 123456789);
	mode(fd, REP_OFF);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->seq, 123456789);
}

/* Into either queue, out of either queue, and nothing on the wire. */
static void queues(void)
{
	uint32_t snd = 0xfffffffe, rcv = 0x7ffffffe;
	static char big[100000], back[100000];
	struct seg *s;
	int fd, n, i;

	p.tun = peer_net();
	fd = assembled(snd, rcv);
	sk_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 1 << 20);
	sk_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20);
	fill(big, sizeof(big), 1);
	queue(fd, Q_RECV);
	ASSERT_EQ(send(fd, "", 0, 0), 0);
	for (n = 0; n < (int)sizeof(big); n += i)
		i = OK(send(fd, big + n, sizeof(big) - n, 0));
	ASSERT_EQ(sk_inq(fd), n);
	ASSERT(ev_now(fd, POLLIN) & POLLIN);
	ASSERT_EQ(queue_seq(fd, Q_RECV), rcv + n);
	/* In pieces, as what is read in repair mode stays. */
	ASSERT_EQ(recv(fd, back, 1000, MSG_PEEK), 1000);
	ASSERT(!memcmp(big, back, 1000));
	ASSERT_EQ(recv(fd, back, n, MSG_PEEK), n);
	ASSERT(!memcmp(big, back, n));
	queue(fd, Q_SEND);
	fill(big, sizeof(big), 2);
	for (n = 0; n < (int)sizeof(big); n += i)
		i = OK(send(fd, big + n, sizeof(big) - n, 0));
	ASSERT_EQ(sk_outq(fd), n);
	ASSERT_EQ(unsent(fd), 0);
	ASSERT_EQ(queue_seq(fd, Q_SEND), snd + n);
	memset(back, 0, sizeof(back));
	ASSERT_EQ(recv(fd, back, n, MSG_PEEK), n);
	ASSERT(!memcmp(big, back, n));
	/* TCP may tell of its window when somebody looks at what came */
	while ((s = peer_get(&p, 100)))
		ASSERT_EQ(s->len, 0);

	/* What the peer is said to have had, it acknowledges. */
	mode(fd, REP_OFF);
	ASSERT_EQ(peer_want(&p, F_ACK)->seq, snd - 1);
	p.snd_nxt += sizeof(big);
	p.rcv_nxt = snd + 99000;
	peer_ack(&p);
	UNTIL(sk_outq(fd) == 1000);
	/* The rest is sent again, as it did not come. */
	peer_read(&p, back, 1000);
	ASSERT(!memcmp(big + 99000, back, 1000));
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	fill(big, sizeof(big), 1);
	recv_all(fd, back, sizeof(back));
	ASSERT(!memcmp(big, back, sizeof(back)));
	send_str(fd, "new");
	peer_read(&p, back, 3);
	ASSERT(!memcmp(back, "new", 3));
}

/* Segments that come in repair mode count. */
static void incoming(void)
{
	char buf[16];
	int fd = live();

	mode(fd, REP_ON);
	peer_str(&p, "hello");
	ASSERT_EQ(peer_want(&p, F_ACK)->ack, p.snd_nxt);
	ASSERT_EQ(sk_inq(fd), 5);
	queue(fd, Q_RECV);
	ASSERT_EQ(recv(fd, buf, sizeof(buf), MSG_PEEK), 5);
	ASSERT(!memcmp(buf, "hello", 5));
	/* And what is put in by hand comes behind. */
	ASSERT_EQ(send(fd, ", you", 5, 0), 5);
	mode(fd, REP_OFF);
	ASSERT_EQ(peer_want(&p, F_ACK)->ack, p.snd_nxt + 5);
	recv_str(fd, "hello, you");
	p.snd_nxt += 5;
	/* The end of the stream, too. */
	mode(fd, REP_ON);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	UNTIL_STATE(PORT, 4000, "CLOSE_WAIT");
	mode(fd, REP_OFF);
	recv_eof(fd);
	/* Leaving it sends a probe in ESTABLISHED only. */
	ASSERT_EQ(peer_want(&p, F_ACK)->ack, p.snd_nxt);
	peer_none(&p, 100);
}

/* Repair mode, there and back: a connection that transfers does not notice. */
static void transparent(void)
{
	static char big[400000], back[400000];
	struct net2 n = net2_new(0, 1500);
	struct pair c = pair_net2(&n);
	struct tcp_repair_window w;
	int done = 0, got = 0, i;
	socklen_t len;

	fill(big, sizeof(big), 3);
	sk_nonblock(c.c, true);
	sk_nonblock(c.s, true);
	while (got < (int)sizeof(big)) {
		i = done < (int)sizeof(big) ? send(c.c, big + done, sizeof(big) - done, 0) : 0;
		if (i > 0)
			done += i;
		mode(c.c, REP_ON);
		len = sizeof(w);
		OK(getsockopt(c.c, SOL_TCP, TCP_REPAIR_WINDOW, &w, &len));
		queue_seq(c.c, Q_SEND);
		queue(c.c, Q_NONE);
		mode(c.c, got & 1 ? REP_OFF : REP_OFF_NO_WP);
		i = recv(c.s, back + got, sizeof(back) - got, 0);
		if (i > 0)
			got += i;
		else
			ev_wait(c.s, POLLIN, 100);
	}
	ASSERT(!memcmp(big, back, sizeof(big)));
}

/* A socket in repair mode may bind what others hold. */
static void bind_forced(void)
{
	struct pair c = pair_lo();
	int fd = sk_new(), port = sk_port(c.l);

	ASSERT_ERR(sk_bind(fd, IP_LO, port), EADDRINUSE);
	mode(fd, REP_ON);
	OK(sk_bind(fd, IP_LO, port));
	/* But the tuple of another remains its own. */
	ASSERT_ERR(sk_connect(fd, IP_LO, sk_peer_port(c.s)), EADDRNOTAVAIL);
	OK(sk_connect(fd, IP_LO, 4000));
	close(fd);
	/* The children of a listener are like any other. */
	fd = sk_new();
	mode(fd, REP_ON);
	mode(fd, REP_OFF);
	OK(sk_bind(fd, IP_LO, port + 1));
	OK(listen(fd, 1));
	c.c = sk_dial(IP_LO, port + 1);
	c.s = sk_accept(fd);
	ASSERT_EQ(sk_get(c.s, SOL_TCP, TCP_REPAIR), 0);
	send_str(c.s, "x");
	recv_str(c.c, "x");
}

/* TCP_MAXSEG tells the peer's, timestamps go on from where they are put. */
static void options(void)
{
	struct tcp_repair_opt all[] = {
		{ REP_MSS, 1000 }, { REP_WSCALE, 3 | 5 << 16 }, { REP_SACK, 0 }, { REP_TS, 0 },
	};
	struct tcp_info ti;
	struct seg *s;
	uint32_t ts;
	int fd;

	p.tun = peer_net();
	fd = assembled(7, 9);
	OK(setsockopt(fd, SOL_TCP, TCP_REPAIR_OPTIONS, all, sizeof(all)));
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), 1000);
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_options & 7, TCPI_OPT_TIMESTAMPS | TCPI_OPT_SACK | TCPI_OPT_WSCALE);
	ASSERT_EQ(ti.tcpi_snd_wscale, 3);
	ASSERT_EQ(ti.tcpi_rcv_wscale, 5);
	OK(repair_set(fd, TCP_TIMESTAMP, 0xfffffff0));
	ts = sk_get(fd, SOL_TCP, TCP_TIMESTAMP);
	ASSERT_LT(ts - 0xfffffff0, (uint32_t)patience(1000));
	p.ts = true;
	mode(fd, REP_OFF);
	s = peer_want(&p, F_ACK);
	ASSERT(s->ts);
	ASSERT_LT(s->tsval - 0xfffffff0, (uint32_t)patience(1000));
	ASSERT_EQ(s->tsecr, 0);
	/* Any timestamp of the peer's will do. */
	p.use_ts = true;
	p.tsval = 0x90000000;
	p.tsrecent = s->tsval;
	p.win = 1000;
	peer_str(&p, "x");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->tsecr, p.tsval);
	recv_str(fd, "x");
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_snd_mss, 1000 - 12);
	send_str(fd, "y");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 1);
	/* It has sent: too late. */
	mode(fd, REP_ON);
	ASSERT_ERR(option(fd, REP_MSS, 500), EPERM);
}

/* ---- the whole of it ---- */

struct image {
	union rt_addr here, there;
	socklen_t addr_len;
	struct tcp_info ti;
	struct tcp_repair_window w;
	uint32_t rcv, snd, ts;
	int mss, inq, outq, nsd;
	bool fin;
	char *in, *out;
};

static void take(int fd, struct image *m)
{
	socklen_t len;

	mode(fd, REP_ON);
	m->addr_len = sizeof(m->here);
	OK(getsockname(fd, &m->here.sa, &m->addr_len));
	OK(getpeername(fd, &m->there.sa, &m->addr_len));
	sk_info(fd, &m->ti);
	m->mss = sk_get(fd, SOL_TCP, TCP_MAXSEG);
	m->ts = sk_get(fd, SOL_TCP, TCP_TIMESTAMP);
	len = sizeof(m->w);
	OK(getsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &m->w, &len));
	m->inq = sk_inq(fd);
	m->outq = sk_outq(fd);
	m->nsd = unsent(fd);
	m->in = malloc(m->inq + 1);
	m->out = malloc(m->outq + 1);
	m->rcv = queue_seq(fd, Q_RECV);
	if (m->inq)
		ASSERT_EQ(recv(fd, m->in, m->inq, MSG_PEEK | MSG_DONTWAIT), m->inq);
	m->snd = queue_seq(fd, Q_SEND);
	/* a FIN is in the numbers, not in the queue */
	m->fin = m->ti.tcpi_state == TCP_FIN_WAIT1;
	if (m->outq - m->fin)
		ASSERT_EQ(recv(fd, m->out, m->outq - m->fin, MSG_PEEK | MSG_DONTWAIT),
			  m->outq - m->fin);
	queue(fd, Q_NONE);
}

static void put(int fd, const char *data, int len)
{
	int n;

	for (; len; len -= n, data += n)
		n = OK(send(fd, data, len, 0));
}

static int build(const struct image *m)
{
	uint32_t opts = m->ti.tcpi_options;
	int fd = sk_new();

	mode(fd, REP_ON);
	sk_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 4 << 20);
	sk_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20);
	OK(bind(fd, &m->here.sa, m->addr_len));
	set_queue_seq(fd, Q_RECV, m->rcv - m->inq);
	set_queue_seq(fd, Q_SEND, m->snd - m->outq);
	OK(connect(fd, &m->there.sa, m->addr_len));
	OK(option(fd, REP_MSS, m->mss));
	if (opts & TCPI_OPT_WSCALE)
		OK(option(fd, REP_WSCALE, m->ti.tcpi_snd_wscale | m->ti.tcpi_rcv_wscale << 16));
	if (opts & TCPI_OPT_SACK)
		OK(option(fd, REP_SACK, 0));
	if (opts & TCPI_OPT_TIMESTAMPS) {
		OK(option(fd, REP_TS, 0));
		OK(repair_set(fd, TCP_TIMESTAMP, m->ts));
	}
	queue(fd, Q_RECV);
	put(fd, m->in, m->inq);
	queue(fd, Q_SEND);
	put(fd, m->out, m->outq - m->fin - m->nsd);
	/* What was never sent is sent as any other. */
	if (m->nsd - m->fin > 0) {
		mode(fd, REP_OFF_NO_WP);
		put(fd, m->out + m->outq - m->nsd, m->nsd - m->fin);
		mode(fd, REP_ON);
	}
	OK(setsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &m->w, sizeof(m->w)));
	if (m->fin) {
		queue(fd, Q_SEND);
		OK(shutdown(fd, SHUT_WR));
	}
	return fd;
}

static volatile bool wire_cut;
static volatile long passed, lost;

static enum verdict cut(const struct seg *s, int dir)
{
	(void)s;
	(void)dir;
	if (wire_cut) {
		lost++;
		return DROP;
	}
	passed++;
	return PASS;
}

/* Cut the wire; what was on it has arrived once something else is lost. */
static void cut_wire(int fd)
{
	lost = 0;
	wire_cut = true;
	/* an end that waits for nothing may be silent */
	sk_set(fd, SOL_TCP, TCP_KEEPIDLE, 1);
	sk_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	UNTIL(lost);
	sk_set(fd, SOL_SOCKET, SO_KEEPALIVE, 0);
}

struct stream {
	uint64_t wr, rd;
	uint32_t seed;
};

static char at(const struct stream *s, uint64_t i)
{
	return (char)((i * 2654435761u >> 7) ^ (i >> 16) ^ s->seed);
}

/* As much of up to n bytes as goes. */
static void write_some(int fd, struct stream *s, int n)
{
	static char buf[65536];
	int i, len = n < (int)sizeof(buf) ? n : (int)sizeof(buf);

	for (i = 0; i < len; i++)
		buf[i] = at(s, s->wr + i);
	i = send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (i < 0 && errno != EAGAIN)
		FAIL("send: %s", strerror(errno));
	if (i > 0)
		s->wr += i;
}

static void read_some(int fd, struct stream *s, int n)
{
	static char buf[65536];
	int i, len = n < (int)sizeof(buf) ? n : (int)sizeof(buf);
	ssize_t got = recv(fd, buf, len, MSG_DONTWAIT);

	if (got < 0 && errno != EAGAIN)
		FAIL("recv: %s", strerror(errno));
	for (i = 0; i < got; i++)
		if (buf[i] != at(s, s->rd + i))
			FAIL("byte %llu is wrong", (unsigned long long)(s->rd + i));
	if (got > 0)
		s->rd += got;
}

/* Read what is under way, both ways. */
static void drain(int c, int s, struct stream *cs, struct stream *sc)
{
	double end = now() + patience(20000) / 1000.0;

	while (cs->rd != cs->wr || sc->rd != sc->wr) {
		struct pollfd pf[2] = { { c, POLLIN, 0 }, { s, POLLIN, 0 } };

		if (now() > end)
			FAIL("%lld and %lld bytes are missing", (long long)(cs->wr - cs->rd),
			     (long long)(sc->wr - sc->rd));
		poll(pf, 2, 100);
		read_some(s, cs, 65536);
		read_some(c, sc, 65536);
	}
}

/*
 * Both ends write; one is taken apart while the wire is cut, the other goes on
 * writing, and what was put together goes on where it had been.
 */
static void move(struct pair *c, struct stream *cs, struct stream *sc, bool server, int volume,
		 uint64_t *rs)
{
	int *fd = server ? &c->s : &c->c, old = *fd, i;
	struct image m = {};

	for (i = 0; i < 20; i++) {
		write_some(c->c, cs, rnd(rs) % volume + 1);
		write_some(c->s, sc, rnd(rs) % volume + 1);
		if (rnd(rs) % 2)
			read_some(c->s, cs, rnd(rs) % volume + 1);
		if (rnd(rs) % 2)
			read_some(c->c, sc, rnd(rs) % volume + 1);
	}
	cut_wire(c->c);
	for (i = 0; i < 3; i++) {
		write_some(c->c, cs, rnd(rs) % volume + 1);
		write_some(c->s, sc, rnd(rs) % volume + 1);
	}
	take(old, &m);
	close(old);
	write_some(server ? c->c : c->s, server ? cs : sc, rnd(rs) % volume + 1);
	*fd = build(&m);
	wire_cut = false;
	mode(*fd, REP_OFF);
	for (i = 0; i < 5; i++) {
		write_some(c->c, cs, rnd(rs) % volume + 1);
		write_some(c->s, sc, rnd(rs) % volume + 1);
	}
	drain(c->c, c->s, cs, sc);
	free(m.in);
	free(m.out);
}

static void moves(const char *ws, const char *ts, const char *sack, int n, int volume)
{
	uint64_t rs = rt.seed ?: 12345;
	struct stream cs = { .seed = 1 }, sc = { .seed = 2 };
	struct relay *r = relay_new(1500, cut);
	struct pair c;
	int i, ns;

	for (i = 0; i < 2; i++) {
		ns = i ? r->a : r->b;
		ns_enter(ns);
		sysctl_set("window_scaling", ws);
		sysctl_set("timestamps", ts);
		sysctl_set("sack", sack);
	}
	c = pair_relay(r);
	for (i = 0; i < n; i++) {
		ns_enter(i & 1 ? r->b : r->a);
		move(&c, &cs, &sc, i & 1, volume, &rs);
	}
	t_note("%llu bytes there, %llu back, %ld segments", (unsigned long long)cs.rd,
	       (unsigned long long)sc.rd, passed);
	close(c.c);
	recv_eof(c.s);
}

static void dump_restore(void)
{
	moves("1", "1", "1", 4, 20000);
}

static void dump_restore_ts(void)
{
	moves("1", "1", "0", 4, 20000);
}

static void dump_restore_sack(void)
{
	moves("1", "0", "1", 4, 20000);
}

static void dump_restore_bare(void)
{
	moves("0", "0", "0", 4, 5000);
}

static void dump_restore_large(void)
{
	moves("1", "1", "1", 30, 100000);
	moves("1", "0", "0", 10, 100000);
}

/* Half closed: the FIN is said to have been sent, and is sent again. */
static void half_closed(void)
{
	struct stream cs = { .seed = 1 }, sc = { .seed = 2 };
	struct relay *r = relay_new(1500, cut);
	struct pair c = pair_relay(r);
	struct image m = {};
	int port = sk_port(c.c);

	ns_enter(r->a);
	write_some(c.c, &cs, 5000);
	drain(c.c, c.s, &cs, &sc);
	UNTIL(!sk_outq(c.c));
	cut_wire(c.c);
	write_some(c.c, &cs, 3000);
	OK(shutdown(c.c, SHUT_WR));
	ASSERT_STATE(port, 0, "FIN_WAIT_1");
	take(c.c, &m);
	ASSERT_EQ(m.outq, 3001);
	close(c.c);
	ASSERT_STATE(port, 0, "");
	c.c = build(&m);
	ASSERT_STATE(port, 0, "FIN_WAIT_1");
	ASSERT_EQ(sk_outq(c.c), 3001);
	wire_cut = false;
	mode(c.c, REP_OFF);
	drain(c.c, c.s, &cs, &sc);
	recv_eof(c.s);
	UNTIL_STATE(port, 0, "FIN_WAIT_2");
	write_some(c.s, &sc, 3000);
	drain(c.c, c.s, &cs, &sc);
	close(c.s);
	recv_eof(c.c);
	close(c.c);
	free(m.in);
	free(m.out);
}

static const struct rt_test tests[] = {
	{ "privilege", "TO-15", privilege, 0, 0 },
	{ "errors", "TO-15 TO-16 C87", errors, 0, 0 },
	{ "silent", "TO-15", silent, T_FULL, 0 },
	{ "probe_on_leaving", "TO-15", probe_on_leaving, 0, 0 },
	{ "initial_number", "TO-15", initial_number, 0, 0 },
	{ "queues", "TO-15", queues, 0, 0 },
	{ "incoming", "TO-15", incoming, 0, 0 },
	{ "transparent", "TO-15", transparent, 0, 0 },
	{ "bind_forced", "TO-15 C81", bind_forced, 0, 0 },
	{ "options", "TO-15", options, 0, 0 },
	{ "dump_restore", "TO-15", dump_restore, 0, 60 },
	{ "dump_restore_ts", "TO-15", dump_restore_ts, 0, 60 },
	{ "dump_restore_sack", "TO-15", dump_restore_sack, 0, 60 },
	{ "dump_restore_bare", "TO-15", dump_restore_bare, 0, 60 },
	{ "dump_restore_large", "TO-15", dump_restore_large, T_FULL, 240 },
	{ "half_closed", "TO-15 C24", half_closed, 0, 60 },
};

RT_MAIN(tests)
