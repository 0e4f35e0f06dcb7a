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
#include <linux/version.h>
#include <net/inet_sock.h>
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
#define rill_recverr(sk)	inet_test_bit(RECVERR, sk)
#else
#define rill_recverr(sk)	(inet_sk(sk)->recverr)
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

/* Tables lost their empty last entry when registration took a size. */
#ifdef register_net_sysctl
#define rill_register_sysctl(net, path, table, n) \
	register_net_sysctl_sz(net, path, table, n)
#else
#define rill_register_sysctl(net, path, table, n) \
	register_net_sysctl(net, path, table)
#endif

#endif /* _RILL_COMPAT_H */
