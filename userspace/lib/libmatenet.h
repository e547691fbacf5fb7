/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmatenet - talk to OutBack devices on a MateNET bus
 *
 * A bus is opened by number, name or path and then read by port: 0 is the
 * device plugged in directly, or the hub itself; 1 to 10 are a hub's ports.
 *
 * Functions that can fail return 0 or a negative enum mate_err; what they do
 * not return they leave alone.  mate_strerror() says it in words, and
 * mate_last_detail() gives what was behind it.
 *
 * Threads may share a handle: each transaction is whole, so is each change with
 * its reads before and after, and details are kept for each thread by itself.
 * Only mate_close() must come last.
 */
#ifndef LIBMATENET_H
#define LIBMATENET_H

#include <time.h>

#include <linux/matenet.h>

#include "mate_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What can go wrong.  All are negative; 0 is success. */
enum mate_err {
	/* use of the library and of the system */
	MATE_E_INVALID = -1,	/* an argument, or the driver refused one */
	MATE_E_NO_BUS = -2,	/* no such bus */
	MATE_E_SEVERAL = -3,	/* none named, and there are several */
	MATE_E_NOT_A_BUS = -4,	/* the path is no MateNET bus */
	MATE_E_PERMISSION = -5,	/* not allowed for this user */
	MATE_E_GONE = -6,	/* the bus was detached or unplugged */
	MATE_E_BUSY = -7,	/* somebody has it for himself */
	MATE_E_INTERRUPTED = -8,	/* a signal came before anything was sent */
	MATE_E_MEMORY = -9,
	MATE_E_SYSTEM = -10,	/* any other errno, see mate_last_detail() */
	/* the wire */
	MATE_E_TRANSMIT = -20,	/* the UART did not send the command */
	MATE_E_ABORTED = -21,	/* given up before the reply was in */
	MATE_E_NO_REPLY = -22,	/* not one byte came back */
	MATE_E_REFUSED = -23,	/* the device answered with an error */
	MATE_E_CHECKSUM = -24,
	MATE_E_SHORT = -25,	/* too few bytes */
	MATE_E_LONG = -26,	/* too many bytes */
	MATE_E_MARK = -27,	/* wrong 9th bits */
	MATE_E_FRAMING = -28,	/* a stop bit was missing */
	MATE_E_BREAK = -29,	/* the line was held low */
	MATE_E_OVERRUN = -30,	/* the UART lost bytes */
	/* the devices */
	MATE_E_DEVICE = -40,	/* this type of device has no such thing */
	MATE_E_VALUE = -41,	/* the text is no value of that register */
	MATE_E_RANGE = -42,	/* the value is outside what may be written */
	MATE_E_ACCESS = -43,	/* the register cannot be read, written or stepped */
};

/** What was behind the last call of this thread that used the bus. */
struct mate_detail {
	int sys_errno;		/* of the failed system call, or 0 */
	uint32_t status;	/* MATENET_ST_* of the last transaction, or 0 */
	uint32_t sequence;	/* its number on the bus */
	uint8_t attempts;	/* how often it was sent */
	/*
	 * After MATE_E_VALUE, MATE_E_RANGE and MATE_E_ACCESS: what would be
	 * right, such as "0.0 to 80.0 V", "off, search or on" or "READ"; else "".
	 */
	char text[200];
};

/** An open bus. */
struct mate_bus;

/** mate_open() flags. */
#define MATE_OPEN_WRITE	1U	/* commands that change something will be sent */

/** A bus of this machine. */
struct mate_bus_info {
	unsigned int number;	/* of /dev/matenetN */
	char name[24];		/* "matenet0" */
	char tty[32];		/* "ttyS1"; "" if it is not known */
};

/* ---- errors --------------------------------------------------------------- */

/** One line of English without a full stop for @err; never NULL. */
const char *mate_strerror(int err);

/** Short stable word for @err, such as "no_reply", for programs; never NULL. */
const char *mate_errname(int err);

/** Detail of this thread's last call; never NULL, overwritten by the next. */
const struct mate_detail *mate_last_detail(void);

/* ---- buses ---------------------------------------------------------------- */

/**
 * List the buses of this machine by number.
 * @list: room for @max entries, may be NULL if @max is 0
 *
 * Return: how many buses there are, which may be more than @max; or
 * MATE_E_SYSTEM.  No driver is the same as no bus: 0.
 */
int mate_bus_list(struct mate_bus_info *list, size_t max);

/**
 * Open a bus.
 * @bus: out: the handle, to be given to mate_close()
 * @name: "0", "matenet0" or a path; NULL for the only bus there is
 * @flags: 0 or MATE_OPEN_WRITE
 *
 * Return: 0, MATE_E_NO_BUS, MATE_E_SEVERAL, MATE_E_NOT_A_BUS,
 * MATE_E_PERMISSION, MATE_E_GONE, MATE_E_BUSY, MATE_E_MEMORY, MATE_E_INVALID
 * or MATE_E_SYSTEM.
 */
int mate_open(struct mate_bus **bus, const char *name, unsigned int flags);

/** Close @bus and free it; NULL is allowed. */
void mate_close(struct mate_bus *bus);

/** Name of the bus: the last part of its path, "matenet0". */
const char *mate_bus_name(const struct mate_bus *bus);

/** What the bus can do: see struct matenet_caps in <linux/matenet.h>. */
int mate_caps(struct mate_bus *bus, struct matenet_caps *caps);

/** Settings of the bus, shared by all its users. */
int mate_get_config(struct mate_bus *bus, struct matenet_config *config);

/** Change the settings; the driver fills in what is then in force. */
int mate_set_config(struct mate_bus *bus, struct matenet_config *config);

/**
 * Patience of this handle.
 * @timeout_us: wait for the first byte of a reply, 1000 to 10000000;
 *	0: as the bus is configured (45 ms by default)
 * @retries: times to ask again after silence or damage, 0 to 15; 1 by default
 *
 * Return: 0 or MATE_E_INVALID.
 */
int mate_set_patience(struct mate_bus *bus, uint32_t timeout_us, unsigned int retries);

/* ---- transactions --------------------------------------------------------- */

/**
 * One raw transaction.
 * @xfer: as in <linux/matenet.h>; the driver fills in what came back
 *
 * Return: 0 if @xfer->status has MATENET_ST_OK, else what it says, or what the
 * system call failed with.
 */
int mate_xfer(struct mate_bus *bus, struct matenet_xfer *xfer);

/** Error for the MATENET_ST_* bits of a transaction; 0 for a good one. */
int mate_status_error(uint32_t status);

/**
 * Read a register.
 * @port: 0 to 10
 * @addr: register address
 * @value: out: the 16 bits as they came
 *
 * Source: command 02 READ.  Return: 0 or enum mate_err.
 */
int mate_read(struct mate_bus *bus, unsigned int port, unsigned int addr, uint16_t *value);

/**
 * Read one status page.
 * @page: 1 for MX and FX, 0x0A to 0x0F for the FLEXnet DC
 * @bytes: out: the 13 bytes after byte 0
 *
 * Source: command 04 STATUS.
 */
int mate_status(struct mate_bus *bus, unsigned int port, unsigned int page,
		uint8_t bytes[13]);

/**
 * Read the log page of one day.
 * @day: days ago, 0 is today, at most 128 are kept
 * @bytes: out: the 14 bytes after byte 0; the last is the day they are of
 *
 * Source: command 22 LOG.
 */
int mate_log(struct mate_bus *bus, unsigned int port, unsigned int day, uint8_t bytes[14]);

/**
 * Write a register, once and without a look at the result: the answer is not
 * always an echo.  See mate_reg_write() for one that looks.
 * @answer: out: the 16 bits that came back, may be NULL
 *
 * Source: command 03 WRITE, never sent twice.  The handle must have been opened
 * with MATE_OPEN_WRITE and the bus be writable, else MATE_E_PERMISSION.
 */
int mate_write(struct mate_bus *bus, unsigned int port, unsigned int addr, uint16_t value,
	       uint16_t *answer);

#define MATE_PORT_MAX	10	/* a hub has ports 1 to 10 */
#define MATE_DAY_MAX	128	/* a charge controller remembers that many days */

/* ---- devices -------------------------------------------------------------- */

/** Who answers on a port. */
struct mate_device_info {
	uint8_t port;
	uint8_t device;		/* enum mate_device; others occur */
	uint8_t variant;	/* high byte of register 0000: FM80 02 */
	uint8_t fw_parts;	/* 3: fw[0].fw[1].fw[2]; 1: an FX; 0: not known */
	uint16_t fw[3];
};

/** Progress of mate_scan(). */
struct mate_scan_event {
	unsigned int port;	/* the one that was asked */
	unsigned int last_port;	/* 0 until it is known whether there is a hub */
	int err;		/* 0, MATE_E_NO_REPLY for an empty port, or another */
	const struct mate_device_info *info;	/* if err is 0 */
};

/** Called after each port; anything but 0 ends the scan with MATE_E_ABORTED. */
typedef int (*mate_scan_fn)(void *arg, const struct mate_scan_event *event);

/**
 * Ask a port who is there: READ 0000, then the firmware revision as that
 * family of devices gives it.  A device whose revision cannot be read is still
 * a device.
 */
int mate_identify(struct mate_bus *bus, unsigned int port, struct mate_device_info *info);

/** mate_scan() flags. */
#define MATE_SCAN_QUICK	1U	/* types only, no firmware revisions */

/**
 * Find all devices: port 0, and ports 1 to 10 if a hub answered there.  An
 * empty port costs one try and one timeout.
 * @flags: 0 or MATE_SCAN_QUICK
 * @found: room for @max devices; 11 are enough
 * @fn: called after each port, may be NULL
 *
 * Return: number of devices found, or enum mate_err; MATE_E_NO_REPLY if
 * nothing answers on port 0.  A port whose replies stay damaged is reported to
 * @fn only.
 */
int mate_scan(struct mate_bus *bus, unsigned int flags, struct mate_device_info *found,
	      size_t max, mate_scan_fn fn, void *arg);

/** Status of a device, whichever it is. */
struct mate_device_status {
	enum mate_page page;	/* which member of @u is valid */
	/* FLEXnet DC: freshly started, it has measured nothing: zeros but for 0.1 V */
	bool starting;
	/* FLEXnet DC: pages of different moments, even after fetching them again */
	bool torn;
	uint8_t bytes[MATE_DC_STATUS_BYTES];	/* as they came */
	union {
		struct mate_mx_status mx;
		struct mate_fx_status fx;
		struct mate_dc_status dc;
	} u;
};

/**
 * Read and decode the status of a device of type @device: one page, or the six
 * of a FLEXnet DC one after another, because values lie across them.  If sums
 * across pages show that the device changed them in between, they are fetched
 * once more.
 *
 * Return: 0, MATE_E_DEVICE if such a device has no status, or another.
 */
int mate_device_status(struct mate_bus *bus, unsigned int port, unsigned int device,
		       struct mate_device_status *status);

/**
 * What is known of a FLEXnet DC between polls.  All zero to begin with; of one
 * device and one thread.
 */
struct mate_dc_cache {
	uint8_t bytes[MATE_DC_STATUS_BYTES];
	bool filled;		/* all of them have been read */
	uint32_t refreshes;	/* how often pages 0D to 0F were read */
};

/**
 * Poll a FLEXnet DC as a MATE does: pages 0A, 0B and 0C each time; 0D, 0E and
 * 0F the first time, when flag 0x40 of page 0B says that they have changed, and
 * when sums across pages do not hold.  Three transactions mostly, else six.
 * @cache: from the last poll; unchanged after an error
 *
 * Return: 0 or enum mate_err.
 */
int mate_dc_refresh(struct mate_bus *bus, unsigned int port, struct mate_dc_cache *cache,
		    struct mate_device_status *status);

/**
 * The day a log page is of.
 * @days_ago: as the page says, 0 to 128
 * @now: local time
 * @date: out: year, month, day, day of week and year; tm_isdst is -1, all else 0
 *
 * Return: 0, or MATE_E_INVALID for more than 128 days or a @now that is no date.
 */
int mate_log_date(unsigned int days_ago, const struct tm *now, struct tm *date);

/** Read and decode one day of a charge controller's log. */
int mate_mx_log(struct mate_bus *bus, unsigned int port, unsigned int day,
		struct mate_mx_log *log);

/** "hub", "fx", "mx", "dc", or NULL for a type not known. */
const char *mate_device_name(unsigned int device);

/**
 * Write the revision as its family does: "001.009.008", "061", "" if unknown.
 * Return: as snprintf().
 */
int mate_firmware_format(const struct mate_device_info *info, char *text, size_t size);

/* ---- values --------------------------------------------------------------- */

/** A value of a register or of a page's field. */
struct mate_quantity {
	double value;		/* scaled, in @unit; for names and bits = number */
	const char *name;	/* of the number, NULL if it has none */
	const char *unit;	/* "" if it has none */
	const struct mate_value *values;	/* names there are */
	uint16_t number;	/* enum, bits, time and date: without flag */
	uint8_t n_values;
	uint8_t type;		/* enum mate_type */
	uint8_t decimals;	/* that are meant */
	bool valid;		/* the device has this value, and a sensor for it */
	bool has_flag;		/* there is a flag beside the number */
	bool flag;
};

/**
 * Value of the raw 16 bits of a register.
 * @is_230v: the device is a 230 V FX: AC volts double, AC amperes half
 */
void mate_reg_decode(const struct mate_reg_desc *reg, uint16_t raw, bool is_230v,
		     struct mate_quantity *q);

/**
 * Read a register and decode it.  Where it matters whether an FX is a 230 V
 * unit its status is read before.
 * @raw: out: the 16 bits as they came, may be NULL
 */
int mate_reg_read(struct mate_bus *bus, unsigned int port, const struct mate_reg_desc *reg,
		  struct mate_quantity *q, uint16_t *raw);

/** Value of a field of the decoded page struct @page. */
void mate_field_get(const struct mate_field_desc *field, const void *page,
		    struct mate_quantity *q);

/**
 * Write a quantity for people: "25.4 V", "bulk", "63" for a number without a
 * name, "low_battery, over_temp", "not available".
 * Return: as snprintf().
 */
int mate_quantity_format(const struct mate_quantity *q, char *text, size_t size);

/** Raw number of a quantity's text without a look at its range; else as mate_reg_parse(). */
int mate_reg_parse_any(const struct mate_reg_desc *reg, bool is_230v, const char *text,
		       uint16_t *raw);

/**
 * Raw 16 bits for a text.  What mate_quantity_format() writes is understood, and:
 * numbers with or without their unit ("28.8", "28.8 V"); the raw bits as hex
 * ("0x0120"); of an enum a name or a number, with "on, " or "off, " before it if
 * there is a flag; of a set of bits names and hex numbers with commas between,
 * or "none"; times "13:59" and "13:59:58", seconds are cut to even ones; dates
 * "2026-11-22", 2000 to 2127.  A number must be a multiple of the scale.
 * @is_230v: the device is a 230 V FX, see mate_reg_decode()
 *
 * Return: 0; MATE_E_VALUE if the text is no such value; MATE_E_RANGE if it is
 * one that may not be written.  mate_last_detail()->text then names what may.
 */
int mate_reg_parse(const struct mate_reg_desc *reg, bool is_230v, const char *text,
		   uint16_t *raw);

/** Whether @raw may be written: 0 or MATE_E_RANGE, as mate_reg_parse(). */
int mate_reg_check(const struct mate_reg_desc *reg, uint16_t raw);

/**
 * What may be written, in words: "0.0 to 80.0 V", "off, search or on".
 * Return: as snprintf().
 */
int mate_reg_allowed(const struct mate_reg_desc *reg, bool is_230v, char *text, size_t size);

/**
 * Put a value into a decoded page struct: the inverse of mate_field_get().
 * @value: in the field's unit; number for enums, bits and raw; 0 or 1 for a bool
 *
 * A field that can be absent becomes present; the struct's encoder makes bytes
 * of it.  Return: 0, or MATE_E_RANGE if the struct's member cannot hold it.
 */
int mate_field_set(const struct mate_field_desc *field, void *page, double value);

/** Say that the device does not have this value; MATE_E_DEVICE if it always has. */
int mate_field_clear(const struct mate_field_desc *field, void *page);

/* ---- changing something --------------------------------------------------- */

/** How a change ended. */
enum mate_outcome {
	MATE_APPLIED,		/* read back: it is as it was wanted */
	MATE_DIFFERS,		/* read back: it is not, see @after */
	MATE_WRITE_REFUSED,	/* the device answered that it will not */
	MATE_WRITE_NO_REPLY,	/* no good answer, and no sign that it has happened */
	MATE_UNVERIFIED,	/* the device answered, but it could not be read back */
};

/** Short stable word: "applied", "differs", "refused", "no_reply", "unverified". */
const char *mate_outcome_name(enum mate_outcome outcome);

/** What became of a WRITE. */
struct mate_write {
	enum mate_outcome outcome;
	int err;		/* of the command, or of reading back; else 0 */
	bool has_before, has_answer, has_after;
	uint16_t before;	/* what the register held */
	uint16_t wanted;	/* what was written */
	uint16_t answer;	/* what the device answered; an MX only the low byte */
	uint16_t after;		/* what the register holds now */
	uint8_t sent;		/* how often the WRITE was sent */
};

/**
 * Write a register and make sure: READ before (if it can be read), WRITE, READ
 * after, as one for all threads of this handle.
 * @raw: the 16 bits; see mate_reg_parse()
 * @result: out: how it ended
 *
 * A lost or damaged answer is no answer to whether it was done: the register is
 * read.  If it is unchanged then, a set point or a sync is sent once more, a
 * control or a reset never.  A reset counts as applied if the register holds
 * what the device answered, or something else than before.
 *
 * A write-only register gives MATE_UNVERIFIED, MATE_WRITE_REFUSED or
 * MATE_WRITE_NO_REPLY.  With MATE_WRITE_NO_REPLY it may have happened all the
 * same unless has_after says that it has not.
 *
 * Return: 0 if something was sent, and @result says the rest; else an error and
 * nothing was sent: MATE_E_ACCESS, MATE_E_RANGE, MATE_E_PERMISSION, what
 * reading before failed with, and so on; @result->before is then valid if
 * has_before says so.
 */
int mate_reg_write(struct mate_bus *bus, unsigned int port, const struct mate_reg_desc *reg,
		   uint16_t raw, struct mate_write *result);

/** What to do with a register beside writing it. */
enum mate_step {
	MATE_STEP_DEC,
	MATE_STEP_INC,
	MATE_STEP_DISABLE,
	MATE_STEP_ENABLE,
};

/** What became of a step. */
struct mate_step_result {
	enum mate_outcome outcome;
	int err;		/* of the command, or of reading back; else 0 */
	bool has_answer, has_after;
	uint16_t before;
	uint16_t answer;
	uint16_t after;
	int moved;		/* -1 down, 1 up, 0 not at all */
};

/**
 * Make one step and look which way it went: READ, the command, READ.  It is
 * never sent twice.
 *
 * MATE_APPLIED: INC moved it up or DEC down; ENABLE or DISABLE left it with the
 * number named so.  MATE_DIFFERS: it moved the other way, or not at all (an end
 * of its range).  All else, and the return value, as mate_reg_write().
 */
int mate_step(struct mate_bus *bus, unsigned int port, const struct mate_reg_desc *reg,
	      enum mate_step step, struct mate_step_result *result);

/**
 * Which command number is INC, for this handle; the other is DEC.  The sources
 * contradict each other, mate_step_result.moved says who is right.
 * @inc_command: 0 or 1; 1 by default
 *
 * DISABLE is always 0 and ENABLE 1.  Return: 0 or MATE_E_INVALID.
 */
int mate_set_numbering(struct mate_bus *bus, unsigned int inc_command);

/* ---- what a controller must do regularly ---------------------------------- */

/** Bits for mate_sync(), with the period of a real MATE. */
#define MATE_SYNC_TIME		1U	/* 30 s: local time to each MX and DC */
#define MATE_SYNC_DATE		2U	/* 60 s: date to each DC */
#define MATE_SYNC_TEMPERATURE	4U	/* 60 s: from the first MX to each FX and DC */
#define MATE_SYNC_ALL		7U

/** Most steps that one mate_sync() makes: 3 for each of 11 devices. */
#define MATE_SYNC_STEPS		33

/** One of the things that mate_sync() did. */
struct mate_sync_step {
	uint8_t port;
	uint8_t device;		/* enum mate_device */
	const struct mate_reg_desc *reg;
	uint16_t value;		/* read from the MX, or written */
	int err;		/* 0, or why it was not done */
};

/**
 * Set clocks and battery temperatures as a MATE does: WRITE 4004 (time) to each
 * MX and DC, WRITE 4005 (date) to each DC, READ 4000 of the first MX whose
 * temperature is plausible (see mate_temp_plausible()) and WRITE it to 4001 of
 * each FX and DC.
 * @devices: @n of them, as from mate_scan()
 * @flags: MATE_SYNC_*
 * @now: local time; NULL for the system's
 * @steps: out: room for @max steps; MATE_SYNC_STEPS are enough
 *
 * One device that does not answer does not keep the others from it.
 *
 * Return: number of steps, which may be more than @max, or an error that ends
 * all: MATE_E_INVALID, MATE_E_PERMISSION, MATE_E_GONE and other errors of the
 * system.  A temperature that no MX can give is a step with MATE_E_RANGE.
 */
int mate_sync(struct mate_bus *bus, const struct mate_device_info *devices, size_t n,
	      unsigned int flags, const struct tm *now, struct mate_sync_step *steps,
	      size_t max);

/** Battery temperature in degrees Celsius for the raw value of MX register 4000. */
int mate_temp_degc(uint16_t raw);

/** Whether it is one that a sensor gives: 1 to 254, 70 to -21 degrees. */
bool mate_temp_plausible(uint16_t raw);

/** Raw value of a time or date register; seconds are cut to even ones. */
uint16_t mate_clock_time(const struct tm *tm);
uint16_t mate_clock_date(const struct tm *tm);

/* ---- events and counters -------------------------------------------------- */

/** A counter of a bus, since it was attached. */
struct mate_counter {
	const char *name;	/* as below /sys/class/matenet/matenetN/statistics */
	uint64_t value;
};

/**
 * Counters of a bus.
 * @list: room for @max counters, may be NULL if @max is 0
 *
 * Return: how many there are, which may be more than @max; or an error.
 */
int mate_stats(struct mate_bus *bus, struct mate_counter *list, size_t max);

enum mate_event_type {
	MATE_EVENT_ATTACHED = 1,	/* a bus has come */
	MATE_EVENT_CHANGED,	/* its settings have changed */
	MATE_EVENT_DETACHED,	/* it has gone */
	MATE_EVENT_ERROR,	/* an attempt at a transaction has failed */
	MATE_EVENT_FRAME,	/* a frame was on the wire */
	MATE_EVENT_OVERRUN,	/* of no bus: this program was too slow, events are lost */
};

/** Something that happened on one of the buses. */
struct mate_event {
	enum mate_event_type type;
	unsigned int bus;	/* its number */
	uint32_t lost;		/* events of this bus that are missing before */
	uint64_t ts;		/* ERROR, FRAME: ns of CLOCK_MONOTONIC */
	char tty[32];		/* ATTACHED, CHANGED, DETACHED */
	uint32_t sequence;	/* ERROR, FRAME */
	uint32_t status;	/* ERROR, FRAME: MATENET_ST_* */
	uint32_t attempts;	/* ERROR: so far */
	uint8_t sent;		/* FRAME: by this machine */
	uint8_t joined;		/* FRAME: heard by the tty that has joined the bus */
	uint64_t mark;		/* FRAME: bit i: data[i] carried the ninth bit */
	uint8_t len;
	uint8_t data[MATENET_MAX_FRAME];	/* FRAME: all of it; ERROR: the reply so far */
	uint8_t command_len;
	uint8_t command[MATENET_MAX_DATA];	/* ERROR: without its checksum */
};

struct mate_events;

/** mate_events_open() flags. */
#define MATE_EVENTS_FRAMES	1U	/* every frame, too; takes CAP_NET_ADMIN */

/**
 * Listen to all buses, also those that will come.
 * @events: out: to be given to mate_events_close()
 *
 * Return: 0, MATE_E_NO_BUS if there is no driver, MATE_E_PERMISSION or another.
 */
int mate_events_open(struct mate_events **events, unsigned int flags);

/** Stop to listen; NULL is allowed. */
void mate_events_close(struct mate_events *events);

/** Descriptor that is readable, for poll(), when there is an event. */
int mate_events_fd(const struct mate_events *events);

/**
 * The next event, without waiting for one.
 *
 * Return: 1 if there was one, 0 if not, or an error.
 */
int mate_events_read(struct mate_events *events, struct mate_event *event);

/** Version of the library, "0.1". */
const char *mate_version(void);

#ifdef __cplusplus
}
#endif

#endif /* LIBMATENET_H */
