// SPDX-License-Identifier: GPL-2.0
/*
 * Segments behind extension headers of IPv6 (RFC 8200, 4), over each wire: IP
 * says what becomes of them, whoever takes the segment in the end.
 */
#include "carry.h"

#define PORT	8080
#define HEAD6	40

/* Such a header; its first byte is for who puts it in front of something. */
struct ext {
	uint8_t type;
	uint8_t bytes[8];
};

#define OPTION(type)	{ IPPROTO_DSTOPTS, { 0, 0, type, 4 } }
#define ROUTE(left)	{ IPPROTO_ROUTING, { 0, 0, 253, left } }
#define FRAGMENT(at)	{ IPPROTO_FRAGMENT, { 0, 0, (at) >> 8, (at) & 255, 0, 0, 18, 103 } }
#define MORE		1

static struct peer p;
static int fd, lfd;

/* A packet with a segment of the peer's next data, which does not count as sent. */
static int segment(uint8_t *pkt, const char *data)
{
	struct spec s = {
		.saddr = p.addr, .daddr = p.kaddr, .sport = p.port, .dport = p.kport,
		.seq = p.snd_nxt, .ack = p.rcv_nxt, .flags = F_ACK | F_PSH, .win = 60000,
		.data = data, .len = strlen(data),
	};

	return seg_build(pkt, &s);
}

/* Puts a header in front of what IPv6 carries; the new length. */
static int behind(uint8_t *pkt, int len, const struct ext *e)
{
	uint8_t *at = pkt + HEAD6;

	memmove(at + sizeof(e->bytes), at, len - HEAD6);
	memcpy(at, e->bytes, sizeof(e->bytes));
	at[0] = pkt[6];
	pkt[6] = e->type;
	put16(pkt + 4, len - HEAD6 + sizeof(e->bytes));
	return len + sizeof(e->bytes);
}

static void put(const uint8_t *pkt, int len)
{
	if (write(p.tun->fd, pkt, len) != len)
		FAIL("write: %s", strerror(errno));
}

/* The same data behind n headers, the last of which is e[0]. */
static void put_behind(const char *data, const struct ext *e, int n)
{
	uint8_t pkt[256];
	int len = segment(pkt, data), i;

	for (i = 0; i < n; i++)
		len = behind(pkt, len, &e[i]);
	put(pkt, len);
}

static void arrives(const char *data)
{
	recv_str(fd, data);
	p.snd_nxt += strlen(data);
}

/* Nothing of it: what comes next has its place. */
static void is_dropped(void)
{
	peer_str(&p, "next");
	recv_str(fd, "next");
}

/* Over each wire; that of the host's TCP is one. */
static void each_wire(void (*fn)(void))
{
	static const enum rt_wire wires[] = { WIRE_IP, WIRE_TCP, WIRE_UDP };
	size_t i;

	rt.v6 = true;
	for (i = 0; i < (rt.proto == PROTO_TCP ? 1 : ARRAY_SIZE(wires)); i++) {
		rt.wire = wires[i];
		peer_init(&p, peer_net(), 4000, PORT);
		lfd = sk_listen(INADDR_ANY, PORT, 4);
		fd = peer_accepted(&p, lfd);
		fn();
		peer_drop(&p);
		send_str(fd, "indeed");
		ASSERT_EQ(peer_want(&p, F_ACK)->len, 6);
		peer_ack(&p);
		UNTIL(!sk_outq(fd));
		close(fd);
		close(lfd);
	}
}

static void options_pass(void)
{
	static const struct ext known = OPTION(1), skipped = OPTION(0x1e);

	put_behind("padded", &known, 1);
	arrives("padded");
	put_behind("unknown", &skipped, 1);
	arrives("unknown");
}

/* RFC 8200, 4.2: the two highest bits say what an unknown option asks for. */
static void options_forbid(void)
{
	static const struct ext discarded = OPTION(0x5e), reported = OPTION(0x9e);
	int seen;

	put_behind("no", &discarded, 1);
	is_dropped();
	seen = p.tun->icmp_seen;
	put_behind("no", &reported, 1);
	UNTIL((tun_fill(p.tun, 0), p.tun->icmp_seen > seen));
	is_dropped();
}

/* RFC 8200, 4.4: one of a type that is not known counts while it has somewhere to go. */
static void routes(void)
{
	static const struct ext done = ROUTE(0), further = ROUTE(1);
	int seen = p.tun->icmp_seen;

	put_behind("at the end", &done, 1);
	arrives("at the end");
	put_behind("no", &further, 1);
	UNTIL((tun_fill(p.tun, 0), p.tun->icmp_seen > seen));
	is_dropped();
}

/* Cut in front of byte at of what headers of IPv6 carry; the second one first. */
static void put_cut(const uint8_t *pkt, int len, int at)
{
	struct ext first = FRAGMENT(MORE), second = FRAGMENT(at);
	uint8_t part[2048];

	memcpy(part, pkt, HEAD6);
	memcpy(part + HEAD6, pkt + HEAD6 + at, len - HEAD6 - at);
	put(part, behind(part, len - at, &second));
	memcpy(part, pkt, HEAD6 + at);
	put(part, behind(part, HEAD6 + at, &first));
}

static void cut(void)
{
	static const struct ext option = OPTION(1);
	static const char data[] = "what is long enough to be cut into pieces of eight bytes each";
	uint8_t pkt[256];

	put_cut(pkt, segment(pkt, data), 32);
	arrives(data);
	/* the option is of what was cut; the first piece has to have all headers */
	put_cut(pkt, behind(pkt, segment(pkt, data), &option), 40);
	arrives(data);
}

/* RFC 6946: one piece that is all of it. */
static void one_piece(void)
{
	static const struct ext all[] = { FRAGMENT(0), OPTION(1), ROUTE(0) };

	put_behind("alone", all, 1);
	arrives("alone");
	put_behind("and further back", all, 3);
	arrives("and further back");
}

#define EACH_WIRE(fn) \
	static void fn##_on_each(void) \
	{ \
		each_wire(fn); \
	}

EACH_WIRE(options_pass)
EACH_WIRE(options_forbid)
EACH_WIRE(routes)
EACH_WIRE(cut)
EACH_WIRE(one_piece)

static const struct rt_test tests[] = {
	{ "options_pass", "C03", options_pass_on_each, 0, 0 },
	{ "options_forbid", "C03", options_forbid_on_each, 0, 0 },
	{ "routes", "C03", routes_on_each, 0, 0 },
	{ "cut", "C03", cut_on_each, 0, 0 },
	{ "one_piece", "C03", one_piece_on_each, 0, 0 },
};

RT_MAIN(tests)
