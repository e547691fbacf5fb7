// SPDX-License-Identifier: GPL-2.0-or-later
/* The kinds of UART, as the sources of their drivers describe them, and what to expect. */
#include <linux/matenet.h>

#include "kinds.h"

#define BEST	{ { WORKS, 0 }, { WORKS, 0 }, { WORKS, 0 } }
#define USB	"start=1000 fifo=64 "

const struct kind kinds[] = {
	{
		.name = "exact flags",
		.stands = "``8250`` without DMA, as ``matetool attach`` sets it",
		.does = "16-byte FIFO, an interrupt for every byte",
		.knobs = "", .trigger = 1, .expected = BEST,
	}, {
		.name = "exact flags, FIFO trigger",
		.stands = "``8250`` as it comes, ``amba-pl011``, ``omap-serial``",
		.does = "16-byte FIFO, an interrupt after 8 bytes or 4 characters of silence",
		.knobs = "", .trigger = 8,
		.expected = { { WORKS, 0 }, { WORKS, 0 }, { WORKS, LIMIT_LATE } },
	}, {
		.name = "1-byte FIFO",
		.stands = "16450 and older, many microcontrollers",
		.does = "no FIFO",
		.knobs = "fifo=1", .expected = BEST,
	}, {
		.name = "64-byte FIFO",
		.stands = "16750, large PCI cards, as ``matetool attach`` sets them",
		.does = "64-byte FIFO, an interrupt for every byte",
		.knobs = "fifo=64", .trigger = 1, .expected = BEST,
	}, {
		.name = "64-byte FIFO, FIFO trigger",
		.stands = "16750, large PCI cards, as they come",
		.does = "64-byte FIFO, an interrupt after 32 bytes or 4 characters of silence",
		.knobs = "fifo=64", .trigger = 32,
		.expected = { { WORKS, 0 }, { WORKS, 0 }, { WORKS, LIMIT_LATE } },
	}, {
		.name = "FIFO cleared on set_termios",
		.stands = "``8250_dw``, MediaTek and Nuvoton 8250",
		.does = "a change of parity empties the receive FIFO",
		.knobs = "fifo_clear=yes", .trigger = 1, .expected = BEST,
	}, {
		.name = "parity at its bit",
		.stands = "chips that take the parity when they send it, not when they load it",
		.does = "a change of parity counts for the byte under way",
		.knobs = "latch=parity", .trigger = 1, .expected = BEST,
	}, {
		.name = "exact flags on USB",
		.stands = "``cp210x``, ``f81232``, ``f81534``",
		.does = "begins to send 1 ms late",
		.knobs = USB, .trigger = 1, .expected = BEST,
	}, {
		.name = "per-packet flags",
		.stands = "``ftdi_sio``, ``ark3116``",
		.does = "one flag for all of a USB packet, which holds a whole frame",
		.knobs = USB "flags=packet", .trigger = 56,
		.expected = { { WORKS, LIMIT_LENGTH },
			      { WORKS, LIMIT_LENGTH | LIMIT_LEARNS },
			      { WORKS, LIMIT_LENGTH | LIMIT_UNKNOWN | LIMIT_LEARNS | LIMIT_LATE } },
	}, {
		.name = "per-packet flags, small packets",
		.stands = "``ftdi_sio`` with ``latency_timer`` 1",
		.does = "one flag for all of a USB packet, which holds some bytes",
		.knobs = "start=1000 flags=packet", .trigger = 4,
		.expected = { { WORKS, LIMIT_LENGTH },
			      { WORKS, LIMIT_LENGTH | LIMIT_LEARNS },
			      { WORKS, LIMIT_LENGTH | LIMIT_UNKNOWN | LIMIT_LEARNS | LIMIT_LATE } },
	}, {
		.name = "wrong-packet flags",
		.stands = "``pl2303``",
		.does = "the flag comes with the next packet; parity counts for the byte under way; "
			"no way to ask if all is sent",
		.knobs = USB "flags=next txempty=no latch=parity", .trigger = 56,
		.expected = { { WORKS, LIMIT_LENGTH | LIMIT_TIME | LIMIT_LEARNS },
			      { WORKS, LIMIT_LENGTH | LIMIT_TIME | LIMIT_LEARNS },
			      { WORKS, LIMIT_LENGTH | LIMIT_UNKNOWN | LIMIT_LEARNS | LIMIT_LATE } },
	}, {
		.name = "no flags",
		.stands = "``ch341``, ``cdc-acm``, ``xr_serial``",
		.does = "parity errors are never told; parity may count for the byte under way; "
			"no way to ask if all is sent",
		.knobs = USB "flags=never txempty=no latch=parity", .trigger = 56,
		.expected = { { WORKS, LIMIT_LENGTH | LIMIT_TIME | LIMIT_LEARNS },
			      { WORKS, LIMIT_LENGTH | LIMIT_TIME },
			      { WORKS, LIMIT_LENGTH | LIMIT_UNKNOWN | LIMIT_LATE } },
	}, {
		.name = "no flags, transmitter-empty",
		.stands = "``8250`` with receive DMA, ``fsl_lpuart``",
		.does = "parity errors are never told",
		.knobs = "flags=never", .trigger = 1,
		.expected = { { WORKS, LIMIT_LENGTH }, { WORKS, LIMIT_LENGTH },
			      { WORKS, LIMIT_LENGTH | LIMIT_UNKNOWN } },
	}, {
		.name = "no transmitter-empty",
		.stands = "drivers that always say that all is sent",
		.does = "no way to ask if all is sent; begins to send 1 ms late",
		.knobs = "txempty=no start=1000 latch=parity", .trigger = 1,
		.expected = { { WORKS, LIMIT_TIME | LIMIT_LEARNS }, { WORKS, LIMIT_TIME },
			      { WORKS, 0 } },
	}, {
		.name = "CMSPAR cleared",
		.stands = "``max310x``, ``sc16is7xx``, Samsung, Tegra, ``keyspan``",
		.does = "even and odd parity only, and says so",
		.knobs = "cmspar=cleared", .trigger = 1,
		.expected = { { WORKS, LIMIT_EVENODD }, { WORKS, LIMIT_EVENODD }, { WORKS, 0 } },
	}, {
		.name = "CMSPAR cleared, no flags",
		.stands = "``ti_usb_3410_5052``, ``mct_u232``",
		.does = "even and odd parity only, and says so; parity errors are never told",
		.knobs = USB "cmspar=cleared flags=never txempty=no latch=parity", .trigger = 56,
		.expected = { { WORKS, LIMIT_EVENODD | LIMIT_LENGTH | LIMIT_TIME | LIMIT_LEARNS },
			      { WORKS, LIMIT_EVENODD | LIMIT_LENGTH | LIMIT_TIME | LIMIT_LEARNS },
			      { WORKS, LIMIT_LENGTH | LIMIT_UNKNOWN | LIMIT_LEARNS | LIMIT_LATE } },
	}, {
		.name = "CMSPAR ignored",
		.stands = "``imx``, ``stm32``, ``meson``, ``sh-sci``, as they come",
		.does = "even and odd parity only, and says otherwise",
		.knobs = "cmspar=ignored", .trigger = 1,
		.expected = { { FAILS, 0 }, { FAILS, 0 },
			      { WORKS, LIMIT_LENGTH | LIMIT_UNKNOWN | LIMIT_LEARNS } },
	}, {
		.name = "CMSPAR ignored, told so",
		.stands = "the same with ``parity=evenodd``, as ``matetool uart`` finds out",
		.does = "even and odd parity only",
		.knobs = "cmspar=ignored", .trigger = 1, .parity = MATENET_PARITY_EVENODD,
		.expected = { { WORKS, LIMIT_SETTING | LIMIT_EVENODD },
			      { WORKS, LIMIT_SETTING | LIMIT_EVENODD }, { WORKS, LIMIT_SETTING } },
	}, {
		.name = "no parity",
		.stands = "Raspberry Pi mini UART, ptys, consoles",
		.does = "no parity bit at all, and says so",
		.knobs = "cmspar=none", .trigger = 1,
		.expected = { { REFUSED, 0 }, { REFUSED, 0 }, { REFUSED, 0 } },
	}, {
		.name = "clock 2 % fast",
		.stands = "UARTs whose clock does not divide well",
		.does = "bits are 2 % too short",
		.knobs = "ppm=20000", .trigger = 1, .expected = BEST,
	}, {
		.name = "clock 2 % slow",
		.stands = "the same",
		.does = "bits are 2 % too long",
		.knobs = "ppm=-20000", .trigger = 1, .expected = BEST,
	},
};

const unsigned int n_kinds = sizeof(kinds) / sizeof(kinds[0]);
