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
#define WARM		5	/* transactions before */
#define RANDOM		40	/* pulls in the long run */

/* Moments of a transaction. */
struct moment {
	const char *name;
	unsigned int bytes, requests, delay_us;
	bool detach;		/* by vhci's word, not by the far end */
};

static const struct moment moments[] = {
	{ "parity goes to mark", RIG_NEVER, 1, 0, false },
	{ "byte 0 on the wire", RIG_NEVER, 1, 1500, false },
	{ "byte 0 is out", 1, RIG_NEVER, 0, false },
	{ "parity goes to space", RIG_NEVER, 2, 0, false },
	{ "middle of the command", 4, RIG_NEVER, 300, false },
	{ "waiting for the reply", 8, RIG_NEVER, 5000, false },
	{ "waiting, by the hub", 8, RIG_NEVER, 5000, true },
	{ "middle of the reply", 10, RIG_NEVER, 300, false },
	{ "just answered", 13, RIG_NEVER, 0, false },
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

static void tell_vhci(void)
{
	int fd = open(USBIP_VHCI "detach", O_WRONLY | O_CLOEXEC);

	(void)!write(fd, "0", 1);
	close(fd);
}

static void arm(struct rig *rig, const struct moment *m)
{
	rig->pull_delay_us = m->delay_us;
	rig->n = rig->requests = 0;
	if (m->detach)
		return;
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

/* One life of the adapter; NULL if all was well, or what was not. */
static const char *pull(const struct chip *chip, struct rig *rig, const struct moment *m,
			int64_t *took)
{
	pid_t adapter = adapter_plug(chip, rig), reader, poller;
	int tty = testbus_attach(ADAPTER_TTY), fd, gone, reads, polls;
	int64_t began;

	if (tty < 0)
		return "not attached";
	if (!reads_right(WARM))
		return "wrong before";
	fd = testbus_open(O_RDONLY);
	poller = start_poller(fd);
	arm(rig, m);
	reader = start_reader(fd);
	if (m->detach) {
		while (rig->n < m->bytes)
			sleep_us(500);
		sleep_us(m->delay_us);
		tell_vhci();
	}
	waitpid(adapter, NULL, WNOWAIT);
	began = now_us();
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
		EXPECT_GT(STUCK_US, took);
	}
	/* Nothing holds the module, and the adapter works as if nothing had been. */
	EXPECT_EQ(0, testbus_rmmod("n_matenet"));
	EXPECT_EQ(0, testbus_insmod("n_matenet"));
	self->adapter = adapter_plug(variant->chip, self->rig);
	self->tty = testbus_attach(ADAPTER_TTY);
	ASSERT_LE(0, self->tty);
	EXPECT_TRUE(reads_right(WARM));
	testbus_detach(self->tty);
	adapter_pull(self->adapter);
	EXPECT_TRUE(adapter_wait_gone(self->adapter));
}

/* At any moment of a transaction. */
TEST_F_TIMEOUT(unplug, random, 1200)
{
	struct moment m = { .bytes = 0, .requests = RIG_NEVER };
	const char *amiss;
	int64_t took;
	int i;

	if (!getenv("LONG"))
		SKIP(return, "only with LONG=1");
	srand(3);
	for (i = 0; i < RANDOM; i++) {
		m.bytes = 1 + rand() % 13;
		m.delay_us = rand() % 12000;
		amiss = pull(variant->chip, self->rig, &m, &took);
		EXPECT_EQ(NULL, amiss) {
			TH_LOG("%u bytes and %u us: %s", m.bytes, m.delay_us, amiss);
		}
	}
}

TEST_HARNESS_MAIN
