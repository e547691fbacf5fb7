// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One thing wrong at a time.  Each case takes a call that the driver accepts, spoils one
 * thing about it, and expects one error, nothing on the wire and nothing changed.  Then
 * the call as it was before must succeed: nothing else can have been wrong with it.
 *
 * All cases share two buses, one at each end of the wire.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define OK		(MATENET_ST_OK | MATENET_ST_TX_DONE)
#define PORT		1
#define DEVICE_NODE	"/dev/matenet1"
#define REPLY_TIME_US	2000000	/* nobody here is too late */
#define PAGE		4096

enum call {
	G_CAPS, G_CONFIG, S_CONFIG, G_MODE, S_MODE,
	XFER, SUBMIT, BATCH,
	ELEMENT,	/* BATCH, and what is spoiled is the second transaction */
	CANCEL, REPLY,
	READ,		/* read() */
};

static const unsigned int numbers[] = {
	[G_CAPS] = MATENET_IOC_G_CAPS, [G_CONFIG] = MATENET_IOC_G_CONFIG,
	[S_CONFIG] = MATENET_IOC_S_CONFIG, [G_MODE] = MATENET_IOC_G_MODE,
	[S_MODE] = MATENET_IOC_S_MODE, [XFER] = MATENET_IOC_XFER,
	[SUBMIT] = MATENET_IOC_SUBMIT, [BATCH] = MATENET_IOC_BATCH,
	[ELEMENT] = MATENET_IOC_BATCH, [CANCEL] = MATENET_IOC_CANCEL,
	[REPLY] = MATENET_IOC_REPLY,
};

/* The argument of any call. */
struct request {
	union {
		struct matenet_caps caps;
		struct matenet_config config;
		struct matenet_mode mode;
		struct matenet_xfer x;
		struct matenet_batch batch;
		struct matenet_reply reply;
		struct matenet_record record;
		uint32_t sequence;
	};
	struct matenet_xfer xs[2];	/* of the batch */
};

static int tty[2];

/* A controller at one end and a device at the other, for all cases. */
static void begin(void)
{
	struct matenet_config config;
	int i, fd;

	testbus_modules();
	/* Else a command is heard when the next one is on its way already. */
	testbus_rx_trigger("ttyW0", 1);
	testbus_rx_trigger("ttyW1", 1);
	tty[0] = testbus_attach(TESTBUS_TTY);
	tty[1] = testbus_attach(TESTBUS_SIM_TTY);
	for (i = 0; i < 2; i++) {
		fd = open(i ? DEVICE_NODE : TESTBUS_NODE, O_RDWR | O_CLOEXEC);
		config = testbus_config(fd);
		config.reply_timeout_us = REPLY_TIME_US;
		config.late_us = 0;
		config.role = i ? MATENET_ROLE_DEVICE : MATENET_ROLE_CONTROLLER;
		config.flags = MATENET_CFG_WRITABLE;
		if (testbus_set_config(fd, config))
			_exit(1);
		close(fd);
	}
}

/* The next record that is not about the configuration. */
static int next(int fd, struct matenet_record *r)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	do {
		if (poll(&p, 1, 5000) <= 0)
			return -ETIME;
		if (read(fd, r, sizeof(*r)) != sizeof(*r))
			return -errno;
	} while (r->type == MATENET_REC_STATE);
	return 0;
}

static int has_records(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0);
}

/* What a case works with; the file that makes the call is @fd. */
struct ends {
	int controller;
	int device;
	int fd;
	struct matenet_config config;
	uint32_t asked;		/* by the controller, and the device has the command */
};

static void ends_open(struct ends *ends, enum call call)
{
	ends->controller = testbus_open(O_RDWR);
	ends->device = open(DEVICE_NODE, O_RDWR | O_CLOEXEC);
	ends->fd = call == REPLY ? ends->device : ends->controller;
	ends->config = testbus_config(ends->fd);
}

/* Settings that were right are taken back for the next case. */
static void ends_close(struct ends *ends, enum call call)
{
	if (call == S_CONFIG && testbus_set_config(ends->fd, ends->config))
		_exit(1);
	close(ends->controller);
	close(ends->device);
}

static struct matenet_xfer short_read(void)
{
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, 8, 0);

	x.timeout_us = 1000;
	return x;
}

/* A command for the device: its sequence there, or 0. */
static uint32_t ask_device(struct ends *ends)
{
	struct matenet_mode mode = { .port_mask = 1 << PORT };
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, 8, 0);
	struct matenet_record r;

	if (ioctl(ends->device, MATENET_IOC_S_MODE, &mode) ||
	    ioctl(ends->controller, MATENET_IOC_SUBMIT, &x) || next(ends->device, &r) ||
	    r.type != MATENET_REC_COMMAND)
		return 0;
	ends->asked = x.sequence;
	return r.frame.sequence;
}

/* A transaction that waits behind another one, to be cancelled; 0 if there is none. */
static uint32_t keep_waiting(struct ends *ends)
{
	struct matenet_xfer x = testbus_request(PORT, MATENET_CMD_READ, 8, 0);

	x.timeout_us = 100000 * testbus_slowness();
	if (ioctl(ends->fd, MATENET_IOC_SUBMIT, &x))
		return 0;
	/* Gone from the queue and off the line before the recorder is looked at. */
	sleep_us(30000 * testbus_slowness());
	return ioctl(ends->fd, MATENET_IOC_SUBMIT, &x) ? 0 : x.sequence;
}

/* A record that waits to be read. */
static int have_record(struct ends *ends)
{
	struct pollfd p = { .fd = ends->fd, .events = POLLIN };
	struct matenet_xfer x = short_read();

	return !ioctl(ends->fd, MATENET_IOC_SUBMIT, &x) && poll(&p, 1, 5000) == 1;
}

/* What the call needs to be right.  Returns 0 if it cannot be had. */
static int prepare(struct ends *ends, enum call call, struct request *good)
{
	memset(good, 0, sizeof(*good));
	switch (call) {
	case S_CONFIG:
		good->config = testbus_config(ends->fd);
		break;
	case XFER:
	case SUBMIT:
		good->x = short_read();
		break;
	case BATCH:
	case ELEMENT:
		good->xs[0] = short_read();
		good->xs[1] = short_read();
		good->batch.count = 2;
		break;
	case CANCEL:
		good->sequence = keep_waiting(ends);
		return good->sequence;
	case REPLY:
		good->reply = (struct matenet_reply){
			.sequence = ask_device(ends), .len = 3, .data = { 2, 0x12, 0x34 },
		};
		return good->reply.sequence;
	case READ:
		return have_record(ends);
	default:
		break;
	}
	return 1;
}

static int do_call(struct ends *ends, enum call call, void *argument)
{
	if (call == READ)
		return read(ends->fd, argument, sizeof(struct matenet_record)) < 0 ? -errno : 0;
	return ioctl(ends->fd, numbers[call], argument) ? -errno : 0;
}

static int do_request(struct ends *ends, enum call call, struct request *r)
{
	if (call == BATCH || call == ELEMENT)
		r->batch.xfers = (uintptr_t)r->xs;
	return do_call(ends, call, r);
}

/* What can be seen of a refused call: it must not be there. */
struct traces {
	struct matenet_config config;
	struct matenet_mode mode;
	int records;
};

static void look(struct ends *ends, struct traces *t)
{
	memset(t, 0, sizeof(*t));
	t->config = testbus_config(ends->fd);
	ioctl(ends->fd, MATENET_IOC_G_MODE, &t->mode);
	t->records = has_records(ends->fd);
}

static size_t bytes_on_wire(void)
{
	struct wire_log log;
	size_t n;

	if (wire_record_read(0, &log))
		return ~0UL;
	n = log.n;
	wire_log_free(&log);
	return n;
}

/* The call is right and does what it is for. */
#define EXPECT_WORKS(_ends, _call, _good) do {					\
	struct matenet_record r;						\
	EXPECT_EQ(0, do_request(_ends, _call, _good));				\
	switch (_call) {							\
	case SUBMIT:								\
		ASSERT_EQ(0, next((_ends)->fd, &r));				\
		EXPECT_EQ((_good)->x.sequence, r.xfer.sequence);		\
		break;								\
	case BATCH:								\
	case ELEMENT:								\
		EXPECT_EQ(2, (_good)->batch.done);				\
		break;								\
	case CANCEL:								\
		ASSERT_EQ(0, next((_ends)->fd, &r));				\
		EXPECT_EQ((_good)->sequence, r.xfer.sequence);			\
		EXPECT_EQ(MATENET_ST_ABORTED, r.xfer.status);			\
		ASSERT_EQ(0, next((_ends)->fd, &r));				\
		break;								\
	case REPLY:								\
		ASSERT_EQ(0, next((_ends)->controller, &r));			\
		EXPECT_EQ((_ends)->asked, r.xfer.sequence);			\
		EXPECT_EQ(OK, r.xfer.status);					\
		break;								\
	case READ:								\
		EXPECT_EQ(MATENET_REC_XFER, (_good)->record.type);		\
		break;								\
	default:								\
		break;								\
	}									\
} while (0)

#define EXPECT_REFUSED(_error, _ends, _attempt) do {				\
	struct traces before, after;						\
	look(_ends, &before);							\
	ASSERT_EQ(0, wire_record_clear(0));					\
	EXPECT_EQ(-(_error), _attempt);						\
	EXPECT_EQ(0, bytes_on_wire());						\
	look(_ends, &after);							\
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));			\
} while (0)

/* ---- a member of the struct ------------------------------------------------- */

/* A value for a member. */
struct patch {
	unsigned int offset, size;
	uint32_t value;
};

#define SET(_struct, _member, _value)						\
	{ offsetof(struct _struct, _member), sizeof(((struct _struct *)0)->_member), _value }

FIXTURE(member) {
	struct ends ends;
};

FIXTURE_VARIANT(member) {
	enum call call;
	struct patch with[3];	/* still right with it */
	struct patch wrong;
	int error;
};

FIXTURE_SETUP(member)
{
	ends_open(&self->ends, variant->call);
}

FIXTURE_TEARDOWN(member)
{
	ends_close(&self->ends, variant->call);
}

static void apply(const struct patch *patch, enum call call, struct request *r)
{
	char *to = call == ELEMENT ? (char *)&r->xs[1] : (char *)r;
	uint8_t byte = patch->value;

	if (patch->size == 1)
		memcpy(to + patch->offset, &byte, 1);
	else
		memcpy(to + patch->offset, &patch->value, patch->size);
}

TEST_F(member, is_refused)
{
	struct request good, bad;
	unsigned int i;

	ASSERT_NE(0, prepare(&self->ends, variant->call, &good));
	for (i = 0; i < 3; i++)
		apply(&variant->with[i], variant->call, &good);
	bad = good;
	apply(&variant->wrong, variant->call, &bad);
	ASSERT_NE(0, memcmp(&good, &bad, sizeof(bad)));

	EXPECT_REFUSED(variant->error, &self->ends, do_request(&self->ends, variant->call, &bad));
	EXPECT_WORKS(&self->ends, variant->call, &good);
}

#define CASE_OF(_error, _name, _call, _struct, _member, _value, ...)		\
	FIXTURE_VARIANT_ADD(member, _name) {					\
		.call = _call, .wrong = SET(_struct, _member, _value),		\
		.with = { __VA_ARGS__ }, .error = _error			\
	};
#define CASE(...)	CASE_OF(EINVAL, __VA_ARGS__)

/* The same member of the same struct in three calls. */
#define XFERS(_name, _member, _value, ...)					\
	CASE(xfer_##_name, XFER, matenet_xfer, _member, _value, __VA_ARGS__)	\
	CASE(submit_##_name, SUBMIT, matenet_xfer, _member, _value, __VA_ARGS__) \
	CASE(element_##_name, ELEMENT, matenet_xfer, _member, _value, __VA_ARGS__)

#define THREE(_m, ...)		_m(0, __VA_ARGS__) _m(1, __VA_ARGS__) _m(2, __VA_ARGS__)
#define FOUR(_m, ...)		THREE(_m, __VA_ARGS__) _m(3, __VA_ARGS__)
#define FROM_24(_m, ...)							\
	_m(24, __VA_ARGS__) _m(25, __VA_ARGS__) _m(26, __VA_ARGS__) _m(27, __VA_ARGS__) \
	_m(28, __VA_ARGS__) _m(29, __VA_ARGS__) _m(30, __VA_ARGS__) _m(31, __VA_ARGS__)
#define FROM_16(_m, ...)							\
	_m(16, __VA_ARGS__) _m(17, __VA_ARGS__) _m(18, __VA_ARGS__) _m(19, __VA_ARGS__) \
	_m(20, __VA_ARGS__) _m(21, __VA_ARGS__) _m(22, __VA_ARGS__) _m(23, __VA_ARGS__) \
	FROM_24(_m, __VA_ARGS__)
#define FROM_6(_m, ...)								\
	_m(6, __VA_ARGS__) _m(7, __VA_ARGS__) _m(8, __VA_ARGS__) _m(9, __VA_ARGS__) \
	_m(10, __VA_ARGS__) _m(11, __VA_ARGS__) _m(12, __VA_ARGS__) _m(13, __VA_ARGS__) \
	_m(14, __VA_ARGS__) _m(15, __VA_ARGS__) FROM_16(_m, __VA_ARGS__)
#define FROM_3(_m, ...)								\
	_m(3, __VA_ARGS__) _m(4, __VA_ARGS__) _m(5, __VA_ARGS__) FROM_6(_m, __VA_ARGS__)
#define FROM_2(_m, ...)		_m(2, __VA_ARGS__) FROM_3(_m, __VA_ARGS__)
#define FROM_0(_m, ...)		_m(0, __VA_ARGS__) _m(1, __VA_ARGS__) FROM_2(_m, __VA_ARGS__)

#define FLAG(_bit, _name, _call, _struct)					\
	CASE(_name##_flag_##_bit, _call, _struct, flags, 1U << _bit)
#define RESERVED(_i, _name, _call, _struct)					\
	CASE(_name##_reserved_##_i, _call, _struct, reserved[_i], 1)

/* struct matenet_xfer.  STOP, flag 2, is for batches. */
FROM_2(FLAG, xfer, XFER, matenet_xfer)
FROM_2(FLAG, submit, SUBMIT, matenet_xfer)
FROM_3(FLAG, element, ELEMENT, matenet_xfer)

#define XFERS_RESERVED8(_i, ...)	XFERS(reserved8_##_i, reserved8[_i], 1)
#define XFERS_RESERVED(_i, ...)		XFERS(reserved_##_i, reserved[_i], 1)
#define XFERS_TX(_i, ...)		XFERS(unused_tx_##_i, tx[_i], 1)
FOUR(XFERS_RESERVED8)
FOUR(XFERS_RESERVED)
FROM_6(XFERS_TX)

XFERS(tx_len_0, tx_len, 0)
XFERS(tx_len_above, tx_len, MATENET_MAX_DATA + 1)
XFERS(tx_len_255, tx_len, 255)
XFERS(rx_len_above, rx_len, MATENET_MAX_DATA + 1)
XFERS(rx_len_255, rx_len, 255)
XFERS(timeout_above, timeout_us, 10000001)
XFERS(timeout_most, timeout_us, ~0U)
XFERS(retries_above, retries, 16)
XFERS(retries_255, retries, 255)

/* What asks for no reply has nothing to say about one. */
#define NO_REPLY	SET(matenet_xfer, flags, MATENET_XFER_NO_REPLY), \
			SET(matenet_xfer, timeout_us, 0)
XFERS(no_reply_and_rx_len, rx_len, 3, NO_REPLY)
XFERS(no_reply_and_retries, retries, 1, NO_REPLY)
XFERS(no_reply_and_timeout, timeout_us, 1000, NO_REPLY)

/* What must not be sent twice. */
#define COMMAND(_code)	SET(matenet_xfer, tx[1], _code)
XFERS(dec_twice, retries, 1, COMMAND(MATENET_CMD_DEC))
XFERS(inc_twice, retries, 1, COMMAND(MATENET_CMD_INC))
XFERS(inc_16_times, retries, 15, COMMAND(MATENET_CMD_INC))
XFERS(command_5_twice, retries, 1, COMMAND(5))
XFERS(command_21_twice, retries, 1, COMMAND(21))
XFERS(command_255_twice, retries, 1, COMMAND(255))
XFERS(raw_twice, retries, 1, SET(matenet_xfer, flags, MATENET_XFER_RAW))
XFERS(short_command_twice, retries, 1, SET(matenet_xfer, tx_len, 5))
XFERS(long_command_twice, retries, 1, SET(matenet_xfer, tx_len, 7))

/* struct matenet_batch */
CASE(batch_count_0, BATCH, matenet_batch, count, 0)
CASE(batch_count_above, BATCH, matenet_batch, count, MATENET_MAX_BATCH + 1)
CASE(batch_count_most, BATCH, matenet_batch, count, ~0U)
/* Times the size of an element: 256 bytes, to 32 bits. */
CASE(batch_count_wraps, BATCH, matenet_batch, count, (1U << 25) + 2)
FROM_0(FLAG, batch, BATCH, matenet_batch)
THREE(RESERVED, batch, BATCH, matenet_batch)

/* struct matenet_config */
#define CONFIG(_name, _member, _value)						\
	CASE(config_##_name, S_CONFIG, matenet_config, _member, _value)
#define CONFIG_ABOVE(_member, _most)						\
	CONFIG(_member##_above, _member, (_most) + 1) CONFIG(_member##_most, _member, ~0U)
#define CONFIG_RANGE(_member, _least, _most)					\
	CONFIG(_member##_below, _member, (_least) - 1)				\
	CONFIG(_member##_0, _member, 0)						\
	CONFIG_ABOVE(_member, _most)
CONFIG_RANGE(baud, 300, 115200)
CONFIG_ABOVE(role, MATENET_ROLE_DEVICE)
CONFIG_ABOVE(framing, MATENET_FRAMING_GAP)
CONFIG_ABOVE(parity, MATENET_PARITY_EVENODD)
CONFIG_RANGE(reply_timeout_us, 1000, 10000000)
CONFIG_RANGE(gap_us, 1000, 1000000)
CONFIG_ABOVE(turnaround_us, 1000000)
CONFIG_RANGE(tx_guard_us, 20, 10000)
CONFIG_ABOVE(late_us, 10000000)
FROM_2(FLAG, config, S_CONFIG, matenet_config)
FOUR(RESERVED, config, S_CONFIG, matenet_config)
RESERVED(4, config, S_CONFIG, matenet_config)
CONFIG_ABOVE(join, 64)
CASE(config_join_itself, S_CONFIG, matenet_config, join, 1,
     SET(matenet_config, role, MATENET_ROLE_MONITOR))
CASE_OF(ENXIO, config_join_nobody, S_CONFIG, matenet_config, join, 64,
	SET(matenet_config, role, MATENET_ROLE_MONITOR))

/* struct matenet_mode */
CASE(mode_above, S_MODE, matenet_mode, mode, MATENET_MODE_MONITOR + 1)
CASE(mode_most, S_MODE, matenet_mode, mode, ~0U)
FROM_0(FLAG, mode, S_MODE, matenet_mode)
FOUR(RESERVED, mode, S_MODE, matenet_mode)

/* struct matenet_reply; flag 1 is RAW. */
#define REPLY_RESERVED8(_i, ...)						\
	CASE(reply_reserved8_##_i, REPLY, matenet_reply, reserved8[_i], 1)
#define REPLY_DATA(_i, ...)	CASE(reply_unused_data_##_i, REPLY, matenet_reply, data[_i], 1)
CASE(reply_sequence_0, REPLY, matenet_reply, sequence, 0)
CASE(reply_len_0, REPLY, matenet_reply, len, 0)
CASE(reply_len_above, REPLY, matenet_reply, len, MATENET_MAX_DATA + 1)
CASE(reply_len_255, REPLY, matenet_reply, len, 255)
FLAG(0, reply, REPLY, matenet_reply)
FROM_2(FLAG, reply, REPLY, matenet_reply)
THREE(REPLY_RESERVED8)
THREE(RESERVED, reply, REPLY, matenet_reply)
FROM_3(REPLY_DATA)

/* ---- a pointer ---------------------------------------------------------------- */

enum pointer {
	NOWHERE,	/* NULL */
	UNMAPPED,
	KERNEL,		/* where no program may have anything */
	FORBIDDEN,	/* mapped, neither to be read nor written */
	READ_ONLY,
	STRADDLING,	/* the first half is there, the second is not */
	BEYOND,		/* 64 bits of which the lower ones alone would do */
};

FIXTURE(pointer) {
	struct ends ends;
	char *pages;
};

FIXTURE_VARIANT(pointer) {
	enum call call;
	enum pointer kind;
};

FIXTURE_SETUP(pointer)
{
	ends_open(&self->ends, variant->call);
	self->pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->pages);
	ASSERT_EQ(0, mprotect(self->pages + PAGE, PAGE, PROT_NONE));
}

FIXTURE_TEARDOWN(pointer)
{
	ends_close(&self->ends, variant->call);
}

/* A place of that kind; what can be there of @content is. */
static void *place(char *pages, enum pointer kind, const void *content, size_t size)
{
	char *at = pages + PAGE - size / 2;

	switch (kind) {
	case NOWHERE:
		return NULL;
	case UNMAPPED:
		munmap(pages, PAGE);
		return pages;
	case KERNEL:
		return (void *)(sizeof(long) == 8 ? 0xffff888000000000UL : 0xfffff000UL);
	case FORBIDDEN:
		return pages + PAGE;
	case READ_ONLY:
		memcpy(pages, content, size);
		mprotect(pages, PAGE, PROT_READ);
		return pages;
	case STRADDLING:
		memcpy(at, content, size / 2);
		return at;
	default:
		return NULL;
	}
}

TEST_F(pointer, is_refused)
{
	struct ends *ends = &self->ends;
	enum call call = variant->call;
	struct request good, bad;
	void *argument = &bad;

	ASSERT_NE(0, prepare(ends, call, &good));
	bad = good;
	if (variant->kind == BEYOND)
		bad.batch.xfers = (uintptr_t)good.xs | 1ULL << 63;
	else if (call == ELEMENT)
		bad.batch.xfers = (uintptr_t)place(self->pages, variant->kind, good.xs,
						   sizeof(good.xs));
	else
		argument = place(self->pages, variant->kind, &good,
				 call == READ ? sizeof(good.record) : _IOC_SIZE(numbers[call]));
	if (call == BATCH)
		good.batch.xfers = (uintptr_t)good.xs;

	EXPECT_REFUSED(EFAULT, ends, do_call(ends, call, argument));
	EXPECT_WORKS(ends, call, &good);
}

#define POINTER(_call, _kind)							\
	FIXTURE_VARIANT_ADD(pointer, _call##_##_kind) { .call = _call, .kind = _kind };
#define POINTERS(_call)								\
	POINTER(_call, NOWHERE) POINTER(_call, UNMAPPED) POINTER(_call, KERNEL)	\
	POINTER(_call, FORBIDDEN) POINTER(_call, STRADDLING)

POINTERS(G_CAPS)
POINTERS(G_CONFIG)
POINTERS(S_CONFIG)
POINTERS(G_MODE)
POINTERS(S_MODE)
POINTERS(XFER)
POINTERS(SUBMIT)
POINTERS(BATCH)
POINTERS(ELEMENT)
POINTERS(CANCEL)
POINTERS(REPLY)
POINTERS(READ)
POINTER(G_CAPS, READ_ONLY)
POINTER(G_CONFIG, READ_ONLY)
POINTER(G_MODE, READ_ONLY)
POINTER(READ, READ_ONLY)
POINTER(ELEMENT, BEYOND)

/* ---- a result that cannot be written ------------------------------------------ */

FIXTURE(result) {
	struct ends ends;
};

FIXTURE_VARIANT(result) {
	enum call call;
	size_t bytes;		/* on the wire */
};

FIXTURE_SETUP(result)
{
	ends_open(&self->ends, variant->call);
}

FIXTURE_TEARDOWN(result)
{
	ends_close(&self->ends, variant->call);
}

/* The work has been done by then: as the pages say, and the error tells. */
TEST_F(result, is_lost)
{
	struct request *r = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct request good;
	struct matenet_record rec;

	ASSERT_NE(MAP_FAILED, r);
	ASSERT_NE(0, prepare(&self->ends, variant->call, &good));
	*r = good;
	r->config.gap_us += variant->call == S_CONFIG;
	if (variant->call == BATCH || variant->call == ELEMENT)
		r->batch.xfers = (uintptr_t)(variant->call == BATCH ? good.xs : r->xs);
	ASSERT_EQ(0, mprotect(r, PAGE, PROT_READ));

	ASSERT_EQ(0, wire_record_clear(0));
	EXPECT_EQ(-EFAULT, do_call(&self->ends, variant->call, r));
	if (variant->call == SUBMIT)
		EXPECT_EQ(0, next(self->ends.fd, &rec));
	EXPECT_EQ(variant->bytes, bytes_on_wire());
	if (variant->call == S_CONFIG) {
		EXPECT_EQ(good.config.gap_us + 1, testbus_config(self->ends.fd).gap_us);
		EXPECT_EQ(0, testbus_set_config(self->ends.fd, good.config));
	}
}

FIXTURE_VARIANT_ADD(result, s_config) { .call = S_CONFIG, .bytes = 0 };
FIXTURE_VARIANT_ADD(result, xfer) { .call = XFER, .bytes = 8 };
FIXTURE_VARIANT_ADD(result, submit) { .call = SUBMIT, .bytes = 8 };
FIXTURE_VARIANT_ADD(result, batch) { .call = BATCH, .bytes = 16 };
FIXTURE_VARIANT_ADD(result, element) { .call = ELEMENT, .bytes = 16 };

/* ---- a number ----------------------------------------------------------------- */

FIXTURE(number) {
	struct ends ends;
};

FIXTURE_VARIANT(number) {
	enum call call;
	int size, direction, letter;	/* added, turned over, added */
};

FIXTURE_SETUP(number)
{
	ends_open(&self->ends, variant->call);
}

FIXTURE_TEARDOWN(number)
{
	ends_close(&self->ends, variant->call);
}

TEST_F(number, is_refused)
{
	unsigned int right = numbers[variant->call];
	unsigned int number = _IOC(_IOC_DIR(right) ^ variant->direction,
				   _IOC_TYPE(right) + variant->letter, _IOC_NR(right),
				   _IOC_SIZE(right) + variant->size);
	struct request good;

	ASSERT_NE(right, number);
	ASSERT_NE(0, prepare(&self->ends, variant->call, &good));
	EXPECT_REFUSED(ENOTTY, &self->ends, ioctl(self->ends.fd, number, &good) ? -errno : 0);
	EXPECT_WORKS(&self->ends, variant->call, &good);
}

#define NUMBERS(_call)								\
	FIXTURE_VARIANT_ADD(number, _call##_smaller) { .call = _call, .size = -1 }; \
	FIXTURE_VARIANT_ADD(number, _call##_larger) { .call = _call, .size = 8 }; \
	FIXTURE_VARIANT_ADD(number, _call##_direction_1) { .call = _call, .direction = 1 }; \
	FIXTURE_VARIANT_ADD(number, _call##_direction_2) { .call = _call, .direction = 2 }; \
	FIXTURE_VARIANT_ADD(number, _call##_of_another) { .call = _call, .letter = 1 };

NUMBERS(G_CAPS)
NUMBERS(G_CONFIG)
NUMBERS(S_CONFIG)
NUMBERS(G_MODE)
NUMBERS(S_MODE)
NUMBERS(XFER)
NUMBERS(SUBMIT)
NUMBERS(BATCH)
NUMBERS(CANCEL)
NUMBERS(REPLY)

static int known(unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (_IOC_NR(numbers[i]) == nr)
			return 1;
	return 0;
}

FIXTURE(no_number) {
	struct ends ends;
};

FIXTURE_SETUP(no_number)
{
	ends_open(&self->ends, XFER);
}

FIXTURE_TEARDOWN(no_number)
{
	ends_close(&self->ends, XFER);
}

/* Whatever the size and the direction of the others. */
TEST_F(no_number, is_refused)
{
	struct request r = { .x = short_read() };
	unsigned int nr, direction, tried = 0;

	ASSERT_EQ(0, wire_record_clear(0));
	for (nr = 0; nr < 256; nr++)
		for (direction = 0; direction < 4; direction++) {
			if (known(nr))
				continue;
			EXPECT_EQ(-1, ioctl(self->ends.fd, _IOC(direction, MATENET_IOC_MAGIC, nr,
								sizeof(r.x)), &r));
			EXPECT_EQ(ENOTTY, errno);
			tried++;
		}
	EXPECT_EQ(246 * 4, tried);
	EXPECT_EQ(0, bytes_on_wire());
}

TEST_F(no_number, of_others_is_refused)
{
	static const unsigned int others[] = { TIOCSETD, TIOCGETD, TCGETS, TCSETS, FIONREAD, 0, ~0U };
	struct { int i[64]; } room = { { 0 } };
	unsigned int i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		EXPECT_EQ(-1, ioctl(self->ends.fd, others[i], &room));
		EXPECT_EQ(ENOTTY, errno);
	}
}

/* ---- room for a record --------------------------------------------------------- */

FIXTURE(room) {
	struct ends ends;
};

FIXTURE_VARIANT(room) {
	size_t bytes;
};

FIXTURE_SETUP(room)
{
	ends_open(&self->ends, READ);
}

FIXTURE_TEARDOWN(room)
{
	ends_close(&self->ends, READ);
}

TEST_F(room, is_too_small)
{
	char room[sizeof(struct matenet_record)];
	struct request good;

	ASSERT_NE(0, prepare(&self->ends, READ, &good));
	EXPECT_REFUSED(EINVAL, &self->ends,
		       read(self->ends.fd, room, variant->bytes) < 0 ? -errno : 0);
	EXPECT_WORKS(&self->ends, READ, &good);
}

FIXTURE_VARIANT_ADD(room, none) { .bytes = 0 };
FIXTURE_VARIANT_ADD(room, a_byte) { .bytes = 1 };
FIXTURE_VARIANT_ADD(room, without_the_union) { .bytes = 32 };
FIXTURE_VARIANT_ADD(room, a_byte_less) { .bytes = sizeof(struct matenet_record) - 1 };

/* ---- a bus that is no more ------------------------------------------------------- */

FIXTURE(gone) {
	struct ends ends;
	struct request good;
};

FIXTURE_VARIANT(gone) {
	enum call call;
};

FIXTURE_SETUP(gone)
{
	int ldisc = 0, i = variant->call == REPLY;

	ends_open(&self->ends, variant->call);
	ASSERT_NE(0, prepare(&self->ends, variant->call == READ ? XFER : variant->call, &self->good));
	ASSERT_EQ(0, ioctl(tty[i], TIOCSETD, &ldisc));
	ldisc = TESTBUS_LDISC;
	ASSERT_EQ(0, ioctl(tty[i], TIOCSETD, &ldisc));
}

FIXTURE_TEARDOWN(gone)
{
	/* Nothing can be set any more. */
	ends_close(&self->ends, READ);
}

/* Though there is another on the same tty, of the same number. */
TEST_F(gone, is_told)
{
	struct matenet_record r;

	/* What waited has ended, and can be read. */
	while (has_records(self->ends.fd) && read(self->ends.fd, &r, sizeof(r)) > 0)
		EXPECT_EQ(MATENET_REC_XFER, r.type);
	ASSERT_EQ(0, wire_record_clear(0));
	EXPECT_EQ(-ENODEV, do_request(&self->ends, variant->call, &self->good));
	EXPECT_EQ(0, bytes_on_wire());
}

#define GONE(_call)	FIXTURE_VARIANT_ADD(gone, _call) { .call = _call };
GONE(G_CAPS)
GONE(G_CONFIG)
GONE(S_CONFIG)
GONE(G_MODE)
GONE(S_MODE)
GONE(XFER)
GONE(SUBMIT)
GONE(BATCH)
GONE(CANCEL)
GONE(REPLY)
GONE(READ)

int main(int argc, char **argv)
{
	begin();
	return test_harness_run(argc, argv);
}
