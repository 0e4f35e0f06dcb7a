// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: building one segment and handing it to IP.
 *
 * The send queue (sk_write_queue) holds nothing but the program's bytes, from
 * snd_una's segment to write_seq, all in page fragments. SYN and FIN are
 * sequence numbers without an skb. A whole skb is sent as a clone; any other
 * range is sent as a new skb that shares the pages, so what is queued never
 * is cut or joined, whatever size a segment has the second time.
 */
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "af.h"
#include "core/seq.h"
#include "core/window.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "trace.h"
#include "wire_udp.h"

static struct kmem_cache *rill_tx_cache;

/* core/board.h wants these of its surroundings */
struct rill_tx *rill_tx_alloc(void)
{
	return kmem_cache_alloc(rill_tx_cache, GFP_ATOMIC | __GFP_NOWARN);
}

void rill_tx_free(struct rill_tx *tx)
{
	kmem_cache_free(rill_tx_cache, tx);
}

/**
 * rill_xmit_init() - make the cache of ranges that were sent
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int rill_xmit_init(void)
{
	rill_tx_cache = KMEM_CACHE(rill_tx, 0);
	return rill_tx_cache ? 0 : -ENOMEM;
}

/**
 * rill_xmit_exit() - free the cache; no connection is left
 *
 * Context: process, module unload.
 */
void rill_xmit_exit(void)
{
	kmem_cache_destroy(rill_tx_cache);
}

/*
 * A type that only software accepts: no device does SCTP segmentation and
 * takes TSO for it, so protocol 253 is cut by rill_gso_segment() before it
 * meets hardware, while veth and loopback pass it on uncut. The TCP bit makes
 * the kernel count header lengths right. On the tcp wire it is TCP's, for
 * devices too.
 */
static unsigned int rill_gso_type(const struct rill_sock *rs, u8 flags)
{
	unsigned int type = rs->v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;

	if (rs->wire != RILL_WIRE_TCP)
		return type | SKB_GSO_SCTP;
	/* CWR is for the first segment alone: not every device knows */
	return flags & TCPHDR_CWR ? type | SKB_GSO_TCP_ECN : type;
}

/**
 * rill_fill_header() - write a header and its options in front of a segment
 * @skb: payload; has headroom
 * @sport: source port
 * @dport: destination port
 * @seq: SEG.SEQ
 * @ack: SEG.ACK, 0 without the flag
 * @window: SEG.WND as the field says it
 * @flags: TCPHDR_*
 * @opts: options
 *
 * Context: any.
 */
void rill_fill_header(struct sk_buff *skb, __be16 sport, __be16 dport, u32 seq, u32 ack,
		      u16 window, u8 flags, const struct rill_opts *opts)
{
	unsigned int hlen = sizeof(struct tcphdr) + rill_opt_len(opts);
	struct tcphdr *th = skb_push(skb, hlen);

	skb_reset_transport_header(skb);
	th->source = sport;
	th->dest = dport;
	th->seq = htonl(seq);
	th->ack_seq = htonl(ack);
	*((__be16 *)th + 6) = htons((hlen >> 2) << 12 | flags);
	th->window = htons(window);
	th->urg_ptr = 0;
	rill_opt_write((u8 *)(th + 1), opts);
}

/* Options that every segment has, in bytes. */
static unsigned int rill_opts_base(const struct rill_sock *rs)
{
	return (rs->ts_ok ? RILL_TS_ALIGNED : 0) + (rs->md5 ? RILL_MD5_ALIGNED : 0);
}

/* What this connection puts on a segment with these flags. */
static void rill_opts_for(struct sock *sk, u8 flags, struct rill_opts *o)
{
	const struct rill_sock *rs = rill_sk(sk);
	bool offer = flags & TCPHDR_SYN && !(flags & TCPHDR_ACK);

	o->present = 0;
	o->nr_sacks = 0;
	if (flags & TCPHDR_SYN) {
		o->present |= RILL_OPT_MSS;
		o->mss = rs->adv_mss;
		if (offer ? rill_net(sock_net(sk))->window_scaling : rs->wscale_ok) {
			o->present |= RILL_OPT_WSCALE;
			o->wscale = rs->rcv_wscale;
		}
		if (offer ? rill_net(sock_net(sk))->sack : rs->sack_ok)
			o->present |= RILL_OPT_SACK_PERM;
	} else if (!(flags & TCPHDR_RST)) {
		rill_sack_fill(&rs->sack, o);
	}
	if (unlikely(rs->md5))
		o->present |= RILL_OPT_MD5;
	/* as in Linux: signed, a SYN offers no timestamps, for SACKs would not fit beside both */
	if (offer ? rill_net(sock_net(sk))->timestamps && !rs->md5 : rs->ts_ok) {
		o->present |= RILL_OPT_TS;
		o->tsval = rill_ts_clock(rs);
		o->tsecr = flags & TCPHDR_ACK ? rs->ts_recent : 0;
	}
	if (flags & TCPHDR_SYN && rs->fo_req)
		rill_fastopen_options(sk, o);
}

/**
 * rill_mss_full() - what a full segment carries when nothing is amiss
 * @rs: connection
 *
 * For what counts in segments, such as congestion control.
 *
 * Return: bytes of data.
 */
u32 rill_mss_full(const struct rill_sock *rs)
{
	return rs->mss - rill_opts_base(rs);
}

/**
 * rill_mss_now() - what a full segment carries
 * @rs: connection
 *
 * SACK blocks take their room from the data.
 *
 * Return: bytes of data; RFC 9293, 3.7.1, MUST-16.
 */
u32 rill_mss_now(const struct rill_sock *rs)
{
	unsigned int base = rill_opts_base(rs);

	return rs->mss - base - rill_sack_len(&rs->sack, base);
}

/* SEG.WND of the next segment; remembers what it promises. RFC 7323, 2.3. */
static u16 rill_window_field(struct sock *sk, u8 flags)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 cur = rill_rcv_window(rs);

	if (flags & TCPHDR_SYN) {
		rs->rcv_wup = rs->rcv_nxt;
		return min(rs->rcv_wnd, RILL_MAX_WINDOW);
	}
	rs->rcv_wnd = rill_win_select(cur, min(rill_space(sk), rs->window_clamp),
				      min(rill_full_space(sk), rs->window_clamp), rs->rcv_mss,
				      rs->rcv_wscale);
	rs->rcv_wup = rs->rcv_nxt;
	return rs->rcv_wnd >> rs->rcv_wscale;
}

/* A segment with an ACK left: no other is due, and the quick ones are fewer. */
static void rill_ack_left(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->out &= ~(RILL_OUT_ACK_NOW | RILL_OUT_ACK_LATER);
	rill_sack_sent(&rs->sack);
	if (rs->quickack)
		rs->quickack--;
	rill_timer_stop(sk, RILL_TIMER_DELACK);
}

/*
 * Hand a segment with its payload in place to IP. fresh: none of that was sent
 * before. Eats skb.
 */
static int rill_transmit(struct sock *sk, struct sk_buff *skb, u32 seq, u8 flags, bool fresh)
{
	struct inet_sock *inet = inet_sk(sk);
	struct rill_sock *rs = rill_sk(sk);
	u32 len = skb->len, mss = rs->mtu.sending ? len : rill_mss_now(rs), segs = 1;
	const struct dst_entry *dst;
	struct rill_opts opts;
	bool offload;
	u8 ecn;

	if (!len)	/* what has data was put on the scoreboard by the clock */
		rill_clock(rs);
	skb->ip_summed = CHECKSUM_NONE;
	memset(skb->cb, 0, max(sizeof(struct inet_skb_parm), sizeof(struct inet6_skb_parm)));
	flags |= rill_ecn_flags(sk, flags, fresh);
	rill_opts_for(sk, flags, &opts);
	rill_fill_header(skb, inet->inet_sport, inet->inet_dport, seq,
			 flags & TCPHDR_ACK ? rs->rcv_nxt : 0, rill_window_field(sk, flags),
			 flags, &opts);
	if (unlikely(rs->urg_out))
		rill_urg_write(rs, tcp_hdr(skb), seq);
	if (unlikely(rs->md5))
		rill_md5_sign_for(sk, skb);
	if (len > mss) {
		segs = DIV_ROUND_UP(len, mss);
		skb_shinfo(skb)->gso_size = mss;
		skb_shinfo(skb)->gso_segs = segs;
		skb_shinfo(skb)->gso_type = rill_gso_type(rs, flags);
	} else {
		skb_shinfo(skb)->gso_size = 0;
		skb_shinfo(skb)->gso_segs = 0;
		skb_shinfo(skb)->gso_type = 0;
	}
	dst = __sk_dst_get(sk);
	offload = len > mss || rs->wire == RILL_WIRE_TCP ||
		  (dst && dst->dev->flags & IFF_LOOPBACK);
	if (rs->wire == RILL_WIRE_UDP)
		offload = false;	/* to whoever handles the datagram its sum is data */
	/* who shares pages may write to them between our sum and the device's copy */
	if (!offload && skb_has_shared_frag(skb) && skb_linearize(skb)) {
		kfree_skb(skb);
		return -ENOBUFS;
	}
	if (rs->v6)
		rill_v6_checksum(skb, &rill_v6_sk(sk)->saddr, &sk->sk_v6_daddr, rs->wire,
				 offload);
	else
		rill_v4_checksum(skb, inet->inet_saddr, inet->inet_daddr, rs->wire, offload);

	if (flags & TCPHDR_ACK)
		rill_ack_left(sk);
	rs->segs_out += segs;
	rill_mib_add(sock_net(sk), RILL_MIB_OUT_SEGS, segs);
	if (len) {
		rs->data_segs_out += segs;
		rs->bytes_sent += len;
		rs->last_sent = jiffies;
		rill_pace_sent(sk, skb->len);
		/* an answer: the next one can carry the ACK as well */
		if (time_before(jiffies, rs->last_rcv + RILL_DELACK))
			rs->pingpong = 1;
	}
	/* fq, or a device that can, lets it out then */
	if (unlikely(rs->tx_delay))
		skb_set_delivery_time(skb, ktime_get_ns() + (u64)rs->tx_delay * NSEC_PER_USEC,
				      true);
	skb_set_owner_w(skb, sk);
	skb_set_hash_from_sk(skb, sk);	/* a queue and a path of its own */
	ecn = rill_ecn_codepoint(sk, flags, fresh);
	if (rs->wire == RILL_WIRE_UDP)
		return rill_udp_xmit(sk, skb, ecn);
	if (rs->v6)
		return rill_v6_xmit(sk, skb, ecn);
	if (rs->wire == RILL_WIRE_TCP)
		return rill_v4_xmit(sk, skb, inet->tos | ecn);
	return __ip_queue_xmit(sk, skb, &inet->cork.fl, inet->tos | ecn);
}

static struct sk_buff *rill_alloc_header(gfp_t gfp)
{
	struct sk_buff *skb = alloc_skb(RILL_MAX_HEADER, gfp);

	if (skb)
		skb_reserve(skb, RILL_MAX_HEADER);
	return skb;
}

/* Share bytes [off, off + len) of from's pages with skb. Returns how many. */
static u32 rill_share_pages(struct sk_buff *skb, const struct sk_buff *from, u32 off, u32 len)
{
	u32 done = 0;
	int i, n;

	for (i = 0; i < skb_shinfo(from)->nr_frags && done < len; i++) {
		const skb_frag_t *frag = &skb_shinfo(from)->frags[i];
		struct page *page = skb_frag_page(frag);
		u32 take;

		if (off >= skb_frag_size(frag)) {
			off -= skb_frag_size(frag);
			continue;
		}
		take = min(len - done, skb_frag_size(frag) - off);
		n = skb_shinfo(skb)->nr_frags;
		if (skb_can_coalesce(skb, n, page, skb_frag_off(frag) + off)) {
			skb_frag_size_add(&skb_shinfo(skb)->frags[n - 1], take);
		} else if (n < MAX_SKB_FRAGS) {
			get_page(page);
			skb_fill_page_desc(skb, n, page, skb_frag_off(frag) + off, take);
		} else {
			break;
		}
		done += take;
		off = 0;
	}
	skb->len += done;
	skb->data_len += done;
	skb->truesize += done;
	skb_shinfo(skb)->flags |= skb_shinfo(from)->flags & SKBFL_SHARED_FRAG;
	return done;
}

/*
 * A new skb with bytes [seq, seq + *len) of the send queue, from the segment
 * `from` on. *len shrinks when they take more pages than an skb holds, or
 * pages whose release more than one ubuf_info has to be told.
 */
static struct sk_buff *rill_range(struct sock *sk, struct sk_buff *from, u32 seq, u32 *len)
{
	struct sk_buff *skb = rill_alloc_header(GFP_ATOMIC);
	struct ubuf_info *uarg = NULL;
	u32 want = *len;

	if (!skb)
		return NULL;
	while (want) {
		u32 off = seq - RILL_SEQ(from);
		u32 take = min(want, from->len - off);
		u32 done;

		if (unlikely(skb_zcopy(from))) {
			if (uarg && uarg != skb_zcopy(from))
				break;
			uarg = skb_zcopy(from);
		}
		done = rill_share_pages(skb, from, off, take);
		want -= done;
		seq += done;
		if (done < take || skb_queue_is_last(&sk->sk_write_queue, from))
			break;
		from = skb_queue_next(&sk->sk_write_queue, from);
	}
	skb_zcopy_set(skb, uarg, NULL);
	*len -= want;
	return skb;
}

/* [snd_nxt, snd_nxt + len) left: put it on the board as tx, move send_head on. */
static void rill_mark_sent(struct sock *sk, struct rill_tx *tx, u32 len)
{
	struct rill_sock *rs = rill_sk(sk);
	struct sk_buff *skb = rs->send_head;
	u64 now = rill_clock(rs);

	if (!rill_flight(rs)) {
		if (likely(rs->syn_acked))	/* else our SYN stands there */
			rs->stall_us = now;
		if (rs->cong.ops->event)
			rs->cong.ops->event(&rs->cong, RILL_CONG_TX_START, now);
	}
	rill_rate_sent(&rs->rate, &tx->stamp, !rill_flight(rs), now);
	rill_board_send(&rs->board, tx, rs->snd_nxt, rs->snd_nxt + len, now);
	rill_recov_sent(&rs->recov, len, false, now);
	rs->snd_nxt += len;
	while (skb && !rill_before(rs->snd_nxt, RILL_END(skb)))
		skb = skb_queue_is_last(&sk->sk_write_queue, skb) ? NULL :
		      skb_queue_next(&sk->sk_write_queue, skb);
	rs->send_head = skb;
}

/**
 * rill_assume_sent() - all that is queued was sent, by a socket that is gone
 * @sk: connection in repair mode, with something that was not sent
 *
 * It may have been sent more than once, and an ACK tell of any of them: no
 * round trip is measured by it, and no path MTU proven. Without memory for a
 * range it is sent as if for the first time when repair ends.
 *
 * Context: the socket lock is held.
 */
void rill_assume_sent(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_tx *tx = rill_tx_alloc();
	u32 seq = rs->snd_nxt, end = rs->write_seq;

	if (!tx)
		return;
	rill_mark_sent(sk, tx, end - seq);
	rill_board_resend(&rs->board, seq, end, rs->clock_us);
	rill_mtu_sent(sk, seq, end - seq - rs->fin_queued);
	rill_mtu_resent(sk, seq, end);
}

static u8 rill_data_flags(const struct rill_sock *rs, u32 end)
{
	u8 flags = TCPHDR_ACK;

	/* MUST-61: what empties the queue is pushed */
	if (end == rs->write_seq - rs->fin_queued)
		flags |= TCPHDR_PSH;
	return flags;
}

/**
 * rill_send_new() - send bytes for the first time
 * @sk: connection
 * @len: how many, from snd_nxt on; at most what is queued, 0 for a bare FIN
 * @fin: the FIN goes with them
 *
 * Context: the socket lock is held.
 * Return: 0, or -ENOMEM when nothing was sent. What IP drops counts as sent.
 */
int rill_send_new(struct sock *sk, u32 len, bool fin)
{
	struct rill_sock *rs = rill_sk(sk);
	struct sk_buff *from = rs->send_head, *skb;
	struct rill_tx *tx = rill_tx_alloc();
	u32 seq = rs->snd_nxt;
	u8 flags;

	if (!tx)
		return -ENOMEM;
	if (!len) {
		skb = rill_alloc_header(GFP_ATOMIC);
	} else if (seq == RILL_SEQ(from) && len == from->len && !skb_cloned(from)) {
		skb = skb_clone(from, GFP_ATOMIC);
		RILL_CB(from)->sent |= RILL_SENT_SEALED;
	} else {
		skb = rill_range(sk, from, seq, &len);
	}
	if (!skb) {
		rill_tx_free(tx);
		return -ENOMEM;
	}
	if (len && seq + len != rs->write_seq - rs->fin_queued)
		fin = false;
	flags = rill_data_flags(rs, seq + len);
	if (fin)
		flags |= TCPHDR_FIN;
	if (unlikely(rs->marked) && len)
		rill_stamp_segment(sk, skb, from, seq, len);
	rill_mark_sent(sk, tx, len + fin);
	rill_mtu_sent(sk, seq, len);
	rill_transmit(sk, skb, seq, flags, len);
	return 0;
}

/*
 * The queued segment that holds byte seq, sent before. What is sent again
 * mostly lies ahead of what was last time.
 */
static struct sk_buff *rill_find_sent(struct sock *sk, u32 seq)
{
	struct rill_sock *rs = rill_sk(sk);
	struct sk_buff *skb = rs->resend_at;

	if (!skb || rill_before(seq, RILL_SEQ(skb)))
		skb = skb_peek(&sk->sk_write_queue);
	while (!rill_before(seq, RILL_END(skb)))
		skb = skb_queue_next(&sk->sk_write_queue, skb);
	rs->resend_at = skb;
	return skb;
}

/**
 * rill_resend() - send bytes again
 * @sk: connection
 * @seq: first of them, in [snd_una, snd_nxt)
 * @len: how many at most; one is enough to resend a bare FIN
 *
 * Sizes need not be those of the first time (C41).
 *
 * Context: the socket lock is held.
 * Return: sequence numbers that were sent again, or -ENOMEM.
 */
int rill_resend(struct sock *sk, u32 seq, u32 len)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 data_end = rs->write_seq - rs->fin_queued, segs;
	bool fin = rs->fin_queued && rs->snd_nxt == rs->write_seq;
	struct sk_buff *from = NULL, *skb;
	u64 now = rill_clock(rs);
	u8 flags;

	if (unlikely(!rs->syn_acked))
		return rill_send_syn(sk) ? : 1;
	len = rill_urg_limit(rs, seq, min(len, rill_seq_min(rs->snd_nxt, data_end) - seq));
	if (seq == data_end) {
		len = 0;
		skb = rill_alloc_header(GFP_ATOMIC);
	} else {
		from = rill_find_sent(sk, seq);
		skb = rill_range(sk, from, seq, &len);
	}
	if (!skb)
		return -ENOMEM;
	if (unlikely(rs->marked) && len)
		rill_stamp_segment(sk, skb, from, seq, len);
	fin = fin && seq + len == data_end;
	flags = rill_data_flags(rs, seq + len);
	if (fin)
		flags |= TCPHDR_FIN;
	rill_board_resend(&rs->board, seq, seq + len + fin, now);
	rill_recov_sent(&rs->recov, len + fin, true, now);
	rill_mtu_resent(sk, seq, seq + len);

	trace_rill_retransmit(sk, seq, len);
	segs = max_t(u32, DIV_ROUND_UP(len, rill_mss_now(rs)), 1);
	rs->total_retrans += segs;
	rs->bytes_retrans += len;
	rill_mib_add(sock_net(sk), RILL_MIB_RETRANS_SEGS, segs);
	rill_transmit(sk, skb, seq, flags, false);
	return len + fin;
}

/**
 * rill_send_syn() - send our SYN, for the first time or again
 * @sk: in SYN_SENT, or further after a simultaneous open
 *
 * Context: the socket lock is held.
 * Return: 0, -ENOMEM, or what IP says.
 */
int rill_send_syn(struct sock *sk)
{
	struct sk_buff *skb = rill_alloc_header(GFP_ATOMIC);
	u8 flags = TCPHDR_SYN;

	if (!skb)
		return -ENOMEM;
	if (sk->sk_state != TCP_SYN_SENT)
		flags |= TCPHDR_ACK;
	return rill_transmit(sk, skb, rill_sk(sk)->iss, flags, false);
}

/**
 * rill_send_syn_data() - send our first SYN with data
 * @sk: in SYN_SENT
 * @len: how much, all of which is queued; it fits beside any options
 *
 * Context: the socket lock is held.
 * Return: 0, -ENOMEM when nothing was sent, or what IP says.
 */
int rill_send_syn_data(struct sock *sk, u32 len)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_tx *tx;
	struct sk_buff *skb;

	if (!len)
		return rill_send_syn(sk);
	tx = rill_tx_alloc();
	if (!tx)
		return -ENOMEM;
	skb = rill_range(sk, rs->send_head, rs->snd_nxt, &len);
	if (!skb) {
		rill_tx_free(tx);
		return -ENOMEM;
	}
	rill_mark_sent(sk, tx, len);
	rs->fo_data = 1;
	return rill_transmit(sk, skb, rs->iss, TCPHDR_SYN, false);
}

/**
 * rill_send_ack() - send a segment that only acknowledges
 * @sk: connection
 *
 * Without memory the delayed ACK timer tries again.
 *
 * Context: the socket lock is held.
 */
void rill_send_ack(struct sock *sk)
{
	struct sk_buff *skb;

	if (sk->sk_state == TCP_CLOSE)
		return;
	skb = rill_alloc_header(GFP_ATOMIC | __GFP_NOWARN);
	if (skb)
		rill_transmit(sk, skb, rill_sk(sk)->snd_nxt, TCPHDR_ACK, false);
	else
		rill_timer_start(sk, RILL_TIMER_DELACK, RILL_DELACK);
}

/**
 * rill_send_probe() - make the peer tell its window and what it has
 * @sk: connection
 *
 * Sends the byte before snd_una once more, without data: it is out of the
 * window, so an ACK has to come (RFC 9293, 3.8.6.1 and 3.8.4, SHLD-12). The peer
 * heeds no URG there: what is urgent behind a closed window is announced by a
 * segment that is in sequence (MUST-66).
 *
 * Context: the socket lock is held.
 * Return: 0, -ENOMEM, or what IP says.
 */
int rill_send_probe(struct sock *sk)
{
	struct sk_buff *skb;

	if (unlikely(rill_urg_mode(rill_sk(sk))))
		rill_send_ack(sk);
	skb = rill_alloc_header(GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return -ENOMEM;
	return rill_transmit(sk, skb, rill_sk(sk)->snd_una - 1, TCPHDR_ACK, false);
}

/**
 * rill_send_reset() - tell the peer that the connection is gone
 * @sk: connection; SM-24 says in which states that is due
 * @gfp: how to allocate
 *
 * Context: the socket lock is held.
 */
void rill_send_reset(struct sock *sk, gfp_t gfp)
{
	struct sk_buff *skb = rill_alloc_header(gfp | __GFP_NOWARN);

	if (!skb)
		return;
	rill_mib_inc(sock_net(sk), RILL_MIB_OUT_RSTS);
	rill_transmit(sk, skb, rill_sk(sk)->snd_nxt, TCPHDR_ACK | TCPHDR_RST, false);
}
