// SPDX-License-Identifier: GPL-2.0
/*
 * When to send what is short.
 */
#include "nagle.h"

/* RFC 9293, 3.7.4: a short segment may go if this holds. */
static bool nagle_passes(const struct rill_nagle *q)
{
	return q->nodelay || !q->in_flight;
}

/* The windows let everything out: only the rest after whole segments is in question. */
static u32 allow_all(const struct rill_nagle *q, u32 mss)
{
	if (q->fin || (!q->cork && nagle_passes(q)))
		return q->len;
	return q->len < mss ? 0 : q->len - q->len % mss;
}

/* The window takes less than a segment, and less than there is. 3.8.6.2.1,
 * case 3, with Fs = 1/2; case 4, the override, is a timer's.
 */
static u32 allow_runt(const struct rill_nagle *q, u32 mss)
{
	if (q->cork && !q->fin && q->len < mss)
		return 0;
	if (!nagle_passes(q))
		return 0;
	return q->usable >= q->max_wnd / 2 ? q->usable : 0;
}

u32 rill_nagle_allow(const struct rill_nagle *q)
{
	/* An mss of 0 is a caller's mistake; it must not divide by it. */
	u32 mss = max(q->mss, 1U);

	if (q->usable >= q->len)
		return allow_all(q, mss);
	if (q->usable >= mss)
		return q->usable - q->usable % mss;
	return allow_runt(q, mss);
}
