// SPDX-License-Identifier: GPL-2.0
/*
 * The congestion window, whatever the algorithm.
 */
#include "cong.h"

u32 rill_cong_iw(u32 mss)
{
	return (u32)min_t(u64, 10ULL * mss, RILL_SSTHRESH_INFINITE);
}

void rill_cong_init(struct rill_cong *c, const struct rill_cong_ops *ops, u32 mss, u32 iw)
{
	memset(c, 0, sizeof(*c));
	c->ops = ops;
	c->mss = max(mss, 1U);
	c->cwnd_clamp = RILL_SSTHRESH_INFINITE;
	c->ssthresh = RILL_SSTHRESH_INFINITE;
	rill_cong_set_cwnd(c, iw);

	if (ops->init)
		ops->init(c);
}

void rill_cong_switch(struct rill_cong *c, const struct rill_cong_ops *ops)
{
	c->ops = ops;
	c->acked = 0;
	c->pacing_rate = 0;
	memset(c->priv, 0, sizeof(c->priv));

	if (ops->init)
		ops->init(c);
}

void rill_cong_restart(struct rill_cong *c, u32 iw)
{
	if (c->cwnd <= iw)
		return;
	c->ssthresh = max(c->ssthresh, c->cwnd - c->cwnd / 4);
	rill_cong_set_cwnd(c, iw);
	c->acked = 0;
}

void rill_cong_set_mss(struct rill_cong *c, u32 mss)
{
	mss = max(mss, 1U);

	if (mss < c->mss) {
		c->cwnd = max_t(u32, div_u64((u64)c->cwnd * mss, c->mss), mss);
		c->acked = min(c->acked, c->cwnd - 1);
	}
	c->mss = mss;
}
