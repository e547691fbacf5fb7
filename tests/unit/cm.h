/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmocka and what it wants before it. */
#ifndef CM_H
#define CM_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Values are the doubles nearest to a decimal number, so equal is equal. */
#define assert_value(a, b)							\
do {										\
	double a_ = (a), b_ = (b);						\
										\
	if (a_ != b_)								\
		fail_msg("%s is %.17g, should be %.17g", #a, a_, b_);		\
} while (0)

/* Seeded, so that a failure can be repeated. */
static inline uint32_t random32(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif /* CM_H */
