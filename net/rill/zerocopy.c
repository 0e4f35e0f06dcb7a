// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: sending the program's own pages, and those that splice brings.
 *
 * The kernel's ubuf_info counts who still needs the pages of a MSG_ZEROCOPY
 * send and tells the program when nobody does. A queued segment holds a
 * reference, a clone of it shares that one, and every new skb that is given
 * pages of it takes one more: what was sent again and waits in a device keeps
 * the pages as long as the queue does (ZC-3).
 *
 * A segment of the queue has pages of one ubuf_info, or only such as have none.
 */
#include <linux/skbuff.h>
#include <net/tcp.h>

#include "compat.h"
#include "proto.h"

/**
 * rill_zerocopy_set() - SO_ZEROCOPY: may MSG_ZEROCOPY mean something?
 * @sk: socket
 * @optval: value
 * @optlen: its length
 *
 * The kernel's own refuses sockets that are not TCP's.
 *
 * Context: process.
 * Return: 0 or an errno of setsockopt(2).
 */
int rill_zerocopy_set(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	int val;

	if (optlen < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (val < 0 || val > 1)
		return -EINVAL;
	lock_sock(sk);
	sock_valbool_flag(sk, SOCK_ZEROCOPY, val);
	release_sock(sk);
	return 0;
}

/**
 * rill_zerocopy_begin() - who is told when the pages of a message are free
 * @sk: connection
 * @msg: what is to be sent
 * @uarg: out: with a reference, or NULL when the bytes are to be copied
 *
 * ZC-1: without SO_ZEROCOPY they are, unless the caller, io_uring, watches its
 * pages itself.
 *
 * Context: process; the socket lock is held.
 * Return: 0, or -ENOBUFS: too many completions were not read.
 */
int rill_zerocopy_begin(struct sock *sk, struct msghdr *msg, struct ubuf_info **uarg)
{
	struct sk_buff *tail = NULL;

	*uarg = NULL;
	if (likely(!(msg->msg_flags & MSG_ZEROCOPY)) || !msg_data_left(msg))
		return 0;
	if (msg->msg_ubuf) {
		*uarg = msg->msg_ubuf;
		net_zcopy_get(*uarg);
		return 0;
	}
	if (!sock_flag(sk, SOCK_ZEROCOPY))
		return 0;
	/* sends that leave together are completed together */
	if (rill_sk(sk)->send_head)
		tail = skb_peek_tail(&sk->sk_write_queue);
	*uarg = msg_zerocopy_realloc(sk, msg_data_left(msg), skb_zcopy(tail));
	return *uarg ? 0 : -ENOBUFS;
}

/* An skb that can take no more of the kind; one that is empty never will. */
static int rill_full(struct sk_buff *skb, int err)
{
	if (!skb->len)
		return err;
	RILL_CB(skb)->sent |= RILL_SENT_SEALED;
	return 0;
}

/**
 * rill_zerocopy_some() - put pages of the program at the end of a segment
 * @sk: connection
 * @skb: segment, empty or with pages of @uarg
 * @msg: where they come from
 * @goal: how long the segment may get
 * @uarg: what rill_zerocopy_begin() gave
 *
 * Context: process; the socket lock is held.
 * Return: bytes, 0 when a new segment is needed, -ENOMEM when memory is, or an
 * errno of send(2).
 */
int rill_zerocopy_some(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, u32 goal,
		       struct ubuf_info *uarg)
{
	int len = min_t(size_t, msg_data_left(msg), goal - skb->len);

	if (!sk_wmem_schedule(sk, len))
		return -ENOMEM;
	len = skb_zerocopy_iter_stream(sk, skb, msg, len, uarg);
	if (len == -EMSGSIZE || len == -EEXIST)
		return rill_full(skb, len);
	return len;
}

/**
 * rill_splice_some() - put pages that are in the kernel at the end of a segment
 * @sk: connection
 * @skb: segment without a ubuf_info
 * @msg: where they come from, MSG_SPLICE_PAGES
 * @goal: how long the segment may get
 *
 * Context: process; the socket lock is held.
 * Return: as rill_zerocopy_some().
 */
int rill_splice_some(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, u32 goal)
{
	int len = min_t(size_t, msg_data_left(msg), goal - skb->len);

	if (!sk_wmem_schedule(sk, len))
		return -ENOMEM;
	len = rill_splice_from_iter(skb, &msg->msg_iter, len, sk->sk_allocation);
	if (len == -EMSGSIZE)
		return rill_full(skb, len);
	if (len <= 0)
		return len;
	/* whoever owns the page may write to it before it has left */
	if (!(msg->msg_flags & MSG_NO_SHARED_FRAGS))
		skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
	sk_wmem_queued_add(sk, len);
	sk_mem_charge(sk, len);
	return len;
}

/**
 * rill_splice_eof() - struct proto's splice_eof: less came than MSG_MORE promised
 * @sock: socket
 *
 * Context: process.
 */
void rill_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (!READ_ONCE(rill_sk(sk)->send_head))
		return;
	lock_sock(sk);
	rill_sk(sk)->more = 0;
	rill_push(sk, false);
	release_sock(sk);
}
