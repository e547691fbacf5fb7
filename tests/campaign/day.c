// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * day [-h HOURS] [-s SEED] [-r PPB]
 *
 * The schedule of a MATE (hub, MX, FX and DC on ports 0 to 3, nobody on 4 to 10) in
 * simulated time, on wires with noise.  After every hour each counter of the driver has
 * to be what follows from the recorder (but for the two of late bytes on the way out), and
 * a line of JSON says how much memory is in use.
 */
#define _GNU_SOURCE
#include "campaign.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SECOND		1000000000ULL
#define MINUTE		60		/* between two looks at the recorder */
#define ROOM		1024
#define TRIES		3
#define MX		1
#define FX		2
#define DC		3
#define PRESENT		0xf
#define LAST_PORT	10

/* What a MATE asks, how often, and in which second of that. */
static const struct {
	uint8_t port, command;
	uint16_t addr;
	unsigned int period, second;
} schedule[] = {
	{ MX, MATENET_CMD_STATUS, 0x01, 1, 0 },
	{ FX, MATENET_CMD_STATUS, 0x01, 1, 0 },
	{ DC, MATENET_CMD_STATUS, 0x0a, 1, 0 },
	{ DC, MATENET_CMD_STATUS, 0x0b, 1, 0 },
	{ DC, MATENET_CMD_STATUS, 0x0c, 1, 0 },
	{ MX, MATENET_CMD_WRITE, 0x4004, 30, 3 },
	{ DC, MATENET_CMD_WRITE, 0x4004, 30, 3 },
	{ DC, MATENET_CMD_WRITE, 0x4005, 60, 7 },
	{ MX, MATENET_CMD_READ, 0x4000, 60, 11 },
	{ FX, MATENET_CMD_WRITE, 0x4001, 60, 11 },
	{ DC, MATENET_CMD_WRITE, 0x4001, 60, 11 },
};

struct day {
	struct bus bus;
	struct tally tally;
	struct chance chance;
	unsigned int hours;
	uint32_t ppb;
	struct transaction t[ROOM];
	unsigned int used, nr, probe;
	unsigned int missed;	/* not one right value in TRIES */
};

static const struct mode mark = { "mark", MATENET_FRAMING_MARK, MATENET_PARITY_STICK,
				  MATENET_CFG_WRITABLE };

static bool ask(struct day *d, uint8_t port, uint8_t command, uint16_t addr, uint16_t param)
{
	struct transaction *t = &d->t[d->used++];

	if (d->used == ROOM)
		errx(1, "more than %u transactions a minute", ROOM);
	*t = (struct transaction){ .nr = d->nr++, .disturbed = true };
	memcpy(t->command, (uint8_t[]){ port, command, addr >> 8, addr, param >> 8, param }, 6);
	model_finish(t->command);
	bus_transact(&d->bus, t, NULL);
	return value_given(t);
}

static void ask_for_sure(struct day *d, uint8_t port, uint8_t command, uint16_t addr, uint16_t param)
{
	unsigned int i;

	for (i = 0; i < TRIES; i++)
		if (ask(d, port, command, addr, param))
			return;
	d->missed++;
}

/* Two looks at each empty port in half a minute. */
static void probe(struct day *d, unsigned int second)
{
	if (second % 2)
		return;
	ask(d, LAST_PORT - 6 + d->probe, MATENET_CMD_READ, 0, 0);
	d->probe = (d->probe + 1) % 7;
}

static void live_second(struct day *d, unsigned int second)
{
	unsigned int i;

	for (i = 0; i < sizeof(schedule) / sizeof(schedule[0]); i++)
		if (second % schedule[i].period == schedule[i].second)
			ask_for_sure(d, schedule[i].port, schedule[i].command, schedule[i].addr,
				     schedule[i].command == MATENET_CMD_WRITE ? second & 0xff : 0);
	probe(d, second);
}

/* Until @from + @second; @from is when the day began. */
static void live_minute(struct day *d, uint64_t from, unsigned int minute)
{
	struct wire_log log;
	unsigned int i;

	d->used = 0;
	bus_noise(d->ppb, chance(&d->chance), true, true);
	for (i = 0; i < MINUTE; i++) {
		live_second(d, i);
		if (i + 1 == MINUTE)
			bus_noise(0, 0, true, true);
		wire_sleep_until(from + ((uint64_t)minute * MINUTE + i + 1) * SECOND);
	}
	if (wire_record_read(0, &log))
		errx(1, "uart9: no record");
	judge(d->t, d->used, &log, &mark, &d->tally);
	wire_log_free(&log);
	if (wire_record_clear(0))
		errx(1, "uart9: no record");
}

/* ---- counters and memory ---- */

static unsigned int wrong_counters(const struct tally *t)
{
	static const struct {
		const char *name;
		uint32_t status;
	} counters[] = {
		{ "replies", MATENET_ST_OK }, { "commands", MATENET_ST_TX_DONE },
		{ "tx_errors", MATENET_ST_TX_ERROR }, { "timeouts", MATENET_ST_TIMEOUT },
		{ "checksum_errors", MATENET_ST_CHECKSUM }, { "short_replies", MATENET_ST_SHORT },
		{ "long_replies", MATENET_ST_LONG }, { "mark_errors", MATENET_ST_MARK },
		{ "framing_errors", MATENET_ST_FRAMING }, { "breaks", MATENET_ST_BREAK },
		{ "overruns", MATENET_ST_OVERRUN }, { "junk", MATENET_ST_JUNK },
		{ "refusals", MATENET_ST_REFUSED }, { "aborted", MATENET_ST_ABORTED },
	};
	const struct {
		const char *name;
		uint64_t is;
	} bytes[] = {
		{ "tx_bytes", t->sent }, { "rx_bytes", t->taken },
		{ "rx_stray", t->heard - t->taken - t->breaks }, { "retries", 0 },
	};
	unsigned int i, wrong = 0;
	uint64_t want, got;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]) + 4; i++) {
		bool status = i >= 4;
		const char *name = status ? counters[i - 4].name : bytes[i].name;

		want = status ? t->status[__builtin_ctz(counters[i - 4].status)] : bytes[i].is;
		got = bus_counter(name);
		if (got == want)
			continue;
		wrong++;
		printf("# FAULT counter %s is %llu, on the wire %llu\n", name,
		       (unsigned long long)got, (unsigned long long)want);
	}
	return wrong;
}

/* A line of /proc/meminfo or of /proc/self/status, in KB. */
static unsigned long kilobytes(const char *path, const char *name)
{
	unsigned long value = 0;
	char line[128];
	FILE *from = fopen(path, "re");

	while (from && fgets(line, sizeof(line), from))
		if (!strncmp(line, name, strlen(name)))
			value = strtoul(line + strlen(name), NULL, 10);
	if (!from)
		err(1, "%s", path);
	fclose(from);
	return value;
}

static unsigned int tell_hour(struct day *d, unsigned int hour)
{
	const struct tally *t = &d->tally;
	unsigned int bit, wrong = wrong_counters(t);

	printf("{\"day\":%u,\"ppb\":%u,\"n\":%u,\"right\":%u,\"error\":%u,\"wrong\":%u,"
	       "\"missed\":%u,\"foretold\":%u,\"unlike\":%u,\"faults\":%u,\"changing\":%u,"
	       "\"wrong_counters\":%u,\"tx_bytes\":%llu,\"rx_bytes\":%llu,\"rx_stray\":%llu,"
	       "\"pulses\":%llu,\"slab_kb\":%lu,\"vmalloc_kb\":%lu,\"free_kb\":%lu,\"self_kb\":%lu",
	       hour, d->ppb, t->n, t->verdict[RIGHT], t->verdict[ERROR], t->verdict[WRONG],
	       d->missed, t->foretold, t->unlike, t->faults, t->changing, wrong,
	       (unsigned long long)t->sent, (unsigned long long)t->taken,
	       (unsigned long long)(t->heard - t->taken - t->breaks), (unsigned long long)t->pulses,
	       kilobytes("/proc/meminfo", "Slab:"), kilobytes("/proc/meminfo", "VmallocUsed:"),
	       kilobytes("/proc/meminfo", "MemFree:"), kilobytes("/proc/self/status", "VmRSS:"));
	printf(",\"status\":[");
	for (bit = 0; bit < MATENET_STATUS_BITS; bit++)
		printf("%s%llu", bit ? "," : "", (unsigned long long)t->status[bit]);
	printf("]}\n");
	fflush(stdout);
	return wrong + t->faults + t->unlike;
}

static unsigned long number(const char *text, unsigned long min, unsigned long max)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (!*text || *end || value < min || value > max)
		errx(2, "%s: not a number from %lu to %lu", text, min, max);
	return value;
}

int main(int argc, char **argv)
{
	static struct day d = { .hours = 24, .ppb = 100000 };
	unsigned int minute = 0, hour, faults = 0;
	uint64_t seed = 1, from;
	int option;

	while ((option = getopt(argc, argv, "h:s:r:")) >= 0)
		switch (option) {
		case 'h':
			d.hours = number(optarg, 1, 1000);
			break;
		case 's':
			seed = number(optarg, 0, UINT32_MAX);
			break;
		case 'r':
			d.ppb = number(optarg, 0, 100000000);
			break;
		default:
			return 2;
		}
	if (optind != argc)
		errx(2, "usage: day [-h HOURS] [-s SEED] [-r PPB]");
	d.chance.state = seed;
	bus_begin(&d.bus, &mark);
	if (wire_knobs(1, "present=%u", PRESENT))
		errx(1, "uart9: present");
	from = wire_now() + SECOND;
	wire_sleep_until(from);
	for (hour = 1; hour <= d.hours && !faults; hour++) {
		while (minute < hour * 60)
			live_minute(&d, from, minute++);
		faults = tell_hour(&d, hour);
	}
	bus_end(&d.bus);
	return faults != 0;
}
