/* SPDX-License-Identifier: GPL-2.0 */
/* The host's TCP and Rill on the wire that both have: the tcp wire. */
#ifndef TWO_H
#define TWO_H

#include "rt.h"

enum stack { HOST, OURS };

union addr {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Whose address: of both namespaces of net_two(), of loopback, or any. */
enum where { AT_ANY, AT_LO, AT_A, AT_B };

int two_sk(enum stack stack, bool v6);
socklen_t two_addr(union addr *a, bool v6, enum where where, int port);
int two_bind(int fd, bool v6, enum where where, int port);
int two_connect(int fd, bool v6, enum where where, int port);
int two_listen(enum stack stack, bool v6, enum where where, int port);
int two_port(int fd);
struct net2 net_two(int flags, int mtu);	/* with addresses of either family */
/* So many bytes each way at once, then both ends; sums are equal. Closes both. */
void two_exchange(int c, int s, size_t up, size_t down, uint64_t seed);

#endif /* TWO_H */
