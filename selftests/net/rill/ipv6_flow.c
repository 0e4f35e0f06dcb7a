// SPDX-License-Identifier: GPL-2.0
/*
 * Connections by IPv6: between machines and through a router, sizes, headers on
 * the way, cookies, keys, and their ends.
 */
#include "v6.h"

#include <linux/in6.h>

static void transfers(const char *dial)
{
	struct net2 n = net6(1500);
	struct pair p = pair_net6(&n, dial);

	pour(p.c, p.s, 4 << 20);
	pour(p.s, p.c, 4 << 20);
	unpair(&p);
	if (!have_netem())
		return;
	OK(sh("tc qdisc add dev ea root netem loss 2%% delay 1ms"));
	p = pair_net6(&n, dial);
	pour(p.c, p.s, 1 << 20);
	pour(p.s, p.c, 1 << 20);
}

static void transfer_v6(void)
{
	transfers(B6);
}

static void transfer_mapped(void)
{
	transfers(B4);
}

/* C02: 40 bytes of IP, 20 of ours, 12 of timestamps. */
static void segment_sizes(void)
{
	static const int mtu[] = { 1500, 1280, 9000 };
	struct net2 n;
	struct pair p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mtu); i++) {
		n = net6(mtu[i]);
		p = pair_net6(&n, B6);
		ASSERT_EQ(sk_get(p.c, SOL_TCP, TCP_MAXSEG), mtu[i] - 72);
		ASSERT_EQ(sk_get(p.s, SOL_TCP, TCP_MAXSEG), mtu[i] - 72);
		DO(sk_get(p.c, SOL_IPV6, IPV6_MTU));
		unpair(&p);
		p = pair_net6(&n, B4);
		ASSERT_EQ(sk_get(p.c, SOL_TCP, TCP_MAXSEG), mtu[i] - 52);
		ASSERT_EQ(sk_get(p.s, SOL_TCP, TCP_MAXSEG), mtu[i] - 52);
		unpair(&p);
	}
}

/* ---- a router between them ---- */

struct net3 {
	int a, r, b;
};

static struct net3 net3_new(int mtu)
{
	struct net3 n;

	n.b = ns_new();
	n.r = ns_new();
	n.a = ns_new();
	veth_new(n.a, "ea", n.r, "ra", 0, 1500);
	veth_new(n.r, "rb", n.b, "eb", 0, 1500);
	ns_enter(n.r);
	if_up("lo", true);
	if_up("ra", true);
	if_up("rb", true);
	if_mtu("rb", mtu);
	need_ip("-6 addr add fd0a::9/64 dev ra nodad");
	need_ip("-6 addr add fd0b::9/64 dev rb nodad");
	knob6("conf/all/forwarding", "1");
	ns_enter(n.b);
	if_up("eb", true);
	need_ip("-6 addr add fd0b::2/64 dev eb nodad");
	need_ip("-6 route add default via fd0b::9");
	ns_enter(n.a);
	if_up("ea", true);
	need_ip("-6 addr add fd0a::1/64 dev ea nodad");
	need_ip("-6 route add default via fd0a::9");
	return n;
}

/* ER-12: "packet too big" makes the segments smaller, and nothing is lost. */
static void too_big(void)
{
	struct net3 n = net3_new(1400);
	struct pair p = { };

	ns_enter(n.b);
	p.l = listen6("::", PORT);
	ns_enter(n.a);
	p.c = sk6();
	OK(connect6(p.c, "fd0b::2", PORT));
	p.s = sk_accept(p.l);
	ASSERT_EQ(sk_get(p.c, SOL_TCP, TCP_MAXSEG), 1428);
	pour(p.c, p.s, 1 << 20);
	ASSERT_EQ(sk_get(p.c, SOL_TCP, TCP_MAXSEG), 1328);
	ASSERT_EQ(sk_get(p.c, SOL_IPV6, IPV6_MTU), 1400);
	/* the next one knows */
	close(p.c);
	close(p.s);
	p.c = sk6();
	OK(connect6(p.c, "fd0b::2", PORT));
	p.s = sk_accept(p.l);
	ASSERT_EQ(sk_get(p.c, SOL_TCP, TCP_MAXSEG), 1328);
	talk(p.c, p.s);
}

static void unreachable(void)
{
	struct net3 n = net3_new(1500);
	int i, fd;

	ns_enter(n.r);
	need_ip("-6 route add unreachable fd0c::/64");
	need_ip("-6 route add prohibit fd0d::/64");
	ns_enter(n.a);
	for (i = 0; i < 2; i++) {
		fd = sk6();
		if (i)
			sk_set(fd, SOL_IPV6, IPV6_RECVERR, 1);
		DO(connect6(fd, "fd0c::1", PORT));
		DO(recv(fd, NULL, 0, MSG_ERRQUEUE | MSG_DONTWAIT));
		DO(connect6(fd, "fd0d::1", PORT));
		DO(recv(fd, NULL, 0, MSG_ERRQUEUE | MSG_DONTWAIT));
		DO(connect6(fd, "fd0b::2", PORT));
		close(fd);
	}
}

/* IPV6_MINHOPCOUNT is about the error, not about what it quotes. */
static void error_from_afar(void)
{
	static const int least[] = { 64, 65 };
	struct net3 n = net3_new(1500);
	size_t i;
	int fd;

	ns_enter(n.r);
	need_ip("-6 route add unreachable fd0c::/64");
	ns_enter(n.a);
	for (i = 0; i < ARRAY_SIZE(least); i++) {
		fd = sk6();
		sk_set(fd, SOL_IPV6, IPV6_UNICAST_HOPS, 255);
		sk_set(fd, SOL_IPV6, IPV6_MINHOPCOUNT, least[i]);
		sk_set(fd, SOL_TCP, TCP_SYNCNT, 1);
		sk_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 300);
		DO(connect6(fd, "fd0c::1", PORT));
		close(fd);
	}
}

/* Let a device take packets that are cut before it sees them. */
static void cut_late(const char *dev)
{
	if (sh("ethtool -K %s tso off tx-sctp-segmentation off tx-checksumming off 2>&1", dev))
		t_skip("ethtool is not here, or cannot");
}

/* SM-28: with a routing header the sum is over where the segment ends up. */
struct srh {
	uint8_t next, len, type, left, first, flags;
	uint16_t tag;
	struct in6_addr seg[2];
};

static void routing_headers(bool cut)
{
	struct net3 n = net3_new(1500);
	struct srh srh = { .len = 4, .type = 4, .left = 1, .first = 1 };
	struct pair p = { };

	ns_enter(n.r);
	knob6("conf/all/seg6_enabled", "1");
	knob6("conf/ra/seg6_enabled", "1");
	ns_enter(n.b);
	knob6("conf/all/seg6_enabled", "1");
	knob6("conf/eb/seg6_enabled", "1");
	p.l = listen6("::", PORT);
	ns_enter(n.a);
	if (cut)
		cut_late("ea");
	srh.seg[1] = addr6("fd0a::9", 0).sin6_addr;
	p.c = sk6();
	if (DO(setsockopt(p.c, SOL_IPV6, IPV6_RTHDR, &srh, sizeof(srh))))
		t_skip("no segment routing here");
	DO(connect6(p.c, "fd0b::2", PORT));
	p.s = accept6(p.l);
	rec_names(p.s);
	DO(sk_get(p.c, SOL_TCP, TCP_MAXSEG));
	DO(sk_get(p.s, SOL_TCP, TCP_MAXSEG));
	pour(p.c, p.s, 1 << 20);
	pour(p.s, p.c, 1 << 20);
	ns_enter(n.b);
	ASSERT_EQ(counter("InCsumErrors"), 0);
}

static void routing_header(void)
{
	routing_headers(false);
}

static void routing_header_cut(void)
{
	routing_headers(true);
}

/* Long ones, in packets that are cut late: the whole is a packet of IPv6 yet. */
static void long_options(void)
{
	static uint8_t opt[1000];
	struct net2 n = net6(1500);
	struct pair p = pair_net6(&n, B6);
	size_t i;

	cut_late("ea");
	opt[1] = sizeof(opt) / 8 - 1;
	opt[2] = 0x1e;	/* for experiments; who does not know it skips it */
	opt[3] = 4;
	for (i = 8; i < sizeof(opt); i += 8) {
		opt[i] = 0x1e;
		opt[i + 1] = 6;
	}
	for (i = 0; i < 2; i++) {
		ns_enter(i ? n.a : n.b);
		knob6("max_dst_opts_length", "4096");
		knob6("max_dst_opts_number", "1000");
	}
	if (DO(setsockopt(p.c, SOL_IPV6, IPV6_DSTOPTS, opt, sizeof(opt))))
		t_skip("no options as long as that");
	ASSERT_EQ(sk_get(p.c, SOL_TCP, TCP_MAXSEG), 1500 - 72 - (int)sizeof(opt));
	pour(p.c, p.s, 4 << 20);
	ns_enter(n.b);
	ASSERT_EQ(host_counter("Ip6", "InHdrErrors"), 0);
}

/* Destination options leave less room, and are skipped by who receives. */
static void destination_options(void)
{
	static const uint8_t opt[8] = { 0, 0, 1, 4 };	/* padding */
	struct net2 n = net6(1500);
	struct pair p = pair_net6(&n, B6);

	DO(sk_get(p.c, SOL_TCP, TCP_MAXSEG));
	DO(setsockopt(p.c, SOL_IPV6, IPV6_DSTOPTS, opt, sizeof(opt)));
	DO(sk_get(p.c, SOL_TCP, TCP_MAXSEG));
	pour(p.c, p.s, 1 << 20);
	DO(setsockopt(p.c, SOL_IPV6, IPV6_DSTOPTS, NULL, 0));
	pour(p.c, p.s, 1 << 20);
}

/* ---- lives of a connection ---- */

static void cookies(void)
{
	struct pair p;
	int i;

	lo_up();
	need_sysctl("syncookies");
	sysctl_set("syncookies", "2");
	for (i = 0; i < 2; i++) {
		p = pair6("::", i ? LO4 : LO6);
		DO(sk_get(p.s, SOL_TCP, TCP_MAXSEG) > 1000);
		rec_names(p.s);
		pour(p.c, p.s, 1 << 20);
		unpair(&p);
	}
	DO(counter("SyncookiesSent"));
	DO(counter("SyncookiesRecv"));
}

static void time_wait(void)
{
	struct pair p;
	int port, fd, i;

	lo_up();
	for (i = 0; i < 2; i++) {
		p = pair6("::", i ? LO4 : LO6);
		port = sk_port(p.c);
		OK(shutdown(p.c, SHUT_WR));
		recv_eof(p.s);
		close(p.s);
		recv_eof(p.c);
		close(p.c);
		fd = sk6();
		DO(bind6(fd, "::", port));
		DO(bind6(fd, i ? LO4 : LO6, port));
		/* the other family does not care, but for a listener of both */
		DO(bind6(fd, i ? LO6 : LO4, port));
		close(fd);
		fd = sk6();
		sk_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		DO(bind6(fd, "::", port));
		DO(listen(fd, 1));
		close(fd);
		close(p.l);
	}
}

/* The last ACK leaves by another route than all before it. */
static void last_ack_rerouted(void)
{
	struct net2 n = net6(1500);
	struct pair p = pair_net6(&n, B6);

	talk(p.c, p.s);
	OK(shutdown(p.c, SHUT_WR));
	recv_eof(p.s);
	UNTIL(sk_state(p.c) == TCP_FIN_WAIT2);
	need_ip("-6 route add " B6 "/128 dev ea");
	close(p.s);
	recv_eof(p.c);
	UNTIL(sk_state(p.c) == TCP_CLOSE);
	close(p.c);
	/* both are well */
	p.c = sk6();
	OK(connect6(p.c, B6, sk_port(p.l)));
	p.s = sk_accept(p.l);
	talk(p.c, p.s);
}

static void simultaneous_close(void)
{
	struct net2 n = net6(1500);
	struct pair p;

	need_netem();
	p = pair_net6(&n, B6);
	talk(p.c, p.s);
	OK(sh("tc qdisc add dev ea root netem delay 200ms"));
	ns_enter(n.b);
	OK(sh("tc qdisc add dev eb root netem delay 200ms"));
	OK(shutdown(p.c, SHUT_WR));
	OK(shutdown(p.s, SHUT_WR));
	recv_eof(p.c);
	recv_eof(p.s);
	/* a socket whose life is over says CLOSE */
	UNTIL(sk_state(p.c) == TCP_CLOSE);
	UNTIL(sk_state(p.s) == TCP_CLOSE);
}

static void aborted(void)
{
	struct pair p;
	int i;

	lo_up();
	for (i = 0; i < 2; i++) {
		p = pair6("::", i ? LO4 : LO6);
		sk_linger(p.c, 1, 0);
		close(p.c);
		ev_need(p.s, POLLHUP);
		DO(recv_err(p.s));
		close(p.s);
		close(p.l);
	}
}

static void fast_open(void)
{
	struct sockaddr_in6 a = addr6(LO6, PORT);
	int l, c, s, i;

	lo_up();
	need_sysctl("fastopen");
	sysctl_set("fastopen", "3");
	l = sk6();
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 5);
	OK(bind6(l, "::", PORT));
	OK(listen(l, 5));
	for (i = 0; i < 6; i++) {
		if (i == 3)
			a = addr6(LO4, PORT);
		c = sk6();
		DO(sendto(c, "hello", 5, MSG_FASTOPEN, (void *)&a, sizeof(a)));
		s = accept6(l);
		recv_str(s, "hello");
		rec_names(c);
		close(c);
		recv_eof(s);
		close(s);
	}
	DO(counter("FastOpenActive"));
	DO(counter("FastOpenPassive"));
	DO(counter("FastOpenCookieReqd"));
}

/* ---- keys, repair ---- */

static int set_key(int fd, const char *ip, int prefix, const char *secret)
{
	struct sockaddr_in6 a = addr6(ip, 0);
	struct tcp_md5sig k = { .tcpm_keylen = strlen(secret) };

	memcpy(&k.tcpm_addr, &a, sizeof(a));
	memcpy(k.tcpm_key, secret, strlen(secret));
	if (prefix >= 0) {
		k.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
		k.tcpm_prefixlen = prefix;
		return setsockopt(fd, SOL_TCP, TCP_MD5SIG_EXT, &k, sizeof(k));
	}
	return setsockopt(fd, SOL_TCP, TCP_MD5SIG, &k, sizeof(k));
}

static void signed_by_key(void)
{
	struct pair p = { };
	int i;

	lo_up();
	p.l = listen6("::", PORT);
	if (set_key(p.l, LO6, -1, "one"))
		t_skip("no TCP_MD5SIG: %s", strerror(errno));
	DO(set_key(p.l, LO4, -1, "four"));
	DO(set_key(p.l, LO4, 33, "four"));
	DO(set_key(p.l, LO6, 129, "six"));
	DO(set_key(p.l, "2001:db8::", 32, "net"));
	DO(set_key(p.l, "2001:db8::", 33, ""));
	DO(set_key(p.l, "2001:db8::", 32, ""));
	for (i = 0; i < 2; i++) {
		p.c = sk6();
		DO(set_key(p.c, i ? LO4 : LO6, -1, i ? "four" : "one"));
		DO(connect6(p.c, i ? LO4 : LO6, PORT));
		p.s = accept6(p.l);
		pour(p.c, p.s, 1 << 18);
		DO(sk_get(p.c, SOL_TCP, TCP_MAXSEG) == sk_get(p.s, SOL_TCP, TCP_MAXSEG));
		close(p.c);
		close(p.s);
	}
}

static void wrong_key(void)
{
	int l, c, i;

	lo_up();
	l = listen6("::", PORT);
	if (set_key(l, "::", 0, "six"))
		t_skip("no TCP_MD5SIG: %s", strerror(errno));
	for (i = 0; i < 2; i++) {
		c = sk6();
		OK(set_key(c, i ? LO4 : LO6, -1, i ? "six" : "other"));
		sk_set(c, SOL_TCP, TCP_USER_TIMEOUT, 300);
		sk_set(c, SOL_TCP, TCP_SYNCNT, 1);
		DO(connect6(c, i ? LO4 : LO6, PORT));
		close(c);
	}
	/* a key for all of IPv6 is none for IPv4 */
	c = sk6();
	DO(connect6(c, LO4, PORT));
	ev_need(l, POLLIN);
}

static void repaired(void)
{
	int c, i, on = 1;

	lo_up();
	for (i = 0; i < 2; i++) {
		c = sk6();
		if (DO(setsockopt(c, SOL_TCP, TCP_REPAIR, &on, sizeof(on))))
			t_skip("no TCP_REPAIR");
		DO(bind6(c, i ? LO4 : LO6, PORT));
		DO(connect6(c, i ? LO4 : LO6, PORT + 1));
		DO(sk_state(c));
		rec_names(c);
		close(c);
	}
}

static const struct rt_test tests[] = {
	{ "transfer_v6", "SM-28", transfer_v6, 0, 0 },
	{ "transfer_mapped", "V6-2", transfer_mapped, 0, 0 },
	{ "segment_sizes", "C02", segment_sizes, 0, 0 },
	{ "too_big", "C01 C02 ER-12", too_big, 0, 0 },
	{ "unreachable", "ER-9", unreachable, 0, 0 },
	{ "routing_header", "SM-28", routing_header, 0, 0 },
	{ "error_from_afar", "ER-9", error_from_afar, 0, 0 },
	{ "routing_header_cut", "SM-28 C05", routing_header_cut, 0, 0 },
	{ "long_options", "C05", long_options, T_RILL, 0 },
	{ "destination_options", "SM-28", destination_options, 0, 0 },
	{ "cookies", "SYNC-3I", cookies, 0, 0 },
	{ "time_wait", "", time_wait, 0, 0 },
	{ "last_ack_rerouted", "", last_ack_rerouted, 0, 0 },
	{ "simultaneous_close", "SM-16", simultaneous_close, 0, 0 },
	{ "aborted", "SM-24", aborted, 0, 0 },
	{ "fast_open", "", fast_open, 0, 0 },
	{ "signed_by_key", "OP-1", signed_by_key, 0, 0 },
	{ "wrong_key", "OP-1", wrong_key, 0, 0 },
	{ "repaired", "TO-15", repaired, 0, 0 },
};

RT_MAIN(tests)
