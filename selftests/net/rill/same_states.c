// SPDX-License-Identifier: GPL-2.0
/*
 * A socket in each state: every call on it, what a program sees afterwards and
 * what the other end gets; and every call after every call.
 */
#include "see.h"

#define EVERY	13	/* of the pairs of calls one in so many */

static void after(struct world *w, const char *head)
{
	char text[1024], other[1024];

	see_text(w->fd, w->et, text, sizeof(text));
	rec("%s | %s | %s", head, text, see_other(w, other, sizeof(other)));
}

static void one_call(const struct state *s, const struct call *c)
{
	char head[512], result[700];
	struct world w;

	see_make(&w, s);
	see_do(&w, c, result, sizeof(result));
	snprintf(head, sizeof(head), "%s: %.400s", s->name, result);
	after(&w, head);
	see_end(&w);
}

/* Without a change in between it should stay what it is. */
static void no_call(const struct state *s)
{
	char head[64];
	struct world w;

	see_make(&w, s);
	snprintf(head, sizeof(head), "%s", s->name);
	after(&w, head);
	see_end(&w);
}

static void single(int from, int to)
{
	int i, j;

	see_init();
	for (i = from; i < to && i < see_n_states; i++) {
		no_call(&see_states[i]);
		for (j = 0; j < see_n_calls; j++)
			one_call(&see_states[i], &see_calls[j]);
	}
}

static void two_calls(const struct state *s, const struct call *c, const struct call *d)
{
	char head[1024], r1[700], r2[700];
	struct world w;

	see_make(&w, s);
	see_do(&w, c, r1, sizeof(r1));
	see_do(&w, d, r2, sizeof(r2));
	snprintf(head, sizeof(head), "%.300s; %.300s", r1, r2);
	after(&w, head);
	see_end(&w);
}

/*
 * What MSG_MORE holds back goes when 200 ms are over, or with data that comes,
 * depending on the path that this takes through the kernel: same_io looks at it.
 * The FIN of a handshake that is not done stands in the file "differences".
 */
static bool not_compared(const struct state *s, const struct call *c)
{
	return !strcmp(c->name, "send more") ||
	       (!strcmp(s->name, "syn_recv") && !strcmp(c->name, "close"));
}

/* The case is named after the state. Each state takes other pairs; --count 1: all. */
static void pairs(void)
{
	const struct state *s = see_state(rt_case->name);
	int every = rt.count ?: EVERY, at = s - see_states, i, j;

	see_init();
	for (i = 0; i < see_n_calls; i++)
		for (j = 0; j < see_n_calls; j++)
			if (!(at++ % every) && !not_compared(s, &see_calls[i]) &&
			    !not_compared(s, &see_calls[j]))
				two_calls(s, &see_calls[i], &see_calls[j]);
}

static void single_unconnected(void)
{
	single(0, 14);
}

static void single_connected(void)
{
	single(14, 28);
}

static void single_closing(void)
{
	single(28, 47);
}

static void single_by_hand(void)
{
	single(47, see_n_states);
}

#define PAIRS(name, rows)	{ name, rows, pairs, T_LONG | T_NODEBUG, 240 }

static const struct rt_test tests[] = {
	{ "single_unconnected", "C82 CN-3 CN-4 CN-9 LS-3 LS-4 AC-1 ER-6 PO-1 PO-2 PO-3 IO-1 IO-2",
	  single_unconnected, 0, 60 },
	{ "single_connected", "C82 C83 PO-4 PO-9 UR-2 UR-3 UR-4 TX-2 TX-4 CN-14 RX-4 RX-10",
	  single_connected, 0, 60 },
	{ "single_closing", "C24 C25 C26 SH-1 SH-2 SH-3 SH-7 ER-1 ER-2 ER-4 ER-5 PO-5 PO-6 PO-7",
	  single_closing, 0, 60 },
	{ "single_by_hand", "C20 C32 PO-6 CN-7 IO-2 UR-2 SH-6", single_by_hand, 0, 60 },
	PAIRS("new", "PO-1 ER-6"),
	PAIRS("bound", "BI-1 CN-12"),
	PAIRS("bound_any", "BI-1 CN-12"),
	PAIRS("listen", "LS-3 PO-3 AC-1"),
	PAIRS("listen_unbound", "LS-4"),
	PAIRS("listen_one", "CL-9 PO-3"),
	PAIRS("listen_reset", "AC-3 C15"),
	PAIRS("listen_left", "C15"),
	PAIRS("listen_stopped", "SH-5"),
	PAIRS("syn_sent", "CN-1 SH-6 PO-2 TX-3"),
	PAIRS("syn_recv", "C10 MUST-10"),
	PAIRS("refused", "CN-3 CN-4"),
	PAIRS("refused_told", "CN-4"),
	PAIRS("refused_blocking", "CN-4"),
	PAIRS("dialled", "C24"),
	PAIRS("accepted", "C24"),
	PAIRS("dialled_nonblock", "CN-2"),
	PAIRS("unread", "C25 CL-1"),
	PAIRS("urgent", "C72 UR-3"),
	PAIRS("urgent_first", "C72 UR-5"),
	PAIRS("urgent_read", "C72 UR-2"),
	PAIRS("urgent_inline", "C72 UR-4"),
	PAIRS("lowat", "C83 RX-6"),
	PAIRS("corked", "C71 TO-2"),
	PAIRS("shut_wr", "SH-1 SH-7"),
	PAIRS("shut_rd", "SH-2"),
	PAIRS("shut_rd_unread", "SH-2"),
	PAIRS("shut_both", "SH-3"),
	PAIRS("shut_both_unread", "SH-3 CL-1"),
	PAIRS("close_wait", "PO-5"),
	PAIRS("close_wait_unread", "PO-5 CL-1"),
	PAIRS("close_wait_gone", "C26"),
	PAIRS("time_wait", "PO-6"),
	PAIRS("time_wait_unread", "PO-6"),
	PAIRS("passive_end", "PO-6"),
	PAIRS("passive_end_unread", "PO-6"),
	PAIRS("reset", "ER-1 ER-2 CL-11"),
	PAIRS("reset_told", "ER-2 ER-4"),
	PAIRS("reset_unread", "ER-2"),
	PAIRS("reset_close_wait", "ER-1"),
	PAIRS("reset_by_data", "ER-1 C26"),
	PAIRS("reset_shut_wr", "ER-1"),
	PAIRS("reset_shut_rd", "ER-1"),
	PAIRS("disconnected", "CN-7"),
	PAIRS("disconnected_accepted", "CN-7"),
	PAIRS("self", "CN-12"),
	PAIRS("hand", "C24"),
	PAIRS("hand_unacked", "IO-2"),
	PAIRS("hand_fin_wait_1", "C20"),
	PAIRS("hand_fin_wait_1_unread", "C20"),
	PAIRS("hand_closing", "C20 SM-16"),
	PAIRS("hand_last_ack", "C20"),
	PAIRS("hand_last_ack_unread", "C20"),
	PAIRS("hand_early", "C32"),
	PAIRS("hand_announced", "UR-2"),
	PAIRS("hand_shut_window", "IO-2 TX-2"),
};

RT_MAIN(tests)
