// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: the udp wire: segments as datagrams, for networks that pass nothing
 * else.
 *
 * A namespace that uses it has one socket of UDP for each IP, on the port that
 * net.rill.udp_port says, and every connection shares them: whose a segment is
 * tell the addresses of IP and the ports inside of it. Where the peer's
 * datagrams come from is no part of that, and may change (rill_udp_learn()).
 * What comes in we get from udp_tunnel, a module that is loaded when a program
 * first asks for this wire.
 *
 * On the way out a segment whose own checksum is right adds up to nothing, so
 * that of UDP is known from headers alone.
 *
 * Lock order: the lock of one of our sockets, rill_net.udp_lock, the lock of a
 * socket of UDP.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/udp_tunnel.h>

#include "af.h"
#include "compat.h"
#include "icmp.h"
#include "netns.h"
#include "proto.h"
#include "table.h"
#include "wire_udp.h"

/* How udp_tunnel is to call us: any number but 0 that nobody else means something by. */
#define RILL_UDP_ENCAP	1

static DEFINE_MUTEX(rill_udp_load_lock);
static typeof(setup_udp_tunnel_sock) *rill_udp_setup;
static typeof(udp_tunnel_sock_release) *rill_udp_release;

/**
 * rill_udp_load() - have udp_tunnel at hand
 *
 * It may take loading a module, which takes locks of the kernel's own: no
 * socket may be locked.
 *
 * Context: process.
 * Return: 0, or -EPROTONOSUPPORT where the kernel has no such module.
 */
int rill_udp_load(void)
{
	mutex_lock(&rill_udp_load_lock);
	if (!rill_udp_setup)
		rill_udp_setup = symbol_request(setup_udp_tunnel_sock);
	if (!rill_udp_release)
		rill_udp_release = symbol_request(udp_tunnel_sock_release);
	mutex_unlock(&rill_udp_load_lock);
	return rill_udp_setup && rill_udp_release ? 0 : -EPROTONOSUPPORT;
}

/**
 * rill_udp_unload() - let go of it; no namespace has a socket of UDP any more
 *
 * Context: process, module unload.
 */
void rill_udp_unload(void)
{
	if (rill_udp_setup)
		symbol_put(setup_udp_tunnel_sock);
	if (rill_udp_release)
		symbol_put(udp_tunnel_sock_release);
}

/* encap_rcv: a datagram, whose checksum is right. Softirqs off, RCU. Eats skb. */
static int rill_udp_rcv(struct sock *usk, struct sk_buff *skb)
{
	struct rill_tuple t = {
		.v6 = rill_skb_is_v6(skb),
		.wire = RILL_WIRE_UDP,
	};
	bool summed = udp_hdr(skb)->check;
	enum rill_mib why;

	if (t.v6) {
		t.saddr6 = ipv6_hdr(skb)->saddr;
		t.daddr6 = ipv6_hdr(skb)->daddr;
		t.dif = inet6_iif(skb);
		t.sdif = inet6_sdif(skb);
	} else {
		t.saddr = ip_hdr(skb)->saddr;
		t.daddr = ip_hdr(skb)->daddr;
		t.dif = inet_iif(skb);
		t.sdif = inet_sdif(skb);
	}
	skb_pull_rcsum(skb, sizeof(struct udphdr));
	skb_reset_transport_header(skb);
	why = rill_rx_header(skb);
	/* without UDP's, nothing says that it is for us, and from whom */
	if (!why && (!summed || skb_checksum_simple_validate(skb)))
		why = RILL_DROP_CSUM;
	rill_rx(sock_net(usk), skb, &t, why);
	return 0;
}

/* What IP's own handler makes of the rest of the header of ICMP. */
static u32 rill_udp_v4_info(const struct net *net, const struct icmphdr *icmph)
{
	switch (icmph->type) {
	case ICMP_DEST_UNREACH:
		if (icmph->code == ICMP_FRAG_NEEDED &&
		    READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) != 1)
			return ntohs(icmph->un.frag.mtu);
		return 0;
	case ICMP_PARAMETERPROB:
		return ntohl(icmph->un.gateway) >> 24;
	}
	return 0;
}

/* The header of IP before that of ICMP, if it has nothing unusual: it says from whom it is. */
static void rill_udp_icmp_origin(struct sk_buff *skb, bool v6)
{
	int len = (v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) + sizeof(struct icmphdr);

	if (skb_headroom(skb) < len)
		return;
	skb_set_network_header(skb, -len);
	if (v6 ? ipv6_hdr(skb)->version != 6 || ipv6_hdr(skb)->nexthdr != IPPROTO_ICMPV6 :
		 ip_hdr(skb)->version != 4 || ip_hdr(skb)->ihl != 5 ||
		 ip_hdr(skb)->protocol != IPPROTO_ICMP)
		skb_reset_network_header(skb);
}

/*
 * A redirect is not for us: who sent it passes packets on all the same. In one
 * of IPv6 the head of an option, type and length, is in the place of ICMPv6's.
 */
static bool rill_udp_v4_redirect(const struct icmphdr *icmph)
{
	return icmph->type == ICMP_REDIRECT;
}

static bool rill_udp_v6_redirect(const struct icmp6hdr *icmph)
{
	return icmph->icmp6_type == ND_OPT_REDIRECT_HDR && !icmph->icmp6_cksum &&
	       !icmph->icmp6_mtu;
}

/*
 * What ICMP says, its header in place, of the connection whose segment begins
 * at offset in what it quotes. Returns 0, or -ENOENT if there is no such.
 */
static int rill_udp_heed(const struct net *net, struct sk_buff *skb, bool v6, int offset)
{
	const struct icmp6hdr *icmp6h = icmp6_hdr(skb);

	if (!v6)
		return rill_udp_v4_redirect(icmp_hdr(skb)) ? -ENOENT :
		       rill_v4_err_by(RILL_WIRE_UDP, skb, rill_udp_v4_info(net, icmp_hdr(skb)));
	return rill_udp_v6_redirect(icmp6h) ? -ENOENT :
	       rill_v6_err_by(RILL_WIRE_UDP, skb, icmp6h->icmp6_type, icmp6h->icmp6_code, offset,
			      icmp6h->icmp6_mtu);
}

/*
 * encap_err_lookup: does ICMP quote a datagram of ours? If so we heed it here,
 * and UDP does for its own socket what IP_PMTUDISC_INTERFACE leaves: nothing.
 * The packet starts at the quoted header of IP and has UDP's for its transport
 * header; right before it lies that of ICMP. No data may move. Softirqs off,
 * RCU. Returns 0 if it does.
 */
static int rill_udp_err(struct sock *usk, struct sk_buff *skb)
{
	int udp = skb_transport_offset(skb), offset = udp + sizeof(struct udphdr), err;
	bool v6 = usk->sk_family == AF_INET6;

	BUILD_BUG_ON(sizeof(struct icmphdr) != sizeof(struct icmp6hdr));
	/* who quotes no more than it must says nothing of the segment */
	if (skb_headlen(skb) < offset + 8 || skb_headroom(skb) < sizeof(struct icmphdr))
		return -ENOENT;
	rill_udp_icmp_origin(skb, v6);
	skb_set_transport_header(skb, -(int)sizeof(struct icmphdr));
	err = rill_udp_heed(sock_net(usk), skb, v6, offset);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, udp);
	return err;
}

static void rill_udp_close(struct socket **sock)
{
	int i;

	for (i = 0; i < RILL_UDP_SOCKS; i++) {
		if (sock[i])
			rill_udp_release(sock[i]);
		sock[i] = NULL;
	}
}

/* PMTU is ours to judge, and not for the socket that the kernel sees: rill_udp_err(). */
static void rill_udp_no_pmtu(struct sock *usk)
{
	inet_sk(usk)->pmtudisc = IP_PMTUDISC_INTERFACE;
	if (usk->sk_family == AF_INET6)
		inet6_sk(usk)->pmtudisc = IPV6_PMTUDISC_INTERFACE;
}

static int rill_udp_open_one(struct net *net, int family, u16 port, struct socket **sock)
{
	struct udp_tunnel_sock_cfg cfg = {
		.encap_type = RILL_UDP_ENCAP,
		.encap_rcv = rill_udp_rcv,
		.encap_err_lookup = rill_udp_err,
	};
	struct sockaddr_in6 addr = {
		.sin6_family = family,
		.sin6_port = htons(port),	/* sockaddr_in has it at the same place */
	};
	int err;

	err = sock_create_kern(net, family, SOCK_DGRAM, IPPROTO_UDP, sock);
	if (err) {
		*sock = NULL;
		return err;
	}
	if (family == AF_INET6)
		(*sock)->sk->sk_ipv6only = true;
	rill_udp_no_pmtu((*sock)->sk);
	rill_udp_setup(net, *sock, &cfg);
	return kernel_bind(*sock, (struct sockaddr *)&addr, sizeof(addr));
}

/* Both sockets on a port, or none. They replace those that there are. */
static int rill_udp_open(struct net *net, u16 port)
{
	struct socket *sock[RILL_UDP_SOCKS] = {}, *old[RILL_UDP_SOCKS];
	struct rill_net *rn = rill_net(net);
	int err;

	err = rill_udp_open_one(net, AF_INET, port, &sock[0]);
	if (!err && ipv6_mod_enabled())
		err = rill_udp_open_one(net, AF_INET6, port, &sock[1]);
	if (err) {
		rill_udp_close(sock);
		return err;
	}
	memcpy(old, rn->udp_sock, sizeof(old));
	memcpy(rn->udp_sock, sock, sizeof(sock));
	WRITE_ONCE(rn->udp_source, htons(port));
	rill_udp_close(old);
	return 0;
}

/**
 * rill_udp_use() - a socket is about to need what carries it
 * @sk: it binds, or connects; those of other wires need nothing
 *
 * Context: process; the socket lock is held, rill_udp_load() has been called.
 * Return: 0, -EADDRINUSE when somebody has the port of UDP, -ENETDOWN when the
 * wire is switched off, or another error.
 */
int rill_udp_use(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	struct rill_sock *rs = rill_sk(sk);
	int err = 0;

	if (rs->wire != RILL_WIRE_UDP)
		return 0;
	if (!rs->udp_port)
		rs->udp_port = htons(READ_ONCE(rn->udp_port));
	if (READ_ONCE(rn->udp_source))
		return 0;
	mutex_lock(&rn->udp_lock);
	rn->udp_used = true;
	if (!rn->udp_port)
		err = -ENETDOWN;
	else if (!rn->udp_source)
		err = rill_udp_open(sock_net(sk), rn->udp_port);
	mutex_unlock(&rn->udp_lock);
	return err;
}

/*
 * rill_udp_sysctl_port() - net.rill.udp_port
 *
 * Its arguments differ between kernels (compat.h), which kernel-doc cannot say.
 * Connections move to the new port, and their peers learn of it from what they
 * get. With 0 nothing comes in or goes out.
 *
 * Context: process.
 * Return: 0 or an errno.
 */
RILL_CTL_PROTO(rill_udp_sysctl_port)
{
	struct rill_net *rn = container_of(ctl->data, struct rill_net, udp_port);
	struct net *net = rn->net;
	struct ctl_table tmp = *ctl;
	int port, err;

	mutex_lock(&rn->udp_lock);
	port = rn->udp_port;
	tmp.data = &port;
	err = proc_dointvec_minmax(&tmp, write, buffer, lenp, ppos);
	if (err || !write)
		goto out;
	if (!port) {
		WRITE_ONCE(rn->udp_source, 0);
		rill_udp_close(rn->udp_sock);
	} else if (rn->udp_used && htons(port) != rn->udp_source) {
		err = rill_udp_open(net, port);
	}
	if (!err)
		WRITE_ONCE(rn->udp_port, port);
out:
	mutex_unlock(&rn->udp_lock);
	return err;
}

/**
 * rill_udp_init_net() - the wire is there, but for sockets
 * @net: namespace
 *
 * Context: process.
 */
void rill_udp_init_net(struct net *net)
{
	rill_net(net)->net = net;
	mutex_init(&rill_net(net)->udp_lock);
}

/**
 * rill_udp_exit_net() - close the sockets of UDP
 * @net: namespace; a grace period is to pass before what they called goes
 *
 * Context: process.
 */
void rill_udp_exit_net(struct net *net)
{
	rill_udp_close(rill_net(net)->udp_sock);
}

/**
 * rill_udp_checksum() - set the checksum of a segment about to leave
 * @skb: data starts at the header
 *
 * Always a whole one: who reads it as a datagram, such as a relay, gets it as
 * it is, and nobody on the way knows that it is there.
 *
 * Context: any.
 */
void rill_udp_checksum(struct sk_buff *skb)
{
	struct tcphdr *th = tcp_hdr(skb);

	th->check = 0;
	th->check = csum_fold(skb_checksum(skb, 0, skb->len, 0));
	skb->ip_summed = CHECKSUM_NONE;
}

/* Returns the header, or NULL when the wire is switched off. */
static struct udphdr *rill_udp_push(const struct net *net, struct sk_buff *skb, __be16 dport)
{
	__be16 sport = READ_ONCE(rill_net(net)->udp_source);
	struct udphdr *uh;

	if (unlikely(!sport))
		return NULL;
	uh = skb_push(skb, sizeof(*uh));
	skb_reset_transport_header(skb);
	uh->source = sport;
	uh->dest = dport;
	uh->len = htons(skb->len);
	uh->check = 0;
	return uh;
}

/**
 * rill_udp_v4_header() - put UDP's header in front of a segment
 * @net: namespace
 * @skb: data starts at the segment's header, with rill_udp_checksum()
 * @saddr: source address
 * @daddr: destination address
 * @dport: the peer's port of UDP
 *
 * Context: any.
 * Return: 0, or -ENETDOWN when the wire is switched off.
 */
int rill_udp_v4_header(const struct net *net, struct sk_buff *skb, __be32 saddr, __be32 daddr,
		       __be16 dport)
{
	struct udphdr *uh = rill_udp_push(net, skb, dport);

	if (!uh)
		return -ENETDOWN;
	uh->check = csum_tcpudp_magic(saddr, daddr, skb->len, IPPROTO_UDP,
				      csum_partial(uh, sizeof(*uh), 0)) ? : CSUM_MANGLED_0;
	return 0;
}

/**
 * rill_udp_v6_header() - the same by IPv6
 * @net: namespace
 * @skb: data starts at the segment's header, with rill_udp_checksum()
 * @saddr: source address
 * @daddr: destination address
 * @dport: the peer's port of UDP
 *
 * Context: any.
 * Return: 0, or -ENETDOWN when the wire is switched off.
 */
int rill_udp_v6_header(const struct net *net, struct sk_buff *skb, const struct in6_addr *saddr,
		       const struct in6_addr *daddr, __be16 dport)
{
	struct udphdr *uh = rill_udp_push(net, skb, dport);

	if (!uh)
		return -ENETDOWN;
	uh->check = csum_ipv6_magic(saddr, daddr, skb->len, IPPROTO_UDP,
				    csum_partial(uh, sizeof(*uh), 0)) ? : CSUM_MANGLED_0;
	return 0;
}

/**
 * rill_udp_xmit() - hand a segment of a connection to UDP, and so to IP
 * @sk: connection
 * @skb: the segment, with rill_udp_checksum(); eaten
 * @ecn: its codepoint
 *
 * Context: the socket lock is held.
 * Return: 0, -ENETDOWN when the wire is switched off, or what IP says.
 */
int rill_udp_xmit(struct sock *sk, struct sk_buff *skb, u8 ecn)
{
	const struct inet_sock *inet = inet_sk(sk);
	const struct rill_sock *rs = rill_sk(sk);
	int err;

	if (rs->v6)
		err = rill_udp_v6_header(sock_net(sk), skb, &rill_v6_sk(sk)->saddr,
					 &sk->sk_v6_daddr, rs->udp_port);
	else
		err = rill_udp_v4_header(sock_net(sk), skb, inet->inet_saddr, inet->inet_daddr,
					 rs->udp_port);
	if (err) {
		kfree_skb(skb);
		return err;
	}
	return rs->v6 ? rill_v6_xmit(sk, skb, ecn) : rill_v4_xmit(sk, skb, inet->tos | ecn);
}
