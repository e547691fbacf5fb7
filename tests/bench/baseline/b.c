// SPDX-License-Identifier: GPL-2.0-or-later
/* Baseline B: tcdrain between the two parities, and replies of known lengths. */
#include <err.h>
#include <termios.h>
#include <unistd.h>

#include "../bench.h"
#include "serial.h"

#define PATIENCE_MS 1000

static int fd;

static void setup(void)
{
	fd = serial_open(BENCH_TTY);
}

static void end(void)
{
	close(fd);
}

static void run(enum bench_kind kind, struct bench_result *results, unsigned int n)
{
	uint8_t command[BENCH_COMMAND], reply[BENCH_REPLY_MAX];
	size_t len = bench_kinds[kind].reply, got;
	unsigned int i;

	for (i = 0; i < n; i++) {
		bench_command(kind, i, command);
		serial_parity(fd, true);
		serial_write(fd, command, 1);
		if (tcdrain(fd))
			err(1, "tcdrain");
		serial_parity(fd, false);
		serial_write(fd, command + 1, BENCH_COMMAND - 1);
		got = serial_read(fd, reply, len, PATIENCE_MS, PATIENCE_MS);
		results[i] = (struct bench_result){
			bench_now(), got == len && bench_reply_right(command, reply, len - 2) };
	}
}

const struct bench_way bench_ways[] = { { "B", 0, setup, run, end }, { 0 } };
