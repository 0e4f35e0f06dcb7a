// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: the statistics of the connection that go with a record of the error
 * queue: SOF_TIMESTAMPING_OPT_STATS, TCP_NLA_* of tcp(7)'s header.
 *
 * The kernel adds them for TCP alone. What reports the record to the program
 * is ours, however, and is called as soon as the record is queued.
 */
#include <linux/errqueue.h>
#include <linux/tcp.h>
#include <net/netlink.h>
#include <net/tcp.h>

#include "netns.h"
#include "proto.h"

/* Room for all that rill_stats_fill() puts, each number taken for a long one. */
#define RILL_STATS_ROOM		(26 * (nla_total_size_64bit(sizeof(u64))))

static u32 rill_stats_segments(const struct rill_sock *rs, u32 bytes)
{
	return bytes / max_t(u32, rill_mss_full(rs), 1);
}

static bool rill_stats_long(struct sk_buff *skb, int type, u64 val)
{
	return !nla_put_u64_64bit(skb, type, val, TCP_NLA_PAD);
}

static bool rill_stats_sent(struct sk_buff *skb, const struct rill_sock *rs)
{
	return rill_stats_long(skb, TCP_NLA_DATA_SEGS_OUT, READ_ONCE(rs->data_segs_out)) &&
	       rill_stats_long(skb, TCP_NLA_TOTAL_RETRANS, READ_ONCE(rs->total_retrans)) &&
	       rill_stats_long(skb, TCP_NLA_PACING_RATE, rill_pacing_rate((struct sock *)rs)) &&
	       rill_stats_long(skb, TCP_NLA_BYTES_SENT, READ_ONCE(rs->bytes_sent)) &&
	       rill_stats_long(skb, TCP_NLA_BYTES_RETRANS, READ_ONCE(rs->bytes_retrans)) &&
	       rill_stats_long(skb, TCP_NLA_EDT, READ_ONCE(rs->clock_us) * NSEC_PER_USEC);
}

static bool rill_stats_path(struct sk_buff *skb, const struct rill_sock *rs)
{
	u32 ssthresh = READ_ONCE(rs->cong.ssthresh);

	ssthresh = ssthresh >= RILL_SSTHRESH_INFINITE ? TCP_INFINITE_SSTHRESH :
							rill_stats_segments(rs, ssthresh);
	return !nla_put_u32(skb, TCP_NLA_SND_CWND,
			    rill_stats_segments(rs, READ_ONCE(rs->cong.cwnd))) &&
	       !nla_put_u32(skb, TCP_NLA_SND_SSTHRESH, ssthresh) &&
	       !nla_put_u32(skb, TCP_NLA_MIN_RTT, READ_ONCE(rs->rtt.min_us)) &&
	       !nla_put_u32(skb, TCP_NLA_SRTT, READ_ONCE(rs->rtt.srtt_us) >> 3) &&
	       !nla_put_u32(skb, TCP_NLA_DSACK_DUPS, READ_ONCE(rs->dsack_dups)) &&
	       !nla_put_u32(skb, TCP_NLA_REORD_SEEN, rs->rack.reordering) &&
	       !nla_put_u8(skb, TCP_NLA_RECUR_RETRANS, READ_ONCE(rs->retransmits)) &&
	       !nla_put_u8(skb, TCP_NLA_CA_STATE, rill_ca_state(rs));
}

static bool rill_stats_queue(struct sk_buff *skb, const struct rill_sock *rs)
{
	u32 end = READ_ONCE(rs->write_seq);

	return !nla_put_u32(skb, TCP_NLA_SNDQ_SIZE, end - READ_ONCE(rs->snd_una)) &&
	       !nla_put_u32(skb, TCP_NLA_BYTES_NOTSENT,
			    max_t(int, end - READ_ONCE(rs->snd_nxt), 0));
}

/* A snapshot: who reports does not hold the socket lock, as with TCP. */
static bool rill_stats_fill(struct sk_buff *skb, const struct sock *sk, bool acked)
{
	const struct rill_sock *rs = rill_sk(sk);

	return rill_stats_sent(skb, rs) && rill_stats_path(skb, rs) && rill_stats_queue(skb, rs) &&
	       !nla_put_u32(skb, TCP_NLA_REORDERING,
			    READ_ONCE(rill_net(sock_net(sk))->reordering)) &&
	       (!acked || !nla_put_u8(skb, TCP_NLA_TTL, rs->ack_ttl));
}

/* Is it a record of a stamp, without bytes and without statistics yet? */
static bool rill_stats_lacks(const struct sk_buff *skb)
{
	const struct sock_exterr_skb *serr = SKB_EXT_ERR(skb);

	return serr->ee.ee_origin == SO_EE_ORIGIN_TIMESTAMPING && !serr->opt_stats && !skb->len;
}

static void rill_stats_add(struct sk_buff *skb, const struct sock *sk)
{
	struct sock_exterr_skb *serr = SKB_EXT_ERR(skb);
	int more = RILL_STATS_ROOM - skb_tailroom(skb);

	if (more > 0 && pskb_expand_head(skb, 0, more, GFP_ATOMIC | __GFP_NOWARN))
		return;
	if (rill_stats_fill(skb, sk, serr->ee.ee_info == SCM_TSTAMP_ACK))
		serr->opt_stats = 1;
	else
		skb_trim(skb, 0);
}

/**
 * rill_error_report() - sk_error_report: the error, or the error queue, changed
 * @sk: socket
 *
 * Context: any.
 */
void rill_error_report(struct sock *sk)
{
	struct sk_buff_head *q = &sk->sk_error_queue;
	struct sk_buff *skb;
	unsigned long flags;
	struct socket_wq *wq;

	if (unlikely(READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_OPT_STATS)) {
		spin_lock_irqsave(&q->lock, flags);
		skb_queue_reverse_walk(q, skb) {
			if (!rill_stats_lacks(skb))
				break;
			rill_stats_add(skb, sk);
		}
		spin_unlock_irqrestore(&q->lock, flags);
	}
	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLERR);
	sk_wake_async(sk, SOCK_WAKE_IO, POLL_ERR);
	rcu_read_unlock();
}
