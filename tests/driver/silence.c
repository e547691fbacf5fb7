// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A command waits for silence: after one without a reply the late one may still come.
 * Until it is sent it can be taken back, in every way; and what is not that reply does
 * not end the wait.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define OK		(MATENET_ST_OK | MATENET_ST_TX_DONE)
#define PORT		1
#define NOBODY_THERE	11	/* a port without a device */
#define LATE_US		1500000
#define SOON_US		200000

FIXTURE(silence) {
	pid_t sim;
	int tty;
	int fd;
};

static struct matenet_xfer read_of(uint8_t port, uint16_t addr)
{
	return testbus_request(port, MATENET_CMD_READ, addr, 0);
}

static struct matenet_xfer write_of(void)
{
	return testbus_request(PORT, MATENET_CMD_WRITE, 2, 1);
}

/* A command that nobody answers: from now on nothing is sent for LATE_US. */
static int ask_nobody(int fd)
{
	struct matenet_xfer x = read_of(NOBODY_THERE, 0);

	return testbus_xfer(fd, &x) ?: (int)x.status ^ (MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT);
}

FIXTURE_SETUP(silence)
{
	struct matenet_config config;

	testbus_modules();
	ASSERT_EQ(0, wire_inject(0, "clear"));
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR);
	testbus_allow_writes(self->fd);
	ASSERT_TRUE(testbus_read_right(self->fd, PORT, 1));
	config = testbus_config(self->fd);
	config.late_us = LATE_US;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	ASSERT_EQ(0, ask_nobody(self->fd));
	sleep_us(2000);
	ASSERT_EQ(0, wire_record_clear(0));
}

FIXTURE_TEARDOWN(silence)
{
	EXPECT_EQ(0, wire_inject(0, "clear"));
	close(self->fd);
	testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
}

/* How many WRITEs and READs were sent; a byte with a ninth bit begins one. */
static unsigned int sent(uint8_t command)
{
	unsigned int n = 0;
	struct wire_log log;
	size_t i;

	if (wire_record_read(0, &log))
		return ~0U;
	for (i = 0; i + 2 < log.n; i++)
		if (!log.byte[i].port && log.byte[i].bits & 0x100)
			n += log.byte[i + 1].bits == command;
	wire_log_free(&log);
	return n;
}

/* What comes next is right, and nothing else has been sent. */
static int was_not_sent(int fd)
{
	return testbus_read_right(fd, PORT, 1) && sent(MATENET_CMD_WRITE) == 0 &&
	       sent(MATENET_CMD_READ) == 1;
}

/* A process that writes, waiting for its turn; -errno is its exit status. */
static pid_t write_in_child(int fd)
{
	struct matenet_xfer x = write_of();
	pid_t pid = fork();

	if (!pid)
		_exit(-testbus_xfer(fd, &x));
	sleep_us(SOON_US);
	return pid;
}

TEST_F(silence, killed)
{
	pid_t pid = write_in_child(self->fd);
	int status;

	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	EXPECT_TRUE(was_not_sent(self->fd));
}

static void on_alarm(int sig)
{
	(void)sig;
}

TEST_F(silence, signal)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct matenet_xfer x = write_of();

	sigaction(SIGALRM, &action, NULL);
	ualarm(SOON_US, 0);
	EXPECT_EQ(-EINTR, testbus_xfer(self->fd, &x));
	EXPECT_TRUE(was_not_sent(self->fd));
}

TEST_F(silence, closed)
{
	int fd = testbus_open(O_RDWR);
	struct matenet_xfer x = write_of();

	ASSERT_EQ(0, testbus_submit(fd, &x));
	sleep_us(SOON_US);
	close(fd);
	EXPECT_TRUE(was_not_sent(self->fd));
}

TEST_F(silence, cancelled)
{
	struct matenet_xfer x = write_of();
	struct matenet_record r;

	ASSERT_EQ(0, testbus_submit(self->fd, &x));
	sleep_us(SOON_US);
	EXPECT_EQ(0, testbus_cancel(self->fd, x.sequence));
	do {
		ASSERT_EQ(sizeof(r), read(self->fd, &r, sizeof(r)));
	} while (r.type != MATENET_REC_XFER);
	EXPECT_EQ(x.sequence, r.xfer.sequence);
	EXPECT_EQ(MATENET_ST_ABORTED, r.xfer.status);
	EXPECT_EQ(-ENOENT, testbus_cancel(self->fd, x.sequence));
	EXPECT_TRUE(was_not_sent(self->fd));
}

TEST_F(silence, somebody_else_has_the_bus)
{
	struct matenet_mode mode = { .mode = MATENET_MODE_EXCLUSIVE };
	int fd = testbus_open(O_RDONLY), status;
	pid_t pid = write_in_child(self->fd);

	ASSERT_EQ(0, ioctl(fd, MATENET_IOC_S_MODE, &mode));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(EBUSY, WEXITSTATUS(status));
	EXPECT_TRUE(was_not_sent(fd));
	close(fd);
}

TEST_F(silence, the_bus_ends)
{
	pid_t pid = write_in_child(self->fd);
	int status;

	testbus_detach(self->tty);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(ENODEV, WEXITSTATUS(status));
	EXPECT_EQ(0, sent(MATENET_CMD_WRITE));
	close(self->fd);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR);
}

/* From there, the end of a command, to the next one, in nanoseconds. */
static uint64_t pause_before_next(uint64_t ended)
{
	struct wire_log log;
	uint64_t began = 0;
	size_t i;

	if (wire_record_read(0, &log))
		return 0;
	for (i = 0; i < log.n && !began; i++)
		if (!log.byte[i].port && log.byte[i].start > ended)
			began = log.byte[i].start;
	wire_log_free(&log);
	return began - ended;
}

static uint64_t end_of_last(void)
{
	struct wire_log log;
	uint64_t end = 0;
	size_t i;

	if (wire_record_read(0, &log))
		return 0;
	for (i = 0; i < log.n; i++)
		if (!log.byte[i].port)
			end = log.byte[i].end;
	wire_log_free(&log);
	return end;
}

/* Nor is it over with a byte of noise, or with a break. */
TEST_F(silence, noise_is_no_late_reply)
{
	static const char * const noises[] = { "1 insert 0 155", "1 break 0" };
	uint64_t ended;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(testbus_read_right(self->fd, PORT, 1));
		ASSERT_EQ(0, ask_nobody(self->fd));
		ended = end_of_last();
		ASSERT_EQ(0, wire_inject(0, "%s", noises[i]));
		sleep_us(20000);
		ASSERT_TRUE(testbus_read_right(self->fd, PORT, 2));
		EXPECT_LE(LATE_US * 1000ULL, pause_before_next(ended)) {
			TH_LOG("after \"%s\"", noises[i]);
		}
	}
}

/* A device that is slow, and a byte of noise before its reply: that is nobody else's. */
TEST_F(silence, noise_before_a_slow_reply)
{
	struct matenet_config config = testbus_config(self->fd);
	struct matenet_xfer x = read_of(PORT, 2);

	config.gap_us = 20000;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	ASSERT_TRUE(testbus_read_right(self->fd, PORT, 1));
	x.timeout_us = 300000;
	ASSERT_EQ(0, wire_inject(0, "1 insert 1 055\n1 delay 1 90000"));
	ASSERT_EQ(0, testbus_xfer(self->fd, &x));
	if (wire_exact_time())
		EXPECT_EQ(MATENET_ST_SHORT, x.status & (MATENET_ST_SHORT | MATENET_ST_OK));
	EXPECT_TRUE(testbus_read_right(self->fd, PORT, 3));
	EXPECT_TRUE(testbus_read_right(self->fd, PORT, 4));
}

static uint32_t framing(int fd)
{
	struct matenet_caps caps = { 0 };

	return ioctl(fd, MATENET_IOC_G_CAPS, &caps) ? ~0U : caps.framing;
}

/* Where there is no reply, or bytes that are none, there is nothing to be learnt. */
TEST_F(silence, teaches_nothing)
{
	struct matenet_config config = testbus_config(self->fd);
	struct matenet_xfer x;
	int i;

	config.late_us = 0;
	config.framing = MATENET_FRAMING_AUTO;
	ASSERT_EQ(0, testbus_set_config(self->fd, config));
	for (i = 0; i < 4; i++)
		ASSERT_TRUE(testbus_read_right(self->fd, PORT, i));
	ASSERT_EQ(MATENET_FRAMING_MARK, framing(self->fd));
	for (i = 0; i < 5; i++) {
		x = read_of(NOBODY_THERE, i);
		x.flags = MATENET_XFER_NO_REPLY;
		ASSERT_EQ(0, testbus_xfer(self->fd, &x));
		EXPECT_EQ(OK, x.status);
	}
	EXPECT_EQ(MATENET_FRAMING_MARK, framing(self->fd));
	/* Nobody knows what raw bytes should look like. */
	for (i = 0; i < 5; i++) {
		static const uint8_t bytes[8] = { PORT, MATENET_CMD_READ, 0, 2, 0, 0, 0, 5 };

		memset(&x, 0, sizeof(x));
		x.flags = MATENET_XFER_RAW;
		memcpy(x.tx, bytes, sizeof(bytes));
		x.tx_len = sizeof(bytes);
		x.rx_len = 5;
		ASSERT_EQ(0, wire_inject(0, "1 flip-mark 1"));
		ASSERT_EQ(0, testbus_xfer(self->fd, &x));
		EXPECT_EQ(MATENET_ST_OK, x.status & MATENET_ST_OK);
	}
	EXPECT_EQ(MATENET_FRAMING_MARK, framing(self->fd));
	EXPECT_TRUE(testbus_read_right(self->fd, PORT, 1));
}

TEST_HARNESS_MAIN
