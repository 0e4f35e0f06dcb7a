// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: /proc/net/rill, the table of sockets, and /proc/net/rill_snmp.
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/tcp.h>

#include "netns.h"
#include "proto.h"
#include "table.h"

static const char * const rill_timer_names[RILL_TIMERS] = {
	[RILL_TIMER_LOSS]	= "loss",
	[RILL_TIMER_RTO]	= "rto",
	[RILL_TIMER_PROBE]	= "persist",
	[RILL_TIMER_DELACK]	= "delack",
	[RILL_TIMER_KEEPALIVE]	= "keepalive",
	[RILL_TIMER_FIN_WAIT_2]	= "finwait2",
};

static void rill_show_timer(struct seq_file *seq, const char *name, unsigned long deadline)
{
	long left = max((long)(deadline - jiffies), 0L);

	seq_printf(seq, " %s:%u.%03u", name, jiffies_to_msecs(left) / 1000,
		   jiffies_to_msecs(left) % 1000);
}

/* The timer that is due first. */
static void rill_show_timers(struct seq_file *seq, const struct rill_sock *rs)
{
	u8 armed = READ_ONCE(rs->armed);
	int i, first = -1;

	for (i = 0; i < RILL_TIMERS; i++)
		if (armed & BIT(i) &&
		    (first < 0 || time_before(rs->deadline[i], rs->deadline[first])))
			first = i;
	if (first < 0)
		seq_puts(seq, " -");
	else
		rill_show_timer(seq, rill_timer_names[first], rs->deadline[first]);
}

static void rill_show_pair(struct seq_file *seq, const struct sock_common *c)
{
	if (c->skc_family == AF_INET6)
		seq_printf(seq, " [%pI6c]:%u [%pI6c]:%u", &c->skc_v6_rcv_saddr, c->skc_num,
			   &c->skc_v6_daddr, ntohs(c->skc_dport));
	else
		seq_printf(seq, " %pI4:%u %pI4:%u", &c->skc_rcv_saddr, c->skc_num, &c->skc_daddr,
			   ntohs(c->skc_dport));
}

static void rill_show_mini(struct seq_file *seq, const struct rill_mini *mini)
{
	bool tw = mini->c.skc_state == TCP_TIME_WAIT;

	seq_printf(seq, "%s 0 0", rill_state_name(tw ? TCP_TIME_WAIT : TCP_SYN_RECV));
	rill_show_pair(seq, &mini->c);
	rill_show_timer(seq, tw ? "timewait" : "rto", mini->timer.expires);
	seq_printf(seq, " %u 0 0\n", tw ? 0 : mini->retrans);
}

static void rill_show_sock(struct seq_file *seq, struct sock *sk)
{
	const struct rill_sock *rs = rill_sk(sk);
	int state = inet_sk_state_load(sk);
	u32 rx, tx;

	if (state == TCP_LISTEN) {
		rx = READ_ONCE(sk->sk_ack_backlog);
		tx = READ_ONCE(sk->sk_max_ack_backlog);
	} else {
		rx = rill_inq(sk);
		tx = rill_outq(sk);
	}
	seq_printf(seq, "%s %u %u", rill_state_name(state), rx, tx);
	rill_show_pair(seq, &sk->__sk_common);
	rill_show_timers(seq, rs);
	seq_printf(seq, " %u %u %lu\n", rs->retransmits,
		   from_kuid_munged(seq_user_ns(seq), sock_i_uid(sk)), sock_i_ino(sk));
}

/* One chain a step: position 0 is the header, then listeners, then the rest. */
static void *rill_seq_start(struct seq_file *seq, loff_t *pos)
{
	return *pos > rill_listen_buckets() + rill_table_buckets() ? NULL : pos;
}

static void *rill_seq_next(struct seq_file *seq, void *v, loff_t *pos)
{
	++*pos;
	return rill_seq_start(seq, pos);
}

static void rill_seq_stop(struct seq_file *seq, void *v)
{
}

static int rill_seq_show(struct seq_file *seq, void *v)
{
	struct net *net = seq_file_net(seq);
	struct hlist_nulls_head *head;
	struct hlist_nulls_node *node;
	loff_t i = *(loff_t *)v;
	spinlock_t *lock;	/* of the chain */
	struct sock *sk;

	if (!i) {
		seq_puts(seq, "State Recv-Q Send-Q Local Peer Timer Retrans Uid Inode\n");
		return 0;
	}
	i--;
	if (i < rill_listen_buckets())
		lock = rill_listen_chain(i, &head);
	else
		lock = rill_table_chain(i - rill_listen_buckets(), &head);
	if (hlist_nulls_empty(head))
		return SEQ_SKIP;
	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, head) {
		if (!net_eq(sock_net(sk), net))
			continue;
		if (!rill_is_mini(sk))
			rill_show_sock(seq, sk);
		else
			rill_show_mini(seq, rill_mini(sk));
	}
	spin_unlock_bh(lock);
	return 0;
}

static const struct seq_operations rill_seq_ops = {
	.start	= rill_seq_start,
	.next	= rill_seq_next,
	.stop	= rill_seq_stop,
	.show	= rill_seq_show,
};

/* A line a counter: what nstat reads from a file like snmp6. */
static int rill_snmp_show(struct seq_file *seq, void *v)
{
	struct net *net = seq->private;
	unsigned int i;

	for (i = 0; i < RILL_MIB_MAX; i++) {
		if (rill_mib_name(i))
			seq_printf(seq, "Rill%-31s %lu\n", rill_mib_name(i),
				   rill_mib_sum(net, i));
	}
	seq_printf(seq, "Rill%-31s %d\n", "CurrEstab", atomic_read(&rill_net(net)->estab));
	return 0;
}

/**
 * rill_proc_init_net() - make the files of a namespace
 * @net: namespace
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int rill_proc_init_net(struct net *net)
{
	if (!proc_create_net("rill", 0444, net->proc_net, &rill_seq_ops,
			     sizeof(struct seq_net_private)))
		return -ENOMEM;
	if (!proc_create_net_single("rill_snmp", 0444, net->proc_net, rill_snmp_show, NULL)) {
		remove_proc_entry("rill", net->proc_net);
		return -ENOMEM;
	}
	return 0;
}

/**
 * rill_proc_exit_net() - remove them
 * @net: namespace
 *
 * Context: process.
 */
void rill_proc_exit_net(struct net *net)
{
	remove_proc_entry("rill_snmp", net->proc_net);
	remove_proc_entry("rill", net->proc_net);
}
