/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: what its files call in each other, by file, from the way in to the
 * way out. core/ has headers of its own, so have table.h and netns.h.
 */
#ifndef _RILL_PROTO_H
#define _RILL_PROTO_H

#include <linux/inet_diag.h>
#include <linux/poll.h>
#include <net/protocol.h>

#include "compat.h"
#include "netns.h"
#include "sock.h"

/* module.c */
extern int rill_ipproto;
extern struct proto rill_prot;
extern const struct proto_ops rill_stream_ops;
extern struct proto rill_v6_prot;
extern const struct proto_ops rill_v6_stream_ops;

/* wire.c */
int rill_wire_of(int protocol);
u8 rill_wire_of_inet(int protocol);
void rill_wire_assign(struct sock *sk, u8 wire);
int rill_wire_set(struct sock *sk, sockptr_t optval, unsigned int optlen);
int rill_wire_get(const struct sock *sk);
int rill_wire_load(u8 wire);

/* af.c */
int rill_af_init(int family);
void rill_af_exit(void);

/**
 * rill_wire_proto() - the number that IP has for a wire
 * @wire: enum rill_wire
 *
 * Return: IPPROTO_*, for headers, routes and pseudo-headers.
 */
static inline u8 rill_wire_proto(u8 wire)
{
	switch (wire) {
	case RILL_WIRE_TCP: return IPPROTO_TCP;
	case RILL_WIRE_UDP: return IPPROTO_UDP;
	}
	return rill_ipproto;
}

/* mib.c */
void rill_drop(const struct sock *sk, struct sk_buff *skb, unsigned int why);
void rill_drop_net(const struct net *net, struct sk_buff *skb, unsigned int why);

/* ipv4_rx.c, ipv6_rx.c, rx.c */
struct rill_tuple;
extern const struct net_protocol rill_v4_protocol;
extern const struct inet6_protocol rill_v6_protocol;
struct ip_options_rcu *rill_v4_return_route(struct net *net, const struct sk_buff *skb);
enum rill_mib rill_rx_header(struct sk_buff *skb);
void rill_rx(struct net *net, struct sk_buff *skb, struct rill_tuple *t, enum rill_mib why);

/* ipv4_icmp.c, ipv6_icmp.c */
int rill_v4_err_by(u8 wire, struct sk_buff *skb, u32 info);
int rill_v4_err(struct sk_buff *skb, u32 info);
int rill_v6_err_by(u8 wire, struct sk_buff *skb, u8 type, u8 code, int offset, __be32 info);
int rill_v6_err(struct sk_buff *skb, struct inet6_skb_parm *opt, u8 type, u8 code, int offset,
		__be32 info);

/* input.c */
void rill_input(struct sock *sk, struct sk_buff *skb);
void rill_challenge(struct sock *sk);
int rill_backlog_rcv(struct sock *sk, struct sk_buff *skb);
void rill_reset_received(struct sock *sk);
void rill_established(struct sock *sk, u32 seq, u32 ack);

/* input_ack.c */
bool rill_ack(struct sock *sk, struct sk_buff *skb, const struct rill_opts *opts);
void rill_rtt_take(struct sock *sk, u32 rtt_us);
void rill_reo_expired(struct sock *sk);
void rill_init_transfer(struct sock *sk);

/* repair.c */
int rill_repair_setsockopt(struct sock *sk, int name, int val, sockptr_t optval,
			   unsigned int optlen);
int rill_repair_getsockopt(const struct sock *sk, int name, int *val);
int rill_repair_get_window(const struct sock *sk, int len, struct tcp_repair_window *w);
void rill_repair_init(struct sock *sk);
void rill_repair_connect(struct sock *sk, const struct dst_entry *dst);
void rill_repair_push(struct sock *sk);
int rill_repair_receive(struct sock *sk, struct msghdr *msg);
int rill_repair_peek(struct sock *sk, struct msghdr *msg, size_t len);

/* md5sig.c */
struct rill_md5_key;
DECLARE_STATIC_KEY_FALSE(rill_md5_needed);
void rill_md5_exit(void);
const struct rill_md5_key *__rill_md5_lookup(const struct sock *sk, const struct in6_addr *addr,
					     int l3index);
void rill_md5_update(struct sock *sk);
int rill_md5_setsockopt(struct sock *sk, int name, sockptr_t optval, unsigned int optlen);
int rill_md5_inherit(struct sock *child, const struct sock *listener);
const struct rill_md5_key *rill_md5_copy(const struct sock *sk);
void rill_md5_purge(struct sock *sk);
void rill_md5_sign(const struct rill_md5_key *key, struct sk_buff *skb,
		   const struct in6_addr *saddr, const struct in6_addr *daddr, u8 wire);
void rill_md5_sign_for(const struct sock *sk, struct sk_buff *skb);
enum rill_mib rill_md5_check(const struct sock *sk, struct sk_buff *skb);
enum rill_mib rill_md5_check_mini(const struct rill_mini *tw, struct sk_buff *skb);
bool rill_md5_reset_key(const struct sock *sk, struct sk_buff *skb,
			const struct rill_md5_key **key);

/* Nobody has keys: there is nothing to look for. */
static inline const struct rill_md5_key *rill_md5_lookup(const struct sock *sk,
							 const struct in6_addr *addr, int l3index)
{
	return static_branch_unlikely(&rill_md5_needed) ? __rill_md5_lookup(sk, addr, l3index) :
							  NULL;
}

/* Might this one be signed, or ought to be? Nearly none that does not look like it. */
static inline bool rill_md5_concerns(const struct tcphdr *th)
{
	return static_branch_unlikely(&rill_md5_needed) ||
	       !rill_opt_plain((const u8 *)(th + 1), th->doff * 4 - sizeof(*th));
}

/* ecn.c */
bool rill_ecn_listener(const struct sock *sk);
bool rill_ecn_wanted(const struct sock *sk);
u8 rill_ecn_flags(struct sock *sk, u8 flags, bool fresh);
u8 rill_ecn_codepoint(const struct sock *sk, u8 flags, bool fresh);
bool rill_ecn_refused(struct sock *sk);
void rill_ecn_received(struct sock *sk, const struct sk_buff *skb);
void rill_ecn_echoed(struct sock *sk, u32 flight);

/* input_data.c */
void rill_data(struct sock *sk, struct sk_buff *skb);
int rill_data_restore(struct sock *sk, struct sk_buff *skb);
void rill_data_ready(struct sock *sk);
void rill_data_old(struct sock *sk, u32 seq, u32 end);
void rill_ofo_purge(struct sock *sk);

/* rcvbuf.c */
void rill_rcvbuf_init(struct sock *sk);
void rill_rcvbuf_measure(struct sock *sk, const struct sk_buff *skb, const struct rill_opts *opts);
void rill_rcvbuf_grow(struct sock *sk);

/* urgent.c */
bool rill_urg_mode(const struct rill_sock *rs);
void rill_urg_sent(struct rill_sock *rs);
u32 rill_urg_limit(const struct rill_sock *rs, u32 seq, u32 len);
void rill_urg_write(struct rill_sock *rs, struct tcphdr *th, u32 seq);
void rill_urg(struct sock *sk, struct sk_buff *skb);
int rill_urg_recv(struct sock *sk, struct msghdr *msg, size_t len, int flags);
bool rill_urg_stops(struct sock *sk, u32 seq, int *copied, long timeo);
u32 rill_urg_read_span(const struct sock *sk, u32 seq, u32 len, u32 *skip);
void rill_urg_passed(struct rill_sock *rs);
bool rill_urg_at_mark(const struct rill_sock *rs, u32 seq);
__poll_t rill_urg_poll(const struct rill_sock *rs);

/* stamp.c */
bool rill_stamp_rx_wanted(const struct sock *sk);
void rill_stamp_rx_put(struct sock *sk, struct msghdr *msg, const struct rill_rx_stamp *rx);
int rill_stamp_cmsg(struct sock *sk, struct msghdr *msg, u32 *tsflags);
void rill_stamp_count(struct sock *sk);
void rill_stamp_message(struct sock *sk, u32 tsflags, bool eor);
u32 rill_stamp_limit(struct sock *sk, u32 len, u32 max);
void rill_stamp_segment(struct sock *sk, struct sk_buff *skb, struct sk_buff *from, u32 seq,
			u32 len);
void rill_stamp_acked(struct sock *sk, u32 una, const struct sk_buff *ack_skb);
int rill_stamp_setsockopt(struct socket *sock, int optname, sockptr_t optval,
			  unsigned int optlen);

/* stamp_stats.c */
void rill_error_report(struct sock *sk);

/* secret.c */
void rill_secret_init(void);
u32 rill_isn(const struct sock_common *c);
u32 rill_ts_offset(const struct sock_common *c);

/* state.c */
void rill_set_state(struct sock *sk, enum rill_event event);
void rill_init_once(struct sock *sk);
void rill_init_connection(struct sock *sk);
void rill_write_queue_purge(struct sock *sk);
void rill_done(struct sock *sk, enum rill_event event);
void rill_destroy(struct sock *sk);
void rill_destroy_sock(struct sock *sk);

/* timer.c */
void rill_timers_init(struct sock *sk);
void rill_timers_stop(struct sock *sk);
void rill_timers_run(struct sock *sk);
void rill_timer_start(struct sock *sk, enum rill_timer timer, unsigned long delay);
void rill_timer_stop(struct sock *sk, enum rill_timer timer);
bool rill_timer_armed(const struct sock *sk, enum rill_timer timer);
unsigned long rill_rto(const struct sock *sk);
void rill_keepalive(struct sock *sk, int on);
void rill_keepalive_restart(struct sock *sk);
void rill_schedule_probe(struct sock *sk);

/* pace.c */
u64 rill_pace_of_window(const struct rill_sock *rs, u32 srtt);
u64 rill_pacing_rate(const struct sock *sk);
bool rill_pace_blocked(struct sock *sk);
void rill_pace_due(struct sock *sk);
void rill_pace_sent(struct sock *sk, u32 len);
void rill_pace_init(struct sock *sk);
void rill_pace_stop(struct sock *sk);

/* cong.c */
void rill_cong_registry_init(void);
void rill_cong_init_net(struct net *net);
void rill_cong_exit_net(struct net *net);
void rill_cong_assign(struct sock *sk);
void rill_cong_inherit(struct sock *sk);
void rill_cong_release(struct sock *sk);
int rill_cong_set(struct sock *sk, const char *name);
RILL_CTL_PROTO(rill_cong_sysctl_default);
RILL_CTL_PROTO(rill_cong_sysctl_available);
RILL_CTL_PROTO(rill_cong_sysctl_allowed);

/* output.c */
void rill_output(struct sock *sk);
void rill_push(struct sock *sk, bool force);
u32 rill_size_goal(const struct sock *sk);
void rill_cleanup_rbuf(struct sock *sk, int copied);

/* xmit.c */
int rill_xmit_init(void);
void rill_xmit_exit(void);
u32 rill_mss_full(const struct rill_sock *rs);
u32 rill_mss_now(const struct rill_sock *rs);
int rill_send_new(struct sock *sk, u32 len, bool fin);
void rill_assume_sent(struct sock *sk);
int rill_resend(struct sock *sk, u32 seq, u32 len);
int rill_send_syn(struct sock *sk);
int rill_send_syn_data(struct sock *sk, u32 len);
void rill_send_ack(struct sock *sk);
int rill_send_probe(struct sock *sk);
void rill_send_reset(struct sock *sk, gfp_t gfp);
void rill_fill_header(struct sk_buff *skb, __be16 sport, __be16 dport, u32 seq, u32 ack,
		      u16 window, u8 flags, const struct rill_opts *opts);

/* mtu.c */
u16 rill_adv_mss(const struct sock *sk, const struct dst_entry *dst);
void rill_sync_mss(struct sock *sk, u32 pmtu);
void rill_mtu_options(struct sock *sk);
void rill_mtu_start(struct sock *sk);
void rill_mtu_sent(struct sock *sk, u32 seq, u32 len);
void rill_mtu_resent(struct sock *sk, u32 seq, u32 end);
void rill_mtu_reduced(struct sock *sk);
void rill_mtu_acked(struct sock *sk);
bool rill_mtu_lost(struct sock *sk);
bool rill_mtu_mending(const struct rill_sock *rs);
void rill_mtu_timeout(struct sock *sk);
void rill_mtu_blackhole(struct sock *sk);
bool rill_mtu_probe(struct sock *sk);

/* reply.c */
void rill_reply(struct net *net, const struct sk_buff *in, u32 seq, u32 ack, u16 window,
		u8 flags, struct rill_opts *opts, const struct rill_md5_key *key);
void rill_reply_reset(const struct sock *sk, struct sk_buff *skb);

/* ipv4_tx.c */
struct rill_mini;
struct dst_entry *rill_v4_route(struct sock *sk);
void rill_v4_checksum(struct sk_buff *skb, __be32 saddr, __be32 daddr, u8 wire, bool offload);
struct dst_entry *rill_v4_req_route(const struct rill_mini *req);
void rill_v4_send_synack(const struct rill_mini *req, struct sk_buff *skb, u8 ecn);
void rill_v4_reply(struct net *net, const struct sk_buff *in, struct sk_buff *skb);
u32 rill_v4_options_len(const struct sock *sk);
int rill_v4_init_net(struct net *net);
void rill_v4_exit_net(struct net *net);

/* wire_tcp.c */
int rill_tcp_hook(struct net *net);
void rill_tcp_unhook(struct net *net);

/* ipv4_out.c */
int rill_v4_out(struct net *net, struct sock *sk, struct sk_buff *skb, __be32 saddr,
		__be32 daddr, const struct ip_options *opt, u8 tos, u8 proto);
int rill_v4_xmit(struct sock *sk, struct sk_buff *skb, u8 tos);

/* ipv6_tx.c */
struct dst_entry *rill_v6_route(struct sock *sk);
void rill_v6_dst_store(struct sock *sk, struct dst_entry *dst);
void rill_v6_checksum(struct sk_buff *skb, const struct in6_addr *saddr,
		      const struct in6_addr *daddr, u8 wire, bool offload);
int rill_v6_xmit(struct sock *sk, struct sk_buff *skb, u8 ecn);
struct dst_entry *rill_v6_req_route(const struct rill_mini *req);
void rill_v6_send_synack(const struct rill_mini *req, struct sk_buff *skb, u8 ecn);
void rill_v6_reply(struct net *net, const struct sk_buff *in, struct sk_buff *skb);
void rill_v6_cloned(struct sock *sk);
void rill_v6_child(struct sock *sk, const struct sock *listener, const struct rill_mini *req);
void rill_v6_child_packet(struct sock *sk, const struct sk_buff *skb);
u32 rill_v6_options_len(const struct sock *sk);
bool rill_v6_routed(const struct sock *sk);
int rill_v6_init_net(struct net *net);
void rill_v6_exit_net(struct net *net);

/* The route of a connection, looked up again if it is stale; or NULL. */
static inline struct dst_entry *rill_route(struct sock *sk)
{
	return rill_sk(sk)->v6 ? rill_v6_route(sk) : rill_v4_route(sk);
}

/* zerocopy.c, sendpage.c */
int rill_zerocopy_set(struct sock *sk, sockptr_t optval, unsigned int optlen);
int rill_zerocopy_begin(struct sock *sk, struct msghdr *msg, struct ubuf_info **uarg);
int rill_zerocopy_some(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, u32 goal,
		       struct ubuf_info *uarg);
int rill_splice_some(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, u32 goal);
void rill_splice_eof(struct socket *sock);
int rill_sendpage(struct sock *sk, struct page *page, int offset, size_t size, int flags);

/* offload.c */
extern const struct net_offload rill_v4_offload;
extern const struct net_offload rill_v6_offload;

/*
 * what a system call does: connect.c, sendmsg.c, recvmsg.c, splice.c, close.c,
 * sockopt.c, info.c
 */
int rill_connect(struct sock *sk, struct sockaddr *uaddr, int addr_len);
int rill_connect_start(struct sock *sk);
int rill_connect_syn(struct sock *sk);
int rill_v6_connect(struct sock *sk, struct sockaddr *uaddr, int addr_len);
int rill_v6_reflect(struct sock *sk, sockptr_t optval, unsigned int optlen);
void rill_connect_failed(struct sock *sk);
u8 rill_choose_wscale(const struct sock *sk);
u32 rill_first_window(u32 space, u32 mss);
int rill_listen(struct socket *sock, int backlog);
RILL_ACCEPT_PROTO;
RILL_SOCK_ACCEPT_PROTO;
int rill_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);
u32 rill_queue_syn_data(struct sock *sk, struct msghdr *msg, u32 max);
int rill_sendmsg_pages(struct sock *sk, struct msghdr *msg);
void rill_write_space(struct sock *sk);
int rill_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags, int *addr_len);
struct sk_buff *rill_find_byte(struct sock *sk, u32 seq, u32 *offset);
int rill_recv_empty(struct sock *sk, int copied, long timeo, bool *stop);
ssize_t rill_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
			 size_t len, unsigned int flags);
__poll_t rill_poll(struct file *file, struct socket *sock, poll_table *wait);
int rill_inq(const struct sock *sk);
int rill_outq(const struct sock *sk);
bool rill_fin_queue(struct sock *sk);
void rill_shutdown(struct sock *sk, int how);
void rill_close(struct sock *sk, long timeout);
int rill_disconnect(struct sock *sk, int flags);
unsigned long rill_fin_time(const struct sock *sk);
void rill_fin_wait_2_expired(struct sock *sk);
int rill_sock_setsockopt(struct socket *sock, int level, int optname, sockptr_t optval,
			 unsigned int optlen);
void rill_get_info(struct sock *sk, struct tcp_info *info);
u32 rill_get_cc_info(struct sock *sk, union tcp_cc_info *info);
void rill_note_half_window(struct sock *sk);
u32 rill_told_mss(const struct sock *sk);
int rill_set_rcvlowat(struct sock *sk, int val);
bool rill_stream_memory_free(const struct sock *sk, int wake);
int rill_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
int rill_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen);
RILL_IOCTL_PROTO;

#endif /* _RILL_PROTO_H */
