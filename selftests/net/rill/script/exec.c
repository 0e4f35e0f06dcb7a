// SPDX-License-Identifier: GPL-2.0
/* A script: its head, its lines, blocks and conditions, and what a line does. */
#include "lang.h"

#include <stdarg.h>
#include <sys/utsname.h>

/* ---- loading ---- */

static char *word_after(char *text)
{
	size_t n;

	while (*text == ' ' || *text == '\t')
		text++;
	n = strcspn(text, "\n");
	return strndup(text, n);
}

/* "rows: C30 BLIND-2M"; true when the line is of the head. */
static bool head_line(struct script *s, char *text)
{
	struct {
		const char *key;
		char **to;
	} keys[] = {
		{ "title:", &s->title }, { "rows:", &s->rows }, { "set:", &s->set },
		{ "only:", &s->only }, { "cc:", &s->cc }, { "needs:", &s->needs },
		{ "ip:", &s->ip }, { "fails:", &s->fails },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strncmp(text, keys[i].key, strlen(keys[i].key)))
			continue;
		*keys[i].to = word_after(text + strlen(keys[i].key));
		return true;
	}
	return false;
}

static char *name_of(const char *path)
{
	const char *base = strrchr(path, '/');
	char *name = strdup(base ? base + 1 : path), *dot = strrchr(name, '.');

	if (dot)
		*dot = 0;
	return name;
}

void script_load(struct script *s, const char *path)
{
	FILE *f = fopen(path, "r");
	char text[512];
	int nr = 0, cap = 0;

	memset(s, 0, sizeof(*s));
	s->path = strdup(path);
	s->name = name_of(path);
	sc_file = s->path;
	if (!f)
		BAD("%s", strerror(errno));
	while (fgets(text, sizeof(text), f)) {
		struct line l = { .nr = ++nr };

		sc_line = nr;
		if (head_line(s, text))
			continue;
		words(&l, strdup(text));
		if (!l.n)
			continue;
		if (s->n == cap) {
			cap = cap ? 2 * cap : 64;
			s->line = realloc(s->line, cap * sizeof(*s->line));
		}
		s->line[s->n++] = l;
	}
	fclose(f);
	if (!s->rows || !s->title || !s->n)
		BAD("a script wants rows:, title: and lines");
}

/* ---- conditions ---- */

/* "6.2" against the running kernel: below 0, 0 or above. */
static int kernel_against(const char *version)
{
	int a = 0, b = 0, x = 0, y = 0;
	struct utsname u;

	uname(&u);
	if (sscanf(u.release, "%d.%d", &a, &b) != 2 || sscanf(version, "%d.%d", &x, &y) != 2)
		BAD("'%s' is no kernel version", version);
	return a != x ? a - x : b - y;
}

/* "[tcp]", "[rill]", "[tcp<6.2]", "[tcp>=6.2]", "[ip4]", "[ip6]", "[travel]", "[real]" */
static bool condition(const char *w)
{
	char buf[32], *op;
	bool ok;

	snprintf(buf, sizeof(buf), "%s", w + 1);
	op = strchr(buf, ']');
	if (!op || op[1])
		BAD("'%s' is no condition", w);
	*op = 0;
	op = buf + strcspn(buf, "<>");
	ok = true;
	if (*op == '<')
		ok = kernel_against(op + 1) < 0;
	else if (*op == '>')
		ok = kernel_against(op + 1 + (op[1] == '=')) >= 0;
	*op = 0;
	if (!strcmp(buf, "tcp"))
		return ok && rt.proto == PROTO_TCP;
	if (!strcmp(buf, "rill"))
		return ok && rt.proto != PROTO_TCP;
	if (!strcmp(buf, "ip4"))
		return !rt.v6;
	if (!strcmp(buf, "ip6"))
		return rt.v6;
	if (!strcmp(buf, "travel"))
		return time_travels();
	if (!strcmp(buf, "real"))
		return !time_travels();
	BAD("'%s' is no condition", w);
}

/* ---- statements ---- */

static void exec_line(const struct line *l);

void exec_text(const char *fmt, ...)
{
	static char keep[512];
	struct line l = { .nr = sc_line };
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	strcpy(keep, text);
	words(&l, keep);
	exec_line(&l);
}

/*
 * open active|passive NAME [rtt TIME] [win N] [ecn] [mss N] [ws N] [sackok] [ts]:
 * a whole handshake.  The options are those of the peer's SYN; the round trip
 * is the time that the peer lets the stack wait.
 */
struct opening {
	const char *name, *rtt, *win, *syn, *synack;
	char opts[128];
};

static void opening_of(struct opening *o, const struct line *l)
{
	const char *mss = "1460";
	char rest[96] = "";
	int i;

	o->name = l->w[2];
	o->rtt = "0ms";
	o->win = "65535";
	o->syn = "";
	o->synack = "";
	for (i = 3; i < l->n; i++) {
		const char *w = l->w[i], *v = i + 1 < l->n ? l->w[i + 1] : "0";

		if (!strcmp(w, "ecn")) {
			o->syn = "EC";
			o->synack = "E";
			continue;
		}
		if (!strcmp(w, "sackok") || !strcmp(w, "ts")) {
			strcat(rest, *w == 't' ? " raw 0101 ts auto" : " raw 0101 sackok");
			continue;
		}
		i++;
		if (!strcmp(w, "rtt"))
			o->rtt = v;
		else if (!strcmp(w, "win"))
			o->win = v;
		else if (!strcmp(w, "mss"))
			mss = v;
		else if (!strcmp(w, "ws"))
			snprintf(rest + strlen(rest), 20, " nop ws %s", v);
		else
			BAD("open: what is '%s'?", w);
	}
	if (!strcmp(mss, "none"))
		mss = NULL;
	snprintf(o->opts, sizeof(o->opts), "%s%.20s%s", mss ? " mss " : "", mss ?: "", rest);
}

static void do_open(const struct line *l)
{
	struct opening o;

	if (l->n < 3)
		BAD("open wants active or passive, and a name");
	opening_of(&o, l);
	if (!strcmp(l->w[1], "active")) {
		if (fd_find(o.name) < 0)
			exec_text("%s.socket", o.name);
		exec_text("%s.connect", o.name);
		exec_text("> S%s seq 0", o.syn);
		exec_text("+%s < SA%s win %s%s", o.rtt, o.synack, o.win, o.opts);
		exec_text("> A");
		exec_text("%s.wait out = out", o.name);
		/* The window of a SYN is not scaled; and the next ACK is no update. */
		exec_text("< A");
		exec_text("%s.error = 0", o.name);
	} else if (!strcmp(l->w[1], "passive")) {
		if (fd_find("l") < 0)
			exec_text("l.open");
		exec_text("< S%s win 65535%s", o.syn, o.opts);
		exec_text("> SA%s seq 0 ack 1", o.synack);
		exec_text("+%s < A win %s", o.rtt, o.win);
		exec_text("l.accept %s", o.name);
	} else {
		BAD("open wants active or passive, not '%s'", l->w[1]);
	}
}

static struct match result_of(const struct line *l, int at)
{
	if (at + 1 >= l->n || strcmp(l->w[at], "="))
		BAD("'= VALUE' is missing");
	return match_of(l->w[at + 1]);
}

/* state TIME_WAIT: that of this connection in the socket table, none when it is gone */
static void do_state(const struct line *l, double limit)
{
	const char *want = l->w[l->n - 1], *got;

	for (;;) {
		got = table_state(cur->p.kport ?: KPORT, cur->p.port);
		if (!strcmp(*got ? got : "none", want))
			return;
		if (now() > limit)
			BAD("state is %s, want %s", *got ? got : "none", want);
		tun_fill(sc_tun, 5);
	}
}

static void do_counter(const struct line *l)
{
	struct match m;

	if (l->n < 2)
		BAD("counter wants a name");
	if (l->n > 2 && !have_counter(l->w[1]))
		BAD("there is no counter %s", l->w[1]);
	m = result_of(l, 2);
	match_need(&m, counter(l->w[1]), l->w[1]);
}

static void do_sysctl(const struct line *l)
{
	char value[128] = "";
	int i;

	if (l->n < 3)
		BAD("sysctl wants a name and a value");
	for (i = 2; i < l->n; i++)
		sprintf(value + strlen(value), "%s%s", i > 2 ? " " : "", l->w[i]);
	if (!have_sysctl(l->w[1]) && !strcmp(l->w[0], "sysctl?"))
		return;
	sysctl_set(l->w[1], value);
}

/* All other statements. */
static void statement(const struct line *l, const struct when *w)
{
	const char *v = l->w[0];

	if (!strcmp(v, "open"))
		return do_open(l);
	if (!strcmp(v, "state"))
		return do_state(l, when_limit(w));
	if (!strcmp(v, "counter"))
		return do_counter(l);
	if (!strcmp(v, "sysctl") || !strcmp(v, "sysctl?"))
		return do_sysctl(l);
	if (!strcmp(v, "conn"))
		return conn_select(l, 1);
	if (!strcmp(v, "none"))
		return segment_none(l, 1);
	if (l->n < 2)
		BAD("what is '%s'?", v);
	if (!strcmp(v, "mtu")) {
		if_mtu("tun0", expr(l->w[1]));
	} else if (!strcmp(v, "wait")) {
		sc_rest(now() + duration(l->w[1]));
		sc_last = now();
	} else if (!strcmp(v, "let")) {
		if (l->n != 4 || strcmp(l->w[2], "="))
			BAD("let wants NAME = EXPRESSION");
		var_set(l->w[1], expr(l->w[3]));
	} else if (!strcmp(v, "check")) {
		struct match m = result_of(l, 2);

		match_need(&m, expr(l->w[1]), l->w[1]);
	} else {
		BAD("what is '%s'?", v);
	}
}

static void drop_word(struct line *l)
{
	memmove(l->w, l->w + 1, --l->n * sizeof(l->w[0]));
}

/* "> x10 A len 1460": ten of them, $i counts. */
static int64_t times_of(struct line *l)
{
	int64_t times;

	if (l->n < 2 || l->w[1][0] != 'x' || l->w[1][1] == 0)
		return -1;
	times = expr(l->w[1] + 1);
	l->w[1] = l->w[0];
	drop_word(l);
	return times;
}

static void segments(struct line *l, const struct when *w)
{
	int64_t i, times = times_of(l);
	bool out = l->w[0][0] == '<';

	if (out)
		when_reach(w);
	for (i = 0; i < (times < 0 ? 1 : times); i++) {
		if (times >= 0)
			var_set("i", i);
		if (!out)
			segment_expect(l, 1, w, l->w[0][1] == '>');
		else if (l->n > 1 && !strcmp(l->w[1], "icmp"))
			segment_icmp(l, 2);
		else
			segment_send(l, 1);
	}
}

static void exec_line(const struct line *whole)
{
	struct line l = *whole;
	bool bg = false;
	struct when w;

	while (l.n && l.w[0][0] == '[') {
		if (!condition(l.w[0]))
			return;
		drop_word(&l);
	}
	if (!l.n)
		return;
	if (when_of(l.w[0], &w))
		drop_word(&l);
	if (l.n > 1 && !strcmp(l.w[0], "bg")) {
		bg = true;
		drop_word(&l);
	}
	if (!l.n)
		BAD("a time and nothing to do");
	if (!strcmp(l.w[0], "<") || !strcmp(l.w[0], ">") || !strcmp(l.w[0], ">>"))
		return segments(&l, &w);
	if (call_is(l.w[0]))
		return call_run(&l, 0, &w, bg);
	when_reach(&w);
	statement(&l, &w);
}

/* ---- blocks ---- */

static int block_end(const struct script *s, int at)
{
	int depth = 0;

	for (; at < s->n; at++) {
		if (!strcmp(s->line[at].w[0], "repeat"))
			depth++;
		if (!strcmp(s->line[at].w[0], "end") && !--depth)
			return at;
	}
	BAD("repeat without end");
}

static void exec_block(const struct script *s, int at, int end)
{
	for (; at < end; at++) {
		const struct line *l = &s->line[at];

		sc_line = l->nr;
		if (!strcmp(l->w[0], "repeat")) {
			int close = block_end(s, at);
			const char *var = l->n > 3 ? l->w[3] : "i";
			int64_t i, times;

			if (l->n < 2)
				BAD("repeat wants a number");
			times = expr(l->w[1]);
			for (i = 0; i < times; i++) {
				var_set(var, i);
				exec_block(s, at + 1, close);
			}
			at = close;
		} else {
			exec_line(l);
		}
	}
}

void script_run(const struct script *s)
{
	char *need, *save;

	sc_file = s->path;
	conn_init();
	for (need = s->needs ? strtok_r(s->needs, " ", &save) : NULL; need;
	     need = strtok_r(NULL, " ", &save))
		need_sysctl(need);
	if (have_sysctl("congestion_control"))
		sysctl_set("congestion_control", s->cc ?: "reno");
	sc_zero = now();
	sc_last = sc_zero;
	exec_block(s, 0, s->n);
}
