// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The library over a driver that the test plays: ioctl() is replaced, and a
 * table of ports says what answers.
 */
#include "cm.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

/* ---- the driver ----------------------------------------------------------- */

static struct {
	int fail;		/* errno of every ioctl, or 0 */
	int fail_xfer;		/* errno of XFER only */
	uint32_t status;	/* answer every XFER with this, if not 0 */
	int (*port)(struct matenet_xfer *x);	/* fills rx; MATENET_ST_* */
	struct matenet_xfer last;
	unsigned int xfers;
} driver;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int play_xfer(struct matenet_xfer *x)
{
	struct matenet_xfer sent = *x;

	if (driver.fail_xfer) {
		errno = driver.fail_xfer;
		return -1;
	}
	pthread_mutex_lock(&lock);
	driver.last = sent;
	x->sequence = ++driver.xfers;
	pthread_mutex_unlock(&lock);
	x->attempts = 1;
	x->status = driver.status ? driver.status : (uint32_t)driver.port(x);
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	assert_true(fd >= 0);
	if (driver.fail) {
		errno = driver.fail;
		return -1;
	}
	switch (request) {
	case MATENET_IOC_G_CAPS:
		strcpy(((struct matenet_caps *)arg)->tty, "ttyW0");
		return 0;
	case MATENET_IOC_G_CONFIG:
		((struct matenet_config *)arg)->baud = 9600;
		return 0;
	case MATENET_IOC_S_CONFIG:
		return 0;
	case MATENET_IOC_XFER:
		return play_xfer(arg);
	}
	errno = ENOTTY;
	return -1;
}

#define GOOD (MATENET_ST_OK | MATENET_ST_TX_DONE)

static int reply(struct matenet_xfer *x, uint8_t b0, const uint8_t *data, size_t n)
{
	x->rx[0] = b0;
	memcpy(x->rx + 1, data, n);
	x->rx_len = (uint8_t)(n + 1);
	return GOOD;
}

static int value(struct matenet_xfer *x, uint16_t v)
{
	return reply(x, 2, (const uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

/* A hub with an MX on 1, a 230 V FX on 2, a DC on 3, something unheard of on 10. */
static int site(struct matenet_xfer *x)
{
	static const uint16_t types[11] = { 1, 0x0203, 2, 4, [10] = 0x0109 };
	unsigned int port = x->tx[0], addr = (unsigned int)(x->tx[2] << 8 | x->tx[3]);
	uint8_t page[14] = { 0 };

	if (!types[port])
		return MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT;
	switch (x->tx[1]) {
	case MATENET_CMD_READ:
		return value(x, addr ? (uint16_t)addr : types[port]);
	case MATENET_CMD_STATUS:
		/* but for the pages of a DC that have sums */
		if (addr <= 0x0a || addr == 0x0f)
			memset(page, (int)addr, 13);
		page[11] = types[port] == 2;	/* 230 V */
		return reply(x, (uint8_t)types[port], page, 13);
	case MATENET_CMD_LOG:
		page[13] = x->tx[5];
		return reply(x, 22, page, 14);
	}
	return MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT;
}

static struct mate_bus *bus;

static int setup(void **state)
{
	(void)state;
	memset(&driver, 0, sizeof(driver));
	driver.port = site;
	return mate_open(&bus, "/dev/null", 0);
}

static int teardown(void **state)
{
	(void)state;
	mate_close(bus);
	return 0;
}

/* ---- tests ---------------------------------------------------------------- */

static void commands_on_the_wire(void **state)
{
	static const struct matenet_xfer empty;
	uint8_t bytes[14];
	uint16_t v;

	(void)state;
	assert_int_equal(mate_read(bus, 10, 0x01c8, &v), 0);
	assert_int_equal(v, 0x01c8);
	assert_int_equal(driver.last.tx_len, 6);
	assert_memory_equal(driver.last.tx, "\x0a\x02\x01\xc8\0\0", 6);
	assert_memory_equal(driver.last.tx + 6, empty.tx, sizeof(empty.tx) - 6);
	assert_int_equal(driver.last.flags, 0);
	assert_int_equal(driver.last.timeout_us, 0);
	assert_int_equal(driver.last.retries, 1);
	assert_int_equal(driver.last.rx_len, 0);
	assert_int_equal(mate_status(bus, 3, 0x0a, bytes), 0);
	assert_memory_equal(driver.last.tx, "\x03\x04\0\x0a\0\0", 6);
	assert_int_equal(mate_log(bus, 1, 128, bytes), 0);
	assert_memory_equal(driver.last.tx, "\x01\x16\0\0\0\x80", 6);
	assert_int_equal(bytes[13], 128);
}

static void patience(void **state)
{
	uint16_t v;

	(void)state;
	assert_int_equal(mate_set_patience(bus, 20000, 3), 0);
	assert_int_equal(mate_read(bus, 0, 0, &v), 0);
	assert_int_equal(driver.last.timeout_us, 20000);
	assert_int_equal(driver.last.retries, 3);
	assert_int_equal(mate_set_patience(bus, 999, 3), MATE_E_INVALID);
	assert_int_equal(mate_set_patience(bus, 10000001, 3), MATE_E_INVALID);
	assert_int_equal(mate_set_patience(bus, 0, 16), MATE_E_INVALID);
}

static void arguments_that_never_reach_the_wire(void **state)
{
	uint8_t bytes[14];
	uint16_t v = 0x5a5a;

	(void)state;
	assert_int_equal(mate_read(bus, 11, 0, &v), MATE_E_INVALID);
	assert_int_equal(mate_read(bus, 1, 0x10000, &v), MATE_E_INVALID);
	assert_int_equal(mate_log(bus, 1, 129, bytes), MATE_E_INVALID);
	assert_int_equal(driver.xfers, 0);
	assert_int_equal(v, 0x5a5a);
}

static void each_status_is_its_error(void **state)
{
	static const struct {
		uint32_t status;
		int err;
	} table[] = {
		{ MATENET_ST_TX_ERROR, MATE_E_TRANSMIT },
		{ MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, MATE_E_NO_REPLY },
		{ MATENET_ST_TX_DONE | MATENET_ST_CHECKSUM, MATE_E_CHECKSUM },
		{ MATENET_ST_TX_DONE | MATENET_ST_SHORT, MATE_E_SHORT },
		{ MATENET_ST_TX_DONE | MATENET_ST_LONG, MATE_E_LONG },
		{ MATENET_ST_TX_DONE | MATENET_ST_MARK, MATE_E_MARK },
		{ MATENET_ST_TX_DONE | MATENET_ST_FRAMING, MATE_E_FRAMING },
		{ MATENET_ST_TX_DONE | MATENET_ST_BREAK, MATE_E_BREAK },
		{ MATENET_ST_TX_DONE | MATENET_ST_OVERRUN, MATE_E_OVERRUN },
		{ MATENET_ST_TX_DONE | MATENET_ST_REFUSED, MATE_E_REFUSED },
		{ MATENET_ST_TX_DONE | MATENET_ST_ABORTED, MATE_E_ABORTED },
		{ MATENET_ST_ABORTED, MATE_E_ABORTED },
		/* the cause, not what it led to */
		{ MATENET_ST_TX_DONE | MATENET_ST_OVERRUN | MATENET_ST_SHORT, MATE_E_OVERRUN },
		{ MATENET_ST_TX_DONE | MATENET_ST_BREAK | MATENET_ST_TIMEOUT, MATE_E_BREAK },
		{ MATENET_ST_TX_DONE | MATENET_ST_CHECKSUM | MATENET_ST_MARK, MATE_E_CHECKSUM },
		{ MATENET_ST_TX_DONE | MATENET_ST_JUNK | MATENET_ST_SHORT, MATE_E_SHORT },
		{ MATENET_ST_TX_DONE, MATE_E_ABORTED },
	};
	uint16_t v = 0x5a5a;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		driver.status = table[i].status;
		assert_int_equal(mate_read(bus, 1, 8, &v), table[i].err);
		assert_int_equal(mate_last_detail()->status, table[i].status);
		assert_int_equal(mate_last_detail()->sequence, driver.xfers);
		assert_int_equal(mate_last_detail()->sys_errno, 0);
		assert_int_equal(v, 0x5a5a);
	}
	driver.status = 0;
	assert_int_equal(mate_read(bus, 1, 8, &v), 0);
	assert_int_equal(v, 8);
}

/* A right reply with junk before it, or with odd marks, is a right reply. */
static void remarks_are_no_errors(void **state)
{
	(void)state;
	assert_int_equal(mate_status_error(GOOD), 0);
	assert_int_equal(mate_status_error(GOOD | MATENET_ST_JUNK), 0);
	assert_int_equal(mate_status_error(GOOD | MATENET_ST_MARK), 0);
}

static int one_byte_short(struct matenet_xfer *x)
{
	return reply(x, 2, (const uint8_t[]){ 1 }, 1);
}

static int one_byte_long(struct matenet_xfer *x)
{
	return reply(x, 2, (const uint8_t[]){ 1, 2, 3 }, 3);
}

static void replies_of_another_length(void **state)
{
	uint16_t v;

	(void)state;
	driver.port = one_byte_short;
	assert_int_equal(mate_read(bus, 1, 8, &v), MATE_E_SHORT);
	driver.port = one_byte_long;
	assert_int_equal(mate_read(bus, 1, 8, &v), MATE_E_LONG);
}

static void each_errno_is_its_error(void **state)
{
	static const struct {
		int sys_errno, err;
	} table[] = {
		{ EINVAL, MATE_E_INVALID }, { EACCES, MATE_E_PERMISSION },
		{ EPERM, MATE_E_PERMISSION }, { ENODEV, MATE_E_GONE }, { ENXIO, MATE_E_GONE },
		{ EBUSY, MATE_E_BUSY }, { EINTR, MATE_E_INTERRUPTED }, { ENOMEM, MATE_E_MEMORY },
		{ EIO, MATE_E_SYSTEM }, { EMFILE, MATE_E_SYSTEM },
	};
	uint16_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		driver.fail_xfer = table[i].sys_errno;
		assert_int_equal(mate_read(bus, 1, 8, &v), table[i].err);
		assert_int_equal(mate_last_detail()->sys_errno, table[i].sys_errno);
		assert_int_equal(mate_last_detail()->status, 0);
	}
}

static int then_gone(struct matenet_xfer *x)
{
	(void)x;
	driver.fail = ENODEV;
	return MATENET_ST_TX_DONE | MATENET_ST_ABORTED;
}

/* A transaction cut off by a hangup says that the bus is gone. */
static void hangup_is_gone(void **state)
{
	uint16_t v;

	(void)state;
	driver.port = then_gone;
	assert_int_equal(mate_read(bus, 1, 8, &v), MATE_E_GONE);
	assert_int_equal(mate_last_detail()->status, MATENET_ST_TX_DONE | MATENET_ST_ABORTED);
}

static void errors_have_words(void **state)
{
	(void)state;
	for (int err = 0; err >= -60; err--) {
		bool known = err >= MATE_E_SYSTEM ||
			     (err <= MATE_E_DEVICE && err >= MATE_E_ACCESS) ||
			     (err <= MATE_E_TRANSMIT && err >= MATE_E_OVERRUN);

		assert_int_equal(strcmp(mate_errname(err), "unknown") != 0, known);
		assert_int_equal(strcmp(mate_strerror(err), "unknown error") != 0, known);
	}
}

static void raw_transaction(void **state)
{
	struct matenet_xfer x = { .user_data = 42, .tx_len = 6, .tx = { 1, 2, 0, 9 } };

	(void)state;
	assert_int_equal(mate_xfer(bus, &x), 0);
	assert_int_equal(x.user_data, 42);
	assert_int_equal(x.rx_len, 3);
	assert_int_equal(x.rx[2], 9);
}

/* ---- scan ----------------------------------------------------------------- */

struct seen {
	unsigned int calls;
	int err[11];
	unsigned int stop_at;
};

static int on_port(void *arg, const struct mate_scan_event *ev)
{
	struct seen *s = arg;

	assert_int_equal(ev->port, s->calls);
	assert_int_equal(ev->last_port, ev->port ? 10 : 0);
	assert_int_equal(ev->info != NULL, ev->err == 0);
	s->err[ev->port] = ev->err;
	s->calls++;
	return s->stop_at && ev->port == s->stop_at;
}

static void scan_of_a_hub(void **state)
{
	struct mate_device_info d[11];
	struct seen seen = { 0 };

	(void)state;
	assert_int_equal(mate_scan(bus, 0, d, 11, on_port, &seen), 5);
	assert_int_equal(seen.calls, 11);
	for (int port = 4; port < 10; port++)
		assert_int_equal(seen.err[port], MATE_E_NO_REPLY);
	assert_int_equal(d[0].device, MATE_HUB);
	assert_int_equal(d[1].device, MATE_MX);
	assert_int_equal(d[1].variant, 2);
	assert_int_equal(d[1].fw_parts, 3);
	assert_int_equal(d[1].fw[0], 2);
	assert_int_equal(d[1].fw[2], 4);
	assert_int_equal(d[2].device, MATE_FX);
	assert_int_equal(d[2].fw_parts, 1);
	assert_int_equal(d[2].fw[0], 1);
	assert_int_equal(d[3].device, MATE_DC);
	assert_int_equal(d[4].port, 10);
	assert_int_equal(d[4].device, 9);
	assert_int_equal(d[4].variant, 1);
	assert_int_equal(d[4].fw_parts, 0);
	/* 11 types, once each, and the revisions of hub, MX, FX and DC */
	assert_int_equal(driver.xfers, 11 + 3 + 3 + 1 + 3);
}

static void quick_scan(void **state)
{
	struct mate_device_info d[11];

	(void)state;
	assert_int_equal(mate_scan(bus, MATE_SCAN_QUICK, d, 11, NULL, NULL), 5);
	assert_int_equal(driver.xfers, 11);
	assert_int_equal(driver.last.retries, 0);
	assert_int_equal(mate_scan(bus, 2, d, 11, NULL, NULL), MATE_E_INVALID);
}

static void scan_with_little_room(void **state)
{
	struct mate_device_info d[3] = { [2] = { .port = 99 } };

	(void)state;
	assert_int_equal(mate_scan(bus, MATE_SCAN_QUICK, d, 2, NULL, NULL), 5);
	assert_int_equal(d[1].port, 1);
	assert_int_equal(d[2].port, 99);
}

static void scan_can_be_ended(void **state)
{
	struct mate_device_info d[11];
	struct seen seen = { .stop_at = 5 };

	(void)state;
	assert_int_equal(mate_scan(bus, MATE_SCAN_QUICK, d, 11, on_port, &seen), MATE_E_ABORTED);
	assert_int_equal(seen.calls, 6);
}

static int alone(struct matenet_xfer *x)
{
	if (x->tx[0])
		return MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT;
	return value(x, x->tx[3] ? 7 : 3);
}

/* Without a hub no other port is asked. */
static void scan_of_a_device_alone(void **state)
{
	struct mate_device_info d[11];

	(void)state;
	driver.port = alone;
	assert_int_equal(mate_scan(bus, MATE_SCAN_QUICK, d, 11, NULL, NULL), 1);
	assert_int_equal(d[0].port, 0);
	assert_int_equal(d[0].device, MATE_MX);
	assert_int_equal(driver.xfers, 1);
}

static void scan_of_nothing(void **state)
{
	struct mate_device_info d[11];

	(void)state;
	driver.status = MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT;
	assert_int_equal(mate_scan(bus, 0, d, 11, NULL, NULL), MATE_E_NO_REPLY);
}

static int damaged_twice(struct matenet_xfer *x)
{
	static unsigned int n;

	if (x->tx[0] == 1 && !x->tx[3] && n++ < 2)
		return MATENET_ST_TX_DONE | MATENET_ST_CHECKSUM;
	return site(x);
}

static int always_damaged(struct matenet_xfer *x)
{
	if (x->tx[0] == 1)
		return MATENET_ST_TX_DONE | MATENET_ST_LONG;
	return site(x);
}

/* Damage is not emptiness: ask again, and say so if it stays. */
static void scan_of_a_damaged_port(void **state)
{
	struct mate_device_info d[11];
	struct seen seen = { 0 };

	(void)state;
	driver.port = damaged_twice;
	assert_int_equal(mate_scan(bus, MATE_SCAN_QUICK, d, 11, NULL, NULL), 5);
	assert_int_equal(driver.xfers, 13);
	driver.port = always_damaged;
	assert_int_equal(mate_scan(bus, MATE_SCAN_QUICK, d, 11, on_port, &seen), 4);
	assert_int_equal(seen.err[1], MATE_E_LONG);
}

static int gone_at_4(struct matenet_xfer *x)
{
	if (x->tx[0] == 4)
		return then_gone(x);
	return site(x);
}

static void scan_of_a_vanishing_bus(void **state)
{
	struct mate_device_info d[11];

	(void)state;
	driver.port = gone_at_4;
	assert_int_equal(mate_scan(bus, MATE_SCAN_QUICK, d, 11, NULL, NULL), MATE_E_GONE);
}

static void identify(void **state)
{
	struct mate_device_info info;

	(void)state;
	assert_int_equal(mate_identify(bus, 2, &info), 0);
	assert_int_equal(info.port, 2);
	assert_int_equal(info.device, MATE_FX);
	assert_int_equal(mate_identify(bus, 5, &info), MATE_E_NO_REPLY);
}

/* ---- status --------------------------------------------------------------- */

static void status_of_each_device(void **state)
{
	struct mate_device_status st;

	(void)state;
	assert_int_equal(mate_device_status(bus, 1, MATE_MX, &st), 0);
	assert_int_equal(st.page, MATE_PAGE_MX_STATUS);
	assert_value(st.u.mx.battery_voltage, 25.7);
	assert_int_equal(mate_device_status(bus, 2, MATE_FX, &st), 0);
	assert_int_equal(st.page, MATE_PAGE_FX_STATUS);
	assert_int_equal(st.u.fx.ac_in_voltage, 2);
	assert_int_equal(driver.xfers, 2);
	assert_int_equal(mate_device_status(bus, 3, MATE_DC, &st), 0);
	assert_int_equal(st.page, MATE_PAGE_DC_STATUS);
	assert_int_equal(driver.xfers, 8);	/* six pages at once */
	assert_int_equal(st.bytes[0], 0x0a);
	assert_int_equal(st.bytes[77], 0x0f);
	assert_int_equal(st.u.dc.battery_temp, 0x0f);
	assert_int_equal(mate_device_status(bus, 0, MATE_HUB, &st), MATE_E_DEVICE);
	assert_int_equal(mate_device_status(bus, 0, 77, &st), MATE_E_DEVICE);
}

static int no_page_0e(struct matenet_xfer *x)
{
	if (x->tx[3] == 0x0e)
		return MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT;
	return site(x);
}

/* Half a block is none: nothing is handed out. */
static void torn_status(void **state)
{
	struct mate_device_status st = { .bytes = { 0x5a } };

	(void)state;
	driver.port = no_page_0e;
	assert_int_equal(mate_device_status(bus, 3, MATE_DC, &st), MATE_E_NO_REPLY);
	assert_int_equal(st.bytes[0], 0x5a);
}

static void log_page(void **state)
{
	struct mate_mx_log log;

	(void)state;
	assert_int_equal(mate_mx_log(bus, 1, 7, &log), 0);
	assert_int_equal(log.day, 7);
}

/* ---- registers ------------------------------------------------------------ */

static void registers_as_values(void **state)
{
	struct mate_quantity q;
	uint16_t raw;

	(void)state;
	assert_int_equal(mate_reg_read(bus, 1, mate_reg_by_id(MATE_MX, "battery_voltage"), &q,
				       &raw), 0);
	assert_int_equal(raw, 8);
	assert_value(q.value, 0.8);
	assert_int_equal(driver.xfers, 1);
	/* 0x2d V of a 230 V unit; whether it is one has to be asked */
	assert_int_equal(mate_reg_read(bus, 2, mate_reg_by_id(MATE_FX, "output_voltage"), &q,
				       NULL), 0);
	assert_value(q.value, 90);
	assert_int_equal(driver.xfers, 3);
	assert_int_equal(mate_reg_read(bus, 5, mate_reg_by_id(MATE_MX, "battery_voltage"), &q,
				       &raw), MATE_E_NO_REPLY);
}

/* ---- buses ---------------------------------------------------------------- */

static void names_that_are_no_bus(void **state)
{
	struct mate_bus *b;

	(void)state;
	assert_int_equal(mate_open(&b, "foo", 0), MATE_E_NO_BUS);
	assert_int_equal(mate_open(&b, "", 0), MATE_E_NO_BUS);
	assert_int_equal(mate_open(&b, "matenet", 0), MATE_E_NO_BUS);
	assert_int_equal(mate_open(&b, "matenet1x", 0), MATE_E_NO_BUS);
	assert_int_equal(mate_open(&b, "73", 0), MATE_E_NO_BUS);
	assert_int_equal(mate_open(&b, "/nowhere/matenet0", 0), MATE_E_NO_BUS);
	assert_int_equal(mate_open(&b, "/dev/null", 2), MATE_E_INVALID);
	driver.fail = ENOTTY;
	assert_int_equal(mate_open(&b, "/dev/null", 0), MATE_E_NOT_A_BUS);
	driver.fail = EINVAL;
	assert_int_equal(mate_open(&b, "/dev/null", 0), MATE_E_NOT_A_BUS);
	driver.fail = ENODEV;
	assert_int_equal(mate_open(&b, "/dev/null", 0), MATE_E_GONE);
}

static char root[] = "/tmp/mate-unit-XXXXXX";

static void add_bus(const char *name, const char *tty)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	assert_int_equal(mkdir(path, 0700), 0);
	strcat(path, "/tty");
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(tty, f);
	fclose(f);
}

static void remove_tree(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	assert_int_equal(system(command), 0);
}

static void list_of_buses(void **state)
{
	struct mate_bus_info list[3];
	const char *before = mate_sysfs_class;
	struct mate_bus *b;

	(void)state;
	assert_non_null(mkdtemp(root));
	mate_sysfs_class = "/nowhere";
	assert_int_equal(mate_bus_list(list, 3), 0);
	assert_int_equal(mate_open(&b, NULL, 0), MATE_E_NO_BUS);
	mate_sysfs_class = root;
	assert_int_equal(mate_bus_list(NULL, 0), 0);
	add_bus("matenet10", "ttyUSB0\n");
	add_bus("other", "ttyX\n");
	assert_int_equal(mate_bus_list(list, 3), 1);
	assert_string_equal(list[0].name, "matenet10");
	assert_string_equal(list[0].tty, "ttyUSB0");
	add_bus("matenet9", "ttyW0\n");
	assert_int_equal(mate_bus_list(list, 3), 2);
	assert_int_equal(list[0].number, 9);
	assert_string_equal(list[0].tty, "ttyW0");
	assert_int_equal(list[1].number, 10);
	assert_int_equal(mate_bus_list(NULL, 0), 2);
	assert_int_equal(mate_open(&b, NULL, 0), MATE_E_SEVERAL);
	mate_sysfs_class = before;
	remove_tree();
}

/* ---- threads -------------------------------------------------------------- */

#define THREADS	4
#define CALLS	5000

static atomic_uint wrong;

/* Each thread asks for registers of its own and looks at its own details. */
static void *ask(void *arg)
{
	unsigned int me = (unsigned int)(uintptr_t)arg;

	for (unsigned int i = 1; i <= CALLS; i++) {
		uint16_t v = 0;
		bool dead = i % 5 == 0;
		int ret = mate_read(bus, dead ? 4 : 1, me << 12 | i, &v);

		if (ret != (dead ? MATE_E_NO_REPLY : 0) || (!dead && v != (me << 12 | i)) ||
		    !(mate_last_detail()->status & (dead ? MATENET_ST_TIMEOUT : MATENET_ST_OK)))
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void threads_share_a_handle(void **state)
{
	pthread_t t[THREADS];

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, ask, (void *)i), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_int_equal(driver.xfers, THREADS * CALLS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(commands_on_the_wire),
		TEST(patience),
		TEST(arguments_that_never_reach_the_wire),
		TEST(each_status_is_its_error),
		TEST(remarks_are_no_errors),
		TEST(replies_of_another_length),
		TEST(each_errno_is_its_error),
		TEST(hangup_is_gone),
		TEST(errors_have_words),
		TEST(raw_transaction),
		TEST(scan_of_a_hub),
		TEST(quick_scan),
		TEST(scan_with_little_room),
		TEST(scan_can_be_ended),
		TEST(scan_of_a_device_alone),
		TEST(scan_of_nothing),
		TEST(scan_of_a_damaged_port),
		TEST(scan_of_a_vanishing_bus),
		TEST(identify),
		TEST(status_of_each_device),
		TEST(torn_status),
		TEST(log_page),
		TEST(registers_as_values),
		TEST(names_that_are_no_bus),
		TEST(list_of_buses),
		TEST(threads_share_a_handle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
