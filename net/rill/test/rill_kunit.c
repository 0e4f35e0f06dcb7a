// SPDX-License-Identifier: GPL-2.0
/*
 * The module of all KUnit suites; they run when it is loaded. It gives core/
 * what that wants of its surroundings: memory for ranges, which can run out.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "test.h"

int rill_test_tx_left = INT_MAX;
int rill_test_tx_out;

struct rill_tx *rill_tx_alloc(void)
{
	struct rill_tx *tx;

	if (rill_test_tx_left <= 0)
		return NULL;
	rill_test_tx_left--;
	tx = kmalloc(sizeof(*tx), GFP_KERNEL);
	if (tx)
		rill_test_tx_out++;
	return tx;
}

void rill_tx_free(struct rill_tx *tx)
{
	rill_test_tx_out--;
	kfree(tx);
}

MODULE_DESCRIPTION("Rill: KUnit tests of the protocol's core");
MODULE_LICENSE("GPL");
