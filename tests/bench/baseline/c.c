// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Baseline C, the best a program can do: real-time priority, its memory locked, sleep to
 * the end of byte 0 by the clock, then ask the UART until it has sent it; known lengths.
 */
#include <err.h>
#include <errno.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../bench.h"
#include "serial.h"

#ifndef TIOCSERGETLSR
#define TIOCSERGETLSR 0x5459
#endif
#ifndef TIOCSER_TEMT
#define TIOCSER_TEMT 1
#endif

#define PRIORITY	50
#define PATIENCE_MS	1000
#define MARGIN_NS	5000	/* after the end of byte 0 */

static int fd;

static void setup(void)
{
	fd = serial_open(BENCH_TTY);
}

static void setup_realtime(void)
{
	const struct sched_param param = { .sched_priority = PRIORITY };

	if (sched_setscheduler(0, SCHED_FIFO, &param) || mlockall(MCL_CURRENT | MCL_FUTURE))
		err(1, "real-time priority");
	setup();
}

static void end(void)
{
	close(fd);
}

static void wait_sent(uint64_t from)
{
	uint64_t until = from + (uint64_t)BENCH_BYTE_NS + MARGIN_NS;
	struct timespec t = { .tv_sec = until / 1000000000, .tv_nsec = until % 1000000000 };
	int lsr = 0;

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
	while (!(lsr & TIOCSER_TEMT))
		if (ioctl(fd, TIOCSERGETLSR, &lsr))
			err(1, "TIOCSERGETLSR");
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
		wait_sent(bench_now());
		serial_parity(fd, false);
		serial_write(fd, command + 1, BENCH_COMMAND - 1);
		got = serial_read(fd, reply, len, PATIENCE_MS, PATIENCE_MS);
		results[i] = (struct bench_result){
			bench_now(), got == len && bench_reply_right(command, reply, len - 2) };
	}
}

const struct bench_way bench_ways[] = {
	{ "C", 0, setup_realtime, run, end },
	{ "C-ordinary", 0, setup, run, end },
	{ 0 }
};
