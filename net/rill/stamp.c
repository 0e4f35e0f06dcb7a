// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: SO_TIMESTAMP, SO_TIMESTAMPING and MSG_EOR: when what a read gives came,
 * and when what was written left and was acknowledged.
 *
 * The end of a message is remembered in the queued segment that holds it, as
 * TCP does: one byte a segment, and the last request counts. As the queue never
 * is cut, the byte's place says which segment built from it is stamped, the
 * first time and when it is sent again.
 */
#include <linux/errqueue.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "af.h"
#include "core/seq.h"
#include "proto.h"

/**
 * rill_stamp_rx_wanted() - does a read tell when its data came?
 * @sk: connection
 *
 * Context: any.
 * Return: whether rill_stamp_rx_put() may have something to say.
 */
bool rill_stamp_rx_wanted(const struct sock *sk)
{
	return sock_flag(sk, SOCK_RCVTSTAMP) ||
	       READ_ONCE(sk->sk_tsflags) & (SOF_TIMESTAMPING_SOFTWARE |
					    SOF_TIMESTAMPING_RAW_HARDWARE);
}

/* SO_TIMESTAMP and SO_TIMESTAMPNS, in the sizes that the program asked for. */
static void rill_stamp_put_soft(struct sock *sk, struct msghdr *msg, struct timespec64 ts)
{
	bool ns = sock_flag(sk, SOCK_RCVTSTAMPNS);

	if (sock_flag(sk, SOCK_TSTAMP_NEW)) {
		struct __kernel_timespec kts = { .tv_sec = ts.tv_sec, .tv_nsec = ts.tv_nsec };
		struct __kernel_sock_timeval ktv = {
			.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / NSEC_PER_USEC,
		};

		if (ns)
			put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_NEW, sizeof(kts), &kts);
		else
			put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_NEW, sizeof(ktv), &ktv);
	} else {
		struct __kernel_old_timespec ots = { .tv_sec = ts.tv_sec, .tv_nsec = ts.tv_nsec };
		struct __kernel_old_timeval otv = {
			.tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / NSEC_PER_USEC,
		};

		if (ns)
			put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_OLD, sizeof(ots), &ots);
		else
			put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_OLD, sizeof(otv), &otv);
	}
}

/*
 * Are stamps of a kind told? OPT_RX_FILTER: not when another socket alone asked
 * for them to be taken.
 */
static bool rill_stamp_told(u32 flags, u32 report, u32 take)
{
	return flags & report && (flags & take || !(flags & RILL_TSF_RX_FILTER));
}

/**
 * rill_stamp_rx_put() - tell when the data of a read came
 * @sk: connection
 * @msg: what recvmsg gives
 * @rx: stamps of the last segment that the read touched
 *
 * SO-14.
 *
 * Context: process.
 */
void rill_stamp_rx_put(struct sock *sk, struct msghdr *msg, const struct rill_rx_stamp *rx)
{
	u32 flags = READ_ONCE(sk->sk_tsflags);
	struct scm_timestamping_internal tss = { };

	if (rx->soft && sock_flag(sk, SOCK_RCVTSTAMP))
		rill_stamp_put_soft(sk, msg, ktime_to_timespec64(rx->soft));
	if (rx->soft && rill_stamp_told(flags, SOF_TIMESTAMPING_SOFTWARE,
					SOF_TIMESTAMPING_RX_SOFTWARE))
		tss.ts[0] = ktime_to_timespec64(rx->soft);
	if (rx->hard && rill_stamp_told(flags, SOF_TIMESTAMPING_RAW_HARDWARE,
					SOF_TIMESTAMPING_RX_HARDWARE))
		tss.ts[2] = ktime_to_timespec64(rx->hard);
	if (!tss.ts[0].tv_sec && !tss.ts[0].tv_nsec && !tss.ts[2].tv_sec && !tss.ts[2].tv_nsec)
		return;
	if (sock_flag(sk, SOCK_TSTAMP_NEW))
		put_cmsg_scm_timestamping64(msg, &tss);
	else
		put_cmsg_scm_timestamping(msg, &tss);
}

/**
 * rill_stamp_cmsg() - take the control messages of sendmsg
 * @sk: connection
 * @msg: what sendmsg got
 * @tsflags: the socket's SOF_TIMESTAMPING_*; the message's, when it has any
 *
 * As with TCP only SO_TIMESTAMPING has an effect, and all errors are one.
 *
 * Context: process; the socket lock is held.
 * Return: 0 or -EINVAL.
 */
int rill_stamp_cmsg(struct sock *sk, struct msghdr *msg, u32 *tsflags)
{
	struct sockcm_cookie sockc;

	sockcm_init(&sockc, sk);
	if (sock_cmsg_send(sk, msg, &sockc))
		return -EINVAL;
	*tsflags = sockc.tsflags;
	return 0;
}

/**
 * rill_stamp_count() - see that the bytes are counted, before a message is written
 * @sk: connection with OPT_ID
 *
 * Where we are not told when the option is set, all that shows is a count that
 * the kernel began at 0: the first message after it is the latest moment.
 *
 * Context: process; the socket lock is held.
 */
void rill_stamp_count(struct sock *sk)
{
	if (!rill_sees_sol_socket() && !atomic_read(&sk->sk_tskey))
		atomic_set(&sk->sk_tskey, rill_sk(sk)->snd_una);
}

/**
 * rill_stamp_message() - the end of a message is queued
 * @sk: connection
 * @tsflags: SOF_TIMESTAMPING_*
 * @eor: the message was whole, with MSG_EOR
 *
 * What has left already is not told of: that happens when a message ends for
 * want of room.
 *
 * Context: process; the socket lock is held.
 */
void rill_stamp_message(struct sock *sk, u32 tsflags, bool eor)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	struct rill_sock *rs = rill_sk(sk);
	struct rill_skb_cb *cb;

	if (!skb || rs->snd_nxt == rs->write_seq)
		return;
	cb = RILL_CB(skb);
	if (tsflags & SOF_TIMESTAMPING_TX_RECORD_MASK) {
		cb->stamped = rs->write_seq - 1;
		cb->sent |= RILL_SENT_STAMP;
		sock_tx_timestamp(sk, tsflags, &skb_shinfo(skb)->tx_flags);
		if (tsflags & SOF_TIMESTAMPING_TX_ACK)
			cb->sent |= RILL_SENT_STAMP_ACK;
		rs->marked = 1;
	}
	if (eor) {
		cb->sent |= RILL_SENT_EOR | RILL_SENT_SEALED;
		rs->marked = 1;
	}
}

/**
 * rill_stamp_limit() - how far a segment may reach that is sent for the first time
 * @sk: connection, marked
 * @len: bytes from snd_nxt on
 * @max: no segment is longer, so what lies beyond is not looked at
 *
 * A record ends a segment, and so does a queued segment whose stamp would
 * else have to make way for that of the next: TCP joins neither.
 *
 * Context: the socket lock is held.
 * Return: bytes, at most @len; @len if nothing ends within @max.
 */
u32 rill_stamp_limit(struct sock *sk, u32 len, u32 max)
{
	struct rill_sock *rs = rill_sk(sk);
	struct sk_buff *skb = rs->send_head;
	u32 end = rs->snd_nxt + min(len, max);

	if (!skb)
		return len;
	skb_queue_walk_from(&sk->sk_write_queue, skb) {
		u8 sent = RILL_CB(skb)->sent;

		if (!rill_before(RILL_END(skb), end))
			return len;
		if (sent & RILL_SENT_EOR ||
		    (sent & RILL_SENT_STAMP && !rill_before(RILL_CB(skb)->stamped, rs->snd_nxt)))
			return RILL_END(skb) - rs->snd_nxt;
	}
	return len;
}

/* The number by which the program knows the byte: OPT_ID. */
static u32 rill_stamp_key(struct sock *sk, const struct sk_buff *skb)
{
	return RILL_CB(skb)->stamped - atomic_read(&sk->sk_tskey);
}

/**
 * rill_stamp_segment() - a segment is about to leave: is one of its bytes told of?
 * @sk: connection, marked
 * @skb: the segment, payload only
 * @from: the queued segment that holds its first byte
 * @seq: that byte
 * @len: how many there are, at least 1
 *
 * Context: the socket lock is held.
 */
void rill_stamp_segment(struct sock *sk, struct sk_buff *skb, struct sk_buff *from, u32 seq,
			u32 len)
{
	skb_queue_walk_from(&sk->sk_write_queue, from) {
		struct rill_skb_cb *cb = RILL_CB(from);

		if (!rill_before(RILL_SEQ(from), seq + len))
			return;
		if (!(cb->sent & RILL_SENT_STAMP) || cb->stamped - seq >= len)
			continue;
		/* a later message must not take the place of what is under way */
		cb->sent |= RILL_SENT_SEALED;
		skb_shinfo(skb)->tx_flags |= skb_shinfo(from)->tx_flags & SKBTX_ANY_TSTAMP;
		skb_shinfo(skb)->tskey = rill_stamp_key(sk, from);
	}
}

/**
 * rill_stamp_acked() - SND.UNA moved: tell of bytes that it passed
 * @sk: connection, marked
 * @una: where it was
 * @ack_skb: the segment that moved it
 *
 * Before what is acknowledged leaves the queue.
 *
 * Context: the socket lock is held.
 */
void rill_stamp_acked(struct sock *sk, u32 una, const struct sk_buff *ack_skb)
{
	struct rill_sock *rs = rill_sk(sk);
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_write_queue, skb) {
		const struct rill_skb_cb *cb = RILL_CB(skb);

		if (!rill_before(RILL_SEQ(skb), rs->snd_una))
			return;
		if (!(cb->sent & RILL_SENT_STAMP_ACK) || rill_before(cb->stamped, una) ||
		    !rill_before(cb->stamped, rs->snd_una))
			continue;
		skb_shinfo(skb)->tskey = rill_stamp_key(sk, skb);
		rs->ack_ttl = rill_skb_hops(ack_skb);
		__skb_tstamp_tx(skb, ack_skb, NULL, sk, SCM_TSTAMP_ACK);
	}
	if (!rill_before(rs->snd_una, rs->write_seq - rs->fin_queued))
		rs->marked = 0;
}

/* The byte from which OPT_ID counts: the first that is not acknowledged, or not written. */
static u32 rill_stamp_base(const struct rill_sock *rs, u32 flags)
{
	return flags & RILL_TSF_ID_TCP ? rs->write_seq : rs->snd_una;
}

/**
 * rill_stamp_setsockopt() - SO_TIMESTAMPING_OLD and SO_TIMESTAMPING_NEW
 * @sock: socket
 * @optname: which
 * @optval: SOF_TIMESTAMPING_*, or struct so_timestamping
 * @optlen: its length
 *
 * The kernel's, but where it knows TCP by its number: OPT_ID counts bytes, and
 * wants a connection whose bytes can be counted.
 *
 * Context: process.
 * Return: 0 or an errno of setsockopt(2).
 */
int rill_stamp_setsockopt(struct socket *sock, int optname, sockptr_t optval,
			  unsigned int optlen)
{
	struct so_timestamping val = { };
	struct sock *sk = sock->sk;
	bool fresh;
	int err;

	if (optlen < sizeof(val.flags))
		return -EINVAL;
	optlen = optlen == sizeof(val) ? sizeof(val) : sizeof(val.flags);
	if (copy_from_sockptr(&val, optval, optlen))
		return -EFAULT;
	fresh = val.flags & SOF_TIMESTAMPING_OPT_ID &&
		!(READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_OPT_ID);
	if (fresh && (1 << inet_sk_state_load(sk)) & (TCPF_CLOSE | TCPF_LISTEN))
		return -EINVAL;
	err = sock_setsockopt(sock, SOL_SOCKET, optname, KERNEL_SOCKPTR(&val), optlen);
	if (err || !fresh)
		return err;
	lock_sock(sk);
	atomic_set(&sk->sk_tskey, rill_stamp_base(rill_sk(sk), val.flags));
	release_sock(sk);
	return 0;
}
