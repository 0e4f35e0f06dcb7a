// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: a segment has come in, by whatever IP: whom is it for?
 */
#include <net/busy_poll.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "af.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

/**
 * rill_rx_header() - see that a header is whole
 * @skb: data starts at it
 *
 * Context: softirqs off.
 * Return: 0, or why not.
 */
enum rill_mib rill_rx_header(struct sk_buff *skb)
{
	const struct tcphdr *th;

	if (skb->pkt_type != PACKET_HOST)
		return RILL_DROP_NOT_FOR_US;
	if (!pskb_may_pull(skb, sizeof(*th)))
		return RILL_DROP_HEADER;
	th = tcp_hdr(skb);
	if (th->doff < sizeof(*th) / 4 || !pskb_may_pull(skb, th->doff * 4))
		return RILL_DROP_HEADER;
	return 0;
}

/* Put what a checked header says into RILL_CB(), where IP's notes were. */
static void rill_rx_note(struct sk_buff *skb, u8 wire)
{
	const struct tcphdr *th = tcp_hdr(skb);

	memset(skb->cb, 0, sizeof(struct rill_skb_cb));
	RILL_SEQ(skb) = ntohl(th->seq);
	RILL_END(skb) = RILL_SEQ(skb) + th->syn + th->fin + skb->len - th->doff * 4;
	RILL_CB(skb)->ack = th->ack ? ntohl(th->ack_seq) : 0;
	RILL_CB(skb)->wnd = ntohs(th->window);
	RILL_CB(skb)->flags = tcp_flag_byte(th);
	RILL_CB(skb)->dsfield = rill_skb_dsfield(skb);
	RILL_CB(skb)->wire = wire;
}

static bool rill_rx_policy(struct sock *sk, struct sk_buff *skb)
{
	return xfrm_policy_check(sk, XFRM_POLICY_IN, skb,
				 rill_skb_is_v6(skb) ? AF_INET6 : AF_INET);
}

static bool rill_rx_near(const struct sock *sk, const struct sk_buff *skb)
{
	if (rill_skb_is_v6(skb))
		return ipv6_hdr(skb)->hop_limit >= READ_ONCE(rill_v6_sk(sk)->min_hopcount);
	return ip_hdr(skb)->ttl >= READ_ONCE(inet_sk(sk)->min_ttl);
}

/* What a socket, or the listener behind a mini-socket, lets in. 0, or why not. */
static enum rill_mib rill_rx_admit(struct sock *sk, struct sk_buff *skb)
{
	if (unlikely(!rill_rx_near(sk, skb)))
		return RILL_DROP_MIN_TTL;
	if (!rill_rx_policy(sk, skb))
		return RILL_DROP_POLICY;
	if (unlikely(rill_md5_concerns(tcp_hdr(skb)))) {
		enum rill_mib why = rill_md5_check(sk, skb);

		if (why)
			return why;
	}
	if (sk_filter_trim_cap(sk, skb, tcp_hdr(skb)->doff * 4))
		return RILL_DROP_FILTER;
	/* a filter may have cut data off */
	RILL_END(skb) = RILL_SEQ(skb) + tcp_hdr(skb)->syn + tcp_hdr(skb)->fin + skb->len -
			tcp_hdr(skb)->doff * 4;
	nf_reset_ct(skb);
	return 0;
}

/* For a connection: now, or when the program lets go of it. Eats skb. */
static void rill_rx_deliver(struct sock *sk, struct sk_buff *skb)
{
	enum rill_mib why = rill_rx_admit(sk, skb);

	if (why) {
		rill_drop(sk, skb, why);
		return;
	}
	skb->dev = NULL;	/* may go while a backlog holds the segment */
	sk_incoming_cpu_update(sk);
	sock_rps_save_rxhash(sk, skb);
	sk_mark_napi_id(sk, skb);

	bh_lock_sock_nested(sk);
	if (!sock_owned_by_user(sk)) {
		rill_input(sk, skb);
		rill_output(sk);
	} else if (sk_add_backlog(sk, skb, READ_ONCE(sk->sk_rcvbuf) +
				  READ_ONCE(sk->sk_sndbuf) + (64 << 10))) {
		why = RILL_DROP_BACKLOG;
	}
	bh_unlock_sock(sk);
	if (why)
		rill_drop(sk, skb, why);
}

/* CLOSED: RFC 9293, 3.10.7.1. Eats skb. */
static void rill_rx_no_socket(struct net *net, struct sk_buff *skb)
{
	enum rill_mib why = RILL_DROP_NO_SOCKET;

	if (!rill_rx_policy(NULL, skb))
		why = RILL_DROP_POLICY;
	else if (!tcp_hdr(skb)->rst)
		rill_reply_reset(NULL, skb);
	rill_drop_net(net, skb, why);
}

/* MAY-2: a SYN ends a TIME_WAIT if somebody listens. Returns whether it did. */
static bool rill_rx_tw_syn(struct net *net, struct rill_mini *tw, struct sk_buff *skb,
			   const struct rill_tuple *t)
{
	struct sock *sk = rill_lookup_listener(net, skb, t);

	if (!sk) {
		rill_time_wait_ack(tw, skb);
		return false;
	}
	sock_put(sk);
	rill_mib_inc(net, RILL_MIB_TIME_WAIT_REUSED);
	rill_time_wait_kill(tw);
	return true;
}

/*
 * A mini-socket owns the tuple. Returns whether to look again, because it
 * made way; if not, skb is eaten.
 */
static bool rill_rx_mini(struct net *net, struct rill_mini *mini, struct sk_buff *skb,
			 const struct rill_tuple *t)
{
	enum rill_mib why = 0;

	if (mini->c.skc_state == TCP_TIME_WAIT) {
		if (!rill_rx_policy(NULL, skb))
			why = RILL_DROP_POLICY;
		else if (unlikely(rill_md5_concerns(tcp_hdr(skb))))
			why = rill_md5_check_mini(mini, skb);
		if (why) {
			rill_drop_net(net, skb, why);
			return false;
		}
		if (rill_time_wait_rcv(mini, skb) == RILL_TW_SYN &&
		    rill_rx_tw_syn(net, mini, skb, t))
			return true;
		consume_skb(skb);
		return false;
	}
	if (mini->listener->sk_state != TCP_LISTEN) {
		rill_syn_recv_drop(mini);
		return true;
	}
	why = rill_rx_admit(mini->listener, skb);
	if (!why)
		return rill_syn_recv_rcv(mini, skb);
	rill_drop(mini->listener, skb, why);
	return false;
}

/* A listener's. Returns whether to look again, as another CPU was faster. */
static bool rill_rx_listener(struct sock *sk, struct sk_buff *skb)
{
	enum rill_mib why = rill_rx_admit(sk, skb);

	if (!why)
		return rill_listen_rcv(sk, skb);
	rill_drop(sk, skb, why);
	return false;
}

/**
 * rill_rx() - process a segment
 * @net: namespace that it came in by
 * @skb: the segment; eaten
 * @t: its tuple, ports apart
 * @why: 0, or why it is no good
 *
 * Context: softirqs off, RCU.
 */
void rill_rx(struct net *net, struct sk_buff *skb, struct rill_tuple *t, enum rill_mib why)
{
	bool again = false;
	struct sock *sk;
	int tries = 3;

	rill_mib_add(net, RILL_MIB_IN_SEGS, max_t(u16, 1, skb_shinfo(skb)->gso_segs));
	if (why) {
		if (why == RILL_DROP_CSUM)
			rill_mib_inc(net, RILL_MIB_IN_CSUM_ERRORS);
		if (why != RILL_DROP_NOT_FOR_US)
			rill_mib_inc(net, RILL_MIB_IN_ERRS);
		rill_drop_net(net, skb, why);
		return;
	}
	rill_rx_note(skb, t->wire);
	t->sport = tcp_hdr(skb)->source;
	t->dport = ntohs(tcp_hdr(skb)->dest);
	do {
		again = false;
		sk = rill_lookup(net, skb, t);
		if (!sk)
			rill_rx_no_socket(net, skb);
		else if (rill_is_mini(sk))
			again = rill_rx_mini(net, rill_mini(sk), skb, t);
		else if (sk->sk_state == TCP_LISTEN)
			again = rill_rx_listener(sk, skb);
		else
			rill_rx_deliver(sk, skb);
		if (sk)
			rill_sock_put(sk);
	} while (again && --tries);
	/* whoever takes the mini-socket out may be what we interrupted */
	if (again)
		rill_drop_net(net, skb, RILL_DROP_NO_SOCKET);
}
