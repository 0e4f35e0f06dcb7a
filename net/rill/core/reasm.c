// SPDX-License-Identifier: GPL-2.0
/*
 * Reassembly: the segments that came out of order.
 */
#include "reasm.h"
#include "seq.h"

static struct rill_reasm_node *to_node(struct rb_node *rb)
{
	return rb ? rb_entry(rb, struct rill_reasm_node, rb) : NULL;
}

static struct rill_reasm_node *prev_node(const struct rill_reasm_node *n)
{
	return to_node(rb_prev(&n->rb));
}

void rill_reasm_init(struct rill_reasm *r)
{
	r->root = RB_ROOT;
	r->last = NULL;
	r->top = 0;
}

bool rill_reasm_empty(const struct rill_reasm *r)
{
	return !r->last;
}

/* The last node that does not begin after seq; it also reaches farthest of all those. */
static struct rill_reasm_node *find_floor(const struct rill_reasm *r, u32 seq)
{
	struct rb_node *rb = r->root.rb_node;
	struct rill_reasm_node *best = NULL;

	/* Segments mostly follow the highest one. */
	if (r->last && !rill_before(seq, r->last->seq))
		return r->last;

	while (rb) {
		struct rill_reasm_node *n = to_node(rb);

		if (rill_after(n->seq, seq)) {
			rb = rb->rb_left;
		} else {
			best = n;
			rb = rb->rb_right;
		}
	}
	return best;
}

/* Follow nodes that leave no hole, from n up, at most budget of them. */
static u32 walk_up(const struct rill_reasm_node *n, unsigned int budget)
{
	const struct rill_reasm_node *next;
	u32 reach = n->end;

	while (budget--) {
		next = rill_reasm_next(n);
		if (!next || rill_after(next->seq, reach))
			break;
		n = next;
		reach = n->end;
	}
	return reach;
}

/* The same, down from n. */
static u32 walk_down(const struct rill_reasm_node *n, unsigned int budget)
{
	const struct rill_reasm_node *prev;

	while (budget--) {
		prev = prev_node(n);
		if (!prev || rill_before(prev->end, n->seq))
			break;
		n = prev;
	}
	return n->seq;
}

/* Do nodes from p on, without a hole, hold all of n? */
static bool is_held(const struct rill_reasm_node *p, const struct rill_reasm_node *n)
{
	u32 reach;

	if (n->seq == n->end)
		return true;
	if (!p)
		return false;

	reach = p->end;
	while (rill_before(reach, n->end)) {
		p = rill_reasm_next(p);
		if (!p || rill_after(p->seq, reach))
			return false;
		reach = p->end;
	}
	return true;
}

/* Link n right above p, or lowest if p is NULL: one of the two places is free. */
static void link_after(struct rill_reasm *r, struct rill_reasm_node *p, struct rill_reasm_node *n)
{
	struct rb_node *parent = p ? &p->rb : NULL;
	struct rb_node **link = p ? &p->rb.rb_right : &r->root.rb_node;

	/* Else the free place is the left one of the lowest node below that link. */
	while (*link) {
		parent = *link;
		link = &parent->rb_left;
	}
	rb_link_node(&n->rb, parent, link);
	rb_insert_color(&n->rb, &r->root);
}

/* Where does the highest run begin now that n is in the tree? end is where the
 * run ended before.
 */
static u32 new_top(const struct rill_reasm *r, const struct rill_reasm_node *n, u32 end)
{
	if (rill_after(n->seq, end))
		return n->seq;
	if (rill_before(n->end, r->top) || !rill_before(n->seq, r->top))
		return r->top;
	/* It joins the run from below, and perhaps another run to it. */
	return walk_down(n, RILL_REASM_WALK);
}

/* What drop() needs, so that one pointer says it. */
struct dropper {
	void (*drop)(struct rill_reasm_node *victim, void *arg);
	void *arg;
};

static void drop_node(struct rill_reasm *r, struct rill_reasm_node *victim,
		      const struct dropper *d)
{
	rb_erase(&victim->rb, &r->root);
	d->drop(victim, d->arg);
}

/* Drop what n makes superfluous below its place; returns the node that is left there. */
static struct rill_reasm_node *clear_below(struct rill_reasm *r, struct rill_reasm_node *p,
					   const struct rill_reasm_node *n,
					   const struct dropper *d)
{
	struct rill_reasm_node *below;

	if (!p)
		return NULL;

	/* n is not held, so it ends after p does, and covers it if they begin together. */
	below = prev_node(p);
	if (p->seq == n->seq) {
		drop_node(r, p, d);
		p = below;
		below = p ? prev_node(p) : NULL;
	}

	if (below && !rill_before(below->end, n->seq)) {
		drop_node(r, p, d);
		p = below;
	}
	return p;
}

/* The same above its place, where n may cover any number of nodes. */
static struct rill_reasm_node *clear_above(struct rill_reasm *r, struct rill_reasm_node *s,
					   const struct rill_reasm_node *n,
					   const struct dropper *d)
{
	struct rill_reasm_node *above;

	for (; s && !rill_after(s->end, n->end); s = above) {
		above = rill_reasm_next(s);
		drop_node(r, s, d);
	}
	if (!s)
		return NULL;

	above = rill_reasm_next(s);
	if (above && !rill_after(above->seq, n->end)) {
		drop_node(r, s, d);
		s = above;
	}
	return s;
}

enum rill_reasm_verdict rill_reasm_insert(struct rill_reasm *r, struct rill_reasm_node *n,
					  void (*drop)(struct rill_reasm_node *victim, void *arg),
					  void *arg)
{
	struct rill_reasm_node *p = find_floor(r, n->seq);
	const struct dropper d = { .drop = drop, .arg = arg };
	bool was_empty = rill_reasm_empty(r);
	struct rill_reasm_node *s;
	u32 end;

	if (is_held(p, n))
		return RILL_REASM_DUP;

	end = was_empty ? 0 : r->last->end;
	s = p ? rill_reasm_next(p) : rill_reasm_first(r);
	s = clear_above(r, s, n, &d);
	p = clear_below(r, p, n, &d);

	link_after(r, p, n);
	if (!s)
		r->last = n;
	r->top = was_empty ? n->seq : new_top(r, n, end);
	return RILL_REASM_QUEUED;
}

struct rill_reasm_node *rill_reasm_first(const struct rill_reasm *r)
{
	return to_node(rb_first(&r->root));
}

struct rill_reasm_node *rill_reasm_last(const struct rill_reasm *r)
{
	return r->last;
}

struct rill_reasm_node *rill_reasm_next(const struct rill_reasm_node *n)
{
	return to_node(rb_next(&n->rb));
}

void rill_reasm_remove(struct rill_reasm *r, struct rill_reasm_node *n)
{
	struct rill_reasm_node *p = prev_node(n);
	struct rill_reasm_node *s = rill_reasm_next(n);

	rb_erase(&n->rb, &r->root);
	if (!s)
		r->last = p;

	if (!s && p && !rill_after(p->end, r->top))
		r->top = walk_down(p, RILL_REASM_WALK);	/* n was the highest run */
	else if (s && (!p || rill_before(p->end, s->seq)))
		r->top = rill_seq_max(r->top, s->seq);	/* n may have begun it */
}

struct rill_reasm_node *rill_reasm_pop(struct rill_reasm *r, u32 rcv_nxt)
{
	struct rill_reasm_node *n = rill_reasm_first(r);

	if (!n || rill_after(n->seq, rcv_nxt))
		return NULL;
	rill_reasm_remove(r, n);
	return n;
}

bool rill_reasm_overlap(const struct rill_reasm *r, u32 seq, u32 end, u32 *from, u32 *to)
{
	struct rill_reasm_node *n = find_floor(r, seq);

	if (n && rill_before(seq, n->end)) {
		*from = seq;
	} else {
		n = n ? rill_reasm_next(n) : rill_reasm_first(r);
		if (!n || !rill_before(n->seq, end))
			return false;
		*from = n->seq;
	}
	*to = rill_seq_min(walk_up(n, RILL_REASM_WALK), end);
	return true;
}

bool rill_reasm_run(const struct rill_reasm *r, u32 seq, u32 *start, u32 *end)
{
	struct rill_reasm_node *n = find_floor(r, seq);
	u32 reach;

	if (!n || !rill_before(seq, n->end))
		return false;

	if (!rill_before(seq, r->top)) {
		*start = r->top;
		*end = r->last->end;
		return true;
	}

	/* A walk that arrives in the highest run knows the rest of it. */
	reach = walk_up(n, RILL_REASM_WALK);
	*start = walk_down(n, RILL_REASM_WALK);
	*end = rill_before(reach, r->top) ? reach : r->last->end;
	return true;
}
