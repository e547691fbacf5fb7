// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Transactions that nobody waits for, several at once, the modes of a file,
 * and the records that read() gives.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
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

#define OK		(MATENET_ST_OK | MATENET_ST_TX_DONE)
#define NOBODY_THERE	11	/* a port without a device */

FIXTURE(async) {
	pid_t sim;
	int tty;
	int fd;
	int other;
};

FIXTURE_SETUP(async)
{
	testbus_modules();
	ASSERT_EQ(0, wire_inject(0, "clear"));
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR | O_NONBLOCK);
	self->other = testbus_open(O_RDWR);
}

FIXTURE_TEARDOWN(async)
{
	close(self->other);
	close(self->fd);
	testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
}

static int batch(int fd, struct matenet_xfer *xfers, unsigned int count, unsigned int *done)
{
	struct matenet_batch b = { .xfers = (uintptr_t)xfers, .count = count };
	int ret = ioctl(fd, MATENET_IOC_BATCH, &b) ? -errno : 0;

	if (done)
		*done = b.done;
	return ret;
}

static int set_mode(int fd, unsigned int mode)
{
	struct matenet_mode m = { .mode = mode };

	return ioctl(fd, MATENET_IOC_S_MODE, &m) ? -errno : 0;
}

static short revents(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	if (ms)
		p.events = POLLIN;
	return poll(&p, 1, ms) < 0 ? -1 : p.revents;
}

/* The next record, waited for. */
static int next(int fd, struct matenet_record *r)
{
	ssize_t n;

	if (revents(fd, 5000) <= 0)
		return -ETIME;
	n = read(fd, r, sizeof(*r));
	return n == sizeof(*r) ? 0 : n < 0 ? -errno : -EIO;
}

/* The next that is not about the configuration. */
static int next_xfer(int fd, struct matenet_record *r)
{
	int ret;

	do
		ret = next(fd, r);
	while (!ret && r->type != MATENET_REC_XFER);
	return ret;
}

static struct matenet_xfer silent(unsigned int timeout_us)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);

	x.timeout_us = timeout_us;
	return x;
}

static int right_read(const struct matenet_xfer *x)
{
	return x->status == OK && x->rx_len == 3 &&
	       (x->rx[1] << 8 | x->rx[2]) ==
	       matesim_pattern(x->tx[0], x->tx[2] << 8 | x->tx[3]);
}

TEST_F(async, submit_and_read)
{
	struct matenet_record r;
	uint32_t sequence[10];
	int i;

	EXPECT_EQ(POLLOUT, revents(self->fd, 0));
	for (i = 0; i < 10; i++) {
		struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, i, 0);

		x.user_data = 1000 + i;
		ASSERT_EQ(0, testbus_submit(self->fd, &x));
		EXPECT_NE(0, x.sequence);
		sequence[i] = x.sequence;
	}
	/* They come in order, each with its own. */
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, next(self->fd, &r));
		EXPECT_EQ(MATENET_REC_XFER, r.type);
		EXPECT_EQ(0, r.flags);
		EXPECT_EQ(0, r.lost);
		EXPECT_EQ(sequence[i], r.xfer.sequence);
		EXPECT_EQ(1000 + i, r.xfer.user_data);
		EXPECT_TRUE(right_read(&r.xfer));
		EXPECT_LE(r.xfer.rx_ts, r.ts);
	}
	EXPECT_EQ(-1, read(self->fd, &r, sizeof(r)));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(POLLOUT, revents(self->fd, 0));
}

TEST_F(async, read_takes_whole_records)
{
	void *unmapped = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct matenet_record r[8];
	int i;

	EXPECT_EQ(-1, read(self->fd, r, sizeof(r[0]) - 1));
	EXPECT_EQ(EINVAL, errno);
	for (i = 0; i < 5; i++) {
		struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, i, 0);

		ASSERT_EQ(0, testbus_submit(self->fd, &x));
	}
	sleep_us(500000);
	EXPECT_EQ(2 * sizeof(r[0]), read(self->fd, r, 3 * sizeof(r[0]) - 1));
	EXPECT_EQ(3 * sizeof(r[0]), read(self->fd, r, sizeof(r)));
	/* What could not be delivered is not lost. */
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 7, 0);

	ASSERT_EQ(0, testbus_submit(self->fd, &x));
	sleep_us(100000);
	EXPECT_EQ(-1, read(self->fd, unmapped, sizeof(r[0])));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_EQ(0, next(self->fd, &r[0]));
	EXPECT_TRUE(right_read(&r[0].xfer));
}

TEST_F(async, blocking_read)
{
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 5, 0);
	struct matenet_record r;

	ASSERT_EQ(0, testbus_submit(self->other, &x));
	ASSERT_EQ(sizeof(r), read(self->other, &r, sizeof(r)));
	EXPECT_TRUE(right_read(&r.xfer));
}

TEST_F(async, full_queue)
{
	struct matenet_xfer x = silent(2000000);
	int i;

	for (i = 0; i < 66; i++) {
		struct matenet_xfer y = testbus_request(1, MATENET_CMD_READ, i, 0);
		int ret = testbus_submit(self->fd, i ? &y : &x);

		/* One is on the wire, 64 wait. */
		EXPECT_EQ(i < 65 ? 0 : -EAGAIN, ret);
		if (!i)
			sleep_us(100000);
	}
	EXPECT_EQ(0, revents(self->fd, 0) & POLLOUT);
	/* Another file has its own. */
	EXPECT_TRUE(testbus_read_right(self->other, 1, 3));
	EXPECT_EQ(POLLOUT, revents(self->fd, 0) & POLLOUT);
}

TEST_F(async, cancel)
{
	struct matenet_xfer x = silent(1000000), y = testbus_request(1, MATENET_CMD_READ, 1, 0),
		z = testbus_request(1, MATENET_CMD_READ, 2, 0);
	uint64_t sent = testbus_counter("commands");
	struct matenet_record r;

	ASSERT_EQ(0, testbus_submit(self->fd, &x));
	sleep_us(100000);
	ASSERT_EQ(0, testbus_submit(self->fd, &y));
	ASSERT_EQ(0, testbus_submit(self->fd, &z));
	EXPECT_EQ(-EBUSY, testbus_cancel(self->fd, x.sequence));
	EXPECT_EQ(0, testbus_cancel(self->fd, y.sequence));
	EXPECT_EQ(-ENOENT, testbus_cancel(self->fd, y.sequence));
	EXPECT_EQ(-ENOENT, testbus_cancel(self->fd, 0));
	EXPECT_EQ(-ENOENT, testbus_cancel(self->other, z.sequence));
	ASSERT_EQ(0, next(self->fd, &r));
	EXPECT_EQ(y.sequence, r.xfer.sequence);
	EXPECT_EQ(MATENET_ST_ABORTED, r.xfer.status);
	ASSERT_EQ(0, next(self->fd, &r));
	EXPECT_EQ(x.sequence, r.xfer.sequence);
	ASSERT_EQ(0, next(self->fd, &r));
	EXPECT_EQ(z.sequence, r.xfer.sequence);
	EXPECT_TRUE(right_read(&r.xfer));
	EXPECT_EQ(sent + 2, testbus_counter("commands"));
}

/* Nothing of others comes in between, as the recorder of the wire has seen. */
TEST_F(async, batch_is_whole)
{
	struct matenet_xfer x[8];
	struct wire_log log;
	unsigned int done, i, k, round, run = 0, wrong = 0;
	pid_t pid = fork();

	if (!pid) {
		int fd = testbus_open(O_RDONLY);

		while (testbus_read_right(fd, 2, rand()))
			;
		_exit(0);
	}
	sleep_us(100000);
	ASSERT_EQ(0, wire_record_clear(0));
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 8; i++)
			x[i] = testbus_request(1, MATENET_CMD_READ, rand(), 0);
		ASSERT_EQ(0, batch(self->fd, x, 8, &done));
		EXPECT_EQ(8, done);
		for (i = 0; i < 8; i++)
			EXPECT_TRUE(right_read(&x[i]));
	}
	sleep_us(2000);
	ASSERT_EQ(0, wire_record_read(0, &log));
	/* Commands to port 1 come eight in a row. */
	for (k = 0; k < log.n; k++) {
		if (log.byte[k].port || !(log.byte[k].bits & 0x100))
			continue;
		if ((log.byte[k].bits & 0xff) == 1)
			run++;
		else
			wrong += run % 8 != 0;
	}
	EXPECT_EQ(40, run);
	EXPECT_EQ(0, wrong);
	wire_log_free(&log);
	testbus_end(pid, SIGKILL);
}

TEST_F(async, batch_stops)
{
	struct matenet_xfer x[4];
	unsigned int done, i;

	for (i = 0; i < 4; i++)
		x[i] = testbus_request(i == 1 ? NOBODY_THERE : 1, MATENET_CMD_READ, i, 0);
	ASSERT_EQ(0, batch(self->fd, x, 4, &done));
	EXPECT_EQ(4, done);
	EXPECT_TRUE(right_read(&x[3]));

	for (i = 0; i < 4; i++) {
		x[i] = testbus_request(i == 1 ? NOBODY_THERE : 1, MATENET_CMD_READ, i, 0);
		x[i].flags = MATENET_XFER_STOP;
	}
	ASSERT_EQ(0, batch(self->fd, x, 4, &done));
	EXPECT_EQ(2, done);
	EXPECT_TRUE(right_read(&x[0]));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, x[1].status);
	EXPECT_EQ(MATENET_ST_SKIPPED, x[2].status);
	EXPECT_EQ(MATENET_ST_SKIPPED, x[3].status);
}

TEST_F(async, modes)
{
	struct matenet_mode m = { .mode = ~0U, .port_mask = ~0ULL }, is;
	unsigned int i;

	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_G_MODE, &m));
	EXPECT_EQ(MATENET_MODE_USER, m.mode);
	EXPECT_EQ(0, m.port_mask);
	for (i = MATENET_MODE_MONITOR + 1; i--;) {
		m = (struct matenet_mode){ .mode = i, .port_mask = 0x8000000000000001ULL << i };
		ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_S_MODE, &m));
		memset(&is, 0xff, sizeof(is));
		ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_G_MODE, &is));
		EXPECT_EQ(0, memcmp(&m, &is, sizeof(is)));
		/* It is that of the file alone. */
		ASSERT_EQ(0, ioctl(self->other, MATENET_IOC_G_MODE, &is));
		EXPECT_EQ(MATENET_MODE_USER, is.mode);
	}
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
}

TEST_F(async, exclusive)
{
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 1, 0);

	ASSERT_EQ(0, set_mode(self->fd, MATENET_MODE_EXCLUSIVE));
	EXPECT_EQ(0, set_mode(self->fd, MATENET_MODE_EXCLUSIVE));
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	EXPECT_EQ(-EBUSY, set_mode(self->other, MATENET_MODE_EXCLUSIVE));
	EXPECT_EQ(-EBUSY, testbus_xfer(self->other, &x));
	EXPECT_EQ(-EBUSY, testbus_submit(self->other, &x));
	EXPECT_EQ(-EBUSY, batch(self->other, &x, 1, NULL));
	/* Closing gives the bus back. */
	close(self->fd);
	EXPECT_TRUE(testbus_read_right(self->other, 1, 1));
	self->fd = testbus_open(O_RDWR | O_NONBLOCK);
	ASSERT_EQ(0, set_mode(self->other, MATENET_MODE_EXCLUSIVE));
	EXPECT_EQ(-EBUSY, testbus_xfer(self->fd, &x));
	ASSERT_EQ(0, set_mode(self->other, MATENET_MODE_USER));
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
}

/* A bus that is locked again sends nothing that was queued before. */
TEST_F(async, locked_meanwhile)
{
	struct matenet_config config;
	struct matenet_xfer x = silent(500000), y = testbus_request(1, MATENET_CMD_WRITE, 1, 1);
	uint64_t sent = testbus_counter("commands");
	struct matenet_record r;

	testbus_allow_writes(self->other);
	ASSERT_EQ(0, testbus_submit(self->fd, &x));
	ASSERT_EQ(0, testbus_submit(self->fd, &y));
	sleep_us(100000);
	config = testbus_config(self->other);
	config.flags = 0;
	ASSERT_EQ(0, testbus_set_config(self->other, config));
	ASSERT_EQ(0, next_xfer(self->fd, &r));
	EXPECT_EQ(x.sequence, r.xfer.sequence);
	ASSERT_EQ(0, next_xfer(self->fd, &r));
	EXPECT_EQ(y.sequence, r.xfer.sequence);
	EXPECT_EQ(MATENET_ST_ABORTED, r.xfer.status);
	EXPECT_EQ(sent + 1, testbus_counter("commands"));
}

/* Once a file has the bus for itself, what others had queued is not sent. */
TEST_F(async, taken_meanwhile)
{
	struct matenet_xfer x = silent(500000), y = testbus_request(1, MATENET_CMD_READ, 1, 0);
	uint64_t sent = testbus_counter("commands");
	struct matenet_record r;

	ASSERT_EQ(0, testbus_submit(self->fd, &x));
	ASSERT_EQ(0, testbus_submit(self->fd, &y));
	sleep_us(100000);
	ASSERT_EQ(0, set_mode(self->other, MATENET_MODE_EXCLUSIVE));
	ASSERT_EQ(0, next(self->fd, &r));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, r.xfer.status);
	ASSERT_EQ(0, next(self->fd, &r));
	EXPECT_EQ(MATENET_ST_ABORTED, r.xfer.status);
	EXPECT_EQ(sent + 1, testbus_counter("commands"));
	EXPECT_TRUE(testbus_read_right(self->other, 1, 1));
}

/* Who does not read loses the oldest, and is told how many. */
TEST_F_TIMEOUT(async, lost_records, 120)
{
	struct matenet_config config = testbus_config(self->fd);
	struct matenet_record r;
	unsigned int i, n = 0, lost = 0;

	for (i = 0; i < MATENET_MAX_RECORDS + 10; i++) {
		config.gap_us = 20000 + i;
		ASSERT_EQ(0, testbus_set_config(self->other, config));
	}
	while (read(self->fd, &r, sizeof(r)) == sizeof(r)) {
		EXPECT_EQ(MATENET_REC_STATE, r.type);
		EXPECT_EQ(n ? 0 : MATENET_REC_LOST, r.flags);
		lost += r.lost;
		EXPECT_EQ(20000 + lost + n, r.state.gap_us);
		n++;
	}
	EXPECT_EQ(10, lost);
	EXPECT_EQ(MATENET_MAX_RECORDS, n);
}

/* Not even when a record that tells of lost ones could not be delivered, and is lost too. */
TEST_F_TIMEOUT(async, lost_records_are_counted, 120)
{
	struct matenet_config config = testbus_config(self->fd);
	void *unmapped = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i, n = 0, lost = 0;
	struct matenet_record r;

	for (i = 0; i < MATENET_MAX_RECORDS + 20; i++) {
		if (i == MATENET_MAX_RECORDS + 10) {
			EXPECT_EQ(-1, read(self->fd, unmapped, sizeof(r)));
			EXPECT_EQ(EFAULT, errno);
		}
		ASSERT_EQ(0, testbus_set_config(self->other, config));
	}
	while (read(self->fd, &r, sizeof(r)) == sizeof(r)) {
		lost += r.lost;
		n++;
	}
	EXPECT_EQ(MATENET_MAX_RECORDS, n);
	EXPECT_EQ(20, lost);
}

/* What has come before the end can still be read. */
TEST_F(async, records_outlive_the_bus)
{
	struct matenet_xfer x = testbus_request(1, MATENET_CMD_READ, 5, 0), y = silent(5000000),
		z = testbus_request(1, MATENET_CMD_READ, 6, 0);
	struct matenet_record r;

	ASSERT_EQ(0, testbus_submit(self->fd, &x));
	ASSERT_EQ(0, testbus_submit(self->fd, &y));
	ASSERT_EQ(0, testbus_submit(self->fd, &z));
	sleep_us(300000);
	testbus_detach(self->tty);
	EXPECT_EQ(POLLIN | POLLHUP | POLLERR, revents(self->fd, 0));
	EXPECT_EQ(-ENODEV, testbus_submit(self->fd, &x));
	ASSERT_EQ(sizeof(r), read(self->fd, &r, sizeof(r)));
	EXPECT_TRUE(right_read(&r.xfer));
	ASSERT_EQ(sizeof(r), read(self->fd, &r, sizeof(r)));
	EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_ABORTED, r.xfer.status);
	ASSERT_EQ(sizeof(r), read(self->fd, &r, sizeof(r)));
	EXPECT_EQ(MATENET_ST_ABORTED, r.xfer.status);
	EXPECT_EQ(-1, read(self->fd, &r, sizeof(r)));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(POLLHUP | POLLERR, revents(self->fd, 0));
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
}

/* Nothing of a closed file is sent any more; what is on the wire disturbs nobody. */
TEST_F(async, close_with_jobs)
{
	int i, fd = testbus_open(O_RDWR);
	uint64_t sent = testbus_counter("commands");
	struct matenet_xfer x = silent(300000);

	ASSERT_EQ(0, testbus_submit(fd, &x));
	sleep_us(100000);
	for (i = 0; i < 20; i++) {
		struct matenet_xfer y = testbus_request(1, MATENET_CMD_READ, i, 0);

		ASSERT_EQ(0, testbus_submit(fd, &y));
	}
	close(fd);
	EXPECT_TRUE(testbus_read_right(self->other, 1, 1));
	EXPECT_EQ(sent + 2, testbus_counter("commands"));
}

TEST_HARNESS_MAIN
