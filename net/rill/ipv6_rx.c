// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: a segment comes in by IPv6.
 */
#include <net/ip6_checksum.h>
#include <net/tcp.h>

#include "af.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

/* struct inet6_protocol's handler: softirqs off, RCU. Eats skb. */
static int rill_v6_rcv(struct sk_buff *skb)
{
	struct rill_tuple t = {
		.v6 = true,
		.dif = inet6_iif(skb),
		.sdif = inet6_sdif(skb),
	};
	enum rill_mib why = rill_rx_header(skb);

	if (!why && skb_checksum_validate(skb, rill_ipproto, ip6_compute_pseudo))
		why = RILL_DROP_CSUM;
	t.saddr6 = ipv6_hdr(skb)->saddr;
	t.daddr6 = ipv6_hdr(skb)->daddr;
	rill_rx(dev_net(skb->dev), skb, &t, why);
	return 0;
}

const struct inet6_protocol rill_v6_protocol = {
	.handler	= rill_v6_rcv,
	.err_handler	= rill_v6_err,
	.flags		= INET6_PROTO_NOPOLICY | INET6_PROTO_FINAL,
};
