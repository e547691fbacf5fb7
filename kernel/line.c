// SPDX-License-Identifier: GPL-2.0
/*
 * The nine-bit line: the ninth bit travels as the parity bit of the UART.
 *
 * To send, the parity is chosen so that the parity bit is the ninth bit: once
 * per frame with stick parity (mark for byte 0, space for the rest), per byte
 * with even and odd where the UART knows no stick parity.  A UART takes the
 * parity for a byte when it loads or when it sends it, so the parity may only
 * be switched while nothing is being sent.
 *
 * To receive, the ninth bit is what the parity should have been, turned over
 * if the UART reports a parity error.
 */
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/tty_flip.h>
#include <linux/usb.h>
#include <linux/usb/serial.h>

#include "compat.h"
#include "matenet.h"
#include "trace.h"

#define LINE_BITS		11	/* start, eight, ninth, stop */
#define LINE_STALL_MS		100	/* a tty that takes nothing for so long never will */
#define LINE_GUARD_STEP_NS	(50 * NSEC_PER_USEC)
#define LINE_GUARD_MAX_NS	(1000 * NSEC_PER_USEC)
#define LINE_SLOW_RUN		8	/* waits that make one slow one forgotten */
/* A byte's way through USB, for UARTs that cannot say when it is out. */
#define LINE_GUARD_BLIND_NS	(2 * NSEC_PER_MSEC)
#define LINE_BAUD_PERCENT	2	/* two stop bit samples away from losing a byte */
#define LINE_USB_GUARD_NS	(500 * NSEC_PER_USEC)	/* who knows when an adapter begins */

/* The last close has begun, for which the port is no longer open. */
static bool line_closing(struct tty_struct *tty)
{
	return tty->closing || READ_ONCE(tty->port->count) < 1;
}

/*
 * The last close shuts the port down before it closes the line discipline;
 * until 7.3 not every tty driver survives to be called in between.
 */
static bool line_may_io(struct tty_struct *tty)
{
	return !line_closing(tty) && !tty_io_error(tty) && tty_port_initialized(tty->port);
}

/* For the engine, which may have to end while the system sleeps. */
static int line_check(struct matenet_bus *bus)
{
	if (line_closing(bus->tty) || (matenet_pm_asleep() && READ_ONCE(bus->dead)))
		return -ENODEV;
	return line_may_io(bus->tty) ? 0 : -EIO;
}

/* The same for what must not be begun when the system goes to sleep. */
static int line_check_awake(struct matenet_bus *bus)
{
	if (matenet_pm_asleep() && !READ_ONCE(bus->dead))
		return -EAGAIN;
	return line_check(bus);
}

/**
 * matenet_line_lock - have the tty for oneself, once it has power
 * @bus: bus; for its engine only
 *
 * The system does not fall asleep until matenet_line_unlock(), see pm_settle().
 */
void matenet_line_lock(struct matenet_bus *bus)
{
	mutex_lock(&bus->io);
	while (matenet_pm_asleep() && !READ_ONCE(bus->dead)) {
		mutex_unlock(&bus->io);
		matenet_pm_wait(bus);
		mutex_lock(&bus->io);
	}
}

/**
 * matenet_line_unlock - undo matenet_line_lock()
 * @bus: bus
 */
void matenet_line_unlock(struct matenet_bus *bus)
{
	mutex_unlock(&bus->io);
}

/**
 * matenet_line_sleep_until - sleep to the microsecond, whatever wakes us
 * @when: CLOCK_MONOTONIC
 */
void matenet_line_sleep_until(ktime_t when)
{
	while (ktime_before(ktime_get(), when)) {
		set_current_state(TASK_IDLE);
		schedule_hrtimeout_range(&when, 0, HRTIMER_MODE_ABS);
	}
}

static tcflag_t line_parity(struct tty_struct *tty)
{
	return tty->termios.c_cflag & MATENET_PARITY_MASK;
}

static int line_set_parity(struct matenet_bus *bus, tcflag_t parity)
{
	struct tty_struct *tty = bus->tty;
	struct ktermios termios = tty->termios;

	/* A redundant change may still cost time, or bytes that arrive. */
	if (line_parity(tty) != parity) {
		termios.c_cflag = (termios.c_cflag & ~MATENET_PARITY_MASK) | parity;
		tty_set_termios(tty, &termios);
		if (line_parity(tty) != parity)
			return -EIO;
		trace_matenet_parity(bus, parity);
	}
	spin_lock(&bus->lock);
	bus->parity = parity;
	spin_unlock(&bus->lock);
	return 0;
}

static bool line_odd(u8 byte)
{
	return hweight8(byte) & 1;
}

static tcflag_t line_parity_for(bool stick, u8 byte, bool mark)
{
	if (stick)
		return mark ? MATENET_MARK : MATENET_SPACE;
	return line_odd(byte) == mark ? MATENET_EVEN : MATENET_ODD;
}

static int line_write(struct matenet_bus *bus, const u8 *data, unsigned int len)
{
	ktime_t limit = ktime_add_ms(ktime_get(), LINE_STALL_MS);
	struct tty_struct *tty = bus->tty;
	int n;

	for (;;) {
		n = tty->ops->write(tty, data, len);
		/* For the engine -EAGAIN says that nothing has been sent. */
		if (n < 0)
			return n == -EAGAIN ? -EIO : n;
		data += n;
		len -= n;
		if (!len)
			return 0;
		if (ktime_after(ktime_get(), limit))
			return -EIO;
		usleep_range(500, 1000);
	}
}

/*
 * A UART that is late again and again, because it starts late or its clock is
 * slow, gets more time from then on.  Once may have been anybody's fault.
 */
static void line_judge_wait(struct matenet_bus *bus, u64 waited)
{
	u64 patience = max_t(u64, jiffies_to_nsecs(1) / 2, 1500 * NSEC_PER_USEC);

	if (waited < patience) {
		if (bus->slow)
			bus->slow--;
		return;
	}
	spin_lock(&bus->lock);
	bus->stats.tx_slow++;
	spin_unlock(&bus->lock);
	if (bus->slow && bus->guard_ns < LINE_GUARD_MAX_NS)
		bus->guard_ns += LINE_GUARD_STEP_NS;
	bus->slow = LINE_SLOW_RUN;
}

/*
 * Sleep until the bytes that end at @end are out, then let the driver confirm
 * it.  The order matters: asked too early, a driver sleeps for jiffies until
 * it asks its UART again.
 */
static int line_wait_sent(struct matenet_bus *bus, ktime_t end)
{
	u32 guard_ns = bus->guard_ns;
	ktime_t limit = ktime_add_ms(end, LINE_STALL_MS);
	struct tty_struct *tty = bus->tty;
	ktime_t asked;

	if (bus->empty == MATENET_EMPTY_DOUBTED)
		guard_ns = max_t(u32, guard_ns, LINE_GUARD_BLIND_NS);
	matenet_line_sleep_until(ktime_add_ns(end, guard_ns));
	while (tty_chars_in_buffer(tty)) {
		if (ktime_after(ktime_get(), limit))
			return -EIO;
		usleep_range(100, 200);
	}
	asked = ktime_get();
	if (tty->ops->wait_until_sent)
		tty->ops->wait_until_sent(tty, msecs_to_jiffies(LINE_STALL_MS));
	line_judge_wait(bus, ktime_to_ns(ktime_sub(ktime_get(), asked)));
	return 0;
}

static ktime_t line_end_of(struct matenet_bus *bus, unsigned int bytes)
{
	return ktime_add_ns(ktime_get(), (u64)bytes * bus->frame_ns);
}

/*
 * A UART on USB takes bytes with the next frame, up to a millisecond after they were
 * written, and hardly a driver of such can tell when it has sent them: time is counted
 * from when it has them.
 */
static int line_wait_taken(struct matenet_bus *bus, unsigned int bytes, ktime_t *end)
{
	ktime_t limit = ktime_add_ms(*end, LINE_STALL_MS);

	while (tty_chars_in_buffer(bus->tty) >= bytes) {
		if (ktime_after(ktime_get(), limit))
			return -EIO;
		usleep_range(50, 100);
	}
	*end = line_end_of(bus, bytes);
	return 0;
}

/*
 * Noted before the last write, because a reply may come while we are kept from
 * running, and again after it, because the write may have been late.
 */
static void line_note_end(struct matenet_bus *bus, ktime_t end, bool written)
{
	spin_lock(&bus->lock);
	bus->tx_end = end;
	if (!written)
		bus->rx_from = end;
	spin_unlock(&bus->lock);
}

static void line_note_gap(struct matenet_bus *bus, ktime_t end)
{
	s64 gap = ktime_to_ns(ktime_sub(ktime_get(), end));

	spin_lock(&bus->lock);
	if (gap > (s64)bus->stats.tx_gap_max_ns)
		bus->stats.tx_gap_max_ns = gap;
	spin_unlock(&bus->lock);
}

/* Bytes that go under one parity are written together. */
static int line_send_runs(struct matenet_bus *bus, const u8 *data, unsigned int len)
{
	unsigned int first, next;
	ktime_t end = 0;
	tcflag_t parity;
	int ret;

	for (first = 0; first < len; first = next) {
		parity = line_parity_for(bus->stick, data[first], !first);
		next = first + 1;
		while (next < len && line_parity_for(bus->stick, data[next], false) == parity)
			next++;

		if (first) {
			ret = line_wait_sent(bus, end);
			if (ret)
				return ret;
		}
		ret = line_set_parity(bus, parity);
		if (ret)
			return ret;
		if (first == 1)
			line_note_gap(bus, end);
		if (next == len)
			line_note_end(bus, line_end_of(bus, next - first), false);
		ret = line_write(bus, data + first, next - first);
		if (ret)
			return ret;
		end = line_end_of(bus, next - first);
		if (bus->usb && next < len) {
			ret = line_wait_taken(bus, next - first, &end);
			if (ret)
				return ret;
		}
	}
	line_note_end(bus, end, true);
	return 0;
}

/**
 * matenet_line_send - put a frame on the wire, byte 0 with its ninth bit set
 * @bus: bus; nothing is being sent and nobody talks
 * @data: the frame with its checksum
 * @len: number of bytes
 *
 * Returns as soon as the last byte has been handed over, so that nothing delays
 * the reply; tx_end of the bus then says when it will be out.
 *
 * Return: 0, or an error when not all of the frame will be sent: -ENODEV if the
 * tty is being closed, -EAGAIN if the system is going to sleep.
 */
int matenet_line_send(struct matenet_bus *bus, const u8 *data, unsigned int len)
{
	int ret;

	mutex_lock(&bus->io);
	ret = line_check_awake(bus);
	if (!ret) {
		ret = line_send_runs(bus, data, len);
		if (ret && line_may_io(bus->tty)) {
			/* What is left must not go out later, as somebody's byte 0. */
			tty_driver_flush_buffer(bus->tty);
			line_set_parity(bus, line_parity_for(bus->stick, 0, false));
		}
		if (ret && line_closing(bus->tty))
			ret = -ENODEV;
	}
	mutex_unlock(&bus->io);
	return ret;
}

/**
 * matenet_line_sent - wait until what was sent last is out
 * @bus: bus
 *
 * Return: 0; -EIO if it never will be, and has been dropped; -EBUSY if it may be yet,
 * for the tty cannot drop it; -ENODEV if the tty is being closed and cannot tell any more.
 */
int matenet_line_sent(struct matenet_bus *bus)
{
	int ret;

	matenet_line_lock(bus);
	ret = line_check(bus);
	if (!ret) {
		ret = line_wait_sent(bus, bus->tx_end);
		if (ret && !bus->tty->ops->flush_buffer)
			ret = -EBUSY;
		else if (ret)
			tty_driver_flush_buffer(bus->tty);
	}
	matenet_line_unlock(bus);
	return ret;
}

/* It says that all has been sent before that can be. */
static void line_go_blind(struct matenet_bus *bus)
{
	spin_lock(&bus->lock);
	bus->tty_caps &= ~MATENET_CAP_TX_EMPTY;
	spin_unlock(&bus->lock);
	bus->guard_ns = max_t(u32, bus->guard_ns, LINE_GUARD_BLIND_NS);
	dev_info(&bus->dev, "%s cannot tell when it has sent all: waiting %u us longer\n",
		 bus->tty_name, bus->guard_ns / (u32)NSEC_PER_USEC);
}

static void line_ask_early(struct matenet_bus *bus, ktime_t ask)
{
	ktime_t limit = ktime_add_ns(ask, bus->frame_ns / 2);
	struct tty_struct *tty = bus->tty;

	if (tty_chars_in_buffer(tty) || ktime_after(ktime_get(), limit))
		return;
	tty->ops->wait_until_sent(tty, msecs_to_jiffies(LINE_STALL_MS));
	bus->empty = MATENET_EMPTY_LEARNT;
	if (ktime_before(ktime_get(), limit))
		line_go_blind(bus);
}

/**
 * matenet_line_doubt - see with the next frame whether the tty's word counts
 * @bus: bus; nobody has answered, or must not fail to understand
 *
 * Until then more time than it asks for will do.
 */
void matenet_line_doubt(struct matenet_bus *bus)
{
	if (bus->empty == MATENET_EMPTY_UNKNOWN && bus->tty_caps & MATENET_CAP_TX_EMPTY)
		bus->empty = MATENET_EMPTY_DOUBTED;
}

/**
 * matenet_line_learn - find out whether the tty can say when it has sent all
 * @bus: bus; a frame has just been handed over
 *
 * Some drivers cannot ask their UART, and say yes at once.  One that does so while
 * the last but one byte is being sent is not believed any more.  One that can ask
 * takes some jiffies to answer, less than a device does.
 */
void matenet_line_learn(struct matenet_bus *bus)
{
	ktime_t ask = ktime_sub_ns(bus->tx_end, 3 * bus->frame_ns / 2);

	if (bus->empty != MATENET_EMPTY_DOUBTED || ktime_after(ktime_get(), ask))
		return;
	matenet_line_sleep_until(ask);
	mutex_lock(&bus->io);
	if (!line_check_awake(bus))
		line_ask_early(bus, ask);
	mutex_unlock(&bus->io);
}

/**
 * matenet_line_settle - wait until no part of a frame is on its way
 * @bus: bus whose port is about to be shut down
 *
 * Not for the driver to say so: whoever closes the tty may have been killed, and
 * serial drivers then do not wait.
 */
void matenet_line_settle(struct matenet_bus *bus)
{
	ktime_t end;

	mutex_lock(&bus->io);
	spin_lock(&bus->lock);
	end = bus->tx_end;
	spin_unlock(&bus->lock);
	/* Or else the next one has not been begun. */
	if (end != KTIME_MAX && tty_port_initialized(bus->tty->port))
		matenet_line_sleep_until(ktime_add_ns(end, bus->guard_ns));
	mutex_unlock(&bus->io);
}

static bool line_expected(tcflag_t parity, u8 byte)
{
	switch (parity) {
	case MATENET_MARK:
		return true;
	case MATENET_EVEN:
		return line_odd(byte);
	case MATENET_ODD:
		return !line_odd(byte);
	default:
		return false;
	}
}

/**
 * matenet_line_word - what a byte and its flag say
 * @bus: bus, locked
 * @byte: as the tty delivered it
 * @flag: TTY_NORMAL, TTY_PARITY and so on
 *
 * Return: the word, see MATENET_WORD_*.
 */
u16 matenet_line_word(struct matenet_bus *bus, u8 byte, u8 flag)
{
	bool mark = line_expected(bus->parity, byte);

	switch (flag) {
	case TTY_BREAK:
		return MATENET_WORD_BREAK;
	case TTY_OVERRUN:
		return MATENET_WORD_OVERRUN;
	case TTY_FRAME:
		return byte | MATENET_WORD_FRAMING;
	case TTY_PARITY:
		mark = !mark;
		break;
	}
	return byte | (mark ? MATENET_WORD_MARK : 0);
}

/* Does the tty keep these parity settings?  They read back changed if not. */
static bool line_keeps(struct tty_struct *tty, struct ktermios *termios, tcflag_t parity)
{
	termios->c_cflag = (termios->c_cflag & ~MATENET_PARITY_MASK) | parity;
	tty_set_termios(tty, termios);
	return line_parity(tty) == parity;
}

static bool line_baud_fits(struct tty_struct *tty, u32 baud)
{
	u32 got = tty_get_baud_rate(tty);
	u32 off = got > baud ? got - baud : baud - got;

	return off * 100 <= baud * LINE_BAUD_PERCENT;
}

static bool line_has_driver(const struct tty_struct *tty, const char *name)
{
	return tty->driver->driver_name && !strcmp(tty->driver->driver_name, name);
}

/* By the driver: the devices above a tty that has been unplugged are gone. */
static bool line_on_usb(const struct tty_struct *tty)
{
	return line_has_driver(tty, "usbserial") || line_has_driver(tty, "acm");
}

/* All drivers of usb-serial have the operation, and few of them something behind it. */
static bool line_tells_sent(struct tty_struct *tty)
{
	struct usb_serial_port *port = tty->driver_data;

	if (line_has_driver(tty, "usbserial"))
		return port->serial->type->wait_until_sent;
	return tty->ops->wait_until_sent;
}

static int line_setup(struct matenet_bus *bus, const struct matenet_config *config)
{
	struct tty_struct *tty = bus->tty;
	struct ktermios termios = tty->termios;
	bool cmspar, stick;

	/* PARMRK only so that breaks are not hidden. */
	termios.c_iflag = INPCK | PARMRK;
	termios.c_oflag = 0;
	termios.c_lflag = 0;
	termios.c_cflag &= ~(CSIZE | CSTOPB | CRTSCTS);
	termios.c_cflag |= CS8 | CREAD | CLOCAL;
	tty_termios_encode_baud_rate(&termios, config->baud, config->baud);

	cmspar = line_keeps(tty, &termios, MATENET_MARK) &&
		 line_keeps(tty, &termios, MATENET_SPACE);
	if (config->parity == MATENET_PARITY_STICK && !cmspar)
		return -EOPNOTSUPP;
	stick = cmspar && config->parity != MATENET_PARITY_EVENODD;
	if (!stick && !(line_keeps(tty, &termios, MATENET_ODD) &&
			line_keeps(tty, &termios, MATENET_EVEN)))
		return -EOPNOTSUPP;
	if (!line_baud_fits(tty, config->baud))
		return -ERANGE;

	spin_lock(&bus->lock);
	/* What it has kept last is for bytes without a ninth bit. */
	bus->parity = line_parity(tty);
	bus->tty_caps = (cmspar ? MATENET_CAP_CMSPAR : 0) |
			(line_tells_sent(tty) ? MATENET_CAP_TX_EMPTY : 0);
	bus->stick = stick;
	spin_unlock(&bus->lock);
	bus->usb = line_on_usb(tty);
	bus->frame_ns = div_u64((u64)LINE_BITS * NSEC_PER_SEC, config->baud);
	bus->empty = MATENET_EMPTY_UNKNOWN;
	bus->slow = 0;
	bus->guard_ns = config->tx_guard_us * NSEC_PER_USEC + (bus->usb ? LINE_USB_GUARD_NS : 0);
	return 0;
}

/**
 * matenet_line_configure - set the tty up for baud rate and parity method
 * @bus: bus; no transaction is running, and matenet_line_lock() has it
 * @config: wanted
 *
 * Return: -EOPNOTSUPP if the tty cannot send the ninth bit that way, -ERANGE
 * if it has no such speed; the old settings are then restored.  -EIO or -ENODEV
 * if nothing can be done to the tty, or not any more.
 */
int matenet_line_configure(struct matenet_bus *bus, const struct matenet_config *config)
{
	struct ktermios before = bus->tty->termios;
	int ret;

	lockdep_assert_held(&bus->io);
	ret = line_check(bus);
	if (ret)
		return ret;
	ret = line_setup(bus, config);
	if (ret)
		tty_set_termios(bus->tty, &before);
	return ret;
}

/**
 * matenet_line_open - take the tty over
 * @bus: bus with its tty and configuration
 *
 * Return: what matenet_line_configure() says.
 */
int matenet_line_open(struct matenet_bus *bus)
{
	int ret;

	mutex_lock(&bus->io);
	bus->saved = bus->tty->termios;
	/* Who opens it after a hangup shall get an ordinary tty, not a bus. */
	bus->saved.c_line = N_TTY;
	ret = matenet_line_configure(bus, &bus->config);
	if (!ret) {
		/*
		 * N_TTY may have taken a byte for XOFF, and nobody would start it again;
		 * what it has echoed is nothing to be sent.
		 */
		tty_driver_flush_buffer(bus->tty);
		start_tty(bus->tty);
	}
	mutex_unlock(&bus->io);
	return ret;
}

/**
 * matenet_line_close - give the tty back as it was
 * @bus: bus, its engine stopped
 *
 * A late answer to what was asked is nobody's any more: the line discipline
 * that comes next would have an echo of it sent, if it is the usual one.
 */
void matenet_line_close(struct matenet_bus *bus)
{
	struct tty_struct *tty = bus->tty;

	if (line_may_io(tty)) {
		/* Nobody is behind a hangup. */
		if (!test_bit(TTY_HUPPING, &tty->flags)) {
			matenet_line_sleep_until(bus->quiet_until);
			tty_ldisc_flush(tty);
		}
		tty_set_termios(tty, &bus->saved);
		return;
	}
	/* The port is shut down, but the next open starts from these settings. */
	down_write(&tty->termios_rwsem);
	tty->termios = bus->saved;
	up_write(&tty->termios_rwsem);
}
