// SPDX-License-Identifier: GPL-2.0
/* Closing: the states passed, half-close, reset, linger, and who learns of what. */
#include "wire.h"

#include <pthread.h>

#define PORT	8080

static struct peer peer;

/* An accepted connection with a peer played by hand at port 4000. */
static int with_peer(void)
{
	struct tun *t = peer_net();

	peer_init(&peer, t, 4000, PORT);
	return peer_accepted(&peer, sk_listen(INADDR_ANY, PORT, 4));
}

static void four_way_active(void)
{
	int fd = with_peer();
	long tw = counter("TimeWaited");
	struct seg *s;

	OK(shutdown(fd, SHUT_WR));
	s = peer_want(&peer, F_FIN | F_ACK);
	ASSERT_EQ(s->seq, peer.irs + 1);
	ASSERT_STATE(PORT, 4000, "FIN_WAIT_1");
	ASSERT_EQ(sk_state(fd), TCP_FIN_WAIT1);
	peer_ack(&peer);
	UNTIL_STATE(PORT, 4000, "FIN_WAIT_2");
	ASSERT_EQ(sk_state(fd), TCP_FIN_WAIT2);
	/* Data still comes in and is acknowledged in both FIN_WAIT states. */
	peer_str(&peer, "late");
	recv_str(fd, "late");
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, peer.snd_nxt);
	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, peer.snd_nxt);
	UNTIL_STATE(PORT, 4000, "TIME_WAIT");
	ASSERT_EQ(counter("TimeWaited") - tw, 1);
	recv_eof(fd);
	close(fd);
	ASSERT_STATE(PORT, 4000, "TIME_WAIT");
	peer_none(&peer, 30);
}

static void four_way_passive(void)
{
	int fd = with_peer();
	struct seg *s;

	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, peer.snd_nxt);
	UNTIL_STATE(PORT, 4000, "CLOSE_WAIT");
	ASSERT_EQ(sk_state(fd), TCP_CLOSE_WAIT);
	recv_eof(fd);
	close(fd);
	s = peer_want(&peer, F_FIN | F_ACK);
	ASSERT_EQ(s->seq, peer.irs + 1);
	ASSERT_STATE(PORT, 4000, "LAST_ACK");
	peer_ack(&peer);
	UNTIL_STATE(PORT, 4000, "");
}

static void simultaneous_close(void)
{
	int fd = with_peer();
	struct seg *s;

	OK(shutdown(fd, SHUT_WR));
	peer_want(&peer, F_FIN | F_ACK);
	/* Our FIN acknowledges nothing of theirs. */
	peer_raw(&peer, F_FIN | F_ACK, peer.snd_nxt, peer.irs + 1, NULL, 0);
	peer.snd_nxt++;
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, peer.snd_nxt);
	UNTIL_STATE(PORT, 4000, "CLOSING");
	ASSERT_EQ(sk_state(fd), TCP_CLOSING);
	peer_ack(&peer);
	UNTIL_STATE(PORT, 4000, "TIME_WAIT");
	recv_eof(fd);
	close(fd);
}

/* FIN that acknowledges our FIN: from FIN_WAIT_1 to TIME_WAIT at once. */
static void fin_acks_fin(void)
{
	int fd = with_peer();

	close(fd);
	peer_want(&peer, F_FIN | F_ACK);
	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	peer_want(&peer, F_ACK);
	UNTIL_STATE(PORT, 4000, "TIME_WAIT");
}

/* Between two stacks: every state that both pass is in the table. */
static void four_way_two_stacks(void)
{
	struct net2 n = net2_new(0, 1500);
	struct pair p = pair_net2(&n);
	int cport = sk_port(p.c), sport = sk_port(p.s);

	close(p.l);
	OK(shutdown(p.c, SHUT_WR));
	UNTIL_STATE(cport, sport, "FIN_WAIT_2");
	ns_enter(n.b);
	UNTIL_STATE(sport, cport, "CLOSE_WAIT");
	recv_eof(p.s);
	close(p.s);
	UNTIL_STATE(sport, cport, "");
	ns_enter(n.a);
	UNTIL_STATE(cport, sport, "TIME_WAIT");
	recv_eof(p.c);
	close(p.c);
	ASSERT_STATE(cport, sport, "TIME_WAIT");
}

static void orphan_data(void)
{
	int fd = with_peer();

	/* Data queued at close goes before the FIN. */
	send_str(fd, "last words");
	close(fd);
	{
		char got[10];
		struct seg *s = peer_need(&peer);

		ASSERT_EQ(s->len, 10);
		memcpy(got, s->data, 10);
		ASSERT(!memcmp(got, "last words", 10));
		if (!(s->flags & F_FIN))
			s = peer_want(&peer, F_FIN | F_ACK);
	}
	peer_ack(&peer);
	UNTIL_STATE(PORT, 4000, "FIN_WAIT_2");
	/* Data for a socket that nobody holds: RST, and all is gone. */
	peer_str(&peer, "for nobody");
	peer_want(&peer, F_RST);
	UNTIL_STATE(PORT, 4000, "");
}

static void fin_wait_2_owner(void)
{
	int fd;

	ns_new();
	peer_init(&peer, tun_new("tun0", TUN_K, 1500), 4000, PORT);
	sysctl_set("fin_timeout", "1");
	fd = peer_accepted(&peer, sk_listen(INADDR_ANY, PORT, 4));
	OK(shutdown(fd, SHUT_WR));
	peer_want(&peer, F_FIN | F_ACK);
	peer_ack(&peer);
	UNTIL_STATE(PORT, 4000, "FIN_WAIT_2");
	/* With an owner it waits, longer than the time of an orphan. */
	ASSERT_EQ(ev_wait(fd, POLLIN, 3000), 0);
	ASSERT_STATE(PORT, 4000, "FIN_WAIT_2");
	peer_str(&peer, "x");
	recv_str(fd, "x");
}

static void fin_timeout_of(int secs, int linger2)
{
	double t0;
	int fd;

	fd = peer_accepted(&peer, sk_listen(INADDR_ANY, PORT, 4));
	if (linger2)
		sk_set(fd, SOL_TCP, TCP_LINGER2, linger2);
	close(fd);
	peer_want(&peer, F_FIN | F_ACK);
	t0 = now();
	peer_ack(&peer);
	UNTIL_STATE(PORT, 4000, "FIN_WAIT_2");
	UNTIL_MS(!*table_state(PORT, 4000), 200000);
	ASSERT_TIME("FIN_WAIT_2 of an orphan", now() - t0, secs);
	/* What comes now meets no connection. */
	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	peer_want(&peer, F_RST);
}

static void fin_timeout_small(void)
{
	peer_init(&peer, peer_net(), 4000, PORT);
	sysctl_set("fin_timeout", "2");
	fin_timeout_of(2, 0);
}

static void fin_timeout_linger2(void)
{
	peer_init(&peer, peer_net(), 4000, PORT);
	fin_timeout_of(1, 1);
}

static void fin_timeout_60(void)
{
	peer_init(&peer, peer_net(), 4000, PORT);
	fin_timeout_of(60, 0);
}

static void linger2_values(void)
{
	int fd;

	ns_new();
	fd = sk_new();
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_LINGER2), 60);
	sk_set(fd, SOL_TCP, TCP_LINGER2, 20);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_LINGER2), 20);
	sk_set(fd, SOL_TCP, TCP_LINGER2, 0);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_LINGER2), 60);
	sk_set(fd, SOL_TCP, TCP_LINGER2, 500);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_LINGER2), 120);
	sk_set(fd, SOL_TCP, TCP_LINGER2, -5);
	ASSERT_EQ(sk_get(fd, SOL_TCP, TCP_LINGER2), -1);
}

/* A negative TCP_LINGER2: no FIN_WAIT_2 for an orphan, a reset instead. */
static void linger2_negative(void)
{
	int fd = with_peer();

	sk_set(fd, SOL_TCP, TCP_LINGER2, -1);
	OK(shutdown(fd, SHUT_WR));
	peer_want(&peer, F_FIN | F_ACK);
	peer_ack(&peer);
	UNTIL_STATE(PORT, 4000, "FIN_WAIT_2");
	close(fd);
	peer_want_rst(&peer);
	UNTIL_STATE(PORT, 4000, "");
}

/* From accept to TIME_WAIT, with the peer's numbers kept in peer. */
static void into_time_wait(bool ts)
{
	int l, fd;

	peer_init(&peer, peer_net(), 4000, PORT);
	peer.ts = ts;
	l = sk_listen(INADDR_ANY, PORT, 4);
	fd = peer_accepted(&peer, l);
	close(fd);
	peer_want(&peer, F_FIN | F_ACK);
	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	peer_want(&peer, F_ACK);
	UNTIL_STATE(PORT, 4000, "TIME_WAIT");
}

static void time_wait_duplicates(void)
{
	struct seg *s;

	into_time_wait(false);
	/* A repeated FIN is acknowledged again. */
	peer_raw(&peer, F_FIN | F_ACK, peer.snd_nxt - 1, peer.rcv_nxt, NULL, 0);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, peer.snd_nxt);
	ASSERT_EQ(s->seq, peer.rcv_nxt);
	/* Old data is answered by an ACK and does no harm. */
	rest(600);
	peer_raw(&peer, F_ACK, peer.iss + 1 - 100, peer.rcv_nxt, "old", 3);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, peer.snd_nxt);
	ASSERT_STATE(PORT, 4000, "TIME_WAIT");
	/* An old SYN does not open anything. */
	peer_raw(&peer, F_SYN, peer.iss - 1000, 0, NULL, 0);
	peer_drop(&peer);
	ASSERT_STATE(PORT, 4000, "TIME_WAIT");
}

static void time_wait_reuse_seq(void)
{
	struct seg *s;
	uint32_t old;

	into_time_wait(false);
	old = peer.rcv_nxt;
	peer.iss = peer.snd_nxt + 10;
	peer_syn(&peer);
	s = peer_want(&peer, F_SYN | F_ACK);
	ASSERT_EQ(s->ack, peer.iss + 1);
	ASSERT(seq_before(old - 1, s->seq));
	peer_ack(&peer);
	UNTIL_STATE(PORT, 4000, "ESTABLISHED");
}

static void time_wait_reuse_ts(void)
{
	struct seg *s;

	into_time_wait(true);
	peer.iss -= 5000;		/* lower sequence, later timestamp */
	peer.tsval += 2000;
	peer.use_ts = false;
	peer_syn(&peer);
	s = peer_want(&peer, F_SYN | F_ACK);
	ASSERT_EQ(s->ack, peer.iss + 1);
	peer.use_ts = true;
	peer_ack(&peer);
	UNTIL_STATE(PORT, 4000, "ESTABLISHED");
}

static void time_wait_rst(void)
{
	into_time_wait(false);
	if (have_sysctl("rfc1337")) {
		sysctl_set("rfc1337", "1");
		peer_raw(&peer, F_RST, peer.snd_nxt, 0, NULL, 0);
		ASSERT_STATE(PORT, 4000, "TIME_WAIT");
		sysctl_set("rfc1337", "0");
	}
	peer_raw(&peer, F_RST, peer.snd_nxt, 0, NULL, 0);
	UNTIL_STATE(PORT, 4000, "");
}

static void time_wait_60(void)
{
	double t0;

	into_time_wait(false);
	t0 = now();
	UNTIL_MS(!*table_state(PORT, 4000), 100000);
	ASSERT_TIME("TIME_WAIT", now() - t0, 60);
}

/* A repeated FIN starts the 60 s again. */
static void time_wait_restart(void)
{
	double t0;

	into_time_wait(false);
	rest(30000);
	ASSERT_STATE(PORT, 4000, "TIME_WAIT");
	peer_raw(&peer, F_FIN | F_ACK, peer.snd_nxt - 1, peer.rcv_nxt, NULL, 0);
	peer_want(&peer, F_ACK);
	t0 = now();
	UNTIL_MS(!*table_state(PORT, 4000), 100000);
	ASSERT_TIME("TIME_WAIT after a repeated FIN", now() - t0, 60);
}

static void time_wait_buckets(void)
{
	struct tun *t = peer_net();
	long over = counter("TimeWaitOverflow");
	int i, l, fd;

	need_sysctl("max_tw_buckets");
	sysctl_set("max_tw_buckets", "2");
	l = sk_listen(INADDR_ANY, PORT, 4);
	for (i = 0; i < 5; i++) {
		peer_init(&peer, t, 4000 + i, PORT);
		fd = peer_accepted(&peer, l);
		close(fd);
		peer_want(&peer, F_FIN | F_ACK);
		peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	}
	ASSERT_LE(table_count("TIME_WAIT"), 3);
	ASSERT_GE(counter("TimeWaitOverflow") - over, 2);
}

static void close_wait_for_ever(int secs)
{
	int fd = with_peer();
	struct seg *s;

	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	peer_want(&peer, F_ACK);
	recv_eof(fd);
	peer_none(&peer, secs * 1000);
	ASSERT_STATE(PORT, 4000, "CLOSE_WAIT");
	send_str(fd, "still here");
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->len, 10);
	peer_ack(&peer);
	close(fd);
	peer_want(&peer, F_FIN | F_ACK);
	peer_ack(&peer);
	UNTIL_STATE(PORT, 4000, "");
}

static void close_wait_stays(void)
{
	close_wait_for_ever(1);
}

static void close_wait_3h(void)
{
	close_wait_for_ever(3 * 3600);
}

/* An idle connection with a vanished peer stays, without a segment. */
static void idle_for_ever(void)
{
	int fd = with_peer();

	peer_none(&peer, 3 * 3600 * 1000);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	peer_str(&peer, "morning");
	recv_str(fd, "morning");
}

static void half_close(void)
{
	struct net2 n = net2_new(0, 1500);
	struct pair p = pair_net2(&n);
	static char back[300000], got[300000];
	int st;
	pid_t pid;

	fill(back, sizeof(back), 2);
	/* All data, then the end. */
	send_str(p.c, "request");
	OK(shutdown(p.c, SHUT_WR));
	OK(shutdown(p.c, SHUT_WR));
	recv_str(p.s, "request");
	recv_eof(p.s);
	ASSERT_ERR(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	/* The other way stays open for as much as one likes. */
	pid = fork();
	if (!pid) {
		close(p.c);
		send_all(p.s, back, sizeof(back));
		_exit(0);
	}
	close(p.s);
	recv_all(p.c, got, sizeof(got));
	ASSERT(!memcmp(got, back, sizeof(got)));
	recv_eof(p.c);
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
}

static void shut_rd(void)
{
	struct pair p;
	char c;

	ns_new();
	p = pair_lo();
	send_str(p.c, "queued");
	ev_need(p.s, POLLIN);
	OK(shutdown(p.s, SHUT_RD));
	recv_str(p.s, "queued");
	ASSERT_EQ(recv(p.s, &c, 1, 0), 0);
	/* The peer is not told, and what comes later can be read. */
	send_str(p.c, "later");
	UNTIL(sk_inq(p.s) == 5);
	recv_str(p.s, "later");
	ASSERT_EQ(recv(p.s, &c, 1, 0), 0);
	send_str(p.s, "and back");
	recv_str(p.c, "and back");
}

static void shut_rdwr(void)
{
	struct pair p;

	ns_new();
	p = pair_lo();
	OK(shutdown(p.s, SHUT_RDWR));
	recv_eof(p.c);
	/* Data into it draws a RST; in CLOSE_WAIT that is EPIPE. */
	OK(send(p.c, "x", 1, MSG_NOSIGNAL));
	ev_need(p.c, POLLERR);
	UNTIL(ev_now(p.c, POLLIN) & POLLERR);
	ASSERT_EQ(sk_error(p.c), EPIPE);
	ASSERT_ERR(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void *accept_thread(void *arg)
{
	int *l = arg, r = accept(*l, NULL, NULL);

	return (void *)(long)(r < 0 ? -errno : r);
}

static void shut_rules(void)
{
	struct tun *t = peer_net();
	pthread_t th;
	void *ret;
	int fd, l;

	fd = sk_new();
	ASSERT_ERR(shutdown(fd, SHUT_WR), ENOTCONN);
	ASSERT_ERR(shutdown(fd, 7), EINVAL);
	/* A listener: SHUT_WR does nothing, SHUT_RD ends it and wakes accept. */
	l = sk_listen(INADDR_ANY, PORT, 4);
	shutdown(l, SHUT_WR);
	ASSERT_STATE(PORT, 0, "LISTEN");
	pthread_create(&th, NULL, accept_thread, &l);
	rest(50);
	OK(shutdown(l, SHUT_RD));
	pthread_join(th, &ret);
	ASSERT_EQ((long)ret, -EINVAL);
	ASSERT_STATE(PORT, 0, "");
	OK(listen(l, 4));
	ASSERT_STATE(PORT, 0, "LISTEN");
	/* SYN_SENT: the attempt ends. */
	peer_init(&peer, t, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_want(&peer, F_SYN);
	OK(shutdown(fd, SHUT_RDWR));
	ASSERT_STATE(0, 4000, "");
	peer_none(&peer, 30);
}

/* Close in LISTEN and SYN_SENT deletes the state without a word. */
static void close_silently(void)
{
	struct tun *t = peer_net();
	int fd = sk_new(), l;

	peer_init(&peer, t, 4000, 0);
	sk_nonblock(fd, true);
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	peer_want(&peer, F_SYN);
	close(fd);
	ASSERT_STATE(0, 4000, "");
	l = sk_listen(INADDR_ANY, PORT, 4);
	close(l);
	ASSERT_STATE(PORT, 0, "");
	peer_none(&peer, 30);
}

static void close_unread(void)
{
	int fd = with_peer();
	struct seg *s;

	peer_str(&peer, "unread");
	ev_need(fd, POLLIN);
	peer_drop(&peer);
	close(fd);
	s = peer_want_rst(&peer);
	ASSERT_EQ(s->seq, peer.rcv_nxt);
	UNTIL_STATE(PORT, 4000, "");
}

static void close_unread_peer_learns(void)
{
	struct pair p;

	ns_new();
	p = pair_lo();
	send_str(p.c, "unread");
	ev_need(p.s, POLLIN);
	close(p.s);
	ev_need(p.c, POLLERR);
	ASSERT_EQ(recv_err(p.c), ECONNRESET);
	ASSERT_EQ(recv_err(p.c), 0);
}

static volatile sig_atomic_t pipes;

static void on_pipe(int sig)
{
	(void)sig;
	pipes++;
}

static void write_to_closed(void)
{
	struct pair p;

	ns_new();
	signal(SIGPIPE, on_pipe);
	p = pair_lo();
	close(p.s);
	recv_eof(p.c);
	/* In CLOSE_WAIT: the first goes out, its RST makes the next EPIPE. */
	ASSERT_EQ(send(p.c, "x", 1, 0), 1);
	ev_need(p.c, POLLERR);
	UNTIL(ev_now(p.c, POLLIN) & POLLERR);
	ASSERT_EQ(pipes, 0);
	ASSERT_ERR(send(p.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	ASSERT_EQ(pipes, 0);
	ASSERT_ERR(send(p.c, "x", 1, 0), EPIPE);
	ASSERT_EQ(pipes, 1);
}

/* The RST comes while established: ECONNRESET once, then EPIPE. */
static void write_after_reset(void)
{
	int fd = with_peer();

	signal(SIGPIPE, on_pipe);
	send_str(fd, "x");
	peer_want(&peer, F_ACK);
	peer_raw(&peer, F_RST, peer.snd_nxt, 0, NULL, 0);
	ASSERT(ev_need(fd, POLLOUT) & POLLERR);
	ASSERT_STATE(PORT, 4000, "");
	ASSERT_ERR(send(fd, "x", 1, 0), ECONNRESET);
	ASSERT_EQ(pipes, 0);
	ASSERT_ERR(send(fd, "x", 1, 0), EPIPE);
	ASSERT_EQ(pipes, 1);
	ASSERT_ERR(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	ASSERT_EQ(pipes, 1);
	ASSERT_EQ(recv_err(fd), 0);
	close(fd);
	peer_none(&peer, 30);
}

static void killed_process(void)
{
	int l, c, st;
	pid_t pid;

	ns_new();
	l = sk_listen(IP_LO, PORT, 4);
	pid = fork();
	if (!pid) {
		close(l);
		c = sk_dial(IP_LO, PORT);
		send_str(c, "bye");
		for (;;)
			pause();
	}
	c = sk_accept(l);
	recv_str(c, "bye");
	kill(pid, SIGKILL);
	waitpid(pid, &st, 0);
	ASSERT(WIFSIGNALED(st));
	recv_eof(c);
	ASSERT_STATE(PORT, sk_peer_port(c), "CLOSE_WAIT");
}

static void linger_zero(void)
{
	int fd = with_peer();
	struct seg *s;

	send_str(fd, "lost");
	s = peer_want(&peer, F_ACK);
	sk_linger(fd, 1, 0);
	close(fd);
	s = peer_want_rst(&peer);
	ASSERT_EQ(s->seq, peer.rcv_nxt);
	UNTIL_STATE(PORT, 4000, "");
	peer_none(&peer, 300);		/* and no retransmission */
}

static void linger_zero_peer(void)
{
	struct pair p;
	int cport;

	ns_new();
	p = pair_lo();
	cport = sk_port(p.c);
	sk_linger(p.c, 1, 0);
	close(p.c);
	ev_need(p.s, POLLERR);
	ASSERT_EQ(recv_err(p.s), ECONNRESET);
	ASSERT_EQ(recv_err(p.s), 0);
	ASSERT_STATE(cport, sk_port(p.s), "");
}

static void linger_waits(void)
{
	int fd = with_peer();
	double t0;

	send_str(fd, "stuck");
	sk_linger(fd, 1, 2);
	t0 = now();
	close(fd);
	ASSERT_TIME("close with linger 2", now() - t0, 2);
	/* The rest goes on behind its back. */
	ASSERT_STATE(PORT, 4000, "FIN_WAIT_1");
}

static void *ack_later(void *arg)
{
	(void)arg;
	rest(300);
	peer.rcv_nxt += 6;		/* the data and the FIN */
	peer_ack(&peer);
	return NULL;
}

static void linger_delivers(void)
{
	int fd = with_peer();
	pthread_t th;
	double t0;

	send_str(fd, "stuck");
	sk_linger(fd, 1, 100);
	sk_nonblock(fd, true);		/* makes no difference to close */
	t0 = now();
	pthread_create(&th, NULL, ack_later, NULL);
	close(fd);
	ASSERT_TIME("close until all is acknowledged", now() - t0, 0.3);
	UNTIL_STATE(PORT, 4000, "FIN_WAIT_2");
}

static void exit_does_not_linger(void)
{
	int fd = with_peer(), st;
	double t0 = now();
	pid_t pid;

	send_str(fd, "stuck");
	pid = fork();
	if (!pid) {
		sk_linger(fd, 1, 100);
		_exit(0);
	}
	/* Not the last reference: nothing ends. */
	waitpid(pid, &st, 0);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	pid = fork();
	if (!pid) {
		for (;;)
			pause();
	}
	close(fd);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	kill(pid, SIGKILL);
	waitpid(pid, &st, 0);
	UNTIL_STATE(PORT, 4000, "FIN_WAIT_1");
	ASSERT_LT(now() - t0, WAIT_MS / 1000);
}

/* Default close: at once, and everything is delivered. */
static void close_delivers(void)
{
	struct net2 n = net2_new(0, 1500);
	struct pair p = pair_net2(&n);
	static char out[200000], got[200000];
	double t0;

	fill(out, sizeof(out), 3);
	sk_nonblock(p.c, true);
	{
		ssize_t sent = OK(send(p.c, out, sizeof(out), 0));

		t0 = now();
		close(p.c);
		ASSERT_LT((now() - t0) * 1000, 200 + patience(100));
		recv_all(p.s, got, sent);
		ASSERT(!memcmp(got, out, sent));
	}
	recv_eof(p.s);
}

static void last_reference(void)
{
	struct pair p;
	int d;

	ns_new();
	p = pair_lo();
	d = OK(dup(p.c));
	close(p.c);
	send_str(d, "alive");
	recv_str(p.s, "alive");
	ASSERT_EQ(ev_wait(p.s, POLLIN, 30), 0);
	close(d);
	recv_eof(p.s);
}

static void *read_thread(void *arg)
{
	int fd = *(int *)arg;
	char c = 0;
	int r = read(fd, &c, 1);

	return (void *)(long)(r < 0 ? -errno : r ? c : 0);
}

static void close_in_other_thread(void)
{
	pthread_t th;
	struct pair p;
	void *ret;
	int d;

	ns_new();
	p = pair_lo();
	pthread_create(&th, NULL, read_thread, &p.c);
	rest(50);
	close(p.c);			/* the reader stays, and so does the connection */
	ASSERT_EQ(ev_wait(p.s, POLLIN, 50), 0);
	send_str(p.s, "z");
	pthread_join(th, &ret);
	ASSERT_EQ((long)ret, 'z');
	recv_eof(p.s);

	p = pair_lo();
	d = dup(p.c);
	pthread_create(&th, NULL, read_thread, &p.c);
	rest(50);
	OK(shutdown(d, SHUT_RDWR));	/* wakes it */
	pthread_join(th, &ret);
	ASSERT_EQ((long)ret, 0);
}

static void close_listener(void)
{
	int l, c, port;

	ns_new();
	l = sk_listen(IP_LO, PORT, 4);
	c = sk_dial(IP_LO, PORT);
	port = sk_port(c);
	UNTIL_STATE(PORT, port, "ESTABLISHED");
	close(l);
	ev_need(c, POLLERR);
	ASSERT_EQ(recv_err(c), ECONNRESET);
	ASSERT_STATE(PORT, port, "");
	close(c);
	UNTIL(!table_count(NULL));
}

/* Abort by state: RST where the RFC says, silence elsewhere. */
static void abort_states(void)
{
	struct tun *t = peer_net();
	int l = sk_listen(INADDR_ANY, PORT, 4), i, fd;

	for (i = 0; i < 3; i++) {
		peer_init(&peer, t, 4000 + i, PORT);
		fd = peer_accepted(&peer, l);
		if (i == 1) {		/* CLOSE_WAIT */
			peer_put(&peer, F_FIN | F_ACK, NULL, 0);
			peer_want(&peer, F_ACK);
		} else if (i == 2) {	/* FIN_WAIT_2 */
			OK(shutdown(fd, SHUT_WR));
			peer_want(&peer, F_FIN | F_ACK);
			peer_ack(&peer);
			UNTIL_STATE(PORT, 4000 + i, "FIN_WAIT_2");
		}
		sk_linger(fd, 1, 0);
		close(fd);
		ASSERT_EQ(peer_want_rst(&peer)->seq, peer.rcv_nxt);
		UNTIL_STATE(PORT, 4000 + i, "");
	}
}

/* The FIN is lost twice: it comes again, and later with backoff. */
static void fin_lost(void)
{
	int fd = with_peer();
	struct seg *s;
	double t[3];
	int i;

	long re = counter("RetransSegs");

	close(fd);
	for (i = 0; i < 3; i++) {
		s = peer_want(&peer, F_FIN | F_ACK);
		ASSERT_EQ(s->seq, peer.irs + 1);
		t[i] = s->t;
	}
	ASSERT_GE((t[1] - t[0]) * 1000, 190);
	ASSERT_GE((t[2] - t[1]), 1.8 * (t[1] - t[0]) - 0.05);
	ASSERT_GE(counter("RetransSegs") - re, 2);
	peer_put(&peer, F_FIN | F_ACK, NULL, 0);
	UNTIL_STATE(PORT, 4000, "TIME_WAIT");
}

static void fin_early(void)
{
	int fd = with_peer();
	uint32_t at = peer.snd_nxt;
	long ofo = counter("OFOQueue");
	struct seg *s;

	/* "abcdef", FIN: the FIN with "def" comes first. */
	peer_raw(&peer, F_FIN | F_ACK, at + 3, peer.rcv_nxt, "def", 3);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, at);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	ASSERT_EQ(ev_now(fd, POLLIN), 0);
	ASSERT_EQ(counter("OFOQueue") - ofo, 1);
	peer_raw(&peer, F_ACK, at, peer.rcv_nxt, "abc", 3);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, at + 7);
	ASSERT_STATE(PORT, 4000, "CLOSE_WAIT");
	recv_str(fd, "abcdef");
	recv_eof(fd);
}

/* A bare FIN before the data, then the data. */
static void fin_early_bare(void)
{
	int fd = with_peer();
	uint32_t at = peer.snd_nxt;
	struct seg *s;

	peer_raw(&peer, F_FIN | F_ACK, at + 3, peer.rcv_nxt, NULL, 0);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, at);
	ASSERT_STATE(PORT, 4000, "ESTABLISHED");
	peer_raw(&peer, F_ACK, at, peer.rcv_nxt, "abc", 3);
	s = peer_want(&peer, F_ACK);
	ASSERT_EQ(s->ack, at + 4);
	recv_str(fd, "abc");
	recv_eof(fd);
	ASSERT_STATE(PORT, 4000, "CLOSE_WAIT");
}

static const struct rt_test tests[] = {
	{ "four_way_active", "C20 C22 SM-29", four_way_active, 0, 0 },
	{ "four_way_passive", "C20 C23", four_way_passive, 0, 0 },
	{ "simultaneous_close", "C20 SM-16", simultaneous_close, 0, 0 },
	{ "fin_acks_fin", "C20", fin_acks_fin, 0, 0 },
	{ "four_way_two_stacks", "C20", four_way_two_stacks, 0, 0 },
	{ "orphan_data", "C20 SM-18 CL-2 SHLD-3", orphan_data, 0, 0 },
	{ "fin_wait_2_owner", "C21", fin_wait_2_owner, T_FULL, 0 },
	{ "fin_timeout_small", "C21 CL-10", fin_timeout_small, T_FULL, 0 },
	{ "fin_timeout_linger2", "C21 CL-10", fin_timeout_linger2, 0, 0 },
	{ "fin_timeout_60", "C21 CL-10", fin_timeout_60, T_LONG, 150 },
	{ "linger2_values", "TO-8", linger2_values, 0, 0 },
	{ "linger2_negative", "C21 CL-10", linger2_negative, 0, 0 },
	{ "time_wait_duplicates", "C22 SM-13", time_wait_duplicates, 0, 0 },
	{ "time_wait_reuse_seq", "C22 MAY-2 TW-2S", time_wait_reuse_seq, 0, 0 },
	{ "time_wait_reuse_ts", "C22 SHLD-4 TW-2S", time_wait_reuse_ts, 0, 0 },
	{ "time_wait_rst", "C22 TW-1I", time_wait_rst, 0, 0 },
	{ "time_wait_60", "C22 MUST-13", time_wait_60, T_LONG, 150 },
	{ "time_wait_restart", "C22 SM-13", time_wait_restart, T_LONG, 200 },
	{ "time_wait_buckets", "C22", time_wait_buckets, 0, 0 },
	{ "close_wait_stays", "C23 SM-30", close_wait_stays, 0, 0 },
	{ "close_wait_3h", "C23", close_wait_3h, T_LONG, 11000 },
	{ "idle_for_ever", "C28 MUST-25", idle_for_ever, T_LONG, 11000 },
	{ "half_close", "C24 SH-1 SH-7 SM-30 MUST-12", half_close, 0, 0 },
	{ "shut_rd", "SH-2", shut_rd, 0, 0 },
	{ "shut_rdwr", "SH-3 ER-1", shut_rdwr, 0, 0 },
	{ "shut_rules", "SH-4 SH-5 SH-6", shut_rules, 0, 0 },
	{ "close_silently", "SM-25", close_silently, 0, 0 },
	{ "close_unread", "C25 CL-1 SHLD-3", close_unread, 0, 0 },
	{ "close_unread_peer_learns", "C25 CL-1 ER-2 MUST-12", close_unread_peer_learns, 0, 0 },
	{ "write_to_closed", "C26 CL-2 ER-1 ER-4", write_to_closed, 0, 0 },
	{ "write_after_reset", "C26 ER-2 ER-4 ER-5 CL-11 MUST-12", write_after_reset, 0, 0 },
	{ "killed_process", "C27", killed_process, 0, 0 },
	{ "linger_zero", "C29 CL-3", linger_zero, 0, 0 },
	{ "linger_zero_peer", "C29 CL-3", linger_zero_peer, 0, 0 },
	{ "linger_waits", "C29 CL-4", linger_waits, T_FULL, 0 },
	{ "linger_delivers", "C29 CL-4", linger_delivers, 0, 0 },
	{ "exit_does_not_linger", "C27 CL-5 CL-7", exit_does_not_linger, 0, 0 },
	{ "close_delivers", "C29 CL-6 SM-18", close_delivers, 0, 0 },
	{ "last_reference", "CL-7", last_reference, 0, 0 },
	{ "close_in_other_thread", "CL-8 C86", close_in_other_thread, 0, 0 },
	{ "close_listener", "CL-9", close_listener, 0, 0 },
	{ "abort_states", "SM-24", abort_states, 0, 0 },
	{ "fin_lost", "C32 RTO-11M", fin_lost, 0, 0 },
	{ "fin_early", "C32 SM-21", fin_early, 0, 0 },
	{ "fin_early_bare", "C32 SM-21", fin_early_bare, 0, 0 },
};

RT_MAIN(tests)
