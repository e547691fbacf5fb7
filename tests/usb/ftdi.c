// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FT232R: 64-byte packets that begin with modem and line status, one line status for
 * all bytes of a packet; a packet is sent when it is full or the latency timer ends.
 */
#include "adapter.h"

/* Requests; see drivers/usb/serial/ftdi_sio.h. */
enum {
	RESET, MODEM_CTRL, FLOW_CTRL, BAUD_RATE, SET_DATA, MODEM_STATUS, EVENT_CHAR, ERROR_CHAR,
	SET_LATENCY = 9, GET_LATENCY, READ_EEPROM = 0x90,
};

#define PURGE_RX	1
#define PURGE_TX	2

#define STATUS_MODEM	0x01	/* CTS, DSR, RI and carrier absent */
#define LINE_EMPTY	0x60	/* holding register, shift register */
#define HEAD		2

#define REG_LATENCY	0

static void reset(struct adapter *a)
{
	a->reg[REG_LATENCY] = 16;
	a->rig->latency_ms = 16;
}

static void set_baud(struct adapter *a, uint64_t now, uint16_t value, uint16_t index)
{
	/* Eighths of the divisor, in the order of their code. */
	static const uint8_t eighths[] = { 0, 4, 2, 1, 3, 5, 6, 7 };
	unsigned int divisor = (value & 0x3fff) * 8 + eighths[value >> 14 | (index & 1) << 2];

	wire_set_baud(&a->wire, now, divisor ? 24e6 / divisor : 3e6);
}

static void set_data(struct adapter *a, uint64_t now, uint16_t value)
{
	static const enum parity parity[] = {
		PARITY_NONE, PARITY_ODD, PARITY_EVEN, PARITY_MARK, PARITY_SPACE,
		PARITY_NONE, PARITY_NONE, PARITY_NONE,
	};

	wire_set_line(&a->wire, now, parity[value >> 8 & 7]);
}

static void do_reset(struct adapter *a, uint16_t value)
{
	if (value != PURGE_TX)
		wire_purge_rx(&a->wire);
	if (value != PURGE_RX)
		wire_purge_tx(&a->wire);
}

static void status(const struct adapter *a, uint8_t *data)
{
	data[0] = STATUS_MODEM;
	data[1] = wire_sent(&a->wire) ? LINE_EMPTY : 0;
}

static int request(struct adapter *a, uint64_t now, const struct setup *s, uint8_t *data)
{
	switch (s->request) {
	case RESET:
		do_reset(a, s->value);
		return 0;
	case MODEM_CTRL:
	case FLOW_CTRL:
	case EVENT_CHAR:
	case ERROR_CHAR:
		return 0;
	case BAUD_RATE:
		set_baud(a, now, s->value, s->index);
		return 0;
	case SET_DATA:
		set_data(a, now, s->value);
		return 0;
	case MODEM_STATUS:
		status(a, data);
		return HEAD;
	case SET_LATENCY:
		a->reg[REG_LATENCY] = s->value;
		a->rig->latency_ms = s->value;
		return 0;
	case GET_LATENCY:
		data[0] = a->reg[REG_LATENCY];
		return 1;
	case READ_EEPROM:
		data[0] = data[1] = 0;	/* no pin is for general use */
		return 2;
	}
	return CHIP_STALL;
}

static uint64_t in_at(const struct adapter *a)
{
	const struct wire *w = &a->wire;

	if (w->rx_n >= CHIP_PACKET - HEAD)
		return w->rx[CHIP_PACKET - HEAD - 1].end;
	return a->sent_at + a->reg[REG_LATENCY] * 1000000ull;
}

static unsigned int in(struct adapter *a, uint64_t now, uint8_t *data)
{
	unsigned int n = HEAD;
	struct wire_rx rx;

	(void)now;
	status(a, data);
	while (a->wire.rx_n && n < CHIP_PACKET) {
		rx = wire_take(&a->wire);
		data[n++] = rx.byte;
		data[1] |= rx.lsr;
	}
	return n;
}

const struct chip chip_ft232r = {
	.name = "FT232R",
	.driver = "ftdi_sio",
	.strings = { "FTDI", "FT232R USB UART" },
	.vendor = 0x0403, .product = 0x6001, .usb = 0x0200, .version = 0x0600,
	.class = 0xff, .packet0 = 8, .tells_empty = true,
	.bulk_in = 0x81, .bulk_out = 0x02, .packet = CHIP_PACKET, .tx_room = 128,
	.reset = reset, .request = request, .in_at = in_at, .in = in,
};
