/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The UART of an emulated adapter and the nine-bit wire behind it, with a
 * simulated device at the other end.
 *
 * Time is exact: whatever happens is done at the nanosecond at which it is due,
 * in order, however late the emulator gets to it.  A byte gets its parity bit from
 * the line control that is in force when that bit is on the wire.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "rig.h"

#define WIRE_NEVER	UINT64_MAX
#define WIRE_FIFO	256

enum parity { PARITY_NONE, PARITY_ODD, PARITY_EVEN, PARITY_MARK, PARITY_SPACE };

/* Line status of a received byte, as a 16550 has it. */
#define LSR_OVERRUN	0x02
#define LSR_PARITY	0x04
#define LSR_FRAMING	0x08

struct wire_rx {
	uint8_t byte, lsr;
	uint64_t end;
};

struct wire {
	struct rig *rig;

	/* line control */
	enum parity parity;
	double bit_ns;

	/* the adapter sends */
	uint8_t tx[WIRE_FIFO];
	unsigned int tx_n, tx_room;
	bool shifting, latched, cut;
	uint64_t start, parity_at, end;
	unsigned int word;

	/* the adapter has received */
	struct wire_rx rx[WIRE_FIFO];
	unsigned int rx_n;

	/* the device hears a command and says its reply */
	uint8_t heard[8];
	unsigned int heard_n;
	uint16_t reply[32];
	unsigned int reply_n, reply_at;
	uint64_t reply_start;
};

void wire_init(struct wire *w, struct rig *rig, unsigned int tx_room);

/* When something happens next by itself, and do it; wire_run() does all until @now. */
uint64_t wire_next(const struct wire *w);
void wire_run(struct wire *w, uint64_t now);

/* What the chip is told, at @now; all that is due before has been run. */
void wire_set_line(struct wire *w, uint64_t now, enum parity parity);
void wire_set_baud(struct wire *w, uint64_t now, double baud);
void wire_send(struct wire *w, uint64_t now, const uint8_t *data, unsigned int n);
void wire_purge_tx(struct wire *w);
void wire_purge_rx(struct wire *w);

static inline bool wire_sent(const struct wire *w)
{
	return !w->tx_n && !w->shifting;
}

/* Takes the oldest received byte away. */
struct wire_rx wire_take(struct wire *w);

#endif
