// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: ports of the tcp wire, held against the host's TCP.
 *
 * Whoever has a port here must have it there as well: a socket of the kernel's
 * TCP is bound to it, which never listens nor connects, and which minds
 * sharing. If the host's TCP has the port already, binding that one fails, and
 * so does ours; and while it is held, the host's TCP gives it to nobody else.
 * It stands for every address and device, as a conflict on any would be one.
 *
 * Holders are made and released by processes, under a mutex. The last user of
 * a port may be a softirq, which leaves the release to a work item. Until that
 * comes, whoever wants the port on this wire takes the holder over.
 */
#include <linux/net.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "hold.h"
#include "netns.h"
#include "proto.h"

/* A client that opens one connection after another shall not toggle the hook. */
#define RILL_UNHOOK_DELAY	HZ

#define RILL_HOLD_IDLE		XA_MARK_0

/**
 * struct rill_hold - a port that is held
 * @sock: the kernel's TCP socket that holds it
 * @users: guarded by the lock of rill_holds.ports
 */
struct rill_hold {
	struct socket	*sock;
	unsigned int	users;
};

static struct rill_holds *rill_holds(const struct net *net)
{
	return &rill_net(net)->holds;
}

/*
 * Bound by get_port, as bind() would ask programs in BPF and the privileges of
 * whoever called; they have been asked about the socket that the port is for.
 */
static int rill_hold_bind(struct sock *sk, u16 port)
{
	int err;

	lock_sock(sk);
	sk->sk_ipv6only = 0;	/* whatever bindv6only says: both families */
	err = sk->sk_prot->get_port(sk, port) ? -EADDRINUSE : 0;
	if (!err) {
		sk->sk_userlocks |= SOCK_BINDPORT_LOCK;
		inet_sk(sk)->inet_sport = htons(port);
	}
	release_sock(sk);
	return err;
}

/* A socket of [::], or of 0.0.0.0 on a host without IPv6. */
static struct socket *rill_hold_socket(struct net *net, u16 port)
{
	struct socket *sock;
	int err;

	err = sock_create_kern(net, AF_INET6, SOCK_STREAM, IPPROTO_TCP, &sock);
	if (err == -EAFNOSUPPORT)
		err = sock_create_kern(net, AF_INET, SOCK_STREAM, IPPROTO_TCP, &sock);
	if (err)
		return ERR_PTR(err);
	err = rill_hold_bind(sock->sk, port);
	if (err) {
		sock_release(sock);
		return ERR_PTR(err);
	}
	return sock;
}

/* One user more of a port that is held. Returns whether it is. */
static bool rill_hold_again(struct rill_holds *h, u16 port)
{
	struct rill_hold *hold;

	xa_lock_bh(&h->ports);
	hold = xa_load(&h->ports, port);
	if (hold && !hold->users++)
		__xa_clear_mark(&h->ports, port, RILL_HOLD_IDLE);
	xa_unlock_bh(&h->ports);
	return hold;
}

/* The first user of a port. The mutex is held. */
static int rill_hold_new(struct rill_holds *h, u16 port)
{
	struct rill_hold *hold = kmalloc(sizeof(*hold), GFP_KERNEL_ACCOUNT);
	int err;

	if (!hold)
		return -ENOMEM;
	hold->users = 1;
	hold->sock = rill_hold_socket(h->net, port);
	if (IS_ERR(hold->sock)) {
		err = PTR_ERR(hold->sock);
		goto out_free;
	}
	if (!h->hooked) {
		err = rill_tcp_hook(h->net);
		if (err)
			goto out_sock;
		h->hooked = true;
	}
	err = xa_insert_bh(&h->ports, port, hold, GFP_KERNEL);
	if (!err)
		return 0;

out_sock:
	sock_release(hold->sock);
out_free:
	kfree(hold);
	return err;
}

/**
 * rill_hold_get() - hold a port against the host's TCP
 * @net: namespace
 * @port: host order
 *
 * Context: process; may sleep.
 * Return: 0, -EADDRINUSE if the host's TCP has it, or another error.
 */
int rill_hold_get(struct net *net, u16 port)
{
	struct rill_holds *h = rill_holds(net);
	int err = 0;

	if (rill_hold_again(h, port))
		return 0;
	mutex_lock(&h->lock);
	if (!rill_hold_again(h, port))
		err = rill_hold_new(h, port);
	mutex_unlock(&h->lock);
	return err;
}

/**
 * rill_hold_put() - one user less of a port
 * @net: namespace
 * @port: host order; rill_hold_get() held it
 *
 * Context: any but hard interrupt.
 */
void rill_hold_put(struct net *net, u16 port)
{
	struct rill_holds *h = rill_holds(net);
	struct rill_hold *hold;

	xa_lock_bh(&h->ports);
	hold = xa_load(&h->ports, port);
	if (!WARN_ON_ONCE(!hold || !hold->users) && !--hold->users) {
		__xa_set_mark(&h->ports, port, RILL_HOLD_IDLE);
		schedule_work(&h->release);
	}
	xa_unlock_bh(&h->ports);
}

/**
 * rill_hold_has() - is this port held?
 * @net: namespace
 * @port: host order
 *
 * Whatever comes in for another port is none of ours.
 *
 * Context: any.
 * Return: whether it is, or was a moment ago.
 */
bool rill_hold_has(const struct net *net, u16 port)
{
	return xa_load(&rill_holds(net)->ports, port);
}

/* A port without users, taken out so that nobody takes it over; or NULL. */
static struct rill_hold *rill_hold_take_idle(struct rill_holds *h)
{
	unsigned long port = 0;
	struct rill_hold *hold;

	xa_lock_bh(&h->ports);
	hold = xa_find(&h->ports, &port, U16_MAX, RILL_HOLD_IDLE);
	if (hold)
		__xa_erase(&h->ports, port);
	xa_unlock_bh(&h->ports);
	return hold;
}

/* Release all that have no user. The mutex is held. */
static void rill_hold_release_idle(struct rill_holds *h)
{
	struct rill_hold *hold;

	while ((hold = rill_hold_take_idle(h))) {
		sock_release(hold->sock);
		kfree(hold);
	}
	if (h->hooked && xa_empty(&h->ports))
		schedule_delayed_work(&h->unhook, RILL_UNHOOK_DELAY);
}

static void rill_hold_release(struct work_struct *work)
{
	struct rill_holds *h = container_of(work, struct rill_holds, release);

	mutex_lock(&h->lock);
	rill_hold_release_idle(h);
	mutex_unlock(&h->lock);
}

static void rill_hold_unhook(struct work_struct *work)
{
	struct rill_holds *h = container_of(to_delayed_work(work), struct rill_holds, unhook);

	mutex_lock(&h->lock);
	if (h->hooked && xa_empty(&h->ports)) {
		rill_tcp_unhook(h->net);
		h->hooked = false;
	}
	mutex_unlock(&h->lock);
}

/**
 * rill_hold_flush() - release at once what has no user
 * @net: namespace
 *
 * So that a program which closes its socket finds the port free, whichever
 * stack it binds it with next.
 *
 * Context: process; may sleep.
 */
void rill_hold_flush(struct net *net)
{
	struct rill_holds *h = rill_holds(net);

	if (!xa_marked(&h->ports, RILL_HOLD_IDLE))
		return;
	mutex_lock(&h->lock);
	rill_hold_release_idle(h);
	mutex_unlock(&h->lock);
}

/**
 * rill_hold_init_net() - a namespace that holds nothing yet
 * @net: namespace
 *
 * Context: process.
 */
void rill_hold_init_net(struct net *net)
{
	struct rill_holds *h = rill_holds(net);

	xa_init_flags(&h->ports, XA_FLAGS_LOCK_BH);
	mutex_init(&h->lock);
	INIT_WORK(&h->release, rill_hold_release);
	INIT_DELAYED_WORK(&h->unhook, rill_hold_unhook);
	h->hooked = false;
	h->net = net;
}

/**
 * rill_hold_exit_net() - release what is left; no port has a user
 * @net: namespace
 *
 * Holders do not keep a namespace alive, so they have to go with it.
 *
 * Context: process.
 */
void rill_hold_exit_net(struct net *net)
{
	struct rill_holds *h = rill_holds(net);

	cancel_work_sync(&h->release);
	rill_hold_release(&h->release);
	cancel_delayed_work_sync(&h->unhook);
	rill_hold_unhook(&h->unhook.work);
	WARN_ON(!xa_empty(&h->ports));
	xa_destroy(&h->ports);
}
