// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: TCP_MD5SIG: segments signed by MD5 with a secret that both ends know
 * (RFC 2385, OP-1).
 *
 * A socket has a list of keys, each for the peers of a prefix. A listener's
 * serve for its mini-sockets; a connection starts with the one that its peer
 * had, and a TIME_WAIT has a copy. Who looks keys up needs no lock but RCU;
 * who changes them holds the socket's.
 *
 * Until the first key is set a segment costs a look at its header length, and
 * no more than the first word of its options if they are a timestamp.
 */
#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <net/l3mdev.h>
#include <net/tcp.h>

#include "af.h"
#include "netns.h"
#include "proto.h"
#include "table.h"

#define RILL_MD5_LEN	16

/**
 * struct rill_md5_key - a secret
 * @node: in rill_sock.md5_keys
 * @rcu: until no reader is left
 * @addr: it is for peers whose address, of IPv4 mapped, begins like this,
 * @prefix: by so many bits, of those of the mapping too
 * @v4: and who speak IPv4; the others speak IPv6
 * @l3index: and only within this VRF, if @flags has TCP_MD5SIG_FLAG_IFINDEX
 * @flags: TCP_MD5SIG_FLAG_IFINDEX or 0
 * @len: bytes of @secret
 * @secret: it
 */
struct rill_md5_key {
	struct hlist_node	node;
	struct rcu_head		rcu;
	struct in6_addr		addr;
	int			l3index;
	u8			prefix;
	bool			v4;
	u8			flags;
	u8			len;
	u8			secret[TCP_MD5SIG_MAXKEYLEN];
};

DEFINE_STATIC_KEY_FALSE(rill_md5_needed);
static DEFINE_MUTEX(rill_md5_mutex);	/* of rill_md5_tfm while it is made */
static struct crypto_shash *rill_md5_tfm;

/* The first key in the machine. It may sleep, and load a module. */
static int rill_md5_prepare(void)
{
	struct crypto_shash *tfm;
	int err = 0;

	mutex_lock(&rill_md5_mutex);
	if (!rill_md5_tfm) {
		tfm = crypto_alloc_shash("md5", 0, 0);
		if (IS_ERR(tfm)) {
			err = PTR_ERR(tfm) == -ENOMEM ? -ENOMEM : -EOPNOTSUPP;
		} else {
			rill_md5_tfm = tfm;
			static_branch_enable(&rill_md5_needed);
		}
	}
	mutex_unlock(&rill_md5_mutex);
	return err;
}

/**
 * rill_md5_exit() - free what the first key made; no socket is left
 *
 * Context: process, module unload.
 */
void rill_md5_exit(void)
{
	if (rill_md5_tfm)
		crypto_free_shash(rill_md5_tfm);
}

/* What a key is for. */
struct rill_md5_peers {
	struct in6_addr	addr;
	int		l3index;
	u8		prefix;
	u8		flags;
	bool		v4;
};

/* What an address of IPv4 is preceded by when it is mapped, bits. */
#define RILL_MD5_MAPPED	96

static struct rill_md5_key *rill_md5_find(struct sock *sk, const struct rill_md5_peers *peers)
{
	struct rill_md5_key *key;

	hlist_for_each_entry_rcu(key, &rill_sk(sk)->md5_keys, node, lockdep_sock_is_held(sk))
		if (ipv6_addr_equal(&key->addr, &peers->addr) && key->prefix == peers->prefix &&
		    key->v4 == peers->v4 && key->l3index == peers->l3index &&
		    key->flags == peers->flags)
			return key;
	return NULL;
}

/* Is b the narrower of two that match? One for a VRF is, then the longer prefix. */
static bool rill_md5_better(const struct rill_md5_key *a, const struct rill_md5_key *b)
{
	if (!a)
		return true;
	if (a->flags != b->flags)
		return b->flags;
	return b->prefix > a->prefix;
}

/**
 * __rill_md5_lookup() - the key for a peer
 * @sk: socket, or the listener behind a mini-socket
 * @addr: the peer; an address of IPv4 is mapped
 * @l3index: the VRF, 0: none
 *
 * Context: RCU, or the socket lock is held.
 * Return: the key with the longest prefix, or NULL.
 */
const struct rill_md5_key *__rill_md5_lookup(const struct sock *sk, const struct in6_addr *addr,
					     int l3index)
{
	const struct rill_md5_key *key, *best = NULL;
	bool v4 = ipv6_addr_v4mapped(addr);

	hlist_for_each_entry_rcu(key, &rill_sk(sk)->md5_keys, node, lockdep_sock_is_held(sk)) {
		if (key->flags && key->l3index != l3index)
			continue;
		if (key->v4 != v4 || !ipv6_prefix_equal(&key->addr, addr, key->prefix))
			continue;
		if (rill_md5_better(best, key))
			best = key;
	}
	return best;
}

static int rill_md5_vrf(const struct sock *sk)
{
	return l3mdev_master_ifindex_by_index(sock_net(sk), sk->sk_bound_dev_if);
}

/* Where a connection's segments leave from and go to; false: it has no peer yet. */
static bool rill_md5_addrs(const struct sock *sk, struct in6_addr *saddr, struct in6_addr *daddr)
{
	if (rill_sk(sk)->v6) {
		*saddr = rill_v6_sk(sk)->saddr;
		*daddr = sk->sk_v6_daddr;
		return !ipv6_addr_any(daddr);
	}
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_saddr, saddr);
	ipv6_addr_set_v4mapped(sk->sk_daddr, daddr);
	return sk->sk_daddr;
}

/**
 * rill_md5_update() - does a connection have a key now? It takes room.
 * @sk: connection or about to be; its peer is set
 *
 * Context: the socket lock is held.
 */
void rill_md5_update(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct in6_addr saddr, peer;

	rs->md5 = rill_md5_addrs(sk, &saddr, &peer) &&
		  rill_md5_lookup(sk, &peer, rill_md5_vrf(sk));
	if (rs->pmtu)
		rill_sync_mss(sk, rs->pmtu);
}

static void rill_md5_free(struct sock *sk, struct rill_md5_key *key)
{
	atomic_sub(sizeof(*key), &sk->sk_omem_alloc);
	kfree_rcu(key, rcu);
}

/* A new one, in the place of what was there for the same peers. */
static int rill_md5_add(struct sock *sk, const struct rill_md5_peers *peers, const u8 *secret,
			u8 len, gfp_t gfp)
{
	struct rill_md5_key *old = rill_md5_find(sk, peers), *key;

	if (old) {
		key = kmalloc(sizeof(*key), gfp);
		if (key)
			atomic_add(sizeof(*key), &sk->sk_omem_alloc);
	} else {
		key = sock_kmalloc(sk, sizeof(*key), gfp);
	}
	if (!key)
		return -ENOMEM;
	key->addr = peers->addr;
	key->prefix = peers->prefix;
	key->v4 = peers->v4;
	key->l3index = peers->l3index;
	key->flags = peers->flags;
	key->len = len;
	memcpy(key->secret, secret, len);
	if (!old) {
		hlist_add_head_rcu(&key->node, &rill_sk(sk)->md5_keys);
		return 0;
	}
	hlist_replace_rcu(&old->node, &key->node);
	rill_md5_free(sk, old);
	return 0;
}

static int rill_md5_delete(struct sock *sk, const struct rill_md5_peers *peers)
{
	struct rill_md5_key *key = rill_md5_find(sk, peers);

	if (!key)
		return -ENOENT;
	hlist_del_rcu(&key->node);
	rill_md5_free(sk, key);
	return 0;
}

/* An interface stands for a VRF, and has to be one. */
static int rill_md5_parse_vrf(const struct sock *sk, int ifindex, struct rill_md5_peers *peers)
{
	struct net_device *dev;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(sock_net(sk), ifindex);
	if (dev && netif_is_l3_master(dev))
		peers->l3index = dev->ifindex;
	rcu_read_unlock();
	return peers->l3index ? 0 : -EINVAL;
}

/* The address, of the socket's family; one of IPv4 may be mapped in IPv6's. */
static int rill_md5_parse_addr(const struct sock *sk, const struct tcp_md5sig *cmd,
			       struct rill_md5_peers *peers)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&cmd->tcpm_addr;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&cmd->tcpm_addr;

	if (sin->sin_family != sk->sk_family)
		return -EINVAL;
	if (sk->sk_family == AF_INET6)
		peers->addr = sin6->sin6_addr;
	else
		ipv6_addr_set_v4mapped(sin->sin_addr.s_addr, &peers->addr);
	peers->v4 = ipv6_addr_v4mapped(&peers->addr);
	return 0;
}

static int rill_md5_parse(const struct sock *sk, int name, const struct tcp_md5sig *cmd,
			  struct rill_md5_peers *peers)
{
	int err = rill_md5_parse_addr(sk, cmd, peers);
	u8 before;

	if (err)
		return err;
	if (cmd->tcpm_keylen > TCP_MD5SIG_MAXKEYLEN)
		return -EINVAL;
	before = peers->v4 ? RILL_MD5_MAPPED : 0;
	peers->prefix = 128;
	peers->l3index = 0;
	peers->flags = cmd->tcpm_flags & TCP_MD5SIG_FLAG_IFINDEX;
	if (name != TCP_MD5SIG_EXT)
		return 0;
	if (cmd->tcpm_flags & TCP_MD5SIG_FLAG_PREFIX) {
		if (cmd->tcpm_prefixlen > 128 - before)
			return -EINVAL;
		peers->prefix = before + cmd->tcpm_prefixlen;
	}
	if (cmd->tcpm_ifindex && peers->flags)
		return rill_md5_parse_vrf(sk, cmd->tcpm_ifindex, peers);
	return 0;
}

/**
 * rill_md5_setsockopt() - TCP_MD5SIG, TCP_MD5SIG_EXT: set or delete a key
 * @sk: socket
 * @name: which of the two
 * @optval: struct tcp_md5sig
 * @optlen: its length
 *
 * Context: process.
 * Return: 0 or an errno of setsockopt(2); -EOPNOTSUPP: the kernel has no MD5.
 */
int rill_md5_setsockopt(struct sock *sk, int name, sockptr_t optval, unsigned int optlen)
{
	struct rill_md5_peers peers;
	struct tcp_md5sig cmd;
	int err;

	if (optlen < sizeof(cmd))
		return -EINVAL;
	if (copy_from_sockptr(&cmd, optval, sizeof(cmd)))
		return -EFAULT;
	err = rill_md5_parse(sk, name, &cmd, &peers);
	if (!err && cmd.tcpm_keylen)
		err = rill_md5_prepare();
	if (!err) {
		lock_sock(sk);
		if (cmd.tcpm_keylen)
			err = rill_md5_add(sk, &peers, cmd.tcpm_key, cmd.tcpm_keylen, GFP_KERNEL);
		else
			err = rill_md5_delete(sk, &peers);
		rill_md5_update(sk);
		release_sock(sk);
	}
	memzero_explicit(&cmd, sizeof(cmd));
	return err;
}

/**
 * rill_md5_inherit() - a child has the key of its peer, and no other
 * @child: new connection; its peer is set
 * @listener: where it came from
 *
 * Context: softirqs off, RCU; nobody else knows @child.
 * Return: 0 or -ENOMEM.
 */
int rill_md5_inherit(struct sock *child, const struct sock *listener)
{
	struct rill_md5_peers peers = { .prefix = 128 };
	const struct rill_md5_key *key;
	struct in6_addr saddr;
	int err;

	rill_md5_addrs(child, &saddr, &peers.addr);
	key = rill_md5_lookup(listener, &peers.addr, rill_md5_vrf(child));
	if (!key)
		return 0;
	peers.v4 = key->v4;
	peers.l3index = key->l3index;
	peers.flags = key->flags;
	err = rill_md5_add(child, &peers, key->secret, key->len, GFP_ATOMIC);
	rill_sk(child)->md5 = !err;
	return err;
}

/**
 * rill_md5_copy() - a key for the mini-socket that sits out TIME_WAIT
 * @sk: the socket that it stands for
 *
 * Context: softirqs off; the socket lock is held.
 * Return: a key for kfree(), or NULL: none, or no memory.
 */
const struct rill_md5_key *rill_md5_copy(const struct sock *sk)
{
	const struct rill_md5_key *key;
	struct in6_addr saddr, peer;

	rill_md5_addrs(sk, &saddr, &peer);
	key = rill_md5_lookup(sk, &peer, rill_md5_vrf(sk));
	return key ? kmemdup(key, sizeof(*key), GFP_ATOMIC | __GFP_NOWARN) : NULL;
}

/**
 * rill_md5_purge() - a socket ends: so do its keys
 * @sk: socket
 *
 * Context: the socket lock is held, or nobody else knows @sk.
 */
void rill_md5_purge(struct sock *sk)
{
	struct rill_md5_key *key;
	struct hlist_node *next;

	hlist_for_each_entry_safe(key, next, &rill_sk(sk)->md5_keys, node) {
		hlist_del_rcu(&key->node);
		rill_md5_free(sk, key);
	}
}

/* The pseudo-header; returns its length. Addresses of IPv4 are mapped. */
static unsigned int rill_md5_pseudo(void *head, const struct in6_addr *saddr,
				    const struct in6_addr *daddr, u8 proto,
				    unsigned int len)
{
	struct tcp4_pseudohdr *v4 = head;
	struct tcp6_pseudohdr *v6 = head;

	if (!ipv6_addr_v4mapped(daddr)) {
		v6->saddr = *saddr;
		v6->daddr = *daddr;
		v6->len = cpu_to_be32(len);
		v6->protocol = cpu_to_be32(proto);
		return sizeof(*v6);
	}
	v4->saddr = saddr->s6_addr32[3];
	v4->daddr = daddr->s6_addr32[3];
	v4->pad = 0;
	v4->protocol = proto;
	v4->len = cpu_to_be16(len);
	return sizeof(*v4);
}

/*
 * RFC 2385, 2: the pseudo-header, the header without options and checksum, the
 * data, the secret. @skb begins with the header. Returns 0 or an error.
 */
static int rill_md5_hash(u8 *out, const struct rill_md5_key *key, struct sk_buff *skb,
			 const struct in6_addr *saddr, const struct in6_addr *daddr, u8 wire)
{
	u8 head[sizeof(struct tcp6_pseudohdr) + sizeof(struct tcphdr)] __aligned(4);
	SHASH_DESC_ON_STACK(desc, rill_md5_tfm);
	struct skb_seq_state st;
	unsigned int done = 0, n;
	struct tcphdr *th;
	const u8 *data;
	int err;

	n = rill_md5_pseudo(head, saddr, daddr, rill_wire_proto(wire), skb->len);
	th = (struct tcphdr *)(head + n);
	memcpy(th, tcp_hdr(skb), sizeof(*th));
	th->check = 0;

	desc->tfm = rill_md5_tfm;
	err = crypto_shash_init(desc) ? : crypto_shash_update(desc, head, n + sizeof(*th));
	skb_prepare_seq_read(skb, tcp_hdrlen(skb), skb->len, &st);
	while (!err && (n = skb_seq_read(done, &data, &st))) {
		err = crypto_shash_update(desc, data, n);
		done += n;
	}
	if (err)
		skb_abort_seq_read(&st);
	return err ? : crypto_shash_finup(desc, key->secret, key->len, out);
}

/**
 * rill_md5_sign() - sign a segment that is about to leave
 * @key: key
 * @skb: begins with the header, which has everything but the checksum; its
 *	options were written with RILL_OPT_MD5
 * @saddr: source address; one of IPv4 is mapped
 * @daddr: destination address, likewise
 * @wire: what will carry it
 *
 * Context: any.
 */
void rill_md5_sign(const struct rill_md5_key *key, struct sk_buff *skb,
		   const struct in6_addr *saddr, const struct in6_addr *daddr, u8 wire)
{
	u8 *at = (u8 *)(tcp_hdr(skb) + 1) + RILL_MD5_AT;

	if (rill_md5_hash(at, key, skb, saddr, daddr, wire))
		memset(at, 0, RILL_MD5_LEN);
}

/**
 * rill_md5_sign_for() - sign a segment of a connection
 * @sk: connection that has a key
 * @skb: see rill_md5_sign()
 *
 * Context: the socket lock is held.
 */
void rill_md5_sign_for(const struct sock *sk, struct sk_buff *skb)
{
	const struct rill_md5_key *key;
	struct in6_addr saddr, daddr;

	rill_md5_addrs(sk, &saddr, &daddr);
	key = rill_md5_lookup(sk, &daddr, rill_md5_vrf(sk));
	if (key)
		rill_md5_sign(key, skb, &saddr, &daddr, rill_sk(sk)->wire);
}

/* Is the segment signed by the key, or without both? 0, or why not. */
static enum rill_mib rill_md5_verify(const struct rill_md5_key *key, struct sk_buff *skb,
				     const struct net *net)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct in6_addr saddr, daddr;
	struct rill_opts opts;
	u8 want[RILL_MD5_LEN];

	rill_opt_parse((const u8 *)(th + 1), th->doff * 4 - sizeof(*th), th->syn, &opts);
	if (!key && !(opts.present & RILL_OPT_MD5))
		return 0;
	if (!(opts.present & RILL_OPT_MD5)) {
		rill_mib_inc(net, RILL_MIB_MD5_NOT_FOUND);
		return RILL_DROP_MD5_NOT_FOUND;
	}
	if (!key) {
		rill_mib_inc(net, RILL_MIB_MD5_UNEXPECTED);
		return RILL_DROP_MD5_UNEXPECTED;
	}
	rill_skb_addrs(skb, &saddr, &daddr);
	if (!rill_md5_hash(want, key, skb, &saddr, &daddr, RILL_CB(skb)->wire) &&
	    !crypto_memneq(want, opts.md5, RILL_MD5_LEN))
		return 0;
	rill_mib_inc(net, RILL_MIB_MD5_FAILURE);
	return RILL_DROP_MD5_FAILURE;
}

/**
 * rill_md5_check() - may a segment pass?
 * @sk: its owner, or the listener behind a mini-socket
 * @skb: the segment, data starts at the header; it came by skb->dev
 *
 * Context: softirqs off, RCU.
 * Return: 0, or why not.
 */
enum rill_mib rill_md5_check(const struct sock *sk, struct sk_buff *skb)
{
	const struct rill_md5_key *key;
	struct in6_addr saddr, daddr;

	rill_skb_addrs(skb, &saddr, &daddr);
	key = rill_md5_lookup(sk, &saddr, l3mdev_master_ifindex_rcu(skb->dev));
	return rill_md5_verify(key, skb, sock_net(sk));
}

/**
 * rill_md5_check_mini() - likewise, in TIME_WAIT
 * @tw: mini-socket
 * @skb: the segment
 *
 * Context: softirqs off, RCU.
 * Return: 0, or why not.
 */
enum rill_mib rill_md5_check_mini(const struct rill_mini *tw, struct sk_buff *skb)
{
	return rill_md5_verify(tw->md5, skb, read_pnet(&tw->c.skc_net));
}

/* The listener that might have the key of a segment that nobody owns. */
static struct sock *rill_md5_listener(struct sk_buff *skb)
{
	struct rill_tuple t = {
		.v6 = rill_skb_is_v6(skb),
		.wire = RILL_CB(skb)->wire,
		.sport = tcp_hdr(skb)->source,
		.dport = ntohs(tcp_hdr(skb)->source),
		.dif = rill_skb_is_v6(skb) ? skb->skb_iif : inet_iif(skb),
	};

	if (t.v6) {
		t.saddr6 = ipv6_hdr(skb)->saddr;
		t.daddr6 = ipv6_hdr(skb)->daddr;
	} else {
		t.saddr = ip_hdr(skb)->saddr;
		t.daddr = ip_hdr(skb)->daddr;
	}
	return rill_lookup_listener(dev_net(skb->dev), skb, &t);
}

/**
 * rill_md5_reset_key() - which key signs the RST that answers a segment?
 * @sk: who asks, or NULL when nobody owns the tuple
 * @skb: the segment
 * @key: set to the key, or NULL: none is needed
 *
 * Who lost a connection may still have the key, at its listener on the port
 * that the peer uses, as routers do. It must fit, else nothing is said.
 *
 * Context: RCU.
 * Return: whether to answer.
 */
bool rill_md5_reset_key(const struct sock *sk, struct sk_buff *skb,
			const struct rill_md5_key **key)
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct in6_addr saddr, daddr;
	struct rill_opts opts;
	struct sock *listener;
	bool ok;

	*key = NULL;
	rill_skb_addrs(skb, &saddr, &daddr);
	if (sk) {
		*key = rill_md5_lookup(sk, &saddr, rill_md5_vrf(sk));
		return true;
	}
	rill_opt_parse((const u8 *)(th + 1), th->doff * 4 - sizeof(*th), th->syn, &opts);
	if (!(opts.present & RILL_OPT_MD5))
		return true;
	listener = rill_md5_listener(skb);
	if (!listener)
		return false;
	*key = rill_md5_lookup(listener, &saddr, l3mdev_master_ifindex_rcu(skb->dev));
	ok = *key && !rill_md5_verify(*key, skb, sock_net(listener));
	/* the key stays for as long as RCU is read */
	sock_put(listener);
	return ok;
}
