/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the KUnit files of core/ share.
 *
 * Each includes the core/ file that it tests, so nothing is exported for
 * tests, and each core/ file is in the module exactly once.
 */
#ifndef _RILL_TEST_H
#define _RILL_TEST_H

#include <kunit/test.h>

#include "../core/board.h"

/* Parameters from an array of a structure that says in "name" what each is. */
#define RILL_PARAM(what, type, array)					\
	static void what##_desc(const struct type *p, char *desc)	\
	{								\
		strscpy(desc, p->name, KUNIT_PARAM_DESC_SIZE);		\
	}								\
	KUNIT_ARRAY_PARAM(what, array, what##_desc)

/* Beginnings of sequence space that go wrong if anything wraps wrongly. */
static const u32 rill_test_bases[] __maybe_unused = {
	0, 1, 0x7ffffff0, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffff0, 0xffffffff,
};

/**
 * rill_test_random() - a number that is random, but the same in each run
 * @state: seed, not 0; changes
 *
 * Marsaglia's xorshift with 13, 17, 5.
 *
 * Context: any context, no locks.
 * Return: any number but 0.
 */
static inline u32 rill_test_random(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Memory for ranges, rill_kunit.c: how many more there are; how many are out. */
extern int rill_test_tx_left;
extern int rill_test_tx_out;

#endif /* _RILL_TEST_H */
