/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/*
 * MateNET - 9-bit packet bus over a UART, userspace interface
 *
 * One struct matenet_xfer is one transaction: a command and its reply.  An
 * ioctl that returns 0 says only that the transaction ran to an end; what
 * happened on the wire is in @status.  errno is kept for wrong use of the
 * interface.
 *
 * All reserved fields, unknown flag bits and unused bytes must be 0: the
 * driver answers -EINVAL to anything else, so they can get a meaning later.
 * Times are nanoseconds of CLOCK_MONOTONIC unless a name says otherwise.
 */
#ifndef _UAPI_LINUX_MATENET_H
#define _UAPI_LINUX_MATENET_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Bytes of a frame without its checksum; the longest one known has 15. */
#define MATENET_MAX_DATA	32

/* Second byte of a command: what the device is asked to do. */
#define MATENET_CMD_DEC		0	/* decrement, or disable */
#define MATENET_CMD_INC		1	/* increment, or enable */
#define MATENET_CMD_READ	2
#define MATENET_CMD_WRITE	3
#define MATENET_CMD_STATUS	4
#define MATENET_CMD_LOG		22

/* matenet_config.role: the side of the wiring this UART is on */
#define MATENET_ROLE_MONITOR	0	/* listen only, transmitter never used */
#define MATENET_ROLE_CONTROLLER	1	/* sends commands, takes replies */
#define MATENET_ROLE_DEVICE	2	/* takes commands, sends replies */

/* matenet_config.framing: how the start of a received frame is found */
#define MATENET_FRAMING_AUTO	0	/* choose from what the tty reports */
#define MATENET_FRAMING_MARK	1	/* 9th bit, from per-byte parity flags */
#define MATENET_FRAMING_GAP	2	/* length, checksum and idle line only */

/* matenet_config.parity: how the 9th bit is put on the wire */
#define MATENET_PARITY_AUTO	0	/* stick if the tty keeps CMSPAR */
#define MATENET_PARITY_STICK	1	/* mark/space, one switch per frame */
#define MATENET_PARITY_EVENODD	2	/* even/odd chosen per byte, slow */

/* matenet_caps.capabilities */
#define MATENET_CAP_TX		(1U << 0)	/* can transmit at all */
#define MATENET_CAP_CMSPAR	(1U << 1)	/* tty kept CMSPAR when set */
#define MATENET_CAP_RX_MARK	(1U << 2)	/* a 9th bit has been received */
#define MATENET_CAP_TX_EMPTY	(1U << 3)	/* tty can say when it has sent all */

/**
 * struct matenet_caps - what the bus and this driver can do
 * @driver: module name
 * @tty: name of the tty below, for example "ttyS1"
 * @capabilities: MATENET_CAP_* bits
 * @bus: number N of /dev/matenetN
 * @max_data: MATENET_MAX_DATA of the running driver
 * @max_queue: transactions one file may have queued
 * @framing: MATENET_FRAMING_MARK or _GAP, the one in force
 * @parity: MATENET_PARITY_STICK or _EVENODD, the one in force
 * @reserved: 0
 */
struct matenet_caps {
	char driver[16];
	char tty[32];
	__u32 capabilities;
	__u32 bus;
	__u32 max_data;
	__u32 max_queue;
	__u32 framing;
	__u32 parity;
	__u32 reserved[10];
};

/* matenet_config.flags */
#define MATENET_CFG_STRICT	(1U << 0)	/* a wrong 9th bit fails the reply */
#define MATENET_CFG_WRITABLE	(1U << 1)	/* commands that change state may be sent */

/**
 * struct matenet_config - settings of a bus, shared by all its users
 * @baud: line speed in bit/s, 300 to 115200; 9600 by default
 * @role: MATENET_ROLE_*
 * @framing: MATENET_FRAMING_*
 * @parity: MATENET_PARITY_*
 * @flags: MATENET_CFG_*
 * @reply_timeout_us: wait for the first byte of a reply, from the end of the
 *	command; 1000 to 10000000, 45000 by default
 * @gap_us: idle time that ends a damaged or unmarked reply; 1000 to 1000000,
 *	20000 by default
 * @turnaround_us: least idle time before a command is sent; 0 to 1000000,
 *	1000 by default
 * @tx_guard_us: added to one character time before the parity is switched;
 *	20 to 10000, 50 by default; grows by itself with a slow UART
 * @late_us: after a command without a reply nothing is sent until this long
 *	after its end, so that a late reply is not taken for the next one's;
 *	0 to 10000000, 100000 by default
 * @join: role monitor: 0, or 1 + the number of another bus, whose monitors get
 *	what is heard here, as the other direction of theirs
 * @reserved: 0
 */
struct matenet_config {
	__u32 baud;
	__u32 role;
	__u32 framing;
	__u32 parity;
	__u32 flags;
	__u32 reply_timeout_us;
	__u32 gap_us;
	__u32 turnaround_us;
	__u32 tx_guard_us;
	__u32 late_us;
	__u32 join;
	__u32 reserved[5];
};

/* matenet_mode.mode, per open file */
#define MATENET_MODE_USER	0	/* default: share the bus */
#define MATENET_MODE_NONE	1	/* configuration and statistics only */
#define MATENET_MODE_EXCLUSIVE	2	/* nobody else may transmit */
#define MATENET_MODE_MONITOR	3	/* a copy of every frame; CAP_NET_ADMIN */

/**
 * struct matenet_mode - what this open file wants of the bus
 * @mode: MATENET_MODE_*
 * @flags: 0
 * @port_mask: device role: ports to take commands for, bit 0 is port 0; 0 by
 *	default
 * @reserved: 0
 */
struct matenet_mode {
	__u32 mode;
	__u32 flags;
	__aligned_u64 port_mask;
	__u32 reserved[4];
};

/* matenet_xfer.flags */
#define MATENET_XFER_NO_REPLY	(1U << 0)	/* done when the last bit is out */
#define MATENET_XFER_RAW	(1U << 1)	/* no checksum added or checked */
#define MATENET_XFER_STOP	(1U << 2)	/* batch: stop here unless OK */

/*
 * Status bits.  OK is set only together with TX_DONE.  JUNK, and MARK unless
 * MATENET_CFG_STRICT is set, may accompany OK: the reply was right by length
 * and checksum, but something about it was not as it should be.
 *
 * TX_DONE without OK means the command may have had its effect.
 */
#define MATENET_ST_OK		(1U << 0)	/* done, and everything checked out */
#define MATENET_ST_TX_DONE	(1U << 1)	/* the whole command was on the wire */
#define MATENET_ST_TX_ERROR	(1U << 2)	/* tty refused it or never drained */
#define MATENET_ST_TIMEOUT	(1U << 3)	/* not one byte of a reply */
#define MATENET_ST_CHECKSUM	(1U << 4)	/* right length, wrong checksum */
#define MATENET_ST_SHORT	(1U << 5)	/* fewer bytes than expected */
#define MATENET_ST_LONG		(1U << 6)	/* more bytes than expected */
#define MATENET_ST_MARK		(1U << 7)	/* 9th bit missing or misplaced */
#define MATENET_ST_FRAMING	(1U << 8)	/* a stop bit was missing */
#define MATENET_ST_BREAK	(1U << 9)	/* the line was held low */
#define MATENET_ST_OVERRUN	(1U << 10)	/* the UART or the tty lost bytes */
#define MATENET_ST_JUNK		(1U << 11)	/* bytes before the reply, skipped */
#define MATENET_ST_REFUSED	(1U << 12)	/* device answered with bit 7 set */
#define MATENET_ST_ABORTED	(1U << 13)	/* cancelled, closed or hung up */
#define MATENET_ST_SKIPPED	(1U << 14)	/* batch stopped before this one */

/**
 * struct matenet_xfer - one transaction: a command and its reply
 * @user_data: not looked at, returned as it came
 * @tx_ts: out: when the last command byte had left the wire
 * @rx_ts: out: when the last reply byte reached the line discipline
 * @sequence: out: number of the transaction on this bus, never 0
 * @flags: MATENET_XFER_*
 * @status: out: MATENET_ST_*
 * @timeout_us: wait for the first reply byte, up to 10000000;
 *	0: reply_timeout_us of the bus
 * @tx_len: bytes of @tx, checksum not included
 * @rx_len: in: reply length to expect, checksum not included; 0: as the
 *	command's reply is known to be, or what comes before a gap.
 *	out: bytes of @rx
 * @retries: in: times to send again after a silent or damaged reply, up to
 *	15; -EINVAL with a command that must not be sent twice
 * @attempts: out: times tried
 * @reserved8: 0
 * @reserved: 0
 * @tx: command; tx[0] is the byte that carries the 9th bit; unused bytes 0
 * @rx: out: reply; rx[0] is the byte that carried the 9th bit
 */
struct matenet_xfer {
	__aligned_u64 user_data;
	__aligned_u64 tx_ts;
	__aligned_u64 rx_ts;
	__u32 sequence;
	__u32 flags;
	__u32 status;
	__u32 timeout_us;
	__u8 tx_len;
	__u8 rx_len;
	__u8 retries;
	__u8 attempts;
	__u8 reserved8[4];
	__u32 reserved[4];
	__u8 tx[MATENET_MAX_DATA];
	__u8 rx[MATENET_MAX_DATA];
};

#define MATENET_MAX_BATCH	64

/**
 * struct matenet_batch - transactions with nothing of others between
 * @xfers: user pointer to @count struct matenet_xfer, written back
 * @count: 1 to MATENET_MAX_BATCH
 * @done: out: how many ran
 * @flags: 0
 * @reserved: 0
 */
struct matenet_batch {
	__aligned_u64 xfers;
	__u32 count;
	__u32 done;
	__u32 flags;
	__u32 reserved[3];
};

/**
 * struct matenet_reply - answer to a command taken in the device role
 * @sequence: matenet_frame.sequence of the command
 * @flags: MATENET_XFER_RAW or 0
 * @len: bytes of @data, checksum not included
 * @reserved8: 0
 * @reserved: 0
 * @data: reply; data[0] gets the 9th bit; unused bytes 0
 */
struct matenet_reply {
	__u32 sequence;
	__u32 flags;
	__u8 len;
	__u8 reserved8[3];
	__u32 reserved[3];
	__u8 data[MATENET_MAX_DATA];
};

/* matenet_frame.flags */
#define MATENET_FRAME_TX	(1U << 0)	/* sent by this host */
#define MATENET_FRAME_JOINED	(1U << 1)	/* heard by the tty that has joined the bus */

/* Bytes of a frame as it is recorded, checksum included. */
#define MATENET_MAX_FRAME	40

/**
 * struct matenet_frame - one frame as seen on the wire
 * @mark: bit i: data[i] carried the 9th bit; 0 without MARK in @status: unknown
 * @sequence: number of the frame on this bus, never 0
 * @flags: MATENET_FRAME_*
 * @status: MATENET_ST_*: OK, CHECKSUM, SHORT, MARK and line errors; LONG if
 *	there were more bytes than @data holds: they are in the next frame
 * @len: bytes of @data, checksum included
 * @reserved8: 0
 * @data: the frame
 * @reserved: 0
 */
struct matenet_frame {
	__aligned_u64 mark;
	__u32 sequence;
	__u32 flags;
	__u32 status;
	__u8 len;
	__u8 reserved8[3];
	__u8 data[MATENET_MAX_FRAME];
	__u32 reserved[4];
};

/* matenet_record.type */
#define MATENET_REC_XFER	1	/* a submitted transaction has ended */
#define MATENET_REC_COMMAND	2	/* device role: answer with MATENET_IOC_REPLY */
#define MATENET_REC_FRAME	3	/* monitor mode */
#define MATENET_REC_STATE	4	/* the configuration has changed */

/* matenet_record.flags */
#define MATENET_REC_LOST	(1U << 0)	/* records before this one were dropped */

/* Records that wait for one file before the oldest are dropped. */
#define MATENET_MAX_RECORDS	256

/**
 * struct matenet_record - what read() returns, always whole records
 * @ts: when it happened
 * @type: MATENET_REC_*
 * @flags: MATENET_REC_LOST
 * @lost: how many were dropped, with MATENET_REC_LOST
 * @reserved: 0
 * @xfer: for MATENET_REC_XFER
 * @frame: for MATENET_REC_COMMAND and MATENET_REC_FRAME
 * @state: for MATENET_REC_STATE
 * @raw: size of the union, room for later types
 */
struct matenet_record {
	__aligned_u64 ts;
	__u32 type;
	__u32 flags;
	__u32 lost;
	__u32 reserved[3];
	union {
		struct matenet_xfer xfer;
		struct matenet_frame frame;
		struct matenet_config state;
		__aligned_u64 raw[20];
	};
};

#define MATENET_IOC_MAGIC	0xBC

#define MATENET_IOC_G_CAPS	_IOR(MATENET_IOC_MAGIC, 0x00, struct matenet_caps)
#define MATENET_IOC_G_CONFIG	_IOR(MATENET_IOC_MAGIC, 0x01, struct matenet_config)
#define MATENET_IOC_S_CONFIG	_IOWR(MATENET_IOC_MAGIC, 0x02, struct matenet_config)
#define MATENET_IOC_G_MODE	_IOR(MATENET_IOC_MAGIC, 0x03, struct matenet_mode)
#define MATENET_IOC_S_MODE	_IOW(MATENET_IOC_MAGIC, 0x04, struct matenet_mode)
#define MATENET_IOC_XFER	_IOWR(MATENET_IOC_MAGIC, 0x10, struct matenet_xfer)
#define MATENET_IOC_SUBMIT	_IOWR(MATENET_IOC_MAGIC, 0x11, struct matenet_xfer)
#define MATENET_IOC_BATCH	_IOWR(MATENET_IOC_MAGIC, 0x12, struct matenet_batch)
#define MATENET_IOC_CANCEL	_IOW(MATENET_IOC_MAGIC, 0x13, __u32)
#define MATENET_IOC_REPLY	_IOW(MATENET_IOC_MAGIC, 0x20, struct matenet_reply)

#endif /* _UAPI_LINUX_MATENET_H */
