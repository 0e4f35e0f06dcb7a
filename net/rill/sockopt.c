// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: options of level SOL_TCP, as tcp(7) has them, those of SOL_SOCKET that
 * the kernel would keep to TCP, and ioctl.
 */
#include <linux/sockios.h>
#include <asm/ioctls.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <uapi/linux/rill.h>

#include "compat.h"
#include "core/rto.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"

#define RILL_LINGER2_MAX	(120 * HZ)

/* TCP_NODELAY, TCP_CORK: what they held back goes (TO-1, TO-2). */
static void rill_set_nodelay(struct sock *sk, int val)
{
	rill_sk(sk)->nodelay = !!val;
	if (val)
		rill_push(sk, true);
}

static void rill_set_cork(struct sock *sk, int val)
{
	struct rill_sock *rs = rill_sk(sk);

	rs->cork = !!val;
	if (!val)
		rill_push(sk, rs->nodelay);
}

/* TO-4: a hint. Even and not 0: for once; 0: wait for company. */
static void rill_set_quickack(struct sock *sk, int val)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!val) {
		rs->pingpong = 1;
		rs->quickack = 0;
		return;
	}
	rs->pingpong = 0;
	rs->quickack = RILL_QUICKACKS;
	if ((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) &&
	    rill_timer_armed(sk, RILL_TIMER_DELACK)) {
		rill_send_ack(sk);
		if (!(val & 1))
			rs->pingpong = 1;
	}
}

static int rill_set_keep(struct sock *sk, int name, int val)
{
	struct rill_sock *rs = rill_sk(sk);

	switch (name) {
	case TCP_KEEPIDLE:
		if (val < 1 || val > MAX_TCP_KEEPIDLE)
			return -EINVAL;
		rs->keep_idle = val * HZ;
		if (sock_flag(sk, SOCK_KEEPOPEN))
			rill_keepalive_restart(sk);
		return 0;
	case TCP_KEEPINTVL:
		if (val < 1 || val > MAX_TCP_KEEPINTVL)
			return -EINVAL;
		rs->keep_intvl = val * HZ;
		return 0;
	default:
		if (val < 1 || val > MAX_TCP_KEEPCNT)
			return -EINVAL;
		rs->keep_probes = val;
		return 0;
	}
}

static int rill_set_window_clamp(struct sock *sk, int val)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!val) {
		if (sk->sk_state != TCP_CLOSE)
			return -EINVAL;
		rs->user_window = 0;
		rs->window_clamp = 0;	/* until a connection begins */
		return 0;
	}
	rs->user_window = max_t(u32, val, SOCK_MIN_RCVBUF / 2);
	rs->window_clamp = rs->user_window;
	return 0;
}

/* Seconds, as so many timeouts of a SYN-ACK, which double from 1 s (TO-3). */
static u8 rill_secs_to_timeouts(int secs)
{
	int n, sum = 0;

	if (secs <= 0)
		return 0;
	for (n = 1; n < U8_MAX; n++) {
		sum += rill_rto_backoff(1, n - 1, RILL_RTO_MAX / HZ);
		if (sum >= secs)
			break;
	}
	return n;
}

static int rill_timeouts_to_secs(u8 n)
{
	int secs = 0;

	while (n--)
		secs += rill_rto_backoff(1, n, RILL_RTO_MAX / HZ);
	return secs;
}

/* Options that are a number for later: those that change nothing now. */
static int rill_set_plain(struct rill_sock *rs, int name, int val)
{
	switch (name) {
	case TCP_DEFER_ACCEPT:
		WRITE_ONCE(rs->defer_accept, rill_secs_to_timeouts(val));
		return 0;
	case TCP_SAVE_SYN:
		if (val < 0 || val > 2)
			return -EINVAL;
		rs->save_syn = val;
		return 0;
	case TCP_THIN_LINEAR_TIMEOUTS:
		if (val < 0 || val > 1)
			return -EINVAL;
		rs->thin_lto = val;
		return 0;
	case TCP_THIN_DUPACK:	/* RACK does better; accepted, as in Linux */
		return val < 0 || val > 1 ? -EINVAL : 0;
	case TCP_TX_DELAY:
		rs->tx_delay = val;
		return 0;
	}
	return -ENOPROTOOPT;
}

static int rill_set_int(struct sock *sk, int name, int val)
{
	struct rill_sock *rs = rill_sk(sk);

	switch (name) {
	case TCP_NODELAY:
		rill_set_nodelay(sk, val);
		return 0;
	case TCP_CORK:
		rill_set_cork(sk, val);
		return 0;
	case TCP_QUICKACK:
		rill_set_quickack(sk, val);
		return 0;
	case TCP_KEEPIDLE:
	case TCP_KEEPINTVL:
	case TCP_KEEPCNT:
		return rill_set_keep(sk, name, val);
	case TCP_WINDOW_CLAMP:
		return rill_set_window_clamp(sk, val);
	case TCP_MAXSEG:
		if (val && (val < RILL_MIN_MSS || val > 32767))
			return -EINVAL;
		rs->mss_user = val;
		return 0;
	case TCP_SYNCNT:
		if (val < 1 || val > MAX_TCP_SYNCNT)
			return -EINVAL;
		rs->syn_retries = val;
		return 0;
	case TCP_LINGER2:
		if (val < 0)
			rs->linger2 = -1;
		else if (val > RILL_LINGER2_MAX / HZ)
			rs->linger2 = RILL_LINGER2_MAX;
		else
			rs->linger2 = val * HZ;
		return 0;
	case TCP_INQ:
		if (val < 0 || val > 1)
			return -EINVAL;
		rs->cmsg_inq = val;
		return 0;
	case TCP_USER_TIMEOUT:
		if (val < 0)
			return -EINVAL;
		rs->user_timeout = val;
		return 0;
	case TCP_FASTOPEN:
	case TCP_FASTOPEN_CONNECT:
	case TCP_FASTOPEN_NO_COOKIE:
		return rill_fastopen_set(sk, name, val);
	case TCP_NOTSENT_LOWAT:
		WRITE_ONCE(rs->notsent_lowat, val);
		sk->sk_write_space(sk);
		return 0;
	}
	return rill_set_plain(rs, name, val);
}

/* By name. TO-12. */
static int rill_set_congestion(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	char name[RILL_CONG_NAME_MAX];
	int n;

	if (optlen < 1)
		return -EINVAL;
	n = strncpy_from_sockptr(name, optval, min_t(int, sizeof(name) - 1, optlen));
	if (n < 0)
		return -EFAULT;
	name[n] = 0;
	return rill_cong_set(sk, name);
}

/* There is no protocol on top of Rill: what TCP says of a name that it has not. */
static int rill_set_ulp(sockptr_t optval, unsigned int optlen)
{
	char name[TCP_ULP_NAME_MAX];

	if (optlen < 1)
		return -EINVAL;
	if (strncpy_from_sockptr(name, optval, min_t(int, sizeof(name) - 1, optlen)) < 0)
		return -EFAULT;
	return -ENOENT;
}

/* No stream joins a group, but only for TCP does IP say so. */
static int rill_ip_membership(int level, int optname, unsigned int optlen)
{
	if (level == SOL_IP && (optname == IP_ADD_MEMBERSHIP || optname == IP_DROP_MEMBERSHIP))
		return -EPROTO;
	if (level == SOL_IPV6 &&
	    (optname == IPV6_ADD_MEMBERSHIP || optname == IPV6_DROP_MEMBERSHIP))
		return optlen < sizeof(struct ipv6_mreq) ? -EINVAL : -EPROTO;
	return 0;
}

/* Does it change how much of a packet is left for us? */
static bool rill_ip_option_has_size(int level, int optname)
{
	if (level == SOL_IP)
		return optname == IP_OPTIONS;
	return optname == IPV6_HOPOPTS || optname == IPV6_RTHDRDSTOPTS ||
	       optname == IPV6_RTHDR || optname == IPV6_DSTOPTS || optname == IPV6_2292PKTOPTIONS;
}

/*
 * Any level but SOL_TCP is IP's, which knows its own. A socket of IPv6 has
 * those of both, as with TCP.
 */
static int rill_set_ip(struct sock *sk, int level, int optname, sockptr_t optval,
		       unsigned int optlen)
{
	int err;

	if (sk->sk_family != AF_INET6 && level != SOL_IP)
		return -ENOPROTOOPT;
	err = rill_ip_membership(level, optname, optlen);
	if (err)
		return err;
	if (level == SOL_IP)
		err = ip_setsockopt(sk, level, optname, optval, optlen);
	else
		err = ipv6_setsockopt(sk, level, optname, optval, optlen);
	if (err == -ENOPROTOOPT && level == SOL_IPV6 && optname == IPV6_FLOWLABEL_MGR)
		err = rill_v6_reflect(sk, optval, optlen);
	if (!err && rill_ip_option_has_size(level, optname))
		rill_mtu_options(sk);
	return err;
}

static int rill_get_ip(struct sock *sk, int level, int optname, char __user *optval,
		       int __user *optlen)
{
	if (sk->sk_family == AF_INET6 && level != SOL_IP)
		return ipv6_getsockopt(sk, level, optname, optval, optlen);
	return ip_getsockopt(sk, level, optname, optval, optlen);
}

/**
 * rill_set_rcvlowat() - struct proto_ops' set_rcvlowat
 * @sk: socket
 * @val: SO_RCVLOWAT, not negative
 *
 * No more than a buffer may hold, or the reader would wait for ever; and the
 * buffer grows to hold it.
 *
 * Context: process; the socket lock is held.
 * Return: 0.
 */
int rill_set_rcvlowat(struct sock *sk, int val)
{
	bool pinned = sk->sk_userlocks & SOCK_RCVBUF_LOCK;
	struct rill_sock *rs = rill_sk(sk);
	int max = pinned ? sk->sk_rcvbuf : READ_ONCE(rill_net(sock_net(sk))->rmem[2]);
	u64 want;

	val = min(val, max >> 1);
	WRITE_ONCE(sk->sk_rcvlowat, val ? : 1);
	rill_data_ready(sk);
	if (pinned)
		return 0;
	want = div_u64((u64)val * 256, rs->rcv_share);
	if (want > sk->sk_rcvbuf)
		WRITE_ONCE(sk->sk_rcvbuf, min_t(u64, want, max));
	if (rs->window_clamp < (u32)val)
		rs->window_clamp = val;
	return 0;
}

/**
 * rill_setsockopt() - struct proto's setsockopt
 * @sk: socket
 * @level: SOL_TCP, or one that IP knows
 * @optname: option
 * @optval: value
 * @optlen: its length
 *
 * Context: process.
 * Return: 0 or an errno of setsockopt(2).
 */
int rill_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	int val, err;

	if (level == SOL_RILL && optname == SO_ZEROCOPY)
		return rill_zerocopy_set(sk, optval, optlen);
	if (level == SOL_RILL && optname == RILL_WIRE)
		return rill_wire_set(sk, optval, optlen);
	if (level != SOL_TCP)
		return rill_set_ip(sk, level, optname, optval, optlen);
	if (optname == TCP_CONGESTION)
		return rill_set_congestion(sk, optval, optlen);
	if (optname == TCP_ULP)
		return rill_set_ulp(optval, optlen);
	if (optname == TCP_FASTOPEN_KEY)
		return rill_fastopen_set_key(sk, optval, optlen);
	if (optlen < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (optname == TCP_MD5SIG || optname == TCP_MD5SIG_EXT)
		return rill_md5_setsockopt(sk, optname, optval, optlen);
	lock_sock(sk);
	err = rill_set_int(sk, optname, val);
	if (err == -ENOPROTOOPT)
		err = rill_repair_setsockopt(sk, optname, val, optval, optlen);
	release_sock(sk);
	return err;
}

/* Options of SOL_SOCKET: the kernel's, but where it would tell us from TCP. */
static int rill_set_socket(struct socket *sock, int optname, sockptr_t optval,
			   unsigned int optlen)
{
	switch (optname) {
	case SO_ZEROCOPY:
		return rill_zerocopy_set(sock->sk, optval, optlen);
	case SO_TIMESTAMPING_OLD:
	case SO_TIMESTAMPING_NEW:
		return rill_stamp_setsockopt(sock, optname, optval, optlen);
	}
	return sock_setsockopt(sock, SOL_SOCKET, optname, optval, optlen);
}

/**
 * rill_sock_setsockopt() - struct proto_ops' setsockopt
 * @sock: socket
 * @level: SOL_SOCKET too, where rill_claim_sol_socket() could get it
 * @optname: option
 * @optval: value
 * @optlen: its length
 *
 * Context: process.
 * Return: 0 or an errno of setsockopt(2).
 */
int rill_sock_setsockopt(struct socket *sock, int level, int optname, sockptr_t optval,
			 unsigned int optlen)
{
	if (level == SOL_SOCKET)
		return rill_set_socket(sock, optname, optval, optlen);
	return sock_common_setsockopt(sock, level, optname, optval, optlen);
}

/* TCP_WINDOW_CLAMP as TCP tells it: what bounds the window, set or not. */
static u32 rill_told_clamp(const struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);

	if (rs->user_window)
		return rs->user_window;
	if (sk->sk_state == TCP_SYN_SENT)
		return RILL_MAX_WINDOW << rs->rcv_wscale;
	if (sk->sk_state == TCP_LISTEN || !rs->adv_mss)
		return 0;	/* there never was a window */
	return min(rs->window_clamp, rill_full_space(sk));
}

static int rill_get_int(struct sock *sk, int name, int *val)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	const struct rill_sock *rs = rill_sk(sk);
	bool idle = (1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN);
	int fin = READ_ONCE(rn->fin_timeout);

	switch (name) {
	case TCP_NODELAY:
		*val = rs->nodelay;
		break;
	case TCP_CORK:
		*val = rs->cork;
		break;
	case TCP_QUICKACK:
		*val = !rs->pingpong;
		break;
	case TCP_KEEPIDLE:
		*val = (rs->keep_idle ? : rn->keepalive_time) / HZ;
		break;
	case TCP_KEEPINTVL:
		*val = (rs->keep_intvl ? : rn->keepalive_intvl) / HZ;
		break;
	case TCP_KEEPCNT:
		*val = rs->keep_probes ? : rn->keepalive_probes;
		break;
	case TCP_WINDOW_CLAMP:
		*val = rill_told_clamp(sk);
		break;
	case TCP_MAXSEG:
		/* what was set, where it will count; else what is, or was, in use */
		*val = rs->repair ? rs->mss_clamp :
		       idle && rs->mss_user ? rs->mss_user : rill_told_mss(sk);
		break;
	case TCP_SYNCNT:
		*val = rs->syn_retries ? : rn->syn_retries;
		break;
	case TCP_LINGER2:
		*val = rs->linger2 < 0 ? -1 : (rs->linger2 ? : fin) / HZ;
		break;
	case TCP_INQ:
		*val = rs->cmsg_inq;
		break;
	case TCP_USER_TIMEOUT:
		*val = rs->user_timeout;
		break;
	case TCP_FASTOPEN:
	case TCP_FASTOPEN_CONNECT:
	case TCP_FASTOPEN_NO_COOKIE:
		*val = rill_fastopen_get(sk, name);
		break;
	case TCP_DEFER_ACCEPT:
		*val = rill_timeouts_to_secs(rs->defer_accept);
		break;
	case TCP_SAVE_SYN:
		*val = rs->save_syn;
		break;
	case TCP_THIN_LINEAR_TIMEOUTS:
		*val = rs->thin_lto;
		break;
	case TCP_THIN_DUPACK:
		*val = 0;
		break;
	case TCP_TX_DELAY:
		*val = rs->tx_delay;
		break;
	case TCP_NOTSENT_LOWAT:
		*val = rs->notsent_lowat;
		break;
	default:
		if (!rill_asks_mptcp(name))
			return -ENOPROTOOPT;
		*val = 0;
	}
	return 0;
}

static int rill_put_opt(char __user *optval, int __user *optlen, int len, const void *val,
			int size)
{
	len = min(len, size);
	if (put_user(len, optlen) || copy_to_user(optval, val, len))
		return -EFAULT;
	return 0;
}

/* What is not a number. */
static int rill_get_block(struct sock *sk, int name, char __user *optval, int __user *optlen,
			  int len)
{
	union {
		struct tcp_info		info;
		union tcp_cc_info	cc;
		char			name[RILL_CONG_NAME_MAX];
	} v;
	int size = 0;

	lock_sock(sk);
	switch (name) {
	case TCP_INFO:
		rill_get_info(sk, &v.info);
		size = sizeof(v.info);
		break;
	case TCP_CC_INFO:
		size = rill_get_cc_info(sk, &v.cc);
		break;
	case TCP_CONGESTION:
		memset(v.name, 0, sizeof(v.name));
		strscpy(v.name, rill_sk(sk)->cong_ops->name, sizeof(v.name));
		size = sizeof(v.name);
		break;
	}
	release_sock(sk);
	return rill_put_opt(optval, optlen, len, &v, size);
}

/* TO-14: once; who has too little room learns how much it takes. */
static int rill_get_saved_syn(struct sock *sk, char __user *optval, int __user *optlen, int len)
{
	struct rill_sock *rs = rill_sk(sk);
	struct rill_saved_syn *syn;
	int err;

	lock_sock(sk);
	syn = rs->saved_syn;
	if (!syn) {
		err = put_user(0, optlen);
	} else if (len < (int)syn->len) {
		err = put_user((int)syn->len, optlen) ? : -EINVAL;
	} else if (put_user((int)syn->len, optlen) || copy_to_user(optval, syn->data, syn->len)) {
		err = -EFAULT;
	} else {
		err = 0;
		kfree(syn);
		rs->saved_syn = NULL;
	}
	release_sock(sk);
	return err;
}

static int rill_get_fastopen_key(struct sock *sk, char __user *optval, int __user *optlen,
				 int len)
{
	u8 raw[RILL_FO_KEY_LEN * RILL_FO_KEYS];
	unsigned int size;

	lock_sock(sk);
	size = rill_fastopen_get_key(sk, raw);
	release_sock(sk);
	return rill_put_opt(optval, optlen, len, raw, size);
}

/**
 * rill_getsockopt() - struct proto's getsockopt
 * @sk: socket
 * @level: SOL_TCP, or one that IP knows
 * @optname: option
 * @optval: where the value goes
 * @optlen: its length, in and out
 *
 * Context: process.
 * Return: 0 or an errno of getsockopt(2).
 */
int rill_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen)
{
	struct tcp_repair_window window;
	int val, len, err;

	if (level != SOL_TCP && !(level == SOL_RILL && optname == RILL_WIRE))
		return rill_get_ip(sk, level, optname, optval, optlen);
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if (level == SOL_RILL) {
		val = rill_wire_get(sk);
		return rill_put_opt(optval, optlen, len, &val, sizeof(val));
	}
	switch (optname) {
	case TCP_INFO:
	case TCP_CC_INFO:
	case TCP_CONGESTION:
	case TCP_ULP:
		return rill_get_block(sk, optname, optval, optlen, len);
	case TCP_SAVED_SYN:
		return rill_get_saved_syn(sk, optval, optlen, len);
	case TCP_FASTOPEN_KEY:
		return rill_get_fastopen_key(sk, optval, optlen, len);
	case TCP_REPAIR_WINDOW:
		lock_sock(sk);
		err = rill_repair_get_window(sk, len, &window);
		release_sock(sk);
		return err ? : rill_put_opt(optval, optlen, len, &window, sizeof(window));
	}
	lock_sock(sk);
	err = rill_repair_getsockopt(sk, optname, &val);
	if (err == -ENOPROTOOPT)
		err = rill_get_int(sk, optname, &val);
	release_sock(sk);
	if (err)
		return err;
	return rill_put_opt(optval, optlen, len, &val, sizeof(val));
}

/*
 * rill_ioctl() - struct proto's ioctl
 * @sk: socket
 * @cmd: SIOC*
 * @arg: where the answer goes; its type differs between kernels, compat.h
 *
 * Context: process.
 * Return: 0 or an errno of ioctl(2).
 */
RILL_IOCTL_PROTO
{
	const struct rill_sock *rs = rill_sk(sk);
	int answ;

	if (cmd != SIOCINQ && cmd != SIOCOUTQ && cmd != SIOCOUTQNSD && cmd != SIOCATMARK)
		return -ENOIOCTLCMD;
	lock_sock(sk);
	switch (cmd) {
	case SIOCINQ:
		answ = rill_inq(sk);
		break;
	case SIOCOUTQ:
		answ = rill_outq(sk);
		break;
	case SIOCOUTQNSD:
		answ = rill_outq(sk) ? rs->write_seq - rs->snd_nxt : 0;
		break;
	default:
		answ = rill_urg_at_mark(rs, rs->copied_seq);
	}
	if (sk->sk_state == TCP_LISTEN && cmd != SIOCATMARK)
		answ = -EINVAL;
	release_sock(sk);
	return answ < 0 ? answ : rill_ioctl_put(answ);
}
