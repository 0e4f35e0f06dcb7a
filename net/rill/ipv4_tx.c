// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: IPv4 on the way out: routes, handing segments to IP, answers.
 */
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp.h>

#include "netns.h"
#include "proto.h"
#include "table.h"
#include "wire_udp.h"

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
	const struct ip_options_rcu *opt;
	__be32 hop = inet->inet_daddr;
	struct rtable *rt;

	if (dst)
		return dst;
	rcu_read_lock();
	opt = rcu_dereference(inet->inet_opt);
	if (opt && opt->opt.srr)
		hop = opt->opt.faddr;	/* MUST-51 */
	rcu_read_unlock();
	rt = ip_route_output_ports(sock_net(sk), fl4, sk, hop, inet->inet_saddr,
				   inet->inet_dport, inet->inet_sport,
				   rill_wire_proto(rill_sk(sk)->wire), ip_sock_rt_tos(sk),
				   sk->sk_bound_dev_if);
	if (IS_ERR(rt))
		return NULL;
	sk_setup_caps(sk, &rt->dst);
	return &rt->dst;
}

/**
 * rill_v4_checksum() - set the checksum of a segment about to leave
 * @skb: data starts at the header
 * @saddr: source address
 * @daddr: destination address
 * @wire: what will carry it
 * @offload: leave the sum to whoever cuts or receives it
 *
 * Context: any.
 */
void rill_v4_checksum(struct sk_buff *skb, __be32 saddr, __be32 daddr, u8 wire, bool offload)
{
	struct tcphdr *th = tcp_hdr(skb);
	u8 proto = rill_wire_proto(wire);

	if (wire == RILL_WIRE_UDP) {
		rill_udp_checksum(skb);
		return;
	}
	if (offload) {
		th->check = ~csum_tcpudp_magic(saddr, daddr, skb->len, proto, 0);
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_transport_header(skb) - skb->head;
		skb->csum_offset = offsetof(struct tcphdr, check);
	} else {
		th->check = 0;
		th->check = csum_tcpudp_magic(saddr, daddr, skb->len, proto,
					      skb_checksum(skb, 0, skb->len, 0));
		skb->ip_summed = CHECKSUM_NONE;
	}
}

/* Where to send to: the peer, or the first router of its source route (MUST-53). */
static __be32 rill_req_hop(const struct rill_mini *req)
{
	return req->ip_opt ? req->ip_opt->opt.faddr : req->c.skc_daddr;
}

/**
 * rill_v4_req_route() - a route to the peer of a mini-socket
 * @req: in SYN_RECV
 *
 * Context: softirqs off, RCU.
 * Return: a route that is the caller's, or NULL.
 */
struct dst_entry *rill_v4_req_route(const struct rill_mini *req)
{
	struct sock *sk = req->listener;
	struct net *net = read_pnet(&req->c.skc_net);
	struct flowi4 fl4;
	struct rtable *rt;

	flowi4_init_output(&fl4, sk->sk_bound_dev_if, req->mark, ip_sock_rt_tos(sk),
			   ip_sock_rt_scope(sk), rill_wire_proto(req->wire),
			   inet_sk_flowi_flags(sk), rill_req_hop(req), req->c.skc_rcv_saddr,
			   req->c.skc_dport, htons(req->c.skc_num), sk->sk_uid);
	security_sk_classify_flow(sk, flowi4_to_flowi_common(&fl4));
	rt = ip_route_output_flow(net, &fl4, sk);
	if (IS_ERR(rt))
		return NULL;
	if (rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST)) {
		ip_rt_put(rt);	/* MUST-63: nobody is at such an address */
		return NULL;
	}
	return &rt->dst;
}

/**
 * rill_v4_send_synack() - hand a SYN-ACK to IP
 * @req: in SYN_RECV
 * @skb: the segment, its header filled but for the checksum; eaten
 * @ecn: its codepoint
 *
 * Context: softirqs off, RCU.
 */
void rill_v4_send_synack(const struct rill_mini *req, struct sk_buff *skb, u8 ecn)
{
	rill_v4_checksum(skb, req->c.skc_rcv_saddr, req->c.skc_daddr, req->wire, false);
	if (req->wire == RILL_WIRE_UDP &&
	    rill_udp_v4_header(read_pnet(&req->c.skc_net), skb, req->c.skc_rcv_saddr,
			       req->c.skc_daddr, req->udp_port)) {
		kfree_skb(skb);
		return;
	}
	if (req->wire != RILL_WIRE_IP) {
		skb->priority = READ_ONCE(req->listener->sk_priority);
		rill_v4_out(read_pnet(&req->c.skc_net), req->listener, skb, req->c.skc_rcv_saddr,
			    req->c.skc_daddr, req->ip_opt ? &req->ip_opt->opt : NULL,
			    inet_sk(req->listener)->tos | ecn, rill_wire_proto(req->wire));
		return;
	}
	ip_build_and_send_pkt(skb, req->listener, req->c.skc_rcv_saddr, req->c.skc_daddr,
			      req->ip_opt, inet_sk(req->listener)->tos | ecn);
}

/**
 * rill_v4_reply() - hand an answer to a segment to IP
 * @net: namespace
 * @in: what it answers
 * @skb: the answer, its header filled but for the checksum; eaten
 *
 * Context: softirqs off, RCU.
 */
void rill_v4_reply(struct net *net, const struct sk_buff *in, struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(in);
	const struct iphdr *iph = ip_hdr(in);
	u8 wire = RILL_CB(in)->wire;
	struct flowi4 fl4;
	struct rtable *rt;

	flowi4_init_output(&fl4, in->dev ? l3mdev_master_ifindex_rcu(in->dev) : 0,
			   IP4_REPLY_MARK(net, in->mark), RT_TOS(iph->tos), RT_SCOPE_UNIVERSE,
			   rill_wire_proto(wire), 0, iph->saddr, iph->daddr, th->source, th->dest,
			   sock_net_uid(net, NULL));
	rt = ip_route_output_key(net, &fl4);
	if (IS_ERR(rt)) {
		kfree_skb(skb);
		return;
	}
	rill_v4_checksum(skb, iph->daddr, iph->saddr, wire, false);
	skb_dst_set(skb, &rt->dst);
	skb->mark = fl4.flowi4_mark;
	if (wire == RILL_WIRE_UDP &&
	    rill_udp_v4_header(net, skb, iph->daddr, iph->saddr, rill_udp_from(in)))
		kfree_skb(skb);
	else if (wire != RILL_WIRE_IP)
		rill_v4_out(net, rill_net(net)->ctl, skb, iph->daddr, iph->saddr, NULL, 0,
			    rill_wire_proto(wire));
	else
		ip_build_and_send_pkt(skb, rill_net(net)->ctl, iph->daddr, iph->saddr, NULL, 0);
}

/**
 * rill_v4_options_len() - what IP options take of a packet
 * @sk: connection
 *
 * Context: the socket lock is held, or nobody else knows @sk.
 * Return: bytes.
 */
u32 rill_v4_options_len(const struct sock *sk)
{
	const struct ip_options_rcu *opt = rcu_dereference_protected(inet_sk(sk)->inet_opt, true);

	return opt ? opt->opt.optlen : 0;
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
