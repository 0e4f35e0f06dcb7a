/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Protection against wrapped sequences: RFC 7323, 5.
 */
#ifndef _RILL_CORE_PAWS_H
#define _RILL_CORE_PAWS_H

#include "types.h"

/* The timestamp clock of 1 ms may have gone half around (RFC 7323, 5.5). */
#define RILL_PAWS_VOID_S	(24 * 24 * 60 * 60)

/**
 * rill_paws_old() - is a segment's timestamp older than what was seen?
 * @tsval: TSval of the segment
 * @ts_recent: TS.Recent
 * @stamp_s: seconds, when TS.Recent was taken; the clock may wrap
 * @now_s: seconds
 *
 * After 24 days of silence TS.Recent says nothing (PAWS-4I).
 *
 * RFC 7323, 5.3, R1. Context: any context, no locks.
 * Return: true if PAWS rejects the segment.
 */
static inline bool rill_paws_old(u32 tsval, u32 ts_recent, u32 stamp_s, u32 now_s)
{
	return (s32)(tsval - ts_recent) < 0 && now_s - stamp_s < RILL_PAWS_VOID_S;
}

#endif /* _RILL_CORE_PAWS_H */
