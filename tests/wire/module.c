// SPDX-License-Identifier: GPL-2.0-or-later
/* The module itself: parameters, many pairs, sysfs, the kernel's own probing, unloading. */

#include "kselftest.h"
#include "wirelib.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <sys/ioctl.h>

#define MANY 32

static void check_parameters(void)
{
	static const char * const bad[] = {
		"pairs=0", "pairs=33", "pairs=x", "records=0", "records=4294967295",
	};
	size_t i, loaded = 0;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		loaded += wire_load_with(bad[i]) != -EINVAL;
	ksft_test_result(!loaded, "bad parameters are refused\n");
}

/* Every pair carries its own bytes, all of them at the same time. */
static void check_many(void)
{
	struct wire_char got[64];
	struct wire_log log;
	int fd[2 * MANY], i, k, n, wrong = 0;
	char text[16];

	if (wire_load(MANY))
		ksft_exit_fail_msg("%d pairs cannot be had\n", MANY);
	for (i = 0; i < 2 * MANY; i++) {
		fd[i] = wire_open(i);
		if (fd[i] < 0)
			ksft_exit_fail_msg("ttyW%d cannot be opened\n", i);
	}
	for (i = 0; i < 2 * MANY; i++) {
		snprintf(text, sizeof(text), "port %2d", i);
		wire_write(fd[i], text, 7);
	}
	for (i = 0; i < 2 * MANY; i++) {
		n = wire_read(fd[i], &(struct wire_parmrk){ 0 }, got, 7, 1000);
		snprintf(text, sizeof(text), "port %2d", i ^ 1);
		wrong += !wire_chars_are(got, n, text);
	}
	ksft_test_result(!wrong, "%d pairs, both directions at once, %d wrong\n", MANY, wrong);

	for (i = 0, wrong = 0; i < MANY; i++) {
		wrong += wire_record_read(i, &log) || log.n != 14;
		for (k = 0; k < (int)log.n; k++)
			wrong += log.byte[k].port / 2 != (unsigned int)i ||
				 (k && log.byte[k].end < log.byte[k - 1].end);
		wire_log_free(&log);
	}
	ksft_test_result(!wrong, "each pair has its own record, in order\n");
	ksft_test_result(wire_inject(0, "2 silence") == -EINVAL && !wire_inject(1, "2 silence"),
			 "a port is disturbed by its own pair only\n");
	for (i = 0; i < 2 * MANY; i++)
		close(fd[i]);
	ksft_test_result(!wire_unload(), "%d pairs unload\n", MANY);
}

/* Ports that only listen hear what their wire carries, errors too, and are not heard. */
static void check_listeners(void)
{
	struct wire_char got[16];
	int fd[8], i, n, wrong = 0;
	struct wire_log log;
	char text[16];

	if (wire_load_listeners(2))
		ksft_exit_fail_msg("listeners cannot be had\n");
	for (i = 0; i < 8; i++) {
		fd[i] = wire_open(i);
		if (fd[i] < 0 || wire_set_parity(fd[i], i < 4 ? WIRE_MARK : WIRE_SPACE))
			ksft_exit_fail_msg("ttyW%d cannot be opened\n", i);
	}
	for (i = 0; i < 8; i++) {
		snprintf(text, sizeof(text), "!%c!%c!%c", '0' + i, 'A' + i, 'a' + i);
		wire_write(fd[i], (char []){ text[1], text[3], text[5] }, 3);
	}
	for (i = 4; i < 8; i++) {
		n = wire_read(fd[i], &(struct wire_parmrk){ 0 }, got, 16, wire_quiet_ms());
		snprintf(text, sizeof(text), "!%c!%c!%c", '0' + i - 4, 'A' + i - 4, 'a' + i - 4);
		wrong += !wire_chars_are(got, n, text);
	}
	for (i = 0; i < 4; i++) {
		n = wire_read(fd[i], &(struct wire_parmrk){ 0 }, got, 16, wire_quiet_ms());
		snprintf(text, sizeof(text), "%c%c%c", '0' + (i ^ 1), 'A' + (i ^ 1), 'a' + (i ^ 1));
		wrong += !wire_chars_are(got, n, text);
	}
	for (i = 0; i < 2; i++) {
		wrong += wire_record_read(i, &log) || log.n != 6;
		wire_log_free(&log);
	}
	ksft_test_result(!wrong, "listeners hear their wire and are heard by nobody, %d wrong\n",
			 wrong);
	for (i = 0; i < 8; i++)
		close(fd[i]);
	ksft_test_result(!wire_unload(), "listeners unload\n");
}

/* The 8250 code looks at the registers, and finds what it would find in hardware. */
static void check_autoconfig(void)
{
	struct serial_struct info = { 0 };
	int fd = wire_open(0), ret = ioctl(fd, TIOCSERCONFIG);

	ioctl(fd, TIOCGSERIAL, &info);
	ksft_test_result(!ret && info.type == PORT_16550A && info.xmit_fifo_size == 16 &&
			 info.baud_base == 115200,
			 "autoconfig: type %d, FIFO %d, base %d\n", info.type, info.xmit_fifo_size,
			 info.baud_base);
	close(fd);
}

/* Timers run while something can happen, and only then. */
static bool timer_runs(void)
{
	char line[256];
	bool found = false;
	FILE *f = fopen("/proc/timer_list", "r");

	if (!f)
		ksft_exit_fail_perror("/proc/timer_list");
	while (fgets(line, sizeof(line), f))
		found |= !!strstr(line, "u9_chip_timer");
	fclose(f);
	return found;
}

static void check_idle(void)
{
	struct wire_char got[8];
	int from = wire_open(0), to = wire_open(1), n;
	bool busy;

	wire_set_format(from, B300, CS8, WIRE_SPACE, false);
	wire_set_format(to, B300, CS8, WIRE_SPACE, false);
	wire_write(from, "abc", 3);
	wire_sleep_us(10000);
	busy = timer_runs();
	wire_drain(from);
	n = wire_read(to, &(struct wire_parmrk){ 0 }, got, 3, 1000);
	wire_sleep_us(500000);
	ksft_test_result(n == 3 && busy && !timer_runs(), "no timer runs on an idle wire\n");
	close(from);
	close(to);
}

static int trigger(const char *write_it, char *text)
{
	int f = open("/sys/class/tty/ttyW0/rx_trig_bytes", O_RDWR), ret = 0;

	if (f < 0)
		return -errno;
	if (write_it && write(f, write_it, strlen(write_it)) < 0)
		ret = -errno;
	*text = 0;
	if (pread(f, text, 7, 0) > 0)
		text[strcspn(text, "\n")] = 0;
	close(f);
	return ret;
}

static void check_trigger(void)
{
	static const char * const levels[] = { "1", "4", "8", "14" };
	char text[8] = "";
	int i, wrong = 0;

	ksft_test_result(!trigger(NULL, text) && !strcmp(text, "8"), "rx_trig_bytes is %s\n", text);
	for (i = 0; i < 4; i++)
		wrong += trigger(levels[i], text) || strcmp(text, levels[i]);
	ksft_test_result(!wrong, "rx_trig_bytes takes 1, 4, 8, 14\n");
	ksft_test_result(trigger("many", text) == -EINVAL && !strcmp(text, "14"),
			 "rx_trig_bytes refuses words\n");
}

static void check_unload(void)
{
	int fd = wire_open(1), other = wire_open(0), ret, n;
	struct wire_char got[8];
	struct wire_log log;

	ret = wire_unload();
	ksft_test_result(ret == -EWOULDBLOCK || ret == -EBUSY,
			 "rmmod refused while a tty is open: %s\n", strerror(-ret));
	wire_record_clear(0);
	n = wire_exchange(other, fd, "still", 5, got, 8);
	ksft_test_result(wire_chars_are(got, n, "still"), "and nothing has happened to it\n");
	close(fd);
	close(other);
	wire_record_read(0, &log);
	ksft_test_result(log.n == 5, "the record outlives the open ttys\n");
	wire_log_free(&log);
}

/* A recorder that is too small says so, after all it has. */
static void check_full_recorder(void)
{
	struct wire_log log;
	uint8_t data[100] = { 0 };
	int i, ret, fd;

	if (wire_load_with("records=1"))	/* rounded up to what it allocates at once */
		ksft_exit_fail_msg("no wire\n");
	for (i = 0, fd = -1; fd < 0 && i < 1000; i++) {
		fd = wire_open(0);
		wire_sleep_us(1000);
	}
	wire_set_format(fd, B115200, CS8, WIRE_SPACE, false);
	for (i = 0; i < 25; i++) {
		wire_write(fd, data, sizeof(data));
		wire_drain(fd);
	}
	ret = wire_record_read(0, &log);
	ksft_test_result(ret == -EOVERFLOW && log.n == 2048, "after %zu bytes: %s\n", log.n,
			 strerror(-ret));
	wire_log_free(&log);
	wire_record_clear(0);
	wire_write(fd, data, 3);
	wire_drain(fd);
	ret = wire_record_read(0, &log);
	ksft_test_result(!ret && log.n == 3, "cleared it goes on\n");
	wire_log_free(&log);
	close(fd);
	ksft_test_result(!wire_unload(), "rmmod\n");
}

/* Loading and unloading, with bytes still on the wire when the tty is closed. */
static void check_cycles(void)
{
	int i, fd, wrong = 0;

	for (i = 0; i < 20; i++) {
		wrong += !!wire_load(1);
		fd = wire_open(i % 2);
		wire_write(fd, "goodbye", 7);
		tcflush(fd, TCOFLUSH);
		close(fd);
		wrong += !!wire_unload();
	}
	ksft_test_result(!wrong, "loaded and unloaded %d times, %d failures\n", i, wrong);
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(1 + 4 + 2 + 1 + 1 + 3 + 3 + 1 + 3 + 1);
	check_parameters();
	check_many();
	check_listeners();
	if (wire_load(1))
		ksft_exit_fail_msg("no wire\n");
	check_autoconfig();
	check_trigger();
	check_idle();
	check_unload();
	ksft_test_result(!wire_unload(), "rmmod when all is closed\n");
	check_full_recorder();
	check_cycles();
	ksft_finished();
}
