// SPDX-License-Identifier: GPL-2.0
/*
 * What the path carries: "fragmentation needed", true, forged and late, and
 * black holes, where nothing tells but silence (RFC 4821).
 */
#include "carry.h"

#include <pthread.h>

#define PORT	8080
#define ROUTER	IP(10, 9, 0, 77)
#define MANY	400000		/* bytes; enough for a search to end */
/* Sizes of a path and, less 40, of segments; IPv6 takes 1280 to pass everywhere. */
#define NARROW	(rt.v6 ? 1300 : 800)
#define FITS	(NARROW - 40)

static struct peer p;
static int fd;
static uint32_t una;		/* where the stream begins */
static uint8_t out[MANY];

/* A slow machine is no lossy path. */
static void patient(void)
{
	if (have_sysctl("rto_min_us") && !time_travels())
		sysctl_set("rto_min_us", "1000000");
}

static void calm_net(void)
{
	p.tun = peer_net();
	patient();
}

static void connected(bool sack)
{
	if (!p.tun)
		calm_net();
	peer_init(&p, p.tun, 4000, 0);
	p.sackok = sack;
	fd = peer_dialled(&p);
	una = p.rcv_nxt;
	fill(out, sizeof(out), 7);
}

static void too_big(int mtu, uint32_t seq)
{
	peer_icmp(&p, 3, 4, mtu, ROUTER, seq);
}

static int maxseg(void)
{
	return sk_get(fd, SOL_TCP, TCP_MAXSEG);
}

/* What a route says of the path to an address. */
static int path_mtu(uint32_t ip)
{
	int s = OK(socket(rt.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0)), mtu;

	OK(sk_connect(s, ip, PORT));
	mtu = sk_get(s, IPPROTO_IP, IP_MTU);
	close(s);
	return mtu;
}

/*
 * Some kernels believe whatever ICMP says of a datagram, be it one that nobody
 * sent: the route has it before the udp wire is asked.
 */
static void need_judge(void)
{
	struct peer q;

	if (carry_wire() != WIRE_UDP)
		return;
	peer_init(&q, p.tun, PORT, PORT);
	q.addr = IP(10, 9, 0, 99);
	peer_icmp(&q, 3, 4, NARROW, ROUTER, 0);
	if (path_mtu(q.addr) != 1500)
		t_skip("this kernel's UDP believes all that ICMP says");
}

/* ---- what came, by place in the stream ---- */

static uint8_t times[MANY];	/* how often each byte came */
static int longest;

static void note(const struct seg *s)
{
	int i, at = s->seq - una;

	if (!s->len)
		return;
	ASSERT_GE(at, 0);
	ASSERT_LE(at + s->len, MANY);
	ASSERT(!memcmp(s->data, out + at, s->len));
	for (i = at; i < at + s->len; i++)
		times[i]++;
	if (s->len > longest)
		longest = s->len;
}

static void forget(void)
{
	memset(times, 0, sizeof(times));
	longest = 0;
}

static bool came(int from, int to, int n)
{
	int i;

	for (i = from; i < to; i++)
		if (times[i] != n)
			return false;
	return true;
}

/* All of [from, to) comes, and nothing is acknowledged. */
static void want_bytes(int from, int to)
{
	int i;

	forget();
	for (i = from; i < to; i++)
		while (!times[i])
			note(peer_need(&p));
}

/* Nothing more comes for a while. */
static void quiet(int ms)
{
	struct seg *s;

	while ((s = peer_get(&p, ms))) {
		if (s->len)
			FAIL("%d bytes at %d once more", s->len, (int)(s->seq - una));
	}
}

static void acknowledge(int n)
{
	p.rcv_nxt = una + n;
	peer_ack(&p);
	UNTIL(sk_outq(fd) == 0);
}

/* ---- ICMP ---- */

/* Five are refused and each is told of, but sent again once. */
static void burst(void)
{
	int i;

	connected(false);
	send_all(fd, out, 7300);
	want_bytes(0, 7300);
	ASSERT_EQ(longest, 1460);
	for (i = 0; i < 5; i++)
		too_big(NARROW, una + i * 1460);
	want_bytes(0, 7300);
	ASSERT_LE(longest, FITS);
	quiet(40);
	ASSERT(came(0, 7300, 1));
	ASSERT_EQ(counter("Timeouts"), 0);
	ASSERT_EQ(sk_error(fd), 0);
	acknowledge(7300);
	ASSERT_EQ(maxseg(), FITS);
}

/* Routers limit their ICMP: one is enough, whichever it is about. */
static void one_of_a_burst(void)
{
	connected(false);
	send_all(fd, out, 7300);
	want_bytes(0, 7300);
	too_big(NARROW, una + 3 * 1460);
	want_bytes(0, 7300);
	ASSERT_LE(longest, FITS);
	ASSERT_EQ(counter("Timeouts"), 0);
	acknowledge(7300);
}

/* What fits is not sent again. */
static void only_what_does_not_fit(void)
{
	/* too much to go along with the rest of what was cut */
	int last = rt.v6 ? 1200 : 500;

	connected(false);
	sk_set(fd, SOL_TCP, TCP_NODELAY, 1);
	send_all(fd, out, 100);
	send_all(fd, out + 100, 2920);
	send_all(fd, out + 3020, last);
	want_bytes(0, 3020 + last);
	too_big(NARROW, una + 100);
	want_bytes(100, 3020);
	ASSERT_LE(longest, FITS);
	quiet(40);
	ASSERT(came(0, 100, 0));
	ASSERT(came(100, 3020, 1));
	ASSERT(came(3020, 3020 + last, 0));
	acknowledge(3020 + last);
}

/* It never raises what is known, and nonsense changes nothing. */
static void never_raises(void)
{
	static const int nonsense[] = { 1500, 1501, 9000, 65535 };
	size_t i;

	connected(false);
	send_all(fd, out, 2920);
	want_bytes(0, 2920);
	for (i = 0; i < ARRAY_SIZE(nonsense); i++)
		too_big(nonsense[i], una);
	quiet(40);
	ASSERT_EQ(maxseg(), 1460);
	too_big(NARROW, una);
	want_bytes(0, 2920);
	ASSERT_LE(longest, FITS);
	too_big(NARROW + 100, una);
	quiet(40);
	acknowledge(2920);
	ASSERT_EQ(maxseg(), FITS);
	send_all(fd, out + 2920, 5000);
	want_bytes(2920, 7920);
	ASSERT_EQ(longest, FITS);
}

/* Below what every router carries: not to be believed. */
static void below_68(void)
{
	connected(false);
	need_judge();
	send_all(fd, out, 2920);
	want_bytes(0, 2920);
	too_big((rt.v6 ? 1280 : 68) - 1 - carry_extra(), una);
	too_big(1, una);
	quiet(40);
	ASSERT_EQ(maxseg(), 1460);
	acknowledge(2920);
}

/*
 * A size that is less than the route takes: IPv4's min_pmtu, from which on IP
 * itself cuts. With IPv6 no link has it (RFC 8201, 4), and nothing happens.
 */
static void less_than_route(int mtu)
{
	int least = 552 - 40 - carry_extra();

	connected(false);
	send_all(fd, out, 2920);
	want_bytes(0, 2920);
	p.any_df = true;
	too_big(mtu, una);
	if (rt.v6) {
		quiet(40);
		least = 1460;
	} else {
		want_bytes(0, 2920);
		ASSERT_EQ(longest, least);
	}
	acknowledge(2920);
	ASSERT_EQ(maxseg(), least);
}

static void no_size(void)
{
	less_than_route(0);
}

static void min_pmtu(void)
{
	less_than_route(300);
}

/* The least that is believed as it is: min_pmtu, or what IPv6 asks of every link. */
static void least_size(void)
{
	int size = (rt.v6 ? 1280 : 552) - carry_extra();

	connected(false);
	send_all(fd, out, 2920);
	want_bytes(0, 2920);
	too_big(size, una);
	want_bytes(0, 2920);
	ASSERT_EQ(longest, size - 40);
	acknowledge(2920);
	ASSERT_EQ(maxseg(), size - 40);
}

/* RFC 5681, 3.1: the first flight was too big, so is the window. */
static void first_flight_shrinks(void)
{
	struct tcp_info ti;

	connected(false);
	send_all(fd, out, 14600);
	want_bytes(0, 14600);
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_snd_cwnd * ti.tcpi_snd_mss, 14600);
	too_big(NARROW, una);
	note(peer_need(&p));
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_snd_mss, FITS);
	ASSERT_EQ(ti.tcpi_snd_cwnd, 10);
	ASSERT_EQ(ti.tcpi_snd_ssthresh, 0x7fffffff);
	ASSERT_EQ(ti.tcpi_pmtu, NARROW);
	ASSERT_EQ(sk_get(fd, IPPROTO_IP, IP_MTU), NARROW);
}

/* Four segments got through; somebody says that they cannot. */
static void proven(bool sack)
{
	connected(sack);
	need_judge();
	send_all(fd, out, 5840);
	want_bytes(0, 5840);
	acknowledge(5840);
	send_all(fd, out + 5840, 5840);
	want_bytes(5840, 11680);
	too_big(NARROW, una + 5840);
	quiet(40);
	ASSERT_EQ(maxseg(), 1460);
}

static void proven_stalls(void)
{
	proven(false);
	/* It is true: the timeout believes it. */
	want_bytes(5840, 5841);
	ASSERT_LE(longest, FITS);
	ASSERT_EQ(counter("Timeouts"), 1);
	ASSERT_EQ(maxseg(), FITS);
	acknowledge(11680);
}

static void proven_progress(void)
{
	proven(false);
	/* It was a lie, and is forgotten. */
	acknowledge(11680);
	send_all(fd, out + 11680, 2920);
	want_bytes(11680, 14600);
	ASSERT_EQ(longest, 1460);
	want_bytes(11680, 11681);	/* a timeout of its own */
	ASSERT_EQ(longest, 1460);
	ASSERT_EQ(maxseg(), 1460);
}

static void sack(uint32_t start, uint32_t end)
{
	uint32_t s = htonl(start), e = htonl(end);

	memcpy(p.xopt, (uint8_t[]){ 1, 1, 5, 10 }, 4);
	memcpy(p.xopt + 4, &s, 4);
	memcpy(p.xopt + 8, &e, 4);
	p.xoptlen = 12;
	peer_ack(&p);
	p.xoptlen = 0;
}

/* It is true, and what came later shows it sooner than a timeout. */
static void proven_lost(void)
{
	int i;

	calm_net();
	sysctl_set("early_retrans", "0");	/* no probe of the tail in between */
	proven(true);
	p.rcv_nxt = una + 5840;
	for (i = 1; i < 4; i++)
		sack(una + 5840 + 1460, una + 5840 + 1460 * (i + 1));
	want_bytes(5840, 7300);
	ASSERT_LE(longest, FITS);
	ASSERT_EQ(maxseg(), FITS);
	acknowledge(11680);
	ASSERT_EQ(counter("Timeouts"), 0);
}

/* The interface itself knows: no doubt about that, proven or not. */
static void interface_shrinks(void)
{
	connected(false);
	send_all(fd, out, 5840);
	want_bytes(0, 5840);
	acknowledge(5840);
	if_mtu("tun0", NARROW);
	send_all(fd, out + 5840, 5840);
	want_bytes(5840, 11680);
	ASSERT_EQ(longest, FITS);
	ASSERT_EQ(maxseg(), FITS);
	acknowledge(11680);
	if_mtu("tun0", 1500);
	send_all(fd, out + 11680, 5840);
	want_bytes(11680, 17520);
	ASSERT_EQ(longest, 1460);
}

/* What is in flight meets the smaller interface when it is sent again. */
static void interface_shrinks_in_flight(void)
{
	connected(false);
	send_all(fd, out, 5840);
	want_bytes(0, 5840);
	acknowledge(5840);
	send_all(fd, out + 5840, 5840);
	want_bytes(5840, 11680);
	if_mtu("tun0", NARROW);
	want_bytes(5840, 11680 - 5840 + FITS);
	ASSERT_EQ(longest, FITS);
	ASSERT_LE(counter("Timeouts"), 2);
}

/*
 * IP_MTU_DISCOVER: who sets DF, and who listens. Nobody cuts a packet of IPv6,
 * so who leaves it to others has to listen there as well.
 */
static void discover(void)
{
	static const struct {
		int mode;
		bool df, listens;
	} v[] = {
		{ 0, false, false },	/* IP_PMTUDISC_DONT */
		{ 1, true, true },	/* WANT */
		{ 2, true, true },	/* DO */
		{ 3, false, true },	/* PROBE */
		{ 4, false, false },	/* INTERFACE */
		{ 5, false, false },	/* OMIT */
	};
	size_t i;

	fill(out, sizeof(out), 7);
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		bool listens = v[i].listens || (rt.v6 && v[i].mode == 0);
		struct seg *s;

		if (!p.tun)
			calm_net();
		peer_init(&p, p.tun, 4000 + i, 0);
		p.addr = TUN_P + i;	/* a route of its own */
		p.any_df = true;
		fd = peer_dialled(&p);
		una = p.rcv_nxt;
		sk_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, v[i].mode);
		send_all(fd, out, 1460);
		s = peer_need(&p);
		ASSERT_EQ(s->len, 1460);
		if (s->df != (v[i].df || rt.v6))
			FAIL("mode %d: DF is %d", v[i].mode, s->df);
		too_big(NARROW, una);
		s = peer_get(&p, 60);
		if (!!s != listens)
			FAIL("mode %d: %s", v[i].mode, s ? "sent again" : "not sent again");
		if (s)
			ASSERT_LE(s->len, FITS);
		close(fd);
	}
}

/* What ICMP said is good for a while only. */
static void expires(void)
{
	calm_net();
	if (write_file(rt.v6 ? "/proc/sys/net/ipv6/route/mtu_expires" :
			       "/proc/sys/net/ipv4/route/mtu_expires", "1"))
		t_skip("mtu_expires cannot be set here");
	connected(false);
	send_all(fd, out, 2920);
	want_bytes(0, 2920);
	too_big(NARROW, una);
	want_bytes(0, 2920);
	acknowledge(2920);
	ASSERT_EQ(maxseg(), FITS);
	UNTIL(path_mtu(p.addr) == 1500);
	/* IPv6 has a look at its route when something leaves, not before */
	send_all(fd, out + 2920, 1);
	want_bytes(2920, 2921);
	acknowledge(2921);
	ASSERT_EQ(sk_get(fd, IPPROTO_IP, IP_MTU), 1500);
	send_all(fd, out + 2921, 2920);
	want_bytes(2921, 5841);
	ASSERT_EQ(longest, 1460);
	ASSERT_EQ(maxseg(), 1460);
}

/* ---- probing ---- */

static void probing(const char *how)
{
	calm_net();
	sysctl_set("mtu_probing", how);
}

/*
 * The peer's receiver for bytes up to `to`: segments of more than `hole` bytes
 * get lost; what comes behind a gap is answered at once, with SACK if agreed.
 */
static uint8_t have[MANY];

static void receive(int to, int hole)
{
	int at = p.rcv_nxt - una;

	while (at < to) {
		struct seg *s = peer_need(&p);
		int off = s->seq - una, i;

		if (!s->len || s->len > hole) {
			p.rcv_nxt = una + at;
			continue;
		}
		note(s);
		for (i = off; i < off + s->len; i++)
			have[i] = 1;
		while (at < MANY && have[at])
			at++;
		p.rcv_nxt = una + at;
		if (off > at && p.sackok)
			sack(s->seq, s->seq + s->len);
		else
			peer_ack(&p);
		free(s->data);
		free(s);
	}
}

static void *writer(void *arg)
{
	send_all(fd, out, (long)arg);
	return NULL;
}

static pthread_t write_out(long n)
{
	pthread_t t;

	ASSERT_EQ(pthread_create(&t, NULL, writer, (void *)n), 0);
	return t;
}

/* What base_mss comes to; TCP counts timestamps that the peer did not agree to. */
#define ASSERT_BASE(len) \
	do { \
		ASSERT_GE(len, 1024); \
		ASSERT_LE(len, 1024 + 12); \
	} while (0)

/* Sizes begin at base_mss and grow as probes arrive. */
static void probes_grow(void)
{
	struct tcp_info ti;
	pthread_t t;

	probing("2");
	connected(false);
	ASSERT_BASE(maxseg());
	t = write_out(MANY);
	receive(4096, 1460);
	ASSERT_LE(longest, 1460);
	receive(MANY, 1460);
	pthread_join(t, NULL);
	ASSERT_GE(maxseg(), 1460 - 8);
	ASSERT_GE(longest, 1460 - 8);
	ASSERT_GE(counter("MTUPSuccess"), 1);
	ASSERT_EQ(counter("RetransSegs"), 0);
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_pmtu, 1500);
}

static void probes_lost(bool sack)
{
	struct tcp_info ti;
	pthread_t t;

	probing("2");
	connected(sack);
	/* other algorithms leave slow start for other reasons as well */
	OK(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "reno", 4));
	t = write_out(MANY);
	receive(MANY, 1200);
	pthread_join(t, NULL);
	/* Within the threshold of what passes. */
	ASSERT_LE(maxseg(), 1200);
	ASSERT_GE(maxseg(), 1200 - 8);
	ASSERT_GE(counter("MTUPFail"), 1);
	ASSERT_GE(counter("MTUPSuccess"), 1);
	/* No loss but that of probes, and that was no congestion. */
	ASSERT_GE(counter("RetransSegs"), 1);
	ASSERT_EQ(counter("Timeouts"), 0);
	ASSERT_EQ(counter("FastRetrans"), 0);
	sk_info(fd, &ti);
	ASSERT_EQ(ti.tcpi_snd_ssthresh, 0x7fffffff);
}

static void probes_lost_sack(void)
{
	probes_lost(true);
}

static void probes_lost_newreno(void)
{
	probes_lost(false);
}

/* A probe and something else: that is congestion. */
static void probe_and_more_lost(void)
{
	bool probe = false, more = false;
	struct tcp_info ti;
	pthread_t t;
	int at = 0;

	probing("2");
	connected(true);
	t = write_out(MANY);
	while (at < MANY) {
		struct seg *s = peer_need(&p);
		int off = s->seq - una, i;

		p.rcv_nxt = una + at;
		if (!s->len)
			continue;
		if (!probe && s->len > 1024) {
			probe = true;
			continue;
		}
		if (probe && !more) {
			more = true;
			continue;
		}
		note(s);
		for (i = off; i < off + s->len; i++)
			have[i] = 1;
		while (at < MANY && have[at])
			at++;
		p.rcv_nxt = una + at;
		if (off > at)
			sack(s->seq, s->seq + s->len);
		else
			peer_ack(&p);
	}
	pthread_join(t, NULL);
	ASSERT(more);
	sk_info(fd, &ti);
	ASSERT_LT(ti.tcpi_snd_ssthresh, 0x7fffffff);
}

/* Too little behind it for duplicate ACKs: no probe. */
static void small_flow(void)
{
	int i;

	probing("2");
	connected(true);
	for (i = 0; i < 20; i++) {
		send_all(fd, out + i * 4096, 4096);
		receive((i + 1) * 4096, 1460);
	}
	ASSERT_BASE(longest);
	ASSERT_BASE(maxseg());
}

/*
 * A too-big about a probe: the search goes on below, and no more is resent. To
 * one of more than its segments have the host's TCP does not listen over IPv6,
 * unlike IPv4: there it finds out by loss.
 */
static void probe_refused(void)
{
	bool deaf = rt.v6 && rt.proto == PROTO_TCP;
	int at = 0, refused = 0;
	pthread_t t;

	probing("2");
	connected(true);
	t = write_out(MANY);
	while (at < MANY) {
		struct seg *s = peer_need(&p);
		int off = s->seq - una, i;

		p.rcv_nxt = una + at;
		if (!s->len)
			continue;
		if (s->iplen > 1300) {
			refused++;
			too_big(1300, s->seq);
			continue;
		}
		note(s);
		for (i = off; i < off + s->len; i++)
			have[i] = 1;
		while (at < MANY && have[at])
			at++;
		p.rcv_nxt = una + at;
		if (off > at)
			sack(s->seq, s->seq + s->len);
		else
			peer_ack(&p);
	}
	pthread_join(t, NULL);
	if (!deaf)
		ASSERT_EQ(refused, 1);
	ASSERT_LE(maxseg(), 1260);
	ASSERT_GE(maxseg(), 1260 - 8);
	ASSERT_EQ(counter("Timeouts"), 0);
	ASSERT_EQ(sk_get(fd, IPPROTO_IP, IP_MTU), deaf ? 1500 : 1300);
}

/* Timeout after timeout: the base, its half, and so on to the floor. */
static void steps(const char *floor, const int *want, int n)
{
	int last = 0, i = 0;

	probing("1");
	sysctl_set("mtu_probe_floor", floor);
	connected(false);
	send_all(fd, out, 1460);
	while (i < n) {
		struct seg *s = peer_get(&p, 130000);

		ASSERT(s);
		ASSERT_EQ(s->seq, una);
		p.rcv_nxt = una;
		if (s->len == last)
			continue;
		last = s->len;
		ASSERT_EQ(last, want[i++]);
	}
	/* The floor it is. */
	ASSERT_EQ(peer_get(&p, 130000)->len, last);
	p.rcv_nxt = una;
	ASSERT_EQ(counter("MTUPFail"), 0);
}

static void steps_to_default_floor(void)
{
	static const int want[] = { 1460, 1024, 512, 256, 128, 64, 48 };

	steps("48", want, ARRAY_SIZE(want));
}

static void steps_to_floor(void)
{
	static const int want[] = { 1460, 1024, 512, 300 };

	steps("300", want, ARRAY_SIZE(want));
}

/* Off: the size is never doubted. */
static void steps_off(void)
{
	int i;

	probing("0");
	connected(false);
	send_all(fd, out, 1460);
	for (i = 0; i < 9; i++) {
		struct seg *s = peer_get(&p, 130000);

		ASSERT(s);
		ASSERT_EQ(s->len, 1460);
		p.rcv_nxt = una;
	}
}

/* Another stretch of the stream, through a path with this hole. */
static void stretch(int n, int hole)
{
	pthread_t t;

	una = p.rcv_nxt;
	memset(have, 0, sizeof(have));
	forget();
	t = write_out(n);
	receive(n, hole);
	pthread_join(t, NULL);
}

/* Ten minutes later the path is better, and a probe finds out. */
static void again_after_interval(void)
{
	double t0;

	probing("2");
	connected(true);
	t0 = now();
	stretch(MANY, 1200);
	stretch(MANY / 4, 1200);	/* the last probe may be to come still */
	ASSERT_LE(maxseg(), 1200);
	ASSERT_GE(maxseg(), 1200 - 8);
	/* Not before its time. */
	UNTIL_MS(now() - t0 > 590, 600000);
	stretch(MANY / 4, 1460);
	ASSERT_LE(longest, 1200);
	UNTIL_MS(now() - t0 > 602, 600000);
	stretch(MANY, 1460);
	ASSERT_GE(maxseg(), 1460 - 8);
}

/* ---- black holes between two stacks ---- */

static volatile int hole_size;

static enum verdict hole(const struct seg *s, int dir)
{
	(void)dir;
	return s->iplen > hole_size ? DROP : PASS;
}

static void through_hole(const char *how, int size, int bytes)
{
	static uint8_t got[MANY];
	struct relay *r = relay_new(1500, hole);
	struct pair q;
	pid_t pid;
	int st;

	hole_size = 65535;
	ns_enter(r->a);
	sysctl_set("mtu_probing", how);
	patient();
	q = pair_relay(r);
	fill(out, sizeof(out), 9);
	hole_size = size;
	sk_nonblock(q.c, false);
	pid = fork();
	if (!pid)
		_exit(send(q.c, out, bytes, 0) != bytes);
	/* as long as it takes, within the limit of the case */
	ASSERT_EQ(recv(q.s, got, bytes, MSG_WAITALL), bytes);
	ASSERT(!memcmp(out, got, bytes));
	OK(waitpid(pid, &st, 0));
	ASSERT_EQ(st, 0);
	ASSERT_GT(r->dropped[0], 0);
	ns_enter(r->a);
	ASSERT_LE(sk_get(q.c, SOL_TCP, TCP_MAXSEG), size - 40);
	UNTIL(!sk_outq(q.c));
}

static void black_hole(void)
{
	through_hole("1", 1200, MANY);
	ASSERT_GE(counter("Timeouts"), 2);
}

static void black_hole_probing(void)
{
	through_hole("2", 1200, MANY);
	ASSERT_EQ(counter("Timeouts"), 0);
}

static void black_hole_small(void)
{
	through_hole("1", 200, 20000);
}

static const struct rt_test tests[] = {
	{ "burst", "C01 C41 PMTU-8M SM-20 ER-12", burst, 0, 0 },
	{ "one_of_a_burst", "C01 C41 PMTU-8M", one_of_a_burst, 0, 0 },
	{ "only_what_does_not_fit", "C01 PMTU-8M", only_what_does_not_fit, 0, 0 },
	{ "never_raises", "C44 PMTU-6M", never_raises, 0, 0 },
	{ "below_68", "C44 PMTU-6M", below_68, T_RILL, 0 },
	{ "no_size", "C01", no_size, 0, 0 },
	{ "min_pmtu", "C01 PMTU-6M", min_pmtu, 0, 0 },
	{ "least_size", "C01 PMTU-6M", least_size, 0, 0 },
	{ "first_flight_shrinks", "C01 CC-14S", first_flight_shrinks, 0, 0 },
	{ "proven_stalls", "C44 ICMP-4I", proven_stalls, T_RILL, 0 },
	{ "proven_progress", "C44 ICMP-4I", proven_progress, T_RILL, 0 },
	{ "proven_lost", "C44 ICMP-4I", proven_lost, T_RILL, 0 },
	{ "interface_shrinks", "C01 SM-20", interface_shrinks, 0, 0 },
	{ "interface_shrinks_in_flight", "C01 C41 SM-20", interface_shrinks_in_flight, 0, 0 },
	{ "discover", "C01", discover, 0, 0 },
	{ "expires", "C01 SM-20", expires, T_FULL, 0 },
	{ "probes_grow", "C01 PMTU-2M", probes_grow, 0, 0 },
	{ "probes_lost_sack", "C41 PMTU-1M PMTU-3S", probes_lost_sack, 0, 0 },
	{ "probes_lost_newreno", "C41 PMTU-1M PMTU-3S", probes_lost_newreno, 0, 0 },
	{ "probe_and_more_lost", "PMTU-1M", probe_and_more_lost, 0, 0 },
	{ "probe_refused", "C01 PMTU-7M", probe_refused, 0, 0 },
	{ "small_flow", "PMTU-3S", small_flow, 0, 0 },
	{ "steps_to_default_floor", "C41 PMTU-4S", steps_to_default_floor, T_LONG, 2000 },
	{ "steps_to_floor", "C41 PMTU-4S", steps_to_floor, T_LONG, 2000 },
	{ "steps_off", "PMTU-4S", steps_off, T_LONG, 2000 },
	{ "again_after_interval", "PMTU-5M", again_after_interval, T_LONG, 2000 },
	{ "black_hole", "C41 PMTU-4S", black_hole, T_FULL, 120 },
	{ "black_hole_probing", "PMTU-1M PMTU-4S", black_hole_probing, T_FULL, 0 },
	{ "black_hole_small", "PMTU-4S", black_hole_small, T_LONG, 2000 },
};

RT_MAIN(tests)
