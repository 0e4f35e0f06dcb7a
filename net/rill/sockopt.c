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
	bool was = rs->cork;

	rs->cork = !!val;
	if (was && !val)
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
		return 0;
	}
	rs->user_window = max_t(u32, val, SOCK_MIN_RCVBUF / 2);
	rs->window_clamp = rs->user_window;
	return 0;
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
	}
	return -ENOPROTOOPT;
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

	if (level == SOL_IP) {
		err = ip_setsockopt(sk, level, optname, optval, optlen);
		if (!err && optname == IP_OPTIONS)
			rill_mtu_options(sk);
		return err;
	}
	if (level == SOL_RILL && optname == SO_ZEROCOPY)
		return rill_zerocopy_set(sk, optval, optlen);
	if (level != SOL_TCP)
		return -ENOPROTOOPT;
	if (optname == TCP_CONGESTION)
		return rill_set_congestion(sk, optval, optlen);
	if (optlen < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	lock_sock(sk);
	err = rill_set_int(sk, optname, val);
	release_sock(sk);
	return err;
}

/* Options of SOL_SOCKET: the kernel's, but where it would tell us from TCP. */
static int rill_set_socket(struct socket *sock, int optname, sockptr_t optval,
			   unsigned int optlen)
{
	if (optname == SO_ZEROCOPY)
		return rill_zerocopy_set(sock->sk, optval, optlen);
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

static u32 rill_segments(u32 bytes, u32 mss)
{
	return DIV_ROUND_UP(bytes, mss);
}

/* TCP_INFO, whole for what Rill has; segments where TCP counts segments. */
static void rill_get_info(struct sock *sk, struct tcp_info *info)
{
	const struct rill_sock *rs = rill_sk(sk);
	u32 mss = rill_mss_full(rs), now = jiffies;

	memset(info, 0, sizeof(*info));
	info->tcpi_state = inet_sk_state_load(sk);
	info->tcpi_max_pacing_rate = READ_ONCE(sk->sk_max_pacing_rate);
	info->tcpi_pacing_rate = ~0ULL;
	if (info->tcpi_state == TCP_LISTEN) {
		info->tcpi_unacked = READ_ONCE(sk->sk_ack_backlog);	/* LS-6 */
		info->tcpi_sacked = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}
	info->tcpi_ca_state = rs->recov.state == RILL_RECOV_LOSS ? TCP_CA_Loss :
			      rs->recov.state == RILL_RECOV_FAST ? TCP_CA_Recovery :
			      rs->recov.state == RILL_RECOV_CWR ? TCP_CA_CWR :
			      rs->recov.state == RILL_RECOV_DISORDER ? TCP_CA_Disorder :
			      TCP_CA_Open;
	info->tcpi_retransmits = rs->retransmits;
	info->tcpi_probes = rs->probes_out;
	info->tcpi_backoff = rs->backoff;
	if (rs->ts_ok)
		info->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if (rs->sack_ok)
		info->tcpi_options |= TCPI_OPT_SACK;
	if (rs->wscale_ok) {
		info->tcpi_options |= TCPI_OPT_WSCALE;
		info->tcpi_snd_wscale = rs->snd_wscale;
		info->tcpi_rcv_wscale = rs->rcv_wscale;
	}
	info->tcpi_pacing_rate = rill_pacing_rate(sk);
	if (rs->ecn.ok)
		info->tcpi_options |= TCPI_OPT_ECN;
	if (rs->ecn.seen)
		info->tcpi_options |= TCPI_OPT_ECN_SEEN;
	info->tcpi_rto = jiffies_to_usecs(rill_rto(sk));
	info->tcpi_ato = jiffies_to_usecs(RILL_DELACK);
	info->tcpi_snd_mss = mss;
	info->tcpi_rcv_mss = rs->rcv_mss;
	info->tcpi_unacked = rill_segments(rill_flight(rs), mss);
	info->tcpi_sacked = rill_segments(rs->board.sacked + rs->recov.dup_len, mss);
	/* as in Linux: lost until acknowledged, also when it has been sent again */
	info->tcpi_lost = rill_segments(rs->board.lost_len + rs->board.again, mss);
	info->tcpi_retrans = rill_segments(rs->board.again, mss);
	info->tcpi_last_data_sent = jiffies_to_msecs(now - (u32)rs->last_sent);
	info->tcpi_last_data_recv = jiffies_to_msecs(now - (u32)rs->last_rcv);
	info->tcpi_last_ack_recv = jiffies_to_msecs(now - (u32)rs->last_any);
	info->tcpi_pmtu = rs->pmtu;
	info->tcpi_rtt = rs->rtt.srtt_us >> 3;
	info->tcpi_rttvar = rs->rtt.rttvar_us >> 2;
	info->tcpi_min_rtt = rs->rtt.min_us;
	info->tcpi_snd_ssthresh = min(rill_segments(rs->cong.ssthresh, mss), 0x7fffffffU);
	if (rs->cong.ssthresh >= RILL_SSTHRESH_INFINITE)
		info->tcpi_snd_ssthresh = 0x7fffffff;
	info->tcpi_snd_cwnd = rs->cong.cwnd / mss;
	info->tcpi_advmss = rs->adv_mss;
	info->tcpi_reordering = READ_ONCE(rill_net(sock_net(sk))->reordering);
	info->tcpi_rcv_space = rs->drs.space;
	info->tcpi_rcv_rtt = rs->drs.srtt_us >> 3;
	info->tcpi_rcv_ssthresh = rs->rcv_wnd;
	info->tcpi_total_retrans = rs->total_retrans;
	info->tcpi_bytes_acked = rs->bytes_acked;
	info->tcpi_bytes_received = rs->bytes_received;
	info->tcpi_segs_out = rs->segs_out;
	info->tcpi_segs_in = rs->segs_in;
	info->tcpi_notsent_bytes = rs->write_seq - rs->snd_nxt;
	info->tcpi_data_segs_in = rs->data_segs_in;
	info->tcpi_data_segs_out = rs->data_segs_out;
	info->tcpi_bytes_sent = rs->bytes_sent;
	info->tcpi_bytes_retrans = rs->bytes_retrans;
	info->tcpi_dsack_dups = rs->dsack_dups;
	info->tcpi_reord_seen = rs->rack.reordering;
	info->tcpi_snd_wnd = rs->snd_wnd;
}

static int rill_get_int(struct sock *sk, int name)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	const struct rill_sock *rs = rill_sk(sk);
	int fin = READ_ONCE(rn->fin_timeout);

	switch (name) {
	case TCP_NODELAY:
		return rs->nodelay;
	case TCP_CORK:
		return rs->cork;
	case TCP_QUICKACK:
		return !rs->pingpong;
	case TCP_KEEPIDLE:
		return (rs->keep_idle ? : rn->keepalive_time) / HZ;
	case TCP_KEEPINTVL:
		return (rs->keep_intvl ? : rn->keepalive_intvl) / HZ;
	case TCP_KEEPCNT:
		return rs->keep_probes ? : rn->keepalive_probes;
	case TCP_WINDOW_CLAMP:
		return rs->user_window ? : min_t(u32, rs->window_clamp, INT_MAX);
	case TCP_MAXSEG:
		/* what was set, where it will count; else what is, or was, in use */
		if ((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN) && rs->mss_user)
			return rs->mss_user;
		return rill_mss_full(rs);
	case TCP_SYNCNT:
		return rs->syn_retries ? : rn->syn_retries;
	case TCP_LINGER2:
		return rs->linger2 < 0 ? -1 : (rs->linger2 ? : fin) / HZ;
	case TCP_INQ:
		return rs->cmsg_inq;
	case TCP_USER_TIMEOUT:
		return rs->user_timeout;
	}
	return -ENOPROTOOPT;
}

static int rill_put_opt(char __user *optval, int __user *optlen, int len, const void *val,
			int size)
{
	len = min(len, size);
	if (put_user(len, optlen) || copy_to_user(optval, val, len))
		return -EFAULT;
	return 0;
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
	struct tcp_info info;
	int val, len;

	if (level == SOL_IP)
		return ip_getsockopt(sk, level, optname, optval, optlen);
	if (level != SOL_TCP)
		return -ENOPROTOOPT;
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	if (optname == TCP_INFO) {
		lock_sock(sk);
		rill_get_info(sk, &info);
		release_sock(sk);
		return rill_put_opt(optval, optlen, len, &info, sizeof(info));
	}
	if (optname == TCP_CONGESTION) {
		char name[RILL_CONG_NAME_MAX] = { };

		lock_sock(sk);
		strscpy(name, rill_sk(sk)->cong_ops->name, sizeof(name));
		release_sock(sk);
		return rill_put_opt(optval, optlen, len, name, sizeof(name));
	}
	lock_sock(sk);
	val = rill_get_int(sk, optname);
	release_sock(sk);
	if (val == -ENOPROTOOPT)
		return val;
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
