/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a UART does whose TX and RX are joined by a wire. */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <stdbool.h>

enum { PARITY_MARK, PARITY_SPACE, PARITY_EVEN, PARITY_ODD, PARITIES };

/* What a parity setting turned out to be on the wire. */
enum parity_truth {
	TRUTH_UNKNOWN,		/* errors are not told, or no break can be made */
	TRUTH_SO,		/* as it says */
	TRUTH_OTHERWISE,	/* even or odd parity for what says that it is mark or space */
};

/* On which bytes the errors come. */
enum flag_place { PLACE_NEVER, PLACE_BYTE, PLACE_PACKET, PLACE_WRONG };

struct loopback {
	bool kept[PARITIES];	/* the setting reads back as it was set */
	bool echoed[PARITIES];	/* bytes came back, without errors, and took their time */
	enum parity_truth truth[PARITIES];
	enum flag_place place;
	bool empty;		/* the tty says when all is sent, not before */
	unsigned int slow_baud;	/* at which single bits were made, 0: no break could be */
};

/* Why it could not be found out. */
enum loopback_end {
	LOOPBACK_DONE,
	LOOPBACK_SYSTEM,	/* errno */
	LOOPBACK_STOPPED,	/* by a signal */
	LOOPBACK_SPEED,		/* 9600 baud cannot be had */
	LOOPBACK_TALK,		/* somebody else is on the line; nothing was sent */
	LOOPBACK_SILENT,	/* what was sent, one byte, did not come back */
	LOOPBACK_ANSWER,	/* and something else did */
};

/*
 * Find it out, on a tty that is open and nobody else's; takes some ten seconds.  Leaves
 * the settings of the tty as they were.
 */
enum loopback_end loopback_test(int fd, struct loopback *result);

#endif
