// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: which congestion control algorithms there are, and who uses which.
 *
 * Who may use what is as for TCP. Every socket, and every network namespace for
 * its default, holds the module of its algorithm, so that rmmod is refused
 * while one does. Readers go by RCU; rill_cong_unregister() waits for them.
 */
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include <net/rill.h>

#include "compat.h"
#include "netns.h"
#include "proto.h"

/* Names of all algorithms, with blanks between: as for TCP. */
#define RILL_CONG_LIST_MAX	(RILL_CONG_NAME_MAX * 128)

static LIST_HEAD(rill_cong_list);
/* Those below, and the netns' defaults with rill_net.cong_node. */
static DEFINE_SPINLOCK(rill_cong_lock);
static LIST_HEAD(rill_cong_nets);

/* RCU, or the lock, is held. */
static struct rill_cong_ops *rill_cong_find(const char *name)
{
	struct rill_cong_ops *ops;

	list_for_each_entry_rcu(ops, &rill_cong_list, list, lockdep_is_held(&rill_cong_lock))
		if (!strcmp(ops->name, name))
			return ops;
	return NULL;
}

/* A name that nobody has: an administrator may have its module loaded. */
static void rill_cong_autoload(const char *name)
{
	bool found;

	rcu_read_lock();
	found = rill_cong_find(name);
	rcu_read_unlock();
	if (!found && *name && capable(CAP_NET_ADMIN))
		request_module("rill-cong-%s", name);
}

static bool rill_cong_unrestricted(const struct rill_cong_ops *ops)
{
	return READ_ONCE(ops->flags) & RILL_CONG_UNRESTRICTED;
}

/* A name that TCP_CONGESTION can be given and that a list can hold. */
static bool rill_cong_good_name(const char *name)
{
	size_t len = strnlen(name, RILL_CONG_NAME_MAX), i;

	if (!len || len == RILL_CONG_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (!isgraph(name[i]))
			return false;
	return true;
}

static int rill_cong_add(struct rill_cong_ops *ops)
{
	int err = -EEXIST;

	spin_lock_bh(&rill_cong_lock);
	if (!rill_cong_find(ops->name)) {
		list_add_tail_rcu(&ops->list, &rill_cong_list);
		err = 0;
	}
	spin_unlock_bh(&rill_cong_lock);
	return err;
}

int rill_cong_register(struct rill_cong_ops *ops)
{
	if (!ops->ssthresh || !ops->cong_avoid || !ops->owner ||
	    !rill_cong_good_name(ops->name)) {
		pr_err("rill: a congestion control lacks what is required\n");
		return -EINVAL;
	}
	return rill_cong_add(ops);
}
EXPORT_SYMBOL_GPL(rill_cong_register);

/* The lock is held. Whose module leaves by force leaves no default behind. */
static void rill_cong_replace_defaults(const struct rill_cong_ops *ops)
{
	struct rill_net *rn;

	list_for_each_entry(rn, &rill_cong_nets, cong_node) {
		if (rcu_access_pointer(rn->cong_default) != ops)
			continue;
		rcu_assign_pointer(rn->cong_default, &rill_cong_cubic);
		module_put(ops->owner);
	}
}

void rill_cong_unregister(struct rill_cong_ops *ops)
{
	spin_lock_bh(&rill_cong_lock);
	list_del_rcu(&ops->list);
	rill_cong_replace_defaults(ops);
	spin_unlock_bh(&rill_cong_lock);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(rill_cong_unregister);

/**
 * rill_cong_registry_init() - enter the algorithms that Rill brings
 *
 * Context: process, module load, before any namespace.
 */
void rill_cong_registry_init(void)
{
	rill_cong_add(&rill_cong_reno);
	rill_cong_add(&rill_cong_cubic);
	rill_cong_add(&rill_cong_dctcp);
}

/**
 * rill_cong_init_net() - a namespace begins with the default of the first one
 * @net: namespace
 *
 * Context: process.
 */
void rill_cong_init_net(struct net *net)
{
	struct rill_net *rn = rill_net(net);
	struct rill_cong_ops *ops = &rill_cong_cubic;

	spin_lock_bh(&rill_cong_lock);
	if (!net_eq(net, &init_net)) {
		ops = rcu_dereference_protected(rill_net(&init_net)->cong_default,
						lockdep_is_held(&rill_cong_lock));
		if (!try_module_get(ops->owner))
			ops = &rill_cong_cubic;
	}
	rcu_assign_pointer(rn->cong_default, ops);
	list_add(&rn->cong_node, &rill_cong_nets);
	spin_unlock_bh(&rill_cong_lock);
}

/**
 * rill_cong_exit_net() - a namespace lets go of its default
 * @net: namespace, without sockets
 *
 * Context: process.
 */
void rill_cong_exit_net(struct net *net)
{
	struct rill_net *rn = rill_net(net);
	struct rill_cong_ops *ops;

	spin_lock_bh(&rill_cong_lock);
	list_del(&rn->cong_node);
	ops = rcu_replace_pointer(rn->cong_default, &rill_cong_reno,
				  lockdep_is_held(&rill_cong_lock));
	spin_unlock_bh(&rill_cong_lock);
	module_put(ops->owner);
}

/**
 * rill_cong_assign() - a new socket has the default of its namespace
 * @sk: socket that holds no algorithm
 *
 * Context: any but hard interrupt.
 */
void rill_cong_assign(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	const struct rill_cong_ops *ops;

	rcu_read_lock();
	ops = rcu_dereference(rill_net(sock_net(sk))->cong_default);
	if (!try_module_get(ops->owner))
		ops = &rill_cong_reno;
	rcu_read_unlock();
	rs->cong_ops = ops;
	rs->cong_set = 0;
}

/**
 * rill_cong_inherit() - a copy of a listener holds what that chose, or the
 * default
 * @sk: clone, whose reference is still the listener's alone
 *
 * TO-12. Context: softirqs off, RCU since before the listener was copied: it
 * may be choosing another just now.
 */
void rill_cong_inherit(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!rs->cong_set || !try_module_get(rs->cong_ops->owner))
		rill_cong_assign(sk);
}

/**
 * rill_cong_release() - a socket is done with its algorithm
 * @sk: socket, about to be freed
 *
 * Context: any but hard interrupt.
 */
void rill_cong_release(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	module_put(rs->cong_ops->owner);
	rs->cong_ops = &rill_cong_reno;
	rs->cong.ops = &rill_cong_reno;
}

/* The socket lock and RCU are held. */
static int rill_cong_choose(struct rill_sock *rs, struct rill_cong_ops *ops, bool admin)
{
	const struct rill_cong_ops *old = rs->cong_ops;

	if (ops != old) {
		if (!ops)
			return -ENOENT;
		if (!rill_cong_unrestricted(ops) && !admin)
			return -EPERM;
		if (!try_module_get(ops->owner))
			return -EBUSY;
		rs->cong_ops = ops;
		rill_cong_switch(&rs->cong, ops);
		module_put(old->owner);
	}
	rs->cong_set = 1;
	return 0;
}

/**
 * rill_cong_set() - TCP_CONGESTION
 * @sk: socket in any state
 * @name: algorithm
 *
 * TO-12. Cwnd and ssthresh of a connection stay. Asking for what the socket
 * has needs no privilege, and pins it, as for TCP.
 *
 * Context: process; takes the socket lock, may load a module.
 * Return: 0, -ENOENT, -EPERM without CAP_NET_ADMIN, or -EBUSY if its module is
 * going.
 */
int rill_cong_set(struct sock *sk, const char *name)
{
	bool admin = ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN);
	int err;

	rill_cong_autoload(name);
	lock_sock(sk);
	rcu_read_lock();
	err = rill_cong_choose(rill_sk(sk), rill_cong_find(name), admin);
	rcu_read_unlock();
	release_sock(sk);
	return err;
}

/* What becomes a default may be used by all; only the first namespace may say
 * so of one that is restricted.
 */
static int rill_cong_set_default(struct rill_net *rn, const char *name)
{
	struct module *old = NULL;
	struct rill_cong_ops *ops;
	int err = 0;

	rill_cong_autoload(name);
	spin_lock_bh(&rill_cong_lock);
	ops = rill_cong_find(name);
	if (!ops) {
		err = -ENOENT;
	} else if (rn != rill_net(&init_net) && !rill_cong_unrestricted(ops)) {
		err = -EPERM;
	} else if (!try_module_get(ops->owner)) {
		err = -EBUSY;
	} else {
		WRITE_ONCE(ops->flags, ops->flags | RILL_CONG_UNRESTRICTED);
		old = rcu_replace_pointer(rn->cong_default, ops,
					  lockdep_is_held(&rill_cong_lock))->owner;
	}
	spin_unlock_bh(&rill_cong_lock);
	module_put(old);
	return err;
}

/* Calls @fn for each name in @list; stops at an error. @list is cut up. */
static int rill_cong_each_name(char *list, int (*fn)(struct rill_cong_ops *ops))
{
	char *name;
	int err = 0;

	while (!err && (name = strsep(&list, " ")))
		if (*name)
			err = fn(rill_cong_find(name));
	return err;
}

static int rill_cong_exists(struct rill_cong_ops *ops)
{
	return ops ? 0 : -ENOENT;
}

static int rill_cong_allow(struct rill_cong_ops *ops)
{
	WRITE_ONCE(ops->flags, ops->flags | RILL_CONG_UNRESTRICTED);
	return 0;
}

/* All or none: an unknown name changes nothing. */
static int rill_cong_set_allowed(char *list)
{
	char *copy = kstrdup(list, GFP_USER);
	struct rill_cong_ops *ops;
	int err;

	if (!copy)
		return -ENOMEM;
	spin_lock_bh(&rill_cong_lock);
	err = rill_cong_each_name(copy, rill_cong_exists);
	if (!err) {
		list_for_each_entry(ops, &rill_cong_list, list)
			WRITE_ONCE(ops->flags, ops->flags & ~RILL_CONG_UNRESTRICTED);
		rill_cong_each_name(list, rill_cong_allow);
	}
	spin_unlock_bh(&rill_cong_lock);
	kfree(copy);
	return err;
}

/* Names of all algorithms, or of those that everybody may use. */
static void rill_cong_names(char *buf, size_t size, bool all)
{
	struct rill_cong_ops *ops;
	size_t at = 0;

	*buf = 0;
	rcu_read_lock();
	list_for_each_entry_rcu(ops, &rill_cong_list, list)
		if (all || rill_cong_unrestricted(ops))
			at += scnprintf(buf + at, size - at, "%s%s", at ? " " : "", ops->name);
	rcu_read_unlock();
}

/* net.rill.congestion_control; .data is the namespace's cong_default. */
RILL_CTL_PROTO(rill_cong_sysctl_default)
{
	struct rill_net *rn = container_of(ctl->data, struct rill_net, cong_default);
	char name[RILL_CONG_NAME_MAX];
	struct ctl_table line = { .data = name, .maxlen = sizeof(name) };
	int err;

	rcu_read_lock();
	strscpy(name, rcu_dereference(rn->cong_default)->name, sizeof(name));
	rcu_read_unlock();
	err = proc_dostring(&line, write, buffer, lenp, ppos);
	return err || !write ? err : rill_cong_set_default(rn, name);
}

static int rill_cong_sysctl_list(bool all, int write, void *buffer, size_t *lenp, loff_t *ppos)
{
	struct ctl_table line = { .maxlen = RILL_CONG_LIST_MAX };
	int err;

	line.data = kmalloc(line.maxlen, GFP_USER);
	if (!line.data)
		return -ENOMEM;
	rill_cong_names(line.data, line.maxlen, all);
	err = proc_dostring(&line, write, buffer, lenp, ppos);
	if (!err && write)
		err = rill_cong_set_allowed(line.data);
	kfree(line.data);
	return err;
}

/* net.rill.available_congestion_control, which cannot be written */
RILL_CTL_PROTO(rill_cong_sysctl_available)
{
	return rill_cong_sysctl_list(true, write, buffer, lenp, ppos);
}

/* net.rill.allowed_congestion_control: for all namespaces, written in the first */
RILL_CTL_PROTO(rill_cong_sysctl_allowed)
{
	return rill_cong_sysctl_list(false, write, buffer, lenp, ppos);
}
