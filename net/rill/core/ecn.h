/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Explicit Congestion Notification: RFC 3168, and the receiver of DCTCP,
 * RFC 8257, 3.2.
 */
#ifndef _RILL_CORE_ECN_H
#define _RILL_CORE_ECN_H

#include "types.h"

/* The two bits of the IP header, RFC 3168, 5 */
#define RILL_ECN_NOT_ECT	0
#define RILL_ECN_ECT1		1
#define RILL_ECN_ECT0		2
#define RILL_ECN_CE		3
#define RILL_ECN_MASK		3

/**
 * struct rill_ecn - how a connection stands with ECN; zeroes at its birth
 * @asked: an ECN-setup SYN, or SYN-ACK, of ours has left
 * @plain: so has one that is none: data must not be marked (RFC 3168, 6.1.1)
 * @refused: no ECN-setup SYN any more, as one drew a RST
 * @ok: agreed: CE is echoed and ECE obeyed
 * @seen: the peer's data came marked as ECN-capable
 * @echo: ACKs carry ECE
 * @cwr_due: the next new data carries CWR
 */
struct rill_ecn {
	u8	asked:1,
		plain:1,
		refused:1,
		ok:1,
		seen:1,
		echo:1,
		cwr_due:1;
};

/**
 * enum rill_ecn_mode - what net.rill.ecn says
 * @RILL_ECN_OFF: neither ask nor accept
 * @RILL_ECN_ASK: both
 * @RILL_ECN_ACCEPT: accept only
 */
enum rill_ecn_mode {
	RILL_ECN_OFF,
	RILL_ECN_ASK,
	RILL_ECN_ACCEPT,
};

/**
 * enum rill_ecn_ack - how an ACK must go that answers data
 * @RILL_ECN_ACK_ANY: ECN does not care
 * @RILL_ECN_ACK_NOW: at once
 * @RILL_ECN_ACK_QUICK: at once, and so the next: the sender's window is small
 */
enum rill_ecn_ack {
	RILL_ECN_ACK_ANY,
	RILL_ECN_ACK_NOW,
	RILL_ECN_ACK_QUICK,
};

/**
 * rill_ecn_accepts() - should a SYN be answered with an ECN-setup SYN-ACK?
 * @mode: enum rill_ecn_mode
 * @wanted: the congestion control wants ECN whatever the mode says
 * @ece: the SYN's ECE
 * @cwr: the SYN's CWR
 * @codepoint: the ECN bits of its IP header
 *
 * A SYN that is marked ECN-capable itself may have been through a box that
 * sets bits at random; only DCTCP sends those (RFC 8257, 3.5).
 *
 * RFC 3168, 6.1.1 (ECN-2M). Context: any context, no locks.
 * Return: whether.
 */
static inline bool rill_ecn_accepts(int mode, bool wanted, bool ece, bool cwr, u8 codepoint)
{
	if (!ece || !cwr)
		return false;
	return wanted || (mode != RILL_ECN_OFF && codepoint == RILL_ECN_NOT_ECT);
}

/**
 * rill_ecn_syn_sent() - a SYN, or a SYN-ACK, of ours leaves
 * @e: the connection's state
 * @setup: whether it is ECN-setup
 *
 * Context: any context, no locks.
 */
static inline void rill_ecn_syn_sent(struct rill_ecn *e, bool setup)
{
	if (setup)
		e->asked = 1;
	else
		e->plain = 1;
}

/**
 * rill_ecn_syn_received() - the peer's SYN or SYN-ACK came in SYN-SENT
 * @e: the connection's state
 * @ack: it is a SYN-ACK
 * @ece: its ECE
 * @cwr: its CWR
 *
 * RFC 3168, 6.1.1: an ECN-setup SYN has both, an ECN-setup SYN-ACK has ECE
 * alone. Context: any context, no locks.
 */
static inline void rill_ecn_syn_received(struct rill_ecn *e, bool ack, bool ece, bool cwr)
{
	e->ok = e->asked && ece && cwr == !ack;
}

/**
 * rill_ecn_marks() - may data be sent as ECN-capable?
 * @e: the connection's state
 *
 * RFC 3168, 6.1.1 (ECN-1M): not if a SYN of ours told the peer that it is not.
 *
 * Context: any context, no locks.
 * Return: whether.
 */
static inline bool rill_ecn_marks(const struct rill_ecn *e)
{
	return e->ok && !e->plain;
}

/**
 * rill_ecn_turns() - must an ACK for what came before leave first?
 * @e: the connection's state, rill_ecn_data() not yet called
 * @codepoint: the ECN bits of the segment that came
 * @exact: ECE counts marked bytes, as DCTCP wants it
 *
 * RFC 8257, 3.2: an ACK that waits covers data of the old kind and says so.
 *
 * Context: any context, no locks.
 * Return: true if the segment differs in CE from those before it.
 */
static inline bool rill_ecn_turns(const struct rill_ecn *e, u8 codepoint, bool exact)
{
	return exact && e->ok && e->echo != (codepoint == RILL_ECN_CE);
}

/**
 * rill_ecn_data() - data of the receive window arrived
 * @e: the connection's state
 * @codepoint: the ECN bits of its IP header
 * @cwr: its CWR flag
 * @exact: ECE counts marked bytes, as DCTCP wants it
 *
 * The classic receiver echoes from the first CE to the next CWR (ECN-6I), that
 * of DCTCP just what came. Data that is old or beyond the window is not to be
 * reported here (ECN-8S).
 *
 * RFC 3168, 6.1.3; RFC 8257, 3.2. Context: any context, no locks.
 * Return: enum rill_ecn_ack.
 */
enum rill_ecn_ack rill_ecn_data(struct rill_ecn *e, u8 codepoint, bool cwr, bool exact);

/**
 * rill_ecn_reduced() - cwnd was cut, for whatever reason
 * @e: the connection's state
 *
 * RFC 3168, 6.1.2: the first new data after it says so by CWR.
 *
 * Context: any context, no locks.
 */
static inline void rill_ecn_reduced(struct rill_ecn *e)
{
	e->cwr_due = e->ok;
}

/**
 * rill_ecn_take_cwr() - new data leaves: does it carry CWR?
 * @e: the connection's state
 *
 * Context: any context, no locks.
 * Return: true once after each cut (ECN-4I).
 */
static inline bool rill_ecn_take_cwr(struct rill_ecn *e)
{
	bool due = e->cwr_due;

	e->cwr_due = 0;
	return due;
}

#endif /* _RILL_CORE_ECN_H */
