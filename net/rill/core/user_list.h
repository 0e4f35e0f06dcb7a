/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of the kernel's lists for user space, where core/ is fuzzed. Not
 * for the kernel; there this file is empty.
 */
#ifndef _RILL_CORE_USER_LIST_H
#define _RILL_CORE_USER_LIST_H

#ifndef __KERNEL__

#include <stdbool.h>
#include <stddef.h>

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

/* Put @node right behind @at. */
static inline void list_add(struct list_head *node, struct list_head *at)
{
	node->prev = at;
	node->next = at->next;
	at->next->prev = node;
	at->next = node;
}

static inline void list_add_tail(struct list_head *node, struct list_head *head)
{
	list_add(node, head->prev);
}

static inline void list_del(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
}

#define list_entry(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define list_first_entry(head, type, member) \
	list_entry((head)->next, type, member)

#endif /* __KERNEL__ */

#endif /* _RILL_CORE_USER_LIST_H */
