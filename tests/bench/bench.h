/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Benchmarks: one program for each way to talk to a device.  All do the same
 * transactions on the same wire with the same device (uart9's knob answer), and are
 * judged by the same measure.c from the wire's recorder and the kernel's counters.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_TTY	"/dev/ttyW0"
#define BENCH_NODE	"/dev/matenet0"
#define BENCH_COMMAND	8	/* bytes with checksum */
#define BENCH_REPLY_MAX	17
#define BENCH_BIT_NS	(1e9 / 9600)
#define BENCH_BYTE_NS	(11 * BENCH_BIT_NS)

enum bench_kind { BENCH_READ, BENCH_STATUS, BENCH_LOG, BENCH_KINDS };

struct bench_kind_desc {
	const char *name;
	uint8_t command;
	uint8_t reply;		/* bytes with checksum */
};

extern const struct bench_kind_desc bench_kinds[BENCH_KINDS];

/* One transaction as its program saw it. */
struct bench_result {
	uint64_t returned;	/* when it had the reply, 0 if it cannot tell */
	bool right;
};

/* A way to do it.  A failure to set up ends the program with a message. */
struct bench_way {
	const char *name;	/* as in the report */
	unsigned int pause_us;	/* that it keeps between transactions by itself */
	void (*setup)(void);
	void (*run)(enum bench_kind kind, struct bench_result *results, unsigned int n);
	void (*end)(void);
};

/* Ways this program knows, ended by one without a name. */
extern const struct bench_way bench_ways[];

/* Transaction @i of a kind: its command with checksum, and whether that is its reply. */
void bench_command(enum bench_kind kind, unsigned int i, uint8_t command[BENCH_COMMAND]);
bool bench_reply_right(const uint8_t command[BENCH_COMMAND], const uint8_t *reply, size_t len);

uint64_t bench_now(void);

/*
 * For vm -x: from here on instructions are counted (@on), or no more.  Costs one
 * instruction; a program that nobody watches may do it too.
 */
void bench_mark(bool on);

/* Median, 99th percentile and maximum, in microseconds; @ns gets sorted. */
void bench_percentiles(const char *name, int64_t *ns, size_t n);

/* What the kernel has counted. */
struct bench_counts {
	uint64_t at, idle_us, switches, interrupts;
};
struct bench_counts bench_counts(void);

/* Processes that compute for ever, at ordinary priority. */
void bench_busy_begin(unsigned int processes);
void bench_busy_end(void);

/* The driver's bus on a tty of the wire, its devices answering at once. */
struct bench_bus {
	int tty;
	int fd;
};
struct bench_bus bench_attach(unsigned int pair, unsigned int pause_us);
void bench_detach(struct bench_bus bus);
/* The port that answers for the pair's devices. */
void bench_devices(unsigned int pair, int turnaround_us);
void bench_rx_trigger(unsigned int port, int bytes);

#endif
