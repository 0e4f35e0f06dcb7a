/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Rill, a TCP-like stream transport: what a program may include.
 *
 * Addresses are struct sockaddr_in, options of level SOL_TCP and struct
 * tcp_info are those of tcp(7); this file only adds the names that a program
 * needs to ask for a Rill socket.
 */
#ifndef _UAPI_LINUX_RILL_H
#define _UAPI_LINUX_RILL_H

/*
 * The family door: socket(AF_RILL, SOCK_STREAM, wire). 18 is the default of
 * the module parameter "family"; /sys/module/rill/parameters/family tells
 * what a running system uses.
 */
#ifndef AF_RILL
#define AF_RILL		18
#define PF_RILL		AF_RILL
#endif

/* Or-ed into the wire of the family door: IPv6. */
#define RILL_V6		0x100

/* The inet door: socket(AF_INET, SOCK_STREAM, IPPROTO_RILL), RFC 3692. */
#define IPPROTO_RILL	253

/* The same for the other wires; what IP has in the packet is 6 and 17. */
#define IPPROTO_RILL_TCP 257
#define IPPROTO_RILL_UDP 258

/* Level of Rill's own socket options. */
#define SOL_RILL	253

/*
 * What carries the segments: IPPROTO_RILL, IPPROTO_TCP or IPPROTO_UDP, as in
 * the family door's third argument. Until the socket has a port.
 */
#define RILL_WIRE	1

#endif /* _UAPI_LINUX_RILL_H */
