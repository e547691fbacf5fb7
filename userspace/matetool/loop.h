/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What verbs that go on until they are stopped share: signals, periods, polls. */
#ifndef LOOP_H
#define LOOP_H

#include <signal.h>

#include "tool.h"

/* ---- loop.c ----------------------------------------------------------------- */

/* Set by SIGINT, SIGTERM and SIGHUP; by SIGTSTP. */
extern volatile sig_atomic_t loop_stopped, loop_suspended;

/*
 * From now on these signals come only in loop_poll(), so that none is missed
 * between a look at the flags and the wait, and no transaction is cut short.
 */
void loop_signals(void);

/* SIGTSTP too, for a full screen that must be put away before. */
void loop_catch_suspend(void);

/*
 * Wait until @fd, if it is not -1, is readable, a signal comes, or the time of
 * loop_clock() is @until (no end: negative).  1 if @fd is readable, 0 if not, -1
 * for an error of the system.
 */
int loop_poll(int fd, double until);

/* Seconds of CLOCK_MONOTONIC. */
double loop_clock(void);

/* Next round after @last: a period later, or at once if that is over. */
double loop_next(double last, unsigned int period_ms);

/*
 * Wait for the round after *@round, and set it: 0; 1 when stopped, -1 for an error
 * of the system.
 */
int loop_wait(double *round, unsigned int period_ms);

/* Local time: "2026-11-22 10:12:38", and as JSON has it: "2026-11-22T10:12:38.123+0100". */
void local_time(char text[32]);
json_t *json_time(void);

/* ---- poll.c ----------------------------------------------------------------- */

/* A device that is asked for its status again and again. */
struct polled {
	struct mate_device_info dev;
	struct mate_dc_cache cache;
	struct mate_device_status status;	/* the last good one */
	bool seen;		/* there is one */
	double when;		/* it was got, by loop_clock() */
	int err;		/* of the last try */
};

/*
 * The devices with a status on the bus, or that on @port if it is not NULL.
 * Their number, or 0 and *@exit_status after an error that has been printed.
 */
int poll_find(struct mate_bus *bus, const struct port_name *port,
	      struct polled list[MAX_DEVICES], int *exit_status);

/* Ask one: 0 or an error, which is also kept. */
int poll_device(struct mate_bus *bus, struct polled *p);

#endif /* LOOP_H */
