/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every state of a socket, every call on it, and all that a program can see
 * afterwards: what the same_* programs are made of.
 */
#ifndef SEE_H
#define SEE_H

#include "wire.h"

#define SEE_ALL	(POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLRDBAND | POLLWRNORM | \
		 POLLWRBAND)

/* A socket and what is at the other end: a socket, or a peer played by hand. */
struct world {
	int fd;			/* the socket that the calls are about, -1 once closed */
	int peer;		/* the other end, -1 if none */
	int l;			/* a listener that can be dialled, -1 if none */
	int et;			/* an epoll, by edge, that has had fd since the state was made */
	bool by_hand;
	bool fin;		/* the peer by hand has sent it, and nothing comes after it */
	struct peer raw;
};

struct state {
	const char *name;
	void (*make)(struct world *w);
};

struct call {
	const char *name;
	long (*fn)(struct world *w, const struct call *c, char *text);	/* text: what it gave */
	int a, b;
	const void *data;
};

extern const struct state see_states[];
extern const int see_n_states;
extern const struct call see_calls[];
extern const int see_n_calls;

void see_init(void);		/* a namespace for all states; one processor; signals counted */
const struct state *see_state(const char *name);
const struct call *see_call(const char *name);
void see_make(struct world *w, const struct state *s);
void see_end(struct world *w);
void see_do(struct world *w, const struct call *c, char *out, size_t size);
void settle(void);		/* what was sent over loopback has been dealt with */
void settle_world(struct world *w);	/* and acknowledged, where both ends are sockets */
void see(const char *who, int fd);
char *see_text(int fd, int et, char *out, size_t size);
char *see_other(struct world *w, char *out, size_t size);	/* what the other end gets */
char *events_text(unsigned int events, char *out);
char *bytes_text(const void *buf, ssize_t n, char *out);
int take_signals(char *out);	/* those since the last time, as text */

/* A call that blocks is made by a child, which records what comes of it. */
pid_t blocks(void (*fn)(void));
bool asleep(pid_t pid);		/* it waits; false: it has ended */
void ends(pid_t pid);		/* it has to end now; one that sleeps on is recorded as such */
void on_sigusr1(int flags);	/* a handler that does nothing; SA_RESTART or 0 */

#endif /* SEE_H */
