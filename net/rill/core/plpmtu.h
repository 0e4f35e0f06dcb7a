/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The size of packets: the search for what a path carries when no ICMP tells
 * (RFC 4821), and what to think of an ICMP that does (RFC 5927, 7.2).
 *
 * Sizes are those of whole IP packets, in bytes.
 */
#ifndef _RILL_CORE_PLPMTU_H
#define _RILL_CORE_PLPMTU_H

#include "types.h"

#define RILL_PROBE_THRESHOLD	8	/* as narrow a search as is worth a probe */

/**
 * struct rill_plpmtu - the search of one connection
 * @since: when it last began, seconds
 * @low: the largest size that is known to pass, or taken for safe
 * @high: the smallest that may not pass, less one
 * @probe: size of the probe in flight, 0: none
 * @on: sizes are limited to @low, and larger ones are tried
 * @leap: the next probe is of @high itself
 */
struct rill_plpmtu {
	u32	since;
	u16	low;
	u16	high;
	u16	probe;
	bool	on;
	bool	leap;
};

/**
 * rill_plpmtu_start() - search from now on
 * @p: the search; every member is set
 * @low: a size that is safe
 * @high: the largest size that may be worth a try
 * @now: seconds, from any beginning
 * @leap: nothing speaks against @high: try it first, since on most paths it is
 *	what passes (RFC 4821, 7.3)
 *
 * RFC 4821, 7.2. Context: any context, no locks.
 */
void rill_plpmtu_start(struct rill_plpmtu *p, u32 low, u32 high, u32 now, bool leap);

/**
 * rill_plpmtu_limit() - the path, or the interface, takes no more than this
 * @p: the search
 * @pmtu: largest size
 *
 * What was proven before is kept: it counts again should the limit rise.
 *
 * Context: any context, no locks.
 * Return: the size to use, at most @pmtu.
 */
u32 rill_plpmtu_limit(struct rill_plpmtu *p, u32 pmtu);

/**
 * rill_plpmtu_next() - what to try next
 * @p: the search
 * @high: the largest size that may be worth a try, should the search begin anew
 * @now: seconds, from the same beginning as before
 * @interval: seconds after which a search that is done begins anew
 *
 * One probe at a time. Halves what is left until that is below
 * RILL_PROBE_THRESHOLD.
 *
 * RFC 4821, 7.3 (PMTU-5M). Context: any context, no locks.
 * Return: a size above @p->low, or 0 for none.
 */
u32 rill_plpmtu_next(struct rill_plpmtu *p, u32 high, u32 now, u32 interval);

/**
 * rill_plpmtu_passed() - the probe was acknowledged
 * @p: the search, with a probe in flight
 *
 * RFC 4821, 7.6.1. Context: any context, no locks.
 */
void rill_plpmtu_passed(struct rill_plpmtu *p);

/**
 * rill_plpmtu_failed() - the probe, and nothing but it, was lost
 * @p: the search, with a probe in flight
 *
 * RFC 4821, 7.6.2. Context: any context, no locks.
 */
void rill_plpmtu_failed(struct rill_plpmtu *p);

/**
 * rill_plpmtu_blackhole() - timeouts repeat: maybe the packets are too large
 * @p: the search, begun or not
 * @base: the size to begin with
 * @floor: the least size to fall back to
 * @high: as for rill_plpmtu_start(), if the search has not begun
 * @head: how much of each packet is headers
 * @now: seconds
 *
 * The first time falls back to @base; further ones halve the data of a packet,
 * never below @floor. It need not have been the size: the search finds its way
 * up again. A probe in flight is forgotten.
 *
 * RFC 4821, 7.7 (PMTU-4S). Context: any context, no locks.
 */
void rill_plpmtu_blackhole(struct rill_plpmtu *p, u32 base, u32 floor, u32 high, u32 head,
			   u32 now);

/**
 * enum rill_pmtu_verdict - what to do about an ICMP "too big"
 * @RILL_PMTU_IGNORE: it says nothing new, or cannot be true
 * @RILL_PMTU_WAIT: unlikely: believe it if progress stalls as well
 * @RILL_PMTU_ADOPT: believe it
 */
enum rill_pmtu_verdict {
	RILL_PMTU_IGNORE,
	RILL_PMTU_WAIT,
	RILL_PMTU_ADOPT,
};

/**
 * rill_pmtu_judge() - is an ICMP "too big" to be believed?
 * @claim: the largest size that passes, as it says
 * @pmtu: what we took it to be so far
 * @sent: the largest size that was ever sent
 * @proven: the largest size that was acknowledged
 *
 * It never raises the path MTU, nor takes it below what every router must
 * carry (PMTU-6M). Nothing so large was sent: then no router can have refused
 * it. Sizes that got through before may get through still (ICMP-4I).
 *
 * RFC 1191, 3; RFC 5927, 7.2. Context: any context, no locks.
 * Return: the verdict.
 */
enum rill_pmtu_verdict rill_pmtu_judge(u32 claim, u32 pmtu, u32 sent, u32 proven);

#endif /* _RILL_CORE_PLPMTU_H */
