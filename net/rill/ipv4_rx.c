// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: a segment comes in by IPv4.
 */
#include <net/ip.h>
#include <net/tcp.h>

#include "netns.h"
#include "proto.h"
#include "table.h"
#include "trace.h"

/* The source route in a header whose options IP has checked; NULL without one. */
static const u8 *rill_v4_source_route(const struct iphdr *iph)
{
	const u8 *o = (const u8 *)(iph + 1), *end = (const u8 *)iph + iph->ihl * 4;

	while (o < end && *o != IPOPT_END) {
		if (*o == IPOPT_NOOP) {
			o++;
			continue;
		}
		if (end - o < 2 || o[1] < 2 || o[1] > end - o)
			return NULL;
		if ((*o == IPOPT_LSRR || *o == IPOPT_SSRR) && o[1] > IPOPT_MINOFF)
			return o;
		o += o[1];
	}
	return NULL;
}

/**
 * rill_v4_return_route() - the source route that leads back to who sent a segment
 * @net: namespace
 * @skb: the segment; it came by a source route if IP lets those in
 *
 * MUST-53; RFC 1122, 4.2.3.8. The recorded addresses in reverse, as IP_OPTIONS
 * would have them, so the first of them is where to send to.
 *
 * Context: softirqs off.
 * Return: options of IP for kfree_rcu() or kfree(), or NULL: none, or no memory.
 */
struct ip_options_rcu *rill_v4_return_route(struct net *net, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const u8 *srr = iph->ihl > 5 ? rill_v4_source_route(iph) : NULL, *hop, *first;
	struct ip_options_rcu *opt;
	u8 *to;

	if (!srr)
		return NULL;
	first = srr + 3;
	hop = first + (srr[1] - 3) / 4 * 4;
	/* some senders record themselves (RFC 1812, 5.2.4.1) */
	if (hop != first && !memcmp(first, &iph->saddr, 4))
		first += 4;
	if (hop == first)
		return NULL;
	opt = kzalloc(sizeof(*opt) + MAX_IPOPTLEN, GFP_ATOMIC | __GFP_NOWARN);
	if (!opt)
		return NULL;
	to = opt->opt.__data;
	to[0] = srr[0];
	to[1] = hop - first + 3;
	to[2] = IPOPT_MINOFF;
	opt->opt.optlen = round_up(to[1], 4);	/* with IPOPT_END, which is 0 */
	for (to += 3; hop != first; to += 4) {
		hop -= 4;
		memcpy(to, hop, 4);
	}
	if (ip_options_compile(net, &opt->opt, NULL)) {
		kfree(opt);
		return NULL;
	}
	return opt;
}

/* struct net_protocol's handler: softirqs off, RCU. Eats skb. */
static int rill_v4_rcv(struct sk_buff *skb)
{
	struct rill_tuple t = {
		.dif = inet_iif(skb),
		.sdif = inet_sdif(skb),
	};
	enum rill_mib why = rill_rx_header(skb);

	if (!why && skb_checksum_validate(skb, rill_ipproto, inet_compute_pseudo))
		why = RILL_DROP_CSUM;
	t.saddr = ip_hdr(skb)->saddr;
	t.daddr = ip_hdr(skb)->daddr;
	rill_rx(dev_net(skb->dev), skb, &t, why);
	return 0;
}

const struct net_protocol rill_v4_protocol = {
	.handler	= rill_v4_rcv,
	.err_handler	= rill_v4_err,
	.no_policy	= 1,
	.icmp_strict_tag_validation = 1,
};
