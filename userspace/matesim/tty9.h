/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tty as a nine-bit line: 9600 baud, words in, words out. */
#ifndef MATESIM_TTY9_H
#define MATESIM_TTY9_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "ninth.h"
#include "prompt.h"

/* 1 start, 8 data, 1 parity and 1 stop bit at 9600 baud. */
#define TTY9_CHAR_NS 1145834LL

enum tty9_want { TTY9_AUTO, TTY9_STICK, TTY9_EVENODD };

struct tty9 {
	int fd;
	const char *path;
	struct termios saved;		/* put back by tty9_close() */
	struct termios raw;
	enum ninth_method method;
	enum ninth_parity parity;	/* the UART's present setting */
	struct ninth_rx rx;
	int64_t sent_at;		/* when the last byte will be out */
	bool tells_empty;		/* TIOCSERGETLSR works */
	struct prompt prompt;
};

/* All return 0 or -1 with a message on stderr. */
int tty9_open(struct tty9 *tty, const char *path, enum tty9_want want);
/* First byte at @start (CLOCK_MONOTONIC ns) or as soon as possible. */
int tty9_send(struct tty9 *tty, const uint16_t *words, size_t n, int64_t start);

/* Words received, 0 when there are none, -1 when the line is gone. */
int tty9_receive(struct tty9 *tty, uint16_t *words, size_t max);

void tty9_close(struct tty9 *tty);

#endif
