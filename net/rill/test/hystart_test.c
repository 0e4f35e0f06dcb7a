// SPDX-License-Identifier: GPL-2.0
/*
 * HyStart++, RFC 9406: core/hystart.c.
 */
#include "test.h"

#include "../core/hystart.c"

#define MSS	1000

struct path {
	struct rill_hystart h;
	struct rill_cong c;
	u32 una;
};

static void start(struct path *p, u32 base, u32 cwnd)
{
	memset(p, 0, sizeof(*p));
	p->c.mss = MSS;
	p->c.cwnd = cwnd;
	p->c.cwnd_clamp = RILL_SSTHRESH_INFINITE;
	p->c.ssthresh = RILL_SSTHRESH_INFINITE;
	p->una = base;
}

/* A round trip of @acks ACKs; the first has @rtt_us, the others a bit more. */
static void round_of(struct path *p, u32 rtt_us, u32 acks)
{
	u32 cwnd = p->c.cwnd, i;

	for (i = 0; i < acks; i++) {
		struct rill_cong_ack a = {
			.acked = cwnd / acks,
			.rtt_us = rtt_us ? rtt_us + i * 10 : 0,
			.una = p->una + cwnd / acks * (i + 1),
			.nxt = p->una + cwnd + cwnd / acks * (i + 1),
			.cwnd_limited = true,
		};

		rill_hystart_ack(&p->h, &p->c, &a);
		rill_cong_grow(&p->c, rill_hystart_growth(&p->h, &p->c, a.acked));
	}
	p->una += cwnd;
}

static bool over(const struct path *p)
{
	return p->c.ssthresh < RILL_SSTHRESH_INFINITE;
}

/* CUB-11M: a round trip that does not grow lets the window double */
static void rill_hystart_ack__goes_on(struct kunit *test)
{
	struct path p;
	size_t i;
	int n;

	for (i = 0; i < ARRAY_SIZE(rill_test_bases); i++) {
		start(&p, rill_test_bases[i], 20 * MSS);
		for (n = 0; n < 5; n++)
			round_of(&p, 40000, 20);
		KUNIT_EXPECT_EQ(test, p.c.cwnd, 20U * MSS << 5);
		KUNIT_EXPECT_FALSE(test, over(&p));
	}
}

/* CUB-11M: delay that stays ends slow start, after five slower rounds */
static void rill_hystart_ack__delay_ends_it(struct kunit *test)
{
	struct path p;
	u32 rtt = 40000, before;
	size_t i;
	int n;

	for (i = 0; i < ARRAY_SIZE(rill_test_bases); i++) {
		start(&p, rill_test_bases[i], 32 * MSS);
		round_of(&p, rtt, 16);
		round_of(&p, rtt, 16);
		KUNIT_EXPECT_EQ(test, p.h.css_rounds, 0);

		before = p.c.cwnd;
		round_of(&p, rtt + 5000, 16);
		KUNIT_EXPECT_EQ(test, p.h.css_rounds, 1);
		/* eight ACKs in full, eight a quarter */
		KUNIT_EXPECT_LE(test, p.c.cwnd, before + before / 2 + before / 8 + 2 * MSS);

		for (n = 2; n <= CSS_ROUNDS; n++) {
			KUNIT_EXPECT_FALSE(test, over(&p));
			before = p.c.cwnd;
			round_of(&p, rtt + 5000 * n, 16);
			KUNIT_EXPECT_LE(test, p.c.cwnd, before + before / 4 + MSS);
		}
		KUNIT_EXPECT_FALSE(test, over(&p));
		before = p.c.cwnd;
		round_of(&p, rtt + 5000 * n, 16);
		KUNIT_EXPECT_TRUE(test, over(&p));
		KUNIT_EXPECT_EQ(test, p.c.ssthresh, before);
	}
}

/* RFC 9406, 4.2: the delay fell again, so slow start is resumed */
static void rill_hystart_ack__jitter_is_forgiven(struct kunit *test)
{
	struct path p;
	u32 before;

	start(&p, 0, 32 * MSS);
	round_of(&p, 40000, 16);
	round_of(&p, 40000, 16);
	round_of(&p, 47000, 16);
	KUNIT_EXPECT_EQ(test, p.h.css_rounds, 1);
	round_of(&p, 40100, 16);
	KUNIT_EXPECT_EQ(test, p.h.css_rounds, 0);
	before = p.c.cwnd;
	round_of(&p, 40000, 16);
	KUNIT_EXPECT_GE(test, p.c.cwnd, 2 * before - 16);
	KUNIT_EXPECT_FALSE(test, over(&p));
}

struct thresh {
	const char *name;
	u32 rtt, more;
	bool css;
};

static const struct thresh threshs[] = {
	{ "an eighth, below",		80000, 9900, false },
	{ "an eighth",			80000, 10000, true },
	{ "4 ms at least, below",	1000, 3900, false },
	{ "4 ms at least",		1000, 4000, true },
	{ "16 ms at most, below",	400000, 15900, false },
	{ "16 ms at most",		400000, 16000, true },
	{ "no overflow",		U32_MAX - 5000, 1, false },
};

RILL_PARAM(thresh, thresh, threshs);

/* RFC 9406, 4.3 */
static void check_delay__threshold(struct kunit *test)
{
	const struct thresh *t = test->param_value;
	struct path p;

	start(&p, 0, 32 * MSS);
	round_of(&p, t->rtt, 16);
	round_of(&p, t->rtt + t->more, 16);
	KUNIT_EXPECT_EQ(test, p.h.css_rounds > 0, t->css);
}

/* Too few samples, or too small a window, say nothing. */
static void check_delay__needs_evidence(struct kunit *test)
{
	struct path p;
	int n;

	start(&p, 0, 32 * MSS);
	for (n = 0; n < 6; n++)
		round_of(&p, 40000 + 20000 * n, N_RTT_SAMPLE - 1);
	KUNIT_EXPECT_EQ(test, p.h.css_rounds, 0);

	start(&p, 0, 4 * MSS);
	round_of(&p, 40000, 8);
	round_of(&p, 80000, 8);
	KUNIT_EXPECT_EQ(test, p.h.css_rounds, 0);

	/* ACKs that measured nothing */
	start(&p, 0, 32 * MSS);
	for (n = 0; n < 6; n++)
		round_of(&p, 0, 16);
	KUNIT_EXPECT_FALSE(test, over(&p));
}

/* An ACK of a super-segment counts in full, one of more is bounded. */
static void rill_hystart_growth__bounds_a_burst(struct kunit *test)
{
	struct path p;

	start(&p, 0, 1000 * MSS);
	KUNIT_EXPECT_EQ(test, rill_hystart_growth(&p.h, &p.c, 64000), 64000U);
	KUNIT_EXPECT_EQ(test, rill_hystart_growth(&p.h, &p.c, 500000), 65536U);
	p.c.mss = 65000;
	KUNIT_EXPECT_EQ(test, rill_hystart_growth(&p.h, &p.c, 10000000), L * 65000U);
	p.c.mss = U32_MAX;
	KUNIT_EXPECT_EQ(test, rill_hystart_growth(&p.h, &p.c, U32_MAX), U32_MAX);
	p.c.mss = MSS;
	p.h.css_rounds = 1;
	KUNIT_EXPECT_EQ(test, rill_hystart_growth(&p.h, &p.c, 64000), 16000U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_hystart_ack__goes_on),
	KUNIT_CASE(rill_hystart_ack__delay_ends_it),
	KUNIT_CASE(rill_hystart_ack__jitter_is_forgiven),
	KUNIT_CASE_PARAM(check_delay__threshold, thresh_gen_params),
	KUNIT_CASE(check_delay__needs_evidence),
	KUNIT_CASE(rill_hystart_growth__bounds_a_burst),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-hystart",
	.test_cases = cases,
};

kunit_test_suite(suite);
