/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device at the other end of the wire: it answers as matesim --pattern does. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdint.h>

struct wire;

/* A word whose last stop bit ended at @end. */
void device_hears(struct wire *w, unsigned int word, uint64_t end);

#endif
