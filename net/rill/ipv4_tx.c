// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: IPv4 on the way out: routes, the sizes that follow from them, and
 * answers on behalf of no socket.
 */
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp.h>

#include "netns.h"
#include "proto.h"

/**
 * rill_v4_route() - the route of a connection, looked up again if it is stale
 * @sk: connection; addresses and ports are set
 *
 * Context: the socket lock is held.
 * Return: the route, which @sk holds, or NULL.
 */
struct dst_entry *rill_v4_route(struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct dst_entry *dst = __sk_dst_check(sk, 0);
	struct flowi4 *fl4 = &inet_sk(sk)->cork.fl.u.ip4;
	struct rtable *rt;

	if (dst)
		return dst;
	rt = ip_route_output_ports(sock_net(sk), fl4, sk, inet->inet_daddr, inet->inet_saddr,
				   inet->inet_dport, inet->inet_sport, sk->sk_protocol,
				   ip_sock_rt_tos(sk), sk->sk_bound_dev_if);
	if (IS_ERR(rt))
		return NULL;
	sk_setup_caps(sk, &rt->dst);
	return &rt->dst;
}

/**
 * rill_adv_mss() - what our MSS option says
 * @sk: socket, for TCP_MAXSEG
 * @dst: route to the peer
 *
 * Return: bytes; the path's MTU less fixed headers (MSS-1S, MUST-67).
 */
u16 rill_adv_mss(const struct sock *sk, const struct dst_entry *dst)
{
	u32 mss = dst_metric_advmss(dst);
	u16 user = rill_sk(sk)->mss_user;

	if (user)
		mss = min_t(u32, mss, user);
	return min_t(u32, mss, U16_MAX);
}

/**
 * rill_reply() - answer a segment without a connection
 * @net: namespace
 * @in: what to answer; its addresses and ports are swapped
 * @seq: SEG.SEQ
 * @ack: SEG.ACK
 * @window: SEG.WND as the field says it
 * @flags: TCPHDR_*
 * @opts: options
 * @key: key to sign the answer with, or NULL
 *
 * Context: softirqs off, RCU.
 */
void rill_reply(struct net *net, const struct sk_buff *in, u32 seq, u32 ack, u16 window,
		u8 flags, struct rill_opts *opts, const struct rill_md5_key *key)
{
	const struct tcphdr *th = tcp_hdr(in);
	const struct iphdr *iph = ip_hdr(in);
	struct sock *ctl = rill_net(net)->ctl;
	struct flowi4 fl4;
	struct rtable *rt;
	struct sk_buff *skb;

	flowi4_init_output(&fl4, in->dev ? l3mdev_master_ifindex_rcu(in->dev) : 0,
			   IP4_REPLY_MARK(net, in->mark), RT_TOS(iph->tos), RT_SCOPE_UNIVERSE,
			   rill_ipproto, 0, iph->saddr, iph->daddr, th->source, th->dest,
			   sock_net_uid(net, NULL));
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt))
		return;
	skb = alloc_skb(RILL_MAX_HEADER, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb) {
		ip_rt_put(rt);
		return;
	}
	skb_reserve(skb, RILL_MAX_HEADER);
	if (key)
		opts->present |= RILL_OPT_MD5;
	rill_fill_header(skb, th->dest, th->source, seq, ack, window, flags, opts);
	if (key)
		rill_md5_sign(key, skb, iph->daddr, iph->saddr);
	rill_fill_checksum(skb, iph->daddr, iph->saddr, false);
	skb_dst_set(skb, &rt->dst);
	rill_mib_inc(net, RILL_MIB_OUT_SEGS);
	ip_build_and_send_pkt(skb, ctl, iph->daddr, iph->saddr, NULL, 0);
}

/**
 * rill_reply_reset() - answer a segment with RST: SM-2
 * @sk: who asks, or NULL when nobody owns the tuple
 * @skb: the segment; not a RST
 *
 * Context: softirqs off, RCU, or backlog.
 */
void rill_reply_reset(const struct sock *sk, struct sk_buff *skb)
{
	const struct rill_md5_key *key;
	const struct tcphdr *th = tcp_hdr(skb);
	struct net *net = sk ? sock_net(sk) : dev_net(skb->dev);
	struct rill_opts opts = {};

	/* nothing is said to, or on behalf of, a broadcast (MUST-57) */
	if (!sk && skb_rtable(skb)->rt_type != RTN_LOCAL)
		return;
	rcu_read_lock();
	if (!rill_md5_reset_key(sk, skb, &key))
		goto out;
	rill_mib_inc(net, RILL_MIB_OUT_RSTS);
	if (th->ack)
		rill_reply(net, skb, ntohl(th->ack_seq), 0, 0, TCPHDR_RST, &opts, key);
	else
		rill_reply(net, skb, 0, RILL_END(skb), 0, TCPHDR_RST | TCPHDR_ACK, &opts, key);
out:
	rcu_read_unlock();
}

/**
 * rill_v4_init_net() - make the socket that answers come from
 * @net: namespace
 *
 * Context: process.
 * Return: 0 or an error.
 */
int rill_v4_init_net(struct net *net)
{
	return inet_ctl_sock_create(&rill_net(net)->ctl, PF_INET, SOCK_RAW, rill_ipproto, net);
}

/**
 * rill_v4_exit_net() - drop it
 * @net: namespace
 *
 * Context: process.
 */
void rill_v4_exit_net(struct net *net)
{
	inet_ctl_sock_destroy(rill_net(net)->ctl);
}
