/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What calls have returned that other calls take: descriptors and numbers. */
#ifndef POOLS_H
#define POOLS_H

#include <stdbool.h>
#include <stdint.h>

unsigned int pool_named(const char *name);
/* One from the pool, the latest ones more often; false if it is empty. */
bool pool_some(unsigned int pool, uint64_t *value);
/* A full pool loses its oldest, which is closed if it is a descriptor. */
void pool_put(unsigned int pool, uint64_t value);
/* Has been closed. */
void pool_drop(unsigned int pool, uint64_t value);
/* Close and forget all. */
void pools_clear(void);

#endif
