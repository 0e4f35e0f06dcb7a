// SPDX-License-Identifier: GPL-2.0
/*
 * What happens in time: retransmission and its backoff, giving up, attempts
 * to connect into silence.  The long ones take minutes and run where time
 * travels; the others prove the same with small limits.
 */
#include "wire.h"

#define PORT	8080

static struct peer p;
static int fd;

static void begin(bool ts)
{
	peer_init(&p, peer_net(), 4000, PORT);
	p.ts = ts;
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
}

/* The next copy of what is at seq, probes of the tail left out. */
static struct seg *want_copy(uint32_t seq, int ms)
{
	struct seg *s = peer_get(&p, ms);

	if (!s)
		FAIL("nothing is sent again within %d ms", ms);
	if (s->seq != seq || !s->len)
		FAIL("want bytes from %u again, got %s seq %u len %d", seq, flags_str(s->flags),
		     s->seq, s->len);
	p.rcv_nxt = seq;
	return s;
}

/* The first timeouts: an RTO of 200 ms that doubles each time. */
static void rto_doubles(void)
{
	double t[6];
	long re, to;
	struct tcp_info ti;
	int i;

	begin(true);
	re = counter("RetransSegs");
	to = counter("Timeouts");
	send_str(fd, "lost");
	for (i = 0; i < 6; i++)
		t[i] = want_copy(p.irs + 1, WAIT_MS * 2)->t;
	/* A probe of the tail (TLP) may come before the first timeout. */
	for (i = 3; i < 6; i++)
		ASSERT_BACKOFF(t[i] - t[i - 1], t[2] - t[1], i - 2);
	ASSERT_GE((t[2] - t[1]) * 1000, 190);
	ASSERT_LE((t[2] - t[1]) * 1000, patience(450));
	ASSERT_GE(counter("RetransSegs") - re, 5);
	ASSERT_GE(counter("Timeouts") - to, 4);
	sk_info(fd, &ti);
	ASSERT_GE(ti.tcpi_retransmits, 3);
	/* An ACK ends it. */
	p.rcv_nxt = p.irs + 5;
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	peer_none(&p, 50);
	/* With timestamps this was a sample: the next RTO is small again. */
	send_str(fd, "more");
	t[0] = want_copy(p.irs + 5, WAIT_MS)->t;
	t[1] = want_copy(p.irs + 5, WAIT_MS * 2)->t;
	ASSERT_LE(t[1] - t[0], 6.4 * 0.9 + patience(0));
}

/* Karn: without timestamps what was sent twice gives no sample. */
static void karn(void)
{
	double t[4];

	begin(false);
	send_str(fd, "lost");
	want_copy(p.irs + 1, WAIT_MS);
	want_copy(p.irs + 1, WAIT_MS);
	want_copy(p.irs + 1, WAIT_MS);
	want_copy(p.irs + 1, WAIT_MS * 2);
	/* Ambiguous: could be the ACK of any of them, and may not shorten the RTO. */
	rest(300);
	p.rcv_nxt = p.irs + 5;
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	send_str(fd, "next");
	t[0] = want_copy(p.irs + 5, WAIT_MS)->t;
	t[1] = want_copy(p.irs + 5, WAIT_MS * 2)->t;
	ASSERT_GE((t[1] - t[0]) * 1000, 190);
	/* The RTT in use is that of the handshake, far below the 300 ms and more. */
	{
		struct tcp_info ti;

		sk_info(fd, &ti);
		ASSERT_LT(ti.tcpi_rtt, 250000);
	}
}

/* A byte that is acknowledged after ms. Returns the least that it took, us. */
static long round_trip(int ms)
{
	struct seg *s;
	double took;

	send_str(fd, "x");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 1);
	if (ms)
		rest(ms);
	/* a probe of the tail, if it was long */
	while (peer_get(&p, 0))
		;
	took = now() - s->t;
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	return took * 1e6;
}

/* The first sample, those that follow, and the least that comes of them. */
static void samples(void)
{
	struct tun *t = peer_net();
	struct tcp_info ti;
	double t0, least, most;
	struct seg *s;
	long re, us;
	int i;

	peer_init(&p, t, 4000, 0);
	fd = sk_new();
	sk_nonblock(fd, true);
	t0 = now();
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	rest(300);
	p.snd_nxt = p.iss;
	least = now() - s->t;
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	most = now() - t0;
	sk_info(fd, &ti);
	t_note("rtt %u, rttvar %u, rto %u us", ti.tcpi_rtt, ti.tcpi_rttvar, ti.tcpi_rto);
	ASSERT_GE(ti.tcpi_rtt + 10, least * 1e6);
	ASSERT_LE(ti.tcpi_rtt, most * 1e6 + 10);
	ASSERT_GE(ti.tcpi_rttvar, ti.tcpi_rtt / 2 - 10);
	ASSERT_LE(ti.tcpi_rttvar, ti.tcpi_rtt / 2 + 10);
	ASSERT_GE(ti.tcpi_rto + 12000, ti.tcpi_rtt * 3);
	ASSERT_LE(ti.tcpi_rto, ti.tcpi_rtt * 3 + 22000);
	/* One a round trip, however short: the estimate follows, the RTO has a floor. */
	for (i = 0; i < 60; i++)
		round_trip(0);
	sk_info(fd, &ti);
	t_note("rtt %u, rttvar %u, rto %u us", ti.tcpi_rtt, ti.tcpi_rttvar, ti.tcpi_rto);
	ASSERT_LE(ti.tcpi_rtt, 30000);
	ASSERT_GE(ti.tcpi_rto, 200000);
	ASSERT_LE(ti.tcpi_rto, 400000);
	/* A longer one moves it by an eighth. */
	i = ti.tcpi_rtt;
	re = counter("RetransSegs");
	us = round_trip(160);
	if (counter("RetransSegs") == re) {	/* a probe would make it ambiguous */
		sk_info(fd, &ti);
		ASSERT_GE(ti.tcpi_rtt + 10, i * 7 / 8 + us / 8);
		ASSERT_LE(ti.tcpi_rtt, i + us / 4);
		ASSERT_GT(ti.tcpi_rto, 200000);
	}
	/* All is acknowledged: the timer is off. */
	re = counter("RetransSegs");
	peer_none(&p, 2 * ti.tcpi_rto / 1000);
	ASSERT_EQ(counter("RetransSegs"), re);
}

/* Nothing is sent again before an RTO has passed, an ACK restarts the timer. */
static void rto_restarts(void)
{
	struct seg *s;
	long re;
	int i;

	begin(true);
	re = counter("RetransSegs");
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	for (i = 0; i < 10; i++) {
		send_str(fd, "xy");
		ASSERT_EQ(peer_want(&p, F_ACK)->len, 2);
	}
	/* One ACK each 60 ms: the timer never runs out, a probe of the tail may. */
	for (i = 1; i <= 8; i++) {
		while ((s = peer_get(&p, 60)))
			ASSERT_EQ(s->seq, p.irs + 19);
		p.tsval += 60;
		peer_raw(&p, F_ACK, p.snd_nxt, p.irs + 1 + 2 * i, NULL, 0);
	}
	/* Then it does, for what is left. */
	s = peer_need(&p);
	ASSERT_GT(s->len, 0);
	ASSERT(!seq_before(s->seq, p.irs + 17));
	ASSERT_GE(counter("RetransSegs") - re, 1);
}

static void syn_times(int synretries, double want_end)
{
	struct tun *t = peer_net();
	double t0, t1, end;
	struct seg *s;
	int n = 0;

	fd = sk_new();
	if (synretries)
		sk_set(fd, SOL_TCP, TCP_SYNCNT, synretries);
	peer_init(&p, t, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	t0 = s->t;
	t1 = t0;
	while (!ev_now(fd, POLLOUT)) {
		s = peer_get(&p, 20);
		if (!s)
			continue;
		ASSERT_EQ(s->flags, F_SYN);
		ASSERT_EQ(s->seq, p.irs);
		if (!n++)
			ASSERT_TIME("first SYN again", s->t - t0, 1);
		ASSERT_GE((s->t - t1) * 1000, 950);
		t1 = s->t;
	}
	ASSERT_GE(n, synretries ?: 6);
	/* 2^(n+1) - 1, or the first timeout after that, if the first resends were linear. */
	end = now() - t0;
	t_note("SYN_SENT ended after %.3f s and %d resends", end, n);
	ASSERT_GE(end * 1000, want_end * 990);
	ASSERT_LE(end * 1000, want_end * 1450 + 100);
	ASSERT_EQ(sk_error(fd), ETIMEDOUT);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT) & POLLHUP, POLLHUP);
	ASSERT_STATE(0, 4000, "");
}

static void syncnt_1(void)
{
	syn_times(1, 3);
	ASSERT_EQ(counter("AttemptFails"), 1);
}

static void syncnt_3(void)
{
	syn_times(3, 15);
}

static void syn_retries_default(void)
{
	syn_times(0, 127);
}

static void syn_retries_sysctl(void)
{
	struct tun *t = peer_net();
	double t0 = now();

	ASSERT(t);
	sysctl_set("syn_retries", "1");
	fd = sk_new();
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), ETIMEDOUT);
	ASSERT_TIME("blocking connect into silence", now() - t0, 3);
}

/* The SYN was lost: without a sample the data starts with an RTO of 3 s. */
static void rto_after_syn(void)
{
	struct tun *t = peer_net();
	double t0;

	fd = sk_new();
	peer_init(&p, t, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_want(&p, F_SYN);
	peer_want(&p, F_SYN);
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	ev_need(fd, POLLOUT);
	send_str(fd, "data");
	t0 = want_copy(p.irs + 1, WAIT_MS)->t;
	ASSERT_TIME("first RTO after a lost SYN", want_copy(p.irs + 1, WAIT_MS * 2)->t - t0, 3);
}

/* Backoff to the end: 15 timeouts as the default says. */
static void retries2_default(void)
{
	double last, gap, base = 0;
	struct seg *s;
	int n = 0;

	begin(true);
	send_str(fd, "into the void");
	last = want_copy(p.irs + 1, WAIT_MS)->t;
	while ((s = peer_get(&p, 130000))) {
		ASSERT_EQ(s->seq, p.irs + 1);
		p.rcv_nxt = p.irs + 1;
		gap = s->t - last;
		last = s->t;
		/* The first may be a probe of the tail; from the next on it doubles. */
		if (n == 1)
			base = gap;
		else if (n > 1)
			ASSERT_BACKOFF(gap, base, n - 1 < 20 ? n - 1 : 20);
		n++;
	}
	ASSERT_GE(n, 15);
	UNTIL_MS(ev_now(fd, POLLIN) & POLLERR, 130000);
	ASSERT_EQ(recv_err(fd), ETIMEDOUT);
	ASSERT_EQ(recv_err(fd), 0);
	ASSERT_STATE(PORT, 4000, "");
}

/* Two stacks, and the wire cut on the far side: the time to ETIMEDOUT. */
static enum verdict cut(const struct seg *s, int dir)
{
	(void)s;
	(void)dir;
	return DROP;
}

static void vanish(const char *retries2, double want)
{
	struct relay *r = relay_new(1500, NULL);
	struct pair q = pair_relay(r);
	int port = sk_port(q.c), i;
	double t0, took;

	if (retries2)
		sysctl_set("retries2", retries2);
	/* Some traffic first, so that the RTO is that of this path. */
	for (i = 0; i < 20; i++) {
		send_str(q.c, "ping");
		recv_str(q.s, "ping");
		send_str(q.s, "pong");
		recv_str(q.c, "pong");
	}
	UNTIL(!sk_outq(q.c) && !sk_outq(q.s));
	r->fn = cut;
	t0 = now();
	send_str(q.c, "anybody there?");
	UNTIL_MS(ev_wait(q.c, POLLIN, 1000000), 2000000);
	took = now() - t0;
	t_note("ETIMEDOUT after %.3f s", took);
	if (rt.proto == PROTO_TCP) {
		/* It counts from the first resend, and ends with the timeout after that. */
		ASSERT_GE(took, want * 0.98);
		ASSERT_LE(took, want + 1 + 1.15 * (want < 120 ? want : 120));
	} else if (time_travels()) {
		/*
		 * The first RTO is 200 ms and a tick or two, all else follows;
		 * a tail loss probe may have gone before it.
		 */
		ASSERT_GE(took * 1000, want * 990);
		ASSERT_LE(took * 1000, want * 1010 + 100 + 220);
	} else {
		ASSERT_GE(took * 1000, want * 980);
		ASSERT_LE(took, want * 1.3 + 1);
	}
	ASSERT_EQ(recv_err(q.c), ETIMEDOUT);
	ASSERT_EQ(recv_err(q.c), 0);
	ASSERT_ERR(send(q.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	ASSERT_STATE(port, 0, "");
	ASSERT_GE(counter("Timeouts"), retries2 ? 3 : 15);
	/* The far side knows nothing of it. */
	ns_enter(r->b);
	ASSERT_STATE(0, port, "ESTABLISHED");
}

/* The boundary that Linux computes: rto_min doubled retries2 times. */
static void vanish_15(void)
{
	vanish(NULL, 924.6);
}

static void vanish_3(void)
{
	vanish("3", 3.0);		/* 200 ms * (2^4 - 1) */
}

/* netfilter on the far side does the same as a cut wire. */
static void vanish_nft(void)
{
	struct net2 n = net2_new(0, 1500);
	struct pair q = pair_net2(&n);
	double t0;

	need_nft();
	sysctl_set("retries2", "3");
	send_str(q.c, "ping");
	recv_str(q.s, "ping");
	UNTIL(!sk_outq(q.c));
	ns_enter(n.b);
	ASSERT_EQ(sh("nft 'add table inet t; %s; add rule inet t c meta l4proto %d drop'",
		     "add chain inet t c { type filter hook prerouting priority -300; }",
		     proto_num()), 0);
	ns_enter(n.a);
	t0 = now();
	send_str(q.c, "anybody there?");
	UNTIL_MS(ev_wait(q.c, POLLIN, 60000), 60000);
	ASSERT_GE(now() - t0, 2.9);
	ASSERT_EQ(recv_err(q.c), ETIMEDOUT);
}

/* A soft ICMP error is what the giving up reports. */
static void vanish_icmp(void)
{
	begin(true);
	sysctl_set("retries2", "3");
	send_str(fd, "data");
	want_copy(p.irs + 1, WAIT_MS);
	peer_icmp(&p, 3, 1, 0, IP(10, 9, 0, 77), p.irs + 1);
	ASSERT_EQ(ev_now(fd, POLLIN), 0);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	UNTIL_MS(ev_now(fd, POLLIN), 60000);
	ASSERT_EQ(recv_err(fd), EHOSTUNREACH);
}

static void user_timeout(void)
{
	double t0;
	int v = -1;

	begin(true);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_USER_TIMEOUT, &v, sizeof(v)), EINVAL);
	sk_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 2000);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_USER_TIMEOUT), 2000);
	send_str(fd, "data");
	t0 = now();
	UNTIL_MS(ev_wait(fd, POLLIN, 60000), 60000);
	t_note("user timeout after %.3f s", now() - t0);
	ASSERT_GE(now() - t0, 1.9);
	ASSERT_LE(now() - t0, 2.6 + patience(100) / 1000.0);
	ASSERT_EQ(recv_err(fd), ETIMEDOUT);
	UNTIL_STATE(PORT, 4000, "");
}

/* It bounds an attempt to connect, and a child has its listener's. */
static void user_timeout_syn(void)
{
	struct tun *t = peer_net();
	double t0 = now();
	int l;

	fd = sk_new();
	sk_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 2000);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4001), ETIMEDOUT);
	ASSERT_GE(now() - t0, 1.9);
	ASSERT_LE(now() - t0, 3.2 + patience(100) / 1000.0);
	peer_init(&p, t, 4000, PORT);
	l = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(l, SOL_TCP, TCP_USER_TIMEOUT, 1234);
	fd = peer_accepted(&p, l);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_USER_TIMEOUT), 1234);
}

/*
 * It bounds how long data waits behind a shut window as well, whether the peer
 * answers or not.
 */
static void user_timeout_window(void)
{
	double t0;

	begin(false);
	sk_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 2000);
	peer_str(&p, "x");
	p.win = 0;
	peer_str(&p, "x");
	recv_str(fd, "xx");
	UNTIL(peer_need(&p)->ack == p.snd_nxt);
	send_str(fd, "waiting");
	t0 = now();
	while (!(ev_now(fd, POLLIN) & POLLERR)) {
		if (peer_get(&p, 20) && now() - t0 < 4)
			peer_ack(&p);
		ASSERT_LT(now() - t0, 10);
	}
	t_note("user timeout after %.3f s", now() - t0);
	ASSERT_GE(now() - t0, 1.9);
	ASSERT_LE(now() - t0, 3.6 + patience(100) / 1000.0);
	ASSERT_EQ(recv_err(fd), ETIMEDOUT);
}

/* RFC 5482's option says one second; we do not speak it, and live longer. */
static void uto_ignored(void)
{
	static const uint8_t uto[] = { 28, 4, 0, 1 };
	double t0;

	begin(true);
	memcpy(p.xopt, uto, sizeof(uto));
	p.xoptlen = sizeof(uto);
	peer_str(&p, "hello");
	recv_str(fd, "hello");
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_USER_TIMEOUT), 0);
	peer_drop(&p);
	send_str(fd, "data");
	t0 = now();
	ASSERT_EQ(ev_wait(fd, POLLIN, 2500), 0);
	peer_drop(&p);
	p.rcv_nxt = p.irs + 5;
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	/* What the program set is not changed either. */
	sk_set(fd, SOL_TCP, TCP_USER_TIMEOUT, 3000);
	peer_str(&p, "again");
	recv_str(fd, "again");
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_USER_TIMEOUT), 3000);
	peer_drop(&p);
	send_str(fd, "data");
	t0 = now();
	UNTIL_MS(ev_wait(fd, POLLIN, 60000), 60000);
	ASSERT_GE(now() - t0, 2.9);
	ASSERT_EQ(recv_err(fd), ETIMEDOUT);
}

/* An answer from the peer is the end of a soft error. */
static void soft_error_forgotten(void)
{
	begin(true);
	sysctl_set("retries2", "3");
	send_str(fd, "data");
	want_copy(p.irs + 1, WAIT_MS);
	peer_icmp(&p, 3, 1, 0, IP(10, 9, 0, 77), p.irs + 1);
	p.rcv_nxt = p.irs + 5;
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	peer_drop(&p);
	send_str(fd, "more");
	want_copy(p.irs + 5, WAIT_MS);
	/* What is about nothing in flight is no error of ours. */
	peer_icmp(&p, 3, 1, 0, IP(10, 9, 0, 77), p.irs + 1000);
	peer_icmp(&p, 3, 1, 0, IP(10, 9, 0, 77), p.irs - 1000);
	UNTIL_MS(ev_now(fd, POLLIN), 60000);
	ASSERT_EQ(recv_err(fd), ETIMEDOUT);
}

/* While it resends, the way changes: it goes the new way. */
static void route_changes(void)
{
	const uint32_t a = IP(10, 2, 0, 1), b = IP(10, 2, 0, 2);
	struct net2 n = net2_new(0, 1500);
	struct pair q;
	long re;

	need_netem();
	veth_new(n.a, "ea2", n.b, "eb2", 0, 1500);
	ns_enter(n.b);
	if_addr("eb2", IP(10, 1, 0, 2), 24);
	if_up("eb2", true);
	if_addr("lo", b, 32);
	ASSERT_EQ(sh("ip route add %s via %s src %s", ip_text(a), ip_text(IP_A), ip_text(b)), 0);
	q.l = sk_listen(b, PORT, 4);
	ns_enter(n.a);
	if_addr("ea2", IP(10, 1, 0, 1), 24);
	if_up("ea2", true);
	if_ready("ea2", IP(10, 1, 0, 1));
	if_addr("lo", a, 32);
	ASSERT_EQ(sh("ip route add %s via %s src %s", ip_text(b), ip_text(IP_B), ip_text(a)), 0);
	q.c = sk_dial(b, PORT);
	q.s = sk_accept(q.l);
	send_str(q.c, "ping");
	recv_str(q.s, "ping");
	UNTIL(!sk_outq(q.c));
	ASSERT_EQ(sh("tc qdisc add dev ea root netem loss 100%%"), 0);
	re = counter("RetransSegs");
	send_str(q.c, "lost");
	UNTIL_MS(counter("RetransSegs") - re >= 4, 60000);
	ASSERT_EQ(ev_now(q.s, POLLIN), 0);
	ASSERT_EQ(sh("ip route replace %s via %s src %s", ip_text(b), ip_text(IP(10, 1, 0, 2)),
		     ip_text(a)), 0);
	recv_str(q.s, "lost");
	send_str(q.s, "back");
	recv_str(q.c, "back");
	ASSERT_STATE(sk_port(q.c), PORT, "ESTABLISHED");
}

/* The orphan of a vanished peer goes away as well. */
static void orphan_gives_up(void)
{
	begin(true);
	sysctl_set("retries2", "3");
	send_str(fd, "data");
	close(fd);
	ASSERT_STATE(PORT, 4000, "FIN_WAIT_1");
	UNTIL_MS(!*table_state(PORT, 4000), 120000);
}

/* A LAST_ACK that nobody answers ends too. */
static void last_ack_gives_up(void)
{
	begin(true);
	sysctl_set("retries2", "3");
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	recv_eof(fd);
	close(fd);
	UNTIL_STATE(PORT, 4000, "LAST_ACK");
	UNTIL_MS(!*table_state(PORT, 4000), 120000);
}

static void keepalive_off(void)
{
	begin(false);
	ASSERT_EQ(sk_get(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	ASSERT_GE(sk_get(fd, SOL_TCP, TCP_KEEPIDLE), 7200);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_KEEPINTVL), 75);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_KEEPCNT), 9);
}

static void keepalive_dead(void)
{
	double t0;
	struct seg *s;
	int i;

	begin(false);
	sk_set(fd, SOL_TCP, TCP_KEEPIDLE, 2);
	sk_set(fd, SOL_TCP, TCP_KEEPINTVL, 1);
	sk_set(fd, SOL_TCP, TCP_KEEPCNT, 3);
	t0 = now();
	sk_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	/* One answered, then none. */
	s = peer_want(&p, F_ACK);
	ASSERT_TIME("first probe", s->t - t0, 2);
	ASSERT_EQ(s->seq, p.irs);
	ASSERT_EQ(s->len, 0);
	t0 = now();
	peer_ack(&p);
	for (i = 0; i < 3; i++) {
		s = peer_want(&p, F_ACK);
		ASSERT_TIME("probe", s->t - t0, i ? 1 : 2);
		t0 = s->t;
	}
	s = peer_want_rst(&p);
	ASSERT_TIME("the end", s->t - t0, 1);
	ASSERT_EQ(recv_err(fd), ETIMEDOUT);
	ASSERT_STATE(PORT, 4000, "");
}

static const struct rt_test tests[] = {
	{ "rto_doubles", "C41 MUST-18 MUST-19 RTO-9M RTO-11M", rto_doubles, T_FULL, 60 },
	{ "karn", "C41 MUST-18 RTO-6M", karn, T_FULL, 60 },
	{ "samples", "RTO-2M RTO-3M RTO-4S RTO-7M RTO-8M RTO-10S", samples, 0, 0 },
	{ "rto_restarts", "C41 RTO-9M RTO-10S", rto_restarts, 0, 0 },
	{ "syncnt_1", "C13 RTO-1S TO-7 MUST-22", syncnt_1, 0, 0 },
	{ "syncnt_3", "C13 RTO-1S TO-7 MUST-22", syncnt_3, T_LONG, 60 },
	{ "syn_retries_default", "C13 MUST-22 MUST-23", syn_retries_default, T_LONG, 300 },
	{ "syn_retries_sysctl", "C13 C91", syn_retries_sysctl, T_FULL, 0 },
	{ "rto_after_syn", "RTO-12M C41", rto_after_syn, T_FULL, 0 },
	{ "retries2_default", "C41 C43 MUST-20 RTO-5O RTO-11M SHLD-11", retries2_default, T_LONG,
	  2000 },
	{ "vanish_15", "C43 MUST-20 SHLD-11 ER-7", vanish_15, T_LONG, 2000 },
	{ "vanish_3", "C43 MUST-20 ER-7", vanish_3, 0, 0 },
	{ "vanish_nft", "C43 ER-7", vanish_nft, T_FULL, 0 },
	{ "vanish_icmp", "C44 ER-7 ER-10", vanish_icmp, T_FULL, 0 },
	{ "user_timeout", "C43 MUST-21 TO-5", user_timeout, T_FULL, 0 },
	{ "user_timeout_syn", "TO-5 MUST-21", user_timeout_syn, T_FULL, 0 },
	{ "user_timeout_window", "C43 TO-5", user_timeout_window, T_FULL, 0 },
	{ "uto_ignored", "UTO-2M UTO-3M", uto_ignored, T_FULL, 0 },
	{ "soft_error_forgotten", "C44 ER-7 ICMP-1I", soft_error_forgotten, T_FULL, 0 },
	{ "route_changes", "C43 MUST-20", route_changes, T_FULL, 90 },
	{ "orphan_gives_up", "C43 SM-26", orphan_gives_up, T_LONG, 300 },
	{ "last_ack_gives_up", "C43 SM-26", last_ack_gives_up, T_LONG, 300 },
	{ "keepalive_off", "C28 MUST-25 MUST-28", keepalive_off, 0, 0 },
	{ "keepalive_dead", "C74 MUST-24 MUST-27 MUST-29 SHLD-12 KA-2I", keepalive_dead, T_FULL,
	  0 },
};

RT_MAIN(tests)
