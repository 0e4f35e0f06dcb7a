// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_INFO: the same happens to a connection of the door and to one of the
 * kernel's TCP, and both tell the same of it.
 */
#include "carry.h"

#include <linux/sockios.h>

/* struct tcp_info as far as any kernel that we know of has it. */
struct info {
	uint8_t state, ca_state, retransmits, probes, backoff, options, wscales, limited;
	uint32_t rto, ato, snd_mss, rcv_mss;
	uint32_t unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
	uint32_t rcv_rtt, rcv_space, total_retrans;
	uint64_t pacing_rate, max_pacing_rate, bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent_bytes, min_rtt, data_segs_in, data_segs_out;
	uint64_t delivery_rate, busy_time, rwnd_limited, sndbuf_limited;
	uint32_t delivered, delivered_ce;
	uint64_t bytes_sent, bytes_retrans;
	uint32_t dsack_dups, reord_seen, rcv_ooopack, snd_wnd;
	uint32_t rcv_wnd, rehash;		/* 6.2 */
	uint16_t total_rto, total_rto_recoveries;	/* 6.7 */
	uint32_t total_rto_time;
};

static socklen_t known;		/* bytes that this kernel fills */

static struct info info_of(int fd)
{
	struct info i = { 0 };

	known = sizeof(i);
	OK(getsockopt(fd, SOL_TCP, TCP_INFO, &i, &known));
	return i;
}

/* A slow guest may hold a segment up until it is sent again: once more, then. */
static void quietly(void (*scenario)(struct info *out), struct info *out)
{
	int tries = 5;

	do {
		memset(out, 0, sizeof(*out));
		scenario(out);
	} while ((out->total_retrans || out->total_rto) && --tries);
}

/* Runs a scenario over the door and over TCP, in namespaces of its own each. */
static void both(void (*scenario)(struct info *out), struct info *door, struct info *tcp)
{
	const enum rt_proto before = rt.proto;

	quietly(scenario, door);
	rt.proto = PROTO_TCP;
	quietly(scenario, tcp);
	rt.proto = before;
}

#define SAME(field) \
	do { \
		long long a_ = (long long)(door.field), b_ = (long long)(tcp.field); \
		if (a_ != b_) \
			FAIL("%s: %lld, TCP: %lld", #field, a_, b_); \
	} while (0)
/* Within a share of the larger one, in percent, and an absolute bound. */
#define NEAR(field, percent, bound) \
	do { \
		long long a_ = (long long)(door.field), b_ = (long long)(tcp.field); \
		long long d_ = llabs(a_ - b_); \
		if (d_ > (bound) && d_ > (a_ > b_ ? a_ : b_) * (percent) / 100) \
			FAIL("%s: %lld, TCP: %lld", #field, a_, b_); \
	} while (0)

static void blank(struct info *out)
{
	ns_new();
	*out = info_of(sk_new());
}

static void in_fresh(void)
{
	struct info door, tcp;

	both(blank, &door, &tcp);
	SAME(state);
	SAME(rto);
	SAME(snd_mss);
	SAME(snd_cwnd);
	SAME(snd_ssthresh);
	SAME(reordering);
	SAME(max_pacing_rate);
	SAME(pacing_rate);
	SAME(segs_out);
	SAME(delivered);
	SAME(unacked);
	SAME(options);
	SAME(advmss);
	SAME(pmtu);
	SAME(rtt);
}

static void listening(struct info *out)
{
	int l, i;

	ns_new();
	l = sk_listen(IP_LO, 0, 7);
	for (i = 0; i < 3; i++)
		sk_dial(IP_LO, sk_port(l));
	UNTIL(info_of(l).unacked == 3);
	*out = info_of(l);
}

static void in_listen(void)
{
	struct info door, tcp;

	both(listening, &door, &tcp);
	SAME(state);
	SAME(unacked);
	SAME(sacked);
	SAME(snd_cwnd);
	SAME(reordering);
	SAME(max_pacing_rate);
	SAME(pacing_rate);
}

static void connected(struct info *out)
{
	struct net2 n = net2_new(0, 1500);
	struct pair p = pair_net2(&n);

	*out = info_of(p.c);
}

static void in_established(void)
{
	struct info door, tcp;

	both(connected, &door, &tcp);
	SAME(state);
	SAME(ca_state);
	SAME(options);
	SAME(wscales);
	SAME(snd_mss);
	SAME(advmss);
	/* net2_new() makes room for headers of UDP below it, so that snd_mss is the same */
	door.pmtu -= carry_wire_head();
	SAME(pmtu);
	SAME(unacked);
	SAME(snd_cwnd);
	SAME(snd_ssthresh);
	SAME(reordering);
	SAME(segs_out);
	SAME(segs_in);
	SAME(data_segs_out);
	SAME(bytes_acked);
	SAME(bytes_received);
	SAME(delivered);
	SAME(delivery_rate);
	SAME(limited);
	SAME(busy_time);
	SAME(snd_wnd);
}

/* 300 KB one way, taken at once; then a rest. */
static void transfer(struct info *out)
{
	static char buf[300000];
	struct net2 n = net2_new(NET_SINGLE, 1500);
	struct pair p = pair_net2(&n);
	long done = 0;
	int w = 0;

	while (done < (long)sizeof(buf)) {
		ssize_t r;

		if (w < (int)sizeof(buf)) {
			r = send(p.c, buf + w, sizeof(buf) - w, MSG_DONTWAIT);
			if (r > 0)
				w += r;
		}
		r = recv(p.s, buf, sizeof(buf), MSG_DONTWAIT);
		if (r > 0)
			done += r;
	}
	UNTIL(!sk_outq(p.c));
	*out = info_of(p.c);
}

static void after_transfer(void)
{
	struct info door, tcp;

	both(transfer, &door, &tcp);
	SAME(bytes_acked);
	SAME(bytes_sent);
	SAME(bytes_retrans);
	SAME(notsent_bytes);
	SAME(unacked);
	SAME(retrans);
	SAME(lost);
	SAME(total_retrans);
	/* programs write while ACKs come: runts may differ by a few */
	NEAR(data_segs_out, 3, 3);
	NEAR(delivered, 3, 3);
	ASSERT_GT(door.delivery_rate, 0);
	ASSERT_GT(tcp.delivery_rate, 0);
	ASSERT_GT(door.min_rtt, 0);
	ASSERT_GE(door.delivered, 300000 / 1448);
	SAME(snd_mss);
	SAME(delivered_ce);
	SAME(total_rto);
}

/* The peer's window is shut for a second; what is sent waits for it. */
static void shut_out(struct info *out)
{
	static char buf[30000];
	struct peer p;
	double t0;
	int fd;

	peer_init(&p, peer_net(), 4000, 8080);
	p.win = 10000;
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, 8080, 4));
	send_all(fd, buf, sizeof(buf));
	t0 = now();
	while (peer_get(&p, 50))
		;
	p.win = 0;
	peer_ack(&p);
	UNTIL(now() - t0 > 1);
	*out = info_of(fd);
}

static void window_limited(void)
{
	struct info door, tcp;

	both(shut_out, &door, &tcp);
	SAME(state);
	NEAR(notsent_bytes, 0, 1460);
	NEAR(unacked, 0, 1);
	NEAR(busy_time, 20, patience(100) * 1000);
	NEAR(rwnd_limited, 20, patience(100) * 1000);
	ASSERT_GE(door.rwnd_limited, 700000);
	SAME(sndbuf_limited);
	SAME(snd_wnd);
}

/* A program that has more than the buffer holds, towards a peer that is slow to ACK. */
static void no_room(struct info *out)
{
	static char buf[100000];
	struct peer p;
	double t0;
	int fd;

	peer_init(&p, peer_net(), 4000, 8080);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, 8080, 4));
	sk_set(fd, SOL_SOCKET, SO_SNDBUF, 4000);
	sk_nonblock(fd, true);
	while (send(fd, buf, 500, MSG_NOSIGNAL) > 0)
		;
	t0 = now();
	UNTIL(now() - t0 > 0.15);
	*out = info_of(fd);
}

static void buffer_limited(void)
{
	struct info door, tcp;

	both(no_room, &door, &tcp);
	ASSERT_GE(door.busy_time, 140000);
	ASSERT_GE(tcp.busy_time, 140000);
	SAME(rwnd_limited);
}

/* Timeouts, and what mends them. */
static void timeouts(struct info *out)
{
	struct peer p;
	int fd, i;

	peer_init(&p, peer_net(), 4000, 8080);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, 8080, 4));
	send_str(fd, "x");
	for (i = 0; i < 3; i++)
		peer_want(&p, F_ACK);
	UNTIL(info_of(fd).retransmits == 2);
	out[0] = info_of(fd);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	out[1] = info_of(fd);
}

static void after_timeouts(void)
{
	struct info d[2], t[2], door, tcp;
	const enum rt_proto before = rt.proto;

	timeouts(d);
	rt.proto = PROTO_TCP;
	timeouts(t);
	rt.proto = before;
	door = d[0];
	tcp = t[0];
	SAME(ca_state);
	SAME(retransmits);
	SAME(backoff);
	SAME(unacked);
	SAME(lost);
	SAME(retrans);
	SAME(total_retrans);
	SAME(bytes_retrans);
	SAME(bytes_sent);
	SAME(total_rto);
	SAME(total_rto_recoveries);
	door = d[1];
	tcp = t[1];
	SAME(unacked);
	SAME(delivered);
	SAME(data_segs_out);
	SAME(total_rto);
	SAME(total_rto_recoveries);
	NEAR(total_rto_time, 30, patience(100));
}

/* Segments that come out of order, and twice. */
static void disorder(struct info *out)
{
	struct peer p;
	int fd;

	peer_init(&p, peer_net(), 4000, 8080);
	fd = peer_accepted(&p, sk_listen(INADDR_ANY, 8080, 4));
	p.snd_nxt += 3;
	peer_str(&p, "def");
	peer_str(&p, "ghi");
	p.snd_nxt -= 9;
	peer_str(&p, "abc");
	recv_str(fd, "abcdefghi");
	*out = info_of(fd);
}

static void out_of_order(void)
{
	struct info door, tcp;

	both(disorder, &door, &tcp);
	SAME(rcv_ooopack);
	ASSERT_EQ(door.rcv_ooopack, 2);
	SAME(bytes_received);
	SAME(data_segs_in);
	SAME(segs_in);
}

static const struct rt_test tests[] = {
	{ "in_fresh", "TO-11", in_fresh, 0, 0 },
	{ "in_listen", "LS-6 TO-11", in_listen, 0, 0 },
	{ "in_established", "TO-11", in_established, 0, 0 },
	{ "after_transfer", "TO-11", after_transfer, 0, 0 },
	{ "window_limited", "TO-11", window_limited, T_FULL, 0 },
	{ "buffer_limited", "TO-11", buffer_limited, 0, 0 },
	{ "after_timeouts", "TO-11", after_timeouts, T_FULL, 0 },
	{ "out_of_order", "TO-11", out_of_order, 0, 0 },
};

RT_MAIN(tests)
