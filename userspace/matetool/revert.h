/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes that undo themselves.  A file says what is to be written back and
 * when; it is on the disk before the change is made.  A process of its own, the
 * guard, holds a lock on that file and does it; if it dies, whoever gets the lock
 * next (matetool revert --pending) does it instead.
 *
 * ID.pending	the change can still be confirmed: the file is removed
 * ID.due	it is being written back, until that has worked
 */
#ifndef REVERT_H
#define REVERT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Where the files are, unless the environment variable MATENET_STATE says else. */
#define REVERT_DIR	"/var/lib/matenet"

#define REVERT_MIN_S	1
#define REVERT_MAX_S	(7 * 24 * 3600)

enum revert_state {
	REVERT_GONE,		/* confirmed, or done */
	REVERT_PENDING,
	REVERT_DUE,
};

struct revert {
	char id[80];		/* bus-port-register: one at a time of each */
	char bus[24], tty[32];	/* "matenet0", "ttyS1" */
	unsigned int port, device, addr;
	char name[40];		/* of the device */
	char reg[40];		/* id of the register, "" if it has none */
	unsigned int old, new;
	unsigned int period_s;
	char boot[40];		/* the boot that @due_ms counts from */
	int64_t due_ms;		/* CLOCK_BOOTTIME */
	int64_t due_s;		/* CLOCK_REALTIME, for the next boot */
	int64_t made_s;		/* CLOCK_REALTIME */
	char user[64];
};

/* ---- revert.c: the files and the guard ------------------------------------ */

/*
 * Put @r on the disk and start its guard.  @r has all but id, boot and times.
 * 0 or an exit status; what is wrong has been printed.
 */
int revert_arm(struct revert *r);

/* The change was not made after all. */
void revert_disarm(const struct revert *r);

/* Is a revert of this register outstanding?  Then *@r is it. */
bool revert_find(const char *bus, unsigned int port, unsigned int addr, struct revert *r);

/* Read ID; REVERT_GONE if there is none, or it makes no sense. */
enum revert_state revert_read(const char *id, struct revert *r);

/* Milliseconds until it is due; never negative. */
int64_t revert_left_ms(const struct revert *r);

/* Names of all there are, to be freed; their number, or -1 with errno. */
int revert_list(char (**ids)[80]);

/* Keep the change: 0, ENOENT or another errno. */
int revert_confirm(const char *id);

/* Make it due now: 0, ENOENT or another errno. */
int revert_hasten(const char *id);

/* Become the guard of ID once nobody else is: 0 when it is gone, or an exit status. */
int revert_guard(const char *id);

/* Start a guard for each that has none, after it was killed; as far as possible. */
void revert_adopt(void);

/* Write back; 0 or an error of the library, with words for it in @text. */
int revert_write(const struct revert *r, char *text, size_t size);

#endif /* REVERT_H */
