// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The system goes to sleep and wakes up, with the ttys, under the traffic of a bus.
 *
 * It goes as far as its devices are suspended, and comes back after two seconds:
 * /sys/power/pm_test.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "pattern.h"
#include "testbus.h"
#include "wirelib.h"

#define PROCESSES	3
#define ASLEEP_S	2
#define OK		(MATENET_ST_OK | MATENET_ST_TX_DONE)

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

/* Returns when the system is awake again; 0, or why it would not sleep. */
static int sleep_and_wake(void)
{
	char seconds[8];

	snprintf(seconds, sizeof(seconds), "%d", ASLEEP_S);
	if (write_file("/sys/module/suspend/parameters/pm_test_delay", seconds) ||
	    write_file("/sys/power/pm_test", "devices"))
		return -ENOSYS;
	return write_file("/sys/power/state", "freeze");
}

FIXTURE(suspend) {
	pid_t sim;
	int tty, fd;
};

FIXTURE_SETUP(suspend)
{
	if (access("/sys/power/pm_test", W_OK))
		SKIP(return, "this kernel cannot be suspended");
	testbus_modules();
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDONLY);
}

FIXTURE_TEARDOWN(suspend)
{
	close(self->fd);
	testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
}

/* Of all processes. */
struct counts {
	int stop, right, failed, wrong, right_since;
	unsigned int status;	/* of the latest that failed */
};

static void ask_on(struct counts *counts, bool submit)
{
	int fd = testbus_open(O_RDONLY);

	while (!__atomic_load_n(&counts->stop, __ATOMIC_RELAXED)) {
		struct matenet_xfer x = testbus_request(rand() % 11, MATENET_CMD_READ, rand(), 0);
		uint16_t value = matesim_pattern(x.tx[0], x.tx[2] << 8 | x.tx[3]);
		struct matenet_record r;

		if (submit) {
			if (ioctl(fd, MATENET_IOC_SUBMIT, &x) ||
			    read(fd, &r, sizeof(r)) != sizeof(r) || r.type != MATENET_REC_XFER)
				_exit(1);
			/* It was recorded when it had happened, by one clock. */
			if (r.xfer.rx_ts && (r.xfer.rx_ts < r.xfer.tx_ts || r.ts < r.xfer.rx_ts))
				_exit(2);
			x = r.xfer;
		} else if (testbus_xfer(fd, &x)) {
			_exit(3);
		}
		if (x.status & MATENET_ST_OK) {
			__atomic_fetch_add(&counts->right, 1, __ATOMIC_RELAXED);
			if (x.status != OK || (x.rx[1] << 8 | x.rx[2]) != value)
				__atomic_fetch_add(&counts->wrong, 1, __ATOMIC_RELAXED);
		} else {
			counts->status = x.status;
			__atomic_fetch_add(&counts->failed, 1, __ATOMIC_RELAXED);
		}
	}
	_exit(0);
}

/*
 * Commands on the wire, those that are not eight bytes of which only the first is
 * marked, and the longest pause between two of them.
 */
struct facts {
	int commands, wrong;
	uint64_t pause;
};

static struct facts look_at_wire(void)
{
	const struct wire_byte *before = NULL, *b;
	struct facts facts = { 0 };
	struct wire_log log;
	size_t i, at = 0;

	if (wire_record_read(0, &log))
		return facts;
	for (i = 0; i < log.n; i++) {
		b = &log.byte[i];
		if (b->port)
			continue;
		facts.wrong += !!(b->bits & 0x100) != !at || strcmp(b->flags, "-");
		if (!at && before && b->start - before->end > facts.pause)
			facts.pause = b->start - before->end;
		facts.commands += !at;
		at = (at + 1) % 8;
		before = b;
	}
	facts.wrong += at != 0;
	wire_log_free(&log);
	return facts;
}

TEST_F_TIMEOUT(suspend, traffic, 300)
{
	struct counts *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, status, round, right;
	struct facts facts;

	ASSERT_NE(MAP_FAILED, counts);
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	sleep_us(2000);
	ASSERT_EQ(0, wire_record_clear(0));
	for (i = 0; i < PROCESSES; i++)
		if (!fork()) {
			srand(i);
			ask_on(counts, i == 0);
		}
	for (round = 0; round < 3; round++) {
		sleep_us(300000 + round * 7000);
		EXPECT_EQ(0, sleep_and_wake());
		right = counts->right;
		sleep_us(1000000);
		EXPECT_LT(right + 5, counts->right);
	}
	counts->stop = 1;
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
	sleep_us(2000);
	facts = look_at_wire();
	TH_LOG("three times asleep: %d right, %d failed (%#x), %d commands, %.1f s without one",
	       counts->right, counts->failed, counts->status, facts.commands, facts.pause / 1e9);
	/*
	 * The devices here are programs, and frozen before they could answer; or the
	 * power goes in the midst of an answer.
	 */
	EXPECT_EQ(0, counts->wrong);
	EXPECT_GE(3, counts->failed);
	if (counts->failed)
		EXPECT_TRUE(counts->status == (MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT) ||
			    counts->status == (MATENET_ST_TX_DONE | MATENET_ST_SHORT));
	EXPECT_EQ(counts->right + counts->failed, facts.commands);
	EXPECT_EQ(0, facts.wrong);
	EXPECT_LE(ASLEEP_S * 1000000000ULL, facts.pause);
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
}

/* The sleep of the system does not wait for a command that nobody answers. */
TEST_F_TIMEOUT(suspend, long_wait, 300)
{
	struct matenet_xfer x = testbus_request(11, MATENET_CMD_READ, 0, 0);
	int64_t began;
	int status;
	pid_t user;

	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	user = fork();
	if (!user) {
		/* Longer than the kernel waits for tasks to freeze. */
		x.timeout_us = 10000000;
		x.retries = 3;
		testbus_xfer(self->fd, &x);
		_exit(x.status == (MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT) ? 0 : 1);
	}
	sleep_us(300000);
	began = now_us();
	EXPECT_EQ(0, sleep_and_wake());
	if (testbus_profile() != PROFILE_SMP)
		EXPECT_GT(5000000 + ASLEEP_S * 1000000, now_us() - began);
	EXPECT_EQ(user, waitpid(user, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 2));
}

/* Nor does it wait for settings that are being changed, which wait for the tty's power. */
TEST_F_TIMEOUT(suspend, settings, 300)
{
	struct matenet_config config = testbus_config(self->fd);
	int *stop = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int round, status;
	pid_t user;

	ASSERT_NE(MAP_FAILED, stop);
	user = fork();
	while (!user) {
		config.tx_guard_us ^= 1;
		if (testbus_set_config(self->fd, config))
			_exit(1);
		if (testbus_config(self->fd).tx_guard_us != config.tx_guard_us)
			_exit(2);
		if (__atomic_load_n(stop, __ATOMIC_RELAXED))
			_exit(0);
	}
	for (round = 0; round < 3; round++) {
		sleep_us(100000 + round * 777);
		EXPECT_EQ(0, sleep_and_wake());
		EXPECT_EQ(0, waitpid(user, &status, WNOHANG));
	}
	__atomic_store_n(stop, 1, __ATOMIC_RELAXED);
	EXPECT_EQ(user, waitpid(user, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 2));
}

/* Who asked before the sleep gets no answer after it, however long he was to wait. */
TEST_F_TIMEOUT(suspend, asked_before, 300)
{
	static const char command[] = "1 insert 0 105;1 insert 0 002;1 insert 0 000;1 insert 0 001;"
				      "1 insert 0 000;1 insert 0 000;1 insert 0 000;1 insert 0 008";
	struct matenet_mode mode = { .port_mask = 1 << 5 };
	struct matenet_config config = testbus_config(self->fd);
	struct matenet_reply reply = { .len = 3, .data = { MATENET_CMD_READ } };
	struct matenet_record r = { 0 };
	int fd = testbus_open(O_RDWR);

	config.role = MATENET_ROLE_DEVICE;
	config.reply_timeout_us = 10000000;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	testbus_allow_writes(fd);
	ASSERT_EQ(0, ioctl(fd, MATENET_IOC_S_MODE, &mode));
	ASSERT_EQ(0, wire_inject(0, command));
	while (r.type != MATENET_REC_COMMAND)
		ASSERT_EQ(sizeof(r), read(fd, &r, sizeof(r)));
	EXPECT_EQ(0, sleep_and_wake());
	reply.sequence = r.frame.sequence;
	EXPECT_EQ(-1, ioctl(fd, MATENET_IOC_REPLY, &reply));
	EXPECT_EQ(ESTALE, errno);
	close(fd);
}

/* Silence after the sleep, whatever was heard before it. */
TEST_F_TIMEOUT(suspend, heard_before, 300)
{
	struct matenet_config config = testbus_config(self->fd);
	int64_t awake;

	config.late_us = 2000000;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	ASSERT_EQ(0, wire_inject(0, "1 insert 0 155 5"));
	sleep_us(100000);
	EXPECT_EQ(0, sleep_and_wake());
	awake = now_us();
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 2));
	EXPECT_LT(1000000, now_us() - awake);
}

/* An adapter that has lost its power is hung up while all who wait are frozen. */
TEST_F_TIMEOUT(suspend, hung_up_on_resume, 300)
{
	struct pollfd p = { .events = POLLIN };
	int status;
	pid_t user;

	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	ASSERT_EQ(0, wire_knobs(0, "resume=hangup"));
	user = fork();
	if (!user) {
		struct matenet_xfer x = testbus_request(11, MATENET_CMD_READ, 0, 0);

		x.timeout_us = 10000000;
		if (testbus_xfer(self->fd, &x) != -ENODEV)
			_exit(1);
		_exit(x.status == (MATENET_ST_TX_DONE | MATENET_ST_ABORTED) ? 0 : 2);
	}
	sleep_us(300000);
	EXPECT_EQ(0, sleep_and_wake());
	EXPECT_EQ(user, waitpid(user, &status, 0));
	EXPECT_EQ(0, status);
	p.fd = self->fd;
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLHUP | POLLERR, p.revents);
	EXPECT_EQ(0, wire_knobs(0, "resume=ready"));
	close(self->fd);
	close(self->tty);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDONLY);
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 2));
}

TEST_HARNESS_MAIN
