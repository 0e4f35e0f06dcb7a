/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Windows, the peer's and ours: RFC 9293, 3.4, 3.8.6 and 3.10.7.4; RFC 7323, 2.
 */
#ifndef _RILL_CORE_WINDOW_H
#define _RILL_CORE_WINDOW_H

#include "types.h"

/**
 * rill_win_acceptable() - is any of a segment in the receive window?
 * @rcv_nxt: next sequence number expected
 * @rcv_wnd: receive window, bytes
 * @seq: SEG.SEQ
 * @len: SEG.LEN: bytes of data, and one each for SYN and FIN
 *
 * The four cases, to the letter (SM-5). A segment that begins before the
 * window and ends after it passes none of them, although some of it is inside.
 *
 * RFC 9293, 3.10.7.4, first step. Context: any context, no locks.
 * Return: true if the segment is acceptable.
 */
bool rill_win_acceptable(u32 rcv_nxt, u32 rcv_wnd, u32 seq, u32 len);

/**
 * rill_win_is_update() - may SEG.WND replace SND.WND?
 * @wl1: SND.WL1, sequence number of the segment that set the window last
 * @wl2: SND.WL2, its acknowledgment number
 * @seq: SEG.SEQ
 * @ack: SEG.ACK
 *
 * SM-11: keeps old segments from setting the window.
 *
 * RFC 9293, 3.10.7.4, fifth step. Context: any context, no locks.
 * Return: true if the segment is no older than the one that set the window.
 */
bool rill_win_is_update(u32 wl1, u32 wl2, u32 seq, u32 ack);

/**
 * rill_win_usable() - how much new data may leave now
 * @snd_una: oldest unacknowledged sequence number
 * @snd_nxt: next sequence number to send, not before @snd_una
 * @snd_wnd: the peer's window, bytes from @snd_una on
 * @cwnd: congestion window, bytes
 *
 * A window that moved left leaves a negative room, which counts as none
 * (MUST-34).
 *
 * RFC 9293, 3.8.6; RFC 5681, 2. Context: any context, no locks.
 * Return: bytes.
 */
u32 rill_win_usable(u32 snd_una, u32 snd_nxt, u32 snd_wnd, u32 cwnd);

/**
 * rill_win_scale_for() - which window scale to offer
 * @max_space: largest window that will ever be wanted, bytes
 *
 * RFC 7323, 2.3. Context: any context, no locks.
 * Return: the least shift count that brings @max_space into 16 bits, at most
 * 14.
 */
u8 rill_win_scale_for(u32 max_space);

/**
 * rill_win_select() - what window to advertise
 * @cur: what is still open of the last one, bytes: its right edge - RCV.NXT
 * @free: free buffer, bytes
 * @full: whole buffer, bytes
 * @mss: the peer's usual segment, bytes
 * @wscale: our shift count, 0 to 14
 *
 * The right edge never moves left (SHLD-14): the result is no less than @cur,
 * rounded up where the field could not express it. It moves right in no
 * smaller steps than min(@full / 2, @mss) (MUST-39, SM-19); until then a
 * closed window stays closed. What is newly opened is rounded down to what the
 * field can express, but up where no room would be left of it: else a buffer
 * smaller than 1 << @wscale could never open.
 *
 * RFC 9293, 3.8.6.2.2. Context: any context, no locks.
 * Return: bytes, a multiple of 1 << @wscale, at most 65535 << @wscale.
 */
u32 rill_win_select(u32 cur, u32 free, u32 full, u32 mss, u8 wscale);

/**
 * rill_win_worth_update() - does a read justify a window update?
 * @cur: what is still open of the window advertised last, bytes
 * @new_win: what would be advertised now, bytes
 * @full: whole buffer, bytes
 * @mss: the peer's usual segment, bytes
 *
 * RFC 9293, 3.8.6.2.2. Context: any context, no locks.
 * Return: true if the window would double at least, and grow by
 * min(@full / 2, @mss) at least.
 */
bool rill_win_worth_update(u32 cur, u32 new_win, u32 full, u32 mss);

#endif /* _RILL_CORE_WINDOW_H */
