/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SYN cookies: a handshake whose state travels with the peer.
 *
 * RFC 4987, 3.6 and appendix A. What a mini-socket would remember is put into
 * the initial sequence number of the SYN-ACK, and what does not fit there into
 * the low bits of its timestamp; the ACK brings both back.
 */
#ifndef _RILL_CORE_COOKIE_H
#define _RILL_CORE_COOKIE_H

#include "types.h"

#define RILL_COOKIE_PERIOD	60	/* seconds that a tick of the counter lasts */
#define RILL_COOKIE_PERIODS	2	/* ticks that a cookie is good for */
#define RILL_COOKIE_TIMELESS	U32_MAX	/* never a value of the counter */

/**
 * typedef rill_cookie_hash - a keyed hash, which nobody else can compute
 * @tuple: whose cookie it is: addresses and ports, the caller's
 * @isn: the peer's initial sequence number
 * @count: the counter, or RILL_COOKIE_TIMELESS
 *
 * Return: 32 bits that depend on all of them and on a secret.
 */
typedef u32 (*rill_cookie_hash)(const void *tuple, u32 isn, u32 count);

/**
 * struct rill_cookie_opts - options of a SYN that a timestamp can carry
 * @wscale: the peer's shift count, 0 to 14; 0 without @wscale_ok
 * @wscale_ok: window scaling is agreed
 * @sack_ok: SACK is agreed
 * @ecn_ok: ECN is agreed
 */
struct rill_cookie_opts {
	u8	wscale;
	bool	wscale_ok;
	bool	sack_ok;
	bool	ecn_ok;
};

/**
 * rill_cookie_make() - the initial sequence number that says it all
 * @hash: the keyed hash
 * @tuple: handed to @hash
 * @isn: the peer's initial sequence number
 * @count: the counter, which moves on every RILL_COOKIE_PERIOD
 * @mss: the peer's MSS, bytes; becomes what the cookie will say, which is no
 *	more than it was, or 48 (the least that any peer is sent)
 *
 * Two incarnations of a connection that the peer numbers upwards are numbered
 * upwards by us, since a cookie is a sum with @isn and time in it.
 *
 * Context: any context, no locks.
 * Return: the cookie.
 */
u32 rill_cookie_make(rill_cookie_hash hash, const void *tuple, u32 isn, u32 count, u16 *mss);

/**
 * rill_cookie_check() - is this a cookie of ours, and fresh?
 * @hash: the keyed hash
 * @tuple: handed to @hash
 * @isn: the peer's initial sequence number, SEG.SEQ - 1 of its ACK
 * @count: the counter now
 * @cookie: what the ACK brought, SEG.ACK - 1
 *
 * It is good for the rest of the tick that it was made in and the next ones,
 * RILL_COOKIE_PERIODS in all. A guess is right once in 2^28.
 *
 * Context: any context, no locks.
 * Return: the MSS that it carries, bytes, or 0.
 */
u16 rill_cookie_check(rill_cookie_hash hash, const void *tuple, u32 isn, u32 count, u32 cookie);

/**
 * rill_cookie_ts() - put options into a timestamp
 * @now: TSval as it would be, ms
 * @o: the options
 *
 * Context: any context, no locks.
 * Return: TSval to send: not after @now, and less than 2^7 ms before it, so
 * that timestamps that follow are never older.
 */
u32 rill_cookie_ts(u32 now, const struct rill_cookie_opts *o);

/**
 * rill_cookie_ts_read() - what rill_cookie_ts() put there
 * @tsecr: TSecr of the ACK
 * @o: is filled
 *
 * A peer that alters it gets other options than it offered, which harms only
 * itself; no value of it breaks a rule that @o has to obey.
 *
 * Context: any context, no locks.
 */
void rill_cookie_ts_read(u32 tsecr, struct rill_cookie_opts *o);

#endif /* _RILL_CORE_COOKIE_H */
