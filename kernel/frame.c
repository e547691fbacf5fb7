// SPDX-License-Identifier: GPL-2.0
/*
 * Frames: what a command's reply must look like, when a reply is complete,
 * and what to say about one that is not as it should be.
 *
 * Length and checksum decide.  The ninth bit, where the UART reports it
 * exactly, says where a reply starts; it never makes a wrong one right.
 */
#include "frame.h"

/**
 * struct matenet_command - what is known of a command
 * @code: second byte of the command
 * @reply: bytes of its reply, checksum not included
 * @harmless: changes nothing in the device
 * @repeatable: has the same effect sent twice as sent once
 * @first: bit n: n is a likely first byte of the reply
 */
struct matenet_command {
	__u8 code;
	__u8 reply;
	bool harmless;
	bool repeatable;
	__u32 first;
};

/* A hub answers READ with 0, one MX was seen to answer with 3. */
static const struct matenet_command commands[] = {
	{ MATENET_CMD_DEC,    3,  false, false, 1U << 0 | 1U << 1 },
	{ MATENET_CMD_INC,    3,  false, false, 1U << 0 | 1U << 1 },
	{ MATENET_CMD_READ,   3,  true,  true,  1U << 0 | 1U << 2 | 1U << 3 },
	{ MATENET_CMD_WRITE,  3,  false, true,  1U << 3 },
	{ MATENET_CMD_STATUS, 14, true,  true,  1U << 2 | 1U << 3 | 1U << 4 },
	{ MATENET_CMD_LOG,    15, true,  true,  1U << 22 },
};

#define MATENET_REFUSAL		(3 + MATENET_SUM_BYTES)

static const struct matenet_command *command_find(int code)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].code == code)
			return &commands[i];
	return NULL;
}

/* Only what has the form of a command is looked up. */
static const struct matenet_command *command_of(const __u8 *data, unsigned int len)
{
	return len == MATENET_COMMAND_DATA ? command_find(data[1]) : NULL;
}

/**
 * matenet_sum - checksum of a frame: the sum of its bytes, ninth bits not counted
 * @data: bytes of the frame
 * @len: number of them
 *
 * Return: the sum, modulo 65536.
 */
__u16 matenet_sum(const __u8 *data, unsigned int len)
{
	__u16 sum = 0;

	while (len--)
		sum += *data++;
	return sum;
}

/**
 * matenet_cmd_harmless - is this a command that is known to change nothing?
 * @data: the command without its checksum
 * @len: number of bytes
 *
 * What is not known is taken for dangerous: another length, another code.
 *
 * Return: true if so.
 */
bool matenet_cmd_harmless(const __u8 *data, unsigned int len)
{
	const struct matenet_command *cmd = command_of(data, len);

	return cmd && cmd->harmless;
}

/**
 * matenet_cmd_repeatable - may this command be sent again when no reply came?
 * @data: the command without its checksum
 * @len: number of bytes
 *
 * Return: true if so.
 */
bool matenet_cmd_repeatable(const __u8 *data, unsigned int len)
{
	const struct matenet_command *cmd = command_of(data, len);

	return cmd && cmd->repeatable;
}

/**
 * matenet_reply_len - bytes of the reply to a command, checksum not included
 * @data: the command without its checksum
 * @len: number of bytes
 *
 * Return: 0 if that is not known.
 */
unsigned int matenet_reply_len(const __u8 *data, unsigned int len)
{
	const struct matenet_command *cmd = command_of(data, len);

	return cmd ? cmd->reply : 0;
}

static bool words_sum_ok(const __u16 *words, unsigned int n)
{
	unsigned int i, end = n - MATENET_SUM_BYTES;
	__u16 sum = 0;

	for (i = 0; i < end; i++)
		sum += words[i] & 0xff;
	return (words[end] & 0xff) == sum >> 8 && (words[end + 1] & 0xff) == (sum & 0xff);
}

static unsigned int words_marks(const __u16 *words, unsigned int n)
{
	unsigned int i, marks = 0;

	for (i = 0; i < n; i++)
		marks += !!(words[i] & MATENET_WORD_MARK);
	return marks;
}

static bool rx_sum_ok(const struct matenet_rx *rx, unsigned int start)
{
	return words_sum_ok(rx->words + start, rx->n - start);
}

static unsigned int rx_count_marks(const struct matenet_rx *rx)
{
	return words_marks(rx->words, rx->n);
}

/* Is the word at @start marked, and no other one? */
static bool rx_marks_fit(const struct matenet_rx *rx, unsigned int start)
{
	return rx->words[start] & MATENET_WORD_MARK && rx_count_marks(rx) == 1;
}

static bool rx_first_likely(const struct matenet_rx *rx)
{
	const struct matenet_command *cmd = command_find(rx->cmd);
	unsigned int first = rx->words[0] & 0xff;

	return cmd && first < 32 && cmd->first & 1U << first;
}

/* Bit 7 of byte 0 says no; such a reply has the short form whatever was asked. */
static bool rx_refusal(const struct matenet_rx *rx, unsigned int start)
{
	return rx->n - start == MATENET_REFUSAL && rx->words[start] & 0x80 &&
	       rx_sum_ok(rx, start);
}

/**
 * matenet_rx_push - take one received word
 * @rx: the reply
 * @word: MATENET_WORD_* and the byte
 *
 * Return: true if the reply is complete beyond doubt, so that nobody need
 * wait for the line to fall idle.
 */
bool matenet_rx_push(struct matenet_rx *rx, __u16 word)
{
	unsigned int start;

	if (word & MATENET_WORD_FRAMING)
		rx->errors |= MATENET_ST_FRAMING;
	if (word & MATENET_WORD_BREAK)
		rx->errors |= MATENET_ST_BREAK;
	if (word & MATENET_WORD_OVERRUN)
		rx->errors |= MATENET_ST_OVERRUN;
	if (word & (MATENET_WORD_BREAK | MATENET_WORD_OVERRUN)) {
		/* A line of which nothing else comes never falls idle, either. */
		if (rx->blanks == MATENET_MAX_WORDS)
			rx->lost++;
		else
			rx->blanks++;
		return false;
	}
	if (rx->n == MATENET_MAX_WORDS) {
		rx->lost++;
		return false;
	}
	rx->words[rx->n++] = word;

	if (rx->errors || !rx->want)
		return false;
	if (rx->raw)
		return rx->n == rx->want && (!rx->marks || rx_marks_fit(rx, 0));
	if (rx->marks && rx_refusal(rx, 0) && rx_marks_fit(rx, 0))
		return true;
	if (rx->n < rx->want)
		return false;
	start = rx->n - rx->want;
	if (start > MATENET_MAX_JUNK || !rx_sum_ok(rx, start))
		return false;
	if (rx->marks)
		return rx_marks_fit(rx, start);
	/*
	 * Without marks, junk may by chance complete a sum too early: only a
	 * first byte that this command is answered with ends the wait.
	 */
	return !start && rx_first_likely(rx);
}

/* Where the reply starts in what came: at its mark, or in front of the sum. */
static unsigned int rx_start(const struct matenet_rx *rx)
{
	unsigned int start = 0;

	if (rx->marks && rx_count_marks(rx) == 1) {
		while (!(rx->words[start] & MATENET_WORD_MARK))
			start++;
		return start;
	}
	/* In a row of marks none says more than the others. */
	if (rx->want && !rx->raw && rx->n > rx->want &&
	    rx->n - rx->want <= MATENET_MAX_JUNK && rx_sum_ok(rx, rx->n - rx->want))
		return rx->n - rx->want;
	return 0;
}

/* Length and checksum, for the words from @start on. */
static __u32 rx_judge(const struct matenet_rx *rx, unsigned int start)
{
	unsigned int len = rx->n - start;

	if (!rx->raw && !rx->lost && rx_refusal(rx, start))
		return MATENET_ST_REFUSED;
	if (rx->lost || (rx->want && len > rx->want))
		return MATENET_ST_LONG;
	if (rx->raw && len > MATENET_MAX_DATA)
		return MATENET_ST_LONG;
	if (rx->raw)
		return len < rx->want ? MATENET_ST_SHORT : MATENET_ST_OK;
	if (len < rx->want || len <= MATENET_SUM_BYTES)
		return MATENET_ST_SHORT;
	if (len > MATENET_MAX_DATA + MATENET_SUM_BYTES)
		return MATENET_ST_LONG;
	if (!rx_sum_ok(rx, start))
		return MATENET_ST_CHECKSUM;
	return rx->words[start] & 0x80 ? MATENET_ST_REFUSED : MATENET_ST_OK;
}

/* The bytes of the reply without their checksum, or all if that is wrong. */
static __u8 rx_copy(const struct matenet_rx *rx, unsigned int start, bool sum, __u8 *data)
{
	unsigned int i, len = rx->n - start;

	if (sum)
		len -= MATENET_SUM_BYTES;
	if (len > MATENET_MAX_DATA)
		len = MATENET_MAX_DATA;
	for (i = 0; i < len; i++)
		data[i] = rx->words[start + i] & 0xff;
	return len;
}

/**
 * matenet_rx_end - say what the reply is, now that no more will come
 * @rx: the reply
 * @data: room for MATENET_MAX_DATA bytes
 * @len: set to the number of bytes written to @data
 *
 * Return: MATENET_ST_* bits; only with OK or REFUSED is @data a whole reply.
 */
__u32 matenet_rx_end(const struct matenet_rx *rx, __u8 *data, __u8 *len)
{
	const __u32 whole = MATENET_ST_OK | MATENET_ST_REFUSED;
	unsigned int start;
	__u32 status;

	*len = 0;
	if (!rx->n)
		return rx->errors ? rx->errors : MATENET_ST_TIMEOUT;

	start = rx_start(rx);
	status = rx_judge(rx, start);
	*len = rx_copy(rx, start, status & whole && !rx->raw, data);
	if (start)
		status |= MATENET_ST_JUNK;
	if (rx->marks && !rx_marks_fit(rx, start)) {
		status |= MATENET_ST_MARK;
		if (rx->strict)
			status &= ~whole;
	}
	/* A byte was lost or bent: that the sum fits all the same is chance. */
	if (rx->errors)
		status = (status & ~whole) | rx->errors;
	/* More before the mark than any device puts there was said by another. */
	if (start > MATENET_MAX_JUNK)
		status = (status & ~whole) | MATENET_ST_LONG;
	return status;
}

/* Ninth bits that were wrong in one reply are forgiven after so many right ones. */
static void framing_doubt(struct matenet_framing *framing, bool fit)
{
	const unsigned int forgiven = 10, limit = 3 * forgiven;

	if (fit) {
		framing->against -= !!framing->against;
		return;
	}
	framing->against += forgiven;
	if (framing->against >= limit) {
		framing->marks = false;
		framing->wary = true;
		framing->against = 0;
	}
}

/* Chance gives three right ones in a row soon enough, where some are always wrong. */
static void framing_trust(struct matenet_framing *framing, bool fit)
{
	const unsigned int enough = framing->wary ? 64 : 3;

	framing->against = fit ? framing->against + 1 : 0;
	if (framing->against == enough) {
		framing->marks = true;
		framing->against = 0;
	}
}

static void framing_judge(struct matenet_framing *framing, bool fit)
{
	if (framing->marks)
		framing_doubt(framing, fit);
	else
		framing_trust(framing, fit);
}

/**
 * matenet_framing_learn - see from a right reply whether its ninth bits were right
 * @framing: what was learnt so far
 * @rx: a reply whose length and checksum were right
 *
 * Some UARTs have one flag for several bytes, and so the right ninth bits now and
 * then.  One flipped bit on the other hand must not change the mind.
 */
void matenet_framing_learn(struct matenet_framing *framing, const struct matenet_rx *rx)
{
	unsigned int start = rx->want && rx->n > rx->want ? rx->n - rx->want : 0;

	framing_judge(framing, rx_marks_fit(rx, start));
}

/**
 * matenet_command_whole - are these words a command, by length, code and checksum?
 * @words: as received
 * @n: number of @words
 *
 * Return: true if so.
 */
bool matenet_command_whole(const __u16 *words, unsigned int n)
{
	return n == MATENET_COMMAND_DATA + MATENET_SUM_BYTES && command_find(words[1] & 0xff) &&
	       words_sum_ok(words, n);
}

/* Of LOG, of STATUS, of a command, of all else. */
static const __u8 frame_lengths[] = { MATENET_LONGEST, 16, 8, 5 };

static bool frame_is(const __u16 *words, unsigned int n)
{
	return n == 8 ? matenet_command_whole(words, n) : words_sum_ok(words, n);
}

/**
 * matenet_frame_whole - does a command or a reply begin here, by length and checksum?
 * @words: as received
 * @n: number of @words
 *
 * Return: how long it is, the longest of several; 0 if none does.
 */
unsigned int matenet_frame_whole(const __u16 *words, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(frame_lengths); i++)
		if (frame_lengths[i] <= n && frame_is(words, frame_lengths[i]))
			return frame_lengths[i];
	return 0;
}

/* If the first of several ninth bits is right, a frame ends before the next one. */
static bool words_divided(const __u16 *words)
{
	unsigned int len = 1;

	while (!(words[len] & MATENET_WORD_MARK))
		len++;
	return matenet_frame_whole(words, len) == len;
}

/*
 * Do these words, a frame by length and checksum, prove ninth bits wrong that are not as
 * in one?  With a zero in front they may also be the end of one frame and the beginning
 * of the next; runs of zeros always may.
 */
static bool hearing_refuted(const struct matenet_hearing *hearing, const __u16 *words,
			    unsigned int n)
{
	if (words[0] & 0xff)
		return true;
	if (!((words[n - 1] | words[n - 2]) & 0xff))
		return false;
	if (words[0] & MATENET_WORD_MARK)
		return !words_divided(words);
	return !hearing->right;
}

static void hearing_push(struct matenet_hearing *hearing, __u16 word)
{
	unsigned int i;

	if (hearing->n == MATENET_LONGEST) {
		for (i = 1; i < MATENET_LONGEST; i++)
			hearing->last[i - 1] = hearing->last[i];
		hearing->n--;
	}
	hearing->last[hearing->n++] = word;
}

/**
 * matenet_hearing_learn - see from what is heard whether its ninth bits are right
 * @hearing: what was learnt so far
 * @word: the latest one
 *
 * Whatever is a frame by length and checksum should have one ninth bit, in its first
 * word.
 */
void matenet_hearing_learn(struct matenet_hearing *hearing, __u16 word)
{
	bool refuted = false;
	unsigned int len, i;
	const __u16 *words;

	hearing_push(hearing, word);
	for (i = 0; i < ARRAY_SIZE(frame_lengths); i++) {
		len = frame_lengths[i];
		if (len > hearing->n)
			continue;
		words = hearing->last + hearing->n - len;
		if (!words_marks(words, len) || !frame_is(words, len))
			continue;
		if (words[0] & MATENET_WORD_MARK && words_marks(words, len) == 1) {
			hearing->right = true;
			framing_judge(&hearing->framing, true);
			return;
		}
		refuted |= hearing_refuted(hearing, words, len);
	}
	if (refuted)
		framing_judge(&hearing->framing, false);
}
