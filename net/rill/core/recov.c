// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery from loss without SACK: RFC 5681, 3.2; RFC 6582 (NewReno); RFC 3042.
 */
#include "cong.h"
#include "seq.h"

#define DUP_THRESH		3	/* RFC 5681, 3.2 */

void rill_recov_init(struct rill_recov *r, u32 iss)
{
	memset(r, 0, sizeof(*r));
	r->state = RILL_RECOV_OPEN;
	r->recover = iss;
	r->disorder_nxt = iss;
	r->rto_una = iss;
}

/* Remember what an undo would restore: the window before the first cut. */
static void episode_begins(struct rill_recov *r, const struct rill_cong *c)
{
	if (r->state == RILL_RECOV_FAST || r->state == RILL_RECOV_LOSS)
		return;
	r->prior_cwnd = c->cwnd;
	r->prior_ssthresh = c->ssthresh;
}

static u32 episode_ends(struct rill_recov *r)
{
	r->state = RILL_RECOV_OPEN;
	return RILL_DO_RECOVERED;
}

/* RFC 5681, 3.2, steps 2 and 3. What limited transmit sent does not count as
 * flight (step 2), so the flight is that of the first duplicate ACK.
 */
static u32 enter_fast(struct rill_recov *r, struct rill_cong *c, u32 snd_una, u32 snd_nxt)
{
	episode_begins(r, c);
	c->ssthresh = c->ops->ssthresh(c, r->disorder_nxt - snd_una);
	c->acked = 0;
	rill_cong_set_cwnd(c, (u64)c->ssthresh + DUP_THRESH * c->mss);

	r->state = RILL_RECOV_FAST;
	r->recover = snd_nxt;
	return RILL_DO_RETRANS_HEAD;
}

u32 rill_recov_dupack(struct rill_recov *r, struct rill_cong *c, u32 snd_una, u32 snd_nxt)
{
	if (r->dupacks < 255)
		r->dupacks++;

	/* RFC 5681, 3.2, step 4: each is a segment that left the network. */
	if (r->state == RILL_RECOV_FAST) {
		rill_cong_set_cwnd(c, (u64)c->cwnd + c->mss);
		return 0;
	}

	/* RFC 6582, 3.2, step 4: the timeout ended fast recovery. */
	if (r->state == RILL_RECOV_LOSS)
		return 0;

	if (r->dupacks == 1)
		r->disorder_nxt = snd_nxt;
	r->state = RILL_RECOV_DISORDER;

	if (r->dupacks < DUP_THRESH)
		return RILL_DO_LIMITED;

	/* RFC 6582, 3.2, step 2: unless more than "recover" is acknowledged,
	 * these may answer what an earlier episode resent for nothing.
	 */
	if (r->dupacks == DUP_THRESH && rill_after(snd_una, r->recover))
		return enter_fast(r, c, snd_una, snd_nxt);
	return 0;
}

/* No episode: the algorithm grows the window. */
static u32 ack_open(struct rill_recov *r, struct rill_cong *c, const struct rill_cong_ack *a)
{
	r->state = RILL_RECOV_OPEN;

	/* Once passed, "recover" moves along, lest 2^31 bytes make it look ahead. */
	if (rill_after(a->una, r->recover))
		r->recover = a->una - 1;

	if (a->cwnd_limited)
		c->ops->cong_avoid(c, a);
	return 0;
}

/* RFC 6582, 3.2, step 3, full ACK: its first option, which avoids a burst */
static u32 ack_full(struct rill_recov *r, struct rill_cong *c, u32 flight)
{
	rill_cong_set_cwnd(c, min_t(u64, c->ssthresh, (u64)max(flight, c->mss) + c->mss));
	return episode_ends(r);
}

/* RFC 6582, 3.2, step 3, partial ACK: the next hole begins where it ends. */
static u32 ack_partial(struct rill_cong *c, u32 acked)
{
	u32 cwnd = c->cwnd > acked ? c->cwnd - acked : 0;

	if (acked >= c->mss)
		cwnd += c->mss;
	rill_cong_set_cwnd(c, max(cwnd, c->mss));
	return RILL_DO_RETRANS_HEAD;
}

static u32 ack_loss(struct rill_recov *r, struct rill_cong *c, const struct rill_cong_ack *a)
{
	struct rill_cong_ack one = *a;

	one.acked = min(a->acked, c->mss);
	c->ops->cong_avoid(c, &one);

	return rill_before(a->una, r->recover) ? RILL_DO_RETRANS_HEAD : episode_ends(r);
}

u32 rill_recov_ack(struct rill_recov *r, struct rill_cong *c, const struct rill_cong_ack *a)
{
	r->dupacks = 0;

	if (c->ops->ack)
		c->ops->ack(c, a);

	switch (r->state) {
	case RILL_RECOV_FAST:
		if (rill_before(a->una, r->recover))
			return ack_partial(c, a->acked);
		return ack_full(r, c, a->nxt - a->una);
	case RILL_RECOV_LOSS:
		return ack_loss(r, c, a);
	default:
		return ack_open(r, c, a);
	}
}

/* RFC 5681, 3.1: a segment that the timer has resent before leaves the
 * threshold alone. So does one later in the same episode, if it would raise it:
 * the flight still counts what the first timeout took for lost.
 */
static void cut_ssthresh(struct rill_recov *r, struct rill_cong *c, u32 flight)
{
	u32 ssthresh = c->ops->ssthresh(c, flight);

	c->ssthresh = r->state == RILL_RECOV_LOSS ? min(c->ssthresh, ssthresh) : ssthresh;
}

u32 rill_recov_rto(struct rill_recov *r, struct rill_cong *c, u32 snd_una, u32 snd_nxt)
{
	episode_begins(r, c);
	if (r->state != RILL_RECOV_LOSS || r->rto_una != snd_una)
		cut_ssthresh(r, c, snd_nxt - snd_una);
	rill_cong_set_cwnd(c, c->mss);
	c->acked = 0;

	r->state = RILL_RECOV_LOSS;
	r->dupacks = 0;
	r->recover = snd_nxt;
	r->rto_una = snd_una;

	if (c->ops->event)
		c->ops->event(c, RILL_CONG_RTO, 0);
	return RILL_DO_RETRANS_HEAD;
}
