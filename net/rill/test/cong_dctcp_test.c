// SPDX-License-Identifier: GPL-2.0
/*
 * DCTCP, RFC 8257: core/cong_dctcp.c.
 */
#include "test.h"

#include "../core/cong_dctcp.c"

#define MSS	1000

static void start(struct rill_cong *c, u32 cwnd)
{
	memset(c, 0, sizeof(*c));
	c->ops = &rill_cong_dctcp;
	c->mss = MSS;
	c->cwnd_clamp = RILL_SSTHRESH_INFINITE;
	c->ssthresh = RILL_SSTHRESH_INFINITE;
	c->cwnd = cwnd;
	c->ops->init(c);
}

/* A window of 100 segments, of which the first @marked bear ECE. */
static u32 window_of(struct rill_cong *c, u32 una, u32 marked)
{
	u32 i;

	for (i = 1; i <= 100; i++) {
		struct rill_cong_ack a = {
			.acked = MSS,
			.una = una + i * MSS,
			.nxt = una + (100 + i) * MSS,
			.ece = i <= marked,
		};

		c->ops->ack(c, &a);
	}
	return una + 100 * MSS;
}

/* RFC 8257, 4.2: until it knows better, as after a loss */
static void dctcp_init__halves_at_first(struct kunit *test)
{
	struct rill_cong c;

	start(&c, 100 * MSS);
	KUNIT_EXPECT_EQ(test, rill_cong_ece_ssthresh(&c, 100 * MSS), 50U * MSS);
}

struct marks {
	const char *name;
	u32 marked;	/* of 100, in each window */
	u32 alpha;	/* in percent, in the end */
	u32 ssthresh;	/* of 100 segments */
};

static const struct marks marks[] = {
	{ "none",	0, 0, 100 * MSS },
	{ "a tenth",	10, 10, 95 * MSS },
	{ "half",	50, 50, 75 * MSS },
	{ "all",	100, 100, 50 * MSS },
};

RILL_PARAM(marks, marks, marks);

/* RFC 8257, 3.3: alpha comes to be the part that is marked; the cut is half of it */
static void dctcp_ack__alpha_follows_the_marks(struct kunit *test)
{
	const struct marks *m = test->param_value;
	struct rill_cong c;
	u32 una, got;
	size_t i;
	int n;

	for (i = 0; i < ARRAY_SIZE(rill_test_bases); i++) {
		start(&c, 100 * MSS);
		una = rill_test_bases[i];
		for (n = 0; n < 300; n++)
			una = window_of(&c, una, m->marked);
		got = (u32)div_u64((u64)dctcp(&c)->alpha * 1000, ONE);
		KUNIT_EXPECT_GE(test, got + 10, m->alpha * 10);
		KUNIT_EXPECT_LE(test, got, m->alpha * 10 + 10);
		got = rill_cong_ece_ssthresh(&c, 100 * MSS);
		KUNIT_EXPECT_GE(test, got + MSS / 2, m->ssthresh);
		KUNIT_EXPECT_LE(test, got, m->ssthresh + MSS / 2);
	}
}

/* RFC 8257, 3.3, step 5: one window changes alpha by a sixteenth of the way */
static void dctcp_ack__moves_once_a_window(struct kunit *test)
{
	struct rill_cong c;
	u32 una;

	start(&c, 100 * MSS);
	una = window_of(&c, 0, 0);	/* the first window begins in it */
	KUNIT_EXPECT_EQ(test, dctcp(&c)->alpha, ONE);
	una = window_of(&c, una, 0);
	KUNIT_EXPECT_EQ(test, dctcp(&c)->alpha, ONE / 16 * 15);
	window_of(&c, una, 0);
	KUNIT_EXPECT_EQ(test, dctcp(&c)->alpha, ONE / 256 * 225);
}

/* RFC 8257, 3.4, and the floor of two segments */
static void dctcp_ssthresh__a_loss_is_a_loss(struct kunit *test)
{
	struct rill_cong c;
	u32 una = 0;
	int n;

	start(&c, 100 * MSS);
	for (n = 0; n < 300; n++)
		una = window_of(&c, una, 0);
	KUNIT_EXPECT_EQ(test, c.ops->ssthresh(&c, 80 * MSS), 40U * MSS);
	KUNIT_EXPECT_EQ(test, c.ops->ssthresh(&c, 0), 2U * MSS);
	c.cwnd = 2 * MSS;
	KUNIT_EXPECT_EQ(test, rill_cong_ece_ssthresh(&c, MSS), 2U * MSS);
}

/* Sums of more than 32 bits, and windows that never end */
static void dctcp_ack__no_overflow(struct kunit *test)
{
	struct rill_cong_ack a = { .acked = U32_MAX, .una = 1, .nxt = 2, .ece = true };
	struct rill_cong c;
	int n;

	start(&c, RILL_SSTHRESH_INFINITE);
	for (n = 0; n < 1000; n++)
		c.ops->ack(&c, &a);
	KUNIT_EXPECT_EQ(test, marked_part(dctcp(&c)->marked, dctcp(&c)->acked), ONE);
	KUNIT_EXPECT_EQ(test, marked_part(0, 0), 0U);
	KUNIT_EXPECT_EQ(test, marked_part(1ULL << 40, 1ULL << 41), ONE / 2);
	a.una = 3;
	c.ops->ack(&c, &a);
	KUNIT_EXPECT_LE(test, dctcp(&c)->alpha, ONE);
	KUNIT_EXPECT_LE(test, rill_cong_ece_ssthresh(&c, 0), RILL_SSTHRESH_INFINITE);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(dctcp_init__halves_at_first),
	KUNIT_CASE_PARAM(dctcp_ack__alpha_follows_the_marks, marks_gen_params),
	KUNIT_CASE(dctcp_ack__moves_once_a_window),
	KUNIT_CASE(dctcp_ssthresh__a_loss_is_a_loss),
	KUNIT_CASE(dctcp_ack__no_overflow),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-cong-dctcp",
	.test_cases = cases,
};

kunit_test_suite(suite);
