/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: tracepoints. rill:rill_state_change, rill:rill_retransmit, rill:rill_drop.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rill

#if !defined(_RILL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _RILL_TRACE_H

#include <linux/tracepoint.h>
#include <net/inet_sock.h>
#include "core/state.h"

#ifndef _RILL_TRACE_ADDRS
#define _RILL_TRACE_ADDRS

/* Both ends as struct sockaddr_in or sockaddr_in6, each sizeof(struct sockaddr_in6) bytes. */
static inline void rill_trace_addrs(const struct sock *sk, void *local, void *peer)
{
	const struct inet_sock *inet = inet_sk(sk);
	struct sockaddr_in6 *l6 = local, *p6 = peer;
	struct sockaddr_in *l4 = local, *p4 = peer;

	memset(local, 0, sizeof(*l6));
	memset(peer, 0, sizeof(*p6));
	if (sk->sk_family == AF_INET6) {
		l6->sin6_family = AF_INET6;
		l6->sin6_port = inet->inet_sport;
		l6->sin6_addr = sk->sk_v6_rcv_saddr;
		p6->sin6_family = AF_INET6;
		p6->sin6_port = inet->inet_dport;
		p6->sin6_addr = sk->sk_v6_daddr;
	} else {
		l4->sin_family = AF_INET;
		l4->sin_port = inet->inet_sport;
		l4->sin_addr.s_addr = inet->inet_saddr;
		p4->sin_family = AF_INET;
		p4->sin_port = inet->inet_dport;
		p4->sin_addr.s_addr = inet->inet_daddr;
	}
}

#endif

#define rill_show_state(s)						\
	__print_symbolic(s,						\
		{ RILL_ESTABLISHED, "ESTABLISHED" }, { RILL_SYN_SENT, "SYN_SENT" },	\
		{ RILL_SYN_RECV, "SYN_RECV" }, { RILL_FIN_WAIT_1, "FIN_WAIT_1" },	\
		{ RILL_FIN_WAIT_2, "FIN_WAIT_2" }, { RILL_TIME_WAIT, "TIME_WAIT" },	\
		{ RILL_CLOSED, "CLOSED" }, { RILL_CLOSE_WAIT, "CLOSE_WAIT" },		\
		{ RILL_LAST_ACK, "LAST_ACK" }, { RILL_LISTEN, "LISTEN" },		\
		{ RILL_CLOSING, "CLOSING" })

TRACE_EVENT(rill_state_change,

	TP_PROTO(const struct sock *sk, int oldstate, int newstate),

	TP_ARGS(sk, oldstate, newstate),

	TP_STRUCT__entry(
		__field(__u16, family)
		__array(__u8, saddr, sizeof(struct sockaddr_in6))
		__array(__u8, daddr, sizeof(struct sockaddr_in6))
		__field(int, oldstate)
		__field(int, newstate)
	),

	TP_fast_assign(
		__entry->family = sk->sk_family;
		rill_trace_addrs(sk, __entry->saddr, __entry->daddr);
		__entry->oldstate = oldstate;
		__entry->newstate = newstate;
	),

	TP_printk("family=%u saddr=%pISpc daddr=%pISpc oldstate=%s newstate=%s",
		  __entry->family, __entry->saddr, __entry->daddr,
		  rill_show_state(__entry->oldstate), rill_show_state(__entry->newstate))
);

TRACE_EVENT(rill_retransmit,

	TP_PROTO(const struct sock *sk, u32 seq, u32 len),

	TP_ARGS(sk, seq, len),

	TP_STRUCT__entry(
		__array(__u8, saddr, sizeof(struct sockaddr_in6))
		__array(__u8, daddr, sizeof(struct sockaddr_in6))
		__field(__u32, seq)
		__field(__u32, len)
		__field(int, state)
	),

	TP_fast_assign(
		rill_trace_addrs(sk, __entry->saddr, __entry->daddr);
		__entry->seq = seq;
		__entry->len = len;
		__entry->state = sk->sk_state;
	),

	TP_printk("saddr=%pISpc daddr=%pISpc state=%s seq=%u len=%u",
		  __entry->saddr, __entry->daddr,
		  rill_show_state(__entry->state), __entry->seq, __entry->len)
);

TRACE_EVENT(rill_drop,

	TP_PROTO(const struct sk_buff *skb, unsigned int reason),

	TP_ARGS(skb, reason),

	TP_STRUCT__entry(
		__field(const void *, skbaddr)
		__field(unsigned int, reason)
		__field(unsigned int, len)
	),

	TP_fast_assign(
		__entry->skbaddr = skb;
		__entry->reason = reason;
		__entry->len = skb->len;
	),

	TP_printk("skbaddr=%p len=%u reason=%u", __entry->skbaddr, __entry->len, __entry->reason)
);

#endif /* _RILL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
