// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The latency timer of an FTDI chip: set by matetool attach, survived where it is
 * not, and what a value that cannot be survived leads to.  And a chip that does not
 * do what its driver says it does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter.h"
#include "kselftest_harness.h"
#include "pattern.h"
#include "testbus.h"

#define TRANSACTIONS	60
#define TIMER		"/sys/class/tty/ttyUSB0/device/latency_timer"

FIXTURE(latency) {
	struct rig *rig;
	pid_t adapter;
};

FIXTURE_SETUP(latency)
{
	adapter_load(&chip_ft232r);
	self->rig = adapter_rig();
	self->adapter = adapter_plug(&chip_ft232r, self->rig);
}

FIXTURE_TEARDOWN(latency)
{
	adapter_pull(self->adapter);
	EXPECT_TRUE(adapter_wait_gone(self->adapter));
}

static int read_timer(void)
{
	int ms = -1;
	FILE *file = fopen(TIMER, "re");

	if (!file)
		return -1;
	if (fscanf(file, "%d", &ms) != 1)
		ms = -1;
	fclose(file);
	return ms;
}

static int write_timer(int ms)
{
	int fd = open(TIMER, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = dprintf(fd, "%d", ms) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* READs with a STATUS among them; how many were not as they should be. */
static int converse(int fd)
{
	int i, wrong = 0;

	for (i = 0; i < TRANSACTIONS; i++) {
		wrong += i % 4 ? !testbus_read_right(fd, rand() % 11, rand()) :
			 !testbus_status_right(fd, rand() % 11, rand() % 16);
		sleep_us(rand() % 20000);
	}
	return wrong;
}

/*
 * How many replies of the latter half were called doubtful, values all right.  Two
 * bytes in a packet have one flag: which the driver has to find out.
 */
static int doubts(int fd)
{
	int i, doubtful = 0;

	for (i = 0; i < 4 * TRANSACTIONS; i++) {
		struct matenet_xfer x = testbus_request(i % 11, MATENET_CMD_READ, rand(), 0);

		if (testbus_xfer(fd, &x) || !(x.status & MATENET_ST_OK) ||
		    (x.rx[1] << 8 | x.rx[2]) != matesim_pattern(x.tx[0], x.tx[2] << 8 | x.tx[3]))
			return -1;
		doubtful += i > 2 * TRANSACTIONS && x.status & MATENET_ST_MARK;
		sleep_us(rand() % 20000);
	}
	return doubtful;
}

/* How long after its last stop bit a READ's reply is with its caller, at most. */
static int64_t latest(struct rig *rig, int fd)
{
	int64_t late, most = 0;
	int i;

	for (i = 0; i < 20; i++) {
		if (!testbus_read_right(fd, 1, i))
			return -1;
		late = now_us() - rig->byte[rig->n - 1].end / 1000;
		if (late > most)
			most = late;
		sleep_us(rand() % 20000);
	}
	return most;
}

static pid_t start_matetool(char *line, size_t size)
{
	int out[2];
	FILE *from;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(out[1], 1);
		execlp("matetool", "matetool", "attach", "-f", ADAPTER_TTY, NULL);
		_exit(127);
	}
	close(out[1]);
	from = fdopen(out[0], "r");
	if (!fgets(line, size, from))
		line[0] = 0;
	fclose(from);
	return pid;
}

TEST_F_TIMEOUT(latency, matetool_sets_it, 60)
{
	char line[64];
	int fd, status;
	pid_t pid;

	EXPECT_EQ(16, read_timer());
	EXPECT_EQ(16, self->rig->latency_ms);
	pid = start_matetool(line, sizeof(line));
	ASSERT_STREQ(TESTBUS_NODE "\n", line);
	EXPECT_EQ(1, self->rig->latency_ms);
	EXPECT_EQ(1, read_timer());

	fd = testbus_open(O_RDONLY);
	EXPECT_EQ(0, doubts(fd));
	EXPECT_EQ(0, converse(fd));
	status = latest(self->rig, fd);
	TH_LOG("latency timer 1 ms: at most %.1f ms after the last stop bit", status / 1e3);
	EXPECT_LT(0, status);
	if (testbus_profile() == PROFILE_TIMING)
		EXPECT_GT(4000, status);
	close(fd);
	kill(pid, SIGTERM);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* The same for all: what an adapter has not is not asked for twice. */
TEST(matetool_attaches_all)
{
	static const struct chip *const chips[] = {
		&chip_ft232r, &chip_cp2101, &chip_cp2102, &chip_cp2102_clone, &chip_ch341,
		&chip_pl2303,
	};
	struct rig *rig = adapter_rig();
	pid_t adapter, attached;
	char line[64];
	unsigned int i;
	int fd, status;

	for (i = 0; i < sizeof(chips) / sizeof(chips[0]); i++) {
		adapter_load(chips[i]);
		adapter = adapter_plug(chips[i], rig);
		attached = start_matetool(line, sizeof(line));
		ASSERT_STREQ(TESTBUS_NODE "\n", line);
		fd = testbus_open(O_RDONLY);
		EXPECT_TRUE(testbus_read_right(fd, 3, i));
		EXPECT_EQ(0, rig->unknown);
		close(fd);
		/* The plug is pulled: matetool ends by itself, and says nothing of it. */
		adapter_pull(adapter);
		ASSERT_EQ(attached, waitpid(attached, &status, 0));
		EXPECT_EQ(0, status);
		EXPECT_TRUE(adapter_wait_gone(adapter));
	}
}

/* As ldattach leaves it: late, but nothing goes wrong. */
TEST_F_TIMEOUT(latency, default_does, 60)
{
	int tty = testbus_attach(ADAPTER_TTY), fd;
	int64_t most;

	ASSERT_LE(0, tty);
	EXPECT_EQ(16, self->rig->latency_ms);
	fd = testbus_open(O_RDONLY);
	EXPECT_EQ(0, converse(fd));
	/* The slowest device that the reply timeout of 45 ms leaves room for, then. */
	self->rig->turnaround_us = 25000;
	EXPECT_EQ(0, converse(fd));
	EXPECT_EQ(0, testbus_counter("rx_stray"));
	self->rig->turnaround_us = 11000;
	most = latest(self->rig, fd);
	TH_LOG("latency timer 16 ms: at most %.1f ms after the last stop bit", most / 1e3);
	EXPECT_LT(0, most);
	if (testbus_profile() == PROFILE_TIMING)
		EXPECT_GT(19000, most);
	close(fd);
	testbus_detach(tty);
}

/*
 * Longer than the timeout: every reply is late.  Nobody may take it for another's:
 * the value of a READ tells whose it is.
 */
TEST_F_TIMEOUT(latency, too_long_is_honest, 60)
{
	int tty = testbus_attach(ADAPTER_TTY), fd, i, timeouts = 0, wrong = 0;

	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDONLY);
	ASSERT_EQ(0, write_timer(100));
	ASSERT_EQ(100, self->rig->latency_ms);
	for (i = 0; i < 20; i++) {
		struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 100 + i, 0);

		ASSERT_EQ(0, testbus_xfer(fd, &x));
		timeouts += !!(x.status & MATENET_ST_TIMEOUT);
		if (x.status & MATENET_ST_OK)
			wrong += (x.rx[1] << 8 | x.rx[2]) != matesim_pattern(1, 100 + i);
	}
	TH_LOG("latency timer 100 ms: %d of 20 timed out, %d wrong values", timeouts, wrong);
	EXPECT_LT(0, timeouts);
	EXPECT_EQ(0, wrong);
	close(fd);
	testbus_detach(tty);
}

/* An old CH341: parity is set in vain, and no device hears a thing. */
TEST(old_ch341_is_not_heard)
{
	struct rig *rig = adapter_rig();
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 7, 0);
	pid_t adapter;
	int tty, fd;

	adapter_load(&chip_ch341_old);
	adapter = adapter_plug(&chip_ch341_old, rig);
	tty = testbus_attach(ADAPTER_TTY);
	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDONLY);
	ASSERT_EQ(0, testbus_xfer(fd, &x));
	EXPECT_EQ(MATENET_ST_TIMEOUT | MATENET_ST_TX_DONE, x.status);
	EXPECT_EQ(8, rig->n);
	/* Nine bits were never on the wire. */
	EXPECT_EQ(0x201, rig->byte[0].word);
	close(fd);
	testbus_detach(tty);
	adapter_pull(adapter);
	EXPECT_TRUE(adapter_wait_gone(adapter));
}

TEST_HARNESS_MAIN
