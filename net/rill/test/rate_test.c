// SPDX-License-Identifier: GPL-2.0
/*
 * The delivery rate, draft-cheng-iccrg-delivery-rate-estimation-02: core/rate.c.
 */
#include "test.h"

#include "../core/rate.c"

#define MSS	1000
#define RTT	10000

/* TO-11: a window of ten segments in flight, a segment a millisecond */
static void rill_rate__steady(struct kunit *test)
{
	struct rill_rate r = {};
	struct rill_rate_stamp out[10];
	int i;

	for (i = 0; i < 10; i++)
		rill_rate_sent(&r, &out[i], !i, i * 1000);
	for (i = 0; i < 100; i++) {
		u64 sent = i * 1000, now = sent + RTT;

		rill_rate_acked(&r, MSS, &out[i % 10], sent, RTT, now);
		rill_rate_sent(&r, &out[i % 10], false, now);
	}
	KUNIT_EXPECT_EQ(test, rill_rate_get(&r), 1000000ULL);
	KUNIT_EXPECT_FALSE(test, r.app_limited);
}

/* TO-11: ten ACKs in a bunch do not make the path ten times as fast */
static void rill_rate__bunched_acks(struct kunit *test)
{
	struct rill_rate r = {};
	struct rill_rate_stamp out[10];
	int i;

	for (i = 0; i < 10; i++)
		rill_rate_sent(&r, &out[i], !i, i * 1000);
	for (i = 0; i < 10; i++)
		rill_rate_acked(&r, MSS, &out[i], i * 1000, 1000, 20000);
	KUNIT_EXPECT_LE(test, rill_rate_get(&r), 1111111ULL);
}

/* TO-11: a sample shorter than a round trip is none */
static void rill_rate__too_short(struct kunit *test)
{
	struct rill_rate_stamp one;
	struct rill_rate r = {};

	rill_rate_sent(&r, &one, true, 1000);
	rill_rate_acked(&r, MSS, &one, 1000, RTT, 1000 + RTT - 1);
	KUNIT_EXPECT_EQ(test, rill_rate_get(&r), 0ULL);
	rill_rate_sent(&r, &one, true, 50000);
	rill_rate_acked(&r, MSS, &one, 50000, RTT, 50000 + RTT);
	KUNIT_EXPECT_EQ(test, rill_rate_get(&r), 100000ULL);
}

/* TO-11: what was sent twice says nothing, but is delivered */
static void rill_rate__sent_twice(struct kunit *test)
{
	struct rill_rate_stamp one, two;
	struct rill_rate r = {};

	rill_rate_sent(&r, &one, true, 0);
	rill_rate_sent(&r, &two, false, 0);
	rill_rate_acked(&r, MSS, NULL, 0, RTT, RTT);
	KUNIT_EXPECT_EQ(test, rill_rate_get(&r), 0ULL);
	rill_rate_acked(&r, MSS, &two, 0, RTT, 2 * RTT);
	KUNIT_EXPECT_EQ(test, rill_rate_get(&r), 100000ULL);
}

/* TO-11: a program that gives little does not make the path slow */
static void rill_rate__app_limited(struct kunit *test)
{
	struct rill_rate_stamp one;
	struct rill_rate r = {};

	rill_rate_sent(&r, &one, true, 0);
	rill_rate_acked(&r, 10 * MSS, &one, 0, RTT, RTT);
	KUNIT_EXPECT_EQ(test, rill_rate_get(&r), 1000000ULL);

	rill_rate_limited(&r, MSS);
	rill_rate_sent(&r, &one, true, 100000);
	KUNIT_EXPECT_TRUE(test, one.app_limited);
	rill_rate_acked(&r, MSS, &one, 100000, RTT, 100000 + RTT);
	KUNIT_EXPECT_EQ(test, rill_rate_get(&r), 1000000ULL);
	KUNIT_EXPECT_FALSE(test, r.app_limited);

	/* more than before counts, and is said to be bounded */
	rill_rate_sent(&r, &one, true, 200000);
	KUNIT_EXPECT_TRUE(test, one.app_limited);
	rill_rate_acked(&r, 20 * MSS, &one, 200000, RTT, 200000 + RTT);
	KUNIT_EXPECT_EQ(test, rill_rate_get(&r), 2000000ULL);
	KUNIT_EXPECT_TRUE(test, r.app_limited);

	/* it is past the mark now */
	rill_rate_sent(&r, &one, true, 300000);
	KUNIT_EXPECT_FALSE(test, one.app_limited);
}

/* TO-11: bytes are counted modulo 2^32 */
static void rill_rate__wraps(struct kunit *test)
{
	struct rill_rate r = { .delivered = 0xfffffff0 };
	struct rill_rate_stamp one;

	rill_rate_limited(&r, MSS);
	rill_rate_sent(&r, &one, true, 0);
	rill_rate_acked(&r, MSS, &one, 0, RTT, RTT);
	KUNIT_EXPECT_EQ(test, rill_rate_get(&r), 100000ULL);
	KUNIT_EXPECT_EQ(test, r.limited, 1);
	rill_rate_acked(&r, 1, NULL, 0, RTT, RTT);
	KUNIT_EXPECT_EQ(test, r.limited, 0);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_rate__steady),
	KUNIT_CASE(rill_rate__bunched_acks),
	KUNIT_CASE(rill_rate__too_short),
	KUNIT_CASE(rill_rate__sent_twice),
	KUNIT_CASE(rill_rate__app_limited),
	KUNIT_CASE(rill_rate__wraps),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-rate",
	.test_cases = cases,
};

kunit_test_suite(suite);
