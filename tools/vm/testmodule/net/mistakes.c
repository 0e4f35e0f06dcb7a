// SPDX-License-Identifier: GPL-2.0
/* Makes, when it is loaded, the mistake that its parameter names. */

#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *mistake = "none";
module_param(mistake, charp, 0444);
MODULE_PARM_DESC(mistake, "warn, oops, leak, overflow, bounds, sleep or lock");

static int table[4];
static DEFINE_SPINLOCK(outer);
static DEFINE_SPINLOCK(inner);

static void lock_both(spinlock_t *first, spinlock_t *second)
{
	spin_lock(first);
	spin_lock(second);
	spin_unlock(second);
	spin_unlock(first);
}

static int __init mistakes_init(void)
{
	char *block = kmalloc(64, GFP_KERNEL);
	size_t past = strlen(mistake) + 61;	/* not known to the compiler */

	if (!block)
		return -ENOMEM;
	pr_info("mistake: %s\n", mistake);
	WARN_ON(!strcmp(mistake, "warn"));
	if (!strcmp(mistake, "oops"))
		WRITE_ONCE(*(int *)(past - 65), 1);
	if (!strcmp(mistake, "overflow"))
		WRITE_ONCE(block[past], 1);
	if (!strcmp(mistake, "bounds"))
		pr_info("%d\n", READ_ONCE(table[past - 61]));
	if (!strcmp(mistake, "sleep")) {
		spin_lock(&outer);
		might_sleep();
		spin_unlock(&outer);
	}
	if (!strcmp(mistake, "lock")) {
		lock_both(&outer, &inner);
		lock_both(&inner, &outer);
	}
	if (strcmp(mistake, "leak"))
		kfree(block);
	return 0;
}

static void __exit mistakes_exit(void)
{
}

module_init(mistakes_init);
module_exit(mistakes_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Mistakes on demand");
