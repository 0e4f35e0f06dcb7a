// SPDX-License-Identifier: GPL-2.0
/* Errors that come from the network: who is told, how often, and of what. */
#include "see.h"

#include <linux/errqueue.h>

#define ROUTER	IP(10, 9, 0, 77)

static struct world w;

static const struct {
	int type, code;
} icmps[] = {
	{ 3, 0 }, { 3, 1 }, { 3, 2 }, { 3, 3 }, { 3, 5 }, { 3, 6 }, { 3, 7 }, { 3, 8 }, { 3, 9 },
	{ 3, 10 }, { 3, 11 }, { 3, 12 }, { 3, 13 }, { 3, 14 }, { 3, 15 }, { 3, 16 }, { 4, 0 },
	{ 5, 1 }, { 11, 0 }, { 11, 1 }, { 12, 0 }, { 12, 1 }, { 8, 0 }, { 13, 0 }, { 42, 0 },
};

/* All that the error queue has. */
static void rec_queue(void)
{
	char data[64], control[256];
	union rt_addr from = { };
	int i;

	for (i = 0; i < 3; i++) {
		struct iovec iov = { data, sizeof(data) };
		struct msghdr m = {
			.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			.msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control),
		};
		struct sock_extended_err *e;
		struct cmsghdr *c;
		ssize_t n = recvmsg(w.fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT);

		if (n < 0) {
			rec_call("queue", n);
			return;
		}
		/* what was quoted has ports and numbers of its own */
		rec("queue: %zd flags %#x name %d", n, m.msg_flags, m.msg_namelen);
		for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
			e = (void *)CMSG_DATA(c);
			rec("%d %d: %s origin %d type %d code %d info %u data %u from %d",
			    c->cmsg_level, c->cmsg_type, strerrorname_np(e->ee_errno) ?: "0",
			    e->ee_origin, e->ee_type, e->ee_code, e->ee_info, e->ee_data,
			    SO_EE_OFFENDER(e)->sa_family);
		}
	}
}

static void rec_result(const char *call)
{
	char result[700];

	see_do(&w, see_call(call), result, sizeof(result));
	rec("%s", result);
}

static void icmp_in(const char *state, int recverr, int type, int code)
{
	uint32_t seq;
	char text[1024], sig[64];

	see_make(&w, see_state(state));
	sk_set(w.fd, SOL_IP, IP_RECVERR, recverr);
	seq = !strncmp(state, "syn", 3) ? w.raw.irs : w.raw.rcv_nxt - 1;
	peer_icmp(&w.raw, type, code, 0, ROUTER, seq);
	settle();
	take_signals(sig);
	rec("%s, ICMP %d/%d, %d:%s %s", state, type, code, recverr, sig,
	    see_text(w.fd, w.et, text, sizeof(text)));
	if (code % 2)
		rec_queue();
	rec_result(code % 3 ? "SO_ERROR" : "send quiet");
	rec_result("recv 3");
	if (!(code % 2))
		rec_queue();
	rec_result("send quiet");
	rec_result("SO_ERROR");
	rec_result("connect");
	see_end(&w);
}

static void every_icmp(void)
{
	static const char *const states[] = { "syn_sent", "hand_unacked", "hand_fin_wait_1",
					      "hand_last_ack", "hand_closing" };
	size_t i, j;
	int recverr;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (j = 0; j < ARRAY_SIZE(icmps); j++)
			for (recverr = 0; recverr < 2; recverr++)
				/* what is too big is about the path, not about an error */
				if (icmps[j].type != 3 || icmps[j].code != 4)
					icmp_in(states[i], recverr, icmps[j].type, icmps[j].code);
}

/* An error, then three calls in every order: the first is told, once. */
static void told_once(void)
{
	static const char *const states[] = { "refused", "reset", "reset_unread", "reset_by_data",
					      "reset_close_wait", "reset_shut_wr", "reset_shut_rd",
					      "urgent" };
	static const char *const calls[] = { "recv 3", "send 2", "SO_ERROR", "peek 100",
					     "recv oob", "connect", "shutdown WR", "recv 0",
					     "sendfile", "send oob" };
	char result[3][700];
	size_t i, a, b, c;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (a = 0; a < ARRAY_SIZE(calls); a++)
			for (b = 0; b < ARRAY_SIZE(calls); b++)
				for (c = (a + b) % 4; c < ARRAY_SIZE(calls); c += 4) {
					char text[1024];

					see_make(&w, see_state(states[i]));
					if (!strcmp(states[i], "urgent"))
						see_do(&w, see_call("peer resets"), result[0], 700);
					see_do(&w, see_call(calls[a]), result[0], 700);
					see_do(&w, see_call(calls[b]), result[1], 700);
					see_do(&w, see_call(calls[c]), result[2], 700);
					rec("%s: %.100s; %.100s; %.100s; %.300s", states[i],
					    result[0], result[1], result[2],
					    see_text(w.fd, w.et, text, sizeof(text)));
					see_end(&w);
				}
}

/* Giving up after TCP_USER_TIMEOUT: ETIMEDOUT, or the last soft error. ER-7 */
static void gives_up(void)
{
	static const char *const states[] = { "syn_sent", "hand_unacked", "hand_fin_wait_1" };
	size_t i;
	int soft;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (soft = 0; soft < 3; soft++) {
			char text[1024];

			see_make(&w, see_state(states[i]));
			if (soft && i == 0)	/* there it fails at once: see every_icmp */
				goto next;
			sk_set(w.fd, SOL_TCP, TCP_USER_TIMEOUT, 700);
			if (soft)
				peer_icmp(&w.raw, soft == 1 ? 3 : 11, soft == 1, 0, ROUTER,
					  w.raw.rcv_nxt - 1);
			UNTIL_MS(ev_now(w.fd, 0) & POLLHUP, 20000);
			peer_drop(&w.raw);
			rec("%s %d: %s", states[i], soft, see_text(w.fd, w.et, text, sizeof(text)));
			rec_result("SO_ERROR");
			rec_result("recv 3");
			rec_result("send 2");
next:
			see_end(&w);
		}
}

/* A RST with numbers that fit, nearly fit or do not, in each state of a peer by hand. */
static void every_reset(void)
{
	static const int off[] = { 0, 1, -1, 100, -100, 70000, -70000, 0x40000000 };
	static const char *const states[] = { "syn_sent", "syn_recv", "hand", "hand_unacked",
					      "hand_fin_wait_1", "hand_closing", "hand_last_ack",
					      "hand_fin_wait_1_unread", "hand_shut_window" };
	size_t i, j;
	int ack;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (j = 0; j < ARRAY_SIZE(off); j++)
			for (ack = 0; ack < 3; ack++) {
				char text[1024], sig[64];

				see_make(&w, see_state(states[i]));
				peer_raw(&w.raw, F_RST | (ack ? F_ACK : 0), w.raw.snd_nxt + off[j],
					 w.raw.rcv_nxt + (ack == 2 ? 1000 : 0), NULL, 0);
				settle();
				peer_drop(&w.raw);
				take_signals(sig);
				rec("%s, off by %d, ack %d:%s %s", states[i], off[j], ack, sig,
				    see_text(w.fd, w.et, text, sizeof(text)));
				rec_result("SO_ERROR");
				see_end(&w);
			}
}

static const struct rt_test tests[] = {
	{ "every_icmp", "ER-8 ER-9 ER-10 ER-11 MUST-55 MUST-56 C44 ICMP-3S", every_icmp, 0, 60 },
	{ "told_once", "C26 ER-1 ER-2 ER-3 ER-4 ER-5 CN-4 UR-2", told_once, T_LONG | T_NODEBUG,
	  120 },
	{ "gives_up", "ER-7 TO-5", gives_up, T_LONG, 120 },
	{ "every_reset", "C30 ER-1 BLIND-2M BLIND-3S SM-8", every_reset, 0, 60 },
};

RT_MAIN(tests)
