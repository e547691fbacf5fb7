// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Baseline A, as pyMATE does it: parity by tcsetattr, 2 ms of sleep after byte 0, and a
 * reply is over after 20 ms of silence.
 */
#include <time.h>
#include <unistd.h>

#include "../bench.h"
#include "serial.h"

#define SLEEP_MS	2
#define FIRST_MS	1000
#define SILENCE_MS	20

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
	static const struct timespec pause = { .tv_nsec = SLEEP_MS * 1000000 };
	uint8_t command[BENCH_COMMAND], reply[64];
	unsigned int i;
	size_t got;

	for (i = 0; i < n; i++) {
		bench_command(kind, i, command);
		serial_parity(fd, true);
		serial_write(fd, command, 1);
		nanosleep(&pause, NULL);
		serial_parity(fd, false);
		serial_write(fd, command + 1, BENCH_COMMAND - 1);
		got = serial_read(fd, reply, sizeof(reply), FIRST_MS, SILENCE_MS);
		results[i] = (struct bench_result){
			bench_now(), got == bench_kinds[kind].reply &&
				     bench_reply_right(command, reply, got - 2) };
	}
}

const struct bench_way bench_ways[] = { { "A", 0, setup, run, end }, { 0 } };
