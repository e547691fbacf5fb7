// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver: one ioctl a transaction, a queue, batches. */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/matenet.h>

#include "bench.h"

#define QUEUED		8
#define BATCH		16
#define SUM_BYTES	2
#define DEFAULT_PAUSE_US 1000	/* turnaround_us of a new bus */

static struct bench_bus bus;

static void setup(void)
{
	bus = bench_attach(0, 0);
}

static void setup_default(void)
{
	bus = bench_attach(0, ~0U);
}

static void end(void)
{
	bench_detach(bus);
}

static struct matenet_xfer request(enum bench_kind kind, unsigned int i)
{
	struct matenet_xfer x = { .tx_len = BENCH_COMMAND - SUM_BYTES, .user_data = i };
	uint8_t command[BENCH_COMMAND];

	bench_command(kind, i, command);
	memcpy(x.tx, command, x.tx_len);
	return x;
}

static bool right(const struct matenet_xfer *x)
{
	return x->status == (MATENET_ST_OK | MATENET_ST_TX_DONE) &&
	       bench_reply_right(x->tx, x->rx, x->rx_len);
}

static void run_xfer(enum bench_kind kind, struct bench_result *results, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		struct matenet_xfer x = request(kind, i);

		if (ioctl(bus.fd, MATENET_IOC_XFER, &x))
			err(1, "XFER");
		results[i] = (struct bench_result){ bench_now(), right(&x) };
	}
}

/* The next one is always waiting when one is over. */
static void run_submit(enum bench_kind kind, struct bench_result *results, unsigned int n)
{
	struct matenet_record r;
	unsigned int sent = 0, done = 0;

	while (done < n) {
		while (sent < n && sent - done < QUEUED) {
			struct matenet_xfer x = request(kind, sent++);

			if (ioctl(bus.fd, MATENET_IOC_SUBMIT, &x))
				err(1, "SUBMIT");
		}
		if (read(bus.fd, &r, sizeof(r)) != sizeof(r))
			err(1, "read");
		if (r.type != MATENET_REC_XFER)
			continue;
		results[done] = (struct bench_result){
			bench_now(), r.xfer.user_data == done && right(&r.xfer) };
		done++;
	}
}

static void run_batch(enum bench_kind kind, struct bench_result *results, unsigned int n)
{
	struct matenet_xfer x[BATCH];
	struct matenet_batch batch = { .xfers = (uintptr_t)x };
	unsigned int i, k;

	for (i = 0; i < n; i += batch.count) {
		batch.count = n - i < BATCH ? n - i : BATCH;
		for (k = 0; k < batch.count; k++)
			x[k] = request(kind, i + k);
		if (ioctl(bus.fd, MATENET_IOC_BATCH, &batch))
			err(1, "BATCH");
		for (k = 0; k < batch.count; k++)
			results[i + k] = (struct bench_result){ 0, right(&x[k]) };
		results[i + k - 1].returned = bench_now();
	}
}

const struct bench_way bench_ways[] = {
	{ "xfer", 0, setup, run_xfer, end },
	{ "xfer-default", DEFAULT_PAUSE_US, setup_default, run_xfer, end },
	{ "submit", 0, setup, run_submit, end },
	{ "submit-default", DEFAULT_PAUSE_US, setup_default, run_submit, end },
	{ "batch", 0, setup, run_batch, end },
	{ 0 }
};
