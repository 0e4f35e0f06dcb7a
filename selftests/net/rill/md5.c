// SPDX-License-Identifier: GPL-2.0
/* TCP_MD5SIG (RFC 2385): who signs what, and what is dropped. */
#include "carry.h"

#include <math.h>
#include <net/if.h>

#define PORT	8080
#define PEER	4000
#define SECRET	"secret of both"
#define OTHER	"another one"

#ifndef TCP_MD5SIG_FLAG_IFINDEX
#define TCP_MD5SIG_FLAG_IFINDEX	2
#endif

/* ---- MD5: RFC 1321 ---- */

static uint32_t rol(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static void md5_block(uint32_t h[4], const uint8_t *p)
{
	static const int shift[4][4] = {
		{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
	};
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], f, w[16];
	int i, g;

	memcpy(w, p, 64);	/* little endian, as all that this runs on */
	for (i = 0; i < 64; i++) {
		if (i < 16) {
			f = (b & c) | (~b & d);
			g = i;
		} else if (i < 32) {
			f = (d & b) | (~d & c);
			g = (5 * i + 1) % 16;
		} else if (i < 48) {
			f = b ^ c ^ d;
			g = (3 * i + 5) % 16;
		} else {
			f = c ^ (b | ~d);
			g = 7 * i % 16;
		}
		f += a + (uint32_t)(fabs(sin(i + 1)) * 4294967296.0) + w[g];
		a = d;
		d = c;
		c = b;
		b += rol(f, shift[i / 16][i % 4]);
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
}

static void md5(const uint8_t *data, int len, uint8_t out[16])
{
	uint32_t h[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	uint64_t bits = 8ULL * len;
	uint8_t tail[128] = {};
	int rest = len % 64, n = rest < 56 ? 64 : 128, i;

	for (i = 0; i + 64 <= len; i += 64)
		md5_block(h, data + i);
	memcpy(tail, data + i, rest);
	tail[rest] = 0x80;
	memcpy(tail + n - 8, &bits, 8);
	for (i = 0; i < n; i += 64)
		md5_block(h, tail + i);
	memcpy(out, h, 16);
}

/* ---- signed segments ---- */

static struct peer p;

/* The digest of a segment: its fixed header, and the data. */
static void digest(uint32_t saddr, uint32_t daddr, const uint8_t th[20], int hlen,
		   const void *data, int len, const char *key, uint8_t out[16])
{
	struct in6_addr from = carry_addr6(saddr), to = carry_addr6(daddr);
	uint8_t buf[70000] = {}, *at = buf;

	if (rt.v6) {		/* RFC 8200, 8.1 */
		memcpy(at, &from, 16);
		memcpy(at + 16, &to, 16);
		put32(at + 32, hlen + len);
		at[39] = proto_num();
		at += 40;
	} else {
		put32(at, saddr);
		put32(at + 4, daddr);
		at[9] = proto_num();
		put16(at + 10, hlen + len);
		at += 12;
	}
	memcpy(at, th, 20);
	put16(at + 16, 0);
	at += 20;
	memcpy(at, data, len);
	memcpy(at + len, key, strlen(key));
	md5(buf, at - buf + len + strlen(key), out);
}

/* More options of its SYN: SACK, a window scale, and a wish for a cookie of fast open. */
static const uint8_t wishes[12] = { 1, 1, 4, 2, 1, 3, 3, 7, 34, 2, 1, 1 };
static bool wish;

/* From the peer; @key NULL: not signed. */
static void put_raw(uint8_t flags, uint32_t seq, uint32_t ack, const char *data, int len,
		    const char *key)
{
	uint8_t buf[2000], opts[40] = { 1, 1, 19, 18 };
	struct spec s = {
		.saddr = TUN_P, .daddr = TUN_K, .sport = p.port, .dport = p.kport, .seq = seq,
		.ack = ack, .win = 65535, .flags = flags, .ttl = 64, .opts = opts,
		.data = data, .len = len,
	};
	int at = 0, n;

	if (key)
		at = 20;
	s.optlen = at;
	if (flags & F_SYN) {
		memcpy(opts + at, (uint8_t[]){ 2, 4, 1460 >> 8, 1460 & 255 }, 4);
		at += 4;
		if (p.ts || p.sackok) {
			memcpy(opts + at, (uint8_t[]){ p.sackok ? 4 : 1, p.sackok ? 2 : 1 }, 2);
			at += 2;
			memcpy(opts + at, (uint8_t[]){ p.ts ? 8 : 1, p.ts ? 10 : 1 }, 2);
			at += p.ts ? 10 : 2;
		}
		if (wish) {
			memcpy(opts + at, wishes, sizeof(wishes));
			at += sizeof(wishes);
		}
		s.optlen = at;
	}
	n = seg_build(buf, &s);
	if (key) {
		digest(TUN_P, TUN_K, carry_segment(buf), 20 + s.optlen, data, len, key, opts + 4);
		n = seg_build(buf, &s);
	}
	tun_put(p.tun, buf, n);
}

static void put(uint8_t flags, const char *data, const char *key)
{
	int len = data ? strlen(data) : 0;

	put_raw(flags, p.snd_nxt, p.rcv_nxt, data, len, key);
	p.snd_nxt += len + !!(flags & F_SYN) + !!(flags & F_FIN);
}

static bool is_signed(const struct seg *s, const char *key)
{
	uint8_t th[20] = {
		s->sport >> 8, s->sport, s->dport >> 8, s->dport, s->seq >> 24, s->seq >> 16,
		s->seq >> 8, s->seq, s->ack >> 24, s->ack >> 16, s->ack >> 8, s->ack,
		(20 + s->optlen) / 4 << 4 | s->res, s->flags, s->win >> 8, s->win, 0, 0,
		s->urg >> 8, s->urg,
	};
	uint8_t want[16];

	if (s->optlen < 20 || memcmp(s->opts, "\1\1\23\22", 4))
		return false;
	digest(s->saddr, s->daddr, th, 20 + s->optlen, s->data, s->len, key, want);
	return !memcmp(want, s->opts + 4, 16);
}

static struct seg *want_signed(uint8_t flags, const char *key)
{
	struct seg *s = peer_want(&p, flags);

	if (!is_signed(s, key))
		FAIL("%s is not signed by '%s'", flags_str(s->flags), key);
	return s;
}

static struct tcp_md5sig key_of(uint32_t addr, const char *secret)
{
	struct tcp_md5sig k = { .tcpm_keylen = strlen(secret) };
	union rt_addr a;

	memcpy(&k.tcpm_addr, &a, sa_of(&a, addr, 0));
	memcpy(k.tcpm_key, secret, strlen(secret));
	return k;
}

static int key_set(int fd, uint32_t addr, const char *secret)
{
	struct tcp_md5sig k = key_of(addr, secret);

	return setsockopt(fd, SOL_TCP, TCP_MD5SIG, &k, sizeof(k));
}

/* The C library's header may be older than this member. */
static void set_ifindex(struct tcp_md5sig *k, int ifindex)
{
	memcpy((char *)k->tcpm_key - 4, &ifindex, 4);
}

static int key_prefix(int fd, uint32_t addr, int prefix, const char *secret)
{
	struct tcp_md5sig k = key_of(addr, secret);
	struct in6_addr net = carry_prefix6(addr);

	k.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
	k.tcpm_prefixlen = prefix;
	if (rt.v6) {
		k.tcpm_prefixlen += 96;
		memcpy(&((struct sockaddr_in6 *)&k.tcpm_addr)->sin6_addr, &net, sizeof(net));
	}
	return setsockopt(fd, SOL_TCP, TCP_MD5SIG_EXT, &k, sizeof(k));
}

static int listening(const char *secret)
{
	int l;

	peer_init(&p, peer_net(), PEER, PORT);
	l = sk_listen(INADDR_ANY, PORT, 4);
	if (secret)
		OK(key_set(l, TUN_P, secret));
	return l;
}

/* The handshake with a listener. */
static struct seg *shake(const char *key)
{
	struct seg *s;

	put(F_SYN, NULL, key);
	s = want_signed(F_SYN | F_ACK, key);
	put(F_ACK, NULL, key);
	return s;
}

static void counted(const char *name, long before)
{
	ASSERT_EQ(counter(name), before + 1);
}

/* ---- cases ---- */

static void errors(void)
{
	int fd = sk_new(), i;
	struct tcp_md5sig k = key_of(TUN_P, SECRET);
	char c;
	socklen_t len = sizeof(c);

	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_MD5SIG, &k, sizeof(k) - 1), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_MD5SIG, (void *)1, sizeof(k)), EFAULT);
	ASSERT_ERR(key_set(fd, TUN_P, ""), ENOENT);
	k.tcpm_keylen = TCP_MD5SIG_MAXKEYLEN + 1;
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_MD5SIG, &k, sizeof(k)), EINVAL);
	k.tcpm_keylen = TCP_MD5SIG_MAXKEYLEN;
	OK(setsockopt(fd, SOL_TCP, TCP_MD5SIG, &k, sizeof(k)));
	((struct sockaddr *)&k.tcpm_addr)->sa_family = AF_UNIX;
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_MD5SIG, &k, sizeof(k)), EINVAL);
	ASSERT_ERR(key_prefix(fd, TUN_P, 33, SECRET), EINVAL);
	/* Without its flag the prefix says nothing. */
	k = key_of(TUN_P, SECRET);
	k.tcpm_prefixlen = 77;
	OK(setsockopt(fd, SOL_TCP, TCP_MD5SIG_EXT, &k, sizeof(k)));
	/* An interface has to be a VRF. */
	k.tcpm_flags = TCP_MD5SIG_FLAG_IFINDEX;
	set_ifindex(&k, if_nametoindex("lo"));
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_MD5SIG_EXT, &k, sizeof(k)), EINVAL);
	set_ifindex(&k, 9999);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_MD5SIG_EXT, &k, sizeof(k)), EINVAL);
	set_ifindex(&k, 0);
	OK(setsockopt(fd, SOL_TCP, TCP_MD5SIG_EXT, &k, sizeof(k)));
	ASSERT_ERR(getsockopt(fd, SOL_TCP, TCP_MD5SIG, &c, &len), ENOPROTOOPT);
	/* One key for one peer, as often as it is set. */
	for (i = 0; i < 10; i++)
		OK(key_set(fd, TUN_P, SECRET));
	OK(key_set(fd, TUN_P, ""));
	ASSERT_ERR(key_set(fd, TUN_P, ""), ENOENT);
	/* Memory for them is bounded. */
	for (i = 0; i < 10000 && !key_set(fd, IP(10, 1, i >> 8, i & 255), SECRET); i++)
		;
	ASSERT_EQ(errno, ENOMEM);
	ASSERT_GT(i, 50);
	ASSERT_LT(i, 10000);
	OK(key_set(fd, IP(10, 1, 0, 0), ""));
	OK(key_set(fd, IP(10, 1, 0, 0), SECRET));
}

/* What is not signed right does not exist, and is counted. */
static void passive(void)
{
	static const char *const names[] = { "MD5NotFound", "MD5Failure" };
	int l = listening(SECRET), fd, i;
	char big[5000], back[5000];
	struct seg *s;
	long n;

	for (i = 0; i < 2; i++) {
		n = counter(names[i]);
		put_raw(F_SYN, p.iss, 0, NULL, 0, i ? OTHER : NULL);
		peer_none(&p, 50);
		counted(names[i], n);
	}
	p.sackok = true;
	p.ts = true;
	s = shake(SECRET);
	/* Timestamps make way for SACKs, which do not fit besides. */
	ASSERT_EQ(s->ts, false);
	ASSERT_EQ(s->sackok, true);
	ASSERT_EQ(s->mss, 1460);
	p.ts = false;
	fd = sk_accept(l);

	/* On the connection, too; even a RST. */
	for (i = 0; i < 2; i++) {
		n = counter(names[i]);
		put_raw(F_ACK, p.snd_nxt, p.rcv_nxt, "forged", 6, i ? OTHER : NULL);
		counted(names[i], n);
		put_raw(F_RST, p.snd_nxt, 0, NULL, 0, i ? OTHER : NULL);
		counted(names[i], n + 1);
		peer_none(&p, 50);
	}
	put(F_ACK | F_PSH, "signed", SECRET);
	want_signed(F_ACK, SECRET);
	recv_str(fd, "signed");

	/* A signature for each segment, whose data makes room for it. */
	fill(big, sizeof(big), 1);
	send_all(fd, big, sizeof(big));
	for (i = 0; i < (int)sizeof(big); i += s->len) {
		s = want_signed(F_ACK, SECRET);
		ASSERT_LE(s->len, 1440);
		ASSERT_EQ(s->seq, p.rcv_nxt - s->len);
		memcpy(back + i, s->data, s->len);
		put(F_ACK, NULL, SECRET);
	}
	ASSERT(!memcmp(big, back, sizeof(big)));
	/* The SACK of what is out of order is signed, and has room. */
	put_raw(F_ACK, p.snd_nxt + 5, p.rcv_nxt, "later", 5, SECRET);
	do
		s = want_signed(F_ACK, SECRET);
	while (s->len);		/* a probe of the tail, on a slow machine */
	ASSERT_EQ(s->nsack, 1);
	put(F_ACK, "first", SECRET);
	want_signed(F_ACK, SECRET);
	p.snd_nxt += 5;
	recv_str(fd, "firstlater");

	/* We close first: TIME_WAIT knows the key. */
	close(fd);
	want_signed(F_FIN | F_ACK, SECRET);
	put(F_FIN | F_ACK, NULL, SECRET);
	want_signed(F_ACK, SECRET);
	UNTIL_STATE(PORT, PEER, "TIME_WAIT");
	put_raw(F_FIN | F_ACK, p.snd_nxt - 1, p.rcv_nxt, NULL, 0, SECRET);
	want_signed(F_ACK, SECRET);
}

/* TIME_WAIT answers nobody who cannot sign; TCP does. */
static void time_wait_unsigned(void)
{
	int l = listening(SECRET), fd;

	shake(SECRET);
	fd = sk_accept(l);
	close(fd);
	want_signed(F_FIN | F_ACK, SECRET);
	put(F_FIN | F_ACK, NULL, SECRET);
	want_signed(F_ACK, SECRET);
	UNTIL_STATE(PORT, PEER, "TIME_WAIT");
	put_raw(F_FIN | F_ACK, p.snd_nxt - 1, p.rcv_nxt, NULL, 0, NULL);
	put_raw(F_RST, p.snd_nxt, 0, NULL, 0, NULL);
	peer_none(&p, 100);
	ASSERT_STATE(PORT, PEER, "TIME_WAIT");
}

/* A SYN of ours has a signature, and no timestamps. */
static void active(void)
{
	struct seg *s;
	int fd;

	peer_init(&p, peer_net(), PEER, 0);
	fd = sk_new();
	OK(key_set(fd, TUN_P, SECRET));
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, PEER), EINPROGRESS);
	s = want_signed(F_SYN, SECRET);
	ASSERT_EQ(s->ts, false);
	ASSERT_EQ(s->sackok, true);
	ASSERT_EQ(s->mss, 1460);
	ASSERT_GE(s->ws, 0);
	/* Not signed: not the peer's. */
	put_raw(F_SYN | F_ACK, p.iss, p.rcv_nxt, NULL, 0, NULL);
	put_raw(F_SYN | F_ACK, p.iss, p.rcv_nxt, NULL, 0, OTHER);
	put_raw(F_RST | F_ACK, 0, p.rcv_nxt, NULL, 0, NULL);
	ASSERT_EQ(ev_now(fd, POLLOUT), 0);
	put(F_SYN | F_ACK, NULL, SECRET);
	want_signed(F_ACK, SECRET);
	ASSERT(ev_need(fd, POLLOUT) & POLLOUT);
	ASSERT_EQ(sk_error(fd), 0);
	send_str(fd, "x");
	want_signed(F_ACK, SECRET);
	put(F_ACK, NULL, SECRET);
	/* The key may change while it lasts. */
	OK(key_set(fd, TUN_P, OTHER));
	put_raw(F_ACK, p.snd_nxt, p.rcv_nxt, "old", 3, SECRET);
	put(F_ACK, "new", OTHER);
	want_signed(F_ACK, OTHER);
	recv_str(fd, "new");
	/* Or go. */
	OK(key_set(fd, TUN_P, ""));
	put_raw(F_ACK, p.snd_nxt, p.rcv_nxt, "old", 3, OTHER);
	put(F_ACK, "none", NULL);
	ASSERT_EQ(peer_want(&p, F_ACK)->optlen, 0);
	recv_str(fd, "none");
	sk_linger(fd, 1, 0);
	close(fd);
	ASSERT_EQ(peer_want_rst(&p)->optlen, 0);
}

/* A signature that nobody asked for. */
static void unexpected(void)
{
	int l = listening(NULL), fd;
	long n = counter("MD5Unexpected");

	put_raw(F_SYN, p.iss, 0, NULL, 0, SECRET);
	peer_none(&p, 50);
	counted("MD5Unexpected", n);
	put(F_SYN, NULL, NULL);
	peer_want(&p, F_SYN | F_ACK);
	put(F_ACK, NULL, NULL);
	fd = sk_accept(l);
	put_raw(F_ACK, p.snd_nxt, p.rcv_nxt, "signed", 6, SECRET);
	peer_none(&p, 50);
	counted("MD5Unexpected", n + 1);
	put(F_ACK, "plain", NULL);
	recv_str(fd, "plain");
}

/* The longest prefix decides, and a child keeps what it was born with. */
static void prefixes(void)
{
	int l = listening(NULL), fd;

	OK(key_prefix(l, IP(10, 0, 0, 0), 8, OTHER));
	OK(key_prefix(l, IP(10, 9, 0, 0), 24, SECRET));
	OK(key_prefix(l, 0, 0, "for all"));
	put_raw(F_SYN, p.iss, 0, NULL, 0, OTHER);
	peer_none(&p, 50);
	shake(SECRET);
	fd = sk_accept(l);
	OK(key_prefix(l, IP(10, 9, 0, 0), 24, ""));
	put(F_ACK, "mine", SECRET);
	want_signed(F_ACK, SECRET);
	recv_str(fd, "mine");
	/* The child's is for its peer alone. */
	OK(key_set(fd, TUN_P, ""));
	ASSERT_ERR(key_set(fd, TUN_P, ""), ENOENT);
	ASSERT_ERR(key_prefix(fd, IP(10, 0, 0, 0), 8, ""), ENOENT);
	/* The next one has the next best. */
	p.port = PEER + 1;
	p.iss += 100000;
	p.snd_nxt = p.iss;
	shake(OTHER);
	fd = sk_accept(l);
	OK(key_prefix(l, IP(10, 0, 0, 0), 8, ""));
	p.port = PEER + 2;
	p.snd_nxt = p.iss;
	shake("for all");
	sk_accept(l);
}

/* Nobody owns the tuple: a RST for who can sign, if a listener has the key. */
static void no_socket(void)
{
	int l;

	peer_init(&p, peer_net(), PEER, PORT);
	OK(sk_bind(sk_new(), TUN_K, PORT + 1));		/* the wire is in use */
	put_raw(F_ACK, 1000, 2000, NULL, 0, NULL);
	ASSERT_EQ(peer_want_rst(&p)->optlen, 0);
	put_raw(F_ACK, 1000, 2000, NULL, 0, SECRET);
	peer_none(&p, 50);
	/* As of old the listener is sought on the port of the other side. */
	l = sk_listen(INADDR_ANY, PEER, 4);
	put_raw(F_ACK, 1000, 2000, NULL, 0, SECRET);
	peer_none(&p, 50);
	OK(key_set(l, TUN_P, SECRET));
	put_raw(F_ACK, 1000, 2000, NULL, 0, OTHER);
	peer_none(&p, 50);
	put_raw(F_ACK, 1000, 2000, NULL, 0, SECRET);
	if (host_answers())	/* who does not know of a listener of ours */
		peer_none(&p, 50);
	else
		ASSERT(is_signed(peer_want_rst(&p), SECRET));
}

/* SYN cookies are signed like the rest. */
static void cookies(void)
{
	int l, fd;

	peer_init(&p, peer_net(), PEER, PORT);
	sysctl_set("syncookies", "2");
	l = sk_listen(INADDR_ANY, PORT, 4);
	OK(key_set(l, TUN_P, SECRET));
	put(F_SYN, NULL, SECRET);
	want_signed(F_SYN | F_ACK, SECRET);
	put_raw(F_ACK, p.snd_nxt, p.rcv_nxt, NULL, 0, NULL);
	put_raw(F_ACK, p.snd_nxt, p.rcv_nxt, NULL, 0, OTHER);
	ASSERT_EQ(ev_now(l, POLLIN), 0);
	put(F_ACK, NULL, SECRET);
	fd = sk_accept(l);
	put(F_ACK, "x", SECRET);
	want_signed(F_ACK, SECRET);
	recv_str(fd, "x");
}

/* A SYN,ACK has 40 bytes for options: a cookie that does not fit beside the rest waits. */
static void fastopen_full(void)
{
	int l = listening(SECRET);
	struct seg *s;
	int i;

	sysctl_set("fastopen", "3");
	sk_set(l, SOL_TCP, TCP_FASTOPEN, 5);
	wish = true;
	s = shake(SECRET);
	for (i = 0; i < s->optlen; i += s->opts[i] > 1 ? s->opts[i + 1] : 1)
		ASSERT(s->opts[i] != 34);
	close(sk_accept(l));
}

/* Between two stacks: all of it, and super-segments nowhere. */
static void both_ends(void)
{
	static char big[1 << 20], back[1 << 20];
	struct net2 n = net2_new(0, 1500);
	int l, c, s, done, got, i, dir;

	ns_enter(n.b);
	l = sk_listen(IP_B, PORT, 4);
	OK(key_set(l, IP_A, SECRET));
	ns_enter(n.a);
	c = sk_new();
	OK(key_set(c, IP_B, SECRET));
	OK(sk_connect(c, IP_B, PORT));
	s = sk_accept(l);
	sk_nonblock(c, true);
	sk_nonblock(s, true);
	fill(big, sizeof(big), 5);
	for (dir = 0; dir < 2; dir++) {
		int from = dir ? s : c, to = dir ? c : s;
		double end = now() + patience(20000) / 1000.0;

		for (done = got = 0; got < (int)sizeof(big);) {
			if (now() > end)
				FAIL("%d of %d bytes came", got, (int)sizeof(big));
			i = send(from, big + done, sizeof(big) - done, 0);
			done += i > 0 ? i : 0;
			i = recv(to, back + got, sizeof(back) - got, 0);
			got += i > 0 ? i : 0;
			if (i <= 0)
				ev_wait(to, POLLIN, 100);
		}
		ASSERT(!memcmp(big, back, sizeof(big)));
	}
	ASSERT_EQ(counter("MD5Failure"), 0);
	close(c);
	sk_nonblock(s, false);
	recv_eof(s);
}

static const struct rt_test tests[] = {
	{ "errors", "OP-1 C87", errors, 0, 0 },
	{ "passive", "OP-1", passive, 0, 0 },
	{ "time_wait_unsigned", "OP-1", time_wait_unsigned, T_RILL, 0 },
	{ "active", "OP-1", active, 0, 0 },
	{ "unexpected", "OP-1", unexpected, 0, 0 },
	{ "prefixes", "OP-1", prefixes, 0, 0 },
	{ "no_socket", "OP-1", no_socket, 0, 0 },
	{ "cookies", "OP-1", cookies, 0, 0 },
	{ "fastopen_full", "OP-1", fastopen_full, 0, 0 },
	{ "both_ends", "OP-1", both_ends, 0, 60 },
};

RT_MAIN(tests)
