// SPDX-License-Identifier: GPL-2.0
/*
 * Urgent data: the pointer on the wire and the mark in the stream.
 */
#include "seq.h"
#include "urg.h"

u16 rill_urg_field(u32 seq, u32 up, u32 nxt)
{
	if (!rill_after(up, seq))
		return 0;
	if (up - seq <= RILL_URG_REACH)
		return up - seq;
	return rill_before(nxt, seq + RILL_URG_REACH) ? RILL_URG_REACH : 0;
}

bool rill_urg_is_news(enum rill_urg_state state, u32 old, u32 mark, u32 copied, u32 nxt)
{
	if (rill_before(mark, nxt) || rill_before(mark, copied))
		return false;
	return state == RILL_URG_NONE || rill_after(mark, old);
}

u32 rill_urg_split(u32 mark, bool oobinline, u32 seq, u32 len, u32 *skip)
{
	u32 ahead = mark - seq;

	*skip = 0;
	if (ahead >= len)
		return len;
	if (ahead)
		return ahead;
	if (oobinline)
		return len;
	*skip = 1;
	return len - 1;
}

u32 rill_urg_until(u32 mark, u32 copied, u32 nxt)
{
	return rill_before(mark, copied) || !rill_before(mark, nxt) ? nxt - copied : mark - copied;
}
