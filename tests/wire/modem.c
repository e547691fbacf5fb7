// SPDX-License-Identifier: GPL-2.0-or-later
/* Modem lines, crossed: DTR to DSR and DCD, RTS to CTS; flow control; loopback. */

#include "kselftest.h"
#include "wirelib.h"

#include <errno.h>
#include <linux/serial.h>
#include <sys/ioctl.h>

#define INPUTS (TIOCM_CTS | TIOCM_DSR | TIOCM_CD | TIOCM_RI)

#ifndef TIOCM_LOOP
#define TIOCM_LOOP 0x8000
#endif

static int fd[2];

static int inputs(int which)
{
	int m;

	if (ioctl(fd[which], TIOCMGET, &m))
		ksft_exit_fail_perror("TIOCMGET");
	return m & INPUTS;
}

static void outputs(int which, int m)
{
	if (ioctl(fd[which], TIOCMSET, &m))
		ksft_exit_fail_perror("TIOCMSET");
}

static void check_lines(int from)
{
	static const struct {
		int out, in;
		const char *name;
	} cases[] = {
		{ 0, 0, "nothing" },
		{ TIOCM_RTS, TIOCM_CTS, "RTS" },
		{ TIOCM_DTR, TIOCM_DSR | TIOCM_CD, "DTR" },
		{ TIOCM_DTR | TIOCM_RTS, TIOCM_DSR | TIOCM_CD | TIOCM_CTS, "both" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		outputs(from, cases[i].out);
		ksft_test_result(inputs(!from) == cases[i].in, "ttyW%d raises %s: %03x at ttyW%d\n",
				 from, cases[i].name, inputs(!from), !from);
	}
}

static void flow_control(bool on)
{
	struct termios t;

	tcgetattr(fd[1], &t);
	t.c_cflag = on ? t.c_cflag | CRTSCTS : t.c_cflag & ~CRTSCTS;
	tcsetattr(fd[1], TCSANOW, &t);
}

/* The interrupt for them counts every change and hands it to the tty. */
static void check_deltas(void)
{
	struct wire_counts a, b;
	int i;

	/* The driver asks for these interrupts only with flow control or without CLOCAL. */
	flow_control(true);
	outputs(0, TIOCM_RTS);
	wire_sleep_us(10000);
	wire_counts(fd[1], &a);
	for (i = 0; i < 5; i++) {
		outputs(0, TIOCM_DTR);
		wire_sleep_us(10000);
		outputs(0, TIOCM_RTS);
		wire_sleep_us(10000);
	}
	wire_counts(fd[1], &b);
	ksft_test_result(b.cts - a.cts == 10 && b.dsr - a.dsr == 10 && b.dcd - a.dcd == 10,
			 "10 changes: %d CTS, %d DSR, %d DCD counted\n", b.cts - a.cts,
			 b.dsr - a.dsr, b.dcd - a.dcd);
}

static void check_flow(void)
{
	struct wire_char got[64];
	int n;

	outputs(0, TIOCM_DTR);
	wire_sleep_us(10000);
	wire_record_clear(0);
	wire_write(fd[1], "0123456789", 10);
	n = wire_read(fd[0], &(struct wire_parmrk){ 0 }, got, 64, wire_quiet_ms());
	ksft_test_result(n == 0, "CRTSCTS: without CTS nothing is sent\n");
	outputs(0, TIOCM_DTR | TIOCM_RTS);
	n = wire_read(fd[0], &(struct wire_parmrk){ 0 }, got, 64, wire_quiet_ms());
	ksft_test_result(wire_chars_are(got, n, "0123456789"), "CRTSCTS: with CTS it is\n");
}

static void check_loop(void)
{
	struct wire_char got[64];
	struct wire_log log;
	int n;

	flow_control(false);
	outputs(0, TIOCM_DTR | TIOCM_RTS | TIOCM_LOOP);
	ksft_test_result(inputs(1) == 0, "loopback: the pins are inactive\n");
	wire_record_clear(0);
	wire_write(fd[0], "loop", 4);
	wire_write(fd[1], "lost", 4);
	n = wire_read(fd[0], &(struct wire_parmrk){ 0 }, got, 64, wire_quiet_ms());
	ksft_test_result(wire_chars_are(got, n, "loop"),
			 "loopback: one hears oneself and no one else\n");
	n = wire_read(fd[1], &(struct wire_parmrk){ 0 }, got, 64, wire_quiet_ms());
	wire_record_read(0, &log);
	ksft_test_result(n == 0 && log.n == 4 && log.byte[0].port == 1,
			 "loopback: nothing of it on the wire\n");
	wire_log_free(&log);
	outputs(0, TIOCM_DTR | TIOCM_RTS);
	wire_write(fd[1], "back", 4);
	n = wire_read(fd[0], &(struct wire_parmrk){ 0 }, got, 64, wire_quiet_ms());
	ksft_test_result(wire_chars_are(got, n, "back"), "loopback off: the line is there again\n");
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(4 + 4 + 1 + 2 + 4);
	if (wire_begin(fd))
		ksft_exit_fail_msg("no wire\n");
	check_lines(0);
	check_lines(1);
	check_deltas();
	check_flow();
	check_loop();
	ksft_finished();
}
