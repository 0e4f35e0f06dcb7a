// SPDX-License-Identifier: GPL-2.0
/*
 * What a receiver echoes: RFC 3168, 6.1.3; RFC 8257, 3.2.
 */
#include "ecn.h"

/* DCTCP.CE of RFC 8257 is our echo; an ACK goes out at each change of it. */
static enum rill_ecn_ack data_exact(struct rill_ecn *e, bool ce)
{
	if (e->echo == ce)
		return RILL_ECN_ACK_ANY;
	e->echo = ce;
	return RILL_ECN_ACK_NOW;
}

/* CWR speaks of what came before, so the same segment may begin anew. */
static enum rill_ecn_ack data_classic(struct rill_ecn *e, bool ce, bool cwr)
{
	bool was = e->echo && !cwr;

	e->echo = was || ce;
	if (ce && !was)
		return RILL_ECN_ACK_QUICK;
	return cwr ? RILL_ECN_ACK_NOW : RILL_ECN_ACK_ANY;
}

enum rill_ecn_ack rill_ecn_data(struct rill_ecn *e, u8 codepoint, bool cwr, bool exact)
{
	bool ce = codepoint == RILL_ECN_CE;
	enum rill_ecn_ack ack;

	if (!e->ok)
		return RILL_ECN_ACK_ANY;
	ack = exact ? data_exact(e, ce) : data_classic(e, ce, cwr);

	/* ECN-7M: unmarked among marked ones is most likely sent again */
	if (codepoint != RILL_ECN_NOT_ECT)
		e->seen = 1;
	else if (e->seen && ack == RILL_ECN_ACK_ANY)
		ack = RILL_ECN_ACK_QUICK;
	return ack;
}
