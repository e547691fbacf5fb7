// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the driver hears for monitors and devices, with time stamps, from one tty and
 * from two that are joined: each byte is in one frame, and the one that was heard first
 * comes first; a frame that is called right has a right sum.
 * Input: role and framing, gap; then for each word ear and step in time, the byte, what it is.
 */
#include <linux/slab.h>

#include "check.h"
#include "kernel/matenet.h"

#define EARS		MATENET_EARS
#define NO_BYTE		(MATENET_WORD_BREAK | MATENET_WORD_OVERRUN)

static ktime_t now;
static u32 sequence, last_given;

/* Bytes that were heard and are in no frame yet, ear by ear. */
static struct heard {
	u16 words[4096];
	unsigned int n, told;
} heard[EARS];

ktime_t ktime_get(void)
{
	return now;
}

int wake_up_process(struct task_struct *task)
{
	(void)task;
	return 0;
}

bool matenet_genl_heard(unsigned int group)
{
	return group == MATENET_NLGRP_MONITOR;
}

struct matenet_bus *matenet_bus_find(unsigned int number)
{
	(void)number;
	return NULL;
}

struct matenet_rec *matenet_rec_new(u32 type, gfp_t gfp)
{
	struct matenet_rec *rec = calloc(1, sizeof(*rec));

	(void)gfp;
	rec->r.type = type;
	return rec;
}

static bool sum_fits(const struct matenet_frame *f)
{
	unsigned int sum = 0, i;

	for (i = 0; i + MATENET_SUM_BYTES < f->len; i++)
		sum += f->data[i];
	return f->len > MATENET_SUM_BYTES &&
	       sum == ((unsigned int)f->data[f->len - 2] << 8 | f->data[f->len - 1]);
}

/* Ninth bits are told as they were, or where nobody can know them not at all. */
static void check_marks(const struct matenet_bus *bus, const struct matenet_frame *f, u64 mark)
{
	if (bus->config.framing == MATENET_FRAMING_MARK)
		check(f->mark == mark && !(mark & ~1ULL));
	else if (bus->config.framing == MATENET_FRAMING_GAP)
		check(!f->mark);
	else
		check(f->mark == mark || !f->mark);
}

/* Each frame is what comes next of what its ear has heard. */
void matenet_events_frame(struct matenet_bus *bus, const struct matenet_frame *f, ktime_t at)
{
	struct heard *h = &heard[f->flags & MATENET_FRAME_JOINED ? MATENET_EAR_JOINED :
								   MATENET_EAR_OWN];
	u64 mark = 0;

	check(f->sequence == ++sequence && at <= now);
	check(f->len <= MATENET_MAX_FRAME && h->told + f->len <= h->n);
	for (unsigned int i = 0; i < f->len; i++) {
		u16 word = h->words[h->told++];

		check(f->data[i] == (word & 0xff));
		mark |= word & MATENET_WORD_MARK ? BIT_ULL(i) : 0;
	}
	check_marks(bus, f, mark);
	check(f->len || f->status & (MATENET_ST_BREAK | MATENET_ST_OVERRUN));
	if (f->status & MATENET_ST_OK)
		check(f->status == MATENET_ST_OK && f->mark <= 1 && sum_fits(f));
	if (!(f->status & (MATENET_ST_CHECKSUM | MATENET_ST_SHORT)))
		check(sum_fits(f));
}

/* What a device is told is a command, whole and right, of the tty of the bus. */
void matenet_file_record(struct matenet_file *file, struct matenet_rec *rec)
{
	const struct matenet_frame *f = &rec->r.frame;

	if (rec->r.type == MATENET_REC_COMMAND) {
		check(file->bus->config.role == MATENET_ROLE_DEVICE);
		check(f->len == MATENET_COMMAND_DATA + MATENET_SUM_BYTES && sum_fits(f));
		check(!(f->flags & MATENET_FRAME_JOINED) && f->data[0] < 64);
		check(file->mode.port_mask & BIT_ULL(f->data[0]));
	} else {
		check(f->sequence > last_given || !last_given);
		last_given = f->sequence;
	}
	free(rec);
}

static void open_file(struct matenet_bus *bus, struct matenet_file *file, u32 mode)
{
	file->bus = bus;
	file->mode.mode = mode;
	file->mode.port_mask = ~0ULL;
	file->all.next = bus->files.next;
	bus->files.next = &file->all;
	bus->monitors += mode == MATENET_MODE_MONITOR;
}

/* All silent for longer than the gap: nothing may be left. */
static void silence(struct matenet_bus *bus)
{
	ktime_t deadline;

	while (matenet_listen_pending(bus, &deadline)) {
		check(deadline > now);
		now = deadline;
	}
	for (int ear = 0; ear < EARS; ear++)
		check(heard[ear].told == heard[ear].n && !bus->heard[ear].n);
}

static void hear(struct matenet_bus *bus, struct input *in)
{
	uint8_t how = input_byte(in), byte = input_byte(in), kind = input_byte(in);
	enum matenet_ear ear = how & 1;
	u16 word = byte | (kind & 1 ? MATENET_WORD_MARK : 0);
	struct heard *h = &heard[ear];
	ktime_t deadline;

	if (kind >= 0xf8)
		word |= (u16)(kind << 8) & (MATENET_WORD_FRAMING | NO_BYTE);
	now += (how >> 1) * 300000LL;
	if (how & 8)
		matenet_listen_pending(bus, &deadline);
	if (!(word & NO_BYTE))
		h->words[h->n++] = word;
	matenet_listen_word(bus, ear, word, now);
	if (kind == 0x80)
		matenet_listen_flush(bus);
	check(bus->heard[ear].n <= MATENET_MAX_FRAME);
	check(heard[0].n - heard[0].told == bus->heard[0].n &&
	      heard[1].n - heard[1].told == bus->heard[1].n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct matenet_file monitor = { 0 }, device = { 0 };
	struct matenet_bus bus = { 0 };
	uint8_t modes;

	if (size > 3 * 4000)
		return 0;
	memset(heard, 0, sizeof(heard));
	now = 1000000000;
	sequence = last_given = 0;
	bus.files.next = &bus.files;
	bus.frame_ns = 1145833;
	bus.config.reply_timeout_us = 45000;
	modes = input_byte(&in);
	bus.config.role = modes % 3;
	bus.config.framing = modes / 3 % 3;
	bus.config.gap_us = 1000 + input_byte(&in) * 100;
	matenet_listen_forget(&bus);
	open_file(&bus, &monitor, MATENET_MODE_MONITOR);
	open_file(&bus, &device, MATENET_MODE_USER);
	while (input_more(&in))
		hear(&bus, &in);
	silence(&bus);
	return 0;
}
