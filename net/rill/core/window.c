// SPDX-License-Identifier: GPL-2.0
/*
 * Windows, the peer's and ours.
 */
#include "window.h"
#include "seq.h"

#define WINDOW_FIELD_MAX	65535U
#define WSCALE_MAX		14	/* RFC 7323, 2.3 */

bool rill_win_acceptable(u32 rcv_nxt, u32 rcv_wnd, u32 seq, u32 len)
{
	/* The table of 3.4: rows by SEG.LEN, then by RCV.WND. */
	if (!len)
		return rcv_wnd ? seq - rcv_nxt < rcv_wnd : seq == rcv_nxt;
	if (!rcv_wnd)
		return false;
	return seq - rcv_nxt < rcv_wnd || seq + len - 1 - rcv_nxt < rcv_wnd;
}

bool rill_win_is_update(u32 wl1, u32 wl2, u32 seq, u32 ack)
{
	return rill_before(wl1, seq) || (wl1 == seq && !rill_after(wl2, ack));
}

u32 rill_win_usable(u32 snd_una, u32 snd_nxt, u32 snd_wnd, u32 cwnd)
{
	u32 wnd = min(snd_wnd, cwnd);
	u32 out = snd_nxt - snd_una;

	return wnd > out ? wnd - out : 0;
}

u8 rill_win_scale_for(u32 max_space)
{
	u8 shift = 0;

	while (shift < WSCALE_MAX && max_space >> shift > WINDOW_FIELD_MAX)
		shift++;
	return shift;
}

/* RFC 9293, 3.8.6.2.2: the least step of the right edge, with Fr = 1/2 */
static u32 least_step(u32 full, u32 mss)
{
	return max(min(full / 2, mss), 1U);
}

u32 rill_win_select(u32 cur, u32 free, u32 full, u32 mss, u8 wscale)
{
	u32 step = least_step(full, mss);
	u32 unit = 1U << wscale;
	u32 limit = WINDOW_FIELD_MAX << wscale;
	u32 offer;

	/* Rounding up cannot pass the limit, which is a multiple of the unit. */
	cur = min(cur, limit);
	free = min(free, limit);

	if (free < cur || free - cur < step)
		return (cur + unit - 1) & ~(unit - 1);

	offer = free & ~(unit - 1);
	if (offer < cur || offer - cur < step)
		offer = (free + unit - 1) & ~(unit - 1);
	return offer;
}

bool rill_win_worth_update(u32 cur, u32 new_win, u32 full, u32 mss)
{
	return new_win / 2 >= cur && new_win - cur >= least_step(full, mss);
}
