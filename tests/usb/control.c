// SPDX-License-Identifier: GPL-2.0-or-later
/* What every USB device answers: its descriptors, and yes to the rest. */
#include "adapter.h"

#include <string.h>

#define GET_STATUS		0
#define GET_DESCRIPTOR		6
#define GET_CONFIGURATION	8
#define GET_INTERFACE		10
#define DESCRIPTOR_DEVICE	1
#define DESCRIPTOR_CONFIG	2
#define DESCRIPTOR_STRING	3
#define DESCRIPTOR_INTERFACE	4
#define DESCRIPTOR_ENDPOINT	5
#define TRANSFER_BULK		2
#define TRANSFER_INTERRUPT	3

static unsigned int device(const struct chip *c, uint8_t *d)
{
	const uint8_t descriptor[] = {
		18, DESCRIPTOR_DEVICE, c->usb & 0xff, c->usb >> 8, 0, 0, 0, c->packet0,
		c->vendor & 0xff, c->vendor >> 8, c->product & 0xff, c->product >> 8,
		c->version & 0xff, c->version >> 8, 1, 2, c->no_serial ? 0 : 3, 1,
	};

	memcpy(d, descriptor, sizeof(descriptor));
	return sizeof(descriptor);
}

static unsigned int endpoint(const struct chip *c, uint8_t address, uint8_t *d)
{
	bool interrupt = address == c->interrupt;
	const uint8_t descriptor[] = {
		7, DESCRIPTOR_ENDPOINT, address, interrupt ? TRANSFER_INTERRUPT : TRANSFER_BULK,
		interrupt ? 10 : c->packet, 0, interrupt,
	};

	if (!address)
		return 0;
	memcpy(d, descriptor, sizeof(descriptor));
	return sizeof(descriptor);
}

static unsigned int configuration(const struct chip *c, uint8_t *d)
{
	uint8_t head[] = {
		9, DESCRIPTOR_CONFIG, 0, 0, 1, 1, 0, 0x80, 45,
		9, DESCRIPTOR_INTERFACE, 0, 0, c->interrupt ? 3 : 2, c->class, 0, 0, 0,
	};
	unsigned int n = sizeof(head);

	n += endpoint(c, c->interrupt, d + n);
	n += endpoint(c, c->bulk_out, d + n);
	n += endpoint(c, c->bulk_in, d + n);
	head[2] = n;
	memcpy(d, head, sizeof(head));
	return n;
}

static unsigned int string(const struct chip *c, uint8_t index, uint8_t *d)
{
	const char *text = index == 3 ? "EMULATED" : c->strings[index - 1];
	unsigned int i;

	for (i = 0; text[i]; i++) {
		d[2 + 2 * i] = text[i];
		d[3 + 2 * i] = 0;
	}
	d[0] = 2 + 2 * i;
	d[1] = DESCRIPTOR_STRING;
	return d[0];
}

static int descriptor(const struct chip *c, uint16_t value, uint8_t *d)
{
	static const uint8_t languages[] = { 4, DESCRIPTOR_STRING, 0x09, 0x04 };
	uint8_t index = value & 0xff;

	switch (value >> 8) {
	case DESCRIPTOR_DEVICE:
		return device(c, d);
	case DESCRIPTOR_CONFIG:
		return configuration(c, d);
	case DESCRIPTOR_STRING:
		if (index > 3)
			return CHIP_STALL;
		if (index)
			return string(c, index, d);
		memcpy(d, languages, sizeof(languages));
		return sizeof(languages);
	}
	/* No second speed, no capabilities. */
	return CHIP_STALL;
}

int control_standard(const struct chip *c, const struct setup *s, uint8_t *data)
{
	switch (s->request) {
	case GET_DESCRIPTOR:
		return descriptor(c, s->value, data);
	case GET_STATUS:
		data[0] = data[1] = 0;
		return 2;
	case GET_CONFIGURATION:
	case GET_INTERFACE:
		data[0] = s->request == GET_CONFIGURATION;
		return 1;
	}
	return 0;
}
