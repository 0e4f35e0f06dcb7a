// SPDX-License-Identifier: GPL-2.0
/* Plans: drawn from a seed, written as text, read again. */
#include "calls.h"

#include <sys/epoll.h>

static uint64_t rs;

static uint32_t below(uint32_t n)
{
	return rnd(&rs) % n;
}

#define D(what, n)	{ D_##what, n }
const struct opdef ops[] = {
	{ "pair", 2, W_CONN, W_CONN, { D(PICK, 4) }, op_pair },
	{ "fresh", 2, W_FRESH, W_ANY, { }, op_fresh },
	{ "listener", 1, W_LISTEN, W_ANY, { D(PICK, 4) }, op_listener },
	{ "connect", 4, W_FRESH, W_ANY, { D(PICK, 6), D(ODD, 6) }, op_connect },
	{ "accept", 4, W_LISTEN, W_FRESH, { D(PICK, 4), D(PICK, 7), D(ODD, 4) }, op_accept },
	{ "bind", 2, W_FRESH, W_ANY, { D(PICK, 7), D(PICK, 4), D(ODD, 5) }, op_bind },
	{ "listen", 2, W_FRESH, W_ANY, { D(PICK, 4) }, op_listen },
	{ "close", 2, W_ANY, W_ANY, { }, op_close },
	{ "dup", 1, W_ANY, W_FRESH, { }, op_dup },
	{ "shutdown", 5, W_CONN, W_ANY, { D(PICK, 3), D(ODD, 4) }, op_shutdown },
	{ "disconnect", 1, W_ANY, W_ANY, { D(PICK, 3) }, op_disconnect },
	{ "abort", 1, W_CONN, W_ANY, { D(PICK, 3) }, op_abort },
	{ "name", 4, W_ANY, W_ANY, { D(PICK, 2), D(ODD, 8) }, op_name },
	{ "send", 24, W_CONN, W_ANY, { D(LEN, 0), D(SEND, 0), D(PICK, 8), D(ODD, 8) }, op_send },
	{ "recv", 24, W_CONN, W_ANY, { D(LEN, 0), D(RECV, 0), D(PICK, 7), D(ODD, 8) }, op_recv },
	{ "drain", 3, W_CONN, W_ANY, { D(LEN, 0) }, op_drain },
	{ "wait", 2, W_CONN, W_ANY, { D(LEN, 0), D(RECV, 0), D(PICK, 2) }, op_wait },
	{ "ioctl", 8, W_CONN, W_ANY, { D(PICK, 10), D(PICK, 3), D(ODD, 3) }, op_ioctl },
	{ "getopt", 8, W_CONN, W_ANY, { D(PICK, 1000), D(ODD, 12) }, op_getopt },
	{ "setopt", 8, W_CONN, W_ANY, { D(PICK, 1000), D(VALUE, 0), D(ODD, 9) }, op_setopt },
	{ "tempopt", 2, W_ANY, W_ANY, { D(PICK, 1000), D(VALUE, 0), D(ODD, 9), D(PICK, 3) },
	  op_tempopt },
	{ "error", 4, W_ANY, W_ANY, { }, op_error },
	{ "info", 3, W_ANY, W_ANY, { }, op_info },
	{ "async", 2, W_CONN, W_ANY, { D(PICK, 5) }, op_async },
	{ "ctl", 7, W_ANY, W_ANY, { D(PICK, NEPOLL), D(PICK, 5), D(EVENTS, 0) }, op_ctl },
	{ "epoll", 10, W_ANY, W_ANY, { D(PICK, NEPOLL), D(PICK, 3) }, op_epoll },
	{ "poll", 3, W_ANY, W_ANY, { D(PICK, 0x10000) }, op_poll },
	{ "select", 2, W_ANY, W_ANY, { }, op_select },
	{ "splice_out", 3, W_CONN, W_ANY, { D(LEN, 0), D(PICK, 8), D(ODD, 3) }, op_splice_out },
	{ "splice_in", 3, W_CONN, W_ANY, { D(LEN, 0), D(PICK, 8), D(ODD, 2) }, op_splice_in },
	{ "sendfile", 2, W_CONN, W_ANY, { D(LEN, 0), D(ODD, 4) }, op_sendfile },
};

const int nops = ARRAY_SIZE(ops);

static int32_t draw_len(void)
{
	static const int usual[] = {
		0, 1, 1, 2, 3, 7, 10, 10, 64, 100, 100, 500, 536, 1000, 1448, 1460, 2000, 4096,
	};

	if (!below(40))
		return 8000 + below(8000);
	if (!below(6))
		return below(300);
	return usual[below(ARRAY_SIZE(usual))];
}

static int32_t draw_flags(const int *list, int n)
{
	int32_t f = 0;

	if (below(3) == 0)
		return 0;
	f = list[below(n)];
	while (below(3) == 0)
		f |= list[below(n)];
	return f;
}

static int32_t draw_send(void)
{
	static const int list[] = {
		MSG_DONTWAIT, MSG_DONTWAIT, MSG_NOSIGNAL, MSG_NOSIGNAL, MSG_OOB, MSG_OOB, MSG_MORE,
		MSG_EOR, MSG_CONFIRM, MSG_DONTROUTE, MSG_ZEROCOPY, MSG_PEEK,
		MSG_WAITALL, MSG_ERRQUEUE, MSG_CTRUNC, 0x01000000,
	};

	return draw_flags(list, ARRAY_SIZE(list));
}

static int32_t draw_recv(void)
{
	static const int list[] = {
		MSG_DONTWAIT, MSG_DONTWAIT, MSG_PEEK, MSG_PEEK, MSG_PEEK, MSG_WAITALL, MSG_TRUNC,
		MSG_TRUNC, MSG_OOB, MSG_OOB, MSG_ERRQUEUE, MSG_CMSG_CLOEXEC, MSG_NOSIGNAL,
		MSG_WAITFORONE, MSG_DONTROUTE, 0x01000000,
	};

	return draw_flags(list, ARRAY_SIZE(list));
}

static int32_t draw_events(void)
{
	static const unsigned int list[] = {
		EPOLLIN, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP, EPOLLHUP, EPOLLERR, EPOLLRDNORM,
		EPOLLRDBAND, EPOLLWRNORM, EPOLLWRBAND, EPOLLMSG,
	};
	uint32_t e = EPOLLIN;
	int i;

	if (below(2))
		e |= EPOLLOUT | EPOLLRDHUP | EPOLLPRI;
	for (i = below(3); i > 0; i--)
		e |= list[below(ARRAY_SIZE(list))];
	if (below(2))
		e |= EPOLLET;
	if (!below(4))
		e |= EPOLLONESHOT;
	if (!below(12))
		e |= EPOLLEXCLUSIVE;
	return e;
}

static int32_t draw_value(void)
{
	static const int list[] = {
		0, 0, 1, 1, 1, 1, -1, 2, 3, 4, 5, 10, 16, 40, 64, 88, 100, 255, 256, 536, 1000,
		1460, 3000, 32767, 32768, 65535, 65536, 100000, 1 << 20, INT32_MAX, INT32_MIN,
	};

	return list[below(ARRAY_SIZE(list))];
}

static int32_t draw_arg(enum draw draw, int n)
{
	switch (draw) {
	case D_PICK:
		return below(n);
	case D_ODD:
		return below(10) ? 0 : below(n);
	case D_LEN:
		return draw_len();
	case D_SEND:
		return draw_send();
	case D_RECV:
		return draw_recv();
	case D_EVENTS:
		return draw_events();
	case D_VALUE:
		return draw_value();
	default:
		return 0;
	}
}

/* Most of a plan is about one pair, so that states get deep. */
static int draw_socket(enum whom w, bool narrow)
{
	if (!below(12))
		w = W_ANY;
	switch (w) {
	case W_CONN:
		return narrow && below(5) ? 1 + below(2) : 1 + below(6);
	case W_LISTEN:
		return below(6) ? 0 : 7;
	case W_FRESH:
		return 7 + below(NSOCK - 7);
	default:
		return narrow && below(2) ? 1 + below(2) : below(NSOCK);
	}
}

static const struct opdef *draw_op(int total)
{
	int w = below(total);
	const struct opdef *o = ops;

	while (w >= o->weight)
		w -= o++->weight;
	return o;
}

static void add(struct plan *p, const char *name, int s, int t, int arg)
{
	int i;

	for (i = 0; strcmp(ops[i].name, name);)
		i++;
	p->step[p->n++] = (struct step){ .op = i, .s = s, .t = t, .arg = { arg } };
}

/**
 * plan_draw() - a plan out of a seed
 * @p: the plan
 * @seed: the same seed gives the same plan
 */
void plan_draw(struct plan *p, uint32_t seed)
{
	int total = 0, i, k, want;
	bool narrow;

	/* neighbouring seeds must not begin alike */
	rs = (seed + 1) * 0x9e3779b97f4a7c15ull;
	for (i = 0; i < 4; i++)
		below(2);
	for (i = 0; i < nops; i++)
		total += ops[i].weight;
	memset(p, 0, sizeof(*p));
	narrow = below(4);
	want = 30 + (below(5) ? below(40) : below(MAX_STEPS - 40));
	add(p, "pair", 1, 2, below(2));
	if (below(3) == 0)
		add(p, "listener", 0, 0, below(4));
	if (!narrow) {
		add(p, "pair", 3, 4, below(4));
		add(p, "pair", 5, 6, below(4));
	}
	if (below(3) == 0)
		add(p, "fresh", 7 + below(3), 0, 0);
	while (p->n < want) {
		struct step *st = &p->step[p->n++];
		const struct opdef *o = draw_op(total);

		st->op = o - ops;
		st->s = draw_socket(o->s, narrow);
		st->t = draw_socket(o->t, narrow);
		for (k = 0; k < NARG; k++)
			st->arg[k] = draw_arg(o->arg[k].draw, o->arg[k].n);
	}
}

/**
 * plan_valid() - are the arguments of a step such as plan_draw() could draw?
 * @st: the step
 *
 * Return: whether they are.
 */
bool plan_valid(const struct step *st)
{
	const struct opdef *o = &ops[st->op];
	int k;

	for (k = 0; k < NARG; k++) {
		int n = o->arg[k].n, v = st->arg[k];

		if (o->arg[k].draw == D_NONE && v)
			return false;
		if ((o->arg[k].draw == D_PICK || o->arg[k].draw == D_ODD) && (v < 0 || v >= n))
			return false;
		if (o->arg[k].draw == D_LEN && (v < 0 || v >= 16000))
			return false;
	}
	return true;
}

/**
 * plan_line() - a step as a line of text
 * @st: the step
 * @buf: gets the text
 * @size: of @buf
 */
void plan_line(const struct step *st, char *buf, size_t size)
{
	snprintf(buf, size, "%s %d %d %d %d %d %d", ops[st->op].name, st->s, st->t, st->arg[0],
		 st->arg[1], st->arg[2], st->arg[3]);
}

/**
 * plan_load() - read a plan: one step a line, as plan_line() writes them
 * @p: the plan
 * @path: file
 *
 * A step may stand between "| " and "#", as in the report of a difference.
 */
void plan_load(struct plan *p, const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512], name[32];

	if (!f)
		FAIL("%s: %s", path, strerror(errno));
	memset(p, 0, sizeof(*p));
	while (fgets(line, sizeof(line), f)) {
		struct step *st = &p->step[p->n];
		char *text = strstr(line, "| ");
		int s, t, i;

		text = text ? text + 2 : line;
		text[strcspn(text, "#\n")] = 0;
		if (sscanf(text, "%31s %d %d %d %d %d %d", name, &s, &t, &st->arg[0], &st->arg[1],
			   &st->arg[2], &st->arg[3]) < 1)
			continue;
		for (i = 0; i < nops && strcmp(ops[i].name, name);)
			i++;
		if (i == nops || s < 0 || s >= NSOCK || t < 0 || t >= NSOCK)
			FAIL("%s: no step: '%s'", path, text);
		st->op = i;
		st->s = s;
		st->t = t;
		if (!plan_valid(st))
			FAIL("%s: arguments out of range: '%s'", path, text);
		if (++p->n == MAX_STEPS)
			break;
	}
	fclose(f);
}
