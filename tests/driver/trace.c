// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tracepoints: what a transaction looks like in tracefs, and the state that
 * debugfs shows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "pattern.h"
#include "testbus.h"

#define TRACEFS	"/sys/kernel/tracing"
#define PORT	3
#define ADDR	0x1c8
#define REPLY	5	/* bytes of a reply to READ */
#define NOBODY_THERE 11
#define MAX_LINES 200

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), TRACEFS "/%s", name);
	f = fopen(path, "we");
	if (!f || fputs(text, f) < 0 || fclose(f)) {
		fprintf(stderr, "# %s: %s\n", path, strerror(errno));
		exit(1);
	}
}

FIXTURE(trace) {
	pid_t sim;
	int tty;
	int fd;
	char line[MAX_LINES][256];	/* of the trace, from the name of the event on */
	int lines;
};

FIXTURE_SETUP(trace)
{
	testbus_modules();
	if (mount("tracefs", TRACEFS, "tracefs", 0, NULL) && errno != EBUSY)
		SKIP(return, "no tracefs: %s", strerror(errno));
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDONLY);
	write_file("events/matenet/enable", "1");
	write_file("trace", "");
}

FIXTURE_TEARDOWN(trace)
{
	write_file("events/matenet/enable", "0");
	close(self->fd);
	testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
}

/* The events so far, each from its name on. */
static void read_trace(FIXTURE_DATA(trace) *self)
{
	FILE *f = fopen(TRACEFS "/trace", "re");
	char line[256], *event;

	self->lines = 0;
	while (f && self->lines < MAX_LINES && fgets(line, sizeof(line), f)) {
		event = strstr(line, ": matenet_");
		if (!event || line[0] == '#')
			continue;
		event[strcspn(event, "\n")] = '\0';
		snprintf(self->line[self->lines++], sizeof(self->line[0]), "%s", event + 2);
	}
	if (f)
		fclose(f);
}

static void show_trace(FIXTURE_DATA(trace) *self)
{
	int i;

	for (i = 0; i < self->lines; i++)
		fprintf(stderr, "# %s\n", self->line[i]);
}

TEST_F(trace, read_in_order)
{
	uint16_t value = matesim_pattern(PORT, ADDR), sum;
	struct matenet_xfer x;
	uint8_t reply[REPLY];
	char want[256];
	int i, n = 0;

	/* The first leaves the parity as the second needs it. */
	ASSERT_TRUE(testbus_read_right(self->fd, PORT, ADDR));
	write_file("trace", "");
	x = testbus_request(PORT, MATENET_CMD_READ, ADDR, 0);
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	ASSERT_EQ(MATENET_ST_OK | MATENET_ST_TX_DONE, x.status);
	read_trace(self);
	if (self->lines != 4 + REPLY)
		show_trace(self);
	ASSERT_EQ(4 + REPLY, self->lines);

	snprintf(want, sizeof(want),
		 "matenet_xfer_start: ttyW0 seq=%u attempt=1 flags=0x0 tx=03 02 01 c8 00 00",
		 x.sequence);
	EXPECT_STREQ(want, self->line[n++]);
	EXPECT_STREQ("matenet_parity: ttyW0 mark", self->line[n++]);
	EXPECT_STREQ("matenet_parity: ttyW0 space", self->line[n++]);

	memcpy(reply, x.rx, 3);
	EXPECT_EQ(value, reply[1] << 8 | reply[2]);
	sum = reply[0] + reply[1] + reply[2];
	reply[3] = sum >> 8;
	reply[4] = sum;
	for (i = 0; i < REPLY; i++) {
		snprintf(want, sizeof(want), "matenet_rx_byte: ttyW0 byte=%02x flags=%s", reply[i],
			 i ? "" : "mark");
		EXPECT_STREQ(want, self->line[n++]);
	}
	snprintf(want, sizeof(want),
		 "matenet_xfer_end: ttyW0 seq=%u attempt=1 status=ok|tx_done rx=%02x %02x %02x",
		 x.sequence, reply[0], reply[1], reply[2]);
	EXPECT_STREQ(want, self->line[n++]);
}

/* Each attempt has a beginning and an end. */
TEST_F(trace, attempts)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);
	int i, starts = 0, ends = 0;
	char want[64];

	x.retries = 2;
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	ASSERT_EQ(MATENET_ST_TIMEOUT | MATENET_ST_TX_DONE, x.status);
	read_trace(self);
	for (i = 0; i < self->lines; i++) {
		if (!strncmp(self->line[i], "matenet_xfer_start", 18)) {
			snprintf(want, sizeof(want), " attempt=%d ", ++starts);
			EXPECT_NE(NULL, strstr(self->line[i], want));
		} else if (!strncmp(self->line[i], "matenet_xfer_end", 16)) {
			snprintf(want, sizeof(want), " attempt=%d status=tx_done|timeout rx=",
				 ++ends);
			EXPECT_NE(NULL, strstr(self->line[i], want));
			EXPECT_EQ(starts, ends);
		}
	}
	EXPECT_EQ(3, starts);
	EXPECT_EQ(3, ends);
}

/* An event can be filtered by its raw fields. */
TEST_F(trace, filter)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);

	write_file("events/matenet/enable", "0");
	write_file("events/matenet/matenet_xfer_end/filter", "status & 8");
	write_file("events/matenet/matenet_xfer_end/enable", "1");
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 2));
	read_trace(self);
	write_file("events/matenet/matenet_xfer_end/filter", "0");
	EXPECT_EQ(1, self->lines);
}

TEST_F(trace, debugfs_state)
{
	char text[4096] = "", want[128];
	struct matenet_xfer x;
	int fd, i;

	for (i = 0; i < 20; i++) {
		x = testbus_request(1, MATENET_CMD_READ, i, 0);
		ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	}
	fd = open("/sys/kernel/debug/matenet/matenet0/state", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_LT(0, read(fd, text, sizeof(text) - 1));
	EXPECT_NE(NULL, strstr(text, "stick 1\n"));
	EXPECT_NE(NULL, strstr(text, "\nfiles\n  mode 0 queued 0 unread 0 lost 0\npast\n"));
	snprintf(want, sizeof(want),
		 "  %u status 0x0003 attempts 1 tx 01 02 00 13 00 00 rx %02x %02x %02x\n",
		 x.sequence, x.rx[0], x.rx[1], x.rx[2]);
	ASSERT_NE(NULL, strstr(text, want));
	EXPECT_STREQ(want, strstr(text, want));	/* it is the last line */
	/* Sixteen are kept. */
	snprintf(want, sizeof(want), "past\n  %u status", x.sequence - 15);
	EXPECT_NE(NULL, strstr(text, want));
	close(fd);
}

TEST_HARNESS_MAIN
