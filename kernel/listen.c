// SPDX-License-Identifier: GPL-2.0
/*
 * Hearing: what is on the wire, frame by frame, for files in monitor mode, and
 * the commands for the device role.
 *
 * A marked byte begins a frame; the next one, or silence, ends it.  Where the tty does
 * not tell the ninth bits, or tells wrong ones, frames have to be told by their length,
 * their checksum and pauses.  Two ttys that hear the two directions of a wire tell it
 * as one bus: the second joins the first, and frames are told in the order of their ends.
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

static bool listen_hears(const struct matenet_heard *heard)
{
	return heard->n || heard->errors;
}

/* Does a ninth bit begin a frame?  By AUTO until it is known better. */
static bool listen_trusts(const struct matenet_bus *bus, enum matenet_ear ear)
{
	if (bus->config.framing != MATENET_FRAMING_AUTO)
		return bus->config.framing == MATENET_FRAMING_MARK;
	return bus->listener[ear].hearing.framing.marks;
}

/**
 * matenet_listen_knows - are the ninth bits of what is heard those of the wire?
 * @bus: bus, locked
 * @ear: where it is heard
 *
 * Return: true if so.
 */
bool matenet_listen_knows(const struct matenet_bus *bus, enum matenet_ear ear)
{
	return listen_trusts(bus, ear) && (bus->config.framing == MATENET_FRAMING_MARK ||
					   bus->listener[ear].hearing.right);
}

/**
 * matenet_listen_forget - begin to learn anew how well one hears
 * @bus: bus, locked or not in use yet
 */
void matenet_listen_forget(struct matenet_bus *bus)
{
	enum matenet_ear ear;

	for (ear = 0; ear < MATENET_EARS; ear++)
		bus->listener[ear] = (struct matenet_listener){
			.hearing.framing.marks = true,
			.coarse = true,
		};
}

/* Is what comes in told from what follows by its length, for want of a ninth bit? */
static bool listen_by_length(const struct matenet_bus *bus, enum matenet_ear ear)
{
	if (bus->config.framing == MATENET_FRAMING_MARK)
		return false;
	return !listen_trusts(bus, ear) || !(bus->heard[ear].words[0] & MATENET_WORD_MARK);
}

/* So many halves of a byte after the latest one. */
static ktime_t listen_after(const struct matenet_bus *bus, const struct matenet_heard *heard,
			    unsigned int halves)
{
	return ktime_add_ns(heard->at, halves * READ_ONCE(bus->frame_ns) / 2);
}

/* More than there is between two bytes of a frame. */
static bool listen_paused(const struct matenet_bus *bus, const struct matenet_heard *heard,
			  ktime_t now)
{
	return ktime_after(now, listen_after(bus, heard, 3));
}

static bool listen_whole(const struct matenet_heard *heard)
{
	return heard->n && !heard->errors &&
	       matenet_frame_whole(heard->words, heard->n) == heard->n;
}

/* What is not known is not told, and no fault of the frame. */
static void listen_fill_marks(struct matenet_bus *bus, enum matenet_ear ear,
			      struct matenet_frame *frame)
{
	if (!listen_trusts(bus, ear))
		frame->mark = 0;
	if (frame->len && frame->mark != 1 && (frame->mark || matenet_listen_knows(bus, ear)))
		frame->status |= MATENET_ST_MARK;
}

static void listen_fill(struct matenet_bus *bus, enum matenet_ear ear,
			struct matenet_frame *frame)
{
	const struct matenet_heard *heard = &bus->heard[ear];
	unsigned int i;
	u16 sum;

	bus->frame_sequence = matenet_number_after(bus->frame_sequence);
	frame->sequence = bus->frame_sequence;
	frame->len = heard->n;
	frame->status = heard->errors;
	for (i = 0; i < heard->n; i++) {
		frame->data[i] = heard->words[i] & 0xff;
		if (heard->words[i] & MATENET_WORD_MARK)
			frame->mark |= BIT_ULL(i);
	}
	listen_fill_marks(bus, ear, frame);
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

static void listen_give_frame(struct matenet_bus *bus, enum matenet_ear ear)
{
	struct matenet_heard *heard = &bus->heard[ear];
	struct matenet_frame frame = { };

	if (ear == MATENET_EAR_JOINED)
		frame.flags = MATENET_FRAME_JOINED;
	listen_fill(bus, ear, &frame);
	listen_give_monitors(bus, &frame, heard->at);
	if (bus->config.role == MATENET_ROLE_DEVICE && ear == MATENET_EAR_OWN &&
	    frame.len == LISTEN_COMMAND &&
	    !(frame.status & ~(MATENET_ST_OK | MATENET_ST_MARK)))
		listen_give_devices(bus, &frame, heard->at);
}

/* The first @n words that one ear has heard are a frame, with all errors that came. */
static void listen_end_first(struct matenet_bus *bus, enum matenet_ear ear, unsigned int n)
{
	struct matenet_heard *heard = &bus->heard[ear];
	unsigned int rest = heard->n - n;

	heard->n = n;
	listen_give_frame(bus, ear);
	memmove(heard->words, heard->words + n, rest * sizeof(heard->words[0]));
	heard->n = rest;
	heard->voids = 0;
	heard->errors = 0;
}

/* What one ear has heard so far is a frame, or several without ninth bits. */
static void listen_end(struct matenet_bus *bus, enum matenet_ear ear)
{
	struct matenet_heard *heard = &bus->heard[ear];
	unsigned int n;

	while (listen_hears(heard)) {
		n = 0;
		if (listen_by_length(bus, ear))
			n = matenet_frame_whole(heard->words, heard->n);
		listen_end_first(bus, ear, n ?: heard->n);
	}
	memset(heard, 0, sizeof(*heard));
}

/* The ear that has been without a byte for longer. */
static enum matenet_ear listen_older(const struct matenet_bus *bus)
{
	return ktime_before(bus->heard[MATENET_EAR_JOINED].at, bus->heard[MATENET_EAR_OWN].at) ?
	       MATENET_EAR_JOINED : MATENET_EAR_OWN;
}

/**
 * matenet_listen_flush - what was heard so far are frames
 * @bus: bus, locked
 */
void matenet_listen_flush(struct matenet_bus *bus)
{
	enum matenet_ear older = listen_older(bus);

	lockdep_assert_held(&bus->lock);
	listen_end(bus, older);
	listen_end(bus, !older);
}

/*
 * The commands of the bus have one length, and a device has to be quick.  Without a
 * ninth bit they begin anywhere: what came before was none.
 */
static void listen_end_command(struct matenet_bus *bus)
{
	struct matenet_heard *heard = &bus->heard[MATENET_EAR_OWN];
	unsigned int before;

	if (bus->config.role != MATENET_ROLE_DEVICE || heard->n < LISTEN_COMMAND)
		return;
	before = heard->n - LISTEN_COMMAND;
	if (listen_by_length(bus, MATENET_EAR_OWN)) {
		if (!matenet_command_whole(heard->words + before, LISTEN_COMMAND))
			return;
		if (before)
			listen_end_first(bus, MATENET_EAR_OWN, before);
	} else if (before) {
		return;
	}
	listen_end(bus, MATENET_EAR_OWN);
}

/*
 * A tty that hands over what came since it last did says nothing about pauses: its
 * bytes come closer together than they can have been.
 */
static void listen_judge_times(struct matenet_bus *bus, enum matenet_ear ear, ktime_t now)
{
	const struct matenet_heard *heard = &bus->heard[ear];

	if (heard->n && !listen_paused(bus, heard, now))
		bus->listener[ear].coarse = ktime_before(now, listen_after(bus, heard, 1));
}

/* A pause is the end, but where the rest may be still to come only of what is whole. */
static bool listen_over(const struct matenet_bus *bus, enum matenet_ear ear, ktime_t now)
{
	const struct matenet_heard *heard = &bus->heard[ear];

	return listen_hears(heard) && listen_paused(bus, heard, now) &&
	       (!bus->listener[ear].coarse || listen_whole(heard));
}

/*
 * Now that this side talks, has the other one come to its end?  Nobody pauses
 * within a frame while he is being answered; a reply may begin at once, so only
 * its second byte tells.
 */
static void listen_end_other(struct matenet_bus *bus, enum matenet_ear ear, ktime_t now)
{
	const struct matenet_heard *other = &bus->heard[!ear];

	if (!listen_over(bus, !ear, now))
		return;
	/* What this side had begun before that is over, too, and comes first. */
	if (ktime_before(bus->heard[ear].at, other->at) && listen_over(bus, ear, now))
		listen_end(bus, ear);
	listen_end(bus, !ear);
}

/**
 * matenet_listen_word - take a received word
 * @bus: bus, locked
 * @ear: where it was heard
 * @word: MATENET_WORD_* and the byte
 * @now: time it came
 */
void matenet_listen_word(struct matenet_bus *bus, enum matenet_ear ear, u16 word, ktime_t now)
{
	struct matenet_heard *heard = &bus->heard[ear];
	bool byte = !(word & (MATENET_WORD_BREAK | MATENET_WORD_OVERRUN));
	bool first = !listen_hears(heard);

	lockdep_assert_held(&bus->lock);
	if (!listen_wanted(bus))
		return;
	listen_judge_times(bus, ear, now);
	if (byte)
		matenet_hearing_learn(&bus->listener[ear].hearing, word);
	listen_end_other(bus, ear, now);
	if (word & MATENET_WORD_MARK && listen_trusts(bus, ear))
		listen_end(bus, ear);
	else if (listen_by_length(bus, ear) && listen_paused(bus, heard, now) &&
		 listen_whole(heard))
		listen_end(bus, ear);
	/* Breaks without end are told, too. */
	if (heard->n + heard->voids == MATENET_MAX_FRAME) {
		heard->errors |= MATENET_ST_LONG;
		listen_end(bus, ear);
	}

	if (word & MATENET_WORD_FRAMING)
		heard->errors |= MATENET_ST_FRAMING;
	if (word & MATENET_WORD_BREAK)
		heard->errors |= MATENET_ST_BREAK;
	if (word & MATENET_WORD_OVERRUN)
		heard->errors |= MATENET_ST_OVERRUN;
	heard->at = now;
	if (byte)
		heard->words[heard->n++] = word;
	else
		heard->voids++;
	if (ear == MATENET_EAR_OWN)
		listen_end_command(bus);
	if (first)
		wake_up_process(bus->engine);	/* it has a deadline now */
}

/*
 * When there has been enough silence: where the rest may be still to come, and be handed
 * over at its end, the longest frame has to fit in.
 */
static ktime_t listen_gap_end(const struct matenet_bus *bus, enum matenet_ear ear)
{
	const struct matenet_heard *heard = &bus->heard[ear];
	ktime_t at = ktime_add_us(heard->at, bus->config.gap_us);

	if (bus->listener[ear].coarse && heard->n < MATENET_LONGEST && !listen_whole(heard))
		at = ktime_add_ns(at, (MATENET_LONGEST - heard->n) * READ_ONCE(bus->frame_ns));
	return at;
}

/**
 * matenet_listen_pending - is there a frame whose end only silence will tell?
 * @bus: bus, locked
 * @deadline: when there will have been enough of it
 *
 * Ends those after which there has been enough of it.
 *
 * Return: true if there is one left, and the deadline is set.
 */
bool matenet_listen_pending(struct matenet_bus *bus, ktime_t *deadline)
{
	enum matenet_ear ear, older = listen_older(bus);
	ktime_t at, now = ktime_get();
	unsigned int i;

	lockdep_assert_held(&bus->lock);
	*deadline = KTIME_MAX;
	for (i = 0; i < MATENET_EARS; i++) {
		ear = i ? !older : older;
		at = listen_gap_end(bus, ear);
		/* Where nothing is heard that was at no time. */
		if (!ktime_after(at, now))
			listen_end(bus, ear);
		else
			*deadline = min(*deadline, at);
	}
	return *deadline != KTIME_MAX;
}

/* Nobody else may join @to from now on; fails if somebody else has. */
static int listen_claim(struct matenet_bus *to, struct matenet_bus *bus)
{
	int ret = 0;

	spin_lock(&to->lock);
	if (to->dead)
		ret = -ENXIO;
	else if (to->joiner)
		ret = -EBUSY;
	else
		to->joiner = bus;
	spin_unlock(&to->lock);
	return ret;
}

/**
 * matenet_listen_join - from now on what is heard goes where the settings say
 * @bus: bus, not locked; by its engine only, when role or join change
 * @config: settings
 *
 * Return: -EINVAL if that is the bus itself, -ENXIO if there is no such bus,
 * -EBUSY if another one has joined it.
 */
int matenet_listen_join(struct matenet_bus *bus, const struct matenet_config *config)
{
	struct matenet_bus *to = NULL;
	int ret;

	if (config->join && config->role == MATENET_ROLE_MONITOR) {
		to = matenet_bus_find(config->join - 1);
		if (!to)
			return -ENXIO;
		ret = to == bus ? -EINVAL : listen_claim(to, bus);
		if (ret) {
			put_device(&to->dev);
			return ret;
		}
	}
	matenet_listen_part(bus);
	spin_lock(&bus->lock);
	matenet_listen_flush(bus);
	bus->joined = to;
	spin_unlock(&bus->lock);
	return 0;
}

/**
 * matenet_listen_part - what is heard stays with this bus again
 * @bus: bus, not locked; by its engine, or without one
 */
void matenet_listen_part(struct matenet_bus *bus)
{
	struct matenet_bus *from = bus->joined;

	if (!from)
		return;
	spin_lock(&bus->lock);
	bus->joined = NULL;
	spin_unlock(&bus->lock);
	spin_lock(&from->lock);
	matenet_listen_flush(from);
	from->joiner = NULL;
	spin_unlock(&from->lock);
	put_device(&from->dev);
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
	bus->frame_sequence = matenet_number_after(bus->frame_sequence);
	frame.sequence = bus->frame_sequence;
	frame.mark = 1;
	frame.len = len;
	frame.status = MATENET_ST_OK | MATENET_ST_TX_DONE;
	memcpy(frame.data, data, len);
	listen_give_monitors(bus, &frame, bus->tx_end);
}
