// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: how large a segment may be.
 *
 * Three have a say: the peer's MSS option, the path MTU that the route knows,
 * from the interface and from ICMP, and the search of RFC 4821, which needs no
 * ICMP: now and then one segment leaves larger than others (the probe), and
 * if it alone is lost, that was no congestion.
 */
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/tcp.h>

#include "af.h"
#include "core/seq.h"
#include "core/window.h"
#include "netns.h"
#include "proto.h"

#define RILL_PROBE_MIN_CWND	11	/* segments: fast recovery has to work (PMTU-3S) */
#define RILL_PROBE_FOLLOWERS	4	/* segments behind a probe, for duplicate ACKs */
#define RILL_SMALL_SEG		512	/* ICMP makes no route smaller (ip_rt_min_pmtu) */
#define RILL_SMALL_SEG6		1220	/* nor one of IPv6: IPV6_MIN_MTU less headers */
#define RILL_SILENT_ROUTER	552	/* what is assumed if ICMP gives no size */

/* Bytes of a segment that ICMP cannot make too many, as a rule. */
static u32 rill_mtu_small(const struct rill_sock *rs)
{
	return rs->v6 ? RILL_SMALL_SEG6 : RILL_SMALL_SEG;
}

static u32 rill_ip_options_len(const struct sock *sk)
{
	return rill_sk(sk)->v6 ? rill_v6_options_len(sk) : rill_v4_options_len(sk);
}

/* What a full segment has besides data. */
static u32 rill_mtu_headers(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);

	return rill_ip_header_len(rs) + rill_ip_options_len(sk) + sizeof(struct tcphdr) +
	       rs->mss - rill_mss_full(rs);
}

/* The largest packet that the peer, and the route, allow. */
static u32 rill_mtu_high(const struct rill_sock *rs)
{
	return min_t(u32, rs->pmtu,
		     rs->mss_clamp + rill_ip_header_len(rs) + sizeof(struct tcphdr));
}

/**
 * rill_adv_mss() - what our MSS option says
 * @sk: socket, for TCP_MAXSEG
 * @dst: route to the peer
 *
 * Return: bytes; the path's MTU less fixed headers (MSS-1S, MUST-67).
 */
u16 rill_adv_mss(const struct sock *sk, const struct dst_entry *dst)
{
	u32 mss = dst_metric_advmss(dst), wire = rill_wire_header_len(rill_sk(sk)->wire);
	u16 user = rill_sk(sk)->mss_user;

	/* a device may be made for more than a datagram can be */
	if (wire)
		mss = min_t(u32, mss, U16_MAX - sizeof(struct tcphdr));
	mss -= min(mss, wire);
	if (user)
		mss = min_t(u32, mss, user);
	return min_t(u32, mss, U16_MAX);
}

/**
 * rill_sync_mss() - derive the segment size from the path MTU
 * @sk: connection
 * @pmtu: bytes of an IP packet
 *
 * MUST-16: no more than the peer's MSS option and the path allow. That option
 * does not count IP's options, so they come off in any case (RFC 6691, 2).
 *
 * Context: the socket lock is held.
 */
void rill_sync_mss(struct sock *sk, u32 pmtu)
{
	u32 least = READ_ONCE(rill_net(sock_net(sk))->min_snd_mss);
	struct rill_sock *rs = rill_sk(sk);
	u32 fixed = rill_ip_header_len(rs) + sizeof(struct tcphdr);
	u32 mss, opts = rill_ip_options_len(sk);

	rs->pmtu = pmtu;
	pmtu = rill_plpmtu_limit(&rs->mtu.search, pmtu);
	mss = min_t(u32, pmtu - min(pmtu, fixed), rs->mss_clamp);
	mss -= min(mss, opts);
	rs->mss = max(mss, least);
	rill_note_half_window(sk);
	if (rs->cong.ops)
		rill_cong_set_mss(&rs->cong, rill_mss_full(rs));
}

/**
 * rill_mtu_options() - a program set IP options, which take room (MUST-16)
 * @sk: socket
 *
 * Context: process.
 */
void rill_mtu_options(struct sock *sk)
{
	lock_sock(sk);
	if (rill_sk(sk)->pmtu)
		rill_sync_mss(sk, rill_sk(sk)->pmtu);
	release_sock(sk);
}

/**
 * rill_mtu_start() - data may flow: know what sizes pass, search if told to
 * @sk: connection that reaches ESTABLISHED
 *
 * Context: the socket lock is held.
 */
void rill_mtu_start(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);

	rs->mtu.big_seq = rs->snd_una;
	rs->mtu.big_end = rs->snd_una;
	if (READ_ONCE(rn->mtu_probing) < 2)
		return;
	rill_plpmtu_start(&rs->mtu.search, READ_ONCE(rn->base_mss) + rill_mtu_headers(sk),
			  rill_mtu_high(rs), rill_seconds(), true);
	rill_sync_mss(sk, rs->pmtu);
}

/**
 * rill_mtu_sent() - new data left
 * @sk: connection
 * @seq: first byte
 * @len: how many, cut into full segments unless it is a probe
 *
 * Context: the socket lock is held.
 */
void rill_mtu_sent(struct sock *sk, u32 seq, u32 len)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_mtu *m = &rs->mtu;
	u32 size = m->sending ? len : min(len, rill_mss_now(rs));

	if (size > rill_mtu_small(rs)) {
		if (!rill_before(rs->snd_una, m->big_end))
			m->big_seq = seq;
		m->big_end = seq + len;
	}
	m->sent = max_t(u32, m->sent, size);
	if (size > m->proven && !m->proof_len) {
		m->proof_seq = seq;
		m->proof_len = size;
	}
}

/**
 * rill_mtu_resent() - some data leaves again, in other sizes maybe
 * @sk: connection
 * @seq: first byte
 * @end: after the last
 *
 * An ACK of it says nothing of the size that it had the first time.
 *
 * Context: the socket lock is held.
 */
void rill_mtu_resent(struct sock *sk, u32 seq, u32 end)
{
	struct rill_mtu *m = &rill_sk(sk)->mtu;

	if (m->proof_len && rill_before(seq, m->proof_seq + m->proof_len) &&
	    rill_after(end, m->proof_seq))
		m->proof_len = 0;
	if (m->search.probe && rill_before(seq, m->probe_end) && rill_after(end, m->probe_seq))
		m->search.probe = 0;
}

/*
 * Resend [seq, end), which does not fit the path. It is no congestion, so the
 * window stays as rill_cong_set_mss() made it.
 */
static void rill_mtu_resend(struct sock *sk, u32 seq, u32 end)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!rill_board_lose_range(&rs->board, seq, end))
		return;
	rill_recov_too_big(&rs->recov, &rs->cong, rs->snd_nxt);
	rs->out |= RILL_OUT_RETRANS | RILL_OUT_PUSH;
}

/* The route knows of a smaller MTU. PMTU-8M: only what no longer fits is resent. */
static void rill_mtu_shrink(struct sock *sk, u32 mtu, bool resend)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_mtu *m = &rs->mtu;
	u32 mss = rs->mss, seq = m->big_seq, end = m->big_end;
	bool probe = m->search.probe > mtu;

	rill_mib_inc(sock_net(sk), RILL_MIB_MTU_REDUCED);
	if (probe)
		rill_plpmtu_failed(&m->search);
	rill_sync_mss(sk, mtu);
	if (rs->mss == mss) {
		seq = m->probe_seq;
		end = probe ? m->probe_end : seq;
	} else if (rill_mss_full(rs) < rill_mtu_small(rs)) {
		seq = rs->snd_una;
		end = rs->snd_nxt;
	}
	if (resend)
		rill_mtu_resend(sk, seq, end);
}

/* Does the route know better by now? */
static void rill_mtu_check(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);

	if (dst && dst_mtu(dst) != rill_sk(sk)->pmtu)
		rill_sync_mss(sk, dst_mtu(dst));
}

/* Does the program let the size of its packets follow the path? */
static bool rill_mtu_obeys(const struct sock *sk)
{
	/* without DF the routers cut, and what is under way arrives */
	return rill_sk(sk)->v6 || READ_ONCE(inet_sk(sk)->pmtudisc) != IP_PMTUDISC_DONT;
}

static bool rill_mtu_accepts(const struct sock *sk)
{
	return rill_sk(sk)->v6 ? ip6_sk_accept_pmtu(sk) : ip_sk_accept_pmtu(sk);
}

/* Believe a "too big": tell the route, and do as it says. */
static void rill_mtu_believe(struct sock *sk, u32 claim, bool resend)
{
	struct dst_entry *dst = rill_route(sk);

	rill_sk(sk)->mtu.wait = 0;
	if (!dst)
		return;
	dst->ops->update_pmtu(dst, sk, NULL, claim, true);
	dst = rill_route(sk);
	if (!dst)
		return;
	/* a locked route: should this end the connection, the error says why */
	if (claim < dst_mtu(dst) && (rill_sk(sk)->v6 || ip_dont_fragment(sk, dst)))
		WRITE_ONCE(sk->sk_err_soft, EMSGSIZE);
	if (dst_mtu(dst) < rill_sk(sk)->pmtu && rill_mtu_obeys(sk))
		rill_mtu_shrink(sk, dst_mtu(dst), resend);
}

/**
 * rill_mtu_reduced() - ICMP says that a segment in flight was too big
 * @sk: connection; mtu.info and mtu.info_seq are what ICMP said
 *
 * C01, RFC 9293, 3.7.2. Of a burst of them only the first says something new.
 *
 * Context: softirqs off; the socket lock is held.
 */
void rill_mtu_reduced(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_mtu *m = &rs->mtu;
	u32 claim = m->info ? : RILL_SILENT_ROUTER;
	u32 head = rill_mtu_headers(sk);
	enum rill_pmtu_verdict verdict;
	const struct dst_entry *dst;

	/* no SYN is too big; and much may have come while a program was here */
	if (!rs->syn_acked || sk->sk_state == TCP_CLOSE ||
	    rill_before(m->info_seq, rs->snd_una) || !rill_mtu_accepts(sk))
		return;
	dst = rill_route(sk);
	verdict = rill_pmtu_judge(claim, rs->pmtu, m->sent + head, m->proven + head);
	/* another connection may have been believed: then the route knows */
	if (verdict == RILL_PMTU_WAIT && dst && dst_mtu(dst) < rs->pmtu)
		verdict = RILL_PMTU_ADOPT;
	if (verdict == RILL_PMTU_WAIT) {
		m->wait = claim;
		m->quoted = m->info_seq;
	} else if (verdict == RILL_PMTU_ADOPT) {
		rill_mtu_believe(sk, claim, true);
		rill_output(sk);
	}
}

/**
 * rill_mtu_acked() - SND.UNA moved
 * @sk: connection
 *
 * Context: the socket lock is held.
 */
void rill_mtu_acked(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_mtu *m = &rs->mtu;

	/* empty ranges keep up, lest 2^31 bytes make them look ahead */
	m->big_seq = rill_seq_max(m->big_seq, rs->snd_una);
	m->big_end = rill_seq_max(m->big_end, rs->snd_una);
	if (m->proof_len && !rill_before(rs->snd_una, m->proof_seq + m->proof_len)) {
		m->proven = m->proof_len;
		m->proof_len = 0;
	}
	if (m->wait && rill_after(rs->snd_una, m->quoted))
		m->wait = 0;	/* ICMP-4I: there is progress, it was not true */
	if (m->search.probe && !rill_before(rs->snd_una, m->probe_end)) {
		rill_plpmtu_passed(&m->search);
		rill_mib_inc(sock_net(sk), RILL_MIB_MTUP_SUCCESS);
		rill_sync_mss(sk, rs->pmtu);
	}
}

/* Is all that is lost part of the last probe? */
static bool rill_lost_is_probe(const struct rill_sock *rs, const struct rill_tx *tx)
{
	const struct rill_mtu *m = &rs->mtu;

	return !rill_before(tx->seq, m->probe_seq) &&
	       !rill_after(tx->seq + rs->board.lost_len, m->probe_end) &&
	       rill_board_lost_run(&rs->board, tx, U32_MAX / 2) == rs->board.lost_len;
}

/**
 * rill_mtu_lost() - something was found lost by what was received beyond it
 * @sk: connection; the scoreboard says what is lost
 *
 * Context: the socket lock is held.
 * Return: whether that is a probe and nothing else, which is no congestion
 * (PMTU-1M): it is to be resent in ordinary sizes with the window as it is.
 */
bool rill_mtu_lost(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_mtu *m = &rs->mtu;
	const struct rill_tx *tx = rill_board_next_lost(&rs->board);
	u32 run;

	if (!tx)
		return false;
	rill_mtu_check(sk);
	run = rill_board_lost_run(&rs->board, tx, U32_MAX / 2);
	if (m->wait && rill_between(m->quoted, tx->seq, tx->seq + run - 1))
		rill_mtu_believe(sk, m->wait, false);
	if ((rs->recov.state != RILL_RECOV_OPEN && rs->recov.state != RILL_RECOV_DISORDER) ||
	    !m->search.probe || !rill_lost_is_probe(rs, tx))
		return false;
	rill_plpmtu_failed(&m->search);
	rill_mib_inc(sock_net(sk), RILL_MIB_MTUP_FAIL);
	/* without SACK no more than an ordinary segment of it was taken for lost, */
	rill_board_lose_range(&rs->board, m->probe_seq, m->probe_end);
	/* and further duplicate ACKs say nothing new (RFC 6582, 3.2, step 2) */
	rs->recov.recover = rill_seq_max(rs->recov.recover, rs->snd_una);
	return true;
}

/**
 * rill_mtu_mending() - is what is lost the rest of a probe?
 * @rs: connection; something is lost, but nothing that was not known before
 *
 * A window that is full lets a lost probe be resent in parts; for none of them
 * it is congestion (PMTU-1M).
 *
 * Context: the socket lock is held.
 * Return: whether it is that alone.
 */
bool rill_mtu_mending(const struct rill_sock *rs)
{
	const struct rill_tx *tx = rill_board_next_lost(&rs->board);

	return tx && (rs->recov.state == RILL_RECOV_OPEN ||
		      rs->recov.state == RILL_RECOV_DISORDER) && rill_lost_is_probe(rs, tx);
}

/**
 * rill_mtu_timeout() - the retransmission timer expired
 * @sk: connection
 *
 * Says nothing about a probe (RFC 4821, 7.6.4), but makes an ICMP believable
 * that seemed unlikely (ICMP-4I).
 *
 * Context: the socket lock is held.
 */
void rill_mtu_timeout(struct sock *sk)
{
	struct rill_mtu *m = &rill_sk(sk)->mtu;

	m->search.probe = 0;
	rill_mtu_check(sk);
	if (m->wait)
		rill_mtu_believe(sk, m->wait, false);
}

/**
 * rill_mtu_blackhole() - timeouts repeat, more than retries1 allows
 * @sk: connection
 *
 * Something may swallow what is too large, and tell nobody: RFC 4821, 7.7.
 *
 * Context: the socket lock is held.
 */
void rill_mtu_blackhole(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	u32 head = rill_mtu_headers(sk);
	u32 least = max(READ_ONCE(rn->mtu_probe_floor), READ_ONCE(rn->min_snd_mss));

	if (!READ_ONCE(rn->mtu_probing))
		return;
	rill_plpmtu_blackhole(&rs->mtu.search, READ_ONCE(rn->base_mss) + head, least + head,
			      rill_mtu_high(rs), head, rill_seconds());
	rill_sync_mss(sk, rs->pmtu);
}

/* Send @len bytes as one segment, larger than it should be. Returns success. */
static bool rill_mtu_send_probe(struct sock *sk, u32 len)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_mtu *m = &rs->mtu;
	int err;

	m->probe_seq = rs->snd_nxt;
	m->sending = 1;
	err = rill_send_new(sk, len, false);
	m->sending = 0;
	if (err)
		return false;
	m->probe_end = rs->snd_nxt;
	/* many small writes may not fit into one skb */
	len = m->probe_end - m->probe_seq;
	if (len > rill_mss_now(rs))
		m->search.probe = len + rill_mtu_headers(sk);
	return true;
}

/**
 * rill_mtu_probe() - send a probe in place of new data, if one is due
 * @sk: connection with new data to send
 *
 * PMTU-3S: only with a window and enough data behind it that its loss shows
 * by duplicate ACKs. If all that is missing is room in the windows, mtu.hold
 * is set: new data then waits for an ACK to make it.
 *
 * RFC 4821, 7.4. Context: the socket lock is held.
 * Return: whether it did.
 */
bool rill_mtu_probe(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	struct rill_mtu *m = &rs->mtu;
	u32 mss = rill_mss_now(rs), size, len, need, pipe;

	m->hold = 0;
	/* SACK blocks take room of which an ACK would say nothing */
	if (likely(!m->search.on) || rs->recov.state != RILL_RECOV_OPEN ||
	    mss != rill_mss_full(rs) || rs->cong.cwnd < RILL_PROBE_MIN_CWND * mss)
		return false;
	size = rill_plpmtu_next(&m->search, rill_mtu_high(rs), rill_seconds(),
				READ_ONCE(rn->probe_interval));
	if (size <= mss + rill_mtu_headers(sk))
		return false;
	len = size - rill_mtu_headers(sk);
	need = len + RILL_PROBE_FOLLOWERS * mss;
	if (rs->write_seq - rs->fin_queued - rs->snd_nxt < need || rs->snd_wnd < need ||
	    rs->cong.cwnd < len + mss)
		return false;
	/* no segment goes on beyond the end of a record */
	if (unlikely(rs->marked) && rill_stamp_limit(sk, len, len) < len)
		return false;
	pipe = rill_pipe(rs);
	if (rs->cong.cwnd < pipe + len ||
	    rill_win_usable(rs->snd_una, rs->snd_nxt, rs->snd_wnd, U32_MAX / 2) < need) {
		/* nothing in flight would mean that nothing is missing */
		m->hold = rill_flight(rs) > 0;
		return false;
	}
	return rill_mtu_send_probe(sk, len);
}
