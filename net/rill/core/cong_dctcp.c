// SPDX-License-Identifier: GPL-2.0
/*
 * DCTCP: RFC 8257, the sender's part. It grows as Reno does, and cuts by how
 * much of what it sent was marked. The receiver's part, an exact echo of the
 * marks, is that of every connection with RILL_CONG_ECN.
 */
#include "cong.h"
#include "seq.h"

#define ONE		0x100000U	/* of alpha */
#define G_SHIFT		4		/* g = 1/16, RFC 8257, 4.2 */

/**
 * struct dctcp - what DCTCP knows of a connection
 * @acked: BytesAcked, in this window
 * @marked: BytesMarked, of those
 * @alpha: DCTCP.Alpha, in 1/ONE
 * @window_end: SND.NXT when this window began
 * @started: whether one was begun
 */
struct dctcp {
	u64	acked;
	u64	marked;
	u32	alpha;
	u32	window_end;
	u8	started;
};

static struct dctcp *dctcp(struct rill_cong *c)
{
	static_assert(sizeof(struct dctcp) <= sizeof(c->priv), "priv is too small");

	return (struct dctcp *)c->priv;
}

/* RFC 8257, 4.2: at first as careful as can be */
static void dctcp_init(struct rill_cong *c)
{
	dctcp(c)->alpha = ONE;
}

/* How much of the window was marked, in 1/ONE: steps 4 and 5 of RFC 8257, 3.3.
 * Both are shifted alike until the sum is one that can divide.
 */
static u32 marked_part(u64 marked, u64 acked)
{
	while (acked > U32_MAX) {
		acked >>= 1;
		marked >>= 1;
	}
	return acked ? (u32)div_u64(min(marked, acked) * ONE, (u32)acked) : 0;
}

/* RFC 8257, 3.3, steps 1 to 8 */
static void dctcp_ack(struct rill_cong *c, const struct rill_cong_ack *a)
{
	struct dctcp *d = dctcp(c);

	if (!d->started) {
		d->window_end = a->nxt;
		d->started = 1;
	}
	d->acked += a->acked;
	if (a->ece)
		d->marked += a->acked;

	if (!rill_before(d->window_end, a->una))
		return;

	d->alpha -= d->alpha >> G_SHIFT;
	d->alpha += marked_part(d->marked, d->acked) >> G_SHIFT;
	d->acked = 0;
	d->marked = 0;
	d->window_end = a->nxt;
}

/* RFC 8257, 3.4: a loss is what it is for Reno. */
static u32 dctcp_ssthresh(struct rill_cong *c, u32 flight)
{
	return max(flight / 2, 2 * c->mss);
}

/* RFC 8257, 3.3, step 9: cwnd * (1 - alpha / 2) */
static u32 dctcp_ece_ssthresh(struct rill_cong *c, u32 flight)
{
	u32 cut = (u32)(((u64)c->cwnd * dctcp(c)->alpha) / (2 * ONE));

	return max(c->cwnd - cut, 2 * c->mss);
}

/* struct tcp_dctcp_info of <linux/inet_diag.h>, which core/ does not know */
struct dctcp_told {
	u16	enabled;
	u16	ce_state;
	u32	alpha;
	u32	marked;
	u32	acked;
};

static u32 dctcp_info(const struct rill_cong *c, void *buf)
{
	const struct dctcp *d = (const struct dctcp *)c->priv;
	struct dctcp_told told = {
		.enabled = 1,
		.alpha = d->alpha / (ONE / 1024),
		.marked = (u32)d->marked,
		.acked = (u32)d->acked,
	};

	static_assert(sizeof(told) <= RILL_CONG_INFO_MAX, "more than there is room for");
	memcpy(buf, &told, sizeof(told));
	return sizeof(told);
}

struct rill_cong_ops rill_cong_dctcp = {
	.name		= "dctcp",
	.flags		= RILL_CONG_ECN,
	.init		= dctcp_init,
	.ssthresh	= dctcp_ssthresh,
	.ece_ssthresh	= dctcp_ece_ssthresh,
	.cong_avoid	= rill_cong_reno_avoid,
	.ack		= dctcp_ack,
	.info		= dctcp_info,
};
