// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies: RFC 4987, 3.6 and appendix A.
 *
 * A cookie is the sum of two words:
 *
 *	a hash of the tuple, plus the peer's ISN
 *	8 bits of the counter | 24 bits: a hash of all, plus the index of the MSS
 *
 * so that who lacks the key can neither read nor move any of it.
 */
#include "cookie.h"
#include "option.h"

#define BODY_BITS		24
#define BODY_MASK		((1U << BODY_BITS) - 1)
#define COUNT_MASK		0xffU
#define MSS_ENTRIES		8U

/* Low bits of a timestamp */
#define TS_BITS			6
#define TS_MASK			((1U << TS_BITS) - 1)
#define TS_WSCALE		0x0fU	/* the shift count, or */
#define TS_NO_WSCALE		0x0fU	/* a value that is none */
#define TS_SACK			0x10U
#define TS_ECN			0x20U

/* What paths and peers usually have: tiny, RFC 9293's default, IPv6's least MTU,
 * tunnels, IPv6 and options on Ethernet, Ethernet, jumbo frames.
 */
static const u16 mss_table[MSS_ENTRIES] = { 48, 256, 536, 1220, 1400, 1440, 1460, 8960 };

static u32 offset_of(rill_cookie_hash hash, const void *tuple, u32 isn)
{
	return hash(tuple, 0, RILL_COOKIE_TIMELESS) + isn;
}

static u32 mac_of(rill_cookie_hash hash, const void *tuple, u32 isn, u32 count)
{
	return hash(tuple, isn, count) & BODY_MASK;
}

u32 rill_cookie_make(rill_cookie_hash hash, const void *tuple, u32 isn, u32 count, u16 *mss)
{
	u32 index = MSS_ENTRIES - 1, body;

	while (index && mss_table[index] > *mss)
		index--;
	*mss = mss_table[index];
	body = (mac_of(hash, tuple, isn, count) + index) & BODY_MASK;
	return offset_of(hash, tuple, isn) + ((count & COUNT_MASK) << BODY_BITS | body);
}

u16 rill_cookie_check(rill_cookie_hash hash, const void *tuple, u32 isn, u32 count, u32 cookie)
{
	u32 body = cookie - offset_of(hash, tuple, isn);
	u32 age = (count - (body >> BODY_BITS)) & COUNT_MASK;
	u32 index;

	if (age >= RILL_COOKIE_PERIODS)
		return 0;
	index = (body - mac_of(hash, tuple, isn, count - age)) & BODY_MASK;
	return index < MSS_ENTRIES ? mss_table[index] : 0;
}

u32 rill_cookie_ts(u32 now, const struct rill_cookie_opts *o)
{
	u32 low = o->wscale_ok ? min_t(u32, o->wscale, RILL_MAX_WSCALE) : TS_NO_WSCALE;
	u32 ts;

	if (o->sack_ok)
		low |= TS_SACK;
	if (o->ecn_ok)
		low |= TS_ECN;
	ts = (now & ~TS_MASK) | low;
	return low > (now & TS_MASK) ? ts - (1U << TS_BITS) : ts;
}

void rill_cookie_ts_read(u32 tsecr, struct rill_cookie_opts *o)
{
	u32 wscale = tsecr & TS_WSCALE;

	o->wscale_ok = wscale != TS_NO_WSCALE;
	o->wscale = o->wscale_ok ? wscale : 0;
	o->sack_ok = tsecr & TS_SACK;
	o->ecn_ok = tsecr & TS_ECN;
}
