/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reassembly: the segments that came out of order (SHLD-31; RFC 9293,
 * 3.10.7.4), in a tree ordered by sequence number.
 *
 * Three things always hold, and the costs below rest on them:
 *  - no node lies inside another one, so that the order by start is the order
 *    by end as well;
 *  - no node lies inside the union of its neighbours, so that a byte is held
 *    twice at most, however segments overlap;
 *  - from @top to the end of @last there is no hole.
 *
 * All sequence numbers in one tree lie less than 2^31 apart; the receive
 * window sees to that before a segment comes here.
 */
#ifndef _RILL_CORE_REASM_H
#define _RILL_CORE_REASM_H

#include "types.h"

/* How far rill_reasm_run() walks to each side. A longer run is reported in part. */
#define RILL_REASM_WALK		64

/**
 * struct rill_reasm_node - one segment out of order
 * @rb: place in the tree
 * @seq: its first sequence number
 * @end: the sequence number after its last one, FIN included
 *
 * Embedded in whatever holds the bytes. @seq and @end stay as they are while
 * the node is in a tree.
 */
struct rill_reasm_node {
	struct rb_node	rb;
	u32		seq;
	u32		end;
};

/**
 * struct rill_reasm - the segments out of order of one connection
 * @root: tree of struct rill_reasm_node by @seq
 * @last: the highest, for the append fast path; NULL if empty
 * @top: from here to the end of @last nothing is missing; no meaning if empty
 */
struct rill_reasm {
	struct rb_root	root;
	struct rill_reasm_node *last;
	u32		top;
};

/**
 * enum rill_reasm_verdict - what became of a segment
 * @RILL_REASM_QUEUED: it is in the tree now
 * @RILL_REASM_DUP: every byte of it is held already; it was not inserted and
 *	still belongs to the caller
 */
enum rill_reasm_verdict {
	RILL_REASM_QUEUED,
	RILL_REASM_DUP,
};

/**
 * rill_reasm_init() - an empty tree
 * @r: the tree
 *
 * Context: any context, no locks.
 */
void rill_reasm_init(struct rill_reasm *r);

/**
 * rill_reasm_empty() - is anything held?
 * @r: the tree
 *
 * Context: any context, no locks; the caller keeps others from changing @r,
 * here and below.
 * Return: true if nothing is held.
 */
bool rill_reasm_empty(const struct rill_reasm *r);

/**
 * rill_reasm_insert() - hold a segment
 * @r: the tree
 * @n: the segment; an empty one is a duplicate
 * @drop: is called for each node that @n made superfluous, already unlinked:
 *	those that @n covers, and a neighbour that @n and the neighbour beyond
 *	it cover together
 * @arg: second argument of @drop
 *
 * Segments may overlap: they stay as they are, and the reader trims.
 *
 * O(log n), O(1) at the end, plus the nodes that lie inside @n.
 *
 * RFC 9293, 3.10.7.4. Context: any context, no locks.
 * Return: RILL_REASM_QUEUED or RILL_REASM_DUP.
 */
enum rill_reasm_verdict rill_reasm_insert(struct rill_reasm *r, struct rill_reasm_node *n,
					  void (*drop)(struct rill_reasm_node *victim, void *arg),
					  void *arg);

/**
 * rill_reasm_first() - the lowest segment
 * @r: the tree
 *
 * Context: any context, no locks.
 * Return: the node, or NULL if nothing is held.
 */
struct rill_reasm_node *rill_reasm_first(const struct rill_reasm *r);

/**
 * rill_reasm_last() - the highest segment, O(1)
 * @r: the tree
 *
 * Context: any context, no locks.
 * Return: the node, or NULL if nothing is held.
 */
struct rill_reasm_node *rill_reasm_last(const struct rill_reasm *r);

/**
 * rill_reasm_next() - the segment above another one
 * @n: a node that is in a tree
 *
 * Context: any context, no locks.
 * Return: the node, or NULL if @n is the highest.
 */
struct rill_reasm_node *rill_reasm_next(const struct rill_reasm_node *n);

/**
 * rill_reasm_remove() - unlink a segment
 * @r: the tree
 * @n: a node that is in it
 *
 * Context: any context, no locks.
 */
void rill_reasm_remove(struct rill_reasm *r, struct rill_reasm_node *n);

/**
 * rill_reasm_pop() - take the lowest segment if its turn has come
 * @r: the tree
 * @rcv_nxt: the sequence number that is awaited next
 *
 * Its bytes before @rcv_nxt, possibly all of them, are old: the caller trims.
 *
 * RFC 9293, 3.10.7.4. Context: any context, no locks.
 * Return: the lowest node, unlinked, if it does not begin after @rcv_nxt; else
 * NULL.
 */
struct rill_reasm_node *rill_reasm_pop(struct rill_reasm *r, u32 rcv_nxt);

/**
 * rill_reasm_overlap() - the bytes of a segment that are held already
 * @r: the tree, without the segment
 * @seq: first sequence number of the segment
 * @end: the sequence number after its last one
 * @from: first sequence number that is held
 * @to: the sequence number after the last one, at most @end
 *
 * Of several such stretches the first one is told, which is what a DSACK can
 * report (RFC 2883, 4). One built of more than RILL_REASM_WALK nodes may be
 * told shorter than it is. O(log n), O(1) at the end.
 *
 * Context: any context, no locks.
 * Return: true, or false if nothing of it is held; @from and @to are left
 * alone then.
 */
bool rill_reasm_overlap(const struct rill_reasm *r, u32 seq, u32 end, u32 *from, u32 *to);

/**
 * rill_reasm_run() - the bytes without a hole around one of them
 * @r: the tree
 * @seq: a sequence number
 * @start: first sequence number of the run
 * @end: the sequence number after the last one
 *
 * For SACK blocks (RFC 2018, 4). A run that is built of more than
 * RILL_REASM_WALK nodes on one side of @seq may be reported shorter than it
 * is, never longer; the highest run, which nearly every segment out of order
 * extends, is known without a walk. O(log n).
 *
 * Context: any context, no locks.
 * Return: true, or false if the byte at @seq is not held; @start and @end are
 * left alone then.
 */
bool rill_reasm_run(const struct rill_reasm *r, u32 seq, u32 *start, u32 *end);

#endif /* _RILL_CORE_REASM_H */
