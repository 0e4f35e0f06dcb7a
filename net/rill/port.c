// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: who holds which local port.
 *
 * A bucket stands for a port of a wire in a namespace and lists its owners: sockets
 * that are bound, listening, connected, and mini-sockets in TIME_WAIT. The
 * rules for sharing one are Linux's (SO_REUSEADDR, SO_REUSEPORT, devices).
 */
#include <linux/jhash.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/netns/hash.h>

#include "af.h"
#include "compat.h"
#include "hold.h"
#include "proto.h"
#include "table.h"
#include "wire_udp.h"

#define RILL_BIND_BUCKETS	1024

static struct rill_bind_chain rill_bind[RILL_BIND_BUCKETS];
static struct kmem_cache *rill_bind_cache;
static siphash_key_t rill_port_key;

/* RFC 6056, 3.3.4: how far each group of peers has come */
#define RILL_PORT_GROUPS	16384
static u32 rill_port_next[RILL_PORT_GROUPS];

static struct rill_bind_chain *rill_bind_chain(const struct net *net, u16 port)
{
	return &rill_bind[(port + net_hash_mix(net)) & (RILL_BIND_BUCKETS - 1)];
}

static struct rill_bind_bucket *rill_bind_find(struct rill_bind_chain *chain,
					       const struct net *net, u8 wire, u16 port)
{
	struct rill_bind_bucket *tb;

	hlist_for_each_entry(tb, &chain->head, node)
		if (tb->port == port && tb->wire == wire && net_eq(read_pnet(&tb->net), net))
			return tb;
	return NULL;
}

static struct rill_bind_bucket *rill_bind_create(struct rill_bind_chain *chain,
						 struct net *net, u8 wire, u16 port)
{
	struct rill_bind_bucket *tb = kmem_cache_zalloc(rill_bind_cache, GFP_ATOMIC);

	if (tb) {
		write_pnet(&tb->net, net);
		tb->port = port;
		tb->wire = wire;
		INIT_HLIST_HEAD(&tb->owners);
		hlist_add_head(&tb->node, &chain->head);
	}
	return tb;
}

/* A port of the tcp wire is one of the host's TCP as well: its bucket holds it there. */
static int rill_bind_hold(struct net *net, u8 wire, u16 port)
{
	return wire == RILL_WIRE_TCP ? rill_hold_get(net, port) : 0;
}

static void rill_bind_unhold(struct net *net, u8 wire, u16 port)
{
	if (wire == RILL_WIRE_TCP)
		rill_hold_put(net, port);
}

static void rill_bind_free_if_empty(struct rill_bind_bucket *tb)
{
	if (hlist_empty(&tb->owners)) {
		hlist_del(&tb->node);
		rill_bind_unhold(read_pnet(&tb->net), tb->wire, tb->port);
		kmem_cache_free(rill_bind_cache, tb);
	}
}

static void rill_bind_own(struct sock *sk, struct rill_bind_bucket *tb)
{
	inet_sk(sk)->inet_num = tb->port;
	inet_sk(sk)->inet_sport = htons(tb->port);
	sk_add_bind_node(sk, &tb->owners);
	rill_sk(sk)->bucket = tb;
}

static bool rill_bind_overlap(const struct sock *sk, const struct sock *other)
{
	int dev = READ_ONCE(other->sk_bound_dev_if);

	return (!sk->sk_bound_dev_if || !dev || sk->sk_bound_dev_if == dev) &&
	       inet_rcv_saddr_equal(sk, other, true);
}

/* What a socket is known by when it binds. */
struct rill_binder {
	struct sock	*sk;
	kuid_t		uid;
	bool		reuse;	/* SO_REUSEADDR, and it does not listen */
	bool		share;	/* SO_REUSEPORT, and it is in no group yet */
	bool		any;	/* the port was not asked for by number */
	bool		relax;	/* ip_autobind_reuse: no other port is left */
};

/* Nobody's any more; TCP makes a TIME_WAIT of an orphan in FIN_WAIT_2. */
static bool rill_bind_nobodys(const struct sock *other)
{
	return other->sk_state == TCP_TIME_WAIT ||
	       (other->sk_state == TCP_FIN_WAIT2 && sock_flag(other, SOCK_DEAD));
}

/* SO_REUSEPORT lets a socket of the same user share. */
static bool rill_reuseport_shares(const struct rill_binder *b, struct sock *other)
{
	return b->share && other->sk_reuseport &&
	       (rill_bind_nobodys(other) || uid_eq(b->uid, sock_i_uid(other)));
}

/*
 * May both own the port, though their addresses overlap? (SO-1, SO-2, SO-4.)
 * For a port that was not asked for by number sharing has no point, unless
 * ip_autobind_reuse says so.
 */
static bool rill_bind_shares(const struct rill_binder *b, struct sock *other)
{
	/* by SO_REUSEADDR listen() too, if the others do not */
	if (b->sk->sk_reuse && other->sk_reuse && other->sk_state != TCP_LISTEN)
		return b->relax && !(b->any && rill_reuseport_shares(b, other));
	return !b->any && rill_reuseport_shares(b, other);
}

/* The address that a socket is bound to; IPv4's are mapped. */
static void rill_bind_addr(const struct sock *sk, struct in6_addr *addr)
{
	if (sk->sk_family == AF_INET6)
		*addr = sk->sk_v6_rcv_saddr;
	else
		ipv6_addr_set_v4mapped(sk->sk_rcv_saddr, addr);
}

/* Is any the wildcard of an address's family? */
static bool rill_bind_is_any(const struct in6_addr *any, const struct in6_addr *addr)
{
	if (ipv6_addr_v4mapped(addr))
		return ipv6_addr_v4mapped(any) && !any->s6_addr32[3];
	return ipv6_addr_any(any);
}

static bool rill_share_fits(const struct rill_binder *b, const struct rill_bind_bucket *tb)
{
	struct in6_addr addr;

	if (!b->share || !tb->share || !uid_eq(tb->uid, b->uid))
		return false;
	if (tb->share == RILL_SHARE_ANY)
		return true;
	rill_bind_addr(b->sk, &addr);
	return ipv6_addr_equal(&tb->addr, &addr) || rill_bind_is_any(&tb->addr, &addr);
}

/*
 * Is it plain that nobody on the port minds? It saves the walk over all of
 * them. As in Linux, options that an owner has changed since do not count then.
 */
static bool rill_bind_welcome(const struct rill_binder *b, const struct rill_bind_bucket *tb)
{
	return b->sk->sk_reuse == SK_FORCE_REUSE || (tb->reuse && b->reuse) ||
	       rill_share_fits(b, tb);
}

static bool rill_bind_conflict(const struct rill_binder *b, struct rill_bind_bucket *tb)
{
	struct sock *other;

	if (hlist_empty(&tb->owners) || (!b->any && rill_bind_welcome(b, tb)))
		return false;
	sk_for_each_bound(other, &tb->owners)
		if (other != b->sk && rill_bind_overlap(b->sk, other) &&
		    !rill_bind_shares(b, other))
			return true;
	return false;
}

/* One more binds: what rill_bind_welcome() will go by. */
static void rill_bind_note(const struct rill_binder *b, struct rill_bind_bucket *tb)
{
	bool first = RILL_BIND_REMEMBERS && hlist_empty(&tb->owners);

	tb->reuse = b->reuse && (first || tb->reuse);
	if (!b->sk->sk_reuseport) {
		tb->share = RILL_SHARE_NONE;
	} else if (first || !rill_share_fits(b, tb)) {
		tb->share = first ? RILL_SHARE_ANY : RILL_SHARE_ADDR;
		tb->uid = b->uid;
		rill_bind_addr(b->sk, &tb->addr);
	}
	tb->explicit = true;
}

static int rill_bind_try(const struct rill_binder *b, u16 port)
{
	u8 wire = rill_sk(b->sk)->wire;
	struct net *net = sock_net(b->sk);
	struct rill_bind_chain *chain = rill_bind_chain(net, port);
	struct rill_bind_bucket *tb, *made = NULL;
	int err;

	err = rill_bind_hold(net, wire, port);
	if (err)
		return err;
	spin_lock_bh(&chain->lock);
	tb = rill_bind_find(chain, net, wire, port);
	if (tb && rill_bind_conflict(b, tb))
		err = -EADDRINUSE;
	else if (!tb)
		made = rill_bind_create(chain, net, wire, port);
	tb = tb ? : made;
	if (!tb)
		err = -ENOMEM;
	if (!err) {
		rill_bind_note(b, tb);
		if (!rill_sk(b->sk)->bucket)
			rill_bind_own(b->sk, tb);
	}
	spin_unlock_bh(&chain->lock);
	if (!made)
		rill_bind_unhold(net, wire, port);
	return err;
}

/* Any port that is free: RFC 6056, 3.3.1. */
static int rill_bind_any(const struct rill_binder *b)
{
	int low, high, i, range, port, err = -EADDRINUSE;
	u32 offset;

	inet_sk_get_local_port_range(b->sk, &low, &high);
	range = high - low + 1;
	offset = get_random_u32();
	for (i = 0; i < range; i++) {
		port = low + (offset + i) % range;
		if (inet_is_local_reserved_port(sock_net(b->sk), port))
			continue;
		err = rill_bind_try(b, port);
		if (err != -EADDRINUSE)
			break;
		cond_resched();
	}
	return err;
}

/**
 * rill_get_port() - bind a socket to a local port; struct proto's get_port
 * @sk: the socket; sk_rcv_saddr and sk_reuse are set
 * @snum: the port, or 0 to have one chosen at random
 *
 * listen() calls it again for the port that @sk holds: then it only checks.
 *
 * Context: process; the socket lock is held.
 * Return: 0, -EADDRINUSE or -ENOMEM.
 */
int rill_get_port(struct sock *sk, unsigned short snum)
{
	struct rill_binder b = {
		.sk = sk,
		.uid = sock_i_uid(sk),
		.reuse = sk->sk_reuse && sk->sk_state != TCP_LISTEN,
		.share = sk->sk_reuseport && !rcu_access_pointer(sk->sk_reuseport_cb),
		.any = !snum,
		.relax = snum,
	};
	int err;

	err = rill_udp_use(sk);
	if (err)
		return err;
	if (snum)
		return rill_bind_try(&b, snum);
	err = rill_bind_any(&b);
	if (err == -EADDRINUSE && READ_ONCE(sock_net(sk)->ipv4.sysctl_ip_autobind_reuse)) {
		b.relax = true;
		err = rill_bind_any(&b);
	}
	return err;
}

/* One candidate of rill_bind_connect(). */
static int rill_connect_try(struct sock *sk, u16 port, struct rill_mini **tw)
{
	u8 wire = rill_sk(sk)->wire;
	struct net *net = sock_net(sk);
	struct rill_bind_chain *chain = rill_bind_chain(net, port);
	struct rill_bind_bucket *tb, *made = NULL;
	int err;

	*tw = NULL;
	err = rill_bind_hold(net, wire, port);
	if (err)
		return err == -EADDRINUSE ? -EADDRNOTAVAIL : err;
	spin_lock_bh(&chain->lock);
	tb = rill_bind_find(chain, net, wire, port);
	err = -EADDRNOTAVAIL;
	if (tb && tb->explicit)
		goto out;
	err = -ENOMEM;
	if (!tb)
		made = rill_bind_create(chain, net, wire, port);
	tb = tb ? : made;
	if (!tb)
		goto out;
	rill_bind_own(sk, tb);
	err = rill_hash_connection(sk, false, tw);
	if (err) {
		__sk_del_bind_node(sk);
		rill_sk(sk)->bucket = NULL;
		inet_sk(sk)->inet_num = 0;
		inet_sk(sk)->inet_sport = 0;
		rill_bind_free_if_empty(tb);
	}
out:
	spin_unlock_bh(&chain->lock);
	if (!made)
		rill_bind_unhold(net, wire, port);
	return err;
}

/**
 * rill_bind_connect() - give a connection a local port and a place in the table
 * @sk: addresses and peer's port are set
 *
 * A port that was chosen here may serve many peers. RFC 6056, 3.3.4: where
 * the search starts depends on the peer by a keyed hash, and moves on with
 * each connection to a group of peers that another part of the hash names, so
 * that what one peer sees tells little of connections to another (PORT-2I).
 *
 * Context: process; the socket lock is held.
 * Return: 0, -EADDRNOTAVAIL or -ENOMEM.
 */
int rill_bind_connect(struct sock *sk)
{
	int low, high, i, range, port, err;
	struct rill_mini *tw = NULL;
	u32 offset, *next;
	u64 hash;

	err = rill_udp_use(sk);
	if (err)
		return err;
	if (inet_sk(sk)->inet_num) {
		err = rill_hash_connection(sk, true, &tw);
		goto out;
	}

	inet_sk_get_local_port_range(sk, &low, &high);
	range = high - low + 1;
	hash = rill_secret_hash(&sk->__sk_common, (__force u32)sk->sk_dport, 0, &rill_port_key);
	next = &rill_port_next[(u32)(hash >> 32) % RILL_PORT_GROUPS];
	/* of two at once both may start here: the second finds it taken */
	offset = READ_ONCE(*next) + 1 + get_random_u32() % 8;
	WRITE_ONCE(*next, offset);
	offset += (u32)hash;
	err = -EADDRNOTAVAIL;
	for (i = 0; i < range; i++) {
		port = low + (offset + i) % range;
		if (inet_is_local_reserved_port(sock_net(sk), port))
			continue;
		err = rill_connect_try(sk, port, &tw);
		if (err != -EADDRNOTAVAIL)
			break;
		cond_resched();
	}
out:
	if (tw) {
		rill_time_wait_kill(tw);
		rill_mini_put(tw);
	}
	return err;
}

/**
 * rill_bind_inherit() - make a child an owner of its listener's port
 * @child: new connection; inet_num is the listener's
 * @listener: where it came from
 *
 * Context: softirqs off.
 * Return: 0, or -ENOENT when the listener has let go of the port.
 */
int rill_bind_inherit(struct sock *child, const struct sock *listener)
{
	struct rill_bind_chain *chain = rill_bind_chain(sock_net(listener), child->sk_num);
	struct rill_bind_bucket *tb;

	spin_lock(&chain->lock);
	tb = rill_bind_find(chain, sock_net(listener), rill_sk(child)->wire, child->sk_num);
	/* it may hold another port by now, which this lock does not guard */
	if (tb && rill_sk(listener)->bucket != tb)
		tb = NULL;
	if (tb)
		rill_bind_own(child, tb);
	spin_unlock(&chain->lock);
	return tb ? 0 : -ENOENT;
}

/**
 * rill_bind_share() - make a TIME_WAIT mini-socket an owner of a socket's port
 * @tw: the mini-socket
 * @sk: the socket that it takes over from
 *
 * Context: softirqs off; @sk is locked.
 */
void rill_bind_share(struct rill_mini *tw, struct sock *sk)
{
	struct rill_bind_chain *chain = rill_bind_chain(sock_net(sk), sk->sk_num);

	spin_lock(&chain->lock);
	tw->bucket = rill_sk(sk)->bucket;
	if (tw->bucket)
		sk_add_bind_node((struct sock *)tw, &tw->bucket->owners);
	spin_unlock(&chain->lock);
}

/**
 * rill_bind_put_mini() - a TIME_WAIT mini-socket lets go of its port
 * @tw: the mini-socket
 *
 * Context: any but hard interrupt.
 */
void rill_bind_put_mini(struct rill_mini *tw)
{
	struct rill_bind_chain *chain = rill_bind_chain(read_pnet(&tw->c.skc_net), tw->c.skc_num);

	spin_lock_bh(&chain->lock);
	if (tw->bucket) {
		__sk_del_bind_node((struct sock *)tw);
		rill_bind_free_if_empty(tw->bucket);
		tw->bucket = NULL;
	}
	spin_unlock_bh(&chain->lock);
}

/**
 * rill_bind_put() - a socket lets go of its port
 * @sk: the socket
 *
 * Context: any but hard interrupt; the socket lock is held.
 */
void rill_bind_put(struct sock *sk)
{
	struct rill_bind_chain *chain = rill_bind_chain(sock_net(sk), sk->sk_num);
	struct rill_bind_bucket *tb;

	spin_lock_bh(&chain->lock);
	tb = rill_sk(sk)->bucket;
	if (tb) {
		__sk_del_bind_node(sk);
		rill_sk(sk)->bucket = NULL;
		inet_sk(sk)->inet_num = 0;
		rill_bind_free_if_empty(tb);
	}
	spin_unlock_bh(&chain->lock);
}

/**
 * rill_port_flush() - let the host's TCP have what a socket let go of
 * @sk: the socket
 *
 * Context: process; may sleep.
 */
void rill_port_flush(const struct sock *sk)
{
	if (rill_sk(sk)->wire == RILL_WIRE_TCP)
		rill_hold_flush(sock_net(sk));
}

/**
 * rill_port_init() - make the table of ports
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int rill_port_init(void)
{
	unsigned int i;

	rill_bind_cache = KMEM_CACHE(rill_bind_bucket, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT);
	if (!rill_bind_cache)
		return -ENOMEM;
	get_random_bytes(&rill_port_key, sizeof(rill_port_key));
	for (i = 0; i < RILL_BIND_BUCKETS; i++) {
		spin_lock_init(&rill_bind[i].lock);
		INIT_HLIST_HEAD(&rill_bind[i].head);
	}
	return 0;
}

/**
 * rill_port_exit() - free the table of ports, which is empty
 *
 * Context: process, module unload.
 */
void rill_port_exit(void)
{
	kmem_cache_destroy(rill_bind_cache);
}
