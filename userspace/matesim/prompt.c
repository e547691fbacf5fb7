// SPDX-License-Identifier: GPL-2.0-or-later
/* Received bytes at once, by the drivers' sysfs attributes. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "prompt.h"

/* Both in their smallest value: one byte, one millisecond. */
static const char *const attributes[PROMPT_SETTINGS] = {
	"rx_trig_bytes",		/* 8250 */
	"device/latency_timer",		/* FTDI */
};

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t done;

	if (fd < 0)
		return -1;
	done = write(fd, text, strlen(text));
	close(fd);
	return done < 0 ? -1 : 0;
}

static int get(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, text, size - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return 0;
}

void prompt_begin(struct prompt *prompt, const char *path)
{
	char real[PATH_MAX];
	const char *name;
	int i;

	memset(prompt, 0, sizeof(*prompt));
	/* /dev/serial/by-id and the like are links */
	if (!realpath(path, real))
		return;
	name = strrchr(real, '/') + 1;
	for (i = 0; i < PROMPT_SETTINGS; i++) {
		snprintf(prompt->path[i], sizeof(prompt->path[i]),
			 "/sys/class/tty/%.128s/%s", name, attributes[i]);
		if (get(prompt->path[i], prompt->saved[i],
			sizeof(prompt->saved[i])) < 0 ||
		    put(prompt->path[i], "1") < 0)
			prompt->path[i][0] = '\0';
	}
}

void prompt_end(struct prompt *prompt)
{
	int i;

	for (i = 0; i < PROMPT_SETTINGS; i++)
		if (prompt->path[i][0])
			put(prompt->path[i], prompt->saved[i]);
}
