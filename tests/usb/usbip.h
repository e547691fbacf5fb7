/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * USB/IP as a device on this machine speaks it: the kernel's vhci_hcd has one end of
 * a socket pair and takes the other for a USB device in its port 0.
 */
#ifndef USBIP_H
#define USBIP_H

#include <stdbool.h>
#include <stdint.h>

#define USBIP_PORT	0
#define USBIP_VHCI	"/sys/devices/platform/vhci_hcd.0/"

struct setup {
	uint8_t type, request;
	uint16_t value, index, length;
};

/* A transfer that the host waits for. */
struct urb {
	struct urb *next;
	uint32_t sequence;
	uint64_t due;		/* not before */
	unsigned int ep;
	bool in;
	struct setup setup;	/* of ep 0 */
	uint32_t length;	/* room for an answer, or bytes of data */
	uint8_t *data;		/* of the host */
};

/* A full-speed device; returns our end of it, or -errno; -EBUSY while a port dies. */
int usbip_attach(void);

/*
 * To the host the device is gone, and its driver with it when this returns; false if
 * that cannot be had.  The connection lasts.
 */
bool usbip_unplug(void);

enum usbip_event { USBIP_SUBMIT, USBIP_UNLINK, USBIP_GONE };

/*
 * The next thing that the host wants.  A transfer is the caller's and ends with
 * usbip_complete(); of one to be unlinked only the sequence numbers are set.
 */
struct usbip_request {
	enum usbip_event event;
	struct urb *urb;
	uint32_t sequence, victim;
};

struct usbip_request usbip_read(int fd);

/* @status is 0 or -errno; @data only for a transfer to the host. */
void usbip_complete(int fd, struct urb *urb, int status, const void *data, uint32_t length);
void usbip_unlinked(int fd, uint32_t sequence, bool was_there);

#endif
