// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: cutting a super-segment into segments for a device (C05).
 */
#include <linux/netdevice.h>
#include <net/protocol.h>
#include <net/tcp.h>

#include "compat.h"
#include "proto.h"

/* Sequence number, flags and checksum of each piece. */
static void rill_gso_fix(struct sk_buff *segs, unsigned int mss, __be32 saddr, __be32 daddr)
{
	u32 seq = ntohl(tcp_hdr(segs)->seq);
	__sum16 pseudo;
	struct sk_buff *skb;

	for (skb = segs; skb; skb = skb->next) {
		struct tcphdr *th = tcp_hdr(skb);
		unsigned int len = skb_tail_pointer(skb) - skb_transport_header(skb) +
				   skb->data_len;

		th->seq = htonl(seq);
		if (skb != segs)
			th->cwr = 0;
		if (skb->next) {
			th->fin = 0;
			th->psh = 0;
		}
		pseudo = csum_tcpudp_magic(saddr, daddr, len, rill_ipproto, 0);
		th->check = ~pseudo;
		if (skb->ip_summed == CHECKSUM_PARTIAL)
			gso_reset_checksum(skb, csum_unfold(pseudo));
		else
			th->check = gso_make_checksum(skb, csum_unfold(pseudo));
		seq += mss;
	}
}

/* struct offload_callbacks' gso_segment. */
static struct sk_buff *rill_gso_segment(struct sk_buff *skb, netdev_features_t features)
{
	unsigned int mss = skb_shinfo(skb)->gso_size, thlen;
	const struct iphdr *iph = ip_hdr(skb);
	__be32 saddr = iph->saddr, daddr = iph->daddr;
	struct sk_buff *segs;

	if (!pskb_may_pull(skb, sizeof(struct tcphdr)))
		return ERR_PTR(-EINVAL);
	thlen = tcp_hdr(skb)->doff * 4;
	if (thlen < sizeof(struct tcphdr) || !pskb_may_pull(skb, thlen))
		return ERR_PTR(-EINVAL);
	__skb_pull(skb, thlen);
	if (unlikely(skb->len <= mss))
		return ERR_PTR(-EINVAL);
	/* a device that knows only TCP's checksum does not know ours */
	if (!(features & NETIF_F_HW_CSUM))
		features &= ~(NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM);
	segs = skb_segment(skb, features);
	if (!IS_ERR_OR_NULL(segs))
		rill_gso_fix(segs, mss, saddr, daddr);
	return segs;
}

const struct net_offload rill_v4_offload = {
	.callbacks = {
		.gso_segment = rill_gso_segment,
	},
};
