/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fast open, RFC 7413: its option in segments, and what TCP_INFO says of it.
 */
#ifndef FO_H
#define FO_H

#include "wire.h"

#ifndef TCP_FASTOPEN_KEY
#define TCP_FASTOPEN_KEY	33
#endif
#ifndef TCP_FASTOPEN_NO_COOKIE
#define TCP_FASTOPEN_NO_COOKIE	34
#endif

/* The option in a segment: the cookie's length, -1 for none. */
int fo_find(const struct seg *s, uint8_t val[16], bool *exp);
int fo_len(const struct seg *s);
/* What the peer's segments have from now on; len < 0: nothing. */
void fo_opt(struct peer *p, bool exp, const uint8_t *val, int len);

/* The kernel's struct tcp_info, which the C library has the beginning of. */
struct fo_info {
	uint8_t bytes[7], flags;
	uint32_t words[24];
	uint64_t pacing[2], bytes_acked, bytes_received;
	uint32_t segs_out, segs_in, notsent, min_rtt, data_segs_in, data_segs_out;
};

struct fo_info fo_info(int fd);
int fo_fail(int fd);		/* tcpi_fastopen_client_fail */
bool fo_acked(int fd);		/* TCPI_OPT_SYN_DATA */

#endif /* FO_H */
