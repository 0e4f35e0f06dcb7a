// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: the state of a connection, its birth as a blank and its end.
 */
#include <net/tcp.h>
#include <net/xfrm.h>

#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "table.h"
#include "trace.h"

static bool rill_counts_as_established(int state)
{
	return (1 << state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT);
}

/**
 * rill_set_state() - the one place where a connection changes state
 * @sk: connection
 * @event: what happened; core/state.c says where that leads
 *
 * Entering CLOSED takes the connection out of its table, and off a port that
 * the program did not ask for by number.
 *
 * Context: the socket lock is held, or @sk is not visible yet.
 */
void rill_set_state(struct sock *sk, enum rill_event event)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	int old = sk->sk_state, new = rill_state_next(old, event);
	bool counts;

	if (WARN_ONCE(new < 0, "rill: %s in %s\n", rill_event_name(event), rill_state_name(old)))
		return;
	if (new == old)
		return;
	rill_mib_inc(sock_net(sk), RILL_MIB_STATE_CHANGES);
	trace_rill_state_change(sk, old, new);
	/* by what was counted, not by the old state, which a copy may have got unseen */
	counts = rill_counts_as_established(new);
	atomic_add(counts - rill_sk(sk)->counted, &rn->estab);
	rill_sk(sk)->counted = counts;
	if (new == TCP_CLOSE) {
		if (unlikely(rill_fastopen_early(sk)))
			rill_fastopen_release(sk, event == RILL_EV_RCV_RST);
		rill_unhash(sk);
		if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
			rill_bind_put(sk);
	}
	/* pairs with inet_sk_state_load() in rill_poll() */
	smp_store_release(&sk->sk_state, new);
}

/**
 * rill_write_queue_purge() - forget what was not acknowledged
 * @sk: connection
 *
 * Context: the socket lock is held.
 */
void rill_write_queue_purge(struct sock *sk)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&sk->sk_write_queue)))
		rill_wmem_free(sk, skb);
	rill_chrono_stop(&rill_sk(sk)->chrono, RILL_CHRONO_BUSY, true, (u32)jiffies);
	rill_board_purge(&rill_sk(sk)->board);
	rill_sk(sk)->send_head = NULL;
	rill_sk(sk)->resend_at = NULL;
	rill_sk(sk)->snd_nxt = rill_sk(sk)->write_seq;
}

/* TCP_SAVED_SYN has nothing to tell any more. A listener never has. */
static void rill_forget_syn(struct sock *sk)
{
	kfree(rill_sk(sk)->saved_syn);
	rill_sk(sk)->saved_syn = NULL;
}

/**
 * rill_init_once() - what a socket keeps through all its connections
 * @sk: new, or cloned just now
 *
 * Context: nobody else knows @sk.
 */
void rill_init_once(struct sock *sk)
{
	rill_timers_init(sk);
	/* a listener's mode is not its children's */
	rill_sk(sk)->repair = 0;
	rill_sk(sk)->repair_queue = 0;
	/* and its keys are only its own */
	INIT_HLIST_HEAD(&rill_sk(sk)->md5_keys);
	/* who found a listener may want it long after a disconnect */
	spin_lock_init(&rill_sk(sk)->listen.lock);
}

/**
 * rill_init_connection() - make a socket blank but for its options and port
 * @sk: new, disconnected, or cloned from a listener
 *
 * Context: no timer runs and no queue holds anything.
 */
void rill_init_connection(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	BUILD_BUG_ON(sizeof(struct rill_skb_cb) > sizeof_field(struct sk_buff, cb));
	BUILD_BUG_ON((int)RILL_CLOSED != (int)TCP_CLOSE ||
		     (int)RILL_CLOSING != (int)TCP_CLOSING);

	rill_forget_syn(sk);
	rs->udp_port = 0;
	memset((char *)rs + offsetof(struct rill_sock, rcv_nxt), 0,
	       offsetof(struct rill_sock, deferred) - offsetof(struct rill_sock, rcv_nxt));
	rill_reasm_init(&rs->ofo);
	rill_board_init(&rs->board);
	rill_sack_init(&rs->sack);
	rill_rtt_init(&rs->rtt, RILL_RTO_INIT_US);
	rs->mss_clamp = RILL_DEFAULT_MSS;
	rs->mss = RILL_DEFAULT_MSS;
	rs->rcv_mss = RILL_DEFAULT_MSS;
	rs->rcv_share = RILL_SHARE_INIT;
	rill_cong_init(&rs->cong, rs->cong_ops, rs->mss, rill_cong_iw(rs->mss));
	rs->window_clamp = rs->user_window ? : U32_MAX;
	rs->accept_next = NULL;
	INIT_LIST_HEAD(&rs->listen.syn_list);
	rs->listen.accept_head = NULL;
	rs->listen.accept_tail = NULL;
	rs->listen.accept_len = 0;
	rs->listen.syn_len = 0;
	rs->listen.flooded_at = 0;
	rs->listen.flood_warned = 0;
}

/**
 * rill_destroy() - the last act of a socket that nobody owns
 * @sk: CLOSED, SOCK_DEAD
 *
 * Context: softirqs off; the socket lock is held, and a reference besides the
 * one that this drops.
 */
void rill_destroy(struct sock *sk)
{
	WARN_ON(sk->sk_state != TCP_CLOSE);
	WARN_ON(!sock_flag(sk, SOCK_DEAD));

	rill_destroy_sock(sk);
	sk_stream_kill_queues(sk);
	xfrm_sk_free_policy(sk);
	sock_put(sk);
}

/**
 * rill_destroy_sock() - struct proto's destroy: give everything back
 * @sk: CLOSED
 *
 * Context: the socket lock is held, or nobody else knows @sk.
 */
void rill_destroy_sock(struct sock *sk)
{
	if (unlikely(rill_sk(sk)->fo_option))
		rill_fastopen_gone(sk);
	rill_fastopen_free(sk);
	rill_timers_stop(sk);
	rill_write_queue_purge(sk);
	rill_ofo_purge(sk);
	rill_bind_put(sk);
	rill_cong_release(sk);
	rill_md5_purge(sk);
	rill_forget_syn(sk);
	sk_sockets_allocated_dec(sk);
}

/**
 * rill_done() - a connection is over
 * @sk: connection
 * @event: how it ended
 *
 * Context: softirqs off, or process; the socket lock is held, and a reference
 * that outlives the call.
 */
void rill_done(struct sock *sk, enum rill_event event)
{
	rill_set_state(sk, event);
	rill_timers_stop(sk);
	rill_sk(sk)->out = 0;
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
	else
		rill_destroy(sk);
}
