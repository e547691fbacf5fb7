/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statements of a site.mate(5) file: words in sections, no meaning yet. */
#ifndef MATESIM_MATEFILE_H
#define MATESIM_MATEFILE_H

#include <stddef.h>

#define MATEFILE_MAGIC "matenet-site 1"

struct mate_line {
	unsigned int number;	/* of the line, from 1 */
	int port;		/* of the section */
	char *name, *value;	/* single spaces between words */
};

struct matefile {
	const char *path;
	char *text;
	struct mate_line *lines;
	size_t n;
};

/*
 * The first statement of each section is "device", the only one there, and each
 * port has one section.  -1 after a message on stderr.
 */
int matefile_read(struct matefile *file, const char *path);
void matefile_free(struct matefile *file);

/* "matesim: FILE:LINE: ..."; gives -1. */
__attribute__((format(printf, 3, 4)))
int matefile_complain(const struct matefile *file, unsigned int line,
		      const char *fmt, ...);

#endif
