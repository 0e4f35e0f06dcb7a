/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RACK: loss is told by the time at which what has arrived was sent
 * (RFC 8985, 6).
 */
#ifndef _RILL_CORE_RACK_H
#define _RILL_CORE_RACK_H

#include "board.h"
#include "types.h"

/**
 * struct rill_rack - what RACK knows of a connection
 * @xmit_us: RACK.xmit_ts: when the latest of all that arrived was sent
 * @end_seq: RACK.end_seq: its end
 * @rtt_us: RACK.rtt: how long it took
 * @fack: highest sequence number that arrived
 * @round: SND.NXT when the reordering window last grew for a DSACK
 * @reo_mult: RACK.reo_wnd_mult, quarters of the least round trip time
 * @reo_persist: recoveries until it is one again
 * @reordering: RACK.reordering_seen
 * @round_valid: @round is one
 */
struct rill_rack {
	u64	xmit_us;
	u32	end_seq;
	u32	rtt_us;
	u32	fack;
	u32	round;
	u8	reo_mult;
	u8	reo_persist;
	u8	reordering:1,
		round_valid:1;
};

/**
 * rill_rack_init() - a connection begins
 * @r: RACK's state
 * @una: SND.UNA
 *
 * Context: any context, no locks, here and below.
 */
void rill_rack_init(struct rill_rack *r, u32 una);

/**
 * struct rill_rack_echo - the timestamp that an ACK echoed
 * @ms: TSecr, milliseconds on the clock of &rill_tx.tx_us, modulo 2^32
 * @valid: there was one
 */
struct rill_rack_echo {
	u32	ms;
	bool	valid;
};

/**
 * rill_rack_delivered() - an ACK told of data that arrived
 * @r: RACK's state
 * @d: the data
 * @min_rtt_us: least round trip time, microseconds
 * @echo: what timestamps say
 * @now_us: time, microseconds
 *
 * What was sent again counts only if this ACK can have been caused by the
 * second time: not if the echoed timestamp is from before it, nor if it comes
 * sooner than any round trip did (RACK-6I).
 *
 * RFC 8985, 6.2, steps 1 to 3.
 */
void rill_rack_delivered(struct rill_rack *r, const struct rill_delivered *d, u32 min_rtt_us,
			 struct rill_rack_echo echo, u64 now_us);

/**
 * rill_rack_dsack() - the peer reported a duplicate
 * @r: RACK's state
 * @una: SND.UNA
 * @nxt: SND.NXT
 *
 * The window grows by a quarter of a round trip, once a round (RACK-4S).
 *
 * RFC 8985, 6.2, step 4.
 */
void rill_rack_dsack(struct rill_rack *r, u32 una, u32 nxt);

/**
 * rill_rack_recovered() - an episode of loss ended
 * @r: RACK's state
 *
 * After 16 without a duplicate the window is small again.
 */
void rill_rack_recovered(struct rill_rack *r);

/**
 * rill_rack_reo_wnd() - how much later than expected is not lost
 * @r: RACK's state
 * @min_rtt_us: least round trip time, microseconds
 * @srtt_us: smoothed round trip time, microseconds
 * @eager: in recovery, or so much was SACKed that three duplicate ACKs would
 *	have told of loss; then there is no window until reordering was seen
 *
 * RFC 8985, 6.2, step 4. Return: microseconds.
 */
u32 rill_rack_reo_wnd(const struct rill_rack *r, u32 min_rtt_us, u32 srtt_us, bool eager);

/**
 * rill_rack_detect() - find what is lost
 * @r: RACK's state
 * @b: the scoreboard; what is lost is marked
 * @reo_wnd_us: from rill_rack_reo_wnd()
 * @now_us: time, microseconds
 * @wait_us: set to when to come again if no ACK does, microseconds from now; 0:
 *	not at all
 *
 * Ranges in flight stand in the order of sending, so this stops at the first
 * that is not lost. (The RFC's timer waits for the last one that may be; ours
 * for the first, and so on, since there is no walk to find the last.)
 *
 * RFC 8985, 6.2, step 5. Return: bytes found lost.
 */
u32 rill_rack_detect(const struct rill_rack *r, struct rill_board *b, u32 reo_wnd_us,
		     u64 now_us, u32 *wait_us);

#endif /* _RILL_CORE_RACK_H */
