// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bus of n_matenet in the device role: commands are records, replies an
 * ioctl.  The driver sees to the ninth bits and keeps what comes too late from
 * the wire.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "line.h"

/* A reply may be late on purpose: the longest the driver knows. */
#define WINDOW_US	10000000
/* Some drivers can tell the ninth bit, and then it has to be right. */
#define MARK_RIGHT	1

static int complain(const struct line *line, const char *what)
{
	fprintf(stderr, "matesim: %s: %s: %s\n", line->path, what,
		strerror(errno));
	return -1;
}

static int gone(const struct line *line)
{
	fprintf(stderr, "matesim: %s: the bus is gone\n", line->path);
	return -1;
}

static uint32_t parity_of(enum tty9_want want)
{
	switch (want) {
	case TTY9_STICK:
		return MATENET_PARITY_STICK;
	case TTY9_EVENODD:
		return MATENET_PARITY_EVENODD;
	default:
		return MATENET_PARITY_AUTO;
	}
}

/* The driver's own pause is left out: the turnaround is ours. */
static int become_device(struct line *line, const struct line_wish *wish)
{
	struct matenet_config config;

	if (ioctl(line->fd, MATENET_IOC_G_CONFIG, &line->role.saved) < 0)
		return complain(line, "cannot read the configuration");
	config = line->role.saved;
	config.role = MATENET_ROLE_DEVICE;
	config.parity = parity_of(wish->parity);
	config.reply_timeout_us = WINDOW_US;
	config.turnaround_us = 0;
	if (ioctl(line->fd, MATENET_IOC_S_CONFIG, &config) < 0)
		return complain(line, "cannot take the device role");
	return 0;
}

/* A command has to come out of the UART at once. */
static void be_prompt(struct line *line)
{
	struct matenet_caps caps;
	char path[sizeof("/dev/") + sizeof(caps.tty)];

	memset(&line->role.prompt, 0, sizeof(line->role.prompt));
	if (ioctl(line->fd, MATENET_IOC_G_CAPS, &caps) < 0)
		return;
	snprintf(path, sizeof(path), "/dev/%s", caps.tty);
	prompt_begin(&line->role.prompt, path);
}

static int role_open(struct line *line, const struct line_wish *wish)
{
	struct matenet_mode mode = { .port_mask = wish->ports };

	if (wish->junk) {
		fprintf(stderr, "matesim: %s: junk: a bus in the device role sends no unmarked bytes in front of a reply; its tty can\n",
			line->path);
		return -1;
	}
	line->fd = open(wish->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (line->fd < 0)
		return complain(line, "cannot open");
	if (ioctl(line->fd, MATENET_IOC_S_MODE, &mode) < 0) {
		complain(line, "cannot ask for commands");
		goto err_close;
	}
	if (become_device(line, wish) < 0)
		goto err_close;
	be_prompt(line);
	return 0;

err_close:
	close(line->fd);
	line->fd = -1;
	return -1;
}

/* Where no ninth bit has ever been received, none can be asked for. */
static bool marks_fit(const struct line *line, const struct matenet_frame *frame)
{
	struct matenet_caps caps;

	return frame->mark == MARK_RIGHT ||
	       (ioctl(line->fd, MATENET_IOC_G_CAPS, &caps) == 0 &&
		!(caps.capabilities & MATENET_CAP_RX_MARK));
}

static void take_command(const struct line *line,
			 const struct matenet_record *record, heard_fn *heard,
			 void *context)
{
	const struct matenet_frame *frame = &record->frame;
	struct heard h = {
		.at		= record->ts,
		.sequence	= frame->sequence,
	};

	if (frame->len != COMMAND_BYTES || !marks_fit(line, frame))
		return;
	memcpy(h.bytes, frame->data, COMMAND_BYTES);
	heard(context, &h);
}

static int role_receive(struct line *line, heard_fn *heard, void *context)
{
	struct matenet_record record;
	ssize_t n = read(line->fd, &record, sizeof(record));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return errno == ENODEV ? gone(line) : complain(line, "cannot read");
	if (n != sizeof(record))
		return gone(line);
	if (record.type == MATENET_REC_COMMAND)
		take_command(line, &record, heard, context);
	if (record.type == MATENET_REC_STATE &&
	    record.state.role != MATENET_ROLE_DEVICE) {
		fprintf(stderr, "matesim: %s: somebody gave the bus another role\n",
			line->path);
		return -1;
	}
	return 0;
}

/* Raw: the checksum is there already, and may be wrong on purpose. */
static int role_send(struct line *line, const struct reply *reply,
		     uint32_t sequence, int64_t start)
{
	struct matenet_reply r = {
		.sequence	= sequence,
		.flags		= MATENET_XFER_RAW,
		.len		= reply->len,
	};

	memcpy(r.data, reply->bytes, reply->len);
	clock_sleep_until(start);
	if (ioctl(line->fd, MATENET_IOC_REPLY, &r) == 0)
		return 0;
	switch (errno) {
	case ESTALE:
		return 1;
	case ENODEV:
		return gone(line);
	default:
		return complain(line, "cannot reply");
	}
}

static void role_close(struct line *line)
{
	struct matenet_config now;

	prompt_end(&line->role.prompt);
	/* What somebody else has set meanwhile stays. */
	if (ioctl(line->fd, MATENET_IOC_G_CONFIG, &now) == 0 &&
	    now.role == MATENET_ROLE_DEVICE)
		ioctl(line->fd, MATENET_IOC_S_CONFIG, &line->role.saved);
	close(line->fd);
	line->fd = -1;
}

const struct line_kind role_line = {
	.open		= role_open,
	.receive	= role_receive,
	.send		= role_send,
	.close		= role_close,
};
