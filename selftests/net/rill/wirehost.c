// SPDX-License-Identifier: GPL-2.0
/* What the host is to see of a wire, and what its rules say about it. */
#include "two.h"

#include "v6.h"

/* Every segment that IP let in it has also delivered, to whomever. */
static void delivered(void)
{
	int v6, l, c;

	ns_new();
	for (v6 = 0; v6 < 2; v6++) {
		l = two_listen(OURS, v6, AT_LO, PORT);
		c = two_sk(HOST, v6);
		OK(two_connect(c, v6, AT_LO, PORT));
		two_exchange(c, OK(accept(l, NULL, NULL)), 50000, 50000, rt.seed);
		close(l);
	}
	ASSERT_GT(host_counter("Ip", "InReceives"), 5);
	ASSERT_EQ(host_counter("Ip", "InDelivers"), host_counter("Ip", "InReceives"));
	ASSERT_GT(host_counter("Ip6", "InReceives"), 5);
	ASSERT_EQ(host_counter("Ip6", "InDelivers"), host_counter("Ip6", "InReceives"));
}

/* fwmark_reflect: an answer on behalf of no socket has the mark of what it answers. */
static void refused_with_mark(enum rt_wire wire, bool v6)
{
	rt.wire = wire;
	rt.v6 = v6;
	ns_new();
	ASSERT_EQ(write_file("/proc/sys/net/ipv4/fwmark_reflect", "1"), 0);
	ASSERT_EQ(write_file("/proc/sys/net/ipv6/fwmark_reflect", "1"), 0);
	if (sh("nft 'add table inet t;"
	       " add chain inet t in { type filter hook prerouting priority 0; };"
	       " add chain inet t out { type filter hook output priority 0; };"
	       " add rule inet t in meta mark set 7;"
	       " add rule inet t out meta mark 7 counter' 2>&1 | sed 's/^/# /'"))
		t_skip("nftables here do not know these rules");
	ASSERT_ERR(sk_connect(sk_new(), IP_LO, PORT), ECONNREFUSED);
	ASSERT_EQ(sh("nft list table inet t | grep -q 'counter packets 1 '"), 0);
}

static void reply_mark(void)
{
	int v6;

	need_nft();
	for (v6 = 0; v6 < 2; v6++) {
		refused_with_mark(WIRE_IP, v6);
		if (rt.proto != PROTO_TCP)
			refused_with_mark(WIRE_UDP, v6);
	}
}

/* A policy of IPsec lets no error in, and the connection waits until it is let through. */
static void kept_from(const struct net2 *n, bool v6)
{
	static const char reject6[] =
		"nft add rule inet t in ip6 nexthdr tcp reject with icmpv6 type addr-unreachable";
	int l, fd;

	ns_enter(n->b);
	ASSERT_EQ(sh("nft 'add table inet t;"
		     " add chain inet t in { type filter hook input priority 0; };"
		     " add rule inet t in ip protocol tcp reject with icmp type host-unreachable'"),
		  0);
	ASSERT_EQ(sh("%s", reject6), 0);
	l = two_listen(HOST, v6, AT_B, PORT);
	ns_enter(n->a);
	if (sh("ip xfrm policy add src %s dst %s proto %s dir in action block 2>/dev/null",
	       v6 ? "::/0" : "0.0.0.0/0", v6 ? "::/0" : "0.0.0.0/0",
	       v6 ? "ipv6-icmp type 1" : "icmp type 3"))
		t_skip("no policies of IPsec on this kernel");
	fd = two_sk(OURS, v6);
	sk_nonblock(fd, true);
	ASSERT_ERR(two_connect(fd, v6, AT_B, PORT), EINPROGRESS);
	UNTIL(host_counter("Xfrm", "InPolBlock") > 0);
	ASSERT_EQ(sk_error(fd), 0);
	ns_enter(n->b);
	ASSERT_EQ(sh("nft delete table inet t"), 0);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
	close(fd);
	close(l);
}

static void icmp_policy(void)
{
	int v6;

	need_nft();
	for (v6 = 0; v6 < 2; v6++) {
		struct net2 n = net_two(0, 1500);

		kept_from(&n, v6);
	}
}

static const struct rt_test tests[] = {
	{ "delivered", "C01", delivered, 0, 0 },
	{ "reply_mark", "SM-2", reply_mark, 0, 0 },
	{ "icmp_policy", "MUST-54", icmp_policy, 0, 0 },
};

RT_MAIN(tests)
