// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC, RFC 9438: core/cong_cubic.c.
 */
#include "test.h"

#include "../core/cong_cubic.c"

#define MSS	1000
#define MS	1000ULL		/* us */
#define SEC	1000000ULL
#define DAY	(86400 * SEC)

struct path {
	struct rill_cong c;
	u64 now;
	u32 rtt;
	bool limited;
};

static void start(struct path *p, u32 cwnd, u32 ssthresh, u32 rtt)
{
	memset(p, 0, sizeof(*p));
	p->c.ops = &rill_cong_cubic;
	p->c.mss = MSS;
	p->c.cwnd_clamp = RILL_SSTHRESH_INFINITE;
	p->c.cwnd = cwnd;
	p->c.ssthresh = ssthresh;
	p->now = 77 * SEC;
	p->rtt = rtt;
	p->limited = true;
}

/* As recovery calls it: the window grows if it was in full use. */
static void ack(struct path *p, u32 acked)
{
	const struct rill_cong_ack a = {
		.now_us = p->now,
		.rtt_us = p->rtt,
		.min_rtt_us = p->rtt,
		.srtt_us = p->rtt,
		.acked = acked,
		.cwnd_limited = p->limited,
	};

	p->c.ops->ack(&p->c, &a);
	if (p->limited)
		p->c.ops->cong_avoid(&p->c, &a);
}

/* Time passes with a full window under way, and an ACK each @step. */
static void run(struct path *p, u64 us, u32 step)
{
	u64 end = p->now + us;

	while (p->now < end) {
		p->now += step;
		ack(p, (u32)div_u64((u64)p->c.cwnd * step, p->rtt));
	}
}

static void event(struct path *p, enum rill_cong_event e)
{
	p->c.ops->event(&p->c, e, p->now);
}

/* One loss, mended at once. */
static void lose(struct path *p)
{
	p->c.ssthresh = p->c.ops->ssthresh(&p->c, p->c.cwnd);
	event(p, RILL_CONG_REDUCED);
	rill_cong_set_cwnd(&p->c, p->c.ssthresh);
	event(p, RILL_CONG_RECOVERED);
}

static void timeout(struct path *p)
{
	p->c.ssthresh = p->c.ops->ssthresh(&p->c, p->c.cwnd);
	p->c.cwnd = p->c.mss;
	event(p, RILL_CONG_RTO);
}

static u32 k_of(struct path *p)
{
	return cubic(&p->c)->e.k_ms;
}

static void expect_near(struct kunit *test, u64 got, u64 want, u64 by)
{
	KUNIT_EXPECT_GE(test, got + by, want);
	KUNIT_EXPECT_LE(test, got, want + by);
}

struct root {
	const char *name;
	u64 n;
	u32 root;
};

static const struct root roots[] = {
	{ "0",			0, 0 },
	{ "1",			1, 1 },
	{ "3, 1.44",		3, 1 },
	{ "4, 1.59",		4, 2 },
	{ "15, 2.47",		15, 2 },
	{ "16, 2.52",		16, 3 },
	{ "1000",		1000, 10 },
	{ "K of 300 segments",	750000000000ULL, 9086 },
	{ "10^18",		1000000000000000000ULL, 1000000 },
	{ "2^63 - 1",		0x7fffffffffffffffULL, 2097152 },
};

RILL_PARAM(root, root, roots);

static void cube_root__known(struct kunit *test)
{
	const struct root *r = test->param_value;

	KUNIT_EXPECT_EQ(test, cube_root(r->n), r->root);
}

/* Within half of one: (2 r - 1)^3 <= 8 n <= (2 r + 1)^3 */
static void cube_root__nearest(struct kunit *test)
{
	u32 seed = 1, bad = 0, i;
	u64 n, r;

	for (i = 0; i < 20000; i++) {
		n = (u64)rill_test_random(&seed) << 28 >> (i % 60);
		r = cube_root(n);
		if ((2 * r + 1) * (2 * r + 1) * (2 * r + 1) < 8 * n)
			bad++;
		if (r && (2 * r - 1) * (2 * r - 1) * (2 * r - 1) > 8 * n)
			bad++;
	}
	KUNIT_EXPECT_EQ(test, bad, 0U);
}

struct point {
	const char *name;
	u32 ms, cwnd;
};

/* W_max is 1000 segments, so K is cbrt(300 / 0.4) = 9.086 s. */
static const struct point curve[] = {
	{ "1 s",	1000, 788600 },
	{ "2 s",	2000, 857700 },
	{ "5 s",	5000, 972700 },
	{ "K",		9086, 1000000 },
	{ "12 s",	12000, 1009900 },
	{ "15 s",	15000, 1082800 },
	{ "20 s",	20000, 1520000 },
};

RILL_PARAM(point, point, curve);

/* CUB-1I: the window over time after a loss */
static void congestion_avoidance__follows_the_curve(struct kunit *test)
{
	static const u32 steps[] = { 1000, 10000, 100000 };
	const struct point *at = test->param_value;
	struct path p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		start(&p, 1000 * MSS, 500 * MSS, 100 * MS);
		lose(&p);
		KUNIT_EXPECT_EQ(test, p.c.cwnd, 700U * MSS);
		run(&p, steps[i], steps[i]);	/* the curve begins */
		run(&p, at->ms * MS, steps[i]);
		expect_near(test, p.c.cwnd, at->cwnd, at->cwnd / 100);
		KUNIT_EXPECT_EQ(test, k_of(&p), 9086U);
	}
}

/* CUB-1I: the formula itself, to a byte in a segment */
static void w_cubic__exact(struct kunit *test)
{
	struct cubic_epoch e = { .w_max = 1000 * MSS, .k_ms = 9086 };

	KUNIT_EXPECT_EQ(test, w_cubic(&e, MSS, 9086), 1000000ULL);
	KUNIT_EXPECT_EQ(test, w_cubic(&e, MSS, 19086), 1400000ULL);	/* + 0.4 * 10^3 */
	KUNIT_EXPECT_EQ(test, w_cubic(&e, MSS, 4086), 950000ULL);	/* - 0.4 * 5^3 */
	KUNIT_EXPECT_EQ(test, w_cubic(&e, MSS, 10086), 1000400ULL);
	/* 700 segments at 0, but for half a millisecond of K */
	expect_near(test, w_cubic(&e, MSS, 0), 700 * MSS, MSS / 10);
}

/* CUB-1I: K for any window and segment gives the window back at t = 0 */
static void epoch_begins__k_fits(struct kunit *test)
{
	static const u32 segments[] = { 1, 9, 536, 1448, 8948, 65535 };
	struct path p;
	u32 cwnd;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(segments); i++)
		for (cwnd = 10; cwnd < (1U << 30) / segments[i]; cwnd *= 3) {
			start(&p, cwnd * segments[i], segments[i], 100 * MS);
			p.c.mss = segments[i];
			lose(&p);
			epoch_begins(cubic(&p.c), &p.c, p.now);
			expect_near(test, w_cubic(&cubic(&p.c)->e, segments[i], 0), p.c.cwnd,
				    cwnd / 1000 * segments[i] + segments[i]);
		}
}

/* CUB-2I: an idle gap of a day, counted, gives half a window more in a round */
static void target__clamped(struct kunit *test)
{
	struct path p;
	u32 before;

	start(&p, 1000 * MSS, 500 * MSS, 100 * MS);
	lose(&p);
	run(&p, SEC, 10 * MS);
	p.now += DAY;
	before = p.c.cwnd;
	ack(&p, before);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, before + before / 2);

	/* however large the ACK */
	before = p.c.cwnd;
	ack(&p, U32_MAX);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, before + before / 2);
}

/* CUB-2I: a target below cwnd does not shrink it */
static void target__never_below(struct kunit *test)
{
	struct path p;

	start(&p, 1000 * MSS, 500 * MSS, 100 * MS);
	lose(&p);
	run(&p, SEC, 10 * MS);
	p.c.cwnd = 1200 * MSS;
	ack(&p, 100 * MSS);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 1200U * MSS);
}

/* CUB-3M: an hour without anything to send is no part of t */
static void time_passes__idle(struct kunit *test)
{
	struct path p, q;

	start(&p, 1000 * MSS, 500 * MSS, 100 * MS);
	lose(&p);
	run(&p, 2 * SEC, 10 * MS);
	q = p;
	q.now += 3600 * SEC;
	event(&q, RILL_CONG_TX_START);
	run(&p, 3 * SEC, 10 * MS);
	run(&q, 3 * SEC, 10 * MS);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, q.c.cwnd);
	expect_near(test, p.c.cwnd, 972700, 9000);
}

/* CUB-3M, CUB-7M: nor is time in which the window was not used, nor does it grow */
static void time_passes__application_limited(struct kunit *test)
{
	struct path p, q;

	start(&p, 1000 * MSS, 500 * MSS, 100 * MS);
	lose(&p);
	run(&p, 2 * SEC, 10 * MS);
	q = p;
	q.limited = false;
	run(&q, 60 * SEC, 10 * MS);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, q.c.cwnd);
	q.limited = true;
	run(&p, 3 * SEC, 10 * MS);
	run(&q, 3 * SEC, 10 * MS);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, q.c.cwnd);
}

/* A clock that stands still, or goes back, does no harm. */
static void time_passes__backwards(struct kunit *test)
{
	struct path p;
	u32 before;

	start(&p, 1000 * MSS, 500 * MSS, 100 * MS);
	lose(&p);
	run(&p, 2 * SEC, 10 * MS);
	before = p.c.cwnd;
	p.now -= 50 * SEC;
	event(&p, RILL_CONG_TX_START);
	ack(&p, MSS);
	KUNIT_EXPECT_GE(test, p.c.cwnd, before);
	KUNIT_EXPECT_LE(test, p.c.cwnd, before + MSS);
}

/* CUB-4S: on a short path as Reno with alpha 9/17, and with 1 past the old window */
static void estimate_reno__short_path(struct kunit *test)
{
	struct path p;

	start(&p, 40 * MSS, 20 * MSS, 1 * MS);
	lose(&p);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 28U * MSS);
	run(&p, 10 * MS, 100);
	expect_near(test, p.c.cwnd, 28000 + 10 * 1000 * 9 / 17, 300);
	run(&p, 12670, 100);		/* (40 - 28) * 17 / 9 = 22.67 rounds */
	expect_near(test, p.c.cwnd, 40000, 500);
	run(&p, 20 * MS, 100);
	expect_near(test, p.c.cwnd, 60000, 1000);
}

/* CUB-4S, CC-4M: never faster than Reno there, one ACK of a round or many */
static void estimate_reno__super_acks(struct kunit *test)
{
	struct path p, q;

	start(&p, 40 * MSS, 20 * MSS, 1 * MS);
	lose(&p);
	q = p;
	run(&p, 40 * MS, 20);
	run(&q, 40 * MS, 1000);
	expect_near(test, q.c.cwnd, p.c.cwnd, MSS);
}

/* CUB-5M: (target - cwnd) / cwnd for each segment, however ACKs divide them */
static void grow_to_target__in_proportion(struct kunit *test)
{
	static const u32 parts[] = { 1, 2, 7, 64, 700 };
	struct path p;
	u32 to, i, n;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		start(&p, 700 * MSS, 500 * MSS, 100 * MS);
		to = 714 * MSS;
		grow_to_target(cubic(&p.c), &p.c, 70 * MSS, to);
		KUNIT_EXPECT_EQ(test, p.c.cwnd, 701400U);

		start(&p, 700 * MSS, 500 * MSS, 100 * MS);
		for (n = 0; n < parts[i]; n++)
			grow_to_target(cubic(&p.c), &p.c, 70 * MSS / parts[i], to);
		expect_near(test, p.c.cwnd, 701400, 100);
	}
}

struct cut {
	const char *name;
	u32 cwnd, flight, ssthresh;
};

static const struct cut cuts[] = {
	{ "0.7",			100000, 100000, 70000 },
	{ "of cwnd, not of flight",	100000, 1000, 70000 },
	{ "two segments",		2500, 2500, 2000 },
	{ "one segment",		1000, 1000, 2000 },
	{ "no overflow",		RILL_SSTHRESH_INFINITE, U32_MAX, 1503238552 },
};

RILL_PARAM(cut, cut, cuts);

/* CUB-6S, CC-3M */
static void cubic_ssthresh__seven_tenths(struct kunit *test)
{
	const struct cut *u = test->param_value;
	struct path p;

	start(&p, u->cwnd, RILL_SSTHRESH_INFINITE, 100 * MS);
	KUNIT_EXPECT_EQ(test, p.c.ops->ssthresh(&p.c, u->flight), u->ssthresh);
	KUNIT_EXPECT_EQ(test, rill_cong_ece_ssthresh(&p.c, u->flight), u->ssthresh);
}

/* CUB-8S: a second cut below the first leaves room to newcomers */
static void cubic_ssthresh__fast_convergence(struct kunit *test)
{
	struct path p;

	start(&p, 1000 * MSS, 500 * MSS, 100 * MS);
	lose(&p);
	KUNIT_EXPECT_EQ(test, cubic(&p.c)->e.w_max, 1000U * MSS);
	p.c.cwnd = 900 * MSS;
	lose(&p);
	KUNIT_EXPECT_EQ(test, cubic(&p.c)->e.w_max, 765U * MSS);
	/* above the last: no */
	p.c.cwnd = 800 * MSS;
	lose(&p);
	KUNIT_EXPECT_EQ(test, cubic(&p.c)->e.w_max, 800U * MSS);
}

/* CUB-9I: ssthresh by 0.7, slow start, then a curve from its plateau on */
static void cubic_event__timeout(struct kunit *test)
{
	struct path p;

	start(&p, 1000 * MSS, 500 * MSS, 100 * MS);
	lose(&p);
	run(&p, 2 * SEC, 10 * MS);
	p.c.cwnd = 800 * MSS;
	timeout(&p);
	KUNIT_EXPECT_EQ(test, p.c.ssthresh, 560U * MSS);
	while (p.c.cwnd <= p.c.ssthresh) {
		p.now += 100 * MS;
		ack(&p, p.c.cwnd);
	}
	event(&p, RILL_CONG_RECOVERED);
	p.now += 100 * MS;
	ack(&p, MSS);
	KUNIT_EXPECT_TRUE(test, cubic(&p.c)->e.running);
	KUNIT_EXPECT_EQ(test, k_of(&p), 0U);
	KUNIT_EXPECT_EQ(test, cubic(&p.c)->e.cwnd_prior, 800U * MSS);
	expect_near(test, cubic(&p.c)->e.w_max, 560 * MSS, 1);
}

/* CUB-11M: with no loss yet, K is 0 and the window before is the present one */
static void epoch_begins__after_hystart(struct kunit *test)
{
	struct path p;

	start(&p, 100 * MSS, 100 * MSS - 1, 100 * MS);
	ack(&p, MSS);
	KUNIT_EXPECT_EQ(test, k_of(&p), 0U);
	KUNIT_EXPECT_EQ(test, cubic(&p.c)->e.w_max, 100U * MSS);
	KUNIT_EXPECT_EQ(test, cubic(&p.c)->e.cwnd_prior, 100U * MSS);
}

/* There the window grows by a twentieth a round, not slower; by the curve later */
static void target__blind(struct kunit *test)
{
	struct path p;

	start(&p, 1000 * MSS, 999 * MSS, 100 * MS);
	run(&p, 100 * MS, 1 * MS);
	expect_near(test, p.c.cwnd, 1050 * MSS, 3 * MSS);
	/* and not after a loss */
	lose(&p);
	p.c.cwnd = p.c.ssthresh + 1;
	p.now += 100 * MS;
	ack(&p, MSS);
	KUNIT_EXPECT_FALSE(test, cubic(&p.c)->e.blind);
}

/* CUB-10O: after a cut for nothing all is as before */
static void undo__restores(struct kunit *test)
{
	struct path p, q;

	start(&p, 1000 * MSS, 500 * MSS, 100 * MS);
	lose(&p);
	run(&p, 4 * SEC, 10 * MS);
	q = p;
	q.c.ssthresh = q.c.ops->ssthresh(&q.c, q.c.cwnd);
	event(&q, RILL_CONG_REDUCED);
	timeout(&q);			/* a second cut of the same episode */
	q.c.cwnd = p.c.cwnd;
	q.c.ssthresh = p.c.ssthresh;
	event(&q, RILL_CONG_UNDO);
	KUNIT_EXPECT_EQ(test, memcmp(&cubic(&p.c)->e, &cubic(&q.c)->e,
				     sizeof(struct cubic_epoch)), 0);
	run(&p, 6 * SEC, 10 * MS);
	run(&q, 6 * SEC, 10 * MS);
	expect_near(test, q.c.cwnd, p.c.cwnd, MSS);

	/* once, and only if something was cut */
	p = q;
	event(&q, RILL_CONG_UNDO);
	event(&q, RILL_CONG_UNDO);
	KUNIT_EXPECT_EQ(test, cubic(&p.c)->e.w_max, cubic(&q.c)->e.w_max);
}

/* CUB-11M: slow start while cwnd is no more than ssthresh, and no further */
static void slow_start__ends_past_ssthresh(struct kunit *test)
{
	struct path p;

	start(&p, 10 * MSS, 20 * MSS, 100 * MS);
	ack(&p, 10 * MSS);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 20U * MSS);
	KUNIT_EXPECT_FALSE(test, cubic(&p.c)->e.running);
	ack(&p, 10 * MSS);
	KUNIT_EXPECT_TRUE(test, cubic(&p.c)->e.running);
	KUNIT_EXPECT_GT(test, p.c.cwnd, 20U * MSS);
	KUNIT_EXPECT_LE(test, p.c.cwnd, 21U * MSS);
}

/* C60, CUB-11M: the first slow start, by HyStart++ */
static void slow_start__doubles_in_a_round(struct kunit *test)
{
	struct path p;

	start(&p, 10 * MSS, RILL_SSTHRESH_INFINITE, 100 * MS);
	run(&p, 100 * MS, 100 * MS);
	KUNIT_EXPECT_EQ(test, p.c.cwnd, 20U * MSS);
}

/* Whatever comes, the window never shrinks by an ACK nor leaves its bounds. */
static void cubic_cong_avoid__extremes(struct kunit *test)
{
	static const u32 segments[] = { 1, 88, 1448, 65535, 1000000, RILL_SSTHRESH_INFINITE };
	u32 seed = 5, bad = 0, before, i, most;
	struct path p;

	for (i = 0; i < 60000; i++) {
		if (i % 500 == 0) {
			start(&p, 1 << 30 >> (i / 500 % 24), 1 << 29 >> (i / 500 % 24), 100 * MS);
			p.c.mss = segments[i / 500 % ARRAY_SIZE(segments)];
			p.c.cwnd = max(p.c.cwnd, p.c.mss);
			p.c.cwnd_clamp = i / 500 % 3 ? RILL_SSTHRESH_INFINITE : p.c.cwnd;
		}
		p.rtt = rill_test_random(&seed) >> (seed % 32);
		p.now += (u64)rill_test_random(&seed) << (seed % 12);
		p.limited = rill_test_random(&seed) % 8;
		switch (rill_test_random(&seed) % 64) {
		case 0:
			lose(&p);
			break;
		case 1:
			timeout(&p);
			break;
		case 2:
			event(&p, RILL_CONG_UNDO);
			break;
		case 3:
			event(&p, RILL_CONG_TX_START);
			break;
		}
		before = p.c.cwnd;
		most = max(p.c.cwnd_clamp, p.c.mss);
		ack(&p, rill_test_random(&seed) >> (seed % 32));
		if (p.c.cwnd < before || p.c.cwnd > most || most > RILL_SSTHRESH_INFINITE)
			bad++;
	}
	KUNIT_EXPECT_EQ(test, bad, 0U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(cube_root__known, root_gen_params),
	KUNIT_CASE(cube_root__nearest),
	KUNIT_CASE(w_cubic__exact),
	KUNIT_CASE(epoch_begins__k_fits),
	KUNIT_CASE(epoch_begins__after_hystart),
	KUNIT_CASE(estimate_reno__short_path),
	KUNIT_CASE(estimate_reno__super_acks),
	KUNIT_CASE(target__clamped),
	KUNIT_CASE(target__never_below),
	KUNIT_CASE(target__blind),
	KUNIT_CASE(grow_to_target__in_proportion),
	KUNIT_CASE_PARAM(congestion_avoidance__follows_the_curve, point_gen_params),
	KUNIT_CASE(slow_start__ends_past_ssthresh),
	KUNIT_CASE(slow_start__doubles_in_a_round),
	KUNIT_CASE(cubic_cong_avoid__extremes),
	KUNIT_CASE(time_passes__idle),
	KUNIT_CASE(time_passes__application_limited),
	KUNIT_CASE(time_passes__backwards),
	KUNIT_CASE_PARAM(cubic_ssthresh__seven_tenths, cut_gen_params),
	KUNIT_CASE(cubic_ssthresh__fast_convergence),
	KUNIT_CASE(undo__restores),
	KUNIT_CASE(cubic_event__timeout),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-cong-cubic",
	.test_cases = cases,
};

kunit_test_suite(suite);
