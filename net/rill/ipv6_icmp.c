// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: an ICMPv6 error comes in: what it means.
 */
#include <linux/errqueue.h>
#include <linux/icmpv6.h>
#include <net/addrconf.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

#include "icmp.h"
#include "proto.h"
#include "table.h"

/**
 * rill_v6_err_by() - heed an ICMPv6 error about a segment that a wire carried
 * @wire: that wire
 * @skb: the packet that is quoted; at least 8 bytes of its segment are there
 * @type: of ICMPv6
 * @code: of ICMPv6
 * @offset: where in the quoted packet the segment begins, bytes
 * @info: what ICMPv6 says besides
 *
 * Context: softirqs off, RCU.
 * Return: 0, or -ENOENT if it is about nobody.
 */
int rill_v6_err_by(u8 wire, struct sk_buff *skb, u8 type, u8 code, int offset, __be32 info)
{
	const struct ipv6hdr *hdr = (const struct ipv6hdr *)skb->data;
	struct net *net = dev_net(skb->dev);
	struct rill_tuple t = {
		.v6 = true,
		.wire = wire,
		.saddr6 = hdr->daddr,
		.daddr6 = hdr->saddr,
		.dif = inet6_iif(skb),
		.sdif = inet6_sdif(skb),
	};
	struct rill_icmp e = {
		.info = ntohl(info),
		.offset = offset,
		.peer = (const u8 *)&hdr->daddr,
		.origin = SO_EE_ORIGIN_ICMP6,
		.type = type,
		.code = code,
		/* as Linux: of the error itself, not of what it quotes */
		.hops = ipv6_hdr(skb)->hop_limit,
		.too_big = type == ICMPV6_PKT_TOOBIG,
		.redirect = type == NDISC_REDIRECT,
	};

	e.gone = icmpv6_err_convert(type, code, &e.err);
	return rill_icmp(net, skb, &t, &e);
}

/**
 * rill_v6_err() - struct inet6_protocol's err_handler
 * @skb: as for rill_v6_err_by()
 * @opt: IPv6's notes on the packet that brought it
 * @type: of ICMPv6
 * @code: of ICMPv6
 * @offset: as for rill_v6_err_by()
 * @info: likewise
 *
 * Context: softirqs off, RCU.
 * Return: 0 or -ENOENT.
 */
int rill_v6_err(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type, u8 code, int offset,
		__be32 info)
{
	int err = rill_v6_err_by(RILL_WIRE_IP, skb, type, code, offset, info);

	if (err)
		__ICMP6_INC_STATS(dev_net(skb->dev), __in6_dev_get(skb->dev), ICMP6_MIB_INERRORS);
	return err;
}
