// SPDX-License-Identifier: GPL-2.0
/*
 * rill_run --bpf, in the kernel: for tasks below one control group, the protocol
 * of a TCP socket that is being made is Rill's. The hook is what socket(2) asks
 * for the protocol, in Linux 6.6 or later.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define AF_INET		2
#define AF_INET6	10
#define SOCK_STREAM	1
#define TYPE_MASK	0xf	/* the others are SOCK_NONBLOCK and SOCK_CLOEXEC */
#define IPPROTO_TCP	6

char _license[] SEC("license") = "GPL";

const volatile int wire;	/* the protocol of the inet door */

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} group SEC(".maps");

SEC("fmod_ret/update_socket_protocol")
int BPF_PROG(turn, int family, int type, int protocol)
{
	if (family != AF_INET && family != AF_INET6)
		return protocol;
	if ((type & TYPE_MASK) != SOCK_STREAM || (protocol && protocol != IPPROTO_TCP))
		return protocol;
	return bpf_current_task_under_cgroup(&group, 0) == 1 ? wire : protocol;
}
