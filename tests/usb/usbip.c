// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "usbip.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Documentation/usb/usbip_protocol.rst of the kernel; everything big-endian. */
enum { CMD_SUBMIT = 1, CMD_UNLINK, RET_SUBMIT, RET_UNLINK };

#define DIR_IN		1
#define SPEED_FULL	2
#define NOT_ISO		0xffffffff

struct header {
	uint32_t command, sequence, device, direction, ep;
	union {
		struct {
			uint32_t flags, length, frame, packets, interval;
			uint8_t setup[8];
		} submit;
		struct {
			uint32_t status, length, frame, packets, errors;
		} ret;
		uint32_t victim;
		uint32_t pad[7];
	} u;
};

int usbip_attach(void)
{
	int pair[2], vhci, ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		err(1, "socketpair");
	vhci = open(USBIP_VHCI "attach", O_WRONLY | O_CLOEXEC);
	if (vhci < 0)
		err(1, USBIP_VHCI "attach");
	ret = dprintf(vhci, "%u %d 1 %u", USBIP_PORT, pair[1], SPEED_FULL) < 0 ? -errno : pair[0];
	close(vhci);
	close(pair[1]);
	if (ret < 0)
		close(pair[0]);
	return ret;
}

/* What the hub does when something is unplugged, it also does to switch a port off. */
bool usbip_unplug(void)
{
	glob_t ports;
	int fd = -1;
	bool done;

	/* The first of two hubs: the other is for USB 3. */
	if (!glob(USBIP_VHCI "usb*/*-0:1.0/usb*-port1/disable", 0, NULL, &ports))
		fd = open(ports.gl_pathv[0], O_WRONLY | O_CLOEXEC);
	globfree(&ports);
	done = fd >= 0 && write(fd, "1", 1) == 1;
	close(fd);
	return done;
}

static bool receive(int fd, void *data, size_t n)
{
	return recv(fd, data, n, MSG_WAITALL) == (ssize_t)n;
}

static uint16_t le16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static struct urb *read_urb(int fd, const struct header *h)
{
	struct urb *urb = calloc(1, sizeof(*urb));
	const uint8_t *setup = h->u.submit.setup;

	urb->sequence = ntohl(h->sequence);
	urb->ep = ntohl(h->ep);
	urb->in = ntohl(h->direction) == DIR_IN;
	urb->length = ntohl(h->u.submit.length);
	urb->setup = (struct setup){ setup[0], setup[1], le16(setup + 2), le16(setup + 4),
				     le16(setup + 6) };
	if (urb->in || !urb->length)
		return urb;
	urb->data = malloc(urb->length);
	if (receive(fd, urb->data, urb->length))
		return urb;
	free(urb->data);
	free(urb);
	return NULL;
}

struct usbip_request usbip_read(int fd)
{
	struct usbip_request request = { .event = USBIP_GONE };
	struct header h;

	if (!receive(fd, &h, sizeof(h)))
		return request;
	request.sequence = ntohl(h.sequence);
	switch (ntohl(h.command)) {
	case CMD_SUBMIT:
		request.urb = read_urb(fd, &h);
		if (request.urb)
			request.event = USBIP_SUBMIT;
		break;
	case CMD_UNLINK:
		request.event = USBIP_UNLINK;
		request.victim = ntohl(h.u.victim);
		break;
	default:
		errx(1, "usbip: command %u", ntohl(h.command));
	}
	return request;
}

/* The host may have closed its end meanwhile; the next read tells. */
static void answer(int fd, const struct header *h, const void *data, uint32_t length)
{
	uint8_t all[sizeof(*h) + length];

	memcpy(all, h, sizeof(*h));
	if (length)
		memcpy(all + sizeof(*h), data, length);
	(void)!send(fd, all, sizeof(all), MSG_NOSIGNAL);
}

void usbip_complete(int fd, struct urb *urb, int status, const void *data, uint32_t length)
{
	struct header h = { .command = htonl(RET_SUBMIT), .sequence = htonl(urb->sequence) };

	h.u.ret.status = htonl(status);
	h.u.ret.length = htonl(urb->in || status ? length : urb->length);
	h.u.ret.packets = htonl(NOT_ISO);
	answer(fd, &h, data, urb->in ? length : 0);
	free(urb->data);
	free(urb);
}

void usbip_unlinked(int fd, uint32_t sequence, bool was_there)
{
	struct header h = { .command = htonl(RET_UNLINK), .sequence = htonl(sequence) };

	h.u.ret.status = htonl(was_there ? -ECONNRESET : 0);
	answer(fd, &h, NULL, 0);
}
