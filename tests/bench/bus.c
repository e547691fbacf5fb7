// SPDX-License-Identifier: GPL-2.0-or-later
/* A bus of the driver on one pair of the wire. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/matenet.h>

#include "bench.h"

#define LDISC 29

/* /dev/matenetN of a tty. */
static int open_bus_of(const char *tty)
{
	char path[64], name[32];
	FILE *from;
	int n;

	for (n = 0; n < 64; n++) {
		snprintf(path, sizeof(path), "/sys/class/matenet/matenet%d/tty", n);
		from = fopen(path, "re");
		if (!from)
			continue;
		if (fscanf(from, "%31s", name) != 1)
			name[0] = 0;
		fclose(from);
		snprintf(path, sizeof(path), "/dev/matenet%d", n);
		if (!strcmp(name, tty))
			return open(path, O_RDWR | O_CLOEXEC);
	}
	errno = ENODEV;
	return -1;
}

struct bench_bus bench_attach(unsigned int pair, unsigned int pause_us)
{
	struct matenet_config config;
	struct bench_bus bus;
	int ldisc = LDISC;
	char path[32];

	snprintf(path, sizeof(path), "/dev/ttyW%u", 2 * pair);
	bus.tty = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (bus.tty < 0 || ioctl(bus.tty, TIOCSETD, &ldisc))
		err(1, "%s", path);
	bus.fd = open_bus_of(path + 5);
	if (bus.fd < 0 || ioctl(bus.fd, MATENET_IOC_G_CONFIG, &config))
		err(1, "the bus of %s", path);
	if (pause_us == ~0U)
		return bus;
	config.turnaround_us = pause_us;
	if (ioctl(bus.fd, MATENET_IOC_S_CONFIG, &config))
		err(1, "S_CONFIG of %s", path);
	return bus;
}

void bench_detach(struct bench_bus bus)
{
	int ldisc = 0;

	close(bus.fd);
	ioctl(bus.tty, TIOCSETD, &ldisc);
	close(bus.tty);
}
