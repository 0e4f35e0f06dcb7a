// SPDX-License-Identifier: GPL-2.0
/*
 * What a sender spends its time on.
 */
#include "chrono.h"

static void turn(struct rill_chrono *c, enum rill_chrono_what what, u32 now)
{
	c->spent[c->what] += now - c->since;
	c->what = what;
	c->since = now;
}

void rill_chrono_start(struct rill_chrono *c, enum rill_chrono_what what, u32 now)
{
	if (what > c->what)
		turn(c, what, now);
}

void rill_chrono_stop(struct rill_chrono *c, enum rill_chrono_what what, bool empty, u32 now)
{
	if (empty)
		turn(c, RILL_CHRONO_IDLE, now);
	else if (c->what == what)
		turn(c, RILL_CHRONO_BUSY, now);
}

u32 rill_chrono_get(const struct rill_chrono *c, enum rill_chrono_what what, u32 now)
{
	u32 sum = 0;
	int i;

	for (i = RILL_CHRONO_BUSY; i < RILL_CHRONO_NR; i++) {
		if (what != RILL_CHRONO_BUSY && i != (int)what)
			continue;
		sum += c->spent[i];
		if (i == c->what)
			sum += now - c->since;
	}
	return sum;
}
