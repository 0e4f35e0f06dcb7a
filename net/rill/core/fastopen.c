// SPDX-License-Identifier: GPL-2.0
/*
 * Fast open, RFC 7413: cookies, what a client remembers, and its pauses.
 */
#include "fastopen.h"

#define PAUSE_DOUBLINGS		6U
#define US_PER_S		1000000ULL

void rill_fo_read(const struct rill_opts *o, struct rill_fo_cookie *c)
{
	*c = RILL_FO_NO_COOKIE;
	if (!(o->present & RILL_OPT_FO))
		return;
	c->len = (s8)o->fo_len;
	c->exp = o->present & RILL_OPT_FO_EXP;
	memcpy(c->val, o->fo, o->fo_len);
}

bool rill_fo_write(const struct rill_fo_cookie *c, struct rill_opts *o)
{
	u8 before = o->present;

	if (c->len < 0)
		return false;
	o->present |= RILL_OPT_FO | (c->exp ? RILL_OPT_FO_EXP : 0);
	o->fo_len = (u8)c->len;
	o->fo = c->val;
	if (rill_opt_len(o) <= RILL_OPT_SPACE)
		return true;
	o->present = before;
	return false;
}

/* By which key was it made? RILL_FO_KEYS: by none of ours. */
static unsigned int key_of(const struct rill_fo_cookie *got, rill_fo_make make,
			   const void *client)
{
	u8 val[RILL_FO_COOKIE_LEN], differ;
	unsigned int key, i;

	if (got->len != RILL_FO_COOKIE_LEN)
		return RILL_FO_KEYS;
	for (key = 0; key < RILL_FO_KEYS && make(client, key, val); key++) {
		/* how long it takes tells a forger nothing */
		for (differ = 0, i = 0; i < sizeof(val); i++)
			differ |= val[i] ^ got->val[i];
		if (!differ)
			return key;
	}
	return RILL_FO_KEYS;
}

enum rill_fo_verdict rill_fo_serve(const struct rill_fo_cookie *got, bool exempt,
				   rill_fo_make make, const void *client,
				   struct rill_fo_cookie *reply)
{
	unsigned int key;

	*reply = RILL_FO_NO_COOKIE;
	if (exempt)
		return RILL_FO_OPEN;
	if (got->len < 0)
		return RILL_FO_PLAIN;
	key = key_of(got, make, client);
	if (!key)
		return RILL_FO_OPEN;
	if (make(client, 0, reply->val)) {
		reply->len = RILL_FO_COOKIE_LEN;
		reply->exp = got->exp;
	}
	if (key < RILL_FO_KEYS)
		return RILL_FO_RENEW;
	return got->len ? RILL_FO_REFUSE : RILL_FO_GRANT;
}

static struct rill_fo_entry *set_of(struct rill_fo_cache *cache, u32 saddr, u32 daddr)
{
	u32 h = cache->seed ^ daddr;

	h = (h ^ h >> 16) * 0x85ebca6bU;
	h = ((h ^ h >> 13) + saddr) * 0xc2b2ae35U;
	return cache->entry[(h ^ h >> 16) % RILL_FO_SETS];
}

static bool is_used(const struct rill_fo_entry *e)
{
	return e->saddr || e->daddr;
}

static struct rill_fo_entry *find(struct rill_fo_cache *cache, u32 saddr, u32 daddr)
{
	struct rill_fo_entry *set = set_of(cache, saddr, daddr);
	unsigned int i;

	for (i = 0; i < RILL_FO_WAYS; i++)
		if (is_used(&set[i]) && set[i].saddr == saddr && set[i].daddr == daddr)
			return &set[i];
	return NULL;
}

/* An entry for a server that has none: a free one, or the oldest of its set. */
static struct rill_fo_entry *make_way(struct rill_fo_cache *cache, u32 saddr, u32 daddr)
{
	struct rill_fo_entry *set = set_of(cache, saddr, daddr), *e = set;
	unsigned int i;

	for (i = 0; i < RILL_FO_WAYS && is_used(e); i++)
		if (!is_used(&set[i]) || set[i].age < e->age)
			e = &set[i];
	memset(e, 0, sizeof(*e));
	e->saddr = saddr;
	e->daddr = daddr;
	return e;
}

void rill_fo_recall(struct rill_fo_cache *cache, u32 saddr, u32 daddr, u64 now, u16 *mss,
		    struct rill_fo_cookie *c)
{
	struct rill_fo_entry *e = find(cache, saddr, daddr);

	memset(c, 0, sizeof(*c));
	if (!e)
		return;
	e->age = now;
	if (e->mss)
		*mss = e->mss;
	*c = e->cookie;
	if (!c->len && e->try_exp == 1)
		c->exp = true;
}

void rill_fo_learn(struct rill_fo_cache *cache, u32 saddr, u32 daddr, u64 now,
		   const struct rill_fo_lesson *l)
{
	struct rill_fo_entry *e = find(cache, saddr, daddr);
	bool denied = l->asked && !l->again && l->got.len < 0 && !l->data;
	u8 try_exp = denied ? (l->exp ? 2 : 1) : 0;

	if (!e)
		e = make_way(cache, saddr, daddr);
	e->age = now;
	if (l->mss)
		e->mss = l->mss;
	if (l->asked && l->got.len > 0)
		e->cookie = l->got;
	else if (try_exp > e->try_exp && !e->cookie.len)
		e->try_exp = try_exp;
}

bool rill_fo_paused(const struct rill_fo_pause *p, u32 timeout_s, u64 now_us)
{
	u64 pause = timeout_s * US_PER_S;

	if (!timeout_s || !p->times)
		return false;
	return now_us < p->at_us + (pause << min(p->times - 1, PAUSE_DOUBLINGS));
}
