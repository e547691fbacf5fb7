// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CH341: registers.  It tells nobody of parity errors.  Until version 0x30 its line
 * control is elsewhere, and the driver leaves it alone: 8N1 whatever is asked for.
 */
#include "adapter.h"

/* Requests and registers; see drivers/usb/serial/ch341.c. */
#define READ_VERSION	0x5f
#define WRITE_REG	0x9a
#define READ_REG	0x95
#define SERIAL_INIT	0xa1
#define MODEM_CTRL	0xa4

#define REG_STATUS	0x06	/* modem status, inverted */
#define REG_PRESCALER	0x12
#define REG_DIVISOR	0x13
#define REG_LCR		0x18

#define PRESCALER_AT_ONCE	0x80	/* packets need not be full */
#define LCR_MARK_SPACE		0x20
#define LCR_EVEN		0x10
#define LCR_PARITY		0x08

#define PACKET		32

static void reset(struct adapter *a)
{
	a->reg[REG_STATUS] = 0xff;
	a->reg[REG_STATUS + 1] = 0xee;
}

static void set_line(struct adapter *a, uint64_t now)
{
	uint8_t lcr = a->reg[REG_LCR];
	enum parity parity = lcr & LCR_EVEN ? PARITY_EVEN : PARITY_ODD;

	if (lcr & LCR_MARK_SPACE)
		parity = lcr & LCR_EVEN ? PARITY_SPACE : PARITY_MARK;
	wire_set_line(&a->wire, now, lcr & LCR_PARITY ? parity : PARITY_NONE);
}

static void set_baud(struct adapter *a, uint64_t now)
{
	unsigned int scale = a->reg[REG_PRESCALER] & 3, fact = a->reg[REG_PRESCALER] >> 2 & 1;
	double clock = 48e6 / (1 << (12 - 3 * scale - fact));

	wire_set_baud(&a->wire, now, clock / (256 - a->reg[REG_DIVISOR]));
}

/* Two registers at a time. */
static void write_registers(struct adapter *a, uint64_t now, const struct setup *s)
{
	uint8_t first = s->value & 0xff, second = s->value >> 8;

	a->reg[first] = s->index;
	a->reg[second] = s->index >> 8;
	if (first == REG_PRESCALER)
		set_baud(a, now);
	if (first == REG_LCR)
		set_line(a, now);
}

static int request(struct adapter *a, uint64_t now, const struct setup *s, uint8_t *data)
{
	switch (s->request) {
	case READ_VERSION:
		data[0] = a->chip == &chip_ch341_old ? 0x27 : 0x31;
		data[1] = 0;
		return 2;
	case WRITE_REG:
		write_registers(a, now, s);
		return 0;
	case READ_REG:
		data[0] = a->reg[s->value & 0xff];
		data[1] = a->reg[s->value >> 8];
		return 2;
	case SERIAL_INIT:
	case MODEM_CTRL:
		return 0;
	}
	return CHIP_STALL;
}

static uint64_t in_at(const struct adapter *a)
{
	const struct wire *w = &a->wire;
	bool at_once = a->chip == &chip_ch341_old || a->reg[REG_PRESCALER] & PRESCALER_AT_ONCE;

	if (w->rx_n >= PACKET)
		return w->rx[PACKET - 1].end;
	return w->rx_n && at_once ? w->rx[0].end : WIRE_NEVER;
}

static unsigned int in(struct adapter *a, uint64_t now, uint8_t *data)
{
	unsigned int n = 0;

	(void)now;
	while (a->wire.rx_n && n < PACKET)
		data[n++] = wire_take(&a->wire).byte;
	return n;
}

/* Changes of the modem status; nothing here ever changes it. */
static uint64_t state_at(const struct adapter *a)
{
	(void)a;
	return WIRE_NEVER;
}

#define CH341								\
	.driver = "ch341",						\
	.strings = { "QinHeng", "USB Serial" },				\
	.vendor = 0x1a86, .product = 0x7523, .usb = 0x0110, .version = 0x0264, \
	.class = 0xff, .packet0 = 8, .no_serial = true,			\
	.bulk_in = 0x82, .bulk_out = 0x02, .interrupt = 0x81, .packet = PACKET, .tx_room = 128, \
	.reset = reset, .request = request, .in_at = in_at, .in = in, .state_at = state_at

const struct chip chip_ch341 = { .name = "CH341", CH341 };
const struct chip chip_ch341_old = { .name = "CH341 before version 0x30", CH341 };
