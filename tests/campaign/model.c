// SPDX-License-Identifier: GPL-2.0-or-later
/* What the device of the wire (uart9's knob answer) should say, and chance. */
#include "campaign.h"

static const struct {
	uint8_t command, first, bytes;
} answers[] = {
	{ MATENET_CMD_DEC, 0, 3 }, { MATENET_CMD_INC, 1, 3 }, { MATENET_CMD_READ, 2, 3 },
	{ MATENET_CMD_WRITE, 3, 3 }, { MATENET_CMD_STATUS, 3, 14 }, { MATENET_CMD_LOG, 22, 15 },
};

/* splitmix64 */
uint32_t chance(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) >> 32;
}

unsigned int chance_of(struct chance *c, unsigned int n)
{
	return (uint64_t)chance(c) * n >> 32;
}

unsigned int chance_between(struct chance *c, unsigned int a, unsigned int b)
{
	return a + chance_of(c, b - a + 1);
}

bool chance_percent(struct chance *c, unsigned int percent)
{
	return chance_of(c, 100) < percent;
}

uint16_t model_sum(const uint8_t *data, size_t n)
{
	uint16_t sum = 0;

	while (n--)
		sum += *data++;
	return sum;
}

void model_finish(uint8_t command[COMMAND_BYTES])
{
	uint16_t sum = model_sum(command, COMMAND_BYTES - 2);

	command[COMMAND_BYTES - 2] = sum >> 8;
	command[COMMAND_BYTES - 1] = sum;
}

bool model_command(const uint8_t command[COMMAND_BYTES])
{
	uint16_t sum = model_sum(command, COMMAND_BYTES - 2);

	return command[COMMAND_BYTES - 2] == sum >> 8 && command[COMMAND_BYTES - 1] == (sum & 0xff);
}

bool model_changes(const uint8_t command[COMMAND_BYTES])
{
	return command[1] == MATENET_CMD_DEC || command[1] == MATENET_CMD_INC ||
	       command[1] == MATENET_CMD_WRITE;
}

size_t model_reply(const uint8_t command[COMMAND_BYTES], uint8_t reply[REPLY_MAX])
{
	size_t i, k, n;
	uint16_t sum;

	for (k = 0; k < sizeof(answers) / sizeof(answers[0]); k++)
		if (answers[k].command == command[1])
			break;
	if (k == sizeof(answers) / sizeof(answers[0]))
		return 0;
	n = answers[k].bytes;
	reply[0] = answers[k].first;
	for (i = 1; i < n; i++)
		reply[i] = command[0] + 3 * command[2] + 5 * command[3] + 7 * command[4] +
			   11 * command[5] + 13 * i;
	sum = model_sum(reply, n);
	reply[n] = sum >> 8;
	reply[n + 1] = sum;
	return n + 2;
}
