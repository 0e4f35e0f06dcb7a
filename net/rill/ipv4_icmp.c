// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: an ICMP error about a segment of ours comes in: RFC 9293, 3.9.2.2.
 *
 * Anybody can send one, so it must quote what is in flight (RFC 5927, 4.1),
 * and it ends nothing but a connection that is being opened (5.2).
 */
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "core/seq.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

/* ER-8: what ICMP says, as a negative errno; 0 when it says nothing (MUST-55). */
static int rill_icmp_errno(int type, int code)
{
	switch (type) {
	case ICMP_PARAMETERPROB:
		return -EPROTO;
	case ICMP_TIME_EXCEEDED:
		return -EHOSTUNREACH;
	case ICMP_DEST_UNREACH:
		return code <= NR_ICMP_UNREACH ? -icmp_err_convert[code].errno : 0;
	}
	return 0;
}

/* IP_RECVERR: keep what ICMP quoted for recv(MSG_ERRQUEUE), as ip(7) has it. */
static void rill_v4_record(struct sock *sk, struct sk_buff *skb, int err, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	struct sock_exterr_skb *serr;

	skb = skb_clone(skb, GFP_ATOMIC);
	if (!skb)
		return;
	serr = SKB_EXT_ERR(skb);
	memset(serr, 0, sizeof(*serr));
	serr->ee.ee_errno = err;
	serr->ee.ee_origin = SO_EE_ORIGIN_ICMP;
	serr->ee.ee_type = icmp_hdr(skb)->type;
	serr->ee.ee_code = icmp_hdr(skb)->code;
	serr->ee.ee_info = info;
	serr->addr_offset = (u8 *)&iph->daddr - skb_network_header(skb);
	serr->port = inet_sk(sk)->inet_dport;
	__skb_pull(skb, iph->ihl * 4);
	skb_reset_transport_header(skb);
	if (sock_queue_err_skb(sk, skb))
		kfree_skb(skb);
}

/* An error for a connection. The socket lock is held, softirqs are off. */
static void rill_v4_error(struct sock *sk, struct sk_buff *skb, int err, u32 info)
{
	bool raised = rill_recverr(sk);

	/* whom accept() gave a connection that is open early has it */
	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV) &&
	    !(rill_fastopen_early(sk) && sk->sk_socket)) {
		/* without IP_RECVERR too, as Linux has it */
		rill_v4_record(sk, skb, err, info);
		/* ER-9: anything at all ends a connection that is being opened */
		if (sock_owned_by_user(sk)) {
			WRITE_ONCE(sk->sk_err_soft, err);
			return;
		}
		WRITE_ONCE(sk->sk_err, err);
		rill_mib_inc(sock_net(sk), RILL_MIB_ATTEMPT_FAILS);
		sk_error_report(sk);
		rill_done(sk, RILL_EV_ABORT);
		return;
	}
	/* ER-10, ICMP-3S: soft on a connection that lives */
	if (!sock_owned_by_user(sk) && raised) {
		WRITE_ONCE(sk->sk_err, err);
		sk_error_report(sk);
	} else {
		WRITE_ONCE(sk->sk_err_soft, err);
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
static void rill_v4_err_mini(struct net *net, struct rill_mini *mini, u32 seq, int type, int code)
{
	bool gone = type == ICMP_PARAMETERPROB || type == ICMP_TIME_EXCEEDED ||
		    (type == ICMP_DEST_UNREACH &&
		     (code == ICMP_NET_UNREACH || code == ICMP_HOST_UNREACH));

	if (mini->c.skc_state != TCP_NEW_SYN_RECV)
		return;
	if (seq != mini->snd_nxt - 1) {
		rill_mib_inc(net, RILL_MIB_OUT_OF_WINDOW_ICMPS);
	} else if (gone) {
		rill_mib_inc(net, RILL_MIB_LISTEN_DROPS);
		rill_mib_inc(net, RILL_MIB_ATTEMPT_FAILS);
		rill_syn_recv_drop(mini);
	}
}

/* "Fragmentation needed": now, or when the program lets go of the socket. */
static void rill_v4_too_big(struct sock *sk, u32 seq, u32 info)
{
	struct rill_mtu *m = &rill_sk(sk)->mtu;

	m->info = min_t(u32, info, U16_MAX);
	m->info_seq = seq;
	if (!sock_owned_by_user(sk))
		rill_mtu_reduced(sk);
	else if (!test_and_set_bit(RILL_DEFER_MTU, &rill_sk(sk)->deferred))
		sock_hold(sk);
}

/* A router knows a better one. */
static void rill_v4_redirect(struct sock *sk, struct sk_buff *skb)
{
	struct dst_entry *dst;

	if (sock_owned_by_user(sk))
		return;
	dst = __sk_dst_check(sk, 0);
	if (dst)
		dst->ops->redirect(dst, sk, skb);
}

/* What ICMP says to a connection. The socket lock is held, softirqs are off. */
static void rill_v4_err_sock(struct sock *sk, struct sk_buff *skb, u32 seq, u32 info)
{
	int type = icmp_hdr(skb)->type, code = icmp_hdr(skb)->code, err;
	const struct iphdr *iph = (const struct iphdr *)skb->data;

	if (sk->sk_state == TCP_CLOSE || iph->ttl < READ_ONCE(inet_sk(sk)->min_ttl))
		return;
	if (!rill_icmp_in_flight(sk, seq)) {
		rill_mib_inc(sock_net(sk), RILL_MIB_OUT_OF_WINDOW_ICMPS);
		return;
	}
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED) {
		rill_v4_too_big(sk, seq, info);	/* ER-12 */
		return;
	}
	if (sock_owned_by_user(sk))
		rill_mib_inc(sock_net(sk), RILL_MIB_LOCK_DROPPED_ICMPS);
	if (type == ICMP_REDIRECT) {
		rill_v4_redirect(sk, skb);
		return;
	}
	err = -rill_icmp_errno(type, code);
	if (err)
		rill_v4_error(sk, skb, err, info);
}

/**
 * rill_v4_err() - struct net_protocol's err_handler
 * @skb: the packet that is quoted; at least 8 bytes of its segment are there
 * @info: what ICMP says besides type and code
 *
 * A listener never hears of it: MUST-54 is about connections.
 *
 * Context: softirqs off, RCU.
 * Return: 0 or -ENOENT.
 */
int rill_v4_err(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + iph->ihl * 4);
	int type = icmp_hdr(skb)->type, code = icmp_hdr(skb)->code;
	struct net *net = dev_net(skb->dev);
	u32 seq = ntohl(th->seq);
	struct sock *sk;

	sk = rill_lookup_established(net, iph->daddr, th->dest, iph->saddr, ntohs(th->source),
				     inet_iif(skb), inet_sdif(skb));
	if (!sk) {
		__ICMP_INC_STATS(net, ICMP_MIB_INERRORS);
		return -ENOENT;
	}
	if (rill_is_mini(sk)) {
		rill_v4_err_mini(net, rill_mini(sk), seq, type, code);
	} else {
		bh_lock_sock(sk);
		rill_v4_err_sock(sk, skb, seq, info);
		bh_unlock_sock(sk);
	}
	rill_sock_put(sk);
	return 0;
}
