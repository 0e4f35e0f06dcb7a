// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: send.
 */
#include <linux/uio.h>
#include <net/tcp.h>

#include "core/seq.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"

static struct sk_buff *rill_alloc_data(struct sock *sk)
{
	struct sk_buff *skb = alloc_skb_fclone(RILL_MAX_HEADER, sk->sk_allocation);

	if (!skb)
		return NULL;
	if (!sk_wmem_schedule(sk, skb->truesize)) {
		__kfree_skb(skb);
		return NULL;
	}
	skb_reserve(skb, RILL_MAX_HEADER);
	__skb_header_release(skb);
	skb->ip_summed = CHECKSUM_PARTIAL;
	memset(skb->cb, 0, sizeof(struct rill_skb_cb));
	return skb;
}

/* Append an empty segment to the send queue. */
static void rill_queue_new(struct sock *sk, struct sk_buff *skb)
{
	struct rill_sock *rs = rill_sk(sk);

	RILL_SEQ(skb) = rs->write_seq;
	RILL_END(skb) = rs->write_seq;
	if (skb_queue_empty(&sk->sk_write_queue))
		rill_chrono_start(&rs->chrono, RILL_CHRONO_BUSY, (u32)jiffies);
	__skb_queue_tail(&sk->sk_write_queue, skb);
	sk_wmem_queued_add(sk, skb->truesize);
	sk_mem_charge(sk, skb->truesize);
}

/* The last segment of the queue, if it takes more of a kind, else NULL. */
static struct sk_buff *rill_open_tail(struct sock *sk, u32 goal, const struct ubuf_info *uarg)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (!skb || RILL_CB(skb)->sent & RILL_SENT_SEALED || skb->len >= goal ||
	    skb_zcopy(skb) != uarg)
		return NULL;
	return skb;
}

/*
 * Copy some of the message to the end of skb. Returns bytes, 0 when a new
 * segment is needed, -ENOMEM when memory is, or -EFAULT.
 */
static int rill_copy_some(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, u32 goal)
{
	int i = skb_shinfo(skb)->nr_frags, copy, err;
	struct page_frag *pfrag = sk_page_frag(sk);
	bool merge = true;

	if (!sk_page_frag_refill(sk, pfrag))
		return -ENOMEM;
	if (!skb_can_coalesce(skb, i, pfrag->page, pfrag->offset)) {
		if (i >= MAX_SKB_FRAGS) {
			RILL_CB(skb)->sent |= RILL_SENT_SEALED;
			return 0;
		}
		merge = false;
	}
	copy = min_t(int, min_t(size_t, msg_data_left(msg), goal - skb->len),
		     pfrag->size - pfrag->offset);
	if (!sk_wmem_schedule(sk, copy))
		return -ENOMEM;
	err = skb_copy_to_page_nocache(sk, &msg->msg_iter, skb, pfrag->page, pfrag->offset, copy);
	if (err)
		return err;
	if (merge) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], copy);
	} else {
		skb_fill_page_desc(skb, i, pfrag->page, pfrag->offset, copy);
		page_ref_inc(pfrag->page);
	}
	pfrag->offset += copy;
	return copy;
}

/* An empty segment at the tail stands for nothing. */
static void rill_drop_empty_tail(struct sock *sk)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (!skb || skb->len)
		return;
	__skb_unlink(skb, &sk->sk_write_queue);
	rill_wmem_free(sk, skb);
	if (skb_queue_empty(&sk->sk_write_queue))
		rill_chrono_stop(&rill_sk(sk)->chrono, RILL_CHRONO_BUSY, true, (u32)jiffies);
}

/*
 * Fill one stretch of a segment, without copying when there is a uarg or
 * MSG_SPLICE_PAGES; see rill_copy_some() for what it returns.
 */
static int rill_fill(struct sock *sk, struct msghdr *msg, u32 goal, struct ubuf_info *uarg)
{
	struct sk_buff *skb = rill_open_tail(sk, goal, uarg);
	struct rill_sock *rs = rill_sk(sk);
	int ret;

	if (!skb) {
		/* sk_stream_memory_free(), without the way through struct proto */
		if (sk->sk_wmem_queued >= READ_ONCE(sk->sk_sndbuf) ||
		    !rill_stream_memory_free(sk, 0))
			return -ENOMEM;
		skb = rill_alloc_data(sk);
		if (!skb)
			return -ENOMEM;
		rill_queue_new(sk, skb);
	}
	if (unlikely(uarg))
		ret = rill_zerocopy_some(sk, skb, msg, goal, uarg);
	else if (unlikely(msg->msg_flags & MSG_SPLICE_PAGES))
		ret = rill_splice_some(sk, skb, msg, goal);
	else
		ret = rill_copy_some(sk, skb, msg, goal);
	if (ret <= 0)
		return ret;
	WRITE_ONCE(rs->write_seq, rs->write_seq + ret);
	RILL_END(skb) += ret;
	if (!rs->send_head)
		rs->send_head = skb;
	/*
	 * The end of the message leaves with what is to be said of it; MSG_OOB:
	 * nothing does before it is known which byte is urgent.
	 */
	if (skb->len >= goal && msg_data_left(msg) && !(msg->msg_flags & MSG_OOB))
		rill_push(sk, false);
	return ret;
}

/* The delivery rate is to know when the program gives less than could leave. */
static void rill_note_idle(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 pipe = rill_pipe(rs);

	if (rs->write_seq - rs->snd_nxt < rill_mss_now(rs) && pipe < rs->cong.cwnd &&
	    !rs->board.lost_len && sk_wmem_alloc_get(sk) < SKB_TRUESIZE(1))
		rill_rate_limited(&rs->rate, pipe);
}

/**
 * rill_queue_syn_data() - let the send queue have what a SYN takes along
 * @sk: in SYN_SENT, with an empty send queue
 * @msg: whose beginning that is
 * @max: how much at most
 *
 * Context: process; the socket lock is held.
 * Return: bytes, 0 also without memory.
 */
u32 rill_queue_syn_data(struct sock *sk, struct msghdr *msg, u32 max)
{
	u32 done = 0;
	int n;

	while (done < max && msg_data_left(msg)) {
		n = rill_fill(sk, msg, max, NULL);
		if (n <= 0)
			break;
		done += n;
	}
	rill_drop_empty_tail(sk);
	return done;
}

static int rill_sendmsg_locked(struct sock *sk, struct msghdr *msg)
{
	struct rill_sock *rs = rill_sk(sk);
	int flags = msg->msg_flags, copied = 0, err;
	u32 goal, tsflags = READ_ONCE(sk->sk_tsflags);
	struct ubuf_info *uarg;
	long timeo;

	err = rill_zerocopy_begin(sk, msg, &uarg);
	if (err)
		goto failed;
	if (unlikely(flags & MSG_FASTOPEN || rill_defer_connect(sk)) && !rs->repair) {
		err = rill_fastopen_sendmsg(sk, msg, &copied);
		if (err)
			goto failed;
	}
	timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	if (!((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT)) &&
	    !(sk->sk_state == TCP_SYN_RECV && rill_fastopen_early(sk))) {
		err = sk_stream_wait_connect(sk, &timeo);
		if (err)
			goto failed;
	}
	if (unlikely(rs->repair)) {
		if (rs->repair_queue == TCP_RECV_QUEUE) {
			net_zcopy_put_abort(uarg, true);
			return rill_repair_receive(sk, msg);
		}
		err = -EINVAL;
		if (rs->repair_queue == TCP_NO_QUEUE)
			goto failed;
	}
	if (unlikely(msg->msg_controllen)) {
		err = rill_stamp_cmsg(sk, msg, &tsflags);
		if (err)
			goto failed;
	}
	if (unlikely(tsflags & SOF_TIMESTAMPING_OPT_ID))
		rill_stamp_count(sk);
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	goal = rill_size_goal(sk);
	err = -EPIPE;
	if (sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN)
		goto failed;

	rill_note_idle(sk);
	/* until the end of the message there is more to come */
	rs->more = 1;
	while (msg_data_left(msg)) {
		err = rill_fill(sk, msg, goal, uarg);
		if (err >= 0) {
			copied += err;
			continue;
		}
		if (err != -ENOMEM)
			goto failed;
		/* wait for memory, after all that may leave has left */
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		rs->more = 0;
		if (copied && flags & MSG_OOB)
			rill_urg_sent(rs);
		rill_push(sk, false);
		err = sk_stream_wait_memory(sk, &timeo);
		if (err)
			goto failed;
		rs->more = 1;
		goal = rill_size_goal(sk);
		err = -EPIPE;
		if (sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN)
			goto failed;
	}
	err = 0;
failed:
	rill_drop_empty_tail(sk);
	rs->more = copied && !err && flags & MSG_MORE;
	if (copied) {
		if (flags & MSG_OOB)
			rill_urg_sent(rs);
		if (unlikely(tsflags || flags & MSG_EOR))
			rill_stamp_message(sk, tsflags, flags & MSG_EOR && !err);
		rill_push(sk, false);
		net_zcopy_put(uarg);
		/* for this call alone: the next ACK may let out what it held */
		rs->more = 0;
		return copied;
	}
	net_zcopy_put_abort(uarg, true);
	if (!err)
		return 0;
	err = sk_stream_error(sk, flags, err);
	/* an edge-triggered waiter must hear of room that came meanwhile */
	if (err == -EAGAIN && skb_queue_empty(&sk->sk_write_queue))
		sk->sk_write_space(sk);
	return err;
}

/**
 * rill_sendmsg() - struct proto's sendmsg
 * @sk: connection
 * @msg: what to send
 * @size: how much
 *
 * Context: process.
 * Return: bytes queued, or an errno of send(2).
 */
int rill_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	msg->msg_flags &= ~RILL_MSG_INTERNAL;
	return rill_sendmsg_pages(sk, msg);
}

/**
 * rill_sendmsg_pages() - the same for who may say MSG_SPLICE_PAGES
 * @sk: connection
 * @msg: what to send
 *
 * Context: process.
 * Return: bytes queued, or an errno of send(2).
 */
int rill_sendmsg_pages(struct sock *sk, struct msghdr *msg)
{
	int ret;

	lock_sock(sk);
	ret = rill_sendmsg_locked(sk, msg);
	release_sock(sk);
	return ret;
}

/**
 * rill_stream_memory_free() - struct proto's stream_memory_free
 * @sk: connection
 * @wake: 1: for who is to be woken, which takes half of it
 *
 * TO-13: what is not sent yet is bounded by TCP_NOTSENT_LOWAT.
 *
 * Context: any.
 * Return: whether more may be queued.
 */
bool rill_stream_memory_free(const struct sock *sk, int wake)
{
	const struct rill_sock *rs = rill_sk(sk);
	u32 notsent = READ_ONCE(rs->write_seq) - READ_ONCE(rs->snd_nxt);
	u32 lowat = READ_ONCE(rs->notsent_lowat) ? :
		    READ_ONCE(rill_net(sock_net(sk))->notsent_lowat);

	return notsent << wake < lowat;
}

/**
 * rill_write_space() - sk_write_space: tell writers that a third is free
 * @sk: connection
 *
 * Context: any.
 */
void rill_write_space(struct sock *sk)
{
	struct socket *sock = sk->sk_socket;
	struct socket_wq *wq;

	if (!sock || !__sk_stream_is_writeable(sk, 1))
		return;
	clear_bit(SOCK_NOSPACE, &sock->flags);
	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND);
	if (wq && wq->fasync_list && !(sk->sk_shutdown & SEND_SHUTDOWN))
		sock_wake_async(wq, SOCK_WAKE_SPACE, POLL_OUT);
	rcu_read_unlock();
}
