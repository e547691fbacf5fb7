/* SPDX-License-Identifier: GPL-2.0 */
/*
 * uart9: pairs of software 16550A UARTs under the kernel's own 8250 code.
 *
 * With the parameter listeners, a pair has two more ports whose receivers are on
 * the two wires of the pair, and whose transmitters are on none.
 *
 * Time.  All events on a wire have an ideal time stamp in ticks of 1/576 ns,
 * the largest unit that holds the bit time of every divisor of 1.8432 MHz as
 * a whole number.  Nothing happens on its own: before each register access on
 * any port of a pair, and when a timer fires, u9_replay() works off in
 * order what was due by then.  A late timer makes a late interrupt, never a
 * late bit.
 *
 * Locking.  u9_pair.lock covers all state of a pair's chips, its rules
 * and the records already written.  The order is port->lock, then pair lock;
 * the 8250 code's interrupt handler is only called without the pair lock.
 */
#ifndef U9_UART9_H
#define U9_UART9_H

#include <linux/hrtimer.h>
#include <linux/mutex.h>
#include <linux/prandom.h>
#include <linux/serial_8250.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#define U9_TICKS_PER_NS		576
#define U9_TICKS_PER_US		(1000ULL * U9_TICKS_PER_NS)
#define U9_DIVISOR_TICKS	5000000ULL	/* bit time at divisor 1: 16 / 1.8432 MHz */
#define U9_UARTCLK		1843200
#define U9_NEVER		(~0ULL)

#define U9_MAX_PAIRS		32
#define U9_ENDS			2	/* ports of a pair that talk to each other */
#define U9_MAX_PORTS		4	/* and those that only listen */
#define U9_MAX_RECORDS		100000000U
#define U9_MAX_FIFO		64
#define U9_MAX_RULES		64
#define U9_PPM_LIMIT		100000
#define U9_FOREVER		(~0ULL)		/* count of a rule that only clear ends */
#define U9_AT_ONCE		0		/* ordinal of a rule that waits for no byte */
#define U9_HUB_PORTS		0x7ff		/* 0 to 10 */
#define U9_NOISE_MAX_PPB	100000000	/* of all bit times: a tenth */

struct u9_port;

enum u9_flags_mode { U9_FLAGS_BYTE, U9_FLAGS_PACKET, U9_FLAGS_NEVER, U9_FLAGS_NEXT };
enum u9_cmspar_mode { U9_CMSPAR_YES, U9_CMSPAR_CLEARED, U9_CMSPAR_IGNORED, U9_CMSPAR_NONE };
enum u9_latch_mode { U9_LATCH_START, U9_LATCH_PARITY };

/* How a port departs from a 16550A; written by debugfs under the pair lock. */
struct u9_knobs {
	int flags;		/* enum u9_flags_mode */
	int cmspar;		/* enum u9_cmspar_mode */
	int txempty;		/* 1: honest */
	int fifo_clear;		/* 1: set_termios empties the receive FIFO */
	int fifo;		/* depth of the FIFOs: 1, 16, 64 */
	int ppm;		/* this port's clock runs so much too fast */
	int latch;		/* enum u9_latch_mode */
	int irq;		/* 0: interrupts do not get through */
	int answer;		/* microseconds after which it answers commands; -1: not */
	int present;		/* bit n: it answers as the device at port n */
	int heard;		/* 1: what its receiver takes is recorded, too */
	int resume;		/* 1: hung up on resume */
	int start;		/* microseconds until an idle transmitter begins */
	int bridge;		/* 1: the receiver is on the own transmitter */
};

/* What the line looks like from one start bit (or level change) to the next. */
struct u9_line {
	u64 from;		/* time of the first bit */
	u64 bit;		/* ticks a bit */
	u32 bits;		/* levels, first bit lowest; ones above nbits */
	unsigned int nbits;	/* those that may be low */
	bool low;		/* held low whatever the bits say: break */
	bool inverted;		/* by noise, whatever else it is */
	bool noise;		/* the stop bit reads low once */
	bool deaf;		/* the receiver has an overrun with this byte */
};

/* Pulses that turn the line over for a bit time each, whoever is sending or not. */
struct u9_noise {
	u32 ppb;		/* share of time under a pulse; 0: none */
	u64 next;		/* when the line turns over, or back; U9_NEVER */
	u64 start;		/* of the pulse that is on */
	struct rnd_state random;
};

enum u9_tx_state { U9_TX_IDLE, U9_TX_HELD, U9_TX_WAIT, U9_TX_SHIFT };

struct u9_tx {
	u8 fifo[U9_MAX_FIFO];
	unsigned int head, count;
	enum u9_tx_state state;
	u64 next;		/* time of the next state change, U9_NEVER when idle */
	u64 ordinal;		/* bytes the chip has taken from its FIFO so far */
	u8 byte;		/* in the shift register */
	bool extra;		/* on the line by injection, unknown to the chip */
	u16 given;		/* all nine bits of an extra byte */
	bool mute;		/* takes its time but never reaches the wire */
	bool cut;		/* a break came in between */
	unsigned int ninth;	/* number of the ninth bit in line.bits */
	u16 flip;		/* of the nine bits, kept for when parity is latched late */
	u64 start, break_start;
	u16 did;		/* U9_DID_* for the recorder */
	struct u9_line line;
	struct u9_noise noise;
};

enum u9_rx_state { U9_RX_HUNT, U9_RX_FRAME, U9_RX_BREAK };

struct u9_rx {
	u16 fifo[U9_MAX_FIFO];	/* data, LSR error bits << 8 */
	unsigned int head, count, errors;
	bool overrun;
	u64 last;		/* last byte in or out, for the 4-character timeout */
	unsigned int batch;	/* knob flags=packet: bytes left of what is read at once */
	u8 batch_err, batch_kept;
	bool batch_told;

	enum u9_rx_state state;
	u64 edge;		/* of the start bit, or: looking for one since */
	u64 due;		/* when the state changes if the line goes on as it is */
	u64 bit;
	u8 lcr;			/* format, latched at the start bit */
	unsigned int nbits;	/* start to first stop bit */
	unsigned int sampled;
	u32 bits;
};

#define U9_COMMAND_BYTES	8
#define U9_REPLY_BYTES		17

/* Knob answer: a command as it comes in, the nine-bit words of its reply. */
struct u9_answer {
	u8 command[U9_COMMAND_BYTES];
	unsigned int got;
	u16 reply[U9_REPLY_BYTES];
	unsigned int words, sent;
};

/* One line of the inject file. */
struct u9_rule {
	const struct u9_op *op;	/* NULL: free */
	u64 first;		/* ordinal of the first byte it is for, or U9_AT_ONCE */
	u64 count;
	u32 arg;
};

struct u9_pair;

struct u9_port {
	struct uart_8250_port up;
	struct u9_pair *pair;
	struct u9_port *peer;	/* NULL: a listener, nobody hears it */
	struct u9_port *heard;	/* whose wire the receiver is on */
	struct platform_device *pdev;
	struct dentry *dir;
	bool added;

	struct hrtimer timer;
	u64 armed;		/* ns, U9_NEVER: timer not running */
	bool irq_on;

	u8 ier, lcr, mcr, scr, fcr, msr;
	u16 divisor;
	u64 bit;		/* ticks, from divisor and ppm */
	bool thre_irq;
	struct u9_tx tx;
	struct u9_rx rx;
	struct u9_knobs knobs;
	struct u9_answer answer;
	struct u9_rule rules[U9_MAX_RULES];
	unsigned int nrules;
};

/* What was done to a byte, or what it is: bits of u9_record.did, letters in record. */
enum {
	U9_DID_BREAK		= 1 << 0,	/* b */
	U9_DID_CUT		= 1 << 1,	/* c */
	U9_DID_DELAY		= 1 << 2,	/* d */
	U9_DID_FRAME		= 1 << 3,	/* e */
	U9_DID_FLIP_BIT		= 1 << 4,	/* f */
	U9_DID_INSERT		= 1 << 5,	/* i */
	U9_DID_FLIP_MARK	= 1 << 6,	/* m */
	U9_DID_NO_PARITY	= 1 << 7,	/* n */
	U9_DID_OVERRUN		= 1 << 8,	/* o */
	U9_DID_HEAR		= 1 << 9,	/* h */
	U9_DID_NOISE		= 1 << 10,	/* z */
};

struct u9_record {
	u64 start, end;		/* ticks */
	u16 bits;
	u16 did;
	u8 port;
};

struct u9_recorder {
	struct u9_record **chunk;	/* grown by work, never while the pair lock is held */
	unsigned int chunks;		/* allocated */
	unsigned int count, lost;	/* pair lock */
	struct mutex mutex;		/* readers against clear */
	struct work_struct grow;
};

struct u9_pair {
	raw_spinlock_t lock;
	unsigned int nr;
	unsigned int ports;
	struct u9_port port[U9_MAX_PORTS];	/* the two ends, then who listens to them */
	struct u9_recorder rec;
	struct dentry *dir;
};

/* chip.c: the registers */
void u9_chip_init(struct u9_port *p);
unsigned int u9_chip_in(struct u9_port *p, unsigned int reg);
void u9_chip_out(struct u9_port *p, unsigned int reg, u8 value);
void u9_chip_irq_on(struct u9_port *p);
void u9_chip_irq_off(struct u9_port *p);
void u9_chip_set_clock(struct u9_port *p);
void u9_chip_rx_clear(struct u9_port *p);
void u9_chip_set_depth(struct u9_port *p, int depth);
void u9_chip_kick(struct u9_pair *pair, u64 now);
unsigned int u9_chip_depth(const struct u9_port *p);

/* line.c: what goes over the wire, and when */
u64 u9_replay(struct u9_pair *pair);
void u9_listen(struct u9_pair *pair, u64 now);
void u9_tx_start(struct u9_port *p, u64 now);
void u9_tx_break(struct u9_port *p, bool on, u64 now);
void u9_parity_changed(struct u9_port *p, u64 now);
void u9_loop_changing(struct u9_port *p, u64 now);
struct u9_port *u9_line_source(struct u9_port *p);
u64 u9_frame_ticks(const struct u9_port *p);
unsigned int u9_rx_bits(u8 lcr);

/* noise.c: pulses at random */
void u9_noise_set(struct u9_port *p, u32 ppb, u32 seed, u64 now);
u64 u9_noise_toggled(struct u9_port *p, u64 t);

/* inject.c: the rules that disturb it */
struct u9_disturb {
	u16 flip;		/* of the nine bits */
	bool mute, noise, deaf;
	u16 did;
};

void u9_rules_disturb(struct u9_port *p, struct u9_disturb *d);
u64 u9_rules_delay(struct u9_port *p);
bool u9_rules_want_line(const struct u9_port *p);
bool u9_rules_extra(struct u9_port *p, u16 *bits, u64 *break_ticks);
extern const struct file_operations u9_inject_fops;

/* answer.c: a port that is a device */
void u9_answer_setup(struct u9_port *p);
void u9_answer_byte(struct u9_port *p, u8 byte, bool mark, u64 end);
bool u9_answer_pending(const struct u9_port *p);
u16 u9_answer_next(struct u9_port *p);

/* record.c */
int u9_record_init(struct u9_pair *pair, unsigned int max);
void u9_record_exit(struct u9_pair *pair);
void u9_record_add(struct u9_port *p, u64 start, u64 end, u16 bits, u16 did);
void u9_record_heard(struct u9_port *p, u64 start, u64 end, u16 bits, u8 err);
extern const struct file_operations u9_record_fops;

/* knobs.c */
extern const struct file_operations u9_knobs_fops;

/* main.c */
int u9_port_set_depth(struct u9_port *p, int depth);

static inline unsigned int u9_port_nr(const struct u9_port *p)
{
	return p->up.port.line;
}

#endif
