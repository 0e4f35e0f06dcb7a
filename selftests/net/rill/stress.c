// SPDX-License-Identifier: GPL-2.0
/*
 * Many sockets, many listeners, and threads that open, close, reset and look
 * at the same time.  What a race breaks, the kernel log tells; here nothing
 * may hang, no byte may be wrong and nothing may be left over.
 */
#include "wire.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#define PORT	20000

static atomic_bool stop;
static atomic_long done_conns, done_resets, looks, bytes_ok;
static double deadline;

static bool time_left(void)
{
	return !stop && now() < deadline;
}

/* Nothing but TIME_WAIT is left, and that goes with the namespace. */
static void nothing_left(void)
{
	static struct row rows[8192];
	double end = now() + patience(30000) / 1000.0;
	int i, n;

	while (table_count(NULL) != table_count("TIME_WAIT")) {
		if (now() < end) {
			rest(20);
			continue;
		}
		n = table_read(rows, ARRAY_SIZE(rows));
		for (i = 0; i < n; i++)
			if (strcmp(rows[i].state, "TIME_WAIT"))
				t_note("left: %s %d>%d rxq %ld txq %ld %s:%.2f", rows[i].state,
				       rows[i].lport, rows[i].rport, rows[i].rxq, rows[i].txq,
				       rows[i].timer, rows[i].left);
		FAIL("connections are left over");
	}
}

static int work_s(int secs)
{
	return rt.count ?: secs;
}

static void many_connections(void)
{
	int nl = 50, nc = rt.count ?: 2000, i, n = 0;
	int *l = calloc(nl, sizeof(int)), *c = calloc(nc, sizeof(int));
	int *s = calloc(nc, sizeof(int));
	char msg[32], got[32];
	double t0 = now();
	long active, passive;

	ns_new();
	active = counter("ActiveOpens");
	passive = counter("PassiveOpens");
	for (i = 0; i < nl; i++)
		l[i] = sk_listen(INADDR_ANY, PORT + i, 100);
	for (i = 0; i < nc; i++) {
		c[i] = sk_dial(IP(127, 0, 0, 1 + i % 200), PORT + i % nl);
		s[i] = sk_accept(l[i % nl]);
		ASSERT_EQ(sk_peer_port(s[i]), sk_port(c[i]));
	}
	t_note("%d connections in %.2f s", nc, now() - t0);
	ASSERT_EQ(counter("ActiveOpens") - active, nc);
	ASSERT_EQ(counter("PassiveOpens") - passive, nc);
	ASSERT_EQ(table_count("ESTABLISHED"), 2 * nc);
	ASSERT_EQ(table_count("LISTEN"), nl);
	/* Each has its own bytes. */
	for (i = 0; i < nc; i++) {
		n = sprintf(msg, "connection %d", i);
		ASSERT_EQ(send(c[i], msg, n, 0), n);
		ASSERT_EQ(send(s[i], msg, n, 0), n);
	}
	for (i = nc - 1; i >= 0; i--) {
		n = sprintf(msg, "connection %d", i);
		recv_all(s[i], got, n);
		ASSERT(!memcmp(got, msg, n));
		recv_all(c[i], got, n);
		ASSERT(!memcmp(got, msg, n));
	}
	/* A third each: closed here first, closed there first, reset. */
	for (i = 0; i < nc; i++) {
		if (i % 3 == 2)
			sk_linger(c[i], 1, 0);
		close(i % 3 == 1 ? s[i] : c[i]);
	}
	for (i = 0; i < nc; i++)
		close(i % 3 == 1 ? c[i] : s[i]);
	for (i = 0; i < nl; i++)
		close(l[i]);
	nothing_left();
	ASSERT_LE(table_count("TIME_WAIT"), nc - nc / 3 + 1);
	t_note("all in %.2f s", now() - t0);
}

/* Connect, exchange, and end in one of several ways. */
static void *client(void *arg)
{
	uint64_t rs = (uintptr_t)arg * 7919 + 17;
	char buf[3000];

	while (time_left()) {
		int fd = sk_try(SOCK_NONBLOCK), n, kind = rnd(&rs) % 8;

		if (fd < 0)
			FAIL("socket: %s", strerror(errno));
		if (sk_connect(fd, IP_LO, PORT + rnd(&rs) % 8) && errno != EINPROGRESS &&
		    errno != ECONNREFUSED && errno != EADDRNOTAVAIL)
			FAIL("connect: %s", strerror(errno));
		if (kind == 0) {		/* gone before it is there */
			close(fd);
			continue;
		}
		ev_wait(fd, POLLOUT, 200);
		if (kind == 1)
			sk_linger(fd, 1, 0);
		n = 1 + rnd(&rs) % sizeof(buf);
		memset(buf, n & 0xff, n);
		n = send(fd, buf, n, MSG_NOSIGNAL);
		if (kind == 2)
			shutdown(fd, SHUT_WR);
		else if (kind == 3)
			shutdown(fd, SHUT_RDWR);
		if (n > 0 && kind > 3) {
			ev_wait(fd, POLLIN, 200);
			n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
			if (n > 0) {
				int i;

				for (i = 1; i < n; i++)
					if (buf[i] != buf[0])
						FAIL("wrong byte");
				bytes_ok += n;
			}
		}
		if (kind == 1)
			done_resets++;
		close(fd);
		done_conns++;
	}
	return NULL;
}

/* Accept and echo, by epoll, on one of the ports; the listener comes and goes. */
static void *server(void *arg)
{
	int port = PORT + (int)(uintptr_t)arg, ep = OK(epoll_create1(0)), l = -1, n, i;
	uint64_t rs = port;
	char buf[3000];

	while (time_left()) {
		struct epoll_event ev[16], e = { .events = EPOLLIN };

		if (l < 0) {
			l = sk_try(SOCK_NONBLOCK);
			sk_set(l, SOL_SOCKET, SO_REUSEADDR, 1);
			OK(sk_bind(l, IP_LO, port));
			OK(listen(l, 16));
			e.data.fd = l;
			OK(epoll_ctl(ep, EPOLL_CTL_ADD, l, &e));
		}
		n = epoll_wait(ep, ev, 16, 50);
		for (i = 0; i < n; i++) {
			int fd = ev[i].data.fd, r;

			if (fd == l) {
				fd = accept4(l, NULL, NULL, SOCK_NONBLOCK);
				if (fd < 0)
					continue;
				e.events = EPOLLIN | EPOLLRDHUP;
				e.data.fd = fd;
				OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
				continue;
			}
			r = recv(fd, buf, sizeof(buf), 0);
			if (r > 0 && rnd(&rs) % 8)
				r = send(fd, buf, r, MSG_NOSIGNAL);
			else
				close(fd);
		}
		if (rnd(&rs) % 500 == 0) {
			close(l);
			l = -1;
		}
	}
	/* What is open ends with the process's table; close all that we know of. */
	close(l);
	close(ep);
	return NULL;
}

/* Reads the views while all of it changes. */
static void *looker(void *arg)
{
	struct row *rows = calloc(4096, sizeof(*rows));

	(void)arg;
	while (time_left()) {
		table_read(rows, 4096);
		counter("InSegs");
		looks++;
		rest(1);
	}
	free(rows);
	return NULL;
}

static void close_range_all(void)
{
	int fd;

	for (fd = 3; fd < 4096; fd++)
		close(fd);
}

static void open_close(const char *cookies)
{
	pthread_t th[16];
	int i, n = 0, secs = work_s(5);

	if (time_travels())
		t_skip("no time passes while threads are busy");
	ns_new();
	sysctl_set("syncookies", cookies);
	deadline = now() + secs;
	for (i = 0; i < 8; i++)
		pthread_create(&th[n++], NULL, server, (void *)(uintptr_t)i);
	for (i = 0; i < 4; i++)
		pthread_create(&th[n++], NULL, client, (void *)(uintptr_t)(i + 1));
	pthread_create(&th[n++], NULL, looker, NULL);
	for (i = 0; i < n; i++)
		pthread_join(th[i], NULL);
	t_note("%ld connections, %ld reset, %ld bytes checked, %ld looks at the table", done_conns,
	       done_resets, bytes_ok, looks);
	ASSERT_GT(done_conns, 20);
	ASSERT_GT(bytes_ok, 0);
	ASSERT_GT(looks, 0);
	close_range_all();
	nothing_left();
}

static void open_close_race(void)
{
	open_close("1");
}

/* Children without mini-sockets, of listeners that come and go. */
static void open_close_cookies(void)
{
	open_close("2");
	ASSERT_GT(counter("SyncookiesRecv"), 20);
}

struct shared {
	int fd[2];
};

static void *reader(void *arg)
{
	struct shared *s = arg;
	char buf[4096];

	while (recv(s->fd[0], buf, sizeof(buf), 0) > 0)
		;
	return NULL;
}

static void *writer(void *arg)
{
	struct shared *s = arg;
	static char buf[65536];

	while (send(s->fd[1], buf, sizeof(buf), MSG_NOSIGNAL) > 0)
		;
	return NULL;
}

static void *poller(void *arg)
{
	struct shared *s = arg;
	struct pollfd p[2] = {
		{ .fd = s->fd[0], .events = POLLIN | POLLRDHUP },
		{ .fd = s->fd[1], .events = POLLOUT | POLLRDHUP },
	};
	int i;

	for (i = 0; i < 20; i++)
		poll(p, 2, 2);
	return NULL;
}

static atomic_int turn;

static void *ender(void *arg)
{
	struct shared *s = arg;
	int how = turn++ % 5;

	rest(how % 3);
	if (how == 0) {
		shutdown(s->fd[0], SHUT_RDWR);
	} else if (how == 1) {
		shutdown(s->fd[1], SHUT_RDWR);
	} else if (how == 2) {
		shutdown(s->fd[1], SHUT_WR);
	} else if (how == 3) {
		sk_linger(s->fd[1], 1, 0);
		shutdown(s->fd[0], SHUT_RD);
		shutdown(s->fd[1], SHUT_RDWR);
	} else {		/* disconnect */
		struct sockaddr a = { .sa_family = AF_UNSPEC };

		connect(s->fd[1], &a, sizeof(a));
		shutdown(s->fd[0], SHUT_RDWR);
	}
	return NULL;
}

/* shutdown and disconnect in one thread while others read, write and poll. */
static void shutdown_race(void)
{
	static void *(* const fn[4])(void *) = { reader, writer, poller, ender };
	int i, j, rounds = rt.count ?: 200;
	pthread_t th[4];

	ns_new();
	for (i = 0; i < rounds; i++) {
		struct pair p = pair_lo();
		struct shared s = { .fd = { p.s, p.c } };

		for (j = 0; j < 4; j++)
			pthread_create(&th[j], NULL, fn[j], &s);
		pthread_join(th[3], NULL);
		/* Whatever the kind, a full end releases the rest. */
		rest(1);
		shutdown(s.fd[0], SHUT_RDWR);
		shutdown(s.fd[1], SHUT_RDWR);
		for (j = 0; j < 3; j++)
			pthread_join(th[j], NULL);
		/* Undelivered data may keep orphans for long: not what this is about. */
		sk_linger(p.c, 1, 0);
		sk_linger(p.s, 1, 0);
		close(p.c);
		close(p.s);
		close(p.l);
	}
	nothing_left();
}

static void *blocked_read(void *arg)
{
	char c;

	return (void *)(long)recv(*(int *)arg, &c, 1, 0);
}

/* close() while another thread is blocked in the same socket. */
static void close_race(void)
{
	int i, rounds = rt.count ?: 100;
	pthread_t th;
	void *ret;

	ns_new();
	for (i = 0; i < rounds; i++) {
		struct pair p = pair_lo();
		int fd = p.c;

		pthread_create(&th, NULL, blocked_read, &fd);
		if (i & 1)
			rest(1);
		close(p.c);
		close(p.s);		/* its FIN ends the reader, if it came in time */
		pthread_join(th, &ret);
		ASSERT((long)ret == 0 || (long)ret == -1);
		close(p.l);
	}
	nothing_left();
}

/* Accept in many threads: each connection goes to one of them. */
static atomic_int accepted;
static int shared_l;

static void *acceptor(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = accept(shared_l, NULL, NULL);

		if (fd < 0)
			return (void *)(long)errno;
		accepted++;
		close(fd);
	}
}

static void accept_race(void)
{
	int i, n = rt.count ?: 400;
	pthread_t th[6];
	void *ret;

	ns_new();
	shared_l = sk_listen(IP_LO, PORT, 128);
	for (i = 0; i < 6; i++)
		pthread_create(&th[i], NULL, acceptor, NULL);
	for (i = 0; i < n; i++) {
		int fd = sk_dial(IP_LO, PORT);

		recv_eof(fd);
		close(fd);
	}
	ASSERT_EQ(accepted, n);
	OK(shutdown(shared_l, SHUT_RD));
	for (i = 0; i < 6; i++) {
		pthread_join(th[i], &ret);
		ASSERT_EQ((long)ret, EINVAL);
	}
	close(shared_l);
	nothing_left();
}

/* A namespace goes with everything in it. */
static void netns_dies(void)
{
	int i, rounds = rt.count ?: 4, st;

	for (i = 0; i < rounds; i++) {
		pid_t pid = fork();

		if (!pid) {
			struct net2 n = net2_new(0, 1500);
			struct pair p = pair_net2(&n), q = pair_net2(&n), u = pair_net2(&n);
			static char buf[300000];

			sk_nonblock(p.c, true);
			OK(send(p.c, buf, sizeof(buf), 0));
			close(q.c);		/* FIN_WAIT_2 */
			close(u.c);		/* TIME_WAIT */
			close(u.s);
			sk_nonblock(q.s, true);
			OK(send(q.s, buf, 1000, 0));
			_exit(0);
		}
		OK(waitpid(pid, &st, 0));
		ASSERT_EQ(st, 0);
	}
	ns_new();
	ASSERT_EQ(table_count(NULL), 0);
}

/* Bytes in flight everywhere, then all is reset: what was charged is given back. */
static void memory_returns(void)
{
	static char buf[100000];
	int i, n = rt.count ?: 100;
	int *fd = calloc(2 * n, sizeof(int));

	ns_new();
	for (i = 0; i < n; i++) {
		struct pair p = pair_lo();

		sk_nonblock(p.c, true);
		sk_nonblock(p.s, true);
		OK(send(p.c, buf, sizeof(buf), 0));
		OK(send(p.s, buf, sizeof(buf), 0));
		fd[2 * i] = p.c;
		fd[2 * i + 1] = p.s;
		close(p.l);
	}
	for (i = 0; i < 2 * n; i++)
		close(fd[i]);
	UNTIL(!table_count("ESTABLISHED"));
	nothing_left();
}

static const struct rt_test tests[] = {
	{ "many_connections", "C06 C10 C20 OB-1", many_connections, T_STRESS, 120 },
	{ "open_close_race", "C06 C20 C94 CL-9", open_close_race, T_STRESS, 120 },
	{ "open_close_cookies", "C11 C94 SYNC-1I", open_close_cookies, T_STRESS, 120 },
	{ "shutdown_race", "C86 CL-8 SH-1 CN-7", shutdown_race, T_STRESS, 120 },
	{ "close_race", "C86 CL-8", close_race, T_STRESS, 60 },
	{ "accept_race", "C16 AC-5 SH-5", accept_race, T_STRESS, 60 },
	{ "netns_dies", "NS-1", netns_dies, T_STRESS, 60 },
	{ "memory_returns", "C90 CL-1", memory_returns, T_STRESS, 60 },
};

RT_MAIN(tests)
