/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The simulated wire as seen from a test: load the module, open its ttys, read
 * the recorder, disturb the line.  Functions that return int give 0 or more
 * when all went well and -errno when not, unless they say otherwise.
 */
#ifndef WIRELIB_H
#define WIRELIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#define WIRE_BIT_NS(baud)	(1e9 / (baud))
#define WIRE_BYTE_NS		(11 * WIRE_BIT_NS(9600.0))	/* 8 data, parity, 1 stop */

/* One line of the recorder. */
struct wire_byte {
	unsigned int port;	/* that sent it */
	uint64_t start, end;	/* CLOCK_MONOTONIC, ns */
	unsigned int bits;	/* all nine */
	char flags[16];		/* "-" or letters, see Documentation/testing/uart9.rst */
};

struct wire_log {
	struct wire_byte *byte;
	size_t n;
};

enum wire_parity { WIRE_NONE, WIRE_EVEN, WIRE_ODD, WIRE_MARK, WIRE_SPACE };

/* One character as the tty gave it. */
struct wire_char {
	uint8_t byte;
	bool bad;		/* parity or framing error; a bad 0 may be a break */
};

/* Decodes what a tty with PARMRK gives; zeroed to begin with. */
struct wire_parmrk {
	int state;
};

/* insmod uart9.ko pairs=@pairs, and wait for the device nodes. */
int wire_load(unsigned int pairs);
/* The same with listeners: ttyW<2 * @pairs + k> hears what ttyW<k> sends. */
int wire_load_listeners(unsigned int pairs);
int wire_load_with(const char *parameters);
int wire_unload(void);

/* printf a text into a debugfs file. */
int wire_inject(unsigned int pair, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int wire_knobs(unsigned int port, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* What the file says now; @text is always terminated. */
int wire_inject_read(unsigned int pair, char *text, size_t size);
int wire_knobs_read(unsigned int port, char *text, size_t size);

/* The recorder: forget all; read all; wire_log_free() when done. */
int wire_record_clear(unsigned int pair);
int wire_record_read(unsigned int pair, struct wire_log *log);
void wire_log_free(struct wire_log *log);

/* Open ttyW@port: raw, 9600, 8N1, CLOCAL, errors marked by PARMRK.  Returns the descriptor. */
int wire_open(unsigned int port);
/* The usual beginning: one pair loaded, both ends open in @fd. */
int wire_begin(int fd[2]);
int wire_set_parity(int fd, enum wire_parity parity);
int wire_set_format(int fd, speed_t speed, tcflag_t size, enum wire_parity parity,
		    bool two_stop_bits);
const char *wire_parity_name(enum wire_parity parity);
/* The ninth bit of @byte (8 bits long) under @parity. */
bool wire_parity_bit(enum wire_parity parity, uint8_t byte);

/* Write all of it. */
int wire_write(int fd, const void *data, size_t n);
/* Wait until the shift register is empty, by the chip's own word. */
int wire_drain(int fd);
/*
 * Read characters until @n are there or nothing came for @timeout_ms.  Returns
 * how many.
 */
int wire_read(int fd, struct wire_parmrk *state, struct wire_char *chars, size_t n,
	      int timeout_ms);
/*
 * Send @n bytes from one descriptor to the other, never more at a time than a
 * FIFO holds, and read what comes of them until the line is quiet.  Returns the
 * number of characters.
 */
int wire_exchange(int from, int to, const void *data, size_t n, struct wire_char *chars,
		  size_t room);
/* Did exactly these characters arrive?  In @text a character after '!' is a bad one. */
bool wire_chars_are(const struct wire_char *chars, int n, const char *text);
/* What the driver has counted since the port was added. */
struct wire_counts {
	int parity, frame, overrun, brk, cts, dsr, dcd;
};
int wire_counts(int fd, struct wire_counts *counts);
/* Throw away what is there or still comes within @ms. */
void wire_discard(int fd, int ms);
/* The same for raw bytes that are at hand; returns the number of characters. */
size_t wire_parmrk_decode(struct wire_parmrk *state, const uint8_t *raw, size_t n,
			  struct wire_char *chars);

/* Does code run on time here?  Not with two CPUs emulated as fast as the host can. */
bool wire_exact_time(void);
/* After so long without a character no more will come. */
int wire_quiet_ms(void);
uint64_t wire_now(void);
void wire_sleep_until(uint64_t ns);
void wire_sleep_us(unsigned int us);

#endif
