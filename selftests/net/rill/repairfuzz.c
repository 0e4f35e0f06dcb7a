// SPDX-License-Identifier: GPL-2.0
/* TCP_REPAIR in the hands of somebody who means no good, or does not know. */
#include "wire.h"

#include <linux/sockios.h>
#include <time.h>

#define PORT	8080
/*
 * Each round has a peer's port of its own: what a round leaves may be an orphan
 * that waits for an acknowledgment, and keeps its addresses, as it should.
 */
#define PEER(round)	(4000 + (round))

enum { REP_OFF_NO_WP = -1, REP_OFF, REP_ON };
enum { Q_NONE, Q_RECV, Q_SEND };

#define REP_MSS		2	/* the kinds of the options on the wire */
#define REP_WSCALE	3
#define REP_SACK	4
#define REP_TS		8

static struct peer p;

static int repair_set(int fd, int opt, int val)
{
	return setsockopt(fd, SOL_TCP, opt, &val, sizeof(val));
}

static uint64_t fz;

static uint32_t below(uint32_t n)
{
	return rnd(&fz) % n;
}

/* A number that may matter. */
static uint32_t some(void)
{
	static const uint32_t edge[] = {
		0, 1, 2, 14, 15, 535, 536, 1460, 65535, 65536, 0x3fffc000, 0x7fffffff, 0x80000000,
		0x80000001, 0xfffffffe, 0xffffffff,
	};

	return below(3) ? edge[below(ARRAY_SIZE(edge))] : rnd(&fz);
}

static void fuzz_window(int fd)
{
	struct tcp_repair_window w = {};
	socklen_t len = sizeof(w);

	getsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, &len);
	if (below(2))
		w.snd_wnd = some();
	if (below(2))
		w.max_window = some();
	if (below(3) == 0)
		w.snd_wl1 = some();
	if (below(3) == 0)
		w.rcv_wnd = some();
	if (below(3) == 0)
		w.rcv_wup -= some();
	setsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, sizeof(w));
}

static void fuzz_segment(int fd)
{
	static const uint8_t flags[] = {
		F_ACK, F_ACK, F_ACK, F_ACK | F_PSH, F_ACK | F_FIN, F_SYN, F_SYN | F_ACK, F_RST,
		F_ACK | F_URG,
	};
	struct tcp_repair_window w = {};
	socklen_t len = sizeof(w);
	static char data[1400];
	uint32_t seq = some(), ack = some();

	/* mostly near to what it waits for */
	if (!getsockopt(fd, SOL_TCP, TCP_REPAIR_WINDOW, &w, &len) && below(4))
		seq = w.rcv_wup + below(3000);
	if (below(4)) {
		len = sizeof(ack);
		if (getsockopt(fd, SOL_TCP, TCP_QUEUE_SEQ, &ack, &len))
			ack = 0;
		ack -= below(3) ? below(5000) : 0;
	}
	p.win = below(2) ? 65535 : below(65536);
	p.use_ts = below(2);
	p.tsval = some();
	p.tsrecent = some();
	peer_raw(&p, flags[below(ARRAY_SIZE(flags))], seq, ack, data, below(3) ? 0 : below(1400));
}

static void fuzz_step(int *fd)
{
	static char buf[70000];
	struct sockaddr_in sa = sin_of(TUN_P, p.port);
	struct tcp_repair_opt o[3];
	int i;

	switch (below(22)) {
	case 0:
		repair_set(*fd, TCP_REPAIR, below(5) ? REP_ON : (int)below(4) - 2);
		break;
	case 1:
	case 2:
		repair_set(*fd, TCP_REPAIR_QUEUE, below(8) ? below(3) : some());
		break;
	case 3:
	case 4:
		repair_set(*fd, TCP_QUEUE_SEQ, some());
		break;
	case 5:
	case 6:
		for (i = 0; i < 3; i++) {
			static const uint32_t code[] = { REP_MSS, REP_WSCALE, REP_SACK, REP_TS };

			o[i].opt_code = below(16) ? code[below(4)] : some();
			o[i].opt_val = o[i].opt_code == REP_WSCALE ? below(15) | below(15) << 16 :
				       o[i].opt_code == REP_MSS ? some() : !below(8);
		}
		setsockopt(*fd, SOL_TCP, TCP_REPAIR_OPTIONS, o, below(sizeof(o) + 1));
		break;
	case 7:
	case 8:
		fuzz_window(*fd);
		break;
	case 9:
		repair_set(*fd, TCP_TIMESTAMP, some());
		break;
	case 10:
	case 11:
		send(*fd, buf, below(2) ? below(3000) : below(sizeof(buf)),
		     MSG_DONTWAIT | MSG_NOSIGNAL | (below(8) ? 0 : MSG_OOB) |
		     (below(8) ? 0 : MSG_MORE));
		break;
	case 12:
		recv(*fd, buf, below(sizeof(buf)), MSG_DONTWAIT | (below(2) ? MSG_PEEK : 0) |
		     (below(8) ? 0 : MSG_OOB));
		break;
	case 13:
		sk_bind(*fd, TUN_K, PORT);
		break;
	case 14:
	case 15:
		connect(*fd, (struct sockaddr *)&sa, sizeof(sa));
		break;
	case 16:
		if (below(3) == 0)
			shutdown(*fd, below(3));
		break;
	case 17:
	case 18:
	case 19:
		fuzz_segment(*fd);
		break;
	case 20:
		switch (below(8)) {
		case 0:
			sa.sin_family = AF_UNSPEC;
			connect(*fd, (struct sockaddr *)&sa, sizeof(sa));
			break;
		case 1:
			sk_linger(*fd, 1, 0);
			break;
		case 2:
			listen(*fd, 2);
			break;
		case 3:
			close(*fd);
			*fd = sk_new();
			sk_nonblock(*fd, true);
			repair_set(*fd, TCP_REPAIR, REP_ON);
			break;
		}
		break;
	case 21:
		sk_set(*fd, SOL_SOCKET, SO_KEEPALIVE, below(2));
		ioctl(*fd, SIOCOUTQ, &i);
		break;
	}
}

/* Whatever came: what options there are on it is not the peer's to judge. */
static void forget(void)
{
	tun_fill(p.tun, 0);
	while (p.tun->n)
		free(p.tun->q[--p.tun->n].data);
}

/* Nobody's numbers are too strange, and what is left is a stack that works. */
static void fuzz(int rounds)
{
	unsigned int seed = rt.seed ?: (unsigned int)time(NULL) ^ getpid() << 12;
	int i, fd, connected = 0;
	char buf[8];

	if (rt.count)
		rounds = rt.count;
	t_note("seed %u", seed);
	fz = seed;
	p.tun = peer_net();
	for (i = 0; i < rounds; i++) {
		int j, steps = 20 + below(60);

		peer_init(&p, p.tun, PEER(i), PORT);
		p.any_csum = true;
		fd = sk_new();
		sk_nonblock(fd, true);
		repair_set(fd, TCP_REPAIR, REP_ON);
		/* one of two is a connection from the start */
		if (below(2)) {
			repair_set(fd, TCP_REPAIR_QUEUE, Q_SEND);
			repair_set(fd, TCP_QUEUE_SEQ, some());
			repair_set(fd, TCP_REPAIR_QUEUE, Q_RECV);
			repair_set(fd, TCP_QUEUE_SEQ, some());
			sk_bind(fd, TUN_K, PORT);
			connected += !sk_connect(fd, TUN_P, PEER(i));
		}
		for (j = 0; j < steps; j++)
			fuzz_step(&fd);
		sk_linger(fd, 1, 0);
		close(fd);
		forget();
	}
	t_note("%d of %d connected", connected, rounds);
	ASSERT_GT(connected, 0);
	/* what is left is a connection as any other */
	fd = sk_new();
	OK(repair_set(fd, TCP_REPAIR, REP_ON));
	OK(sk_bind(fd, TUN_K, PORT));
	OK(sk_connect(fd, TUN_P, PEER(rounds)));
	OK(repair_set(fd, TCP_REPAIR, REP_OFF_NO_WP));
	peer_init(&p, p.tun, PEER(rounds), PORT);
	p.snd_nxt = 0;
	peer_str(&p, "works");
	recv_str(fd, "works");
	send_str(fd, "still");
	peer_want(&p, F_ACK);	/* of "works" */
	peer_read(&p, buf, 5);
}

static void fuzz_short(void)
{
	fuzz(300);
}

static void fuzz_long(void)
{
	fuzz(5000);
}

static const struct rt_test tests[] = {
	{ "repair_fuzz_short", "TO-15 C87", fuzz_short, T_FULL, 240 },
	{ "repair_fuzz_long", "TO-15 C87", fuzz_long, T_STRESS, 900 },
};

RT_MAIN(tests)
