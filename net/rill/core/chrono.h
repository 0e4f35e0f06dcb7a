/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a sender spends its time on: sending, or waiting, for the peer's window
 * or for room in the send buffer. The three are told apart at each moment; the
 * first is the sum of all when they are told.
 */
#ifndef _RILL_CORE_CHRONO_H
#define _RILL_CORE_CHRONO_H

#include "types.h"

/* The later one wins when two apply. */
enum rill_chrono_what {
	RILL_CHRONO_IDLE,	/* nothing is queued */
	RILL_CHRONO_BUSY,	/* something is */
	RILL_CHRONO_RWND,	/* and the peer's window holds it back */
	RILL_CHRONO_SNDBUF,	/* or more is there, and finds no room */
	RILL_CHRONO_NR
};

/**
 * struct rill_chrono - the sums of one connection
 * @since: when the present occupation began
 * @spent: time on each before that; that of being idle is not kept
 * @what: enum rill_chrono_what, the present one
 *
 * Times are in the caller's unit, modulo 2^32. All zero is idle.
 */
struct rill_chrono {
	u32	since;
	u32	spent[RILL_CHRONO_NR];
	u8	what;
};

/**
 * rill_chrono_start() - an occupation begins
 * @c: the sums
 * @what: which
 * @now: time
 *
 * Nothing happens if a later one goes on.
 *
 * Context: any context; the caller keeps others from @c, here and below.
 */
void rill_chrono_start(struct rill_chrono *c, enum rill_chrono_what what, u32 now);

/**
 * rill_chrono_stop() - an occupation ends, if it went on
 * @c: the sums
 * @what: which
 * @empty: nothing is queued
 * @now: time
 */
void rill_chrono_stop(struct rill_chrono *c, enum rill_chrono_what what, bool empty, u32 now);

/**
 * rill_chrono_get() - time spent so far
 * @c: the sums
 * @what: on what; RILL_CHRONO_BUSY is all of it
 * @now: time
 *
 * Return: the time.
 */
u32 rill_chrono_get(const struct rill_chrono *c, enum rill_chrono_what what, u32 now);

#endif /* _RILL_CORE_CHRONO_H */
