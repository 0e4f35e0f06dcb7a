// SPDX-License-Identifier: GPL-2.0
/* A sniffer: every segment that an interface of a namespace sends or receives. */
#include "wire.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>

struct sniff *sniff_start(const char *ifname)
{
	struct sniff *s = calloc(1, sizeof(*s));
	struct sockaddr_ll a = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(ifname),
	};

	ASSERT(s);
	s->fd = OK(socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
	sk_set(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20);
	sk_set(s->fd, SOL_PACKET, PACKET_AUXDATA, 1);
	OK(bind(s->fd, (void *)&a, sizeof(a)));
	return s;
}

static struct seg *room(struct sniff *s)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 256;
		s->seg = realloc(s->seg, s->cap * sizeof(*s->seg));
		ASSERT(s->seg);
	}
	return &s->seg[s->n];
}

int sniff_collect(struct sniff *s)
{
	static uint8_t buf[70000];
	struct tpacket_stats st;
	socklen_t len = sizeof(st);

	for (;;) {
		union {
			char c[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
			struct cmsghdr h;
		} ctl;
		struct sockaddr_ll from;
		struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
		struct msghdr m = {
			.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			.msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof(ctl),
		};
		ssize_t n = recvmsg(s->fd, &m, 0);
		struct cmsghdr *c;
		struct seg *g;

		if (n < 0)
			break;
		g = room(s);
		if (!seg_parse(g, buf, n))
			continue;
		c = CMSG_FIRSTHDR(&m);
		if (c) {
			struct tpacket_auxdata *aux = (void *)CMSG_DATA(c);

			g->csum_partial = aux->tp_status & TP_STATUS_CSUMNOTREADY;
		}
		g->outgoing = from.sll_pkttype == PACKET_OUTGOING;
		wire_trace(g, g->outgoing ? '>' : '<');
		s->n++;
	}
	OK(getsockopt(s->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len));
	if (st.tp_drops)
		FAIL("the sniffer lost %u packets", st.tp_drops);
	return s->n;
}
