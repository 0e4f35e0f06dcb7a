// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: the receive buffer: what a segment costs in it, and how it grows.
 */
#include <net/tcp.h>

#include "netns.h"
#include "proto.h"

/* Of 256 bytes of buffer, at most these are promised to the peer. */
#define RILL_SHARE_MIN	32
#define RILL_SHARE_MAX	192

/**
 * rill_rcvbuf_init() - begin to measure the program's reading
 * @sk: connection that reaches ESTABLISHED
 *
 * Context: the socket lock is held.
 */
void rill_rcvbuf_init(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	/* the peer begins with ten segments (RFC 6928) */
	rill_drs_init(&rs->drs, rill_now_us(), rs->copied_seq,
		      min(rill_rcv_window(rs), rill_cong_iw(rs->adv_mss)));
}

/*
 * How much of the buffer is data, by the segments that come: truesize counts
 * whole pages and headers. A pinned buffer keeps the half that tcp(7) tells.
 */
static void rill_measure_share(struct sock *sk, const struct sk_buff *skb)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 share;

	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		return;
	share = clamp_t(u32, skb->len * 256 / skb->truesize, RILL_SHARE_MIN, RILL_SHARE_MAX);
	if (share < rs->rcv_share)
		rs->rcv_share = share;
	else
		rs->rcv_share += (share - rs->rcv_share + 7) / 8;
}

/* The size of the peer's full segments, for delayed ACK and window. */
static void rill_measure_mss(struct rill_sock *rs, const struct sk_buff *skb, u32 len)
{
	/* smaller ones count when they come in a row, as full ones do: the path has changed */
	if (len > rs->rcv_mss ||
	    (len == rs->rcv_len && len >= RILL_DEFAULT_MSS && !tcp_hdr(skb)->psh))
		rs->rcv_mss = min_t(u32, len, rs->adv_mss);
	rs->rcv_len = min_t(u32, len, U16_MAX);
}

/**
 * rill_rcvbuf_measure() - learn from a segment with data
 * @sk: connection
 * @skb: the segment, header pulled
 * @opts: its options
 *
 * Sizes, cost in memory, and the round trip time as a receiver sees it.
 *
 * Context: the socket lock is held.
 */
void rill_rcvbuf_measure(struct sock *sk, const struct sk_buff *skb, const struct rill_opts *opts)
{
	u32 len = skb_shinfo(skb)->gso_size ? : skb->len;
	struct rill_sock *rs = rill_sk(sk);

	rill_measure_mss(rs, skb, len);
	if (len < rs->rcv_mss)
		return;
	rill_measure_share(sk, skb);
	if (!rs->ts_ok)
		rill_drs_window(&rs->drs, rs->clock_us, rs->rcv_nxt, rill_rcv_window(rs));
	else if (opts->present & RILL_OPT_TS && opts->tsecr)
		rill_drs_echo(&rs->drs, opts->tsecr,
			      (rill_ts_clock(rs) - opts->tsecr) * USEC_PER_MSEC);
}

/**
 * rill_rcvbuf_grow() - the program read: should the window be larger?
 * @sk: connection
 *
 * C53; SO_RCVBUF pins the buffer.
 *
 * Context: process; the socket lock is held.
 */
void rill_rcvbuf_grow(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	u64 want = rill_drs_read(&rs->drs, rill_now_us(), rs->copied_seq,
				 rs->rtt.srtt_us >> 3, rs->adv_mss);

	if (!want || !READ_ONCE(rn->moderate_rcvbuf) || sk->sk_userlocks & SOCK_RCVBUF_LOCK ||
	    READ_ONCE(*sk->sk_prot->memory_pressure))
		return;
	want = min_t(u64, div_u64(want * 256, rs->rcv_share), READ_ONCE(rn->rmem[2]));
	if (want > sk->sk_rcvbuf)
		WRITE_ONCE(sk->sk_rcvbuf, want);
}
