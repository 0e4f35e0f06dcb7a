// SPDX-License-Identifier: GPL-2.0
/* Sockets in every state that a program can bring one into. */
#include "see.h"

#include <sys/epoll.h>

#define CLOSED_PORT	1

static int hand_port = 2000;
static struct tun *tun;

/* The raw peer's net is made when the first state wants it. */
static void by_hand(struct world *w)
{
	if (!tun)
		tun = tun_new("tun0", TUN_K, 1500);
	peer_init(&w->raw, tun, hand_port++, 0);
	w->by_hand = true;
}

static void hand_connected(struct world *w)
{
	by_hand(w);
	w->fd = peer_dialled(&w->raw);
}

static void hand_put(struct world *w, uint8_t flags, const char *s)
{
	w->fin |= flags & F_FIN;
	peer_drop(&w->raw);
	peer_put(&w->raw, flags, s, strlen(s));
	settle();
	peer_drop(&w->raw);
}

static void make_new(struct world *w)
{
	w->fd = sk_new();
}

static void make_bound(struct world *w)
{
	make_new(w);
	OK(sk_bind(w->fd, IP_LO, 0));
}

static void make_bound_any(struct world *w)
{
	make_new(w);
	OK(sk_bind(w->fd, INADDR_ANY, 0));
}

static void make_listen(struct world *w)
{
	w->fd = sk_listen(IP_LO, 0, 4);
}

static void make_listen_unbound(struct world *w)
{
	make_new(w);
	OK(listen(w->fd, 4));
}

static void make_listen_one(struct world *w)
{
	make_listen(w);
	w->peer = sk_dial(IP_LO, sk_port(w->fd));
}

static void make_listen_reset(struct world *w)
{
	int c;

	make_listen(w);
	c = sk_dial(IP_LO, sk_port(w->fd));
	sk_linger(c, 1, 0);
	close(c);
}

static void make_listen_left(struct world *w)
{
	int c;

	make_listen(w);
	c = sk_dial(IP_LO, sk_port(w->fd));
	OK(send(c, "left", 4, 0));
	close(c);
}

static void make_listen_stopped(struct world *w)
{
	make_listen(w);
	OK(shutdown(w->fd, SHUT_RD));
}

static void make_syn_sent(struct world *w)
{
	by_hand(w);
	make_new(w);
	sk_nonblock(w->fd, true);
	ASSERT_ERR(sk_connect(w->fd, TUN_P, w->raw.port), EINPROGRESS);
	peer_want(&w->raw, F_SYN);
}

static void make_syn_recv(struct world *w)
{
	make_syn_sent(w);
	w->raw.snd_nxt = w->raw.iss;
	hand_put(w, F_SYN, "");
}

static void make_refused(struct world *w)
{
	make_new(w);
	sk_nonblock(w->fd, true);
	ASSERT_ERR(sk_connect(w->fd, IP_LO, CLOSED_PORT), EINPROGRESS);
}

static void make_refused_told(struct world *w)
{
	make_refused(w);
	settle();
	ASSERT_EQ(sk_error(w->fd), ECONNREFUSED);
}

static void make_refused_blocking(struct world *w)
{
	make_new(w);
	ASSERT_ERR(sk_connect(w->fd, IP_LO, CLOSED_PORT), ECONNREFUSED);
}

static void pair_of(struct world *w, bool dialled)
{
	struct pair q = pair_lo();

	w->fd = dialled ? q.c : q.s;
	w->peer = dialled ? q.s : q.c;
	w->l = q.l;
}

static void make_dialled(struct world *w)
{
	pair_of(w, true);
}

static void make_accepted(struct world *w)
{
	pair_of(w, false);
}

static void make_dialled_nonblock(struct world *w)
{
	w->l = sk_listen(IP_LO, 0, 8);
	make_new(w);
	sk_nonblock(w->fd, true);
	if (sk_connect(w->fd, IP_LO, sk_port(w->l)))
		ASSERT_EQ(errno, EINPROGRESS);
	w->peer = sk_accept(w->l);
}

static void make_unread(struct world *w)
{
	pair_of(w, true);
	OK(send(w->peer, "unread", 6, 0));
}

static void make_urgent(struct world *w)
{
	pair_of(w, true);
	OK(send(w->peer, "abU", 3, MSG_OOB));
	OK(send(w->peer, "cd", 2, 0));
}

static void make_urgent_first(struct world *w)
{
	pair_of(w, false);
	OK(send(w->peer, "U", 1, MSG_OOB));
}

static void make_urgent_read(struct world *w)
{
	char c;

	make_urgent(w);
	settle();
	ASSERT_EQ(recv(w->fd, &c, 1, MSG_OOB), 1);
}

static void make_urgent_inline(struct world *w)
{
	pair_of(w, true);
	sk_set(w->fd, SOL_SOCKET, SO_OOBINLINE, 1);
	OK(send(w->peer, "abU", 3, MSG_OOB));
	OK(send(w->peer, "cd", 2, 0));
}

static void make_lowat(struct world *w)
{
	pair_of(w, true);
	sk_set(w->fd, SOL_SOCKET, SO_RCVLOWAT, 10);
	OK(send(w->peer, "lowat", 5, 0));
}

static void make_full(struct world *w)
{
	static char junk[65536];

	pair_of(w, true);
	sk_nonblock(w->fd, true);
	do {
		while (send(w->fd, junk, sizeof(junk), MSG_DONTWAIT) > 0)
			;
		settle_world(w);
	} while (ev_now(w->fd, POLLOUT) || send(w->fd, junk, 1, MSG_DONTWAIT) > 0);
}

static void make_corked(struct world *w)
{
	pair_of(w, true);
	sk_set(w->fd, SOL_TCP, TCP_CORK, 1);
	OK(send(w->fd, "cork", 4, 0));
}

static void make_shut_wr(struct world *w)
{
	pair_of(w, true);
	OK(shutdown(w->fd, SHUT_WR));
}

static void make_shut_rd(struct world *w)
{
	pair_of(w, true);
	OK(shutdown(w->fd, SHUT_RD));
}

static void make_shut_rd_unread(struct world *w)
{
	make_unread(w);
	settle();
	OK(shutdown(w->fd, SHUT_RD));
}

static void make_shut_both(struct world *w)
{
	pair_of(w, true);
	OK(shutdown(w->fd, SHUT_RDWR));
}

static void make_shut_both_unread(struct world *w)
{
	make_unread(w);
	settle();
	OK(shutdown(w->fd, SHUT_RDWR));
}

static void make_close_wait(struct world *w)
{
	pair_of(w, true);
	OK(shutdown(w->peer, SHUT_WR));
}

static void make_close_wait_unread(struct world *w)
{
	make_unread(w);
	OK(shutdown(w->peer, SHUT_WR));
}

static void make_close_wait_gone(struct world *w)
{
	make_unread(w);
	close(w->peer);
	w->peer = -1;
}

static void make_time_wait(struct world *w)
{
	make_shut_wr(w);
	settle();
	OK(shutdown(w->peer, SHUT_WR));
}

static void make_time_wait_unread(struct world *w)
{
	make_shut_wr(w);
	settle();
	OK(send(w->peer, "unread", 6, 0));
	OK(shutdown(w->peer, SHUT_WR));
}

static void make_passive_end(struct world *w)
{
	make_close_wait(w);
	settle();
	OK(shutdown(w->fd, SHUT_WR));
}

static void make_passive_end_unread(struct world *w)
{
	make_close_wait_unread(w);
	settle();
	OK(shutdown(w->fd, SHUT_WR));
}

static void make_reset(struct world *w)
{
	pair_of(w, true);
	sk_linger(w->peer, 1, 0);
	close(w->peer);
	w->peer = -1;
}

static void make_reset_told(struct world *w)
{
	make_reset(w);
	settle();
	ASSERT_EQ(sk_error(w->fd), ECONNRESET);
}

static void make_reset_unread(struct world *w)
{
	make_unread(w);
	settle();
	sk_linger(w->peer, 1, 0);
	close(w->peer);
	w->peer = -1;
}

static void make_reset_close_wait(struct world *w)
{
	make_close_wait(w);
	settle();
	sk_linger(w->peer, 1, 0);
	close(w->peer);
	w->peer = -1;
}

/* Reset by what it sent itself. */
static void make_reset_by_data(struct world *w)
{
	make_close_wait(w);
	settle();
	close(w->peer);
	w->peer = -1;
	OK(send(w->fd, "x", 1, 0));
}

static void make_reset_shut_wr(struct world *w)
{
	make_shut_wr(w);
	settle();
	sk_linger(w->peer, 1, 0);
	close(w->peer);
	w->peer = -1;
}

static void make_reset_shut_rd(struct world *w)
{
	make_shut_rd(w);
	settle();
	sk_linger(w->peer, 1, 0);
	close(w->peer);
	w->peer = -1;
}

static void unconnect(int fd)
{
	struct sockaddr a = { .sa_family = AF_UNSPEC };

	OK(connect(fd, &a, sizeof(a)));
}

static void make_disconnected(struct world *w)
{
	pair_of(w, true);
	unconnect(w->fd);
}

static void make_disconnected_accepted(struct world *w)
{
	pair_of(w, false);
	OK(send(w->peer, "unread", 6, 0));
	settle();
	unconnect(w->fd);
}

static void make_self(struct world *w)
{
	make_bound(w);
	OK(sk_connect(w->fd, IP_LO, sk_port(w->fd)));
}

static void make_hand(struct world *w)
{
	hand_connected(w);
}

static void make_hand_unacked(struct world *w)
{
	hand_connected(w);
	OK(send(w->fd, "unacked", 7, 0));
	peer_drop(&w->raw);
}

static void make_hand_fin_wait_1(struct world *w)
{
	hand_connected(w);
	OK(shutdown(w->fd, SHUT_WR));
	peer_drop(&w->raw);
}

static void make_hand_fin_wait_1_unread(struct world *w)
{
	hand_connected(w);
	hand_put(w, F_ACK, "unread");
	OK(shutdown(w->fd, SHUT_WR));
	peer_drop(&w->raw);
}

static void make_hand_closing(struct world *w)
{
	hand_connected(w);
	OK(shutdown(w->fd, SHUT_WR));
	w->fin = true;	/* and it crosses ours */
	peer_raw(&w->raw, F_FIN | F_ACK, w->raw.snd_nxt++, w->raw.rcv_nxt, NULL, 0);
	settle();
	peer_drop(&w->raw);
}

static void make_hand_last_ack(struct world *w)
{
	hand_connected(w);
	hand_put(w, F_FIN | F_ACK, "");
	OK(shutdown(w->fd, SHUT_WR));
	peer_drop(&w->raw);
}

static void make_hand_last_ack_unread(struct world *w)
{
	hand_connected(w);
	hand_put(w, F_FIN | F_ACK, "unread");
	OK(shutdown(w->fd, SHUT_WR));
	peer_drop(&w->raw);
}

static void make_hand_early(struct world *w)
{
	hand_connected(w);
	w->fin = true;
	peer_raw(&w->raw, F_ACK | F_FIN, w->raw.snd_nxt + 1, w->raw.rcv_nxt, "arly", 4);
	settle();
	peer_drop(&w->raw);
}

static void make_hand_announced(struct world *w)
{
	hand_connected(w);
	w->raw.urg = 20;	/* 14 bytes beyond what comes with it */
	hand_put(w, F_ACK | F_URG, "urgent");
}

static void make_hand_shut_window(struct world *w)
{
	hand_connected(w);
	w->raw.win = 0;
	hand_put(w, F_ACK, "");
	OK(send(w->fd, "held back", 9, 0));
	peer_drop(&w->raw);
}

const struct state see_states[] = {
	{ "new", make_new },
	{ "bound", make_bound },
	{ "bound_any", make_bound_any },
	{ "listen", make_listen },
	{ "listen_unbound", make_listen_unbound },
	{ "listen_one", make_listen_one },
	{ "listen_reset", make_listen_reset },
	{ "listen_left", make_listen_left },
	{ "listen_stopped", make_listen_stopped },
	{ "syn_sent", make_syn_sent },
	{ "syn_recv", make_syn_recv },
	{ "refused", make_refused },
	{ "refused_told", make_refused_told },
	{ "refused_blocking", make_refused_blocking },
	{ "dialled", make_dialled },
	{ "accepted", make_accepted },
	{ "dialled_nonblock", make_dialled_nonblock },
	{ "unread", make_unread },
	{ "urgent", make_urgent },
	{ "urgent_first", make_urgent_first },
	{ "urgent_read", make_urgent_read },
	{ "urgent_inline", make_urgent_inline },
	{ "lowat", make_lowat },
	{ "full", make_full },
	{ "corked", make_corked },
	{ "shut_wr", make_shut_wr },
	{ "shut_rd", make_shut_rd },
	{ "shut_rd_unread", make_shut_rd_unread },
	{ "shut_both", make_shut_both },
	{ "shut_both_unread", make_shut_both_unread },
	{ "close_wait", make_close_wait },
	{ "close_wait_unread", make_close_wait_unread },
	{ "close_wait_gone", make_close_wait_gone },
	{ "time_wait", make_time_wait },
	{ "time_wait_unread", make_time_wait_unread },
	{ "passive_end", make_passive_end },
	{ "passive_end_unread", make_passive_end_unread },
	{ "reset", make_reset },
	{ "reset_told", make_reset_told },
	{ "reset_unread", make_reset_unread },
	{ "reset_close_wait", make_reset_close_wait },
	{ "reset_by_data", make_reset_by_data },
	{ "reset_shut_wr", make_reset_shut_wr },
	{ "reset_shut_rd", make_reset_shut_rd },
	{ "disconnected", make_disconnected },
	{ "disconnected_accepted", make_disconnected_accepted },
	{ "self", make_self },
	{ "hand", make_hand },
	{ "hand_unacked", make_hand_unacked },
	{ "hand_fin_wait_1", make_hand_fin_wait_1 },
	{ "hand_fin_wait_1_unread", make_hand_fin_wait_1_unread },
	{ "hand_closing", make_hand_closing },
	{ "hand_last_ack", make_hand_last_ack },
	{ "hand_last_ack_unread", make_hand_last_ack_unread },
	{ "hand_early", make_hand_early },
	{ "hand_announced", make_hand_announced },
	{ "hand_shut_window", make_hand_shut_window },
};

const int see_n_states = ARRAY_SIZE(see_states);

const struct state *see_state(const char *name)
{
	int i;

	for (i = 0; i < see_n_states; i++)
		if (!strcmp(see_states[i].name, name))
			return &see_states[i];
	FAIL("no state '%s'", name);
}

void see_make(struct world *w, const struct state *s)
{
	struct epoll_event e = { .events = SEE_ALL | EPOLLET };
	char sig[64];

	*w = (struct world){ .fd = -1, .peer = -1, .l = -1, .et = -1 };
	s->make(w);
	settle_world(w);
	if (w->by_hand)
		peer_drop(&w->raw);
	OK(fcntl(w->fd, F_SETOWN, getpid()));
	w->et = OK(epoll_create1(0));
	OK(epoll_ctl(w->et, EPOLL_CTL_ADD, w->fd, &e));
	epoll_wait(w->et, &e, 1, 0);
	take_signals(sig);
}

static void end_one(int fd)
{
	struct linger l = { .l_onoff = 1 };

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(fd);
}

/* Leaves nothing behind that would hold ports or send again. */
void see_end(struct world *w)
{
	end_one(w->fd);
	end_one(w->peer);
	end_one(w->l);
	close(w->et);
	settle();
	if (w->by_hand) {
		peer_put(&w->raw, F_RST | F_ACK, NULL, 0);
		peer_drop(&w->raw);
	}
}
