// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: IPv6 on the way out: routes, handing segments to IP, answers.
 */
#include <net/inet_common.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/tcp.h>

#include "af.h"
#include "compat.h"
#include "netns.h"
#include "proto.h"
#include "table.h"
#include "wire_udp.h"

/* Where the segments of a connection go, but for a routing header. */
static void rill_v6_flow(const struct sock *sk, struct flowi6 *fl6)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct ipv6_pinfo *np = rill_v6_sk(sk);

	memset(fl6, 0, sizeof(*fl6));
	fl6->flowi6_proto = rill_wire_proto(rill_sk(sk)->wire);
	fl6->daddr = sk->sk_v6_daddr;
	fl6->saddr = np->saddr;
	fl6->flowlabel = np->flow_label;
	fl6->flowi6_oif = sk->sk_bound_dev_if;
	fl6->flowi6_mark = sk->sk_mark;
	fl6->fl6_sport = inet->inet_sport;
	fl6->fl6_dport = inet->inet_dport;
	fl6->flowi6_uid = sk->sk_uid;
	security_sk_classify_flow((struct sock *)sk, flowi6_to_flowi_common(fl6));
}

/**
 * rill_v6_dst_store() - a connection goes by this route from now on
 * @sk: connection, of AF_INET6
 * @dst: the route; is eaten
 *
 * As ip6_dst_store(), which does not find what is IPv6's in TIME_WAIT, where a
 * route may turn out to be stale as the last ACK leaves.
 *
 * Context: the socket lock is held, or nobody else knows @sk.
 */
void rill_v6_dst_store(struct sock *sk, struct dst_entry *dst)
{
	rill_v6_sk(sk)->dst_cookie = rt6_get_cookie(dst_rt6_info(dst));
	sk_setup_caps(sk, dst);
}

/**
 * rill_v6_route() - the route of a connection, looked up again if it is stale
 * @sk: connection; addresses and ports are set
 *
 * Context: the socket lock is held.
 * Return: the route, which @sk holds, or NULL.
 */
struct dst_entry *rill_v6_route(struct sock *sk)
{
	struct ipv6_pinfo *np = rill_v6_sk(sk);
	struct dst_entry *dst = __sk_dst_check(sk, np->dst_cookie);
	struct in6_addr *final, buf;
	struct flowi6 fl6;

	if (dst)
		return dst;
	rill_v6_flow(sk, &fl6);
	rcu_read_lock();
	final = fl6_update_dst(&fl6, rcu_dereference(np->opt), &buf);
	rcu_read_unlock();
	dst = ip6_dst_lookup_flow(sock_net(sk), sk, &fl6, final);
	if (IS_ERR(dst))
		return NULL;
	rill_v6_dst_store(sk, dst);
	return dst;
}

/**
 * rill_v6_checksum() - set the checksum of a segment about to leave
 * @skb: data starts at the header
 * @saddr: source address
 * @daddr: destination address
 * @wire: what will carry it
 * @offload: leave the sum to whoever cuts or receives it
 *
 * Context: any.
 */
void rill_v6_checksum(struct sk_buff *skb, const struct in6_addr *saddr,
		      const struct in6_addr *daddr, u8 wire, bool offload)
{
	struct tcphdr *th = tcp_hdr(skb);
	u8 proto = rill_wire_proto(wire);

	if (wire == RILL_WIRE_UDP) {
		rill_udp_checksum(skb);
		return;
	}
	if (offload) {
		th->check = ~csum_ipv6_magic(saddr, daddr, skb->len, proto, 0);
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_transport_header(skb) - skb->head;
		skb->csum_offset = offsetof(struct tcphdr, check);
	} else {
		th->check = 0;
		th->check = csum_ipv6_magic(saddr, daddr, skb->len, proto,
					    skb_checksum(skb, 0, skb->len, 0));
		skb->ip_summed = CHECKSUM_NONE;
	}
}

/**
 * rill_v6_xmit() - hand a segment of a connection to IP
 * @sk: connection
 * @skb: the segment; eaten
 * @ecn: its codepoint
 *
 * Context: the socket lock is held.
 * Return: 0 or what IP says.
 */
int rill_v6_xmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	const struct ipv6_pinfo *np = rill_v6_sk(sk);
	struct in6_addr *final, buf;
	struct ipv6_txoptions *opt;
	struct dst_entry *dst;
	struct flowi6 fl6;
	int err;

	dst = rill_v6_route(sk);
	if (!dst) {
		kfree_skb(skb);
		return -EHOSTUNREACH;
	}
	rill_v6_flow(sk, &fl6);
	rcu_read_lock();
	skb_dst_set_noref(skb, dst);
	opt = rcu_dereference(np->opt);
	final = fl6_update_dst(&fl6, opt, &buf);
	/* ip6_xmit() makes the routing header, from where the segment is to end */
	if (final)
		fl6.daddr = *final;
	/* the last ACK leaves in TIME_WAIT, where IP would not find our options */
	err = ip6_xmit(sk_fullsock(sk) ? sk : rill_net(sock_net(sk))->ctl6, skb, &fl6,
		       sk->sk_mark, opt, np->tclass | ecn, sk->sk_priority);
	rcu_read_unlock();
	return err;
}

/* An address that says nothing without an interface. */
static int rill_v6_strict_oif(const struct in6_addr *addr, int oif, int iif)
{
	return !oif && rt6_need_strict(addr) ? iif : oif;
}

/**
 * rill_v6_req_route() - a route to the peer of a mini-socket
 * @req: in SYN_RECV
 *
 * Context: softirqs off, RCU.
 * Return: a route that is the caller's, or NULL.
 */
struct dst_entry *rill_v6_req_route(const struct rill_mini *req)
{
	struct sock *sk = req->listener;
	struct in6_addr *final, buf;
	struct flowi6 fl6 = {
		.flowi6_proto = rill_wire_proto(req->wire),
		.daddr = req->c.skc_v6_daddr,
		.saddr = req->c.skc_v6_rcv_saddr,
		.flowi6_mark = req->mark,
		.fl6_sport = htons(req->c.skc_num),
		.fl6_dport = req->c.skc_dport,
		.flowi6_uid = sk->sk_uid,
	};
	struct dst_entry *dst;

	fl6.flowi6_oif = rill_v6_strict_oif(&fl6.daddr, req->c.skc_bound_dev_if, req->iif);
	final = fl6_update_dst(&fl6, rcu_dereference(rill_v6_sk(sk)->opt), &buf);
	security_sk_classify_flow(sk, flowi6_to_flowi_common(&fl6));
	dst = ip6_dst_lookup_flow(read_pnet(&req->c.skc_net), sk, &fl6, final);
	return IS_ERR(dst) ? NULL : dst;
}

/**
 * rill_v6_send_synack() - hand a SYN-ACK to IP
 * @req: in SYN_RECV
 * @skb: the segment, its header filled but for the checksum; eaten
 * @ecn: its codepoint
 *
 * Context: softirqs off, RCU.
 */
void rill_v6_send_synack(const struct rill_mini *req, struct sk_buff *skb, u8 ecn)
{
	const struct ipv6_pinfo *np = rill_v6_sk(req->listener);
	struct flowi6 fl6 = {
		.flowi6_proto = rill_wire_proto(req->wire),
		.daddr = req->c.skc_v6_daddr,
		.saddr = req->c.skc_v6_rcv_saddr,
		.flowlabel = req->flow_label,
		.fl6_sport = htons(req->c.skc_num),
		.fl6_dport = req->c.skc_dport,
	};

	rill_v6_checksum(skb, &fl6.saddr, &fl6.daddr, req->wire, false);
	if (req->wire == RILL_WIRE_UDP &&
	    rill_udp_v6_header(read_pnet(&req->c.skc_net), skb, &fl6.saddr, &fl6.daddr,
			       req->udp_port)) {
		kfree_skb(skb);
		return;
	}
	ip6_xmit(req->listener, skb, &fl6, req->mark, rcu_dereference(np->opt),
		 np->tclass | ecn, READ_ONCE(req->listener->sk_priority));
}

/* What goes to an address of this host comes in by the loopback, but is for a link, RFC 4007. */
static int rill_v6_link(const struct sk_buff *skb)
{
	const struct inet6_dev *idev = skb_dst(skb) ? ip6_dst_idev(skb_dst(skb)) : NULL;

	if (idev && skb->dev && skb->dev->flags & IFF_LOOPBACK)
		return idev->dev->ifindex;
	return skb->skb_iif;
}

/**
 * rill_v6_reply() - hand an answer to a segment to IP
 * @net: namespace
 * @in: what it answers
 * @skb: the answer, its header filled but for the checksum; eaten
 *
 * Context: softirqs off, RCU.
 */
void rill_v6_reply(struct net *net, const struct sk_buff *in, struct sk_buff *skb)
{
	const struct ipv6hdr *hdr = ipv6_hdr(in);
	struct sock *ctl = rill_net(net)->ctl6;
	u8 wire = RILL_CB(in)->wire;
	struct flowi6 fl6 = {
		.flowi6_proto = rill_wire_proto(wire),
		.daddr = hdr->saddr,
		.saddr = hdr->daddr,
		.flowi6_mark = IP6_REPLY_MARK(net, in->mark),
		.fl6_sport = tcp_hdr(in)->dest,
		.fl6_dport = tcp_hdr(in)->source,
		.flowi6_uid = sock_net_uid(net, NULL),
	};
	struct dst_entry *dst;

	fl6.flowi6_oif = in->dev ? l3mdev_master_ifindex_rcu(in->dev) : 0;
	fl6.flowi6_oif = rill_v6_strict_oif(&fl6.daddr, fl6.flowi6_oif, rill_v6_link(in));
	rill_v6_checksum(skb, &fl6.saddr, &fl6.daddr, wire, false);
	dst = ip6_dst_lookup_flow(net, ctl, &fl6, NULL);
	if (IS_ERR(dst)) {
		kfree_skb(skb);
		return;
	}
	skb_dst_set(skb, dst);
	if (wire == RILL_WIRE_UDP &&
	    rill_udp_v6_header(net, skb, &fl6.saddr, &fl6.daddr, rill_udp_from(in))) {
		kfree_skb(skb);
		return;
	}
	ip6_xmit(ctl, skb, &fl6, fl6.flowi6_mark, NULL, ipv6_get_dsfield(hdr) & ~INET_ECN_MASK,
		 0);
}

/**
 * rill_v6_cloned() - a copy of a listener lets go of what is the listener's
 * @sk: the copy, of AF_INET6; nobody else knows it
 *
 * Context: any.
 */
void rill_v6_cloned(struct sock *sk)
{
	struct ipv6_pinfo *np = rill_v6_sk(sk);

	inet_sk(sk)->pinet6 = np;
	rill_v6_forget_labels(sk);
	np->ipv6_mc_list = NULL;
	np->ipv6_ac_list = NULL;
	np->pktoptions = NULL;
	np->rxpmtu = NULL;
	np->dst_cookie = 0;
	RCU_INIT_POINTER(np->opt, NULL);
}

/**
 * rill_v6_child() - addresses and options of a child of a listener of IPv6
 * @sk: child; nobody else knows it
 * @listener: whose it is
 * @req: what it comes from, by IPv6 or, with mapped addresses, by IPv4
 *
 * Context: softirqs off, RCU.
 */
void rill_v6_child(struct sock *sk, const struct sock *listener, const struct rill_mini *req)
{
	struct ipv6_pinfo *np = rill_v6_sk(sk);
	struct ipv6_txoptions *opt;

	if (req->c.skc_family == AF_INET) {
		ipv6_addr_set_v4mapped(req->c.skc_daddr, &sk->sk_v6_daddr);
		ipv6_addr_set_v4mapped(req->c.skc_rcv_saddr, &sk->sk_v6_rcv_saddr);
		np->saddr = sk->sk_v6_rcv_saddr;
		return;
	}
	sk->sk_v6_daddr = req->c.skc_v6_daddr;
	sk->sk_v6_rcv_saddr = req->c.skc_v6_rcv_saddr;
	np->saddr = req->c.skc_v6_rcv_saddr;
	np->flow_label = req->flow_label;
	np->rcv_flowinfo = 0;
	/* the link's, if it is of one */
	sk->sk_bound_dev_if = req->c.skc_bound_dev_if;
	opt = rcu_dereference(rill_v6_sk(listener)->opt);
	if (opt)
		RCU_INIT_POINTER(np->opt, ipv6_dup_options(sk, opt));
}

/**
 * rill_v6_child_packet() - IPV6_2292PKTOPTIONS: the segment that completed a connection
 * @sk: the connection, of a socket of AF_INET6
 * @skb: the segment
 *
 * Context: softirqs off; the socket is locked.
 */
void rill_v6_child_packet(struct sock *sk, const struct sk_buff *skb)
{
	struct ipv6_pinfo *np = rill_v6_sk(sk);

	if (rill_skb_is_v6(skb)) {
		np->mcast_oif = skb->skb_iif;
		np->rcv_flowinfo = ip6_flowinfo(ipv6_hdr(skb));
	} else {
		np->mcast_oif = inet_iif(skb);
		np->rcv_flowinfo = 0;
	}
	np->mcast_hops = rill_skb_hops(skb);
}

/**
 * rill_v6_options_len() - what extension headers take of a packet
 * @sk: connection
 *
 * Context: the socket lock is held, or nobody else knows @sk.
 * Return: bytes.
 */
u32 rill_v6_options_len(const struct sock *sk)
{
	const struct ipv6_txoptions *opt = rcu_dereference_protected(rill_v6_sk(sk)->opt, true);

	return opt ? opt->opt_flen + opt->opt_nflen : 0;
}

/**
 * rill_v6_routed() - do packets of a connection have a routing header?
 * @sk: connection
 *
 * Context: the socket lock is held.
 * Return: whether.
 */
bool rill_v6_routed(const struct sock *sk)
{
	const struct ipv6_txoptions *opt = rcu_dereference_protected(rill_v6_sk(sk)->opt, true);

	return opt && opt->srcrt;
}

/**
 * rill_v6_init_net() - make the socket that answers come from
 * @net: namespace
 *
 * Context: process.
 * Return: 0 or an error.
 */
int rill_v6_init_net(struct net *net)
{
	if (!ipv6_mod_enabled())
		return 0;
	return inet_ctl_sock_create(&rill_net(net)->ctl6, PF_INET6, SOCK_RAW, rill_ipproto, net);
}

/**
 * rill_v6_exit_net() - drop it
 * @net: namespace
 *
 * Context: process.
 */
void rill_v6_exit_net(struct net *net)
{
	if (rill_net(net)->ctl6)
		inet_ctl_sock_destroy(rill_net(net)->ctl6);
}
