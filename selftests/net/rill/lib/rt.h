/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Common ground of the Rill selftests: cases and KTAP, sockets by door,
 * network namespaces, the socket table and the counters.
 *
 * Every case runs in a process of its own, with its own namespaces, and ends
 * with the first assertion that does not hold.  The same case runs over the
 * kernel's TCP (--proto tcp), which is the oracle, and over Rill.
 */
#ifndef RT_H
#define RT_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/rill.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- cases ---- */

enum rt_proto { PROTO_TCP, PROTO_RILL, PROTO_INET };
/* What carries the segments of Rill's sockets; the host's TCP has its own. */
enum rt_wire { WIRE_IP, WIRE_TCP, WIRE_UDP };

/* Which sets run a case; without a flag, all of them but stress. */
#define T_FULL		0x01	/* takes seconds: not in quick */
#define T_LONG		0x02	/* takes minutes: only where time travels, or in set long */
#define T_STRESS	0x04	/* only in set stress */
#define T_NODEBUG	0x08	/* too much for a debug kernel */
#define T_RILL		0x10	/* about Rill's own views: not over tcp */
#define T_TCP		0x20	/* only over tcp: what Rill does otherwise */
#define T_DIFFER	0x40	/* wrong on purpose: --proto each must say so */
#define T_IPV4		0x80	/* only over IPv4: it is about what IPv6 has not */

struct rt_test {
	const char *name;
	const char *rows;	/* the rows that it proves */
	void (*fn)(void);
	unsigned int flags;
	int limit_s;		/* 0: the default */
};

extern const struct rt_test *rt_case;	/* what runs */

struct rt_opts {
	enum rt_proto proto;
	enum rt_wire wire;
	bool v6;		/* over IPv6: carry.h says how */
	bool each;		/* over TCP first, then over each door: results are the same */
	const char *set;
	const char *only;
	bool list;
	bool verbose;
	unsigned int seed;
	int count;		/* --count, 0 when not given */
	int parallel;		/* --parallel */
	long size;		/* --size */
};

extern struct rt_opts rt;

int rt_main(int argc, char **argv, const struct rt_test *tests, int n);
#define RT_MAIN(tests) \
	int main(int argc, char **argv) \
	{ \
		return rt_main(argc, argv, tests, ARRAY_SIZE(tests)); \
	}

void t_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));
void t_skip(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
void t_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define FAIL(...)	t_fail(__FILE__, __LINE__, __VA_ARGS__)
#define ASSERT(c) \
	do { \
		if (!(c)) \
			FAIL("%s does not hold", #c); \
	} while (0)
#define ASSERT_OP_(a, op, b) \
	do { \
		long long a_ = (long long)(a), b_ = (long long)(b); \
		if (!(a_ op b_)) \
			FAIL("%s %s %s: got %lld, bound %lld", #a, #op, #b, a_, b_); \
	} while (0)
#define ASSERT_EQ(a, b)	ASSERT_OP_(a, ==, b)
#define ASSERT_NE(a, b)	ASSERT_OP_(a, !=, b)
#define ASSERT_GE(a, b)	ASSERT_OP_(a, >=, b)
#define ASSERT_LE(a, b)	ASSERT_OP_(a, <=, b)
#define ASSERT_GT(a, b)	ASSERT_OP_(a, >, b)
#define ASSERT_LT(a, b)	ASSERT_OP_(a, <, b)
/* A system call that must work; its value. */
#define OK(call) \
	({ \
		long r_ = (long)(call); \
		if (r_ < 0) \
			FAIL("%s: %s", #call, strerror(errno)); \
		r_; \
	})
/* A system call that must fail with this error. */
#define ASSERT_ERR(call, err) \
	do { \
		errno = 0; \
		long r_ = (long)(call); \
		int e_ = errno; \
		if (r_ != -1 || e_ != (err)) \
			FAIL("%s: got %ld %s, want %s", #call, r_, r_ == -1 ? strerror(e_) : "", \
			     strerror(err)); \
	} while (0)

/*
 * ---- what a case sees ----
 *
 * Lines that a case records. With --proto each they have to be the same over TCP
 * and over each door, but for what stands in the file "differences". What
 * depends on time or place (ports, descriptors) is not recorded as it is.
 */
void rec(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
long rec_call(const char *call, long ret);
ssize_t rec_read(const char *call, ssize_t n, const void *buf);
int rec_fd(const char *call, int fd);
int rec_events(const char *call, unsigned int events);
int addr_text(const struct sockaddr *sa, char *out);
void rec_addr(const char *what, const struct sockaddr *sa, socklen_t len);
/* Make a call, record its value or its errno, and have that value. */
#define DO(call)		rec_call(#call, (long)(call))
#define DO_READ(call, buf)	rec_read(#call, call, buf)	/* and the bytes */
#define DO_FD(call)		rec_fd(#call, call)		/* not which one */
#define DO_EVENTS(call)		rec_events(#call, call)

/* ---- time ---- */

double now(void);		/* monotonic seconds */
bool time_travels(void);	/* idle time is skipped, timers are exact */
int patience(int ms);		/* a limit in ms, stretched on slow kernels */
#define WAIT_MS		patience(5000)
void rest(int ms);		/* for the poll interval of a condition */
/* Wait until a condition holds, or fail. */
#define UNTIL_MS(cond, ms) \
	do { \
		double end_ = now() + (ms) / 1000.0; \
		while (!(cond)) { \
			if (now() > end_) \
				FAIL("not within %d ms: %s", (int)(ms), #cond); \
			rest(5); \
		} \
	} while (0)
#define UNTIL(cond)	UNTIL_MS(cond, WAIT_MS)
/* A measured time: within 1 % and two ticks where time travels, loose elsewhere. */
void check_time(const char *file, int line, const char *what, double got, double want);
#define ASSERT_TIME(what, got, want)	check_time(__FILE__, __LINE__, what, got, want)

void check_backoff(const char *file, int line, double got, double base, int n);
/* Doubled n times from a measured base, up to 120 s. */
#define ASSERT_BACKOFF(got, base, n)	check_backoff(__FILE__, __LINE__, got, base, n)

/* ---- sockets ---- */

int proto_num(void);		/* IP protocol on the wire */
bool host_answers(void);	/* what no socket of ours owns is for the host's TCP */
int mss_default(void);		/* of a peer that offers none */
int sk_protocol(void);		/* what a socket says of itself */
int sk_new(void);
int sk_try(int type_flags);	/* without assertion */
int sk_family(int family, int type_flags);	/* likewise, of AF_INET or AF_INET6 */
union rt_addr {
	struct sockaddr sa;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
};

int sk_domain(void);		/* the family of the run */
socklen_t sa_of(union rt_addr *a, uint32_t ip, int port);	/* of that family */
uint32_t sa_ip(const union rt_addr *a);	/* what it stands for; asserts that it is one */
int sa_port(const union rt_addr *a);
struct sockaddr_in sin_of(uint32_t ip, int port);
int sk_bind(int fd, uint32_t ip, int port);
int sk_connect(int fd, uint32_t ip, int port);
int sk_listen(uint32_t ip, int port, int backlog);
int sk_dial(uint32_t ip, int port);
int sk_accept(int lfd);		/* waits, asserts */
int sk_port(int fd);		/* own port */
int sk_peer_port(int fd);
int sk_error(int fd);		/* SO_ERROR, clears it */
void sk_nonblock(int fd, bool on);
/* What an option of IPv4 is called for a socket of the run; sk_set() and sk_get() know. */
void sk_option(int *level, int *opt);
void sk_set(int fd, int level, int opt, int val);
int sk_get(int fd, int level, int opt);
void sk_linger(int fd, int on, int secs);
int sk_state(int fd);		/* tcpi_state */
void sk_info(int fd, struct tcp_info *ti);
int sk_inq(int fd);
int sk_outq(int fd);

short ev_now(int fd, short events);		/* poll without waiting */
short ev_wait(int fd, short events, int ms);	/* 0 when none came */
short ev_need(int fd, short events);		/* asserts that one comes */

void send_all(int fd, const void *buf, size_t len);
void recv_all(int fd, void *buf, size_t len);
void recv_eof(int fd);				/* the next read gives 0 */
void recv_str(int fd, const char *want);	/* exactly these bytes come */
#define send_str(fd, s)	send_all(fd, s, strlen(s))
int recv_err(int fd);				/* the errno of the next read, 0 for end */
void fill(void *buf, size_t len, uint32_t seed);	/* a pattern */

struct pair {
	int c, s, l;	/* dialled, accepted, listener */
};

struct pair pair_lo(void);	/* over loopback of the current namespace */

/* ---- namespaces ---- */

#define IP(a, b, c, d)	((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define IP_A		IP(10, 0, 0, 1)
#define IP_B		IP(10, 0, 0, 2)
#define IP_LO		IP(127, 0, 0, 1)

struct net2 {
	int a, b;	/* namespaces; interfaces ea and eb, IP_A and IP_B */
};

int ns_new(void);		/* and enter it */
void ns_enter(int ns);
#define NET_SINGLE	1	/* no super-segments: what a sniffer sees are segments */
struct net2 net2_new(int flags, int mtu);
struct pair pair_net2(const struct net2 *n);	/* dialled in a, accepted in b */
void veth_new(int ns_a, const char *ifa, int ns_b, const char *ifb, int flags, int mtu);
void if_addr(const char *ifname, uint32_t ip, int prefix);
void lo_addr(uint32_t ip);	/* one of 127/8, as lo is to have it */
const char *ip_text(uint32_t ip);	/* for ip(8) */
void if_up(const char *ifname, bool up);
/*
 * Both ends are up: wait until they are so for IPv6, too, with this address. What is sent
 * before is lost, and comes again when it counts as lost.
 */
void if_ready(const char *ifname, uint32_t ip);
void if_mtu(const char *ifname, int mtu);
void if_queue(const char *ifname, int packets);
void if_no_offload(const char *ifname);
void route_add(uint32_t net, int prefix, uint32_t gw);
int sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool have_netem(void);
void need_netem(void);
void need_nft(void);
int write_file(const char *path, const char *val);
/* net.ipv4.tcp_NAME or net.rill.NAME of the current namespace. */
bool have_sysctl(const char *name);
void sysctl_set(const char *name, const char *val);
void need_sysctl(const char *name);

/* ---- views ---- */

struct row {
	char state[16];
	long rxq, txq;
	uint32_t laddr, raddr;
	int lport, rport;
	char timer[16];
	double left;
	int retrans;
};

int table_read(struct row *rows, int max);	/* the number, of the current namespace */
/* State of the socket with these ports, 0 for any; "" when there is none. */
const char *table_state(int lport, int rport);
bool table_find(int lport, int rport, struct row *out);
int table_count(const char *state);		/* NULL: all */
#define UNTIL_STATE(lport, rport, st)	UNTIL(!strcmp(table_state(lport, rport), st))
#define ASSERT_STATE(lport, rport, st) \
	do { \
		const char *s_ = table_state(lport, rport); \
		if (strcmp(s_, st)) \
			FAIL("state is '%s', want '%s'", s_, st); \
	} while (0)
long counter(const char *name);			/* "RetransSegs", … */
bool have_counter(const char *name);
long host_counter(const char *group, const char *name);	/* of the host's: "Ip6", "InReceives" */

/* ---- SHA-256 ---- */

struct sha256 {
	uint32_t h[8];
	uint64_t len;
	uint8_t buf[64];
};

void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t len);
void sha256_final(struct sha256 *s, uint8_t out[32]);

uint32_t rnd(uint64_t *state);		/* xorshift, for a seed that can be set */

#endif /* RT_H */
