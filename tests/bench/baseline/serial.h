/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the three userspace programs share: an open tty, parity, reading. */
#ifndef SERIAL_H
#define SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Raw, 9600, eight bits and a parity bit that is not looked at; ends the program if not. */
int serial_open(const char *tty);
/* The ninth bit of what is sent from now on. */
void serial_parity(int fd, bool mark);
void serial_write(int fd, const void *data, size_t n);
/* Bytes until there are @n or none has come for @silence_ms; the first may take @first_ms. */
size_t serial_read(int fd, uint8_t *data, size_t n, int first_ms, int silence_ms);

#endif
