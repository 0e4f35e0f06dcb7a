// SPDX-License-Identifier: GPL-2.0
/* The cases of a program: options, one process each, time limits, KTAP. */
#include "each.h"
#include "rt.h"
#include "wire.h"

#include <fnmatch.h>
#include <getopt.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#define EXIT_SKIP	4
#define LIMIT_S		30

const struct rt_test *rt_case;
struct rt_opts rt = { .proto = PROTO_TCP, .set = "full" };

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

bool time_travels(void)
{
	const char *e = getenv("RILL_TIME_TRAVEL");

	return e && *e == '1';
}

/* Emulated and instrumented kernels need more; a limit only ends a hang. */
static int slowness(void)
{
	const char *k = getenv("RILL_KERNEL");

	if (!k || !strcmp(k, "uml"))
		return 1;
	return 4;
}

int patience(int ms)
{
	return ms * slowness();
}

void rest(int ms)
{
	poll(NULL, 0, ms);
}

/*
 * The kernel's timer wheel rounds up: by a tick below 63 ticks, by 8 below
 * 504, and so on.  Where time travels, a tick is 10 ms.
 */
static double wheel(double want)
{
	double reach = 0.63, step = 0.01;

	while (want >= reach) {
		reach *= 8;
		step *= 8;
	}
	return step;
}

void check_time(const char *file, int line, const char *what, double got, double want)
{
	double early = want * 0.01 + 0.02, late = early + wheel(want);

	if (!time_travels()) {
		early = want * 0.1 + 0.05;
		late = want * 0.15 + 0.25 * slowness();
	}
	if (got < want - early || got > want + late)
		t_fail(file, line, "%s: %.3f s, want %.3f s -%.3f +%.3f", what, got, want, early,
		       late);
}

/* got is base doubled n times, where base itself was measured to a few ticks. */
void check_backoff(const char *file, int line, double got, double base, int n)
{
	double lo = (base - 0.03) * (1 << n), hi = base * (1 << n);

	if (lo > 119)
		lo = 119;
	if (hi > 120)
		hi = 120;
	if (time_travels())
		hi += hi * 0.01 + 0.02 + wheel(hi);
	else
		hi += hi * 0.15 + 0.25 * slowness();
	if (got < lo * 0.99 - 0.01 || got > hi)
		t_fail(file, line, "backoff %d: %.3f s, want %.3f to %.3f s", n, got, lo, hi);
}

static void out(const char *head, const char *fmt, va_list ap)
{
	char line[1024];

	vsnprintf(line, sizeof(line), fmt, ap);
	printf("# %s%s\n", head, line);
	fflush(stdout);
}

void t_fail(const char *file, int line, const char *fmt, ...)
{
	int e = errno;
	char head[128];
	va_list ap;

	snprintf(head, sizeof(head), "%s:%d: ", file, line);
	va_start(ap, fmt);
	out(head, fmt, ap);
	va_end(ap);
	if (e)
		printf("# errno was %d (%s)\n", e, strerror(e));
	wire_dump();
	fflush(stdout);
	_exit(1);
}

void t_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	out("SKIP ", fmt, ap);
	va_end(ap);
	_exit(EXIT_SKIP);
}

void t_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	out("", fmt, ap);
	va_end(ap);
}

static bool in_set(const struct rt_test *t)
{
	unsigned int f = t->flags;

	if ((f & T_RILL) && !rt.each && rt.proto == PROTO_TCP)
		return false;
	if ((f & T_DIFFER) && !rt.each)
		return false;
	if ((f & T_IPV4) && rt.v6)
		return false;
	if ((f & T_TCP) && (rt.each || rt.proto != PROTO_TCP))
		return false;
	if (rt.only && fnmatch(rt.only, t->name, 0) && !strstr(t->rows, rt.only))
		return false;
	if (!strcmp(rt.set, "all"))
		return true;
	if (!strcmp(rt.set, "stress"))
		return f & T_STRESS;
	if (f & T_STRESS)
		return false;
	if (!strcmp(rt.set, "long"))
		return f & T_LONG;
	if (!strcmp(rt.set, "time-travel"))
		return true;
	if (f & T_LONG)
		return false;
	if (!strcmp(rt.set, "debug"))
		return !(f & T_NODEBUG);
	if (!strcmp(rt.set, "quick"))
		return !(f & T_FULL);
	return true;
}

/* Wait for the case's process; true when it ended by itself. */
static bool reap(pid_t pid, int limit_s, int *status)
{
	double end = now() + limit_s;
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	while (waitpid(pid, status, WNOHANG) == 0) {
		double left = end - now();
		struct timespec ts;

		if (left <= 0) {
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			waitpid(pid, status, 0);
			return false;
		}
		ts.tv_sec = left;
		ts.tv_nsec = (left - ts.tv_sec) * 1e9;
		sigtimedwait(&chld, NULL, &ts);
	}
	kill(-pid, SIGKILL);
	return true;
}

static void run_child(const struct rt_test *t)
{
	struct rlimit rl;
	sigset_t none;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	getrlimit(RLIMIT_NOFILE, &rl);
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
	rt_case = t;
	errno = 0;
	t->fn();
	fflush(stdout);
	_exit(0);
}

/* Run a case in a process of its own, over rt.proto. */
static enum result run_case(const struct rt_test *t)
{
	int limit = (t->limit_s ?: LIMIT_S) * slowness();
	double start = now();
	bool ended;
	int st;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(1);
	}
	if (!pid)
		run_child(t);
	ended = reap(pid, limit, &st);
	if (!ended)
		printf("# no end within %d s: killed\n", limit);
	else if (WIFSIGNALED(st))
		printf("# ended by signal %d\n", WTERMSIG(st));
	if (rt.verbose)
		printf("# %s took %.3f s\n", t->name, now() - start);
	if (!ended || !WIFEXITED(st))
		return FAILED;
	return WEXITSTATUS(st) == EXIT_SKIP ? SKIPPED : WEXITSTATUS(st) ? FAILED : PASSED;
}

static void run_one(const struct rt_test *t, int nr, int tally[3])
{
	enum result r = rt.each ? each_run(t, run_case) : run_case(t);

	printf("%s %d %s #%s %s\n", r == FAILED ? "not ok" : "ok", nr, t->name,
	       r == SKIPPED ? " SKIP" : "", t->rows);
	tally[r]++;
	fflush(stdout);
}

static void usage(const char *prog)
{
	printf("usage: %s [--proto tcp|rill|inet|each] [--wire ip|tcp|udp] [--ip 4|6]\n"
	       "       [--set quick|full|debug|time-travel|long|stress|all]\n"
	       "       [--only PATTERN] [--list] [--verbose] [--seed N] [--count N]\n"
	       "       [--parallel N] [--size BYTES]\n"
	       "PATTERN is a name with wildcards, or a row such as C20.\n", prog);
}

static bool set_wire(const char *name)
{
	static const char *const wires[] = { "ip", "tcp", "udp" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wires); i++) {
		if (strcmp(name, wires[i]))
			continue;
		rt.wire = i;
		return true;
	}
	return false;
}

static void parse(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "proto", 1, NULL, 'p' }, { "set", 1, NULL, 's' }, { "only", 1, NULL, 'o' },
		{ "list", 0, NULL, 'l' }, { "verbose", 0, NULL, 'v' }, { "seed", 1, NULL, 'S' },
		{ "count", 1, NULL, 'c' }, { "parallel", 1, NULL, 'P' }, { "size", 1, NULL, 'z' },
		{ "wire", 1, NULL, 'w' }, { "ip", 1, NULL, 'i' }, { "help", 0, NULL, 'h' }, { }
	};
	int c;

	while ((c = getopt_long(argc, argv, "p:s:o:lvh", opts, NULL)) != -1) {
		switch (c) {
		case 'p':
			if (!strcmp(optarg, "tcp"))
				rt.proto = PROTO_TCP;
			else if (!strcmp(optarg, "rill"))
				rt.proto = PROTO_RILL;
			else if (!strcmp(optarg, "inet"))
				rt.proto = PROTO_INET;
			else if (!strcmp(optarg, "each"))
				rt.each = true;
			else
				goto bad;
			break;
		case 'w':
			if (!set_wire(optarg))
				goto bad;
			break;
		case 'i':
			if (strcmp(optarg, "4") && strcmp(optarg, "6"))
				goto bad;
			rt.v6 = *optarg == '6';
			break;
		case 's':
			rt.set = optarg;
			break;
		case 'o':
			rt.only = optarg;
			break;
		case 'l':
			rt.list = true;
			break;
		case 'v':
			rt.verbose = true;
			break;
		case 'S':
			rt.seed = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			rt.count = atoi(optarg);
			break;
		case 'P':
			rt.parallel = atoi(optarg);
			break;
		case 'z':
			rt.size = atol(optarg);
			break;
		case 'h':
			usage(argv[0]);
			exit(0);
		default:
			goto bad;
		}
	}
	return;
bad:
	usage(argv[0]);
	exit(2);
}

int rt_main(int argc, char **argv, const struct rt_test *tests, int n)
{
	int i, nr = 0, plan = 0, tally[3] = { };
	sigset_t chld;

	parse(argc, argv);
	if (rt.each && !rt.list)
		each_init(argv[0]);
	for (i = 0; i < n; i++)
		plan += in_set(&tests[i]);
	if (rt.list) {
		for (i = 0; i < n; i++)
			if (in_set(&tests[i]))
				printf("%s # %s\n", tests[i].name, tests[i].rows);
		return 0;
	}
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	printf("KTAP version 1\n1..%d\n", plan);
	for (i = 0; i < n; i++)
		if (in_set(&tests[i]))
			run_one(&tests[i], ++nr, tally);
	printf("# Totals: pass:%d fail:%d skip:%d\n", tally[0], tally[1], tally[2]);
	return tally[1] ? 1 : 0;
}
