/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Episodes of loss: when the window is cut, how it shrinks, when it was for
 * nothing. RFC 5681, 3; RFC 6582; RFC 6675, 5; RFC 9937 (PRR); RFC 5682
 * (F-RTO); RFC 4015 and 3708 (undo by timestamps and by DSACK); RFC 3168, 6.1.2.
 *
 * What is lost is the scoreboard's and RACK's to say; here it is a number of
 * bytes. What may be sent is cwnd less what is in flight.
 */
#ifndef _RILL_CORE_RECOV_H
#define _RILL_CORE_RECOV_H

#include "cong.h"
#include "types.h"

/**
 * enum rill_recov_state - how a connection stands with loss
 * @RILL_RECOV_OPEN: all is well
 * @RILL_RECOV_DISORDER: something was SACKed, or there were duplicate ACKs
 * @RILL_RECOV_CWR: the window shrinks for an ECN echo, or a probe that mended
 *	a loss
 * @RILL_RECOV_FAST: fast recovery
 * @RILL_RECOV_LOSS: after a retransmission timeout
 */
enum rill_recov_state {
	RILL_RECOV_OPEN,
	RILL_RECOV_DISORDER,
	RILL_RECOV_CWR,
	RILL_RECOV_FAST,
	RILL_RECOV_LOSS,
};

/* What the caller has to do after an ACK */
#define RILL_DO_RESTORE		0x1	/* nothing is lost after all: rill_board_restore() */
#define RILL_DO_RECOVERED	0x2	/* an episode ended */
#define RILL_DO_ENTERED		0x4	/* fast recovery began */
#define RILL_DO_UNDONE		0x8	/* the window is as before the last cut */

/**
 * struct rill_recov - loss recovery of one connection
 * @state: enum rill_recov_state
 * @dupacks: duplicate ACKs in a row, or ACKs with new SACKs; stays at 255
 * @frto: F-RTO has not decided yet (RFC 5682)
 * @new_first: F-RTO, step 2b: new data goes before what is lost
 * @undo: the last cut may turn out to have been for nothing
 * @stamped: @stamp_ms is set
 * @recover: SND.NXT when the episode began: RecoveryPoint
 * @dup_len: without SACK: bytes that duplicate ACKs say have arrived
 * @undo_una: SND.UNA when the episode began
 * @undo_end: SND.NXT when it began
 * @undo_len: bytes sent again since, or before and still in flight then, less
 *	those reported as duplicates
 * @stamp_ms: when the first of them was sent, milliseconds
 * @rto_una: SND.UNA at the last retransmission timeout
 * @prior_cwnd: cwnd before the episode, bytes
 * @prior_ssthresh: ssthresh before the episode, bytes
 * @prr_delivered: bytes delivered in this episode
 * @prr_out: bytes sent in it
 * @recover_fs: RecoverFS, bytes, but no less than ssthresh
 */
struct rill_recov {
	u8	state;
	u8	dupacks;
	u8	frto:1,
		new_first:1,
		undo:1,
		stamped:1;
	u32	recover;
	u32	dup_len;
	u32	undo_una;
	u32	undo_end;
	u32	undo_len;
	u32	stamp_ms;
	u32	rto_una;
	u32	prior_cwnd;
	u32	prior_ssthresh;
	u32	prr_delivered;
	u32	prr_out;
	u32	recover_fs;
};

/**
 * struct rill_recov_ack - what loss recovery has to know of an ACK
 * @c: what congestion control has to know of it
 * @pipe: bytes in flight, what was found lost taken off
 * @lost: bytes that are lost and not sent again
 * @newly_lost: of these, bytes that this ACK told of
 * @sacked: bytes that are SACKed, or reported by duplicate ACKs
 * @again: bytes in flight that were sent more than once
 * @moved: SND.UNA moved
 * @progress: it may grow the window: SND.UNA moved, or the path is known to
 *	reorder
 * @fresh: it told of data above SND.UNA at the timeout that was never sent
 *	again and lies below @recover
 * @original: an echoed timestamp says that what moved SND.UNA had arrived
 *	before it was sent again (RFC 4015)
 * @new_data: there is data that was never sent, and the peer's window takes it
 */
struct rill_recov_ack {
	struct rill_cong_ack c;
	u32	pipe;
	u32	lost;
	u32	newly_lost;
	u32	sacked;
	u32	again;
	bool	moved;
	bool	progress;
	bool	fresh;
	bool	original;
	bool	new_data;
};

/**
 * rill_recov_init() - a connection begins
 * @r: the recovery
 * @iss: our initial sequence number
 *
 * RFC 6582, 3.2, step 1. Context: any context, no locks, here and below; the
 * algorithm's own context counts.
 */
void rill_recov_init(struct rill_recov *r, u32 iss);

/**
 * rill_recov_dupack() - a duplicate ACK came from a peer without SACK
 * @r: the recovery
 * @flight: SND.NXT - SND.UNA, bytes
 * @mss: a full segment, bytes
 * @una: SND.UNA
 * @thresh: duplicate ACKs that mean loss
 *
 * The caller has checked that it is one by RFC 5681, 2. Each says that a
 * segment has left the network, which lets out a new one (RFC 3042).
 *
 * Return: whether the first segment is lost; not for what an earlier episode
 * sent again in vain (RFC 6582, 3.2, step 2).
 */
bool rill_recov_dupack(struct rill_recov *r, u32 flight, u32 mss, u32 una, u32 thresh);

/**
 * rill_recov_cumulative() - SND.UNA moved at a peer without SACK
 * @r: the recovery
 * @acked: by how much, bytes
 * @mss: a full segment, bytes
 *
 * One segment filled a hole; the rest had been told of by duplicate ACKs.
 *
 * Return: bytes that this ACK was the first to tell of.
 */
u32 rill_recov_cumulative(struct rill_recov *r, u32 acked, u32 mss);

/**
 * rill_recov_ack() - an ACK came
 * @r: the recovery
 * @c: the window
 * @a: the ACK
 *
 * After the scoreboard took it in and what it shows lost was marked. Changes
 * state and window: cwnd less @a->pipe is what may be sent now.
 *
 * Return: RILL_DO_* flags.
 */
u32 rill_recov_ack(struct rill_recov *r, struct rill_cong *c, const struct rill_recov_ack *a);

/**
 * rill_recov_relapse() - some of what was taken for lost was lost all the same
 * @r: the recovery
 * @c: the window
 * @a: the ACK that rill_recov_ack() answered by RILL_DO_RESTORE, its @a->lost
 *	and @a->pipe anew
 *
 * Fast recovery begins, from the window as it was before the timeout.
 *
 * Return: RILL_DO_* flags.
 */
u32 rill_recov_relapse(struct rill_recov *r, struct rill_cong *c, const struct rill_recov_ack *a);

/**
 * rill_recov_dsack() - the peer got something twice
 * @r: the recovery
 * @start: first sequence number of it
 * @end: the one after the last
 *
 * Once all that was sent again has been reported, the episode was for nothing
 * (RFC 3708): the next rill_recov_ack() undoes it.
 */
void rill_recov_dsack(struct rill_recov *r, u32 start, u32 end);

/**
 * rill_recov_sent() - something was sent
 * @r: the recovery
 * @len: bytes
 * @again: not for the first time
 * @now_us: time, microseconds
 */
void rill_recov_sent(struct rill_recov *r, u32 len, bool again, u64 now_us);

/**
 * rill_recov_ece() - an ACK echoed a congestion mark
 * @r: the recovery
 * @c: the window
 * @una: SND.UNA
 * @nxt: SND.NXT
 * @flight: bytes in flight
 * @now_us: time, microseconds
 *
 * As for a loss, once a window, but nothing is sent again (ECN-4I).
 *
 * RFC 3168, 6.1.2. Return: whether the window is cut now, so that CWR is due.
 */
bool rill_recov_ece(struct rill_recov *r, struct rill_cong *c, u32 una, u32 nxt, u32 flight,
		    u64 now_us);

/**
 * rill_recov_probed() - a loss probe mended a loss
 * @r: the recovery
 * @c: the window
 * @una: SND.UNA
 * @nxt: SND.NXT
 * @flight: bytes in flight
 * @now_us: time, microseconds
 *
 * RFC 8985, 7.4.2 (TLP-4M): it was a loss all the same.
 *
 * Return: whether the window was cut, so that CWR is due.
 */
bool rill_recov_probed(struct rill_recov *r, struct rill_cong *c, u32 una, u32 nxt, u32 flight,
		       u64 now_us);

/**
 * rill_recov_rto() - the retransmission timer expired
 * @r: the recovery
 * @c: the window
 * @una: SND.UNA
 * @nxt: SND.NXT
 * @pipe: bytes in flight that are not taken for lost
 * @again: bytes that were in flight for the second time before the timeout
 * @frto: whether F-RTO may be tried
 * @now_us: time, microseconds
 *
 * cwnd becomes one segment above @pipe. ssthresh falls at the first timeout of
 * a segment, and stays at further ones of the same (CC-5M). F-RTO is not tried
 * in an episode of loss (FRTO-3S).
 *
 * RFC 5681, 3.1; RFC 5682, 2.1 and 3.1.
 */
void rill_recov_rto(struct rill_recov *r, struct rill_cong *c, u32 una, u32 nxt, u32 pipe,
		    u32 again, bool frto, u64 now_us);

/**
 * rill_recov_too_big() - what is in flight does not fit the path, and is resent
 * @r: the recovery
 * @c: the window
 * @nxt: SND.NXT
 *
 * No congestion: the window stays, but for a reduction that is under way,
 * which ends here. Losses in what was sent before are part of this episode.
 *
 * RFC 1191, 6.4; RFC 5681, 3.1 (CC-14S).
 */
void rill_recov_too_big(struct rill_recov *r, struct rill_cong *c, u32 nxt);

#endif /* _RILL_CORE_RECOV_H */
