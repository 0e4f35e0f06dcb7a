// SPDX-License-Identifier: GPL-2.0
/*
 * What belongs to the host: addresses and routes, options of IP, devices,
 * marks, privileges, limits.
 */
#include "wire.h"

#include <stdarg.h>

#define PORT	8080
#define NOBODY	65534

/* Addresses beyond the TUN's network, and routers in it. */
#define FAR	IP(10, 77, 0, 1)
#define HOP	IP(10, 9, 0, 9)
#define HOP2	IP(10, 9, 0, 5)

/* Of a second TUN. */
#define OTHER_K	IP(10, 8, 0, 1)
#define OTHER_P	IP(10, 8, 0, 2)
#define LO_2	IP(127, 0, 0, 2)
#define LSRR	0x83

static struct tun *t;
static struct peer p;

static void need_ip(const char *fmt, ...)
{
	char cmd[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	if (sh("ip %s %s 2>/dev/null", rt.v6 ? "-6" : "-4", cmd))
		t_skip("ip(8) is not here, or cannot: %s", cmd);
}

static void knob(const char *name, const char *val)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	if (write_file(path, val))
		FAIL("write %s to %s: %s", val, path, strerror(errno));
}

/* ---- addresses ---- */

static int dial_from(uint32_t kaddr, int port, uint32_t bind_to)
{
	int fd = sk_new();

	peer_init(&p, t, port, 0);
	p.kaddr = kaddr;
	if (bind_to)
		OK(sk_bind(fd, bind_to, 0));
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, port), EINPROGRESS);
	peer_answer(&p);	/* what comes from another address is not for it */
	ev_need(fd, POLLOUT);
	return fd;
}

/* The route says from which address one speaks, until the connection begins. */
static void multihomed(void)
{
	const uint32_t second = IP(10, 9, 0, 7);
	union rt_addr a, want;
	socklen_t len = sizeof(a);
	int fd, i;

	t = peer_net();
	need_ip("addr add %s dev tun0", ip_text(second));
	if_ready("tun0", second);
	need_ip("route replace %s dev tun0 src %s", ip_text(TUN_P), ip_text(second));
	fd = dial_from(second, 4000, 0);
	OK(getsockname(fd, &a.sa, &len));
	sa_of(&want, second, sk_port(fd));
	ASSERT(rt.v6 ? !memcmp(&a.sin6.sin6_addr, &want.sin6.sin6_addr, 16) :
		       a.sin.sin_addr.s_addr == want.sin.sin_addr.s_addr);
	/* The route changes, the address does not. */
	need_ip("route replace %s dev tun0 src %s", ip_text(TUN_P), ip_text(TUN_K));
	for (i = 0; i < 3; i++) {
		send_str(fd, "hello");
		ASSERT_EQ(peer_want(&p, F_PSH | F_ACK)->len, 5);
		peer_str(&p, "world");
		peer_want(&p, F_ACK);
		recv_str(fd, "world");
	}
	/* What is lost goes again from the same one. */
	send_str(fd, "again");
	peer_want(&p, F_PSH | F_ACK);
	ASSERT_EQ(peer_want(&p, F_PSH | F_ACK)->len, 5);
	dial_from(TUN_K, 4001, 0);
	dial_from(second, 4002, second);
}

/* ---- options of IP ---- */

static uint8_t pkt[2048];

/* A segment in a packet with IP options; from saddr. */
static void put_with(uint32_t saddr, uint8_t flags, uint32_t seq, uint32_t ack, int kport,
		     const uint8_t *opt, int optlen)
{
	static uint8_t plain[128];
	struct spec s = {
		.saddr = saddr, .daddr = TUN_K, .sport = 4000, .dport = kport, .flags = flags,
		.seq = seq, .ack = ack, .win = 65535,
	};
	int len = seg_build(plain, &s), pad = (optlen + 3) & ~3;
	uint16_t sum;

	memset(pkt, 0, 20 + pad);
	memcpy(pkt, plain, 20);
	memcpy(pkt + 20, opt, optlen);
	memcpy(pkt + 20 + pad, plain + 20, len - 20);
	pkt[0] = 0x40 | (20 + pad) / 4;
	pkt[2] = (len + pad) >> 8;
	pkt[3] = len + pad;
	pkt[10] = 0;
	pkt[11] = 0;
	sum = ip_sum(pkt, 20 + pad, 0);
	pkt[10] = sum >> 8;
	pkt[11] = sum;
	tun_put(t, pkt, len + pad);
}

/* The next packet of ours, whole, into pkt. */
static struct seg *next_whole(uint8_t flags)
{
	static struct seg s;

	for (;;) {
		ssize_t n;

		if (!ev_wait(t->fd, POLLIN, WAIT_MS))
			FAIL("no segment, want %s", flags_str(flags));
		n = read(t->fd, pkt, sizeof(pkt));
		if (n > 0 && seg_parse(&s, pkt, n))
			break;
	}
	wire_trace(&s, '>');
	if ((s.flags & ~F_PSH) != flags)
		FAIL("got %s, want %s", flags_str(s.flags), flags_str(flags));
	return &s;
}

static uint32_t word_at(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
}

/* What is in pkt goes by way of a router, to FAR in the end. */
static void assert_route(uint32_t by)
{
	int ihl = (pkt[0] & 15) * 4, i = 20;

	ASSERT_EQ(word_at(pkt + 16), by);
	ASSERT_GT(ihl, 20);
	while (i < ihl && pkt[i] == 1)
		i++;
	ASSERT_EQ(pkt[i], LSRR);
	ASSERT_EQ(pkt[i + 1], 7);
	ASSERT_EQ(pkt[i + 2], 4);
	ASSERT_EQ(word_at(pkt + i + 3), FAR);
}

static void lsrr(uint8_t opt[8], uint32_t hop, int ptr)
{
	opt[0] = 1;
	opt[1] = LSRR;
	opt[2] = 7;
	opt[3] = ptr;
	opt[4] = hop >> 24;
	opt[5] = hop >> 16;
	opt[6] = hop >> 8;
	opt[7] = hop;
}

static void accept_routes(void)
{
	knob("ipv4/conf/all/accept_source_route", "1");
	knob("ipv4/conf/tun0/accept_source_route", "1");
	knob("ipv4/conf/all/rp_filter", "0");
	knob("ipv4/conf/tun0/rp_filter", "0");
	need_ip("route add 10.77.0.0/16 dev tun0");
}

/* MUST-50: what IP does not know does not matter. */
static void unknown_option(void)
{
	static const uint8_t odd[] = { 0x5e, 6, 1, 2, 3, 4, 0xde, 3, 0 };
	struct seg *s;
	int l, fd;

	t = peer_net();
	l = sk_listen(INADDR_ANY, PORT, 4);
	put_with(TUN_P, F_SYN, 1000, 0, PORT, odd, sizeof(odd));
	s = next_whole(F_SYN | F_ACK);
	ASSERT_EQ(s->ack, 1001);
	put_with(TUN_P, F_ACK, 1001, s->seq + 1, PORT, odd, sizeof(odd));
	fd = sk_accept(l);
	put_with(TUN_P, F_ACK | F_FIN, 1001, s->seq + 1, PORT, odd, sizeof(odd));
	recv_eof(fd);
}

/* MUST-51, MUST-52: the route of who opens is taken, and beats one that comes. */
static void source_route(void)
{
	uint8_t opt[8];
	struct seg *s;
	int fd, kport;

	t = peer_net();
	accept_routes();
	fd = sk_new();
	lsrr(opt, HOP, 4);
	OK(setsockopt(fd, SOL_IP, IP_OPTIONS, opt, sizeof(opt)));
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, FAR, 4000), EINPROGRESS);
	s = next_whole(F_SYN);
	assert_route(HOP);
	kport = s->sport;
	/* The answer has come another way, and says so. */
	lsrr(opt, HOP2, 8);
	put_with(FAR, F_SYN | F_ACK, 5000, s->seq + 1, kport, opt, sizeof(opt));
	next_whole(F_ACK);
	assert_route(HOP);
	ev_need(fd, POLLOUT);
	send_str(fd, "hello");
	ASSERT_EQ(next_whole(F_ACK)->len, 5);
	assert_route(HOP);
}

static void called_by_route(int l, uint32_t seq)
{
	uint8_t opt[8], got[40];
	socklen_t len = sizeof(got);
	struct seg *s;
	int fd;

	lsrr(opt, HOP, 8);
	put_with(FAR, F_SYN, seq, 0, PORT, opt, sizeof(opt));
	s = next_whole(F_SYN | F_ACK);
	assert_route(HOP);
	put_with(FAR, F_ACK, seq + 1, s->seq + 1, PORT, opt, sizeof(opt));
	fd = sk_accept(l);
	OK(getsockopt(fd, SOL_IP, IP_OPTIONS, got, &len));
	ASSERT_GE(len, 7);
	send_str(fd, "hello");
	ASSERT_EQ(next_whole(F_ACK)->len, 5);
	assert_route(HOP);
	/* Nothing is left of it. */
	put_with(FAR, F_RST, seq + 1, 0, PORT, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
	close(fd);
}

/* MUST-53: who was called answers the way that the call took. */
static void return_route(void)
{
	int l;

	t = peer_net();
	accept_routes();
	l = sk_listen(INADDR_ANY, PORT, 4);
	called_by_route(l, 1000);
	if (rt.proto == PROTO_TCP)
		return;		/* whose cookies lose the way */
	/* Nothing keeps the SYN, so the ACK has to say the way. */
	sysctl_set("syncookies", "2");
	called_by_route(l, 2000000);
}

/* Without leave no route is taken: IP drops the packet. */
static void route_refused(void)
{
	uint8_t opt[8];
	struct seg *s;

	t = peer_net();
	accept_routes();
	knob("ipv4/conf/all/accept_source_route", "0");
	sk_listen(INADDR_ANY, PORT, 4);
	lsrr(opt, HOP, 8);
	put_with(FAR, F_SYN, 1000, 0, PORT, opt, sizeof(opt));
	put_with(FAR, F_SYN, 2000, 0, PORT, NULL, 0);
	s = next_whole(F_SYN | F_ACK);
	ASSERT_EQ(s->ack, 2001);
	ASSERT_EQ(word_at(pkt + 16), FAR);
	ASSERT_EQ(pkt[0], 0x45);
}

/* MAY-9: what the peer's DS field was can be asked for. */
static void received_tos(void)
{
	char buf[256];
	struct msghdr m = { .msg_control = buf };
	struct cmsghdr *c;
	socklen_t len = sizeof(buf);
	int l, fd, tos = -1;

	t = peer_net();
	l = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(l, SOL_IP, IP_RECVTOS, 1);
	peer_init(&p, t, 4000, PORT);
	p.tos = 0x28;
	fd = peer_accepted(&p, l);
	OK(getsockopt(fd, SOL_IP, IP_PKTOPTIONS, buf, &len));
	m.msg_controllen = len;
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_TOS)
			memcpy(&tos, CMSG_DATA(c), sizeof(tos));
	ASSERT_EQ(tos, 0x28);
}

/* Without path MTU discovery routers may cut. */
static void no_pmtu_disc(void)
{
	int fd;

	t = peer_net();
	knob("ipv4/ip_no_pmtu_disc", "1");
	peer_init(&p, t, 4000, 0);
	p.any_df = true;
	fd = peer_dialled(&p);
	ASSERT_EQ(sk_get(fd, SOL_IP, IP_MTU_DISCOVER), IP_PMTUDISC_DONT);
	send_str(fd, "hello");
	ASSERT(!peer_want(&p, F_ACK)->df);
	knob("ipv4/ip_no_pmtu_disc", "0");
	peer_init(&p, t, 4001, 0);
	fd = peer_dialled(&p);
	ASSERT_EQ(sk_get(fd, SOL_IP, IP_MTU_DISCOVER), IP_PMTUDISC_WANT);
	send_str(fd, "hello");
	ASSERT(peer_want(&p, F_ACK)->df);
}

/* ---- devices and marks ---- */

static struct tun *t1;

/* A second device, with a network of its own. */
static void two_devices(void)
{
	t = peer_net();
	t1 = tun_new("tun1", OTHER_K, 1500);
	knob("ipv4/conf/all/rp_filter", "0");
	knob("ipv4/conf/tun0/rp_filter", "0");
	knob("ipv4/conf/tun1/rp_filter", "0");
}

static void bind_device(int fd, const char *name)
{
	OK(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, strlen(name) + 1));
}

/* A SYN by a device, and what answers it. */
static uint8_t knock(struct tun *by, int port)
{
	peer_init(&p, by, port, PORT);
	if (by == t1) {
		p.addr = OTHER_P;
		p.kaddr = OTHER_K;
	}
	peer_syn(&p);
	return peer_need(&p)->flags;
}

/* Whose SYN to 10.9.0.2 comes out where? */
static void syn_leaves_by(struct tun *by, int fd, int port)
{
	peer_init(&p, by, port, 0);
	if (by == t1)
		p.kaddr = OTHER_K;
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, port), EINPROGRESS);
	peer_want(&p, F_SYN);
}

static void bound_device(void)
{
	int l, fd;

	two_devices();
	l = sk_new();
	bind_device(l, "tun1");
	OK(sk_bind(l, INADDR_ANY, PORT));
	OK(listen(l, 8));
	ASSERT(knock(t, 4000) & F_RST);
	ASSERT_EQ(knock(t1, 4001), F_SYN | F_ACK);
	/* On the way out it beats the route; IPv6 wants one by the device even so. */
	if (rt.v6)
		need_ip("route add %s/120 dev tun1 metric 4000", ip_text(TUN_P & ~255));
	fd = sk_new();
	bind_device(fd, "tun1");
	syn_leaves_by(t1, fd, 4002);
	syn_leaves_by(t, sk_new(), 4003);
	/* Another device leaves the port to others; an empty name ends it. */
	fd = sk_new();
	bind_device(fd, "tun0");
	OK(sk_bind(fd, INADDR_ANY, PORT));
	close(fd);
	bind_device(l, "");
	ASSERT_EQ(knock(t, 4004), F_SYN | F_ACK);
}

/* ---- privileges ---- */

static void privileged(bool on)
{
	OK(seteuid(on ? 0 : NOBODY));
}

static void device_privilege(void)
{
	int fd;

	two_devices();
	fd = sk_new();
	privileged(false);
	bind_device(fd, "tun1");	/* the first time is free */
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "tun0", 5), EPERM);
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0), EPERM);
	privileged(true);
	bind_device(fd, "tun0");
}

static void mark(void)
{
	int fd, seven = 7;

	two_devices();
	need_ip("rule add fwmark 7 table 99");
	need_ip("route add default dev tun1 table 99 src %s", ip_text(OTHER_K));
	fd = sk_new();
	privileged(false);
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_MARK, &seven, sizeof(seven)), EPERM);
	privileged(true);
	sk_set(fd, SOL_SOCKET, SO_MARK, seven);
	syn_leaves_by(t1, fd, 4000);
	syn_leaves_by(t, sk_new(), 4001);
}

static void priority(void)
{
	int fd = sk_new(), i;

	privileged(false);
	for (i = 0; i <= 6; i++)
		sk_set(fd, SOL_SOCKET, SO_PRIORITY, i);
	i = 7;
	ASSERT_ERR(setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &i, sizeof(i)), EPERM);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_PRIORITY), 6);
	privileged(true);
	sk_set(fd, SOL_SOCKET, SO_PRIORITY, 7);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_PRIORITY), 7);
}

/* net.core's limits bind SO_RCVBUF and SO_SNDBUF, and the forced ones pass them. */
static void buffer_limits(void)
{
	static const struct {
		int opt, forced;
		const char *max;
	} v[] = {
		{ SO_RCVBUF, SO_RCVBUFFORCE, "/proc/sys/net/core/rmem_max" },
		{ SO_SNDBUF, SO_SNDBUFFORCE, "/proc/sys/net/core/wmem_max" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		FILE *f = fopen(v[i].max, "r");
		int fd = sk_new(), max = 0, more;

		ASSERT(f && fscanf(f, "%d", &max) == 1);
		fclose(f);
		more = max + 100000;
		sk_set(fd, SOL_SOCKET, v[i].opt, more);
		ASSERT_EQ(sk_get(fd, SOL_SOCKET, v[i].opt), 2 * max);
		privileged(false);
		ASSERT_ERR(setsockopt(fd, SOL_SOCKET, v[i].forced, &more, sizeof(more)), EPERM);
		privileged(true);
		sk_set(fd, SOL_SOCKET, v[i].forced, more);
		ASSERT_EQ(sk_get(fd, SOL_SOCKET, v[i].opt), 2 * more);
	}
}

static void unprivileged_ports(void)
{
	int fd, i;

	ns_new();
	knob("ipv4/ip_unprivileged_port_start", "100");
	for (i = 0; i < 2; i++) {
		fd = sk_new();
		privileged(false);
		if (i)
			OK(sk_bind(fd, INADDR_ANY, 100));
		else
			ASSERT_ERR(sk_bind(fd, INADDR_ANY, 99), EACCES);
		privileged(true);
		close(fd);
	}
	knob("ipv4/ip_unprivileged_port_start", "1024");
	fd = sk_new();
	privileged(false);
	ASSERT_ERR(sk_bind(fd, INADDR_ANY, 1023), EACCES);
	privileged(true);
	OK(sk_bind(fd, INADDR_ANY, 1023));
}

/* ---- limits ---- */

static void somaxconn(void)
{
	int l, i, c[3];

	ns_new();
	knob("core/somaxconn", "1");
	l = sk_listen(IP_LO, PORT, 50);
	for (i = 0; i < 3; i++) {
		c[i] = sk_new();
		sk_nonblock(c[i], true);
		ASSERT_ERR(sk_connect(c[i], IP_LO, PORT), EINPROGRESS);
		if (i < 2)
			ev_need(c[i], POLLOUT);	/* the queue holds one more */
	}
	UNTIL(counter("ListenOverflows") >= 1);
	ASSERT_EQ(ev_now(c[2], POLLOUT), 0);
	for (i = 0; i < 2; i++)
		sk_accept(l);
	sk_nonblock(l, true);
	ASSERT_ERR(accept(l, NULL, NULL), EAGAIN);
}

/* SO-3: a listener at any address has the port at each of them. */
static void wildcard(void)
{
	int l, fd, reuse;

	ns_new();
	lo_addr(LO_2);
	l = sk_listen(INADDR_ANY, PORT, 4);
	for (reuse = 0; reuse < 2; reuse++) {
		fd = sk_new();
		sk_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
		ASSERT_ERR(sk_bind(fd, IP_LO, PORT), EADDRINUSE);
		ASSERT_ERR(sk_bind(fd, LO_2, PORT), EADDRINUSE);
	}
	close(l);
	/* And the other way round; two addresses do not meet. */
	l = sk_listen(IP_LO, PORT, 4);
	ASSERT_ERR(sk_bind(fd, INADDR_ANY, PORT), EADDRINUSE);
	OK(sk_bind(fd, LO_2, PORT));
}

/* T_IPV4: options of IPv4, and knobs, that IPv6 has not; of its headers see ipv6_flow */
static const struct rt_test tests[] = {
	{ "multihomed", "MUST-44 MUST-45", multihomed, 0, 0 },
	{ "unknown_option", "MUST-50", unknown_option, T_IPV4, 0 },
	{ "source_route", "MUST-51 MUST-52", source_route, T_IPV4, 0 },
	{ "return_route", "MUST-53", return_route, T_IPV4, 0 },
	{ "route_refused", "MUST-53", route_refused, T_IPV4, 0 },
	{ "received_tos", "MAY-9", received_tos, T_IPV4, 0 },
	{ "no_pmtu_disc", "sysctl:ip_no_pmtu_disc C01", no_pmtu_disc, T_IPV4, 0 },
	{ "bound_device", "SO-5", bound_device, 0, 0 },
	{ "device_privilege", "SO-5", device_privilege, 0, 0 },
	{ "mark", "SO-6", mark, 0, 0 },
	{ "priority", "SO-7", priority, 0, 0 },
	{ "buffer_limits", "SO-15 C92", buffer_limits, 0, 0 },
	{ "unprivileged_ports", "sysctl:ip_unprivileged_port_start", unprivileged_ports, 0, 0 },
	{ "somaxconn", "C92 LS-1", somaxconn, 0, 0 },
	{ "wildcard", "SO-3", wildcard, 0, 0 },
};

RT_MAIN(tests)
