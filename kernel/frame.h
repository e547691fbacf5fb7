/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nine-bit words to frames: pure C without a tty or a device, so that it can
 * be built into the module and into a program that tests it.
 */
#ifndef MATENET_FRAME_H
#define MATENET_FRAME_H

#include <linux/matenet.h>
#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/kernel.h>
#else
#include <stdbool.h>
#include <stddef.h>
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

#define MATENET_SUM_BYTES	2
#define MATENET_COMMAND_DATA	6	/* bytes of a command before its checksum */

/* A received word: a byte, its ninth bit, and what the UART said about it. */
#define MATENET_WORD_MARK	0x0100
#define MATENET_WORD_FRAMING	0x0200
#define MATENET_WORD_BREAK	0x0400	/* no byte of anybody */
#define MATENET_WORD_OVERRUN	0x0800	/* no byte either: bytes were lost here */

#define MATENET_MAX_WORDS	64

/*
 * An MX60 of 2004 puts two bytes before each reply.  Less than the shortest
 * reply, so that a whole foreign one is never skipped as junk.
 */
#define MATENET_MAX_JUNK	4

/**
 * struct matenet_rx - a reply while it is being received
 * @words: what came, line errors left out
 * @n: number of @words
 * @want: length of the reply with its checksum, 0 if unknown
 * @cmd: command it answers, negative if the command has no such byte
 * @marks: the ninth bits are to be trusted
 * @strict: a wrong ninth bit fails the reply
 * @raw: there is no checksum
 * @blanks: breaks and overruns, which are no bytes
 * @lost: words that found no room, and line errors beyond counting
 * @errors: MATENET_ST_* of the line errors so far
 */
struct matenet_rx {
	__u16 words[MATENET_MAX_WORDS];
	__u8 n;
	__u8 blanks;
	__u8 want;
	__s16 cmd;
	bool marks;
	bool strict;
	bool raw;
	__u32 lost;
	__u32 errors;
};

/**
 * struct matenet_framing - what AUTO framing has learnt so far
 * @marks: ninth bits are to be trusted
 * @wary: they were before, and were wrong too often
 * @against: what speaks against @marks
 */
struct matenet_framing {
	bool marks;
	bool wary;
	__u8 against;
};

/* The longest frame there is: the reply to LOG. */
#define MATENET_LONGEST		17

/**
 * struct matenet_hearing - what has been learnt of frames that nobody expects
 * @framing: whether ninth bits are to be trusted
 * @right: frames with right ninth bits have been heard
 * @n: number of @last
 * @last: the latest words
 */
struct matenet_hearing {
	struct matenet_framing framing;
	bool right;
	__u8 n;
	__u16 last[MATENET_LONGEST];
};

__u16 matenet_sum(const __u8 *data, unsigned int len);
bool matenet_cmd_harmless(const __u8 *data, unsigned int len);
bool matenet_cmd_repeatable(const __u8 *data, unsigned int len);
unsigned int matenet_reply_len(const __u8 *data, unsigned int len);
bool matenet_rx_push(struct matenet_rx *rx, __u16 word);
__u32 matenet_rx_end(const struct matenet_rx *rx, __u8 *data, __u8 *len);
void matenet_framing_learn(struct matenet_framing *framing, const struct matenet_rx *rx);
bool matenet_command_whole(const __u16 *words, unsigned int n);
unsigned int matenet_frame_whole(const __u16 *words, unsigned int n);
void matenet_hearing_learn(struct matenet_hearing *hearing, __u16 word);

#endif /* MATENET_FRAME_H */
