// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CP2102 and CP2101: with events embedded in the data, a byte with an error comes as escape
 * character, 1, line status, byte.  A chip that is not Silicon Labs' own has no such
 * events, which the driver sees from its answer to a question that is too long.
 *
 * Its count of what is still to be sent is that of its FIFO: the byte in the shift
 * register is not in it.  A CP2101 knows neither mark nor space.
 */
#include <string.h>

#include "adapter.h"

/* Requests; see drivers/usb/serial/cp210x.c. */
enum {
	IFC_ENABLE = 0x00, SET_LINE_CTL = 0x03, SET_BREAK = 0x05, SET_MHS = 0x07,
	GET_MDMSTS = 0x08, GET_COMM_STATUS = 0x10, PURGE = 0x12, SET_FLOW = 0x13,
	GET_FLOW = 0x14, EMBED_EVENTS = 0x15, SET_CHARS = 0x19, SET_BAUDRATE = 0x1e,
	VENDOR_SPECIFIC = 0xff,
};

#define GET_PARTNUM	0x370b
#define COMM_STATUS	19	/* bytes */
#define OUT_QUEUE	12	/* of it */
#define FLOW		16	/* bytes */
#define PURGE_RX	0x0a
#define PURGE_TX	0x05

#define REG_ESCAPE	0	/* 0: no events */
#define REG_FLOW	1

static void reset(struct adapter *a)
{
	a->reg[REG_ESCAPE] = 0;
}

static void set_line(struct adapter *a, uint64_t now, uint16_t value)
{
	static const enum parity parity[16] = {
		PARITY_NONE, PARITY_ODD, PARITY_EVEN, PARITY_MARK, PARITY_SPACE,
	};

	value = value >> 4 & 15;
	if (a->chip == &chip_cp2101 && value > PARITY_EVEN)
		value = PARITY_NONE;
	wire_set_line(&a->wire, now, parity[value]);
}

static int part_number(const struct adapter *a, uint16_t length, uint8_t *data)
{
	data[0] = a->chip == &chip_cp2101 ? 1 : 2;
	data[1] = 0;
	if (a->chip == &chip_cp2102_clone)
		return 1;
	return length < 2 ? length : 2;
}

static int request(struct adapter *a, uint64_t now, const struct setup *s, uint8_t *data)
{
	switch (s->request) {
	case IFC_ENABLE:
		if (!s->value)
			a->reg[REG_ESCAPE] = 0;
		return 0;
	case SET_LINE_CTL:
		set_line(a, now, s->value);
		return 0;
	case SET_BREAK:
	case SET_MHS:
	case SET_CHARS:
		return 0;
	case GET_MDMSTS:
		data[0] = 0;
		return 1;
	case GET_COMM_STATUS:
		memset(data, 0, COMM_STATUS);
		data[OUT_QUEUE] = a->wire.tx_n;
		return COMM_STATUS;
	case PURGE:
		if (s->value & PURGE_TX)
			wire_purge_tx(&a->wire);
		if (s->value & PURGE_RX)
			wire_purge_rx(&a->wire);
		return 0;
	case SET_FLOW:
		memcpy(a->reg + REG_FLOW, data, FLOW);
		return 0;
	case GET_FLOW:
		memcpy(data, a->reg + REG_FLOW, FLOW);
		return FLOW;
	case EMBED_EVENTS:
		a->reg[REG_ESCAPE] = s->value;
		return 0;
	case SET_BAUDRATE:
		wire_set_baud(&a->wire, now, data[0] | data[1] << 8 | data[2] << 16);
		return 0;
	case VENDOR_SPECIFIC:
		if (s->value == GET_PARTNUM)
			return part_number(a, s->length, data);
	}
	return CHIP_STALL;
}

static uint64_t in_at(const struct adapter *a)
{
	return a->wire.rx_n ? a->wire.rx[0].end : WIRE_NEVER;
}

/* A byte as it goes to the host. */
static unsigned int embed(uint8_t escape, struct wire_rx rx, uint8_t *data)
{
	unsigned int n = 0;

	if (escape && rx.lsr) {
		data[n++] = escape;
		data[n++] = 1;
		data[n++] = rx.lsr;
	}
	data[n++] = rx.byte;
	if (escape && !rx.lsr && rx.byte == escape)
		data[n++] = 0;
	return n;
}

static unsigned int in(struct adapter *a, uint64_t now, uint8_t *data)
{
	unsigned int n = 0;

	(void)now;
	while (a->wire.rx_n && n + 4 <= CHIP_PACKET)
		n += embed(a->reg[REG_ESCAPE], wire_take(&a->wire), data + n);
	return n;
}

#define CP2102								\
	.driver = "cp210x",						\
	.strings = { "Silicon Labs", "CP2102 USB to UART Bridge Controller" }, \
	.vendor = 0x10c4, .product = 0xea60, .usb = 0x0110, .version = 0x0100, \
	.class = 0xff, .packet0 = 64, .tells_empty = true, \
	.bulk_in = 0x81, .bulk_out = 0x01, .packet = CHIP_PACKET, .tx_room = 255, \
	.reset = reset, .request = request, .in_at = in_at, .in = in

const struct chip chip_cp2101 = { .name = "CP2101", CP2102 };
const struct chip chip_cp2102 = { .name = "CP2102", CP2102 };
const struct chip chip_cp2102_clone = { .name = "CP2102 without events", CP2102 };
