// SPDX-License-Identifier: GPL-2.0
/*
 * Urgent pointer and mark, RFC 9293, 3.8.5: core/urg.c.
 */
#include "test.h"

#include "../core/urg.c"

struct field {
	const char *name;
	u32 up, nxt;		/* from SEG.SEQ */
	u16 field;
};

/* MUST-30, MUST-31, MUST-62, URG-1I */
static const struct field fields[] = {
	{ "before it",			-1, 100, 0 },
	{ "nothing urgent here",	0, 100, 0 },
	{ "its first octet",		1, 100, 1 },
	{ "its last octet",		100, 100, 100 },
	{ "beyond it",			5000, 100, 5000 },
	{ "bare, beyond the window",	5000, 0, 5000 },
	{ "as far as it reaches",	65535, 1460, 65535 },
	{ "as far, all of it sent",	65535, 70000, 65535 },
	{ "too far, not sent",		65536, 1460, 65535 },
	{ "too far, nearly sent",	70000, 65534, 65535 },
	{ "too far, sent up to there",	70000, 65535, 0 },
	{ "too far, sent",		70000, 70000, 0 },
	{ "half the space away",	0x7fffffff, 1460, 65535 },
};

RILL_PARAM(field, field, fields);

static void rill_urg_field__says(struct kunit *test)
{
	const struct field *f = test->param_value;
	int i;

	for (i = 0; i < ARRAY_SIZE(rill_test_bases); i++) {
		u32 seq = rill_test_bases[i];

		KUNIT_EXPECT_EQ(test, rill_urg_field(seq, seq + f->up, seq + f->nxt), f->field);
	}
}

/* MUST-31: segment by segment through a long span, the peer's mark is always ahead */
static void rill_urg_field__span(struct kunit *test)
{
	u32 base = 0xffff8000, len = 200000, at, mark = base - 1;

	for (at = 0; at < len; at += 1000) {
		u16 field = rill_urg_field(base + at, base + len, base + at + 1000);

		KUNIT_ASSERT_NE(test, field, 0);
		KUNIT_ASSERT_FALSE(test, rill_before(rill_urg_mark(base + at, field), mark));
		mark = rill_urg_mark(base + at, field);
		KUNIT_ASSERT_GE(test, mark + 1 - base, at + 1000);
	}
	KUNIT_EXPECT_EQ(test, mark, base + len - 1);
}

/* MUST-62 */
static void rill_urg_mark__octet_before(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, rill_urg_mark(1000, 1), 1000U);
	KUNIT_EXPECT_EQ(test, rill_urg_mark(1000, 0), 1000U);
	KUNIT_EXPECT_EQ(test, rill_urg_mark(0xffffffff, 2), 0U);
	KUNIT_EXPECT_EQ(test, rill_urg_mark(1, 65535), 65535U);
}

struct news {
	const char *name;
	enum rill_urg_state state;
	s32 old, mark, copied, nxt;
	bool news;
};

/* MUST-32, UR-5 */
static const struct news news[] = {
	{ "the first",			RILL_URG_NONE, 0, 5, 0, 5, true },
	{ "far ahead",			RILL_URG_NONE, 0, 65000, 0, 5, true },
	{ "next to be read",		RILL_URG_NONE, 0, 0, 0, 0, true },
	{ "received",			RILL_URG_NONE, 0, 4, 0, 5, false },
	{ "read",			RILL_URG_NONE, 0, -1, 0, 5, false },
	{ "the same, awaited",		RILL_URG_AWAITED, 5, 5, 0, 5, false },
	{ "the same, here",		RILL_URG_HERE, 5, 5, 0, 5, false },
	{ "the same, read",		RILL_URG_READ, 5, 5, 0, 5, false },
	{ "a newer, awaited",		RILL_URG_AWAITED, 5, 6, 0, 5, true },
	{ "a newer, here",		RILL_URG_HERE, 5, 6, 0, 6, true },
	{ "a newer, read",		RILL_URG_READ, 5, 6, 0, 6, true },
	{ "an older, out of order",	RILL_URG_AWAITED, 50, 20, 0, 5, false },
	{ "old leftovers",		RILL_URG_NONE, 50, 20, 0, 5, true },
};

RILL_PARAM(news, news, news);

static void rill_urg_is_news__judges(struct kunit *test)
{
	const struct news *n = test->param_value;
	int i;

	for (i = 0; i < ARRAY_SIZE(rill_test_bases); i++) {
		u32 b = rill_test_bases[i];

		KUNIT_EXPECT_EQ(test, n->news,
				rill_urg_is_news(n->state, b + n->old, b + n->mark,
						 b + n->copied, b + n->nxt));
	}
}

struct split {
	const char *name;
	s32 mark;		/* from what is read next */
	u32 len;
	bool oobinline;
	u32 skip, take;
};

/* UR-3, UR-4 */
static const struct split splits[] = {
	{ "mark behind",		-1, 10, false, 0, 10 },
	{ "mark beyond",		10, 10, false, 0, 10 },
	{ "mark last",			9, 10, false, 0, 9 },
	{ "mark second",		1, 10, false, 0, 1 },
	{ "at the mark",		0, 10, false, 1, 9 },
	{ "at the mark, alone",		0, 1, false, 1, 0 },
	{ "inline, mark last",		9, 10, true, 0, 9 },
	{ "inline, at the mark",	0, 10, true, 0, 10 },
	{ "inline, alone",		0, 1, true, 0, 1 },
};

RILL_PARAM(split, split, splits);

static void rill_urg_split__stops(struct kunit *test)
{
	const struct split *s = test->param_value;
	int i;

	for (i = 0; i < ARRAY_SIZE(rill_test_bases); i++) {
		u32 seq = rill_test_bases[i], skip = 7;

		KUNIT_EXPECT_EQ(test, s->take,
				rill_urg_split(seq + s->mark, s->oobinline, seq, s->len, &skip));
		KUNIT_EXPECT_EQ(test, s->skip, skip);
	}
}

/* IO-1, MUST-33 */
static void rill_urg_until__counts(struct kunit *test)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(rill_test_bases); i++) {
		u32 b = rill_test_bases[i];

		KUNIT_EXPECT_EQ(test, rill_urg_until(b + 4, b, b + 10), 4U);
		KUNIT_EXPECT_EQ(test, rill_urg_until(b, b, b + 10), 0U);
		KUNIT_EXPECT_EQ(test, rill_urg_until(b - 1, b, b + 10), 10U);
		KUNIT_EXPECT_EQ(test, rill_urg_until(b + 10, b, b + 10), 10U);
		KUNIT_EXPECT_EQ(test, rill_urg_until(b + 99, b, b + 10), 10U);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_urg_field__says, field_gen_params),
	KUNIT_CASE(rill_urg_field__span),
	KUNIT_CASE(rill_urg_mark__octet_before),
	KUNIT_CASE_PARAM(rill_urg_is_news__judges, news_gen_params),
	KUNIT_CASE_PARAM(rill_urg_split__stops, split_gen_params),
	KUNIT_CASE(rill_urg_until__counts),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-urg",
	.test_cases = cases,
};

kunit_test_suite(suite);
