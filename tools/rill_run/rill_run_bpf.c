// SPDX-License-Identifier: GPL-2.0
/*
 * rill_run --bpf: put a program into a control group of its own and have eBPF
 * turn the TCP sockets that are made there. Started by rill_run:
 *
 *   rill_run_bpf PROTOCOL PROGRAM [ARGUMENT...]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define STATUS_REFUSED	125
#define STATUS_NO_EXEC	126
#define STATUS_NOT_FOUND 127

static char mounted[32];	/* cgroup2, where there was none */
static char group[PATH_MAX];
static bool have_mounted, have_group;

/* Leave nothing behind. A group that a daemon still lives in stays with it. */
static void tidy(void)
{
	if (have_group)
		rmdir(group);
	if (have_mounted) {
		umount2(mounted, MNT_DETACH);
		rmdir(mounted);
	}
}

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	fputs("rill_run: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	tidy();
	exit(STATUS_REFUSED);
}

/* Keeps the library's explanations for when something fails. */
static char library_said[4096];

static int keep_library_log(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	size_t n = strlen(library_said);

	if (level != LIBBPF_DEBUG)
		vsnprintf(library_said + n, sizeof(library_said) - n, fmt, ap);
	return 0;
}

/* Where the cgroup2 hierarchy is. */
static const char *hierarchy(void)
{
	static const char *const usual[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	char file[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
		snprintf(file, sizeof(file), "%s/cgroup.procs", usual[i]);
		if (!access(file, W_OK))
			return usual[i];
	}
	strcpy(mounted, "/tmp/rill_run.XXXXXX");
	if (!mkdtemp(mounted))
		die("%s: %s", mounted, strerror(errno));
	have_mounted = true;
	if (mount("none", mounted, "cgroup2", 0, NULL))
		die("no cgroup2 hierarchy: %s", strerror(errno));
	return mounted;
}

static int make_group(void)
{
	int fd;

	snprintf(group, sizeof(group), "%s/rill_run.%d", hierarchy(), getpid());
	if (mkdir(group, 0755))
		die("%s: %s", group, strerror(errno));
	have_group = true;
	fd = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", group, strerror(errno));
	return fd;
}

static struct bpf_object *load(int wire, int group_fd)
{
	struct bpf_object *obj;
	struct bpf_map *map;
	char path[PATH_MAX];
	__u32 key = 0;
	ssize_t n;

	libbpf_set_print(keep_library_log);
	n = readlink("/proc/self/exe", path, sizeof(path) - 10);
	if (n < 0)
		die("/proc/self/exe: %s", strerror(errno));
	strcpy(path + n, ".o");
	obj = bpf_object__open_file(path, NULL);
	if (!obj)
		die("%s: %s (make tools)", path, strerror(errno));
	map = bpf_object__find_map_by_name(obj, ".rodata");
	if (!map || bpf_map__set_initial_value(map, &wire, sizeof(wire)))
		die("%s: has no wire", path);
	if (bpf_object__load(obj)) {
		int err = errno;

		fputs(library_said, stderr);
		die("this kernel does not take the eBPF program: %s (it wants Linux 6.6, with BTF)",
		    strerror(err));
	}
	if (bpf_map_update_elem(bpf_object__find_map_fd_by_name(obj, "group"), &key, &group_fd,
				BPF_ANY))
		die("the control group: %s", strerror(errno));
	return obj;
}

static void join(void)
{
	char file[PATH_MAX + 16];
	int fd;

	snprintf(file, sizeof(file), "%s/cgroup.procs", group);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1) {
		fprintf(stderr, "rill_run: %s: %s\n", file, strerror(errno));
		_exit(STATUS_REFUSED);
	}
	close(fd);
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid)
		return pid;
	join();
	execvp(*argv, argv);
	fprintf(stderr, "rill_run: %s: %s\n", *argv, strerror(errno));
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NO_EXEC);
}

static volatile sig_atomic_t program;	/* its process */

/* Who ends this ends the program. */
static void pass_on(int sig)
{
	kill(program, sig);
}

/* Wait until nothing lives in the group any more. */
static void outlive(void)
{
	char file[PATH_MAX + 16], text[128];
	struct pollfd p = { .events = POLLPRI };
	ssize_t n;

	snprintf(file, sizeof(file), "%s/cgroup.events", group);
	p.fd = open(file, O_RDONLY | O_CLOEXEC);
	if (p.fd < 0)
		return;
	while ((n = pread(p.fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = 0;
		if (strstr(text, "populated 0"))
			break;
		poll(&p, 1, -1);
	}
	close(p.fd);
}

int main(int argc, char **argv)
{
	struct bpf_program *prog;
	struct bpf_object *obj;
	struct bpf_link *link;
	int group_fd, status;
	pid_t pid;

	if (argc < 3)
		die("rill_run_bpf is for rill_run --bpf");
	group_fd = make_group();
	obj = load(atoi(argv[1]), group_fd);
	prog = bpf_object__find_program_by_name(obj, "turn");
	link = prog ? bpf_program__attach(prog) : NULL;
	if (!link)
		die("the hook of socket(2): %s", strerror(errno));
	pid = start(argv + 2);
	program = pid;
	signal(SIGTERM, pass_on);
	signal(SIGHUP, pass_on);
	/* these the terminal sends to both */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0)
		;
	/* it may have left a daemon, whose sockets are Rill's as long as we are here */
	outlive();
	bpf_link__destroy(link);
	bpf_object__close(obj);
	close(group_fd);
	tidy();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
