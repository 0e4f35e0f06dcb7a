// SPDX-License-Identifier: GPL-2.0
/*
 * Calls on sockets: "c.send 1000 = 1000", "bg c.recv 10", "+1s c.join".
 *
 * A call is read, done and judged in three steps; the middle one touches
 * nothing that is shared, so that it can run in a thread.
 */
#include "lang.h"

#include <linux/errqueue.h>
#include <pthread.h>
#include <sys/epoll.h>

struct call {
	char fd_name[16], method[16];
	int fd, line;
	char arg[16][64];		/* up to "=" */
	int args;
	char want[64];			/* after it; "" when nothing is said */
	uint32_t at;			/* of the stream */
	uint8_t *buf;
	int len, flags, literal;
	bool background;
	/* what came of it */
	long ret;
	int err;
	double t;
};

static struct handle {
	char name[16];
	int fd;
	uint32_t tx, rx;		/* positions in the streams */
	struct call *job;
	pthread_t thread;
	volatile bool done;
} handles[64];
static int nhandles;

/* ---- names ---- */

struct name {
	const char *name;
	int v, level;
};

static const struct name errors[] = {
	{ "EAGAIN", EAGAIN, 0 }, { "ECONNRESET", ECONNRESET, 0 }, { "EPIPE", EPIPE, 0 },
	{ "ETIMEDOUT", ETIMEDOUT, 0 }, { "ECONNREFUSED", ECONNREFUSED, 0 },
	{ "EHOSTUNREACH", EHOSTUNREACH, 0 }, { "ENETUNREACH", ENETUNREACH, 0 },
	{ "EINPROGRESS", EINPROGRESS, 0 }, { "EINVAL", EINVAL, 0 }, { "ENOTCONN", ENOTCONN, 0 },
	{ "EISCONN", EISCONN, 0 }, { "EALREADY", EALREADY, 0 }, { "EMSGSIZE", EMSGSIZE, 0 },
	{ "ECONNABORTED", ECONNABORTED, 0 }, { "EADDRINUSE", EADDRINUSE, 0 },
	{ "EPROTO", EPROTO, 0 }, { "ENOPROTOOPT", ENOPROTOOPT, 0 }, { "EINTR", EINTR, 0 },
	{ "EADDRNOTAVAIL", EADDRNOTAVAIL, 0 }, { "EOPNOTSUPP", EOPNOTSUPP, 0 },
	{ "ENOENT", ENOENT, 0 }, { "EACCES", EACCES, 0 }, { "EPERM", EPERM, 0 },
};

static const struct name events[] = {
	{ "in", POLLIN, 0 }, { "out", POLLOUT, 0 }, { "pri", POLLPRI, 0 }, { "err", POLLERR, 0 },
	{ "hup", POLLHUP, 0 }, { "rdhup", POLLRDHUP, 0 }, { "none", 0, 0 },
};

static const struct name msg_flags[] = {
	{ "oob", MSG_OOB, 0 }, { "peek", MSG_PEEK, 0 }, { "waitall", MSG_WAITALL, 0 },
	{ "more", MSG_MORE, 0 }, { "trunc", MSG_TRUNC, 0 }, { "eor", MSG_EOR, 0 },
	{ "errqueue", MSG_ERRQUEUE, 0 },
};

#define SO(x)	{ #x, x, SOL_SOCKET }
#define T(x)	{ #x, x, SOL_TCP }
#define IPO(x)	{ #x, x, SOL_IP }
static const struct name options[] = {
	SO(SO_RCVBUF), SO(SO_SNDBUF), SO(SO_RCVBUFFORCE), SO(SO_SNDBUFFORCE), SO(SO_KEEPALIVE),
	SO(SO_OOBINLINE), SO(SO_REUSEADDR), SO(SO_RCVLOWAT), SO(SO_PRIORITY), SO(SO_ERROR),
	SO(SO_MAX_PACING_RATE), SO(SO_REUSEPORT),
	T(TCP_NODELAY), T(TCP_CORK), T(TCP_MAXSEG), T(TCP_KEEPIDLE), T(TCP_KEEPINTVL),
	T(TCP_KEEPCNT), T(TCP_SYNCNT), T(TCP_LINGER2), T(TCP_DEFER_ACCEPT), T(TCP_WINDOW_CLAMP),
	T(TCP_QUICKACK), T(TCP_USER_TIMEOUT), T(TCP_NOTSENT_LOWAT), T(TCP_SAVE_SYN),
	IPO(IP_TOS), IPO(IP_TTL), IPO(IP_RECVERR), IPO(IP_MTU_DISCOVER), IPO(IP_MTU),
};

static const struct name *find_name(const struct name *list, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			return &list[i];
	return NULL;
}

#define FIND(list, name)	find_name(list, ARRAY_SIZE(list), name)

/* "in|out" */
static int event_mask(const char *text)
{
	char buf[64], *w, *save;
	int mask = 0;

	snprintf(buf, sizeof(buf), "%s", text);
	for (w = strtok_r(buf, "|", &save); w; w = strtok_r(NULL, "|", &save)) {
		const struct name *e = FIND(events, w);

		if (!e)
			BAD("'%s' is no event", w);
		mask |= e->v;
	}
	return mask;
}

static const char *event_text(int mask)
{
	static char buf[64];
	size_t i;

	*buf = 0;
	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i].v && (mask & events[i].v))
			sprintf(buf + strlen(buf), "%s%s", *buf ? "|" : "", events[i].name);
	return *buf ? buf : "none";
}

/* ---- TCP_INFO ---- */

static const struct tcp_info shape;

#define I(f)	{ #f, offsetof(struct tcp_info, tcpi_##f), sizeof(shape.tcpi_##f) }
static const struct {
	const char *name;
	size_t off, size;
} info[] = {
	I(state), I(ca_state), I(retransmits), I(probes), I(backoff), I(options), I(rto), I(ato),
	I(snd_mss), I(rcv_mss), I(unacked), I(sacked), I(lost), I(retrans), I(pmtu),
	I(rcv_ssthresh), I(rtt), I(rttvar), I(snd_ssthresh), I(snd_cwnd), I(advmss),
	I(reordering), I(rcv_rtt), I(rcv_space), I(total_retrans),
};

/* c.info snd_cwnd 10 ca_state 0 … */
static void do_info(int fd, const struct line *l, int at)
{
	struct tcp_info ti;
	int i;

	sk_info(fd, &ti);
	for (i = at; i + 1 < l->n; i += 2) {
		struct match m = match_of(l->w[i + 1]);
		size_t k;
		uint32_t v = 0;

		for (k = 0; k < ARRAY_SIZE(info); k++)
			if (!strcmp(info[k].name, l->w[i]))
				break;
		if (k == ARRAY_SIZE(info))
			BAD("TCP_INFO has no %s here", l->w[i]);
		if (info[k].size == 1)
			v = ((uint8_t *)&ti)[info[k].off];
		else
			memcpy(&v, (uint8_t *)&ti + info[k].off, 4);
		match_need(&m, v, l->w[i]);
	}
}

/* ---- handles ---- */

static struct handle *handle_of(const char *name)
{
	int i;

	for (i = 0; i < nhandles; i++)
		if (!strcmp(handles[i].name, name))
			return &handles[i];
	return NULL;
}

int fd_find(const char *name)
{
	struct handle *h = handle_of(name);

	return h ? h->fd : -1;
}

static struct handle *handle_add(const char *name, int fd)
{
	struct handle *h = handle_of(name);

	if (!h) {
		if (nhandles == (int)ARRAY_SIZE(handles))
			BAD("too many sockets");
		h = &handles[nhandles++];
	}
	memset(h, 0, sizeof(*h));
	snprintf(h->name, sizeof(h->name), "%s", name);
	h->fd = fd;
	h->tx = 1;
	h->rx = 1;
	return h;
}

/* ---- reading a call ---- */

bool call_is(const char *w)
{
	const char *dot = strchr(w, '.');

	return dot && dot > w && dot[1] >= 'a' && dot[1] <= 'z' &&
	       w[0] >= 'a' && w[0] <= 'z';
}

static void call_of(struct call *c, const struct line *l, int at)
{
	const char *w = l->w[at], *dot = strchr(w, '.');
	int i;

	memset(c, 0, sizeof(*c));
	c->line = l->nr;
	c->literal = -1;
	snprintf(c->fd_name, sizeof(c->fd_name), "%.*s", (int)(dot - w), w);
	snprintf(c->method, sizeof(c->method), "%s", dot + 1);
	for (i = at + 1; i < l->n && strcmp(l->w[i], "="); i++) {
		if (c->args == (int)ARRAY_SIZE(c->arg) || strlen(l->w[i]) >= sizeof(c->arg[0]))
			BAD("too many words, or too long: %s", l->w[i]);
		strcpy(c->arg[c->args++], l->w[i]);
	}
	if (i < l->n) {
		if (i + 2 != l->n)
			BAD("one result follows '='");
		snprintf(c->want, sizeof(c->want), "%s", l->w[i + 1]);
	}
}

/* send and recv: N or "text", and flags */
static void payload_of(struct call *c, struct handle *h, bool out)
{
	int i;

	if (!c->args)
		BAD("%s wants a number of bytes, or a string", c->method);
	c->literal = c->arg[0][0] == '"' ? (int)strlen(c->arg[0]) - 1 : -1;
	c->len = c->literal >= 0 ? c->literal : expr(c->arg[0]);
	c->buf = calloc(1, c->len + 1);
	c->at = out ? h->tx : h->rx;
	for (i = 1; i < c->args; i++) {
		const struct name *f = FIND(msg_flags, c->arg[i]);

		if (!f)
			BAD("'%s' is no flag of %s", c->arg[i], c->method);
		c->flags |= f->v;
	}
	if (out) {
		if (c->literal >= 0)
			stream_literal(0, c->at, c->arg[0] + 1, c->len);
		stream_get(0, c->at, c->buf, c->len);
	}
}

/* ---- doing it ---- */

static socklen_t target(const struct call *c, union rt_addr *a)
{
	struct in_addr ip = { htonl(cur->p.addr) };

	if (c->args > 1 && !inet_aton(c->arg[1], &ip))
		BAD("'%s' is no address", c->arg[1]);
	return sa_of(a, ntohl(ip.s_addr), c->args > 0 ? expr(c->arg[0]) : cur->p.port);
}

static long do_option(struct call *c, bool set)
{
	const struct name *o = c->args ? FIND(options, c->arg[0]) : NULL;
	int v = 0, level, opt;
	socklen_t len = sizeof(v);
	long r;

	if (c->args && !strcmp(c->arg[0], "TCP_CONGESTION") && set)
		return setsockopt(c->fd, SOL_TCP, TCP_CONGESTION, c->arg[1], strlen(c->arg[1]));
	if (!o)
		BAD("no option %s here", c->args ? c->arg[0] : "");
	level = o->level;
	opt = o->v;
	sk_option(&level, &opt);
	if (!set) {
		r = getsockopt(c->fd, level, opt, &v, &len);
		return r < 0 ? r : v;
	}
	if (c->args < 2)
		BAD("set wants a value");
	v = expr(c->arg[1]);
	return setsockopt(c->fd, level, opt, &v, sizeof(v));
}

/* The type and code of the next error in the queue, as TYPE * 256 + CODE. */
static long do_errqueue(int fd)
{
	char ctl[512];
	struct msghdr m = { .msg_control = ctl, .msg_controllen = sizeof(ctl) };
	struct cmsghdr *h;

	if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return -1;
	for (h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
		struct sock_extended_err e;

		if ((h->cmsg_level != SOL_IP || h->cmsg_type != IP_RECVERR) &&
		    (h->cmsg_level != SOL_IPV6 || h->cmsg_type != IPV6_RECVERR))
			continue;
		memcpy(&e, CMSG_DATA(h), sizeof(e));
		return e.ee_type * 256 + e.ee_code;
	}
	return 0;
}

static long do_connect(struct call *c)
{
	union rt_addr a;
	socklen_t len = target(c, &a);
	long r;
	int e;

	if (c->background)
		return connect(c->fd, &a.sa, len);
	sk_nonblock(c->fd, true);
	r = connect(c->fd, &a.sa, len);
	e = errno;
	sk_nonblock(c->fd, false);
	errno = e;
	return r;
}

static long do_simple(struct call *c)
{
	const char *m = c->method, *a = c->args ? c->arg[0] : "";
	int v = 0;

	if (!strcmp(m, "connect"))
		return do_connect(c);
	if (!strcmp(m, "bind"))
		return sk_bind(c->fd, INADDR_ANY, expr(a));
	if (!strcmp(m, "listen"))
		return listen(c->fd, *a ? expr(a) : 8);
	if (!strcmp(m, "close"))
		return close(c->fd);
	if (!strcmp(m, "shutdown"))
		return shutdown(c->fd, !strcmp(a, "rd") ? SHUT_RD : !strcmp(a, "wr") ? SHUT_WR :
				       SHUT_RDWR);
	if (!strcmp(m, "set"))
		return do_option(c, true);
	if (!strcmp(m, "get"))
		return do_option(c, false);
	if (!strcmp(m, "error"))
		return sk_error(c->fd);
	if (!strcmp(m, "linger")) {
		struct linger lg = { .l_onoff = 1, .l_linger = expr(a) };

		return setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &lg, sizeof(lg));
	}
	if (!strcmp(m, "inq"))
		return ioctl(c->fd, FIONREAD, &v) ? -1 : v;
	if (!strcmp(m, "outq"))
		return ioctl(c->fd, TIOCOUTQ, &v) ? -1 : v;
	if (!strcmp(m, "atmark"))
		return ioctl(c->fd, SIOCATMARK, &v) ? -1 : v;
	if (!strcmp(m, "errqueue"))
		return do_errqueue(c->fd);
	if (!strcmp(m, "skip"))
		return 0;
	BAD("no call %s", m);
}

/* Blocking in a thread; otherwise it waits for readiness as long as one is patient. */
static void call_do(struct call *c)
{
	int now_flag = c->background ? 0 : MSG_DONTWAIT;

	errno = 0;
	if (!strcmp(c->method, "send")) {
		c->ret = send(c->fd, c->buf, c->len, c->flags | now_flag | MSG_NOSIGNAL);
	} else if (!strcmp(c->method, "recv")) {
		if (!c->background && strcmp(c->want, "EAGAIN") && !c->flags)
			ev_wait(c->fd, POLLIN, WAIT_MS);
		c->ret = recv(c->fd, c->buf, c->len, c->flags | now_flag);
	} else if (!strcmp(c->method, "accept")) {
		if (!c->background && strcmp(c->want, "EAGAIN"))
			ev_wait(c->fd, POLLIN, WAIT_MS);
		if (!c->background)
			sk_nonblock(c->fd, true);
		c->ret = accept(c->fd, NULL, NULL);
	} else {
		c->ret = do_simple(c);
	}
	c->err = errno;
	c->t = now();
}

static void *job_main(void *arg)
{
	struct handle *h = arg;

	call_do(h->job);
	h->done = true;
	return NULL;
}

/* ---- judging it ---- */

static void judge_payload(struct call *c, struct handle *h)
{
	uint8_t *want;
	int i;

	if (c->ret <= 0 || c->flags & MSG_TRUNC)
		return;
	if (!strcmp(c->method, "send")) {
		h->tx += c->ret;
		return;
	}
	want = calloc(1, c->ret);
	stream_get(1, h->rx, want, c->ret);
	if (c->literal >= 0)
		memcpy(want, c->arg[0] + 1, c->ret < c->literal ? c->ret : c->literal);
	for (i = 0; i < c->ret; i++)
		if (c->buf[i] != want[i])
			BAD("byte %d of what was read is %#x, want %#x", i, c->buf[i], want[i]);
	free(want);
	/* An urgent byte that is read apart has no place in the stream. */
	if (!(c->flags & (MSG_PEEK | MSG_OOB)))
		h->rx += c->ret;
}

static void judge(struct call *c, struct handle *h)
{
	const struct name *err;
	struct match m;

	if (!*c->want) {
		if (!strcmp(c->method, "connect") && !c->background)
			strcpy(c->want, "EINPROGRESS");
		else if (c->buf)
			snprintf(c->want, sizeof(c->want), "%d", c->len);
		else
			strcpy(c->want, strcmp(c->method, "accept") ? "0" : "0..");
	}
	err = FIND(errors, c->want);
	if (err && !strcmp(c->method, "error")) {
		if (c->ret != err->v)
			BAD("SO_ERROR is %ld (%s), want %s", c->ret, strerror(c->ret), c->want);
		return;
	}
	if (err) {
		if (c->ret >= 0 || c->err != err->v)
			BAD("%s gave %ld (%s), want %s", c->method, c->ret,
			    c->ret < 0 ? strerror(c->err) : "no error", c->want);
		return;
	}
	if (c->ret < 0)
		BAD("%s: %s, want %s", c->method, strerror(c->err), c->want);
	m = match_of(c->want);
	match_need(&m, c->ret, c->method);
	if (c->buf)
		judge_payload(c, h);
	if (!strcmp(c->method, "accept") && c->args)
		handle_add(c->arg[0], c->ret);
}

/* ---- calls that are about time or about more than one thing ---- */

static void start_job(struct call *c, struct handle *h)
{
	if (h->job)
		BAD("%s is busy with line %d", h->name, h->job->line);
	h->job = malloc(sizeof(*c));
	*h->job = *c;
	h->done = false;
	ASSERT(!pthread_create(&h->thread, NULL, job_main, h));
}

/* c.join: the call in the background has come back, and when */
static void join_job(struct handle *h, const struct when *w)
{
	double limit = when_limit(w);

	if (!h->job)
		BAD("%s does nothing in the background", h->name);
	while (!h->done) {
		if (now() > limit)
			BAD("%s of line %d has not come back", h->job->method, h->job->line);
		tun_fill(sc_tun, 1);
	}
	pthread_join(h->thread, NULL);
	when_check(w, h->job->t, h->job->method);
	sc_last = h->job->t;
	judge(h->job, h);
	h->job = NULL;
}

/* c.poll in|out = in: at once.  c.wait in = in: when it comes. */
static void do_poll(struct call *c, const struct when *w, bool wait)
{
	int events_asked = c->args ? event_mask(c->arg[0]) : POLLIN, got;
	double limit = when_limit(w);

	for (;;) {
		got = ev_now(c->fd, events_asked);
		if (!wait || got)
			break;
		if (now() > limit)
			BAD("no event %s", c->arg[0]);
		tun_fill(sc_tun, 1);
	}
	if (wait) {
		when_check(w, now(), "the event");
		sc_last = now();
	}
	if (*c->want && got != event_mask(c->want))
		BAD("events are %s, want %s", event_text(got), c->want);
}

/* e.epoll c in|et: adds; e.events = in: what one wait without time reports */
static void do_epoll(struct call *c, struct handle *h)
{
	struct epoll_event e = { };
	char mask[64];
	int n;

	if (!strcmp(c->method, "epoll")) {
		char *et;

		if (!h)
			h = handle_add(c->fd_name, OK(epoll_create1(EPOLL_CLOEXEC)));
		if (c->args < 2 || fd_find(c->arg[0]) < 0)
			BAD("epoll wants a socket and events");
		strcpy(mask, c->arg[1]);
		et = strstr(mask, "|et");
		if (et) {
			memset(et, 0, 3);
			e.events = EPOLLET;
		}
		e.events |= event_mask(mask);
		OK(epoll_ctl(h->fd, EPOLL_CTL_ADD, fd_find(c->arg[0]), &e));
		return;
	}
	n = epoll_wait(h->fd, &e, 1, 0);
	if ((n > 0 ? (int)e.events : 0) != event_mask(c->want))
		BAD("events are %s, want %s", event_text(n > 0 ? e.events : 0), c->want);
}

static void make_socket(const struct call *c)
{
	struct handle *h = handle_add(c->fd_name, sk_new());

	if (strcmp(c->method, "open"))
		return;
	/* open: a listener on the port that the peer dials */
	sk_set(h->fd, SOL_SOCKET, SO_REUSEADDR, 1);
	OK(sk_bind(h->fd, INADDR_ANY, c->args ? expr(c->arg[0]) : KPORT));
	OK(listen(h->fd, c->args > 1 ? expr(c->arg[1]) : 8));
}

void call_run(const struct line *l, int at, const struct when *w, bool bg)
{
	struct handle *h;
	struct call c;

	call_of(&c, l, at);
	if (strcmp(c.method, "join") && strcmp(c.method, "wait"))
		when_reach(w);
	if (!strcmp(c.method, "socket") || !strcmp(c.method, "open"))
		return make_socket(&c);
	h = handle_of(c.fd_name);
	if (!strcmp(c.method, "epoll"))
		return do_epoll(&c, h);
	if (!h)
		BAD("there is no socket %s", c.fd_name);
	c.fd = h->fd;
	c.background = bg;
	if (!strcmp(c.method, "events"))
		return do_epoll(&c, h);
	if (!strcmp(c.method, "join"))
		return join_job(h, w);
	if (!strcmp(c.method, "busy")) {
		if (!h->job || h->done)
			BAD("nothing goes on in the background");
		return;
	}
	if (!strcmp(c.method, "info"))
		return do_info(h->fd, l, at + 1);
	if (!strcmp(c.method, "poll") || !strcmp(c.method, "wait"))
		return do_poll(&c, w, c.method[0] == 'w');
	if (!strcmp(c.method, "send") || !strcmp(c.method, "recv"))
		payload_of(&c, h, c.method[0] == 's');
	if (!strcmp(c.method, "skip"))		/* bytes of the stream that are not read */
		h->rx += c.args ? expr(c.arg[0]) : 1;
	sc_last = now();
	if (bg)
		return start_job(&c, h);
	call_do(&c);
	judge(&c, h);
	sc_last = c.t;
}
