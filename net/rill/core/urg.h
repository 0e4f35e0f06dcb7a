/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Urgent data: RFC 9293, 3.8.5, in the reading of RFC 6093.
 *
 * On the wire the pointer names the octet after the last urgent one (MUST-62).
 * For programs the last urgent octet is the mark: it alone is urgent, stands
 * outside the stream, and a read stops before it. That is what sockets have
 * always made of it. New applications should not use urgent data (SHLD-13).
 */
#ifndef _RILL_CORE_URG_H
#define _RILL_CORE_URG_H

#include "types.h"

#define RILL_URG_REACH	65535U	/* as far as the field points */

/* What is known of the octet at the mark. */
enum rill_urg_state {
	RILL_URG_NONE,		/* there is no mark */
	RILL_URG_AWAITED,	/* the pointer came, the octet did not */
	RILL_URG_HERE,		/* it did, and was not read */
	RILL_URG_READ		/* it was read with MSG_OOB; the mark stands */
};

/**
 * rill_urg_field() - the urgent pointer of a segment that leaves
 * @seq: its sequence number
 * @up: the octet after the last urgent one that the program wrote
 * @nxt: SND.NXT, this segment included
 *
 * Where the field does not reach @up it says 65535, "not yet", as long as
 * nothing has been sent that far: a pointer into what the peer may have would
 * call an octet of the stream urgent. So a span of any length stays urgent
 * from its first octet on (MUST-31).
 *
 * RFC 9293, 3.8.5. Context: any context, no locks.
 * Return: the field; 0: no URG.
 */
u16 rill_urg_field(u32 seq, u32 up, u32 nxt);

/**
 * rill_urg_mark() - the last urgent octet that a segment announces
 * @seq: SEG.SEQ
 * @field: SEG.UP, URG set
 *
 * RFC 9293, 3.8.5. A field of 0, which no sender should write, means @seq.
 *
 * Context: any context, no locks.
 * Return: its sequence number.
 */
static inline u32 rill_urg_mark(u32 seq, u16 field)
{
	return seq + field - !!field;
}

/**
 * rill_urg_is_news() - does a pointer move the mark?
 * @state: what is known of the old mark
 * @old: the old mark, if @state knows of one
 * @mark: the new one
 * @copied: next byte that the program reads
 * @nxt: RCV.NXT
 *
 * Not if it points to what was received in order (nobody can take that out of
 * the stream any more), nor if it is no further than the old one: pointers
 * come again with every segment, and segments come in any order.
 *
 * RFC 9293, 3.10.7.4, sixth. Context: any context, no locks.
 * Return: whether the program has to be told (MUST-32).
 */
bool rill_urg_is_news(enum rill_urg_state state, u32 old, u32 mark, u32 copied, u32 nxt);

/**
 * rill_urg_split() - what one copy of a read may take
 * @mark: the mark; there is one
 * @oobinline: SO_OOBINLINE
 * @seq: next byte to read
 * @len: how many are there, at least 1
 * @skip: set to 1 if the octet at @seq is the urgent one, to be left out, else 0
 *
 * Up to the mark, never across it; at it, what follows. An octet that stays in
 * the stream is read with what follows it.
 *
 * UR-3, UR-4. Context: any context, no locks.
 * Return: bytes after *@skip; 0 only if there is nothing but the urgent octet.
 */
u32 rill_urg_split(u32 mark, bool oobinline, u32 seq, u32 len, u32 *skip);

/**
 * rill_urg_until() - how many unread bytes there are before the mark
 * @mark: the mark; there is one
 * @copied: next byte that the program reads
 * @nxt: end of what can be read
 *
 * IO-1, MUST-33. Context: any context, no locks.
 * Return: bytes; all, if the mark is not among them.
 */
u32 rill_urg_until(u32 mark, u32 copied, u32 nxt);

#endif /* _RILL_CORE_URG_H */
