// SPDX-License-Identifier: GPL-2.0
/*
 * Random transfers over a bad path: both directions at once, random sizes of
 * transfers, writes and reads, several connections in parallel.  Every SHA-256
 * is compared, and the counters have to show that the path was bad.
 *
 * --seed N repeats a run, --count N is the number of transfers, --parallel M
 * how many at once, --size BYTES the largest.
 */
#include "wire.h"

#include <sys/mman.h>
#include <time.h>

#define PORT	9000

/* One half of a connection: what it sends and what it has read. */
struct end {
	int fd;
	bool shut, eof;
	uint64_t out_seed;	/* generates the bytes to send */
	size_t out_left, in_len;
	struct sha256 out, in;
	uint8_t out_sum[32], in_sum[32];
	uint8_t *buf;		/* what the last send did not take */
	size_t have, at;
};

struct conn {
	struct end e[2];	/* the dialling one, the accepting one */
	size_t len[2];		/* bytes from e[0], from e[1] */
	int nr;
};

#define WRITE_MAX	100000

static uint64_t seed_state;

static uint32_t below(uint32_t n)
{
	return n ? rnd(&seed_state) % n : 0;
}

static size_t size_min;

/* Small, large and empty ones alike, or large ones only. */
static size_t random_size(size_t max)
{
	if (size_min)
		return size_min + below(max - size_min + 1);
	switch (below(8)) {
	case 0:
		return below(2);
	case 1:
		return below(3000);
	case 2:
	case 3:
		return below(max / 64 + 1);
	case 4:
	case 5:
		return below(max / 8 + 1);
	default:
		return below(max + 1);
	}
}

static size_t random_io(void)
{
	switch (below(4)) {
	case 0:
		return 1 + below(100);
	case 1:
		return 1 + below(3000);
	default:
		return 1 + below(WRITE_MAX);
	}
}

static void end_init(struct end *e, int fd, size_t len)
{
	memset(e, 0, sizeof(*e));
	e->fd = fd;
	e->out_left = len;
	e->out_seed = rnd(&seed_state) | 1;
	e->buf = malloc(WRITE_MAX);
	ASSERT(e->buf);
	sha256_init(&e->out);
	sha256_init(&e->in);
	sk_nonblock(fd, true);
}

static void more_bytes(struct end *e)
{
	size_t n = random_io(), i;

	if (n > e->out_left)
		n = e->out_left;
	for (i = 0; i < n; i += 4) {
		uint32_t r = rnd(&e->out_seed);

		memcpy(e->buf + i, &r, n - i < 4 ? n - i : 4);
	}
	e->have = n;
	e->at = 0;
}

static void end_write(struct end *e)
{
	int turns = 4;
	ssize_t n;

	while (!e->shut && turns--) {
		if (e->at == e->have) {
			if (!e->out_left) {
				OK(shutdown(e->fd, SHUT_WR));
				sha256_final(&e->out, e->out_sum);
				e->shut = true;
				return;
			}
			more_bytes(e);
		}
		n = send(e->fd, e->buf + e->at, e->have - e->at, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			FAIL("send: %zd %s", n, strerror(errno));
		sha256_update(&e->out, e->buf + e->at, n);
		e->at += n;
		e->out_left -= n;
	}
}

static void end_read(struct end *e)
{
	static uint8_t buf[WRITE_MAX];
	int turns = 4;
	ssize_t n;

	while (!e->eof && turns--) {
		n = recv(e->fd, buf, random_io(), 0);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			FAIL("recv: %s", strerror(errno));
		if (!n) {
			e->eof = true;
			sha256_final(&e->in, e->in_sum);
			return;
		}
		sha256_update(&e->in, buf, n);
		e->in_len += n;
	}
}

static bool conn_done(const struct conn *c)
{
	return c->e[0].eof && c->e[1].eof && c->e[0].shut && c->e[1].shut;
}

static void conn_check(struct conn *c)
{
	int i;

	for (i = 0; i < 2; i++) {
		struct end *from = &c->e[i], *to = &c->e[!i];

		if (to->in_len != c->len[i])
			FAIL("transfer %d %s: %zu of %zu bytes", c->nr, i ? "back" : "there",
			     to->in_len, c->len[i]);
		if (memcmp(from->out_sum, to->in_sum, 32))
			FAIL("transfer %d %s: SHA-256 differs over %zu bytes", c->nr,
			     i ? "back" : "there", c->len[i]);
		free(from->buf);
		close(from->fd);
	}
}

static void conn_open(struct conn *c, const struct net2 *n, int lfd, int nr, size_t max)
{
	int fd, a;

	ns_enter(n->a);
	fd = sk_dial(IP_B, PORT);
	/* SYN, SYN-ACK and ACK may be lost several times: 1 s, 2 s, 4 s, ... */
	UNTIL_MS(ev_now(lfd, POLLIN), patience(120000));
	/* The last ACK may be lost, and the SYN,ACKs that ask for it as well. */
	if (!ev_wait(lfd, POLLIN, patience(100000)))
		FAIL("transfer %d is not accepted", nr);
	a = OK(accept(lfd, NULL, NULL));
	ASSERT_EQ(sk_peer_port(a), sk_port(fd));
	c->nr = nr;
	c->len[0] = random_size(max);
	c->len[1] = random_size(max);
	end_init(&c->e[0], fd, c->len[0]);
	end_init(&c->e[1], a, c->len[1]);
}

static long run_transfers(const struct net2 *n, int count, int parallel, size_t max)
{
	struct conn *conn = calloc(parallel, sizeof(*conn));
	struct pollfd *pf = calloc(2 * parallel, sizeof(*pf));
	int live = 0, begun = 0, done = 0, i, j, lfd;
	double last = now();
	long bytes = 0;

	ASSERT(conn && pf);
	ns_enter(n->b);
	lfd = sk_listen(IP_B, PORT, 64);
	while (done < count) {
		while (live < parallel && begun < count)
			conn_open(&conn[live++], n, lfd, begun++, max);
		for (i = 0; i < live; i++) {
			for (j = 0; j < 2; j++) {
				struct end *e = &conn[i].e[j];

				pf[2 * i + j].fd = e->eof && e->shut ? -1 : e->fd;
				pf[2 * i + j].events = (e->eof ? 0 : POLLIN) |
						       (e->shut ? 0 : POLLOUT);
			}
		}
		if (!poll(pf, 2 * live, 1000) && now() - last > patience(120000) / 1000)
			FAIL("nothing moves any more, %d of %d done", done, count);
		for (i = 0; i < 2 * live; i++) {
			struct end *e = &conn[i / 2].e[i % 2];

			if (pf[i].fd < 0 || !pf[i].revents)
				continue;
			last = now();
			if (pf[i].revents & (POLLIN | POLLHUP | POLLERR))
				end_read(e);
			if (pf[i].revents & POLLOUT)
				end_write(e);
		}
		for (i = 0; i < live; i++) {
			if (!conn_done(&conn[i]))
				continue;
			bytes += conn[i].len[0] + conn[i].len[1];
			conn_check(&conn[i]);
			conn[i--] = conn[--live];
			done++;
			if (rt.verbose && done % 10 == 0)
				t_note("%d transfers, %ld bytes, %.1f s", done, bytes, now());
		}
	}
	close(lfd);
	return bytes;
}

static struct net2 bad_path(const char *netem, int flags)
{
	struct net2 n = net2_new(flags, 1500);

	need_netem();
	ns_enter(n.b);
	ASSERT_EQ(sh("tc qdisc add dev eb root netem limit 10000 %s", netem), 0);
	ns_enter(n.a);
	ASSERT_EQ(sh("tc qdisc add dev ea root netem limit 10000 %s", netem), 0);
	return n;
}

static void start_seed(void)
{
	unsigned int seed = rt.seed ?: (unsigned int)time(NULL) ^ getpid() << 12;

	t_note("seed %u", seed);
	seed_state = seed;
}

/* The sum over both namespaces. */
static long both(const struct net2 *n, const char *name)
{
	long v;

	ns_enter(n->a);
	v = counter(name);
	ns_enter(n->b);
	v += counter(name);
	ns_enter(n->a);
	return v;
}

/* netem may not find the last ACK of a close at once: all goes in the end. */
static void nothing_left(const struct net2 *n)
{
	int i;

	for (i = 0; i < 2; i++) {
		ns_enter(i ? n->b : n->a);
		UNTIL_MS(table_count(NULL) == table_count("TIME_WAIT"), patience(120000));
	}
}

/* What a run has to show in the counters. */
#define SHOW_RETRANS	1
#define SHOW_CSUM	2
#define SHOW_OFO	4

static void transfer(const char *netem, int flags, int show, int count, int parallel, size_t max)
{
	struct net2 n = bad_path(netem, flags);
	double t0 = now();
	long bytes;

	start_seed();
	if (rt.count)
		count = rt.count;
	if (rt.parallel)
		parallel = rt.parallel;
	if (rt.size)
		max = rt.size;
	bytes = run_transfers(&n, count, parallel, max);
	t_note("%d transfers, %d at once, %ld bytes in %.1f s", count, parallel, bytes, now() - t0);
	t_note("retransmitted %ld, fast %ld, timeouts %ld, out of order %ld, bad checksums %ld",
	       both(&n, "RetransSegs"), both(&n, "FastRetrans"), both(&n, "Timeouts"),
	       both(&n, "OFOQueue"), both(&n, "InCsumErrors"));
	nothing_left(&n);
	if (show & SHOW_RETRANS)
		ASSERT_GT(both(&n, "RetransSegs"), 0);
	if (show & SHOW_CSUM)
		ASSERT_GT(both(&n, "InCsumErrors"), 0);
	if (show & SHOW_OFO)
		ASSERT_GT(both(&n, "OFOQueue"), 0);
}

#define BAD	"loss 5% duplicate 2% corrupt 1% delay 5ms 2ms reorder 10% 50% rate 200mbit"

/* The main one: sizes from 0 B to 8 MB, super-segments on the way. */
static void transfer_all(void)
{
	bool tt = time_travels();

	transfer(BAD, 0, SHOW_RETRANS | SHOW_OFO | (tt ? SHOW_CSUM : 0), tt ? 200 : 10,
		 tt ? 8 : 5, tt ? 8 << 20 : 1 << 20);
}

/* One impairment each, on single segments, with enough of them to see it. */
static void transfer_of(const char *netem, int show, size_t size)
{
	size_min = size / 2;
	transfer(netem, NET_SINGLE, show, 6, 6, size);
}

static void transfer_quick(void)
{
	transfer_of(BAD, SHOW_RETRANS | SHOW_OFO, 150000);
}

static void transfer_loss(void)
{
	transfer_of("loss 5% delay 2ms rate 200mbit", SHOW_RETRANS, 300000);
}

static void transfer_reorder(void)
{
	transfer_of("delay 5ms 4ms reorder 25% 50% rate 200mbit", SHOW_OFO, 300000);
}

static void transfer_duplicate(void)
{
	transfer_of("duplicate 20% delay 2ms rate 200mbit", 0, 300000);
}

static void transfer_corrupt(void)
{
	transfer_of("corrupt 3% delay 2ms rate 200mbit", SHOW_CSUM | SHOW_RETRANS, 500000);
}

/* Without netem: the relay drops every 20th, doubles, swaps and corrupts. */
static enum verdict rough(const struct seg *s, int dir)
{
	static int n;

	(void)dir;
	if (s->flags & F_SYN)
		return PASS;
	n++;
	if (n % 20 == 0)
		return DROP;
	if (n % 50 == 7)
		return TWICE;
	if (n % 10 == 3)
		return HOLD;
	if (n % 100 == 31)
		return CORRUPT;
	return PASS;
}

static void transfer_relay(void)
{
	struct relay *r = relay_new(1500, rough);
	struct net2 n = { .a = r->a, .b = r->b };
	long bytes;

	r->delay_s = 0.002;
	start_seed();
	size_min = 50000;
	bytes = run_transfers(&n, 10, 5, 200000);
	t_note("%ld bytes, retransmitted %ld", bytes, both(&n, "RetransSegs"));
	nothing_left(&n);
	ASSERT_GT(r->dropped[0] + r->dropped[1], 0);
	ASSERT_GT(both(&n, "RetransSegs"), 0);
	ASSERT_GT(both(&n, "OFOQueue"), 0);
	ASSERT_GT(both(&n, "InCsumErrors"), 0);
}

/* And over a clean one: next to nothing is sent twice. */
static void transfer_clean(void)
{
	struct net2 n = net2_new(0, 1500);
	long bytes;

	start_seed();
	bytes = run_transfers(&n, 10, 5, 1000000);
	t_note("%ld bytes", bytes);
	nothing_left(&n);
	ASSERT_LE(both(&n, "RetransSegs") * 50, both(&n, "OutSegs"));
	ASSERT_EQ(both(&n, "InCsumErrors"), 0);
}

/* One way, 8 MB in packets of the MTU. */
static void bulk(const struct net2 *n, size_t len)
{
	static uint8_t buf[65536];
	uint8_t sum[2][32];
	struct sha256 h;
	struct pair q;
	size_t at;
	int st, pp[2];
	pid_t pid;

	OK(pipe(pp));
	q = pair_net2(n);
	OK(setsockopt(q.c, SOL_TCP, TCP_CONGESTION, "reno", 4));
	pid = fork();
	if (!pid) {
		close(q.s);
		sha256_init(&h);
		for (at = 0; at < len; at += sizeof(buf)) {
			fill(buf, sizeof(buf), at);
			sha256_update(&h, buf, sizeof(buf));
			send_all(q.c, buf, sizeof(buf));
		}
		sha256_final(&h, sum[0]);
		ASSERT_EQ(write(pp[1], sum[0], 32), 32);
		_exit(0);
	}
	close(q.c);
	sha256_init(&h);
	for (at = 0; at < len;) {
		ssize_t r;

		ev_need(q.s, POLLIN);
		r = OK(recv(q.s, buf, sizeof(buf), MSG_DONTWAIT));
		if (!r)
			FAIL("end of stream at %zu", at);
		sha256_update(&h, buf, r);
		at += r;
	}
	sha256_final(&h, sum[1]);
	ASSERT_EQ(read(pp[0], sum[0], 32), 32);
	ASSERT(!memcmp(sum[0], sum[1], 32));
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
}

/* Nothing is lost on the way: nothing is sent again. */
static void no_waste(void)
{
	struct net2 n = bad_path("delay 5ms rate 1gbit limit 100000", NET_SINGLE);

	bulk(&n, 8 << 20);
	t_note("retransmitted %ld of %ld segments", both(&n, "RetransSegs"), both(&n, "OutSegs"));
	ASSERT_LE(both(&n, "RetransSegs"), 2);
	ASSERT_EQ(both(&n, "Timeouts"), 0);
}

/* What is sent again is in proportion to what was lost. */
static long lost_segs;

static enum verdict lose_some(const struct seg *s, int dir)
{
	static long n;

	if (dir || !s->len || ++n % 200)
		return PASS;
	lost_segs++;
	return DROP;
}

static void little_waste(void)
{
	struct relay *r = relay_new(1500, lose_some);
	struct net2 n = { .a = r->a, .b = r->b };

	r->delay_s = 0.002;
	bulk(&n, 4 << 20);
	t_note("%ld lost, retransmitted %ld", lost_segs, both(&n, "RetransSegs"));
	ASSERT_GE(lost_segs, 10);
	ASSERT_GE(both(&n, "RetransSegs"), lost_segs);
	ASSERT_LE(both(&n, "RetransSegs"), 20 * lost_segs);
}

static const struct rt_test tests[] = {
	{ "transfer_clean", "C40", transfer_clean, 0, 60 },
	{ "transfer_relay", "C40 C41 C42", transfer_relay, 0, 60 },
	{ "transfer_quick", "C40 C41 C07", transfer_quick, 0, 60 },
	{ "transfer_loss", "C40 C41", transfer_loss, T_FULL, 120 },
	{ "transfer_reorder", "C40", transfer_reorder, T_FULL, 120 },
	{ "transfer_duplicate", "C40", transfer_duplicate, T_FULL, 120 },
	{ "transfer_corrupt", "C40 C07", transfer_corrupt, T_FULL, 120 },
	{ "no_waste", "C40 C42 C53", no_waste, T_FULL, 60 },
	{ "little_waste", "C40 C42", little_waste, T_FULL, 60 },
	{ "transfer_all", "C40 C41 C42 C07 C24", transfer_all, T_FULL, 6000 },
};

RT_MAIN(tests)
