// SPDX-License-Identifier: GPL-2.0
/* Segments built and parsed by hand, and the trace shown with a failure. */
#include "carry.h"

#define TRACE	40

static struct {
	struct seg s;
	char dir;
} trace[TRACE];
static unsigned int traced;
void (*wire_base)(const struct seg *s, char dir, uint32_t base[2]);

uint16_t ip_sum(const void *data, int len, uint32_t start)
{
	const uint8_t *p = data;
	uint64_t sum = start;

	for (; len > 1; len -= 2, p += 2)
		sum += get16(p);
	if (len)
		sum += *p << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

int seg_build(uint8_t *b, const struct spec *s)
{
	int optlen = (s->optlen + 3) & ~3, hlen = 20 + optlen, tlen = hlen + s->len;
	uint8_t *t = carry_segment(b);
	uint16_t sum;

	memset(t, 0, hlen);
	put16(t, s->sport);
	put16(t + 2, s->dport);
	put32(t + 4, s->seq);
	put32(t + 8, s->ack);
	t[12] = (s->doff ?: hlen / 4) << 4 | s->res;
	t[13] = s->flags;
	put16(t + 14, s->win);
	put16(t + 18, s->urg);
	if (s->optlen)
		memcpy(t + 20, s->opts, s->optlen);
	if (s->len)
		memcpy(t + hlen, s->data, s->len);
	sum = ip_sum(t, tlen, carry_pseudo(s->saddr, s->daddr, tlen));
	put16(t + 16, s->bad_csum ? sum ^ 0x5555 : sum);
	return carry_build(b, s, tlen);
}

static void parse_opts(struct seg *s, const uint8_t *o, int len)
{
	int i;

	while (len > 0 && *o) {
		if (*o == 1) {
			o++;
			len--;
			continue;
		}
		if (len < 2 || o[1] < 2 || o[1] > len) {
			s->bad_opts = true;
			return;
		}
		if (o[0] == 2 && o[1] == 4) {
			s->mss = get16(o + 2);
		} else if (o[0] == 3 && o[1] == 3) {
			s->ws = o[2];
		} else if (o[0] == 4 && o[1] == 2) {
			s->sackok = true;
		} else if (o[0] == 8 && o[1] == 10) {
			s->ts = true;
			s->tsval = get32(o + 2);
			s->tsecr = get32(o + 6);
		} else if (o[0] == 5) {
			s->nsack = (o[1] - 2) / 8;
			if (s->nsack > 4)
				s->nsack = 4;
			for (i = 0; i < s->nsack; i++) {
				s->sack[i][0] = get32(o + 2 + 8 * i);
				s->sack[i][1] = get32(o + 6 + 8 * i);
			}
		}
		len -= o[1];
		o += o[1];
	}
	for (; len > 0; len--)		/* MUST-69: zeros follow EOL */
		if (*o++)
			s->bad_opts = true;
}

bool seg_parse(struct seg *s, const uint8_t *ip, int caplen)
{
	const uint8_t *t;
	int hlen, tlen;

	memset(s, 0, sizeof(*s));
	s->t = now();
	s->ws = -1;
	t = carry_parse(s, ip, caplen, &tlen);
	if (!t)
		return false;
	s->sport = get16(t);
	s->dport = get16(t + 2);
	s->seq = get32(t + 4);
	s->ack = get32(t + 8);
	hlen = (t[12] >> 4) * 4;
	s->res = t[12] & 15;
	s->flags = t[13];
	s->win = get16(t + 14);
	s->urg = get16(t + 18);
	s->csum_ok &= !ip_sum(t, tlen, carry_pseudo(s->saddr, s->daddr, tlen));
	if (hlen < 20 || hlen > tlen) {
		s->bad_opts = true;
		return true;
	}
	s->optlen = hlen - 20;
	memcpy(s->opts, t + 20, s->optlen);
	parse_opts(s, t + 20, hlen - 20);
	s->len = tlen - hlen;
	if (s->len) {
		s->data = malloc(s->len);
		if (!s->data)
			FAIL("out of memory");
		memcpy(s->data, t + hlen, s->len);
	}
	return true;
}

const char *flags_str(uint8_t f)
{
	static char buf[4][9];
	static int turn;
	char *b = buf[turn++ & 3], *p = b;
	int i;

	for (i = 0; i < 8; i++)
		if (f & 1 << i)
			*p++ = "FSRPAUEC"[i];
	*p = 0;
	return b;
}

void wire_trace(const struct seg *s, char dir)
{
	trace[traced % TRACE].s = *s;
	trace[traced++ % TRACE].dir = dir;
}

static void dump_one(const struct seg *s, char dir, double t0)
{
	uint32_t base[2] = { 0, 0 };
	char opt[256] = "";
	int i, n = 0;

	if (wire_base)
		wire_base(s, dir, base);
	if (s->mss)
		n += sprintf(opt + n, " mss %d", s->mss);
	if (s->ws >= 0)
		n += sprintf(opt + n, " ws %d", s->ws);
	if (s->sackok)
		n += sprintf(opt + n, " sackok");
	if (s->ts)
		n += sprintf(opt + n, " ts %u/%u", s->tsval, s->tsecr);
	for (i = 0; i < s->nsack; i++)
		n += sprintf(opt + n, "%s%u..%u", i ? " " : " sack ", s->sack[i][0] - base[1],
			     s->sack[i][1] - base[1]);
	if (s->flags & F_URG)
		n += sprintf(opt + n, " urg %u", s->urg);
	if (s->tos)
		sprintf(opt + n, " tos %#x", s->tos);
	printf(base[0] ? "# %8.3f %c %d>%d %-4s seq %d ack %d win %u len %d%s%s\n" :
			 "# %8.3f %c %d>%d %-4s seq %u ack %u win %u len %d%s%s\n",
	       s->t - t0, dir, s->sport, s->dport, flags_str(s->flags), s->seq - base[0],
	       s->flags & F_ACK ? s->ack - base[1] : 0, s->win, s->len, opt,
	       s->csum_ok ? "" : " (checksum)");
}

void wire_dump(void)
{
	unsigned int i = traced > TRACE ? traced - TRACE : 0;
	double t0 = trace[i % TRACE].s.t;

	if (traced)
		printf("# segments, > from the stack under test:\n");
	for (; i < traced; i++)
		dump_one(&trace[i % TRACE].s, trace[i % TRACE].dir, t0);
}
