// SPDX-License-Identifier: GPL-2.0
/*
 * The congestion window, RFC 5681, RFC 6928: core/cong.c and the inlines of
 * core/cong.h.
 */
#include "test.h"

#include "../core/cong.c"

static u32 fixed_ssthresh(struct rill_cong *c, u32 flight)
{
	return flight;
}

static void no_cong_avoid(struct rill_cong *c, const struct rill_cong_ack *a)
{
}

static void mark_init(struct rill_cong *c)
{
	c->priv[0] = c->cwnd;
}

static const struct rill_cong_ops stub = {
	.name = "stub",
	.init = mark_init,
	.ssthresh = fixed_ssthresh,
	.cong_avoid = no_cong_avoid,
};

struct iw {
	const char *name;
	u32 mss, iw;
};

static const struct iw iws[] = {
	{ "Ethernet",		1460, 14600 },
	{ "with timestamps",	1448, 14480 },
	{ "536",		536, 5360 },
	{ "jumbo",		8960, 89600 },
	{ "between",		2000, 20000 },
	{ "loopback",		65483, 654830 },
	{ "no overflow",	~0U, RILL_SSTHRESH_INFINITE },
};

RILL_PARAM(iw, iw, iws);

/* IW-1O, C60 */
static void rill_cong_iw__ten_segments(struct kunit *test)
{
	const struct iw *i = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_cong_iw(i->mss), i->iw);
}

/* CC-3M */
static void rill_cong_init__starts_high(struct kunit *test)
{
	struct rill_cong c;

	memset(&c, 0xa5, sizeof(c));
	rill_cong_init(&c, &stub, 1460, 14600);
	KUNIT_EXPECT_PTR_EQ(test, c.ops, &stub);
	KUNIT_EXPECT_EQ(test, c.cwnd, 14600U);
	KUNIT_EXPECT_EQ(test, c.mss, 1460U);
	KUNIT_EXPECT_EQ(test, c.acked, 0U);
	KUNIT_EXPECT_EQ(test, c.ssthresh, RILL_SSTHRESH_INFINITE);
	KUNIT_EXPECT_TRUE(test, rill_cong_in_slow_start(&c));
}

static void rill_cong_init__lets_the_algorithm_begin(struct kunit *test)
{
	struct rill_cong c;

	memset(&c, 0xa5, sizeof(c));
	rill_cong_init(&c, &stub, 1460, 14600);
	KUNIT_EXPECT_EQ(test, c.priv[0], 14600ULL);
	KUNIT_EXPECT_EQ(test, c.priv[9], 0ULL);
}

/* CC-10S, C61 */
static void rill_cong_restart__small_window_path_remembered(struct kunit *test)
{
	struct rill_cong c;

	rill_cong_init(&c, &stub, 1460, 14600);
	c.ssthresh = 20000;
	rill_cong_set_cwnd(&c, 100000);
	rill_cong_restart(&c, 14600);
	KUNIT_EXPECT_EQ(test, c.cwnd, 14600U);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 75000U);
}

static void rill_cong_restart__never_grows(struct kunit *test)
{
	struct rill_cong c;

	rill_cong_init(&c, &stub, 1460, 14600);
	rill_cong_set_cwnd(&c, 5000);
	rill_cong_restart(&c, 14600);
	KUNIT_EXPECT_EQ(test, c.cwnd, 5000U);
	KUNIT_EXPECT_EQ(test, c.ssthresh, RILL_SSTHRESH_INFINITE);
}

/* TO-12: what the path bore is kept, what the algorithm knew is not. */
static void rill_cong_switch__keeps_the_window(struct kunit *test)
{
	struct rill_cong c;

	rill_cong_init(&c, &stub, 1460, 14600);
	c.cwnd = 30000;
	c.ssthresh = 20000;
	c.cwnd_clamp = 40000;
	c.acked = 500;
	c.pacing_rate = 1000;
	c.priv[1] = 7;
	rill_cong_switch(&c, &stub);
	KUNIT_EXPECT_PTR_EQ(test, c.ops, &stub);
	KUNIT_EXPECT_EQ(test, c.cwnd, 30000U);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 20000U);
	KUNIT_EXPECT_EQ(test, c.cwnd_clamp, 40000U);
	KUNIT_EXPECT_EQ(test, c.mss, 1460U);
	KUNIT_EXPECT_EQ(test, c.acked, 0U);
	KUNIT_EXPECT_EQ(test, c.pacing_rate, 0ULL);
	KUNIT_EXPECT_EQ(test, c.priv[0], 30000ULL);
	KUNIT_EXPECT_EQ(test, c.priv[1], 0ULL);
}

/* RFC 3168, 6.1.2: without an opinion, as after a loss */
static void rill_cong_ece_ssthresh__defaults_to_loss(struct kunit *test)
{
	struct rill_cong c;

	rill_cong_init(&c, &stub, 1460, 14600);
	KUNIT_EXPECT_EQ(test, rill_cong_ece_ssthresh(&c, 1234), 1234U);
}

struct resize {
	const char *name;
	u32 mss, cwnd, to, want;
};

static const struct resize resizes[] = {
	{ "smaller, in proportion",	1460, 14600, 730, 7300 },
	{ "smaller, at least one",	1460, 1000, 1000, 1000 },
	{ "much smaller",		65483, 654830, 1460, 14600 },
	{ "larger, as it was",		1460, 14600, 8960, 14600 },
	{ "larger than the window",	1460, 1460, 8960, 1460 },
	{ "same",			1460, 14600, 1460, 14600 },
	{ "no overflow",		65483, 0x7fffffff, 65482, 2147450852 },
};

RILL_PARAM(resize, resize, resizes);

/* CC-14S, PMTU-2M */
static void rill_cong_set_mss__never_grows_in_bytes(struct kunit *test)
{
	const struct resize *s = test->param_value;
	struct rill_cong c;

	rill_cong_init(&c, &stub, s->mss, s->cwnd);
	rill_cong_set_mss(&c, s->to);
	KUNIT_EXPECT_EQ(test, c.cwnd, s->want);
	KUNIT_EXPECT_EQ(test, c.mss, s->to);
	KUNIT_EXPECT_LE(test, c.cwnd, max(s->cwnd, s->to));
}

/* What was counted towards the next segment stays below the window. */
static void rill_cong_set_mss__shrinks_the_count(struct kunit *test)
{
	struct rill_cong c;

	rill_cong_init(&c, &stub, 1460, 14600);
	c.acked = 14000;
	rill_cong_set_mss(&c, 730);
	KUNIT_EXPECT_EQ(test, c.acked, 7299U);

	c.acked = 100;
	rill_cong_set_mss(&c, 365);
	KUNIT_EXPECT_EQ(test, c.acked, 100U);
}

static void rill_cong_in_slow_start__below_ssthresh(struct kunit *test)
{
	struct rill_cong c;

	rill_cong_init(&c, &stub, 1000, 10000);
	c.ssthresh = 10001;
	KUNIT_EXPECT_TRUE(test, rill_cong_in_slow_start(&c));
	c.ssthresh = 10000;
	KUNIT_EXPECT_FALSE(test, rill_cong_in_slow_start(&c));
}

static void rill_cong_set_cwnd__honours_the_clamp(struct kunit *test)
{
	struct rill_cong c;

	rill_cong_init(&c, &stub, 1000, 10000);
	c.cwnd_clamp = 5000;
	rill_cong_set_cwnd(&c, 4000);
	KUNIT_EXPECT_EQ(test, c.cwnd, 4000U);
	rill_cong_set_cwnd(&c, 6000);
	KUNIT_EXPECT_EQ(test, c.cwnd, 5000U);
	rill_cong_set_cwnd(&c, 1ULL << 32);
	KUNIT_EXPECT_EQ(test, c.cwnd, 5000U);

	/* One segment always goes. */
	c.cwnd_clamp = 500;
	rill_cong_set_cwnd(&c, 6000);
	KUNIT_EXPECT_EQ(test, c.cwnd, 1000U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_cong_iw__ten_segments, iw_gen_params),
	KUNIT_CASE(rill_cong_init__starts_high),
	KUNIT_CASE(rill_cong_init__lets_the_algorithm_begin),
	KUNIT_CASE(rill_cong_switch__keeps_the_window),
	KUNIT_CASE(rill_cong_ece_ssthresh__defaults_to_loss),
	KUNIT_CASE(rill_cong_restart__small_window_path_remembered),
	KUNIT_CASE(rill_cong_restart__never_grows),
	KUNIT_CASE_PARAM(rill_cong_set_mss__never_grows_in_bytes, resize_gen_params),
	KUNIT_CASE(rill_cong_set_mss__shrinks_the_count),
	KUNIT_CASE(rill_cong_in_slow_start__below_ssthresh),
	KUNIT_CASE(rill_cong_set_cwnd__honours_the_clamp),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-cong",
	.test_cases = cases,
};

kunit_test_suite(suite);
