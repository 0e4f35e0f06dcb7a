// SPDX-License-Identifier: GPL-2.0
/*
 * How fast data is delivered.
 */
#include "rate.h"
#include "seq.h"

#define US_A_SECOND	1000000U

void rill_rate_sent(struct rill_rate *r, struct rill_rate_stamp *stamp, bool idle, u64 now_us)
{
	if (idle) {
		r->first_us = now_us;
		r->delivered_us = now_us;
	}
	stamp->delivered_us = r->delivered_us;
	stamp->first_us = r->first_us;
	stamp->delivered = r->delivered;
	stamp->app_limited = r->limited;
}

void rill_rate_limited(struct rill_rate *r, u32 in_flight)
{
	r->limited_until = r->delivered + in_flight;
	r->limited = 1;
}

/* The longer of what sending and what acknowledging took: ACKs may come in a bunch. */
static u64 sample_us(const struct rill_rate_stamp *stamp, u64 sent_us, u64 now_us)
{
	return max(sent_us - stamp->first_us, now_us - stamp->delivered_us);
}

void rill_rate_acked(struct rill_rate *r, u32 len, const struct rill_rate_stamp *stamp,
		     u64 sent_us, u32 min_rtt_us, u64 now_us)
{
	u32 got;
	u64 us;

	r->delivered += len;
	r->delivered_us = now_us;
	if (r->limited && rill_after(r->delivered, r->limited_until))
		r->limited = 0;
	if (!stamp)
		return;
	us = sample_us(stamp, sent_us, now_us);
	r->first_us = sent_us;
	got = r->delivered - stamp->delivered;
	if (us < min_rtt_us || !us || us > U32_MAX)
		return;
	/* what the program bounded counts only if it is more all the same */
	if (stamp->app_limited && (u64)got * r->us < (u64)r->len * us)
		return;
	r->len = got;
	r->us = (u32)us;
	r->app_limited = stamp->app_limited;
}

u64 rill_rate_get(const struct rill_rate *r)
{
	return r->us ? div_u64((u64)r->len * US_A_SECOND, r->us) : 0;
}
