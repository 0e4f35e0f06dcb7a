/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: the connection (struct rill_sock) and what a queued segment carries.
 */
#ifndef _RILL_SOCK_H
#define _RILL_SOCK_H

#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "core/board.h"
#include "core/chrono.h"
#include "core/cong.h"
#include "core/drs.h"
#include "core/ecn.h"
#include "core/option.h"
#include "core/plpmtu.h"
#include "core/rack.h"
#include "core/rate.h"
#include "core/reasm.h"
#include "core/recov.h"
#include "core/rto.h"
#include "core/sack.h"
#include "core/state.h"

#define RILL_MIN_MSS		88
#define RILL_MIN_SND_MSS	48	/* what sysctls of sizes may say at least */
#define RILL_DEFAULT_MSS	536U	/* RFC 9293, 3.7.1, MUST-15 */
#define RILL_MAX_WINDOW		65535U	/* the field, before scaling */
#define RILL_MAX_HEADER		round_up(MAX_HEADER + 60 + 8 + 60, 16)	/* IP, UDP, TCP */
#define RILL_SUPER_MAX		65535U	/* an IP packet, with its headers */

#define RILL_TIME_WAIT_LEN	(60 * HZ)
#define RILL_DELACK		(HZ / 25)	/* 40 ms, MUST-40: below 0.5 s */
#define RILL_DELACK_MAX		(HZ / 5)
#define RILL_RTO_MAX		(120 * HZ)
#define RILL_QUICKACKS		16
#define RILL_SHARE_INIT		128	/* rcv_share, until segments tell */

/* One array of deadlines, one wheel timer armed for the earliest: timer.c. */
enum rill_timer {
	RILL_TIMER_LOSS,	/* RFC 8985: tail loss probe, or RACK's reordering window */
	RILL_TIMER_RTO,		/* RFC 6298; also SYN */
	RILL_TIMER_PROBE,	/* zero window or corked data */
	RILL_TIMER_DELACK,
	RILL_TIMER_KEEPALIVE,
	RILL_TIMER_FIN_WAIT_2,	/* an orphan's */
	RILL_TIMER_POKE,	/* the udp wire: tell a peer gone silent where we are */
	RILL_TIMERS
};

/* What the end of input, or the release of the socket, has to do. */
#define RILL_OUT_ACK_NOW	0x01	/* an ACK must leave, on data or alone */
#define RILL_OUT_ACK_LATER	0x02	/* one may wait for company */
#define RILL_OUT_PUSH		0x04	/* the windows may let more data out */
#define RILL_OUT_RETRANS	0x08	/* something is lost */
#define RILL_OUT_WRITE_SPACE	0x20	/* acknowledged data made room */

/* Why release_cb has work; bits of rill_sock.deferred. */
enum rill_deferred {
	RILL_DEFER_TIMER,	/* the wheel timer fired while a user held the socket */
	RILL_DEFER_MTU,		/* so did an ICMP "fragmentation needed" */
	RILL_DEFER_PACE,	/* so did the timer of pacing */
	RILL_DEFER_OUTPUT,	/* the backlog was processed, output is due */
};

/* What carries segments. Each has ports and connections of its own. */
enum rill_wire {
	RILL_WIRE_IP,		/* an IP protocol of our own */
	RILL_WIRE_TCP,		/* IP protocol 6 */
	RILL_WIRE_UDP,		/* UDP */
};

/**
 * struct rill_skb_cb - what Rill keeps with a queued segment, host order
 * @node: [seq, end) in sequence space, SYN and FIN count; tree linkage while
 *	out of order
 * @ack: receive side: SEG.ACK
 * @stamped: send queue: sequence number of the byte whose way is told (stamp.c)
 * @wnd: receive side: SEG.WND before scaling
 * @flags: TCPHDR_* of the header
 * @sent: send queue: RILL_SENT_*
 * @dsfield: receive side: TOS or traffic class of the IP header
 * @wire: receive side: what carried it
 */
struct rill_skb_cb {
	struct rill_reasm_node	node;
	union {
		u32	ack;
		u32	stamped;
	};
	u16	wnd;
	u8	flags;
	union {
		u8	sent;
		u8	dsfield;
	};
	u8	wire;
};

#define RILL_SENT_SEALED	0x1	/* a clone shares its frags: append no more */
#define RILL_SENT_EOR		0x2	/* MSG_EOR: no segment goes on beyond its end */
#define RILL_SENT_STAMP		0x4	/* the sending of a byte is told: SO_TIMESTAMPING */
#define RILL_SENT_STAMP_ACK	0x8	/* so is that it was acknowledged */
#define RILL_SENT_STAMPS	(RILL_SENT_STAMP | RILL_SENT_STAMP_ACK)

/**
 * struct rill_rx_stamp - when the last of what a read gives came
 * @soft: by the kernel's clock, 0: unknown
 * @hard: by the device's, 0: unknown
 */
struct rill_rx_stamp {
	ktime_t	soft;
	ktime_t	hard;
};

#define RILL_CB(skb)	((struct rill_skb_cb *)&(skb)->cb[0])
#define RILL_SEQ(skb)	(RILL_CB(skb)->node.seq)
#define RILL_END(skb)	(RILL_CB(skb)->node.end)

struct rill_mini;
struct rill_bind_bucket;
struct rill_fo_req;
struct rill_fo_pending;
struct rill_fo_queue;

/* The headers of a SYN, for TCP_SAVED_SYN. */
struct rill_saved_syn {
	u32	len;
	u8	data[];
};

/**
 * struct rill_mtu - what is known of the sizes that pass: mtu.c
 * @search: RFC 4821; sizes of packets, those below are of data
 * @probe_seq: the probe in flight begins here,
 * @probe_end: and ends here
 * @big_seq: every segment in flight but short ones lies in [@big_seq, @big_end)
 * @big_end: see @big_seq
 * @proof_seq: a segment of @proof_len bytes begins here
 * @info_seq: the sequence number that ICMP quoted
 * @quoted: likewise, of the one that waits
 * @info: the size that ICMP said, 0: none
 * @wait: ICMP said this size, which is unlikely; 0: it did not
 * @proof_len: its ACK will prove that so much passes; 0: nothing to prove
 * @proven: the longest segment that was acknowledged
 * @sent: the longest segment that was sent
 * @sending: the segment that is being built is a probe and stays whole
 * @hold: new data waits for room for a probe
 */
struct rill_mtu {
	struct rill_plpmtu search;
	u32	probe_seq;
	u32	probe_end;
	u32	big_seq;
	u32	big_end;
	u32	proof_seq;
	u32	info_seq;
	u32	quoted;
	u16	info;
	u16	wait;
	u16	proof_len;
	u16	proven;
	u16	sent;
	u8	sending:1,
		hold:1;
};

/**
 * struct rill_listen - what a socket in LISTEN has besides
 * @lock: guards what does not say otherwise; taken inside of no other lock of
 *	a listener
 * @accept_head: connections that wait for accept(), oldest first, linked by
 *	rill_sock.accept_next
 * @accept_tail: the last of them
 * @syn_list: mini-sockets in SYN_RECV
 * @accept_len: how many wait; compared with sk_max_ack_backlog
 * @syn_len: how many are in SYN_RECV
 * @flooded_at: jiffies of a SYN cookie that was sent lately, or 0; no lock;
 *	another place has it when there is a group, see rill_flooded_at()
 * @flood_warned: the log has been told; no lock
 */
struct rill_listen {
	spinlock_t		lock;	/* of the queues */
	struct sock		*accept_head;
	struct sock		*accept_tail;
	struct list_head	syn_list;
	int			accept_len;
	int			syn_len;
	u32			flooded_at;
	u32			flood_warned;
};

/*
 * struct rill_sock - a connection, or a listener
 *
 * Guarded by the socket lock but for @listen (its own lock), @deferred (bit
 * operations) and what the tables own (@bucket: its bind bucket's lock).
 * Groups are laid out by who touches them together.
 */
struct rill_sock {
	struct inet_sock inet;		/* must be first */

	bool	v6;			/* segments go by IPv6: af.h */
	u8	wire;			/* what carries them: enum rill_wire */
	__be16	udp_port;		/* the peer's on the udp wire */

	/* every segment in, every segment out: RFC 9293, 3.3.1 */
	u32	rcv_nxt;
	u32	rcv_wup;		/* rcv_nxt when a window was last advertised */
	u32	rcv_wnd;		/* that window, bytes from rcv_wup */
	u32	copied_seq;		/* next byte that the program reads */
	u32	snd_una;
	u32	snd_nxt;
	u32	snd_wnd;		/* bytes, scaled */
	u32	snd_wl1;
	u32	snd_wl2;
	u32	write_seq;		/* end of what the program wrote, and FIN */
	u32	max_wnd;		/* largest snd_wnd ever */
	u32	snd_sml;		/* end of the last segment short of an MSS */
	u32	snd_up;			/* octet after our last urgent one */
	u32	urg_seq;		/* the peer's last urgent octet: the mark */
	u16	mss;			/* bytes of data in a full segment, options off */
	u16	rcv_mss;		/* the peer's usual full segment */
	u16	rcv_len;		/* length of the last segment that came */
	u64	clock_us;		/* rill_clock() */
	u8	snd_wscale;
	u8	rcv_wscale;
	u8	out;			/* RILL_OUT_* */
	u8	quickack;		/* ACKs still to be sent at once */
	u8	rcv_share;		/* of 256 bytes of buffer: data */
	u8	ts_ok:1,		/* RFC 7323 agreed */
		wscale_ok:1,
		sack_ok:1,
		pingpong:1,		/* answers carry our ACKs */
		fin_queued:1,		/* write_seq counts a FIN */
		fin_rcvd:1,
		more:1,			/* MSG_MORE, or sendmsg has not finished */
		md5:1;			/* RFC 2385: there is a key for the peer */
	struct rill_ecn ecn;
	u8	cwnd_limited:1,		/* cwnd, nothing else, held data back */
		syn_acked:1,		/* snd_una is past iss */
		reo_wait:1,		/* RILL_TIMER_LOSS is RACK's, not the probe's */
		tlp_out:1,		/* a tail loss probe is unanswered */
		tlp_again:1,		/* it sent something again */
		tlp_sampled:1,		/* a round trip was measured since the last one */
		urg_out:1,		/* snd_up means something */
		probed:1,		/* the window was, since probe_us */
		syn_lost:1,		/* more than one SYN of ours was: IW-2M */
		counted:1,		/* in CurrEstab */
		marked:1;		/* something queued is of interest to stamp.c */
	u8	fo_option:1,		/* our SYN had the option of fast open, */
		fo_exp:1,		/* in the experimental form */
		fo_data:1,		/* it had data, */
		fo_acked:1,		/* a SYN's data was acknowledged, ours or the peer's */
		fo_again:1,		/* after a pause: see rill_fastopen_pause() */
		fo_fail:2;		/* enum tcp_fastopen_client_fail */
	u8	urg_state;		/* enum rill_urg_state, of the peer's urgent octet */
	u8	urg_byte;		/* that octet, RILL_URG_HERE */
	u8	ack_ttl;		/* of the ACK that stamps are told for */
	u32	ts_recent;
	u32	ts_recent_stamp;	/* seconds, when it was taken */
	u32	ts_offset;
	struct sk_buff	*send_head;	/* of sk_write_queue: holds snd_nxt, or NULL */
	struct rill_rtt	rtt;
	struct rill_cong cong;
	struct rill_board board;	/* what is outstanding, once SYN is acknowledged */
	struct rill_rack rack;
	struct rill_recov recov;
	struct sk_buff	*resend_at;	/* of sk_write_queue: last sent again, or NULL */
	u32	tlp_end;		/* snd_nxt at the probe */

	struct rill_mtu	mtu;

	/* timers */
	unsigned long	deadline[RILL_TIMERS];	/* jiffies; valid if armed */
	u8	armed;			/* bit per enum rill_timer */
	u8	backoff;		/* doublings of the RTO or of the probe */
	u8	keep_out;		/* keepalive probes unanswered */
	u8	retransmits;		/* timeouts since snd_una last moved */
	u8	probes_out;		/* window probes unanswered */
	u8	pokes;			/* ACKs sent since the peer fell silent: RILL_TIMER_POKE */
	u64	pace_ns;		/* no segment before this; 0: at once */
	u64	stall_us;		/* when what stands at snd_una was first sent */
	u64	probe_us;		/* when the window closed */

	/* receive side */
	struct rill_reasm ofo;
	struct rill_sack sack;		/* what the next ACK tells of it */
	u32	ofo_bytes;		/* truesize held in it */
	u32	collapsed;		/* rill_collapse() got this far */
	u32	irs;
	struct rill_drs drs;		/* receive buffer autotuning */
	u32	window_clamp;		/* of every window we offer */
	unsigned long	challenge_at;	/* jiffies of the last challenge ACK */
	unsigned long	last_rcv;	/* jiffies of the last segment with data */
	unsigned long	last_any;	/* jiffies of the last segment */

	/* set up once */
	u32	iss;
	u32	pmtu;			/* the path MTU that mss was made from */
	u16	mss_clamp;		/* what the peer's MSS option allows */
	u16	adv_mss;		/* what ours said */

	/* statistics of TCP_INFO */
	u64	bytes_acked;
	u64	bytes_received;
	u32	segs_in;
	u32	segs_out;
	u32	data_segs_in;
	u32	data_segs_out;
	u32	total_retrans;
	u32	dsack_dups;		/* segments that the peer got twice */
	u64	bytes_sent;
	u64	bytes_retrans;
	unsigned long	last_sent;	/* jiffies of the last data segment out */
	struct rill_rate rate;		/* how fast data is delivered */
	struct rill_chrono chrono;	/* what the sender spends its time on; jiffies */
	u32	delivered_ce;		/* segments whose ACK had ECE */
	u32	ooo_segs;		/* segments that came out of order */
	u32	rto_ms;			/* spent between timeouts and what mended them */
	u32	rto_since;		/* jiffies when such a time began, or 0 */
	u16	rto_count;
	u16	rto_episodes;
	u16	rehashes;
	u16	half_wnd;		/* what we tell of mss is no more; 0: no bound */
	u8	syn_resends;
	struct rill_saved_syn *saved_syn;	/* TCP_SAVED_SYN, or NULL */

	/* from here on a new connection keeps what the socket had */
	unsigned long	deferred;		/* enum rill_deferred */
	struct timer_list wheel;
	struct hrtimer	pace_timer;

	/* tables */
	struct rill_bind_bucket *bucket;
	struct sock	*accept_next;
	struct rill_listen listen;

	/* fast open; NULL when there is nothing of it */
	struct rill_fo_queue *fo_queue;	/* TCP_FASTOPEN, TCP_FASTOPEN_KEY */
	struct rill_fo_req *fo_req;	/* a SYN is built, or its answer waited for */
	struct rill_fo_pending *fo_pending;	/* open before the handshake is done */

	/* options: kept by a disconnect, inherited by a listener's children */
	const struct rill_cong_ops *cong_ops;	/* we hold its module; cong.c */
	struct hlist_head md5_keys;	/* RCU; md5sig.c */
	u32	user_timeout;		/* ms; 0: retries2 */
	u32	keep_idle;		/* jiffies; 0: sysctl */
	u32	keep_intvl;		/* jiffies; 0: sysctl */
	u32	user_window;		/* TCP_WINDOW_CLAMP, 0: none */
	u32	notsent_lowat;		/* bytes; 0: sysctl */
	u32	tx_delay;		/* TCP_TX_DELAY, us */
	int	linger2;		/* jiffies; 0: fin_timeout, negative: no FIN_WAIT_2 */
	u16	mss_user;		/* TCP_MAXSEG, 0: none */
	u8	syn_retries;		/* TCP_SYNCNT, 0: sysctl */
	u8	keep_probes;		/* 0: sysctl */
	u8	defer_accept;		/* SYN-ACK timeouts to wait for data, 0: none */
	u8	nodelay:1,
		cork:1,
		cmsg_inq:1,		/* TCP_INQ */
		fo_connect:1,		/* TCP_FASTOPEN_CONNECT */
		fo_no_cookie:1,		/* TCP_FASTOPEN_NO_COOKIE */
		cong_set:1,		/* cong_ops is the program's choice */
		repair:1,		/* TCP_REPAIR */
		repair_queue:2,		/* TCP_REPAIR_QUEUE */
		save_syn:2,		/* TCP_SAVE_SYN; 2: with the link's header */
		thin_lto:1;		/* TCP_THIN_LINEAR_TIMEOUTS */
};

/* A socket of AF_INET6; where the kernel expects what is IPv6's, last. */
struct rill6_sock {
	struct rill_sock	rill;
	struct ipv6_pinfo	inet6;
};

static inline struct rill_sock *rill_sk(const struct sock *sk)
{
	return (struct rill_sock *)sk;
}

/* Of a socket of AF_INET6, also in TIME_WAIT, where inet6_sk() gives none. */
static inline struct ipv6_pinfo *rill_v6_sk(const struct sock *sk)
{
	return &((struct rill6_sock *)sk)->inet6;
}

/* The clock of RTT measurement and of core/: microseconds, monotonic. */
static inline u64 rill_now_us(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_USEC);
}

/* RFC 7323, 5.4: a tick of one millisecond, plus a secret offset. */
static inline u32 rill_ts_now(u32 offset)
{
	return (u32)div_u64(ktime_get_ns(), NSEC_PER_MSEC) + offset;
}

/* The clock of what is remembered for long: seconds, modulo 2^32. */
static inline u32 rill_seconds(void)
{
	return (u32)ktime_get_seconds();
}

/* When the segment came that is being processed, or leaves: the clock is read once for it. */
static inline u64 rill_clock(struct rill_sock *rs)
{
	rs->clock_us = rill_now_us();
	return rs->clock_us;
}

/* The same on the clock of RFC 7323. */
static inline u32 rill_ts_clock(const struct rill_sock *rs)
{
	return (u32)div_u64(rs->clock_us, USEC_PER_MSEC) + rs->ts_offset;
}

/* What is left of the window that the peer knows about, bytes. */
static inline u32 rill_rcv_window(const struct rill_sock *rs)
{
	s32 win = rs->rcv_wup + rs->rcv_wnd - rs->rcv_nxt;

	return win < 0 ? 0 : win;
}

static inline u32 rill_flight(const struct rill_sock *rs)
{
	return rs->snd_nxt - rs->snd_una;
}

/* What is in the network, as far as we know: RFC 6675's pipe, bytes. */
static inline u32 rill_pipe(const struct rill_sock *rs)
{
	return rs->board.in_flight - min(rs->recov.dup_len, rs->board.in_flight);
}

/* What recovery is doing, in the words of TCP_INFO. */
static inline u8 rill_ca_state(const struct rill_sock *rs)
{
	switch (rs->recov.state) {
	case RILL_RECOV_LOSS:
		return TCP_CA_Loss;
	case RILL_RECOV_FAST:
		return TCP_CA_Recovery;
	case RILL_RECOV_CWR:
		return TCP_CA_CWR;
	case RILL_RECOV_DISORDER:
		return TCP_CA_Disorder;
	default:
		return TCP_CA_Open;
	}
}

/* Has the FIN been acknowledged? */
static inline bool rill_fin_acked(const struct rill_sock *rs)
{
	return rs->fin_queued && rs->snd_una == rs->write_seq;
}

/* A part of a buffer is for data, the rest for what the kernel adds. */
static inline int rill_win_from_space(const struct sock *sk, int space)
{
	return (s64)space * rill_sk(sk)->rcv_share >> 8;
}

static inline u32 rill_space(const struct sock *sk)
{
	int used = atomic_read(&sk->sk_rmem_alloc) + READ_ONCE(sk->sk_backlog.len);

	return max(rill_win_from_space(sk, READ_ONCE(sk->sk_rcvbuf) - used), 0);
}

static inline u32 rill_full_space(const struct sock *sk)
{
	return rill_win_from_space(sk, READ_ONCE(sk->sk_rcvbuf));
}

/*
 * Is what there is to read enough for who waits for target? As in Linux less is
 * too, when the buffer, or the window, has no room for the rest.
 */
static inline bool rill_read_ready(const struct sock *sk, int unread, int target)
{
	int size = READ_ONCE(sk->sk_rcvbuf);

	if (likely(unread >= target))
		return unread > 0;
	return unread > 0 && (atomic_read(&sk->sk_rmem_alloc) > size - (size >> 3) ||
			      rill_rcv_window(rill_sk(sk)) <= rill_sk(sk)->rcv_mss);
}

/* Free a segment that was taken off the send queue. */
static inline void rill_wmem_free(struct sock *sk, struct sk_buff *skb)
{
	sk_wmem_queued_add(sk, -(int)skb->truesize);
	sk_mem_uncharge(sk, skb->truesize);
	__kfree_skb(skb);
}

#endif /* _RILL_SOCK_H */
