// SPDX-License-Identifier: GPL-2.0
/*
 * HyStart++: RFC 9406, with its names and its recommended constants (4.3).
 */
#include "hystart.h"
#include "seq.h"

#define MIN_RTT_THRESH		4000U	/* us */
#define MAX_RTT_THRESH		16000U	/* us */
#define MIN_RTT_DIVISOR		8
#define N_RTT_SAMPLE		8
#define CSS_GROWTH_DIVISOR	4
#define CSS_ROUNDS		5
#define L			8	/* segments, as nothing is paced */

/* A window this small fills no path whose delay could matter (segments). */
#define LOW_WINDOW		16

/* One ACK answers a super-segment, which left in one piece: L bounds bursts,
 * and has no reason to be stricter than that.
 */
#define SUPER_SEGMENT		65536U

static void round_begins(struct rill_hystart *h, u32 nxt)
{
	h->last_min_us = h->started ? h->curr_min_us : U32_MAX;
	h->curr_min_us = U32_MAX;
	h->samples = 0;
	h->round_end = nxt;
	h->started = 1;
}

static void sample(struct rill_hystart *h, u32 rtt_us)
{
	if (!rtt_us)
		return;
	h->curr_min_us = min(h->curr_min_us, rtt_us);
	if (h->samples < 255)
		h->samples++;
}

/* Standard slow start: is this round slower than the one before? */
static void check_delay(struct rill_hystart *h, const struct rill_cong *c)
{
	u32 last = h->last_min_us, thresh;

	if (last == U32_MAX || c->cwnd / LOW_WINDOW < c->mss)
		return;
	thresh = clamp(last / MIN_RTT_DIVISOR, MIN_RTT_THRESH, MAX_RTT_THRESH);
	if (h->curr_min_us < (u64)last + thresh)
		return;
	h->base_us = h->curr_min_us;
	h->css_rounds = 1;	/* the rest of this round is one of CSS_ROUNDS */
}

void rill_hystart_ack(struct rill_hystart *h, struct rill_cong *c, const struct rill_cong_ack *a)
{
	if (!h->started) {
		round_begins(h, a->nxt);
	} else if (!rill_before(a->una, h->round_end)) {
		round_begins(h, a->nxt);
		if (h->css_rounds && h->css_rounds++ == CSS_ROUNDS) {
			h->css_rounds = 0;
			c->ssthresh = c->cwnd;
			return;
		}
	}

	sample(h, a->rtt_us);
	if (h->samples < N_RTT_SAMPLE)
		return;
	if (!h->css_rounds)
		check_delay(h, c);
	else if (h->curr_min_us < h->base_us)
		h->css_rounds = 0;	/* it was jitter */
}

u32 rill_hystart_growth(const struct rill_hystart *h, const struct rill_cong *c, u32 acked)
{
	u32 most = (u32)min_t(u64, max((u64)L * c->mss, (u64)SUPER_SEGMENT), U32_MAX);

	acked = min(acked, most);
	return h->css_rounds ? acked / CSS_GROWTH_DIVISOR : acked;
}
