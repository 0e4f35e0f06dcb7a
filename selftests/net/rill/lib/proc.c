// SPDX-License-Identifier: GPL-2.0
/* The socket table and the counters of the current namespace. */
#include "carry.h"

static const char * const tcp_states[] = {
	"", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT_1", "FIN_WAIT_2", "TIME_WAIT",
	"CLOSED", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "SYN_RECV",
};

static FILE *open_view(const char *name)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s", name);
	f = fopen(path, "r");
	if (!f)
		FAIL("%s: %s", path, strerror(errno));
	return f;
}

#define TCP_ROW(addr)	" %*d: " addr ":%x " addr ":%x %x %lx:%lx %x:%lx %x"

static bool parse_tcp(const char *line, struct row *r)
{
	static const char * const timers[] = { "-", "rto", "keepalive", "timewait", "persist" };
	unsigned int la, lp, ra, rp, st, tr;
	unsigned long tx, rx, left;

	/* of an address of IPv6 the last of four words is what it stands for */
	if (sscanf(line, rt.v6 ? TCP_ROW("%*24s%8x") : TCP_ROW("%x"), &la, &lp, &ra, &rp, &st,
		   &tx, &rx, &tr, &left, (unsigned int *)&r->retrans) != 10)
		return false;
	r->laddr = ntohl(la);
	r->raddr = ntohl(ra);
	r->lport = lp;
	r->rport = rp;
	r->txq = tx;
	r->rxq = rx;
	snprintf(r->state, sizeof(r->state), "%s", st < 13 ? tcp_states[st] : "?");
	snprintf(r->timer, sizeof(r->timer), "%s", tr < 5 ? timers[tr] : "?");
	r->left = left / 100.0;
	/* /proc/net/tcp has no row of its own for the limit: Send-Q is it since 4.x. */
	return true;
}

/* ADDRESS:PORT, with an address of IPv6 in brackets. */
static bool parse_end(const char *text, uint32_t *ip, int *port)
{
	struct in6_addr a6;
	struct in_addr a;
	char addr[64];

	if (sscanf(text, "[%63[^]]]:%d", addr, port) == 2 && inet_pton(AF_INET6, addr, &a6) == 1) {
		*ip = get32(&a6.s6_addr[12]);
		if (IN6_IS_ADDR_LOOPBACK(&a6))
			*ip = IP_LO;
		return true;
	}
	if (sscanf(text, "%63[^:]:%d", addr, port) != 2 || !inet_aton(addr, &a))
		return false;
	*ip = ntohl(a.s_addr);
	return true;
}

static bool parse_rill(const char *line, struct row *r)
{
	char local[64], peer[64], timer[32];

	if (sscanf(line, "%15s %ld %ld %63s %63s %31s %d", r->state, &r->rxq, &r->txq, local,
		   peer, timer, &r->retrans) != 7)
		return false;
	if (!parse_end(local, &r->laddr, &r->lport))
		return false;
	if (!parse_end(peer, &r->raddr, &r->rport)) {
		r->rport = 0;		/* a listener may print * */
		r->raddr = 0;
	}
	r->left = 0;
	if (sscanf(timer, "%15[^:]:%lf", r->timer, &r->left) < 1)
		return false;
	return true;
}

int table_read(struct row *rows, int max)
{
	bool tcp = rt.proto == PROTO_TCP;
	FILE *f = open_view(!tcp ? "rill" : rt.v6 ? "tcp6" : "tcp");
	char line[512];
	int n = 0;

	if (!fgets(line, sizeof(line), f))
		FAIL("the socket table has no header");
	while (n < max && fgets(line, sizeof(line), f)) {
		memset(&rows[n], 0, sizeof(rows[n]));
		if (!(tcp ? parse_tcp : parse_rill)(line, &rows[n]))
			FAIL("strange line in the socket table: %s", line);
		n++;
	}
	fclose(f);
	return n;
}

bool table_find(int lport, int rport, struct row *out)
{
	static struct row rows[8192];
	int i, n = table_read(rows, ARRAY_SIZE(rows));
	const struct row *hit = NULL;

	for (i = 0; i < n; i++) {
		if ((lport && rows[i].lport != lport) || (rport && rows[i].rport != rport))
			continue;
		/* A port alone means its listener first, a peer never does. */
		if (!strcmp(rows[i].state, "LISTEN")) {
			if (rport)
				continue;
			hit = &rows[i];
			break;
		}
		if (!hit)
			hit = &rows[i];
	}
	if (hit && out)
		*out = *hit;
	return hit;
}

const char *table_state(int lport, int rport)
{
	static struct row r;

	return table_find(lport, rport, &r) ? r.state : "";
}

int table_count(const char *state)
{
	static struct row rows[16384];
	int i, n = table_read(rows, ARRAY_SIZE(rows)), c = 0;

	for (i = 0; i < n; i++)
		c += !state || !strcmp(rows[i].state, state);
	return c;
}

/* What the kernel's TCP calls a counter of Rill's. */
static const struct {
	const char *rill, *tcp;
} alias[] = {
	{ "Timeouts", "TCPTimeouts" },
	{ "FastRetrans", "TCPFastRetrans" },
	{ "WinProbes", "TCPWinProbe" },
	{ "OFOQueue", "TCPOFOQueue" },
	{ "DSACKOldSent", "TCPDSACKOldSent" },
	{ "DSACKOfoSent", "TCPDSACKOfoSent" },
	{ "ReqQFullDoCookies", "TCPReqQFullDoCookies" },
	{ "ReqQFullDrop", "TCPReqQFullDrop" },
	{ "TimeWaited", "TW" },
	{ "TimeWaitOverflow", "TCPTimeWaitOverflow" },
	{ "ChallengeACK", "TCPChallengeACK" },
	{ "MTUPSuccess", "TCPMTUPSuccess" },
	{ "FastOpenActive", "TCPFastOpenActive" },
	{ "FastOpenActiveFail", "TCPFastOpenActiveFail" },
	{ "FastOpenPassive", "TCPFastOpenPassive" },
	{ "FastOpenPassiveFail", "TCPFastOpenPassiveFail" },
	{ "FastOpenListenOverflow", "TCPFastOpenListenOverflow" },
	{ "FastOpenCookieReqd", "TCPFastOpenCookieReqd" },
	{ "FastOpenBlackhole", "TCPFastOpenBlackhole" },
	{ "FastOpenPassiveAltKey", "TCPFastOpenPassiveAltKey" },
	{ "MTUPFail", "TCPMTUPFail" },
	{ "MD5NotFound", "TCPMD5NotFound" },
	{ "MD5Unexpected", "TCPMD5Unexpected" },
	{ "MD5Failure", "TCPMD5Failure" },
};

#define WHITE	"\n "

/* A value out of the pairs of lines "GROUP: names" and "GROUP: values". */
static bool line_counter(const char *view, const char *group, const char *name, long *val)
{
	char names[8192], vals[8192], *sn, *sv, *n, *v;
	size_t len = strlen(group);
	FILE *f = open_view(view);
	bool found = false;

	while (!found && fgets(names, sizeof(names), f) && fgets(vals, sizeof(vals), f)) {
		n = strtok_r(names, WHITE, &sn);
		v = strtok_r(vals, WHITE, &sv);
		if (strncmp(n, group, len) || strcmp(n + len, ":"))
			continue;
		while ((n = strtok_r(NULL, WHITE, &sn)) && (v = strtok_r(NULL, WHITE, &sv))) {
			if (!strcmp(n, name)) {
				*val = atol(v);
				found = true;
			}
		}
	}
	fclose(f);
	return found;
}

/* A value out of lines "GROUPname value". */
static bool pair_counter(const char *view, const char *group, const char *name, long *val)
{
	size_t len = strlen(group);
	FILE *f = open_view(view);
	char key[64];
	bool found = false;
	long v;

	while (fscanf(f, "%63s %ld", key, &v) == 2) {
		if (!strncmp(key, group, len) && !strcmp(key + len, name)) {
			*val = v;
			found = true;
		}
	}
	fclose(f);
	return found;
}

long host_counter(const char *group, const char *name)
{
	bool found;
	long v;

	if (group[strlen(group) - 1] == '6')
		found = pair_counter("snmp6", group, name, &v);
	else if (!strcmp(group, "Xfrm"))
		found = pair_counter("xfrm_stat", group, name, &v);
	else
		found = line_counter("snmp", group, name, &v);
	if (!found)
		FAIL("there is no counter %s%s", group, name);
	return v;
}

static bool rill_counter(const char *name, long *val)
{
	if (!pair_counter("rill_snmp", "Rill", name, val))
		return false;
	/* UDP drops what was damaged on the udp wire before we see it */
	if (carry_wire() == WIRE_UDP && !strcmp(name, "InCsumErrors"))
		*val += host_counter(rt.v6 ? "Udp6" : "Udp", name);
	return true;
}

static bool find_counter(const char *name, long *val)
{
	size_t i;

	if (rt.proto != PROTO_TCP)
		return rill_counter(name, val);
	for (i = 0; i < ARRAY_SIZE(alias); i++)
		if (!strcmp(alias[i].rill, name))
			name = alias[i].tcp;
	return line_counter("snmp", "Tcp", name, val) ||
	       line_counter("netstat", "TcpExt", name, val);
}

bool have_counter(const char *name)
{
	long v;

	return find_counter(name, &v);
}

long counter(const char *name)
{
	long v;

	if (!find_counter(name, &v))
		FAIL("there is no counter %s", name);
	return v;
}
