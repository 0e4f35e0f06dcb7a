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

	rill_sk(sk)->tlp_sampled = 1;
	/* as Linux: the floor is on the variance, so a long path keeps a margin */
	rill_rtt_sample(&rill_sk(sk)->rtt, max(rtt_us, 1U), rn->rto_min_us, rn->rto_min_us,
			RILL_RTO_MAX_US);
}

/* Free what is acknowledged whole. */
static void rill_clean_queue(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct sk_buff *skb;

	while ((skb = skb_peek(&sk->sk_write_queue)) && !rill_after(RILL_END(skb), rs->snd_una)) {
		if (rs->resend_at == skb)
			rs->resend_at = NULL;
		__skb_unlink(skb, &sk->sk_write_queue);
		rill_wmem_free(sk, skb);
	}
	if (!skb && rs->chrono.what)
		rill_chrono_stop(&rs->chrono, RILL_CHRONO_BUSY, true, (u32)jiffies);
}

/*
 * Let the send buffer hold enough, unless SO_SNDBUF pinned it. A program that
 * waits for room is woken at two thirds; that has to last a round trip of
 * recovery, in which nothing is freed: the window in flight, most of a second
 * one that goes out meanwhile, and some that the program is late. Short
 * segments cost a header each.
 */
static void rill_grow_sndbuf(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	u32 held = rs->write_seq - rs->snd_una;
	u64 cwnd = rs->cong.cwnd, want = 4 * cwnd;

	if (sk->sk_userlocks & SOCK_SNDBUF_LOCK || READ_ONCE(*sk->sk_prot->memory_pressure) ||
	    2 * want <= sk->sk_sndbuf)
		return;
	if (held)
		want = clamp(3 * cwnd * div_u64(16ULL * sk->sk_wmem_queued, held) / 16, want,
			     2 * want);
	want = min_t(u64, want, READ_ONCE(rn->wmem[2]));
	if (want > sk->sk_sndbuf)
		WRITE_ONCE(sk->sk_sndbuf, want);
}

/*
 * Room to begin with: what TCP gives, since SO_SNDBUF tells it: the initial
 * window twice over, in segments that take whole powers of two.
 */
static void rill_sndbuf_init(struct sock *sk, u32 mss)
{
	u32 cost = max_t(u32, rill_sk(sk)->mss_clamp, mss) + MAX_TCP_HEADER +
		   SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
	u32 want;

	cost = roundup_pow_of_two(cost) + SKB_DATA_ALIGN(sizeof(struct sk_buff));
	want = min_t(u32, 2 * TCP_INIT_CWND * cost, READ_ONCE(rill_net(sock_net(sk))->wmem[2]));
	if (!(sk->sk_userlocks & SOCK_SNDBUF_LOCK) && want > sk->sk_sndbuf)
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
	u32 mss = rill_mss_full(rs);

	/* IW-2M, relaxed for a single loss of the SYN as RFC 6928, 2 allows */
	rill_cong_init(&rs->cong, rs->cong_ops, mss, rs->syn_lost ? mss : rill_cong_iw(mss));
	rill_recov_init(&rs->recov, rs->iss);
	rill_rack_init(&rs->rack, rs->snd_una);
	rill_rcvbuf_init(sk);
	rs->quickack = RILL_QUICKACKS;
	rill_sndbuf_init(sk, mss);
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
		/* what leaves makes room below TCP_NOTSENT_LOWAT */
		rs->out |= RILL_OUT_PUSH | RILL_OUT_WRITE_SPACE;
	}
	return changed;
}

/* The peer answered a probe, and may have opened its window (MUST-37). */
static void rill_probe_answered(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->probes_out = 0;
	/* SHLD-17: behind a shut window what is outstanding is such a probe too */
	if (!rs->snd_wnd && !rs->user_timeout && !sock_flag(sk, SOCK_DEAD))
		rs->stall_us = rill_now_us();
	if (!rill_timer_armed(sk, RILL_TIMER_PROBE))
		return;
	if (rill_win_usable(rs->snd_una, rs->snd_nxt, rs->snd_wnd, U32_MAX / 2) >=
	    min(rs->write_seq - rs->snd_nxt, rill_mss_now(rs))) {
		rs->backoff = 0;
		rs->probed = 0;
		rill_timer_stop(sk, RILL_TIMER_PROBE);
	}
	rs->out |= RILL_OUT_PUSH;
}

/*
 * struct rill_acking - one ACK on its way through the functions below
 * @r: what core/recov.c is to know of it
 * @d: what the scoreboard found in it
 * @opts: its options
 * @skb: the segment
 * @prior_una: SND.UNA before it
 * @dup: a duplicate ACK by RFC 5681, 2
 * @dsack_probe: it says that the tail loss probe arrived twice
 */
struct rill_acking {
	struct rill_recov_ack	r;
	struct rill_delivered	d;
	const struct rill_opts	*opts;
	const struct sk_buff	*skb;
	u32			prior_una;
	bool			dup;
	bool			dsack_probe;
};

/*
 * RFC 2883, 4; RFC 3708: is the first block a report of a duplicate? Told by
 * the number of the ACK that bears it (DSACK-4M), or by the block that covers
 * it. Returns whether.
 */
static bool rill_dsack(struct sock *sk, struct rill_acking *w, u32 ack)
{
	const struct rill_opts *o = w->opts;
	struct rill_sock *rs = rill_sk(sk);
	u32 start = o->sack[0].start, end = o->sack[0].end;

	if (!rill_before(start, ack) &&
	    (o->nr_sacks < 2 || rill_before(start, o->sack[1].start) ||
	     rill_after(end, o->sack[1].end)))
		return false;
	if (!rill_before(start, end) || rill_after(end, rs->snd_nxt) ||
	    rill_before(start, rs->snd_una - rs->max_wnd)) {
		rill_mib_inc(sock_net(sk), RILL_MIB_SACK_DISCARD);
		return true;
	}
	rill_mib_inc(sock_net(sk), RILL_MIB_DSACK_RECV);
	rs->dsack_dups += DIV_ROUND_UP(end - start, rill_mss_now(rs));
	if (rs->tlp_out && rs->tlp_again && end == rs->tlp_end) {
		w->dsack_probe = true;
		return true;
	}
	rill_recov_dsack(&rs->recov, start, end);
	/* a network that duplicates is no reason for patience */
	if (rs->dsack_dups <= rs->total_retrans &&
	    !(READ_ONCE(rill_net(sock_net(sk))->recovery) & RILL_RECOVERY_STATIC))
		rill_rack_dsack(&rs->rack, rs->snd_una, rs->snd_nxt);
	return true;
}

/* The SACK option: RFC 2018, 5; RFC 2883, 5. */
static void rill_take_sacks(struct sock *sk, struct rill_acking *w, u32 ack)
{
	const struct rill_opts *o = w->opts;
	struct rill_sock *rs = rill_sk(sk);
	unsigned int i = 0;

	if (!rs->sack_ok || !(o->present & RILL_OPT_SACK))
		return;
	if (rill_dsack(sk, w, ack))
		i++;
	for (; i < o->nr_sacks; i++) {
		u32 start = o->sack[i].start, end = o->sack[i].end;

		if (!rill_after(end, rs->snd_una))
			continue;	/* late, not wrong */
		if (!rill_before(start, end) || rill_after(end, rs->snd_nxt) ||
		    rill_before(start, rs->snd_una)) {
			rill_mib_inc(sock_net(sk), RILL_MIB_SACK_DISCARD);
			continue;
		}
		rill_board_sack(&rs->board, start, end, &w->d);
	}
}

/* What a peer without SACK says by the number of its ACKs: RFC 6582; RFC 3042. */
static void rill_without_sack(struct sock *sk, struct rill_acking *w)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 mss = rill_mss_now(rs), before = rs->recov.dup_len;
	u32 thresh = READ_ONCE(rill_net(sock_net(sk))->reordering);

	if (w->r.moved) {
		w->r.c.acked = rill_recov_cumulative(&rs->recov, w->r.c.acked, mss);
		/* what is resent in other sizes leaves a rest: the hole is mended */
		if (rs->recov.state < RILL_RECOV_FAST && !rs->board.again && !rs->board.lost_len)
			rs->recov.dup_len = 0;
		/* a partial ACK: the next hole begins where it ends */
		if (rs->recov.state == RILL_RECOV_FAST && rill_flight(rs) &&
		    rill_before(rs->snd_una, rs->recov.recover) &&
		    !rill_board_first(&rs->board)->again)
			w->r.newly_lost = rill_board_lose_head(&rs->board, mss);
	} else if (w->dup) {
		if (rill_recov_dupack(&rs->recov, rill_flight(rs), mss, rs->snd_una, thresh) &&
		    !rs->board.lost_len)
			w->r.newly_lost = rill_board_lose_head(&rs->board, mss);
		w->r.c.acked = rs->recov.dup_len - before;
	}
}

/* What was echoed, on the clock of transmissions. */
static struct rill_rack_echo rill_echo(const struct rill_sock *rs, const struct rill_opts *opts)
{
	return (struct rill_rack_echo) {
		.ms = opts->tsecr - rs->ts_offset,
		.valid = rs->ts_ok && opts->present & RILL_OPT_TS && opts->tsecr,
	};
}

/* So many segments, in bytes; nothing bounds the sysctl that says how many. */
static u32 rill_thresh_bytes(u32 segs, u32 mss)
{
	return (u32)min_t(u64, (u64)segs * mss, U32_MAX - 1);
}

/*
 * Find what is lost by what came later, and arrange to come again for what may
 * only be late. Returns bytes that are lost now.
 */
static u32 rill_detect_loss(struct sock *sk, u64 now)
{
	const struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	u32 mss = rill_mss_now(rs), thresh = READ_ONCE(rn->reordering);
	u8 mode = READ_ONCE(rn->recovery);
	u32 wnd, lost, wait;
	bool eager;

	if (!(mode & RILL_RECOVERY_RACK))
		return rill_board_lose_below(&rs->board,
					     rill_thresh_bytes(thresh - 1, mss) + 1);

	eager = rs->recov.state == RILL_RECOV_FAST || rs->recov.state == RILL_RECOV_LOSS ||
		(!(mode & RILL_RECOVERY_NO_DUPTHRESH) &&
		 (rs->recov.dupacks >= thresh ||
		  rs->board.sacked >= rill_thresh_bytes(thresh, mss)));
	wnd = rill_rack_reo_wnd(&rs->rack, rs->rtt.min_us, rs->rtt.srtt_us >> 3, eager);
	lost = rill_rack_detect(&rs->rack, &rs->board, wnd, now, &wait);
	if (wait) {
		rs->reo_wait = 1;
		rill_timer_start(sk, RILL_TIMER_LOSS, usecs_to_jiffies(wait) + 1);
	} else if (rs->reo_wait) {
		rs->reo_wait = 0;
		rill_timer_stop(sk, RILL_TIMER_LOSS);
	}
	return lost;
}

/* The tail loss probe is answered: RFC 8985, 7.4. */
static void rill_probe_verdict(struct sock *sk, const struct rill_acking *w)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!rs->tlp_out || rill_before(rs->snd_una, rs->tlp_end))
		return;
	if (!rs->tlp_again || w->dsack_probe) {
		rs->tlp_out = 0;
	} else if (rill_after(rs->snd_una, rs->tlp_end)) {
		/* it mended a loss, which counts as one (TLP-4M) */
		rs->tlp_out = 0;
		rill_mib_inc(sock_net(sk), RILL_MIB_LOSS_PROBE_RECOVERY);
		if (rill_recov_probed(&rs->recov, &rs->cong, rs->snd_una, rs->snd_nxt,
				      w->r.c.flight, w->r.c.now_us))
			rill_ecn_reduced(&rs->ecn);
	} else if (w->dup && !w->d.sacked) {
		rs->tlp_out = 0;	/* both copies arrived */
	}
}

/* A sample for the RTO, and one for congestion control. RFC 6298, 3; RFC 7323, 4. */
static void rill_measure(struct sock *sk, struct rill_acking *w)
{
	const struct rill_delivered *d = &w->d;
	struct rill_sock *rs = rill_sk(sk);
	u64 now = w->r.c.now_us, from = 0;
	struct rill_rack_echo echo;

	if (d->fresh)
		w->r.c.rtt_us = max_t(u32, now - d->fresh_us, 1);
	/* RTO-6M: where something was sent twice, only the timestamp tells */
	if (d->acked && !d->again)
		from = d->fresh_first_us;
	else if (d->sacked && d->fresh)
		from = d->fresh_us;
	if (from) {
		rill_rtt_take(sk, now - from);
	} else if (w->r.moved) {
		echo = rill_echo(rs, w->opts);
		if (!echo.valid)
			return;
		/* less than a tick of that clock is no time at all, and no round trip */
		rill_rtt_take(sk, max((u32)div_u64(now, USEC_PER_MSEC) - echo.ms, 1U) *
				  USEC_PER_MSEC);
	} else {
		return;
	}
	/* RFC 6298, 5.7 and Karn's algorithm: a sample ends the backoff, no other ACK */
	rs->backoff = 0;
}

/* RFC 4015: did what moved SND.UNA arrive before it was sent again? */
static bool rill_is_original(const struct rill_sock *rs, const struct rill_acking *w)
{
	struct rill_rack_echo echo = rill_echo(rs, w->opts);

	return w->r.moved && echo.valid && rs->recov.stamped &&
	       (s32)(echo.ms - rs->recov.stamp_ms) < 0;
}

/* Is there new data that the peer would take? RFC 5682, 2.1, step 2b */
static bool rill_new_data(const struct rill_sock *rs)
{
	return rs->snd_nxt != rs->write_seq &&
	       rill_win_usable(rs->snd_una, rs->snd_nxt, rs->snd_wnd, U32_MAX / 2);
}

/* What recovery has to know of the scoreboard as it is now. */
static void rill_survey(struct sock *sk, struct rill_acking *w)
{
	struct rill_sock *rs = rill_sk(sk);

	w->r.c.una = rs->snd_una;
	w->r.c.nxt = rs->snd_nxt;
	w->r.c.min_rtt_us = rs->rtt.min_us;
	w->r.c.srtt_us = rs->rtt.srtt_us >> 3;
	w->r.c.cwnd_limited = rs->cwnd_limited;
	w->r.pipe = rill_pipe(rs);
	if (w->r.newly_lost && rill_mtu_lost(sk))
		w->r.newly_lost = 0;	/* PMTU-1M: sent again all the same */
	else if (w->r.newly_lost || !rs->board.lost_len || !rill_mtu_mending(rs))
		w->r.lost = rs->board.lost_len;
	w->r.sacked = rs->board.sacked + rs->recov.dup_len;
	w->r.again = rs->board.again;
	w->r.progress = w->r.moved || rs->rack.reordering;
	w->r.new_data = rill_new_data(rs);
}

/*
 * Not all that was taken for lost was: look again, by what has arrived. Returns
 * RILL_DO_* flags.
 */
static u32 rill_reconsider(struct sock *sk, struct rill_acking *w)
{
	struct rill_sock *rs = rill_sk(sk);

	rill_board_restore(&rs->board);
	if (!rs->board.sacked)
		return 0;
	w->r.newly_lost = rill_detect_loss(sk, w->r.c.now_us);
	rill_survey(sk, w);
	return w->r.newly_lost ? rill_recov_relapse(&rs->recov, &rs->cong, &w->r) : 0;
}

/* What recovery says becomes work for rill_output(). */
static void rill_recover(struct sock *sk, struct rill_acking *w)
{
	struct rill_sock *rs = rill_sk(sk);
	u8 before = rs->recov.state;
	u32 todo;

	rill_survey(sk, w);
	todo = rill_recov_ack(&rs->recov, &rs->cong, &w->r);
	if (todo & RILL_DO_RESTORE)
		todo |= rill_reconsider(sk, w);
	if (todo & RILL_DO_UNDONE)
		rill_mib_inc(sock_net(sk), before == RILL_RECOV_LOSS ? RILL_MIB_SPURIOUS_RTOS :
								      RILL_MIB_LOSS_UNDO);
	if (todo & RILL_DO_RECOVERED)
		rill_rack_recovered(&rs->rack);
	if (todo & RILL_DO_ENTERED)
		rill_mib_inc(sock_net(sk), RILL_MIB_FAST_RETRANS);
	/* an echo in the same window has said so already */
	if (todo & RILL_DO_ENTERED && (before != RILL_RECOV_CWR || todo & RILL_DO_RECOVERED))
		rill_ecn_reduced(&rs->ecn);
	else if (todo & RILL_DO_UNDONE)
		rs->ecn.cwr_due = 0;
	if (rs->board.lost_len)
		rs->out |= RILL_OUT_RETRANS;
	rs->out |= RILL_OUT_PUSH;
}

/**
 * rill_reo_expired() - what RACK waited for did not come: it is lost
 * @sk: connection
 *
 * RFC 8985, 6.2 (RACK-5S).
 *
 * Context: the socket lock is held.
 */
void rill_reo_expired(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	static const struct rill_opts none;
	struct rill_acking w = { .opts = &none };

	w.r.c.now_us = rill_clock(rs);
	w.r.c.flight = rill_flight(rs);
	w.r.newly_lost = rill_detect_loss(sk, w.r.c.now_us);
	if (w.r.newly_lost)
		rill_recover(sk, &w);
}

/* SND.UNA moves to ack. */
static void rill_advance(struct sock *sk, struct rill_acking *w, u32 ack)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->snd_una = ack;
	rs->bytes_acked += ack - w->prior_una;
	if (unlikely(rs->marked))
		rill_stamp_acked(sk, w->prior_una, w->skb);
	rill_board_ack(&rs->board, ack, &w->d);
	rill_clean_queue(sk);
	rill_mtu_acked(sk);
	sk_dst_confirm(sk);

	if (unlikely(rs->rto_since)) {
		rs->rto_ms += jiffies_to_msecs((u32)jiffies - rs->rto_since);
		rs->rto_since = 0;
	}
	rs->retransmits = 0;
	rs->stall_us = w->r.c.now_us;
	rs->out |= RILL_OUT_WRITE_SPACE;
}

/* What TCP_INFO tells of it. */
static void rill_account(struct rill_sock *rs, const struct rill_acking *w)
{
	if (!w->r.c.acked)
		return;
	rill_rate_acked(&rs->rate, w->r.c.acked, w->d.fresh ? &w->d.stamp : NULL, w->d.fresh_us,
			rs->rtt.min_us, w->r.c.now_us);
	if (unlikely(w->r.c.ece))
		rs->delivered_ce += DIV_ROUND_UP(w->r.c.acked, rill_mss_full(rs));
}

/* All that an ACK says of what was sent. */
static void rill_process(struct sock *sk, struct rill_acking *w, u32 ack)
{
	struct rill_sock *rs = rill_sk(sk);

	w->r.c.flight = rill_flight(rs);
	w->r.moved = rill_after(ack, rs->snd_una);
	if (w->r.moved)
		rill_advance(sk, w, ack);
	rill_take_sacks(sk, w, ack);
	w->r.c.acked = w->d.acked + w->d.sacked;
	rill_measure(sk, w);
	w->r.original = rill_is_original(rs, w);
	/* without SACK, what was not sent again may have been told of long ago */
	w->r.fresh = w->d.fresh && (rs->sack_ok || !w->d.again) &&
		     !rill_after(w->d.fresh_low, rs->recov.recover);

	if (!rs->sack_ok) {
		rill_without_sack(sk, w);
	} else {
		if (w->d.sacked && !w->r.moved && rs->recov.dupacks < U8_MAX)
			rs->recov.dupacks++;
		rill_rack_delivered(&rs->rack, &w->d, rs->rtt.min_us, rill_echo(rs, w->opts),
				    w->r.c.now_us);
		if (rs->board.sacked || rs->board.again || rs->reo_wait)
			w->r.newly_lost = rill_detect_loss(sk, w->r.c.now_us);
	}
	rill_account(rs, w);
	rill_probe_verdict(sk, w);
	rill_recover(sk, w);
	if (w->r.c.ece)
		rill_ecn_echoed(sk, w->r.c.flight);

	if (!w->r.moved && !w->d.sacked)
		return;
	if (!rill_flight(rs)) {
		rill_timer_stop(sk, RILL_TIMER_RTO);
		rill_timer_stop(sk, RILL_TIMER_LOSS);
		rs->reo_wait = 0;
		return;
	}
	if (w->r.moved)
		rill_timer_start(sk, RILL_TIMER_RTO, rill_rto(sk));
	rill_schedule_probe(sk);
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
	struct rill_acking w;
	bool changed = false;

	/* SM-12; and RFC 5961, 5.2: too old to be honest */
	if (rill_after(ack, rs->snd_nxt) || rill_before(ack, rs->snd_una - rs->max_wnd)) {
		rill_challenge(sk);
		return false;
	}
	WRITE_ONCE(sk->sk_err_soft, 0);
	if (!rill_before(ack, rs->snd_una)) {
		changed = rill_window_update(sk, skb);
		rill_probe_answered(sk);
	}
	/* a duplicate may be told of when all has been acknowledged */
	if (!rill_flight(rs) && !(opts->present & RILL_OPT_SACK))
		return true;
	w = (struct rill_acking){ .opts = opts, .skb = skb, .prior_una = rs->snd_una };
	w.r.c.now_us = rs->clock_us;
	w.r.c.ece = rs->ecn.ok && tcp_hdr(skb)->ece && !tcp_hdr(skb)->syn &&
		    !rill_before(ack, rs->snd_una);
	/* RFC 5681, 2: a duplicate ACK */
	w.dup = rill_flight(rs) && ack == rs->snd_una && !skb->len && !changed &&
		!tcp_hdr(skb)->fin;
	if (w.dup)
		rill_mib_inc(sock_net(sk), RILL_MIB_DUP_ACKS_RCVD);
	rill_process(sk, &w, ack);
	if (w.r.moved)
		rill_grow_sndbuf(sk);
	return true;
}
