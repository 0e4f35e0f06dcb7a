// SPDX-License-Identifier: GPL-2.0
/*
 * Sequence arithmetic, RFC 9293, 3.4: core/seq.h.
 */
#include "test.h"

#include "../core/seq.h"

struct order {
	const char *name;
	u32 a, b;
	bool before;
};

static const struct order orders[] = {
	{ "equal",		5, 5, false },
	{ "next",		5, 6, true },
	{ "previous",		6, 5, false },
	{ "wrap",		0xffffffff, 0, true },
	{ "wrap back",		0, 0xffffffff, false },
	{ "sign changes",	0x7fffffff, 0x80000000, true },
	{ "farthest",		0, 0x7fffffff, true },
	{ "farthest, wrapped",	0xfffffff0, 0x7fffffef, true },
	{ "too far",		0, 0x80000001, false },
};

RILL_PARAM(order, order, orders);

/* SM-5 */
static void rill_before__orders_modulo_2_32(struct kunit *test)
{
	const struct order *o = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_before(o->a, o->b), o->before);
}

/* SM-5 */
static void rill_after__mirrors_before(struct kunit *test)
{
	const struct order *o = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_after(o->b, o->a), o->before);
}

struct closed {
	const char *name;
	u32 x, lo, hi;
	bool inside;
};

static const struct closed ranges[] = {
	{ "inside",		5, 4, 6, true },
	{ "lower end",		4, 4, 6, true },
	{ "upper end",		6, 4, 6, true },
	{ "below",		3, 4, 6, false },
	{ "above",		7, 4, 6, false },
	{ "one number",		4, 4, 4, true },
	{ "one number, next",	5, 4, 4, false },
	{ "wrapped, before 0",	0xffffffff, 0xfffffffe, 1, true },
	{ "wrapped, at 0",	0, 0xfffffffe, 1, true },
	{ "wrapped, above",	2, 0xfffffffe, 1, false },
	{ "longer than 2^31",	0x90000000, 0, 0xf0000000, true },
};

RILL_PARAM(range, closed, ranges);

/* SM-5, SM-7: a closed range modulo 2^32 */
static void rill_between__includes_both_ends(struct kunit *test)
{
	const struct closed *r = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_between(r->x, r->lo, r->hi), r->inside);
}

static void rill_seq_max__takes_the_later(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, rill_seq_max(1, 2), 2U);
	KUNIT_EXPECT_EQ(test, rill_seq_max(2, 1), 2U);
	KUNIT_EXPECT_EQ(test, rill_seq_max(0xffffffff, 3), 3U);
	KUNIT_EXPECT_EQ(test, rill_seq_max(3, 0xffffffff), 3U);
}

static void rill_seq_min__takes_the_earlier(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, rill_seq_min(1, 2), 1U);
	KUNIT_EXPECT_EQ(test, rill_seq_min(2, 1), 1U);
	KUNIT_EXPECT_EQ(test, rill_seq_min(0xffffffff, 3), 0xffffffffU);
	KUNIT_EXPECT_EQ(test, rill_seq_min(3, 0xffffffff), 0xffffffffU);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_before__orders_modulo_2_32, order_gen_params),
	KUNIT_CASE_PARAM(rill_after__mirrors_before, order_gen_params),
	KUNIT_CASE_PARAM(rill_between__includes_both_ends, range_gen_params),
	KUNIT_CASE(rill_seq_max__takes_the_later),
	KUNIT_CASE(rill_seq_min__takes_the_earlier),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-seq",
	.test_cases = cases,
};

kunit_test_suite(suite);
