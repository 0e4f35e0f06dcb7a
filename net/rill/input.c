// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: a segment arrives at a connection: RFC 9293, 3.10.7.
 *
 * The numbered comments are the RFC's steps. Nothing here sends: a step sets
 * rill_sock.out, and rill_output() runs when the segment is done.
 */
#include <net/tcp.h>

#include "af.h"
#include "core/paws.h"
#include "core/seq.h"
#include "core/window.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "table.h"
#include "trace.h"
#include "wire_udp.h"

/* One ACK in invalid_ratelimit, per connection: RFC 5961, 7. */
static bool rill_ack_limited(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	unsigned long gap = rill_net(sock_net(sk))->invalid_ratelimit;

	if (rs->challenge_at && time_before(jiffies, rs->challenge_at + gap))
		return true;
	rs->challenge_at = jiffies | 1;
	return false;
}

/**
 * rill_challenge() - answer what may be an attack by an ACK, within the limit
 * @sk: connection
 *
 * RFC 5961, 3.2, 4.2 and 5.2. An honest peer answers in turn, or goes on.
 *
 * Context: the socket lock is held.
 */
void rill_challenge(struct sock *sk)
{
	if (rill_ack_limited(sk))
		return;
	rill_mib_inc(sock_net(sk), RILL_MIB_CHALLENGE_ACK);
	rill_sk(sk)->out |= RILL_OUT_ACK_NOW;
}

/* No window of ours was ever larger: after connect() the clamp bounds nothing. */
static u32 rill_largest_window(const struct rill_sock *rs)
{
	return min(rs->window_clamp, RILL_MAX_WINDOW << rs->rcv_wscale);
}

/*
 * Does a segment that does not fit draw an ACK? Data or a FIN that was sent
 * again, and a probe of our window, do at once, as their sender waits for it.
 * Place and ACK of such are at most a window off. All else is limited, even
 * if it has data, which Linux would answer each time: whoever guesses numbers
 * could make us send as much as it likes (RFC 5961, 7).
 */
static bool rill_owes_ack(struct sock *sk, const struct sk_buff *skb)
{
	const struct rill_sock *rs = rill_sk(sk);
	u32 seq = RILL_SEQ(skb), wnd = rill_largest_window(rs);

	if (!tcp_hdr(skb)->ack)
		return false;	/* SM-10 */
	if (RILL_END(skb) != seq && rill_between(seq, rs->rcv_nxt - wnd, rs->rcv_nxt + wnd) &&
	    rill_between(RILL_CB(skb)->ack, rs->snd_una - rs->max_wnd, rs->snd_nxt))
		return true;
	return !rill_ack_limited(sk);
}

/*
 * Is it what the peer sends when it hears nothing: data that we have, or a
 * probe? If our answer is lost on an old way to it, it sends nothing else. No
 * stranger knows what is in flight of ours and where in its stream the peer is.
 */
static bool rill_peer_again(const struct rill_sock *rs, const struct sk_buff *skb)
{
	u32 seq = RILL_SEQ(skb), back = RILL_END(skb) == seq ? 1 : rill_largest_window(rs);

	return tcp_hdr(skb)->ack && rill_between(seq, rs->rcv_nxt - back, rs->rcv_nxt - 1) &&
	       rill_between(RILL_CB(skb)->ack, rs->snd_una, rs->snd_nxt);
}

/* RFC 7323, 5.3, R1: is TSval older than what we have seen? */
static bool rill_paws_rejects(const struct rill_sock *rs, const struct rill_opts *opts)
{
	return rs->ts_ok && opts->present & RILL_OPT_TS &&
	       rill_paws_old(opts->tsval, rs->ts_recent, rs->ts_recent_stamp, rill_seconds());
}

/* RFC 7323, 4.3 (2) and 5.3, R3: remember TSval of what spans Last.ACK.sent. */
static void rill_ts_remember(struct rill_sock *rs, const struct rill_opts *opts, u32 seq)
{
	if (!rs->ts_ok || !(opts->present & RILL_OPT_TS) || rill_after(seq, rs->rcv_wup))
		return;
	rs->ts_recent = opts->tsval;
	rs->ts_recent_stamp = rill_seconds();
}

/**
 * rill_reset_received() - the peer aborted the connection
 * @sk: connection
 *
 * ER-1 says which error the program sees.
 *
 * Context: the socket lock is held.
 */
void rill_reset_received(struct sock *sk)
{
	switch (sk->sk_state) {
	case TCP_SYN_SENT:
		sk->sk_err = ECONNREFUSED;
		break;
	case TCP_CLOSE_WAIT:
		sk->sk_err = EPIPE;
		break;
	case TCP_CLOSE:
		return;
	default:
		sk->sk_err = ECONNRESET;
	}
	if ((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT))
		rill_mib_inc(sock_net(sk), RILL_MIB_ESTAB_RESETS);
	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		rill_mib_inc(sock_net(sk), RILL_MIB_ATTEMPT_FAILS);
	/* what was not sent never will be; pairs with rill_poll() */
	smp_wmb();
	rill_write_queue_purge(sk);
	rill_done(sk, RILL_EV_RCV_RST);
	if (!sock_flag(sk, SOCK_DEAD))
		sk_error_report(sk);
}

/* Options of the peer's SYN, for an active or a simultaneous open. */
static void rill_syn_options(struct sock *sk, const struct rill_opts *opts, u32 seq)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);

	rs->irs = seq;
	rs->rcv_nxt = seq + 1;
	rs->rcv_wup = rs->rcv_nxt;
	rs->copied_seq = rs->rcv_nxt;
	rs->collapsed = rs->rcv_nxt;
	rs->mss_clamp = opts->present & RILL_OPT_MSS ?
			max_t(u16, opts->mss, RILL_MIN_SND_MSS) : rill_default_mss(rs->v6);
	if (rs->mss_user)
		rs->mss_clamp = min(rs->mss_clamp, rs->mss_user);
	rs->wscale_ok = opts->present & RILL_OPT_WSCALE && rn->window_scaling;
	if (rs->wscale_ok) {
		rs->snd_wscale = opts->wscale;
	} else {
		rs->snd_wscale = 0;
		rs->rcv_wscale = 0;
		rs->window_clamp = min(rs->window_clamp, RILL_MAX_WINDOW);
	}
	rs->sack_ok = opts->present & RILL_OPT_SACK_PERM && rn->sack;
	rs->ts_ok = opts->present & RILL_OPT_TS && rn->timestamps;
	if (rs->ts_ok) {
		rs->ts_recent = opts->tsval;
		rs->ts_recent_stamp = rill_seconds();
	}
	rill_sync_mss(sk, rs->pmtu);
}

/**
 * rill_established() - the peer's SYN is acknowledged both ways: data may flow
 * @sk: connection
 * @seq: of the segment that said so, which has the window
 * @ack: likewise
 *
 * Context: the socket lock is held.
 */
void rill_established(struct sock *sk, u32 seq, u32 ack)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->snd_wl1 = seq;
	rs->snd_wl2 = ack;
	rs->max_wnd = max(rs->max_wnd, rs->snd_wnd);
	rill_note_half_window(sk);
	rs->last_any = jiffies;
	if (unlikely(rill_fastopen_early(sk))) {
		rill_fastopen_release(sk, false);
	} else {
		rill_mtu_start(sk);
		rill_init_transfer(sk);
	}
	/* the timer was our SYN's; now it is that of what was sent with it, or since */
	if (rill_flight(rs))
		rill_timer_start(sk, RILL_TIMER_RTO, rill_rto(sk));
	if (sock_flag(sk, SOCK_KEEPOPEN))
		rill_keepalive_restart(sk);
	if (!sock_flag(sk, SOCK_DEAD)) {
		sk->sk_state_change(sk);
		sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
	}
}

/* Does TSecr name the first SYN, so that those that followed were needless? */
static bool rill_syn_first_echoed(const struct rill_sock *rs, const struct rill_opts *opts)
{
	u32 since = div_u64(rs->clock_us - rs->stall_us, USEC_PER_MSEC);

	return rs->ts_ok && opts->present & RILL_OPT_TS &&
	       (s32)(opts->tsecr - (rill_ts_clock(rs) - since)) <= 1;
}

/* An RTT sample from the handshake; a SYN that was sent twice gives none. */
static void rill_syn_rtt(struct sock *sk, const struct rill_opts *opts)
{
	struct rill_sock *rs = rill_sk(sk);

	/* after a SYN cookie nobody knows when our SYN left */
	if (!rs->retransmits && rs->stall_us)
		rill_rtt_take(sk, rill_now_us() - rs->stall_us);
	else if (rs->ts_ok && opts->present & RILL_OPT_TS && opts->tsecr)
		rill_rtt_take(sk, max(rill_ts_now(rs->ts_offset) - opts->tsecr, 1U) *
				  USEC_PER_MSEC);
	else
		rs->rtt.rto_us = RILL_RTO_FALLBACK_US;	/* RFC 6298, 5.7 */
	rs->syn_lost = rs->retransmits > 1 && !rill_syn_first_echoed(rs, opts);
	rs->retransmits = 0;
	rs->backoff = 0;
	rill_timer_stop(sk, RILL_TIMER_RTO);
}

/*
 * Can TSecr be the echo of a SYN of ours? If not, an older incarnation is
 * answering. TSecr of 0 says nothing: some peers have no better. Both limits
 * are of one reading of the clock, or a processor that stands still between two
 * would refuse the peer.
 */
static bool rill_syn_echoed(const struct rill_sock *rs, const struct rill_opts *opts)
{
	u32 since = div_u64(rs->clock_us - rs->stall_us, USEC_PER_MSEC) + 1;
	u32 now = rill_ts_clock(rs);

	return !(opts->present & RILL_OPT_TS) || !opts->tsecr ||
	       rill_between(opts->tsecr, now - since, now);
}

/*
 * The last ACK of the handshake need not travel alone if data is about to: a
 * writer waits, or TCP_DEFER_ACCEPT or TCP_QUICKACK say that it will (C73).
 */
static bool rill_ack_may_wait(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);

	return sk->sk_write_pending || rs->defer_accept || rs->pingpong;
}

/* RFC 9293, 3.10.7.3. Eats skb. */
static void rill_input_syn_sent(struct sock *sk, struct sk_buff *skb, const struct rill_opts *opts)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct rill_sock *rs = rill_sk(sk);
	u32 ack = RILL_CB(skb)->ack;

	/* our SYN has not left, so nobody can answer it */
	if (unlikely(rill_defer_connect(sk) && !rs->fo_req)) {
		rill_drop(sk, skb, RILL_DROP_NO_SOCKET);
		return;
	}
	/* First, check the ACK bit. SM-7: anything in (ISS, SND.NXT] will do. */
	if (th->ack && !rill_between(ack, rs->iss + 1, rs->snd_nxt)) {
		if (!th->rst)
			rill_reply_reset(sk, skb);
		rill_drop(sk, skb, RILL_DROP_BAD_ACK);
		return;
	}
	if (th->ack && !rill_syn_echoed(rs, opts)) {
		if (!th->rst)
			rill_reply_reset(sk, skb);
		rill_drop(sk, skb, RILL_DROP_PAWS);
		return;
	}
	/* Second, check the RST bit. SM-8: it needs an acceptable ACK. */
	if (th->rst) {
		if (th->ack && !rill_ecn_refused(sk))
			rill_reset_received(sk);
		rill_drop(sk, skb, th->ack ? RILL_DROP_AFTER_CLOSE : RILL_DROP_RST_WINDOW);
		return;
	}
	/* Fourth, check the SYN bit. */
	if (!th->syn) {
		rill_drop(sk, skb, RILL_DROP_BAD_FLAGS);
		return;
	}
	rill_syn_options(sk, opts, RILL_SEQ(skb));
	rill_ecn_syn_received(&rs->ecn, th->ack, th->ece, th->cwr);
	rs->snd_wnd = RILL_CB(skb)->wnd;	/* WS-3M: not scaled in a SYN */
	if (!th->ack) {
		/* Simultaneous open (MUST-10). */
		rill_set_state(sk, RILL_EV_RCV_SYN);
		rs->snd_wl1 = RILL_SEQ(skb);
		rill_send_syn(sk);
		consume_skb(skb);
		return;
	}
	rill_udp_learn(sk, skb);
	rs->snd_una = rs->iss + 1;
	rs->syn_acked = 1;
	rs->bytes_acked = 1;	/* TCP counts the SYN of who dials */
	rill_syn_rtt(sk, opts);
	rill_set_state(sk, RILL_EV_RCV_SYNACK);
	rs->out |= RILL_OUT_PUSH;
	rill_established(sk, RILL_SEQ(skb), ack);
	if (unlikely(rs->fo_option || rs->fo_data))
		rill_fastopen_answered(sk, skb, opts);
	if (rill_ack_may_wait(sk))
		rill_timer_start(sk, RILL_TIMER_DELACK, RILL_DELACK_MAX);
	else
		rs->out |= RILL_OUT_ACK_NOW;
	/* SM-9, SM-21: data or FIN on the SYN come after it */
	RILL_SEQ(skb)++;
	rill_urg(sk, skb);
	rill_data(sk, skb);
}

/*
 * Open early, and the SYN comes again: our SYN-ACK was lost. Returns whether
 * that is so; then skb is gone.
 */
static bool rill_syn_again(struct sock *sk, struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	if (!rill_fastopen_early(sk) || !th->syn || th->ack || th->rst ||
	    RILL_SEQ(skb) != rill_sk(sk)->irs)
		return false;
	if (!rill_ack_limited(sk)) {
		rill_mib_inc(sock_net(sk), RILL_MIB_RETRANS_SEGS);
		rill_sk(sk)->total_retrans++;
		rill_send_syn(sk);
	}
	rill_drop(sk, skb, RILL_DROP_OLD_DATA);
	return true;
}

/*
 * Some peers, once they have sent FIN, send RST with the number of that FIN. In
 * the states in which nothing comes after it Linux takes them at their word.
 */
static bool rill_rst_of_fin(const struct sock *sk, u32 seq)
{
	return (1 << sk->sk_state) & (TCPF_CLOSE_WAIT | TCPF_LAST_ACK | TCPF_CLOSING) &&
	       seq == rill_sk(sk)->rcv_nxt - 1;
}

/*
 * First: is the segment in the window? Second: RST. Fourth: SYN. Returns
 * whether processing goes on; if not, skb is gone.
 */
static bool rill_acceptable(struct sock *sk, struct sk_buff *skb, const struct rill_opts *opts)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct rill_sock *rs = rill_sk(sk);
	u32 seq = RILL_SEQ(skb);

	if (unlikely(!rs->syn_acked) && rill_syn_again(sk, skb))
		return false;
	/* PAWS-1M, before the window check; PAWS-2M: RST is exempt */
	if (!th->rst && rill_paws_rejects(rs, opts)) {
		if (rill_owes_ack(sk, skb))
			rs->out |= RILL_OUT_ACK_NOW;
		rill_drop(sk, skb, RILL_DROP_PAWS);
		return false;
	}

	/* The SYN-ACK of a simultaneous open brings nothing new but its ACK. */
	if (sk->sk_state == TCP_SYN_RECV && th->syn && th->ack && !th->rst && seq == rs->irs &&
	    rill_between(RILL_CB(skb)->ack, rs->iss + 1, rs->snd_nxt)) {
		rs->ecn.ok &= th->ece;
		RILL_SEQ(skb)++;
		return true;
	}

	/*
	 * First, check sequence number: SM-4, SM-5. MUST-66: at a zero window too
	 * the next segment's RST, ACK and URG count; rill_data() drops the text.
	 */
	if (!rill_win_acceptable(rs->rcv_nxt, rill_rcv_window(rs), seq, RILL_END(skb) - seq) &&
	    (rill_rcv_window(rs) || seq != rs->rcv_nxt) &&
	    !(th->rst && rill_rst_of_fin(sk, seq))) {
		if (!th->rst) {
			if (th->syn) {
				rill_challenge(sk);
			} else if (rill_owes_ack(sk, skb)) {
				rs->out |= RILL_OUT_ACK_NOW;
				if (rill_before(seq, rs->rcv_nxt))
					rill_data_old(sk, seq, RILL_END(skb));
			}
			if (rs->wire == RILL_WIRE_UDP && rill_peer_again(rs, skb))
				rill_udp_learn(sk, skb);
		}
		rill_drop(sk, skb, th->rst ? RILL_DROP_RST_WINDOW : RILL_DROP_WINDOW);
		return false;
	}

	/* Second, check the RST bit: RFC 5961, 3.2 (C30). */
	if (th->rst) {
		if (seq == rs->rcv_nxt || rill_rst_of_fin(sk, seq)) {
			rill_reset_received(sk);
			rill_drop(sk, skb, RILL_DROP_AFTER_CLOSE);
		} else {
			rill_challenge(sk);
			rill_drop(sk, skb, RILL_DROP_RST_CHALLENGE);
		}
		return false;
	}

	/* Fourth, check the SYN bit: RFC 5961, 4.2 (BLIND-4M, C06). */
	if (th->syn) {
		rill_challenge(sk);
		rill_drop(sk, skb, RILL_DROP_SYN_CHALLENGE);
		return false;
	}
	return true;
}

/* Our SYN is acknowledged: SYN_RECV becomes ESTABLISHED, data may flow. Returns success. */
static bool rill_ack_of_syn(struct sock *sk, struct sk_buff *skb, const struct rill_opts *opts)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 ack = RILL_CB(skb)->ack;

	if (!rill_between(ack, rs->iss + 1, rs->snd_nxt)) {
		rill_reply_reset(sk, skb);	/* SM-3 */
		rill_drop(sk, skb, RILL_DROP_BAD_ACK);
		return false;
	}
	rs->snd_una = rs->iss + 1;
	rs->syn_acked = 1;
	rill_syn_rtt(sk, opts);
	rs->snd_wnd = RILL_CB(skb)->wnd << (tcp_hdr(skb)->syn ? 0 : rs->snd_wscale);
	rill_set_state(sk, RILL_EV_RCV_ACK_OF_SYN);
	rill_established(sk, RILL_SEQ(skb), ack);
	/* shutdown() may have come before there was anything to shut, to a listener too */
	if (unlikely(sk->sk_shutdown & SEND_SHUTDOWN) && sk->sk_state == TCP_ESTABLISHED)
		rill_fin_queue(sk);
	rs->out |= RILL_OUT_PUSH;
	return true;
}

/* Our FIN is acknowledged, by skb. */
static void rill_ack_of_fin(struct sock *sk, struct sk_buff *skb)
{
	struct rill_sock *rs = rill_sk(sk);

	switch (sk->sk_state) {
	case TCP_FIN_WAIT1:
		rill_set_state(sk, RILL_EV_RCV_ACK_OF_FIN);
		WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | SEND_SHUTDOWN);
		sk_dst_confirm(sk);
		if (!sock_flag(sk, SOCK_DEAD)) {
			sk->sk_state_change(sk);
		} else if (rs->linger2 < 0) {
			/* nobody will wait for the peer's FIN, and the peer may know */
			rill_reply_reset(sk, skb);
			rill_done(sk, RILL_EV_ABORT);
		} else {
			rill_timer_start(sk, RILL_TIMER_FIN_WAIT_2, rill_fin_time(sk));
		}
		break;
	case TCP_CLOSING:
		rill_set_state(sk, RILL_EV_RCV_ACK_OF_FIN);
		break;
	case TCP_LAST_ACK:
		rill_done(sk, RILL_EV_RCV_ACK_OF_FIN);
		break;
	}
}

/* CL-2, SH-3: data for a program that said it would not read. */
static bool rill_data_after_close(struct sock *sk, struct sk_buff *skb)
{
	u32 end = RILL_END(skb) - tcp_hdr(skb)->fin;

	if (!((1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2)) ||
	    !(sk->sk_shutdown & RCV_SHUTDOWN) || !skb->len ||
	    !rill_after(end, rill_sk(sk)->rcv_nxt))
		return false;
	rill_mib_inc(sock_net(sk), RILL_MIB_ABORT_ON_DATA);
	if (unlikely(rill_sk(sk)->fo_option) && tcp_hdr(skb)->fin)
		rill_fastopen_pause(sk);
	rill_reply_reset(sk, skb);
	rill_reset_received(sk);
	rill_drop(sk, skb, RILL_DROP_AFTER_CLOSE);
	return true;
}

/*
 * The expected segment: next in order, nothing but ACK and PSH, an ACK that
 * is not old, the window as it was. Steps one to six then have nothing to say
 * but what the ACK acknowledges.
 */
static bool rill_expected(const struct sock *sk, const struct sk_buff *skb)
{
	const struct rill_sock *rs = rill_sk(sk);
	const struct tcphdr *th = tcp_hdr(skb);

	return sk->sk_state == TCP_ESTABLISHED && RILL_SEQ(skb) == rs->rcv_nxt &&
	       (tcp_flag_word(th) & (TCP_FLAG_SYN | TCP_FLAG_FIN | TCP_FLAG_RST | TCP_FLAG_URG |
				     TCP_FLAG_ACK)) == TCP_FLAG_ACK &&
	       skb->len <= rill_rcv_window(rs);
}

/**
 * rill_input() - process a segment for a connection
 * @sk: connection
 * @skb: header and options are checked and linear, RILL_CB() is filled,
 *	data starts at the header; eaten
 *
 * rill_output() is the caller's, once for as many segments as it has.
 *
 * Context: softirqs off, or backlog; the socket lock is held.
 */
void rill_input(struct sock *sk, struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct rill_sock *rs = rill_sk(sk);
	unsigned int hlen = th->doff * 4;
	struct rill_opts opts;

	rill_clock(rs);
	rill_opt_parse((const u8 *)(th + 1), hlen - sizeof(*th), th->syn, &opts);
	__skb_pull(skb, hlen);
	rs->segs_in += max_t(u32, skb_shinfo(skb)->gso_segs, 1);
	if (skb->len)
		rs->data_segs_in += max_t(u32, skb_shinfo(skb)->gso_segs, 1);

	switch (sk->sk_state) {
	case TCP_CLOSE:
	case TCP_LISTEN:	/* found as something else, by a reader that was slow */
		rill_drop(sk, skb, RILL_DROP_AFTER_CLOSE);
		return;
	case TCP_SYN_SENT:
		rill_input_syn_sent(sk, skb, &opts);
		return;
	}

	if (likely(rill_expected(sk, skb) && !rill_paws_rejects(rs, &opts)))
		goto fifth;
	if (!rill_acceptable(sk, skb, &opts))
		return;
fifth:
	/* Fifth, check the ACK field. SM-10: without one the segment is dropped. */
	if (!th->ack) {
		rill_drop(sk, skb, RILL_DROP_NO_ACK);
		return;
	}
	/* SYN_RECV, or FIN_WAIT_1 if the program closed before the handshake was done */
	if (!rs->syn_acked && !rill_ack_of_syn(sk, skb, &opts))
		return;
	if (!rill_ack(sk, skb, &opts)) {
		rill_drop(sk, skb, RILL_DROP_BAD_ACK);
		return;
	}
	/* Only now: what a stranger sends must not set our clocks (MUST-26), nor lead us. */
	rill_udp_learn(sk, skb);
	rill_ts_remember(rs, &opts, RILL_SEQ(skb));
	rs->last_any = jiffies;
	rs->keep_out = 0;
	if (rill_fin_acked(rs))
		rill_ack_of_fin(sk, skb);
	if (sk->sk_state == TCP_CLOSE) {
		consume_skb(skb);
		return;
	}
	/* Sixth, check the URG bit; an octet that was announced may be in any segment. */
	if (unlikely(th->urg || rs->urg_state))
		rill_urg(sk, skb);
	if (rill_data_after_close(sk, skb))
		return;
	if (skb->len)
		rill_rcvbuf_measure(sk, skb, &opts);
	/* Seventh, the segment text; eighth, the FIN bit. */
	rill_data(sk, skb);
}

/**
 * rill_backlog_rcv() - struct proto's backlog_rcv
 * @sk: connection
 * @skb: a segment that came while a program held the socket
 *
 * Output waits for release_cb, so one ACK serves all of a backlog (MUST-59).
 *
 * Context: process; the socket lock is held.
 * Return: 0.
 */
int rill_backlog_rcv(struct sock *sk, struct sk_buff *skb)
{
	rill_input(sk, skb);
	if (rill_sk(sk)->out || sk->sk_state == TCP_TIME_WAIT)
		set_bit(RILL_DEFER_OUTPUT, &rill_sk(sk)->deferred);
	return 0;
}
