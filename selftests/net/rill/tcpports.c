// SPDX-License-Identifier: GPL-2.0
/*
 * Ports of the tcp wire: those that Rill has the host's TCP cannot have, and
 * the other way round, also in a race; and what is let go of is free again.
 * Over --proto tcp both are the host's.
 *
 * --count N is the number of tries in the race.
 */
#include "two.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define PORT	8080

static enum stack other(enum stack stack)
{
	return stack == HOST ? OURS : HOST;
}

/*
 * No socket of the other stack gets the port, by either family or any address;
 * two of the host's leave the other family alone.
 */
static void refused(enum stack stack, bool owner_v6, int port)
{
	static const enum where where[] = { AT_ANY, AT_LO };
	size_t i;
	int v6, fd;

	for (v6 = 0; v6 < 2; v6++)
		for (i = 0; i < ARRAY_SIZE(where); i++) {
			if (rt.proto == PROTO_TCP && v6 != owner_v6)
				continue;
			fd = two_sk(stack, v6);
			ASSERT_ERR(two_bind(fd, v6, where[i], port), EADDRINUSE);
			/* on either side this takes two that agree */
			sk_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
			ASSERT_ERR(two_bind(fd, v6, where[i], port), EADDRINUSE);
			close(fd);
		}
}

/* Every socket of either stack gets the port, one after the other. */
static void free_again(int port)
{
	int stack, v6, fd;

	for (v6 = 0; v6 < 2; v6++)
		for (stack = HOST; stack <= OURS; stack++) {
			fd = two_sk(stack, v6);
			OK(two_bind(fd, v6, AT_ANY, port));
			close(fd);
		}
}

/* Bound, listening:. */
static void bound(void)
{
	int stack, v6, fd;

	ns_new();
	for (stack = HOST; stack <= OURS; stack++)
		for (v6 = 0; v6 < 2; v6++) {
			fd = two_sk(stack, v6);
			OK(two_bind(fd, v6, AT_ANY, PORT));
			refused(other(stack), v6, PORT);
			OK(listen(fd, 1));
			refused(other(stack), v6, PORT);
			close(fd);
			free_again(PORT);
		}
}

/* Connected: the ports that connect() chose. */
static void connected(void)
{
	int stack, v6, l, c, s, port;

	ns_new();
	for (stack = HOST; stack <= OURS; stack++)
		for (v6 = 0; v6 < 2; v6++) {
			l = two_listen(other(stack), v6, AT_LO, PORT);
			c = two_sk(stack, v6);
			OK(two_connect(c, v6, AT_LO, PORT));
			s = sk_accept(l);
			port = two_port(c);
			refused(other(stack), v6, port);
			refused(stack, v6, PORT);
			/* no TIME_WAIT is left */
			sk_linger(c, 1, 0);
			close(c);
			ASSERT_EQ(recv_err(s), ECONNRESET);
			close(s);
			close(l);
			free_again(PORT);
			free_again(port);
		}
}

/* A port that waits in TIME_WAIT is in use. */
static void time_wait(void)
{
	int stack, l, c, s, port;

	ns_new();
	for (stack = HOST; stack <= OURS; stack++) {
		l = two_listen(other(stack), false, AT_LO, PORT);
		c = two_sk(stack, false);
		OK(two_connect(c, false, AT_LO, PORT));
		s = sk_accept(l);
		port = two_port(c);
		close(c);
		recv_eof(s);
		close(s);
		close(l);
		refused(other(stack), false, port);
	}
}

/* The range of ports that connect() chooses from. */
static void set_range(int low, int high)
{
	char range[32];

	snprintf(range, sizeof(range), "%d %d", low, high);
	OK(write_file("/proc/sys/net/ipv4/ip_local_port_range", range));
}

/* connect(), and bind() to port 0, go round what the other stack has. */
static void automatic(void)
{
	int stack, l, fd, c;

	ns_new();
	set_range(40000, 40001);
	for (stack = HOST; stack <= OURS; stack++) {
		l = two_listen(HOST, false, AT_LO, PORT);
		fd = two_sk(other(stack), false);
		OK(two_bind(fd, false, AT_LO, 40000));
		c = two_sk(stack, false);
		OK(two_connect(c, false, AT_LO, PORT));
		ASSERT_EQ(two_port(c), 40001);
		sk_linger(c, 1, 0);
		close(c);
		c = two_sk(stack, false);
		OK(two_bind(c, false, AT_LO, 0));
		ASSERT_EQ(two_port(c), 40001);
		/* now none is left to either */
		ASSERT_ERR(two_bind(two_sk(stack, false), false, AT_LO, 0), EADDRINUSE);
		ASSERT_ERR(two_connect(two_sk(other(stack), false), false, AT_LO, PORT),
			   EADDRNOTAVAIL);
		close(c);
		close(fd);
		close(l);
	}
}

/* Many sockets of one stack on a port hold it once; the last one frees it. */
static void shared(void)
{
	int fd[3], i;

	ns_new();
	for (i = 0; i < 3; i++) {
		fd[i] = two_sk(OURS, i == 2);
		sk_set(fd[i], SOL_SOCKET, SO_REUSEPORT, 1);
		OK(two_bind(fd[i], i == 2, AT_LO, PORT));
	}
	for (i = 0; i < 3; i++) {
		int other_fd = two_sk(HOST, false);

		if (rt.proto != PROTO_TCP)
			sk_set(other_fd, SOL_SOCKET, SO_REUSEPORT, 1);
		ASSERT_ERR(two_bind(other_fd, false, AT_LO, PORT), EADDRINUSE);
		close(other_fd);
		close(fd[i]);
		if (i == 1)	/* one of IPv6 alone has no part in 127.0.0.1 over TCP */
			break;
	}
	if (rt.proto != PROTO_TCP)
		refused(HOST, true, PORT);
	close(fd[2]);
	free_again(PORT);
}

/* The other wires have ports of their own. */
static void other_wire(void)
{
	int fd, held;

	ns_new();
	fd = OK(socket(AF_RILL, SOCK_STREAM, 0));
	OK(two_bind(fd, false, AT_LO, PORT));
	held = two_sk(HOST, false);
	OK(two_bind(held, false, AT_LO, PORT));
	ASSERT_ERR(two_bind(two_sk(OURS, false), false, AT_LO, PORT), EADDRINUSE);
	close(held);
	held = two_sk(OURS, false);
	OK(two_bind(held, false, AT_LO, PORT));
	close(held);
	close(fd);
}

/* A namespace goes while its ports are held, and comes again. */
static void namespaces(void)
{
	int i, fd;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		pid = OK(fork());
		if (!pid) {
			ns_new();
			fd = two_listen(OURS, i & 1, AT_LO, PORT);
			OK(two_connect(two_sk(i & 2 ? OURS : HOST, i & 1), i & 1, AT_LO, PORT));
			sk_accept(fd);
			_exit(0);
		}
		OK(waitpid(pid, NULL, 0));
	}
}

/* ---- the race ---- */

struct race {
	int count;
	atomic_int turn[2];	/* how far each is */
	bool won[2];
	int both, neither, wins[2];
};

static struct race race;

static void meet(int me, int turn)
{
	atomic_store(&race.turn[me], turn);
	while (atomic_load(&race.turn[!me]) < turn)
		sched_yield();
}

/* Every round: both bind at once, both have done so, both have let go. */
static void *racer(void *arg)
{
	int me = (long)arg, i, fd;
	uint64_t seed = rt.seed + me + 1;

	for (i = 0; i < race.count; i++) {
		bool v6 = rnd(&seed) & 1;
		/* it is quicker in the host's, so that one waits longer */
		int spins = rnd(&seed) % (me == HOST ? 40000 : 200);

		fd = two_sk(me, v6);
		meet(me, 3 * i + 1);
		while (spins--)
			atomic_signal_fence(memory_order_seq_cst);
		race.won[me] = !two_bind(fd, v6, AT_ANY, 20000 + i % 100);
		if (!race.won[me])
			ASSERT_EQ(errno, EADDRINUSE);
		race.wins[me] += race.won[me];
		meet(me, 3 * i + 2);
		if (!me) {
			race.both += race.won[0] && race.won[1];
			race.neither += !race.won[0] && !race.won[1];
		}
		close(fd);
		meet(me, 3 * i + 3);
	}
	return NULL;
}

static void both_bind(int count)
{
	pthread_t other_thread;

	ns_new();
	race.count = count;
	ASSERT_EQ(pthread_create(&other_thread, NULL, racer, (void *)(long)OURS), 0);
	racer((void *)(long)HOST);
	ASSERT_EQ(pthread_join(other_thread, NULL), 0);
	t_note("%d tries: the host's TCP had the port %d times, Rill %d times, neither %d times",
	       count, race.wins[HOST], race.wins[OURS], race.neither);
	ASSERT_EQ(race.both, 0);
	ASSERT_EQ(race.neither, 0);
}

static void both_bind_some(void)
{
	both_bind(rt.count ? : 500);
}

static void both_bind_many(void)
{
	both_bind(rt.count ? : 10000);
}

static const struct rt_test tests[] = {
	{ "bound", "CN-11 C81", bound, 0, 0 },
	{ "connected", "CN-11 C81", connected, 0, 0 },
	{ "time_wait", "CN-11 C81", time_wait, 0, 0 },
	{ "automatic", "CN-11 C81", automatic, 0, 0 },
	{ "shared", "SO-1 C81", shared, 0, 0 },
	{ "other_wire", "CN-11 C81", other_wire, T_RILL, 0 },
	{ "namespaces", "CN-11 C81", namespaces, 0, 0 },
	{ "both_bind_some", "CN-11 C81", both_bind_some, 0, 0 },
	{ "both_bind_many", "CN-11 C81", both_bind_many, T_STRESS, 1200 },
};

RT_MAIN(tests)
