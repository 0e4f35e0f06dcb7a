// SPDX-License-Identifier: GPL-2.0
/* What may be outstanding: the windows of the sender and of the peer, from the first segment on. */
#include "wire.h"

#define PORT	8080
#define MSS	1460

static struct peer p;
static struct tun *tun;
static int fd;
static uint32_t una, top;	/* acknowledged, sent */
static uint16_t offer = 60000;	/* our window, before scaling */

static char big[3000000];

static void reno(int s)
{
	OK(setsockopt(s, SOL_TCP, TCP_CONGESTION, "reno", 4));
}

/* The stack dials; drop is how many of its SYNs get lost. */
static void dialled(int drop)
{
	if (!tun)
		tun = peer_net();
	peer_init(&p, tun, 4000, 0);
	p.ws = 7;
	fd = sk_new();
	reno(fd);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	for (; drop; drop--)
		peer_want(&p, F_SYN);
	peer_answer(&p);
	ev_need(fd, POLLOUT);
	p.win = offer;
	peer_ack(&p);
	sk_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20);
	una = p.irs + 1;
	top = una;
}

/* The peer dials; drop is how many SYN-ACKs get lost. */
static void accepted(int drop)
{
	int lfd;

	tun = peer_net();
	lfd = sk_listen(INADDR_ANY, PORT, 4);
	reno(lfd);
	peer_init(&p, tun, 4000, PORT);
	p.ws = 7;
	peer_syn(&p);
	for (; drop; drop--)
		peer_want(&p, F_SYN | F_ACK);
	peer_want(&p, F_SYN | F_ACK);
	p.win = offer;
	peer_ack(&p);
	fd = sk_accept(lfd);
	sk_nonblock(fd, true);
	sk_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20);
	una = p.irs + 1;
	top = una;
}

static void ack(uint32_t n)
{
	una = n;
	peer_raw(&p, F_ACK, p.snd_nxt, n, NULL, 0);
}

static int cwnd(void)
{
	struct tcp_info ti;

	sk_info(fd, &ti);
	return ti.tcpi_snd_cwnd;
}

/* New segments until it is quiet for ms. */
static int flight(int ms)
{
	struct seg *s;
	int n = 0;

	while ((s = peer_get(&p, ms))) {
		if (!seq_before(top, s->seq + s->len))
			continue;
		top = s->seq + s->len;
		n++;
	}
	return n;
}

/* No byte beyond una + min(cwnd, rwnd), whatever is acknowledged and offered. */
static void bounds(void)
{
	uint64_t rs = rt.seed + 11;
	uint32_t edge, wnd, n;
	int i, most = 0;
	long re;

	offer = 300;
	dialled(0);
	re = counter("RetransSegs");
	edge = una + (offer << 7);
	OK(send(fd, big, sizeof(big), 0));
	for (i = 0; i < 300; i++) {
		int segs = flight(4), c = cwnd();

		/* where a guest stands still for long, its timers run out */
		if (counter("RetransSegs") != re) {
			if (i < 50)
				t_skip("a timeout, as this machine is too slow");
			break;
		}
		/* cwnd grows only, as nothing is lost: it was no larger as they left */
		ASSERT_LE(top - una, (uint32_t)(c + 1) * MSS);
		if (seq_before(edge, top))
			FAIL("%u bytes beyond the window", top - edge);
		if (segs > most)
			most = segs;
		if (top == una)
			continue;
		n = rnd(&rs) % (top - una) + 1;
		if (rnd(&rs) % 4)	/* whole segments, mostly */
			n = (n + MSS - 1) / MSS * MSS;
		if (n > top - una)
			n = top - una;
		/* The right edge goes right only. */
		wnd = edge - (una + n);
		if (wnd < 40 * MSS && rnd(&rs) % 3)
			wnd += rnd(&rs) % 30 * MSS;
		p.win = (wnd + 127) >> 7;
		edge = una + n + (p.win << 7);
		ack(una + n);
	}
	ASSERT_GT(most, 2);
}

/* Two stacks, loss on the way, a reader that is slow at times: the window holds. */
static void bounds_on_wire(void)
{
	static char buf[65536];
	struct net2 n = net2_new(0, 1500);
	uint32_t edge = 0, end = 0;
	struct sniff *sn;
	struct pair q;
	int i, k, ws = 0, port, data = 0, st;
	bool known = false;
	pid_t pid;

	need_netem();
	sn = sniff_start("ea");
	q = pair_net2(&n);
	port = sk_port(q.c);
	ASSERT_EQ(sh("tc qdisc add dev ea root netem delay 2ms limit 10000 loss 1%%"), 0);
	pid = fork();
	if (!pid) {
		send_all(q.c, big, sizeof(big));
		_exit(0);
	}
	for (i = 0; i < (int)sizeof(big); i += k) {
		k = recv(q.s, buf, 1 + i / 7 % sizeof(buf), 0);
		ASSERT_GT(k, 0);
		if (i / 300000 != (i + k) / 300000)
			rest(100);
	}
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	UNTIL(!sk_outq(q.c));
	sniff_collect(sn);
	for (i = 0; i < sn->n; i++) {
		const struct seg *s = &sn->seg[i];

		if (s->dport == port && s->flags & F_ACK) {
			uint32_t e;

			if (s->flags & F_SYN)
				ws = s->ws;
			e = s->ack + ((uint32_t)s->win << (s->flags & F_SYN ? 0 : ws));
			if (!known || seq_before(edge, e))
				edge = e;
			known = true;
		} else if (s->sport == port && s->len) {
			end = s->seq + s->len;
			if (seq_before(edge, end))
				FAIL("segment %d: %u bytes beyond the window", i, end - edge);
			data++;
		}
	}
	ASSERT_GT(data, 40);
}

/* The handshake does not grow cwnd, nor do ACKs that acknowledge nothing. */
static void handshake(void)
{
	dialled(0);
	ASSERT_EQ(cwnd(), 10);
	peer_ack(&p);
	peer_str(&p, "hello");
	recv_str(fd, "hello");
	ASSERT_EQ(cwnd(), 10);
	OK(send(fd, big, 100 * MSS, 0));
	ASSERT_EQ(flight(50), 10);
	close(fd);
	accepted(0);
	ASSERT_EQ(cwnd(), 10);
	OK(send(fd, big, 100 * MSS, 0));
	ASSERT_EQ(flight(50), 10);
}

/* A lost SYN, or SYN-ACK, costs nothing; a second one all but one segment. */
static void syn_lost(void)
{
	dialled(1);
	OK(send(fd, big, 100 * MSS, 0));
	ASSERT_EQ(flight(50), 10);
}

static void syns_lost(void)
{
	dialled(2);
	OK(send(fd, big, 100 * MSS, 0));
	ASSERT_EQ(flight(50), 1);
}

static void synack_lost(void)
{
	accepted(1);
	OK(send(fd, big, 100 * MSS, 0));
	ASSERT_EQ(flight(50), 10);
}

static void synacks_lost(void)
{
	accepted(2);
	OK(send(fd, big, 100 * MSS, 0));
	ASSERT_EQ(flight(50), 1);
}

/* Acknowledge everything. */
static void drain(void)
{
	double end = now() + WAIT_MS / 1000.0;

	while (sk_outq(fd)) {
		if (now() > end)
			FAIL("%d bytes are left", sk_outq(fd));
		flight(5);
		ack(top);
	}
}

/* Let cwnd grow, and be idle. */
static void grow(int ms)
{
	OK(send(fd, big, 200 * MSS, 0));
	drain();
	ASSERT_GT(cwnd(), 20);
	rest(ms);
	peer_drop(&p);
}

/* A pause shorter than an RTO costs nothing, a longer one leaves an initial window. */
static void idle(void)
{
	int c;

	dialled(0);
	grow(20);
	c = cwnd();
	OK(send(fd, big, 300 * MSS, 0));
	ASSERT_GE(flight(50), c < 60 ? c - 1 : 60);
	drain();
	rest(6000);
	peer_drop(&p);
	OK(send(fd, big, 300 * MSS, 0));
	ASSERT_LE(flight(50), 10);
}

static void idle_allowed(void)
{
	int c;

	tun = peer_net();
	need_sysctl("slow_start_after_idle");
	sysctl_set("slow_start_after_idle", "0");
	dialled(0);
	grow(3000);
	c = cwnd();
	OK(send(fd, big, 300 * MSS, 0));
	ASSERT_GE(flight(50), c < 60 ? c - 1 : 60);
}

static const struct rt_test tests[] = {
	{ "bounds", "CC-1M C60", bounds, 0, 60 },
	{ "bounds_on_wire", "CC-1M C50", bounds_on_wire, T_FULL, 60 },
	{ "handshake", "CC-2M IW-1O C60", handshake, 0, 0 },
	{ "syn_lost", "IW-2M", syn_lost, T_FULL, 0 },
	{ "syns_lost", "IW-2M", syns_lost, T_FULL, 0 },
	{ "synack_lost", "IW-2M", synack_lost, T_FULL, 0 },
	{ "synacks_lost", "IW-2M", synacks_lost, T_FULL, 0 },
	{ "idle", "C61 CC-10S", idle, T_FULL, 0 },
	{ "idle_allowed", "C91 C61", idle_allowed, T_FULL, 0 },
};

RT_MAIN(tests)
