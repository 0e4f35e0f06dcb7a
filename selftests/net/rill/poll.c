// SPDX-License-Identifier: GPL-2.0
/* What poll and epoll say in each state, and when they say it again. */
#include "wire.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>

#define PORT	8080
#define ALL	(POLLIN | POLLOUT | POLLPRI | POLLRDHUP)

static struct peer p;
static int fd;

static void connected(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
}

/* epoll in level mode and select agree with poll. */
static short agreed(int sock)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP };
	short want = ev_now(sock, ALL);
	struct timeval tv = { };
	fd_set r, w;
	int ep = OK(epoll_create1(0));

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, sock, &e));
	e.events = 0;
	OK(epoll_wait(ep, &e, 1, 0));
	ASSERT_EQ((short)e.events, want);
	close(ep);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(sock, &r);
	FD_SET(sock, &w);
	OK(select(sock + 1, &r, &w, NULL, &tv));
	ASSERT_EQ(!!FD_ISSET(sock, &r), !!(want & (POLLIN | POLLHUP | POLLERR)));
	ASSERT_EQ(!!FD_ISSET(sock, &w), !!(want & (POLLOUT | POLLERR)));
	return want;
}

static void states(void)
{
	int l, s;

	peer_init(&p, peer_net(), 4000, 0);
	fd = sk_new();
	ASSERT_EQ(agreed(fd), POLLOUT | POLLHUP);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	ASSERT_EQ(agreed(fd), 0);
	ASSERT_ERR(send(fd, "x", 1, MSG_DONTWAIT), EAGAIN);
	peer_answer(&p);
	UNTIL(agreed(fd) == POLLOUT);
	peer_str(&p, "x");
	UNTIL(agreed(fd) == (POLLIN | POLLOUT));
	recv_str(fd, "x");
	ASSERT_EQ(agreed(fd), POLLOUT);
	/* Own SHUT_WR changes nothing, the peer's FIN ends it all. */
	OK(shutdown(fd, SHUT_WR));
	ASSERT_EQ(agreed(fd), POLLOUT);
	peer_want(&p, F_ACK);
	peer_want(&p, F_FIN | F_ACK);
	peer_ack(&p);
	UNTIL_STATE(0, 4000, "FIN_WAIT_2");
	ASSERT_EQ(agreed(fd), POLLOUT);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	UNTIL(agreed(fd) == (POLLIN | POLLOUT | POLLRDHUP | POLLHUP));

	/* The peer's FIN alone: no HUP. */
	l = sk_listen(INADDR_ANY, PORT, 4);
	ASSERT_EQ(agreed(l), 0);
	peer_init(&p, p.tun, 4001, PORT);
	peer_connect(&p);
	UNTIL(agreed(l) == POLLIN);
	s = sk_accept(l);
	ASSERT_EQ(agreed(l), 0);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	UNTIL(agreed(s) == (POLLIN | POLLOUT | POLLRDHUP));
	recv_eof(s);
	ASSERT_EQ(agreed(s), POLLIN | POLLOUT | POLLRDHUP);
	OK(shutdown(s, SHUT_WR));
	UNTIL(agreed(s) == (POLLIN | POLLOUT | POLLRDHUP | POLLHUP));
	/* Own SHUT_RD reads as the end of the stream. */
	peer_init(&p, p.tun, 4002, PORT);
	s = peer_accepted(&p, l);
	OK(shutdown(s, SHUT_RD));
	ASSERT_EQ(agreed(s), POLLIN | POLLOUT | POLLRDHUP);
}

static void errors(void)
{
	connected();
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	UNTIL(agreed(fd) == (POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP));
	/* Unasked too. */
	ASSERT_EQ(ev_now(fd, 0), POLLERR | POLLHUP);
	ASSERT_EQ(sk_error(fd), ECONNRESET);
	ASSERT_EQ(agreed(fd), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
}

static void lowat(void)
{
	connected();
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_RCVLOWAT), 1);
	sk_set(fd, SOL_SOCKET, SO_RCVLOWAT, 0);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_RCVLOWAT), 1);
	sk_set(fd, SOL_SOCKET, SO_RCVLOWAT, 10);
	peer_str(&p, "12345");
	UNTIL(sk_inq(fd) == 5);
	ASSERT_EQ(ev_wait(fd, POLLIN, 30), 0);
	peer_str(&p, "67890");
	ev_need(fd, POLLIN);
	recv_str(fd, "1234567890");
	/* The end of the stream counts whatever is there. */
	peer_str(&p, "abc");
	UNTIL(sk_inq(fd) == 3);
	ASSERT_EQ(ev_now(fd, POLLIN), 0);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	ev_need(fd, POLLIN);
	recv_str(fd, "abc");
	recv_eof(fd);
}

static int ep_add(int sock, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = sock };
	int ep = OK(epoll_create1(0));

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, sock, &e));
	return ep;
}

static uint32_t ep_get(int ep, int ms)
{
	struct epoll_event e = { };

	return OK(epoll_wait(ep, &e, 1, ms)) ? e.events : 0;
}

static void level_and_edge(void)
{
	char buf[2000];
	int lv, ed;

	memset(buf, 'k', sizeof(buf));
	connected();
	lv = ep_add(fd, EPOLLIN);
	ed = ep_add(fd, EPOLLIN | EPOLLET);
	ASSERT_EQ(ep_get(lv, 0), 0);
	ASSERT_EQ(ep_get(ed, 0), 0);
	peer_put(&p, F_PSH | F_ACK, buf, 1000);
	ASSERT_EQ(ep_get(lv, WAIT_MS), EPOLLIN);
	ASSERT_EQ(ep_get(ed, WAIT_MS), EPOLLIN);
	/* Half is read: level says so again, edge does not. */
	recv_all(fd, buf, 500);
	ASSERT_EQ(ep_get(lv, 0), EPOLLIN);
	ASSERT_EQ(ep_get(ed, 30), 0);
	/* New data is a new edge, also with old data there. */
	peer_put(&p, F_PSH | F_ACK, buf, 100);
	ASSERT_EQ(ep_get(ed, WAIT_MS), EPOLLIN);
	recv_all(fd, buf, 600);
	ASSERT_ERR(recv(fd, buf, 1, MSG_DONTWAIT), EAGAIN);
	ASSERT_EQ(ep_get(lv, 0), 0);
	ASSERT_EQ(ep_get(ed, 0), 0);
	peer_put(&p, F_PSH | F_ACK, buf, 1);
	ASSERT_EQ(ep_get(ed, WAIT_MS), EPOLLIN);
	recv_all(fd, buf, 1);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	ASSERT(ep_get(ed, WAIT_MS) & EPOLLIN);
	ASSERT_EQ(ep_get(ed, 30), 0);
	ASSERT(ep_get(lv, 0) & EPOLLIN);
}

/* Writable again when a third is free, and as an edge after EAGAIN. */
static void edge_out(void)
{
	static char buf[65536];
	int ed, total = 0, sndbuf;
	struct pair q;
	ssize_t n;

	ns_new();
	q = pair_lo();
	sk_nonblock(q.c, true);
	sk_set(q.c, SOL_SOCKET, SO_SNDBUF, 100000);
	sndbuf = sk_get(q.c, SOL_SOCKET, SO_SNDBUF);
	ed = ep_add(q.c, EPOLLOUT | EPOLLET);
	ASSERT_EQ(ep_get(ed, 0), EPOLLOUT);
	ASSERT_EQ(ep_get(ed, 0), 0);
	while ((n = send(q.c, buf, sizeof(buf), 0)) > 0 || sk_outq(q.c) < sndbuf / 10) {
		if (n > 0)
			total += n;
		else
			rest(1);
		ASSERT_LT(total, 100 << 20);
	}
	ASSERT_EQ(errno, EAGAIN);
	rest(20);
	while ((n = send(q.c, buf, sizeof(buf), 0)) > 0)
		total += n;
	ASSERT_EQ(ev_now(q.c, POLLOUT), 0);
	ep_get(ed, 0);
	ASSERT_EQ(ep_get(ed, 20), 0);
	while (total > 0) {
		n = recv(q.s, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0)
			total -= n;
		else
			ev_need(q.s, POLLIN);
	}
	ASSERT_EQ(ep_get(ed, WAIT_MS), EPOLLOUT);
	ASSERT_EQ(ev_now(q.c, POLLOUT), POLLOUT);
}

static void oneshot(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLONESHOT };
	int ep;

	connected();
	ep = ep_add(fd, EPOLLIN | EPOLLONESHOT);
	peer_str(&p, "x");
	ASSERT_EQ(ep_get(ep, WAIT_MS), EPOLLIN);
	peer_str(&p, "y");
	ASSERT_EQ(ep_get(ep, 30), 0);
	OK(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e));
	ASSERT_EQ(ep_get(ep, WAIT_MS), EPOLLIN);
	/* The last descriptor goes, and with it the entry. */
	close(fd);
	OK(epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e) == -1 && errno == EBADF ? 0 : -1);
	ASSERT_EQ(ep_get(ep, 0), 0);
}

static int woken;

static void *waiter(void *arg)
{
	int ep = *(int *)arg;

	if (ep_get(ep, 1000) & EPOLLIN)
		__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void exclusive(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP };
	int l, ep[4], i;
	pthread_t th[4];

	ns_new();
	l = sk_listen(IP_LO, PORT, 8);
	i = epoll_create1(0);
	ASSERT_ERR(epoll_ctl(i, EPOLL_CTL_ADD, l, &e), EINVAL);
	for (i = 0; i < 4; i++) {
		ep[i] = ep_add(l, EPOLLIN | EPOLLEXCLUSIVE);
		pthread_create(&th[i], NULL, waiter, &ep[i]);
	}
	rest(100);
	sk_dial(IP_LO, PORT);
	for (i = 0; i < 4; i++)
		pthread_join(th[i], NULL);
	ASSERT_GE(woken, 1);
	ASSERT_LE(woken, 3);
}

/* A blocked reader, writer and acceptor are woken by what they wait for. */
static void *blocking_recv(void *arg)
{
	char buf[8];

	(void)arg;
	return (void *)(long)recv(fd, buf, sizeof(buf), 0);
}

static void wakeups(void)
{
	pthread_t th;
	void *ret;

	connected();
	pthread_create(&th, NULL, blocking_recv, NULL);
	rest(30);
	peer_str(&p, "wake");
	pthread_join(th, &ret);
	ASSERT_EQ((long)ret, 4);
	pthread_create(&th, NULL, blocking_recv, NULL);
	rest(30);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	pthread_join(th, &ret);
	ASSERT_EQ((long)ret, 0);
	peer_init(&p, p.tun, 4001, PORT + 1);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT + 1, 4));
	pthread_create(&th, NULL, blocking_recv, NULL);
	rest(30);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	pthread_join(th, &ret);
	ASSERT_EQ((long)ret, -1);
}

static volatile sig_atomic_t sigio;

static void on_io(int sig)
{
	(void)sig;
	sigio++;
}

static void async_signal(void)
{
	connected();
	signal(SIGIO, on_io);
	OK(fcntl(fd, F_SETOWN, getpid()));
	OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC));
	peer_str(&p, "x");
	UNTIL(sigio > 0);
}

static const struct rt_test tests[] = {
	{ "states", "C82 PO-1 PO-2 PO-3 PO-4 PO-5 PO-6 PO-7 TX-3", states, 0, 0 },
	{ "errors", "C82 PO-6 PO-8 PO-10", errors, 0, 0 },
	{ "lowat", "C83 PO-4 RX-6", lowat, 0, 0 },
	{ "level_and_edge", "C82 PO-11", level_and_edge, 0, 0 },
	{ "edge_out", "C82 C84 PO-11 PO-12", edge_out, 0, 0 },
	{ "oneshot", "C82 PO-14 PO-16", oneshot, 0, 0 },
	{ "exclusive", "C16 C82 PO-13", exclusive, 0, 0 },
	{ "wakeups", "C82 RX-1", wakeups, 0, 0 },
	{ "async_signal", "PO-15", async_signal, 0, 0 },
};

RT_MAIN(tests)
