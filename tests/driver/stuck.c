// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A UART that does not do what it has been told: it sends nothing, or not all, or late,
 * or no longer with parity; or there is none behind the tty.  What was asked fails, says
 * so in time, and nothing of it comes out later.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define OK		(MATENET_ST_OK | MATENET_ST_TX_DONE)
#define NOBODY_THERE	11	/* a port without a device */
#define NO_HARDWARE	"/dev/ttyS7"
#define STATE		"/sys/kernel/debug/matenet/matenet0/state"

FIXTURE(stuck) {
	int tty;
	int fd;
};

/* What is to be known of the UART before it is opened. */
static int uart_is(const char *knobs)
{
	int ret = wire_knobs(0, "irq=yes fifo=16 start=0 cmspar=yes");

	return ret ? ret : wire_knobs(0, "%s", knobs);
}

static void attach(FIXTURE_DATA(stuck) *self)
{
	self->tty = testbus_attach(TESTBUS_TTY);
	self->fd = self->tty < 0 ? -1 : testbus_open(O_RDWR);
}

static void detach(FIXTURE_DATA(stuck) *self)
{
	close(self->fd);
	if (self->tty >= 0)
		testbus_detach(self->tty);
	self->tty = -1;
}

/* The bus above another kind of UART; -1 if there is none then. */
static int attach_anew(FIXTURE_DATA(stuck) *self, const char *knobs)
{
	detach(self);
	if (uart_is(knobs))
		return -1;
	attach(self);
	return self->tty;
}

FIXTURE_SETUP(stuck)
{
	testbus_modules();
	ASSERT_EQ(0, uart_is("irq=yes"));
	ASSERT_EQ(0, wire_knobs(1, "answer=1000"));
	attach(self);
	ASSERT_LE(0, self->tty);
}

FIXTURE_TEARDOWN(stuck)
{
	EXPECT_EQ(0, wire_knobs(0, "irq=yes"));
	detach(self);
	EXPECT_EQ(0, uart_is("irq=yes"));
	EXPECT_EQ(0, wire_knobs(1, "answer=-1"));
}

static uint32_t status_of(int fd, uint8_t port, uint32_t flags)
{
	struct matenet_xfer x = testbus_request(port, MATENET_CMD_READ, 0, 0);

	x.flags = flags;
	return testbus_xfer(fd, &x) ? 0 : x.status;
}

static int set_baud_and_guard(int fd, uint32_t baud, uint32_t guard_us)
{
	struct matenet_config config = testbus_config(fd);

	config.baud = baud;
	config.tx_guard_us = guard_us;
	return testbus_set_config(fd, config);
}

/* Bytes on the wire that the UART of the bus has sent. */
static int sent(void)
{
	struct wire_log log;
	int n = 0;
	size_t i;

	if (wire_record_read(0, &log))
		return -1;
	for (i = 0; i < log.n; i++)
		n += log.byte[i].port == 0;
	wire_log_free(&log);
	return n;
}

/* No interrupt says that there is room. */
TEST_F(stuck, sends_nothing)
{
	EXPECT_EQ(OK, status_of(self->fd, 1, 0));
	ASSERT_EQ(0, wire_knobs(0, "irq=no"));
	EXPECT_EQ(MATENET_ST_TX_ERROR, status_of(self->fd, 1, 0));
	ASSERT_EQ(0, wire_record_clear(0));
	ASSERT_EQ(0, wire_knobs(0, "irq=yes"));
	sleep_us(200000);
	EXPECT_EQ(0, sent());
	EXPECT_EQ(OK, status_of(self->fd, 1, 0));
}

/* Somebody has listened before, as to a terminal: a byte of the bus has stopped it. */
TEST_F(stuck, stopped_before)
{
	int ldisc = TESTBUS_LDISC;
	struct termios termios;

	detach(self);
	self->tty = open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->tty);
	ASSERT_EQ(0, tcgetattr(self->tty, &termios));
	termios.c_iflag |= IXON;
	ASSERT_EQ(0, tcsetattr(self->tty, TCSANOW, &termios));
	ASSERT_EQ(0, wire_inject(0, "1 insert 0 113"));
	sleep_us(100000);
	ASSERT_EQ(0, ioctl(self->tty, TIOCSETD, &ldisc));
	self->fd = testbus_open(O_RDWR);
	testbus_stretch(self->fd);
	EXPECT_EQ(OK, status_of(self->fd, 1, 0));
}

/* The first bytes go out, and no more; whether a reply is expected or not. */
TEST_F(stuck, stops_within_a_command)
{
	static const uint32_t flags[] = { 0, MATENET_XFER_NO_REPLY };
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);
	struct pollfd p = { .fd = self->fd, .events = POLLIN };
	struct matenet_record r;
	int i, n;

	if (!wire_exact_time())
		SKIP(return, "which byte it is, is chance here");
	ASSERT_LE(0, attach_anew(self, "fifo=1"));
	p.fd = self->fd;
	ASSERT_EQ(0, set_baud_and_guard(self->fd, 300, 50));
	/* Who has just attached waits for late answers to others. */
	sleep_us(100000);
	for (i = 0; i < 2; i++) {
		while (poll(&p, 1, 0) > 0)
			ASSERT_EQ(sizeof(r), read(self->fd, &r, sizeof(r)));
		ASSERT_EQ(0, wire_record_clear(0));
		x.flags = flags[i];
		ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_SUBMIT, &x));
		/* A byte takes 37 ms. */
		sleep_us(150000);
		n = sent();
		EXPECT_LT(1, n);
		EXPECT_GT(7, n);
		ASSERT_EQ(0, wire_knobs(0, "irq=no"));
		ASSERT_EQ(1, poll(&p, 1, 3000));
		ASSERT_EQ(sizeof(r), read(self->fd, &r, sizeof(r)));
		EXPECT_EQ(MATENET_ST_TX_ERROR, r.xfer.status);
		ASSERT_EQ(0, wire_knobs(0, "irq=yes"));
		sleep_us(400000);
		EXPECT_GT(8, sent());
	}
}

/* As a port that is being removed: it sends nothing any more, and then the tty has gone. */
TEST_F(stuck, has_gone_soon_after)
{
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 0, 0);
	struct pollfd p = { .fd = self->fd, .events = POLLIN };
	struct matenet_record r;

	if (!wire_exact_time())
		SKIP(return, "what comes before what is chance here");
	ASSERT_EQ(0, wire_knobs(0, "irq=no"));
	ASSERT_EQ(0, testbus_submit(self->fd, &x));
	/* It was attached a moment ago: 100 ms of silence, and 100 in which it takes nothing. */
	sleep_us(300000);
	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, ioctl(self->tty, TIOCVHANGUP));
	close(self->tty);
	self->tty = -1;
	ASSERT_EQ(sizeof(r), read(self->fd, &r, sizeof(r)));
	EXPECT_EQ(MATENET_ST_ABORTED, r.xfer.status);
	EXPECT_EQ(-1, read(self->fd, &r, sizeof(r)));
	EXPECT_EQ(ENODEV, errno);
}

/* A command, by a UART that is later than its clock says, which has begun with it. */
static bool half_of_it_is_sent(FIXTURE_DATA(stuck) *self)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);
	int n;

	if (attach_anew(self, "fifo=1 start=3000") < 0)
		return false;
	/* Who has just attached waits for late answers to others. */
	sleep_us(100000);
	if (wire_record_clear(0) || testbus_submit(self->fd, &x))
		return false;
	sleep_us(8000);
	n = sent();
	return n > 0 && n < 8;
}

static bool all_of_it_was_sent(FIXTURE_DATA(stuck) *self)
{
	struct matenet_record r;

	return read(self->fd, &r, sizeof(r)) == sizeof(r) && sent() == 8 &&
	       r.xfer.status == (MATENET_ST_TX_DONE | MATENET_ST_ABORTED);
}

/* A hangup drops what the serial core has not handed over: what is being sent is sent first. */
TEST_F(stuck, hung_up_while_it_is_late)
{
	if (!wire_exact_time())
		SKIP(return, "where in the command it is, is chance here");
	ASSERT_TRUE(half_of_it_is_sent(self));
	ASSERT_EQ(0, ioctl(self->tty, TIOCVHANGUP));
	close(self->tty);
	self->tty = -1;
	EXPECT_TRUE(all_of_it_was_sent(self));
}

/* The tty gets its old parity back, for which the last byte must be out. */
TEST_F(stuck, replaced_while_it_is_late)
{
	if (!wire_exact_time())
		SKIP(return, "where in the command it is, is chance here");
	ASSERT_TRUE(half_of_it_is_sent(self));
	testbus_detach(self->tty);
	self->tty = -1;
	EXPECT_TRUE(all_of_it_was_sent(self));
}

/* Parity that has been there until now. */
TEST_F(stuck, loses_parity)
{
	EXPECT_EQ(OK, status_of(self->fd, 1, 0));
	ASSERT_EQ(0, wire_record_clear(0));
	ASSERT_EQ(0, wire_knobs(0, "cmspar=cleared"));
	EXPECT_EQ(MATENET_ST_TX_ERROR, status_of(self->fd, 1, 0));
	EXPECT_EQ(0, sent());
	ASSERT_EQ(0, wire_knobs(0, "cmspar=yes"));
	EXPECT_EQ(OK, status_of(self->fd, 1, 0));
}

static unsigned int guard_ns(void)
{
	unsigned int ns = 0;
	char line[128];
	FILE *from = fopen(STATE, "re");

	while (from && fgets(line, sizeof(line), from))
		sscanf(line, "guard_ns %u", &ns);
	if (from)
		fclose(from);
	return ns;
}

/* One that is late gets more time, but not without end, nor less than it is told to have. */
TEST_F(stuck, begins_late)
{
	int i;

	if (!wire_exact_time())
		SKIP(return, "everything is late here");
	ASSERT_EQ(0, wire_knobs(0, "start=20000"));
	for (i = 0; i < 50; i++)
		EXPECT_EQ(OK, status_of(self->fd, 1, 0));
	EXPECT_EQ(1000000, guard_ns());
	ASSERT_EQ(0, set_baud_and_guard(self->fd, 9600, 2000));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(OK, status_of(self->fd, 1, 0));
	EXPECT_EQ(2000000, guard_ns());
	EXPECT_LT(0, testbus_counter("tx_slow"));
}

/* While it has not even begun with all of it, what it says of the end proves nothing. */
TEST_F(stuck, asked_while_it_holds_bytes)
{
	struct matenet_caps caps;
	int i;

	if (!wire_exact_time())
		SKIP(return, "what it holds at a time is chance here");
	ASSERT_LE(0, attach_anew(self, "fifo=1 start=3000"));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT,
			  status_of(self->fd, NOBODY_THERE, 0));
	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_G_CAPS, &caps));
	EXPECT_TRUE(caps.capabilities & MATENET_CAP_TX_EMPTY);
	EXPECT_EQ(OK, status_of(self->fd, 1, 0));
}

/* A tty can be opened all the same; a bus it cannot be. */
TEST(no_hardware)
{
	int tty;

	testbus_modules();
	tty = open(NO_HARDWARE, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (tty < 0)
		SKIP(return, NO_HARDWARE ": %s", strerror(errno));
	close(tty);
	EXPECT_EQ(-EIO, testbus_attach_plain(NO_HARDWARE));
}

TEST_HARNESS_MAIN
