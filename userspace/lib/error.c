// SPDX-License-Identifier: LGPL-2.1-or-later
/* Errors: from errno and wire status to enum mate_err, and to words. */
#include <errno.h>
#include <string.h>

#include "internal.h"

static _Thread_local struct mate_detail detail;

static const struct {
	int err;
	const char *name;
	const char *text;
} errors[] = {
	{ 0, "ok", "success" },
	{ MATE_E_INVALID, "invalid", "invalid argument" },
	{ MATE_E_NO_BUS, "no_bus", "no such bus" },
	{ MATE_E_SEVERAL, "several", "there are several buses" },
	{ MATE_E_NOT_A_BUS, "not_a_bus", "not a MateNET bus" },
	{ MATE_E_PERMISSION, "permission", "permission denied" },
	{ MATE_E_GONE, "gone", "the bus is gone: detached or unplugged" },
	{ MATE_E_BUSY, "busy", "the bus is busy" },
	{ MATE_E_INTERRUPTED, "interrupted", "interrupted by a signal" },
	{ MATE_E_MEMORY, "memory", "out of memory" },
	{ MATE_E_SYSTEM, "system", "system call failed" },
	{ MATE_E_TRANSMIT, "transmit", "the command could not be sent" },
	{ MATE_E_ABORTED, "aborted", "aborted" },
	{ MATE_E_NO_REPLY, "no_reply", "no reply" },
	{ MATE_E_REFUSED, "refused", "the device refused the command" },
	{ MATE_E_CHECKSUM, "checksum", "reply with a bad checksum" },
	{ MATE_E_SHORT, "short", "reply too short" },
	{ MATE_E_LONG, "long", "reply too long" },
	{ MATE_E_MARK, "mark", "reply with wrong ninth bits" },
	{ MATE_E_FRAMING, "framing", "framing error in the reply" },
	{ MATE_E_BREAK, "break", "break on the line" },
	{ MATE_E_OVERRUN, "overrun", "receive overrun, bytes lost" },
	{ MATE_E_DEVICE, "device", "this type of device does not have that" },
	{ MATE_E_VALUE, "value", "not a value of this register" },
	{ MATE_E_RANGE, "range", "outside what is allowed" },
	{ MATE_E_ACCESS, "access", "the register does not take that" },
};

static size_t find(int err)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].err == err)
			return i;
	return sizeof(errors) / sizeof(errors[0]);
}

const char *mate_strerror(int err)
{
	size_t i = find(err);

	return i < sizeof(errors) / sizeof(errors[0]) ? errors[i].text : "unknown error";
}

const char *mate_errname(int err)
{
	size_t i = find(err);

	return i < sizeof(errors) / sizeof(errors[0]) ? errors[i].name : "unknown";
}

const struct mate_detail *mate_last_detail(void)
{
	return &detail;
}

struct mate_detail *mate_detail_clear(void)
{
	memset(&detail, 0, sizeof(detail));
	return &detail;
}

int mate_not_allowed(int err, const struct mate_reg_desc *reg, bool is_230v)
{
	mate_detail_clear();
	mate_reg_allowed(reg, is_230v, detail.text, sizeof(detail.text));
	return err;
}

bool mate_was_sent(void)
{
	return detail.status & MATENET_ST_TX_DONE;
}

int mate_errno_error(int sys_errno)
{
	static const struct {
		int sys_errno, err;
	} map[] = {
		{ EINVAL, MATE_E_INVALID },
		{ ENOENT, MATE_E_NO_BUS },
		{ ENOTTY, MATE_E_NOT_A_BUS },
		{ EACCES, MATE_E_PERMISSION },
		{ EPERM, MATE_E_PERMISSION },
		{ ENODEV, MATE_E_GONE },
		{ ENXIO, MATE_E_GONE },
		{ EBUSY, MATE_E_BUSY },
		{ EINTR, MATE_E_INTERRUPTED },
		{ ENOMEM, MATE_E_MEMORY },
	};

	detail.sys_errno = sys_errno;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].sys_errno == sys_errno)
			return map[i].err;
	return MATE_E_SYSTEM;
}

int mate_status_error(uint32_t status)
{
	/* The cause before its consequences: an overrun also makes a reply short. */
	static const struct {
		uint32_t bit;
		int err;
	} map[] = {
		{ MATENET_ST_ABORTED, MATE_E_ABORTED },
		{ MATENET_ST_TX_ERROR, MATE_E_TRANSMIT },
		{ MATENET_ST_REFUSED, MATE_E_REFUSED },
		{ MATENET_ST_OVERRUN, MATE_E_OVERRUN },
		{ MATENET_ST_BREAK, MATE_E_BREAK },
		{ MATENET_ST_FRAMING, MATE_E_FRAMING },
		{ MATENET_ST_TIMEOUT, MATE_E_NO_REPLY },
		{ MATENET_ST_SHORT, MATE_E_SHORT },
		{ MATENET_ST_LONG, MATE_E_LONG },
		{ MATENET_ST_CHECKSUM, MATE_E_CHECKSUM },
		{ MATENET_ST_MARK, MATE_E_MARK },
	};

	if (status & MATENET_ST_OK)
		return 0;
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (status & map[i].bit)
			return map[i].err;
	return MATE_E_ABORTED;
}
