// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: an ICMP error about a segment of ours has come in: RFC 9293, 3.9.2.2.
 *
 * Anybody can send one, so it must quote what is in flight (RFC 5927, 4.1),
 * and it ends nothing but a connection that is being opened (5.2). What the
 * numbers of ICMP mean is for ipv4_icmp.c and ipv6_icmp.c to say.
 */
#include <linux/errqueue.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "af.h"
#include "core/seq.h"
#include "fastopen.h"
#include "icmp.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

/* IP_RECVERR: keep what ICMP quoted for recv(MSG_ERRQUEUE), as ip(7) has it. */
static void rill_icmp_record(struct sock *sk, struct sk_buff *skb, const struct rill_icmp *e)
{
	struct sock_exterr_skb *serr;

	skb = skb_clone(skb, GFP_ATOMIC);
	if (!skb)
		return;
	serr = SKB_EXT_ERR(skb);
	memset(serr, 0, sizeof(*serr));
	serr->ee.ee_errno = e->err;
	serr->ee.ee_origin = e->origin;
	serr->ee.ee_type = e->type;
	serr->ee.ee_code = e->code;
	serr->ee.ee_info = e->info;
	serr->addr_offset = e->peer - skb_network_header(skb);
	serr->port = inet_sk(sk)->inet_dport;
	__skb_pull(skb, e->offset);
	skb_reset_transport_header(skb);
	if (sock_queue_err_skb(sk, skb))
		kfree_skb(skb);
}

/* An error for a connection. The socket lock is held, softirqs are off. */
static void rill_icmp_error(struct sock *sk, struct sk_buff *skb, const struct rill_icmp *e)
{
	bool raised = rill_sk(sk)->v6 ? rill_v6_recverr(sk) : rill_v4_recverr(sk);

	/* whom accept() gave a connection that is open early has it */
	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV) &&
	    !(rill_fastopen_early(sk) && sk->sk_socket)) {
		/* by IPv4 without IP_RECVERR too, as Linux has it */
		if (raised || !rill_sk(sk)->v6)
			rill_icmp_record(sk, skb, e);
		/* ER-9: anything at all ends a connection that is being opened */
		if (sock_owned_by_user(sk)) {
			WRITE_ONCE(sk->sk_err_soft, e->err);
			return;
		}
		WRITE_ONCE(sk->sk_err, e->err);
		rill_mib_inc(sock_net(sk), RILL_MIB_ATTEMPT_FAILS);
		sk_error_report(sk);
		rill_done(sk, RILL_EV_ABORT);
		return;
	}
	/* ER-10, ICMP-3S: soft on a connection that lives */
	if (!sock_owned_by_user(sk) && raised) {
		WRITE_ONCE(sk->sk_err, e->err);
		sk_error_report(sk);
	} else {
		WRITE_ONCE(sk->sk_err_soft, e->err);
	}
}

/* ICMP-1I: the quoted sequence number must be one in flight. */
static bool rill_icmp_in_flight(const struct sock *sk, u32 seq)
{
	const struct rill_sock *rs = rill_sk(sk);

	if (!rs->syn_acked && seq == rs->iss)
		return true;
	if (sk->sk_state == TCP_SYN_SENT)
		return false;
	return !rill_before(seq, rs->snd_una) && rill_before(seq, rs->snd_nxt);
}

/*
 * No program knows of a connection in SYN_RECV yet. That the peer cannot be
 * reached at all ends it, as it does with Linux; a TIME_WAIT waits on.
 */
static void rill_icmp_mini(struct net *net, struct rill_mini *mini, const struct rill_icmp *e)
{
	if (mini->c.skc_state != TCP_NEW_SYN_RECV)
		return;
	if (e->seq != mini->snd_nxt - 1) {
		rill_mib_inc(net, RILL_MIB_OUT_OF_WINDOW_ICMPS);
	} else if (e->gone) {
		rill_mib_inc(net, RILL_MIB_LISTEN_DROPS);
		rill_mib_inc(net, RILL_MIB_ATTEMPT_FAILS);
		rill_syn_recv_drop(mini);
	}
}

/* "Too big": now, or when the program lets go of the socket. */
static void rill_icmp_too_big(struct sock *sk, const struct rill_icmp *e)
{
	struct rill_mtu *m = &rill_sk(sk)->mtu;

	/* RFC 8201, 4: every link of IPv6 passes that much */
	if (rill_sk(sk)->v6 && e->info < IPV6_MIN_MTU)
		return;
	m->info = min_t(u32, e->info, U16_MAX);
	m->info_seq = e->seq;
	if (!sock_owned_by_user(sk))
		rill_mtu_reduced(sk);
	else if (!test_and_set_bit(RILL_DEFER_MTU, &rill_sk(sk)->deferred))
		sock_hold(sk);
}

/* A router knows a better one. */
static void rill_icmp_redirect(struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst;

	if (sock_owned_by_user(sk))
		return;
	dst = __sk_dst_check(sk, rill_sk(sk)->v6 ? rill_v6_sk(sk)->dst_cookie : 0);
	if (dst)
		dst->ops->redirect(dst, sk, skb);
}

/* Does it come from as near as the program asks? */
static bool rill_icmp_near(const struct sock *sk, const struct rill_icmp *e)
{
	if (rill_sk(sk)->v6)
		return e->hops >= READ_ONCE(rill_v6_sk(sk)->min_hopcount);
	return e->hops >= READ_ONCE(inet_sk(sk)->min_ttl);
}

/* What ICMP says to a connection. The socket lock is held, softirqs are off. */
static void rill_icmp_sock(struct sock *sk, struct sk_buff *skb, const struct rill_icmp *e)
{
	if (sk->sk_state == TCP_CLOSE || !rill_icmp_near(sk, e))
		return;
	if (!rill_icmp_in_flight(sk, e->seq)) {
		rill_mib_inc(sock_net(sk), RILL_MIB_OUT_OF_WINDOW_ICMPS);
		return;
	}
	if (e->too_big) {
		rill_icmp_too_big(sk, e);	/* ER-12 */
		return;
	}
	if (sock_owned_by_user(sk))
		rill_mib_inc(sock_net(sk), RILL_MIB_LOCK_DROPPED_ICMPS);
	if (e->redirect)
		rill_icmp_redirect(sk, skb);
	else if (e->err)
		rill_icmp_error(sk, skb, e);
}

/**
 * rill_icmp() - heed an ICMP error
 * @net: namespace that it came in by
 * @skb: the packet that is quoted; at least 8 bytes of its segment are there
 * @t: whom it is about, ports apart
 * @e: what it says, but for the sequence number
 *
 * A listener never hears of it: MUST-54 is about connections.
 *
 * Context: softirqs off, RCU.
 * Return: 0, or -ENOENT if it is about nobody.
 */
int rill_icmp(struct net *net, struct sk_buff *skb, struct rill_tuple *t, struct rill_icmp *e)
{
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + e->offset);
	struct sock *sk;

	e->seq = ntohl(th->seq);
	t->sport = th->dest;
	t->dport = ntohs(th->source);
	sk = rill_lookup_established(net, t);
	if (!sk)
		return -ENOENT;
	if (rill_is_mini(sk)) {
		rill_icmp_mini(net, rill_mini(sk), e);
	} else {
		bh_lock_sock(sk);
		rill_icmp_sock(sk, skb, e);
		bh_unlock_sock(sk);
	}
	rill_sock_put(sk);
	return 0;
}
