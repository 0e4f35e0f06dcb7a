/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: what one network namespace owns: its settings and its counters.
 */
#ifndef _RILL_NETNS_H
#define _RILL_NETNS_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "core/fastopen.h"
#include "hold.h"

#define RILL_UDP_SOCKS	2

struct rill_cong_ops;
struct rill_fo_keys;

/*
 * Counters, as /proc/net/rill_snmp shows them. X(symbol, name): the name gets
 * the prefix "Rill" there. Those of TCP (RFC 4022, nstat) keep TCP's names.
 */
#define RILL_MIBS(X)							\
	X(ACTIVE_OPENS, "ActiveOpens")					\
	X(PASSIVE_OPENS, "PassiveOpens")				\
	X(ATTEMPT_FAILS, "AttemptFails")				\
	X(ESTAB_RESETS, "EstabResets")					\
	X(IN_SEGS, "InSegs")						\
	X(OUT_SEGS, "OutSegs")						\
	X(RETRANS_SEGS, "RetransSegs")					\
	X(IN_ERRS, "InErrs")						\
	X(OUT_RSTS, "OutRsts")						\
	X(IN_CSUM_ERRORS, "InCsumErrors")				\
	X(STATE_CHANGES, "StateChanges")				\
	X(TIMEOUTS, "Timeouts")						\
	X(FAST_RETRANS, "FastRetrans")					\
	X(LOSS_PROBES, "LossProbes")					\
	X(LOSS_PROBE_RECOVERY, "LossProbeRecovery")			\
	X(SPURIOUS_RTOS, "SpuriousRTOs")				\
	X(LOSS_UNDO, "LossUndo")					\
	X(DSACK_RECV, "DSACKRecv")					\
	X(SACK_DISCARD, "SACKDiscard")					\
	X(SACK_RENEGING, "SACKReneging")				\
	X(WIN_PROBES, "WinProbes")					\
	X(DELAYED_ACKS, "DelayedACKs")					\
	X(DUP_ACKS_RCVD, "DupAcksRcvd")					\
	X(DUP_SEGS_RCVD, "DupSegsRcvd")					\
	X(OFO_QUEUE, "OFOQueue")					\
	X(DSACK_OLD_SENT, "DSACKOldSent")				\
	X(DSACK_OFO_SENT, "DSACKOfoSent")				\
	X(CHALLENGE_ACK, "ChallengeACK")				\
	X(LISTEN_OVERFLOWS, "ListenOverflows")				\
	X(LISTEN_DROPS, "ListenDrops")					\
	X(SYNCOOKIES_SENT, "SyncookiesSent")				\
	X(SYNCOOKIES_RECV, "SyncookiesRecv")				\
	X(SYNCOOKIES_FAILED, "SyncookiesFailed")			\
	X(REQQ_FULL_COOKIES, "ReqQFullDoCookies")			\
	X(REQQ_FULL_DROP, "ReqQFullDrop")				\
	X(TIME_WAITED, "TimeWaited")					\
	X(TIME_WAIT_OVERFLOW, "TimeWaitOverflow")			\
	X(TIME_WAIT_REUSED, "TimeWaitReused")				\
	X(ABORT_ON_CLOSE, "AbortOnClose")				\
	X(ABORT_ON_DATA, "AbortOnData")					\
	X(ABORT_ON_TIMEOUT, "AbortOnTimeout")				\
	X(ABORT_ON_LINGER, "AbortOnLinger")				\
	X(ABORT_ON_MEMORY, "AbortOnMemory")				\
	X(MTU_REDUCED, "MtuReduced")					\
	X(MTUP_SUCCESS, "MTUPSuccess")					\
	X(MTUP_FAIL, "MTUPFail")					\
	X(FASTOPEN_ACTIVE, "FastOpenActive")				\
	X(FASTOPEN_ACTIVE_FAIL, "FastOpenActiveFail")			\
	X(FASTOPEN_PASSIVE, "FastOpenPassive")				\
	X(FASTOPEN_PASSIVE_FAIL, "FastOpenPassiveFail")			\
	X(FASTOPEN_LISTEN_OVERFLOW, "FastOpenListenOverflow")		\
	X(FASTOPEN_COOKIE_REQD, "FastOpenCookieReqd")			\
	X(FASTOPEN_BLACKHOLE, "FastOpenBlackhole")			\
	X(FASTOPEN_PASSIVE_ALT_KEY, "FastOpenPassiveAltKey")		\
	X(OUT_OF_WINDOW_ICMPS, "OutOfWindowIcmps")			\
	X(LOCK_DROPPED_ICMPS, "LockDroppedIcmps")			\
	X(MD5_NOT_FOUND, "MD5NotFound")					\
	X(MD5_UNEXPECTED, "MD5Unexpected")				\
	X(MD5_FAILURE, "MD5Failure")					\
	X(UDP_REBOUND, "UdpRebound")

/*
 * Why a segment was dropped: reason, counter ("RillDrop" + name) and the
 * tracepoint rill_drop are always the same three.
 */
#define RILL_DROPS(X)							\
	X(HEADER, "Header")						\
	X(CSUM, "Csum")							\
	X(NOT_FOR_US, "NotForUs")					\
	X(NO_SOCKET, "NoSocket")					\
	X(POLICY, "Policy")						\
	X(FILTER, "Filter")						\
	X(MIN_TTL, "MinTTL")						\
	X(BACKLOG, "Backlog")						\
	X(NO_ACK, "NoAck")						\
	X(DEFER_ACCEPT, "DeferAccept")					\
	X(BAD_ACK, "BadAck")						\
	X(BAD_FLAGS, "BadFlags")					\
	X(OLD_DATA, "OldData")						\
	X(WINDOW, "OutOfWindow")					\
	X(PAWS, "PAWS")							\
	X(RST_WINDOW, "RstOutOfWindow")					\
	X(RST_CHALLENGE, "RstChallenged")				\
	X(SYN_CHALLENGE, "SynChallenged")				\
	X(RCVBUF, "RcvBuf")						\
	X(OFO_PRUNED, "OFOPruned")					\
	X(OFO_DUP, "OFODup")						\
	X(AFTER_CLOSE, "AfterClose")					\
	X(LISTEN_OVERFLOW, "ListenOverflow")				\
	X(SYN_OVERFLOW, "SynOverflow")					\
	X(SYN_INVALID, "SynInvalid")					\
	X(NO_MEMORY, "NoMemory")					\
	X(NO_ROUTE, "NoRoute")						\
	X(MD5_NOT_FOUND, "MD5NotFound")					\
	X(MD5_UNEXPECTED, "MD5Unexpected")				\
	X(MD5_FAILURE, "MD5Failure")

enum rill_mib {
#define X(sym, name) RILL_MIB_##sym,
	RILL_MIBS(X)
#undef X
	RILL_MIB_DROP_FIRST,
	__RILL_MIB_BEFORE_DROPS = RILL_MIB_DROP_FIRST - 1,
#define X(sym, name) RILL_DROP_##sym,
	RILL_DROPS(X)
#undef X
	RILL_MIB_MAX
};

/* Bits of the sysctl recovery, as of tcp_recovery */
#define RILL_RECOVERY_RACK		0x1	/* RFC 8985, else RFC 6675 */
#define RILL_RECOVERY_STATIC		0x2	/* its window does not adapt */
#define RILL_RECOVERY_NO_DUPTHRESH	0x4	/* not eager after three duplicate ACKs */

struct rill_mib_pcpu {
	unsigned long	count[RILL_MIB_MAX];
};

/*
 * struct rill_net - Rill's part of a network namespace
 * @mib: per CPU counters
 * @ctl: answers on behalf of no socket leave through it
 * @ctl6: the same for IPv6, NULL if that is switched off
 * @tw_count: TIME_WAIT mini-sockets alive
 * @estab: connections in ESTABLISHED or CLOSE_WAIT (CurrEstab)
 * @sysctl_hdr: handle of net.rill
 * @sysctl_table: this namespace's copy of the table
 * @cong_default: congestion control of new sockets; its module is held
 * @cong_node: in the list of all namespaces; both are cong.c's
 * @fo_keys: cookies of fast open are made by them; fastopen_srv.c
 * @fo_cache: cookies that servers gave us; NULL until one is needed
 * @fo_lock: guards @fo_cache and @fo_pause
 * @fo_pause: of fast open on the side that connects
 * @holds: ports of the tcp wire
 * @net: the namespace
 * @udp_lock: guards what is the udp wire's
 * @udp_sock: its sockets of UDP, by IPv4 and by IPv6, when it is open
 * @udp_source: the port that they are on, 0: it is not open; no lock to read
 * @udp_used: a socket has used it
 * @rmem: receive buffer: minimum, default, limit of autotuning; bytes
 * @wmem: send buffer, likewise
 *
 * The others are the sysctls of the same name; times are in jiffies where
 * the table converts them.
 */
struct rill_net {
	struct rill_mib_pcpu __percpu *mib;
	struct sock	*ctl;
	struct sock	*ctl6;
	atomic_t	tw_count;
	atomic_t	estab;
	struct ctl_table_header *sysctl_hdr;
	struct ctl_table *sysctl_table;
	struct rill_cong_ops __rcu *cong_default;
	struct list_head cong_node;
	struct rill_fo_keys __rcu *fo_keys;
	struct rill_fo_cache *fo_cache;
	spinlock_t	fo_lock;	/* of what connections learn of paths */
	struct rill_fo_pause fo_pause;
	struct rill_holds holds;
	struct net	*net;
	struct mutex	udp_lock;	/* of the udp wire */
	struct socket	*udp_sock[RILL_UDP_SOCKS];
	__be16		udp_source;
	bool		udp_used;

	int		rmem[3];
	int		wmem[3];
	int		retries1;
	int		retries2;
	int		orphan_retries;
	int		syn_retries;
	int		syn_linear_timeouts;
	int		synack_retries;
	int		fin_timeout;
	int		rto_min_us;
	int		max_tw_buckets;
	int		max_syn_backlog;
	int		syncookies;	/* 0 never, 1 under pressure, 2 always */
	int		abort_on_overflow;
	int		rfc1337;
	int		timewait_reuse;	/* tw_reuse */
	int		ecn;	/* enum rill_ecn_mode */
	int		ecn_fallback;
	int		timestamps;
	int		sack;
	int		dsack;
	int		window_scaling;
	int		moderate_rcvbuf;
	int		invalid_ratelimit;	/* jiffies */
	int		slow_start_after_idle;
	int		recovery;
	int		early_retrans;
	int		frto;
	int		reordering;
	int		thin_linear_timeouts;
	unsigned int	notsent_lowat;
	int		keepalive_time;		/* jiffies */
	int		keepalive_intvl;	/* jiffies */
	int		keepalive_probes;
	int		mtu_probing;
	int		base_mss;
	int		mtu_probe_floor;
	int		min_snd_mss;
	int		probe_interval;		/* seconds */
	int		fastopen;	/* RILL_FO_* */
	int		fastopen_blackhole_timeout_sec;
	int		udp_port;	/* host order, 0: the udp wire is off */
	int		udp_pokes;	/* ACKs to a peer that fell silent: RILL_TIMER_POKE */
};

extern unsigned int rill_net_id;

static inline struct rill_net *rill_net(const struct net *net)
{
	return net_generic(net, rill_net_id);
}

static inline void rill_mib_add(const struct net *net, unsigned int which, unsigned long n)
{
	this_cpu_add(rill_net(net)->mib->count[which], n);
}

static inline void rill_mib_inc(const struct net *net, unsigned int which)
{
	rill_mib_add(net, which, 1);
}

/* mib.c */
unsigned long rill_mib_sum(const struct net *net, unsigned int which);
const char *rill_mib_name(unsigned int which);
int rill_mib_init_net(struct net *net);
void rill_mib_exit_net(struct net *net);

/* sysctl.c */
extern long rill_sysctl_mem[3];
extern int rill_mem_min;
void rill_sysctl_init(void);
int rill_sysctl_init_net(struct net *net);
void rill_sysctl_exit_net(struct net *net);

/* proc.c */
int rill_proc_init_net(struct net *net);
void rill_proc_exit_net(struct net *net);

#endif /* _RILL_NETNS_H */
