// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is only seen when two things come together: settings that have to wait, and
 * meanwhile a signal, a death or another change; two buses of which one ends; what
 * sysfs and debugfs show.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define NOBODY_THERE	11	/* a port without a device */
#define BUSY_US		1000000	/* a transaction that takes long */
#define SOON_US		200000	/* within it */
#define STATE		"/sys/kernel/debug/matenet/matenet0/state"

FIXTURE(corners) {
	pid_t sim;
	int tty;
	int fd;
};

FIXTURE_SETUP(corners)
{
	testbus_modules();
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR);
	ASSERT_TRUE(testbus_read_right(self->fd, 1, 1));
}

FIXTURE_TEARDOWN(corners)
{
	close(self->fd);
	if (self->tty >= 0)
		testbus_detach(self->tty);
	if (self->sim)
		testbus_end(self->sim, SIGTERM);
}

static void end_sim(FIXTURE_DATA(corners) *self)
{
	testbus_end(self->sim, SIGTERM);
	self->sim = 0;
}

static int submit(int fd, uint8_t port, uint32_t timeout_us, uint32_t flags)
{
	struct matenet_xfer x = testbus_request(port, MATENET_CMD_READ, 0, 0);

	x.timeout_us = timeout_us;
	x.flags = flags;
	return ioctl(fd, MATENET_IOC_SUBMIT, &x) ? -errno : 0;
}

/* The wire is taken, so settings have to wait. */
static int keep_busy(int fd)
{
	int ret = submit(fd, NOBODY_THERE, BUSY_US, 0);

	sleep_us(SOON_US / 4);
	return ret;
}

static int change_late(int fd, uint32_t late_us)
{
	struct matenet_config config = testbus_config(fd);

	config.late_us = late_us;
	return testbus_set_config(fd, config);
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void alarm_soon(void)
{
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	ualarm(SOON_US, 0);
}

static pid_t change_in_child(int fd, uint32_t late_us)
{
	pid_t pid = fork();

	if (!pid)
		_exit(-change_late(fd, late_us));
	sleep_us(SOON_US / 4);
	return pid;
}

static int exit_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The next record of a transaction. */
static uint32_t next_status(int fd)
{
	struct matenet_record r;

	while (read(fd, &r, sizeof(r)) == sizeof(r))
		if (r.type == MATENET_REC_XFER)
			return r.xfer.status;
	return 0;
}

/* A signal ends the wait of settings; they are then not changed. */
TEST_F(corners, signal_while_settings_wait)
{
	uint32_t before = testbus_config(self->fd).late_us;

	ASSERT_EQ(0, keep_busy(self->fd));
	alarm_soon();
	EXPECT_EQ(-EINTR, change_late(self->fd, before + 1));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, next_status(self->fd));
	EXPECT_EQ(before, testbus_config(self->fd).late_us);
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 2));
}

/* Also where they wait for somebody else's, which are changed. */
TEST_F(corners, signal_while_others_change_settings)
{
	uint32_t before = testbus_config(self->fd).late_us;
	pid_t other;

	ASSERT_EQ(0, keep_busy(self->fd));
	other = change_in_child(self->fd, before + 1);
	alarm_soon();
	EXPECT_EQ(-EINTR, change_late(self->fd, before + 2));
	EXPECT_EQ(0, exit_of(other));
	EXPECT_EQ(before + 1, testbus_config(self->fd).late_us);
}

/* The end of the bus ends both. */
TEST_F(corners, death_while_settings_wait)
{
	pid_t first, second;

	ASSERT_EQ(0, keep_busy(self->fd));
	first = change_in_child(self->fd, 1);
	second = change_in_child(self->fd, 2);
	testbus_detach(self->tty);
	self->tty = -1;
	EXPECT_EQ(ENODEV, exit_of(first));
	EXPECT_EQ(ENODEV, exit_of(second));
}

/* What was queued for a controller is not sent by a monitor. */
TEST_F(corners, role_changes_while_queued)
{
	struct matenet_config config = testbus_config(self->fd);
	uint64_t commands = testbus_counter("commands");

	ASSERT_EQ(0, keep_busy(self->fd));
	ASSERT_EQ(0, submit(self->fd, 1, 0, 0));
	config.role = MATENET_ROLE_MONITOR;
	EXPECT_EQ(0, testbus_set_config(self->fd, config));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, next_status(self->fd));
	EXPECT_EQ(MATENET_ST_ABORTED, next_status(self->fd));
	EXPECT_EQ(commands + 1, testbus_counter("commands"));
}

/* A signal ends a read, too, that has nothing to tell. */
TEST_F(corners, signal_while_nothing_is_recorded)
{
	struct matenet_record r;

	alarm_soon();
	EXPECT_EQ(-1, read(self->fd, &r, sizeof(r)));
	EXPECT_EQ(EINTR, errno);
}

/* Of a command that nobody knows silence ends the reply; its ninth bits are as good as any. */
TEST_F(corners, reply_of_unknown_length)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, 0x10, 2, 0);
	struct matenet_config config;

	testbus_allow_writes(self->fd);
	config = testbus_config(self->fd);
	config.framing = MATENET_FRAMING_AUTO;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	ASSERT_TRUE(testbus_read_right(self->fd, 1, 2));
	x.timeout_us = BUSY_US;
	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_SUBMIT, &x));
	sleep_us(SOON_US / 4);
	ASSERT_EQ(0, wire_inject(0, "1 insert 0 110;1 insert 0 012;1 insert 0 034;"
				    "1 insert 0 000;1 insert 0 056"));
	EXPECT_EQ(MATENET_ST_OK | MATENET_ST_TX_DONE, next_status(self->fd));
}

/* Somebody waits for it, by the same descriptor. */
static pid_t wait_in_child(int fd, uint8_t port)
{
	struct matenet_xfer x = testbus_request(port, MATENET_CMD_READ, 0, 0);
	pid_t pid = fork();

	if (!pid) {
		x.timeout_us = BUSY_US;
		_exit(-testbus_xfer(fd, &x));
	}
	sleep_us(SOON_US / 4);
	return pid;
}

/* Only what was submitted by a file can be taken back by it. */
TEST_F(corners, cancel_what_is_not_there)
{
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 0, 0);
	pid_t on_the_wire, queued;
	uint32_t last;
	int other;

	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	last = x.sequence;
	on_the_wire = wait_in_child(self->fd, NOBODY_THERE);
	queued = wait_in_child(self->fd, 1);
	EXPECT_EQ(-ENOENT, testbus_cancel(self->fd, last + 1));
	EXPECT_EQ(-ENOENT, testbus_cancel(self->fd, last + 2));
	EXPECT_EQ(-ENOENT, testbus_cancel(self->fd, last + 3));
	EXPECT_EQ(0, exit_of(on_the_wire));
	EXPECT_EQ(0, exit_of(queued));
	/* Somebody else's. */
	other = testbus_open(O_RDWR);
	ASSERT_EQ(0, keep_busy(other));
	EXPECT_EQ(-ENOENT, testbus_cancel(self->fd, last + 3));
	EXPECT_EQ(-EBUSY, testbus_cancel(other, last + 3));
	close(other);
}

/* ---- a bus that has joined another ---- */

static int join_first(int fd)
{
	struct matenet_config config = testbus_config(fd);

	config.role = MATENET_ROLE_MONITOR;
	config.join = 1;
	return testbus_set_config(fd, config);
}

static void read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	text[n < 0 ? 0 : n] = 0;
	close(fd);
}

TEST_F(corners, joined_changes_and_survives)
{
	struct matenet_config config;
	char text[32];
	int tty, other;

	end_sim(self);
	tty = testbus_attach(TESTBUS_SIM_TTY);
	ASSERT_LE(0, tty);
	other = open("/dev/matenet1", O_RDWR | O_CLOEXEC);
	ASSERT_EQ(0, join_first(other));
	/* It keeps its place in the other while something else changes. */
	config = testbus_config(other);
	config.gap_us += 1;
	EXPECT_EQ(0, testbus_set_config(other, config));
	EXPECT_EQ(config.gap_us, testbus_config(other).gap_us);
	/* The other ends, and still there is something to hear. */
	testbus_detach(self->tty);
	self->tty = open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->tty);
	EXPECT_EQ(4, write(self->tty, "abcd", 4));
	sleep_us(SOON_US);
	read_text("/sys/class/matenet/matenet1/statistics/rx_bytes", text, sizeof(text));
	EXPECT_EQ(4, atoi(text));
	close(self->tty);
	self->tty = -1;
	close(other);
	testbus_detach(tty);
}

/* ---- what is shown ---- */

TEST_F(corners, attributes)
{
	static const char * const roles[] = { "monitor", "controller", "device" };
	static const char * const framings[] = { "auto", "mark", "gap" };
	static const char * const parities[] = { "auto", "stick", "evenodd" };
	struct matenet_config config = testbus_config(self->fd);
	struct matenet_caps caps;
	char is[64], want[64];

	config.flags |= MATENET_CFG_STRICT | MATENET_CFG_WRITABLE;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_G_CAPS, &caps));
#define EXPECT_SHOWN(name, format, value) do {					\
	testbus_attribute(name, is, sizeof(is));				\
	snprintf(want, sizeof(want), format, value);				\
	EXPECT_STREQ(want, is) { TH_LOG("%s", name); }				\
} while (0)
	EXPECT_SHOWN("tty", "%s", "ttyW0");
	EXPECT_SHOWN("baud", "%u", config.baud);
	EXPECT_SHOWN("role", "%s", roles[config.role]);
	EXPECT_SHOWN("framing", "%s", framings[config.framing]);
	EXPECT_SHOWN("framing_in_force", "%s", framings[caps.framing]);
	EXPECT_SHOWN("parity", "%s", parities[config.parity]);
	EXPECT_SHOWN("parity_in_force", "%s", parities[caps.parity]);
	EXPECT_SHOWN("capabilities", "0x%x", caps.capabilities);
	EXPECT_SHOWN("strict", "%d", 1);
	EXPECT_SHOWN("writable", "%d", 1);
	EXPECT_SHOWN("reply_timeout_us", "%u", config.reply_timeout_us);
	EXPECT_SHOWN("gap_us", "%u", config.gap_us);
	EXPECT_SHOWN("turnaround_us", "%u", config.turnaround_us);
	EXPECT_SHOWN("tx_guard_us", "%u", config.tx_guard_us);
	EXPECT_SHOWN("late_us", "%u", config.late_us);
	EXPECT_SHOWN("join", "%u", config.join);
}

TEST_F(corners, debugfs)
{
	struct matenet_mode mode = { .mode = MATENET_MODE_EXCLUSIVE };
	char text[8192];

	read_text(STATE, text, sizeof(text));
	EXPECT_NE(NULL, strstr(text, "sending 0\n"));
	EXPECT_NE(NULL, strstr(text, "exclusive 0\n"));
	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_S_MODE, &mode));
	ASSERT_EQ(0, keep_busy(self->fd));
	read_text(STATE, text, sizeof(text));
	EXPECT_EQ(NULL, strstr(text, "sending 0\n"));
	EXPECT_NE(NULL, strstr(text, "exclusive 1\n"));
}

/* ---- the module ---- */

TEST(no_such_line_discipline)
{
	int fd;

	testbus_modules();
	ASSERT_EQ(0, testbus_rmmod("n_matenet"));
	fd = open("/lib/matenet/n_matenet.ko", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, syscall(SYS_finit_module, fd, "ldisc=99", 0));
	EXPECT_EQ(EINVAL, errno);
	/* Nothing is left of it that were in the way. */
	EXPECT_EQ(0, syscall(SYS_finit_module, fd, "", 0));
	close(fd);
}

TEST_HARNESS_MAIN
