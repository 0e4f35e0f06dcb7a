// SPDX-License-Identifier: GPL-2.0
/* sysctls and views: defaults, bounds, namespaces, and what the table says. */
#include "wire.h"

#include <sys/stat.h>

#define PORT	8080

static void sysctl_get(const char *name, char *buf, int len)
{
	char path[128];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 rt.proto == PROTO_TCP ? "ipv4/tcp_" : "rill/", name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		FAIL("%s: %s", path, strerror(errno));
	n = OK(read(fd, buf, len - 1));
	close(fd);
	buf[n] = 0;
	while (n && buf[n - 1] == '\n')
		buf[--n] = 0;
}

static void defaults(void)
{
	static const char * const v[][2] = {
		{ "retries1", "3" }, { "retries2", "15" }, { "syn_retries", "6" },
		{ "synack_retries", "5" }, { "fin_timeout", "60" },
		/* those that may be missing for now */
		{ "abort_on_overflow", "0" }, { "rfc1337", "0" }, { "window_scaling", "1" },
		{ "timestamps", "1" }, { "sack", "1" }, { "dsack", "1" },
		{ "keepalive_time", "7200" }, { "keepalive_intvl", "75" },
		{ "ecn", "2" }, { "ecn_fallback", "1" },
		{ "keepalive_probes", "9" }, { "orphan_retries", "0" },
		{ "mtu_probing", "0" }, { "base_mss", "1024" }, { "mtu_probe_floor", "48" },
		{ "min_snd_mss", "48" }, { "probe_interval", "600" },
		{ "moderate_rcvbuf", "1" }, { "invalid_ratelimit", "500" },
	};
	long a, b, c;
	char buf[64];
	size_t i;

	ns_new();
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		if (i >= 5 && !have_sysctl(v[i][0]))
			continue;
		sysctl_get(v[i][0], buf, sizeof(buf));
		if (strcmp(buf, v[i][1]))
			FAIL("%s is %s, want %s", v[i][0], buf, v[i][1]);
	}
	sysctl_get("rmem", buf, sizeof(buf));
	if (sscanf(buf, "%ld %ld %ld", &a, &b, &c) != 3)
		FAIL("not three numbers: %s", buf);
	ASSERT_EQ(a, 4096);
	ASSERT_EQ(b, 131072);
	ASSERT_GE(c, b);
	ASSERT_LE(c, 32 << 20);
	sysctl_get("wmem", buf, sizeof(buf));
	if (sscanf(buf, "%ld %ld %ld", &a, &b, &c) != 3)
		FAIL("not three numbers: %s", buf);
	ASSERT_EQ(a, 4096);
	ASSERT_EQ(b, 16384);
	ASSERT_GE(c, b);
	if (rt.proto == PROTO_TCP)
		return;		/* only the first namespace has tcp_mem */
	sysctl_get("mem", buf, sizeof(buf));
	if (sscanf(buf, "%ld %ld %ld", &a, &b, &c) != 3)
		FAIL("not three numbers: %s", buf);
	ASSERT_GT(a, 0);
	ASSERT_GE(b, a);
	ASSERT_GE(c, b);
}

static void bounds(void)
{
	static const char * const bad[][2] = {
		{ "syn_retries", "0" }, { "syn_retries", "128" }, { "retries1", "256" },
		{ "retries2", "nonsense" }, { "retries1", "-1" }, { "rmem", "0 0 0" },
		{ "min_snd_mss", "47" }, { "min_snd_mss", "65536" }, { "mtu_probe_floor", "47" },
	};
	char path[128], was[64], is[64];
	size_t i;

	ns_new();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		sysctl_get(bad[i][0], was, sizeof(was));
		snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
			 rt.proto == PROTO_TCP ? "ipv4/tcp_" : "rill/", bad[i][0]);
		if (!write_file(path, bad[i][1]))
			FAIL("%s takes '%s'", path, bad[i][1]);
		ASSERT_EQ(errno, EINVAL);
		sysctl_get(bad[i][0], is, sizeof(is));
		if (strcmp(was, is))
			FAIL("%s changed from %s to %s", path, was, is);
	}
}

static void per_netns(void)
{
	char buf[64];
	int a, b;

	a = ns_new();
	sysctl_set("retries2", "7");
	sysctl_set("fin_timeout", "33");
	b = ns_new();
	sysctl_get("retries2", buf, sizeof(buf));
	ASSERT(!strcmp(buf, "15"));
	sysctl_set("retries2", "8");
	ns_enter(a);
	sysctl_get("retries2", buf, sizeof(buf));
	ASSERT(!strcmp(buf, "7"));
	ASSERT_EQ(sk_get(sk_new(), SOL_TCP, TCP_LINGER2), 33);
	ns_enter(b);
	sysctl_get("retries2", buf, sizeof(buf));
	ASSERT(!strcmp(buf, "8"));
	/* Counters too. */
	close(sk_listen(IP_LO, PORT, 1));
	close(sk_listen(IP_LO, PORT, 1));
	pair_lo();
	ASSERT_EQ(counter("PassiveOpens"), 1);
	ns_enter(a);
	ASSERT_EQ(counter("PassiveOpens"), 0);
	ASSERT_EQ(table_count(NULL), 0);
}

/* Buffers start as rmem and wmem say. */
static void buffers(void)
{
	int fd;

	ns_new();
	sysctl_set("rmem", "4096 50000 100000");
	sysctl_set("wmem", "4096 30000 60000");
	fd = sk_new();
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_RCVBUF), 50000);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_SNDBUF), 30000);
}

/* The SYN's options follow the switches. */
static void syn_options(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct seg *s;
	int fd;

	peer_init(&p, t, 4000, 0);
	fd = sk_new();
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->mss, 1460);
	ASSERT_GE(s->ws, 0);
	ASSERT_LE(s->ws, 14);
	ASSERT(s->ts);
	ASSERT_EQ(s->tsecr, 0);
	need_sysctl("window_scaling");
	need_sysctl("timestamps");
	sysctl_set("window_scaling", "0");
	sysctl_set("timestamps", "0");
	peer_init(&p, t, 4001, 0);
	fd = sk_new();
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4001), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->mss, 1460);
	ASSERT_EQ(s->ws, -1);
	ASSERT(!s->ts);
	/* Neither as an answer to one who has them. */
	sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4002, PORT);
	p.ws = 5;
	p.ts = true;
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->ws, -1);
	ASSERT(!s->ts);
}

/* The table's columns, as rillss and people read them. */
static void table_format(void)
{
	char line[512], st[20], la[40], pa[40], tm[40];
	unsigned long inode;
	struct stat sb;
	struct pair q;
	long rx, tx;
	int re, uid, n = 0;
	FILE *f;

	ns_new();
	q = pair_lo();
	OK(fstat(q.c, &sb));
	f = fopen("/proc/thread-self/net/rill", "r");
	ASSERT(f);
	ASSERT(fgets(line, sizeof(line), f));
	ASSERT(strstr(line, "State") && strstr(line, "Recv-Q") && strstr(line, "Inode"));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%19s %ld %ld %39s %39s %39s %d %d %lu", st, &rx, &tx, la, pa, tm,
			   &re, &uid, &inode) != 9)
			FAIL("strange line: %s", line);
		ASSERT_EQ(uid, 0);
		n += inode == sb.st_ino;
	}
	ASSERT_EQ(n, 1);
	fclose(f);
	/* What others may see is as for TCP: all of it. */
	if (!fork()) {
		OK(setuid(65534));
		_exit(table_count(NULL) == 3 ? 0 : 1);
	}
	OK(wait(&n));
	ASSERT_EQ(n, 0);
}

/* TIME_WAIT and SYN_RECV are in it, though no socket stands behind them. */
static void table_minis(void)
{
	struct tun *t = peer_net();
	struct row r;
	struct peer p;

	sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4000, PORT);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	ASSERT(table_find(PORT, 4000, &r));
	ASSERT(!strcmp(r.state, "SYN_RECV"));
	ASSERT_EQ(r.raddr, TUN_P);
	ASSERT_GT(r.left * 1000, 100);
	ASSERT_LE(r.left * 1000, 1100);
}

/* Counters count what passes: segments in and out, resets. */
static void segment_counters(void)
{
	struct tun *t = peer_net();
	long in, out, resets;
	struct peer p;
	int fd, i;

	peer_init(&p, t, 4000, PORT);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	in = counter("InSegs");
	out = counter("OutSegs");
	resets = counter("EstabResets");
	for (i = 0; i < 10; i++) {
		peer_put(&p, F_ACK, "x", 1);
		recv_str(fd, "x");
		send_str(fd, "y");
		while (p.rcv_nxt != p.irs + 2 + i)
			peer_need(&p);
		peer_ack(&p);
		UNTIL(!sk_outq(fd));
	}
	ASSERT_EQ(counter("InSegs") - in, 20);
	ASSERT_GE(counter("OutSegs") - out, 10);
	ASSERT_LE(counter("OutSegs") - out, 22);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
	ASSERT_EQ(counter("EstabResets") - resets, 1);
}

static const struct rt_test tests[] = {
	{ "defaults", "C91", defaults, 0, 0 },
	{ "bounds", "C91", bounds, 0, 0 },
	{ "per_netns", "C91 NS-1", per_netns, 0, 0 },
	{ "buffers", "C91 C53", buffers, 0, 0 },
	{ "syn_options", "C52 C91 WS-8S TS-5M", syn_options, 0, 0 },
	{ "table_format", "C94 OB-1", table_format, T_RILL, 0 },
	{ "table_minis", "C94 OB-1", table_minis, 0, 0 },
	{ "segment_counters", "C94", segment_counters, 0, 0 },
};

RT_MAIN(tests)
