/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The retransmission timeout: RFC 6298. Which round trips may be sampled
 * (Karn's rule or timestamps, RFC 6298, 3) is decided by the caller.
 */
#ifndef _RILL_CORE_RTO_H
#define _RILL_CORE_RTO_H

#include "types.h"

#define RILL_RTO_INIT_US	1000000U	/* RFC 6298, 2.1 */
#define RILL_RTO_FALLBACK_US	3000000U	/* RFC 6298, 5.7 */
#define RILL_RTO_MAX_US		120000000U
#define RILL_RTO_MIN_US		200000U

/**
 * struct rill_rtt - what is known of a connection's round trip time
 * @srtt_us: smoothed round trip time, microseconds, scaled by 8; 0 before the
 *	first sample
 * @rttvar_us: its variation, microseconds, scaled by 4
 * @min_us: least sample seen, microseconds; ~0 before the first
 * @rto_us: retransmission timeout, microseconds, without backoff
 */
struct rill_rtt {
	u32	srtt_us;
	u32	rttvar_us;
	u32	min_us;
	u32	rto_us;
};

/**
 * rill_rtt_init() - a connection begins
 * @r: the estimator
 * @rto_us: timeout until there is a sample, microseconds; RILL_RTO_INIT_US, or
 *	RILL_RTO_FALLBACK_US after a SYN that timed out (RTO-12M)
 *
 * RFC 6298, 2.1 and 5.7. Context: any context, no locks.
 */
void rill_rtt_init(struct rill_rtt *r, u32 rto_us);

/**
 * rill_rtt_sample() - take one round trip into account
 * @r: the estimator
 * @rtt_us: the sample, microseconds; 0 counts as 1, more than 2^28 (268 s) as that
 * @g_us: clock granularity G, microseconds: least value of the variance term.
 *	RFC 6298 wants no more than that of it; a caller that passes
 *	@rto_min_us gets SRTT + rto_min as its least timeout
 * @rto_min_us: lower bound of the timeout, microseconds
 * @rto_max_us: upper bound of the timeout, microseconds
 *
 * RFC 6298, 2.2 to 2.5. Context: any context, no locks.
 */
void rill_rtt_sample(struct rill_rtt *r, u32 rtt_us, u32 g_us, u32 rto_min_us, u32 rto_max_us);

/**
 * rill_rto_backoff() - the timeout after some expiries
 * @rto_us: timeout without backoff, microseconds
 * @backoff: how often it doubles, any number
 * @max_us: upper bound, microseconds
 *
 * RFC 6298, 5.5. Context: any context, no locks.
 * Return: @rto_us << @backoff, microseconds, at most @max_us.
 */
u32 rill_rto_backoff(u32 rto_us, unsigned int backoff, u32 max_us);

/**
 * rill_rto_model_us() - how long a number of retransmissions takes
 * @boundary: retransmissions until giving up, as in the sysctl retries2
 * @base_us: first timeout, microseconds
 * @max_us: upper bound of a timeout, microseconds
 *
 * From the first transmission to giving up: @boundary + 1 timeouts that double
 * from @base_us to @max_us. Giving up by elapsed time instead of by count is
 * what makes R2 the same at every RTT (RFC 9293, 3.8.3).
 *
 * Context: any context, no locks.
 * Return: microseconds; 15, 200 ms and 120 s give 924.6 s.
 */
u64 rill_rto_model_us(unsigned int boundary, u32 base_us, u32 max_us);

#endif /* _RILL_CORE_RTO_H */
