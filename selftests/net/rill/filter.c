// SPDX-License-Identifier: GPL-2.0
/*
 * What stands between a segment and who waits for it: socket filters, busy
 * polling, and whom a listener wakes.
 */
#include "wire.h"

#include <linux/bpf.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/syscall.h>

#define PORT	7800

#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL	69
#define SO_BUSY_POLL_BUDGET	70
#endif
#ifndef SO_TXREHASH
#define SO_TXREHASH		74
#endif

static struct peer peer;
static struct tun *tun;

static int listener(void)
{
	tun = peer_net();
	peer_init(&peer, tun, 4000, PORT);
	return sk_listen(INADDR_ANY, PORT, 4);
}

/* ---- filters ---- */

static int filter(int fd, struct sock_filter *f, int n)
{
	struct sock_fprog p = { .len = n, .filter = f };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p));
}

static int filter_ret(int fd, uint32_t k)
{
	struct sock_filter f[] = { BPF_STMT(BPF_RET | BPF_K, k) };

	return filter(fd, f, 1);
}

/* Lets through what has @k in the two bytes at @off. */
static int filter_half(int fd, int off, int k)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, off),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};

	return filter(fd, f, ARRAY_SIZE(f));
}

static int filter_off(int fd)
{
	int zero = 0;

	return setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof(zero));
}

/* A program sees the segment from its header on; what it drops was never there. */
static void filter_sees(void)
{
	int l = listener(), fd = peer_accepted(&peer, l);
	uint32_t seq;

	OK(filter_half(fd, 2, PORT));
	peer_str(&peer, "one");
	recv_str(fd, "one");
	peer_want(&peer, F_ACK);
	OK(filter_half(fd, 0, 4000));
	peer_str(&peer, "two");
	recv_str(fd, "two");
	peer_want(&peer, F_ACK);
	OK(filter_half(fd, 20, 'x' << 8 | 'y'));	/* the data, and there must be some */
	peer_str(&peer, "xyz");
	recv_str(fd, "xyz");
	peer_want(&peer, F_ACK);
	seq = peer.snd_nxt;
	peer_str(&peer, "abc");
	peer_none(&peer, 300);
	ASSERT_EQ(sk_inq(fd), 0);
	peer_raw(&peer, F_RST, seq, 0, NULL, 0);	/* not even that */
	OK(filter_off(fd));
	peer_raw(&peer, F_ACK, seq, peer.rcv_nxt, "abc", 3);
	peer_want(&peer, F_ACK);
	recv_str(fd, "abc");
}

/* What a program cuts off is missing at the end; the header is never cut. */
static void filter_trims(void)
{
	int l = listener(), fd = peer_accepted(&peer, l);
	uint32_t seq = peer.snd_nxt;

	OK(filter_ret(fd, 22));
	peer_str(&peer, "abcdef");
	ASSERT_EQ(peer_want(&peer, F_ACK)->ack, seq + 2);
	recv_str(fd, "ab");
	/* data of none is a bare ACK, or a FIN where it stands now */
	OK(filter_ret(fd, 4));
	peer_raw(&peer, F_ACK | F_PSH, seq + 2, peer.rcv_nxt, "cdef", 4);
	peer_none(&peer, 300);
	ASSERT_EQ(sk_inq(fd), 0);
	OK(filter_ret(fd, 21));
	peer_raw(&peer, F_ACK | F_FIN, seq + 2, peer.rcv_nxt, "cdef", 4);
	ASSERT_EQ(peer_want(&peer, F_ACK)->ack, seq + 4);
	recv_str(fd, "c");
	recv_eof(fd);
}

/* Of data out of order too, and in a backlog that a program holds up. */
static void filter_gap(void)
{
	int l = listener(), fd = peer_accepted(&peer, l);
	uint32_t seq = peer.snd_nxt;

	OK(filter_ret(fd, 23));
	peer_raw(&peer, F_ACK, seq + 3, peer.rcv_nxt, "defgh", 5);
	ASSERT_EQ(peer_want(&peer, F_ACK)->ack, seq);
	peer_raw(&peer, F_ACK, seq, peer.rcv_nxt, "abc??", 5);
	ASSERT_EQ(peer_want(&peer, F_ACK)->ack, seq + 6);
	recv_str(fd, "abcdef");
}

/* A listener's is asked about SYNs and about the ACK that ends a handshake; children have it. */
static void filter_listener(void)
{
	int l = listener(), fd;
	struct sock_filter got[8];
	socklen_t n = ARRAY_SIZE(got);

	OK(filter_half(l, 0, 4001));
	peer_syn(&peer);
	peer_none(&peer, 300);
	peer_init(&peer, tun, 4001, PORT);
	peer_syn(&peer);
	peer.rcv_nxt = peer_want(&peer, F_SYN | F_ACK)->seq + 1;
	OK(filter_ret(l, 0));
	peer_ack(&peer);
	rest(100);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
	OK(filter_half(l, 0, 4001));
	peer_ack(&peer);
	fd = sk_accept(l);
	OK(getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, got, &n));
	ASSERT_EQ(n, 4);
	ASSERT_EQ(got[1].k, 4001);
	/* and of their own from then on */
	OK(filter_ret(l, 0));
	peer_str(&peer, "through");
	recv_str(fd, "through");
	OK(filter_off(fd));
	ASSERT_ERR(filter_off(fd), ENOENT);
}

static void filter_lock(void)
{
	int l = listener(), fd = peer_accepted(&peer, l);

	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_LOCK_FILTER), 0);
	OK(filter_ret(fd, 0xffff));
	sk_set(fd, SOL_SOCKET, SO_LOCK_FILTER, 1);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_LOCK_FILTER), 1);
	ASSERT_ERR(filter_off(fd), EPERM);
	ASSERT_ERR(filter_ret(fd, 0), EPERM);
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &(int){ 0 }, sizeof(int)), EPERM);
	peer_str(&peer, "still");
	recv_str(fd, "still");
}

/* SO_ATTACH_BPF: what it returns is how much may stay. */
static void filter_ebpf(void)
{
	struct bpf_insn insn[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 21 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr a = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = ARRAY_SIZE(insn),
		.insns = (uintptr_t)insn,
		.license = (uintptr_t)"GPL",
	};
	int l = listener(), fd = peer_accepted(&peer, l);
	int prog = OK(syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a)));
	uint32_t seq = peer.snd_nxt;

	sk_set(fd, SOL_SOCKET, SO_ATTACH_BPF, prog);
	close(prog);
	peer_str(&peer, "abc");
	ASSERT_EQ(peer_want(&peer, F_ACK)->ack, seq + 1);
	recv_str(fd, "a");
	OK(filter_off(fd));
}

/* A filter that a connection had as it was made belongs to it in the first data too. */
static void filter_connect(void)
{
	int l, c, s;

	ns_new();
	l = sk_listen(INADDR_ANY, PORT, 4);
	c = sk_new();
	OK(filter_half(c, 0, PORT));
	OK(sk_connect(c, IP_LO, PORT));
	s = sk_accept(l);
	send_str(s, "hello");
	recv_str(c, "hello");
	c = sk_new();
	sk_set(c, SOL_TCP, TCP_SYNCNT, 1);
	sk_nonblock(c, true);
	OK(filter_ret(c, 0));
	ASSERT_ERR(sk_connect(c, IP_LO, PORT), EINPROGRESS);
	ASSERT_EQ(ev_wait(c, POLLOUT, 300), 0);
	OK(filter_off(c));
	ev_need(c, POLLOUT);	/* by a retransmission */
	ASSERT_EQ(sk_error(c), 0);
}

/* ---- busy polling ---- */

static void gro_on(const char *ifname)
{
	struct ethtool_value v = { .cmd = ETHTOOL_SGRO, .data = 1 };
	int fd = OK(socket(AF_INET, SOCK_DGRAM, 0));
	struct ifreq r = { .ifr_data = (void *)&v };

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", ifname);
	OK(ioctl(fd, SIOCETHTOOL, &r));
	close(fd);
}

/* A veth with GRO has a NAPI, by which its segments come. */
static void napi_id(void)
{
	struct net2 n = net2_new(NET_SINGLE, 1500);	/* veth wants TSO off for that */
	struct pair p;

	ns_enter(n.b);
	gro_on("eb");
	ns_enter(n.a);
	gro_on("ea");
	p = pair_net2(&n);
	ASSERT_EQ(sk_get(p.l, SOL_SOCKET, SO_INCOMING_NAPI_ID), 0);
	ASSERT_GT(sk_get(p.s, SOL_SOCKET, SO_INCOMING_NAPI_ID), 0);
	ASSERT_GT(sk_get(p.c, SOL_SOCKET, SO_INCOMING_NAPI_ID), 0);
	ASSERT_NE(sk_get(p.s, SOL_SOCKET, SO_INCOMING_NAPI_ID),
		  sk_get(p.c, SOL_SOCKET, SO_INCOMING_NAPI_ID));
}

static void *echoes(void *arg)
{
	int fd = (intptr_t)arg;
	char buf[16];
	int n;

	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
		send_all(fd, buf, n);
	shutdown(fd, SHUT_WR);
	return NULL;
}

static void busy_poll(void)
{
	struct net2 n = net2_new(NET_SINGLE, 1500);	/* veth wants TSO off for that */
	struct pair p;
	pthread_t t;
	int i;

	ns_enter(n.b);
	gro_on("eb");
	ns_enter(n.a);
	gro_on("ea");
	p = pair_net2(&n);
	ASSERT_EQ(sk_get(p.c, SOL_SOCKET, SO_BUSY_POLL), 0);
	ASSERT_ERR(setsockopt(p.c, SOL_SOCKET, SO_BUSY_POLL, &(int){ -1 }, sizeof(int)), EINVAL);
	sk_set(p.c, SOL_SOCKET, SO_BUSY_POLL, 200);
	ASSERT_EQ(sk_get(p.c, SOL_SOCKET, SO_BUSY_POLL), 200);
	sk_set(p.c, SOL_SOCKET, SO_PREFER_BUSY_POLL, 1);
	ASSERT_EQ(sk_get(p.c, SOL_SOCKET, SO_PREFER_BUSY_POLL), 1);
	sk_set(p.c, SOL_SOCKET, SO_BUSY_POLL_BUDGET, 16);
	sk_set(p.s, SOL_SOCKET, SO_BUSY_POLL, 200);
	if (pthread_create(&t, NULL, echoes, (void *)(intptr_t)p.s))
		FAIL("pthread_create");
	for (i = 0; i < 200; i++) {
		send_str(p.c, "there and back");
		recv_str(p.c, "there and back");
		/* with nothing to come it ends in time, in every call */
		ASSERT_EQ(ev_now(p.c, POLLIN), 0);
		ASSERT_ERR(recv(p.c, &i, 1, MSG_DONTWAIT), EAGAIN);
	}
	shutdown(p.c, SHUT_WR);
	recv_eof(p.c);
	pthread_join(t, NULL);
}

/* SO_TXREHASH is on from the start, whatever the door. */
static void txrehash(void)
{
	int fd = sk_new();

	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_TXREHASH), 1);
	sk_set(fd, SOL_SOCKET, SO_TXREHASH, 0);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_TXREHASH), 0);
}

/* ---- whom a connection wakes ---- */

#define SLEEPERS	16
#define DIALS		40

static atomic_long taken, woken, asleep;
static int shared;

/* How often a thread went to sleep of itself. */
static long switches(int tid)
{
	char path[64], line[128];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "voluntary_ctxt_switches: %ld", &n);
	if (f)
		fclose(f);
	return n;
}

static int tids[SLEEPERS];

static void *accepts(void *arg)
{
	int s;

	tids[(intptr_t)arg] = syscall(SYS_gettid);
	asleep++;
	while ((s = accept(shared, NULL, NULL)) >= 0) {
		taken++;
		close(s);
	}
	return NULL;
}

static long switches_all(void)
{
	long sum = 0;
	int i;

	for (i = 0; i < SLEEPERS; i++)
		sum += switches(tids[i]);
	return sum;
}

static bool all_sleep(void)
{
	char path[64], state;
	int i, ok = 0;

	for (i = 0; i < SLEEPERS; i++) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tids[i]);
		f = fopen(path, "r");
		if (f && fscanf(f, "%*d %*s %c", &state) == 1 && state == 'S')
			ok++;
		if (f)
			fclose(f);
	}
	return ok == SLEEPERS;
}

/* AC-5, C16: of those who are blocked in accept one is woken, and has the connection. */
static void accept_wakes_one(void)
{
	pthread_t t[SLEEPERS];
	long before;
	intptr_t i;

	ns_new();
	shared = sk_listen(INADDR_ANY, PORT, 64);
	for (i = 0; i < SLEEPERS; i++)
		if (pthread_create(&t[i], NULL, accepts, (void *)i))
			FAIL("pthread_create");
	UNTIL(asleep == SLEEPERS);
	UNTIL(all_sleep());
	before = switches_all();
	for (i = 0; i < DIALS; i++) {
		close(sk_dial(IP_LO, PORT));
		UNTIL(taken == i + 1);
		UNTIL(all_sleep());
	}
	/* a thread sleeps once for each; locks may cost a few; all would be 16 times that */
	t_note("%ld sleeps for %d connections", switches_all() - before, DIALS);
	ASSERT_LE(switches_all() - before, 3 * DIALS);
	shutdown(shared, SHUT_RD);
	for (i = 0; i < SLEEPERS; i++)
		pthread_join(t[i], NULL);
	ASSERT_EQ(taken, DIALS);
}

static int exclusive, edge;

static void *epolls(void *arg)
{
	struct epoll_event e = {
		.events = EPOLLIN | (exclusive ? EPOLLEXCLUSIVE : 0) | (edge ? EPOLLET : 0),
	};
	int ep = OK(epoll_create1(0)), s;

	tids[(intptr_t)arg] = syscall(SYS_gettid);
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, shared, &e));
	asleep++;
	while (epoll_wait(ep, &e, 1, -1) == 1 && !(e.events & EPOLLHUP)) {
		woken++;
		s = accept(shared, NULL, NULL);
		if (s >= 0) {
			close(s);
			taken++;
		}
	}
	close(ep);
	return NULL;
}

/* C16, C82: EPOLLEXCLUSIVE wakes one of those who wait; without it they all run. */
static void epoll_wakes(int excl, int et)
{
	pthread_t t[SLEEPERS];
	long before;
	intptr_t i;

	ns_new();
	exclusive = excl;
	edge = et;
	shared = sk_listen(INADDR_ANY, PORT, 64);
	sk_nonblock(shared, true);
	for (i = 0; i < SLEEPERS; i++)
		if (pthread_create(&t[i], NULL, epolls, (void *)i))
			FAIL("pthread_create");
	UNTIL(asleep == SLEEPERS);
	UNTIL(all_sleep());
	before = switches_all();
	for (i = 0; i < DIALS; i++) {
		close(sk_dial(IP_LO, PORT));
		UNTIL(taken == i + 1);
		UNTIL(all_sleep());
	}
	t_note("%ld sleeps, %ld events for %d connections", switches_all() - before, (long)woken,
	       DIALS);
	ASSERT_EQ(taken, DIALS);
	/* who is woken for nothing sleeps again without an event */
	if (excl)
		ASSERT_LE(switches_all() - before, 3 * DIALS);
	else
		ASSERT_GE(switches_all() - before, 4 * DIALS);
	shutdown(shared, SHUT_RD);
	/* HUP is for everybody, unless there is only one whom an exclusive wait wakes */
	for (i = 0; i < SLEEPERS; i++) {
		pthread_cancel(t[i]);
		pthread_join(t[i], NULL);
	}
}

static void epoll_exclusive(void)
{
	epoll_wakes(1, 0);
}

static void epoll_exclusive_edge(void)
{
	epoll_wakes(1, 1);
}

static void epoll_all(void)
{
	epoll_wakes(0, 0);
}

static void epoll_all_edge(void)
{
	epoll_wakes(0, 1);
}

/* C16: processes on one listener; together they have every connection once. */
static void accept_processes(void)
{
	int pipes[2], l, i, c[DIALS], got;
	uint16_t port;
	uint8_t seen[65536] = { };
	pid_t pid[4];

	ns_new();
	l = sk_listen(INADDR_ANY, PORT, 64);
	OK(pipe(pipes));
	for (i = 0; i < 4; i++) {
		pid[i] = OK(fork());
		if (!pid[i]) {
			int s;

			while ((s = accept(l, NULL, NULL)) >= 0) {
				port = sk_peer_port(s);
				if (write(pipes[1], &port, sizeof(port)) != sizeof(port))
					_exit(1);
				close(s);
			}
			_exit(0);
		}
	}
	for (i = 0; i < DIALS; i++)
		c[i] = sk_dial(IP_LO, PORT);
	for (got = 0; got < DIALS; got++) {
		ev_need(pipes[0], POLLIN);
		ASSERT_EQ(read(pipes[0], &port, sizeof(port)), sizeof(port));
		ASSERT_EQ(seen[port]++, 0);
	}
	for (i = 0; i < DIALS; i++)
		ASSERT_EQ(seen[sk_port(c[i])], 1);
	OK(shutdown(l, SHUT_RD));
	for (i = 0; i < 4; i++)
		OK(waitpid(pid[i], NULL, 0));
}

static const struct rt_test tests[] = {
	{ "filter_sees", "SO_ATTACH_FILTER", filter_sees, 0, 0 },
	{ "filter_trims", "SO_ATTACH_FILTER", filter_trims, 0, 0 },
	{ "filter_gap", "SO_ATTACH_FILTER", filter_gap, 0, 0 },
	{ "filter_listener", "SO_ATTACH_FILTER", filter_listener, 0, 0 },
	{ "filter_lock", "SO_LOCK_FILTER SO_DETACH_FILTER", filter_lock, 0, 0 },
	{ "filter_ebpf", "SO_ATTACH_BPF", filter_ebpf, 0, 0 },
	{ "filter_connect", "SO_ATTACH_FILTER", filter_connect, T_FULL, 0 },
	{ "napi_id", "SO_INCOMING_NAPI_ID", napi_id, 0, 0 },
	{ "busy_poll", "SO_BUSY_POLL SO_PREFER_BUSY_POLL", busy_poll, 0, 0 },
	{ "txrehash", "SO_TXREHASH", txrehash, 0, 0 },
	{ "accept_wakes_one", "AC-5 C16", accept_wakes_one, 0, 0 },
	{ "epoll_exclusive", "C16 C82", epoll_exclusive, 0, 0 },
	{ "epoll_exclusive_edge", "C16 C82", epoll_exclusive_edge, 0, 0 },
	{ "epoll_all", "C16 C82", epoll_all, 0, 0 },
	{ "epoll_all_edge", "C16 C82", epoll_all_edge, 0, 0 },
	{ "accept_processes", "C16", accept_processes, 0, 0 },
};

RT_MAIN(tests)
