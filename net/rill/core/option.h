/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP options: from bytes to a structure and back.
 *
 * RFC 9293, 3.1 and 3.2 (EOL, NOP, MSS), RFC 7323 (window scale, timestamps),
 * RFC 2018 and RFC 2883 (SACK), RFC 7413 (fast open).
 */
#ifndef _RILL_CORE_OPTION_H
#define _RILL_CORE_OPTION_H

#include "types.h"

/* Bits of rill_opts.present */
#define RILL_OPT_MSS		0x01
#define RILL_OPT_WSCALE		0x02
#define RILL_OPT_SACK_PERM	0x04
#define RILL_OPT_SACK		0x08
#define RILL_OPT_TS		0x10
#define RILL_OPT_MD5		0x80	/* RFC 2385 */
#define RILL_OPT_FO		0x20	/* fast open, RFC 7413 */
#define RILL_OPT_FO_EXP		0x40	/* in the form that experiments had */

#define RILL_MAX_SACKS		4
#define RILL_MAX_WSCALE		14	/* RFC 7323, 2.3 */
#define RILL_OPT_SPACE		40	/* data offset of 15, less the fixed 20 bytes */
#define RILL_TS_ALIGNED		12	/* NOP NOP TS */
#define RILL_FO_COOKIE_MIN	4	/* RFC 7413, 4.1.1 */
#define RILL_FO_COOKIE_MAX	16
#define RILL_MD5_ALIGNED	20	/* NOP NOP MD5 */
#define RILL_MD5_AT		4	/* where the digest is: the option comes first */

/**
 * struct rill_sack_block - one run of bytes that a receiver holds
 * @start: first sequence number, host order
 * @end: the sequence number after the last one, host order
 *
 * RFC 2018, 3. What comes from the network may be nonsense: nothing here
 * promises that @start is before @end.
 */
struct rill_sack_block {
	u32	start;
	u32	end;
};

/**
 * struct rill_opts - the options of one segment
 * @present: which of the members below count, RILL_OPT_*
 * @wscale: window shift count, 0 to 14
 * @nr_sacks: used entries of @sack
 * @fo_len: length of @fo, 0 for a request
 * @mss: maximum segment size, bytes
 * @tsval: TSval, the sender's clock
 * @tsecr: TSecr, the clock that the sender echoes
 * @sack: SACK blocks in the order of the wire
 * @fo: a cookie of fast open, which is not copied
 * @md5: when read, where the digest is: 16 bytes
 */
struct rill_opts {
	u8	present;
	u8	wscale;
	u8	nr_sacks;
	u8	fo_len;
	u16	mss;
	u32	tsval;
	u32	tsecr;
	struct rill_sack_block sack[RILL_MAX_SACKS];
	const u8 *fo;
	const u8 *md5;
};

/**
 * rill_opt_parse() - read the options of a segment
 * @p: the bytes after the fixed header, at any alignment (MUST-64)
 * @len: how many they are, 0 to 40
 * @syn: the segment is a SYN: MSS, window scale, SACK-permitted and fast open
 *	count only then (MUST-65, WS-2M, SACK-1M, TFO-2M)
 * @o: is filled; only what @present names is set, and @nr_sacks and @fo_len; may
 *	point into @p
 *
 * An unknown kind, and a known one with a length that is not its own, is
 * skipped by its length (MUST-6). Of an option that comes twice, the last one
 * counts. A shift count above 14 becomes 14 (WS-4M), an MSS of 0 is taken as
 * not sent. What follows EOL is not looked at.
 *
 * RFC 9293, 3.1 and 3.2. Context: any context, no locks.
 * Return: 0, or -EINVAL for a length of 0, 1 or beyond the header (MUST-7);
 * what stood before it is in @o.
 */
int rill_opt_parse(const u8 *p, unsigned int len, bool syn, struct rill_opts *o);

/**
 * rill_opt_plain() - has a segment the options that nearly all have?
 * @p: the bytes after the fixed header
 * @len: how many they are
 *
 * RFC 7323, appendix A. Context: any context, no locks.
 * Return: whether it has none but aligned timestamps.
 */
static inline bool rill_opt_plain(const u8 *p, unsigned int len)
{
	return !len || (len == RILL_TS_ALIGNED && rill_get_be32(p) == 0x0101080a);
}

/**
 * rill_opt_len() - how much room options take
 * @o: the options
 *
 * SACK blocks that do not fit with the others into 40 bytes are not counted.
 *
 * RFC 9293, 3.1. Context: any context, no locks.
 * Return: bytes, a multiple of 4, at most 40.
 */
unsigned int rill_opt_len(const struct rill_opts *o);

/**
 * rill_opt_write() - write options in wire format
 * @p: where to, at any alignment; rill_opt_len() bytes are written
 * @o: the options; of its SACK blocks as many as fit, from the first on
 *
 * Padding is NOP in front of an option (behind a cookie), never EOL, so that its
 * value is aligned and MUST-69 holds of itself. An MD5 digest is left zero.
 * Whether an option may be sent on this segment is the caller's business.
 *
 * RFC 9293, 3.1; RFC 7323, appendix A. Context: any context, no locks.
 * Return: bytes written, as rill_opt_len().
 */
unsigned int rill_opt_write(u8 *p, const struct rill_opts *o);

#endif /* _RILL_CORE_OPTION_H */
