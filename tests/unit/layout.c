// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The layout of every struct of the interface, by static assertion: compiled, and
 * nothing else, by layout_test.sh for all ABIs of one kernel, as C and as C++.  The
 * numbers are what programs in other languages have written down.  They never change.
 */
#include <stddef.h>
#include <linux/matenet.h>

#ifdef __cplusplus
#define _Static_assert	static_assert
#define _Alignof	alignof
#endif

#define MEMBER_SIZE(s, m)	sizeof(((struct s *)0)->m)
#define SIZE(s, size)								\
	_Static_assert(sizeof(struct s) == (size), "size of " #s)
#define ALIGN(s, align)								\
	_Static_assert(_Alignof(struct s) == (align), "alignment of " #s)
#define MEMBER(s, m, offset, size)						\
	_Static_assert(offsetof(struct s, m) == (offset), "offset of " #s "." #m); \
	_Static_assert(MEMBER_SIZE(s, m) == (size), "size of " #s "." #m)

SIZE(matenet_caps, 112);
ALIGN(matenet_caps, 4);
MEMBER(matenet_caps, driver, 0, 16);
MEMBER(matenet_caps, tty, 16, 32);
MEMBER(matenet_caps, capabilities, 48, 4);
MEMBER(matenet_caps, bus, 52, 4);
MEMBER(matenet_caps, max_data, 56, 4);
MEMBER(matenet_caps, max_queue, 60, 4);
MEMBER(matenet_caps, framing, 64, 4);
MEMBER(matenet_caps, parity, 68, 4);
MEMBER(matenet_caps, reserved, 72, 40);

SIZE(matenet_config, 64);
ALIGN(matenet_config, 4);
MEMBER(matenet_config, baud, 0, 4);
MEMBER(matenet_config, role, 4, 4);
MEMBER(matenet_config, framing, 8, 4);
MEMBER(matenet_config, parity, 12, 4);
MEMBER(matenet_config, flags, 16, 4);
MEMBER(matenet_config, reply_timeout_us, 20, 4);
MEMBER(matenet_config, gap_us, 24, 4);
MEMBER(matenet_config, turnaround_us, 28, 4);
MEMBER(matenet_config, tx_guard_us, 32, 4);
MEMBER(matenet_config, late_us, 36, 4);
MEMBER(matenet_config, join, 40, 4);
MEMBER(matenet_config, reserved, 44, 20);

SIZE(matenet_mode, 32);
ALIGN(matenet_mode, 8);
MEMBER(matenet_mode, mode, 0, 4);
MEMBER(matenet_mode, flags, 4, 4);
MEMBER(matenet_mode, port_mask, 8, 8);
MEMBER(matenet_mode, reserved, 16, 16);

SIZE(matenet_xfer, 128);
ALIGN(matenet_xfer, 8);
MEMBER(matenet_xfer, user_data, 0, 8);
MEMBER(matenet_xfer, tx_ts, 8, 8);
MEMBER(matenet_xfer, rx_ts, 16, 8);
MEMBER(matenet_xfer, sequence, 24, 4);
MEMBER(matenet_xfer, flags, 28, 4);
MEMBER(matenet_xfer, status, 32, 4);
MEMBER(matenet_xfer, timeout_us, 36, 4);
MEMBER(matenet_xfer, tx_len, 40, 1);
MEMBER(matenet_xfer, rx_len, 41, 1);
MEMBER(matenet_xfer, retries, 42, 1);
MEMBER(matenet_xfer, attempts, 43, 1);
MEMBER(matenet_xfer, reserved8, 44, 4);
MEMBER(matenet_xfer, reserved, 48, 16);
MEMBER(matenet_xfer, tx, 64, 32);
MEMBER(matenet_xfer, rx, 96, 32);

SIZE(matenet_batch, 32);
ALIGN(matenet_batch, 8);
MEMBER(matenet_batch, xfers, 0, 8);
MEMBER(matenet_batch, count, 8, 4);
MEMBER(matenet_batch, done, 12, 4);
MEMBER(matenet_batch, flags, 16, 4);
MEMBER(matenet_batch, reserved, 20, 12);

SIZE(matenet_reply, 56);
ALIGN(matenet_reply, 4);
MEMBER(matenet_reply, sequence, 0, 4);
MEMBER(matenet_reply, flags, 4, 4);
MEMBER(matenet_reply, len, 8, 1);
MEMBER(matenet_reply, reserved8, 9, 3);
MEMBER(matenet_reply, reserved, 12, 12);
MEMBER(matenet_reply, data, 24, 32);

SIZE(matenet_frame, 80);
ALIGN(matenet_frame, 8);
MEMBER(matenet_frame, mark, 0, 8);
MEMBER(matenet_frame, sequence, 8, 4);
MEMBER(matenet_frame, flags, 12, 4);
MEMBER(matenet_frame, status, 16, 4);
MEMBER(matenet_frame, len, 20, 1);
MEMBER(matenet_frame, reserved8, 21, 3);
MEMBER(matenet_frame, data, 24, 40);
MEMBER(matenet_frame, reserved, 64, 16);

SIZE(matenet_record, 192);
ALIGN(matenet_record, 8);
MEMBER(matenet_record, ts, 0, 8);
MEMBER(matenet_record, type, 8, 4);
MEMBER(matenet_record, flags, 12, 4);
MEMBER(matenet_record, lost, 16, 4);
MEMBER(matenet_record, reserved, 20, 12);
MEMBER(matenet_record, xfer, 32, 128);
MEMBER(matenet_record, frame, 32, 80);
MEMBER(matenet_record, state, 32, 64);
MEMBER(matenet_record, raw, 32, 160);

/* Direction (1: to the driver, 2: from it), size, letter and number of a request. */
#define REQUEST(name, direction, size, number)					\
	_Static_assert(MATENET_IOC_##name ==					\
		       ((direction) << 30 | (size) << 16 | 0xBCU << 8 | (number)), #name)

REQUEST(G_CAPS, 2U, 112U, 0x00U);
REQUEST(G_CONFIG, 2U, 64U, 0x01U);
REQUEST(S_CONFIG, 3U, 64U, 0x02U);
REQUEST(G_MODE, 2U, 32U, 0x03U);
REQUEST(S_MODE, 1U, 32U, 0x04U);
REQUEST(XFER, 3U, 128U, 0x10U);
REQUEST(SUBMIT, 3U, 128U, 0x11U);
REQUEST(BATCH, 3U, 32U, 0x12U);
REQUEST(CANCEL, 1U, 4U, 0x13U);
REQUEST(REPLY, 1U, 56U, 0x20U);
