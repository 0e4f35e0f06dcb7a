/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: what another kernel module may include.
 *
 * Congestion control sees this structure and nothing else of a connection:
 * no socket, no skb, no jiffies. Everything is in bytes and microseconds.
 */
#ifndef _NET_RILL_H
#define _NET_RILL_H

#include <linux/types.h>

#define RILL_CONG_NAME_MAX	16
#define RILL_SSTHRESH_INFINITE	0x7fffffffU

struct rill_cong_ops;

/**
 * struct rill_cong - the congestion window of one connection
 * @ops: the algorithm in charge
 * @cwnd: congestion window, bytes (RFC 5681, 2)
 * @ssthresh: slow start threshold, bytes
 * @mss: what a full segment carries after options, bytes (SMSS)
 * @cwnd_clamp: upper bound of @cwnd, bytes
 * @acked: bytes acknowledged since @cwnd last grew in congestion avoidance
 * @priv: the algorithm's own state
 */
struct rill_cong {
	const struct rill_cong_ops *ops;
	__u32	cwnd;
	__u32	ssthresh;
	__u32	mss;
	__u32	cwnd_clamp;
	__u32	acked;
	__u64	priv[10];
};

/**
 * struct rill_cong_ops - a congestion control algorithm
 * @name: what TCP_CONGESTION and the sysctl call it (required)
 * @init: a connection starts to use it; @priv is zeroed (optional)
 * @ssthresh: the threshold after a loss with @flight bytes outstanding
 *	(required)
 * @cong_avoid: @acked new bytes were acknowledged outside of recovery while
 *	the window was in full use; grow cwnd. @rtt_us is 0 without a sample
 *	(required)
 * @rto: a retransmission timeout was taken as loss (optional)
 */
struct rill_cong_ops {
	char	name[RILL_CONG_NAME_MAX];
	void	(*init)(struct rill_cong *c);
	__u32	(*ssthresh)(const struct rill_cong *c, __u32 flight);
	void	(*cong_avoid)(struct rill_cong *c, __u32 acked, __u32 rtt_us,
			      __u64 now_us);
	void	(*rto)(struct rill_cong *c);
};

#endif /* _NET_RILL_H */
