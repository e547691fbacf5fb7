// SPDX-License-Identifier: GPL-2.0-or-later
/* MateNET frames as a device sees them. */
#include <string.h>

#include "frame.h"
#include "ninth.h"

bool command_rx(struct command_rx *rx, uint16_t word)
{
	if (word & NINTH) {
		rx->started = true;
		rx->n = 0;
	}
	if (!rx->started)
		return false;
	rx->bytes[rx->n++] = word & 0xff;
	if (rx->n < COMMAND_BYTES)
		return false;
	rx->started = false;
	return true;
}

uint16_t frame_sum(const uint8_t *bytes, size_t len)
{
	uint16_t sum = 0;

	while (len--)
		sum += *bytes++;
	return sum;
}

static uint16_t be16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

bool command_parse(const uint8_t bytes[COMMAND_BYTES], struct command *cmd)
{
	cmd->port = bytes[0];
	cmd->cmd = bytes[1];
	cmd->addr = be16(bytes + 2);
	cmd->param = be16(bytes + 4);
	return be16(bytes + 6) == frame_sum(bytes, 6);
}

size_t reply_data_bytes(uint8_t cmd)
{
	switch (cmd) {
	case CMD_STATUS:
		return STATUS_BYTES;
	case CMD_LOG:
		return LOG_BYTES;
	default:
		return 2;
	}
}

static void put16(struct reply *reply, uint16_t value)
{
	reply->bytes[reply->len++] = value >> 8;
	reply->bytes[reply->len++] = value & 0xff;
}

void reply_value(struct reply *reply, uint8_t byte0, uint16_t value)
{
	reply->bytes[0] = byte0;
	reply->len = 1;
	put16(reply, value);
}

void reply_page(struct reply *reply, uint8_t byte0, const uint8_t *page,
		size_t len)
{
	reply->bytes[0] = byte0;
	memcpy(reply->bytes + 1, page, len);
	reply->len = 1 + len;
}

void reply_seal(struct reply *reply)
{
	put16(reply, frame_sum(reply->bytes, reply->len));
}
