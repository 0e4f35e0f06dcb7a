// SPDX-License-Identifier: GPL-2.0
/* Threads, processes and signals that share a socket. */
#include "wire.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

static struct pair q;

static void begin(void)
{
	ns_new();
	q = pair_lo();
}

/* With small buffers, and as much sent as they take. */
static size_t begin_full(void)
{
	static char buf[65536];
	size_t total = 0;
	int idle = 0;
	ssize_t n;

	ns_new();
	q.l = sk_listen(IP_LO, 0, 4);
	sk_set(q.l, SOL_SOCKET, SO_RCVBUF, 20000);
	q.c = sk_dial(IP_LO, sk_port(q.l));
	sk_set(q.c, SOL_SOCKET, SO_SNDBUF, 20000);
	q.s = sk_accept(q.l);
	/* probes of the window may squeeze in a little more for a while */
	while (idle < 30) {
		n = send(q.c, buf, sizeof(buf), MSG_DONTWAIT);
		total += n > 0 ? n : 0;
		idle = n > 0 ? 0 : idle + 1;
		rest(10);
	}
	return total;
}

static void drain(int fd, size_t n)
{
	static char buf[65536];

	while (n) {
		size_t k = n < sizeof(buf) ? n : sizeof(buf);

		recv_all(fd, buf, k);
		n -= k;
	}
}

/* ---- a call that blocks in a thread of its own ---- */

enum op { RECV, RECV_ALL, PEEK_ALL, SEND, ACCEPT, CONNECT, POLL, EPOLL, SPLICE, SENDFILE };

struct call {
	enum op what;
	int fd, other;		/* other: a pipe, a file or an epoll */
	pthread_t th;
	volatile pid_t tid;
	volatile bool done;
	long ret;
	int err;
	char buf[8];
};

static char big[1 << 20];

static long do_call(struct call *c)
{
	union rt_addr peer;
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	struct epoll_event e;

	switch (c->what) {
	case RECV:
		return recv(c->fd, c->buf, sizeof(c->buf), 0);
	case RECV_ALL:
		return recv(c->fd, c->buf, sizeof(c->buf), MSG_WAITALL);
	case PEEK_ALL:
		return recv(c->fd, c->buf, sizeof(c->buf), MSG_WAITALL | MSG_PEEK);
	case SEND:
		return send(c->fd, big, 1000, MSG_NOSIGNAL);
	case ACCEPT:
		return accept(c->fd, NULL, NULL);
	case CONNECT:
		return connect(c->fd, &peer.sa, sa_of(&peer, TUN_P, 4000));
	case POLL:
		return poll(&p, 1, -1) == 1 ? p.revents : -1;
	case EPOLL:
		return epoll_wait(c->other, &e, 1, -1) == 1 ? (int)e.events : -1;
	case SPLICE:
		return splice(c->fd, NULL, c->other, NULL, 100, 0);
	case SENDFILE:
		return sendfile(c->fd, c->other, NULL, 1000);
	}
	return -1;
}

static void *call_thread(void *arg)
{
	struct call *c = arg;

	c->tid = syscall(SYS_gettid);
	errno = 0;
	c->ret = do_call(c);
	c->err = c->ret < 0 ? errno : 0;
	c->done = true;
	return NULL;
}

/* Does the thread sleep? */
static bool asleep(const struct call *c)
{
	char path[64], state = 0;
	FILE *f;

	if (!c->tid)
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", c->tid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(f);
	return state == 'S';
}

static void start(struct call *c, enum op what, int fd)
{
	memset(c, 0, offsetof(struct call, buf));
	c->what = what;
	c->fd = fd;
	c->other = -1;
}

static void block(struct call *c)
{
	ASSERT_EQ(pthread_create(&c->th, NULL, call_thread, c), 0);
	/* asleep, and so a while later: in the call that is meant */
	UNTIL(asleep(c));
	rest(20);
	UNTIL(asleep(c));
	ASSERT(!c->done);
}

static void still_blocked(struct call *c)
{
	rest(40);
	ASSERT(!c->done);
}

static void ends(struct call *c, long ret, int err)
{
	UNTIL(c->done);
	pthread_join(c->th, NULL);
	if (c->ret != ret || c->err != err)
		FAIL("call %d gave %ld (%s), want %ld (%s)", c->what, c->ret, strerror(c->err), ret,
		     strerror(err));
}

/* ---- close in another thread ---- */

/* The call goes on with the connection, which ends after it. */
static void close_in_recv(void)
{
	struct call c;

	begin();
	start(&c, RECV, q.s);
	block(&c);
	OK(close(q.s));
	still_blocked(&c);
	ASSERT_EQ(ev_now(q.c, POLLRDHUP), 0);
	send_str(q.c, "abc");
	ends(&c, 3, 0);
	ASSERT(!memcmp(c.buf, "abc", 3));
	recv_eof(q.c);
}

static void close_in_send(void)
{
	size_t had = begin_full();
	struct call c;

	start(&c, SEND, q.c);
	block(&c);
	OK(close(q.c));
	still_blocked(&c);
	drain(q.s, had);
	ends(&c, 1000, 0);
	drain(q.s, 1000);
	recv_eof(q.s);
}

static void close_in_accept(void)
{
	struct call c;
	int port, fd;

	begin();
	port = sk_port(q.l);
	start(&c, ACCEPT, q.l);
	block(&c);
	OK(close(q.l));
	still_blocked(&c);
	fd = sk_dial(IP_LO, port);
	UNTIL(c.done);
	ends(&c, c.ret, 0);
	ASSERT_GE(c.ret, 0);
	send_str(fd, "hello");
	recv_str(c.ret, "hello");
	/* now the listener is gone */
	fd = sk_new();
	ASSERT_ERR(sk_connect(fd, IP_LO, port), ECONNREFUSED);
}

static void close_in_connect(void)
{
	struct peer p;
	struct call c;

	peer_init(&p, peer_net(), 4000, 0);
	start(&c, CONNECT, sk_new());
	block(&c);
	OK(close(c.fd));
	still_blocked(&c);
	peer_answer(&p);
	ends(&c, 0, 0);
	/* the descriptor is gone, and so the connection */
	peer_want(&p, F_FIN | F_ACK);
}

static void close_in_poll(void)
{
	struct call c;

	begin();
	start(&c, POLL, q.s);
	block(&c);
	OK(close(q.s));
	still_blocked(&c);
	send_str(q.c, "abc");
	/* it looks the descriptor up again, and finds none */
	ends(&c, POLLNVAL, 0);
	/* what nobody read is lost, and the peer hears of it */
	UNTIL(ev_now(q.c, POLLIN) & POLLERR);
	ASSERT_EQ(recv_err(q.c), ECONNRESET);
}

/* epoll holds no descriptor: the close is the end. */
static void close_in_epoll(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct call c;
	int other;

	begin();
	start(&c, EPOLL, q.s);
	c.other = OK(epoll_create1(0));
	OK(epoll_ctl(c.other, EPOLL_CTL_ADD, q.s, &e));
	block(&c);
	OK(close(q.s));
	recv_eof(q.c);
	still_blocked(&c);
	other = OK(eventfd(1, 0));
	OK(epoll_ctl(c.other, EPOLL_CTL_ADD, other, &e));
	ends(&c, EPOLLIN, 0);
}

/* dup2() over a descriptor is a close of it. */
static void dup_over(void)
{
	struct pair r;
	struct call c;

	begin();
	r = pair_lo();
	start(&c, RECV, q.s);
	block(&c);
	OK(dup2(r.s, q.s));
	still_blocked(&c);
	send_str(r.c, "new");
	still_blocked(&c);
	recv_str(q.s, "new");
	send_str(q.c, "old");
	ends(&c, 3, 0);
	ASSERT(!memcmp(c.buf, "old", 3));
	recv_eof(q.c);
	send_str(r.c, "more");
	recv_str(q.s, "more");
}

/* ---- shutdown wakes ---- */

static void shutdown_wakes(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct call c;

	begin();
	start(&c, RECV, q.s);
	block(&c);
	OK(shutdown(q.s, SHUT_RD));
	ends(&c, 0, 0);

	q = pair_lo();
	start(&c, RECV_ALL, q.s);
	block(&c);
	send_str(q.c, "abc");
	still_blocked(&c);
	OK(shutdown(q.s, SHUT_RDWR));
	ends(&c, 3, 0);

	q = pair_lo();
	start(&c, RECV, q.s);
	block(&c);
	OK(shutdown(q.s, SHUT_WR));
	still_blocked(&c);
	close(q.c);
	ends(&c, 0, 0);

	q = pair_lo();
	start(&c, POLL, q.s);
	block(&c);
	OK(shutdown(q.s, SHUT_RD));
	ends(&c, POLLIN, 0);

	q = pair_lo();
	start(&c, EPOLL, q.s);
	c.other = OK(epoll_create1(0));
	OK(epoll_ctl(c.other, EPOLL_CTL_ADD, q.s, &e));
	block(&c);
	OK(shutdown(q.s, SHUT_RDWR));
	UNTIL(c.done);
	ASSERT(c.ret & EPOLLIN);
	pthread_join(c.th, NULL);
}

static void shutdown_wakes_send(void)
{
	struct call c;

	begin_full();
	start(&c, SEND, q.c);
	block(&c);
	OK(shutdown(q.c, SHUT_WR));
	ends(&c, -1, EPIPE);
}

static void shutdown_wakes_accept(void)
{
	struct call c, d;

	begin();
	start(&c, ACCEPT, q.l);
	block(&c);
	/* in one direction only is no matter */
	OK(shutdown(q.l, SHUT_WR));
	still_blocked(&c);
	start(&d, ACCEPT, q.l);
	block(&d);
	OK(shutdown(q.l, SHUT_RD));
	ends(&c, -1, EINVAL);
	ends(&d, -1, EINVAL);
	/* it can listen again */
	OK(listen(q.l, 4));
	start(&c, ACCEPT, q.l);
	block(&c);
	q.c = sk_dial(IP_LO, sk_port(q.l));
	UNTIL(c.done);
	ASSERT_GE(c.ret, 0);
	pthread_join(c.th, NULL);
}

static void shutdown_wakes_connect(void)
{
	struct peer p;
	struct call c;

	peer_init(&p, peer_net(), 4000, 0);
	start(&c, CONNECT, sk_new());
	block(&c);
	OK(shutdown(c.fd, SHUT_RDWR));
	ends(&c, -1, ECONNRESET);
}

/* ---- signals ---- */

static volatile sig_atomic_t handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

static void catch(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };

	OK(sigaction(sig, &sa, NULL));
}

static void set_timeo(int fd, int opt, int secs)
{
	struct timeval tv = { .tv_sec = secs };

	OK(setsockopt(fd, SOL_SOCKET, opt, &tv, sizeof(tv)));
}

/* A signal for the thread, which has been handled when this returns. */
static void disturb(struct call *c)
{
	int n = handled;

	ASSERT_EQ(pthread_kill(c->th, SIGUSR1), 0);
	UNTIL(handled > n);
}

/* SG-1, in all four combinations: a call with which nothing has moved. */
static void signal_rules(enum op what, int fd, int other, int opt, void (*let_go)(void), long ret)
{
	struct call c;
	int i;

	/* the one that moves something comes last */
	for (i = 3; i >= 0; i--) {
		bool restart = !(i & 1), timeo = i & 2;

		catch(SIGUSR1, restart ? SA_RESTART : 0);
		set_timeo(fd, opt, timeo ? 1000 : 0);
		start(&c, what, fd);
		c.other = other;
		block(&c);
		disturb(&c);
		if (!restart || timeo) {
			ends(&c, -1, EINTR);
			continue;
		}
		still_blocked(&c);
		let_go();
		UNTIL(c.done);
		if (ret >= 0)
			ends(&c, ret, 0);
		else
			pthread_join(c.th, NULL);
		ASSERT_GE(c.ret, 0);
	}
}

static void let_read(void)
{
	send_str(q.c, "abcdefgh");
}

static void signals_recv(void)
{
	int pp[2];

	begin();
	signal_rules(RECV, q.s, -1, SO_RCVTIMEO, let_read, 8);
	signal_rules(RECV_ALL, q.s, -1, SO_RCVTIMEO, let_read, 8);
	OK(pipe(pp));
	signal_rules(SPLICE, q.s, pp[1], SO_RCVTIMEO, let_read, 8);
}

/* A part that has moved is what the call gives, whatever the flags. */
static void signals_partial(void)
{
	struct call c;
	int i;

	begin();
	for (i = 0; i < 4; i++) {
		catch(SIGUSR1, i & 1 ? SA_RESTART : 0);
		set_timeo(q.s, SO_RCVTIMEO, i & 2 ? 1000 : 0);
		start(&c, RECV_ALL, q.s);
		block(&c);
		send_str(q.c, "abc");
		still_blocked(&c);
		disturb(&c);
		ends(&c, 3, 0);
		ASSERT(!memcmp(c.buf, "abc", 3));
	}
}

static size_t held;

static void let_write(void)
{
	drain(q.s, held);
	held = 0;
}

static void signals_send(void)
{
	held = begin_full();
	signal_rules(SEND, q.c, -1, SO_SNDTIMEO, let_write, 1000);
}

static void signals_sendfile(void)
{
	int f = OK(memfd_create("f", 0));

	ASSERT_EQ(write(f, big, 4000), 4000);
	ASSERT_EQ(lseek(f, 0, SEEK_SET), 0);
	held = begin_full();
	signal_rules(SENDFILE, q.c, f, SO_SNDTIMEO, let_write, 1000);
}

static void let_accept(void)
{
	sk_dial(IP_LO, sk_port(q.l));
}

static void signals_accept(void)
{
	begin();
	signal_rules(ACCEPT, q.l, -1, SO_RCVTIMEO, let_accept, -1);
}

/* An interrupted connect goes on, and can be waited for again. */
static void signals_connect(void)
{
	struct tun *t = peer_net();
	struct peer p;
	struct call c;
	int i, fd;

	for (i = 0; i < 4; i++) {
		bool restart = i & 1, timeo = i & 2;

		peer_init(&p, t, 4000, 0);
		peer_drop(&p);
		catch(SIGUSR1, restart ? SA_RESTART : 0);
		fd = sk_new();
		set_timeo(fd, SO_SNDTIMEO, timeo ? 1000 : 0);
		start(&c, CONNECT, fd);
		block(&c);
		disturb(&c);
		if (!restart || timeo) {
			ends(&c, -1, EINTR);
			start(&c, CONNECT, fd);
			block(&c);
		} else {
			still_blocked(&c);
		}
		peer_answer(&p);
		ends(&c, 0, 0);
		sk_linger(fd, 1, 0);
		close(fd);
		peer_want_rst(&p);
	}
}

/* poll is never restarted. */
static void signals_poll(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct call c;

	begin();
	catch(SIGUSR1, SA_RESTART);
	start(&c, POLL, q.s);
	block(&c);
	disturb(&c);
	ends(&c, -1, EINTR);
	start(&c, EPOLL, q.s);
	c.other = OK(epoll_create1(0));
	OK(epoll_ctl(c.other, EPOLL_CTL_ADD, q.s, &e));
	block(&c);
	disturb(&c);
	ends(&c, -1, EINTR);
}

/* ---- SIGPIPE ---- */

static void pipes(void)
{
	int f = OK(memfd_create("f", 0)), pp[2], n = 0;
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	ASSERT_EQ(write(f, big, 4000), 4000);
	ASSERT_EQ(lseek(f, 0, SEEK_SET), 0);
	OK(pipe(pp));
	ASSERT_EQ(write(pp[1], "abc", 3), 3);
	catch(SIGPIPE, 0);
	begin();
	OK(shutdown(q.c, SHUT_WR));
	ASSERT_ERR(send(q.c, "x", 1, 0), EPIPE);
	ASSERT_EQ(handled, ++n);
	ASSERT_ERR(write(q.c, "x", 1), EPIPE);
	ASSERT_EQ(handled, ++n);
	ASSERT_ERR(writev(q.c, &v, 1), EPIPE);
	ASSERT_EQ(handled, ++n);
	ASSERT_ERR(sendmsg(q.c, &m, 0), EPIPE);
	ASSERT_EQ(handled, ++n);
	ASSERT_ERR(sendfile(q.c, f, NULL, 100), EPIPE);
	ASSERT_EQ(handled, ++n);
	ASSERT_ERR(splice(pp[0], NULL, q.c, NULL, 3, 0), EPIPE);
	ASSERT_EQ(handled, ++n);
	ASSERT_ERR(send(q.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	ASSERT_ERR(sendmsg(q.c, &m, MSG_NOSIGNAL), EPIPE);
	ASSERT_EQ(handled, n);
	/* nothing to send is no reason to hide it */
	ASSERT_ERR(send(q.c, "x", 0, 0), EPIPE);
	ASSERT_EQ(handled, ++n);

	/* The call that learns of a reset gets the error, and no signal. */
	q = pair_lo();
	send_str(q.c, "unread");
	UNTIL(sk_inq(q.s) == 6);
	close(q.s);
	UNTIL(ev_now(q.c, 0) & POLLERR);
	ASSERT_ERR(send(q.c, "x", 1, 0), ECONNRESET);
	ASSERT_EQ(handled, n);
	ASSERT_ERR(send(q.c, "x", 1, 0), EPIPE);
	ASSERT_EQ(handled, ++n);
	ASSERT_ERR(send(q.c, "x", 1, MSG_NOSIGNAL), EPIPE);
	ASSERT_EQ(handled, n);
	/* never connected */
	ASSERT_ERR(send(sk_new(), "x", 1, 0), EPIPE);
	ASSERT_EQ(handled, ++n);
}

/* ---- O_ASYNC ---- */

static volatile sig_atomic_t io_fd, io_band, io_code;

static void on_io(int sig, siginfo_t *si, void *ctx)
{
	(void)sig;
	(void)ctx;
	io_fd = si->si_fd;
	io_band = si->si_band;
	io_code = si->si_code;
	handled++;
}

static void async_signals(void)
{
	struct sigaction sa = {
		.sa_sigaction = on_io, .sa_flags = SA_SIGINFO | SA_RESTART,
	};
	int n;

	begin();
	OK(sigaction(SIGRTMIN, &sa, NULL));
	catch(SIGURG, 0);
	OK(fcntl(q.s, F_SETOWN, getpid()));
	ASSERT_EQ(fcntl(q.s, F_GETOWN), getpid());
	OK(fcntl(q.s, F_SETSIG, SIGRTMIN));
	OK(fcntl(q.s, F_SETFL, fcntl(q.s, F_GETFL) | O_ASYNC));
	n = handled;
	send_str(q.c, "a");
	UNTIL(handled > n);
	ASSERT_EQ(io_fd, q.s);
	ASSERT_EQ(io_code, POLL_IN);
	ASSERT_EQ(io_band, POLLIN | POLLRDNORM);
	recv_str(q.s, "a");
	/* SIGURG needs no O_ASYNC */
	OK(fcntl(q.s, F_SETFL, fcntl(q.s, F_GETFL) & ~O_ASYNC));
	n = handled;
	send_str(q.c, "b");
	UNTIL(sk_inq(q.s) == 1);
	ASSERT_EQ(handled, n);
	ASSERT_EQ(send(q.c, "c", 1, MSG_OOB), 1);
	UNTIL(handled > n);
	/* the end of the stream, and then of both */
	OK(fcntl(q.s, F_SETFL, fcntl(q.s, F_GETFL) | O_ASYNC));
	n = handled;
	OK(shutdown(q.c, SHUT_WR));
	UNTIL(handled > n && ev_now(q.s, POLLRDHUP));
	ASSERT_EQ(io_code, POLL_IN);
	/* a listener */
	OK(fcntl(q.l, F_SETOWN, getpid()));
	OK(fcntl(q.l, F_SETSIG, SIGRTMIN));
	OK(fcntl(q.l, F_SETFL, fcntl(q.l, F_GETFL) | O_ASYNC));
	n = handled;
	sk_dial(IP_LO, sk_port(q.l));
	UNTIL(handled > n);
	ASSERT_EQ(io_fd, q.l);
}

/* Room to write, and a connect that is done, are worth a signal too. */
static void async_out(void)
{
	struct sigaction sa = {
		.sa_sigaction = on_io, .sa_flags = SA_SIGINFO | SA_RESTART,
	};
	struct peer p;
	size_t had;
	int fd;

	had = begin_full();
	OK(sigaction(SIGRTMIN, &sa, NULL));
	OK(fcntl(q.c, F_SETOWN, getpid()));
	OK(fcntl(q.c, F_SETSIG, SIGRTMIN));
	OK(fcntl(q.c, F_SETFL, fcntl(q.c, F_GETFL) | O_ASYNC | O_NONBLOCK));
	/* whoever was told that there is no room hears when there is */
	ASSERT_ERR(send(q.c, "x", 1, 0), EAGAIN);
	handled = 0;
	drain(q.s, had);
	UNTIL(handled > 0);
	ASSERT_EQ(io_code, POLL_OUT);
	ASSERT_EQ(io_band, POLLOUT | POLLWRNORM | POLLWRBAND);

	peer_init(&p, peer_net(), 4000, 0);
	fd = sk_new();
	OK(fcntl(fd, F_SETOWN, getpid()));
	OK(fcntl(fd, F_SETSIG, SIGRTMIN));
	OK(fcntl(fd, F_SETFL, O_RDWR | O_ASYNC | O_NONBLOCK));
	ASSERT_ERR(sk_connect(fd, TUN_P, 4000), EINPROGRESS);
	handled = 0;
	peer_answer(&p);
	UNTIL(handled > 0);
	ASSERT_EQ(io_fd, fd);
	ASSERT_EQ(io_code, POLL_OUT);
}

/* ---- shared between processes ---- */

static void forked(void)
{
	pid_t pid;
	int st;

	begin();
	pid = fork();
	if (!pid) {
		recv_str(q.s, "one");
		send_str(q.s, "two");
		_exit(0);	/* closes it here, not there */
	}
	send_str(q.c, "one");
	recv_str(q.c, "two");
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	ASSERT_EQ(ev_now(q.c, POLLRDHUP), 0);
	send_str(q.s, "three");
	recv_str(q.c, "three");
	pid = fork();
	if (!pid) {
		OK(shutdown(q.s, SHUT_RDWR));
		_exit(0);
	}
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	recv_eof(q.c);
	recv_eof(q.s);
	ASSERT_ERR(send(q.s, "x", 1, MSG_NOSIGNAL), EPIPE);
}

static void pass(int unix_fd, const int *fds, int n)
{
	char ctl[CMSG_SPACE(4 * 8)] __attribute__((aligned(8))) = "";
	struct iovec v = { "f", 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = ctl,
		.msg_controllen = CMSG_SPACE(4 * n),
	};
	struct cmsghdr *c = (void *)ctl;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(4 * n);
	memcpy(CMSG_DATA(c), fds, 4 * n);
	ASSERT_EQ(sendmsg(unix_fd, &m, 0), 1);
}

static int passed(int unix_fd)
{
	char b, ctl[CMSG_SPACE(4)] __attribute__((aligned(8))) = "";
	struct iovec v = { &b, 1 };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl),
	};
	int fd;

	ASSERT_EQ(recvmsg(unix_fd, &m, 0), 1);
	ASSERT_EQ(CMSG_FIRSTHDR(&m)->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), 4);
	return fd;
}

/* By SCM_RIGHTS: it lives while it is under way. */
static void handed_over(void)
{
	int u[2], fd;
	pid_t pid;
	int st;

	begin();
	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, u));
	pass(u[0], &q.s, 1);
	close(q.s);
	send_str(q.c, "abc");
	ASSERT_EQ(ev_wait(q.c, POLLRDHUP, 30), 0);
	pid = fork();
	if (!pid) {
		close(u[0]);
		fd = passed(u[1]);
		recv_str(fd, "abc");
		send_str(fd, "def");
		_exit(0);
	}
	close(u[1]);
	recv_str(q.c, "def");
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	recv_eof(q.c);
	/* a listener as well */
	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, u));
	st = sk_port(q.l);
	pass(u[0], &q.l, 1);
	close(q.l);
	q.c = sk_dial(IP_LO, st);
	fd = passed(u[1]);
	ASSERT_EQ(sk_port(fd), st);
	send_str(q.c, "ghi");
	recv_str(sk_accept(fd), "ghi");
}

/* Unix sockets that hold each other, and ours: what collects them closes it. */
static void garbage(void)
{
	int u[2], other[2], fds[2];

	begin();
	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, u));
	fds[0] = u[1];
	fds[1] = q.s;
	pass(u[0], fds, 2);
	close(q.s);
	close(u[0]);
	close(u[1]);
	/* whoever closes a Unix socket, or sends one, starts the collection */
	UNTIL(({
		OK(socketpair(AF_UNIX, SOCK_STREAM, 0, other));
		pass(other[0], &other[1], 1);
		close(other[0]);
		close(other[1]);
		ev_now(q.c, POLLRDHUP);
	}));
	recv_eof(q.c);
}

/* ---- many on one socket ---- */

#define READERS	8
#define TOTAL	20000

static volatile int read_sum;

static void *reader(void *arg)
{
	uint8_t b[7];
	ssize_t n;
	int i, sum = 0;

	(void)arg;
	while ((n = recv(q.s, b, sizeof(b), 0)) > 0)
		for (i = 0; i < n; i++)
			sum += b[i];
	__sync_fetch_and_add(&read_sum, sum);
	return NULL;
}

static void *writer(void *arg)
{
	uint8_t b[5] = { 1, 1, 1, 1, 1 };
	int i;

	(void)arg;
	for (i = 0; i < TOTAL / READERS / 5; i++)
		ASSERT_EQ(send(q.c, b, 5, 0), 5);
	return NULL;
}

/* Each byte is read once, by somebody; the end wakes them all. */
static void many_readers(void)
{
	pthread_t r[READERS], w[READERS];
	int i;

	begin();
	for (i = 0; i < READERS; i++)
		ASSERT_EQ(pthread_create(&r[i], NULL, reader, NULL), 0);
	for (i = 0; i < READERS; i++)
		ASSERT_EQ(pthread_create(&w[i], NULL, writer, NULL), 0);
	for (i = 0; i < READERS; i++)
		pthread_join(w[i], NULL);
	OK(shutdown(q.c, SHUT_WR));
	for (i = 0; i < READERS; i++)
		pthread_join(r[i], NULL);
	ASSERT_EQ(read_sum, TOTAL);
}

/* What a peek waits behind is read by somebody else: it goes on with what comes then. */
static void peek_overtaken(void)
{
	struct call c;
	char b[8];
	int i;

	begin();
	start(&c, PEEK_ALL, q.s);
	block(&c);
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(send(q.c, "ab", 2, 0), 2);
		ASSERT_EQ(recv(q.s, b, 2, MSG_WAITALL), 2);
	}
	ASSERT_EQ(send(q.c, "abcdefgh", 8, 0), 8);
	ends(&c, 8, 0);
	ASSERT_EQ(recv(q.s, b, 8, MSG_WAITALL), 8);
	ASSERT_EQ(memcmp(b, "abcdefgh", 8), 0);
}

static const struct rt_test tests[] = {
	{ "close_in_recv", "C86 CL-8", close_in_recv, 0, 0 },
	{ "close_in_send", "C86 CL-8", close_in_send, 0, 0 },
	{ "close_in_accept", "C86 CL-8", close_in_accept, 0, 0 },
	{ "close_in_connect", "C86 CL-8", close_in_connect, 0, 0 },
	{ "close_in_poll", "C86 CL-8", close_in_poll, 0, 0 },
	{ "close_in_epoll", "C86 PO-16", close_in_epoll, 0, 0 },
	{ "dup_over", "C86 CL-7", dup_over, 0, 0 },
	{ "shutdown_wakes", "C86 CL-8 SH-2", shutdown_wakes, 0, 0 },
	{ "shutdown_wakes_send", "C86 ER-4", shutdown_wakes_send, 0, 0 },
	{ "shutdown_wakes_accept", "C86 SH-5", shutdown_wakes_accept, 0, 0 },
	{ "shutdown_wakes_connect", "C86 SH-6", shutdown_wakes_connect, 0, 0 },
	{ "signals_recv", "C85 SG-1", signals_recv, 0, 0 },
	{ "signals_partial", "C85 SG-1 RX-3", signals_partial, 0, 0 },
	{ "signals_send", "C85 SG-1", signals_send, 0, 0 },
	{ "signals_sendfile", "C85 SG-1 SP-1", signals_sendfile, 0, 0 },
	{ "signals_accept", "C85 SG-1", signals_accept, 0, 0 },
	{ "signals_connect", "C85 SG-1 CN-5", signals_connect, 0, 0 },
	{ "signals_poll", "C85", signals_poll, 0, 0 },
	{ "pipes", "ER-4 ER-5 ER-6", pipes, 0, 0 },
	{ "async_signals", "PO-15", async_signals, 0, 0 },
	{ "async_out", "PO-15 PO-12", async_out, 0, 0 },
	{ "forked", "CL-7", forked, 0, 0 },
	{ "handed_over", "CL-7", handed_over, 0, 0 },
	{ "garbage", "CL-7 CL-1", garbage, 0, 0 },
	{ "many_readers", "RX-1 C86", many_readers, 0, 0 },
	{ "peek_overtaken", "RX-2 C86", peek_overtaken, 0, 0 },
};

RT_MAIN(tests)
