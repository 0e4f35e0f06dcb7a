// SPDX-License-Identifier: GPL-2.0
/*
 * Opening, as attackers and unlucky peers do it: floods and SYN cookies, strange
 * SYNs, crossing and lost ones.
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

static void spoof(int n)
{
	static int next;
	struct peer p;
	int i;

	for (i = 0; i < n; i++, next++) {
		peer_init(&p, tun, 1024 + next % 60000, PORT);
		/* no host has these, so no RST ends what they begin */
		p.addr = IP(10, 9, 1 + next % 250, 1 + next / 250 % 250);
		p.iss = 77777u * next;
		peer_syn(&p);
		if (tun->n > 100)
			tun->n = 0;
	}
	tun->n = 0;
}

/* Answers to spoofed SYNs have a way, which nobody is at the end of. */
static void need_cookies(const char *mode)
{
	need_sysctl("syncookies");
	sysctl_set("syncookies", mode);
	route_add(IP(10, 9, 0, 0), 16, TUN_P);
}

static void cookie_counters(long sent, long recv, long failed)
{
	static long s, r, f;

	if (sent >= 0) {
		ASSERT_EQ(counter("SyncookiesSent") - s, sent);
		ASSERT_EQ(counter("SyncookiesRecv") - r, recv);
		ASSERT_EQ(counter("SyncookiesFailed") - f, failed);
	}
	s = counter("SyncookiesSent");
	r = counter("SyncookiesRecv");
	f = counter("SyncookiesFailed");
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

/* Mode 2: always. Nothing is kept, and the ACK makes a connection. */
static void cookie_plain(void)
{
	int l = listener(8), fd;
	struct tcp_info ti;
	struct seg *s;

	need_cookies("2");
	cookie_counters(-1, 0, 0);
	peer_init(&peer, tun, 4000, PORT);
	peer.ws = 7;
	peer.sackok = true;
	peer_syn(&peer);
	s = peer_want(&peer, F_SYN | F_ACK);
	ASSERT_EQ(s->ack, peer.iss + 1);
	/* without timestamps only the MSS survives */
	ASSERT_EQ(s->ws, -1);
	ASSERT(!s->sackok && !s->ts);
	ASSERT_EQ(table_count("SYN_RECV"), 0);
	cookie_counters(1, 0, 0);
	peer_ack(&peer);
	fd = sk_accept(l);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	cookie_counters(0, 1, 0);
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_options & (TCPI_OPT_WSCALE | TCPI_OPT_SACK | TCPI_OPT_TIMESTAMPS), 0);
	ASSERT_LE(ti.tcpi_snd_mss, 1460);
	ASSERT_GE(ti.tcpi_snd_mss, 1440);
	echo(&peer, fd);
	peer_none(&peer, 20);
}

/* Every combination of options, and every shift, comes back in the timestamp. */
static void cookie_options(void)
{
	int l = listener(8), i, fd;
	struct tcp_info ti;
	struct seg *s;
	bool sackok;

	need_cookies("2");
	for (i = 0; i < 18; i++) {
		peer_init(&peer, tun, 4000 + i, PORT);
		peer.ts = true;
		peer.ws = i < 15 ? i : i == 15 ? -1 : 7;
		peer.sackok = i & 1;
		peer.mss = i == 17 ? 536 : 1460;
		peer_syn(&peer);
		s = peer_want(&peer, F_SYN | F_ACK);
		sackok = s->sackok;
		ASSERT(s->ts);
		ASSERT_EQ(s->tsecr, peer.tsval);
		ASSERT_EQ(sackok, peer.sackok);
		ASSERT_EQ(s->ws >= 0, peer.ws >= 0);
		ASSERT_EQ(table_count("SYN_RECV"), 0);
		peer.use_ts = true;
		peer_ack(&peer);
		fd = sk_accept(l);
		sk_info(fd, &ti);
		ASSERT(ti.tcpi_options & TCPI_OPT_TIMESTAMPS);
		ASSERT_EQ(!!(ti.tcpi_options & TCPI_OPT_SACK), sackok);
		ASSERT_EQ(!!(ti.tcpi_options & TCPI_OPT_WSCALE), peer.ws >= 0);
		if (peer.ws >= 0) {
			ASSERT_EQ(ti.tcpi_snd_wscale, peer.ws);
			ASSERT_EQ(ti.tcpi_rcv_wscale, s->ws);
		}
		if (rt.proto != PROTO_TCP || !rt.v6)	/* its cookies know no less than 1220 */
			ASSERT_LE(ti.tcpi_snd_mss, (peer.mss - 12));
		ASSERT_GE(ti.tcpi_snd_mss, (peer.mss - 32));
		echo(&peer, fd);
		peer_drop(&peer);
		sk_linger(fd, 1, 0);
		close(fd);
	}
}

/* ECN is agreed by flags, and comes back in the timestamp too. */
static void cookie_ecn(void)
{
	int l = listener(8), i, fd;
	struct tcp_info ti;
	struct seg *s;

	need_cookies("2");
	need_sysctl("ecn");
	for (i = 0; i < 8; i++) {
		bool ts = i & 1, ask = i & 2, on = i & 4;

		sysctl_set("ecn", on ? "1" : "0");
		peer_init(&peer, tun, 4000 + i, PORT);
		peer.ts = ts;
		peer.snd_nxt = peer.iss;
		peer_put(&peer, F_SYN | (ask ? F_ECE | F_CWR : 0), NULL, 0);
		s = peer_want(&peer, F_SYN | F_ACK);
		ASSERT_EQ(!!(s->flags & F_ECE), ts && ask && on);
		peer.use_ts = ts;
		peer_ack(&peer);
		fd = sk_accept(l);
		sk_info(fd, &ti);
		ASSERT_EQ(!!(ti.tcpi_options & TCPI_OPT_ECN), ts && ask && on);
		echo(&peer, fd);
		peer_drop(&peer);
		sk_linger(fd, 1, 0);
		close(fd);
	}
}

/* SYNC-2I: any part altered, and the ACK is answered as a listener answers. */
static void cookie_altered(void)
{
	int l = listener(8), i;
	struct seg *s;
	uint32_t ack, seq;

	need_cookies("2");
	peer_init(&peer, tun, 4000, PORT);
	peer_syn(&peer);
	peer_want(&peer, F_SYN | F_ACK);
	ack = peer.rcv_nxt;
	seq = peer.snd_nxt;
	cookie_counters(-1, 0, 0);
	for (i = 3; i < 32; i += 4) {
		peer_raw(&peer, F_ACK, seq, ((ack - 1) ^ 1u << i) + 1, NULL, 0);
		s = peer_want(&peer, F_RST);
		ASSERT_EQ(s->seq, ((ack - 1) ^ 1u << i) + 1);
		peer_raw(&peer, F_ACK, seq ^ 1u << i, ack, NULL, 0);
		peer_want(&peer, F_RST);
	}
	/* another port or another host does not profit */
	peer.port = 4001;
	peer_raw(&peer, F_ACK, seq, ack, NULL, 0);
	peer_want(&peer, F_RST);
	peer.port = 4000;
	cookie_counters(0, 0, 17);
	/* nor a RST or a SYN with the right numbers */
	peer_raw(&peer, F_RST, seq, 0, NULL, 0);
	peer_raw(&peer, F_SYN | F_ACK, seq, ack, NULL, 0);
	peer_want(&peer, F_RST);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
	/* the true one is as good as ever, data with it */
	peer_raw(&peer, F_ACK | F_PSH, seq, ack, "first", 5);
	peer.snd_nxt += 5;
	recv_str(sk_accept(l), "first");
	cookie_counters(0, 1, 0);
}

/* An old cookie fails: good for two minutes at the most. */
static void cookie_stale(void)
{
	int l = listener(8);

	need_cookies("2");
	peer_init(&peer, tun, 4000, PORT);
	peer_syn(&peer);
	peer_want(&peer, F_SYN | F_ACK);
	rest(50000);
	peer_raw(&peer, F_ACK, peer.snd_nxt, peer.rcv_nxt, NULL, 0);
	close(sk_accept(l));
	peer_want(&peer, F_FIN | F_ACK);
	peer_raw(&peer, F_RST, peer.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
	/* the same ACK later, while the listener goes on sending cookies */
	rest(72000);
	peer.port = 4001;
	peer_syn(&peer);
	peer_want(&peer, F_SYN | F_ACK);
	peer.port = 4000;
	cookie_counters(-1, 0, 0);
	peer_raw(&peer, F_ACK, peer.iss + 1, peer.irs + 1, NULL, 0);
	peer_want_rst(&peer);
	cookie_counters(0, 0, 1);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
}

/* SYNC-3I: a listener at ease takes no cookies, not even true ones. */
static void cookie_under_pressure_only(void)
{
	int l = listener(8), m;
	struct seg *s;

	need_cookies("2");
	peer_init(&peer, tun, 4000, PORT);
	peer_syn(&peer);
	peer_want(&peer, F_SYN | F_ACK);
	/* another listener of the same port has sent none */
	close(l);
	m = sk_listen(INADDR_ANY, PORT, 8);
	cookie_counters(-1, 0, 0);
	peer_ack(&peer);
	s = peer_want(&peer, F_RST);
	ASSERT_EQ(s->seq, peer.rcv_nxt);
	cookie_counters(0, 0, 0);
	/* mode 1 and room: no cookie, options without timestamps */
	sysctl_set("syncookies", "1");
	peer_init(&peer, tun, 4001, PORT);
	peer.ws = 5;
	peer_syn(&peer);
	s = peer_want(&peer, F_SYN | F_ACK);
	ASSERT_GE(s->ws, 0);
	ASSERT_STATE(PORT, 4001, "SYN_RECV");
	cookie_counters(0, 0, 0);
	peer_ack(&peer);
	close(sk_accept(m));
}

/* The accept queue is full as the cookie comes back: dropped, later taken. */
static void cookie_accept_full(void)
{
	int l = listener(0);
	struct peer p, q;
	long over;

	need_cookies("2");
	peer_init(&p, tun, 4000, PORT);
	peer_init(&q, tun, 4001, PORT);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	peer_syn(&q);
	peer_want(&q, F_SYN | F_ACK);
	peer_ack(&p);
	UNTIL_STATE(PORT, 4000, "ESTABLISHED");
	over = counter("ListenOverflows");
	peer_ack(&q);
	peer_none(&q, 20);
	ASSERT_STATE(PORT, 4001, "");
	ASSERT_GE(counter("ListenOverflows") - over, 1);
	ASSERT_EQ(sk_peer_port(sk_accept(l)), 4000);
	/* data follows, or the ACK again */
	peer_raw(&q, F_ACK, q.snd_nxt, q.rcv_nxt, "hello", 5);
	recv_str(sk_accept(l), "hello");
}

/*
 * A flood against a small queue, and clients that mean it, in between. Mode 0
 * has no cookies: the oldest makes way for them, and TCP just drops.
 */
static void flood(const char *mode, bool cookies)
{
	bool quick = !strcmp(rt.set, "quick");
	int l, i, fd, n = rt.count ?: quick ? 2000 : 20000, clients = 20;
	int bound = 4 + 1 + (cookies ? 1 : 512);
	double t0, worst = 0;

	l = listener(4);
	need_cookies(mode);
	if (rt.proto == PROTO_TCP && !cookies)
		t_skip("TCP drops legal SYNs then");
	if (!cookies)
		sysctl_set("max_syn_backlog", "512");
	cookie_counters(-1, 0, 0);
	for (i = 0; i < clients; i++) {
		spoof(n / clients);
		t0 = now();
		peer_init(&peer, tun, 3000 + i, PORT);
		peer.ts = true;
		peer.ws = 6;
		peer_connect(&peer);
		fd = sk_accept(l);
		worst = now() - t0 > worst ? now() - t0 : worst;
		ASSERT_EQ(sk_peer_port(fd), 3000 + i);
		if (cookies)
			ASSERT_LE(table_count("SYN_RECV"), bound);
		spoof(20);
		echo(&peer, fd);
		peer_drop(&peer);
		sk_linger(fd, 1, 0);
		close(fd);
	}
	ASSERT_LE(table_count("SYN_RECV"), bound);
	if (cookies) {
		ASSERT_GE(counter("SyncookiesSent"), n / 2);
		ASSERT_EQ(counter("SyncookiesRecv"), clients);
		ASSERT_EQ(counter("SyncookiesFailed"), 0);
	} else {
		cookie_counters(0, 0, 0);
		ASSERT_GE(counter("ListenDrops"), n / 2);
	}
	t_note("%d spoofed SYNs, slowest of %d clients %.3f s", n, clients, worst);
	ASSERT_LE(worst * 1000, WAIT_MS);
	/* the listener is as good as new */
	close(l);
	UNTIL(!table_count("SYN_RECV"));
	ASSERT_EQ(table_count(NULL), table_count("TIME_WAIT"));
}

static void flood_cookies(void)
{
	flood("1", true);
}

static void flood_cookies_always(void)
{
	flood("2", true);
}

static void flood_no_cookies(void)
{
	flood("0", false);
}

/* MUST-57, MUST-63: to or from addresses that are no host's. */
/* Groups, loopback and the wildcard are what they are by IPv6; broadcasts it does not have. */
static bool means_the_same(uint32_t ip)
{
	return ip == IP(224, 0, 0, 1) || ip == IP_LO || !ip;
}

static void syn_invalid(void)
{
	static const uint32_t from[] = {
		IP(224, 0, 0, 1), IP(255, 255, 255, 255), IP(0, 0, 0, 0), IP(240, 0, 0, 1),
		IP(10, 9, 0, 255), IP(127, 0, 0, 1),
	};
	static const uint32_t to[] = {
		IP(224, 0, 0, 1), IP(255, 255, 255, 255), IP(10, 9, 0, 255), IP(127, 0, 0, 1),
	};
	size_t i;

	listener(4);
	for (i = 0; i < ARRAY_SIZE(from); i++) {
		if (rt.v6 && !means_the_same(from[i]))
			continue;
		if (rt.proto == PROTO_TCP && from[i] == IP(10, 9, 0, 255))
			continue;	/* answers into the broadcast */
		peer_init(&peer, tun, 4000 + i, PORT);
		peer.addr = from[i];
		peer_raw(&peer, F_SYN, 1000, 0, NULL, 0);
	}
	for (i = 0; i < ARRAY_SIZE(to); i++) {
		if (rt.v6 && !means_the_same(to[i]))
			continue;
		peer_init(&peer, tun, 4100 + i, PORT);
		peer.kaddr = to[i];
		peer_raw(&peer, F_SYN, 1000, 0, NULL, 0);
		peer_raw(&peer, F_ACK, 1000, 2000, NULL, 0);
	}
	/* SYN,FIN opens nothing either */
	peer_init(&peer, tun, 4200, PORT);
	peer_raw(&peer, F_SYN | F_FIN, 1000, 0, NULL, 0);
	peer_none(&peer, 50);
	ASSERT_EQ(tun->n, 0);
	ASSERT_EQ(table_count("SYN_RECV"), 0);
}

/* MUST-46 */
static void connect_invalid(void)
{
	int fd;

	tun = peer_net();
	fd = sk_new();
	ASSERT_ERR(sk_connect(fd, IP(224, 0, 0, 1), 80), ENETUNREACH);
	ASSERT_ERR(sk_connect(fd, IP(255, 255, 255, 255), 80), ENETUNREACH);
	if (!rt.v6)		/* which has no broadcasts */
		ASSERT_ERR(sk_connect(fd, IP(10, 9, 0, 255), 80), ENETUNREACH);
	ASSERT_ERR(sk_connect(fd, IP(203, 0, 113, 1), 80), ENETUNREACH);
	peer_init(&peer, tun, 80, 0);
	peer_none(&peer, 20);
	/* the socket is as good as new */
	peer_init(&peer, tun, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_answer(&peer);
	ev_need(fd, POLLOUT);
}

/* UTO-2M, TFO-2M, MUST-6: options that we know nothing of, both ways. */
static void syn_strange_options(void)
{
	static const struct {
		uint8_t o[12];
		int len;
	} v[] = {
		{ { 28, 4, 0x80, 10 }, 4 },				/* UTO */
		{ { 34, 2 }, 2 },					/* TFO, asks for a cookie */
		{ { 34, 10, 1, 2, 3, 4, 5, 6, 7, 8 }, 10 },		/* TFO, has one */
		{ { 34, 5, 1, 2, 3 }, 5 },				/* of odd length */
		{ { 34, 3, 1 }, 3 },
		{ { 254, 4, 0xf9, 0x89 }, 4 },				/* experiments */
		{ { 30, 12, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, 12 },	/* MPTCP */
		{ { 2, 3, 5, 1, 1, 1 }, 6 },				/* a short MSS */
	};
	int l = listener(8), fd;
	struct seg *s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		peer_init(&peer, tun, 4000 + i, PORT);
		memcpy(peer.xopt, v[i].o, v[i].len);
		peer.xoptlen = v[i].len;
		peer_syn(&peer);
		s = peer_want(&peer, F_SYN | F_ACK);
		ASSERT_EQ(s->ack, peer.iss + 1);
		ASSERT_EQ(s->mss, 1460);
		ASSERT_EQ(s->optlen, 4);
		peer_ack(&peer);
		fd = sk_accept(l);
		echo(&peer, fd);
		sk_linger(fd, 1, 0);
		close(fd);
		/* and on a SYN,ACK */
		peer_init(&peer, tun, 5000 + i, 0);
		memcpy(peer.xopt, v[i].o, v[i].len);
		peer.xoptlen = v[i].len;
		fd = peer_dialled(&peer);
		echo(&peer, fd);
		sk_linger(fd, 1, 0);
		close(fd);
	}
}

/* Data on a SYN without TFO is not taken, only the SYN is acknowledged. */
static void syn_data_dropped(void)
{
	int l = listener(4), fd;
	struct seg *s;

	peer_init(&peer, tun, 4000, PORT);
	peer_raw(&peer, F_SYN, peer.iss, 0, "early", 5);
	s = peer_want(&peer, F_SYN | F_ACK);
	ASSERT_EQ(s->ack, peer.iss + 1);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
	peer.snd_nxt = peer.iss + 1;
	peer_str(&peer, "early");
	fd = sk_accept(l);
	recv_str(fd, "early");
}

/* SM-22: a rebooted client tries again by another number, and gets through. */
static void syn_recv_new_syn(void)
{
	int l = listener(4);
	struct seg *s;

	peer_init(&peer, tun, 4000, PORT);
	peer_syn(&peer);
	peer_want(&peer, F_SYN | F_ACK);
	/* in the window: the old attempt ends, with a RST for the new one */
	peer_raw(&peer, F_SYN, peer.iss + 1000, 0, NULL, 0);
	peer_want_rst(&peer);
	UNTIL_STATE(PORT, 4000, "");
	ASSERT_STATE(PORT, 0, "LISTEN");

	peer_init(&peer, tun, 4001, PORT);
	peer_syn(&peer);
	peer_want(&peer, F_SYN | F_ACK);
	/* outside: an ACK of the old number, whose RST from the client ends it */
	peer_raw(&peer, F_SYN, peer.iss - 100000, 0, NULL, 0);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, peer.iss + 1);
	peer_raw(&peer, F_RST, s->ack, 0, NULL, 0);
	UNTIL_STATE(PORT, 4001, "");
	peer_init(&peer, tun, 4001, PORT);
	close(peer_accepted(&peer, l));
}

/* A SYN repeated without end is not answered without end. */
static void syn_repeated(void)
{
	int i, n = 0;

	listener(4);
	peer_init(&peer, tun, 4000, PORT);
	peer_syn(&peer);
	peer_want(&peer, F_SYN | F_ACK);
	for (i = 0; i < 100; i++)
		peer_raw(&peer, F_SYN, peer.iss, 0, NULL, 0);
	while (peer_get(&peer, 50))
		n++;
	ASSERT_GE(n, 1);
	ASSERT_LE(n, 5);
	ASSERT_EQ(table_count("SYN_RECV"), 1);
}

/* MUST-10: SYN,ACK and SYN lost at a simultaneous open. */
static void simultaneous_lost(void)
{
	int fd = (tun = peer_net(), sk_new());
	struct seg *s;

	peer_init(&peer, tun, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_want(&peer, F_SYN);
	peer_put(&peer, F_SYN, NULL, 0);
	s = peer_want(&peer, F_SYN | F_ACK);
	/* that one is lost: it comes again, with the same number */
	s = peer_want(&peer, F_SYN | F_ACK);
	ASSERT_EQ(s->seq, peer.irs);
	ASSERT_EQ(s->ack, peer.iss + 1);
	ASSERT_STATE(0, 4000, "SYN_RECV");
	/* our SYN,ACK for theirs; then theirs again, as it heard no ACK of it */
	peer_raw(&peer, F_SYN | F_ACK, peer.iss, peer.irs + 1, NULL, 0);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
	rest(600);
	peer_drop(&peer);
	peer_raw(&peer, F_SYN | F_ACK, peer.iss, peer.irs + 1, NULL, 0);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, peer.iss + 1);
	ASSERT_EQ(s->seq, peer.irs + 1);
	echo(&peer, fd);
}

/* Closed for sending before the handshake is done: what the peer sends is read. */
static void closed_in_syn_recv(void)
{
	int fd = (tun = peer_net(), sk_new());
	char big[3000], got[3000];

	peer_init(&peer, tun, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_want(&peer, F_SYN);
	peer_put(&peer, F_SYN, NULL, 0);
	peer_want(&peer, F_SYN | F_ACK);
	ASSERT_STATE(0, 4000, "SYN_RECV");
	OK(shutdown(fd, SHUT_WR));
	ASSERT_STATE(0, 4000, "SYN_RECV");
	/* data without the ACK of our SYN, which ends TCP's attempt, then with it */
	if (rt.proto != PROTO_TCP) {
		peer_raw(&peer, F_ACK, peer.snd_nxt, peer.irs, "early", 5);
		ASSERT_EQ(ev_wait(fd, POLLIN, 50) & POLLIN, 0);
	}
	fill(big, sizeof(big), 11);
	peer_drop(&peer);
	peer_put(&peer, F_ACK, big, 1400);
	peer_put(&peer, F_ACK | F_PSH, big + 1400, 1400);
	sk_nonblock(fd, false);
	recv_all(fd, got, 2800);
	ASSERT(!memcmp(big, got, 2800));
	/* the FIN leaves once the SYN is acknowledged */
	while (!(peer_need(&peer)->flags & F_FIN))
		;
	peer_put(&peer, F_ACK | F_FIN, NULL, 0);
	recv_eof(fd);
}

static int losses;

/* Loses the first SYN,ACK either way, then delivers. */
static enum verdict lose_synacks(const struct seg *s, int dir)
{
	static bool lost[2];

	if ((s->flags & (F_SYN | F_ACK)) == (F_SYN | F_ACK) && !lost[dir]) {
		lost[dir] = true;
		losses++;
		return DROP;
	}
	return PASS;
}

/* Both ends open, and both SYN,ACKs are lost. */
static void crossing_lost(void)
{
	struct relay *r = relay_new(1500, lose_synacks);
	int a, b;

	r->delay_s = 0.05;
	ns_enter(r->b);
	b = sk_new();
	OK(sk_bind(b, IP_B, PORT));
	ns_enter(r->a);
	a = sk_new();
	OK(sk_bind(a, IP_A, PORT));
	sk_nonblock(a, true);
	sk_nonblock(b, true);
	ASSERT_ERR(sk_connect(a, IP_B, PORT), EINPROGRESS);
	ASSERT_ERR(sk_connect(b, IP_A, PORT), EINPROGRESS);
	ev_need(a, POLLOUT);
	ev_need(b, POLLOUT);
	ASSERT_EQ(sk_error(a), 0);
	ASSERT_EQ(sk_error(b), 0);
	send_str(a, "from a");
	recv_str(b, "from a");
	send_str(b, "from b");
	recv_str(a, "from b");
	ASSERT_EQ(table_count(NULL), 1);
}

/* An old SYN,ACK, whose timestamp was never ours, opens nothing. */
static void synack_old_echo(void)
{
	int fd = (tun = peer_net(), sk_new());
	uint32_t right;

	peer_init(&peer, tun, 4000, 0);
	peer.ts = true;
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	right = peer_want(&peer, F_SYN)->tsval;
	peer.tsrecent = right - 5000;
	peer_raw(&peer, F_SYN | F_ACK, peer.iss, peer.irs + 1, NULL, 0);
	peer.ts = false;
	peer_want(&peer, F_RST);
	peer.ts = true;
	ASSERT_STATE(0, 4000, "SYN_SENT");
	peer.tsrecent = right;
	peer.use_ts = true;
	peer_put(&peer, F_SYN | F_ACK, NULL, 0);
	peer_want(&peer, F_ACK);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
}

/* IW-2M, RTO-12M: what lost SYNs, or SYN,ACKs, leave behind. */
static void lost_handshake(bool passive, int lost, int segs)
{
	static char buf[14600];
	int l = listener(4), fd, i, n = 0;
	struct seg *s;
	double t0;

	peer_init(&peer, tun, 4000 + lost, passive ? PORT : 0);
	peer.win = 65535;
	if (passive) {
		peer_syn(&peer);
		for (i = 0; i <= lost; i++)
			peer_want(&peer, F_SYN | F_ACK);
		peer_ack(&peer);
		fd = sk_accept(l);
	} else {
		fd = sk_new();
		sk_nonblock(fd, true);
		ASSERT_ERR(sk_connect(fd, TUN_P, 4000 + lost), EINPROGRESS);
		for (i = 0; i < lost; i++)
			peer_want(&peer, F_SYN);
		peer_answer(&peer);
		ev_need(fd, POLLOUT);
		sk_nonblock(fd, false);
	}
	send_all(fd, buf, sizeof(buf));
	t0 = peer_need(&peer)->t;
	n = 1;
	while ((s = peer_get(&peer, 100)))
		n++;
	ASSERT_EQ(n, segs);
	/* no round trip was measured if a SYN went twice: 3 s */
	s = peer_get(&peer, 8000);
	ASSERT(s);
	ASSERT_TIME("data again", s->t - t0, lost ? 3 : s->t - t0);
	if (!lost)
		ASSERT_LE(s->t - t0, 1);
	sk_linger(fd, 1, 0);
	close(fd);
	close(l);
}

static void lost_none(void)
{
	lost_handshake(true, 0, 10);
	lost_handshake(false, 0, 10);
}

static void lost_one(void)
{
	lost_handshake(true, 1, 10);
	lost_handshake(false, 1, 10);
}

static void lost_two(void)
{
	lost_handshake(true, 2, 1);
	lost_handshake(false, 2, 1);
}

/* The interval of SYN,ACKs doubles up to 120 s and no further. */
static void synack_backoff_ends(void)
{
	struct seg *s;
	double last;
	int i;

	listener(4);
	sysctl_set("synack_retries", "255");
	peer_init(&peer, tun, 4000, PORT);
	peer_syn(&peer);
	last = peer_want(&peer, F_SYN | F_ACK)->t;
	for (i = 0; i < 40; i++) {
		s = peer_get(&peer, 150000);
		ASSERT(s && s->flags == (F_SYN | F_ACK));
		ASSERT_TIME("SYN,ACK again", s->t - last, i < 7 ? 1 << i : 120);
		last = s->t;
	}
	ASSERT_STATE(PORT, 4000, "SYN_RECV");
}

/* What a program filters on a listener concerns SYNs as well. */
static void listener_min_ttl(void)
{
	int l = listener(4);

	sk_set(l, IPPROTO_IP, 21 /* IP_MINTTL */, 255);
	peer_init(&peer, tun, 4000, PORT);
	peer_syn(&peer);
	peer_none(&peer, 50);
	ASSERT_EQ(table_count("SYN_RECV"), 0);
	sk_set(l, IPPROTO_IP, 21, 0);
	peer_init(&peer, tun, 4000, PORT);
	close(peer_accepted(&peer, l));
}

static const struct rt_test tests[] = {
	{ "cookie_plain", "C11 SYNC-2I SYNC-3I", cookie_plain, 0, 0 },
	{ "cookie_options", "C11 SYNC-3I", cookie_options, 0, 0 },
	{ "cookie_ecn", "C11 SYNC-3I", cookie_ecn, 0, 0 },
	{ "cookie_altered", "C11 SYNC-2I", cookie_altered, 0, 0 },
	{ "cookie_stale", "C11 SYNC-2I", cookie_stale, T_LONG, 200 },
	{ "cookie_under_pressure_only", "C11 SYNC-3I", cookie_under_pressure_only, 0, 0 },
	{ "cookie_accept_full", "C11 LS-5", cookie_accept_full, 0, 0 },
	{ "flood_cookies", "C11 SYNC-1I SYNC-3I", flood_cookies, 0, 120 },
	{ "flood_cookies_always", "C11 SYNC-1I", flood_cookies_always, T_FULL, 120 },
	{ "flood_no_cookies", "C11 SYNC-1I", flood_no_cookies, 0, 120 },
	{ "syn_invalid", "MUST-57 MUST-63", syn_invalid, 0, 0 },
	{ "connect_invalid", "MUST-46", connect_invalid, 0, 0 },
	{ "syn_strange_options", "UTO-2M TFO-2M MUST-6", syn_strange_options, 0, 0 },
	{ "syn_data_dropped", "SM-9", syn_data_dropped, 0, 0 },
	{ "syn_recv_new_syn", "SM-22", syn_recv_new_syn, 0, 0 },
	{ "syn_repeated", "C11 BLIND-6S", syn_repeated, 0, 0 },
	{ "simultaneous_lost", "C10 MUST-10", simultaneous_lost, 0, 0 },
	{ "closed_in_syn_recv", "SM-24 SM-29 C20", closed_in_syn_recv, 0, 0 },
	{ "crossing_lost", "C10 MUST-10", crossing_lost, 0, 0 },
	{ "synack_old_echo", "PAWS-1M BLIND-7S", synack_old_echo, 0, 0 },
	{ "lost_none", "IW-2M", lost_none, T_FULL, 0 },
	{ "lost_one", "IW-2M RTO-12M", lost_one, T_FULL, 0 },
	{ "lost_two", "IW-2M RTO-12M", lost_two, T_FULL, 0 },
	{ "synack_backoff_ends", "C11", synack_backoff_ends, T_LONG, 6000 },
	{ "listener_min_ttl", "C11", listener_min_ttl, 0, 0 },
};

RT_MAIN(tests)
