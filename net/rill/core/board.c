// SPDX-License-Identifier: GPL-2.0
/*
 * The scoreboard of what was sent.
 */
#include "board.h"
#include "seq.h"

static struct rill_tx *to_tx(struct rb_node *rb)
{
	return rb ? rb_entry(rb, struct rill_tx, rb) : NULL;
}

static struct rill_tx *next_tx(const struct rill_tx *tx)
{
	return to_tx(rb_next(&tx->rb));
}

static struct rill_tx *prev_tx(const struct rill_tx *tx)
{
	return to_tx(rb_prev(&tx->rb));
}

static u32 len_of(const struct rill_tx *tx)
{
	return tx->end - tx->seq;
}

void rill_board_init(struct rill_board *b)
{
	b->all = RB_ROOT;
	b->lost = RB_ROOT;
	INIT_LIST_HEAD(&b->sent);
	b->last = NULL;
	b->nr = 0;
	b->in_flight = 0;
	b->lost_len = 0;
	b->sacked = 0;
	b->again = 0;
}

struct rill_tx *rill_board_first(const struct rill_board *b)
{
	return to_tx(rb_first(&b->all));
}

struct rill_tx *rill_board_oldest(const struct rill_board *b)
{
	return list_empty(&b->sent) ? NULL : list_first_entry(&b->sent, struct rill_tx, when);
}

struct rill_tx *rill_board_next_lost(const struct rill_board *b)
{
	struct rb_node *rb = rb_first(&b->lost);

	return rb ? rb_entry(rb, struct rill_tx, lost) : NULL;
}

/* Bytes of a state come or go. */
static void count(struct rill_board *b, const struct rill_tx *tx, u32 len)
{
	switch (tx->state) {
	case RILL_TX_SENT:
		b->in_flight += len;
		if (tx->again)
			b->again += len;
		break;
	case RILL_TX_LOST:
		b->lost_len += len;
		break;
	case RILL_TX_SACKED:
		b->sacked += len;
		break;
	}
}

static void uncount(struct rill_board *b, const struct rill_tx *tx, u32 len)
{
	count(b, tx, -len);
}

static void link_lost(struct rill_board *b, struct rill_tx *tx)
{
	struct rb_node **link = &b->lost.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		if (rill_before(tx->seq, rb_entry(parent, struct rill_tx, lost)->seq))
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&tx->lost, parent, link);
	rb_insert_color(&tx->lost, &b->lost);
}

/* Out of the index of its state. */
static void leave_state(struct rill_board *b, struct rill_tx *tx)
{
	uncount(b, tx, len_of(tx));
	if (tx->state == RILL_TX_SENT)
		list_del(&tx->when);
	else if (tx->state == RILL_TX_LOST)
		rb_erase(&tx->lost, &b->lost);
}

/* Into SACKED or LOST; what is sent goes to a place in the list. */
static void enter_state(struct rill_board *b, struct rill_tx *tx, enum rill_tx_state state)
{
	tx->state = state;
	count(b, tx, len_of(tx));
	if (state == RILL_TX_LOST)
		link_lost(b, tx);
}

static void unlink_tx(struct rill_board *b, struct rill_tx *tx)
{
	if (b->last == tx)
		b->last = prev_tx(tx);
	rb_erase(&tx->rb, &b->all);
	b->nr--;
}

/* Link tx right above p, or lowest if p is NULL. */
static void link_above(struct rill_board *b, struct rill_tx *p, struct rill_tx *tx)
{
	struct rb_node *parent = p ? &p->rb : NULL;
	struct rb_node **link = p ? &p->rb.rb_right : &b->all.rb_node;

	while (*link) {
		parent = *link;
		link = &parent->rb_left;
	}
	rb_link_node(&tx->rb, parent, link);
	rb_insert_color(&tx->rb, &b->all);
	b->nr++;
	if (b->last == p)
		b->last = tx;
}

void rill_board_purge(struct rill_board *b)
{
	struct rill_tx *tx;

	while ((tx = rill_board_first(b))) {
		rb_erase(&tx->rb, &b->all);
		rill_tx_free(tx);
	}
	rill_board_init(b);
}

void rill_board_send(struct rill_board *b, struct rill_tx *tx, u32 seq, u32 end, u64 now_us)
{
	tx->seq = seq;
	tx->end = end;
	tx->tx_us = now_us;
	tx->again = 0;
	link_above(b, b->last, tx);
	enter_state(b, tx, RILL_TX_SENT);
	list_add_tail(&tx->when, &b->sent);
}

/* The range that holds seq, or NULL. */
static struct rill_tx *find(const struct rill_board *b, u32 seq)
{
	struct rb_node *rb = b->all.rb_node;

	while (rb) {
		struct rill_tx *tx = to_tx(rb);

		if (rill_before(seq, tx->seq))
			rb = rb->rb_left;
		else if (!rill_before(seq, tx->end))
			rb = rb->rb_right;
		else
			return tx;
	}
	return NULL;
}

/* Cut tx in two at seq, which lies inside. Returns the upper one, NULL without memory. */
static struct rill_tx *cut(struct rill_board *b, struct rill_tx *tx, u32 seq)
{
	struct rill_tx *up = rill_tx_alloc();

	if (!up)
		return NULL;
	*up = *tx;
	up->seq = seq;
	tx->end = seq;
	link_above(b, tx, up);
	/* the sum of both is what it was */
	if (up->state == RILL_TX_SENT)
		list_add(&up->when, &tx->when);
	else if (up->state == RILL_TX_LOST)
		link_lost(b, up);
	return up;
}

static void send_again(struct rill_board *b, struct rill_tx *tx, u64 now_us)
{
	leave_state(b, tx);
	tx->again = 1;
	tx->tx_us = now_us;
	enter_state(b, tx, RILL_TX_SENT);
	list_add_tail(&tx->when, &b->sent);
}

void rill_board_resend(struct rill_board *b, u32 seq, u32 end, u64 now_us)
{
	struct rill_tx *tx = find(b, seq), *up;

	if (!tx)
		return;
	if (tx->seq != seq) {
		up = cut(b, tx, seq);
		if (up)
			tx = up;
	}
	while (tx && rill_before(tx->seq, end)) {
		if (rill_after(tx->end, end))
			cut(b, tx, end);
		send_again(b, tx, now_us);
		tx = next_tx(tx);
	}
}

/* Bytes [seq, end) of tx are delivered. */
static void deliver(struct rill_delivered *d, const struct rill_tx *tx, u32 seq, u32 end)
{
	if (!(d->fresh || d->again) || rill_after(end, d->high))
		d->high = end;
	if (tx->again) {
		if (!d->again || rill_sent_after(tx->tx_us, end, d->again_us, d->again_end)) {
			d->again_us = tx->tx_us;
			d->again_end = end;
		}
		d->again += end - seq;
		return;
	}
	if (!d->fresh || rill_before(end, d->fresh_low))
		d->fresh_low = end;
	if (!d->fresh || rill_sent_after(tx->tx_us, end, d->fresh_us, d->fresh_end)) {
		d->fresh_us = tx->tx_us;
		d->fresh_end = end;
		d->stamp = tx->stamp;
	}
	d->fresh += end - seq;
}

void rill_board_ack(struct rill_board *b, u32 una, struct rill_delivered *d)
{
	struct rill_tx *tx;
	u32 end, len;

	while ((tx = rill_board_first(b)) && rill_before(tx->seq, una)) {
		end = rill_seq_min(tx->end, una);
		len = end - tx->seq;
		if (tx->state != RILL_TX_SACKED) {
			if (!tx->again && !d->fresh_first_us)
				d->fresh_first_us = tx->tx_us;
			deliver(d, tx, tx->seq, end);
			d->acked += len;
		}
		if (end != tx->end) {
			uncount(b, tx, len);
			tx->seq = end;
			return;
		}
		leave_state(b, tx);
		unlink_tx(b, tx);
		rill_tx_free(tx);
	}
}

/* tx is SACKed: one with its neighbours that are. Returns what holds it. */
static struct rill_tx *join(struct rill_board *b, struct rill_tx *tx)
{
	struct rill_tx *prev = prev_tx(tx), *next = next_tx(tx);

	if (next && next->state == RILL_TX_SACKED) {
		tx->end = next->end;
		unlink_tx(b, next);
		rill_tx_free(next);
	}
	if (prev && prev->state == RILL_TX_SACKED) {
		prev->end = tx->end;
		unlink_tx(b, tx);
		rill_tx_free(tx);
		return prev;
	}
	return tx;
}

/* The lower part of tx, up to hi, becomes part of the SACKed range below it. */
static struct rill_tx *give_below(struct rill_board *b, struct rill_tx *tx, struct rill_tx *prev,
				  u32 hi)
{
	u32 len = hi - tx->seq;

	uncount(b, tx, len);
	count(b, prev, len);
	prev->end = hi;
	tx->seq = hi;
	return prev;
}

/* The upper part of tx, from lo on, becomes part of the SACKed range above it. */
static struct rill_tx *give_above(struct rill_board *b, struct rill_tx *tx, struct rill_tx *next,
				  u32 lo)
{
	u32 len = tx->end - lo;

	uncount(b, tx, len);
	count(b, next, len);
	next->seq = lo;
	tx->end = lo;
	return next;
}

/* May a SACK block cut a range in two, and that again? */
static bool may_cut(const struct rill_board *b)
{
	u32 len = b->in_flight + b->lost_len + b->sacked;

	return b->nr < RILL_BOARD_SPARE + len / RILL_BOARD_GRAIN;
}

/*
 * Bytes [lo, hi) of tx are SACKed; where a neighbour is too, a border moves and
 * nothing is allocated. Returns the range that holds them, NULL without memory; tx
 * then still begins where it did.
 */
static struct rill_tx *sack_part(struct rill_board *b, struct rill_tx *tx, u32 lo, u32 hi)
{
	struct rill_tx *prev = prev_tx(tx), *next = next_tx(tx);

	if (lo == tx->seq && hi != tx->end && prev && prev->state == RILL_TX_SACKED)
		return give_below(b, tx, prev, hi);
	if (lo != tx->seq && hi == tx->end && next && next->state == RILL_TX_SACKED)
		return give_above(b, tx, next, lo);
	if ((lo != tx->seq || hi != tx->end) && !may_cut(b))
		return NULL;
	if (hi != tx->end && !cut(b, tx, hi))
		return NULL;
	if (lo != tx->seq) {
		tx = cut(b, tx, lo);
		if (!tx)
			return NULL;
	}
	leave_state(b, tx);
	enter_state(b, tx, RILL_TX_SACKED);
	return join(b, tx);
}

void rill_board_sack(struct rill_board *b, u32 start, u32 end, struct rill_delivered *d)
{
	struct rill_tx *tx = rill_board_first(b), *held;
	struct rill_delivered one;
	u32 lo, hi;

	if (!tx || !rill_before(start, end))
		return;
	if (rill_after(start, tx->seq))
		tx = find(b, start);
	for (; tx && rill_before(tx->seq, end); tx = next_tx(tx)) {
		if (tx->state == RILL_TX_SACKED)
			continue;
		lo = rill_seq_max(start, tx->seq);
		hi = rill_seq_min(end, tx->end);
		one = *d;
		deliver(&one, tx, lo, hi);
		held = sack_part(b, tx, lo, hi);
		if (!held)
			continue;
		tx = held;
		*d = one;
		d->sacked += hi - lo;
	}
}

void rill_board_lose(struct rill_board *b, struct rill_tx *tx)
{
	leave_state(b, tx);
	enter_state(b, tx, RILL_TX_LOST);
}

u32 rill_board_lose_head(struct rill_board *b, u32 len)
{
	struct rill_tx *tx = rill_board_first(b);
	u32 lost = 0, take;

	while (tx && len && tx->state == RILL_TX_SENT) {
		take = min(len, len_of(tx));
		if (take != len_of(tx) && !cut(b, tx, tx->seq + take))
			take = len_of(tx);
		rill_board_lose(b, tx);
		lost += take;
		len -= min(len, take);
		tx = next_tx(tx);
	}
	return lost;
}

u32 rill_board_lose_range(struct rill_board *b, u32 seq, u32 end)
{
	struct rill_tx *tx = rill_board_first(b);
	u32 lost = 0;

	if (!tx || !rill_before(seq, end))
		return 0;
	if (rill_after(seq, tx->seq))
		tx = find(b, seq);
	for (; tx && rill_before(tx->seq, end); tx = next_tx(tx)) {
		if (tx->state != RILL_TX_SENT)
			continue;
		/* what goes before it stays; without memory it goes as well */
		if (rill_before(tx->seq, seq) && cut(b, tx, seq))
			continue;
		if (rill_after(tx->end, end))
			cut(b, tx, end);
		lost += len_of(tx);
		rill_board_lose(b, tx);
	}
	return lost;
}

void rill_board_timeout(struct rill_board *b, u64 before_us)
{
	struct rill_tx *head = rill_board_first(b), *tx;
	bool reneged = head && head->state == RILL_TX_SACKED;

	for (tx = head; tx; tx = next_tx(tx)) {
		if (tx->state == RILL_TX_LOST || (tx->state == RILL_TX_SACKED && !reneged))
			continue;
		if (tx != head && !reneged && tx->tx_us >= before_us)
			continue;
		rill_board_lose(b, tx);
	}
}

void rill_board_restore(struct rill_board *b)
{
	struct list_head *at = &b->sent;
	struct rill_tx *tx, *next;
	u64 at_us = 0;

	/* Mostly in the order of sending, so that the place moves ahead. */
	while ((tx = rill_board_next_lost(b))) {
		leave_state(b, tx);
		enter_state(b, tx, RILL_TX_SENT);
		if (tx->tx_us < at_us)
			at = &b->sent;
		for (; at->next != &b->sent; at = at->next) {
			next = list_entry(at->next, struct rill_tx, when);
			if (rill_sent_after(next->tx_us, next->end, tx->tx_us, tx->end))
				break;
		}
		list_add(&tx->when, at);
		at = &tx->when;
		at_us = tx->tx_us;
	}
}

u32 rill_board_lost_run(const struct rill_board *b, const struct rill_tx *tx, u32 max)
{
	u32 run = 0;

	for (; tx && tx->state == RILL_TX_LOST && run < max; tx = next_tx(tx))
		run += len_of(tx);
	return min(run, max);
}

/* Where the bytes begin above which no more than thresh - 1 are SACKed. */
static u32 passed_edge(const struct rill_board *b, u32 thresh)
{
	struct rill_tx *tx;
	u32 above = 0;

	for (tx = b->last; tx; tx = prev_tx(tx)) {
		if (tx->state == RILL_TX_SACKED)
			above += len_of(tx);
		if (above >= thresh)
			return tx->seq;
	}
	return rill_board_first(b)->seq;
}

u32 rill_board_lose_below(struct rill_board *b, u32 thresh)
{
	struct list_head *at, *next;
	u32 edge, lost = 0;

	if (b->sacked < thresh)
		return 0;
	edge = passed_edge(b, thresh);
	/* what was sent once stands in the list by its number */
	for (at = b->sent.next; at != &b->sent; at = next) {
		struct rill_tx *tx = list_entry(at, struct rill_tx, when);

		next = at->next;
		if (tx->again)
			continue;
		if (!rill_before(tx->seq, edge))
			break;
		lost += len_of(tx);
		rill_board_lose(b, tx);
	}
	return lost;
}
