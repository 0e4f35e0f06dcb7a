/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state machine: RFC 9293, 3.3.2 (figure 5) and 3.10.
 */
#ifndef _RILL_CORE_STATE_H
#define _RILL_CORE_STATE_H

#include "types.h"

/**
 * enum rill_state - the states of a connection
 * @RILL_ESTABLISHED: open in both directions
 * @RILL_SYN_SENT: active open, SYN sent
 * @RILL_SYN_RECV: SYN received and answered
 * @RILL_FIN_WAIT_1: we closed; our FIN is not acknowledged
 * @RILL_FIN_WAIT_2: our FIN is acknowledged; the peer's is to come
 * @RILL_TIME_WAIT: both FINs are acknowledged; waiting for 2 MSL
 * @RILL_CLOSED: no connection
 * @RILL_CLOSE_WAIT: the peer closed; we may still send
 * @RILL_LAST_ACK: the peer closed, then we; our FIN is not acknowledged
 * @RILL_LISTEN: passive open
 * @RILL_CLOSING: both closed at once; our FIN is not acknowledged
 * @RILL_STATES: one more than the last state
 *
 * The numbers are those of <net/tcp_states.h>, which sk_state and programs use.
 */
enum rill_state {
	RILL_ESTABLISHED = 1,
	RILL_SYN_SENT,
	RILL_SYN_RECV,
	RILL_FIN_WAIT_1,
	RILL_FIN_WAIT_2,
	RILL_TIME_WAIT,
	RILL_CLOSED,
	RILL_CLOSE_WAIT,
	RILL_LAST_ACK,
	RILL_LISTEN,
	RILL_CLOSING,
	RILL_STATES
};

/**
 * enum rill_event - what may move a connection to another state
 * @RILL_EV_PASSIVE_OPEN: listen()
 * @RILL_EV_ACTIVE_OPEN: connect()
 * @RILL_EV_CLOSE: close() or shutdown(SHUT_WR): a FIN is to be sent
 * @RILL_EV_ABORT: RST sent, user timeout, or state deleted
 * @RILL_EV_RCV_SYN: SYN without ACK: a passive open's child, or a simultaneous
 *	open
 * @RILL_EV_RCV_SYNACK: SYN,ACK that acknowledges our SYN
 * @RILL_EV_RCV_ACK_OF_SYN: ACK of our SYN, without SYN
 * @RILL_EV_RCV_FIN: FIN, all data before it received
 * @RILL_EV_RCV_ACK_OF_FIN: ACK of our FIN
 * @RILL_EV_RCV_RST: RST that is acceptable (RFC 5961, 3.2)
 * @RILL_EV_TIMEOUT_2MSL: 2 MSL passed in TIME_WAIT, or fin_timeout passed for an
 *	orphan in FIN_WAIT_2
 * @RILL_EVENTS: one more than the last event
 */
enum rill_event {
	RILL_EV_PASSIVE_OPEN,
	RILL_EV_ACTIVE_OPEN,
	RILL_EV_CLOSE,
	RILL_EV_ABORT,
	RILL_EV_RCV_SYN,
	RILL_EV_RCV_SYNACK,
	RILL_EV_RCV_ACK_OF_SYN,
	RILL_EV_RCV_FIN,
	RILL_EV_RCV_ACK_OF_FIN,
	RILL_EV_RCV_RST,
	RILL_EV_TIMEOUT_2MSL,
	RILL_EVENTS
};

/**
 * rill_state_next() - where an event leads
 * @state: the state a connection is in
 * @event: what happened
 *
 * RFC 9293, 3.3.2 and 3.10. Context: any context, no locks.
 * Return: the next state, which is @state itself for an event that is legal
 * but moves nothing; -EINVAL for an event that cannot come in @state, or for
 * numbers that are no state or event.
 */
int rill_state_next(enum rill_state state, enum rill_event event);

/**
 * rill_state_name() - a state in words
 * @state: the state, or any number
 *
 * Context: any context, no locks.
 * Return: "ESTABLISHED" and so on; "?" for what is no state. Never NULL.
 */
const char *rill_state_name(unsigned int state);

/**
 * rill_event_name() - an event in words
 * @event: the event, or any number
 *
 * Context: any context, no locks.
 * Return: "PASSIVE_OPEN" and so on; "?" for what is no event. Never NULL.
 */
const char *rill_event_name(unsigned int event);

#endif /* _RILL_CORE_STATE_H */
