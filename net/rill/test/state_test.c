// SPDX-License-Identifier: GPL-2.0
/*
 * The state machine, RFC 9293, 3.3.2 and 3.10: core/state.c.
 *
 * The table goes by state; the list here goes by event and was written from
 * the RFC's descriptions of the events, so that a slip in one shows in the
 * other. What the list does not name must be refused.
 */
#include "test.h"

#include "../core/state.c"

struct move {
	enum rill_event event;
	enum rill_state from, to;
};

#define MOVE(event, from, to)	{ RILL_EV_##event, RILL_##from, RILL_##to }
#define STAY(event, state)	{ RILL_EV_##event, RILL_##state, RILL_##state }

static const struct move moves[] = {
	/* 3.10.1; C10 */
	MOVE(PASSIVE_OPEN,	CLOSED,		LISTEN),
	STAY(PASSIVE_OPEN,	LISTEN),
	MOVE(ACTIVE_OPEN,	CLOSED,		SYN_SENT),

	/* 3.10.4; SM-18, SM-25, SM-30, C20 */
	STAY(CLOSE,		CLOSED),
	MOVE(CLOSE,		LISTEN,		CLOSED),
	MOVE(CLOSE,		SYN_SENT,	CLOSED),
	MOVE(CLOSE,		SYN_RECV,	FIN_WAIT_1),
	MOVE(CLOSE,		ESTABLISHED,	FIN_WAIT_1),
	STAY(CLOSE,		FIN_WAIT_1),
	STAY(CLOSE,		FIN_WAIT_2),
	MOVE(CLOSE,		CLOSE_WAIT,	LAST_ACK),
	STAY(CLOSE,		CLOSING),
	STAY(CLOSE,		LAST_ACK),
	STAY(CLOSE,		TIME_WAIT),

	/* 3.10.5; SM-24 */
	STAY(ABORT,		CLOSED),
	MOVE(ABORT,		LISTEN,		CLOSED),
	MOVE(ABORT,		SYN_SENT,	CLOSED),
	MOVE(ABORT,		SYN_RECV,	CLOSED),
	MOVE(ABORT,		ESTABLISHED,	CLOSED),
	MOVE(ABORT,		FIN_WAIT_1,	CLOSED),
	MOVE(ABORT,		FIN_WAIT_2,	CLOSED),
	MOVE(ABORT,		CLOSE_WAIT,	CLOSED),
	MOVE(ABORT,		CLOSING,	CLOSED),
	MOVE(ABORT,		LAST_ACK,	CLOSED),
	MOVE(ABORT,		TIME_WAIT,	CLOSED),

	/* 3.10.7.2, 3.10.7.3; RFC 5961, 4.2: MUST-10, BLIND-4M, C06 */
	MOVE(RCV_SYN,		LISTEN,		SYN_RECV),
	MOVE(RCV_SYN,		SYN_SENT,	SYN_RECV),
	STAY(RCV_SYN,		SYN_RECV),
	STAY(RCV_SYN,		ESTABLISHED),
	STAY(RCV_SYN,		FIN_WAIT_1),
	STAY(RCV_SYN,		FIN_WAIT_2),
	STAY(RCV_SYN,		CLOSE_WAIT),
	STAY(RCV_SYN,		CLOSING),
	STAY(RCV_SYN,		LAST_ACK),
	STAY(RCV_SYN,		TIME_WAIT),

	/* 3.10.7.3; 3.5, figure 7: MUST-10 */
	MOVE(RCV_SYNACK,	SYN_SENT,	ESTABLISHED),
	MOVE(RCV_SYNACK,	SYN_RECV,	ESTABLISHED),
	STAY(RCV_SYNACK,	ESTABLISHED),
	STAY(RCV_SYNACK,	FIN_WAIT_1),
	STAY(RCV_SYNACK,	FIN_WAIT_2),
	STAY(RCV_SYNACK,	CLOSE_WAIT),
	STAY(RCV_SYNACK,	CLOSING),
	STAY(RCV_SYNACK,	LAST_ACK),
	STAY(RCV_SYNACK,	TIME_WAIT),

	/* 3.10.7.4, fifth step; it may come as long as our FIN is not acknowledged */
	MOVE(RCV_ACK_OF_SYN,	SYN_RECV,	ESTABLISHED),
	STAY(RCV_ACK_OF_SYN,	ESTABLISHED),
	STAY(RCV_ACK_OF_SYN,	FIN_WAIT_1),
	STAY(RCV_ACK_OF_SYN,	CLOSE_WAIT),
	STAY(RCV_ACK_OF_SYN,	CLOSING),
	STAY(RCV_ACK_OF_SYN,	LAST_ACK),

	/* 3.10.7.4, eighth step; SM-13, SM-16 */
	MOVE(RCV_FIN,		SYN_RECV,	CLOSE_WAIT),
	MOVE(RCV_FIN,		ESTABLISHED,	CLOSE_WAIT),
	MOVE(RCV_FIN,		FIN_WAIT_1,	CLOSING),
	MOVE(RCV_FIN,		FIN_WAIT_2,	TIME_WAIT),
	STAY(RCV_FIN,		CLOSE_WAIT),
	STAY(RCV_FIN,		CLOSING),
	STAY(RCV_FIN,		LAST_ACK),
	STAY(RCV_FIN,		TIME_WAIT),

	/* 3.10.7.4, fifth step */
	MOVE(RCV_ACK_OF_FIN,	FIN_WAIT_1,	FIN_WAIT_2),
	STAY(RCV_ACK_OF_FIN,	FIN_WAIT_2),
	MOVE(RCV_ACK_OF_FIN,	CLOSING,	TIME_WAIT),
	MOVE(RCV_ACK_OF_FIN,	LAST_ACK,	CLOSED),
	STAY(RCV_ACK_OF_FIN,	TIME_WAIT),

	/* 3.10.7.2 to 3.10.7.4, second step; MUST-11, SM-6 */
	STAY(RCV_RST,		CLOSED),
	STAY(RCV_RST,		LISTEN),
	MOVE(RCV_RST,		SYN_SENT,	CLOSED),
	MOVE(RCV_RST,		SYN_RECV,	CLOSED),
	MOVE(RCV_RST,		ESTABLISHED,	CLOSED),
	MOVE(RCV_RST,		FIN_WAIT_1,	CLOSED),
	MOVE(RCV_RST,		FIN_WAIT_2,	CLOSED),
	MOVE(RCV_RST,		CLOSE_WAIT,	CLOSED),
	MOVE(RCV_RST,		CLOSING,	CLOSED),
	MOVE(RCV_RST,		LAST_ACK,	CLOSED),
	MOVE(RCV_RST,		TIME_WAIT,	CLOSED),

	/* 3.10.8; MUST-13, C21 */
	MOVE(TIMEOUT_2MSL,	TIME_WAIT,	CLOSED),
	MOVE(TIMEOUT_2MSL,	FIN_WAIT_2,	CLOSED),
};

struct cell {
	const char *name;
	enum rill_event event;
};

static const struct cell columns[] = {
	{ "PASSIVE_OPEN",	RILL_EV_PASSIVE_OPEN },
	{ "ACTIVE_OPEN",	RILL_EV_ACTIVE_OPEN },
	{ "CLOSE",		RILL_EV_CLOSE },
	{ "ABORT",		RILL_EV_ABORT },
	{ "RCV_SYN",		RILL_EV_RCV_SYN },
	{ "RCV_SYNACK",		RILL_EV_RCV_SYNACK },
	{ "RCV_ACK_OF_SYN",	RILL_EV_RCV_ACK_OF_SYN },
	{ "RCV_FIN",		RILL_EV_RCV_FIN },
	{ "RCV_ACK_OF_FIN",	RILL_EV_RCV_ACK_OF_FIN },
	{ "RCV_RST",		RILL_EV_RCV_RST },
	{ "TIMEOUT_2MSL",	RILL_EV_TIMEOUT_2MSL },
};

RILL_PARAM(column, cell, columns);

static int wanted(enum rill_event event, enum rill_state from)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(moves); i++)
		if (moves[i].event == event && moves[i].from == from)
			return moves[i].to;
	return -EINVAL;
}

/* MUST-10, MUST-11, MUST-13, SM-13, SM-16, SM-24, SM-25, SM-30, C10, C20: every cell */
static void rill_state_next__each_state(struct kunit *test)
{
	const struct cell *c = test->param_value;
	unsigned int s;

	for (s = RILL_ESTABLISHED; s < RILL_STATES; s++)
		KUNIT_EXPECT_EQ_MSG(test, rill_state_next(s, c->event), wanted(c->event, s),
				    "%s in %s", c->name, rill_state_name(s));
}

static void rill_state_next__refuses_what_is_none(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, rill_state_next(0, RILL_EV_CLOSE), -EINVAL);
	KUNIT_EXPECT_EQ(test, rill_state_next(RILL_STATES, RILL_EV_CLOSE), -EINVAL);
	KUNIT_EXPECT_EQ(test, rill_state_next(~0U, RILL_EV_CLOSE), -EINVAL);
	KUNIT_EXPECT_EQ(test, rill_state_next(RILL_CLOSED, RILL_EVENTS), -EINVAL);
	KUNIT_EXPECT_EQ(test, rill_state_next(RILL_CLOSED, ~0U), -EINVAL);
}

struct events {
	enum rill_event event[8];
	unsigned int nr;
};

#define PATH(...)	{ { __VA_ARGS__ }, sizeof((int[]){ __VA_ARGS__ }) / sizeof(int) }

struct walk {
	const char *name;
	struct events by;
	enum rill_state end;
};

static const struct walk walks[] = {
	{ "active close", PATH(RILL_EV_ACTIVE_OPEN, RILL_EV_RCV_SYNACK, RILL_EV_CLOSE,
			       RILL_EV_RCV_ACK_OF_FIN, RILL_EV_RCV_FIN, RILL_EV_TIMEOUT_2MSL),
	  RILL_CLOSED },
	{ "passive close", PATH(RILL_EV_PASSIVE_OPEN, RILL_EV_RCV_SYN, RILL_EV_RCV_ACK_OF_SYN,
				RILL_EV_RCV_FIN, RILL_EV_CLOSE, RILL_EV_RCV_ACK_OF_FIN),
	  RILL_CLOSED },
	{ "both open at once", PATH(RILL_EV_ACTIVE_OPEN, RILL_EV_RCV_SYN, RILL_EV_RCV_SYNACK),
	  RILL_ESTABLISHED },
	{ "both close at once", PATH(RILL_EV_ACTIVE_OPEN, RILL_EV_RCV_SYNACK, RILL_EV_CLOSE,
				     RILL_EV_RCV_FIN, RILL_EV_RCV_ACK_OF_FIN),
	  RILL_TIME_WAIT },
	{ "FIN with ACK of ours", PATH(RILL_EV_ACTIVE_OPEN, RILL_EV_RCV_SYNACK, RILL_EV_CLOSE,
				       RILL_EV_RCV_ACK_OF_FIN, RILL_EV_RCV_FIN),
	  RILL_TIME_WAIT },
};

RILL_PARAM(walk, walk, walks);

/* C10, C20, MUST-10, SM-16 */
static void rill_state_next__walks_figure_5(struct kunit *test)
{
	const struct walk *p = test->param_value;
	int state = RILL_CLOSED;
	unsigned int i;

	for (i = 0; i < p->by.nr; i++) {
		state = rill_state_next(state, p->by.event[i]);
		KUNIT_ASSERT_GT(test, state, 0);
	}
	KUNIT_EXPECT_EQ(test, state, p->end);
}

static void rill_state_name__names_each(struct kunit *test)
{
	unsigned int s;

	KUNIT_EXPECT_STREQ(test, rill_state_name(RILL_ESTABLISHED), "ESTABLISHED");
	KUNIT_EXPECT_STREQ(test, rill_state_name(RILL_CLOSING), "CLOSING");
	for (s = RILL_ESTABLISHED; s < RILL_STATES; s++)
		KUNIT_EXPECT_STRNEQ(test, rill_state_name(s), "?");
}

static void rill_state_name__unknown(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, rill_state_name(0), "?");
	KUNIT_EXPECT_STREQ(test, rill_state_name(RILL_STATES), "?");
	KUNIT_EXPECT_STREQ(test, rill_state_name(~0U), "?");
}

static void rill_event_name__names_each(struct kunit *test)
{
	const struct cell *c = test->param_value;

	KUNIT_EXPECT_STREQ(test, rill_event_name(c->event), c->name);
}

static void rill_event_name__unknown(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, rill_event_name(RILL_EVENTS), "?");
	KUNIT_EXPECT_STREQ(test, rill_event_name(~0U), "?");
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_state_next__each_state, column_gen_params),
	KUNIT_CASE(rill_state_next__refuses_what_is_none),
	KUNIT_CASE_PARAM(rill_state_next__walks_figure_5, walk_gen_params),
	KUNIT_CASE(rill_state_name__names_each),
	KUNIT_CASE(rill_state_name__unknown),
	KUNIT_CASE_PARAM(rill_event_name__names_each, column_gen_params),
	KUNIT_CASE(rill_event_name__unknown),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-state",
	.test_cases = cases,
};

kunit_test_suite(suite);
