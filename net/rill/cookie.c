// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: SYN cookies, for when a listener's SYN queue is full (C11, SYNC-1I).
 *
 * A SYN is then answered from a mini-socket that is forgotten at once: what it
 * held is in the SYN-ACK, and the ACK of it brings it back (core/cookie.c). A
 * listener looks for cookies in ACKs only as long as one that it sent may come
 * back, so nobody can try guesses on one that was never under pressure.
 */
#include <linux/siphash.h>
#include <net/netns/hash.h>
#include <net/tcp.h>

#include "core/cookie.h"
#include "af.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

#define RILL_COOKIE_LIFE	(RILL_COOKIE_PERIOD * RILL_COOKIE_PERIODS * HZ)

static siphash_key_t rill_cookie_key;

struct rill_cookie_tuple {
	struct in6_addr	saddr;	/* ours; IPv4 mapped */
	struct in6_addr	daddr;
	__be16	sport;
	__be16	dport;
	u32	netns;		/* no cookie of one namespace is good in another */
};

static u32 rill_cookie_siphash(const void *tuple, u32 isn, u32 count)
{
	const struct {
		struct rill_cookie_tuple t;
		u32 isn;
		u32 count;
	} __aligned(SIPHASH_ALIGNMENT) in = {
		.t = *(const struct rill_cookie_tuple *)tuple,
		.isn = isn,
		.count = count,
	};

	BUILD_BUG_ON(sizeof(in) != 48);	/* no padding, which would be hashed too */
	return siphash(&in, sizeof(in), &rill_cookie_key);
}

static u32 rill_cookie_count(void)
{
	return rill_seconds() / RILL_COOKIE_PERIOD;
}

/* Once for each listener, as Linux: an operator may want a longer queue. */
static void rill_flood_warn(struct sock *sk, bool cookies)
{
	struct rill_listen *l = &rill_sk(sk)->listen;

	if (READ_ONCE(l->flood_warned) || xchg(&l->flood_warned, 1))
		return;
	net_info_ratelimited("rill: Possible SYN flooding on port %u. %s.\n", sk->sk_num,
			     cookies ? "Sending cookies" : "Dropping requests");
}

/**
 * rill_cookie_wanted() - is a SYN to be answered by a cookie?
 * @sk: listener
 * @full: its SYN queue is
 *
 * The sysctl: 0 never, 1 when the queue is full, 2 always.
 *
 * Context: softirqs off.
 * Return: whether. If not, and the queue is full, somebody must make way.
 */
bool rill_cookie_wanted(struct sock *sk, bool full)
{
	int mode = READ_ONCE(rill_net(sock_net(sk))->syncookies);

	if (!full && mode != 2)
		return false;
	rill_mib_inc(sock_net(sk), mode ? RILL_MIB_REQQ_FULL_COOKIES : RILL_MIB_REQQ_FULL_DROP);
	if (mode != 2)
		rill_flood_warn(sk, mode);
	return mode;
}

static struct rill_cookie_tuple rill_cookie_tuple(const struct rill_mini *req)
{
	struct rill_cookie_tuple t = {
		.sport = htons(req->c.skc_num),
		.dport = req->c.skc_dport,
		.netns = net_hash_mix(read_pnet(&req->c.skc_net)),
	};

	rill_c_addrs(&req->c, &t.saddr, &t.daddr);
	return t;
}

/* The same of an ACK that came in. */
static struct rill_cookie_tuple rill_cookie_tuple_in(const struct sock *sk,
						     const struct sk_buff *skb)
{
	struct rill_cookie_tuple t = {
		.sport = tcp_hdr(skb)->dest,
		.dport = tcp_hdr(skb)->source,
		.netns = net_hash_mix(sock_net(sk)),
	};

	rill_skb_addrs(skb, &t.daddr, &t.saddr);
	return t;
}

/**
 * rill_cookie_issue() - number a SYN-ACK by a cookie
 * @req: mini-socket, filled from the SYN, which will not be kept
 *
 * Options that a cookie cannot carry are not agreed to (SYNC-3I).
 *
 * Context: softirqs off.
 */
void rill_cookie_issue(struct rill_mini *req)
{
	struct rill_cookie_tuple t = rill_cookie_tuple(req);
	u32 *flooded_at = rill_flooded_at(req->listener);
	u32 at = READ_ONCE(*flooded_at), now = (u32)jiffies;

	if (!req->ts_ok) {
		req->ecn_ok = 0;
		req->wscale_ok = 0;
		req->snd_wscale = 0;
		req->rcv_wscale = 0;
		req->sack_ok = 0;
		req->ecn_ok = 0;
	}
	req->cookie = 1;
	req->snd_nxt = rill_cookie_make(rill_cookie_siphash, &t, req->rcv_nxt - 1,
					rill_cookie_count(), &req->mss) + 1;
	/* the listener's cache line is left alone but once a second */
	if (!at || time_after32(now, at + HZ))
		WRITE_ONCE(*flooded_at, now | 1);
	rill_mib_inc(read_pnet(&req->c.skc_net), RILL_MIB_SYNCOOKIES_SENT);
}

/**
 * rill_cookie_tsval() - TSval of a SYN-ACK that bears a cookie
 * @req: mini-socket
 * @now: TSval as it would be
 *
 * Context: any.
 * Return: it, with the options that were agreed in it.
 */
u32 rill_cookie_tsval(const struct rill_mini *req, u32 now)
{
	const struct rill_cookie_opts o = {
		.wscale = req->snd_wscale,
		.wscale_ok = req->wscale_ok,
		.sack_ok = req->sack_ok,
		.ecn_ok = req->ecn_ok,
	};

	return rill_cookie_ts(now, &o);
}

/**
 * rill_cookie_expected() - may an ACK for a listener bear a cookie?
 * @sk: listener
 *
 * Context: softirqs off.
 * Return: whether it sent one that is not stale yet.
 */
bool rill_cookie_expected(const struct sock *sk)
{
	u32 at = READ_ONCE(*rill_flooded_at(sk));

	return at && READ_ONCE(rill_net(sock_net(sk))->syncookies) &&
	       time_between32((u32)jiffies, at - 1, at + RILL_COOKIE_LIFE + HZ);
}

/* What the SYN said, as far as the ACK tells. Returns whether it can have. */
static bool rill_cookie_syn_opts(const struct sock *sk, const struct sk_buff *skb, u16 mss,
				 struct rill_opts *o, struct rill_cookie_opts *c)
{
	const struct rill_net *rn = rill_net(sock_net(sk));
	const struct tcphdr *th = tcp_hdr(skb);

	memset(c, 0, sizeof(*c));
	rill_opt_parse((const u8 *)(th + 1), th->doff * 4 - sizeof(*th), false, o);
	o->present &= RILL_OPT_TS;
	o->present |= RILL_OPT_MSS;
	o->mss = mss;
	if (!(o->present & RILL_OPT_TS))
		return true;
	rill_cookie_ts_read(o->tsecr, c);
	if (c->wscale_ok)
		o->present |= RILL_OPT_WSCALE;
	o->wscale = c->wscale;
	if (c->sack_ok)
		o->present |= RILL_OPT_SACK_PERM;
	/* we would not have agreed to that */
	return rn->timestamps && (!c->wscale_ok || rn->window_scaling) && (!c->sack_ok || rn->sack);
}

/* The mini-socket again that the cookie stands for; its route in *dst. */
static struct rill_mini *rill_cookie_req(struct sock *sk, struct sk_buff *skb,
					 struct dst_entry **dst, enum rill_mib *why)
{
	struct rill_cookie_tuple t = rill_cookie_tuple_in(sk, skb);
	u32 isn = RILL_SEQ(skb) - 1, cookie = RILL_CB(skb)->ack - 1;
	const struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_cookie_opts c;
	struct rill_opts opts;
	struct rill_mini *req;
	u16 mss;

	*why = RILL_DROP_BAD_ACK;
	mss = rill_cookie_check(rill_cookie_siphash, &t, isn, rill_cookie_count(), cookie);
	if (!mss || !rill_cookie_syn_opts(sk, skb, mss, &opts, &c)) {
		rill_mib_inc(sock_net(sk), RILL_MIB_SYNCOOKIES_FAILED);
		return NULL;
	}
	rill_mib_inc(sock_net(sk), RILL_MIB_SYNCOOKIES_RECV);
	req = rill_req_new(sk, skb, &opts, dst, why);
	if (!req)
		return NULL;
	req->rcv_nxt = isn + 1;
	req->snd_nxt = cookie + 1;
	/* of the SYN's two flags; those of the ACK say nothing of it */
	req->ecn_ok = rill_ecn_accepts(READ_ONCE(rn->ecn), rill_ecn_listener(sk), c.ecn_ok,
				       c.ecn_ok, RILL_ECN_NOT_ECT);
	/* nobody knows when the SYN-ACK left */
	req->synack_us = 0;
	return req;
}

/**
 * rill_cookie_rcv() - an ACK that may bear a cookie, for a listener
 * @sk: in LISTEN, not locked; rill_cookie_expected()
 * @skb: the segment, without SYN and RST; eaten unless true is returned
 *
 * Context: softirqs off, RCU.
 * Return: whether to look again for an owner, as another CPU was faster.
 */
bool rill_cookie_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst;
	struct rill_mini *req;
	struct sock *child;
	enum rill_mib why;
	bool twin = false;

	req = rill_cookie_req(sk, skb, &dst, &why);
	if (!req) {
		if (why == RILL_DROP_BAD_ACK)
			rill_reply_reset(sk, skb);	/* SM-6 */
		rill_drop(sk, skb, why);
		return false;
	}
	if (rill_accept_queue_full(sk)) {
		dst_release(dst);
		rill_mini_free(req);
		rill_mib_inc(sock_net(sk), RILL_MIB_LISTEN_DROPS);
		rill_drop(sk, skb, rill_overflow(sk));
		return false;
	}
	child = rill_child(sk, req, dst);
	rill_mini_free(req);
	if (child && !rill_hash_new(&child->__sk_common)) {
		rill_child_abort(child, false);
		child = NULL;
		twin = true;
	}
	if (child)
		child = rill_child_queue(sk, child);
	if (child)
		rill_child_start(sk, child, skb);
	else if (!twin)
		rill_drop(sk, skb, RILL_DROP_NO_MEMORY);
	return twin;
}

/**
 * rill_cookie_init() - make the key
 *
 * Context: process, module load.
 */
void rill_cookie_init(void)
{
	get_random_bytes(&rill_cookie_key, sizeof(rill_cookie_key));
}
