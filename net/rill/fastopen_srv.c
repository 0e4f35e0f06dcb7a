// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: fast open, RFC 7413, on the side that listens.
 *
 * A SYN with a good cookie makes a whole connection in SYN_RECV, which waits
 * for accept() and may send at once. How many of a listener's may be like that
 * is bounded: whoever has a cookie could otherwise make any number by one
 * segment each (TFO-4M). The bound belongs to the listener and to each of
 * these connections, as either may go first.
 */
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/tcp.h>

#include "af.h"
#include "compat.h"
#include "fastopen.h"
#include "proto.h"
#include "table.h"

/* The keys of a namespace or of a listener, never changed but replaced. */
struct rill_fo_keys {
	struct rcu_head	rcu;
	unsigned int	nr;
	siphash_key_t	key[RILL_FO_KEYS];
};

/**
 * struct rill_fo_queue - a listener's connections that are open early
 * @ref: the listener's, and one of each of these
 * @lock: guards @qlen and @reset; taken inside of a socket's
 * @qlen: how many there are, those in @reset as well
 * @max_qlen: how many there may be; 0: none
 * @reset: those that a RST ended after accept(), oldest first; see
 *	rill_fastopen_release()
 * @listening: the listener is one
 * @keys: the listener's own, or NULL
 * @rcu: SYNs look at it without a reference
 */
struct rill_fo_queue {
	refcount_t		ref;
	spinlock_t		lock;	/* of the counts */
	unsigned int		qlen;
	unsigned int		max_qlen;
	struct list_head	reset;
	bool			listening;
	struct rill_fo_keys __rcu *keys;
	struct rcu_head		rcu;
};

/**
 * struct rill_fo_pending - a connection that is open early
 * @q: where it counts; a reference
 * @node: in rill_fo_queue.reset, once it is
 * @until: jiffies; it counts until then
 */
struct rill_fo_pending {
	struct rill_fo_queue	*q;
	struct list_head	node;
	unsigned long		until;
};

#define RILL_FO_RESET_LIFE	(60 * HZ)

static void rill_fo_queue_put(struct rill_fo_queue *q)
{
	struct rill_fo_keys *keys;

	if (!refcount_dec_and_test(&q->ref))
		return;
	keys = rcu_dereference_protected(q->keys, true);
	if (keys)
		kfree_rcu(keys, rcu);
	kfree_rcu(q, rcu);
}

/* The queue of a socket, which is made when an option needs it. */
static struct rill_fo_queue *rill_fo_queue(struct sock *sk)
{
	struct rill_fo_queue *q = rill_sk(sk)->fo_queue;

	if (q)
		return q;
	q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		return NULL;
	refcount_set(&q->ref, 1);
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->reset);
	q->listening = sk->sk_state == TCP_LISTEN;
	/* SYNs may be on their way to a listener */
	smp_store_release(&rill_sk(sk)->fo_queue, q);
	return q;
}

static void rill_fo_forget_resets(struct rill_fo_queue *q)
{
	struct rill_fo_pending *p, *next;

	list_for_each_entry_safe(p, next, &q->reset, node) {
		list_del(&p->node);
		q->qlen--;
		kfree(p);
	}
}

/* May there be one more? One that a RST ended makes way after its time. */
static bool rill_fo_room(const struct sock *listener, struct rill_fo_queue *q)
{
	struct rill_fo_pending *p;
	unsigned int max = READ_ONCE(q->max_qlen);
	bool room = true;

	if (!max || READ_ONCE(q->qlen) < max)
		return max;
	spin_lock(&q->lock);
	p = list_first_entry_or_null(&q->reset, struct rill_fo_pending, node);
	if (p && time_after_eq(jiffies, p->until)) {
		list_del(&p->node);
		q->qlen--;
		kfree(p);
	} else {
		room = false;
	}
	spin_unlock(&q->lock);
	if (!room)
		rill_mib_inc(sock_net(listener), RILL_MIB_FASTOPEN_LISTEN_OVERFLOW);
	return room;
}

/* Who asks for a cookie, or brings one, and by whose keys. */
struct rill_fo_client {
	const struct rill_fo_keys *keys;
	const struct sk_buff *syn;
};

/* RFC 7413, 4.1.2: the same for all ports. As Linux makes them, for farms. */
static bool rill_fo_siphash(const void *client, unsigned int key, u8 cookie[RILL_FO_COOKIE_LEN])
{
	const struct rill_fo_client *c = client;
	struct in6_addr in[2] __aligned(SIPHASH_ALIGNMENT);
	__be32 in4[2] __aligned(SIPHASH_ALIGNMENT);
	u64 hash;

	BUILD_BUG_ON(sizeof(hash) != RILL_FO_COOKIE_LEN);
	if (!c->keys || key >= c->keys->nr)
		return false;
	if (rill_skb_is_v6(c->syn)) {
		in[0] = ipv6_hdr(c->syn)->saddr;
		in[1] = ipv6_hdr(c->syn)->daddr;
		hash = siphash(in, sizeof(in), &c->keys->key[key]);
	} else {
		in4[0] = ip_hdr(c->syn)->saddr;
		in4[1] = ip_hdr(c->syn)->daddr;
		hash = siphash(in4, sizeof(in4), &c->keys->key[key]);
	}
	put_unaligned_le64(hash, cookie);
	return true;
}

/* What a SYN asks of fast open, and what it gets. Context: softirqs off, RCU. */
static enum rill_fo_verdict rill_fo_judge(struct sock *sk, const struct rill_fo_queue *q,
					  const struct sk_buff *skb, const struct rill_opts *opts,
					  const struct dst_entry *dst,
					  struct rill_fo_cookie *reply)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_fo_client client = {
		.keys = rcu_dereference(q->keys),
		.syn = skb,
	};
	struct rill_fo_cookie got;
	bool exempt = READ_ONCE(rn->fastopen) & RILL_FO_SERVER_NO_COOKIE ||
		      rill_sk(sk)->fo_no_cookie ||
		      dst_metric(dst, RTAX_FASTOPEN_NO_COOKIE);

	if (!client.keys)
		client.keys = rcu_dereference(rn->fo_keys);
	rill_fo_read(opts, &got);
	return rill_fo_serve(&got, exempt, rill_fo_siphash, &client, reply);
}

/* Let the new connection have the data of the SYN. Eats skb. */
static void rill_fo_syn_data(struct sock *sk, struct sk_buff *skb, const struct rill_opts *opts)
{
	__skb_pull(skb, tcp_hdr(skb)->doff * 4);
	skb->dev = NULL;
	RILL_SEQ(skb)++;
	RILL_CB(skb)->flags &= ~TCPHDR_SYN;
	rill_sk(sk)->data_segs_in = 1;
	rill_rcvbuf_measure(sk, skb, opts);
	rill_data(sk, skb);
	rill_sk(sk)->fo_acked = rill_sk(sk)->rcv_nxt != rill_sk(sk)->irs + 1;
}

/* Data may flow now, not when the peer acknowledges our SYN. */
static void rill_fo_open(struct sock *sk, const struct sk_buff *syn)
{
	struct rill_sock *rs = rill_sk(sk);

	rill_clock(rs);
	rs->segs_in = 1;
	rs->snd_una = rs->iss + 1;
	rs->snd_sml = rs->snd_una;
	rs->snd_wnd = RILL_CB(syn)->wnd;	/* WS-3M: not scaled in a SYN */
	rs->max_wnd = rs->snd_wnd;
	rs->snd_wl1 = RILL_SEQ(syn);
	rs->snd_wl2 = rs->snd_una;
	rs->last_any = jiffies;
	rill_mtu_start(sk);
	rill_init_transfer(sk);
}

static struct rill_fo_pending *rill_fo_pending(struct rill_fo_queue *q)
{
	struct rill_fo_pending *p = kmalloc(sizeof(*p), GFP_ATOMIC | __GFP_NOWARN);

	if (!p)
		return NULL;
	p->q = q;
	INIT_LIST_HEAD(&p->node);
	if (!refcount_inc_not_zero(&q->ref)) {
		kfree(p);
		return NULL;
	}
	return p;
}

static void rill_fo_pending_free(struct rill_fo_pending *p)
{
	rill_fo_queue_put(p->q);
	kfree(p);
}

/*
 * A connection in SYN_RECV in the tables and in the accept queue; locked, with
 * two references. @data is a clone of the SYN if that had any; it is eaten.
 */
static struct sock *rill_fo_birth(struct sock *listener, struct rill_mini *req,
				  struct sk_buff *syn, struct sk_buff *data,
				  const struct rill_opts *opts, struct dst_entry *dst,
				  struct rill_fo_pending *p)
{
	struct sock *sk;

	dst_hold(dst);
	sk = rill_child(listener, req, dst);
	if (!sk)
		goto failed;
	if (!rill_hash_new(&sk->__sk_common)) {
		rill_child_abort(sk, false);
		goto failed;
	}
	spin_lock(&p->q->lock);
	p->q->qlen++;
	spin_unlock(&p->q->lock);
	WRITE_ONCE(rill_sk(sk)->fo_pending, p);
	rill_child_keep_syn(sk, req);
	rill_child_packet(sk, syn);
	rill_fo_open(sk, syn);
	if (data)
		rill_fo_syn_data(sk, data, opts);
	if (rill_accept_enqueue(listener, sk))
		return sk;
	rill_child_abort(sk, false);
	return NULL;

failed:
	kfree_skb(data);
	rill_fo_pending_free(p);
	return NULL;
}

/* Answer, and hand the connection to accept(). Drops the caller's reference. */
static void rill_fo_announce(struct sock *listener, struct sock *sk,
			     const struct rill_fo_cookie *reply)
{
	struct rill_fo_req answer = { .cookie = *reply };
	struct rill_sock *rs = rill_sk(sk);

	__acquire(&sk->sk_lock.slock);	/* sk_clone_lock() did */
	rs->stall_us = rill_clock(rs);
	rs->fo_req = &answer;
	rill_send_syn(sk);
	rs->fo_req = NULL;
	rs->fo_option = 0;	/* that is about the side which connects */
	rs->out = 0;
	rill_timer_start(sk, RILL_TIMER_RTO, HZ);
	rill_mib_inc(sock_net(sk), RILL_MIB_PASSIVE_OPENS);
	rill_mib_inc(sock_net(sk), RILL_MIB_FASTOPEN_PASSIVE);
	listener->sk_data_ready(listener);
	bh_unlock_sock(sk);
	sock_put(sk);
}

/* Memory, and then the connection. */
static struct sock *rill_fo_try(struct sock *listener, struct rill_mini *req, struct sk_buff *skb,
				const struct rill_opts *opts, struct dst_entry *dst,
				struct rill_fo_queue *q)
{
	struct rill_fo_pending *p = rill_fo_pending(q);
	struct sk_buff *data = NULL;

	if (!p)
		return NULL;
	if (RILL_END(skb) != RILL_SEQ(skb) + 1) {
		data = skb_clone(skb, GFP_ATOMIC | __GFP_NOWARN);
		if (!data) {
			rill_fo_pending_free(p);
			return NULL;
		}
	}
	return rill_fo_birth(listener, req, skb, data, opts, dst, p);
}

/**
 * rill_fastopen_syn_rcv() - does a SYN open a connection at once?
 * @listener: not locked
 * @req: mini-socket of the SYN, entered nowhere
 * @skb: the SYN
 * @opts: its options
 * @dst: route to the peer; stays the caller's
 * @reply: becomes what the SYN-ACK of @req has to bear if it does not
 *
 * Context: softirqs off, RCU.
 * Return: whether; then the SYN is answered.
 */
bool rill_fastopen_syn_rcv(struct sock *listener, struct rill_mini *req, struct sk_buff *skb,
			   const struct rill_opts *opts, struct dst_entry *dst,
			   struct rill_fo_cookie *reply)
{
	/* pairs with rill_fo_queue() */
	struct rill_fo_queue *q = smp_load_acquire(&rill_sk(listener)->fo_queue);
	bool option = opts->present & RILL_OPT_FO;
	struct net *net = sock_net(listener);
	enum rill_fo_verdict verdict;
	struct sock *sk;

	if (option && !opts->fo_len)
		rill_mib_inc(net, RILL_MIB_FASTOPEN_COOKIE_REQD);
	reply->len = -1;
	if (!q || !(READ_ONCE(rill_net(net)->fastopen) & RILL_FO_SERVER) ||
	    (!option && RILL_END(skb) == RILL_SEQ(skb) + 1) || !rill_fo_room(listener, q))
		return false;
	verdict = rill_fo_judge(listener, q, skb, opts, dst, reply);
	if (verdict == RILL_FO_OPEN || verdict == RILL_FO_RENEW) {
		sk = rill_fo_try(listener, req, skb, opts, dst, q);
		if (sk) {
			if (verdict == RILL_FO_RENEW)
				rill_mib_inc(net, RILL_MIB_FASTOPEN_PASSIVE_ALT_KEY);
			rill_fo_announce(listener, sk, reply);
			return true;
		}
		verdict = RILL_FO_REFUSE;
	}
	if (verdict == RILL_FO_REFUSE)
		rill_mib_inc(net, RILL_MIB_FASTOPEN_PASSIVE_FAIL);
	return false;
}

/**
 * rill_fastopen_release() - a connection is not open early any more
 * @sk: connection with fo_pending
 * @reset: a RST ended it
 *
 * Who forges SYNs makes their true senders answer by RST. So one that a RST
 * ended once it was accepted, and no longer counts in the accept queue, counts
 * here for a minute more (RFC 7413, 5.1).
 *
 * Context: the socket lock is held.
 */
void rill_fastopen_release(struct sock *sk, bool reset)
{
	struct rill_fo_pending *p = rill_sk(sk)->fo_pending;
	struct rill_fo_queue *q = p->q;
	bool accepted = sk->sk_socket || sock_flag(sk, SOCK_DEAD);

	WRITE_ONCE(rill_sk(sk)->fo_pending, NULL);
	spin_lock_bh(&q->lock);
	if (reset && accepted && q->listening) {
		p->until = jiffies + RILL_FO_RESET_LIFE;
		list_add_tail(&p->node, &q->reset);
		p = NULL;
	} else {
		q->qlen--;
	}
	spin_unlock_bh(&q->lock);
	kfree(p);
	rill_fo_queue_put(q);
}

static unsigned int rill_fo_clamp(const struct sock *sk, int backlog)
{
	return min_t(unsigned int, backlog, READ_ONCE(sock_net(sk)->core.sysctl_somaxconn));
}

/* The first key of a namespace is made when somebody may need it. */
static void rill_fo_first_key(struct net *net)
{
	struct rill_net *rn = rill_net(net);
	struct rill_fo_keys *keys;

	if (rcu_access_pointer(rn->fo_keys))
		return;
	keys = kzalloc(sizeof(*keys), GFP_KERNEL_ACCOUNT);
	if (!keys)
		return;
	keys->nr = 1;
	get_random_bytes(&keys->key[0], sizeof(keys->key[0]));
	if (cmpxchg((struct rill_fo_keys __force **)&rn->fo_keys, NULL, keys))
		kfree(keys);	/* somebody was faster */
}

/**
 * rill_fastopen_tune() - TCP_FASTOPEN: how many may be open early
 * @sk: in CLOSED or LISTEN
 * @backlog: how many, 0 or more
 *
 * Context: process; the socket lock is held.
 * Return: 0 or -ENOMEM.
 */
int rill_fastopen_tune(struct sock *sk, int backlog)
{
	struct rill_fo_queue *q = rill_fo_queue(sk);

	if (!q)
		return -ENOMEM;
	rill_fo_first_key(sock_net(sk));
	WRITE_ONCE(q->max_qlen, rill_fo_clamp(sk, backlog));
	return 0;
}

/**
 * rill_fastopen_qlen() - what TCP_FASTOPEN was set to
 * @sk: socket
 *
 * Context: process; the socket lock is held.
 * Return: it, 0 unless it was.
 */
int rill_fastopen_qlen(const struct sock *sk)
{
	return rill_sk(sk)->fo_queue ? rill_sk(sk)->fo_queue->max_qlen : 0;
}

/**
 * rill_fastopen_listen() - a socket enters LISTEN
 * @sk: the socket
 * @backlog: of listen(2)
 *
 * The sysctl may have it without TCP_FASTOPEN.
 *
 * Context: process; the socket lock is held.
 */
void rill_fastopen_listen(struct sock *sk, int backlog)
{
	int mode = READ_ONCE(rill_net(sock_net(sk))->fastopen);
	struct rill_fo_queue *q;

	if (mode & RILL_FO_SERVER && mode & RILL_FO_SERVER_ALL && !rill_fastopen_qlen(sk))
		rill_fastopen_tune(sk, backlog);
	q = rill_sk(sk)->fo_queue;
	if (!q)
		return;
	spin_lock_bh(&q->lock);
	q->listening = true;
	spin_unlock_bh(&q->lock);
}

/**
 * rill_fastopen_listen_stop() - it leaves LISTEN
 * @sk: the socket
 *
 * Context: process; the socket lock is held.
 */
void rill_fastopen_listen_stop(struct sock *sk)
{
	struct rill_fo_queue *q = rill_sk(sk)->fo_queue;

	if (!q)
		return;
	spin_lock_bh(&q->lock);
	q->listening = false;
	rill_fo_forget_resets(q);
	spin_unlock_bh(&q->lock);
}

/**
 * rill_fastopen_free() - a socket goes, and what its options needed
 * @sk: the socket
 *
 * Context: nobody changes its options any more.
 */
void rill_fastopen_free(struct sock *sk)
{
	struct rill_fo_queue *q = rill_sk(sk)->fo_queue;

	WRITE_ONCE(rill_sk(sk)->fo_queue, NULL);
	if (q)
		rill_fo_queue_put(q);
}

/* Put keys in the place of others. len: of raw, one key or two. */
static int rill_fo_replace_keys(struct rill_fo_keys __rcu **at, const u8 *raw, unsigned int len)
{
	struct rill_fo_keys *keys = kzalloc(sizeof(*keys), GFP_KERNEL_ACCOUNT), *old;
	unsigned int i;

	if (!keys)
		return -ENOMEM;
	keys->nr = len / RILL_FO_KEY_LEN;
	for (i = 0; i < keys->nr; i++, raw += RILL_FO_KEY_LEN) {
		keys->key[i].key[0] = get_unaligned_le64(raw);
		keys->key[i].key[1] = get_unaligned_le64(raw + 8);
	}
	old = unrcu_pointer(xchg(at, RCU_INITIALIZER(keys)));
	if (old)
		kfree_rcu(old, rcu);
	return 0;
}

/* Their bytes; how many. Context: RCU. */
static unsigned int rill_fo_raw_keys(const struct rill_fo_keys *keys, u8 *raw)
{
	unsigned int i;

	if (!keys)
		return 0;
	for (i = 0; i < keys->nr; i++, raw += RILL_FO_KEY_LEN) {
		put_unaligned_le64(keys->key[i].key[0], raw);
		put_unaligned_le64(keys->key[i].key[1], raw + 8);
	}
	return keys->nr * RILL_FO_KEY_LEN;
}

/**
 * rill_fastopen_set_key() - TCP_FASTOPEN_KEY: keys of this listener alone
 * @sk: socket
 * @optval: one key, or the one in use and its predecessor
 * @optlen: of them
 *
 * Context: process.
 * Return: 0 or an errno of setsockopt(2).
 */
int rill_fastopen_set_key(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	u8 raw[RILL_FO_KEY_LEN * RILL_FO_KEYS];
	struct rill_fo_queue *q;
	int err;

	if (optlen != RILL_FO_KEY_LEN && optlen != sizeof(raw))
		return -EINVAL;
	if (copy_from_sockptr(raw, optval, optlen))
		return -EFAULT;
	lock_sock(sk);
	q = rill_fo_queue(sk);
	err = q ? rill_fo_replace_keys(&q->keys, raw, optlen) : -ENOMEM;
	release_sock(sk);
	memzero_explicit(raw, sizeof(raw));
	return err;
}

/**
 * rill_fastopen_get_key() - read them
 * @sk: socket
 * @raw: room for two keys
 *
 * Context: process; the socket lock is held.
 * Return: their length, 0 when the listener has none of its own.
 */
unsigned int rill_fastopen_get_key(const struct sock *sk, u8 *raw)
{
	const struct rill_fo_queue *q = rill_sk(sk)->fo_queue;
	unsigned int len = 0;

	rcu_read_lock();
	if (q)
		len = rill_fo_raw_keys(rcu_dereference(q->keys), raw);
	rcu_read_unlock();
	return len;
}

/* "xxxxxxxx-xxxxxxxx-xxxxxxxx-xxxxxxxx": the words of a key. Returns success. */
static bool rill_fo_key_scan(const char *text, u8 *raw)
{
	u32 word[4];
	int i;

	if (sscanf(text, "%x-%x-%x-%x", &word[0], &word[1], &word[2], &word[3]) != 4)
		return false;
	for (i = 0; i < 4; i++)
		put_unaligned_le32(word[i], raw + 4 * i);
	return true;
}

static void rill_fo_key_print(char *text, size_t size, const u8 *raw, unsigned int len)
{
	size_t n = 0;
	unsigned int i;

	for (i = 0; i < len; i += 4)
		n += scnprintf(text + n, size - n, "%s%08x",
			       !i ? "" : i % RILL_FO_KEY_LEN ? "-" : ",",
			       get_unaligned_le32(raw + i));
}

/*
 * rill_fastopen_sysctl_key() - net.rill.fastopen_key
 *
 * Its arguments differ between kernels (compat.h), which kernel-doc cannot say.
 * The key in use, and after a comma its predecessor, if any.
 *
 * Context: process.
 * Return: 0 or an errno.
 */
RILL_CTL_PROTO(rill_fastopen_sysctl_key)
{
	struct rill_net *rn = container_of(ctl->data, struct rill_net, fo_keys);
	u8 raw[RILL_FO_KEY_LEN * RILL_FO_KEYS] = {};
	char text[4 * sizeof(raw)] = {}, *second;
	struct ctl_table copy = { .data = text, .maxlen = sizeof(text) };
	unsigned int len;
	int err;

	rcu_read_lock();
	len = rill_fo_raw_keys(rcu_dereference(rn->fo_keys), raw) ? : RILL_FO_KEY_LEN;
	rcu_read_unlock();
	rill_fo_key_print(text, sizeof(text), raw, len);
	err = proc_dostring(&copy, write, buffer, lenp, ppos);
	if (err || !write)
		goto out;
	err = -EINVAL;
	second = strchr(text, ',');
	if (second)
		*second++ = '\0';
	if (!rill_fo_key_scan(text, raw) ||
	    (second && !rill_fo_key_scan(second, raw + RILL_FO_KEY_LEN)))
		goto out;
	err = rill_fo_replace_keys(&rn->fo_keys, raw, second ? sizeof(raw) : RILL_FO_KEY_LEN);
out:
	memzero_explicit(raw, sizeof(raw));
	memzero_explicit(text, sizeof(text));
	return err;
}

/**
 * rill_fastopen_init_net() - fast open of a new namespace
 * @net: namespace
 *
 * Context: process.
 */
void rill_fastopen_init_net(struct net *net)
{
	struct rill_net *rn = rill_net(net);

	spin_lock_init(&rn->fo_lock);
	rn->fo_cache = NULL;
	RCU_INIT_POINTER(rn->fo_keys, NULL);
	memset(&rn->fo_pause, 0, sizeof(rn->fo_pause));
}

/**
 * rill_fastopen_exit_net() - forget keys and cookies
 * @net: namespace
 *
 * Context: process; no socket of it is left.
 */
void rill_fastopen_exit_net(struct net *net)
{
	struct rill_net *rn = rill_net(net);
	struct rill_fo_keys *keys = rcu_dereference_protected(rn->fo_keys, true);

	if (keys)
		kfree_rcu(keys, rcu);
	kvfree(rn->fo_cache);
}
