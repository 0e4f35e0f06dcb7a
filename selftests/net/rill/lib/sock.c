// SPDX-License-Identifier: GPL-2.0
/* Sockets by door, and calls on them that end in time. */
#include "carry.h"

#include <linux/sockios.h>

int proto_num(void)
{
	static const int num[] = { IPPROTO_RILL, IPPROTO_TCP, IPPROTO_UDP };

	return rt.proto == PROTO_TCP ? IPPROTO_TCP : num[rt.wire];
}

bool host_answers(void)
{
	return rt.proto != PROTO_TCP && rt.wire == WIRE_TCP;
}

int mss_default(void)
{
	return rt.v6 ? 1220 : 536;
}

int sk_protocol(void)
{
	return rt.proto == PROTO_TCP ? IPPROTO_TCP : IPPROTO_RILL;
}

int sk_family(int family, int type_flags)
{
	static const int inet[] = { IPPROTO_RILL, IPPROTO_RILL_TCP, IPPROTO_RILL_UDP };
	int wire = rt.wire ? proto_num() : 0;

	switch (rt.proto) {
	case PROTO_RILL:
		return socket(AF_RILL, SOCK_STREAM | type_flags,
			      wire | (family == AF_INET6 ? RILL_V6 : 0));
	case PROTO_INET:
		return socket(family, SOCK_STREAM | type_flags, inet[rt.wire]);
	default:
		return socket(family, SOCK_STREAM | type_flags, 0);
	}
}

int sk_domain(void)
{
	return rt.v6 ? AF_INET6 : AF_INET;
}

int sk_try(int type_flags)
{
	return sk_family(sk_domain(), type_flags);
}

int sk_new(void)
{
	int fd = sk_try(0);

	if (fd < 0)
		FAIL("socket: %s", strerror(errno));
	return fd;
}

struct sockaddr_in sin_of(uint32_t ip, int port)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(ip),
	};

	return a;
}

socklen_t sa_of(union rt_addr *a, uint32_t ip, int port)
{
	memset(a, 0, sizeof(*a));
	if (!rt.v6) {
		a->sin = sin_of(ip, port);
		return sizeof(a->sin);
	}
	a->sin6.sin6_family = AF_INET6;
	a->sin6.sin6_port = htons(port);
	a->sin6.sin6_addr = carry_addr6(ip);
	return sizeof(a->sin6);
}

uint32_t sa_ip(const union rt_addr *a)
{
	uint32_t ip = 0;

	ASSERT_EQ(a->sa.sa_family, sk_domain());
	if (!rt.v6)
		return ntohl(a->sin.sin_addr.s_addr);
	if (!carry_addr4(&a->sin6.sin6_addr, &ip))
		FAIL("an address that is not ours");
	return ip;
}

int sa_port(const union rt_addr *a)
{
	return ntohs(rt.v6 ? a->sin6.sin6_port : a->sin.sin_port);
}

int sk_bind(int fd, uint32_t ip, int port)
{
	union rt_addr a;
	socklen_t len = sa_of(&a, ip, port);

	return bind(fd, &a.sa, len);
}

int sk_connect(int fd, uint32_t ip, int port)
{
	union rt_addr a;
	socklen_t len = sa_of(&a, ip, port);

	return connect(fd, &a.sa, len);
}

int sk_listen(uint32_t ip, int port, int backlog)
{
	int fd = sk_new();

	OK(sk_bind(fd, ip, port));
	OK(listen(fd, backlog));
	return fd;
}

int sk_dial(uint32_t ip, int port)
{
	int fd = sk_new();

	OK(sk_connect(fd, ip, port));
	return fd;
}

int sk_accept(int lfd)
{
	ev_need(lfd, POLLIN);
	return OK(accept(lfd, NULL, NULL));
}

int sk_port(int fd)
{
	union rt_addr a;
	socklen_t len = sizeof(a);

	OK(getsockname(fd, &a.sa, &len));
	return sa_port(&a);
}

int sk_peer_port(int fd)
{
	union rt_addr a;
	socklen_t len = sizeof(a);

	OK(getpeername(fd, &a.sa, &len));
	return sa_port(&a);
}

void sk_option(int *level, int *opt)
{
	static const struct {
		int v4, v6;
	} names[] = {
		{ IP_TTL, IPV6_UNICAST_HOPS }, { IP_TOS, IPV6_TCLASS },
		{ IP_MINTTL, IPV6_MINHOPCOUNT }, { IP_RECVERR, IPV6_RECVERR },
		{ IP_MTU, IPV6_MTU }, { IP_MTU_DISCOVER, IPV6_MTU_DISCOVER },
		{ IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS },
	};
	size_t i;

	if (!rt.v6 || *level != IPPROTO_IP)
		return;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (*opt != names[i].v4)
			continue;
		*level = IPPROTO_IPV6;
		*opt = names[i].v6;
		return;
	}
}

int sk_get(int fd, int level, int opt)
{
	int less = level == IPPROTO_IP && opt == IP_MTU ? carry_extra() : 0, val = 0;
	socklen_t len = sizeof(val);

	sk_option(&level, &opt);
	if (getsockopt(fd, level, opt, &val, &len))
		FAIL("getsockopt %d %d: %s", level, opt, strerror(errno));
	return val - less;
}

void sk_set(int fd, int level, int opt, int val)
{
	sk_option(&level, &opt);
	if (setsockopt(fd, level, opt, &val, sizeof(val)))
		FAIL("setsockopt %d %d to %d: %s", level, opt, val, strerror(errno));
}

int sk_error(int fd)
{
	return sk_get(fd, SOL_SOCKET, SO_ERROR);
}

void sk_linger(int fd, int on, int secs)
{
	struct linger l = { .l_onoff = on, .l_linger = secs };

	OK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
}

void sk_nonblock(int fd, bool on)
{
	int fl = OK(fcntl(fd, F_GETFL));

	OK(fcntl(fd, F_SETFL, on ? fl | O_NONBLOCK : fl & ~O_NONBLOCK));
}

void sk_info(int fd, struct tcp_info *ti)
{
	socklen_t len = sizeof(*ti);

	memset(ti, 0, sizeof(*ti));
	OK(getsockopt(fd, SOL_TCP, TCP_INFO, ti, &len));
	/* of a path not known yet it stays 0 */
	if (ti->tcpi_pmtu)
		ti->tcpi_pmtu -= carry_extra();
}

int sk_state(int fd)
{
	struct tcp_info ti;

	sk_info(fd, &ti);
	return ti.tcpi_state;
}

int sk_inq(int fd)
{
	int n = -1;

	OK(ioctl(fd, SIOCINQ, &n));
	return n;
}

int sk_outq(int fd)
{
	int n = -1;

	OK(ioctl(fd, SIOCOUTQ, &n));
	return n;
}

short ev_wait(int fd, short events, int ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	double end = now() + ms / 1000.0;
	int r;

	do {
		double left = end - now();

		r = poll(&p, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
	} while (r < 0 && errno == EINTR);
	return r > 0 ? p.revents : 0;
}

short ev_now(int fd, short events)
{
	return ev_wait(fd, events, 0);
}

short ev_need(int fd, short events)
{
	short got = ev_wait(fd, events, WAIT_MS);

	if (!got)
		FAIL("no event of %#x within %d ms", events, WAIT_MS);
	return got;
}

void send_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n;

		ev_need(fd, POLLOUT);
		n = send(fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			FAIL("send: %s", strerror(errno));
		p += n;
		len -= n;
	}
}

void recv_all(int fd, void *buf, size_t len)
{
	char *p = buf;

	while (len) {
		ssize_t n;

		ev_need(fd, POLLIN);
		n = recv(fd, p, len, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			FAIL("recv: %s", strerror(errno));
		if (!n)
			FAIL("end of stream, %zu bytes short", len);
		p += n;
		len -= n;
	}
}

void recv_eof(int fd)
{
	char c;
	ssize_t n;

	ev_need(fd, POLLIN);
	n = recv(fd, &c, 1, MSG_DONTWAIT);
	if (n)
		FAIL("want end of stream, got %zd %s", n, n < 0 ? strerror(errno) : "bytes");
}

int recv_err(int fd)
{
	char c;
	ssize_t n;

	ev_need(fd, POLLIN);
	n = recv(fd, &c, 1, MSG_DONTWAIT);
	if (n > 0)
		FAIL("want an error, got data");
	return n ? errno : 0;
}

void recv_str(int fd, const char *want)
{
	char buf[4096] = "";
	size_t len = strlen(want);

	recv_all(fd, buf, len);
	if (memcmp(buf, want, len))
		FAIL("read '%s', want '%s'", buf, want);
}

void fill(void *buf, size_t len, uint32_t seed)
{
	uint64_t st = 0x9e3779b97f4a7c15ull ^ seed;
	uint8_t *p = buf;

	while (len >= 4) {
		uint32_t r = rnd(&st);

		memcpy(p, &r, 4);
		p += 4;
		len -= 4;
	}
	while (len--)
		*p++ = rnd(&st);
}

uint32_t rnd(uint64_t *state)
{
	uint64_t x = *state ?: 1;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return (x * 0x2545f4914f6cdd1dull) >> 32;
}

struct pair pair_lo(void)
{
	struct pair p;

	p.l = sk_listen(IP_LO, 0, 8);
	p.c = sk_dial(IP_LO, sk_port(p.l));
	p.s = sk_accept(p.l);
	return p;
}

struct pair pair_net2(const struct net2 *n)
{
	struct pair p;
	int port;

	ns_enter(n->b);
	p.l = sk_listen(IP_B, 0, 8);
	port = sk_port(p.l);
	ns_enter(n->a);
	p.c = sk_dial(IP_B, port);
	p.s = sk_accept(p.l);
	return p;
}
