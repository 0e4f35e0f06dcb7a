/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion: the window (cong.c), the algorithms that grow it (cong_reno.c,
 * cong_cubic.c, cong_dctcp.c) and the recovery from loss that is common to
 * them (recov.c).
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

/* Loss recovery without SACK: RFC 5681, 3.2; RFC 6582 (NewReno); RFC 3042 */

/**
 * enum rill_recov_state - how a connection stands with loss
 * @RILL_RECOV_OPEN: all is well
 * @RILL_RECOV_DISORDER: there were duplicate ACKs
 * @RILL_RECOV_FAST: fast recovery
 * @RILL_RECOV_LOSS: after a retransmission timeout
 */
enum rill_recov_state {
	RILL_RECOV_OPEN,
	RILL_RECOV_DISORDER,
	RILL_RECOV_FAST,
	RILL_RECOV_LOSS,
};

/* What output has to do after an ACK or a timeout */
#define RILL_DO_RETRANS_HEAD	0x1	/* resend one MSS at snd_una */
#define RILL_DO_LIMITED		0x2	/* RFC 3042: one new segment beyond cwnd for this dup ACK */
#define RILL_DO_RECOVERED	0x4	/* the episode ended */

/**
 * struct rill_recov - loss recovery of one connection
 * @state: enum rill_recov_state
 * @dupacks: duplicate ACKs in a row; stays at 255
 * @recover: SND.NXT when the episode began (RFC 6582, 3.2); no fast retransmit
 *	until more than it is acknowledged
 * @disorder_nxt: SND.NXT at the first duplicate ACK, before limited transmit
 * @rto_una: SND.UNA at the last retransmission timeout
 * @prior_cwnd: cwnd before the episode, bytes, for an undo
 * @prior_ssthresh: ssthresh before the episode, bytes, for an undo
 */
struct rill_recov {
	u8	state;
	u8	dupacks;
	u32	recover;
	u32	disorder_nxt;
	u32	rto_una;
	u32	prior_cwnd;
	u32	prior_ssthresh;
};

/**
 * rill_recov_init() - a connection begins
 * @r: the recovery
 * @iss: our initial sequence number
 *
 * RFC 6582, 3.2, step 1. Context: any context, no locks.
 */
void rill_recov_init(struct rill_recov *r, u32 iss);

/**
 * rill_recov_dupack() - a duplicate ACK arrived
 * @r: the recovery
 * @c: the window
 * @snd_una: oldest unacknowledged sequence number
 * @snd_nxt: next sequence number to send
 *
 * The caller has checked that it is one by RFC 5681, 2.
 *
 * The first two let out one new segment each and leave cwnd alone (CC-8S). The
 * third begins fast recovery (CC-15M), unless it may stem from segments that
 * an earlier episode resent in vain. Further ones inflate cwnd.
 *
 * RFC 5681, 3.2; RFC 6582, 3.2; RFC 3042. Context: any context, no locks
 * beyond those of the algorithm.
 * Return: RILL_DO_RETRANS_HEAD, RILL_DO_LIMITED or 0.
 */
u32 rill_recov_dupack(struct rill_recov *r, struct rill_cong *c, u32 snd_una, u32 snd_nxt);

/**
 * rill_recov_ack() - new data was acknowledged
 * @r: the recovery
 * @c: the window
 * @a: the ACK; without @a->cwnd_limited cwnd does not grow outside of episodes
 *	(CUB-7M; RFC 7661's concern)
 *
 * Outside of an episode the algorithm grows cwnd. In fast recovery a partial
 * ACK deflates cwnd and asks for the next hole, a full one ends the episode.
 * After a timeout each ACK opens cwnd by one segment at most, since a
 * cumulative ACK over a mended hole says nothing of what the network carried
 * (RFC 3465, 2.3), and asks for the next segment until @recover is passed.
 *
 * The ACK of a SYN is not reported here (CC-2M).
 *
 * RFC 5681, 3.1 and 3.2; RFC 6582, 3.2. Context: any context, no locks beyond
 * those of the algorithm.
 * Return: RILL_DO_RETRANS_HEAD, RILL_DO_RECOVERED or 0.
 */
u32 rill_recov_ack(struct rill_recov *r, struct rill_cong *c, const struct rill_cong_ack *a);

/**
 * rill_recov_rto() - the retransmission timer expired
 * @r: the recovery
 * @c: the window
 * @snd_una: oldest unacknowledged sequence number
 * @snd_nxt: next sequence number to send
 *
 * cwnd becomes one segment. ssthresh falls too at the first timeout of a
 * segment, and stays at further ones of the same (CC-5M).
 *
 * RFC 5681, 3.1; RFC 6582, 3.2, step 4. Context: any context, no locks beyond
 * those of the algorithm.
 * Return: RILL_DO_RETRANS_HEAD.
 */
u32 rill_recov_rto(struct rill_recov *r, struct rill_cong *c, u32 snd_una, u32 snd_nxt);

#endif /* _RILL_CORE_CONG_H */
