// SPDX-License-Identifier: GPL-2.0
/*
 * librill_run.so: comes before the C library in a program that rill_run starts,
 * and turns its TCP sockets into Rill's.  What is not TCP is left alone.
 *
 * The environment carries it to other programs; the exec calls put back what a
 * program left out of the environment that it gives.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/rill.h>

#include "rill_run.h"

#define ENTRY_MAX	4096	/* of the environment, with its name */
#define ENTRIES_MAX	4096	/* in the environment of an exec */
#define TYPE_MASK	0xf	/* the others are SOCK_NONBLOCK and SOCK_CLOEXEC */

/* As they were when the program started: it may change its environment. */
static char preload[ENTRY_MAX], ld_preload[ENTRY_MAX], wire_entry[64], family_entry[64];
static char log_entry[ENTRY_MAX];
static int family = AF_RILL, wire;

static int (*real_socket)(int domain, int type, int protocol);
static int (*real_getsockopt)(int fd, int level, int name, void *val, socklen_t *len);
static int (*real_execve)(const char *path, char *const argv[], char *const envp[]);
static int (*real_execvpe)(const char *file, char *const argv[], char *const envp[]);
static int (*real_fexecve)(int fd, char *const argv[], char *const envp[]);
static int (*real_spawn)(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
			 const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);
static int (*real_spawnp)(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			  const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);

/* The entry NAME=VALUE as the environment has it, or an empty one. */
static void keep(char *entry, size_t size, const char *name)
{
	const char *val = getenv(name);

	if (!val || snprintf(entry, size, "%s=%s", name, val) >= (int)size)
		*entry = 0;
}

static int number(const char *name, int otherwise)
{
	const char *val = getenv(name);

	return val && *val ? atoi(val) : otherwise;
}

/* Before the program, or before a constructor of it that is faster. */
__attribute__((constructor)) static void start(void)
{
	if (real_socket)
		return;
	real_socket = dlsym(RTLD_NEXT, "socket");
	real_getsockopt = dlsym(RTLD_NEXT, "getsockopt");
	real_execve = dlsym(RTLD_NEXT, "execve");
	real_execvpe = dlsym(RTLD_NEXT, "execvpe");
	real_fexecve = dlsym(RTLD_NEXT, "fexecve");
	real_spawn = dlsym(RTLD_NEXT, "posix_spawn");
	real_spawnp = dlsym(RTLD_NEXT, "posix_spawnp");
	keep(preload, sizeof(preload), RILL_RUN_PRELOAD);
	keep(ld_preload, sizeof(ld_preload), "LD_PRELOAD");
	keep(wire_entry, sizeof(wire_entry), RILL_RUN_WIRE);
	keep(family_entry, sizeof(family_entry), RILL_RUN_FAMILY);
	keep(log_entry, sizeof(log_entry), RILL_RUN_LOG);
	family = number(RILL_RUN_FAMILY, AF_RILL);
	wire = number(RILL_RUN_WIRE, 0);
}

/* ---- what --verify tells ---- */

/* One line, in one write: many processes append to the file. */
static void note(const char *fmt, ...)
{
	const char *path = strchr(log_entry, '=');
	char line[512];
	int fd, len, err = errno;
	va_list ap;

	if (!path)
		return;
	len = snprintf(line, sizeof(line), "%s[%d] ", program_invocation_short_name, getpid());
	va_start(ap, fmt);
	len += vsnprintf(line + len, sizeof(line) - len, fmt, ap);
	va_end(ap);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	fd = open(path + 1, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd >= 0) {
		/* on a full disk the list is short, and the program runs */
		(void)!write(fd, line, len);
		close(fd);
	}
	errno = err;
}

static const char *name_of_family(int domain)
{
	switch (domain) {
	case AF_INET: return "AF_INET";
	case AF_INET6: return "AF_INET6";
	case AF_UNIX: return "AF_UNIX";
	case AF_NETLINK: return "AF_NETLINK";
	case AF_PACKET: return "AF_PACKET";
	}
	return "another family";
}

static const char *name_of_type(int type)
{
	switch (type & TYPE_MASK) {
	case SOCK_STREAM: return "SOCK_STREAM";
	case SOCK_DGRAM: return "SOCK_DGRAM";
	case SOCK_RAW: return "SOCK_RAW";
	case SOCK_SEQPACKET: return "SOCK_SEQPACKET";
	}
	return "another type";
}

/* Why a socket is none that Rill could be; NULL if it is TCP. */
static const char *not_tcp(int domain, int type, int protocol)
{
	if (domain != AF_INET && domain != AF_INET6)
		return "not of the Internet";
	if ((type & TYPE_MASK) != SOCK_STREAM)
		return "no stream";
	if (protocol && protocol != IPPROTO_TCP)
		return "another protocol than TCP";
	return NULL;
}

/* ---- sockets ---- */

int socket(int domain, int type, int protocol)
{
	const char *why = not_tcp(domain, type, protocol);
	int fd, err;

	start();
	if (why) {
		fd = real_socket(domain, type, protocol);
		note("left %s, %s, protocol %d: %s", name_of_family(domain), name_of_type(type),
		     protocol, why);
		return fd;
	}
	fd = real_socket(family, type, wire | (domain == AF_INET6 ? RILL_V6 : 0));
	if (fd >= 0) {
		note("turned %s, %s: descriptor %d", name_of_family(domain), name_of_type(type),
		     fd);
		return fd;
	}
	/* what the caller did wrong, or a limit, it has to hear of */
	if (errno != EAFNOSUPPORT && errno != EPROTONOSUPPORT && errno != ESOCKTNOSUPPORT)
		return fd;
	err = errno;
	fd = real_socket(domain, type, protocol);
	note("left %s, %s: the module says %s", name_of_family(domain), name_of_type(type),
	     strerror(err));
	return fd;
}

/* A program that asks what its socket is expects TCP. */
int getsockopt(int fd, int level, int name, void *val, socklen_t *len)
{
	int protocol = IPPROTO_TCP, ret;

	start();
	ret = real_getsockopt(fd, level, name, val, len);
	if (!ret && level == SOL_SOCKET && name == SO_PROTOCOL && *len == sizeof(int) &&
	    *(int *)val == IPPROTO_RILL)
		memcpy(val, &protocol, sizeof(protocol));
	return ret;
}

/* ---- the way to other programs ---- */

static bool is_entry(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(entry, name, len) && entry[len] == '=';
}

struct environment {
	char *entry[ENTRIES_MAX];
	char ld_preload[2 * ENTRY_MAX];
};

/*
 * What the program gives, with what we need: nothing else is touched, an
 * LD_PRELOAD of its own keeps its place behind ours. No allocation: the caller
 * may be a child of vfork().
 */
static char *const *with_us(char *const envp[], struct environment *e)
{
	char *const own[] = { preload, wire_entry, family_entry, log_entry };
	const char *path = strchr(preload, '=');
	size_t i, n = 0;
	bool ours = false;

	start();
	if (!path)
		return envp;
	path++;
	for (i = 0; envp && envp[i]; i++) {
		if (n + sizeof(own) / sizeof(*own) + 2 > ENTRIES_MAX)
			return envp;
		if (is_entry(envp[i], RILL_RUN_PRELOAD) || is_entry(envp[i], RILL_RUN_WIRE) ||
		    is_entry(envp[i], RILL_RUN_FAMILY) || is_entry(envp[i], RILL_RUN_LOG))
			continue;
		if (!is_entry(envp[i], "LD_PRELOAD")) {
			e->entry[n++] = envp[i];
			continue;
		}
		if (strstr(envp[i], path)) {
			e->entry[n++] = envp[i];
		} else {
			if (snprintf(e->ld_preload, sizeof(e->ld_preload), "LD_PRELOAD=%s:%s", path,
				     envp[i] + strlen("LD_PRELOAD=")) >= (int)sizeof(e->ld_preload))
				return envp;
			e->entry[n++] = e->ld_preload;
		}
		ours = true;
	}
	if (!ours)
		e->entry[n++] = ld_preload;
	for (i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (*own[i])
			e->entry[n++] = own[i];
	e->entry[n] = NULL;
	return e->entry;
}

int execve(const char *path, char *const argv[], char *const envp[])
{
	struct environment e;

	envp = with_us(envp, &e);
	return real_execve(path, argv, envp);
}

int execv(const char *path, char *const argv[])
{
	return execve(path, argv, environ);
}

int execvpe(const char *file, char *const argv[], char *const envp[])
{
	struct environment e;

	envp = with_us(envp, &e);
	return real_execvpe(file, argv, envp);
}

int execvp(const char *file, char *const argv[])
{
	return execvpe(file, argv, environ);
}

int fexecve(int fd, char *const argv[], char *const envp[])
{
	struct environment e;

	envp = with_us(envp, &e);
	return real_fexecve(fd, argv, envp);
}

/* How many arguments the execl family has before NULL, the first not counted. */
static size_t count(va_list *ap)
{
	size_t n = 0;

	while (va_arg(*ap, char *))
		n++;
	return n;
}

static void gather(char **argv, const char *first, va_list *ap)
{
	*argv++ = (char *)first;
	while ((*argv++ = va_arg(*ap, char *)))
		;
}

/* The list of a function (first, ...) as an argv; ap stands behind its NULL then. */
#define GATHER(argv, first, ap) do { \
	va_start(ap, first); \
	(argv) = __builtin_alloca((count(&(ap)) + 2) * sizeof(*(argv))); \
	va_end(ap); \
	va_start(ap, first); \
	gather(argv, first, &(ap)); \
} while (0)

int execl(const char *path, const char *arg, ...)
{
	char **argv;
	va_list ap;

	GATHER(argv, arg, ap);
	va_end(ap);
	return execve(path, argv, environ);
}

int execlp(const char *file, const char *arg, ...)
{
	char **argv;
	va_list ap;

	GATHER(argv, arg, ap);
	va_end(ap);
	return execvpe(file, argv, environ);
}

int execle(const char *path, const char *arg, ...)
{
	char *const *envp;
	char **argv;
	va_list ap;

	GATHER(argv, arg, ap);
	envp = va_arg(ap, char *const *);
	va_end(ap);
	return execve(path, argv, envp);
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
		const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	struct environment e;

	envp = with_us(envp, &e);
	return real_spawn(pid, path, actions, attr, argv, envp);
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
		 const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	struct environment e;

	envp = with_us(envp, &e);
	return real_spawnp(pid, file, actions, attr, argv, envp);
}
