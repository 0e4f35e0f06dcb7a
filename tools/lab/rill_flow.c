// SPDX-License-Identifier: GPL-2.0
/*
 * rill_flow - bulk flows from one network namespace to another, and what
 * arrives of each.
 *
 *	rill_flow --client NS --server NS --addr A --flows DOOR[:CC],...
 *		--seconds T [--stagger S] [--interval I]
 *
 * Each end of a flow is a process that sits in one long system call: where
 * packets are counted in hundreds of thousands, a user-mode kernel would spend
 * most of its time on going in and out of programs.  A signal makes a receiver
 * come out with what it has.  Flow n starts n * S seconds after the first, to
 * a port of its own.  Bytes count when they have been read, for T seconds from
 * the start of the last flow; a single flow is therefore timed from its SYN.
 *
 * Prints a line for each interval, if asked for, and at the end for each flow
 *
 *	flow N DOOR BYTES MBIT
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/rill.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define MAX_FLOWS	16
#define FIRST_PORT	20000
#define CHUNK		(256 * 1024)
#define NEVER		1e18
#define SETTLE_NS	20000	/* for receivers to come out and count */

enum {
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
};

static const struct door {
	const char *name;
	int protocol;		/* third argument of socket() */
	bool family;		/* through the family door */
} doors[] = {
	{ "tcp",  IPPROTO_TCP,  false },
	{ "rill", 0,            true },
	{ "inet", IPPROTO_RILL, false },
	{ "rill-tcp", IPPROTO_TCP, true },
	{ "rill-udp", IPPROTO_UDP, true },
};

struct flow {
	char name[48];		/* as given: DOOR[:CC] */
	const struct door *door;
	const char *cc;
	int port;
	int lfd;
	pid_t receiver, sender;
	volatile uint64_t *total;	/* bytes read: the receiver writes it */
	uint64_t before;	/* of these, before all flows ran */
	uint64_t mark;		/* at the last interval */
};

static struct flow flows[MAX_FLOWS];
static int n_flows;
static int client_ns = -1, server_ns = -1;
static struct in_addr server_addr;

static void __attribute__((noreturn, format(printf, 2, 3)))
die(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("rill_flow: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

static void __attribute__((noreturn)) fail(const struct flow *f, const char *what)
{
	die(EXIT_RUNTIME, "%s: %s: %s", f->name, what, strerror(errno));
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int rill_family(void)
{
	int family = AF_RILL;
	FILE *f = fopen("/sys/module/rill/parameters/family", "r");

	if (f) {
		if (fscanf(f, "%d", &family) != 1)
			family = AF_RILL;
		fclose(f);
	}
	return family;
}

static int new_socket(const struct flow *f, int netns)
{
	int fd;

	if (setns(netns, CLONE_NEWNET))
		fail(f, "setns");
	fd = socket(f->door->family ? rill_family() : AF_INET,
		    SOCK_STREAM | SOCK_CLOEXEC, f->door->protocol);
	if (fd < 0)
		fail(f, "socket");
	if (f->cc && setsockopt(fd, SOL_TCP, TCP_CONGESTION, f->cc, strlen(f->cc)))
		fail(f, "TCP_CONGESTION");
	return fd;
}

static struct sockaddr_in flow_addr(const struct flow *f)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(f->port),
		.sin_addr = server_addr,
	};
}

static void flow_listen(struct flow *f)
{
	struct sockaddr_in a = flow_addr(f);

	f->lfd = new_socket(f, server_ns);
	if (bind(f->lfd, (struct sockaddr *)&a, sizeof(a)))
		fail(f, "bind");
	if (listen(f->lfd, 1))
		fail(f, "listen");
}

/* A process that ends with this one. */
static pid_t child(void)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die(EXIT_RUNTIME, "fork: %s", strerror(errno));
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void __attribute__((noreturn)) receive(struct flow *f)
{
	static char buf[CHUNK];
	ssize_t n;
	int fd;

	do {
		fd = accept(f->lfd, NULL, NULL);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		fail(f, "accept");
	for (;;) {
		n = recv(fd, buf, sizeof(buf), MSG_WAITALL);
		if (n > 0)
			*f->total += n;
		else if (n == 0)
			die(EXIT_RUNTIME, "%s: recv: end of stream", f->name);
		else if (errno != EINTR)
			fail(f, "recv");
	}
}

static void __attribute__((noreturn)) transmit(struct flow *f)
{
	static char buf[CHUNK];
	struct sockaddr_in a = flow_addr(f);
	int fd = new_socket(f, client_ns);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		fail(f, "connect");
	while (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) > 0)
		;
	fail(f, "send");
}

static void come_out(int sig)
{
	(void)sig;
}

static void flow_prepare(struct flow *f)
{
	flow_listen(f);
	f->receiver = child();
	if (!f->receiver)
		receive(f);
}

static void flow_start(struct flow *f)
{
	f->sender = child();
	if (!f->sender)
		transmit(f);
}

/* Both ends go at once: nothing may linger on the path. */
static void flow_end(struct flow *f)
{
	kill(f->receiver, SIGKILL);
	kill(f->sender, SIGKILL);
}

static void sleep_until(double t)
{
	struct timespec ts = { .tv_sec = (time_t)t };

	ts.tv_nsec = (long)((t - (double)ts.tv_sec) * 1e9);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		;
}

/* Brings the totals up to date; a flow that failed has said why. */
static void sample(void)
{
	static const struct timespec settle = { .tv_nsec = SETTLE_NS };
	int i;

	for (i = 0; i < n_flows; i++)
		kill(flows[i].receiver, SIGUSR1);
	nanosleep(&settle, NULL);
	if (waitpid(-1, NULL, WNOHANG) > 0)
		exit(EXIT_RUNTIME);
}

static double mbit(uint64_t bytes, double seconds)
{
	return (double)bytes * 8 / 1e6 / seconds;
}

static void print_interval(double at, double interval)
{
	int i;

	printf("at %.3f", at);
	for (i = 0; i < n_flows; i++) {
		printf(" %.3f", mbit(*flows[i].total - flows[i].mark, interval));
		flows[i].mark = *flows[i].total;
	}
	printf("\n");
}

static double earliest(double a, double b)
{
	return a < b ? a : b;
}

/* Returns the seconds that were counted. */
static double run(double seconds, double stagger, double interval)
{
	double begin = now(), all = begin + stagger * (n_flows - 1), end = all + seconds;
	double tick = interval > 0 ? begin + interval : NEVER;
	int started = 0, i;

	for (;;) {
		double t = now();

		if (t >= tick) {
			sample();
			print_interval(tick - begin, interval);
			tick += interval;
		} else if (t >= end) {
			sample();
			return t - all;
		} else if (started < n_flows && t >= begin + stagger * started) {
			sample();
			flow_start(&flows[started++]);
			for (i = 0; i < n_flows; i++)
				flows[i].before = *flows[i].total;
		} else {
			sleep_until(earliest(tick, started == n_flows ? end :
					     begin + stagger * started));
		}
	}
}

static int open_netns(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(EXIT_USAGE, "namespace %s: %s", name, strerror(errno));
	return fd;
}

static void add_flow(const char *name)
{
	struct flow *f = &flows[n_flows];
	char *colon;
	size_t i;

	if (n_flows == MAX_FLOWS)
		die(EXIT_USAGE, "more than %d flows", MAX_FLOWS);
	if (strlen(name) >= sizeof(f->name))
		die(EXIT_USAGE, "a flow is DOOR[:CC], not \"%s\"", name);
	colon = strchr(name, ':');
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		size_t len = colon ? (size_t)(colon - name) : strlen(name);

		if (strlen(doors[i].name) == len && !strncmp(name, doors[i].name, len))
			f->door = &doors[i];
	}
	if (!f->door)
		die(EXIT_USAGE, "not a door (tcp, rill, inet, rill-tcp, rill-udp): \"%s\"", name);
	strcpy(f->name, name);
	if (colon)
		f->cc = f->name + (colon + 1 - name);
	f->port = FIRST_PORT + n_flows++;
}

static double number(const char *text, const char *what)
{
	char *end;
	double v = strtod(text, &end);

	if (end == text || *end || !(v >= 0 && v < 1e6))
		die(EXIT_USAGE, "%s is a number of seconds, not \"%s\"", what, text);
	return v;
}

static double parse(int argc, char **argv, double *stagger, double *interval)
{
	static const struct option options[] = {
		{ "client",   required_argument, NULL, 'c' },
		{ "server",   required_argument, NULL, 's' },
		{ "addr",     required_argument, NULL, 'a' },
		{ "flows",    required_argument, NULL, 'f' },
		{ "seconds",  required_argument, NULL, 't' },
		{ "stagger",  required_argument, NULL, 'g' },
		{ "interval", required_argument, NULL, 'i' },
		{ }
	};
	double seconds = 0;
	char *name;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			client_ns = open_netns(optarg);
			break;
		case 's':
			server_ns = open_netns(optarg);
			break;
		case 'a':
			if (!inet_aton(optarg, &server_addr))
				die(EXIT_USAGE, "not an address: %s", optarg);
			break;
		case 'f':
			for (name = strtok(optarg, ","); name; name = strtok(NULL, ","))
				add_flow(name);
			break;
		case 't':
			seconds = number(optarg, "--seconds");
			break;
		case 'g':
			*stagger = number(optarg, "--stagger");
			break;
		case 'i':
			*interval = number(optarg, "--interval");
			break;
		default:
			exit(EXIT_USAGE);
		}
	}
	if (optind != argc || client_ns < 0 || server_ns < 0 || !server_addr.s_addr || !n_flows ||
	    seconds <= 0)
		die(EXIT_USAGE, "needs --client, --server, --addr, --flows and --seconds");
	return seconds;
}

int main(int argc, char **argv)
{
	struct sigaction signal = { .sa_handler = come_out };	/* no SA_RESTART */
	double stagger = 0, interval = 0, seconds;
	uint64_t *totals;
	int i;

	seconds = parse(argc, argv, &stagger, &interval);
	sigaction(SIGUSR1, &signal, NULL);
	totals = mmap(NULL, sizeof(*totals) * MAX_FLOWS, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED)
		die(EXIT_RUNTIME, "mmap: %s", strerror(errno));
	for (i = 0; i < n_flows; i++) {
		flows[i].total = &totals[i];
		flow_prepare(&flows[i]);
	}
	seconds = run(seconds, stagger, interval);
	for (i = 0; i < n_flows; i++) {
		uint64_t bytes = *flows[i].total - flows[i].before;

		printf("flow %d %s %llu %.4f\n", i, flows[i].name, (unsigned long long)bytes,
		       mbit(bytes, seconds));
		flow_end(&flows[i]);
	}
	return 0;
}
