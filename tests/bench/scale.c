// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many buses, or many processes on a bus, for some seconds without a pause:
 *
 *	bench-scale BUSES PROCESSES SECONDS
 *
 * PROCESSES are those of each bus.  Prints a line of JSON.
 */
#define _GNU_SOURCE
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/matenet.h>

#include "bench.h"
#include "wirelib.h"

#define MAX_BUSES	32
#define MAX_DONE	2048	/* transactions of one process */
#define WARM_UP_NS	200000000ULL
#define REST_NS		100000000ULL	/* the last transaction of everybody is over */

struct done {
	uint64_t heard, returned;
};

struct worker {
	unsigned int n, wrong;
	struct done done[MAX_DONE];
};

static void work(int fd, uint64_t from, uint64_t until, unsigned int first, struct worker *w)
{
	uint8_t command[BENCH_COMMAND];

	memset(w->done, 0, sizeof(w->done));	/* no page fault later */
	wire_sleep_until(from);
	while (bench_now() < until && w->n < MAX_DONE) {
		struct matenet_xfer x = { .tx_len = 6 };

		bench_command(BENCH_READ, first + w->n, command);
		memcpy(x.tx, command, 6);
		if (ioctl(fd, MATENET_IOC_XFER, &x))
			err(1, "XFER");
		w->wrong += x.status != (MATENET_ST_OK | MATENET_ST_TX_DONE) ||
			    !bench_reply_right(x.tx, x.rx, x.rx_len);
		w->done[w->n++] = (struct done){ x.rx_ts, bench_now() };
	}
	/* The end of a process costs more than many transactions, and others are not done. */
	wire_sleep_until(until + REST_NS);
	_exit(0);
}

static int by_heard(const void *a, const void *b)
{
	const struct done *x = a, *y = b;

	return (x->heard > y->heard) - (x->heard < y->heard);
}

/* What a bus reached; how long each return took from the end of the reply goes to @late. */
static unsigned int judge_bus(unsigned int pair, struct worker *workers, unsigned int n,
			      double *ratio, int64_t *late)
{
	const unsigned int bytes = BENCH_COMMAND + bench_kinds[BENCH_READ].reply;
	struct done *all = calloc(n, sizeof(workers->done));
	unsigned int i, k, total = 0;
	struct wire_log log;

	if (wire_record_read(pair, &log) || log.n < 2 * bytes)
		errx(1, "pair %u: nothing recorded", pair);
	for (i = 0; i < n; i++)
		for (k = 0; k < workers[i].n; k++)
			all[total++] = workers[i].done[k];
	if (log.n != (size_t)total * bytes)
		errx(1, "pair %u: %zu bytes for %u transactions", pair, log.n, total);
	qsort(all, total, sizeof(*all), by_heard);
	*ratio = bytes * BENCH_BYTE_NS * (total - 1) /
		 (log.byte[(size_t)(total - 1) * bytes].start - log.byte[0].start);
	for (i = 0; i < total; i++)
		late[i] = all[i].returned - log.byte[(size_t)(i + 1) * bytes - 1].end;
	free(all);
	wire_log_free(&log);
	return total;
}

int main(int argc, char **argv)
{
	unsigned int buses, processes, seconds, i, k, total = 0, wrong = 0, least = ~0U, most = 0;
	double ratio, sum = 0, lowest = 1e9;
	unsigned int told = 0;
	int64_t *late;
	struct bench_bus bus[MAX_BUSES];
	struct bench_counts a, b;
	struct worker *workers;
	uint64_t from;

	if (argc != 4)
		errx(2, "usage: BUSES PROCESSES SECONDS");
	buses = atoi(argv[1]);
	processes = atoi(argv[2]);
	seconds = atoi(argv[3]);
	if (!buses || buses > MAX_BUSES || !processes || !seconds)
		errx(2, "1 to %d buses, at least 1 process and 1 second", MAX_BUSES);
	workers = mmap(NULL, buses * processes * sizeof(*workers), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (workers == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < buses; i++) {
		bench_devices(i, 0);
		bench_rx_trigger(2 * i, 1);
		bus[i] = bench_attach(i, 0);
		wire_record_clear(i);
	}
	from = bench_now() + WARM_UP_NS;
	for (i = 0; i < buses * processes; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (!pid)
			work(bus[i / processes].fd, from, from + seconds * 1000000000ULL, i * 997,
			     &workers[i]);
	}
	wire_sleep_until(from);
	a = bench_counts();
	wire_sleep_until(from + seconds * 1000000000ULL);
	b = bench_counts();
	while (wait(NULL) > 0)
		;
	wire_sleep_us(5000);
	late = calloc(buses * processes, MAX_DONE * sizeof(*late));
	if (!late)
		err(1, "calloc");
	for (i = 0; i < buses; i++) {
		told += judge_bus(i, &workers[i * processes], processes, &ratio, late + told);
		sum += ratio;
		if (ratio < lowest)
			lowest = ratio;
		for (k = i * processes; k < (i + 1) * processes; k++) {
			total += workers[k].n;
			wrong += workers[k].wrong;
			least = workers[k].n < least ? workers[k].n : least;
			most = workers[k].n > most ? workers[k].n : most;
		}
		bench_detach(bus[i]);
		bench_devices(i, -1);
	}
	printf("{\"bench\":\"scale\",\"buses\":%u,\"processes\":%u,\"n\":%u,\"wrong\":%u,"
	       "\"ratio\":%.5f,\"ratio_lowest\":%.5f,\"least\":%u,\"most\":%u,"
	       "\"cpu\":%.4f,\"switches\":%.2f,\"interrupts\":%.2f",
	       buses, processes, total, wrong, sum / buses, lowest, least, most,
	       1 - (double)(b.idle_us - a.idle_us) / ((b.at - a.at) / 1e3),
	       (double)(b.switches - a.switches) / total,
	       (double)(b.interrupts - a.interrupts) / total);
	bench_percentiles("done_us", late, told);
	printf("}\n");
	return wrong != 0;
}
