// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of AF_INET6: both families on one port, mapped addresses, scopes,
 * options.
 */
#include "v6.h"

#include <linux/in6.h>
#include <net/if.h>

#define SHORT_SIN6	24	/* RFC 2133: without a scope */

/* ---- one port, two families ---- */

/* Dial, and see which of two listeners has it. */
static void dial(bool six, const int lfd[2])
{
	int c = six ? sk6() : sk_new(), i, s;

	rec("dial IPv%d", six ? 6 : 4);
	if (!DO(six ? connect6(c, LO6, PORT) : sk_connect(c, IP_LO, PORT)))
		for (i = 0; i < 2; i++)
			if (lfd[i] >= 0 && ev_now(lfd[i], POLLIN)) {
				rec("listener %d has it", i);
				s = accept6(lfd[i]);
				talk(c, s);
				rec_names(s);
				close(s);
			}
	close(c);
}

static void dial_both(int a, int b)
{
	const int lfd[2] = { a, b };

	dial(true, lfd);
	dial(false, lfd);
}

static int claim6(int only, const char *ip, int reuse)
{
	int fd = sk6();

	if (only >= 0)
		sk_set(fd, SOL_IPV6, IPV6_V6ONLY, only);
	sk_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
	if (!DO(bind6(fd, ip, PORT)) && !DO(listen(fd, 5)))
		return fd;
	close(fd);
	return -1;
}

static int claim4(uint32_t ip, int reuse)
{
	int fd = sk_new();

	sk_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse);
	if (!DO(sk_bind(fd, ip, PORT)) && !DO(listen(fd, 5)))
		return fd;
	close(fd);
	return -1;
}

static void both_families(void)
{
	static const char *const six[] = { "::", LO6, LO4, "::ffff:0.0.0.0" };
	static const uint32_t four[] = { 0, IP_LO };
	int only, first, reuse;
	size_t i, j;
	int a, b;

	for (only = -1; only <= 1; only++)
		for (i = 0; i < ARRAY_SIZE(six); i++)
			for (j = 0; j < ARRAY_SIZE(four); j++)
				for (first = 0; first < 4; first++) {
					lo_up();
					reuse = first >> 1;
					rec("only %d %s, %#x, first %d, reuse %d", only, six[i],
					    four[j], first & 1, reuse);
					a = first & 1 ? claim6(only, six[i], reuse) :
							claim4(four[j], reuse);
					b = first & 1 ? claim4(four[j], reuse) :
							claim6(only, six[i], reuse);
					dial_both(a, b);
					close(a);
					close(b);
				}
}

static void bindv6only(void)
{
	int fd, i;

	for (i = 0; i < 2; i++) {
		lo_up();
		knob6("bindv6only", i ? "1" : "0");
		fd = sk6();
		DO(sk_get(fd, SOL_IPV6, IPV6_V6ONLY));
		close(fd);
		fd = claim6(-1, "::", 0);
		DO(claim4(0, 0) >= 0);
		dial_both(fd, -1);
	}
}

static void v6only_option(void)
{
	struct pair p;
	int fd, v;

	lo_up();
	fd = sk6();
	for (v = 0; v < 3; v++) {
		DO(setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &v, sizeof(v)));
		DO(sk_get(fd, SOL_IPV6, IPV6_V6ONLY));
	}
	DO(setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &v, 1));
	DO(connect6(fd, LO4, PORT));
	DO(bind6(fd, LO4, PORT));
	DO(bind6(fd, "::", PORT));
	v = 0;
	DO(setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &v, sizeof(v)));
	close(fd);
	p = pair6(LO6, LO6);
	DO(setsockopt(p.c, SOL_IPV6, IPV6_V6ONLY, &v, sizeof(v)));
	DO(setsockopt(p.s, SOL_IPV6, IPV6_V6ONLY, &v, sizeof(v)));
	fd = sk_new();
	DO(setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &v, sizeof(v)));
	DO(getsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &v, &(socklen_t){ sizeof(v) }));
}

/* ---- mapped addresses ---- */

static void mapped(void)
{
	static const char *const from[] = { NULL, "::", LO6, LO4 };
	static const char *const to[] = { LO6, LO4, "::", "::ffff:0.0.0.0" };
	size_t i, j;
	int l, c, s;

	lo_up();
	for (i = 0; i < ARRAY_SIZE(from); i++)
		for (j = 0; j < ARRAY_SIZE(to); j++) {
			l = listen6("::", PORT + 1);
			c = sk6();
			rec("%s to %s", from[i] ? : "none", to[j]);
			if (from[i])
				DO(bind6(c, from[i], 0));
			if (!DO(connect6(c, to[j], PORT + 1))) {
				s = accept6(l);
				rec_names(c);
				rec_names(s);
				DO(sk_get(c, SOL_TCP, TCP_MAXSEG));
				talk(c, s);
				shutdown(s, SHUT_WR);
				recv_eof(c);
				close(c);
				recv_eof(s);
				close(s);
			} else {
				rec_names(c);
				close(c);
			}
			close(l);
			lo_up();
		}
}

/* ---- addresses, lengths, families ---- */

static void try_bind(const char *ip, int family, socklen_t len, int port)
{
	struct sockaddr_in6 a = addr6(ip, port);
	int fd = sk6();

	a.sin6_family = family;
	rec("bind %s family %d length %u", ip, family, len);
	DO(bind(fd, (void *)&a, len));
	rec_names(fd);
	close(fd);
}

static void try_connect(const char *ip, int family, socklen_t len, int port)
{
	struct sockaddr_in6 a = addr6(ip, port);
	int fd = sk6();

	a.sin6_family = family;
	rec("connect %s family %d length %u", ip, family, len);
	DO(connect(fd, (void *)&a, len));
	DO(sk_error(fd));
	rec_names(fd);
	close(fd);
}

static void lengths(void)
{
	static const socklen_t len[] = { 0, 1, 2, 16, SHORT_SIN6 - 1, SHORT_SIN6, 27, 28, 29, 128 };
	static const int family[] = { AF_INET6, AF_INET, AF_UNSPEC, AF_UNIX };
	struct sockaddr_storage st;
	struct sockaddr_in6 a;
	socklen_t got;
	size_t i, j;
	int l, fd;

	lo_up();
	l = listen6("::", PORT);
	for (i = 0; i < ARRAY_SIZE(len); i++) {
		if (len[i] > sizeof(a))
			continue;
		for (j = 0; j < ARRAY_SIZE(family); j++) {
			try_bind(LO6, family[j], len[i], 0);
			try_bind("::", family[j], len[i], 0);
			try_connect(LO6, family[j], len[i], PORT);
		}
	}
	for (i = 0; i < ARRAY_SIZE(len); i++) {
		memset(&st, 0, sizeof(st));
		got = len[i];
		DO(getsockname(l, (void *)&st, &got));
		rec("%u of %u, family %d", got, len[i], st.ss_family);
	}
	/* the other way round */
	fd = sk_new();
	a = addr6(LO6, PORT);
	DO(bind(fd, (void *)&a, sizeof(a)));
	DO(connect(fd, (void *)&a, sizeof(a)));
	a = addr6(LO4, PORT);
	DO(connect(fd, (void *)&a, sizeof(a)));
}

static void targets(void)
{
	static const char *const to[] = {
		"::", "::1", LO4, "ff02::1", "ff0e::1", "2001:db8::1", "fe80::1", "::ffff:10.1.1.1",
		"::ffff:224.0.0.1", "::ffff:255.255.255.255", "::127.0.0.1",
	};
	size_t i;

	lo_up();
	for (i = 0; i < ARRAY_SIZE(to); i++) {
		try_connect(to[i], AF_INET6, sizeof(struct sockaddr_in6), PORT);
		try_bind(to[i], AF_INET6, sizeof(struct sockaddr_in6), 0);
	}
}

static void connect_again(const char *const *to, int n)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int l, c, s, i;

	lo_up();
	l = listen6("::", PORT);
	c = sk6();
	for (i = 0; i < n; i++) {
		DO(connect6(c, to[i], PORT));
		s = accept6(l);
		rec_names(c);
		DO(sk_get(c, SOL_TCP, TCP_MAXSEG));
		talk(c, s);
		DO(connect(c, &none, sizeof(none)));
		rec_names(c);
		ASSERT_EQ(recv_err(s), ECONNRESET);
		close(s);
	}
	/* refused, by the last */
	close(l);
	for (i = 0; i < n; i++) {
		ASSERT_ERR(connect6(c, to[n - 1], PORT), ECONNREFUSED);
		rec_names(c);
	}
}

static void reconnect(void)
{
	static const char *const to[] = { LO6, LO6, LO4, LO4 };

	connect_again(to, ARRAY_SIZE(to));
}

/* From IPv4 back to IPv6, which TCP does not survive. */
static void reconnect_back(void)
{
	static const char *const to[] = { LO4, LO6, LO4, LO6 };

	connect_again(to, ARRAY_SIZE(to));
}

/* ---- options ---- */

static const struct opt6 {
	const char *name;
	int opt;
	int vals[4];
} opts6[] = {
	{ "TCLASS", IPV6_TCLASS, { 0x20, 0x23, 255, 256 } },
	{ "UNICAST_HOPS", IPV6_UNICAST_HOPS, { 5, 0, -1, 256 } },
	{ "MULTICAST_HOPS", IPV6_MULTICAST_HOPS, { 5, 0, -1, 256 } },
	{ "MTU_DISCOVER", IPV6_MTU_DISCOVER, { 0, 2, 5, 6 } },
	{ "MTU", IPV6_MTU, { 0, 1280, 1000, -1 } },
	{ "RECVERR", IPV6_RECVERR, { 1, 0, 2, -1 } },
	{ "FLOWINFO_SEND", IPV6_FLOWINFO_SEND, { 1, 0, 2, -1 } },
	{ "DONTFRAG", IPV6_DONTFRAG, { 1, 0, 2, -1 } },
	{ "RECVPKTINFO", IPV6_RECVPKTINFO, { 1, 0, 2, -1 } },
	{ "RECVHOPLIMIT", IPV6_RECVHOPLIMIT, { 1, 0, 2, -1 } },
	{ "RECVTCLASS", IPV6_RECVTCLASS, { 1, 0, 2, -1 } },
	{ "AUTOFLOWLABEL", IPV6_AUTOFLOWLABEL, { 1, 0, 2, -1 } },
	{ "MINHOPCOUNT", IPV6_MINHOPCOUNT, { 1, 0, 255, 256 } },
	{ "JOIN", IPV6_ADD_MEMBERSHIP, { 1, 0, 2, -1 } },
	{ "LEAVE", IPV6_DROP_MEMBERSHIP, { 1, 0, 2, -1 } },
	{ "none", 200, { 1, 0, 2, -1 } },
};

static void try_options(int fd)
{
	char mreq[sizeof(struct ipv6_mreq)] = { };
	int val, old, err;
	socklen_t len;
	size_t i, j;
	bool had;

	for (i = 0; i < ARRAY_SIZE(opts6); i++) {
		const struct opt6 *o = &opts6[i];

		len = sizeof(old);
		had = !getsockopt(fd, SOL_IPV6, o->opt, &old, &len);
		rec("%s: %d %d", o->name, had ? 0 : errno, had ? old : 0);
		for (j = 0; j < 4; j++) {
			err = setsockopt(fd, SOL_IPV6, o->opt, &o->vals[j], sizeof(int));
			err = err ? errno : 0;
			val = -2;
			len = sizeof(val);
			getsockopt(fd, SOL_IPV6, o->opt, &val, &len);
			rec("%s %d: %d, now %d", o->name, o->vals[j], err, val);
		}
		if (had && o->opt != IPV6_MTU)
			setsockopt(fd, SOL_IPV6, o->opt, &old, sizeof(old));
	}
	DO(setsockopt(fd, SOL_IPV6, IPV6_ADD_MEMBERSHIP, mreq, sizeof(mreq)));
	DO(setsockopt(fd, SOL_IPV6, IPV6_DROP_MEMBERSHIP, mreq, sizeof(mreq)));
	val = 8;
	DO(setsockopt(fd, SOL_IP, IP_TOS, &val, sizeof(val)));
	DO(setsockopt(fd, SOL_IP, IP_TTL, &val, sizeof(val)));
	DO(sk_get(fd, SOL_IP, IP_TOS));
	DO(sk_get(fd, SOL_IP, IP_TTL));
	DO(sk_get(fd, SOL_SOCKET, SO_DOMAIN) == AF_INET6);
	DO(sk_get(fd, SOL_SOCKET, SO_TYPE));
}

static void options(void)
{
	struct pair p;
	int fd;

	lo_up();
	fd = sk6();
	rec("new");
	try_options(fd);
	rec("connected");
	p = pair6("::", LO6);
	try_options(p.c);
	try_options(p.s);
	talk(p.c, p.s);
	rec("mapped");
	unpair(&p);
	p = pair6("::", LO4);
	try_options(p.c);
	try_options(p.s);
	talk(p.c, p.s);
}

/* What a listener has set, its children have. */
static void inherited(void)
{
	struct pair p = { };
	int i;

	lo_up();
	for (i = 0; i < 2; i++) {
		p.l = listen6("::", PORT + i);
		sk_set(p.l, SOL_IPV6, IPV6_TCLASS, 0x20);
		sk_set(p.l, SOL_IPV6, IPV6_UNICAST_HOPS, 33);
		sk_set(p.l, SOL_IPV6, IPV6_RECVERR, 1);
		sk_set(p.l, SOL_TCP, TCP_SAVE_SYN, 1);
		p.c = sk6();
		OK(connect6(p.c, i ? LO4 : LO6, PORT + i));
		p.s = sk_accept(p.l);
		DO(sk_get(p.s, SOL_IPV6, IPV6_TCLASS));
		DO(sk_get(p.s, SOL_IPV6, IPV6_UNICAST_HOPS));
		DO(sk_get(p.s, SOL_IPV6, IPV6_RECVERR));
		DO(sk_get(p.s, SOL_IPV6, IPV6_V6ONLY));
		DO(sk_get(p.s, SOL_IP, IP_TTL));
		talk(p.c, p.s);
		unpair(&p);
	}
}

static void saved_syn(void)
{
	uint8_t buf[200];
	struct pair p;
	socklen_t len;
	int i;

	lo_up();
	for (i = 0; i < 2; i++) {
		p.l = listen6("::", PORT + i);
		sk_set(p.l, SOL_TCP, TCP_SAVE_SYN, 1);
		p.c = sk6();
		OK(connect6(p.c, i ? LO4 : LO6, PORT + i));
		p.s = sk_accept(p.l);
		len = sizeof(buf);
		DO(getsockopt(p.s, SOL_TCP, TCP_SAVED_SYN, buf, &len));
		DO(len);
		DO(buf[0] >> 4);
		/* its ports follow IP's header */
		DO(memcmp(buf + (i ? 20 : 40) + 2, &(uint16_t){ htons(PORT + i) }, 2));
		unpair(&p);
	}
}

/* ---- between two machines ---- */

static struct sockaddr_in6 link_local(const char *dev)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
	unsigned char b[16];
	unsigned int x;
	char line[256], name[32];
	bool found = false;
	FILE *f = fopen("/proc/self/net/if_inet6", "r");
	int i;

	while (f && fgets(line, sizeof(line), f)) {
		for (i = 0; i < 16 && sscanf(line + 2 * i, "%2x", &x) == 1; i++)
			b[i] = x;
		if (sscanf(line + 32, " %*s %*s %*s %*s %31s", name) == 1 && !strcmp(name, dev) &&
		    b[0] == 0xfe && b[1] == 0x80) {
			memcpy(&a.sin6_addr, b, 16);
			found = true;
		}
	}
	if (f)
		fclose(f);
	if (!found)
		FAIL("no address of the link on %s", dev);
	return a;
}

static void rec_scope(int fd, bool peer)
{
	struct sockaddr_in6 a = { };
	socklen_t len = sizeof(a);

	OK(peer ? getpeername(fd, (void *)&a, &len) : getsockname(fd, (void *)&a, &len));
	rec("%s: link %d scope %d", peer ? "peer" : "own",
	    IN6_IS_ADDR_LINKLOCAL(&a.sin6_addr), a.sin6_scope_id);
}

static void scopes(void)
{
	struct net2 n = net6(1500);
	struct sockaddr_in6 a, b;
	int l, c, s, i;

	a = link_local("ea");
	ns_enter(n.b);
	b = link_local("eb");
	l = listen6("::", PORT);
	ns_enter(n.a);
	b.sin6_port = htons(PORT);
	for (i = 0; i < 6; i++) {
		rec("case %d", i);
		c = sk6();
		a.sin6_scope_id = i == 3 ? 0 : if_nametoindex("ea");
		b.sin6_scope_id = i & 1 ? if_nametoindex("ea") : 0;
		if (i == 5)
			b.sin6_scope_id = if_nametoindex("lo");
		if (i == 2 || i == 3 || i == 5)
			DO(bind(c, (void *)&a, sizeof(a)));
		if (i == 4)
			DO(setsockopt(c, SOL_SOCKET, SO_BINDTODEVICE, "ea", 3));
		if (!DO(connect(c, (void *)&b, i == 1 ? sizeof(b) : sizeof(b)))) {
			s = sk_accept(l);
			rec_scope(c, false);
			rec_scope(c, true);
			rec_scope(s, false);
			rec_scope(s, true);
			DO(sk_get(c, SOL_SOCKET, SO_BINDTOIFINDEX) == (int)if_nametoindex("ea"));
			talk(c, s);
			close(s);
		}
		close(c);
	}
	c = sk6();
	b.sin6_scope_id = if_nametoindex("ea");
	DO(connect(c, (void *)&b, SHORT_SIN6));
	close(c);
}

/* Two links with the same addresses, and on both the same ports. */
static void same_on_two_links(void)
{
	int b = ns_new(), a = ns_new(), l, s[2], c[2], i;
	static const char *const mine[] = { "ea", "eb" }, *const theirs[] = { "pa", "pb" };
	struct sockaddr_in6 from = addr6("fe80::1", 5555), to = addr6("fe80::2", PORT);

	for (i = 0; i < 2; i++) {
		veth_new(a, mine[i], b, theirs[i], 0, 1500);
		ns_enter(b);
		if_up(theirs[i], true);
		need_ip(i ? "-6 addr add fe80::2/64 dev pb nodad" :
			    "-6 addr add fe80::2/64 dev pa nodad");
		ns_enter(a);
		if_up(mine[i], true);
		need_ip(i ? "-6 addr add fe80::1/64 dev eb nodad" :
			    "-6 addr add fe80::1/64 dev ea nodad");
	}
	ns_enter(b);
	l = listen6("::", PORT);
	ns_enter(a);
	for (i = 0; i < 2; i++) {
		from.sin6_scope_id = if_nametoindex(mine[i]);
		to.sin6_scope_id = from.sin6_scope_id;
		c[i] = sk6();
		DO(bind(c[i], (void *)&from, sizeof(from)));
		DO(connect(c[i], (void *)&to, sizeof(to)));
		s[i] = sk_accept(l);
	}
	for (i = 0; i < 2; i++) {
		talk(c[i], s[i]);
		ns_enter(b);
		DO(sk_get(s[i], SOL_SOCKET, SO_BINDTOIFINDEX) == (int)if_nametoindex(theirs[i]));
		ns_enter(a);
	}
}

/* Who is not of a link is not bound to the device that it came by. */
static void not_bound(void)
{
	struct pair p;
	int i;

	lo_up();
	for (i = 0; i < 2; i++) {
		p = pair6("::", i ? LO4 : LO6);
		DO(sk_get(p.c, SOL_SOCKET, SO_BINDTOIFINDEX));
		DO(sk_get(p.s, SOL_SOCKET, SO_BINDTOIFINDEX));
		unpair(&p);
	}
}

static int label(int fd, int action, int flags, uint32_t want)
{
	struct in6_flowlabel_req r = {
		.flr_action = action, .flr_flags = flags, .flr_label = htonl(want),
		.flr_share = IPV6_FL_S_PROCESS,
	};

	return setsockopt(fd, SOL_IPV6, IPV6_FLOWLABEL_MGR, &r, sizeof(r));
}

static void rec_label(const char *who, int fd, int flags)
{
	struct in6_flowlabel_req r = { .flr_action = IPV6_FL_A_GET, .flr_flags = flags };
	socklen_t len = sizeof(r);
	int err = getsockopt(fd, SOL_IPV6, IPV6_FLOWLABEL_MGR, &r, &len);

	rec("%s, flags %d: %d, label %#x", who, flags, err ? errno : 0, ntohl(r.flr_label));
}

/* A label that the client leased, and the server reflects. */
static void flow_labels(void)
{
	struct sockaddr_in6 a = addr6(LO6, PORT);
	int l, c, s, i;

	lo_up();
	knob6("flowlabel_consistency", "1");
	c = sk6();
	DO(label(c, IPV6_FL_A_GET, IPV6_FL_F_REFLECT, 0));
	close(c);
	knob6("flowlabel_consistency", "0");
	l = listen6("::", PORT);
	DO(label(l, IPV6_FL_A_PUT, IPV6_FL_F_REFLECT, 0));
	DO(label(l, IPV6_FL_A_RENEW, IPV6_FL_F_REFLECT, 0));
	DO(label(l, 77, IPV6_FL_F_REFLECT, 0));
	DO(setsockopt(l, SOL_IPV6, IPV6_FLOWLABEL_MGR, &a, 4));
	for (i = 0; i < 3; i++) {
		c = sk6();
		if (i)
			DO(label(l, IPV6_FL_A_GET, IPV6_FL_F_REFLECT, 0));
		if (i == 2) {
			DO(label(l, IPV6_FL_A_PUT, IPV6_FL_F_REFLECT, 0));
			DO(label(l, IPV6_FL_A_PUT, IPV6_FL_F_REFLECT, 0));
		}
		sk_set(c, SOL_IPV6, IPV6_FLOWINFO_SEND, 1);
		DO(label(c, IPV6_FL_A_GET, IPV6_FL_F_CREATE, 0x1234));
		a.sin6_flowinfo = htonl(0x1235);
		DO(connect(c, (void *)&a, sizeof(a)));
		a.sin6_flowinfo = htonl(0x1234);
		DO(connect(c, (void *)&a, sizeof(a)));
		s = accept6(l);
		talk(c, s);
		rec_names(c);
		rec_label("client", c, 0);
		rec_label("client", c, IPV6_FL_F_REMOTE);
		rec_label("server", s, IPV6_FL_F_REMOTE);
		rec_label("server", s, 0);
		close(c);
		close(s);
	}
}

static const struct rt_test tests[] = {
	{ "both_families", "V6-1 C81", both_families, 0, 0 },
	{ "bindv6only", "V6-1", bindv6only, 0, 0 },
	{ "v6only_option", "V6-1 C81", v6only_option, 0, 0 },
	{ "mapped", "V6-2", mapped, 0, 0 },
	{ "lengths", "C81", lengths, 0, 0 },
	{ "targets", "V6-2 C81", targets, 0, 0 },
	{ "reconnect", "V6-2", reconnect, 0, 0 },
	{ "reconnect_back", "V6-2", reconnect_back, T_RILL, 0 },
	{ "options", "", options, 0, 0 },
	{ "inherited", "", inherited, 0, 0 },
	{ "saved_syn", "TO-14", saved_syn, 0, 0 },
	{ "scopes", "C81", scopes, 0, 0 },
	{ "same_on_two_links", "C81", same_on_two_links, 0, 0 },
	{ "not_bound", "C81", not_bound, 0, 0 },
	{ "flow_labels", "", flow_labels, 0, 0 },
};

RT_MAIN(tests)
