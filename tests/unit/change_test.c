// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes by the library: writes with proof, steps, clocks and temperatures, and
 * polls of a FLEXnet DC.  ioctl() is replaced by devices with a memory, and by
 * faults at given commands.
 */
#include "cm.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <libmatenet.h>

/* ---- the devices ---------------------------------------------------------- */

#define REGS	0x4010
#define LOG	64

/* What befalls a command. */
struct fault {
	unsigned int at;	/* which command since setup, from 1 */
	uint32_t status;	/* what the driver says of it */
	bool done;		/* the device has heard it all the same */
	int sys_errno;		/* or ioctl() fails with this */
};

static struct {
	uint16_t reg[11][REGS];
	uint8_t page[11][78];
	/* what a device makes of a value that is written */
	uint16_t (*take)(unsigned int port, unsigned int addr, uint16_t old, uint16_t value);
	/* what it answers, from what it has made of it */
	uint16_t (*answer)(uint16_t value);
	void (*before_status)(unsigned int page);
	unsigned int inc;	/* number of its INC */
	struct fault faults[3];
	unsigned int n;		/* commands so far */
	uint8_t tx[LOG][6];
	uint8_t retries[LOG];
} dev;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mate_bus *bus;

static uint16_t plain(unsigned int port, unsigned int addr, uint16_t old, uint16_t value)
{
	(void)port;
	(void)addr;
	(void)old;
	return value;
}

static uint16_t echo(uint16_t value)
{
	return value;
}

static uint16_t low_byte(uint16_t value)
{
	return value & 0xff;
}

static uint16_t shunts_upside_down(unsigned int addr, bool on)
{
	return addr >= 0xca && addr <= 0xcc ? !on : on;
}

/* What the device does; its answer is in rx. */
static void run(struct matenet_xfer *x)
{
	unsigned int port = x->tx[0], cmd = x->tx[1];
	unsigned int addr = (unsigned int)(x->tx[2] << 8 | x->tx[3]);
	uint16_t param = (uint16_t)(x->tx[4] << 8 | x->tx[5]), value;
	uint16_t *r = &dev.reg[port][addr % REGS];

	x->rx[0] = (uint8_t)cmd;
	x->rx_len = 3;
	value = *r;
	switch (cmd) {
	case MATENET_CMD_WRITE:
		*r = dev.take(port, addr, *r, param);
		value = dev.answer(*r);
		break;
	case MATENET_CMD_INC:
	case MATENET_CMD_DEC:
		if (dev.reg[port][0] == MATE_DC && addr >= 0xca && addr <= 0xcc)
			*r = shunts_upside_down(addr, cmd == MATENET_CMD_INC);
		else if (addr == MATE_REG_FX_AC2_GEN_SUPPORT)
			*r = cmd == MATENET_CMD_INC;
		else
			*r = dev.take(port, addr, *r, (uint16_t)(*r + (cmd == dev.inc ? 1 : -1)));
		value = dev.answer(*r);
		break;
	case MATENET_CMD_STATUS:
		if (dev.before_status)
			dev.before_status(addr);
		memcpy(x->rx + 1, dev.page[port] + (addr == 1 ? 0 : 13 * (addr - 0x0a)), 13);
		x->rx_len = 14;
		return;
	}
	x->rx[1] = (uint8_t)(value >> 8);
	x->rx[2] = (uint8_t)value;
}

#define GOOD	(MATENET_ST_OK | MATENET_ST_TX_DONE)
#define LOST	(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT)

static int xfer(struct matenet_xfer *x)
{
	const struct fault *f = NULL;
	unsigned int n = dev.n++;

	if (n < LOG) {
		memcpy(dev.tx[n], x->tx, 6);
		dev.retries[n] = x->retries;
	}
	for (size_t i = 0; i < sizeof(dev.faults) / sizeof(dev.faults[0]); i++)
		if (dev.faults[i].at == n + 1)
			f = &dev.faults[i];
	if (f && f->sys_errno) {
		errno = f->sys_errno;
		return -1;
	}
	if (!f || f->done)
		run(x);
	x->status = f ? f->status : GOOD;
	x->sequence = n + 1;
	x->attempts = 1;
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;
	int ret;

	(void)fd;
	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request != MATENET_IOC_XFER)
		return 0;
	pthread_mutex_lock(&lock);
	ret = xfer(arg);
	pthread_mutex_unlock(&lock);
	/* let another thread come between */
	sched_yield();
	return ret;
}

static int setup(void **state)
{
	(void)state;
	memset(&dev, 0, sizeof(dev));
	dev.take = plain;
	dev.answer = echo;
	dev.inc = MATENET_CMD_INC;
	dev.reg[1][0] = MATE_MX;
	dev.reg[2][0] = MATE_FX;
	dev.reg[3][0] = MATE_DC;
	return mate_open(&bus, "/dev/null", MATE_OPEN_WRITE);
}

static int teardown(void **state)
{
	(void)state;
	mate_close(bus);
	return 0;
}

static const struct mate_reg_desc *reg(unsigned int device, const char *id)
{
	const struct mate_reg_desc *r = mate_reg_by_id(device, id);

	assert_non_null(r);
	return r;
}

static void fault(unsigned int at, uint32_t status, bool done)
{
	for (size_t i = 0; i < sizeof(dev.faults) / sizeof(dev.faults[0]); i++)
		if (!dev.faults[i].at) {
			dev.faults[i] = (struct fault){ at, status, done, 0 };
			return;
		}
	fail_msg("more faults than there is room for");
}

/* The commands that were on the wire: "rwr". */
static void assert_commands(const char *want)
{
	char got[LOG + 1] = "";
	unsigned int n = dev.n < LOG ? dev.n : LOG;

	for (unsigned int i = 0; i < n; i++)
		got[i] = dev.tx[i][1] < 5 ? "-+rws"[dev.tx[i][1]] : '?';
	assert_string_equal(got, want);
}

/* ---- writes --------------------------------------------------------------- */

static struct mate_write w;

static int set_absorb(uint16_t raw)
{
	return mate_reg_write(bus, 2, reg(MATE_FX, "absorb_setpoint"), raw, &w);
}

static int set_inverter(uint16_t raw)
{
	return mate_reg_write(bus, 2, reg(MATE_FX, "inverter_control"), raw, &w);
}

static void assert_write(int ret, enum mate_outcome outcome, int err, const char *commands)
{
	assert_int_equal(ret, 0);
	assert_string_equal(mate_outcome_name(w.outcome), mate_outcome_name(outcome));
	assert_string_equal(mate_errname(w.err), mate_errname(err));
	assert_commands(commands);
}

static void applied(void **state)
{
	(void)state;
	dev.reg[2][0x0b] = 280;
	assert_write(set_absorb(288), MATE_APPLIED, 0, "rwr");
	assert_memory_equal(dev.tx[1], "\x02\x03\x00\x0b\x01\x20", 6);
	assert_int_equal(dev.retries[0], 1);
	assert_int_equal(dev.retries[1], 0);
	assert_int_equal(w.before, 280);
	assert_int_equal(w.wanted, 288);
	assert_int_equal(w.answer, 288);
	assert_int_equal(w.after, 288);
	assert_true(w.has_before && w.has_answer && w.has_after);
	assert_int_equal(w.sent, 1);
}

static uint16_t clip(unsigned int port, unsigned int addr, uint16_t old, uint16_t value)
{
	(void)port;
	(void)addr;
	(void)old;
	return value > 290 ? 290 : value;
}

static void changed_to_something_else(void **state)
{
	(void)state;
	dev.reg[2][0x0b] = 280;
	dev.take = clip;
	assert_write(set_absorb(320), MATE_DIFFERS, 0, "rwr");
	assert_int_equal(w.after, 290);
	assert_int_equal(w.wanted, 320);
}

static uint16_t deaf(unsigned int port, unsigned int addr, uint16_t old, uint16_t value)
{
	(void)port;
	(void)addr;
	(void)value;
	return old;
}

/* A good answer to a command without effect is no success. */
static void answered_and_ignored(void **state)
{
	(void)state;
	dev.reg[2][0x0b] = 280;
	dev.take = deaf;
	assert_write(set_absorb(288), MATE_DIFFERS, 0, "rwr");
	assert_int_equal(w.after, 280);
}

/* The answer of an MX has only the low byte: the look decides. */
static void half_an_echo(void **state)
{
	(void)state;
	dev.answer = low_byte;
	assert_write(mate_reg_write(bus, 1, reg(MATE_MX, "absorb_voltage"), 288, &w),
		     MATE_APPLIED, 0, "rwr");
	assert_int_equal(w.answer, 288 & 0xff);
	assert_int_equal(w.after, 288);
}

static void refused(void **state)
{
	(void)state;
	dev.reg[2][0x0b] = 280;
	fault(2, MATENET_ST_TX_DONE | MATENET_ST_REFUSED, false);
	assert_write(set_absorb(288), MATE_WRITE_REFUSED, MATE_E_REFUSED, "rw");
	assert_false(w.has_answer);
	assert_false(w.has_after);
	assert_int_equal(w.before, 280);
}

static void answer_lost_but_done(void **state)
{
	static const uint32_t lost[] = {
		LOST, MATENET_ST_TX_DONE | MATENET_ST_CHECKSUM, MATENET_ST_TX_DONE | MATENET_ST_SHORT,
	};

	for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
		teardown(state);
		setup(state);
		fault(2, lost[i], true);
		assert_write(set_absorb(288), MATE_APPLIED, mate_status_error(lost[i]), "rwr");
		assert_int_equal(w.sent, 1);
		assert_false(w.has_answer);
	}
}

static void set_point_lost_is_sent_again(void **state)
{
	(void)state;
	fault(2, LOST, false);
	assert_write(set_absorb(288), MATE_APPLIED, 0, "rwrwr");
	assert_int_equal(w.sent, 2);
	assert_int_equal(w.before, 0);
}

static void set_point_lost_twice(void **state)
{
	(void)state;
	fault(2, LOST, false);
	fault(4, LOST, false);
	assert_write(set_absorb(288), MATE_WRITE_NO_REPLY, MATE_E_NO_REPLY, "rwrwr");
	assert_true(w.has_after);
	assert_int_equal(w.after, 0);
}

/* The second try cannot even be sent: what is known stays the verdict. */
static void second_try_not_sent(void **state)
{
	(void)state;
	fault(2, LOST, false);
	fault(4, MATENET_ST_TX_ERROR, false);
	assert_write(set_absorb(288), MATE_WRITE_NO_REPLY, MATE_E_TRANSMIT, "rwrw");
	assert_int_equal(w.sent, 1);
}

static void control_lost_is_never_sent_again(void **state)
{
	(void)state;
	dev.reg[2][0x3d] = 2;
	fault(2, LOST, false);
	assert_write(set_inverter(0), MATE_WRITE_NO_REPLY, MATE_E_NO_REPLY, "rwr");
	assert_int_equal(w.sent, 1);
	assert_true(w.has_after);
	assert_int_equal(w.after, 2);
}

/* Nobody knows what became of it, so even a set point is not sent again. */
static void lost_and_no_look(void **state)
{
	(void)state;
	fault(2, LOST, true);
	fault(3, LOST, false);
	assert_write(set_absorb(288), MATE_WRITE_NO_REPLY, MATE_E_NO_REPLY, "rwr");
	assert_false(w.has_after);
}

static void answered_but_no_look(void **state)
{
	(void)state;
	fault(3, MATENET_ST_TX_DONE | MATENET_ST_CHECKSUM, false);
	assert_write(set_absorb(288), MATE_UNVERIFIED, MATE_E_CHECKSUM, "rwr");
	assert_int_equal(w.answer, 288);
	assert_false(w.has_after);
}

static void lost_and_something_else(void **state)
{
	(void)state;
	dev.reg[2][0x0b] = 280;
	dev.take = clip;
	fault(2, LOST, true);
	assert_write(set_absorb(320), MATE_DIFFERS, MATE_E_NO_REPLY, "rwr");
	assert_int_equal(w.after, 290);
}

static void write_only(void **state)
{
	const struct mate_reg_desc *time = reg(MATE_DC, "clock_time");

	(void)state;
	assert_write(mate_reg_write(bus, 3, time, 13 << 11, &w), MATE_UNVERIFIED, 0, "w");
	assert_false(w.has_before);
	assert_false(w.has_after);
	fault(2, LOST, true);
	assert_write(mate_reg_write(bus, 3, time, 13 << 11, &w), MATE_WRITE_NO_REPLY,
		     MATE_E_NO_REPLY, "ww");
}

/* A maximum starts anew from what there is now, and the answer says from what. */
static uint16_t anew(unsigned int port, unsigned int addr, uint16_t old, uint16_t value)
{
	(void)port;
	(void)addr;
	(void)old;
	(void)value;
	return 17;
}

static void resets(void **state)
{
	const struct mate_reg_desc *max = reg(MATE_DC, "shunt_a_current_max_charged");

	(void)state;
	dev.take = anew;
	dev.reg[3][max->addr] = 500;
	assert_write(mate_reg_write(bus, 3, max, 0, &w), MATE_APPLIED, 0, "rwr");
	assert_int_equal(w.after, 17);
	/* it is what it was, but the device says that this is new */
	assert_write(mate_reg_write(bus, 3, max, 0, &w), MATE_APPLIED, 0, "rwrrwr");
	/* done without an answer */
	dev.reg[3][max->addr] = 500;
	fault(8, LOST, true);
	assert_write(mate_reg_write(bus, 3, max, 0, &w), MATE_APPLIED, MATE_E_NO_REPLY,
		     "rwrrwrrwr");
	/* not done, and not sent again */
	dev.reg[3][max->addr] = 500;
	fault(11, LOST, false);
	assert_write(mate_reg_write(bus, 3, max, 0, &w), MATE_WRITE_NO_REPLY, MATE_E_NO_REPLY,
		     "rwrrwrrwrrwr");
	assert_int_equal(w.sent, 1);
}

static void nothing_is_sent(void **state)
{
	(void)state;
	assert_int_equal(set_absorb(900), MATE_E_RANGE);
	assert_string_equal(mate_last_detail()->text, "0.0 to 80.0 V");
	assert_int_equal(set_inverter(9), MATE_E_RANGE);
	assert_string_equal(mate_last_detail()->text, "off, search or on");
	assert_int_equal(mate_reg_write(bus, 2, reg(MATE_FX, "errors"), 0, &w), MATE_E_ACCESS);
	assert_string_equal(mate_last_detail()->text, "READ");
	assert_commands("");
	assert_int_equal(w.sent, 0);
	assert_false(w.has_before);
}

static void nothing_is_written(void **state)
{
	(void)state;
	fault(1, LOST, false);
	assert_int_equal(set_inverter(0), MATE_E_NO_REPLY);
	assert_false(w.has_before);
	assert_commands("r");
	dev.reg[2][0x3d] = 2;
	dev.faults[1] = (struct fault){ .at = 3, .sys_errno = EACCES };
	assert_int_equal(set_inverter(0), MATE_E_PERMISSION);
	assert_true(w.has_before);
	assert_int_equal(w.before, 2);
	fault(5, MATENET_ST_TX_ERROR, false);
	assert_int_equal(set_inverter(0), MATE_E_TRANSMIT);
	assert_commands("rrwrw");
	assert_int_equal(w.sent, 0);
}

/* ---- steps ---------------------------------------------------------------- */

static struct mate_step_result s;

static void assert_step(int ret, enum mate_outcome outcome, int moved, const char *commands)
{
	assert_int_equal(ret, 0);
	assert_string_equal(mate_outcome_name(s.outcome), mate_outcome_name(outcome));
	assert_int_equal(s.moved, moved);
	assert_commands(commands);
}

static int step_absorb(enum mate_step step)
{
	return mate_step(bus, 2, reg(MATE_FX, "absorb_setpoint"), step, &s);
}

static void steps(void **state)
{
	(void)state;
	dev.reg[2][0x0b] = 288;
	assert_step(step_absorb(MATE_STEP_INC), MATE_APPLIED, 1, "r+r");
	assert_memory_equal(dev.tx[1], "\x02\x01\x00\x0b\x00\x00", 6);
	assert_int_equal(dev.retries[1], 0);
	assert_int_equal(s.before, 288);
	assert_int_equal(s.answer, 289);
	assert_int_equal(s.after, 289);
	assert_step(step_absorb(MATE_STEP_DEC), MATE_APPLIED, -1, "r+rr-r");
	assert_int_equal(s.after, 288);
	/* below zero is down */
	dev.reg[2][0x0b] = 0;
	assert_step(step_absorb(MATE_STEP_DEC), MATE_APPLIED, -1, "r+rr-rr-r");
	assert_step(step_absorb(MATE_STEP_INC), MATE_APPLIED, 1, "r+rr-rr-rr+r");
}

static void steps_the_other_way(void **state)
{
	(void)state;
	dev.inc = MATENET_CMD_DEC;
	dev.reg[2][0x0b] = 288;
	assert_step(step_absorb(MATE_STEP_INC), MATE_DIFFERS, -1, "r+r");
	assert_int_equal(s.after, 287);
	assert_int_equal(mate_set_numbering(bus, 2), MATE_E_INVALID);
	assert_int_equal(mate_set_numbering(bus, 0), 0);
	assert_step(step_absorb(MATE_STEP_INC), MATE_APPLIED, 1, "r+rr-r");
	assert_step(step_absorb(MATE_STEP_DEC), MATE_APPLIED, -1, "r+rr-rr+r");
	assert_int_equal(mate_set_numbering(bus, 1), 0);
	assert_step(step_absorb(MATE_STEP_DEC), MATE_DIFFERS, 1, "r+rr-rr+rr-r");
}

static void steps_that_fail(void **state)
{
	(void)state;
	dev.take = deaf;
	assert_step(step_absorb(MATE_STEP_INC), MATE_DIFFERS, 0, "r+r");
	dev.take = plain;
	fault(5, LOST, true);
	assert_step(step_absorb(MATE_STEP_INC), MATE_APPLIED, 1, "r+rr+r");
	assert_int_equal(s.err, MATE_E_NO_REPLY);
	assert_int_equal(s.after, 1);
	fault(8, LOST, false);
	assert_step(step_absorb(MATE_STEP_INC), MATE_WRITE_NO_REPLY, 0, "r+rr+rr+r");
	assert_int_equal(dev.reg[2][0x0b], 1);
	dev.faults[0] = (struct fault){ .at = 11, .status = MATENET_ST_TX_DONE | MATENET_ST_REFUSED };
	assert_step(step_absorb(MATE_STEP_INC), MATE_WRITE_REFUSED, 0, "r+rr+rr+rr+");
	assert_false(s.has_after);
	dev.faults[0] = (struct fault){ .at = 14, .status = LOST };
	assert_step(step_absorb(MATE_STEP_INC), MATE_UNVERIFIED, 0, "r+rr+rr+rr+r+r");
	assert_int_equal(s.err, MATE_E_NO_REPLY);
	assert_int_equal(s.answer, 2);
}

static void switches(void **state)
{
	const struct mate_reg_desc *shunt = reg(MATE_DC, "shunt_b_mode");
	const struct mate_reg_desc *gen = reg(MATE_FX, "ac2_gen_support");

	(void)state;
	/* a shunt is enabled by becoming 0; the numbering is that of INC and DEC */
	assert_int_equal(mate_set_numbering(bus, 0), 0);
	dev.reg[3][0xcb] = 1;
	assert_step(mate_step(bus, 3, shunt, MATE_STEP_ENABLE, &s), MATE_APPLIED, -1, "r+r");
	assert_step(mate_step(bus, 3, shunt, MATE_STEP_ENABLE, &s), MATE_APPLIED, 0, "r+rr+r");
	assert_step(mate_step(bus, 3, shunt, MATE_STEP_DISABLE, &s), MATE_APPLIED, 1, "r+rr+rr-r");
	assert_step(mate_step(bus, 2, gen, MATE_STEP_ENABLE, &s), MATE_APPLIED, 1, "r+rr+rr-rr+r");
	assert_int_equal(dev.reg[2][gen->addr], 1);
	assert_int_equal(mate_step(bus, 2, gen, MATE_STEP_INC, &s), MATE_E_ACCESS);
	assert_int_equal(step_absorb(MATE_STEP_ENABLE), MATE_E_ACCESS);
	assert_string_equal(mate_last_detail()->text, "READ, WRITE, INC and DEC");
	assert_commands("r+rr+rr-rr+r");
}

/* Steps of many threads on one handle: none sees another's between its own. */
static void *many_steps(void *arg)
{
	struct mate_step_result r;

	for (int i = 0; i < 500; i++)
		if (mate_step(bus, 2, mate_reg_by_id(MATE_FX, "absorb_setpoint"), MATE_STEP_INC,
			      &r) || r.after != r.before + 1)
			*(int *)arg = 1;
	return NULL;
}

static void threads(void **state)
{
	pthread_t t[8];
	int bad[8] = { 0 };

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&t[i], NULL, many_steps, &bad[i]), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 8; i++)
		assert_int_equal(bad[i], 0);
	assert_int_equal(dev.reg[2][0x0b], 8 * 500);
}

/* ---- clocks and temperatures ---------------------------------------------- */

static const struct mate_device_info site[] = {
	{ .port = 0, .device = MATE_HUB }, { .port = 1, .device = MATE_MX },
	{ .port = 2, .device = MATE_FX }, { .port = 3, .device = MATE_DC },
	{ .port = 4, .device = MATE_MX }, { .port = 5, .device = 99 },
};

static const struct tm moment = {
	.tm_year = 126, .tm_mon = 10, .tm_mday = 22, .tm_hour = 13, .tm_min = 59, .tm_sec = 58,
};

static int sync_site(unsigned int flags, struct mate_sync_step *steps, size_t max)
{
	return mate_sync(bus, site, sizeof(site) / sizeof(site[0]), flags, &moment, steps, max);
}

static void sync_as_a_mate(void **state)
{
	struct mate_sync_step st[MATE_SYNC_STEPS];
	static const uint8_t want[][6] = {
		{ 1, 3, 0x40, 0x04, 0x6f, 0x7d }, { 3, 3, 0x40, 0x04, 0x6f, 0x7d },
		{ 4, 3, 0x40, 0x04, 0x6f, 0x7d }, { 3, 3, 0x40, 0x05, 0x35, 0x76 },
		{ 1, 2, 0x40, 0x00, 0, 0 }, { 2, 3, 0x40, 0x01, 0, 154 },
		{ 3, 3, 0x40, 0x01, 0, 154 },
	};

	(void)state;
	dev.reg[1][0x4000] = 154;
	assert_int_equal(sync_site(MATE_SYNC_ALL, st, MATE_SYNC_STEPS), 7);
	assert_int_equal(dev.n, 7);
	for (int i = 0; i < 7; i++) {
		assert_memory_equal(dev.tx[i], want[i], 6);
		assert_int_equal(st[i].port, want[i][0]);
		assert_int_equal(st[i].reg->addr, want[i][2] << 8 | want[i][3]);
		assert_int_equal(st[i].err, 0);
	}
	assert_int_equal(st[4].value, 154);
	assert_string_equal(st[0].reg->id, "clock_time");
	assert_string_equal(st[5].reg->id, "battery_temp_sync");
	/* counted even without room */
	assert_int_equal(sync_site(MATE_SYNC_TIME, NULL, 0), 3);
}

static void sync_in_part(void **state)
{
	struct mate_sync_step st[MATE_SYNC_STEPS];

	(void)state;
	/* the first MX has no sensor, the second is asked */
	dev.reg[1][0x4000] = 255;
	dev.reg[4][0x4000] = 100;
	assert_int_equal(sync_site(MATE_SYNC_TEMPERATURE, st, MATE_SYNC_STEPS), 4);
	assert_int_equal(st[0].err, MATE_E_RANGE);
	assert_int_equal(st[1].value, 100);
	assert_int_equal(dev.reg[2][0x4001], 100);
	assert_int_equal(dev.reg[3][0x4001], 100);
	/* none has one: nobody is told anything */
	dev.reg[4][0x4000] = 0;
	assert_int_equal(sync_site(MATE_SYNC_TEMPERATURE, st, MATE_SYNC_STEPS), 2);
	assert_int_equal(dev.reg[2][0x4001], 100);
	/* one does not answer, the others are told */
	fault(dev.n + 1, LOST, false);
	assert_int_equal(sync_site(MATE_SYNC_TIME, st, MATE_SYNC_STEPS), 3);
	assert_int_equal(st[0].err, MATE_E_NO_REPLY);
	assert_int_equal(st[1].err, 0);
	assert_int_equal(st[2].err, 0);
}

static void sync_not_allowed(void **state)
{
	struct mate_sync_step st[MATE_SYNC_STEPS];
	struct tm early = { .tm_year = 99 };

	(void)state;
	dev.faults[0] = (struct fault){ .at = 1, .sys_errno = EPERM };
	assert_int_equal(sync_site(MATE_SYNC_ALL, st, MATE_SYNC_STEPS), MATE_E_PERMISSION);
	assert_int_equal(dev.n, 1);
	assert_int_equal(sync_site(8, st, MATE_SYNC_STEPS), MATE_E_INVALID);
	assert_int_equal(mate_sync(bus, site, 1, 1, &early, st, 1), MATE_E_INVALID);
	assert_int_equal(dev.n, 1);
	assert_int_equal(mate_sync(bus, site, 1, MATE_SYNC_ALL, NULL, st, 1), 0);
}

static void temperatures(void **state)
{
	(void)state;
	assert_int_equal(mate_temp_degc(154), 15);
	for (unsigned int raw = 0; raw < 256; raw++) {
		double degc = -0.3576 * raw + 70.1;

		assert_int_equal(mate_temp_degc((uint16_t)raw),
				 (int)(degc < 0 ? degc - 0.5 : degc + 0.5));
	}
	assert_false(mate_temp_plausible(0));
	assert_true(mate_temp_plausible(1));
	assert_true(mate_temp_plausible(254));
	assert_false(mate_temp_plausible(255));
	assert_false(mate_temp_plausible(0x1234));
}

static void clocks(void **state)
{
	struct tm tm = moment;

	(void)state;
	assert_int_equal(mate_clock_time(&tm), 13 << 11 | 59 << 5 | 29);
	assert_int_equal(mate_clock_date(&tm), 26 << 9 | 11 << 5 | 22);
	tm.tm_sec = 60;
	assert_int_equal(mate_clock_time(&tm), 13 << 11 | 59 << 5 | 29);
	tm.tm_sec = 1;
	assert_int_equal(mate_clock_time(&tm), 13 << 11 | 59 << 5);
}

static void log_dates(void **state)
{
	static const struct {
		int y, m, d;
		unsigned int ago;
		const char *want;
	} table[] = {
		{ 2026, 11, 22, 0, "2026-11-22 Sun" }, { 2026, 11, 22, 22, "2026-10-31 Sat" },
		{ 2026, 3, 29, 1, "2026-03-28 Sat" }, { 2026, 10, 25, 1, "2026-10-24 Sat" },
		{ 2024, 3, 1, 1, "2024-02-29 Thu" }, { 2026, 1, 1, 1, "2025-12-31 Wed" },
		{ 2026, 3, 1, 128, "2025-10-24 Fri" },
	};
	struct tm bad = { .tm_year = 126, .tm_mon = 1, .tm_mday = 30 }, date;
	char text[32];

	(void)state;
	/* also where the clocks are changed at midnight */
	setenv("TZ", "XXX4YYY,M10.3.0/0,M3.4.0/0", 1);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (int hour = 0; hour < 24; hour += 23) {
			struct tm now = { .tm_year = table[i].y - 1900, .tm_mon = table[i].m - 1,
					  .tm_mday = table[i].d, .tm_hour = hour };

			assert_int_equal(mate_log_date(table[i].ago, &now, &date), 0);
			strftime(text, sizeof(text), "%Y-%m-%d %a", &date);
			assert_string_equal(text, table[i].want);
		}
	assert_int_equal(mate_log_date(129, &moment, &date), MATE_E_INVALID);
	assert_int_equal(mate_log_date(0, &bad, &date), MATE_E_INVALID);
}

/* ---- polls of a FLEXnet DC ------------------------------------------------ */

static struct mate_dc_cache cache;
static struct mate_device_status st;

static void poll_dc(const char *commands)
{
	assert_int_equal(mate_dc_refresh(bus, 3, &cache, &st), 0);
	assert_commands(commands);
	dev.n = 0;
}

/* The device's block from values that add up; @x moves all of them. */
static void dc_values(double x)
{
	struct mate_dc_status dc = {
		.battery_voltage = 25 + x,
		.input_power = 5 + x, .output_power = 2.6, .battery_power = 2.4 + x,
		.today_input_energy = 9 + x, .today_output_energy = 4,
		.today_battery_energy = 5 + x,
		.since_full_input_charge = (int16_t)(300 + 100 * x),
		.since_full_output_charge = 250,
		.since_full_net_charge = (int16_t)(50 + 100 * x),
		.since_full_net_energy = x, .battery_temp = 15, .battery_temp_valid = true,
		.flags = 0x21,
	};

	mate_dc_status_encode(dev.page[3], &dc);
}

static void dc_three_pages_mostly(void **state)
{
	(void)state;
	memset(&cache, 0, sizeof(cache));
	dc_values(0);
	poll_dc("ssssss");
	assert_false(st.torn);
	assert_value(st.u.dc.today_battery_energy, 5);
	poll_dc("sss");
	assert_int_equal(dev.tx[0][3], 0x0a);
	assert_int_equal(dev.tx[2][3], 0x0c);
	assert_int_equal(cache.refreshes, 1);
	/* what has not been fetched is as it was; what the flag tells of is fetched */
	dev.page[3][72] = 16;
	poll_dc("sss");
	assert_int_equal(st.u.dc.battery_temp, 15);
	dev.page[3][16] |= 0x40;
	poll_dc("ssssss");
	assert_int_equal(st.u.dc.battery_temp, 16);
	assert_int_equal(cache.refreshes, 2);
	assert_memory_equal(st.bytes, dev.page[3], sizeof(st.bytes));
}

/* The values change after the page with this number. */
static unsigned int change_before;

static void change_once(unsigned int page)
{
	if (page != change_before)
		return;
	change_before = 0;
	dc_values(2.56);
}

static void dc_torn_is_fetched_again(void **state)
{
	(void)state;
	dev.before_status = change_once;
	for (unsigned int page = 0x0c; page <= 0x0e; page++) {
		memset(&cache, 0, sizeof(cache));
		dc_values(0);
		change_before = page;
		poll_dc("ssssssssssss");
		assert_false(st.torn);
		assert_memory_equal(st.bytes, dev.page[3], sizeof(st.bytes));
	}
	/* three pages of now beside three of then */
	dc_values(0);
	poll_dc("sssssssss");
	assert_value(st.u.dc.today_battery_energy, 5);
}

/* Sums that never hold are told, and are no reason to fail. */
static void dc_torn_for_good(void **state)
{
	(void)state;
	memset(&cache, 0, sizeof(cache));
	dc_values(0);
	dev.page[3][39] ^= 1;
	poll_dc("ssssssssssss");
	assert_true(st.torn);
	assert_memory_equal(st.bytes, dev.page[3], sizeof(st.bytes));
}

/* Counters of 16 bits go round, each at its time, and roundings add up: no tear. */
static void dc_sums_of_other_kinds(void **state)
{
	struct mate_dc_status dc = {
		.since_full_input_charge = -25536, .since_full_output_charge = 30000,
		.since_full_net_charge = 10000,	/* 40000 - 30000 */
		.input_power = 1.01, .output_power = 0.5, .battery_power = 0.49,
	};

	(void)state;
	memset(&cache, 0, sizeof(cache));
	mate_dc_status_encode(dev.page[3], &dc);
	poll_dc("ssssss");
	assert_false(st.torn);
}

static void dc_errors_change_nothing(void **state)
{
	struct mate_dc_cache kept;

	(void)state;
	memset(&cache, 0, sizeof(cache));
	dc_values(0);
	poll_dc("ssssss");
	kept = cache;
	dc_values(1);
	dev.page[3][16] |= 0x40;
	fault(5, LOST, false);
	assert_int_equal(mate_dc_refresh(bus, 3, &cache, &st), MATE_E_NO_REPLY);
	assert_memory_equal(&kept, &cache, sizeof(kept));
	assert_value(st.u.dc.battery_voltage, 25);
}

static void dc_just_started(void **state)
{
	(void)state;
	dev.page[3][7] = 1;
	assert_int_equal(mate_device_status(bus, 3, MATE_DC, &st), 0);
	assert_true(st.starting);
	assert_false(st.torn);
	dev.page[3][8] = 1;
	assert_int_equal(mate_device_status(bus, 3, MATE_DC, &st), 0);
	assert_false(st.starting);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(applied),
		TEST(changed_to_something_else),
		TEST(answered_and_ignored),
		TEST(half_an_echo),
		TEST(refused),
		TEST(answer_lost_but_done),
		TEST(set_point_lost_is_sent_again),
		TEST(set_point_lost_twice),
		TEST(second_try_not_sent),
		TEST(control_lost_is_never_sent_again),
		TEST(lost_and_no_look),
		TEST(answered_but_no_look),
		TEST(lost_and_something_else),
		TEST(write_only),
		TEST(resets),
		TEST(nothing_is_sent),
		TEST(nothing_is_written),
		TEST(steps),
		TEST(steps_the_other_way),
		TEST(steps_that_fail),
		TEST(switches),
		TEST(threads),
		TEST(sync_as_a_mate),
		TEST(sync_in_part),
		TEST(sync_not_allowed),
		TEST(temperatures),
		TEST(clocks),
		TEST(log_dates),
		TEST(dc_three_pages_mostly),
		TEST(dc_torn_is_fetched_again),
		TEST(dc_torn_for_good),
		TEST(dc_sums_of_other_kinds),
		TEST(dc_errors_change_nothing),
		TEST(dc_just_started),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
