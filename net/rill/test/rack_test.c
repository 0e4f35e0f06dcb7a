// SPDX-License-Identifier: GPL-2.0
/*
 * RACK, RFC 8985: core/rack.c.
 */
#include "test.h"

#include "../core/rack.c"

#define MS	1000
#define RTT	(40 * MS)
#define T0	(1000ULL * MS)

struct flow {
	struct rill_rack r;
	struct rill_board b;
	struct rill_delivered d;
};

/* Ten segments of 100, a millisecond apart. */
static void begin(struct flow *f)
{
	u32 i;

	rill_rack_init(&f->r, 0);
	rill_board_init(&f->b);
	for (i = 0; i < 10; i++)
		rill_board_send(&f->b, rill_tx_alloc(), 100 * i, 100 * (i + 1), T0 + i * MS);
	memset(&f->d, 0, sizeof(f->d));
}

static const struct rill_rack_echo no_echo;

/* Segment i arrives a round trip after it was sent, or later. */
static void sacked(struct flow *f, u32 i, u64 now)
{
	memset(&f->d, 0, sizeof(f->d));
	rill_board_sack(&f->b, 100 * i, 100 * (i + 1), &f->d);
	rill_rack_delivered(&f->r, &f->d, RTT, no_echo, now);
}

static void acked(struct flow *f, u32 una, u64 now)
{
	memset(&f->d, 0, sizeof(f->d));
	rill_board_ack(&f->b, una, &f->d);
	rill_rack_delivered(&f->r, &f->d, RTT, no_echo, now);
}

/* RACK-1M, RACK-2I, C42: each was sent at a time of its own, and the window has passed */
static void rill_rack_detect__after_the_window(struct kunit *test)
{
	struct flow f;
	u32 wait;

	begin(&f);
	sacked(&f, 3, T0 + 3 * MS + RTT);
	KUNIT_EXPECT_EQ(test, f.r.rtt_us, (u32)RTT);
	/* a window of 10 ms: the first three may be late */
	KUNIT_EXPECT_EQ(test, rill_rack_detect(&f.r, &f.b, 10 * MS, T0 + 3 * MS + RTT, &wait), 0U);
	KUNIT_EXPECT_EQ(test, wait, 7U * MS);
	/* RACK-5S: the timer finds them one after the other */
	KUNIT_EXPECT_EQ(test, rill_rack_detect(&f.r, &f.b, 10 * MS, T0 + 10 * MS + RTT, &wait),
			100U);
	KUNIT_EXPECT_EQ(test, wait, 1U * MS);
	KUNIT_EXPECT_EQ(test, rill_rack_detect(&f.r, &f.b, 10 * MS, T0 + 20 * MS + RTT, &wait),
			200U);
	KUNIT_EXPECT_EQ(test, wait, 0U);
	KUNIT_EXPECT_EQ(test, f.b.in_flight, 600U);
	rill_board_purge(&f.b);
}

/* RACK-3S: no window: lost at once */
static void rill_rack_detect__without_a_window(struct kunit *test)
{
	struct flow f;
	u32 wait;

	begin(&f);
	sacked(&f, 3, T0 + 3 * MS + RTT);
	KUNIT_EXPECT_EQ(test, rill_rack_detect(&f.r, &f.b, 0, T0 + 3 * MS + RTT, &wait), 300U);
	KUNIT_EXPECT_EQ(test, wait, 0U);
	rill_board_purge(&f.b);
}

/* C42: a retransmission that is lost is found lost too */
static void rill_rack_detect__lost_again(struct kunit *test)
{
	struct flow f;
	u32 wait;

	begin(&f);
	sacked(&f, 3, T0 + 3 * MS + RTT);
	rill_rack_detect(&f.r, &f.b, 0, T0 + 3 * MS + RTT, &wait);
	rill_board_resend(&f.b, 0, 300, T0 + 50 * MS);
	rill_board_send(&f.b, rill_tx_alloc(), 1000, 1100, T0 + 51 * MS);
	sacked(&f, 10, T0 + 51 * MS + RTT);
	KUNIT_EXPECT_EQ(test, rill_rack_detect(&f.r, &f.b, 0, T0 + 51 * MS + RTT, &wait), 900U);
	rill_board_purge(&f.b);
}

/* Pieces of what was sent at one time are in the order of their numbers */
static void rill_rack_detect__pieces_of_one(struct kunit *test)
{
	struct flow f;
	u32 wait;

	rill_rack_init(&f.r, 0);
	rill_board_init(&f.b);
	rill_board_send(&f.b, rill_tx_alloc(), 0, 1000, T0);
	sacked(&f, 5, T0 + RTT);
	KUNIT_EXPECT_EQ(test, rill_rack_detect(&f.r, &f.b, 0, T0 + RTT, &wait), 500U);
	KUNIT_EXPECT_EQ(test, rill_board_next_lost(&f.b)->seq, 0U);
	KUNIT_EXPECT_EQ(test, f.b.in_flight, 400U);
	rill_board_purge(&f.b);
}

/* RACK-6I: too soon for the second time, or the timestamp is of the first */
static void rill_rack_delivered__spurious_resend(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rill_board_resend(&f.b, 0, 100, T0 + 50 * MS);
	acked(&f, 100, T0 + 60 * MS);
	KUNIT_EXPECT_EQ(test, f.r.xmit_us, 0ULL);
	rill_board_purge(&f.b);

	begin(&f);
	rill_board_resend(&f.b, 0, 100, T0 + 50 * MS);
	rill_board_ack(&f.b, 100, &f.d);
	rill_rack_delivered(&f.r, &f.d, RTT, (struct rill_rack_echo) { 1049, true },
			    T0 + 50 * MS + RTT);
	KUNIT_EXPECT_EQ(test, f.r.xmit_us, 0ULL);
	rill_rack_delivered(&f.r, &f.d, RTT, (struct rill_rack_echo) { 1050, true },
			    T0 + 50 * MS + RTT);
	KUNIT_EXPECT_EQ(test, f.r.xmit_us, T0 + 50 * MS);
	KUNIT_EXPECT_EQ(test, f.r.rtt_us, (u32)RTT);
	rill_board_purge(&f.b);
}

/* RACK-3S: what was sent once arrives behind something above it */
static void rill_rack_delivered__sees_reordering(struct kunit *test)
{
	struct flow f;

	begin(&f);
	acked(&f, 200, T0 + RTT);
	sacked(&f, 5, T0 + RTT);
	KUNIT_EXPECT_FALSE(test, f.r.reordering);
	KUNIT_EXPECT_EQ(test, f.r.fack, 600U);
	sacked(&f, 3, T0 + RTT);
	KUNIT_EXPECT_TRUE(test, f.r.reordering);
	rill_board_purge(&f.b);

	/* not by what was sent again */
	begin(&f);
	sacked(&f, 5, T0 + RTT);
	rill_board_resend(&f.b, 0, 100, T0 + 50 * MS);
	acked(&f, 100, T0 + 50 * MS + RTT);
	KUNIT_EXPECT_FALSE(test, f.r.reordering);
	rill_board_purge(&f.b);
}

/* RACK-4S: a quarter of a round trip more for each round with a DSACK */
static void rill_rack_dsack__once_a_round(struct kunit *test)
{
	struct rill_rack r;

	rill_rack_init(&r, 0);
	r.reordering = 1;
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, RTT, RTT, true), RTT / 4U);
	rill_rack_dsack(&r, 0, 1000);
	rill_rack_dsack(&r, 500, 1500);		/* the same round */
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, RTT, RTT, true), RTT / 2U);
	rill_rack_dsack(&r, 1000, 2000);
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, RTT, RTT, true), 3 * RTT / 4U);
	rill_rack_dsack(&r, 2000, 3000);
	rill_rack_dsack(&r, 3000, 4000);
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, RTT, RTT, true), (u32)RTT);
}

/* RACK-4S: sixteen recoveries without one and it is small again */
static void rill_rack_recovered__resets(struct kunit *test)
{
	struct rill_rack r;
	int i;

	rill_rack_init(&r, 0);
	r.reordering = 1;
	rill_rack_dsack(&r, 0, 1000);
	for (i = 0; i < 15; i++)
		rill_rack_recovered(&r);
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, RTT, RTT, true), RTT / 2U);
	rill_rack_recovered(&r);
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, RTT, RTT, true), RTT / 4U);
	rill_rack_recovered(&r);
	KUNIT_EXPECT_EQ(test, r.reo_mult, 1);
}

/* RACK-3S, RACK-4S: bounds */
static void rill_rack_reo_wnd__bounds(struct kunit *test)
{
	struct rill_rack r;

	rill_rack_init(&r, 0);
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, RTT, RTT, true), 0U);
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, RTT, RTT, false), RTT / 4U);
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, RTT, 100, false), 100U);
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, ~0U, RTT, false), RTT / 4U);
	r.reo_mult = 255;
	KUNIT_EXPECT_EQ(test, rill_rack_reo_wnd(&r, ~0U - 1, ~0U, false), ~0U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_rack_delivered__spurious_resend),
	KUNIT_CASE(rill_rack_delivered__sees_reordering),
	KUNIT_CASE(rill_rack_dsack__once_a_round),
	KUNIT_CASE(rill_rack_recovered__resets),
	KUNIT_CASE(rill_rack_reo_wnd__bounds),
	KUNIT_CASE(rill_rack_detect__after_the_window),
	KUNIT_CASE(rill_rack_detect__without_a_window),
	KUNIT_CASE(rill_rack_detect__lost_again),
	KUNIT_CASE(rill_rack_detect__pieces_of_one),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-rack",
	.test_cases = cases,
};

kunit_test_suite(suite);
