// SPDX-License-Identifier: GPL-2.0-or-later
/* Commands to the port they are for. */
#include <string.h>

#include "bus.h"
#include "pattern.h"

static void pattern_page(struct reply *reply, uint8_t byte0, size_t len,
			 uint8_t (*byte)(uint8_t, uint16_t, unsigned int),
			 uint8_t port, uint16_t question)
{
	uint8_t page[LOG_BYTES];
	size_t i;

	for (i = 0; i < len; i++)
		page[i] = byte(port, question, i);
	reply_page(reply, byte0, page, len);
}

static void pattern_answer(const struct command *cmd, struct reply *reply)
{
	switch (cmd->cmd) {
	case CMD_WRITE:
		reply_value(reply, CMD_WRITE, cmd->param);
		break;
	case CMD_STATUS:
		pattern_page(reply, MATE_MX, STATUS_BYTES,
			     matesim_pattern_status, cmd->port, cmd->addr);
		break;
	case CMD_LOG:
		pattern_page(reply, CMD_LOG, LOG_BYTES, matesim_pattern_log,
			     cmd->port, cmd->param);
		break;
	case CMD_READ:
	case CMD_INC_ENABLE:
	case CMD_DEC_DISABLE:
		reply_value(reply, cmd->cmd,
			    matesim_pattern(cmd->port, cmd->addr));
		break;
	default:
		reply_value(reply, cmd->cmd | REPLY_REFUSED, 0);
	}
}

uint16_t bus_port_mask(const struct bus *bus)
{
	uint16_t mask = 0;
	int port;

	for (port = 0; port < BUS_PORTS; port++)
		if (bus->pattern || bus->ports[port])
			mask |= 1u << port;
	return mask;
}

bool bus_has_junk(const struct bus *bus)
{
	int port;

	for (port = 0; port < BUS_PORTS; port++)
		if (bus->ports[port] && bus->ports[port]->options.junk)
			return true;
	return false;
}

void bus_answer(struct bus *bus, const struct command *cmd,
		struct reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	if (cmd->port >= BUS_PORTS)
		return;
	if (bus->pattern)
		pattern_answer(cmd, reply);
	else if (bus->ports[cmd->port])
		device_answer(bus->ports[cmd->port], cmd, reply);
	if (reply->len)
		reply_seal(reply);
}
