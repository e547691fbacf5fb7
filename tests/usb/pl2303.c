// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PL2303HX: line control in seven bytes, applied at once.  Errors come by another
 * endpoint than the bytes: the driver puts them on the block of bytes that it sees
 * next, which may be the wrong one.  Nobody can ask whether all has been sent.
 */
#include "adapter.h"

#include <string.h>

/* Requests; see drivers/usb/serial/pl2303.c. */
#define TYPE_VENDOR	0x40
#define VENDOR		0x01	/* read, write a register */
#define SET_LINE	0x20
#define GET_LINE	0x21
#define SET_CONTROL	0x22
#define BREAK		0x23

#define LINE		7	/* bytes */
#define LINE_PARITY	5	/* of them */
#define STATE		10	/* bytes */
#define STATE_UART	8	/* of them */
#define UART_PARITY	0x20
#define UART_FRAMING	0x10
#define UART_OVERRUN	0x40

#define REG_LINE	0x20	/* its own registers are below */
#define REG_UART	0x40

static void reset(struct adapter *a)
{
	static const uint8_t line[LINE] = { 9600 & 0xff, 9600 >> 8, 0, 0, 0, 0, 8 };

	memcpy(a->reg + REG_LINE, line, LINE);
}

static void set_line(struct adapter *a, uint64_t now, const uint8_t *data)
{
	static const enum parity parity[8] = {
		PARITY_NONE, PARITY_ODD, PARITY_EVEN, PARITY_MARK, PARITY_SPACE,
	};
	uint32_t baud = data[0] | data[1] << 8 | data[2] << 16;

	memcpy(a->reg + REG_LINE, data, LINE);
	wire_set_baud(&a->wire, now, baud);
	wire_set_line(&a->wire, now, parity[data[LINE_PARITY] & 7]);
}

static int request(struct adapter *a, uint64_t now, const struct setup *s, uint8_t *data)
{
	if ((s->type & 0x60) == TYPE_VENDOR) {
		if (s->request != VENDOR)
			return CHIP_STALL;
		if (s->type & 0x80) {
			data[0] = a->reg[s->value & 0x1f];
			return 1;
		}
		a->reg[s->value & 0x1f] = s->index;
		return 0;
	}
	switch (s->request) {
	case SET_LINE:
		set_line(a, now, data);
		return 0;
	case GET_LINE:
		memcpy(data, a->reg + REG_LINE, LINE);
		return LINE;
	case SET_CONTROL:
	case BREAK:
		return 0;
	}
	return CHIP_STALL;
}

static uint8_t uart_state(uint8_t lsr)
{
	return (lsr & LSR_PARITY ? UART_PARITY : 0) | (lsr & LSR_FRAMING ? UART_FRAMING : 0) |
	       (lsr & LSR_OVERRUN ? UART_OVERRUN : 0);
}

static uint64_t in_at(const struct adapter *a)
{
	return a->wire.rx_n ? a->wire.rx[0].end : WIRE_NEVER;
}

static unsigned int in(struct adapter *a, uint64_t now, uint8_t *data)
{
	unsigned int n = 0;
	struct wire_rx rx;

	while (a->wire.rx_n && n < CHIP_PACKET) {
		rx = wire_take(&a->wire);
		data[n++] = rx.byte;
		if (!rx.lsr)
			continue;
		a->reg[REG_UART] |= uart_state(rx.lsr);
		a->late_at = now;
	}
	return n;
}

/* Before its byte goes to the host, or after it. */
static uint64_t state_at(const struct adapter *a)
{
	unsigned int i;

	for (i = 0; i < a->wire.rx_n && !a->rig->late_state; i++)
		if (a->wire.rx[i].lsr)
			return a->wire.rx[i].end;
	return a->reg[REG_UART] ? a->late_at : WIRE_NEVER;
}

static unsigned int state(struct adapter *a, uint8_t *data)
{
	static const uint8_t head[STATE] = { 0xa1, 0x20, 0, 0, 0, 0, 2, 0, 0, 0 };
	unsigned int i;

	memcpy(data, head, STATE);
	for (i = 0; i < a->wire.rx_n && !a->rig->late_state; i++) {
		a->reg[REG_UART] |= uart_state(a->wire.rx[i].lsr);
		a->wire.rx[i].lsr = 0;
	}
	data[STATE_UART] = a->reg[REG_UART];
	a->reg[REG_UART] = 0;
	return STATE;
}

const struct chip chip_pl2303 = {
	.name = "PL2303HX",
	.driver = "pl2303",
	.strings = { "Prolific Technology Inc.", "USB-Serial Controller" },
	.vendor = 0x067b, .product = 0x2303, .usb = 0x0110, .version = 0x0300,
	.class = 0xff, .packet0 = 64, .no_serial = true,
	.bulk_in = 0x83, .bulk_out = 0x02, .interrupt = 0x81, .packet = CHIP_PACKET,
	.tx_room = 255,
	.reset = reset, .request = request, .in_at = in_at, .in = in,
	.state_at = state_at, .state = state,
};
