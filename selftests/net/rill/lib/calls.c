// SPDX-License-Identifier: GPL-2.0
/* Calls that a program, or its peer, may make on a socket in any state; none blocks. */
#include "see.h"

#include <linux/errqueue.h>
#include <linux/sockios.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

/* a: how much, b: flags */
static long do_recv(struct world *w, const struct call *c, char *text)
{
	char buf[256] = "";
	long n = recv(w->fd, buf, c->a, c->b | MSG_DONTWAIT);

	if (n > 0 && !(c->b & MSG_TRUNC))
		bytes_text(buf, n, text);
	return n;
}

static long do_recvmsg(struct world *w, const struct call *c, char *text)
{
	char a[2] = "", b[8] = "", control[128];
	struct iovec iov[] = { { a, 2 }, { NULL, 0 }, { b, 8 } };
	union rt_addr from = { };
	struct msghdr m = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = iov, .msg_iovlen = 3,
		.msg_control = control, .msg_controllen = sizeof(control), .msg_flags = -1,
	};
	long n = recvmsg(w->fd, &m, c->b | MSG_DONTWAIT);

	if (n >= 0)
		sprintf(text, "namelen %d controllen %zu flags %#x \"%.2s|%.8s\"", m.msg_namelen,
			m.msg_controllen, m.msg_flags & ~MSG_CMSG_CLOEXEC, a, b);
	return n;
}

static long do_recvfrom(struct world *w, const struct call *c, char *text)
{
	union rt_addr from = { };
	socklen_t len = sizeof(from);
	char b[4] = "";
	long n = recvfrom(w->fd, b, 4, c->b | MSG_DONTWAIT, (void *)&from, &len);

	sprintf(text, "len %d family %d", len, from.sa.sa_family);
	return n;
}

static long do_send(struct world *w, const struct call *c, char *text)
{
	(void)text;
	return send(w->fd, c->data, c->a, c->b | MSG_DONTWAIT);
}

static long do_sendto(struct world *w, const struct call *c, char *text)
{
	union rt_addr a;
	socklen_t len = sa_of(&a, IP_LO, 9);

	(void)text;
	return sendto(w->fd, c->data, c->a, c->b | MSG_DONTWAIT, &a.sa, len);
}

static long do_writev(struct world *w, const struct call *c, char *text)
{
	struct iovec iov[] = { { "v", 1 }, { NULL, 0 }, { "ec", 2 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = c->a };

	(void)text;
	return sendmsg(w->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static long do_sendfile(struct world *w, const struct call *c, char *text)
{
	int fl = fcntl(w->fd, F_GETFL), file = OK(open("/proc/self/comm", O_RDONLY));
	off_t at = 0;
	long n;
	int e;

	(void)c;
	(void)text;
	if (fl >= 0)
		fcntl(w->fd, F_SETFL, fl | O_NONBLOCK);
	n = sendfile(w->fd, file, &at, 3);
	e = errno;
	if (fl >= 0)
		fcntl(w->fd, F_SETFL, fl);
	close(file);
	errno = e;
	return n;
}

static long do_shutdown(struct world *w, const struct call *c, char *text)
{
	(void)text;
	return shutdown(w->fd, c->a);
}

/* A call that may block, as if the descriptor had O_NONBLOCK. */
static void without_blocking(int fd, int *flags)
{
	*flags = fcntl(fd, F_GETFL);
	if (*flags >= 0)
		fcntl(fd, F_SETFL, *flags | O_NONBLOCK);
}

static void as_before(int fd, int flags)
{
	int e = errno;

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags);
	errno = e;
}

/* a: 0 a listener, 1 a port where none is, 2 a family of none, 3 the end it had, 4 itself */
static long do_connect(struct world *w, const struct call *c, char *text)
{
	union rt_addr a;
	socklen_t len = sa_of(&a, IP_LO, 1), name_len = sizeof(a);
	static int to;
	int fl;
	long n;

	(void)text;
	if (c->a == 0) {
		if (!to)
			to = sk_listen(IP_LO, 9999, 4000);
		sa_of(&a, IP_LO, 9999);
	} else if (c->a == 2) {
		a.sa.sa_family = AF_UNSPEC;
	} else if (c->a == 3) {
		getpeername(w->fd, &a.sa, &name_len);
	} else if (c->a == 4) {
		getsockname(w->fd, &a.sa, &name_len);
	}
	without_blocking(w->fd, &fl);
	n = connect(w->fd, &a.sa, len);
	as_before(w->fd, fl);
	settle();
	return n;
}

static long do_listen(struct world *w, const struct call *c, char *text)
{
	(void)text;
	return listen(w->fd, c->a);
}

static long do_accept(struct world *w, const struct call *c, char *text)
{
	union rt_addr a = { };
	socklen_t len = sizeof(a);
	char buf[64], b[200];
	long fd, n;
	int fl;

	(void)c;
	without_blocking(w->fd, &fl);
	fd = accept(w->fd, &a.sa, &len);
	as_before(w->fd, fl);
	if (fd < 0)
		return fd;
	n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	sprintf(text, "len %d family %d gives %s", len, a.sa.sa_family,
		n < 0 ? strerrorname_np(errno) : bytes_text(buf, n, b));
	close(fd);
	return 0;
}

/* a: address, b: port */
static long do_bind(struct world *w, const struct call *c, char *text)
{
	(void)text;
	return sk_bind(w->fd, c->a, c->b);
}

static long do_error(struct world *w, const struct call *c, char *text)
{
	int err = -1;
	socklen_t len = sizeof(err);
	long n = getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &len);

	(void)c;
	sprintf(text, "%s", n ? "" : err ? strerrorname_np(err) : "no error");
	return n;
}

/* a: level << 16 | option, b: value */
static long do_option(struct world *w, const struct call *c, char *text)
{
	(void)text;
	return setsockopt(w->fd, c->a >> 16, c->a & 0xffff, &c->b, sizeof(c->b));
}

static long do_linger(struct world *w, const struct call *c, char *text)
{
	struct linger l = { .l_onoff = c->a, .l_linger = c->b };

	(void)text;
	return setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

static long do_reads(struct world *w, const struct call *c, char *text)
{
	struct tcp_info ti = { };
	socklen_t len = sizeof(ti);
	int v = -1;
	long n;

	(void)c;
	n = getsockopt(w->fd, SOL_TCP, TCP_INFO, &ti, &len);
	len = sizeof(v);
	getsockopt(w->fd, SOL_SOCKET, SO_ACCEPTCONN, &v, &len);
	sprintf(text, "listens %d unacked %d sacked %d retransmits %d", v,
		ti.tcpi_state == TCP_LISTEN ? (int)ti.tcpi_unacked : 0,
		ti.tcpi_state == TCP_LISTEN ? (int)ti.tcpi_sacked : 0, ti.tcpi_retransmits);
	return n;
}

static long do_dup(struct world *w, const struct call *c, char *text)
{
	int fd = dup(w->fd);

	(void)c;
	(void)text;
	if (fd < 0)
		return fd;
	close(w->fd);
	w->fd = fd;
	return 0;
}

static long do_close(struct world *w, const struct call *c, char *text)
{
	long n = close(w->fd);

	(void)c;
	(void)text;
	w->fd = -1;
	return n;
}

/* What the peer does; one that is not there does nothing. */
static long peer_send(struct world *w, const struct call *c, char *text)
{
	(void)text;
	if (w->by_hand) {
		if (w->fin)
			return 0;
		peer_drop(&w->raw);
		w->raw.urg = c->a;
		peer_put(&w->raw, F_ACK | (c->b & MSG_OOB ? F_URG : 0), c->data, c->a);
		return c->a;
	}
	return w->peer < 0 ? 0 : send(w->peer, c->data, c->a, c->b | MSG_DONTWAIT | MSG_NOSIGNAL);
}

static long peer_shut(struct world *w, const struct call *c, char *text)
{
	(void)c;
	(void)text;
	if (w->by_hand) {
		if (w->fin)
			return 0;
		w->fin = true;
		peer_drop(&w->raw);
		peer_put(&w->raw, F_FIN | F_ACK, NULL, 0);
		return 0;
	}
	return w->peer < 0 ? 0 : shutdown(w->peer, SHUT_WR);
}

static long peer_reset(struct world *w, const struct call *c, char *text)
{
	(void)c;
	(void)text;
	if (w->by_hand) {
		peer_drop(&w->raw);
		peer_put(&w->raw, F_RST | F_ACK, NULL, 0);
		return 0;
	}
	if (w->peer < 0)
		return 0;
	sk_linger(w->peer, 1, 0);
	close(w->peer);
	w->peer = -1;
	return 0;
}

static long peer_closes(struct world *w, const struct call *c, char *text)
{
	if (w->by_hand)
		return peer_shut(w, c, text);
	if (w->peer >= 0)
		close(w->peer);
	w->peer = -1;
	return 0;
}

/* Reads all; by hand: acknowledges all, and opens its window. */
static long peer_reads(struct world *w, const struct call *c, char *text)
{
	char buf[512];

	(void)c;
	if (!w->by_hand) {
		see_other(w, text, 256);
		return 0;
	}
	see_other(w, buf, sizeof(buf));
	w->raw.win = 65535;
	if (w->raw.snd_nxt == w->raw.iss)
		peer_put(&w->raw, F_SYN | F_ACK, NULL, 0);
	else
		peer_ack(&w->raw);
	strcpy(text, buf);
	return 0;
}

#define OPT(level, opt)	((level) << 16 | (opt))

const struct call see_calls[] = {
	{ "recv 3", do_recv, 3, 0, NULL },
	{ "recv 100", do_recv, 100, 0, NULL },
	{ "recv 0", do_recv, 0, 0, NULL },
	{ "recv all", do_recv, 100, MSG_WAITALL, NULL },
	{ "peek 100", do_recv, 100, MSG_PEEK, NULL },
	{ "recv oob", do_recv, 1, MSG_OOB, NULL },
	{ "peek oob", do_recv, 1, MSG_OOB | MSG_PEEK, NULL },
	{ "recv trunc", do_recv, 4, MSG_TRUNC, NULL },
	{ "recv errqueue", do_recv, 10, MSG_ERRQUEUE, NULL },
	{ "recvmsg", do_recvmsg, 0, 0, NULL },
	{ "recvmsg peek", do_recvmsg, 0, MSG_PEEK, NULL },
	{ "recvmsg errqueue", do_recvmsg, 0, MSG_ERRQUEUE, NULL },
	{ "recvfrom", do_recvfrom, 0, 0, NULL },
	{ "send 2", do_send, 2, 0, "ab" },
	{ "send 0", do_send, 0, 0, "" },
	{ "send 0 quiet", do_send, 0, MSG_NOSIGNAL, "" },
	{ "send quiet", do_send, 2, MSG_NOSIGNAL, "ab" },
	{ "send oob", do_send, 2, MSG_OOB, "xU" },
	{ "send more", do_send, 2, MSG_MORE, "mo" },
	{ "sendto", do_sendto, 2, 0, "to" },
	{ "sendmsg 3", do_writev, 3, 0, NULL },
	{ "sendmsg 0", do_writev, 0, 0, NULL },
	{ "sendfile", do_sendfile, 0, 0, NULL },
	{ "shutdown RD", do_shutdown, SHUT_RD, 0, NULL },
	{ "shutdown WR", do_shutdown, SHUT_WR, 0, NULL },
	{ "shutdown RDWR", do_shutdown, SHUT_RDWR, 0, NULL },
	{ "shutdown 3", do_shutdown, 3, 0, NULL },
	{ "connect", do_connect, 0, 0, NULL },
	{ "connect refused", do_connect, 1, 0, NULL },
	{ "connect unspec", do_connect, 2, 0, NULL },
	{ "connect again", do_connect, 3, 0, NULL },
	{ "connect self", do_connect, 4, 0, NULL },
	{ "listen", do_listen, 3, 0, NULL },
	{ "accept", do_accept, 0, 0, NULL },
	{ "bind", do_bind, IP_LO, 0, NULL },
	{ "bind any", do_bind, INADDR_ANY, 0, NULL },
	{ "bind foreign", do_bind, IP(192, 0, 2, 1), 0, NULL },
	{ "SO_ERROR", do_error, 0, 0, NULL },
	{ "OOBINLINE", do_option, OPT(SOL_SOCKET, SO_OOBINLINE), 1, NULL },
	{ "RCVLOWAT", do_option, OPT(SOL_SOCKET, SO_RCVLOWAT), 8, NULL },
	{ "KEEPALIVE", do_option, OPT(SOL_SOCKET, SO_KEEPALIVE), 1, NULL },
	{ "NODELAY", do_option, OPT(SOL_TCP, TCP_NODELAY), 1, NULL },
	{ "CORK", do_option, OPT(SOL_TCP, TCP_CORK), 1, NULL },
	{ "uncork", do_option, OPT(SOL_TCP, TCP_CORK), 0, NULL },
	{ "LINGER 0", do_linger, 1, 0, NULL },
	{ "LINGER2 -1", do_option, OPT(SOL_TCP, TCP_LINGER2), -1, NULL },
	{ "reads", do_reads, 0, 0, NULL },
	{ "dup", do_dup, 0, 0, NULL },
	{ "close", do_close, 0, 0, NULL },
	{ "peer sends", peer_send, 5, 0, "hello" },
	{ "peer sends oob", peer_send, 2, MSG_OOB, "yV" },
	{ "peer shuts", peer_shut, 0, 0, NULL },
	{ "peer closes", peer_closes, 0, 0, NULL },
	{ "peer resets", peer_reset, 0, 0, NULL },
	{ "peer reads", peer_reads, 0, 0, NULL },
};

const int see_n_calls = ARRAY_SIZE(see_calls);

const struct call *see_call(const char *name)
{
	int i;

	for (i = 0; i < see_n_calls; i++)
		if (!strcmp(see_calls[i].name, name))
			return &see_calls[i];
	FAIL("no call '%s'", name);
}

/* see_do() - make a call; its value or errno, what it gave, and signals, as text */
void see_do(struct world *w, const struct call *c, char *out, size_t size)
{
	char text[600] = "", sig[64];
	const char *space;
	long n;

	errno = 0;
	n = c->fn(w, c, text);
	space = *text ? " " : "";
	if (n < 0)
		snprintf(out, size, "%s = %s%s%s", c->name, strerrorname_np(errno), space, text);
	else
		snprintf(out, size, "%s = %ld%s%s", c->name, n, space, text);
	settle_world(w);
	take_signals(sig);
	strncat(out, sig, size - strlen(out) - 1);
}
