/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Dynamic right-sizing: how large a receive window ought to be (C53).
 *
 * The receiver measures what the program reads in a round trip. A window of
 * twice that never holds the sender back, since it doubles its rate at most in
 * a round trip; and while the rate still grows, the next doubling is allowed
 * for as well, as the peer sees a larger window only a round trip later.
 *
 * A receiver that sends nothing has no round trip time of its own. With
 * timestamps, data echoes the clock of an earlier ACK; without, it takes a
 * round trip at least to receive a whole window.
 */
#ifndef _RILL_CORE_DRS_H
#define _RILL_CORE_DRS_H

#include "types.h"

/**
 * struct rill_drs - measurements of a receiver
 * @read_us: when the measurement of reading began
 * @wnd_us: when that of the window's time began; 0: none is running
 * @read_seq: where the program read then
 * @wnd_seq: that is over when RCV.NXT reaches this
 * @space: what was read in a round trip, the most so far, bytes
 * @srtt_us: round trip time times 8, smoothed; 0: unknown
 * @tsecr: the timestamp echo that was measured last
 */
struct rill_drs {
	u64	read_us;
	u64	wnd_us;
	u32	read_seq;
	u32	wnd_seq;
	u32	space;
	u32	srtt_us;
	u32	tsecr;
};

/**
 * rill_drs_init() - begin to measure
 * @d: the measurements
 * @now_us: now, microseconds
 * @seq: where the program reads
 * @space: what the peer's first round trip may bring, bytes
 *
 * Context: any context, no locks.
 */
void rill_drs_init(struct rill_drs *d, u64 now_us, u32 seq, u32 space);

/**
 * rill_drs_echo() - a full segment echoes a timestamp
 * @d: the measurements
 * @tsecr: TSecr
 * @rtt_us: how long ago that was the clock
 *
 * Each echo counts once: the peer repeats it until it gets another ACK.
 *
 * RFC 7323, 4. Context: any context, no locks.
 */
void rill_drs_echo(struct rill_drs *d, u32 tsecr, u32 rtt_us);

/**
 * rill_drs_window() - data came, without timestamps
 * @d: the measurements
 * @now_us: now, microseconds
 * @rcv_nxt: next sequence number expected
 * @wnd: receive window, bytes from there on
 *
 * The time to fill a window is no less than a round trip, so the least counts.
 *
 * Context: any context, no locks.
 */
void rill_drs_window(struct rill_drs *d, u64 now_us, u32 rcv_nxt, u32 wnd);

/**
 * rill_drs_read() - the program read
 * @d: the measurements
 * @now_us: now, microseconds
 * @copied_seq: where it reads now
 * @rtt_us: round trip time of the handshake, or of data the other way; 0 if
 *	there is none
 * @mss: the peer's full segment, bytes
 *
 * Context: any context, no locks.
 * Return: the window that is wanted, bytes; 0 if that is no news.
 */
u32 rill_drs_read(struct rill_drs *d, u64 now_us, u32 copied_seq, u32 rtt_us, u32 mss);

#endif /* _RILL_CORE_DRS_H */
