// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: counters, drops and their tracepoint.
 */
#include <linux/skbuff.h>
#include <net/sock.h>

#include "netns.h"
#include "proto.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static const char * const rill_mib_names[RILL_MIB_MAX] = {
#define X(sym, name)	\
	[RILL_MIB_##sym] = name,
	RILL_MIBS(X)
#undef X
#define X(sym, name)	\
	[RILL_DROP_##sym] = "Drop" name,
	RILL_DROPS(X)
#undef X
};

/**
 * rill_mib_name() - what /proc calls a counter
 * @which: RILL_MIB_* or RILL_DROP_*
 *
 * Return: the name without the prefix "Rill".
 */
const char *rill_mib_name(unsigned int which)
{
	return rill_mib_names[which];
}

/**
 * rill_mib_sum() - read a counter
 * @net: namespace
 * @which: RILL_MIB_* or RILL_DROP_*
 *
 * Return: the sum over all CPUs.
 */
unsigned long rill_mib_sum(const struct net *net, unsigned int which)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(rill_net(net)->mib, cpu)->count[which];
	return sum;
}

/**
 * rill_drop_net() - drop a segment: reason, counter and tracepoint
 * @net: namespace
 * @skb: the segment; eaten
 * @why: RILL_DROP_*
 *
 * Context: any.
 */
void rill_drop_net(const struct net *net, struct sk_buff *skb, unsigned int why)
{
	rill_mib_inc(net, why);
	trace_rill_drop(skb, why - RILL_MIB_DROP_FIRST);
	kfree_skb(skb);
}

/**
 * rill_drop() - drop a segment that belongs to a socket
 * @sk: socket
 * @skb: the segment; eaten
 * @why: RILL_DROP_*
 *
 * Context: any.
 */
void rill_drop(const struct sock *sk, struct sk_buff *skb, unsigned int why)
{
	rill_drop_net(sock_net(sk), skb, why);
}

/**
 * rill_mib_init_net() - allocate a namespace's counters
 * @net: namespace
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int rill_mib_init_net(struct net *net)
{
	rill_net(net)->mib = alloc_percpu(struct rill_mib_pcpu);
	return rill_net(net)->mib ? 0 : -ENOMEM;
}

/**
 * rill_mib_exit_net() - free them
 * @net: namespace
 *
 * Context: process.
 */
void rill_mib_exit_net(struct net *net)
{
	free_percpu(rill_net(net)->mib);
}
