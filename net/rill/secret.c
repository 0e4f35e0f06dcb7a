// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: numbers that a tuple gives, and nobody can guess.
 */
#include <linux/ktime.h>
#include <linux/random.h>

#include "af.h"
#include "netns.h"
#include "proto.h"

static siphash_key_t rill_isn_key;
static siphash_key_t rill_ts_key;

/**
 * rill_isn() - an initial sequence number
 * @c: the connection; addresses and ports are set
 *
 * RFC 6528: a keyed hash of the tuple plus a clock, of 64 ns as Linux has it.
 *
 * Return: ISS.
 */
u32 rill_isn(const struct sock_common *c)
{
	u64 hash = rill_secret_hash(c, c->skc_num, (__force u32)c->skc_dport, &rill_isn_key);

	return (u32)hash + (u32)(ktime_get_real_ns() >> 6);
}

/**
 * rill_ts_offset() - what a tuple adds to the timestamp clock (TS-9S)
 * @c: the connection; addresses and ports are set. net.rill.timestamps=2: nothing
 *
 * The same for every connection of one tuple, so that a TIME_WAIT can tell by
 * the timestamp that a SYN is new (RFC 6191).
 *
 * Return: the offset, ms.
 */
u32 rill_ts_offset(const struct sock_common *c)
{
	if (READ_ONCE(rill_net(read_pnet(&c->skc_net))->timestamps) != 1)
		return 0;
	return (u32)rill_secret_hash(c, c->skc_num, (__force u32)c->skc_dport, &rill_ts_key);
}

/**
 * rill_secret_init() - choose the keys
 *
 * Context: process, module load.
 */
void rill_secret_init(void)
{
	get_random_bytes(&rill_isn_key, sizeof(rill_isn_key));
	get_random_bytes(&rill_ts_key, sizeof(rill_ts_key));
}
