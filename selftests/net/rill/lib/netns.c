// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces of a case: anonymous, so that they go with the process, and
 * joined by veth.  What a case needs often is done by netlink and ioctl, as
 * starting programs is slow on emulated machines; the rest by sh().
 */
#include "carry.h"

#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <stdarg.h>

static struct ifreq *ifr_of(struct ifreq *r, const char *ifname)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", ifname);
	return r;
}

static int if_ioctl(unsigned long cmd, void *arg)
{
	int fd = OK(socket(AF_INET, SOCK_DGRAM, 0)), r = ioctl(fd, cmd, arg);

	close(fd);
	return r;
}

void if_up(const char *ifname, bool up)
{
	struct ifreq r;

	OK(if_ioctl(SIOCGIFFLAGS, ifr_of(&r, ifname)));
	if (up)
		r.ifr_flags |= IFF_UP;
	else
		r.ifr_flags &= ~IFF_UP;
	OK(if_ioctl(SIOCSIFFLAGS, &r));
}

struct nlbuf {
	struct nlmsghdr h;
	union {
		struct ifinfomsg ifi;
		struct ifaddrmsg ifa;
		struct rtmsg rtm;
	};
	char attr[512];
};

static struct rtattr *nl_put(struct nlbuf *b, int type, const void *data, int len)
{
	struct rtattr *a = (void *)((char *)b + NLMSG_ALIGN(b->h.nlmsg_len));

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	if (data)
		memcpy(RTA_DATA(a), data, len);
	b->h.nlmsg_len = NLMSG_ALIGN(b->h.nlmsg_len) + RTA_ALIGN(a->rta_len);
	return a;
}

struct nlreply {
	struct nlmsghdr h;
	union {
		struct nlmsgerr e;
		struct rtmsg rtm;
	};
	char rest[512];
};

static void nl_talk(const struct nlbuf *b, struct nlreply *reply)
{
	int s = OK(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));

	OK(send(s, b, b->h.nlmsg_len, 0));
	OK(recv(s, reply, sizeof(*reply), 0));
	close(s);
}

/* An errno, or 0. */
static int nl_ask(const struct nlbuf *b)
{
	struct nlreply reply;

	nl_talk(b, &reply);
	return reply.h.nlmsg_type == NLMSG_ERROR ? -reply.e.error : EPROTO;
}

/* Beside that of IPv4, and used at once: nobody else can have it. */
static void if_addr6(const char *ifname, uint32_t ip, int prefix)
{
	struct nlbuf b = {
		.h = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
			.nlmsg_type = RTM_NEWADDR,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
		},
		.ifa = {
			.ifa_family = AF_INET6,
			.ifa_prefixlen = prefix,
			.ifa_flags = IFA_F_NODAD,
			.ifa_index = if_nametoindex(ifname),
		},
	};
	struct in6_addr a = carry_addr6(ip);
	int err;

	nl_put(&b, IFA_LOCAL, &a, sizeof(a));
	err = nl_ask(&b);
	if (err)
		FAIL("an address of IPv6 for %s: %s", ifname, strerror(err));
}

/* Does what comes for it get to sockets? Work of the kernel's, after the address is set. */
static bool is_local6(uint32_t ip)
{
	struct nlbuf b = {
		.h = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			.nlmsg_type = RTM_GETROUTE,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.rtm = { .rtm_family = AF_INET6, .rtm_dst_len = 128 },
	};
	struct in6_addr a = carry_addr6(ip);
	struct nlreply reply;

	nl_put(&b, RTA_DST, &a, sizeof(a));
	nl_talk(&b, &reply);
	return reply.h.nlmsg_type == RTM_NEWROUTE && reply.rtm.rtm_type == RTN_LOCAL;
}

void if_ready(const char *ifname, uint32_t ip)
{
	struct ifreq r;

	if (!rt.v6)
		return;
	ifr_of(&r, ifname);
	UNTIL(!if_ioctl(SIOCGIFFLAGS, &r) && r.ifr_flags & IFF_RUNNING);
	if_up(ifname, true);		/* behind who holds the lock to spread the news */
	UNTIL(is_local6(ip));
}

void if_addr(const char *ifname, uint32_t ip, int prefix)
{
	struct sockaddr_in a = sin_of(ip, 0);
	struct ifreq r;

	memcpy(&ifr_of(&r, ifname)->ifr_addr, &a, sizeof(a));
	OK(if_ioctl(SIOCSIFADDR, &r));
	a = sin_of(prefix ? ~0u << (32 - prefix) : 0, 0);
	memcpy(&ifr_of(&r, ifname)->ifr_netmask, &a, sizeof(a));
	OK(if_ioctl(SIOCSIFNETMASK, &r));
	if (rt.v6)
		if_addr6(ifname, ip, 96 + prefix);
}

void lo_addr(uint32_t ip)
{
	if (!rt.v6)
		return;
	if_addr6("lo", ip, 128);
	UNTIL(is_local6(ip));
}

const char *ip_text(uint32_t ip)
{
	static char text[4][INET6_ADDRSTRLEN];
	static unsigned int turn;
	char *t = text[turn++ % ARRAY_SIZE(text)];
	union rt_addr a;

	sa_of(&a, ip, 0);
	if (rt.v6)
		inet_ntop(AF_INET6, &a.sin6.sin6_addr, t, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET, &a.sin.sin_addr, t, INET6_ADDRSTRLEN);
	return t;
}

/* So much of a segment fits in as with headers of IPv4 alone. */
void if_mtu(const char *ifname, int mtu)
{
	struct ifreq r;

	ifr_of(&r, ifname)->ifr_mtu = mtu + carry_extra();
	OK(if_ioctl(SIOCSIFMTU, &r));
}

void if_queue(const char *ifname, int packets)
{
	struct ifreq r;

	ifr_of(&r, ifname)->ifr_qlen = packets;
	OK(if_ioctl(SIOCSIFTXQLEN, &r));
}

void if_no_offload(const char *ifname)
{
	static const uint32_t cmd[] = { ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM };
	struct ifreq r;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cmd); i++) {
		struct ethtool_value v = { .cmd = cmd[i] };

		ifr_of(&r, ifname)->ifr_data = (void *)&v;
		if_ioctl(SIOCETHTOOL, &r);
	}
}

static void route_add6(uint32_t net, int prefix, uint32_t gw)
{
	struct nlbuf b = {
		.h = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			.nlmsg_type = RTM_NEWROUTE,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
		},
		.rtm = {
			.rtm_family = AF_INET6,
			.rtm_dst_len = 96 + prefix,
			.rtm_table = RT_TABLE_MAIN,
			.rtm_protocol = RTPROT_STATIC,
			.rtm_type = RTN_UNICAST,
		},
	};
	struct in6_addr dst = carry_prefix6(net), via = carry_addr6(gw);
	int err;

	nl_put(&b, RTA_DST, &dst, sizeof(dst));
	nl_put(&b, RTA_GATEWAY, &via, sizeof(via));
	err = nl_ask(&b);
	if (err)
		FAIL("a route of IPv6: %s", strerror(err));
}

void route_add(uint32_t net, int prefix, uint32_t gw)
{
	struct sockaddr_in dst = sin_of(net, 0), via = sin_of(gw, 0);
	struct sockaddr_in mask = sin_of(prefix ? ~0u << (32 - prefix) : 0, 0);
	struct rtentry r = { .rt_flags = RTF_UP | RTF_GATEWAY };

	memcpy(&r.rt_dst, &dst, sizeof(dst));
	memcpy(&r.rt_gateway, &via, sizeof(via));
	memcpy(&r.rt_genmask, &mask, sizeof(mask));
	OK(if_ioctl(SIOCADDRT, &r));
	if (rt.v6)
		route_add6(net, prefix, gw);
}

int ns_new(void)
{
	int fd;

	OK(unshare(CLONE_NEWNET));
	fd = OK(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	if (rt.v6) {
		OK(write_file("/proc/sys/net/ipv6/conf/all/keep_addr_on_down", "1"));
		/* an address of the link is good at once: neighbours are asked from it */
		OK(write_file("/proc/sys/net/ipv6/conf/all/accept_dad", "0"));
		OK(write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0"));
	}
	if_up("lo", true);
	return fd;
}

void ns_enter(int ns)
{
	OK(setns(ns, CLONE_NEWNET));
}

static void nl_end(struct nlbuf *b, struct rtattr *nest)
{
	nest->rta_len = (char *)b + b->h.nlmsg_len - (char *)nest;
}

static void nl_u32(struct nlbuf *b, int type, uint32_t v)
{
	nl_put(b, type, &v, sizeof(v));
}

static void nl_link(struct nlbuf *b, const char *ifname, int flags, int mtu)
{
	nl_put(b, IFLA_IFNAME, ifname, strlen(ifname) + 1);
	nl_u32(b, IFLA_MTU, mtu + carry_extra());
	if (flags & NET_SINGLE)
		nl_u32(b, IFLA_GSO_MAX_SEGS, 1);
}

void veth_new(int ns_a, const char *ifa, int ns_b, const char *ifb, int flags, int mtu)
{
	struct nlbuf b = {
		.h = {
			.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			.nlmsg_type = RTM_NEWLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
		},
	};
	struct rtattr *info, *data, *peer;
	struct ifinfomsg ifi = { };
	int err;

	ns_enter(ns_a);
	nl_link(&b, ifa, flags, mtu);
	info = nl_put(&b, IFLA_LINKINFO, NULL, 0);
	nl_put(&b, IFLA_INFO_KIND, "veth", 4);
	data = nl_put(&b, IFLA_INFO_DATA, NULL, 0);
	peer = nl_put(&b, VETH_INFO_PEER, NULL, 0);
	memcpy((char *)&b + b.h.nlmsg_len, &ifi, sizeof(ifi));
	b.h.nlmsg_len += NLMSG_ALIGN(sizeof(ifi));
	nl_link(&b, ifb, flags, mtu);
	nl_u32(&b, IFLA_NET_NS_FD, ns_b);
	nl_end(&b, peer);
	nl_end(&b, data);
	nl_end(&b, info);
	err = nl_ask(&b);
	if (err)
		FAIL("veth %s %s: %s", ifa, ifb, strerror(err));
	if (flags & NET_SINGLE) {
		if_no_offload(ifa);
		ns_enter(ns_b);
		if_no_offload(ifb);
		ns_enter(ns_a);
	}
}

struct net2 net2_new(int flags, int mtu)
{
	struct net2 n;

	n.b = ns_new();
	n.a = ns_new();
	veth_new(n.a, "ea", n.b, "eb", flags, mtu);
	ns_enter(n.b);
	if_addr("eb", IP_B, 24);
	if_up("eb", true);
	ns_enter(n.a);
	if_addr("ea", IP_A, 24);
	if_up("ea", true);
	if_ready("ea", IP_A);
	ns_enter(n.b);
	if_ready("eb", IP_B);
	ns_enter(n.a);
	return n;
}

int sh(const char *fmt, ...)
{
	char cmd[2048];
	va_list ap;
	int st;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	fflush(stdout);
	st = system(cmd);
	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

bool have_netem(void)
{
	if (sh("modprobe -q sch_netem 2>/dev/null; tc qdisc add dev lo root netem 2>/dev/null"))
		return false;
	return !sh("tc qdisc del dev lo root");
}

void need_netem(void)
{
	if (!have_netem())
		t_skip("no netem on this kernel");
}

void need_nft(void)
{
	if (sh("nft list tables >/dev/null 2>&1"))
		t_skip("no nftables here");
}

int write_file(const char *path, const char *val)
{
	int fd = open(path, O_WRONLY), r, e;

	if (fd < 0)
		return -1;
	r = write(fd, val, strlen(val)) < 0 ? -1 : 0;
	e = errno;
	close(fd);
	errno = e;
	return r;
}

static const char *sysctl_path(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 rt.proto == PROTO_TCP ? "ipv4/tcp_" : "rill/", name);
	return path;
}

bool have_sysctl(const char *name)
{
	return !access(sysctl_path(name), F_OK);
}

void need_sysctl(const char *name)
{
	if (!have_sysctl(name))
		t_skip("there is no %s", sysctl_path(name));
}

void sysctl_set(const char *name, const char *val)
{
	if (write_file(sysctl_path(name), val))
		FAIL("write %s to %s: %s", val, sysctl_path(name), strerror(errno));
}
