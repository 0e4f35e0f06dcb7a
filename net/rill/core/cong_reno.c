// SPDX-License-Identifier: GPL-2.0
/*
 * Reno: RFC 5681, counting bytes (RFC 3465).
 *
 * An ACK covers super-segments of up to 64 KB here, so RFC 3465's bound on the
 * growth per ACK (L = 2 * SMSS), made for ACKs of one or two segments, would
 * all but stop slow start: cwnd grows by whatever was acknowledged.
 */
#include "cong.h"

/* RFC 5681, 3.1, equation 4 */
static u32 reno_ssthresh(struct rill_cong *c, u32 flight)
{
	return max(flight / 2, 2 * c->mss);
}

/* RFC 5681, 3.1: returns how much of @acked is left when the threshold is reached. */
static u32 slow_start(struct rill_cong *c, u32 acked)
{
	u32 grow = min(acked, c->ssthresh - c->cwnd);

	rill_cong_set_cwnd(c, (u64)c->cwnd + grow);
	return acked - grow;
}

/* RFC 5681, 3.1: one segment for each window acknowledged, and no more than
 * one for any ACK, even if it covers more than a window (CC-4M).
 */
static void congestion_avoidance(struct rill_cong *c, u32 acked)
{
	u64 sum = (u64)c->acked + acked;

	if (sum < c->cwnd) {
		c->acked = (u32)sum;
		return;
	}

	sum -= c->cwnd;
	rill_cong_set_cwnd(c, (u64)c->cwnd + c->mss);
	c->acked = (u32)min_t(u64, sum, c->cwnd - 1);
}

void rill_cong_reno_avoid(struct rill_cong *c, const struct rill_cong_ack *a)
{
	u32 acked = a->acked;

	if (rill_cong_in_slow_start(c)) {
		acked = slow_start(c, acked);
		if (!acked)
			return;
	}
	congestion_avoidance(c, acked);
}

struct rill_cong_ops rill_cong_reno = {
	.name		= "reno",
	.flags		= RILL_CONG_UNRESTRICTED,
	.ssthresh	= reno_ssthresh,
	.cong_avoid	= rill_cong_reno_avoid,
};
