// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC: RFC 9438, with its names; slow start by HyStart++ (hystart.c).
 *
 * The RFC counts segments and seconds, this file bytes and milliseconds, in
 * integers. C = 0.4 segments/s^3, so a segment is worth CUBE ms^3:
 *
 *	W_cubic(t) = W_max + (t - K)^3 * mss / CUBE
 *	K = cbrt((W_max - cwnd_epoch) * CUBE / mss)
 *
 * An ACK may cover tens of segments, or be the only one of a round: growth is
 * in proportion to the bytes acknowledged, and what division leaves is kept.
 */
#include "cong.h"
#include "hystart.h"

#define CUBE		2500000000U	/* 10^9 / C */
#define MSEC		1000		/* us */

/* Time from K on that is looked at: its cube must fit, and any window is far
 * below what it gives.
 */
#define SPAN_MS		2000000U

/* With nothing known of the path, the window grows by this part a round. */
#define BLIND_DIVISOR	20

/* w_est has a fraction, in 1/1024 bytes. */
#define EST_SHIFT	10

/**
 * struct cubic_epoch - the curve that the window follows
 * @start_us: when this stage of congestion avoidance began; later by whatever
 *	time the window was not in full use
 * @w_max: the window before the last cut, bytes; 0: unknown
 * @w_est: what Reno would have, bytes
 * @cwnd_prior: cwnd when ssthresh was last set, bytes; 0: never
 * @k_ms: K, from @start_us
 * @running: congestion avoidance began, @start_us, @w_est and @k_ms are valid
 * @blind: w_max was unknown when it began
 */
struct cubic_epoch {
	u64	start_us;
	u32	w_max;
	u32	w_est;
	u32	cwnd_prior;
	u32	k_ms:30,
		running:1,
		blind:1;
};

/**
 * struct cubic - what CUBIC knows of a connection
 * @e: the curve
 * @saved: as it was before the last episode of loss, for an undo
 * @last_us: when the last ACK came
 * @rest: what dividing by cwnd left when the window last grew
 * @est_frac: fraction of @e.w_est
 * @in_episode: @saved was taken for the present episode
 * @can_undo: @saved was taken
 * @hystart: the first slow start
 */
struct cubic {
	struct cubic_epoch e;
	struct cubic_epoch saved;
	u64	last_us;
	u32	rest;
	u16	est_frac;
	u8	in_episode:1,
		can_undo:1;
	struct rill_hystart hystart;
};

static struct cubic *cubic(struct rill_cong *c)
{
	static_assert(sizeof(struct cubic) <= sizeof(c->priv), "priv is too small");

	return (struct cubic *)c->priv;
}

/* No segment is longer, and products with it fit. */
static u32 cubic_mss(const struct rill_cong *c)
{
	return min(c->mss, 65535U);
}

/* The integer nearest to the cube root of n, which is below 2^63. */
static u32 cube_root(u64 n)
{
	u64 root = 0, try, bit;

	/* Digit by digit; 2^21 cubed is 2^63. */
	for (bit = 1 << 20; bit; bit >>= 1) {
		try = root | bit;
		if (try * try * try <= n)
			root = try;
	}
	/* (root + 1/2)^3 = root^3 + (3 root^2 + 3 root / 2 + 1/8) / 2 */
	if (n - root * root * root > (3 * root * root + 3 * root / 2) / 2)
		root++;
	return (u32)root;
}

/* RFC 9438, 4.2, figure 1 */
static u64 w_cubic(const struct cubic_epoch *e, u32 mss, u64 t_ms)
{
	u64 from_k = t_ms > e->k_ms ? t_ms - e->k_ms : e->k_ms - t_ms;
	u64 whole, delta;
	u32 rest;

	from_k = min_t(u64, from_k, SPAN_MS);
	whole = div_u64_rem(from_k * from_k * from_k, CUBE, &rest);
	delta = whole * mss + div_u64((u64)rest * mss, CUBE);

	if (t_ms >= e->k_ms)
		return e->w_max + delta;
	return e->w_max > delta ? e->w_max - delta : 0;
}

/* RFC 9438, 4.2 and 4.3. Where W_max is unknown or was passed, after the first
 * slow start and after a timeout, the curve begins at its plateau (4.8, 4.10).
 */
static void epoch_begins(struct cubic *q, const struct rill_cong *c, u64 now_us)
{
	struct cubic_epoch *e = &q->e;

	e->running = 1;
	e->start_us = now_us;
	e->w_est = c->cwnd;
	e->blind = !e->w_max;
	if (!e->cwnd_prior)
		e->cwnd_prior = c->cwnd;

	if (e->w_max > c->cwnd) {
		e->k_ms = cube_root(div_u64((u64)(e->w_max - c->cwnd) * CUBE, cubic_mss(c)));
	} else {
		e->k_ms = 0;
		e->w_max = c->cwnd;
	}

	q->rest = 0;
	q->est_frac = 0;
	q->in_episode = 0;
}

/* RFC 9438, 4.3, figure 4: alpha is 3 * (1 - 0.7) / (1 + 0.7), which is 9/17,
 * until the window before the cut is reached again, and then 1.
 */
static void estimate_reno(struct cubic *q, const struct rill_cong *c, u32 acked)
{
	u32 alpha = q->e.w_est >= q->e.cwnd_prior ? 17 : 9;
	u64 more = ((u64)acked * cubic_mss(c) * alpha) << EST_SHIFT;

	more = div_u64(div_u64(more, 17), c->cwnd) + q->est_frac;
	q->est_frac = more & ((1 << EST_SHIFT) - 1);
	q->e.w_est = (u32)min_t(u64, q->e.w_est + (more >> EST_SHIFT), RILL_SSTHRESH_INFINITE);
}

/* RFC 9438, 4.2: where the window should be a round trip from now.
 *
 * Above 4.8 and 4.10, a window that grows with W_max unknown does not wait for
 * the curve, which takes many seconds to leave its plateau on a long path: it
 * grows by a twentieth each round, as in Linux.
 */
static u32 target(const struct cubic *q, const struct rill_cong *c, u64 t_us, u32 rtt_us)
{
	u64 w = w_cubic(&q->e, cubic_mss(c), div_u64(t_us + rtt_us, MSEC));

	if (q->e.blind)
		w = max(w, (u64)c->cwnd + c->cwnd / BLIND_DIVISOR);
	return (u32)clamp(w, (u64)c->cwnd, (u64)c->cwnd + c->cwnd / 2);
}

/* RFC 9438, 4.4 and 4.5: (target - cwnd) / cwnd for each segment acknowledged */
static void grow_to_target(struct cubic *q, struct rill_cong *c, u32 acked, u32 to)
{
	u64 sum = (u64)acked * (to - c->cwnd) + min(q->rest, c->cwnd - 1);

	rill_cong_grow(c, (u32)div_u64_rem(sum, c->cwnd, &q->rest));
}

static void congestion_avoidance(struct cubic *q, struct rill_cong *c, u32 acked,
				 const struct rill_cong_ack *a)
{
	u64 t_us;
	u32 to;

	if (!q->e.running)
		epoch_begins(q, c, a->now_us);

	/* An ACK of more than a window still is one round. */
	acked = min(acked, c->cwnd);
	t_us = a->now_us > q->e.start_us ? a->now_us - q->e.start_us : 0;
	to = target(q, c, t_us, a->srtt_us);
	estimate_reno(q, c, acked);

	if (w_cubic(&q->e, cubic_mss(c), div_u64(t_us, MSEC)) >= q->e.w_est) {
		grow_to_target(q, c, acked, to);
		return;
	}
	/* RFC 9438, 4.3: the Reno-friendly region; not faster than slow start,
	 * as the window may have shrunk with the MSS meanwhile.
	 */
	if (q->e.blind)
		grow_to_target(q, c, acked, to);
	if (c->cwnd < q->e.w_est)
		rill_cong_grow(c, min(q->e.w_est - c->cwnd, acked));
}

/* RFC 9438, 4.10: while cwnd is no more than ssthresh, hence the one byte.
 * Returns how much of @acked is left for congestion avoidance.
 */
static u32 slow_start(struct cubic *q, struct rill_cong *c, u32 acked)
{
	u32 room = c->ssthresh - c->cwnd + 1;

	q->e.running = 0;
	if (c->ssthresh >= RILL_SSTHRESH_INFINITE) {
		rill_cong_grow(c, rill_hystart_growth(&q->hystart, c, acked));
		return 0;
	}
	rill_cong_grow(c, min(acked, room));
	return acked > room ? acked - room : 0;
}

static void cubic_cong_avoid(struct rill_cong *c, const struct rill_cong_ack *a)
{
	struct cubic *q = cubic(c);
	u32 acked = a->acked;

	if (c->cwnd <= c->ssthresh)
		acked = slow_start(q, c, acked);
	if (acked && c->cwnd)
		congestion_avoidance(q, c, acked, a);
}

/* RFC 9438, 4.2 and 5.8: time in which the window was not in use is no part
 * of t: the curve waits.
 */
static void time_passes(struct cubic *q, u64 now_us, bool in_use)
{
	if (q->e.running && !in_use && now_us > q->last_us)
		q->e.start_us += now_us - q->last_us;
	q->last_us = now_us;
}

static void cubic_ack(struct rill_cong *c, const struct rill_cong_ack *a)
{
	struct cubic *q = cubic(c);

	time_passes(q, a->now_us, a->cwnd_limited);
	if (c->ssthresh >= RILL_SSTHRESH_INFINITE)
		rill_hystart_ack(&q->hystart, c, a);
}

/* RFC 9438, 4.6 and 4.7, from cwnd, which does not grow while it is not in use
 * (4.6 allows it then): a moment with little in flight costs no more.
 */
static u32 cubic_ssthresh(struct rill_cong *c, u32 flight)
{
	struct cubic *q = cubic(c);
	struct cubic_epoch *e = &q->e;

	if (!q->in_episode) {
		q->saved = *e;
		q->in_episode = 1;
		q->can_undo = 1;
	}
	e->w_max = c->cwnd < e->w_max ? (u32)div_u64((u64)c->cwnd * 17, 20) : c->cwnd;
	e->cwnd_prior = c->cwnd;
	e->running = 0;

	return (u32)max(div_u64((u64)c->cwnd * 7, 10), 2ULL * c->mss);
}

/* RFC 9438, 4.9: the curve goes on as if nothing had happened. */
static void undo(struct cubic *q)
{
	if (!q->can_undo)
		return;
	q->e = q->saved;
	q->in_episode = 0;
	q->can_undo = 0;
}

static void cubic_event(struct rill_cong *c, enum rill_cong_event event, u64 now_us)
{
	struct cubic *q = cubic(c);

	switch (event) {
	case RILL_CONG_TX_START:
		time_passes(q, now_us, false);
		break;
	case RILL_CONG_RTO:
		/* RFC 9438, 4.8: the next curve has K = 0 */
		q->e.w_max = 0;
		q->e.running = 0;
		break;
	case RILL_CONG_RECOVERED:
		q->in_episode = 0;
		break;
	case RILL_CONG_UNDO:
		undo(q);
		break;
	case RILL_CONG_REDUCED:
		break;
	}
}

struct rill_cong_ops rill_cong_cubic = {
	.name		= "cubic",
	.flags		= RILL_CONG_UNRESTRICTED,
	.ssthresh	= cubic_ssthresh,
	.cong_avoid	= cubic_cong_avoid,
	.ack		= cubic_ack,
	.event		= cubic_event,
};
