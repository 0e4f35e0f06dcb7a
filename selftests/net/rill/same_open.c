// SPDX-License-Identifier: GPL-2.0
/* connect and accept that wait, and what ends them; targets; who may bind what. */
#include "carry.h"
#include "see.h"

#include <sys/time.h>

static struct world w;
static int sa_flags;

static void set_timeout(int fd, int opt, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	OK(setsockopt(fd, SOL_SOCKET, opt, &tv, sizeof(tv)));
}

/* ---- connect that waits ---- */

static int dial_port;

static void wait_connect(void)
{
	on_sigusr1(sa_flags);
	DO(sk_connect(w.fd, TUN_P, dial_port));
	see("connecting", w.fd);
	sk_nonblock(w.fd, true);
	DO(sk_connect(w.fd, TUN_P, dial_port));
	DO(sk_connect(w.fd, TUN_P, dial_port));
}

static void unconnect(int fd)
{
	struct sockaddr a = { .sa_family = AF_UNSPEC };

	DO(connect(fd, &a, sizeof(a)));
}

/* k: SYN-ACK, y: a SYN alone, r: RST, i: ICMP, s: a signal, W R D: shutdown, u: AF_UNSPEC */
static void connect_waits(void)
{
	static const char *const fates[] = { "k", "r", "i", "s", "ss", "W", "R", "D", "u", "y",
					     "yr", "ys", "yD", "t" };
	static const int sa[] = { 0, SA_RESTART }, timeos[] = { 0, 100000, 60 };
	size_t i, j, t;
	int k;

	see_init();
	for (i = 0; i < ARRAY_SIZE(fates); i++)
		for (j = 0; j < 2; j++)
			for (t = 0; t < 3; t++) {
				int rets[2] = { };
				pid_t pid;

				/* 60 ms are for t alone */
				if (*fates[i] == 't' ? timeos[t] != 60 : timeos[t] == 60)
					continue;
				rec("%s %#x %d", fates[i], sa[j], timeos[t]);
				see_make(&w, see_state("syn_sent"));
				/* the state has made the net and the peer; the call is another */
				unconnect(w.fd);
				DO(sk_get(w.fd, SOL_SOCKET, SO_ERROR));
				sk_nonblock(w.fd, false);
				set_timeout(w.fd, SO_SNDTIMEO, timeos[t]);
				peer_drop(&w.raw);
				peer_init(&w.raw, w.raw.tun, w.raw.port + 20000, 0);
				dial_port = w.raw.port;
				sa_flags = sa[j];
				pid = blocks(wait_connect);
				for (k = 0; fates[i][k] && asleep(pid); k++) {
					tun_fill(w.raw.tun, 0);
					peer_drop(&w.raw);
					switch (fates[i][k]) {
					case 'k':
						peer_put(&w.raw, F_SYN | F_ACK, NULL, 0);
						break;
					case 'y':
						peer_put(&w.raw, F_SYN, NULL, 0);
						break;
					case 'r':
						peer_put(&w.raw, F_RST | F_ACK, NULL, 0);
						break;
					case 'i':
						peer_icmp(&w.raw, 3, 1, 0, TUN_P, w.raw.irs);
						break;
					case 's':
						OK(kill(pid, SIGUSR1));
						break;
					case 'W':
						rets[k] = shutdown(w.fd, SHUT_WR);
						break;
					case 'R':
						rets[k] = shutdown(w.fd, SHUT_RD);
						break;
					case 'D':
						rets[k] = shutdown(w.fd, SHUT_RDWR);
						break;
					case 't':
						UNTIL(!asleep(pid));
						break;
					}
					settle();
				}
				ends(pid);
				rec("after %d: %d %d", k, rets[0], rets[1]);
				see("then", w.fd);
				see_end(&w);
			}
}

/* ---- accept that waits ---- */

static void wait_accept(void)
{
	char buf[8];
	int fd;

	on_sigusr1(sa_flags);
	fd = DO_FD(accept(w.fd, NULL, NULL));
	if (fd >= 0)
		DO_READ(recv(fd, buf, 8, MSG_DONTWAIT), buf);
	DO_FD(accept4(w.fd, NULL, NULL, SOCK_NONBLOCK));
}

static void accept_waits(void)
{
	static const char *const fates[] = { "c", "s", "ss", "sc", "R", "W", "D", "l", "Wc",
					     "cc" };
	static const int sa[] = { 0, SA_RESTART }, timeos[] = { 0, 100000 };
	size_t i, j, t;
	int k;

	see_init();
	for (i = 0; i < ARRAY_SIZE(fates); i++)
		for (j = 0; j < 2; j++)
			for (t = 0; t < 2; t++) {
				int c = -1, rets[2] = { };
				pid_t pid;

				rec("%s %#x %d", fates[i], sa[j], timeos[t]);
				see_make(&w, see_state("listen"));
				set_timeout(w.fd, SO_RCVTIMEO, timeos[t]);
				sa_flags = sa[j];
				pid = blocks(wait_accept);
				for (k = 0; fates[i][k] && asleep(pid); k++)
					switch (fates[i][k]) {
					case 'c':
						c = sk_dial(IP_LO, sk_port(w.fd));
						break;
					case 's':
						OK(kill(pid, SIGUSR1));
						break;
					case 'l':
						rets[k] = listen(w.fd, 0);
						break;
					case 'W':
						rets[k] = shutdown(w.fd, SHUT_WR);
						break;
					case 'R':
						rets[k] = shutdown(w.fd, SHUT_RD);
						break;
					case 'D':
						rets[k] = shutdown(w.fd, SHUT_RDWR);
						break;
					}
				/* the second accept of the child may wait again */
				ends(pid);
				rec("after %d: %d %d", k, rets[0], rets[1]);
				see("then", w.fd);
				close(c);
				see_end(&w);
			}
}

/* ---- targets and sources ---- */

/* Of IPv4 all of 127.0.0.0/8 is the loopback's; what stands for it has to be added. */
static void more_of_lo(void)
{
	struct in6_addr a;
	char ip[INET6_ADDRSTRLEN];
	int i;

	for (i = 2; rt.v6 && i < 8; i++) {
		a = carry_addr6(IP(127, 0, 0, i));
		inet_ntop(AF_INET6, &a, ip, sizeof(ip));
		ASSERT_EQ(sh("ip -6 addr add %s/128 dev lo", ip), 0);
	}
}

static void targets(void)
{
	static const uint32_t from[] = { INADDR_ANY, IP_LO, IP(127, 0, 0, 5), TUN_K },
		to[] = { INADDR_ANY, IP_LO, IP(127, 0, 0, 2), IP(127, 255, 255, 255), TUN_K, TUN_P,
			 IP(10, 9, 0, 255), IP(10, 9, 0, 0), IP(224, 0, 0, 1), IP(239, 1, 2, 3),
			 IP(255, 255, 255, 255), IP(240, 0, 0, 1), IP(192, 0, 2, 1),
			 IP(0, 0, 0, 1) };
	static const int ports[] = { 0, 1, 9999 };
	size_t i, j, k;
	int l, bound;

	see_init();
	more_of_lo();
	see_make(&w, see_state("hand"));	/* brings the TUN device */
	l = sk_listen(INADDR_ANY, 9999, 4000);
	for (bound = 0; bound < 2; bound++)
		for (i = 0; i < ARRAY_SIZE(from); i++)
			for (j = 0; j < ARRAY_SIZE(to); j++)
				for (k = 0; k < ARRAY_SIZE(ports); k++) {
					struct world v = { .fd = sk_new(), .peer = -1, .l = -1,
							   .et = -1 };

					if (!bound && i)
						continue;
					rec("%d: %#x to %#x port %d", bound, from[i], to[j],
					    ports[k]);
					if (bound)
						OK(sk_bind(v.fd, from[i], 0));
					sk_nonblock(v.fd, true);
					DO(sk_connect(v.fd, to[j], ports[k]));
					settle();
					see("it", v.fd);
					DO(sk_error(v.fd));
					DO(sk_connect(v.fd, IP_LO, 9999));
					sk_linger(v.fd, 1, 0);
					close(v.fd);
				}
	close(l);
}

/* Two sockets, one port: SO_REUSEADDR, addresses and states of the first. */
static void two_on_a_port(void)
{
	static const uint32_t addr[] = { INADDR_ANY, IP_LO, IP(127, 0, 0, 2) };
	static const char *const firsts[] = { "bound", "listens", "connected", "listened once",
					      "child alone", "time wait" };
	int reuse, change, port = 10000;
	size_t i, j, f;

	see_init();
	more_of_lo();
	for (f = 0; f < ARRAY_SIZE(firsts); f++)
		for (reuse = 0; reuse < 4; reuse++)
			for (i = 0; i < 3; i++)
				for (j = 0; j < 3; j++) {
					int a = sk_new(), b = sk_new(), c = -1, s = -1;

					change = (i + j + reuse) % 2;
					sk_set(a, SOL_SOCKET, SO_REUSEADDR, reuse & 1);
					/* one of its own: what went before may be in TIME_WAIT */
					OK(sk_bind(a, addr[i], ++port));
					if (f)
						OK(listen(a, 4));
					if (f == 3)
						OK(shutdown(a, SHUT_RD));
					if (f == 2 || f >= 4) {
						c = sk_dial(addr[i] ? addr[i] : IP_LO, port);
						s = sk_accept(a);
					}
					if (f >= 4) {
						close(a);
						a = -1;
					}
					if (f == 5) {
						close(s);
						settle();
						close(c);
						settle();
						s = -1;
						c = -1;
					}
					rec("%s, reuse %d, %#x then %#x", firsts[f], reuse, addr[i],
					    addr[j]);
					sk_set(b, SOL_SOCKET, SO_REUSEADDR, reuse >> 1);
					DO(sk_bind(b, addr[j], port));
					if (change)
						sk_set(b, SOL_SOCKET, SO_REUSEADDR, 0);
					DO(listen(b, 1));
					if (a >= 0)
						DO(listen(a, 2));
					DO(sk_connect(b, IP_LO, 1));
					close(a);
					close(b);
					close(c);
					close(s);
					settle();
				}
}

/* Few ports: who gets one, who does not, and what is told. CN-11, LS-4 */
static void few_ports(void)
{
	int fd[6], i, l;

	see_init();
	more_of_lo();
	l = sk_listen(IP_LO, 9999, 100);
	OK(write_file("/proc/sys/net/ipv4/ip_local_port_range", "40000 40001"));
	for (i = 0; i < 6; i++) {
		fd[i] = sk_new();
		DO(sk_bind(fd[i], i % 2 ? IP_LO : INADDR_ANY, 0));
	}
	for (i = 0; i < 6; i++)
		DO(listen(fd[i], 1));
	for (i = 0; i < 6; i++)
		close(fd[i]);
	for (i = 0; i < 6; i++) {
		fd[i] = sk_new();
		DO(sk_connect(fd[i], IP_LO, 9999));
	}
	for (i = 0; i < 6; i++)
		DO(listen(fd[i], 1));
	/* to another address the same ports will do */
	for (i = 0; i < 6; i++) {
		close(fd[i]);
		fd[i] = sk_new();
		sk_nonblock(fd[i], true);
		DO(sk_connect(fd[i], IP(127, 0, 0, 2 + i), 1));
		settle();
		DO(sk_error(fd[i]));
	}
	close(l);
}

/* The queue of a listener, filled and emptied, and its limit changed under way. */
static void queue(void)
{
	static const int limits[] = { 0, 1, 3 };
	char text[1024];
	int c[8], i, k, n;
	size_t t;

	see_init();
	for (t = 0; t < ARRAY_SIZE(limits); t++) {
		see_make(&w, see_state("bound"));
		OK(listen(w.fd, limits[t]));
		sk_nonblock(w.fd, true);
		for (i = 0; i < 8; i++) {
			c[i] = sk_new();
			sk_nonblock(c[i], true);
			if (i <= limits[t])
				DO(sk_connect(c[i], IP_LO, sk_port(w.fd)));
			settle();
			rec("limit %d, %d: %s", limits[t], i,
			    see_text(w.fd, w.et, text, sizeof(text)));
			see_call("reads")->fn(&w, NULL, text);
			rec("%s", text);
		}
		for (k = 0; k < 3; k++) {
			DO(listen(w.fd, 2 - k));
			see_call("reads")->fn(&w, NULL, text);
			rec("%s", text);
		}
		for (n = 0; n < 5; n++) {
			close(c[n]);
			settle();
			DO_FD(accept(w.fd, NULL, NULL));
			rec("%s", see_text(w.fd, w.et, text, sizeof(text)));
		}
		for (; n < 8; n++)
			close(c[n]);
		see_end(&w);
	}
}

static const struct rt_test tests[] = {
	{ "connect_waits", "C13 C80 C85 CN-1 CN-2 CN-4 CN-5 CN-6 CN-7 SH-6 ER-9 SG-1",
	  connect_waits, T_LONG, 120 },
	{ "accept_waits", "C80 C85 C15 AC-2 AC-3 SH-5 LS-3 SG-1", accept_waits, T_LONG, 120 },
	{ "targets", "CN-3 CN-8 CN-10 CN-13 C13 C81 MUST-46", targets, 0, 60 },
	{ "two_on_a_port", "C81 SO-1 SO-2 SO-3 SH-5", two_on_a_port, 0, 60 },
	{ "few_ports", "CN-11 C81 LS-4", few_ports, 0, 0 },
	{ "queue", "C12 LS-1 LS-3 LS-6 PO-3 AC-1", queue, 0, 60 },
};

RT_MAIN(tests)
