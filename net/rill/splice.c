// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: giving received pages to a pipe.
 */
#include <linux/skbuff.h>
#include <net/sock.h>

#include "core/urg.h"
#include "proto.h"

/*
 * Move what has come to the pipe, up to an urgent mark: only recv steps over
 * one, as in Linux. Returns bytes, 0 when there are none, or what the pipe says.
 */
static int rill_splice_queue(struct sock *sk, struct pipe_inode_info *pipe, size_t len,
			     unsigned int flags)
{
	struct rill_sock *rs = rill_sk(sk);
	int done = 0, ret = 0, n;
	struct sk_buff *skb;
	u32 offset;

	while (done < len) {
		skb = rill_find_byte(sk, rs->copied_seq, &offset);
		if (!skb)
			break;
		n = min_t(size_t, skb->len - offset, len - done);
		if (unlikely(rs->urg_state != RILL_URG_NONE))
			n = rill_urg_until(rs->urg_seq, rs->copied_seq, rs->copied_seq + n);
		if (!n)
			break;
		ret = skb_splice_bits(skb, sk, offset, pipe, n, flags);
		if (ret <= 0)
			break;
		WRITE_ONCE(rs->copied_seq, rs->copied_seq + ret);
		done += ret;
		rill_rcvbuf_grow(sk);
		if (offset + ret == skb->len)
			sk_eat_skb(sk, skb);
	}
	if (!done)
		return ret;
	rill_cleanup_rbuf(sk, done);
	return done;
}

static int rill_splice_locked(struct sock *sk, struct pipe_inode_info *pipe, size_t len,
			      long timeo, unsigned int flags)
{
	size_t done = 0;
	bool stop;
	int ret;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	while (done < len) {
		ret = rill_splice_queue(sk, pipe, len - done, flags);
		if (ret > 0) {
			done += ret;
			/* the backlog may have more */
			release_sock(sk);
			lock_sock(sk);
			continue;
		}
		if (done || ret < 0)
			return done ? : ret;
		ret = rill_recv_empty(sk, 0, timeo, &stop);
		/* what is there and was not moved lies behind an urgent mark */
		if (stop || !skb_queue_empty(&sk->sk_receive_queue))
			return ret;
		sk_wait_data(sk, &timeo, NULL);
	}
	return done;
}

/**
 * rill_splice_read() - struct proto_ops' splice_read
 * @sock: socket
 * @ppos: must be 0, a stream has no position
 * @pipe: where to, locked
 * @len: how much at most
 * @flags: SPLICE_F_*; they are about the pipe, O_NONBLOCK is about the socket
 *
 * Context: process.
 * Return: bytes, 0 at the end of the stream or at an urgent mark, or an errno
 * of splice(2).
 */
ssize_t rill_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
			 size_t len, unsigned int flags)
{
	struct sock *sk = sock->sk;
	ssize_t ret;

	if (*ppos)
		return -ESPIPE;
	len = min_t(size_t, len, INT_MAX);
	lock_sock(sk);
	ret = rill_splice_locked(sk, pipe, len,
				 sock_rcvtimeo(sk, sock->file->f_flags & O_NONBLOCK), flags);
	release_sock(sk);
	return ret;
}
