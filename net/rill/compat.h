/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: what differs between the kernels that it builds for. The only file
 * with a version test; where a name can be probed, it is.
 */
#ifndef _RILL_COMPAT_H
#define _RILL_COMPAT_H

#include <linux/version.h>
#include <linux/sysctl.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#ifdef RILL_HAVE_NET_GSO_H
#include <net/gso.h>
#endif

/* 6.10 put the arguments of accept into a structure. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define RILL_ACCEPT_ARGS	struct sock *sk, struct proto_accept_arg *arg
#define rill_accept_flags()	(arg->flags)
#define rill_accept_err(e)	(arg->err = (e))
#else
#define RILL_ACCEPT_ARGS	struct sock *sk, int flags, int *err, bool kern
#define rill_accept_flags()	(flags)
#define rill_accept_err(e)	(*err = (e))
#endif

/* 6.5 copies the result of a protocol's ioctl for it. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define RILL_IOCTL_ARG		int *arg
#define rill_ioctl_put(v)	({ *arg = (v); 0; })
#else
#define RILL_IOCTL_ARG		unsigned long arg
#define rill_ioctl_put(v)	put_user((v), (int __user *)arg)
#endif

/* 6.7 turned the bit fields of inet_sock into bit numbers. */
#ifdef inet_test_bit
#define rill_inet_test(nr, field, sk)	inet_test_bit(nr, sk)
#else
#define rill_inet_test(nr, field, sk)	(inet_sk(sk)->field)
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
