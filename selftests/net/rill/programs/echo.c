// SPDX-License-Identifier: GPL-2.0
/*
 * echo serve PORT | talk ADDRESS PORT BYTES: linked statically, so that no
 * preload reaches it. The client compares what it sends with what comes back.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char buf[65536];

static void echo(int fd)
{
	ssize_t n, done, m;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (done = 0; done < n; done += m) {
			m = write(fd, buf + done, n - done);
			if (m < 0)
				err(1, "write");
		}
	if (n)
		err(1, "read");
	exit(0);
}

static void serve(int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int listener = socket(AF_INET6, SOCK_STREAM, 0), on = 1, fd;

	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(listener, (void *)&any, sizeof(any)) || listen(listener, 16))
		err(1, "listen");
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (!fork())
			echo(fd);
		close(fd);
	}
	err(1, "accept");
}

static int dial(const char *address, int port)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	bool v6 = inet_pton(AF_INET6, address, &to6.sin6_addr) == 1;
	int fd;

	if (!v6 && inet_pton(AF_INET, address, &to.sin_addr) != 1)
		errx(1, "%s is no address", address);
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	if (fd < 0 || connect(fd, v6 ? (void *)&to6 : &to, v6 ? sizeof(to6) : sizeof(to)))
		err(1, "connect");
	return fd;
}

/* What is at a place in the stream: the top of a product repeats late. */
static char byte_at(uint64_t place)
{
	return ((place + 1) * 0x9e3779b97f4a7c15) >> 56;
}

static uint64_t send_some(int fd, uint64_t sent, uint64_t total)
{
	size_t n = 0;
	ssize_t m;

	while (n < sizeof(buf) && sent + n < total) {
		buf[n] = byte_at(sent + n);
		n++;
	}
	m = send(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (m < 0)
		err(1, "send");
	if (sent + m == total && shutdown(fd, SHUT_WR))
		err(1, "shutdown");
	return sent + m;
}

static void talk(int fd, uint64_t total)
{
	struct pollfd p = { .fd = fd };
	uint64_t sent = 0, got = 0;
	ssize_t n, i;

	for (;;) {
		p.events = POLLIN | (sent < total ? POLLOUT : 0);
		if (poll(&p, 1, -1) < 0)
			err(1, "poll");
		if (p.revents & POLLOUT && sent < total)
			sent = send_some(fd, sent, total);
		if (!(p.revents & (POLLIN | POLLHUP | POLLERR)))
			continue;
		n = read(fd, buf, sizeof(buf));
		if (n < 0)
			err(1, "read");
		if (!n)
			break;
		for (i = 0; i < n; i++)
			if (buf[i] != byte_at(got + i))
				errx(1, "byte %llu differs", (unsigned long long)(got + i));
		got += n;
	}
	if (got != total)
		errx(1, "%llu bytes came back", (unsigned long long)got);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(atoi(argv[2]));
	if (argc != 5 || strcmp(argv[1], "talk"))
		errx(2, "usage: echo serve PORT | talk ADDRESS PORT BYTES");
	talk(dial(argv[2], atoi(argv[3])), strtoull(argv[4], NULL, 10));
	return 0;
}
