// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission timeout, RFC 6298: core/rto.c.
 */
#include "test.h"

#include "../core/rto.c"

#define MS	1000U
#define SEC	1000000U

static void sample(struct rill_rtt *r, u32 rtt_us)
{
	rill_rtt_sample(r, rtt_us, 1, RILL_RTO_MIN_US, RILL_RTO_MAX_US);
}

/* RTO-1S, RTO-12M, C41 */
static void rill_rtt_init__keeps_the_given_timeout(struct kunit *test)
{
	struct rill_rtt r;

	rill_rtt_init(&r, RILL_RTO_INIT_US);
	KUNIT_EXPECT_EQ(test, r.rto_us, 1 * SEC);
	KUNIT_EXPECT_EQ(test, r.srtt_us, 0U);
	KUNIT_EXPECT_EQ(test, r.min_us, ~0U);

	rill_rtt_init(&r, RILL_RTO_FALLBACK_US);
	KUNIT_EXPECT_EQ(test, r.rto_us, 3 * SEC);
}

/* RTO-2M */
static void rill_rtt_sample__first(struct kunit *test)
{
	struct rill_rtt r;

	rill_rtt_init(&r, RILL_RTO_INIT_US);
	sample(&r, 100 * MS);
	KUNIT_EXPECT_EQ(test, r.srtt_us, 8 * 100 * MS);
	KUNIT_EXPECT_EQ(test, r.rttvar_us, 4 * 50 * MS);
	KUNIT_EXPECT_EQ(test, r.rto_us, 300 * MS);
	KUNIT_EXPECT_EQ(test, r.min_us, 100 * MS);
}

/* RTO-3M: 3/4 * 50 + 1/4 * |100 - 180| = 57.5; 7/8 * 100 + 1/8 * 180 = 110 */
static void rill_rtt_sample__variation_before_mean(struct kunit *test)
{
	struct rill_rtt r;

	rill_rtt_init(&r, RILL_RTO_INIT_US);
	sample(&r, 100 * MS);
	sample(&r, 180 * MS);
	KUNIT_EXPECT_EQ(test, r.srtt_us, 8 * 110 * MS);
	KUNIT_EXPECT_EQ(test, r.rttvar_us, 4 * 57500U);
	KUNIT_EXPECT_EQ(test, r.rto_us, 340 * MS);
}

/* RTO-3M: the variation grows when the RTT falls, too */
static void rill_rtt_sample__shorter(struct kunit *test)
{
	struct rill_rtt r;

	rill_rtt_init(&r, RILL_RTO_INIT_US);
	sample(&r, 180 * MS);
	sample(&r, 100 * MS);
	KUNIT_EXPECT_EQ(test, r.srtt_us, 8 * 170 * MS);
	KUNIT_EXPECT_EQ(test, r.rttvar_us, 4 * 87500U);
	KUNIT_EXPECT_EQ(test, r.min_us, 100 * MS);
}

/* RTO-8M: with a constant RTT nothing but the granularity is left */
static void rill_rtt_sample__no_variation_counts_as_granularity(struct kunit *test)
{
	struct rill_rtt r;
	int i;

	rill_rtt_init(&r, RILL_RTO_INIT_US);
	for (i = 0; i < 200; i++)
		rill_rtt_sample(&r, 1 * SEC, 4 * MS, RILL_RTO_MIN_US, RILL_RTO_MAX_US);
	KUNIT_EXPECT_EQ(test, r.srtt_us, 8 * SEC);
	KUNIT_EXPECT_EQ(test, r.rto_us, 1 * SEC + 4 * MS);
}

struct bound {
	const char *name;
	u32 rtt_us, g_us, min_us, max_us, rto_us;
};

static const struct bound bounds[] = {
	{ "floor of Linux",	1 * MS, 1, 200 * MS, 120 * SEC, 200 * MS },
	{ "floor of RFC 6298",	1 * MS, 1, 1 * SEC, 120 * SEC, 1 * SEC },
	{ "granularity as floor", 50 * MS, 200 * MS, 200 * MS, 120 * SEC, 250 * MS },
	{ "ceiling",		60 * SEC, 1, 200 * MS, 120 * SEC, 120 * SEC },
	{ "longest RTT",	~0U, 1, 200 * MS, 120 * SEC, 120 * SEC },
	{ "no overflow",	~0U, ~0U, 1, ~0U, ~0U },
	{ "RTT of 0",		0, 1, 1, 120 * SEC, 3 },
};

RILL_PARAM(bound, bound, bounds);

/* RTO-4S, RTO-5O */
static void rill_rtt_sample__stays_in_bounds(struct kunit *test)
{
	const struct bound *b = test->param_value;
	struct rill_rtt r;

	rill_rtt_init(&r, RILL_RTO_INIT_US);
	rill_rtt_sample(&r, b->rtt_us, b->g_us, b->min_us, b->max_us);
	KUNIT_EXPECT_EQ(test, r.rto_us, b->rto_us);
	KUNIT_EXPECT_NE(test, r.srtt_us, 0U);
}

/* RTO-3M: extremes in turn do not overflow the sums */
static void rill_rtt_sample__extremes_in_turn(struct kunit *test)
{
	struct rill_rtt r;
	int i;

	rill_rtt_init(&r, RILL_RTO_INIT_US);
	for (i = 0; i < 1000; i++) {
		sample(&r, i & 1 ? ~0U : 0);
		KUNIT_ASSERT_LE(test, r.srtt_us, 8 * RTT_MAX_US);
		KUNIT_ASSERT_LE(test, r.rttvar_us, 4 * RTT_MAX_US);
		KUNIT_ASSERT_NE(test, r.srtt_us, 0U);
	}
}

struct doubling {
	const char *name;
	u32 rto_us;
	unsigned int backoff;
	u32 max_us, result_us;
};

static const struct doubling doublings[] = {
	{ "none",		200 * MS, 0, 120 * SEC, 200 * MS },
	{ "one",		200 * MS, 1, 120 * SEC, 400 * MS },
	{ "nine",		200 * MS, 9, 120 * SEC, 102400 * MS },
	{ "ten hit the ceiling", 200 * MS, 10, 120 * SEC, 120 * SEC },
	{ "thirty-one",		200 * MS, 31, 120 * SEC, 120 * SEC },
	{ "thirty-two",		1, 32, ~0U, ~0U },
	{ "sixty-four",		1, 64, ~0U, ~0U },
	{ "most",		~0U, ~0U, ~0U, ~0U },
	{ "above the ceiling",	200 * SEC, 0, 120 * SEC, 120 * SEC },
};

RILL_PARAM(doubling, doubling, doublings);

/* RTO-11M, RTO-5O, C41 */
static void rill_rto_backoff__doubles_and_stays(struct kunit *test)
{
	const struct doubling *d = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_rto_backoff(d->rto_us, d->backoff, d->max_us), d->result_us);
}

struct model {
	const char *name;
	unsigned int boundary;
	u32 base_us, max_us;
	u64 sum_us;
};

static const struct model models[] = {
	{ "retries2 of 15",	15, 200 * MS, 120 * SEC, 924600000ULL },
	{ "retries1 of 3",	3, 200 * MS, 120 * SEC, 3000000ULL },
	{ "none",		0, 200 * MS, 120 * SEC, 200000ULL },
	{ "one below the ceiling", 9, 200 * MS, 120 * SEC, 204600000ULL },
	{ "SYN, six",		6, 1 * SEC, 120 * SEC, 127000000ULL },
	{ "base at the ceiling", 4, 120 * SEC, 120 * SEC, 600000000ULL },
	{ "base above the ceiling", 1, 200 * SEC, 120 * SEC, 240000000ULL },
	{ "base 0",		15, 0, 120 * SEC, 0 },
	{ "ceiling 0",		15, 200 * MS, 0, 0 },
	{ "most",		~0U, ~0U, ~0U, 0xffffffffULL << 32 },
};

RILL_PARAM(model, model, models);

/* SHLD-10, SHLD-11, MUST-20, C43 */
static void rill_rto_model_us__sums_the_timeouts(struct kunit *test)
{
	const struct model *m = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_rto_model_us(m->boundary, m->base_us, m->max_us), m->sum_us);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_rtt_init__keeps_the_given_timeout),
	KUNIT_CASE(rill_rtt_sample__first),
	KUNIT_CASE(rill_rtt_sample__variation_before_mean),
	KUNIT_CASE(rill_rtt_sample__shorter),
	KUNIT_CASE(rill_rtt_sample__no_variation_counts_as_granularity),
	KUNIT_CASE_PARAM(rill_rtt_sample__stays_in_bounds, bound_gen_params),
	KUNIT_CASE(rill_rtt_sample__extremes_in_turn),
	KUNIT_CASE_PARAM(rill_rto_backoff__doubles_and_stays, doubling_gen_params),
	KUNIT_CASE_PARAM(rill_rto_model_us__sums_the_timeouts, model_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-rto",
	.test_cases = cases,
};

kunit_test_suite(suite);
