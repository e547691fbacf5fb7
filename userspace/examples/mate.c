// SPDX-License-Identifier: GPL-2.0-or-later
// MateNET from C: a register and a status page, then a log page that comes when it comes.
// usage: mate-c [NODE [PORT]], where PORT is that of an MX or FLEXmax charge controller
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/matenet.h>

static const char *const bits[15] = { // of matenet_xfer.status, from bit 0 on
	"OK", "TX_DONE", "TX_ERROR", "TIMEOUT", "CHECKSUM", "SHORT", "LONG", "MARK",
	"FRAMING", "BREAK", "OVERRUN", "JUNK", "REFUSED", "ABORTED", "SKIPPED" };

static void die(const char *what, const char *why)
{
	exit((fprintf(stderr, "mate-c: %s: %s\n", what, why), 1));
}

static struct matenet_xfer command(int port, int cmd, int addr, int param)
{
	return (struct matenet_xfer) { // all else is 0, as the driver demands
		.tx = { port, cmd, addr >> 8, addr & 0xff, param >> 8, param & 0xff },
		.tx_len = 6, .retries = 1 // reading twice does no harm
	};
}

// An ioctl that returns 0 has run to its end; whether there is a reply is in status.
static void check(const char *what, const struct matenet_xfer *x)
{
	char names[200] = "";

	for (int i = 0; i < 15; i++)
		if (x->status & 1U << i)
			strcat(strcat(names, names[0] ? " " : ""), bits[i]);
	if (!(x->status & MATENET_ST_OK))
		die(what, names);
}

static struct matenet_xfer ask(int fd, const char *what, int port, int cmd, int addr)
{
	struct matenet_xfer x = command(port, cmd, addr, 0);

	if (ioctl(fd, MATENET_IOC_XFER, &x))
		die(what, strerror(errno));
	check(what, &x);
	return x;
}

int main(int argc, char **argv)
{
	const char *node = argc > 1 ? argv[1] : "/dev/matenet0";
	int port = argc > 2 ? atoi(argv[2]) : 1, fd = open(node, O_RDONLY); // enough to read
	struct matenet_record rec = { 0 };

	if (fd < 0)
		die(node, strerror(errno));
	struct matenet_xfer x = ask(fd, "READ", port, MATENET_CMD_READ, 0);
	printf("READ: device type 0x%02x%02x\n", x.rx[1], x.rx[2]);
	x = ask(fd, "STATUS", port, MATENET_CMD_STATUS, 1);
	const __u8 *p = x.rx + 1; // byte 0 repeats the command
	printf("STATUS: battery %.1f V, PV %.1f V, %d A, charge mode %d\n", (p[9] << 8 | p[10]) / 10.0,
	       (p[11] << 8 | p[12]) / 10.0, (p[1] + 128) & 255, p[6]);

	x = command(port, MATENET_CMD_LOG, 0, 0); // today's
	if (ioctl(fd, MATENET_IOC_SUBMIT, &x)) // returns at once
		die("SUBMIT", strerror(errno));
	while (rec.type != MATENET_REC_XFER || rec.xfer.sequence != x.sequence) // others may come
		if (poll(&(struct pollfd) { .fd = fd, .events = POLLIN }, 1, 5000) < 1 ||
		    read(fd, &rec, sizeof(rec)) != sizeof(rec))
			die("record", "it did not come");
	check("LOG", &rec.xfer);
	p = rec.xfer.rx + 1;
	printf("LOG: today %.1f kWh, %d Ah\n", (p[2] >> 4 | p[3] << 4) / 10.0, p[8] | (p[9] & 63) << 8);
}
