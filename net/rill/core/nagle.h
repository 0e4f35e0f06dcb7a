/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When to send what is short: Nagle's algorithm (RFC 9293, 3.7.4), avoidance
 * of silly windows by the sender (3.8.6.2.1), TCP_CORK.
 */
#ifndef _RILL_CORE_NAGLE_H
#define _RILL_CORE_NAGLE_H

#include "types.h"

/**
 * struct rill_nagle - what the decision rests on
 * @len: bytes queued from SND.NXT on
 * @mss: what a full segment carries, bytes
 * @usable: what the windows let out now, bytes
 * @max_wnd: largest window that the peer ever offered, bytes
 * @in_flight: SND.NXT - SND.UNA, bytes. A caller that passes 0 unless the last
 *	short segment is unacknowledged gets Minshall's variant
 * @nodelay: TCP_NODELAY
 * @cork: TCP_CORK or MSG_MORE
 * @fin: the FIN follows the queued bytes
 */
struct rill_nagle {
	u32	len;
	u32	mss;
	u32	usable;
	u32	max_wnd;
	u32	in_flight;
	bool	nodelay;
	bool	cork;
	bool	fin;
};

/**
 * rill_nagle_allow() - how much may leave now
 * @q: the queue and the windows
 *
 * If the windows let all of it out: whole segments always, and the short rest
 * after them if a FIN follows, or else if nothing corks it and either Nagle is
 * off or nothing is in flight.
 *
 * If the windows hold some of it back: whole segments; and where that would
 * be nothing, all that the window takes, provided that this is half of the
 * largest window at least, that nothing is in flight or Nagle is off, and that
 * it is not a corked rest.
 *
 * An answer of 0 with nothing in flight and data queued means that the
 * override timer of 3.8.6.2.1 has to run (C50, C51, C71).
 *
 * RFC 9293, 3.7.4 and 3.8.6.2.1. Context: any context, no locks.
 * Return: bytes, at most @q->len and @q->usable; 0: wait.
 */
u32 rill_nagle_allow(const struct rill_nagle *q);

#endif /* _RILL_CORE_NAGLE_H */
