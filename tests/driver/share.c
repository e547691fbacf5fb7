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
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"

#define PROCESSES	8
#define TRANSACTIONS	400	/* all of them together */

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

static int ask_anything(int fd)
{
	int port = rand() % 11;

	switch (rand() % 4) {
	case 0:
		return testbus_status_right(fd, port, rand() % 16);
	case 1:
		return testbus_log_right(fd, port, rand() % 129);
	default:
		return testbus_read_right(fd, port, rand());
	}
}

/* Asks until all have asked enough together; the count is what this one got. */
static void work(volatile int *count, int *total, int seed)
{
	int fd = testbus_open(O_RDONLY);

	srand(seed);
	while (__sync_fetch_and_add(total, 1) < TRANSACTIONS) {
		if (!ask_anything(fd))
			_exit(1);
		++*count;
	}
	_exit(0);
}

TEST_F_TIMEOUT(share, eight_processes, 120)
{
	int *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int i, status, least = TRANSACTIONS;

	ASSERT_NE(MAP_FAILED, counts);
	for (i = 0; i < PROCESSES; i++)
		if (!fork())
			work(&counts[i], &counts[PROCESSES], i);
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_LT(0, wait(&status));
		EXPECT_EQ(0, status);
	}
	for (i = 0; i < PROCESSES; i++)
		if (counts[i] < least)
			least = counts[i];
	TH_LOG("slowest of %d processes: %d of %d", PROCESSES, least, TRANSACTIONS / PROCESSES);
	EXPECT_LE(TRANSACTIONS / PROCESSES * 80 / 100, least);
	EXPECT_EQ(TRANSACTIONS, testbus_counter("replies"));
	EXPECT_EQ(TRANSACTIONS, testbus_counter("commands"));
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
			if (!ask_anything(fd))
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
