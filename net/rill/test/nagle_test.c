// SPDX-License-Identifier: GPL-2.0
/*
 * Nagle and the sender's side of silly windows, RFC 9293, 3.7.4 and 3.8.6.2.1:
 * core/nagle.c.
 */
#include "test.h"

#include "../core/nagle.c"

#define MSS	1000

struct decision {
	const char *name;
	struct rill_nagle q;
	u32 allow;
};

#define PEER(segment, largest, length, window, flight, ...)			\
	{ .mss = (segment), .max_wnd = (largest), .len = (length),		\
	  .usable = (window), .in_flight = (flight), __VA_ARGS__ }
#define Q(...)		PEER(MSS, 60000, __VA_ARGS__)
#define SMALL(...)	PEER(MSS, 800, __VA_ARGS__)

/* MUST-38, SHLD-7, SHLD-28, MUST-17, SM-19, C51, C70, C71, MAY-16, TX-5 */
static const struct decision decisions[] = {
	{ "nothing queued",		Q(0, 50000, 0), 0 },

	/* all of it fits into the windows */
	{ "short, idle",		Q(10, 50000, 0), 10 },
	{ "short, in flight",		Q(10, 50000, 500), 0 },
	{ "short, in flight, nodelay",	Q(10, 50000, 500, .nodelay = true), 10 },
	{ "short, in flight, FIN",	Q(10, 50000, 500, .fin = true), 10 },
	{ "full, in flight",		Q(MSS, 50000, 500), MSS },
	{ "full and rest, idle",	Q(2500, 50000, 0), 2500 },
	{ "full and rest, in flight",	Q(2500, 50000, 500), 2000 },
	{ "full and rest, nodelay",	Q(2500, 50000, 500, .nodelay = true), 2500 },
	{ "full and rest, FIN",		Q(2500, 50000, 500, .fin = true), 2500 },
	{ "exact fit",			Q(10, 10, 0), 10 },

	/* corked */
	{ "short, corked",		Q(10, 50000, 0, .cork = true), 0 },
	{ "short, corked, nodelay",	Q(10, 50000, 0, .cork = true, .nodelay = true), 0 },
	{ "short, corked, FIN",		Q(10, 50000, 0, .cork = true, .fin = true), 10 },
	{ "full, corked",		Q(MSS, 50000, 500, .cork = true), MSS },
	{ "full and rest, corked",	Q(2500, 50000, 0, .cork = true), 2000 },

	/* the windows hold some of it back */
	{ "window is whole segments",	Q(9000, 3000, 500), 3000 },
	{ "window is not",		Q(9000, 3500, 500), 3000 },
	{ "window is not, idle",	Q(9000, 3500, 0), 3000 },
	{ "window is not, nodelay",	Q(9000, 3500, 0, .nodelay = true), 3000 },
	{ "window closed",		Q(9000, 0, 0), 0 },
	{ "silly window",		Q(9000, 999, 0), 0 },
	{ "silly window, nodelay",	Q(9000, 999, 0, .nodelay = true), 0 },
	{ "silly window, FIN",		Q(9000, 999, 0, .fin = true), 0 },
	{ "silly window, short queue",	Q(900, 800, 0), 0 },

	/* a peer with little room */
	{ "half the largest window",	SMALL(9000, 400, 0), 400 },
	{ "less than half",		SMALL(9000, 399, 0), 0 },
	{ "half, in flight",		SMALL(9000, 400, 400), 0 },
	{ "half, in flight, nodelay",	SMALL(9000, 400, 400, .nodelay = true), 400 },
	{ "half, corked rest",		SMALL(500, 400, 0, .cork = true), 0 },
	{ "half, corked rest, FIN",	SMALL(500, 400, 0, .cork = true, .fin = true),
	  400 },
	{ "half, corked, a segment queued", SMALL(MSS, 400, 0, .cork = true), 400 },

	{ "no window ever",		PEER(MSS, 0, 9000, 0, 0), 0 },
	{ "no MSS",			PEER(0, 60000, 10, 5, 0), 5 },
};

RILL_PARAM(decision, decision, decisions);

static void rill_nagle_allow__decides(struct kunit *test)
{
	const struct decision *d = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_nagle_allow(&d->q), d->allow);
}

/* CC-1M, SHLD-28: no answer passes queue or window, and only the rest is short */
static void rill_nagle_allow__random(struct kunit *test)
{
	u32 i, n, seed = 0x524c4c03;

	for (i = 0; i < 200000; i++) {
		u32 bits = rill_test_random(&seed);
		struct rill_nagle q = {
			.len = rill_test_random(&seed) % 5000,
			.usable = rill_test_random(&seed) % 5000,
			.max_wnd = rill_test_random(&seed) % 5000,
			.mss = MSS,
			.in_flight = bits >> 8 & 1 ? 100 : 0,
			.nodelay = bits >> 9 & 1,
			.cork = bits >> 10 & 1,
			.fin = bits >> 11 & 1,
		};

		n = rill_nagle_allow(&q);
		KUNIT_ASSERT_LE(test, n, q.len);
		KUNIT_ASSERT_LE(test, n, q.usable);
		if (n > MSS && n < q.len)
			KUNIT_ASSERT_EQ(test, n % MSS, 0U);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_nagle_allow__decides, decision_gen_params),
	KUNIT_CASE(rill_nagle_allow__random),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-nagle",
	.test_cases = cases,
};

kunit_test_suite(suite);
