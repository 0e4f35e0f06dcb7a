// SPDX-License-Identifier: GPL-2.0
/* Calls that wait, and what ends them; what is held back; queues by size. */
#include "see.h"

#include <linux/sockios.h>
#include <sys/time.h>
#include <sys/uio.h>

static struct world w;

/* ---- recv that waits ---- */

struct how {
	const char *name;
	size_t len;
	int flags, lowat, timeo_ms, sa_flags;
};

static const struct how hows[] = {
	{ "plain", 10, 0, 1, 0, 0 },
	{ "all", 10, MSG_WAITALL, 1, 0, 0 },
	{ "peek", 10, MSG_PEEK, 1, 0, 0 },
	{ "peek all", 10, MSG_PEEK | MSG_WAITALL, 1, 0, 0 },
	{ "trunc", 10, MSG_TRUNC, 1, 0, 0 },
	{ "trunc all", 10, MSG_TRUNC | MSG_WAITALL, 1, 0, 0 },
	{ "nothing", 0, 0, 1, 0, 0 },
	{ "lowat 5", 10, 0, 5, 0, 0 },
	{ "lowat 5 of 4", 4, 0, 5, 0, 0 },
	{ "lowat 5 all", 10, MSG_WAITALL, 5, 0, 0 },
	{ "lowat 5 peek", 10, MSG_PEEK, 5, 0, 0 },
	{ "lowat 50", 100, 0, 50, 0, 0 },
	{ "restart", 10, 0, 1, 0, SA_RESTART },
	{ "all restart", 10, MSG_WAITALL, 1, 0, SA_RESTART },
	{ "long timeout", 10, 0, 1, 100000, 0 },
	{ "long timeout restart", 10, 0, 1, 100000, SA_RESTART },
	{ "timeout", 10, 0, 1, 60, 0 },
	{ "timeout all", 10, MSG_WAITALL, 1, 60, 0 },
	{ "timeout lowat", 10, 0, 5, 60, 0 },
};

static const struct how *how;

static void set_timeout(int fd, int opt, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	OK(setsockopt(fd, SOL_SOCKET, opt, &tv, sizeof(tv)));
}

static void wait_recv(void)
{
	char buf[128];

	on_sigusr1(how->sa_flags);
	memset(buf, '-', sizeof(buf));
	rec_read("recv", recv(w.fd, buf, how->len, how->flags), buf);
	rec_read("then", recv(w.fd, buf, sizeof(buf), MSG_DONTWAIT), buf);
}

static void reader(void)
{
	close(w.peer);	/* its owner is to have it alone */
	wait_recv();
}

/* What happens to a reader, letter by letter, whenever it sleeps. */
static const char *const fates[] = {
	"3", "33", "334", "33333", "3F", "F", "3R", "R", "s", "s3", "3s", "3s8", "3s3s4", "U",
	"3U", "3U8", "S", "3S", "D", "3D", "ss3", "8U8",
};

static void fate(char c, pid_t pid)
{
	switch (c) {
	case '3':
	case '4':
	case '8':
		OK(send(w.peer, "abcdefgh", c - '0', 0));
		break;
	case 'U':
		OK(send(w.peer, "U", 1, MSG_OOB));
		break;
	case 'F':
		OK(shutdown(w.peer, SHUT_WR));
		break;
	case 'R':
		sk_linger(w.peer, 1, 0);
		close(w.peer);
		w.peer = -1;
		break;
	case 's':
		OK(kill(pid, SIGUSR1));
		break;
	case 'S':
		OK(shutdown(w.fd, SHUT_RD));
		break;
	case 'D':
		OK(shutdown(w.fd, SHUT_RDWR));
		break;
	}
	settle();
}

static void readers(bool timed)
{
	size_t i, j;
	int k;

	see_init();
	for (i = 0; i < ARRAY_SIZE(hows); i++)
		for (j = 0; j < ARRAY_SIZE(fates); j++) {
			pid_t pid;

			how = &hows[i];
			if (timed != (how->timeo_ms && how->timeo_ms < 1000))
				continue;
			rec("%s: %s", how->name, fates[j]);
			see_make(&w, see_state("accepted"));
			sk_set(w.fd, SOL_SOCKET, SO_RCVLOWAT, how->lowat);
			set_timeout(w.fd, SO_RCVTIMEO, how->timeo_ms);
			if (timed) {
				/* a call that has some of it, and one that has not */
				for (k = 0; fates[j][k]; k++)
					if (fates[j][k] != 's')
						fate(fates[j][k], 0);
				wait_recv();
				see_end(&w);
				continue;
			}
			pid = blocks(reader);
			for (k = 0; fates[j][k] && asleep(pid); k++)
				fate(fates[j][k], pid);
			ends(pid);
			rec("after %d", k);
			see_end(&w);
		}
}

static void recv_waits(void)
{
	readers(false);
}

static void recv_times_out(void)
{
	readers(true);
}

/* ---- send that waits ---- */

static char lots[8 << 20];
static int send_sa, send_size;

static void rec_amount(const char *call, ssize_t n, size_t want)
{
	if (n < 0)
		rec_call(call, n);
	else
		rec("%s = %s", call, !n ? "nothing" : (size_t)n == want ? "all" : "part");
}

static void wait_send(void)
{
	char sig[64];
	ssize_t n;

	close(w.peer);
	on_sigusr1(send_sa);
	n = send(w.fd, lots, send_size, 0);
	take_signals(sig);
	rec_amount("send", n, send_size);
	rec("%s", sig);
	n = send(w.fd, lots, 1000000, MSG_DONTWAIT);
	take_signals(sig);
	rec("then %s%s", n < 0 ? strerrorname_np(errno) : "some", sig);
}

/* Read for as long as it waits to send: how much of it fits in between is luck. */
static void drain(pid_t pid)
{
	static char buf[1 << 20];

	do {
		while (recv(w.peer, buf, sizeof(buf), MSG_DONTWAIT) > 0)
			;
	} while (asleep(pid));
}

static void send_waits(void)
{
	static const char *const ways[] = { "s", "R", "F", "d", "S", "D", "Fs", "ds", "C", "SF" };
	static const struct {
		const char *state;
		int size, timeo, sa;
	} v[] = {
		{ "dialled", sizeof(lots), 0, 0 },
		{ "dialled", sizeof(lots), 0, SA_RESTART },
		{ "dialled", sizeof(lots), 100000, SA_RESTART },
		{ "full", 1, 0, 0 },
		{ "full", 1, 0, SA_RESTART },
		{ "full", 100000, 100000, SA_RESTART },
		{ "full", 1, 100000, 0 },
	};
	size_t i, j;
	int k;

	see_init();
	for (i = 0; i < ARRAY_SIZE(v); i++)
		for (j = 0; j < ARRAY_SIZE(ways); j++) {
			pid_t pid;

			rec("%s %d %d %#x: %s", v[i].state, v[i].size, v[i].timeo, v[i].sa,
			    ways[j]);
			see_make(&w, see_state(v[i].state));
			sk_nonblock(w.fd, false);
			set_timeout(w.fd, SO_SNDTIMEO, v[i].timeo);
			send_size = v[i].size;
			send_sa = v[i].sa;
			pid = blocks(wait_send);
			for (k = 0; ways[j][k] && asleep(pid); k++) {
				if (ways[j][k] == 'd')
					drain(pid);
				else if (ways[j][k] == 'C')
					fate('R', pid);
				else if (ways[j][k] == 'S')
					OK(shutdown(w.fd, SHUT_WR));
				else
					fate(ways[j][k], pid);
			}
			ends(pid);
			see_end(&w);
		}
}

/* Each call that a timeout bounds, and how long: too early is wrong, much too late as well. */
static void rec_time(const char *what, double since, double want)
{
	double t = now() - since;

	rec("%s: %s", what,
	    t < want * 0.8 - 0.01 ? "early" : t > want * 3 + 1.5 ? "late" : "in time");
}

static void timeouts(void)
{
	static const struct timeval values[] = {
		{ 0, 0 }, { 0, 1 }, { 0, 9999 }, { 0, 60000 }, { 0, 250000 }, { 0, 999999 },
		{ 1, 0 }, { 0, 1000000 }, { 0, -1 }, { -1, 0 }, { -1, 500000 }, { 100000000, 5 },
	};
	char buf[8];
	size_t i;

	see_init();
	see_make(&w, see_state("dialled"));
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		struct timeval r = { 7, 7 }, s = { 7, 7 };
		socklen_t len = sizeof(r);

		rec("%ld.%06ld", (long)values[i].tv_sec, (long)values[i].tv_usec);
		DO(setsockopt(w.fd, SOL_SOCKET, SO_RCVTIMEO, &values[i], sizeof(r)));
		DO(setsockopt(w.fd, SOL_SOCKET, SO_SNDTIMEO, &values[i], sizeof(r)));
		OK(getsockopt(w.fd, SOL_SOCKET, SO_RCVTIMEO, &r, &len));
		OK(getsockopt(w.fd, SOL_SOCKET, SO_SNDTIMEO, &s, &len));
		rec("%ld.%06ld %ld.%06ld", (long)r.tv_sec, (long)r.tv_usec, (long)s.tv_sec,
		    (long)s.tv_usec);
		if ((r.tv_sec || r.tv_usec) && r.tv_sec < 2) {
			double t0 = now();

			DO(recv(w.fd, buf, 1, 0));
			rec_time("recv", t0, r.tv_sec + r.tv_usec / 1e6);
		}
	}
	see_end(&w);
	see_make(&w, see_state("listen"));
	set_timeout(w.fd, SO_RCVTIMEO, 80);
	{
		double t0 = now();

		DO(accept(w.fd, NULL, NULL));
		rec_time("accept", t0, 0.08);
	}
	see_end(&w);
	see_make(&w, see_state("full"));
	sk_nonblock(w.fd, false);
	set_timeout(w.fd, SO_SNDTIMEO, 80);
	{
		double t0 = now();

		DO(send(w.fd, "x", 1, 0));
		rec_time("send", t0, 0.08);
	}
	see_end(&w);
}

/* ---- what is held back: Nagle, cork, MSG_MORE ---- */

/* Letters: send a few, a segment and some (F), with MSG_MORE (m), nothing (z); cork on and
 * off (C, c), NODELAY on and off (N, n), the peer acknowledges (a), shutdown (S), urgent (U),
 * 300 ms pass (w).
 */
static const char *const held[] = {
	"s", "ss", "ssa", "sssa", "Cs", "Csc", "Css", "CsN", "CNs", "NCs", "NCsc", "NCsN", "CsS",
	"Csa", "Csw", "CF", "CFc", "CFw", "CFaw", "m", "ms", "mms", "mz", "mS", "mw", "mc", "mN",
	"mn", "Cmc", "sm", "sma", "smaw", "smss", "Nss", "Nms", "Nmw", "nss", "F", "FF", "FFa",
	"Fm", "Fma", "NF", "CU", "mU", "sU", "sUs", "CsCc", "CsNc", "Csz", "sCsa", "sCsca", "mmmm",
	"CCss", "Fsa", "Fssa", "mF", "mFa",
};

static long held_step(char c)
{
	static char segment[3000];

	switch (c) {
	case 's':
		return send(w.fd, "abc", 3, 0);
	case 'm':
		return send(w.fd, "more", 4, MSG_MORE);
	case 'z':
		return send(w.fd, "", 0, 0);
	case 'U':
		return send(w.fd, "U", 1, MSG_OOB);
	case 'F':
		return send(w.fd, segment, 2000, 0);
	case 'C':
	case 'c':
		sk_set(w.fd, SOL_TCP, TCP_CORK, c == 'C');
		return 0;
	case 'N':
	case 'n':
		sk_set(w.fd, SOL_TCP, TCP_NODELAY, c == 'N');
		return 0;
	case 'S':
		return shutdown(w.fd, SHUT_WR);
	case 'a':
		peer_ack(&w.raw);
		return 0;
	default:
		UNTIL_MS(peer_get(&w.raw, 50), 350);
		return 0;
	}
}

static void held_back(void)
{
	char line[512], other[256];
	size_t i;
	int k, n;

	see_init();
	for (i = 0; i < ARRAY_SIZE(held); i++) {
		/* what waits for time is known by having left, or not, after a while */
		if (strchr(held[i], 'w'))
			continue;
		see_make(&w, see_state("hand"));
		n = sprintf(line, "%s:", held[i]);
		for (k = 0; held[i][k]; k++) {
			int unsent = -1;

			held_step(held[i][k]);
			settle();
			OK(ioctl(w.fd, SIOCOUTQNSD, &unsent));
			n += sprintf(line + n, " %c %s, %d;", held[i][k],
				     see_other(&w, other, sizeof(other)), unsent);
		}
		rec("%s", line);
		see_end(&w);
	}
}

static void held_for_a_while(void)
{
	size_t i;
	int k;

	see_init();
	for (i = 0; i < ARRAY_SIZE(held); i++) {
		double t0 = now();
		struct seg *s;

		if (!strchr(held[i], 'w'))
			continue;
		see_make(&w, see_state("hand"));
		for (k = 0; held[i][k] != 'w'; k++) {
			held_step(held[i][k]);
			settle();
			if (held[i][k + 1] != 'w')
				peer_drop(&w.raw);
		}
		for (k = 0; (s = peer_get(&w.raw, 1000)); k++)
			if (s->len < 1000 && s->seq + s->len == w.raw.rcv_nxt)
				break;
		rec("%s: %d bytes, %s", held[i], s ? s->len : -1,
		    now() - t0 < 0.15 ? "at once" : now() - t0 < 0.9 ? "held" : "late");
		see_end(&w);
	}
}

/* ---- many messages in a call ---- */

static void many_messages(void)
{
	struct iovec iov[4] = { { "one", 3 }, { "two", 3 }, { (void *)8, 3 }, { "four", 4 } };
	static const char *const states[] = { "new", "dialled", "close_wait_unread", "reset",
					      "shut_wr", "urgent", "full" };
	struct timespec none = { }, wrong = { 0, -1 };
	struct mmsghdr m[1200] = { };
	char buf[4][4] = { };
	size_t i;
	int k;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		see_make(&w, see_state(states[i]));
		sk_nonblock(w.fd, true);
		rec("%s", states[i]);
		for (k = 0; k < 4; k++)
			m[k].msg_hdr = (struct msghdr){ .msg_iov = &iov[k], .msg_iovlen = 1 };
		DO(sendmmsg(w.fd, m, 4, MSG_NOSIGNAL));
		rec("%u %u %u %u", m[0].msg_len, m[1].msg_len, m[2].msg_len, m[3].msg_len);
		DO(sendmmsg(w.fd, m + 2, 2, MSG_NOSIGNAL));
		DO(sendmmsg(w.fd, m, 0, MSG_NOSIGNAL));
		DO(sendmmsg(w.fd, NULL, 1, MSG_NOSIGNAL));
		for (k = 0; k < 4; k++)
			m[k].msg_hdr.msg_iov = &(struct iovec){ buf[k], 2 };
		for (k = 0; k < 4; k++) {
			static struct iovec in[4];

			in[k] = (struct iovec){ k == 2 ? (void *)8 : buf[k], 2 };
			m[k].msg_hdr.msg_iov = &in[k];
		}
		if (w.peer >= 0)
			send(w.peer, "0123456789", 10, MSG_NOSIGNAL);
		settle();
		DO(recvmmsg(w.fd, m, 4, MSG_WAITFORONE, NULL));
		rec("%u %u", m[0].msg_len, m[1].msg_len);
		DO(recvmmsg(w.fd, m, 4, 0, &none));
		DO(recvmmsg(w.fd, m, 4, 0, &wrong));
		DO(recvmmsg(w.fd, m, 2, MSG_PEEK, NULL));
		DO(recvmmsg(w.fd, m, 2, MSG_DONTWAIT, NULL));
		DO(recvmmsg(w.fd, m + 2, 1, 0, NULL));
		DO(recvmmsg(w.fd, m, 0, 0, NULL));
		see_end(&w);
	}
}

/* SO_PEEK_OFF, which newer kernels have for TCP. RX-2. */
static void peek_offset(void)
{
	static const char *const states[] = { "new", "unread", "urgent", "close_wait_unread" };
	char buf[32];
	size_t i;
	int off, k;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		rec("%s", states[i]);
		see_make(&w, see_state(states[i]));
		for (k = 0; k < 4; k++) {
			static const int values[] = { 0, 3, -1, 100 };
			socklen_t len = sizeof(off);

			off = values[k];
			rec("%d", off);
			DO(setsockopt(w.fd, SOL_SOCKET, SO_PEEK_OFF, &off, sizeof(off)));
			DO(getsockopt(w.fd, SOL_SOCKET, SO_PEEK_OFF, &off, &len));
			rec("%d", off);
			DO_READ(recv(w.fd, buf, 2, MSG_PEEK | MSG_DONTWAIT), buf);
			DO_READ(recv(w.fd, buf, 2, MSG_PEEK | MSG_DONTWAIT), buf);
			DO_READ(recv(w.fd, buf, 1, MSG_DONTWAIT), buf);
			DO_READ(recv(w.fd, buf, 20, MSG_PEEK | MSG_DONTWAIT), buf);
			DO_READ(recv(w.fd, buf, 20, MSG_PEEK | MSG_DONTWAIT), buf);
			DO(getsockopt(w.fd, SOL_SOCKET, SO_PEEK_OFF, &off, &len));
			rec("%d", off);
		}
		see_end(&w);
	}
}

/* Queues in bytes, step by step, with a peer that acknowledges what we want. */
static void queue_steps(void)
{
	static char data[6000];
	int i, out, unsent;

	see_init();
	see_make(&w, see_state("hand"));
	for (i = 0; i < 9; i++) {
		switch (i) {
		case 1:
			OK(send(w.fd, data, 10, 0));
			break;
		case 2:
			peer_raw(&w.raw, F_ACK, w.raw.snd_nxt, w.raw.irs + 5, NULL, 0);
			break;
		case 3:
			OK(send(w.fd, data, 10, 0));
			break;
		case 4:
			w.raw.win = 0;
			peer_ack(&w.raw);
			break;
		case 5:
			OK(send(w.fd, data, 5000, 0));
			break;
		case 6:
			OK(shutdown(w.fd, SHUT_WR));
			break;
		case 7:
			w.raw.win = 1000;
			peer_ack(&w.raw);
			break;
		case 8:
			w.raw.win = 65535;
			peer_ack(&w.raw);
			break;
		}
		settle();
		peer_drop(&w.raw);
		OK(ioctl(w.fd, SIOCOUTQ, &out));
		OK(ioctl(w.fd, SIOCOUTQNSD, &unsent));
		rec("step %d: %d not acknowledged, %d not sent", i, out, unsent);
	}
}

static const struct rt_test tests[] = {
	{ "recv_waits", "C83 C85 C80 RX-1 RX-3 RX-6 RX-7 RX-10 RX-11 SG-1 UR-3 SH-2", recv_waits,
	  T_LONG, 120 },
	{ "recv_times_out", "C80 RX-7 RX-3 RX-6", recv_times_out, T_LONG, 120 },
	{ "send_waits", "C84 C85 C80 TX-1 SG-1 ER-5 ER-4", send_waits, T_LONG, 120 },
	{ "timeouts", "C80 RX-7 TX-6 AC-2", timeouts, T_LONG, 60 },
	{ "held_back", "C70 C71 TO-1 TO-2 TX-4 TX-5", held_back, 0, 60 },
	{ "held_for_a_while", "C71 TO-2 TX-5", held_for_a_while, T_LONG, 60 },
	{ "many_messages", "C83 C84 C87", many_messages, 0, 0 },
	{ "peek_offset", "C83 RX-2", peek_offset, 0, 0 },
	{ "queue_steps", "IO-2 C12", queue_steps, 0, 0 },
};

RT_MAIN(tests)
