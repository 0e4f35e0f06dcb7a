// SPDX-License-Identifier: GPL-2.0
/*
 * The search for a path's MTU, RFC 4821, and what ICMP says of it:
 * core/plpmtu.c.
 */
#include "test.h"

#include "../core/plpmtu.c"

#define LOW		1064
#define HIGH		1500
#define INTERVAL	600
#define HEAD		40

struct path {
	const char *name;
	u32 low;
	u32 high;
	u32 mtu;	/* what really passes */
	bool leap;
	u32 probes;	/* no more than these */
};

static const struct path paths[] = {
	{ "all of it, at once",		LOW, HIGH, HIGH, true, 1 },
	{ "all of it, step by step",	LOW, HIGH, HIGH, false, 6 },
	{ "nothing above the base",	LOW, HIGH, LOW, true, 8 },
	{ "a tunnel",			LOW, HIGH, 1400, false, 6 },
	{ "jumbo frames",		LOW, 9000, 9000, true, 1 },
	{ "jumbo frames in part",	LOW, 9000, 1500, true, 12 },
	{ "all that IP can",		LOW, 65535, 65535, false, 14 },
	{ "from the floor",		88, HIGH, 1280, false, 9 },
	{ "a search that is over",	HIGH - 7, HIGH, HIGH, true, 0 },
	{ "a search that is not",	HIGH - 8, HIGH, HIGH, true, 1 },
	{ "a limit below the base",	LOW, 576, 576, true, 0 },
};

RILL_PARAM(path, path, paths);

/* PMTU-4S: ends within the threshold of the truth, and never beyond it. */
static void rill_plpmtu_next__finds(struct kunit *test)
{
	const struct path *path = test->param_value;
	u32 size, n = 0, before = path->low;
	struct rill_plpmtu p;

	rill_plpmtu_start(&p, path->low, path->high, 1000, path->leap);
	while ((size = rill_plpmtu_next(&p, path->high, 1000, INTERVAL))) {
		KUNIT_ASSERT_GT(test, size, before);
		KUNIT_ASSERT_LE(test, size, path->high);
		KUNIT_ASSERT_LT(test, n++, 20U);
		p.probe = size;
		if (size <= path->mtu)
			rill_plpmtu_passed(&p);
		else
			rill_plpmtu_failed(&p);
		KUNIT_ASSERT_EQ(test, p.probe, 0);
		before = p.low;
	}
	KUNIT_EXPECT_LE(test, n, path->probes);
	KUNIT_EXPECT_LE(test, p.low, max(path->mtu, path->low));
	if (path->high > path->low)
		KUNIT_EXPECT_LT(test, path->mtu, p.low + RILL_PROBE_THRESHOLD);
}

static void rill_plpmtu_next__one_at_a_time(struct kunit *test)
{
	struct rill_plpmtu p;

	rill_plpmtu_start(&p, LOW, HIGH, 0, false);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, HIGH, 0, INTERVAL), (LOW + HIGH) / 2U);
	/* one that was not sent changes nothing */
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, HIGH, 0, INTERVAL), (LOW + HIGH) / 2U);
	p.probe = (LOW + HIGH) / 2;
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, HIGH, 0, INTERVAL), 0U);
}

static void rill_plpmtu_next__off(struct kunit *test)
{
	struct rill_plpmtu p = {};

	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, HIGH, 10000, INTERVAL), 0U);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_limit(&p, HIGH), (u32)HIGH);
}

/* PMTU-5M */
static void rill_plpmtu_next__again_after_interval(struct kunit *test)
{
	const u32 begin = 0xffffff00;	/* and the clock wraps */
	struct rill_plpmtu p;

	rill_plpmtu_start(&p, HIGH, HIGH, begin, true);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, 9000, begin, INTERVAL), 0U);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, 9000, begin + INTERVAL - 1, INTERVAL), 0U);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, 9000, begin + INTERVAL, INTERVAL), 9000U);
	p.probe = 9000;
	rill_plpmtu_failed(&p);
	KUNIT_EXPECT_EQ(test, p.high, 8999);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, 9000, begin + INTERVAL, INTERVAL),
			(HIGH + 8999U) / 2);
	/* nothing more to find: not before another interval */
	rill_plpmtu_limit(&p, HIGH);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, HIGH, begin + INTERVAL + 1, INTERVAL), 0U);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, HIGH, begin + 2 * INTERVAL, INTERVAL), 0U);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, 9000, begin + 2 * INTERVAL + 1, INTERVAL), 0U);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, 9000, begin + 3 * INTERVAL, INTERVAL), 9000U);
}

/* SM-20: a route that shrinks and grows again */
static void rill_plpmtu_limit__keeps_what_was_proven(struct kunit *test)
{
	struct rill_plpmtu p;

	rill_plpmtu_start(&p, 1400, HIGH, 0, false);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_limit(&p, HIGH), 1400U);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_limit(&p, 1000), 1000U);
	KUNIT_EXPECT_EQ(test, p.high, 1000);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_next(&p, 1000, 0, INTERVAL), 0U);
	KUNIT_EXPECT_EQ(test, rill_plpmtu_limit(&p, HIGH), 1400U);
}

static void rill_plpmtu_blackhole__falls(struct kunit *test)
{
	static const u32 want[] = { 1064, 552, 296, 168, 104, 88, 88 };
	struct rill_plpmtu p = {};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(want); i++) {
		rill_plpmtu_blackhole(&p, LOW, 88, HIGH, HEAD, 5);
		KUNIT_EXPECT_TRUE(test, p.on);
		KUNIT_EXPECT_EQ(test, p.low, want[i]);
		KUNIT_EXPECT_EQ(test, p.high, HIGH);
		p.probe = 1200;
	}
	KUNIT_EXPECT_EQ(test, p.since, 5U);
}

/* From what the search had found to the base, and never up. */
static void rill_plpmtu_blackhole__from_above(struct kunit *test)
{
	struct rill_plpmtu p;

	rill_plpmtu_start(&p, 9000, 9000, 0, false);
	rill_plpmtu_blackhole(&p, LOW, 88, HIGH, HEAD, 5);
	KUNIT_EXPECT_EQ(test, p.low, LOW);
	KUNIT_EXPECT_EQ(test, p.high, 9000);
	p.low = 60;
	rill_plpmtu_blackhole(&p, LOW, 88, HIGH, HEAD, 5);
	KUNIT_EXPECT_EQ(test, p.low, 60);
	p.low = 30;	/* less than headers: nothing to halve */
	rill_plpmtu_blackhole(&p, LOW, 20, HIGH, HEAD, 5);
	KUNIT_EXPECT_EQ(test, p.low, 30);
}

struct claim {
	const char *name;
	u32 claim;
	u32 pmtu;
	u32 sent;
	u32 proven;
	enum rill_pmtu_verdict verdict;
};

/* PMTU-6M, ICMP-4I */
static const struct claim claims[] = {
	{ "smaller, nothing proven",	1400, 1500, 1500, 0, RILL_PMTU_ADOPT },
	{ "smaller, less proven",	1400, 1500, 1500, 1399, RILL_PMTU_ADOPT },
	{ "smaller, just that proven",	1400, 1500, 1500, 1400, RILL_PMTU_ADOPT },
	{ "smaller, more proven",	1400, 1500, 1500, 1401, RILL_PMTU_WAIT },
	{ "smaller, all proven",	1400, 1500, 1500, 1500, RILL_PMTU_WAIT },
	{ "what we have",		1500, 1500, 1500, 0, RILL_PMTU_IGNORE },
	{ "larger",			9000, 1500, 1500, 0, RILL_PMTU_IGNORE },
	{ "nothing so large was sent",	1400, 1500, 1400, 0, RILL_PMTU_IGNORE },
	{ "about a SYN",		576, 1500, 60, 0, RILL_PMTU_IGNORE },
	{ "nothing was sent",		576, 1500, 0, 0, RILL_PMTU_IGNORE },
	{ "the least there is",		68, 1500, 1500, 0, RILL_PMTU_ADOPT },
	{ "too small to be true",	67, 1500, 1500, 0, RILL_PMTU_IGNORE },
	{ "zero",			0, 1500, 1500, 0, RILL_PMTU_IGNORE },
	{ "huge",			0xffffffff, 1500, 1500, 0, RILL_PMTU_IGNORE },
};

RILL_PARAM(claim, claim, claims);

static void rill_pmtu_judge__decides(struct kunit *test)
{
	const struct claim *c = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_pmtu_judge(c->claim, c->pmtu, c->sent, c->proven), c->verdict);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_plpmtu_next__finds, path_gen_params),
	KUNIT_CASE(rill_plpmtu_next__one_at_a_time),
	KUNIT_CASE(rill_plpmtu_next__off),
	KUNIT_CASE(rill_plpmtu_next__again_after_interval),
	KUNIT_CASE(rill_plpmtu_limit__keeps_what_was_proven),
	KUNIT_CASE(rill_plpmtu_blackhole__falls),
	KUNIT_CASE(rill_plpmtu_blackhole__from_above),
	KUNIT_CASE_PARAM(rill_pmtu_judge__decides, claim_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-plpmtu",
	.test_cases = cases,
};

kunit_test_suite(suite);
