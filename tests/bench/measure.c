// SPDX-License-Identifier: GPL-2.0-or-later
/* What all benchmarks share: questions and answers, counters, percentiles. */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "wirelib.h"

#define MAX_BUSY	8
#define MARK_PAGE	((void *)0x6d6174650000)	/* as tests/vm/vm has it */
#define MARK_SIZE	4096
#define RET		0xc3

const struct bench_kind_desc bench_kinds[BENCH_KINDS] = {
	[BENCH_READ] = { "read", 2, 5 },
	[BENCH_STATUS] = { "status", 4, 16 },
	[BENCH_LOG] = { "log", 22, 17 },
};

void bench_command(enum bench_kind kind, unsigned int i, uint8_t command[BENCH_COMMAND])
{
	unsigned int k, sum = 0;

	memcpy(command, (uint8_t[]){ 1 + i % 10, bench_kinds[kind].command, i >> 8, i, 0, 0 }, 6);
	for (k = 0; k < 6; k++)
		sum += command[k];
	command[6] = sum >> 8;
	command[7] = sum;
}

/* As tests/uart/answer.c makes it. */
bool bench_reply_right(const uint8_t command[BENCH_COMMAND], const uint8_t *reply, size_t len)
{
	size_t i;

	for (i = 1; i < len; i++)
		if (reply[i] != (uint8_t)(command[0] + 3 * command[2] + 5 * command[3] +
					  7 * command[4] + 11 * command[5] + 13 * i))
			return false;
	return len > 1;
}

uint64_t bench_now(void)
{
	return wire_now();
}

void bench_mark(bool on)
{
	static uint8_t *page;

	if (!page) {
		page = mmap(MARK_PAGE, MARK_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (page != MARK_PAGE)
			err(1, "no page for marks");
		memset(page, RET, MARK_SIZE);
	}
	((void (*)(void))(page + on))();
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void bench_percentiles(const char *name, int64_t *ns, size_t n)
{
	if (!n) {
		printf(",\"%s\":null", name);
		return;
	}
	qsort(ns, n, sizeof(*ns), by_size);
	printf(",\"%s\":{\"median\":%.1f,\"p99\":%.1f,\"max\":%.1f}", name, ns[n / 2] / 1e3,
	       ns[n * 99 / 100] / 1e3, ns[n - 1] / 1e3);
}

struct bench_counts bench_counts(void)
{
	struct bench_counts counts = { .at = bench_now() };
	unsigned long long idle = 0, iowait = 0, n;
	char line[4096];
	FILE *stat = fopen("/proc/stat", "re");

	while (stat && fgets(line, sizeof(line), stat)) {
		if (sscanf(line, "cpu %*u %*u %*u %llu %llu", &idle, &iowait) == 2)
			counts.idle_us = (idle + iowait) * 1000000ULL / sysconf(_SC_CLK_TCK);
		if (sscanf(line, "ctxt %llu", &n) == 1)
			counts.switches = n;
		if (sscanf(line, "intr %llu", &n) == 1)
			counts.interrupts = n;
	}
	if (!stat || !counts.switches)
		errx(1, "/proc/stat tells nothing");
	fclose(stat);
	return counts;
}

static pid_t busy[MAX_BUSY];

void bench_busy_begin(unsigned int processes)
{
	unsigned int i;

	for (i = 0; i < processes && i < MAX_BUSY; i++) {
		busy[i] = fork();
		if (busy[i] < 0)
			err(1, "fork");
		if (busy[i])
			continue;
		sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 });
		for (;;)
			__asm__ volatile ("" ::: "memory");
	}
}

void bench_busy_end(void)
{
	unsigned int i;

	for (i = 0; i < MAX_BUSY && busy[i]; i++) {
		kill(busy[i], SIGKILL);
		waitpid(busy[i], NULL, 0);
		busy[i] = 0;
	}
}

void bench_devices(unsigned int pair, int turnaround_us)
{
	if (wire_knobs(2 * pair + 1, "answer=%d", turnaround_us))
		errx(1, "port %u: knob answer", 2 * pair + 1);
}

/* The port has to be open while its chip is told. */
void bench_rx_trigger(unsigned int port, int bytes)
{
	char path[64];
	FILE *to;
	int fd;

	snprintf(path, sizeof(path), "/dev/ttyW%u", port);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	snprintf(path, sizeof(path), "/sys/class/tty/ttyW%u/rx_trig_bytes", port);
	to = fopen(path, "we");
	if (fd < 0 || !to || fprintf(to, "%d", bytes) < 0 || fclose(to))
		err(1, "%s", path);
	close(fd);
}
