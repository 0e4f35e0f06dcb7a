// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: Explicit Congestion Notification between the core's rules and segments.
 */
#include <net/tcp.h>

#include "core/ecn.h"
#include "netns.h"
#include "proto.h"

/**
 * rill_ecn_listener() - does the algorithm of a listener's children want ECN?
 * @sk: listener, or what was one until just now
 *
 * A disconnect makes all of rill_sock.cong anew, and takes no notice of us.
 *
 * Context: RCU read side.
 * Return: as rill_ecn_wanted().
 */
bool rill_ecn_listener(const struct sock *sk)
{
	return READ_ONCE(rill_sk(sk)->cong_ops)->flags & RILL_CONG_ECN;
}

/**
 * rill_ecn_wanted() - does the congestion control want ECN, asked or not?
 * @sk: connection
 *
 * Context: the socket lock is held.
 * Return: true for DCTCP and its like.
 */
bool rill_ecn_wanted(const struct sock *sk)
{
	return rill_sk(sk)->cong.ops->flags & RILL_CONG_ECN;
}

/* Flags of our SYN, or of our SYN-ACK after a simultaneous open. */
static u8 rill_ecn_syn_flags(struct sock *sk, u8 flags)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	bool setup;

	if (flags & TCPHDR_ACK)
		setup = rs->ecn.ok;
	else
		setup = (READ_ONCE(rn->ecn) == RILL_ECN_ASK || rill_ecn_wanted(sk)) &&
			!rs->ecn.refused && !(rs->retransmits && READ_ONCE(rn->ecn_fallback));
	rill_ecn_syn_sent(&rs->ecn, setup);
	if (!setup)
		return 0;
	return flags & TCPHDR_ACK ? TCPHDR_ECE : TCPHDR_ECE | TCPHDR_CWR;
}

/**
 * rill_ecn_flags() - what ECN adds to the flags of a segment about to leave
 * @sk: connection
 * @flags: TCPHDR_*, the segment's
 * @fresh: it has data, and none of it was sent before
 *
 * ECE while the peer has to hear of it (ECN-6I), CWR with the first new data
 * after cwnd was cut, never with what is sent again (ECN-7M).
 *
 * Context: the socket lock is held.
 * Return: TCPHDR_ECE, TCPHDR_CWR.
 */
u8 rill_ecn_flags(struct sock *sk, u8 flags, bool fresh)
{
	struct rill_ecn *e = &rill_sk(sk)->ecn;
	u8 add = 0;

	if (flags & TCPHDR_SYN)
		return rill_ecn_syn_flags(sk, flags);
	if (!e->ok || flags & TCPHDR_RST)
		return 0;
	if (e->echo)
		add |= TCPHDR_ECE;
	if (fresh && rill_ecn_take_cwr(e))
		add |= TCPHDR_CWR;
	return add;
}

/**
 * rill_ecn_codepoint() - the ECN bits of the IP header of a segment
 * @sk: connection
 * @flags: TCPHDR_*, those of rill_ecn_flags() among them
 * @fresh: it has data, and none of it was sent before
 *
 * New data alone may be marked by a router (ECN-1M, ECN-7M). DCTCP wants the
 * same treatment for all of its segments (RFC 8257, 3.5).
 *
 * Context: the socket lock is held.
 * Return: RILL_ECN_*.
 */
u8 rill_ecn_codepoint(const struct sock *sk, u8 flags, bool fresh)
{
	const struct rill_ecn *e = &rill_sk(sk)->ecn;

	if (flags & TCPHDR_SYN)
		return flags & TCPHDR_ECE && rill_ecn_wanted(sk) ? RILL_ECN_ECT0 : RILL_ECN_NOT_ECT;
	if (!rill_ecn_marks(e))
		return RILL_ECN_NOT_ECT;
	return fresh || rill_ecn_wanted(sk) ? RILL_ECN_ECT0 : RILL_ECN_NOT_ECT;
}

/**
 * rill_ecn_refused() - a RST came in SYN-SENT: try again without ECN?
 * @sk: connection in SYN-SENT
 *
 * RFC 3168, 6.1.1.1 (ECN-3O): a box on the path may dislike ECN-setup SYNs. Of
 * a closed port the second RST tells.
 *
 * Context: the socket lock is held.
 * Return: true if another SYN left.
 */
bool rill_ecn_refused(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);

	if (!rs->ecn.asked || rs->ecn.plain || !READ_ONCE(rn->ecn_fallback))
		return false;
	rs->ecn.refused = 1;
	rs->total_retrans++;
	rill_mib_inc(sock_net(sk), RILL_MIB_RETRANS_SEGS);
	/* what was sent before is answered: an RTT begins here */
	rs->stall_us = rill_now_us();
	rill_send_syn(sk);
	rill_timer_start(sk, RILL_TIMER_RTO, rill_rto(sk));
	return true;
}

/**
 * rill_ecn_received() - data that is taken in: what do its ECN bits ask for?
 * @sk: connection
 * @skb: the segment, not yet counted in RCV.NXT
 *
 * With DCTCP an ACK that waits leaves here, before anything moves, as it has
 * to say how things stood (RFC 8257, 3.2).
 *
 * Context: the socket lock is held.
 */
void rill_ecn_received(struct sock *sk, const struct sk_buff *skb)
{
	u8 codepoint = RILL_CB(skb)->dsfield & RILL_ECN_MASK;
	struct rill_sock *rs = rill_sk(sk);
	bool exact;

	if (!rs->ecn.ok)
		return;
	exact = rill_ecn_wanted(sk);
	if (rill_ecn_turns(&rs->ecn, codepoint, exact) &&
	    (rs->out & (RILL_OUT_ACK_NOW | RILL_OUT_ACK_LATER) ||
	     rill_timer_armed(sk, RILL_TIMER_DELACK)))
		rill_send_ack(sk);
	switch (rill_ecn_data(&rs->ecn, codepoint, RILL_CB(skb)->flags & TCPHDR_CWR, exact)) {
	case RILL_ECN_ACK_QUICK:
		rs->pingpong = 0;
		rs->quickack = max_t(u8, rs->quickack, 2);
		fallthrough;
	case RILL_ECN_ACK_NOW:
		rs->out |= RILL_OUT_ACK_NOW;
		break;
	case RILL_ECN_ACK_ANY:
		break;
	}
}

/**
 * rill_ecn_echoed() - an ACK with ECE came
 * @sk: connection; SND.UNA has moved
 * @flight: bytes that were outstanding before it
 *
 * ECN-4I: cwnd is cut once for each window, as for a loss.
 *
 * Context: the socket lock is held.
 */
void rill_ecn_echoed(struct sock *sk, u32 flight)
{
	struct rill_sock *rs = rill_sk(sk);

	if (rill_recov_ece(&rs->recov, &rs->cong, rs->snd_una, rs->snd_nxt, flight,
			   rill_now_us()))
		rill_ecn_reduced(&rs->ecn);
}
