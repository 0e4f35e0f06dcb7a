// SPDX-License-Identifier: GPL-2.0
/*
 * Windows, RFC 9293, 3.4, 3.8.6, 3.10.7.4: core/window.c.
 */
#include "test.h"

#include "../core/window.c"

#define MSS	1460

struct segment {
	const char *name;
	u32 wnd, seq, len;	/* seq from RCV.NXT on */
	bool acceptable;
};

static const struct segment segments[] = {
	{ "no length, no window, at nxt",	0, 0, 0, true },
	{ "no length, no window, below",	0, -1, 0, false },
	{ "no length, no window, above",	0, 1, 0, false },
	{ "no length, at nxt",			10, 0, 0, true },
	{ "no length, last of window",		10, 9, 0, true },
	{ "no length, right edge",		10, 10, 0, false },
	{ "no length, below",			10, -1, 0, false },
	{ "length, no window, at nxt",		0, 0, 1, false },
	{ "length, no window, below",		0, -1, 2, false },
	{ "length, at nxt",			10, 0, 1, true },
	{ "length, begins last",		10, 9, 5, true },
	{ "length, begins at the edge",		10, 10, 5, false },
	{ "length, ends below nxt",		10, -5, 5, false },
	{ "length, ends at nxt",		10, -5, 6, true },
	{ "length, begins below, ends last",	10, -5, 15, true },
	{ "length, fills the window",		10, 0, 10, true },
	{ "length, beyond on both sides",	10, -5, 20, false },
	{ "largest window, last",		1U << 30, (1U << 30) - 1, 0, true },
	{ "largest window, edge",		1U << 30, 1U << 30, 0, false },
};

RILL_PARAM(segment, segment, segments);

/* SM-4, SM-5: at each base, so that edges fall on both sides of 0 and 2^31 */
static void rill_win_acceptable__four_cases(struct kunit *test)
{
	const struct segment *s = test->param_value;
	unsigned int b, off;

	for (b = 0; b < ARRAY_SIZE(rill_test_bases); b++)
		for (off = 0; off < 16; off++) {
			u32 nxt = rill_test_bases[b] - off;

			KUNIT_EXPECT_EQ(test, s->acceptable,
					rill_win_acceptable(nxt, s->wnd, nxt + s->seq, s->len));
		}
}

/* SM-5: the four cases with plain numbers, far from any wrap */
static bool acceptable_model(long nxt, long wnd, long seq, long len)
{
	long last = seq + len - 1;

	if (!len && !wnd)
		return seq == nxt;
	if (!len)
		return nxt <= seq && seq < nxt + wnd;
	if (!wnd)
		return false;
	return (nxt <= seq && seq < nxt + wnd) || (nxt <= last && last < nxt + wnd);
}

static void try_windows(struct kunit *test, u32 nxt)
{
	int wnd, seq, len;

	for (wnd = 0; wnd < 8; wnd++)
		for (seq = -12; seq < 12; seq++)
			for (len = 0; len < 12; len++)
				KUNIT_ASSERT_EQ(test, rill_win_acceptable(nxt, wnd, nxt + seq, len),
						acceptable_model(100, wnd, 100 + seq, len));
}

/* SM-5 */
static void rill_win_acceptable__as_plain_numbers(struct kunit *test)
{
	unsigned int b;

	for (b = 0; b < ARRAY_SIZE(rill_test_bases); b++)
		try_windows(test, rill_test_bases[b]);
}

struct update {
	const char *name;
	int seq, ack;	/* from WL1 and WL2 on */
	bool is_update;
};

static const struct update updates[] = {
	{ "same segment",	0, 0, true },
	{ "newer ACK",		0, 1, true },
	{ "older ACK",		0, -1, false },
	{ "newer segment",	1, 0, true },
	{ "newer segment, older ACK", 1, -1, true },
	{ "older segment",	-1, 0, false },
	{ "older segment, newer ACK", -1, 1, false },
};

RILL_PARAM(update, update, updates);

/* SM-11 */
static void rill_win_is_update__not_from_the_past(struct kunit *test)
{
	const struct update *u = test->param_value;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(rill_test_bases); i++)
		for (k = 0; k < ARRAY_SIZE(rill_test_bases); k++) {
			u32 wl1 = rill_test_bases[i], wl2 = rill_test_bases[k];

			KUNIT_EXPECT_EQ(test, u->is_update,
					rill_win_is_update(wl1, wl2, wl1 + u->seq, wl2 + u->ack));
		}
}

struct room {
	const char *name;
	u32 out, wnd, cwnd, usable;
};

static const struct room rooms[] = {
	{ "idle",			0, 100, 200, 100 },
	{ "cwnd is smaller",		0, 200, 100, 100 },
	{ "some out",			30, 100, 200, 70 },
	{ "all out",			100, 100, 200, 0 },
	{ "peer shrank its window",	100, 50, 200, 0 },
	{ "cwnd fell",			100, 200, 50, 0 },
	{ "window closed",		0, 0, 200, 0 },
	{ "largest",			1, 1U << 30, ~0U, (1U << 30) - 1 },
};

RILL_PARAM(room, room, rooms);

/* CC-1M, MUST-34, SHLD-15, C60 */
static void rill_win_usable__least_window_less_flight(struct kunit *test)
{
	const struct room *r = test->param_value;
	unsigned int b;

	for (b = 0; b < ARRAY_SIZE(rill_test_bases); b++) {
		u32 una = rill_test_bases[b];

		KUNIT_EXPECT_EQ(test, r->usable,
				rill_win_usable(una, una + r->out, r->wnd, r->cwnd));
	}
}

struct scale {
	const char *name;
	u32 space;
	u8 shift;
};

static const struct scale scales[] = {
	{ "nothing", 0, 0 }, { "64 KB - 1", 65535, 0 }, { "64 KB", 65536, 1 },
	{ "128 KB - 1", 131071, 1 }, { "128 KB", 131072, 2 }, { "6 MB", 6 << 20, 7 },
	{ "1 GB - 1", (1U << 30) - 1, 14 }, { "1 GB", 1U << 30, 14 }, { "4 GB - 1", ~0U, 14 },
};

RILL_PARAM(scale, scale, scales);

/* WS-4M, WS-8S, C52 */
static void rill_win_scale_for__least_shift(struct kunit *test)
{
	const struct scale *s = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_win_scale_for(s->space), s->shift);
}

struct offer {
	const char *name;
	u32 cur, free, full, mss;
	u8 wscale;
	u32 win;
};

static const struct offer offers[] = {
	{ "opens from 0",	0, 60000, 60000, MSS, 0, 60000 },
	{ "stays closed",	0, MSS - 1, 60000, MSS, 0, 0 },
	{ "opens by an MSS",	0, MSS, 60000, MSS, 0, MSS },
	{ "half a small buffer", 0, 500, 1000, MSS, 0, 500 },
	{ "less than half of it", 0, 499, 1000, MSS, 0, 0 },
	{ "no small step",	10000, 10000 + MSS - 1, 60000, MSS, 0, 10000 },
	{ "a full step",	10000, 10000 + MSS, 60000, MSS, 0, 10000 + MSS },
	{ "never left",		10000, 2000, 60000, MSS, 0, 10000 },
	{ "never left, buffer full", 10000, 0, 60000, MSS, 0, 10000 },
	{ "field is full",	0, 200000, 200000, MSS, 0, 65535 },
	{ "at the limit",	65535, 200000, 200000, MSS, 0, 65535 },
	{ "no small step to the limit", 65000, 200000, 200000, MSS, 0, 65000 },
	{ "scaled, rounds down", 0, 200001, 200001, MSS, 2, 200000 },
	{ "scaled, exactly a step", 0, MSS + 3, 60000, MSS, 2, MSS },
	{ "scaled, cur rounds up", 10001, 0, 60000, MSS, 2, 10004 },
	{ "scaled, unit above buffer", 0, 3000, 3000, MSS, 14, 16384 },
	{ "scaled, limit",	0, ~0U, ~0U, MSS, 14, 65535U << 14 },
	{ "scaled, at the limit", (65535U << 14) - 1, 0, ~0U, MSS, 14, 65535U << 14 },
	{ "no buffer",		0, 0, 0, MSS, 0, 0 },
	{ "no MSS",		0, 0, 60000, 0, 0, 0 },
};

RILL_PARAM(offer, offer, offers);

/* MUST-39, SM-19, SHLD-14, WS-5M, REC-1, C51 */
static void rill_win_select__opens_in_steps(struct kunit *test)
{
	const struct offer *o = test->param_value;

	KUNIT_EXPECT_EQ(test, o->win,
			rill_win_select(o->cur, o->free, o->full, o->mss, o->wscale));
}

/* SHLD-14, MUST-39, WS-5M, C51: what holds of any answer */
static void rill_win_select__random(struct kunit *test)
{
	u32 i, seed = 0x524c4c02;

	for (i = 0; i < 200000; i++) {
		u8 wscale = rill_test_random(&seed) % 15;
		u32 limit = 65535U << wscale;
		u32 full = rill_test_random(&seed) >> rill_test_random(&seed) % 24;
		u32 free = full ? rill_test_random(&seed) % full : 0;
		u32 cur = rill_test_random(&seed) % (min(full, limit) + 1);
		u32 win = rill_win_select(cur, free, full, MSS, wscale);
		u32 unit = 1U << wscale;

		KUNIT_ASSERT_EQ(test, win & (unit - 1), 0U);
		KUNIT_ASSERT_LE(test, win, limit);
		KUNIT_ASSERT_GE(test, win, cur);
		if (win >= cur + unit)
			KUNIT_ASSERT_GE(test, win - cur, min_t(u32, full / 2, MSS));
		if (win >= unit && win - unit >= cur)
			KUNIT_ASSERT_LT(test, win - unit, free);
	}
}

/* C50: with all of the buffer free a closed window opens, whatever the sizes */
static void rill_win_select__empty_buffer_opens(struct kunit *test)
{
	u32 full;
	u8 wscale;

	for (wscale = 0; wscale <= 14; wscale++)
		for (full = 1; full < 100000; full += 37)
			KUNIT_ASSERT_GT(test, rill_win_select(0, full, full, MSS, wscale), 0U);
}

/* MUST-39, C51: a reader of single bytes opens nothing until a segment fits */
static void rill_win_select__byte_reader(struct kunit *test)
{
	u32 free;

	for (free = 0; free < MSS; free++)
		KUNIT_ASSERT_EQ(test, rill_win_select(0, free, 60000, MSS, 0), 0U);
	KUNIT_EXPECT_EQ(test, rill_win_select(0, free, 60000, MSS, 0), MSS);
}

struct worth {
	const char *name;
	u32 cur, win, full;
	bool yes;
};

static const struct worth worths[] = {
	{ "nothing to nothing",	0, 0, 60000, false },
	{ "opens from 0",	0, MSS, 60000, true },
	{ "opens too little",	0, MSS - 1, 60000, false },
	{ "half a small buffer", 0, 500, 1000, true },
	{ "doubles",		2000, 4000, 60000, true },
	{ "doubles, less than a segment", 1000, 2000, 60000, false },
	{ "nearly doubles",	2000, 3999, 60000, false },
	{ "a segment, not double", 20000, 20000 + MSS, 60000, false },
	{ "same",		2000, 2000, 60000, false },
	{ "less",		2000, 1000, 60000, false },
	{ "large",		1U << 31, ~0U, ~0U, false },
	{ "tiny buffer, nothing", 0, 0, 1, false },
};

RILL_PARAM(worth, worth, worths);

/* MUST-39, CC-11M, RX-9, C50 */
static void rill_win_worth_update__at_twice_the_window(struct kunit *test)
{
	const struct worth *w = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_win_worth_update(w->cur, w->win, w->full, MSS), w->yes);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_win_acceptable__four_cases, segment_gen_params),
	KUNIT_CASE(rill_win_acceptable__as_plain_numbers),
	KUNIT_CASE_PARAM(rill_win_is_update__not_from_the_past, update_gen_params),
	KUNIT_CASE_PARAM(rill_win_usable__least_window_less_flight, room_gen_params),
	KUNIT_CASE_PARAM(rill_win_scale_for__least_shift, scale_gen_params),
	KUNIT_CASE_PARAM(rill_win_select__opens_in_steps, offer_gen_params),
	KUNIT_CASE(rill_win_select__random),
	KUNIT_CASE(rill_win_select__empty_buffer_opens),
	KUNIT_CASE(rill_win_select__byte_reader),
	KUNIT_CASE_PARAM(rill_win_worth_update__at_twice_the_window, worth_gen_params),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-window",
	.test_cases = cases,
};

kunit_test_suite(suite);
