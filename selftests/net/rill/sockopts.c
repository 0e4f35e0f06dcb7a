// SPDX-License-Identifier: GPL-2.0
/* What single options do: TCP_DEFER_ACCEPT, TCP_SAVE_SYN, TCP_NOTSENT_LOWAT and others. */
#include "carry.h"

#include <linux/sockios.h>
#include <sys/epoll.h>

#define PORT	8080

static struct peer p;
static int fd, lfd;

/* ---- TCP_DEFER_ACCEPT ---- */

static void deferring(int secs)
{
	peer_init(&p, peer_net(), 4000, PORT);
	lfd = sk_listen(INADDR_ANY, PORT, 4);
	sk_nonblock(lfd, true);
	sk_set(lfd, SOL_TCP, TCP_DEFER_ACCEPT, secs);
}

static void defer_rounds(void)
{
	static const int v[][2] = {
		{ 0, 0 }, { -5, 0 }, { 1, 1 }, { 2, 3 }, { 3, 3 }, { 4, 7 }, { 7, 7 }, { 8, 15 },
		{ 60, 63 }, { 64, 127 }, { 127, 127 }, { 128, 247 }, { 1000, 1087 },
	};
	size_t i;

	ns_new();
	fd = sk_new();
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_DEFER_ACCEPT), 0);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		sk_set(fd, SOL_TCP, TCP_DEFER_ACCEPT, v[i][0]);
		ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_DEFER_ACCEPT), v[i][1]);
	}
}

/* Nobody is woken by the bare ACK, but by data. */
static void defer_data(void)
{
	deferring(30);
	peer_connect(&p);
	ASSERT_EQ(ev_wait(lfd, POLLIN, 100), 0);
	ASSERT_ERR(accept(lfd, NULL, NULL), EAGAIN);
	peer_str(&p, "hello");
	ev_need(lfd, POLLIN);
	fd = OK(accept(lfd, NULL, NULL));
	recv_str(fd, "hello");
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_DEFER_ACCEPT), 0);
	peer_want(&p, F_ACK);
	send_str(fd, "there");
	peer_want(&p, F_ACK);
}

/* A FIN is something, too. */
static void defer_fin(void)
{
	deferring(30);
	peer_connect(&p);
	ASSERT_EQ(ev_wait(lfd, POLLIN, 50), 0);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	ev_need(lfd, POLLIN);
	fd = OK(accept(lfd, NULL, NULL));
	recv_eof(fd);
}

static void defer_rst(void)
{
	deferring(30);
	peer_connect(&p);
	peer_put(&p, F_RST, NULL, 0);
	UNTIL(!table_count("SYN_RECV"));
	ASSERT_EQ(ev_now(lfd, POLLIN), 0);
}

/*
 * After the time the SYN-ACK comes once more, and its ACK makes the connection;
 * until then a peer that has answered is left alone.
 */
static void defer_silence(void)
{
	double t0;

	deferring(2);
	peer_connect(&p);
	t0 = now();
	peer_none(&p, 2500);
	peer_want(&p, F_SYN | F_ACK);
	ASSERT_TIME("SYN-ACK again", now() - t0, 3);
	ASSERT_EQ(ev_now(lfd, POLLIN), 0);
	peer_ack(&p);
	ev_need(lfd, POLLIN);
	fd = OK(accept(lfd, NULL, NULL));
	send_str(fd, "x");
	peer_want(&p, F_ACK);
}

/* Who never answers is asked again as always. */
static void defer_lost(void)
{
	double t0;

	deferring(30);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	t0 = now();
	peer_want(&p, F_SYN | F_ACK);
	ASSERT_TIME("SYN-ACK again", now() - t0, 1);
	peer_want(&p, F_SYN | F_ACK);
	ASSERT_TIME("SYN-ACK again", now() - t0, 3);
	peer_ack(&p);
	ASSERT_EQ(ev_wait(lfd, POLLIN, 50), 0);
	peer_str(&p, "x");
	ev_need(lfd, POLLIN);
}

/* A SYN cookie remembers nothing that could wait. */
static void defer_cookie(void)
{
	need_sysctl("syncookies");
	deferring(30);
	sysctl_set("syncookies", "2");
	peer_connect(&p);
	ev_need(lfd, POLLIN);
}

/* A client that will speak first saves the last ACK of the handshake. */
static void defer_client(void)
{
	double t0;
	int way;

	for (way = 0; way < 2; way++) {
		peer_init(&p, p.tun ?: peer_net(), 4000 + way, 0);
		fd = sk_new();
		if (way)
			sk_set(fd, SOL_TCP, TCP_QUICKACK, 0);
		else
			sk_set(fd, SOL_TCP, TCP_DEFER_ACCEPT, 1);
		sk_nonblock(fd, true);
		ASSERT_ERR(sk_connect(fd, TUN_P, 4000 + way), EINPROGRESS);
		peer_want(&p, F_SYN);
		t0 = now();
		peer_put(&p, F_SYN | F_ACK, NULL, 0);
		ev_need(fd, POLLOUT);
		peer_want(&p, F_ACK);
		ASSERT_TIME("ACK of the SYN-ACK", now() - t0, 0.2);
		close(fd);
		peer_drop(&p);
	}
}

static void defer_client_data(void)
{
	peer_init(&p, peer_net(), 4000, 0);
	fd = sk_new();
	sk_set(fd, SOL_TCP, TCP_DEFER_ACCEPT, 1);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_want(&p, F_SYN);
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	ev_need(fd, POLLOUT);
	send_str(fd, "first");
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 5);
}

/* TCP_SYNCNT of a listener is of its SYN-ACKs. */
static void syncnt_listener(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	lfd = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(lfd, SOL_TCP, TCP_SYNCNT, 1);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	peer_want(&p, F_SYN | F_ACK);
	peer_none(&p, 5000);
	ASSERT_EQ(table_count("SYN_RECV"), 0);
}

/* ---- TCP_SAVE_SYN ---- */

static void saved(int cfd, int mac)
{
	const int at = mac + carry_head();	/* where the segment begins */
	unsigned char buf[200];
	socklen_t len = 10;

	ASSERT_ERR(getsockopt(cfd, SOL_TCP, TCP_SAVED_SYN, buf, &len), EINVAL);
	ASSERT_GE((int)len, at + 20);
	len = sizeof(buf);
	OK(getsockopt(cfd, SOL_TCP, TCP_SAVED_SYN, buf, &len));
	ASSERT_EQ(buf[mac], rt.v6 ? 0x60 : 0x45);
	ASSERT_EQ((int)len, at + (buf[at + 12] >> 4) * 4);
	ASSERT_EQ(buf[mac + (rt.v6 ? 6 : 9)], proto_num());
	ASSERT_EQ(buf[at + 13], F_SYN);
	ASSERT_EQ(get16(buf + at), sk_peer_port(cfd));
	len = sizeof(buf);
	OK(getsockopt(cfd, SOL_TCP, TCP_SAVED_SYN, buf, &len));
	ASSERT_EQ(len, 0);
}

static void save_syn(void)
{
	unsigned char buf[200];
	socklen_t len;
	int mode, c;

	ns_new();
	for (mode = 0; mode < 3; mode++) {
		lfd = sk_listen(IP_LO, 0, 4);
		sk_set(lfd, SOL_TCP, TCP_SAVE_SYN, mode);
		ASSERT_EQ(sk_get(lfd, SOL_TCP, TCP_SAVE_SYN), mode);
		c = sk_dial(IP_LO, sk_port(lfd));
		fd = sk_accept(lfd);
		if (mode)
			saved(fd, mode == 2 ? 14 : 0);
		/* one that is not asked goes with its socket */
		close(c);
		close(fd);
		c = sk_dial(IP_LO, sk_port(lfd));
		fd = sk_accept(lfd);
		len = sizeof(buf);
		OK(getsockopt(c, SOL_TCP, TCP_SAVED_SYN, buf, &len));
		ASSERT_EQ(len, 0);
		len = sizeof(buf);
		OK(getsockopt(lfd, SOL_TCP, TCP_SAVED_SYN, buf, &len));
		ASSERT_EQ(len, 0);
		close(c);
		close(fd);
		close(lfd);
	}
}

/* A disconnect forgets it; so does a listener that closes with it queued. */
static void save_syn_dropped(void)
{
	struct sockaddr un = { .sa_family = AF_UNSPEC };
	unsigned char buf[200];
	socklen_t len = sizeof(buf);

	ns_new();
	lfd = sk_listen(IP_LO, 0, 4);
	sk_set(lfd, SOL_TCP, TCP_SAVE_SYN, 1);
	sk_dial(IP_LO, sk_port(lfd));
	fd = sk_accept(lfd);
	OK(connect(fd, &un, sizeof(un)));
	OK(getsockopt(fd, SOL_TCP, TCP_SAVED_SYN, buf, &len));
	ASSERT_EQ(len, 0);
	sk_dial(IP_LO, sk_port(lfd));
	ev_need(lfd, POLLIN);
	close(lfd);
}

/* ---- TCP_NOTSENT_LOWAT ---- */

static int notsent(int s)
{
	int n = -1;

	OK(ioctl(s, SIOCOUTQNSD, &n));
	return n;
}

static void stuff(int s, int step)
{
	static char buf[65536];

	/* what bounds is not the buffer */
	sk_set(s, SOL_SOCKET, SO_SNDBUF, 200000);

	sk_nonblock(s, true);
	while (send(s, buf, step, MSG_NOSIGNAL) > 0)
		;
	ASSERT_EQ(errno, EAGAIN);
}

/* What is not sent bounds what is queued; OUT comes back when half of it has left. */
static void lowat(bool sysctl)
{
	struct epoll_event e = { .events = EPOLLOUT | EPOLLET };
	int ep;

	peer_init(&p, peer_net(), 4000, PORT);
	p.win = 20000;
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	if (sysctl)
		sysctl_set("notsent_lowat", "30000");
	else
		sk_set(fd, SOL_TCP, TCP_NOTSENT_LOWAT, 30000);
	ep = OK(epoll_create1(0));
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	ASSERT_EQ(epoll_wait(ep, &e, 1, 0), 1);
	stuff(fd, 4000);
	ASSERT_GE(notsent(fd), 30000);
	/* a buffer that was begun is filled */
	ASSERT_LE(notsent(fd), 30000 + 70000);
	ASSERT_EQ(ev_now(fd, POLLOUT), 0);
	ASSERT_EQ(epoll_wait(ep, &e, 1, 0), 0);
	/* the peer takes it, window by window */
	while (!ev_now(fd, POLLOUT)) {
		while (peer_get(&p, 50))
			;
		ASSERT_GE(notsent(fd), 15000);
		peer_ack(&p);
	}
	ASSERT_LT(notsent(fd), 15000);
	ASSERT_EQ(epoll_wait(ep, &e, 1, 100), 1);
}

static void lowat_option(void)
{
	lowat(false);
}

static void lowat_sysctl(void)
{
	need_sysctl("notsent_lowat");
	lowat(true);
}

/* Set above what waits, it makes room at once. */
static void lowat_raised(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	p.win = 5000;
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	sk_set(fd, SOL_TCP, TCP_NOTSENT_LOWAT, 1);
	stuff(fd, 1000);
	ASSERT_EQ(ev_now(fd, POLLOUT), 0);
	sk_set(fd, SOL_TCP, TCP_NOTSENT_LOWAT, 10000000);
	ev_need(fd, POLLOUT);
}

/* ---- others ---- */

static void rcvlowat_capped(void)
{
	struct pair pr;
	int max;

	ns_new();
	pr = pair_lo();
	sk_set(pr.s, SOL_SOCKET, SO_RCVLOWAT, 200000);
	ASSERT_EQ(sk_get(pr.s, SOL_SOCKET, SO_RCVLOWAT), 200000);
	ASSERT_GE(sk_get(pr.s, SOL_SOCKET, SO_RCVBUF), 200000);
	sk_set(pr.s, SOL_SOCKET, SO_RCVBUF, 50000);
	max = sk_get(pr.s, SOL_SOCKET, SO_RCVBUF);
	sk_set(pr.s, SOL_SOCKET, SO_RCVLOWAT, 1 << 30);
	ASSERT_EQ(sk_get(pr.s, SOL_SOCKET, SO_RCVLOWAT), max / 2);
	ASSERT_EQ(sk_get(pr.s, SOL_SOCKET, SO_RCVBUF), max);
}

/* TCP_THIN_LINEAR_TIMEOUTS: past slow start, no doubling for six timeouts. */
static void thin_linear(void)
{
	int i, ms[6];
	double t0;

	peer_init(&p, peer_net(), 4000, PORT);
	p.sackok = false;
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	sk_set(fd, SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1);
	/* a first timeout ends the first slow start */
	send_str(fd, "a");
	peer_want(&p, F_ACK);
	peer_want(&p, F_ACK);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	rest(50);
	peer_drop(&p);
	send_str(fd, "b");
	peer_want(&p, F_ACK);
	for (i = 0; i < 6; i++) {
		t0 = now();
		peer_want(&p, F_ACK);
		ms[i] = (int)((now() - t0) * 1000);
	}
	/* the first may be a probe of the tail */
	for (i = 2; i < 6; i++)
		ASSERT_LT(ms[i], ms[1] * 8 / 5 + patience(50));
}

static void cc_info(void)
{
	static const char *const names[] = { "reno", "cubic" };
	unsigned char buf[64];
	socklen_t len;
	size_t i;

	ns_new();
	fd = sk_new();
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (setsockopt(fd, SOL_TCP, TCP_CONGESTION, names[i], strlen(names[i])))
			t_skip("no %s", names[i]);
		len = sizeof(buf);
		OK(getsockopt(fd, SOL_TCP, TCP_CC_INFO, buf, &len));
		ASSERT_EQ(len, 0);
	}
}

static const struct rt_test tests[] = {
	{ "defer_rounds", "TO-3", defer_rounds, 0, 0 },
	{ "defer_data", "TO-3", defer_data, 0, 0 },
	{ "defer_fin", "TO-3", defer_fin, 0, 0 },
	{ "defer_rst", "TO-3", defer_rst, 0, 0 },
	{ "defer_silence", "TO-3", defer_silence, T_FULL, 0 },
	{ "defer_lost", "TO-3", defer_lost, T_FULL, 0 },
	{ "defer_cookie", "TO-3 C11", defer_cookie, 0, 0 },
	{ "defer_client", "TO-3 TO-4 C73", defer_client, 0, 0 },
	{ "defer_client_data", "TO-3 C73", defer_client_data, 0, 0 },
	{ "syncnt_listener", "TO-7", syncnt_listener, T_FULL, 0 },
	{ "save_syn", "TO-14", save_syn, 0, 0 },
	{ "save_syn_dropped", "TO-14", save_syn_dropped, 0, 0 },
	{ "lowat_option", "TO-13", lowat_option, 0, 0 },
	{ "lowat_sysctl", "TO-13 sysctl:notsent_lowat", lowat_sysctl, 0, 0 },
	{ "lowat_raised", "TO-13", lowat_raised, 0, 0 },
	{ "rcvlowat_capped", "SO-9 PO-11", rcvlowat_capped, 0, 0 },
	{ "thin_linear", "TO-16", thin_linear, T_FULL, 0 },
	{ "cc_info", "TO-12", cc_info, 0, 0 },
};

RT_MAIN(tests)
