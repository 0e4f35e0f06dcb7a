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

#define RILL_CONG_NAME_MAX	16
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
 * @priv: the algorithm's own state
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
 * @acked: bytes that it newly acknowledged, by its number or by SACK
 * @ece: whether it had the ECE flag
 * @flight: bytes that were outstanding before it
 * @una: SND.UNA after it
 * @nxt: SND.NXT
 * @cwnd_limited: @flight filled cwnd, nothing else held data back
 */
struct rill_cong_ack {
	__u64	now_us;
	__u32	rtt_us;
	__u32	min_rtt_us;
	__u32	acked;
	__u32	flight;
	__u32	una;
	__u32	nxt;
	_Bool	ece;
	_Bool	cwnd_limited;
};

/**
 * enum rill_cong_event - what an algorithm may want to know besides ACKs
 * @RILL_CONG_TX_START: data is sent while none was outstanding
 * @RILL_CONG_REDUCED: cwnd is about to be cut for a loss or an ECN echo;
 *	@ssthresh has been asked
 * @RILL_CONG_RTO: a retransmission timeout was taken as loss
 * @RILL_CONG_RECOVERED: the episode of loss ended
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
#define RILL_CONG_UNRESTRICTED	0x1	/* any user may choose it */
#define RILL_CONG_ECN		0x2	/* wants ECN whatever the sysctl says (DCTCP) */
#define RILL_CONG_PACED		0x4	/* wants its segments paced */

/**
 * struct rill_cong_ops - a congestion control algorithm
 * @name: what TCP_CONGESTION and the sysctl call it (required)
 * @flags: RILL_CONG_*
 * @owner: THIS_MODULE; stays while a connection uses it (required of modules)
 * @list: the registry's
 * @init: a connection starts to use it; @priv is zeroed (optional)
 * @ssthresh: the threshold after a loss or an ECN echo with @flight bytes
 *	outstanding, bytes (required)
 * @cong_avoid: new data was acknowledged outside of recovery while the window
 *	was in full use; grow cwnd (required)
 * @ack: every ACK of new data, and every one with ECE, in recovery too; before
 *	@cong_avoid (optional)
 * @event: see enum rill_cong_event (optional)
 *
 * All are called with the connection locked and softirqs off: they may not
 * sleep.
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
	void	(*cong_avoid)(struct rill_cong *c, const struct rill_cong_ack *a);
	void	(*ack)(struct rill_cong *c, const struct rill_cong_ack *a);
	void	(*event)(struct rill_cong *c, enum rill_cong_event event, __u64 now_us);
};

#endif /* _NET_RILL_H */
