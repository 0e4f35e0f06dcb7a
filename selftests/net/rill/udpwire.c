// SPDX-License-Identifier: GPL-2.0
/*
 * The udp wire: segments that travel as datagrams, through NATs too which
 * change their ports, and nobody else's datagrams.
 */
#include "nat.h"
#include "v6.h"

#include <linux/rill.h>

#define UDP_PORT	9253		/* the default of net.rill.udp_port */
#define MB			1048576

static int usk_try(bool v6)
{
	if (rt.proto == PROTO_INET)
		return socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, IPPROTO_RILL_UDP);
	return socket(AF_RILL, SOCK_STREAM, IPPROTO_UDP | (v6 ? RILL_V6 : 0));
}

static int usk(bool v6)
{
	return OK(usk_try(v6));
}

static int ulisten(bool v6, int port)
{
	int fd = usk(v6);

	OK(v6 ? bind6(fd, "::", port) : sk_bind(fd, INADDR_ANY, port));
	OK(listen(fd, 16));
	return fd;
}

static int uconnect(int fd, bool v6, const char *ip6, uint32_t ip, int port)
{
	return v6 ? connect6(fd, ip6, port) : sk_connect(fd, ip, port);
}

/* Dialled in a, accepted in b. */
static struct pair upair(int a, int b, bool v6)
{
	struct pair p;

	ns_enter(b);
	p.l = ulisten(v6, PORT);
	ns_enter(a);
	p.c = usk(v6);
	OK(uconnect(p.c, v6, B6, IP_B, PORT));
	p.s = sk_accept(p.l);
	return p;
}

static long counter_in(int ns, const char *name)
{
	long v;

	ns_enter(ns);
	v = counter(name);
	return v;
}

static void both_ways(const struct pair *p, long size)
{
	pour(p->c, p->s, size);
	pour(p->s, p->c, size);
}

/* ---- the stream ---- */

static void loopback(bool v6)
{
	struct pair p = { };

	lo_up();
	p.l = ulisten(v6, PORT);
	p.c = usk(v6);
	OK(uconnect(p.c, v6, LO6, IP_LO, PORT));
	p.s = sk_accept(p.l);
	ASSERT_EQ(sk_get(p.c, SOL_RILL, RILL_WIRE), IPPROTO_UDP);
	ASSERT_EQ(sk_get(p.s, SOL_RILL, RILL_WIRE), IPPROTO_UDP);
	both_ways(&p, 4 * MB);
	ASSERT_EQ(counter("DropCsum"), 0);
	close(p.c);
	recv_eof(p.s);
	unpair(&(struct pair){ .c = dup(p.s), .s = p.s, .l = p.l });
}

static void loopback4(void)
{
	loopback(false);
}

static void loopback6(void)
{
	loopback(true);
}

/* A listener of IPv6 has peers of IPv4 too. */
static void mapped(void)
{
	struct pair p = { };

	lo_up();
	p.l = ulisten(true, PORT);
	p.c = usk(false);
	OK(sk_connect(p.c, IP_LO, PORT));
	p.s = sk_accept(p.l);
	both_ways(&p, MB);
	unpair(&p);
	p.l = ulisten(false, PORT + 1);
	p.c = usk(true);
	OK(connect6(p.c, LO4, PORT + 1));
	p.s = sk_accept(p.l);
	both_ways(&p, MB);
	unpair(&p);
}

static void lossy(bool v6)
{
	struct net2 n;
	struct pair p;
	long again;

	need_netem();
	n = net6(1500);
	p = upair(n.a, n.b, v6);
	ns_enter(n.a);
	ASSERT_EQ(sh("tc qdisc add dev ea root netem delay 1ms loss 1%% limit 10000"), 0);
	ns_enter(n.b);
	ASSERT_EQ(sh("tc qdisc add dev eb root netem delay 1ms loss 1%% limit 10000"), 0);
	both_ways(&p, 4 * MB);
	again = counter_in(n.a, "RetransSegs") + counter_in(n.b, "RetransSegs");
	ASSERT_GT(again, 0);
}

static void lossy4(void)
{
	lossy(false);
}

static void lossy6(void)
{
	lossy(true);
}

/* C52, MSS-1S: a datagram is as long as the path allows, and UDP's header counts. */
static void full_size(bool v6)
{
	struct nat *n = nat_new();
	struct pair p = upair(n->a, n->b, v6);

	both_ways(&p, MB);
	ASSERT_EQ(n->longest, NAT_MTU);
	ASSERT_EQ(n->gone, 0);
}

static void full_size4(void)
{
	full_size(false);
}

static void full_size6(void)
{
	full_size(true);
}

/* The ports of one wire are not those of another. */
static void wires_apart(void)
{
	int ip, udp, c;

	lo_up();
	ip = sk_new();
	OK(sk_bind(ip, INADDR_ANY, PORT));
	udp = usk(false);
	OK(sk_bind(udp, INADDR_ANY, PORT));
	OK(listen(ip, 1));
	c = usk(false);
	ASSERT_ERR(sk_connect(c, IP_LO, PORT), ECONNREFUSED);
	close(c);
	OK(listen(udp, 1));
	c = usk(false);
	OK(sk_connect(c, IP_LO, PORT));
	sk_accept(udp);
	ASSERT_EQ(ev_now(ip, POLLIN), 0);
	ASSERT_ERR(sk_bind(usk(false), INADDR_ANY, PORT), EADDRINUSE);
}

/* RILL_WIRE, until there is a port. */
static void wire_option(void)
{
	int fd;

	lo_up();
	fd = sk_new();
	ASSERT_EQ(sk_get(fd, SOL_RILL, RILL_WIRE), IPPROTO_RILL);
	sk_set(fd, SOL_RILL, RILL_WIRE, IPPROTO_UDP);
	ASSERT_EQ(sk_get(fd, SOL_RILL, RILL_WIRE), IPPROTO_UDP);
	OK(sk_bind(fd, INADDR_ANY, PORT));
	OK(listen(fd, 1));
	OK(sk_connect(usk(false), IP_LO, PORT));
	sk_accept(fd);
}

/* ---- what is there when nobody is ---- */

/* SM-2: the answer finds its way back to the port that the segment came from. */
static void refused(bool v6)
{
	struct nat *n = nat_new();
	int fd, l;

	ns_enter(n->b);
	l = ulisten(v6, PORT);	/* so that UDP is there */
	ns_enter(n->a);
	fd = usk(v6);
	ASSERT_ERR(uconnect(fd, v6, B6, IP_B, PORT + 1), ECONNREFUSED);
	ASSERT_EQ(n->passed[0], 1);
	ASSERT_EQ(n->passed[1], 1);
	ASSERT_EQ(counter_in(n->b, "OutRsts"), 1);
	close(l);
}

static void refused4(void)
{
	refused(false);
}

static void refused6(void)
{
	refused(true);
}

/* Where nobody uses the wire, the port of UDP is closed, and ICMP says so. */
static void unreachable(void)
{
	struct net2 n = net6(1500);

	ns_enter(n.a);
	ASSERT_ERR(sk_connect(usk(false), IP_B, PORT), ECONNREFUSED);
	ASSERT_ERR(connect6(usk(true), B6, PORT), ECONNREFUSED);
	ASSERT_EQ(counter_in(n.b, "OutRsts"), 0);
}

/* ---- a NAT changes its mind ---- */

/* Every so many datagrams in the direction of dir; the stream flows in that of from. */
static void rebinding(bool v6, int dir, int every, bool from_inside, long size)
{
	struct nat *n = nat_new();
	struct pair p = upair(n->a, n->b, v6);

	n->every[dir] = every;
	if (from_inside)
		pour(p.c, p.s, size);
	else
		pour(p.s, p.c, size);
	ASSERT_GT(n->rebound, 1);
	ASSERT_GT(counter_in(n->b, "UdpRebound"), 1);
	ASSERT_EQ(counter_in(n->a, "UdpRebound"), 0);
	t_note("%ld ports, %ld datagrams were lost with them", n->rebound, n->gone);
}

static void rebind_sender4(void)
{
	rebinding(false, 0, 200, true, 2 * MB);
}

static void rebind_sender6(void)
{
	rebinding(true, 0, 200, true, 2 * MB);
}

/* What the server sends goes to the old port, until an ACK has come by the new one. */
static void rebind_receiver4(void)
{
	rebinding(false, 0, 200, false, 2 * MB);
}

static void rebind_receiver6(void)
{
	rebinding(true, 0, 200, false, 2 * MB);
}

/* The port is gone before its owner has sent anything again, which it need not. */
static void rebind_deaf4(void)
{
	rebinding(false, 1, 400, false, 2 * MB);
}

static void rebind_deaf6(void)
{
	rebinding(true, 1, 400, false, 2 * MB);
}

/* The peer was about to answer, as it lost us. */
static void rebind_silent(void)
{
	struct nat *n = nat_new();
	struct pair p = upair(n->a, n->b, false);

	talk(p.c, p.s);
	/* no ACK is due any more */
	UNTIL(sk_outq(p.s) == 0 && sk_outq(p.c) == 0);
	rest(300);
	nat_rebind(n);
	send_str(p.s, "who is there?");
	recv_str(p.c, "who is there?");
	ASSERT_GT(n->gone, 0);
	ASSERT_EQ(counter_in(n->b, "UdpRebound"), 1);
}

/* Told to keep quiet, it is found once its program speaks. */
static void rebind_no_pokes(void)
{
	struct nat *n = nat_new();
	struct pair p;

	ns_enter(n->a);
	sysctl_set("udp_pokes", "0");
	p = upair(n->a, n->b, false);
	talk(p.c, p.s);
	UNTIL(sk_outq(p.s) == 0 && sk_outq(p.c) == 0);
	rest(300);
	nat_rebind(n);
	send_str(p.s, "who is there?");
	/* sent again after the first poke would have come */
	UNTIL_MS(n->gone >= 4, 20000);
	ASSERT_EQ(counter_in(n->b, "UdpRebound"), 0);
	send_str(p.c, "me");
	recv_str(p.s, "me");
	recv_str(p.c, "who is there?");
	ASSERT_EQ(counter_in(n->b, "UdpRebound"), 1);
}

static void rebind_idle(bool v6)
{
	struct nat *n = nat_new();
	struct pair p = upair(n->a, n->b, v6);

	talk(p.c, p.s);
	nat_rebind(n);
	talk(p.c, p.s);
	ASSERT_EQ(counter_in(n->b, "UdpRebound"), 1);
	nat_rebind(n);
	/* the end of the stream is the first that is heard */
	OK(shutdown(p.c, SHUT_WR));
	recv_eof(p.s);
	send_str(p.s, "still there");
	recv_str(p.c, "still there");
	ASSERT_EQ(counter_in(n->b, "UdpRebound"), 2);
}

static void rebind_idle4(void)
{
	rebind_idle(false);
}

static void rebind_idle6(void)
{
	rebind_idle(true);
}

/* A probe of keepalive is nothing new, and yet tells where the peer is. */
static void rebind_keepalive(void)
{
	struct nat *n = nat_new();
	struct pair p = upair(n->a, n->b, false);

	talk(p.c, p.s);
	nat_rebind(n);
	sk_set(p.c, SOL_TCP, TCP_KEEPIDLE, 1);
	sk_set(p.c, SOL_TCP, TCP_KEEPINTVL, 1);
	sk_set(p.c, SOL_TCP, TCP_KEEPCNT, 3);
	sk_set(p.c, SOL_SOCKET, SO_KEEPALIVE, 1);
	UNTIL(counter_in(n->b, "UdpRebound") == 1);
	send_str(p.s, "found");
	recv_str(p.c, "found");
}

/* What was sent arrived, the ACK did not: the same data again comes from elsewhere. */
static void rebind_unanswered(void)
{
	struct nat *n = nat_new();
	struct pair p = upair(n->a, n->b, false);

	talk(p.c, p.s);
	n->every[1] = 1;
	send_str(p.c, "once more");
	recv_str(p.s, "once more");
	UNTIL(n->gone > 0);
	n->every[1] = 0;
	send_str(p.s, "heard");
	recv_str(p.c, "heard");
	ASSERT_GT(counter_in(n->b, "UdpRebound"), 0);
}

/* The SYN comes again from another port: so goes the SYN-ACK. */
static void rebind_syn(void)
{
	struct nat *n = nat_new();
	struct pair p;

	n->every[1] = 1;
	ns_enter(n->b);
	p.l = ulisten(false, PORT);
	ns_enter(n->a);
	p.c = usk(false);
	sk_nonblock(p.c, true);
	ASSERT_ERR(sk_connect(p.c, IP_B, PORT), EINPROGRESS);
	UNTIL(n->gone > 0);
	n->every[1] = 0;
	ev_need(p.c, POLLOUT);
	ASSERT_EQ(sk_error(p.c), 0);
	sk_nonblock(p.c, false);
	p.s = sk_accept(p.l);
	talk(p.c, p.s);
}

/* SYN-2S: with a cookie nothing is remembered, the port neither. */
static void cookie(void)
{
	struct nat *n = nat_new();
	struct pair p;

	ns_enter(n->b);
	sysctl_set("syncookies", "2");
	p = upair(n->a, n->b, false);
	talk(p.c, p.s);
	both_ways(&p, MB);
	ASSERT_GT(counter_in(n->b, "SyncookiesRecv"), 0);
	ASSERT_EQ(n->gone, 0);
}

/* ---- datagrams of others ---- */

static void put32(uint8_t *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, 4);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return ntohl(v);
}

/*
 * BLIND-1M: somebody knows addresses and ports, of UDP and inside, and sends
 * from a port of its own. Only numbers that fit would move the connection.
 */
static void forger(void)
{
	static const uint32_t off[] = { 0x80000000, 0x40000000, 0xc0000000, 20000000, -20000000u };
	struct nat *n = nat_new();
	struct pair p = upair(n->a, n->b, false);
	uint8_t d[NAT_DATAGRAM], f[NAT_DATAGRAM];
	size_t i;
	int len;

	talk(p.c, p.s);
	UNTIL(n->passed[0] >= 4);
	len = nat_last(n, 0, d);
	ASSERT_GT(len, 48);
	for (i = 0; i < 2 * ARRAY_SIZE(off); i++) {
		int field = 28 + 4 + 4 * (i & 1);	/* SEG.SEQ or SEG.ACK */

		memcpy(f, d, len);
		f[20] = 77;		/* the port */
		put32(f + field, get32(d + field) + off[i / 2]);
		inner_fix(f, len);
		udp_fix(f, len);
		tun_put(n->t[1], f, len);
	}
	send_str(p.s, "to whom?");
	recv_str(p.c, "to whom?");
	both_ways(&p, MB);
	ASSERT_EQ(counter_in(n->b, "UdpRebound"), 0);
	ASSERT_EQ(n->gone, 0);
}

static void put_in_b(struct nat *n, const uint8_t *ip, int len)
{
	tun_put(n->t[1], ip, len);
}

/* MUST-2: what is not whole, or no segment, goes nowhere and is counted. */
static void broken(bool v6)
{
	int ip = v6 ? 40 : 20, len, want_csum = 0, want_header = 0, i;
	uint8_t d[NAT_DATAGRAM], f[NAT_DATAGRAM];
	struct nat *n = nat_new();
	struct pair p = upair(n->a, n->b, v6);

	talk(p.c, p.s);
	UNTIL(n->passed[0] >= 4);
	len = nat_last(n, 0, d);
	ASSERT_GT(len, ip + 28);
	/* the sum of the segment */
	memcpy(f, d, len);
	f[ip + 8 + 16] ^= 1;
	udp_fix(f, len);
	put_in_b(n, f, len);
	want_csum++;
	/* shorter than a header */
	for (i = 0; i < 20; i++) {
		memcpy(f, d, ip + 8 + i);
		udp_fix(f, ip + 8 + i);
		put_in_b(n, f, ip + 8 + i);
		want_header++;
	}
	/* a header that says it is longer than all, or shorter than it may be */
	for (i = 0; i < 2; i++) {
		memcpy(f, d, ip + 28);
		f[ip + 8 + 12] = i ? 0xf0 : 0x40;
		inner_fix(f, ip + 28);
		udp_fix(f, ip + 28);
		put_in_b(n, f, ip + 28);
		want_header++;
	}
	/* garbage: it may fail either way */
	fill(f + ip + 8, 600, 7);
	memcpy(f, d, ip + 8);
	udp_fix(f, ip + 608);
	put_in_b(n, f, ip + 608);
	UNTIL(counter_in(n->b, "DropHeader") + counter_in(n->b, "DropCsum") ==
	      want_header + want_csum + 1);
	ASSERT_GE(counter_in(n->b, "DropCsum"), want_csum);
	ASSERT_GE(counter_in(n->b, "DropHeader"), want_header);
	ASSERT_EQ(counter_in(n->b, "UdpRebound"), 0);
	both_ways(&p, MB);
}

static void broken4(void)
{
	struct nat *n;
	struct pair p;
	uint8_t d[NAT_DATAGRAM];
	int len;

	broken(false);
	/* UDP's own may be left out by IPv4, but nobody does who speaks for Rill */
	n = nat_new();
	p = upair(n->a, n->b, false);
	talk(p.c, p.s);
	UNTIL(n->passed[0] >= 4);
	len = nat_last(n, 0, d);
	d[26] = 0;
	d[27] = 0;
	put_in_b(n, d, len);
	UNTIL(counter_in(n->b, "DropCsum") == 1);
	talk(p.c, p.s);
}

static void broken6(void)
{
	broken(true);
}

/* ---- sizes ---- */

/* ER-12: a router of the path says "too big", of what it quotes. */
static void too_big(bool v6)
{
	struct nat *n = nat_new();
	struct pair p = upair(n->a, n->b, v6);

	talk(p.c, p.s);
	n->mtu = 1300;
	both_ways(&p, MB);
	ASSERT_GT(n->too_big, 0);
	ASSERT_EQ(counter_in(n->a, "MtuReduced"), 1);
	n->longest = 0;
	pour(p.c, p.s, MB);
	ASSERT_EQ(n->longest, 1300);
	ASSERT_EQ(counter_in(n->a, "Timeouts"), 0);
}

static void too_big4(void)
{
	too_big(false);
}

static void too_big6(void)
{
	too_big(true);
}

/* One who quotes no more than it has to does not say whose it was. The search finds out. */
static void too_big_short(void)
{
	struct nat *n = nat_new();
	struct pair p;

	ns_enter(n->a);
	sysctl_set("mtu_probing", "1");
	p = upair(n->a, n->b, false);
	talk(p.c, p.s);
	n->quote = 28;
	n->mtu = 1300;
	pour(p.c, p.s, MB);
	ASSERT_GT(n->too_big, 0);
}

/* Nor does one who says nothing. */
static void black_hole(void)
{
	struct nat *n = nat_new();
	struct pair p;

	ns_enter(n->a);
	sysctl_set("mtu_probing", "1");
	p = upair(n->a, n->b, false);
	talk(p.c, p.s);
	n->lose_big = true;
	n->mtu = 1300;
	pour(p.c, p.s, MB);
	ASSERT_EQ(counter_in(n->a, "MtuReduced"), 0);
	ASSERT_GT(counter_in(n->a, "Timeouts"), 0);
}

/* ---- net.rill.udp_port ---- */

static int host_udp(int family, int port)
{
	struct sockaddr_in6 a = { .sin6_family = family, .sin6_port = htons(port) };
	int fd = OK(socket(family, SOCK_DGRAM, 0));

	if (family == AF_INET6)
		sk_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	OK(bind(fd, (void *)&a, sizeof(a)));
	return fd;
}

static int sysctl_err(const char *name, const char *val)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/net/rill/%s", name);
	return write_file(path, val) ? errno : 0;
}

static void sysctl_values(void)
{
	static const char * const bad[] = { "-1", "65536", "x", "99999999999" };
	char buf[16] = "";
	size_t i;
	int fd;

	lo_up();
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ASSERT_EQ(sysctl_err("udp_port", bad[i]), EINVAL);
	ASSERT_EQ(sysctl_err("udp_pokes", "-1"), EINVAL);
	ASSERT_EQ(sysctl_err("udp_pokes", "17"), EINVAL);
	fd = OK(open("/proc/sys/net/rill/udp_port", O_RDONLY));
	OK(read(fd, buf, sizeof(buf) - 1));
	ASSERT_EQ(atoi(buf), UDP_PORT);
	close(fd);
}

/* Somebody else has the port, by either IP. */
static void port_taken(void)
{
	int i, fd, other;

	lo_up();
	for (i = 0; i < 2; i++) {
		other = host_udp(i ? AF_INET6 : AF_INET, UDP_PORT);
		fd = usk(false);
		ASSERT_ERR(sk_connect(fd, IP_LO, PORT), EADDRINUSE);
		ASSERT_ERR(sk_bind(fd, INADDR_ANY, PORT), EADDRINUSE);
		close(fd);
		close(other);
	}
	/* and the other way round */
	fd = ulisten(false, PORT);
	other = OK(socket(AF_INET, SOCK_DGRAM, 0));
	ASSERT_ERR(sk_bind(other, INADDR_ANY, UDP_PORT), EADDRINUSE);
	close(other);
	/* who uses the wire keeps what it has */
	other = host_udp(AF_INET, UDP_PORT + 1);
	ASSERT_EQ(sysctl_err("udp_port", "9254"), EADDRINUSE);
	OK(sk_connect(usk(false), IP_LO, PORT));
	sk_accept(fd);
}

static void switched_off(void)
{
	struct pair p = { };
	int fd;

	lo_up();
	sysctl_set("udp_port", "0");
	fd = usk(false);
	ASSERT_ERR(sk_connect(fd, IP_LO, PORT), ENETDOWN);
	sysctl_set("udp_port", "9300");
	p.l = ulisten(false, PORT);
	OK(sk_connect(fd, IP_LO, PORT));
	p.c = fd;
	p.s = sk_accept(p.l);
	talk(p.c, p.s);
	/* nothing comes in or goes out, until it is on again */
	sysctl_set("udp_port", "0");
	host_udp(AF_INET, 9300);
	send(p.c, "wait", 4, 0);
	ASSERT_EQ(ev_wait(p.s, POLLIN, 100), 0);
	sysctl_set("udp_port", "9301");
	/* both have moved */
	UNTIL(sk_outq(p.c) == 4);
	ASSERT_ERR(sk_bind(OK(socket(AF_INET, SOCK_DGRAM, 0)), INADDR_ANY, 9301), EADDRINUSE);
}

/* One side moves: the other learns of it from what it gets. */
static void port_moves(void)
{
	struct net2 n = net6(1500);
	struct pair p = upair(n.a, n.b, false), q;

	ns_enter(n.b);
	q.l = ulisten(true, PORT + 1);
	ns_enter(n.a);
	q.c = usk(true);
	OK(connect6(q.c, B6, PORT + 1));
	q.s = sk_accept(q.l);
	sysctl_set("udp_port", "9999");
	both_ways(&p, MB);
	both_ways(&q, MB);
	ns_enter(n.b);
	sysctl_set("udp_port", "9998");
	pour(p.s, p.c, MB);
	pour(p.c, p.s, MB);
	pour(q.s, q.c, MB);
	ASSERT_EQ(counter_in(n.a, "UdpRebound"), 2);
	ASSERT_EQ(counter_in(n.b, "UdpRebound"), 2);
}

static const struct rt_test tests[] = {
	{ "loopback4", "C01", loopback4, T_RILL, 0 },
	{ "loopback6", "C01", loopback6, T_RILL, 0 },
	{ "mapped", "V6-1", mapped, T_RILL, 0 },
	{ "lossy4", "C40", lossy4, T_RILL | T_FULL, 0 },
	{ "lossy6", "C40", lossy6, T_RILL | T_FULL, 0 },
	{ "full_size4", "MSS-1S MUST-16", full_size4, T_RILL, 0 },
	{ "full_size6", "MSS-1S MUST-16", full_size6, T_RILL, 0 },
	{ "wires_apart", "C06", wires_apart, T_RILL, 0 },
	{ "wire_option", "C06", wire_option, T_RILL, 0 },
	{ "refused4", "SM-2", refused4, T_RILL, 0 },
	{ "refused6", "SM-2", refused6, T_RILL, 0 },
	{ "unreachable", "ER-9", unreachable, T_RILL, 0 },
	{ "rebind_sender4", "C06", rebind_sender4, T_RILL, 0 },
	{ "rebind_sender6", "C06", rebind_sender6, T_RILL, 0 },
	{ "rebind_receiver4", "C06", rebind_receiver4, T_RILL, 0 },
	{ "rebind_receiver6", "C06", rebind_receiver6, T_RILL, 0 },
	{ "rebind_deaf4", "C06", rebind_deaf4, T_RILL, 0 },
	{ "rebind_deaf6", "C06", rebind_deaf6, T_RILL, 0 },
	{ "rebind_silent", "C06", rebind_silent, T_RILL, 0 },
	{ "rebind_no_pokes", "C06", rebind_no_pokes, T_RILL, 60 },
	{ "rebind_idle4", "C06", rebind_idle4, T_RILL, 0 },
	{ "rebind_idle6", "C06", rebind_idle6, T_RILL, 0 },
	{ "rebind_keepalive", "KA-1M", rebind_keepalive, T_RILL, 0 },
	{ "rebind_unanswered", "C06", rebind_unanswered, T_RILL, 0 },
	{ "rebind_syn", "C06", rebind_syn, T_RILL, 0 },
	{ "cookie", "C06", cookie, T_RILL, 0 },
	{ "forger", "C06", forger, T_RILL, 0 },
	{ "broken4", "MUST-2", broken4, T_RILL, 0 },
	{ "broken6", "MUST-2", broken6, T_RILL, 0 },
	{ "too_big4", "ER-12 C01", too_big4, T_RILL, 0 },
	{ "too_big6", "ER-12 C01", too_big6, T_RILL, 0 },
	{ "too_big_short", "C01", too_big_short, T_RILL | T_FULL, 0 },
	{ "black_hole", "C01", black_hole, T_RILL | T_FULL, 0 },
	{ "sysctl_values", "C06", sysctl_values, T_RILL, 0 },
	{ "port_taken", "C06", port_taken, T_RILL, 0 },
	{ "switched_off", "C06", switched_off, T_RILL, 0 },
	{ "port_moves", "C06", port_moves, T_RILL, 0 },
};

RT_MAIN(tests)
