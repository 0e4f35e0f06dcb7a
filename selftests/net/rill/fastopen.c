// SPDX-License-Identifier: GPL-2.0
/*
 * Fast open, RFC 7413, on the side that listens: cookies, data on a SYN, and
 * connections that are open before the handshake is done.
 */
#include "carry.h"
#include "fo.h"

#include <sys/stat.h>

#define PORT	8080

static struct tun *tun;

static int server(const char *mode, int qlen)
{
	int l;

	tun = peer_net();
	sysctl_set("fastopen", mode);
	l = sk_new();
	sk_set(l, SOL_TCP, TCP_FASTOPEN, qlen);
	sk_set(l, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(sk_bind(l, INADDR_ANY, PORT));
	OK(listen(l, 8));
	return l;
}

/* A handshake that asks for a cookie; what is left of it is reset. */
static int get_cookie(int port, uint8_t val[16])
{
	struct peer p;
	struct seg *s;
	bool exp;
	int len;

	peer_init(&p, tun, port, PORT);
	fo_opt(&p, false, NULL, 0);
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->ack, p.iss + 1);
	len = fo_find(s, val, &exp);
	fo_opt(&p, false, NULL, -1);
	peer_raw(&p, F_RST, p.iss + 1, 0, NULL, 0);
	UNTIL_STATE(PORT, port, "");
	return len;
}

/* SYN with a cookie and data; the answer. */
static struct seg *fast_syn(struct peer *p, int port, const uint8_t *val, int len, const char *data)
{
	struct seg *s;

	peer_init(p, tun, port, PORT);
	fo_opt(p, false, val, len);
	peer_raw(p, F_SYN, p->iss, 0, data, strlen(data));
	fo_opt(p, false, NULL, -1);
	s = peer_want(p, F_SYN | F_ACK);
	p->snd_nxt = s->ack;
	return s;
}

static struct seg *opened(struct peer *p, int port, const uint8_t *val, const char *data)
{
	struct seg *s = fast_syn(p, port, val, 8, data);

	ASSERT_EQ(s->ack, p->iss + 1 + strlen(data));
	return s;
}

static void grant(void)
{
	int l = server("3", 5);
	long asked = counter("FastOpenCookieReqd");
	uint8_t a[16], b[16];
	struct peer p;
	struct seg *s;

	ASSERT_EQ(get_cookie(4000, a), 8);
	ASSERT_EQ(get_cookie(4001, b), 8);
	ASSERT(!memcmp(a, b, 8));	/* the address counts, not the port */
	ASSERT_EQ(counter("FastOpenCookieReqd") - asked, 2);
	/* nobody asked */
	peer_init(&p, tun, 4002, PORT);
	peer_syn(&p);
	ASSERT_EQ(fo_len(peer_want(&p, F_SYN | F_ACK)), -1);
	/* who does not answer gets no cookie again with the SYN,ACK */
	peer_init(&p, tun, 4003, PORT);
	fo_opt(&p, false, NULL, 0);
	peer_syn(&p);
	ASSERT_EQ(fo_len(peer_want(&p, F_SYN | F_ACK)), 8);
	peer_raw(&p, F_SYN, p.iss, 0, NULL, 0);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(fo_len(s), -1);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
}

static void grant_not(void)
{
	uint8_t val[16];
	int l = server("1", 5);

	ASSERT_EQ(get_cookie(4000, val), -1);	/* the server's bit is off */
	sysctl_set("fastopen", "2");
	ASSERT_EQ(get_cookie(4001, val), 8);
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 0);
	ASSERT_EQ(get_cookie(4002, val), -1);
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 1);
	ASSERT_EQ(get_cookie(4003, val), 8);
	/* a listener that never asked, unless the sysctl asks for it */
	close(l);
	l = sk_listen(INADDR_ANY, PORT, 4);
	ASSERT_EQ(get_cookie(4004, val), -1);
	close(l);
	sysctl_set("fastopen", "1026");
	l = sk_listen(INADDR_ANY, PORT, 4);
	ASSERT_EQ(sk_get(l, SOL_TCP, TCP_FASTOPEN), 4);
	ASSERT_EQ(get_cookie(4005, val), 8);
}

static void early_data(void)
{
	int l = server("3", 5), fd;
	long open = counter("PassiveOpens"), fast = counter("FastOpenPassive");
	uint8_t val[16];
	struct tcp_info ti;
	struct peer p;
	struct seg *s;

	get_cookie(4000, val);
	s = opened(&p, 4001, val, "request");
	ASSERT_EQ(fo_len(s), -1);
	ASSERT_EQ(s->len, 0);
	ev_need(l, POLLIN);
	fd = sk_accept(l);
	ASSERT_STATE(PORT, 4001, "SYN_RECV");
	ASSERT_EQ(sk_state(fd), TCP_SYN_RECV);
	ASSERT_EQ(sk_peer_port(fd), 4001);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT | POLLRDHUP), POLLIN | POLLOUT);
	ASSERT_EQ(sk_inq(fd), 0);		/* as in any SYN state */
	recv_str(fd, "request");
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT), POLLOUT);
	ASSERT_EQ(recv(fd, val, 1, MSG_DONTWAIT), -1);
	ASSERT_EQ(errno, EAGAIN);
	/* the answer need not wait */
	send_str(fd, "answer");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, p.irs + 1);
	ASSERT_EQ(s->ack, p.iss + 8);
	ASSERT_EQ(s->len, 6);
	ASSERT(!memcmp(s->data, "answer", 6));
	ASSERT_EQ(sk_outq(fd), 0);
	ASSERT_STATE(PORT, 4001, "SYN_RECV");
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_state, TCP_SYN_RECV);
	ASSERT(fo_acked(fd));
	ASSERT_EQ(fo_info(fd).bytes_received, 7);
	ASSERT_EQ(fo_info(fd).data_segs_in, 1);
	ASSERT_EQ(fo_info(fd).segs_in, 1);
	peer_ack(&p);
	UNTIL_STATE(PORT, 4001, "ESTABLISHED");
	peer_str(&p, "more");
	recv_str(fd, "more");
	peer_want(&p, F_ACK);
	send_str(fd, "last");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, p.irs + 7);
	ASSERT_EQ(counter("PassiveOpens") - open, 1);
	ASSERT_EQ(counter("FastOpenPassive") - fast, 1);
	ASSERT(fo_acked(fd));
}

/* The ACK of the SYN alone: what was sent meanwhile is still outstanding. */
/* TCP_SAVE_SYN, and what IP said of the SYN. */
static void early_saved(void)
{
	int l = server("3", 5), fd;
	uint8_t val[16], buf[200], *syn = carry_segment(buf);
	socklen_t len = sizeof(buf);
	struct peer p;

	get_cookie(4000, val);
	sk_set(l, SOL_TCP, TCP_SAVE_SYN, 1);
	opened(&p, 4001, val, "request");
	fd = sk_accept(l);
	ASSERT_EQ(sk_get(fd, SOL_IP, IP_MULTICAST_TTL), 64);
	OK(getsockopt(fd, SOL_TCP, TCP_SAVED_SYN, buf, &len));
	ASSERT_GE((int)len, syn - buf + 20 + 12);
	ASSERT_EQ((int)len, syn - buf + (syn[12] >> 4) * 4);
	ASSERT_EQ(syn[13], F_SYN);
	ASSERT_EQ(syn[0] << 8 | syn[1], 4001);
	recv_str(fd, "request");
	/* the ordinary way still works beside it */
	peer_init(&p, tun, 4002, PORT);
	peer_connect(&p);
	fd = sk_accept(l);
	len = sizeof(buf);
	OK(getsockopt(fd, SOL_TCP, TCP_SAVED_SYN, buf, &len));
	ASSERT_EQ(syn[0] << 8 | syn[1], 4002);
}

static void early_answer_lost(void)
{
	int l = server("3", 5), fd;
	uint8_t val[16];
	struct peer p;
	struct seg *s;

	get_cookie(4000, val);
	opened(&p, 4001, val, "request");
	fd = sk_accept(l);
	send_str(fd, "answer");
	peer_want(&p, F_ACK);
	peer_raw(&p, F_ACK, p.iss + 8, p.irs + 1, NULL, 0);
	UNTIL_STATE(PORT, 4001, "ESTABLISHED");
	ASSERT_EQ(sk_outq(fd), 6);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, p.irs + 1);
	ASSERT_EQ(s->len, 6);
	peer_raw(&p, F_ACK, p.iss + 8, p.irs + 7, NULL, 0);
	UNTIL(sk_outq(fd) == 0);
}

/* A cookie with no data: it may send early all the same. */
static void early_no_data(void)
{
	int l = server("3", 5), fd;
	uint8_t val[16];
	struct peer p;

	get_cookie(4000, val);
	opened(&p, 4001, val, "");
	fd = sk_accept(l);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT), POLLOUT);
	ASSERT(!fo_acked(fd));
	send_str(fd, "hello");
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 5);
	/* its first segment with data finishes the handshake */
	peer_str(&p, "hi");
	recv_str(fd, "hi");
	ASSERT_STATE(PORT, 4001, "ESTABLISHED");
}

static void forged(void)
{
	static const int bad[] = { 4, 6, 8, 10, 16 };
	int l = server("3", 5), fd;
	long fail = counter("FastOpenPassiveFail");
	uint8_t val[16], got[16], not[16] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct peer p;
	struct seg *s;
	bool exp;
	size_t i;

	get_cookie(4000, val);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		s = fast_syn(&p, 4001 + i, not, bad[i], "request");
		ASSERT_EQ(s->ack, p.iss + 1);
		ASSERT_EQ(fo_find(s, got, &exp), 8);	/* the right one */
		ASSERT(!memcmp(got, val, 8));
		ASSERT_EQ(ev_now(l, POLLIN), 0);
	}
	ASSERT_EQ(counter("FastOpenPassiveFail") - fail, 5);
	/* that was an ordinary handshake, and goes on as one */
	p.snd_nxt = p.iss + 1;
	peer_str(&p, "request");
	fd = sk_accept(l);
	recv_str(fd, "request");
	ASSERT(!fo_acked(fd));
	/* the same cookie from elsewhere */
	route_add(IP(10, 9, 7, 0), 24, TUN_P);
	peer_init(&p, tun, 4100, PORT);
	p.addr = IP(10, 9, 7, 7);
	fo_opt(&p, false, val, 8);
	peer_raw(&p, F_SYN, p.iss, 0, "x", 1);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->ack, p.iss + 1);
}

/* TFO-2M: of a wrong length it is no option at all. */
static void bad_length(void)
{
	static const int bad[] = { 1, 2, 3, 5, 7, 9, 15, 18 };
	uint8_t val[20] = { 0 };
	struct peer p;
	struct seg *s;
	size_t i;

	server("3", 5);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		s = fast_syn(&p, 4001 + i, val, bad[i], "request");
		ASSERT_EQ(s->ack, p.iss + 1);
		ASSERT_EQ(fo_len(s), -1);
	}
}

static void experimental(void)
{
	int l = server("3", 5);
	uint8_t val[16], plain[16];
	struct peer p;
	struct seg *s;
	bool exp;

	get_cookie(4000, plain);
	peer_init(&p, tun, 4001, PORT);
	fo_opt(&p, true, NULL, 0);
	peer_syn(&p);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(fo_find(s, val, &exp), 8);
	ASSERT(exp);
	ASSERT(!memcmp(val, plain, 8));
	peer_init(&p, tun, 4002, PORT);
	fo_opt(&p, true, val, 8);
	peer_raw(&p, F_SYN, p.iss, 0, "abc", 3);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->ack, p.iss + 4);
	recv_str(sk_accept(l), "abc");
}

static void no_cookie_server(void)
{
	int l = server("514", 5), on = 1;
	struct peer p;
	struct seg *s;

	s = fast_syn(&p, 4000, NULL, -1, "abc");
	ASSERT_EQ(s->ack, p.iss + 4);
	recv_str(sk_accept(l), "abc");
	sysctl_set("fastopen", "2");
	s = fast_syn(&p, 4001, NULL, -1, "abc");
	ASSERT_EQ(s->ack, p.iss + 1);
	OK(setsockopt(l, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, &on, sizeof(on)));
	s = fast_syn(&p, 4002, NULL, -1, "abc");
	ASSERT_EQ(s->ack, p.iss + 4);
	recv_str(sk_accept(l), "abc");
}

/* The key in use, and the one before it. */
static void keys(void)
{
	uint8_t k[32], back[64], one[16], two[16], got[16];
	long alt = counter("FastOpenPassiveAltKey");
	int l = server("3", 5), m;
	socklen_t n;
	struct peer p;
	struct seg *s;
	bool exp;

	fill(k, 32, 1);
	n = sizeof(back);
	OK(getsockopt(l, SOL_TCP, TCP_FASTOPEN_KEY, back, &n));
	ASSERT_EQ(n, 0);
	ASSERT_ERR(setsockopt(l, SOL_TCP, TCP_FASTOPEN_KEY, k, 15), EINVAL);
	ASSERT_ERR(setsockopt(l, SOL_TCP, TCP_FASTOPEN_KEY, k, 33), EINVAL);
	OK(setsockopt(l, SOL_TCP, TCP_FASTOPEN_KEY, k, 16));
	n = sizeof(back);
	OK(getsockopt(l, SOL_TCP, TCP_FASTOPEN_KEY, back, &n));
	ASSERT_EQ(n, 16);
	ASSERT(!memcmp(back, k, 16));
	get_cookie(4000, one);
	opened(&p, 4001, one, "abc");
	close(sk_accept(l));
	/* rotated: the old one is good, and a new one comes with the answer */
	fill(k, 16, 2);
	fill(k + 16, 16, 1);
	OK(setsockopt(l, SOL_TCP, TCP_FASTOPEN_KEY, k, 32));
	n = sizeof(back);
	OK(getsockopt(l, SOL_TCP, TCP_FASTOPEN_KEY, back, &n));
	ASSERT_EQ(n, 32);
	ASSERT(!memcmp(back, k, 32));
	n = 5;
	OK(getsockopt(l, SOL_TCP, TCP_FASTOPEN_KEY, back, &n));
	ASSERT_EQ(n, 5);
	s = opened(&p, 4002, one, "abc");
	ASSERT_EQ(fo_find(s, two, &exp), 8);
	ASSERT(memcmp(one, two, 8));
	ASSERT_EQ(counter("FastOpenPassiveAltKey") - alt, 1);
	close(sk_accept(l));
	s = opened(&p, 4003, two, "abc");
	ASSERT_EQ(fo_len(s), -1);
	close(sk_accept(l));
	/* and gone */
	OK(setsockopt(l, SOL_TCP, TCP_FASTOPEN_KEY, k, 16));
	s = fast_syn(&p, 4004, one, 8, "abc");
	ASSERT_EQ(s->ack, p.iss + 1);
	close(l);
	/* the namespace's are others'; a socket inherits no key */
	m = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(m, SOL_TCP, TCP_FASTOPEN, 5);
	get_cookie(4005, got);
	ASSERT(memcmp(got, two, 8));
	/* the same key, the same cookie, wherever it was set */
	sysctl_set("fastopen_key", "03020100-07060504-0b0a0908-0f0e0d0c");
	get_cookie(4006, one);
	for (n = 0; n < 16; n++)
		k[n] = n;
	OK(setsockopt(m, SOL_TCP, TCP_FASTOPEN_KEY, k, 16));
	sysctl_set("fastopen_key", "0-0-0-0");
	get_cookie(4007, two);
	ASSERT(!memcmp(one, two, 8));
}

/* TFO-4M: so many and no more, whoever has a cookie. */
static void qlen(void)
{
	int l = server("3", 2), fd;
	long over = counter("FastOpenListenOverflow");
	struct peer p[4];
	struct seg *s;
	uint8_t val[16];

	get_cookie(4000, val);
	opened(&p[0], 4001, val, "a");
	opened(&p[1], 4002, val, "b");
	s = fast_syn(&p[2], 4003, val, 8, "c");
	ASSERT_EQ(s->ack, p[2].iss + 1);
	ASSERT_EQ(fo_len(s), -1);
	ASSERT_EQ(counter("FastOpenListenOverflow") - over, 1);
	fd = sk_accept(l);	/* no help: its handshake is not done */
	s = fast_syn(&p[3], 4004, val, 8, "d");
	ASSERT_EQ(s->ack, p[3].iss + 1);
	ASSERT_EQ(counter("FastOpenListenOverflow") - over, 2);
	peer_ack(&p[0]);
	UNTIL(sk_state(fd) == TCP_ESTABLISHED);
	opened(&p[3], 4005, val, "e");
	recv_str(fd, "a");
	recv_str(sk_accept(l), "b");
	recv_str(sk_accept(l), "e");
}

/* A RST for one that was accepted counts on for a minute; before that it does not. */
static void rst(void)
{
	int l = server("3", 1), fd;
	uint8_t val[16], c;
	struct peer p;
	struct seg *s;

	get_cookie(4000, val);
	opened(&p, 4001, val, "a");
	peer_raw(&p, F_RST, p.iss + 2, 0, NULL, 0);
	UNTIL_STATE(PORT, 4001, "");
	fd = sk_accept(l);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT | POLLRDHUP) & (POLLERR | POLLHUP),
		  POLLERR | POLLHUP);
	recv_str(fd, "a");
	ASSERT_ERR(recv(fd, &c, 1, 0), ECONNRESET);
	close(fd);
	opened(&p, 4002, val, "b");
	fd = sk_accept(l);
	peer_raw(&p, F_RST, p.iss + 2, 0, NULL, 0);
	UNTIL_STATE(PORT, 4002, "");
	ASSERT_EQ(sk_error(fd), ECONNRESET);
	s = fast_syn(&p, 4003, val, 8, "c");
	ASSERT_EQ(s->ack, p.iss + 1);
	/* another listen(2) knows nothing of that */
	close(l);
	l = sk_listen(INADDR_ANY, PORT, 4);
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 1);
	opened(&p, 4004, val, "c");
}

static void rst_minute(void)
{
	int l = server("3", 1), fd;
	uint8_t val[16];
	struct peer p;
	struct seg *s;

	get_cookie(4000, val);
	opened(&p, 4001, val, "b");
	fd = sk_accept(l);
	peer_raw(&p, F_RST, p.iss + 2, 0, NULL, 0);
	UNTIL_STATE(PORT, 4001, "");
	close(fd);
	rest(55000);
	s = fast_syn(&p, 4002, val, 8, "c");
	ASSERT_EQ(s->ack, p.iss + 1);
	peer_raw(&p, F_RST, p.iss + 1, 0, NULL, 0);
	rest(6000);
	opened(&p, 4003, val, "c");
}

/* The SYN again: so is the SYN,ACK, for what it was for. */
static void syn_again(void)
{
	int l = server("3", 5), fd;
	uint8_t val[16];
	struct peer p;
	struct seg *s;

	get_cookie(4000, val);
	opened(&p, 4001, val, "abc");
	fo_opt(&p, false, val, 8);
	peer_raw(&p, F_SYN, p.iss, 0, "abc", 3);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_EQ(s->seq, p.irs);
	ASSERT_EQ(s->ack, p.iss + 4);
	ASSERT_EQ(fo_len(s), -1);
	fo_opt(&p, false, NULL, -1);
	/* an ACK of what was never sent */
	peer_raw(&p, F_ACK, p.iss + 4, p.irs + 100, NULL, 0);
	peer_want_rst(&p);
	ASSERT_STATE(PORT, 4001, "SYN_RECV");
	peer_ack(&p);
	fd = sk_accept(l);
	UNTIL(sk_state(fd) == TCP_ESTABLISHED);
	recv_str(fd, "abc");
	ASSERT_EQ(ev_now(l, POLLIN), 0);
}

static void synack_again(void)
{
	int l = server("3", 5), fd;
	uint8_t val[16];
	struct peer p;
	struct seg *s;
	double t0;

	get_cookie(4000, val);
	sysctl_set("synack_retries", "1");
	t0 = opened(&p, 4001, val, "abc")->t;
	fd = sk_accept(l);
	send_str(fd, "answer");
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 6);
	s = peer_want(&p, F_SYN | F_ACK);
	ASSERT_TIME("first SYN,ACK again", s->t - t0, 1);
	ASSERT_EQ(s->ack, p.iss + 4);
	s = peer_want(&p, F_SYN | F_ACK);	/* one more than for others */
	ASSERT_TIME("second SYN,ACK again", s->t - t0, 3);
	UNTIL_MS(!*table_state(PORT, 4001), patience(6000));
	ASSERT_TIME("end", now() - t0, 7);
	ASSERT_EQ(sk_error(fd), ETIMEDOUT);
}

static void listener_closes(void)
{
	int l = server("3", 5), fd;
	uint8_t val[16];
	struct peer p, q;

	get_cookie(4000, val);
	opened(&p, 4001, val, "abc");
	opened(&q, 4002, val, "abc");
	fd = sk_accept(l);
	close(l);
	/* one is the program's, of the other nobody knows */
	peer_want_rst(&q);
	UNTIL_STATE(PORT, 4002, "");
	recv_str(fd, "abc");
	send_str(fd, "def");
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 3);
	peer_ack(&p);
	UNTIL(sk_state(fd) == TCP_ESTABLISHED);
}

/* close() does not wait for the handshake, nor does it end it. */
static void closes(void)
{
	int l = server("3", 5), fd;
	uint8_t val[16];
	struct peer p;
	struct seg *s;

	get_cookie(4000, val);
	opened(&p, 4001, val, "abc");
	fd = sk_accept(l);
	recv_str(fd, "abc");
	send_str(fd, "def");
	close(fd);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 3);
	s = peer_want(&p, F_FIN | F_ACK);
	ASSERT_EQ(s->seq, p.irs + 4);
	ASSERT_STATE(PORT, 4001, "FIN_WAIT_1");
	peer_ack(&p);
	UNTIL_STATE(PORT, 4001, "FIN_WAIT_2");
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	peer_want(&p, F_ACK);
	/* with something unread it is an abort */
	opened(&p, 4002, val, "abc");
	close(sk_accept(l));
	peer_want_rst(&p);
	UNTIL_STATE(PORT, 4002, "");
	/* with a room of one more, as both are gone */
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 1);
	opened(&p, 4003, val, "abc");
}

static void shuts_down(void)
{
	int l = server("3", 5), fd;
	uint8_t val[16];
	struct peer p;
	struct seg *s;

	get_cookie(4000, val);
	opened(&p, 4001, val, "abc");
	fd = sk_accept(l);
	recv_str(fd, "abc");
	send_str(fd, "def");
	OK(shutdown(fd, SHUT_WR));
	ASSERT_ERR(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 3);
	ASSERT_EQ(sk_state(fd), TCP_SYN_RECV);	/* FIN waits for the handshake */
	ASSERT_EQ(ev_now(fd, POLLOUT), POLLOUT);
	peer_none(&p, 20);
	peer_ack(&p);
	s = peer_need(&p);
	if (!(s->flags & F_FIN))
		s = peer_want(&p, F_FIN | F_ACK);
	ASSERT_EQ(s->seq, p.irs + 4);
	p.rcv_nxt = s->seq + 1;
	peer_ack(&p);
	UNTIL(sk_state(fd) == TCP_FIN_WAIT2);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	recv_eof(fd);
}

/* More than the receive buffer takes by itself: it comes whole, or again. */
static void big(void)
{
	int l = server("3", 5), fd;
	static char data[1400], in[1400];
	uint8_t val[16];
	struct peer p;
	struct seg *s;

	memset(data, 'x', sizeof(data) - 1);
	get_cookie(4000, val);
	sk_set(l, SOL_SOCKET, SO_RCVBUF, 1);
	s = fast_syn(&p, 4001, val, 8, data);
	ASSERT_EQ(s->ack, p.iss + 1 + sizeof(data) - 1);
	fd = sk_accept(l);
	recv_all(fd, in, sizeof(data) - 1);
	ASSERT(!memcmp(in, data, sizeof(data) - 1));
	peer_ack(&p);
	UNTIL(sk_state(fd) == TCP_ESTABLISHED);
}

/* A SYN that a SYN cookie answers opens nothing. */
static void syncookies(void)
{
	int l = server("3", 5);
	uint8_t val[16];
	struct peer p;
	struct seg *s;

	get_cookie(4000, val);
	need_sysctl("syncookies");
	sysctl_set("syncookies", "2");
	s = fast_syn(&p, 4001, val, 8, "abc");
	ASSERT_EQ(s->ack, p.iss + 1);
	ASSERT_EQ(fo_len(s), -1);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
	p.snd_nxt = p.iss + 1;
	peer_str(&p, "abc");
	recv_str(sk_accept(l), "abc");
}

/* The accept queue bounds it as well. */
static void accept_full(void)
{
	int l = server("3", 5), i;
	uint8_t val[16];
	struct peer p;

	get_cookie(4000, val);
	OK(listen(l, 1));
	opened(&p, 4001, val, "a");
	opened(&p, 4002, val, "b");
	peer_init(&p, tun, 4003, PORT);
	fo_opt(&p, false, val, 8);
	peer_raw(&p, F_SYN, p.iss, 0, "c", 1);
	peer_none(&p, 50);
	for (i = 0; i < 2; i++)
		close(sk_accept(l));
}

/* An error ends it before accept(), and is only told after. */
static void icmp(void)
{
	int l = server("3", 5), fd;
	uint8_t val[16];
	struct peer p, q;

	get_cookie(4000, val);
	opened(&p, 4001, val, "a");
	fd = sk_accept(l);
	opened(&q, 4002, val, "b");
	peer_icmp(&p, 3, 1, 0, TUN_P, p.irs);
	peer_icmp(&q, 3, 1, 0, TUN_P, q.irs);
	UNTIL_STATE(PORT, 4002, "");
	ASSERT_STATE(PORT, 4001, "SYN_RECV");
	ASSERT_EQ(ev_now(fd, POLLOUT), POLLOUT);
	ASSERT_EQ(sk_error(fd), EHOSTUNREACH);	/* what ICMP said last, and no more */
	ASSERT_EQ(sk_error(fd), 0);
	fd = sk_accept(l);
	ASSERT_EQ(sk_state(fd), TCP_CLOSE);
	ASSERT_EQ(sk_error(fd), EHOSTUNREACH);
}

static void read_sysctl(const char *name, char *buf, int size)
{
	char path[128];
	int fd, n;

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 rt.proto == PROTO_TCP ? "ipv4/tcp_" : "rill/", name);
	fd = OK(open(path, O_RDONLY));
	n = OK(read(fd, buf, size - 1));
	buf[n] = 0;
	close(fd);
}

static int sysctl_mode(const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 rt.proto == PROTO_TCP ? "ipv4/tcp_" : "rill/", name);
	OK(stat(path, &st));
	return st.st_mode & 0777;
}

static int sysctl_refuses(const char *name, const char *val)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 rt.proto == PROTO_TCP ? "ipv4/tcp_" : "rill/", name);
	return write_file(path, val) ? errno : 0;
}

static void sysctls(void)
{
	static const char two[] = "1a-2b-3c-4d,5e-6f-70-81";
	static const char both[] =
		"0000001a-0000002b-0000003c-0000004d,0000005e-0000006f-00000070-00000081\n";
	char buf[128];

	ns_new();
	ASSERT_EQ(sysctl_mode("fastopen"), 0644);
	ASSERT_EQ(sysctl_mode("fastopen_blackhole_timeout_sec"), 0644);
	ASSERT_EQ(sysctl_mode("fastopen_key"), 0600);
	read_sysctl("fastopen", buf, sizeof(buf));
	ASSERT(!strcmp(buf, "1\n"));
	read_sysctl("fastopen_blackhole_timeout_sec", buf, sizeof(buf));
	ASSERT(!strcmp(buf, "0\n"));
	ASSERT_EQ(sysctl_refuses("fastopen_blackhole_timeout_sec", "-1"), EINVAL);
	sysctl_set("fastopen_blackhole_timeout_sec", "3600");
	sysctl_set("fastopen", "1543");
	read_sysctl("fastopen", buf, sizeof(buf));
	ASSERT(!strcmp(buf, "1543\n"));
	read_sysctl("fastopen_key", buf, sizeof(buf));
	ASSERT(!strcmp(buf, "00000000-00000000-00000000-00000000\n"));
	sk_set(sk_new(), SOL_TCP, TCP_FASTOPEN, 1);	/* needs one */
	read_sysctl("fastopen_key", buf, sizeof(buf));
	ASSERT_EQ(strlen(buf), 36);
	ASSERT(strcmp(buf, "00000000-00000000-00000000-00000000\n"));
	sysctl_set("fastopen_key", "1-2-3-4");
	read_sysctl("fastopen_key", buf, sizeof(buf));
	ASSERT(!strcmp(buf, "00000001-00000002-00000003-00000004\n"));
	sysctl_set("fastopen_key", two);
	read_sysctl("fastopen_key", buf, sizeof(buf));
	ASSERT(!strcmp(buf, both));
	ASSERT_EQ(sysctl_refuses("fastopen_key", "1-2-3"), EINVAL);
	ASSERT_EQ(sysctl_refuses("fastopen_key", "1-2-3-4,5-6"), EINVAL);
	ASSERT_EQ(sysctl_refuses("fastopen_key", "hello"), EINVAL);
	read_sysctl("fastopen_key", buf, sizeof(buf));
	ASSERT(!strcmp(buf, both));
}

static const struct rt_test tests[] = {
	{ "grant", "TFO-1M TFO-3M TFO-5S OP-1", grant, 0, 0 },
	{ "grant_not", "TFO-1M OP-1", grant_not, 0, 0 },
	{ "early_data", "SM-9 OP-1", early_data, 0, 0 },
	{ "early_saved", "TO-14 OP-1", early_saved, 0, 0 },
	{ "early_answer_lost", "OP-1", early_answer_lost, 0, 0 },
	{ "early_no_data", "OP-1", early_no_data, 0, 0 },
	{ "forged", "TFO-2M TFO-3M", forged, 0, 0 },
	{ "bad_length", "TFO-2M", bad_length, 0, 0 },
	{ "experimental", "OP-1", experimental, 0, 0 },
	{ "no_cookie_server", "OP-1", no_cookie_server, 0, 0 },
	{ "keys", "OP-1", keys, 0, 0 },
	{ "qlen", "TFO-4M", qlen, 0, 0 },
	{ "rst", "TFO-4M ER-1", rst, 0, 0 },
	{ "rst_minute", "TFO-4M", rst_minute, T_LONG, 120 },
	{ "syn_again", "TFO-5S", syn_again, 0, 0 },
	{ "synack_again", "TFO-5S", synack_again, T_FULL, 0 },
	{ "listener_closes", "OP-1 CL-9", listener_closes, 0, 0 },
	{ "closes", "OP-1", closes, 0, 0 },
	{ "shuts_down", "OP-1", shuts_down, 0, 0 },
	{ "big", "SM-9", big, 0, 0 },
	{ "syncookies", "OP-1", syncookies, 0, 0 },
	{ "accept_full", "OP-1 LS-1", accept_full, 0, 0 },
	{ "icmp", "OP-1 ER-9", icmp, 0, 0 },
	{ "sysctls", "sysctl:fastopen", sysctls, 0, 0 },
};

RT_MAIN(tests)
