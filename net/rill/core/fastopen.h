/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fast open, RFC 7413: what needs no socket of it. Cookies and who gets them,
 * what a client remembers of its servers, and when it gives fast open a rest.
 */
#ifndef _RILL_CORE_FASTOPEN_H
#define _RILL_CORE_FASTOPEN_H

#include "option.h"
#include "types.h"

/* Bits of the sysctl fastopen, as of tcp_fastopen */
#define RILL_FO_CLIENT			0x001
#define RILL_FO_SERVER			0x002
#define RILL_FO_CLIENT_NO_COOKIE	0x004	/* data goes without a cookie */
#define RILL_FO_SERVER_NO_COOKIE	0x200	/* data is taken without one */
#define RILL_FO_SERVER_ALL		0x400	/* listeners need not ask for it */

#define RILL_FO_KEY_LEN		16
#define RILL_FO_KEYS		2	/* the one in use, and its predecessor */
#define RILL_FO_COOKIE_LEN	8	/* of those that we make */

/**
 * struct rill_fo_cookie - a cookie, or the wish for one
 * @len: -1: nothing, 0: a request, else bytes of @val
 * @exp: in the experimental form of the option
 * @val: the cookie
 */
struct rill_fo_cookie {
	s8	len;
	bool	exp;
	u8	val[RILL_FO_COOKIE_MAX];
};

#define RILL_FO_NO_COOKIE	((struct rill_fo_cookie) { .len = -1 })

/**
 * rill_fo_read() - the cookie in a segment's options
 * @o: the options
 * @c: is filled
 *
 * Context: any context, no locks.
 */
void rill_fo_read(const struct rill_opts *o, struct rill_fo_cookie *c);

/**
 * rill_fo_write() - put a cookie among options that are to be sent
 * @c: the cookie; has to outlive @o
 * @o: the options; unchanged if it has no room, or @c is nothing
 *
 * Context: any context, no locks.
 * Return: whether the option is there.
 */
bool rill_fo_write(const struct rill_fo_cookie *c, struct rill_opts *o);

/**
 * typedef rill_fo_make - make the cookie of a client
 * @client: who, the caller's
 * @key: by which key, 0 is the one in use
 * @cookie: where it goes
 *
 * Return: whether there is such a key.
 */
typedef bool (*rill_fo_make)(const void *client, unsigned int key, u8 cookie[RILL_FO_COOKIE_LEN]);

/**
 * enum rill_fo_verdict - what a server does about a SYN
 * @RILL_FO_PLAIN: the handshake as ever
 * @RILL_FO_GRANT: likewise, and hand out a cookie
 * @RILL_FO_REFUSE: likewise, as the cookie is not ours
 * @RILL_FO_OPEN: the connection is open
 * @RILL_FO_RENEW: it is open, and the cookie was made by the old key: hand out
 *	a new one
 */
enum rill_fo_verdict {
	RILL_FO_PLAIN,
	RILL_FO_GRANT,
	RILL_FO_REFUSE,
	RILL_FO_OPEN,
	RILL_FO_RENEW,
};

/**
 * rill_fo_serve() - judge a SYN
 * @got: the cookie that it bears
 * @exempt: no cookie is needed
 * @make: makes cookies
 * @client: handed to @make
 * @reply: becomes what the SYN-ACK has to bear
 *
 * RFC 7413, 4.1.2. The answer speaks the form of the option that the SYN did.
 *
 * Context: any context, no locks.
 * Return: the verdict; whether the listener wants fast open at all, and has
 * room for it, was for the caller to ask.
 */
enum rill_fo_verdict rill_fo_serve(const struct rill_fo_cookie *got, bool exempt,
				   rill_fo_make make, const void *client,
				   struct rill_fo_cookie *reply);

#define RILL_FO_SETS	64
#define RILL_FO_WAYS	4

/**
 * struct rill_fo_entry - what a client knows of a server
 * @saddr: our address, 0 with @daddr for an entry that is free
 * @daddr: the server's
 * @age: when it was learned or used, in any unit
 * @mss: that it announced, 0: none yet
 * @try_exp: 1: the next request has the experimental form, 2: that was tried
 * @cookie: its cookie, if @cookie.len is positive
 */
struct rill_fo_entry {
	u32	saddr;
	u32	daddr;
	u64	age;
	u16	mss;
	u8	try_exp;
	struct rill_fo_cookie cookie;
};

/**
 * struct rill_fo_cache - all of them
 * @seed: of the hash, secret
 * @entry: sets; in a full one the oldest makes way
 */
struct rill_fo_cache {
	u32	seed;
	struct rill_fo_entry entry[RILL_FO_SETS][RILL_FO_WAYS];
};

/**
 * rill_fo_recall() - look a server up
 * @cache: the cache
 * @saddr: our address
 * @daddr: the server's
 * @now: the time
 * @mss: becomes the MSS that it announced; unchanged if that is not known
 * @c: becomes its cookie, or a request
 *
 * Context: any context; the caller serializes.
 */
void rill_fo_recall(struct rill_fo_cache *cache, u32 saddr, u32 daddr, u64 now, u16 *mss,
		    struct rill_fo_cookie *c);

/**
 * struct rill_fo_lesson - what the answer to a SYN taught
 * @got: the cookie that it bore
 * @mss: that it announced, 0: none
 * @asked: the first SYN had the option,
 * @exp: in the experimental form
 * @data: it had data
 * @again: the SYN was sent again
 */
struct rill_fo_lesson {
	struct rill_fo_cookie got;
	u16	mss;
	u8	asked:1,
		exp:1,
		data:1,
		again:1;
};

/**
 * rill_fo_learn() - remember it
 * @cache: the cache
 * @saddr: our address
 * @daddr: the server's
 * @now: the time
 * @l: the lesson
 *
 * RFC 7413, 4.1.3. A cookie that was not asked for does not count. Who answers
 * no request in one form of the option is asked in the other, once.
 *
 * Context: any context; the caller serializes.
 */
void rill_fo_learn(struct rill_fo_cache *cache, u32 saddr, u32 daddr, u64 now,
		   const struct rill_fo_lesson *l);

/**
 * struct rill_fo_pause - a path that swallows SYNs with data, or what follows
 * @times: how often that was suspected in a row
 * @at_us: when it was last
 */
struct rill_fo_pause {
	u32	times;
	u64	at_us;
};

/**
 * rill_fo_paused() - is fast open having a rest?
 * @p: the pause
 * @timeout_s: how long the first one lasts, seconds; 0: there are none
 * @now_us: the time
 *
 * Each one in a row lasts twice as long, up to 64 times.
 *
 * Context: any context, no locks.
 * Return: whether.
 */
bool rill_fo_paused(const struct rill_fo_pause *p, u32 timeout_s, u64 now_us);

/**
 * rill_fo_suspect() - does a timeout speak for such a path?
 * @timeouts: how many there were in a row before this one
 * @last: the connection is given up
 *
 * Context: any context, no locks.
 * Return: whether.
 */
static inline bool rill_fo_suspect(unsigned int timeouts, bool last)
{
	return timeouts == 2 || (timeouts < 2 && last);
}

#endif /* _RILL_CORE_FASTOPEN_H */
