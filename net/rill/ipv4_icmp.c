// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: an ICMP error comes in by IPv4: what it means.
 */
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <net/icmp.h>
#include <net/ip.h>

#include "icmp.h"
#include "proto.h"
#include "table.h"
#include "wire_udp.h"

/* ER-8: what ICMP says, as an errno; 0 when it says nothing (MUST-55). */
static int rill_icmp_errno(int type, int code)
{
	int err = 0;

	switch (type) {
	case ICMP_PARAMETERPROB:
		err = EPROTO;
		break;
	case ICMP_TIME_EXCEEDED:
		err = EHOSTUNREACH;
		break;
	case ICMP_DEST_UNREACH:
		if (code <= NR_ICMP_UNREACH)
			err = icmp_err_convert[code].errno;
		break;
	}
	return err;
}

/**
 * rill_v4_err_by() - heed an ICMP error about a segment that a wire carried
 * @wire: that wire
 * @skb: the packet that is quoted; at least 8 bytes of its segment are there
 * @info: what ICMP says besides type and code
 *
 * Context: softirqs off, RCU.
 * Return: 0, or -ENOENT if it is about nobody.
 */
int rill_v4_err_by(u8 wire, struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	int type = icmp_hdr(skb)->type, code = icmp_hdr(skb)->code;
	struct net *net = dev_net(skb->dev);
	struct rill_tuple t = {
		.saddr = iph->daddr,
		.daddr = iph->saddr,
		.wire = wire,
		.dif = inet_iif(skb),
		.sdif = inet_sdif(skb),
	};
	struct rill_icmp e = {
		.err = rill_icmp_errno(type, code),
		.info = info,
		.offset = iph->ihl * 4 + rill_wire_header_len(wire),
		.peer = (const u8 *)&iph->daddr,
		.origin = SO_EE_ORIGIN_ICMP,
		.type = type,
		.code = code,
		.hops = iph->ttl,
		.too_big = type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED,
		.redirect = type == ICMP_REDIRECT,
		.gone = type == ICMP_PARAMETERPROB || type == ICMP_TIME_EXCEEDED ||
			(type == ICMP_DEST_UNREACH &&
			 (code == ICMP_NET_UNREACH || code == ICMP_HOST_UNREACH)),
	};

	return rill_icmp(net, skb, &t, &e);
}

/**
 * rill_v4_err() - struct net_protocol's err_handler
 * @skb: as for rill_v4_err_by()
 * @info: likewise
 *
 * Context: softirqs off, RCU.
 * Return: 0 or -ENOENT.
 */
int rill_v4_err(struct sk_buff *skb, u32 info)
{
	int err = rill_v4_err_by(RILL_WIRE_IP, skb, info);

	if (err)
		__ICMP_INC_STATS(dev_net(skb->dev), ICMP_MIB_INERRORS);
	return err;
}
