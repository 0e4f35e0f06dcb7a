// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: the headers of a SYN, which TCP_SAVE_SYN has a listener keep for
 * TCP_SAVED_SYN of the connection (TO-14).
 */
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/tcp.h>

#include "proto.h"
#include "table.h"

/**
 * rill_save_syn() - the headers, if the listener wants them
 * @sk: listener
 * @skb: the SYN
 *
 * Context: softirqs off.
 * Return: for kfree(); NULL when they are not wanted, or without memory.
 */
struct rill_saved_syn *rill_save_syn(const struct sock *sk, const struct sk_buff *skb)
{
	u32 len = skb_network_header_len(skb) + tcp_hdr(skb)->doff * 4;
	const u8 *from = skb_network_header(skb);
	struct rill_saved_syn *syn;

	if (likely(!rill_sk(sk)->save_syn))
		return NULL;
	if (rill_sk(sk)->save_syn == 2) {
		len += skb_mac_header_len(skb);
		from = skb_mac_header(skb);
	}
	syn = kmalloc(struct_size(syn, data, len), GFP_ATOMIC | __GFP_NOWARN);
	if (!syn)
		return NULL;
	syn->len = len;
	memcpy(syn->data, from, len);
	return syn;
}

/**
 * rill_child_keep_syn() - a child has what its mini-socket saved of the SYN
 * @child: of rill_child(), nobody else knows it
 * @req: mini-socket
 *
 * Of all children that are made of one mini-socket this is for the one that
 * takes its place.
 *
 * Context: softirqs off.
 */
void rill_child_keep_syn(struct sock *child, struct rill_mini *req)
{
	rill_sk(child)->saved_syn = req->saved_syn;
	req->saved_syn = NULL;
}
