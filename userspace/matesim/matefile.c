// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading site.mate(5). */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "matefile.h"

/* Some hundred registers and log pages for each of eleven ports, and comments. */
#define FILE_MAX_BYTES	(4 << 20)

struct reader {
	struct matefile *file;
	unsigned int line;
	bool seen_magic;
	int port;		/* -1: in no section */
	bool wants_device;	/* the section has just begun */
	bool ports[BUS_PORTS];
	size_t room;
};

int matefile_complain(const struct matefile *file, unsigned int line,
		      const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "matesim: %s:%u: ", file->path, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -1;
}

/* Without comment, and with single spaces between words and none around. */
static void tidy(char *text)
{
	char *from = text, *to = text;

	text[strcspn(text, "#")] = '\0';
	for (; *from; from++) {
		if (!strchr(" \t\r", *from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

static int complain(const struct reader *r, const char *text, const char *why)
{
	return matefile_complain(r->file, r->line, "%s: %s", text, why);
}

static int section(struct reader *r, const char *text)
{
	char *end;
	long port;

	if (r->wants_device)
		return complain(r, text, "the section before has no device");
	if (strncmp(text, "[port ", 6) || strspn(text + 6, "0123456789") == 0)
		return complain(r, text, "sections are [port 0] to [port 10]");
	port = strtol(text + 6, &end, 10);
	if (strcmp(end, "]") || port >= BUS_PORTS)
		return complain(r, text, "sections are [port 0] to [port 10]");
	if (r->ports[port])
		return complain(r, text, "this port is there twice");
	r->ports[port] = true;
	r->port = port;
	r->wants_device = true;
	return 0;
}

static int add(struct reader *r, char *name, char *value)
{
	struct matefile *file = r->file;
	struct mate_line *lines;

	if (file->n == r->room) {
		r->room = r->room ? 2 * r->room : 256;
		lines = realloc(file->lines, r->room * sizeof(*lines));
		if (!lines)
			return complain(r, name, strerror(errno));
		file->lines = lines;
	}
	file->lines[file->n++] = (struct mate_line){
		.number = r->line, .port = r->port, .name = name, .value = value,
	};
	return 0;
}

static int statement(struct reader *r, char *text)
{
	char *value = strchr(text, '=');
	bool is_device;

	if (r->port < 0)
		return complain(r, text, "stands in no section");
	if (!value || value == text || !value[1])
		return complain(r, text, "a statement is NAME = VALUE");
	*value++ = '\0';
	tidy(text);
	tidy(value);
	if (!*text || !*value)
		return complain(r, text, "a statement is NAME = VALUE");
	is_device = !strcmp(text, "device");
	if (r->wants_device && !is_device)
		return complain(r, text, "a section begins with device");
	if (!r->wants_device && is_device)
		return complain(r, text, "given twice");
	r->wants_device = false;
	return add(r, text, value);
}

static int one(struct reader *r, char *text)
{
	char *p;

	for (p = text; *p; p++)
		if (((unsigned char)*p < ' ' && !strchr("\t\r", *p)) ||
		    (unsigned char)*p > '~')
			return matefile_complain(r->file, r->line,
				"byte 0x%02x is not ASCII text", (unsigned char)*p);
	tidy(text);
	if (!*text)
		return 0;
	if (!r->seen_magic) {
		r->seen_magic = true;
		return strcmp(text, MATEFILE_MAGIC) ?
		       complain(r, text, "not a site: that begins with \""
				MATEFILE_MAGIC "\"") : 0;
	}
	return *text == '[' ? section(r, text) : statement(r, text);
}

static int each_line(struct reader *r, size_t size)
{
	char *text = r->file->text, *end = text + size, *eol;

	for (r->line = 1; text < end; r->line++, text = eol + 1) {
		eol = memchr(text, '\n', end - text);
		if (!eol)
			eol = end;
		*eol = '\0';
		if (strlen(text) != (size_t)(eol - text))
			return matefile_complain(r->file, r->line,
						 "byte 0x00 is not ASCII text");
		if (one(r, text) < 0)
			return -1;
	}
	if (!r->seen_magic)
		return matefile_complain(r->file, r->line,
			"not a site: that begins with \"" MATEFILE_MAGIC "\"");
	if (r->wants_device)
		return matefile_complain(r->file, r->line,
					 "[port %d] has no device", r->port);
	return 0;
}

/* All of it, with room for a final 0. */
static int slurp(struct matefile *file, size_t *size)
{
	FILE *from = fopen(file->path, "re");

	if (!from) {
		fprintf(stderr, "matesim: %s: %s\n", file->path,
			strerror(errno));
		return -1;
	}
	file->text = malloc(FILE_MAX_BYTES + 1);
	*size = file->text ? fread(file->text, 1, FILE_MAX_BYTES + 1, from) : 0;
	if (!file->text || ferror(from)) {
		fprintf(stderr, "matesim: %s: %s\n", file->path,
			strerror(errno));
		*size = FILE_MAX_BYTES + 2;
	} else if (*size > FILE_MAX_BYTES) {
		fprintf(stderr, "matesim: %s: more than %d bytes\n", file->path,
			FILE_MAX_BYTES);
	}
	fclose(from);
	return *size > FILE_MAX_BYTES ? -1 : 0;
}

int matefile_read(struct matefile *file, const char *path)
{
	struct reader r = { .file = file, .port = -1 };
	size_t size;

	*file = (struct matefile){ .path = path };
	if (slurp(file, &size) == 0 && each_line(&r, size) == 0)
		return 0;
	matefile_free(file);
	return -1;
}

void matefile_free(struct matefile *file)
{
	free(file->text);
	free(file->lines);
	*file = (struct matefile){ .path = file->path };
}
