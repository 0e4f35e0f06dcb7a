/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The names of the kernel's rb tree for user space, where core/ is fuzzed.
 *
 * A plain binary search tree with parent pointers: it is never rebalanced, so
 * the order of its nodes is right and its depth is not. Not for the kernel,
 * which has the real thing; there this file is empty.
 */
#ifndef _RILL_CORE_USER_RBTREE_H
#define _RILL_CORE_USER_RBTREE_H

#ifndef __KERNEL__

#include <stddef.h>

struct rb_node {
	struct rb_node *rb_parent;
	struct rb_node *rb_left;
	struct rb_node *rb_right;
};

struct rb_root {
	struct rb_node *rb_node;
};

#define RB_ROOT			((struct rb_root){ NULL })
#define RB_EMPTY_ROOT(root)	(!(root)->rb_node)
#define rb_entry(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	node->rb_parent = parent;
	node->rb_left = NULL;
	node->rb_right = NULL;
	*link = node;
}

/* Where the kernel rebalances. */
static inline void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	(void)node;
	(void)root;
}

static inline struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_left)
		n = n->rb_left;
	return n;
}

static inline struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_right)
		n = n->rb_right;
	return n;
}

static inline struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *n = node->rb_right;

	if (n) {
		while (n->rb_left)
			n = n->rb_left;
		return n;
	}
	for (n = node->rb_parent; n && node == n->rb_right; n = n->rb_parent)
		node = n;
	return n;
}

static inline struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *n = node->rb_left;

	if (n) {
		while (n->rb_right)
			n = n->rb_right;
		return n;
	}
	for (n = node->rb_parent; n && node == n->rb_left; n = n->rb_parent)
		node = n;
	return n;
}

/* Put @by, which may be NULL, where @node hangs from its parent. */
static inline void user_rb_replace(struct rb_node *node, struct rb_node *by, struct rb_root *root)
{
	struct rb_node *parent = node->rb_parent;

	if (!parent)
		root->rb_node = by;
	else if (parent->rb_left == node)
		parent->rb_left = by;
	else
		parent->rb_right = by;
	if (by)
		by->rb_parent = parent;
}

static inline void rb_erase(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *next;

	if (!node->rb_left) {
		user_rb_replace(node, node->rb_right, root);
		return;
	}
	if (!node->rb_right) {
		user_rb_replace(node, node->rb_left, root);
		return;
	}

	/* Two children: the successor, which has no left one, moves up. */
	next = rb_next(node);
	if (next->rb_parent != node) {
		user_rb_replace(next, next->rb_right, root);
		next->rb_right = node->rb_right;
		next->rb_right->rb_parent = next;
	}
	user_rb_replace(node, next, root);
	next->rb_left = node->rb_left;
	next->rb_left->rb_parent = next;
}

#endif /* __KERNEL__ */

#endif /* _RILL_CORE_USER_RBTREE_H */
