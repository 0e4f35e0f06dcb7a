// SPDX-License-Identifier: GPL-2.0
/*
 * What the receiver reports, RFC 2018 and RFC 2883: core/sack.c.
 */
#include "test.h"

#include "../core/sack.c"

#define SPACE		192	/* bytes of sequence space in the randomised test */
#define POOL		(SPACE + 1)

/* A receiver as the kernel side is one, but for the bytes. */
struct receiver {
	struct rill_reasm_node node[POOL];
	bool used[POOL];
	struct rill_reasm ofo;
	struct rill_sack sack;
	u32 rcv_nxt;
};

static void drop(struct rill_reasm_node *victim, void *arg)
{
	struct receiver *r = arg;

	r->used[victim - r->node] = false;
}

static struct receiver *new_receiver(struct kunit *test)
{
	struct receiver *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	return r;
}

static void reset_receiver(struct receiver *r, u32 rcv_nxt)
{
	memset(r, 0, sizeof(*r));
	rill_reasm_init(&r->ofo);
	rill_sack_init(&r->sack);
	r->rcv_nxt = rcv_nxt;
}

static struct rill_reasm_node *take(struct receiver *r, u32 seq, u32 end)
{
	unsigned int i = 0;

	while (r->used[i])
		i++;
	r->used[i] = true;
	r->node[i].seq = seq;
	r->node[i].end = end;
	return &r->node[i];
}

static void deliver(struct receiver *r, u32 end)
{
	struct rill_reasm_node *n;

	r->rcv_nxt = end;
	while ((n = rill_reasm_pop(&r->ofo, r->rcv_nxt))) {
		r->rcv_nxt = rill_seq_max(r->rcv_nxt, n->end);
		drop(n, r);
	}
	rill_sack_update(&r->sack, &r->ofo, r->rcv_nxt);
}

static void hold(struct receiver *r, u32 seq, u32 end)
{
	struct rill_reasm_node *n = take(r, seq, end);
	u32 start;

	if (rill_reasm_insert(&r->ofo, n, drop, r) == RILL_REASM_DUP)
		drop(n, r);
	if (rill_reasm_run(&r->ofo, seq, &start, &end))
		rill_sack_held(&r->sack, start, end);
}

static void receive(struct receiver *r, u32 seq, u32 end)
{
	u32 from, to;

	if (rill_before(seq, r->rcv_nxt))
		rill_sack_dup(&r->sack, seq, rill_seq_min(end, r->rcv_nxt));
	else if (rill_reasm_overlap(&r->ofo, seq, end, &from, &to))
		rill_sack_dup(&r->sack, from, to);

	if (rill_after(seq, r->rcv_nxt))
		hold(r, seq, end);
	else if (rill_after(end, r->rcv_nxt))
		deliver(r, end);
}

static void prune(struct receiver *r)
{
	struct rill_reasm_node *n = rill_reasm_last(&r->ofo);

	rill_reasm_remove(&r->ofo, n);
	drop(n, r);
	rill_sack_update(&r->sack, &r->ofo, r->rcv_nxt);
}

struct span {
	u32 seq, end;
};

/* What comes, with an ACK for each, and what the last ACK says. */
struct story {
	const char *name;
	struct span in[10];
	struct span told[5];
	bool dup;	/* the first of them is a duplicate */
	u8 pruned;	/* segments thrown away in the end */
};

static const struct story stories[] = {
	{ "in order",		{ { 0, 10 }, { 10, 20 } }, { } },
	{ "a gap",		{ { 10, 20 } }, { { 10, 20 } } },
	{ "run grows up",	{ { 10, 20 }, { 20, 30 } }, { { 10, 30 } } },
	{ "run grows down",	{ { 20, 30 }, { 10, 20 } }, { { 10, 30 } } },
	{ "three gaps, newest first", { { 10, 20 }, { 30, 40 }, { 50, 60 } },
	  { { 50, 60 }, { 30, 40 }, { 10, 20 } } },
	{ "from above",		{ { 50, 60 }, { 30, 40 }, { 10, 20 } },
	  { { 10, 20 }, { 30, 40 }, { 50, 60 } } },
	{ "an old run grows",	{ { 10, 20 }, { 30, 40 }, { 50, 60 }, { 20, 25 } },
	  { { 10, 25 }, { 50, 60 }, { 30, 40 } } },
	{ "two runs become one", { { 10, 20 }, { 30, 40 }, { 50, 60 }, { 20, 30 } },
	  { { 10, 40 }, { 50, 60 } } },
	{ "three runs become one", { { 10, 20 }, { 30, 40 }, { 50, 60 }, { 15, 55 } },
	  { { 15, 20 }, { 10, 60 } }, true },
	{ "four of five",	{ { 10, 20 }, { 30, 40 }, { 50, 60 }, { 70, 80 }, { 90, 99 } },
	  { { 90, 99 }, { 70, 80 }, { 50, 60 }, { 30, 40 } } },
	{ "lowest hole filled",	{ { 10, 20 }, { 30, 40 }, { 50, 60 }, { 0, 10 } },
	  { { 50, 60 }, { 30, 40 } } },
	{ "all holes filled",	{ { 10, 20 }, { 30, 40 }, { 20, 30 }, { 0, 10 } }, { } },
	{ "part of a hole filled", { { 10, 20 }, { 0, 5 } }, { { 10, 20 } } },
	{ "the highest is told again", { { 90, 99 }, { 10, 20 }, { 30, 40 }, { 50, 60 },
	  { 70, 80 }, { 0, 10 }, { 20, 30 } }, { { 70, 80 }, { 50, 60 }, { 90, 99 } } },
	{ "only the highest is left", { { 90, 99 }, { 10, 20 }, { 30, 40 }, { 50, 60 },
	  { 70, 80 }, { 0, 85 } }, { { 10, 20 }, { 90, 99 } }, true },
	/* duplicates */
	{ "old segment",	{ { 0, 10 }, { 10, 20 }, { 0, 10 } }, { { 0, 10 } }, true },
	{ "old segment, told once", { { 0, 10 }, { 0, 10 }, { 10, 20 } }, { } },
	{ "old segment and a gap", { { 0, 10 }, { 20, 30 }, { 0, 10 } },
	  { { 0, 10 }, { 20, 30 } }, true },
	{ "partly old",		{ { 0, 10 }, { 5, 20 } }, { { 5, 10 } }, true },
	{ "dup is the run",	{ { 10, 20 }, { 10, 20 } }, { { 10, 20 }, { 10, 20 } }, true },
	{ "dup inside a run",	{ { 10, 20 }, { 20, 30 }, { 30, 40 }, { 20, 30 } },
	  { { 20, 30 }, { 10, 40 } }, true },
	{ "dup inside an old run", { { 10, 20 }, { 20, 30 }, { 50, 60 }, { 10, 20 } },
	  { { 10, 20 }, { 10, 30 }, { 50, 60 } }, true },
	{ "overlap above",	{ { 10, 20 }, { 15, 25 } }, { { 15, 20 }, { 10, 25 } }, true },
	{ "overlap below",	{ { 20, 30 }, { 15, 25 } }, { { 20, 25 }, { 15, 30 } }, true },
	{ "covers a run",	{ { 20, 30 }, { 15, 35 } }, { { 20, 30 }, { 15, 35 } }, true },
	{ "covers two runs, first told", { { 20, 25 }, { 30, 35 }, { 15, 40 } },
	  { { 20, 25 }, { 15, 40 } }, true },
	{ "fills a hole and more", { { 10, 20 }, { 0, 15 } }, { { 10, 15 } }, true },
	{ "fills a hole and covers", { { 10, 20 }, { 40, 50 }, { 0, 30 } },
	  { { 10, 20 }, { 40, 50 } }, true },
	{ "dup leaves no room for the fourth", { { 10, 20 }, { 30, 40 }, { 50, 60 }, { 70, 80 },
	  { 70, 80 } }, { { 70, 80 }, { 70, 80 }, { 50, 60 }, { 30, 40 } }, true },
	/* thrown away */
	{ "all pruned",		{ { 10, 20 } }, { }, false, 1 },
	{ "highest run pruned",	{ { 10, 20 }, { 30, 40 } }, { { 10, 20 } }, false, 1 },
	{ "end of a run pruned", { { 10, 20 }, { 20, 30 } }, { { 10, 20 } }, false, 1 },
	{ "overlapping end pruned", { { 10, 20 }, { 15, 25 }, { 40, 50 } }, { { 10, 20 } },
	  false, 2 },
	{ "pruned to a forgotten run", { { 10, 20 }, { 30, 40 }, { 50, 60 }, { 70, 80 },
	  { 90, 99 } }, { { 10, 20 } }, false, 4 },
};

RILL_PARAM(story, story, stories);

static void check_told(struct kunit *test, const struct story *s, struct receiver *r, u32 base)
{
	struct rill_opts o = { };
	unsigned int i, nr = 0;

	KUNIT_EXPECT_EQ(test, r->sack.has_dup, s->dup);
	rill_sack_fill(&r->sack, &o);
	while (nr < RILL_MAX_SACKS && s->told[nr].end)
		nr++;
	KUNIT_ASSERT_EQ(test, o.nr_sacks, nr);
	KUNIT_EXPECT_EQ(test, o.present, nr ? RILL_OPT_SACK : 0);
	for (i = 0; i < nr; i++) {
		KUNIT_EXPECT_EQ(test, o.sack[i].start - base, s->told[i].seq);
		KUNIT_EXPECT_EQ(test, o.sack[i].end - base, s->told[i].end);
	}
}

/* SACK-3M, SACK-4S, SACK-5S, SACK-8M, DSACK-1I, DSACK-2I, DSACK-3I */
static void rill_sack_fill__tells_the_story(struct kunit *test)
{
	struct receiver *r = new_receiver(test);
	const struct story *s = test->param_value;
	unsigned int b, i, off;

	for (b = 0; b < ARRAY_SIZE(rill_test_bases); b++)
		for (off = 0; off < 100; off += 9) {
			u32 base = rill_test_bases[b] - off;

			reset_receiver(r, base);
			for (i = 0; i < ARRAY_SIZE(s->in) && s->in[i].end; i++) {
				rill_sack_sent(&r->sack);
				receive(r, base + s->in[i].seq, base + s->in[i].end);
			}
			for (i = 0; i < s->pruned; i++)
				prune(r);
			check_told(test, s, r, base);
		}
}

/* DSACK-1I: duplicates that share an ACK are told together if they adjoin */
static void rill_sack_dup__before_one_ack(struct kunit *test)
{
	struct rill_sack s;

	rill_sack_init(&s);
	rill_sack_dup(&s, 10, 20);
	rill_sack_dup(&s, 20, 30);
	KUNIT_EXPECT_EQ(test, s.dup.start, 10U);
	KUNIT_EXPECT_EQ(test, s.dup.end, 30U);
	rill_sack_dup(&s, 50, 60);
	KUNIT_EXPECT_EQ(test, s.dup.start, 50U);
	KUNIT_EXPECT_EQ(test, s.dup.end, 60U);
	rill_sack_sent(&s);
	rill_sack_dup(&s, 60, 70);
	KUNIT_EXPECT_EQ(test, s.dup.start, 60U);
}

struct room {
	const char *name;
	u8 nr;
	bool has_dup;
	unsigned int other, len;
};

static const struct room rooms[] = {
	{ "nothing",			0, false, 0, 0 },
	{ "one",			1, false, 0, 12 },
	{ "one with timestamps",	1, false, 12, 12 },
	{ "four",			4, false, 0, 36 },
	{ "four with timestamps",	4, false, 12, 28 },
	{ "a duplicate",		0, true, 12, 12 },
	{ "a duplicate and four",	4, true, 0, 36 },
	{ "a duplicate and two, timestamps", 2, true, 12, 28 },
	{ "room for one",		3, false, 28, 12 },
	{ "room for none",		3, false, 32, 0 },
};

RILL_PARAM(room, room, rooms);

/* MUST-16, SACK-4S: what is subtracted from the data is what is written */
static void rill_sack_len__is_what_options_take(struct kunit *test)
{
	const struct room *m = test->param_value;
	struct rill_sack s = { .nr = m->nr, .has_dup = m->has_dup };
	struct rill_opts o = { };
	unsigned int base;

	KUNIT_EXPECT_EQ(test, rill_sack_len(&s, m->other), m->len);
	if (m->other > RILL_TS_ALIGNED)
		return;
	o.present = m->other ? RILL_OPT_TS : 0;
	base = rill_opt_len(&o);
	rill_sack_fill(&s, &o);
	KUNIT_EXPECT_EQ(test, rill_opt_len(&o) - base, m->len);
}

static bool is_held(const struct receiver *r, u32 seq)
{
	u32 start, end;

	return rill_reasm_run(&r->ofo, seq, &start, &end);
}

/* What holds of any report. */
static void check_report(struct kunit *test, const struct receiver *r)
{
	const struct rill_sack *s = &r->sack;
	unsigned int i, k;
	u32 seq;

	KUNIT_ASSERT_EQ(test, !s->nr, rill_reasm_empty(&r->ofo));
	for (i = 0; i < s->nr; i++) {
		KUNIT_ASSERT_TRUE(test, rill_after(s->held[i].start, r->rcv_nxt));
		KUNIT_ASSERT_TRUE(test, rill_before(s->held[i].start, s->held[i].end));
		for (seq = s->held[i].start; seq != s->held[i].end; seq++)
			KUNIT_ASSERT_TRUE(test, is_held(r, seq));
		KUNIT_ASSERT_FALSE(test, is_held(r, s->held[i].start - 1));
		KUNIT_ASSERT_FALSE(test, is_held(r, s->held[i].end));
		for (k = 0; k < i; k++)
			KUNIT_ASSERT_FALSE(test, touches(&s->held[i], &s->held[k]));
	}
}

/* SACK-3M, SACK-5S, SACK-8M, C40: any order, any overlap, any pruning */
static void rill_sack__random(struct kunit *test)
{
	struct receiver *r = new_receiver(test);
	u32 round, op, seq, end, seed = 0x524c4c07;

	for (round = 0; round < 300; round++) {
		u32 base = 0xffffffff - rill_test_random(&seed) % (2 * SPACE);

		reset_receiver(r, base);
		for (op = 0; op < 60 && r->rcv_nxt - base < SPACE; op++) {
			if (rill_test_random(&seed) % 8 == 0 && !rill_reasm_empty(&r->ofo)) {
				prune(r);
				check_report(test, r);
				continue;
			}
			seq = base + rill_test_random(&seed) % SPACE;
			end = seq + 1 + rill_test_random(&seed) % 16;
			receive(r, seq, end);
			check_report(test, r);
			if (!rill_after(seq, r->rcv_nxt))
				continue;
			KUNIT_ASSERT_FALSE(test, rill_before(seq, r->sack.held[0].start));
			KUNIT_ASSERT_FALSE(test, rill_after(end, r->sack.held[0].end));
		}
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_sack_fill__tells_the_story, story_gen_params),
	KUNIT_CASE(rill_sack_dup__before_one_ack),
	KUNIT_CASE_PARAM(rill_sack_len__is_what_options_take, room_gen_params),
	KUNIT_CASE(rill_sack__random),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-sack",
	.test_cases = cases,
};

kunit_test_suite(suite);
