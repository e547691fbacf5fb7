// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The plug is pulled in the middle of a transaction: its caller and all who wait are
 * told, nothing stays behind, and the adapter works again once it is back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter.h"
#include "kselftest_harness.h"
#include "testbus.h"

#define STUCK_US	5000000
#define TOLD_US		200000	/* since the hub has noticed, and the transaction begun */
#define WARM		5	/* transactions before */
#define RANDOM		40	/* pulls in the long run */

/* Moments of a transaction. */
struct moment {
	const char *name;
	unsigned int bytes, requests, delay_us, hub_us;
};

static const struct moment moments[] = {
	{ "parity goes to mark", RIG_NEVER, 1, 0, 30000 },
	{ "byte 0 on the wire", RIG_NEVER, 1, 1500, 30000 },
	{ "byte 0 is out", 1, RIG_NEVER, 0, 30000 },
	{ "parity goes to space", RIG_NEVER, 2, 0, 30000 },
	{ "middle of the command", 4, RIG_NEVER, 300, 30000 },
	{ "waiting for the reply", 8, RIG_NEVER, 5000, 30000 },
	{ "waiting, and the hub is quick", 8, RIG_NEVER, 5000, 0 },
	{ "waiting, and the hub is slow", 8, RIG_NEVER, 5000, 250000 },
	{ "middle of the reply", 10, RIG_NEVER, 300, 30000 },
	{ "just answered", 13, RIG_NEVER, 0, 30000 },
};

FIXTURE(unplug) {
	struct rig *rig;
	pid_t adapter;
	int tty;
};

FIXTURE_VARIANT(unplug) {
	const struct chip *chip;
};

FIXTURE_VARIANT_ADD(unplug, ft232r) { .chip = &chip_ft232r };
FIXTURE_VARIANT_ADD(unplug, cp2102) { .chip = &chip_cp2102 };
FIXTURE_VARIANT_ADD(unplug, ch341) { .chip = &chip_ch341 };
FIXTURE_VARIANT_ADD(unplug, pl2303) { .chip = &chip_pl2303 };

FIXTURE_SETUP(unplug)
{
	adapter_load(variant->chip);
	self->rig = adapter_rig();
}

FIXTURE_TEARDOWN(unplug)
{
}

/* Reads until the bus is gone; exit status 0 if it ended with ENODEV, in time. */
static pid_t start_reader(int fd)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;) {
		struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 7, 0);
		int64_t began = now_us();
		int ret = testbus_xfer(fd, &x);

		if (now_us() - began > STUCK_US)
			_exit(2);
		if (ret == -ENODEV)
			_exit(x.status && !(x.status & MATENET_ST_ABORTED) ? 3 : 0);
		if (ret)
			_exit(4);
	}
}

/* Waits for something to read; exit status 0 if it was told that nothing will come. */
static pid_t start_poller(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	pid_t pid = fork();

	if (pid)
		return pid;
	if (poll(&p, 1, 60000) != 1)
		_exit(1);
	_exit(p.revents & POLLHUP ? 0 : 2);
}

static int exit_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* In real time somebody else's work counts, too. */
static int64_t in_time(const struct moment *m)
{
	return testbus_profile() == PROFILE_SMP ? STUCK_US : m->hub_us + TOLD_US;
}

static void arm(struct rig *rig, const struct moment *m)
{
	rig->pull_delay_us = m->delay_us;
	rig->hub_us = m->hub_us;
	rig->n = rig->requests = 0;
	rig->pull_requests = m->requests;
	rig->pull_bytes = m->bytes;
}

static bool reads_right(int n)
{
	int fd = testbus_open(O_RDONLY), right = 0, i;

	for (i = 0; i < n; i++)
		right += testbus_read_right(fd, i % 11, i);
	close(fd);
	return right == n;
}

/* In real time a stall of this machine is one of the adapter, too. */
static bool works(void)
{
	int tries = testbus_profile() == PROFILE_SMP ? 5 : 1;

	while (tries--)
		if (reads_right(WARM))
			return true;
	return false;
}

/* One life of the adapter; NULL if all was well, or what was not. */
static const char *pull(const struct chip *chip, struct rig *rig, const struct moment *m,
			int64_t *took)
{
	pid_t adapter = adapter_plug(chip, rig), reader, poller;
	int tty = testbus_attach(ADAPTER_TTY), fd, gone, reads, polls;
	int64_t began;

	if (tty < 0 || !works()) {
		close(tty);
		adapter_pull(adapter);
		adapter_wait_gone(adapter);
		return tty < 0 ? "not attached" : "wrong before";
	}
	fd = testbus_open(O_RDONLY);
	poller = start_poller(fd);
	arm(rig, m);
	began = now_us();
	reader = start_reader(fd);
	reads = exit_of(reader);
	polls = exit_of(poller);
	*took = now_us() - began;
	close(fd);
	close(tty);
	gone = adapter_wait_gone(adapter);
	if (reads)
		return reads == 2 ? "the reader was stuck" : "the reader was not told";
	if (polls)
		return "the poller was not told";
	if (!gone)
		return "the tty or the port stays";
	if (*took > in_time(m))
		return "told late";
	return access(TESTBUS_NODE, F_OK) ? NULL : "the node stays";
}

TEST_F_TIMEOUT(unplug, moments, 300)
{
	const char *amiss;
	int64_t took;
	unsigned int i;

	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		took = 0;
		amiss = pull(variant->chip, self->rig, &moments[i], &took);
		TH_LOG("%s, %s: all told after %.1f ms", variant->chip->name, moments[i].name,
		       took / 1e3);
		EXPECT_EQ(NULL, amiss) {
			TH_LOG("%s: %s", moments[i].name, amiss);
		}
	}
	/* Nothing holds the module, and the adapter works as if nothing had been. */
	EXPECT_EQ(0, testbus_rmmod("n_matenet"));
	EXPECT_EQ(0, testbus_insmod("n_matenet"));
	self->adapter = adapter_plug(variant->chip, self->rig);
	self->tty = testbus_attach(ADAPTER_TTY);
	ASSERT_LE(0, self->tty);
	EXPECT_TRUE(works());
	testbus_detach(self->tty);
	adapter_pull(self->adapter);
	EXPECT_TRUE(adapter_wait_gone(self->adapter));
}

/* At any moment of a transaction. */
TEST_F_TIMEOUT(unplug, random, 1200)
{
	struct moment m = { .bytes = 0, .requests = RIG_NEVER };
	int64_t took, longest = 0;
	const char *amiss;
	int i;

	if (!getenv("LONG"))
		SKIP(return, "only with LONG=1");
	srand(3);
	for (i = 0; i < RANDOM; i++) {
		m.bytes = 1 + rand() % 13;
		m.delay_us = rand() % 12000;
		m.hub_us = rand() % 250000;
		took = 0;
		amiss = pull(variant->chip, self->rig, &m, &took);
		EXPECT_EQ(NULL, amiss) {
			TH_LOG("%u bytes and %u us, noticed after %u us: %s", m.bytes, m.delay_us,
			       m.hub_us, amiss);
		}
		longest = took > longest ? took : longest;
	}
	TH_LOG("%s, %u times: all told after %.1f ms", variant->chip->name, RANDOM, longest / 1e3);
}

TEST_HARNESS_MAIN
