// SPDX-License-Identifier: GPL-2.0
/* Segments that the peer sends, and those that it expects. */
#include "carry.h"
#include "lang.h"

enum {
	SEQ, ACK, LEN, WIN, WND, URG, TOS, TTL, MSS, WS, RES, DOFF, SIZE, ID, TSVAL, TSECR, NFIELD
};

static const char * const field_name[] = {
	"seq", "ack", "len", "win", "wnd", "urg", "tos", "ttl", "mss", "ws", "res", "doff", "size",
	"id",
};

/* A segment as the script writes it. */
struct text {
	uint8_t flags, with, without;	/* the last two about PSH */
	struct match f[NFIELD];
	bool sackok, no_sackok, no_sack, no_ts, stray, badcsum, any_data;
	int nsack;
	int64_t sack[4][2];
	const char *data;
	char lit[1500];
	int litlen;
	uint8_t opts[80];
	int optlen;
	bool has_raw;
	uint32_t from, to;
};

struct tun *sc_tun;
struct conn *cur;
static struct conn conns[64];
static int nconns;

/* ---- connections ---- */

/* The trace counts from the initial numbers of the connection. */
static void relative(const struct seg *s, char dir, uint32_t base[2])
{
	int i, port = dir == '>' ? s->dport : s->sport;

	for (i = nconns - 1; i >= 0; i--) {
		const struct peer *p = &conns[i].p;

		if (p->port == port) {
			base[0] = dir == '>' ? p->irs : p->iss;
			base[1] = dir == '>' ? p->iss : p->irs;
			return;
		}
	}
}

static struct conn *conn_add(const char *name, int port, int kport)
{
	struct conn *c = &conns[nconns];

	if (nconns == (int)ARRAY_SIZE(conns))
		BAD("too many connections");
	nconns++;
	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "%s", name);
	peer_init(&c->p, sc_tun, port, kport);
	c->snd_end = c->p.iss;
	return c;
}

void conn_init(void)
{
	wire_base = relative;
	sc_tun = peer_net();
	/* the udp wire is there once a socket uses it */
	if (carry_wire() == WIRE_UDP)
		OK(sk_bind(sk_new(), INADDR_ANY, 1));
	cur = conn_add("a", PPORT, 0);
}

/* conn NAME [port N] [kport N] [iss N]: from now on it is about this one. */
void conn_select(const struct line *l, int at)
{
	int i, port = PPORT, kport = 0;
	bool iss = false;
	int64_t v = 0;

	if (at >= l->n)
		BAD("conn wants a name");
	for (i = at + 1; i + 1 < l->n; i += 2) {
		int64_t x = expr(l->w[i + 1]);

		if (!strcmp(l->w[i], "port"))
			port = x;
		else if (!strcmp(l->w[i], "kport"))
			kport = x;
		else if (!strcmp(l->w[i], "iss"))
			iss = true, v = x;
		else
			BAD("conn: what is '%s'?", l->w[i]);
	}
	for (i = 0; i < nconns; i++)
		if (!strcmp(conns[i].name, l->w[at]))
			break;
	if (i == nconns || l->n > at + 1)
		cur = conn_add(l->w[at], port, kport);
	else
		cur = &conns[i];
	if (iss) {
		cur->p.iss = v;
		cur->p.snd_nxt = v;
		cur->snd_end = v;
	}
}

/* ---- the bytes of the streams ---- */

static struct literal {
	int dir, len;
	uint32_t at;
	char text[256];
} lits[64];
static int nlits;

void stream_literal(int dir, uint32_t at, const char *text, int len)
{
	struct literal *t = &lits[nlits];

	if (nlits == (int)ARRAY_SIZE(lits) || len > (int)sizeof(t->text))
		BAD("too many strings, or too long a one");
	nlits++;
	t->dir = dir;
	t->at = at;
	t->len = len;
	memcpy(t->text, text, len);
}

void stream_get(int dir, uint32_t at, uint8_t *buf, int len)
{
	int i, k;

	for (i = 0; i < len; i++) {
		uint32_t x = (at + i) * 2654435761u ^ (dir ? 0x5bd1e995 : 0);

		buf[i] = x >> 24 ^ x >> 13;
	}
	for (k = 0; k < nlits; k++) {
		const struct literal *t = &lits[k];

		for (i = 0; t->dir == dir && i < t->len; i++) {
			uint32_t off = t->at + i - at;

			if (off < (uint32_t)len)
				buf[off] = t->text[i];
		}
	}
}

int literal_of(const char *word, char *buf)
{
	int len = strlen(word + 1);

	if (*word != '"')
		return -1;
	memcpy(buf, word + 1, len);
	return len;
}

/* ---- reading a segment of the script ---- */

static void flags_of(struct text *t, const char *w)
{
	static const char letters[] = "FSRPAUEC";

	for (; *w; w++) {
		const char *p = strchr(letters, *w);

		if (p)
			t->flags |= 1 << (p - letters);
		else if (*w == 'p')
			t->without = F_PSH;
		else if (*w != '-' && *w != '.')
			BAD("'%c' is no flag", *w);
	}
	t->with = t->flags & F_PSH;
}

static void opt_bytes(struct text *t, const void *b, int len)
{
	if (t->optlen + len > (int)sizeof(t->opts))
		BAD("too many options");
	memcpy(t->opts + t->optlen, b, len);
	t->optlen += len;
}

static void opt_hex(struct text *t, const char *w)
{
	unsigned int b;

	t->has_raw = true;
	for (; w[0] && w[1]; w += 2) {
		uint8_t c;

		if (sscanf(w, "%2x", &b) != 1)
			BAD("'%s' is not hexadecimal", w);
		c = b;
		opt_bytes(t, &c, 1);
	}
}

static uint32_t addr_of(const char *w)
{
	struct in_addr a;

	if (!inet_aton(w, &a))
		BAD("'%s' is no address", w);
	return ntohl(a.s_addr);
}

/* The SACK blocks: as many words as hold "..". */
static int sack_of(struct text *t, const struct line *l, int i)
{
	if (i < l->n && !strcmp(l->w[i], "none")) {
		t->no_sack = true;
		return i + 1;
	}
	for (; i < l->n && strstr(l->w[i], ".."); i++) {
		char buf[64], *dots;

		if (t->nsack == 4)
			BAD("more than four SACK blocks");
		snprintf(buf, sizeof(buf), "%s", l->w[i]);
		dots = strstr(buf, "..");
		*dots = 0;
		t->sack[t->nsack][0] = expr(buf);
		t->sack[t->nsack++][1] = expr(dots + 2);
	}
	if (!t->nsack)
		BAD("sack wants blocks, as 1001..2001");
	return i;
}

/* ts VAL[/ECR], ts none, ts auto */
static void ts_of(struct text *t, const char *w)
{
	char buf[96], *slash;

	if (!strcmp(w, "none")) {
		t->no_ts = true;
		return;
	}
	snprintf(buf, sizeof(buf), "%s", strcmp(w, "auto") ? w : "$ts");
	slash = strchr(buf, '/');
	if (slash)
		*slash = 0;
	t->f[TSVAL] = match_of(buf);
	if (slash)
		t->f[TSECR] = match_of(slash + 1);
}

/* Options of a segment of ours, in the order in which they are written. */
static void option_out(struct text *t, const char *w)
{
	int i;

	if (!strcmp(w, "mss")) {
		opt_bytes(t, (uint8_t[]){ 2, 4, t->f[MSS].lo >> 8, t->f[MSS].lo }, 4);
	} else if (!strcmp(w, "ws")) {
		opt_bytes(t, (uint8_t[]){ 3, 3, t->f[WS].lo }, 3);
	} else if (!strcmp(w, "sackok")) {
		opt_bytes(t, (uint8_t[]){ 4, 2 }, 2);
	} else if (!strcmp(w, "nop")) {
		opt_bytes(t, (uint8_t[]){ 1 }, 1);
	} else if (!strcmp(w, "eol")) {
		opt_bytes(t, (uint8_t[]){ 0 }, 1);
	} else if (!strcmp(w, "ts") && t->f[TSVAL].set) {
		uint8_t b[10] = { 8, 10 };

		put32(b + 2, t->f[TSVAL].lo);
		put32(b + 6, t->f[TSECR].set ? t->f[TSECR].lo :
			     t->flags & F_ACK ? cur->p.tsrecent : 0);
		opt_bytes(t, b, 10);
	} else if (!strcmp(w, "sack") && t->nsack) {
		uint8_t b[34] = { 5, 2 + 8 * t->nsack };

		for (i = 0; i < t->nsack; i++) {
			put32(b + 2 + 8 * i, cur->p.irs + t->sack[i][0]);
			put32(b + 6 + 8 * i, cur->p.irs + t->sack[i][1]);
		}
		opt_bytes(t, b, 2 + 8 * t->nsack);
	}
}

static const struct {
	const char *name;
	int tos;
} ecn_names[] = { { "noect", 0 }, { "ect1", 1 }, { "ect0", 2 }, { "ce", 3 } };

/* One word that stands alone; false when it is none. */
static bool bare_word(struct text *t, const char *w)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ecn_names); i++) {
		if (!strcmp(w, ecn_names[i].name)) {
			t->f[TOS].set = true;
			t->f[TOS].lo = ecn_names[i].tos;
			t->f[TOS].hi = ecn_names[i].tos;
			return true;
		}
	}
	if (!strcmp(w, "sackok"))
		t->sackok = true;
	else if (!strcmp(w, "nosackok"))
		t->no_sackok = true;
	else if (!strcmp(w, "stray"))
		t->stray = true;
	else if (!strcmp(w, "badcsum"))
		t->badcsum = true;
	else if (!strcmp(w, "anydata"))
		t->any_data = true;
	else if (strcmp(w, "nop") && strcmp(w, "eol"))
		return false;
	return true;
}

static int word_with_value(struct text *t, const struct line *l, int i)
{
	const char *w = l->w[i], *v;
	size_t f;

	if (i + 1 >= l->n)
		BAD("what is '%s'?", w);
	v = l->w[i + 1];
	if (!strcmp(w, "sack"))
		return sack_of(t, l, i + 1);
	if (!strcmp(w, "ts")) {
		ts_of(t, v);
	} else if (!strcmp(w, "raw")) {
		opt_hex(t, v);
	} else if (!strcmp(w, "data")) {
		t->litlen = literal_of(v, t->lit);
		if (t->litlen < 0)
			BAD("data wants a \"string\"");
		t->data = t->lit;
	} else if (!strcmp(w, "from")) {
		t->from = addr_of(v);
	} else if (!strcmp(w, "to")) {
		t->to = addr_of(v);
	} else {
		for (f = 0; f < ARRAY_SIZE(field_name); f++)
			if (!strcmp(w, field_name[f]))
				break;
		if (f == ARRAY_SIZE(field_name))
			BAD("what is '%s'?", w);
		if (!strcmp(v, "none")) {
			t->f[f].set = true;
			t->f[f].lo = f == WS ? -1 : 0;
			t->f[f].hi = t->f[f].lo;
		} else {
			t->f[f] = match_of(v);
		}
	}
	return i + 2;
}

static void text_of(struct text *t, const struct line *l, int at, bool out)
{
	int i;

	memset(t, 0, sizeof(*t));
	if (at >= l->n)
		BAD("a segment wants flags");
	flags_of(t, l->w[at]);
	for (i = at + 1; i < l->n;) {
		const char *w = l->w[i];

		i = bare_word(t, w) ? i + 1 : word_with_value(t, l, i);
		if (out)
			option_out(t, w);
	}
}

/* ---- sending ---- */

/* Remembers what was sent, and moves the end of what has no gap. */
static void account(struct conn *c, uint32_t a, uint32_t b)
{
	int i;

	if (a == b)
		return;
	if (c->islands == (int)ARRAY_SIZE(c->island))
		BAD("too many islands");
	c->island[c->islands].a = a;
	c->island[c->islands++].b = b;
	for (i = 0; i < c->islands; i++) {
		if (seq_before(c->snd_end, c->island[i].a))
			continue;
		if (seq_before(c->snd_end, c->island[i].b))
			c->snd_end = c->island[i].b;
		c->island[i] = c->island[--c->islands];
		i = -1;
	}
	c->p.snd_nxt = c->snd_end;
}

static void agree(struct conn *c)
{
	bool both = c->ws_out >= 0 && c->ws_in >= 0;

	c->p.ws = c->ws_out;
	c->p.kws = both ? c->ws_in : 0;
	c->p.use_ts = c->ts_out && c->ts_in;
	c->p.ts = c->p.use_ts;
}

static void note_syn_out(struct conn *c, const struct text *t)
{
	c->ws_out = t->f[WS].set ? (t->f[WS].lo > 14 ? 14 : t->f[WS].lo) : -1;
	c->ts_out = t->f[TSVAL].set;
	agree(c);
}

/* A later timestamp than that of our clock puts it forward. */
static void clock_forward(const struct text *t)
{
	uint32_t ahead;

	if (!t->f[TSVAL].set || t->stray)
		return;
	ahead = t->f[TSVAL].lo - expr("$ts");
	if ((int32_t)ahead > 0)
		cur->ts_ahead += ahead;
}

static void auto_ts(struct text *t)
{
	if (!cur->p.use_ts || t->f[TSVAL].set || t->no_ts || t->flags & (F_SYN | F_RST))
		return;
	if (t->optlen > 28)
		BAD("no room for the timestamp; ts none leaves it out");
	memmove(t->opts + 12, t->opts, t->optlen);
	memcpy(t->opts, (uint8_t[]){ 1, 1, 8, 10 }, 4);
	put32(t->opts + 4, expr("$ts"));
	put32(t->opts + 8, t->flags & F_ACK ? cur->p.tsrecent : 0);
	t->optlen += 12;
}

static uint32_t number(const struct match *m, uint32_t base, uint32_t otherwise)
{
	if (!m->set)
		return otherwise;
	return m->raw ? m->lo : base + m->lo;
}

static uint16_t window_out(const struct text *t)
{
	if (t->f[WND].set)
		return t->f[WND].lo >> (cur->ws_out >= 0 && cur->ws_in >= 0 ? cur->ws_out : 0);
	if (t->f[WIN].set)
		cur->p.win = t->f[WIN].lo;
	return cur->p.win;
}

void segment_send(const struct line *l, int at)
{
	static uint8_t data[65536], buf[70000];
	struct peer *p = &cur->p;
	struct text t;
	struct spec s = { };

	text_of(&t, l, at, true);
	clock_forward(&t);
	auto_ts(&t);
	s.saddr = t.from ?: p->addr;
	s.daddr = t.to ?: p->kaddr;
	s.sport = p->port;
	s.dport = p->kport ?: KPORT;
	s.flags = t.flags;
	s.seq = number(&t.f[SEQ], p->iss, p->snd_nxt);
	s.ack = t.flags & F_ACK || t.f[ACK].set ? number(&t.f[ACK], p->irs, p->rcv_nxt) : 0;
	s.win = window_out(&t);
	s.urg = t.f[URG].lo;
	s.tos = t.f[TOS].lo;
	s.ttl = t.f[TTL].lo;
	s.res = t.f[RES].lo;
	s.doff = t.f[DOFF].lo;
	s.bad_csum = t.badcsum;
	s.opts = t.opts;
	s.optlen = t.optlen;
	s.len = t.data ? t.litlen : t.f[LEN].lo;
	s.data = data;
	if (s.len < 0 || s.len > 65000 || s.optlen > 40)
		BAD("a segment of %d bytes, %d of options", s.len, s.optlen);
	if (t.data)
		stream_literal(1, s.seq + !!(t.flags & F_SYN) - p->iss, t.data, t.litlen);
	stream_get(1, s.seq + !!(t.flags & F_SYN) - p->iss, data, s.len);
	if (t.flags & F_SYN)
		note_syn_out(cur, &t);
	if (!p->kport)
		p->kport = KPORT;
	tun_put(sc_tun, buf, seg_build(buf, &s));
	if (!t.stray && !t.badcsum && !(t.flags & F_RST))
		account(cur, s.seq, s.seq + s.len + !!(t.flags & F_SYN) + !!(t.flags & F_FIN));
	sc_last = now();
}

/* icmp TYPE/CODE [seq N] [mtu N] [from ADDRESS]: about a segment of the stack's. */
void segment_icmp(const struct line *l, int at)
{
	uint32_t seq = cur->p.rcv_nxt, mtu = 0, from = cur->p.addr;
	int type, code, i;

	if (at >= l->n || sscanf(l->w[at], "%d/%d", &type, &code) != 2)
		BAD("icmp wants TYPE/CODE");
	for (i = at + 1; i + 1 < l->n; i += 2) {
		struct match m;

		if (!strcmp(l->w[i], "seq")) {
			m = match_of(l->w[i + 1]);
			seq = number(&m, cur->p.irs, 0);
		} else if (!strcmp(l->w[i], "mtu")) {
			mtu = expr(l->w[i + 1]);
		} else if (!strcmp(l->w[i], "from")) {
			from = addr_of(l->w[i + 1]);
		} else {
			BAD("icmp: what is '%s'?", l->w[i]);
		}
	}
	peer_icmp(&cur->p, type, code, mtu, from, seq);
	sc_last = now();
}

/* ---- expecting ---- */

static char why[256];

#define NO(...) \
	do { \
		snprintf(why, sizeof(why), __VA_ARGS__); \
		return false; \
	} while (0)

static bool field_ok(const struct match *m, int64_t v, const char *what)
{
	if (!m->set || match_ok(m, v))
		return true;
	if (m->lo == m->hi)
		NO("%s is %lld, want %s%lld", what, (long long)v, m->not ? "not " : "",
		   (long long)m->lo);
	NO("%s is %lld, want %s%lld..%lld", what, (long long)v, m->not ? "not " : "",
	   (long long)m->lo, (long long)m->hi);
}

static bool number_ok(const struct match *m, uint32_t v, uint32_t base, const char *what)
{
	return field_ok(m, m->raw ? (int64_t)v : (int32_t)(v - base), what);
}

static bool flags_ok(const struct text *t, const struct seg *s)
{
	if ((s->flags | F_PSH) != (t->flags | F_PSH) || (t->with && !(s->flags & F_PSH)) ||
	    (s->flags & t->without))
		NO("flags are %s, want %s%s", flags_str(s->flags), flags_str(t->flags),
		   t->without ? " without P" : "");
	return true;
}

/* What is not said must be in order: the next number, an ACK of all that came. */
static bool numbers_ok(const struct text *t, const struct seg *s, const struct conn *c,
		       uint32_t expected)
{
	const struct peer *p = &c->p;

	if (t->f[SEQ].set) {
		if (!number_ok(&t->f[SEQ], s->seq, p->irs, "seq"))
			return false;
	} else if (c->any_seen && !(s->flags & F_RST) && s->seq != expected) {
		NO("seq is %d, want %d, which comes next", (int)(s->seq - p->irs),
		   (int)(expected - p->irs));
	}
	if (t->f[ACK].set)
		return number_ok(&t->f[ACK], s->ack, p->iss, "ack");
	if (s->flags & F_ACK && s->ack != c->snd_end)
		NO("ack is %d, want %d, the end of what was sent", (int)(s->ack - p->iss),
		   (int)(c->snd_end - p->iss));
	return true;
}

static bool data_ok(const struct text *t, const struct seg *s, const struct conn *c)
{
	static uint8_t want[65536];
	uint32_t at = s->seq - c->p.irs + !!(s->flags & F_SYN);
	int i;

	if (t->data) {
		if (s->len != t->litlen || memcmp(s->data, t->data, s->len))
			NO("data is '%.*s', want '%.*s'", s->len > 40 ? 40 : s->len,
			   (char *)s->data, t->litlen, t->data);
		return true;
	}
	if (t->f[LEN].set ? !field_ok(&t->f[LEN], s->len, "len") : s->len != 0) {
		if (!t->f[LEN].set)
			NO("len is %d, want 0", s->len);
		return false;
	}
	if (t->any_data || s->flags & F_RST)
		return true;
	stream_get(0, at, want, s->len);
	for (i = 0; i < s->len; i++)
		if (s->data[i] != want[i])
			NO("byte %u of the stream is %#x, want %#x", at + i, s->data[i], want[i]);
	return true;
}

static bool options_ok(const struct text *t, const struct seg *s, const struct conn *c)
{
	int i;

	if (!field_ok(&t->f[MSS], s->mss, "mss") || !field_ok(&t->f[WS], s->ws, "ws"))
		return false;
	if ((t->sackok && !s->sackok) || (t->no_sackok && s->sackok))
		NO("SACK is %spermitted", s->sackok ? "" : "not ");
	if ((t->f[TSVAL].set && !s->ts) || (t->no_ts && s->ts))
		NO("there is %s timestamp", s->ts ? "a" : "no");
	if (!field_ok(&t->f[TSVAL], s->tsval, "tsval") ||
	    !field_ok(&t->f[TSECR], s->tsecr, "tsecr"))
		return false;
	if ((t->nsack || t->no_sack) && s->nsack != t->nsack)
		NO("%d SACK blocks, want %d", s->nsack, t->nsack);
	for (i = 0; i < t->nsack; i++) {
		int a = s->sack[i][0] - c->p.iss, b = s->sack[i][1] - c->p.iss;

		if (a != t->sack[i][0] || b != t->sack[i][1])
			NO("SACK block %d is %d..%d, want %d..%d", i + 1, a, b,
			   (int)t->sack[i][0], (int)t->sack[i][1]);
	}
	if (t->has_raw && !memmem(s->opts, s->optlen, t->opts, t->optlen))
		NO("the options do not hold these bytes");
	return true;
}

static bool seg_ok(const struct text *t, const struct seg *s, const struct conn *c,
		   uint32_t expected)
{
	int shift = s->flags & F_SYN ? 0 : c->p.kws;

	return flags_ok(t, s) && numbers_ok(t, s, c, expected) && data_ok(t, s, c) &&
	       field_ok(&t->f[WIN], s->win, "win") &&
	       field_ok(&t->f[WND], (int64_t)s->win << shift, "wnd") &&
	       field_ok(&t->f[URG], s->urg, "urg") &&
	       field_ok(&t->f[TOS], t->f[TOS].hi < 4 ? s->tos & 3 : s->tos, "tos") &&
	       field_ok(&t->f[TTL], s->ttl, "ttl") &&
	       field_ok(&t->f[SIZE], s->iplen, "size") && field_ok(&t->f[ID], s->id, "id") &&
	       options_ok(t, s, c);
}

static struct seg *next_segment(uint32_t *expected, double limit)
{
	double left = (limit - now()) * 1000;
	uint32_t end;
	struct seg *s;

	*expected = cur->seen;
	s = peer_get(&cur->p, left > 0 ? (int)left + 1 : 0);
	if (!s)
		return NULL;
	if (s->flags & F_SYN) {
		cur->ws_in = s->ws;
		cur->ts_in = s->ts;
		agree(cur);
		if (!cur->any_seen)
			*expected = s->seq;
	}
	end = s->seq + s->len + !!(s->flags & F_SYN) + !!(s->flags & F_FIN);
	if (!(s->flags & F_RST) && (!cur->any_seen || seq_before(cur->seen, end)))
		cur->seen = end;
	if (!(s->flags & F_RST))
		cur->any_seen = true;
	return s;
}

static const char *name_of(const struct seg *s)
{
	static char buf[96];
	int n = sprintf(buf, "%s seq %d", flags_str(s->flags), (int)(s->seq - cur->p.irs));

	if (s->flags & F_ACK)
		n += sprintf(buf + n, " ack %d", (int)(s->ack - cur->p.iss));
	sprintf(buf + n, " len %d", s->len);
	return buf;
}

void segment_expect(const struct line *l, int at, const struct when *w, bool skip)
{
	double limit = when_limit(w);
	uint32_t expected;
	struct text t;
	struct seg *s;

	text_of(&t, l, at, false);
	if (t.flags & F_SYN && !(t.flags & F_ACK) && !cur->any_seen)
		cur->p.kport = 0;	/* learned from this one */
	for (;;) {
		s = next_segment(&expected, limit);
		if (!s)
			BAD("no %s within %.3f s%s%s", flags_str(t.flags), now() - sc_last,
			    *why ? "; the last one: " : "", why);
		if (seg_ok(&t, s, cur, expected))
			break;
		if (!skip)
			BAD("%s: %s", name_of(s), why);
		free(s->data);
		free(s);
	}
	*why = 0;
	when_check(w, s->t, "it");
	sc_last = s->t;
	free(s->data);
	free(s);
}

/* none TIME [all]: no segment comes, of this connection or of any */
void segment_none(const struct line *l, int at)
{
	double end;
	uint32_t expected;
	struct seg *s;

	if (at >= l->n)
		BAD("none wants a time");
	end = now() + duration(l->w[at]);
	if (at + 1 < l->n && !strcmp(l->w[at + 1], "all")) {
		sc_rest(end);
		if (sc_tun->n)
			BAD("%s came, want nothing", flags_str(sc_tun->q[0].flags));
		return;
	}
	s = next_segment(&expected, end);
	if (s)
		BAD("%s came %.3f s after the last event, want nothing", name_of(s),
		    s->t - sc_last);
}
