// SPDX-License-Identifier: GPL-2.0
/* Two ends that close in every order and way; what is left of the port; linger. */
#include "see.h"

static struct world w;

/* What an end may do. */
static const char ways[] = "WRBcr";	/* SHUT_WR, SHUT_RD, both, close, reset */

/* 0 is w.fd, 1 is w.peer */
static void act(int end, char way)
{
	int *fd = end ? &w.peer : &w.fd;

	if (*fd < 0)
		return;
	switch (way) {
	case 'W':
	case 'R':
	case 'B':
		rec("%c: %s", way, shutdown(*fd, way == 'W' ? SHUT_WR : way == 'R' ? SHUT_RD :
					   SHUT_RDWR) ? strerrorname_np(errno) : "done");
		return;
	case 'r':
	case 'c':
		if (way == 'r')
			sk_linger(*fd, 1, 0);
		close(*fd);
		*fd = -1;
	}
}

/* What an end has, and then a byte from it for the other. */
static void rec_end(const char *name, int fd)
{
	char buf[64], text[1024], sig[64];
	ssize_t n;

	if (fd < 0)
		return;
	see_text(fd, -1, text, sizeof(text));
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	rec("%s: %s", name, text);
	rec_read("recv", n, buf);
	rec_call("send", send(fd, name, 1, MSG_DONTWAIT));
	settle_world(&w);
	take_signals(sig);
	rec("signals%s", sig);
}

/* Two steps of this end and two of the other, and data after each. */
static void two_ends(char a, char b, char c, char d, bool unread)
{
	char sig[64];

	rec("%c%c%c%c %d", a, b, c, d, unread);
	see_make(&w, see_state(unread ? "unread" : "dialled"));
	act(0, a);
	settle_world(&w);
	act(1, b);
	settle_world(&w);
	rec_end("here", w.fd);
	rec_end("there", w.peer);
	act(0, c);
	settle_world(&w);
	act(1, d);
	settle_world(&w);
	rec_end("here", w.fd);
	rec_end("there", w.peer);
	take_signals(sig);
	rec("signals%s", sig);
	see_end(&w);
}

static void every_order(void)
{
	size_t a, b, c, d;

	see_init();
	for (a = 0; a < 5; a++)
		for (b = 0; b < 5; b++)
			for (c = 0; c < 5; c++)
				for (d = 0; d < 5; d++)
					two_ends(ways[a], ways[b], ways[c], ways[d],
						 (a + b + c + d) % 2);
}

/* After each way to end: may the port be bound again, with SO_REUSEADDR or without? */
static void port_after(void)
{
	int i, j, k, reuse, port[2];
	static const char *const made[] = { "dialled", "accepted", "unread" };

	see_init();
	for (i = 0; i < 3; i++)
		for (j = 0; j < 5; j++)
			for (k = 0; k < 5; k++) {
				see_make(&w, see_state(made[i]));
				port[0] = sk_port(w.fd);
				port[1] = sk_peer_port(w.fd);
				close(w.l);
				w.l = -1;
				rec("%s %c %c", made[i], ways[j], ways[k]);
				act(0, ways[j]);
				settle_world(&w);
				act(1, ways[k]);
				settle_world(&w);
				for (reuse = 0; reuse < 4; reuse++) {
					int fd = sk_new(), p = port[reuse & 1];

					sk_set(fd, SOL_SOCKET, SO_REUSEADDR, reuse >> 1);
					rec("port %d, reuse %d", reuse & 1, reuse >> 1);
					DO(sk_bind(fd, IP_LO, p));
					DO(listen(fd, 1));
					close(fd);
					settle();
				}
				see_end(&w);
			}
}

/* ---- linger ---- */

static int linger_s, linger_nonblock;

static void lingering_close(void)
{
	double t0, t;

	/* what this closes has to be the last descriptor */
	OK(raise(SIGSTOP));
	t0 = now();
	sk_linger(w.fd, 1, linger_s);
	sk_nonblock(w.fd, linger_nonblock);
	DO(close(w.fd));
	t = now() - t0;
	rec("%s", t < 0.7 ? "at once" : t < 4 ? "after the time" : "late");
}

/* a: the peer acknowledges all, F: and sends its FIN, R: resets, s: a signal, p: half of it */
static void linger_ways(void)
{
	static const char *const states[] = { "hand", "hand_unacked", "hand_fin_wait_1",
					      "hand_last_ack", "hand_closing", "hand_shut_window" };
	static const char *const fates[] = { "a", "F", "aF", "R", "s", "pa", "p", "" };
	size_t i, j;
	int k, nonblock;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (j = 0; j < ARRAY_SIZE(fates); j++)
			for (nonblock = 0; nonblock < 2; nonblock++) {
				char text[256];
				pid_t pid;

				rec("%s: %s %d", states[i], fates[j], nonblock);
				see_make(&w, see_state(states[i]));
				linger_nonblock = nonblock;
				/* who waits until the end waits a second, others for ever */
				linger_s = *fates[j] && strcmp(fates[j], "p") ? 100 : 1;
				on_sigusr1(0);
				pid = blocks(lingering_close);
				OK(waitpid(pid, NULL, WUNTRACED));
				close(w.fd);
				w.fd = -1;
				OK(kill(pid, SIGCONT));
				for (k = 0; fates[j][k] && asleep(pid); k++) {
					see_other(&w, text, sizeof(text));
					switch (fates[j][k]) {
					case 'a':
						w.raw.win = 65535;
						peer_ack(&w.raw);
						settle();
						peer_drop(&w.raw);
						peer_ack(&w.raw);
						break;
					case 'F':
						peer_put(&w.raw, F_FIN | F_ACK, NULL, 0);
						break;
					case 'R':
						peer_put(&w.raw, F_RST | F_ACK, NULL, 0);
						break;
					case 'p':
						peer_raw(&w.raw, F_ACK, w.raw.snd_nxt,
							 w.raw.irs + 3, NULL, 0);
						break;
					case 's':
						OK(kill(pid, SIGUSR1));
						break;
					}
					settle();
				}
				if (linger_s == 1)
					UNTIL(!asleep(pid));
				ends(pid);
				rec("after %d", k);
				see_end(&w);
			}
}

/* ---- FIN is data ---- */

/* Three pieces, of which F is the FIN alone and c has it: in every order, and again. */
static void fin_in_any_order(void)
{
	static const char *const v[] = {
		"abF", "aFb", "baF", "bFa", "Fab", "Fba", "abc", "acb", "bac", "bca", "cab", "cba",
		"aabbFF", "FFab", "cFab", "acFb", "abFF", "bcc", "Fb", "ac", "cbaF", "abFc",
	};
	char line[2000], text[1024];
	uint32_t base;
	size_t i;
	int k, n;

	see_init();
	for (i = 0; i < ARRAY_SIZE(v); i++) {
		see_make(&w, see_state("hand"));
		base = w.raw.snd_nxt;
		for (k = 0; v[i][k]; k++) {
			int at = v[i][k] == 'a' ? 0 : v[i][k] == 'b' ? 4 : v[i][k] == 'c' ? 6 : 8;
			int len = at == 6 ? 2 : at == 8 ? 0 : 4;

			peer_raw(&w.raw, F_ACK | (at > 4 ? F_FIN : 0), base + at, w.raw.rcv_nxt,
				 "01234567" + (at & 7), len);
			settle();
			peer_drop(&w.raw);
			n = snprintf(line, sizeof(line), "%s %d: %s", v[i], k,
				     see_text(w.fd, w.et, text, sizeof(text)));
			ASSERT_LT(n, (int)sizeof(line));
			rec("%.1500s", line);
		}
		DO_READ(recv(w.fd, text, 5, MSG_DONTWAIT), text);
		DO_READ(recv(w.fd, text, 5, MSG_DONTWAIT), text);
		DO_READ(recv(w.fd, text, 5, MSG_DONTWAIT), text);
		see("then", w.fd);
		see_end(&w);
	}
}

static const struct rt_test tests[] = {
	{ "every_order",
	  "C24 C25 C26 C29 SH-1 SH-2 SH-3 SH-7 CL-1 CL-2 CL-3 CL-11 ER-1 ER-2 ER-4 ER-5",
	  every_order, T_LONG | T_NODEBUG, 240 },
	{ "port_after", "C29 C81 SO-1 CL-3 CL-11", port_after, 0, 60 },
	{ "linger_ways", "C29 CL-4", linger_ways, T_LONG, 240 },
	{ "fin_in_any_order", "C32 SM-21 PO-5 IO-1", fin_in_any_order, 0, 0 },
};

RT_MAIN(tests)
