// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: net.rill.*, which mirrors net.ipv4.tcp_* by the same suffixes.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <net/tcp.h>

#include "compat.h"
#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "wire_udp.h"

#define RILL_BUF_MIN	4096
#define RILL_RMEM_MAX	(6 << 20)
#define RILL_WMEM_MAX	(4 << 20)

/* Global, as tcp_mem is: pages for all sockets of all namespaces (C90). */
long rill_sysctl_mem[3] __read_mostly;
/* struct proto's floor, which has no namespace: a page. */
int rill_mem_min = RILL_BUF_MIN;

static int rill_second_us = USEC_PER_SEC;
static int rill_buf_floor = 2048;
static int rill_u8_max = U8_MAX;
static int rill_syn_max = MAX_TCP_SYNCNT;
static int rill_pokes_max = 16;
static int rill_two = 2;
static int rill_mss_min = RILL_MIN_SND_MSS;
static int rill_u16_max = U16_MAX;

#define RILL_INT_AS(_procname, _name, _min, _max)			\
	{ .procname = _procname,					\
	  .data = (void *)offsetof(struct rill_net, _name),		\
	  .maxlen = sizeof(int), .mode = 0644,				\
	  .proc_handler = proc_dointvec_minmax,				\
	  .extra1 = (_min), .extra2 = (_max) }
#define RILL_INT(_name, _min, _max) RILL_INT_AS(#_name, _name, _min, _max)
#define RILL_UINT(_name)						\
	{ .procname = #_name,						\
	  .data = (void *)offsetof(struct rill_net, _name),		\
	  .maxlen = sizeof(unsigned int), .mode = 0644,			\
	  .proc_handler = proc_douintvec }
#define RILL_SECS(_name)						\
	{ .procname = #_name,						\
	  .data = (void *)offsetof(struct rill_net, _name),		\
	  .maxlen = sizeof(int), .mode = 0644,				\
	  .proc_handler = proc_dointvec_jiffies }
#define RILL_MSECS(_name)						\
	{ .procname = #_name,						\
	  .data = (void *)offsetof(struct rill_net, _name),		\
	  .maxlen = sizeof(int), .mode = 0644,				\
	  .proc_handler = proc_dointvec_ms_jiffies }
#define RILL_TRIPLE(_name)						\
	{ .procname = #_name,						\
	  .data = (void *)offsetof(struct rill_net, _name),		\
	  .maxlen = sizeof(int[3]), .mode = 0644,			\
	  .proc_handler = proc_dointvec_minmax, .extra1 = &rill_buf_floor }

#define RILL_CONG(_procname, _mode, _handler)				\
	{ .procname = _procname, .mode = (_mode),			\
	  .data = (void *)offsetof(struct rill_net, cong_default),	\
	  .proc_handler = (_handler) }

/* .data holds the offset in struct rill_net until a namespace copies it. */
static const struct ctl_table rill_table[] = {
	/* global: what comes first, see rill_sysctl_init_net() */
	{ .procname = "mem", .maxlen = sizeof(rill_sysctl_mem), .mode = 0644,
	  .proc_handler = proc_doulongvec_minmax },
	RILL_CONG("allowed_congestion_control", 0644, rill_cong_sysctl_allowed),
	RILL_CONG("available_congestion_control", 0444, rill_cong_sysctl_available),
	RILL_CONG("congestion_control", 0644, rill_cong_sysctl_default),
	RILL_TRIPLE(rmem),
	RILL_TRIPLE(wmem),
	RILL_INT(retries1, SYSCTL_ZERO, &rill_u8_max),
	RILL_INT(retries2, SYSCTL_ZERO, &rill_u8_max),
	RILL_INT(orphan_retries, SYSCTL_ZERO, &rill_u8_max),
	RILL_INT(syn_retries, SYSCTL_ONE, &rill_syn_max),
	RILL_INT(syn_linear_timeouts, SYSCTL_ZERO, &rill_syn_max),
	RILL_INT(synack_retries, SYSCTL_ZERO, &rill_u8_max),
	RILL_SECS(fin_timeout),
	RILL_MSECS(invalid_ratelimit),
	RILL_INT(max_tw_buckets, SYSCTL_ZERO, NULL),
	RILL_INT(max_syn_backlog, SYSCTL_ZERO, NULL),
	RILL_INT(syncookies, SYSCTL_ZERO, &rill_two),
	RILL_INT(abort_on_overflow, SYSCTL_ZERO, SYSCTL_ONE),
	RILL_INT(rfc1337, SYSCTL_ZERO, SYSCTL_ONE),
	/* tw_reuse is a macro of the kernel's */
	RILL_INT_AS("tw_reuse", timewait_reuse, SYSCTL_ZERO, &rill_two),
	RILL_INT(ecn, SYSCTL_ZERO, &rill_two),
	RILL_INT(ecn_fallback, SYSCTL_ZERO, SYSCTL_ONE),
	RILL_INT(timestamps, SYSCTL_ZERO, &rill_two),
	RILL_INT(sack, SYSCTL_ZERO, SYSCTL_ONE),
	RILL_INT(dsack, SYSCTL_ZERO, SYSCTL_ONE),
	RILL_INT(window_scaling, SYSCTL_ZERO, SYSCTL_ONE),
	RILL_INT(moderate_rcvbuf, SYSCTL_ZERO, SYSCTL_ONE),
	RILL_INT(slow_start_after_idle, SYSCTL_ZERO, SYSCTL_ONE),
	RILL_INT(recovery, SYSCTL_ZERO, &rill_u8_max),
	RILL_INT(early_retrans, SYSCTL_ZERO, SYSCTL_FOUR),
	RILL_INT(frto, SYSCTL_ZERO, &rill_u8_max),
	RILL_INT(reordering, SYSCTL_ONE, NULL),
	RILL_INT(thin_linear_timeouts, SYSCTL_ZERO, SYSCTL_ONE),
	RILL_UINT(notsent_lowat),
	RILL_SECS(keepalive_time),
	RILL_SECS(keepalive_intvl),
	RILL_INT(keepalive_probes, SYSCTL_ZERO, &rill_u8_max),
	RILL_INT(mtu_probing, SYSCTL_ZERO, &rill_u8_max),
	RILL_INT(base_mss, &rill_mss_min, &rill_u16_max),
	RILL_INT(mtu_probe_floor, &rill_mss_min, &rill_u16_max),
	RILL_INT(min_snd_mss, &rill_mss_min, &rill_u16_max),
	RILL_INT(probe_interval, SYSCTL_ZERO, NULL),
	RILL_INT(rto_min_us, SYSCTL_ONE, &rill_second_us),
	RILL_INT(fastopen, NULL, NULL),
	{ .procname = "fastopen_key", .mode = 0600,
	  .data = (void *)offsetof(struct rill_net, fo_keys),
	  .proc_handler = rill_fastopen_sysctl_key },
	{ .procname = "fastopen_blackhole_timeout_sec", .mode = 0644,
	  .data = (void *)offsetof(struct rill_net, fastopen_blackhole_timeout_sec),
	  .maxlen = sizeof(int), .extra1 = SYSCTL_ZERO,
	  .proc_handler = rill_fastopen_sysctl_pause },
	RILL_INT(udp_pokes, SYSCTL_ZERO, &rill_pokes_max),
	{ .procname = "udp_port", .mode = 0644,
	  .data = (void *)offsetof(struct rill_net, udp_port),
	  .maxlen = sizeof(int), .extra1 = SYSCTL_ZERO, .extra2 = &rill_u16_max,
	  .proc_handler = rill_udp_sysctl_port },
};

static void rill_defaults(struct rill_net *rn)
{
	/* a slot for 128 KB of memory, from which TCP derives the limits */
	unsigned long slots = roundup_pow_of_two(clamp(totalram_pages() >> (17 - PAGE_SHIFT),
						       512UL, 524288UL));

	rn->rmem[0] = RILL_BUF_MIN;
	rn->rmem[1] = 131072;
	rn->rmem[2] = RILL_RMEM_MAX;
	rn->wmem[0] = RILL_BUF_MIN;
	rn->wmem[1] = 16384;
	rn->wmem[2] = RILL_WMEM_MAX;
	rn->retries1 = 3;
	rn->retries2 = 15;
	rn->orphan_retries = 0;
	rn->syn_retries = 6;
	rn->syn_linear_timeouts = 4;
	rn->synack_retries = 5;
	rn->fin_timeout = 60 * HZ;
	rn->rto_min_us = RILL_RTO_MIN_US;
	rn->invalid_ratelimit = HZ / 2;
	rn->max_tw_buckets = slots / 2;
	rn->max_syn_backlog = max(128UL, slots / 128);
	rn->syncookies = 1;
	rn->abort_on_overflow = 0;
	rn->rfc1337 = 0;
	rn->timewait_reuse = 2;
	rn->ecn = RILL_ECN_ACCEPT;
	rn->ecn_fallback = 1;
	rn->timestamps = 1;
	rn->sack = 1;
	rn->dsack = 1;
	rn->window_scaling = 1;
	rn->moderate_rcvbuf = 1;
	rn->slow_start_after_idle = 1;
	rn->recovery = RILL_RECOVERY_RACK;
	rn->early_retrans = 3;
	rn->frto = 2;
	rn->reordering = 3;
	rn->thin_linear_timeouts = 0;
	rn->notsent_lowat = UINT_MAX;
	rn->keepalive_time = 7200 * HZ;
	rn->keepalive_intvl = 75 * HZ;
	rn->keepalive_probes = 9;
	rn->mtu_probing = 0;
	rn->base_mss = 1024;
	rn->mtu_probe_floor = RILL_MIN_SND_MSS;
	rn->min_snd_mss = RILL_MIN_SND_MSS;
	rn->probe_interval = 600;
	rn->fastopen = RILL_FO_CLIENT;
	rn->fastopen_blackhole_timeout_sec = 0;
	rn->udp_port = RILL_UDP_PORT_DEFAULT;
	rn->udp_pokes = RILL_POKES_DEFAULT;
}

/**
 * rill_sysctl_init() - global defaults: an eighth of memory, as for TCP
 *
 * Context: process, module load.
 */
void rill_sysctl_init(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 16, 128UL);

	rill_sysctl_mem[0] = limit / 4 * 3;
	rill_sysctl_mem[1] = limit;
	rill_sysctl_mem[2] = rill_sysctl_mem[0] * 2;
}

/**
 * rill_sysctl_init_net() - defaults and net.rill of a namespace
 * @net: namespace
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int rill_sysctl_init_net(struct net *net)
{
	struct rill_net *rn = rill_net(net);
	const size_t n = ARRAY_SIZE(rill_table);
	struct ctl_table *table;
	size_t i;

	rill_defaults(rn);
	/* older kernels want an empty entry at the end */
	table = kcalloc(n + 1, sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	memcpy(table, rill_table, sizeof(rill_table));
	for (i = 1; i < n; i++)
		table[i].data = (char *)rn + (unsigned long)table[i].data;
	table[0].data = &rill_sysctl_mem;
	/* what is global is for the first namespace to set */
	if (!net_eq(net, &init_net)) {
		table[0].mode = 0444;
		table[1].mode = 0444;
	}
	rn->sysctl_hdr = rill_register_sysctl(net, "net/rill", table, n);
	if (!rn->sysctl_hdr) {
		kfree(table);
		return -ENOMEM;
	}
	rn->sysctl_table = table;
	return 0;
}

/**
 * rill_sysctl_exit_net() - remove net.rill of a namespace
 * @net: namespace
 *
 * Context: process.
 */
void rill_sysctl_exit_net(struct net *net)
{
	unregister_net_sysctl_table(rill_net(net)->sysctl_hdr);
	kfree(rill_net(net)->sysctl_table);
}
