// SPDX-License-Identifier: GPL-2.0-or-later
/* The UART below a bus: latency, names, and telling systemd about it. */
#include <fcntl.h>
#include <linux/serial.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tool.h"

/* Write an attribute of the tty; not every driver has it. */
static void set_attribute(const char *tty, const char *attribute, const char *value)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/sys/class/tty/%s/%s", tty, attribute);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		fprintf(stderr, "matetool: %s: %m\n", path);
	close(fd);
}

/* Whether the kernel's serial core drives the tty: 8250, pl011, not USB. */
static bool is_serial_core(const char *tty)
{
	char path[300];

	snprintf(path, sizeof(path), "/sys/class/tty/%s/uartclk", tty);
	return !access(path, F_OK);
}

void tty_set_low_latency(int fd, const char *tty)
{
	struct serial_struct ss;

	/*
	 * USB: sends at once what it got, an FTDI otherwise every 16 ms.  The serial
	 * core ignores the flag, and may take TIOCSSERIAL for a wish to move the port.
	 */
	if (!is_serial_core(tty) && !ioctl(fd, TIOCGSERIAL, &ss) &&
	    !(ss.flags & ASYNC_LOW_LATENCY)) {
		ss.flags |= ASYNC_LOW_LATENCY;
		(void)ioctl(fd, TIOCSSERIAL, &ss);
	}
	set_attribute(tty, "device/latency_timer", "1");
	/* 8250: an interrupt for each byte; at 8 bytes a reply of 5 comes 4.6 ms late. */
	set_attribute(tty, "rx_trig_bytes", "1");
}

const char *tty_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void tty_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s%s", strchr(name, '/') ? "" : "/dev/", name);
}

/* The bus for which @text equals the string at @offset of its info. */
static bool find_bus(const char *text, size_t offset, struct mate_bus_info *info)
{
	int n = mate_bus_list(NULL, 0);
	struct mate_bus_info *list = n > 0 ? calloc((size_t)n, sizeof(*list)) : NULL;
	bool found = false;
	int there;

	if (!list)
		return false;
	there = mate_bus_list(list, (size_t)n);
	for (int i = 0; !found && i < n && i < there; i++) {
		found = !strcmp((const char *)&list[i] + offset, text);
		if (found)
			*info = list[i];
	}
	free(list);
	return found;
}

bool find_bus_of_tty(const char *tty, struct mate_bus_info *info)
{
	return find_bus(tty, offsetof(struct mate_bus_info, tty), info);
}

bool find_bus_by_name(const char *name, struct mate_bus_info *info)
{
	return find_bus(name, offsetof(struct mate_bus_info, name), info);
}

void notify_systemd(const char *message)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	socklen_t len;
	int fd;

	if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, strlen(path));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (*path == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&addr, len) < 0)
		fprintf(stderr, "matetool: NOTIFY_SOCKET %s: %m\n", path);
	close(fd);
}
