// SPDX-License-Identifier: GPL-2.0
/* Sockets of AF_INET6 by door, and networks for them. */
#include "v6.h"

int sk6(void)
{
	return OK(sk_family(AF_INET6, 0));
}

struct sockaddr_in6 addr6(const char *ip, int port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	if (inet_pton(AF_INET6, ip, &a.sin6_addr) != 1)
		FAIL("%s is no address", ip);
	return a;
}

int bind6(int fd, const char *ip, int port)
{
	struct sockaddr_in6 a = addr6(ip, port);

	return bind(fd, (void *)&a, sizeof(a));
}

int connect6(int fd, const char *ip, int port)
{
	struct sockaddr_in6 a = addr6(ip, port);

	return connect(fd, (void *)&a, sizeof(a));
}

int listen6(const char *ip, int port)
{
	int fd = sk6();

	OK(bind6(fd, ip, port));
	OK(listen(fd, 5));
	return fd;
}

/* What a call says of an address, ports that differ from run to run aside. */
void rec_addr6(const char *what, long ret, const void *addr, socklen_t len)
{
	const struct sockaddr_in6 *a = addr;
	char ip[INET6_ADDRSTRLEN];
	int port = ntohs(a->sin6_port);

	if (ret < 0) {
		rec("%s: %s", what, strerror(errno));
		return;
	}
	if (len < sizeof(*a) || a->sin6_family != AF_INET6) {
		rec_addr(what, addr, len);
		return;
	}
	inet_ntop(AF_INET6, &a->sin6_addr, ip, sizeof(ip));
	rec("%s: %u bytes, [%s]:%s flow %#x scope %d", what, len, ip,
	    port >= 32768 ? "automatic" : port ? "ours" : "none", ntohl(a->sin6_flowinfo),
	    !!a->sin6_scope_id);
}

void rec_names(int fd)
{
	struct sockaddr_in6 a = { };
	socklen_t len = sizeof(a);
	long ret;

	ret = getsockname(fd, (void *)&a, &len);
	rec_addr6("own", ret, &a, len);
	len = sizeof(a);
	ret = getpeername(fd, (void *)&a, &len);
	rec_addr6("peer", ret, &a, len);
}

int accept6(int lfd)
{
	struct sockaddr_in6 a = { };
	socklen_t len = sizeof(a);
	int fd;

	ev_need(lfd, POLLIN);
	fd = OK(accept(lfd, (void *)&a, &len));
	rec_addr6("accepted", fd, &a, len);
	return fd;
}

/* A word each way. */
void talk(int c, int s)
{
	send_str(c, "hello");
	recv_str(s, "hello");
	send_str(s, "world");
	recv_str(c, "world");
}

struct pair pair6(const char *bind_to, const char *dial)
{
	struct pair p = { .l = listen6(bind_to, 0), .c = sk6() };

	OK(connect6(p.c, dial, sk_port(p.l)));
	p.s = sk_accept(p.l);
	return p;
}

void unpair(struct pair *p)
{
	close(p->c);
	close(p->s);
	close(p->l);
}

void lo_up(void)
{
	ns_new();
	if_up("lo", true);
}

void need_ip(const char *cmd)
{
	if (sh("ip %s 2>/dev/null", cmd))
		t_skip("ip(8) is not here, or cannot: %s", cmd);
}

void knob6(const char *name, const char *val)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/%s", name);
	if (write_file(path, val))
		FAIL("write %s to %s: %s", val, path, strerror(errno));
}

struct net2 net6(int mtu)
{
	struct net2 n = net2_new(0, mtu);

	need_ip("-6 addr add " A6 "/64 dev ea nodad");
	ns_enter(n.b);
	need_ip("-6 addr add " B6 "/64 dev eb nodad");
	/* the addresses of the link may be looked at still */
	UNTIL(!sh("test -z \"$(ip -6 addr show tentative)\""));
	ns_enter(n.a);
	UNTIL(!sh("test -z \"$(ip -6 addr show tentative)\""));
	return n;
}

void pour(int c, int s, long size)
{
	static uint8_t buf[1 << 16];
	uint8_t sent[32], got[32];
	struct sha256 h;
	pid_t pid;
	long left;
	ssize_t k;
	int st;

	sha256_init(&h);
	fill(buf, sizeof(buf), rt.seed);
	for (left = size; left > 0; left -= sizeof(buf))
		sha256_update(&h, buf, sizeof(buf));
	sha256_final(&h, sent);
	pid = OK(fork());
	if (!pid) {
		for (left = size; left > 0; left -= sizeof(buf))
			send_all(c, buf, sizeof(buf));
		_exit(0);
	}
	sha256_init(&h);
	for (left = size; left > 0; left -= k) {
		ev_need(s, POLLIN);
		k = OK(recv(s, buf, left < (long)sizeof(buf) ? left : (long)sizeof(buf), 0));
		if (!k)
			FAIL("the end came early");
		sha256_update(&h, buf, k);
	}
	sha256_final(&h, got);
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	ASSERT(!memcmp(sent, got, 32));
}

struct pair pair_net6(const struct net2 *n, const char *dial)
{
	struct pair p = { };

	ns_enter(n->b);
	p.l = listen6("::", 0);
	ns_enter(n->a);
	p.c = sk6();
	OK(connect6(p.c, dial, sk_port(p.l)));
	p.s = sk_accept(p.l);
	return p;
}
