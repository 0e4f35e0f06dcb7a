// SPDX-License-Identifier: GPL-2.0
/* The shortest plan that still shows a difference. */
#include "calls.h"

static int tries;

static bool differs(struct run *a, struct run *b, const struct plan *p, enum rt_proto door)
{
	tries++;
	run_plan(a, p, PROTO_TCP, false);
	run_plan(b, p, door, false);
	return run_differ(a, b) >= 0;
}

static void without(struct plan *out, const struct plan *p, int from, int n)
{
	int i;

	out->n = 0;
	for (i = 0; i < p->n; i++)
		if (i < from || i >= from + n)
			out->step[out->n++] = p->step[i];
}

/* Leave out ever smaller stretches, until no single step can go. */
static void fewer(struct run *a, struct run *b, struct plan *p, enum rt_proto door)
{
	struct plan q;
	int n, from;

	for (n = p->n / 2 ?: 1; n; n = n > 1 ? n / 2 : 0) {
		bool gone = false;

		for (from = p->n - n; from > -n; from -= n) {
			without(&q, p, from > 0 ? from : 0, from > 0 ? n : n + from);
			if (q.n == p->n || !differs(a, b, &q, door))
				continue;
			*p = q;
			gone = true;
		}
		if (n == 1 && gone)
			n = 2;
	}
}

/* Arguments that do not matter become 0, lengths at least short. */
static void simpler(struct run *a, struct run *b, struct plan *p, enum rt_proto door)
{
	static const int32_t simple[] = { 0, 1, 10 };
	int i, k;
	size_t v;

	for (i = 0; i < p->n; i++) {
		for (k = 0; k < NARG; k++) {
			int32_t was = p->step[i].arg[k];

			for (v = 0; v < ARRAY_SIZE(simple) && p->step[i].arg[k] == was; v++) {
				if (was == simple[v])
					break;
				p->step[i].arg[k] = simple[v];
				if (!plan_valid(&p->step[i]) || !differs(a, b, p, door))
					p->step[i].arg[k] = was;
			}
		}
	}
}

/**
 * shrink() - make a plan as short as can be
 * @a: room for a run
 * @b: room for a run
 * @p: a plan whose runs differ
 * @door: where they differ from TCP
 *
 * Return: how many pairs of runs it took.
 */
int shrink(struct run *a, struct run *b, struct plan *p, enum rt_proto door)
{
	struct plan was;

	tries = 0;
	/* what comes after the first difference is beside the point */
	was = *p;
	if (differs(a, b, p, door)) {
		p->n = run_differ(a, b) + 1 < p->n ? run_differ(a, b) + 1 : p->n;
		if (!differs(a, b, p, door))
			*p = was;
	}
	fewer(a, b, p, door);
	simpler(a, b, p, door);
	fewer(a, b, p, door);
	return tries;
}
