// SPDX-License-Identifier: GPL-2.0
/* ECN, RFC 3168: agreed, marked, echoed and obeyed; the exact echo of DCTCP. */
#include "wire.h"

#define PORT	8080
#define MSS	1460
#define SETUP	(F_SYN | F_ECE | F_CWR)

enum { NOT_ECT, ECT1, ECT0, CE };

static struct peer p;
static struct tun *tun;
static int fd, lfd;
static uint32_t una;	/* what the stack sends from */

static int mark(const struct seg *s)
{
	return s->tos & 3;
}

static bool agreed(void)
{
	struct tcp_info ti;

	sk_info(fd, &ti);
	return ti.tcpi_options & TCPI_OPT_ECN;
}

static void net(const char *mode)
{
	tun = peer_net();
	need_sysctl("ecn");
	sysctl_set("ecn", mode);
}

static void new_peer(int kport)
{
	static int port = 4000;

	peer_init(&p, tun, port++, kport);
}

/* The peer asks; the SYN-ACK. */
static struct seg *ask(uint8_t flags)
{
	if (lfd <= 0)
		lfd = sk_listen(INADDR_ANY, PORT, 16);
	new_peer(PORT);
	p.snd_nxt = p.iss;
	peer_put(&p, flags, NULL, 0);
	return peer_want(&p, F_SYN | F_ACK);
}

static void accepted(void)
{
	peer_ack(&p);
	fd = sk_accept(lfd);
	una = p.irs + 1;
}

/* A connection that the peer asked ECN for, and the stack agreed. */
static void passive(void)
{
	if (!tun)
		net("2");
	ASSERT_EQ(ask(SETUP)->flags, F_SYN | F_ACK | F_ECE);
	accepted();
	ASSERT(agreed());
}

/* The stack dials; its first SYN. */
static struct seg *dial(void)
{
	new_peer(0);
	fd = sk_new();
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, p.port), EINPROGRESS);
	una = 0;
	return peer_want(&p, F_SYN);
}

static void answer(uint8_t flags)
{
	p.snd_nxt = p.iss;
	peer_put(&p, flags, NULL, 0);
	una = p.irs + 1;
	ASSERT_EQ(peer_want(&p, F_ACK)->seq, una);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
	sk_nonblock(fd, false);
}

/* A byte each way: how the stack marks its data, and whether it echoes. */
static void exchange(int want_mark)
{
	struct seg *s;

	peer_drop(&p);
	send_str(fd, "x");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 1);
	ASSERT_EQ(mark(s), want_mark);
	/* CWR means nothing here; TCP sends it if its SYN was lost */
	ASSERT_EQ(s->flags & (rt.proto == PROTO_TCP ? F_ECE : F_ECE | F_CWR), 0);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	p.tos = CE;
	peer_str(&p, "y");
	p.tos = 0;
	recv_str(fd, "y");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(mark(s), NOT_ECT);
	ASSERT_EQ(s->flags & (F_ECE | F_CWR), want_mark == ECT0 ? F_ECE : 0);
}

static void setup_passive(void)
{
	struct seg *s;

	net("2");
	s = ask(SETUP);
	ASSERT_EQ(s->flags, F_SYN | F_ACK | F_ECE);
	ASSERT_EQ(mark(s), NOT_ECT);
	/* Lost: the same again. */
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->flags, F_SYN | F_ACK | F_ECE);
	ASSERT_EQ(mark(s), NOT_ECT);
	accepted();
	ASSERT(agreed());
	exchange(ECT0);
}

/* A SYN cookie remembers in its timestamp; without one there is no ECN. */
static void setup_cookie(void)
{
	need_sysctl("syncookies");
	net("2");
	sysctl_set("syncookies", "2");
	ASSERT_EQ(ask(SETUP)->flags, F_SYN | F_ACK);
	/* what the ACK has is no answer to the SYN */
	peer_put(&p, F_ACK | F_ECE | F_CWR, NULL, 0);
	fd = sk_accept(lfd);
	ASSERT(!agreed());
	exchange(NOT_ECT);

	new_peer(PORT);
	p.ts = true;
	p.snd_nxt = p.iss;
	peer_put(&p, SETUP, NULL, 0);
	ASSERT_EQ(peer_want(&p, F_SYN | F_ACK)->flags, F_SYN | F_ACK | F_ECE);
	p.use_ts = true;
	accepted();
	ASSERT(agreed());
	exchange(ECT0);
}

/* Neither without both flags, nor with a mark, nor if it is switched off. */
static void setup_not_asked(void)
{
	static const uint8_t plain[] = { F_SYN, F_SYN | F_ECE, F_SYN | F_CWR };
	size_t i;

	net("1");
	for (i = 0; i < ARRAY_SIZE(plain); i++) {
		ASSERT_EQ(ask(plain[i])->flags, F_SYN | F_ACK);
		accepted();
		ASSERT(!agreed());
		exchange(NOT_ECT);
	}
	new_peer(PORT);
	p.snd_nxt = p.iss;
	p.tos = ECT0;
	peer_put(&p, SETUP, NULL, 0);
	p.tos = 0;
	ASSERT_EQ(peer_want(&p, F_SYN | F_ACK)->flags, F_SYN | F_ACK);
	sysctl_set("ecn", "0");
	ASSERT_EQ(ask(SETUP)->flags, F_SYN | F_ACK);
	accepted();
	exchange(NOT_ECT);
}

static void setup_active(void)
{
	struct seg *s;

	net("1");
	s = dial();
	ASSERT_EQ(s->flags, SETUP);
	ASSERT_EQ(mark(s), NOT_ECT);
	answer(F_SYN | F_ACK | F_ECE);
	ASSERT(agreed());
	exchange(ECT0);
	/* The peer does not want. */
	ASSERT_EQ(dial()->flags, SETUP);
	answer(F_SYN | F_ACK);
	ASSERT(!agreed());
	exchange(NOT_ECT);
	/* It echoes what it does not know. */
	ASSERT_EQ(dial()->flags, SETUP);
	answer(F_SYN | F_ACK | F_ECE | F_CWR);
	ASSERT(!agreed());
	exchange(NOT_ECT);
	/* It answers what was not asked. */
	sysctl_set("ecn", "2");
	ASSERT_EQ(dial()->flags, F_SYN);
	answer(F_SYN | F_ACK | F_ECE);
	ASSERT(!agreed());
	exchange(NOT_ECT);
}

static void setup_simultaneous(void)
{
	struct seg *s;

	net("1");
	ASSERT_EQ(dial()->flags, SETUP);
	p.snd_nxt = p.iss;
	peer_put(&p, SETUP, NULL, 0);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->flags, F_SYN | F_ACK | F_ECE);
	ASSERT_EQ(mark(s), NOT_ECT);
	p.rcv_nxt = p.irs + 1;
	peer_raw(&p, F_SYN | F_ACK | F_ECE, p.iss, p.rcv_nxt, NULL, 0);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
	sk_nonblock(fd, false);
	exchange(ECT0);
}

/* Silence: the next SYN does without, unless told otherwise. */
static void fallback_silence(void)
{
	net("1");
	ASSERT_EQ(dial()->flags, SETUP);
	ASSERT_EQ(peer_want(&p, F_SYN)->flags, F_SYN);
	/* One that was sent without forbids to mark, whatever the answer (TCP does). */
	if (rt.proto == PROTO_TCP) {
		answer(F_SYN | F_ACK);
	} else {
		answer(F_SYN | F_ACK | F_ECE);
		send_str(fd, "x");
		ASSERT_EQ(mark(peer_want(&p, F_ACK)), NOT_ECT);
	}
	need_sysctl("ecn_fallback");
	sysctl_set("ecn_fallback", "0");
	ASSERT_EQ(dial()->flags, SETUP);
	ASSERT_EQ(peer_want(&p, F_SYN)->flags, SETUP);
	answer(F_SYN | F_ACK | F_ECE);
	exchange(ECT0);
}

/* A RST: another SYN without; of a closed port the second one tells. */
static void fallback_reset(void)
{
	struct seg *s;

	net("1");
	ASSERT_EQ(dial()->flags, SETUP);
	peer_raw(&p, F_RST | F_ACK, 0, p.irs + 1, NULL, 0);
	if (rt.proto == PROTO_TCP) {	/* it may, and does not */
		ev_need(fd, POLLHUP);
		ASSERT_EQ(sk_error(fd), ECONNREFUSED);
		return;
	}
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->flags, F_SYN);
	ASSERT_EQ(s->seq, p.irs);
	answer(F_SYN | F_ACK);
	exchange(NOT_ECT);
	ASSERT_EQ(dial()->flags, SETUP);
	peer_raw(&p, F_RST | F_ACK, 0, p.irs + 1, NULL, 0);
	ASSERT_EQ(peer_want(&p, F_SYN)->flags, F_SYN);
	peer_raw(&p, F_RST | F_ACK, 0, p.irs + 1, NULL, 0);
	ev_need(fd, POLLHUP);
	ASSERT_EQ(sk_error(fd), ECONNREFUSED);
	peer_none(&p, 30);
	/* Not if told otherwise. */
	sysctl_set("ecn_fallback", "0");
	ASSERT_EQ(dial()->flags, SETUP);
	peer_raw(&p, F_RST | F_ACK, 0, p.irs + 1, NULL, 0);
	ev_need(fd, POLLHUP);
	ASSERT_EQ(sk_error(fd), ECONNREFUSED);
	peer_none(&p, 30);
}

/* What is sent again, a window probe, a bare FIN and a RST are not marked. */
static void not_marked(void)
{
	struct seg *s;

	passive();
	send_str(fd, "lost");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(mark(s), ECT0);
	do {
		s = peer_want(&p, F_ACK);
		ASSERT_EQ(s->seq, una);
		ASSERT_EQ(mark(s), NOT_ECT);
		ASSERT_EQ(s->flags & F_CWR, 0);
	} while (counter("Timeouts") < 2);
	/* The window closes. */
	p.rcv_nxt = una + 4;
	p.win = 0;
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	peer_drop(&p);
	send_str(fd, "wait");
	s = peer_want(&p, F_ACK);
	ASSERT_LE(s->len, 1);
	ASSERT_EQ(mark(s), NOT_ECT);
	ASSERT_EQ(s->flags & F_CWR, 0);
	/* New data after a timeout says that cwnd was cut, once. */
	p.win = 60000;
	p.rcv_nxt = una + 4;
	peer_ack(&p);
	do
		s = peer_want(&p, F_ACK);
	while (s->len != 4);
	ASSERT_EQ(mark(s), ECT0);
	ASSERT_EQ(s->flags & F_CWR, F_CWR);
	p.rcv_nxt = una + 8;
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	send_str(fd, "more");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(mark(s), ECT0);
	ASSERT_EQ(s->flags & F_CWR, 0);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	shutdown(fd, SHUT_WR);
	s = peer_want(&p, F_FIN | F_ACK);
	ASSERT_EQ(mark(s), NOT_ECT);
	peer_ack(&p);
	/* A RST for data that nobody will read. */
	close(fd);
	peer_str(&p, "nobody");
	s = peer_want_rst(&p);
	ASSERT_EQ(mark(s), NOT_ECT);
	ASSERT_EQ(s->flags & (F_ECE | F_CWR), 0);
}

static void ack(uint8_t flags, uint32_t n)
{
	peer_raw(&p, F_ACK | flags, p.snd_nxt, n, NULL, 0);
}

static void much_to_send(void)
{
	static char big[1000000];

	net("2");
	lfd = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(lfd, SOL_SOCKET, SO_SNDBUF, 4 << 20);
	OK(setsockopt(lfd, SOL_TCP, TCP_CONGESTION, "reno", 4));
	passive();
	OK(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "reno", 4));
	sk_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 4 << 20);
	sk_nonblock(fd, true);
	ASSERT_GT(send(fd, big, sizeof(big), 0), 500000);
}

/* New data until it is quiet: its end, how much of it has CWR, all marked. */
static int flight(int ms, uint32_t *end, uint32_t *cwr_at)
{
	struct seg *s;
	int cwr = 0;

	while ((s = peer_get(&p, ms))) {
		ASSERT_EQ(s->seq, *end);
		ASSERT_EQ(mark(s), ECT0);
		*end = s->seq + s->len;
		if (!(s->flags & F_CWR))
			continue;
		cwr++;
		if (cwr_at)
			*cwr_at = s->seq;
	}
	return cwr;
}

static int ssthresh(void)
{
	struct tcp_info ti;

	sk_info(fd, &ti);
	return ti.tcpi_snd_ssthresh;
}

static int cwnd(void)
{
	struct tcp_info ti;

	sk_info(fd, &ti);
	return ti.tcpi_snd_cwnd;
}

/* One cut and one CWR in a window, and nothing is sent again. */
static void obeyed(void)
{
	uint32_t end, sent, at;
	long re;
	int cwr, i, th;

	much_to_send();
	re = counter("RetransSegs");
	end = una;
	ASSERT_EQ(flight(50, &end, NULL), 0);
	ASSERT_EQ(end, una + 10 * MSS);
	/* The first half of the window comes back with ECE each. */
	sent = end;
	cwr = 0;
	for (i = 1; i <= 10; i++) {
		ack(F_ECE, una + i * MSS);
		cwr += flight(i < 10 ? 5 : 50, &end, &at);
		ASSERT_LE(end - (una + i * MSS), 10 * MSS);
	}
	th = ssthresh();
	ASSERT_GE(th, 4);
	ASSERT_LE(th, 6);
	ASSERT_LE(cwnd(), th + 1);
	ASSERT_EQ(cwr, 1);
	ASSERT_EQ(at, sent);
	ASSERT_LE(end - sent, 6 * MSS);
	ASSERT_GE(end - sent, 4 * MSS);
	/* ECE that the peer sent before it saw CWR is of the same window. */
	ack(F_ECE, sent);
	ASSERT_EQ(flight(20, &end, NULL), 0);
	ASSERT_EQ(ssthresh(), th);
	/* One for data sent after the cut is a new one. */
	sent = end;
	ack(F_ECE, sent);
	ASSERT_EQ(flight(50, &end, NULL), 1);
	ASSERT_LT(ssthresh(), th);
	ASSERT_GE(ssthresh(), 2);
	th = ssthresh();
	ack(0, end);
	ASSERT_EQ(flight(50, &end, NULL), 0);
	ASSERT_EQ(ssthresh(), th);
	ASSERT_EQ(counter("RetransSegs"), re);
	/* ECE without agreement says nothing. */
	ASSERT_EQ(ask(F_SYN)->flags, F_SYN | F_ACK);
	accepted();
	send_str(fd, "x");
	peer_want(&p, F_ACK);
	ack(F_ECE, una + 1);
	UNTIL(!sk_outq(fd));
	ASSERT_GE(cwnd(), 10);
}

/* A loss cuts as well, and says so once, not with what is sent again. */
static void loss_says_cwr(void)
{
	uint32_t end;
	struct seg *s;
	int i, cwr = 0, again = 0;

	much_to_send();
	end = una;
	ASSERT_EQ(flight(50, &end, NULL), 0);
	for (i = 0; i < 9; i++)
		ack(0, una);
	while ((s = peer_get(&p, 20))) {
		if (seq_before(s->seq, end)) {
			again++;
			ASSERT_EQ(mark(s), NOT_ECT);
			ASSERT_EQ(s->flags & F_CWR, 0);
			continue;
		}
		ASSERT_EQ(mark(s), ECT0);
		end = s->seq + s->len;
		cwr += !!(s->flags & F_CWR);
	}
	ASSERT_GE(again, 1);
	ack(0, end);
	cwr += flight(50, &end, NULL);
	ASSERT_EQ(cwr, 1);
}

/* With everything marked the window stays small, and the stream goes on. */
static void all_marked(void)
{
	uint32_t end, before;
	int i, n;

	much_to_send();
	end = una;
	flight(50, &end, NULL);
	for (i = 0; i < 30; i++) {
		before = end;
		ack(F_ECE, end);
		flight(20, &end, NULL);
		n = (end - before) / MSS;
		if (i > 4) {
			ASSERT_LE(n, 3);
			ASSERT_LE(cwnd(), 3);
			ASSERT_GE(cwnd(), 1);
		}
		if (!n) {	/* cwnd of one: the timer lets out the next */
			before = end;
			ASSERT(peer_need(&p));
			end = p.rcv_nxt;
		}
	}
	ASSERT_GT(end - una, 30 * MSS);
}

static void echoed(void)
{
	struct seg *s;
	int i;

	passive();
	for (i = 0; i < 20; i++) {		/* out of quick ACKs */
		p.tos = ECT0;
		peer_str(&p, "-");
		recv_str(fd, "-");
		ASSERT_EQ(peer_want(&p, F_ACK)->flags & F_ECE, 0);
	}
	/* At once, and with every ACK. */
	p.tos = CE;
	peer_str(&p, "a");
	s = peer_get(&p, 20);
	if (!s)
		FAIL("the ACK of a marked segment is delayed");
	ASSERT_EQ(s->flags & ~F_PSH, F_ACK | F_ECE);
	p.tos = ECT0;
	for (i = 0; i < 3; i++) {
		peer_str(&p, "b");
		ASSERT_EQ(peer_want(&p, F_ACK)->flags & ~F_PSH, F_ACK | F_ECE);
	}
	send_str(fd, "data");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 4);
	ASSERT_EQ(s->flags & ~F_PSH, F_ACK | F_ECE);
	peer_ack(&p);
	/* CWR ends it. */
	peer_put(&p, F_ACK | F_CWR, "c", 1);
	s = peer_get(&p, 20);
	if (!s)
		FAIL("the ACK of CWR is delayed");
	ASSERT_EQ(s->flags & ~F_PSH, F_ACK);
	peer_str(&p, "d");
	ASSERT_EQ(peer_want(&p, F_ACK)->flags & ~F_PSH, F_ACK);
	/* CWR on what is marked itself: another time. */
	p.tos = CE;
	peer_put(&p, F_ACK | F_CWR, "e", 1);
	ASSERT_EQ(peer_want(&p, F_ACK)->flags & ~F_PSH, F_ACK | F_ECE);
	p.tos = ECT0;
	peer_str(&p, "f");
	ASSERT_EQ(peer_want(&p, F_ACK)->flags & ~F_PSH, F_ACK | F_ECE);
	recv_str(fd, "abbbcdef");
	{
		struct tcp_info ti;

		sk_info(fd, &ti);
		ASSERT(ti.tcpi_options & TCPI_OPT_ECN_SEEN);
	}
}

/* A mark on what is old, beyond the window or no data says nothing. */
static void echoed_in_window(void)
{
	struct seg *s;
	uint32_t edge;

	passive();
	peer_str(&p, "abc");
	s = peer_want(&p, F_ACK);
	edge = s->ack + s->win;
	p.tos = CE;
	peer_raw(&p, F_ACK, edge + 10, p.rcv_nxt, "beyond", 6);
	ASSERT_EQ(peer_want(&p, F_ACK)->flags, F_ACK);
	peer_raw(&p, F_ACK, p.snd_nxt - 3, p.rcv_nxt, "abc", 3);
	ASSERT_EQ(peer_want(&p, F_ACK)->flags, F_ACK);
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, NULL, 0);
	peer_none(&p, 20);
	p.tos = ECT0;
	peer_str(&p, "d");
	ASSERT_EQ(peer_want(&p, F_ACK)->flags, F_ACK);
	/* Out of order, but in the window. */
	p.tos = CE;
	peer_raw(&p, F_ACK, p.snd_nxt + 1, p.rcv_nxt, "f", 1);
	ASSERT_EQ(peer_want(&p, F_ACK)->flags, F_ACK | F_ECE);
	p.tos = ECT0;
	peer_raw(&p, F_ACK, p.snd_nxt, p.rcv_nxt, "e", 1);
	ASSERT_EQ(peer_want(&p, F_ACK)->flags, F_ACK | F_ECE);
	recv_str(fd, "abcdef");
}

/* The program's TOS stays, its ECN bits do not count. */
static void user_tos(void)
{
	struct seg *s;

	net("2");
	ASSERT_EQ(ask(F_SYN)->flags, F_SYN | F_ACK);
	accepted();
	sk_set(fd, SOL_IP, IP_TOS, 0x28 | CE);
	ASSERT_EQ(sk_get(fd, SOL_IP, IP_TOS), 0x28);
	send_str(fd, "x");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->tos, 0x28);
	ASSERT_EQ(ask(SETUP)->flags, F_SYN | F_ACK | F_ECE);
	accepted();
	sk_set(fd, SOL_IP, IP_TOS, 0x28 | ECT1);
	ASSERT_EQ(sk_get(fd, SOL_IP, IP_TOS) & ~3, 0x28);
	send_str(fd, "x");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->tos, 0x28 | ECT0);
	ack(0, una + 1);
	peer_str(&p, "y");
	recv_str(fd, "y");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->tos, 0x28);
}

/* Two stacks over a path that marks: nothing is lost, and cwnd obeys. */
static void marking_path(int flags, long size)
{
	static char out[65536], got[65536];
	struct net2 n = net2_new(flags, 1500);
	struct tcp_info ti;
	struct pair q;
	long re, done;
	pid_t pid;
	int st;

	need_netem();
	need_sysctl("ecn");
	sysctl_set("ecn", "1");
	q = pair_net2(&n);
	ASSERT_EQ(sh("tc qdisc add dev ea root netem delay 1ms limit 10000 loss 2%% ecn"), 0);
	re = counter("RetransSegs");
	fill(out, sizeof(out), 77);
	pid = fork();
	if (!pid) {
		for (done = 0; done < size; done += sizeof(out))
			send_all(q.c, out, sizeof(out));
		_exit(0);
	}
	for (done = 0; done < size; done += sizeof(out)) {
		recv_all(q.s, got, sizeof(got));
		ASSERT(!memcmp(out, got, sizeof(got)));
	}
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	UNTIL(!sk_outq(q.c));
	ASSERT_EQ(counter("RetransSegs") - re, 0);
	sk_info(q.s, &ti);
	ASSERT(ti.tcpi_options & TCPI_OPT_ECN_SEEN);
	sk_info(q.c, &ti);
	ASSERT(ti.tcpi_options & TCPI_OPT_ECN);
	ASSERT_LT(ti.tcpi_snd_ssthresh, 1000);
}

static void path_of_segments(void)
{
	marking_path(NET_SINGLE, 4 << 20);
}

static void path_uncut(void)
{
	marking_path(0, 64 << 20);
}

static void need_dctcp(void)
{
	net("0");
	sh("modprobe -q tcp_dctcp 2>/dev/null");
	lfd = sk_listen(INADDR_ANY, PORT, 4);
	if (setsockopt(lfd, SOL_TCP, TCP_CONGESTION, "dctcp", 5))
		t_skip("there is no dctcp here");
}

/* DCTCP: few marks cost little. */
static void dctcp_cut(void)
{
	static char big[4000000];
	uint32_t end;
	int i, before;

	need_dctcp();
	ASSERT_EQ(ask(SETUP)->flags, F_SYN | F_ACK | F_ECE);
	accepted();
	sk_set(fd, SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20);
	OK(send(fd, big, sizeof(big), 0));
	end = una;
	for (i = 0; i < 40; i++) {
		flight(5, &end, NULL);
		ack(0, end);
	}
	flight(20, &end, NULL);
	before = cwnd();
	ASSERT_GT(before, 20);
	ack(F_ECE, end);
	t_note("cwnd %d, ssthresh then %d", before, ssthresh());
	ASSERT_LT(ssthresh(), before);
	ASSERT_GE(ssthresh(), before * 3 / 4);
}

/* DCTCP: ECE on exactly the ACKs of what was marked. */
static void dctcp_echo(void)
{
	static const uint8_t marks[] = {
		ECT0, ECT0, CE, ECT0, CE, CE, CE, ECT0, ECT0, CE, CE, ECT0, CE, ECT0, ECT0, ECT0
	};
	static char seg[1000];
	uint32_t acked, marked = 0, echoed = 0;
	struct seg *s;
	size_t i;

	need_dctcp();
	s = ask(SETUP);
	ASSERT_EQ(s->flags, F_SYN | F_ACK | F_ECE);
	ASSERT_EQ(mark(s), ECT0);
	accepted();
	acked = p.snd_nxt;
	for (i = 0; i < 4 * ARRAY_SIZE(marks); i++) {
		p.tos = marks[i % ARRAY_SIZE(marks)];
		marked += p.tos == CE ? sizeof(seg) : 0;
		peer_put(&p, F_ACK, seg, sizeof(seg));
		while ((s = peer_get(&p, 0))) {
			ASSERT_EQ(mark(s), ECT0);
			if (s->flags & F_ECE)
				echoed += s->ack - acked;
			acked = s->ack;
		}
	}
	while (acked != p.snd_nxt) {
		s = peer_want(&p, F_ACK);
		if (s->flags & F_ECE)
			echoed += s->ack - acked;
		acked = s->ack;
	}
	ASSERT_EQ(echoed, marked);
}

static const struct rt_test tests[] = {
	{ "setup_passive", "ECN-1M ECN-6I SHLD-8", setup_passive, T_FULL, 0 },
	{ "setup_cookie", "ECN-2M C11 SYNC-3I", setup_cookie, 0, 0 },
	{ "setup_not_asked", "ECN-2M", setup_not_asked, 0, 0 },
	{ "setup_active", "ECN-1M SHLD-8", setup_active, 0, 0 },
	{ "setup_simultaneous", "ECN-1M MUST-10", setup_simultaneous, 0, 0 },
	{ "fallback_silence", "ECN-3O ECN-1M", fallback_silence, T_FULL, 0 },
	{ "fallback_reset", "ECN-3O", fallback_reset, 0, 0 },
	{ "not_marked", "ECN-7M ECN-4I", not_marked, T_FULL, 0 },
	{ "obeyed", "C61 ECN-4I", obeyed, 0, 0 },
	{ "loss_says_cwr", "ECN-4I ECN-7M", loss_says_cwr, 0, 0 },
	{ "all_marked", "C61 ECN-5M", all_marked, 0, 0 },
	{ "echoed", "ECN-6I", echoed, 0, 0 },
	{ "echoed_in_window", "ECN-8S", echoed_in_window, 0, 0 },
	{ "user_tos", "SO-8", user_tos, 0, 0 },
	{ "path_of_segments", "C61 ECN-4I ECN-6I", path_of_segments, 0, 60 },
	{ "path_uncut", "C61 C05 ECN-6I", path_uncut, T_FULL, 60 },
	{ "dctcp_cut", "C61", dctcp_cut, 0, 0 },
	{ "dctcp_echo", "ECN-6I", dctcp_echo, 0, 0 },
};

RT_MAIN(tests)
