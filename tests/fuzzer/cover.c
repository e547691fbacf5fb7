// SPDX-License-Identifier: GPL-2.0-or-later
/* KCOV: which code of the module a call of this process has run through. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define KCOV_FILE	"/sys/kernel/debug/kcov"
#define TEXT_FILE	"/sys/module/n_matenet/sections/.text"
#define MOST_TRACE	(64 * 1024)

static uint64_t *trace;
static uint64_t text, text_bytes;
static unsigned int text_generation = 1;	/* odd: never one in force */

bool cover_open(void)
{
	int fd = open(KCOV_FILE, O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, MOST_TRACE))
		return false;
	trace = mmap(NULL, MOST_TRACE * sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (trace == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC)) {
		trace = NULL;
		return false;
	}
	text_bytes = module_text_bytes();
	return true;
}

static bool find_text(void)
{
	unsigned int generation = shared->generation;
	FILE *from;

	if (generation == text_generation)
		return true;
	if (generation & 1)
		return false;
	from = fopen(TEXT_FILE, "re");
	if (!from)
		return false;
	if (fscanf(from, "%lx", &text) == 1 && generation == shared->generation)
		text_generation = generation;
	fclose(from);
	return generation == text_generation;
}

void cover_begin(void)
{
	if (trace && find_text())
		__atomic_store_n(&trace[0], 0, __ATOMIC_RELAXED);
	else if (trace)
		__atomic_store_n(&trace[0], MOST_TRACE, __ATOMIC_RELAXED);
}

/* An open hash table that only grows. */
static bool note(uint32_t place)
{
	uint32_t at = place * 0x9e3779b1U;
	uint32_t empty;

	for (unsigned int i = 0; i < MOST_PLACES; i++, at++) {
		uint32_t *slot = &shared->place[at % MOST_PLACES];

		empty = 0;
		if (*slot == place)
			return false;
		if (__atomic_compare_exchange_n(slot, &empty, place, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE)) {
			__atomic_fetch_add(&shared->places, 1, __ATOMIC_RELAXED);
			return true;
		}
		if (empty == place)
			return false;
	}
	return false;
}

unsigned int cover_end(void)
{
	unsigned int news = 0;
	uint64_t n;

	if (!trace || text_generation != shared->generation)
		return 0;
	n = __atomic_load_n(&trace[0], __ATOMIC_RELAXED);
	for (uint64_t i = 1; i <= n && i < MOST_TRACE; i++)
		if (trace[i] - text < text_bytes)
			news += note((uint32_t)(trace[i] - text) + 1);
	return news;
}
