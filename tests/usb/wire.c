// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire.h"

#include <string.h>

#include "device.h"

#define BITS_DATA	9	/* start bit and eight more */

void wire_init(struct wire *w, struct rig *rig, unsigned int tx_room)
{
	memset(w, 0, sizeof(*w));
	w->rig = rig;
	w->tx_room = tx_room;
	w->bit_ns = 1e9 / 9600;
}

static void record(struct wire *w, const struct rig_byte *byte)
{
	unsigned int n = w->rig->n;

	if (n < RIG_BYTES)
		w->rig->byte[n] = *byte;
	w->rig->n = n + 1;
}

static uint64_t bits(const struct wire *w, double n)
{
	return (uint64_t)(n * w->bit_ns + 0.5);
}

static unsigned int ninth(enum parity parity, uint8_t byte)
{
	unsigned int odd = __builtin_parity(byte);

	switch (parity) {
	case PARITY_ODD:
		return !odd << 8;
	case PARITY_EVEN:
		return odd << 8;
	case PARITY_MARK:
		return 0x100;
	case PARITY_SPACE:
		return 0;
	default:
		return 0x200;
	}
}

/* ---- the adapter sends ----------------------------------------------------- */

static void tx_time(struct wire *w)
{
	w->parity_at = w->start + bits(w, BITS_DATA);
	w->end = w->start + bits(w, BITS_DATA + (w->parity == PARITY_NONE ? 1 : 2));
}

static void tx_start(struct wire *w, uint64_t at)
{
	w->shifting = true;
	w->latched = w->cut = false;
	w->word = w->tx[0];
	memmove(w->tx, w->tx + 1, --w->tx_n);
	w->start = at;
	tx_time(w);
}

static void tx_latch(struct wire *w)
{
	w->word |= ninth(w->parity, w->word);
	w->latched = true;
}

static void tx_end(struct wire *w)
{
	struct rig_byte byte;

	if (!w->latched)
		tx_latch(w);
	byte = (struct rig_byte){ w->start, w->end, w->word, false, w->cut };
	w->shifting = false;
	record(w, &byte);
	device_hears(w, w->word, w->end);
	if (w->tx_n)
		tx_start(w, w->end);
}

void wire_send(struct wire *w, uint64_t now, const uint8_t *data, unsigned int n)
{
	memcpy(w->tx + w->tx_n, data, n);
	w->tx_n += n;
	if (!w->shifting && w->tx_n == n)
		tx_start(w, now + w->rig->start_us * 1000ull);
}

/* A byte that has begun gets what is left of it by the new settings. */
static void set(struct wire *w, uint64_t now, enum parity parity, double bit_ns)
{
	bool begun = w->shifting && now > w->start;

	if (begun && now >= w->parity_at && !w->latched)
		tx_latch(w);
	w->cut |= begun;
	w->parity = parity;
	w->bit_ns = bit_ns;
	if (w->shifting && !begun)
		tx_time(w);
}

void wire_set_line(struct wire *w, uint64_t now, enum parity parity)
{
	set(w, now, parity, w->bit_ns);
}

void wire_set_baud(struct wire *w, uint64_t now, double baud)
{
	set(w, now, w->parity, 1e9 / baud);
}

void wire_purge_tx(struct wire *w)
{
	w->tx_n = 0;
}

/* ---- the device replies ----------------------------------------------------- */

static uint64_t reply_end(const struct wire *w)
{
	return w->reply_start + (uint64_t)(11 * (1e9 / 9600) + 0.5);
}

/* What the chip makes of it is up to its own settings. */
static void rx_byte(struct wire *w, uint16_t word, uint64_t end)
{
	struct wire_rx *rx = &w->rx[w->rx_n];

	if (w->rx_n == WIRE_FIFO) {
		w->rx[w->rx_n - 1].lsr |= LSR_OVERRUN;
		return;
	}
	*rx = (struct wire_rx){ .byte = word, .end = end };
	if (w->parity == PARITY_NONE)
		rx->lsr = word & 0x100 ? 0 : LSR_FRAMING;
	else if (ninth(w->parity, word) != (word & 0x100))
		rx->lsr = LSR_PARITY;
	w->rx_n++;
}

static void reply_byte(struct wire *w)
{
	uint16_t word = w->reply[w->reply_at++];
	uint64_t end = reply_end(w);
	struct rig_byte byte = { w->reply_start, end, word, true, false };

	record(w, &byte);
	rx_byte(w, word, end);
	w->reply_start = end;
}

struct wire_rx wire_take(struct wire *w)
{
	struct wire_rx rx = w->rx[0];

	memmove(w->rx, w->rx + 1, --w->rx_n * sizeof(rx));
	return rx;
}

void wire_purge_rx(struct wire *w)
{
	w->rx_n = 0;
}

/* ---- time ------------------------------------------------------------------- */

static uint64_t reply_next(const struct wire *w)
{
	return w->reply_at < w->reply_n ? reply_end(w) : WIRE_NEVER;
}

uint64_t wire_next(const struct wire *w)
{
	uint64_t tx = w->shifting ? w->end : WIRE_NEVER, rx = reply_next(w);

	return tx < rx ? tx : rx;
}

void wire_run(struct wire *w, uint64_t now)
{
	uint64_t next;

	while ((next = wire_next(w)) <= now)
		if (next == reply_next(w))
			reply_byte(w);
		else
			tx_end(w);
}
