// SPDX-License-Identifier: GPL-2.0
/*
 * Which congestion control a socket has: TCP_CONGESTION, the sysctls, and an
 * algorithm from a module of its own (rill_cong_aimd.ko beside RILL_KO).
 */
#include "wire.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#define PORT	8080
#define NAME_MAX_	16

/* ---- names ---- */

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 rt.proto == PROTO_TCP ? "ipv4/tcp_" : "rill/", name);
	return path;
}

static void get_sysctl(const char *name, char *buf, int len)
{
	int fd = open(path_of(name), O_RDONLY | O_CLOEXEC), n;

	if (fd < 0)
		FAIL("%s: %s", path_of(name), strerror(errno));
	n = OK(read(fd, buf, len - 1));
	close(fd);
	buf[n] = 0;
	buf[strcspn(buf, "\n")] = 0;
}

/* Is it one of the names in a sysctl? */
static bool listed(const char *sysctl, const char *name)
{
	char buf[2048], *at, *word;

	get_sysctl(sysctl, buf, sizeof(buf));
	for (word = strtok_r(buf, " ", &at); word; word = strtok_r(NULL, " ", &at))
		if (!strcmp(word, name))
			return true;
	return false;
}

/* One that exists and that not everybody may use, or a skip. */
static const char *restricted(void)
{
	static char name[NAME_MAX_];
	char buf[2048], *at, *word;

	get_sysctl("available_congestion_control", buf, sizeof(buf));
	for (word = strtok_r(buf, " ", &at); word; word = strtok_r(NULL, " ", &at)) {
		if (listed("allowed_congestion_control", word))
			continue;
		snprintf(name, sizeof(name), "%s", word);
		return name;
	}
	t_skip("all algorithms are open to everybody");
}

/* One that is not the default, and allowed. */
static const char *another(void)
{
	char def[NAME_MAX_];

	get_sysctl("congestion_control", def, sizeof(def));
	return strcmp(def, "reno") ? "reno" : "cubic";
}

static const char *get(int fd)
{
	static char name[NAME_MAX_ + 1];
	socklen_t len = NAME_MAX_;

	memset(name, 0, sizeof(name));
	OK(getsockopt(fd, SOL_TCP, TCP_CONGESTION, name, &len));
	return name;
}

static int set(int fd, const char *name)
{
	return setsockopt(fd, SOL_TCP, TCP_CONGESTION, name, strlen(name));
}

#define ASSERT_CC(fd, name) \
	do { \
		const char *got_ = get(fd); \
		if (strcmp(got_, name)) \
			FAIL("the algorithm is '%s', want '%s'", got_, name); \
	} while (0)

/* Without privileges from here on, but for who asks for them again. */
static void be_nobody(bool on)
{
	OK(seteuid(on ? 65534 : 0));
}

/* A megabyte, more than windows hold, so that cwnd is in full use. */
static void exchange(struct pair p)
{
	static char out[1 << 20], got[1 << 20];
	int child, status;

	fill(out, sizeof(out), 7);
	child = OK(fork());
	if (!child) {
		send_all(p.c, out, sizeof(out));
		_exit(0);
	}
	recv_all(p.s, got, sizeof(got));
	ASSERT(!memcmp(out, got, sizeof(got)));
	OK(waitpid(child, &status, 0));
	ASSERT_EQ(status, 0);
	UNTIL(!sk_outq(p.c));
}

/* ---- cases ---- */

static void default_is_told(void)
{
	char def[NAME_MAX_];
	int fd;

	ns_new();
	get_sysctl("congestion_control", def, sizeof(def));
	if (rt.proto != PROTO_TCP)
		ASSERT(!strcmp(def, "cubic"));
	fd = sk_new();
	ASSERT_CC(fd, def);
	ASSERT(listed("available_congestion_control", "reno"));
	ASSERT(listed("available_congestion_control", "cubic"));
	ASSERT(listed("available_congestion_control", def));
	ASSERT(listed("allowed_congestion_control", "reno"));
}

static void by_name(void)
{
	char buf[32] = "", longer[] = "renorenorenorenoreno";
	socklen_t len;
	int fd;

	ns_new();
	fd = sk_new();
	OK(set(fd, "reno"));
	ASSERT_CC(fd, "reno");
	OK(set(fd, "cubic"));
	ASSERT_CC(fd, "cubic");
	/* with the NUL, and with more behind it */
	OK(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "reno\0cubic", 10));
	ASSERT_CC(fd, "reno");

	ASSERT_ERR(set(fd, "nosuch"), ENOENT);
	ASSERT_ERR(set(fd, "Reno"), ENOENT);
	ASSERT_ERR(set(fd, "ren"), ENOENT);
	ASSERT_ERR(set(fd, longer), ENOENT);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "", 1), ENOENT);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "reno", 0), EINVAL);
	ASSERT_ERR(setsockopt(fd, SOL_TCP, TCP_CONGESTION, (void *)8, 4), EFAULT);
	ASSERT_CC(fd, "reno");

	len = sizeof(buf);
	OK(getsockopt(fd, SOL_TCP, TCP_CONGESTION, buf, &len));
	ASSERT_EQ(len, NAME_MAX_);
	memset(buf, 'x', sizeof(buf));
	len = 3;
	OK(getsockopt(fd, SOL_TCP, TCP_CONGESTION, buf, &len));
	ASSERT_EQ(len, 3);
	ASSERT(!memcmp(buf, "renx", 4));
	len = -1;
	ASSERT_ERR(getsockopt(fd, SOL_TCP, TCP_CONGESTION, buf, &len), EINVAL);
}

static void privilege(void)
{
	const char *name;
	int fd, had;

	ns_new();
	name = restricted();
	had = sk_new();
	OK(set(had, name));
	be_nobody(true);
	fd = sk_new();
	ASSERT_ERR(set(fd, name), EPERM);
	ASSERT_ERR(set(fd, "nosuch"), ENOENT);
	OK(set(fd, "reno"));
	ASSERT_CC(fd, "reno");
	/* what a socket has it may ask for */
	OK(set(had, name));
	OK(set(had, "reno"));
	ASSERT_ERR(set(had, name), EPERM);
	be_nobody(false);
	OK(set(had, name));
	ASSERT_CC(had, name);
}

static void during_a_connection(void)
{
	struct net2 n = net2_new(0, 1500);
	struct tcp_info before, after;
	struct pair p = pair_net2(&n);

	OK(set(p.c, "reno"));
	exchange(p);
	sk_info(p.c, &before);
	OK(set(p.c, "cubic"));
	sk_info(p.c, &after);
	ASSERT_CC(p.c, "cubic");
	ASSERT_EQ(after.tcpi_snd_cwnd, before.tcpi_snd_cwnd);
	ASSERT_EQ(after.tcpi_snd_ssthresh, before.tcpi_snd_ssthresh);
	exchange(p);
	sk_info(p.c, &after);
	ASSERT_GE(after.tcpi_snd_cwnd, before.tcpi_snd_cwnd);
	OK(set(p.c, "reno"));
	exchange(p);
	ASSERT_CC(p.c, "reno");
	/* the other end is none the wiser */
	ASSERT(strcmp(get(p.s), "") != 0);
}

/* Children have the listener's choice, or else the default of the moment. */
static void inherited(void)
{
	char def[NAME_MAX_];
	const char *other;
	int l, c;

	ns_new();
	get_sysctl("congestion_control", def, sizeof(def));
	other = another();
	l = sk_listen(IP_LO, PORT, 4);
	ASSERT_CC(l, def);
	c = sk_dial(IP_LO, PORT);
	ASSERT_CC(sk_accept(l), def);

	sysctl_set("congestion_control", other);
	ASSERT_CC(l, def);
	ASSERT_CC(c, def);
	sk_dial(IP_LO, PORT);
	ASSERT_CC(sk_accept(l), other);

	OK(set(l, def));
	c = sk_dial(IP_LO, PORT);
	ASSERT_CC(c, other);
	ASSERT_CC(sk_accept(l), def);
}

/* A choice, and a default once taken, survive connect and disconnect. */
static void kept(void)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	char def[NAME_MAX_];
	const char *other;
	int fd, l, i;

	ns_new();
	get_sysctl("congestion_control", def, sizeof(def));
	other = another();
	l = sk_listen(IP_LO, PORT, 4);
	fd = sk_new();
	OK(set(fd, other));
	for (i = 0; i < 3; i++) {
		OK(sk_connect(fd, IP_LO, PORT));
		close(sk_accept(l));
		ASSERT_CC(fd, other);
		OK(connect(fd, &unspec, sizeof(unspec)));
		ASSERT_CC(fd, other);
	}
	close(fd);
	fd = sk_new();
	sysctl_set("congestion_control", other);
	OK(sk_connect(fd, IP_LO, PORT));
	ASSERT_CC(fd, def);
	OK(connect(fd, &unspec, sizeof(unspec)));
	ASSERT_CC(fd, def);
	/* asking for what it has pins it */
	OK(set(l, def));
	sk_dial(IP_LO, PORT);
	close(sk_accept(l));
	sk_dial(IP_LO, PORT);
	ASSERT_CC(sk_accept(l), def);
}

static void write_fails(const char *name, const char *val, int err)
{
	errno = 0;
	if (!write_file(path_of(name), val))
		FAIL("%s takes '%s'", path_of(name), val);
	if (errno != err)
		FAIL("'%s' into %s: %s, want %s", val, path_of(name), strerror(errno),
		     strerror(err));
}

static void sysctls(void)
{
	char first[NAME_MAX_], buf[NAME_MAX_], before[2048], after[2048];
	const char *other;
	int a;

	get_sysctl("congestion_control", first, sizeof(first));
	a = ns_new();
	other = another();
	write_fails("congestion_control", "nosuch", ENOENT);
	get_sysctl("congestion_control", buf, sizeof(buf));
	ASSERT(!strcmp(buf, first));
	sysctl_set("congestion_control", other);
	ASSERT_CC(sk_new(), other);

	/* the others are not touched; a new one has what the first has */
	ns_new();
	get_sysctl("congestion_control", buf, sizeof(buf));
	ASSERT(!strcmp(buf, first));
	ns_enter(a);
	get_sysctl("congestion_control", buf, sizeof(buf));
	ASSERT(!strcmp(buf, other));

	/* for all namespaces, so only the first may write it; nobody that */
	get_sysctl("allowed_congestion_control", before, sizeof(before));
	write_fails("allowed_congestion_control", "reno", EACCES);
	write_fails("available_congestion_control", "reno", EACCES);
	get_sysctl("allowed_congestion_control", after, sizeof(after));
	ASSERT(!strcmp(before, after));
	write_fails("congestion_control", restricted(), EPERM);
}

/* In the first namespace, as it is for all. */
static void allowed_list(void)
{
	char was[2048], now_[2048];

	get_sysctl("allowed_congestion_control", was, sizeof(was));
	sysctl_set("allowed_congestion_control", "reno  dctcp ");
	get_sysctl("allowed_congestion_control", now_, sizeof(now_));
	if (strcmp(now_, "reno dctcp"))
		FAIL("allowed are '%s'", now_);
	be_nobody(true);
	OK(set(sk_new(), "dctcp"));
	ASSERT_ERR(set(sk_new(), "nosuch"), ENOENT);
	be_nobody(false);
	/* an unknown name changes nothing */
	write_fails("allowed_congestion_control", "cubic nosuch", ENOENT);
	get_sysctl("allowed_congestion_control", now_, sizeof(now_));
	sysctl_set("allowed_congestion_control", was);
	if (strcmp(now_, "reno dctcp"))
		FAIL("allowed are '%s'", now_);
	be_nobody(true);
	ASSERT_ERR(set(sk_new(), "dctcp"), EPERM);
	be_nobody(false);
}

/* ---- a module of its own ---- */

static char ko[256];

static int module_load(void)
{
	int fd = OK(open(ko, O_RDONLY | O_CLOEXEC));
	int r = syscall(SYS_finit_module, fd, "increase=2 decrease=30", 0);

	close(fd);
	return r;
}

static int module_unload(void)
{
	return syscall(SYS_delete_module, "rill_cong_aimd", O_NONBLOCK);
}

static bool module_loaded(void)
{
	return !access("/sys/module/rill_cong_aimd", F_OK);
}

static void need_module(void)
{
	const char *rill = getenv("RILL_KO");
	const char *slash = rill ? strrchr(rill, '/') : NULL;

	if (!slash)
		t_skip("RILL_KO is not set");
	snprintf(ko, sizeof(ko), "%.*s/rill_cong_aimd.ko", (int)(slash - rill), rill);
	if (access(ko, R_OK))
		t_skip("%s: %s", ko, strerror(errno));
	if (module_loaded())
		OK(module_unload());
}

#define ASSERT_HELD() \
	do { \
		ASSERT_EQ(module_unload(), -1); \
		ASSERT(errno == EAGAIN || errno == EBUSY); \
		ASSERT(module_loaded()); \
	} while (0)

static void module_by_option(void)
{
	struct pair p;
	int l;

	need_module();
	ns_new();
	ASSERT_ERR(set(sk_new(), "aimd"), ENOENT);
	OK(module_load());
	ASSERT(listed("available_congestion_control", "aimd"));
	ASSERT(!listed("allowed_congestion_control", "aimd"));
	be_nobody(true);
	ASSERT_ERR(set(sk_new(), "aimd"), EPERM);
	be_nobody(false);

	/* a socket, a connection, a listener and what it accepted */
	l = sk_new();
	OK(set(l, "aimd"));
	ASSERT_HELD();
	OK(sk_bind(l, IP_LO, PORT));
	OK(listen(l, 4));
	p.c = sk_new();
	OK(set(p.c, "aimd"));
	OK(sk_connect(p.c, IP_LO, PORT));
	p.s = sk_accept(l);
	ASSERT_CC(p.c, "aimd");
	ASSERT_CC(p.s, "aimd");
	exchange(p);
	close(l);
	ASSERT_HELD();
	OK(set(p.c, "reno"));
	ASSERT_HELD();
	exchange(p);
	OK(set(p.s, "cubic"));
	OK(module_unload());
	ASSERT_ERR(set(p.s, "aimd"), ENOENT);
	ASSERT(!listed("available_congestion_control", "aimd"));
	exchange(p);

	/* a TIME_WAIT holds nothing */
	OK(module_load());
	OK(set(p.c, "aimd"));
	OK(set(p.s, "aimd"));
	exchange(p);
	close(p.c);
	recv_eof(p.s);
	close(p.s);
	UNTIL(!module_unload());
}

/* A listener's children that nobody accepted, resets, half-open ones */
static void module_is_given_back(void)
{
	int l, i, c[8];

	need_module();
	ns_new();
	OK(module_load());
	l = sk_new();
	OK(set(l, "aimd"));
	OK(sk_bind(l, IP_LO, PORT));
	OK(listen(l, 8));
	for (i = 0; i < 8; i++) {
		c[i] = sk_new();
		OK(set(c[i], i % 2 ? "aimd" : "reno"));
		OK(sk_connect(c[i], IP_LO, PORT));
		send_str(c[i], "unread");
	}
	for (i = 0; i < 3; i++) {
		int s = sk_accept(l);

		sk_linger(s, 1, 0);
		close(s);
	}
	close(l);
	for (i = 0; i < 8; i++)
		close(c[i]);
	UNTIL(!module_unload());
	ASSERT(!module_loaded());
}

static void module_by_sysctl(void)
{
	char was[2048], both[2048 + 8], def[NAME_MAX_];
	int child, status, first, here;
	struct pair p;

	need_module();
	OK(module_load());
	get_sysctl("allowed_congestion_control", was, sizeof(was));
	snprintf(both, sizeof(both), "%s aimd", was);
	first = OK(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
	sysctl_set("allowed_congestion_control", both);
	here = ns_new();
	get_sysctl("congestion_control", def, sizeof(def));
	sysctl_set("congestion_control", "aimd");
	ASSERT_HELD();
	p = pair_lo();
	ASSERT_CC(p.c, "aimd");
	ASSERT_CC(p.s, "aimd");
	exchange(p);
	sysctl_set("congestion_control", def);
	ASSERT_HELD();
	close(p.c);
	recv_eof(p.s);
	close(p.s);
	close(p.l);
	UNTIL(!module_unload());

	/* what was allowed went with it; a namespace that goes lets go of it */
	OK(module_load());
	ASSERT(!listed("allowed_congestion_control", "aimd"));
	ns_enter(first);
	sysctl_set("allowed_congestion_control", both);
	ns_enter(here);
	child = OK(fork());
	if (!child) {
		ns_new();
		_exit(write_file(path_of("congestion_control"), "aimd") ? 1 : 0);
	}
	OK(waitpid(child, &status, 0));
	ASSERT_EQ(status, 0);
	UNTIL(!module_unload());
}

/* The default of the first namespace: all that come after have it. */
static void module_as_first_default(void)
{
	char def[NAME_MAX_], buf[NAME_MAX_];

	need_module();
	OK(module_load());
	get_sysctl("congestion_control", def, sizeof(def));
	sysctl_set("congestion_control", "aimd");
	ASSERT(listed("allowed_congestion_control", "aimd"));
	if (!fork()) {
		ns_new();
		ASSERT_CC(sk_new(), "aimd");
		_exit(0);
	}
	wait(NULL);
	sysctl_set("congestion_control", def);
	get_sysctl("congestion_control", buf, sizeof(buf));
	ASSERT(!strcmp(buf, def));
	UNTIL(!module_unload());
}

/* An administrator's wish loads it, another's does not. */
static void module_on_demand(void)
{
	static const char modprobe[] = "/proc/sys/kernel/modprobe";
	char script[] = "/tmp/rill-modprobe-XXXXXX", text[512];
	int fd, n;

	need_module();
	if (access(modprobe, W_OK))
		t_skip("%s: %s", modprobe, strerror(errno));
	fd = OK(mkstemp(script));
	n = snprintf(text, sizeof(text),
		     "#!/bin/sh\nfor i; do :; done\n"
		     "[ \"$i\" = rill-cong-aimd ] && exec /sbin/insmod %s\nexit 1\n", ko);
	ASSERT_EQ(write(fd, text, n), n);
	OK(fchmod(fd, 0755));
	close(fd);
	OK(write_file(modprobe, script));
	ns_new();
	be_nobody(true);
	ASSERT_ERR(set(sk_new(), "aimd"), ENOENT);
	be_nobody(false);
	ASSERT(!module_loaded());
	fd = sk_new();
	OK(set(fd, "aimd"));
	ASSERT_CC(fd, "aimd");
	close(fd);
	unlink(script);
	OK(write_file(modprobe, "/sbin/modprobe"));
	UNTIL(!module_unload());
}

static const struct rt_test tests[] = {
	{ "default_is_told", "C60 TO-12", default_is_told, 0, 0 },
	{ "by_name", "C60 TO-12", by_name, 0, 0 },
	{ "privilege", "TO-12", privilege, 0, 0 },
	{ "during_a_connection", "C60 TO-12", during_a_connection, 0, 0 },
	{ "inherited", "TO-12", inherited, 0, 0 },
	{ "kept", "TO-12", kept, 0, 0 },
	{ "sysctls", "C60 TO-12", sysctls, 0, 0 },
	{ "allowed_list", "TO-12", allowed_list, T_RILL, 0 },
	{ "module_by_option", "C60 MAY-18 rmmod", module_by_option, T_RILL, 0 },
	{ "module_is_given_back", "MAY-18 rmmod", module_is_given_back, T_RILL, 0 },
	{ "module_by_sysctl", "C60 MAY-18 rmmod", module_by_sysctl, T_RILL, 0 },
	{ "module_as_first_default", "C60 MAY-18", module_as_first_default, T_RILL, 0 },
	{ "module_on_demand", "MAY-18", module_on_demand, T_RILL, 0 },
};

RT_MAIN(tests)
