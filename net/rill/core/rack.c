// SPDX-License-Identifier: GPL-2.0
/*
 * RACK: RFC 8985, 6.
 */
#include "rack.h"
#include "seq.h"

#define REO_PERSIST	16	/* recoveries, RFC 8985, 6.2, step 4 */

void rill_rack_init(struct rill_rack *r, u32 una)
{
	memset(r, 0, sizeof(*r));
	r->fack = una;
	r->reo_mult = 1;
}

/* Step 2 for one transmission. */
static void update(struct rill_rack *r, u64 tx_us, u32 end, u64 now_us)
{
	u64 rtt = now_us - tx_us;

	r->rtt_us = (u32)min_t(u64, rtt, U32_MAX);
	if (rill_sent_after(tx_us, end, r->xmit_us, r->end_seq)) {
		r->xmit_us = tx_us;
		r->end_seq = end;
	}
}

static bool again_counts(u64 tx_us, u32 min_rtt_us, struct rill_rack_echo echo, u64 now_us)
{
	if (echo.valid && (s32)(echo.ms - (u32)div_u64(tx_us, 1000)) < 0)
		return false;
	return now_us - tx_us >= min_rtt_us;
}

void rill_rack_delivered(struct rill_rack *r, const struct rill_delivered *d, u32 min_rtt_us,
			 struct rill_rack_echo echo, u64 now_us)
{
	/* Step 3: what was sent once arrived behind something above it. */
	if (d->fresh && rill_before(d->fresh_low, r->fack))
		r->reordering = 1;
	if ((d->fresh || d->again) && rill_after(d->high, r->fack))
		r->fack = d->high;

	/* Steps 1 and 2: the later one last, as its round trip is what counts. */
	if (d->again && again_counts(d->again_us, min_rtt_us, echo, now_us)) {
		if (d->fresh && d->fresh_us < d->again_us)
			update(r, d->fresh_us, d->fresh_end, now_us);
		update(r, d->again_us, d->again_end, now_us);
		if (!d->fresh || d->fresh_us < d->again_us)
			return;
	}
	if (d->fresh)
		update(r, d->fresh_us, d->fresh_end, now_us);
}

void rill_rack_dsack(struct rill_rack *r, u32 una, u32 nxt)
{
	if (r->round_valid && rill_before(una, r->round))
		return;
	r->round = nxt;
	r->round_valid = 1;
	if (r->reo_mult < 255)
		r->reo_mult++;
	r->reo_persist = REO_PERSIST;
}

void rill_rack_recovered(struct rill_rack *r)
{
	/* a round that lies far behind must not come to lie ahead */
	r->round_valid = 0;
	if (!r->reo_persist || --r->reo_persist)
		return;
	r->reo_mult = 1;
}

u32 rill_rack_reo_wnd(const struct rill_rack *r, u32 min_rtt_us, u32 srtt_us, bool eager)
{
	if (!r->reordering && eager)
		return 0;
	/* before there was a sample */
	if (min_rtt_us == U32_MAX)
		min_rtt_us = srtt_us;
	return (u32)min_t(u64, (u64)r->reo_mult * (min_rtt_us / 4), srtt_us);
}

u32 rill_rack_detect(const struct rill_rack *r, struct rill_board *b, u32 reo_wnd_us,
		     u64 now_us, u32 *wait_us)
{
	struct rill_tx *tx;
	u32 lost = 0;
	u64 due;

	*wait_us = 0;
	while ((tx = rill_board_oldest(b))) {
		if (!rill_sent_after(r->xmit_us, r->end_seq, tx->tx_us, tx->end))
			break;
		due = tx->tx_us + r->rtt_us + reo_wnd_us;
		if (due > now_us) {
			*wait_us = (u32)min_t(u64, due - now_us, U32_MAX);
			break;
		}
		lost += tx->end - tx->seq;
		rill_board_lose(b, tx);
	}
	return lost;
}
