// SPDX-License-Identifier: GPL-2.0
/*
 * Fast open, RFC 7413: cookies, data on a SYN, and connections that are open
 * before the handshake is done.
 */
#include "wire.h"

#ifndef TCP_FASTOPEN_KEY
#define TCP_FASTOPEN_KEY	33
#endif
#ifndef TCP_FASTOPEN_NO_COOKIE
#define TCP_FASTOPEN_NO_COOKIE	34
#endif

#define PORT	8080
#define INFO_SYN_DATA	32	/* TCPI_OPT_SYN_DATA */

static struct tun *tun;

/* The option in a segment: the cookie's length, -1 for none. */
static int fo_find(const struct seg *s, uint8_t val[16], bool *exp)
{
	int i = 0;

	while (i < s->optlen && s->opts[i]) {
		const uint8_t *o = s->opts + i;
		int skip;

		if (o[0] == 1) {
			i++;
			continue;
		}
		*exp = o[0] == 254 && o[1] >= 4 && o[2] == 0xf9 && o[3] == 0x89;
		skip = *exp ? 4 : 2;
		if (o[0] == 34 || *exp) {
			memcpy(val, o + skip, o[1] - skip);
			return o[1] - skip;
		}
		i += o[1];
	}
	return -1;
}

static int fo_len(const struct seg *s)
{
	uint8_t val[40];
	bool exp;

	return fo_find(s, val, &exp);
}

/* What the peer's segments have from now on; len < 0: nothing. */
static void fo_opt(struct peer *p, bool exp, const uint8_t *val, int len)
{
	int n = 0;

	p->xoptlen = 0;
	if (len < 0)
		return;
	p->xopt[n++] = exp ? 254 : 34;
	p->xopt[n++] = len + (exp ? 4 : 2);
	if (exp) {
		p->xopt[n++] = 0xf9;
		p->xopt[n++] = 0x89;
	}
	memcpy(p->xopt + n, val, len);
	n += len;
	while (n % 4)
		p->xopt[n++] = 1;
	p->xoptlen = n;
}

/* The kernel's struct tcp_info, which the C library has the beginning of. */
struct info {
	uint8_t bytes[7], flags;
	uint32_t words[24];
	uint64_t pacing[2], bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent, min_rtt, data_segs_in, data_segs_out;
};

static struct info info(int fd)
{
	struct info i;
	socklen_t len = sizeof(i);

	OK(getsockopt(fd, SOL_TCP, TCP_INFO, &i, &len));
	ASSERT_EQ(len, sizeof(i));
	return i;
}

static int client_fail(int fd)
{
	return info(fd).flags >> 1 & 3;
}

static bool syn_data(int fd)
{
	struct tcp_info ti;

	sk_info(fd, &ti);
	return ti.tcpi_options & INFO_SYN_DATA;
}

/* ---- the server ---- */

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
	ASSERT(ti.tcpi_options & INFO_SYN_DATA);
	ASSERT_EQ(info(fd).bytes_received, 7);
	ASSERT_EQ(info(fd).data_segs_in, 1);
	ASSERT_EQ(info(fd).segs_in, 1);
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
	ASSERT(syn_data(fd));
}

/* The ACK of the SYN alone: what was sent meanwhile is still outstanding. */
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
	ASSERT(!syn_data(fd));
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
	ASSERT(!syn_data(fd));
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

/* ---- the client ---- */

static int client(const char *mode)
{
	int fd;

	tun = peer_net();
	sysctl_set("fastopen", mode);
	fd = sk_new();
	sk_nonblock(fd, true);
	return fd;
}

static int another(void)
{
	int fd = sk_new();

	sk_nonblock(fd, true);
	return fd;
}

static ssize_t fast_send(int fd, int port, const void *data, size_t len)
{
	struct sockaddr_in to = sin_of(TUN_P, port);

	return sendto(fd, data, len, MSG_FASTOPEN | MSG_NOSIGNAL, (void *)&to, sizeof(to));
}

static const uint8_t good[16] = "cookies!cookies";

/* Answer the SYN that came with a cookie of len bytes, -1 for none, and an ACK of n bytes. */
static void answer(struct peer *p, bool exp, int len, int n)
{
	p->snd_nxt = p->iss + 1;
	fo_opt(p, exp, good, len);
	peer_raw(p, F_SYN | F_ACK, p->iss, p->irs + 1 + n, NULL, 0);
	fo_opt(p, false, NULL, -1);
	p->rcv_nxt = p->irs + 1 + n;
}

/* Teach the stack the cookie of TUN_P. */
static void teach(int port, int len)
{
	int fd = another();
	struct peer p;

	peer_init(&p, tun, port, 0);
	ASSERT_ERR(fast_send(fd, port, "x", 1), EINPROGRESS);
	peer_want(&p, F_SYN);
	answer(&p, false, len, 0);
	peer_want(&p, F_ACK);
	peer_raw(&p, F_RST | F_ACK, p.iss + 1, p.irs + 1, NULL, 0);
	UNTIL(sk_state(fd) == TCP_CLOSE);
	close(fd);
}

static void asks_and_keeps(void)
{
	int fd = client("1");
	long fast = counter("FastOpenActive"), opens = counter("ActiveOpens");
	struct peer p;
	struct seg *s;
	struct tcp_info ti;
	uint8_t val[16];
	bool exp;

	peer_init(&p, tun, 4000, 0);
	ASSERT_ERR(fast_send(fd, 4000, "hello", 5), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(fo_find(s, val, &exp), 0);
	ASSERT(!exp);
	ASSERT_ERR(fast_send(fd, 4000, "hello", 5), EALREADY);
	answer(&p, false, 8, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 0);			/* what was not taken is the program's */
	ev_need(fd, POLLOUT);
	ASSERT_EQ(client_fail(fd), 1);
	ASSERT_EQ(fast_send(fd, 4000, "hello", 5), 5);	/* as connect(2): 0 once */
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 5);
	ASSERT_ERR(fast_send(fd, 4000, "hello", 5), EISCONN);
	ASSERT(!syn_data(fd));

	/* the next one, to whatever port */
	fd = another();
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(fo_find(s, val, &exp), 8);
	ASSERT(!memcmp(val, good, 8));
	ASSERT_EQ(s->len, 5);
	ASSERT(!memcmp(s->data, "hello", 5));
	ASSERT_EQ(sk_state(fd), TCP_SYN_SENT);
	ASSERT_EQ(sk_outq(fd), 0);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT), 0);
	ASSERT_ERR(fast_send(fd, 4001, "hello", 5), EALREADY);
	ASSERT_ERR(send(fd, "x", 1, 0), EAGAIN);
	answer(&p, false, -1, 5);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, p.irs + 6);
	ASSERT_EQ(s->len, 0);
	ev_need(fd, POLLOUT);
	ASSERT(syn_data(fd));
	ASSERT_EQ(client_fail(fd), 0);
	ASSERT_EQ(counter("FastOpenActive") - fast, 1);
	ASSERT_EQ(counter("ActiveOpens") - opens, 2);
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_unacked, 0);
	ASSERT_EQ(info(fd).data_segs_out, 1);
	ASSERT_EQ(ti.tcpi_total_retrans, 0);
	send_str(fd, "world");
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, p.irs + 6);
	ASSERT_EQ(s->len, 5);
	peer_str(&p, "answer");
	recv_str(fd, "answer");
}

/* No more than fits beside all options that there can be, by the MSS it knows. */
static void how_much(void)
{
	static const int mss[] = { 1460, 1000 };
	static uint8_t big[5000];
	struct peer p;
	struct seg *s;
	size_t i;
	int fd;

	close(client("1"));
	fill(big, sizeof(big), 1);
	for (i = 0; i < ARRAY_SIZE(mss); i++) {
		fd = another();
		peer_init(&p, tun, 4000 + i, 0);
		p.mss = mss[i];
		/* what is known of the server so far, or nothing */
		ASSERT_EQ(fast_send(fd, 4000 + i, big, sizeof(big)), i ? mss[i - 1] - 40 : -1);
		peer_want(&p, F_SYN);
		answer(&p, false, 8, 0);
		peer_want(&p, F_ACK);
		close(fd);
		peer_drop(&p);
		peer_raw(&p, F_RST | F_ACK, p.iss + 1, p.irs + 1, NULL, 0);
	}
	fd = another();
	peer_init(&p, tun, 4010, 0);
	ASSERT_EQ(fast_send(fd, 4010, big, sizeof(big)), 960);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 960);
	ASSERT(!memcmp(s->data, big, 960));
	answer(&p, false, -1, 960);
	ev_need(fd, POLLOUT);
	ASSERT_EQ(send(fd, big + 960, 100, 0), 100);
	while ((s = peer_need(&p)) && !s->len)
		;
	ASSERT_EQ(s->seq, p.irs + 961);
	ASSERT(!memcmp(s->data, big + 960, 100));
}

/* The server leaves the data, or a part of it: that is sent again at once. */
static void not_taken(void)
{
	static const int part[] = { 0, 4 };
	long fail = counter("FastOpenActiveFail");
	struct tcp_info ti;
	struct peer p;
	struct seg *s;
	size_t i;
	int fd;

	close(client("1"));
	fail = counter("FastOpenActiveFail");
	teach(4000, 8);
	for (i = 0; i < ARRAY_SIZE(part); i++) {
		fd = another();
		peer_init(&p, tun, 4001 + i, 0);
		ASSERT_EQ(fast_send(fd, 4001 + i, "0123456789", 10), 10);
		ASSERT_EQ(peer_want(&p, F_SYN)->len, 10);
		answer(&p, false, -1, part[i]);
		s = peer_want(&p, F_ACK);
		ASSERT_EQ(s->seq, p.irs + 1 + part[i]);
		ASSERT_EQ(s->ack, p.iss + 1);
		ASSERT_EQ(s->len, 10 - part[i]);
		ASSERT(!memcmp(s->data, "0123456789" + part[i], s->len));
		peer_ack(&p);
		UNTIL(sk_outq(fd) == 0);
		ASSERT_EQ(client_fail(fd), 2);
		ASSERT(!syn_data(fd));
		ASSERT_EQ(counter("FastOpenActiveFail") - fail, (long)i + 1);
		sk_info(fd, &ti);
		ASSERT_EQ(ti.tcpi_total_retrans, 1);
		ASSERT_EQ(ti.tcpi_snd_cwnd, 10);
		send_str(fd, "more");
		ASSERT_EQ(peer_want(&p, F_ACK)->seq, p.irs + 11);
	}
}

/* TFO-5S: the SYN is lost, and comes again alone. */
static void syn_lost(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;
	double t0;

	teach(4000, 8);
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 5);
	t0 = s->t;
	s = peer_want(&p, F_SYN);
	ASSERT_TIME("SYN again", s->t - t0, 1);
	ASSERT_EQ(s->seq, p.irs);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(fo_len(s), -1);
	answer(&p, false, -1, 0);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->seq, p.irs + 1);
	ASSERT_EQ(s->len, 5);
	peer_ack(&p);
	UNTIL(sk_outq(fd) == 0);
	ASSERT_EQ(client_fail(fd), 3);
	/* it arrived after all: then all is well */
	fd = another();
	peer_init(&p, tun, 4002, 0);
	ASSERT_EQ(fast_send(fd, 4002, "hello", 5), 5);
	peer_want(&p, F_SYN);
	peer_want(&p, F_SYN);
	answer(&p, false, -1, 5);
	s = peer_want(&p, F_ACK);
	ASSERT_EQ(s->len, 0);
	ASSERT(syn_data(fd));
	ASSERT_EQ(client_fail(fd), 0);
}

static void refused(void)
{
	int fd = client("1");
	struct peer p;

	teach(4000, 8);
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	peer_want(&p, F_SYN);
	/* an ACK of no more than the SYN will do */
	peer_raw(&p, F_RST | F_ACK, 0, p.irs + 1, NULL, 0);
	ev_need(fd, POLLERR);
	ASSERT_EQ(sk_error(fd), ECONNREFUSED);
	ASSERT_EQ(sk_state(fd), TCP_CLOSE);
	/* and again, from the beginning */
	peer_init(&p, tun, 4002, 0);
	ASSERT_ERR(fast_send(fd, 4002, "again", 5), ECONNABORTED);
	ASSERT_EQ(fast_send(fd, 4002, "again", 5), 5);
	ASSERT(!memcmp(peer_want(&p, F_SYN)->data, "again", 5));
	answer(&p, false, -1, 5);
	peer_want(&p, F_ACK);
	peer_str(&p, "hi");
	recv_str(fd, "hi");
}

static void client_rules(void)
{
	struct sockaddr_in to = sin_of(TUN_P, 4000);
	struct sockaddr un = { .sa_family = AF_UNSPEC };
	int fd = client("0"), one = 1;

	ASSERT_ERR(fast_send(fd, 4000, "x", 1), EOPNOTSUPP);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, &one, 4), EOPNOTSUPP);
	sysctl_set("fastopen", "1");
	ASSERT_ERR(sendto(fd, "x", 1, MSG_FASTOPEN, &un, sizeof(un)), EOPNOTSUPP);
	ASSERT_ERR(send(fd, "x", 1, MSG_FASTOPEN), EINVAL);
	ASSERT_ERR(sendto(fd, "x", 1, MSG_FASTOPEN, (void *)&to, 1), EINVAL);
	to.sin_family = AF_INET6;
	ASSERT_ERR(sendto(fd, "x", 1, MSG_FASTOPEN, (void *)&to, sizeof(to)), EAFNOSUPPORT);
	to = sin_of(IP(192, 168, 77, 1), 1);
	ASSERT_ERR(sendto(fd, "x", 1, MSG_FASTOPEN, (void *)&to, sizeof(to)), ENETUNREACH);
	close(fd);
	fd = sk_listen(INADDR_ANY, PORT, 1);
	ASSERT_ERR(fast_send(fd, 4000, "x", 1), EISCONN);
}

static void options(void)
{
	int fd, bad[] = { -1, 2 }, zero = 0;
	struct peer p;
	size_t i;

	close(client("1"));
	fd = sk_new();
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN), 0);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN_CONNECT), 0);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE), 0);
	for (i = 0; i < 2; i++) {
		ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, &bad[i], 4), EINVAL);
		ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, &bad[i], 4), EINVAL);
	}
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN, &bad[0], 4), EINVAL);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN_CONNECT), 1);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE), 1);
	ASSERT_EQ(write_file("/proc/sys/net/core/somaxconn", "7"), 0);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN, 100);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN), 7);
	close(fd);
	peer_init(&p, tun, 4000, 0);
	fd = peer_dialled(&p);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN, &zero, 4), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, &zero, 4), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, &zero, 4), EINVAL);
	fd = sk_listen(INADDR_ANY, PORT, 1);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, &zero, 4), EINVAL);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN, 3);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_FASTOPEN), 3);
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

static int sysctl_refuses(const char *name, const char *val)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 rt.proto == PROTO_TCP ? "ipv4/tcp_" : "rill/", name);
	return write_file(path, val) ? errno : 0;
}

static void sysctls(void)
{
	static const char two[] = "00000001-00000002-00000003-00000004,"
				  "0000000a-0000000b-0000000c-0000000d";
	char buf[128];

	ns_new();
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
	ASSERT(!strncmp(buf, two, sizeof(two) - 1));
	ASSERT_EQ(sysctl_refuses("fastopen_key", "1-2-3"), EINVAL);
	ASSERT_EQ(sysctl_refuses("fastopen_key", "1-2-3-4,5-6"), EINVAL);
	ASSERT_EQ(sysctl_refuses("fastopen_key", "hello"), EINVAL);
	read_sysctl("fastopen_key", buf, sizeof(buf));
	ASSERT(!strncmp(buf, two, sizeof(two) - 1));
}

/* TCP_FASTOPEN_CONNECT: the first write connects. */
static void deferred(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;
	char c;

	teach(4000, 8);
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	peer_init(&p, tun, 4001, 0);
	OK(sk_connect(fd, TUN_P, 4001));
	peer_none(&p, 20);
	ASSERT_EQ(sk_state(fd), TCP_SYN_SENT);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT), POLLOUT);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4001), EISCONN);
	ASSERT_ERR(recv(fd, &c, 1, 0), EAGAIN);
	ASSERT_EQ(sk_error(fd), 0);
	ASSERT_EQ(sk_outq(fd), 0);
	/* there is nobody to answer yet */
	p.kport = sk_port(fd);
	peer_raw(&p, F_SYN | F_ACK, p.iss, 1, NULL, 0);
	peer_drop(&p);
	ASSERT_EQ(sk_state(fd), TCP_SYN_SENT);
	ASSERT_EQ(write(fd, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 5);
	ASSERT_EQ(fo_len(s), 8);
	ASSERT_EQ(ev_now(fd, POLLIN | POLLOUT), 0);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4001), EALREADY);
	answer(&p, false, -1, 5);
	peer_want(&p, F_ACK);
	ev_need(fd, POLLOUT);
	ASSERT(syn_data(fd));
	/* an empty write will do, and close() without any */
	fd = another();
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	peer_init(&p, tun, 4002, 0);
	OK(sk_connect(fd, TUN_P, 4002));
	ASSERT_ERR(write(fd, "", 0), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(fo_len(s), 8);
	answer(&p, false, -1, 0);
	peer_want(&p, F_ACK);
	fd = another();
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	peer_init(&p, tun, 4003, 0);
	OK(sk_connect(fd, TUN_P, 4003));
	close(fd);
	peer_none(&p, 20);
	/* another try after a disconnect */
	fd = another();
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	OK(sk_connect(fd, TUN_P, 4003));
	OK(shutdown(fd, SHUT_WR));
	ASSERT_EQ(sk_state(fd), TCP_CLOSE);
	OK(sk_connect(fd, TUN_P, 4003));
	ASSERT_EQ(write(fd, "hello", 5), 5);
	ASSERT_EQ(peer_want(&p, F_SYN)->len, 5);
}

static void deferred_not(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;

	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	peer_init(&p, tun, 4000, 0);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(fo_len(s), 0);
	ASSERT_EQ(ev_now(fd, POLLOUT), 0);
	answer(&p, false, 8, 0);
	peer_want(&p, F_ACK);
	ev_need(fd, POLLOUT);
	send_str(fd, "hello");
	ASSERT_EQ(peer_want(&p, F_ACK)->len, 5);
	/* now there is a cookie */
	fd = another();
	sk_set(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1);
	OK(sk_connect(fd, TUN_P, 4001));
}

static void no_cookie_client(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;

	sk_set(fd, SOL_TCP, TCP_FASTOPEN_NO_COOKIE, 1);
	peer_init(&p, tun, 4000, 0);
	ASSERT_EQ(fast_send(fd, 4000, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 5);
	ASSERT_EQ(fo_len(s), -1);
	answer(&p, false, -1, 5);
	peer_want(&p, F_ACK);
	ASSERT(syn_data(fd));
	sysctl_set("fastopen", "5");
	fd = another();
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 5);
	ASSERT_EQ(fo_len(s), -1);
}

/* A cookie that was not asked for is none; who gives none is asked once in the other form. */
static void denied(void)
{
	static const bool form[] = { false, true, false, false };
	struct peer p;
	struct seg *s;
	uint8_t val[16];
	size_t i;
	bool exp;
	int fd;

	close(client("1"));
	peer_init(&p, tun, 4000, 0);
	fd = another();
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	ASSERT_EQ(fo_len(peer_want(&p, F_SYN)), -1);
	answer(&p, false, 8, 0);
	peer_want(&p, F_ACK);
	for (i = 0; i < ARRAY_SIZE(form); i++) {
		fd = another();
		peer_init(&p, tun, 4001 + i, 0);
		ASSERT_ERR(fast_send(fd, 4001 + i, "hello", 5), EINPROGRESS);
		s = peer_want(&p, F_SYN);
		ASSERT_EQ(fo_find(s, val, &exp), 0);
		ASSERT_EQ(exp, form[i]);
		answer(&p, false, -1, 0);
		peer_want(&p, F_ACK);
	}
}

static void experimental_client(void)
{
	struct peer p;
	struct seg *s;
	uint8_t val[16];
	bool exp;
	int fd;

	close(client("1"));
	teach(4000, -1);
	fd = another();
	peer_init(&p, tun, 4001, 0);
	ASSERT_ERR(fast_send(fd, 4001, "hello", 5), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(fo_find(s, val, &exp), 0);
	ASSERT(exp);
	answer(&p, true, 8, 0);
	peer_want(&p, F_ACK);
	fd = another();
	peer_init(&p, tun, 4002, 0);
	ASSERT_EQ(fast_send(fd, 4002, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(fo_find(s, val, &exp), 8);
	ASSERT(exp);
	ASSERT(!memcmp(val, good, 8));
}

/* All options and the longest cookie fill a SYN to the brim. */
static void longest_cookie(void)
{
	int fd = client("1");
	struct peer p;
	struct seg *s;

	teach(4000, 16);
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(fo_len(s), 16);
	ASSERT_EQ(s->len, 5);
	ASSERT(s->ts && s->sackok && s->ws >= 0 && s->mss);
}

/* Three timeouts in a row, and fast open has a rest. */
static void blackhole(void)
{
	int fd = client("1"), i;
	long hole = counter("FastOpenBlackhole"), fail = counter("FastOpenActiveFail");
	struct peer p;
	struct seg *s;

	sysctl_set("fastopen_blackhole_timeout_sec", "60");
	teach(4000, 8);
	peer_init(&p, tun, 4001, 0);
	ASSERT_EQ(fast_send(fd, 4001, "hello", 5), 5);
	for (i = 0; i < 4; i++)
		peer_want(&p, F_SYN);
	UNTIL(counter("FastOpenBlackhole") - hole == 1);
	ASSERT_EQ(counter("FastOpenActiveFail") - fail, 1);
	close(fd);
	fd = another();
	peer_init(&p, tun, 4002, 0);
	ASSERT_ERR(fast_send(fd, 4002, "hello", 5), EINPROGRESS);
	s = peer_want(&p, F_SYN);
	ASSERT_EQ(s->len, 0);
	ASSERT_EQ(fo_len(s), -1);
	close(fd);
	/* until it is over, or an administrator says so */
	sysctl_set("fastopen_blackhole_timeout_sec", "60");
	fd = another();
	peer_init(&p, tun, 4003, 0);
	ASSERT_EQ(fast_send(fd, 4003, "hello", 5), 5);
}

/* ---- both ---- */

static volatile int drops;	/* of what the case says */
static volatile int seen_early, seen_syn;

static enum verdict drop_syn(const struct seg *s, int dir)
{
	if (!dir && s->flags == F_SYN && s->len) {
		seen_syn++;
		if (drops-- > 0)
			return DROP;
	}
	return PASS;
}

static enum verdict drop_synack(const struct seg *s, int dir)
{
	if (!dir && s->flags == F_SYN && s->len)
		seen_syn++;
	return dir && s->flags == (F_SYN | F_ACK) && drops-- > 0 ? DROP : PASS;
}

static enum verdict drop_ack(const struct seg *s, int dir)
{
	if (!dir && s->flags == F_SYN && s->len)
		seen_syn++;
	if (dir && s->len && !seen_early)
		seen_early = 1;
	return !dir && !(s->flags & F_SYN) && drops-- > 0 ? DROP : PASS;
}

/* Blocking: a request in the SYN, and what is beyond it; an answer; over a wire that loses. */
static void transfer(struct relay *r, relay_fn fn, int lost, int size)
{
	struct sockaddr_in to = sin_of(IP_B, PORT);
	static uint8_t out[300000], in[300000];
	int l, fd, s, round;
	pid_t pid;

	ns_enter(r->b);
	sysctl_set("fastopen", "3");
	l = sk_new();
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 16);
	OK(sk_bind(l, INADDR_ANY, PORT));
	OK(listen(l, 8));
	ns_enter(r->a);
	sysctl_set("fastopen", "3");
	fill(out, sizeof(out), 7);
	pid = fork();
	ASSERT_GE(pid, 0);
	if (!pid) {
		for (round = 0; round < 2; round++) {
			s = sk_accept(l);
			recv_all(s, in, size);
			ASSERT(!memcmp(in, out, size));
			send_all(s, out, size);
			close(s);
		}
		_exit(0);
	}
	for (round = 0; round < 2; round++) {
		size_t done;

		if (round) {
			drops = lost;
			r->fn = fn;
		}
		fd = sk_new();
		done = OK(sendto(fd, out, size, MSG_FASTOPEN, (void *)&to, sizeof(to)));
		send_all(fd, out + done, size - done);
		recv_all(fd, in, size);
		ASSERT(!memcmp(in, out, size));
		recv_eof(fd);
		close(fd);
	}
	ASSERT_EQ(waitpid(pid, &s, 0), pid);
	ASSERT_EQ(s, 0);
	ASSERT_GE(seen_syn, 1);
}

static void wire_clean(void)
{
	transfer(relay_new(1500, NULL), drop_syn, 0, 200000);
}

static void wire_syn_lost(void)
{
	transfer(relay_new(1500, NULL), drop_syn, 1, 50000);
}

static void wire_synack_lost(void)
{
	transfer(relay_new(1500, NULL), drop_synack, 1, 50000);
}

static void wire_ack_lost(void)
{
	transfer(relay_new(1500, NULL), drop_ack, 3, 50000);
}

/* On loopback a SYN may take much along. */
static void loopback(void)
{
	static uint8_t out[200000], in[200000];
	struct sockaddr_in to = sin_of(IP_LO, PORT);
	int l, fd, s, round;
	ssize_t n;

	ns_new();
	sysctl_set("fastopen", "3");
	l = sk_new();
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 16);
	OK(sk_bind(l, INADDR_ANY, PORT));
	OK(listen(l, 8));
	fill(out, sizeof(out), 9);
	for (round = 0; round < 3; round++) {
		fd = sk_new();
		sk_nonblock(fd, round == 2);
		n = OK(sendto(fd, out, 3000, MSG_FASTOPEN, (void *)&to, sizeof(to)));
		ASSERT_EQ(n, 3000);
		s = sk_accept(l);
		recv_all(s, in, 3000);
		ASSERT(!memcmp(in, out, 3000));
		ASSERT_EQ(syn_data(s), round != 0);
		send_str(s, "answer");
		sk_nonblock(fd, false);
		recv_str(fd, "answer");
		close(fd);
		recv_eof(s);
		close(s);
	}
}

static const struct rt_test tests[] = {
	{ "grant", "TFO-1M TFO-3M TFO-5S OP-1", grant, 0, 0 },
	{ "grant_not", "TFO-1M OP-1", grant_not, 0, 0 },
	{ "early_data", "SM-9 OP-1", early_data, 0, 0 },
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
	{ "syncookies", "OP-1", syncookies, 0, 0 },
	{ "accept_full", "OP-1 LS-1", accept_full, 0, 0 },
	{ "icmp", "OP-1 ER-9", icmp, 0, 0 },
	{ "asks_and_keeps", "TFO-3M OP-1", asks_and_keeps, 0, 0 },
	{ "how_much", "OP-1", how_much, 0, 0 },
	{ "not_taken", "OP-1", not_taken, 0, 0 },
	{ "syn_lost", "TFO-5S", syn_lost, T_FULL, 0 },
	{ "refused", "OP-1 ER-1", refused, 0, 0 },
	{ "client_rules", "OP-1", client_rules, 0, 0 },
	{ "options", "OP-1", options, 0, 0 },
	{ "sysctls", "sysctl:fastopen", sysctls, 0, 0 },
	{ "deferred", "OP-1", deferred, 0, 0 },
	{ "deferred_not", "OP-1", deferred_not, 0, 0 },
	{ "no_cookie_client", "OP-1", no_cookie_client, 0, 0 },
	{ "denied", "TFO-3M", denied, 0, 0 },
	{ "experimental_client", "TFO-3M", experimental_client, 0, 0 },
	{ "longest_cookie", "TFO-2M", longest_cookie, 0, 0 },
	{ "blackhole", "sysctl:fastopen_blackhole_timeout_sec", blackhole, T_FULL, 0 },
	{ "wire_clean", "OP-1", wire_clean, 0, 0 },
	{ "wire_syn_lost", "TFO-5S", wire_syn_lost, T_FULL, 0 },
	{ "wire_synack_lost", "TFO-5S", wire_synack_lost, T_FULL, 0 },
	{ "wire_ack_lost", "OP-1", wire_ack_lost, T_FULL, 0 },
	{ "loopback", "OP-1", loopback, 0, 0 },
};

RT_MAIN(tests)
