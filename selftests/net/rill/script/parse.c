// SPDX-License-Identifier: GPL-2.0
/* Words, expressions, matches and times. */
#include "lang.h"

#include <ctype.h>

const char *sc_file = "?";
int sc_line;
double sc_last, sc_zero;

/* ---- words ---- */

/* Cuts a line into words; a quoted string keeps its first quote, and '#' ends the line. */
void words(struct line *l, char *t)
{
	l->n = 0;
	for (;;) {
		while (isspace((unsigned char)*t))
			t++;
		if (!*t || *t == '#')
			return;
		if (l->n == MAX_WORDS)
			BAD("more than %d words", MAX_WORDS);
		l->w[l->n++] = t;
		if (*t == '"') {
			t = strchr(t + 1, '"');
			if (!t)
				BAD("a string without end");
		} else {
			while (*t && !isspace((unsigned char)*t))
				t++;
			if (!*t)
				return;
		}
		*t++ = 0;
	}
}

/* ---- variables and expressions ---- */

static struct {
	char name[16];
	int64_t v;
} vars[64];
static int nvars;

void var_set(const char *name, int64_t v)
{
	int i;

	for (i = 0; i < nvars; i++)
		if (!strcmp(vars[i].name, name))
			break;
	if (i == (int)ARRAY_SIZE(vars) || strlen(name) >= sizeof(vars[0].name))
		BAD("too many variables, or too long a name: %s", name);
	if (i == nvars)
		strcpy(vars[nvars++].name, name);
	vars[i].v = v;
}

static int64_t var_get(const char *name)
{
	int i;

	for (i = 0; i < nvars; i++)
		if (!strcmp(vars[i].name, name))
			return vars[i].v;
	/* The peer's clock of timestamps, and the last one of the stack's. */
	if (!strcmp(name, "ts"))
		return (uint32_t)(1000 + (uint32_t)((now() - sc_zero) * 1000) + cur->ts_ahead);
	if (!strcmp(name, "kts"))
		return cur->p.tsrecent;
	if (!strcmp(name, "iss"))
		return cur->p.irs;
	BAD("no variable $%s", name);
}

static int64_t sum(const char **p);

static int64_t factor(const char **p)
{
	char name[16];
	int64_t v;
	size_t n = 0;
	char *end;

	if (**p == '-') {
		++*p;
		return -factor(p);
	}
	if (**p == '(') {
		++*p;
		v = sum(p);
		if (**p != ')')
			BAD("no ')' before '%s'", *p);
		++*p;
		return v;
	}
	if (**p == '$') {
		for (++*p; isalnum((unsigned char)**p) || **p == '_'; ++*p)
			if (n + 1 < sizeof(name))
				name[n++] = **p;
		name[n] = 0;
		return var_get(name);
	}
	if (!isdigit((unsigned char)**p))
		BAD("want a number, not '%s'", *p);
	v = strtoll(*p, &end, 0);
	*p = end;
	return v;
}

static int64_t product(const char **p)
{
	int64_t v = factor(p);

	while (**p == '*') {
		++*p;
		v *= factor(p);
	}
	return v;
}

static int64_t sum(const char **p)
{
	int64_t v = product(p);

	while (**p == '+' || **p == '-') {
		bool minus = *(*p)++ == '-';
		int64_t x = product(p);

		v = minus ? v - x : v + x;
	}
	return v;
}

int64_t expr(const char *text)
{
	const char *p = text;
	int64_t v = sum(&p);

	if (*p)
		BAD("'%s' is no expression", text);
	return v;
}

/* ---- matches ---- */

struct match match_of(const char *text)
{
	struct match m = { .set = true, .lo = INT64_MIN, .hi = INT64_MAX };
	char buf[128], *dots, *colon;

	if (strlen(text) >= sizeof(buf))
		BAD("too long: %s", text);
	strcpy(buf, text);
	if (!strncmp(buf, "raw:", 4)) {
		m.raw = true;
		memmove(buf, buf + 4, strlen(buf + 4) + 1);
	}
	colon = strchr(buf, ':');
	if (colon) {
		snprintf(m.keep, sizeof(m.keep), "%s", colon + 1);
		*colon = 0;
	}
	if (!*buf || !strcmp(buf, "any")) {
		m.any = true;
		return m;
	}
	if (*buf == '!') {
		m.not = true;
		memmove(buf, buf + 1, strlen(buf));
	}
	dots = strstr(buf, "..");
	if (!dots) {
		m.lo = expr(buf);
		m.hi = m.lo;
		return m;
	}
	*dots = 0;
	if (*buf)
		m.lo = expr(buf);
	if (dots[2])
		m.hi = expr(dots + 2);
	return m;
}

bool match_ok(const struct match *m, int64_t v)
{
	if (!m->any && (v >= m->lo && v <= m->hi) == m->not)
		return false;
	if (m->keep[0])
		var_set(m->keep, v);
	return true;
}

void match_need(const struct match *m, int64_t v, const char *what)
{
	const char *no = m->not ? "not " : "";

	if (match_ok(m, v))
		return;
	if (m->lo == m->hi)
		BAD("%s is %lld, want %s%lld", what, (long long)v, no, (long long)m->lo);
	if (m->hi == INT64_MAX)
		BAD("%s is %lld, want %s%lld or more", what, (long long)v, no, (long long)m->lo);
	if (m->lo == INT64_MIN)
		BAD("%s is %lld, want %s%lld or less", what, (long long)v, no, (long long)m->hi);
	BAD("%s is %lld, want %s%lld to %lld", what, (long long)v, no, (long long)m->lo,
	    (long long)m->hi);
}

/* ---- times ---- */

double duration(const char *text)
{
	static const struct {
		const char *unit;
		double s;
	} units[] = {
		{ "us", 0.000001 }, { "ms", 0.001 }, { "s", 1 }, { "min", 60 }, { "h", 3600 },
		{ "d", 86400 },
	};
	char *end;
	double v = strtod(text, &end);
	size_t i;

	for (i = 0; end != text && i < ARRAY_SIZE(units); i++)
		if (!strcmp(end, units[i].unit))
			return v * units[i].s;
	BAD("'%s' is no time; 200ms and 1.5s are", text);
}

bool when_of(const char *text, struct when *w)
{
	char buf[64], *p;

	memset(w, 0, sizeof(*w));
	if ((*text != '+' && *text != '@') || strlen(text) >= sizeof(buf))
		return false;
	w->kind = *text;
	strcpy(buf, text + 1);
	p = strchr(buf, '~');
	if (p) {
		*p = 0;
		w->tol = duration(p + 1);
	}
	p = strstr(buf, "..");
	if (p) {
		*p = 0;
		w->range = true;
		w->hi = duration(p + 2);
	}
	w->lo = duration(buf);
	if (!p)
		w->hi = w->lo;
	return true;
}

static double base(const struct when *w)
{
	return w->kind == '@' ? sc_zero : sc_last;
}

void sc_rest(double until)
{
	double left;

	while ((left = until - now()) > 0)
		tun_fill(sc_tun, left < 1000 ? (int)(left * 1000) + 1 : 1000000);
}

void when_reach(const struct when *w)
{
	if (w->kind)
		sc_rest(base(w) + w->lo);
}

/*
 * How much later and earlier than said is right.  A timer fires on a tick and
 * never early; the wheel rounds the distant ones up.  Where time does not
 * travel the machine may be busy.
 */
static double late(double want)
{
	double reach = 0.63, step = 0.01;

	if (!time_travels())
		return want * 0.15 + patience(250) / 1000.0;
	while (want >= reach) {
		reach *= 8;
		step *= 8;
	}
	return step + 0.012;
}

static double early(double want)
{
	return time_travels() ? 0.0105 : want * 0.1 + 0.02;
}

double when_limit(const struct when *w)
{
	if (!w->kind)
		return now() + WAIT_MS / 1000.0;
	return base(w) + w->hi + w->tol + late(w->hi) + 0.1;
}

void when_check(const struct when *w, double t, const char *what)
{
	double got = t - base(w);
	double lo = w->lo - w->tol - (w->range ? 0.0005 : early(w->lo));
	double hi = w->hi + w->tol + (w->range && time_travels() ? 0.0005 : late(w->hi));

	if (!w->kind || (got >= lo && got <= hi))
		return;
	BAD("%s came after %.4f s, want %.4f to %.4f s", what, got, lo > 0 ? lo : 0, hi);
}
