// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: how pages come from splice in kernels before 6.5, one by one. What
 * is newer gives them to sendmsg as MSG_SPLICE_PAGES, which is made of it here.
 */
#include <linux/bvec.h>
#include <linux/skbuff.h>
#include <net/sock.h>

#include "compat.h"
#include "proto.h"

/**
 * rill_splice_from_iter() - share the next pages of an iterator with an skb
 * @skb: where they go
 * @iter: one that rill_sendpage() made
 * @max: how many bytes at most
 * @gfp: unused
 *
 * Context: any.
 * Return: bytes, or -EMSGSIZE when @skb has no room for a page.
 */
ssize_t rill_splice_from_iter(struct sk_buff *skb, struct iov_iter *iter, ssize_t max, gfp_t gfp)
{
	const struct bio_vec *bv = iter->bvec;
	int err;

	err = skb_append_pagefrags(skb, bv->bv_page, bv->bv_offset + iter->iov_offset, max);
	if (err)
		return err;
	skb_len_add(skb, max);
	iov_iter_advance(iter, max);
	return max;
}

/**
 * rill_sendpage() - struct proto's sendpage
 * @sk: connection
 * @page: page, or the first of a compound one
 * @offset: where in it
 * @size: how many bytes
 * @flags: MSG_*
 *
 * Context: process.
 * Return: bytes queued, or an errno of send(2).
 */
int rill_sendpage(struct sock *sk, struct page *page, int offset, size_t size, int flags)
{
	struct bio_vec bv = { .bv_page = page, .bv_len = size, .bv_offset = offset };
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };

	/* slab memory has an owner that counts no references */
	if (!sendpage_ok(page))
		return sock_no_sendpage(sk->sk_socket, page, offset, size, flags);
	if (flags & MSG_SENDPAGE_NOTLAST)
		msg.msg_flags |= MSG_MORE;
	iov_iter_bvec(&msg.msg_iter, WRITE, &bv, 1, size);
	return rill_sendmsg_pages(sk, &msg);
}
