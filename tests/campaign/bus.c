// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver's bus on pair 0, at whose other end uart9 plays the devices. */
#define _GNU_SOURCE
#include "campaign.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TTY	"/dev/ttyW0"
#define NODE	"/dev/matenet0"
#define SYSFS	"/sys/class/matenet/matenet0/"
#define LDISC	29

/* The port has to be open while its chip is told to report each byte at once. */
static void report_at_once(void)
{
	FILE *to = fopen("/sys/class/tty/ttyW0/rx_trig_bytes", "we");

	if (!to || fprintf(to, "1") < 0 || fclose(to))
		err(1, "rx_trig_bytes");
}

static void configure(struct bus *bus, const struct mode *mode)
{
	struct matenet_config config;

	if (ioctl(bus->fd, MATENET_IOC_G_CONFIG, &config))
		err(1, "G_CONFIG");
	config.framing = mode->framing;
	config.parity = mode->parity;
	config.flags |= mode->flags;
	if (ioctl(bus->fd, MATENET_IOC_S_CONFIG, &config))
		err(1, "S_CONFIG");
}

void bus_begin(struct bus *bus, const struct mode *mode)
{
	int ldisc = LDISC;

	wire_sleep_us(1000000);	/* timers have no high resolution before */
	bus->tty = open(TTY, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (bus->tty < 0)
		err(1, TTY);
	report_at_once();
	if (ioctl(bus->tty, TIOCSETD, &ldisc))
		err(1, "TIOCSETD");
	bus->fd = open(NODE, O_RDWR | O_CLOEXEC);
	if (bus->fd < 0)
		err(1, NODE);
	configure(bus, mode);
	if (wire_knobs(0, "heard=yes") || wire_knobs(1, "heard=yes answer=%d", TURNAROUND_US) ||
	    wire_inject(0, "clear") || wire_record_clear(0))
		errx(1, "uart9: no wire");
}

void bus_end(struct bus *bus)
{
	int ldisc = 0;

	wire_inject(0, "clear");
	wire_knobs(0, "heard=no");
	wire_knobs(1, "heard=no answer=-1 ppm=0");
	close(bus->fd);
	ioctl(bus->tty, TIOCSETD, &ldisc);
	close(bus->tty);
}

uint64_t bus_counter(const char *name)
{
	unsigned long long value;
	char path[128];
	FILE *from;

	snprintf(path, sizeof(path), SYSFS "statistics/%s", name);
	from = fopen(path, "re");
	if (!from || fscanf(from, "%llu", &value) != 1)
		err(1, "%s", path);
	fclose(from);
	return value;
}

void bus_noise(uint32_t ppb, uint32_t seed, bool command, bool reply)
{
	if (wire_inject(0, "0 noise %u %u\n1 noise %u %u", command ? ppb : 0, seed,
			reply ? ppb : 0, seed ^ 0x5a5a5a5a))
		errx(1, "uart9: no noise");
}

static void inject(const struct fault *f)
{
	int ret = f->used ? wire_inject(0, "%s", f->text) : 0;

	if (ret)
		errx(1, "uart9: %s: %s", f->text, strerror(-ret));
}

/* Submitted, so that something can be done to the wire meanwhile. */
static int transact_midway(struct bus *bus, struct matenet_xfer *x, const struct fault *f)
{
	struct matenet_record record;

	if (ioctl(bus->fd, MATENET_IOC_SUBMIT, x))
		return -errno;
	wire_sleep_us(f->midway_us);
	inject(f);
	do
		if (read(bus->fd, &record, sizeof(record)) != sizeof(record))
			return -errno;
	while (record.type != MATENET_REC_XFER);
	*x = record.xfer;
	return 0;
}

void bus_transact(struct bus *bus, struct transaction *t, const struct fault *f)
{
	struct matenet_xfer *x = &t->x;

	*x = (struct matenet_xfer){ .tx_len = COMMAND_BYTES - 2 };
	memcpy(x->tx, t->command, COMMAND_BYTES - 2);
	if (f && wire_knobs(1, "ppm=%d", f->ppm))
		errx(1, "uart9: ppm=%d", f->ppm);
	if (f && f->midway_us < 0)
		inject(f);
	t->begin = wire_now();
	if (f && f->midway_us >= 0)
		t->error = transact_midway(bus, x, f);
	else
		t->error = ioctl(bus->fd, MATENET_IOC_XFER, x) ? -errno : 0;
	t->end = wire_now();
}
