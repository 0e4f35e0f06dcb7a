// SPDX-License-Identifier: GPL-2.0
/* How a stream is cut: MSS, path MTU, TTL and TOS, super-segments. */
#include "carry.h"

#define PORT	8080

static struct peer p;
static int fd;

/* A narrow link: of IPv6 each has 1280 bytes at least (RFC 8200, 5). */
static int narrow(int mtu)
{
	int least = 1280 - carry_extra();

	return rt.v6 && mtu < least ? least : mtu;
}

static int dialled(struct tun *t)
{
	peer_init(&p, t, 4000, 0);
	return fd = peer_dialled(&p);
}

/* Take len bytes, ACKing; every segment but the last has full bytes. */
static void take_cut(const uint8_t *want, int len, int full)
{
	int left = len, n = 0;

	while (left > 0) {
		uint32_t at = p.rcv_nxt;
		struct seg *s = peer_need(&p);

		if (!s->len)
			continue;
		ASSERT_EQ(s->seq, at);
		ASSERT_EQ(s->len, left < full ? left : full);
		ASSERT(!memcmp(s->data, want + len - left, s->len));
		left -= s->len;
		n++;
		if (!left)
			ASSERT(s->flags & F_PSH);	/* MUST-61 */
		peer_ack(&p);
	}
	ASSERT_EQ(n, (len + full - 1) / full);
}

static void send_cut(int full)
{
	static uint8_t out[20001];

	fill(out, sizeof(out), 11);
	send_all(fd, out, sizeof(out));
	take_cut(out, sizeof(out), full);
}

static struct seg syn_of(struct tun *t, int maxseg)
{
	struct seg s;

	peer_init(&p, t, 4000, 0);
	fd = sk_new();
	if (maxseg)
		sk_set(fd, SOL_TCP, TCP_MAXSEG, maxseg);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	s = *peer_want(&p, F_SYN);
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	return s;
}

static void mss_from_mtu(void)
{
	static const int mtu[] = { 1500, 1000, 1492, 576 };
	struct seg s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mtu); i++) {
		int mss = narrow(mtu[i]) - 40;

		ns_new();
		s = syn_of(tun_new("tun0", TUN_K, narrow(mtu[i])), 0);
		ASSERT_EQ(s.mss, mss);
		send_cut(mss);
		ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), mss);
		close(fd);
	}
}

static void mss_in_synack(void)
{
	struct tun *t;
	struct seg *s;

	ns_new();
	t = tun_new("tun0", TUN_K, narrow(1200));
	sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4000, PORT);
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->mss, narrow(1200) - 40);
}

static void mss_of_peer(void)
{
	peer_init(&p, peer_net(), 4000, 0);
	p.mss = 700;
	fd = peer_dialled(&p);
	send_cut(700);
	peer_init(&p, p.tun, 4001, 0);
	p.mss = 9000;			/* our own MTU bounds it */
	fd = peer_dialled(&p);
	send_cut(1460);
}

static void mss_less_options(void)
{
	peer_init(&p, peer_net(), 4000, 0);
	p.ts = true;
	p.sackok = true;
	fd = peer_dialled(&p);
	ASSERT(p.use_ts);
	send_cut(1448);
}

static void mss_none(void)
{
	peer_init(&p, peer_net(), 4000, 0);
	p.mss = 0;
	fd = peer_dialled(&p);
	send_cut(mss_default());
	peer_init(&p, p.tun, 4001, PORT);
	p.mss = 0;
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
	send_cut(mss_default());
	peer_init(&p, p.tun, 4002, 0);
	p.mss = 0;
	p.ts = true;
	fd = peer_dialled(&p);
	send_cut(mss_default() - 12);
}

/* A peer that asks for tiny segments does not get one byte each. */
static void mss_tiny(void)
{
	struct seg *s;

	peer_init(&p, peer_net(), 4000, 0);
	p.mss = 1;
	fd = peer_dialled(&p);
	send_all(fd, "0123456789abcdefghij0123456789abcdefghij", 40);
	s = peer_want(&p, F_ACK);
	ASSERT_GE(s->len, 20);
}

static void mss_maxseg(void)
{
	struct tun *t = peer_net();
	int v = 87;
	struct seg s;

	s = syn_of(t, 1000);
	ASSERT_EQ(s.mss, 1000);
	send_cut(1000);
	fd = sk_new();
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_MAXSEG, &v, sizeof(v)), EINVAL);
	v = 32768;
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_MAXSEG, &v, sizeof(v)), EINVAL);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), 536);
}

/* TCP_MAXSEG: an offer, not a limit of what is sent already; and what it reads. */
static void maxseg_reads(void)
{
	struct tun *t = peer_net();
	struct linger hard = { 1, 0 };
	int l;

	fd = sk_new();
	sk_set(fd, SOL_TCP, TCP_MAXSEG, 88);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), 88);
	sk_set(fd, SOL_TCP, TCP_MAXSEG, 32767);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), 32767);
	sk_set(fd, SOL_TCP, TCP_MAXSEG, 0);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), 536);
	/* More than the MTU has room for. */
	ASSERT_EQ(syn_of(t, 20000).mss, 1460);
	send_cut(1460);
	/* In the middle: neither read nor obeyed. */
	sk_set(fd, SOL_TCP, TCP_MAXSEG, 500);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), 1460);
	send_cut(1460);
	/* Closed again: what was set. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	UNTIL(sk_state(fd) == TCP_CLOSE);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), 500);
	sk_set(fd, SOL_TCP, TCP_MAXSEG, 0);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), 1460);
	/* A listener's is its children's. */
	l = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(l, SOL_TCP, TCP_MAXSEG, 900);
	ASSERT_EQ(sk_get(l, SOL_TCP, TCP_MAXSEG), 900);
	peer_init(&p, t, 4001, PORT);
	peer_syn(&p);
	ASSERT_EQ(peer_want(&p, F_SYN | F_ACK)->mss, 900);
	peer_ack(&p);
	fd = sk_accept(l);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), 900);
	send_cut(900);
}

/* What we offer, and what the peer does, are two things. */
static void mss_asymmetric(void)
{
	static const struct {
		int user, peer, offer, cut;
	} v[] = {
		{ 0, 700, 1460, 700 }, { 1000, 700, 1000, 700 }, { 1000, 1460, 1000, 1000 },
		{ 400, 0, 400, 400 }, { 0, 0, 1460, 0 /* the default */ }, { 0, 65535, 1460, 1460 },
	};
	struct tun *t = peer_net();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		peer_init(&p, t, 4000 + i, 0);
		p.mss = v[i].peer;
		fd = sk_new();
		if (v[i].user)
			sk_set(fd, SOL_TCP, TCP_MAXSEG, v[i].user);
		sk_nonblock(fd, true);
		ASSERT_ERR(sk_connect(fd, TUN_P, p.port), EINPROGRESS);
		ASSERT_EQ(peer_want(&p, F_SYN)->mss, v[i].offer);
		peer_put(&p, F_SYN | F_ACK, NULL, 0);
		peer_want(&p, F_ACK);
		send_cut(v[i].cut ?: mss_default());
		ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), v[i].cut ?: mss_default());
	}
}

/* Loopback takes 65536 bytes; packets of IPv4 are one shorter at least. */
static void mss_of_loopback(void)
{
	int mss = (rt.v6 ? 65536 : 65535) - 40 - carry_extra();
	struct sniff *sn;
	struct pair q;
	int i, syns = 0;

	ns_new();
	if_up("lo", true);
	sn = sniff_start("lo");
	q = pair_lo();
	sniff_collect(sn);
	for (i = 0; i < sn->n; i++) {
		if (!(sn->seg[i].flags & F_SYN))
			continue;
		ASSERT_EQ(sn->seg[i].mss, mss);
		syns++;
	}
	ASSERT_GE(syns, 2);
	ASSERT_LE(sk_get(q.c, SOL_TCP, TCP_MAXSEG), mss);
}

/* Of the route to the peer; the one that came with an address of IPv6 has metric 256. */
static int route_metric(const char *name, int val)
{
	return sh("ip %s dev tun0 %s %d 2>/dev/null",
		  rt.v6 ? "-6 route change " PREFIX6 "10.9.0.0/120 metric 256" :
			  "route change 10.9.0.0/24", name, val);
}

/* Metrics of the route: what is offered, and what is sent. */
static void route_metrics(void)
{
	struct tun *t = peer_net();
	/* what UDP takes comes off it: packets are as long as those of TCP */
	int adv = 1000 - carry_wire_head(), mtu = narrow(1200);

	if (route_metric("advmss", 1000))
		t_skip("no ip(8) here");
	ASSERT_EQ(syn_of(t, 0).mss, adv);
	send_cut(1460);
	peer_init(&p, t, 4001, PORT);
	sk_listen(INADDR_ANY, PORT, 4);
	peer_syn(&p);
	ASSERT_EQ(peer_want(&p, F_SYN | F_ACK)->mss, adv);
	ASSERT_EQ(route_metric("mtu", mtu + carry_extra()), 0);
	ASSERT_EQ(syn_of(t, 0).mss, mtu - 40);
	send_cut(mtu - 40);
	/* Less than any packet has: the floor holds, whatever IP does; IPv6 sends none. */
	if (rt.v6)
		return;
	ASSERT_EQ(route_metric("mtu", 60 + carry_extra()), 0);
	peer_init(&p, t, 4003, 0);
	p.any_df = true;
	fd = sk_new();
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4003), EINPROGRESS);
	peer_want(&p, F_SYN);
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), 48);
}

/* What stands behind the fixed header of IP: that of IPv6 has multiples of eight bytes. */
static void ip_options(int len)
{
	static const uint8_t nops[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	uint8_t pad[16] = { 0, len / 8 - 1, 1 /* PadN */, len - 4 };

	if (!rt.v6)
		OK(setsockopt(fd, IPPROTO_IP, IP_OPTIONS, nops, len));
	else
		OK(setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, len ? pad : NULL, len));
}

/* RFC 6691: IP's options come off the data, never off the option. */
static void mss_less_ip_options(void)
{
	struct tun *t = peer_net();
	static const int peer_mss[] = { 1460, 700 };
	int other = rt.v6 ? 16 : 4;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(peer_mss); i++) {
		peer_init(&p, t, 4000 + i, 0);
		p.mss = peer_mss[i];
		fd = sk_new();
		ip_options(8);
		sk_nonblock(fd, true);
		ASSERT_ERR(sk_connect(fd, TUN_P, p.port), EINPROGRESS);
		ASSERT_EQ(peer_want(&p, F_SYN)->mss, 1460);
		peer_put(&p, F_SYN | F_ACK, NULL, 0);
		peer_want(&p, F_ACK);
		send_cut(peer_mss[i] - 8);
		ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), peer_mss[i] - 8);
		/* In the middle, others and none. */
		ip_options(other);
		send_cut(peer_mss[i] - other);
		/* Of IPv6 TCP remembers how long they were. */
		ip_options(0);
		send_cut(peer_mss[i] - (rt.v6 && rt.proto == PROTO_TCP ? other : 0));
	}
}

/* The floor under what a peer may ask for. */
static void mss_floor(void)
{
	static const struct {
		const char *floor;
		int peer, cut;
	} v[] = { { "48", 1, 48 }, { "48", 47, 48 }, { "48", 49, 49 }, { "200", 1, 200 } };
	struct tun *t = peer_net();
	uint8_t data[400];
	size_t i;

	fill(data, sizeof(data), 5);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		sysctl_set("min_snd_mss", v[i].floor);
		peer_init(&p, t, 4000 + i, 0);
		p.mss = v[i].peer;
		fd = peer_dialled(&p);
		ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), v[i].cut);
		send_all(fd, data, sizeof(data));
		take_cut(data, sizeof(data), v[i].cut);
	}
}

/* C41: many small segments are lost, and come again as few large ones. */
static void resent_joined(void)
{
	uint8_t data[500];
	struct seg *s;
	int i;

	dialled(peer_net());
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	fill(data, sizeof(data), 5);
	for (i = 0; i < 10; i++) {
		send_all(fd, data + i * 50, 50);
		s = peer_need(&p);
		ASSERT_EQ(s->len, 50);
	}
	/* Without SACK, nothing but a timeout can tell. */
	s = peer_need(&p);
	ASSERT_EQ(s->seq, p.irs + 1);
	ASSERT_GT(s->len, 50);
	ASSERT(!memcmp(s->data, data, s->len));
	p.rcv_nxt = s->seq + s->len;
	peer_ack(&p);
	while (p.rcv_nxt != p.irs + 1 + sizeof(data)) {
		uint32_t at = p.rcv_nxt;

		s = peer_need(&p);
		if (!s->len)
			continue;
		ASSERT_EQ(s->seq, at);
		ASSERT(!memcmp(s->data, data + (at - p.irs - 1), s->len));
		peer_ack(&p);
	}
	UNTIL(!sk_outq(fd));
}

/* A super-segment whose every part carries SACK blocks has less data in each. */
static void super_segments_sack(void)
{
	static uint8_t stream[200000];
	int full = 0, left = sizeof(stream), i;
	pid_t pid;

	peer_init(&p, peer_net(), 4000, 0);
	p.ts = true;
	p.sackok = true;
	p.ws = 4;
	fd = peer_dialled(&p);
	/* Three runs beyond a gap. */
	for (i = 0; i < 3; i++) {
		p.tsval++;
		peer_raw(&p, F_ACK, p.snd_nxt + 100 + 200 * i, p.rcv_nxt, stream, 100);
		peer_want(&p, F_ACK);
	}
	fill(stream, sizeof(stream), 12);
	pid = fork();
	if (!pid) {
		send_all(fd, stream, sizeof(stream));
		_exit(0);
	}
	while (left > 0) {
		uint32_t at = p.rcv_nxt;
		struct seg *s = peer_need(&p);

		if (!s->len || s->seq != at)
			continue;
		ASSERT_LE(s->iplen, 1500);
		ASSERT_EQ(s->nsack, 3);
		ASSERT_EQ(s->optlen, 40);
		ASSERT_EQ(s->sack[0][0] - p.snd_nxt, 500);
		ASSERT(!memcmp(s->data, stream + sizeof(stream) - left, s->len));
		full += s->iplen == 1500;
		left -= s->len;
		peer_ack(&p);
	}
	ASSERT_GE(full, (int)sizeof(stream) / 1420 - 10);
	OK(waitpid(pid, NULL, 0));
	/* The gap is filled: nothing to tell, and full segments again. */
	peer_put(&p, F_ACK, stream, 600);
	peer_want(&p, F_ACK);
	send_cut(1448);
}

/* All of what lies between una and nxt, however it is cut. */
static void need_all_below(uint32_t una, const uint8_t *want, int len, int most)
{
	uint8_t *have = calloc(1, len);
	int left = len;

	while (left) {
		struct seg *s = peer_need(&p);
		int i, at = s->seq - una;

		if (!s->len)
			continue;
		ASSERT_LE(s->len, most);
		ASSERT_GE(at, 0);
		ASSERT_LE(at + s->len, len);
		ASSERT(!memcmp(s->data, want + at, s->len));
		for (i = at; i < at + s->len; i++) {
			left -= !have[i];
			have[i] = 1;
		}
		/* What is there from the start is acknowledged. */
		for (i = 0; i < len && have[i]; i++)
			;
		p.rcv_nxt = una + i;
		peer_ack(&p);
	}
	free(have);
}

static void pmtu_icmp(void)
{
	static uint8_t out[4000], more[3000];
	int mtu = narrow(800);
	uint32_t una;
	long re;

	dialled(peer_net());
	una = p.rcv_nxt;
	re = counter("RetransSegs");
	fill(out, sizeof(out), 1);
	fill(more, sizeof(more), 2);
	send_all(fd, out, sizeof(out));
	while (p.rcv_nxt != una + sizeof(out))
		ASSERT_LE(peer_need(&p)->len, 1460);
	p.rcv_nxt = una;
	peer_icmp(&p, 3, 4, mtu, IP(10, 9, 0, 77), una);
	/* Cut again, at the size that the path takes, and no error shows. */
	need_all_below(una, out, sizeof(out), mtu - 40);
	ASSERT_GE(counter("RetransSegs") - re, 1);
	ASSERT_EQ(sk_error(fd), 0);
	ASSERT_EQ(ev_now(fd, POLLIN), 0);
	una = p.rcv_nxt;
	send_all(fd, more, sizeof(more));
	need_all_below(una, more, sizeof(more), mtu - 40);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_MAXSEG), mtu - 40);
	UNTIL(!sk_outq(fd));
}

/* Forged ones, about numbers that are not in flight. */
static void pmtu_forged(void)
{
	static uint8_t out[4000];
	long seen = 0;

	dialled(peer_net());
	if (have_counter("OutOfWindowIcmps"))
		seen = counter("OutOfWindowIcmps");
	fill(out, sizeof(out), 1);
	peer_icmp(&p, 3, 4, narrow(600), IP(10, 9, 0, 77), p.rcv_nxt + 5000000);
	peer_icmp(&p, 3, 4, narrow(600), IP(10, 9, 0, 77), p.rcv_nxt - 5000000);
	if (have_counter("OutOfWindowIcmps"))
		ASSERT_EQ(counter("OutOfWindowIcmps") - seen, 2);
	send_all(fd, out, sizeof(out));
	/*
	 * About a datagram of IPv4 the kernel's UDP tells the route before it asks
	 * whose it is. That is for every protocol, and so for us: it may be cut.
	 */
	if (carry_wire() == WIRE_UDP && !rt.v6)
		need_all_below(p.rcv_nxt, out, sizeof(out), 1460);
	else
		take_cut(out, sizeof(out), 1460);
}

static bool dials(int *fd, uint32_t ip)
{
	*fd = sk_new();
	if (!sk_connect(*fd, ip, PORT))
		return true;
	close(*fd);
	return false;
}

/* A router with a narrow link behind it: only its ICMP tells. */
static void pmtu_router(void)
{
	static uint8_t out[300000], got[300000];
	int a, b, r, i, n, big = 0, mtu = narrow(1000);
	struct sniff *sn;
	struct pair q;

	b = ns_new();
	r = ns_new();
	a = ns_new();
	veth_new(a, "ea", r, "ra", NET_SINGLE, 1500);
	veth_new(b, "eb", r, "rb", NET_SINGLE, 1500);
	ns_enter(r);
	if_addr("ra", IP(10, 0, 1, 254), 24);
	if_addr("rb", IP(10, 0, 2, 254), 24);
	if_up("ra", true);
	if_up("rb", true);
	if_mtu("rb", mtu);
	ASSERT_EQ(write_file(rt.v6 ? "/proc/sys/net/ipv6/conf/all/forwarding" :
				     "/proc/sys/net/ipv4/ip_forward", "1"), 0);
	ns_enter(b);
	if_addr("eb", IP(10, 0, 2, 1), 24);
	if_up("eb", true);
	route_add(0, 0, IP(10, 0, 2, 254));
	q.l = sk_listen(IP(10, 0, 2, 1), PORT, 4);
	sn = sniff_start("eb");
	ns_enter(a);
	if_addr("ea", IP(10, 0, 1, 1), 24);
	if_up("ea", true);
	route_add(0, 0, IP(10, 0, 1, 254));
	/* a link that has just come up may have no neighbours by IPv6 yet */
	UNTIL(dials(&q.c, IP(10, 0, 2, 1)));
	q.s = sk_accept(q.l);
	fill(out, sizeof(out), 6);
	if (!fork()) {
		send_all(q.c, out, sizeof(out));
		_exit(0);
	}
	recv_all(q.s, got, sizeof(got));
	ASSERT(!memcmp(out, got, sizeof(got)));
	n = sniff_collect(sn);
	for (i = 0; i < n; i++) {
		struct seg *s = &sn->seg[i];

		ASSERT(s->df);
		ASSERT(!s->frag);
		if (!s->outgoing) {
			ASSERT_LE(s->iplen, mtu);
			big += s->iplen > mtu - 100;
		}
	}
	ASSERT_GE(big, (int)sizeof(out) / mtu * 5 / 6);
	UNTIL(!sk_outq(q.c));
}

/* The interface's own MTU falls while data is in flight. */
static void mtu_falls(void)
{
	static uint8_t out[6000];
	int mtu = narrow(900);
	uint32_t una;
	struct seg *s;

	dialled(peer_net());
	una = p.rcv_nxt;
	fill(out, sizeof(out), 3);
	send_all(fd, out, sizeof(out));
	while (p.rcv_nxt != una + sizeof(out))
		peer_need(&p);
	p.rcv_nxt = una;
	if_mtu("tun0", mtu);
	/* Only the retransmission can bring it: no segment above that passes any more. */
	s = peer_need(&p);
	ASSERT_LE(s->iplen, mtu);
	ASSERT_EQ(s->seq, una);
	p.rcv_nxt = una + s->len;
	peer_ack(&p);
	need_all_below(p.rcv_nxt, out + s->len, sizeof(out) - s->len, mtu - 40);
}

static void ttl_tos(void)
{
	struct tun *t;
	struct seg *s;
	int l;

	t = peer_net();
	peer_init(&p, t, 4000, 0);
	fd = peer_dialled(&p);
	send_str(fd, "x");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->ttl, 64);
	ASSERT_EQ(s->tos, 0);
	peer_ack(&p);
	close(fd);
	OK(write_file(rt.v6 ? "/proc/sys/net/ipv6/conf/tun0/hop_limit" :
		      "/proc/sys/net/ipv4/ip_default_ttl", "77"));
	fd = sk_new();
	peer_init(&p, t, 4001, 0);
	sk_set(fd, IPPROTO_IP, IP_TOS, 0x48);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4001), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->ttl, 77);
	ASSERT_EQ(s->tos, 0x48);
	sk_set(fd, IPPROTO_IP, IP_TTL, 33);
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->ttl, 33);
	ASSERT_EQ(s->tos, 0x48);
	sk_set(fd, IPPROTO_IP, IP_TOS, 0x20);		/* in the middle */
	send_str(fd, "x");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->tos, 0x20);
	ASSERT_EQ(sk_get(fd, IPPROTO_IP, IP_TTL), 33);
	ASSERT_EQ(sk_get(fd, IPPROTO_IP, IP_TOS), 0x20);
	/* A listener's are those of its SYN,ACK and of the children. */
	l = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(l, IPPROTO_IP, IP_TOS, 0x60);
	sk_set(l, IPPROTO_IP, IP_TTL, 44);
	peer_init(&p, t, 4002, PORT);
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->tos, 0x60);
	ASSERT_EQ(s->ttl, 44);
	peer_ack(&p);
	fd = sk_accept(l);
	send_str(fd, "x");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->tos, 0x60);
	ASSERT_EQ(s->ttl, 44);
}

/* 64 KB at a time onto a device that cuts nothing itself. */
static void super_segments(void)
{
	static uint8_t out[2000000], got[2000000];
	uint32_t at;
	int left = sizeof(out), n = 0, full = 0, st;
	pid_t pid;

	peer_init(&p, peer_net(), 4000, 0);
	p.ws = 8;
	p.ts = true;
	p.sackok = true;
	p.win = 65000;
	fd = peer_dialled(&p);
	fill(out, sizeof(out), 12);
	pid = fork();
	if (!pid) {
		send_all(fd, out, sizeof(out));
		_exit(0);
	}
	while (left > 0) {
		struct seg *s;

		at = p.rcv_nxt;
		s = peer_need(&p);		/* checksum, options, DF */
		if (!s->len || s->seq != at)
			continue;
		ASSERT_LE(s->iplen, 1500);
		ASSERT_EQ(s->flags & ~F_PSH, F_ACK);
		memcpy(got + sizeof(out) - left, s->data, s->len);
		free(s->data);
		left -= s->len;
		n++;
		full += s->iplen == 1500;
		if (n & 1 || !left)
			peer_ack(&p);
	}
	ASSERT(!memcmp(out, got, sizeof(got)));
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	ASSERT_GE(full * 100, n * 90);
	close(fd);
	peer_want(&p, F_FIN | F_ACK);
	ASSERT_EQ(p.rcv_nxt, at + ((sizeof(out) - 1) % 1448) + 2);
}

static uint32_t base;

static int by_seq(const void *a, const void *b)
{
	const struct seg *x = a, *y = b;

	return (int32_t)((x->seq - base) - (y->seq - base));
}

/* Over a veth with everything on: what arrives leaves no gap, whatever its size. */
static void super_segments_veth(void)
{
	static uint8_t out[1000000], got[1000000];
	struct net2 n = net2_new(0, 1500);
	struct sniff *sn;
	struct pair q;
	int i, count = 0, max = 0;
	uint32_t end;

	ns_enter(n.b);
	sn = sniff_start("eb");
	q = pair_net2(&n);
	fill(out, sizeof(out), 13);
	if (!fork()) {
		send_all(q.c, out, sizeof(out));
		_exit(0);
	}
	recv_all(q.s, got, sizeof(got));
	ASSERT(!memcmp(out, got, sizeof(got)));
	sniff_collect(sn);
	/* Two processors may deliver in another order. */
	for (i = 0; i < sn->n; i++) {
		struct seg *s = &sn->seg[i];

		if (s->outgoing || !(s->flags & F_SYN))
			continue;
		base = s->seq + 1;
	}
	for (i = 0; i < sn->n; i++)
		if (!sn->seg[i].outgoing && sn->seg[i].len)
			sn->seg[count++] = sn->seg[i];
	qsort(sn->seg, count, sizeof(struct seg), by_seq);
	end = base;
	for (i = 0; i < count; i++) {
		struct seg *s = &sn->seg[i];

		if (!s->csum_partial)
			ASSERT(s->csum_ok);
		ASSERT(!seq_before(end, s->seq));
		if (seq_before(end, s->seq + s->len))
			end = s->seq + s->len;
		if (s->len > max)
			max = s->len;
	}
	ASSERT_EQ(end - base, sizeof(out));
	t_note("largest segment between two namespaces: %d bytes", max);
	/* One datagram is one segment: nobody on the way could cut it. */
	if (carry_wire() == WIRE_UDP)
		ASSERT_LE(max, 1460);
	else
		ASSERT_GT(max, 1500);
	UNTIL(!sk_outq(q.c));
}

/* Every segment of a bulk transfer over a device without offload. */
static void bulk_segments(void)
{
	static uint8_t out[500000], got[500000];
	struct net2 n = net2_new(NET_SINGLE, 1500);
	struct sniff *sn = sniff_start("ea");
	struct pair q = pair_net2(&n);
	int i, data = 0, full = 0;

	fill(out, sizeof(out), 14);
	if (!fork()) {
		send_all(q.c, out, sizeof(out));
		_exit(0);
	}
	recv_all(q.s, got, sizeof(got));
	ASSERT(!memcmp(out, got, sizeof(got)));
	sniff_collect(sn);
	for (i = 0; i < sn->n; i++) {
		struct seg *s = &sn->seg[i];

		ASSERT(s->df);
		ASSERT(!s->frag);
		ASSERT_LE(s->iplen, 1500);
		ASSERT(s->csum_ok || s->csum_partial);
		ASSERT(!s->bad_opts);
		ASSERT(s->ts);
		if (!(s->flags & F_SYN))
			ASSERT(!s->mss && s->ws < 0 && !s->sackok);
		else
			ASSERT_EQ(s->mss, 1460);
		data += s->len > 0;
		full += s->iplen == 1500;
	}
	ASSERT_GE(data, (int)sizeof(out) / 1448);
	ASSERT_GE(full * 100, data * 90);
}

static const struct rt_test tests[] = {
	{ "mss_from_mtu", "C01 C02 MUST-14 MUST-16 MUST-61 MUST-67 MSS-1S SHLD-28", mss_from_mtu,
	  0, 0 },
	{ "mss_in_synack", "C02 MUST-14 SHLD-5", mss_in_synack, 0, 0 },
	{ "mss_of_peer", "C02 MUST-14 MUST-16", mss_of_peer, 0, 0 },
	{ "mss_less_options", "C02 MUST-16 MSS-1S", mss_less_options, 0, 0 },
	{ "mss_none", "C02 MUST-15", mss_none, 0, 0 },
	{ "mss_tiny", "C02", mss_tiny, 0, 0 },
	{ "mss_maxseg", "C02 TO-9", mss_maxseg, 0, 0 },
	{ "maxseg_reads", "C02 TO-9 MUST-14", maxseg_reads, 0, 0 },
	{ "mss_asymmetric", "C02 TO-9 MUST-14 MUST-15 MUST-16 MSS-2I", mss_asymmetric, 0, 0 },
	{ "mss_of_loopback", "C02 MUST-67 MSS-2I", mss_of_loopback, 0, 0 },
	{ "route_metrics", "C02 MUST-67 SHLD-6", route_metrics, 0, 0 },
	{ "mss_less_ip_options", "C02 MUST-16 MSS-1S", mss_less_ip_options, 0, 0 },
	{ "mss_floor", "C02", mss_floor, 0, 0 },
	{ "resent_joined", "C41 MUST-33", resent_joined, 0, 0 },
	{ "pmtu_icmp", "C01 C41 ER-12 SM-20", pmtu_icmp, 0, 0 },
	{ "pmtu_forged", "C44 ICMP-1I PMTU-7M", pmtu_forged, 0, 0 },
	{ "pmtu_router", "C01 SM-20", pmtu_router, 0, 0 },
	{ "mtu_falls", "C01 C41 SM-20", mtu_falls, 0, 0 },
	{ "ttl_tos", "C04 MUST-48 MUST-49 SHLD-21 SHLD-22", ttl_tos, 0, 0 },
	{ "super_segments", "C05 MUST-2 PAWS-5M", super_segments, 0, 0 },
	{ "super_segments_sack", "C05 C02 MUST-16", super_segments_sack, 0, 0 },
	{ "super_segments_veth", "C05", super_segments_veth, 0, 0 },
	{ "bulk_segments", "C01 C02 C05 MUST-65 MUST-68 TS-2M", bulk_segments, 0, 0 },
};

RT_MAIN(tests)
