/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of calls, made by chance after their types. */
#ifndef ARGS_H
#define ARGS_H

#include "tables.h"

#define MOST_ARGS	6
#define MOST_OUTPUTS	32

/* Where the kernel will put something that is a resource afterwards. */
struct output {
	const void *at;
	unsigned int size, pool;
};

struct arguments {
	uint64_t value[MOST_ARGS];
	struct output output[MOST_OUTPUTS];
	unsigned int n_outputs;
};

/* Chance: the same numbers after the same seed. */
void chance_seed(uint32_t seed);
uint32_t chance(void);
/* 0 to @n - 1; one time in @n. */
uint32_t below(uint32_t n);
bool once_in(uint32_t n);

void args_init(void);
/* Arguments for @call by the chance of @seed and what is in the pools. */
void args_make(const struct call *call, uint32_t seed, struct arguments *args);

#endif
