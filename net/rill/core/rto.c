// SPDX-License-Identifier: GPL-2.0
/*
 * The retransmission timeout: RFC 6298.
 */
#include "rto.h"

/* Eight of it fit into 32 bits, with room for the sums. */
#define RTT_MAX_US		0x10000000U

void rill_rtt_init(struct rill_rtt *r, u32 rto_us)
{
	r->srtt_us = 0;
	r->rttvar_us = 0;
	r->min_us = U32_MAX;
	r->rto_us = rto_us;
}

/* RFC 6298, 2.2 */
static void first_sample(struct rill_rtt *r, u32 rtt_us)
{
	r->srtt_us = rtt_us * 8;
	r->rttvar_us = rtt_us * 2;
}

/* RFC 6298, 2.3: the variation comes first, since it uses the old SRTT. */
static void next_sample(struct rill_rtt *r, u32 rtt_us)
{
	u32 srtt = r->srtt_us / 8;
	u32 err = rtt_us > srtt ? rtt_us - srtt : srtt - rtt_us;

	r->rttvar_us += err - r->rttvar_us / 4;
	r->srtt_us += rtt_us - srtt;
}

void rill_rtt_sample(struct rill_rtt *r, u32 rtt_us, u32 g_us, u32 rto_min_us, u32 rto_max_us)
{
	u64 rto;

	/* An SRTT of 0 would mean that there was no sample. */
	rtt_us = min(max(rtt_us, 1U), RTT_MAX_US);
	r->min_us = min(r->min_us, rtt_us);

	if (r->srtt_us)
		next_sample(r, rtt_us);
	else
		first_sample(r, rtt_us);

	/* SRTT + max(G, K * RTTVAR) with K = 4; the least variation is RTO-8M. */
	rto = (u64)(r->srtt_us / 8) + max(g_us, r->rttvar_us);
	r->rto_us = (u32)min_t(u64, max_t(u64, rto, rto_min_us), rto_max_us);
}

u32 rill_rto_backoff(u32 rto_us, unsigned int backoff, u32 max_us)
{
	/* Thirty-two doublings take anything but 0 past the largest maximum. */
	return (u32)min_t(u64, (u64)rto_us << min(backoff, 32U), max_us);
}

u64 rill_rto_model_us(unsigned int boundary, u32 base_us, u32 max_us)
{
	u64 intervals = (u64)boundary + 1;
	u64 rto = min(base_us, max_us);
	u64 sum = 0;

	if (!rto)
		return 0;

	for (; intervals && rto < max_us; intervals--, rto *= 2)
		sum += rto;
	return sum + intervals * max_us;
}
