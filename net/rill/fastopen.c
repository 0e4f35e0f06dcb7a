// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: fast open, RFC 7413, on the side that connects.
 *
 * The SYN takes the beginning of a message along, and the cookie that an
 * earlier connection was given. Its bytes are in the send queue and on the
 * scoreboard like all others; what the SYN-ACK leaves out is lost, and sent
 * again. A SYN that is sent again is an ordinary one (TFO-5S).
 */
#include <linux/mm.h>
#include <net/inet_common.h>
#include <net/tcp.h>

#include "af.h"
#include "compat.h"
#include "core/seq.h"
#include "fastopen.h"
#include "proto.h"

/* The cache of the namespace, once there is one: it is made on first use. */
static struct rill_fo_cache *rill_fo_cache(struct net *net)
{
	struct rill_net *rn = rill_net(net);
	/* pairs with cmpxchg() below */
	struct rill_fo_cache *cache = smp_load_acquire(&rn->fo_cache);

	if (cache)
		return cache;
	cache = kvzalloc(sizeof(*cache), GFP_KERNEL_ACCOUNT);
	if (!cache)
		return NULL;
	cache->seed = get_random_u32();
	if (cmpxchg(&rn->fo_cache, NULL, cache))
		kvfree(cache);	/* somebody was faster */
	return rn->fo_cache;
}

/*
 * Who talks to whom, for the cache. Addresses of IPv6 stand there as a hash: two
 * servers that meet in all its 64 bits would get each other's cookie, and say no.
 */
static void rill_fo_key(const struct sock *sk, u32 key[2])
{
	static u32 secret __read_mostly;

	if (!rill_sk(sk)->v6) {
		key[0] = (__force u32)inet_sk(sk)->inet_saddr;
		key[1] = (__force u32)inet_sk(sk)->inet_daddr;
		return;
	}
	net_get_random_once(&secret, sizeof(secret));
	key[0] = __ipv6_addr_jhash(&sk->sk_v6_daddr, secret);
	key[1] = __ipv6_addr_jhash(&sk->sk_v6_daddr,
				   __ipv6_addr_jhash(&sk->sk_v6_rcv_saddr, secret) + 1);
}

/* Is there a cookie, or none needed? If not, *c says whether to ask for one. */
static bool rill_fo_cookie_known(struct sock *sk, u16 *mss, struct rill_fo_cookie *c)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_fo_cache *cache = rill_fo_cache(sock_net(sk));
	const struct dst_entry *dst = __sk_dst_get(sk);
	struct rill_sock *rs = rill_sk(sk);
	u64 now = rill_now_us();
	bool paused;
	u32 key[2];

	memset(c, 0, sizeof(*c));
	rill_fo_key(sk, key);
	spin_lock_bh(&rn->fo_lock);
	if (cache)
		rill_fo_recall(cache, key[0], key[1], now, mss, c);
	paused = rill_fo_paused(&rn->fo_pause, READ_ONCE(rn->fastopen_blackhole_timeout_sec), now);
	/* a pause is over: if this goes well, the next one is short again */
	if (!paused && rn->fo_pause.times)
		rs->fo_again = 1;
	spin_unlock_bh(&rn->fo_lock);
	if (paused) {
		c->len = -1;
		return false;
	}
	if (READ_ONCE(rn->fastopen) & RILL_FO_CLIENT_NO_COOKIE || rs->fo_no_cookie ||
	    (dst && dst_metric(dst, RTAX_FASTOPEN_NO_COOKIE))) {
		c->len = -1;
		return true;
	}
	if (c->len > 0)
		return true;
	rs->fo_fail = TFO_COOKIE_UNAVAILABLE;
	return false;
}

/* What fits beside as many options as there can be, which others may add. */
static u32 rill_fo_space(struct sock *sk, u16 mss)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->mss_clamp = rs->mss_user ? min(mss, rs->mss_user) : mss;
	rill_sync_mss(sk, rs->pmtu);
	return rs->mss - min_t(u32, rs->mss, RILL_OPT_SPACE);
}

/**
 * rill_fastopen_syn() - send the first SYN of a connection that has fo_req
 * @sk: in SYN_SENT
 *
 * With data if there is a cookie, or none is needed; else with the request for
 * one (TFO-3M).
 *
 * Context: process; the socket lock is held.
 * Return: 0, -ENOMEM, or what IP says.
 */
int rill_fastopen_syn(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_fo_req *req = rs->fo_req;
	u16 mss = rs->adv_mss;
	u32 len = 0, want;
	int err;

	if (rill_fo_cookie_known(sk, &mss, &req->cookie)) {
		want = req->msg ? msg_data_left(req->msg) : 0;
		if (want)
			len = rill_queue_syn_data(sk, req->msg, rill_fo_space(sk, mss));
		if (len || !want) {
			req->copied = len;
			err = rill_send_syn_data(sk, len);
			if (err != -ENOMEM || rs->fo_data)
				goto sent;
		}
	}
	if (req->cookie.len > 0)
		req->cookie.len = 0;
	err = rill_send_syn(sk);
	if (err)
		rs->fo_option = 0;
sent:
	req->cookie.len = -1;
	return err;
}

/**
 * rill_fastopen_connect() - connect() with TCP_FASTOPEN_CONNECT
 * @sk: in SYN_SENT, nothing sent
 *
 * Context: process; the socket lock is held.
 * Return: 0, also when the SYN waits for the first write; or an error of the
 * SYN that asks for a cookie.
 */
int rill_fastopen_connect(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_fo_req req = {};
	u16 mss;
	int err;

	if (rill_fo_cookie_known(sk, &mss, &req.cookie)) {
		rill_set_defer_connect(sk, true);
		return 0;
	}
	rs->fo_req = &req;
	err = rill_connect_syn(sk);
	rs->fo_req = NULL;
	return err;
}

/* The SYN that waited for the first write. */
static void rill_fo_deferred(struct sock *sk)
{
	if (rill_connect_syn(sk) == -ECONNREFUSED)
		rill_connect_failed(sk);
}

/**
 * rill_fastopen_sendmsg() - send() that connects as well
 * @sk: socket
 * @msg: MSG_FASTOPEN is set, or the SYN waits for this
 * @copied: set to the bytes that left with the SYN
 *
 * Context: process; the socket lock is held.
 * Return: 0 when connected, or an error of connect(2) or send(2).
 */
int rill_fastopen_sendmsg(struct sock *sk, struct msghdr *msg, int *copied)
{
	int flags = msg->msg_flags & MSG_DONTWAIT ? O_NONBLOCK : 0, err;
	struct rill_fo_req req = { .cookie.len = -1, .msg = msg };
	struct sockaddr *to = msg->msg_name;
	struct rill_sock *rs = rill_sk(sk);

	if (!(READ_ONCE(rill_net(sock_net(sk))->fastopen) & RILL_FO_CLIENT) ||
	    (to && msg->msg_namelen >= (int)sizeof(to->sa_family) &&
	     to->sa_family == AF_UNSPEC))
		return -EOPNOTSUPP;
	if (rs->fo_req)
		return -EALREADY;
	rs->fo_req = &req;
	if (rill_defer_connect(sk))
		rill_fo_deferred(sk);
	err = __inet_stream_connect(sk->sk_socket, to, msg->msg_namelen, flags, 1);
	/* not if it was disconnected, and maybe connected again, meanwhile */
	if (rs->fo_req == &req) {
		*copied = req.copied;
		rs->fo_req = NULL;
		rill_set_defer_connect(sk, false);
	}
	return err;
}

/**
 * rill_fastopen_options() - the option of the SYN or SYN-ACK that is built
 * @sk: connection with fo_req
 * @o: the other options
 *
 * Context: the socket lock is held.
 */
void rill_fastopen_options(struct sock *sk, struct rill_opts *o)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!rill_fo_write(&rs->fo_req->cookie, o))
		return;
	rs->fo_option = 1;
	rs->fo_exp = rs->fo_req->cookie.exp;
}

static void rill_fo_learned(struct sock *sk, const struct rill_opts *opts, bool left)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	struct rill_fo_lesson l = {
		.mss = opts->present & RILL_OPT_MSS ? opts->mss : rill_default_mss(rs->v6),
		.asked = rs->fo_option,
		.exp = rs->fo_exp,
		.data = rs->fo_data,
		.again = rs->total_retrans != 0,
	};

	u32 key[2];

	rill_fo_key(sk, key);
	rill_fo_read(opts, &l.got);
	spin_lock_bh(&rn->fo_lock);
	if (rn->fo_cache)
		rill_fo_learn(rn->fo_cache, key[0], key[1], rill_now_us(), &l);
	spin_unlock_bh(&rn->fo_lock);
	if (left)
		rs->fo_fail = l.again ? TFO_SYN_RETRANSMITTED : TFO_DATA_NOT_ACKED;
}

/**
 * rill_fastopen_answered() - the SYN-ACK to a SYN with an option, or with data
 * @sk: has just reached ESTABLISHED
 * @skb: the SYN-ACK
 * @opts: its options
 *
 * Context: softirqs off, or backlog; the socket lock is held.
 */
void rill_fastopen_answered(struct sock *sk, struct sk_buff *skb, const struct rill_opts *opts)
{
	struct rill_sock *rs = rill_sk(sk);
	bool left;

	if (RILL_CB(skb)->ack != rs->snd_una)
		rill_ack(sk, skb, opts);
	left = rs->snd_una != rs->snd_nxt;
	rill_fo_learned(sk, opts, left);
	if (left) {
		rill_mib_inc(sock_net(sk), RILL_MIB_FASTOPEN_ACTIVE_FAIL);
		/* no congestion: the server did not want it */
		rill_board_timeout(&rs->board, U64_MAX);
		rs->out |= RILL_OUT_RETRANS;
		rill_timer_start(sk, RILL_TIMER_RTO, rill_rto(sk));
	} else if (rs->fo_data) {
		rill_mib_inc(sock_net(sk), RILL_MIB_FASTOPEN_ACTIVE);
		rs->fo_acked = 1;
	}
}

/**
 * rill_fastopen_pause() - fast open may not pass: give it a rest
 * @sk: connection that says so
 *
 * Context: the socket lock is held.
 */
void rill_fastopen_pause(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));

	if (!READ_ONCE(rn->fastopen_blackhole_timeout_sec))
		return;
	spin_lock_bh(&rn->fo_lock);
	rn->fo_pause.times += rn->fo_pause.times < U32_MAX;
	rn->fo_pause.at_us = rill_now_us();
	spin_unlock_bh(&rn->fo_lock);
	rill_mib_inc(sock_net(sk), RILL_MIB_FASTOPEN_BLACKHOLE);
}

/**
 * rill_fastopen_suspect() - a timeout, on a connection that used fast open?
 * @sk: connection; its retransmits do not count this timeout yet
 * @last: it is given up
 *
 * Context: softirqs off; the socket lock is held.
 */
void rill_fastopen_suspect(struct sock *sk, bool last)
{
	const struct rill_sock *rs = rill_sk(sk);

	if (likely(!rs->fo_option && !rs->fo_data))
		return;
	if (!rill_fo_suspect(rs->retransmits, last))
		return;
	rill_fastopen_pause(sk);
	rill_mib_inc(sock_net(sk), RILL_MIB_FASTOPEN_ACTIVE_FAIL);
}

/* Is a FIN all that came, and not in order? */
static bool rill_fo_only_fin(const struct rill_sock *rs)
{
	struct rill_reasm_node *first = rill_reasm_first(&rs->ofo);

	return first && first == rill_reasm_last(&rs->ofo) &&
	       container_of(first, struct rill_skb_cb, node)->flags & TCPHDR_FIN;
}

/**
 * rill_fastopen_gone() - a connection that used fast open ends
 * @sk: connection
 *
 * Some boxes let the handshake pass and the FIN, and nothing else.
 *
 * Context: the socket lock is held, or nobody else knows @sk.
 */
void rill_fastopen_gone(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	const struct dst_entry *dst = __sk_dst_get(sk);
	const struct rill_sock *rs = rill_sk(sk);

	if (!rs->data_segs_in) {
		if (rill_fo_only_fin(rs))
			rill_fastopen_pause(sk);
	} else if (rs->fo_again && !(dst && dst->dev->flags & IFF_LOOPBACK)) {
		spin_lock_bh(&rn->fo_lock);
		rn->fo_pause.times = 0;
		spin_unlock_bh(&rn->fo_lock);
	}
}

/**
 * rill_fastopen_set() - TCP_FASTOPEN and its kin
 * @sk: socket
 * @name: option
 * @val: value
 *
 * Context: process; the socket lock is held.
 * Return: 0 or an errno of setsockopt(2).
 */
int rill_fastopen_set(struct sock *sk, int name, int val)
{
	bool blank = (1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN);
	struct rill_sock *rs = rill_sk(sk);

	if (name == TCP_FASTOPEN)
		return val >= 0 && blank ? rill_fastopen_tune(sk, val) : -EINVAL;
	if (val < 0 || val > 1)
		return -EINVAL;
	if (name == TCP_FASTOPEN_NO_COOKIE) {
		if (!blank)
			return -EINVAL;
		rs->fo_no_cookie = val;
		return 0;
	}
	if (!(READ_ONCE(rill_net(sock_net(sk))->fastopen) & RILL_FO_CLIENT))
		return -EOPNOTSUPP;
	if (sk->sk_state != TCP_CLOSE)
		return -EINVAL;
	rs->fo_connect = val;
	return 0;
}

/**
 * rill_fastopen_get() - read one of them
 * @sk: socket
 * @name: option
 *
 * Context: process; the socket lock is held.
 * Return: the value.
 */
int rill_fastopen_get(const struct sock *sk, int name)
{
	if (name == TCP_FASTOPEN)
		return rill_fastopen_qlen(sk);
	return name == TCP_FASTOPEN_CONNECT ? rill_sk(sk)->fo_connect : rill_sk(sk)->fo_no_cookie;
}

/*
 * rill_fastopen_sysctl_pause() - net.rill.fastopen_blackhole_timeout_sec
 *
 * Its arguments differ between kernels (compat.h), which kernel-doc cannot say.
 * A write ends the pause.
 *
 * Context: process.
 * Return: 0 or an errno.
 */
RILL_CTL_PROTO(rill_fastopen_sysctl_pause)
{
	struct rill_net *rn = container_of(ctl->data, struct rill_net,
					   fastopen_blackhole_timeout_sec);
	int err = proc_dointvec_minmax(ctl, write, buffer, lenp, ppos);

	if (err || !write)
		return err;
	spin_lock_bh(&rn->fo_lock);
	rn->fo_pause.times = 0;
	spin_unlock_bh(&rn->fo_lock);
	return 0;
}
