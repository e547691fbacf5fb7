// SPDX-License-Identifier: GPL-2.0-or-later
#include "pools.h"

#include <string.h>
#include <unistd.h>

#include "args.h"

#define MOST_POOLS	16
#define MOST_VALUES	6

static struct pool {
	uint64_t value[MOST_VALUES];
	unsigned int n;
} pools[MOST_POOLS];

unsigned int pool_named(const char *name)
{
	unsigned int i = 0;

	while (strcmp(pool_kinds[i].name, name))
		i++;
	return i;
}

bool pool_some(unsigned int pool, uint64_t *value)
{
	struct pool *p = &pools[pool];

	if (!p->n)
		return false;
	*value = p->value[once_in(2) ? p->n - 1 : below(p->n)];
	return true;
}

static void take_out(struct pool *p, unsigned int i)
{
	p->n--;
	memmove(&p->value[i], &p->value[i + 1], (p->n - i) * sizeof(p->value[0]));
}

void pool_put(unsigned int pool, uint64_t value)
{
	struct pool *p = &pools[pool];

	if (p->n == MOST_VALUES) {
		if (pool_kinds[pool].fd)
			close((int)p->value[0]);
		take_out(p, 0);
	}
	p->value[p->n++] = value;
}

void pool_drop(unsigned int pool, uint64_t value)
{
	struct pool *p = &pools[pool];

	for (unsigned int i = 0; i < p->n; i++)
		if (p->value[i] == value) {
			take_out(p, i);
			return;
		}
}

void pools_clear(void)
{
	for (unsigned int i = 0; i < n_pools; i++) {
		while (pools[i].n) {
			pools[i].n--;
			if (pool_kinds[i].fd)
				close((int)pools[i].value[pools[i].n]);
		}
	}
}
