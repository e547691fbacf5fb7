/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where commands come from and replies go to.  There are two kinds: a tty that
 * is driven by termios, and a bus of n_matenet in the device role.
 */
#ifndef MATESIM_LINE_H
#define MATESIM_LINE_H

#include <linux/matenet.h>
#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "prompt.h"
#include "tty9.h"

/* A command as it was heard; its checksum may be wrong. */
struct heard {
	uint8_t bytes[COMMAND_BYTES];
	int64_t at;		/* its end, CLOCK_MONOTONIC ns */
	uint32_t sequence;	/* names it to a bus; 0 on a tty */
};

typedef void heard_fn(void *context, const struct heard *heard);

/* What is wanted of a line. */
struct line_wish {
	const char *path;
	enum tty9_want parity;
	uint16_t ports;		/* that answer; bit 0 is port 0 */
	bool junk;		/* unmarked bytes in front of replies */
};

struct line {
	const struct line_kind *kind;
	const char *path;
	int fd;			/* readable when there may be a command */
	union {
		struct {
			struct tty9 tty9;
			struct command_rx rx;
		} tty;
		struct {
			struct matenet_config saved;	/* put back at the end */
			struct prompt prompt;		/* of the tty below */
		} role;
	};
};

/* Functions return 0, or -1 after a message on stderr. */
struct line_kind {
	int (*open)(struct line *line, const struct line_wish *wish);
	/* Calls @heard for each command that is there. */
	int (*receive)(struct line *line, heard_fn *heard, void *context);
	/*
	 * First byte at @start (CLOCK_MONOTONIC ns) or as soon as possible.
	 * 1: it is too late, nothing was sent.
	 */
	int (*send)(struct line *line, const struct reply *reply,
		    uint32_t sequence, int64_t start);
	void (*close)(struct line *line);
};

extern const struct line_kind tty_line, role_line;

/* Of the kind that @wish->path is. */
int line_open(struct line *line, const struct line_wish *wish);

#endif
