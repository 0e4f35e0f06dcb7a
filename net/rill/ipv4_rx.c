// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: a segment comes in by IPv4.
 */
#include <net/busy_poll.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "netns.h"
#include "proto.h"
#include "table.h"
#include "trace.h"

/* Check the header and put what it says into RILL_CB(). 0, or why not. */
static enum rill_mib rill_v4_check(struct sk_buff *skb)
{
	const struct tcphdr *th;

	if (skb->pkt_type != PACKET_HOST)
		return RILL_DROP_NOT_FOR_US;
	if (!pskb_may_pull(skb, sizeof(*th)))
		return RILL_DROP_HEADER;
	th = tcp_hdr(skb);
	if (th->doff < sizeof(*th) / 4 || !pskb_may_pull(skb, th->doff * 4))
		return RILL_DROP_HEADER;
	if (skb_checksum_validate(skb, rill_ipproto, inet_compute_pseudo))
		return RILL_DROP_CSUM;

	th = tcp_hdr(skb);
	memset(skb->cb, 0, sizeof(struct rill_skb_cb));
	RILL_SEQ(skb) = ntohl(th->seq);
	RILL_END(skb) = RILL_SEQ(skb) + th->syn + th->fin + skb->len - th->doff * 4;
	RILL_CB(skb)->ack = th->ack ? ntohl(th->ack_seq) : 0;
	RILL_CB(skb)->wnd = ntohs(th->window);
	RILL_CB(skb)->flags = tcp_flag_byte(th);
	RILL_CB(skb)->dsfield = ip_hdr(skb)->tos;
	return 0;
}

/* What a socket, or the listener behind a mini-socket, lets in. 0, or why not. */
static enum rill_mib rill_v4_admit(struct sock *sk, struct sk_buff *skb)
{
	if (unlikely(ip_hdr(skb)->ttl < READ_ONCE(inet_sk(sk)->min_ttl)))
		return RILL_DROP_MIN_TTL;
	if (!xfrm4_policy_check(sk, XFRM_POLICY_IN, skb))
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

/* The source route in a header whose options IP has checked; NULL without one. */
static const u8 *rill_v4_source_route(const struct iphdr *iph)
{
	const u8 *o = (const u8 *)(iph + 1), *end = (const u8 *)iph + iph->ihl * 4;

	while (o < end && *o != IPOPT_END) {
		if (*o == IPOPT_NOOP) {
			o++;
			continue;
		}
		if (end - o < 2 || o[1] < 2 || o[1] > end - o)
			return NULL;
		if ((*o == IPOPT_LSRR || *o == IPOPT_SSRR) && o[1] > IPOPT_MINOFF)
			return o;
		o += o[1];
	}
	return NULL;
}

/**
 * rill_v4_return_route() - the source route that leads back to who sent a segment
 * @net: namespace
 * @skb: the segment; it came by a source route if IP lets those in
 *
 * MUST-53; RFC 1122, 4.2.3.8. The recorded addresses in reverse, as IP_OPTIONS
 * would have them, so the first of them is where to send to.
 *
 * Context: softirqs off.
 * Return: options of IP for kfree_rcu() or kfree(), or NULL: none, or no memory.
 */
struct ip_options_rcu *rill_v4_return_route(struct net *net, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const u8 *srr = iph->ihl > 5 ? rill_v4_source_route(iph) : NULL, *hop, *first;
	struct ip_options_rcu *opt;
	u8 *to;

	if (!srr)
		return NULL;
	first = srr + 3;
	hop = first + (srr[1] - 3) / 4 * 4;
	/* some senders record themselves (RFC 1812, 5.2.4.1) */
	if (hop != first && !memcmp(first, &iph->saddr, 4))
		first += 4;
	if (hop == first)
		return NULL;
	opt = kzalloc(sizeof(*opt) + MAX_IPOPTLEN, GFP_ATOMIC | __GFP_NOWARN);
	if (!opt)
		return NULL;
	to = opt->opt.__data;
	to[0] = srr[0];
	to[1] = hop - first + 3;
	to[2] = IPOPT_MINOFF;
	opt->opt.optlen = round_up(to[1], 4);	/* with IPOPT_END, which is 0 */
	for (to += 3; hop != first; to += 4) {
		hop -= 4;
		memcpy(to, hop, 4);
	}
	if (ip_options_compile(net, &opt->opt, NULL)) {
		kfree(opt);
		return NULL;
	}
	return opt;
}

/* For a connection: now, or when the program lets go of it. Eats skb. */
static void rill_v4_deliver(struct sock *sk, struct sk_buff *skb)
{
	enum rill_mib why = rill_v4_admit(sk, skb);

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
static void rill_v4_no_socket(struct net *net, struct sk_buff *skb)
{
	enum rill_mib why = RILL_DROP_NO_SOCKET;

	if (!xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb))
		why = RILL_DROP_POLICY;
	else if (!tcp_hdr(skb)->rst)
		rill_reply_reset(NULL, skb);
	rill_drop_net(net, skb, why);
}

/* MAY-2: a SYN ends a TIME_WAIT if somebody listens. Returns whether it did. */
static bool rill_v4_tw_syn(struct net *net, struct rill_mini *tw, struct sk_buff *skb, int dif,
			   int sdif)
{
	struct sock *sk = rill_lookup_listener(net, skb, tw->c.skc_num, dif, sdif);

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
static bool rill_v4_mini(struct net *net, struct rill_mini *mini, struct sk_buff *skb, int dif,
			 int sdif)
{
	enum rill_mib why = 0;

	if (mini->c.skc_state == TCP_TIME_WAIT) {
		if (!xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb))
			why = RILL_DROP_POLICY;
		else if (unlikely(rill_md5_concerns(tcp_hdr(skb))))
			why = rill_md5_check_mini(mini, skb);
		if (why) {
			rill_drop_net(net, skb, why);
			return false;
		}
		if (rill_time_wait_rcv(mini, skb) == RILL_TW_SYN &&
		    rill_v4_tw_syn(net, mini, skb, dif, sdif))
			return true;
		consume_skb(skb);
		return false;
	}
	if (mini->listener->sk_state != TCP_LISTEN) {
		rill_syn_recv_drop(mini);
		return true;
	}
	why = rill_v4_admit(mini->listener, skb);
	if (!why)
		return rill_syn_recv_rcv(mini, skb);
	rill_drop(mini->listener, skb, why);
	return false;
}

/* A listener's. Returns whether to look again, as another CPU was faster. */
static bool rill_v4_listener(struct sock *sk, struct sk_buff *skb)
{
	enum rill_mib why = rill_v4_admit(sk, skb);

	if (!why)
		return rill_listen_rcv(sk, skb);
	rill_drop(sk, skb, why);
	return false;
}

/* struct net_protocol's handler: softirqs off, RCU. Eats skb. */
static int rill_v4_rcv(struct sk_buff *skb)
{
	struct net *net = dev_net(skb->dev);
	enum rill_mib why;
	int dif, sdif, tries = 3;
	bool again;
	struct sock *sk;

	/* IP's part of skb->cb becomes ours below */
	dif = inet_iif(skb);
	sdif = inet_sdif(skb);
	rill_mib_add(net, RILL_MIB_IN_SEGS, max_t(u16, 1, skb_shinfo(skb)->gso_segs));
	why = rill_v4_check(skb);
	if (why) {
		if (why == RILL_DROP_CSUM)
			rill_mib_inc(net, RILL_MIB_IN_CSUM_ERRORS);
		if (why != RILL_DROP_NOT_FOR_US)
			rill_mib_inc(net, RILL_MIB_IN_ERRS);
		rill_drop_net(net, skb, why);
		return 0;
	}
	do {
		again = false;
		sk = rill_lookup(net, skb, dif, sdif);
		if (!sk)
			rill_v4_no_socket(net, skb);
		else if (rill_is_mini(sk))
			again = rill_v4_mini(net, rill_mini(sk), skb, dif, sdif);
		else if (sk->sk_state == TCP_LISTEN)
			again = rill_v4_listener(sk, skb);
		else
			rill_v4_deliver(sk, skb);
		if (sk)
			rill_sock_put(sk);
	} while (again && --tries);
	/* whoever takes the mini-socket out may be what we interrupted */
	if (again)
		rill_drop_net(net, skb, RILL_DROP_NO_SOCKET);
	return 0;
}

const struct net_protocol rill_v4_protocol = {
	.handler	= rill_v4_rcv,
	.err_handler	= rill_v4_err,
	.no_policy	= 1,
	.icmp_strict_tag_validation = 1,
};
