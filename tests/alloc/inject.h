/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The n-th allocation of a task fails: the kernel's own failslab, told through
 * /proc/PID/fail-nth.  What is allocated in interrupts is no task's and never fails.
 */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>

/* Whose allocations. */
enum victim {
	VICTIM_SELF,		/* who makes the system call */
	VICTIM_ENGINE,		/* the thread of the bus of ttyW0 */
	VICTIM_WORKERS,		/* kworkers: they receive, and they tell by netlink */
	VICTIM_KTHREADD,	/* who makes all kernel threads */
	VICTIM_DEVTMPFS,	/* who makes the nodes in /dev */
};

extern const char * const victim_names[];

/* All allocations may fail, and none with a stack in the kernel's log. */
void inject_setup(void);

/* The next @n-th allocation of the victim fails. */
void inject_arm(enum victim victim, unsigned int n);

/* No more; has there been such an allocation? */
bool inject_disarm(void);

#endif
