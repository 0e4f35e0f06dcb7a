// SPDX-License-Identifier: GPL-2.0
/* All that a program can see of a socket without changing it. */
#include "see.h"

#include <linux/sockios.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/select.h>

static volatile sig_atomic_t pipes, urgs, ios;
static int ping[2];		/* UDP sockets over loopback, of IPv4 in any run */
static struct sockaddr_in ping_to;

static void on_signal(int sig)
{
	if (sig == SIGPIPE)
		pipes++;
	else if (sig == SIGURG)
		urgs++;
	else
		ios++;
}

int take_signals(char *out)
{
	int n = pipes + urgs + ios, len = 0;

	*out = 0;
	if (pipes)
		len += sprintf(out + len, " SIGPIPE*%d", (int)pipes);
	if (urgs)
		len += sprintf(out + len, " SIGURG*%d", (int)urgs);
	if (ios)
		len += sprintf(out + len, " SIGIO*%d", (int)ios);
	pipes = 0;
	urgs = 0;
	ios = 0;
	return n;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	OK(sigaction(SIGPIPE, &sa, NULL));
	OK(sigaction(SIGURG, &sa, NULL));
	OK(sigaction(SIGIO, &sa, NULL));
}

static void ping_init(void)
{
	struct sockaddr_in lo = sin_of(IP_LO, 0);
	socklen_t len = sizeof(ping_to);

	ping[0] = OK(socket(AF_INET, SOCK_DGRAM, 0));
	ping[1] = OK(socket(AF_INET, SOCK_DGRAM, 0));
	OK(bind(ping[1], (void *)&lo, sizeof(lo)));
	OK(getsockname(ping[1], (void *)&ping_to, &len));
}

/*
 * Whatever waits on this processor comes before a datagram over loopback; so do
 * the answer to it and the answer to that.
 */
void settle(void)
{
	char c;
	int i;

	for (i = 0; i < 3; i++) {
		OK(sendto(ping[0], "", 1, 0, (void *)&ping_to, sizeof(ping_to)));
		OK(recv(ping[1], &c, 1, 0));
	}
}

static int state_of(int fd)
{
	struct tcp_info ti = { };
	socklen_t len = sizeof(ti);

	return getsockopt(fd, SOL_TCP, TCP_INFO, &ti, &len) ? -1 : ti.tcpi_state;
}

/* Nothing of @fd is on its way: all that was sent, FIN too, is acknowledged. */
static bool acknowledged(int fd)
{
	int out = 0, unsent = 0;

	if (fd < 0 || ioctl(fd, SIOCOUTQ, &out) || ioctl(fd, SIOCOUTQNSD, &unsent))
		return true;
	switch (state_of(fd)) {
	case TCP_CLOSE:
		return true;
	case TCP_FIN_WAIT1:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		return unsent;
	}
	return out == unsent;
}

void settle_world(struct world *w)
{
	settle();
	if (w->by_hand)
		return;
	UNTIL(acknowledged(w->fd) && acknowledged(w->peer));
	settle();
}

/* No ACK over loopback waits for more to come. */
static void quickack(void)
{
	const char *v4 = "ip route change local 127.0.0.1 dev lo table local src 127.0.0.1";

	if (!rt.v6) {
		ASSERT_EQ(sh("%s quickack 1", v4), 0);
		return;
	}
	/* a route of IPv6 without a metric, as the kernel adds it, cannot be changed */
	ASSERT_EQ(sh("ip -6 route add local ::1 dev lo table local metric 1 quickack 1"), 0);
	ASSERT_EQ(sh("ip -6 route del local ::1 dev lo table local proto kernel"), 0);
}

void see_init(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	OK(sched_setaffinity(0, sizeof(one), &one));
	catch_signals();
	ns_new();
	quickack();
	ping_init();
}

char *events_text(unsigned int events, char *out)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} v[] = {
		{ POLLIN, "IN" }, { POLLPRI, "PRI" }, { POLLOUT, "OUT" }, { POLLERR, "ERR" },
		{ POLLHUP, "HUP" }, { POLLNVAL, "NVAL" }, { POLLRDHUP, "RDHUP" },
		{ POLLRDNORM, "RDNORM" }, { POLLRDBAND, "RDBAND" }, { POLLWRNORM, "WRNORM" },
		{ POLLWRBAND, "WRBAND" },
	};
	size_t i, len = 0;

	*out = 0;
	for (i = 0; i < ARRAY_SIZE(v); i++)
		if (events & v[i].bit)
			len += sprintf(out + len, "%s%s", len ? "," : "", v[i].name);
	if (!len)
		strcpy(out, "-");
	return out;
}

/* The bytes in quotes, or how they begin. */
char *bytes_text(const void *buf, ssize_t n, char *out)
{
	const unsigned char *b = buf;
	int i, len = 0;

	out[len++] = '"';
	for (i = 0; i < n && i < 24; i++)
		len += sprintf(out + len, b[i] < 32 || b[i] > 126 ? "\\x%02x" : "%c", b[i]);
	out[len++] = '"';
	out[len] = 0;
	return out;
}

static int selected(int fd)
{
	struct timeval none = { };
	fd_set r, w, x;
	int bits = 0;

	FD_ZERO(&r);
	FD_SET(fd, &r);
	w = r;
	x = r;
	OK(select(fd + 1, &r, &w, &x, &none));
	bits |= FD_ISSET(fd, &r) ? 1 : 0;
	bits |= FD_ISSET(fd, &w) ? 2 : 0;
	bits |= FD_ISSET(fd, &x) ? 4 : 0;
	return bits;
}

static unsigned int by_epoll(int fd, unsigned int mask)
{
	struct epoll_event e = { .events = mask };
	int ep = OK(epoll_create1(0));
	int n;

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	e.events = 0;
	n = OK(epoll_wait(ep, &e, 1, 0));
	close(ep);
	return n ? e.events : 0;
}

/* "-" and an error, or a number; thousands are not told apart. */
static int number_text(char *out, const char *name, int fd, unsigned long req)
{
	int n = -1;

	if (ioctl(fd, req, &n))
		return sprintf(out, " %s=%s", name, strerrorname_np(errno));
	if (n > 4096)
		return sprintf(out, " %s=lots", name);
	return sprintf(out, " %s=%d", name, n);
}

static int name_text(char *out, const char *what, int ret, const union rt_addr *a)
{
	char ip[INET6_ADDRSTRLEN];
	int port;

	if (ret)
		return sprintf(out, " %s=%s", what, strerrorname_np(errno));
	port = addr_text(&a->sa, ip);
	return sprintf(out, " %s=%s:%s", what, ip, port >= 32768 ? "auto" : port ? "chosen" : "0");
}

/* @et: an epoll by edge whose news are taken, or -1 */
char *see_text(int fd, int et, char *out, size_t size)
{
	char a[96], b[96], c[96], d[96];
	struct epoll_event e = { };
	union rt_addr name = { };
	socklen_t len = sizeof(name);
	int n, sel;

	if (fd < 0) {
		snprintf(out, size, "closed");
		return out;
	}
	if (et >= 0 && !OK(epoll_wait(et, &e, 1, 0)))
		e.events = 0;
	sel = selected(fd);
	n = snprintf(out, size, "poll=%s select=%s%s%s epoll0=%s edge=%s state=%d",
		     events_text(ev_now(fd, SEE_ALL), a), sel & 1 ? "r" : "", sel & 2 ? "w" : "",
		     sel & 4 ? "x" : "", events_text(by_epoll(fd, 0), b),
		     et < 0 ? "" : events_text(e.events, c), state_of(fd));
	if (by_epoll(fd, SEE_ALL) != (unsigned int)ev_now(fd, SEE_ALL))
		n += snprintf(out + n, size - n, " epoll=%s",
			      events_text(by_epoll(fd, SEE_ALL), d));
	n += number_text(out + n, "inq", fd, SIOCINQ);
	/* of a connection that is gone TCP tells what it would have sent */
	if (state_of(fd) != TCP_CLOSE)
		n += number_text(out + n, "unsent", fd, SIOCOUTQNSD);
	n += number_text(out + n, "mark", fd, SIOCATMARK);
	n += name_text(out + n, "name", getsockname(fd, &name.sa, &len), &name);
	len = sizeof(name);
	n += name_text(out + n, "peer", getpeername(fd, &name.sa, &len), &name);
	if ((size_t)n + 1 > size)
		FAIL("%d bytes to see are too many", n);
	return out;
}

void see(const char *who, int fd)
{
	char text[1024], sig[64];

	settle();
	take_signals(sig);
	rec("%s: %s%s", who, see_text(fd, -1, text, sizeof(text)), sig);
}

/* What has come at a peer by hand: data, FIN, RST. */
static char *see_wire(struct peer *p, char *out, size_t size)
{
	bool fin = false, rst = false, urg = false;
	uint32_t before = p->rcv_nxt;
	struct seg *s;
	int n = 0;

	for (; (s = peer_get(p, 0)); before = p->rcv_nxt) {
		/* what is sent again says nothing new */
		if (p->rcv_nxt != before) {
			n += s->len;
			fin |= s->flags & F_FIN;
		}
		rst |= s->flags & F_RST;
		urg |= s->flags & F_URG;
		free(s);
	}
	snprintf(out, size, "gets%s%s%s", fin ? " FIN" : "", rst ? " RST" : "",
		 urg ? " URG" : "");
	if (n)
		snprintf(out + strlen(out), size - strlen(out), n > 4096 ? " lots" : " %d bytes",
			 n);
	return out;
}

char *see_other(struct world *w, char *out, size_t size)
{
	char text[200], buf[65536];
	long all = 0;
	ssize_t n;

	if (w->by_hand)
		return see_wire(&w->raw, out, size);
	if (w->peer < 0) {
		*out = 0;
		return out;
	}
	/* what comes is read to its end; of lots only that it is */
	*text = 0;
	while ((n = recv(w->peer, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		if (!all)
			bytes_text(buf, n, text);
		all += n;
	}
	snprintf(out, size, "%s %s, then %s", all > 4096 ? "lots" : "reads", all > 4096 ? "" : text,
		 n ? strerrorname_np(errno) : "the end");
	return out;
}

pid_t blocks(void (*fn)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = OK(fork());
	if (!pid) {
		fn();
		fflush(stdout);
		_exit(0);
	}
	return pid;
}

/* The letter of /proc/PID/stat */
static char process_state(pid_t pid)
{
	char path[64], line[256] = "", *p;
	int fd, n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = OK(open(path, O_RDONLY));
	n = OK(read(fd, line, sizeof(line) - 1));
	close(fd);
	line[n] = 0;
	p = strrchr(line, ')');
	ASSERT(p);
	return p[2];
}

bool asleep(pid_t pid)
{
	char c = 0;

	settle();
	UNTIL(strchr("SZX", c = process_state(pid)));
	return c == 'S';
}

void ends(pid_t pid)
{
	int st;

	if (asleep(pid)) {
		rec("sleeps on");
		OK(kill(pid, SIGKILL));
	}
	OK(waitpid(pid, &st, 0));
	if (WIFSIGNALED(st) && WTERMSIG(st) != SIGKILL)
		rec("ended by signal %d", WTERMSIG(st));
	if (WIFEXITED(st) && WEXITSTATUS(st))
		FAIL("the child failed");
}

static void nothing(int sig)
{
	(void)sig;
}

void on_sigusr1(int flags)
{
	struct sigaction sa = { .sa_handler = nothing, .sa_flags = flags };

	OK(sigaction(SIGUSR1, &sa, NULL));
}
