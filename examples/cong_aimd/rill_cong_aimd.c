// SPDX-License-Identifier: GPL-2.0
/*
 * AIMD with the two numbers as parameters: an example of a congestion control
 * for Rill that is a module of its own. Not for use on a shared network.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/module.h>

#include <net/rill.h>

static unsigned int increase = 1;
module_param(increase, uint, 0644);
MODULE_PARM_DESC(increase, "segments that a round trip without loss adds, 1 to 100");

static unsigned int decrease = 50;
module_param(decrease, uint, 0644);
MODULE_PARM_DESC(decrease, "percent that a loss takes away, 1 to 99");

/* State of a connection: zero at first, and it has to fit into priv. */
struct aimd {
	u64	rest;		/* of a division by cwnd, so that no growth is lost */
	u32	losses;
};

static struct aimd *aimd(struct rill_cong *c)
{
	BUILD_BUG_ON(sizeof(struct aimd) > sizeof(c->priv));

	return (struct aimd *)c->priv;
}

static u32 aimd_ssthresh(struct rill_cong *c, u32 flight)
{
	u32 keep = 100 - clamp(READ_ONCE(decrease), 1U, 99U);

	return max_t(u32, div_u64((u64)c->cwnd * keep, 100), 2 * c->mss);
}

/* An ACK may cover any number of segments: growth goes by bytes. */
static void aimd_cong_avoid(struct rill_cong *c, const struct rill_cong_ack *a)
{
	u32 acked = min(a->acked, c->cwnd), more;

	if (c->cwnd < c->ssthresh) {
		rill_cong_grow(c, min(acked, c->ssthresh - c->cwnd));
		return;
	}

	aimd(c)->rest += (u64)acked * c->mss * clamp(READ_ONCE(increase), 1U, 100U);
	more = div_u64(aimd(c)->rest, c->cwnd);
	aimd(c)->rest -= (u64)more * c->cwnd;
	rill_cong_grow(c, more);
}

static void aimd_event(struct rill_cong *c, enum rill_cong_event event, u64 now_us)
{
	switch (event) {
	case RILL_CONG_REDUCED:
	case RILL_CONG_RTO:
		aimd(c)->losses++;
		break;
	case RILL_CONG_UNDO:
		aimd(c)->losses--;
		break;
	default:
		break;
	}
}

static struct rill_cong_ops aimd_ops = {
	.name		= "aimd",
	.owner		= THIS_MODULE,
	.ssthresh	= aimd_ssthresh,
	.cong_avoid	= aimd_cong_avoid,
	.event		= aimd_event,
};

static int __init aimd_init(void)
{
	return rill_cong_register(&aimd_ops);
}

static void __exit aimd_exit(void)
{
	rill_cong_unregister(&aimd_ops);
}

module_init(aimd_init);
module_exit(aimd_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("AIMD congestion control for Rill, an example");
MODULE_ALIAS_RILL_CONG("aimd");
