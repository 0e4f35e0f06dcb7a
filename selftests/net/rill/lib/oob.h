/* SPDX-License-Identifier: GPL-2.0 */
/* Urgent data as a program sees it. */
#ifndef OOB_H
#define OOB_H

#include "rt.h"

extern volatile sig_atomic_t sigurg;	/* how many came since count_sigurg() */

void count_sigurg(int fd);
bool at_mark(int fd);			/* SIOCATMARK */
void oob_is(int fd, char want);		/* the urgent byte is there, and is this one */
void no_oob(int fd, int err);		/* it is not, for this reason */
void read_is(int fd, const char *want);	/* a single read gives exactly this */
void read_nothing(int fd);		/* nothing is there to read */
#define send_oob(fd, s)	ASSERT_EQ(send(fd, s, strlen(s), MSG_OOB), strlen(s))

#endif /* OOB_H */
