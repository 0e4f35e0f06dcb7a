// SPDX-License-Identifier: GPL-2.0
/*
 * ECN, RFC 3168, and the receiver of DCTCP, RFC 8257: core/ecn.c.
 */
#include "test.h"

#include "../core/ecn.c"

#define NOT	RILL_ECN_NOT_ECT
#define ECT	RILL_ECN_ECT0
#define CE	RILL_ECN_CE

struct request {
	const char *name;
	int mode;
	bool wanted, ece, cwr;
	u8 codepoint;
	bool accepts;
};

/* ECN-2M */
static const struct request requests[] = {
	{ "off",			RILL_ECN_OFF, false, true, true, NOT, false },
	{ "accept",			RILL_ECN_ACCEPT, false, true, true, NOT, true },
	{ "ask",			RILL_ECN_ASK, false, true, true, NOT, true },
	{ "plain SYN",			RILL_ECN_ASK, false, false, false, NOT, false },
	{ "ECE alone",			RILL_ECN_ASK, false, true, false, NOT, false },
	{ "CWR alone",			RILL_ECN_ASK, false, false, true, NOT, false },
	{ "marked SYN",			RILL_ECN_ASK, false, true, true, ECT, false },
	{ "SYN with CE",		RILL_ECN_ASK, false, true, true, CE, false },
	{ "off, wanted",		RILL_ECN_OFF, true, true, true, NOT, true },
	{ "wanted, marked SYN",		RILL_ECN_OFF, true, true, true, ECT, true },
	{ "wanted, plain SYN",		RILL_ECN_OFF, true, false, false, NOT, false },
};

RILL_PARAM(request, request, requests);

static void rill_ecn_accepts__decides(struct kunit *test)
{
	const struct request *r = test->param_value;

	KUNIT_EXPECT_EQ(test, r->accepts,
			rill_ecn_accepts(r->mode, r->wanted, r->ece, r->cwr, r->codepoint));
}

struct answer {
	const char *name;
	const char *sent;	/* our SYNs: S with, s without ECN setup */
	bool ack, ece, cwr;
	bool ok, marks;
};

/* ECN-1M, ECN-3O */
static const struct answer answers[] = {
	{ "agreed",			"S", true, true, false, true, true },
	{ "plain SYN-ACK",		"S", true, false, false, false, false },
	{ "SYN-ACK with both",		"S", true, true, true, false, false },
	{ "SYN-ACK with CWR",		"S", true, false, true, false, false },
	{ "not asked",			"s", true, true, false, false, false },
	{ "fallback, agreed late",	"Ss", true, true, false, true, false },
	{ "fallback, plain SYN-ACK",	"Ss", true, false, false, false, false },
	{ "resent with setup",		"SS", true, true, false, true, true },
	{ "simultaneous",		"S", false, true, true, true, true },
	{ "simultaneous, plain",	"S", false, false, false, false, false },
	{ "simultaneous, ECE alone",	"S", false, true, false, false, false },
	{ "simultaneous, not asked",	"s", false, true, true, false, false },
};

RILL_PARAM(answer, answer, answers);

static void rill_ecn_syn_received__agrees(struct kunit *test)
{
	const struct answer *a = test->param_value;
	struct rill_ecn e = {};
	const char *s;

	for (s = a->sent; *s; s++)
		rill_ecn_syn_sent(&e, *s == 'S');
	rill_ecn_syn_received(&e, a->ack, a->ece, a->cwr);
	KUNIT_EXPECT_EQ(test, a->ok, (bool)e.ok);
	KUNIT_EXPECT_EQ(test, a->marks, rill_ecn_marks(&e));
}

struct arrival {
	u8 codepoint;
	bool cwr;
	bool turns;		/* an ACK of what waits comes first */
	enum rill_ecn_ack ack;
	bool echo;
};

struct stream {
	const char *name;
	bool exact;
	struct arrival in[8];
	int n;
};

#define ANY	RILL_ECN_ACK_ANY
#define NOW	RILL_ECN_ACK_NOW
#define QUICK	RILL_ECN_ACK_QUICK

/* ECN-6I, and the two states of RFC 8257, 3.2 */
static const struct stream streams[] = {
	{ "unmarked", false, {
		{ NOT, false, false, ANY, false }, { NOT, false, false, ANY, false },
	}, 2 },
	{ "from CE to CWR", false, {
		{ ECT, false, false, ANY, false }, { CE, false, false, QUICK, true },
		{ ECT, false, false, ANY, true }, { CE, false, false, ANY, true },
		{ ECT, true, false, NOW, false }, { ECT, false, false, ANY, false },
	}, 6 },
	{ "CWR and CE at once", false, {
		{ CE, false, false, QUICK, true }, { CE, true, false, QUICK, true },
		{ ECT, false, false, ANY, true }, { ECT, true, false, NOW, false },
	}, 4 },
	{ "sent again among marked", false, {
		{ NOT, false, false, ANY, false }, { RILL_ECN_ECT1, false, false, ANY, false },
		{ NOT, false, false, QUICK, false }, { CE, false, false, QUICK, true },
		{ NOT, false, false, QUICK, true },
	}, 5 },
	{ "DCTCP", true, {
		{ ECT, false, false, ANY, false }, { CE, false, true, NOW, true },
		{ CE, false, false, ANY, true }, { ECT, false, true, NOW, false },
		{ ECT, false, false, ANY, false }, { CE, false, true, NOW, true },
	}, 6 },
	{ "DCTCP has no use for CWR", true, {
		{ CE, false, true, NOW, true }, { CE, true, false, ANY, true },
		{ ECT, false, true, NOW, false },
	}, 3 },
};

RILL_PARAM(stream, stream, streams);

static void rill_ecn_data__echoes(struct kunit *test)
{
	const struct stream *s = test->param_value;
	struct rill_ecn e = { .ok = 1 };
	int i;

	for (i = 0; i < s->n; i++) {
		const struct arrival *a = &s->in[i];

		KUNIT_EXPECT_EQ_MSG(test, a->turns, rill_ecn_turns(&e, a->codepoint, s->exact),
				    "segment %d", i);
		KUNIT_EXPECT_EQ_MSG(test, a->ack,
				    rill_ecn_data(&e, a->codepoint, a->cwr, s->exact),
				    "segment %d", i);
		KUNIT_EXPECT_EQ_MSG(test, a->echo, (bool)e.echo, "segment %d", i);
	}
}

static void rill_ecn_data__not_agreed(struct kunit *test)
{
	struct rill_ecn e = {};

	KUNIT_EXPECT_FALSE(test, rill_ecn_turns(&e, CE, true));
	KUNIT_EXPECT_EQ(test, rill_ecn_data(&e, CE, true, false), RILL_ECN_ACK_ANY);
	KUNIT_EXPECT_EQ(test, rill_ecn_data(&e, CE, false, true), RILL_ECN_ACK_ANY);
	KUNIT_EXPECT_FALSE(test, e.echo);
	KUNIT_EXPECT_FALSE(test, e.seen);
}

/* ECN-4I */
static void rill_ecn_take_cwr__once(struct kunit *test)
{
	struct rill_ecn e = { .ok = 1 };

	KUNIT_EXPECT_FALSE(test, rill_ecn_take_cwr(&e));
	rill_ecn_reduced(&e);
	KUNIT_EXPECT_TRUE(test, rill_ecn_take_cwr(&e));
	KUNIT_EXPECT_FALSE(test, rill_ecn_take_cwr(&e));
	e.ok = 0;
	rill_ecn_reduced(&e);
	KUNIT_EXPECT_FALSE(test, rill_ecn_take_cwr(&e));
}

static struct kunit_case cases[] = {
	KUNIT_CASE_PARAM(rill_ecn_accepts__decides, request_gen_params),
	KUNIT_CASE_PARAM(rill_ecn_syn_received__agrees, answer_gen_params),
	KUNIT_CASE_PARAM(rill_ecn_data__echoes, stream_gen_params),
	KUNIT_CASE(rill_ecn_data__not_agreed),
	KUNIT_CASE(rill_ecn_take_cwr__once),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-ecn",
	.test_cases = cases,
};

kunit_test_suite(suite);
