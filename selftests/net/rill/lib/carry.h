/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What carries a segment: the headers of IP and of the wire in front of it.
 *
 * Cases think in addresses of IPv4 and in packets of 40 bytes and data. Where
 * a run is over IPv6 (--ip 6) an address stands in the last bytes of a fixed
 * prefix, and where headers are larger an MTU is larger by as much, so that a
 * case finds the numbers that it knows.
 */
#ifndef CARRY_H
#define CARRY_H

#include "wire.h"

#define RILL_UDP_PORT	9253
#define PREFIX6		"fd09::"	/* and an address of IPv4 */

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static inline uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline void put32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

/* The wire of sockets over rt.proto: the host's TCP has only one. */
enum rt_wire carry_wire(void);
int carry_wire_head(void);	/* bytes of the wire between IP's header and a segment */
int carry_head(void);		/* bytes in front of a segment */
int carry_extra(void);		/* by how many that is more than a header of IPv4 */
uint8_t *carry_segment(uint8_t *pkt);	/* where it begins in a packet of ours */
/* Fills in what stands in front of the @tlen bytes of a segment; the whole length. */
int carry_build(uint8_t *pkt, const struct spec *s, int tlen);
/* The sum that a segment's checksum begins with. */
uint32_t carry_pseudo(uint32_t saddr, uint32_t daddr, int tlen);
/* Finds the segment in a packet; NULL: there is none. */
const uint8_t *carry_parse(struct seg *s, const uint8_t *pkt, int caplen, int *tlen);
bool carry_is_icmp(const uint8_t *pkt, int len);	/* an error or an answer by ICMP */
/* An ICMP error, or a redirect, about what is in @quoted; the whole length. */
int carry_icmp(uint8_t *pkt, const struct spec *s, const uint8_t icmp[8], const uint8_t *quoted,
	       int len);

/* The piece of a packet of ours that has @len bytes from @off behind its header; its length. */
int carry_fragment(uint8_t *out, const uint8_t *pkt, int off, int len, bool more);

struct in6_addr carry_addr6(uint32_t ip);	/* what stands for it */
bool carry_addr4(const void *a6, uint32_t *ip);	/* and back, of what is ours */
struct in6_addr carry_prefix6(uint32_t ip);	/* and for a network */

#endif /* CARRY_H */
