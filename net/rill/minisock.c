// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: connections in SYN_RECV, which cost a mini-socket until the handshake
 * is done.
 *
 * A listener is never locked here. Its mini-sockets and the connections that
 * wait for accept() hang off rill_listen, which has a spinlock of its own. A
 * mini-socket is referenced by the table, by its timer, and holds the
 * listener; whoever unlinks it from syn_list drops all three.
 */
#include <linux/slab.h>
#include <net/busy_poll.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include <net/tcp.h>

#include "af.h"
#include "core/seq.h"
#include "core/window.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "table.h"
#include "wire_udp.h"

struct kmem_cache *rill_mini_cache;

/* RCU readers may still be on this object's chain: keep its linkage. */
struct rill_mini *rill_mini_alloc(const struct net *net)
{
	struct rill_mini *mini = kmem_cache_alloc(rill_mini_cache, GFP_ATOMIC | __GFP_NOWARN);

	if (!mini)
		return NULL;
	memset(mini, 0, offsetof(struct rill_mini, c.skc_dontcopy_begin));
	memset((char *)mini + offsetof(struct rill_mini, c.skc_dontcopy_end), 0,
	       sizeof(*mini) - offsetof(struct rill_mini, c.skc_dontcopy_end));
	mini->c.skc_nulls_node.pprev = NULL;
	/* until it is set, once, no such reader gets a reference */
	refcount_set(&mini->c.skc_refcnt, 0);
	write_pnet(&mini->c.skc_net, (struct net *)net);
	mini->c.skc_family = AF_INET;
	mini->c.skc_prot = NULL;	/* rill_is_mini() */
	return mini;
}

/**
 * rill_mini_free() - free a mini-socket that nobody else knows
 * @mini: never entered in the table, or its last reference is gone
 *
 * Context: any.
 */
void rill_mini_free(struct rill_mini *mini)
{
	if (mini->listener)
		sock_put(mini->listener);
	kfree(mini->ip_opt);
	kfree(mini->md5);
	kfree(mini->saved_syn);
	kmem_cache_free(rill_mini_cache, mini);
}

/**
 * rill_mini_put() - drop a reference
 * @mini: mini-socket
 *
 * Context: any.
 */
void rill_mini_put(struct rill_mini *mini)
{
	if (refcount_dec_and_test(&mini->c.skc_refcnt))
		rill_mini_free(mini);
}

/* Options of a SYN-ACK. RFC 7323: what the SYN had, and we want. */
static void rill_synack_options(const struct rill_mini *req, struct rill_opts *o)
{
	o->present = RILL_OPT_MSS;
	o->nr_sacks = 0;
	o->mss = req->adv_mss;
	if (req->wscale_ok) {
		o->present |= RILL_OPT_WSCALE;
		o->wscale = req->rcv_wscale;
	}
	if (req->sack_ok)
		o->present |= RILL_OPT_SACK_PERM;
	if (req->ts_ok) {
		o->present |= RILL_OPT_TS;
		o->tsval = rill_ts_now(req->ts_offset);
		if (req->cookie)
			o->tsval = rill_cookie_tsval(req, o->tsval);
		o->tsecr = req->ts_recent;
	}
}

static struct dst_entry *rill_req_route(const struct rill_mini *req)
{
	return req->c.skc_family == AF_INET6 ? rill_v6_req_route(req) : rill_v4_req_route(req);
}

/* The listener's key for the peer. Context: RCU. */
static const struct rill_md5_key *rill_req_key(const struct rill_mini *req)
{
	struct net *net = read_pnet(&req->c.skc_net);
	struct in6_addr local, peer;

	if (!static_branch_unlikely(&rill_md5_needed))
		return NULL;
	rill_c_addrs(&req->c, &local, &peer);
	return rill_md5_lookup(req->listener, &peer,
			       l3mdev_master_ifindex_by_index(net, req->c.skc_bound_dev_if));
}

/* Context: softirqs off, RCU. */
static void rill_send_synack(struct rill_mini *req, struct dst_entry *dst,
			     const struct rill_fo_cookie *fo)
{
	const struct rill_md5_key *key = rill_req_key(req);
	u8 ect = req->ecn_ok && rill_ecn_listener(req->listener) ? RILL_ECN_ECT0 : 0;
	struct net *net = read_pnet(&req->c.skc_net);
	struct in6_addr local, peer;
	struct rill_opts opts;
	struct sk_buff *skb;

	skb = alloc_skb(RILL_MAX_HEADER, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb) {
		dst_release(dst);
		return;
	}
	skb_reserve(skb, RILL_MAX_HEADER);
	rill_synack_options(req, &opts);
	if (key)
		opts.present |= RILL_OPT_MD5;
	/* last: it makes way if there is no room */
	if (fo)
		rill_fo_write(fo, &opts);
	rill_fill_header(skb, htons(req->c.skc_num), req->c.skc_dport, req->snd_nxt - 1,
			 req->rcv_nxt, min(req->rcv_wnd, RILL_MAX_WINDOW),
			 TCPHDR_SYN | TCPHDR_ACK | (req->ecn_ok ? TCPHDR_ECE : 0), &opts);
	if (key) {
		rill_c_addrs(&req->c, &local, &peer);
		rill_md5_sign(key, skb, &local, &peer, req->wire);
	}
	skb_dst_set(skb, dst);
	skb->mark = req->mark;
	rill_mib_inc(net, RILL_MIB_OUT_SEGS);
	if (req->c.skc_family == AF_INET6)
		rill_v6_send_synack(req, skb, ect);
	else
		rill_v4_send_synack(req, skb, ect);
}

static void rill_resend_synack(struct rill_mini *req)
{
	struct dst_entry *dst = rill_req_route(req);

	if (!dst)
		return;
	rill_mib_inc(read_pnet(&req->c.skc_net), RILL_MIB_RETRANS_SEGS);
	rill_send_synack(req, dst, NULL);	/* TFO-5S */
}

/* Unlink from the listener's list. Returns whether we were the one to do it. */
static bool rill_req_unlink(struct rill_mini *req)
{
	struct rill_listen *l = &rill_sk(req->listener)->listen;
	bool linked;

	spin_lock_bh(&l->lock);
	linked = !list_empty(&req->syn_node);
	if (linked) {
		list_del_init(&req->syn_node);
		l->syn_len--;
	}
	spin_unlock_bh(&l->lock);
	return linked;
}

/* After rill_req_unlink(): leave the table, stop the timer. */
static void rill_req_release(struct rill_mini *req)
{
	if (rill_unhash_mini(req))
		rill_mini_put(req);
	if (del_timer(&req->timer))
		rill_mini_put(req);
}

/**
 * rill_syn_recv_drop() - give up a connection in SYN_RECV, quietly
 * @req: mini-socket; the caller's reference stays
 *
 * Context: any but hard interrupt.
 */
void rill_syn_recv_drop(struct rill_mini *req)
{
	if (rill_req_unlink(req))
		rill_req_release(req);
}

/**
 * rill_syn_recv_drop_all() - a listener goes: so do its half-open connections
 * @listener: no longer in LISTEN, so none is added
 *
 * Context: process; the socket lock is held.
 */
void rill_syn_recv_drop_all(struct sock *listener)
{
	struct rill_listen *l = &rill_sk(listener)->listen;
	struct rill_mini *req;

	for (;;) {
		spin_lock_bh(&l->lock);
		req = list_first_entry_or_null(&l->syn_list, struct rill_mini, syn_node);
		if (req)
			refcount_inc(&req->c.skc_refcnt);
		spin_unlock_bh(&l->lock);
		if (!req)
			return;
		rill_syn_recv_drop(req);
		rill_mini_put(req);
	}
}

/* The RTO of a SYN-ACK: 1 s, doubled each time, up to 120 s (RFC 6298). */
static unsigned long rill_synack_rto(unsigned int retrans)
{
	return usecs_to_jiffies(rill_rto_backoff(RILL_RTO_INIT_US, retrans, RILL_RTO_MAX_US));
}

/* Has the peer had its chances? TCP_DEFER_ACCEPT may give more of them. */
static bool rill_req_expired(const struct rill_mini *req, u8 defer)
{
	int max = rill_sk(req->listener)->syn_retries ? :
		  READ_ONCE(rill_net(read_pnet(&req->c.skc_net))->synack_retries);

	return req->timeouts >= max && (!req->acked || req->timeouts >= defer);
}

/*
 * Who has acknowledged our SYN hears of us again only as the time for data
 * ends: the answer makes the connection (TO-3).
 */
static bool rill_req_resends(const struct rill_mini *req, u8 defer)
{
	return !defer || !req->acked || req->timeouts + 1 >= defer;
}

static void rill_req_timer(struct timer_list *t)
{
	struct rill_mini *req = from_timer(req, t, timer);
	u8 defer = READ_ONCE(rill_sk(req->listener)->defer_accept);
	struct net *net = read_pnet(&req->c.skc_net);

	/* rearming is the only other holder's right: unlinked means dropped */
	if (rill_req_expired(req, defer)) {
		rill_mib_inc(net, RILL_MIB_ATTEMPT_FAILS);
		rill_syn_recv_drop(req);
		rill_mini_put(req);
		return;
	}
	if (rill_req_resends(req, defer)) {
		req->retrans++;
		rcu_read_lock();
		rill_resend_synack(req);
		rcu_read_unlock();
	}
	req->timeouts++;
	spin_lock(&rill_sk(req->listener)->listen.lock);
	if (!list_empty(&req->syn_node)) {
		refcount_inc(&req->c.skc_refcnt);
		mod_timer(&req->timer, jiffies + rill_synack_rto(req->timeouts));
	}
	spin_unlock(&rill_sk(req->listener)->listen.lock);
	rill_mini_put(req);
}

/* What a SYN says, and what we will answer. */
static void rill_req_fill(struct rill_mini *req, struct sock *sk, const struct sk_buff *skb,
			  const struct rill_opts *opts, const struct dst_entry *dst)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	const struct rill_sock *rs = rill_sk(sk);
	const struct tcphdr *th = tcp_hdr(skb);
	u32 space = rill_full_space(sk);

	req->rcv_nxt = RILL_SEQ(skb) + 1;
	req->ts_offset = rill_ts_offset(&req->c);
	req->snd_nxt = rill_isn(&req->c) + 1;
	req->mss = opts->present & RILL_OPT_MSS ? max_t(u16, opts->mss, RILL_MIN_SND_MSS) :
						  rill_default_mss(rill_skb_is_v6(skb));
	if (rs->mss_user)
		req->mss = min(req->mss, rs->mss_user);
	req->adv_mss = rill_adv_mss(sk, dst);
	req->tos = rill_skb_dsfield(skb);
	req->ecn_ok = rill_ecn_accepts(READ_ONCE(rn->ecn), rill_ecn_listener(sk), th->ece, th->cwr,
				       req->tos & RILL_ECN_MASK);
	req->mark = READ_ONCE(sk->sk_mark);
	req->sack_ok = opts->present & RILL_OPT_SACK_PERM && rn->sack;
	req->ts_ok = opts->present & RILL_OPT_TS && rn->timestamps;
	if (req->ts_ok) {
		req->ts_recent = opts->tsval;
		req->ts_recent_stamp = rill_seconds();
	}
	req->wscale_ok = opts->present & RILL_OPT_WSCALE && rn->window_scaling;
	if (req->wscale_ok) {
		req->snd_wscale = opts->wscale;
		req->rcv_wscale = rill_choose_wscale(sk);
	}
	if (rs->user_window)
		space = min(space, rs->user_window);
	req->rcv_wnd = rill_first_window(space, req->adv_mss - (req->ts_ok ? RILL_TS_ALIGNED : 0));
}

/* With cookies at hand the queue need be no longer than the backlog, as in Linux. */
static bool rill_syn_queue_full(const struct sock *sk)
{
	const struct rill_net *rn = rill_net(sock_net(sk));
	int len = READ_ONCE(rill_sk(sk)->listen.syn_len);

	if (READ_ONCE(rn->syncookies) && len > (int)READ_ONCE(sk->sk_max_ack_backlog))
		return true;
	return len >= READ_ONCE(rn->max_syn_backlog);
}

/*
 * RFC 4987, 3.5: in a full SYN queue the oldest makes way, so that a flood
 * does not shut the door to who answers quickly. Returns whether one did.
 */
static bool rill_syn_evict(struct sock *sk)
{
	struct rill_listen *l = &rill_sk(sk)->listen;
	struct rill_mini *req;

	spin_lock(&l->lock);
	req = list_first_entry_or_null(&l->syn_list, struct rill_mini, syn_node);
	if (req)
		refcount_inc(&req->c.skc_refcnt);
	spin_unlock(&l->lock);
	if (!req)
		return false;
	rill_mib_inc(sock_net(sk), RILL_MIB_LISTEN_DROPS);
	rill_mib_inc(sock_net(sk), RILL_MIB_ATTEMPT_FAILS);
	rill_syn_recv_drop(req);
	rill_mini_put(req);
	return true;
}

/**
 * rill_accept_queue_full() - may nobody else wait for accept()?
 * @sk: listener
 *
 * Context: any.
 * Return: whether.
 */
bool rill_accept_queue_full(const struct sock *sk)
{
	/* LS-1: the queue holds backlog + 1 */
	return READ_ONCE(rill_sk(sk)->listen.accept_len) > READ_ONCE(sk->sk_max_ack_backlog);
}

/*
 * Enter a new mini-socket everywhere. Returns false if that was not possible;
 * a reference is the caller's in any case.
 */
static bool rill_req_link(struct rill_mini *req)
{
	struct rill_listen *l = &rill_sk(req->listener)->listen;
	bool ok = false;

	/* who gets a reference by way of an old chain sees what it is now */
	smp_wmb();
	/* the table, the timer, and the caller */
	refcount_set(&req->c.skc_refcnt, 3);
	spin_lock(&l->lock);
	if (req->listener->sk_state == TCP_LISTEN) {
		ok = rill_hash_new(&req->c);
		if (ok) {
			list_add_tail(&req->syn_node, &l->syn_list);
			l->syn_len++;
			mod_timer(&req->timer, jiffies + HZ);
		}
	}
	spin_unlock(&l->lock);
	if (!ok) {
		rill_mini_put(req);
		rill_mini_put(req);
	}
	return ok;
}

/**
 * rill_overflow() - nobody accepts: count that
 * @sk: listener
 *
 * Context: any.
 * Return: the reason of the drop.
 */
enum rill_mib rill_overflow(const struct sock *sk)
{
	rill_mib_inc(sock_net(sk), RILL_MIB_LISTEN_OVERFLOWS);
	return RILL_DROP_LISTEN_OVERFLOW;
}

/* Whose SYN it is. What came by IPv4 stays that, whatever the listener is. */
static void rill_req_addrs(struct rill_mini *req, const struct sock *sk,
			   const struct sk_buff *skb)
{
	if (!rill_skb_is_v6(skb)) {
		req->c.skc_daddr = ip_hdr(skb)->saddr;
		req->c.skc_rcv_saddr = ip_hdr(skb)->daddr;
		req->ip_opt = rill_v4_return_route(sock_net(sk), skb);
		return;
	}
	req->c.skc_family = AF_INET6;
	req->c.skc_v6_daddr = ipv6_hdr(skb)->saddr;
	req->c.skc_v6_rcv_saddr = ipv6_hdr(skb)->daddr;
	req->iif = skb->skb_iif;
	/* an address of a link says nothing without it: two links may have the same */
	if (!req->c.skc_bound_dev_if && ipv6_addr_type(&req->c.skc_v6_daddr) & IPV6_ADDR_LINKLOCAL)
		req->c.skc_bound_dev_if = req->iif;
	if (rill_v6_repflow(sk))
		req->flow_label = ip6_flowlabel(ipv6_hdr(skb));
}

/* May a SYN have been sent to this address, from that one? MUST-57, MUST-63. */
static bool rill_syn_addrs_ok(const struct sk_buff *skb)
{
	if (rill_skb_is_v6(skb))
		return ipv6_unicast_destination(skb) &&
		       !ipv6_addr_v4mapped(&ipv6_hdr(skb)->saddr);
	return !(skb_rtable(skb)->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST));
}

/**
 * rill_req_new() - a mini-socket for a handshake, not entered anywhere yet
 * @sk: listener
 * @skb: the SYN, or the ACK that stands for it
 * @opts: options of the SYN
 * @dst: set to a route to the peer, which is the caller's
 * @why: set to the reason when there is none
 *
 * Context: softirqs off, RCU.
 * Return: the mini-socket, without a reference, for rill_req_link() or
 * rill_mini_free(); NULL without memory or route.
 */
struct rill_mini *rill_req_new(struct sock *sk, const struct sk_buff *skb,
			       const struct rill_opts *opts, struct dst_entry **dst,
			       enum rill_mib *why)
{
	struct rill_mini *req = rill_mini_alloc(sock_net(sk));

	*why = RILL_DROP_NO_MEMORY;
	if (!req)
		return NULL;
	req->c.skc_state = TCP_NEW_SYN_RECV;
	req->wire = rill_sk(sk)->wire;
	req->c.skc_dport = tcp_hdr(skb)->source;
	req->c.skc_num = ntohs(tcp_hdr(skb)->dest);
	if (req->wire == RILL_WIRE_UDP)
		req->udp_port = rill_udp_from(skb);
	req->c.skc_bound_dev_if = sk->sk_bound_dev_if;
	rill_req_addrs(req, sk, skb);
	INIT_LIST_HEAD(&req->syn_node);
	sock_hold(sk);
	req->listener = sk;
	*why = RILL_DROP_NO_ROUTE;
	*dst = rill_req_route(req);
	if (!*dst) {
		rill_mini_free(req);
		return NULL;
	}
	rill_req_fill(req, sk, skb, opts, *dst);
	return req;
}

/* A SYN for a listener: RFC 9293, 3.10.7.2, third. Does not eat skb. */
static enum rill_mib rill_syn(struct sock *sk, struct sk_buff *skb)
{
	u32 iss = RILL_CB(skb)->ack;	/* rill_time_wait_rcv() may have set it */
	const struct tcphdr *th = tcp_hdr(skb);
	bool full = rill_syn_queue_full(sk), cookie;
	struct rill_fo_cookie fo;
	struct dst_entry *dst;
	struct rill_opts opts;
	struct rill_mini *req;
	enum rill_mib why;

	if (!rill_syn_addrs_ok(skb))
		return RILL_DROP_SYN_INVALID;
	if (rill_accept_queue_full(sk))
		return rill_overflow(sk);
	/* who was in TIME_WAIT is real, and costs less than it did */
	cookie = !iss && rill_cookie_wanted(sk, full);
	if (full && !iss && !cookie && !rill_syn_evict(sk))
		return RILL_DROP_SYN_OVERFLOW;
	rill_opt_parse((const u8 *)(th + 1), th->doff * 4 - sizeof(*th), true, &opts);
	req = rill_req_new(sk, skb, &opts, &dst, &why);
	if (!req)
		return why;
	if (iss)
		req->snd_nxt = iss + 1;
	if (cookie) {
		rill_cookie_issue(req);
		rill_send_synack(req, dst, NULL);
		rill_mini_free(req);
		return 0;
	}
	req->saved_syn = rill_save_syn(sk, skb);
	if (rill_fastopen_syn_rcv(sk, req, skb, &opts, dst, &fo)) {
		dst_release(dst);
		rill_mini_free(req);
		return 0;
	}
	/* as in Linux: SACKs are worth more than timestamps where both do not fit */
	if (req->sack_ok && rill_req_key(req))
		req->ts_ok = 0;
	timer_setup(&req->timer, rill_req_timer, TIMER_PINNED);
	req->synack_us = rill_now_us();
	if (!rill_req_link(req)) {
		/* a twin was faster, or the listener is going */
		dst_release(dst);
		rill_mini_put(req);
		return RILL_DROP_SYN_INVALID;
	}
	rill_send_synack(req, dst, &fo);
	rill_mini_put(req);
	return 0;
}

/**
 * rill_listen_rcv() - a segment for a listener: RFC 9293, 3.10.7.2
 * @sk: in LISTEN, not locked
 * @skb: the segment; eaten unless true is returned
 *
 * Context: softirqs off, RCU.
 * Return: whether to look again for an owner, as another CPU was faster.
 */
bool rill_listen_rcv(struct sock *sk, struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);
	enum rill_mib why = 0;

	/* First RST, second ACK, third SYN: SM-6. */
	if (th->rst) {
		why = RILL_DROP_BAD_FLAGS;
	} else if (th->ack) {
		if (!th->syn && rill_cookie_expected(sk))
			return rill_cookie_rcv(sk, skb);
		rill_reply_reset(sk, skb);
		why = RILL_DROP_NO_SOCKET;
	} else if (!th->syn || th->fin) {
		why = RILL_DROP_BAD_FLAGS;
	} else {
		why = rill_syn(sk, skb);
		if (why)
			rill_mib_inc(sock_net(sk), RILL_MIB_LISTEN_DROPS);
	}
	if (why)
		rill_drop(sk, skb, why);
	else
		consume_skb(skb);
	return false;
}

/**
 * rill_child_abort() - end a child that nobody will accept
 * @sk: child of rill_child(): locked, two references; both go
 * @reset: tell the peer
 *
 * Context: softirqs off.
 */
void rill_child_abort(struct sock *sk, bool reset)
{
	__acquire(&sk->sk_lock.slock);	/* sk_clone_lock() did */
	if (reset)
		rill_send_reset(sk, GFP_ATOMIC);
	sock_orphan(sk);
	rill_done(sk, RILL_EV_ABORT);
	bh_unlock_sock(sk);
	sock_put(sk);
}

/* The way back: a copy, as the mini-socket's timer may be using its own. */
static void rill_child_return_route(struct inet_sock *inet, const struct rill_mini *req)
{
	struct ip_options_rcu *opt = NULL;

	if (req->ip_opt)
		opt = kmemdup(req->ip_opt, sizeof(*opt) + req->ip_opt->opt.optlen,
			      GFP_ATOMIC | __GFP_NOWARN);
	RCU_INIT_POINTER(inet->inet_opt, opt);
	/* ip_queue_xmit() takes addresses from here */
	inet->cork.fl.u.ip4.saddr = req->c.skc_rcv_saddr;
	inet->cork.fl.u.ip4.daddr = opt ? opt->opt.faddr : req->c.skc_daddr;
}

/**
 * rill_child() - make the connection that a mini-socket stood for
 * @listener: not locked
 * @req: mini-socket
 * @dst: route to the peer; is eaten
 *
 * Context: softirqs off, RCU.
 * Return: a child in SYN_RECV, in no table yet, on the listener's port; locked
 * and with two references. NULL without memory, or when the listener is gone.
 */
struct sock *rill_child(struct sock *listener, struct rill_mini *req, struct dst_entry *dst)
{
	struct sock *sk = sk_clone_lock(listener, GFP_ATOMIC);
	struct inet_sock *inet;
	struct rill_sock *rs;

	if (!sk) {
		dst_release(dst);
		return NULL;
	}
	inet = inet_sk(sk);
	rs = rill_sk(sk);
	/* whatever becomes of the copy, these are the listener's */
	RCU_INIT_POINTER(inet->inet_opt, NULL);
	if (sk->sk_family == AF_INET6)
		rill_v6_cloned(sk);
	rill_init_once(sk);
	rill_cong_inherit(sk);
	rill_init_connection(sk);
	rs->bucket = NULL;
	rs->fo_queue = NULL;
	rs->defer_accept = 0;
	rs->fo_req = NULL;
	rs->fo_pending = NULL;
	/* what the end of @sk would free or use, but is the listener's */
	inet->mc_list = NULL;
	RCU_INIT_POINTER(inet->inet_opt, NULL);
	rs->pingpong = rill_sk(listener)->pingpong;	/* TCP_QUICKACK */
	if (sk->sk_state != TCP_LISTEN) {
		/* the listener became something else as it was copied */
		rill_child_abort(sk, false);
		dst_release(dst);
		return NULL;
	}
	rill_set_state(sk, RILL_EV_RCV_SYN);

	rs->v6 = req->c.skc_family == AF_INET6;
	rill_wire_assign(sk, req->wire);
	rs->udp_port = req->udp_port;
	inet->inet_daddr = rs->v6 ? LOOPBACK4_IPV6 : req->c.skc_daddr;
	inet->inet_rcv_saddr = rs->v6 ? LOOPBACK4_IPV6 : req->c.skc_rcv_saddr;
	inet->inet_saddr = inet->inet_rcv_saddr;
	if (sk->sk_family == AF_INET6)
		rill_v6_child(sk, listener, req);
	inet->inet_dport = req->c.skc_dport;
	inet->inet_sport = htons(req->c.skc_num);
	inet->inet_num = req->c.skc_num;
	sock_reset_flag(sk, SOCK_RCU_FREE);	/* which is for listeners */
	rill_child_return_route(inet, req);
	atomic_set(&inet->inet_id, get_random_u16());
	sk->sk_mark = req->mark;
	sk->sk_txhash = get_random_u32() | 1;

	rs->irs = req->rcv_nxt - 1;
	rs->rcv_nxt = req->rcv_nxt;
	rs->rcv_wup = req->rcv_nxt;
	rs->copied_seq = req->rcv_nxt;
	rs->collapsed = req->rcv_nxt;
	rs->rcv_wnd = req->rcv_wnd;
	rs->iss = req->snd_nxt - 1;
	rs->snd_una = rs->iss;
	rs->snd_sml = rs->iss;
	rs->snd_nxt = req->snd_nxt;
	rs->write_seq = req->snd_nxt;
	rs->snd_wscale = req->snd_wscale;
	rs->rcv_wscale = req->rcv_wscale;
	rs->wscale_ok = req->wscale_ok;
	rs->window_clamp = req->wscale_ok ? RILL_MAX_WINDOW << req->rcv_wscale : RILL_MAX_WINDOW;
	if (rs->user_window)
		rs->window_clamp = min(rs->window_clamp, rs->user_window);
	rs->sack_ok = req->sack_ok;
	rs->ecn.asked = req->ecn_ok;
	rs->ecn.ok = req->ecn_ok;
	rs->ts_ok = req->ts_ok;
	rs->ts_recent = req->ts_recent;
	rs->ts_recent_stamp = req->ts_recent_stamp;
	rs->ts_offset = req->ts_offset;
	rs->adv_mss = req->adv_mss;
	rs->mss_clamp = req->mss;
	/* what the peer then took to speak is no part of the round trip */
	rs->stall_us = req->acked ? rill_now_us() - req->waited_us : req->synack_us;
	rs->retransmits = req->retrans;
	rs->total_retrans = req->retrans;
	rs->syn_resends = req->retrans;
	rs->segs_in = 1;	/* the SYN */
	if (rs->v6)
		rill_v6_dst_store(sk, dst);
	else
		sk_setup_caps(sk, dst);
	if (rill_md5_inherit(sk, listener)) {
		rill_child_abort(sk, false);
		return NULL;
	}
	rill_sync_mss(sk, dst_mtu(dst));
	if (rill_bind_inherit(sk, listener)) {
		rill_child_abort(sk, false);
		return NULL;
	}
	return sk;
}

/**
 * rill_accept_enqueue() - append to the accept queue
 * @listener: not locked
 * @child: locked, in the table
 *
 * Context: softirqs off.
 * Return: false if the queue is full or closed.
 */
bool rill_accept_enqueue(struct sock *listener, struct sock *child)
{
	struct rill_listen *l = &rill_sk(listener)->listen;
	bool ok = false;

	spin_lock(&l->lock);
	if (listener->sk_state == TCP_LISTEN && !rill_accept_queue_full(listener)) {
		rill_sk(child)->accept_next = NULL;
		if (l->accept_tail)
			rill_sk(l->accept_tail)->accept_next = child;
		else
			l->accept_head = child;
		l->accept_tail = child;
		WRITE_ONCE(l->accept_len, l->accept_len + 1);
		WRITE_ONCE(listener->sk_ack_backlog, l->accept_len);
		ok = true;
	}
	spin_unlock(&l->lock);
	return ok;
}

/**
 * rill_child_queue() - let a child wait for accept()
 * @listener: not locked
 * @child: locked, two references, in the table
 *
 * Context: softirqs off.
 * Return: @child, or NULL when it was reset as nobody can accept it.
 */
struct sock *rill_child_queue(struct sock *listener, struct sock *child)
{
	if (!rill_accept_enqueue(listener, child)) {
		rill_child_abort(child, true);
		return NULL;
	}
	rill_mib_inc(sock_net(listener), RILL_MIB_PASSIVE_OPENS);
	return child;
}

/*
 * The handshake is done: a socket takes the mini-socket's place. *late is set
 * when the mini-socket has no place any more.
 */
static struct sock *rill_req_complete(struct sock *listener, struct rill_mini *req, bool *late)
{
	struct dst_entry *dst = rill_req_route(req);
	struct sock *child;

	if (!dst)
		return NULL;
	child = rill_child(listener, req, dst);
	if (!child)
		return NULL;
	*late = !rill_req_unlink(req);
	if (*late) {
		/* the other CPU was faster, or the listener goes */
		rill_child_abort(child, false);
		return NULL;
	}
	rill_child_keep_syn(child, req);
	if (rill_hash_replace(&child->__sk_common, &req->c))
		rill_mini_put(req);
	rill_req_release(req);
	return rill_child_queue(listener, child);
}

/* Send a bare ACK for a mini-socket in SYN_RECV. */
static void rill_req_ack(struct rill_mini *req, struct sk_buff *skb)
{
	struct rill_opts opts = {};

	if (rill_mini_limited(req))
		return;
	if (req->ts_ok) {
		opts.present = RILL_OPT_TS;
		opts.tsval = rill_ts_now(req->ts_offset);
		opts.tsecr = req->ts_recent;
	}
	rill_reply(read_pnet(&req->c.skc_net), skb, req->snd_nxt, req->rcv_nxt,
		   req->rcv_wnd >> req->rcv_wscale, TCPHDR_ACK, &opts, rill_req_key(req));
}

/* TO-3: a bare ACK wakes nobody yet, where TCP_DEFER_ACCEPT says so. */
static bool rill_req_defers(const struct sock *listener, struct rill_mini *req,
			    const struct sk_buff *skb)
{
	if (likely(req->timeouts >= READ_ONCE(rill_sk(listener)->defer_accept)) ||
	    RILL_END(skb) != req->rcv_nxt)
		return false;
	if (!req->acked)
		req->waited_us = (u32)(rill_now_us() - req->synack_us);
	req->acked = 1;
	return true;
}

/* Why a segment does not complete the handshake; 0 if it does. */
static enum rill_mib rill_req_check(struct sock *listener, struct rill_mini *req,
				    struct sk_buff *skb)
{
	struct rill_net *rn = rill_net(read_pnet(&req->c.skc_net));
	const struct tcphdr *th = tcp_hdr(skb);
	u32 seq = RILL_SEQ(skb);
	struct rill_opts opts;

	rill_opt_parse((const u8 *)(th + 1), th->doff * 4 - sizeof(*th), th->syn, &opts);
	/* the SYN again: our SYN-ACK was lost */
	if (th->syn && !th->ack && !th->rst && seq == req->rcv_nxt - 1) {
		if (req->wire == RILL_WIRE_UDP)
			req->udp_port = rill_udp_from(skb);
		if (!rill_mini_limited(req))
			rill_resend_synack(req);
		return RILL_DROP_OLD_DATA;
	}
	/* First, the sequence number, and PAWS. */
	if (!rill_win_acceptable(req->rcv_nxt, req->rcv_wnd, seq, RILL_END(skb) - seq) ||
	    (req->ts_ok && opts.present & RILL_OPT_TS && !th->rst &&
	     (s32)(opts.tsval - req->ts_recent) < 0)) {
		if (!th->rst)
			rill_req_ack(req, skb);
		return RILL_DROP_WINDOW;
	}
	/* Second RST (RFC 5961), fourth SYN (SM-22): back to LISTEN. */
	if (th->rst && seq != req->rcv_nxt) {
		rill_req_ack(req, skb);
		return RILL_DROP_RST_CHALLENGE;
	}
	if (th->rst || th->syn) {
		rill_mib_inc(sock_net(listener), RILL_MIB_ATTEMPT_FAILS);
		if (th->syn)
			rill_reply_reset(listener, skb);
		rill_syn_recv_drop(req);
		return RILL_DROP_AFTER_CLOSE;
	}
	/* Fifth, the ACK: SM-3. */
	if (!th->ack)
		return RILL_DROP_NO_ACK;
	if (RILL_CB(skb)->ack != req->snd_nxt) {
		rill_reply_reset(listener, skb);
		return RILL_DROP_BAD_ACK;
	}
	if (rill_req_defers(listener, req, skb))
		return RILL_DROP_DEFER_ACCEPT;
	if (rill_accept_queue_full(listener)) {
		if (rn->abort_on_overflow) {
			rill_reply_reset(listener, skb);
			rill_syn_recv_drop(req);
		}
		rill_mib_inc(sock_net(listener), RILL_MIB_LISTEN_DROPS);
		return rill_overflow(listener);
	}
	if (req->ts_ok && opts.present & RILL_OPT_TS && !rill_after(seq, req->rcv_nxt))
		req->ts_recent = opts.tsval;
	return 0;
}

/**
 * rill_child_packet() - IP_PKTOPTIONS: what IP said of what made a connection
 * @child: locked
 * @skb: that segment
 *
 * Context: softirqs off.
 */
void rill_child_packet(struct sock *child, const struct sk_buff *skb)
{
	struct inet_sock *inet = inet_sk(child);

	if (child->sk_family == AF_INET6)
		rill_v6_child_packet(child, skb);
	if (rill_skb_is_v6(skb))
		return;
	inet->mc_index = inet_iif(skb);
	inet->mc_ttl = ip_hdr(skb)->ttl;
	inet->rcv_tos = ip_hdr(skb)->tos;
}

/**
 * rill_child_start() - hand a new connection the segment that completed it
 * @listener: whom accept() will be called on
 * @child: locked, a reference is ours; unlocked and dropped
 * @skb: the segment; eaten
 *
 * Context: softirqs off, RCU.
 */
void rill_child_start(struct sock *listener, struct sock *child, struct sk_buff *skb)
{
	__acquire(&child->sk_lock.slock);	/* sk_clone_lock() did */
	skb->dev = NULL;	/* may go while a backlog holds the segment */
	sock_rps_save_rxhash(child, skb);
	sk_mark_napi_id(child, skb);
	rill_child_packet(child, skb);
	/* accept() may be quick: the child may have a user already */
	if (!sock_owned_by_user(child)) {
		rill_input(child, skb);
		rill_output(child);
	} else if (sk_add_backlog(child, skb, READ_ONCE(child->sk_rcvbuf) + (64 << 10))) {
		rill_drop(child, skb, RILL_DROP_BACKLOG);
	}
	listener->sk_data_ready(listener);
	bh_unlock_sock(child);
	sock_put(child);
}

/**
 * rill_syn_recv_rcv() - a segment for a mini-socket in SYN_RECV
 * @req: the mini-socket; the caller's reference stays
 * @skb: the segment; eaten unless true is returned
 *
 * The ACK of our SYN makes it a connection, which processes @skb itself.
 *
 * Context: softirqs off, RCU.
 * Return: whether to look again for an owner, as another CPU was faster.
 */
bool rill_syn_recv_rcv(struct rill_mini *req, struct sk_buff *skb)
{
	struct sock *listener = req->listener, *child;
	bool late = false;
	enum rill_mib why;

	why = rill_req_check(listener, req, skb);
	if (why) {
		rill_drop(listener, skb, why);
		return false;
	}
	child = rill_req_complete(listener, req, &late);
	if (child)
		rill_child_start(listener, child, skb);
	else if (!late)
		rill_drop(listener, skb, RILL_DROP_NO_MEMORY);
	return late;
}

/**
 * rill_mini_init() - make the cache and the keys
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int rill_mini_init(void)
{
	rill_mini_cache = kmem_cache_create("rill_mini", sizeof(struct rill_mini), 0,
					    SLAB_HWCACHE_ALIGN | SLAB_TYPESAFE_BY_RCU, NULL);
	rill_secret_init();
	rill_cookie_init();
	return rill_mini_cache ? 0 : -ENOMEM;
}

/**
 * rill_mini_exit() - free the cache; no mini-socket is left
 *
 * Context: process, module unload.
 */
void rill_mini_exit(void)
{
	kmem_cache_destroy(rill_mini_cache);
}
