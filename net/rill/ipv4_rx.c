// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: a segment, or an ICMP error about one, comes in by IPv4.
 */
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "core/seq.h"
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
	if (sk_filter_trim_cap(sk, skb, tcp_hdr(skb)->doff * 4))
		return RILL_DROP_FILTER;
	/* a filter may have cut data off */
	RILL_END(skb) = RILL_SEQ(skb) + tcp_hdr(skb)->syn + tcp_hdr(skb)->fin + skb->len -
			tcp_hdr(skb)->doff * 4;
	nf_reset_ct(skb);
	return 0;
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
	struct sock *sk = rill_lookup_listener(net, tw->c.skc_rcv_saddr, tw->c.skc_num, dif, sdif);

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
	enum rill_mib why;

	if (mini->c.skc_state == TCP_TIME_WAIT) {
		if (!xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb)) {
			rill_drop_net(net, skb, RILL_DROP_POLICY);
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
	const struct iphdr *iph;
	const struct tcphdr *th;
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
		th = tcp_hdr(skb);
		iph = ip_hdr(skb);
		again = false;
		sk = rill_lookup(net, iph->saddr, th->source, iph->daddr, ntohs(th->dest),
				 dif, sdif);
		if (!sk)
			rill_v4_no_socket(net, skb);
		else if (!sk_fullsock(sk))
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

/* ER-8: what ICMP says as an errno; 0 when it says nothing. */
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

/**
 * rill_v4_mtu_reduced() - adopt a smaller path MTU and cut data again
 * @sk: connection; its mtu_info is what ICMP said
 *
 * C01, RFC 9293, 3.7.2. PMTU-8M: only what no longer fits is resent.
 *
 * Context: the socket lock is held.
 */
void rill_v4_mtu_reduced(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct dst_entry *dst;

	if ((1 << sk->sk_state) & (TCPF_LISTEN | TCPF_CLOSE | TCPF_SYN_SENT))
		return;
	dst = rill_v4_route(sk);
	if (!dst || !ip_sk_accept_pmtu(sk))
		return;
	dst->ops->update_pmtu(dst, sk, NULL, rs->mtu_info, true);
	dst = rill_v4_route(sk);
	if (!dst || dst_mtu(dst) >= rs->pmtu)
		return;
	rill_mib_inc(sock_net(sk), RILL_MIB_MTU_REDUCED);
	rill_sync_mss(sk, dst_mtu(dst));
	if (rill_flight(rs))
		rill_resend(sk, rs->snd_una, rill_mss_now(rs));
	rs->out |= RILL_OUT_PUSH;
	rill_output(sk);
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
static void rill_v4_icmp(struct sock *sk, struct sk_buff *skb, int err, u32 info)
{
	bool raised = rill_recverr(sk);

	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV)) {
		if (raised)
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
	/* ER-10: soft on a connection that lives */
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

	if (sk->sk_state == TCP_SYN_SENT)
		return seq == rs->iss;
	return !rill_before(seq, rs->snd_una) && rill_before(seq, rs->snd_nxt);
}

/* struct net_protocol's err_handler: softirqs off, RCU. */
static int rill_v4_err(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	const struct tcphdr *th = (const struct tcphdr *)(skb->data + iph->ihl * 4);
	int type = icmp_hdr(skb)->type, code = icmp_hdr(skb)->code;
	struct net *net = dev_net(skb->dev);
	struct sock *sk;
	int err;

	sk = rill_lookup_established(net, iph->daddr, th->dest, iph->saddr, ntohs(th->source),
				     inet_iif(skb), inet_sdif(skb));
	if (!sk)
		return -ENOENT;
	if (!sk_fullsock(sk)) {
		rill_sock_put(sk);
		return 0;
	}
	bh_lock_sock(sk);
	if (sk->sk_state == TCP_CLOSE || !rill_icmp_in_flight(sk, ntohl(th->seq)))
		goto out;
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED) {
		rill_sk(sk)->mtu_info = info;
		if (!sock_owned_by_user(sk))
			rill_v4_mtu_reduced(sk);
		else if (!test_and_set_bit(RILL_DEFER_MTU, &rill_sk(sk)->deferred))
			sock_hold(sk);
		goto out;
	}
	err = -rill_icmp_errno(type, code);
	if (err)
		rill_v4_icmp(sk, skb, err, info);
out:
	bh_unlock_sock(sk);
	sock_put(sk);
	return 0;
}

const struct net_protocol rill_v4_protocol = {
	.handler	= rill_v4_rcv,
	.err_handler	= rill_v4_err,
	.no_policy	= 1,
	.icmp_strict_tag_validation = 1,
};
