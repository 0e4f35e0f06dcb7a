// SPDX-License-Identifier: GPL-2.0
/*
 * TCP options: from bytes to a structure and back.
 */
#include "option.h"

/* Kinds and lengths as on the wire: RFC 9293, 3.2; RFC 7323; RFC 2018; RFC 2385 */
#define KIND_EOL		0
#define KIND_NOP		1
#define KIND_MSS		2
#define KIND_WSCALE		3
#define KIND_SACK_PERM		4
#define KIND_SACK		5
#define KIND_TS			8
#define KIND_FO			34	/* RFC 7413, 4.1.1 */
#define KIND_EXP		254	/* RFC 6994 */
#define KIND_MD5		19

#define LEN_MSS			4
#define LEN_WSCALE		3
#define LEN_SACK_PERM		2
#define LEN_SACK_BASE		2
#define LEN_SACK_BLOCK		8
#define LEN_TS			10
#define LEN_FO_BASE		2
#define LEN_EXP_FO_BASE		4
#define EXP_FO			0xf989	/* the experiment's name */
#define LEN_MD5			18

/* The first four bytes of an option that NOPs bring to alignment */
#define WORD(a, b, c, d)	((u32)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define WORD_TS			WORD(KIND_NOP, KIND_NOP, KIND_TS, LEN_TS)
#define WORD_SACK_PERM_TS	WORD(KIND_SACK_PERM, LEN_SACK_PERM, KIND_TS, LEN_TS)
#define WORD_MD5		WORD(KIND_NOP, KIND_NOP, KIND_MD5, LEN_MD5)
#define WORD_SACK_PERM		WORD(KIND_NOP, KIND_NOP, KIND_SACK_PERM, LEN_SACK_PERM)

static void parse_ts(const u8 *value, struct rill_opts *o)
{
	o->present |= RILL_OPT_TS;
	o->tsval = rill_get_be32(value);
	o->tsecr = rill_get_be32(value + 4);
}

/* Not on a SYN only, and any length of 1 to 4 blocks: RFC 2018, 3. */
static void parse_sack(const u8 *value, unsigned int size, struct rill_opts *o)
{
	unsigned int i, nr = size / LEN_SACK_BLOCK;

	if (!nr || size % LEN_SACK_BLOCK || nr > RILL_MAX_SACKS)
		return;

	o->present |= RILL_OPT_SACK;
	o->nr_sacks = nr;
	for (i = 0; i < nr; i++, value += LEN_SACK_BLOCK) {
		o->sack[i].start = rill_get_be32(value);
		o->sack[i].end = rill_get_be32(value + 4);
	}
}

/* TFO-2M: of odd length it is nothing, of a wrong even one no cookie. */
static void parse_fo(const u8 *value, unsigned int size, u8 present, struct rill_opts *o)
{
	if (size & 1)
		return;
	o->present &= ~(RILL_OPT_FO | RILL_OPT_FO_EXP);
	if (size && (size < RILL_FO_COOKIE_MIN || size > RILL_FO_COOKIE_MAX))
		return;
	o->present |= present;
	o->fo_len = size;
	o->fo = value;
}

/* MUST-65, WS-2M, SACK-1M: these count on a SYN only. */
static void parse_syn(const u8 *p, unsigned int len, struct rill_opts *o)
{
	u16 mss;

	if (p[0] == KIND_MSS && len == LEN_MSS) {
		mss = rill_get_be16(p + 2);
		if (!mss)
			return;
		o->present |= RILL_OPT_MSS;
		o->mss = mss;
	} else if (p[0] == KIND_WSCALE && len == LEN_WSCALE) {
		o->present |= RILL_OPT_WSCALE;
		o->wscale = min_t(u8, p[2], RILL_MAX_WSCALE);
	} else if (p[0] == KIND_SACK_PERM && len == LEN_SACK_PERM) {
		o->present |= RILL_OPT_SACK_PERM;
	} else if (p[0] == KIND_FO) {
		parse_fo(p + LEN_FO_BASE, len - LEN_FO_BASE, RILL_OPT_FO, o);
	} else if (p[0] == KIND_EXP && len >= LEN_EXP_FO_BASE && rill_get_be16(p + 2) == EXP_FO) {
		parse_fo(p + LEN_EXP_FO_BASE, len - LEN_EXP_FO_BASE, RILL_OPT_FO | RILL_OPT_FO_EXP,
			 o);
	}
}

/* One option of kind and length that are known to lie within the header. */
static void parse_one(const u8 *p, unsigned int len, bool syn, struct rill_opts *o)
{
	if (p[0] == KIND_TS) {
		if (len == LEN_TS)
			parse_ts(p + 2, o);
	} else if (p[0] == KIND_SACK) {
		parse_sack(p + LEN_SACK_BASE, len - LEN_SACK_BASE, o);
	} else if (p[0] == KIND_MD5) {
		if (len == LEN_MD5) {
			o->present |= RILL_OPT_MD5;
			o->md5 = p + 2;
		}
	} else if (syn) {
		parse_syn(p, len, o);
	}
}

int rill_opt_parse(const u8 *p, unsigned int len, bool syn, struct rill_opts *o)
{
	unsigned int size;

	o->present = 0;
	o->nr_sacks = 0;
	o->fo_len = 0;

	/* RFC 7323, appendix A: how nearly every segment with data looks. */
	if (len >= RILL_TS_ALIGNED && rill_get_be32(p) == WORD_TS) {
		parse_ts(p + 4, o);
		p += RILL_TS_ALIGNED;
		len -= RILL_TS_ALIGNED;
	}

	while (len) {
		if (p[0] == KIND_EOL)
			break;
		if (p[0] == KIND_NOP) {
			p++;
			len--;
			continue;
		}

		/* MUST-7; a kind that ends the header has no length at all. */
		if (len < 2)
			return -EINVAL;
		size = p[1];
		if (size < 2 || size > len)
			return -EINVAL;

		parse_one(p, size, syn, o);
		p += size;
		len -= size;
	}
	return 0;
}

/* What precedes the SACK blocks; SACK-permitted shares a word with the timestamps. */
static unsigned int len_before_sacks(const struct rill_opts *o)
{
	unsigned int len = 0;

	if (o->present & RILL_OPT_MD5)
		len += RILL_MD5_ALIGNED;
	if (o->present & RILL_OPT_MSS)
		len += 4;
	if (o->present & RILL_OPT_TS)
		len += RILL_TS_ALIGNED;
	else if (o->present & RILL_OPT_SACK_PERM)
		len += 4;
	if (o->present & RILL_OPT_WSCALE)
		len += 4;
	return len;
}

static unsigned int len_of_fo(const struct rill_opts *o)
{
	if (!(o->present & RILL_OPT_FO))
		return 0;
	return (o->fo_len + (o->present & RILL_OPT_FO_EXP ? LEN_EXP_FO_BASE : LEN_FO_BASE) + 3) &
	       ~3U;
}

/* SACK-4S: as many blocks as fit. */
static unsigned int sacks_that_fit(const struct rill_opts *o, unsigned int used)
{
	unsigned int nr = min_t(unsigned int, o->nr_sacks, RILL_MAX_SACKS);

	if (!(o->present & RILL_OPT_SACK))
		return 0;
	return min(nr, (RILL_OPT_SPACE - used - 4) / LEN_SACK_BLOCK);
}

unsigned int rill_opt_len(const struct rill_opts *o)
{
	unsigned int len = len_before_sacks(o) + len_of_fo(o);
	unsigned int nr = sacks_that_fit(o, len);

	return nr ? len + 4 + nr * LEN_SACK_BLOCK : len;
}

static u8 *write_word(u8 *p, u32 word)
{
	rill_put_be32(word, p);
	return p + 4;
}

static u8 *write_ts_and_sack_perm(u8 *p, const struct rill_opts *o)
{
	bool sack_perm = o->present & RILL_OPT_SACK_PERM;

	if (o->present & RILL_OPT_TS) {
		p = write_word(p, sack_perm ? WORD_SACK_PERM_TS : WORD_TS);
		p = write_word(p, o->tsval);
		return write_word(p, o->tsecr);
	}
	return sack_perm ? write_word(p, WORD_SACK_PERM) : p;
}

static u8 *write_sacks(u8 *p, const struct rill_opts *o, unsigned int nr)
{
	unsigned int i;

	if (!nr)
		return p;

	p = write_word(p, WORD(KIND_NOP, KIND_NOP, KIND_SACK,
			       LEN_SACK_BASE + nr * LEN_SACK_BLOCK));
	for (i = 0; i < nr; i++) {
		p = write_word(p, o->sack[i].start);
		p = write_word(p, o->sack[i].end);
	}
	return p;
}

static u8 *write_fo(u8 *p, const struct rill_opts *o)
{
	unsigned int pad = len_of_fo(o);

	if (!pad)
		return p;
	if (o->present & RILL_OPT_FO_EXP) {
		p = write_word(p, WORD(KIND_EXP, LEN_EXP_FO_BASE + o->fo_len, EXP_FO >> 8,
				       EXP_FO & 0xff));
		pad -= LEN_EXP_FO_BASE + o->fo_len;
	} else {
		*p++ = KIND_FO;
		*p++ = LEN_FO_BASE + o->fo_len;
		pad -= LEN_FO_BASE + o->fo_len;
	}
	if (o->fo_len)
		memcpy(p, o->fo, o->fo_len);
	p += o->fo_len;
	while (pad--)
		*p++ = KIND_NOP;
	return p;
}

unsigned int rill_opt_write(u8 *p, const struct rill_opts *o)
{
	u8 *begin = p;

	if (o->present & RILL_OPT_MD5) {
		p = write_word(p, WORD_MD5);
		memset(p, 0, RILL_MD5_ALIGNED - 4);
		p += RILL_MD5_ALIGNED - 4;
	}
	if (o->present & RILL_OPT_MSS)
		p = write_word(p, WORD(KIND_MSS, LEN_MSS, 0, 0) | o->mss);

	p = write_ts_and_sack_perm(p, o);

	if (o->present & RILL_OPT_WSCALE)
		p = write_word(p, WORD(KIND_NOP, KIND_WSCALE, LEN_WSCALE,
				       min_t(u8, o->wscale, RILL_MAX_WSCALE)));

	p = write_fo(p, o);
	p = write_sacks(p, o, sacks_that_fit(o, p - begin));
	return p - begin;
}
