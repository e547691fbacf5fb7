// SPDX-License-Identifier: GPL-2.0
/*
 * Hearing: what is on the wire, frame by frame, for files in monitor mode, and
 * the commands for the device role.
 *
 * A marked byte begins a frame; the next one, or silence, ends it.
 */
#include <linux/slab.h>

#include "matenet.h"

#define LISTEN_COMMAND	(MATENET_COMMAND_DATA + MATENET_SUM_BYTES)

static bool listen_monitored(const struct matenet_bus *bus)
{
	return bus->monitors || matenet_genl_heard(MATENET_NLGRP_MONITOR);
}

static bool listen_wanted(const struct matenet_bus *bus)
{
	return listen_monitored(bus) || bus->config.role == MATENET_ROLE_DEVICE;
}

static void listen_fill(struct matenet_bus *bus, struct matenet_frame *frame)
{
	const struct matenet_heard *heard = &bus->heard;
	unsigned int i;
	u16 sum;

	if (!++bus->frame_sequence)
		bus->frame_sequence++;
	frame->sequence = bus->frame_sequence;
	frame->len = heard->n;
	frame->status = heard->errors;
	for (i = 0; i < heard->n; i++) {
		frame->data[i] = heard->words[i] & 0xff;
		if (heard->words[i] & MATENET_WORD_MARK)
			frame->mark |= BIT_ULL(i);
	}
	if (heard->lost)
		frame->status |= MATENET_ST_LONG;
	if (heard->n && frame->mark != 1)
		frame->status |= MATENET_ST_MARK;
	if (heard->n <= MATENET_SUM_BYTES) {
		frame->status |= MATENET_ST_SHORT;
		return;
	}
	sum = matenet_sum(frame->data, heard->n - MATENET_SUM_BYTES);
	if (frame->data[heard->n - 2] != sum >> 8 || frame->data[heard->n - 1] != (sum & 0xff))
		frame->status |= MATENET_ST_CHECKSUM;
	if (!frame->status)
		frame->status = MATENET_ST_OK;
}

static void listen_give(struct matenet_file *file, u32 type, const struct matenet_frame *frame,
			ktime_t at)
{
	struct matenet_rec *rec = matenet_rec_new(type, GFP_ATOMIC);

	if (rec) {
		rec->r.ts = ktime_to_ns(at);
		rec->r.frame = *frame;
	}
	matenet_file_record(file, rec);
}

static void listen_give_monitors(struct matenet_bus *bus, const struct matenet_frame *frame,
				 ktime_t at)
{
	struct matenet_file *file;

	list_for_each_entry(file, &bus->files, all)
		if (file->mode.mode == MATENET_MODE_MONITOR)
			listen_give(file, MATENET_REC_FRAME, frame, at);
	matenet_events_frame(bus, frame, at);
}

/* A command that came in whole: from now on it may be answered, for a while. */
static void listen_give_devices(struct matenet_bus *bus, const struct matenet_frame *frame,
				ktime_t at)
{
	struct matenet_file *file;
	u8 port = frame->data[0];

	bus->command = frame->sequence;
	bus->answer_until = ktime_add_us(at, bus->config.reply_timeout_us);
	list_for_each_entry(file, &bus->files, all)
		if (port < 64 && file->mode.port_mask & BIT_ULL(port))
			listen_give(file, MATENET_REC_COMMAND, frame, at);
}

/**
 * matenet_listen_flush - what was heard so far is a frame
 * @bus: bus, locked
 */
void matenet_listen_flush(struct matenet_bus *bus)
{
	struct matenet_heard *heard = &bus->heard;
	struct matenet_frame frame = { };

	lockdep_assert_held(&bus->lock);
	if (!heard->n && !heard->errors)
		return;
	listen_fill(bus, &frame);
	listen_give_monitors(bus, &frame, heard->at);
	if (bus->config.role == MATENET_ROLE_DEVICE && frame.len == LISTEN_COMMAND &&
	    !(frame.status & ~(MATENET_ST_OK | MATENET_ST_MARK)))
		listen_give_devices(bus, &frame, heard->at);
	memset(heard, 0, sizeof(*heard));
}

/* The commands of the bus have one length, and a device has to be quick. */
static bool listen_complete(const struct matenet_bus *bus)
{
	return bus->config.role == MATENET_ROLE_DEVICE && bus->heard.n == LISTEN_COMMAND &&
	       bus->heard.words[0] & MATENET_WORD_MARK;
}

/**
 * matenet_listen_word - take a received word
 * @bus: bus, locked
 * @word: MATENET_WORD_* and the byte
 * @now: time it came
 */
void matenet_listen_word(struct matenet_bus *bus, u16 word, ktime_t now)
{
	struct matenet_heard *heard = &bus->heard;
	bool first = !heard->n && !heard->errors;

	lockdep_assert_held(&bus->lock);
	if (!listen_wanted(bus))
		return;
	if (word & MATENET_WORD_MARK)
		matenet_listen_flush(bus);

	if (word & MATENET_WORD_FRAMING)
		heard->errors |= MATENET_ST_FRAMING;
	if (word & MATENET_WORD_BREAK)
		heard->errors |= MATENET_ST_BREAK;
	if (word & MATENET_WORD_OVERRUN)
		heard->errors |= MATENET_ST_OVERRUN;
	heard->at = now;
	if (!(word & (MATENET_WORD_BREAK | MATENET_WORD_OVERRUN))) {
		if (heard->n < MATENET_MAX_FRAME)
			heard->words[heard->n++] = word;
		else
			heard->lost = true;
	}
	if (listen_complete(bus))
		matenet_listen_flush(bus);
	else if (first)
		wake_up_process(bus->engine);	/* it has a deadline now */
}

/**
 * matenet_listen_pending - is there a frame whose end only silence will tell?
 * @bus: bus, locked
 * @deadline: when there has been enough of it
 */
bool matenet_listen_pending(struct matenet_bus *bus, ktime_t *deadline)
{
	lockdep_assert_held(&bus->lock);
	*deadline = ktime_add_us(bus->heard.at, bus->config.gap_us);
	return bus->heard.n || bus->heard.errors;
}

/**
 * matenet_listen_sent - a frame of ours has been sent
 * @bus: bus, locked
 * @data: the frame with its checksum
 * @len: number of bytes
 */
void matenet_listen_sent(struct matenet_bus *bus, const u8 *data, unsigned int len)
{
	struct matenet_frame frame = { .flags = MATENET_FRAME_TX };

	lockdep_assert_held(&bus->lock);
	matenet_listen_flush(bus);
	if (!listen_monitored(bus))
		return;
	if (!++bus->frame_sequence)
		bus->frame_sequence++;
	frame.sequence = bus->frame_sequence;
	frame.mark = 1;
	frame.len = len;
	frame.status = MATENET_ST_OK | MATENET_ST_TX_DONE;
	memcpy(frame.data, data, len);
	listen_give_monitors(bus, &frame, bus->tx_end);
}
