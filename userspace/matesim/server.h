/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands from the line to the bus, replies back in time. */
#ifndef MATESIM_SERVER_H
#define MATESIM_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "bus.h"
#include "control.h"
#include "fault.h"
#include "frame.h"
#include "line.h"
#include "world.h"

#define PENDING_MAX 8

struct pending {
	struct reply reply;
	uint32_t sequence;	/* of the command */
	int64_t due;		/* CLOCK_MONOTONIC ns */
};

struct server {
	/* set by the caller */
	struct line *line;
	struct bus *bus;
	struct world *world;	/* NULL: time stands still */
	const struct fault_plan *faults;
	struct control *control;
	struct site *site;
	const char *state;	/* file of its set points; NULL: none */
	int64_t turnaround_ns;
	double speed;
	bool trace;
	/* its own */
	unsigned long commands;
	struct pending pending[PENDING_MAX];
	unsigned int n_pending;
	int64_t started;
	int64_t world_due;
};

/* Until SIGTERM or SIGINT (0), or the line is gone (-1, after a message). */
int server_run(struct server *server);

#endif
