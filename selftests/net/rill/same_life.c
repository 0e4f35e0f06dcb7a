// SPDX-License-Identifier: GPL-2.0
/* What becomes of a socket whose process forks, executes, dies, or gives it away. */
#include "see.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

static struct world w;

static void rec_fd_see(const char *who, int fd)
{
	see(who, fd);
}

/* What the peer gets, and then whether it can still send. */
static void rec_other(void)
{
	char text[512], sig[64];

	settle_world(&w);
	rec("the peer %s", see_other(&w, text, sizeof(text)));
	if (w.peer < 0)
		return;
	rec_fd_see("the peer", w.peer);
	DO(send(w.peer, "x", 1, MSG_DONTWAIT));
	settle_world(&w);
	DO(send(w.peer, "y", 1, MSG_DONTWAIT));
	settle_world(&w);
	take_signals(sig);
	rec("signals%s", sig);
	rec_fd_see("the peer", w.peer);
}

/* States whose owner dies, or lets go, in one way or another. */
static const char *const owned[] = {
	"new", "bound", "listen", "listen_one", "listen_left", "syn_sent", "dialled",
	"accepted", "unread", "urgent", "urgent_read", "full", "corked", "shut_wr", "shut_rd",
	"shut_rd_unread", "shut_both", "close_wait", "close_wait_unread", "time_wait", "reset",
	"reset_unread", "hand", "hand_unacked", "hand_fin_wait_1", "hand_closing", "hand_last_ack",
	"hand_early", "hand_shut_window",
};

enum { LETS_GO, EXITS, IS_KILLED, EXECS, DIES_OF_LINGER, ENDS };

/* The socket belongs to a child alone; the child ends. */
static void owner_ends(const char *state, int way)
{
	struct linger l = { .l_onoff = 1, .l_linger = 100 };
	pid_t pid;
	int st;

	see_make(&w, see_state(state));
	fflush(stdout);
	pid = OK(fork());
	if (!pid) {
		close(w.peer);
		close(w.l);
		if (way == DIES_OF_LINGER)
			setsockopt(w.fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
		OK(raise(SIGSTOP));
		if (way == LETS_GO)
			close(w.fd);
		if (way == EXECS) {
			fcntl(w.fd, F_SETFD, FD_CLOEXEC);
			execl("/bin/true", "true", NULL);
		}
		if (way == LETS_GO)
			raise(SIGSTOP);
		_exit(0);
	}
	OK(waitpid(pid, &st, WUNTRACED));
	ASSERT(WIFSTOPPED(st));
	close(w.fd);
	w.fd = -1;
	settle();
	if (w.by_hand)
		peer_drop(&w.raw);
	if (way == IS_KILLED)
		OK(kill(pid, SIGKILL));
	else
		OK(kill(pid, SIGCONT));
	OK(waitpid(pid, &st, WUNTRACED));
	if (WIFSTOPPED(st)) {
		OK(kill(pid, SIGCONT));
		OK(waitpid(pid, &st, 0));
	}
	rec("%s, way %d", state, way);
	rec_other();
	see_end(&w);
}

static void owners(void)
{
	size_t i;
	int way;

	see_init();
	for (i = 0; i < ARRAY_SIZE(owned); i++)
		for (way = 0; way < ENDS; way++) {
			/* a FIN behind lots of data has the time that it takes */
			if (!strcmp(owned[i], "full"))
				continue;
			owner_ends(owned[i], way);
		}
}

/* Two have it: one closes, shuts down, reads or sends, and what the other sees. */
static void shared(void)
{
	static const char *const states[] = { "listen_one", "dialled", "unread", "urgent",
					      "close_wait", "reset", "shut_rd" };
	static const char *const calls[] = { "close", "shutdown WR", "shutdown RD",
					     "shutdown RDWR", "recv 3", "send 2", "SO_ERROR",
					     "accept", "recv oob", "connect unspec", "LINGER 0" };
	size_t i, j;
	int st;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (j = 0; j < ARRAY_SIZE(calls); j++) {
			char result[700];
			pid_t pid;

			see_make(&w, see_state(states[i]));
			fflush(stdout);
			pid = OK(fork());
			if (!pid) {
				see_do(&w, see_call(calls[j]), result, sizeof(result));
				rec("%s: the child: %s", states[i], result);
				fflush(stdout);
				_exit(0);
			}
			OK(waitpid(pid, &st, 0));
			see("the parent", w.fd);
			see_do(&w, see_call("recv 3"), result, sizeof(result));
			rec("%s", result);
			see_do(&w, see_call("send 2"), result, sizeof(result));
			rec("%s", result);
			rec_other();
			see_end(&w);
		}
}

static int give(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", c;
	struct iovec iov = { "f", 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int sv[2], got;

	OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof(fd));
	OK(sendmsg(sv[0], &m, 0));
	/* on its way it has no descriptor */
	close(fd);
	settle();
	iov.iov_base = &c;
	OK(recvmsg(sv[1], &m, 0));
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	close(sv[0]);
	close(sv[1]);
	return got;
}

/* Passed on over a UNIX socket, dropped there, or taken by number. */
static void passed_on(void)
{
	char result[700];
	size_t i;
	int fd, pidfd;

	see_init();
	for (i = 0; i < ARRAY_SIZE(owned); i++) {
		see_make(&w, see_state(owned[i]));
		w.fd = give(w.fd);
		rec("%s", owned[i]);
		see("passed on", w.fd);
		pidfd = syscall(SYS_pidfd_open, getpid(), 0);
		fd = syscall(SYS_pidfd_getfd, pidfd, w.fd, 0);
		if (fd >= 0) {
			see("by number", fd);
			close(fd);
		}
		close(pidfd);
		see_do(&w, see_call("recv 3"), result, sizeof(result));
		rec("%s", result);
		see_do(&w, see_call("send 2"), result, sizeof(result));
		rec("%s", result);
		see_end(&w);
	}
}

/* The message that has the descriptor is never read. */
static void lost_on_the_way(void)
{
	static const char *const states[] = { "dialled", "unread", "listen_one", "shut_wr" };
	size_t i;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		char control[CMSG_SPACE(sizeof(int))] = "";
		struct iovec iov = { "f", 1 };
		struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				    .msg_controllen = sizeof(control) };
		struct cmsghdr *h = CMSG_FIRSTHDR(&m);
		int sv[2];

		see_make(&w, see_state(states[i]));
		OK(socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(h), &w.fd, sizeof(w.fd));
		OK(sendmsg(sv[0], &m, 0));
		close(w.fd);
		w.fd = -1;
		settle();
		rec("%s", states[i]);
		rec_fd_see("the peer, before", w.peer);
		close(sv[0]);
		close(sv[1]);
		rec_other();
		see_end(&w);
	}
}

/* What exec leaves: with and without FD_CLOEXEC, by socket() and by accept4(). */
static void over_exec(void)
{
	static const int flags[] = { 0, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_CLOEXEC | SOCK_NONBLOCK };
	char cmd[200];
	size_t i;
	int fd, a, st;

	see_init();
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		see_make(&w, see_state("listen_one"));
		fd = OK(sk_try(flags[i]));
		a = OK(accept4(w.fd, NULL, NULL, flags[i]));
		rec("flags %#x: %#x %#x, %#x %#x", flags[i], fcntl(fd, F_GETFD), fcntl(fd, F_GETFL),
		    fcntl(a, F_GETFD), fcntl(a, F_GETFL));
		OK(send(w.peer, "to the shell\n", 13, 0));
		settle();
		/* a program that inherited it: reads a line, and answers */
		/* (bash: others take descriptors of one digit) */
		snprintf(cmd, sizeof(cmd), "exec bash -c '[ -e /proc/self/fd/%d ] || exit 3;"
			 "read -r l <&%d && echo \"$l\" >&%d'", a, a, a);
		st = system(cmd);
		rec("the shell: %d, and the socket %s", WEXITSTATUS(st),
		    system("true") == 0 ? "is there" : "is not");
		snprintf(cmd, sizeof(cmd), "[ -e /proc/self/fd/%d ]", fd);
		rec("inherited: %d", WEXITSTATUS(system(cmd)));
		close(fd);
		close(a);
		rec_other();
		see_end(&w);
	}
}

/* Fewer rights, another root, another namespace, after the socket was made. */
static void after_the_socket(void)
{
	static const char *const states[] = { "new", "bound", "listen_one", "dialled", "unread" };
	char result[700];
	size_t i, j;
	int st;

	see_init();
	for (i = 0; i < ARRAY_SIZE(states); i++)
		for (j = 0; j < 4; j++) {
			pid_t pid;

			see_make(&w, see_state(states[i]));
			fflush(stdout);
			pid = OK(fork());
			if (pid) {
				OK(waitpid(pid, &st, 0));
				ASSERT_EQ(st, 0);
				see_end(&w);
				continue;
			}
			switch (j) {
			case 0:
				OK(chroot("/proc"));
				OK(chdir("/"));
				break;
			case 1:
				OK(setgid(65534));
				OK(setuid(65534));
				break;
			case 2:
				ns_new();
				break;
			case 3:
				OK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, 0 }));
				break;
			}
			rec("%s, %zu", states[i], j);
			see_do(&w, see_call("recv 3"), result, sizeof(result));
			rec("%s", result);
			see_do(&w, see_call("send 2"), result, sizeof(result));
			rec("%s", result);
			DO(sk_bind(w.fd, IP_LO, 80));
			DO(listen(w.fd, 1));
			sk_nonblock(w.fd, true);
			DO_FD(accept(w.fd, NULL, NULL));
			DO(setsockopt(w.fd, SOL_SOCKET, SO_MARK, &(int){ 1 }, sizeof(int)));
			DO(setsockopt(w.fd, SOL_SOCKET, SO_PRIORITY, &(int){ 7 }, sizeof(int)));
			DO(setsockopt(w.fd, SOL_SOCKET, SO_RCVBUFFORCE, &(int){ 9000 },
				      sizeof(int)));
			DO_FD(dup(w.fd));
			DO_FD(sk_try(0));
			fflush(stdout);
			_exit(0);
		}
}

/* AC-6, C14: no descriptor is left, the connection waits, and more come meanwhile. */
static void no_descriptor(void)
{
	struct rlimit rl, none;
	struct epoll_event e = { .events = EPOLLIN | EPOLLET };
	int i, n, c[3], a, ep;
	char buf[8];

	see_init();
	see_make(&w, see_state("listen"));
	sk_nonblock(w.fd, true);
	ep = OK(epoll_create1(0));
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, w.fd, &e));
	for (i = 0; i < 3; i++) {
		c[i] = sk_dial(IP_LO, sk_port(w.fd));
		OK(send(c[i], "0123" + i, 1, 0));
	}
	OK(getrlimit(RLIMIT_NOFILE, &rl));
	none = rl;
	none.rlim_cur = 3;
	settle();
	OK(setrlimit(RLIMIT_NOFILE, &none));
	for (i = 0; i < 3; i++) {
		DO(accept(w.fd, NULL, NULL));
		rec("%#x, edge %d", ev_now(w.fd, POLLIN), epoll_wait(ep, &e, 1, 0));
		DO(dup(w.fd));
		DO(sk_try(0));
	}
	OK(setrlimit(RLIMIT_NOFILE, &rl));
	rec("edge %d", epoll_wait(ep, &e, 1, 0));
	close(c[1]);
	settle();
	for (n = 0; n < 4; n++) {
		a = DO_FD(accept(w.fd, NULL, NULL));
		if (a < 0)
			break;
		DO_READ(recv(a, buf, 8, MSG_DONTWAIT), buf);
		DO_READ(recv(a, buf, 8, MSG_DONTWAIT), buf);
		close(a);
	}
}

static const struct rt_test tests[] = {
	{ "owners", "C27 C25 C29 CL-1 CL-5 CL-7 CL-9 CL-11 SM-25", owners, T_LONG, 120 },
	{ "shared", "CL-7 CL-8 C26 SH-5", shared, 0, 60 },
	{ "passed_on", "CL-7", passed_on, 0, 60 },
	{ "lost_on_the_way", "CL-7 C25 CL-9", lost_on_the_way, 0, 0 },
	{ "over_exec", "C17 AC-4 CL-7", over_exec, 0, 60 },
	{ "after_the_socket", "C81 SO-6 SO-7 SO-13 SO-15 NS-1", after_the_socket, 0, 60 },
	{ "no_descriptor", "C14 AC-6", no_descriptor, 0, 0 },
};

RT_MAIN(tests)
