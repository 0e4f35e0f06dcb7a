// SPDX-License-Identifier: GPL-2.0
/*
 * Reno, RFC 5681 and RFC 3465: core/cong_reno.c.
 */
#include "test.h"

#include "../core/cong_reno.c"

#define MSS	1000

static void start(struct rill_cong *c, u32 cwnd, u32 ssthresh)
{
	memset(c, 0, sizeof(*c));
	c->ops = &rill_cong_reno;
	c->mss = MSS;
	c->cwnd_clamp = RILL_SSTHRESH_INFINITE;
	c->cwnd = cwnd;
	c->ssthresh = ssthresh;
}

static void ack(struct rill_cong *c, u32 acked)
{
	const struct rill_cong_ack a = { .acked = acked };

	c->ops->cong_avoid(c, &a);
}

struct cut {
	const char *name;
	u32 flight, ssthresh;
};

static const struct cut cuts[] = {
	{ "half the flight",	20000, 10000 },
	{ "odd",		20001, 10000 },
	{ "two segments",	3000, 2000 },
	{ "nothing in flight",	0, 2000 },
	{ "exactly two",	4000, 2000 },
};

RILL_PARAM(cut, cut, cuts);

/* CC-3M, CC-5M, C61: half of the flight, not of cwnd */
static void reno_ssthresh__half_the_flight(struct kunit *test)
{
	const struct cut *u = test->param_value;
	struct rill_cong c;

	start(&c, 50000, RILL_SSTHRESH_INFINITE);
	KUNIT_EXPECT_EQ(test, c.ops->ssthresh(&c, u->flight), u->ssthresh);
}

/* MUST-19, C60: a window acknowledged doubles it */
static void slow_start__doubles_in_a_round(struct kunit *test)
{
	struct rill_cong c;
	int i;

	start(&c, 10 * MSS, RILL_SSTHRESH_INFINITE);
	for (i = 0; i < 10; i++)
		ack(&c, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 20U * MSS);
}

/* C60: an ACK of a super-segment counts in full */
static void slow_start__super_ack(struct kunit *test)
{
	struct rill_cong c;

	start(&c, 100 * MSS, RILL_SSTHRESH_INFINITE);
	ack(&c, 64 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 164U * MSS);
}

/* MUST-19: bytes count, not ACKs (RFC 3465): ACKs of single bytes gain nothing */
static void slow_start__split_acks(struct kunit *test)
{
	struct rill_cong c;
	int i;

	start(&c, 10 * MSS, RILL_SSTHRESH_INFINITE);
	for (i = 0; i < MSS; i++)
		ack(&c, 1);
	KUNIT_EXPECT_EQ(test, c.cwnd, 11U * MSS);
}

/* CUB-11M's border holds for Reno as well */
static void slow_start__stops_at_ssthresh(struct kunit *test)
{
	struct rill_cong c;

	start(&c, 10 * MSS, 12 * MSS);
	ack(&c, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12U * MSS);
	KUNIT_EXPECT_EQ(test, c.acked, 8U * MSS);
}

static void slow_start__clamped(struct kunit *test)
{
	struct rill_cong c;

	start(&c, 10 * MSS, RILL_SSTHRESH_INFINITE);
	c.cwnd_clamp = 15 * MSS;
	ack(&c, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 15U * MSS);
}

/* CC-4M, C60: one segment a round, however the ACKs divide it */
static void congestion_avoidance__one_mss_in_a_round(struct kunit *test)
{
	static const u32 sizes[] = { 1, 10, 500, MSS, 2 * MSS, 10 * MSS, 20 * MSS };
	struct rill_cong c;
	unsigned int i;
	u32 sum;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		start(&c, 20 * MSS, 10 * MSS);
		for (sum = 0; sum < 20 * MSS; sum += sizes[i])
			ack(&c, sizes[i]);
		KUNIT_EXPECT_EQ(test, c.cwnd, 21U * MSS);
	}
}

/* CC-4M: the slope over many rounds */
static void congestion_avoidance__is_linear(struct kunit *test)
{
	struct rill_cong c;
	u32 round, left;

	start(&c, 10 * MSS, 5 * MSS);
	for (round = 0; round < 100; round++)
		for (left = c.cwnd; left; left -= MSS)
			ack(&c, MSS);
	KUNIT_EXPECT_GE(test, c.cwnd, 108U * MSS);
	KUNIT_EXPECT_LE(test, c.cwnd, 110U * MSS);
}

/* CC-4M: an ACK of more than a window adds one segment, and hoards none */
static void congestion_avoidance__huge_ack(struct kunit *test)
{
	struct rill_cong c;

	start(&c, 10 * MSS, 5 * MSS);
	ack(&c, ~0U);
	KUNIT_EXPECT_EQ(test, c.cwnd, 11U * MSS);
	KUNIT_EXPECT_LT(test, c.acked, c.cwnd);
}

static void congestion_avoidance__clamped(struct kunit *test)
{
	struct rill_cong c;
	int i;

	start(&c, 10 * MSS, 5 * MSS);
	c.cwnd_clamp = 10 * MSS + 10;
	for (i = 0; i < 5; i++)
		ack(&c, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 10U * MSS + 10);
}

static void congestion_avoidance__no_overflow(struct kunit *test)
{
	struct rill_cong c;
	int i;

	start(&c, RILL_SSTHRESH_INFINITE - 1, 2 * MSS);
	for (i = 0; i < 10; i++)
		ack(&c, ~0U);
	KUNIT_EXPECT_EQ(test, c.cwnd, RILL_SSTHRESH_INFINITE);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(reno_ssthresh__half_the_flight, cut_gen_params),
	KUNIT_CASE(slow_start__doubles_in_a_round),
	KUNIT_CASE(slow_start__super_ack),
	KUNIT_CASE(slow_start__split_acks),
	KUNIT_CASE(slow_start__stops_at_ssthresh),
	KUNIT_CASE(slow_start__clamped),
	KUNIT_CASE(congestion_avoidance__one_mss_in_a_round),
	KUNIT_CASE(congestion_avoidance__is_linear),
	KUNIT_CASE(congestion_avoidance__huge_ack),
	KUNIT_CASE(congestion_avoidance__clamped),
	KUNIT_CASE(congestion_avoidance__no_overflow),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-cong-reno",
	.test_cases = cases,
};

kunit_test_suite(suite);
