/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets of AF_INET6: by door, with their addresses; and networks for them. */
#ifndef V6_H
#define V6_H

#include "rt.h"

#define PORT		8080

#define LO6		"::1"
#define LO4		"::ffff:127.0.0.1"
#define A6		"fd00::1"
#define B6		"fd00::2"
#define B4		"::ffff:10.0.0.2"

int sk6(void);
struct sockaddr_in6 addr6(const char *ip, int port);
int bind6(int fd, const char *ip, int port);
int connect6(int fd, const char *ip, int port);
int listen6(const char *ip, int port);
void rec_addr6(const char *what, long ret, const void *addr, socklen_t len);
void rec_names(int fd);
int accept6(int lfd);
void talk(int c, int s);
struct pair pair6(const char *bind_to, const char *dial);
void unpair(struct pair *p);
void lo_up(void);
void need_ip(const char *cmd);
void knob6(const char *name, const char *val);
struct net2 net6(int mtu);
void pour(int c, int s, long size);
struct pair pair_net6(const struct net2 *n, const char *dial);

#endif /* V6_H */
