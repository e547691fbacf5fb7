// SPDX-License-Identifier: GPL-2.0-or-later
/* Which kind of line a device node is. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "line.h"

/* A bus is a device of class matenet; all else had better be a tty. */
static bool is_bus(const char *path)
{
	char link[64], class[PATH_MAX];
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISCHR(st.st_mode))
		return false;
	snprintf(link, sizeof(link), "/sys/dev/char/%u:%u/subsystem",
		 major(st.st_rdev), minor(st.st_rdev));
	return realpath(link, class) &&
	       !strcmp(strrchr(class, '/'), "/matenet");
}

int line_open(struct line *line, const struct line_wish *wish)
{
	memset(line, 0, sizeof(*line));
	line->path = wish->path;
	line->kind = is_bus(wish->path) ? &role_line : &tty_line;
	return line->kind->open(line, wish);
}
