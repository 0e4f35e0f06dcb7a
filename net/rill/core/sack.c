// SPDX-License-Identifier: GPL-2.0
/*
 * SACK, the receiver's side.
 */
#include "sack.h"
#include "seq.h"

void rill_sack_init(struct rill_sack *s)
{
	s->nr = 0;
	s->has_dup = false;
}

/* Do two blocks overlap, or adjoin? */
static bool touches(const struct rill_sack_block *a, const struct rill_sack_block *b)
{
	return !rill_after(a->start, b->end) && !rill_after(b->start, a->end);
}

static void join(struct rill_sack_block *to, const struct rill_sack_block *b)
{
	to->start = rill_seq_min(to->start, b->start);
	to->end = rill_seq_max(to->end, b->end);
}

void rill_sack_held(struct rill_sack *s, u32 start, u32 end)
{
	struct rill_sack_block first = { start, end };
	unsigned int i, kept = 0;

	for (i = 0; i < s->nr; i++) {
		if (touches(&first, &s->held[i]))
			join(&first, &s->held[i]);
		else
			s->held[kept++] = s->held[i];
	}

	/* The one that was told longest ago makes room (RFC 2018, 4). */
	kept = min_t(unsigned int, kept, RILL_MAX_SACKS - 1);
	for (i = kept; i; i--)
		s->held[i] = s->held[i - 1];
	s->held[0] = first;
	s->nr = kept + 1;
}

void rill_sack_dup(struct rill_sack *s, u32 start, u32 end)
{
	struct rill_sack_block dup = { start, end };

	if (s->has_dup && touches(&dup, &s->dup))
		join(&dup, &s->dup);
	s->dup = dup;
	s->has_dup = true;
}

/* Is some of a run among the blocks? */
static bool is_told(const struct rill_sack *s, const struct rill_sack_block *run)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (touches(&s->held[i], run))
			return true;
	return false;
}

void rill_sack_update(struct rill_sack *s, const struct rill_reasm *r, u32 rcv_nxt)
{
	u32 end = rill_reasm_empty(r) ? rcv_nxt : rill_reasm_last(r)->end;
	const struct rill_sack_block top = { r->top, end };
	unsigned int i, kept = 0;

	for (i = 0; i < s->nr; i++) {
		struct rill_sack_block b = s->held[i];

		/* A run begins after a hole: one at RCV.NXT was delivered. */
		if (!rill_after(b.start, rcv_nxt) || !rill_before(b.start, end))
			continue;
		b.end = rill_seq_min(b.end, end);
		s->held[kept++] = b;
	}
	s->nr = kept;

	if (!rill_reasm_empty(r) && kept < RILL_MAX_SACKS && !is_told(s, &top))
		s->held[s->nr++] = top;
}

void rill_sack_fill(const struct rill_sack *s, struct rill_opts *o)
{
	unsigned int i, nr = 0;

	if (s->has_dup)
		o->sack[nr++] = s->dup;
	for (i = 0; i < s->nr && nr < RILL_MAX_SACKS; i++)
		o->sack[nr++] = s->held[i];
	o->nr_sacks = nr;
	if (nr)
		o->present |= RILL_OPT_SACK;
}
