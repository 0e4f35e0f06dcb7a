// SPDX-License-Identifier: GPL-2.0
/*
 * Load, one connection with data, unload, many times; and unloading while
 * something is in use.  RILL_KO is the module.  What leaks, the kernel log
 * tells (kmemleak, slab) at the end.
 */
#include "wire.h"

#include <linux/module.h>
#include <sys/syscall.h>

static int ko = -1;

static bool loaded(void)
{
	return !access("/sys/module/rill", F_OK);
}

static int load(void)
{
	return syscall(SYS_finit_module, ko, "", 0);
}

static int unload(void)
{
	return syscall(SYS_delete_module, "rill", O_NONBLOCK);
}

static void need_module(void)
{
	const char *path = getenv("RILL_KO");

	if (rt.proto == PROTO_TCP)
		t_skip("not about the kernel's TCP");
	if (!path)
		t_skip("RILL_KO is not set");
	ko = open(path, O_RDONLY | O_CLOEXEC);
	if (ko < 0)
		t_skip("%s: %s", path, strerror(errno));
}

/* Sockets of processes that ended are given back a little later. */
static void unload_soon(void)
{
	double end = now() + patience(10000) / 1000.0;

	while (loaded() && unload()) {
		if (errno != EBUSY && errno != EAGAIN)
			FAIL("delete_module: %s", strerror(errno));
		if (now() > end)
			FAIL("the module cannot be unloaded, though nothing is in use");
		rest(10);
	}
}

static void one_connection(void)
{
	struct pair p = pair_lo();
	static char out[20000], got[20000];

	fill(out, sizeof(out), 30);
	send_all(p.c, out, sizeof(out));
	recv_all(p.s, got, sizeof(got));
	ASSERT(!memcmp(out, got, sizeof(got)));
	close(p.c);
	recv_eof(p.s);
	close(p.s);
	close(p.l);
}

static void load_unload(void)
{
	int i, n = rt.count ?: 20;
	double t0 = now();

	need_module();
	unload_soon();
	ns_new();
	for (i = 0; i < n; i++) {
		OK(load());
		one_connection();	/* leaves a TIME_WAIT behind */
		unload_soon();
		if (access("/proc/thread-self/net/rill", F_OK) == 0)
			FAIL("/proc/net/rill is still there");
		if (access("/proc/sys/net/rill", F_OK) == 0)
			FAIL("/proc/sys/net/rill is still there");
		ASSERT_ERR(sk_try(0), rt.proto == PROTO_RILL ? EAFNOSUPPORT : EPROTONOSUPPORT);
		if (rt.verbose && i % 100 == 99)
			t_note("%d cycles, %.1f s", i + 1, now() - t0);
	}
	OK(load());
	t_note("%d cycles in %.1f s", n, now() - t0);
}

static void busy_while_open(void)
{
	struct pair p;
	int fd;

	need_module();
	ns_new();
	if (!loaded())
		OK(load());
	fd = sk_new();
	ASSERT_EQ(unload(), -1);
	ASSERT(errno == EBUSY || errno == EAGAIN);
	/* A connection with its descriptors closed but data not delivered. */
	close(fd);
	p = pair_lo();
	ASSERT_EQ(unload(), -1);
	ASSERT(errno == EBUSY || errno == EAGAIN);
	send_str(p.c, "alive");
	recv_str(p.s, "alive");
	close(p.c);
	recv_eof(p.s);
	close(p.s);
	close(p.l);
	unload_soon();
	OK(load());
}

static void time_wait_only(void)
{
	int i;

	need_module();
	ns_new();
	if (!loaded())
		OK(load());
	for (i = 0; i < 10; i++)
		one_connection();
	UNTIL(table_count("TIME_WAIT") == 10 && table_count(NULL) == 10);
	/* At once, but for the moment in which the last socket is freed. */
	UNTIL_MS(!unload(), 2000);
	ASSERT(!loaded());
	OK(load());
	ASSERT_EQ(table_count(NULL), 0);
}

/* An orphan whose peer is silent holds the module until it is done. */
static void orphan_holds(void)
{
	struct peer p;
	int fd;

	need_module();
	if (!loaded())
		OK(load());
	peer_init(&p, peer_net(), 4000, 8080);
	{
		int l = sk_listen(INADDR_ANY, 8080, 4);

		fd = peer_accepted(&p, l);
		close(l);
	}
	send_str(fd, "not acknowledged");
	close(fd);
	UNTIL_STATE(8080, 4000, "FIN_WAIT_1");
	if (!unload()) {	/* it may also take the orphan along */
		ASSERT(!loaded());
		OK(load());
		return;
	}
	ASSERT(errno == EBUSY || errno == EAGAIN);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(8080, 4000, "");
	unload_soon();
	OK(load());
}

/* Its port of UDP is given back, and what it needed of other modules. */
static void udp_given_back(void)
{
	struct pair p;
	int i, udp;

	need_module();
	rt.wire = WIRE_UDP;
	unload_soon();
	ns_new();
	for (i = 0; i < 5; i++) {
		OK(load());
		p.l = sk_new();
		OK(sk_bind(p.l, IP_LO, 8080));
		OK(listen(p.l, 1));
		p.c = sk_new();
		OK(sk_connect(p.c, IP_LO, 8080));
		p.s = sk_accept(p.l);
		send_str(p.c, "by UDP");
		recv_str(p.s, "by UDP");
		udp = OK(socket(rt.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
		ASSERT_ERR(sk_bind(udp, INADDR_ANY, 9253), EADDRINUSE);
		close(p.c);
		recv_eof(p.s);
		close(p.s);
		close(p.l);
		unload_soon();
		OK(sk_bind(udp, INADDR_ANY, 9253));
		close(udp);
	}
	OK(load());
}

static int refs(void)
{
	FILE *f = fopen("/sys/module/rill/refcnt", "r");
	int n = -1;

	if (!f || fscanf(f, "%d", &n) != 1)
		FAIL("no refcnt of the module");
	fclose(f);
	return n;
}

/* After everything else: orphans whose peers are gone end in their time. */
static void nothing_held(void)
{
	double end = now() + 1200, t0 = now();

	if (rt.proto == PROTO_TCP)
		t_skip("not about the kernel's TCP");
	while (refs()) {
		if (now() > end)
			FAIL("%d references are left", refs());
		rest(1000);
	}
	t_note("nothing is held after %.0f s", now() - t0);
}

static const struct rt_test tests[] = {
	{ "nothing_held", "rmmod SM-26", nothing_held, T_RILL | T_LONG, 1500 },
	{ "busy_while_open", "rmmod", busy_while_open, T_RILL, 0 },
	{ "time_wait_only", "rmmod C22", time_wait_only, T_RILL, 0 },
	{ "orphan_holds", "rmmod", orphan_holds, T_RILL, 0 },
	{ "udp_given_back", "rmmod", udp_given_back, T_RILL, 0 },
	{ "load_unload", "rmmod SM-27", load_unload, T_RILL, 3000 },
};

RT_MAIN(tests)
