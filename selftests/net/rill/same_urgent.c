// SPDX-License-Identifier: GPL-2.0
/* Every short sequence of urgent bytes, normal bytes and reads. */
#include "see.h"

#include <ctype.h>

static struct world w;

static const struct {
	char letter;
	const char *call;
} steps[] = {
	{ 'n', "peer sends" }, { 'v', "peer sends oob" }, { 'r', "recv 3" }, { 'R', "recv 100" },
	{ 'o', "recv oob" }, { 'i', "OOBINLINE" }, { 'p', "peek oob" }, { 'k', "peek 100" },
	{ 't', "recv trunc" }, { 'w', "recv all" }, { 'L', "RCVLOWAT" }, { 'f', "peer shuts" },
	{ 'S', "shutdown RD" }, { 'x', "peer resets" }, { 'm', "recvmsg" },
};

static const struct call *step(char c)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(steps); i++)
		if (steps[i].letter == c)
			return see_call(steps[i].call);
	FAIL("no step '%c'", c);
}

static void word(const char *state, const char *s)
{
	char line[3000], text[1024], result[700];
	int n;

	see_make(&w, see_state(state));
	n = sprintf(line, "%s %s:", state, s);
	for (; *s; s++) {
		see_do(&w, step(*s), result, sizeof(result));
		n += snprintf(line + n, sizeof(line) - n, " %.150s;", result);
	}
	see_text(w.fd, w.et, text, sizeof(text));
	n += snprintf(line + n, sizeof(line) - n, " %.400s", text);
	/* what is left to read, up to a mark and beyond */
	see_do(&w, see_call("recv 100"), result, sizeof(result));
	n += snprintf(line + n, sizeof(line) - n, "; %.100s", result);
	see_do(&w, see_call("recv 100"), result, sizeof(result));
	snprintf(line + n, sizeof(line) - n, "; %.100s", result);
	rec("%.1500s", line);
	see_end(&w);
}

/* All words of this length; a read before anything came says nothing. */
static void words(const char *letters, int len)
{
	int base = strlen(letters), n = 1, i, k, v;
	char s[16] = "";

	see_init();
	for (i = 0; i < len; i++)
		n *= base;
	for (i = 0; i < n; i++) {
		for (k = 0, v = i; k < len; k++, v /= base)
			s[len - 1 - k] = letters[v % base];
		if (!strchr(s, 'v') || !strchr("nvi", s[0]))
			continue;
		word("accepted", s);
	}
}

static void words_of_five(void)
{
	words("nvrRo", 5);
}

static void words_of_four(void)
{
	words("nvroiptk", 4);
}

static void words_of_three(void)
{
	words("nvrowLfSxmk", 3);
}

static void long_words(void)
{
	static const char *const v[] = {
		"vvvvoRRR", "nvnvnRoRRR", "vnvnvrrrrrrr", "ivvvRRR", "vivRRo", "viRvR", "vrvrvrvr",
		"vorvorvor", "nvkkrkrkR", "vLoR", "vLnnR", "nvwww", "vnwwwo", "nvttttt", "vifR",
		"vfoRR", "vfRoR", "nvSnvR", "vxoR", "nvxRoR", "vnixR", "nvmmmm", "vpovpo", "vopvop",
	};
	size_t i;

	see_init();
	for (i = 0; i < ARRAY_SIZE(v); i++)
		word("accepted", v[i]);
}

/*
 * By hand: a is the first half of eight bytes, b the second; as capitals they
 * say that the sixth is urgent, c and d say nothing but that the third and the
 * twelfth are. The pieces come in any order, with reads in between, but none
 * twice: what RFC 9293 takes for old Linux may look at. Nor does the second half
 * come alone once the third byte is known to be urgent: Linux takes a byte of
 * its header for that one.
 */
static void by_hand_word(const char *s)
{
	char line[3000], text[1024], result[700];
	bool got[2] = { };
	uint32_t base, next;
	int n;

	see_make(&w, see_state("hand"));
	base = w.raw.snd_nxt;
	n = sprintf(line, "%s:", s);
	for (; *s; s++) {
		bool first = *s == 'a' || *s == 'A';

		*result = 0;
		switch (*s) {
		case 'a':
		case 'A':
		case 'b':
		case 'B':
			got[!first] = true;
			w.raw.urg = first ? 6 : 2;
			peer_raw(&w.raw, F_ACK | (*s < 'a' ? F_URG : 0), base + (first ? 0 : 4),
				 w.raw.rcv_nxt, first ? "0123" : "4567", 4);
			break;
		case 'c':
		case 'd':
			next = base + (got[0] ? got[1] ? 8 : 4 : 0);
			w.raw.urg = base + (*s == 'c' ? 3 : 12) - next;
			peer_raw(&w.raw, F_ACK | F_URG, next, w.raw.rcv_nxt, NULL, 0);
			break;
		default:
			see_do(&w, step(*s), result, sizeof(result));
			n += snprintf(line + n, sizeof(line) - n, " %.150s;", result);
			continue;
		}
		settle();
		peer_drop(&w.raw);
		take_signals(result);
		see_text(w.fd, w.et, text, sizeof(text));
		n += snprintf(line + n, sizeof(line) - n, " %c%s %.60s;", *s, result, text);
	}
	see_text(w.fd, w.et, text, sizeof(text));
	n += snprintf(line + n, sizeof(line) - n, " %.400s", text);
	see_do(&w, see_call("recv 100"), result, sizeof(result));
	snprintf(line + n, sizeof(line) - n, "; %.100s", result);
	rec("%.1500s", line);
	see_end(&w);
}

static bool twice(const char *s, char c)
{
	int n = 0;

	for (; *s; s++)
		n += tolower(*s) == c;
	return n > 1;
}

static bool second_half_alone(const char *s)
{
	size_t c = strcspn(s, "c"), b = strcspn(s, "bB"), a = strcspn(s, "aA");

	return s[b] && c < b && a > b;
}

static void in_any_order(void)
{
	static const char letters[] = "aAbBcdor";
	int base = strlen(letters), i, k, v;
	char s[5] = "";

	see_init();
	for (i = 0; i < base * base * base * base; i++) {
		for (k = 0, v = i; k < 4; k++, v /= base)
			s[3 - k] = letters[v % base];
		if (twice(s, 'a') || twice(s, 'b') || second_half_alone(s) ||
		    !strpbrk(s, "ABcd") || !strpbrk(s, "aAbB") || strchr("or", s[0]))
			continue;
		by_hand_word(s);
	}
}

static const struct rt_test tests[] = {
	{ "long_words", "C72 UR-1 UR-2 UR-3 UR-4 UR-5 UR-6 PO-9 IO-1", long_words, 0, 0 },
	{ "words_of_three", "C72 UR-2 UR-3 UR-5 UR-6 RX-3 RX-6", words_of_three, 0, 60 },
	{ "words_of_four", "C72 UR-1 UR-2 UR-3 UR-4 UR-5 UR-6 RX-2 RX-4", words_of_four,
	  T_LONG | T_NODEBUG, 120 },
	{ "words_of_five", "C72 UR-1 UR-2 UR-3 UR-5", words_of_five, T_LONG | T_NODEBUG, 120 },
	{ "in_any_order", "C72 UR-2 UR-5 MUST-32 MUST-33", in_any_order, T_LONG | T_NODEBUG, 120 },
};

RT_MAIN(tests)
