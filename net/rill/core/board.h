/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scoreboard: what was sent and is not acknowledged by number, in ranges
 * of one fate (RFC 6675; RFC 8985).
 *
 * The ranges lie end to end from SND.UNA to SND.NXT. A transmission makes one,
 * however long; a SACK block, a loss or a retransmission of a part cuts it.
 * SACKed neighbours become one, so that what a long series of SACKs covers
 * stays few ranges. A range is in one of three states, and each has its index:
 *
 *  - in flight: a list in the order of transmission, which is RACK's order;
 *  - lost, to be sent again: a tree by sequence number;
 *  - SACKed: none.
 *
 * The peer says where SACK blocks end, and each end may cost a range: they cut
 * no finer than one range for RILL_BOARD_GRAIN bytes outstanding, besides
 * RILL_BOARD_SPARE. Else SACKs of every other byte would take a hundred times
 * the memory of what is outstanding, and their walks as long.
 *
 * Nothing walks a list that grows with the window: a step is O(log n) for each
 * range that changes.
 */
#ifndef _RILL_CORE_BOARD_H
#define _RILL_CORE_BOARD_H

#include "rate.h"
#include "seq.h"
#include "types.h"

#define RILL_BOARD_GRAIN	256
#define RILL_BOARD_SPARE	64

enum rill_tx_state {
	RILL_TX_SENT,		/* in flight, as far as we know */
	RILL_TX_LOST,		/* lost, and not sent again yet */
	RILL_TX_SACKED,		/* arrived */
};

/**
 * struct rill_tx - a range of sequence space with one fate
 * @rb: in rill_board.all
 * @when: in rill_board.sent while in flight
 * @lost: in rill_board.lost while lost
 * @tx_us: when it was last sent, microseconds
 * @seq: first sequence number
 * @end: the one after the last; a FIN counts
 * @state: enum rill_tx_state
 * @again: it was sent more than once
 * @stamp: for the delivery rate, when it was sent for the first time
 */
struct rill_tx {
	struct rb_node	rb;
	union {
		struct list_head when;
		struct rb_node	lost;
	};
	u64	tx_us;
	u32	seq;
	u32	end;
	u8	state;
	u8	again;
	struct rill_rate_stamp stamp;
};

/**
 * struct rill_board - the scoreboard of one connection
 * @all: every range, by sequence number
 * @lost: those that are lost, by sequence number
 * @sent: those in flight, the one that was sent longest ago first
 * @last: the highest range; NULL if nothing is outstanding
 * @nr: how many ranges there are
 * @in_flight: sequence numbers in flight: RFC 6675's pipe
 * @lost_len: sequence numbers lost
 * @sacked: sequence numbers SACKed
 * @again: sequence numbers in flight that were sent more than once
 */
struct rill_board {
	struct rb_root	all;
	struct rb_root	lost;
	struct list_head sent;
	struct rill_tx	*last;
	u32	nr;
	u32	in_flight;
	u32	lost_len;
	u32	sacked;
	u32	again;
};

/**
 * struct rill_delivered - what an ACK told of for the first time
 * @acked: bytes that its number covers, and no SACK before it did
 * @sacked: bytes that its SACK blocks cover, likewise
 * @fresh: of both, bytes that were sent only once
 * @fresh_low: lowest end of a range of @fresh
 * @fresh_first_us: when the first of the @fresh bytes under the number was sent
 * @fresh_us: when the last of the @fresh bytes was sent
 * @fresh_end: the end of the range that was
 * @again: of both, bytes that were sent more than once
 * @again_us: when the last of those was sent
 * @again_end: the end of the range that was
 * @high: highest end delivered; no meaning if @fresh and @again are 0
 * @stamp: of the range that @fresh_us is of
 *
 * Zeroed by the caller before the first use for an ACK.
 */
struct rill_delivered {
	u32	acked;
	u32	sacked;
	u32	fresh;
	u32	fresh_low;
	u64	fresh_first_us;
	u64	fresh_us;
	u32	fresh_end;
	u32	again;
	u64	again_us;
	u32	again_end;
	u32	high;
	struct rill_rate_stamp stamp;
};

/**
 * rill_sent_after() - was one transmission later than another?
 * @us: when the one was sent, microseconds
 * @end: its end
 * @than_us: when the other was
 * @than_end: its end
 *
 * What was sent at the same time is in the order of its numbers.
 *
 * RFC 8985, 6.2, RACK_sent_after().
 */
static inline bool rill_sent_after(u64 us, u32 end, u64 than_us, u32 than_end)
{
	return us > than_us || (us == than_us && rill_after(end, than_end));
}

/* Whoever links core/ gives these two; alloc may fail, and is not to sleep. */
struct rill_tx *rill_tx_alloc(void);
void rill_tx_free(struct rill_tx *tx);

/**
 * rill_board_init() - nothing is outstanding
 * @b: the board
 *
 * Context: any context, no locks.
 */
void rill_board_init(struct rill_board *b);

/**
 * rill_board_purge() - forget everything
 * @b: the board
 *
 * Context: any context; the caller keeps others from @b, here and below.
 */
void rill_board_purge(struct rill_board *b);

/**
 * rill_board_send() - something was sent for the first time
 * @b: the board
 * @tx: an unused range, which becomes the board's; its stamp is set
 * @seq: its first sequence number: SND.NXT
 * @end: the one after its last
 * @now_us: time, microseconds
 */
void rill_board_send(struct rill_board *b, struct rill_tx *tx, u32 seq, u32 end, u64 now_us);

/**
 * rill_board_resend() - something was sent again
 * @b: the board
 * @seq: its first sequence number
 * @end: the one after its last, at most SND.NXT
 * @now_us: time, microseconds
 *
 * Whatever state it was in, it is in flight now. Without memory to cut a range
 * all of it counts as sent, and its rest will have to be found lost again.
 */
void rill_board_resend(struct rill_board *b, u32 seq, u32 end, u64 now_us);

/**
 * rill_board_ack() - SND.UNA moves
 * @b: the board
 * @una: to where
 * @d: what was delivered is added
 *
 * RFC 6675, 5.
 */
void rill_board_ack(struct rill_board *b, u32 una, struct rill_delivered *d);

/**
 * rill_board_sack() - a SACK block came
 * @b: the board
 * @start: its first sequence number
 * @end: the one after its last
 * @d: what was delivered is added
 *
 * What lies outside of the board is ignored; so is a part of a range without
 * memory to cut that, or with too many of them, which costs a retransmission
 * at worst.
 *
 * RFC 2018, 5.1; RFC 6675, 5.
 */
void rill_board_sack(struct rill_board *b, u32 start, u32 end, struct rill_delivered *d);

/**
 * rill_board_lose() - one range in flight is lost
 * @b: the board
 * @tx: in flight
 */
void rill_board_lose(struct rill_board *b, struct rill_tx *tx);

/**
 * rill_board_lose_head() - the lowest outstanding bytes are lost
 * @b: the board
 * @len: how many at most, as far as they are in flight
 *
 * For a peer without SACK: three duplicate ACKs, and a partial ACK, say that
 * one segment is missing (RFC 6582).
 *
 * Return: bytes that are lost now and were in flight before.
 */
u32 rill_board_lose_head(struct rill_board *b, u32 len);

/**
 * rill_board_lose_range() - what was sent in a range does not fit the path
 * @b: the board
 * @seq: its first sequence number
 * @end: the one after its last
 *
 * Of it, what is in flight is lost; without memory to cut a range a little
 * more.
 *
 * Return: bytes that are lost now and were in flight before.
 */
u32 rill_board_lose_range(struct rill_board *b, u32 seq, u32 end);

/**
 * rill_board_timeout() - the retransmission timer expired
 * @b: the board
 * @before_us: ranges that were sent at this time or later may still arrive
 *	(RFC 8985, 6.3); ~0: all is lost
 *
 * The lowest range is lost in any case. If that one was SACKed the peer threw
 * away what it had: then all SACKs are forgotten (RFC 2018, 5 and 8).
 */
void rill_board_timeout(struct rill_board *b, u64 before_us);

/**
 * rill_board_restore() - what was taken for lost was not
 * @b: the board
 *
 * All that is lost and was not sent again yet is in flight.
 */
void rill_board_restore(struct rill_board *b);

/**
 * rill_board_next_lost() - what has to be sent again first
 * @b: the board
 *
 * Return: the lowest lost range, or NULL.
 */
struct rill_tx *rill_board_next_lost(const struct rill_board *b);

/**
 * rill_board_lost_run() - how far loss goes on without a gap
 * @b: the board
 * @tx: a lost range
 * @max: no farther than this, bytes
 *
 * Return: bytes from the start of @tx on, at most @max.
 */
u32 rill_board_lost_run(const struct rill_board *b, const struct rill_tx *tx, u32 max);

/**
 * rill_board_first() - the lowest range
 * @b: the board
 *
 * Return: the range, or NULL if nothing is outstanding.
 */
struct rill_tx *rill_board_first(const struct rill_board *b);

/**
 * rill_board_oldest() - what was sent longest ago of all in flight
 * @b: the board
 *
 * Return: the range, or NULL if nothing is in flight.
 */
struct rill_tx *rill_board_oldest(const struct rill_board *b);

/**
 * rill_board_lose_below() - lose what enough later data has passed
 * @b: the board
 * @thresh: bytes SACKed above a range that make it lost, not 0
 *
 * RFC 6675, 4, IsLost(), by bytes; only what was sent once, as for the rest
 * the order of sending is not that of the numbers. For a connection without
 * RACK.
 *
 * Return: bytes that are lost now and were in flight before.
 */
u32 rill_board_lose_below(struct rill_board *b, u32 thresh);

#endif /* _RILL_CORE_BOARD_H */
