// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All 25 combinations of the parity the sender has with the one the receiver has:
 * the bits on the wire, and what the receiver's tty makes of them.
 */
#include "kselftest.h"
#include "wirelib.h"

#define COMBINATIONS 25

static int fd[2];
static uint8_t every[256];

/*
 * Characters that must come of one byte alone on the line.  Both have a parity
 * bit: bad if it is the wrong one.  Only the receiver has one: it takes the stop
 * bit for it.  Only the sender has one: if low it is a missing stop bit, and a
 * 16550 takes that for the next start bit; what follows is all ones.
 */
static int expect(enum wire_parity from, enum wire_parity to, uint8_t byte,
		  struct wire_char *c)
{
	bool ninth = wire_parity_bit(from, byte);

	c[0] = (struct wire_char){ byte, ninth != wire_parity_bit(to, byte) };
	if (to != WIRE_NONE || from == WIRE_NONE || ninth)
		return 1;
	if (!byte)
		return 1;		/* ten bits low: a break, bad, and nothing after it */
	c[1] = (struct wire_char){ 0xff, false };
	return 2;
}

static bool same(const struct wire_char *a, const struct wire_char *b)
{
	return a->byte == b->byte && a->bad == b->bad;
}

static int check_receiver(enum wire_parity from, enum wire_parity to)
{
	struct wire_char got[2 * 256 + 16], want[2];
	int i, k, n, m, at = 0, wrong = 0;
	bool alone = (from == WIRE_NONE) != (to == WIRE_NONE);

	/* Of frames of different length only single ones are predictable by hand. */
	for (i = 0; i < 256; i += alone ? 1 : 256) {
		n = wire_exchange(fd[0], fd[1], every + i, alone ? 1 : 256, got + at,
				  ARRAY_SIZE(got) - at);
		if (n < 0)
			return -1;
		at += n;
		if (alone && i >= 15 && i < 240)
			i += 13;	/* a sample of those will do */
	}
	for (i = 0, k = 0; i < 256; i++) {
		m = expect(from, to, every[i], want);
		for (n = 0; n < m; n++, k++)
			wrong += k >= at || !same(&got[k], &want[n]);
		if (alone && i >= 15 && i < 240)
			i += 13;
	}
	return wrong + (k != at);
}

/* Every byte sent is there, in order, with the right ninth bit and nothing else. */
static int check_wire(enum wire_parity from)
{
	struct wire_log log;
	int wrong;
	size_t i;

	if (wire_record_read(0, &log))
		return -1;
	wrong = !log.n;
	for (i = 0; i < log.n; i++) {
		const struct wire_byte *b = &log.byte[i];

		wrong += b->port != 0 ||
			 b->bits >> 8 != wire_parity_bit(from, b->bits & 0xff) ||
			 strcmp(b->flags, from == WIRE_NONE ? "n" : "-") ||
			 (log.n == 256 && (b->bits & 0xff) != every[i]);
	}
	wire_log_free(&log);
	return wrong;
}

static void check(enum wire_parity from, enum wire_parity to)
{
	int receiver, wire, tries = wire_exact_time() ? 1 : 3;

	/* A CPU that stands still for the time of a FIFO loses bytes: that is no parity. */
	do {
		wire_set_parity(fd[0], from);
		wire_set_parity(fd[1], to);
		wire_record_clear(0);
		receiver = check_receiver(from, to);
		wire = check_wire(from);
		wire_discard(fd[1], wire_quiet_ms());
	} while (receiver && !wire && --tries);
	ksft_test_result(!receiver && !wire, "%s to %s: %d wrong on the wire, %d at the receiver\n",
			 wire_parity_name(from), wire_parity_name(to), wire, receiver);
}

int main(void)
{
	int i;

	for (i = 0; i < 256; i++)
		every[i] = i * 167;	/* odd: all values, in no simple order */
	ksft_print_header();
	ksft_set_plan(COMBINATIONS);
	if (wire_begin(fd))
		ksft_exit_fail_msg("no wire\n");
	for (i = 0; i < COMBINATIONS; i++)
		check(i / 5, i % 5);
	ksft_finished();
}
