// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: answers on behalf of no socket, or of one that is not locked.
 */
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/tcp.h>

#include "af.h"
#include "netns.h"
#include "proto.h"

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
	struct in6_addr saddr, daddr;
	struct sk_buff *skb;

	skb = alloc_skb(RILL_MAX_HEADER, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return;
	skb_reserve(skb, RILL_MAX_HEADER);
	if (key)
		opts->present |= RILL_OPT_MD5;
	rill_fill_header(skb, th->dest, th->source, seq, ack, window, flags, opts);
	if (key) {
		rill_skb_addrs(in, &daddr, &saddr);
		rill_md5_sign(key, skb, &saddr, &daddr, RILL_CB(in)->wire);
	}
	rill_mib_inc(net, RILL_MIB_OUT_SEGS);
	if (rill_skb_is_v6(in))
		rill_v6_reply(net, in, skb);
	else
		rill_v4_reply(net, in, skb);
}

/* Was it for us alone? Nothing is said to, or on behalf of, a broadcast (MUST-57). */
static bool rill_for_one(const struct sk_buff *skb)
{
	if (rill_skb_is_v6(skb))
		return ipv6_unicast_destination(skb);
	return skb_rtable(skb)->rt_type == RTN_LOCAL;
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

	if (!sk && !rill_for_one(skb))
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
