// SPDX-License-Identifier: GPL-2.0
/*
 * What a sender spends its time on: core/chrono.c.
 */
#include "test.h"

#include "../core/chrono.c"

/* TO-11 */
static void rill_chrono__idle_counts_nothing(struct kunit *test)
{
	struct rill_chrono c = {};

	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_BUSY, 1000), 0U);
	rill_chrono_start(&c, RILL_CHRONO_BUSY, 1000);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_BUSY, 1000), 0U);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_BUSY, 1007), 7U);
	rill_chrono_stop(&c, RILL_CHRONO_BUSY, true, 1010);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_BUSY, 5000), 10U);
}

/* TO-11 */
static void rill_chrono__limits_are_part_of_busy(struct kunit *test)
{
	struct rill_chrono c = {};

	rill_chrono_start(&c, RILL_CHRONO_BUSY, 0);
	rill_chrono_start(&c, RILL_CHRONO_RWND, 10);
	rill_chrono_stop(&c, RILL_CHRONO_RWND, false, 30);
	rill_chrono_start(&c, RILL_CHRONO_SNDBUF, 35);
	/* the later one stays */
	rill_chrono_start(&c, RILL_CHRONO_RWND, 40);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_RWND, 50), 20U);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_SNDBUF, 50), 15U);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_BUSY, 50), 50U);
	/* what does not go on cannot end */
	rill_chrono_stop(&c, RILL_CHRONO_RWND, false, 55);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_SNDBUF, 60), 25U);
	rill_chrono_stop(&c, RILL_CHRONO_BUSY, true, 60);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_BUSY, 99), 60U);
}

/* TO-11 */
static void rill_chrono__clock_wraps(struct kunit *test)
{
	struct rill_chrono c = {};

	rill_chrono_start(&c, RILL_CHRONO_BUSY, 0xfffffff0);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_BUSY, 0x10), 0x20U);
	rill_chrono_start(&c, RILL_CHRONO_RWND, 0x10);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_RWND, 0x15), 5U);
	KUNIT_EXPECT_EQ(test, rill_chrono_get(&c, RILL_CHRONO_BUSY, 0x15), 0x25U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_chrono__idle_counts_nothing),
	KUNIT_CASE(rill_chrono__limits_are_part_of_busy),
	KUNIT_CASE(rill_chrono__clock_wraps),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-chrono",
	.test_cases = cases,
};

kunit_test_suite(suite);
