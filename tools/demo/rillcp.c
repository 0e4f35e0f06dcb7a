// SPDX-License-Identifier: GPL-2.0
/*
 * rillcp - copies a file over one connection, with ordinary sockets.
 *
 *	rillcp --listen  ADDR:PORT > file
 *	rillcp --connect ADDR:PORT < file
 *
 * The sender writes its input, shuts its side down and waits; the receiver
 * reads to the end, writes its output, answers with the number of bytes that
 * it got and closes.  A copy has worked when both exit with 0.
 *
 * Only open_socket() knows that there is more than one protocol.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/rill.h>

#define BUF_SIZE	(64 * 1024)
#define BAR_WIDTH	40
#define BAR_PERIOD	0.1	/* seconds between two redraws */
#define CONFIRM_MAX	32	/* "18446744073709551615\n" and some room */

enum {
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
};

struct options {
	struct sockaddr_in addr;
	const char *where;	/* ADDR:PORT as the user wrote it */
	const char *proto;
	const char *ready;	/* file to create once listening */
	const char *stats;	/* file to write the result to */
	bool listen;
	bool progress;
	bool lines;		/* progress as lines, for a log */
	uint64_t size;		/* expected bytes, for the bar; 0: unknown */
};

struct progress {
	const struct options *opt;
	double start;
	double drawn;
	int decile;
};

static void __attribute__((noreturn, format(printf, 2, 3)))
die(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("rillcp: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The number of the family door, which the module parameter may change. */
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

static int open_socket(const char *proto)
{
	int fd;

	if (!strcmp(proto, "rill"))
		fd = socket(rill_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	else if (!strcmp(proto, "inet"))
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_RILL);
	else if (!strcmp(proto, "tcp"))
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	else
		die(EXIT_USAGE, "--proto is rill, inet or tcp, not \"%s\"",
		    proto);
	if (fd < 0 && strcmp(proto, "tcp") &&
	    (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT))
		die(EXIT_RUNTIME, "socket: %s (is rill.ko loaded?)",
		    strerror(errno));
	if (fd < 0)
		die(EXIT_RUNTIME, "socket: %s", strerror(errno));
	return fd;
}

static void parse_addr(struct options *opt, const char *arg)
{
	char host[INET_ADDRSTRLEN];
	const char *colon = strrchr(arg, ':');
	unsigned long port;
	char *end;

	opt->where = arg;
	if (!colon || colon == arg || (size_t)(colon - arg) >= sizeof(host))
		die(EXIT_USAGE, "\"%s\" is not ADDR:PORT", arg);
	memcpy(host, arg, (size_t)(colon - arg));
	host[colon - arg] = '\0';

	errno = 0;
	port = strtoul(colon + 1, &end, 10);
	if (errno || end == colon + 1 || *end || colon[1] == '-' ||
	    port < 1 || port > 65535)
		die(EXIT_USAGE, "\"%s\" is not a port from 1 to 65535",
		    colon + 1);

	opt->addr.sin_family = AF_INET;
	opt->addr.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &opt->addr.sin_addr) != 1)
		die(EXIT_USAGE, "\"%s\" is not an IPv4 address", host);
}

static void format_size(char *buf, size_t len, double bytes)
{
	if (bytes < 1024 * 1024)
		snprintf(buf, len, "%.0f KiB", bytes / 1024);
	else
		snprintf(buf, len, "%.1f MiB", bytes / (1024 * 1024));
}

/* One write() a redraw, so that other output never lands inside the bar. */
static void draw(struct progress *p, uint64_t done, bool last)
{
	double t = now() - p->start;
	double share = p->opt->size ? (double)done / (double)p->opt->size : 0;
	char bar[BAR_WIDTH * 3 + 1] = "";
	char line[512], amount[32];
	int i, n, filled;

	if (share > 1)
		share = 1;
	format_size(amount, sizeof(amount), (double)done);
	filled = (int)(share * BAR_WIDTH);
	for (i = 0; i < BAR_WIDTH && p->opt->size; i++)
		strcat(bar, i < filled ? "█" : "░");
	n = snprintf(line, sizeof(line), "%s  %s %3d %%  %9s  %6.1f Mbit/s%s",
		     p->opt->lines ? "" : "\r\033[K", bar, (int)(share * 100),
		     amount, t > 0 ? (double)done * 8 / t / 1e6 : 0.0,
		     last || p->opt->lines ? "\n" : "");
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		p->drawn = t;	/* nobody looks: no reason to stop copying */
}

static void progress(struct progress *p, uint64_t done, bool last)
{
	double t = now();
	int decile = 0;

	if (!p->opt->progress)
		return;
	if (p->opt->lines) {
		if (p->opt->size)
			decile = (int)(done * 10 / p->opt->size);
		if (decile == p->decile)
			return;
		p->decile = decile;
	} else if (!last && t - p->drawn < BAR_PERIOD) {
		return;
	}
	p->drawn = t;
	draw(p, done, last);
}

/* Writes all of it, however little the kernel takes at a time. */
static void write_all(int fd, const char *buf, size_t len, const char *what)
{
	ssize_t n;

	while (len) {
		n = write(fd, buf, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die(EXIT_RUNTIME, "%s: %s", what, strerror(errno));
		buf += n;
		len -= (size_t)n;
	}
}

static size_t read_some(int fd, char *buf, size_t len, const char *what)
{
	ssize_t n;

	do {
		n = read(fd, buf, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		die(EXIT_RUNTIME, "%s: %s", what, strerror(errno));
	return (size_t)n;
}

static uint64_t copy(int from, const char *from_name, int to,
		     const char *to_name, struct progress *p)
{
	static char buf[BUF_SIZE];
	uint64_t done = 0;
	size_t n;

	while ((n = read_some(from, buf, sizeof(buf), from_name))) {
		write_all(to, buf, n, to_name);
		done += n;
		progress(p, done, false);
	}
	return done;
}

/* The receiver's answer, up to its end-of-file. */
static void confirm(int fd, uint64_t sent)
{
	char answer[CONFIRM_MAX] = "";
	size_t len = 0, n;
	uint64_t got;
	char *end;

	while (len < sizeof(answer) - 1) {
		n = read_some(fd, answer + len, sizeof(answer) - 1 - len,
			      "waiting for the receiver");
		if (!n)
			break;
		len += n;
	}
	got = strtoull(answer, &end, 10);
	if (end == answer || strcmp(end, "\n"))
		die(EXIT_RUNTIME, "the receiver ended without confirming");
	if (got != sent)
		die(EXIT_RUNTIME,
		    "sent %" PRIu64 " bytes, the receiver got %" PRIu64,
		    sent, got);
}

static uint64_t run_sender(const struct options *opt, struct progress *p)
{
	int fd = open_socket(opt->proto);
	uint64_t sent;

	if (connect(fd, (const struct sockaddr *)&opt->addr,
		    sizeof(opt->addr)))
		die(EXIT_RUNTIME, "connect to %s: %s", opt->where,
		    strerror(errno));
	p->start = now();
	sent = copy(STDIN_FILENO, "standard input", fd, "send", p);
	if (shutdown(fd, SHUT_WR))
		die(EXIT_RUNTIME, "shutdown: %s", strerror(errno));
	confirm(fd, sent);
	progress(p, sent, true);
	close(fd);
	return sent;
}

static void touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		die(EXIT_RUNTIME, "%s: %s", path, strerror(errno));
	close(fd);
}

static uint64_t run_receiver(const struct options *opt, struct progress *p)
{
	int lfd = open_socket(opt->proto);
	char answer[CONFIRM_MAX];
	uint64_t got;
	int one = 1;
	int fd, n;

	if (setsockopt(lfd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		die(EXIT_RUNTIME, "SO_REUSEADDR: %s", strerror(errno));
	if (bind(lfd, (const struct sockaddr *)&opt->addr, sizeof(opt->addr)))
		die(EXIT_RUNTIME, "bind to %s: %s", opt->where,
		    strerror(errno));
	if (listen(lfd, 1))
		die(EXIT_RUNTIME, "listen: %s", strerror(errno));
	if (opt->ready)
		touch(opt->ready);
	do {
		fd = accept4(lfd, NULL, NULL, SOCK_CLOEXEC);
	} while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		die(EXIT_RUNTIME, "accept: %s", strerror(errno));
	close(lfd);

	p->start = now();
	got = copy(fd, "receive", STDOUT_FILENO, "standard output", p);
	progress(p, got, true);
	n = snprintf(answer, sizeof(answer), "%" PRIu64 "\n", got);
	write_all(fd, answer, (size_t)n, "confirming");
	close(fd);
	return got;
}

static void write_stats(const char *path, uint64_t bytes, double seconds)
{
	FILE *f = fopen(path, "w");

	if (!f || fprintf(f, "bytes=%" PRIu64 "\nseconds=%.6f\n", bytes,
			  seconds) < 0 || fclose(f))
		die(EXIT_RUNTIME, "%s: %s", path, strerror(errno));
}

static const char help[] =
"usage: rillcp --listen  ADDR:PORT [OPTION...] > file\n"
"       rillcp --connect ADDR:PORT [OPTION...] < file\n"
"\n"
"  --proto P    rill: the family door, socket(AF_RILL, SOCK_STREAM, 0);\n"
"               inet: the inet door, socket(AF_INET, SOCK_STREAM, 253);\n"
"               tcp: the kernel's own TCP, to compare (default rill)\n"
"  --progress   draw a bar on standard error\n"
"  --lines      print progress as lines instead of redrawing one\n"
"  --size N     bytes to expect, for the bar (sender: its input's size)\n"
"  --ready F    create the file F once the port listens\n"
"  --stats F    write bytes= and seconds= to the file F at the end\n";

static uint64_t parse_count(const char *arg)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(arg, &end, 10);
	if (errno || end == arg || *end || arg[0] == '-')
		die(EXIT_USAGE, "\"%s\" is not a number of bytes", arg);
	return v;
}

static void parse_options(struct options *opt, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "listen",   required_argument, NULL, 'l' },
		{ "connect",  required_argument, NULL, 'c' },
		{ "proto",    required_argument, NULL, 'p' },
		{ "size",     required_argument, NULL, 's' },
		{ "ready",    required_argument, NULL, 'r' },
		{ "stats",    required_argument, NULL, 't' },
		{ "progress", no_argument,       NULL, 'P' },
		{ "lines",    no_argument,       NULL, 'L' },
		{ "help",     no_argument,       NULL, 'h' },
		{ NULL,       0,                 NULL, 0 },
	};
	struct stat st;
	int c;

	opt->proto = "rill";
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longopts, NULL)) != -1) {
		switch (c) {
		case 'l':
		case 'c':
			if (opt->where)
				die(EXIT_USAGE,
				    "give --listen or --connect once");
			opt->listen = c == 'l';
			parse_addr(opt, optarg);
			break;
		case 'p':
			opt->proto = optarg;
			break;
		case 's':
			opt->size = parse_count(optarg);
			break;
		case 'r':
			opt->ready = optarg;
			break;
		case 't':
			opt->stats = optarg;
			break;
		case 'L':
			opt->lines = true;
			opt->progress = true;
			break;
		case 'P':
			opt->progress = true;
			break;
		case 'h':
			fputs(help, stdout);
			exit(0);
		case ':':
			die(EXIT_USAGE, "%s needs a value", argv[optind - 1]);
		default:
			die(EXIT_USAGE, "unknown option %s, try --help",
			    argv[optind - 1]);
		}
	}
	if (optind < argc)
		die(EXIT_USAGE, "unexpected \"%s\", try --help", argv[optind]);
	if (!opt->where)
		die(EXIT_USAGE, "--listen or --connect ADDR:PORT is missing");
	if (!opt->size && !opt->listen && !fstat(STDIN_FILENO, &st) &&
	    S_ISREG(st.st_mode))
		opt->size = (uint64_t)st.st_size;
}

int main(int argc, char **argv)
{
	struct options opt = { 0 };
	struct progress p = { .opt = &opt };
	uint64_t bytes;

	parse_options(&opt, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	bytes = opt.listen ? run_receiver(&opt, &p) : run_sender(&opt, &p);
	if (opt.stats)
		write_stats(opt.stats, bytes, now() - p.start);
	return 0;
}
