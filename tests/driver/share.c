// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several processes on one bus: every answer belongs to its question, every
 * frame is whole, nobody waits longer than his turn.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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

#define PROCESSES	8
#define OK		(MATENET_ST_OK | MATENET_ST_TX_DONE)
#define COMMAND		8	/* bytes on the wire */
#define MOST		8	/* questions at once */

FIXTURE(share) {
	pid_t sim;
	int tty;
};

FIXTURE_SETUP(share)
{
	testbus_modules();
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
}

FIXTURE_TEARDOWN(share)
{
	testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
}

/*
 * A question tells who asks, which of his it is, and which of how many of a batch:
 * in the two fields of a command, of which the answer is a function of the first.
 */
#define TAG(process, number)	((process) << 13 | ((number) & 0x1fff))
#define PROCESS_OF(tag)		((tag) >> 13)
#define NUMBER_OF(tag)		((tag) & 0x1fff)
#define PLACE(at, of)		((at) << 8 | (of))
#define AT(place)		((place) >> 8)
#define OF(place)		((place) & 0xff)

struct asker {
	int process, fd;
	unsigned int asked;
};

static struct matenet_xfer question(struct asker *who, int at, int of)
{
	uint16_t tag = TAG(who->process, who->asked++), place = PLACE(at, of);
	struct matenet_xfer x;

	switch (rand() % 8) {
	case 0:
		x = testbus_request(rand() % 11, MATENET_CMD_STATUS, tag, place);
		break;
	case 1:
		x = testbus_request(rand() % 11, MATENET_CMD_LOG, place, tag);
		break;
	default:
		x = testbus_request(rand() % 11, MATENET_CMD_READ, tag, place);
	}
	/* Eight busy processes and the simulator on two emulated CPUs. */
	if (testbus_profile() == PROFILE_SMP)
		x.timeout_us = 2000000;
	return x;
}

static int answered(const struct matenet_xfer *x)
{
	uint16_t addr = x->tx[2] << 8 | x->tx[3], param = x->tx[4] << 8 | x->tx[5];
	const uint8_t *data = x->rx + 1;
	unsigned int i, len = x->tx[1] == MATENET_CMD_STATUS ? 13 : 14;

	if (x->status != OK)
		return 0;
	if (x->tx[1] == MATENET_CMD_READ)
		return x->rx_len == 3 &&
		       (data[0] << 8 | data[1]) == matesim_pattern(x->tx[0], addr);
	for (i = 0; i < len && x->rx_len == len + 1; i++)
		if (data[i] != (len == 13 ? matesim_pattern_status(x->tx[0], addr, i) :
					    matesim_pattern_log(x->tx[0], param, i)))
			return 0;
	return i == len;
}

/* Each of these asks some questions and returns how many, 0 if an answer was wrong. */
static int ask_by_xfer(struct asker *who)
{
	struct matenet_xfer x = question(who, 0, 0);

	return !testbus_xfer(who->fd, &x) && answered(&x);
}

static int ask_by_batch(struct asker *who)
{
	int i, n = 2 + rand() % (MOST - 1);
	struct matenet_xfer x[MOST];
	struct matenet_batch batch = { .xfers = (uintptr_t)x, .count = n };

	for (i = 0; i < n; i++)
		x[i] = question(who, i, n);
	if (ioctl(who->fd, MATENET_IOC_BATCH, &batch) || batch.done != n)
		return 0;
	for (i = 0; i < n; i++)
		if (!answered(&x[i]))
			return 0;
	return n;
}

static int ask_by_submit(struct asker *who)
{
	int i, n = 1 + rand() % MOST;
	struct matenet_xfer x[MOST];
	struct matenet_record r;

	for (i = 0; i < n; i++) {
		x[i] = question(who, 0, 0);
		if (ioctl(who->fd, MATENET_IOC_SUBMIT, &x[i]))
			return 0;
	}
	for (i = 0; i < n; i++)
		if (read(who->fd, &r, sizeof(r)) != sizeof(r) || r.type != MATENET_REC_XFER ||
		    r.lost || r.xfer.sequence != x[i].sequence ||
		    memcmp(r.xfer.tx, x[i].tx, sizeof(x[i].tx)) || !answered(&r.xfer))
			return 0;
	return n;
}

static int ask(struct asker *who)
{
	static int (* const ways[])(struct asker *) = {
		ask_by_xfer, ask_by_batch, ask_by_submit
	};
	int way = who->process % 4;

	return ways[way < 3 ? way : rand() % 3](who);
}

struct counts {
	int total, of[PROCESSES];
};

/* Asks until all together have asked enough. */
static void work(struct counts *counts, int process, int enough)
{
	struct asker who = { process, testbus_open(O_RDONLY), 0 };
	int n;

	srand(process);
	while (__atomic_load_n(&counts->total, __ATOMIC_RELAXED) < enough) {
		n = ask(&who);
		if (!n)
			_exit(1);
		counts->of[process] += n;
		__atomic_fetch_add(&counts->total, n, __ATOMIC_RELAXED);
	}
	_exit(0);
}

/* What is wrong on the wire, by kind. */
struct wrong {
	int frames;	/* not eight bytes, the first one marked, right sum, no pause */
	int order;	/* not in the order in which its file asked */
	int batches;	/* others in between */
};

static int frame_is_whole(const struct wire_byte *b, size_t n)
{
	unsigned int sum = 0, i;

	if (n < COMMAND)
		return 0;
	for (i = 0; i < COMMAND; i++) {
		if (b[i].port || !!(b[i].bits & 0x100) != !i || strcmp(b[i].flags, "-"))
			return 0;
		/* Those that go under one parity go without a pause, if their CPU has none. */
		if (i > 1 && b[i].start > b[i - 1].end + 1 && testbus_profile() != PROFILE_SMP)
			return 0;
		if (i < COMMAND - 2)
			sum += b[i].bits & 0xff;
	}
	return (b[6].bits & 0xff) == sum >> 8 && (b[7].bits & 0xff) == (sum & 0xff);
}

static unsigned int field(const struct wire_byte *b)
{
	return (b[0].bits & 0xff) << 8 | (b[1].bits & 0xff);
}

static struct wrong judge_wire(const struct wire_log *log, struct counts *sent)
{
	const struct wire_byte *b = log->byte;
	int due = 0, size = 0, whose = 0, process;
	struct wrong wrong = { 0 };
	unsigned int tag, place;
	size_t i = 0;

	while (i < log->n) {
		if (b[i].port) {
			i++;
			continue;
		}
		if (!frame_is_whole(&b[i], log->n - i)) {
			wrong.frames++;
			i++;
			continue;
		}
		tag = field(&b[i + 2]);
		place = field(&b[i + 4]);
		if ((b[i + 1].bits & 0xff) == MATENET_CMD_LOG) {
			tag = field(&b[i + 4]);
			place = field(&b[i + 2]);
		}
		process = PROCESS_OF(tag);
		wrong.order += NUMBER_OF(tag) != (sent->of[process] & 0x1fff);
		if (due)
			wrong.batches += process != whose || AT(place) != due || OF(place) != size;
		else
			wrong.batches += AT(place) != 0;
		size = OF(place);
		due = (AT(place) + 1) % (size ? size : 1);
		whose = process;
		sent->of[process]++;
		sent->total++;
		i += COMMAND;
	}
	return wrong;
}

/* All of them where time is virtual and cheap; in real time they take ten minutes. */
static int enough_questions(void)
{
	static const int enough[] = {
		[PROFILE_UML] = 20000, [PROFILE_TIMING] = 4000, [PROFILE_SMP] = 600
	};

	return getenv("LONG") ? 20000 : enough[testbus_profile()];
}

TEST_F_TIMEOUT(share, eight_processes, 2000)
{
	struct counts *counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, status, enough = enough_questions(), least;
	struct counts sent = { 0 };
	struct wire_log log;
	struct wrong wrong;

	ASSERT_NE(MAP_FAILED, counts);
	ASSERT_EQ(0, wire_record_clear(0));
	for (i = 0; i < PROCESSES; i++)
		if (!fork())
			work(counts, i, enough);
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
	EXPECT_LE(enough, counts->total);
	EXPECT_EQ(counts->total, testbus_counter("replies"));
	EXPECT_EQ(counts->total, testbus_counter("commands"));

	least = counts->of[0];
	for (i = 1; i < PROCESSES; i++)
		if (counts->of[i] < least)
			least = counts->of[i];
	TH_LOG("%d transactions of %d processes, the slowest has %d, %.1f %% of its share",
	       counts->total, PROCESSES, least, least * PROCESSES * 100. / counts->total);
	EXPECT_LE(counts->total * 80LL / 100, least * PROCESSES);

	sleep_us(1000);	/* the last stop bit is still on the wire */
	ASSERT_EQ(0, wire_record_read(0, &log));
	wrong = judge_wire(&log, &sent);
	EXPECT_EQ(0, wrong.frames);
	EXPECT_EQ(0, wrong.order);
	EXPECT_EQ(0, wrong.batches);
	EXPECT_EQ(0, memcmp(&sent, counts, sizeof(sent)));
	wire_log_free(&log);
}

/* One that queues a lot does not keep one that asks now and then waiting. */
TEST_F_TIMEOUT(share, turns, 120)
{
	int64_t began, longest = 0;
	int i, fd;
	pid_t greedy = fork();

	if (!greedy) {
		/* Twelve waiting in the queue of one file, by processes that share it. */
		fd = testbus_open(O_RDONLY);
		for (i = 0; i < 11; i++)
			if (!fork())
				break;
		srand(i);
		for (;;)
			if (!testbus_read_right(fd, rand() % 11, rand()))
				_exit(1);
	}
	fd = testbus_open(O_RDONLY);
	sleep_us(300000);
	for (i = 0; i < 20; i++) {
		began = now_us();
		EXPECT_TRUE(testbus_read_right(fd, 1, i));
		if (now_us() - began > longest)
			longest = now_us() - began;
	}
	TH_LOG("longest wait for a turn and a READ: %lld us", (long long)longest);
	/* Its own, and at most two of the other file's: far from twelve. */
	if (testbus_profile() != PROFILE_SMP)
		EXPECT_GT(150000, longest);
	close(fd);
	/* Those eleven end with the bus. */
	testbus_detach(self->tty);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	waitpid(greedy, NULL, 0);
}

/* No file can have more than its 64 waiting. */
TEST_F_TIMEOUT(share, full_queue, 120)
{
	int i, status, fd = testbus_open(O_RDONLY), full = 0;
	struct matenet_xfer x = testbus_request(11, MATENET_CMD_READ, 0, 0);

	for (i = 0; i < 70; i++) {
		if (!fork()) {
			x.timeout_us = 5000000;
			_exit(testbus_xfer(fd, &x) == -EAGAIN);
		}
		if (!i)
			sleep_us(100000);
	}
	/* The first is on the wire for five seconds, 64 wait, the others are told so. */
	sleep_us(2000000);
	testbus_detach(self->tty);
	for (i = 0; i < 70; i++) {
		wait(&status);
		full += WEXITSTATUS(status);
	}
	EXPECT_EQ(5, full);
	close(fd);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
}

TEST_HARNESS_MAIN
