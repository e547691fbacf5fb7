/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The emulator: a process that is a USB serial adapter with a nine-bit wire and a
 * simulated device behind it.  Below: what a chip's description is made of.
 */
#ifndef ADAPTER_H
#define ADAPTER_H

#include <stdbool.h>
#include <stdint.h>

#include "rig.h"
#include "usbip.h"
#include "wire.h"

#define CHIP_STALL	(-1)	/* "I do not know this request" */
#define CHIP_PACKET	64

struct adapter {
	const struct chip *chip;
	struct rig *rig;
	struct wire wire;
	int fd;

	struct urb *control, *bulk_in, *bulk_out, *interrupt;	/* the host waits for */
	uint64_t asked;		/* a request came, and is not done before */

	uint8_t reg[256];	/* what the chip keeps: its own business */
	uint64_t sent_at;	/* of the last packet to the host */
	uint64_t late_at;	/* a state that comes too late is of then */
};

struct chip {
	const char *name;
	const char *driver;		/* module */
	const char *strings[2];		/* manufacturer, product */
	uint16_t vendor, product, usb, version;
	uint8_t class, packet0;
	/* Endpoints by their addresses, 0: none. */
	uint8_t bulk_in, bulk_out, interrupt;
	uint8_t packet;
	uint8_t tx_room;
	bool no_serial;
	bool tells_empty;		/* its driver asks it whether it has sent all */

	void (*reset)(struct adapter *a);
	/*
	 * A request of class or vendor at @now, with data of the host in @data; returns
	 * how many bytes of answer are in @data, or CHIP_STALL.
	 */
	int (*request)(struct adapter *a, uint64_t now, const struct setup *s, uint8_t *data);
	/* From when on there is something for the host, and that, at most a packet. */
	uint64_t (*in_at)(const struct adapter *a);
	unsigned int (*in)(struct adapter *a, uint64_t now, uint8_t *data);
	/* The same for the interrupt endpoint, if there is one. */
	uint64_t (*state_at)(const struct adapter *a);
	unsigned int (*state)(struct adapter *a, uint8_t *data);
};

extern const struct chip chip_ft232r, chip_cp2101, chip_cp2102, chip_cp2102_clone, chip_ch341,
	chip_ch341_old, chip_pl2303;

/* A request that every USB device knows (descriptors and the like), as chip->request. */
int control_standard(const struct chip *chip, const struct setup *s, uint8_t *data);

/* Drivers loaded; the tty is there when it returns. Ends the program if not. */
#define ADAPTER_TTY	"/dev/ttyUSB0"
void adapter_load(const struct chip *chip);
struct rig *adapter_rig(void);
int adapter_plug(const struct chip *chip, struct rig *rig);	/* a process id */
/*
 * The tty is gone and the port of the hub can be used again; false if not in time, or
 * the emulator failed.
 */
bool adapter_wait_gone(int pid);
void adapter_pull(int pid);

/* The emulator itself, for as long as it is plugged in. */
void adapter_run(const struct chip *chip, struct rig *rig, int fd);

#endif
