// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: a segment's data and FIN: RFC 9293, 3.10.7.4, seventh and eighth.
 */
#include <net/tcp.h>

#include "core/reasm.h"
#include "core/sack.h"
#include "core/seq.h"
#include "netns.h"
#include "proto.h"
#include "wire_udp.h"
#include "trace.h"

static struct sk_buff *rill_node_skb(struct rill_reasm_node *node)
{
	struct rill_skb_cb *cb = container_of(node, struct rill_skb_cb, node);

	return container_of((char (*)[sizeof_field(struct sk_buff, cb)])cb, struct sk_buff, cb);
}

static void rill_ofo_drop(struct sock *sk, struct sk_buff *skb, enum rill_mib why)
{
	rill_sk(sk)->ofo_bytes -= skb->truesize;
	rill_drop(sk, skb, why);
}

static void rill_ofo_covered(struct rill_reasm_node *node, void *arg)
{
	rill_ofo_drop(arg, rill_node_skb(node), RILL_DROP_OFO_DUP);
}

/**
 * rill_ofo_purge() - forget what came out of order
 * @sk: connection
 *
 * Context: the socket lock is held.
 */
void rill_ofo_purge(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_reasm_node *node;

	while ((node = rill_reasm_first(&rs->ofo))) {
		rill_reasm_remove(&rs->ofo, node);
		rill_ofo_drop(sk, rill_node_skb(node), RILL_DROP_OFO_PRUNED);
	}
	rs->sack.nr = 0;
}

/* What was out of order is delivered, or gone: no block may name it. */
static void rill_sack_forget(struct rill_sock *rs)
{
	if (rs->sack_ok)
		rill_sack_update(&rs->sack, &rs->ofo, rs->rcv_nxt);
}

/* The peer cannot send much, or does so in vain: it needs each ACK at once. */
static void rill_quick_acks(struct rill_sock *rs)
{
	rs->quickack = RILL_QUICKACKS;
	rs->pingpong = 0;
}

/* Bytes came twice: the next ACK says so, at once and once (RFC 2883). */
static void rill_dsack(struct sock *sk, u32 seq, u32 end, enum rill_mib why)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->out |= RILL_OUT_ACK_NOW;
	rill_quick_acks(rs);
	if (!rs->sack_ok || !READ_ONCE(rill_net(sock_net(sk))->dsack))
		return;
	rill_sack_dup(&rs->sack, seq, end);
	rill_mib_inc(sock_net(sk), why);
}

/* DSACK-2I, DSACK-3I: what of a segment is held out of order already. */
static void rill_dsack_held(struct sock *sk, u32 seq, u32 end)
{
	u32 from, to;

	if (rill_reasm_overlap(&rill_sk(sk)->ofo, seq, end, &from, &to))
		rill_dsack(sk, from, to, RILL_MIB_DSACK_OFO_SENT);
}

/**
 * rill_data_old() - a segment begins with what was received in order before
 * @sk: connection
 * @seq: its first sequence number, before rcv_nxt
 * @end: the sequence number after its last one
 *
 * Context: the socket lock is held.
 */
void rill_data_old(struct sock *sk, u32 seq, u32 end)
{
	struct rill_sock *rs = rill_sk(sk);

	rill_mib_inc(sock_net(sk), RILL_MIB_DUP_SEGS_RCVD);
	if (seq != end)
		rill_dsack(sk, seq, rill_seq_min(end, rs->rcv_nxt), RILL_MIB_DSACK_OLD_SENT);
}

/* What was merged is as old as the last of it. */
static void rill_merge_stamp(struct sk_buff *to, struct sk_buff *skb)
{
	if (skb->tstamp || skb_hwtstamps(skb)->hwtstamp) {
		to->tstamp = skb->tstamp;
		skb_hwtstamps(to)->hwtstamp = skb_hwtstamps(skb)->hwtstamp;
	}
}

/* The first segment that rill_collapse() has not looked at. */
static struct sk_buff *rill_collapse_start(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct sk_buff *skb, *start = NULL;

	if (!rill_between(rs->collapsed, rs->copied_seq, rs->rcv_nxt))
		rs->collapsed = rs->copied_seq;
	skb_queue_reverse_walk(&sk->sk_receive_queue, skb) {
		if (rill_before(RILL_SEQ(skb), rs->collapsed))
			break;
		start = skb;
	}
	return start;
}

static struct sk_buff *rill_collapse_into(struct sock *sk, struct sk_buff *before)
{
	struct sk_buff *skb = alloc_skb(SKB_WITH_OVERHEAD(PAGE_SIZE), GFP_ATOMIC | __GFP_NOWARN);

	if (!skb)
		return NULL;
	if (!sk_rmem_schedule(sk, skb, skb->truesize)) {
		kfree_skb(skb);
		return NULL;
	}
	memset(skb->cb, 0, sizeof(struct rill_skb_cb));
	RILL_SEQ(skb) = RILL_SEQ(before);
	__skb_queue_before(&sk->sk_receive_queue, before, skb);
	skb_set_owner_r(skb, sk);
	return skb;
}

/*
 * Segments may cost several times what they carry. A window was promised for
 * what they carry, so when the buffer is full they are copied into whole
 * pages. Each byte is moved once: collapsed is how far that has come.
 */
static void rill_collapse(struct sock *sk)
{
	struct sk_buff *skb = rill_collapse_start(sk), *next, *to = NULL;
	struct rill_sock *rs = rill_sk(sk);

	for (; skb; skb = next) {
		next = skb_queue_is_last(&sk->sk_receive_queue, skb) ? NULL :
		       skb_queue_next(&sk->sk_receive_queue, skb);
		rs->collapsed = RILL_END(skb);
		if (skb->truesize <= skb->len + skb->len / 4 || skb->len > PAGE_SIZE / 2) {
			to = NULL;
			continue;
		}
		if (!to || RILL_END(to) != RILL_SEQ(skb) || skb_tailroom(to) < skb->len) {
			to = rill_collapse_into(sk, skb);
			if (!to)
				return;
		}
		skb_copy_bits(skb, 0, skb_put(to, skb->len), skb->len);
		RILL_END(to) = RILL_END(skb);
		RILL_CB(to)->flags |= RILL_CB(skb)->flags;
		rill_merge_stamp(to, skb);
		__skb_unlink(skb, &sk->sk_receive_queue);
		consume_skb(skb);
	}
}

/*
 * Room for skb in the receive buffer? What came out of order makes way from
 * its far end (it was promised to nobody, SACK-8M).
 */
static bool rill_rmem_admit(struct sock *sk, struct sk_buff *skb)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_reasm_node *node;
	bool collapsed = false;

	for (;;) {
		if (atomic_read(&sk->sk_rmem_alloc) <= sk->sk_rcvbuf &&
		    sk_rmem_schedule(sk, skb, skb->truesize))
			return true;
		if (!collapsed) {
			rill_collapse(sk);
			collapsed = true;
			continue;
		}
		node = rill_reasm_last(&rs->ofo);
		if (!node || !rill_after(node->seq, RILL_SEQ(skb)))
			return false;
		rill_reasm_remove(&rs->ofo, node);
		rill_ofo_drop(sk, rill_node_skb(node), RILL_DROP_OFO_PRUNED);
		rill_sack_forget(rs);
	}
}

/* Does the last segment that waits for the reader have room for this one, uncharged? */
static bool rill_tail_takes(const struct sk_buff *tail, const struct sk_buff *skb)
{
	return tail && RILL_END(tail) == RILL_SEQ(skb) && !tcp_hdr(skb)->fin &&
	       !skb_is_nonlinear(tail) && !skb_cloned(tail) && skb_tailroom(tail) >= skb->len;
}

/* Put in-order data where recvmsg finds it. Eats skb. */
static void rill_queue_tail(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	struct rill_sock *rs = rill_sk(sk);
	bool stolen;
	int delta;

	rs->bytes_received += RILL_END(skb) - rs->rcv_nxt - !!(RILL_CB(skb)->flags & TCPHDR_FIN);
	WRITE_ONCE(rs->rcv_nxt, RILL_END(skb));
	if (!skb->len) {
		/* a FIN counts to the data that waits before it */
		if (tail && RILL_END(tail) == RILL_SEQ(skb))
			rill_merge_stamp(tail, skb);
		consume_skb(skb);
		return;
	}
	if (rill_tail_takes(tail, skb)) {
		skb_copy_bits(skb, 0, skb_put(tail, skb->len), skb->len);
		RILL_END(tail) = RILL_END(skb);
		rill_merge_stamp(tail, skb);
		consume_skb(skb);
		return;
	}
	if (tail && RILL_END(tail) == RILL_SEQ(skb) && !tcp_hdr(skb)->fin &&
	    skb_try_coalesce(tail, skb, &stolen, &delta)) {
		atomic_add(delta, &sk->sk_rmem_alloc);
		sk_mem_charge(sk, delta);
		RILL_END(tail) = RILL_END(skb);
		rill_merge_stamp(tail, skb);
		skb_orphan(skb);
		kfree_skb_partial(skb, stolen);
		return;
	}
	__skb_queue_tail(&sk->sk_receive_queue, skb);
	if (!skb->destructor)
		skb_set_owner_r(skb, sk);
}

/* Eighth, the FIN bit: all before it has arrived (C32, SM-21). */
static void rill_fin(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->fin_rcvd = 1;
	rs->out |= RILL_OUT_ACK_NOW;
	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | RCV_SHUTDOWN);
	sock_set_flag(sk, SOCK_DONE);
	rill_set_state(sk, RILL_EV_RCV_FIN);
	rill_ofo_purge(sk);
	if (!sock_flag(sk, SOCK_DEAD)) {
		sk->sk_state_change(sk);
		/* POLL_HUP only when neither side will send again */
		if (sk->sk_shutdown == SHUTDOWN_MASK || sk->sk_state == TCP_CLOSE)
			sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_HUP);
		else
			sk_wake_async(sk, SOCK_WAKE_WAITD, POLL_IN);
	}
}

/* What was out of order and now is not. Returns whether a FIN was in it. */
static bool rill_ofo_drain(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_reasm_node *node;
	struct sk_buff *skb;
	bool fin = false;

	while ((node = rill_reasm_pop(&rs->ofo, rs->rcv_nxt))) {
		skb = rill_node_skb(node);
		rs->out |= RILL_OUT_ACK_NOW;	/* CC-6S: a hole was filled */
		if (!rill_after(node->end, rs->rcv_nxt)) {
			rill_ofo_drop(sk, skb, RILL_DROP_OFO_DUP);
			continue;
		}
		rs->ofo_bytes -= skb->truesize;
		fin = RILL_CB(skb)->flags & TCPHDR_FIN;
		rill_queue_tail(sk, skb);
		if (fin)
			break;
	}
	rill_sack_forget(rs);
	return fin;
}

/* Not to be delayed: as the program or the route wishes, or while a peer starts. */
static bool rill_ack_quickly(struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);
	const struct dst_entry *dst = __sk_dst_get(sk);

	return (rs->quickack && !rs->pingpong) || (dst && dst_metric(dst, RTAX_QUICKACK));
}

/*
 * An ACK for new data: at once for every second full segment, else late. A
 * peer that was idle starts from a small window again.
 */
static void rill_schedule_ack(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	if (time_after(jiffies, rs->last_rcv + rill_rto(sk)))
		rs->quickack = RILL_QUICKACKS;
	if (rs->rcv_nxt - rs->rcv_wup > rs->rcv_mss ||		/* SHLD-19 */
	    rill_ack_quickly(sk) || !rill_reasm_empty(&rs->ofo))
		rs->out |= RILL_OUT_ACK_NOW;
	else
		rs->out |= RILL_OUT_ACK_LATER;
	rs->last_rcv = jiffies;
	rill_udp_heard(sk);
}

/**
 * rill_data_ready() - wake readers if there is enough for them
 * @sk: connection
 *
 * Context: the socket lock is held. RX-6.
 */
void rill_data_ready(struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);

	if (rill_read_ready(sk, rs->rcv_nxt - rs->copied_seq, sk->sk_rcvlowat) ||
	    sock_flag(sk, SOCK_DONE))
		sk->sk_data_ready(sk);
}

static void rill_data_in_order(struct sock *sk, struct sk_buff *skb)
{
	struct rill_sock *rs = rill_sk(sk);
	bool fin = RILL_CB(skb)->flags & TCPHDR_FIN;
	bool text = RILL_END(skb) - fin != rs->rcv_nxt;

	if (text && !rill_rcv_window(rs)) {
		rs->out |= RILL_OUT_ACK_NOW;
		rill_drop(sk, skb, RILL_DROP_WINDOW);
		return;
	}
	/* what the window promised may still fit where the last segment ends */
	if (!rill_rmem_admit(sk, skb) &&
	    !rill_tail_takes(skb_peek_tail(&sk->sk_receive_queue), skb)) {
		rs->out |= RILL_OUT_ACK_NOW;
		rill_drop(sk, skb, RILL_DROP_RCVBUF);
		return;
	}
	if (text)
		rill_ecn_received(sk, skb);
	if (rill_before(RILL_SEQ(skb), rs->rcv_nxt))
		rill_dsack(sk, RILL_SEQ(skb), rs->rcv_nxt, RILL_MIB_DSACK_OLD_SENT);
	else if (!rill_reasm_empty(&rs->ofo))
		rill_dsack_held(sk, rs->rcv_nxt, RILL_END(skb));
	rill_queue_tail(sk, skb);
	if (!fin && !rill_reasm_empty(&rs->ofo))
		fin = rill_ofo_drain(sk);
	rill_schedule_ack(sk);
	if (fin)
		rill_fin(sk);
	if (!sock_flag(sk, SOCK_DEAD))
		rill_data_ready(sk);
}

static void rill_data_out_of_order(struct sock *sk, struct sk_buff *skb)
{
	struct rill_sock *rs = rill_sk(sk);

	u32 seq = RILL_SEQ(skb), start, end;

	rs->out |= RILL_OUT_ACK_NOW;	/* MAY-13, CC-6S */
	rs->ooo_segs += max_t(u32, skb_shinfo(skb)->gso_segs, 1);
	if (!rill_rmem_admit(sk, skb)) {
		rill_drop(sk, skb, RILL_DROP_RCVBUF);
		return;
	}
	rill_ecn_received(sk, skb);
	rill_dsack_held(sk, seq, RILL_END(skb));
	if (rill_reasm_insert(&rs->ofo, &RILL_CB(skb)->node, rill_ofo_covered, sk) ==
	    RILL_REASM_QUEUED) {
		rill_mib_inc(sock_net(sk), RILL_MIB_OFO_QUEUE);
		rs->ofo_bytes += skb->truesize;
		skb_set_owner_r(skb, sk);
	} else {
		rill_drop(sk, skb, RILL_DROP_OFO_DUP);
	}
	/* SACK-3M: what caused this ACK is told first */
	if (rs->sack_ok && rill_reasm_run(&rs->ofo, seq, &start, &end))
		rill_sack_held(&rs->sack, start, end);
}

/**
 * rill_data_restore() - data that came before this socket was there
 * @sk: connection in repair mode; its FIN has not come
 * @skb: next in order, with a header that has no flags; eaten on success
 *
 * Context: process; the socket lock is held.
 * Return: 0 or -ENOMEM.
 */
int rill_data_restore(struct sock *sk, struct sk_buff *skb)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!rill_rmem_admit(sk, skb))
		return -ENOMEM;
	rill_queue_tail(sk, skb);
	if (!rill_reasm_empty(&rs->ofo) && rill_ofo_drain(sk))
		rill_fin(sk);
	rill_data_ready(sk);
	return 0;
}

/**
 * rill_data() - process a segment's data and FIN
 * @sk: connection, ESTABLISHED or beyond; in SYN_RECV for the data of a SYN
 * @skb: the segment, header pulled; eaten
 *
 * Context: the socket lock is held.
 */
void rill_data(struct sock *sk, struct sk_buff *skb)
{
	struct rill_sock *rs = rill_sk(sk);

	if (RILL_SEQ(skb) == RILL_END(skb)) {
		consume_skb(skb);
		return;
	}
	/* nothing new comes after the peer's FIN; a repeated one is answered */
	if (!((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 |
				     TCPF_SYN_RECV))) {
		rs->out |= RILL_OUT_ACK_NOW;
		rill_drop(sk, skb, RILL_DROP_AFTER_CLOSE);
		return;
	}
	/* no routing, and no header but FIN's flag, from here on */
	skb_dst_drop(skb);
	if (!rill_after(RILL_END(skb), rs->rcv_nxt)) {
		rill_data_old(sk, RILL_SEQ(skb), RILL_END(skb));
		rill_drop(sk, skb, RILL_DROP_OLD_DATA);
	} else if (!rill_after(RILL_SEQ(skb), rs->rcv_nxt)) {
		rill_data_in_order(sk, skb);
	} else {
		rill_data_out_of_order(sk, skb);
	}
}
