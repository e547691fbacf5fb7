// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The self-test of a UART that hears itself.
 *
 * A UART checks parity by the setting it also sends by, so that whatever it takes
 * "mark" for, its own bytes are right to it.  To find out what it does take it for,
 * single bits are put on the wire: by switching the break condition on and off at a
 * speed at which a bit is long.  A byte made so can have either ninth bit, and which of
 * them the UART calls an error tells what it expected - and, since it calls none of its
 * own one, what it sends.
 *
 * All bytes have bit 7 set: whatever eight of them follow each other, their checksum is
 * wrong, so that no device ever takes them for a command.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "loopback.h"

#define LISTEN_S	2.5	/* a MATE asks something each second */
#define QUIET_S		0.1	/* longer than any UART keeps what it has received */
#define BAUD		9600
#define FRAME_S		(11.0 / BAUD)
#define MAX_BYTES	128

/* Of even and of odd weight. */
static const uint8_t even_byte = 0x81, odd_byte = 0x83;

static const tcflag_t parity_flags[PARITIES] = {
	[PARITY_MARK] = PARENB | CMSPAR | PARODD,
	[PARITY_SPACE] = PARENB | CMSPAR,
	[PARITY_EVEN] = PARENB,
	[PARITY_ODD] = PARENB | PARODD,
};

#define PARITY_FLAGS (PARENB | CMSPAR | PARODD)

/* What came, as n_tty tells it with PARMRK. */
struct came {
	uint8_t byte[MAX_BYTES];
	bool bad[MAX_BYTES];
	unsigned int n;
	int escape;
};

/* ---- the tty ------------------------------------------------------------------ */

/* Speed and parity; which of them are in force then.  0 or -1. */
static int set_line(int fd, unsigned int baud, tcflag_t parity, struct termios2 *got)
{
	struct termios2 t = {
		.c_iflag = INPCK | PARMRK,
		.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | parity,
		.c_ispeed = baud, .c_ospeed = baud,
	};

	t.c_cc[VMIN] = 0;
	return ioctl(fd, TCSETS2, &t) || ioctl(fd, TCGETS2, got) ? -1 : 0;
}

static bool near_speed(const struct termios2 *t, unsigned int baud)
{
	double ratio = (double)t->c_ospeed / baud;

	return ratio > 0.98 && ratio < 1.02;
}

static void take_byte(struct came *c, uint8_t byte)
{
	bool bad = c->escape == 2;

	if (!c->escape && byte == 0xff) {
		c->escape = 1;
		return;
	}
	if (c->escape == 1 && !byte) {
		c->escape = 2;
		return;
	}
	c->escape = 0;
	if (c->n == MAX_BYTES)
		return;
	c->byte[c->n] = byte;
	c->bad[c->n++] = bad;
}

/*
 * What comes until nothing has come for so long, at first and after something; no more
 * than there is room for, should it never end.
 * *@last is when the last of it came.
 */
static struct came take(int fd, double first, double quiet, double *last)
{
	struct came c = { .n = 0 };
	uint8_t buf[MAX_BYTES];
	double wait = first;
	ssize_t n;

	while (c.n < MAX_BYTES && !loop_stopped && loop_poll(fd, loop_clock() + wait) > 0) {
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			break;
		*last = loop_clock();
		wait = quiet;
		for (ssize_t i = 0; i < n; i++)
			take_byte(&c, buf[i]);
	}
	return c;
}

static struct came take_all(int fd, double quiet)
{
	double last;

	return take(fd, quiet, quiet, &last);
}

static bool send_bytes(int fd, const uint8_t *bytes, unsigned int n)
{
	return write(fd, bytes, n) == (ssize_t)n;
}

/* Wait until all is out, as far as the driver knows. */
static void drain(int fd)
{
	(void)ioctl(fd, TCSBRK, 1);
}

static void fill(uint8_t *bytes, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		bytes[i] = i % 2 ? odd_byte : even_byte;
}

static bool same(const struct came *c, const uint8_t *bytes, unsigned int n)
{
	for (unsigned int i = 0; i < n && i < c->n; i++)
		if (c->byte[i] != bytes[i] || c->bad[i])
			return false;
	return c->n == n;
}

/* ---- is it safe to go on? ------------------------------------------------------ */

/* Is anybody there, and do we hear ourselves, only ourselves?  By one byte. */
static enum loopback_end look_around(int fd)
{
	struct termios2 t;
	struct came c;

	if (set_line(fd, BAUD, parity_flags[PARITY_EVEN], &t))
		return LOOPBACK_SYSTEM;
	if (!near_speed(&t, BAUD))
		return LOOPBACK_SPEED;
	(void)ioctl(fd, TCFLSH, TCIOFLUSH);
	c = take_all(fd, LISTEN_S);
	if (loop_stopped)
		return LOOPBACK_STOPPED;
	if (c.n)
		return LOOPBACK_TALK;
	if (!send_bytes(fd, &even_byte, 1))
		return LOOPBACK_SYSTEM;
	c = take_all(fd, 2 * QUIET_S);
	if (!c.n)
		return LOOPBACK_SILENT;
	return c.n == 1 && c.byte[0] == even_byte ? LOOPBACK_DONE : LOOPBACK_ANSWER;
}

/* ---- bytes of its own ----------------------------------------------------------- */

/* How long bytes take to come back; 0 if they do not. */
static double echo_time(int fd, tcflag_t parity)
{
	struct termios2 t;
	uint8_t bytes[96];
	double began, last;
	struct came c;

	fill(bytes, sizeof(bytes));
	if (set_line(fd, BAUD, parity, &t))
		return 0;
	take_all(fd, QUIET_S);
	began = last = loop_clock();
	if (!send_bytes(fd, bytes, sizeof(bytes)))
		return 0;
	c = take(fd, 2 * QUIET_S, QUIET_S, &last);
	return same(&c, bytes, sizeof(bytes)) ? last - began : 0;
}

/* A parity bit takes its time: 96 of them 10 ms, against none. */
static void test_echo(int fd, struct loopback *r)
{
	double plain = echo_time(fd, 0), more;
	struct termios2 t;

	for (unsigned int p = 0; p < PARITIES; p++) {
		if (set_line(fd, BAUD, parity_flags[p], &t))
			continue;
		r->kept[p] = (t.c_cflag & PARITY_FLAGS) == parity_flags[p];
		if (!r->kept[p])
			continue;
		more = echo_time(fd, parity_flags[p]) - plain;
		r->echoed[p] = plain > 0 && more > 0.005 && more < 0.015;
	}
}

/* Asked when nothing can be out yet, does it say that all is? */
static void test_empty(int fd, struct loopback *r)
{
	struct termios2 t;
	uint8_t bytes[64];
	double began;

	fill(bytes, sizeof(bytes));
	if (set_line(fd, BAUD, parity_flags[PARITY_EVEN], &t))
		return;
	take_all(fd, QUIET_S);
	began = loop_clock();
	if (!send_bytes(fd, bytes, sizeof(bytes)))
		return;
	drain(fd);
	/* Where no parity can be had a byte has ten bits. */
	r->empty = loop_clock() - began > 0.9 * (sizeof(bytes) - 1.5) * FRAME_S;
	take_all(fd, QUIET_S);
}

/* ---- bits of ours ---------------------------------------------------------------- */

static void sleep_until(double when)
{
	struct timespec ts = { .tv_sec = (time_t)when };

	ts.tv_nsec = (long)((when - (double)ts.tv_sec) * 1e9);
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

static bool set_break(int fd, bool on)
{
	return !ioctl(fd, on ? TIOCSBRK : TIOCCBRK);
}

/* A byte with its ninth bit, made of breaks; false if there are none. */
static bool send_bits(int fd, double bit, uint8_t byte, bool ninth)
{
	/* Start bit, eight, ninth, stop bit. */
	unsigned int bits = (unsigned int)byte << 1 | (unsigned int)ninth << 9 | 1U << 10;
	double began = loop_clock() + bit;
	bool low = false, ok = true;

	for (unsigned int i = 0; i < 11; i++) {
		bool next = !(bits >> i & 1);

		sleep_until(began + i * bit);
		if (next != low)
			ok &= set_break(fd, next);
		low = next;
	}
	sleep_until(began + 12 * bit);
	return ok;
}

/* Bits that are longer than we may be late, in bytes one can wait for. */
static unsigned int slow_speed(int fd)
{
	static const unsigned int speeds[] = { 110, 300 };
	struct termios2 t;

	for (unsigned int i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		if (!set_line(fd, speeds[i], PARENB, &t) && near_speed(&t, speeds[i]))
			return speeds[i];
	return 0;
}

/* What the UART makes of a byte: 1 good, 0 an error, -1 something else came. */
static int judged(int fd, double bit, uint8_t byte, bool ninth)
{
	struct came c;
	double last;

	if (loop_stopped || !send_bits(fd, bit, byte, ninth))
		return -1;
	/* A FIFO may wait for four more. */
	c = take(fd, QUIET_S + 4 * 11 * bit, QUIET_S, &last);
	if (c.n != 1 || c.byte[0] != byte)
		return -1;
	return !c.bad[0];
}

/* The ninth bit that a parity makes of a byte. */
static bool parity_bit(unsigned int parity, uint8_t byte)
{
	bool odd = byte == odd_byte;

	switch (parity) {
	case PARITY_MARK:
		return true;
	case PARITY_SPACE:
		return false;
	case PARITY_EVEN:
		return odd;
	default:
		return !odd;
	}
}

/* All four words that there are; does the UART expect the ninth bits that @parity makes? */
static bool expects(const int heard[2][2], unsigned int parity)
{
	for (unsigned int i = 0; i < 2; i++)
		for (unsigned int ninth = 0; ninth < 2; ninth++)
			if (heard[i][ninth] !=
			    (parity_bit(parity, i ? odd_byte : even_byte) == (bool)ninth))
				return false;
	return true;
}

static enum parity_truth truth_of(int fd, double bit, unsigned int parity)
{
	int heard[2][2];

	for (unsigned int i = 0; i < 2; i++)
		for (unsigned int ninth = 0; ninth < 2; ninth++)
			heard[i][ninth] = judged(fd, bit, i ? odd_byte : even_byte, ninth);
	if (expects(heard, parity))
		return TRUTH_SO;
	if (expects(heard, PARITY_EVEN) || expects(heard, PARITY_ODD))
		return TRUTH_OTHERWISE;
	return TRUTH_UNKNOWN;
}

static void test_truth(int fd, struct loopback *r)
{
	unsigned int baud = slow_speed(fd);
	struct termios2 t;
	double bit;

	if (!baud)
		return;
	bit = 1.0 / baud;
	take_all(fd, QUIET_S);
	if (judged(fd, bit, odd_byte, true) < 0)
		return;
	r->slow_baud = baud;
	for (unsigned int p = 0; p < PARITIES; p++)
		if (r->kept[p] && !set_line(fd, baud, parity_flags[p], &t))
			r->truth[p] = truth_of(fd, bit, p);
}

/* ---- where its errors are told ---------------------------------------------------- */

/*
 * Bytes, a short break, bytes, all close together; later two more bytes.  The break is
 * the only error there is.
 */
static void test_place(int fd, struct loopback *r)
{
	unsigned int bad = 0, late = 0;
	struct termios2 t;
	struct came c;
	uint8_t bytes[6];

	fill(bytes, sizeof(bytes));
	if (set_line(fd, BAUD, parity_flags[PARITY_EVEN], &t))
		return;
	take_all(fd, QUIET_S);
	if (!send_bytes(fd, bytes, sizeof(bytes)))
		return;
	/* When they are out, also of one that begins late, and before it hands them over. */
	sleep_until(loop_clock() + 8 * FRAME_S);
	if (!set_break(fd, true))
		return;
	sleep_until(loop_clock() + 2 * FRAME_S);
	if (!set_break(fd, false) || !send_bytes(fd, bytes, sizeof(bytes)))
		return;
	c = take_all(fd, QUIET_S);
	for (unsigned int i = 0; i < c.n; i++)
		bad += c.bad[i];
	if (!send_bytes(fd, bytes, 2))
		return;
	c = take_all(fd, QUIET_S);
	for (unsigned int i = 0; i < c.n; i++)
		late += c.bad[i];
	r->place = late ? PLACE_WRONG : bad > 1 ? PLACE_PACKET : bad ? PLACE_BYTE : PLACE_NEVER;
}

enum loopback_end loopback_test(int fd, struct loopback *result)
{
	enum loopback_end end;
	struct termios2 before;

	memset(result, 0, sizeof(*result));
	if (ioctl(fd, TCGETS2, &before))
		return LOOPBACK_SYSTEM;
	loop_signals();
	end = look_around(fd);
	if (end == LOOPBACK_DONE) {
		test_echo(fd, result);
		test_empty(fd, result);
		test_place(fd, result);
		test_truth(fd, result);
	}
	set_break(fd, false);
	drain(fd);
	(void)ioctl(fd, TCFLSH, TCIOFLUSH);
	(void)ioctl(fd, TCSETS2, &before);
	return loop_stopped ? LOOPBACK_STOPPED : end;
}
