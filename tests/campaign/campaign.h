/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Campaigns of faults on the wire.  A model knows what the device should say to each
 * command, the recorder of the wire what was sent, what noise did to it, and what each
 * end heard; the driver is only asked for its results.
 */
#ifndef CAMPAIGN_H
#define CAMPAIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/matenet.h>

#include "wirelib.h"

#define COMMAND_BYTES	8	/* with checksum, as all here */
#define REPLY_MAX	17
#define TURNAROUND_US	11000	/* as the devices of the recording */
#define MATENET_STATUS_BITS 15
#define WINDOW		64	/* transactions between two looks at the recorder */

/* ---- model.c: the device, and chance ---- */

/* A sequence of numbers that depends on nothing but its seed. */
struct chance {
	uint64_t state;
};

uint32_t chance(struct chance *c);
/* 0 to n - 1; a to b; in so many of a hundred. */
unsigned int chance_of(struct chance *c, unsigned int n);
unsigned int chance_between(struct chance *c, unsigned int a, unsigned int b);
bool chance_percent(struct chance *c, unsigned int percent);

uint16_t model_sum(const uint8_t *data, size_t n);
/* Is that a right command?  One that changes something? */
bool model_command(const uint8_t command[COMMAND_BYTES]);
bool model_changes(const uint8_t command[COMMAND_BYTES]);
/* Length of the reply to a right command, as tests/uart/answer.c makes it. */
size_t model_reply(const uint8_t command[COMMAND_BYTES], uint8_t reply[REPLY_MAX]);
void model_finish(uint8_t command[COMMAND_BYTES]);

/* ---- modes and kinds ---- */

struct mode {
	const char *name;
	uint32_t framing, parity, flags;
};

extern const struct mode modes[];

/* What a fault needs to know, and what it wants. */
struct fault {
	struct chance *chance;
	uint8_t foreign[REPLY_MAX];	/* a right reply, but not to this command */
	size_t reply, foreign_len;

	char text[3800];		/* for inject */
	size_t used;
	int midway_us;			/* written so long after the command was submitted; -1: before */
	int ppm;			/* of the device's clock */
	bool keep;			/* what is left of it is for the next transactions */
};

struct kind {
	const char *name;
	void (*prepare)(struct fault *f);
	unsigned int percent;	/* of the transactions that are disturbed */
	bool blind;		/* whole right replies of others: nothing in them says so */
	bool harmless;		/* all values have to come, and be right */
	const char *what;
};

extern const struct kind kinds[];
/* Noise is for all transactions alike; the fault itself comes on top of it. */
bool kind_is_noise(const struct kind *kind);

/* ---- judge.c: what came of a transaction ---- */

enum verdict { RIGHT, ERROR, WRONG, VERDICTS };

struct transaction {
	uint8_t command[COMMAND_BYTES];
	struct matenet_xfer x;
	int error;		/* of the ioctl */
	uint64_t begin, end;	/* around the ioctl */
	unsigned int nr;
	bool disturbed;
	bool again;		/* asked once more, because of a wrong value */
};

struct tally {
	unsigned int n, verdict[VERDICTS];
	unsigned int clean_failed;	/* not disturbed, and no value */
	unsigned int by_command, by_reply, by_other;	/* what made wrong values wrong */
	unsigned int seen_marks, seen_byte0;	/* wrong values that a check would see */
	unsigned int again, again_same;		/* asked again with a value; the same wrong one */
	unsigned int changing;		/* commands that became ones that change something */
	unsigned int faults;		/* of the driver */
	unsigned int foretold, unlike;	/* statuses that follow from what was heard, or do not */
	uint64_t sent, heard, pulses;	/* bytes on the wire; pulses of noise */
	uint64_t breaks;		/* heard within replies, of which the driver counts no byte */
	uint64_t taken;			/* bytes within replies */
	uint64_t status[MATENET_STATUS_BITS];	/* by what was heard: transactions that end so */
	uint64_t busy_ns;
	bool lost;			/* a byte, and nobody has been told yet */
};

/* Compare what a window of transactions gave with what was on the wire. */
void judge(const struct transaction *t, unsigned int n, const struct wire_log *log,
	   const struct mode *mode, struct tally *tally);

bool value_given(const struct transaction *t);
bool value_right(const struct transaction *t);

/* ---- foretell.c: what the driver should make of it, by the rules of the protocol ---- */

struct foretold {
	uint32_t status;
	size_t words;		/* heard until it was over */
	size_t taken;		/* and part of the reply, right or not */
};

/* In wire_byte.flags, by the judge: with this byte the UART says that it has lost one. */
#define FLAG_TELLS_OVERRUN 'O'

/* @heard: what came since the command ended at @end; @late: how late timers are. */
struct foretold foretell(const struct transaction *t, const struct mode *mode, uint64_t end,
			 int late, const struct wire_byte *heard, size_t n);

/* ---- bus.c ---- */

struct bus {
	int tty, fd;
};

void bus_begin(struct bus *bus, const struct mode *mode);
void bus_end(struct bus *bus);
uint64_t bus_counter(const char *name);
/* A transaction; the fault is injected before, or meanwhile. */
void bus_transact(struct bus *bus, struct transaction *t, const struct fault *f);
void bus_noise(uint32_t ppb, uint32_t seed, bool command, bool reply);

#endif
