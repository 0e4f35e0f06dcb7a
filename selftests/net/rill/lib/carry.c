// SPDX-License-Identifier: GPL-2.0
/* Headers of IP, of either family, and of the wire: in front of a segment. */
#include "carry.h"

#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>

#define HEAD4	20
#define HEAD6	40
#define HEAD_UDP 8

enum rt_wire carry_wire(void)
{
	return rt.proto == PROTO_TCP ? WIRE_TCP : rt.wire;
}

static int ip_head(void)
{
	return rt.v6 ? HEAD6 : HEAD4;
}

int carry_wire_head(void)
{
	return carry_wire() == WIRE_UDP ? HEAD_UDP : 0;
}

int carry_head(void)
{
	return ip_head() + carry_wire_head();
}

int carry_extra(void)
{
	return carry_head() - HEAD4;
}

uint8_t *carry_segment(uint8_t *pkt)
{
	return pkt + carry_head();
}

struct in6_addr carry_prefix6(uint32_t ip)
{
	struct in6_addr a;

	inet_pton(AF_INET6, PREFIX6, &a);
	put32(&a.s6_addr[12], ip);
	return a;
}

/* 127.0.0.1 is ::1, the wildcard the wildcard, a group a group, what a link has (169.254) too. */
struct in6_addr carry_addr6(uint32_t ip)
{
	struct in6_addr a = { };

	if (ip == IP_LO) {
		a.s6_addr[15] = 1;
		return a;
	}
	if (!ip)
		return a;
	a = carry_prefix6(ip);
	if (ip >> 28 == 14) {
		a.s6_addr[0] = 0xff;
		a.s6_addr[1] = 0x0e;
	} else if (ip >> 16 == 0xa9fe) {
		a.s6_addr[0] = 0xfe;
		a.s6_addr[1] = 0x80;
	}
	return a;
}

bool carry_addr4(const void *a6, uint32_t *ip)
{
	const uint8_t *p = a6;
	struct in6_addr a;

	*ip = get32(p + 12);
	if (*ip == 1)
		*ip = IP_LO;
	a = carry_addr6(*ip);
	return !memcmp(p, &a, sizeof(a));
}

static uint32_t words(const void *p, int len)
{
	return (uint16_t)~ip_sum(p, len, 0);
}

static uint32_t addr_sum(uint32_t ip)
{
	struct in6_addr a = carry_addr6(ip);

	return rt.v6 ? words(&a, sizeof(a)) : (ip >> 16) + (ip & 0xffff);
}

static uint32_t pseudo(uint32_t saddr, uint32_t daddr, int proto, int len)
{
	return addr_sum(saddr) + addr_sum(daddr) + proto + len;
}

/* What UDP carries has to survive new addresses: its own sum leaves them out. */
uint32_t carry_pseudo(uint32_t saddr, uint32_t daddr, int tlen)
{
	if (carry_wire() == WIRE_UDP)
		return 0;
	return pseudo(saddr, daddr, proto_num(), tlen);
}

static void build4(uint8_t *b, const struct spec *s, int proto, int len)
{
	static uint16_t id;

	b[0] = 0x45;
	b[1] = s->tos;
	put16(b + 2, HEAD4 + len);
	put16(b + 4, ++id);
	put16(b + 6, 0x4000);
	b[8] = s->ttl ?: 64;
	b[9] = proto;
	put32(b + 12, s->saddr);
	put32(b + 16, s->daddr);
	put16(b + 10, ip_sum(b, HEAD4, 0));
}

static void build6(uint8_t *b, const struct spec *s, int proto, int len)
{
	struct in6_addr from = carry_addr6(s->saddr), to = carry_addr6(s->daddr);

	b[0] = 0x60 | s->tos >> 4;
	b[1] = s->tos << 4;
	put16(b + 4, len);
	b[6] = proto;
	b[7] = s->ttl ?: 64;
	memcpy(b + 8, &from, sizeof(from));
	memcpy(b + 24, &to, sizeof(to));
}

static int build_ip(uint8_t *b, const struct spec *s, int proto, int len)
{
	memset(b, 0, ip_head());
	(rt.v6 ? build6 : build4)(b, s, proto, len);
	return ip_head() + len;
}

int carry_build(uint8_t *pkt, const struct spec *s, int tlen)
{
	uint8_t *u = pkt + ip_head();
	int len = tlen + carry_wire_head();
	uint16_t sum;

	if (carry_wire() == WIRE_UDP) {
		put16(u, RILL_UDP_PORT);
		put16(u + 2, RILL_UDP_PORT);
		put16(u + 4, len);
		put16(u + 6, 0);
		sum = ip_sum(u, len, pseudo(s->saddr, s->daddr, IPPROTO_UDP, len));
		put16(u + 6, sum ?: 0xffff);
	}
	return build_ip(pkt, s, proto_num(), len);
}

/* Returns the length of the header, 0 when it is not one for us. */
static int parse4(struct seg *s, const uint8_t *ip, int caplen, int *len)
{
	int ihl = (ip[0] & 15) * 4;

	if (caplen < HEAD4 || ip[0] >> 4 != 4 || ip[9] != proto_num())
		return 0;
	s->iplen = get16(ip + 2);
	if (s->iplen > caplen || s->iplen < ihl)
		return 0;
	*len = s->iplen - ihl;
	s->tos = ip[1];
	s->id = get16(ip + 4);
	s->df = ip[6] & 0x40;
	s->frag = get16(ip + 6) & 0x3fff;
	s->ttl = ip[8];
	s->saddr = get32(ip + 12);
	s->daddr = get32(ip + 16);
	s->csum_ok = !ip_sum(ip, ihl, 0);
	return ihl;
}

/* The options that a program may add, RFC 8200, 4.6, are the only extension header. */
static int parse6(struct seg *s, const uint8_t *ip, int caplen, int *len)
{
	int head = HEAD6, next;

	if (caplen < HEAD6 || ip[0] >> 4 != 6 || !carry_addr4(ip + 8, &s->saddr) ||
	    !carry_addr4(ip + 24, &s->daddr))
		return 0;
	next = ip[6];
	s->iplen = HEAD6 + get16(ip + 4);
	if (next == IPPROTO_DSTOPTS && caplen >= HEAD6 + 8) {
		next = ip[HEAD6];
		head += 8 + 8 * ip[HEAD6 + 1];
	}
	if (next != proto_num() || s->iplen > caplen || s->iplen < head)
		return 0;
	*len = s->iplen - head;
	s->tos = ip[0] << 4 | ip[1] >> 4;
	s->df = true;		/* nobody on the way cuts it */
	s->ttl = ip[7];
	s->csum_ok = true;
	return head;
}

const uint8_t *carry_parse(struct seg *s, const uint8_t *pkt, int caplen, int *tlen)
{
	int len, head = (rt.v6 ? parse6 : parse4)(s, pkt, caplen, &len);
	const uint8_t *t = pkt + head;

	if (!head)
		return NULL;
	s->iplen -= carry_extra();
	if (carry_wire() == WIRE_UDP) {
		if (len < HEAD_UDP || get16(t + 4) != len || get16(t + 2) != RILL_UDP_PORT)
			return NULL;
		s->csum_ok &= get16(t + 6) &&
			      !ip_sum(t, len, pseudo(s->saddr, s->daddr, IPPROTO_UDP, len));
		t += HEAD_UDP;
		len -= HEAD_UDP;
	}
	*tlen = len;
	return len < 20 ? NULL : t;
}

/* Router solicitations and the like are none. */
bool carry_is_icmp(const uint8_t *pkt, int len)
{
	if (!rt.v6)
		return len > HEAD4 && pkt[0] >> 4 == 4 && pkt[9] == IPPROTO_ICMP;
	return len > HEAD6 && pkt[0] >> 4 == 6 && pkt[6] == IPPROTO_ICMPV6 &&
	       pkt[HEAD6] < ICMP6_ECHO_REQUEST + 2;
}

/*
 * What says the same by ICMPv6, as RFC 7915 translates it but for a host that is out of
 * reach; a type that is never sent when nothing does.
 */
static void icmp6_of(const uint8_t icmp[8], uint8_t out[8])
{
	static const int8_t unreach[] = {
		[ICMP_NET_UNREACH] = ICMP6_DST_UNREACH_NOROUTE,
		[ICMP_HOST_UNREACH] = ICMP6_DST_UNREACH_ADDR,
		[ICMP_PROT_UNREACH] = -1,
		[ICMP_PORT_UNREACH] = ICMP6_DST_UNREACH_NOPORT,
		[ICMP_FRAG_NEEDED] = -1,
		[ICMP_SR_FAILED] = ICMP6_DST_UNREACH_NOROUTE,
		[ICMP_NET_UNKNOWN] = ICMP6_DST_UNREACH_NOROUTE,
		[ICMP_HOST_UNKNOWN] = ICMP6_DST_UNREACH_NOROUTE,
		[ICMP_HOST_ISOLATED] = ICMP6_DST_UNREACH_NOROUTE,
		[ICMP_NET_ANO] = ICMP6_DST_UNREACH_ADMIN,
		[ICMP_HOST_ANO] = ICMP6_DST_UNREACH_ADMIN,
		[ICMP_NET_UNR_TOS] = ICMP6_DST_UNREACH_NOROUTE,
		[ICMP_HOST_UNR_TOS] = ICMP6_DST_UNREACH_NOROUTE,
		[ICMP_PKT_FILTERED] = ICMP6_DST_UNREACH_ADMIN,
		[ICMP_PREC_VIOLATION] = -1,
		[ICMP_PREC_CUTOFF] = ICMP6_DST_UNREACH_ADMIN,
	};

	memset(out, 0, 8);
	out[0] = 100;		/* for private experiments */
	if (icmp[0] == ICMP_TIME_EXCEEDED) {
		out[0] = ICMP6_TIME_EXCEEDED;
		out[1] = icmp[1];
	} else if (icmp[0] == ICMP_PARAMETERPROB) {
		out[0] = ICMP6_PARAM_PROB;
	} else if (icmp[0] == ICMP_DEST_UNREACH && icmp[1] == ICMP_PROT_UNREACH) {
		out[0] = ICMP6_PARAM_PROB;
		out[1] = ICMP6_PARAMPROB_NEXTHEADER;
		put32(out + 4, 6);
	} else if (icmp[0] == ICMP_DEST_UNREACH && icmp[1] == ICMP_FRAG_NEEDED) {
		out[0] = ICMP6_PACKET_TOO_BIG;
		put32(out + 4, get32(icmp + 4));
	} else if (icmp[0] == ICMP_DEST_UNREACH && icmp[1] < ARRAY_SIZE(unreach) &&
		   unreach[icmp[1]] >= 0) {
		out[0] = ICMP6_DST_UNREACH;
		out[1] = unreach[icmp[1]];
	}
}

/* None said is none said; IPv4 has 16 bits for it. */
static uint32_t carry_mtu(uint32_t mtu)
{
	uint32_t more = mtu ? mtu + carry_extra() : 0;

	return rt.v6 || more < 0xffff ? more : 0xffff;
}

int icmp_err(int type, int code, int err)
{
	static const int unreach[] = {
		[ICMP6_DST_UNREACH_NOROUTE] = ENETUNREACH,
		[ICMP6_DST_UNREACH_ADMIN] = EACCES,
		[ICMP6_DST_UNREACH_ADDR] = EHOSTUNREACH,
		[ICMP6_DST_UNREACH_NOPORT] = ECONNREFUSED,
	};
	uint8_t icmp[8] = { type, code }, six[8];

	if (!rt.v6)
		return err;
	icmp6_of(icmp, six);
	if (six[0] == ICMP6_DST_UNREACH)
		return unreach[six[1]];
	return six[0] == ICMP6_TIME_EXCEEDED ? EHOSTUNREACH : EPROTO;
}

/*
 * RFC 4861, 4.5: a redirect is a message to a neighbour. The router stands where an error
 * has its eight bytes, and the packet in an option.
 */
static int redirect6(uint8_t *at, uint32_t router, const uint8_t *quoted, int len)
{
	struct in6_addr a = carry_addr6(router);
	int words = (8 + len + 7) / 8;

	memset(at, 0, 40 + 8 * words);
	at[0] = 137;
	memcpy(at + 8, &a, sizeof(a));
	memcpy(at + 24, quoted + 24, sizeof(a));	/* to where it went */
	at[40] = 4;			/* the option of a redirected header */
	at[41] = words;
	memcpy(at + 48, quoted, len);
	return 40 + 8 * words;
}

int carry_icmp(uint8_t *pkt, const struct spec *s, const uint8_t icmp[8], const uint8_t *quoted,
	       int len)
{
	int proto = rt.v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, all = 8 + len;
	uint8_t *at = pkt + ip_head();
	struct spec outer = *s;

	if (rt.v6)
		icmp6_of(icmp, at);
	else
		memcpy(at, icmp, 8);
	if (icmp[0] == ICMP_DEST_UNREACH && icmp[1] == ICMP_FRAG_NEEDED)
		put32(at + 4, carry_mtu(get32(at + 4)));
	memcpy(at + 8, quoted, len);
	if (rt.v6 && icmp[0] == ICMP_REDIRECT) {
		all = redirect6(at, get32(icmp + 4), quoted, len);
		outer.ttl = 255;
	}
	put16(at + 2, 0);
	put16(at + 2, ip_sum(at, all, rt.v6 ? pseudo(s->saddr, s->daddr, proto, all) : 0));
	return build_ip(pkt, &outer, proto, all);
}

/* RFC 791, 3.2. */
static int fragment4(uint8_t *out, const uint8_t *pkt, int off, int len, bool more)
{
	memcpy(out, pkt, HEAD4);
	memcpy(out + HEAD4, pkt + HEAD4 + off, len);
	put16(out + 2, HEAD4 + len);
	put16(out + 6, off / 8 | (more ? 0x2000 : 0));
	put16(out + 10, 0);
	put16(out + 10, ip_sum(out, HEAD4, 0));
	return HEAD4 + len;
}

/* RFC 8200, 4.5: a header of its own, of eight bytes. */
static int fragment6(uint8_t *out, const uint8_t *pkt, int off, int len, bool more)
{
	uint8_t *at = out + HEAD6;

	memcpy(out, pkt, HEAD6);
	out[6] = IPPROTO_FRAGMENT;
	put16(out + 4, 8 + len);
	at[0] = pkt[6];
	at[1] = 0;
	put16(at + 2, off | more);
	put32(at + 4, 4711);		/* which packet */
	memcpy(at + 8, pkt + HEAD6 + off, len);
	return HEAD6 + 8 + len;
}

int carry_fragment(uint8_t *out, const uint8_t *pkt, int off, int len, bool more)
{
	return (rt.v6 ? fragment6 : fragment4)(out, pkt, off, len, more);
}
