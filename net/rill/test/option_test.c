// SPDX-License-Identifier: GPL-2.0
/*
 * TCP options, RFC 9293, 3.1 and 3.2: core/option.c.
 */
#include "test.h"

#include "../core/option.c"

struct bytes {
	u8 at[RILL_OPT_SPACE];
	unsigned int len;
};

#define BYTES(...)	{ { __VA_ARGS__ }, sizeof((u8[]){ __VA_ARGS__ }) }

struct wire {
	const char *name;
	struct bytes in;
	bool syn;
	u8 present;
};

/* At the end of memory of its own, so that KASAN sees one byte read too many. */
static const u8 *exact(struct kunit *test, const struct bytes *in, unsigned int skew)
{
	u8 *p = kunit_kzalloc(test, in->len + skew, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	if (in->len)
		memcpy(p + skew, in->at, in->len);
	return p + skew;
}

static const struct wire goods[] = {
	{ "nothing",		{ { 0 }, 0 }, true, 0 },
	{ "EOL",		BYTES(0), true, 0 },
	{ "NOPs",		BYTES(1, 1, 1, 1), true, 0 },
	{ "MSS",		BYTES(2, 4, 5, 0xb4), true, RILL_OPT_MSS },
	{ "MSS after NOP",	BYTES(1, 2, 4, 5, 0xb4), true, RILL_OPT_MSS },
	{ "MSS of 0",		BYTES(2, 4, 0, 0), true, 0 },
	{ "MSS, not a SYN",	BYTES(2, 4, 5, 0xb4), false, 0 },
	{ "wscale",		BYTES(3, 3, 7), true, RILL_OPT_WSCALE },
	{ "wscale, not a SYN",	BYTES(3, 3, 7), false, 0 },
	{ "SACK permitted",	BYTES(4, 2), true, RILL_OPT_SACK_PERM },
	{ "SACK permitted, not a SYN", BYTES(4, 2), false, 0 },
	{ "TS, aligned",	BYTES(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2), false, RILL_OPT_TS },
	{ "TS, unpadded",	BYTES(8, 10, 0, 0, 0, 1, 0, 0, 0, 2), false, RILL_OPT_TS },
	{ "TS on a SYN",	BYTES(8, 10, 0, 0, 0, 1, 0, 0, 0, 2), true, RILL_OPT_TS },
	{ "SACK, one block",	BYTES(5, 10, 0, 0, 0, 1, 0, 0, 0, 2), false, RILL_OPT_SACK },
	{ "unknown kind",	BYTES(253, 6, 1, 2, 3, 4, 2, 4, 5, 0xb4), true, RILL_OPT_MSS },
	{ "unknown kind, no body", BYTES(253, 2, 2, 4, 5, 0xb4), true, RILL_OPT_MSS },
	{ "unknown after TS",	BYTES(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 253, 4, 9, 9),
	  false, RILL_OPT_TS },
	{ "garbage after EOL",	BYTES(3, 3, 7, 0, 2, 4, 5, 0xb4, 8, 1, 0), true, RILL_OPT_WSCALE },
	{ "MSS of length 3",	BYTES(2, 3, 5, 3, 3, 7), true, RILL_OPT_WSCALE },
	{ "wscale of length 2",	BYTES(3, 2, 4, 2), true, RILL_OPT_SACK_PERM },
	{ "TS of length 6",	BYTES(8, 6, 1, 2, 3, 4), false, 0 },
	{ "SACK without block",	BYTES(5, 2), false, 0 },
	{ "SACK, block and a half", BYTES(5, 14, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3), false, 0 },
	{ "cookie",		BYTES(34, 6, 1, 2, 3, 4), true, RILL_OPT_FO },
	{ "cookie, not a SYN",	BYTES(34, 6, 1, 2, 3, 4), false, 0 },
	{ "cookie, asked for",	BYTES(34, 2), true, RILL_OPT_FO },
	{ "cookie of 16",
	  BYTES(34, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), true, RILL_OPT_FO },
	{ "cookie of 18",	BYTES(34, 20, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
				      17, 18), true, 0 },
	{ "cookie of 2",	BYTES(34, 4, 1, 2), true, 0 },
	{ "cookie of 5",	BYTES(34, 7, 1, 2, 3, 4, 5), true, 0 },
	{ "cookie, experimental", BYTES(254, 8, 0xf9, 0x89, 1, 2, 3, 4), true,
	  RILL_OPT_FO | RILL_OPT_FO_EXP },
	{ "another experiment",	BYTES(254, 8, 0xf9, 0x8a, 1, 2, 3, 4), true, 0 },
	{ "no experiment",	BYTES(254, 3, 0xf9), true, 0 },
	{ "MD5",		BYTES(1, 1, 19, 18, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
				      15, 16), false, RILL_OPT_MD5 },
	{ "MD5 of length 17",	BYTES(19, 17, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
	  true, 0 },
	{ "SACK, half a block",	BYTES(5, 6, 0, 0, 0, 1), false, 0 },
};

RILL_PARAM(good, wire, goods);

/* MUST-4, MUST-5, MUST-6, MUST-65, WS-2M, SACK-1M */
static void rill_opt_parse__knows_what_counts(struct kunit *test)
{
	const struct wire *w = test->param_value;
	const u8 *p = exact(test, &w->in, 0);
	struct rill_opts o;

	KUNIT_EXPECT_EQ(test, rill_opt_parse(p, w->in.len, w->syn, &o), 0);
	KUNIT_EXPECT_EQ(test, o.present, w->present);
}

/* MUST-64: each alignment */
static void rill_opt_parse__any_alignment(struct kunit *test)
{
	const struct wire *w = test->param_value;
	struct rill_opts o;
	unsigned int skew;

	for (skew = 1; skew < 8; skew++) {
		const u8 *p = exact(test, &w->in, skew);

		KUNIT_EXPECT_EQ(test, rill_opt_parse(p, w->in.len, w->syn, &o), 0);
		KUNIT_EXPECT_EQ(test, o.present, w->present);
	}
}

static const struct wire bads[] = {
	{ "length 0",		BYTES(253, 0), true, 0 },
	{ "length 1",		BYTES(253, 1), true, 0 },
	{ "MSS, length 0",	BYTES(2, 0, 5, 0xb4), true, 0 },
	{ "MSS, length 1",	BYTES(2, 1, 5, 0xb4), true, 0 },
	{ "no length",		BYTES(2), true, 0 },
	{ "no length after TS",	BYTES(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 8), false, RILL_OPT_TS },
	{ "MSS beyond",		BYTES(2, 4, 5), true, 0 },
	{ "TS beyond",		BYTES(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0), false, 0 },
	{ "SACK beyond",	BYTES(5, 18, 0, 0, 0, 1, 0, 0, 0, 2), false, 0 },
	{ "length 255",		BYTES(254, 255, 0, 0), false, 0 },
	{ "after a good one",	BYTES(3, 3, 7, 2, 0), true, RILL_OPT_WSCALE },
};

RILL_PARAM(bad, wire, bads);

/* MUST-7 */
static void rill_opt_parse__refuses_bad_length(struct kunit *test)
{
	const struct wire *w = test->param_value;
	const u8 *p = exact(test, &w->in, 0);
	struct rill_opts o;

	KUNIT_EXPECT_EQ(test, rill_opt_parse(p, w->in.len, w->syn, &o), -EINVAL);
	KUNIT_EXPECT_EQ(test, o.present, w->present);
}

/* MUST-7: no input crashes, and no result leaves its bounds */
static void rill_opt_parse__survives_noise(struct kunit *test)
{
	static const u8 kinds[] = { 0, 1, 2, 3, 4, 5, 8, 253 };
	u32 i, k, len, seed = 0x52494c4c;
	u8 bytes[RILL_OPT_SPACE];
	struct rill_opts o;
	int err;

	for (i = 0; i < 100000; i++) {
		len = rill_test_random(&seed) % (RILL_OPT_SPACE + 1);
		for (k = 0; k < len; k++)
			bytes[k] = rill_test_random(&seed) % 3 ?
				   kinds[rill_test_random(&seed) % ARRAY_SIZE(kinds)] :
				   rill_test_random(&seed) % 24;
		err = rill_opt_parse(bytes, len, i & 1, &o);
		KUNIT_ASSERT_TRUE(test, err == 0 || err == -EINVAL);
		KUNIT_ASSERT_LE(test, o.wscale, 14);
		KUNIT_ASSERT_LE(test, o.nr_sacks, 4);
	}
}

struct shift {
	const char *name;
	u8 sent, taken;
};

static const struct shift shifts[] = {
	{ "0", 0, 0 }, { "13", 13, 13 }, { "14", 14, 14 }, { "15", 15, 14 }, { "255", 255, 14 },
};

RILL_PARAM(shift, shift, shifts);

/* WS-4M */
static void rill_opt_parse__caps_wscale(struct kunit *test)
{
	const struct shift *s = test->param_value;
	const u8 bytes[] = { 3, 3, s->sent };
	struct rill_opts o;

	KUNIT_EXPECT_EQ(test, rill_opt_parse(bytes, sizeof(bytes), true, &o), 0);
	KUNIT_EXPECT_EQ(test, o.wscale, s->taken);
}

static void rill_opt_parse__last_of_two_counts(struct kunit *test)
{
	static const u8 bytes[] = { 2, 4, 1, 0, 2, 4, 2, 0 };
	struct rill_opts o;

	KUNIT_EXPECT_EQ(test, rill_opt_parse(bytes, sizeof(bytes), true, &o), 0);
	KUNIT_EXPECT_EQ(test, o.mss, 0x200);
}

struct round {
	const char *name;
	struct rill_opts o;
	bool syn;
	unsigned int len;
	u8 nr_sacks;
};

#define BLOCKS	{ { 1, 2 }, { 0xfffffff0, 4 }, { 5, 6 }, { 0x80000000, 0x80000001 } }

static const struct round rounds[] = {
	{ "nothing",	{ 0 }, false, 0, 0 },
	{ "MSS",	{ .present = RILL_OPT_MSS, .mss = 1460 }, true, 4, 0 },
	{ "SACK permitted", { .present = RILL_OPT_SACK_PERM }, true, 4, 0 },
	{ "wscale",	{ .present = RILL_OPT_WSCALE, .wscale = 14 }, true, 4, 0 },
	{ "TS",		{ .present = RILL_OPT_TS, .tsval = 0xdeadbeef, .tsecr = 1 }, false, 12, 0 },
	{ "SYN with all", { .present = RILL_OPT_MSS | RILL_OPT_SACK_PERM | RILL_OPT_TS |
			    RILL_OPT_WSCALE, .mss = 65535, .tsval = 1, .wscale = 7 }, true, 20, 0 },
	{ "SACK, one",	{ .present = RILL_OPT_SACK, .nr_sacks = 1, .sack = BLOCKS }, false, 12, 1 },
	{ "SACK, four",	{ .present = RILL_OPT_SACK, .nr_sacks = 4, .sack = BLOCKS }, false, 36, 4 },
	{ "SACK, five",	{ .present = RILL_OPT_SACK, .nr_sacks = 5, .sack = BLOCKS }, false, 36, 4 },
	{ "SACK, none",	{ .present = RILL_OPT_SACK }, false, 0, 0 },
	{ "TS and three SACKs", { .present = RILL_OPT_TS | RILL_OPT_SACK, .nr_sacks = 3,
				  .tsval = 7, .tsecr = 8, .sack = BLOCKS }, false, 40, 3 },
	{ "TS and four SACKs", { .present = RILL_OPT_TS | RILL_OPT_SACK, .nr_sacks = 4,
				 .tsval = 7, .tsecr = 8, .sack = BLOCKS }, false, 40, 3 },
	{ "MD5 and TS, no room for SACKs", { .present = RILL_OPT_MD5 | RILL_OPT_TS |
					     RILL_OPT_SACK, .nr_sacks = 2, .sack = BLOCKS },
	  false, 32, 0 },
	{ "MD5 and two SACKs", { .present = RILL_OPT_MD5 | RILL_OPT_SACK, .nr_sacks = 4,
				 .sack = BLOCKS }, false, 40, 2 },
	{ "SYN with MD5 and all", { .present = RILL_OPT_MD5 | RILL_OPT_MSS | RILL_OPT_SACK_PERM |
				    RILL_OPT_TS | RILL_OPT_WSCALE, .mss = 1460 }, true, 40, 0 },
	{ "SYN with all and SACKs", { .present = 0x1f, .mss = 1, .nr_sacks = 4, .sack = BLOCKS },
	  true, 40, 2 },
};

RILL_PARAM(round, round, rounds);

/* SACK-4S: three blocks beside timestamps, four without */
static void rill_opt_len__fits_the_header(struct kunit *test)
{
	const struct round *r = test->param_value;

	KUNIT_EXPECT_EQ(test, rill_opt_len(&r->o), r->len);
	KUNIT_EXPECT_EQ(test, rill_opt_len(&r->o) % 4, 0U);
}

/* MUST-14, MUST-68, SACK-4S */
static void rill_opt_write__is_read_back(struct kunit *test)
{
	const struct round *r = test->param_value;
	struct rill_opts back, want = r->o;
	u8 bytes[RILL_OPT_SPACE + 2];
	unsigned int i;

	want.nr_sacks = r->nr_sacks;
	if (!want.nr_sacks)
		want.present &= ~RILL_OPT_SACK;

	/* One byte off, where nothing is aligned. */
	memset(bytes, 0xa5, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, rill_opt_write(bytes + 1, &r->o), r->len);
	KUNIT_EXPECT_EQ(test, bytes[0], 0xa5);
	KUNIT_EXPECT_EQ(test, bytes[1 + r->len], 0xa5);

	KUNIT_EXPECT_EQ(test, rill_opt_parse(bytes + 1, r->len, r->syn, &back), 0);
	KUNIT_EXPECT_EQ(test, back.present, want.present);
	KUNIT_EXPECT_EQ(test, back.mss, want.mss);
	KUNIT_EXPECT_EQ(test, back.wscale, want.wscale);
	KUNIT_EXPECT_EQ(test, back.tsval, want.tsval);
	KUNIT_EXPECT_EQ(test, back.tsecr, want.tsecr);
	KUNIT_EXPECT_EQ(test, back.nr_sacks, want.nr_sacks);
	for (i = 0; i < r->nr_sacks; i++) {
		KUNIT_EXPECT_EQ(test, back.sack[i].start, want.sack[i].start);
		KUNIT_EXPECT_EQ(test, back.sack[i].end, want.sack[i].end);
	}
}

/* RFC 7323, appendix A: what the fast path of every receiver expects */
static void rill_opt_write__timestamps_are_aligned(struct kunit *test)
{
	const struct rill_opts o = { .present = RILL_OPT_TS, .tsval = 0x01020304,
				     .tsecr = 0x05060708 };
	static const u8 want[] = { 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 };
	u8 bytes[RILL_TS_ALIGNED];

	KUNIT_EXPECT_EQ(test, rill_opt_write(bytes, &o), sizeof(want));
	KUNIT_EXPECT_EQ(test, memcmp(bytes, want, sizeof(want)), 0);
}

/* RFC 2385: the digest comes later, to a place that is known */
static void rill_opt_write__md5_comes_first(struct kunit *test)
{
	const struct rill_opts o = { .present = RILL_OPT_MD5 | RILL_OPT_MSS, .mss = 1460 };
	u8 bytes[RILL_MD5_ALIGNED + 4];
	struct rill_opts back;

	memset(bytes, 0xa5, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, rill_opt_write(bytes, &o), sizeof(bytes));
	KUNIT_EXPECT_EQ(test, rill_opt_parse(bytes, sizeof(bytes), true, &back), 0);
	KUNIT_EXPECT_PTR_EQ(test, back.md5, (const u8 *)bytes + RILL_MD5_AT);
	KUNIT_EXPECT_NULL(test, memchr_inv(back.md5, 0, 16));
}

static void rill_opt_plain__knows_the_usual(struct kunit *test)
{
	static const u8 ts[] = { 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 1, 1, 1 };
	static const u8 other[] = { 1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2 };

	KUNIT_EXPECT_TRUE(test, rill_opt_plain(ts, 0));
	KUNIT_EXPECT_TRUE(test, rill_opt_plain(ts, RILL_TS_ALIGNED));
	KUNIT_EXPECT_FALSE(test, rill_opt_plain(ts, sizeof(ts)));
	KUNIT_EXPECT_FALSE(test, rill_opt_plain(other, sizeof(other)));
}

/* WS-4M */
static void rill_opt_write__caps_wscale(struct kunit *test)
{
	const struct rill_opts o = { .present = RILL_OPT_WSCALE, .wscale = 15 };
	u8 bytes[4];

	KUNIT_EXPECT_EQ(test, rill_opt_write(bytes, &o), 4U);
	KUNIT_EXPECT_EQ(test, bytes[3], 14);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_opt_parse__knows_what_counts, good_gen_params),
	KUNIT_CASE_PARAM(rill_opt_parse__any_alignment, good_gen_params),
	KUNIT_CASE_PARAM(rill_opt_parse__refuses_bad_length, bad_gen_params),
	KUNIT_CASE(rill_opt_parse__survives_noise),
	KUNIT_CASE_PARAM(rill_opt_parse__caps_wscale, shift_gen_params),
	KUNIT_CASE(rill_opt_parse__last_of_two_counts),
	KUNIT_CASE_PARAM(rill_opt_len__fits_the_header, round_gen_params),
	KUNIT_CASE_PARAM(rill_opt_write__is_read_back, round_gen_params),
	KUNIT_CASE(rill_opt_write__timestamps_are_aligned),
	KUNIT_CASE(rill_opt_write__md5_comes_first),
	KUNIT_CASE(rill_opt_plain__knows_the_usual),
	KUNIT_CASE(rill_opt_write__caps_wscale),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-option",
	.test_cases = cases,
};

kunit_test_suite(suite);
