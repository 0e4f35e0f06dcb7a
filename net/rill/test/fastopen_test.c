// SPDX-License-Identifier: GPL-2.0
/*
 * Fast open, RFC 7413: core/fastopen.c.
 */
#include "test.h"

#include "../core/fastopen.c"

/* A server with so many keys; a cookie is the client, the key and filler. */
struct server {
	unsigned int keys;
	u8 client;
};

static bool test_make(const void *client, unsigned int key, u8 cookie[RILL_FO_COOKIE_LEN])
{
	const struct server *s = client;

	if (key >= s->keys)
		return false;
	memset(cookie, 0x5a, RILL_FO_COOKIE_LEN);
	cookie[0] = s->client;
	cookie[RILL_FO_COOKIE_LEN - 1] = key;
	return true;
}

static struct rill_fo_cookie made(u8 client, u8 key)
{
	struct rill_fo_cookie c = { .len = RILL_FO_COOKIE_LEN };
	struct server s = { .keys = key + 1, .client = client };

	test_make(&s, key, c.val);
	return c;
}

struct serve_case {
	const char *name;
	unsigned int keys;
	s8 len;			/* of the cookie that comes */
	u8 client, key;		/* who it was made for, and by what */
	bool exempt;
	enum rill_fo_verdict want;
	s8 reply;
};

static const struct serve_case serve_cases[] = {
	{ "no option", 2, -1, 1, 0, false, RILL_FO_PLAIN, -1 },
	{ "a request", 1, 0, 1, 0, false, RILL_FO_GRANT, 8 },
	{ "a request, no key yet", 0, 0, 1, 0, false, RILL_FO_GRANT, -1 },
	{ "the right cookie", 2, 8, 1, 0, false, RILL_FO_OPEN, -1 },
	{ "that of the old key", 2, 8, 1, 1, false, RILL_FO_RENEW, 8 },
	{ "of a key that is gone", 1, 8, 1, 1, false, RILL_FO_REFUSE, 8 },
	{ "somebody else's", 2, 8, 2, 0, false, RILL_FO_REFUSE, 8 },
	{ "too short", 2, 6, 1, 0, false, RILL_FO_REFUSE, 8 },
	{ "too long", 2, 16, 1, 0, false, RILL_FO_REFUSE, 8 },
	{ "none needed", 1, -1, 1, 0, true, RILL_FO_OPEN, -1 },
	{ "none needed, one asked for", 1, 0, 1, 0, true, RILL_FO_OPEN, -1 },
	{ "none needed, a wrong one", 1, 8, 2, 0, true, RILL_FO_OPEN, -1 },
};

RILL_PARAM(serve, serve_case, serve_cases);

/* TFO-3M */
static void rill_fo_serve__judges(struct kunit *test)
{
	const struct serve_case *c = test->param_value;
	const struct server s = { .keys = c->keys, .client = 1 };
	struct rill_fo_cookie got = made(c->client, c->key), reply;

	got.len = c->len;
	got.exp = true;
	KUNIT_EXPECT_EQ(test, rill_fo_serve(&got, c->exempt, test_make, &s, &reply), c->want);
	KUNIT_EXPECT_EQ(test, reply.len, c->reply);
	if (c->reply <= 0)
		return;
	KUNIT_EXPECT_TRUE(test, reply.exp);
	KUNIT_EXPECT_EQ(test, memcmp(reply.val, made(1, 0).val, RILL_FO_COOKIE_LEN), 0);
}

/* One wrong bit is enough. */
static void rill_fo_serve__compares_all_bits(struct kunit *test)
{
	const struct server s = { .keys = 2, .client = 1 };
	struct rill_fo_cookie got, reply;
	unsigned int bit;

	/* the lowest bit of the last byte tells the keys apart */
	for (bit = 0; bit < 8 * RILL_FO_COOKIE_LEN; bit++) {
		if (bit == 8 * (RILL_FO_COOKIE_LEN - 1))
			continue;
		got = made(1, 0);
		got.val[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ(test, rill_fo_serve(&got, false, test_make, &s, &reply),
				RILL_FO_REFUSE);
	}
}

/* Every length, both forms: what is written is what is read. */
static void rill_fo_write__is_read_back(struct kunit *test)
{
	struct rill_fo_cookie c = { .val = "0123456789abcde" }, back;
	u8 bytes[RILL_OPT_SPACE];
	struct rill_opts o, in;
	unsigned int len;

	for (c.len = 0; c.len <= RILL_FO_COOKIE_MAX; c.len += c.len ? 2 : RILL_FO_COOKIE_MIN) {
		for (c.exp = false;; c.exp = true) {
			memset(&o, 0, sizeof(o));
			KUNIT_EXPECT_TRUE(test, rill_fo_write(&c, &o));
			len = rill_opt_write(bytes, &o);
			KUNIT_EXPECT_EQ(test, len, rill_opt_len(&o));
			KUNIT_EXPECT_EQ(test, len % 4, 0U);
			KUNIT_EXPECT_EQ(test, rill_opt_parse(bytes, len, true, &in), 0);
			rill_fo_read(&in, &back);
			KUNIT_EXPECT_EQ(test, back.len, c.len);
			KUNIT_EXPECT_EQ(test, back.exp, c.exp);
			KUNIT_EXPECT_EQ(test, memcmp(back.val, c.val, c.len), 0);
			/* TFO-2M: only a SYN has it */
			rill_opt_parse(bytes, len, false, &in);
			KUNIT_EXPECT_EQ(test, in.present, 0);
			if (c.exp)
				break;
		}
	}
}

/* All options of a SYN leave room for 16 bytes, in the short form. */
static void rill_fo_write__needs_room(struct kunit *test)
{
	struct rill_fo_cookie c = { .len = RILL_FO_COOKIE_MAX };
	struct rill_opts full = { .present = RILL_OPT_MSS | RILL_OPT_WSCALE | RILL_OPT_SACK_PERM |
					     RILL_OPT_TS };
	struct rill_opts o = full;

	KUNIT_EXPECT_TRUE(test, rill_fo_write(&c, &o));
	KUNIT_EXPECT_EQ(test, rill_opt_len(&o), 40U);
	o = full;
	c.exp = true;
	KUNIT_EXPECT_TRUE(test, rill_fo_write(&c, &o));
	KUNIT_EXPECT_EQ(test, rill_opt_len(&o), 40U);
	/* SACK blocks are no option of a SYN, but nothing may overflow */
	o = full;
	o.present |= RILL_OPT_SACK;
	o.nr_sacks = 2;
	KUNIT_EXPECT_FALSE(test, rill_fo_write(&c, &o));
	KUNIT_EXPECT_EQ(test, o.present, full.present | RILL_OPT_SACK);
	c.len = -1;
	o = full;
	KUNIT_EXPECT_FALSE(test, rill_fo_write(&c, &o));
	KUNIT_EXPECT_EQ(test, o.present, full.present);
}

static struct rill_fo_cache *new_cache(struct kunit *test)
{
	struct rill_fo_cache *cache = kunit_kzalloc(test, sizeof(*cache), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cache);
	cache->seed = 0x12345678;
	return cache;
}

/* TFO-3M: kept by both addresses; a cookie stays when an answer has none. */
static void rill_fo_learn__keeps(struct kunit *test)
{
	struct rill_fo_cache *cache = new_cache(test);
	struct rill_fo_lesson l = { .got = made(1, 0), .mss = 1400, .asked = 1 };
	struct rill_fo_cookie c;
	u16 mss = 536;

	rill_fo_recall(cache, 1, 2, 0, &mss, &c);
	KUNIT_EXPECT_EQ(test, c.len, 0);
	KUNIT_EXPECT_EQ(test, mss, 536);
	rill_fo_learn(cache, 1, 2, 1, &l);
	rill_fo_recall(cache, 1, 2, 2, &mss, &c);
	KUNIT_EXPECT_EQ(test, c.len, 8);
	KUNIT_EXPECT_EQ(test, mss, 1400);
	KUNIT_EXPECT_EQ(test, memcmp(c.val, l.got.val, 8), 0);
	l.got.len = -1;
	l.mss = 0;
	rill_fo_learn(cache, 1, 2, 3, &l);
	rill_fo_recall(cache, 1, 2, 4, &mss, &c);
	KUNIT_EXPECT_EQ(test, c.len, 8);
	KUNIT_EXPECT_FALSE(test, c.exp);
	rill_fo_recall(cache, 2, 1, 5, &mss, &c);
	KUNIT_EXPECT_EQ(test, c.len, 0);
	rill_fo_recall(cache, 1, 3, 6, &mss, &c);
	KUNIT_EXPECT_EQ(test, c.len, 0);
}

static void rill_fo_learn__ignores_the_unasked(struct kunit *test)
{
	struct rill_fo_cache *cache = new_cache(test);
	struct rill_fo_lesson l = { .got = made(1, 0), .mss = 1400 };
	struct rill_fo_cookie c;
	u16 mss = 536;

	rill_fo_learn(cache, 1, 2, 1, &l);
	rill_fo_recall(cache, 1, 2, 2, &mss, &c);
	KUNIT_EXPECT_EQ(test, c.len, 0);
	KUNIT_EXPECT_FALSE(test, c.exp);
}

/* Denied in one form, the other is tried, once; not after a loss, or data. */
static void rill_fo_learn__tries_the_other_form(struct kunit *test)
{
	struct rill_fo_cache *cache = new_cache(test);
	struct rill_fo_lesson l = { .got.len = -1, .asked = 1, .again = 1 };
	struct rill_fo_cookie c;
	u16 mss;

	rill_fo_learn(cache, 1, 2, 1, &l);
	rill_fo_recall(cache, 1, 2, 2, &mss, &c);
	KUNIT_EXPECT_FALSE(test, c.exp);
	l.again = 0;
	rill_fo_learn(cache, 1, 2, 3, &l);
	rill_fo_recall(cache, 1, 2, 4, &mss, &c);
	KUNIT_EXPECT_TRUE(test, c.exp);
	l.exp = 1;
	rill_fo_learn(cache, 1, 2, 5, &l);
	rill_fo_recall(cache, 1, 2, 6, &mss, &c);
	KUNIT_EXPECT_FALSE(test, c.exp);
	l.exp = 0;
	rill_fo_learn(cache, 1, 2, 7, &l);
	rill_fo_recall(cache, 1, 2, 8, &mss, &c);
	KUNIT_EXPECT_FALSE(test, c.exp);
}

/* However many there are: the last one is there, and one that is used stays. */
static void rill_fo_learn__is_bounded(struct kunit *test)
{
	struct rill_fo_cache *cache = new_cache(test);
	struct rill_fo_lesson l = { .got = made(1, 0), .asked = 1 };
	struct rill_fo_cookie c;
	u32 daddr, held = 0;
	u64 now = 1;
	u16 mss;

	rill_fo_learn(cache, 1, 99999, now++, &l);
	for (daddr = 1; daddr <= 4 * RILL_FO_SETS * RILL_FO_WAYS; daddr++) {
		rill_fo_learn(cache, 1, daddr, now++, &l);
		rill_fo_recall(cache, 1, daddr, now++, &mss, &c);
		KUNIT_EXPECT_EQ(test, c.len, 8);
		rill_fo_recall(cache, 1, 99999, now++, &mss, &c);
		KUNIT_EXPECT_EQ(test, c.len, 8);
	}
	for (daddr = 1; daddr <= 4 * RILL_FO_SETS * RILL_FO_WAYS; daddr++)
		held += !!find(cache, 1, daddr);
	KUNIT_EXPECT_LE(test, held, RILL_FO_SETS * RILL_FO_WAYS);
	/* and the hash spreads them */
	KUNIT_EXPECT_GT(test, held, RILL_FO_SETS * RILL_FO_WAYS * 9 / 10);
}

static void rill_fo_paused__doubles(struct kunit *test)
{
	struct rill_fo_pause p = { .at_us = 5 };
	u64 len;

	KUNIT_EXPECT_FALSE(test, rill_fo_paused(&p, 10, 6));
	for (p.times = 1; p.times < 12; p.times++) {
		len = 10ULL * 1000000 << (p.times < 7 ? p.times - 1 : 6);
		KUNIT_EXPECT_TRUE(test, rill_fo_paused(&p, 10, 5 + len - 1));
		KUNIT_EXPECT_FALSE(test, rill_fo_paused(&p, 10, 5 + len));
		KUNIT_EXPECT_FALSE(test, rill_fo_paused(&p, 0, 6));
	}
	p.times = U32_MAX;
	KUNIT_EXPECT_TRUE(test, rill_fo_paused(&p, 0x7fffffff, 1ULL << 56));
}

static void rill_fo_suspect__third_or_last(struct kunit *test)
{
	unsigned int n;

	for (n = 0; n < 6; n++) {
		KUNIT_EXPECT_EQ(test, rill_fo_suspect(n, false), n == 2);
		KUNIT_EXPECT_EQ(test, rill_fo_suspect(n, true), n <= 2);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_fo_serve__judges, serve_gen_params),
	KUNIT_CASE(rill_fo_serve__compares_all_bits),
	KUNIT_CASE(rill_fo_write__is_read_back),
	KUNIT_CASE(rill_fo_write__needs_room),
	KUNIT_CASE(rill_fo_learn__keeps),
	KUNIT_CASE(rill_fo_learn__ignores_the_unasked),
	KUNIT_CASE(rill_fo_learn__tries_the_other_form),
	KUNIT_CASE(rill_fo_learn__is_bounded),
	KUNIT_CASE(rill_fo_paused__doubles),
	KUNIT_CASE(rill_fo_suspect__third_or_last),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-fastopen",
	.test_cases = cases,
};

kunit_test_suite(suite);
