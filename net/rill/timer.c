// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: the timers of a connection.
 *
 * Each is a deadline in one array; one wheel timer is armed for the earliest.
 * Moving a deadline later, or stopping it, touches nothing but the array: the
 * wheel fires early, finds nothing due, and is armed again. That is what
 * happens to RTO and delayed ACK with nearly every segment.
 *
 * The kernel's wheel is coarse for distant times, by up to an eighth. So a
 * distant deadline is approached in steps and met within a tick.
 *
 * An armed wheel holds a reference to the socket. When a program holds the
 * socket as the wheel fires, RILL_DEFER_TIMER has release_cb do the work.
 */
#include <net/tcp.h>

#include "core/seq.h"
#include "core/window.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "wire_udp.h"

/* below this many jiffies the wheel is exact */
#define RILL_WHEEL_EXACT	64
/* timeouts that a thin stream may have in a row without a longer RTO, as in Linux */
#define RILL_THIN_RETRIES	6

static unsigned long rill_wheel_time(unsigned long deadline)
{
	unsigned long now = jiffies, left = deadline - now;

	if ((long)left <= RILL_WHEEL_EXACT)
		return deadline;
	return now + left - left / 7;
}

static void rill_wheel_arm(struct sock *sk, unsigned long deadline)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!timer_pending(&rs->wheel) || time_before(deadline, rs->wheel.expires))
		sk_reset_timer(sk, &rs->wheel, rill_wheel_time(deadline));
}

/**
 * rill_timer_armed() - is a timer running?
 * @sk: connection
 * @timer: which
 *
 * Return: whether it is.
 */
bool rill_timer_armed(const struct sock *sk, enum rill_timer timer)
{
	return rill_sk(sk)->armed & BIT(timer);
}

/**
 * rill_timer_start() - start a timer, or move it
 * @sk: connection
 * @timer: which
 * @delay: jiffies from now
 *
 * Context: the socket lock is held.
 */
void rill_timer_start(struct sock *sk, enum rill_timer timer, unsigned long delay)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->deadline[timer] = jiffies + max(delay, 1UL);
	rs->armed |= BIT(timer);
	rill_wheel_arm(sk, rs->deadline[timer]);
}

/**
 * rill_timer_stop() - stop a timer
 * @sk: connection
 * @timer: which; it need not run
 *
 * Context: the socket lock is held.
 */
void rill_timer_stop(struct sock *sk, enum rill_timer timer)
{
	rill_sk(sk)->armed &= ~BIT(timer);
}

/**
 * rill_timers_stop() - stop all, for a connection that ends
 * @sk: connection
 *
 * Context: the socket lock is held.
 */
void rill_timers_stop(struct sock *sk)
{
	rill_sk(sk)->armed = 0;
	sk_stop_timer(sk, &rill_sk(sk)->wheel);
	rill_pace_stop(sk);
}

/**
 * rill_rto() - the retransmission timeout now, backoff included
 * @sk: connection
 *
 * Return: jiffies; RFC 6298, 2 and 5.5.
 */
unsigned long rill_rto(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);
	u32 tick = jiffies_to_usecs(1);
	/* whole ticks before they double; the wheel adds one, never takes one */
	u32 base = max(rounddown(rs->rtt.rto_us + tick / 2, tick), tick);

	return usecs_to_jiffies(rill_rto_backoff(base, rs->backoff, RILL_RTO_MAX_US));
}

/* TCP_USER_TIMEOUT, counted from since_us, cuts a wait short (MUST-21). */
static unsigned long rill_until_user_timeout(const struct sock *sk, unsigned long delay,
					     u64 since_us)
{
	u64 limit = (u64)rill_sk(sk)->user_timeout * USEC_PER_MSEC;
	u64 gone = rill_now_us() - since_us;

	if (!limit)
		return delay;
	return min(delay, gone < limit ? usecs_to_jiffies(limit - gone) : 1UL);
}

/* Give up: the error is what ICMP last said, else ETIMEDOUT (ER-7). */
static void rill_timed_out(struct sock *sk)
{
	sk->sk_err = READ_ONCE(sk->sk_err_soft) ? : ETIMEDOUT;
	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		rill_mib_inc(sock_net(sk), RILL_MIB_ATTEMPT_FAILS);
	rill_mib_inc(sock_net(sk), RILL_MIB_ABORT_ON_TIMEOUT);
	sk_error_report(sk);
	/* whoever lent pages gets them back, closed or not */
	rill_write_queue_purge(sk);
	rill_done(sk, RILL_EV_ABORT);
}

/*
 * Has what began at @since_us lasted as long as @boundary retransmissions?
 * TCP_USER_TIMEOUT, in ms, overrides (MUST-21). Deadlines are met up to a tick
 * late and never early, so a tick is forgiven.
 */
static bool rill_lasted(const struct sock *sk, u64 since_us, unsigned int boundary, u32 base_us)
{
	const struct rill_sock *rs = rill_sk(sk);
	u64 limit = rs->user_timeout ? (u64)rs->user_timeout * USEC_PER_MSEC :
		    rill_rto_model_us(boundary, base_us, RILL_RTO_MAX_US);

	return rill_now_us() - since_us + jiffies_to_usecs(1) >= limit;
}

static int rill_orphan_retries(const struct sock *sk, bool alive)
{
	int retries = rill_net(sock_net(sk))->orphan_retries;

	/* a peer that does not answer costs an orphan less patience */
	if (READ_ONCE(sk->sk_err_soft) && !alive)
		return 0;
	return retries || !alive ? retries : 8;
}

/* For TCP_INFO; and another path, where the network balances by flow (RFC 6437). */
static void rill_note_timeout(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!rs->rto_since) {
		rs->rto_episodes++;
		rs->rto_since = (u32)jiffies | 1;
	}
	rs->rto_count++;
	if (sk_rethink_txhash(sk))
		rs->rehashes++;
}

/* The RTO of a SYN. RFC 9293, 3.8.3; TO-7 says when to give up. */
static void rill_syn_timeout(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	int max = rs->syn_retries ? : rn->syn_retries;
	bool over;

	if (sk->sk_state == TCP_SYN_RECV)
		max = rn->synack_retries;
	over = rs->retransmits >= max + rn->syn_linear_timeouts ||
	       rill_lasted(sk, rs->stall_us, max, RILL_RTO_INIT_US);
	rill_fastopen_suspect(sk, over);
	if (over) {
		rill_timed_out(sk);
		return;
	}
	if (rs->retransmits < U8_MAX)
		rs->retransmits++;
	rs->total_retrans++;
	rs->syn_resends++;
	rill_note_timeout(sk);
	if (rs->retransmits > rn->syn_linear_timeouts && rs->backoff < 32)
		rs->backoff++;
	rill_mib_inc(sock_net(sk), RILL_MIB_RETRANS_SEGS);
	rill_send_syn(sk);
	rill_timer_start(sk, RILL_TIMER_RTO,
			 rill_until_user_timeout(sk, rill_rto(sk), rs->stall_us));
}

/*
 * The RTO of the SYN-ACK of a connection that is open early: whoever uses it
 * may have sent and closed since, all of which waits for the SYN's sake. One
 * try more than for others, as a program may know of it.
 */
static void rill_synack_timeout(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	int max = rs->syn_retries ? : rill_net(sock_net(sk))->synack_retries + 1;

	if (rs->retransmits >= max) {
		rill_timed_out(sk);
		return;
	}
	if (rs->retransmits == 1)	/* IW-2M, as far as RFC 6928, 2 wants it */
		rill_cong_restart(&rs->cong, rill_mss_full(rs));
	rs->retransmits++;
	rs->total_retrans++;
	if (rs->backoff < 32)
		rs->backoff++;
	rill_mib_inc(sock_net(sk), RILL_MIB_RETRANS_SEGS);
	rill_send_syn(sk);
	rill_timer_start(sk, RILL_TIMER_RTO,
			 usecs_to_jiffies(rill_rto_backoff(RILL_RTO_INIT_US, rs->backoff,
							   RILL_RTO_MAX_US)));
}

/* MUST-20: past R1 ask for another route; past R2 give up. */
static bool rill_rto_gives_up(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	u32 base = rn->rto_min_us;
	int boundary = rn->retries2;
	bool over;

	if (rs->retransmits && rill_lasted(sk, rs->stall_us, rn->retries1, base)) {
		rill_mtu_blackhole(sk);
		__dst_negative_advice(sk);
	}
	if (sock_flag(sk, SOCK_DEAD))
		boundary = rill_orphan_retries(sk, rill_rto(sk) < RILL_RTO_MAX);
	over = rill_lasted(sk, rs->stall_us, boundary, base);
	rill_fastopen_suspect(sk, over);
	if (over)
		rill_timed_out(sk);
	return over;
}

/* What a timeout takes for lost: RFC 8985, 6.3; RFC 5681, 3.1. */
static void rill_timeout_marks(struct sock *sk)
{
	const struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	u64 now = rill_now_us(), before = U64_MAX;
	u32 again = rs->board.again;

	if (rs->sack_ok && READ_ONCE(rn->recovery) & RILL_RECOVERY_RACK)
		before = now - min_t(u64, rs->rack.rtt_us, now);
	if (rill_board_first(&rs->board)->state == RILL_TX_SACKED)
		rill_mib_inc(sock_net(sk), RILL_MIB_SACK_RENEGING);
	rill_board_timeout(&rs->board, before);
	rs->tlp_out = 0;
	rs->reo_wait = 0;
	rill_timer_stop(sk, RILL_TIMER_LOSS);
	rs->recov.dup_len = 0;
	rill_recov_rto(&rs->recov, &rs->cong, rs->snd_una, rs->snd_nxt, rill_pipe(rs),
		       again, READ_ONCE(rn->frto), now);
}

/*
 * TCP_THIN_LINEAR_TIMEOUTS: a stream of few segments, past its first slow start,
 * does not back off for the first timeouts in a row.
 */
static bool rill_thin(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);

	return (rs->thin_lto || READ_ONCE(rill_net(sock_net(sk))->thin_linear_timeouts)) &&
	       sk->sk_state == TCP_ESTABLISHED && rs->retransmits <= RILL_THIN_RETRIES &&
	       rill_flight(rs) < 4 * rill_mss_full(rs) &&
	       rs->cong.ssthresh < RILL_SSTHRESH_INFINITE;
}

/* RFC 6298, 5.4 to 5.6; RFC 5681, 3.1 */
static void rill_rto_expired(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	/* SO_TXREHASH: perhaps another path is better */
	sk_rethink_txhash(sk);
	if (!rs->syn_acked) {
		if (rill_fastopen_early(sk))
			rill_synack_timeout(sk);
		else
			rill_syn_timeout(sk);
		return;
	}
	if (!rill_flight(rs) || rill_rto_gives_up(sk))
		return;
	rill_mib_inc(sock_net(sk), RILL_MIB_TIMEOUTS);
	rill_note_timeout(sk);
	if (rs->retransmits < U8_MAX)
		rs->retransmits++;
	rill_mtu_timeout(sk);
	rill_timeout_marks(sk);
	rill_ecn_reduced(&rs->ecn);
	if (rill_thin(sk))
		rs->backoff = 0;
	else if (rs->backoff < 32)
		rs->backoff++;
	rs->out |= RILL_OUT_RETRANS;
	rill_output(sk);
	rill_timer_start(sk, RILL_TIMER_RTO,
			 rill_until_user_timeout(sk, rill_rto(sk), rs->stall_us));
}

/**
 * rill_schedule_probe() - arrange for a tail loss probe
 * @sk: connection; something was sent, or acknowledged
 *
 * RFC 8985, 7.2 (TLP-1S): two round trips after the last of these, and with
 * one segment outstanding later by the longest that its ACK may be delayed;
 * never later than the RTO. What was SACKed tells of loss without it.
 *
 * Context: the socket lock is held.
 */
void rill_schedule_probe(struct sock *sk)
{
	const struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	unsigned long pto, left;
	u32 srtt = rs->rtt.srtt_us >> 3;

	if (rs->reo_wait)
		return;
	if (!rs->sack_ok || READ_ONCE(rn->early_retrans) < 3 || !rs->tlp_sampled ||
	    rs->tlp_out || !rill_flight(rs) || rs->board.sacked ||
	    !rill_timer_armed(sk, RILL_TIMER_RTO) ||
	    (rs->recov.state != RILL_RECOV_OPEN && rs->recov.state != RILL_RECOV_CWR)) {
		rill_timer_stop(sk, RILL_TIMER_LOSS);
		return;
	}
	pto = srtt ? usecs_to_jiffies(2 * srtt) : HZ;
	if (rill_flight(rs) <= rill_mss_now(rs))
		pto += usecs_to_jiffies(READ_ONCE(rn->rto_min_us));
	else
		pto++;
	left = rs->deadline[RILL_TIMER_RTO] - jiffies;
	if ((long)left < 1)
		left = 1;
	rill_timer_start(sk, RILL_TIMER_LOSS, min(pto, left));
}

/* RFC 8985, 7.3: new data if there is any, else the last segment once more. */
static void rill_probe_tail(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 mss = rill_mss_now(rs), data = rs->write_seq - rs->fin_queued - rs->snd_nxt;
	u32 usable = rill_win_usable(rs->snd_una, rs->snd_nxt, rs->snd_wnd, U32_MAX / 2);
	u32 nxt = rs->snd_nxt, len;

	if (rs->marked)
		data = rill_stamp_limit(sk, data, mss);
	if (rs->snd_nxt != rs->write_seq && usable)
		rill_send_new(sk, min3(data, usable, mss), rs->fin_queued && data < usable);
	rs->tlp_again = rs->snd_nxt == nxt;
	if (rs->tlp_again) {
		len = min(mss, rs->board.last->end - rs->board.last->seq);
		if (rill_resend(sk, nxt - len, len) <= 0)
			return;
	}
	rs->tlp_out = 1;
	rs->tlp_sampled = 0;
	rs->tlp_end = rs->snd_nxt;
	rill_mib_inc(sock_net(sk), RILL_MIB_LOSS_PROBES);
}

/* One timer, two uses: RACK's reordering window, and the tail loss probe. */
static void rill_loss_expired(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	if (rs->reo_wait) {
		rs->reo_wait = 0;
		rill_reo_expired(sk);
		rill_output(sk);
		return;
	}
	if (!rill_flight(rs) || rs->tlp_out || !rs->syn_acked)
		return;
	rill_probe_tail(sk);
	rill_timer_start(sk, RILL_TIMER_RTO,
			 rill_until_user_timeout(sk, rill_rto(sk), rs->stall_us));
}

/*
 * Nothing is in flight and something waits: behind a closed window, which is
 * probed at intervals that double (SHLD-29, SHLD-30) for as long as the peer
 * answers (MUST-37) and TCP_USER_TIMEOUT allows, or behind TCP_CORK and Nagle,
 * which end here.
 */
static void rill_probe_expired(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	int boundary = rn->retries2;

	if (rill_flight(rs) || rs->snd_nxt == rs->write_seq) {
		rs->probes_out = 0;
		rs->probed = 0;
		return;
	}
	if (sock_flag(sk, SOCK_DEAD))
		boundary = rill_orphan_retries(sk, rill_rto(sk) < RILL_RTO_MAX);
	/* TO-5: the user timeout bounds the wait, answered or not; one probe goes first */
	if (rs->user_timeout ? rs->probed && rill_lasted(sk, rs->probe_us, 0, 0) :
			       rs->probes_out >= boundary) {
		rill_timed_out(sk);
		return;
	}
	rill_push(sk, true);
	if (rill_flight(rs))
		return;
	rill_mib_inc(sock_net(sk), RILL_MIB_WIN_PROBES);
	rill_send_probe(sk);
	rs->probed = 1;
	if (rs->probes_out < U8_MAX)
		rs->probes_out++;
	if (rs->backoff < 32)
		rs->backoff++;
	rill_timer_start(sk, RILL_TIMER_PROBE,
			 rill_until_user_timeout(sk, rill_rto(sk), rs->probe_us));
}

static void rill_delack_expired(struct sock *sk)
{
	rill_mib_inc(sock_net(sk), RILL_MIB_DELAYED_ACKS);
	rill_sk(sk)->pingpong = 0;
	rill_send_ack(sk);
}

static u32 rill_keep_idle(const struct sock *sk)
{
	return rill_sk(sk)->keep_idle ? : rill_net(sock_net(sk))->keepalive_time;
}

/**
 * rill_keepalive_restart() - an idle peer is to be probed from now on
 * @sk: connection, SO_KEEPALIVE set
 *
 * The idle time began with the last segment.
 *
 * Context: the socket lock is held. RFC 9293, 3.8.4.
 */
void rill_keepalive_restart(struct sock *sk)
{
	u32 idle = rill_keep_idle(sk), gone = jiffies - rill_sk(sk)->last_any;

	if ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN))
		return;
	rill_timer_start(sk, RILL_TIMER_KEEPALIVE, gone < idle ? idle - gone : 0);
}

/**
 * rill_keepalive() - struct proto's keepalive: SO_KEEPALIVE is about to change
 * @sk: connection
 * @on: what it will be
 *
 * Switched on, the first look at the peer is a whole idle time away, as in
 * Linux.
 *
 * Context: the socket lock is held. RFC 9293, 3.8.4.
 */
void rill_keepalive(struct sock *sk, int on)
{
	if ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN))
		return;
	if (!on)
		rill_timer_stop(sk, RILL_TIMER_KEEPALIVE);
	else if (!sock_flag(sk, SOCK_KEEPOPEN))
		rill_timer_start(sk, RILL_TIMER_KEEPALIVE, rill_keep_idle(sk));
}

static void rill_keepalive_expired(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	u32 idle = rill_keep_idle(sk), gone = jiffies - rs->last_any;
	u32 intvl = rs->keep_intvl ? : rn->keepalive_intvl;
	u8 probes = rs->keep_probes ? : rn->keepalive_probes;

	if (!sock_flag(sk, SOCK_KEEPOPEN) || sk->sk_state == TCP_SYN_SENT)
		return;
	if (rill_flight(rs) || rs->snd_nxt != rs->write_seq || gone < idle) {
		rs->keep_out = 0;
		rill_timer_start(sk, RILL_TIMER_KEEPALIVE, gone < idle ? idle - gone : idle);
		return;
	}
	if (rs->user_timeout ? rs->keep_out && gone >= msecs_to_jiffies(rs->user_timeout) :
			       rs->keep_out >= probes) {
		rill_send_reset(sk, GFP_ATOMIC);
		rill_timed_out(sk);
		return;
	}
	rs->keep_out++;
	rill_send_probe(sk);
	rill_timer_start(sk, RILL_TIMER_KEEPALIVE, intvl);
}

/*
 * On the udp wire a NAT may have forgotten us: then what the peer sends is lost
 * until it hears from where we are now. If it was about to send, which it was a
 * moment ago, and we have nothing to send, nobody would speak any more.
 */
static void rill_poke_expired(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 wait = RILL_POKE << rs->pokes, gone = jiffies - rs->last_any;

	if (!((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2)))
		return;
	if (gone < wait) {
		rill_timer_start(sk, RILL_TIMER_POKE, wait - gone);
		return;
	}
	/* who asks for an ACK again and again says where it is by that */
	if (!rill_flight(rs) && !rill_timer_armed(sk, RILL_TIMER_PROBE))
		rill_send_ack(sk);
	if (++rs->pokes < READ_ONCE(rill_net(sock_net(sk))->udp_pokes))
		rill_timer_start(sk, RILL_TIMER_POKE, RILL_POKE << rs->pokes);
}

static void (*const rill_expired[RILL_TIMERS])(struct sock *sk) = {
	[RILL_TIMER_LOSS]	= rill_loss_expired,
	[RILL_TIMER_RTO]	= rill_rto_expired,
	[RILL_TIMER_PROBE]	= rill_probe_expired,
	[RILL_TIMER_DELACK]	= rill_delack_expired,
	[RILL_TIMER_KEEPALIVE]	= rill_keepalive_expired,
	[RILL_TIMER_FIN_WAIT_2]	= rill_fin_wait_2_expired,
	[RILL_TIMER_POKE]	= rill_poke_expired,
};

/**
 * rill_timers_run() - serve every deadline that has passed, arm the rest
 * @sk: connection
 *
 * Context: softirqs off; the socket lock is held.
 */
void rill_timers_run(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	unsigned long next = 0;
	bool any = false;
	int i;

	for (i = 0; i < RILL_TIMERS; i++) {
		if (!(rs->armed & BIT(i)) || time_before(jiffies, rs->deadline[i]))
			continue;
		rs->armed &= ~BIT(i);
		rill_expired[i](sk);
		if (sk->sk_state == TCP_CLOSE)
			return;
	}
	for (i = 0; i < RILL_TIMERS; i++) {
		if (rs->armed & BIT(i) && (!any || time_before(rs->deadline[i], next))) {
			next = rs->deadline[i];
			any = true;
		}
	}
	if (any)
		rill_wheel_arm(sk, next);
}

static void rill_wheel_fired(struct timer_list *t)
{
	struct rill_sock *rs = from_timer(rs, t, wheel);
	struct sock *sk = &rs->inet.sk;

	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk))
		rill_timers_run(sk);
	else if (!test_and_set_bit(RILL_DEFER_TIMER, &rs->deferred))
		sock_hold(sk);
	bh_unlock_sock(sk);
	sock_put(sk);
}

/**
 * rill_timers_init() - set up the timers of a new socket, once in its life
 * @sk: the socket
 *
 * Context: any.
 */
void rill_timers_init(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	timer_setup(&rs->wheel, rill_wheel_fired, 0);
	rill_pace_init(sk);
	rs->deferred = 0;
}
