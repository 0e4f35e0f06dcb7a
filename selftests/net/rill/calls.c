// SPDX-License-Identifier: GPL-2.0
/*
 * Random sequences of socket calls, over the kernel's TCP and over Rill: what
 * a program sees must be the same.  A seed is a sequence; --seed N --count M
 * runs M of them from N on.  A difference is shrunk to a short case, which can
 * be run again: save the lines of the report and name the file.
 *
 * --proto tcp compares TCP with itself, which shows that the test is sound.
 */
#include "calls.h"

#include <sched.h>
#include <time.h>

#define SUFFIX		".calls"
#define MAX_FAILURES	5

static struct run a, b, was_a, was_b;
static enum rt_proto door;
static const char *replay_path;
static int unsteady;
static int token[2];	/* who has it may print */

/* Over both; the step at which they part, or -1. */
static int both(const struct plan *p, bool trace)
{
	run_plan(&a, p, PROTO_TCP, trace);
	run_plan(&b, p, door, trace);
	return run_differ(&a, &b);
}

/*
 * A guest that stands still lets a timer expire in the middle, or a softirq wait
 * for its thread; and the kernel may give two connections of a run, one after the
 * other, the same port.  What differs has to differ again, three times in a row.
 */
static bool steady(const struct plan *p)
{
	int i;

	for (i = 0; i < 3; i++)
		if (both(p, false) < 0)
			return false;
	return true;
}

static void report(const struct plan *p)
{
	both(p, true);
	run_print(&a, &b, true);
}

static bool try_seed(uint32_t seed)
{
	static struct plan p;
	int tries;
	char c = 0;

	plan_draw(&p, seed);
	if (rt.verbose) {
		t_note("seed %u, %d steps", seed, p.n);
		report(&p);
	}
	if (both(&p, false) < 0)
		return true;
	was_a = a;
	was_b = b;
	if (!steady(&p)) {
		OK(read(token[0], &c, 1));
		t_note("seed %u: a difference that does not come again", seed);
		if (unsteady++ < MAX_FAILURES)
			run_print(&was_a, &was_b, false);
		OK(write(token[1], &c, 1));
		return true;
	}
	tries = shrink(&a, &b, &p, door);
	OK(read(token[0], &c, 1));
	t_note("seed %u differs; the shortest case has %d steps, after %d runs:", seed, p.n, tries);
	report(&p);
	OK(write(token[1], &c, 1));
	return false;
}

/* Every nth seed; the exit status is the number of differences. */
static void worker(uint32_t seed, int count, int nr, int of)
{
	struct sched_param idle = { };
	int i, failures = 0;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(nr, &cpu);
	OK(sched_setaffinity(0, sizeof(cpu), &cpu));
	/* see run.c */
	OK(sched_setscheduler(0, SCHED_IDLE, &idle));
	net_renew();
	for (i = nr; i < count && failures < MAX_FAILURES; i += of)
		failures += !try_seed(seed + i);
	if (unsteady)
		t_note("%d differences that did not come again", unsteady);
	/*
	 * None in ten thousand where the machine is idle, one in a thousand where
	 * guests share a processor; more than that is a race.
	 */
	if (unsteady > 2 + count / of / 200)
		failures++;
	fflush(stdout);
	_exit(failures);
}

static void sequences(int count)
{
	uint32_t seed = rt.seed ?: (uint32_t)time(NULL) * 1000u;
	int of = rt.parallel ?: (int)sysconf(_SC_NPROCESSORS_ONLN), i, st, failures = 0;
	double start = now();

	if (rt.count)
		count = rt.count;
	if (of > count)
		of = count;
	door = rt.proto;
	t_note("seeds from %u on, %d of them", seed, count);
	OK(pipe(token));
	OK(write(token[1], "t", 1));
	for (i = 0; i < of; i++)
		if (!fork())
			worker(seed, count, i, of);
	for (i = 0; i < of; i++) {
		ASSERT_GE(wait(&st), 0);
		failures += WIFEXITED(st) ? WEXITSTATUS(st) : 1;
	}
	t_note("%d sequences in %.1f s", count, now() - start);
	if (failures)
		FAIL("%d differences; --seed repeats one, with --count 1 --verbose all of it",
		     failures);
}

static void some(void)
{
	sequences(200);
}

static void more(void)
{
	sequences(2000);
}

static void many(void)
{
	sequences(100000);
}

static void replay(void)
{
	static struct plan p;

	door = rt.proto;
	plan_load(&p, replay_path);
	net_renew();
	rt.verbose = true;
	report(&p);
	if (run_differ(&a, &b) >= 0)
		FAIL("step %d differs", run_differ(&a, &b));
}

static const struct rt_test tests[] = {
	{ "some", "C82 C83 C84 C87", some, 0, 60 },
	{ "more", "C82 C83 C84 C87", more, T_FULL, 300 },
	{ "many", "C82 C83 C84 C87", many, T_STRESS, 7200 },
};

static const struct rt_test replayed[] = {
	{ "replay", "", replay, 0, 60 },
};

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strstr(argv[i], SUFFIX))
			replay_path = argv[i];
	if (replay_path)
		return rt_main(argc, argv, replayed, ARRAY_SIZE(replayed));
	return rt_main(argc, argv, tests, ARRAY_SIZE(tests));
}
