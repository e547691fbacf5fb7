/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What test and emulator share: how the adapter is to be, and what it has seen. */
#ifndef RIG_H
#define RIG_H

#include <stdbool.h>
#include <stdint.h>

#define RIG_BYTES	60000
#define RIG_NEVER	(~0u)

/* One byte on the wire. */
struct rig_byte {
	uint64_t start, end;	/* CLOCK_MONOTONIC, ns */
	uint16_t word;		/* nine bits; 0x200: there was no ninth */
	bool device;		/* that sent it, not the adapter */
	bool cut;		/* the line control was written meanwhile */
};

struct rig {
	/* USB: transfers happen once in so many microseconds. */
	unsigned int frame_us;
	/* From the arrival of a byte in an idle chip to its start bit. */
	unsigned int start_us;
	/* From the last stop bit of a command to the reply. */
	unsigned int turnaround_us;
	/* pl2303: the state of the UART comes a frame after the bytes that it belongs to */
	bool late_state;

	/* Pull the plug after so many bytes on the wire, or control requests, and a while. */
	volatile unsigned int pull_bytes, pull_requests, pull_delay_us;
	/* So long nobody but the transfers notices. */
	volatile unsigned int hub_us;

	/* When so many packets have gone to the chip it takes none for a while. */
	volatile unsigned int hold_after, hold_us;

	volatile unsigned int n, requests, bulk_out;
	volatile unsigned int latency_ms;	/* FTDI */
	/* Requests that the chip does not know, and the last of them. */
	volatile unsigned int unknown;
	uint8_t unknown_setup[8];

	struct rig_byte byte[RIG_BYTES];
};

#endif
