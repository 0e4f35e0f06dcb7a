// SPDX-License-Identifier: GPL-2.0
/*
 * The tcp wire: streams between Rill and the host's TCP, both ways round and
 * by either family; and what the host's TCP, its conntrack, its NAT and its
 * firewall make of it. Over --proto tcp both ends are the host's.
 *
 * --count N is the number of random transfers, --parallel M how many at once.
 */
#include "two.h"

#include "v6.h"

#include <sys/mman.h>
#include <sys/prctl.h>

/* Who dials, and by what. */
struct way {
	enum stack client;
	bool v6;
};

static const struct way ways[] = {
	{ OURS, false }, { HOST, false }, { OURS, true }, { HOST, true },
};

static enum stack other(enum stack stack)
{
	return stack == HOST ? OURS : HOST;
}

static int accepted(int lfd)
{
	struct pollfd p = { .fd = lfd, .events = POLLIN };

	if (!OK(poll(&p, 1, patience(120000))))
		FAIL("nobody to accept");
	return OK(accept(lfd, NULL, NULL));
}

/* One connection from a to b, which may both be the current namespace. */
static void one_transfer(const struct net2 *n, const struct way *w, size_t up, size_t down,
			 uint64_t seed)
{
	enum where where = n ? AT_B : AT_LO;
	int l, c, s;

	if (n)
		ns_enter(n->b);
	l = two_listen(other(w->client), w->v6, where, 0);
	if (n)
		ns_enter(n->a);
	c = two_sk(w->client, w->v6);
	OK(two_connect(c, w->v6, where, two_port(l)));
	s = accepted(l);
	close(l);
	two_exchange(c, s, up, down, seed);
}

static void all_ways(const struct net2 *n, size_t up, size_t down)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		one_transfer(n, &ways[i], up, down, rt.seed + i);
}

static void transfer_lo(void)
{
	ns_new();
	all_ways(NULL, 3000000, 2000000);
}

/* Super-segments that devices pass on whole. */
static void transfer_veth(void)
{
	struct net2 n = net_two(0, 1500);

	all_ways(&n, 3000000, 2000000);
}

/* Segments of one MSS each, with checksums by the processor. */
static void transfer_single(void)
{
	struct net2 n = net_two(NET_SINGLE, 1500);

	all_ways(&n, 500000, 500000);
}

/* What GRO has joined comes in as one, as the host's TCP has it. */
static void transfer_gro(void)
{
	struct net2 n = net_two(0, 1500);

	if (sh("ethtool -K ea tso off gso off gro on >/dev/null 2>&1"))
		t_skip("no ethtool that could set this");
	ns_enter(n.b);
	ASSERT_EQ(sh("ethtool -K eb tso off gso off gro on >/dev/null 2>&1"), 0);
	all_ways(&n, 1000000, 1000000);
}

/* Both ends are ours. */
static void transfer_ours(void)
{
	struct net2 n = net_two(0, 1500);
	int v6, l, c, s;

	for (v6 = 0; v6 < 2; v6++) {
		ns_enter(n.b);
		l = two_listen(OURS, v6, AT_B, PORT);
		ns_enter(n.a);
		c = two_sk(OURS, v6);
		OK(two_connect(c, v6, AT_B, PORT));
		s = accepted(l);
		close(l);
		two_exchange(c, s, 1000000, 1000000, rt.seed);
	}
}

/* What nobody owns the host answers, and we do not; no port but ours is looked at. */
static void host_resets(void)
{
	bool two = rt.proto != PROTO_TCP;
	long host_rsts, our_rsts;
	int held, l, v6;

	ns_new();
	l = two_listen(OURS, false, AT_LO, PORT);
	held = two_sk(OURS, false);
	OK(two_bind(held, false, AT_LO, PORT + 1));
	host_rsts = host_counter("Tcp", "OutRsts");
	our_rsts = two ? counter("OutRsts") : 0;
	for (v6 = 0; v6 < 2; v6++) {
		/* a free port, one that is bound alone, and one of another family */
		ASSERT_ERR(two_connect(two_sk(HOST, v6), v6, AT_LO, 4), ECONNREFUSED);
		ASSERT_ERR(two_connect(two_sk(HOST, v6), v6, AT_LO, PORT + 1), ECONNREFUSED);
		ASSERT_ERR(two_connect(two_sk(OURS, v6), v6, AT_LO, 4), ECONNREFUSED);
	}
	ASSERT_ERR(two_connect(two_sk(HOST, true), true, AT_LO, PORT), ECONNREFUSED);
	ASSERT_EQ(host_counter("Tcp", "OutRsts") - host_rsts, 7);
	if (two)
		ASSERT_EQ(counter("OutRsts") - our_rsts, 0);
	close(l);
}

/* The host's TCP beside us on the same ports of other addresses' peers. */
static void side_by_side(void)
{
	int ours_l, host_l, c[2], s[2], i;

	ns_new();
	ours_l = two_listen(OURS, false, AT_LO, PORT);
	host_l = two_listen(HOST, false, AT_LO, PORT + 1);
	for (i = 0; i < 2; i++) {
		c[i] = two_sk(i ? OURS : HOST, false);
		OK(two_connect(c[i], false, AT_LO, PORT + i));
		s[i] = accepted(i ? host_l : ours_l);
	}
	send_str(c[0], "to ours");
	send_str(c[1], "to the host's");
	recv_str(s[0], "to ours");
	recv_str(s[1], "to the host's");
	two_exchange(c[0], s[0], 100000, 100000, rt.seed);
	two_exchange(c[1], s[1], 100000, 100000, rt.seed);
}

static void firewall(const char *rules)
{
	char path[] = "/tmp/rill-nft-XXXXXX";
	int fd = OK(mkstemp(path)), ret;

	OK(write(fd, rules, strlen(rules)));
	close(fd);
	ret = sh("nft -f %s 2>&1 | sed 's/^/# /'; nft list tables | grep -q t", path);
	unlink(path);
	if (ret)
		t_skip("nftables here do not know these rules");
}

/* Drops whatever conntrack does not know to be of a connection that was let in. */
#define STATEFUL \
	"table inet t {\n" \
	" chain in { type filter hook input priority 0; policy drop;\n" \
	"  ct state established,related accept\n" \
	"  ct state new tcp dport 8080 accept\n" \
	"  meta l4proto ipv6-icmp accept\n" \
	" }\n" \
	" chain out { type filter hook output priority 0; policy drop;\n" \
	"  ct state established,related accept\n" \
	"  ct state new tcp dport { 7000, 8080 } accept\n" \
	"  meta l4proto ipv6-icmp accept\n" \
	" }\n" \
	"}\n"

static void nat_way(const struct net2 *n, const struct way *w)
{
	int l, c, s;

	ns_enter(n->b);
	l = two_listen(other(w->client), w->v6, AT_ANY, PORT);
	ns_enter(n->a);
	c = two_sk(w->client, w->v6);
	OK(two_connect(c, w->v6, AT_B, 7000));
	s = accepted(l);
	close(l);
	two_exchange(c, s, 300000, 300000, rt.seed);
}

/* conntrack, a stateful filter, and NAT of ports and addresses in the path. */
static void nat(void)
{
	struct net2 n = net_two(0, 1500);
	char line[512];
	int assured = 0;
	size_t i;
	FILE *f;

	need_nft();
	firewall(STATEFUL
		 "table inet n {\n"
		 " chain post { type nat hook postrouting priority 100;\n"
		 "  tcp dport 7000 masquerade to :20000-20999\n"
		 " }\n"
		 "}\n");
	ns_enter(n.b);
	firewall(STATEFUL
		 "table inet n {\n"
		 " chain pre { type nat hook prerouting priority -100;\n"
		 "  tcp dport 7000 dnat to :8080\n"
		 " }\n"
		 "}\n");
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		nat_way(&n, &ways[i]);
	ns_enter(n.b);
	f = fopen("/proc/net/nf_conntrack", "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		assured += strstr(line, "ASSURED") && strstr(line, "tcp");
	fclose(f);
	ASSERT_EQ(assured, ARRAY_SIZE(ways));
}

/* ---- ICMP ---- */

static void unreachable_way(const struct net2 *n, bool v6)
{
	int fd;

	ns_enter(n->a);
	fd = two_sk(OURS, v6);
	ASSERT_ERR(two_connect(fd, v6, AT_B, PORT), EHOSTUNREACH);
	close(fd);
}

/* ER-9: a router says that it cannot be reached. */
static void unreachable(void)
{
	struct net2 n = net_two(0, 1500);

	need_nft();
	ns_enter(n.b);
	firewall("table inet t {\n"
		 " chain in { type filter hook input priority 0;\n"
		 "  ip protocol tcp reject with icmp type host-unreachable\n"
		 "  ip6 nexthdr tcp reject with icmpv6 type addr-unreachable\n"
		 " }\n"
		 "}\n");
	unreachable_way(&n, false);
	unreachable_way(&n, true);
}

static void addresses(const char *dev, const char *ip4, const char *ip6)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "addr add %s dev %s", ip4, dev);
	need_ip(cmd);
	snprintf(cmd, sizeof(cmd), "-6 addr add %s dev %s nodad", ip6, dev);
	need_ip(cmd);
	if_up(dev, true);
}

static void all_else(const char *ip4, const char *ip6)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "route add default via %s", ip4);
	need_ip(cmd);
	snprintf(cmd, sizeof(cmd), "-6 route add default via %s", ip6);
	need_ip(cmd);
}

/* One that looks for its neighbours at once, by addresses that it need not probe. */
static int router(void)
{
	int ns = ns_new();

	OK(write_file("/proc/sys/net/ipv4/ip_forward", "1"));
	OK(write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1"));
	OK(write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0"));
	return ns;
}

/*
 * a to r to q to b, by a link in the middle that is narrow both ways: what is
 * too big for one end of a veth alone, that end drops and tells nobody.
 */
static struct net2 narrow(int mtu)
{
	struct net2 n;
	int r, q;

	n.b = ns_new();
	q = router();
	r = router();
	n.a = ns_new();
	veth_new(n.a, "ea", r, "ra", 0, 1500);
	veth_new(r, "rq", q, "qr", 0, mtu);
	veth_new(q, "qb", n.b, "eb", 0, 1500);
	ns_enter(r);
	addresses("ra", "10.0.1.1/24", "fd01::1/64");
	addresses("rq", "10.0.3.1/24", "fd03::1/64");
	all_else("10.0.3.2", "fd03::2");
	ns_enter(q);
	addresses("qr", "10.0.3.2/24", "fd03::2/64");
	addresses("qb", "10.0.0.1/24", A6 "/64");
	all_else("10.0.3.1", "fd03::1");
	ns_enter(n.b);
	addresses("eb", "10.0.0.2/24", B6 "/64");
	all_else("10.0.0.1", A6);
	ns_enter(n.a);
	addresses("ea", "10.0.1.2/24", "fd01::2/64");
	all_else("10.0.1.1", "fd01::1");
	return n;
}

/* More than fits into one packet, all of which comes in. */
static void pass(int from, int to)
{
	static uint8_t out[20000], in[sizeof(out)];

	fill(out, sizeof(out), rt.seed);
	send_all(from, out, sizeof(out));
	recv_all(to, in, sizeof(in));
	ASSERT(!memcmp(out, in, sizeof(out)));
}

/* ER-12: "too big" from a router on the way, to whichever end sends. */
static void too_big(void)
{
	struct net2 n = narrow(1300);
	struct tcp_info ti;
	size_t i;
	int l, c, s;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		const struct way *w = &ways[i];

		ns_enter(n.b);
		l = two_listen(other(w->client), w->v6, AT_B, PORT + i);
		ns_enter(n.a);
		c = two_sk(w->client, w->v6);
		OK(two_connect(c, w->v6, AT_B, PORT + i));
		s = accepted(l);
		pass(c, s);
		pass(s, c);
		sk_info(w->client == OURS ? c : s, &ti);
		ASSERT_EQ(ti.tcpi_pmtu, 1300);
		two_exchange(c, s, 100000, 100000, rt.seed);
		close(l);
	}
}

/* ---- a bad path ---- */

#define BAD_PATH	"loss 1%% duplicate 1%% corrupt 1%% reorder 10%% 25%% delay 2ms limit 10000"
#define BASE		10000	/* ports: of the host's and of our listener, and between */

/* What the processes of a case tell each other. */
struct shared {
	int stop;
	long done, neighbours;
};

static struct shared *shared;

/* Addresses of the link are not asked for: nothing guards that against corruption. */
static void fix_neighbour(int ns, const char *dev, int peer_ns, const char *peer_dev,
			  const char *ip4, const char *ip6)
{
	char mac[32] = "";
	FILE *f;

	ns_enter(peer_ns);
	f = popen("ip -o link show", "r");
	ASSERT(f);
	for (;;) {
		char line[1024], *at;

		if (!fgets(line, sizeof(line), f))
			break;
		at = strstr(line, "link/ether ");
		if (at && strstr(line, peer_dev))
			sscanf(at, "link/ether %31s", mac);
	}
	pclose(f);
	ASSERT(*mac);
	ns_enter(ns);
	ASSERT_EQ(sh("ip neigh replace %s lladdr %s dev %s nud permanent", ip4, mac, dev), 0);
	ASSERT_EQ(sh("ip neigh replace %s lladdr %s dev %s nud permanent", ip6, mac, dev), 0);
}

static struct net2 bad_net(void)
{
	struct net2 n = net_two(NET_SINGLE, 1500);

	need_netem();
	fix_neighbour(n.a, "ea", n.b, "eb", "10.0.0.2", B6);
	fix_neighbour(n.b, "eb", n.a, "ea", "10.0.0.1", A6);
	ASSERT_EQ(sh("tc qdisc add dev eb root netem " BAD_PATH), 0);
	ns_enter(n.a);
	ASSERT_EQ(sh("tc qdisc add dev ea root netem " BAD_PATH), 0);
	return n;
}

static size_t random_len(uint64_t *seed)
{
	static const size_t most[] = { 2, 1500, 20000, 20000, 100000, 400000 };

	return rnd(seed) % most[rnd(seed) % ARRAY_SIZE(most)];
}

/* A listener of AF_INET6 serves both families: V6-1. */
static void dial_and_exchange(const struct net2 *n, int l, enum stack client, bool v6, int port,
			      size_t up, size_t down, uint64_t seed)
{
	int c, s;

	ns_enter(n->a);
	c = two_sk(client, v6);
	OK(two_connect(c, v6, AT_B, port));
	s = accepted(l);
	two_exchange(c, s, up, down, seed);
}

static void worker(const struct net2 *n, int nr, int parallel, int count)
{
	int port = BASE + 4 * nr, i, listener[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ns_enter(n->b);
	listener[HOST] = two_listen(HOST, true, AT_ANY, port);
	listener[OURS] = two_listen(OURS, true, AT_ANY, port + 1);
	for (i = nr; i < count; i += parallel) {
		uint64_t seed = (rt.seed + 1) * 1000003ull + i;
		const struct way *w = &ways[i % ARRAY_SIZE(ways)];
		enum stack server = other(w->client);
		size_t up = random_len(&seed), down = random_len(&seed);

		dial_and_exchange(n, listener[server], w->client, w->v6,
				  port + (server == OURS), up, down, seed);
		__atomic_add_fetch(&shared->done, 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

/* The host's service on ports beside ours, which must not lose a connection. */
static void neighbour(const struct net2 *n, int parallel)
{
	int *listener = calloc(parallel, sizeof(int)), i;
	uint64_t seed = rt.seed + 77;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ASSERT(listener);
	ns_enter(n->b);
	for (i = 0; i < parallel; i++)
		listener[i] = two_listen(HOST, true, AT_ANY, BASE + 4 * i + 2);
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		i = rnd(&seed) % parallel;
		dial_and_exchange(n, listener[i], HOST, rnd(&seed) & 1, BASE + 4 * i + 2,
				  rnd(&seed) % 3000, rnd(&seed) % 3000, seed);
		__atomic_add_fetch(&shared->neighbours, 1, __ATOMIC_RELAXED);
	}
	_exit(0);
}

static void waited(pid_t pid)
{
	int st;

	OK(waitpid(pid, &st, 0));
	if (st)
		FAIL("a process ended with status %#x", st);
}

static void bad_path(int count)
{
	int parallel = rt.parallel ? : 10, i;
	struct net2 n = bad_net();
	pid_t beside, *pid = calloc(parallel, sizeof(*pid));

	ASSERT(pid);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT(shared != MAP_FAILED);
	beside = OK(fork());
	if (!beside)
		neighbour(&n, parallel);
	for (i = 0; i < parallel; i++) {
		pid[i] = OK(fork());
		if (!pid[i])
			worker(&n, i, parallel, count);
	}
	for (i = 0; i < parallel; i++)
		waited(pid[i]);
	__atomic_store_n(&shared->stop, 1, __ATOMIC_RELAXED);
	waited(beside);
	t_note("%ld transfers, %ld connections of the host beside them", shared->done,
	       shared->neighbours);
	ASSERT_EQ(shared->done, count);
	ASSERT_GT(shared->neighbours, 0);
	ASSERT_GT(counter("RetransSegs"), 0);
}

static void bad_path_few(void)
{
	bad_path(rt.count ? : 40);
}

static void bad_path_many(void)
{
	bad_path(rt.count ? : 1000);
}

static const struct rt_test tests[] = {
	{ "transfer_lo", "C01 C05 V6-1", transfer_lo, 0, 0 },
	{ "transfer_veth", "C01 C05", transfer_veth, 0, 0 },
	{ "transfer_single", "C01", transfer_single, 0, 0 },
	{ "transfer_gro", "C05", transfer_gro, 0, 0 },
	{ "transfer_ours", "C01", transfer_ours, 0, 0 },
	{ "host_resets", "SM-2", host_resets, 0, 0 },
	{ "side_by_side", "C01", side_by_side, 0, 0 },
	{ "nat", "C01", nat, 0, 0 },
	{ "unreachable", "ER-9", unreachable, 0, 0 },
	{ "too_big", "ER-12", too_big, 0, 0 },
	{ "bad_path_few", "C01 V6-1", bad_path_few, T_FULL, 300 },
	{ "bad_path_many", "C01 V6-1", bad_path_many, T_STRESS, 3600 },
};

RT_MAIN(tests)
