/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rill: fast open, RFC 7413. Both sides share the options and the sysctls.
 */
#ifndef _RILL_FASTOPEN_H
#define _RILL_FASTOPEN_H

#include "compat.h"
#include "core/fastopen.h"
#include "netns.h"
#include "sock.h"

/**
 * struct rill_fo_req - what the SYN or the SYN-ACK that is built has of it
 * @cookie: the option
 * @msg: the message that a SYN may begin with, or NULL
 * @copied: bytes of it that left with the SYN
 *
 * On the stack of who sends it, at rill_sock.fo_req.
 */
struct rill_fo_req {
	struct rill_fo_cookie cookie;
	struct msghdr *msg;
	int copied;
};

/* fastopen.c: the client */
int rill_fastopen_connect(struct sock *sk);
int rill_fastopen_syn(struct sock *sk);
int rill_fastopen_sendmsg(struct sock *sk, struct msghdr *msg, int *copied);
void rill_fastopen_options(struct sock *sk, struct rill_opts *o);
void rill_fastopen_answered(struct sock *sk, struct sk_buff *skb, const struct rill_opts *opts);
void rill_fastopen_suspect(struct sock *sk, bool last);
void rill_fastopen_pause(struct sock *sk);
void rill_fastopen_gone(struct sock *sk);
int rill_fastopen_set(struct sock *sk, int name, int val);
int rill_fastopen_get(const struct sock *sk, int name);

/* fastopen_srv.c: the server, and the keys */
bool rill_fastopen_syn_rcv(struct sock *listener, struct rill_mini *req, struct sk_buff *skb,
			   const struct rill_opts *opts, struct dst_entry *dst,
			   struct rill_fo_cookie *reply);
void rill_fastopen_release(struct sock *sk, bool reset);
int rill_fastopen_tune(struct sock *sk, int backlog);
int rill_fastopen_qlen(const struct sock *sk);
void rill_fastopen_listen(struct sock *sk, int backlog);
void rill_fastopen_listen_stop(struct sock *sk);
void rill_fastopen_free(struct sock *sk);
int rill_fastopen_set_key(struct sock *sk, sockptr_t optval, unsigned int optlen);
unsigned int rill_fastopen_get_key(const struct sock *sk, u8 *raw);
RILL_CTL_PROTO(rill_fastopen_sysctl_pause);
RILL_CTL_PROTO(rill_fastopen_sysctl_key);
void rill_fastopen_init_net(struct net *net);
void rill_fastopen_exit_net(struct net *net);

/* An open connection whose handshake the peer has not finished. */
static inline bool rill_fastopen_early(const struct sock *sk)
{
	return READ_ONCE(rill_sk(sk)->fo_pending);
}

#endif /* _RILL_FASTOPEN_H */
