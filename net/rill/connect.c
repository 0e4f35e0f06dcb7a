// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: connect, listen, accept.
 */
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp.h>

#include "af.h"
#include "compat.h"
#include "core/window.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

/**
 * rill_choose_wscale() - the window shift to offer
 * @sk: socket
 *
 * Enough for the largest buffer that autotuning, or SO_RCVBUF, may give.
 *
 * Return: 0 to 14.
 */
u8 rill_choose_wscale(const struct sock *sk)
{
	u32 space = READ_ONCE(sk->sk_rcvbuf);

	space = max_t(u32, space, READ_ONCE(rill_net(sock_net(sk))->rmem[2]));
	space = max_t(u32, space, READ_ONCE(sysctl_rmem_max));
	if (rill_sk(sk)->user_window)
		space = min(space, rill_sk(sk)->user_window);
	return rill_win_scale_for(space);
}

/**
 * rill_first_window() - the window that a SYN offers
 * @space: what there is room for, bytes
 * @mss: what a full segment will carry, bytes
 *
 * Whole segments, as with TCP, whose peers may cut theirs to half of it.
 *
 * Return: bytes.
 */
u32 rill_first_window(u32 space, u32 mss)
{
	if (space > mss)
		space = rounddown(space, mss);
	return min(space, RILL_MAX_WINDOW);
}

/* A route and a source address for the peer; errors are connect(2)'s. */
static struct rtable *rill_connect_route(struct sock *sk, struct sockaddr_in *usin,
					 struct flowi4 *fl4)
{
	struct inet_sock *inet = inet_sk(sk);
	struct ip_options_rcu *opt;
	__be32 nexthop = usin->sin_addr.s_addr;
	struct rtable *rt;

	opt = rcu_dereference_protected(inet->inet_opt, lockdep_sock_is_held(sk));
	if (opt && opt->opt.srr) {
		if (!nexthop)
			return ERR_PTR(-EINVAL);
		nexthop = opt->opt.faddr;	/* MUST-51 */
	}
	rt = ip_route_connect(fl4, nexthop, inet->inet_saddr, sk->sk_bound_dev_if,
			      rill_wire_proto(rill_sk(sk)->wire), inet->inet_sport,
			      usin->sin_port, sk);
	if (IS_ERR(rt)) {
		if (PTR_ERR(rt) == -ENETUNREACH)
			IP_INC_STATS(sock_net(sk), IPSTATS_MIB_OUTNOROUTES);
		return rt;
	}
	if (rt->rt_flags & (RTCF_MULTICAST | RTCF_BROADCAST)) {
		ip_rt_put(rt);
		return ERR_PTR(-ENETUNREACH);	/* MUST-46 */
	}
	if (!inet->inet_saddr) {
		inet->inet_saddr = fl4->saddr;	/* MUST-44 */
		sk_rcv_saddr_set(sk, fl4->saddr);
	}
	sk_daddr_set(sk, opt && opt->opt.srr ? usin->sin_addr.s_addr : fl4->daddr);
	return rt;
}

/* Numbers, windows and sizes of an active open. */
static void rill_connect_init(struct sock *sk, struct dst_entry *dst)
{
	struct inet_sock *inet = inet_sk(sk);
	struct rill_sock *rs = rill_sk(sk);

	if (!rs->iss)
		rs->iss = rill_isn(&sk->__sk_common);
	rs->ts_offset = rill_ts_offset(&sk->__sk_common);
	rs->snd_una = rs->iss;
	rs->snd_sml = rs->iss;
	rs->snd_nxt = rs->iss + 1;
	rs->write_seq = rs->snd_nxt;
	rs->mss_clamp = rill_default_mss(rs->v6);
	rs->adv_mss = rill_adv_mss(sk, dst);
	rill_sync_mss(sk, dst_mtu(dst));
	if (rill_net(sock_net(sk))->window_scaling)
		rs->rcv_wscale = rill_choose_wscale(sk);
	rs->rcv_wnd = rill_first_window(min(rill_full_space(sk), rs->window_clamp), rs->adv_mss);
	/* what ended the connection before this one */
	WRITE_ONCE(sk->sk_err, 0);
	atomic_set(&inet->inet_id, get_random_u16());
}

/**
 * rill_connect_syn() - the first SYN of an active open
 * @sk: in SYN_SENT
 *
 * Context: process; the socket lock is held.
 * Return: 0, or -ECONNREFUSED. A SYN that did not leave is resent by the timer.
 */
int rill_connect_syn(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	int err;

	rs->stall_us = rill_now_us();
	rill_mib_inc(sock_net(sk), RILL_MIB_ACTIVE_OPENS);
	rill_timer_start(sk, RILL_TIMER_RTO, rill_rto(sk));
	err = rs->fo_req ? rill_fastopen_syn(sk) : rill_send_syn(sk);
	return err == -ECONNREFUSED ? err : 0;
}

/**
 * rill_connect_failed() - undo what an active open began
 * @sk: in SYN_SENT
 *
 * Context: process; the socket lock is held.
 */
void rill_connect_failed(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	rill_set_state(sk, RILL_EV_ABORT);
	rill_timers_stop(sk);
	if (rs->fo_req) {
		rill_write_queue_purge(sk);
		rs->fo_req->copied = 0;
	}
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet_reset_saddr(sk);
	sk->sk_route_caps = 0;
	inet_sk(sk)->inet_dport = 0;
}

/**
 * rill_connect_start() - begin an active open, now that there is a route
 * @sk: in SYN_SENT, in the table
 *
 * Context: process; the socket lock is held.
 * Return: 0, also when the SYN waits for the first write; or an error of
 * connect(2).
 */
int rill_connect_start(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	if (unlikely(rs->repair)) {
		rill_repair_connect(sk, __sk_dst_get(sk));
		return 0;
	}
	rill_connect_init(sk, __sk_dst_get(sk));
	if (rs->fo_connect && !rs->fo_req)
		return rill_fastopen_connect(sk);
	return rill_connect_syn(sk);
}

/**
 * rill_connect() - struct proto's connect: send a SYN
 * @sk: socket in CLOSED
 * @uaddr: the peer, struct sockaddr_in
 * @addr_len: its length
 *
 * Context: process; the socket lock is held.
 * Return: 0 or an error of connect(2). What becomes of the SYN is for the
 * state to tell.
 */
int rill_connect(struct sock *sk, struct sockaddr *uaddr, int addr_len)
{
	struct sockaddr_in *usin = (struct sockaddr_in *)uaddr;
	struct inet_sock *inet = inet_sk(sk);
	struct rill_sock *rs = rill_sk(sk);
	__be16 orig_sport = inet->inet_sport;
	struct flowi4 *fl4 = &inet->cork.fl.u.ip4;
	struct rtable *rt;
	bool pingpong;
	int err;

	if (addr_len < (int)sizeof(*usin))
		return -EINVAL;
	if (usin->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	rt = rill_connect_route(sk, usin, fl4);
	if (IS_ERR(rt))
		return PTR_ERR(rt);

	pingpong = rs->pingpong;	/* TCP_QUICKACK may have been set */
	rill_repair_init(sk);
	rs->pingpong = pingpong;
	inet->inet_dport = usin->sin_port;
	rill_md5_update(sk);
	rill_set_state(sk, RILL_EV_ACTIVE_OPEN);
	err = rill_bind_connect(sk);
	if (err)
		goto fail;
	sk_set_txhash(sk);
	rt = ip_route_newports(fl4, rt, orig_sport, usin->sin_port, inet->inet_sport,
			       inet->inet_dport, sk);
	if (IS_ERR(rt)) {
		err = PTR_ERR(rt);
		rt = NULL;
		goto fail;
	}
	sk_setup_caps(sk, &rt->dst);
	rt = NULL;
	err = rill_connect_start(sk);
	if (!err)
		return 0;
fail:
	rill_connect_failed(sk);
	ip_rt_put(rt);
	return err;
}

/**
 * rill_listen() - struct proto_ops' listen
 * @sock: socket
 * @backlog: how many connections may wait for accept()
 *
 * LS-2, LS-3, LS-4.
 *
 * Context: process.
 * Return: 0 or an error of listen(2).
 */
int rill_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	int err = -EINVAL;
	bool pingpong;

	lock_sock(sk);
	if (sock->state != SS_UNCONNECTED || sock->type != SOCK_STREAM ||
	    !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
		goto out;
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	err = 0;
	if (sk->sk_state == TCP_LISTEN)
		goto out;

	pingpong = rill_sk(sk)->pingpong;
	rill_init_connection(sk);
	rill_sk(sk)->pingpong = pingpong;
	sk->sk_ack_backlog = 0;
	/* in LISTEN first: of two who share a port, one sees the other */
	rill_set_state(sk, RILL_EV_PASSIVE_OPEN);
	err = sk->sk_prot->get_port(sk, inet_sk(sk)->inet_num);
	if (!err) {
		sk_dst_reset(sk);
		rill_fastopen_listen(sk, backlog);
		err = rill_hash_listener(sk);
	}
	if (err) {
		rill_fastopen_listen_stop(sk);
		rill_set_state(sk, RILL_EV_CLOSE);
	}
out:
	release_sock(sk);
	return err;
}

/* Wait until the accept queue has something. 0 or an errno of accept(2). */
static int rill_wait_for_connect(struct sock *sk, long timeo)
{
	DEFINE_WAIT(wait);
	int err;

	for (;;) {
		/* one waiter a connection: AC-5 */
		prepare_to_wait_exclusive(sk_sleep(sk), &wait, TASK_INTERRUPTIBLE);
		release_sock(sk);
		if (!READ_ONCE(rill_sk(sk)->listen.accept_head))
			timeo = schedule_timeout(timeo);
		sched_annotate_sleep();
		lock_sock(sk);
		err = 0;
		if (rill_sk(sk)->listen.accept_head)
			break;
		err = -EINVAL;
		if (sk->sk_state != TCP_LISTEN)
			break;
		err = sock_intr_errno(timeo);
		if (signal_pending(current))
			break;
		err = -EAGAIN;
		if (!timeo)
			break;
	}
	finish_wait(sk_sleep(sk), &wait);
	return err;
}

static struct sock *rill_accept_dequeue(struct sock *sk)
{
	struct rill_listen *l = &rill_sk(sk)->listen;
	struct sock *child;

	spin_lock_bh(&l->lock);
	child = l->accept_head;
	if (child) {
		l->accept_head = rill_sk(child)->accept_next;
		if (!l->accept_head)
			l->accept_tail = NULL;
		WRITE_ONCE(l->accept_len, l->accept_len - 1);
		WRITE_ONCE(sk->sk_ack_backlog, l->accept_len);
	}
	spin_unlock_bh(&l->lock);
	return child;
}

/*
 * rill_accept() - struct proto's accept: take a connection off the queue
 *
 * Its arguments differ between kernels (compat.h), which kernel-doc cannot say.
 *
 * Context: process.
 * Return: the connection, or NULL with an errno of accept(2).
 */
RILL_ACCEPT_PROTO
{
	struct sock *child = NULL;
	long timeo;
	int error;

	lock_sock(sk);
	error = -EINVAL;
	if (sk->sk_state != TCP_LISTEN)
		goto out;
	timeo = sock_rcvtimeo(sk, rill_accept_flags() & O_NONBLOCK);
	for (;;) {
		child = rill_accept_dequeue(sk);
		if (child)
			break;
		error = -EAGAIN;
		if (!timeo)
			goto out;
		error = rill_wait_for_connect(sk, timeo);
		if (error)
			goto out;
	}
	error = 0;
out:
	release_sock(sk);
	if (error)
		rill_accept_err(error);
	return child;
}

/*
 * rill_sock_accept() - struct proto_ops' accept: and set up the struct socket
 *
 * Its arguments differ between kernels (compat.h), which kernel-doc cannot say.
 *
 * Context: process.
 * Return: 0 or an errno of accept(2).
 */
RILL_SOCK_ACCEPT_PROTO
{
	int err = rill_inet_accept();

	/* the struct socket is new, proto's init has never seen it */
	if (!err)
		rill_claim_sol_socket(newsock);
	return err;
}
