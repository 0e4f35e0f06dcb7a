// SPDX-License-Identifier: GPL-2.0
/*
 * Rill: a TCP-like stream transport as a module: its two doors, its parts of a
 * namespace, loading and unloading.
 */
#include <linux/module.h>
#include <linux/percpu_counter.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <uapi/linux/rill.h>

#include "fastopen.h"
#include "netns.h"
#include "proto.h"
#include "table.h"
#include "wire_udp.h"

static int rill_family = AF_RILL;
module_param_named(family, rill_family, int, 0444);
MODULE_PARM_DESC(family, "address family of the family door, default 18");

int rill_ipproto = IPPROTO_RILL;
module_param_named(ipproto, rill_ipproto, int, 0444);
MODULE_PARM_DESC(ipproto, "IP protocol of the ip wire, default 253");

unsigned int rill_net_id __read_mostly;

static atomic_long_t rill_memory_allocated;
static DEFINE_PER_CPU(int, rill_memory_per_cpu_fw_alloc);
static struct percpu_counter rill_sockets_allocated;
static unsigned long rill_memory_pressure;

static void rill_enter_memory_pressure(struct sock *sk)
{
	WRITE_ONCE(rill_memory_pressure, jiffies ? : 1);
}

static void rill_leave_memory_pressure(struct sock *sk)
{
	WRITE_ONCE(rill_memory_pressure, 0);
}

/* struct proto's init: a new socket, through either door. */
static int rill_init_sock(struct sock *sk)
{
	struct rill_net *rn = rill_net(sock_net(sk));
	u8 wire = rill_wire_of_inet(sk->sk_protocol);

	/* never that of TCP: others would take us for a tcp_sock */
	sk->sk_protocol = rill_ipproto;
	rill_claim_sol_socket(sk->sk_socket);
	set_bit(SOCK_SUPPORT_ZC, &sk->sk_socket->flags);
	rill_init_once(sk);
	rill_cong_assign(sk);
	rill_init_connection(sk);
	sk->sk_write_space = rill_write_space;
	sk->sk_error_report = rill_error_report;
	sock_set_flag(sk, SOCK_USE_WRITE_QUEUE);
	rill_sk(sk)->v6 = sk->sk_family == AF_INET6;
	rill_wire_assign(sk, wire);
	WRITE_ONCE(sk->sk_sndbuf, READ_ONCE(rn->wmem[1]));
	WRITE_ONCE(sk->sk_rcvbuf, READ_ONCE(rn->rmem[1]));
	sk_sockets_allocated_inc(sk);
	return rill_wire_load(wire);
}

/* struct proto's release_cb: what had to wait for the program. */
static void rill_release_cb(struct sock *sk)
{
	struct rill_sock *rs = rill_sk(sk);

	if (!READ_ONCE(rs->deferred))
		return;
	if (test_and_clear_bit(RILL_DEFER_OUTPUT, &rs->deferred))
		rill_output(sk);
	if (test_and_clear_bit(RILL_DEFER_PACE, &rs->deferred))
		rill_pace_due(sk);
	if (test_and_clear_bit(RILL_DEFER_TIMER, &rs->deferred)) {
		rill_timers_run(sk);
		__sock_put(sk);
	}
	if (test_and_clear_bit(RILL_DEFER_MTU, &rs->deferred)) {
		rill_mtu_reduced(sk);
		__sock_put(sk);
	}
}

/* struct proto's hash is for raw sockets: ports and tables are ours. */
static int rill_hash_nothing(struct sock *sk)
{
	return 0;
}

struct proto rill_prot = {
	.name			= "RILL",
	.owner			= THIS_MODULE,
	.close			= rill_close,
	.connect		= rill_connect,
	.disconnect		= rill_disconnect,
	.accept			= rill_accept,
	.ioctl			= rill_ioctl,
	.init			= rill_init_sock,
	.destroy		= rill_destroy_sock,
	.shutdown		= rill_shutdown,
	.setsockopt		= rill_setsockopt,
	.getsockopt		= rill_getsockopt,
	.keepalive		= rill_keepalive,
	.sendmsg		= rill_sendmsg,
	.recvmsg		= rill_recvmsg,
	RILL_PROTO_SENDPAGE
	RILL_PROTO_SPLICE_EOF
	.backlog_rcv		= rill_backlog_rcv,
	.stream_memory_free	= rill_stream_memory_free,
	.release_cb		= rill_release_cb,
	.hash			= rill_hash_nothing,
	.unhash			= rill_unhash,
	.get_port		= rill_get_port,
	.enter_memory_pressure	= rill_enter_memory_pressure,
	.leave_memory_pressure	= rill_leave_memory_pressure,
	.sockets_allocated	= &rill_sockets_allocated,
	.memory_allocated	= &rill_memory_allocated,
	.per_cpu_fw_alloc	= &rill_memory_per_cpu_fw_alloc,
	.memory_pressure	= &rill_memory_pressure,
	.sysctl_mem		= rill_sysctl_mem,
	.sysctl_wmem		= &rill_mem_min,
	.sysctl_rmem		= &rill_mem_min,
	.max_header		= RILL_MAX_HEADER,
	.obj_size		= sizeof(struct rill_sock),
	.slab_flags		= SLAB_TYPESAFE_BY_RCU,
	.no_autobind		= true,
};

/* The same for AF_INET6: rill_init_protos() fills it from the above. */
struct proto rill_v6_prot;

static void rill_init_protos(void)
{
	rill_v6_prot = rill_prot;
	strscpy(rill_v6_prot.name, "RILLv6", sizeof(rill_v6_prot.name));
	rill_v6_prot.connect = rill_v6_connect;
	rill_v6_prot.obj_size = sizeof(struct rill6_sock);
	rill_set_pinfo_offset(&rill_v6_prot, offsetof(struct rill6_sock, inet6));
}

static int __net_init rill_init_net(struct net *net)
{
	int err;

	atomic_set(&rill_net(net)->tw_count, 0);
	atomic_set(&rill_net(net)->estab, 0);
	err = rill_mib_init_net(net);
	if (err)
		return err;
	rill_hold_init_net(net);
	rill_udp_init_net(net);
	rill_cong_init_net(net);
	rill_fastopen_init_net(net);
	err = rill_sysctl_init_net(net);
	if (err)
		goto out_cong;
	err = rill_v4_init_net(net);
	if (err)
		goto out_sysctl;
	err = rill_v6_init_net(net);
	if (err)
		goto out_v4;
	err = rill_proc_init_net(net);
	if (err)
		goto out_v6;
	return 0;

out_v6:
	rill_v6_exit_net(net);
out_v4:
	rill_v4_exit_net(net);
out_sysctl:
	rill_sysctl_exit_net(net);
out_cong:
	rill_fastopen_exit_net(net);
	rill_cong_exit_net(net);
	rill_mib_exit_net(net);
	return err;
}

static void __net_exit rill_exit_net(struct net *net)
{
	rill_proc_exit_net(net);
	rill_udp_exit_net(net);
	rill_time_wait_purge(net);
	rill_hold_exit_net(net);
	/* a timer that fired meanwhile may still be counting */
	synchronize_rcu();
	rill_v6_exit_net(net);
	rill_v4_exit_net(net);
	rill_sysctl_exit_net(net);
	rill_fastopen_exit_net(net);
	rill_cong_exit_net(net);
	rill_mib_exit_net(net);
}

static struct pernet_operations rill_net_ops = {
	.init	= rill_init_net,
	.exit	= rill_exit_net,
	.id	= &rill_net_id,
	.size	= sizeof(struct rill_net),
};

/* Tables and caches, which need no undoing in any order but this. */
static int __init rill_init_memory(void)
{
	int err;

	err = percpu_counter_init(&rill_sockets_allocated, 0, GFP_KERNEL);
	if (err)
		return err;
	err = rill_table_init();
	if (err)
		goto out_counter;
	err = rill_port_init();
	if (err)
		goto out_table;
	err = rill_mini_init();
	if (err)
		goto out_port;
	err = rill_xmit_init();
	if (err)
		goto out_mini;
	return 0;

out_mini:
	rill_mini_exit();
out_port:
	rill_port_exit();
out_table:
	rill_table_exit();
out_counter:
	percpu_counter_destroy(&rill_sockets_allocated);
	return err;
}

static void rill_exit_memory(void)
{
	rill_md5_exit();
	rill_xmit_exit();
	rill_mini_exit();
	rill_port_exit();
	rill_table_exit();
	percpu_counter_destroy(&rill_sockets_allocated);
}

/* The IP protocol, and how to cut super-segments of it, by either IP. */
static int __init rill_init_wire(void)
{
	if (inet_add_offload(&rill_v4_offload, rill_ipproto))
		return -EBUSY;
	if (inet_add_protocol(&rill_v4_protocol, rill_ipproto))
		goto out_v4_offload;
	if (inet6_add_offload(&rill_v6_offload, rill_ipproto))
		goto out_v4;
	if (inet6_add_protocol(&rill_v6_protocol, rill_ipproto))
		goto out_v6_offload;
	return 0;

out_v6_offload:
	inet6_del_offload(&rill_v6_offload, rill_ipproto);
out_v4:
	inet_del_protocol(&rill_v4_protocol, rill_ipproto);
out_v4_offload:
	inet_del_offload(&rill_v4_offload, rill_ipproto);
	return -EBUSY;
}

static void rill_exit_wire(void)
{
	inet6_del_protocol(&rill_v6_protocol, rill_ipproto);
	inet6_del_offload(&rill_v6_offload, rill_ipproto);
	inet_del_protocol(&rill_v4_protocol, rill_ipproto);
	inet_del_offload(&rill_v4_offload, rill_ipproto);
}

static int __init rill_init(void)
{
	int err;

	if (rill_ipproto < 1 || rill_ipproto > 254 || rill_ipproto == IPPROTO_TCP ||
	    rill_ipproto == IPPROTO_UDP) {
		pr_err("rill: ipproto=%d is not one that Rill may have\n", rill_ipproto);
		return -EINVAL;
	}
	if (rill_family < 0 || rill_family >= NPROTO) {
		pr_err("rill: family=%d is not below %d\n", rill_family, NPROTO);
		return -EINVAL;
	}
	rill_init_protos();
	rill_sysctl_init();
	rill_cong_registry_init();
	err = rill_init_memory();
	if (err)
		return err;
	err = proto_register(&rill_prot, 1);
	if (err)
		goto out_memory;
	err = proto_register(&rill_v6_prot, 1);
	if (err)
		goto out_proto;
	err = register_pernet_subsys(&rill_net_ops);
	if (err)
		goto out_v6_proto;
	err = rill_init_wire();
	if (err) {
		pr_err("rill: IP protocol %d is taken\n", rill_ipproto);
		goto out_net;
	}
	err = rill_af_init(rill_family);
	if (err)
		goto out_wire;
	return 0;

out_wire:
	rill_exit_wire();
out_net:
	unregister_pernet_subsys(&rill_net_ops);
out_v6_proto:
	proto_unregister(&rill_v6_prot);
out_proto:
	proto_unregister(&rill_prot);
out_memory:
	rill_exit_memory();
	return err;
}

/* No socket is left, or the kernel would not call this; TIME_WAITs may be. */
static void __exit rill_exit(void)
{
	rill_af_exit();
	rill_exit_wire();
	unregister_pernet_subsys(&rill_net_ops);
	/* timers of sockets that are gone may still be returning */
	synchronize_rcu();
	rcu_barrier();
	rill_udp_unload();
	proto_unregister(&rill_v6_prot);
	proto_unregister(&rill_prot);
	rill_exit_memory();
}

module_init(rill_init);
module_exit(rill_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Rill, a TCP-like stream transport");
/* for TCP_MD5SIG; without it that option fails */
MODULE_SOFTDEP("pre: md5");
MODULE_ALIAS_NETPROTO(AF_RILL);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, IPPROTO_RILL, SOCK_STREAM);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, IPPROTO_RILL, SOCK_STREAM);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, IPPROTO_RILL_TCP, SOCK_STREAM);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, IPPROTO_RILL_TCP, SOCK_STREAM);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, IPPROTO_RILL_UDP, SOCK_STREAM);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, IPPROTO_RILL_UDP, SOCK_STREAM);
