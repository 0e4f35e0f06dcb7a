// SPDX-License-Identifier: GPL-2.0
/*
 * Opening, as attackers and unlucky peers do it: floods and SYN cookies, SYNs
 * that meet an older connection, crossing SYNs, ports and numbers by statistics.
 */
#include "wire.h"

#define PORT	8080

static struct peer peer;
static struct tun *tun;

/* A listener, and a SYN queue that `queue` spoofed SYNs have filled. */
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
		ASSERT_LE(ti.tcpi_snd_mss, (peer.mss - 12));
		ASSERT_GE(ti.tcpi_snd_mss, (peer.mss - 32));
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
static void syn_invalid(void)
{
	static const uint32_t from[] = {
		IP(224, 0, 0, 1), IP(255, 255, 255, 255), IP(0, 0, 0, 0), IP(240, 0, 0, 1),
		IP(10, 9, 0, 255), IP(127, 0, 0, 1),
	};
	static const uint32_t to[] = { IP(224, 0, 0, 1), IP(255, 255, 255, 255), IP(10, 9, 0, 255) };
	size_t i;

	listener(4);
	for (i = 0; i < ARRAY_SIZE(from); i++) {
		if (rt.proto == PROTO_TCP && from[i] == IP(10, 9, 0, 255))
			continue;	/* answers into the broadcast */
		peer_init(&peer, tun, 4000 + i, PORT);
		peer.addr = from[i];
		peer_raw(&peer, F_SYN, 1000, 0, NULL, 0);
	}
	for (i = 0; i < ARRAY_SIZE(to); i++) {
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
	{ "crossing_lost", "C10 MUST-10", crossing_lost, 0, 0 },
	{ "half_open_syn", "SM-17 BLIND-4M", half_open_syn, 0, 0 },
	{ "half_open_data", "SM-17", half_open_data, 0, 0 },
	{ "close_wait_syn", "C31", close_wait_syn, 0, 0 },
	{ "close_wait_connect", "C31 SM-17", close_wait_connect, 0, 0 },
	{ "time_wait_table", "C22 TW-2S SHLD-4 MAY-2", time_wait_table, 0, 0 },
	{ "time_wait_no_listener", "C22", time_wait_no_listener, 0, 0 },
	{ "time_wait_rst_exact", "C22 TW-1I", time_wait_rst_exact, 0, 0 },
	{ "tw_reuse_connect", "SHLD-4", tw_reuse_connect, T_FULL, 0 },
	{ "tw_reuse_ephemeral", "SHLD-4 PORT-2I", tw_reuse_ephemeral, T_FULL, 0 },
	{ "synack_old_echo", "PAWS-1M BLIND-7S", synack_old_echo, 0, 0 },
	{ "lost_none", "IW-2M", lost_none, T_FULL, 0 },
	{ "lost_one", "IW-2M RTO-12M", lost_one, T_FULL, 0 },
	{ "lost_two", "IW-2M RTO-12M", lost_two, T_FULL, 0 },
	{ "port_statistics", "PORT-1S PORT-2I PORT-3I", port_statistics, 0, 0 },
	{ "port_services", "PORT-1S", port_services, 0, 0 },
	{ "offsets_differ", "TS-9S", offsets_differ, 0, 0 },
	{ "isn_statistics", "ISN-1S MUST-9", isn_statistics, 0, 0 },
	{ "synack_backoff_ends", "C11", synack_backoff_ends, T_LONG, 6000 },
	{ "listener_min_ttl", "C11", listener_min_ttl, 0, 0 },
};

RT_MAIN(tests)
