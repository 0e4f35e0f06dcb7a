// SPDX-License-Identifier: GPL-2.0
/*
 * Dynamic right-sizing: how large a receive window ought to be.
 */
#include "drs.h"
#include "seq.h"

#define RTT_SHIFT	3		/* srtt_us counts eighths */
#define RTT_MIN_US	1000U		/* what a timestamp clock can tell */
#define RTT_MAX_US	(60 * 1000000U)
#define SPARE_SEGMENTS	16		/* for a path so short that little fits */
#define WANT_MAX	0x40000000U	/* 1 GB: RFC 7323, 2.3 */

void rill_drs_init(struct rill_drs *d, u64 now_us, u32 seq, u32 space)
{
	memset(d, 0, sizeof(*d));
	d->read_us = now_us;
	d->read_seq = seq;
	d->space = max(space, 1U);
}

void rill_drs_echo(struct rill_drs *d, u32 tsecr, u32 rtt_us)
{
	if (tsecr == d->tsecr)
		return;
	d->tsecr = tsecr;
	if (rtt_us > RTT_MAX_US)
		return;
	rtt_us = max(rtt_us, RTT_MIN_US);
	if (d->srtt_us)
		d->srtt_us += rtt_us - (d->srtt_us >> RTT_SHIFT);
	else
		d->srtt_us = rtt_us << RTT_SHIFT;
}

void rill_drs_window(struct rill_drs *d, u64 now_us, u32 rcv_nxt, u32 wnd)
{
	u32 rtt_us;

	if (d->wnd_us && rill_before(rcv_nxt, d->wnd_seq))
		return;
	if (d->wnd_us) {
		rtt_us = clamp_t(u64, now_us - d->wnd_us, RTT_MIN_US, RTT_MAX_US);
		if (!d->srtt_us || rtt_us < d->srtt_us >> RTT_SHIFT)
			d->srtt_us = rtt_us << RTT_SHIFT;
	}
	d->wnd_us = now_us;
	d->wnd_seq = rcv_nxt + wnd;
}

/* Twice of what came, and more by twice the rate at which that grew. */
static u32 wanted(u32 copied, u32 before, u32 mss)
{
	u64 wnd = 2ULL * copied + SPARE_SEGMENTS * mss;
	/* 0 only if nothing began; it must not divide */
	u64 grow = div_u64(wnd * (copied - before), max(before, 1U));

	return min_t(u64, wnd + 2 * grow, WANT_MAX);
}

/*
 * What echoes measured is right. The time of a window may be much more than a
 * round trip while the sender is in slow start, and waiting that long would
 * miss several doublings: two of what the handshake took are the limit.
 */
static u32 best_rtt(const struct rill_drs *d, u32 rtt_us)
{
	u32 own_us = d->srtt_us >> RTT_SHIFT;

	if (own_us && d->wnd_us && rtt_us)
		own_us = clamp(own_us, rtt_us, 2 * rtt_us);
	return max(own_us ? : rtt_us, RTT_MIN_US);
}

u32 rill_drs_read(struct rill_drs *d, u64 now_us, u32 copied_seq, u32 rtt_us, u32 mss)
{
	u32 copied, want = 0;

	rtt_us = best_rtt(d, rtt_us);
	if (now_us - d->read_us < rtt_us)
		return 0;
	copied = copied_seq - d->read_seq;
	if (copied > d->space) {
		want = wanted(copied, d->space, mss);
		d->space = copied;
	}
	d->read_seq = copied_seq;
	d->read_us = now_us;
	return want;
}
