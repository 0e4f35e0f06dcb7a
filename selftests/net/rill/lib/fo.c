// SPDX-License-Identifier: GPL-2.0
/* The option of fast open, read and written by hand, and what TCP_INFO says of it. */
#include "fo.h"

#define INFO_SYN_DATA	32	/* TCPI_OPT_SYN_DATA */

int fo_find(const struct seg *s, uint8_t val[16], bool *exp)
{
	int i = 0;

	while (i < s->optlen && s->opts[i]) {
		const uint8_t *o = s->opts + i;
		int skip;

		if (o[0] == 1) {
			i++;
			continue;
		}
		*exp = o[0] == 254 && o[1] >= 4 && o[2] == 0xf9 && o[3] == 0x89;
		skip = *exp ? 4 : 2;
		if (o[0] == 34 || *exp) {
			memcpy(val, o + skip, o[1] - skip);
			return o[1] - skip;
		}
		i += o[1];
	}
	return -1;
}

int fo_len(const struct seg *s)
{
	uint8_t val[40];
	bool exp;

	return fo_find(s, val, &exp);
}

void fo_opt(struct peer *p, bool exp, const uint8_t *val, int len)
{
	int n = 0;

	p->xoptlen = 0;
	if (len < 0)
		return;
	p->xopt[n++] = exp ? 254 : 34;
	p->xopt[n++] = len + (exp ? 4 : 2);
	if (exp) {
		p->xopt[n++] = 0xf9;
		p->xopt[n++] = 0x89;
	}
	memcpy(p->xopt + n, val, len);
	n += len;
	while (n % 4)
		p->xopt[n++] = 1;
	p->xoptlen = n;
}

struct fo_info fo_info(int fd)
{
	struct fo_info i;
	socklen_t len = sizeof(i);

	OK(getsockopt(fd, SOL_TCP, TCP_INFO, &i, &len));
	ASSERT_EQ(len, sizeof(i));
	return i;
}

int fo_fail(int fd)
{
	return fo_info(fd).flags >> 1 & 3;
}

bool fo_acked(int fd)
{
	struct tcp_info ti;

	sk_info(fd, &ti);
	return ti.tcpi_options & INFO_SYN_DATA;
}
