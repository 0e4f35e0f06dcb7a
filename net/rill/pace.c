// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: pacing: SO_MAX_PACING_RATE, and algorithms that ask for it (C62).
 *
 * A segment that leaves says when the next may: after as long as it takes at
 * the rate. Who comes earlier arms a timer and stops. An armed timer holds a
 * reference to the socket. Where the fq queue discipline paces the socket, it
 * does that and we only tell it the rate.
 */
#include <linux/hrtimer.h>
#include <net/tcp.h>

#include "netns.h"
#include "proto.h"

/* percent of cwnd / SRTT, as the kernel's TCP has it */
#define RILL_PACE_SLOW_START	200
#define RILL_PACE_AVOIDANCE	120
/* so many segments of a connection are not paced at all */
#define RILL_PACE_FREE		10

/**
 * rill_pace_of_window() - a window in a round trip, and a little more
 * @rs: connection
 * @srtt: its round trip time, us, not 0
 *
 * Return: bytes a second.
 */
u64 rill_pace_of_window(const struct rill_sock *rs, u32 srtt)
{
	u32 percent = rill_cong_in_slow_start(&rs->cong) ? RILL_PACE_SLOW_START :
							  RILL_PACE_AVOIDANCE;

	return div_u64((u64)rs->cong.cwnd * percent * (USEC_PER_SEC / 100), srtt);
}

/* What the algorithm asks for, bytes a second; ~0: nothing. */
static u64 rill_pace_asked(const struct rill_sock *rs)
{
	u32 srtt = rs->rtt.srtt_us >> 3;

	if (rs->cong.pacing_rate)
		return rs->cong.pacing_rate;
	if (!(rs->cong.ops->flags & RILL_CONG_PACED) || !srtt)
		return U64_MAX;
	return rill_pace_of_window(rs, srtt);
}

/**
 * rill_pacing_rate() - how fast a connection may send
 * @sk: connection
 *
 * Return: bytes a second; ~0: as fast as windows allow.
 */
u64 rill_pacing_rate(const struct sock *sk)
{
	unsigned long max = READ_ONCE(sk->sk_max_pacing_rate);
	u64 rate = rill_pace_asked(rill_sk(sk));

	return max == ~0UL ? rate : min_t(u64, rate, max);
}

/**
 * rill_pace_due() - the time of the next segment has come
 * @sk: connection
 *
 * Context: softirqs off; the socket lock is held.
 */
void rill_pace_due(struct sock *sk)
{
	rill_sk(sk)->out |= RILL_OUT_PUSH | RILL_OUT_RETRANS;
	rill_output(sk);
}

static enum hrtimer_restart rill_pace_fired(struct hrtimer *timer)
{
	struct rill_sock *rs = container_of(timer, struct rill_sock, pace_timer);
	struct sock *sk = &rs->inet.sk;

	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk))
		rill_pace_due(sk);
	else
		set_bit(RILL_DEFER_PACE, &rs->deferred);
	bh_unlock_sock(sk);
	sock_put(sk);
	return HRTIMER_NORESTART;
}

/**
 * rill_pace_blocked() - must a segment wait for its time?
 * @sk: connection
 *
 * If so output runs again when the time has come.
 *
 * Context: the socket lock is held.
 * Return: whether.
 */
bool rill_pace_blocked(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	u64 now;

	if (!rs->pace_ns)
		return false;
	now = ktime_get_ns();
	if (now >= rs->pace_ns)
		return false;
	if (!hrtimer_is_queued(&rs->pace_timer)) {
		/* it may fire before the next line, and drop a reference */
		sock_hold(sk);
		/* a timer that cannot be cancelled, as it is firing, holds the socket no longer */
		hrtimer_start(&rs->pace_timer,
			      ns_to_ktime(min_t(u64, rs->pace_ns, now + NSEC_PER_SEC)),
			      HRTIMER_MODE_ABS_PINNED_SOFT);
	}
	return true;
}

/**
 * rill_pace_sent() - a segment left: when may the next?
 * @sk: connection
 * @len: its bytes, headers included
 *
 * Context: the socket lock is held.
 */
void rill_pace_sent(struct sock *sk, u32 len)
{
	struct rill_sock *rs = rill_sk(sk);
	u64 rate = rill_pacing_rate(sk);

	WRITE_ONCE(sk->sk_pacing_rate, min_t(u64, rate, ULONG_MAX));
	if (rate == U64_MAX || rs->data_segs_out < RILL_PACE_FREE ||
	    READ_ONCE(sk->sk_pacing_status) == SK_PACING_FQ) {
		rs->pace_ns = 0;
		return;
	}
	rs->pace_ns = max(rs->pace_ns, ktime_get_ns()) +
		      div64_u64((u64)len * NSEC_PER_SEC, max(rate, 1ULL));
}

/**
 * rill_pace_init() - set up pacing of a new socket, once in its life
 * @sk: the socket
 *
 * Context: any.
 */
void rill_pace_init(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	hrtimer_init(&rs->pace_timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_PINNED_SOFT);
	rs->pace_timer.function = rill_pace_fired;
}

/**
 * rill_pace_stop() - a connection ends
 * @sk: connection
 *
 * Context: the socket lock is held.
 */
void rill_pace_stop(struct sock *sk)
{
	if (hrtimer_try_to_cancel(&rill_sk(sk)->pace_timer) == 1)
		__sock_put(sk);
	rill_sk(sk)->pace_ns = 0;
}
