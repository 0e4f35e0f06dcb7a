// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: what to send, and when.
 *
 * The way out: sendmsg, or the end of input, or a timer, come here; here the
 * windows, Nagle and loss recovery decide; xmit.c builds the segment.
 */
#include <net/tcp.h>

#include "core/nagle.h"
#include "core/seq.h"
#include "core/window.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

/* States with something to send: data, or a FIN. */
#define RILL_SEND_STATES	(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT | TCPF_FIN_WAIT1 |	\
				 TCPF_CLOSING | TCPF_LAST_ACK)

/* Must every segment leave on its own, since nothing below could cut a longer one? */
static bool rill_one_by_one(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);

	/* each has a signature, or a header of UDP, of its own */
	if (unlikely(rs->md5 || rs->wire == RILL_WIRE_UDP))
		return true;
	/* a router of 6.12 that is named in it drops what it takes for bad GSO */
	return rs->v6 && rill_v6_routed(sk);
}

/*
 * The longest segment to build: what the device takes, and no more than a
 * millisecond's worth of the window, so that a loss or a queue on a long path
 * is not met 64 KB at a time.
 */
static u32 rill_super_size(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);
	u32 mss = rill_mss_now(rs), max = rill_size_goal(sk), srtt = rs->rtt.srtt_us >> 3;
	u64 rate = rill_pacing_rate(sk);
	u32 share;

	if (rill_one_by_one(sk))
		return mss;
	if (rate == U64_MAX && srtt <= USEC_PER_MSEC)
		return max;
	if (rate == U64_MAX)
		share = div_u64((u64)rs->cong.cwnd * USEC_PER_MSEC, srtt);
	else
		share = (u32)min_t(u64, div_u64(rate, MSEC_PER_SEC), max);
	return clamp(rounddown(share, mss), min(2 * mss, max), max);
}

/* What cwnd lets out: it bounds what is in the network, not what is outstanding. */
static u32 rill_cwnd_room(const struct rill_sock *rs)
{
	u32 pipe = rill_pipe(rs);

	return rs->cong.cwnd > pipe ? rs->cong.cwnd - pipe : 0;
}

/* What the windows let out now, beyond snd_nxt. */
static u32 rill_usable(struct rill_sock *rs)
{
	u32 cwnd = min_t(u64, (u64)rill_flight(rs) + rill_cwnd_room(rs), U32_MAX / 2);

	rs->cwnd_limited = cwnd < rs->snd_wnd;
	return rill_win_usable(rs->snd_una, rs->snd_nxt, rs->snd_wnd, cwnd);
}

/* A peer whose whole window is small gets segments of half of it. */
static u32 rill_bound_to_window(const struct rill_sock *rs, u32 mss)
{
	u32 cutoff = rs->max_wnd > RILL_DEFAULT_MSS ? rs->max_wnd / 2 : rs->max_wnd;

	return cutoff ? min(mss, cutoff) : mss;
}

/* Does a window, or data that waits, need the probe timer? RFC 9293, 3.8.6.1 */
static void rill_check_probe(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	/* what waits for its time only is sent then */
	if (hrtimer_is_queued(&rs->pace_timer))
		return;
	if (rs->snd_nxt == rs->write_seq || rill_flight(rs) || !rs->syn_acked ||
	    rill_timer_armed(sk, RILL_TIMER_PROBE))
		return;
	/* between two probes the wait goes on */
	if (!rs->probed)
		rs->probe_us = rill_now_us();
	rill_timer_start(sk, RILL_TIMER_PROBE, rill_rto(sk));
}

/*
 * TCP_INFO's rwnd_limited: more is there, and the peer's window ends here; and
 * sndbuf_limited: all has left, and the program found no room for more.
 */
static void rill_note_limits(struct sock *sk, u32 mss)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 data = rs->write_seq - rs->fin_queued - rs->snd_nxt;

	if (rs->snd_nxt == rs->write_seq) {
		if (!rs->cwnd_limited && rill_flight(rs) && sk->sk_socket &&
		    test_bit(SOCK_NOSPACE, &sk->sk_socket->flags))
			rill_chrono_start(&rs->chrono, RILL_CHRONO_SNDBUF, (u32)jiffies);
		else if (rs->chrono.what == RILL_CHRONO_RWND)
			rill_chrono_stop(&rs->chrono, RILL_CHRONO_RWND, false, (u32)jiffies);
		return;
	}
	if (data && !rs->cwnd_limited && !rs->mtu.hold &&
	    rs->snd_una + rs->snd_wnd - rs->snd_nxt < min(data, mss))
		rill_chrono_start(&rs->chrono, RILL_CHRONO_RWND, (u32)jiffies);
	else if (rs->chrono.what == RILL_CHRONO_RWND)
		rill_chrono_stop(&rs->chrono, RILL_CHRONO_RWND, false, (u32)jiffies);
}

/**
 * rill_push() - send what the windows and Nagle allow
 * @sk: synchronized connection
 * @force: send what is short of an MSS too, Nagle and TCP_CORK aside
 *
 * Context: the socket lock is held.
 */
void rill_push(struct sock *sk, bool force)
{
	struct rill_sock *rs = rill_sk(sk);
	const struct dst_entry *dst;
	u32 mss, super, n, sent = 0;
	struct rill_nagle q;

	if (unlikely(!((1 << sk->sk_state) & RILL_SEND_STATES) || !rs->syn_acked) &&
	    !rill_fastopen_early(sk))
		return;
	if (unlikely(rs->repair)) {
		rill_repair_push(sk);
		return;
	}
	dst = __sk_dst_get(sk);
	if (dst && dst_mtu(dst) != rs->pmtu)
		rill_sync_mss(sk, dst_mtu(dst));
	mss = rill_mss_now(rs);
	if (!rill_flight(rs) && rs->last_sent && rs->snd_nxt != rs->write_seq &&
	    time_after(jiffies, rs->last_sent + rill_rto(sk)) &&
	    READ_ONCE(rill_net(sock_net(sk))->slow_start_after_idle))
		rill_cong_restart(&rs->cong, rill_cong_iw(mss));
	super = rill_super_size(sk);
	if (rill_mtu_probe(sk))
		sent++;
	while (rs->snd_nxt != rs->write_seq && !rs->mtu.hold) {
		u32 data = rs->write_seq - rs->fin_queued - rs->snd_nxt;
		bool fin = rs->fin_queued, now;

		q.usable = rill_usable(rs);
		if (!data) {
			/* the bare FIN obeys the peer's window, not cwnd */
			if (!rill_win_usable(rs->snd_una, rs->snd_nxt, rs->snd_wnd, U32_MAX / 2))
				break;
			n = 0;
		} else {
			q.len = unlikely(rs->marked) ? rill_stamp_limit(sk, data, super) : data;
			q.mss = rill_bound_to_window(rs, mss);
			q.max_wnd = rs->max_wnd;
			/* Nagle as Minshall changed it: only a runt waits for a runt */
			q.in_flight = rill_after(rs->snd_sml, rs->snd_una) ? rill_flight(rs) : 0;
			/* what is urgent, or may have none, waits for no company, as in Linux */
			now = force || rill_urg_mode(rs) || q.len != data;
			q.nodelay = rs->nodelay || now;
			q.cork = (rs->cork || rs->more) && !now;
			q.fin = fin;
			n = min(rill_nagle_allow(&q), super);
			if (force && !n)
				n = min(q.len, q.usable);
			n = rill_urg_limit(rs, rs->snd_nxt, n);
			if (!n)
				break;
			if (n == q.usable)
				fin = false;
		}
		if (rill_pace_blocked(sk))
			break;
		if (rill_send_new(sk, n, fin))
			break;
		if (n % mss)
			rs->snd_sml = rs->snd_nxt;
		sent++;
	}
	/* slow start may go on while half of cwnd is used */
	if (rs->snd_nxt == rs->write_seq &&
	    (!rill_cong_in_slow_start(&rs->cong) || rill_pipe(rs) < rs->cong.cwnd / 2))
		rs->cwnd_limited = 0;
	rill_note_limits(sk, mss);
	if (sent && !rill_timer_armed(sk, RILL_TIMER_RTO)) {
		rill_timer_stop(sk, RILL_TIMER_PROBE);
		rs->probed = 0;
		rill_timer_start(sk, RILL_TIMER_RTO, rill_rto(sk));
	}
	if (sent)
		rill_schedule_probe(sk);
	rill_check_probe(sk);
}

/*
 * How much of a lost range to send again now; 0: wait. The peer's window binds
 * it but for the first segment outstanding (SHLD-16).
 */
static u32 rill_resend_len(const struct sock *sk, const struct rill_tx *tx)
{
	const struct rill_sock *rs = rill_sk(sk);
	u32 mss = rill_mss_now(rs), room = rill_cwnd_room(rs);
	u32 open = rs->snd_una + rs->snd_wnd - tx->seq;
	u32 max = rill_super_size(sk), run;

	if ((s32)open <= 0)
		open = 0;
	if (tx->seq == rs->snd_una)
		open = max(open, mss);
	if (!open)
		return 0;
	max = min(max, open);
	run = rill_board_lost_run(&rs->board, tx, max);
	return run <= room ? run : rounddown(room, mss);
}

/* Send what is lost again, lowest first, as far as cwnd lets it out. */
static void rill_resend_lost(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_tx *tx;
	u32 seq, len;

	while ((tx = rill_board_next_lost(&rs->board))) {
		seq = tx->seq;
		len = rill_resend_len(sk, tx);
		if (!len || rill_pace_blocked(sk) || rill_resend(sk, seq, len) <= 0)
			break;
		/* RTO-9M: from the last time that the first byte was sent */
		if (seq == rs->snd_una)
			rill_timer_start(sk, RILL_TIMER_RTO, rill_rto(sk));
	}
}

/* RFC 5682, 3.1, step 2b: new data shows whether the timeout was right. */
static bool rill_frto_sends(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 nxt = rs->snd_nxt;

	if (!rs->recov.new_first)
		return false;
	rs->recov.new_first = 0;
	rill_push(sk, false);
	if (rs->snd_nxt != nxt)
		return true;
	rs->recov.frto = 0;
	return false;
}

/* Somebody may wait for the room that was made. */
static void rill_check_space(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct socket *sock = sk->sk_socket;

	/* pairs with rill_poll_writeable(): one of both sees what the other did */
	smp_mb();
	if (!sock || !test_bit(SOCK_NOSPACE, &sock->flags))
		return;
	sk->sk_write_space(sk);
	if (rs->chrono.what == RILL_CHRONO_SNDBUF && !test_bit(SOCK_NOSPACE, &sock->flags))
		rill_chrono_stop(&rs->chrono, RILL_CHRONO_SNDBUF, false, (u32)jiffies);
}

/**
 * rill_output() - do what input, or a program, made necessary
 * @sk: connection; its out flags say what
 *
 * The one place from which the way in reaches the way out.
 *
 * Context: the socket lock is held.
 */
void rill_output(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	if (sk->sk_state == TCP_CLOSE)
		return;
	/* DSACK-1I: once, not on each segment that a super-segment is cut into */
	if (rs->sack.has_dup && rs->out & RILL_OUT_ACK_NOW)
		rill_send_ack(sk);
	if (rs->out & RILL_OUT_RETRANS && !rill_frto_sends(sk))
		rill_resend_lost(sk);
	if (rs->out & RILL_OUT_PUSH && rs->snd_nxt != rs->write_seq)
		rill_push(sk, false);
	if (rs->out & RILL_OUT_ACK_NOW)
		rill_send_ack(sk);
	else if (rs->out & RILL_OUT_ACK_LATER && !rill_timer_armed(sk, RILL_TIMER_DELACK))
		rill_timer_start(sk, RILL_TIMER_DELACK, RILL_DELACK);
	if (rs->out & RILL_OUT_WRITE_SPACE)
		rill_check_space(sk);
	rs->out = 0;
	/* the last ACK of the connection has left: a mini-socket will do */
	if (sk->sk_state == TCP_TIME_WAIT)
		rill_time_wait(sk);
}

/**
 * rill_size_goal() - how much the send queue is to hold in one piece
 * @sk: connection
 *
 * What may leave as one, or more: cutting costs no room in the send buffer,
 * whereas a buffer for each of many short segments would soon fill it.
 *
 * Return: bytes, a whole number of full segments.
 */
u32 rill_size_goal(const struct sock *sk)
{
	const u32 headers = sizeof(struct iphdr) + MAX_TCP_OPTION_SPACE + sizeof(struct tcphdr) +
			    RILL_OPT_SPACE;
	u32 mss = rill_mss_now(rill_sk(sk));
	u32 max = min_t(u32, sk->sk_gso_max_size ? : RILL_SUPER_MAX, RILL_SUPER_MAX);

	/* an administrator may have left a device less than headers */
	max -= min(max, headers);
	/* the length in IPv6's header counts extension headers, which may be long */
	if (rill_sk(sk)->v6)
		max -= min(max, rill_v6_options_len(sk));
	if (sk->sk_gso_max_segs)
		max = min_t(u32, max, sk->sk_gso_max_segs * mss);
	return max_t(u32, rounddown(max, mss), mss);
}

/**
 * rill_cleanup_rbuf() - after a read: is a window update, or an ACK, due?
 * @sk: connection
 * @copied: bytes that the program took
 *
 * SM-19, RX-9. An ACK that waits for company goes when the reader caught up.
 *
 * Context: process; the socket lock is held.
 */
void rill_cleanup_rbuf(struct sock *sk, int copied)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 cur, new;

	if (rill_timer_armed(sk, RILL_TIMER_DELACK) &&
	    rs->rcv_nxt - rs->rcv_wup > rs->rcv_mss) {
		rill_send_ack(sk);
		return;
	}
	if (copied <= 0 || sk->sk_shutdown & RCV_SHUTDOWN || sk->sk_state == TCP_CLOSE)
		return;
	cur = rill_rcv_window(rs);
	if (2 * cur > min(rill_full_space(sk), rs->window_clamp))
		return;
	new = rill_win_select(cur, min(rill_space(sk), rs->window_clamp),
			      min(rill_full_space(sk), rs->window_clamp), rs->rcv_mss,
			      rs->rcv_wscale);
	if (rill_win_worth_update(cur, new, rill_full_space(sk), rs->rcv_mss))
		rill_send_ack(sk);
}
