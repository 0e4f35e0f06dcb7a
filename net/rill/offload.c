// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: cutting a super-segment into segments for a device (C05).
 */
#include <linux/netdevice.h>
#include <net/ip6_checksum.h>
#include <net/protocol.h>
#include <net/tcp.h>

#include "af.h"
#include "compat.h"
#include "proto.h"

/* What drivers look at; IP and the queue have seen the whole. */
#define RILL_GSO_STAMPS	(SKBTX_SW_TSTAMP | SKBTX_HW_TSTAMP)

/*
 * The sum of the pseudo-header but for the length. Who sent the whole left it
 * in the header, by the address where it ends up: with a routing header that
 * is not the one that IP's header has (SM-28).
 */
static __wsum rill_gso_pseudo(const struct sk_buff *skb)
{
	const struct ipv6hdr *hdr = ipv6_hdr(skb);
	const struct iphdr *iph = ip_hdr(skb);

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		return csum_sub(csum_unfold(tcp_hdr(skb)->check),
				(__force __wsum)htonl(skb->len));
	if (rill_skb_is_v6(skb))
		return ~csum_unfold(csum_ipv6_magic(&hdr->saddr, &hdr->daddr, 0, rill_ipproto, 0));
	return csum_tcpudp_nofold(iph->saddr, iph->daddr, 0, rill_ipproto, 0);
}

/* Sequence number, flags and checksum of each piece; rest: of the pseudo-header. */
static void rill_gso_fix(struct sk_buff *segs, unsigned int mss, __wsum rest)
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
		pseudo = csum_fold(csum_add(rest, (__force __wsum)htonl(len)));
		th->check = ~pseudo;
		if (skb->ip_summed == CHECKSUM_PARTIAL)
			gso_reset_checksum(skb, csum_unfold(pseudo));
		else
			th->check = gso_make_checksum(skb, csum_unfold(pseudo));
		seq += mss;
	}
}

static bool rill_is_ours(const struct sock *sk)
{
	return sk->sk_prot == &rill_prot || sk->sk_prot == &rill_v6_prot;
}

/* Whose stamp a super-segment asks for: NULL when nobody hears of it any more. */
static struct sock *rill_gso_stamp_owner(const struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (likely(!(skb_shinfo(skb)->tx_flags & RILL_GSO_STAMPS)) || !sk || !sk_fullsock(sk) ||
	    !rill_is_ours(sk))
		return NULL;
	return sk;
}

/* The stamp belongs to the piece with the byte that it is about, at from the start. */
static void rill_gso_stamp(struct sk_buff *segs, struct sock *sk, unsigned int mss, u8 tx_flags,
			   u32 tskey, u32 at)
{
	for (; segs->next && at >= mss; at -= mss)
		segs = segs->next;
	skb_shinfo(segs)->tx_flags |= tx_flags & RILL_GSO_STAMPS;
	skb_shinfo(segs)->tskey = tskey;
	/* the last piece owns what the whole did, which keeps sk */
	if (!segs->sk)
		skb_set_owner_w(segs, sk);
}

/* struct offload_callbacks' gso_segment. */
static struct sk_buff *rill_gso_segment(struct sk_buff *skb, netdev_features_t features)
{
	unsigned int mss = skb_shinfo(skb)->gso_size, thlen;
	struct sock *owner = rill_gso_stamp_owner(skb);
	u32 tskey = 0, at = 0;
	struct sk_buff *segs;
	u8 tx_flags = 0;
	__wsum rest;

	if (!pskb_may_pull(skb, sizeof(struct tcphdr)))
		return ERR_PTR(-EINVAL);
	thlen = tcp_hdr(skb)->doff * 4;
	if (thlen < sizeof(struct tcphdr) || !pskb_may_pull(skb, thlen))
		return ERR_PTR(-EINVAL);
	if (unlikely(owner)) {
		tx_flags = skb_shinfo(skb)->tx_flags;
		tskey = skb_shinfo(skb)->tskey;
		at = tskey + atomic_read(&owner->sk_tskey) - ntohl(tcp_hdr(skb)->seq);
	}
	rest = rill_gso_pseudo(skb);
	__skb_pull(skb, thlen);
	if (unlikely(skb->len <= mss))
		return ERR_PTR(-EINVAL);
	/* a device that knows only TCP's checksum does not know ours */
	if (!(features & NETIF_F_HW_CSUM))
		features &= ~(NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM);
	segs = skb_segment(skb, features);
	if (IS_ERR_OR_NULL(segs))
		return segs;
	rill_gso_fix(segs, mss, rest);
	if (unlikely(owner))
		rill_gso_stamp(segs, owner, mss, tx_flags, tskey, at);
	return segs;
}

const struct net_offload rill_v4_offload = {
	.callbacks = {
		.gso_segment = rill_gso_segment,
	},
};

const struct net_offload rill_v6_offload = {
	.callbacks = {
		.gso_segment = rill_gso_segment,
	},
};
