/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ninth bit in terms of parity: what a UART that knows only eight bits
 * and parity sends and sees.  Pure functions, no tty.
 *
 * A word is nine bits: the byte, and NINTH (0x100) when the ninth bit is 1.
 */
#ifndef MATESIM_NINTH_H
#define MATESIM_NINTH_H

#include <stdbool.h>
#include <stdint.h>

#define NINTH 0x100u

enum ninth_method {
	NINTH_STICK,	/* mark and space parity (CMSPAR) */
	NINTH_EVENODD,	/* even or odd parity chosen for every byte */
};

enum ninth_parity { NINTH_SPACE, NINTH_MARK, NINTH_EVEN, NINTH_ODD };

/* The setting under which the UART sends @word with its ninth bit. */
enum ninth_parity ninth_setting(enum ninth_method method, uint16_t word);

/*
 * Undo what the tty does to received bytes under PARMRK|INPCK: FF FF is a
 * data byte FF, FF 00 xx is xx with a wrong parity bit.  Any setting will do
 * to receive, so that nothing need be switched after sending.
 */
struct ninth_rx {
	enum ninth_parity setting;	/* the UART's at present */
	enum { NINTH_RX_DATA, NINTH_RX_FF, NINTH_RX_FF00 } state;
};

/* True when @raw completes a word. */
bool ninth_rx(struct ninth_rx *rx, uint8_t raw, uint16_t *word);

#endif
