// SPDX-License-Identifier: GPL-2.0-or-later
/* The ninth bit in terms of parity. */
#include "ninth.h"

static bool odd_ones(uint8_t byte)
{
	return __builtin_parity(byte);
}

enum ninth_parity ninth_setting(enum ninth_method method, uint16_t word)
{
	bool ninth = word & NINTH;

	if (method == NINTH_STICK)
		return ninth ? NINTH_MARK : NINTH_SPACE;
	return ninth == odd_ones(word & 0xff) ? NINTH_EVEN : NINTH_ODD;
}

/* The parity bit that the receiver takes for right. */
static bool expected(enum ninth_parity setting, uint8_t byte)
{
	switch (setting) {
	case NINTH_SPACE:
		return false;
	case NINTH_MARK:
		return true;
	case NINTH_EVEN:
		return odd_ones(byte);
	default:
		return !odd_ones(byte);
	}
}

static uint16_t make_word(const struct ninth_rx *rx, uint8_t byte, bool wrong)
{
	return byte | (expected(rx->setting, byte) != wrong ? NINTH : 0);
}

bool ninth_rx(struct ninth_rx *rx, uint8_t raw, uint16_t *word)
{
	switch (rx->state) {
	case NINTH_RX_DATA:
		if (raw == 0xff) {
			rx->state = NINTH_RX_FF;
			return false;
		}
		*word = make_word(rx, raw, false);
		return true;
	case NINTH_RX_FF:
		if (raw == 0x00) {
			rx->state = NINTH_RX_FF00;
			return false;
		}
		/* Only FF can follow; anything else means a lost byte. */
		rx->state = NINTH_RX_DATA;
		*word = make_word(rx, raw, false);
		return true;
	case NINTH_RX_FF00:
		rx->state = NINTH_RX_DATA;
		*word = make_word(rx, raw, true);
		return true;
	}
	return false;
}
