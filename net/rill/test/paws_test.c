// SPDX-License-Identifier: GPL-2.0
/*
 * PAWS, RFC 7323, 5: core/paws.h.
 */
#include "test.h"

#include "../core/paws.h"

#define DAY	(24 * 60 * 60)

/* PAWS-1M: older is by the sign of the difference, wherever the clock is */
static void rill_paws_old__by_difference(struct kunit *test)
{
	unsigned int b;

	for (b = 0; b < ARRAY_SIZE(rill_test_bases); b++) {
		u32 seen = rill_test_bases[b];

		KUNIT_EXPECT_FALSE(test, rill_paws_old(seen, seen, 10, 11));
		KUNIT_EXPECT_FALSE(test, rill_paws_old(seen + 1, seen, 10, 11));
		KUNIT_EXPECT_FALSE(test, rill_paws_old(seen + S32_MAX, seen, 10, 11));
		KUNIT_EXPECT_TRUE(test, rill_paws_old(seen - 1, seen, 10, 11));
		KUNIT_EXPECT_TRUE(test, rill_paws_old(seen + (1U << 31), seen, 10, 11));
	}
}

/* PAWS-4I: 24 days later nothing is old, also where the seconds wrap */
static void rill_paws_old__void_after_24_days(struct kunit *test)
{
	static const u32 stamps[] = { 0, 1000, U32_MAX - 12 * DAY, U32_MAX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stamps); i++) {
		u32 s = stamps[i];

		KUNIT_EXPECT_TRUE(test, rill_paws_old(99, 100, s, s));
		KUNIT_EXPECT_TRUE(test, rill_paws_old(99, 100, s, s + 23 * DAY));
		KUNIT_EXPECT_TRUE(test, rill_paws_old(99, 100, s, s + 24 * DAY - 1));
		KUNIT_EXPECT_FALSE(test, rill_paws_old(99, 100, s, s + 24 * DAY));
		KUNIT_EXPECT_FALSE(test, rill_paws_old(99, 100, s, s + 48 * DAY));
		/* what is newer is taken at any time */
		KUNIT_EXPECT_FALSE(test, rill_paws_old(101, 100, s, s + DAY));
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_paws_old__by_difference),
	KUNIT_CASE(rill_paws_old__void_after_24_days),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-paws",
	.test_cases = cases,
};

kunit_test_suite(suite);
