// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: listeners that share an address and a port by SO_REUSEPORT.
 *
 * The groups are the kernel's (net/core/sock_reuseport.c), and so are the
 * programs that choose in them: SO_ATTACH_REUSEPORT_CBPF and _EBPF find a
 * group by the socket.
 *
 * A group holds no references, and its members come from a
 * SLAB_TYPESAFE_BY_RCU cache. What makes a pointer out of it good for the rest
 * of an RCU section is that nobody is freed without a grace period who ever
 * was in one: a listener has SOCK_RCU_FREE, and the kernel sees to those that
 * only attached a program. Such a socket may be closed or do something else
 * by then, so a reader takes a reference and looks at the state.
 */
#include <net/sock_reuseport.h>
#include <net/tcp.h>

#include "af.h"
#include "proto.h"
#include "table.h"

/* May two listeners on one port share what comes? */
static bool rill_reuseport_same(struct sock *sk, struct sock *other, kuid_t uid)
{
	return other != sk && rill_sk(other)->wire == rill_sk(sk)->wire && other->sk_reuseport &&
	       other->sk_num == sk->sk_num &&
	       net_eq(sock_net(other), sock_net(sk)) &&
	       other->sk_family == sk->sk_family && other->sk_ipv6only == sk->sk_ipv6only &&
	       inet_rcv_saddr_equal(sk, other, false) &&
	       other->sk_bound_dev_if == sk->sk_bound_dev_if && uid_eq(sock_i_uid(other), uid);
}

/**
 * rill_reuseport_join() - a listener joins the group of its address, or begins one
 * @sk: in LISTEN, SO_REUSEPORT set, in no table yet
 * @chain: the listeners to look among
 *
 * Context: process; the socket lock and the lock of @chain are held.
 * Return: 0, -ENOMEM, or -EBUSY when @sk is in another group, by its program.
 */
int rill_reuseport_join(struct sock *sk, struct hlist_nulls_head *chain)
{
	const struct hlist_nulls_node *node;
	bool any = sk->sk_family == AF_INET6 ? ipv6_addr_any(&sk->sk_v6_rcv_saddr) :
					       !sk->sk_rcv_saddr;
	kuid_t uid = sock_i_uid(sk);
	struct sock *other;

	sk_nulls_for_each(other, node, chain)
		if (rill_reuseport_same(sk, other, uid))
			return reuseport_add_sock(sk, other, any);
	return reuseport_alloc(sk, any);
}

/**
 * rill_reuseport_leave() - a listener stops
 * @sk: in LISTEN
 *
 * Connections that wait for it do not move to others: net.ipv4.tcp_migrate_req
 * is TCP's.
 *
 * Context: process; the lock of its chain is held.
 */
void rill_reuseport_leave(struct sock *sk)
{
	if (rcu_access_pointer(sk->sk_reuseport_cb))
		reuseport_detach_sock(sk);
}

/**
 * rill_reuseport_select() - which of a group's listeners is to have a SYN
 * @sk: one of them, not referenced
 * @skb: the segment, data starts at its header
 * @hash: of its tuple
 *
 * A program sees what follows the header.
 *
 * Context: softirqs off, RCU.
 * Return: a listener, not referenced; @sk if there is no group.
 */
struct sock *rill_reuseport_select(struct sock *sk, struct sk_buff *skb, u32 hash)
{
	if (!sk->sk_reuseport)
		return sk;
	return reuseport_select_sock(sk, hash, skb, tcp_hdr(skb)->doff * 4) ? : sk;
}

/**
 * rill_flooded_at() - when a listener, or its group, last sent a SYN cookie
 * @sk: listener
 *
 * What a SYN was answered by one member of a group, the ACK may bring to
 * another, as members come and go.
 *
 * Context: RCU read side.
 * Return: where that is kept, low bits of jiffies; 0: never.
 */
u32 *rill_flooded_at(const struct sock *sk)
{
	struct sock_reuseport *group = NULL;

	if (sk->sk_reuseport)
		group = rcu_dereference(sk->sk_reuseport_cb);
	return group ? &group->synq_overflow_ts : &rill_sk(sk)->listen.flooded_at;
}
