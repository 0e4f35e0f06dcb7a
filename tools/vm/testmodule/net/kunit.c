// SPDX-License-Identifier: GPL-2.0
/* Shows that a KUnit suite outside the kernel's tree runs. */

#include <kunit/test.h>

static void vm__runs(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 1, 1);
}

static struct kunit_case vm_cases[] = {
	KUNIT_CASE(vm__runs),
	{}
};

static struct kunit_suite vm_suite = {
	.name = "vm",
	.test_cases = vm_cases,
};

kunit_test_suite(vm_suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A KUnit suite");
