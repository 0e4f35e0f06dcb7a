// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: TIME_WAIT, which a mini-socket sits out for the socket that was.
 *
 * It is referenced by the table and by its timer. Whoever stops the timer, or
 * is the timer, releases it.
 */
#include <net/ip.h>
#include <net/tcp.h>

#include "core/seq.h"
#include "af.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

/* The owner of the timer ends it: out of the table, off the port. */
static void rill_tw_release(struct rill_mini *tw)
{
	struct net *net = read_pnet(&tw->c.skc_net);

	if (rill_unhash_mini(tw))
		rill_mini_put(tw);
	rill_bind_put_mini(tw);
	atomic_dec(&rill_net(net)->tw_count);
	rill_mini_put(tw);
}

static void rill_tw_timer(struct timer_list *t)
{
	struct rill_mini *tw = from_timer(tw, t, timer);

	rill_tw_release(tw);
}

/**
 * rill_time_wait_kill() - end a TIME_WAIT before its time
 * @tw: mini-socket; the caller's reference stays
 *
 * Context: any but hard interrupt, no lock of a table held.
 */
void rill_time_wait_kill(struct rill_mini *tw)
{
	if (del_timer_sync(&tw->timer))
		rill_tw_release(tw);
}

/* May one more be made? C22: max_tw_buckets bounds them. */
static struct rill_mini *rill_tw_alloc(struct net *net)
{
	struct rill_net *rn = rill_net(net);
	struct rill_mini *tw;

	if (atomic_inc_return(&rn->tw_count) > READ_ONCE(rn->max_tw_buckets)) {
		atomic_dec(&rn->tw_count);
		return NULL;
	}
	tw = rill_mini_alloc(net);
	if (!tw)
		atomic_dec(&rn->tw_count);
	return tw;
}

/**
 * rill_time_wait() - leave TIME_WAIT to a mini-socket and end the socket
 * @sk: in TIME_WAIT; its last ACK has left
 *
 * Context: softirqs off; the socket lock is held.
 */
void rill_time_wait(struct sock *sk)
{
	struct rill_mini *tw = rill_tw_alloc(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);

	if (!tw) {
		rill_mib_inc(sock_net(sk), RILL_MIB_TIME_WAIT_OVERFLOW);
		rill_done(sk, RILL_EV_TIMEOUT_2MSL);
		return;
	}
	tw->c.skc_state = TCP_TIME_WAIT;
	tw->c.skc_family = sk->sk_family;
	tw->c.skc_ipv6only = sk->sk_ipv6only;
	tw->c.skc_v6_daddr = sk->sk_v6_daddr;
	tw->c.skc_v6_rcv_saddr = sk->sk_v6_rcv_saddr;
	tw->c.skc_addrpair = sk->sk_addrpair;
	tw->c.skc_portpair = sk->sk_portpair;
	tw->c.skc_bound_dev_if = sk->sk_bound_dev_if;
	tw->c.skc_reuse = sk->sk_reuse;
	tw->c.skc_reuseport = sk->sk_reuseport;
	tw->rcv_nxt = rs->rcv_nxt;
	tw->snd_nxt = rs->snd_nxt;
	tw->rcv_wnd = rill_rcv_window(rs);
	tw->rcv_wscale = rs->rcv_wscale;
	tw->ts_ok = rs->ts_ok;
	tw->ts_recent = rs->ts_recent;
	tw->ts_recent_stamp = rs->ts_recent_stamp;
	tw->ts_offset = rs->ts_offset;
	tw->tos = rs->v6 ? rill_v6_sk(sk)->tclass : inet_sk(sk)->tos;
	tw->wire = rs->wire;
	tw->mark = sk->sk_mark;
	tw->md5 = rill_md5_copy(sk);
	timer_setup(&tw->timer, rill_tw_timer, TIMER_PINNED);
	/* who gets a reference by way of an old chain sees what it is now */
	smp_wmb();
	/* the table, the timer, and this function */
	refcount_set(&tw->c.skc_refcnt, 3);

	rill_mib_inc(sock_net(sk), RILL_MIB_TIME_WAITED);
	rill_bind_share(tw, sk);
	mod_timer(&tw->timer, jiffies + RILL_TIME_WAIT_LEN);
	if (!rill_hash_replace(&tw->c, &sk->__sk_common)) {
		rill_time_wait_kill(tw);
		rill_mini_put(tw);
	}
	rill_mini_put(tw);
	rill_done(sk, RILL_EV_TIMEOUT_2MSL);
}

/**
 * rill_time_wait_ack() - tell what the connection had come to
 * @tw: mini-socket
 * @skb: what to answer; not eaten
 *
 * But for a FIN, once in invalid_ratelimit (RFC 5961, 7).
 *
 * Context: softirqs off, RCU.
 */
void rill_time_wait_ack(struct rill_mini *tw, struct sk_buff *skb)
{
	struct net *net = read_pnet(&tw->c.skc_net);
	struct rill_opts opts = {};

	if (!tcp_hdr(skb)->fin && rill_mini_limited(tw))
		return;
	if (tw->ts_ok) {
		opts.present = RILL_OPT_TS;
		opts.tsval = rill_ts_now(tw->ts_offset);
		opts.tsecr = tw->ts_recent;
	}
	rill_reply(net, skb, tw->snd_nxt, tw->rcv_nxt, tw->rcv_wnd >> tw->rcv_wscale, TCPHDR_ACK,
		   &opts, tw->md5);
}

/* RFC 6191, 2 (TW-2S): is this SYN newer than all of the old connection? */
static bool rill_tw_syn_is_new(const struct rill_mini *tw, const struct sk_buff *skb,
			       const struct rill_opts *opts)
{
	bool ts = opts->present & RILL_OPT_TS;

	if (ts && tw->ts_ok && opts->tsval != tw->ts_recent)
		return (s32)(opts->tsval - tw->ts_recent) > 0;
	/* no segment of the old connection has a timestamp: PAWS stops them all */
	if (ts && !tw->ts_ok && rill_net(read_pnet(&tw->c.skc_net))->timestamps)
		return true;
	return rill_after(RILL_SEQ(skb), tw->rcv_nxt);
}

/* RFC 9293, 3.6.1: a new connection starts above all of the old one. */
static u32 rill_tw_next_iss(const struct rill_mini *tw)
{
	return (tw->snd_nxt + RILL_MAX_WINDOW + 2) ? : 1;
}

/**
 * rill_time_wait_rcv() - a segment in TIME_WAIT: RFC 9293, 3.10.7.4
 * @tw: mini-socket; the caller's reference stays
 * @skb: the segment; not eaten
 *
 * Context: softirqs off, RCU.
 * Return: RILL_TW_SYN when @tw may make way for a new connection, should there
 * be a listener, which finds the ISS to use in RILL_CB(skb)->ack; else all
 * that was due is done.
 */
enum rill_tw_verdict rill_time_wait_rcv(struct rill_mini *tw, struct sk_buff *skb)
{
	struct rill_net *rn = rill_net(read_pnet(&tw->c.skc_net));
	const struct tcphdr *th = tcp_hdr(skb);
	struct rill_opts opts;
	bool old;

	rill_opt_parse((const u8 *)(th + 1), th->doff * 4 - sizeof(*th), th->syn, &opts);
	old = tw->ts_ok && opts.present & RILL_OPT_TS && !th->rst &&
	      (s32)(opts.tsval - tw->ts_recent) < 0;

	if (th->rst) {
		/* RFC 1337: a RST must not end it, if so configured */
		if (RILL_SEQ(skb) == tw->rcv_nxt && !rn->rfc1337)
			rill_time_wait_kill(tw);
		return RILL_TW_DONE;
	}
	if (th->syn && !th->ack && !th->fin && !old && rill_tw_syn_is_new(tw, skb, &opts)) {
		RILL_CB(skb)->ack = rill_tw_next_iss(tw);
		return RILL_TW_SYN;
	}
	if (!old && RILL_SEQ(skb) == tw->rcv_nxt && RILL_END(skb) == tw->rcv_nxt && !th->syn) {
		/* the last ACK of the close, again: nothing to say */
		if (tw->ts_ok && opts.present & RILL_OPT_TS) {
			tw->ts_recent = opts.tsval;
			tw->ts_recent_stamp = rill_seconds();
		}
		return RILL_TW_DONE;
	}
	/* SM-13: a FIN again means that our ACK was lost: 2 MSL from now */
	if (th->fin || old)
		mod_timer_pending(&tw->timer, jiffies + RILL_TIME_WAIT_LEN);
	if (th->ack || th->syn)
		rill_time_wait_ack(tw, skb);
	return RILL_TW_DONE;
}

static bool rill_tw_is_loopback(const struct rill_mini *tw)
{
	if (rill_c_is_v6(&tw->c))
		return ipv6_addr_loopback(&tw->c.skc_v6_daddr) ||
		       ipv6_addr_loopback(&tw->c.skc_v6_rcv_saddr);
	return ipv4_is_loopback(tw->c.skc_daddr) || ipv4_is_loopback(tw->c.skc_rcv_saddr);
}

/**
 * rill_time_wait_reusable() - may connect() take this tuple over?
 * @tw: mini-socket
 * @asked: the program asked for this local port by number
 *
 * Only if timestamps tell old segments from new ones (RFC 6191). A program that
 * asks for the port has it then, as in Linux; the kernel on its own chooses it
 * if tw_reuse is 1, or 2 and this is loopback, and the last one is a second old.
 *
 * Context: the chain's lock is held.
 * Return: whether.
 */
bool rill_time_wait_reusable(const struct rill_mini *tw, bool asked)
{
	int reuse = READ_ONCE(rill_net(read_pnet(&tw->c.skc_net))->timewait_reuse);

	if (asked)
		return tw->ts_ok;
	if (reuse == 2 && !rill_tw_is_loopback(tw))
		return false;
	return reuse && tw->ts_ok && rill_seconds() - tw->ts_recent_stamp >= 1;
}

/**
 * rill_time_wait_inherit() - a new connection starts above the old one
 * @sk: new connection of the same tuple
 * @tw: the old one
 *
 * Context: the chain's lock is held.
 */
void rill_time_wait_inherit(struct sock *sk, const struct rill_mini *tw)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->iss = rill_tw_next_iss(tw);
	rs->ts_recent = tw->ts_recent;
	rs->ts_recent_stamp = tw->ts_recent_stamp;
}

static struct rill_mini *rill_tw_find(struct net *net, unsigned int i)
{
	struct rill_mini *found = NULL;
	struct hlist_nulls_head *head;
	struct hlist_nulls_node *node;
	spinlock_t *lock = rill_table_chain(i, &head);
	struct sock *sk;

	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, head) {
		if (rill_is_mini(sk) && sk->sk_state == TCP_TIME_WAIT &&
		    net_eq(sock_net(sk), net) && refcount_inc_not_zero(&sk->sk_refcnt)) {
			found = rill_mini(sk);
			break;
		}
	}
	spin_unlock_bh(lock);
	return found;
}

/**
 * rill_time_wait_purge() - a namespace ends: so do its TIME_WAITs
 * @net: the namespace; no socket is left in it
 *
 * Context: process.
 */
void rill_time_wait_purge(struct net *net)
{
	struct rill_mini *tw;
	unsigned int i;

	if (!atomic_read(&rill_net(net)->tw_count))
		return;
	for (i = 0; i < rill_table_buckets(); i++) {
		while ((tw = rill_tw_find(net, i))) {
			rill_time_wait_kill(tw);
			rill_mini_put(tw);
			cond_resched();
		}
	}
}
