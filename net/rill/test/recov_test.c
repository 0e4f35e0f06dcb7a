// SPDX-License-Identifier: GPL-2.0
/*
 * Episodes of loss: core/recov.c. Segments of 1000 bytes; DATA(n) is where
 * the one with number n begins.
 */
#include "test.h"

#include "../core/recov.c"

#define MSS	1000
#define ISS	0xfffff000
#define DATA(n)	((u32)(ISS + 1 + (n) * MSS))

/* A flow of ten segments that were all sent. */
struct flow {
	struct rill_recov r;
	struct rill_cong c;
	u32 una, nxt;
	u32 lost, sacked;
	u64 now;
};

static void begin(struct flow *f)
{
	memset(f, 0, sizeof(*f));
	rill_recov_init(&f->r, ISS);
	rill_cong_init(&f->c, &rill_cong_reno, MSS, 10 * MSS);
	f->una = DATA(0);
	f->nxt = DATA(10);
	f->now = 1000000;
}

static u32 pipe_of(const struct flow *f)
{
	return f->nxt - f->una - f->lost - f->sacked;
}

static u32 tell_ack(struct flow *f, struct rill_recov_ack *a)
{
	f->now += 1000;
	a->c.now_us = f->now;
	a->c.una = f->una;
	a->c.nxt = f->nxt;
	a->c.cwnd_limited = true;
	a->pipe = pipe_of(f);
	a->lost = f->lost;
	a->sacked = f->sacked;
	a->progress = a->moved;
	return rill_recov_ack(&f->r, &f->c, a);
}

/* n segments are SACKed, and as a consequence so many are found lost. */
static u32 sack(struct flow *f, u32 n, u32 lost)
{
	struct rill_recov_ack a = { .c.acked = n * MSS, .newly_lost = lost * MSS };

	a.c.flight = pipe_of(f);
	f->sacked += n * MSS;
	f->lost += lost * MSS;
	return tell_ack(f, &a);
}

/* SND.UNA moves; so much of it had been SACKed, or was lost. */
static u32 ack_to(struct flow *f, u32 una, u32 sacked, u32 lost)
{
	struct rill_recov_ack a = { .moved = true };

	a.c.flight = pipe_of(f);
	a.c.acked = una - f->una - sacked * MSS;
	f->sacked -= sacked * MSS;
	f->lost -= lost * MSS;
	f->una = una;
	return tell_ack(f, &a);
}

/* What cwnd lets out, sent: lost first. Returns segments. */
static u32 sends(struct flow *f)
{
	u32 n = 0;

	while (pipe_of(f) + MSS <= f->c.cwnd) {
		bool again = f->lost;

		if (again)
			f->lost -= MSS;
		else
			f->nxt += MSS;
		rill_recov_sent(&f->r, MSS, again, f->now);
		n++;
	}
	return n;
}

static void rto(struct flow *f)
{
	f->lost = f->nxt - f->una - f->sacked;
	rill_recov_rto(&f->r, &f->c, f->una, f->nxt, pipe_of(f), 0, true, f->now);
}

static void rill_recov_init__is_open(struct kunit *test)
{
	struct flow f;

	begin(&f);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
	KUNIT_EXPECT_EQ(test, f.r.recover, (u32)ISS);
}

/* CC-8S: the first two let out a segment each and leave cwnd alone */
static void rill_recov_dupack__limited_transmit(struct kunit *test)
{
	struct flow f;

	begin(&f);
	KUNIT_EXPECT_FALSE(test, rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3));
	KUNIT_EXPECT_FALSE(test, rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3));
	KUNIT_EXPECT_EQ(test, f.r.dup_len, 2U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
}

/* CC-7S, CC-15M: the third says that the first segment is lost */
static void rill_recov_dupack__third(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3);
	rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3);
	KUNIT_EXPECT_TRUE(test, rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3));
}

/* No more can have arrived than was sent, less the first segment */
static void rill_recov_dupack__bounded(struct kunit *test)
{
	struct flow f;
	int i;

	begin(&f);
	for (i = 0; i < 300; i++)
		rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3);
	KUNIT_EXPECT_EQ(test, f.r.dup_len, 9U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.dupacks, 255);
}

/* RFC 6582, 3.2, step 2: duplicates of what an episode resent begin no other */
static void rill_recov_dupack__not_below_recover(struct kunit *test)
{
	struct flow f;
	int i;

	begin(&f);
	f.r.recover = f.una;
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_FALSE(test, rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3));
	KUNIT_EXPECT_TRUE(test, rill_recov_dupack(&f.r, 9 * MSS, MSS, f.una + 1, 3));
}

/* RFC 6582, 3.2, step 4: nor what a timeout resent */
static void rill_recov_dupack__not_in_loss(struct kunit *test)
{
	struct flow f;
	int i;

	begin(&f);
	rto(&f);
	for (i = 0; i < 5; i++)
		KUNIT_EXPECT_FALSE(test, rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3));
	KUNIT_EXPECT_EQ(test, f.r.dup_len, 0U);
}

/* PRR-3I: a partial ACK tells of one segment, the rest is known */
static void rill_recov_cumulative__eats_duplicates(struct kunit *test)
{
	struct flow f;

	begin(&f);
	f.r.dup_len = 4 * MSS;
	KUNIT_EXPECT_EQ(test, rill_recov_cumulative(&f.r, 3 * MSS, MSS), 1U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.dup_len, 2U * MSS);
	KUNIT_EXPECT_EQ(test, rill_recov_cumulative(&f.r, 5 * MSS, MSS), 3U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.dup_len, 0U);
	KUNIT_EXPECT_EQ(test, rill_recov_cumulative(&f.r, 10, MSS), 10U);
}

/* MUST-19: no episode: the algorithm grows the window */
static void rill_recov_ack__grows(struct kunit *test)
{
	struct flow f;

	begin(&f);
	ack_to(&f, DATA(2), 0, 0);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 12U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
}

/* CUB-7M: a window that is not used does not grow */
static void rill_recov_ack__not_when_unused(struct kunit *test)
{
	struct rill_recov_ack a = {
		.c = { .acked = MSS, .una = DATA(1), .nxt = DATA(10) },
		.moved = true, .progress = true,
	};
	struct flow f;

	begin(&f);
	rill_recov_ack(&f.r, &f.c, &a);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
}

/* CC-8S, CC-9M: new SACKs let out as much and leave cwnd alone */
static void rill_recov_ack__disorder(struct kunit *test)
{
	struct flow f;

	begin(&f);
	sack(&f, 1, 0);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_DISORDER);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
	KUNIT_EXPECT_EQ(test, sends(&f), 1U);
	ack_to(&f, DATA(11), 1, 0);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
}

/* PRR-1M, C42: entry: the threshold is cut and one resend is permitted */
static void rill_recov_ack__enters(struct kunit *test)
{
	struct flow f;

	begin(&f);
	sack(&f, 2, 0);
	KUNIT_EXPECT_EQ(test, sack(&f, 1, 1), (u32)RILL_DO_ENTERED);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_FAST);
	KUNIT_EXPECT_EQ(test, f.r.recover, DATA(10));
	KUNIT_EXPECT_LT(test, f.c.ssthresh, 10U * MSS);
	/* what was SACKed before is not delivered in the episode */
	KUNIT_EXPECT_EQ(test, f.r.recover_fs, 8U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.prr_delivered, 1U * MSS);
	KUNIT_EXPECT_GE(test, f.c.cwnd, pipe_of(&f) + MSS);
	KUNIT_EXPECT_EQ(test, f.r.prior_cwnd, 10U * MSS);
}

/* PRR-2I, PRR-4I, CC-12M: half of what is delivered goes out, cwnd ends at ssthresh */
static void rill_recov_ack__proportional(struct kunit *test)
{
	struct flow f;
	u32 i, n;

	begin(&f);
	f.nxt = DATA(40);
	f.c.cwnd = 40 * MSS;
	sack(&f, 3, 1);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 20U * MSS);
	n = sends(&f);
	for (i = 0; i < 36; i++) {
		sack(&f, 1, 0);
		n += sends(&f);
		/* never more than the share, and a segment's rounding */
		KUNIT_EXPECT_LE(test, f.r.prr_out,
				DIV_ROUND_UP(f.r.prr_delivered * 20, 40) + 2 * MSS);
	}
	KUNIT_EXPECT_GE(test, n, 18U);
	KUNIT_EXPECT_LE(test, n, 21U);
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(40), 39, 0), (u32)RILL_DO_RECOVERED);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, f.c.ssthresh);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
}

/* PRR-3I: heavy loss: no more leaves than arrives, and one more on progress */
static void rill_recov_ack__heavy_loss(struct kunit *test)
{
	struct flow f;
	u32 out;

	begin(&f);
	f.nxt = DATA(20);
	f.c.cwnd = 20 * MSS;
	sack(&f, 3, 15);
	KUNIT_EXPECT_LT(test, pipe_of(&f), f.c.ssthresh);
	KUNIT_EXPECT_EQ(test, sends(&f), 3U);
	/* nothing new is lost and SND.UNA moves: one more */
	out = f.r.prr_out;
	ack_to(&f, DATA(1), 0, 0);
	sends(&f);
	KUNIT_EXPECT_EQ(test, f.r.prr_out - out, 2U * MSS);
	/* more loss: as much as was delivered */
	out = f.r.prr_out;
	sack(&f, 1, 1);
	sends(&f);
	KUNIT_EXPECT_EQ(test, f.r.prr_out - out, 1U * MSS);
	KUNIT_EXPECT_LE(test, pipe_of(&f), f.c.ssthresh);
}

/* RACK-5S: what the timer finds lost in an episode is sent again, without an ACK */
static void rill_recov_ack__timer_in_recovery(struct kunit *test)
{
	struct rill_recov_ack a = { .newly_lost = 2 * MSS };
	struct flow f;

	begin(&f);
	f.nxt = DATA(20);
	f.c.cwnd = 20 * MSS;
	sack(&f, 3, 15);
	KUNIT_EXPECT_EQ(test, sends(&f), 3U);
	/* two of these are lost as well: room for two */
	f.lost += 2 * MSS;
	tell_ack(&f, &a);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_FAST);
	KUNIT_EXPECT_EQ(test, sends(&f), 2U);
}

/* PRR-2I, ECN-4I: an echo with nothing outstanding does not open the window */
static void rill_recov_ece__nothing_outstanding(struct kunit *test)
{
	struct flow f;

	begin(&f);
	ack_to(&f, DATA(10), 0, 0);
	KUNIT_EXPECT_TRUE(test, rill_recov_ece(&f.r, &f.c, f.una, f.nxt, 10 * MSS, f.now));
	sends(&f);
	KUNIT_EXPECT_GT(test, pipe_of(&f), f.c.ssthresh + 2 * MSS);
	/* the first segment is late */
	sack(&f, 2, 0);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_CWR);
	KUNIT_EXPECT_LE(test, f.c.cwnd, pipe_of(&f) + 2 * MSS);
}

/* RFC 5681, 3.2, step 2: what duplicate ACKs let out is no part of the flight */
static void rill_recov_ack__limited_transmit(struct kunit *test)
{
	struct rill_recov_ack a = { .c.acked = MSS, .c.flight = 12 * MSS, .newly_lost = MSS };
	struct flow f;

	begin(&f);
	sack(&f, 1, 0);
	sack(&f, 1, 0);
	KUNIT_EXPECT_EQ(test, sends(&f), 2U);
	f.sacked += MSS;
	f.lost += MSS;
	KUNIT_EXPECT_EQ(test, tell_ack(&f, &a), (u32)RILL_DO_ENTERED);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
}

/* LOSS-3M, CC-13M: losses of the next window are another episode */
static void rill_recov_ack__next_window_cuts_again(struct kunit *test)
{
	struct rill_recov_ack a = { .moved = true, .newly_lost = MSS };
	struct flow f;
	u32 ssthresh;

	begin(&f);
	sack(&f, 3, 1);
	sends(&f);
	ssthresh = f.c.ssthresh;
	f.nxt = DATA(16);
	a.c.flight = 5 * MSS;
	a.c.acked = 7 * MSS;
	f.sacked = 3 * MSS;
	f.una = DATA(10);
	f.lost = MSS;
	KUNIT_EXPECT_EQ(test, tell_ack(&f, &a), (u32)(RILL_DO_RECOVERED | RILL_DO_ENTERED));
	KUNIT_EXPECT_LT(test, f.c.ssthresh, ssthresh);
	KUNIT_EXPECT_EQ(test, f.r.recover, DATA(16));
}

/* C42: "recover" does not come to lie ahead after 2^31 bytes */
static void rill_recov_ack__drags_recover_along(struct kunit *test)
{
	struct flow f;
	int i;

	begin(&f);
	for (i = 0; i < 5; i++) {
		f.nxt = f.una + 0x30000000;
		ack_to(&f, f.nxt, 0, 0);
	}
	rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3);
	rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3);
	KUNIT_EXPECT_TRUE(test, rill_recov_dupack(&f.r, 10 * MSS, MSS, f.una, 3));
}

/* C42, CUB-10O: all that was resent was reported twice: the cut was for nothing */
static void rill_recov_dsack__undoes(struct kunit *test)
{
	struct flow f;

	begin(&f);
	sack(&f, 3, 1);
	KUNIT_EXPECT_GE(test, sends(&f), 1U);
	KUNIT_EXPECT_EQ(test, f.r.undo_len, 1U * MSS);
	rill_recov_dsack(&f.r, DATA(0), DATA(1));
	KUNIT_EXPECT_TRUE(test, ack_to(&f, DATA(4), 3, 0) & RILL_DO_UNDONE);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, RILL_SSTHRESH_INFINITE);
}

/* It may come after the episode */
static void rill_recov_dsack__late(struct kunit *test)
{
	struct flow f;

	begin(&f);
	sack(&f, 3, 1);
	sends(&f);
	ack_to(&f, DATA(10), 3, 0);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
	KUNIT_EXPECT_LT(test, f.c.cwnd, 10U * MSS);
	rill_recov_dsack(&f.r, DATA(0), DATA(1));
	KUNIT_EXPECT_TRUE(test, ack_to(&f, DATA(11), 0, 0) & RILL_DO_UNDONE);
	KUNIT_EXPECT_GE(test, f.c.cwnd, 10U * MSS);
}

/* What the network doubled, or some of it only, undoes nothing */
static void rill_recov_dsack__others(struct kunit *test)
{
	struct flow f;

	begin(&f);
	sack(&f, 3, 2);
	f.c.cwnd = pipe_of(&f) + 2 * MSS;
	sends(&f);
	KUNIT_EXPECT_EQ(test, f.r.undo_len, 2U * MSS);
	rill_recov_dsack(&f.r, DATA(0), DATA(1));
	rill_recov_dsack(&f.r, DATA(10), DATA(11));
	rill_recov_dsack(&f.r, DATA(-1), DATA(0));
	KUNIT_EXPECT_FALSE(test, ack_to(&f, DATA(10), 3, 0) & RILL_DO_UNDONE);
}

/* RFC 4015: the timestamp says that the first copy arrived */
static void rill_recov_ack__original(struct kunit *test)
{
	struct rill_recov_ack a = { .moved = true, .original = true };
	struct flow f;

	begin(&f);
	sack(&f, 3, 1);
	sends(&f);
	f.una = DATA(4);
	f.sacked = 0;
	KUNIT_EXPECT_TRUE(test, tell_ack(&f, &a) & RILL_DO_UNDONE);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
}

/* C42: what an earlier episode resent is no proof against this one */
static void rill_recov_ack__resent_before(struct kunit *test)
{
	struct rill_recov_ack a = { .moved = true, .newly_lost = MSS, .again = MSS };
	struct flow f;
	u32 stamp;

	begin(&f);
	sack(&f, 3, 1);
	sends(&f);
	stamp = f.r.stamp_ms;
	/* passed, with a resend of new data in flight, and another loss above it */
	f.nxt = DATA(16);
	f.una = DATA(10);
	f.lost = MSS;
	f.now += 30000;
	tell_ack(&f, &a);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_FAST);
	sends(&f);
	KUNIT_EXPECT_EQ(test, f.r.stamp_ms, stamp);
	/* a DSACK for the one leaves the other */
	KUNIT_EXPECT_EQ(test, f.r.undo_len, 2U * MSS);
	rill_recov_dsack(&f.r, DATA(11), DATA(12));
	KUNIT_EXPECT_FALSE(test, ack_to(&f, DATA(12), 0, 0) & RILL_DO_UNDONE);
}

/* CC-5M, C41 */
static void rill_recov_rto__one_segment(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rto(&f);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_LOSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, (u32)MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.recover, DATA(10));
	KUNIT_EXPECT_EQ(test, f.r.prior_cwnd, 10U * MSS);
	KUNIT_EXPECT_EQ(test, sends(&f), 1U);
}

/* RACK-8I: what may still arrive counts */
static void rill_recov_rto__above_the_pipe(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rill_recov_rto(&f.r, &f.c, f.una, f.nxt, 3 * MSS, 0, true, f.now);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 4U * MSS);
}

/* CC-5M: further timeouts of the same segment leave ssthresh */
static void rill_recov_rto__again(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rto(&f);
	sends(&f);
	rto(&f);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, (u32)MSS);
	KUNIT_EXPECT_EQ(test, f.r.prior_cwnd, 10U * MSS);
	KUNIT_EXPECT_TRUE(test, f.r.frto);
}

/* CC-13M: the timeout of another segment cuts again, and never raises */
static void rill_recov_rto__of_another_segment(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rto(&f);
	f.r.frto = 0;
	ack_to(&f, DATA(4), 0, 4);
	rto(&f);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 3U * MSS);

	ack_to(&f, DATA(5), 0, 1);
	f.nxt = DATA(40);
	rto(&f);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 3U * MSS);
}

/* CC-5M, FRTO-3S: a timeout ends fast recovery, an undo knows the first window */
static void rill_recov_rto__in_fast_recovery(struct kunit *test)
{
	struct flow f;

	begin(&f);
	sack(&f, 3, 1);
	sends(&f);
	rto(&f);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_LOSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, (u32)MSS);
	KUNIT_EXPECT_EQ(test, f.r.prior_cwnd, 10U * MSS);
	KUNIT_EXPECT_FALSE(test, f.r.frto);
}

/* MUST-19, LOSS-3M: slow start until what was outstanding is acknowledged */
static void rill_recov_ack__slow_start_after_loss(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rto(&f);
	f.r.frto = 0;
	KUNIT_EXPECT_EQ(test, sends(&f), 1U);
	ack_to(&f, DATA(1), 0, 0);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 2U * MSS);
	KUNIT_EXPECT_EQ(test, sends(&f), 2U);
	ack_to(&f, DATA(3), 0, 0);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 4U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_LOSS);
	sends(&f);
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(10), 0, f.lost / MSS), (u32)RILL_DO_RECOVERED);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
}

/* FRTO-1O, FRTO-2M: new data first, and an ACK of what was sent once undoes */
static void rill_recov_ack__frto_spurious(struct kunit *test)
{
	struct rill_recov_ack a = { .moved = true, .new_data = true };
	struct flow f;

	begin(&f);
	rto(&f);
	KUNIT_EXPECT_EQ(test, sends(&f), 1U);
	/* the ACK of the first, late: step 2b */
	f.una = DATA(1);
	a.c.acked = MSS;
	tell_ack(&f, &a);
	KUNIT_EXPECT_TRUE(test, f.r.new_first);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 2U * MSS);
	f.nxt = DATA(12);
	/* step 3b */
	a.fresh = true;
	f.una = DATA(2);
	f.lost = 0;
	KUNIT_EXPECT_TRUE(test, tell_ack(&f, &a) & RILL_DO_UNDONE);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, RILL_SSTHRESH_INFINITE);
}

/* LOSS-4S: the timeout was early, and yet two segments are missing */
static void rill_recov_relapse__sends_the_holes(struct kunit *test)
{
	struct rill_recov_ack a = { .moved = true, .fresh = true, .c.acked = 8 * MSS };
	struct flow f;

	begin(&f);
	rto(&f);
	KUNIT_EXPECT_EQ(test, sends(&f), 1U);
	f.una = DATA(1);
	f.sacked = 7 * MSS;
	f.lost = 2 * MSS;
	KUNIT_EXPECT_TRUE(test, tell_ack(&f, &a) & RILL_DO_RESTORE);
	a.pipe = pipe_of(&f);
	a.lost = f.lost;
	a.newly_lost = f.lost;
	KUNIT_EXPECT_EQ(test, rill_recov_relapse(&f.r, &f.c, &a), (u32)RILL_DO_ENTERED);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_FAST);
	KUNIT_EXPECT_GE(test, sends(&f), 2U);
}

/* FRTO-2M: the new data arrived, nothing else: the loss was real */
static void rill_recov_ack__frto_real(struct kunit *test)
{
	struct rill_recov_ack a = { .moved = true, .new_data = true, .c.acked = MSS };
	struct flow f;

	begin(&f);
	rto(&f);
	sends(&f);
	f.una = DATA(1);
	tell_ack(&f, &a);
	KUNIT_EXPECT_TRUE(test, f.r.new_first);
	f.nxt = DATA(12);
	sack(&f, 1, 0);
	KUNIT_EXPECT_FALSE(test, f.r.frto);
	KUNIT_EXPECT_FALSE(test, f.r.new_first);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_LOSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
}

/* FRTO-1O: without new data it is conventional recovery */
static void rill_recov_ack__frto_without_new_data(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rto(&f);
	sends(&f);
	ack_to(&f, DATA(1), 0, 0);
	KUNIT_EXPECT_FALSE(test, f.r.frto);
	KUNIT_EXPECT_FALSE(test, f.r.new_first);
}

/* ECN-4I, C61: once a window, nothing is sent again, and cwnd ends at ssthresh */
static void rill_recov_ece__once_a_window(struct kunit *test)
{
	struct flow f;

	begin(&f);
	KUNIT_EXPECT_TRUE(test, rill_recov_ece(&f.r, &f.c, f.una, f.nxt, 10 * MSS, f.now));
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_CWR);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
	KUNIT_EXPECT_FALSE(test, rill_recov_ece(&f.r, &f.c, f.una, f.nxt, 10 * MSS, f.now));
	ack_to(&f, DATA(2), 0, 0);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_CWR);
	/* the last ACK of that window: no CWR has reached the peer yet */
	f.nxt = DATA(15);
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(10), 0, 0), 0U);
	KUNIT_EXPECT_FALSE(test, rill_recov_ece(&f.r, &f.c, f.una, f.nxt, 5 * MSS, f.now));
	KUNIT_EXPECT_EQ(test, ack_to(&f, DATA(11), 0, 0), (u32)RILL_DO_RECOVERED);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 5U * MSS);
	KUNIT_EXPECT_TRUE(test, rill_recov_ece(&f.r, &f.c, f.una, f.nxt, 5 * MSS, f.now));
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 2500U);
}

static u32 ece_ssthresh(struct rill_cong *c, u32 flight)
{
	return flight - MSS;
}

/* RFC 8257, 3.3: an algorithm may think less of an echo than of a loss */
static void rill_recov_ece__asks_the_algorithm(struct kunit *test)
{
	struct rill_cong_ops ops = rill_cong_reno;
	struct flow f;

	ops.ece_ssthresh = ece_ssthresh;
	begin(&f);
	f.c.ops = &ops;
	KUNIT_EXPECT_TRUE(test, rill_recov_ece(&f.r, &f.c, f.una, f.nxt, 10 * MSS, f.now));
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 9U * MSS);
}

/* ECN-4I: a loss in that window does not cut again */
static void rill_recov_ece__then_loss(struct kunit *test)
{
	struct flow f;

	begin(&f);
	rill_recov_ece(&f.r, &f.c, f.una, f.nxt, 10 * MSS, f.now);
	KUNIT_EXPECT_EQ(test, sack(&f, 3, 1), (u32)RILL_DO_ENTERED);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_FAST);
}

/* TLP-4M: what a probe mended was a loss */
static void rill_recov_probed__counts(struct kunit *test)
{
	struct flow f;

	begin(&f);
	KUNIT_EXPECT_TRUE(test, rill_recov_probed(&f.r, &f.c, f.una, f.nxt, 10 * MSS, f.now));
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 5U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 5U * MSS);
	sack(&f, 3, 1);
	KUNIT_EXPECT_FALSE(test, rill_recov_probed(&f.r, &f.c, f.una, f.nxt, 5 * MSS, f.now));
}

struct heard {
	u8 events[8];
	u8 n;
};

static struct heard heard;

static void hear(struct rill_cong *c, enum rill_cong_event event, u64 now_us)
{
	if (heard.n < sizeof(heard.events))
		heard.events[heard.n++] = event;
}

/* C60: an algorithm hears of what happens to its window, in order */
static void rill_recov__tells_the_algorithm(struct kunit *test)
{
	struct rill_cong_ops ops = rill_cong_reno;
	struct flow f;

	memset(&heard, 0, sizeof(heard));
	ops.event = hear;
	begin(&f);
	f.c.ops = &ops;
	sack(&f, 3, 1);
	sends(&f);
	ack_to(&f, DATA(10), 3, 0);
	f.nxt = DATA(12);
	rto(&f);
	KUNIT_ASSERT_EQ(test, heard.n, 3);
	KUNIT_EXPECT_EQ(test, heard.events[0], RILL_CONG_REDUCED);
	KUNIT_EXPECT_EQ(test, heard.events[1], RILL_CONG_RECOVERED);
	KUNIT_EXPECT_EQ(test, heard.events[2], RILL_CONG_RTO);
}

/* CC-14S, PMTU-8M: resent, with the window as it is, and then on as before */
static void rill_recov_too_big__no_congestion(struct kunit *test)
{
	struct flow f;

	begin(&f);
	f.lost = 10 * MSS;
	rill_recov_too_big(&f.r, &f.c, f.nxt);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10U * MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, RILL_SSTHRESH_INFINITE);
	ack_to(&f, DATA(5), 0, 5);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_LOSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, RILL_SSTHRESH_INFINITE);
	KUNIT_EXPECT_GE(test, f.c.cwnd, 10U * MSS);
	ack_to(&f, DATA(10), 0, 5);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, RILL_SSTHRESH_INFINITE);
}

/* A cut that is under way is done at once, and for good. */
static void rill_recov_too_big__ends_a_reduction(struct kunit *test)
{
	struct flow f;

	begin(&f);
	sack(&f, 3, 1);
	KUNIT_ASSERT_EQ(test, f.r.state, RILL_RECOV_FAST);
	rill_recov_too_big(&f.r, &f.c, f.nxt);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_LOSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, f.c.ssthresh);
	rill_recov_dsack(&f.r, DATA(0), DATA(1));
	ack_to(&f, DATA(10), 3, 1);
	KUNIT_EXPECT_EQ(test, f.r.state, RILL_RECOV_OPEN);
	KUNIT_EXPECT_LT(test, f.c.ssthresh, 10U * MSS);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(rill_recov_init__is_open),
	KUNIT_CASE(rill_recov_dupack__limited_transmit),
	KUNIT_CASE(rill_recov_dupack__third),
	KUNIT_CASE(rill_recov_dupack__bounded),
	KUNIT_CASE(rill_recov_dupack__not_below_recover),
	KUNIT_CASE(rill_recov_dupack__not_in_loss),
	KUNIT_CASE(rill_recov_cumulative__eats_duplicates),
	KUNIT_CASE(rill_recov_ack__grows),
	KUNIT_CASE(rill_recov_ack__not_when_unused),
	KUNIT_CASE(rill_recov_ack__disorder),
	KUNIT_CASE(rill_recov_ack__enters),
	KUNIT_CASE(rill_recov_ack__proportional),
	KUNIT_CASE(rill_recov_ack__heavy_loss),
	KUNIT_CASE(rill_recov_ack__timer_in_recovery),
	KUNIT_CASE(rill_recov_ack__limited_transmit),
	KUNIT_CASE(rill_recov_ece__nothing_outstanding),
	KUNIT_CASE(rill_recov_ack__next_window_cuts_again),
	KUNIT_CASE(rill_recov_ack__drags_recover_along),
	KUNIT_CASE(rill_recov_ack__original),
	KUNIT_CASE(rill_recov_ack__resent_before),
	KUNIT_CASE(rill_recov_ack__slow_start_after_loss),
	KUNIT_CASE(rill_recov_ack__frto_spurious),
	KUNIT_CASE(rill_recov_ack__frto_real),
	KUNIT_CASE(rill_recov_ack__frto_without_new_data),
	KUNIT_CASE(rill_recov_relapse__sends_the_holes),
	KUNIT_CASE(rill_recov_dsack__undoes),
	KUNIT_CASE(rill_recov_dsack__late),
	KUNIT_CASE(rill_recov_dsack__others),
	KUNIT_CASE(rill_recov_ece__once_a_window),
	KUNIT_CASE(rill_recov_ece__asks_the_algorithm),
	KUNIT_CASE(rill_recov_ece__then_loss),
	KUNIT_CASE(rill_recov_probed__counts),
	KUNIT_CASE(rill_recov_rto__one_segment),
	KUNIT_CASE(rill_recov_rto__above_the_pipe),
	KUNIT_CASE(rill_recov_rto__again),
	KUNIT_CASE(rill_recov_rto__of_another_segment),
	KUNIT_CASE(rill_recov_rto__in_fast_recovery),
	KUNIT_CASE(rill_recov_too_big__no_congestion),
	KUNIT_CASE(rill_recov_too_big__ends_a_reduction),
	KUNIT_CASE(rill_recov__tells_the_algorithm),
	{}
};

static struct kunit_suite suite = {
	.name = "rill-recov",
	.test_cases = cases,
};

kunit_test_suite(suite);
