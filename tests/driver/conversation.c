// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ten thousand transactions: every value right, every ninth bit right as the
 * recorder of the wire has seen it, and how fast it went.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define TRANSACTIONS	10000
#define READS		200
#define COMMAND		8	/* bytes */
#define READ_REPLY	5

FIXTURE(conversation) {
	pid_t sim;
	int tty;
	int fd;
};

FIXTURE_VARIANT(conversation) {
	int trigger;	/* rx_trig_bytes */
};

FIXTURE_VARIANT_ADD(conversation, default_trigger) { .trigger = 8 };
FIXTURE_VARIANT_ADD(conversation, tuned_trigger) { .trigger = 1 };

FIXTURE_SETUP(conversation)
{
	testbus_modules();
	testbus_rx_trigger("ttyW0", variant->trigger);
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "0", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDONLY);
	ASSERT_EQ(0, wire_record_clear(0));
}

FIXTURE_TEARDOWN(conversation)
{
	close(self->fd);
	testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
	testbus_rx_trigger("ttyW0", 8);
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct spread {
	int64_t median, most;
};

static struct spread spread_of(int64_t *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return (struct spread){ values[n / 2], values[n - 1] };
}

/*
 * Frames follow each other: a marked byte of a sender begins one.  Counts the
 * frames of the controller and the bytes that are not where they should be.
 */
struct wire_facts {
	size_t commands, wrong;
	int64_t *gaps;
};

static struct wire_facts look_at(const struct wire_log *log)
{
	struct wire_facts facts = { .gaps = calloc(log->n, sizeof(int64_t)) };
	const struct wire_byte *b = log->byte;
	size_t i, at = 0;

	for (i = 0; i < log->n; i++) {
		bool first = i == 0 || b[i].port != b[i - 1].port;

		at = first ? 0 : at + 1;
		if (!!(b[i].bits & 0x100) != first || strcmp(b[i].flags, "-"))
			facts.wrong++;
		if (b[i].port)
			continue;
		if (first)
			facts.commands++;
		if (at == 1)
			facts.gaps[facts.commands - 1] = b[i].start - b[i - 1].end;
		if (at >= COMMAND)
			facts.wrong++;
	}
	return facts;
}

TEST_F_TIMEOUT(conversation, ten_thousand, 400)
{
	/* Once is enough; with the chip as it comes. */
	int i, wrong = 0, n = variant->trigger == 8 ? TRANSACTIONS : 100;
	struct wire_facts facts;
	struct wire_log log;
	struct spread gap;

	srand(10);
	for (i = 0; i < n; i++)
		switch (i % 100) {
		case 0:
			wrong += !testbus_status_right(self->fd, rand() % 11, rand() % 16);
			break;
		case 1:
			wrong += !testbus_log_right(self->fd, rand() % 11, rand() % 129);
			break;
		default:
			wrong += !testbus_read_right(self->fd, rand() % 11, rand());
		}
	EXPECT_EQ(0, wrong);
	EXPECT_EQ(n, testbus_counter("replies"));
	EXPECT_EQ(0, testbus_counter("rx_stray"));

	sleep_us(1000);	/* the last stop bit is still on the wire */
	ASSERT_EQ(0, wire_record_read(0, &log));
	facts = look_at(&log);
	EXPECT_EQ(n, facts.commands);
	EXPECT_EQ(0, facts.wrong);
	EXPECT_EQ((size_t)n * COMMAND + n / 100 * (16 + 17) + n / 100 * 98 * READ_REPLY, log.n);
	gap = spread_of(facts.gaps, facts.commands);
	TH_LOG("%d transactions, %zu bytes: %zu wrong ninth bits, %d wrong values", n, log.n,
	       facts.wrong, wrong);
	TH_LOG("gap byte 0 -> byte 1: median %.1f us, maximum %.1f us", gap.median / 1e3,
	       gap.most / 1e3);
	EXPECT_LE(0, gap.median);
	if (wire_exact_time())
		EXPECT_GE(150000, gap.most);
	free(facts.gaps);
	wire_log_free(&log);
}

/* From the last stop bit on the wire to the return of the ioctl. */
TEST_F_TIMEOUT(conversation, end_of_read, 60)
{
	static int64_t returned[READS], delay[READS];
	struct wire_log log;
	struct spread end;
	size_t i, n = 0;

	for (i = 0; i < READS; i++) {
		ASSERT_TRUE(testbus_read_right(self->fd, 1, i));
		returned[i] = wire_now();
	}
	sleep_us(1000);
	ASSERT_EQ(0, wire_record_read(0, &log));
	ASSERT_EQ(READS * (COMMAND + READ_REPLY), log.n);
	for (i = 0; i < log.n; i++)
		if (i + 1 == log.n || (log.byte[i].port && !log.byte[i + 1].port)) {
			delay[n] = returned[n] - log.byte[i].end;
			n++;
		}
	ASSERT_EQ(READS, n);
	/* The first ones are before AUTO framing knows that marks can be trusted. */
	end = spread_of(delay, n);
	TH_LOG("rx_trig_bytes %d: last stop bit -> ioctl returns: median %.1f us, maximum %.1f us",
	       variant->trigger, end.median / 1e3, end.most / 1e3);
	/* A chip has the byte when it samples the stop bit, half a bit before its end. */
	qsort(delay, n, sizeof(*delay), compare);
	EXPECT_LT(-WIRE_BIT_NS(9600.0) / 2, delay[0]);
	if (wire_exact_time() && variant->trigger == 1)
		EXPECT_GE(300000, end.most);
	/* Four characters of silence tell a chip with a trigger of 8 that there is an end. */
	if (wire_exact_time() && variant->trigger == 8)
		EXPECT_GE(4600000 + 300000, end.most);
	wire_log_free(&log);
}

TEST_HARNESS_MAIN
