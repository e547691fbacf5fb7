// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything at once on a few pairs: traffic both ways, termios, knobs, rules,
 * recorder, opening and closing.  The kernel must have nothing to say about it,
 * and a wire left in peace afterwards must work as ever.
 */
#include "kselftest.h"
#include "wirelib.h"

#include <fcntl.h>
#include <sys/wait.h>

#define PAIRS	2
#define ROUNDS	300
#define STORM_S	60	/* end of any process that hangs */

static uint32_t seed;

static unsigned int any(unsigned int n)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % n;
}

static void talk(void)
{
	unsigned int port = any(2 * PAIRS), i, k;
	struct wire_char got[64];
	uint8_t data[48];
	int fd = wire_open(port);

	for (i = 0; i < 5; i++) {
		wire_set_format(fd, any(2) ? B115200 : B57600, any(4) ? CS8 : CS7, any(5), any(2));
		for (k = 0; k < sizeof(data); k++)
			data[k] = any(4) ? any(256) : 0xff;
		if (write(fd, data, 1 + any(sizeof(data))) < 0)
			continue;	/* full: interrupts may be off */
		wire_read(fd, &(struct wire_parmrk){ 0 }, got, 64, any(3));
	}
	tcflush(fd, TCIOFLUSH);
	close(fd);
}

static void disturb(void)
{
	static const char * const rules[] = {
		"flip-mark 1 3", "flip-bit 2 4", "drop 3 2", "silence 5", "insert 0 1aa 2",
		"insert 2 000", "delay 1 700", "break 0 900", "break 4 300", "overrun 1 2",
		"frame-error 2", "clear", "clear",
	};
	unsigned int pair = any(PAIRS);
	char text[2048];

	wire_inject(pair, "%u %s", 2 * pair + any(2),
		    rules[any(ARRAY_SIZE(rules))]);
	wire_inject_read(pair, text, sizeof(text));
}

static void turn(void)
{
	static const char * const knobs[] = {
		"flags=byte", "flags=packet", "flags=never", "cmspar=yes", "cmspar=cleared",
		"cmspar=ignored", "txempty=no", "txempty=yes", "fifo_clear=yes", "fifo_clear=no",
		"fifo=1", "fifo=16", "fifo=64", "ppm=30000", "ppm=0", "latch=parity", "latch=start",
		"irq=no", "irq=yes", "irq=yes",
	};
	char text[512];
	unsigned int port = any(2 * PAIRS);

	wire_knobs(port, "%s", knobs[any(ARRAY_SIZE(knobs))]);
	wire_knobs_read(port, text, sizeof(text));
}

static void look(void)
{
	unsigned int pair = any(PAIRS);
	struct wire_log log;

	wire_record_read(pair, &log);
	wire_log_free(&log);
	if (!any(3))
		wire_record_clear(pair);
}

static void (* const actors[])(void) = { talk, talk, talk, disturb, turn, look };

#define ACTORS (ARRAY_SIZE(actors))

static void calm(void)
{
	unsigned int i;

	for (i = 0; i < PAIRS; i++) {
		wire_inject(i, "clear");
		wire_record_clear(i);
	}
	for (i = 0; i < 2 * PAIRS; i++)
		wire_knobs(i, "flags=byte cmspar=yes txempty=yes fifo_clear=no fifo=16 ppm=0 "
			   "latch=start irq=yes");
}

static void check_pair(unsigned int pair)
{
	static const uint8_t data[] = "after the storm \xff\xff\x01";
	struct wire_char got[64];
	int from = wire_open(2 * pair), to = wire_open(2 * pair + 1), n, i, wrong = 0;

	wire_set_parity(from, WIRE_MARK);
	wire_set_parity(to, WIRE_SPACE);
	wire_discard(to, wire_quiet_ms());
	n = wire_exchange(from, to, data, sizeof(data), got, 64);
	for (i = 0; i < n && i < (int)sizeof(data); i++)
		wrong += got[i].byte != data[i] || !got[i].bad;
	ksft_test_result(n == sizeof(data) && !wrong, "pair %u works as before\n", pair);
	close(from);
	close(to);
}

int main(void)
{
	unsigned int i, k, failed = 0;
	int status;

	ksft_print_header();
	ksft_set_plan(1 + PAIRS + 1);
	if (wire_load(PAIRS))
		ksft_exit_fail_msg("no wire\n");
	for (i = 0; i < ACTORS; i++) {
		if (fork())
			continue;
		alarm(STORM_S);
		seed = 88675123 + i;
		for (k = 0; k < ROUNDS; k++)
			actors[i]();
		_exit(0);
	}
	for (i = 0; i < ACTORS; i++) {
		wait(&status);
		failed += !!status;
	}
	ksft_test_result(!failed, "%zu processes, %d rounds each, %u failed\n", ACTORS, ROUNDS,
			 failed);
	calm();
	for (i = 0; i < PAIRS; i++)
		check_pair(i);
	ksft_test_result(!wire_unload(), "rmmod\n");
	ksft_finished();
}
