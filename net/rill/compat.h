/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: what differs between the kernels that it builds for. Kbuild looks into
 * the kernel's headers for what RILL_HAVE_* say, as a distribution may have
 * backported any of it; the only file that may test a version, if it must.
 */
#ifndef _RILL_COMPAT_H
#define _RILL_COMPAT_H

#include <linux/sysctl.h>
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
#else
#define RILL_ACCEPT_PROTO \
	struct sock *rill_accept(struct sock *sk, int flags, int *err, bool kern)
#define rill_accept_flags()	(flags)
#define rill_accept_err(e)	(*err = (e))
#endif

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
#define rill_defer_connect(sk)	inet_test_bit(DEFER_CONNECT, sk)
#define rill_set_defer_connect(sk, on)	inet_assign_bit(DEFER_CONNECT, sk, on)
#else
#define rill_recverr(sk)	(inet_sk(sk)->recverr)
#define rill_defer_connect(sk)	(inet_sk(sk)->defer_connect)
#define rill_set_defer_connect(sk, on)	(inet_sk(sk)->defer_connect = (on))
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
