// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies, RFC 4987, 3.6: core/cookie.c.
 */
#include "test.h"

#include "../core/cookie.c"

struct tuple {
	u32 words[3];
};

static u32 test_key;

/* No secret, but every bit of the input moves every bit of the output. */
static u32 test_hash(const void *ctx, u32 isn, u32 count)
{
	const struct tuple *t = ctx;
	u32 in[] = { t->words[0], t->words[1], t->words[2], isn, count };
	u32 i, h = test_key ^ 0x9e3779b9;

	for (i = 0; i < ARRAY_SIZE(in); i++) {
		h = (h ^ in[i]) * 0x85ebca6b;
		h ^= h >> 13;
		h *= 0xc2b2ae35;
		h ^= h >> 16;
	}
	return h;
}

static const struct tuple one = { { 0x0a000001, 0x0a000002, 0x1f900fa0 } };

struct mss_case {
	const char *name;
	u16 offered, carried;
};

static const struct mss_case mss_cases[] = {
	{ "none", 0, 48 }, { "least", 48, 48 }, { "255", 255, 48 }, { "256", 256, 256 },
	{ "default", 536, 536 }, { "1219", 1219, 536 }, { "1220", 1220, 1220 },
	{ "PPPoE", 1452, 1440 }, { "Ethernet", 1460, 1460 }, { "jumbo", 8960, 8960 },
	{ "loopback", 65495, 8960 }, { "most", 65535, 8960 },
};

RILL_PARAM(mss, mss_case, mss_cases);

/* SYNC-2I; MUST-16: never more than the peer takes */
static void rill_cookie_make__carries_mss(struct kunit *test)
{
	const struct mss_case *c = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rill_test_bases); i++) {
		u32 isn = rill_test_bases[i], cookie;
		u16 mss = c->offered;

		cookie = rill_cookie_make(test_hash, &one, isn, 1000, &mss);
		KUNIT_EXPECT_EQ(test, mss, c->carried);
		KUNIT_EXPECT_EQ(test, rill_cookie_check(test_hash, &one, isn, 1000, cookie),
				c->carried);
	}
}

/* The counter begins anywhere, and wraps. */
static void rill_cookie_check__goes_stale(struct kunit *test)
{
	static const u32 counts[] = { 0, 1, 2, 254, 255, 256, 257, 0x7fffffff, 0x80000000 };
	unsigned int i, age;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		u16 mss = 1460;
		u32 c = rill_cookie_make(test_hash, &one, 7, counts[i], &mss);

		for (age = 0; age < 600; age++)
			KUNIT_EXPECT_EQ(test, rill_cookie_check(test_hash, &one, 7,
								counts[i] + age, c),
					age < RILL_COOKIE_PERIODS ? 1460 : 0);
		/* nor is one from the future good */
		KUNIT_EXPECT_EQ(test, rill_cookie_check(test_hash, &one, 7, counts[i] - 1, c), 0);
	}
}

/* SYNC-2I: any bit altered, of the cookie or of what it is for */
static void rill_cookie_check__refuses_altered(struct kunit *test)
{
	struct tuple other;
	unsigned int bit, good = 0;
	u16 mss = 1460;
	u32 c = rill_cookie_make(test_hash, &one, 12345, 50, &mss);

	for (bit = 0; bit < 32; bit++) {
		/* the three lowest may name another MSS, as good as a guess */
		u16 got = rill_cookie_check(test_hash, &one, 12345, 50, c ^ 1U << bit);

		if (bit > 2)
			KUNIT_EXPECT_EQ(test, got, 0);
		KUNIT_EXPECT_EQ(test, rill_cookie_check(test_hash, &one, 12345 ^ 1U << bit,
							50, c), 0);
	}
	for (bit = 0; bit < 96; bit++) {
		other = one;
		other.words[bit / 32] ^= 1U << (bit % 32);
		good += !!rill_cookie_check(test_hash, &other, 12345, 50, c);
	}
	KUNIT_EXPECT_EQ(test, good, 0U);

	test_key = 1;
	KUNIT_EXPECT_EQ(test, rill_cookie_check(test_hash, &one, 12345, 50, c), 0);
	test_key = 0;
}

/* One guess in 2^28 is right: of a million hardly any. */
static void rill_cookie_check__is_not_guessed(struct kunit *test)
{
	u32 i, seed = 0x636f6f6b, good = 0;

	for (i = 0; i < 1000000; i++)
		good += !!rill_cookie_check(test_hash, &one, 12345, 50,
					    rill_test_random(&seed));
	KUNIT_EXPECT_LE(test, good, 2U);
}

/* MAY-2: a later incarnation has a higher ISS */
static void rill_cookie_make__grows(struct kunit *test)
{
	u16 mss = 1460;
	u32 a = rill_cookie_make(test_hash, &one, 1000, 10, &mss);
	u32 later = rill_cookie_make(test_hash, &one, 1000, 12, &mss);
	u32 higher = rill_cookie_make(test_hash, &one, 1000 + (1 << 25), 10, &mss);

	KUNIT_EXPECT_GT(test, (s32)(later - a), 0);
	KUNIT_EXPECT_GT(test, (s32)(higher - a), 0);
}

/* SYNC-3I: all that can be agreed, at every phase of the clock */
static void rill_cookie_ts__is_read_back(struct kunit *test)
{
	struct rill_cookie_opts o, back;
	u32 base, now, ts;
	unsigned int v;

	for (v = 0; v < 64; v++) {
		o.wscale_ok = (v & 15) != 15;
		o.wscale = o.wscale_ok ? v & 15 : 0;
		o.sack_ok = v & 16;
		o.ecn_ok = v & 32;
		for (base = 0; base < ARRAY_SIZE(rill_test_bases); base++) {
			now = rill_test_bases[base] + v * 3;
			ts = rill_cookie_ts(now, &o);
			KUNIT_EXPECT_LT(test, now - ts, 128U);
			rill_cookie_ts_read(ts, &back);
			KUNIT_EXPECT_EQ(test, back.wscale_ok, o.wscale_ok);
			KUNIT_EXPECT_EQ(test, back.wscale, o.wscale);
			KUNIT_EXPECT_EQ(test, back.sack_ok, o.sack_ok);
			KUNIT_EXPECT_EQ(test, back.ecn_ok, o.ecn_ok);
		}
	}
}

/* TS-4M: what is sent later is not older */
static void rill_cookie_ts__never_goes_back(struct kunit *test)
{
	struct rill_cookie_opts o = { .wscale = 7, .wscale_ok = true, .sack_ok = true };
	u32 now, last = rill_cookie_ts(0xffffff00, &o);

	for (now = 0xffffff01; now != 0x100; now++) {
		u32 ts = rill_cookie_ts(now, &o);

		KUNIT_EXPECT_GE(test, (s32)(ts - last), 0);
		last = ts;
	}
}

/* WS-4M, whatever comes back */
static void rill_cookie_ts_read__bounds_wscale(struct kunit *test)
{
	struct rill_cookie_opts o;
	u32 ts;

	for (ts = 0; ts < 256; ts++) {
		rill_cookie_ts_read(ts, &o);
		KUNIT_EXPECT_LE(test, o.wscale, RILL_MAX_WSCALE);
		KUNIT_EXPECT_TRUE(test, o.wscale_ok || !o.wscale);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_cookie_make__carries_mss, mss_gen_params),
	KUNIT_CASE(rill_cookie_check__goes_stale),
	KUNIT_CASE(rill_cookie_check__refuses_altered),
	KUNIT_CASE(rill_cookie_check__is_not_guessed),
	KUNIT_CASE(rill_cookie_make__grows),
	KUNIT_CASE(rill_cookie_ts__is_read_back),
	KUNIT_CASE(rill_cookie_ts__never_goes_back),
	KUNIT_CASE(rill_cookie_ts_read__bounds_wscale),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-cookie",
	.test_cases = cases,
};

kunit_test_suite(suite);
