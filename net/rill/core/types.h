/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few names that core/ takes from its surroundings.
 *
 * core/ compiles in three places from one source: in the module, in KUnit and
 * in user space, for fuzzers. In the kernel this file only includes; outside
 * it defines what the kernel would have given.
 */
#ifndef _RILL_CORE_TYPES_H
#define _RILL_CORE_TYPES_H

#ifdef __KERNEL__

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/rbtree.h>
#include <linux/string.h>
#include <linux/types.h>

#else /* !__KERNEL__ */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <linux/types.h>

#include "user_list.h"
#include "user_rbtree.h"

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s32 s32;
typedef __s64 s64;

#define U32_MAX			((u32)~0U)

#define min(a, b) \
	({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a < _b ? _a : _b; })
#define max(a, b) \
	({ __typeof__(a) _a = (a); __typeof__(b) _b = (b); _a > _b ? _a : _b; })
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))

#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define clamp_t(type, v, lo, hi) \
	min_t(type, max_t(type, v, lo), hi)

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

static inline u64 div_u64_rem(u64 dividend, u32 divisor, u32 *remainder)
{
	*remainder = (u32)(dividend % divisor);
	return dividend / divisor;
}

#define DIV_ROUND_UP_ULL(n, d) \
	({ u64 _d = (d); ((n) + _d - 1) / _d; })

#endif /* __KERNEL__ */

/* Network order at any alignment. The kernel's helpers changed their header in
 * 6.12; compilers make one load or store of these, as of those.
 */

/**
 * rill_get_be16() - read 16 bits in network order
 * @p: two bytes, at any alignment
 *
 * Context: any context, no locks.
 * Return: the number in host order.
 */
static inline u16 rill_get_be16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

/**
 * rill_get_be32() - read 32 bits in network order
 * @p: four bytes, at any alignment
 *
 * Context: any context, no locks.
 * Return: the number in host order.
 */
static inline u32 rill_get_be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

/**
 * rill_put_be32() - write 32 bits in network order
 * @val: the number in host order
 * @p: four bytes, at any alignment
 *
 * Context: any context, no locks.
 */
static inline void rill_put_be32(u32 val, u8 *p)
{
	p[0] = (u8)(val >> 24);
	p[1] = (u8)(val >> 16);
	p[2] = (u8)(val >> 8);
	p[3] = (u8)val;
}

#endif /* _RILL_CORE_TYPES_H */
