// SPDX-License-Identifier: GPL-2.0
/*
 * rill_bench - the same work over two stream protocols, in turns.
 *
 * Client and server sit in two network namespaces that already exist and can
 * reach each other (tools/bench/guest makes them).  Each figure is measured
 * in pairs.  A pair is cut into slices of a fifth of a second, and the two
 * protocols take turns slice by slice, so that whatever else the machine does
 * hits both; a pair's value is the median of its slices.  What counts is the
 * median of the ratios of the pairs.
 *
 * All processes are tied to one CPU: what is compared is the cost of the work.
 *
 *	bulk	64 KB writes, one direction		Mbit/s
 *	rr	1 byte there, 1 byte back		transactions/s
 *	rr1	the same with both ends in one process, which leaves out the
 *		switching and so shows more of the protocol's own cost
 *	crr	connect, request, response, close	connections/s
 *	mem	an idle connection, both of its ends	bytes of slab memory
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/rill.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BULK_WRITE	(64 * 1024)
#define WARMUP_SHARE	0.2	/* of the time, before counting starts */
#define RR_WARMUP	100	/* transactions */
#define CRR_WARMUP	20	/* connections */
#define MAX_PAIRS	100
#define SLICE_SECONDS	0.2
#define MAX_SLICES	3000
#define STALL_SECONDS	30	/* beyond its time, a measurement has failed */
#define FIRST_PORT	20000

enum {
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
};

enum { MEM_TOTAL, MEM_OWN, VALUES };

struct side {
	const char *name;
	int protocol;		/* third argument of socket() */
	bool family;		/* through the family door */
};

static const struct side sides[] = {
	{ "tcp",  IPPROTO_TCP,  false },
	{ "rill", 0,            true },
	{ "inet", IPPROTO_RILL, false },
};

struct bench {
	const struct side *side[2];
	int netns[2];		/* client, server */
	struct in_addr server;
	double seconds;		/* of a slice */
	int slices;		/* a pair, for each of the two */
	int pairs;
	int connections;
	bool verbose;
};

/* What one measurement needs; the children see the same memory. */
struct run {
	const struct bench *b;
	const struct side *side;
	struct sockaddr_in addr;
	int ready[2];		/* pipe: the server listens */
	double value[VALUES];
	bool done;
	char error[160];
};

struct figure {
	const char *name;
	const char *unit;
	bool less;		/* less is better */
	bool whole;		/* takes no time that could be sliced */
	void (*client)(struct run *r);
	void (*server)(struct run *r);	/* NULL: the client does both */
	const char *more;	/* name of the second value, or NULL */
	double min;		/* fail below this ratio; 0: never */
};

static struct run *run;
static pid_t children[2];

static void __attribute__((noreturn, format(printf, 2, 3)))
die(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("rill_bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

/* In a child: leave the reason for the parent, the first one counts. */
static void __attribute__((noreturn))
fail(struct run *r, const char *what)
{
	int err = errno;

	if (!r->error[0])
		snprintf(r->error, sizeof(r->error), "%s: %s", what,
			 err ? strerror(err) : "unexpected end");
	_exit(EXIT_RUNTIME);
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

static int new_socket(struct run *r)
{
	static int family;
	int fd;

	if (!family)
		family = r->side->family ? rill_family() : AF_INET;
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, r->side->protocol);
	if (fd < 0)
		fail(r, "socket");
	return fd;
}

static int listener(struct run *r, int backlog)
{
	int fd = new_socket(r), one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		fail(r, "SO_REUSEADDR");
	if (bind(fd, (struct sockaddr *)&r->addr, sizeof(r->addr)))
		fail(r, "bind");
	if (listen(fd, backlog))
		fail(r, "listen");
	return fd;
}

static int connected(struct run *r)
{
	int fd = new_socket(r);

	if (connect(fd, (struct sockaddr *)&r->addr, sizeof(r->addr)))
		fail(r, "connect");
	return fd;
}

static int accepted(struct run *r, int lfd)
{
	int fd = accept(lfd, NULL, NULL);

	if (fd < 0)
		fail(r, "accept");
	return fd;
}

static void say_ready(struct run *r)
{
	if (write(r->ready[1], "", 1) != 1)
		fail(r, "pipe");
}

/* Returns false at end-of-file. */
static bool get_byte(struct run *r, int fd)
{
	char c;
	ssize_t n = read(fd, &c, 1);

	if (n < 0)
		fail(r, "read");
	return n;
}

static void put_byte(struct run *r, int fd)
{
	if (write(fd, "", 1) != 1)
		fail(r, "write");
}

static void need_byte(struct run *r, int fd)
{
	errno = 0;
	if (!get_byte(r, fd))
		fail(r, "read");
}

static void bulk_client(struct run *r)
{
	static char buf[BULK_WRITE];
	int fd = connected(r);
	double end = now() + r->b->seconds * (1 + WARMUP_SHARE);
	ssize_t n;

	while (now() < end) {
		n = write(fd, buf, sizeof(buf));
		if (n < 0)
			fail(r, "write");
	}
	if (shutdown(fd, SHUT_WR))
		fail(r, "shutdown");
	if (get_byte(r, fd)) {
		errno = 0;
		fail(r, "data from a silent server");
	}
	close(fd);
}

/* The receiver counts: only what has arrived was carried. */
static void bulk_server(struct run *r)
{
	static char buf[BULK_WRITE];
	int lfd = listener(r, 1);
	double start, from = 0, last = 0, t;
	uint64_t bytes = 0;
	ssize_t n;
	int fd;

	say_ready(r);
	fd = accepted(r, lfd);
	start = now();
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		t = now();
		if (from) {
			bytes += (uint64_t)n;
			last = t;
		} else if (t - start >= r->b->seconds * WARMUP_SHARE) {
			from = t;
		}
	}
	if (n < 0)
		fail(r, "read");
	close(fd);
	errno = 0;
	if (last <= from)
		fail(r, "too little data arrived");
	r->value[0] = (double)bytes * 8 / (last - from) / 1e6;
	r->done = true;
}

static void rr_client(struct run *r)
{
	int fd = connected(r);
	uint64_t count = 0;
	double start, t;
	int i;

	for (i = 0; i < RR_WARMUP; i++) {
		put_byte(r, fd);
		need_byte(r, fd);
	}
	start = now();
	do {
		for (i = 0; i < 16; i++) {
			put_byte(r, fd);
			need_byte(r, fd);
		}
		count += 16;
		t = now();
	} while (t - start < r->b->seconds);
	close(fd);
	r->value[0] = (double)count / (t - start);
	r->done = true;
}

static void rr_server(struct run *r)
{
	int lfd = listener(r, 1);
	int fd;

	say_ready(r);
	fd = accepted(r, lfd);
	while (get_byte(r, fd))
		put_byte(r, fd);
	close(fd);
}

/* Both ends for this process: the listener lives in the server's namespace. */
static int both_listen(struct run *r)
{
	int lfd;

	if (setns(r->b->netns[1], CLONE_NEWNET))
		fail(r, "setns");
	lfd = listener(r, 64);
	if (setns(r->b->netns[0], CLONE_NEWNET))
		fail(r, "setns");
	return lfd;
}

static void rr1_both(struct run *r)
{
	int lfd = both_listen(r);
	int cfd = connected(r);
	int sfd = accepted(r, lfd);
	uint64_t count = 0;
	double start = 0, t;
	int i;

	do {
		for (i = 0; i < RR_WARMUP; i++) {
			put_byte(r, cfd);
			need_byte(r, sfd);
			put_byte(r, sfd);
			need_byte(r, cfd);
		}
		t = now();
		if (start)
			count += RR_WARMUP;
		else
			start = t;	/* the first round warms up */
	} while (t - start < r->b->seconds);
	close(cfd);
	close(sfd);
	r->value[0] = (double)count / (t - start);
	r->done = true;
}

static void crr_once(struct run *r)
{
	int fd = connected(r);

	put_byte(r, fd);
	need_byte(r, fd);
	if (get_byte(r, fd)) {
		errno = 0;
		fail(r, "a second byte");
	}
	close(fd);
}

static void crr_client(struct run *r)
{
	uint64_t count = 0;
	double start, t;
	int i;

	for (i = 0; i < CRR_WARMUP; i++)
		crr_once(r);
	start = now();
	do {
		crr_once(r);
		count++;
		t = now();
	} while (t - start < r->b->seconds);
	kill(children[0], SIGTERM);
	r->value[0] = (double)count / (t - start);
	r->done = true;
}

/*
 * The server closes first, so that TIME_WAIT stays with it and the client
 * never runs out of ports.
 */
static void crr_server(struct run *r)
{
	int lfd = listener(r, 64);
	int fd;

	say_ready(r);
	for (;;) {
		fd = accepted(r, lfd);
		need_byte(r, fd);
		put_byte(r, fd);
		close(fd);
	}
}

/* Caches that every socket of every protocol uses, and passing noise. */
static const char * const shared_caches[] = {
	"sock_inode_cache", "filp", "dentry", "inode_cache", "shmem_inode_cache",
	"proc_inode_cache", "vm_area_struct", "radix_tree_node", "buffer_head",
	"anon_vma", "anon_vma_chain", "kernfs_node_cache", "files_cache",
	"task_struct", "signal_cache", "sighand_cache", "mm_struct", "pid",
	"cred_jar", "fuse_inode", "ovl_inode", "hostfs_inode_cache",
	"ext4_inode_cache", "maple_node",
};

static bool is_shared_cache(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shared_caches); i++)
		if (!strcmp(name, shared_caches[i]))
			return true;
	return false;
}

static double slab_total(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	double kb = -1;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %lf", &kb) == 1)
			break;
	fclose(f);
	return kb * 1024;
}

/* Bytes in caches that are the protocol's own; -1 without /proc/slabinfo. */
static double slab_own(void)
{
	FILE *f = fopen("/proc/slabinfo", "r");
	double active, objects, size, sum = 0;
	char line[512], name[64];

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %lf %lf %lf", name, &active, &objects,
			   &size) != 4 || is_shared_cache(name))
			continue;
		sum += active * size;
	}
	fclose(f);
	return sum;
}

/* Waits until the memory of earlier work has been given back. */
static void settle(void)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	double last = -1, value;
	int same = 0, i;

	for (i = 0; i < 200 && same < 5; i++) {
		value = slab_total();
		same = value == last ? same + 1 : 0;
		last = value;
		nanosleep(&pause, NULL);
	}
}

static void mem_both(struct run *r)
{
	const int count = r->b->connections;
	const rlim_t files = (rlim_t)count * 2 + 64;
	const struct rlimit limit = { files, files };
	const struct linger reset = { 1, 0 };
	double total, own;
	int lfd = both_listen(r);
	int *fds;
	int fd, i;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		fail(r, "RLIMIT_NOFILE");
	fds = calloc((size_t)count, 2 * sizeof(*fds));
	if (!fds)
		fail(r, "calloc");
	memset(fds, 0xff, (size_t)count * 2 * sizeof(*fds));
	/* let the table of descriptors grow before counting */
	fd = dup2(lfd, (int)files - 1);
	if (fd < 0)
		fail(r, "dup2");
	close(fd);
	/* and whatever a protocol makes only once */
	fd = connected(r);
	close(accepted(r, lfd));
	close(fd);

	settle();
	total = slab_total();
	own = slab_own();
	for (i = 0; i < count; i++) {
		fds[2 * i] = connected(r);
		fds[2 * i + 1] = accepted(r, lfd);
		put_byte(r, fds[2 * i]);
		need_byte(r, fds[2 * i + 1]);
		put_byte(r, fds[2 * i + 1]);
		need_byte(r, fds[2 * i]);
	}
	settle();
	r->value[MEM_TOTAL] = (slab_total() - total) / count;
	r->value[MEM_OWN] = own < 0 ? -1 : (slab_own() - own) / count;
	r->done = true;
	/* a reset leaves no TIME_WAIT; where it is not known, no harm */
	for (i = 0; i < 2 * count; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &reset,
			   sizeof(reset));
		close(fds[i]);
	}
}

static struct figure figures[] = {
	{ .name = "bulk", .unit = "Mbit/s",
	  .client = bulk_client, .server = bulk_server },
	{ .name = "rr", .unit = "trans/s",
	  .client = rr_client, .server = rr_server },
	{ .name = "rr1", .unit = "trans/s", .client = rr1_both },
	{ .name = "crr", .unit = "conn/s",
	  .client = crr_client, .server = crr_server },
	{ .name = "mem", .unit = "bytes", .less = true, .whole = true,
	  .client = mem_both, .more = "mem-own" },
};

#define FIGURES	ARRAY_SIZE(figures)

static void on_alarm(int sig)
{
	size_t i;

	(void)sig;
	for (i = 0; i < 2; i++)
		if (children[i] > 0)
			kill(children[i], SIGKILL);
	if (!run->error[0])
		strcpy(run->error, "stalled, given up");
}

static pid_t child(struct run *r, void (*work)(struct run *r), int netns)
{
	pid_t pid = fork();
	char go;

	if (pid < 0)
		die(EXIT_RUNTIME, "fork: %s", strerror(errno));
	if (pid)
		return pid;
	if (netns >= 0 && setns(r->b->netns[netns], CLONE_NEWNET))
		fail(r, "setns");
	if (netns == 0 && read(r->ready[0], &go, 1) != 1)
		fail(r, "the server did not start");
	work(r);
	_exit(0);
}

/* One figure over one protocol, in processes of its own. */
static void measure(const struct bench *b, const struct figure *f,
		    const struct side *side, double value[VALUES])
{
	static uint16_t port = FIRST_PORT;
	struct run *r = run;
	int i, status;

	memset(r, 0, sizeof(*r));
	r->b = b;
	r->side = side;
	r->addr.sin_family = AF_INET;
	r->addr.sin_addr = b->server;
	r->addr.sin_port = htons(port++);
	if (pipe2(r->ready, O_CLOEXEC))
		die(EXIT_RUNTIME, "pipe: %s", strerror(errno));

	children[0] = f->server ? child(r, f->server, 1) : 0;
	/* the client must see an end when the server dies early */
	close(r->ready[1]);
	children[1] = child(r, f->client, f->server ? 0 : -1);
	alarm(STALL_SECONDS + (unsigned int)(2 * b->seconds));
	for (i = 1; i >= 0; i--) {
		if (!children[i])
			continue;
		while (waitpid(children[i], &status, 0) < 0 && errno == EINTR)
			;
		if (WIFEXITED(status) && WEXITSTATUS(status) && children[0])
			kill(children[0], SIGTERM);
		children[i] = 0;
	}
	alarm(0);
	close(r->ready[0]);
	if (r->error[0] || !r->done)
		die(EXIT_RUNTIME, "%s over %s: %s", f->name, side->name,
		    r->error[0] ? r->error : "died");
	memcpy(value, r->value, sizeof(r->value));
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts as it goes: min and max are then at the ends. */
static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static void report(const struct bench *b, const char *name, const char *unit,
		   bool less, double v[2][MAX_PAIRS], char *lines, size_t len)
{
	double ratio[MAX_PAIRS], med[2], mid;
	size_t used = strlen(lines);
	int i;

	for (i = 0; i < b->pairs; i++)
		ratio[i] = v[0][i] ? v[1][i] / v[0][i] : 0;
	for (i = 0; i < 2; i++)
		med[i] = median(v[i], b->pairs);
	mid = median(ratio, b->pairs);
	printf("%-8s %-8s %12.0f %12.0f %8.3f  %6.3f .. %.3f%s\n", name, unit,
	       med[0], med[1], mid, ratio[0], ratio[b->pairs - 1],
	       less ? "  less is better" : "");
	fflush(stdout);
	snprintf(lines + used, len - used,
		 "BENCH figure=%s unit=%s a=%s a_median=%.2f b=%s b_median=%.2f ratio=%.4f ratio_min=%.4f ratio_max=%.4f pairs=%d better=%s\n",
		 name, unit, b->side[0]->name, med[0], b->side[1]->name,
		 med[1], mid, ratio[0], ratio[b->pairs - 1], b->pairs,
		 less ? "less" : "more");
}

static double ratio_of(const double v[2][MAX_PAIRS], int pairs)
{
	double ratio[MAX_PAIRS];
	int i;

	for (i = 0; i < pairs; i++)
		ratio[i] = v[0][i] ? v[1][i] / v[0][i] : 0;
	return median(ratio, pairs);
}

/* One pair: both sides take turns, slice by slice, in the order abba. */
static void measure_pair(const struct bench *b, const struct figure *f,
			 double pair[2][VALUES])
{
	static double v[2][VALUES][MAX_SLICES];
	const int slices = f->whole ? 1 : b->slices;
	double value[VALUES];
	static bool b_first;
	int slice, turn, s, i;

	for (slice = 0; slice < slices; slice++) {
		for (turn = 0; turn < 2; turn++) {
			s = turn ^ b_first;
			measure(b, f, b->side[s], value);
			for (i = 0; i < VALUES; i++)
				v[s][i][slice] = value[i];
		}
		b_first = !b_first;
	}
	for (s = 0; s < 2; s++)
		for (i = 0; i < VALUES; i++)
			pair[s][i] = median(v[s][i], slices);
}

/* All pairs of one figure; returns false when it misses its minimum. */
static bool compare_sides(const struct bench *b, const struct figure *f,
			  char *lines, size_t len)
{
	static double v[VALUES][2][MAX_PAIRS];
	double pair[2][VALUES];
	bool good;
	int n, s, i;

	for (n = 0; n < b->pairs; n++) {
		measure_pair(b, f, pair);
		for (s = 0; s < 2; s++)
			for (i = 0; i < VALUES; i++)
				v[i][s][n] = pair[s][i];
		if (b->verbose)
			printf("PAIR figure=%s pair=%d a=%.2f b=%.2f\n",
			       f->name, n + 1, pair[0][0], pair[1][0]);
	}
	good = !f->min || ratio_of(v[0], b->pairs) >= f->min;
	report(b, f->name, f->unit, f->less, v[0], lines, len);
	if (f->more && v[1][0][0] >= 0)
		report(b, f->more, f->unit, f->less, v[1], lines, len);
	return good;
}

static const char help[] =
"usage: rill_bench --client NETNS --server NETNS --addr ADDR [OPTION...]\n"
"\n"
"  --client N, --server N  names of the two network namespaces\n"
"  --addr ADDR       of the server\n"
"  --a P, --b P      what to compare: tcp, rill (family door) or inet\n"
"                    (inet door); default tcp and rill, the ratio is b/a\n"
"  --figures LIST    of bulk,rr,rr1,crr,mem (default all)\n"
"  --pairs N         times that each is measured over both (default 5)\n"
"  --time S          seconds of each in a pair (default 1)\n"
"  --connections N   idle ones, for mem (default 2000)\n"
"  --min F=R,...     exit with 1 when a median ratio is below R\n"
"  --verbose         show every pair\n";

static const struct side *parse_side(const char *arg)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sides); i++)
		if (!strcmp(arg, sides[i].name))
			return &sides[i];
	die(EXIT_USAGE, "\"%s\" is not tcp, rill or inet", arg);
}

static double parse_number(const char *what, const char *arg, double min,
			   double max)
{
	char *end;
	double v = strtod(arg, &end);

	if (end == arg || *end || !(v >= min && v <= max))
		die(EXIT_USAGE, "%s: \"%s\" is not a number from %g to %g",
		    what, arg, min, max);
	return v;
}

static int open_netns(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(EXIT_RUNTIME, "%s: %s", path, strerror(errno));
	return fd;
}

static struct figure *find_figure(const char *name)
{
	size_t i;

	for (i = 0; i < FIGURES; i++)
		if (!strcmp(name, figures[i].name))
			return &figures[i];
	die(EXIT_USAGE, "\"%s\" is not bulk, rr, rr1, crr or mem", name);
}

static void parse_min(char *arg)
{
	char *item, *eq;

	for (item = strtok(arg, ","); item; item = strtok(NULL, ",")) {
		eq = strchr(item, '=');
		if (!eq)
			die(EXIT_USAGE, "--min: \"%s\" is not FIGURE=RATIO",
			    item);
		*eq = '\0';
		find_figure(item)->min = parse_number("--min", eq + 1, 0.001,
						      1000);
	}
}

static char *parse_options(struct bench *b, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "client",      required_argument, NULL, 'c' },
		{ "server",      required_argument, NULL, 's' },
		{ "addr",        required_argument, NULL, 'A' },
		{ "a",           required_argument, NULL, 'a' },
		{ "b",           required_argument, NULL, 'b' },
		{ "figures",     required_argument, NULL, 'f' },
		{ "pairs",       required_argument, NULL, 'p' },
		{ "time",        required_argument, NULL, 't' },
		{ "connections", required_argument, NULL, 'n' },
		{ "min",         required_argument, NULL, 'm' },
		{ "verbose",     no_argument,       NULL, 'v' },
		{ "help",        no_argument,       NULL, 'h' },
		{ NULL,          0,                 NULL, 0 },
	};
	char *list = NULL;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", longopts, NULL)) != -1) {
		switch (c) {
		case 'c':
			b->netns[0] = open_netns(optarg);
			break;
		case 's':
			b->netns[1] = open_netns(optarg);
			break;
		case 'A':
			if (inet_pton(AF_INET, optarg, &b->server) != 1)
				die(EXIT_USAGE,
				    "\"%s\" is not an IPv4 address", optarg);
			break;
		case 'a':
			b->side[0] = parse_side(optarg);
			break;
		case 'b':
			b->side[1] = parse_side(optarg);
			break;
		case 'f':
			list = optarg;
			break;
		case 'p':
			b->pairs = (int)parse_number("--pairs", optarg, 1,
						     MAX_PAIRS);
			break;
		case 't':
			b->seconds = parse_number("--time", optarg, 0.05, 600);
			break;
		case 'n':
			b->connections = (int)parse_number("--connections",
							   optarg, 10, 100000);
			break;
		case 'm':
			parse_min(optarg);
			break;
		case 'v':
			b->verbose = true;
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
	if (b->netns[0] < 0 || b->netns[1] < 0 || !b->server.s_addr)
		die(EXIT_USAGE, "--client, --server and --addr are needed");
	return list;
}

static void use_one_cpu(void)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	for (cpu = 0; cpu < CPU_SETSIZE && !CPU_ISSET(cpu, &set); cpu++)
		;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die(EXIT_RUNTIME, "sched_setaffinity: %s", strerror(errno));
}

int main(int argc, char **argv)
{
	struct bench b = {
		.side = { &sides[0], &sides[1] },
		.netns = { -1, -1 },
		.seconds = 1,
		.pairs = 5,
		.connections = 2000,
	};
	const struct sigaction alarm_action = { .sa_handler = on_alarm };
	struct figure *todo[FIGURES];
	static char lines[4096];
	struct utsname uts;
	char *list, *item;
	size_t n = 0, i;
	bool good = true;
	double total;

	list = parse_options(&b, argc, argv);
	for (item = list ? strtok(list, ",") : NULL; item && n < FIGURES;
	     item = strtok(NULL, ","))
		todo[n++] = find_figure(item);
	for (i = 0; !list && i < FIGURES; i++)
		todo[n++] = &figures[i];

	run = mmap(NULL, sizeof(*run), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run == MAP_FAILED)
		die(EXIT_RUNTIME, "mmap: %s", strerror(errno));
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGALRM, &alarm_action, NULL);
	use_one_cpu();

	total = b.seconds;
	b.slices = (int)(total / SLICE_SECONDS + 0.5);
	if (b.slices < 1)
		b.slices = 1;
	b.seconds = total / b.slices;

	uname(&uts);
	printf("%s against %s on %s, %d pairs of %g s, medians\n\n",
	       b.side[1]->name, b.side[0]->name, uts.release, b.pairs,
	       total);
	printf("%-8s %-8s %12s %12s %8s  %s\n", "figure", "unit",
	       b.side[0]->name, b.side[1]->name, "ratio", "of the pairs");
	fflush(stdout);
	for (i = 0; i < n; i++) {
		if (compare_sides(&b, todo[i], lines, sizeof(lines)))
			continue;
		good = false;
		printf("%s is below its minimum of %g\n", todo[i]->name,
		       todo[i]->min);
	}
	printf("\n%s", lines);
	return good ? 0 : EXIT_RUNTIME;
}
