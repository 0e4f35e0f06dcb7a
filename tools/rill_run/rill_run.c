// SPDX-License-Identifier: GPL-2.0
/* rill_run: start a program whose TCP sockets are Rill's. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/rill.h>

#include "rill_run.h"

#define PARAMETER	"/sys/module/rill/parameters/family"

#define STATUS_REFUSED	125	/* as env(1) and others have it: our own failure, */
#define STATUS_NO_EXEC	126	/* not to be run, */
#define STATUS_NOT_FOUND 127	/* or not there */

static const char help[] =
	"usage: rill_run [--wire=ip|tcp|udp] [--verify] PROGRAM [ARGUMENT...]\n"
	"       rill_run --bpf [--wire=ip|tcp|udp] PROGRAM [ARGUMENT...]\n"
	"\n"
	"Runs PROGRAM with its TCP sockets turned into sockets of Rill, and those of\n"
	"all programs that it starts. Other sockets are left alone.\n"
	"\n"
	"  --wire=W   what carries the segments: ip, which is IP protocol 253 (the\n"
	"             default); tcp, which every host understands; or udp, which every\n"
	"             network lets through\n"
	"  --verify   after PROGRAM has ended, list every socket on the standard error:\n"
	"             that it was turned, or why not\n"
	"  --bpf      have the kernel do it, by eBPF, for all that runs in a control\n"
	"             group: reaches static programs and Go; Linux 6.6 or later\n"
	"\n"
	"The module must be loaded. The status is PROGRAM's; 125 if rill_run failed,\n"
	"126 if PROGRAM cannot be run, 127 if it is not found.\n";

static void __attribute__((noreturn, format(printf, 2, 3))) die(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("rill_run: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

static void set(const char *name, const char *value)
{
	if (setenv(name, value, 1))
		die(STATUS_REFUSED, "%s: %s", name, strerror(errno));
}

static void set_number(const char *name, int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	set(name, text);
}

/* The family that the module has, which also tells that it is there. */
static int module_family(void)
{
	int family;
	FILE *f = fopen(PARAMETER, "r");

	if (!f)
		die(STATUS_REFUSED, "the module is not loaded (no " PARAMETER ")");
	if (fscanf(f, "%d", &family) != 1)
		die(STATUS_REFUSED, PARAMETER " says no number");
	fclose(f);
	return family;
}

/* A file beside this program. */
static void beside(char *path, size_t size, const char *name)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	if (n < 0)
		die(STATUS_REFUSED, "/proc/self/exe: %s", strerror(errno));
	path[n] = 0;
	slash = strrchr(path, '/');
	if (!slash || slash + 1 + strlen(name) >= path + size)
		die(STATUS_REFUSED, "the path of %s is too long", name);
	strcpy(slash + 1, name);
}

/* Where execvp() would find it; false if nowhere. */
static bool find(const char *program, char *path, size_t size)
{
	const char *dirs = getenv("PATH") ?: "/usr/bin:/bin", *end;

	if (strchr(program, '/'))
		return snprintf(path, size, "%s", program) < (int)size && !access(path, F_OK);
	for (;; dirs = end + 1) {
		end = strchrnul(dirs, ':');
		if (snprintf(path, size, "%.*s%s%s", (int)(end - dirs), dirs,
			     end > dirs ? "/" : "", program) < (int)size && !access(path, X_OK))
			return true;
		if (!*end)
			return false;
	}
}

/* Does the program header say that a dynamic linker, which preloads, starts it? */
static bool is_static(const unsigned char *map, size_t size)
{
	const Elf64_Ehdr *eh = (const void *)map;
	const Elf64_Phdr *ph;
	size_t i;

	if (size < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) ||
	    eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_phentsize != sizeof(*ph) ||
	    eh->e_phoff > size || (size - eh->e_phoff) / sizeof(*ph) < eh->e_phnum)
		return false;	/* a script, or what execvp() will refuse */
	ph = (const void *)(map + eh->e_phoff);
	for (i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_INTERP)
			return false;
	return true;
}

/* Refuse what the preload would not reach: it would run over TCP unnoticed. */
static void check_program(const char *program)
{
	char path[PATH_MAX];
	struct stat st;
	void *map;
	int fd;

	if (!find(program, path, sizeof(path)))
		die(STATUS_NOT_FOUND, "%s: not found", program);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		die(STATUS_NO_EXEC, "%s: cannot be read", path);
	if (st.st_mode & (S_ISUID | S_ISGID) && geteuid())
		die(STATUS_REFUSED, "%s: runs with the rights of another, who gets no preload",
		    path);
	map = st.st_size ? mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (map != MAP_FAILED) {
		if (is_static(map, st.st_size))
			die(STATUS_REFUSED, "%s: is static, a preload does not reach it; try --bpf",
			    path);
		munmap(map, st.st_size);
	}
	close(fd);
}

static void set_preload(void)
{
	const char *before = getenv("LD_PRELOAD");
	char lib[PATH_MAX], list[3 * PATH_MAX];

	beside(lib, sizeof(lib), RILL_RUN_LIB);
	if (access(lib, R_OK))
		die(STATUS_REFUSED, "%s: %s (make tools)", lib, strerror(errno));
	if (strpbrk(lib, ": "))
		die(STATUS_REFUSED, "%s: LD_PRELOAD takes no path with a colon or a blank", lib);
	set(RILL_RUN_PRELOAD, lib);
	if (snprintf(list, sizeof(list), "%s%s%s", lib, before && *before ? ":" : "",
		     before ?: "") >= (int)sizeof(list))
		die(STATUS_REFUSED, "LD_PRELOAD is too long");
	set("LD_PRELOAD", list);
}

static void __attribute__((noreturn)) run(char **argv)
{
	execvp(*argv, argv);
	die(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NO_EXEC, "%s: %s", *argv, strerror(errno));
}

static volatile sig_atomic_t program;	/* its process */

/* Who ends this ends the program, and gets the list. */
static void pass_on(int sig)
{
	kill(program, sig);
}

/* --verify: wait for the program, then show what the preload has written. */
static int run_and_list(char **argv)
{
	char path[] = "/tmp/rill_run.XXXXXX", *line = NULL;
	int fd = mkstemp(path), status;
	size_t cap = 0;
	long lines = 0;
	pid_t pid;
	FILE *f;

	/* others write to it as whoever they have become */
	if (fd < 0 || fchmod(fd, 0622))
		die(STATUS_REFUSED, "%s: %s", path, strerror(errno));
	set(RILL_RUN_LOG, path);
	pid = fork();
	if (pid < 0)
		die(STATUS_REFUSED, "fork: %s", strerror(errno));
	if (!pid)
		run(argv);
	program = pid;
	signal(SIGTERM, pass_on);
	signal(SIGHUP, pass_on);
	/* these the terminal sends to both */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0)
		;
	f = fdopen(fd, "r");
	while (f && getline(&line, &cap, f) > 0) {
		fprintf(stderr, "rill_run: %s", line);
		lines++;
	}
	if (!lines)
		fprintf(stderr, "rill_run: no socket was made\n");
	unlink(path);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const struct wire {
	const char *name;
	int family_door, inet_door;	/* the third argument of socket() */
} wires[] = {
	{ "ip", IPPROTO_RILL, IPPROTO_RILL },
	{ "tcp", IPPROTO_TCP, IPPROTO_RILL_TCP },
	{ "udp", IPPROTO_UDP, IPPROTO_RILL_UDP },
};

static const struct wire *wire_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(wires) / sizeof(*wires); i++)
		if (!strcmp(name, wires[i].name))
			return &wires[i];
	die(STATUS_REFUSED, "no wire \"%s\": there are ip, tcp and udp", name);
}

/* Refuse what the module would: the program's sockets would stay TCP unnoticed. */
static void check_wire(const struct wire *wire, int domain, int protocol)
{
	int fd = socket(domain, SOCK_STREAM, protocol);

	if (fd < 0)
		die(STATUS_REFUSED, "the module gives no socket over the wire %s: %s", wire->name,
		    strerror(errno));
	close(fd);
}

/* --bpf: a program of its own, since it needs a library that this one does not. */
static void __attribute__((noreturn)) run_bpf(int protocol, char **argv)
{
	char path[PATH_MAX], text[16];
	char *args[256] = { "rill_run_bpf", text };
	int n = 2;

	beside(path, sizeof(path), "rill_run_bpf");
	if (access(path, X_OK))
		die(STATUS_REFUSED, "built without --bpf: install clang, libbpf-dev; make tools");
	snprintf(text, sizeof(text), "%d", protocol);
	while (*argv && n < 255)
		args[n++] = *argv++;
	if (*argv)
		die(STATUS_REFUSED, "too many arguments");
	execv(path, args);
	die(STATUS_REFUSED, "%s: %s", path, strerror(errno));
}

int main(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "wire", 1, NULL, 'w' }, { "verify", 0, NULL, 'v' }, { "bpf", 0, NULL, 'b' },
		{ "help", 0, NULL, 'h' }, { }
	};
	const struct wire *wire = &wires[0];
	bool verify = false, bpf = false;
	int c, family;

	while ((c = getopt_long(argc, argv, "+h", opts, NULL)) != -1) {
		switch (c) {
		case 'w':
			wire = wire_of(optarg);
			break;
		case 'v':
			verify = true;
			break;
		case 'b':
			bpf = true;
			break;
		case 'h':
			fputs(help, stdout);
			return 0;
		default:
			fputs(help, stderr);
			return STATUS_REFUSED;
		}
	}
	argv += optind;
	if (!*argv) {
		fputs(help, stderr);
		return STATUS_REFUSED;
	}
	if (bpf && verify)
		die(STATUS_REFUSED, "--verify is for the preload, not for --bpf");
	family = module_family();
	if (bpf) {
		check_wire(wire, AF_INET, wire->inet_door);
		run_bpf(wire->inet_door, argv);
	}
	check_wire(wire, family, wire->family_door);
	check_program(*argv);
	set_number(RILL_RUN_FAMILY, family);
	set_number(RILL_RUN_WIRE, wire->family_door);
	set_preload();
	if (verify)
		return run_and_list(argv);
	run(argv);
}
