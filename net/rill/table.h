/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: where a connection is found, and the mini-sockets that stand for one
 * in SYN_RECV and in TIME_WAIT.
 */
#ifndef _RILL_TABLE_H
#define _RILL_TABLE_H

#include "netns.h"
#include "sock.h"

/* How far SO_REUSEPORT gets one onto a port without a look at its owners. */
enum rill_bind_share {
	RILL_SHARE_NONE,
	RILL_SHARE_ADDR,	/* to the same address */
	RILL_SHARE_ANY,		/* to any: all owners have it */
};

/**
 * struct rill_bind_bucket - a local port in use in a namespace
 * @node: in its bind chain
 * @net: the namespace, by identity only
 * @port: host order
 * @wire: what carries the segments; each has ports of its own
 * @owners: sockets and TIME_WAIT mini-sockets, by skc_bind_node
 * @uid: whose the sockets of @share are
 * @addr: the local address that @share is about; IPv4 mapped
 * @explicit: some owner asked for this port by bind(); connect() leaves it alone
 * @reuse: every owner had SO_REUSEADDR when it bound, and none has called listen()
 * @share: the last to bind had SO_REUSEPORT, and by this fits whoever else has
 */
struct rill_bind_bucket {
	struct hlist_node	node;
	possible_net_t		net;
	u16			port;
	u8			wire;
	bool			explicit;
	bool			reuse;
	u8			share;
	kuid_t			uid;
	struct in6_addr		addr;
	struct hlist_head	owners;
};

struct rill_bind_chain {
	spinlock_t		lock;	/* the chain and its buckets */
	struct hlist_head	head;
};

/*
 * struct rill_mini - a connection while it needs no socket
 * @c: addresses, ports, state (TCP_NEW_SYN_RECV or TCP_TIME_WAIT), linkage, no
 *	skc_prot;
 *	lives in the table of connections beside full sockets
 * @timer: resends a SYN-ACK, or ends TIME_WAIT
 * @bucket: the port, TIME_WAIT only
 * @listener: a counted reference, SYN_RECV only
 * @syn_node: in rill_listen.syn_list; SYN_RECV only
 * @md5: a copy of the key of the connection; mostly NULL; TIME_WAIT only
 * @ip_opt: the way back that the SYN asked for; mostly NULL; SYN_RECV only
 * @saved_syn: its headers, if TCP_SAVE_SYN wants them; SYN_RECV only
 * @rcv_nxt: next byte expected
 * @snd_nxt: SYN_RECV: ISS + 1; TIME_WAIT: after the FIN
 * @rcv_wnd: window that was advertised, bytes
 * @waited_us: TCP_DEFER_ACCEPT: the round trip that the first bare ACK ended
 * @timeouts: of the SYN-ACK, whether it was sent again or not
 * @acked: the handshake is done, and data is awaited
 */
struct rill_mini {
	struct sock_common	c;
	struct timer_list	timer;
	struct rill_bind_bucket	*bucket;
	struct sock		*listener;
	struct list_head	syn_node;
	struct ip_options_rcu	*ip_opt;
	const struct rill_md5_key *md5;
	struct rill_saved_syn	*saved_syn;
	u64			synack_us;
	u32			rcv_nxt;
	u32			snd_nxt;
	u32			rcv_wnd;
	u32			ts_recent;
	u32			ts_recent_stamp;
	u32			ts_offset;
	u32			mark;
	u32			waited_us;
	__be32			flow_label;	/* of IPv6, to be answered by; SYN_RECV only */
	__be16			udp_port;	/* of the udp wire, likewise */
	int			iif;	/* that the SYN came in by; IPv6, SYN_RECV only */
	u32			last_oow;	/* jiffies of the last ACK to a bad segment */
	u16			mss;
	u16			adv_mss;
	u8			snd_wscale;
	u8			rcv_wscale;
	u8			retrans;
	u8			timeouts;
	u8			tos;
	u8			wire;
	u8			ts_ok:1,
				wscale_ok:1,
				sack_ok:1,
				ecn_ok:1,
				cookie:1,	/* answers a SYN by a cookie, and is not kept */
				acked:1;
};

/*
 * The state does not tell: a socket is in TIME_WAIT itself until its last ACK
 * has left. The caller has a reference, or the lock of the chain.
 */
static inline bool rill_is_mini(const struct sock *sk)
{
	return !READ_ONCE(sk->sk_prot);
}

static inline struct rill_mini *rill_mini(struct sock *sk)
{
	return (struct rill_mini *)sk;
}

/* What carries the segments of a socket or a mini-socket. */
static inline u8 rill_wire(const struct sock *sk)
{
	return rill_is_mini(sk) ? ((const struct rill_mini *)sk)->wire : rill_sk(sk)->wire;
}

/* One answer in invalid_ratelimit to what brings nothing new: RFC 5961, 7. */
static inline bool rill_mini_limited(struct rill_mini *mini)
{
	s32 gap = rill_net(read_pnet(&mini->c.skc_net))->invalid_ratelimit;
	u32 now = (u32)jiffies;

	if (mini->last_oow && (s32)(now - mini->last_oow) < gap)
		return true;
	mini->last_oow = now | 1;	/* which may be a tick from now */
	return false;
}

/**
 * struct rill_tuple - whom a segment is from and for
 * @saddr: the peer's address
 * @daddr: ours
 * @saddr6: the same by IPv6
 * @daddr6: the same by IPv6
 * @sport: the peer's port
 * @dport: ours, host order
 * @dif: interface that it came in by
 * @sdif: the slave interface of it, 0 if none
 * @v6: by IPv6
 * @wire: what carried it
 */
struct rill_tuple {
	union {
		struct {
			__be32	saddr;
			__be32	daddr;
		};
		struct {
			struct in6_addr	saddr6;
			struct in6_addr	daddr6;
		};
	};
	__be16	sport;
	u16	dport;
	int	dif;
	int	sdif;
	bool	v6;
	u8	wire;
};

void rill_sock_put(struct sock *sk);
int rill_table_init(void);
void rill_table_exit(void);

/* connections */
struct sock *rill_lookup(struct net *net, struct sk_buff *skb, const struct rill_tuple *t);
struct sock *rill_lookup_established(struct net *net, const struct rill_tuple *t);
struct sock *rill_lookup_listener(struct net *net, struct sk_buff *skb,
				  const struct rill_tuple *t);
bool rill_owned(struct net *net, const struct rill_tuple *t);
int rill_hash_connection(struct sock *sk, bool asked, struct rill_mini **tw);
bool rill_hash_replace(struct sock_common *new, struct sock_common *old);
bool rill_hash_new(struct sock_common *c);
bool rill_unhash_mini(struct rill_mini *mini);
int rill_hash_listener(struct sock *sk);
void rill_unhash(struct sock *sk);

/* ports, port.c */
int rill_port_init(void);
void rill_port_exit(void);
int rill_get_port(struct sock *sk, unsigned short snum);
int rill_bind_connect(struct sock *sk);
int rill_bind_inherit(struct sock *child, const struct sock *listener);
void rill_bind_share(struct rill_mini *tw, struct sock *sk);
void rill_bind_put(struct sock *sk);
void rill_bind_put_mini(struct rill_mini *tw);
void rill_port_flush(const struct sock *sk);

/* listeners that share a port, reuseport.c */
int rill_reuseport_join(struct sock *sk, struct hlist_nulls_head *chain);
void rill_reuseport_leave(struct sock *sk);
struct sock *rill_reuseport_select(struct sock *sk, struct sk_buff *skb, u32 hash);
u32 *rill_flooded_at(const struct sock *sk);

/* a walk over everything, for /proc and for the end of a namespace */
unsigned int rill_table_buckets(void);
spinlock_t *rill_table_chain(unsigned int i, struct hlist_nulls_head **head);
unsigned int rill_listen_buckets(void);
spinlock_t *rill_listen_chain(unsigned int i, struct hlist_nulls_head **head);

/* minisock.c */
extern struct kmem_cache *rill_mini_cache;
int rill_mini_init(void);
void rill_mini_exit(void);
struct rill_mini *rill_mini_alloc(const struct net *net);
void rill_mini_put(struct rill_mini *mini);
void rill_mini_free(struct rill_mini *mini);
struct rill_mini *rill_req_new(struct sock *sk, const struct sk_buff *skb,
			       const struct rill_opts *opts, struct dst_entry **dst,
			       enum rill_mib *why);
bool rill_accept_enqueue(struct sock *listener, struct sock *child);
bool rill_accept_queue_full(const struct sock *sk);
enum rill_mib rill_overflow(const struct sock *sk);
struct sock *rill_child(struct sock *listener, struct rill_mini *req, struct dst_entry *dst);
void rill_child_abort(struct sock *sk, bool reset);
void rill_child_packet(struct sock *child, const struct sk_buff *skb);
struct sock *rill_child_queue(struct sock *listener, struct sock *child);
void rill_child_start(struct sock *listener, struct sock *child, struct sk_buff *skb);
bool rill_listen_rcv(struct sock *sk, struct sk_buff *skb);
bool rill_syn_recv_rcv(struct rill_mini *req, struct sk_buff *skb);
void rill_syn_recv_drop(struct rill_mini *req);
void rill_syn_recv_drop_all(struct sock *listener);

/* savesyn.c */
struct rill_saved_syn *rill_save_syn(const struct sock *sk, const struct sk_buff *skb);
void rill_child_keep_syn(struct sock *child, struct rill_mini *req);

/* cookie.c */
void rill_cookie_init(void);
bool rill_cookie_wanted(struct sock *sk, bool full);
void rill_cookie_issue(struct rill_mini *req);
u32 rill_cookie_tsval(const struct rill_mini *req, u32 now);
bool rill_cookie_expected(const struct sock *sk);
bool rill_cookie_rcv(struct sock *sk, struct sk_buff *skb);

/* timewait.c */
enum rill_tw_verdict {		/* what a segment in TIME_WAIT asks for */
	RILL_TW_DONE,		/* nothing */
	RILL_TW_SYN,		/* a new connection, if a listener wants it */
};

void rill_time_wait(struct sock *sk);
enum rill_tw_verdict rill_time_wait_rcv(struct rill_mini *tw, struct sk_buff *skb);
void rill_time_wait_ack(struct rill_mini *tw, struct sk_buff *skb);
void rill_time_wait_kill(struct rill_mini *tw);
void rill_time_wait_purge(struct net *net);
bool rill_time_wait_reusable(const struct rill_mini *tw, bool asked);
void rill_time_wait_inherit(struct sock *sk, const struct rill_mini *tw);

#endif /* _RILL_TABLE_H */
