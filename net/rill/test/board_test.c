// SPDX-License-Identifier: GPL-2.0
/*
 * The scoreboard, RFC 6675 and 8985: core/board.c.
 */
#include "test.h"

#include "../core/board.c"

#define SPAN	400	/* sequence numbers in the model */

/* Send [base + from, base + to) in pieces of size. */
static void send(struct rill_board *b, u32 base, u32 from, u32 to, u32 size, u64 us)
{
	for (; from < to; from += size)
		rill_board_send(b, rill_tx_alloc(), base + from, base + min(from + size, to), us++);
}

static void begin(struct rill_board *b, u32 n, u32 size)
{
	rill_board_init(b);
	send(b, 0, 0, n, size, 1000);
}

static void sack(struct rill_board *b, u32 start, u32 end, struct rill_delivered *d)
{
	memset(d, 0, sizeof(*d));
	rill_board_sack(b, start, end, d);
}

/* CC-1M: what is sent is in flight, end to end */
static void rill_board_send__in_flight(struct kunit *test)
{
	struct rill_board b;

	begin(&b, 100, 10);
	KUNIT_EXPECT_EQ(test, b.in_flight, 100U);
	KUNIT_EXPECT_EQ(test, b.last->end, 100U);
	KUNIT_EXPECT_EQ(test, rill_board_oldest(&b)->seq, 0U);
	rill_board_purge(&b);
	KUNIT_EXPECT_EQ(test, b.in_flight, 0U);
	KUNIT_EXPECT_EQ(test, rill_test_tx_out, 0);
}

/* SACK-6M, LOSS-1I: a block in the middle cuts a range in three */
static void rill_board_sack__middle_of_a_range(struct kunit *test)
{
	struct rill_delivered d;
	struct rill_board b;

	begin(&b, 100, 100);
	sack(&b, 40, 50, &d);
	KUNIT_EXPECT_EQ(test, d.sacked, 10U);
	KUNIT_EXPECT_EQ(test, d.fresh, 10U);
	KUNIT_EXPECT_EQ(test, d.high, 50U);
	KUNIT_EXPECT_EQ(test, b.sacked, 10U);
	KUNIT_EXPECT_EQ(test, b.in_flight, 90U);
	KUNIT_EXPECT_EQ(test, rill_test_tx_out, 3);

	/* again: nothing is new */
	sack(&b, 40, 50, &d);
	KUNIT_EXPECT_EQ(test, d.sacked, 0U);
	rill_board_purge(&b);
}

/* SACK-6M: a peer that SACKs every other byte gets no range for each */
static void rill_board_sack__every_other_byte(struct kunit *test)
{
	u32 len = 64 * RILL_BOARD_GRAIN, limit = RILL_BOARD_SPARE + 64, i;
	struct rill_delivered d;
	struct rill_board b;

	begin(&b, len, len);
	for (i = 1; i < len; i += 2)
		sack(&b, i, i + 1, &d);
	KUNIT_EXPECT_LE(test, b.nr, limit + 1);
	KUNIT_EXPECT_EQ(test, b.nr, (u32)rill_test_tx_out);
	KUNIT_EXPECT_EQ(test, b.in_flight + b.sacked, len);
	/* what needs no cut is taken in all the same */
	sack(&b, 1, len, &d);
	KUNIT_EXPECT_EQ(test, b.in_flight, 1U);
	KUNIT_EXPECT_EQ(test, b.nr, 2U);
	rill_board_purge(&b);
	KUNIT_EXPECT_EQ(test, b.nr, 0U);
}

/* A series of SACKs moves borders and makes no ranges */
static void rill_board_sack__grows_without_memory(struct kunit *test)
{
	struct rill_delivered d;
	struct rill_board b;
	u32 i;

	begin(&b, 100, 100);
	sack(&b, 10, 20, &d);
	rill_test_tx_left = 0;
	for (i = 30; i <= 100; i += 10) {
		sack(&b, 10, i, &d);
		KUNIT_EXPECT_EQ(test, d.sacked, 10U);
	}
	sack(&b, 5, 100, &d);
	KUNIT_EXPECT_EQ(test, d.sacked, 5U);
	KUNIT_EXPECT_EQ(test, rill_test_tx_out, 2);
	rill_test_tx_left = INT_MAX;
	rill_board_purge(&b);
}

/* Without memory a block is not believed, and nothing else changes */
static void rill_board_sack__without_memory(struct kunit *test)
{
	struct rill_delivered d;
	struct rill_board b;

	begin(&b, 100, 100);
	rill_test_tx_left = 0;
	sack(&b, 40, 50, &d);
	KUNIT_EXPECT_EQ(test, d.sacked, 0U);
	KUNIT_EXPECT_EQ(test, d.fresh, 0U);
	KUNIT_EXPECT_EQ(test, b.in_flight, 100U);
	rill_test_tx_left = INT_MAX;
	rill_board_purge(&b);
}

/* MUST-7's spirit: blocks that make no sense or lie outside */
static void rill_board_sack__nonsense(struct kunit *test)
{
	struct rill_delivered d;
	struct rill_board b;

	begin(&b, 100, 10);
	sack(&b, 50, 50, &d);
	sack(&b, 60, 50, &d);
	KUNIT_EXPECT_EQ(test, b.sacked, 0U);
	sack(&b, 100, 200, &d);
	KUNIT_EXPECT_EQ(test, b.sacked, 0U);
	sack(&b, -20, 10, &d);
	KUNIT_EXPECT_EQ(test, b.sacked, 10U);
	rill_board_purge(&b);
	sack(&b, 0, 10, &d);
	KUNIT_EXPECT_EQ(test, b.sacked, 0U);
}

/* RTO-6M: what was sent once, and what was sent again, are told apart */
static void rill_board_ack__fresh_and_again(struct kunit *test)
{
	struct rill_delivered d = {};
	struct rill_board b;

	begin(&b, 100, 10);
	rill_board_resend(&b, 0, 10, 5000);
	rill_board_ack(&b, 25, &d);
	KUNIT_EXPECT_EQ(test, d.acked, 25U);
	KUNIT_EXPECT_EQ(test, d.again, 10U);
	KUNIT_EXPECT_EQ(test, d.again_us, 5000ULL);
	KUNIT_EXPECT_EQ(test, d.again_end, 10U);
	KUNIT_EXPECT_EQ(test, d.fresh, 15U);
	KUNIT_EXPECT_EQ(test, d.fresh_us, 1002ULL);
	KUNIT_EXPECT_EQ(test, d.fresh_end, 25U);
	KUNIT_EXPECT_EQ(test, d.fresh_low, 20U);
	KUNIT_EXPECT_EQ(test, rill_board_first(&b)->seq, 25U);
	KUNIT_EXPECT_EQ(test, b.in_flight, 75U);
	KUNIT_EXPECT_EQ(test, b.again, 0U);
	rill_board_purge(&b);
}

/* What a SACK told of is not delivered twice */
static void rill_board_ack__over_sacked(struct kunit *test)
{
	struct rill_delivered d;
	struct rill_board b;

	begin(&b, 100, 10);
	sack(&b, 20, 60, &d);
	memset(&d, 0, sizeof(d));
	rill_board_ack(&b, 70, &d);
	KUNIT_EXPECT_EQ(test, d.acked, 30U);
	KUNIT_EXPECT_EQ(test, b.sacked, 0U);
	KUNIT_EXPECT_EQ(test, b.in_flight, 30U);
	rill_board_purge(&b);
}

/* C41: what is sent again may be of another size */
static void rill_board_resend__other_sizes(struct kunit *test)
{
	struct rill_board b;

	begin(&b, 100, 10);
	rill_board_timeout(&b, ~0ULL);
	KUNIT_EXPECT_EQ(test, b.lost_len, 100U);
	KUNIT_EXPECT_EQ(test, rill_board_lost_run(&b, rill_board_next_lost(&b), 35), 35U);
	rill_board_resend(&b, 0, 35, 5000);
	KUNIT_EXPECT_EQ(test, b.in_flight, 35U);
	KUNIT_EXPECT_EQ(test, b.again, 35U);
	KUNIT_EXPECT_EQ(test, rill_board_next_lost(&b)->seq, 35U);
	KUNIT_EXPECT_EQ(test, rill_board_lost_run(&b, rill_board_next_lost(&b), 1000), 65U);
	rill_board_purge(&b);
}

/* RACK's order is that of sending */
static void rill_board_resend__goes_last(struct kunit *test)
{
	struct rill_board b;

	begin(&b, 30, 10);
	rill_board_resend(&b, 0, 10, 5000);
	KUNIT_EXPECT_EQ(test, rill_board_oldest(&b)->seq, 10U);
	rill_board_lose(&b, rill_board_oldest(&b));
	rill_board_lose(&b, rill_board_oldest(&b));
	KUNIT_EXPECT_EQ(test, rill_board_oldest(&b)->seq, 0U);
	rill_board_purge(&b);
}

/* RACK-8I: at a timeout what was sent lately may still arrive */
static void rill_board_timeout__spares_the_young(struct kunit *test)
{
	struct rill_board b;

	begin(&b, 100, 10);	/* at 1000, 1001, ... */
	rill_board_timeout(&b, 1003);
	KUNIT_EXPECT_EQ(test, b.lost_len, 30U);
	rill_board_purge(&b);

	begin(&b, 100, 10);	/* the first in any case */
	rill_board_timeout(&b, 0);
	KUNIT_EXPECT_EQ(test, b.lost_len, 10U);
	KUNIT_EXPECT_EQ(test, rill_board_next_lost(&b)->seq, 0U);
	rill_board_purge(&b);
}

/* SACK-7M: a peer that threw away what it had gets all of it again */
static void rill_board_timeout__reneging(struct kunit *test)
{
	struct rill_delivered d;
	struct rill_board b;

	begin(&b, 100, 10);
	sack(&b, 0, 40, &d);
	sack(&b, 60, 70, &d);
	rill_board_timeout(&b, 0);
	KUNIT_EXPECT_EQ(test, b.sacked, 0U);
	KUNIT_EXPECT_EQ(test, b.lost_len, 100U);
	rill_board_purge(&b);

	begin(&b, 100, 10);	/* no: it has what is above a hole */
	sack(&b, 60, 70, &d);
	rill_board_timeout(&b, ~0ULL);
	KUNIT_EXPECT_EQ(test, b.sacked, 10U);
	KUNIT_EXPECT_EQ(test, b.lost_len, 90U);
	rill_board_purge(&b);
}

/* FRTO-2M: nothing was lost: back into the order of sending */
static void rill_board_restore__order(struct kunit *test)
{
	struct rill_board b;
	struct rill_tx *tx;
	u64 us = 0;

	begin(&b, 100, 10);
	rill_board_resend(&b, 20, 30, 5000);
	rill_board_timeout(&b, ~0ULL);
	rill_board_resend(&b, 0, 10, 6000);
	rill_board_restore(&b);
	KUNIT_EXPECT_EQ(test, b.in_flight, 100U);
	KUNIT_EXPECT_EQ(test, b.lost_len, 0U);
	while ((tx = rill_board_oldest(&b))) {
		KUNIT_EXPECT_GE(test, tx->tx_us, us);
		us = tx->tx_us;
		rill_board_lose(&b, tx);
	}
	KUNIT_EXPECT_EQ(test, us, 6000ULL);
	rill_board_purge(&b);
}

/* CC-15M, RFC 6582: one segment at the front */
static void rill_board_lose_head__cuts(struct kunit *test)
{
	struct rill_board b;

	begin(&b, 100, 50);
	KUNIT_EXPECT_EQ(test, rill_board_lose_head(&b, 20), 20U);
	KUNIT_EXPECT_EQ(test, b.lost_len, 20U);
	KUNIT_EXPECT_EQ(test, rill_board_lose_head(&b, 20), 0U);
	rill_board_purge(&b);

	begin(&b, 30, 10);
	KUNIT_EXPECT_EQ(test, rill_board_lose_head(&b, 25), 25U);
	rill_board_purge(&b);
}

/* PMTU-8M: what was sent too big, cut at both ends; not what has arrived */
static void rill_board_lose_range__cuts(struct kunit *test)
{
	struct rill_delivered d;
	struct rill_board b;

	begin(&b, 100, 50);
	sack(&b, 40, 60, &d);
	KUNIT_EXPECT_EQ(test, rill_board_lose_range(&b, 20, 90), 50U);
	KUNIT_EXPECT_EQ(test, b.lost_len, 50U);
	KUNIT_EXPECT_EQ(test, b.in_flight, 30U);
	KUNIT_EXPECT_EQ(test, b.sacked, 20U);
	KUNIT_EXPECT_EQ(test, rill_board_next_lost(&b)->seq, 20U);
	KUNIT_EXPECT_EQ(test, rill_board_lost_run(&b, rill_board_next_lost(&b), 100), 20U);
	/* once only, and no farther than what was sent */
	KUNIT_EXPECT_EQ(test, rill_board_lose_range(&b, 20, 90), 0U);
	KUNIT_EXPECT_EQ(test, rill_board_lose_range(&b, 0, 1000), 30U);
	KUNIT_EXPECT_EQ(test, b.in_flight, 0U);
	rill_board_purge(&b);

	begin(&b, 100, 10);
	KUNIT_EXPECT_EQ(test, rill_board_lose_range(&b, 50, 50), 0U);
	KUNIT_EXPECT_EQ(test, rill_board_lose_range(&b, 30, 50), 20U);
	KUNIT_EXPECT_EQ(test, rill_test_tx_out, 10);
	rill_board_purge(&b);
	KUNIT_EXPECT_EQ(test, rill_board_lose_range(&b, 30, 50), 0U);
}

/* LOSS-1I: more than two segments SACKed above */
static void rill_board_lose_below__threshold(struct kunit *test)
{
	struct rill_delivered d;
	struct rill_board b;

	begin(&b, 100, 10);
	sack(&b, 50, 70, &d);
	KUNIT_EXPECT_EQ(test, rill_board_lose_below(&b, 21), 0U);
	sack(&b, 90, 91, &d);
	KUNIT_EXPECT_EQ(test, rill_board_lose_below(&b, 21), 50U);
	/* not what was sent again */
	rill_board_resend(&b, 0, 50, 5000);
	KUNIT_EXPECT_EQ(test, rill_board_lose_below(&b, 21), 0U);
	sack(&b, 91, 100, &d);
	rill_board_purge(&b);
}

/* The model: a state for each sequence number. */
struct model {
	u8	state[SPAN];	/* RILL_TX_*, or 9: never sent */
	u8	again[SPAN];
	u32	una, nxt;
};

static void check(struct kunit *test, const struct rill_board *b, const struct model *m, u32 base)
{
	u32 n[3] = {}, again = 0, at = m->una, listed = 0;
	struct list_head *l;
	struct rill_tx *tx;
	u64 us = 0;
	u32 i;

	for (i = m->una; i < m->nxt; i++) {
		n[m->state[i]]++;
		again += m->state[i] == RILL_TX_SENT && m->again[i];
	}
	KUNIT_ASSERT_EQ(test, b->in_flight, n[RILL_TX_SENT]);
	KUNIT_ASSERT_EQ(test, b->lost_len, n[RILL_TX_LOST]);
	KUNIT_ASSERT_EQ(test, b->sacked, n[RILL_TX_SACKED]);
	KUNIT_ASSERT_EQ(test, b->again, again);
	for (tx = rill_board_first(b); tx; tx = next_tx(tx)) {
		KUNIT_ASSERT_EQ(test, tx->seq, base + at);
		for (; at != tx->end - base; at++)
			KUNIT_ASSERT_EQ(test, m->state[at], tx->state);
	}
	KUNIT_ASSERT_EQ(test, at, m->nxt);
	for (l = b->sent.next; l != &b->sent; l = l->next) {
		tx = list_entry(l, struct rill_tx, when);
		KUNIT_ASSERT_GE(test, tx->tx_us, us);
		us = tx->tx_us;
		listed += tx->end - tx->seq;
	}
	KUNIT_ASSERT_EQ(test, listed, n[RILL_TX_SENT]);
	tx = rill_board_next_lost(b);
	for (i = m->una; i < m->nxt && m->state[i] != RILL_TX_LOST; i++)
		;
	KUNIT_ASSERT_EQ(test, tx ? tx->seq - base : m->nxt, i);
}

static void step(struct rill_board *b, struct model *m, u32 base, u32 *seed, u64 now)
{
	u32 a = m->una + rill_test_random(seed) % (m->nxt - m->una + 1), i;
	u32 z = min(a + rill_test_random(seed) % 40, m->nxt);
	struct rill_delivered d = {};
	struct rill_tx *tx;

	switch (rill_test_random(seed) % 8) {
	case 0:
	case 1:
		z = min(m->nxt + 1 + rill_test_random(seed) % 30, (u32)SPAN);
		if (z == m->nxt)
			break;
		rill_board_send(b, rill_tx_alloc(), base + m->nxt, base + z, now);
		for (; m->nxt < z; m->nxt++)
			m->state[m->nxt] = RILL_TX_SENT;
		break;
	case 2:
	case 3:
		rill_board_sack(b, base + a, base + z, &d);
		for (i = a; i < z; i++)
			m->state[i] = RILL_TX_SACKED;
		break;
	case 4:
		a = m->una + rill_test_random(seed) % 20;
		a = min(a, m->nxt);
		rill_board_ack(b, base + a, &d);
		m->una = a;
		break;
	case 5:
		tx = rill_board_oldest(b);
		if (!tx)
			break;
		for (i = tx->seq - base; i < tx->end - base; i++)
			m->state[i] = RILL_TX_LOST;
		rill_board_lose(b, tx);
		break;
	case 6:
		tx = rill_board_next_lost(b);
		if (!tx)
			break;
		a = tx->seq - base;
		z = a + rill_board_lost_run(b, tx, 1 + rill_test_random(seed) % 30);
		rill_board_resend(b, base + a, base + z, now);
		for (i = a; i < z; i++) {
			m->state[i] = RILL_TX_SENT;
			m->again[i] = 1;
		}
		break;
	case 7:
		if (rill_test_random(seed) % 8)
			break;
		rill_board_restore(b);
		for (i = m->una; i < m->nxt; i++)
			if (m->state[i] == RILL_TX_LOST)
				m->state[i] = RILL_TX_SENT;
		break;
	}
}

/* C40, C42: whatever happens, the board is what a list of bytes would be */
static void rill_board__model(struct kunit *test)
{
	u32 seed = 4711, round, i, base;
	struct rill_board b;
	struct model *m;
	u64 now;

	m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m);
	for (round = 0; round < 200; round++) {
		base = rill_test_bases[round % ARRAY_SIZE(rill_test_bases)];
		memset(m, 0, sizeof(*m));
		rill_board_init(&b);
		for (i = 0, now = 1; i < 150; i++, now += rill_test_random(&seed) % 3) {
			step(&b, m, base, &seed, now);
			check(test, &b, m, base);
		}
		rill_board_purge(&b);
		KUNIT_ASSERT_EQ(test, rill_test_tx_out, 0);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_board_send__in_flight),
	KUNIT_CASE(rill_board_resend__other_sizes),
	KUNIT_CASE(rill_board_resend__goes_last),
	KUNIT_CASE(rill_board_ack__fresh_and_again),
	KUNIT_CASE(rill_board_ack__over_sacked),
	KUNIT_CASE(rill_board_sack__middle_of_a_range),
	KUNIT_CASE(rill_board_sack__every_other_byte),
	KUNIT_CASE(rill_board_sack__grows_without_memory),
	KUNIT_CASE(rill_board_sack__without_memory),
	KUNIT_CASE(rill_board_sack__nonsense),
	KUNIT_CASE(rill_board_lose_head__cuts),
	KUNIT_CASE(rill_board_lose_range__cuts),
	KUNIT_CASE(rill_board_timeout__spares_the_young),
	KUNIT_CASE(rill_board_timeout__reneging),
	KUNIT_CASE(rill_board_restore__order),
	KUNIT_CASE(rill_board_lose_below__threshold),
	KUNIT_CASE(rill_board__model),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-board",
	.test_cases = cases,
};

kunit_test_suite(suite);
