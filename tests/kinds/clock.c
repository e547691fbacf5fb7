// SPDX-License-Identifier: GPL-2.0-or-later
/* How wrong the clock of a controller may be. */
#include <stdio.h>

#include "kinds.h"

#define MOST	100		/* thousandths */

static bool works(int fifo, int thousandths)
{
	char knobs[64];
	struct kind kind = { .knobs = knobs, .trigger = fifo == 1 ? 0 : 1 };
	struct result r;

	snprintf(knobs, sizeof(knobs), "fifo=%d ppm=%d", fifo, 1000 * thousandths);
	r = play(&kind, CONTROLLER);
	return r.verdict == WORKS && !r.lost_first;
}

/* The most that works in one direction: what is worse than something that fails fails. */
static int most(int fifo, int sign)
{
	int good = 0, bad = MOST + 1, middle;

	while (bad - good > 1) {
		middle = (good + bad) / 2;
		if (works(fifo, sign * middle))
			good = middle;
		else
			bad = middle;
	}
	return good;
}

struct clock_limit clock_limit(int fifo)
{
	return (struct clock_limit){ .fast = most(fifo, 1), .slow = most(fifo, -1) };
}
