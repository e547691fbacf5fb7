// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The same conversation for each kind of UART, in each role.  At the other end is what
 * is exact: a port that is a device without software, or our driver on a 16550A.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/matenet.h>

#include "kinds.h"
#include "testbus.h"
#include "wirelib.h"

#define EXCHANGES	120
#define ANSWER_US	1000	/* after the end of the command */
#define LEARNING	12	/* exchanges within which the driver finds out */
#define OK		(MATENET_ST_OK | MATENET_ST_TX_DONE)
#define COMMAND_BYTES	8
#define LATE_US		1000
#define MAX_FRAMES	(4 * EXCHANGES)

static const char exact[] = "flags=byte cmspar=yes txempty=yes fifo_clear=no fifo=16 ppm=0 "
			    "latch=start irq=yes answer=-1 resume=ready start=0 bridge=no";

static void set_knobs(unsigned int port, const char *knobs)
{
	int ret = wire_knobs(port, "%s", exact);

	if (!ret)
		ret = wire_knobs(port, "%s", knobs);
	if (ret)
		errx(1, "port %u: knobs %s: %s", port, knobs, strerror(-ret));
}

/* A bus on ttyW@port, in the given role; negative errno if that is refused. */
static int begin_bus(unsigned int port, int trigger, uint32_t role, uint32_t parity, int *node,
		     unsigned int number)
{
	struct matenet_config config;
	char tty[32], path[32];
	int fd, ret;

	snprintf(tty, sizeof(tty), "ttyW%u", port);
	if (trigger)
		testbus_rx_trigger(tty, trigger);
	snprintf(path, sizeof(path), "/dev/ttyW%u", port);
	fd = testbus_attach_plain(path);
	if (fd < 0)
		return fd;
	snprintf(path, sizeof(path), "/dev/matenet%u", number);
	*node = open(path, O_RDWR | O_CLOEXEC);
	if (*node < 0)
		err(1, "%s", path);
	config = testbus_config(*node);
	config.role = role;
	config.parity = parity;
	ret = testbus_set_config(*node, config);
	if (ret)
		errx(1, "%s: S_CONFIG: %s", path, strerror(-ret));
	return fd;
}

static void end_bus(int tty, int node)
{
	close(node);
	testbus_detach(tty);
}

static struct matenet_caps caps_of(int node)
{
	struct matenet_caps caps;

	if (ioctl(node, MATENET_IOC_G_CAPS, &caps))
		err(1, "G_CAPS");
	return caps;
}

/*
 * What is asked in exchange @i: all kinds of replies, all kinds of bytes.  What there is
 * to learn has to be learnt from a device alone: its port is 0.
 */
static struct matenet_xfer question(unsigned int i)
{
	unsigned int port = i < LEARNING ? 0 : i % 11;
	uint16_t value = i * 40503u;

	switch (i % 6) {
	case 4:
		return testbus_request(port, MATENET_CMD_STATUS, value, 0);
	case 5:
		return testbus_request(port, MATENET_CMD_LOG, 0, value);
	default:
		return testbus_request(port, MATENET_CMD_READ, value, 0);
	}
}

/* Data byte @i of the reply, as uart9's knob answer has it. */
static uint8_t answer_byte(const uint8_t *command, unsigned int i)
{
	return command[0] + 3 * command[2] + 5 * command[3] + 7 * command[4] + 11 * command[5] +
	       13 * i;
}

static unsigned int answer_len(uint8_t cmd)
{
	return cmd == MATENET_CMD_STATUS ? 14 : cmd == MATENET_CMD_LOG ? 15 : 3;
}

static bool answered_right(const struct matenet_xfer *x)
{
	unsigned int i;

	if (x->rx_len != answer_len(x->tx[1]))
		return false;
	for (i = 1; i < x->rx_len; i++)
		if (x->rx[i] != answer_byte(x->tx, i))
			return false;
	return true;
}

struct heard {
	struct matenet_record record[MAX_FRAMES];
	unsigned int n;
};

static struct heard heard;

/* All that has been heard since the last time. */
static void take_records(int node)
{
	struct matenet_record record;

	while (heard.n < MAX_FRAMES && read(node, &record, sizeof(record)) == sizeof(record))
		if (record.type == MATENET_REC_FRAME)
			heard.record[heard.n++] = record;
}

/*
 * All questions, one after the other; what is lost while the driver learns is forgiven.
 * What @ears have heard is taken in between, for they do not hold it all.
 */
static void converse(int node, struct result *r, int ears)
{
	unsigned int i, n = 0;
	int64_t began, total = 0;
	struct matenet_xfer x;

	for (i = 0; i < EXCHANGES; i++) {
		x = question(i);
		began = now_us();
		if (testbus_xfer(node, &x))
			err(1, "XFER");
		if (ears >= 0)
			take_records(ears);
		r->asked++;
		if (x.status & MATENET_ST_OK && !answered_right(&x)) {
			r->wrong++;
		} else if (x.status == OK) {
			r->right++;
			total += now_us() - began;
			n++;
		} else if (i < LEARNING) {
			r->lost_first++;
		}
	}
	r->elapsed_us = n ? (double)total / n : 0;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* What @port has sent, looked at on the wire: ninth bits and the pause after byte 0. */
static void look_at_wire(unsigned int port, struct result *r)
{
	struct wire_log log;
	size_t i, n = 0, commands = 0;
	bool first;
	double *gaps;

	if (wire_record_read(0, &log))
		errx(1, "cannot read the recorder");
	gaps = calloc(log.n + 1, sizeof(*gaps));
	for (i = 0; i < log.n; i++) {
		first = !i || log.byte[i].port != log.byte[i - 1].port;
		if (log.byte[i].port != port)
			continue;
		/* Where nobody answers, commands follow each other after a long silence. */
		first |= i && log.byte[i].start - log.byte[i - 1].end > 30000000;
		commands += first;
		if (first != !!(log.byte[i].bits & 0x100))
			*(commands > LEARNING ? &r->bad_marks : &r->bad_first) += 1;
		if (first && i + 1 < log.n && log.byte[i + 1].port == port)
			gaps[n++] = (log.byte[i + 1].start - log.byte[i].end) / 1e3;
	}
	qsort(gaps, n, sizeof(*gaps), by_value);
	if (n) {
		r->gap_us = gaps[n / 2];
		r->gap_max_us = gaps[n - 1];
	}
	free(gaps);
	wire_log_free(&log);
}

static void look_at_caps(int node, const struct kind *kind, bool sends, struct result *r)
{
	struct matenet_caps caps = caps_of(node);

	r->mark_framing = caps.framing == MATENET_FRAMING_MARK;
	r->evenodd = caps.parity == MATENET_PARITY_EVENODD;
	if (kind->parity)
		r->limits |= LIMIT_SETTING;
	if (sends && r->evenodd)
		r->limits |= LIMIT_EVENODD;
	if (sends && !(caps.capabilities & MATENET_CAP_TX_EMPTY))
		r->limits |= LIMIT_TIME;
	if (!r->mark_framing)
		r->limits |= LIMIT_LENGTH;
	if (r->lost_first || r->bad_first)
		r->limits |= LIMIT_LEARNS;
}

static void judge(struct result *r)
{
	/* What is lost while it learns is little, or else it does not learn. */
	if (r->wrong || r->bad_marks || r->lost_first == LEARNING || r->right + r->lost_first != r->asked) {
		r->verdict = FAILS;
		r->limits = 0;
	}
}

static struct result refused(int error)
{
	return (struct result){ .verdict = REFUSED, .error = -error };
}

/* ---- controller -------------------------------------------------------------- */

static struct result play_controller(const struct kind *kind)
{
	struct result r = { .verdict = WORKS };
	int tty, node;

	set_knobs(0, kind->knobs);
	set_knobs(1, "");
	if (wire_knobs(1, "answer=%d", ANSWER_US))
		errx(1, "knob answer");
	tty = begin_bus(0, kind->trigger, MATENET_ROLE_CONTROLLER, kind->parity, &node, 0);
	if (tty < 0)
		return refused(tty);
	wire_record_clear(0);
	converse(node, &r, -1);
	sleep_us(100000);
	look_at_wire(0, &r);
	look_at_caps(node, kind, true, &r);
	end_bus(tty, node);
	wire_knobs(1, "answer=-1");
	judge(&r);
	return r;
}

/* ---- device ------------------------------------------------------------------ */

/* Answers as uart9's knob answer would, until it is killed. */
static void be_device(int node)
{
	struct pollfd p = { .fd = node, .events = POLLIN };
	struct matenet_record record;
	const uint8_t *command = record.frame.data;
	struct matenet_reply reply;
	unsigned int i;

	while (poll(&p, 1, -1) == 1 && read(node, &record, sizeof(record)) == sizeof(record)) {
		if (record.type != MATENET_REC_COMMAND)
			continue;
		reply = (struct matenet_reply){
			.sequence = record.frame.sequence, .len = answer_len(command[1]),
			.data = { command[1] == MATENET_CMD_STATUS ? 3 : command[1] },
		};
		for (i = 1; i < reply.len; i++)
			reply.data[i] = answer_byte(command, i);
		ioctl(node, MATENET_IOC_REPLY, &reply);
	}
	_exit(0);
}

static struct result play_device(const struct kind *kind)
{
	struct matenet_mode mode = { .mode = MATENET_MODE_USER, .port_mask = (1 << 11) - 1 };
	struct result r = { .verdict = WORKS };
	int tty, node, other_tty, other;
	pid_t pid;

	set_knobs(0, kind->knobs);
	set_knobs(1, "");
	tty = begin_bus(0, kind->trigger, MATENET_ROLE_DEVICE, kind->parity, &node, 0);
	if (tty < 0)
		return refused(tty);
	other_tty = begin_bus(1, 1, MATENET_ROLE_CONTROLLER, 0, &other, 1);
	if (other_tty < 0)
		errx(1, "ttyW1: %s", strerror(-other_tty));
	if (ioctl(node, MATENET_IOC_S_MODE, &mode))
		err(1, "S_MODE");
	pid = fork();
	if (!pid)
		be_device(node);
	sleep_us(200000);
	wire_record_clear(0);
	converse(other, &r, -1);
	sleep_us(100000);
	look_at_wire(0, &r);
	look_at_caps(node, kind, true, &r);
	testbus_end(pid, SIGKILL);
	end_bus(other_tty, other);
	end_bus(tty, node);
	judge(&r);
	return r;
}

/* ---- monitor ----------------------------------------------------------------- */

/* Is it the frame that begins with byte @at of the wire?  @len of them. */
static bool same_frame(const struct matenet_frame *f, const struct wire_log *log, size_t at,
		       unsigned int len)
{
	unsigned int i;

	if (f->len != len || !!(f->flags & MATENET_FRAME_JOINED) != log->byte[at].port)
		return false;
	for (i = 0; i < len; i++)
		if (f->data[i] != (log->byte[at + i].bits & 0xff))
			return false;
	return true;
}

/* Ninth bits that are wrong are wrong; those that are unknown are not told. */
static void judge_marks(const struct matenet_frame *f, struct result *r)
{
	if (f->mark == 0 && !(f->status & MATENET_ST_MARK))
		r->limits |= LIMIT_UNKNOWN;
	else if (f->mark != 1 || f->status != MATENET_ST_OK)
		r->wrong++;
}

static void compare_with_wire(struct result *r)
{
	struct wire_log log;
	unsigned int next = 0, i, len;
	double late;
	size_t at;

	if (wire_record_read(0, &log))
		errx(1, "cannot read the recorder");
	for (at = 0; at < log.n; at += len) {
		for (len = 1; at + len < log.n && log.byte[at + len].port == log.byte[at].port;)
			len++;
		r->asked++;
		for (i = next; i < heard.n; i++)
			if (same_frame(&heard.record[i].frame, &log, at, len))
				break;
		if (i == heard.n) {
			r->lost_first += r->asked <= LEARNING;
			continue;
		}
		next = i + 1;
		r->right++;
		if (r->asked <= LEARNING && r->lost_first)
			continue;
		late = ((double)heard.record[i].ts - log.byte[at + len - 1].end) / 1e3;
		if (late > r->late_us)
			r->late_us = late;
		judge_marks(&heard.record[i].frame, r);
	}
	wire_log_free(&log);
}

static void listen_for(int node, uint32_t join)
{
	struct matenet_config config = testbus_config(node);

	config.join = join;
	if (testbus_set_config(node, config))
		errx(1, "join");
}

static struct result play_monitor(const struct kind *kind)
{
	struct matenet_mode mode = { .mode = MATENET_MODE_MONITOR };
	struct result r = { .verdict = WORKS }, talk = { 0 };
	int tty[3], node[3], i, ears;

	set_knobs(0, "");
	set_knobs(1, "");
	set_knobs(2, kind->knobs);
	set_knobs(3, kind->knobs);
	wire_knobs(1, "answer=%d", ANSWER_US);
	tty[0] = begin_bus(0, 1, MATENET_ROLE_CONTROLLER, 0, &node[0], 0);
	for (i = 1; i < 3; i++) {
		tty[i] = begin_bus(1 + i, kind->trigger, MATENET_ROLE_MONITOR, kind->parity,
				   &node[i], i);
		if (tty[i] < 0) {
			end_bus(tty[0], node[0]);
			return refused(tty[i]);
		}
	}
	listen_for(node[2], 2);
	ears = open("/dev/matenet1", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (ears < 0 || ioctl(ears, MATENET_IOC_S_MODE, &mode))
		err(1, "monitor");
	wire_record_clear(0);
	heard.n = 0;
	converse(node[0], &talk, ears);
	sleep_us(100000);
	take_records(ears);
	close(ears);
	compare_with_wire(&r);
	look_at_caps(node[1], kind, false, &r);
	if (r.late_us > LATE_US)
		r.limits |= LIMIT_LATE;
	for (i = 2; i >= 0; i--)
		end_bus(tty[i], node[i]);
	wire_knobs(1, "answer=-1");
	if (talk.right != EXCHANGES)
		errx(1, "the bus that was listened to: %u of %u right", talk.right, EXCHANGES);
	judge(&r);
	return r;
}

struct result play(const struct kind *kind, enum role role)
{
	static struct result (* const roles[ROLES])(const struct kind *kind) = {
		play_controller, play_device, play_monitor,
	};

	return roles[role](kind);
}
