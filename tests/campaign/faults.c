// SPDX-License-Identifier: GPL-2.0-or-later
/* The kinds of faults, as texts for uart9's inject.  Port 0 is the driver's, port 1 the device. */
#define _GNU_SOURCE
#include "campaign.h"

#include <stdarg.h>
#include <string.h>

#define BYTE_US		1146
#define COMMAND_US	(COMMAND_BYTES * BYTE_US)
/* From the submission of a command: one pause of the driver lies before it. */
#define REPLY_AT_US	(1000 + COMMAND_US + TURNAROUND_US)

const struct mode modes[] = {
	{ "mark", MATENET_FRAMING_MARK, MATENET_PARITY_STICK, 0 },
	{ "gap", MATENET_FRAMING_GAP, MATENET_PARITY_STICK, 0 },
	{ "auto", MATENET_FRAMING_AUTO, MATENET_PARITY_STICK, 0 },
	{ "strict", MATENET_FRAMING_MARK, MATENET_PARITY_STICK, MATENET_CFG_STRICT },
	{ "mark-evenodd", MATENET_FRAMING_MARK, MATENET_PARITY_EVENODD, 0 },
	{ "gap-evenodd", MATENET_FRAMING_GAP, MATENET_PARITY_EVENODD, 0 },
	{ NULL, 0, 0, 0 }
};

__attribute__((format(printf, 2, 3)))
static void rule(struct fault *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	f->used += vsnprintf(f->text + f->used, sizeof(f->text) - f->used, format, args);
	va_end(args);
}

/* A side and one of the bytes it will send. */
static unsigned int somewhere(struct fault *f, unsigned int *byte)
{
	unsigned int port = chance_of(f->chance, 3) > 0;

	*byte = chance_between(f->chance, 1, port ? f->reply : COMMAND_BYTES);
	return port;
}

static void flip(struct fault *f)
{
	unsigned int n = chance_between(f->chance, 1, 3), byte, port;

	while (n--) {
		port = somewhere(f, &byte);
		rule(f, "%u flip-bit %u %u\n", port, byte, chance_of(f->chance, 8));
	}
}

static void ninth(struct fault *f)
{
	unsigned int n = chance_between(f->chance, 1, 3), byte, port;

	while (n--) {
		port = somewhere(f, &byte);
		rule(f, "%u flip-mark %u\n", port, byte);
	}
}

static void lose(struct fault *f)
{
	unsigned int byte, port = somewhere(f, &byte);

	rule(f, "%u drop %u %u\n", port, byte, chance_between(f->chance, 1, 4));
}

static void extra(struct fault *f)
{
	unsigned int byte, port = somewhere(f, &byte);

	rule(f, "%u insert %u %03x %u\n", port, byte, chance_of(f->chance, 0x200),
	     chance_between(f->chance, 1, 6));
}

/* A pause within the reply, shorter or longer than what ends one. */
static void split(struct fault *f)
{
	f->keep = true;
	rule(f, "1 delay %u %u\n", chance_between(f->chance, 2, f->reply),
	     chance_between(f->chance, 1, 40) * 1000);
}

static void insert_foreign(struct fault *f, unsigned int byte, size_t from)
{
	size_t i;

	for (i = from; i < f->foreign_len; i++)
		rule(f, "1 insert %u %03x\n", byte, f->foreign[i] | (i ? 0 : 0x100));
}

/* Another frame directly behind the reply, or the end of one directly before it. */
static void merge(struct fault *f)
{
	if (chance_of(f->chance, 2)) {
		f->midway_us = REPLY_AT_US + f->reply * BYTE_US - BYTE_US / 2;
		insert_foreign(f, 0, 0);
	} else {
		insert_foreign(f, 1, chance_between(f->chance, 1, f->foreign_len - 1));
	}
}

/* Somebody's reply that begins while the command is still being sent. */
static void early(struct fault *f)
{
	f->midway_us = chance_between(f->chance, 0, COMMAND_US - BYTE_US);
	insert_foreign(f, 0, 0);
}

/* Later than reply_timeout_us, begun before late_us. */
static void late(struct fault *f)
{
	f->keep = true;
	rule(f, "1 delay 1 %u\n", chance_between(f->chance, 30000, 99000 - TURNAROUND_US));
}

/* And begun after it, when the next command is under way. */
static void later(struct fault *f)
{
	f->keep = true;
	rule(f, "1 delay 1 %u\n", chance_between(f->chance, 90000, 140000));
}

/* Somebody else answers, as fast as the one who was asked, who keeps silent. */
static void foreign(struct fault *f)
{
	insert_foreign(f, 1, 0);
	rule(f, "1 drop 1 %zu\n", f->reply);
}

/* Bytes without end or sense, at any moment. */
static void babble(struct fault *f)
{
	unsigned int lines = chance_between(f->chance, 1, 30);

	f->midway_us = chance_between(f->chance, 0, 40000);
	while (lines--)
		rule(f, "1 insert 0 %03x %u\n", chance_of(f->chance, 0x200),
		     chance_between(f->chance, 1, 20));
}

static void stuck(struct fault *f)
{
	f->midway_us = chance_between(f->chance, 0, 40000);
	rule(f, "1 break 0 %u\n", chance_between(f->chance, 20, 400) * 1000);
}

/* From shorter than a bit to a few bytes, between bytes of either side or at any moment. */
static void breaks(struct fault *f)
{
	unsigned int byte, port = somewhere(f, &byte);

	if (chance_of(f->chance, 3) == 0) {
		f->midway_us = chance_between(f->chance, 0, 30000);
		byte = 0;
	}
	rule(f, "%u break %u %u\n", port, byte, chance_between(f->chance, 50, 5000));
}

/* What the UART itself reports as lost or damaged. */
static void uart(struct fault *f)
{
	rule(f, "1 %s %u %u\n", chance_of(f->chance, 2) ? "overrun" : "frame-error",
	     chance_between(f->chance, 1, f->reply), chance_between(f->chance, 1, 3));
}

static void baud(struct fault *f)
{
	f->ppm = (int)chance_between(f->chance, 0, 40000) - 20000;
}

static void baud_beyond(struct fault *f)
{
	f->ppm = chance_between(f->chance, 35000, 80000) * (chance_of(f->chance, 2) ? 1 : -1);
}

static void mixed(struct fault *f)
{
	static void (*const all[])(struct fault *f) = {
		flip, ninth, lose, extra, split, late, babble, stuck, breaks, uart, baud,
	};

	all[chance_of(f->chance, sizeof(all) / sizeof(all[0]))](f);
}

static void none(struct fault *f)
{
	(void)f;
}

const struct kind kinds[] = {
	{ "clean", none, 0, false, true, "nothing" },
	{ "noise", none, 100, false, false, "bit errors on both wires" },
	{ "noise-command", none, 100, false, false, "bit errors on the way to the device" },
	{ "noise-reply", none, 100, false, false, "bit errors on the way back" },
	{ "flip", flip, 60, false, false, "one to three bits of command or reply turned over" },
	{ "ninth", ninth, 60, false, false, "one to three ninth bits turned over" },
	{ "lose", lose, 60, false, false, "one to four bytes lost" },
	{ "extra", extra, 60, false, false, "one to six bytes too many" },
	{ "split", split, 60, false, false, "1 to 40 ms of silence within the reply" },
	{ "merge", merge, 60, false, false, "another frame directly behind or before the reply" },
	{ "early", early, 60, false, false, "a reply begins before the command has ended" },
	{ "late", late, 60, false, false, "a reply after its timeout, within late_us" },
	{ "babble", babble, 50, false, false, "up to 600 bytes without sense" },
	{ "stuck", stuck, 40, false, false, "the line is low for 20 to 400 ms" },
	{ "break", breaks, 60, false, false, "the line is low for 50 us to 5 ms" },
	{ "uart", uart, 60, false, false, "overruns and missing stop bits" },
	{ "baud", baud, 100, false, true, "the device's clock is up to 2 % off" },
	{ "baud-beyond", baud_beyond, 50, false, false, "the device's clock is 3.5 to 8 % off" },
	{ "mixed", mixed, 60, false, false, "most of these by turns, and bit errors" },
	{ "later", later, 40, true, false, "a reply after late_us" },
	{ "foreign", foreign, 40, true, false, "another device answers" },
	{ NULL, NULL, 0, false, false, NULL }
};

bool kind_is_noise(const struct kind *kind)
{
	return !strncmp(kind->name, "noise", 5);
}
