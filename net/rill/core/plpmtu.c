// SPDX-License-Identifier: GPL-2.0
/*
 * The search for the size that a path carries: RFC 4821; what ICMP says of it:
 * RFC 1191, RFC 5927.
 */
#include "plpmtu.h"

#define IPV4_MIN_MTU		68	/* RFC 791: every router passes as much */

void rill_plpmtu_start(struct rill_plpmtu *p, u32 low, u32 high, u32 now, bool leap)
{
	p->since = now;
	p->low = min(low, 0xffffU);
	p->high = min(high, 0xffffU);
	p->probe = 0;
	p->on = true;
	p->leap = leap;
}

u32 rill_plpmtu_limit(struct rill_plpmtu *p, u32 pmtu)
{
	if (!p->on)
		return pmtu;
	p->high = min_t(u32, p->high, pmtu);
	return min_t(u32, p->low, pmtu);
}

static bool worth_a_probe(const struct rill_plpmtu *p)
{
	return p->high >= p->low + RILL_PROBE_THRESHOLD;
}

u32 rill_plpmtu_next(struct rill_plpmtu *p, u32 high, u32 now, u32 interval)
{
	if (!p->on || p->probe)
		return 0;
	if (!worth_a_probe(p)) {
		if (now - p->since < interval)
			return 0;
		p->since = now;
		p->high = min(high, 0xffffU);
		p->leap = true;
		if (!worth_a_probe(p))
			return 0;
	}
	return p->leap ? p->high : (p->low + p->high) / 2;
}

void rill_plpmtu_passed(struct rill_plpmtu *p)
{
	p->low = max(p->low, p->probe);
	p->probe = 0;
	p->leap = false;
}

void rill_plpmtu_failed(struct rill_plpmtu *p)
{
	p->high = min_t(u32, p->high, p->probe - 1);
	p->probe = 0;
	p->leap = false;
}

void rill_plpmtu_blackhole(struct rill_plpmtu *p, u32 base, u32 floor, u32 high, u32 head,
			   u32 now)
{
	u32 half = p->low > head ? head + (p->low - head) / 2 : p->low;

	if (!p->on) {
		rill_plpmtu_start(p, base, high, now, false);
		return;
	}
	p->low = min_t(u32, p->low, max(min(base, half), floor));
	p->probe = 0;
	p->leap = false;
}

enum rill_pmtu_verdict rill_pmtu_judge(u32 claim, u32 pmtu, u32 sent, u32 proven)
{
	if (claim < IPV4_MIN_MTU || claim >= pmtu || claim >= sent)
		return RILL_PMTU_IGNORE;
	return claim < proven ? RILL_PMTU_WAIT : RILL_PMTU_ADOPT;
}
