// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs one way to talk to a device and prints what came of it as a line of JSON:
 *
 *	bench-X [-b BUSY] [-t TRIGGER] WAY KIND COUNT
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "wirelib.h"

#define WIRE_REST_US 5000	/* a byte can be read before its stop bit is over */

/* ---- what the recorder has ---------------------------------------------------- */

struct transaction {
	uint64_t start, second, end;	/* of byte 0, of byte 1; last stop bit of the reply */
	uint64_t first_end;		/* of byte 0 */
};

/* The first @n that are on the wire; ends the program if they are not as they should be. */
static struct transaction *transactions(const struct wire_log *log, enum bench_kind kind,
					unsigned int n, unsigned int *wrong)
{
	const unsigned int bytes = BENCH_COMMAND + bench_kinds[kind].reply;
	struct transaction *t = calloc(n, sizeof(*t));
	unsigned int i, k;

	if (!t || log->n != (size_t)n * bytes)
		errx(1, "%zu bytes on the wire, %u expected", log->n, n * bytes);
	for (i = 0; i < n; i++) {
		const struct wire_byte *b = &log->byte[(size_t)i * bytes];

		for (k = 0; k < bytes; k++)
			if (b[k].port != (k >= BENCH_COMMAND) ||
			    b[k].bits >> 8 != (k == 0 || k == BENCH_COMMAND)) {
				++*wrong;
				break;
			}
		t[i] = (struct transaction){ b[0].start, b[1].start, b[bytes - 1].end, b[0].end };
	}
	return t;
}

static double limit_us(enum bench_kind kind)
{
	return (BENCH_COMMAND + bench_kinds[kind].reply) * BENCH_BYTE_NS / 1e3;
}

static void judge(const struct bench_way *way, enum bench_kind kind,
		  const struct bench_result *results, unsigned int n)
{
	int64_t *gap = calloc(n, sizeof(*gap)), *done = calloc(n, sizeof(*done));
	int64_t *pause = calloc(n, sizeof(*pause)), *wire = calloc(n, sizeof(*wire));
	unsigned int i, wrong = 0, told = 0;
	struct transaction *t;
	struct wire_log log;
	double period;

	if (wire_record_read(0, &log))
		errx(1, "cannot read the recorder");
	t = transactions(&log, kind, n, &wrong);
	for (i = 0; i < n; i++) {
		wrong += !results[i].right;
		gap[i] = t[i].second - t[i].first_end;
		wire[i] = t[i].end - t[i].start;
		if (results[i].returned)
			done[told++] = results[i].returned - t[i].end;
		if (i)
			pause[i - 1] = t[i].start - t[i - 1].end - way->pause_us * 1000LL;
	}
	period = (t[n - 1].start - t[0].start) / 1e3 / (n - 1);
	printf(",\"wrong\":%u,\"limit_us\":%.1f,\"period_us\":%.1f,\"per_s\":%.3f,\"ratio\":%.5f",
	       wrong, limit_us(kind), period, 1e6 / period,
	       limit_us(kind) / period);
	bench_percentiles("wire_us", wire, n);
	bench_percentiles("gap_us", gap, n);
	bench_percentiles("done_us", done, told);
	bench_percentiles("start_us", pause, n - 1);
	wire_log_free(&log);
}

static void print_counts(const struct bench_counts *a, const struct bench_counts *b,
			 unsigned int n)
{
	double us = (b->at - a->at) / 1e3, idle = b->idle_us - a->idle_us;

	printf(",\"cpu\":%.4f,\"switches\":%.2f,\"interrupts\":%.2f",
	       idle < us ? 1 - idle / us : 0, (double)(b->switches - a->switches) / n,
	       (double)(b->interrupts - a->interrupts) / n);
}

static const struct bench_way *find_way(const char *name)
{
	const struct bench_way *way;

	for (way = bench_ways; way->name; way++)
		if (!strcmp(way->name, name))
			return way;
	errx(2, "%s: no such way", name);
}

static enum bench_kind find_kind(const char *name)
{
	int kind;

	for (kind = 0; kind < BENCH_KINDS; kind++)
		if (!strcmp(bench_kinds[kind].name, name))
			return (enum bench_kind)kind;
	errx(2, "%s: no such kind", name);
}

int main(int argc, char **argv)
{
	struct bench_counts before, after;
	struct bench_result *results;
	const struct bench_way *way;
	int c, busy_n = 0, trigger = 1;
	enum bench_kind kind;
	unsigned int n;

	while ((c = getopt(argc, argv, "b:t:")) != -1) {
		if (c == 'b')
			busy_n = atoi(optarg);
		else if (c == 't')
			trigger = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind != 3)
		errx(2, "usage: [-b BUSY] [-t TRIGGER] WAY KIND COUNT");
	way = find_way(argv[optind]);
	kind = find_kind(argv[optind + 1]);
	n = atoi(argv[optind + 2]);
	results = calloc(n + 1, sizeof(*results));
	if (n < 2 || !results)
		errx(2, "%s: not a count", argv[optind + 2]);

	bench_devices(0, 0);
	bench_rx_trigger(0, trigger);
	way->setup();
	way->run(kind, results, 4);	/* everything has happened once */
	wire_sleep_us(WIRE_REST_US);
	wire_record_clear(0);
	bench_busy_begin(busy_n);
	before = bench_counts();
	bench_mark(true);
	way->run(kind, results, n);
	bench_mark(false);
	after = bench_counts();
	bench_busy_end();
	wire_sleep_us(WIRE_REST_US);
	way->end();

	printf("{\"bench\":\"wire\",\"way\":\"%s\",\"kind\":\"%s\",\"trigger\":%d,\"busy\":%d,\"n\":%u",
	       way->name, bench_kinds[kind].name, trigger, busy_n, n);
	judge(way, kind, results, n);
	print_counts(&before, &after, n);
	printf("}\n");
	return 0;
}
