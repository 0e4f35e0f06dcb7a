// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: connect by IPv6.
 */
#include <net/addrconf.h>
#include <net/inet_common.h>
#include <net/ip6_route.h>
#include <net/tcp.h>

#include "af.h"
#include "compat.h"
#include "proto.h"
#include "table.h"

/* A label that the program leased (RFC 3697); errors are connect(2)'s. */
static int rill_v6_label(struct sock *sk, const struct sockaddr_in6 *usin, __be32 *label)
{
	struct ip6_flowlabel *leased;

	*label = 0;
	if (!rill_v6_sndflow(sk))
		return 0;
	*label = usin->sin6_flowinfo & IPV6_FLOWINFO_MASK;
	if (!(*label & IPV6_FLOWLABEL_MASK))
		return 0;
	leased = fl6_sock_lookup(sk, *label);
	if (IS_ERR(leased))
		return -EINVAL;
	fl6_sock_release(leased);
	return 0;
}

/**
 * rill_v6_reflect() - IPV6_FLOWLABEL_MGR: answer with the label that came, or no more
 * @sk: socket of AF_INET6
 * @optval: struct in6_flowlabel_req
 * @optlen: its length
 *
 * Of all that option can say, the one that IP does for TCP alone; it has checked
 * whether the namespace allows it.
 *
 * Context: process.
 * Return: 0, -ESRCH: it did not; or -ENOPROTOOPT.
 */
int rill_v6_reflect(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct in6_flowlabel_req req;
	int err = 0;

	if (optlen < sizeof(req))
		return -EINVAL;
	if (copy_from_sockptr(&req, optval, sizeof(req)))
		return -EFAULT;
	if (!(req.flr_flags & IPV6_FL_F_REFLECT))
		return -ENOPROTOOPT;
	lock_sock(sk);
	if (req.flr_action == IPV6_FL_A_GET) {
		rill_v6_set_repflow(sk, true);
	} else if (req.flr_action != IPV6_FL_A_PUT) {
		err = -ENOPROTOOPT;
	} else if (!rill_v6_repflow(sk)) {
		err = -ESRCH;
	} else {
		rill_v6_sk(sk)->flow_label = 0;
		rill_v6_set_repflow(sk, false);
	}
	release_sock(sk);
	return err;
}

/* An address of a link says nothing without it. */
static int rill_v6_scope(struct sock *sk, const struct sockaddr_in6 *usin, int len)
{
	if (!(ipv6_addr_type(&usin->sin6_addr) & IPV6_ADDR_LINKLOCAL))
		return 0;
	if (len >= (int)sizeof(*usin) && usin->sin6_scope_id) {
		if (!sk_dev_equal_l3scope(sk, usin->sin6_scope_id))
			return -EINVAL;
		sk->sk_bound_dev_if = usin->sin6_scope_id;
	}
	return sk->sk_bound_dev_if ? 0 : -EINVAL;
}

/* V6-2: the peer speaks IPv4, though the socket is of IPv6. */
static int rill_v6_connect_mapped(struct sock *sk, const struct sockaddr_in6 *usin)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = usin->sin6_port,
		.sin_addr.s_addr = usin->sin6_addr.s6_addr32[3],
	};
	struct ipv6_pinfo *np = rill_v6_sk(sk);
	int err;

	if (ipv6_only_sock(sk))
		return -ENETUNREACH;
	rill_sk(sk)->v6 = false;
	sk->sk_gso_type = SKB_GSO_TCPV4;
	sk->sk_v6_daddr = usin->sin6_addr;
	np->flow_label = 0;
	err = rill_connect(sk, (struct sockaddr *)&sin, sizeof(sin));
	if (err) {
		rill_sk(sk)->v6 = true;
		sk->sk_gso_type = SKB_GSO_TCPV6;
		return err;
	}
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_daddr, &sk->sk_v6_daddr);
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_saddr, &sk->sk_v6_rcv_saddr);
	np->saddr = sk->sk_v6_rcv_saddr;
	return 0;
}

/* A route and a source address for the peer; errors are connect(2)'s. */
static struct dst_entry *rill_v6_connect_route(struct sock *sk, __be16 dport)
{
	struct inet_sock *inet = inet_sk(sk);
	struct ipv6_pinfo *np = rill_v6_sk(sk);
	struct in6_addr *final, buf;
	struct dst_entry *dst;
	struct flowi6 fl6 = {
		.flowi6_proto = rill_wire_proto(rill_sk(sk)->wire),
		.daddr = sk->sk_v6_daddr,
		.flowlabel = np->flow_label,
		.flowi6_oif = sk->sk_bound_dev_if,
		.flowi6_mark = sk->sk_mark,
		.fl6_dport = dport,
		.fl6_sport = inet->inet_sport,
		.flowi6_uid = sk->sk_uid,
	};

	if (!ipv6_addr_any(&sk->sk_v6_rcv_saddr))
		fl6.saddr = sk->sk_v6_rcv_saddr;
	else
		fl6.saddr = np->saddr;
	final = fl6_update_dst(&fl6, rcu_dereference_protected(np->opt,
							       lockdep_sock_is_held(sk)), &buf);
	security_sk_classify_flow(sk, flowi6_to_flowi_common(&fl6));
	dst = ip6_dst_lookup_flow(sock_net(sk), sk, &fl6, final);
	if (IS_ERR(dst))
		return dst;
	if (ipv6_addr_any(&sk->sk_v6_rcv_saddr))
		sk->sk_v6_rcv_saddr = fl6.saddr;
	np->saddr = fl6.saddr;
	return dst;
}

/* sk_v6_daddr is the peer. */
static int rill_v6_connect_native(struct sock *sk, __be16 dport)
{
	struct inet_sock *inet = inet_sk(sk);
	struct rill_sock *rs = rill_sk(sk);
	struct dst_entry *dst;
	bool pingpong;
	int err;

	dst = rill_v6_connect_route(sk, dport);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	/* no address of IPv4, and none that a segment could have */
	inet->inet_rcv_saddr = LOOPBACK4_IPV6;
	inet->inet_saddr = LOOPBACK4_IPV6;
	inet->inet_daddr = LOOPBACK4_IPV6;
	pingpong = rs->pingpong;	/* TCP_QUICKACK may have been set */
	rill_repair_init(sk);
	rs->pingpong = pingpong;
	inet->inet_dport = dport;
	rill_md5_update(sk);
	rill_set_state(sk, RILL_EV_ACTIVE_OPEN);
	err = rill_bind_connect(sk);
	if (err) {
		dst_release(dst);
		goto fail;
	}
	sk_set_txhash(sk);
	/* the port is known now, which rules of routing may look at */
	rill_v6_dst_store(sk, dst);
	err = rill_connect_start(sk);
	if (!err)
		return 0;
fail:
	rill_connect_failed(sk);
	return err;
}

/**
 * rill_v6_connect() - connect of a socket of AF_INET6: send a SYN
 * @sk: socket in CLOSED
 * @uaddr: the peer, struct sockaddr_in6; an address of IPv4 may be mapped in it
 * @addr_len: its length
 *
 * Context: process; the socket lock is held.
 * Return: 0 or an error of connect(2). What becomes of the SYN is for the
 * state to tell.
 */
int rill_v6_connect(struct sock *sk, struct sockaddr *uaddr, int addr_len)
{
	struct sockaddr_in6 peer = {};
	int err;

	/* first, as there may be no address at all: send() with MSG_FASTOPEN */
	if (addr_len < SIN6_LEN_RFC2133)
		return -EINVAL;
	memcpy(&peer, uaddr, min_t(size_t, addr_len, sizeof(peer)));
	if (peer.sin6_family != AF_INET6)
		return -EAFNOSUPPORT;
	err = rill_v6_label(sk, &peer, &rill_v6_sk(sk)->flow_label);
	if (err)
		return err;
	/* CN-8: to nowhere is to ourselves */
	if (ipv6_addr_any(&peer.sin6_addr)) {
		if (ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
			ipv6_addr_set_v4mapped(htonl(INADDR_LOOPBACK), &peer.sin6_addr);
		else
			peer.sin6_addr = in6addr_loopback;
	}
	if (ipv6_addr_is_multicast(&peer.sin6_addr))
		return -ENETUNREACH;
	err = rill_v6_scope(sk, &peer, addr_len);
	if (err)
		return err;
	if (ipv6_addr_v4mapped(&peer.sin6_addr))
		return rill_v6_connect_mapped(sk, &peer);
	rill_sk(sk)->v6 = true;
	sk->sk_gso_type = SKB_GSO_TCPV6;
	sk->sk_v6_daddr = peer.sin6_addr;
	return rill_v6_connect_native(sk, peer.sin6_port);
}
