// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: recv.
 */
#include <net/busy_poll.h>
#include <net/inet_common.h>
#include <net/tcp.h>

#include "core/seq.h"
#include "core/urg.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"

/**
 * rill_find_byte() - the segment that holds a byte
 * @sk: connection
 * @seq: the byte
 * @offset: out: where in the segment
 *
 * Context: the socket lock is held.
 * Return: one of sk_receive_queue, or NULL if the byte has not come.
 */
struct sk_buff *rill_find_byte(struct sock *sk, u32 seq, u32 *offset)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		*offset = seq - RILL_SEQ(skb);
		if (*offset < skb->len)
			return skb;
	}
	return NULL;
}

/**
 * rill_recv_empty() - there is nothing to read now: what next?
 * @sk: connection
 * @copied: what the read has so far
 * @timeo: how long it may wait, jiffies
 * @stop: out: the read ends here
 *
 * Context: process; the socket lock is held.
 * Return: 0 to wait, or what the read is to return if @stop says that it ends.
 */
int rill_recv_empty(struct sock *sk, int copied, long timeo, bool *stop)
{
	*stop = true;
	if (copied) {
		*stop = sk->sk_err || sk->sk_state == TCP_CLOSE ||
			sk->sk_shutdown & RCV_SHUTDOWN || !timeo || signal_pending(current);
		return copied;
	}
	if (sock_flag(sk, SOCK_DONE))
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 0;
	if (sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;
	if (!timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(timeo);
	*stop = false;
	return 0;
}

static int rill_recvmsg_locked(struct sock *sk, struct msghdr *msg, size_t len, int flags,
			       struct rill_rx_stamp *rx)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 peek_seq = rs->copied_seq, offset = 0, used, skip;
	u32 *seq = flags & MSG_PEEK ? &peek_seq : &rs->copied_seq;
	struct sk_buff *skb;
	int copied = 0, target, ret;
	bool stop;
	long timeo;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	if (flags & MSG_OOB)
		return rill_urg_recv(sk, msg, len, flags);
	if (unlikely(rs->repair)) {
		/* what is read out stays where it is */
		if (!(flags & MSG_PEEK))
			return -EPERM;
		if (rs->repair_queue == TCP_SEND_QUEUE)
			return rill_repair_peek(sk, msg, len);
		if (rs->repair_queue == TCP_NO_QUEUE)
			return -EINVAL;
	}
	timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);
	peek_seq += max(sk_peek_offset(sk, flags), 0);
	do {
		if (rill_urg_stops(sk, *seq, &copied, timeo))
			break;
		skb = rill_find_byte(sk, *seq, &offset);
		if (!skb) {
			if (copied >= target && !READ_ONCE(sk->sk_backlog.tail))
				break;
			ret = rill_recv_empty(sk, copied, timeo, &stop);
			if (stop) {
				copied = ret;
				break;
			}
			if (copied >= target) {
				/* the backlog has some */
				release_sock(sk);
				lock_sock(sk);
			} else {
				rill_cleanup_rbuf(sk, copied);
				sk_wait_data(sk, &timeo, skb_peek_tail(&sk->sk_receive_queue));
			}
			/* what was to be peeked at may have been read meanwhile */
			if (unlikely(rill_before(*seq, rs->copied_seq)))
				*seq = rs->copied_seq;
			continue;
		}
		used = min_t(size_t, skb->len - offset, len);
		skip = 0;
		if (likely(used))
			used = rill_urg_read_span(sk, *seq, used, &skip);
		offset += skip;
		/* the urgent byte is passed even if what follows cannot be copied */
		if (unlikely(skip))
			WRITE_ONCE(*seq, *seq + skip);
		if (used && !(flags & MSG_TRUNC) && skb_copy_datagram_msg(skb, offset, msg, used)) {
			if (!copied)
				copied = -EFAULT;
			break;
		}
		WRITE_ONCE(*seq, *seq + used);
		copied += used;
		len -= used;
		rill_urg_passed(rs);
		if (unlikely(rx)) {
			rx->soft = skb->tstamp;
			rx->hard = skb_hwtstamps(skb)->hwtstamp;
		}
		if (flags & MSG_PEEK) {
			sk_peek_offset_fwd(sk, used);
			continue;
		}
		sk_peek_offset_bwd(sk, used);
		rill_rcvbuf_grow(sk);
		if (offset + used == skb->len)
			sk_eat_skb(sk, skb);
	} while (len);
	if (!(flags & MSG_PEEK))
		rill_cleanup_rbuf(sk, copied);
	return copied;
}

/* Bytes that a reader could have; the FIN is none. */
static int rill_readable(const struct rill_sock *rs)
{
	return READ_ONCE(rs->rcv_nxt) - READ_ONCE(rs->copied_seq) - rs->fin_rcvd;
}

/* What TCP_INQ tells after a read: the end of the stream counts as a byte. */
static int rill_inq_hint(const struct rill_sock *rs)
{
	return READ_ONCE(rs->rcv_nxt) - READ_ONCE(rs->copied_seq);
}

/**
 * rill_recvmsg() - struct proto's recvmsg
 * @sk: connection
 * @msg: where to
 * @len: how much at most
 * @flags: MSG_*
 * @addr_len: for the error queue
 *
 * Context: process.
 * Return: bytes, 0 at the end of the stream, or an errno of recv(2).
 */
int rill_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len)
{
	bool stamps = rill_stamp_rx_wanted(sk);
	struct rill_rx_stamp rx = { };
	int ret, inq;

	if (unlikely(flags & MSG_ERRQUEUE))
		return inet_recv_error(sk, msg, len, addr_len);
	if (sk_can_busy_loop(sk) && sk->sk_state == TCP_ESTABLISHED &&
	    skb_queue_empty_lockless(&sk->sk_receive_queue))
		sk_busy_loop(sk, flags & MSG_DONTWAIT);
	lock_sock(sk);
	ret = rill_recvmsg_locked(sk, msg, len, flags, stamps ? &rx : NULL);
	inq = rill_sk(sk)->cmsg_inq ? rill_inq_hint(rill_sk(sk)) : -1;
	release_sock(sk);
	if (unlikely(stamps) && ret >= 0)
		rill_stamp_rx_put(sk, msg, &rx);
	if (ret >= 0 && inq >= 0)
		put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(inq), &inq);
	return ret;
}

/* Room to write; if there is none, whoever frees some will tell (PO-12). */
static bool rill_poll_writeable(struct sock *sk)
{
	if (__sk_stream_is_writeable(sk, 1))
		return true;
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	/* against room that came between the test and the bit */
	smp_mb__after_atomic();
	return __sk_stream_is_writeable(sk, 1);
}

/**
 * rill_poll() - struct proto_ops' poll
 * @file: descriptor
 * @sock: socket
 * @wait: poll table
 *
 * PO-1 to PO-10.
 *
 * Context: process.
 * Return: EPOLL*.
 */
__poll_t rill_poll(struct file *file, struct socket *sock, poll_table *wait)
{
	struct sock *sk = sock->sk;
	const struct rill_sock *rs = rill_sk(sk);
	__poll_t mask = 0;
	int state, unread;
	u8 shut;

	sock_poll_wait(file, sock, wait);
	state = inet_sk_state_load(sk);
	if (state == TCP_LISTEN)
		return READ_ONCE(rs->listen.accept_head) ? EPOLLIN | EPOLLRDNORM : 0;

	shut = READ_ONCE(sk->sk_shutdown);
	if (shut == SHUTDOWN_MASK || state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (shut & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (state != TCP_SYN_SENT && (state != TCP_SYN_RECV || rill_fastopen_early(sk))) {
		unread = rill_readable(rs);
		/* what a read leaves out is nothing to read */
		if (rill_urg_at_mark(rs, READ_ONCE(rs->copied_seq)) &&
		    !sock_flag(sk, SOCK_URGINLINE))
			unread--;
		if (rill_read_ready(sk, unread, sock_rcvlowat(sk, 0, INT_MAX)))
			mask |= EPOLLIN | EPOLLRDNORM;
		mask |= rill_urg_poll(rs);
		if (shut & SEND_SHUTDOWN || rill_poll_writeable(sk))
			mask |= EPOLLOUT | EPOLLWRNORM;
	} else if (state == TCP_SYN_SENT && rill_defer_connect(sk)) {
		mask |= EPOLLOUT | EPOLLWRNORM;	/* a write would connect */
	}
	/* pairs with smp_wmb() in rill_reset_received() */
	smp_rmb();
	if (READ_ONCE(sk->sk_err) || !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	return mask;
}

/**
 * rill_inq() - SIOCINQ: bytes not yet read
 * @sk: not a listener
 *
 * Context: the socket lock is held.
 * Return: bytes, up to an urgent mark; IO-1: the FIN is none.
 */
int rill_inq(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);

	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		return 0;
	if (rs->urg_state != RILL_URG_NONE && !sock_flag(sk, SOCK_URGINLINE))
		return rill_urg_until(rs->urg_seq, rs->copied_seq, rs->rcv_nxt - rs->fin_rcvd);
	return rill_readable(rs);
}

/**
 * rill_outq() - SIOCOUTQ: bytes not yet acknowledged
 * @sk: not a listener
 *
 * Context: the socket lock is held.
 * Return: bytes; IO-2: 0 in SYN states.
 */
int rill_outq(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);

	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		return 0;
	return READ_ONCE(rs->write_seq) - READ_ONCE(rs->snd_una);
}
