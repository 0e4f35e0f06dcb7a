// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: what a segment's ACK field and window say: RFC 9293, 3.10.7.4, fifth.
 */
#include <net/tcp.h>

#include "core/seq.h"
#include "core/window.h"
#include "netns.h"
#include "proto.h"

/**
 * rill_rtt_take() - take one measurement of the round trip
 * @sk: connection
 * @rtt_us: microseconds
 *
 * Context: the socket lock is held. RFC 6298, 2.
 */
void rill_rtt_take(struct sock *sk, u32 rtt_us)
{
	struct rill_net *rn = rill_net(sock_net(sk));

	/* as Linux: the floor is on the variance, so a long path keeps a margin */
	rill_rtt_sample(&rill_sk(sk)->rtt, max(rtt_us, 1U), rn->rto_min_us, rn->rto_min_us,
			RILL_RTO_MAX_US);
}

/*
 * Free what is acknowledged whole. Returns when the last of it was sent, for
 * an RTT sample, or 0 if some of it was sent twice (Karn, RTO-6M).
 */
static u64 rill_clean_queue(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct sk_buff *skb;
	bool twice = false;
	u64 sent_us = 0;

	while ((skb = skb_peek(&sk->sk_write_queue)) && !rill_after(RILL_END(skb), rs->snd_una)) {
		if (RILL_CB(skb)->sent & RILL_SENT_AGAIN)
			twice = true;
		else
			sent_us = RILL_CB(skb)->tx_us;
		__skb_unlink(skb, &sk->sk_write_queue);
		rill_wmem_free(sk, skb);
	}
	return twice ? 0 : sent_us;
}

/* Let the send buffer hold two windows, unless SO_SNDBUF pinned it. */
static void rill_grow_sndbuf(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	u32 want;

	if (sk->sk_userlocks & SOCK_SNDBUF_LOCK || READ_ONCE(*sk->sk_prot->memory_pressure))
		return;
	want = min_t(u64, 4ULL * rs->cong.cwnd, READ_ONCE(rn->wmem[2]));
	if (want > sk->sk_sndbuf)
		WRITE_ONCE(sk->sk_sndbuf, want);
}

/**
 * rill_init_transfer() - set up buffers and windows as data may flow
 * @sk: connection that reaches ESTABLISHED
 *
 * Context: the socket lock is held.
 */
void rill_init_transfer(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 mss = rill_mss_now(rs);

	rill_cong_init(&rs->cong, rs->cong_ops, mss, rill_cong_iw(mss));
	rill_recov_init(&rs->recov, rs->iss);
	rs->rcvq_seq = rs->copied_seq;
	rs->rcvq_space = rill_rcv_window(rs);
	rs->rcvq_us = rill_now_us();
	rs->quickack = RILL_QUICKACKS;
	rill_grow_sndbuf(sk);
}

/* SND.WND, when this segment is newer than the one that set it (SM-11). */
static bool rill_window_update(struct sock *sk, struct sk_buff *skb)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 wnd = (u32)RILL_CB(skb)->wnd << (tcp_hdr(skb)->syn ? 0 : rs->snd_wscale);
	bool changed = wnd != rs->snd_wnd;

	if (!rill_win_is_update(rs->snd_wl1, rs->snd_wl2, RILL_SEQ(skb), RILL_CB(skb)->ack))
		return false;
	rs->snd_wl1 = RILL_SEQ(skb);
	rs->snd_wl2 = RILL_CB(skb)->ack;
	if (changed) {
		rs->snd_wnd = wnd;
		rs->max_wnd = max(rs->max_wnd, wnd);
		rs->out |= RILL_OUT_PUSH;
	}
	return changed;
}

/* The peer answered a probe, and may have opened its window (MUST-37). */
static void rill_probe_answered(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->probes_out = 0;
	if (!rill_timer_armed(sk, RILL_TIMER_PROBE))
		return;
	rs->probe_us = rill_now_us();
	if (rill_win_usable(rs->snd_una, rs->snd_nxt, rs->snd_wnd, U32_MAX / 2) >=
	    min(rs->write_seq - rs->snd_nxt, rill_mss_now(rs))) {
		rs->backoff = 0;
		rill_timer_stop(sk, RILL_TIMER_PROBE);
	}
	rs->out |= RILL_OUT_PUSH;
}

/* Recovery has spoken: turn its word into work for rill_output(). */
static void rill_recovery_acts(struct sock *sk, u32 todo)
{
	struct rill_sock *rs = rill_sk(sk);

	if (todo & RILL_DO_RETRANS_HEAD || rs->recov.state == RILL_RECOV_LOSS)
		rs->out |= RILL_OUT_RETRANS;
	if (todo & RILL_DO_LIMITED)
		rs->limited_tx = 1;
	rs->out |= RILL_OUT_PUSH;
}

/* SND.UNA moves to ack. */
static void rill_ack_advance(struct sock *sk, u32 ack, const struct rill_opts *opts)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 una = rs->snd_una, flight = rill_flight(rs), todo;
	struct rill_cong_ack a;
	u64 now = rill_now_us(), sent_us;
	u8 before = rs->recov.state;
	u32 rtt_us = 0;

	rs->snd_una = ack;
	rs->syn_acked = 1;	/* closed before the handshake was done */
	rs->bytes_acked += ack - una;
	sent_us = rill_clean_queue(sk);
	if (sent_us)
		rtt_us = max_t(u32, now - sent_us, 1);
	else if (rs->ts_ok && opts->present & RILL_OPT_TS && opts->tsecr)
		rtt_us = max_t(u32, (rill_ts_now(rs->ts_offset) - opts->tsecr) * USEC_PER_MSEC, 1);
	if (rtt_us)
		rill_rtt_take(sk, rtt_us);
	sk_dst_confirm(sk);

	/* twice as much after a partial ACK of no more than was resent */
	if (before == RILL_RECOV_FAST)
		rs->rtx_burst = ack - una <= rs->rtx_burst ? 2 * rs->rtx_burst : 0;
	else
		rs->rtx_burst = 0;
	a = (struct rill_cong_ack) {
		.now_us = now,
		.rtt_us = rtt_us,
		.min_rtt_us = rs->rtt.min_us,
		.srtt_us = rs->rtt.srtt_us >> 3,
		.acked = ack - una,
		.flight = flight,
		.una = ack,
		.nxt = rs->snd_nxt,
		.cwnd_limited = rs->cwnd_limited,
	};
	todo = rill_recov_ack(&rs->recov, &rs->cong, &a);
	rill_recovery_acts(sk, todo);
	rill_grow_sndbuf(sk);

	/* RFC 6298, 5.2 and 5.3 */
	rs->retransmits = 0;
	rs->backoff = 0;
	rs->stall_us = now;
	if (rill_flight(rs))
		rill_timer_start(sk, RILL_TIMER_RTO, rill_rto(sk));
	else
		rill_timer_stop(sk, RILL_TIMER_RTO);
	rs->out |= RILL_OUT_WRITE_SPACE;
}

/**
 * rill_ack() - process SEG.ACK and SEG.WND
 * @sk: synchronized connection
 * @skb: the segment, data first
 * @opts: its options
 *
 * Context: the socket lock is held.
 * Return: whether the segment's data may be looked at.
 */
bool rill_ack(struct sock *sk, struct sk_buff *skb, const struct rill_opts *opts)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 ack = RILL_CB(skb)->ack;
	bool changed;

	/* SM-12; and RFC 5961, 5.2: too old to be honest */
	if (rill_after(ack, rs->snd_nxt) || rill_before(ack, rs->snd_una - rs->max_wnd)) {
		rs->out |= RILL_OUT_ACK_NOW;
		return false;
	}
	WRITE_ONCE(sk->sk_err_soft, 0);
	if (rill_before(ack, rs->snd_una))
		return true;
	changed = rill_window_update(sk, skb);
	rill_probe_answered(sk);
	if (rill_after(ack, rs->snd_una)) {
		rill_ack_advance(sk, ack, opts);
	} else if (rill_flight(rs) && !skb->len && !changed && !tcp_hdr(skb)->fin) {
		/* RFC 5681, 2: a duplicate ACK */
		u8 before = rs->recov.state;
		u32 todo;

		rill_mib_inc(sock_net(sk), RILL_MIB_DUP_ACKS_RCVD);
		todo = rill_recov_dupack(&rs->recov, &rs->cong, rs->snd_una, rs->snd_nxt);
		if (rs->recov.state == RILL_RECOV_FAST && before != RILL_RECOV_FAST) {
			rs->rtx_burst = 0;
			rill_mib_inc(sock_net(sk), RILL_MIB_FAST_RETRANS);
		}
		rill_recovery_acts(sk, todo);
	}
	return true;
}
