// SPDX-License-Identifier: GPL-2.0
/*
 * Episodes of loss.
 */
#include "recov.h"
#include "seq.h"

void rill_recov_init(struct rill_recov *r, u32 iss)
{
	memset(r, 0, sizeof(*r));
	r->state = RILL_RECOV_OPEN;
	r->recover = iss;
	r->rto_una = iss;
}

static void tell(struct rill_cong *c, enum rill_cong_event event, u64 now_us)
{
	if (c->ops->event)
		c->ops->event(c, event, now_us);
}

/*
 * Remember what an undo would restore: the window before the first cut. What
 * an earlier episode sent again and is still in flight may be told of later:
 * it is judged together with what this one sends.
 */
static void remember(struct rill_recov *r, const struct rill_cong *c, u32 una, u32 nxt, u32 again)
{
	r->prior_cwnd = c->cwnd;
	r->prior_ssthresh = c->ssthresh;
	r->undo_una = una;
	r->undo_end = nxt;
	r->undo_len = again;
	r->undo = 1;
	r->stamped = r->stamped && again;
}

/* RFC 9937, 6.1: the window begins to shrink to a new ssthresh. */
static void begin_reduction(struct rill_recov *r, struct rill_cong *c, u32 ssthresh,
			    u32 recover_fs, u64 now_us)
{
	c->ssthresh = ssthresh;
	c->acked = 0;
	r->prr_delivered = 0;
	r->prr_out = 0;
	/* with little outstanding it is no share of what follows: never more than arrives */
	r->recover_fs = max(max(recover_fs, ssthresh), 1U);
	tell(c, RILL_CONG_REDUCED, now_us);
}

static bool reduces(const struct rill_recov *r)
{
	return r->state == RILL_RECOV_CWR || r->state == RILL_RECOV_FAST;
}

/* RFC 9937, 6.2: what may be sent for this ACK. */
static void prr(struct rill_recov *r, struct rill_cong *c, const struct rill_recov_ack *a)
{
	/* PRR-4I: entry permits a retransmission in any case */
	u32 delivered = a->c.acked, floor = r->prr_out ? 0 : c->mss;
	s64 sndcnt;

	/* RACK's timer, or an ACK of nothing: what left the pipe as lost may go again */
	if (!delivered && !a->moved && r->prr_out)
		return;
	r->prr_delivered += delivered;
	if (a->pipe > c->ssthresh) {
		/* PRR-2I: in proportion */
		sndcnt = (s64)DIV_ROUND_UP_ULL((u64)r->prr_delivered * c->ssthresh,
					       r->recover_fs) - r->prr_out;
	} else {
		/* PRR-3I: what was delivered, and more while nothing new is lost */
		sndcnt = max_t(s64, (s64)r->prr_delivered - r->prr_out, delivered);
		if (a->moved && !a->newly_lost)
			sndcnt += c->mss;
		sndcnt = min_t(s64, sndcnt, c->ssthresh - a->pipe);
	}
	rill_cong_set_cwnd(c, (u64)a->pipe + max_t(s64, sndcnt, floor));
}

/* PRR-4I: the window is where it was to go. */
static u32 end_reduction(struct rill_recov *r, struct rill_cong *c, u64 now_us)
{
	if (c->ssthresh < RILL_SSTHRESH_INFINITE)
		rill_cong_set_cwnd(c, max(c->ssthresh, c->mss));
	r->state = RILL_RECOV_OPEN;
	tell(c, RILL_CONG_RECOVERED, now_us);
	return RILL_DO_RECOVERED;
}

/* The cut was for nothing. */
static u32 undo(struct rill_recov *r, struct rill_cong *c, u64 now_us)
{
	r->undo = 0;
	r->frto = 0;
	r->new_first = 0;
	r->state = RILL_RECOV_OPEN;
	rill_cong_set_cwnd(c, max(c->cwnd, r->prior_cwnd));
	c->ssthresh = max(c->ssthresh, r->prior_ssthresh);
	tell(c, RILL_CONG_UNDO, now_us);
	return RILL_DO_RESTORE | RILL_DO_UNDONE | RILL_DO_RECOVERED;
}

/*
 * RFC 3708: all that was sent again was reported as duplicate. RFC 4015: what
 * moved SND.UNA was sent the first time.
 */
static bool was_for_nothing(const struct rill_recov *r, const struct rill_recov_ack *a)
{
	return r->undo && ((r->stamped && !r->undo_len) || (a->moved && a->original));
}

bool rill_recov_dupack(struct rill_recov *r, u32 flight, u32 mss, u32 una, u32 thresh)
{
	if (r->dupacks < 255)
		r->dupacks++;
	if (r->state == RILL_RECOV_LOSS)
		return false;
	/* the first segment is missing, whatever comes */
	if (flight > mss)
		r->dup_len = min(r->dup_len + mss, flight - mss);
	return r->state != RILL_RECOV_FAST && r->dupacks >= thresh &&
	       rill_after(una, r->recover);
}

u32 rill_recov_cumulative(struct rill_recov *r, u32 acked, u32 mss)
{
	u32 known = min(acked - min(acked, mss), r->dup_len);

	r->dup_len -= known;
	return acked - known;
}

/* Fast recovery begins: RFC 6675, 5, step 4; RFC 5681, 3.2. */
static u32 enter_fast(struct rill_recov *r, struct rill_cong *c, const struct rill_recov_ack *a)
{
	u32 all = a->c.nxt - a->c.una;

	/* a window that shrinks already is not cut again */
	if (!reduces(r)) {
		/* RFC 9937, 6.1: what was SACKed before is not delivered now */
		u32 before = a->sacked - min(a->sacked, a->c.acked);
		/* RFC 5681, 3.2: limited transmit may have sent more, which is no part of it */
		u32 flight = min(a->c.flight, c->cwnd);

		remember(r, c, a->c.una, a->c.nxt, a->again);
		begin_reduction(r, c, c->ops->ssthresh(c, flight), all - min(all, before),
				a->c.now_us);
	}
	r->state = RILL_RECOV_FAST;
	r->recover = a->c.nxt;
	prr(r, c, a);
	return RILL_DO_ENTERED;
}

/* No episode: the algorithm grows the window. */
static u32 ack_open(struct rill_recov *r, struct rill_cong *c, const struct rill_recov_ack *a)
{
	if (a->lost)
		return enter_fast(r, c, a);
	r->state = a->sacked || r->dupacks ? RILL_RECOV_DISORDER : RILL_RECOV_OPEN;

	/* Once passed, "recover" moves along, lest 2^31 bytes make it look ahead. */
	if (a->moved && rill_after(a->c.una, r->recover))
		r->recover = a->c.una - 1;

	if (a->progress && a->c.acked && a->c.cwnd_limited && !a->c.ece)
		c->ops->cong_avoid(c, &a->c);
	return 0;
}

static u32 ack_reducing(struct rill_recov *r, struct rill_cong *c, const struct rill_recov_ack *a)
{
	/* ECN-4I: the peer echoes until CWR, on what follows, has reached it */
	u32 past = r->recover + (r->state == RILL_RECOV_CWR);
	bool passed = a->moved && !rill_before(a->c.una, past);

	if (r->state == RILL_RECOV_CWR && a->lost)
		return enter_fast(r, c, a);
	if (passed && !a->lost)
		return end_reduction(r, c, a->c.now_us);
	if (passed)	/* the next window has losses of its own (CC-13M) */
		return end_reduction(r, c, a->c.now_us) | ack_open(r, c, a);
	prr(r, c, a);
	return 0;
}

/* RFC 5682, 3.1, steps 2 and 3. Returns whether F-RTO has spoken. */
static bool frto_decides(struct rill_recov *r, const struct rill_recov_ack *a)
{
	if (rill_after(a->c.nxt, r->recover)) {
		/* 3a: the new data told of nothing but itself */
		if (a->c.acked)
			r->frto = 0;
		return false;
	}
	if (!a->moved)
		return false;
	/* 2b: two new segments will show; not if there are none */
	if (a->new_data) {
		r->recover = a->c.nxt;
		r->new_first = 1;
		return true;
	}
	r->frto = 0;
	return false;
}

static u32 ack_loss(struct rill_recov *r, struct rill_cong *c, const struct rill_recov_ack *a)
{
	bool passed = a->moved && !rill_before(a->c.una, r->recover);
	u32 todo = 0;

	r->new_first = 0;
	if (r->frto) {
		/* 3b: something that was sent only once got through */
		if (a->fresh)
			return undo(r, c, a->c.now_us);
		if (!passed)
			frto_decides(r, a);
	}
	/* slow start, also over what is mended */
	if (a->c.acked)
		c->ops->cong_avoid(c, &a->c);
	if (passed) {
		r->frto = 0;
		r->state = RILL_RECOV_OPEN;
		tell(c, RILL_CONG_RECOVERED, a->c.now_us);
		todo = RILL_DO_RECOVERED;
	}
	return todo;
}

u32 rill_recov_ack(struct rill_recov *r, struct rill_cong *c, const struct rill_recov_ack *a)
{
	if (a->moved)
		r->dupacks = 0;
	if (c->ops->ack && (a->c.acked || a->c.ece))
		c->ops->ack(c, &a->c);
	if (was_for_nothing(r, a))
		return undo(r, c, a->c.now_us);

	switch (r->state) {
	case RILL_RECOV_CWR:
	case RILL_RECOV_FAST:
		return ack_reducing(r, c, a);
	case RILL_RECOV_LOSS:
		return ack_loss(r, c, a);
	default:
		return ack_open(r, c, a);
	}
}

u32 rill_recov_relapse(struct rill_recov *r, struct rill_cong *c, const struct rill_recov_ack *a)
{
	return enter_fast(r, c, a);
}

void rill_recov_dsack(struct rill_recov *r, u32 start, u32 end)
{
	if (!r->undo || rill_before(start, r->undo_una) || rill_after(end, r->undo_end))
		return;
	r->undo_len -= min(r->undo_len, end - start);
}

void rill_recov_sent(struct rill_recov *r, u32 len, bool again, u64 now_us)
{
	if (reduces(r))
		r->prr_out += len;
	if (!again)
		return;
	r->undo_len += len;
	if (!r->stamped) {
		r->stamped = 1;
		r->stamp_ms = (u32)div_u64(now_us, 1000);
	}
}

static void enter_cwr(struct rill_recov *r, struct rill_cong *c, u32 una, u32 nxt, u32 ssthresh,
		      u64 now_us)
{
	begin_reduction(r, c, ssthresh, nxt - una, now_us);
	r->undo = 0;
	r->state = RILL_RECOV_CWR;
	r->recover = nxt;
}

bool rill_recov_ece(struct rill_recov *r, struct rill_cong *c, u32 una, u32 nxt, u32 flight,
		    u64 now_us)
{
	if (r->state != RILL_RECOV_OPEN && r->state != RILL_RECOV_DISORDER)
		return false;
	enter_cwr(r, c, una, nxt, rill_cong_ece_ssthresh(c, flight), now_us);
	return true;
}

bool rill_recov_probed(struct rill_recov *r, struct rill_cong *c, u32 una, u32 nxt, u32 flight,
		       u64 now_us)
{
	if (r->state != RILL_RECOV_OPEN && r->state != RILL_RECOV_DISORDER)
		return false;
	enter_cwr(r, c, una, nxt, c->ops->ssthresh(c, min(flight, c->cwnd)), now_us);
	/* what was lost has arrived: the episode is over as it begins */
	end_reduction(r, c, now_us);
	return true;
}

/*
 * RFC 5681, 3.1: a segment that the timer has resent before leaves the
 * threshold alone. So does one later in the same episode, if it would raise
 * it: the flight still counts what the first timeout took for lost.
 */
static void cut_ssthresh(struct rill_recov *r, struct rill_cong *c, u32 una, u32 flight)
{
	u32 before = c->ssthresh, ssthresh;

	if (r->state == RILL_RECOV_LOSS && r->rto_una == una)
		return;
	ssthresh = c->ops->ssthresh(c, flight);
	c->ssthresh = r->state == RILL_RECOV_LOSS ? min(before, ssthresh) : ssthresh;
}

void rill_recov_rto(struct rill_recov *r, struct rill_cong *c, u32 una, u32 nxt, u32 pipe,
		    u32 again, bool frto, u64 now_us)
{
	bool first = r->state != RILL_RECOV_LOSS && r->state != RILL_RECOV_FAST;

	/* a timeout in recovery leaves what recovery remembered */
	if (first && r->state != RILL_RECOV_CWR)
		remember(r, c, una, nxt, again);
	cut_ssthresh(r, c, una, nxt - una);
	rill_cong_set_cwnd(c, (u64)pipe + c->mss);
	c->acked = 0;

	/* FRTO-3S; and a second timeout in a row may be spurious too (2.1, step 1) */
	r->frto = frto && (first || (r->state == RILL_RECOV_LOSS && r->rto_una == una));
	r->new_first = 0;
	r->state = RILL_RECOV_LOSS;
	r->dupacks = 0;
	r->dup_len = 0;
	r->recover = nxt;
	r->rto_una = una;
	tell(c, RILL_CONG_RTO, now_us);
}

void rill_recov_too_big(struct rill_recov *r, struct rill_cong *c, u32 nxt)
{
	if (reduces(r) && c->ssthresh < RILL_SSTHRESH_INFINITE)
		rill_cong_set_cwnd(c, max(c->ssthresh, c->mss));
	r->state = RILL_RECOV_LOSS;
	r->frto = 0;
	r->new_first = 0;
	r->undo = 0;
	r->dupacks = 0;
	r->dup_len = 0;
	r->recover = nxt;
}
