// SPDX-License-Identifier: GPL-2.0
/*
 * Executes a plan over one door, and writes down what a program sees.
 *
 * What happens on loopback is over before the call returns that caused it: the
 * softirq that takes the segments runs in the sender's context, or in a thread
 * that is preferred to us (SCHED_IDLE).  ACKs are not delayed, as the route
 * says quickack.  So no step has to wait for another.
 */
#include "calls.h"

#include <arpa/inet.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/time.h>

#define RUNS_A_NET	1000

#define QUICK_ROUTE6 \
	"ip -6 route %s local ::1 dev lo table local %s"
#define QUICK_ROUTE \
	"ip route change local %s dev lo table local scope host src 127.0.0.1 quickack 1"

#define ALL_EVENTS	(POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLRDBAND | \
			 POLLWRNORM | POLLWRBAND | POLLMSG)

int hidden_port;
uint8_t *nowhere;
int data_fd = -1, pipes[2][2];

static int listeners[3] = { -1, -1, -1 }, listener_ports[3];
static int runs, hidden_fd;
static volatile sig_atomic_t got_pipe, got_urg, got_io, got_alarm;

static void on_signal(int sig)
{
	if (sig == SIGPIPE)
		got_pipe++;
	else if (sig == SIGURG)
		got_urg++;
	else if (sig == SIGIO)
		got_io++;
	else
		got_alarm++;
}

static void once(void)
{
	static const int sigs[] = { SIGPIPE, SIGURG, SIGIO, SIGALRM };
	struct sigaction sa = { .sa_handler = on_signal };
	uint8_t pattern[65536];
	size_t i;

	/* SIGALRM has to end a call that hangs, the others must not */
	for (i = 0; i < ARRAY_SIZE(sigs); i++) {
		sa.sa_flags = sigs[i] == SIGALRM ? 0 : SA_RESTART;
		OK(sigaction(sigs[i], &sa, NULL));
	}
	nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT(nowhere != MAP_FAILED);
	data_fd = OK(memfd_create("data", MFD_CLOEXEC));
	fill(pattern, sizeof(pattern), 1);
	ASSERT_EQ(write(data_fd, pattern, sizeof(pattern)), sizeof(pattern));
	for (i = 0; i < 2; i++) {
		OK(pipe2(pipes[i], O_NONBLOCK | O_CLOEXEC));
		OK(fcntl(pipes[i][1], F_SETPIPE_SZ, 1 << 20));
	}
}

static int door_listener(enum rt_proto door)
{
	rt.proto = door;
	if (listeners[door] < 0) {
		listeners[door] = sk_listen(IP_LO, 0, 8);
		sk_nonblock(listeners[door], true);
		listener_ports[door] = sk_port(listeners[door]);
	}
	hidden_port = listener_ports[door];
	return listeners[door];
}

/**
 * net_renew() - a new namespace, so that no TIME_WAIT of the past is in the way
 */
void net_renew(void)
{
	size_t i;

	if (data_fd < 0)
		once();
	for (i = 0; i < ARRAY_SIZE(listeners); i++) {
		if (listeners[i] >= 0)
			close(listeners[i]);
		listeners[i] = -1;
	}
	close(ns_new());
	if (sh(QUICK_ROUTE, "127.0.0.0/8") || sh(QUICK_ROUTE, "127.0.0.1"))
		FAIL("no route with quickack");
	/* that of the kernel has no metric by which it could be changed */
	if (rt.v6 && (sh(QUICK_ROUTE6, "add", "metric 1 quickack 1") ||
		      sh(QUICK_ROUTE6, "del", "proto kernel")))
		FAIL("no route with quickack");
	runs = 0;
}

int fixed_port(int k)
{
	return 2000 + runs * 4 + (k & 3);
}

/**
 * hidden_pair() - a connection that the hidden listener takes
 * @fd: gets the end that connects, and the one that is accepted
 */
void hidden_pair(int fd[2])
{
	fd[0] = sk_try(SOCK_NONBLOCK);
	if (sk_connect(fd[0], IP_LO, hidden_port) && errno != EINPROGRESS)
		FAIL("connect: %s", strerror(errno));
	fd[1] = accept4(hidden_fd, NULL, NULL, SOCK_NONBLOCK);
	if (fd[1] < 0) {
		ev_need(hidden_fd, POLLIN);
		fd[1] = OK(accept4(hidden_fd, NULL, NULL, SOCK_NONBLOCK));
	}
}

uint32_t hash(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t h = 2166136261u;

	while (len--)
		h = (h ^ *p++) * 16777619u;
	return h;
}

/**
 * put() - a line of the log
 * @r: run
 * @what: its kind
 * @val: must not depend on the door, nor on time
 */
void put(struct run *r, enum tag what, int64_t val)
{
	if (r->n < MAX_LOG)
		r->log[r->n++] = (struct item){ .tag = what, .val = val };
}

/**
 * ret() - log what a call returned
 * @r: run
 * @val: its value; errno is read if it is negative
 *
 * Return: val.
 */
long ret(struct run *r, long val)
{
	put(r, L_RET, val < 0 ? -errno : val);
	return val;
}

void say(struct run *r, const char *fmt, ...)
{
	int slot = r->at;
	char text[512], *all;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (asprintf(&all, "%s%s%s", r->call[slot] ?: "", r->call[slot] ? "; " : "", text) < 0)
		abort();
	free(r->call[slot]);
	r->call[slot] = all;
}

/* Ports are drawn by the kernel: what counts is which are the same. */
static int port_symbol(struct run *r, int port)
{
	int i;

	if (!port)
		return 0;
	for (i = 0; i < r->nports; i++)
		if (r->ports[i] == port)
			return i + 1;
	if (r->nports < (int)ARRAY_SIZE(r->ports))
		r->ports[r->nports++] = port;
	return r->nports;
}

/**
 * put_addr() - log an address that a call gave
 * @r: run
 * @addr: what is in the program's buffer
 * @room: how much of it the call was allowed to write
 * @len: what the call says that the address has
 */
void put_addr(struct run *r, const void *addr, int room, socklen_t len)
{
	union rt_addr a = { };
	char text[INET6_ADDRSTRLEN];
	int size, port;

	put(r, L_LEN, len);
	if (room <= 0)
		return;
	if (len < (socklen_t)room)
		room = len;
	size = rt.v6 ? sizeof(a.sin6) : sizeof(a.sin);
	if (room < size) {
		memcpy(&a, addr, room);
		/* of either family it is there */
		a.sin.sin_port = 0;
		put(r, L_HASH, hash(&a, room));
		return;
	}
	memcpy(&a, addr, size);
	port = addr_text(&a.sa, text);
	put(r, L_VAL, a.sa.sa_family);
	if (rt.v6)
		put(r, L_HASH, hash(&a.sin6.sin6_addr, sizeof(a.sin6.sin6_addr)));
	else
		put(r, L_ADDR, ntohl(a.sin.sin_addr.s_addr));
	put(r, L_PORT, port_symbol(r, port));
}

int new_file(struct run *r)
{
	if (r->nfiles == ARRAY_SIZE(r->files))
		FAIL("too many sockets");
	r->files[r->nfiles].sent = 0;
	return r->nfiles++;
}

void adopt(struct run *r, int slot, int fd)
{
	drop(r, slot);
	r->fd[slot] = fd;
	r->file[slot] = new_file(r);
	r->last[slot] = 0;
}

void drop(struct run *r, int slot)
{
	struct linger l = { .l_onoff = 1 };

	if (r->fd[slot] < 0)
		return;
	setsockopt(r->fd[slot], SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	close(r->fd[slot]);
	r->fd[slot] = -1;
}

/* A slot that has nothing in it, that one if possible. */
int free_slot(struct run *r, int slot)
{
	int i;

	for (i = 0; i < NSOCK && r->fd[slot] >= 0; i++)
		slot = (slot + 1) % NSOCK;
	return r->fd[slot] < 0 ? slot : -1;
}

static void no_signals(void)
{
	got_pipe = 0;
	got_urg = 0;
	got_io = 0;
	got_alarm = 0;
}

static void put_signals(struct run *r)
{
	int64_t v = got_pipe | got_urg << 8 | got_io << 16 | got_alarm << 24;

	if (v)
		put(r, L_SIG, v);
	no_signals();
}

/**
 * put_events() - log what poll() says of every socket, where that is new
 * @r: run
 */
void put_events(struct run *r)
{
	struct pollfd p[NSOCK];
	int i;

	for (i = 0; i < NSOCK; i++) {
		p[i].fd = r->fd[i];
		p[i].events = ALL_EVENTS;
		p[i].revents = 0;
	}
	while (poll(p, NSOCK, 0) < 0 && errno == EINTR)
		;
	for (i = 0; i < NSOCK; i++) {
		if (r->fd[i] < 0 || p[i].revents == r->last[i])
			continue;
		r->last[i] = p[i].revents;
		put(r, L_POLL, i << 16 | (uint16_t)p[i].revents);
	}
}

static void finish(struct run *r)
{
	char buf[65536];
	int i, k;

	for (i = 0; i < NSOCK; i++) {
		struct step st = { .s = i };
		long n = 1;

		r->at = r->plan->n + i;
		if (r->fd[i] < 0)
			continue;
		put(r, L_END, i);
		SAY(r, "what is left of s%d: TCP_INFO, SO_ERROR, FIONREAD, recv", i);
		op_info(r, &st);
		op_error(r, &st);
		if (!ioctl(r->fd[i], FIONREAD, &k))
			put(r, L_VAL, k);
		for (k = 0; k < 3 && n > 0; k++) {
			n = ret(r, recv(r->fd[i], buf, sizeof(buf), MSG_DONTWAIT));
			if (n > 0)
				put(r, L_DATA, hash(buf, n));
		}
		put_events(r);
		put_signals(r);
	}
	for (i = 0; i < NSOCK; i++)
		drop(r, i);
	for (i = 0; i < NEPOLL; i++)
		if (r->ep[i] >= 0)
			close(r->ep[i]);
}

/**
 * run_plan() - execute a plan
 * @r: gets the log
 * @p: the plan
 * @door: over what
 * @trace: keep the text of the calls
 */
void run_plan(struct run *r, const struct plan *p, enum rt_proto door, bool trace)
{
	struct itimerval guard = { .it_value.tv_sec = patience(5000) / 1000 };
	int i;

	if (runs++ >= RUNS_A_NET)
		net_renew();
	hidden_fd = door_listener(door);
	run_forget(r);
	r->plan = p;
	r->door = door;
	r->trace = trace;
	r->n = 0;
	r->nports = 0;
	r->nfiles = 0;
	for (i = 0; i < NSOCK; i++)
		r->fd[i] = -1;
	for (i = 0; i < NEPOLL; i++)
		r->ep[i] = -1;
	/* of the closing of the run before */
	no_signals();
	setitimer(ITIMER_REAL, &guard, NULL);
	for (i = 0; i < p->n; i++) {
		r->at = i;
		put(r, L_STEP, i);
		ops[p->step[i].op].fn(r, &p->step[i]);
		put_events(r);
		put_signals(r);
	}
	finish(r);
	memset(&guard, 0, sizeof(guard));
	setitimer(ITIMER_REAL, &guard, NULL);
}

void run_forget(struct run *r)
{
	int i;

	for (i = 0; i < (int)ARRAY_SIZE(r->call); i++) {
		free(r->call[i]);
		r->call[i] = NULL;
	}
}

static int first_difference(const struct run *a, const struct run *b)
{
	int i;

	for (i = 0; i < a->n && i < b->n; i++)
		if (a->log[i].tag != b->log[i].tag || a->log[i].val != b->log[i].val)
			return i;
	return a->n == b->n ? -1 : i;
}

static bool begins(const struct item *it)
{
	return it->tag == L_STEP || it->tag == L_END;
}

/**
 * run_differ() - where two logs part
 * @a: a run
 * @b: another, of the same plan
 *
 * Return: index of the step, of the plan's end, or -1.
 */
int run_differ(const struct run *a, const struct run *b)
{
	int i = first_difference(a, b), n = 0;

	if (i < 0)
		return -1;
	for (n = i; n > 0; n--)
		if (n < a->n && begins(&a->log[n]))
			return a->log[n].tag == L_END ? a->plan->n + a->log[n].val : a->log[n].val;
	return 0;
}

/* ---- text ---- */

static void events_text(char *buf, size_t size, uint32_t e)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ POLLIN, "IN" }, { POLLPRI, "PRI" }, { POLLOUT, "OUT" }, { POLLERR, "ERR" },
		{ POLLHUP, "HUP" }, { POLLNVAL, "NVAL" }, { POLLRDNORM, "RDNORM" },
		{ POLLRDBAND, "RDBAND" }, { POLLWRNORM, "WRNORM" }, { POLLWRBAND, "WRBAND" },
		{ POLLMSG, "MSG" }, { POLLRDHUP, "RDHUP" },
	};
	size_t i, at = 0;

	buf[0] = 0;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (e & names[i].bit && at < size)
			at += snprintf(buf + at, size - at, "%s%s", at ? "|" : "", names[i].name);
	if (!at)
		snprintf(buf, size, "nothing");
}

static int item_text(char *buf, size_t size, const struct item *it)
{
	char ev[128];

	switch (it->tag) {
	case L_RET:
		if (it->val < 0)
			return snprintf(buf, size, " = -%s", strerrorname_np(-it->val) ?: "?");
		return snprintf(buf, size, " = %lld", (long long)it->val);
	case L_LEN:
		return snprintf(buf, size, " len %lld", (long long)it->val);
	case L_HASH:
		return snprintf(buf, size, " hash %08llx", (long long)it->val);
	case L_DATA:
		return snprintf(buf, size, " data %08llx", (long long)it->val);
	case L_FLAGS:
		return snprintf(buf, size, " flags %#llx", (long long)it->val);
	case L_ADDR:
		return snprintf(buf, size, " addr %#llx", (long long)it->val);
	case L_PORT:
		return snprintf(buf, size, " port #%lld", (long long)it->val);
	case L_CMSG:
		return snprintf(buf, size, " cmsg %lld:%lld len %lld", (long long)it->val >> 40,
				(long long)it->val >> 16 & 0xffffff, (long long)it->val & 0xffff);
	case L_STATE:
		return snprintf(buf, size, " state %lld", (long long)it->val);
	case L_FD:
		return snprintf(buf, size, " s%lld", (long long)it->val);
	case L_SIG:
		return snprintf(buf, size, " [SIGPIPE %d SIGURG %d SIGIO %d SIGALRM %d]",
				(int)(it->val & 255), (int)(it->val >> 8 & 255),
				(int)(it->val >> 16 & 255), (int)(it->val >> 24 & 255));
	case L_EVENTS:
		events_text(ev, sizeof(ev), it->val & 0xffff);
		return snprintf(buf, size, " (s%d: %s)", (int)(it->val >> 16), ev);
	case L_POLL:
		events_text(ev, sizeof(ev), it->val & 0xffff);
		return snprintf(buf, size, " {s%d: %s}", (int)(it->val >> 16), ev);
	default:
		return snprintf(buf, size, " %lld", (long long)it->val);
	}
}

/* The items of a step from @i on; the index of the next step. */
static int step_text(const struct run *r, int i, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = 0;
	while (i < r->n && !begins(&r->log[i])) {
		if (at + 1 < size)
			at += item_text(buf + at, size - at, &r->log[i]);
		i++;
	}
	return i;
}

static const char *door_name(enum rt_proto door)
{
	return door == PROTO_TCP ? "tcp" : door == PROTO_RILL ? "rill" : "inet";
}

/**
 * run_print() - both logs beside the plan, up to where they part
 * @a: a run, with the calls' text
 * @b: another
 * @all: the steps before as well
 */
void run_print(const struct run *a, const struct run *b, bool all)
{
	int i = 0, k = 0;

	while (i < a->n && k < b->n) {
		static char ta[8192], tb[8192];
		const struct item *it = &a->log[i];
		int slot = it->tag == L_END ? a->plan->n + it->val : it->val;
		char line[128] = "";

		i = step_text(a, i + 1, ta, sizeof(ta));
		k = step_text(b, k + 1, tb, sizeof(tb));
		if (!a->call[slot] && !b->call[slot] && !*ta && !*tb)
			continue;
		if (!all && !strcmp(ta, tb))
			continue;
		if (it->tag == L_STEP)
			plan_line(&a->plan->step[slot], line, sizeof(line));
		printf("# | %-28s # %s%s\n", line, a->call[slot] ?: b->call[slot] ?: "",
		       strcmp(ta, tb) ? "" : ta);
		if (!strcmp(ta, tb))
			continue;
		printf("#        %s:%s\n", door_name(a->door), ta);
		printf("#        %s:%s\n", door_name(b->door), tb);
		if (!rt.verbose)
			break;
	}
	fflush(stdout);
}
