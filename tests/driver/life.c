// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Beginnings and ends, one by one: attach, detach, close, hang up, kill, unplug and
 * unload, and signals.  storm.c has them in any order.
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
	/* Attached by it alone; but how long an answer may take here it cannot know. */
	testbus_stretch(fd);
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
	/* Nothing is sent in the first 100 ms. */
	ualarm(300000, 0);
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

/* The same for a batch: a signal while nothing of it has been sent. */
TEST_F(life, signal_while_batch_queued)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct matenet_xfer x = testbus_request(11, MATENET_CMD_READ, 0, 0), y[3];
	int tty = testbus_attach(TESTBUS_TTY), fd, i;
	struct matenet_batch batch = { .xfers = (uintptr_t)y, .count = 3 };
	uint64_t before;
	pid_t other;

	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDONLY);
	for (i = 0; i < 3; i++)
		y[i] = testbus_request(1, MATENET_CMD_READ, i, 0);
	before = testbus_counter("commands");
	other = fork();
	if (!other) {
		x.timeout_us = 2000000;
		_exit(testbus_xfer(fd, &x) || x.status != (MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT));
	}
	sleep_us(400000);
	sigaction(SIGALRM, &action, NULL);
	ualarm(200000, 0);
	EXPECT_EQ(-1, ioctl(fd, MATENET_IOC_BATCH, &batch));
	EXPECT_EQ(EINTR, errno);
	EXPECT_EQ(0, exit_of(other));
	EXPECT_TRUE(testbus_read_right(fd, 1, 2));
	EXPECT_EQ(before + 2, testbus_counter("commands"));
	close(fd);
	testbus_detach(tty);
}

/* Kills who sends it, in its first transaction; the next one then is of somebody else. */
static uint64_t commands_of_killed(int fd, struct matenet_batch *batch)
{
	uint64_t before = testbus_counter("commands"), sent = testbus_counter("tx_bytes");
	pid_t victim = fork();

	if (!victim) {
		ioctl(fd, MATENET_IOC_BATCH, batch);
		_exit(0);
	}
	while (testbus_counter("tx_bytes") == sent)
		sleep_us(1000);
	testbus_end(victim, SIGKILL);
	return testbus_read_right(fd, 1, 2) ? testbus_counter("commands") - before - 1 : 0;
}

/*
 * And when it has begun: it goes on to its end.  If nobody is there to wait for that any
 * more it does so only if it changes something.
 */
TEST_F(life, signal_within_batch)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int tty = testbus_attach(TESTBUS_TTY), fd, i;
	struct matenet_xfer x[4];
	struct matenet_batch batch = { .xfers = (uintptr_t)x, .count = 4 };
	struct matenet_config config;
	uint64_t before;

	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDWR);
	for (i = 0; i < 4; i++) {
		x[i] = testbus_request(11, MATENET_CMD_READ, i, 0);
		x[i].timeout_us = 300000;
	}
	before = testbus_counter("commands");
	sigaction(SIGALRM, &action, NULL);
	ualarm(300000, 0);
	EXPECT_EQ(0, ioctl(fd, MATENET_IOC_BATCH, &batch));
	EXPECT_EQ(4, batch.done);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, x[i].status);
	EXPECT_EQ(before + 4, testbus_counter("commands"));

	for (i = 0; i < 4; i++)
		x[i].retries = 5;
	EXPECT_EQ(1, commands_of_killed(fd, &batch));

	config = testbus_config(fd);
	config.flags |= MATENET_CFG_WRITABLE;
	ASSERT_EQ(0, testbus_set_config(fd, config));
	x[3] = testbus_request(11, MATENET_CMD_WRITE, 1, 2);
	for (i = 0; i < 3; i++)
		x[i].retries = 1;
	EXPECT_EQ(7, commands_of_killed(fd, &batch));
	close(fd);
	testbus_detach(tty);
}

/* Whoever opens a tty that was hung up gets an ordinary one, and may attach it. */
TEST_F(life, open_after_hangup)
{
	pid_t attacher = start_attacher();
	int fd, ldisc = -1;

	ASSERT_LT(0, attacher);
	hang_up();
	fd = open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ioctl(fd, TIOCGETD, &ldisc));
	EXPECT_EQ(0, ldisc);
	close(fd);
	fd = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, fd);
	testbus_detach(fd);
	testbus_end(attacher, SIGKILL);
}

/* What was submitted has its record before read() says that there is no more. */
TEST_F(life, all_records_at_the_end)
{
	int tty = testbus_attach(TESTBUS_TTY), fd, i, n = 0, submitted = 0;
	struct matenet_record r;
	ssize_t ret;
	pid_t other;

	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDONLY | O_NONBLOCK);
	EXPECT_TRUE(testbus_read_right(fd, 1, 1));
	other = fork();
	if (!other) {
		/* While the first command is being sent. */
		sleep_us(6000);
		testbus_detach(tty);
		_exit(0);
	}
	for (i = 0; i < 20; i++) {
		struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, i, 0);

		submitted += !ioctl(fd, MATENET_IOC_SUBMIT, &x);
	}
	for (;;) {
		ret = read(fd, &r, sizeof(r));
		if (ret == sizeof(r))
			n += r.type == MATENET_REC_XFER;
		else if (errno != EAGAIN)
			break;
		else
			sleep_us(200);
	}
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(submitted, n);
	EXPECT_EQ(0, exit_of(other));
	close(fd);
	close(tty);
}

/* Somebody who asks what is answered 40 ms later than usual, and waits for it. */
static pid_t ask_for_late(int fd)
{
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 2, 0);
	pid_t pid;

	if (wire_inject(0, "1 delay 1 40000"))
		return -1;
	pid = fork();
	if (!pid) {
		testbus_xfer(fd, &x);
		_exit(0);
	}
	return pid;
}

/* The answer to what a bus has asked is none to the one that comes after it. */
TEST_F(life, late_answer_to_another_bus)
{
	int tty = testbus_attach(TESTBUS_TTY), fd, i;
	pid_t other;

	for (i = 0; i < 5; i++) {
		ASSERT_LE(0, tty);
		fd = testbus_open(O_RDONLY);
		EXPECT_TRUE(testbus_read_right(fd, 1, 1));
		other = ask_for_late(fd);
		ASSERT_LT(0, other);
		sleep_us(20000);
		testbus_detach(tty);
		close(fd);
		tty = testbus_attach(TESTBUS_TTY);
		ASSERT_LE(0, tty);
		EXPECT_EQ(0, exit_of(other));
	}
	fd = testbus_open(O_RDONLY);
	EXPECT_TRUE(testbus_read_right(fd, 1, 3));
	close(fd);
	testbus_detach(tty);
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

static void do_unplug(pid_t attacher)
{
	(void)attacher;
	testbus_unplug(0);
}

/* A moment in a transaction, after its beginning, and whether its command is sent. */
static const struct moment {
	const char *what;
	int us;
	bool sent;
} moments[] = {
	{ "in the silence before", 4000, false },
	{ "at byte 0", 600, true },
	{ "between byte 0 and 1", 1180, true },
	{ "within the command", 4000, true },
	{ "in its last byte", 9000, true },
	{ "waiting for the reply", 9800, true },
	{ "within the reply", 13000, true },
};

static const struct {
	const char *name;
	void (*die)(pid_t attacher);
} ways[] = {
	{ "last close", kill_attacher }, { "hangup", do_hang_up },
	{ "N_TTY", do_set_n_tty }, { "unplug", do_unplug },
};

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

/* Bytes of the controller on the wire, and whether they are one whole command. */
static size_t bytes_sent(bool *whole)
{
	struct wire_log log;
	size_t i, n = 0;

	*whole = true;
	if (wire_record_read(0, &log))
		return ~0u;
	for (i = 0; i < log.n; i++)
		if (!log.byte[i].port)
			*whole &= !!(log.byte[i].bits & 0x100) == !n++;
	wire_log_free(&log);
	*whole &= n == 8;
	return n;
}

/* An answer that comes when another line discipline is there is not echoed to the bus. */
TEST_F(life, late_answer_to_n_tty)
{
	int tty = testbus_attach(TESTBUS_TTY), fd;
	pid_t other;
	bool whole;

	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDONLY);
	EXPECT_TRUE(testbus_read_right(fd, 1, 1));
	ASSERT_EQ(0, wire_record_clear(0));
	other = ask_for_late(fd);
	ASSERT_LT(0, other);
	sleep_us(15000);
	set_n_tty();
	EXPECT_EQ(0, exit_of(other));
	sleep_us(200000);
	EXPECT_EQ(8, bytes_sent(&whole));
	EXPECT_TRUE(whole);
	close(fd);
	close(tty);
}

/* Nobody takes over what is hung up, so that nobody waits for an answer that may be late. */
TEST_F(life, hangup_waits_for_nothing)
{
	struct matenet_xfer x = testbus_request(11, MATENET_CMD_READ, 0, 0);
	int tty = testbus_attach(TESTBUS_TTY), fd;
	struct matenet_config config;
	int64_t began;

	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDWR);
	config = testbus_config(fd);
	config.late_us = 10000000;
	ASSERT_EQ(0, testbus_set_config(fd, config));
	x.timeout_us = 5000;
	EXPECT_EQ(0, testbus_xfer(fd, &x));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, x.status);
	began = now_us();
	hang_up();
	EXPECT_GT(5000000, now_us() - began);
	close(fd);
	close(tty);
}

static void die_at(struct __test_metadata *_metadata, const struct moment *moment, int way,
		   struct matenet_xfer *x)
{
	pid_t attacher = start_attacher(), user;
	bool whole, late, smp;
	int64_t began;
	int fd, ret;
	size_t n;

	ASSERT_LT(0, attacher);
	fd = testbus_open(O_RDWR);
	EXPECT_TRUE(testbus_read_right(fd, 1, 5));
	if (!moment->sent) {
		/* After this nothing is sent for a while. */
		*x = testbus_request(11, MATENET_CMD_READ, 0, 0);
		x->timeout_us = 1000;
		EXPECT_EQ(0, testbus_xfer(fd, x));
	}
	sleep_us(2000);
	ASSERT_EQ(0, wire_record_clear(0));
	began = now_us() + 20000;
	user = fork();
	if (!user) {
		*x = testbus_request(1, MATENET_CMD_READ, 7, 0);
		sleep_us(began - now_us());
		ret = testbus_xfer(fd, x);
		_exit(ret == -ENODEV ? 0 : 1);
	}
	sleep_us(began + moment->us - now_us());
	ways[way].die(attacher);
	ret = exit_of(user);
	/*
	 * TIOCSETD first waits until the tty has sent what it has, and asks it every few
	 * ticks only: by then the reply may be in, and is right.
	 */
	late = x->status & MATENET_ST_OK;
	smp = testbus_profile() == PROFILE_SMP;
	if (late) {
		EXPECT_EQ(matesim_pattern(1, 7), x->rx[1] << 8 | x->rx[2]);
		if (!smp)
			EXPECT_TRUE(ways[way].die == do_set_n_tty);
	}
	if (!late)
		EXPECT_EQ(0, ret);
	testbus_end(attacher, SIGKILL);
	close(fd);
	if (ways[way].die == do_unplug)
		EXPECT_EQ(0, testbus_plug(0));

	/*
	 * TX_DONE is set if, and only if, a device may have heard it all; nobody hears
	 * half, but that the serial core sends nothing any more for a port that has gone.
	 * In smp who asks may stand still until there is no bus, and so may the wire until
	 * the port, which by the clock has sent it all, has been shut down.
	 */
	if (!late && !(smp && !x->status))
		EXPECT_EQ(MATENET_ST_ABORTED, x->status & ~MATENET_ST_TX_DONE);
	/* Within the first bytes one call may have come before the other. */
	if (!smp && moment->us > 2000 && !late)
		EXPECT_EQ(moment->sent, !!(x->status & MATENET_ST_TX_DONE)) {
			TH_LOG("%s %s: status 0x%x, attempt %u", ways[way].name, moment->what,
			       x->status, x->attempts);
		}
	n = bytes_sent(&whole);
	if (n < 8 && smp && x->status & MATENET_ST_TX_DONE)
		whole = true;
	else if (n < 8 && ways[way].die == do_unplug)
		whole = n > 0;
	else
		EXPECT_EQ(x->status & MATENET_ST_TX_DONE ? 8 : 0, n);
	EXPECT_EQ(!!(x->status & MATENET_ST_TX_DONE), whole) {
		TH_LOG("%s %s", ways[way].name, moment->what);
	}
}

TEST_F_TIMEOUT(life, death_at_each_moment, 300)
{
	struct matenet_xfer *x = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int way, i;

	ASSERT_NE(MAP_FAILED, x);
	for (way = 0; way < COUNT(ways); way++)
		for (i = 0; i < COUNT(moments); i++)
			die_at(_metadata, &moments[i], way, x);
}

/* Something goes wrong while it is plugged in again: nothing of the old bus is there. */
TEST_F(life, unplug_and_plug)
{
	pid_t attacher = start_attacher(), traffic;
	int tty, fd;

	ASSERT_LT(0, attacher);
	traffic = start_traffic();
	sleep_us(150000);
	EXPECT_EQ(0, testbus_unplug(0));
	EXPECT_EQ(0, exit_of(traffic));
	EXPECT_NE(0, access(TESTBUS_NODE, F_OK));
	EXPECT_EQ(-1, open(TESTBUS_TTY, O_RDWR | O_NOCTTY | O_NONBLOCK));
	/* Who attached it still has it open. */
	EXPECT_EQ(0, testbus_plug(0));
	tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, tty);
	fd = testbus_open(O_RDONLY);
	EXPECT_TRUE(testbus_read_right(fd, 1, 9));
	close(fd);
	testbus_detach(tty);
	testbus_end(attacher, SIGKILL);
}

TEST_HARNESS_MAIN
