// SPDX-License-Identifier: GPL-2.0-or-later
#include "serial.h"

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#ifndef CMSPAR
#define CMSPAR 010000000000
#endif

static struct termios settings;

int serial_open(const char *tty)
{
	int fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &settings))
		err(1, "%s", tty);
	cfmakeraw(&settings);
	cfsetspeed(&settings, B9600);
	settings.c_cflag |= CREAD | CLOCAL | PARENB | CMSPAR;
	settings.c_cflag &= ~PARODD;
	if (tcsetattr(fd, TCSANOW, &settings) || tcflush(fd, TCIOFLUSH))
		err(1, "%s", tty);
	return fd;
}

void serial_parity(int fd, bool mark)
{
	if (mark)
		settings.c_cflag |= PARODD;
	else
		settings.c_cflag &= ~PARODD;
	if (tcsetattr(fd, TCSANOW, &settings))
		err(1, "tcsetattr");
}

void serial_write(int fd, const void *data, size_t n)
{
	if (write(fd, data, n) != (ssize_t)n)
		err(1, "write");
}

size_t serial_read(int fd, uint8_t *data, size_t n, int first_ms, int silence_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t got = 0;
	ssize_t now;

	while (got < n && poll(&p, 1, got ? silence_ms : first_ms) > 0) {
		now = read(fd, data + got, n - got);
		if (now <= 0)
			break;
		got += now;
	}
	return got;
}
