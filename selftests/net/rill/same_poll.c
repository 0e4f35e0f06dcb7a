// SPDX-License-Identifier: GPL-2.0
/* Readiness: every state by every mechanism and mask, and who is woken by what. */
#include "see.h"

#include <sys/epoll.h>
#include <sys/select.h>

static struct world w;

static const struct {
	const char *name;
	unsigned int mask;
} masks[] = {
	{ "none", 0 }, { "IN", POLLIN }, { "OUT", POLLOUT }, { "PRI", POLLPRI },
	{ "RDHUP", POLLRDHUP }, { "HUP", POLLHUP }, { "ERR", POLLERR }, { "NVAL", POLLNVAL },
	{ "RDNORM", POLLRDNORM }, { "RDBAND", POLLRDBAND }, { "WRNORM", POLLWRNORM },
	{ "WRBAND", POLLWRBAND }, { "MSG", POLLMSG }, { "IN+OUT", POLLIN | POLLOUT },
	{ "all", SEE_ALL },
};

static unsigned int take(int ep, int ms)
{
	struct epoll_event e = { };

	return OK(epoll_wait(ep, &e, 1, ms)) ? e.events : 0;
}

static int epoll_of(int fd, unsigned int events)
{
	struct epoll_event e = { .events = events };
	int ep = OK(epoll_create1(0));

	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
	return ep;
}

static void by_select(int fd, char *out)
{
	fd_set set[3];
	int i;

	for (i = 0; i < 3; i++) {
		struct timeval none = { };

		FD_ZERO(&set[i]);
		FD_SET(fd, &set[i]);
		out[i] = OK(select(fd + 1, i == 0 ? &set[0] : NULL, i == 1 ? &set[1] : NULL,
				   i == 2 ? &set[2] : NULL, &none)) ? "rwx"[i] : '-';
	}
	out[3] = 0;
}

/* Each mask alone, by poll, by level, by edge and once. */
static void masks_of(const char *name)
{
	static const unsigned int how[] = { 0, EPOLLET, EPOLLONESHOT, EPOLLET | EPOLLONESHOT,
					    EPOLLEXCLUSIVE, EPOLLWAKEUP };
	char line[512], a[96], b[96];
	size_t i, j;
	int n, ep;

	by_select(w.fd, a);
	rec("%s: select %s", name, a);
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		n = sprintf(line, "%s: %s: poll %s", name, masks[i].name,
			    events_text(ev_now(w.fd, masks[i].mask), a));
		for (j = 0; j < ARRAY_SIZE(how); j++) {
			struct epoll_event e = { .events = masks[i].mask | how[j] };

			ep = OK(epoll_create1(0));
			if (epoll_ctl(ep, EPOLL_CTL_ADD, w.fd, &e)) {
				n += sprintf(line + n, "; %s", strerrorname_np(errno));
				close(ep);
				continue;
			}
			n += sprintf(line + n, "; %s", events_text(take(ep, 0), a));
			n += sprintf(line + n, ", %s", events_text(take(ep, 0), b));
			close(ep);
		}
		rec("%s", line);
	}
}

static void every_mask(void)
{
	int i;

	see_init();
	for (i = 0; i < see_n_states; i++) {
		see_make(&w, &see_states[i]);
		masks_of(see_states[i].name);
		see_end(&w);
	}
}

/* What happens, and whether a waiter for each mask is told of it by an edge. */
static const char *const happenings[] = {
	"peer sends", "peer sends oob", "peer shuts", "peer closes", "peer resets", "peer reads",
	"recv 3", "recv 100", "recv oob", "peek 100", "send 2", "send oob", "shutdown RD",
	"shutdown WR", "shutdown RDWR", "SO_ERROR", "RCVLOWAT", "connect unspec", "OOBINLINE",
};

#define N_EDGES	6

static void edges_of(const struct state *s, const struct call *c)
{
	static const unsigned int mask[N_EDGES] = {
		POLLIN, POLLOUT, POLLPRI, POLLRDHUP, 0, POLLIN | POLLOUT | POLLPRI | POLLRDHUP
	};
	char line[512], result[700], ev[96];
	int ep[N_EDGES], once, i, n;

	see_make(&w, s);
	for (i = 0; i < N_EDGES; i++) {
		ep[i] = epoll_of(w.fd, mask[i] | EPOLLET);
		take(ep[i], 0);
	}
	once = epoll_of(w.fd, SEE_ALL | EPOLLONESHOT);
	take(once, 0);
	see_do(&w, c, result, sizeof(result));
	n = snprintf(line, sizeof(line), "%s: %.200s: edges", s->name, result);
	for (i = 0; i < N_EDGES; i++) {
		n += sprintf(line + n, " %s", events_text(take(ep[i], 0), ev));
		close(ep[i]);
	}
	sprintf(line + n, "; disarmed %s", events_text(take(once, 0), ev));
	rec("%s", line);
	close(once);
	see_end(&w);
}

static void every_edge(void)
{
	size_t j;
	int i;

	see_init();
	for (i = 0; i < see_n_states; i++)
		for (j = 0; j < ARRAY_SIZE(happenings); j++)
			edges_of(&see_states[i], see_call(happenings[j]));
}

/* Edges that follow one another without a read in between, and with. */
static void edge_sequence(void)
{
	static const char *const steps[] = {
		"peer sends", "peer sends", "recv 3", "peer sends", "recv 100", "recv 3",
		"peer sends", "peek 100", "peer sends oob", "peer sends", "recv oob", "recv 100",
		"recv 100", "recv 100", "peer sends oob", "peer sends oob", "OOBINLINE", "recv 100",
		"RCVLOWAT", "peer sends", "peer sends", "recv 3", "recv 3", "recv 3", "send 2",
		"peer reads", "shutdown WR", "peer sends", "recv 100", "peer shuts", "recv 3",
		"peer closes",
	};
	char result[700], text[1024], ev[96];
	unsigned int got;
	int lv, once;
	size_t i;

	see_init();
	see_make(&w, see_state("accepted"));
	lv = epoll_of(w.fd, SEE_ALL);
	once = epoll_of(w.fd, POLLIN | EPOLLONESHOT | EPOLLET);
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		struct epoll_event again = { .events = POLLIN | EPOLLONESHOT | EPOLLET };

		see_do(&w, see_call(steps[i]), result, sizeof(result));
		rec("%s | %s", result, see_text(w.fd, w.et, text, sizeof(text)));
		rec("level %s", events_text(take(lv, 0), ev));
		got = take(once, 0);
		rec("once %s", events_text(got, ev));
		/* armed again at every third step only */
		if (i % 3 == 2)
			OK(epoll_ctl(once, EPOLL_CTL_MOD, w.fd, &again));
	}
}

/* Writability: full, drained bit by bit, by level and by edge. PO-12: at a third free. */
static void writable_again(void)
{
	static char buf[1 << 16];
	int lv, ed, buffers[] = { 4608, 20000, 65536, 200000 };
	size_t i;

	see_init();
	for (i = 0; i < ARRAY_SIZE(buffers); i++) {
		long sent = 0, edges = 0, levels = 0;
		ssize_t n;

		see_make(&w, see_state("dialled"));
		sk_set(w.fd, SOL_SOCKET, SO_SNDBUF, buffers[i]);
		sk_nonblock(w.fd, true);
		lv = epoll_of(w.fd, EPOLLOUT);
		ed = epoll_of(w.fd, EPOLLOUT | EPOLLET);
		ASSERT_EQ(take(lv, 0), EPOLLOUT);
		ASSERT_EQ(take(ed, 0), EPOLLOUT);
		ASSERT_EQ(take(ed, 0), 0);
		do {
			while ((n = send(w.fd, buf, sizeof(buf), 0)) > 0)
				sent += n;
			settle_world(&w);
		} while (ev_now(w.fd, POLLOUT));
		rec("buffer %d: full, %s, poll %d", buffers[i], strerrorname_np(errno),
		    ev_now(w.fd, POLLOUT));
		DO_EVENTS(take(lv, 0));
		take(ed, 0);
		DO_EVENTS(take(ed, 0));
		/* all of it is read, and nothing is sent meanwhile */
		while (sent > 0) {
			ev_need(w.peer, POLLIN);
			n = OK(recv(w.peer, buf, sizeof(buf), MSG_DONTWAIT));
			sent -= n;
			settle();
			edges += take(ed, 0) == EPOLLOUT;
		}
		settle_world(&w);
		edges += take(ed, 0) == EPOLLOUT;
		levels = take(lv, 0);
		/* how many edges there are depends on how the ACKs come */
		rec("drained: %s, edge %s", levels ? "writable" : "not",
		    edges ? "came" : "missing");
		see_end(&w);
	}
}

/* Descriptors that poll and epoll see besides one another. PO-16. */
static void last_descriptor(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	int ep, fd2, nested;

	see_init();
	see_make(&w, see_state("unread"));
	ep = epoll_of(w.fd, EPOLLIN | EPOLLOUT);
	nested = epoll_of(ep, EPOLLIN);
	DO_EVENTS(take(nested, 0));
	fd2 = OK(dup(w.fd));
	close(w.fd);
	DO_EVENTS(take(ep, 0));
	DO(epoll_ctl(ep, EPOLL_CTL_MOD, w.fd, &e));
	DO(epoll_ctl(ep, EPOLL_CTL_ADD, fd2, &e));
	DO(epoll_ctl(ep, EPOLL_CTL_ADD, fd2, &e));
	DO_EVENTS(take(ep, 0));
	DO(epoll_ctl(ep, EPOLL_CTL_DEL, fd2, NULL));
	DO(epoll_ctl(ep, EPOLL_CTL_DEL, fd2, NULL));
	close(fd2);
	w.fd = -1;
	DO_EVENTS(take(ep, 0));
	DO_EVENTS(take(nested, 0));
	settle();
	rec("the peer: %#x", ev_now(w.peer, SEE_ALL));
}

/* Who waits in what, when something comes: each of these is woken. */
static void waiters(void)
{
	static const char *const states[] = { "dialled", "accepted", "shut_wr", "listen" };
	static const char *const events[] = { "peer sends", "peer sends oob", "peer shuts",
					      "peer resets", "shutdown RDWR", "shutdown RD" };
	size_t i, j;
	int k, st;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (j = 0; j < ARRAY_SIZE(events); j++)
			for (k = 0; k < 4; k++) {
				static const short mask[] = { POLLIN, POLLPRI, POLLRDHUP, 0 };
				char result[700], ev[96];
				int go[2];
				pid_t pid;
				char c;

				see_make(&w, see_state(states[i]));
				OK(pipe(go));
				pid = OK(fork());
				if (!pid) {
					struct pollfd p = { .fd = w.fd, .events = mask[k] };

					OK(write(go[1], "", 1));
					_exit(poll(&p, 1, 60) > 0 ? p.revents & 0xff : 0xff);
				}
				OK(read(go[0], &c, 1));
				see_do(&w, see_call(events[j]), result, sizeof(result));
				OK(waitpid(pid, &st, 0));
				rec("%s: %s: poll for %#x: %s", states[i], result, mask[k],
				    WEXITSTATUS(st) == 0xff ? "sleeps" :
				    events_text(WEXITSTATUS(st), ev));
				close(go[0]);
				close(go[1]);
				see_end(&w);
			}
}

/* O_ASYNC: which happenings raise SIGIO, in which state. PO-15. */
static void async_signals(void)
{
	size_t j;
	int i;

	see_init();
	for (i = 0; i < see_n_states; i++)
		for (j = 0; j < ARRAY_SIZE(happenings); j++) {
			char result[700], sig[64];

			see_make(&w, &see_states[i]);
			OK(fcntl(w.fd, F_SETFL, OK(fcntl(w.fd, F_GETFL)) | O_ASYNC));
			take_signals(sig);
			see_do(&w, see_call(happenings[j]), result, sizeof(result));
			rec("%s: %s", see_states[i].name, result);
			OK(fcntl(w.fd, F_SETFL, OK(fcntl(w.fd, F_GETFL)) & ~O_ASYNC));
			see_end(&w);
		}
}

static const struct rt_test tests[] = {
	{ "every_mask", "C82 PO-1 PO-2 PO-3 PO-4 PO-5 PO-6 PO-7 PO-8 PO-9 PO-10 PO-13 PO-14",
	  every_mask, 0, 60 },
	{ "every_edge", "C82 PO-11 PO-14", every_edge, T_LONG, 120 },
	{ "edge_sequence", "C82 PO-11 PO-14 UR-2 RX-6", edge_sequence, 0, 0 },
	{ "writable_again", "C82 C84 PO-11 PO-12", writable_again, 0, 0 },
	{ "last_descriptor", "C82 PO-16", last_descriptor, 0, 0 },
	{ "waiters", "C82 PO-4 PO-10 SH-5", waiters, T_LONG, 120 },
	{ "async_signals", "C82 PO-15 C72", async_signals, T_LONG, 120 },
};

RT_MAIN(tests)
