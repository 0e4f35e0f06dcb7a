// SPDX-License-Identifier: GPL-2.0
/* send and recv: partial counts, flags, timeouts, signals. */
#include "wire.h"

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>

#define PORT	8080

static struct pair q;

static void begin(void)
{
	ns_new();
	q = pair_lo();
}

/* With small buffers that do not grow. */
static void begin_small(void)
{
	ns_new();
	q.l = sk_listen(IP_LO, PORT, 4);
	sk_set(q.l, SOL_SOCKET, SO_RCVBUF, 20000);
	q.c = sk_dial(IP_LO, PORT);
	sk_set(q.c, SOL_SOCKET, SO_SNDBUF, 40000);
	q.s = sk_accept(q.l);
}

static void timeo(int fd, int opt, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	OK(setsockopt(fd, SOL_SOCKET, opt, &tv, sizeof(tv)));
}

static void recv_flags(void)
{
	char buf[64];

	begin();
	ASSERT_ERR(recv(q.s, buf, 1, MSG_DONTWAIT), EAGAIN);
	ASSERT_EQ(read(q.s, buf, 0), 0);
	sk_nonblock(q.s, true);
	ASSERT_ERR(recv(q.s, buf, 1, 0), EAGAIN);
	ASSERT_ERR(read(q.s, buf, 1), EAGAIN);
	sk_nonblock(q.s, false);
	send_str(q.c, "abcdefghij");
	UNTIL(sk_inq(q.s) == 10);
	/* A look leaves it there. */
	ASSERT_EQ(recv(q.s, buf, 4, MSG_PEEK), 4);
	ASSERT(!memcmp(buf, "abcd", 4));
	ASSERT_EQ(recv(q.s, buf, sizeof(buf), MSG_PEEK), 10);
	ASSERT_EQ(sk_inq(q.s), 10);
	ASSERT_EQ(recv(q.s, buf, 0, 0), 0);
	/* What is there, not what was asked for. */
	ASSERT_EQ(recv(q.s, buf, 3, 0), 3);
	ASSERT(!memcmp(buf, "abc", 3));
	/* MSG_TRUNC throws away and counts. */
	ASSERT_EQ(recv(q.s, NULL, 4, MSG_TRUNC), 4);
	ASSERT_EQ(recv(q.s, buf, sizeof(buf), 0), 3);
	ASSERT(!memcmp(buf, "hij", 3));
}

static void recv_waitall(void)
{
	char buf[10];
	double t0;
	pid_t pid;
	int st;

	begin();
	pid = fork();
	if (!pid) {
		close(q.s);
		send_str(q.c, "1234");
		rest(100);
		send_str(q.c, "567890");
		rest(100);
		send_str(q.c, "abc");
		_exit(0);
	}
	close(q.c);
	/* A look that waits, then all of it. */
	t0 = now();
	ASSERT_EQ(recv(q.s, buf, 10, MSG_PEEK | MSG_WAITALL), 10);
	ASSERT_GE((now() - t0) * 1000, 80);
	ASSERT_EQ(recv(q.s, buf, 10, MSG_WAITALL), 10);
	ASSERT(!memcmp(buf, "1234567890", 10));
	/* Short when the stream ends. */
	ASSERT_EQ(recv(q.s, buf, 10, MSG_WAITALL), 3);
	recv_eof(q.s);
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
}

static void recv_timeo(void)
{
	char buf[10];
	double t0;

	begin();
	timeo(q.s, SO_RCVTIMEO, 150);
	t0 = now();
	ASSERT_ERR(recv(q.s, buf, 10, 0), EAGAIN);
	ASSERT_TIME("SO_RCVTIMEO", now() - t0, 0.15);
	send_str(q.c, "abc");
	t0 = now();
	ASSERT_EQ(recv(q.s, buf, 10, MSG_WAITALL), 3);
	ASSERT_TIME("SO_RCVTIMEO with a part", now() - t0, 0.15);
}

/* Fill it up without waiting; the number of bytes that it took. */
static size_t stuff(int fd)
{
	static char buf[65536];
	size_t total = 0;
	ssize_t n;
	int idle = 0;

	/* Probes of the window may squeeze in a little more for a while. */
	while (idle < 50) {
		n = send(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0) {
			total += n;
			idle = 0;
			continue;
		}
		ASSERT_EQ(errno, EAGAIN);
		idle++;
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

static void send_nonblock(void)
{
	struct tcp_info ti;
	size_t n;

	begin_small();
	n = stuff(q.c);
	ASSERT_GT(n, 10000);
	ASSERT_LT(n, 64 << 20);
	ASSERT_EQ(ev_now(q.c, POLLOUT), 0);
	sk_info(q.c, &ti);
	drain(q.s, n);
	ev_need(q.c, POLLOUT);
	UNTIL(!sk_outq(q.c));
	ASSERT_EQ(ev_wait(q.s, POLLIN, 20), 0);
}

static void send_timeo(void)
{
	static char big[1 << 20];
	double t0;
	ssize_t n;
	size_t had;

	begin_small();
	had = stuff(q.c);
	timeo(q.c, SO_SNDTIMEO, 150);
	t0 = now();
	ASSERT_ERR(send(q.c, big, 1000, 0), EAGAIN);
	ASSERT_TIME("SO_SNDTIMEO", now() - t0, 0.15);
	drain(q.s, had);
	UNTIL(!sk_outq(q.c));
	/* A part: its count. */
	n = send(q.c, big, sizeof(big), 0);
	ASSERT_GT(n, 0);
	ASSERT_LE(n, sizeof(big));
	drain(q.s, n);
}

static void send_blocking(void)
{
	static char out[3 << 20], got[3 << 20];
	pid_t pid;
	int st;

	begin();
	fill(out, sizeof(out), 40);
	pid = fork();
	if (!pid) {
		close(q.s);
		ASSERT_EQ(send(q.c, out, sizeof(out), 0), sizeof(out));
		_exit(0);
	}
	close(q.c);
	rest(50);
	recv_all(q.s, got, sizeof(got));
	ASSERT(!memcmp(out, got, sizeof(got)));
	recv_eof(q.s);
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void alarm_in(int ms, int flags)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = flags };
	struct itimerval it = { .it_value = { .tv_usec = ms * 1000 } };

	OK(sigaction(SIGALRM, &sa, NULL));
	OK(setitimer(ITIMER_REAL, &it, NULL));
}

static void signals(void)
{
	static char big[8 << 20];
	char buf[16];
	size_t had;
	ssize_t n;
	pid_t pid;

	begin_small();
	/* Nothing moved: EINTR. */
	alarm_in(50, 0);
	ASSERT_ERR(recv(q.s, buf, 1, 0), EINTR);
	alarm_in(50, 0);
	ASSERT_ERR(accept(q.l, NULL, NULL), EINTR);
	/* SA_RESTART goes on waiting … */
	pid = fork();
	if (!pid) {
		rest(200);
		send_str(q.c, "x");
		_exit(0);
	}
	alarm_in(50, SA_RESTART);
	ASSERT_EQ(recv(q.s, buf, 1, 0), 1);
	/* … unless there is a timeout. */
	timeo(q.s, SO_RCVTIMEO, 2000);
	alarm_in(50, SA_RESTART);
	ASSERT_ERR(recv(q.s, buf, 1, 0), EINTR);
	timeo(q.s, SO_RCVTIMEO, 0);
	/* A part has moved: its count. */
	send_str(q.c, "abc");
	alarm_in(50, SA_RESTART);
	ASSERT_EQ(recv(q.s, buf, 10, MSG_WAITALL), 3);
	alarm_in(100, 0);
	n = send(q.c, big, sizeof(big), 0);
	ASSERT_GT(n, 0);
	ASSERT_LT(n, sizeof(big));
	had = n + stuff(q.c);
	alarm_in(50, 0);
	ASSERT_ERR(send(q.c, big, 100, 0), EINTR);
	drain(q.s, had);
}

static void iovecs(void)
{
	char a[3], b[5], c[100];
	struct iovec out[3] = {
		{ "one ", 4 }, { "", 0 }, { "two three", 9 },
	}, in[3] = { { a, 3 }, { b, 5 }, { c, 100 } };

	begin();
	ASSERT_EQ(writev(q.c, out, 3), 13);
	UNTIL(sk_inq(q.s) == 13);
	ASSERT_EQ(readv(q.s, in, 3), 13);
	ASSERT(!memcmp(a, "one", 3) && !memcmp(b, " two ", 5) && !memcmp(c, "three", 5));
}

static void send_file(void)
{
	static char out[500000], got[500000];
	int f = OK(memfd_create("f", 0));
	off_t off = 0;
	pid_t pid;
	int st, pp[2];

	begin();
	fill(out, sizeof(out), 41);
	ASSERT_EQ(write(f, out, sizeof(out)), sizeof(out));
	pid = fork();
	if (!pid) {
		while (off < (off_t)sizeof(out))
			OK(sendfile(q.c, f, &off, sizeof(out) - off));
		_exit(0);
	}
	recv_all(q.s, got, sizeof(got));
	ASSERT(!memcmp(out, got, sizeof(got)));
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	/* splice: into a pipe, and out of it. */
	OK(pipe(pp));
	send_str(q.c, "through a pipe");
	ev_need(q.s, POLLIN);
	ASSERT_EQ(splice(q.s, NULL, pp[1], NULL, 100, 0), 14);
	ASSERT_EQ(splice(pp[0], NULL, q.s, NULL, 14, 0), 14);
	recv_str(q.c, "through a pipe");
	sk_nonblock(q.s, true);
	ASSERT_ERR(splice(q.s, NULL, pp[1], NULL, 100, 0), EAGAIN);
	OK(shutdown(q.c, SHUT_WR));
	ev_need(q.s, POLLIN);
	ASSERT_EQ(splice(q.s, NULL, pp[1], NULL, 100, 0), 0);
}

static void bad_memory(void)
{
	long page = sysconf(_SC_PAGESIZE);
	char *m, buf[8];

	begin();
	m = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT(m != MAP_FAILED);
	OK(munmap(m + page, page));
	ASSERT_ERR(send(q.c, m + page, 10, 0), EFAULT);
	ASSERT_ERR(send(q.c, NULL, 10, 0), EFAULT);
	send_str(q.c, "data");
	ev_need(q.s, POLLIN);
	ASSERT_ERR(recv(q.s, m + page, 4, 0), EFAULT);
	/* Nothing was lost by that. */
	recv_str(q.s, "data");
	/* Half of it is there: a part may go, in order. */
	memset(m, 'p', page);
	{
		ssize_t n = send(q.c, m + page - 100, 200, 0);

		ASSERT(n == -1 || (n > 0 && n <= 100));
		if (n > 0)
			drain(q.s, n);
	}
	send_str(q.c, "end");
	recv_str(q.s, "end");
	ASSERT_ERR(recvfrom(q.s, buf, 8, MSG_DONTWAIT, NULL, NULL), EAGAIN);
}

static void queue_sizes(void)
{
	int n;

	begin();
	send_str(q.c, "12345");
	UNTIL(sk_inq(q.s) == 5);
	OK(shutdown(q.c, SHUT_WR));
	ev_need(q.s, POLLRDHUP);
	ASSERT_EQ(sk_inq(q.s), 5);		/* the FIN does not count */
	UNTIL(!sk_outq(q.c));
	OK(ioctl(q.s, FIONREAD, &n));
	ASSERT_EQ(n, 5);
	recv_str(q.s, "12345");
	ASSERT_EQ(sk_inq(q.s), 0);
}

/* Odd sizes on both sides, byte for byte. */
static void odd_sizes(void)
{
	static uint8_t out[300000], got[300000];
	uint64_t rs = 99;
	size_t sent = 0, have = 0;

	begin();
	fill(out, sizeof(out), 42);
	while (have < sizeof(out)) {
		size_t n = 1 + rnd(&rs) % 7000;
		ssize_t r;

		if (n > sizeof(out) - sent)
			n = sizeof(out) - sent;
		if (n) {
			r = send(q.c, out + sent, n, MSG_DONTWAIT);
			if (r > 0)
				sent += r;
		}
		n = 1 + rnd(&rs) % 5000;
		r = recv(q.s, got + have, n < sizeof(got) - have ? n : sizeof(got) - have,
			 MSG_DONTWAIT);
		if (r > 0)
			have += r;
		else
			ev_need(q.s, POLLIN);
	}
	ASSERT(!memcmp(out, got, sizeof(out)));
}

/* TCP_INQ: each read tells what is left. */
static void inq_cmsg(void)
{
	char buf[4], ctl[128];
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl),
	};
	struct cmsghdr *c;
	int left = -1;

	begin();
	sk_set(q.s, SOL_TCP, TCP_INQ, 1);
	send_str(q.c, "0123456789");
	UNTIL(sk_inq(q.s) == 10);
	ASSERT_EQ(recvmsg(q.s, &m, 0), 4);
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_TCP && c->cmsg_type == TCP_CM_INQ)
			memcpy(&left, CMSG_DATA(c), sizeof(left));
	ASSERT_EQ(left, 6);
}

/* Two blocked readers in turns, one stream: no byte twice, none lost. */
static void two_readers(void)
{
	int pp[2], st, i, sum = 0, want = 0;
	pid_t pid[2];
	uint8_t c;

	begin();
	OK(pipe(pp));
	for (i = 0; i < 2; i++) {
		pid[i] = fork();
		if (!pid[i]) {
			close(q.c);
			while (recv(q.s, &c, 1, 0) == 1)
				ASSERT_EQ(write(pp[1], &c, 1), 1);
			_exit(0);
		}
	}
	close(pp[1]);
	for (i = 0; i < 500; i++) {
		c = i;
		want += c;
		send_all(q.c, &c, 1);
	}
	close(q.c);
	close(q.s);
	for (i = 0; i < 500; i++) {
		ASSERT_EQ(read(pp[0], &c, 1), 1);
		sum += c;
	}
	ASSERT_EQ(sum, want);
	ASSERT_EQ(read(pp[0], &c, 1), 0);
	for (i = 0; i < 2; i++) {
		OK(waitpid(pid[i], &st, 0));
		ASSERT_EQ(st, 0);
	}
}

static const struct rt_test tests[] = {
	{ "recv_flags", "C83 RX-1 RX-2 RX-4 RX-5 RX-10", recv_flags, 0, 0 },
	{ "recv_waitall", "C83 RX-3 RX-11", recv_waitall, 0, 0 },
	{ "recv_timeo", "C80 RX-7", recv_timeo, 0, 0 },
	{ "send_nonblock", "C84 TX-2", send_nonblock, 0, 0 },
	{ "send_timeo", "C80 TX-6", send_timeo, 0, 0 },
	{ "send_blocking", "C84 TX-1", send_blocking, 0, 0 },
	{ "signals", "C85 SG-1 RX-3 TX-1", signals, 0, 0 },
	{ "iovecs", "C84", iovecs, 0, 0 },
	{ "send_file", "C84 SP-1", send_file, 0, 0 },
	{ "bad_memory", "C87", bad_memory, 0, 0 },
	{ "queue_sizes", "IO-1 IO-2", queue_sizes, 0, 0 },
	{ "inq_cmsg", "RX-8", inq_cmsg, 0, 0 },
	{ "two_readers", "RX-1", two_readers, 0, 0 },
	{ "odd_sizes", "C84 RX-1 TX-1", odd_sizes, 0, 0 },
};

RT_MAIN(tests)
