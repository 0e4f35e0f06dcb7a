/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: the udp wire. A segment is what a datagram carries, header and options
 * as ever; its own checksum covers nothing of IP, whose addresses a NAT changes.
 */
#ifndef _RILL_WIRE_UDP_H
#define _RILL_WIRE_UDP_H

#include <linux/udp.h>

#include "compat.h"
#include "netns.h"
#include "proto.h"
#include "sock.h"

/* RFC 6335: no number was assigned to this one, an administrator may choose another. */
#define RILL_UDP_PORT_DEFAULT	9253

/* Jiffies of silence, doubled each time, after which who had data hears of us */
#define RILL_POKE	HZ
#define RILL_POKES_DEFAULT	6

int rill_udp_load(void);
void rill_udp_unload(void);
void rill_udp_init_net(struct net *net);
void rill_udp_exit_net(struct net *net);
int rill_udp_use(struct sock *sk);
void rill_udp_checksum(struct sk_buff *skb);
int rill_udp_v4_header(const struct net *net, struct sk_buff *skb, __be32 saddr, __be32 daddr,
		       __be16 dport);
int rill_udp_v6_header(const struct net *net, struct sk_buff *skb, const struct in6_addr *saddr,
		       const struct in6_addr *daddr, __be16 dport);
int rill_udp_xmit(struct sock *sk, struct sk_buff *skb, u8 ecn);
RILL_CTL_PROTO(rill_udp_sysctl_port);

/* What the wire has between IP's header and that of a segment, bytes. */
static inline u32 rill_wire_header_len(u8 wire)
{
	return wire == RILL_WIRE_UDP ? sizeof(struct udphdr) : 0;
}

/* The port that a segment came from, which came by this wire: it lies before its header. */
static inline __be16 rill_udp_from(const struct sk_buff *skb)
{
	return ((const struct udphdr *)skb_transport_header(skb) - 1)->source;
}

/**
 * rill_udp_learn() - a segment is the peer's own: answer to where it came from
 * @sk: connection
 * @skb: the segment; place and ACK are such as only the peer knows
 *
 * A NAT in between may have given the peer another port since the last one.
 *
 * Context: the socket lock is held.
 */
static inline void rill_udp_learn(struct sock *sk, const struct sk_buff *skb)
{
	struct rill_sock *rs = rill_sk(sk);

	if (likely(rs->wire != RILL_WIRE_UDP) || likely(rill_udp_from(skb) == rs->udp_port))
		return;
	rs->udp_port = rill_udp_from(skb);
	rill_mib_inc(sock_net(sk), RILL_MIB_UDP_REBOUND);
}

/* Data has come: look after its sender should it fall silent. The socket lock is held. */
static inline void rill_udp_heard(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	if (likely(rs->wire != RILL_WIRE_UDP) || !READ_ONCE(rill_net(sock_net(sk))->udp_pokes))
		return;
	if (rs->pokes || !(rs->armed & BIT(RILL_TIMER_POKE)))
		rill_timer_start(sk, RILL_TIMER_POKE, RILL_POKE);
	rs->pokes = 0;
}

#endif /* _RILL_WIRE_UDP_H */
