/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: what differs between the kernels that it builds for. Kbuild looks into
 * the kernel's headers for what RILL_HAVE_* say, as a distribution may have
 * backported any of it; the only file that may test a version, if it must.
 */
#ifndef _RILL_COMPAT_H
#define _RILL_COMPAT_H

#include <linux/net.h>
#include <linux/sysctl.h>
#include <linux/tcp.h>
#include <linux/version.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#ifdef RILL_HAVE_NET_GSO_H
#include <net/gso.h>
#endif

/* 6.10 put the arguments of accept into a structure. */
#ifdef RILL_HAVE_PROTO_ACCEPT_ARG
#define RILL_ACCEPT_PROTO \
	struct sock *rill_accept(struct sock *sk, struct proto_accept_arg *arg)
#define rill_accept_flags()	(arg->flags)
#define rill_accept_err(e)	(arg->err = (e))
#define RILL_SOCK_ACCEPT_PROTO \
	int rill_sock_accept(struct socket *sock, struct socket *newsock, \
			     struct proto_accept_arg *arg)
#define rill_inet_accept()	inet_accept(sock, newsock, arg)
#else
#define RILL_ACCEPT_PROTO \
	struct sock *rill_accept(struct sock *sk, int flags, int *err, bool kern)
#define rill_accept_flags()	(flags)
#define rill_accept_err(e)	(*err = (e))
#define RILL_SOCK_ACCEPT_PROTO \
	int rill_sock_accept(struct socket *sock, struct socket *newsock, int flags, bool kern)
#define rill_inet_accept()	inet_accept(sock, newsock, flags, kern)
#endif

/*
 * 6.7 lets any protocol see options of SOL_SOCKET before the kernel serves
 * them; what is older does so for MPTCP alone, and asks nobody else.
 */
static inline void rill_claim_sol_socket(struct socket *sock)
{
#ifdef SOCK_CUSTOM_SOCKOPT
	set_bit(SOCK_CUSTOM_SOCKOPT, &sock->flags);
#endif
}

/* Where that is not so, what an option set has to be found out later. */
static inline bool rill_sees_sol_socket(void)
{
#ifdef SOCK_CUSTOM_SOCKOPT
	return true;
#else
	return false;
#endif
}

/* 6.5 copies the result of a protocol's ioctl for it. */
#ifdef RILL_HAVE_IOCTL_KARG
#define RILL_IOCTL_PROTO	int rill_ioctl(struct sock *sk, int cmd, int *arg)
#define rill_ioctl_put(v)	({ *arg = (v); 0; })
#else
#define RILL_IOCTL_PROTO	int rill_ioctl(struct sock *sk, int cmd, unsigned long arg)
#define rill_ioctl_put(v)	put_user((v), (int __user *)arg)
#endif

/* 6.7 turned the bit fields of inet_sock into bit numbers. */
#ifdef inet_test_bit
#define rill_v4_recverr(sk)	inet_test_bit(RECVERR, sk)
#define rill_v6_recverr(sk)	inet6_test_bit(RECVERR6, sk)
#define rill_v6_repflow(sk)	inet6_test_bit(REPFLOW, sk)
#define rill_v6_set_repflow(sk, on)	inet6_assign_bit(REPFLOW, sk, on)
#define rill_v6_sndflow(sk)	inet6_test_bit(SNDFLOW, sk)
#define rill_defer_connect(sk)	inet_test_bit(DEFER_CONNECT, sk)
#define rill_set_defer_connect(sk, on)	inet_assign_bit(DEFER_CONNECT, sk, on)
#else
#define rill_v4_recverr(sk)	(inet_sk(sk)->recverr)
#define rill_v6_recverr(sk)	(rill_v6_sk(sk)->recverr)
#define rill_v6_repflow(sk)	(rill_v6_sk(sk)->repflow)
#define rill_v6_set_repflow(sk, on)	(rill_v6_sk(sk)->repflow = (on))
#define rill_v6_sndflow(sk)	(rill_v6_sk(sk)->sndflow)
#define rill_defer_connect(sk)	(inet_sk(sk)->defer_connect)
#define rill_set_defer_connect(sk, on)	(inet_sk(sk)->defer_connect = (on))
#endif

/* 6.10 moved the list of flow labels, which a copy of a socket does not have. */
static inline void rill_v6_forget_labels(struct sock *sk)
{
#ifdef RILL_HAVE_INET_FL_LIST
	RCU_INIT_POINTER(inet_sk(sk)->ipv6_fl_list, NULL);
#else
	RCU_INIT_POINTER(inet_sk(sk)->pinet6->ipv6_fl_list, NULL);
#endif
}

/* 6.6 looks for what is IPv6's at an offset, before at the end of the socket. */
#ifdef RILL_HAVE_PINFO_OFFSET
#define rill_set_pinfo_offset(prot, off)	((prot)->ipv6_pinfo_offset = (off))
#else
#define rill_set_pinfo_offset(prot, off)	do { } while (0)
#endif

/* 6.5 gives pages from splice to sendmsg, where there was a sendpage. */
#ifndef MSG_SPLICE_PAGES
#define MSG_SPLICE_PAGES	0x8000000
#endif
#ifdef RILL_HAVE_SENDPAGE
#define RILL_PROTO_SENDPAGE	.sendpage = rill_sendpage,
#define RILL_OPS_SENDPAGE	.sendpage = inet_sendpage,
/* what a program cannot mean, but that kernel does not mask it */
#define RILL_MSG_INTERNAL	MSG_SPLICE_PAGES
ssize_t rill_splice_from_iter(struct sk_buff *skb, struct iov_iter *iter, ssize_t max, gfp_t gfp);
#else
#define RILL_PROTO_SENDPAGE
#define RILL_OPS_SENDPAGE
#define RILL_MSG_INTERNAL	0
#define rill_splice_from_iter(skb, iter, max, gfp)	skb_splice_from_iter(skb, iter, max, gfp)
#endif

/* 6.5 tells when splice ends early; older kernels got it as a fix. */
#ifdef RILL_HAVE_SPLICE_EOF
#define RILL_PROTO_SPLICE_EOF	.splice_eof = rill_splice_eof,
#define RILL_OPS_SPLICE_EOF	.splice_eof = inet_splice_eof,
#else
#define RILL_PROTO_SPLICE_EOF
#define RILL_OPS_SPLICE_EOF
#endif

/* Flags of SO_TIMESTAMPING that came later than the rest: 6.2, 6.12. */
#ifdef RILL_HAVE_OPT_ID_TCP
#define RILL_TSF_ID_TCP		SOF_TIMESTAMPING_OPT_ID_TCP
#else
#define RILL_TSF_ID_TCP		0
#endif
#ifdef RILL_HAVE_OPT_RX_FILTER
#define RILL_TSF_RX_FILTER	SOF_TIMESTAMPING_OPT_RX_FILTER
#else
#define RILL_TSF_RX_FILTER	0
#endif

/* 6.7 turned the bit fields of inet_sock into bit numbers: defaults of a new socket. */
static inline void rill_mc_defaults(struct sock *sk)
{
#ifdef inet_assign_bit
	inet_set_bit(MC_LOOP, sk);
	inet_set_bit(MC_ALL, sk);
#else
	inet_sk(sk)->mc_loop = 1;
	inet_sk(sk)->mc_all = 1;
#endif
}

/* What struct tcp_info has since 6.2, */
static inline void rill_info_rcv_wnd(struct tcp_info *ti, u32 wnd, u32 rehashes)
{
#ifdef RILL_HAVE_INFO_RCV_WND
	ti->tcpi_rcv_wnd = wnd;
	ti->tcpi_rehash = rehashes;
#endif
}

/* and since 6.7. */
static inline void rill_info_rto(struct tcp_info *ti, u16 count, u16 episodes, u32 ms)
{
#ifdef RILL_HAVE_INFO_TOTAL_RTO
	ti->tcpi_total_rto = count;
	ti->tcpi_total_rto_recoveries = episodes;
	ti->tcpi_total_rto_time = ms;
#endif
}

/* 6.12 lets a program ask whether its connection is one of MPTCP. */
static inline bool rill_asks_mptcp(int optname)
{
#ifdef TCP_IS_MPTCP
	return optname == TCP_IS_MPTCP;
#else
	return false;
#endif
}

/* 6.9 has SO_PEEK_OFF for streams; no header tells. */
#if KERNEL_VERSION(6, 9, 0) <= LINUX_VERSION_CODE
#define RILL_OPS_PEEK_OFF	.set_peek_off = sk_set_peek_off,
#else
#define RILL_OPS_PEEK_OFF
#endif

/* 6.11 made the table constant that a handler of a sysctl gets. */
#ifdef RILL_HAVE_CONST_CTL_TABLE
#define RILL_CTL_PROTO(name)	int name(const struct ctl_table *ctl, int write, void *buffer, \
					 size_t *lenp, loff_t *ppos)
#else
#define RILL_CTL_PROTO(name)	int name(struct ctl_table *ctl, int write, void *buffer, \
					 size_t *lenp, loff_t *ppos)
#endif

/*
 * Since TCP lists the owners of a port by address (6.9), it takes the first to
 * bind for one more, and so no longer trusts what owners had when they bound
 * beyond their own address.
 */
#ifdef RILL_HAVE_TB_BHASH2
#define RILL_BIND_REMEMBERS	false
#else
#define RILL_BIND_REMEMBERS	true
#endif

/* Tables lost their empty last entry when registration took a size. */
#ifdef register_net_sysctl
#define rill_register_sysctl(net, path, table, n) \
	register_net_sysctl_sz(net, path, table, n)
#else
#define rill_register_sysctl(net, path, table, n) \
	register_net_sysctl(net, path, table)
#endif

#endif /* _RILL_COMPAT_H */
