/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A NAT between two namespaces: two TUN devices and a thread. It is one for the
 * ports of UDP alone, as addresses make no difference to the udp wire.
 */
#ifndef NAT_H
#define NAT_H

#include "wire.h"

#define NAT_MTU		1500
#define NAT_DATAGRAM	2048
#define NAT_ROUTER4	IP(10, 0, 0, 77)
#define NAT_ROUTER6	"fd00::77"

/* dir 0 is a to b; a is inside. Counters and ports change under the reader's feet. */
struct nat {
	int a, b;		/* namespaces: IP_A and A6, IP_B and B6 */
	struct tun *t[2];
	volatile int inside;	/* the port that a's datagrams come from, */
	volatile int port;	/* and the one that b sees them come from */
	volatile int every[2];	/* of so many in that direction one finds another; 0: none */
	volatile int mtu;	/* what is larger, from a, draws "too big"; 0: all pass */
	volatile int quote;	/* bytes of it that are quoted */
	volatile bool lose_big;	/* and nothing is said of it */
	volatile long passed[2];
	volatile long gone;	/* went to a port that it does not have any more */
	volatile long too_big;
	volatile long rebound;
	volatile int longest;	/* packet of a that passed, bytes of IP */
	pthread_mutex_t lock;	/* of the last datagram in each direction, as b sees it */
	uint8_t last[2][NAT_DATAGRAM];
	int last_len[2];
};

struct nat *nat_new(void);
void nat_rebind(struct nat *n);
int nat_last(struct nat *n, int dir, uint8_t *ip);	/* the length */
/* Where UDP's header is in a packet of IP; 0: it has none. */
int udp_offset(const uint8_t *ip, int len);
void udp_fix(uint8_t *ip, int len);	/* make lengths and checksums right, but the inner one */
void inner_fix(uint8_t *ip, int len);	/* and that one, first */

#endif /* NAT_H */
