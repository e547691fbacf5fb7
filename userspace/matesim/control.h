/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tester's hand: commands by a socket, a line each, and a line of reply.
 * What they change counts from the next command of the bus on.
 */
#ifndef MATESIM_CONTROL_H
#define MATESIM_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "fault.h"
#include "site.h"

#define CONTROL_LINE	512

struct control {
	/* set by the caller */
	struct site *site;
	const char *state;		/* set points are kept there, or NULL */
	struct fault_plan *faults;
	const unsigned long *commands;	/* so many were answered */
	bool junk;			/* the line can send it */
	/* its own */
	int fd;				/* readable when there is work; -1: none */
	int listener;
	char path[108];
};

/* Does what the line says; the reply, without an end of line, is in @reply. */
void control_command(struct control *control, const char *line,
		     char reply[CONTROL_LINE]);

/* -1 after a message on stderr. */
int control_open(struct control *control, const char *path);
void control_serve(struct control *control);
void control_close(struct control *control);

/*
 * The other end: sends @lines, or those of stdin if there are none, one after
 * the other.  -1 after a message, also if one of them was an error.
 */
int control_tell(const char *path, char **lines, int n);

#endif
