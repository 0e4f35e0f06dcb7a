// SPDX-License-Identifier: GPL-2.0
/*
 * The same case over TCP and over each door of Rill: what it recorded is
 * compared line by line.  Differences that are accepted stand in the file
 * "differences", and one that is no longer seen there is an error.
 */
#include "each.h"

#include <fnmatch.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#define LOG_MAX		(4 << 20)
#define ENTRY_MAX	64

/* What the case that runs records; shared with the process that it runs in. */
static struct record {
	size_t len;
	char text[LOG_MAX];
} *record;

/* program:case | kernel | what TCP gives | what Rill gives | why */
struct entry {
	char *where, *kernel, *tcp, *rill;
	bool used;
};

static struct entry entries[ENTRY_MAX];
static int n_entries;
static const char *program;

static char *trim(char *s)
{
	char *end;

	while (*s == ' ' || *s == '\t')
		s++;
	end = s + strlen(s);
	while (end > s && strchr(" \t\n", end[-1]))
		*--end = 0;
	return s;
}

static void bad_entry(const char *path, int nr, const char *why)
{
	printf("Bail out! %s:%d: %s\n", path, nr, why);
	exit(2);
}

/* Keeps what is about this program and this kernel. */
static void read_entry(char *line, const char *path, int nr, const char *release)
{
	struct entry *e = &entries[n_entries];
	char *field[5], *rest = line;
	size_t len = strlen(program);
	int i;

	for (i = 0; i < 5; i++) {
		field[i] = strsep(&rest, "|");
		if (!field[i])
			bad_entry(path, nr, "want program:case | kernel | tcp | rill | why");
		field[i] = trim(field[i]);
		if (!*field[i])
			bad_entry(path, nr, "a field is empty");
	}
	if (strncmp(field[0], program, len) || field[0][len] != ':' ||
	    fnmatch(field[1], release, 0))
		return;
	if (n_entries == ENTRY_MAX)
		bad_entry(path, nr, "too many differences are no differences");
	e->where = strdup(field[0] + len + 1);
	e->kernel = strdup(field[1]);
	e->tcp = strdup(field[2]);
	e->rill = strdup(field[3]);
	n_entries++;
}

/* each_init() - for program @prog, whose results are to be compared */
void each_init(const char *prog)
{
	const char *path = getenv("RILL_DIFFERENCES");
	struct utsname u;
	char *line = NULL;
	size_t cap = 0;
	int nr = 0;
	FILE *f;

	program = strrchr(prog, '/') ? strrchr(prog, '/') + 1 : prog;
	record = mmap(NULL, sizeof(*record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (record == MAP_FAILED || uname(&u)) {
		perror("Bail out! each_init");
		exit(2);
	}
	if (!path)
		return;
	f = fopen(path, "r");
	if (!f) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(2);
	}
	while (getline(&line, &cap, f) > 0) {
		char *s = trim(line);

		nr++;
		if (*s && *s != '#')
			read_entry(s, path, nr, u.release);
	}
	free(line);
	fclose(f);
}

/* rec() - a line of what the case sees */
void rec(const char *fmt, ...)
{
	char line[2048];
	int n, e = errno;
	va_list ap;
	size_t at;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(line) - 1)
		FAIL("a record of %d bytes is too long", n);
	if (rt.verbose)
		printf("#   %s\n", line);
	line[n++] = '\n';
	if (record) {
		/* threads and children of the case may record at the same time */
		at = __atomic_fetch_add(&record->len, n, __ATOMIC_RELAXED);
		if (at + n > LOG_MAX)
			FAIL("too much is recorded");
		memcpy(record->text + at, line, n);
	}
	errno = e;
}

/* rec_call() - a call and its value, or its errno; use DO() */
long rec_call(const char *call, long ret)
{
	if (ret == -1)
		rec("%s = -1 %s", call, strerrorname_np(errno));
	else
		rec("%s = %ld", call, ret);
	return ret;
}

/* rec_fd() - a call that gives a descriptor, not which one; use DO_FD() */
int rec_fd(const char *call, int fd)
{
	if (fd < 0)
		return rec_call(call, fd);
	rec("%s = a descriptor", call);
	return fd;
}

/* rec_read() - a call that filled a buffer, and what with; use DO_READ() */
ssize_t rec_read(const char *call, ssize_t n, const void *buf)
{
	const unsigned char *b = buf;
	struct sha256 s;
	uint8_t sum[32];
	char text[200];
	int i, len = 0;

	if (n < 0)
		return rec_call(call, n);
	if (n > 48) {
		sha256_init(&s);
		sha256_update(&s, buf, n);
		sha256_final(&s, sum);
		rec("%s = %zd, SHA-256 begins with %02x%02x%02x%02x", call, n, sum[0], sum[1],
		    sum[2], sum[3]);
		return n;
	}
	for (i = 0; i < n; i++)
		len += sprintf(text + len, b[i] < 32 || b[i] > 126 ? "\\x%02x" : "%c", b[i]);
	text[len] = 0;
	rec("%s = %zd \"%s\"", call, n, text);
	return n;
}

/* rec_events() - what poll or epoll said; use DO_EVENTS() */
int rec_events(const char *call, unsigned int events)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} v[] = {
		{ POLLIN, "IN" }, { POLLPRI, "PRI" }, { POLLOUT, "OUT" }, { POLLERR, "ERR" },
		{ POLLHUP, "HUP" }, { POLLNVAL, "NVAL" }, { POLLRDHUP, "RDHUP" },
		{ POLLRDNORM, "RDNORM" }, { POLLRDBAND, "RDBAND" }, { POLLWRNORM, "WRNORM" },
		{ POLLWRBAND, "WRBAND" },
	};
	char text[128] = "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(v); i++) {
		if (!(events & v[i].bit))
			continue;
		if (*text)
			strcat(text, ",");
		strcat(text, v[i].name);
	}
	rec("%s = %s", call, *text ? text : "nothing");
	return events;
}

/* addr_text() - the address in @out, of INET6_ADDRSTRLEN bytes; returns the port */
int addr_text(const struct sockaddr *sa, char *out)
{
	const struct sockaddr_in6 *sin6 = (const void *)sa;
	const struct sockaddr_in *sin = (const void *)sa;

	if (sa->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &sin6->sin6_addr, out, INET6_ADDRSTRLEN);
		return ntohs(sin6->sin6_port);
	}
	inet_ntop(AF_INET, &sin->sin_addr, out, INET6_ADDRSTRLEN);
	return ntohs(sin->sin_port);
}

static bool has_addr(const struct sockaddr *sa, socklen_t len)
{
	if (len < sizeof(struct sockaddr_in))
		return false;
	return sa->sa_family == AF_INET ||
	       (sa->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6));
}

/* rec_addr() - an address; of the ports only whether they are chosen by the kernel */
void rec_addr(const char *what, const struct sockaddr *sa, socklen_t len)
{
	char ip[INET6_ADDRSTRLEN];
	int port;

	if (!has_addr(sa, len)) {
		rec("%s: %u bytes, family %d", what, len, len >= 2 ? sa->sa_family : -1);
		return;
	}
	port = addr_text(sa, ip);
	if (port >= 32768)
		rec("%s: %u bytes, %s:automatic", what, len, ip);
	else
		rec("%s: %u bytes, %s:%d", what, len, ip, port);
}

/* Ends the line at s and gives the next one, or NULL. */
static char *cut_line(char *s)
{
	char *nl = s ? strchr(s, '\n') : NULL;

	if (!nl)
		return NULL;
	*nl = 0;
	return nl[1] ? nl + 1 : NULL;
}

static bool accepted(const struct rt_test *t, const char *tcp, const char *got)
{
	int i;

	for (i = 0; i < n_entries; i++) {
		struct entry *e = &entries[i];

		if (strcmp(e->where, t->name) || fnmatch(e->tcp, tcp, 0) ||
		    fnmatch(e->rill, got, 0))
			continue;
		e->used = true;
		return true;
	}
	return false;
}

/* The records of two runs, which it takes apart. */
static bool same(const struct rt_test *t, const char *door, char *tcp, char *got)
{
	char *next_tcp, *next_got;
	int line = 0, bad = 0;

	tcp = *tcp ? tcp : NULL;
	got = *got ? got : NULL;
	for (; tcp || got; tcp = next_tcp, got = next_got) {
		next_tcp = cut_line(tcp);
		next_got = cut_line(got);
		line++;
		if (tcp && got && (!strcmp(tcp, got) || accepted(t, tcp, got)))
			continue;
		printf("# line %d over tcp: %s\n#   over %s: %s\n", line, tcp ?: "(no more)", door,
		       got ?: "(no more)");
		if (++bad == 5 || !tcp || !got)
			break;
	}
	return !bad;
}

static char *take_record(void)
{
	char *text = strndup(record->text, record->len);

	if (!text) {
		perror("Bail out! strndup");
		exit(2);
	}
	memset(record->text, 0, record->len);
	record->len = 0;
	return text;
}

/* An entry that is not needed any more would hide what comes later. */
static bool all_used(const struct rt_test *t)
{
	bool all = true;
	int i;

	for (i = 0; i < n_entries; i++) {
		if (strcmp(entries[i].where, t->name) || entries[i].used)
			continue;
		printf("# accepted, but not seen: \"%s\" against \"%s\"\n", entries[i].tcp,
		       entries[i].rill);
		all = false;
	}
	return all;
}

/*
 * each_run() - a case over TCP, then over each door
 * @t: the case; one about Rill's own views leaves TCP out
 * @run: runs it over rt.proto
 *
 * Return: passed if each run did and recorded what the run over TCP recorded,
 * skipped if each was; the other way round for a case with T_DIFFER.
 */
enum result each_run(const struct rt_test *t, enum result (*run)(const struct rt_test *t))
{
	static const char *const name[] = { "tcp", "rill", "inet" };
	enum rt_proto first = t->flags & T_RILL ? PROTO_RILL : PROTO_TCP;
	enum result result = PASSED, r, oracle = PASSED;
	char *tcp = NULL, *got;

	for (rt.proto = first; rt.proto <= PROTO_INET; rt.proto++) {
		r = run(t);
		got = take_record();
		if (rt.proto == first) {
			tcp = got;
			oracle = r;
			result = r;
			if (r == FAILED)
				printf("# over %s\n", name[rt.proto]);
			continue;
		}
		if (r != oracle || r == FAILED) {
			printf("# over %s, unlike %s\n", name[rt.proto], name[first]);
			result = FAILED;
		}
		if (r == PASSED && oracle == PASSED) {
			char *copy = strdup(tcp);

			if (!same(t, name[rt.proto], copy, got))
				result = FAILED;
			free(copy);
		}
		free(got);
	}
	free(tcp);
	if (result == PASSED && !all_used(t))
		result = FAILED;
	if (t->flags & T_DIFFER)
		return result == FAILED ? PASSED : FAILED;
	return result;
}
