// SPDX-License-Identifier: GPL-2.0
/* sendfile, splice, tee and vmsplice, into sockets and out of them; SO_PEEK_OFF. */
#include "oob.h"
#include "wire.h"

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>

#define PORT	8080
#define SIZE	500000

static struct pair q;
static struct peer p;
static int file, pp[2], fd;
static uint8_t out[SIZE], got[SIZE];

static void begin(void)
{
	ns_new();
	q = pair_lo();
	OK(pipe(pp));
	fill(out, sizeof(out), 60);
}

static void make_file(size_t n)
{
	file = OK(memfd_create("f", 0));
	ASSERT_EQ(write(file, out, n), n);
}

/* A child that reads n bytes from q.s and compares them with out. */
static pid_t reader(size_t n)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	close(q.c);
	recv_all(q.s, got, n);
	ASSERT(!memcmp(got, out, n));
	recv_eof(q.s);
	_exit(0);
}

static void wait_for(pid_t pid)
{
	int st;

	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
}

static void file_in(void)
{
	off_t off = 12345;
	pid_t pid;
	size_t n;

	begin();
	make_file(SIZE);
	/* From an offset, which moves; the file's position does not. */
	ASSERT_EQ(sendfile(q.c, file, &off, 1000), 1000);
	ASSERT_EQ(off, 13345);
	ASSERT_EQ(lseek(file, 0, SEEK_CUR), SIZE);
	recv_all(q.s, got, 1000);
	ASSERT(!memcmp(got, out + 12345, 1000));
	/* More than there is; then nothing is. */
	off = SIZE - 100;
	ASSERT_EQ(sendfile(q.c, file, &off, 1 << 30), 100);
	ASSERT_EQ(sendfile(q.c, file, &off, 1000), 0);
	recv_all(q.s, got, 100);
	ASSERT(!memcmp(got, out + SIZE - 100, 100));
	/* In order with send, and all of a large one. */
	OK(lseek(file, 10, SEEK_SET));
	pid = reader(SIZE);
	send_all(q.c, out, 10);
	for (n = 10; n < SIZE; )
		n += OK(sendfile(q.c, file, NULL, SIZE - n > 77777 ? 77777 : SIZE - n));
	close(q.s);
	close(q.c);
	wait_for(pid);
}

/* What the file says when it is sent again is what is sent: no copy was made. */
static void changed_file(void)
{
	off_t off = 0;
	struct seg *s;

	peer_init(&p, peer_net(), 4000, 0);
	fd = peer_dialled(&p);
	fill(out, sizeof(out), 60);
	make_file(1000);
	ASSERT_EQ(sendfile(fd, file, &off, 1000), 1000);
	s = peer_need(&p);
	ASSERT_EQ(s->len, 1000);
	ASSERT(!memcmp(s->data, out, 1000));
	ASSERT_EQ(pwrite(file, out + 5000, 1000, 0), 1000);
	s = peer_need(&p);
	ASSERT_EQ(s->seq, p.irs + 1);
	ASSERT(!memcmp(s->data, out + 5000, 1000));
	/* Neither the file nor the connection has to be there for it. */
	OK(ftruncate(file, 0));
	close(file);
	close(fd);
	do
		s = peer_need(&p);
	while (s->len != 1000);
	peer_ack(&p);
	while (p.rcv_nxt != p.irs + 1 + 1000 + 1)
		s = peer_need(&p);
	peer_put(&p, F_FIN | F_ACK, NULL, 0);
	UNTIL_STATE(0, 4000, "TIME_WAIT");
}

/* A file written to while it is sent over a wire that cuts and loses. */
static enum verdict lossy(const struct seg *s, int dir)
{
	static uint64_t r = 6;

	ASSERT(s->csum_ok);
	return s->len && !dir && rnd(&r) % 12 == 0 ? DROP : PASS;
}

static void busy_file(void)
{
	struct relay *r = relay_new(1500, lossy);
	off_t off = 0;
	uint8_t *m;
	pid_t pid;
	size_t i;

	q = pair_relay(r);
	memset(out, 'a', sizeof(out));
	make_file(SIZE);
	m = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ASSERT(m != MAP_FAILED);
	pid = fork();
	if (!pid) {
		for (;;) {
			for (i = 0; i < SIZE; i += 64)
				m[i] ^= 'a' ^ 'b';
			rest(1);	/* where time travels, it needs idle processors */
		}
	}
	sk_nonblock(q.c, true);
	for (i = 0; i < SIZE; ) {
		ssize_t n = off < SIZE ? sendfile(q.c, file, &off, SIZE - off) : 0;

		if (n < 0)
			ASSERT_EQ(errno, EAGAIN);
		ev_need(q.s, POLLIN);
		n = OK(recv(q.s, got, sizeof(got), 0));
		i += n;
		while (n--)
			ASSERT(got[n] == 'a' || got[n] == 'b');
	}
	OK(kill(pid, SIGKILL));
	OK(waitpid(pid, NULL, 0));
	ASSERT_GT(r->dropped[0], 0);
}

static void full(void)
{
	size_t n = 0, have = 0;
	int idle = 0;
	off_t off = 0;
	ssize_t k;

	begin();
	close(q.c);
	sk_set(q.l, SOL_SOCKET, SO_RCVBUF, 20000);
	q.c = sk_dial(IP_LO, sk_port(q.l));
	sk_set(q.c, SOL_SOCKET, SO_SNDBUF, 40000);
	q.s = sk_accept(q.l);
	make_file(SIZE);
	sk_nonblock(q.c, true);
	while (idle < 20) {
		k = sendfile(q.c, file, &off, SIZE - off);
		if (k > 0) {
			n += k;
			idle = 0;
			continue;
		}
		ASSERT_EQ(k, -1);
		ASSERT_EQ(errno, EAGAIN);
		idle++;
		rest(10);
	}
	ASSERT_GT(n, 10000);
	ASSERT_LT(n, SIZE);
	ASSERT_EQ(off, n);
	ASSERT_EQ(ev_now(q.c, POLLOUT), 0);
	/* A pipe keeps what did not fit. */
	ASSERT_EQ(write(pp[1], out + n, 1000), 1000);
	ASSERT_ERR(splice(pp[0], NULL, q.c, NULL, 1000, 0), EAGAIN);
	ASSERT_ERR(splice(pp[0], NULL, q.c, NULL, 1000, SPLICE_F_NONBLOCK), EAGAIN);
	while (have < n)
		have += OK(recv(q.s, got + have, n - have, 0));
	ev_need(q.c, POLLOUT);
	ASSERT_EQ(splice(pp[0], NULL, q.c, NULL, 1000, 0), 1000);
	recv_all(q.s, got + n, 1000);
	ASSERT(!memcmp(got, out, n + 1000));
	/* Errors are those of send. */
	OK(shutdown(q.c, SHUT_WR));
	signal(SIGPIPE, SIG_IGN);
	ASSERT_ERR(sendfile(q.c, file, &off, 100), EPIPE);
	ASSERT_EQ(write(pp[1], "x", 1), 1);
	ASSERT_ERR(splice(pp[0], NULL, q.c, NULL, 1, 0), EPIPE);
}

/* SPLICE_F_MORE waits for company, and an early end does not wait for ever. */
static void more(void)
{
	off_t off = 0;

	peer_init(&p, peer_net(), 4000, 0);
	fd = peer_dialled(&p);
	OK(pipe(pp));
	fill(out, sizeof(out), 60);
	make_file(3000);
	ASSERT_EQ(write(pp[1], out, 700), 700);
	ASSERT_EQ(splice(pp[0], NULL, fd, NULL, 500, SPLICE_F_MORE), 500);
	peer_none(&p, 30);
	ASSERT_EQ(splice(pp[0], NULL, fd, NULL, 200, 0), 200);
	ASSERT_EQ(peer_need(&p)->len, 700);
	peer_ack(&p);
	UNTIL(!sk_outq(fd));
	/* The file is shorter than what was asked for. */
	ASSERT_EQ(sendfile(fd, file, &off, 100000), 3000);
	peer_read(&p, got, 3000);
	ASSERT(!memcmp(got, out, 3000));
	ASSERT_EQ(sendfile(fd, file, &off, 100000), 0);
	/* Urgent data, and other pages, in one stream. */
	UNTIL(!sk_outq(fd));
	send_oob(fd, "u");
	off = 100;
	ASSERT_EQ(sendfile(fd, file, &off, 100), 100);
	peer_read(&p, got, 101);
	ASSERT(got[0] == 'u' && !memcmp(got + 1, out + 100, 100));
}

/* The program's own pages through a pipe, to two sockets at once. */
static void tee_two(void)
{
	struct iovec iov = { out, 40000 };
	int copy[2], other, s2;
	size_t n;

	begin();
	OK(pipe(copy));
	other = sk_dial(IP_LO, sk_port(q.l));
	s2 = sk_accept(q.l);
	ASSERT_EQ(vmsplice(pp[1], &iov, 1, 0), 40000);
	ASSERT_EQ(tee(pp[0], copy[1], 40000, 0), 40000);
	for (n = 0; n < 40000; )
		n += OK(splice(pp[0], NULL, q.c, NULL, 40000 - n, 0));
	for (n = 0; n < 40000; )
		n += OK(splice(copy[0], NULL, other, NULL, 40000 - n, SPLICE_F_MOVE));
	send_str(q.c, "end");
	recv_all(q.s, got, 40000);
	ASSERT(!memcmp(got, out, 40000));
	recv_str(q.s, "end");
	recv_all(s2, got, 40000);
	ASSERT(!memcmp(got, out, 40000));
}

static ssize_t move(int from, int to, size_t n, unsigned int flags)
{
	return splice(from, NULL, to, NULL, n, flags);
}

static void socket_out(void)
{
	struct timeval tv = { .tv_usec = 150000 };
	char buf[100];
	loff_t off = 0;
	double t0;
	pid_t pid;
	size_t n;

	begin();
	/* What is there, in order with recv, not what was asked for. */
	send_str(q.c, "0123456789");
	UNTIL(sk_inq(q.s) == 10);
	ASSERT_EQ(recv(q.s, buf, 2, 0), 2);
	ASSERT_EQ(move(q.s, pp[1], 3, 0), 3);
	ASSERT_EQ(recv(q.s, buf, 1, 0), 1);
	ASSERT_EQ(buf[0], '5');
	ASSERT_EQ(recv(q.s, buf, 100, MSG_PEEK), 4);
	ASSERT_EQ(move(q.s, pp[1], 100, 0), 4);
	ASSERT_EQ(read(pp[0], buf, 100), 7);
	ASSERT(!memcmp(buf, "2346789", 7));
	ASSERT_EQ(move(q.s, pp[1], 0, 0), 0);
	ASSERT_ERR(splice(q.s, &off, pp[1], NULL, 1, 0), EINVAL);
	/* The socket's mode counts, and its timeout. */
	sk_nonblock(q.s, true);
	ASSERT_ERR(move(q.s, pp[1], 100, 0), EAGAIN);
	sk_nonblock(q.s, false);
	OK(setsockopt(q.s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	t0 = now();
	ASSERT_ERR(move(q.s, pp[1], 100, 0), EAGAIN);
	ASSERT_TIME("SO_RCVTIMEO", now() - t0, 0.15);
	t0 = now();
	ASSERT_ERR(move(q.s, pp[1], 100, SPLICE_F_NONBLOCK), EAGAIN);
	t_note("SPLICE_F_NONBLOCK on a socket that waits: %.2f s", now() - t0);
	tv.tv_usec = 0;
	OK(setsockopt(q.s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	/* It waits for the first byte. */
	pid = fork();
	if (!pid) {
		rest(50);
		send_str(q.c, "x");
		_exit(0);
	}
	ASSERT_EQ(move(q.s, pp[1], 100, 0), 1);
	wait_for(pid);
	ASSERT_EQ(read(pp[0], buf, 100), 1);
	/* A full pipe: nothing is lost. */
	sk_nonblock(pp[1], true);
	while (write(pp[1], out, 4096) > 0)
		;
	send_str(q.c, "stays");
	UNTIL(sk_inq(q.s) == 5);
	ASSERT_ERR(move(q.s, pp[1], 5, SPLICE_F_NONBLOCK), EAGAIN);
	recv_str(q.s, "stays");
	OK(pipe(pp));
	/* The end, after what is left. */
	send_str(q.c, "last");
	OK(shutdown(q.c, SHUT_WR));
	ev_need(q.s, POLLRDHUP);
	ASSERT_EQ(move(q.s, pp[1], 100, 0), 4);
	for (n = 0; n < 2; n++)
		ASSERT_EQ(move(q.s, pp[1], 100, 0), 0);
}

static void out_errors(void)
{
	begin();
	ASSERT_ERR(move(q.l, pp[1], 10, 0), ENOTCONN);
	ASSERT_ERR(move(sk_new(), pp[1], 10, 0), ENOTCONN);
	send_str(q.c, "lost");
	UNTIL(sk_inq(q.s) == 4);
	ASSERT_EQ(move(q.s, pp[1], 2, 0), 2);
	sk_linger(q.c, 1, 0);
	OK(close(q.c));
	ev_need(q.s, POLLHUP);
	/* What came before the reset may go with it. */
	while (move(q.s, pp[1], 10, 0) > 0)
		;
	ASSERT_EQ(errno, ECONNRESET);
	ASSERT_EQ(move(q.s, pp[1], 10, 0), 0);
	/* Shut down for reading. */
	q = pair_lo();
	OK(shutdown(q.s, SHUT_RD));
	ASSERT_EQ(move(q.s, pp[1], 10, 0), 0);
}

/* Only recv steps over an urgent mark. */
static void urgent_mark(void)
{
	char buf[100];

	begin();
	send_oob(q.c, "abcD");
	send_str(q.c, "ef");
	UNTIL(sk_inq(q.s) == 3 && ev_now(q.s, POLLPRI));
	ASSERT_EQ(move(q.s, pp[1], 100, 0), 3);
	ASSERT(at_mark(q.s));
	ASSERT_EQ(move(q.s, pp[1], 100, 0), 0);
	sk_nonblock(q.s, true);
	ASSERT_ERR(move(q.s, pp[1], 100, 0), EAGAIN);
	oob_is(q.s, 'D');
	ASSERT_ERR(move(q.s, pp[1], 100, 0), EAGAIN);
	read_is(q.s, "ef");
	send_str(q.c, "gh");
	ev_need(q.s, POLLIN);
	ASSERT_EQ(move(q.s, pp[1], 100, 0), 2);
	ASSERT_EQ(read(pp[0], buf, 100), 5);
	ASSERT(!memcmp(buf, "abcgh", 5));
}

/* Socket to pipe to socket, as a proxy does, then to a file. */
static void proxy(void)
{
	int to, n, left;
	struct pair a, b;
	pid_t pid[2];

	ns_new();
	fill(out, sizeof(out), 61);
	a = pair_lo();
	b = pair_lo();
	pid[0] = fork();
	if (!pid[0]) {
		close(a.s);
		close(b.c);
		send_all(a.c, out, SIZE);
		_exit(0);
	}
	pid[1] = fork();
	if (!pid[1]) {
		close(a.c);
		close(b.s);
		OK(pipe(pp));
		while ((n = OK(move(a.s, pp[1], 100000, SPLICE_F_MOVE))))
			for (left = n; left; left -= n)
				n = OK(move(pp[0], b.c, left, SPLICE_F_MOVE | SPLICE_F_MORE));
		_exit(0);
	}
	close(a.c);
	close(a.s);
	close(b.c);
	OK(pipe(pp));
	to = OK(memfd_create("t", 0));
	while ((n = OK(move(b.s, pp[1], 60000, 0))))
		for (left = n; left; left -= n)
			n = OK(move(pp[0], to, left, 0));
	ASSERT_EQ(pread(to, got, SIZE, 0), SIZE);
	ASSERT(!memcmp(got, out, SIZE));
	wait_for(pid[0]);
	wait_for(pid[1]);
}

/* Where TCP has SO_PEEK_OFF, from 6.9 on, so has Rill; elsewhere neither. */
static void peek_off(void)
{
	int tcp = OK(socket(AF_INET, SOCK_STREAM, 0)), v = 0, err;
	socklen_t len = sizeof(v);
	char buf[20];

	begin();
	err = setsockopt(tcp, SOL_SOCKET, SO_PEEK_OFF, &v, sizeof(v)) ? errno : 0;
	close(tcp);
	if (err) {
		ASSERT_ERR(setsockopt(q.s, SOL_SOCKET, SO_PEEK_OFF, &v, sizeof(v)), err);
		ASSERT_ERR(getsockopt(q.s, SOL_SOCKET, SO_PEEK_OFF, &v, &len), err);
		t_skip("no SO_PEEK_OFF for streams on this kernel");
	}
	ASSERT_EQ(sk_get(q.s, SOL_SOCKET, SO_PEEK_OFF), -1);
	send_str(q.c, "0123456789");
	UNTIL(sk_inq(q.s) == 10);
	ASSERT_EQ(recv(q.s, buf, 2, MSG_PEEK), 2);
	ASSERT_EQ(sk_get(q.s, SOL_SOCKET, SO_PEEK_OFF), -1);
	sk_set(q.s, SOL_SOCKET, SO_PEEK_OFF, 1);
	ASSERT_EQ(recv(q.s, buf, 3, MSG_PEEK), 3);
	ASSERT(!memcmp(buf, "123", 3));
	ASSERT_EQ(recv(q.s, buf, 3, MSG_PEEK), 3);
	ASSERT(!memcmp(buf, "456", 3));
	ASSERT_EQ(sk_get(q.s, SOL_SOCKET, SO_PEEK_OFF), 7);
	ASSERT_EQ(recv(q.s, buf, 2, 0), 2);
	ASSERT_EQ(sk_get(q.s, SOL_SOCKET, SO_PEEK_OFF), 5);
	ASSERT_EQ(recv(q.s, NULL, 1, MSG_PEEK | MSG_TRUNC), 1);
	ASSERT_EQ(sk_get(q.s, SOL_SOCKET, SO_PEEK_OFF), 6);
	ASSERT_EQ(recv(q.s, buf, 20, MSG_PEEK), 2);
	ASSERT(!memcmp(buf, "89", 2));
	/* All was seen: a look waits for more. */
	ASSERT_ERR(recv(q.s, buf, 20, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	ASSERT_EQ(ev_now(q.s, POLLIN), POLLIN);
	send_str(q.c, "x");
	ASSERT_EQ(recv(q.s, buf, 20, MSG_PEEK), 1);
	ASSERT_EQ(buf[0], 'x');
	/* Reads past what was seen, and beyond. */
	ASSERT_EQ(recv(q.s, buf, 20, 0), 9);
	ASSERT_EQ(sk_get(q.s, SOL_SOCKET, SO_PEEK_OFF), 0);
	sk_set(q.s, SOL_SOCKET, SO_PEEK_OFF, -1);
	send_str(q.c, "yz");
	UNTIL(sk_inq(q.s) == 2);
	ASSERT_EQ(recv(q.s, buf, 1, MSG_PEEK), 1);
	ASSERT_EQ(recv(q.s, buf, 2, MSG_PEEK), 2);
	ASSERT(!memcmp(buf, "yz", 2));
}

/* MSG_TRUNC throws away and counts, and needs no buffer for it. */
static void discard(void)
{
	char buf[20];

	begin();
	send_str(q.c, "0123456789");
	UNTIL(sk_inq(q.s) == 10);
	ASSERT_EQ(recv(q.s, NULL, 2, MSG_TRUNC | MSG_PEEK), 2);
	ASSERT_EQ(recv(q.s, NULL, 2, MSG_TRUNC), 2);
	memset(buf, '-', sizeof(buf));
	ASSERT_EQ(recv(q.s, buf, 3, MSG_TRUNC), 3);
	ASSERT_EQ(buf[0], '-');
	ASSERT_EQ(recv(q.s, NULL, 100, MSG_TRUNC), 5);
	ASSERT_ERR(recv(q.s, NULL, 100, MSG_TRUNC | MSG_DONTWAIT), EAGAIN);
	OK(shutdown(q.c, SHUT_WR));
	ASSERT_EQ(recv(q.s, NULL, 100, MSG_TRUNC), 0);
}

static const struct rt_test tests[] = {
	{ "file_in", "SP-1 C84", file_in, 0, 0 },
	{ "changed_file", "SP-1", changed_file, 0, 0 },
	{ "busy_file", "SP-1 MUST-2", busy_file, T_FULL, 0 },
	{ "full", "SP-1 C84 TX-2", full, 0, 0 },
	{ "more", "SP-1 TX-5", more, 0, 0 },
	{ "tee_two", "SP-1", tee_two, 0, 0 },
	{ "socket_out", "SP-1 RX-7", socket_out, 0, 0 },
	{ "out_errors", "SP-1 ER-1", out_errors, 0, 0 },
	{ "urgent_mark", "SP-1 UR-3", urgent_mark, 0, 0 },
	{ "proxy", "SP-1", proxy, 0, 0 },
	{ "peek_off", "RX-2", peek_off, 0, 0 },
	{ "discard", "RX-4", discard, 0, 0 },
};

RT_MAIN(tests)
