// SPDX-License-Identifier: GPL-2.0-or-later
/* Signals and periods of verbs that go on until they are stopped. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "loop.h"

volatile sig_atomic_t loop_stopped, loop_suspended;

static sigset_t while_waiting;

static void on_signal(int sig)
{
	if (sig == SIGTSTP)
		loop_suspended = 1;
	else if (sig != SIGWINCH)
		loop_stopped = 1;
}

void loop_signals(void)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&block, caught[i]);
	sigprocmask(SIG_BLOCK, &block, &while_waiting);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
		sigdelset(&while_waiting, caught[i]);
		sigaction(caught[i], &action, NULL);
	}
}

void loop_catch_suspend(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGTSTP);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigdelset(&while_waiting, SIGTSTP);
	sigaction(SIGTSTP, &action, NULL);
}

double loop_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int loop_wait(double *round, unsigned int period_ms)
{
	*round = loop_next(*round, period_ms);
	/* At least once: a round that takes longer than a period must not be deaf. */
	do {
		if (loop_poll(-1, *round) < 0)
			return -1;
		if (loop_stopped)
			return 1;
	} while (loop_clock() < *round);
	return 0;
}

double loop_next(double last, unsigned int period_ms)
{
	double next = last + period_ms / 1e3, now = loop_clock();

	return next > now ? next : now;
}

int loop_poll(int fd, double until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	double left = until - loop_clock();
	struct timespec wait = { 0 };
	int n;

	if (left > 0) {
		wait.tv_sec = (time_t)left;
		wait.tv_nsec = (long)((left - floor(left)) * 1e9);
	}
	n = ppoll(&p, 1, until < 0 ? NULL : &wait, &while_waiting);
	if (n < 0)
		return errno == EINTR ? 0 : -1;
	return n;
}

void local_time(char text[32])
{
	time_t now = time(NULL);
	struct tm tm;

	if (!localtime_r(&now, &tm) || !strftime(text, 32, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(text, 32, "%lld", (long long)now);
}

json_t *json_time(void)
{
	char text[64], day[32], zone[8];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &tm) ||
	    !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) ||
	    !strftime(zone, sizeof(zone), "%z", &tm))
		return json_null();
	snprintf(text, sizeof(text), "%s.%03ld%s", day, now.tv_nsec / 1000000, zone);
	return json_string(text);
}
