// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors: every type and code, in every state that may meet them, and
 * those that nobody has a reason to send.  "Fragmentation needed" is in pmtu.c.
 */
#include "wire.h"

#define PORT	8080
#define ROUTER	IP(10, 9, 0, 77)

static struct peer p;
static int fd;

/* ER-8; 0: says nothing. */
static const struct says {
	int type, code, err;
} says[] = {
	{ 3, 0, ENETUNREACH }, { 3, 1, EHOSTUNREACH }, { 3, 2, ENOPROTOOPT },
	{ 3, 3, ECONNREFUSED }, { 3, 5, EOPNOTSUPP }, { 3, 6, ENETUNREACH },
	{ 3, 7, EHOSTDOWN }, { 3, 8, ENONET }, { 3, 9, ENETUNREACH },
	{ 3, 10, EHOSTUNREACH }, { 3, 11, ENETUNREACH }, { 3, 12, EHOSTUNREACH },
	{ 3, 13, EHOSTUNREACH }, { 3, 14, EHOSTUNREACH }, { 3, 15, EHOSTUNREACH },
	{ 3, 16, 0 }, { 3, 255, 0 },
	{ 4, 0, 0 },			/* source quench */
	{ 11, 0, EHOSTUNREACH },
	{ 11, 1, 0 },			/* reassembly, which IP keeps to itself */
	{ 12, 0, EPROTO }, { 12, 1, EPROTO },
	{ 13, 0, 0 }, { 30, 0, 0 },	/* no errors at all */
};

static int err_of(const struct says *v)
{
	return icmp_err(v->type, v->code, v->err);
}

/* Does it end what is between SYN and ACK? Of ICMPv6 those do that are no news of the way. */
static bool ends_handshake(const struct says *v)
{
	if (v->type == 12)
		return true;
	if (rt.v6)
		return v->type == 3 && (v->code == 2 || err_of(v) == ECONNREFUSED ||
					err_of(v) == EACCES);
	return (v->type == 11 && !v->code) || (v->type == 3 && v->code < 2);
}

static void icmp(const struct says *v, uint32_t seq)
{
	peer_icmp(&p, v->type, v->code, 0, ROUTER, seq);
}

static void syn_sent(int port)
{
	peer_init(&p, p.tun ? p.tun : peer_net(), port, 0);
	fd = sk_new();
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, port), EINPROGRESS);
	peer_want(&p, F_SYN);
}

static void in_syn_sent(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(says); i++) {
		long fails = counter("AttemptFails");

		syn_sent(4000 + i);
		icmp(&says[i], p.irs);
		if (!err_of(&says[i])) {
			ASSERT_EQ(ev_now(fd, POLLOUT), 0);
			peer_put(&p, F_SYN | F_ACK, NULL, 0);
			peer_want(&p, F_ACK);
			ev_need(fd, POLLOUT);
			ASSERT_EQ(sk_error(fd), 0);
			continue;
		}
		if (!(ev_wait(fd, POLLOUT, WAIT_MS) & POLLERR))
			FAIL("ICMP %d/%d has no effect", says[i].type, says[i].code);
		if (sk_error(fd) != err_of(&says[i]))
			FAIL("ICMP %d/%d: another error", says[i].type, says[i].code);
		ASSERT_EQ(counter("AttemptFails"), fails + 1);
		close(fd);
	}
}

/* A quote that is not of our SYN: numbers, ports and addresses of others. */
static void forged_in_syn_sent(void)
{
	static const int32_t off[] = { -1, 1, 2, 1000, 0x7fffffff, -0x7fffffff };
	long out = have_counter("OutOfWindowIcmps") ? counter("OutOfWindowIcmps") : 0;
	size_t i;

	syn_sent(4000);
	for (i = 0; i < ARRAY_SIZE(off); i++) {
		if (off[i] == 1 && rt.proto == PROTO_TCP)
			continue;	/* TCP takes SND.NXT as well */
		peer_icmp(&p, 3, 3, 0, ROUTER, p.irs + off[i]);
	}
	p.port++;
	peer_icmp(&p, 3, 3, 0, ROUTER, p.irs);
	p.port--;
	p.kport++;
	peer_icmp(&p, 3, 3, 0, ROUTER, p.irs);
	p.kport--;
	p.addr++;
	peer_icmp(&p, 3, 3, 0, ROUTER, p.irs);
	p.addr--;
	ASSERT_EQ(ev_now(fd, POLLOUT), 0);
	ASSERT_GE(counter("OutOfWindowIcmps") - out, 5);
	peer_put(&p, F_SYN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
}

/* RFC 792: eight bytes of the segment are enough, and seven are not. */
static void short_quote(void)
{
	syn_sent(4000);
	p.quote = 7;
	peer_icmp(&p, 3, 3, 0, ROUTER, p.irs);
	ASSERT_EQ(ev_now(fd, POLLOUT), 0);
	p.quote = 8;
	peer_icmp(&p, 3, 3, 0, ROUTER, p.irs);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), ECONNREFUSED);
}

/* One byte goes out, and is not acknowledged yet. */
static void one_in_flight(void)
{
	send_str(fd, "x");
	while (!peer_want(&p, F_ACK)->len)
		;
}

static void accepted(void)
{
	peer_init(&p, peer_net(), 4000, PORT);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, PORT, 4));
}

/* Soft, all of them: SO_ERROR tells, and nothing else happens. */
static void in_established(void)
{
	size_t i;

	accepted();
	for (i = 0; i < ARRAY_SIZE(says); i++) {
		one_in_flight();
		icmp(&says[i], p.rcv_nxt - 1);
		ASSERT_EQ(ev_now(fd, POLLIN), 0);
		ASSERT_STATE(PORT, 4000, "ESTABLISHED");
		if (sk_error(fd) != err_of(&says[i]))
			FAIL("ICMP %d/%d: another error", says[i].type, says[i].code);
		peer_str(&p, "y");
		recv_str(fd, "y");
		UNTIL(!sk_outq(fd));
	}
}

/* What is heard in between counts no more once data is acknowledged. */
static void soft_is_forgotten(void)
{
	accepted();
	one_in_flight();
	peer_icmp(&p, 3, 1, 0, ROUTER, p.rcv_nxt - 1);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	ASSERT_EQ(sk_error(fd), 0);
}

static void raised_by_recverr(void)
{
	size_t i;

	accepted();
	sk_set(fd, IPPROTO_IP, IP_RECVERR, 1);
	for (i = 0; i < ARRAY_SIZE(says); i++) {
		one_in_flight();
		icmp(&says[i], p.rcv_nxt - 1);
		ASSERT_EQ(!!(ev_now(fd, POLLIN) & POLLERR), !!err_of(&says[i]));
		if (sk_error(fd) != err_of(&says[i]))
			FAIL("ICMP %d/%d: another error", says[i].type, says[i].code);
		peer_ack(&p);
		UNTIL(!sk_outq(fd));
		ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	}
}

/* The window of what may be quoted, to the byte. */
static void window_of_quotes(void)
{
	static const struct {
		int off;
		bool taken;
	} v[] = {
		{ -1, false }, { 0, true }, { 1, true }, { 9, true },
		{ 10, false },	/* SND.NXT: TCP takes it */
		{ 11, false }, { 1 << 20, false },
	};
	size_t i;

	accepted();
	send_str(fd, "0123456789");
	peer_want(&p, F_ACK);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		if (v[i].off == 10 && rt.proto == PROTO_TCP)
			continue;
		peer_icmp(&p, 3, 1, 0, ROUTER, p.irs + 1 + v[i].off);
		ASSERT_EQ(sk_error(fd), v[i].taken ? EHOSTUNREACH : 0);
	}
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
}

/* An idle connection has nothing in flight: nobody can have refused it. */
static void idle(void)
{
	accepted();
	one_in_flight();
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	peer_icmp(&p, 3, 1, 0, ROUTER, p.rcv_nxt - 1);
	ASSERT_EQ(sk_error(fd), 0);
	peer_icmp(&p, 3, 1, 0, ROUTER, p.rcv_nxt);
	ASSERT_EQ(sk_error(fd), 0);
}

/* States after close(): no ICMP ends what waits for its last ACKs. */
static void closing_states(void)
{
	accepted();
	close(fd);
	peer_want(&p, F_FIN | F_ACK);
	peer_icmp(&p, 3, 3, 0, ROUTER, p.rcv_nxt - 1);
	ASSERT_STATE(PORT, 4000, "FIN_WAIT_1");
	peer_ack(&p);
	UNTIL_STATE(PORT, 4000, "FIN_WAIT_2");
	peer_icmp(&p, 3, 3, 0, ROUTER, p.rcv_nxt - 1);
	peer_icmp(&p, 3, 3, 0, ROUTER, p.rcv_nxt);
	ASSERT_STATE(PORT, 4000, "FIN_WAIT_2");
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	UNTIL_STATE(PORT, 4000, "TIME_WAIT");
	peer_icmp(&p, 3, 3, 0, ROUTER, p.rcv_nxt - 1);
	peer_icmp(&p, 3, 3, 0, ROUTER, p.rcv_nxt);
	peer_icmp(&p, 3, 4, 600, ROUTER, p.rcv_nxt);
	ASSERT_STATE(PORT, 4000, "TIME_WAIT");
}

/* Between SYN and ACK. By IPv4 that the peer cannot be reached ends it, no other. */
static void in_syn_recv(void)
{
	int l, i;

	p.tun = peer_net();
	l = sk_listen(INADDR_ANY, PORT, 64);
	for (i = 0; i < (int)ARRAY_SIZE(says); i++) {
		const struct says *v = &says[i];
		bool ends = ends_handshake(v);

		peer_init(&p, p.tun, 4000 + i, PORT);
		peer_syn(&p);
		peer_want(&p, F_SYN | F_ACK);
		icmp(v, p.irs + 1);		/* not of the SYN,ACK */
		icmp(v, p.irs - 1);
		ASSERT_STATE(PORT, 4000 + i, "SYN_RECV");
		icmp(v, p.irs);
		if (ends) {
			UNTIL_STATE(PORT, 4000 + i, "");
			peer_ack(&p);
			peer_want_rst(&p);
			continue;
		}
		ASSERT_STATE(PORT, 4000 + i, "SYN_RECV");
		peer_ack(&p);
		close(sk_accept(l));
	}
	ASSERT_EQ(sk_error(l), 0);
}

/* Both opened at once: still being opened, so it ends. */
static void in_simultaneous_open(void)
{
	syn_sent(4000);
	p.snd_nxt = p.iss;
	peer_put(&p, F_SYN, NULL, 0);
	peer_want(&p, F_SYN | F_ACK);
	peer_icmp(&p, 3, 3, 0, ROUTER, p.irs);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), ECONNREFUSED);
	UNTIL_STATE(0, 4000, "");
}

/* A listener is no connection, and its port alone is not enough. */
static void for_listener(void)
{
	size_t i;
	int l;

	peer_init(&p, peer_net(), 4000, PORT);
	l = sk_listen(INADDR_ANY, PORT, 4);
	for (i = 0; i < ARRAY_SIZE(says); i++)
		icmp(&says[i], 1000);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
	ASSERT_EQ(sk_error(l), 0);
	ASSERT_STATE(PORT, 0, "LISTEN");
	fd = peer_accepted(&p, l);
	one_in_flight();
}

/* IP_MINTTL judges the quote as well: one from afar is not heard. */
static void min_ttl(void)
{
	accepted();
	sk_set(fd, IPPROTO_IP, IP_MINTTL, 65);	/* the quoted TTL is 64 */
	one_in_flight();
	peer_icmp(&p, 3, 1, 0, ROUTER, p.rcv_nxt - 1);
	ASSERT_EQ(sk_error(fd), 0);
	sk_set(fd, IPPROTO_IP, IP_MINTTL, 64);
	peer_icmp(&p, 3, 1, 0, ROUTER, p.rcv_nxt - 1);
	ASSERT_EQ(sk_error(fd), EHOSTUNREACH);
}

/* Tells of another router; here there is none, and nothing changes. */
static void redirect(void)
{
	/* by IPv6 routers speak with addresses of the link (RFC 4861, 8.1) */
	uint32_t from = rt.v6 ? IP(169, 254, 0, 77) : ROUTER;

	accepted();
	one_in_flight();
	peer_icmp(&p, 5, 1, rt.v6 ? IP(169, 254, 0, 88) : IP(10, 9, 0, 88), from, p.rcv_nxt - 1);
	ASSERT_EQ(sk_error(fd), 0);
	peer_ack(&p);
	send_str(fd, "y");
	peer_want(&p, F_ACK);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
}

static const struct rt_test tests[] = {
	{ "in_syn_sent", "C13 C44 ER-8 ER-9 MUST-54 SHLD-26 ICMP-2I", in_syn_sent, 0, 0 },
	{ "forged_in_syn_sent", "C44 ICMP-1I MUST-54", forged_in_syn_sent, 0, 0 },
	{ "short_quote", "C44 MUST-54", short_quote, 0, 0 },
	{ "in_established", "C44 ER-10 MUST-55 MUST-56 SHLD-25 ICMP-2I ICMP-3S", in_established,
	  0, 0 },
	{ "soft_is_forgotten", "ER-10", soft_is_forgotten, 0, 0 },
	{ "raised_by_recverr", "ER-10 ER-11", raised_by_recverr, 0, 0 },
	{ "window_of_quotes", "C44 ICMP-1I", window_of_quotes, 0, 0 },
	{ "idle", "C44 ICMP-1I", idle, T_RILL, 0 },
	{ "closing_states", "C44 ICMP-3S", closing_states, 0, 0 },
	{ "in_syn_recv", "C44 MUST-54 ICMP-1I", in_syn_recv, 0, 0 },
	{ "in_simultaneous_open", "C12 ER-9", in_simultaneous_open, 0, 0 },
	{ "for_listener", "C44 MUST-54", for_listener, 0, 0 },
	{ "min_ttl", "C44 C04", min_ttl, 0, 0 },
	{ "redirect", "C44 SHLD-25", redirect, 0, 0 },
};

RT_MAIN(tests)
