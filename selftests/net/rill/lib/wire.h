/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments: built and parsed by hand, watched on an interface, exchanged with
 * the stack under test by a peer of our own behind a TUN device, or passed on
 * between two stacks by a relay that decides about each one.
 */
#ifndef WIRE_H
#define WIRE_H

#include "rt.h"

enum {
	F_FIN = 1, F_SYN = 2, F_RST = 4, F_PSH = 8, F_ACK = 16, F_URG = 32, F_ECE = 64,
	F_CWR = 128
};

struct seg {
	double t;		/* when it was seen, seconds */
	uint32_t saddr, daddr;	/* addresses and ports in host order */
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t win, urg;
	uint8_t flags, res, ttl, tos;
	uint16_t id;
	bool df, frag, csum_ok, csum_partial, outgoing;
	int mss, ws;		/* 0 and -1 when absent */
	bool sackok, ts, bad_opts;
	uint32_t tsval, tsecr;
	int nsack;		/* those in the segment; 4 at most fit */
	uint32_t sack[4][2];
	uint8_t opts[40];
	int optlen, len, iplen;
	uint8_t *data;
};

/* What seg_build() makes a packet of. */
struct spec {
	uint32_t saddr, daddr;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t win, urg;
	uint8_t flags, res, ttl, tos;
	const uint8_t *opts;
	int optlen;		/* padded with EOL to a multiple of 4 */
	int doff;		/* 0: right; else this header length in words */
	const void *data;
	int len;
	bool bad_csum;
};

int seg_build(uint8_t *buf, const struct spec *s);		/* IP length */
bool seg_parse(struct seg *s, const uint8_t *ip, int caplen);	/* false: not ours */
void wire_trace(const struct seg *s, char dir);
void wire_dump(void);
/* Numbers in the trace count from base[0] (of who sends) and base[1], when this is set. */
extern void (*wire_base)(const struct seg *s, char dir, uint32_t base[2]);
uint16_t ip_sum(const void *data, int len, uint32_t start);
const char *flags_str(uint8_t flags);

static inline bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* ---- sniffer ---- */

struct sniff {
	int fd;
	struct seg *seg;
	int n, cap;
};

struct sniff *sniff_start(const char *ifname);		/* in the current namespace */
int sniff_collect(struct sniff *s);			/* all so far; the number */

/* ---- TUN and raw peer ---- */

#define TUN_K	IP(10, 9, 0, 1)		/* the stack under test */
#define TUN_P	IP(10, 9, 0, 2)		/* the peer that we play */

struct tun {
	int fd;
	struct seg *q;		/* arrived, not consumed */
	int n, cap;
	int icmp_seen;
};

struct tun *tun_new(const char *ifname, uint32_t ip, int mtu);
bool tun_fill(struct tun *t, int ms);	/* wait for and take packets */
void tun_put(struct tun *t, const uint8_t *ip, int len);

struct peer {
	struct tun *tun;
	uint32_t addr, kaddr;
	uint16_t port, kport;
	uint32_t iss, snd_nxt, irs, rcv_nxt;
	uint16_t win;
	uint16_t urg;		/* the urgent pointer, on segments with F_URG */
	int mss, ws;		/* offered in our SYN: 0 and -1 for none */
	bool sackok, ts;	/* likewise */
	int kws;		/* shift of the stack's windows */
	bool use_ts;		/* agreed */
	uint32_t tsval, tsrecent;
	uint8_t xopt[40];	/* sent on every segment, if any */
	int xoptlen;
	uint8_t tos, res;
	bool bad_csum;
	bool any_csum;		/* do not insist on right checksums */
	bool any_df;		/* nor on DF */
	int quote;		/* bytes of a segment that our ICMP errors quote; 0: 20 */
};

void peer_init(struct peer *p, struct tun *t, int port, int kport);
struct seg *peer_get(struct peer *p, int ms);		/* next segment, or NULL */
struct seg *peer_need(struct peer *p);			/* next segment */
struct seg *peer_want(struct peer *p, uint8_t flags);	/* next segment, these flags but PSH */
struct seg *peer_want_rst(struct peer *p);		/* with or without ACK */
void peer_none(struct peer *p, int ms);			/* nothing comes */
void peer_drop(struct peer *p);				/* forget what has come */
void peer_raw(struct peer *p, uint8_t flags, uint32_t seq, uint32_t ack, const void *data,
	      int len);
void peer_put(struct peer *p, uint8_t flags, const void *data, int len); /* in sequence */
#define peer_ack(p)		peer_put(p, F_ACK, NULL, 0)
#define peer_str(p, s)		peer_put(p, F_PSH | F_ACK, s, strlen(s))
void peer_icmp(struct peer *p, int type, int code, uint32_t rest, uint32_t from, uint32_t seq);
/* What an ICMP error means to a socket of the run, which means @err by IPv4. */
int icmp_err(int type, int code, int err);
void peer_read(struct peer *p, void *buf, int len);	/* data in order, ACKing each segment */
void peer_syn(struct peer *p);
void peer_connect(struct peer *p);			/* handshake with a listener */
void peer_answer(struct peer *p);			/* handshake after the stack's connect */
int peer_dialled(struct peer *p);			/* a socket connected to the peer */
int peer_accepted(struct peer *p, int lfd);		/* peer_connect() and accept */
struct tun *peer_net(void);				/* a namespace with a TUN of MTU 1500 */

/* ---- relay ---- */

enum verdict { PASS, DROP, TWICE, CORRUPT, HOLD /* behind the next one */ };

/* Called for each segment; dir 0 is a to b. */
typedef enum verdict (*relay_fn)(const struct seg *s, int dir);

struct relay {
	int a, b;		/* namespaces, with TUN ta at IP_A and tb at IP_B */
	struct tun *t[2];
	relay_fn volatile fn;
	long passed[2], dropped[2];
	double delay_s;
};

struct relay *relay_new(int mtu, relay_fn fn);
struct pair pair_relay(struct relay *r);	/* dialled in a, accepted in b */

#endif /* WIRE_H */
