// SPDX-License-Identifier: GPL-2.0
/* uart9: what goes over the wire and when: shift registers, levels, sampling. */

#include <linux/bitops.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/serial_reg.h>

#include "uart9.h"

static u64 u9_now(void)
{
	return ktime_get_ns() * U9_TICKS_PER_NS;
}

static unsigned int u9_wlen(u8 lcr)
{
	return 5 + (lcr & UART_LCR_WLEN8);
}

/* Bits from the start bit to the first stop bit, both included. */
unsigned int u9_rx_bits(u8 lcr)
{
	return 2 + u9_wlen(lcr) + !!(lcr & UART_LCR_PARITY);
}

/* Length of a frame of @p, all stop bits included. */
u64 u9_frame_ticks(const struct u9_port *p)
{
	u64 ticks = u9_rx_bits(p->lcr) * p->bit;

	if (p->lcr & UART_LCR_STOP)
		ticks += u9_wlen(p->lcr) == 5 ? p->bit / 2 : p->bit;
	return ticks;
}

static bool u9_parity_bit(u8 lcr, u8 byte)
{
	if (lcr & UART_LCR_SPAR)
		return !(lcr & UART_LCR_EPAR);
	return (hweight8(byte) & 1) ^ !(lcr & UART_LCR_EPAR);
}

/* ---- the line ---- */

static bool u9_line_level(const struct u9_line *line, u64 t)
{
	u64 n;

	if (line->low)
		return line->inverted;
	n = div64_u64(t - line->from, line->bit);
	return (n >= line->nbits || (line->bits >> n & 1)) != line->inverted;
}

/* First time at or after @t when the line is at @level, as far as one can see. */
static u64 u9_line_first(const struct u9_line *line, u64 t, bool level)
{
	u64 n = 0;

	level ^= line->inverted;
	if (line->low)
		return level ? U9_NEVER : t;
	if (t > line->from)
		n = div64_u64(t - line->from, line->bit);
	for (; n < line->nbits; n++)
		if ((line->bits >> n & 1) == level)
			break;
	if (n >= line->nbits && !level)
		return U9_NEVER;
	return max(t, line->from + n * line->bit);
}

/* Whose line the receiver of @p is connected to; NULL: to nobody's. */
struct u9_port *u9_line_source(struct u9_port *p)
{
	if (p->mcr & UART_MCR_LOOP || p->knobs.bridge)
		return p;
	return p->heard->mcr & UART_MCR_LOOP ? NULL : p->heard;
}

/* The port after @l, or the first, whose receiver is on the line of @p. */
static struct u9_port *u9_line_listener(struct u9_port *p, struct u9_port *l)
{
	struct u9_pair *pair = p->pair;

	for (l = l ? l + 1 : pair->port; l < pair->port + pair->ports; l++)
		if (u9_line_source(l) == p)
			return l;
	return NULL;
}

/* ---- receiver ---- */

/* Nobody reads what a port that answers has heard. */
static bool u9_rx_full(const struct u9_port *p)
{
	return p->knobs.answer < 0 && p->rx.count >= u9_chip_depth(p);
}

static void u9_rx_store(struct u9_port *p, u8 byte, u8 err, u64 t)
{
	struct u9_rx *rx = &p->rx;
	unsigned int depth = u9_chip_depth(p);

	rx->last = t;
	if (rx->count >= depth) {
		/* A full FIFO keeps what it has, a holding register the newest. */
		if (depth == 1)
			u9_chip_rx_clear(p);
		rx->overrun = true;
		if (depth > 1)
			return;
	}
	rx->fifo[(rx->head + rx->count) % U9_MAX_FIFO] = byte | err << 8;
	rx->count++;
	rx->errors += !!err;
}

static void u9_rx_frame_start(struct u9_port *p, u64 edge, unsigned int sampled)
{
	struct u9_rx *rx = &p->rx;

	rx->state = U9_RX_FRAME;
	rx->edge = edge;
	rx->bit = p->bit;
	rx->lcr = p->lcr;
	rx->nbits = u9_rx_bits(p->lcr);
	rx->sampled = sampled;
	rx->bits = 0;
	rx->due = edge + (rx->nbits - 1) * rx->bit + rx->bit / 2;
}

static void u9_rx_hunt(struct u9_rx *rx, u64 since)
{
	rx->state = U9_RX_HUNT;
	rx->edge = since;
	rx->due = since;
}

static void u9_rx_frame_end(struct u9_port *p, const struct u9_line *line)
{
	struct u9_rx *rx = &p->rx;
	unsigned int wlen = u9_wlen(rx->lcr);
	u8 byte = rx->bits >> 1 & (0xff >> (8 - wlen));
	bool ours = rx->edge == line->from;
	bool deaf = ours && line->deaf;
	u64 t = rx->due;
	u8 err = 0;

	if (rx->lcr & UART_LCR_PARITY &&
	    (rx->bits >> (wlen + 1) & 1) != u9_parity_bit(rx->lcr, byte))
		err |= UART_LSR_PE;
	if (!(rx->bits >> (rx->nbits - 1) & 1))
		err |= rx->bits ? UART_LSR_FE : UART_LSR_FE | UART_LSR_BI;
	if (p->knobs.heard)
		u9_record_heard(p, rx->edge, t, byte | (rx->bits >> (wlen + 1) & 1) << 8,
				err | (ours && line->noise ? UART_LSR_FE : 0) |
				(deaf || u9_rx_full(p) ? UART_LSR_OE : 0));

	if (p->knobs.answer >= 0) {
		u9_answer_byte(p, byte, err & UART_LSR_PE, rx->edge + rx->nbits * rx->bit);
	} else if (deaf) {
		rx->overrun = true;
		rx->last = t;
	} else {
		u9_rx_store(p, byte, err | (ours && line->noise ? UART_LSR_FE : 0), t);
	}

	if (err & UART_LSR_BI) {
		/* One NUL for a break, then nothing until the line was high. */
		rx->state = U9_RX_BREAK;
		rx->edge = t;
		rx->due = t;
	} else if (err & UART_LSR_FE) {
		/* A 16550 takes a stop bit that is low for the next start bit. */
		u9_rx_frame_start(p, t - rx->bit / 2, 1);
	} else {
		u9_rx_hunt(rx, t);
	}
}

/*
 * The usual case, the line has its present form since the start bit and the
 * clocks are so near to each other that every sample falls into the bit of
 * the same number: nothing to compute.
 */
static bool u9_rx_in_step(const struct u9_rx *rx, const struct u9_line *line)
{
	u64 diff = rx->bit > line->bit ? rx->bit - line->bit : line->bit - rx->bit;

	return !rx->sampled && !line->low && !line->inverted && rx->edge == line->from &&
	       2 * rx->nbits * diff < line->bit;
}

/* Take all samples before @until; false: what looked like a start bit was none. */
static bool u9_rx_sample(struct u9_port *p, const struct u9_line *line, u64 until)
{
	struct u9_rx *rx = &p->rx;
	u64 t;

	if (rx->due < until && u9_rx_in_step(rx, line)) {
		rx->bits = line->bits & (BIT(rx->nbits) - 1);
		rx->sampled = rx->nbits;
		return true;
	}
	for (; rx->sampled < rx->nbits; rx->sampled++) {
		t = rx->edge + rx->sampled * rx->bit + rx->bit / 2;
		if (t >= until)
			break;
		if (!u9_line_level(line, t))
			continue;
		if (!rx->sampled) {
			u9_rx_hunt(rx, t);
			return false;
		}
		rx->bits |= BIT(rx->sampled);
	}
	return true;
}

/*
 * Let the receiver of @p see @line up to, not including, @until.  @closing:
 * the line changes then, so samples cannot be taken later.
 */
static void u9_rx_run(struct u9_port *p, const struct u9_line *line, u64 until,
		      bool closing)
{
	struct u9_rx *rx = &p->rx;

	while (rx->due < until) {
		if (rx->state == U9_RX_FRAME) {
			if (u9_rx_sample(p, line, until))
				u9_rx_frame_end(p, line);
			continue;
		}
		rx->due = u9_line_first(line, rx->edge, rx->state == U9_RX_BREAK);
		if (rx->due >= until)
			break;
		if (rx->state == U9_RX_BREAK)
			u9_rx_hunt(rx, rx->due);
		else
			u9_rx_frame_start(p, rx->due, 0);
	}
	if (!closing)
		return;
	if (rx->state == U9_RX_FRAME)
		u9_rx_sample(p, line, until);
	if (rx->state != U9_RX_FRAME) {
		rx->edge = max(rx->edge, until);
		rx->due = rx->edge;
	}
}

/* The line of @p gets a new form at @t: end the old one, then change it. */
static void u9_line_close(struct u9_port *p, u64 t)
{
	struct u9_port *l = NULL;

	while ((l = u9_line_listener(p, l)))
		u9_rx_run(l, &p->tx.line, t, true);
}

/* ---- transmitter ---- */

static void u9_tx_shift(struct u9_port *p, u64 t, u64 len)
{
	struct u9_tx *tx = &p->tx;

	tx->state = U9_TX_SHIFT;
	tx->start = t;
	tx->next = t + len;
	tx->cut = false;
	/* Under a break condition the chip goes on, but nobody hears it. */
	if (tx->line.low)
		tx->mute = true;
}

static void u9_tx_shape(struct u9_port *p, u64 t, u16 nine, const struct u9_disturb *d)
{
	struct u9_tx *tx = &p->tx;
	unsigned int wlen = u9_wlen(p->lcr);
	u32 word = nine & (0xff >> (8 - wlen));

	word |= (u32)(nine >> 8 & 1) << wlen;
	u9_line_close(p, t);
	tx->ninth = wlen + 1;
	tx->line = (struct u9_line){
		.from = t,
		.bit = p->bit,
		/* Start bit low, everything after the ninth bit high. */
		.bits = ~0U << (wlen + 2) | word << 1,
		.nbits = wlen + 2,
		.inverted = tx->line.inverted,
		.noise = d->noise,
		.deaf = d->deaf,
	};
}

/* The byte in the shift register starts: now its format and fate are settled. */
static void u9_tx_begin(struct u9_port *p, u64 t)
{
	struct u9_tx *tx = &p->tx;
	struct u9_disturb d = { .did = tx->did };
	u16 nine = tx->extra ? tx->given : tx->byte;

	if (!(p->lcr & UART_LCR_PARITY)) {
		nine |= 0x100;		/* what a nine-bit receiver sees: the stop bit */
		d.did |= U9_DID_NO_PARITY;
	} else if (!tx->extra && u9_parity_bit(p->lcr, nine & (0xff >> (8 - u9_wlen(p->lcr))))) {
		nine |= 0x100;
	}
	u9_rules_disturb(p, &d);

	tx->mute = d.mute;
	tx->flip = d.flip;
	tx->did = d.did;
	u9_tx_shift(p, t, u9_frame_ticks(p));
	if (!tx->mute)
		u9_tx_shape(p, t, nine ^ d.flip, &d);
}

static void u9_tx_begin_extra(struct u9_port *p, u64 t, u16 nine, u64 break_ticks)
{
	static const struct u9_disturb none;
	struct u9_tx *tx = &p->tx;

	tx->extra = true;
	tx->mute = false;
	tx->did = U9_DID_INSERT;
	if (!break_ticks) {
		if (!(p->lcr & UART_LCR_PARITY))
			tx->did |= U9_DID_NO_PARITY;
		u9_tx_shift(p, t, u9_frame_ticks(p));
		if (!tx->mute)
			u9_tx_shape(p, t, nine, &none);
		return;
	}
	tx->did |= U9_DID_BREAK;
	/* One bit of rest after it, or nobody could tell it from a start bit. */
	u9_tx_shift(p, t, break_ticks + p->bit);
	if (tx->mute)
		return;
	u9_line_close(p, t);
	tx->line = (struct u9_line){
		.from = t, .bit = break_ticks, .bits = ~1U, .nbits = 1,
		.inverted = tx->line.inverted,
	};
}

/* The next byte of the chip, or of the device it plays; false: there is none. */
static bool u9_tx_take(struct u9_port *p)
{
	struct u9_tx *tx = &p->tx;

	tx->extra = u9_answer_pending(p);
	tx->did = tx->extra ? U9_DID_INSERT : 0;
	if (tx->extra) {
		tx->given = u9_answer_next(p);
	} else if (tx->count) {
		tx->byte = tx->fifo[tx->head];
		tx->head = (tx->head + 1) % U9_MAX_FIFO;
		if (!--tx->count)
			p->thre_irq = true;
	} else {
		return false;
	}
	tx->ordinal++;
	return true;
}

/* The shift register is free at @t. */
static void u9_tx_next(struct u9_port *p, u64 t)
{
	struct u9_tx *tx = &p->tx;
	u64 delay, break_ticks;
	u16 nine;

	if (u9_rules_extra(p, &nine, &break_ticks)) {
		u9_tx_begin_extra(p, t, nine, break_ticks);
		return;
	}
	if (!u9_tx_take(p)) {
		tx->state = U9_TX_IDLE;
		tx->next = U9_NEVER;
		return;
	}
	delay = u9_rules_delay(p);
	if (!delay) {
		u9_tx_begin(p, t);
		return;
	}
	tx->did |= U9_DID_DELAY;
	tx->state = U9_TX_HELD;
	tx->next = t + delay;
}

static void u9_tx_record(struct u9_port *p, u64 end)
{
	struct u9_tx *tx = &p->tx;
	u16 bits = 0;

	if (tx->mute || !p->peer || p->mcr & UART_MCR_LOOP)
		return;
	if (tx->did & U9_DID_BREAK) {
		end = tx->line.from + tx->line.bit;
	} else {
		bits = tx->line.bits >> 1 & (BIT(tx->ninth - 1) - 1);
		bits |= (tx->line.bits >> tx->ninth & 1) << 8;
	}
	u9_record_add(p, tx->start, end, bits, tx->did | (tx->cut ? U9_DID_CUT : 0));
}

static void u9_noise_event(struct u9_port *p)
{
	struct u9_tx *tx = &p->tx;
	u64 t = tx->noise.next;

	u9_line_close(p, t);
	tx->line.inverted = !tx->line.inverted;
	tx->noise.next = u9_noise_toggled(p, t);
}

/* When something happens to the line of @p next. */
static u64 u9_tx_due(const struct u9_port *p)
{
	return min(p->tx.next, p->tx.noise.next);
}

static void u9_tx_event(struct u9_port *p)
{
	u64 t = p->tx.next;

	if (p->tx.noise.next < t) {
		u9_noise_event(p);
		return;
	}
	if (p->tx.state == U9_TX_HELD) {
		u9_tx_begin(p, t);
		return;
	}
	if (p->tx.state == U9_TX_SHIFT)
		u9_tx_record(p, t);
	u9_tx_next(p, t);
}

/* Something may be there to send. */
void u9_tx_start(struct u9_port *p, u64 now)
{
	if (p->tx.state != U9_TX_IDLE)
		return;
	if (!p->knobs.start) {
		u9_tx_next(p, now);
		return;
	}
	p->tx.state = U9_TX_WAIT;
	p->tx.next = now + p->knobs.start * U9_TICKS_PER_US;
}

void u9_tx_break(struct u9_port *p, bool on, u64 now)
{
	struct u9_tx *tx = &p->tx;

	if (on == tx->line.low)
		return;
	u9_line_close(p, now);
	tx->line.low = on;
	if (on) {
		tx->break_start = now;
		tx->cut = true;
	} else if (p->peer && !(p->mcr & UART_MCR_LOOP)) {
		u9_record_add(p, tx->break_start, now, 0, U9_DID_BREAK);
	}
}

/*
 * LCR was written while a byte is under way.  With the knob latch=parity the
 * parity bit is made, and checked, from what is set when its time comes.
 */
void u9_parity_changed(struct u9_port *p, u64 now)
{
	const u8 mode = UART_LCR_EPAR | UART_LCR_SPAR;
	struct u9_tx *tx = &p->tx;
	struct u9_rx *rx = &p->rx;
	u32 bit = BIT(tx->ninth);
	struct u9_port *l = NULL;
	bool parity;

	if (p->knobs.latch != U9_LATCH_PARITY || !(p->lcr & UART_LCR_PARITY))
		return;
	if (tx->state == U9_TX_SHIFT && !tx->extra && !tx->mute &&
	    !(tx->did & U9_DID_NO_PARITY) && now < tx->line.from + tx->ninth * tx->line.bit) {
		parity = u9_parity_bit(p->lcr, tx->byte & (BIT(tx->ninth - 1) - 1));
		parity ^= tx->flip >> 8 & 1;
		tx->line.bits = parity ? tx->line.bits | bit : tx->line.bits & ~bit;
		while ((l = u9_line_listener(p, l)))
			if (l->rx.state != U9_RX_FRAME)
				l->rx.due = now;	/* look at the line anew */
	}
	if (rx->state == U9_RX_FRAME && rx->lcr & UART_LCR_PARITY &&
	    now < rx->due - rx->bit)
		rx->lcr = (rx->lcr & ~mode) | (p->lcr & mode);
}

/* MCR is about to connect @p's receiver to its own transmitter, or back. */
void u9_loop_changing(struct u9_port *p, u64 now)
{
	struct u9_port *l;

	u9_line_close(p, now);
	u9_line_close(p->heard, now);
	for (l = p->pair->port; l < p->pair->port + p->pair->ports; l++)
		if (l == p || l->heard == p)
			u9_rx_hunt(&l->rx, now);
}

/* All receivers take in what their lines have carried up to @now. */
void u9_listen(struct u9_pair *pair, u64 now)
{
	struct u9_port *p, *source;
	unsigned int i;

	for (i = 0; i < pair->ports; i++) {
		p = &pair->port[i];
		if (p->rx.due > now)
			continue;
		source = u9_line_source(p);
		if (source)
			u9_rx_run(p, &source->tx.line, now + 1, false);
		else
			p->rx.due = U9_NEVER;
	}
}

static struct u9_port *u9_tx_first(struct u9_pair *pair)
{
	struct u9_port *first = pair->port;
	unsigned int i;

	for (i = 1; i < pair->ports; i++)
		if (u9_tx_due(&pair->port[i]) < u9_tx_due(first))
			first = &pair->port[i];
	return first;
}

/* Work off everything that was due on the wires of @pair, and tell the time. */
u64 u9_replay(struct u9_pair *pair)
{
	u64 now = u9_now();
	struct u9_port *p;

	lockdep_assert_held(&pair->lock);
	for (;;) {
		p = u9_tx_first(pair);
		if (u9_tx_due(p) > now) {
			/* What is heard may be answered, long ago. */
			u9_listen(pair, now);
			p = u9_tx_first(pair);
			if (u9_tx_due(p) > now)
				break;
		}
		u9_tx_event(p);
	}
	return now;
}
