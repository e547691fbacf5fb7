/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Received bytes at once: drivers hold them back to save interrupts.
 *
 * An 8250 gives up its FIFO at 8 bytes.  The marked byte comes out at once,
 * as an error would; the seven after it wait for four characters of silence,
 * 4.6 ms.  An FTDI adapter waits for up to 16 ms.
 */
#ifndef MATESIM_PROMPT_H
#define MATESIM_PROMPT_H

#define PROMPT_SETTINGS 2

struct prompt {
	/* Where it was and what it was; empty if nothing was changed. */
	char path[PROMPT_SETTINGS][192];
	char saved[PROMPT_SETTINGS][16];
};

/* What the driver of the tty @path offers; what it does not is no error. */
void prompt_begin(struct prompt *prompt, const char *path);
void prompt_end(struct prompt *prompt);

#endif
