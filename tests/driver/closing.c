// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * While a bus is being ended: its last command is still going out, slowly, and meanwhile
 * nobody gets anything from it any more, or waits for it longer than that takes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/matenet_netlink.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define NOBODY_THERE	11	/* a port without a device */
#define BAUD		300	/* a command takes 293 ms */
#define WITHIN_US	100000	/* after its first byte */
#define SOON_US		20000
#define QUEUED		16	/* some seconds of commands */
#define TRIES		8
#define SHIFT_US	7000	/* from one try to the next */

FIXTURE(closing) {
	int tty;
	int fd;
	int other_tty;	/* of a bus that goes on */
	int other;
};

/* 0, or a negative error. */
static int attach_slow(FIXTURE_DATA(closing) *self)
{
	struct matenet_config config;

	self->tty = testbus_attach(TESTBUS_TTY);
	if (self->tty < 0)
		return self->tty;
	self->fd = testbus_open(O_RDWR);
	/* Who has just attached waits for late answers to others. */
	sleep_us(WITHIN_US);
	config = testbus_config(self->fd);
	config.baud = BAUD;
	config.late_us = 0;
	return testbus_set_config(self->fd, config);
}

FIXTURE_SETUP(closing)
{
	if (!wire_exact_time())
		SKIP(return, "when what happens is chance here");
	testbus_modules();
	ASSERT_EQ(0, wire_knobs(0, "irq=yes"));
	ASSERT_EQ(0, attach_slow(self));
	self->other_tty = testbus_attach(TESTBUS_SIM_TTY);
	ASSERT_LE(0, self->other_tty);
	self->other = open("/dev/matenet1", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->other);
}

FIXTURE_TEARDOWN(closing)
{
	EXPECT_EQ(0, wire_knobs(0, "irq=yes"));
	close(self->other);
	testbus_detach(self->other_tty);
	close(self->fd);
	if (self->tty >= 0)
		testbus_detach(self->tty);
}

static int submit(int fd, uint32_t flags)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);

	x.flags = flags;
	if (!(flags & MATENET_XFER_NO_REPLY))
		x.timeout_us = 1000;
	return ioctl(fd, MATENET_IOC_SUBMIT, &x) ? -errno : 0;
}

static uint32_t next_status(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct matenet_record r;

	while (poll(&p, 1, 3000) > 0 && read(fd, &r, sizeof(r)) == sizeof(r))
		if (r.type == MATENET_REC_XFER)
			return r.xfer.status;
	return 0;
}

/* In a process of its own, which has the tty no longer than this one. */
static pid_t detach_in_child(FIXTURE_DATA(closing) *self)
{
	pid_t pid = fork();

	if (!pid) {
		testbus_detach(self->tty);
		_exit(0);
	}
	close(self->tty);
	self->tty = -1;
	sleep_us(SOON_US);
	return pid;
}

static int exit_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int count_bus_0(struct nl_msg *msg, void *arg)
{
	struct nlattr *bus = nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN, MATENET_A_BUS);

	*(int *)arg += bus && nla_get_u32(bus) == 0;
	return NL_OK;
}

/* Is it in the list of all? */
static int dumped(void)
{
	struct nl_sock *sock = nl_socket_alloc();
	int family, n = 0;

	if (!sock || genl_connect(sock))
		return -1;
	family = genl_ctrl_resolve(sock, MATENET_FAMILY_NAME);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, count_bus_0, &n);
	if (genl_send_simple(sock, family, MATENET_NL_CMD_BUS_GET, MATENET_FAMILY_VERSION,
			     NLM_F_DUMP) < 0 || nl_recvmsgs_default(sock))
		n = -1;
	nl_socket_free(sock);
	return n;
}

static int join_first(int fd)
{
	struct matenet_config config = testbus_config(fd);

	config.role = MATENET_ROLE_MONITOR;
	config.join = 1;
	return testbus_set_config(fd, config);
}

/* Until it is dead; false if it does not become so.  All it has told is read. */
static bool await_death(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct matenet_record r;
	struct matenet_caps caps;
	int ms;

	for (ms = 0; ms < 5000; ms++) {
		while (poll(&p, 1, 0) > 0 && read(fd, &r, sizeof(r)) == sizeof(r))
			;
		if (ioctl(fd, MATENET_IOC_G_CAPS, &caps))
			return errno == ENODEV;
		sleep_us(1000);
	}
	return false;
}

/*
 * Returns who detaches the bus, once that is dead and its last command still goes out.
 * The kernel's TIOCSETD looks now and then whether the UART is empty, and may find it so
 * between two commands; then nothing is left to be waited for.
 */
static pid_t end_within_a_command(FIXTURE_DATA(closing) *self)
{
	struct pollfd p = { .events = POLLIN | POLLOUT };
	pid_t pid;
	int i, k;

	for (i = 0; i < TRIES; i++) {
		for (k = 0; k < QUEUED; k++)
			if (submit(self->fd, MATENET_XFER_NO_REPLY))
				return -1;
		sleep_us(WITHIN_US + i * SHIFT_US);
		pid = detach_in_child(self);
		if (!await_death(self->fd))
			return -1;
		p.fd = self->fd;
		if (!poll(&p, 1, 0))
			return pid;
		close(self->fd);
		if (exit_of(pid) || attach_slow(self))
			return -1;
	}
	return -1;
}

/* It is neither there any more nor gone.  Detaching does not wait for ever for silence. */
TEST_F(closing, what_is_told_of_it)
{
	struct pollfd p = { .events = POLLIN | POLLOUT };
	pid_t pid;

	EXPECT_EQ(1, dumped());
	pid = end_within_a_command(self);
	ASSERT_LT(0, pid);
	p.fd = self->fd;
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_EQ(0, dumped());
	EXPECT_EQ(-ENXIO, join_first(self->other));
	/* All this in the meantime. */
	EXPECT_EQ(0, waitpid(pid, NULL, WNOHANG));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_OK, next_status(self->fd));
	EXPECT_EQ(MATENET_ST_ABORTED, next_status(self->fd));
	EXPECT_EQ(0, exit_of(pid));
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_TRUE(p.revents & POLLHUP);
}

/* The last close waits for what is being sent; nothing is begun after it. */
TEST_F(closing, what_waits_behind_it)
{
	struct matenet_config config = testbus_config(self->fd);
	pid_t changer;

	ASSERT_EQ(0, submit(self->fd, MATENET_XFER_NO_REPLY));
	sleep_us(SOON_US);
	ASSERT_EQ(0, submit(self->fd, 0));
	changer = fork();
	if (!changer) {
		close(self->tty);
		config.baud = 9600;
		_exit(-testbus_set_config(self->fd, config));
	}
	sleep_us(WITHIN_US);
	ASSERT_EQ(0, wire_record_clear(0));
	close(self->tty);
	self->tty = -1;
	EXPECT_EQ(ENODEV, exit_of(changer));
	next_status(self->fd);
	EXPECT_EQ(MATENET_ST_ABORTED, next_status(self->fd));
}

/* It has not been answered, so the UART is to be asked how far it is: not any more. */
TEST_F(closing, while_the_uart_is_doubted)
{
	EXPECT_EQ(0, submit(self->fd, 0));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, next_status(self->fd));
	EXPECT_EQ(0, submit(self->fd, 0));
	sleep_us(WITHIN_US);
	close(self->tty);
	self->tty = -1;
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_ABORTED, next_status(self->fd));
}

/* What cannot leave is given up; the last close itself waits half a minute for it. */
TEST_F_TIMEOUT(closing, while_the_uart_is_stuck, 90)
{
	ASSERT_EQ(0, wire_knobs(0, "irq=no"));
	ASSERT_EQ(0, submit(self->fd, 0));
	sleep_us(SOON_US);
	close(self->tty);
	self->tty = -1;
	EXPECT_EQ(MATENET_ST_ABORTED, next_status(self->fd));
}

TEST_HARNESS_MAIN
