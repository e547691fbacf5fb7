// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a receiver makes of a line that does not fit it: other speeds, breaks,
 * too many bytes.  The expected characters are worked out by hand from the
 * levels on the line, sampled in the middle of the receiver's bits.
 */
#include "kselftest.h"
#include "wirelib.h"

#include <sys/ioctl.h>

static int fd[2];
static struct wire_char got[256];

static int send_byte(uint8_t byte)
{
	return wire_exchange(fd[0], fd[1], &byte, 1, got, 256);
}

static void formats(speed_t from, speed_t to)
{
	wire_set_format(fd[0], from, CS8, WIRE_NONE, false);
	wire_set_format(fd[1], to, CS8, WIRE_NONE, false);
}

static struct wire_counts counts(void)
{
	struct wire_counts c;

	if (wire_counts(fd[1], &c))
		ksft_exit_fail_perror("TIOCGICOUNT");
	return c;
}

static void check_speeds(void)
{
	static const struct {
		speed_t from, to;
		uint8_t byte;
		int n;
		struct wire_char c[2];
		const char *why;
	} cases[] = {
		{ B19200, B9600, 0x80, 1, { { 0xf8, false } },
		  "8 low bits at twice the speed are 4" },
		{ B9600, B4800, 0xff, 0, { { 0, false } }, "half a start bit is none" },
		{ B4800, B9600, 0xff, 1, { { 0xfe, false } },
		  "the start bit is a data bit as well" },
		{ B4800, B9600, 0x0f, 2, { { 0xfe, false }, { 0x80, false } },
		  "one frame at half the speed looks like two" },
		{ B4800, B9600, 0x01, 2, { { 0x06, true }, { 0x00, false } },
		  "framing error, its stop bit taken for a start bit" },
		{ B4800, B9600, 0x00, 1, { { 0x00, true } }, "18 low bits are a break" },
		{ B2400, B115200, 0x55, 5, { { 0x00, true }, { 0x00, true } },
		  "five breaks" },
	};
	size_t i;
	int n, k, wrong;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		formats(cases[i].from, cases[i].to);
		n = send_byte(cases[i].byte);
		wrong = n != cases[i].n;
		for (k = 0; k < n && k < cases[i].n && k < 2; k++)
			wrong += got[k].byte != cases[i].c[k].byte ||
				 got[k].bad != cases[i].c[k].bad;
		ksft_test_result(!wrong, "%02x: %s (%d characters, %02x %02x)\n", cases[i].byte,
				 cases[i].why, n, n > 0 ? got[0].byte : 0, n > 1 ? got[1].byte : 0);
	}
	formats(B9600, B9600);
	wire_discard(fd[1], wire_quiet_ms());
}

/* 5 % off is the limit for ten bits: the stop bit is sampled at 9.5. */
static void check_clock(int ppm, bool good)
{
	static const uint8_t data[] = "Uart\xff\x01 and some more";
	int n, i, wrong = 0;

	wire_knobs(0, "ppm=%d", ppm);
	n = wire_exchange(fd[0], fd[1], data, sizeof(data), got, 256);
	for (i = 0; i < n && i < (int)sizeof(data); i++)
		wrong += got[i].byte != data[i] || got[i].bad;
	wrong += n != sizeof(data);
	ksft_test_result(good == !wrong, "a clock that is %d ppm off: %s\n", ppm,
			 good ? "all arrives" : "it does not");
	wire_knobs(0, "ppm=0");
	wire_discard(fd[1], wire_quiet_ms());
}

/* Both ways of making one, seen from both sides. */
static void check_break(const char *name, int (*make)(void), double least_ms)
{
	struct wire_counts before = counts(), after;
	struct wire_log log;
	double ms = 0;
	bool found;
	int n;

	wire_record_clear(0);
	if (make())
		ksft_exit_fail_perror(name);
	n = wire_read(fd[1], &(struct wire_parmrk){ 0 }, got, 256, wire_quiet_ms());
	after = counts();
	wire_record_read(0, &log);
	found = log.n == 1 && !strcmp(log.byte[0].flags, "b") && log.byte[0].bits == 0;
	if (found)
		ms = (log.byte[0].end - log.byte[0].start) / 1e6;
	wire_log_free(&log);
	/* Where jiffies are made up for late, sleeping for some takes less. */
	if (!wire_exact_time())
		least_ms *= 0.9;
	ksft_test_result(found && ms >= least_ms, "%s: one break on the wire, %.3f ms\n", name, ms);
	ksft_test_result(n == 1 && got[0].bad && !got[0].byte && after.brk == before.brk + 1 &&
			 after.frame == before.frame, "%s: one bad NUL, one break counted\n", name);
	ksft_test_result(send_byte('k') == 1 && wire_chars_are(got, 1, "k"),
			 "%s: the next byte arrives\n", name);
}

static int break_tcsendbreak(void)
{
	return tcsendbreak(fd[0], 0);
}

static int break_by_hand(void)
{
	if (ioctl(fd[0], TIOCSBRK))
		return -1;
	wire_sleep_us(2500);
	return ioctl(fd[0], TIOCCBRK);
}

/* More than the FIFO holds while the interrupt is kept away: the first ones stay. */
static void check_overrun(void)
{
	struct wire_counts before = counts(), after;
	int n;

	wire_knobs(1, "irq=no");
	wire_write(fd[0], "0123456789abcdefGHIJ", 20);
	wire_drain(fd[0]);
	wire_knobs(1, "irq=yes");
	n = wire_read(fd[1], &(struct wire_parmrk){ 0 }, got, 256, wire_quiet_ms());
	after = counts();
	ksft_test_result(wire_chars_are(got, n, "0123456789abcdef") &&
			 after.overrun == before.overrun + 1,
			 "20 bytes for a FIFO of 16: %d arrive, one overrun counted\n", n);
	ksft_test_result(send_byte('k') == 1 && wire_chars_are(got, 1, "k"),
			 "after an overrun the next byte arrives\n");
}

/* An error flag stays with its byte, wherever in the FIFO that is. */
static void check_flag_position(void)
{
	struct wire_counts before = counts(), after;
	int n, i;

	wire_knobs(1, "irq=no");
	wire_set_parity(fd[1], WIRE_SPACE);
	for (i = 0; i < 9; i++) {
		wire_set_parity(fd[0], i == 2 || i == 7 ? WIRE_MARK : WIRE_SPACE);
		wire_write(fd[0], &"abcdefghi"[i], 1);
		wire_drain(fd[0]);
	}
	wire_knobs(1, "irq=yes");
	n = wire_read(fd[1], &(struct wire_parmrk){ 0 }, got, 256, wire_quiet_ms());
	after = counts();
	ksft_test_result(wire_chars_are(got, n, "ab!cdefg!hi") &&
			 after.parity == before.parity + 2,
			 "two bad bytes among nine read at once keep their places\n");
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(7 + 4 + 6 + 2 + 1);
	if (wire_begin(fd))
		ksft_exit_fail_msg("no wire\n");
	check_speeds();
	check_clock(20000, true);
	check_clock(-20000, true);
	check_clock(70000, false);
	check_clock(-70000, false);
	check_break("tcsendbreak", break_tcsendbreak, 250);
	check_break("TIOCSBRK", break_by_hand, 2.5);
	check_overrun();
	check_flag_position();
	ksft_finished();
}
