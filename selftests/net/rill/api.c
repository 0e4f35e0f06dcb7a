// SPDX-License-Identifier: GPL-2.0
/* connect, accept and their errors; options; bad arguments. */
#include "wire.h"

#include <linux/errqueue.h>
#include <sys/resource.h>
#include <sys/time.h>

#define PORT	8080

static struct peer p;
static int fd;

/* A socket in SYN_SENT towards the peer. */
static void in_syn_sent(int port)
{
	peer_init(&p, p.tun ?: peer_net(), port, 0);
	fd = sk_new();
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, port), EINPROGRESS);
	peer_want(&p, F_SYN);
}

static void connected(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
}

static void refused(void)
{
	double t0 = now();
	long fails;

	ns_new();
	fails = counter("AttemptFails");
	fd = sk_new();
	ASSERT_ERR(sk_connect(fd, IP_LO, 1), ECONNREFUSED);
	ASSERT_LT((now() - t0) * 1000, patience(500));
	ASSERT_EQ(counter("AttemptFails") - fails, 1);
	/* Consumed: the socket can be used again. */
	ASSERT_EQ(sk_error(fd), 0);
	sk_listen(IP_LO, PORT, 1);
	OK(sk_connect(fd, IP_LO, PORT));
}

static void refused_nonblock(void)
{
	ns_new();
	fd = sk_new();
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, IP_LO, 1), EINPROGRESS);
	ASSERT_EQ(ev_need(fd, POLLIN | POLLOUT | POLLRDHUP),
		  POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
	ASSERT_EQ(sk_error(fd), ECONNREFUSED);
	ASSERT_EQ(sk_error(fd), 0);
	/* SO_ERROR took it: ECONNABORTED, and then it starts afresh. */
	ASSERT_ERR(sk_connect(fd, IP_LO, 1), ECONNABORTED);
	ASSERT_ERR(sk_connect(fd, IP_LO, 1), EINPROGRESS);
	ev_need(fd, POLLOUT);
	/* Not taken: the next connect returns it. */
	ASSERT_ERR(sk_connect(fd, IP_LO, 1), ECONNREFUSED);
	sk_listen(IP_LO, PORT, 1);
	if (sk_connect(fd, IP_LO, PORT))
		ASSERT_EQ(errno, EINPROGRESS);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
}

static void icmp_in_syn_sent(void)
{
	static const struct {
		int type, code, err;
	} v[] = {
		{ 3, 0, ENETUNREACH }, { 3, 1, EHOSTUNREACH }, { 3, 2, ENOPROTOOPT },
		{ 3, 3, ECONNREFUSED }, { 3, 5, EOPNOTSUPP }, { 3, 6, ENETUNREACH },
		{ 3, 7, EHOSTDOWN }, { 3, 8, ENONET }, { 3, 9, ENETUNREACH },
		{ 3, 10, EHOSTUNREACH }, { 3, 13, EHOSTUNREACH }, { 11, 0, EHOSTUNREACH },
		{ 12, 0, EPROTO },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		in_syn_sent(4000 + i);
		/* Forged, about a number that is not in flight: no effect. */
		peer_icmp(&p, v[i].type, v[i].code, 0, IP(10, 9, 0, 77), p.irs + 1000000);
		ASSERT_EQ(ev_now(fd, POLLOUT), 0);
		peer_icmp(&p, v[i].type, v[i].code, 0, IP(10, 9, 0, 77), p.irs);
		if (!ev_wait(fd, POLLOUT, WAIT_MS))
			FAIL("ICMP %d/%d has no effect", v[i].type, v[i].code);
		ASSERT_EQ(sk_error(fd), icmp_err(v[i].type, v[i].code, v[i].err));
		UNTIL_STATE(0, 4000 + (int)i, "");
		close(fd);
	}
}

static void source_quench(void)
{
	in_syn_sent(4000);
	peer_icmp(&p, 4, 0, 0, IP(10, 9, 0, 77), p.irs);
	ASSERT_EQ(ev_wait(fd, POLLOUT, 50), 0);
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	peer_icmp(&p, 4, 0, 0, IP(10, 9, 0, 77), p.irs + 1);
	send_str(fd, "x");
	peer_want(&p, F_ACK);
	ASSERT_EQ(sk_error(fd), 0);
}

static void icmp_established(void)
{
	static const int types[][2] = {
		{ 3, 0 }, { 3, 1 }, { 3, 2 }, { 3, 3 }, { 3, 5 }, { 11, 0 }, { 12, 0 },
	};
	size_t i;

	connected();
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		send_str(fd, "x");
		peer_want(&p, F_ACK);
		peer_icmp(&p, types[i][0], types[i][1], 0, IP(10, 9, 0, 77), p.rcv_nxt - 1);
		ASSERT_EQ(ev_now(fd, POLLIN), 0);
		ASSERT_STATE(PORT, 4000, "ESTABLISHED");
		peer_ack(&p);
		UNTIL(!sk_outq(fd));
	}
	peer_str(&p, "alive");
	recv_str(fd, "alive");
}

static void no_route(void)
{
	ns_new();
	fd = sk_new();
	ASSERT_ERR(sk_connect(fd, IP(10, 1, 2, 3), 80), ENETUNREACH);
	ASSERT_ERR(sk_connect(fd, IP(224, 0, 0, 1), 80), ENETUNREACH);
	ASSERT_ERR(sk_connect(fd, IP(255, 255, 255, 255), 80), ENETUNREACH);
	peer_init(&p, peer_net(), 4000, 0);
	fd = sk_new();
	if (!rt.v6)		/* which has no broadcasts */
		ASSERT_ERR(sk_connect(fd, IP(10, 9, 0, 255), 80), ENETUNREACH);
	peer_none(&p, 10);
}

/* The neighbour does not answer: EHOSTUNREACH, by ARP and not by ICMP. */
static void no_neighbour(void)
{
	net2_new(0, 1500);
	fd = sk_new();
	ASSERT_ERR(sk_connect(fd, IP(10, 0, 0, 99), 80), EHOSTUNREACH);
}

static void to_any(void)
{
	union rt_addr a;
	socklen_t len = sizeof(a);

	ns_new();
	sk_listen(INADDR_ANY, PORT, 4);
	fd = sk_new();
	ASSERT_ERR(getpeername(fd, &a.sa, &len), ENOTCONN);
	OK(sk_connect(fd, INADDR_ANY, PORT));
	OK(getpeername(fd, &a.sa, &len));
	ASSERT_EQ(sa_ip(&a), IP_LO);
	OK(getsockname(fd, &a.sa, &len));
	ASSERT_EQ(sa_ip(&a), IP_LO);
}

static void connect_rules(void)
{
	union rt_addr a;
	socklen_t len = sa_of(&a, IP_LO, PORT);
	int l;

	ns_new();
	l = sk_listen(IP_LO, PORT, 4);
	ASSERT_ERR(sk_connect(l, IP_LO, PORT), EISCONN);
	fd = sk_new();
	ASSERT_ERR(connect(fd, &a.sa, 7), EINVAL);
	ASSERT_ERR(connect(fd, NULL, len), EFAULT);
	a.sa.sa_family = rt.v6 ? AF_INET : AF_INET6;
	ASSERT_ERR(connect(fd, &a.sa, len), EAFNOSUPPORT);
	a.sa.sa_family = sk_domain();
	OK(connect(fd, &a.sa, len));
	ASSERT_ERR(connect(fd, &a.sa, len), EISCONN);
	/* A wrong address in sendto is ignored. */
	len = sa_of(&a, IP(10, 11, 12, 13), 1);
	ASSERT_EQ(sendto(fd, "to", 2, 0, &a.sa, len), 2);
	fd = sk_accept(l);
	recv_str(fd, "to");
}

static void interrupted(int sig)
{
	(void)sig;
}

static void alarm_ms(int ms, bool restart)
{
	struct sigaction sa = { .sa_handler = interrupted, .sa_flags = restart ? SA_RESTART : 0 };
	struct itimerval it = { .it_value = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 } };

	OK(sigaction(SIGALRM, &sa, NULL));
	OK(setitimer(ITIMER_REAL, &it, NULL));
}

static void connect_interrupted(void)
{
	pid_t pid;

	peer_init(&p, peer_net(), 4000, 0);
	fd = sk_new();
	alarm_ms(100, false);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINTR);
	peer_want(&p, F_SYN);
	ASSERT_STATE(0, 4000, "SYN_SENT");
	/* It goes on, and connect again waits for it. */
	pid = fork();
	if (!pid) {
		rest(100);
		peer_put(&p, F_SYN | F_ACK, NULL, 0);
		_exit(0);
	}
	OK(sk_connect(fd, TUN_P, 4000));
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EISCONN);
}

static void timeo(int sock, int opt, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	OK(setsockopt(sock, SOL_SOCKET, opt, &tv, sizeof(tv)));
}

static void connect_timeo(void)
{
	double t0 = now();

	peer_init(&p, peer_net(), 4000, 0);
	fd = sk_new();
	timeo(fd, SO_SNDTIMEO, 200);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	ASSERT_TIME("connect with SO_SNDTIMEO", now() - t0, 0.2);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EALREADY);
}

static void disconnect(void)
{
	struct sockaddr un = { .sa_family = AF_UNSPEC };
	int port;

	connected();
	OK(connect(fd, &un, sizeof(un)));
	ASSERT_EQ(peer_want_rst(&p)->seq, p.rcv_nxt);
	ASSERT_STATE(PORT, 4000, "");
	ASSERT_EQ(sk_error(fd), ECONNRESET);
	/* An explicit bind stays, and the socket connects again. */
	fd = sk_new();
	OK(sk_bind(fd, TUN_K, 7777));
	sk_nonblock(fd, true);
	peer_init(&p, p.tun, 4001, 0);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4001), EINPROGRESS);
	peer_answer(&p);
	ev_need(fd, POLLOUT);
	OK(connect(fd, &un, sizeof(un)));
	peer_want_rst(&p);
	port = sk_port(fd);
	ASSERT_EQ(port, 7777);
	sk_error(fd);
	peer_init(&p, p.tun, 4002, 0);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4002), EINPROGRESS);
	peer_answer(&p);
	ASSERT_EQ(p.kport, 7777);
	peer_str(&p, "again");
	recv_str(fd, "again");
	/* Nothing to disconnect. */
	fd = sk_new();
	OK(connect(fd, &un, sizeof(un)));
}

static void ports_run_out(void)
{
	int i, s[4];

	ns_new();
	lo_addr(IP(127, 0, 0, 2));
	ASSERT_EQ(write_file("/proc/sys/net/ipv4/ip_local_port_range", "40000 40003"), 0);
	sk_listen(IP_LO, PORT, 16);
	for (i = 0; i < 4; i++) {
		s[i] = sk_dial(IP_LO, PORT);
		ASSERT_GE(sk_port(s[i]), 40000);
		ASSERT_LE(sk_port(s[i]), 40003);
	}
	fd = sk_new();
	ASSERT_ERR(sk_connect(fd, IP_LO, PORT), EADDRNOTAVAIL);
	/* To another address the same ports serve. */
	OK(sk_connect(fd, IP(127, 0, 0, 2), PORT) == -1 && errno == ECONNREFUSED ? 0 : -1);
	fd = sk_new();
	ASSERT_ERR(sk_bind(fd, IP_LO, 0), EADDRINUSE);
}

static void bind_rules(void)
{
	union rt_addr a;
	socklen_t len = sa_of(&a, IP_LO, PORT);
	int g;

	ns_new();
	lo_addr(IP(127, 0, 0, 2));
	fd = sk_new();
	ASSERT_ERR(sk_bind(fd, IP(10, 99, 0, 1), PORT), EADDRNOTAVAIL);
	ASSERT_ERR(bind(fd, &a.sa, 8), EINVAL);
	OK(bind(fd, &a.sa, len));
	ASSERT_ERR(sk_bind(fd, IP_LO, PORT + 1), EINVAL);
	g = sk_new();
	ASSERT_ERR(sk_bind(g, IP_LO, PORT), EADDRINUSE);
	ASSERT_ERR(sk_bind(g, INADDR_ANY, PORT), EADDRINUSE);
	OK(sk_bind(g, IP(127, 0, 0, 2), PORT));
	close(fd);
	fd = sk_new();
	OK(sk_bind(fd, IP_LO, PORT));		/* free again */
	g = sk_new();
	OK(sk_bind(g, IP_LO, 0));
	ASSERT_GT(sk_port(g), 0);
	/* Below 1024 it takes a privilege. */
	if (!fork()) {
		OK(setuid(65534));
		g = sk_new();
		ASSERT_ERR(sk_bind(g, IP_LO, 1023), EACCES);
		OK(sk_bind(g, IP_LO, 1024));
		_exit(0);
	}
	{
		int st;

		OK(wait(&st));
		ASSERT_EQ(st, 0);
	}
}

/* A server starts again over its connections in TIME_WAIT, given SO_REUSEADDR. */
static void restart_server(void)
{
	struct pair q;
	int g;

	ns_new();
	q.l = sk_new();
	sk_set(q.l, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(sk_bind(q.l, IP_LO, PORT));
	OK(listen(q.l, 4));
	q.c = sk_dial(IP_LO, PORT);
	q.s = sk_accept(q.l);
	close(q.l);
	close(q.s);
	recv_eof(q.c);
	close(q.c);
	UNTIL(table_count("TIME_WAIT") == 1);
	g = sk_new();
	ASSERT_ERR(sk_bind(g, IP_LO, PORT), EADDRINUSE);
	sk_set(g, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(sk_bind(g, IP_LO, PORT));
	OK(listen(g, 4));
	q.c = sk_dial(IP_LO, PORT);
	close(sk_accept(g));
}

static void accept_rules(void)
{
	union rt_addr a;
	socklen_t len = sizeof(a), whole = sa_of(&a, 0, 0);
	int l, c, s, fl;
	double t0;

	ns_new();
	fd = sk_new();
	ASSERT_ERR(accept(fd, NULL, NULL), EINVAL);
	l = sk_listen(IP_LO, PORT, 8);
	sk_nonblock(l, true);
	ASSERT_ERR(accept(l, NULL, NULL), EAGAIN);
	sk_nonblock(l, false);
	timeo(l, SO_RCVTIMEO, 150);
	t0 = now();
	ASSERT_ERR(accept(l, NULL, NULL), EAGAIN);
	ASSERT_TIME("accept with SO_RCVTIMEO", now() - t0, 0.15);
	timeo(l, SO_RCVTIMEO, 0);
	/* Address and length. */
	c = sk_dial(IP_LO, PORT);
	s = OK(accept(l, &a.sa, &len));
	ASSERT_EQ(len, whole);
	ASSERT_EQ(sa_port(&a), sk_port(c));
	ASSERT_EQ(sa_ip(&a), IP_LO);
	close(s);
	c = sk_dial(IP_LO, PORT);
	len = 4;
	s = OK(accept(l, &a.sa, &len));
	ASSERT_EQ(len, whole);
	close(s);
	/* What a child inherits and what not. */
	sk_set(l, SOL_TCP, TCP_NODELAY, 1);
	sk_set(l, SOL_SOCKET, SO_KEEPALIVE, 1);
	sk_set(l, SOL_SOCKET, SO_RCVLOWAT, 7);
	sk_set(l, IPPROTO_IP, IP_TOS, 0x10);
	sk_linger(l, 1, 5);
	timeo(l, SO_RCVTIMEO, 3000);
	sk_nonblock(l, true);
	fcntl(l, F_SETFD, FD_CLOEXEC);
	sk_dial(IP_LO, PORT);
	s = sk_accept(l);
	ASSERT_EQ(sk_get(s, SOL_TCP, TCP_NODELAY), 1);
	ASSERT_EQ(sk_get(s, SOL_SOCKET, SO_KEEPALIVE), 1);
	ASSERT_EQ(sk_get(s, SOL_SOCKET, SO_RCVLOWAT), 7);
	ASSERT_EQ(sk_get(s, IPPROTO_IP, IP_TOS), 0x10);
	ASSERT_EQ(sk_get(s, SOL_SOCKET, SO_LINGER), 1);
	ASSERT_EQ(sk_get(s, SOL_SOCKET, SO_RCVTIMEO), 3);
	fl = OK(fcntl(s, F_GETFL));
	ASSERT_EQ(fl & O_NONBLOCK, 0);
	ASSERT_EQ(fcntl(s, F_GETFD), 0);
	sk_dial(IP_LO, PORT);
	ev_need(l, POLLIN);
	s = OK(accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	ASSERT(fcntl(s, F_GETFL) & O_NONBLOCK);
	ASSERT_EQ(fcntl(s, F_GETFD), FD_CLOEXEC);
	ASSERT_ERR(accept4(l, NULL, NULL, 0x12345), EINVAL);
}

static void accept_emfile(void)
{
	struct rlimit rl = { .rlim_cur = 64, .rlim_max = 64 };
	int l, c, n = 0, fds[256];

	ns_new();
	l = sk_listen(IP_LO, PORT, 8);
	c = sk_dial(IP_LO, PORT);
	send_str(c, "queued");
	ev_need(l, POLLIN);
	OK(setrlimit(RLIMIT_NOFILE, &rl));
	while (n < 256 && (fds[n] = dup(0)) >= 0)
		n++;
	ASSERT_ERR(accept(l, NULL, NULL), EMFILE);
	ASSERT_ERR(accept(l, NULL, NULL), EMFILE);
	close(fds[0]);
	fd = OK(accept(l, NULL, NULL));
	recv_str(fd, "queued");
}

/* Reset while it waits to be accepted: handed over, with its error. */
static void accept_reset(void)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int l;

	peer_init(&p, peer_net(), 4000, PORT);
	l = sk_listen(INADDR_ANY, PORT, 4);
	peer_connect(&p);
	ev_need(l, POLLIN);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	sk_nonblock(l, true);
	fd = accept(l, NULL, NULL);
	if (fd < 0) {		/* the other outcome that C15 allows */
		ASSERT_EQ(errno, EAGAIN);
	} else {
		ASSERT_ERR(getpeername(fd, (void *)&a, &len), ENOTCONN);
		ASSERT_EQ(recv_err(fd), ECONNRESET);
		ASSERT_EQ(recv_err(fd), 0);
	}
	ASSERT_ERR(accept(l, NULL, NULL), EAGAIN);
	peer_init(&p, p.tun, 4001, PORT);
	close(peer_accepted(&p, l));
}

static void unconnected(void)
{
	char c;
	int l;

	ns_new();
	fd = sk_new();
	ASSERT_ERR(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	ASSERT_ERR(recv(fd, &c, 1, 0), ENOTCONN);
	l = sk_listen(IP_LO, PORT, 1);
	ASSERT_ERR(send(l, "x", 1, MSG_NOSIGNAL), EPIPE);
	ASSERT_ERR(recv(l, &c, 1, 0), ENOTCONN);
	{
		int n;

		ASSERT_ERR(ioctl(l, FIONREAD, &n), EINVAL);
	}
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_PROTOCOL), sk_protocol());
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_DOMAIN), sk_domain());
}

static void error_once(void)
{
	connected();
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	ASSERT(ev_need(fd, POLLIN) & POLLERR);
	ASSERT_EQ(sk_error(fd), ECONNRESET);
	ASSERT_EQ(sk_error(fd), 0);
	ASSERT_EQ(recv_err(fd), 0);
	ASSERT_ERR(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	ASSERT_ERR(shutdown(fd, SHUT_WR), ENOTCONN);
}

/* Data that came before the RST: the error goes first, as in Linux. */
static void rst_in_close_wait(void)
{
	connected();
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
	ASSERT_EQ(sk_error(fd), EPIPE);
}

static void option_rules(void)
{
	char name[16] = "";
	socklen_t len = 1;
	struct tcp_info ti;
	int v = 1;

	ns_new();
	fd = sk_new();
	ASSERT_ERR(setsockopt(fd, SOL_TCP, 9999, &v, sizeof(v)), ENOPROTOOPT);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_NODELAY, &v, 1), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_SNDLOWAT, &v, sizeof(v)), ENOPROTOOPT);
	len = 3;
	OK(getsockopt(fd, SOL_TCP, TCP_INFO, &ti, &len));
	ASSERT_EQ(len, 3);
	len = sizeof(name);
	OK(getsockopt(fd, SOL_TCP, TCP_CONGESTION, name, &len));
	ASSERT_GT(strlen(name), 0);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "nosuch", 6), ENOENT);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_QUICKACK), 1);
	v = 0;
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_SYNCNT, &v, sizeof(v)), EINVAL);
	v = 128;
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_SYNCNT, &v, sizeof(v)), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_KEEPCNT, &v, sizeof(v)), EINVAL);
	v = 32768;
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_KEEPIDLE, &v, sizeof(v)), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_KEEPINTVL, &v, sizeof(v)), EINVAL);
	v = 256;
	ASSERT_ERR(setsockopt(fd, IPPROTO_IP, IP_TTL, &v, sizeof(v)), EINVAL);
	v = 0;
	ASSERT_ERR(setsockopt(fd, IPPROTO_IP, IP_TTL, &v, sizeof(v)), EINVAL);
	sk_set(fd, SOL_SOCKET, SO_RCVBUF, 1);
	ASSERT_GE(sk_get(fd, SOL_SOCKET, SO_RCVBUF), 2000);
	sk_set(fd, SOL_SOCKET, SO_SNDBUF, 50000);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_SNDBUF), 100000);
	sk_set(fd, IPPROTO_IP, IP_TOS, 0x13);
	ASSERT_EQ(sk_get(fd, IPPROTO_IP, IP_TOS), 0x10);
}

/* The record of the error queue, if there is one. */
static bool error_record(struct sock_extended_err *ee)
{
	char buf[256], ctl[256];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl),
	};
	struct cmsghdr *c;

	if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
		ASSERT_EQ(errno, EAGAIN);
		return false;
	}
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != (rt.v6 ? IPPROTO_IPV6 : IPPROTO_IP) ||
		    c->cmsg_type != (rt.v6 ? IPV6_RECVERR : IP_RECVERR))
			continue;
		memcpy(ee, CMSG_DATA(c), sizeof(*ee));
		return true;
	}
	FAIL("a message from the error queue without its record");
}

static void recverr(void)
{
	struct sock_extended_err ee;

	/* In SYN_SENT: a record, and reading it clears SO_ERROR. */
	peer_init(&p, peer_net(), 4000, 0);
	fd = sk_new();
	sk_set(fd, IPPROTO_IP, IP_RECVERR, 1);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_want(&p, F_SYN);
	ASSERT(!error_record(&ee));
	peer_icmp(&p, 3, 1, 0, IP(10, 9, 0, 77), p.irs);
	ASSERT(ev_need(fd, POLLOUT) & POLLERR);
	ASSERT(error_record(&ee));
	/* a host out of reach: "address unreachable" by ICMPv6 */
	ASSERT_EQ(ee.ee_origin, rt.v6 ? SO_EE_ORIGIN_ICMP6 : SO_EE_ORIGIN_ICMP);
	ASSERT_EQ(ee.ee_type, rt.v6 ? 1 : 3);
	ASSERT_EQ(ee.ee_code, rt.v6 ? 3 : 1);
	ASSERT_EQ(ee.ee_errno, EHOSTUNREACH);
	ASSERT_EQ(sk_error(fd), 0);
	/* Established: raised at once, without an end of the connection. */
	peer_init(&p, p.tun, 4001, PORT);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	sk_set(fd, IPPROTO_IP, IP_RECVERR, 1);
	send_str(fd, "x");
	peer_want(&p, F_ACK);
	peer_icmp(&p, 3, 1, 0, IP(10, 9, 0, 77), p.irs + 1);
	ASSERT(ev_need(fd, POLLIN) & POLLERR);
	ASSERT_EQ(sk_error(fd), EHOSTUNREACH);
	ASSERT(!error_record(&ee));
	ASSERT_STATE(PORT, 4001, "ESTABLISHED");
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	peer_str(&p, "alive");
	recv_str(fd, "alive");
	/* Forged, about what is not in flight: nothing. */
	peer_drop(&p);
	send_str(fd, "y");
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 1);
	peer_icmp(&p, 3, 1, 0, IP(10, 9, 0, 77), p.irs + 1000);
	peer_icmp(&p, 3, 3, 0, IP(10, 9, 0, 77), p.irs - 1000);
	ASSERT_EQ(ev_now(fd, POLLIN), 0);
	ASSERT_EQ(sk_error(fd), 0);
	/* Hard ones are raised too, and end nothing. */
	peer_icmp(&p, 3, 3, 0, IP(10, 9, 0, 77), p.rcv_nxt - 1);
	ASSERT(ev_need(fd, POLLIN) & POLLERR);
	ASSERT_EQ(sk_error(fd), ECONNREFUSED);
	ASSERT_STATE(PORT, 4001, "ESTABLISHED");
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	/* Switched off: not raised; only who asks is told (C44). */
	sk_set(fd, IPPROTO_IP, IP_RECVERR, 0);
	peer_drop(&p);
	send_str(fd, "y");
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 1);
	peer_icmp(&p, 3, 1, 0, IP(10, 9, 0, 77), p.rcv_nxt - 1);
	ASSERT_EQ(ev_now(fd, POLLIN), 0);
	ASSERT_EQ(sk_error(fd), EHOSTUNREACH);
	ASSERT_EQ(sk_error(fd), 0);
}

static const struct rt_test tests[] = {
	{ "refused", "C13 ER-1", refused, 0, 0 },
	{ "refused_nonblock", "C13 CN-3 CN-4 ER-3 PO-8", refused_nonblock, 0, 0 },
	{ "icmp_in_syn_sent", "C13 C44 ER-8 ER-9 MUST-54 ICMP-1I", icmp_in_syn_sent, 0, 0 },
	/* ICMPv6 has no source quench (RFC 4443), and its number there is another message */
	{ "source_quench", "MUST-55 ER-9 ICMP-2I", source_quench, T_IPV4, 0 },
	{ "icmp_established", "C44 ER-10 MUST-56 ICMP-3S", icmp_established, 0, 0 },
	{ "recverr", "C44 ER-10 ER-11 MUST-47 SHLD-20 SHLD-25", recverr, 0, 0 },
	{ "no_route", "C13 CN-10 MUST-46", no_route, 0, 0 },
	{ "no_neighbour", "C13", no_neighbour, T_FULL, 0 },
	{ "to_any", "CN-8 CN-13", to_any, 0, 0 },
	{ "connect_rules", "CN-9 CN-14 C87 CN-2", connect_rules, 0, 0 },
	{ "connect_interrupted", "CN-5", connect_interrupted, 0, 0 },
	{ "connect_timeo", "CN-6 C80", connect_timeo, 0, 0 },
	{ "disconnect", "CN-7 MUST-43", disconnect, 0, 0 },
	{ "ports_run_out", "CN-11", ports_run_out, 0, 0 },
	{ "bind_rules", "C81 BI-1 SO-13", bind_rules, 0, 0 },
	{ "restart_server", "C81 SO-1", restart_server, 0, 0 },
	{ "accept_rules", "C17 AC-1 AC-2 AC-4 C80", accept_rules, 0, 0 },
	{ "accept_emfile", "C14 AC-6", accept_emfile, 0, 0 },
	{ "accept_reset", "C15 AC-3", accept_reset, 0, 0 },
	{ "unconnected", "ER-6 SO-12 IO-1", unconnected, 0, 0 },
	{ "error_once", "ER-1 ER-2 ER-3 SH-4", error_once, 0, 0 },
	{ "rst_in_close_wait", "ER-1", rst_in_close_wait, 0, 0 },
	{ "option_rules", "TO-6 TO-7 TO-11 TO-12 TO-16 SO-8 SO-9 TX-7", option_rules, 0, 0 },
};

RT_MAIN(tests)
