/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: ports of the tcp wire, held against the host's TCP.
 */
#ifndef _RILL_HOLD_H
#define _RILL_HOLD_H

#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct net;

/**
 * struct rill_holds - the ports that a namespace holds
 * @ports: struct rill_hold by port; its lock guards their counts, and a mark
 *	stands where nobody uses one any more
 * @lock: taken by who makes or releases one; outside of @ports' lock
 * @release: releases those that nobody took again
 * @unhook: stops looking at what comes in, once no port has been held for a while
 * @hooked: we look at what comes in; guarded by @lock
 * @net: the namespace
 */
struct rill_holds {
	struct xarray		ports;
	struct mutex		lock;	/* see above */
	struct work_struct	release;
	struct delayed_work	unhook;
	bool			hooked;
	struct net		*net;
};

int rill_hold_get(struct net *net, u16 port);
void rill_hold_put(struct net *net, u16 port);
bool rill_hold_has(const struct net *net, u16 port);
void rill_hold_flush(struct net *net);
void rill_hold_init_net(struct net *net);
void rill_hold_exit_net(struct net *net);

#endif /* _RILL_HOLD_H */
