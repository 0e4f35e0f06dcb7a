// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: the tcp wire: segments that come in as IP protocol 6, beside the
 * host's TCP.
 *
 * A hook at LOCAL_IN, behind whatever filters, takes exactly the segments
 * whose tuple one of our sockets owns. That cannot be one of the host's, as
 * the local port is held against it (hold.c). Everything else, and what is to
 * be said about it, is the host's. What conntrack would do behind us with a
 * packet that goes on, we ask it for.
 */
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/protocol.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "af.h"
#include "hold.h"
#include "icmp.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

/* conntrack would remember the connection behind us: it must do so now. */
static unsigned int rill_tcp_confirm(struct sk_buff *skb)
{
	unsigned int verdict = NF_ACCEPT;
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	const struct nf_ct_hook *hook = rcu_dereference(nf_ct_hook);
	enum ip_conntrack_info info;
	const struct nf_conn *ct = nf_ct_get(skb, &info);

	if (hook && ct && !nf_ct_is_template(ct) && !nf_ct_is_confirmed(ct))
		verdict = hook->confirm(skb);
#endif
	return verdict;
}

/* Whom a segment is for is for our tables to say. The header may be malformed. */
static bool rill_tcp_owned(struct net *net, const struct sk_buff *skb, unsigned int offset,
			   struct rill_tuple *t)
{
	const struct tcphdr *th;
	struct tcphdr buf;

	th = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!th || !rill_hold_has(net, ntohs(th->dest)))
		return false;
	t->wire = RILL_WIRE_TCP;
	t->sport = th->source;
	t->dport = ntohs(th->dest);
	return rill_owned(net, t);
}

static bool rill_tcp_sum_wrong(struct sk_buff *skb)
{
	if (rill_skb_is_v6(skb))
		return skb_checksum_validate(skb, IPPROTO_TCP, ip6_compute_pseudo);
	return skb_checksum_validate(skb, IPPROTO_TCP, inet_compute_pseudo);
}

/* IP's work ends where the segment begins. */
static enum rill_mib rill_tcp_pull(struct sk_buff *skb, unsigned int offset)
{
	enum rill_mib why;

	skb_clear_delivery_time(skb);
	if (!pskb_may_pull(skb, offset))
		return RILL_DROP_HEADER;
	skb_pull_rcsum(skb, offset);
	skb_reset_transport_header(skb);
	why = rill_rx_header(skb);
	if (!why && rill_tcp_sum_wrong(skb))
		why = RILL_DROP_CSUM;
	return why;
}

/* It has come where it was sent: IP does not get to count it. */
static void rill_tcp_count(struct net *net, const struct sk_buff *skb)
{
	if (rill_skb_is_v6(skb))
		__IP6_INC_STATS(net, ip6_dst_idev(skb_dst(skb)), IPSTATS_MIB_INDELIVERS);
	else
		__IP_INC_STATS(net, IPSTATS_MIB_INDELIVERS);
}

/* A segment of ours. Returns the verdict; the hook eats it unless conntrack objects. */
static unsigned int rill_tcp_take(struct net *net, struct sk_buff *skb, unsigned int offset,
				  struct rill_tuple *t)
{
	enum rill_mib why = rill_tcp_pull(skb, offset);
	unsigned int verdict = why ? NF_ACCEPT : rill_tcp_confirm(skb);

	if (verdict != NF_ACCEPT)
		return verdict;
	rill_tcp_count(net, skb);
	rill_rx(net, skb, t, why);
	return NF_STOLEN;
}

/* Is it one whose owner is for us to find? TPROXY and BPF may have named one. */
static bool rill_tcp_candidate(const struct sk_buff *skb)
{
	return skb->pkt_type == PACKET_HOST && !skb->sk;
}

static unsigned int rill_tcp_segment4(struct net *net, struct sk_buff *skb)
{
	unsigned int offset = ip_hdrlen(skb);
	struct rill_tuple t = {
		.saddr = ip_hdr(skb)->saddr,
		.daddr = ip_hdr(skb)->daddr,
		.dif = inet_iif(skb),
		.sdif = inet_sdif(skb),
	};

	if (!rill_tcp_candidate(skb) || !rill_tcp_owned(net, skb, offset, &t))
		return NF_ACCEPT;
	return rill_tcp_take(net, skb, offset, &t);
}

static unsigned int rill_tcp_segment6(struct net *net, struct sk_buff *skb, unsigned int offset)
{
	struct rill_tuple t = {
		.v6 = true,
		.saddr6 = ipv6_hdr(skb)->saddr,
		.daddr6 = ipv6_hdr(skb)->daddr,
		.dif = inet6_iif(skb),
		.sdif = inet6_sdif(skb),
	};

	if (!rill_tcp_candidate(skb) || !rill_tcp_owned(net, skb, offset, &t))
		return NF_ACCEPT;
	return rill_tcp_take(net, skb, offset, &t);
}

/* Is the local port held that a packet quotes, whose ports are at offset? */
static bool rill_tcp_quotes(const struct net *net, const struct sk_buff *skb,
			    unsigned int offset)
{
	__be16 buf, *port = skb_header_pointer(skb, offset, sizeof(buf), &buf);

	return port && rill_hold_has(net, ntohs(*port));
}

/*
 * A copy of an ICMP error for us, as the host is to see it too: data starts at
 * its header. NULL if it is not whole, if IPsec should have guarded it, or if
 * no memory is left.
 */
static struct sk_buff *rill_tcp_icmp_copy(const struct sk_buff *skb, unsigned int offset,
					  unsigned int len)
{
	struct sk_buff *copy = skb_clone((struct sk_buff *)skb, GFP_ATOMIC);

	if (!copy)
		return NULL;
	if (!pskb_may_pull(copy, offset + len))
		goto drop;
	skb_pull_rcsum(copy, offset);
	skb_reset_transport_header(copy);
	if (!xfrm_policy_check(NULL, XFRM_POLICY_IN, copy,
			       rill_skb_is_v6(copy) ? AF_INET6 : AF_INET))
		goto drop;
	return copy;

drop:
	kfree_skb(copy);
	return NULL;
}

/*
 * What an error says besides type and code, as IP has it for who asked it to
 * be told. Returns false for what is none, or is to be ignored.
 */
static bool rill_tcp_icmp4_info(const struct net *net, const struct icmphdr *icmph, u32 *info)
{
	int ignore;

	*info = 0;
	switch (icmph->type) {
	case ICMP_DEST_UNREACH:
		if (icmph->code != ICMP_FRAG_NEEDED)
			return icmph->code <= NR_ICMP_UNREACH;
		/* 1: sizes are no news; 2: nor is that there are any */
		ignore = READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc);
		if (ignore != 1)
			*info = ntohs(icmph->un.frag.mtu);
		return ignore != 2;
	case ICMP_PARAMETERPROB:
		*info = ntohl(icmph->un.gateway) >> 24;
		return true;
	case ICMP_REDIRECT:
		*info = ntohl(icmph->un.gateway);
		return true;
	case ICMP_TIME_EXCEEDED:
		/* that of reassembly IP keeps to itself */
		return icmph->code != ICMP_EXC_FRAGTIME;
	}
	return false;
}

/* MUST-54: an ICMP error, which the host is to see as well. */
static void rill_tcp_icmp4(struct net *net, const struct sk_buff *skb)
{
	unsigned int offset = ip_hdrlen(skb), inner = offset + sizeof(struct icmphdr), len;
	const struct icmphdr *icmph;
	const struct iphdr *iph;
	struct icmphdr icmp_buf;
	struct iphdr ip_buf;
	struct sk_buff *copy;
	u32 info;

	icmph = skb_header_pointer(skb, offset, sizeof(icmp_buf), &icmp_buf);
	if (!icmph || !rill_tcp_icmp4_info(net, icmph, &info))
		return;
	iph = skb_header_pointer(skb, inner, sizeof(ip_buf), &ip_buf);
	if (!iph || iph->ihl < 5 || iph->protocol != IPPROTO_TCP ||
	    iph->frag_off & htons(IP_OFFSET) ||
	    !rill_tcp_quotes(net, skb, inner + iph->ihl * 4))
		return;
	len = sizeof(*icmph) + iph->ihl * 4 + 8;
	copy = rill_tcp_icmp_copy(skb, offset, len);
	if (!copy)
		return;
	if (!skb_checksum_simple_validate(copy)) {
		__skb_pull(copy, sizeof(*icmph));
		rill_v4_err_by(RILL_WIRE_TCP, copy, info);
	}
	consume_skb(copy);
}

/* RFC 4443, 2.4 (a): what is unknown is told as well. */
static bool rill_tcp_icmp6_error(u8 type)
{
	return !(type & ICMPV6_INFOMSG_MASK);
}

/* The same by IPv6. */
static void rill_tcp_icmp6(struct net *net, const struct sk_buff *skb, unsigned int offset)
{
	unsigned int inner = offset + sizeof(struct icmp6hdr);
	const struct icmp6hdr *icmph;
	const struct ipv6hdr *hdr;
	struct icmp6hdr icmp_buf;
	struct ipv6hdr ip_buf;
	struct sk_buff *copy;
	__be16 frag = 0;
	int quoted;
	u8 proto;

	icmph = skb_header_pointer(skb, offset, sizeof(icmp_buf), &icmp_buf);
	hdr = skb_header_pointer(skb, inner, sizeof(ip_buf), &ip_buf);
	if (!icmph || !hdr || !rill_tcp_icmp6_error(icmph->icmp6_type))
		return;
	proto = hdr->nexthdr;
	quoted = ipv6_skip_exthdr(skb, inner + sizeof(*hdr), &proto, &frag);
	if (quoted < 0 || frag & htons(~0x7) || proto != IPPROTO_TCP ||
	    !rill_tcp_quotes(net, skb, quoted))
		return;
	copy = rill_tcp_icmp_copy(skb, offset, quoted - offset + 8);
	if (!copy)
		return;
	icmph = icmp6_hdr(copy);
	if (!skb_checksum_validate(copy, IPPROTO_ICMPV6, ip6_compute_pseudo)) {
		__skb_pull(copy, sizeof(*icmph));
		rill_v6_err_by(RILL_WIRE_TCP, copy, icmph->icmp6_type, icmph->icmp6_code,
			       quoted - inner, icmph->icmp6_mtu);
	}
	consume_skb(copy);
}

/* With softirqs off, which they are not when user space has queued a packet. */
static unsigned int rill_tcp_in4(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	const struct iphdr *iph = ip_hdr(skb);
	unsigned int verdict = NF_ACCEPT;

	if (ip_is_fragment(iph))
		return NF_ACCEPT;
	local_bh_disable();
	if (iph->protocol == IPPROTO_TCP)
		verdict = rill_tcp_segment4(state->net, skb);
	else if (iph->protocol == IPPROTO_ICMP)
		rill_tcp_icmp4(state->net, skb);
	local_bh_enable();
	return verdict;
}

/* IP's handler of an extension header that it goes on behind; NULL for all else. */
static const struct inet6_protocol *rill_tcp_extension(u8 proto)
{
	switch (proto) {
	case NEXTHDR_ROUTING:
	case NEXTHDR_FRAGMENT:
	case NEXTHDR_DEST:
		return rcu_dereference(inet6_protos[proto]);
	}
	return NULL;
}

/*
 * RFC 8200, 4: what stands between IPv6's header and the transport's, IP looks
 * at behind this hook only. Have its own handlers do so now: fragments are put
 * together and what a header forbids is dropped, whosever it is. IP goes on
 * from where that ends, and what it unwraps itself, such as IPsec, comes by
 * here again. Returns the protocol whose header the transport header is then,
 * or -1: the packet is eaten.
 */
static int rill_tcp_reach6(struct sk_buff *skb)
{
	const struct inet6_protocol *extension;
	u8 proto;

	for (;;) {
		proto = skb_network_header(skb)[IP6CB(skb)->nhoff];
		extension = rill_tcp_extension(proto);
		if (!extension)
			break;
		if (!pskb_pull(skb, skb_transport_offset(skb))) {
			kfree_skb(skb);
			return -1;
		}
		if (extension->handler(skb) <= 0)
			return -1;
	}
	/* as hooks expect it */
	__skb_push(skb, -skb_network_offset(skb));
	return proto;
}

static unsigned int rill_tcp_in6(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	unsigned int verdict = NF_ACCEPT;
	int proto;

	local_bh_disable();
	proto = rill_tcp_reach6(skb);
	if (proto < 0)
		verdict = NF_STOLEN;
	else if (proto == IPPROTO_TCP)
		verdict = rill_tcp_segment6(state->net, skb, skb_transport_offset(skb));
	else if (proto == IPPROTO_ICMPV6)
		rill_tcp_icmp6(state->net, skb, skb_transport_offset(skb));
	local_bh_enable();
	return verdict;
}

static const struct nf_hook_ops rill_tcp_hooks[] = {
	{
		.hook		= rill_tcp_in4,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= INT_MAX - 1,	/* the last is conntrack's, see above */
	}, {
		.hook		= rill_tcp_in6,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= INT_MAX - 1,
	},
};

/**
 * rill_tcp_hook() - begin to look at what comes in
 * @net: namespace
 *
 * Context: process; may sleep.
 * Return: 0 or an error.
 */
int rill_tcp_hook(struct net *net)
{
	return nf_register_net_hooks(net, rill_tcp_hooks, ARRAY_SIZE(rill_tcp_hooks));
}

/**
 * rill_tcp_unhook() - look no more
 * @net: namespace
 *
 * Context: process; may sleep.
 */
void rill_tcp_unhook(struct net *net)
{
	nf_unregister_net_hooks(net, rill_tcp_hooks, ARRAY_SIZE(rill_tcp_hooks));
}
