// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: shutdown, close, disconnect.
 */
#include <net/ip.h>
#include <net/tcp.h>

#include "core/seq.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

/**
 * rill_fin_time() - how long an orphan may stay in FIN_WAIT_2
 * @sk: connection
 *
 * C21: fin_timeout, or TCP_LINGER2; never less than a peer needs to resend.
 *
 * Return: jiffies.
 */
unsigned long rill_fin_time(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);
	unsigned long time = rs->linger2 ? : READ_ONCE(rill_net(sock_net(sk))->fin_timeout);
	unsigned long rto = rill_rto(sk);

	return max(time, (rto << 2) - (rto >> 1));
}

/**
 * rill_fin_wait_2_expired() - an orphan waited long enough for the peer's FIN
 * @sk: connection
 *
 * Context: softirqs off; the socket lock is held.
 */
void rill_fin_wait_2_expired(struct sock *sk)
{
	if (sk->sk_state != TCP_FIN_WAIT2 || !sock_flag(sk, SOCK_DEAD))
		return;
	if (rill_sk(sk)->linger2 < 0)
		rill_send_reset(sk, GFP_ATOMIC);
	rill_done(sk, RILL_EV_TIMEOUT_2MSL);
}

/**
 * rill_fin_queue() - CLOSE of RFC 9293, 3.10.4: the state moves, a FIN is due
 * @sk: connection
 *
 * It joins the queue behind the data (SM-18).
 *
 * Context: the socket lock is held.
 * Return: whether there is one to send.
 */
bool rill_fin_queue(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	int old = sk->sk_state;

	rill_set_state(sk, RILL_EV_CLOSE);
	if (sk->sk_state == old ||
	    !((1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_LAST_ACK)))
		return false;
	rs->fin_queued = 1;
	rs->write_seq++;
	rs->more = 0;
	return true;
}

static void rill_close_send(struct sock *sk)
{
	if (rill_fin_queue(sk))
		rill_push(sk, rill_sk(sk)->cork);
}

/**
 * rill_shutdown() - struct proto's shutdown
 * @sk: connection
 * @how: RCV_SHUTDOWN, SEND_SHUTDOWN or both
 *
 * In SYN_RECV the FIN waits for ESTABLISHED, as in Linux; RFC 9293, 3.10.4 has
 * it do so only behind data. sk_shutdown tells rill_established() of it.
 *
 * Context: process; the socket lock is held.
 */
void rill_shutdown(struct sock *sk, int how)
{
	if (!(how & SEND_SHUTDOWN))
		return;
	/* in SYN_RECV it waits for the handshake: see rill_ack_of_syn() */
	if ((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT))
		rill_close_send(sk);
}

/* A connection that waits for accept() and will not be accepted: CL-9. */
static void rill_abort_child(struct sock *child)
{
	sock_hold(child);
	local_bh_disable();
	bh_lock_sock_nested(child);
	sock_orphan(child);
	if (child->sk_state != TCP_CLOSE) {
		rill_send_reset(child, GFP_ATOMIC);
		rill_done(child, RILL_EV_ABORT);
	} else {
		rill_destroy(child);
	}
	bh_unlock_sock(child);
	local_bh_enable();
	sock_put(child);
}

/* A listener stops: its half-open and its waiting connections go. */
static void rill_listen_stop(struct sock *sk)
{
	struct rill_listen *l = &rill_sk(sk)->listen;
	struct sock *child, *next;

	rill_syn_recv_drop_all(sk);
	rill_fastopen_listen_stop(sk);
	spin_lock_bh(&l->lock);
	child = l->accept_head;
	l->accept_head = NULL;
	l->accept_tail = NULL;
	l->accept_len = 0;
	WRITE_ONCE(sk->sk_ack_backlog, 0);
	spin_unlock_bh(&l->lock);
	for (; child; child = next) {
		next = rill_sk(child)->accept_next;
		rill_abort_child(child);
		cond_resched();
	}
}

/* Take the listener's state away under the lock that SYNs look at it under. */
static void rill_listen_close(struct sock *sk)
{
	struct rill_listen *l = &rill_sk(sk)->listen;

	spin_lock_bh(&l->lock);
	rill_set_state(sk, RILL_EV_CLOSE);
	spin_unlock_bh(&l->lock);
	rill_listen_stop(sk);
}

/* Drop what was not read. Returns whether there was any. */
static bool rill_purge_unread(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	bool unread = false;
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&sk->sk_receive_queue))) {
		if (rill_after(RILL_SEQ(skb) + skb->len, rs->copied_seq))
			unread = true;
		__kfree_skb(skb);
	}
	return unread;
}

/* SM-24: abort sends RST from these. */
static bool rill_needs_reset(int state)
{
	return (1 << state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT | TCPF_FIN_WAIT1 |
			       TCPF_FIN_WAIT2 | TCPF_SYN_RECV);
}

/**
 * rill_disconnect() - struct proto's disconnect: connect(AF_UNSPEC), abort
 * @sk: socket
 * @flags: unused
 *
 * CN-7. The socket can be used again; an address that was bound stays.
 *
 * Context: process; the socket lock is held.
 * Return: 0.
 */
int rill_disconnect(struct sock *sk, int flags)
{
	struct inet_sock *inet = inet_sk(sk);
	int old = sk->sk_state;

	if (old == TCP_LISTEN) {
		rill_listen_close(sk);
	} else if (unlikely(rill_sk(sk)->repair)) {
		/* it lives on elsewhere */
		WRITE_ONCE(sk->sk_err, ECONNABORTED);
	} else if (rill_needs_reset(old)) {
		rill_send_reset(sk, sk->sk_allocation);
		WRITE_ONCE(sk->sk_err, ECONNRESET);
	} else if (old == TCP_SYN_SENT) {
		WRITE_ONCE(sk->sk_err, ECONNRESET);
	}
	if (sk->sk_state != TCP_CLOSE)
		rill_set_state(sk, RILL_EV_ABORT);
	rill_timers_stop(sk);
	__skb_queue_purge(&sk->sk_receive_queue);
	rill_write_queue_purge(sk);
	rill_ofo_purge(sk);

	inet->inet_dport = 0;
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet_reset_saddr(sk);
	WRITE_ONCE(sk->sk_shutdown, 0);
	sock_reset_flag(sk, SOCK_DONE);
	rill_sk(sk)->fo_req = NULL;
	rill_set_defer_connect(sk, false);
	rill_sk(sk)->user_window = 0;
	rill_init_connection(sk);
	sk_dst_reset(sk);
	sk_error_report(sk);
	rill_port_flush(sk);
	return 0;
}

/*
 * Nobody can hear of the connection any more. What state it is left in says
 * whether it lives on as an orphan.
 */
static void rill_close_orphan(struct sock *sk, int state)
{
	struct rill_sock *rs = rill_sk(sk);

	/* a softirq or the backlog ended it meanwhile, and destroyed it */
	if (state != TCP_CLOSE && sk->sk_state == TCP_CLOSE)
		return;
	if (sk->sk_state == TCP_FIN_WAIT2) {
		if (rs->linger2 < 0) {
			rill_send_reset(sk, GFP_ATOMIC);
			rill_done(sk, RILL_EV_ABORT);
			return;
		}
		rill_timer_start(sk, RILL_TIMER_FIN_WAIT_2, rill_fin_time(sk));
	}
	if (sk->sk_state == TCP_CLOSE)
		rill_destroy(sk);
}

/**
 * rill_close() - struct proto's close: the last descriptor is gone
 * @sk: socket
 * @timeout: how long SO_LINGER lets it wait, jiffies
 *
 * Context: process.
 */
void rill_close(struct sock *sk, long timeout)
{
	bool unread;
	int state;

	lock_sock(sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	if (sk->sk_state == TCP_LISTEN) {
		rill_listen_close(sk);
		goto adjudge;
	}
	unread = rill_purge_unread(sk);
	if (sk->sk_state == TCP_CLOSE)
		goto adjudge;
	if (unlikely(rill_sk(sk)->repair)) {
		rill_disconnect(sk, 0);
		WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	} else if (unread) {
		/* C25, CL-1: the peer must learn that data was lost */
		rill_mib_inc(sock_net(sk), RILL_MIB_ABORT_ON_CLOSE);
		rill_send_reset(sk, sk->sk_allocation);
		rill_set_state(sk, RILL_EV_ABORT);
	} else if (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime) {
		/* C29, CL-3 */
		rill_mib_inc(sock_net(sk), RILL_MIB_ABORT_ON_LINGER);
		rill_disconnect(sk, 0);
		WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	} else {
		rill_close_send(sk);
	}
	sk_stream_wait_close(sk, timeout);

adjudge:
	state = sk->sk_state;
	sock_hold(sk);
	sock_orphan(sk);
	/* the last time that a program holds the lock */
	release_sock(sk);
	local_bh_disable();
	bh_lock_sock(sk);
	WARN_ON(sock_owned_by_user(sk));
	rill_close_orphan(sk, state);
	bh_unlock_sock(sk);
	local_bh_enable();
	rill_port_flush(sk);
	sock_put(sk);
}
