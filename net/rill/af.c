// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: its doors. socket() with AF_RILL, or with IPPROTO_RILL or one of its
 * companions in the third argument, gives a socket of AF_INET or AF_INET6 with our operations.
 */
#include <linux/module.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <net/transp_v6.h>
#include <uapi/linux/rill.h>

#include "af.h"
#include "compat.h"
#include "proto.h"

/* What is the same for both families. */
#define RILL_STREAM_OPS					\
	.owner		= THIS_MODULE,			\
	.connect	= inet_stream_connect,		\
	.socketpair	= sock_no_socketpair,		\
	.accept		= rill_sock_accept,		\
	.poll		= rill_poll,			\
	.gettstamp	= sock_gettstamp,		\
	.listen		= rill_listen,			\
	.shutdown	= inet_shutdown,		\
	.setsockopt	= rill_sock_setsockopt,		\
	.getsockopt	= sock_common_getsockopt,	\
	.sendmsg	= inet_sendmsg,			\
	.recvmsg	= inet_recvmsg,			\
	RILL_OPS_SENDPAGE				\
	RILL_OPS_SPLICE_EOF				\
	.mmap		= sock_no_mmap,			\
	.splice_read	= rill_splice_read,		\
	.set_rcvlowat	= rill_set_rcvlowat,		\
	RILL_OPS_PEEK_OFF

const struct proto_ops rill_stream_ops = {
	RILL_STREAM_OPS
	.family		= PF_INET,
	.release	= inet_release,
	.bind		= inet_bind,
	.getname	= inet_getname,
	.ioctl		= inet_ioctl,
};

const struct proto_ops rill_v6_stream_ops = {
	RILL_STREAM_OPS
	.family		= PF_INET6,
	.release	= inet6_release,
	.bind		= inet6_bind,
	.getname	= inet6_getname,
	.ioctl		= inet6_ioctl,
};

/* What socket(AF_INET, SOCK_STREAM, 253) does, which is inet_create()'s business. */
static int rill_create_v4(struct net *net, struct socket *sock, int kern)
{
	struct inet_sock *inet;
	struct sock *sk;
	int err;

	sock->state = SS_UNCONNECTED;
	sock->ops = &rill_stream_ops;
	sk = sk_alloc(net, PF_INET, GFP_KERNEL, &rill_prot, kern);
	if (!sk)
		return -ENOBUFS;
	inet = inet_sk(sk);
	inet->pmtudisc = READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) ? IP_PMTUDISC_DONT :
								       IP_PMTUDISC_WANT;
	sock_init_data(sock, sk);
	sk->sk_destruct = inet_sock_destruct;
	sk->sk_backlog_rcv = rill_prot.backlog_rcv;
	inet->uc_ttl = -1;
	inet->mc_ttl = 1;
	inet->rcv_tos = 0;
	rill_mc_defaults(sk);
	sk->sk_txrehash = READ_ONCE(net->core.sysctl_txrehash);
	err = sk->sk_prot->init(sk);
	if (err)
		sk_common_release(sk);
	return err;
}

/*
 * What socket(AF_INET6, SOCK_STREAM, 253) does. inet6_create() has much to set
 * up that differs between kernels, so it makes the socket, inside of another
 * struct socket, and we take it out of there.
 */
static int rill_create_v6(struct net *net, struct socket *sock, int kern)
{
	struct socket *inner;
	struct sock *sk;
	int err;

	err = __sock_create(net, PF_INET6, SOCK_STREAM, IPPROTO_RILL, &inner, kern);
	if (err)
		return err;
	sk = inner->sk;
	sock->state = SS_UNCONNECTED;
	sock->ops = inner->ops;
	inner->ops = NULL;
	inner->sk = NULL;
	sock_graft(sk, sock);
	/* what rill_init_sock() says of its struct socket */
	rill_claim_sol_socket(sock);
	set_bit(SOCK_SUPPORT_ZC, &sock->flags);
	sock_release(inner);
	/* of inner->ops; the caller takes one for sock->ops */
	module_put(THIS_MODULE);
	return 0;
}

/* socket(AF_RILL, SOCK_STREAM, wire, perhaps with RILL_V6). */
static int rill_create(struct net *net, struct socket *sock, int protocol, int kern)
{
	int wire = rill_wire_of(protocol & ~RILL_V6);
	int err;

	if (sock->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (wire < 0)
		return wire;
	err = rill_wire_load(wire);
	if (err)
		return err;
	err = protocol & RILL_V6 ? rill_create_v6(net, sock, kern) :
				   rill_create_v4(net, sock, kern);
	if (!err)
		rill_wire_assign(sock->sk, wire);
	return err;
}

static struct net_proto_family rill_family_ops = {
	.create	= rill_create,
	.owner	= THIS_MODULE,
};

/* The inet door: one entry for each wire. */
#define RILL_PROTOSW(number, sk_prot, sock_ops) \
	{ .type = SOCK_STREAM, .protocol = (number), .prot = &(sk_prot), .ops = &(sock_ops) }

static struct inet_protosw rill_protosw[] = {
	RILL_PROTOSW(IPPROTO_RILL, rill_prot, rill_stream_ops),
	RILL_PROTOSW(IPPROTO_RILL_TCP, rill_prot, rill_stream_ops),
	RILL_PROTOSW(IPPROTO_RILL_UDP, rill_prot, rill_stream_ops),
};

static struct inet_protosw rill_v6_protosw[] = {
	RILL_PROTOSW(IPPROTO_RILL, rill_v6_prot, rill_v6_stream_ops),
	RILL_PROTOSW(IPPROTO_RILL_TCP, rill_v6_prot, rill_v6_stream_ops),
	RILL_PROTOSW(IPPROTO_RILL_UDP, rill_v6_prot, rill_v6_stream_ops),
};

static void rill_v6_unregister(int n)
{
	while (n--)
		inet6_unregister_protosw(&rill_v6_protosw[n]);
}

static int __init rill_v6_register(void)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(rill_v6_protosw); i++) {
		err = inet6_register_protosw(&rill_v6_protosw[i]);
		if (err) {
			rill_v6_unregister(i);
			return err;
		}
	}
	return 0;
}

/**
 * rill_af_init() - open the doors
 * @family: number of the family door
 *
 * Context: process, module load; the last step.
 * Return: 0 or an error.
 */
int __init rill_af_init(int family)
{
	int i, err;

	err = rill_v6_register();
	if (err)
		return err;
	rill_family_ops.family = family;
	err = sock_register(&rill_family_ops);
	if (err) {
		pr_err("rill: address family %d is taken\n", family);
		rill_v6_unregister(ARRAY_SIZE(rill_v6_protosw));
		return err;
	}
	for (i = 0; i < ARRAY_SIZE(rill_protosw); i++)
		inet_register_protosw(&rill_protosw[i]);
	return 0;
}

/**
 * rill_af_exit() - close them; no socket is left
 *
 * Context: process, module unload.
 */
void rill_af_exit(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(rill_protosw); i++)
		inet_unregister_protosw(&rill_protosw[i]);
	sock_unregister(rill_family_ops.family);
	rill_v6_unregister(ARRAY_SIZE(rill_v6_protosw));
}
