/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: IPv4 or IPv6. What differs between them is in ipv4_*.c and ipv6_*.c;
 * here is what tells which one a connection, or a segment, is of.
 *
 * A socket of AF_INET6 may have a peer that speaks IPv4: its address is mapped
 * (RFC 4291, 2.5.5.2) in sk_v6_daddr, and stands as it is in sk_daddr.
 */
#ifndef _RILL_AF_H
#define _RILL_AF_H

#include <linux/if_ether.h>
#include <linux/siphash.h>
#include <net/addrconf.h>
#include <net/dsfield.h>
#include <net/ipv6.h>
#include <net/transp_v6.h>

#include "sock.h"
#include "wire_udp.h"

/* What a peer without MSS option takes, bytes: MUST-15, RFC 9293, 3.7.1. */
#define RILL_DEFAULT_MSS6	1220U

/* Do the segments of this connection, which has a peer, go by IPv6? */
static inline bool rill_c_is_v6(const struct sock_common *c)
{
	return c->skc_family == AF_INET6 && !ipv6_addr_v4mapped(&c->skc_v6_daddr);
}

/* Did this segment come by IPv6? */
static inline bool rill_skb_is_v6(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6);
}

static inline u16 rill_default_mss(bool v6)
{
	return v6 ? RILL_DEFAULT_MSS6 : RILL_DEFAULT_MSS;
}

/* What is before a segment: the fixed part of IP's header, and UDP's if that carries it; bytes. */
static inline u32 rill_ip_header_len(const struct rill_sock *rs)
{
	return (rs->v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) +
	       rill_wire_header_len(rs->wire);
}

/* Traffic class or TOS of a segment that came in. */
static inline u8 rill_skb_dsfield(const struct sk_buff *skb)
{
	return rill_skb_is_v6(skb) ? ipv6_get_dsfield(ipv6_hdr(skb)) : ip_hdr(skb)->tos;
}

/**
 * rill_skb_addrs() - the addresses of a segment that came in
 * @skb: the segment
 * @saddr: set to the source; an address of IPv4 is mapped
 * @daddr: set to the destination, likewise
 */
static inline void rill_skb_addrs(const struct sk_buff *skb, struct in6_addr *saddr,
				  struct in6_addr *daddr)
{
	if (rill_skb_is_v6(skb)) {
		*saddr = ipv6_hdr(skb)->saddr;
		*daddr = ipv6_hdr(skb)->daddr;
	} else {
		ipv6_addr_set_v4mapped(ip_hdr(skb)->saddr, saddr);
		ipv6_addr_set_v4mapped(ip_hdr(skb)->daddr, daddr);
	}
}

/**
 * rill_c_addrs() - the addresses of a connection
 * @c: the connection; addresses are set
 * @local: set to ours; an address of IPv4 is mapped
 * @peer: set to the peer's, likewise
 */
static inline void rill_c_addrs(const struct sock_common *c, struct in6_addr *local,
				struct in6_addr *peer)
{
	if (rill_c_is_v6(c)) {
		*local = c->skc_v6_rcv_saddr;
		*peer = c->skc_v6_daddr;
	} else {
		ipv6_addr_set_v4mapped(c->skc_rcv_saddr, local);
		ipv6_addr_set_v4mapped(c->skc_daddr, peer);
	}
}

/* Hop limit or TTL of a segment that came in. */
static inline u8 rill_skb_hops(const struct sk_buff *skb)
{
	return rill_skb_is_v6(skb) ? ipv6_hdr(skb)->hop_limit : ip_hdr(skb)->ttl;
}

/**
 * rill_secret_hash() - a keyed hash of addresses, and of two numbers
 * @c: what has a peer
 * @a: a number
 * @b: another
 * @key: the key
 *
 * Return: 64 bits that nobody else can guess.
 */
static inline u64 rill_secret_hash(const struct sock_common *c, u32 a, u32 b,
				   const siphash_key_t *key)
{
	struct {
		struct in6_addr	local;
		struct in6_addr	peer;
		u32		a;
		u32		b;
	} __aligned(SIPHASH_ALIGNMENT) in;

	if (!rill_c_is_v6(c))
		return siphash_4u32((__force u32)c->skc_rcv_saddr, (__force u32)c->skc_daddr, a,
				    b, key);
	BUILD_BUG_ON(sizeof(in) != 40);	/* no padding, which would be hashed too */
	in.local = c->skc_v6_rcv_saddr;
	in.peer = c->skc_v6_daddr;
	in.a = a;
	in.b = b;
	return siphash(&in, sizeof(in), key);
}

#endif /* _RILL_AF_H */
