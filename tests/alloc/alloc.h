/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is tried with memory running out. */
#ifndef ALLOC_H
#define ALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inject.h"

/**
 * struct operation - something the driver is asked to do
 * @name: what
 * @victim: whose memory runs out
 * @least: fewest allocations it is known to take; none at all would prove nothing
 * @least_failed: fewest of them without which it cannot be done
 * @error: that it may fail with, beside ENOMEM; the system's, not the driver's
 * @setup: makes what it needs
 * @run: does it; 0 or -errno.  Only its system calls may count, so that it does not
 *	use the C library's memory
 * @after: undoes it, without failures; false if what it did is not right.  Told
 *	what @run returned
 * @teardown: undoes @setup
 */
struct operation {
	const char *name;
	enum victim victim;
	unsigned int least;
	unsigned int least_failed;
	int error;
	void (*setup)(void);
	int (*run)(void);
	bool (*after)(int ret);
	void (*teardown)(void);
};

extern const struct operation operations[];
extern const size_t operations_n;

/* Requests and events, with messages that are made before memory runs out. */
void netlink_open(void);
void netlink_close(void);
int netlink_bus_get(void);
int netlink_stats_get(void);
int netlink_bus_dump(void);
int netlink_stats_dump(void);
int netlink_bus_set(void);

/* Membership of a group; events that have come, with those said to be lost. */
void netlink_join(const char *group);
void netlink_leave(void);
unsigned int netlink_events(void);

/* One more than can be told was lost: the socket itself had no memory. */
bool netlink_overrun(void);

#endif
