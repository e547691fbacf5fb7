// SPDX-License-Identifier: GPL-2.0-or-later
/* One line on a terminal that tells how far something is that takes long. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define PATIENCE_S 1.0	/* what is done by then needs no word */

static double started;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_begin(void)
{
	started = isatty(STDERR_FILENO) ? now() : 0;
}

void progress(const char *fmt, ...)
{
	va_list ap;

	if (started == 0 || now() < started + PATIENCE_S)
		return;
	fputs("\r\033[K", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fflush(stderr);
}

void progress_end(void)
{
	if (started != 0 && now() >= started + PATIENCE_S)
		fputs("\r\033[K", stderr);
	started = 0;
}
