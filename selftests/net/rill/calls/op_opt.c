// SPDX-License-Identifier: GPL-2.0
/*
 * Options.  Some are only set on a socket of their own, since they would make
 * what follows depend on buffer sizes or on time, or because they let go of the
 * route, which says that ACKs are not to wait; of some the value is not
 * compared, since it is a size that tunes itself, a measured time or a number
 * of no meaning.
 */
#include "calls.h"

#include <linux/filter.h>
#include <linux/if_ether.h>
#include <net/if.h>

#define ANY	1	/* the value is not compared */
#define APART	2	/* set only on a socket of its own */
#define STRING	4	/* takes text */
#define READ	8	/* is not set */

struct option {
	int level, name;
	const char *text;
	int flags;
};

#define O(level, name, flags)	{ level, name, #name, flags }
/*
 * Not SO_PEEK_OFF: TCP of 6.12 warns in the log of an offset far behind what has come.
 * same_io and splice look at it.
 */
static const struct option options[] = {
	/* SO_LINGER is a structure; an int is too short for it */
	O(SOL_SOCKET, SO_LINGER, 0), O(SOL_SOCKET, SO_REUSEADDR, 0),
	O(SOL_SOCKET, SO_KEEPALIVE, 0), O(SOL_SOCKET, SO_OOBINLINE, 0),
	O(SOL_SOCKET, SO_OOBINLINE, 0), O(SOL_SOCKET, SO_RCVLOWAT, 0),
	O(SOL_SOCKET, SO_RCVLOWAT, 0), O(SOL_SOCKET, SO_SNDLOWAT, 0),
	/* the initial sizes are the sysctls', then they grow */
	O(SOL_SOCKET, SO_RCVBUF, APART | ANY), O(SOL_SOCKET, SO_SNDBUF, APART | ANY),
	O(SOL_SOCKET, SO_RCVBUFFORCE, APART), O(SOL_SOCKET, SO_SNDBUFFORCE, APART),
	O(SOL_SOCKET, SO_RCVTIMEO, 0), O(SOL_SOCKET, SO_SNDTIMEO, 0),
	O(SOL_SOCKET, SO_TYPE, 0), O(SOL_SOCKET, SO_DOMAIN, 0),
	/* that one differs by design */
	O(SOL_SOCKET, SO_PROTOCOL, ANY),
	O(SOL_SOCKET, SO_ACCEPTCONN, 0), O(SOL_SOCKET, SO_PRIORITY, 0),
	O(SOL_SOCKET, SO_MARK, APART), O(SOL_SOCKET, SO_DEBUG, 0),
	O(SOL_SOCKET, SO_DONTROUTE, APART),
	O(SOL_SOCKET, SO_BROADCAST, 0), O(SOL_SOCKET, SO_NO_CHECK, 0),
	O(SOL_SOCKET, SO_REUSEPORT, APART), O(SOL_SOCKET, SO_PASSCRED, 0),
	O(SOL_SOCKET, SO_PASSSEC, 0), O(SOL_SOCKET, SO_PEERCRED, ANY),
	O(SOL_SOCKET, SO_PEERNAME, ANY), O(SOL_SOCKET, SO_PEERSEC, 0),
	O(SOL_SOCKET, SO_PEERGROUPS, 0),
	O(SOL_SOCKET, SO_TIMESTAMP, 0), O(SOL_SOCKET, SO_TIMESTAMPNS, 0),
	O(SOL_SOCKET, SO_RXQ_OVFL, 0), O(SOL_SOCKET, SO_WIFI_STATUS, 0),
	O(SOL_SOCKET, SO_NOFCS, 0), O(SOL_SOCKET, SO_LOCK_FILTER, APART),
	O(SOL_SOCKET, SO_SELECT_ERR_QUEUE, 0), O(SOL_SOCKET, SO_INCOMING_CPU, APART | ANY),
	O(SOL_SOCKET, SO_INCOMING_NAPI_ID, ANY), O(SOL_SOCKET, SO_COOKIE, ANY),
	O(SOL_SOCKET, SO_MEMINFO, ANY), O(SOL_SOCKET, SO_MAX_PACING_RATE, APART),
	O(SOL_SOCKET, SO_BINDTODEVICE, APART | STRING), O(SOL_SOCKET, SO_BINDTOIFINDEX, APART),
	O(SOL_SOCKET, SO_ERROR, 0), O(SOL_SOCKET, SO_ATTACH_FILTER, APART),
	O(SOL_SOCKET, SO_DETACH_FILTER, 0), O(SOL_SOCKET, SO_ATTACH_BPF, APART),
	O(SOL_SOCKET, SO_CNX_ADVICE, 0), O(SOL_SOCKET, SO_TXTIME, APART),
	O(SOL_SOCKET, SO_BUF_LOCK, APART), O(SOL_SOCKET, SO_TXREHASH, 0),
	O(SOL_SOCKET, SO_NETNS_COOKIE, ANY), O(SOL_SOCKET, SO_RCVMARK, 0),
	{ SOL_SOCKET, 999, "SOL_SOCKET 999", 0 },

	O(SOL_TCP, TCP_NODELAY, 0), O(SOL_TCP, TCP_NODELAY, 0), O(SOL_TCP, TCP_CORK, 0),
	O(SOL_TCP, TCP_CORK, 0),
	/* TCP tells half the peer's window, where that is less: here it is */
	O(SOL_TCP, TCP_MAXSEG, APART | ANY), O(SOL_TCP, TCP_KEEPIDLE, 0),
	O(SOL_TCP, TCP_KEEPINTVL, 0), O(SOL_TCP, TCP_KEEPCNT, 0), O(SOL_TCP, TCP_SYNCNT, 0),
	O(SOL_TCP, TCP_LINGER2, 0), O(SOL_TCP, TCP_WINDOW_CLAMP, APART | ANY),
	/* whether ACKs wait is left to the stack */
	O(SOL_TCP, TCP_QUICKACK, ANY),
	O(SOL_TCP, TCP_CONGESTION, STRING), O(SOL_TCP, TCP_USER_TIMEOUT, APART),
	O(SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS, 0), O(SOL_TCP, TCP_THIN_DUPACK, 0),
	O(SOL_TCP, TCP_INQ, 0), O(SOL_TCP, TCP_INQ, 0), O(SOL_TCP, TCP_SAVED_SYN, 0),
	O(SOL_TCP, TCP_TX_DELAY, APART), O(SOL_TCP, TCP_TIMESTAMP, ANY | READ),
	O(SOL_TCP, TCP_CC_INFO, ANY | READ), O(SOL_TCP, TCP_INFO, ANY | READ),
	O(SOL_TCP, TCP_REPAIR_QUEUE, 0), O(SOL_TCP, TCP_QUEUE_SEQ, APART | ANY),
	O(SOL_TCP, TCP_REPAIR_OPTIONS, 0), O(SOL_TCP, TCP_REPAIR_WINDOW, 0),
	{ SOL_TCP, 200, "SOL_TCP 200", 0 }, { SOL_TCP, -1, "SOL_TCP -1", 0 },

	O(SOL_IP, IP_TOS, APART), O(SOL_IP, IP_TTL, 0), O(SOL_IP, IP_RECVERR, 0),
	O(SOL_IP, IP_MTU, 0), O(SOL_IP, IP_MTU_DISCOVER, 0), O(SOL_IP, IP_PKTINFO, 0),
	O(SOL_IP, IP_RECVTOS, 0), O(SOL_IP, IP_RECVTTL, 0), O(SOL_IP, IP_RECVOPTS, 0),
	O(SOL_IP, IP_RETOPTS, 0), O(SOL_IP, IP_MINTTL, APART), O(SOL_IP, IP_FREEBIND, APART),
	O(SOL_IP, IP_TRANSPARENT, APART), O(SOL_IP, IP_BIND_ADDRESS_NO_PORT, 0),
	O(SOL_IP, IP_OPTIONS, APART), O(SOL_IP, IP_HDRINCL, 0), O(SOL_IP, IP_ROUTER_ALERT, 0),
	O(SOL_IP, IP_PASSSEC, 0), O(SOL_IP, IP_NODEFRAG, 0), O(SOL_IP, IP_CHECKSUM, 0),
	O(SOL_IP, IP_MULTICAST_TTL, 0), O(SOL_IP, IP_MULTICAST_LOOP, 0),
	O(SOL_IP, IP_MULTICAST_IF, 0), O(SOL_IP, IP_MULTICAST_ALL, 0),
	O(SOL_IP, IP_UNICAST_IF, 0),
	O(SOL_IP, IP_ADD_MEMBERSHIP, APART), O(SOL_IP, IP_RECVORIGDSTADDR, 0),
	O(SOL_IP, IP_RECVFRAGSIZE, 0), { SOL_IP, 250, "SOL_IP 250", 0 },
	{ IPPROTO_UDP, 1, "SOL_UDP 1", 0 }, { SOL_IPV6, 26, "SOL_IPV6 26", 0 },
	{ SOL_RAW, 1, "SOL_RAW 1", 0 }, { 12345, 1, "level 12345", 0 },
};

static const struct option *option_of(int arg)
{
	return &options[arg % ARRAY_SIZE(options)];
}

static void get(struct run *r, int fd, const struct option *o, int odd)
{
	static const int rooms[] = { 4, 4, 0, 1, 2, 3, 8, 16, 200, -1, 4, 4 };
	char buf[256] = { };
	socklen_t len = rooms[odd];
	void *val = odd == 10 ? nowhere : (void *)buf;
	void *lenp = odd == 11 ? nowhere : (void *)&len;
	int v;

	if (o->flags & STRING && !odd)
		len = 16;
	if (ret(r, getsockopt(fd, o->level, o->name, val, lenp)) < 0 || odd == 11)
		return;
	/* the two structures of TCP have other lengths, and a peer's address a port */
	if (!(o->flags & READ))
		put(r, L_LEN, (int)len);
	if (o->flags & ANY)
		return;
	memcpy(&v, buf, sizeof(v));
	if (len <= 4)
		put(r, L_VAL, v);
	else if (len <= sizeof(buf))
		put(r, L_HASH, hash(buf, len));
}

static void set(struct run *r, int fd, const struct option *o, int val, int odd)
{
	static const int lens[] = { 4, 0, 1, 2, 3, 8, 16, -1, 4 };
	static const char *const devices[] = { "lo", "", "no0" }, *const algorithms[] = {
		"reno", "cubic",
	};
	char buf[64] = { };
	socklen_t len = lens[odd];

	memcpy(buf, &val, sizeof(val));
	/* what waits for longer than the test, or for a tick */
	if (o->name == SO_LINGER && o->level == SOL_SOCKET && len >= sizeof(struct linger))
		buf[4] = 1;
	if (o->flags & STRING) {
		bool cong = o->level == SOL_TCP;
		const char *name = cong ? algorithms[val & 1] : devices[(unsigned int)val % 3];

		strcpy(buf, name);
		/* an algorithm that is not known costs a search for its module */
		if (cong || !odd)
			len = strlen(name) + 1;
	}
	ret(r, setsockopt(fd, o->level, o->name, odd == 8 ? (void *)nowhere : buf, len));
}

OP(getopt)
{
	const struct option *o = option_of(st->arg[0]);
	int fd = NEED(r, st->s);

	SAY(r, "getsockopt(s%d, %s, variant %d)", st->s, o->text, st->arg[1]);
	get(r, fd, o, st->arg[1]);
}

OP(setopt)
{
	const struct option *o = option_of(st->arg[0]);
	int fd = NEED(r, st->s);

	if (o->flags & (APART | READ))
		return;
	SAY(r, "setsockopt(s%d, %s, %d, variant %d) and get", st->s, o->text, st->arg[1],
	    st->arg[2]);
	set(r, fd, o, st->arg[1], st->arg[2]);
	get(r, fd, o, 0);
}

/* On a socket that is fresh, listens, or is connected, and goes again. */
OP(tempopt)
{
	static const char *const what[] = { "fresh", "listening", "connected" };
	const struct option *o = option_of(st->arg[0]);
	struct linger l = { .l_onoff = 1 };
	int fd[2] = { -1, -1 };

	if (o->flags & READ)
		return;
	SAY(r, "on a %s socket: setsockopt(%s, %d, variant %d) and get", what[st->arg[3]], o->text,
	    st->arg[1], st->arg[2]);
	if (st->arg[3] == 2)
		hidden_pair(fd);
	else
		fd[0] = sk_try(SOCK_NONBLOCK);
	if (st->arg[3] == 1)
		ret(r, listen(fd[0], 1));
	set(r, fd[0], o, st->arg[1], st->arg[2]);
	get(r, fd[0], o, 0);
	setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd[0]);
	if (fd[1] >= 0)
		close(fd[1]);
}
