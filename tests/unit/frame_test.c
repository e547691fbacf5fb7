// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frame code of the driver: what is complete, what is right, and what is
 * said of everything else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"

#define MARK MATENET_WORD_MARK

/* READ reply of a device: value 0x1234. */
static const __u16 read_reply[] = { 0x02 | MARK, 0x12, 0x34, 0x00, 0x48 };
/* MX status page of the protocol description. */
static const __u16 status_reply[] = {
	0x03 | MARK, 0x89, 0x84, 0x89, 0x00, 0x55, 0x3f, 0x02,
	0x00, 0x15, 0x00, 0xfe, 0x02, 0xa8, 0x03, 0xec
};

struct result {
	__u32 status;
	__u8 data[MATENET_MAX_DATA];
	__u8 len;
	int done_at;	/* words taken when the reply was complete, -1: never */
};

static void start(struct matenet_rx *rx, int cmd, int want, bool marks)
{
	memset(rx, 0, sizeof(*rx));
	rx->cmd = cmd;
	rx->want = want;
	rx->marks = marks;
}

static struct result feed(struct matenet_rx *rx, const __u16 *words, int n)
{
	struct result r = { .done_at = -1 };
	int i;

	for (i = 0; i < n && r.done_at < 0; i++)
		if (matenet_rx_push(rx, words[i]))
			r.done_at = i + 1;
	r.status = matenet_rx_end(rx, r.data, &r.len);
	return r;
}

static struct result read_with(bool marks, const __u16 *words, int n)
{
	struct matenet_rx rx;

	start(&rx, MATENET_CMD_READ, 5, marks);
	return feed(&rx, words, n);
}

static void right_reply(void **state)
{
	struct result r;
	int marks;

	(void)state;
	for (marks = 0; marks < 2; marks++) {
		r = read_with(marks, read_reply, 5);
		assert_int_equal(r.done_at, 5);
		assert_int_equal(r.status, MATENET_ST_OK);
		assert_int_equal(r.len, 3);
		assert_memory_equal(r.data, "\x02\x12\x34", 3);
	}
}

static void status_page(void **state)
{
	struct matenet_rx rx;
	struct result r;
	int i;

	(void)state;
	start(&rx, MATENET_CMD_STATUS, 16, true);
	r = feed(&rx, status_reply, 16);
	assert_int_equal(r.done_at, 16);
	assert_int_equal(r.status, MATENET_ST_OK);
	assert_int_equal(r.len, 14);
	for (i = 0; i < 14; i++)
		assert_int_equal(r.data[i], status_reply[i] & 0xff);
}

static void silence(void **state)
{
	struct result r = read_with(true, read_reply, 0);

	(void)state;
	assert_int_equal(r.status, MATENET_ST_TIMEOUT);
	assert_int_equal(r.len, 0);
}

static void short_reply(void **state)
{
	int n;

	(void)state;
	for (n = 1; n < 5; n++) {
		struct result r = read_with(true, read_reply, n);

		assert_int_equal(r.done_at, -1);
		assert_int_equal(r.status, MATENET_ST_SHORT);
	}
}

/* Whatever bit of the reply is turned over: never OK. */
static void every_flipped_bit(void **state)
{
	__u16 words[5];
	int marks, byte, bit;

	(void)state;
	for (marks = 0; marks < 2; marks++)
		for (byte = 0; byte < 5; byte++)
			for (bit = 0; bit < 8; bit++) {
				struct result r;

				memcpy(words, read_reply, sizeof(words));
				words[byte] ^= 1 << bit;
				r = read_with(marks, words, 5);
				assert_int_equal(r.done_at, -1);
				assert_int_equal(r.status, MATENET_ST_CHECKSUM);
				assert_int_equal(r.len, 5);
			}
}

static void flipped_ninth_bit(void **state)
{
	__u16 words[5];
	int byte;

	(void)state;
	for (byte = 0; byte < 5; byte++) {
		struct matenet_rx rx;
		struct result r;

		memcpy(words, read_reply, sizeof(words));
		words[byte] ^= MARK;
		r = read_with(true, words, 5);
		assert_int_equal(r.done_at, -1);
		assert_int_equal(r.status, MATENET_ST_OK | MATENET_ST_MARK);
		assert_memory_equal(r.data, "\x02\x12\x34", 3);

		start(&rx, MATENET_CMD_READ, 5, true);
		rx.strict = true;
		assert_int_equal(feed(&rx, words, 5).status, MATENET_ST_MARK);

		/* Where the ninth bits are not trusted nobody looks at them. */
		r = read_with(false, words, 5);
		assert_int_equal(r.done_at, 5);
		assert_int_equal(r.status, MATENET_ST_OK);
	}
}

static void junk_before(void **state)
{
	__u16 words[MATENET_MAX_JUNK + 6];
	int n, i;

	(void)state;
	for (n = 1; n <= MATENET_MAX_JUNK + 1; n++) {
		struct result r;

		for (i = 0; i < n; i++)
			words[i] = 0x11;
		memcpy(words + n, read_reply, sizeof(read_reply));
		r = read_with(true, words, n + 5);
		if (n <= MATENET_MAX_JUNK) {
			assert_int_equal(r.done_at, n + 5);
			assert_int_equal(r.status, MATENET_ST_OK | MATENET_ST_JUNK);
			assert_memory_equal(r.data, "\x02\x12\x34", 3);
		} else {
			assert_int_equal(r.done_at, -1);
			assert_false(r.status & MATENET_ST_OK);
		}
		r = read_with(false, words, n + 5);
		assert_int_equal(r.done_at, -1);
		assert_int_equal(!!(r.status & MATENET_ST_OK), n <= MATENET_MAX_JUNK);
	}
}

/* Every value an MX60 can answer with, its two zeros before it. */
static void junk_never_changes_a_value(void **state)
{
	unsigned int value;
	int marks;

	(void)state;
	for (marks = 0; marks < 2; marks++)
		for (value = 0; value < 0x10000; value++) {
			__u16 sum = 2 + (value >> 8) + (value & 0xff);
			__u16 words[] = { 0, 0, 0x02 | MARK, value >> 8, value & 0xff,
					  sum >> 8, sum & 0xff };
			struct result r = read_with(marks, words, 7);

			assert_true(r.status & MATENET_ST_OK);
			assert_int_equal(r.data[1] << 8 | r.data[2], value);
		}
}

static void two_replies_are_none(void **state)
{
	__u16 words[10];
	int marks;

	(void)state;
	memcpy(words, read_reply, sizeof(read_reply));
	memcpy(words + 5, read_reply, sizeof(read_reply));
	words[4] ^= 1;	/* else the first one is complete, and right */
	for (marks = 0; marks < 2; marks++) {
		struct result r = read_with(marks, words, 10);

		assert_int_equal(r.done_at, -1);
		assert_int_equal(r.status & (MATENET_ST_OK | MATENET_ST_LONG), MATENET_ST_LONG);
	}
}

static void long_reply(void **state)
{
	static const __u16 words[] = { 0x02 | MARK, 0x12, 0x34, 0x56, 0x00, 0x9e };
	struct result r = read_with(true, words, 6);

	(void)state;
	assert_int_equal(r.done_at, -1);
	assert_int_equal(r.status, MATENET_ST_LONG);
}

static void babble(void **state)
{
	struct matenet_rx rx;
	__u8 data[MATENET_MAX_DATA];
	__u8 len;
	int i;

	(void)state;
	start(&rx, MATENET_CMD_READ, 5, true);
	for (i = 0; i < 1000; i++)
		assert_false(matenet_rx_push(&rx, 0x55));
	assert_int_equal(rx.lost, 1000 - MATENET_MAX_WORDS);
	assert_true(matenet_rx_end(&rx, data, &len) & MATENET_ST_LONG);
	assert_true(len <= MATENET_MAX_DATA);
}

/* Without a byte, and without an end: whoever waits for the reply is told. */
static void breaks_without_end(void **state)
{
	struct matenet_rx rx;
	__u8 data[MATENET_MAX_DATA], len;
	int i;

	(void)state;
	start(&rx, MATENET_CMD_READ, 5, true);
	for (i = 0; i < MATENET_MAX_WORDS; i++)
		assert_false(matenet_rx_push(&rx, MATENET_WORD_BREAK));
	assert_int_equal(rx.lost, 0);
	for (; i < 1000; i++)
		assert_false(matenet_rx_push(&rx, MATENET_WORD_BREAK));
	assert_int_not_equal(rx.lost, 0);
	assert_int_equal(matenet_rx_end(&rx, data, &len), MATENET_ST_BREAK);
}

static void refusal(void **state)
{
	static const __u16 words[] = { 0x82 | MARK, 0x00, 0x00, 0x00, 0x82 };
	struct matenet_rx rx;
	struct result r = read_with(true, words, 5);

	(void)state;
	assert_int_equal(r.done_at, 5);
	assert_int_equal(r.status, MATENET_ST_REFUSED);
	/* The short form also where a page was asked for. */
	start(&rx, MATENET_CMD_STATUS, 16, true);
	r = feed(&rx, words, 5);
	assert_int_equal(r.done_at, 5);
	assert_int_equal(r.status, MATENET_ST_REFUSED);
	start(&rx, MATENET_CMD_STATUS, 16, false);
	r = feed(&rx, words, 5);
	assert_int_equal(r.done_at, -1);
	assert_int_equal(r.status, MATENET_ST_REFUSED);
}

static void line_errors(void **state)
{
	static const struct {
		__u16 word;
		__u32 status;
	} rows[] = {
		{ 0x34 | MATENET_WORD_FRAMING, MATENET_ST_FRAMING },
		{ MATENET_WORD_BREAK, MATENET_ST_BREAK },
		{ MATENET_WORD_OVERRUN, MATENET_ST_OVERRUN },
	};
	unsigned int i, at;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct result r = read_with(true, &rows[i].word, 1);

		assert_true(r.status & rows[i].status);
		assert_false(r.status & (MATENET_ST_OK | MATENET_ST_TIMEOUT));
		/* Wherever it comes, even if the checksum is right all the same. */
		for (at = 0; at < 5; at++) {
			__u16 words[6];

			memcpy(words, read_reply, sizeof(read_reply));
			if (rows[i].word & MATENET_WORD_FRAMING) {
				words[at] |= MATENET_WORD_FRAMING;
				r = read_with(true, words, 5);
			} else {
				memmove(words + at + 1, words + at, (5 - at) * sizeof(*words));
				words[at] = rows[i].word;
				r = read_with(true, words, 6);
			}
			assert_int_equal(r.done_at, -1);
			assert_true(r.status & rows[i].status);
			assert_false(r.status & MATENET_ST_OK);
		}
	}
}

static void unknown_length(void **state)
{
	struct matenet_rx rx;
	struct result r;

	(void)state;
	start(&rx, 0x30, 0, true);
	r = feed(&rx, status_reply, 16);
	assert_int_equal(r.done_at, -1);
	assert_int_equal(r.status, MATENET_ST_OK);
	assert_int_equal(r.len, 14);
	start(&rx, 0x30, 0, true);
	assert_int_equal(feed(&rx, status_reply, 15).status, MATENET_ST_CHECKSUM);
	start(&rx, 0x30, 0, true);
	assert_int_equal(feed(&rx, status_reply, 2).status, MATENET_ST_SHORT);
}

static void raw(void **state)
{
	static const __u16 words[] = { 0x01 | MARK, 0x02, 0x03, 0x04 };
	struct matenet_rx rx;
	struct result r;

	(void)state;
	start(&rx, -1, 4, true);
	rx.raw = true;
	r = feed(&rx, words, 4);
	assert_int_equal(r.done_at, 4);
	assert_int_equal(r.status, MATENET_ST_OK);
	assert_int_equal(r.len, 4);
	start(&rx, -1, 5, true);
	rx.raw = true;
	assert_int_equal(feed(&rx, words, 4).status, MATENET_ST_SHORT);
	start(&rx, -1, 0, true);
	rx.raw = true;
	r = feed(&rx, words, 4);
	assert_int_equal(r.status, MATENET_ST_OK);
	assert_int_equal(r.len, 4);
}

/* Where ninth bits say nothing the length does; where they are wrong neither is enough. */
static void raw_without_right_marks(void **state)
{
	static const __u16 words[] = { 0x01, 0x02, 0x03, 0x04 };
	struct matenet_rx rx;
	struct result r;

	(void)state;
	start(&rx, -1, 4, false);
	rx.raw = true;
	r = feed(&rx, words, 4);
	assert_int_equal(r.done_at, 4);
	assert_int_equal(r.status, MATENET_ST_OK);
	start(&rx, -1, 4, true);
	rx.raw = true;
	r = feed(&rx, words, 4);
	assert_int_equal(r.done_at, -1);
	assert_int_equal(r.status, MATENET_ST_OK | MATENET_ST_MARK);
	/* What is more than wanted is no junk, for nobody knows at which end. */
	start(&rx, -1, 3, true);
	rx.raw = true;
	r = feed(&rx, words, 4);
	assert_int_equal(r.status, MATENET_ST_LONG | MATENET_ST_MARK);
	assert_int_equal(r.len, 4);
}

/* It says no in five bytes, also to who has asked for fewer. */
static void refusal_longer_than_wanted(void **state)
{
	static const __u16 words[] = { 0x82 | MARK, 0x00, 0x01, 0x00, 0x83 };
	struct matenet_rx rx;
	struct result r;
	int marks;

	(void)state;
	for (marks = 0; marks < 2; marks++) {
		start(&rx, MATENET_CMD_READ, 2 + MATENET_SUM_BYTES, marks);
		r = feed(&rx, words, 5);
		assert_int_equal(r.done_at, marks ? 5 : -1);
		assert_int_equal(r.status, MATENET_ST_REFUSED);
		assert_int_equal(r.len, 3);
	}
}

/* More than there is room for is never taken for all of it. */
static void raw_too_long(void **state)
{
	__u16 words[MATENET_MAX_DATA + 1] = { 0x01 | MARK };
	struct matenet_rx rx;
	struct result r;

	(void)state;
	start(&rx, -1, 0, true);
	rx.raw = true;
	r = feed(&rx, words, MATENET_MAX_DATA);
	assert_int_equal(r.status, MATENET_ST_OK);
	assert_int_equal(r.len, MATENET_MAX_DATA);
	start(&rx, -1, 0, true);
	rx.raw = true;
	r = feed(&rx, words, MATENET_MAX_DATA + 1);
	assert_int_equal(r.status, MATENET_ST_LONG);
	assert_int_equal(r.len, MATENET_MAX_DATA);
}

/* Anything at all may come: no crash, and OK only with a right checksum. */
static void random_words(void **state)
{
	static const int wants[] = { 0, 5, 16, 17, 34 };
	unsigned int i, n, k;

	(void)state;
	srand(1);
	for (i = 0; i < 200000; i++) {
		struct matenet_rx rx;
		__u16 words[80];
		struct result r;

		n = rand() % 80;
		for (k = 0; k < n; k++) {
			words[k] = rand() % 4 ? 0 : rand() & 0xff;
			if (rand() % 8 == 0)
				words[k] |= MARK;
			if (rand() % 64 == 0)
				words[k] |= 0x200 << rand() % 3;
		}
		start(&rx, rand() % 24, wants[rand() % 5], rand() & 1);
		r = feed(&rx, words, n);
		assert_true(r.len <= MATENET_MAX_DATA);
		if (r.status & MATENET_ST_OK) {
			int end = rx.n - 2;

			assert_int_equal((rx.words[end] & 0xff) << 8 | (rx.words[end + 1] & 0xff),
					 matenet_sum(r.data, r.len));
			assert_false(rx.errors);
		}
	}
}

static void learning(void **state)
{
	struct matenet_framing f = { 0 };
	struct matenet_rx with, without;
	int i;

	(void)state;
	start(&with, MATENET_CMD_READ, 5, false);
	feed(&with, read_reply, 5);
	without = with;
	without.words[0] &= 0xff;

	for (i = 0; i < 3; i++) {
		assert_false(f.marks);
		matenet_framing_learn(&f, &with);
	}
	assert_true(f.marks);
	/* One now and then proves nothing, nor do two in a row. */
	for (i = 0; i < 200; i++) {
		matenet_framing_learn(&f, i % 12 ? &with : &without);
		assert_true(f.marks);
	}
	for (i = 0; i < 40; i++)
		matenet_framing_learn(&f, &with);
	matenet_framing_learn(&f, &without);
	matenet_framing_learn(&f, &without);
	assert_true(f.marks);
	matenet_framing_learn(&f, &without);
	assert_false(f.marks);
}

/* A UART with one flag for some bytes is found out, and not trusted for a while. */
static void learning_to_doubt(void **state)
{
	struct matenet_framing f = { 0 };
	struct matenet_rx with, without;
	int i;

	(void)state;
	start(&with, MATENET_CMD_READ, 5, false);
	feed(&with, read_reply, 5);
	without = with;
	without.words[0] &= 0xff;
	for (i = 0; i < 200; i++)
		matenet_framing_learn(&f, i % 4 ? &with : &without);
	for (i = 0; i < 200; i++) {
		assert_false(f.marks);
		matenet_framing_learn(&f, i % 4 ? &with : &without);
	}
	/* But if it becomes right, it becomes right. */
	for (i = 0; i < 64; i++)
		matenet_framing_learn(&f, &with);
	assert_true(f.marks);
}

static void commands_known(void **state)
{
	__u8 cmd[6] = { 1, 0, 0, 0, 0, 0 };
	int code;

	(void)state;
	for (code = 0; code < 256; code++) {
		bool harmless = code == 2 || code == 4 || code == 22;

		cmd[1] = code;
		assert_int_equal(matenet_cmd_harmless(cmd, 6), harmless);
		assert_int_equal(matenet_cmd_repeatable(cmd, 6), harmless || code == 3);
		/* Another length is no command anybody knows. */
		assert_false(matenet_cmd_harmless(cmd, 5));
		assert_false(matenet_cmd_repeatable(cmd, 5));
		assert_int_equal(matenet_reply_len(cmd, 6),
				 code < 4 ? 3 : code == 4 ? 14 : code == 22 ? 15 : 0);
	}
}

static void hear(struct matenet_hearing *h, const __u16 *words, int n, __u16 marks)
{
	int i;

	for (i = 0; i < n; i++)
		matenet_hearing_learn(h, (words[i] & 0xff) | (marks >> i & 1 ? MARK : 0));
}

/* READ of a register, and what ends there by length and checksum. */
static const __u16 command[] = { 0x01, 0x02, 0x00, 0x2a, 0x00, 0x00, 0x00, 0x2d };

static void whole_frames(void **state)
{
	__u16 words[40];
	unsigned int n, i;

	(void)state;
	assert_true(matenet_command_whole(command, 8));
	assert_false(matenet_command_whole(command, 7));
	assert_int_equal(matenet_frame_whole(read_reply, 5), 5);
	assert_int_equal(matenet_frame_whole(status_reply, 16), 16);
	for (n = 0; n < 5; n++)
		assert_int_equal(matenet_frame_whole(read_reply, n), 0);
	for (n = 0; n < 16; n++)
		assert_int_equal(matenet_frame_whole(status_reply, n), 0);

	/* With more behind it, whatever that is; one wrong bit, and it is none. */
	memcpy(words, command, sizeof(command));
	memcpy(words + 8, command, sizeof(command));
	assert_int_equal(matenet_frame_whole(words, 16), 8);
	for (i = 0; i < 64; i++) {
		words[i / 8] ^= 1 << i % 8;
		assert_int_equal(matenet_frame_whole(words, 8), 0);
		words[i / 8] ^= 1 << i % 8;
	}
	/* A right sum, but no such command. */
	words[1] = 0x0d;
	words[7] += 0x0b;
	assert_false(matenet_command_whole(words, 8));
}

/* Three frames change the mind; those without any ninth bit say nothing. */
static void hearing(void **state)
{
	static const __u16 zeros[17], one[] = { 0, 0, 1, 0, 1 }, port[] = { 2, 0, 2, 0, 4 };
	static const __u16 four[] = { 2, 0, 4, 0, 6 };
	struct matenet_hearing h = { .framing.marks = true };
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		hear(&h, command, 8, 0);
		hear(&h, zeros, 17, 0);
	}
	assert_true(h.framing.marks);
	assert_false(h.right);
	/* The end of one and the beginning of the next, all right, are no frame with a wrong one. */
	for (i = 0; i < 100; i++) {
		hear(&h, zeros, 5, 1);
		hear(&h, one, 5, 1);
		hear(&h, zeros, 5, 1);
		hear(&h, port, 5, 1);
		hear(&h, one, 5, 1);
		hear(&h, four, 5, 1);
		assert_true(h.framing.marks);
	}
	h = (struct matenet_hearing){ .framing.marks = true };
	/* All marked, as with a flag for a whole packet; the second one, as with the next. */
	hear(&h, command, 8, 0xff);
	hear(&h, read_reply, 5, 0x02);
	assert_true(h.framing.marks);
	hear(&h, command, 8, 0x03);
	assert_false(h.framing.marks);
	assert_false(h.right);
	for (i = 0; i < 10; i++) {
		hear(&h, command, 8, 1);
		hear(&h, status_reply, 16, 1);
		hear(&h, command, 8, 2);
		assert_false(h.framing.marks);
	}
	assert_true(h.right);
	for (i = 0; i < 64; i++)
		hear(&h, status_reply, 16, 1);
	assert_true(h.framing.marks);
}

/* Of all that is heard byte 0 is 0: commands to port 0, as where there is no hub. */
static void hearing_port_0(void **state)
{
	static const __u16 question[] = { 0x00, 0x02, 0x00, 0x2a, 0x00, 0x00, 0x00, 0x2c };
	static const __u16 wrong[] = { 0xff, 0x0f, 0xf0, 0x03, 0x02, 0x80 };
	struct matenet_hearing h;
	unsigned int i, j;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		h = (struct matenet_hearing){ .framing.marks = true };
		for (j = 0; j < 3; j++)
			hear(&h, question, 8, wrong[i]);
		assert_false(h.framing.marks);
		assert_false(h.right);
	}
	/* Some are right by chance. */
	h = (struct matenet_hearing){ .framing.marks = true };
	for (j = 0; j < 3; j++) {
		hear(&h, question, 8, 1);
		hear(&h, question, 8, 3);
		hear(&h, question, 8, 3);
	}
	assert_false(h.framing.marks);
	/* Heard from the middle of one on, all right. */
	h = (struct matenet_hearing){ .framing.marks = true };
	for (i = 0; i < 8; i++) {
		hear(&h, question + i, 8 - i, 0);
		for (j = 0; j < 20; j++)
			hear(&h, question, 8, 1);
		assert_true(h.framing.marks);
		assert_true(h.right);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_reply),
		cmocka_unit_test(status_page),
		cmocka_unit_test(silence),
		cmocka_unit_test(short_reply),
		cmocka_unit_test(every_flipped_bit),
		cmocka_unit_test(flipped_ninth_bit),
		cmocka_unit_test(junk_before),
		cmocka_unit_test(junk_never_changes_a_value),
		cmocka_unit_test(two_replies_are_none),
		cmocka_unit_test(long_reply),
		cmocka_unit_test(babble),
		cmocka_unit_test(breaks_without_end),
		cmocka_unit_test(refusal),
		cmocka_unit_test(line_errors),
		cmocka_unit_test(unknown_length),
		cmocka_unit_test(refusal_longer_than_wanted),
		cmocka_unit_test(raw),
		cmocka_unit_test(raw_without_right_marks),
		cmocka_unit_test(raw_too_long),
		cmocka_unit_test(random_words),
		cmocka_unit_test(learning),
		cmocka_unit_test(learning_to_doubt),
		cmocka_unit_test(commands_known),
		cmocka_unit_test(whole_frames),
		cmocka_unit_test(hearing),
		cmocka_unit_test(hearing_port_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
