/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MateNET frames as a device sees them: commands in, replies out. */
#ifndef MATESIM_FRAME_H
#define MATESIM_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CMD_DEC_DISABLE	= 0x00,	/* which of 00 and 01 is INC is a setting */
	CMD_INC_ENABLE	= 0x01,
	CMD_READ	= 0x02,
	CMD_WRITE	= 0x03,
	CMD_STATUS	= 0x04,
	CMD_LOG		= 0x16,
};

#define REPLY_REFUSED	0x80

#define COMMAND_BYTES	8
#define STATUS_BYTES	13
#define LOG_BYTES	14
#define CHECKSUM_BYTES	2
/* Longest reply: byte 0, a log page, the checksum; and room for faults. */
#define REPLY_MAX	32

struct command {
	uint8_t port;
	uint8_t cmd;
	uint16_t addr;
	uint16_t param;
};

/* Byte 0, then data; the checksum is appended by reply_seal(). */
struct reply {
	uint8_t bytes[REPLY_MAX];
	size_t len;		/* 0: the device stays silent */
	unsigned int junk;	/* unmarked 00 bytes in front */
};

/* Collects words into a command; a marked word always starts a new one. */
struct command_rx {
	uint8_t bytes[COMMAND_BYTES];
	size_t n;
	bool started;
};

/* True when @word was the eighth byte; the checksum is not looked at. */
bool command_rx(struct command_rx *rx, uint16_t word);

/* False when the checksum is wrong. */
bool command_parse(const uint8_t bytes[COMMAND_BYTES], struct command *cmd);

uint16_t frame_sum(const uint8_t *bytes, size_t len);

/* Length of the data that answers @cmd: what stands between byte 0 and sum. */
size_t reply_data_bytes(uint8_t cmd);

void reply_value(struct reply *reply, uint8_t byte0, uint16_t value);
void reply_page(struct reply *reply, uint8_t byte0, const uint8_t *page,
		size_t len);
void reply_seal(struct reply *reply);

#endif
