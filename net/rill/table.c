// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: the table of connections and the table of listeners.
 *
 * Connections, SYN_RECV and TIME_WAIT mini-sockets share one table, hashed by
 * the 4-tuple, the wire and the namespace; listeners have another, hashed by port. Both
 * are nulls lists that readers walk under RCU. Connections and mini-sockets
 * come from SLAB_TYPESAFE_BY_RCU caches: a reader takes a reference, then
 * looks at the key again.
 *
 * Lock order: bind chain (port.c), then connection chain. Chains of the
 * connection table share RILL_LOCKS locks.
 */
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/rculist_nulls.h>
#include <linux/vmalloc.h>
#include <net/ip.h>
#include <net/netns/hash.h>
#include <net/tcp.h>

#include "af.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

#define RILL_LOCKS		256
#define RILL_LISTEN_BUCKETS	256
#define RILL_BUCKETS_MIN	1024
#define RILL_BUCKETS_MAX	65536
/* ends of listeners' chains: no reader takes one of the other table for its own */
#define RILL_LISTEN_NULLS	BIT(29)

static struct hlist_nulls_head *rill_chains;
static unsigned int rill_mask;
static spinlock_t rill_locks[RILL_LOCKS];
static struct hlist_nulls_head rill_listen_chains[RILL_LISTEN_BUCKETS];
static spinlock_t rill_listen_locks[RILL_LISTEN_BUCKETS];
static u32 rill_hash_rnd;

static u32 rill_hash_seed(const struct net *net, u8 wire)
{
	return rill_hash_rnd + net_hash_mix(net) + wire;
}

/* faddr:fport is the peer, laddr:lport is us */
static u32 rill_hashfn(u32 seed, __be32 laddr, u16 lport, __be32 faddr, __be16 fport)
{
	return jhash_3words((__force u32)laddr, (__force u32)faddr,
			    (u32)lport << 16 | (__force u32)fport, seed);
}

static u32 rill_hashfn6(u32 seed, const struct in6_addr *laddr, u16 lport,
			const struct in6_addr *faddr, __be16 fport)
{
	return jhash_3words(ipv6_addr_hash(faddr), (__force u32)faddr->s6_addr32[3],
			    (u32)lport << 16 | (__force u32)fport,
			    __ipv6_addr_jhash(laddr, seed));
}

/* of the tuple of a segment that came in */
static u32 rill_hash_in(const struct net *net, const struct rill_tuple *t)
{
	u32 seed = rill_hash_seed(net, t->wire);

	if (t->v6)
		return rill_hashfn6(seed, &t->daddr6, t->dport, &t->saddr6, t->sport);
	return rill_hashfn(seed, t->daddr, t->dport, t->saddr, t->sport);
}

static u32 rill_hash_of(const struct sock_common *c)
{
	u32 seed = rill_hash_seed(read_pnet(&c->skc_net), rill_wire((const struct sock *)c));

	if (rill_c_is_v6(c))
		return rill_hashfn6(seed, &c->skc_v6_rcv_saddr, c->skc_num, &c->skc_v6_daddr,
				    c->skc_dport);
	return rill_hashfn(seed, c->skc_rcv_saddr, c->skc_num, c->skc_daddr, c->skc_dport);
}

static spinlock_t *rill_lock_of(u32 hash)
{
	return &rill_locks[hash & (RILL_LOCKS - 1)];
}

/* By IPv4 sk_family tells nothing: it may be AF_INET6 with mapped addresses. */
static bool rill_match_addrs(const struct sock *sk, const struct rill_tuple *t)
{
	if (t->v6)
		return sk->sk_family == AF_INET6 &&
		       ipv6_addr_equal(&sk->sk_v6_daddr, &t->saddr6) &&
		       ipv6_addr_equal(&sk->sk_v6_rcv_saddr, &t->daddr6);
	return sk->sk_daddr == t->saddr && sk->sk_rcv_saddr == t->daddr;
}

static bool rill_match(const struct sock *sk, const struct net *net, const struct rill_tuple *t)
{
	return sk->sk_dport == t->sport && sk->sk_num == t->dport && rill_match_addrs(sk, t) &&
	       rill_wire(sk) == t->wire && net_eq(sock_net(sk), net) &&
	       inet_bound_dev_eq(true, READ_ONCE(sk->sk_bound_dev_if), t->dif, t->sdif);
}

/**
 * rill_sock_put() - drop a reference that rill_lookup() took
 * @sk: a socket or a mini-socket
 *
 * Context: any.
 */
void rill_sock_put(struct sock *sk)
{
	if (rill_is_mini(sk))
		rill_mini_put(rill_mini(sk));
	else
		sock_put(sk);
}

/**
 * rill_lookup_established() - find whom a tuple belongs to, listeners aside
 * @net: namespace
 * @t: the tuple
 *
 * Context: RCU read side.
 * Return: a referenced socket or mini-socket (rill_is_mini() tells), or NULL.
 */
struct sock *rill_lookup_established(struct net *net, const struct rill_tuple *t)
{
	u32 hash = rill_hash_in(net, t);
	const struct hlist_nulls_node *node;
	unsigned int slot = hash & rill_mask;
	struct sock *sk;

begin:
	sk_nulls_for_each_rcu(sk, node, &rill_chains[slot]) {
		if (sk->sk_hash != hash)
			continue;
		if (!rill_match(sk, net, t))
			continue;
		if (!refcount_inc_not_zero(&sk->sk_refcnt))
			goto begin;
		/* pairs with smp_wmb() before a count is set: look at what it counts */
		smp_acquire__after_ctrl_dep();
		if (likely(rill_match(sk, net, t)))
			return sk;
		rill_sock_put(sk);
		goto begin;
	}
	/* moved to another chain under our feet: start over */
	if (get_nulls_value(node) != slot)
		goto begin;
	return NULL;
}

static unsigned int rill_listen_slot(const struct net *net, u16 port)
{
	return (port + net_hash_mix(net)) & (RILL_LISTEN_BUCKETS - 1);
}

/*
 * How well a listener fits, -1: not at all. An address counts more than a
 * device, that more than SO_INCOMING_CPU.
 */
static int rill_listen_score(const struct sock *sk, const struct net *net,
			     const struct rill_tuple *t)
{
	int score = 1;

	if (!net_eq(sock_net(sk), net) || sk->sk_num != t->dport ||
	    rill_sk(sk)->wire != t->wire || READ_ONCE(sk->sk_state) != TCP_LISTEN)
		return -1;
	if (t->v6) {
		if (sk->sk_family != AF_INET6)
			return -1;
		if (!ipv6_addr_any(&sk->sk_v6_rcv_saddr)) {
			if (!ipv6_addr_equal(&sk->sk_v6_rcv_saddr, &t->daddr6))
				return -1;
			score += 8;
		}
	} else {
		/* V6-1: one of IPv6 takes IPv4 as well, unless it says no */
		if (ipv6_only_sock(sk))
			return -1;
		if (sk->sk_rcv_saddr) {
			if (sk->sk_rcv_saddr != t->daddr)
				return -1;
			score += 8;
		} else if (sk->sk_family == AF_INET6 &&
			   !ipv6_addr_any(&sk->sk_v6_rcv_saddr) &&
			   !ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr)) {
			return -1;
		}
		if (sk->sk_family == AF_INET)
			score += 2;
	}
	if (!inet_bound_dev_eq(true, READ_ONCE(sk->sk_bound_dev_if), t->dif, t->sdif))
		return -1;
	if (sk->sk_bound_dev_if)
		score += 4;
	if (READ_ONCE(sk->sk_incoming_cpu) == raw_smp_processor_id())
		score++;
	return score;
}

/* The listener that fits best, without a reference; or NULL. */
static struct sock *rill_best_listener(const struct net *net, const struct rill_tuple *t)
{
	unsigned int slot = rill_listen_slot(net, t->dport);
	const struct hlist_nulls_node *node;
	struct sock *sk, *best;
	int score, high;

begin:
	best = NULL;
	high = 0;
	sk_nulls_for_each_rcu(sk, node, &rill_listen_chains[slot]) {
		score = rill_listen_score(sk, net, t);
		if (score > high) {
			high = score;
			best = sk;
		}
	}
	if (get_nulls_value(node) != slot + RILL_LISTEN_NULLS)
		goto begin;
	return best;
}

/**
 * rill_lookup_listener() - find the listener for a SYN
 * @net: namespace
 * @skb: the segment, data starts at its header
 * @t: its tuple
 *
 * The most specific one wins, or one of its SO_REUSEPORT group. None is freed
 * while we look, whatever it becomes: see reuseport.c.
 *
 * Context: softirqs off, RCU.
 * Return: a referenced listener, or NULL.
 */
struct sock *rill_lookup_listener(struct net *net, struct sk_buff *skb,
				  const struct rill_tuple *t)
{
	struct sock *best;

begin:
	best = rill_best_listener(net, t);
	if (!best)
		return NULL;
	if (best->sk_reuseport)
		best = rill_reuseport_select(best, skb, rill_hash_in(net, t));
	if (!refcount_inc_not_zero(&best->sk_refcnt))
		goto begin;
	smp_acquire__after_ctrl_dep();
	if (likely(READ_ONCE(best->sk_state) == TCP_LISTEN))
		return best;
	sock_put(best);
	goto begin;
}

/**
 * rill_lookup() - find whom a segment belongs to
 * @net: namespace
 * @skb: the segment, data starts at its header
 * @t: its tuple
 *
 * Context: softirqs off, RCU.
 * Return: a connection, a mini-socket or a listener, referenced, or NULL.
 */
struct sock *rill_lookup(struct net *net, struct sk_buff *skb, const struct rill_tuple *t)
{
	struct sock *sk = rill_lookup_established(net, t);

	return sk ? : rill_lookup_listener(net, skb, t);
}

/**
 * rill_owned() - does a tuple belong to anybody?
 * @net: namespace
 * @t: the tuple
 *
 * Asks no SO_REUSEPORT group whose turn it is.
 *
 * Context: softirqs off, RCU.
 * Return: whether rill_lookup() would find somebody.
 */
bool rill_owned(struct net *net, const struct rill_tuple *t)
{
	struct sock *sk = rill_lookup_established(net, t);

	if (!sk)
		return rill_best_listener(net, t);
	rill_sock_put(sk);
	return true;
}

static bool rill_same_addrs(const struct sock_common *c, const struct sock_common *d)
{
	if (!rill_c_is_v6(c))
		return !rill_c_is_v6(d) && c->skc_addrpair == d->skc_addrpair;
	return rill_c_is_v6(d) && ipv6_addr_equal(&c->skc_v6_daddr, &d->skc_v6_daddr) &&
	       ipv6_addr_equal(&c->skc_v6_rcv_saddr, &d->skc_v6_rcv_saddr);
}

/* Another owner of c's tuple in its chain, which the caller has locked. */
static struct sock *rill_twin(const struct sock_common *c)
{
	const struct hlist_nulls_node *node;
	struct sock *sk;

	sk_nulls_for_each(sk, node, &rill_chains[c->skc_hash & rill_mask]) {
		if (sk->sk_hash == c->skc_hash && &sk->__sk_common != c &&
		    sk->sk_portpair == c->skc_portpair && rill_same_addrs(c, &sk->__sk_common) &&
		    rill_wire(sk) == rill_wire((const struct sock *)c) &&
		    net_eq(sock_net(sk), read_pnet(&c->skc_net)) &&
		    (!sk->sk_bound_dev_if || !c->skc_bound_dev_if ||
		     sk->sk_bound_dev_if == c->skc_bound_dev_if))
			return sk;
	}
	return NULL;
}

static void rill_chain_add(struct sock_common *c)
{
	hlist_nulls_add_head_rcu(&c->skc_nulls_node, &rill_chains[c->skc_hash & rill_mask]);
}

/**
 * rill_hash_connection() - enter a connection under its tuple, if it is free
 * @sk: addresses and ports are set
 * @asked: the program asked for this local port by number
 * @tw: set to a TIME_WAIT that gave way (RFC 6191, MAY-2), else to NULL; it is
 *	out of the table, and the caller owes it rill_time_wait_kill() and
 *	rill_mini_put() once no lock is held
 *
 * Context: process or softirq; the socket lock is held.
 * Return: 0, or -EADDRNOTAVAIL when the tuple is in use.
 */
int rill_hash_connection(struct sock *sk, bool asked, struct rill_mini **tw)
{
	struct sock_common *c = &sk->__sk_common;
	struct sock *twin;
	spinlock_t *lock;	/* of the chain */
	int err = 0;

	*tw = NULL;
	c->skc_hash = rill_hash_of(c);
	lock = rill_lock_of(c->skc_hash);
	spin_lock_bh(lock);
	twin = rill_twin(c);
	if (twin && rill_is_mini(twin) && twin->sk_state == TCP_TIME_WAIT &&
	    rill_time_wait_reusable(rill_mini(twin), asked)) {
		*tw = rill_mini(twin);
		rill_time_wait_inherit(sk, *tw);
		hlist_nulls_del_init_rcu(&twin->sk_nulls_node);
	} else if (twin) {
		err = -EADDRNOTAVAIL;
	}
	if (!err)
		rill_chain_add(c);
	spin_unlock_bh(lock);
	return err;
}

/**
 * rill_hash_replace() - put one owner of a tuple in the place of another
 * @new: the one to enter, same tuple
 * @old: the one to take out
 *
 * Context: softirqs off.
 * Return: whether @old was still in the table; if not, @new is not either.
 */
bool rill_hash_replace(struct sock_common *new, struct sock_common *old)
{
	spinlock_t *lock = rill_lock_of(old->skc_hash);
	bool found;

	new->skc_hash = old->skc_hash;
	spin_lock(lock);
	found = !hlist_nulls_unhashed(&old->skc_nulls_node);
	if (found) {
		rill_chain_add(new);
		hlist_nulls_del_init_rcu(&old->skc_nulls_node);
	}
	spin_unlock(lock);
	return found;
}

/**
 * rill_hash_new() - enter a mini-socket in SYN_RECV, or a child without one
 * @c: tuple is set; a reference is the table's if it is a mini-socket
 *
 * Context: softirqs off.
 * Return: false if the tuple has an owner already.
 */
bool rill_hash_new(struct sock_common *c)
{
	spinlock_t *lock;	/* of the chain */
	bool ok;

	c->skc_hash = rill_hash_of(c);
	lock = rill_lock_of(c->skc_hash);
	spin_lock(lock);
	ok = !rill_twin(c);
	if (ok)
		rill_chain_add(c);
	spin_unlock(lock);
	return ok;
}

/**
 * rill_unhash_mini() - take a mini-socket out of the table
 * @mini: a mini-socket that was entered once
 *
 * Context: any but hard interrupt.
 * Return: whether it was in; then the table's reference is the caller's.
 */
bool rill_unhash_mini(struct rill_mini *mini)
{
	spinlock_t *lock = rill_lock_of(mini->c.skc_hash);
	bool found;

	spin_lock_bh(lock);
	found = !hlist_nulls_unhashed(&mini->c.skc_nulls_node);
	if (found)
		hlist_nulls_del_init_rcu(&mini->c.skc_nulls_node);
	spin_unlock_bh(lock);
	return found;
}

/**
 * rill_hash_listener() - make a listener visible
 * @sk: in LISTEN, port bound
 *
 * From now on it is freed only after a grace period.
 *
 * Context: process; the socket lock is held.
 * Return: 0, or an error of rill_reuseport_join().
 */
int rill_hash_listener(struct sock *sk)
{
	unsigned int slot = rill_listen_slot(sock_net(sk), sk->sk_num);
	int err = 0;

	sock_set_flag(sk, SOCK_RCU_FREE);
	spin_lock_bh(&rill_listen_locks[slot]);
	if (sk->sk_reuseport)
		err = rill_reuseport_join(sk, &rill_listen_chains[slot]);
	if (!err)
		hlist_nulls_add_head_rcu(&sk->sk_nulls_node, &rill_listen_chains[slot]);
	spin_unlock_bh(&rill_listen_locks[slot]);
	return err;
}

/**
 * rill_unhash() - take a connection or a listener out of its table
 * @sk: the socket; its state still is the one that it was entered in
 *
 * Context: any but hard interrupt; the socket lock is held.
 */
void rill_unhash(struct sock *sk)
{
	spinlock_t *lock;	/* of the chain */

	if (sk_unhashed(sk))
		return;
	lock = sk->sk_state == TCP_LISTEN ?
	       &rill_listen_locks[rill_listen_slot(sock_net(sk), sk->sk_num)] :
	       rill_lock_of(sk->sk_hash);
	spin_lock_bh(lock);
	if (sk->sk_state == TCP_LISTEN)
		rill_reuseport_leave(sk);
	if (!sk_unhashed(sk))
		hlist_nulls_del_init_rcu(&sk->sk_nulls_node);
	spin_unlock_bh(lock);
}

/**
 * rill_table_chain() - one chain of the table of connections, for a walk
 * @i: index below rill_table_buckets()
 * @head: set to the chain
 *
 * Return: the lock to hold, softirqs off, while walking it.
 */
spinlock_t *rill_table_chain(unsigned int i, struct hlist_nulls_head **head)
{
	*head = &rill_chains[i];
	return rill_lock_of(i);
}

/**
 * rill_table_buckets() - how many chains the table of connections has
 *
 * Return: a power of two, at least RILL_LOCKS.
 */
unsigned int rill_table_buckets(void)
{
	return rill_mask + 1;
}

/**
 * rill_listen_chain() - one chain of the table of listeners, for a walk
 * @i: index below rill_listen_buckets()
 * @head: set to the chain
 *
 * Return: the lock to hold, softirqs off, while walking it.
 */
spinlock_t *rill_listen_chain(unsigned int i, struct hlist_nulls_head **head)
{
	*head = &rill_listen_chains[i];
	return &rill_listen_locks[i];
}

/**
 * rill_listen_buckets() - how many chains the table of listeners has
 *
 * Return: a power of two.
 */
unsigned int rill_listen_buckets(void)
{
	return RILL_LISTEN_BUCKETS;
}

/**
 * rill_table_init() - make the tables
 *
 * One chain for every 64 KB of memory, within bounds.
 *
 * Context: process, module load.
 * Return: 0 or -ENOMEM.
 */
int rill_table_init(void)
{
	unsigned long n = totalram_pages() >> (16 - PAGE_SHIFT);
	unsigned int i;

	n = roundup_pow_of_two(clamp_t(unsigned long, n, RILL_BUCKETS_MIN, RILL_BUCKETS_MAX));
	rill_chains = kvmalloc_array(n, sizeof(*rill_chains), GFP_KERNEL);
	if (!rill_chains)
		return -ENOMEM;
	rill_mask = n - 1;
	get_random_bytes(&rill_hash_rnd, sizeof(rill_hash_rnd));
	for (i = 0; i < n; i++)
		INIT_HLIST_NULLS_HEAD(&rill_chains[i], i);
	for (i = 0; i < RILL_LOCKS; i++)
		spin_lock_init(&rill_locks[i]);
	for (i = 0; i < RILL_LISTEN_BUCKETS; i++) {
		INIT_HLIST_NULLS_HEAD(&rill_listen_chains[i], i + RILL_LISTEN_NULLS);
		spin_lock_init(&rill_listen_locks[i]);
	}
	return 0;
}

/**
 * rill_table_exit() - free the tables, which are empty
 *
 * Context: process, module unload, after a grace period.
 */
void rill_table_exit(void)
{
	kvfree(rill_chains);
}
