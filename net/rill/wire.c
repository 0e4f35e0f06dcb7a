// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: which wire carries a socket's segments, and how a program says so.
 */
#include <net/tcp.h>
#include <uapi/linux/rill.h>

#include "proto.h"
#include "wire_udp.h"

/**
 * rill_wire_of() - the wire that a number stands for
 * @protocol: third argument of socket() by the family door; 0: the default
 *
 * Return: enum rill_wire, or -EPROTONOSUPPORT.
 */
int rill_wire_of(int protocol)
{
	switch (protocol) {
	case 0:
	case IPPROTO_RILL:
		return RILL_WIRE_IP;
	case IPPROTO_TCP:
		return RILL_WIRE_TCP;
	case IPPROTO_UDP:
		return RILL_WIRE_UDP;
	}
	return -EPROTONOSUPPORT;
}

/**
 * rill_wire_of_inet() - the wire that a number stands for
 * @protocol: third argument of socket() by the inet door
 *
 * Return: enum rill_wire.
 */
u8 rill_wire_of_inet(int protocol)
{
	switch (protocol) {
	case IPPROTO_RILL_TCP:
		return RILL_WIRE_TCP;
	case IPPROTO_RILL_UDP:
		return RILL_WIRE_UDP;
	}
	return RILL_WIRE_IP;
}

/**
 * rill_wire_assign() - set what carries a socket's segments
 * @sk: has no port yet
 * @wire: enum rill_wire
 *
 * Context: the socket lock is held, or nobody else knows @sk.
 */
void rill_wire_assign(struct sock *sk, u8 wire)
{
	rill_sk(sk)->wire = wire;
	sk->sk_gso_type = rill_sk(sk)->v6 ? SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
}

/**
 * rill_wire_load() - have what a wire needs of other modules
 * @wire: enum rill_wire
 *
 * Context: process; no socket is locked.
 * Return: 0, or -EPROTONOSUPPORT where the kernel does not have it.
 */
int rill_wire_load(u8 wire)
{
	return wire == RILL_WIRE_UDP ? rill_udp_load() : 0;
}

/**
 * rill_wire_set() - setsockopt(SOL_RILL, RILL_WIRE)
 * @sk: socket
 * @optval: IPPROTO_RILL, IPPROTO_TCP or IPPROTO_UDP
 * @optlen: its length
 *
 * Context: process.
 * Return: 0, -EINVAL, -EFAULT, -EPROTONOSUPPORT, or -EISCONN: it has a port.
 */
int rill_wire_set(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	int val, wire, err = 0;

	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	wire = rill_wire_of(val);
	if (wire < 0)
		return wire;
	err = rill_wire_load(wire);
	if (err)
		return err;
	lock_sock(sk);
	if (sk->sk_state != TCP_CLOSE || rill_sk(sk)->bucket)
		err = -EISCONN;
	else
		rill_wire_assign(sk, wire);
	release_sock(sk);
	return err;
}

/**
 * rill_wire_get() - getsockopt(SOL_RILL, RILL_WIRE)
 * @sk: socket
 *
 * Return: the number that rill_wire_set() takes.
 */
int rill_wire_get(const struct sock *sk)
{
	switch (READ_ONCE(rill_sk(sk)->wire)) {
	case RILL_WIRE_TCP:
		return IPPROTO_TCP;
	case RILL_WIRE_UDP:
		return IPPROTO_UDP;
	}
	return IPPROTO_RILL;
}
