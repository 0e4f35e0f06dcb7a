/* SPDX-License-Identifier: GPL-2.0 */
/* A case over TCP first, then over each door, with the same results. */
#ifndef EACH_H
#define EACH_H

#include "rt.h"

enum result { PASSED, FAILED, SKIPPED };

void each_init(const char *prog);
enum result each_run(const struct rt_test *t, enum result (*run)(const struct rt_test *t));

#endif /* EACH_H */
