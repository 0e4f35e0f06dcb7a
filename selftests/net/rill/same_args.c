// SPDX-License-Identifier: GPL-2.0
/* Arguments that nobody should pass, to every call of the socket interface. */
#include "see.h"

#include <limits.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>

#define NEAR_END	24	/* bytes of a page before one that is not there */

static char *page;		/* its successor is not mapped */
static char *end;		/* the end of it */
static long page_size;
static struct world w;

static void begin(void)
{
	see_init();
	page_size = sysconf(_SC_PAGESIZE);
	page = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		    0);
	ASSERT(page != MAP_FAILED);
	OK(munmap(page + page_size, page_size));
	end = page + page_size;
	fill(page, page_size, 1);
}

static const char *const address_states[] = {
	"new", "bound", "listen_one", "dialled", "unread", "close_wait", "refused_told",
};

struct address {
	const char *name;
	int family, len;	/* a family, OURS or OTHER */
	int where;		/* 0 good, 1 NULL, 2 nowhere, 3 ends in a page that is not there */
};

#define OURS	(-1)		/* the family of the run */
#define OTHER	(-2)		/* that of IPv4 or IPv6 which it is not */

/* Whole is one of IPv4 with 16 bytes, one of IPv6 with 28, or 24 of old. */
static const struct address addresses[] = {
	{ "16", OURS, 16, 0 },
	{ "17", OURS, 17, 0 },
	{ "23", OURS, 23, 0 },
	{ "24", OURS, 24, 0 },
	{ "27", OURS, 27, 0 },
	{ "28", OURS, 28, 0 },
	{ "29", OURS, 29, 0 },
	{ "128", OURS, 128, 0 },
	{ "129", OURS, 129, 0 },
	{ "4096", OURS, 4096, 0 },
	{ "INT_MAX", OURS, INT_MAX, 0 },
	{ "-1", OURS, -1, 0 },
	{ "INT_MIN", OURS, INT_MIN, 0 },
	{ "0", OURS, 0, 0 },
	{ "1", OURS, 1, 0 },
	{ "2", OURS, 2, 0 },
	{ "7", OURS, 7, 0 },
	{ "8", OURS, 8, 0 },
	{ "15", OURS, 15, 0 },
	{ "unspec", AF_UNSPEC, 16, 0 },
	{ "unspec 28", AF_UNSPEC, 28, 0 },
	{ "unspec 2", AF_UNSPEC, 2, 0 },
	{ "unspec 1", AF_UNSPEC, 1, 0 },
	{ "other 28", OTHER, 28, 0 },
	{ "other 16", OTHER, 16, 0 },
	{ "unix", AF_UNIX, 28, 0 },
	{ "family 18", 18, 28, 0 },
	{ "family 255", 255, 28, 0 },
	{ "family 65535", 65535, 28, 0 },
	{ "NULL", OURS, 28, 1 },
	{ "NULL 0", OURS, 0, 1 },
	{ "NULL -1", OURS, -1, 1 },
	{ "nowhere", OURS, 28, 2 },
	{ "cut", OURS, 28, 3 },
	{ "cut, shorter", OURS, 8, 3 },
};

/* An address as the table says, of which 8 bytes are there if it is cut. */
static struct sockaddr *place(const struct address *a, uint32_t ip, int port)
{
	static char room[8192];
	char *at = a->where == 3 ? end - 8 : room;
	union rt_addr addr;

	sa_of(&addr, ip, port);
	if (a->family == OTHER)
		addr.sa.sa_family = rt.v6 ? AF_INET : AF_INET6;
	else if (a->family != OURS)
		addr.sa.sa_family = a->family;
	memset(room, 0, sizeof(room));
	memcpy(at, &addr, a->where == 3 ? 8 : sizeof(addr));
	return a->where == 1 ? NULL : a->where == 2 ? (void *)8 : (void *)at;
}

static long bad_bind(const struct address *a)
{
	return bind(w.fd, place(a, IP_LO, 0), a->len);
}

static long bad_connect(const struct address *a)
{
	sk_nonblock(w.fd, true);
	return connect(w.fd, place(a, IP_LO, 1), a->len);
}

static long bad_sendto(const struct address *a)
{
	return sendto(w.fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL, place(a, IP_LO, 1), a->len);
}

static long bad_sendmsg(const struct address *a)
{
	struct iovec iov = { "y", 1 };
	struct msghdr m = { .msg_name = place(a, IP_LO, 1), .msg_namelen = a->len,
			    .msg_iov = &iov, .msg_iovlen = 1 };

	return sendmsg(w.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static const struct {
	const char *name;
	long (*fn)(const struct address *a);
} address_calls[] = {
	{ "bind", bad_bind },
	{ "connect", bad_connect },
	{ "sendto", bad_sendto },
	{ "sendmsg", bad_sendmsg },
};

static void bad_addresses(void)
{
	char text[1024];
	size_t i, j, k;

	begin();
	for (i = 0; i < ARRAY_SIZE(address_states); i++)
		for (j = 0; j < ARRAY_SIZE(address_calls); j++)
			for (k = 0; k < ARRAY_SIZE(addresses); k++) {
				char call[100];

				see_make(&w, see_state(address_states[i]));
				snprintf(call, sizeof(call), "%s: %s %s", address_states[i],
					 address_calls[j].name, addresses[k].name);
				rec_call(call, address_calls[j].fn(&addresses[k]));
				settle_world(&w);
				rec("%s", see_text(w.fd, w.et, text, sizeof(text)));
				see_end(&w);
			}
}

/* Where accept, getsockname, getpeername and recvfrom put an address. */
static long out_call(int which, void *addr, void *len)
{
	char c[8];
	long fd;

	switch (which) {
	case 0:
		return syscall(SYS_getsockname, w.fd, addr, len);
	case 1:
		return syscall(SYS_getpeername, w.fd, addr, len);
	case 2:
		return syscall(SYS_recvfrom, w.fd, c, 2, MSG_DONTWAIT, addr, len);
	default:
		fd = syscall(SYS_accept4, w.fd, addr, len, SOCK_NONBLOCK);
		if (fd < 0)
			return -1;
		close(fd);
		return 0;
	}
}

static void results_of_addresses(void)
{
	static const char *const states[] = { "bound", "listen_one", "dialled", "unread", "reset" };
	static const char *const calls[] = { "getsockname", "getpeername", "recvfrom", "accept" };
	static const int lens[] = { 0, 1, 2, 8, 15, 16, 17, 27, 28, 29, 128, 4096, INT_MAX, -1,
				    INT_MIN };
	unsigned char buf[256];
	size_t i, j, k;

	begin();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (j = 0; j < ARRAY_SIZE(calls); j++) {
			if (j == 3)	/* never waits: there is one, or it is no listener */
				see_make(&w, see_state(strcmp(states[i], "bound") ? states[i] :
						       "listen_one"));
			else
				see_make(&w, see_state(states[i]));
			sk_nonblock(w.fd, true);
			for (k = 0; k < ARRAY_SIZE(lens); k++) {
				int len = lens[k], n;
				long r;

				memset(buf, 0xee, sizeof(buf));
				errno = 0;
				r = out_call(j, buf, &len);
				for (n = sizeof(buf); n && buf[n - 1] == 0xee; n--)
					;
				rec("%s: %s %d = %s, len %d, wrote %d", states[i], calls[j],
				    lens[k], r < 0 ? strerrorname_np(errno) : "done", len, n);
			}
			for (k = 0; k < 5; k++) {
				int len = sizeof(union rt_addr);
				char call[80];

				snprintf(call, sizeof(call), "%s: %s wrong pointer %zu", states[i],
					 calls[j], k);
				rec_call(call, out_call(j, k == 0 ? NULL : k == 1 ? (void *)8 :
							k == 2 ? end - 8 : (void *)buf,
							k == 3 ? NULL : k == 4 ? (void *)8 :
							(void *)&len));
			}
			see_end(&w);
		}
}

/* ---- buffers ---- */

struct span {
	const char *name;
	int where;		/* bytes before the end of what is mapped; -1 NULL, -2 nowhere */
	size_t len;
};

static const struct span spans[] = {
	{ "good 10", 10, 10 },
	{ "10 of 11", 10, 11 },
	{ "10 of 5000", 10, 5000 },
	{ "1 of 100", 1, 100 },
	{ "0 of 1", 0, 1 },
	{ "0 of 0", 0, 0 },
	{ "NULL 0", -1, 0 },
	{ "NULL 1", -1, 1 },
	{ "NULL 5000", -1, 5000 },
	{ "nowhere 0", -2, 0 },
	{ "nowhere 1", -2, 1 },
	{ "10 of SIZE_MAX", 10, SIZE_MAX },
	{ "10 of SSIZE_MAX", 10, SSIZE_MAX },
	{ "10 of INT_MAX", 10, INT_MAX },
	{ "10 of 4 GB", 10, 1ull << 32 },
	{ "2000 of 3000", 2000, 3000 },
	{ "2000 of 100000", 2000, 100000 },
};

static void *span_at(const struct span *s)
{
	return s->where == -1 ? NULL : s->where == -2 ? (void *)8 : end - s->where;
}

static long span_call(int which, const struct span *s)
{
	struct iovec iov[3] = {
		{ page, 3 }, { span_at(s), s->len }, { page + 100, 3 },
	};
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 3 };

	switch (which) {
	case 0:
		return send(w.fd, span_at(s), s->len, MSG_DONTWAIT | MSG_NOSIGNAL);
	case 1:
		return write(w.fd, span_at(s), s->len);
	case 2:
		return sendmsg(w.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	case 3:
		return writev(w.fd, iov, 3);
	case 4:
		return recv(w.fd, span_at(s), s->len, MSG_DONTWAIT);
	case 5:
		return read(w.fd, span_at(s), s->len);
	case 6:
		return recvmsg(w.fd, &m, MSG_DONTWAIT);
	case 7:
		return readv(w.fd, iov, 3);
	case 8:
		return recv(w.fd, span_at(s), s->len, MSG_DONTWAIT | MSG_PEEK);
	case 9:
		return recv(w.fd, span_at(s), s->len, MSG_DONTWAIT | MSG_TRUNC);
	case 10:
		return recv(w.fd, span_at(s), s->len, MSG_DONTWAIT | MSG_OOB);
	case 11:
		return send(w.fd, span_at(s), s->len, MSG_DONTWAIT | MSG_OOB | MSG_NOSIGNAL);
	default:
		return recv(w.fd, span_at(s), s->len, MSG_DONTWAIT | MSG_ERRQUEUE);
	}
}

static const char *const span_calls[] = {
	"send", "write", "sendmsg", "writev", "recv", "read", "recvmsg", "readv", "peek", "trunc",
	"recv oob", "send oob", "errqueue",
};

/* All that the other end has, and what is left here. */
static void rec_left(void)
{
	static char buf[1 << 20];
	ssize_t n, all = 0;

	settle_world(&w);
	while (w.peer >= 0 && (n = recv(w.peer, buf + all, sizeof(buf) - all, MSG_DONTWAIT)) > 0)
		all += n;
	rec_read("the peer has", all, buf);
	all = 0;
	while ((n = recv(w.fd, buf + all, sizeof(buf) - all, MSG_DONTWAIT)) > 0)
		all += n;
	rec_read("left", all, buf);
}

/* @more: what waits to be read, in pieces */
static void spans_with(const char *state, int more)
{
	static char data[4000];
	size_t i, j;
	int k;

	fill(data, sizeof(data), 7);
	for (i = 0; i < ARRAY_SIZE(span_calls); i++)
		for (j = 0; j < ARRAY_SIZE(spans); j++) {
			char call[100];

			fill(page, page_size, 1);
			see_make(&w, see_state(state));
			sk_nonblock(w.fd, true);
			for (k = 0; k < more; k++)
				send_all(w.peer, data + 1000 * k, 1000);
			settle_world(&w);
			snprintf(call, sizeof(call), "%s+%d: %s %s", state, more, span_calls[i],
				 spans[j].name);
			rec_call(call, span_call(i, &spans[j]));
			rec_read("near the end", NEAR_END, end - NEAR_END);
			rec_left();
			see_end(&w);
		}
}

static void bad_buffers(void)
{
	begin();
	spans_with("new", 0);
	spans_with("dialled", 0);
	spans_with("dialled", 4);
	spans_with("urgent", 0);
	spans_with("close_wait_unread", 0);
	spans_with("reset_unread", 0);
	spans_with("shut_wr", 0);
}

/* ---- message headers, flags ---- */

static void bad_headers(void)
{
	static struct iovec iov[1100];
	char control[64], byte[4];
	size_t i;

	begin();
	for (i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ byte, 0 };
	iov[0].iov_len = 2;
	see_make(&w, see_state("unread"));
	sk_nonblock(w.fd, true);
	for (i = 0; i < 14; i++) {
		struct msghdr m = { .msg_iov = iov, .msg_iovlen = 1 };
		struct msghdr *p = &m;

		switch (i) {
		case 0:
			p = NULL;
			break;
		case 1:
			p = (void *)(end - 8);
			break;
		case 2:
			m.msg_iovlen = 0;
			break;
		case 3:
			m.msg_iov = NULL;
			break;
		case 4:
			m.msg_iovlen = 1024;
			break;
		case 5:
			m.msg_iovlen = 1025;
			break;
		case 6:
			m.msg_iovlen = SIZE_MAX;
			break;
		case 7:
			m.msg_iov = (void *)8;
			break;
		case 8:
			m.msg_control = control;
			m.msg_controllen = 3;
			break;
		case 9:
			m.msg_control = NULL;
			m.msg_controllen = 64;
			break;
		case 10:
			m.msg_control = (void *)8;
			m.msg_controllen = 64;
			break;
		case 11:
			m.msg_control = control;
			m.msg_controllen = SIZE_MAX;
			break;
		case 12:
			m.msg_namelen = -1;
			break;
		case 13:
			m.msg_name = byte;
			m.msg_namelen = -1;
			break;
		}
		memset(control, 0, sizeof(control));
		rec("header %zu", i);
		DO(sendmsg(w.fd, p, MSG_DONTWAIT | MSG_NOSIGNAL));
		DO(recvmsg(w.fd, p, MSG_DONTWAIT | MSG_PEEK));
		if (p == &m)
			rec("name %d control %zd flags %#x", m.msg_namelen,
			    (ssize_t)m.msg_controllen, m.msg_flags);
	}
	rec_left();
}

/* One flag at a time, known or not. MSG_ZEROCOPY and MSG_FASTOPEN have tests of their own. */
static void every_flag(void)
{
	static const char *const states[] = { "new", "dialled", "urgent", "close_wait", "shut_wr" };
	char buf[64], call[80];
	unsigned int i, j;

	begin();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (j = 0; j < 32; j++) {
			int flag = 1u << j;

			if (flag == 0x20000000)
				continue;
			see_make(&w, see_state(states[i]));
			sk_nonblock(w.fd, true);
			snprintf(call, sizeof(call), "%s: send flag %#x", states[i], flag);
			rec_call(call, send(w.fd, "abc", 3, flag | MSG_NOSIGNAL));
			rec_left();
			see_end(&w);
			see_make(&w, see_state(states[i]));
			sk_nonblock(w.fd, true);
			snprintf(call, sizeof(call), "%s: recv flag %#x", states[i], flag);
			memset(buf, '-', sizeof(buf));
			rec_read(call, recv(w.fd, buf, 4, flag), buf);
			rec_read("buffer", 6, buf);
			rec_left();
			see_end(&w);
		}
}

/* ---- options, ioctl ---- */

static void bad_options(void)
{
	static const int opts[][2] = {
		{ SOL_SOCKET, SO_ERROR }, { SOL_SOCKET, SO_REUSEADDR }, { SOL_SOCKET, SO_LINGER },
		{ SOL_SOCKET, SO_RCVTIMEO }, { SOL_SOCKET, SO_RCVLOWAT }, { SOL_SOCKET, 9999 },
		{ SOL_TCP, TCP_NODELAY }, { SOL_TCP, TCP_MAXSEG }, { SOL_TCP, TCP_INFO },
		{ SOL_TCP, TCP_CONGESTION }, { SOL_TCP, 9999 }, { SOL_IP, IP_TTL },
		{ SOL_IP, IP_TOS }, { SOL_IP, 9999 }, { SOL_IPV6, IPV6_UNICAST_HOPS },
		{ SOL_IPV6, IPV6_TCLASS }, { SOL_IPV6, IPV6_V6ONLY }, { SOL_IPV6, 9999 }, { 17, 1 },
		{ 253, 9999 }, { -1, 1 }, { 9999, 1 },
	};
	static const int lens[] = { 0, 1, 3, 4, 5, 8, 15, 16, 4096, -1, INT_MIN };
	static char buf[8192];
	size_t i, j, k;

	begin();
	see_make(&w, see_state("dialled"));
	for (i = 0; i < ARRAY_SIZE(opts); i++)
		for (j = 0; j < ARRAY_SIZE(lens); j++)
			for (k = 0; k < 4; k++) {
				void *p = k == 0 ? buf : k == 1 ? NULL : k == 2 ? (void *)8 :
					  end - 2;
				socklen_t len = lens[j];
				char call[100];
				long r;

				memset(buf, 0, sizeof(buf));
				snprintf(call, sizeof(call), "set %d %d len %d at %zu", opts[i][0],
					 opts[i][1], lens[j], k);
				rec_call(call, setsockopt(w.fd, opts[i][0], opts[i][1], p, len));
				errno = 0;
				r = getsockopt(w.fd, opts[i][0], opts[i][1], p, &len);
				/* how long this kernel's tcp_info is need not be ours */
				rec("get %d %d len %d at %zu = %s, %d", opts[i][0], opts[i][1],
				    lens[j], k, r ? strerrorname_np(errno) : "done",
				    lens[j] > 100 ? 0 : (int)len);
			}
	DO(getsockopt(w.fd, SOL_SOCKET, SO_ERROR, buf, NULL));
	DO(getsockopt(w.fd, SOL_TCP, TCP_NODELAY, buf, (void *)8));
}

static void bad_ioctls(void)
{
	static const unsigned long reqs[] = {
		SIOCINQ, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK, SIOCGPGRP, FIONBIO, FIOASYNC,
		FIOQSIZE, FIOCLEX, FIGETBSZ, 0, 0x1234, 0x89ff, 0x8900, 0x89e0, 0x5401, 0x5413,
		SIOCGSTAMP_OLD, SIOCGSTAMP_NEW, FIGETBSZ, FS_IOC_GETFLAGS,
	};
	size_t i, j;
	int s;

	begin();
	for (s = 0; s < see_n_states; s++) {
		see_make(&w, &see_states[s]);
		for (i = 0; i < ARRAY_SIZE(reqs); i++)
			for (j = 0; j < 4; j++) {
				char buf[64] = "", call[100];
				void *p = j == 0 ? buf : j == 1 ? NULL : j == 2 ? (void *)8 :
					  end - 2;

				/* what is there to send is not the subject */
				if (j == 0 && reqs[i] == SIOCOUTQ)
					continue;
				snprintf(call, sizeof(call), "%s: %#lx at %zu", see_states[s].name,
					 reqs[i], j);
				rec_call(call, ioctl(w.fd, reqs[i], p));
			}
		see_end(&w);
	}
}

/* ---- a socket is a file, of a kind ---- */

static void as_a_file(void)
{
	static const char *const states[] = { "new", "listen_one", "dialled", "unread", "reset" };
	int file = OK(open("/proc/self/exe", O_RDONLY)), p[2];
	char buf[4096];
	struct stat st;
	size_t i;
	off_t at;

	begin();
	OK(pipe2(p, O_NONBLOCK));
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		rec("%s", states[i]);
		see_make(&w, see_state(states[i]));
		sk_nonblock(w.fd, true);
		OK(fstat(w.fd, &st));
		rec("mode %o links %d size %ld blocks %ld block size %ld", st.st_mode,
		    (int)st.st_nlink, (long)st.st_size, (long)st.st_blocks, (long)st.st_blksize);
		DO(lseek(w.fd, 0, SEEK_SET));
		DO(pread(w.fd, buf, 1, 0));
		DO(pwrite(w.fd, buf, 1, 0));
		DO(ftruncate(w.fd, 0));
		DO(fsync(w.fd));
		DO(fdatasync(w.fd));
		DO(fallocate(w.fd, 0, 0, 10));
		DO(posix_fadvise(w.fd, 0, 0, POSIX_FADV_NORMAL));
		DO(readahead(w.fd, 0, 10));
		DO(fchmod(w.fd, 0600));
		DO(fchdir(w.fd));
		DO(syscall(SYS_getdents64, w.fd, buf, sizeof(buf)));
		DO(flock(w.fd, LOCK_EX | LOCK_NB));
		DO(flock(w.fd, LOCK_UN));
		DO(fcntl(w.fd, F_GETFL));
		DO(fcntl(w.fd, F_SETFL, O_APPEND | O_NONBLOCK));
		DO(fcntl(w.fd, F_SETFL, O_DIRECT | O_NONBLOCK));
		DO(fcntl(w.fd, F_GETPIPE_SZ));
		DO(fcntl(w.fd, F_GETLEASE));
		DO(fcntl(w.fd, F_GETSIG));
		at = 0;
		DO(sendfile(w.fd, file, &at, 4));
		rec("at %ld", (long)at);
		DO(sendfile(w.fd, w.fd, NULL, 4));
		DO(sendfile(p[1], w.fd, NULL, 4));
		DO(sendfile(w.fd, file, (void *)8, 4));
		DO(splice(w.fd, NULL, p[1], NULL, 4, SPLICE_F_NONBLOCK));
		DO(splice(p[0], NULL, w.fd, NULL, 4, SPLICE_F_NONBLOCK));
		at = 0;
		DO(splice(w.fd, &at, p[1], NULL, 4, SPLICE_F_NONBLOCK));
		DO(splice(p[0], NULL, w.fd, &at, 4, SPLICE_F_NONBLOCK));
		DO(tee(w.fd, p[1], 4, SPLICE_F_NONBLOCK));
		DO(vmsplice(w.fd, &(struct iovec){ buf, 4 }, 1, SPLICE_F_NONBLOCK));
		DO(copy_file_range(file, NULL, w.fd, NULL, 4, 0));
		DO(copy_file_range(w.fd, NULL, file, NULL, 4, 0));
		DO(shutdown(w.fd, -1));
		DO(shutdown(w.fd, 3));
		DO(shutdown(w.fd, INT_MAX));
		while (read(p[0], buf, sizeof(buf)) > 0)
			;
		rec_left();
		see_end(&w);
	}
}

static void odd_numbers(void)
{
	static const int backlogs[] = { INT_MIN, -1, 0, 1, 4096, 65536, INT_MAX };
	static const int flags[] = { 0, SOCK_CLOEXEC, SOCK_NONBLOCK, 1, 0x10000, -1,
				     SOCK_CLOEXEC | SOCK_NONBLOCK, O_APPEND };
	char call[80];
	size_t i;
	int fd, sv[2];

	begin();
	for (i = 0; i < ARRAY_SIZE(backlogs); i++) {
		see_make(&w, see_state("bound"));
		snprintf(call, sizeof(call), "listen %d", backlogs[i]);
		rec_call(call, listen(w.fd, backlogs[i]));
		rec_call(call, listen(w.fd, backlogs[ARRAY_SIZE(backlogs) - 1 - i]));
		rec_call(see_call("reads")->name, see_call("reads")->fn(&w, NULL, call));
		rec("%s", call);
		see_end(&w);
	}
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		see_make(&w, see_state("listen_one"));
		snprintf(call, sizeof(call), "accept4 %#x", flags[i]);
		fd = accept4(w.fd, NULL, NULL, flags[i]);
		rec_fd(call, fd);
		if (fd >= 0)
			rec("%#x %#x", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
		see_end(&w);
		snprintf(call, sizeof(call), "socket %#x", flags[i]);
		fd = sk_try(flags[i]);
		rec_fd(call, fd);
		if (fd >= 0)
			rec("%#x %#x", fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
		close(fd);
	}
	if (rt.proto == PROTO_RILL)
		fd = socketpair(AF_RILL, SOCK_STREAM, 0, sv);
	else
		fd = socketpair(AF_INET, SOCK_STREAM, sk_protocol(), sv);
	rec_call("socketpair", fd);
}

static const struct rt_test tests[] = {
	{ "bad_addresses", "C87 C81 BI-1 CN-14", bad_addresses, 0, 60 },
	{ "results_of_addresses", "C87 C17 CN-13", results_of_addresses, 0, 0 },
	{ "bad_buffers", "C87 C83 C84", bad_buffers, 0, 120 },
	{ "bad_headers", "C87", bad_headers, 0, 0 },
	{ "every_flag", "C87 C83 C84", every_flag, 0, 60 },
	{ "bad_options", "C87 TO-16 TO-11", bad_options, 0, 0 },
	{ "bad_ioctls", "C87 IO-1 IO-2", bad_ioctls, 0, 0 },
	{ "as_a_file", "C87 SP-1 SH-4", as_a_file, 0, 0 },
	{ "odd_numbers", "C87 C17 LS-2 LS-3", odd_numbers, 0, 0 },
};

RT_MAIN(tests)
