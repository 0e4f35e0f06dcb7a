/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The random differential test of socket calls: a plan is a list of steps, a
 * run executes a plan over one door and writes down all that a program could
 * see.  The log of a run over TCP and that of a run over Rill must be equal.
 *
 *	plan.c		steps out of a seed; their text form
 *	run.c		executes a plan; the log and its text form
 *	op_*.c		the calls
 *	shrink.c	the shortest plan that still shows a difference
 *
 * Any subset of a plan is a plan: a step whose socket is not there does nothing.
 */
#ifndef CALLS_H
#define CALLS_H

#include "rt.h"

#define NSOCK		10	/* sockets of a run; 0 is apt to listen, 1 and 2 to be a pair... */
#define NEPOLL		2
#define NARG		4
#define MAX_STEPS	200
#define MAX_LOG		65536

/* What a socket may be given to send in all, so that no window and no buffer fills. */
#define BUDGET		24000

struct step {
	uint8_t op;		/* index into ops[] */
	uint8_t s, t;		/* sockets */
	int32_t arg[NARG];
};

struct plan {
	int n;
	struct step step[MAX_STEPS];
};

/* What an item of the log is, for the reader of a difference. */
enum tag {
	L_STEP,		/* a step begins: its index */
	L_RET,		/* what a call returned, or -errno */
	L_VAL, L_LEN, L_HASH, L_FLAGS, L_ADDR, L_PORT, L_EVENTS, L_DATA, L_FD, L_CMSG, L_SIG,
	L_POLL,		/* socket << 16 | what poll() says after the step */
	L_STATE,
	L_END,		/* the plan is done: what became of socket N */
};

struct item {
	int32_t tag;
	int64_t val;
};

/* An open file description; a copy by dup() shares it. */
struct file {
	int sent;		/* of the budget */
};

struct run {
	const struct plan *plan;
	enum rt_proto door;
	bool trace;
	int at;			/* the step */
	int fd[NSOCK], file[NSOCK];
	int nfiles;
	struct file files[MAX_STEPS * 2];
	short last[NSOCK];	/* what poll() said last */
	int ep[NEPOLL];
	int nports, ports[64];
	char *call[MAX_STEPS + NSOCK];	/* text of the calls, when tracing */
	int n;
	struct item log[MAX_LOG];
};

/* How an argument of a step is drawn. */
enum draw {
	D_NONE,
	D_PICK,		/* one of n */
	D_ODD,		/* 0 most of the time, else one of n */
	D_LEN,		/* bytes */
	D_SEND,		/* flags of send */
	D_RECV,		/* flags of recv */
	D_EVENTS,	/* of epoll_ctl */
	D_VALUE,	/* of an option */
};

/* Which sockets a step is apt to be about. */
enum whom { W_CONN, W_LISTEN, W_FRESH, W_ANY };

struct opdef {
	const char *name;
	int weight;
	enum whom s, t;
	struct {
		enum draw draw;
		int n;
	} arg[NARG];
	void (*fn)(struct run *r, const struct step *st);
};

/* plan.c */
extern const struct opdef ops[];
extern const int nops;
void plan_draw(struct plan *p, uint32_t seed);
void plan_line(const struct step *st, char *buf, size_t size);
void plan_load(struct plan *p, const char *path);
bool plan_valid(const struct step *st);

/* shrink.c */
int shrink(struct run *a, struct run *b, struct plan *p, enum rt_proto door);

/* run.c */
void net_renew(void);		/* a namespace of its own, and what all runs share */
void run_plan(struct run *r, const struct plan *p, enum rt_proto door, bool trace);
void run_forget(struct run *r);
int run_differ(const struct run *a, const struct run *b);	/* the step, -1 for none */
void run_print(const struct run *a, const struct run *b, bool all);
void put(struct run *r, enum tag what, int64_t val);
long ret(struct run *r, long val);		/* logs it, or errno */
void put_events(struct run *r);
void say(struct run *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
uint32_t hash(const void *data, size_t len);
void put_addr(struct run *r, const void *addr, int room, socklen_t len);
int new_file(struct run *r);
void adopt(struct run *r, int slot, int fd);	/* a socket that a call returned */
void drop(struct run *r, int slot);		/* close without a trace */
int free_slot(struct run *r, int slot);
extern int hidden_port;		/* of a listener that only hidden_pair() uses */
void hidden_pair(int fd[2]);
extern uint8_t *nowhere;	/* a page that is not mapped */
extern int data_fd;		/* a file with a pattern */
extern int pipes[2][2];
int fixed_port(int k);		/* a port of this run alone */

/* op_*.c */
#define OP(name)	void op_##name(struct run *r, const struct step *st)
OP(pair);
OP(fresh);
OP(listener);
OP(connect);
OP(accept);
OP(bind);
OP(listen);
OP(close);
OP(dup);
OP(shutdown);
OP(disconnect);
OP(abort);
OP(name);
OP(send);
OP(recv);
OP(drain);
OP(wait);
OP(ioctl);
OP(getopt);
OP(setopt);
OP(tempopt);
OP(error);
OP(info);
OP(async);
OP(ctl);
OP(epoll);
OP(poll);
OP(select);
OP(splice_out);
OP(splice_in);
OP(sendfile);

#define SAY(r, ...)	do { if ((r)->trace) say(r, __VA_ARGS__); } while (0)
/* The descriptor of socket x; leaves the step when there is none. */
#define NEED(r, x) \
	({ \
		int fd_ = (r)->fd[x]; \
		if (fd_ < 0) \
			return; \
		fd_; \
	})

#endif /* CALLS_H */
