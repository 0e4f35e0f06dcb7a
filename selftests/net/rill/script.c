// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the scripts of scripts/, a case each: a peer that plays one end of a
 * connection, segment by segment, as Documentation/scripted-peer.md tells.
 *
 * Operands that end in .peer are run in place of those of the directory.
 */
#include "lang.h"

#include <dirent.h>
#include <limits.h>

#define SUFFIX	".peer"

static struct script *scripts;
static struct rt_test *tests;
static int n;

/* "fails: TEXT": the script is wrong on purpose, and must be told so. */
static void run_wrong(const struct script *s)
{
	char said[8192];
	size_t len = 0;
	ssize_t k;
	int to[2], st;
	pid_t pid;

	fflush(stdout);
	OK(pipe(to));
	pid = OK(fork());
	if (!pid) {
		OK(dup2(to[1], STDOUT_FILENO));
		script_run(s);
		fflush(stdout);
		_exit(0);
	}
	close(to[1]);
	while (len < sizeof(said) - 1 &&
	       (k = read(to[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += k;
	said[len] = 0;
	close(to[0]);
	OK(waitpid(pid, &st, 0));
	if (!WIFEXITED(st) || WEXITSTATUS(st) != 1)
		FAIL("%s ended with status %#x, and should fail", s->path, st);
	if (!strstr(said, s->fails))
		FAIL("%s failed without saying '%s':\n%s", s->path, s->fails, said);
}

static void run_this(void)
{
	const struct script *s = &scripts[rt_case - tests];

	if (s->fails)
		run_wrong(s);
	else
		script_run(s);
}

static unsigned int flags_of(const struct script *s)
{
	unsigned int f = 0;

	if (s->set && !strcmp(s->set, "full"))
		f |= T_FULL;
	else if (s->set && !strcmp(s->set, "time-travel"))
		f |= T_FULL | T_LONG;
	else if (s->set && strcmp(s->set, "quick"))
		BAD("no set %s", s->set);
	if (s->only && !strcmp(s->only, "tcp"))
		f |= T_TCP;
	else if (s->only && !strcmp(s->only, "rill"))
		f |= T_RILL;
	else if (s->only)
		BAD("only what? '%s'", s->only);
	if (s->ip && strcmp(s->ip, "4"))
		BAD("ip: is 4, if anything");
	return f | (s->ip ? T_IPV4 : 0);
}

static void add(const char *path)
{
	char name[128];

	scripts = realloc(scripts, (n + 1) * sizeof(*scripts));
	tests = realloc(tests, (n + 1) * sizeof(*tests));
	ASSERT(scripts && tests);
	script_load(&scripts[n], path);
	snprintf(name, sizeof(name), "script.%s", scripts[n].name);
	tests[n] = (struct rt_test){
		.name = strdup(name), .rows = scripts[n].rows, .fn = run_this,
		.flags = flags_of(&scripts[n]), .limit_s = 60,
	};
	if (tests[n].flags & T_LONG)
		tests[n].limit_s = 100000;
	n++;
}

static bool is_script(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(SUFFIX) && !strcmp(name + len - strlen(SUFFIX), SUFFIX);
}

static int wanted(const struct dirent *d)
{
	return is_script(d->d_name);
}

/* Where the scripts are: RILL_SCRIPTS, or beside the directory of the program. */
static void add_directory(void)
{
	const char *dir = getenv("RILL_SCRIPTS");
	char self[PATH_MAX], path[2 * PATH_MAX];
	struct dirent **list;
	ssize_t len;
	int i, k;

	if (!dir) {
		len = readlink("/proc/self/exe", self, sizeof(self) - 16);
		ASSERT(len > 0);
		self[len] = 0;
		*strrchr(self, '/') = 0;
		strcpy(strrchr(self, '/'), "/scripts");
		dir = self;
	}
	k = scandir(dir, &list, wanted, alphasort);
	if (k <= 0)
		FAIL("no scripts in %s", dir);
	for (i = 0; i < k; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);
		add(path);
	}
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (is_script(argv[i]))
			add(argv[i]);
	if (!n)
		add_directory();
	return rt_main(argc, argv, tests, n);
}
