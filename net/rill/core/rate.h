/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How fast data is delivered: draft-cheng-iccrg-delivery-rate-estimation-02.
 *
 * What is sent remembers how much had been delivered by then. When it is
 * acknowledged, what has been delivered since, over the time that took, is a
 * sample of the rate.
 */
#ifndef _RILL_CORE_RATE_H
#define _RILL_CORE_RATE_H

#include "types.h"

/**
 * struct rill_rate_stamp - what a transmission remembers
 * @delivered_us: when something was last delivered, microseconds
 * @first_us: when the window that it belongs to began to be sent, microseconds
 * @delivered: bytes delivered so far, modulo 2^32
 * @app_limited: the program, nothing else, kept the sender from sending more
 */
struct rill_rate_stamp {
	u64	delivered_us;
	u64	first_us;
	u32	delivered;
	u8	app_limited;
};

/**
 * struct rill_rate - the estimate of one connection
 * @delivered_us: C.delivered_time, microseconds
 * @first_us: C.first_sent_time, microseconds
 * @delivered: C.delivered, bytes modulo 2^32
 * @limited_until: C.app_limited: samples are while @delivered has not passed it
 * @len: the last sample that counts: bytes,
 * @us: and the time that they took, microseconds; 0: there was none
 * @limited: @limited_until means something
 * @app_limited: the program bounded the sample
 *
 * All zero is a connection that has sent nothing.
 */
struct rill_rate {
	u64	delivered_us;
	u64	first_us;
	u32	delivered;
	u32	limited_until;
	u32	len;
	u32	us;
	u8	limited;
	u8	app_limited;
};

/**
 * rill_rate_sent() - something leaves for the first time
 * @r: the estimate
 * @stamp: what it is to remember
 * @idle: nothing is outstanding
 * @now_us: time, microseconds
 *
 * Section 3.2. Context: any context; the caller keeps others from @r, here and
 * below.
 */
void rill_rate_sent(struct rill_rate *r, struct rill_rate_stamp *stamp, bool idle, u64 now_us);

/**
 * rill_rate_limited() - the program has given less than the window lets out
 * @r: the estimate
 * @in_flight: bytes in the network
 *
 * Section 3.4.
 */
void rill_rate_limited(struct rill_rate *r, u32 in_flight);

/**
 * rill_rate_acked() - an ACK came
 * @r: the estimate
 * @len: bytes that it newly delivered, not 0
 * @stamp: of what was sent last of them and only once; NULL: none was
 * @sent_us: when that was, microseconds
 * @min_rtt_us: least round trip time: a shorter sample is none
 * @now_us: time, microseconds
 *
 * Section 3.3.
 */
void rill_rate_acked(struct rill_rate *r, u32 len, const struct rill_rate_stamp *stamp,
		     u64 sent_us, u32 min_rtt_us, u64 now_us);

/**
 * rill_rate_get() - the estimate
 * @r: the estimate
 *
 * Return: bytes a second, 0 without a sample.
 */
u64 rill_rate_get(const struct rill_rate *r);

#endif /* _RILL_CORE_RATE_H */
