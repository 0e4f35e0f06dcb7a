// SPDX-License-Identifier: GPL-2.0
/*
 * The module of all KUnit suites; they run when it is loaded.
 */
#include <linux/module.h>

MODULE_DESCRIPTION("Rill: KUnit tests of the protocol's core");
MODULE_LICENSE("GPL");
