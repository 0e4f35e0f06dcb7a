/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion: the window (cong.c) and the algorithms that grow it (cong_*.c).
 * The recovery from loss that is common to them is in recov.c.
 */
#ifndef _RILL_CORE_CONG_H
#define _RILL_CORE_CONG_H

#include "types.h"

#include <net/rill.h>

extern struct rill_cong_ops rill_cong_reno;	/* cong_reno.c */
extern struct rill_cong_ops rill_cong_cubic;	/* cong_cubic.c */
extern struct rill_cong_ops rill_cong_dctcp;	/* cong_dctcp.c */

/**
 * rill_cong_iw() - initial window
 * @mss: what a full segment carries, bytes
 *
 * RFC 6928, 2, but ten segments of any size, as Linux has it. Context: any
 * context, no locks.
 * Return: bytes: 10 * @mss.
 */
u32 rill_cong_iw(u32 mss);

/**
 * rill_cong_init() - a connection begins
 * @c: the window; every member is set
 * @ops: the algorithm
 * @mss: what a full segment carries, bytes, not 0
 * @iw: initial window, bytes
 *
 * The threshold is as high as can be (CC-3M), and so is the clamp.
 *
 * RFC 5681, 3.1. Context: any context, no locks beyond those of @ops->init.
 */
void rill_cong_init(struct rill_cong *c, const struct rill_cong_ops *ops, u32 mss, u32 iw);

/**
 * rill_cong_switch() - take up another algorithm
 * @c: the window
 * @ops: the algorithm
 *
 * What the path bore so far, cwnd and ssthresh, holds for the new one.
 *
 * Context: any context, no locks beyond those of @ops->init.
 */
void rill_cong_switch(struct rill_cong *c, const struct rill_cong_ops *ops);

/**
 * rill_cong_reno_avoid() - Reno's growth, for algorithms that cut differently
 * @c: the window
 * @a: the ACK
 *
 * RFC 5681, 3.1. Context: any context, no locks.
 */
void rill_cong_reno_avoid(struct rill_cong *c, const struct rill_cong_ack *a);

/**
 * rill_cong_set_mss() - the segment size changed
 * @c: the window
 * @mss: what a full segment carries now, bytes, not 0
 *
 * A smaller segment shrinks the window in proportion, down to one segment
 * (CC-14S); a larger one leaves it as it is, in bytes, even if that is less
 * than one segment now (PMTU-2M).
 *
 * RFC 5681, 3.1; RFC 4821, 4. Context: any context, no locks.
 */
void rill_cong_set_mss(struct rill_cong *c, u32 mss);

/**
 * rill_cong_in_slow_start() - does the window grow exponentially?
 * @c: the window
 *
 * RFC 5681, 3.1. Context: any context, no locks.
 * Return: true if cwnd is below ssthresh.
 */
static inline bool rill_cong_in_slow_start(const struct rill_cong *c)
{
	return c->cwnd < c->ssthresh;
}

/**
 * rill_cong_set_cwnd() - set the window, within its bounds
 * @c: the window
 * @cwnd: what it should be, bytes
 *
 * The clamp holds, but never below one segment: a smaller window could stop
 * the connection for good.
 *
 * Context: any context, no locks.
 */
static inline void rill_cong_set_cwnd(struct rill_cong *c, u64 cwnd)
{
	c->cwnd = (u32)min_t(u64, cwnd, max(c->cwnd_clamp, c->mss));
}

/**
 * rill_cong_ece_ssthresh() - the threshold after an ECN echo
 * @c: the window, not cut yet
 * @flight: bytes outstanding
 *
 * RFC 3168, 6.1.2: as after a loss, unless the algorithm knows better.
 * Context: any context, no locks beyond those of the algorithm.
 * Return: bytes.
 */
static inline u32 rill_cong_ece_ssthresh(struct rill_cong *c, u32 flight)
{
	return c->ops->ece_ssthresh ? c->ops->ece_ssthresh(c, flight) :
				      c->ops->ssthresh(c, flight);
}

/**
 * rill_cong_restart() - send again after a pause longer than an RTO
 * @c: congestion window
 * @iw: restart window, bytes
 *
 * RFC 5681, 4.1 (CC-10S). What the path bore is kept as ssthresh, as Linux
 * does. Context: any context, no locks.
 */
void rill_cong_restart(struct rill_cong *c, u32 iw);

#endif /* _RILL_CORE_CONG_H */
