// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: the header of IPv4 for the tcp and the udp wire.
 *
 * What the kernel has for that writes the socket's protocol, and ours must not
 * be that of TCP, by which others would take it for a socket of TCP.
 */
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp.h>

#include "proto.h"

/* The slot of an option that is at in the header, whose pointer has been moved past it. */
static u8 *rill_v4_slot(struct iphdr *iph, u8 at, u8 len)
{
	u8 *option = (u8 *)iph + at;

	return option + option[2] - 1 - len;
}

/* The options of a socket, with what the sender has to fill in: RFC 791, 3.1. */
static void rill_v4_write_options(struct iphdr *iph, const struct ip_options *opt, __be32 daddr)
{
	memcpy(iph + 1, opt->__data, opt->optlen);
	/* MUST-51: where the route is to end stands last in it */
	if (opt->srr) {
		u8 *route = (u8 *)iph + opt->srr;

		memcpy(route + route[1] - 4, &daddr, 4);
	}
	if (opt->rr_needaddr)
		memcpy(rill_v4_slot(iph, opt->rr, 4), &iph->saddr, 4);
	if (opt->ts_needaddr)
		memcpy(rill_v4_slot(iph, opt->ts, 8), &iph->saddr, 4);
	if (opt->ts_needtime) {
		__be32 time = inet_current_timestamp();

		memcpy(rill_v4_slot(iph, opt->ts, 4), &time, 4);
	}
}

static u8 rill_v4_ttl(const struct inet_sock *inet, const struct dst_entry *dst)
{
	s16 ttl = READ_ONCE(inet->uc_ttl);

	return ttl < 0 ? ip4_dst_hoplimit(dst) : ttl;
}

/**
 * rill_v4_out() - put a header before a packet of the tcp or the udp wire, and send it
 * @net: namespace
 * @sk: whose options of IP count
 * @skb: the segment or datagram, with its route; eaten
 * @saddr: source address
 * @daddr: where it is to end
 * @opt: options of IP, or NULL
 * @tos: with the codepoint of ECN
 * @proto: what the header says that it carries
 *
 * Context: RCU.
 * Return: 0 or what IP says.
 */
int rill_v4_out(struct net *net, struct sock *sk, struct sk_buff *skb, __be32 saddr,
		__be32 daddr, const struct ip_options *opt, u8 tos, u8 proto)
{
	unsigned int optlen = opt ? opt->optlen : 0;
	const struct dst_entry *dst = skb_dst(skb);
	struct iphdr *iph;

	iph = skb_push(skb, sizeof(*iph) + optlen);
	skb_reset_network_header(skb);
	iph->version = 4;
	iph->ihl = (sizeof(*iph) + optlen) / 4;
	iph->tos = tos;
	iph->frag_off = ip_dont_fragment(sk, dst) ? htons(IP_DF) : 0;
	iph->ttl = rill_v4_ttl(inet_sk(sk), dst);
	iph->protocol = proto;
	iph->saddr = saddr;
	iph->daddr = opt && opt->srr ? opt->faddr : daddr;
	if (unlikely(optlen))
		rill_v4_write_options(iph, opt, daddr);
	ip_select_ident_segs(net, skb, sk, max_t(int, skb_shinfo(skb)->gso_segs, 1));
	return ip_local_out(net, sk, skb);
}

/**
 * rill_v4_xmit() - hand a packet of a connection of the tcp or the udp wire to IP
 * @sk: connection
 * @skb: the segment or datagram; eaten
 * @tos: with the codepoint of ECN
 *
 * Context: the socket lock is held.
 * Return: 0 or what IP says.
 */
int rill_v4_xmit(struct sock *sk, struct sk_buff *skb, u8 tos)
{
	const struct ip_options_rcu *opt;
	struct net *net = sock_net(sk);
	struct dst_entry *dst;
	int err;

	rcu_read_lock();
	dst = rill_v4_route(sk);
	opt = rcu_dereference(inet_sk(sk)->inet_opt);
	if (dst)
		skb_dst_set_noref(skb, dst);
	if (!dst || (opt && opt->opt.is_strictroute && skb_rtable(skb)->rt_uses_gateway)) {
		rcu_read_unlock();
		IP_INC_STATS(net, IPSTATS_MIB_OUTNOROUTES);
		kfree_skb(skb);
		return -EHOSTUNREACH;
	}
	skb->priority = sk->sk_priority;
	skb->mark = sk->sk_mark;
	err = rill_v4_out(net, sk, skb, inet_sk(sk)->inet_saddr, inet_sk(sk)->inet_daddr,
			  opt ? &opt->opt : NULL, tos, rill_wire_proto(rill_sk(sk)->wire));
	rcu_read_unlock();
	return err;
}
