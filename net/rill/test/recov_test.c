// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery from loss without SACK, RFC 5681, 3.2; RFC 6582; RFC 3042:
 * core/recov.c, with Reno as the algorithm.
 */
#include "test.h"

#include "../core/recov.c"

#define MSS	1000
#define ISS	0xffffd8f0	/* 10000 below 0, so that data wraps */
#define DATA(n)	(ISS + 1 + (n) * MSS)

/* One connection: ten segments of ten are in flight. */
struct flow {
	struct rill_recov r;
	struct rill_cong c;
	u32 una, nxt;
};

static void begin(struct flow *f)
{
	rill_recov_init(&f->r, ISS);
	rill_cong_init(&f->c, &rill_cong_reno, MSS, 10 * MSS);
	f->una = DATA(0);
	f->nxt = DATA(10);
}

static u32 dups(struct flow *f, int nr)
{
	u32 todo = 0;

	while (nr--)
		todo = rill_recov_dupack(&f->r, &f->c, f->una, f->nxt);
	return todo;
}

static u32 ack_to(struct flow *f, u32 ack)
{
	const struct rill_cong_ack a = {
		.acked = ack - f->una, .una = ack, .nxt = f->nxt, .cwnd_limited = true,
	};

	f->una = ack;
	return rill_recov_ack(&f->r, &f->c, &a);
}

static u32 rto(struct flow *f)
{
	return rill_recov_rto(&f->r, &f->c, f->una, f->nxt);
}

static void rill_recov_init__is_open(struct kunit *test)
{
	struct flow f;

	begin(&f);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
	KUNIT_EXPECT_EQ(test, f.r.recover, ISS);
	KUNIT_EXPECT_EQ(test, f.r.dupacks, 0);
}

/* CC-8S */
static void rill_recov_dupack__two_let_out_new_data(struct kunit *test)
{
	struct flow f;

	begin(&f);
	KUNIT_EXPECT_EQ(test, dups(&f, 1), RILL_DO_LIMITED);
	KUNIT_EXPECT_EQ(test, dups(&f, 1), RILL_DO_LIMITED);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_DISORDER);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
}

/* CC-7S, CC-15M, C42 */
static void rill_recov_dupack__third_resends(struct kunit *test)
{
	struct flow f;

	begin(&f);
	KUNIT_EXPECT_EQ(test, dups(&f, 3), RILL_DO_RETRANS_HEAD);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_FAST);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 8U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.recover, DATA(10));
	KUNIT_EXPECT_EQ(test, f.r.prior_cwnd, 10U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.prior_ssthresh, RILL_SSTHRESH_INFINITE);
}

/* CC-8S: what limited transmit sent is no flight (RFC 5681, 3.2, step 2) */
static void rill_recov_dupack__limited_transmit_is_no_flight(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 1);
	f.nxt += MSS;
	dups(&f, 1);
	f.nxt += MSS;
	dups(&f, 1);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.recover, DATA(12));
}

/* CC-15M */
static void rill_recov_dupack__more_inflate(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 3);
	KUNIT_EXPECT_EQ(test, dups(&f, 4), 0U);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 12U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
}

/* CC-15M: once in an episode, however many come */
static void rill_recov_dupack__count_saturates(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 3);
	KUNIT_EXPECT_EQ(test, dups(&f, 300), 0U);
	KUNIT_EXPECT_EQ(test, f.r.dupacks, 255);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
}

/* C42, RFC 6582, 3.2, step 2: duplicates of what an episode resent begin no other */
static void rill_recov_dupack__not_below_recover(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 3);
	ack_to(&f, DATA(10));
	f.nxt = DATA(14);
	KUNIT_EXPECT_EQ(test, dups(&f, 3), 0U);
	KUNIT_EXPECT_NE(test, f.r.state, RILL_RECOV_FAST);

	ack_to(&f, DATA(11));
	KUNIT_EXPECT_EQ(test, dups(&f, 3), RILL_DO_RETRANS_HEAD);
}

/* RFC 6582, 3.2, step 4: nor what a timeout resent */
static void rill_recov_dupack__not_in_loss(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rto(&f);
	KUNIT_EXPECT_EQ(test, dups(&f, 5), 0U);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_LOSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, MSS);
}

/* CC-13M: a loss in each of two windows cuts twice */
static void rill_recov_dupack__next_window_cuts_again(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 3);
	f.nxt = DATA(16);
	ack_to(&f, DATA(11));
	dups(&f, 3);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_FAST);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 2500U);
}

/* MUST-19 */
static void rill_recov_ack__grows_when_limited(struct kunit *test)
{
	struct flow f;

	begin(&f);
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(2)), 0U);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 12U * MSS);
}

/* CUB-7M: a window that is not used does not grow */
static void rill_recov_ack__not_when_unused(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rill_recov_ack(&f.r, &f.c, &(struct rill_cong_ack) {
		.acked = DATA(2) - f.una, .una = DATA(2), .nxt = f.nxt });
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
}

/* C42: reordering by two is none */
static void rill_recov_ack__ends_disorder(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 2);
	ack_to(&f, DATA(3));
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
	KUNIT_EXPECT_EQ(test, f.r.dupacks, 0);
	KUNIT_EXPECT_EQ(test, dups(&f, 2), RILL_DO_LIMITED);
}

/* C42: "recover" does not come to lie ahead after 2^31 bytes */
static void rill_recov_ack__drags_recover_along(struct kunit *test)
{
	struct flow f;
	int i;

	begin(&f);
	for (i = 0; i < 5; i++) {
		f.nxt = f.una + 0x30000000;
		ack_to(&f, f.nxt);
	}
	f.nxt += 10 * MSS;
	KUNIT_EXPECT_EQ(test, dups(&f, 3), RILL_DO_RETRANS_HEAD);
}

/* CC-12M, CC-15M; RFC 6582, 3.2, step 3 */
static void rill_recov_ack__full_ends_fast_recovery(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 9);
	f.nxt = DATA(14);
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(10)), RILL_DO_RECOVERED);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 5U * MSS);
}

/* RFC 6582, 3.2, step 3: no burst when little is in flight at the end */
static void rill_recov_ack__full_with_little_in_flight(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 9);
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(10)), RILL_DO_RECOVERED);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 2U * MSS);
}

/* C42; RFC 6582, 3.2, step 3: deflate by what is acknowledged, add one back */
static void rill_recov_ack__partial_resends_next_hole(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 9);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 14U * MSS);
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(4)), RILL_DO_RETRANS_HEAD);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_FAST);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 11U * MSS);
}

static void rill_recov_ack__partial_of_one_segment(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 3);
	ack_to(&f, DATA(1));
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 8U * MSS);
}

static void rill_recov_ack__partial_of_less_than_a_segment(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 3);
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(0) + 400), RILL_DO_RETRANS_HEAD);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 8U * MSS - 400);
}

static void rill_recov_ack__partial_leaves_one_segment(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 3);
	ack_to(&f, DATA(9) + 999);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, MSS);
}

/* C42, RFC 6582: segments 0, 3 and 6 of ten are lost; one cut, no timeout */
static void rill_recov_ack__newreno_three_losses(struct kunit *test)
{
	struct flow f;

	begin(&f);
	KUNIT_EXPECT_EQ(test, dups(&f, 3), RILL_DO_RETRANS_HEAD);
	KUNIT_EXPECT_EQ(test, dups(&f, 4), 0U);			/* 7 of 10 arrived */
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 12U * MSS);
	f.nxt = DATA(12);					/* cwnd lets two out */

	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(3)), RILL_DO_RETRANS_HEAD);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
	KUNIT_EXPECT_EQ(test, dups(&f, 2), 0U);			/* the two arrived */
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(6)), RILL_DO_RETRANS_HEAD);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);

	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(12)), RILL_DO_RECOVERED);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 2U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
}

/* MUST-19, CC-5M: slow start, one segment for each ACK, until "recover" */
static void rill_recov_ack__slow_start_after_loss(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rto(&f);
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(1)), RILL_DO_RETRANS_HEAD);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 2U * MSS);
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(2)), RILL_DO_RETRANS_HEAD);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 3U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_LOSS);

	/* RFC 3465, 2.3: a jump over what had arrived all along */
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(10)), RILL_DO_RECOVERED);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 4U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
}

/* CC-5M, C41 */
static void rill_recov_rto__one_segment(struct kunit *test)
{
	struct flow f;

	begin(&f);
	KUNIT_EXPECT_EQ(test, rto(&f), RILL_DO_RETRANS_HEAD);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_LOSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.recover, DATA(10));
	KUNIT_EXPECT_EQ(test, f.r.prior_cwnd, 10U * MSS);
}

/* CC-5M: further timeouts of the same segment leave ssthresh */
static void rill_recov_rto__again(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rto(&f);
	f.nxt = DATA(4);
	rto(&f);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, MSS);
	KUNIT_EXPECT_EQ(test, f.r.prior_cwnd, 10U * MSS);
}

/* CC-13M: the timeout of another segment cuts again, and never raises */
static void rill_recov_rto__of_another_segment(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rto(&f);
	ack_to(&f, DATA(4));
	rto(&f);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 3U * MSS);

	ack_to(&f, DATA(5));
	f.nxt = DATA(40);
	rto(&f);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 3U * MSS);
}

/* CC-5M: a timeout ends fast recovery; an undo still knows the first window */
static void rill_recov_rto__in_fast_recovery(struct kunit *test)
{
	struct flow f;

	begin(&f);
	dups(&f, 3);
	rto(&f);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_LOSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, MSS);
	KUNIT_EXPECT_EQ(test, f.r.dupacks, 0);
	KUNIT_EXPECT_EQ(test, f.r.prior_cwnd, 10U * MSS);
}

static void count_rto(struct rill_cong *c, enum rill_cong_event event, u64 now_us)
{
	if (event == RILL_CONG_RTO)
		c->priv[0]++;
}

static void rill_recov_rto__tells_the_algorithm(struct kunit *test)
{
	struct rill_cong_ops ops = rill_cong_reno;
	struct flow f;

	begin(&f);
	ops.event = count_rto;
	f.c.ops = &ops;
	rto(&f);
	KUNIT_EXPECT_EQ(test, f.c.priv[0], 1ULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_recov_init__is_open),
	KUNIT_CASE(rill_recov_dupack__two_let_out_new_data),
	KUNIT_CASE(rill_recov_dupack__third_resends),
	KUNIT_CASE(rill_recov_dupack__limited_transmit_is_no_flight),
	KUNIT_CASE(rill_recov_dupack__more_inflate),
	KUNIT_CASE(rill_recov_dupack__count_saturates),
	KUNIT_CASE(rill_recov_dupack__not_below_recover),
	KUNIT_CASE(rill_recov_dupack__not_in_loss),
	KUNIT_CASE(rill_recov_dupack__next_window_cuts_again),
	KUNIT_CASE(rill_recov_ack__grows_when_limited),
	KUNIT_CASE(rill_recov_ack__not_when_unused),
	KUNIT_CASE(rill_recov_ack__ends_disorder),
	KUNIT_CASE(rill_recov_ack__drags_recover_along),
	KUNIT_CASE(rill_recov_ack__full_ends_fast_recovery),
	KUNIT_CASE(rill_recov_ack__full_with_little_in_flight),
	KUNIT_CASE(rill_recov_ack__partial_resends_next_hole),
	KUNIT_CASE(rill_recov_ack__partial_of_one_segment),
	KUNIT_CASE(rill_recov_ack__partial_of_less_than_a_segment),
	KUNIT_CASE(rill_recov_ack__partial_leaves_one_segment),
	KUNIT_CASE(rill_recov_ack__newreno_three_losses),
	KUNIT_CASE(rill_recov_ack__slow_start_after_loss),
	KUNIT_CASE(rill_recov_rto__one_segment),
	KUNIT_CASE(rill_recov_rto__again),
	KUNIT_CASE(rill_recov_rto__of_another_segment),
	KUNIT_CASE(rill_recov_rto__in_fast_recovery),
	KUNIT_CASE(rill_recov_rto__tells_the_algorithm),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-recov",
	.test_cases = cases,
};

kunit_test_suite(suite);
