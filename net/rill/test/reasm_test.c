// SPDX-License-Identifier: GPL-2.0
/*
 * Reassembly, RFC 9293, 3.10.7.4: core/reasm.c.
 */
#include "test.h"

#include "../core/reasm.c"

#define SPACE		192	/* bytes of sequence space in the randomised test */
#define LONGEST		24	/* longest segment there */
#define POOL		(SPACE + 1)

/* Nodes of one test, and which of them drop() was called for */
struct pool {
	struct rill_reasm_node node[POOL];
	bool used[POOL];
	unsigned int dropped;
};

static void drop(struct rill_reasm_node *victim, void *arg)
{
	struct pool *pool = arg;

	pool->used[victim - pool->node] = false;
	pool->dropped++;
}

static struct rill_reasm_node *take(struct pool *pool, u32 seq, u32 end)
{
	unsigned int i = 0;

	while (pool->used[i])
		i++;
	pool->used[i] = true;
	pool->node[i].seq = seq;
	pool->node[i].end = end;
	return &pool->node[i];
}

static void give_back(struct pool *pool, struct rill_reasm_node *n)
{
	pool->used[n - pool->node] = false;
}

static struct pool *new_pool(struct kunit *test)
{
	struct pool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	return pool;
}

struct span {
	u32 seq, end;
};

/* What is held before, what comes, what is held then */
struct arrival {
	const char *name;
	struct span held[5], in;
	enum rill_reasm_verdict verdict;
	struct span after[6];
	unsigned int dropped;
};

#define QUEUED	RILL_REASM_QUEUED
#define DUP	RILL_REASM_DUP

static const struct arrival arrivals[] = {
	{ "first",		{ }, { 10, 20 }, QUEUED, { { 10, 20 } }, 0 },
	{ "empty segment",	{ }, { 10, 10 }, DUP, { }, 0 },
	{ "after a gap",	{ { 10, 20 } }, { 30, 40 }, QUEUED, { { 10, 20 }, { 30, 40 } }, 0 },
	{ "adjacent above",	{ { 10, 20 } }, { 20, 30 }, QUEUED, { { 10, 20 }, { 20, 30 } }, 0 },
	{ "adjacent below",	{ { 20, 30 } }, { 10, 20 }, QUEUED, { { 10, 20 }, { 20, 30 } }, 0 },
	{ "fills a hole",	{ { 10, 20 }, { 30, 40 } }, { 20, 30 }, QUEUED,
	  { { 10, 20 }, { 20, 30 }, { 30, 40 } }, 0 },
	{ "same again",		{ { 10, 20 } }, { 10, 20 }, DUP, { { 10, 20 } }, 0 },
	{ "head of one",	{ { 10, 20 } }, { 10, 15 }, DUP, { { 10, 20 } }, 0 },
	{ "tail of one",	{ { 10, 20 } }, { 15, 20 }, DUP, { { 10, 20 } }, 0 },
	{ "middle of one",	{ { 10, 20 } }, { 12, 18 }, DUP, { { 10, 20 } }, 0 },
	{ "held by two",	{ { 10, 20 }, { 20, 30 } }, { 15, 25 }, DUP,
	  { { 10, 20 }, { 20, 30 } }, 0 },
	{ "held by three",	{ { 10, 20 }, { 20, 30 }, { 30, 40 } }, { 12, 38 }, DUP,
	  { { 10, 20 }, { 20, 30 }, { 30, 40 } }, 0 },
	{ "one byte missing",	{ { 10, 20 }, { 21, 30 } }, { 15, 25 }, QUEUED,
	  { { 10, 20 }, { 15, 25 }, { 21, 30 } }, 0 },
	{ "overlaps below",	{ { 10, 20 } }, { 5, 15 }, QUEUED, { { 5, 15 }, { 10, 20 } }, 0 },
	{ "overlaps above",	{ { 10, 20 } }, { 15, 25 }, QUEUED, { { 10, 20 }, { 15, 25 } }, 0 },
	{ "covers, same start",	{ { 10, 20 } }, { 10, 21 }, QUEUED, { { 10, 21 } }, 1 },
	{ "covers, same end",	{ { 10, 20 } }, { 9, 20 }, QUEUED, { { 9, 20 } }, 1 },
	{ "covers three",	{ { 10, 12 }, { 14, 16 }, { 18, 20 } }, { 10, 20 }, QUEUED,
	  { { 10, 20 } }, 3 },
	{ "covers two of three", { { 10, 12 }, { 14, 16 }, { 18, 20 } }, { 13, 21 }, QUEUED,
	  { { 10, 12 }, { 13, 21 } }, 2 },
	{ "makes the one below superfluous", { { 10, 20 }, { 15, 25 } }, { 20, 30 }, QUEUED,
	  { { 10, 20 }, { 20, 30 } }, 1 },
	{ "makes the one above superfluous", { { 20, 30 }, { 25, 35 } }, { 10, 25 }, QUEUED,
	  { { 10, 25 }, { 25, 35 } }, 1 },
	{ "creeps by one",	{ { 10, 20 }, { 11, 21 } }, { 12, 22 }, QUEUED,
	  { { 10, 20 }, { 12, 22 } }, 1 },
};

RILL_PARAM(arrival, arrival, arrivals);

static void rill_reasm_init__is_empty(struct kunit *test)
{
	struct rill_reasm r;
	u32 start, end;

	rill_reasm_init(&r);
	KUNIT_EXPECT_TRUE(test, rill_reasm_empty(&r));
	KUNIT_EXPECT_NULL(test, rill_reasm_first(&r));
	KUNIT_EXPECT_NULL(test, rill_reasm_last(&r));
	KUNIT_EXPECT_NULL(test, rill_reasm_pop(&r, 0));
	KUNIT_EXPECT_FALSE(test, rill_reasm_run(&r, 0, &start, &end));
}

static void try_arrival(struct kunit *test, const struct arrival *a, struct pool *pool, u32 base)
{
	struct rill_reasm_node *n;
	struct rill_reasm r;
	unsigned int i;

	memset(pool, 0, sizeof(*pool));
	rill_reasm_init(&r);
	for (i = 0; i < ARRAY_SIZE(a->held) && a->held[i].end; i++)
		rill_reasm_insert(&r, take(pool, base + a->held[i].seq, base + a->held[i].end),
				  drop, pool);

	n = take(pool, base + a->in.seq, base + a->in.end);
	KUNIT_EXPECT_EQ(test, rill_reasm_insert(&r, n, drop, pool), a->verdict);
	KUNIT_EXPECT_EQ(test, pool->dropped, a->dropped);

	n = rill_reasm_first(&r);
	for (i = 0; i < ARRAY_SIZE(a->after) && a->after[i].end; i++) {
		KUNIT_ASSERT_NOT_NULL(test, n);
		KUNIT_EXPECT_EQ(test, n->seq - base, a->after[i].seq);
		KUNIT_EXPECT_EQ(test, n->end - base, a->after[i].end);
		n = rill_reasm_next(n);
	}
	KUNIT_EXPECT_NULL(test, n);
}

/* SHLD-31, SM-15, C40: at each base, so that sequence space wraps inside */
static void rill_reasm_insert__keeps_order_and_coverage(struct kunit *test)
{
	struct pool *pool = new_pool(test);
	unsigned int b, off;

	for (b = 0; b < ARRAY_SIZE(rill_test_bases); b++)
		for (off = 0; off < 40; off += 5)
			try_arrival(test, test->param_value, pool, rill_test_bases[b] - off);
}

static void rill_reasm_last__follows(struct kunit *test)
{
	struct pool *pool = new_pool(test);
	struct rill_reasm_node *a, *b;
	struct rill_reasm r;

	rill_reasm_init(&r);
	b = take(pool, 0xfffffff0, 10);
	rill_reasm_insert(&r, b, drop, pool);
	a = take(pool, 0xffffff00, 0xffffff10);
	rill_reasm_insert(&r, a, drop, pool);
	KUNIT_EXPECT_PTR_EQ(test, rill_reasm_last(&r), b);

	rill_reasm_remove(&r, b);
	KUNIT_EXPECT_PTR_EQ(test, rill_reasm_last(&r), a);

	rill_reasm_remove(&r, a);
	KUNIT_EXPECT_NULL(test, rill_reasm_last(&r));
	KUNIT_EXPECT_TRUE(test, rill_reasm_empty(&r));
}

/* C32, C40: in order, and only when its turn has come */
static void rill_reasm_pop__waits_for_rcv_nxt(struct kunit *test)
{
	struct pool *pool = new_pool(test);
	struct rill_reasm_node *n;
	struct rill_reasm r;

	rill_reasm_init(&r);
	rill_reasm_insert(&r, take(pool, 10, 20), drop, pool);
	rill_reasm_insert(&r, take(pool, 0xfffffff8, 5), drop, pool);

	KUNIT_EXPECT_NULL(test, rill_reasm_pop(&r, 0xfffffff7));
	n = rill_reasm_pop(&r, 0xfffffff8);
	KUNIT_ASSERT_NOT_NULL(test, n);
	KUNIT_EXPECT_EQ(test, n->end, 5U);

	KUNIT_EXPECT_NULL(test, rill_reasm_pop(&r, 9));
	n = rill_reasm_pop(&r, 15);
	KUNIT_ASSERT_NOT_NULL(test, n);
	KUNIT_EXPECT_EQ(test, n->seq, 10U);
	KUNIT_EXPECT_TRUE(test, rill_reasm_empty(&r));
}

/* SACK-3M, SACK-8M: a long highest run is known whole, whatever the walk's limit */
static void rill_reasm_run__highest_is_whole(struct kunit *test)
{
	struct pool *pool = new_pool(test);
	u32 i, start = 0, end = 0, base = 0xffffffc0;
	struct rill_reasm r;

	rill_reasm_init(&r);
	for (i = 0; i < 3 * RILL_REASM_WALK; i++)
		rill_reasm_insert(&r, take(pool, base + i, base + i + 1), drop, pool);

	KUNIT_EXPECT_TRUE(test, rill_reasm_run(&r, base + i - 1, &start, &end));
	KUNIT_EXPECT_EQ(test, start, base);
	KUNIT_EXPECT_EQ(test, end, base + i);
}

/* SACK-8M: a long run below is reported in part, and nothing that is not held */
static void rill_reasm_run__walk_is_bounded(struct kunit *test)
{
	struct pool *pool = new_pool(test);
	const u32 nr = POOL - 1;
	struct rill_reasm r;
	u32 i, start, end;

	rill_reasm_init(&r);
	rill_reasm_insert(&r, take(pool, 10000, 10001), drop, pool);
	for (i = 0; i < nr; i++)
		rill_reasm_insert(&r, take(pool, i, i + 1), drop, pool);

	KUNIT_EXPECT_TRUE(test, rill_reasm_run(&r, nr / 2, &start, &end));
	KUNIT_EXPECT_EQ(test, start, nr / 2 - RILL_REASM_WALK);
	KUNIT_EXPECT_EQ(test, end, nr / 2 + RILL_REASM_WALK + 1);
}

/* The truth: one flag for each byte, and how many nodes hold it */
struct model {
	bool held[SPACE + 1];
	u8 copies[SPACE];
};

static void model_from_tree(struct model *m, const struct rill_reasm *r, u32 base)
{
	struct rill_reasm_node *n;
	u32 i;

	memset(m, 0, sizeof(*m));
	for (n = rill_reasm_first(r); n; n = rill_reasm_next(n))
		for (i = n->seq - base; i != n->end - base; i++) {
			m->held[i] = true;
			m->copies[i]++;
		}
}

static bool model_holds(const struct model *m, u32 seq, u32 end)
{
	for (; seq != end; seq++)
		if (!m->held[seq])
			return false;
	return true;
}

static void check_run(struct kunit *test, const struct rill_reasm *r, const struct model *m,
		      u32 base, u32 at)
{
	u32 lo = at, hi = at, start, end;

	KUNIT_ASSERT_EQ(test, rill_reasm_run(r, base + at, &start, &end), m->held[at]);
	if (!m->held[at])
		return;

	while (lo && m->held[lo - 1])
		lo--;
	while (m->held[hi])
		hi++;
	KUNIT_ASSERT_EQ(test, start - base, lo);
	KUNIT_ASSERT_EQ(test, end - base, hi);
}

static void check_tree(struct kunit *test, const struct rill_reasm *r, const struct model *want,
		       u32 base)
{
	const struct rill_reasm_node *n, *prev = NULL;
	struct model got;
	u32 i;

	for (n = rill_reasm_first(r); n; prev = n, n = rill_reasm_next(n))
		if (prev) {
			KUNIT_ASSERT_TRUE(test, rill_before(prev->seq, n->seq));
			KUNIT_ASSERT_TRUE(test, rill_before(prev->end, n->end));
		}
	KUNIT_ASSERT_PTR_EQ(test, rill_reasm_last(r), prev);

	model_from_tree(&got, r, base);
	for (i = 0; i < SPACE; i++) {
		KUNIT_ASSERT_EQ(test, got.held[i], want->held[i]);
		KUNIT_ASSERT_LE(test, got.copies[i], 2);
		check_run(test, r, want, base, i);
	}
}

static void random_insert(struct kunit *test, struct rill_reasm *r, struct pool *pool,
			  struct model *m, u32 base, u32 rcv_nxt, u32 *seed)
{
	u32 seq = rcv_nxt + rill_test_random(seed) % (SPACE - rcv_nxt);
	u32 end = min_t(u32, seq + rill_test_random(seed) % LONGEST, SPACE);
	struct rill_reasm_node *n = take(pool, base + seq, base + end);
	bool dup = model_holds(m, seq, end);

	KUNIT_ASSERT_EQ(test, rill_reasm_insert(r, n, drop, pool), dup ? DUP : QUEUED);
	if (dup)
		give_back(pool, n);
	for (; seq != end; seq++)
		m->held[seq] = true;
}

static void random_remove(struct rill_reasm *r, struct pool *pool, struct model *m, u32 base,
			  u32 *seed)
{
	struct rill_reasm_node *n = rill_reasm_first(r);
	u32 skip = rill_test_random(seed) % 8;

	while (skip-- && n && rill_reasm_next(n))
		n = rill_reasm_next(n);
	if (!n)
		return;
	rill_reasm_remove(r, n);
	give_back(pool, n);
	model_from_tree(m, r, base);
}

static u32 random_pop(struct rill_reasm *r, struct pool *pool, struct model *m, u32 base,
		      u32 rcv_nxt)
{
	struct rill_reasm_node *n;

	while ((n = rill_reasm_pop(r, base + rcv_nxt))) {
		rcv_nxt = max(rcv_nxt, n->end - base);
		give_back(pool, n);
	}
	model_from_tree(m, r, base);
	return rcv_nxt;
}

struct repeat {
	const char *name;
	struct span held[3], in, told;	/* told is empty: nothing */
};

static const struct repeat repeats[] = {
	{ "nothing held",	{ }, { 10, 20 }, { } },
	{ "all of it",		{ { 10, 20 } }, { 10, 20 }, { 10, 20 } },
	{ "inside",		{ { 10, 20 } }, { 12, 18 }, { 12, 18 } },
	{ "by two",		{ { 10, 20 }, { 20, 30 } }, { 15, 25 }, { 15, 25 } },
	{ "its head",		{ { 10, 20 } }, { 15, 25 }, { 15, 20 } },
	{ "its tail",		{ { 10, 20 } }, { 5, 15 }, { 10, 15 } },
	{ "its middle",		{ { 10, 20 } }, { 5, 25 }, { 10, 20 } },
	{ "first of two",	{ { 10, 12 }, { 14, 16 } }, { 5, 25 }, { 10, 12 } },
	{ "head, and more",	{ { 10, 12 }, { 14, 16 } }, { 11, 25 }, { 11, 12 } },
	{ "adjoins below",	{ { 10, 20 } }, { 20, 25 }, { } },
	{ "adjoins above",	{ { 10, 20 } }, { 5, 10 }, { } },
	{ "between",		{ { 10, 12 }, { 20, 22 } }, { 12, 20 }, { } },
};

RILL_PARAM(repeat, repeat, repeats);

/* DSACK-3I */
static void rill_reasm_overlap__first_stretch(struct kunit *test)
{
	const struct repeat *p = test->param_value;
	struct pool *pool = new_pool(test);
	unsigned int b, i, off;

	for (b = 0; b < ARRAY_SIZE(rill_test_bases); b++)
		for (off = 0; off < 32; off++) {
			u32 base = rill_test_bases[b] - off, from = base, to = base;
			struct rill_reasm r;
			bool some;

			memset(pool, 0, sizeof(*pool));
			rill_reasm_init(&r);
			for (i = 0; i < ARRAY_SIZE(p->held) && p->held[i].end; i++)
				rill_reasm_insert(&r, take(pool, base + p->held[i].seq,
							   base + p->held[i].end), drop, pool);
			some = rill_reasm_overlap(&r, base + p->in.seq, base + p->in.end,
						  &from, &to);
			KUNIT_EXPECT_EQ(test, some, p->told.end != 0);
			KUNIT_EXPECT_EQ(test, from - base, p->told.seq);
			KUNIT_EXPECT_EQ(test, to - base, p->told.end);
		}
}

/* SHLD-31, SACK-8M, C40: any order, any overlap, against one flag for each byte */
static void rill_reasm__random_against_bitmap(struct kunit *test)
{
	struct pool *pool = new_pool(test);
	u32 round, op, seed = 0x524c4c01;
	struct rill_reasm r;
	struct model m;

	for (round = 0; round < 150; round++) {
		u32 base = 0xffffffff - rill_test_random(&seed) % (2 * SPACE);
		u32 rcv_nxt = 0;

		memset(pool, 0, sizeof(*pool));
		memset(&m, 0, sizeof(m));
		rill_reasm_init(&r);
		for (op = 0; op < 60 && rcv_nxt < SPACE; op++) {
			u32 what = rill_test_random(&seed) % 12;

			if (what == 0)
				random_remove(&r, pool, &m, base, &seed);
			else if (what == 1)
				rcv_nxt = random_pop(&r, pool, &m, base, rcv_nxt);
			else
				random_insert(test, &r, pool, &m, base, rcv_nxt, &seed);
			check_tree(test, &r, &m, base);
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_reasm_init__is_empty),
	KUNIT_CASE_PARAM(rill_reasm_insert__keeps_order_and_coverage, arrival_gen_params),
	KUNIT_CASE(rill_reasm_last__follows),
	KUNIT_CASE(rill_reasm_pop__waits_for_rcv_nxt),
	KUNIT_CASE(rill_reasm_run__highest_is_whole),
	KUNIT_CASE(rill_reasm_run__walk_is_bounded),
	KUNIT_CASE_PARAM(rill_reasm_overlap__first_stretch, repeat_gen_params),
	KUNIT_CASE(rill_reasm__random_against_bitmap),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-reasm",
	.test_cases = cases,
};

kunit_test_suite(suite);
