// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: TCP_REPAIR: a connection is read out, and built by hand from what was
 * read (TO-15).
 *
 * Who may do so can set any number that a peer could have made us reach. All
 * that is between snd_una and write_seq gets there by sendmsg all the same, so
 * that queue and scoreboard agree whatever the numbers are: these can only be
 * set while there is no connection, and nothing is queued.
 */
#include <net/tcp.h>

#include "core/paws.h"
#include "core/seq.h"
#include "netns.h"
#include "proto.h"

/* The options of the peer's SYN, each by its kind. */
static int rill_repair_option(struct sock *sk, const struct tcp_repair_opt *opt)
{
	struct rill_sock *rs = rill_sk(sk);
	u16 snd = opt->opt_val & 0xffff, rcv = opt->opt_val >> 16;

	switch (opt->opt_code) {
	case TCPOPT_MSS:
		rs->mss_clamp = max_t(u16, opt->opt_val, RILL_MIN_SND_MSS);
		return 0;
	case TCPOPT_WINDOW:
		if (snd > RILL_MAX_WSCALE || rcv > RILL_MAX_WSCALE)
			return -EFBIG;
		rs->snd_wscale = snd;
		rs->rcv_wscale = rcv;
		rs->wscale_ok = 1;
		rs->window_clamp = rs->user_window ? : U32_MAX;
		return 0;
	case TCPOPT_SACK_PERM:
		if (opt->opt_val)
			return -EINVAL;
		rs->sack_ok = 1;
		/* what duplicate ACKs told of is not counted twice */
		rs->recov.dup_len = 0;
		return 0;
	case TCPOPT_TIMESTAMP:
		if (opt->opt_val)
			return -EINVAL;
		rs->ts_ok = 1;
		/* the peer's clock is not known: whatever comes first is right */
		if (!rs->ts_recent)
			rs->ts_recent_stamp = rill_seconds() - RILL_PAWS_VOID_S;
		return 0;
	}
	return 0;
}

static int rill_repair_options(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct rill_sock *rs = rill_sk(sk);
	struct tcp_repair_opt opt;
	size_t off;
	int err = 0;
	u32 mss;

	if (!rs->repair)
		return -EINVAL;
	if (sk->sk_state != TCP_ESTABLISHED || rs->bytes_sent)
		return -EPERM;
	for (off = 0; !err && optlen - off >= sizeof(opt); off += sizeof(opt)) {
		if (copy_from_sockptr_offset(&opt, optval, off, sizeof(opt)))
			err = -EFAULT;
		else
			err = rill_repair_option(sk, &opt);
		cond_resched();
	}
	/* what they say of sizes counts from the start, as nothing was sent yet */
	rill_sync_mss(sk, rs->pmtu);
	mss = rill_mss_full(rs);
	rill_cong_init(&rs->cong, rs->cong_ops, mss, rill_cong_iw(mss));
	return err;
}

static int rill_repair_set_window(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct rill_sock *rs = rill_sk(sk);
	struct tcp_repair_window w;

	if (!rs->repair)
		return -EPERM;
	if (optlen != sizeof(w))
		return -EINVAL;
	if (copy_from_sockptr(&w, optval, sizeof(w)))
		return -EFAULT;
	if (w.max_window < w.snd_wnd || rill_after(w.snd_wl1, rs->rcv_nxt + w.rcv_wnd) ||
	    rill_after(w.rcv_wup, rs->rcv_nxt))
		return -EINVAL;
	rs->snd_wl1 = w.snd_wl1;
	rs->snd_wnd = w.snd_wnd;
	rs->max_wnd = w.max_window;
	rs->rcv_wnd = w.rcv_wnd;
	rs->rcv_wup = w.rcv_wup;
	return 0;
}

/**
 * rill_repair_get_window() - TCP_REPAIR_WINDOW, read
 * @sk: socket
 * @len: bytes that the program has room for
 * @w: filled
 *
 * Context: process; the socket lock is held.
 * Return: 0, -EINVAL or -EPERM.
 */
int rill_repair_get_window(const struct sock *sk, int len, struct tcp_repair_window *w)
{
	const struct rill_sock *rs = rill_sk(sk);

	if (len != sizeof(*w))
		return -EINVAL;
	if (!rs->repair)
		return -EPERM;
	w->snd_wl1 = rs->snd_wl1;
	w->snd_wnd = rs->snd_wnd;
	w->max_window = rs->max_wnd;
	w->rcv_wnd = rs->rcv_wnd;
	w->rcv_wup = rs->rcv_wup;
	return 0;
}

static int rill_repair_set_seq(struct sock *sk, u32 seq)
{
	struct rill_sock *rs = rill_sk(sk);

	if (sk->sk_state != TCP_CLOSE)
		return -EPERM;
	switch (rs->repair_queue) {
	case TCP_SEND_QUEUE:
		if (!skb_queue_empty(&sk->sk_write_queue) || rill_board_first(&rs->board))
			return -EPERM;
		rs->snd_una = seq;
		rs->snd_nxt = seq;
		WRITE_ONCE(rs->write_seq, seq);
		return 0;
	case TCP_RECV_QUEUE:
		if (rs->rcv_nxt != rs->copied_seq)
			return -EPERM;
		WRITE_ONCE(rs->rcv_nxt, seq);
		WRITE_ONCE(rs->copied_seq, seq);
		return 0;
	}
	return -EINVAL;
}

/* What waited while the mode was on goes on: timers, data, a question for the window. */
static void rill_repair_leave(struct sock *sk, bool probe)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->repair = 0;
	sk->sk_reuse = SK_NO_REUSE;
	if ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN) || !rs->syn_acked)
		return;
	if (probe && sk->sk_state == TCP_ESTABLISHED) {
		/* the answer counts, whatever number it has */
		rs->snd_wl1 = rs->rcv_nxt - 1;
		rill_mib_inc(sock_net(sk), RILL_MIB_WIN_PROBES);
		rill_send_probe(sk);
	}
	if (rill_flight(rs) && !rill_timer_armed(sk, RILL_TIMER_RTO)) {
		rs->stall_us = rill_clock(rs);
		rill_timer_start(sk, RILL_TIMER_RTO, rill_rto(sk));
	}
	rill_push(sk, false);
}

static int rill_repair_switch(struct sock *sk, int how)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN) || sk->sk_state == TCP_LISTEN)
		return -EPERM;
	switch (how) {
	case TCP_REPAIR_ON:
		rs->repair = 1;
		rs->repair_queue = TCP_NO_QUEUE;
		sk->sk_reuse = SK_FORCE_REUSE;
		return 0;
	case TCP_REPAIR_OFF:
	case TCP_REPAIR_OFF_NO_WP:
		rill_repair_leave(sk, how == TCP_REPAIR_OFF);
		return 0;
	}
	return -EINVAL;
}

/**
 * rill_repair_setsockopt() - set TCP_REPAIR and what goes with it
 * @sk: socket
 * @name: option
 * @val: its value, as an integer
 * @optval: likewise, whole
 * @optlen: its length, at least that of an integer
 *
 * Context: process; the socket lock is held.
 * Return: 0 or an errno of setsockopt(2); -ENOPROTOOPT: none of these.
 */
int rill_repair_setsockopt(struct sock *sk, int name, int val, sockptr_t optval,
			   unsigned int optlen)
{
	struct rill_sock *rs = rill_sk(sk);

	switch (name) {
	case TCP_REPAIR:
		return rill_repair_switch(sk, val);
	case TCP_REPAIR_QUEUE:
		if (!rs->repair)
			return -EPERM;
		if (val < 0 || val >= TCP_QUEUES_NR)
			return -EINVAL;
		rs->repair_queue = val;
		return 0;
	case TCP_QUEUE_SEQ:
		return rill_repair_set_seq(sk, val);
	case TCP_REPAIR_OPTIONS:
		return rill_repair_options(sk, optval, optlen);
	case TCP_REPAIR_WINDOW:
		return rill_repair_set_window(sk, optval, optlen);
	case TCP_TIMESTAMP:
		if (!rs->repair)
			return -EPERM;
		rs->ts_offset = val - rill_ts_now(0);
		return 0;
	}
	return -ENOPROTOOPT;
}

/**
 * rill_repair_getsockopt() - read TCP_REPAIR and what goes with it
 * @sk: socket
 * @name: option
 * @val: its value
 *
 * Context: process; the socket lock is held.
 * Return: 0 or an errno of getsockopt(2); -ENOPROTOOPT: none of these.
 */
int rill_repair_getsockopt(const struct sock *sk, int name, int *val)
{
	const struct rill_sock *rs = rill_sk(sk);

	switch (name) {
	case TCP_REPAIR:
		*val = rs->repair;
		return 0;
	case TCP_REPAIR_QUEUE:
		*val = rs->repair_queue;
		return rs->repair ? 0 : -EINVAL;
	case TCP_QUEUE_SEQ:
		*val = rs->repair_queue == TCP_SEND_QUEUE ? rs->write_seq : rs->rcv_nxt;
		return rs->repair_queue == TCP_NO_QUEUE ? -EINVAL : 0;
	case TCP_TIMESTAMP:
		*val = rill_ts_now(rs->ts_offset);
		return 0;
	}
	return -ENOPROTOOPT;
}

/**
 * rill_repair_init() - rill_init_connection(), but numbers set by hand stay
 * @sk: about to connect
 *
 * Without repair mode they are where an ordinary handshake begins.
 *
 * Context: process; the socket lock is held.
 */
void rill_repair_init(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	u32 seq = rs->write_seq, rcv_nxt = rs->rcv_nxt, ts_offset = rs->ts_offset;

	rill_init_connection(sk);
	if (likely(!rs->repair && rs->repair_queue == TCP_NO_QUEUE))
		return;
	rs->snd_una = seq;
	rs->snd_nxt = seq;
	rs->write_seq = seq;
	rs->iss = seq;
	rs->rcv_nxt = rcv_nxt;
	rs->copied_seq = rcv_nxt;
	rs->ts_offset = ts_offset;
}

/**
 * rill_repair_connect() - connect in repair mode: the handshake was long ago
 * @sk: in SYN_SENT, in the table
 * @dst: its route
 *
 * Nothing of the peer's SYN is known until TCP_REPAIR_OPTIONS tells.
 *
 * Context: process; the socket lock is held.
 */
void rill_repair_connect(struct sock *sk, const struct dst_entry *dst)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->iss = rs->write_seq - 1;
	rs->snd_una = rs->write_seq;
	rs->snd_nxt = rs->write_seq;
	rs->snd_sml = rs->write_seq;
	rs->irs = rs->rcv_nxt - 1;
	rs->rcv_wup = rs->rcv_nxt;
	rs->copied_seq = rs->rcv_nxt;
	rs->collapsed = rs->rcv_nxt;
	rs->syn_acked = 1;
	rs->adv_mss = rill_adv_mss(sk, dst);
	rill_sync_mss(sk, dst_mtu(dst));
	rs->window_clamp = min(rs->window_clamp, RILL_MAX_WINDOW);
	rs->rcv_wnd = min(rill_full_space(sk), rs->window_clamp);
	atomic_set(&inet_sk(sk)->inet_id, get_random_u16());
	rill_set_state(sk, RILL_EV_RCV_SYNACK);
	rill_established(sk, rs->irs, rs->snd_una);
}

/**
 * rill_repair_push() - rill_push() in repair mode: nothing leaves
 * @sk: synchronized connection
 *
 * What is put into the send queue by hand was sent long ago, but for its ACK.
 *
 * Context: the socket lock is held.
 */
void rill_repair_push(struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);

	if (rs->repair_queue == TCP_SEND_QUEUE && rs->snd_nxt != rs->write_seq)
		rill_assume_sent(sk);
}

/**
 * rill_repair_receive() - sendmsg to the receive queue: this has come
 * @sk: connection, ESTABLISHED or CLOSE_WAIT
 * @msg: the data
 *
 * Context: process; the socket lock is held.
 * Return: bytes taken, maybe fewer than there are, or an errno.
 */
int rill_repair_receive(struct sock *sk, struct msghdr *msg)
{
	const struct rill_sock *rs = rill_sk(sk);
	int len = min_t(size_t, msg_data_left(msg), MAX_SKB_FRAGS * PAGE_SIZE), err;
	struct sk_buff *skb;

	if (!len)
		return 0;
	/* nothing comes after the end */
	if (rs->fin_rcvd)
		return -EINVAL;
	skb = alloc_skb_with_frags(sizeof(struct tcphdr), len, PAGE_ALLOC_COSTLY_ORDER, &err,
				   sk->sk_allocation);
	if (!skb)
		return err;
	/* input looks for flags in a header */
	skb_reset_transport_header(skb);
	skb_put_zero(skb, sizeof(struct tcphdr));
	__skb_pull(skb, sizeof(struct tcphdr));
	skb->len += len;
	skb->data_len += len;
	err = skb_copy_datagram_from_iter(skb, 0, &msg->msg_iter, len);
	if (!err) {
		memset(skb->cb, 0, sizeof(struct rill_skb_cb));
		RILL_SEQ(skb) = rs->rcv_nxt;
		RILL_END(skb) = rs->rcv_nxt + len;
		err = rill_data_restore(sk, skb);
	}
	if (err) {
		kfree_skb(skb);
		return err;
	}
	return len;
}

/**
 * rill_repair_peek() - recvmsg from the send queue: what is not acknowledged
 * @sk: socket
 * @msg: where to
 * @len: how much at most
 *
 * Context: process; the socket lock is held.
 * Return: bytes, or an errno.
 */
int rill_repair_peek(struct sock *sk, struct msghdr *msg, size_t len)
{
	u32 seq = rill_sk(sk)->snd_una, off, n;
	struct sk_buff *skb;
	int copied = 0, err;

	skb_queue_walk(&sk->sk_write_queue, skb) {
		if (!rill_before(seq, RILL_END(skb)))
			continue;
		/* our SYN stands before what it took along */
		if (rill_before(seq, RILL_SEQ(skb)))
			seq = RILL_SEQ(skb);
		off = seq - RILL_SEQ(skb);
		n = min_t(size_t, skb->len - off, len - copied);
		if (!n)
			break;
		err = skb_copy_datagram_msg(skb, off, msg, n);
		if (err)
			return err;
		copied += n;
		seq += n;
	}
	return copied;
}
