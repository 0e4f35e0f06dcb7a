/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: what another kernel module may include.
 *
 * Congestion control sees these structures and nothing else of a connection:
 * no socket, no skb, no jiffies. Everything is in bytes and microseconds.
 */
#ifndef _NET_RILL_H
#define _NET_RILL_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

#define RILL_CONG_NAME_MAX	16
#define RILL_CONG_INFO_MAX	20
#define RILL_SSTHRESH_INFINITE	0x7fffffffU

struct module;
struct rill_cong_ops;

/**
 * struct rill_cong - the congestion window of one connection
 * @ops: the algorithm in charge
 * @cwnd: congestion window, bytes (RFC 5681, 2)
 * @ssthresh: slow start threshold, bytes
 * @mss: what a full segment carries after options, bytes (SMSS)
 * @cwnd_clamp: upper bound of @cwnd, bytes
 * @acked: bytes acknowledged since @cwnd last grew in congestion avoidance
 * @pacing_rate: bytes a second that the algorithm asks for; 0: with
 *	RILL_CONG_PACED a multiple of cwnd / SRTT, else not paced
 * @priv: the algorithm's own state, and all of it: there is no call for when a
 *	connection ends
 *
 * Read all of it; write @cwnd (rill_cong_grow()), @ssthresh in @cong_avoid and
 * @ack, @acked, @pacing_rate and @priv.
 */
struct rill_cong {
	const struct rill_cong_ops *ops;
	__u32	cwnd;
	__u32	ssthresh;
	__u32	mss;
	__u32	cwnd_clamp;
	__u32	acked;
	__u64	pacing_rate;
	__u64	priv[12];
};

/**
 * struct rill_cong_ack - what one ACK said
 * @now_us: when it came, microseconds, from any beginning
 * @rtt_us: round trip time that it measured, microseconds; 0: none
 * @min_rtt_us: least round trip time of the connection so far, microseconds;
 *	~0 before the first sample
 * @srtt_us: smoothed round trip time with this sample (RFC 6298), microseconds;
 *	0 before the first
 * @acked: bytes that it newly acknowledged, by its number or by SACK
 * @ece: whether it had the ECE flag
 * @flight: FlightSize before it (RFC 5681, 2): bytes sent and not acknowledged
 *	by number
 * @una: SND.UNA after it
 * @nxt: SND.NXT
 * @cwnd_limited: @flight filled cwnd, nothing else held data back
 */
struct rill_cong_ack {
	__u64	now_us;
	__u32	rtt_us;
	__u32	min_rtt_us;
	__u32	srtt_us;
	__u32	acked;
	__u32	flight;
	__u32	una;
	__u32	nxt;
	bool	ece;
	bool	cwnd_limited;
};

/**
 * enum rill_cong_event - what an algorithm may want to know besides ACKs
 * @RILL_CONG_TX_START: data is sent while none was outstanding
 * @RILL_CONG_REDUCED: cwnd is about to be cut for a loss or an ECN echo;
 *	@ssthresh has been asked
 * @RILL_CONG_RTO: a retransmission timeout was taken as loss
 * @RILL_CONG_RECOVERED: the episode of loss, or of an ECN echo, ended
 * @RILL_CONG_UNDO: the last cut was for nothing: cwnd and ssthresh are as
 *	before it, and so should be the algorithm's own state
 */
enum rill_cong_event {
	RILL_CONG_TX_START,
	RILL_CONG_REDUCED,
	RILL_CONG_RTO,
	RILL_CONG_RECOVERED,
	RILL_CONG_UNDO,
};

/* rill_cong_ops.flags */
#define RILL_CONG_UNRESTRICTED	0x1	/* any user may choose it; the sysctls change it */
#define RILL_CONG_ECN		0x2	/* wants ECN whatever the sysctl says (DCTCP) */
#define RILL_CONG_PACED		0x4	/* wants its segments paced */

/**
 * struct rill_cong_ops - a congestion control algorithm
 * @name: what TCP_CONGESTION and the sysctl call it: without blanks, and not
 *	that of another (required)
 * @flags: RILL_CONG_*
 * @owner: THIS_MODULE; stays while a socket uses it (required)
 * @list: the registry's
 * @init: a connection starts to use it; @priv is zeroed, @cwnd and @ssthresh
 *	are those that it begins with, or had under another algorithm. May be
 *	called again before any data is sent (optional)
 * @ssthresh: the threshold after a loss with @flight bytes outstanding, bytes;
 *	@cwnd is still that before it (required)
 * @ece_ssthresh: the same after an ECN echo (optional; else @ssthresh)
 * @cong_avoid: new data was acknowledged outside of recovery while the window
 *	was in full use; grow cwnd (required)
 * @ack: every ACK of new data, and every one with ECE, in recovery too; before
 *	@cong_avoid (optional)
 * @event: see enum rill_cong_event (optional)
 * @info: write what TCP_CC_INFO is to tell, at most RILL_CONG_INFO_MAX bytes,
 *	laid out as <linux/inet_diag.h> has it; its length (optional)
 *
 * All are called with the connection locked: they may not sleep.
 */
struct rill_cong_ops {
	char	name[RILL_CONG_NAME_MAX];
	__u32	flags;
#ifdef __KERNEL__
	struct module *owner;
	struct list_head list;
#endif
	void	(*init)(struct rill_cong *c);
	__u32	(*ssthresh)(struct rill_cong *c, __u32 flight);
	__u32	(*ece_ssthresh)(struct rill_cong *c, __u32 flight);
	void	(*cong_avoid)(struct rill_cong *c, const struct rill_cong_ack *a);
	void	(*ack)(struct rill_cong *c, const struct rill_cong_ack *a);
	void	(*event)(struct rill_cong *c, enum rill_cong_event event, __u64 now_us);
	__u32	(*info)(const struct rill_cong *c, void *buf);
};

/**
 * rill_cong_grow() - open the window, within its bounds
 * @c: the window
 * @bytes: by how much
 *
 * The clamp holds, but never below one segment.
 */
static inline void rill_cong_grow(struct rill_cong *c, __u32 bytes)
{
	__u32 most = c->cwnd_clamp > c->mss ? c->cwnd_clamp : c->mss;
	__u64 cwnd = (__u64)c->cwnd + bytes;

	c->cwnd = cwnd < most ? (__u32)cwnd : most;
}

#ifdef __KERNEL__

/**
 * rill_cong_register() - offer an algorithm to sockets and sysctls
 * @ops: the algorithm; stays valid until rill_cong_unregister()
 *
 * Sockets may use it before this returns, so it is the last step of a module's
 * init that can fail.
 *
 * Context: process.
 * Return: 0, -EINVAL if something required is missing or the name is none, or
 * -EEXIST if the name is taken.
 */
int rill_cong_register(struct rill_cong_ops *ops);

/**
 * rill_cong_unregister() - withdraw an algorithm
 * @ops: was registered
 *
 * For a module's exit, which is not called while a socket, or the default of a
 * network namespace, holds @owner.
 *
 * Context: process; sleeps until nobody can still be looking at @ops.
 */
void rill_cong_unregister(struct rill_cong_ops *ops);

/* A module with this is loaded when an administrator asks for the name. */
#define MODULE_ALIAS_RILL_CONG(name)	MODULE_ALIAS("rill-cong-" name)

#endif /* __KERNEL__ */

#endif /* _NET_RILL_H */
