// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What single things cost, each as a line of JSON:
 *
 *	bench-cost memory		kernel memory of a bus, of an open file
 *	bench-cost empty		asking a port where nobody is
 *	bench-cost run COMMAND ARG..	a whole program: its time and memory
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/matenet.h>

#include "bench.h"
#include "wirelib.h"

#define BUSES		24
#define FILES		900
#define EMPTY_PORT	11
#define EMPTY_TRIES	20
#define RUNS		5

/*
 * Objects in use in all slab caches, and stacks.  Not free pages: the allocator keeps some
 * thousand at hand that it does not count as free.
 */
static double used_kb(void)
{
	unsigned long objects, size;
	char line[512];
	double kb = 0;
	FILE *from;

	wire_sleep_us(3000000);	/* what was freed is back, what is counted apart handed over */
	from = fopen("/proc/slabinfo", "re");
	while (from && fgets(line, sizeof(line), from))
		if (sscanf(line, "%*s %lu %*u %lu", &objects, &size) == 2)
			kb += objects * size / 1024.0;
	if (!from || !kb)
		err(1, "/proc/slabinfo");
	fclose(from);
	from = fopen("/proc/meminfo", "re");
	while (from && fgets(line, sizeof(line), from))
		if (sscanf(line, "KernelStack: %lu", &size) == 1)
			kb += size;
	if (!from)
		err(1, "/proc/meminfo");
	fclose(from);
	return kb;
}

static int memory(void)
{
	static int files[FILES];
	struct bench_bus bus[BUSES];
	double before, with_buses, with_files;
	int i;

	/* Everything has happened once, so that caches are warm. */
	for (i = 0; i < BUSES; i++)
		bus[i] = bench_attach(i, 0);
	for (i = 0; i < BUSES; i++)
		bench_detach(bus[i]);
	before = used_kb();
	for (i = 0; i < BUSES; i++)
		bus[i] = bench_attach(i, 0);
	with_buses = used_kb();
	for (i = 0; i < FILES; i++) {
		files[i] = open(BENCH_NODE, O_RDONLY | O_CLOEXEC);
		if (files[i] < 0)
			err(1, BENCH_NODE);
	}
	with_files = used_kb();
	for (i = 0; i < FILES; i++)
		close(files[i]);
	for (i = 0; i < BUSES; i++)
		bench_detach(bus[i]);
	printf("{\"bench\":\"memory\",\"bus_kb\":%.1f,\"file_kb\":%.2f}\n",
	       (with_buses - before) / BUSES, (with_files - with_buses) / FILES);
	return 0;
}

static int empty(void)
{
	int64_t took[EMPTY_TRIES];
	struct bench_bus bus;
	unsigned int i;
	uint64_t began;

	bench_devices(0, 0);
	bus = bench_attach(0, ~0U);
	for (i = 0; i < EMPTY_TRIES; i++) {
		struct matenet_xfer x = { .tx_len = 6, .tx = { EMPTY_PORT, MATENET_CMD_READ } };

		wire_sleep_us(200000);	/* not the pause after the one before */
		began = bench_now();
		if (ioctl(bus.fd, MATENET_IOC_XFER, &x) || !(x.status & MATENET_ST_TIMEOUT))
			errx(1, "the empty port: status %#x", x.status);
		took[i] = bench_now() - began;
	}
	bench_detach(bus);
	bench_devices(0, -1);
	printf("{\"bench\":\"empty\"");
	bench_percentiles("us", took, EMPTY_TRIES);
	printf("}\n");
	return 0;
}

static int run(char **argv)
{
	double cpu_ms = 1e9, wall_ms = 1e9;
	struct rusage usage;
	long peak_kb = 0;
	int i, status;
	pid_t pid;

	for (i = 0; i < RUNS; i++) {
		uint64_t began = bench_now();
		double ms;

		pid = fork();
		if (!pid) {
			int null = open("/dev/null", O_WRONLY);

			dup2(null, 1);
			execvp(argv[0], argv);
			_exit(127);
		}
		if (wait4(pid, &status, 0, &usage) != pid || status)
			errx(1, "%s: status %#x", argv[0], status);
		ms = usage.ru_utime.tv_sec * 1e3 + usage.ru_utime.tv_usec / 1e3 +
		     usage.ru_stime.tv_sec * 1e3 + usage.ru_stime.tv_usec / 1e3;
		cpu_ms = ms < cpu_ms ? ms : cpu_ms;
		ms = (bench_now() - began) / 1e6;
		wall_ms = ms < wall_ms ? ms : wall_ms;
		if (usage.ru_maxrss > peak_kb)
			peak_kb = usage.ru_maxrss;
	}
	printf("{\"bench\":\"run\",\"program\":\"%s\",\"cpu_ms\":%.2f,\"wall_ms\":%.1f,\"peak_kb\":%ld}\n",
	       argv[0], cpu_ms, wall_ms, peak_kb);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "memory"))
		return memory();
	if (argc == 2 && !strcmp(argv[1], "empty"))
		return empty();
	if (argc > 2 && !strcmp(argv[1], "run"))
		return run(argv + 2);
	errx(2, "usage: memory | empty | run COMMAND ARG..");
}
