/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SACK, the receiver's side: what to tell the peer about data that came out
 * of order (RFC 2018, 4) and about data that came twice (RFC 2883, 4).
 *
 * Reassembly (reasm.h) knows what is held. Here stands in which order it is
 * told: the run that got a segment last comes first, so that what one ACK
 * says is repeated by the next ones and survives the loss of some of them.
 *
 * A block never names a byte that is not held, and while anything is held
 * there is a block (SACK-5S, SACK-8M).
 */
#ifndef _RILL_CORE_SACK_H
#define _RILL_CORE_SACK_H

#include "option.h"
#include "reasm.h"
#include "types.h"

/**
 * struct rill_sack - what the next ACK reports
 * @held: runs of bytes held out of order, most recently changed first
 * @dup: bytes that came twice, not reported yet; if @has_dup
 * @nr: used entries of @held; 0 exactly while nothing is held
 * @has_dup: @dup counts
 */
struct rill_sack {
	struct rill_sack_block	held[RILL_MAX_SACKS];
	struct rill_sack_block	dup;
	u8			nr;
	bool			has_dup;
};

/**
 * rill_sack_init() - nothing to report
 * @s: the report
 *
 * Context: any context, no locks.
 */
void rill_sack_init(struct rill_sack *s);

/**
 * rill_sack_held() - a segment out of order came
 * @s: the report
 * @start: first sequence number of the run that the segment is in
 * @end: the sequence number after its last one
 *
 * The run becomes the first block, and takes in the blocks that it touches.
 * So a run that is known in part only (RILL_REASM_WALK) does no harm.
 *
 * RFC 2018, 4 (SACK-3M, SACK-4S). Context: any context, no locks.
 */
void rill_sack_held(struct rill_sack *s, u32 start, u32 end);

/**
 * rill_sack_dup() - bytes came that were here before
 * @s: the report
 * @start: first sequence number of them
 * @end: the sequence number after the last one
 *
 * They may lie below RCV.NXT or in a run that is held. Bytes that adjoin what
 * waits to be reported extend it; else the later report replaces it, since it
 * is about the segment that causes the ACK.
 *
 * RFC 2883, 4 (DSACK-1I, DSACK-3I). Context: any context, no locks.
 */
void rill_sack_dup(struct rill_sack *s, u32 start, u32 end);

/**
 * rill_sack_update() - runs were delivered, or thrown away
 * @s: the report
 * @r: what is held now
 * @rcv_nxt: next sequence number expected
 *
 * Blocks that RCV.NXT has reached go. So does what was dropped at the far end
 * of @r (SACK-8M). Where that leaves room, the highest run is told again, as
 * it may have been forgotten for more recent ones (SACK-5S).
 *
 * RFC 2018, 4 and 8. Context: any context, no locks.
 */
void rill_sack_update(struct rill_sack *s, const struct rill_reasm *r, u32 rcv_nxt);

/**
 * rill_sack_fill() - put the report into a segment's options
 * @s: the report
 * @o: the options; present and the SACK members change
 *
 * What was a duplicate comes first, then the runs (DSACK-2I). Option space
 * may be short of some of them; those at the end then stay away.
 *
 * Context: any context, no locks.
 */
void rill_sack_fill(const struct rill_sack *s, struct rill_opts *o);

/**
 * rill_sack_sent() - an ACK with the report left
 * @s: the report
 *
 * A duplicate is told once (DSACK-1I).
 *
 * Context: any context, no locks.
 */
static inline void rill_sack_sent(struct rill_sack *s)
{
	s->has_dup = false;
}

/**
 * rill_sack_len() - room that the report takes in a header
 * @s: the report
 * @other: bytes of the other options, at most 36
 *
 * RFC 9293, 3.7.1 (MUST-16). Context: any context, no locks.
 * Return: bytes, 0 if there is nothing to report.
 */
static inline unsigned int rill_sack_len(const struct rill_sack *s, unsigned int other)
{
	unsigned int nr = min(s->nr + s->has_dup, (RILL_OPT_SPACE - other - 4) / 8);

	return nr ? 4 + 8 * nr : 0;
}

#endif /* _RILL_CORE_SACK_H */
