// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: TCP_INFO and TCP_CC_INFO. What TCP counts in segments is in segments.
 */
#include <net/tcp.h>

#include "compat.h"
#include "netns.h"
#include "proto.h"

/**
 * rill_note_half_window() - TCP tells no MSS above half of the peer's window
 * @sk: connection
 *
 * As in TCP that is the largest window of when the size was last derived, which
 * is soon after the handshake.
 *
 * Context: the socket lock is held.
 */
void rill_note_half_window(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 wnd = rs->max_wnd > RILL_DEFAULT_MSS ? rs->max_wnd / 2 : rs->max_wnd;

	rs->half_wnd = min_t(u32, wnd, U16_MAX);
}

/**
 * rill_told_mss() - what TCP_MAXSEG and TCP_INFO call the segment size
 * @sk: socket
 *
 * Return: bytes of data.
 */
u32 rill_told_mss(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);
	u32 mss = rill_mss_full(rs);

	/* the option that we offer is counted already */
	if (sk->sk_state == TCP_SYN_SENT && READ_ONCE(rill_net(sock_net(sk))->timestamps))
		mss -= RILL_TS_ALIGNED;
	return rs->half_wnd ? min_t(u32, mss, rs->half_wnd) : mss;
}

static u32 rill_segments(u32 bytes, u32 mss)
{
	return DIV_ROUND_UP(bytes, mss);
}

static void rill_info_options(const struct rill_sock *rs, struct tcp_info *info)
{
	if (rs->ts_ok)
		info->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if (rs->sack_ok)
		info->tcpi_options |= TCPI_OPT_SACK;
	if (rs->wscale_ok) {
		info->tcpi_options |= TCPI_OPT_WSCALE;
		info->tcpi_snd_wscale = rs->snd_wscale;
		info->tcpi_rcv_wscale = rs->rcv_wscale;
	}
	if (rs->ecn.ok)
		info->tcpi_options |= TCPI_OPT_ECN;
	if (rs->ecn.seen)
		info->tcpi_options |= TCPI_OPT_ECN_SEEN;
	if (rs->fo_acked)
		info->tcpi_options |= TCPI_OPT_SYN_DATA;
	info->tcpi_fastopen_client_fail = rs->fo_fail;
}

/* What TCP would pace at, if it were told to: that is what it tells. */
static u64 rill_info_pacing(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);
	u32 srtt = rs->rtt.srtt_us >> 3;
	u64 rate = rill_pacing_rate(sk);

	if (rs->cong.pacing_rate || !srtt || !rs->syn_acked)
		return rate;
	return min(rate, rill_pace_of_window(rs, srtt));
}

/* Segments that arrived, as TCP counts: SYN and FIN are one each. */
static u32 rill_info_delivered(const struct rill_sock *rs, u32 mss)
{
	u32 out = rill_segments(rs->board.in_flight + rs->board.lost_len, mss);
	u32 resent = rs->total_retrans - rs->syn_resends;

	if (!rs->syn_acked)
		return 0;
	return 1 + rs->data_segs_out - min(rs->data_segs_out, resent + out) + rill_fin_acked(rs);
}

/* What was sent and where it is. */
static void rill_info_sent(const struct sock *sk, struct tcp_info *info, u32 mss)
{
	const struct rill_sock *rs = rill_sk(sk);

	/* whatever was in flight when the connection ended is not any more */
	if (info->tcpi_state != TCP_CLOSE)
		info->tcpi_unacked = rill_segments(rill_flight(rs), mss);
	info->tcpi_sacked = rill_segments(rs->board.sacked + rs->recov.dup_len, mss);
	/* as in Linux: lost until acknowledged, also when it has been sent again */
	info->tcpi_lost = rill_segments(rs->board.lost_len + rs->board.again, mss);
	info->tcpi_retrans = rill_segments(rs->board.again, mss);
	info->tcpi_notsent_bytes = rs->write_seq - rs->fin_queued - rs->snd_nxt;
	if (rs->fin_queued && rs->snd_nxt == rs->write_seq)
		info->tcpi_notsent_bytes = 0;
	info->tcpi_snd_ssthresh = 0x7fffffff;
	if (rs->cong.ssthresh < RILL_SSTHRESH_INFINITE)
		info->tcpi_snd_ssthresh = rill_segments(rs->cong.ssthresh, rs->cong.mss);
	info->tcpi_snd_cwnd = rs->cong.cwnd / rs->cong.mss;
	info->tcpi_reordering = READ_ONCE(rill_net(sock_net(sk))->reordering);
	info->tcpi_snd_wnd = rs->snd_wnd;
	info->tcpi_delivery_rate = rill_rate_get(&rs->rate);
	info->tcpi_delivery_rate_app_limited = !rs->rate.us || rs->rate.app_limited;
	info->tcpi_delivered = rill_info_delivered(rs, mss);
	info->tcpi_delivered_ce = rs->delivered_ce;
}

static void rill_info_counters(const struct rill_sock *rs, struct tcp_info *info)
{
	info->tcpi_total_retrans = rs->total_retrans;
	info->tcpi_bytes_acked = rs->bytes_acked;
	info->tcpi_bytes_received = rs->bytes_received;
	info->tcpi_segs_out = rs->segs_out;
	info->tcpi_segs_in = rs->segs_in;
	info->tcpi_data_segs_in = rs->data_segs_in;
	info->tcpi_data_segs_out = rs->data_segs_out;
	info->tcpi_bytes_sent = rs->bytes_sent;
	info->tcpi_bytes_retrans = rs->bytes_retrans;
	info->tcpi_dsack_dups = rs->dsack_dups;
	info->tcpi_reord_seen = rs->rack.reordering;
	info->tcpi_rcv_ooopack = rs->ooo_segs;
}

static u64 rill_chrono_us(const struct rill_sock *rs, enum rill_chrono_what what)
{
	return (u64)rill_chrono_get(&rs->chrono, what, (u32)jiffies) * jiffies_to_usecs(1);
}

static void rill_info_times(const struct sock *sk, struct tcp_info *info)
{
	const struct rill_sock *rs = rill_sk(sk);
	u32 now = (u32)jiffies, rto_ms = rs->rto_ms;

	info->tcpi_rto = jiffies_to_usecs(rill_rto(sk));
	info->tcpi_rtt = rs->rtt.srtt_us >> 3;
	info->tcpi_rttvar = rs->rtt.rttvar_us >> 2;
	info->tcpi_min_rtt = rs->rtt.min_us;
	info->tcpi_last_data_sent = jiffies_to_msecs(now - (u32)rs->last_sent);
	info->tcpi_last_data_recv = jiffies_to_msecs(now - (u32)rs->last_rcv);
	info->tcpi_last_ack_recv = jiffies_to_msecs(now - (u32)rs->last_any);
	info->tcpi_busy_time = rill_chrono_us(rs, RILL_CHRONO_BUSY);
	info->tcpi_rwnd_limited = rill_chrono_us(rs, RILL_CHRONO_RWND);
	info->tcpi_sndbuf_limited = rill_chrono_us(rs, RILL_CHRONO_SNDBUF);
	if (rs->rto_since)
		rto_ms += jiffies_to_msecs(now - rs->rto_since);
	rill_info_rto(info, rs->rto_count, rs->rto_episodes, rto_ms);
}

/**
 * rill_get_info() - TCP_INFO
 * @sk: socket, in any state
 * @info: filled
 *
 * Context: process; the socket lock is held. TO-11.
 */
void rill_get_info(struct sock *sk, struct tcp_info *info)
{
	const struct rill_sock *rs = rill_sk(sk);
	u32 mss = rill_told_mss(sk);

	memset(info, 0, sizeof(*info));
	info->tcpi_state = inet_sk_state_load(sk);
	info->tcpi_max_pacing_rate = READ_ONCE(sk->sk_max_pacing_rate);
	info->tcpi_pacing_rate = rill_info_pacing(sk);
	info->tcpi_reordering = READ_ONCE(rill_net(sock_net(sk))->reordering);
	if (info->tcpi_state == TCP_LISTEN) {
		info->tcpi_snd_cwnd = rs->cong.cwnd / rs->cong.mss;
		info->tcpi_unacked = READ_ONCE(sk->sk_ack_backlog);	/* LS-6 */
		info->tcpi_sacked = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}
	info->tcpi_ca_state = rill_ca_state(rs);
	info->tcpi_retransmits = rs->retransmits;
	info->tcpi_probes = rs->probes_out;
	info->tcpi_backoff = rs->backoff;
	rill_info_options(rs, info);
	info->tcpi_ato = jiffies_to_usecs(RILL_DELACK);
	info->tcpi_snd_mss = mss;
	info->tcpi_rcv_mss = rs->rcv_mss;
	info->tcpi_pmtu = rs->pmtu;
	info->tcpi_advmss = rs->adv_mss - (rs->ts_ok && rs->adv_mss ? RILL_TS_ALIGNED : 0);
	info->tcpi_rcv_space = rs->drs.space;
	info->tcpi_rcv_rtt = rs->drs.srtt_us >> 3;
	info->tcpi_rcv_ssthresh = rs->rcv_wnd;
	rill_info_sent(sk, info, mss);
	rill_info_counters(rs, info);
	rill_info_times(sk, info);
	rill_info_rcv_wnd(info, rs->rcv_wnd, rs->rehashes);
}

/**
 * rill_get_cc_info() - TCP_CC_INFO
 * @sk: socket
 * @info: filled
 *
 * DCTCP without ECN is Reno, which has nothing to tell.
 *
 * Context: process; the socket lock is held.
 * Return: how many bytes of @info mean something.
 */
u32 rill_get_cc_info(struct sock *sk, union tcp_cc_info *info)
{
	const struct rill_sock *rs = rill_sk(sk);

	BUILD_BUG_ON(sizeof(*info) < RILL_CONG_INFO_MAX);
	if (!rs->cong.ops->info ||
	    (rs->cong.ops->flags & RILL_CONG_ECN && !rs->ecn.ok &&
	     !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN))))
		return 0;
	memset(info, 0, sizeof(*info));
	return rs->cong.ops->info(&rs->cong, info);
}
