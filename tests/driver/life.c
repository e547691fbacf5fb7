// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Beginnings and ends: attach, detach, close, hang up, kill and unload in any
 * order, with traffic on the bus.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"

#define STORM_CYCLES	60
#define STUCK_US	5000000

FIXTURE(life) {
	pid_t sim;
};

FIXTURE_SETUP(life)
{
	testbus_modules();
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
}

FIXTURE_TEARDOWN(life)
{
	testbus_end(self->sim, SIGTERM);
}

/* Reads until the bus is gone; exit status 0 if it ended with ENODEV in time. */
static pid_t start_traffic(void)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = testbus_open(O_RDONLY);
	for (;;) {
		struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, rand(), 0);
		int64_t began = now_us();
		int ret = testbus_xfer(fd, &x);

		if (now_us() - began > STUCK_US)
			_exit(2);
		if (ret == -ENODEV)
			_exit(0);
		if (ret)
			_exit(3);
	}
}

static int exit_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A process that keeps the tty attached until it is told or killed. */
static pid_t start_attacher(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		if (testbus_attach(TESTBUS_TTY) < 0)
			_exit(1);
		if (write(ready[1], "r", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static void hang_up(void)
{
	int fd = open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK);

	ioctl(fd, TIOCVHANGUP);
	close(fd);
}

static void set_n_tty(void)
{
	int fd = open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK), ldisc = 0;

	ioctl(fd, TIOCSETD, &ldisc);
	close(fd);
}

static short revents(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

TEST_F(life, node_comes_and_goes)
{
	int tty;

	EXPECT_NE(0, access(TESTBUS_NODE, F_OK));
	tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, tty);
	EXPECT_EQ(0, access(TESTBUS_NODE, F_OK));
	testbus_detach(tty);
	EXPECT_NE(0, access(TESTBUS_NODE, F_OK));
}

TEST_F(life, termios_come_back)
{
	int fd = open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK), ldisc = TESTBUS_LDISC;
	unsigned char before[64] = { 0 }, after[64] = { 0 };

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, TCGETS, before));
	ASSERT_EQ(0, ioctl(fd, TIOCSETD, &ldisc));
	ldisc = 0;
	ASSERT_EQ(0, ioctl(fd, TIOCSETD, &ldisc));
	ASSERT_EQ(0, ioctl(fd, TCGETS, after));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
	close(fd);
}

/* Also when the last close ends it: the next one to open finds no traces. */
TEST_F(life, termios_come_back_after_close)
{
	int fd = open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK);
	unsigned char before[64] = { 0 }, after[64] = { 0 };
	int tty;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, TCGETS, before));
	close(fd);
	tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, tty);
	close(tty);
	fd = open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK);
	ASSERT_EQ(0, ioctl(fd, TCGETS, after));
	EXPECT_EQ(0, memcmp(before, after, sizeof(before)));
	close(fd);
}

TEST_F(life, open_file_outlives_the_bus)
{
	int tty = testbus_attach(TESTBUS_TTY), fd;
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 0, 0);
	struct matenet_config config;

	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDWR);
	EXPECT_EQ(POLLOUT, revents(fd));
	testbus_detach(tty);
	EXPECT_EQ(POLLHUP | POLLERR, revents(fd));
	EXPECT_EQ(-ENODEV, testbus_xfer(fd, &x));
	EXPECT_EQ(-1, ioctl(fd, MATENET_IOC_G_CONFIG, &config));
	EXPECT_EQ(ENODEV, errno);
	/* A new bus on the same number is not the old one. */
	tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, tty);
	EXPECT_EQ(-ENODEV, testbus_xfer(fd, &x));
	close(fd);
	testbus_detach(tty);
}

TEST_F(life, poll_wakes)
{
	pid_t attacher = start_attacher();
	struct pollfd p = { .events = POLLIN };
	int64_t began;

	ASSERT_LT(0, attacher);
	p.fd = testbus_open(O_RDONLY);
	began = now_us();
	if (!fork()) {
		sleep_us(50000);
		kill(attacher, SIGKILL);
		_exit(0);
	}
	EXPECT_EQ(1, poll(&p, 1, 4000));
	EXPECT_EQ(POLLHUP | POLLERR, p.revents);
	EXPECT_LT(now_us() - began, STUCK_US);
	close(p.fd);
	wait(NULL);
	wait(NULL);
}

TEST_F(life, kill_the_attacher)
{
	pid_t attacher = start_attacher(), traffic;

	ASSERT_LT(0, attacher);
	traffic = start_traffic();
	sleep_us(100000);
	testbus_end(attacher, SIGKILL);
	EXPECT_EQ(0, exit_of(traffic));
}

TEST_F(life, hangup)
{
	pid_t attacher = start_attacher(), traffic;

	ASSERT_LT(0, attacher);
	traffic = start_traffic();
	sleep_us(100000);
	hang_up();
	EXPECT_EQ(0, exit_of(traffic));
	testbus_end(attacher, SIGKILL);
}

TEST_F(life, another_line_discipline)
{
	pid_t attacher = start_attacher(), traffic;

	ASSERT_LT(0, attacher);
	traffic = start_traffic();
	sleep_us(100000);
	set_n_tty();
	EXPECT_EQ(0, exit_of(traffic));
	testbus_end(attacher, SIGKILL);
}

TEST_F(life, rmmod)
{
	int tty = testbus_attach(TESTBUS_TTY), fd;

	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDONLY);
	EXPECT_NE(0, testbus_rmmod("n_matenet"));
	testbus_detach(tty);
	EXPECT_NE(0, testbus_rmmod("n_matenet"));
	close(fd);
	EXPECT_EQ(0, testbus_rmmod("n_matenet"));
	EXPECT_EQ(-EINVAL, testbus_attach(TESTBUS_TTY));
	EXPECT_EQ(0, testbus_insmod("n_matenet"));
	tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDONLY);
	EXPECT_TRUE(testbus_read_right(fd, 1, 1));
	close(fd);
	testbus_detach(tty);
}

/* The tool every system has. */
TEST_F(life, plain_ldattach)
{
	char number[12];
	pid_t pid;
	int fd, i;

	snprintf(number, sizeof(number), "%d", TESTBUS_LDISC);
	pid = fork();
	if (!pid) {
		execlp("ldattach", "ldattach", "-d", "-s", "9600", number, TESTBUS_TTY, NULL);
		_exit(127);
	}
	for (i = 0; i < 100 && access(TESTBUS_NODE, F_OK); i++)
		sleep_us(20000);
	ASSERT_EQ(0, access(TESTBUS_NODE, F_OK));
	fd = testbus_open(O_RDONLY);
	EXPECT_TRUE(testbus_read_right(fd, 2, 0x39));
	close(fd);
	testbus_end(pid, SIGTERM);
	EXPECT_NE(0, access(TESTBUS_NODE, F_OK));
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A signal ends the wait of a queued transaction; it is then never sent. */
TEST_F(life, signal_while_queued)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 0, 0);
	int tty = testbus_attach(TESTBUS_TTY), fd;
	uint64_t before;
	pid_t other;

	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDONLY);
	before = testbus_counter("commands");
	other = fork();
	if (!other) {
		/* Port 11 is never there: the wire is taken for two seconds. */
		x.tx[0] = 11;
		x.timeout_us = 2000000;
		testbus_xfer(fd, &x);
		_exit(x.status == (MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT) ? 0 : 1);
	}
	sleep_us(200000);
	sigaction(SIGALRM, &action, NULL);
	ualarm(200000, 0);
	EXPECT_EQ(-EINTR, testbus_xfer(fd, &x));
	EXPECT_EQ(0, exit_of(other));
	EXPECT_EQ(before + 1, testbus_counter("commands"));
	EXPECT_TRUE(testbus_read_right(fd, 1, 2));
	close(fd);
	testbus_detach(tty);
}

/* Once it is on the wire a signal waits, and only death does not. */
TEST_F(life, signal_on_the_wire)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct matenet_xfer x = testbus_request(11, MATENET_CMD_READ, 0, 0);
	int tty = testbus_attach(TESTBUS_TTY), fd;
	int64_t began;
	pid_t victim;

	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDONLY);
	x.timeout_us = 500000;
	sigaction(SIGALRM, &action, NULL);
	ualarm(100000, 0);
	EXPECT_EQ(0, testbus_xfer(fd, &x));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, x.status);

	victim = fork();
	if (!victim) {
		x.timeout_us = 10000000;
		testbus_xfer(fd, &x);
		_exit(0);
	}
	sleep_us(500000);
	began = now_us();
	testbus_end(victim, SIGKILL);
	EXPECT_LT(now_us() - began, 4000000);
	/* The transaction of the dead goes on; ending the bus ends it at once. */
	began = now_us();
	testbus_detach(tty);
	EXPECT_LT(now_us() - began, 4000000);
	close(fd);
}

static void kill_attacher(pid_t attacher)
{
	kill(attacher, SIGKILL);
}

static void do_hang_up(pid_t attacher)
{
	(void)attacher;
	hang_up();
}

static void do_set_n_tty(pid_t attacher)
{
	(void)attacher;
	set_n_tty();
}

TEST_F_TIMEOUT(life, storm, 300)
{
	static void (* const ways[])(pid_t) = { kill_attacher, do_hang_up, do_set_n_tty };
	int cycle;

	srand(4);
	for (cycle = 0; cycle < STORM_CYCLES; cycle++) {
		pid_t attacher = start_attacher(), traffic[3];
		int i;

		ASSERT_LT(0, attacher);
		for (i = 0; i < 3; i++)
			traffic[i] = start_traffic();
		sleep_us(rand() % 40000);
		/* Some of them may not have opened it yet. */
		ways[cycle % 3](attacher);
		for (i = 0; i < 3; i++) {
			int status = exit_of(traffic[i]);

			EXPECT_TRUE(status == 0 || status == 1) {
				TH_LOG("cycle %d: traffic ended with %d", cycle, status);
			}
		}
		testbus_end(attacher, SIGKILL);
	}
}

TEST_HARNESS_MAIN
