/* SPDX-License-Identifier: GPL-2.0 */
/*
 * HyStart++, RFC 9406: leave the first slow start when the round trip grows,
 * before there is loss. For any algorithm that starts slowly.
 */
#ifndef _RILL_CORE_HYSTART_H
#define _RILL_CORE_HYSTART_H

#include "types.h"

#include <net/rill.h>

/**
 * struct rill_hystart - what it remembers; all zero at the beginning
 * @round_end: SND.NXT when the round began; its acknowledgment ends the round
 * @last_min_us: least round trip time of the round before, ~0: none
 * @curr_min_us: least round trip time of this round, ~0: none yet
 * @base_us: that of the round in which it grew, to tell whether it fell again
 * @samples: how many measurements this round had; stays at 255
 * @css_rounds: conservative slow start: rounds of it, with the present one;
 *	0: standard slow start
 * @started: whether a round was begun
 */
struct rill_hystart {
	u32	round_end;
	u32	last_min_us;
	u32	curr_min_us;
	u32	base_us;
	u8	samples;
	u8	css_rounds;
	u8	started;
};

/**
 * rill_hystart_ack() - an ACK came in slow start
 * @h: what it remembers
 * @c: the window; ssthresh becomes cwnd when slow start is over
 * @a: the ACK
 *
 * Only for the first slow start, where ssthresh is not known (RFC 9406, 4.2).
 *
 * Context: any context, no locks.
 */
void rill_hystart_ack(struct rill_hystart *h, struct rill_cong *c, const struct rill_cong_ack *a);

/**
 * rill_hystart_growth() - by how much an ACK opens the window in slow start
 * @h: what it remembers
 * @c: the window
 * @acked: bytes newly acknowledged
 *
 * RFC 9406, 4.2. Context: any context, no locks.
 * Return: bytes.
 */
u32 rill_hystart_growth(const struct rill_hystart *h, const struct rill_cong *c, u32 acked);

#endif /* _RILL_CORE_HYSTART_H */
