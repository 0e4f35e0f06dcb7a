/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sequence numbers: all arithmetic is modulo 2^32 (RFC 9293, 3.4).
 *
 * "Before" and "after" have a meaning only between numbers that lie less than
 * 2^31 apart; windows of at most 1 GB (RFC 7323, 2.3) see to that.
 */
#ifndef _RILL_CORE_SEQ_H
#define _RILL_CORE_SEQ_H

#include "types.h"

/**
 * rill_before() - does one sequence number come before another?
 * @a: sequence number
 * @b: sequence number, less than 2^31 away from @a
 *
 * RFC 9293, 3.4. Context: any context, no locks.
 * Return: true if @a < @b modulo 2^32; false if they are equal.
 */
static inline bool rill_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/**
 * rill_after() - does one sequence number come after another?
 * @a: sequence number
 * @b: sequence number, less than 2^31 away from @a
 *
 * RFC 9293, 3.4. Context: any context, no locks.
 * Return: true if @a > @b modulo 2^32; false if they are equal.
 */
#define rill_after(a, b)	rill_before(b, a)

/**
 * rill_between() - does a sequence number lie in a closed range?
 * @x: sequence number
 * @lo: lower end, included
 * @hi: upper end, included; the range may be longer than 2^31
 *
 * RFC 9293, 3.4. Context: any context, no locks.
 * Return: true if @lo <= @x <= @hi modulo 2^32.
 */
static inline bool rill_between(u32 x, u32 lo, u32 hi)
{
	return hi - lo >= x - lo;
}

/**
 * rill_seq_max() - the later of two sequence numbers
 * @a: sequence number
 * @b: sequence number, less than 2^31 away from @a
 *
 * RFC 9293, 3.4. Context: any context, no locks.
 * Return: @b if it comes after @a, else @a.
 */
static inline u32 rill_seq_max(u32 a, u32 b)
{
	return rill_before(a, b) ? b : a;
}

/**
 * rill_seq_min() - the earlier of two sequence numbers
 * @a: sequence number
 * @b: sequence number, less than 2^31 away from @a
 *
 * RFC 9293, 3.4. Context: any context, no locks.
 * Return: @a if it comes before @b, else @b.
 */
static inline u32 rill_seq_min(u32 a, u32 b)
{
	return rill_before(a, b) ? a : b;
}

#endif /* _RILL_CORE_SEQ_H */
