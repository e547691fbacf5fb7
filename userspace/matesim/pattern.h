/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What matesim --pattern answers: every answer is a function of its question,
 * so that a test can tell whose answer it got.  Simple enough for a shell:
 *
 *   READ, INC, DEC  value    = (addr * 40503 + port * 4099 + 12345) & 0xffff
 *   WRITE           value    = the value written
 *   STATUS          byte i   = (pattern(port, addr)  + 37 * i) & 0xff
 *   LOG             byte i   = (pattern(port, param) + 91 * i) & 0xff
 *
 * with i counting the data bytes from 0.  Byte 0 of the reply is 02 for READ,
 * 03 for WRITE and STATUS, 16 for LOG, and the command for INC and DEC.
 * Ports 0 to 10 answer.
 */
#ifndef MATESIM_PATTERN_H
#define MATESIM_PATTERN_H

#include <stdint.h>

/* For a given port no two registers share a value: 40503 is odd. */
static inline uint16_t matesim_pattern(uint8_t port, uint16_t addr)
{
	return (uint16_t)(addr * 40503u + port * 4099u + 12345u);
}

static inline uint8_t matesim_pattern_status(uint8_t port, uint16_t page,
					     unsigned int i)
{
	return (uint8_t)(matesim_pattern(port, page) + 37u * i);
}

static inline uint8_t matesim_pattern_log(uint8_t port, uint16_t day,
					  unsigned int i)
{
	return (uint8_t)(matesim_pattern(port, day) + 91u * i);
}

#endif
