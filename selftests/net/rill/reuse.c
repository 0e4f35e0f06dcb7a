// SPDX-License-Identifier: GPL-2.0
/*
 * Who may share a port, by SO_REUSEADDR and SO_REUSEPORT, and who of those who
 * do gets a connection: by hash, by program, by processor.
 */
#include "wire.h"

#include <linux/bpf.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define PORT	7700
#define IP_LO2	IP(127, 0, 0, 2)

#ifndef SO_DETACH_REUSEPORT_BPF
#define SO_DETACH_REUSEPORT_BPF	68
#endif

/* ---- bind: every combination, side by side with TCP ---- */

enum stance { BOUND, LISTENS, CONNECTED, AUTOBOUND, CHILD, UNACCEPTED, ORPHAN, TIMEWAIT, STANCES };

static const char *const stance_name[] = {
	"bound", "listening", "connected", "autobound", "child", "unaccepted", "orphan",
	"TIME_WAIT",
};

struct who {
	int reuse, reuseport, uid, flip, prog;
	uint32_t ip;
	const char *dev;
};

static int attach(int fd, int opt, struct sock_filter *f, int n)
{
	struct sock_fprog p = { .len = n, .filter = f };

	return setsockopt(fd, SOL_SOCKET, opt, &p, sizeof(p));
}

static int attach_ret(int fd, uint32_t k)
{
	struct sock_filter f[] = { BPF_STMT(BPF_RET | BPF_K, k) };

	return attach(fd, SO_ATTACH_REUSEPORT_CBPF, f, 1);
}

/* A socket of this user with these options. */
static int sk_who(const struct who *w)
{
	int fd;

	OK(seteuid(w->uid));
	fd = sk_new();
	OK(seteuid(0));
	sk_set(fd, SOL_SOCKET, SO_REUSEADDR, w->reuse);
	sk_set(fd, SOL_SOCKET, SO_REUSEPORT, w->reuseport);
	if (w->dev)
		OK(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, w->dev, strlen(w->dev)));
	if (w->prog)
		OK(attach_ret(fd, 0));
	return fd;
}

/* What stands on the port before the other one comes: its descriptors. */
struct stand {
	int fd[4], n, port;
};

static void keep(struct stand *st, int fd)
{
	st->fd[st->n++] = fd;
}

static void stand_child(struct stand *st, int l, enum stance what)
{
	int c = sk_dial(IP_LO, st->port), s;
	char byte;

	keep(st, c);
	if (what == UNACCEPTED) {
		ev_need(l, POLLIN);
		keep(st, l);	/* it lives as long as its listener */
		return;
	}
	s = sk_accept(l);
	close(l);
	if (what == CHILD) {
		keep(st, s);
		return;
	}
	close(s);
	ASSERT_EQ(recv(c, &byte, 1, 0), 0);
	if (what == TIMEWAIT) {
		close(c);
		st->n--;
	}
	UNTIL_STATE(st->port, 0, what == TIMEWAIT ? "TIME_WAIT" : "FIN_WAIT_2");
}

static void stand_up(struct stand *st, const struct who *w, enum stance what, int port, int server)
{
	int fd = sk_who(w);

	st->n = 0;
	st->port = port;
	if (what == AUTOBOUND) {
		OK(sk_connect(fd, IP_LO, server));
		st->port = sk_port(fd);
		keep(st, fd);
		return;
	}
	OK(sk_bind(fd, w->ip, port));
	if (what == CONNECTED)
		OK(sk_connect(fd, IP_LO, server));
	else if (what != BOUND)
		OK(listen(fd, 2));
	if (w->flip) {
		sk_set(fd, SOL_SOCKET, SO_REUSEADDR, !w->reuse);
		sk_set(fd, SOL_SOCKET, SO_REUSEPORT, !w->reuseport);
	}
	if (what >= CHILD)
		stand_child(st, fd, what);
	else
		keep(st, fd);
}

/* How far another one gets: 0, or the errno of bind, or that of listen and 1000. */
static int try_beside(const struct who *w, int port)
{
	int fd = sk_who(w), r = 0;

	if (sk_bind(fd, w->ip, port))
		r = errno;
	else if (listen(fd, 1))
		r = 1000 + errno;
	close(fd);
	return r;
}

static int beside_all(const struct who *first, enum stance what, int port, int server, int *out)
{
	static const uint32_t ips[] = { INADDR_ANY, IP_LO, IP_LO2 };
	static const char *const devs[] = { NULL, "lo", "ea" };
	struct stand st;
	int i, n = 0;

	stand_up(&st, first, what, port, server);
	for (i = 0; i < 2 * 2 * 2 * 2 * 3 * 3; i++) {
		struct who w = {
			.reuse = i & 1,
			.reuseport = i >> 1 & 1,
			.uid = i & 4 ? 1000 : 0,
			.prog = i & 8 && i & 2,
			.ip = ips[i / 16 % 3],
			.dev = devs[i / 48],
		};

		if (!(i & 2) && i & 8)
			continue;	/* a program wants SO_REUSEPORT */
		out[n++] = try_beside(&w, st.port);
	}
	while (st.n)
		close(st.fd[--st.n]);
	return n;
}

/* One owner, every other one that may come: the same answers as from TCP. */
static void compare_beside(const struct who *w, enum stance what, int port)
{
	int got[2][256], n[2] = { }, i, run;
	enum rt_proto proto = rt.proto;

	for (run = 0; run < 2; run++) {
		int server;

		if (run)
			rt.proto = PROTO_TCP;
		server = sk_listen(IP_LO, 0, 8);
		n[run] = beside_all(w, what, port + run, sk_port(server), got[run]);
		close(server);
	}
	rt.proto = proto;
	ASSERT_EQ(n[0], n[1]);
	for (i = 0; i < n[0]; i++)
		if (got[0][i] != got[1][i])
			FAIL("%s %d%d uid %d flip %d %s %s: %d of them: got %d, want %d",
			     stance_name[what], w->reuse, w->reuseport, w->uid, w->flip,
			     w->ip ? "specific" : "any", w->dev ?: "-", i, got[0][i], got[1][i]);
}

/*
 * C81, SO-1, SO-2, SO-4: owner by stance, options, user, address and device
 * against the next one by the same. What TCP says in the same namespace counts;
 * over TCP the case is about the order of things, twice.
 */
static void bind_table_of(enum stance from, enum stance to)
{
	enum stance what;
	int i, port = 10000;

	ns_enter(net2_new(0, 1500).a);
	/* some stances hold more than a few ports for a minute */
	OK(write_file("/proc/sys/net/ipv4/ip_local_port_range", "40000 60000"));
	for (what = from; what < to; what++) {
		for (i = 0; i < 64; i++) {
			const struct who w = {
				.reuse = i & 1,
				.reuseport = i >> 1 & 1,
				.uid = i & 4 ? 1000 : 0,
				.ip = i & 8 ? IP_LO : INADDR_ANY,
				.dev = i & 16 ? "lo" : NULL,
				.flip = i >> 5 & 1,
			};

			if (w.flip && what != BOUND && what != LISTENS)
				continue;
			compare_beside(&w, what, port);
			port += 2;
		}
	}
}

static void bind_table(void)
{
	bind_table_of(BOUND, CONNECTED);
}

static void bind_table_connected(void)
{
	bind_table_of(CONNECTED, UNACCEPTED);
}

static void bind_table_left(void)
{
	bind_table_of(UNACCEPTED, STANCES);
}

/* Port 0 gives nobody's port away, unless ip_autobind_reuse is on and all else is taken. */
static void bind_any(void)
{
	int reuse, share, relax, i, fd[4];

	for (relax = 0; relax < 2; relax++) {
		ns_new();
		OK(write_file("/proc/sys/net/ipv4/ip_local_port_range", "50000 50001"));
		OK(write_file("/proc/sys/net/ipv4/ip_autobind_reuse", relax ? "1" : "0"));
		for (i = 0; i < 4; i++) {
			reuse = i & 1;
			share = i >> 1;
			fd[0] = sk_new();
			fd[1] = sk_new();
			fd[2] = sk_new();
			sk_set(fd[0], SOL_SOCKET, SO_REUSEADDR, reuse);
			sk_set(fd[1], SOL_SOCKET, SO_REUSEADDR, reuse);
			sk_set(fd[2], SOL_SOCKET, SO_REUSEADDR, reuse);
			sk_set(fd[0], SOL_SOCKET, SO_REUSEPORT, share);
			sk_set(fd[1], SOL_SOCKET, SO_REUSEPORT, share);
			sk_set(fd[2], SOL_SOCKET, SO_REUSEPORT, share);
			OK(sk_bind(fd[0], INADDR_ANY, 0));
			OK(sk_bind(fd[1], INADDR_ANY, 0));
			ASSERT_NE(sk_port(fd[0]), sk_port(fd[1]));
			if (relax && reuse && !share)
				OK(sk_bind(fd[2], INADDR_ANY, 0));
			else
				ASSERT_ERR(sk_bind(fd[2], INADDR_ANY, 0), EADDRINUSE);
			close(fd[0]);
			close(fd[1]);
			close(fd[2]);
		}
	}
}

/* ---- groups ---- */

#define MEMBERS	4

struct group {
	int l[MEMBERS], n;
	int got[MEMBERS];
};

static int member_at(uint32_t ip, int port)
{
	int fd = sk_new();

	sk_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	OK(sk_bind(fd, ip, port));
	OK(listen(fd, 512));
	sk_nonblock(fd, true);
	return fd;
}

static struct group group_new(int n)
{
	struct group g = { .n = n };
	int i;

	for (i = 0; i < n; i++)
		g.l[i] = member_at(INADDR_ANY, PORT);
	return g;
}

/* Whose is the one connection that waits? It is accepted into *fd, if asked for. */
static int who_got(struct group *g, int *fd)
{
	int i, s = -1, who = -1;

	UNTIL(({
		for (i = 0; i < g->n && s < 0; i++) {
			if (g->l[i] < 0)
				continue;
			s = accept(g->l[i], NULL, NULL);
			who = i;
		}
		s >= 0;
	}));
	g->got[who]++;
	if (fd)
		*fd = s;
	else
		close(s);
	return who;
}

/* One connection, which ends by a reset so that its tuple is free again. */
static int dial_from(struct group *g, int port)
{
	int c = sk_new(), s, who;

	sk_set(c, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(sk_bind(c, IP_LO, port));
	OK(sk_connect(c, IP_LO, PORT));
	who = who_got(g, &s);
	sk_linger(c, 1, 0);
	close(c);
	close(s);
	return who;
}

static void dial_many(struct group *g, int from, int n)
{
	memset(g->got, 0, sizeof(g->got));
	while (n--)
		dial_from(g, from++);
}

/* SO-4, C16: many tuples reach everybody, one tuple always the same. */
static void spread(void)
{
	struct group g;
	int i, who;

	ns_new();
	g = group_new(MEMBERS);
	dial_many(&g, 20000, 200);
	for (i = 0; i < MEMBERS; i++)	/* 50 each; 20 would be 5 sigma off */
		ASSERT_GE(g.got[i], 20);
	for (i = 0; i < 20; i++) {
		who = dial_from(&g, 21000 + i);
		ASSERT_EQ(dial_from(&g, 21000 + i), who);
	}
}

/* Who is alone has everything, whatever the hash; options are the children's too. */
static void children(void)
{
	struct group g;
	int c, s;

	ns_new();
	g = group_new(1);
	c = sk_dial(IP_LO, PORT);
	who_got(&g, &s);
	ASSERT_EQ(sk_get(s, SOL_SOCKET, SO_REUSEPORT), 1);
	/* a child is no member of the group, and can make no other */
	ASSERT_ERR(attach_ret(s, 0), EINVAL);
	send_str(c, "hello");
	recv_str(s, "hello");
	/* one more may join beside the child */
	member_at(INADDR_ANY, PORT);
	close(g.l[0]);
	send_str(s, "still there");
	recv_str(c, "still there");
}

/* A program names the member; a number that is none leaves it to the hash. */
static void by_cbpf(void)
{
	struct group g;
	int i, k;

	ns_new();
	g = group_new(MEMBERS);
	for (k = 0; k < MEMBERS; k++) {
		OK(attach_ret(g.l[k], k));	/* any member will do */
		dial_many(&g, 22000 + 10 * k, 10);
		ASSERT_EQ(g.got[k], 10);
	}
	OK(attach_ret(g.l[0], MEMBERS));
	dial_many(&g, 23000, 100);
	for (i = 0; i < MEMBERS; i++)
		ASSERT_GE(g.got[i], 5);
	OK(attach_ret(g.l[0], 2));
	dial_many(&g, 23200, 10);
	ASSERT_EQ(g.got[2], 10);
	k = 0;
	OK(setsockopt(g.l[1], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &k, sizeof(k)));
	dial_many(&g, 23300, 100);
	for (i = 0; i < MEMBERS; i++)
		ASSERT_GE(g.got[i], 5);
	ASSERT_ERR(setsockopt(g.l[1], SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &k, sizeof(k)), ENOENT);
}

static int ebpf_ret(int k)
{
	struct bpf_insn insn[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = k },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr a = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = ARRAY_SIZE(insn),
		.insns = (uintptr_t)insn,
		.license = (uintptr_t)"GPL",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a));
}

static void by_ebpf(void)
{
	struct group g;
	int k, prog;

	ns_new();
	g = group_new(MEMBERS);
	for (k = MEMBERS - 1; k >= 0; k--) {
		prog = OK(ebpf_ret(k));
		sk_set(g.l[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, prog);
		close(prog);
		dial_many(&g, 22000 + 10 * k, 10);
		ASSERT_EQ(g.got[k], 10);
	}
	ASSERT_ERR(setsockopt(g.l[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &g.l[1],
			      sizeof(int)), EINVAL);
}

/* What a program sees is what follows the header: the SYN's data, of which nothing comes. */
static void program_data(void)
{
	struct sock_filter byte[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_filter len[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct tun *tun = peer_net();
	struct group g = group_new(MEMBERS);
	uint8_t data[MEMBERS];
	struct peer p;
	int k, s, port = 4000;

	for (k = 1; k < 2 * MEMBERS; k++) {
		bool by_len = k >= MEMBERS;

		OK(attach(g.l[0], SO_ATTACH_REUSEPORT_CBPF, by_len ? len : byte, 2));
		memset(data, k, sizeof(data));
		peer_init(&p, tun, port++, PORT);
		peer_raw(&p, F_SYN, p.iss, 0, data, by_len ? k - MEMBERS : 1);
		p.snd_nxt = p.iss + 1;
		p.rcv_nxt = peer_want(&p, F_SYN | F_ACK)->seq + 1;
		peer_ack(&p);
		ASSERT_EQ(who_got(&g, &s), k % MEMBERS);
		peer_str(&p, "x");
		recv_str(s, "x");
		close(s);
	}
}

/* A program may come before bind, and then belongs to a socket that shares with nobody. */
static void program_early(void)
{
	int a, b, k = 0;

	ns_new();
	a = sk_new();
	ASSERT_ERR(attach_ret(a, 0), EINVAL);
	sk_set(a, SOL_SOCKET, SO_REUSEPORT, 1);
	OK(attach_ret(a, 0));
	OK(sk_bind(a, INADDR_ANY, PORT));
	OK(listen(a, 1));
	/* the one who is there may have a program, who comes may not */
	b = sk_new();
	sk_set(b, SOL_SOCKET, SO_REUSEPORT, 1);
	OK(attach_ret(b, 0));
	ASSERT_ERR(sk_bind(b, INADDR_ANY, PORT), EADDRINUSE);
	close(b);
	b = member_at(INADDR_ANY, PORT);
	OK(setsockopt(b, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &k, sizeof(k)));
	/* without SO_REUSEPORT there is no group */
	b = sk_listen(INADDR_ANY, PORT + 1, 1);
	ASSERT_ERR(attach_ret(b, 0), EINVAL);
	ASSERT_ERR(setsockopt(b, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &k, sizeof(k)), EINVAL);
	sk_set(b, SOL_SOCKET, SO_REUSEPORT, 1);
	ASSERT_ERR(attach_ret(b, 0), EINVAL);
}

/* The last takes the place of who leaves; what waited for that one is reset. */
static void leave(void)
{
	struct group g;
	int c, k;

	ns_new();
	g = group_new(MEMBERS);
	OK(attach_ret(g.l[0], 1));
	c = sk_dial(IP_LO, PORT);
	ev_need(g.l[1], POLLIN);
	close(g.l[1]);
	g.l[1] = -1;
	ev_need(c, POLLHUP);
	ASSERT_EQ(sk_error(c), ECONNRESET);
	dial_many(&g, 22000, 10);
	ASSERT_EQ(g.got[MEMBERS - 1], 10);
	/* one that only stops to listen leaves as well, and may come back as the last */
	OK(shutdown(g.l[0], SHUT_RD));
	OK(listen(g.l[0], 4));
	OK(attach_ret(g.l[2], 2));
	dial_many(&g, 22100, 10);
	ASSERT_EQ(g.got[0], 10);
	for (k = 0; k < MEMBERS; k++)
		if (g.l[k] >= 0)
			close(g.l[k]);
	ASSERT_ERR(sk_connect(sk_new(), IP_LO, PORT), ECONNREFUSED);
}

static void half_open(struct peer *p, struct tun *tun, int port)
{
	peer_init(p, tun, port, PORT);
	peer_syn(p);
	p->rcv_nxt = peer_want(p, F_SYN | F_ACK)->seq + 1;
}

/* A handshake belongs to the listener that had its SYN. */
static void leave_in_handshake(void)
{
	struct tun *tun = peer_net();
	struct group g = group_new(2);
	struct peer p, q;
	int s;

	OK(attach_ret(g.l[0], 1));
	half_open(&p, tun, 4000);
	half_open(&q, tun, 4001);
	/* another choice changes nothing */
	OK(attach_ret(g.l[0], 0));
	peer_ack(&q);
	ASSERT_EQ(who_got(&g, &s), 1);
	close(g.l[1]);
	g.l[1] = -1;
	peer_ack(&p);
	peer_want_rst(&p);
}

/* A cookie that one of a group sent is good with the others. */
static void leave_after_cookie(void)
{
	struct tun *tun = peer_net();
	struct group g = group_new(2);
	struct peer p;

	OK(write_file(rt.proto == PROTO_TCP ? "/proc/sys/net/ipv4/tcp_syncookies" :
		      "/proc/sys/net/rill/syncookies", "2"));
	OK(attach_ret(g.l[0], 1));
	half_open(&p, tun, 4000);
	close(g.l[1]);
	g.l[1] = -1;
	peer_ack(&p);
	ASSERT_EQ(who_got(&g, NULL), 0);
}

/* Address, then device, then anybody; groups of each kind beside one another. */
static void specific(void)
{
	struct group g = { .n = 4 };
	int c, i;

	ns_new();
	/* where loopback is one address, not a net of them */
	lo_addr(IP_LO2);
	g.l[0] = member_at(INADDR_ANY, PORT);
	g.l[1] = member_at(INADDR_ANY, PORT);
	g.l[2] = member_at(IP_LO2, PORT);
	g.l[3] = member_at(IP_LO2, PORT);
	for (i = 0; i < 40; i++) {
		c = sk_dial(IP_LO2, PORT);
		ASSERT_GE(who_got(&g, NULL), 2);
		close(c);
		c = sk_dial(IP_LO, PORT);
		ASSERT_LE(who_got(&g, NULL), 1);
		close(c);
	}
	for (i = 0; i < 4; i++)
		ASSERT_GE(g.got[i], 4);
	close(g.l[2]);
	close(g.l[3]);
	g.n = 2;
	c = sk_dial(IP_LO2, PORT);
	ASSERT_LE(who_got(&g, NULL), 1);
}

/* SO_BINDTODEVICE: of two that fit the one of the device, whoever came first. */
static void device(void)
{
	struct net2 n = net2_new(0, 1500);
	struct group g = { .n = 2 };
	int first, c;

	for (first = 0; first < 2; first++) {
		int l[2];

		ns_enter(n.b);
		l[0] = sk_new();
		l[1] = sk_new();
		OK(setsockopt(l[1], SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
		sk_set(l[0], SOL_SOCKET, SO_REUSEADDR, 1);
		sk_set(l[1], SOL_SOCKET, SO_REUSEADDR, 1);
		OK(setsockopt(l[0], SOL_SOCKET, SO_BINDTODEVICE, "eb", 2));
		OK(sk_bind(l[first], INADDR_ANY, PORT + first));
		OK(sk_bind(l[!first], INADDR_ANY, PORT + first));
		OK(listen(l[first], 4));
		OK(listen(l[!first], 4));
		sk_nonblock(l[0], true);
		sk_nonblock(l[1], true);
		g.l[0] = l[0];
		g.l[1] = l[1];
		c = sk_dial(IP_LO, PORT + first);
		ASSERT_EQ(who_got(&g, NULL), 1);
		close(c);
		ns_enter(n.a);
		c = sk_dial(IP_B, PORT + first);
		ASSERT_EQ(who_got(&g, NULL), 0);
		close(c);
	}
}

static void on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	OK(sched_setaffinity(0, sizeof(set), &set));
}

/* SO-10: the listener of the processor that a SYN came by; reading tells of the last segment. */
static void incoming_cpu(void)
{
	int cpu, c, s, i, ncpu = sysconf(_SC_NPROCESSORS_ONLN);
	struct group g;

	ns_new();
	on_cpu(0);
	g = group_new(MEMBERS);
	ASSERT_EQ(sk_get(g.l[0], SOL_SOCKET, SO_INCOMING_CPU), -1);
	for (i = 0; i < MEMBERS; i++)
		sk_set(g.l[i], SOL_SOCKET, SO_INCOMING_CPU, (i + 1) % MEMBERS);
	for (cpu = 0; cpu < ncpu && cpu < MEMBERS; cpu++) {
		on_cpu(cpu);
		for (i = 0; i < 10; i++) {
			c = sk_dial(IP_LO, PORT);
			ASSERT_EQ(who_got(&g, &s), (cpu + MEMBERS - 1) % MEMBERS);
			ASSERT_EQ(sk_get(s, SOL_SOCKET, SO_INCOMING_CPU), cpu);
			on_cpu(ncpu - 1 - cpu);
			send_str(c, "from elsewhere");
			recv_str(s, "from elsewhere");
			ASSERT_EQ(sk_get(s, SOL_SOCKET, SO_INCOMING_CPU), ncpu - 1 - cpu);
			on_cpu(cpu);
			close(c);
			close(s);
		}
		ASSERT_EQ(sk_get(g.l[0], SOL_SOCKET, SO_INCOMING_CPU), 1);
	}
}

/* ---- listeners that come and go ---- */

static atomic_bool stop;
static atomic_long accepted, refused, dialled, rounds;

static void *comes_and_goes(void *arg)
{
	uint64_t r = (uintptr_t)arg * 7919 + 1;
	int fd, s, zero = 0;

	while (!stop) {
		fd = sk_try(SOCK_NONBLOCK);
		if (fd < 0)
			FAIL("socket: %s", strerror(errno));
		sk_set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
		if (rnd(&r) % 4 == 0)
			sk_set(fd, SOL_SOCKET, SO_INCOMING_CPU, rnd(&r) % 2);
		OK(sk_bind(fd, INADDR_ANY, PORT));
		OK(listen(fd, 8));
		if (rnd(&r) % 4 == 0)
			OK(attach_ret(fd, rnd(&r) % 5));
		ev_wait(fd, POLLIN, 1 + rnd(&r) % 3);
		while ((s = accept(fd, NULL, NULL)) >= 0) {
			accepted++;
			close(s);
			if (rnd(&r) % 4 == 0)
				break;
		}
		switch (rnd(&r) % 4) {
		case 0:		/* another life as a listener */
			OK(shutdown(fd, SHUT_RD));
			if (listen(fd, 8) && errno != EADDRINUSE)
				FAIL("listen: %s", strerror(errno));
			break;
		case 1:		/* or as a connection: chains change under a reader's feet */
			OK(shutdown(fd, SHUT_RD));
			sk_connect(fd, IP_LO, PORT);
			break;
		case 2:
			setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &zero, sizeof(zero));
			break;
		}
		close(fd);
		rounds++;
	}
	return NULL;
}

static void *dials(void *arg)
{
	int fd;

	(void)arg;
	while (!stop) {
		fd = sk_try(SOCK_NONBLOCK);
		if (fd < 0)
			FAIL("socket: %s", strerror(errno));
		sk_linger(fd, 1, 0);
		if (sk_connect(fd, IP_LO, PORT) && errno != EINPROGRESS && errno != ECONNREFUSED &&
		    errno != EADDRNOTAVAIL)
			FAIL("connect: %s", strerror(errno));
		if (ev_wait(fd, POLLOUT, 100) & POLLERR)
			refused++;
		dialled++;
		close(fd);
	}
	return NULL;
}

/* Nothing but TIME_WAIT is left, and that goes with the namespace. */
static void nothing_left(void)
{
	static struct row rows[4096];
	double end = now() + patience(10000) / 1000.0;
	int i, n;

	while (table_count(NULL) != table_count("TIME_WAIT")) {
		if (now() < end) {
			rest(20);
			continue;
		}
		n = table_read(rows, ARRAY_SIZE(rows));
		for (i = 0; i < n; i++)
			if (strcmp(rows[i].state, "TIME_WAIT"))
				t_note("left: %s %d>%d rxq %ld txq %ld %s:%.2f retrans %d",
				       rows[i].state, rows[i].lport, rows[i].rport, rows[i].rxq,
				       rows[i].txq, rows[i].timer, rows[i].left, rows[i].retrans);
		FAIL("connections are left over");
	}
}

static void come_and_go(int secs)
{
	pthread_t t[6];
	size_t i;

	ns_new();
	for (i = 0; i < ARRAY_SIZE(t); i++)
		if (pthread_create(&t[i], NULL, i < 4 ? comes_and_goes : dials, (void *)i))
			FAIL("pthread_create");
	rest(secs * 1000);
	stop = true;
	for (i = 0; i < ARRAY_SIZE(t); i++)
		pthread_join(t[i], NULL);
	t_note("%ld listeners, %ld dialled, %ld refused, %ld accepted", (long)rounds,
	       (long)dialled, (long)refused, (long)accepted);
	ASSERT_GT(accepted, 0);
	ASSERT_GT(rounds, 10);
	nothing_left();
}

static void come_and_go_short(void)
{
	come_and_go(2);
}

static void come_and_go_long(void)
{
	come_and_go(rt.count ?: 30);
}

static const struct rt_test tests[] = {
	{ "bind_table", "C81 SO-1 SO-2 SO-4", bind_table, T_FULL, 120 },
	{ "bind_table_connected", "C81 SO-1 SO-4", bind_table_connected, T_FULL, 120 },
	{ "bind_table_left", "C81 SO-1 SO-4", bind_table_left, T_FULL, 120 },
	{ "bind_any", "C81", bind_any, 0, 0 },
	{ "spread", "SO-4 C16", spread, 0, 0 },
	{ "children", "SO-4", children, 0, 0 },
	{ "by_cbpf", "SO-4", by_cbpf, 0, 0 },
	{ "by_ebpf", "SO-4", by_ebpf, 0, 0 },
	{ "program_data", "SO-4", program_data, 0, 0 },
	{ "program_early", "SO-4", program_early, 0, 0 },
	{ "leave", "SO-4 CL-9", leave, 0, 0 },
	{ "leave_in_handshake", "SO-4", leave_in_handshake, 0, 0 },
	{ "leave_after_cookie", "SO-4 C11", leave_after_cookie, 0, 0 },
	{ "specific", "SO-4 C81", specific, 0, 0 },
	{ "device", "C81", device, 0, 0 },
	{ "incoming_cpu", "SO-10", incoming_cpu, 0, 0 },
	{ "come_and_go", "SO-4", come_and_go_short, 0, 0 },
	{ "come_and_go_long", "SO-4", come_and_go_long, T_STRESS, 120 },
};

RT_MAIN(tests)
