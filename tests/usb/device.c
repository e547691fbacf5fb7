// SPDX-License-Identifier: GPL-2.0-or-later
#include "device.h"

#include <string.h>

#include <linux/matenet.h>

#include "pattern.h"
#include "wire.h"

#define COMMAND		8	/* bytes */
#define LAST_PORT	10

static uint16_t sum_of(const uint8_t *data, unsigned int n)
{
	uint16_t sum = 0;

	while (n--)
		sum += *data++;
	return sum;
}

/* The reply without its checksum; returns its length. */
static unsigned int answer(const uint8_t *heard, uint8_t *reply)
{
	uint16_t addr = heard[2] << 8 | heard[3], param = heard[4] << 8 | heard[5];
	uint8_t port = heard[0];
	uint16_t value = matesim_pattern(port, addr);
	unsigned int i;

	switch (heard[1]) {
	case MATENET_CMD_READ:
		reply[0] = 2;
		reply[1] = value >> 8;
		reply[2] = value;
		return 3;
	case MATENET_CMD_STATUS:
		reply[0] = 3;
		for (i = 0; i < 13; i++)
			reply[1 + i] = matesim_pattern_status(port, addr, i);
		return 14;
	case MATENET_CMD_LOG:
		reply[0] = 22;
		for (i = 0; i < 14; i++)
			reply[1 + i] = matesim_pattern_log(port, param, i);
		return 15;
	}
	return 0;
}

static void say(struct wire *w, uint64_t at)
{
	uint8_t reply[32];
	unsigned int i, n = answer(w->heard, reply);
	uint16_t sum = sum_of(reply, n);

	if (!n)
		return;
	reply[n++] = sum >> 8;
	reply[n++] = sum;
	for (i = 0; i < n; i++)
		w->reply[i] = reply[i] | (i ? 0 : 0x100);
	w->reply_n = n;
	w->reply_at = 0;
	w->reply_start = at;
}

/* Only the ninth bit says where a command begins, and only it. */
void device_hears(struct wire *w, unsigned int word, uint64_t end)
{
	uint16_t sum;

	if (word & 0x200)
		return;
	if (word & 0x100)
		w->heard_n = 0;
	else if (!w->heard_n)
		return;
	w->heard[w->heard_n++] = word;
	if (w->heard_n < COMMAND)
		return;
	w->heard_n = 0;
	sum = sum_of(w->heard, COMMAND - 2);
	if (w->heard[0] > LAST_PORT || w->heard[6] != sum >> 8 || w->heard[7] != (sum & 0xff))
		return;
	say(w, end + w->rig->turnaround_us * 1000ull);
}
