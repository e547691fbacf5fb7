// SPDX-License-Identifier: LGPL-2.1-or-later
/* Transactions: raw ones, READ, WRITE, STATUS, LOG. */
#include <string.h>

#include "internal.h"

static int transact(struct mate_bus *bus, struct matenet_xfer *x)
{
	struct mate_detail *d = mate_detail_clear();
	struct matenet_caps caps;
	int ret;

	ret = mate_ioctl(bus, MATENET_IOC_XFER, x);
	if (ret)
		return ret;
	d->status = x->status;
	d->sequence = x->sequence;
	d->attempts = x->attempts;
	ret = mate_status_error(x->status);
	/* Aborted because somebody cancelled it, or because the bus went away? */
	if (ret == MATE_E_ABORTED) {
		int gone = mate_ioctl(bus, MATENET_IOC_G_CAPS, &caps);

		if (gone == MATE_E_GONE)
			ret = gone;
	}
	return ret;
}

int mate_xfer(struct mate_bus *bus, struct matenet_xfer *xfer)
{
	return transact(bus, xfer);
}

/* A command with a reply of @len data bytes behind byte 0. */
static int command(struct mate_bus *bus, unsigned int port, unsigned int cmd,
		   unsigned int addr, unsigned int param, unsigned int retries,
		   uint8_t *data, size_t len)
{
	struct matenet_xfer x = {
		.timeout_us = atomic_load(&bus->timeout_us),
		.retries = (uint8_t)retries,
		.tx_len = 6,
		.tx = { (uint8_t)port, (uint8_t)cmd, (uint8_t)(addr >> 8), (uint8_t)addr,
			(uint8_t)(param >> 8), (uint8_t)param },
	};
	int ret;

	if (port > MATE_PORT_MAX || addr > 0xFFFF || param > 0xFFFF) {
		mate_detail_clear();
		return MATE_E_INVALID;
	}
	ret = transact(bus, &x);
	if (ret)
		return ret;
	if (x.rx_len != len + 1)
		return x.rx_len < len + 1 ? MATE_E_SHORT : MATE_E_LONG;
	memcpy(data, x.rx + 1, len);
	return 0;
}

static uint16_t word(const uint8_t data[2])
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

int mate_change(struct mate_bus *bus, unsigned int port, unsigned int cmd, unsigned int addr,
		unsigned int param, uint16_t *answer)
{
	uint8_t data[2];
	int ret = command(bus, port, cmd, addr, param, 0, data, sizeof(data));

	if (!ret && answer)
		*answer = word(data);
	return ret;
}

int mate_write(struct mate_bus *bus, unsigned int port, unsigned int addr, uint16_t value,
	       uint16_t *answer)
{
	return mate_change(bus, port, MATENET_CMD_WRITE, addr, value, answer);
}

int mate_read_retries(struct mate_bus *bus, unsigned int port, unsigned int addr,
		      unsigned int retries, uint16_t *value)
{
	uint8_t data[2];
	int ret = command(bus, port, MATENET_CMD_READ, addr, 0, retries, data, sizeof(data));

	if (!ret)
		*value = word(data);
	return ret;
}

int mate_read(struct mate_bus *bus, unsigned int port, unsigned int addr, uint16_t *value)
{
	return mate_read_retries(bus, port, addr, atomic_load(&bus->retries), value);
}

int mate_status(struct mate_bus *bus, unsigned int port, unsigned int page,
		uint8_t bytes[13])
{
	return command(bus, port, MATENET_CMD_STATUS, page, 0, atomic_load(&bus->retries),
		       bytes, 13);
}

int mate_log(struct mate_bus *bus, unsigned int port, unsigned int day, uint8_t bytes[14])
{
	if (day > MATE_DAY_MAX) {
		mate_detail_clear();
		return MATE_E_INVALID;
	}
	return command(bus, port, MATENET_CMD_LOG, 0, day, atomic_load(&bus->retries),
		       bytes, 14);
}
