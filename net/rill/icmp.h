/* SPDX-License-Identifier: GPL-2.0 */
/* Rill: an ICMP error about a segment of ours, of either version. */
#ifndef _RILL_ICMP_H
#define _RILL_ICMP_H

#include <linux/types.h>

struct net;
struct rill_tuple;
struct sk_buff;

/**
 * struct rill_icmp - what an ICMP error says
 * @err: as an errno, 0: nothing (ER-8)
 * @info: what it says besides type and code, such as a size
 * @seq: sequence number of the segment that is quoted
 * @offset: where in the quoted packet that segment begins, bytes
 * @peer: the peer's address in the quoted packet
 * @origin: SO_EE_ORIGIN_*
 * @type: of ICMP
 * @code: of ICMP
 * @hops: what is to be compared with the least hop limit that a program asks for:
 *	that of the quoted packet, by IPv6 that of the error
 * @too_big: a router could not pass a packet on for its size
 * @redirect: a router knows a better one
 * @gone: the peer cannot be reached at all
 */
struct rill_icmp {
	int		err;
	u32		info;
	u32		seq;
	int		offset;
	const u8	*peer;
	u8		origin;
	u8		type;
	u8		code;
	u8		hops;
	bool		too_big;
	bool		redirect;
	bool		gone;
};

int rill_icmp(struct net *net, struct sk_buff *skb, struct rill_tuple *t, struct rill_icmp *e);

#endif /* _RILL_ICMP_H */
