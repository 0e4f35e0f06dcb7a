// SPDX-License-Identifier: GPL-2.0
/*
 * Every option and ioctl in every state, on a socket of the door and on one of
 * the kernel's TCP side by side: the two must not differ, but for what stands
 * in the table below.
 */
#include "wire.h"

#include <limits.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <sys/utsname.h>

enum state {
	FRESH, BOUND, LISTENING, CONNECTING, CONNECTED, ACCEPTED, SHUT, CLOSED_BY, RESET, STATES
};

enum what { GET = 1, SET = 2, INHERIT = 4, KEEP = 8, IOCTL = 16, FOREIGN = 32 };

static const char *const what_name[] = {
	[GET] = "get", [SET] = "set", [INHERIT] = "inherited", [KEEP] = "after disconnect",
	[IOCTL] = "ioctl", [FOREIGN] = "other level",
};

static const char *const state_name[] = {
	"fresh", "bound", "listening", "connecting", "connected", "accepted", "shut",
	"closed by the peer", "reset",
};

#define S(s)	(1u << (s))
#define S_ALL	(S(STATES) - 1)

/* What differs from TCP, and why.  One that does not any more is a failure. */
static struct accepted {
	unsigned int what;	/* enum what */
	int level, opt;
	unsigned int states;	/* where it shows */
	const char *why;
	int from, before;	/* kernel versions, major * 100 + minor; 0: any */
	bool maybe;		/* it depends on the moment */
	bool v6, udp;		/* only over that family, that wire */
	bool seen;
} accepted[] = {
#define ANY	(GET | SET | INHERIT | KEEP)
#define BUT(_what, _opt, _states, _why, ...)					\
	{ .what = (_what), .level = SOL_TCP, .opt = (_opt), .states = (_states),	\
	  .why = (_why), ##__VA_ARGS__ }
	BUT(ANY, TCP_ZEROCOPY_RECEIVE, S_ALL, "a socket cannot be mapped"),
	BUT(GET | SET, TCP_QUICKACK, S(CLOSED_BY), "whether an ACK has left late",
	    .maybe = true),
	BUT(GET | SET, TCP_MAXSEG, S(SHUT) | S(CLOSED_BY), "TCP derives it anew as it sends",
	    .maybe = true),
	BUT(ANY, 38 /* TCP_AO_ADD_KEY */, S_ALL, "no TCP-AO", .from = 607, .maybe = true),
	BUT(ANY, 39 /* TCP_AO_DEL_KEY */, S_ALL, "no TCP-AO", .from = 607, .maybe = true),
	BUT(ANY, 40 /* TCP_AO_INFO */, S_ALL, "no TCP-AO", .from = 607, .maybe = true),
	BUT(ANY, 41 /* TCP_AO_GET_KEYS */, S_ALL, "no TCP-AO", .from = 607, .maybe = true),
	BUT(ANY, 42 /* TCP_AO_REPAIR */, S_ALL, "no TCP-AO", .from = 607, .maybe = true),
	BUT(KEEP, TCP_MAXSEG, S_ALL, "TCP tells that of the connection that was"),
	BUT(GET | SET, TCP_MAXSEG, S(CONNECTED), "headers of UDP take room", .udp = true),
#undef BUT
#define BUT(_what, _opt, _why)							\
	{ .what = (_what), .level = SOL_SOCKET, .opt = (_opt), .states = S_ALL, .why = (_why) }
	BUT(ANY, SO_PROTOCOL, "it is not 6"),
	{ SET | INHERIT | KEEP, SOL_SOCKET, SO_ZEROCOPY, S_ALL, .before = 607,
	  .why = "the kernel asks nobody but TCP" },
	{ SET, SOL_SOCKET, 37 /* SO_TIMESTAMPING_OLD */, S_ALL, .before = 607, .maybe = true,
	  .why = "OPT_ID without a connection: the kernel asks nobody but TCP" },
	{ SET, SOL_SOCKET, 65 /* SO_TIMESTAMPING_NEW */, S_ALL, .before = 607, .maybe = true,
	  .why = "likewise" },
	{ SET, SOL_SOCKET, SO_ATTACH_FILTER, S_ALL, .maybe = true,
	  .why = "some kernels ask for a privilege, for TCP alone" },
	{ SET, SOL_SOCKET, 80 /* SO_DEVMEM_DONTNEED */, S_ALL, .from = 612,
	  .why = "there is no device memory" },
	{ FOREIGN, SOL_IPV6, 1 /* IPV6_ADDRFORM */, S_ALL, .v6 = true,
	  .why = "IP offers it by protocol number" },
#undef BUT
};

/* Values that say nothing when compared: only error and length are. */
static const struct {
	int level, opt;
} opaque[] = {
	{ SOL_TCP, TCP_INFO },		/* info.c looks at it */
	{ SOL_TCP, TCP_SAVED_SYN },	/* other ports and numbers */
	{ SOL_TCP, TCP_TIMESTAMP },	/* a clock with an offset of its own */
	{ SOL_IP, 52 },			/* IP_PROTOCOL gives the port */
	{ SOL_SOCKET, SO_PEERNAME },
	{ SOL_SOCKET, 55 },		/* SO_MEMINFO: how memory is accounted */
	{ SOL_SOCKET, 57 },		/* SO_COOKIE */
};

static struct tun *silence;
static int version;
static char why[256];
static int differences;

static bool is_opaque(int level, int opt)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(opaque); i++)
		if (opaque[i].level == level && opaque[i].opt == opt)
			return true;
	return false;
}

static bool applies(const struct accepted *a)
{
	return version >= a->from && (!a->before || version < a->before) &&
	       (!a->v6 || rt.v6) && (!a->udp || rt.wire == WIRE_UDP);
}

static void __attribute__((format(printf, 5, 6)))
differs(enum what what, int level, int opt, enum state in, const char *fmt, ...)
{
	static long last_key = -1, times;
	long key = ((what * 1000L + level) * 1000 + opt) * STATES + in;
	va_list ap;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accepted); i++) {
		struct accepted *a = &accepted[i];

		if (a->what & what && a->level == level && a->opt == opt &&
		    a->states & S(in) && applies(a)) {
			a->seen = true;
			return;
		}
	}
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	differences++;
	times = key == last_key ? times + 1 : 0;
	last_key = key;
	if (times < 3)
		t_note("%s level %d option %d, %s: %s", what_name[what], level, opt,
		       state_name[in], why);
}

/* The end of a case that looked at these. */
static void verdict(unsigned int what, int level, unsigned int states)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accepted); i++) {
		const struct accepted *a = &accepted[i];

		if (rt.proto == PROTO_TCP || a->seen || a->maybe || !applies(a) ||
		    !(a->what & what) || a->level != level || !(a->states & states))
			continue;
		differences++;
		t_note("level %d option %d is as over TCP: out of the table", level, a->opt);
	}
	if (differences)
		FAIL("%d differences, the last: %s", differences, why);
}

static void begin(void)
{
	struct utsname u;
	int major, minor;

	OK(uname(&u));
	if (sscanf(u.release, "%d.%d", &major, &minor) != 2)
		FAIL("kernel %s", u.release);
	version = major * 100 + minor;
	silence = peer_net();
}

/* ---- a socket in a state ---- */

struct victim {
	int fd, other, listener;
};

static void through(enum rt_proto door, enum state in, struct victim *v)
{
	const enum rt_proto before = rt.proto;
	int fd, to;

	rt.proto = door;
	v->other = -1;
	v->listener = -1;
	switch (in) {
	case FRESH:
		fd = sk_new();
		break;
	case BOUND:
		fd = sk_new();
		OK(sk_bind(fd, IP_LO, 0));
		break;
	case LISTENING:
		fd = sk_listen(IP_LO, 0, 3);
		break;
	case CONNECTING:
		fd = sk_new();
		sk_nonblock(fd, true);
		ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
		sk_nonblock(fd, false);
		break;
	default:
		v->listener = sk_listen(IP_LO, 0, 3);
		fd = sk_dial(IP_LO, sk_port(v->listener));
		to = sk_accept(v->listener);
		if (in == ACCEPTED) {
			v->other = fd;
			fd = to;
		} else {
			v->other = to;
		}
		break;
	}
	v->fd = fd;
	switch (in) {
	case SHUT:
		OK(shutdown(fd, SHUT_WR));
		UNTIL(sk_state(fd) == TCP_FIN_WAIT2);
		break;
	case CLOSED_BY:
		OK(shutdown(v->other, SHUT_WR));
		UNTIL(sk_state(fd) == TCP_CLOSE_WAIT);
		break;
	case RESET:
		sk_linger(v->other, 1, 0);
		close(v->other);
		v->other = -1;
		UNTIL(sk_state(fd) == TCP_CLOSE);
		break;
	default:
		break;
	}
	rt.proto = before;
}

static void gone(struct victim *v)
{
	if (v->other >= 0) {
		sk_linger(v->other, 1, 0);
		close(v->other);
	}
	if (v->fd >= 0)
		close(v->fd);
	if (v->listener >= 0)
		close(v->listener);
}

/* The same state twice: of the door, and of TCP. */
struct twins {
	struct victim a, b;
};

static struct twins twins(enum state in)
{
	struct twins t;

	through(rt.proto, in, &t.a);
	through(PROTO_TCP, in, &t.b);
	return t;
}

static void part(struct twins *t)
{
	gone(&t->a);
	gone(&t->b);
}

/* ---- one call ---- */

struct outcome {
	int ret, err;
	socklen_t len;
	unsigned char val[320];
};

static char *bad_pointer(void)
{
	return (char *)16;
}

static struct outcome get(int fd, int level, int opt, socklen_t len)
{
	struct outcome o = { .len = len };

	memset(o.val, 0xa5, sizeof(o.val));
	o.ret = getsockopt(fd, level, opt, o.val, &o.len);
	o.err = o.ret ? errno : 0;
	return o;
}

/* optval, optlen or both nowhere. */
static struct outcome get_nowhere(int fd, int level, int opt, int which)
{
	struct outcome o = { .len = 4 };

	o.ret = getsockopt(fd, level, opt, which & 1 ? bad_pointer() : (char *)o.val,
			   which & 2 ? (socklen_t *)bad_pointer() : &o.len);
	o.err = o.ret ? errno : 0;
	return o;
}

static struct outcome set(int fd, int level, int opt, const void *val, socklen_t len)
{
	struct outcome o = { 0 };

	o.ret = setsockopt(fd, level, opt, val, len);
	o.err = o.ret ? errno : 0;
	return o;
}

static const char *shown(const struct outcome *o)
{
	static char buf[2][120];
	static int turn;
	char *s = buf[turn ^= 1];
	unsigned int i;
	int n;

	if (o->ret)
		return strerrorname_np(o->err);
	n = sprintf(s, "len %u", o->len);
	for (i = 0; i < o->len && i < 24; i++)
		n += sprintf(s + n, "%s%02x", i % 4 ? "" : " ", o->val[i]);
	return s;
}

static bool same(const struct outcome *a, const struct outcome *b, bool value)
{
	return a->ret == b->ret && a->err == b->err && a->len == b->len &&
	       (!value || !memcmp(a->val, b->val, sizeof(a->val)));
}

static void compare(enum what what, int level, int opt, enum state in, const char *how,
		    struct outcome a, struct outcome b)
{
	if (!same(&a, &b, !is_opaque(level, opt)))
		differs(what, level, opt, in, "%s: %s, TCP: %s", how, shown(&a), shown(&b));
}

/* ---- getsockopt ---- */

static void sweep_get(const struct twins *t, enum state in, int level, int opt)
{
	static const int lens[] = { 4, 0, 1, 2, 3, 5, 8, 300, -1 };
	char how[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		sprintf(how, "length %d", lens[i]);
		compare(GET, level, opt, in, how, get(t->a.fd, level, opt, lens[i]),
			get(t->b.fd, level, opt, lens[i]));
	}
	for (i = 1; i < 4; i++) {
		sprintf(how, "bad pointers %zu", i);
		compare(GET, level, opt, in, how, get_nowhere(t->a.fd, level, opt, i),
			get_nowhere(t->b.fd, level, opt, i));
	}
}

/* ---- setsockopt ---- */

static void set_both(const struct twins *t, enum state in, int level, int opt, const char *how,
		     const void *val, socklen_t len)
{
	compare(SET, level, opt, in, how, set(t->a.fd, level, opt, val, len),
		set(t->b.fd, level, opt, val, len));
	compare(SET, level, opt, in, how, get(t->a.fd, level, opt, 4),
		get(t->b.fd, level, opt, 4));
}

static void sweep_set(const struct twins *t, enum state in, int level, int opt)
{
	static const int vals[] = { 1, 0, -1, 2, 7, 100, 1500, 40000, INT_MAX, INT_MIN };
	static const int lens[] = { 0, 1, 2, 3, 5, 8, 16, 64, -1 };
	unsigned char buf[64] = { 1 };
	char how[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vals); i++) {
		sprintf(how, "to %d", vals[i]);
		set_both(t, in, level, opt, how, &vals[i], sizeof(vals[i]));
	}
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		sprintf(how, "1, length %d", lens[i]);
		set_both(t, in, level, opt, how, buf, lens[i]);
	}
	set_both(t, in, level, opt, "NULL", NULL, 4);
	set_both(t, in, level, opt, "NULL, length 0", NULL, 0);
	set_both(t, in, level, opt, "bad pointer", bad_pointer(), 4);
}

/* ---- who, and where ---- */

static void as_nobody(bool on)
{
	OK(seteuid(on ? 65534 : 0));
}

static unsigned int states_of_set(void)
{
	return strcmp(rt.set, "quick") && strcmp(rt.set, "debug") ? S_ALL :
	       S(FRESH) | S(LISTENING) | S(CONNECTED);
}

static int last_option(int level)
{
	return level == SOL_TCP ? 50 : level == SOL_SOCKET ? 100 : 60;
}

static void sweep(enum what what, int level)
{
	unsigned int states = states_of_set();
	enum state in;
	struct twins t;
	int opt, user;

	begin();
	for (in = 0; in < STATES; in++) {
		if (!(states & S(in)))
			continue;
		for (user = 0; user < 2; user++) {
			if (what == GET)
				t = twins(in);
			for (opt = 0; opt <= last_option(level); opt++) {
				if (what == SET)
					t = twins(in);
				as_nobody(user);
				if (what == GET)
					sweep_get(&t, in, level, opt);
				else
					sweep_set(&t, in, level, opt);
				as_nobody(false);
				if (what == SET)
					part(&t);
			}
			if (what == GET)
				part(&t);
		}
	}
	verdict(what, level, states);
}

static void get_tcp(void)
{
	sweep(GET, SOL_TCP);
}

static void get_socket(void)
{
	sweep(GET, SOL_SOCKET);
}

static void get_ip(void)
{
	sweep(GET, SOL_IP);
}

static void set_tcp(void)
{
	sweep(SET, SOL_TCP);
}

static void set_socket(void)
{
	sweep(SET, SOL_SOCKET);
}

static void set_ip(void)
{
	sweep(SET, SOL_IP);
}

/* ---- what accepted connections get, and what a disconnect leaves ---- */

static const int inherit_vals[] = { 1, 0, 40000 };

/* All options of a level on one socket of each. */
static void compare_all(enum what what, int level, int set_opt, int val, int a, int b)
{
	struct outcome oa, ob;
	char how[64];
	int opt;

	for (opt = 0; opt <= last_option(level); opt++) {
		oa = get(a, level, opt, 64);
		ob = get(b, level, opt, 64);
		if (is_opaque(level, opt) || same(&oa, &ob, true))
			continue;
		sprintf(how, "option %d is %d", set_opt, val);
		differs(what, level, opt, what == INHERIT ? LISTENING : CONNECTED,
			"%s: %s, TCP: %s", how, shown(&oa), shown(&ob));
	}
}

static int child_of(int listener, int *client)
{
	const enum rt_proto before = rt.proto;
	struct outcome o = get(listener, SOL_SOCKET, SO_PROTOCOL, 4);
	int proto, fd, port = sk_port(listener);

	memcpy(&proto, o.val, sizeof(proto));
	rt.proto = proto == IPPROTO_TCP ? PROTO_TCP : before;
	*client = sk_dial(IP_LO, port);
	/* where TCP_DEFER_ACCEPT was set, nothing but data is accepted */
	if (sk_get(listener, SOL_TCP, TCP_DEFER_ACCEPT))
		send_str(*client, "x");
	fd = sk_accept(listener);
	rt.proto = before;
	return fd;
}

static void inherited(int level)
{
	int opt, ca, cb, a, b;
	struct twins t;
	size_t i;

	begin();
	for (opt = 0; opt <= last_option(level); opt++) {
		for (i = 0; i < ARRAY_SIZE(inherit_vals); i++) {
			const int val = inherit_vals[i];

			/* to a device that nobody comes by */
			if (level == SOL_SOCKET && (opt == SO_BINDTODEVICE ||
						    opt == 62 /* SO_BINDTOIFINDEX */))
				continue;
			t = twins(LISTENING);
			set(t.a.fd, level, opt, &val, sizeof(val));
			set(t.b.fd, level, opt, &val, sizeof(val));
			a = child_of(t.a.fd, &ca);
			b = child_of(t.b.fd, &cb);
			compare_all(INHERIT, level, opt, val, a, b);
			close(ca);
			close(cb);
			close(a);
			close(b);
			part(&t);
		}
	}
	verdict(INHERIT, level, S_ALL);
}

static void kept(int level)
{
	struct sockaddr un = { .sa_family = AF_UNSPEC };
	struct twins t;
	size_t i;
	int opt;

	begin();
	for (opt = 0; opt <= last_option(level); opt++) {
		for (i = 0; i < ARRAY_SIZE(inherit_vals); i++) {
			const int val = inherit_vals[i];

			t = twins(CONNECTED);
			set(t.a.fd, level, opt, &val, sizeof(val));
			set(t.b.fd, level, opt, &val, sizeof(val));
			OK(connect(t.a.fd, &un, sizeof(un)));
			OK(connect(t.b.fd, &un, sizeof(un)));
			compare_all(KEEP, level, opt, val, t.a.fd, t.b.fd);
			part(&t);
		}
	}
	verdict(KEEP, level, S_ALL);
}

static void inherit_tcp(void)
{
	inherited(SOL_TCP);
}

static void inherit_socket(void)
{
	inherited(SOL_SOCKET);
}

static void inherit_ip(void)
{
	inherited(SOL_IP);
}

static void keep_tcp(void)
{
	kept(SOL_TCP);
}

static void keep_socket(void)
{
	kept(SOL_SOCKET);
}

static void keep_ip(void)
{
	kept(SOL_IP);
}

/* ---- levels that are not ours ---- */

static void other_levels(void)
{
	static const enum state states[] = { FRESH, LISTENING, CONNECTED };
	int level, opt, one = 1;
	struct twins t;
	size_t i;

	begin();
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		t = twins(states[i]);
		for (level = -1; level < 300; level++) {
			if (level == SOL_TCP || level == SOL_SOCKET || level == SOL_IP)
				continue;
			for (opt = 0; opt < 80; opt += opt < 4 ? 1 : 9) {
				if (level == SOL_RILL && opt == RILL_WIRE)
					continue;
				compare(FOREIGN, level, opt, states[i], "get",
					get(t.a.fd, level, opt, 4), get(t.b.fd, level, opt, 4));
				compare(FOREIGN, level, opt, states[i], "set",
					set(t.a.fd, level, opt, &one, 4),
					set(t.b.fd, level, opt, &one, 4));
			}
		}
		part(&t);
	}
	verdict(FOREIGN, 0, S_ALL);
}

/* ---- ioctl ---- */

static const unsigned long requests[] = {
	SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK, FIONBIO, FIOASYNC, FIOSETOWN, SIOCSPGRP,
	FIOGETOWN, SIOCGPGRP, SIOCGSTAMP_OLD, SIOCGSTAMPNS_OLD, SIOCGSTAMP_NEW,
	SIOCGSTAMPNS_NEW, SIOCGIFNAME, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR,
	SIOCGIFMTU, SIOCGIFINDEX, SIOCGIFHWADDR, SIOCGIFCOUNT, SIOCADDRT, SIOCDELRT, SIOCRTMSG,
	SIOCGARP, SIOCDARP, SIOCETHTOOL, SIOCGIFBRDADDR,
	SIOCPROTOPRIVATE, SIOCPROTOPRIVATE + 1, FIGETBSZ, FIOQSIZE, FIBMAP,
	0, 1, 0x5401, 0x5450, 0x89ff, 0x12345678, 0xffffffff,
};

static struct outcome request(int fd, unsigned long req, int with)
{
	struct outcome o = { .len = 40 };

	memset(o.val, 0, sizeof(o.val));
	if (req == SIOCSPGRP || req == FIOSETOWN)
		*(int *)o.val = getpid();
	else if (with == 1 || (req >= SIOCGIFNAME && req <= SIOCDELDLCI))
		strcpy((char *)o.val, "lo");
	else
		*(int *)o.val = with == 2;
	o.ret = ioctl(fd, req, with == 3 ? bad_pointer() : (char *)o.val);
	o.err = o.ret < 0 ? errno : 0;
	return o;
}

static void ioctls(void)
{
	unsigned int states = states_of_set();
	enum state in;
	struct twins t;
	char how[32];
	int user, with;
	size_t i;

	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	begin();
	if_up("lo", true);
	for (in = 0; in < STATES; in++) {
		if (!(states & S(in)))
			continue;
		for (user = 0; user < 2; user++) {
			t = twins(in);
			if (t.a.other >= 0) {
				if (in != SHUT)
					send(t.a.fd, "unread", 6, MSG_NOSIGNAL);
				send(t.a.other, "unread", 6, MSG_NOSIGNAL);
				send(t.b.other, "unread", 6, MSG_NOSIGNAL);
				if (in != SHUT)
					send(t.b.fd, "unread", 6, MSG_NOSIGNAL);
				if (in != CLOSED_BY) {
					ev_need(t.a.fd, POLLIN);
					ev_need(t.b.fd, POLLIN);
				}
				UNTIL(!sk_outq(t.a.fd) && !sk_outq(t.b.fd));
			}
			as_nobody(user);
			for (i = 0; i < ARRAY_SIZE(requests); i++) {
				for (with = 0; with < 4; with++) {
					struct outcome a = request(t.a.fd, requests[i], with);
					struct outcome b = request(t.b.fd, requests[i], with);

					sprintf(how, "%#lx with %d", requests[i], with);
					compare(IOCTL, 0, (int)requests[i], in, how, a, b);
				}
			}
			as_nobody(false);
			part(&t);
		}
	}
	verdict(IOCTL, 0, states);
}

static const struct rt_test tests[] = {
	{ "get_tcp", "TO-16 TO-1 TO-4 TO-7 TO-8 TO-9 TO-11", get_tcp, 0, 120 },
	{ "get_socket", "SO-12 SO-9", get_socket, 0, 120 },
	{ "get_ip", "SO-8", get_ip, 0, 120 },
	{ "set_tcp", "TO-16 TO-5 TO-6 TO-7 TO-8 TO-9 TO-10 TO-12", set_tcp, 0, 240 },
	{ "set_socket", "SO-12 SO-9 SO-15 SO-6 SO-7 SO-11", set_socket, 0, 240 },
	{ "set_ip", "SO-8", set_ip, 0, 240 },
	{ "inherit_tcp", "AC-4", inherit_tcp, T_FULL, 120 },
	{ "inherit_socket", "AC-4", inherit_socket, T_FULL, 120 },
	{ "inherit_ip", "AC-4", inherit_ip, T_FULL, 120 },
	{ "keep_tcp", "CN-7", keep_tcp, T_FULL, 120 },
	{ "keep_socket", "CN-7", keep_socket, T_FULL, 120 },
	{ "keep_ip", "CN-7", keep_ip, T_FULL, 120 },
	{ "other_levels", "TO-16", other_levels, 0, 60 },
	{ "ioctls", "IO-1 IO-2", ioctls, 0, 60 },
};

RT_MAIN(tests)
