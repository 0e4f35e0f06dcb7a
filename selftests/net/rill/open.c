// SPDX-License-Identifier: GPL-2.0
/* Opening: handshakes, initial sequence numbers, the 4-tuple, queues of a listener. */
#include "wire.h"

#define PORT	8080

static void handshake_passive(void)
{
	struct tun *t = peer_net();
	long opens = counter("PassiveOpens");
	struct peer p;
	struct seg *s;
	int l, fd;

	l = sk_listen(INADDR_ANY, PORT, 4);
	ASSERT_STATE(PORT, 0, "LISTEN");
	peer_init(&p, t, 4000, PORT);
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->ack, p.iss + 1);
	ASSERT_EQ(s->len, 0);
	UNTIL_STATE(PORT, 4000, "SYN_RECV");
	ASSERT_EQ(ev_now(l, POLLIN), 0);
	peer_ack(&p);
	UNTIL_STATE(PORT, 4000, "ESTABLISHED");
	fd = sk_accept(l);
	ASSERT_EQ(sk_peer_port(fd), 4000);
	ASSERT_EQ(sk_state(fd), TCP_ESTABLISHED);
	peer_str(&p, "hello");
	recv_str(fd, "hello");
	peer_want(&p, F_ACK);
	ASSERT_EQ(counter("PassiveOpens") - opens, 1);
}

static void handshake_active(void)
{
	struct tun *t = peer_net();
	long opens = counter("ActiveOpens");
	struct peer p;
	struct seg *s;
	int fd = sk_new();

	peer_init(&p, t, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EALREADY);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->ack, 0);
	ASSERT_EQ(s->len, 0);
	ASSERT_STATE(0, 4000, "SYN_SENT");
	ASSERT_EQ(sk_state(fd), TCP_SYN_SENT);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT), 0);
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, p.irs + 1);
	ASSERT_EQ(s->ack, p.iss + 1);
	ASSERT_EQ(ev_need(fd, POLLOUT), POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
	OK(sk_connect(fd, TUN_P, 4000));
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EISCONN);
	ASSERT_STATE(0, 4000, "ESTABLISHED");
	ASSERT_EQ(counter("ActiveOpens") - opens, 1);
}

static void simultaneous_open(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct seg *s;
	int fd = sk_new();

	peer_init(&p, t, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_want(&p, F_SYN);
	peer_put(&p, F_SYN, NULL, 0);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->seq, p.irs);
	ASSERT_EQ(s->ack, p.iss + 1);
	ASSERT_STATE(0, 4000, "SYN_RECV");
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT), 0);
	/* The peer's own SYN,ACK, and the ACK that completes it. */
	peer_raw(&p, F_SYN | F_ACK, p.iss, p.irs + 1, NULL, 0);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
	ASSERT_STATE(0, 4000, "ESTABLISHED");
	peer_drop(&p);
	peer_str(&p, "both");
	recv_str(fd, "both");
	peer_want(&p, F_ACK);
	send_str(fd, "ways");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 4);
	ASSERT_EQ(s->seq, p.irs + 1);
}

static void self_connect(void)
{
	char c = 0;
	int fd;

	ns_new();
	fd = sk_new();
	OK(sk_bind(fd, IP_LO, PORT));
	OK(sk_connect(fd, IP_LO, PORT));
	ASSERT_STATE(PORT, PORT, "ESTABLISHED");
	send_str(fd, "x");
	recv_all(fd, &c, 1);
	ASSERT_EQ(c, 'x');
	ASSERT_EQ(table_count("ESTABLISHED"), 1);
}

/* Two SYNs cross on a wire with delay: one connection, both ends. */
static void crossing_connects(void)
{
	struct relay *r = relay_new(1500, NULL);
	int a, b;

	r->delay_s = 0.15;
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
	ASSERT_STATE(PORT, PORT, "ESTABLISHED");
	ASSERT_EQ(table_count(NULL), 1);
	send_str(a, "from a");
	recv_str(b, "from a");
	send_str(b, "from b");
	recv_str(a, "from b");
}

static uint32_t isn_of(struct tun *t, int kport, int port)
{
	struct peer p;
	int fd = sk_new();

	peer_init(&p, t, port, kport);
	if (kport)
		OK(sk_bind(fd, TUN_K, kport));
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, port), EINPROGRESS);
	peer_want(&p, F_SYN);
	close(fd);
	return p.irs;
}

static void isn_unpredictable(void)
{
	struct tun *t = peer_net();
	uint32_t isn[64], d0;
	int i, near = 0, same = 0;

	for (i = 0; i < 64; i++)
		isn[i] = isn_of(t, 0, 5000 + i);
	d0 = isn[1] - isn[0];
	for (i = 1; i < 64; i++) {
		uint32_t d = isn[i] - isn[i - 1];

		near += d < 1u << 24 || -d < 1u << 24;
		same += d == d0;
	}
	/* 2^25 of 2^32 differences are near by chance. */
	ASSERT_LE(near, 6);
	ASSERT_LE(same, 2);
}

/* The same tuple again: the clock moved on, so the new ISN is above the old one. */
static void isn_clock(void)
{
	struct tun *t = peer_net();
	uint32_t a, b;
	int i;

	for (i = 0; i < 4; i++) {
		a = isn_of(t, 6000 + i, 5000);
		rest(20);
		b = isn_of(t, 6000 + i, 5000);
		ASSERT(seq_before(a, b));
		ASSERT_LT(b - a, 1u << 31);
	}
}

/* Four connections, each with one part of the tuple changed. */
static void four_tuple(void)
{
	static const struct {
		int saddr, sport, dport;
	} v[] = { { 1, 7000, 80 }, { 1, 7001, 80 }, { 1, 7000, 81 }, { 3, 7000, 80 } };
	struct pair p[ARRAY_SIZE(v)];
	int l[2], i;
	char msg[16];

	ns_new();
	lo_addr(IP(127, 0, 0, 3));
	l[0] = sk_listen(INADDR_ANY, 80, 8);
	l[1] = sk_listen(INADDR_ANY, 81, 8);
	for (i = 0; i < (int)ARRAY_SIZE(v); i++) {
		p[i].c = sk_new();
		sk_set(p[i].c, SOL_SOCKET, SO_REUSEADDR, 1);
		OK(sk_bind(p[i].c, IP(127, 0, 0, v[i].saddr), v[i].sport));
		OK(sk_connect(p[i].c, IP_LO, v[i].dport));
		p[i].s = sk_accept(l[v[i].dport - 80]);
	}
	/* The same tuple once more is refused. */
	i = sk_new();
	sk_set(i, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(sk_bind(i, IP_LO, 7000));
	ASSERT_ERR(sk_connect(i, IP_LO, 80), EADDRNOTAVAIL);
	for (i = 0; i < (int)ARRAY_SIZE(v); i++) {
		sprintf(msg, "conn %d", i);
		send_str(p[i].c, msg);
		sprintf(msg, "back %d", i);
		send_str(p[i].s, msg);
	}
	for (i = 0; i < (int)ARRAY_SIZE(v); i++) {
		sprintf(msg, "conn %d", i);
		recv_str(p[i].s, msg);
		sprintf(msg, "back %d", i);
		recv_str(p[i].c, msg);
	}
	ASSERT_EQ(table_count("ESTABLISHED"), 8);
}

static void same_port_two_ns(void)
{
	struct net2 n = net2_new(0, 1500);
	int la, lb;

	la = sk_listen(INADDR_ANY, PORT, 1);
	ASSERT_EQ(table_count("LISTEN"), 1);
	ns_enter(n.b);
	lb = sk_listen(INADDR_ANY, PORT, 1);
	ASSERT_EQ(table_count("LISTEN"), 1);
	close(la);
	ASSERT_EQ(table_count("LISTEN"), 1);
	close(lb);
	UNTIL(!table_count(NULL));
}

static void syn_on_established(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct seg *s;
	int l, fd;

	l = sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4000, PORT);
	fd = peer_accepted(&p, l);
	/* Outside the window, and the same SYN again. */
	peer_raw(&p, F_SYN, p.snd_nxt + 1000000, 0, NULL, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->ack, p.snd_nxt);
	ASSERT_EQ(s->seq, p.rcv_nxt);
	rest(600);	/* let the limit of challenge ACKs pass: it is 500 ms */
	peer_raw(&p, F_SYN, p.iss, 0, NULL, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->ack, p.snd_nxt);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
	ASSERT_EQ(table_count("SYN_RECV"), 0);
	ASSERT_EQ(table_count("ESTABLISHED"), 1);
	peer_str(&p, "still");
	recv_str(fd, "still");
}

static void syn_with_data(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct seg *s;
	int l, fd;

	l = sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4000, PORT);
	peer_raw(&p, F_SYN, p.iss, 0, "early", 5);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
	/* It may keep the bytes or ask for them again; they come once. */
	ASSERT(s->ack == p.iss + 1 || s->ack == p.iss + 6);
	p.snd_nxt = p.iss + 1;
	peer_ack(&p);
	fd = sk_accept(l);
	if (s->ack == p.iss + 1)
		peer_str(&p, "early");
	else
		p.snd_nxt += 5;
	recv_str(fd, "early");
	peer_str(&p, "late");
	recv_str(fd, "late");
}

/* A second SYN with another number in SYN_RECV: no harm to the listener. */
static void second_syn(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct seg *s;
	int l;

	l = sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4000, PORT);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	/* A repeated SYN is answered by the same SYN,ACK. */
	peer_raw(&p, F_SYN, p.iss, 0, NULL, 0);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->seq, p.irs);
	ASSERT_EQ(s->ack, p.iss + 1);
	peer_ack(&p);
	close(sk_accept(l));
}

static void bad_ack_in_handshake(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct seg *s;
	int fd, l;

	/* SYN_SENT: RST with the number of the ACK, and the attempt goes on. */
	fd = sk_new();
	peer_init(&p, t, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_want(&p, F_SYN);
	peer_raw(&p, F_SYN | F_ACK, p.iss, p.irs + 7, NULL, 0);
	s = peer_want(&p, F_RST);
	ASSERT_EQ(s->seq, p.irs + 7);
	ASSERT_STATE(0, 4000, "SYN_SENT");
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);

	/* SYN_RECV: likewise. */
	l = sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4001, PORT);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	peer_raw(&p, F_ACK, p.snd_nxt, p.irs + 7, NULL, 0);
	s = peer_want(&p, F_RST);
	ASSERT_EQ(s->seq, p.irs + 7);
	ASSERT_STATE(PORT, 4001, "SYN_RECV");
	peer_ack(&p);
	close(sk_accept(l));
}

static void rst_in_handshake(void)
{
	struct tun *t = peer_net();
	struct peer p;
	int fd, l;

	/* SYN_SENT takes a RST only with an acceptable ACK. */
	fd = sk_new();
	peer_init(&p, t, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_want(&p, F_SYN);
	peer_raw(&p, F_RST, 0, 0, NULL, 0);
	ASSERT_STATE(0, 4000, "SYN_SENT");
	peer_raw(&p, F_RST | F_ACK, 0, p.irs + 9, NULL, 0);
	ASSERT_STATE(0, 4000, "SYN_SENT");
	peer_raw(&p, F_RST | F_ACK, 0, p.irs + 1, NULL, 0);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), ECONNREFUSED);
	peer_none(&p, 20);

	/* Passive SYN_RECV: the attempt ends, the listener does not. */
	l = sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4001, PORT);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(PORT, 4001, "");
	ASSERT_STATE(PORT, 0, "LISTEN");
	ASSERT_EQ(ev_now(l, POLLIN), 0);
	peer_init(&p, t, 4001, PORT);
	close(peer_accepted(&p, l));

	/* Active SYN_RECV: connect fails. */
	fd = sk_new();
	peer_init(&p, t, 4002, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4002), EINPROGRESS);
	peer_want(&p, F_SYN);
	peer_put(&p, F_SYN, NULL, 0);
	peer_want(&p, F_SYN | F_ACK);
	peer_raw(&p, F_RST, p.snd_nxt, 0, NULL, 0);
	ev_need(fd, POLLOUT);
	ASSERT_NE(sk_error(fd), 0);
	UNTIL_STATE(0, 4002, "");
}

static void listen_flags(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct seg *s;
	int l;

	l = sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4000, PORT);
	peer_raw(&p, F_RST, 100, 0, NULL, 0);
	peer_raw(&p, F_RST | F_SYN, 100, 0, NULL, 0);
	peer_raw(&p, F_FIN, 100, 0, NULL, 0);
	peer_raw(&p, 0, 100, 0, "data", 4);
	peer_raw(&p, F_ACK, 100, 777, NULL, 0);
	s = peer_want(&p, F_RST);		/* only the ACK is answered */
	ASSERT_EQ(s->seq, 777);
	peer_raw(&p, F_SYN | F_ACK, 100, 778, NULL, 0);
	s = peer_want(&p, F_RST);
	ASSERT_EQ(s->seq, 778);
	ASSERT_EQ(table_count("SYN_RECV"), 0);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
}

static void closed_port(void)
{
	struct tun *t = peer_net();
	long rsts = counter("OutRsts");
	struct peer p;
	struct seg *s;

	sk_listen(INADDR_ANY, 98, 1);		/* somebody uses the wire at all */
	peer_init(&p, t, 4000, 99);
	peer_raw(&p, F_SYN, 5000, 0, NULL, 0);
	s = peer_want(&p, F_RST | F_ACK);
	ASSERT_EQ(s->seq, 0);
	ASSERT_EQ(s->ack, 5001);
	peer_raw(&p, F_SYN, 5000, 0, "abc", 3);
	s = peer_want(&p, F_RST | F_ACK);
	ASSERT_EQ(s->ack, 5004);
	peer_raw(&p, F_FIN, 5000, 0, "abc", 3);
	s = peer_want(&p, F_RST | F_ACK);
	ASSERT_EQ(s->seq, 0);
	ASSERT_EQ(s->ack, 5004);
	peer_raw(&p, F_RST, 5000, 0, NULL, 0);		/* no answer to a RST */
	peer_raw(&p, F_RST | F_ACK, 5000, 1, NULL, 0);
	peer_raw(&p, F_ACK, 5000, 321, "abc", 3);
	s = peer_want(&p, F_RST);
	ASSERT_EQ(s->seq, 321);
	ASSERT_EQ(s->len, 0);
	if (!host_answers())
		ASSERT_EQ(counter("OutRsts") - rsts, 4);
	p.bad_csum = true;				/* nor to a corrupt one */
	peer_raw(&p, F_SYN, 5000, 0, NULL, 0);
	peer_none(&p, 20);
}

static void backlog_bounds(void)
{
	static const int backlog[] = { 0, 1, 3 };
	struct tun *t = peer_net();
	struct tcp_info ti;
	struct row r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(backlog); i++) {
		int port = PORT + i, l = sk_listen(INADDR_ANY, port, backlog[i]), j;
		long drops = counter("ListenDrops"), over = counter("ListenOverflows");
		struct peer p[5], last;

		for (j = 0; j <= backlog[i]; j++) {
			peer_init(&p[j], t, 4000 + j, port);
			peer_connect(&p[j]);
		}
		UNTIL(table_find(port, 0, &r) && r.rxq == backlog[i] + 1);
		ASSERT_EQ(r.txq, rt.proto == PROTO_TCP ? 0 : backlog[i]);
		sk_info(l, &ti);
		ASSERT_EQ(ti.tcpi_unacked, backlog[i] + 1);
		ASSERT_EQ(ti.tcpi_sacked, backlog[i]);
		/* One too many: its SYN gets no answer. */
		peer_init(&last, t, 4900, port);
		peer_syn(&last);
		peer_none(&last, 50);
		ASSERT_GE(counter("ListenDrops") - drops, 1);
		ASSERT_GE(counter("ListenOverflows") - over, 1);
		/* Room for it: the next try gets through. */
		close(sk_accept(l));
		peer_init(&last, t, 4900, port);
		peer_connect(&last);
		for (j = 0; j <= backlog[i]; j++)
			close(sk_accept(l));
		ASSERT_EQ(ev_now(l, POLLIN), 0);
		close(l);
	}
}

/* The final ACK comes when the queue has filled: dropped, and SYN,ACK repeats. */
static void backlog_final_ack(void)
{
	struct tun *t = peer_net();
	int l = sk_listen(INADDR_ANY, PORT, 1);
	long over = counter("ListenOverflows");
	struct peer e, p, q;
	struct seg *s;
	double t0;

	peer_init(&e, t, 3999, PORT);
	peer_connect(&e);
	peer_init(&p, t, 4000, PORT);
	peer_init(&q, t, 4001, PORT);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	peer_syn(&q);
	s = peer_want(&q, F_SYN | F_ACK);
	t0 = s->t;
	peer_ack(&p);
	UNTIL_STATE(PORT, 4000, "ESTABLISHED");
	peer_ack(&q);
	ASSERT_STATE(PORT, 4001, "SYN_RECV");
	ASSERT_GE(counter("ListenOverflows") - over, 1);
	s = peer_want(&q, F_SYN | F_ACK);
	ASSERT_EQ(s->seq, q.irs);
	ASSERT_GE((s->t - t0) * 1000, 900);
	ASSERT_EQ(sk_peer_port(sk_accept(l)), 3999);
	peer_ack(&q);
	ASSERT_EQ(sk_peer_port(sk_accept(l)), 4000);
	ASSERT_EQ(sk_peer_port(sk_accept(l)), 4001);
}

static void backlog_abort(void)
{
	struct tun *t = peer_net();
	struct peer e, p, q;
	int l;

	need_sysctl("abort_on_overflow");
	sysctl_set("abort_on_overflow", "1");
	l = sk_listen(INADDR_ANY, PORT, 1);
	peer_init(&e, t, 3999, PORT);
	peer_connect(&e);
	peer_init(&p, t, 4000, PORT);
	peer_init(&q, t, 4001, PORT);
	peer_syn(&p);
	peer_want(&p, F_SYN | F_ACK);
	peer_syn(&q);
	peer_want(&q, F_SYN | F_ACK);
	peer_ack(&p);
	UNTIL_STATE(PORT, 4000, "ESTABLISHED");
	peer_ack(&q);
	peer_want(&q, F_RST);
	UNTIL_STATE(PORT, 4001, "");
	ASSERT_EQ(sk_peer_port(sk_accept(l)), 3999);
}

static void listen_rules(void)
{
	struct tcp_info ti;
	struct row r;
	int l, m;

	ns_new();
	ASSERT_EQ(write_file("/proc/sys/net/core/somaxconn", "7"), 0);
	l = sk_new();
	OK(listen(l, 3));			/* picks a port */
	ASSERT_GT(sk_port(l), 0);
	sk_info(l, &ti);
	ASSERT_EQ(ti.tcpi_sacked, 3);
	OK(listen(l, 5));			/* changes the limit only */
	sk_info(l, &ti);
	ASSERT_EQ(ti.tcpi_sacked, 5);
	OK(listen(l, -1));
	sk_info(l, &ti);
	ASSERT_EQ(ti.tcpi_sacked, 7);
	OK(listen(l, 5000));
	sk_info(l, &ti);
	ASSERT_EQ(ti.tcpi_sacked, 7);
	ASSERT(table_find(sk_port(l), 0, &r));
	if (rt.proto != PROTO_TCP)
		ASSERT_EQ(r.txq, 7);
	ASSERT_EQ(sk_get(l, SOL_SOCKET, SO_ACCEPTCONN), 1);
	/* Two may bind one address with SO_REUSEADDR, one may listen. */
	m = sk_new();
	sk_set(m, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_ERR(sk_bind(m, INADDR_ANY, sk_port(l)), EADDRINUSE);
	ASSERT_ERR(sk_bind(m, IP_LO, sk_port(l)), EADDRINUSE);
	close(m);
	close(l);
	l = sk_new();
	m = sk_new();
	sk_set(l, SOL_SOCKET, SO_REUSEADDR, 1);
	sk_set(m, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(sk_bind(l, IP_LO, PORT));
	OK(sk_bind(m, IP_LO, PORT));
	OK(listen(l, 1));
	ASSERT_ERR(listen(m, 1), EADDRINUSE);
}

static void table_queues(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct row r;
	int l, fd;

	l = sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4000, PORT);
	fd = peer_accepted(&p, l);
	peer_str(&p, "unread data");
	UNTIL(table_find(PORT, 4000, &r) && r.rxq == 11);
	ASSERT_EQ(sk_inq(fd), 11);
	ASSERT_EQ(r.txq, 0);
	send_str(fd, "unacknowledged");
	UNTIL(table_find(PORT, 4000, &r) && r.txq == 14);
	ASSERT_EQ(sk_outq(fd), 14);
	ASSERT_EQ(r.laddr, TUN_K);
	ASSERT_EQ(r.raddr, TUN_P);
	ASSERT(!strcmp(r.timer, "rto"));
	recv_str(fd, "unread data");
	p.rcv_nxt = p.irs + 1 + 14;
	peer_ack(&p);
	UNTIL(table_find(PORT, 4000, &r) && !r.rxq && !r.txq && strcmp(r.timer, "rto"));
	ASSERT_EQ(sk_outq(fd), 0);
}

/* A SYN,ACK that nobody acknowledges is repeated, then given up. */
static void synack_retries(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct seg *s;
	double t0;
	int l;

	sysctl_set("synack_retries", "1");
	l = sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4000, PORT);
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	t0 = s->t;
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_TIME("first SYN,ACK again", s->t - t0, 1);
	UNTIL_STATE(PORT, 4000, "");
	ASSERT_TIME("end of SYN_RECV", now() - t0, 3);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
}

/* 5 by default: repeats at 1, 3, 7, 15, 31 s and the end at 63 s. */
static void synack_retries_default(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct seg *s;
	double last;
	int l, i;

	l = sk_listen(INADDR_ANY, PORT, 4);
	peer_init(&p, t, 4000, PORT);
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	last = s->t;
	for (i = 0; i < 5; i++) {
		s = peer_get(&p, 40000);
		ASSERT(s && s->flags == (F_SYN | F_ACK));
		ASSERT_TIME("SYN,ACK again", s->t - last, 1 << i);
		last = s->t;
	}
	UNTIL_MS(!*table_state(PORT, 4000), 40000);
	ASSERT_TIME("end of SYN_RECV", now() - last, 32);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
}

static const struct rt_test tests[] = {
	{ "handshake_passive", "C10 C12 PO-3", handshake_passive, 0, 0 },
	{ "handshake_active", "C10 C13 CN-1 CN-2 PO-2 PO-4", handshake_active, 0, 0 },
	{ "simultaneous_open", "C10 MUST-10", simultaneous_open, 0, 0 },
	{ "self_connect", "C10 CN-12", self_connect, 0, 0 },
	{ "crossing_connects", "C10 MUST-10", crossing_connects, 0, 0 },
	{ "isn_unpredictable", "C10 MUST-9 SHLD-1 ISN-1S", isn_unpredictable, 0, 0 },
	{ "isn_clock", "C10 MUST-8", isn_clock, 0, 0 },
	{ "four_tuple", "C06 CN-11", four_tuple, 0, 0 },
	{ "same_port_two_ns", "C06 NS-1", same_port_two_ns, 0, 0 },
	{ "syn_on_established", "C06 BLIND-4M SM-4", syn_on_established, 0, 0 },
	{ "syn_with_data", "SM-9", syn_with_data, 0, 0 },
	{ "second_syn", "C10", second_syn, 0, 0 },
	{ "bad_ack_in_handshake", "SM-3", bad_ack_in_handshake, 0, 0 },
	{ "rst_in_handshake", "MUST-11 SM-8 ER-1", rst_in_handshake, 0, 0 },
	{ "listen_flags", "SM-6", listen_flags, 0, 0 },
	{ "closed_port", "C13 SM-2", closed_port, 0, 0 },
	{ "backlog_bounds", "C11 C12 LS-1 LS-5 LS-6", backlog_bounds, 0, 0 },
	{ "backlog_final_ack", "C11 LS-5", backlog_final_ack, 0, 0 },
	{ "backlog_abort", "C11 LS-5", backlog_abort, 0, 0 },
	{ "listen_rules", "C12 LS-2 LS-3 LS-4 SO-2 SO-12", listen_rules, 0, 0 },
	{ "table_queues", "C12 OB-1", table_queues, 0, 0 },
	{ "synack_retries", "C11", synack_retries, T_FULL, 0 },
	{ "synack_retries_default", "C11", synack_retries_default, T_LONG, 120 },
};

RT_MAIN(tests)
