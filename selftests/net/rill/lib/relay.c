// SPDX-License-Identifier: GPL-2.0
/*
 * Two namespaces joined by two TUN devices and a thread that passes packets
 * on, asking a function of the case about every segment: losses that are the
 * same in every run, and a wire that can be cut.
 */
#include "wire.h"

#include <pthread.h>

#define HELD_MAX	4096

struct held {
	double due;
	int len, dir;
	uint8_t *ip;
};

static struct held held[HELD_MAX];
static int nheld;

static void pass(struct relay *r, int dir, const uint8_t *ip, int len)
{
	r->passed[dir]++;
	if (write(r->t[!dir]->fd, ip, len) != len && errno != EIO)
		FAIL("relay: %s", strerror(errno));
}

static void hold(int dir, const uint8_t *ip, int len, double due)
{
	if (nheld == HELD_MAX)
		FAIL("the relay holds too many packets");
	held[nheld].due = due;
	held[nheld].dir = dir;
	held[nheld].len = len;
	held[nheld].ip = malloc(len);
	memcpy(held[nheld++].ip, ip, len);
}

static void send_due(struct relay *r)
{
	int i = 0;

	while (i < nheld) {
		if (held[i].due > now()) {
			i++;
			continue;
		}
		pass(r, held[i].dir, held[i].ip, held[i].len);
		free(held[i].ip);
		memmove(&held[i], &held[i + 1], (--nheld - i) * sizeof(*held));
	}
}

static void one(struct relay *r, int dir, uint8_t *ip, int len)
{
	relay_fn fn = r->fn;
	struct seg s;
	enum verdict v = PASS;
	double due = now() + r->delay_s;

	if (seg_parse(&s, ip, len)) {
		wire_trace(&s, dir ? '<' : '>');
		if (fn)
			v = fn(&s, dir);
		free(s.data);
	}
	if (v == DROP) {
		r->dropped[dir]++;
		return;
	}
	if (v == CORRUPT)
		ip[len - 1] ^= 0x10;
	if (v == HOLD)
		due += 0.02;
	if (due > now()) {
		hold(dir, ip, len, due);
		if (v == TWICE)
			hold(dir, ip, len, due);
		return;
	}
	pass(r, dir, ip, len);
	if (v == TWICE)
		pass(r, dir, ip, len);
}

static void *relay_loop(void *arg)
{
	struct relay *r = arg;
	static uint8_t buf[70000];

	for (;;) {
		struct pollfd p[2] = {
			{ .fd = r->t[0]->fd, .events = POLLIN },
			{ .fd = r->t[1]->fd, .events = POLLIN },
		};
		int dir, i, ms = -1;
		ssize_t n;

		for (i = 0; i < nheld; i++) {
			double left = held[i].due - now();
			int m = left > 0 ? (int)(left * 1000) + 1 : 0;

			if (ms < 0 || m < ms)
				ms = m;
		}
		poll(p, 2, ms);
		send_due(r);
		for (dir = 0; dir < 2; dir++) {
			n = read(r->t[dir]->fd, buf, sizeof(buf));
			if (n > 0 && buf[0] >> 4 == (rt.v6 ? 6 : 4))
				one(r, dir, buf, n);
		}
	}
	return NULL;
}

struct relay *relay_new(int mtu, relay_fn fn)
{
	struct relay *r = calloc(1, sizeof(*r));
	pthread_t th;

	ASSERT(r);
	r->fn = fn;
	r->b = ns_new();
	r->t[1] = tun_new("tb", IP_B, mtu);
	r->a = ns_new();
	r->t[0] = tun_new("ta", IP_A, mtu);
	ASSERT_EQ(pthread_create(&th, NULL, relay_loop, r), 0);
	return r;
}

struct pair pair_relay(struct relay *r)
{
	struct net2 n = { .a = r->a, .b = r->b };

	return pair_net2(&n);
}
