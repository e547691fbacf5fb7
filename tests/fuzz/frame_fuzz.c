// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The driver's frame code: whatever words come in whatever mode, a reply that is taken
 * for right is right by length and sum, and no word is forgotten.
 * Input: modes, wanted length, command; two bytes for each word.
 */
#include <string.h>

#include "check.h"
#include "frame.h"

#define WHOLE		(MATENET_ST_OK | MATENET_ST_REFUSED)
#define LINE_ERRORS	(MATENET_ST_FRAMING | MATENET_ST_BREAK | MATENET_ST_OVERRUN)
#define NO_BYTE		(MATENET_WORD_BREAK | MATENET_WORD_OVERRUN)
#define WORD_BITS	(MATENET_WORD_MARK | MATENET_WORD_FRAMING | NO_BYTE)

/* What was fed, to be compared with what the code made of it. */
struct fed {
	__u16 words[600];
	unsigned int n;		/* words that carry a byte */
	unsigned int blanks;	/* that carry none */
	__u32 errors;
};

/* Line errors are rare in life; here one word in 32 has any. */
static __u16 next_word(struct input *in)
{
	__u16 word = input_byte(in), kind = input_byte(in);

	word |= kind & 1 ? MATENET_WORD_MARK : 0;
	if (kind >= 0xf8)
		word |= (kind << 8) & WORD_BITS;
	return word;
}

static bool feed(struct matenet_rx *rx, struct fed *fed, __u16 word)
{
	if (word & MATENET_WORD_FRAMING)
		fed->errors |= MATENET_ST_FRAMING;
	if (word & MATENET_WORD_BREAK)
		fed->errors |= MATENET_ST_BREAK;
	if (word & MATENET_WORD_OVERRUN)
		fed->errors |= MATENET_ST_OVERRUN;
	if (word & NO_BYTE)
		fed->blanks++;
	else
		fed->words[fed->n++] = word;
	return matenet_rx_push(rx, word);
}

static void check_conservation(const struct matenet_rx *rx, const struct fed *fed)
{
	check(rx->n <= MATENET_MAX_WORDS && rx->blanks <= MATENET_MAX_WORDS);
	check(rx->n + rx->blanks + rx->lost == fed->n + fed->blanks);
	check(rx->lost || (rx->n == fed->n && rx->blanks == fed->blanks));
	check(!memcmp(rx->words, fed->words, rx->n * sizeof(rx->words[0])));
	check(rx->errors == fed->errors);
}

/* Bytes @start to @n of what was fed have a right sum at their end. */
static bool sum_fits(const struct fed *fed, unsigned int start, unsigned int n)
{
	unsigned int sum = 0, i;

	if (n < start + MATENET_SUM_BYTES + 1)
		return false;
	for (i = start; i < n - MATENET_SUM_BYTES; i++)
		sum += fed->words[i] & 0xff;
	return sum == ((fed->words[n - 2] & 0xffU) << 8 | (fed->words[n - 1] & 0xff));
}

static unsigned int marks_in(const struct fed *fed)
{
	unsigned int i, n = 0;

	for (i = 0; i < fed->n; i++)
		n += !!(fed->words[i] & MATENET_WORD_MARK);
	return n;
}

/* The reply is what stands at the end of what came, and junk before it is said to be. */
static void check_whole(const struct matenet_rx *rx, const struct fed *fed, __u32 status,
			const __u8 *data, unsigned int len)
{
	unsigned int sum = rx->raw ? 0 : MATENET_SUM_BYTES, start = fed->n - len - sum, i;

	check(len && len + sum <= fed->n && !rx->lost && !fed->errors);
	check(!(status & (LINE_ERRORS | MATENET_ST_CHECKSUM | MATENET_ST_SHORT |
			  MATENET_ST_LONG | MATENET_ST_TIMEOUT)));
	check(rx->raw || sum_fits(fed, start, fed->n));
	for (i = 0; i < len; i++)
		check(data[i] == (fed->words[start + i] & 0xff));
	check(!!(status & MATENET_ST_JUNK) == (start > 0));
	check(start <= MATENET_MAX_JUNK);
	if (rx->want)
		check(len + sum == rx->want ||
		      (!rx->raw && status & MATENET_ST_REFUSED && len == 3));
	if (!rx->raw)
		check(!(status & MATENET_ST_REFUSED) == !(data[0] & 0x80));
	if (rx->marks && !(status & MATENET_ST_MARK))
		check(marks_in(fed) == 1 && fed->words[start] & MATENET_WORD_MARK);
	if (rx->strict)
		check(!(status & MATENET_ST_MARK));
}

static void check_verdict(const struct matenet_rx *rx, const struct fed *fed, bool complete)
{
	__u8 data[MATENET_MAX_DATA + 16], len = 0xff;
	__u32 status;

	memset(data, 0xa5, sizeof(data));
	status = matenet_rx_end(rx, data, &len);
	check(len <= MATENET_MAX_DATA && data[len] == 0xa5);
	check(status);
	check((status & WHOLE) != WHOLE);
	check((status & fed->errors) == fed->errors);
	check(!!(status & MATENET_ST_TIMEOUT) == (!fed->n && !fed->errors));
	if (status & WHOLE)
		check_whole(rx, fed, status, data, len);
	if (complete)
		check(status & WHOLE && !(status & MATENET_ST_MARK));
}

/* Words one after the other, to the end of the input or of the reply. */
static void one_reply(struct input *in, struct matenet_rx *rx, struct matenet_framing *framing)
{
	struct fed fed = { 0 };
	bool complete = false;
	__u8 data[MATENET_MAX_DATA], len;

	while (input_more(in) && !complete && fed.n < 599) {
		complete = feed(rx, &fed, next_word(in));
		check_conservation(rx, &fed);
	}
	check_verdict(rx, &fed, complete);
	if (matenet_rx_end(rx, data, &len) & MATENET_ST_OK) {
		struct matenet_framing before = *framing;

		matenet_framing_learn(framing, rx);
		check(framing->against < 64);
		/* One reply that speaks against it does not change the mind. */
		check(framing->marks == before.marks || (before.against && !framing->against));
		check(framing->wary || !before.wary);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	struct matenet_framing framing = { 0 };

	while (input_more(&in)) {
		uint8_t modes = input_byte(&in), want = input_byte(&in), cmd = input_byte(&in);
		struct matenet_rx rx = {
			.marks = modes & 8 ? framing.marks : modes & 1,
			.strict = modes & 2, .raw = modes & 4,
			.cmd = modes & 16 ? -1 : cmd,
		};

		rx.want = want % (MATENET_MAX_DATA + 1);
		/* As the driver does: the sum comes on top, raw of unknown length has none. */
		if (rx.want && !rx.raw)
			rx.want += MATENET_SUM_BYTES;
		one_reply(&in, &rx, &framing);
	}
	return 0;
}
