/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of UART: a profile is a set of knobs of the simulated wire that makes a port
 * behave as one kind does, and for each role what is expected of it.
 */
#ifndef KINDS_H
#define KINDS_H

#include <stdbool.h>
#include <stdint.h>

enum role { CONTROLLER, DEVICE, MONITOR, ROLES };
enum verdict { WORKS, REFUSED, FAILS };

/* What a kind that works does worse than the best. */
enum limit {
	LIMIT_SETTING	= 1 << 0,	/* only with a setting of its own */
	LIMIT_EVENODD	= 1 << 1,	/* ninth bits by even and odd parity: pauses */
	LIMIT_TIME	= 1 << 2,	/* when all is sent, only time tells */
	LIMIT_LENGTH	= 1 << 3,	/* frames by length, checksum and time */
	LIMIT_UNKNOWN	= 1 << 4,	/* ninth bits of what is heard are unknown */
	LIMIT_LEARNS	= 1 << 5,	/* the first frames are lost */
	LIMIT_LATE	= 1 << 6,	/* frames are told more than 1 ms after their end */
};

struct expected {
	enum verdict verdict;
	unsigned int limits;
};

struct kind {
	const char *name;
	const char *stands;	/* for which drivers and chips; reStructuredText */
	const char *does;	/* what is different about it */
	const char *knobs;
	int trigger;		/* rx_trig_bytes, 0: the chip has no such thing */
	uint32_t parity;	/* setting it is used with, MATENET_PARITY_* */
	struct expected expected[ROLES];
};

/* What came of a conversation. */
struct result {
	enum verdict verdict;
	unsigned int limits;
	int error;		/* of a refusal, positive errno */
	unsigned int asked, right, wrong, lost_first;
	unsigned int bad_marks, bad_first;	/* bytes sent with the wrong ninth bit */
	double gap_us, gap_max_us;	/* byte 0 to byte 1 of what was sent */
	double elapsed_us;	/* of an exchange that was right, on the wire's clock */
	double late_us;		/* of what was told, behind the wire, at most */
	bool mark_framing, evenodd;
};

extern const struct kind kinds[];
extern const unsigned int n_kinds;

/* roles.c */
struct result play(const struct kind *kind, enum role role);

/* clock.c: thousandths of its clock that a port may be wrong as a controller */
struct clock_limit {
	int fast, slow;
};

struct clock_limit clock_limit(int fifo);

#endif
