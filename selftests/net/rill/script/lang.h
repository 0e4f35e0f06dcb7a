/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The language of the scripted peer (Documentation/scripted-peer.md).
 *
 *   parse.c    words of a line, expressions, what a value may match, times
 *   exec.c     lines, blocks, conditions, statements
 *   segment.c  segments that the peer sends, and those that it expects
 *   call.c     calls on sockets, and what they return
 */
#ifndef LANG_H
#define LANG_H

#include "wire.h"

#define KPORT		8080	/* where the stack listens */
#define PPORT		4000	/* the peer's */
#define MAX_WORDS	48

/* ---- where we are, and how a script fails ---- */

extern const char *sc_file;
extern int sc_line;

#define BAD(...) \
	do { \
		errno = 0; \
		t_fail(sc_file, sc_line, __VA_ARGS__); \
	} while (0)

struct line {
	int nr;
	int n;				/* words */
	char *w[MAX_WORDS];
};

struct script {
	char *path, *name;		/* C30-rst-exact, of .../C30-rst-exact.peer */
	char *title, *rows, *set, *only, *cc, *needs, *fails, *ip;
	struct line *line;
	int n;
};

void script_load(struct script *s, const char *path);
void script_run(const struct script *s);

/* ---- parse.c ---- */

void words(struct line *l, char *text);
int64_t expr(const char *text);
void var_set(const char *name, int64_t v);
double duration(const char *text);		/* seconds */

/* What a value may be: "any", "5", "1..9", "..9", "1..", "!5"; ":name" keeps it. */
struct match {
	bool set, any, not, raw;
	int64_t lo, hi;
	char keep[16];
};

struct match match_of(const char *text);
bool match_ok(const struct match *m, int64_t v);
/* Fails unless it matches. */
void match_need(const struct match *m, int64_t v, const char *what);

/* "+200ms", "@1s", "+40ms..200ms", "+1s~50ms" at the head of a line. */
struct when {
	char kind;			/* 0, '+' or '@' */
	bool range;
	double lo, hi, tol;
};

bool when_of(const char *text, struct when *w);
void when_reach(const struct when *w);		/* waits until that time */
void when_check(const struct when *w, double t, const char *what);
double when_limit(const struct when *w);	/* the time by which it must have happened */

/* The time of the last event, and the one that "@" counts from. */
extern double sc_last, sc_zero;

void sc_rest(double until);			/* lets time pass, takes what arrives */

/* ---- segment.c ---- */

struct conn {
	char name[16];
	struct peer p;
	int ws_out, ws_in;		/* in our SYN and in the answer; -1: not offered */
	bool ts_out, ts_in;
	uint32_t snd_end;		/* what we sent without a gap, ends here */
	struct { uint32_t a, b; } island[64];
	int islands;
	uint32_t ts_ahead;		/* of our clock: what the script made of it */
	uint32_t seen;			/* the highest that the stack sent, ends here */
	bool any_seen;
};

extern struct tun *sc_tun;
extern struct conn *cur;

void conn_init(void);
void conn_select(const struct line *l, int at);
void segment_send(const struct line *l, int at);
void segment_expect(const struct line *l, int at, const struct when *w, bool skip);
void segment_none(const struct line *l, int at);
void segment_icmp(const struct line *l, int at);

/* The streams: 0 is what the stack sends, 1 what the peer does.  Position 1 is the first byte. */
void stream_get(int dir, uint32_t at, uint8_t *buf, int len);
void stream_literal(int dir, uint32_t at, const char *text, int len);
int literal_of(const char *word, char *buf);	/* length of a quoted word, or -1 */

/* ---- call.c ---- */

bool call_is(const char *word);			/* "c.send" */
void call_run(const struct line *l, int at, const struct when *w, bool bg);
int fd_find(const char *name);			/* -1 when there is none */

/* ---- exec.c ---- */

void exec_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* LANG_H */
