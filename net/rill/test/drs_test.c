// SPDX-License-Identifier: GPL-2.0
/*
 * How large a receive window ought to be: core/drs.c.
 */
#include "test.h"

#include "../core/drs.c"

#define MSS	1460
#define MS	1000U

static void rill_drs_init__knows_nothing(struct kunit *test)
{
	struct rill_drs d;

	rill_drs_init(&d, 5, 77, 0);
	KUNIT_EXPECT_EQ(test, d.srtt_us, 0U);
	KUNIT_EXPECT_EQ(test, d.space, 1U);
	KUNIT_EXPECT_EQ(test, rill_drs_read(&d, 5, 77, 0, MSS), 0U);
}

/* C53: the first echo is the estimate, later ones move it by an eighth */
static void rill_drs_echo__smooths(struct kunit *test)
{
	struct rill_drs d;
	u32 i;

	rill_drs_init(&d, 0, 0, MSS);
	rill_drs_echo(&d, 1, 80 * MS);
	KUNIT_EXPECT_EQ(test, d.srtt_us >> RTT_SHIFT, 80 * MS);
	rill_drs_echo(&d, 2, 160 * MS);
	KUNIT_EXPECT_EQ(test, d.srtt_us >> RTT_SHIFT, 90 * MS);
	for (i = 3; i < 100; i++)
		rill_drs_echo(&d, i, 200 * MS);
	KUNIT_EXPECT_GT(test, d.srtt_us >> RTT_SHIFT, 199 * MS);
	KUNIT_EXPECT_LE(test, d.srtt_us >> RTT_SHIFT, 200 * MS);
}

/* the same echo on many segments, a clock that was no clock, a clock too coarse */
static void rill_drs_echo__counts_once(struct kunit *test)
{
	struct rill_drs d;

	rill_drs_init(&d, 0, 0, MSS);
	rill_drs_echo(&d, 1, 80 * MS);
	rill_drs_echo(&d, 1, 800 * MS);
	KUNIT_EXPECT_EQ(test, d.srtt_us >> RTT_SHIFT, 80 * MS);
	rill_drs_echo(&d, 2, 0x80000000);
	KUNIT_EXPECT_EQ(test, d.srtt_us >> RTT_SHIFT, 80 * MS);
	rill_drs_init(&d, 0, 0, MSS);
	rill_drs_echo(&d, 1, 0);
	KUNIT_EXPECT_EQ(test, d.srtt_us >> RTT_SHIFT, MS);
}

/* C53: without timestamps, the least time that a window took */
static void rill_drs_window__least_time(struct kunit *test)
{
	unsigned int b;

	for (b = 0; b < ARRAY_SIZE(rill_test_bases); b++) {
		u32 seq = rill_test_bases[b];
		struct rill_drs d;

		rill_drs_init(&d, 0, seq, MSS);
		rill_drs_window(&d, 10 * MS, seq, 30000);
		rill_drs_window(&d, 50 * MS, seq + 29999, 30000);
		KUNIT_EXPECT_EQ(test, d.srtt_us, 0U);
		rill_drs_window(&d, 60 * MS, seq + 30000, 30000);
		KUNIT_EXPECT_EQ(test, d.srtt_us >> RTT_SHIFT, 50 * MS);
		rill_drs_window(&d, 160 * MS, seq + 60000, 30000);
		KUNIT_EXPECT_EQ(test, d.srtt_us >> RTT_SHIFT, 50 * MS);
		rill_drs_window(&d, 190 * MS, seq + 90000, 30000);
		KUNIT_EXPECT_EQ(test, d.srtt_us >> RTT_SHIFT, 30 * MS);
	}
}

struct reading {
	const char *name;
	u32 space, rtt_ms, after_ms, copied, want;
};

static const struct reading readings[] = {
	{ "too early",		10 * MSS, 50, 49, 20 * MSS, 0 },
	{ "no more than before", 10 * MSS, 50, 50, 10 * MSS, 0 },
	{ "twice as much: six times, and spare", 10 * MSS, 50, 50, 20 * MSS, 3 * 56 * MSS },
	{ "a tenth more",	10 * MSS, 50, 60, 11 * MSS, 38 * MSS + 76 * MSS / 10 },
	{ "much more than ever", 1, 50, 60, 1000000, 1U << 30 },
	{ "all there is",	10 * MSS, 50, 60, 0x7fffffff, 1U << 30 },
	{ "no round trip known", 10 * MSS, 0, 1, 20 * MSS, 3 * 56 * MSS },
};

RILL_PARAM(reading, reading, readings);

/* C53 */
static void rill_drs_read__wants(struct kunit *test)
{
	const struct reading *p = test->param_value;
	unsigned int b;

	for (b = 0; b < ARRAY_SIZE(rill_test_bases); b++) {
		u32 seq = rill_test_bases[b];
		struct rill_drs d;

		rill_drs_init(&d, 7, seq, p->space);
		KUNIT_EXPECT_EQ(test, p->want,
				rill_drs_read(&d, 7 + p->after_ms * MS, seq + p->copied,
					      p->rtt_ms * MS, MSS));
	}
}

/* C53: a sender that doubles each round trip is never short of window */
static void rill_drs_read__ahead_of_slow_start(struct kunit *test)
{
	u32 seq = 0xfffff000, sent = 10 * MSS, wnd = 65535, want;
	struct rill_drs d;
	u64 now = 0;

	rill_drs_init(&d, now, seq, sent);
	rill_drs_echo(&d, 1, 200 * MS);
	while (sent < 100 << 20) {
		KUNIT_ASSERT_LE(test, sent, wnd);
		now += 200 * MS;
		seq += sent;
		want = rill_drs_read(&d, now, seq, 0, MSS);
		/* the peer hears of it when it has sent the next flight */
		sent *= 2;
		KUNIT_ASSERT_TRUE(test, sent <= wnd || want >= sent);
		wnd = max(wnd, want);
	}
}

struct guess {
	const char *name;
	u32 own_ms, handshake_ms, best_ms;
	bool echoed;
};

static const struct guess guesses[] = {
	{ "nothing known",		0, 0, 1, false },
	{ "the handshake only",		0, 50, 50, false },
	{ "a window's time only",	70, 0, 70, false },
	{ "a window took long",		300, 50, 100, false },
	{ "a window took little longer", 70, 50, 70, false },
	{ "a window was too quick",	30, 50, 50, false },
	{ "an echo is right",		300, 50, 300, true },
	{ "an echo is right, shorter",	30, 50, 30, true },
};

RILL_PARAM(guess, guess, guesses);

/* C53 */
static void best_rtt__trusts_echoes(struct kunit *test)
{
	const struct guess *p = test->param_value;
	struct rill_drs d;

	rill_drs_init(&d, 1, 0, MSS);
	d.srtt_us = p->own_ms * MS << RTT_SHIFT;
	d.wnd_us = !p->echoed;
	KUNIT_EXPECT_EQ(test, best_rtt(&d, p->handshake_ms * MS), p->best_ms * MS);
}

/* A connection that never began to measure divides by nothing */
static void rill_drs_read__not_begun(struct kunit *test)
{
	struct rill_drs d = {};

	KUNIT_EXPECT_LE(test, rill_drs_read(&d, 1000000, 0x86138472, 0, 1460), WANT_MAX);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_drs_read__not_begun),
	KUNIT_CASE(rill_drs_init__knows_nothing),
	KUNIT_CASE(rill_drs_echo__smooths),
	KUNIT_CASE(rill_drs_echo__counts_once),
	KUNIT_CASE(rill_drs_window__least_time),
	KUNIT_CASE_PARAM(best_rtt__trusts_echoes, guess_gen_params),
	KUNIT_CASE_PARAM(rill_drs_read__wants, reading_gen_params),
	KUNIT_CASE(rill_drs_read__ahead_of_slow_start),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-drs",
	.test_cases = cases,
};

kunit_test_suite(suite);
