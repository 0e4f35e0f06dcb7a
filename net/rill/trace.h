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
		__field(__u16, sport)
		__field(__u16, dport)
		__array(__u8, saddr, 4)
		__array(__u8, daddr, 4)
		__field(int, oldstate)
		__field(int, newstate)
	),

	TP_fast_assign(
		__entry->family = sk->sk_family;
		__entry->sport = ntohs(inet_sk(sk)->inet_sport);
		__entry->dport = ntohs(inet_sk(sk)->inet_dport);
		memcpy(__entry->saddr, &inet_sk(sk)->inet_saddr, 4);
		memcpy(__entry->daddr, &inet_sk(sk)->inet_daddr, 4);
		__entry->oldstate = oldstate;
		__entry->newstate = newstate;
	),

	TP_printk("family=%u sport=%hu dport=%hu saddr=%pI4 daddr=%pI4 oldstate=%s newstate=%s",
		  __entry->family, __entry->sport, __entry->dport, __entry->saddr,
		  __entry->daddr, rill_show_state(__entry->oldstate),
		  rill_show_state(__entry->newstate))
);

TRACE_EVENT(rill_retransmit,

	TP_PROTO(const struct sock *sk, u32 seq, u32 len),

	TP_ARGS(sk, seq, len),

	TP_STRUCT__entry(
		__field(__u16, sport)
		__field(__u16, dport)
		__array(__u8, saddr, 4)
		__array(__u8, daddr, 4)
		__field(__u32, seq)
		__field(__u32, len)
		__field(int, state)
	),

	TP_fast_assign(
		__entry->sport = ntohs(inet_sk(sk)->inet_sport);
		__entry->dport = ntohs(inet_sk(sk)->inet_dport);
		memcpy(__entry->saddr, &inet_sk(sk)->inet_saddr, 4);
		memcpy(__entry->daddr, &inet_sk(sk)->inet_daddr, 4);
		__entry->seq = seq;
		__entry->len = len;
		__entry->state = sk->sk_state;
	),

	TP_printk("sport=%hu dport=%hu saddr=%pI4 daddr=%pI4 state=%s seq=%u len=%u",
		  __entry->sport, __entry->dport, __entry->saddr, __entry->daddr,
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
