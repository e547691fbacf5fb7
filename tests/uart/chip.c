// SPDX-License-Identifier: GPL-2.0
/* uart9: the registers of a 16550A (or 16450, or 16750), and its interrupt. */

#include <linux/math64.h>
#include <linux/serial_reg.h>

#include "compat.h"
#include "uart9.h"

#define U9_IIR_FIFO	0xc0	/* older headers have no names for these three */
#define U9_IIR_FIFO64	0x20
#define U9_IER_ALL	0x0f
#define U9_FCR_OWN	(UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_MASK)
#define U9_TIMEOUT_CHARS 4
#define U9_IRQ_ROUNDS	64	/* as many as the 8250 driver asks a shared line */

static bool u9_fifo_on(const struct u9_port *p)
{
	return p->fcr & UART_FCR_ENABLE_FIFO;
}

/* Bytes the FIFOs hold as they are set now. */
unsigned int u9_chip_depth(const struct u9_port *p)
{
	if (!u9_fifo_on(p))
		return 1;
	return p->fcr & UART_FCR7_64BYTE ? 64 : 16;
}

static unsigned int u9_rx_trigger(const struct u9_port *p)
{
	static const u8 trigger[2][4] = { { 1, 4, 8, 14 }, { 1, 16, 32, 56 } };

	if (!u9_fifo_on(p))
		return 1;
	return trigger[!!(p->fcr & UART_FCR7_64BYTE)][UART_FCR_R_TRIG_BITS(p->fcr)];
}

void u9_chip_set_clock(struct u9_port *p)
{
	u64 hz = 1000000 + p->knobs.ppm;
	u64 divisor = p->divisor ? p->divisor : 0x10000;

	p->bit = div64_u64(divisor * U9_DIVISOR_TICKS * 1000000 + hz / 2, hz);
}

void u9_chip_rx_clear(struct u9_port *p)
{
	p->rx.count = 0;
	p->rx.errors = 0;
	p->rx.overrun = false;
	p->rx.batch = 0;
}

static void u9_tx_clear(struct u9_port *p)
{
	if (p->tx.count)
		p->thre_irq = true;
	p->tx.count = 0;
}

/* Another type of chip, with its FIFOs off. */
void u9_chip_set_depth(struct u9_port *p, int depth)
{
	p->knobs.fifo = depth;
	p->fcr = 0;
	u9_chip_rx_clear(p);
	u9_tx_clear(p);
}

/* ---- interrupt ---- */

static u64 u9_rx_timeout(const struct u9_port *p)
{
	return p->rx.last + U9_TIMEOUT_CHARS * u9_frame_ticks(p);
}

/* Does the driver get to see the error flags of the next byte? */
static bool u9_rx_error_irq(const struct u9_port *p)
{
	const struct u9_rx *rx = &p->rx;

	if (p->knobs.flags != U9_FLAGS_BYTE)
		return false;
	return rx->count && (rx->overrun || rx->fifo[rx->head] >> 8);
}

static u8 u9_irq_id(const struct u9_port *p, u64 now)
{
	const struct u9_rx *rx = &p->rx;

	if (p->ier & UART_IER_RLSI && u9_rx_error_irq(p))
		return UART_IIR_RLSI;
	if (p->ier & UART_IER_RDI && rx->count >= u9_rx_trigger(p))
		return UART_IIR_RDI;
	if (p->ier & UART_IER_RDI && rx->count && now >= u9_rx_timeout(p))
		return UART_IIR_RX_TIMEOUT;
	if (p->ier & UART_IER_THRI && p->thre_irq)
		return UART_IIR_THRI;
	if (p->ier & UART_IER_MSI && p->msr & UART_MSR_ANY_DELTA)
		return UART_IIR_MSI;
	return UART_IIR_NO_INT;
}

static bool u9_irq_connected(const struct u9_port *p)
{
	return p->irq_on && p->knobs.irq;
}

/* When the transmit FIFO runs empty, if nothing comes in between. */
static u64 u9_tx_empty_time(const struct u9_port *p)
{
	const struct u9_tx *tx = &p->tx;
	unsigned int frames = tx->count - (tx->state != U9_TX_HELD);

	return tx->next + frames * u9_frame_ticks(p);
}

/* Earliest time the receiver can have something new, never later than it has. */
static u64 u9_rx_time(struct u9_port *p)
{
	const struct u9_port *source = u9_line_source(p);
	const struct u9_rx *rx = &p->rx;
	u64 edge;

	if (!source)
		return rx->due;
	/* It waits for a start bit: of the next byte of the other side, or what noise makes. */
	edge = source->tx.noise.next;
	if (rx->due == U9_NEVER && source->tx.state != U9_TX_IDLE &&
	    (source->tx.state != U9_TX_SHIFT || source->tx.count ||
	     u9_rules_want_line(source) || u9_answer_pending(source)))
		edge = min(edge, source->tx.next);
	if (edge == U9_NEVER)
		return rx->due;
	/* Noise makes one even in a break, long before its end. */
	return min(rx->due, edge + (u9_rx_bits(p->lcr) - 1) * p->bit + p->bit / 2);
}

/* When to look whether @p has an interrupt; never later than it has one. */
static u64 u9_irq_time(struct u9_port *p, u64 now)
{
	u64 t = U9_NEVER;

	/* No interrupt, but nobody else looks whether there is something to answer. */
	if (p->knobs.answer >= 0)
		return u9_rx_time(p);
	if (!u9_irq_connected(p) || !p->ier)
		return t;
	if (u9_irq_id(p, now) != UART_IIR_NO_INT)
		return now;
	if (p->ier & UART_IER_THRI && !p->thre_irq && p->tx.count)
		t = min(t, u9_tx_empty_time(p));
	if (p->ier & (UART_IER_RDI | UART_IER_RLSI))
		t = min(t, u9_rx_time(p));
	if (p->ier & UART_IER_RDI && p->rx.count)
		t = min(t, u9_rx_timeout(p));
	return t;
}

/*
 * Set the timer of @p.  One that is set too early is left alone: it costs less
 * to look once too often than to move a timer on every access.
 */
static void u9_chip_arm(struct u9_port *p, u64 now)
{
	u64 t = u9_irq_time(p, now);
	u64 ns;

	if (t == U9_NEVER)
		return;
	ns = div_u64(t + U9_TICKS_PER_NS - 1, U9_TICKS_PER_NS);
	if (p->armed <= ns)
		return;
	p->armed = ns;
	hrtimer_start(&p->timer, ns_to_ktime(ns), HRTIMER_MODE_ABS);
}

/* Something was done to a chip of @pair: see that no interrupt gets lost. */
void u9_chip_kick(struct u9_pair *pair, u64 now)
{
	unsigned int i;

	u9_listen(pair, now);
	for (i = 0; i < pair->ports; i++)
		u9_chip_arm(&pair->port[i], now);
}

/*
 * The interrupt of a port.  The handler wants port->lock, which is held around
 * most register accesses, so it runs from here and never from u9_chip_out().
 */
static enum hrtimer_restart u9_chip_timer(struct hrtimer *timer)
{
	struct u9_port *p = container_of(timer, struct u9_port, timer);
	struct uart_port *port = &p->up.port;
	unsigned long flags;
	int rounds = 0;
	bool pending;
	u64 now;

	raw_spin_lock_irqsave(&p->pair->lock, flags);
	p->armed = U9_NEVER;
	now = u9_replay(p->pair);
	pending = u9_irq_connected(p) && u9_irq_id(p, now) != UART_IIR_NO_INT;
	raw_spin_unlock_irqrestore(&p->pair->lock, flags);

	while (pending && rounds++ < U9_IRQ_ROUNDS)
		pending = port->handle_irq(port);

	raw_spin_lock_irqsave(&p->pair->lock, flags);
	now = u9_replay(p->pair);
	/* Others are concerned only by what this port has just begun to answer. */
	if (p->knobs.answer >= 0)
		u9_chip_kick(p->pair, now);
	else
		u9_chip_arm(p, now);
	raw_spin_unlock_irqrestore(&p->pair->lock, flags);
	return HRTIMER_NORESTART;
}

void u9_chip_irq_on(struct u9_port *p)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&p->pair->lock, flags);
	p->irq_on = true;
	u9_chip_kick(p->pair, u9_replay(p->pair));
	raw_spin_unlock_irqrestore(&p->pair->lock, flags);
}

void u9_chip_irq_off(struct u9_port *p)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&p->pair->lock, flags);
	p->irq_on = false;
	raw_spin_unlock_irqrestore(&p->pair->lock, flags);
	hrtimer_cancel(&p->timer);
	p->armed = U9_NEVER;
}

/* ---- modem lines, crossed: DTR to DSR and DCD, RTS to CTS ---- */

static u8 u9_modem_inputs(const struct u9_port *p)
{
	bool loop = p->mcr & UART_MCR_LOOP;
	u8 out, in = 0;

	if (!loop && !p->peer)
		return 0;
	out = loop ? p->mcr : p->peer->mcr;
	/* A chip in loopback mode keeps its own pins inactive. */
	if (!loop && out & UART_MCR_LOOP)
		return 0;
	if (out & UART_MCR_RTS)
		in |= UART_MSR_CTS;
	if (out & UART_MCR_DTR)
		in |= loop ? UART_MSR_DSR : UART_MSR_DSR | UART_MSR_DCD;
	if (loop && out & UART_MCR_OUT1)
		in |= UART_MSR_RI;
	if (loop && out & UART_MCR_OUT2)
		in |= UART_MSR_DCD;
	return in;
}

static void u9_modem_update(struct u9_port *p)
{
	u8 old = p->msr & ~UART_MSR_ANY_DELTA;
	u8 new = u9_modem_inputs(p);
	u8 diff = old ^ new;

	/* Each delta bit lies four below its line; RI only counts when it falls. */
	p->msr = new | (p->msr & UART_MSR_ANY_DELTA) |
		 (diff & ~UART_MSR_RI) >> 4 | (diff & old & UART_MSR_RI) >> 4;
}

static void u9_set_mcr(struct u9_port *p, u8 value, u64 now)
{
	value &= UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_OUT1 | UART_MCR_RTS | UART_MCR_DTR;
	if ((value ^ p->mcr) & UART_MCR_LOOP)
		u9_loop_changing(p, now);
	p->mcr = value;
	u9_modem_update(p);
	if (p->peer)
		u9_modem_update(p->peer);
}

/* ---- reading ---- */

static u8 u9_read_rx(struct u9_port *p, u64 now)
{
	struct u9_rx *rx = &p->rx;
	u16 entry = rx->fifo[rx->head];

	if (!rx->count)
		return entry;		/* the last byte once more, as real chips do */
	rx->head = (rx->head + 1) % U9_MAX_FIFO;
	rx->count--;
	rx->errors -= !!(entry >> 8);
	rx->last = now;
	if (rx->batch)
		rx->batch--;
	rx->batch_told = false;
	return entry;
}

/*
 * The errors of the byte that is read next; reading them clears them.  Without a byte
 * there are none: a chip has an overrun only while it is full, and kernels before 6.0
 * forget one that they are told of without a byte.
 */
static u8 u9_take_errors(struct u9_port *p)
{
	struct u9_rx *rx = &p->rx;
	u8 err;

	if (!rx->count)
		return 0;
	err = rx->overrun ? UART_LSR_OE : 0;
	rx->overrun = false;
	if (rx->errors && u9_fifo_on(p))
		err |= UART_LSR_FIFOE;
	rx->errors -= !!(rx->fifo[rx->head] >> 8);
	err |= rx->fifo[rx->head] >> 8;
	rx->fifo[rx->head] &= 0xff;
	return err;
}

/*
 * Knobs flags=packet and flags=next: what is read at once has all its errors on every
 * byte, or leaves them to what is read next.
 */
static u8 u9_take_packet_errors(struct u9_port *p)
{
	struct u9_rx *rx = &p->rx;
	unsigned int i;
	u16 *entry;
	u8 err;

	if (!rx->batch && rx->count) {
		rx->batch = rx->count;
		err = rx->overrun ? UART_LSR_OE : 0;
		rx->overrun = false;
		rx->errors = 0;
		for (i = 0; i < rx->count; i++) {
			entry = &rx->fifo[(rx->head + i) % U9_MAX_FIFO];
			err |= *entry >> 8;
			*entry &= 0xff;
		}
		rx->batch_err = p->knobs.flags == U9_FLAGS_NEXT ? rx->batch_kept : err;
		rx->batch_kept = err;
	}
	if (!rx->batch || rx->batch_told)
		return 0;
	rx->batch_told = true;
	return rx->batch_err;
}

static u8 u9_read_lsr(struct u9_port *p)
{
	const struct u9_tx *tx = &p->tx;
	u8 lsr = 0;

	if (p->rx.count)
		lsr |= UART_LSR_DR;
	if (!tx->count)
		lsr |= UART_LSR_THRE;
	if (!tx->count && (tx->state == U9_TX_IDLE || tx->extra))
		lsr |= UART_LSR_TEMT;

	switch (p->knobs.flags) {
	case U9_FLAGS_BYTE:
		lsr |= u9_take_errors(p);
		break;
	case U9_FLAGS_PACKET:
	case U9_FLAGS_NEXT:
		lsr |= u9_take_packet_errors(p);
		break;
	case U9_FLAGS_NEVER:
		u9_take_errors(p);
		break;
	}
	return lsr;
}

static u8 u9_read_iir(struct u9_port *p, u64 now)
{
	u8 id = u9_irq_id(p, now);

	if (id == UART_IIR_THRI)
		p->thre_irq = false;
	if (u9_fifo_on(p))
		id |= U9_IIR_FIFO;
	if (p->fcr & UART_FCR7_64BYTE)
		id |= U9_IIR_FIFO64;
	return id;
}

static u8 u9_read_msr(struct u9_port *p)
{
	u8 msr = p->msr;

	p->msr &= ~UART_MSR_ANY_DELTA;
	return msr;
}

unsigned int u9_chip_in(struct u9_port *p, unsigned int reg)
{
	bool dlab = p->lcr & UART_LCR_DLAB;
	unsigned int value = 0;
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&p->pair->lock, flags);
	now = u9_replay(p->pair);
	switch (reg) {
	case UART_RX:
		value = dlab ? p->divisor & 0xff : u9_read_rx(p, now);
		break;
	case UART_IER:
		value = dlab ? p->divisor >> 8 : p->ier;
		break;
	case UART_IIR:
		value = u9_read_iir(p, now);
		break;
	case UART_LCR:
		value = p->lcr;
		break;
	case UART_MCR:
		value = p->mcr;
		break;
	case UART_LSR:
		value = u9_read_lsr(p);
		break;
	case UART_MSR:
		value = u9_read_msr(p);
		break;
	case UART_SCR:
		value = p->scr;
		break;
	}
	raw_spin_unlock_irqrestore(&p->pair->lock, flags);
	return value;
}

/* ---- writing ---- */

static void u9_write_thr(struct u9_port *p, u8 value, u64 now)
{
	struct u9_tx *tx = &p->tx;

	p->thre_irq = false;
	if (tx->count < u9_chip_depth(p))
		tx->fifo[(tx->head + tx->count++) % U9_MAX_FIFO] = value;
	u9_tx_start(p, now);
}

static void u9_write_ier(struct u9_port *p, u8 value)
{
	value &= U9_IER_ALL;
	/* Enabling the interrupt of an empty transmitter raises it. */
	if (value & ~p->ier & UART_IER_THRI && !p->tx.count)
		p->thre_irq = true;
	p->ier = value;
}

static void u9_write_fcr(struct u9_port *p, u8 value)
{
	u8 wide = p->fcr & UART_FCR7_64BYTE;

	if (p->knobs.fifo == 1)
		return;				/* a 16450 has no such register */
	/* The 16750 lets its 64 byte mode be changed only under DLAB. */
	if (p->knobs.fifo == U9_MAX_FIFO && p->lcr & UART_LCR_DLAB)
		wide = value & UART_FCR7_64BYTE;
	if ((value ^ p->fcr) & UART_FCR_ENABLE_FIFO)
		value |= UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT;
	if (value & UART_FCR_CLEAR_RCVR)
		u9_chip_rx_clear(p);
	if (value & UART_FCR_CLEAR_XMIT)
		u9_tx_clear(p);
	p->fcr = wide | (value & UART_FCR_ENABLE_FIFO ? value & U9_FCR_OWN : 0);
}

static void u9_write_lcr(struct u9_port *p, u8 value, u64 now)
{
	if (p->knobs.cmspar == U9_CMSPAR_IGNORED)
		value &= ~UART_LCR_SPAR;
	p->lcr = value;
	u9_parity_changed(p, now);
	u9_tx_break(p, value & UART_LCR_SBC, now);
}

static void u9_write_divisor(struct u9_port *p, u16 divisor)
{
	p->divisor = divisor;
	u9_chip_set_clock(p);
}

void u9_chip_out(struct u9_port *p, unsigned int reg, u8 value)
{
	bool dlab = p->lcr & UART_LCR_DLAB;
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&p->pair->lock, flags);
	now = u9_replay(p->pair);
	switch (reg) {
	case UART_TX:
		if (dlab)
			u9_write_divisor(p, (p->divisor & 0xff00) | value);
		else
			u9_write_thr(p, value, now);
		break;
	case UART_IER:
		if (dlab)
			u9_write_divisor(p, (p->divisor & 0xff) | value << 8);
		else
			u9_write_ier(p, value);
		break;
	case UART_FCR:
		u9_write_fcr(p, value);
		break;
	case UART_LCR:
		u9_write_lcr(p, value, now);
		break;
	case UART_MCR:
		u9_set_mcr(p, value, now);
		break;
	case UART_SCR:
		p->scr = value;
		break;
	}
	u9_chip_kick(p->pair, now);
	raw_spin_unlock_irqrestore(&p->pair->lock, flags);
}

/* Power on.  The peer has to be there already, or not look at us yet. */
void u9_chip_init(struct u9_port *p)
{
	hrtimer_setup(&p->timer, u9_chip_timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	p->armed = U9_NEVER;
	p->knobs = (struct u9_knobs){
		.txempty = 1, .fifo = 16, .irq = 1, .answer = -1, .present = U9_HUB_PORTS,
	};
	p->tx.next = U9_NEVER;
	p->tx.noise.next = U9_NEVER;
	p->tx.line = (struct u9_line){ .bit = 1, .bits = ~0U };
	p->rx.due = U9_NEVER;
	u9_write_divisor(p, 1);
}
