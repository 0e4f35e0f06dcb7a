// SPDX-License-Identifier: GPL-2.0
/*
 * A tuple and who had it before: SYNs that meet an older connection, TIME_WAIT
 * on either side, and how ports and numbers are chosen, by statistics.
 */
#include "wire.h"

#define PORT	8080

static struct peer peer;
static struct tun *tun;

static int listener(int backlog)
{
	tun = peer_net();
	return sk_listen(INADDR_ANY, PORT, backlog);
}

static void echo(struct peer *p, int fd)
{
	struct seg *s;

	peer_str(p, "request");
	recv_str(fd, "request");
	send_str(fd, "response");
	do
		s = peer_need(p);
	while (!s->len);
	ASSERT_EQ(s->len, 8);
	peer_ack(p);
}

/* SM-17: the peer lost its state and opens anew from the same port. */
static void half_open_syn(void)
{
	int l = listener(4), fd;
	struct seg *s;

	peer_init(&peer, tun, 4000, PORT);
	fd = peer_accepted(&peer, l);
	peer.iss += 500000000;
	peer_raw(&peer, F_SYN, peer.iss, 0, NULL, 0);
	s = peer_want(&peer, F_ACK);
	/* who asked for a connection does not know that number: RST */
	peer_raw(&peer, F_RST, s->ack, 0, NULL, 0);
	ASSERT_EQ(recv_err(fd), ECONNRESET);
	peer_init(&peer, tun, 4000, PORT);
	echo(&peer, peer_accepted(&peer, l));
}

/* SM-17, the other way: we send, and who lost its state answers RST. */
static void half_open_data(void)
{
	int l = listener(4), fd;
	struct seg *s;

	peer_init(&peer, tun, 4000, PORT);
	fd = peer_accepted(&peer, l);
	send_str(fd, "anybody there?");
	s = peer_want(&peer, F_ACK);
	peer_raw(&peer, F_RST, s->ack, 0, NULL, 0);
	ASSERT_EQ(recv_err(fd), ECONNRESET);
}

/* C31: a SYN on the tuple of a connection in CLOSE_WAIT. */
static void close_wait_syn(void)
{
	int l = listener(4), fd;
	struct seg *s;

	peer_init(&peer, tun, 4000, PORT);
	fd = peer_accepted(&peer, l);
	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	peer_want(&peer, F_ACK);
	UNTIL_STATE(PORT, 4000, "CLOSE_WAIT");
	rest(600);
	peer_raw(&peer, F_SYN, peer.snd_nxt + 70000, 0, NULL, 0);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, peer.snd_nxt);
	ASSERT_STATE(PORT, 4000, "CLOSE_WAIT");
	peer_raw(&peer, F_RST, s->ack, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
	peer_init(&peer, tun, 4000, PORT);
	echo(&peer, peer_accepted(&peer, l));
	close(fd);
}

/* C31 between two stacks: connect() wins over the server's CLOSE_WAIT. */
static void close_wait_connect(void)
{
	struct net2 n = net2_new(0, 1500);
	struct pair p;
	int l, fd;

	ns_enter(n.b);
	l = sk_listen(INADDR_ANY, PORT, 4);
	ns_enter(n.a);
	p.c = sk_new();
	OK(sk_bind(p.c, IP_A, 5000));
	OK(sk_connect(p.c, IP_B, PORT));
	p.s = sk_accept(l);
	/* the client dies without a word: in CLOSE_WAIT nothing is sent to it */
	if_up("ea", false);
	sk_linger(p.c, 1, 0);
	close(p.c);
	if_up("ea", true);
	fd = sk_new();
	OK(sk_bind(fd, IP_A, 5000));
	OK(sk_connect(fd, IP_B, PORT));
	send_str(fd, "again");
	recv_str(sk_accept(l), "again");
	ASSERT_EQ(recv_err(p.s), ECONNRESET);
}

static void into_time_wait(bool ts)
{
	int l = listener(4), fd;

	peer_init(&peer, tun, 4000, PORT);
	peer.ts = ts;
	fd = peer_accepted(&peer, l);
	close(fd);
	peer_want(&peer, F_FIN | F_ACK);
	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	peer_want(&peer, F_ACK);
	UNTIL_STATE(PORT, 4000, "TIME_WAIT");
}

/* TW-2S, RFC 6191, 2: each line of the decision. */
static void time_wait_table(void)
{
	static const struct {
		bool ts_before, ts_now;
		int dseq, dts;		/* against the last that was seen */
		bool taken, differs;	/* differs: Linux decides otherwise */
	} v[] = {
		{ true, true, 100, 1000, true, false },
		{ true, true, -100, 1000, true, false },
		{ true, true, 100, 0, true, false },
		{ true, true, -100, 0, false, false },
		{ true, true, 100, -1000, false, false },
		{ true, true, -100, -1000, false, false },
		{ true, false, 100, 0, true, false },
		{ true, false, -100, 0, false, false },
		{ false, true, 100, 5, true, false },
		{ false, true, -100, 5, true, true },
		{ false, false, 100, 0, true, false },
		{ false, false, 0, 0, false, false },
		{ false, false, -100, 0, false, false },
	};
	struct seg *s;
	uint32_t old;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		if (v[i].differs && rt.proto == PROTO_TCP)
			continue;
		into_time_wait(v[i].ts_before);
		old = peer.rcv_nxt;
		peer.iss = peer.snd_nxt + v[i].dseq;
		peer.ts = v[i].ts_now;
		peer.use_ts = v[i].ts_now;
		peer.tsval += v[i].dts;
		peer.irs = 0;
		peer_raw(&peer, F_SYN, peer.iss, 0, NULL, 0);
		if (!v[i].taken) {
			/* an ACK may tell, and must not more than that */
			peer.use_ts = false;
			peer.ts = true;
			s = peer_get(&peer, 30);
			if (s && (s->flags & ~F_PSH) != F_ACK)
				FAIL("line %zu: %s", i, flags_str(s->flags));
			ASSERT_STATE(PORT, 4000, "TIME_WAIT");
			continue;
		}
		s = peer_get(&peer, WAIT_MS);
		if (!s || s->flags != (F_SYN | F_ACK))
			FAIL("line %zu: %s", i, s ? flags_str(s->flags) : "nothing");
		ASSERT_EQ(s->ack, peer.iss + 1);
		/* MAY-2 (a): above all of the old connection */
		ASSERT(seq_before(old, s->seq));
		peer.snd_nxt = peer.iss + 1;
		peer_ack(&peer);
		UNTIL_STATE(PORT, 4000, "ESTABLISHED");
	}
}

/* A SYN does not end a TIME_WAIT if nobody would take it. */
static void time_wait_no_listener(void)
{
	int fd;

	tun = peer_net();
	peer_init(&peer, tun, 4000, 0);
	fd = peer_dialled(&peer);
	close(fd);
	peer_want(&peer, F_FIN | F_ACK);
	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	peer_want(&peer, F_ACK);
	UNTIL_STATE(0, 4000, "TIME_WAIT");
	peer_raw(&peer, F_SYN, peer.snd_nxt + 1000, 0, NULL, 0);
	peer_want(&peer, F_ACK);
	ASSERT_STATE(0, 4000, "TIME_WAIT");
}

/* TW-1I: RST in TIME_WAIT, with rfc1337 and without, exact and not. */
static void time_wait_rst_exact(void)
{
	need_sysctl("rfc1337");
	into_time_wait(true);
	peer_raw(&peer, F_RST, peer.snd_nxt + 1, 0, NULL, 0);
	peer_raw(&peer, F_RST, peer.snd_nxt - 1, 0, NULL, 0);
	ASSERT_STATE(PORT, 4000, "TIME_WAIT");
	sysctl_set("rfc1337", "1");
	peer_raw(&peer, F_RST, peer.snd_nxt, 0, NULL, 0);
	peer_raw(&peer, F_RST | F_ACK, peer.snd_nxt, peer.rcv_nxt, NULL, 0);
	ASSERT_STATE(PORT, 4000, "TIME_WAIT");
	sysctl_set("rfc1337", "0");
	peer_raw(&peer, F_RST, peer.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
}

/* Connect from port 5000, close first, be in TIME_WAIT. */
static uint32_t dial_from(int sport, bool ts)
{
	int fd = sk_new();

	peer_init(&peer, tun, 4000, sport);
	peer.ts = ts;
	sk_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(sk_bind(fd, TUN_K, sport));
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_answer(&peer);
	ev_need(fd, POLLOUT);
	close(fd);
	peer_want(&peer, F_FIN | F_ACK);
	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	peer_want(&peer, F_ACK);
	UNTIL_STATE(sport, 4000, "TIME_WAIT");
	return peer.rcv_nxt;
}

static int dial_again(int sport)
{
	int fd = sk_new(), r;

	sk_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(sk_bind(fd, TUN_K, sport));
	sk_nonblock(fd, true);
	r = sk_connect(fd, TUN_P, 4000) ? errno : 0;
	if (r != EINPROGRESS)
		close(fd);
	return r;
}

/* RFC 6191 on our side: connect() from a tuple in TIME_WAIT. */
static void tw_reuse_connect(void)
{
	struct seg *s;
	uint32_t old;

	tun = peer_net();
	need_sysctl("tw_reuse");
	/* without timestamps nothing tells old from new */
	sysctl_set("tw_reuse", "1");
	dial_from(5000, false);
	ASSERT_EQ(dial_again(5000), EADDRNOTAVAIL);
	rest(1200);
	ASSERT_EQ(dial_again(5000), EADDRNOTAVAIL);
	ASSERT_STATE(5000, 4000, "TIME_WAIT");
	/* with them, a second later at the latest */
	old = dial_from(5001, true);
	rest(2100);
	peer.irs = 0;
	ASSERT_EQ(dial_again(5001), EINPROGRESS);
	s = peer_want(&peer, F_SYN);
	ASSERT(seq_before(old, s->seq));
	ASSERT_STATE(5001, 4000, "SYN_SENT");
	peer.iss = peer.snd_nxt + 100000;
	peer.snd_nxt = peer.iss;
	peer_put(&peer, F_SYN | F_ACK, NULL, 0);
	peer_want(&peer, F_ACK);
	ASSERT_STATE(5001, 4000, "ESTABLISHED");
	/* 0: a port that was asked for by number is reused all the same */
	sysctl_set("tw_reuse", "0");
	dial_from(5002, true);
	ASSERT_EQ(dial_again(5002), EINPROGRESS);
}

/* With one port in the range, the kernel itself has to choose one in TIME_WAIT. */
static void tw_reuse_ephemeral(void)
{
	static const struct {
		const char *mode;
		bool ts, taken;
	} v[] = {
		{ "1", true, true }, { "0", true, false }, { "2", true, false },
		{ "1", false, false },
	};
	size_t i;

	need_sysctl("tw_reuse");
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		int fd, r;

		tun = peer_net();
		need_sysctl("tw_reuse");
		ASSERT_EQ(write_file("/proc/sys/net/ipv4/ip_local_port_range", "5000 5000"), 0);
		sysctl_set("tw_reuse", v[i].mode);
		peer_init(&peer, tun, 4000, 0);
		peer.ts = v[i].ts;
		close(peer_dialled(&peer));
		peer_want(&peer, F_FIN | F_ACK);
		peer_put(&peer, F_FIN | F_ACK, NULL, 0);
		peer_want(&peer, F_ACK);
		UNTIL_STATE(5000, 4000, "TIME_WAIT");
		rest(2100);
		fd = sk_new();
		sk_nonblock(fd, true);
		r = sk_connect(fd, TUN_P, 4000) ? errno : 0;
		if (r != (v[i].taken ? EINPROGRESS : EADDRNOTAVAIL))
			FAIL("tw_reuse %s: %s", v[i].mode, strerror(r));
		close(fd);
	}
}

static int dial_port(int dport)
{
	int fd = sk_new(), port;

	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, dport), EINPROGRESS);
	port = sk_port(fd);
	close(fd);
	tun_fill(tun, 0);
	tun->n = 0;
	return port;
}

/* PORT-1S, PORT-2I: where ephemeral ports lie, and when one comes again. */
static void port_statistics(void)
{
	enum { N = 400, LOW = 20000, HIGH = 59999 };
	static unsigned char used[65536];
	int i, first[64], port, quarter[4] = { 0 }, same = 0, near = 0;

	tun = peer_net();
	ASSERT_EQ(write_file("/proc/sys/net/ipv4/ip_local_port_range", "20000 59999"), 0);
	/* one destination: none twice in a row of N, all in the range */
	for (i = 0; i < N; i++) {
		port = dial_port(4000);
		ASSERT_GE(port, LOW);
		ASSERT_LE(port, HIGH);
		ASSERT_EQ(used[port], 0);
		used[port] = 1;
	}
	/* many destinations: spread over all of it, and far from one another */
	for (i = 0; i < 64; i++) {
		first[i] = dial_port(7000 + i);
		quarter[(first[i] - LOW) * 4 / (HIGH - LOW + 1)]++;
		if (i && abs(first[i] - first[i - 1]) < 64)
			near++;
	}
	for (i = 0; i < 4; i++) {
		ASSERT_GE(quarter[i], 3);	/* of 16; less is one in 10^5 */
		ASSERT_LE(quarter[i], 34);
	}
	ASSERT_LE(near, 3);
	/* another destination's connections do not move this one's far */
	for (i = 0; i < 64; i++)
		same += abs(dial_port(7000 + i) - first[i]) < 256;
	ASSERT_GE(same, 48);
}

/* PORT-1S: a service's port is nobody's ephemeral one, nor is a reserved one. */
static void port_services(void)
{
	int i, l, port;

	tun = peer_net();
	ASSERT_EQ(write_file("/proc/sys/net/ipv4/ip_local_port_range", "20000 20003"), 0);
	ASSERT_EQ(write_file("/proc/sys/net/ipv4/ip_local_reserved_ports", "20002"), 0);
	l = sk_listen(IP_LO, 20001, 4);
	for (i = 0; i < 20; i++) {
		port = dial_port(4000 + i);
		ASSERT(port == 20000 || port == 20003);
	}
	close(l);
}

/* TS-9S: two hosts, two offsets; and the ISNs of one tuple go up by a clock. */
static void offsets_differ(void)
{
	uint32_t ts[8], t0 = 0;
	int i, near = 0;

	tun = peer_net();
	route_add(IP(10, 9, 0, 0), 16, TUN_P);
	for (i = 0; i < 8; i++) {
		int fd = sk_new();

		peer_init(&peer, tun, 4000, 0);
		peer.addr = IP(10, 9, 7, 1 + i);
		sk_nonblock(fd, true);
		ASSERT_ERR(sk_connect(fd, peer.addr, 4000), EINPROGRESS);
		ts[i] = peer_want(&peer, F_SYN)->tsval;
		if (i && ts[i] - t0 < 100000)
			near++;
		t0 = ts[i];
		close(fd);
	}
	ASSERT_LE(near, 1);
}

/* ISN-1S: of numbers in one second, bits are no worse than a coin's. */
static void isn_statistics(void)
{
	enum { N = 256 };
	int ones[32] = { 0 }, i, b;

	listener(4096);
	for (i = 0; i < N; i++) {
		peer_init(&peer, tun, 10000 + i, PORT);
		peer_syn(&peer);
		peer_want(&peer, F_SYN | F_ACK);
		for (b = 0; b < 32; b++)
			ones[b] += peer.irs >> b & 1;
	}
	/* 6 sigma of 32 coins each thrown 256 times */
	for (b = 0; b < 32; b++) {
		ASSERT_GE(ones[b], N / 2 - 48);
		ASSERT_LE(ones[b], N / 2 + 48);
	}
}

static const struct rt_test tests[] = {
	{ "half_open_syn", "SM-17 BLIND-4M", half_open_syn, 0, 0 },
	{ "half_open_data", "SM-17", half_open_data, 0, 0 },
	{ "close_wait_syn", "C31", close_wait_syn, 0, 0 },
	{ "close_wait_connect", "C31 SM-17", close_wait_connect, 0, 0 },
	{ "time_wait_table", "C22 TW-2S SHLD-4 MAY-2", time_wait_table, 0, 0 },
	{ "time_wait_no_listener", "C22", time_wait_no_listener, 0, 0 },
	{ "time_wait_rst_exact", "C22 TW-1I", time_wait_rst_exact, 0, 0 },
	{ "tw_reuse_connect", "SHLD-4", tw_reuse_connect, T_FULL, 0 },
	{ "tw_reuse_ephemeral", "SHLD-4 PORT-2I", tw_reuse_ephemeral, T_FULL, 0 },
	{ "port_statistics", "PORT-1S PORT-2I PORT-3I", port_statistics, 0, 0 },
	{ "port_services", "PORT-1S", port_services, 0, 0 },
	{ "offsets_differ", "TS-9S", offsets_differ, 0, 0 },
	{ "isn_statistics", "ISN-1S MUST-9", isn_statistics, 0, 0 },
};

RT_MAIN(tests)
