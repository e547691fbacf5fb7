// SPDX-License-Identifier: GPL-2.0-or-later
/* When things happen: on the wire, at the transmitter's flag, at the reader. */

#include "kselftest.h"
#include "wirelib.h"

#include <fcntl.h>
#include <linux/serial.h>
#include <math.h>
#include <poll.h>
#include <sys/ioctl.h>

#define LATENCY_NS 300000	/* from interrupt to reader where code runs on time */

static int fd[2];

static void set_trigger(unsigned int port, const char *bytes)
{
	char path[64];
	int f;

	snprintf(path, sizeof(path), "/sys/class/tty/ttyW%u/rx_trig_bytes", port);
	f = open(path, O_WRONLY);
	if (f < 0 || write(f, bytes, strlen(bytes)) < 0)
		ksft_exit_fail_perror(path);
	close(f);
}

static struct wire_log record(void)
{
	struct wire_log log;

	if (wire_record_read(0, &log))
		ksft_exit_fail_msg("cannot read the recorder\n");
	return log;
}

/*
 * Every start is the end before it, and rounding does not add up.  A CPU that stands
 * still while it fills the FIFO makes a gap: where that can be, few may have one.
 */
static void check_back_to_back(void)
{
	size_t i, gaps = 0, broken = 0;
	double ideal, off = 0;
	uint8_t data[200];
	struct wire_log log;

	memset(data, 0x5a, sizeof(data));
	wire_set_parity(fd[0], WIRE_SPACE);
	wire_record_clear(0);
	/* From a FIFO that is filled late the line may rest, so one FIFO at a time. */
	for (i = 0; i < sizeof(data); i += 10) {
		wire_write(fd[0], data + i, 10);
		wire_drain(fd[0]);
	}
	wire_discard(fd[1], wire_quiet_ms());
	log = record();
	for (i = 0; i < log.n; i++) {
		if (i % 10 == 0)
			gaps = 0;
		else
			gaps += log.byte[i].start != log.byte[i - 1].end;
		broken += i % 10 == 9 && gaps;
		ideal = log.byte[i - i % 10].start + (i % 10 + 1) * WIRE_BYTE_NS;
		if (!gaps)
			off = fmax(off, fabs(log.byte[i].end - ideal));
	}
	ksft_test_result(log.n == sizeof(data) && broken <= (wire_exact_time() ? 0 : 4),
			 "%zu bytes back to back, gaps in %zu of 20 tens\n", log.n, broken);
	ksft_test_result(off <= 1.0, "ends are within %.2f ns of 11 ideal bit times each\n", off);
	wire_log_free(&log);
}

static void check_stream(void)
{
	uint8_t data[2000];
	struct wire_log log;
	size_t i, gaps = 0;
	double ideal;

	if (!wire_exact_time()) {
		ksft_test_result_skip("an unbroken stream of 2000 bytes: the CPU may be late\n");
		return;
	}
	memset(data, 0xff, sizeof(data));
	wire_record_clear(0);
	wire_write(fd[0], data, sizeof(data));
	wire_drain(fd[0]);
	wire_discard(fd[1], 10);
	log = record();
	for (i = 1; i < log.n; i++)
		gaps += log.byte[i].start != log.byte[i - 1].end;
	ideal = log.n * WIRE_BYTE_NS;
	/* The 8250 driver refills an empty FIFO: the byte in the shift register is its time. */
	ksft_test_result(log.n == sizeof(data) && !gaps &&
			 fabs(log.byte[log.n - 1].end - log.byte[0].start - ideal) <= 1.0,
			 "an unbroken stream of %zu bytes, %zu gaps\n", log.n, gaps);
	wire_log_free(&log);
}

static void check_formats(void)
{
	static const struct {
		const char *name;
		tcflag_t size;
		enum wire_parity parity;
		bool two;
		double bits;
	} formats[] = {
		{ "5N1", CS5, WIRE_NONE, false, 7 },
		{ "5N2", CS5, WIRE_NONE, true, 7.5 },
		{ "6M1", CS6, WIRE_MARK, false, 9 },
		{ "7E2", CS7, WIRE_EVEN, true, 11 },
		{ "8N1", CS8, WIRE_NONE, false, 10 },
		{ "8N2", CS8, WIRE_NONE, true, 11 },
		{ "8S1", CS8, WIRE_SPACE, false, 11 },
		{ "8O2", CS8, WIRE_ODD, true, 12 },
	};
	static const struct {
		speed_t speed;
		unsigned int baud, divisor;
	} speeds[] = {
		{ B300, 300, 384 }, { B2400, 2400, 48 }, { B9600, 9600, 12 },
		{ B38400, 38400, 3 }, { B115200, 115200, 1 },
	};
	const uint8_t data[2] = { 0x35, 0x0a };
	struct wire_char got[2];
	struct wire_log log;
	double off, worst;
	size_t i, k, n;
	int wrong;

	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		uint8_t mask = formats[i].size == CS5 ? 0x1f : 0x3f;

		worst = 0;
		wrong = 0;
		for (k = 0; k < ARRAY_SIZE(speeds); k++) {
			for (n = 0; n < 2; n++)
				wire_set_format(fd[n], speeds[k].speed, formats[i].size,
						formats[i].parity, formats[i].two);
			wire_record_clear(0);
			wire_write(fd[0], data, 2);
			wrong += wire_read(fd[1], &(struct wire_parmrk){ 0 }, got, 2, 500) != 2;
			for (n = 0; n < 2; n++)
				wrong += got[n].bad || got[n].byte != (data[n] & mask);
			wire_drain(fd[0]);
			log = record();
			wrong += log.n != 2;
			for (n = 0; n < log.n; n++) {
				off = log.byte[n].end - log.byte[n].start -
				      formats[i].bits * speeds[k].divisor * (16e9 / 1843200);
				worst = fmax(worst, fabs(off));
			}
			wire_log_free(&log);
		}
		ksft_test_result(!wrong && worst <= 1.0,
				 "%s is %.1f bits long at every speed, within %.2f ns; %d wrong\n",
				 formats[i].name, formats[i].bits, worst, wrong);
	}
	for (n = 0; n < 2; n++)
		wire_set_parity(fd[n], WIRE_SPACE);
}

/*
 * The chip says "empty" when, and only when, the last stop bit is over.  True
 * however late this program runs: compare with the time before the question if
 * the answer is no, and after it if it is yes.
 */
static void check_empty(void)
{
	uint64_t before, after, last_no = 0, first_yes = 0;
	struct wire_log log;
	int i, lsr, queued, wrong = 0;

	for (i = 0; i < 50; i++) {
		wire_record_clear(0);
		wire_write(fd[0], "x", 1);
		/* Before the driver has put the byte into the chip it is empty, too. */
		do {
			wire_now();	/* where code costs no time, reading a clock does */
			if (ioctl(fd[0], TIOCOUTQ, &queued))
				ksft_exit_fail_perror("TIOCOUTQ");
		} while (queued);
		do {
			before = wire_now();
			if (ioctl(fd[0], TIOCSERGETLSR, &lsr))
				ksft_exit_fail_perror("TIOCSERGETLSR");
			after = wire_now();
			if (lsr & TIOCSER_TEMT)
				first_yes = after;
			else
				last_no = before;
		} while (!(lsr & TIOCSER_TEMT));
		log = record();
		wrong += log.n != 1 || last_no >= log.byte[0].end || first_yes < log.byte[0].end;
		wire_log_free(&log);
	}
	ksft_test_result(!wrong, "transmitter empty at the end of the stop bit, %d of 50 not\n",
			 wrong);
}

/* When the reader has the last of @n bytes, counted from the sampling of its stop bit. */
static double arrival(unsigned int n)
{
	struct pollfd p = { .fd = fd[1], .events = POLLIN };
	uint8_t data[32] = { 0 }, raw[64];
	struct wire_log log;
	unsigned int got = 0;
	uint64_t t = 0;
	double delay;
	ssize_t k;

	wire_discard(fd[1], wire_quiet_ms());
	wire_record_clear(0);
	wire_write(fd[0], data, n);
	while (got < n && poll(&p, 1, 1000) > 0) {
		t = wire_now();
		k = read(fd[1], raw, sizeof(raw));
		got += k > 0 ? k : 0;
	}
	wire_drain(fd[0]);
	log = record();
	if (got != n || log.n != n)
		ksft_exit_fail_msg("%u bytes sent, %zu on the wire, %u read\n", n, log.n, got);
	delay = (double)t - (log.byte[n - 1].end - WIRE_BIT_NS(9600.0) / 2);
	wire_log_free(&log);
	return delay;
}

/* What reaches the trigger level comes at once, what does not after four characters. */
static void check_trigger(void)
{
	static const struct {
		const char *trigger;
		unsigned int n;
		bool timeout;
	} cases[] = {
		{ "1", 1, false }, { "1", 5, false },
		{ "4", 3, true }, { "4", 4, false }, { "4", 5, true },
		{ "8", 5, true }, { "8", 8, false }, { "8", 16, false },
		{ "14", 13, true }, { "14", 14, false },
	};
	double wait, delay;
	size_t i;
	bool good;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		set_trigger(1, cases[i].trigger);
		wait = cases[i].timeout ? 4 * WIRE_BYTE_NS : 0;
		delay = arrival(cases[i].n);
		/* An interrupt that is served late finds the last bytes there, too. */
		good = wire_exact_time() ? delay >= wait && delay < wait + LATENCY_NS : delay >= 0;
		ksft_test_result(good, "trigger %s: %u bytes are there %.1f us after the last%s\n",
				 cases[i].trigger, cases[i].n, delay / 1000,
				 cases[i].timeout ? " (timeout)" : "");
	}
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(3 + 8 + 1 + 10);
	if (wire_begin(fd))
		ksft_exit_fail_msg("no wire\n");
	check_back_to_back();
	check_stream();
	check_formats();
	check_empty();
	check_trigger();
	ksft_finished();
}
