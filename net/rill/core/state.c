// SPDX-License-Identifier: GPL-2.0
/*
 * The state machine as a table, to be read beside RFC 9293, figure 5.
 *
 * A row for each state, a column for each event, and a cell for each pair:
 * where the event leads. A state that stands in its own row means that the
 * event is legal and moves nothing. A cell of dashes means that the event
 * cannot come in that state: something before the table refuses it.
 *
 * The figure leaves the exceptions to the text of 3.10; the notes above each
 * row say where. CLOSE is the program's FIN, by close() or shutdown(SHUT_WR).
 */
#include "state.h"

/* The names that fit into a column */
#define LISTEN		RILL_LISTEN
#define SYNSNT		RILL_SYN_SENT
#define SYNRCV		RILL_SYN_RECV
#define ESTABL		RILL_ESTABLISHED
#define FINWT1		RILL_FIN_WAIT_1
#define FINWT2		RILL_FIN_WAIT_2
#define CLOSNG		RILL_CLOSING
#define TIMEWT		RILL_TIME_WAIT
#define CLOSWT		RILL_CLOSE_WAIT
#define LSTACK		RILL_LAST_ACK
#define CLOSED		RILL_CLOSED
#define ______		0	/* no state has this number */

#define ROW(state, passive, active, close, abort,			\
	    syn, synack, ack_syn, fin, ack_fin, rst, msl)		\
	[RILL_##state] = {						\
		[RILL_EV_PASSIVE_OPEN]		= passive,		\
		[RILL_EV_ACTIVE_OPEN]		= active,		\
		[RILL_EV_CLOSE]			= close,		\
		[RILL_EV_ABORT]			= abort,		\
		[RILL_EV_RCV_SYN]		= syn,			\
		[RILL_EV_RCV_SYNACK]		= synack,		\
		[RILL_EV_RCV_ACK_OF_SYN]	= ack_syn,		\
		[RILL_EV_RCV_FIN]		= fin,			\
		[RILL_EV_RCV_ACK_OF_FIN]	= ack_fin,		\
		[RILL_EV_RCV_RST]		= rst,			\
		[RILL_EV_TIMEOUT_2MSL]		= msl,			\
	}

static const u8 next_state[RILL_STATES][RILL_EVENTS] = {
	/*  the program does this          | this arrives                                  | time
	 *  passiv  active  close   abort   SYN     SYN,ACK ACK     FIN     ACK     RST     2 MSL
	 *  open    open                                    of SYN          of FIN
	 */

	/* 3.10.1 opens. There is nothing to close, which is no error for close(). A
	 * segment is answered by RST before it comes here (3.10.7.1); what an RST or
	 * an abort would delete is gone already.
	 */
	ROW(CLOSED,
	    LISTEN, SYNSNT, CLOSED, CLOSED, ______, ______, ______, ______, ______, CLOSED, ______),

	/* listen() again changes the backlog only. connect() is EISCONN, although
	 * 3.10.1 would let it turn active. A SYN is the birth of a child, which takes
	 * this row's step while the listener stays. An ACK draws a RST, unless it
	 * bears a SYN cookie: then a child is born in SYN_RECV and takes that row's
	 * step. FIN is dropped, RST ignored (3.10.7.2; SM-6).
	 */
	ROW(LISTEN,
	    LISTEN, ______, CLOSED, CLOSED, SYNRCV, ______, ______, ______, ______, LISTEN, ______),

	/* Close deletes the state without a segment (3.10.4; SM-25). A SYN alone is
	 * a simultaneous open (figure 7; MUST-10). An ACK without SYN is dropped, and
	 * so is FIN, since SEG.SEQ cannot be checked (3.10.7.3).
	 */
	ROW(SYN_SENT,
	    ______, ______, CLOSED, CLOSED, SYNRCV, ESTABL, ______, ______, ______, CLOSED, ______),

	/* A repeated SYN is answered again (SYN cache) or challenged (RFC 5961, 4.2).
	 * SYN,ACK is the second half of a simultaneous open (figure 7). RST ends the
	 * attempt: the child of a listener vanishes and the listener stays, connect()
	 * fails with ECONNREFUSED (MUST-11). A FIN with the ACK of our SYN may be
	 * taken in one step.
	 */
	ROW(SYN_RECV,
	    ______, ______, FINWT1, CLOSED, SYNRCV, ESTABL, ESTABL, CLOSWT, ______, CLOSED, ______),

	/* A SYN draws a challenge ACK, here and in all rows below (RFC 5961, 4.2;
	 * BLIND-4M). The ACK of our SYN counts once; a later one is only old, here and
	 * below while our FIN is not acknowledged.
	 */
	ROW(ESTABLISHED,
	    ______, ______, FINWT1, CLOSED, ESTABL, ESTABL, ESTABL, CLOSWT, ______, CLOSED, ______),

	/* Entered from SYN_RECV too, so the ACK of our SYN may still come. A second
	 * close sends no second FIN, here and below (3.10.4). A FIN with the ACK of
	 * ours leads to TIME_WAIT in two steps, by way of FIN_WAIT_2.
	 */
	ROW(FIN_WAIT_1,
	    ______, ______, FINWT1, CLOSED, FINWT1, FINWT1, FINWT1, CLOSNG, FINWT2, CLOSED, ______),

	/* The timeout is that of an orphan (fin_timeout), which RFC 9293 does not
	 * have; while a program holds the socket there is none.
	 */
	ROW(FIN_WAIT_2,
	    ______, ______, FINWT2, CLOSED, FINWT2, FINWT2, ______, TIMEWT, FINWT2, CLOSED, CLOSED),

	/* Both closed at once (figure 13; SM-16). */
	ROW(CLOSING,
	    ______, ______, CLOSNG, CLOSED, CLOSNG, CLOSNG, CLOSNG, CLOSNG, TIMEWT, CLOSED, ______),

	/* A repeated FIN is acknowledged and restarts 2 MSL (3.10.7.4; SM-13). A SYN
	 * that may reuse the tuple (RFC 6191; TW-2S) is an ABORT here and then a
	 * LISTEN's affair; any other moves nothing. RST closes unless rfc1337 keeps it
	 * from coming here (RFC 1337; TW-1I).
	 */
	ROW(TIME_WAIT,
	    ______, ______, TIMEWT, CLOSED, TIMEWT, TIMEWT, ______, TIMEWT, TIMEWT, CLOSED, CLOSED),

	/* Lasts until the program closes, however long (C23). */
	ROW(CLOSE_WAIT,
	    ______, ______, LSTACK, CLOSED, CLOSWT, CLOSWT, CLOSWT, CLOSWT, ______, CLOSED, ______),

	/* The passive closer has no TIME_WAIT. */
	ROW(LAST_ACK,
	    ______, ______, LSTACK, CLOSED, LSTACK, LSTACK, LSTACK, LSTACK, CLOSED, CLOSED, ______),
};

int rill_state_next(enum rill_state state, enum rill_event event)
{
	u8 next;

	/* What is no state falls on row 0 or beyond: the same answer for both. */
	if ((unsigned int)state >= RILL_STATES || (unsigned int)event >= RILL_EVENTS)
		return -EINVAL;

	next = next_state[state][event];
	return next ? next : -EINVAL;
}

const char *rill_state_name(unsigned int state)
{
	static const char * const names[RILL_STATES] = {
		[RILL_ESTABLISHED]	= "ESTABLISHED",
		[RILL_SYN_SENT]		= "SYN_SENT",
		[RILL_SYN_RECV]		= "SYN_RECV",
		[RILL_FIN_WAIT_1]	= "FIN_WAIT_1",
		[RILL_FIN_WAIT_2]	= "FIN_WAIT_2",
		[RILL_TIME_WAIT]	= "TIME_WAIT",
		[RILL_CLOSED]		= "CLOSED",
		[RILL_CLOSE_WAIT]	= "CLOSE_WAIT",
		[RILL_LAST_ACK]		= "LAST_ACK",
		[RILL_LISTEN]		= "LISTEN",
		[RILL_CLOSING]		= "CLOSING",
	};

	return state < RILL_STATES && names[state] ? names[state] : "?";
}

const char *rill_event_name(unsigned int event)
{
	static const char * const names[RILL_EVENTS] = {
		[RILL_EV_PASSIVE_OPEN]		= "PASSIVE_OPEN",
		[RILL_EV_ACTIVE_OPEN]		= "ACTIVE_OPEN",
		[RILL_EV_CLOSE]			= "CLOSE",
		[RILL_EV_ABORT]			= "ABORT",
		[RILL_EV_RCV_SYN]		= "RCV_SYN",
		[RILL_EV_RCV_SYNACK]		= "RCV_SYNACK",
		[RILL_EV_RCV_ACK_OF_SYN]	= "RCV_ACK_OF_SYN",
		[RILL_EV_RCV_FIN]		= "RCV_FIN",
		[RILL_EV_RCV_ACK_OF_FIN]	= "RCV_ACK_OF_FIN",
		[RILL_EV_RCV_RST]		= "RCV_RST",
		[RILL_EV_TIMEOUT_2MSL]		= "TIMEOUT_2MSL",
	};

	return event < RILL_EVENTS ? names[event] : "?";
}
