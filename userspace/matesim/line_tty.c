// SPDX-License-Identifier: GPL-2.0-or-later
/* A tty of our own: every byte of a command and of a reply is ours. */
#include <string.h>

#include "clock.h"
#include "line.h"
#include "ninth.h"

#define WORDS_MAX	64
#define REPLY_WORDS	(REPLY_MAX + 64)

static int tty_open(struct line *line, const struct line_wish *wish)
{
	if (tty9_open(&line->tty.tty9, wish->path, wish->parity) < 0)
		return -1;
	line->fd = line->tty.tty9.fd;
	return 0;
}

static int tty_receive(struct line *line, heard_fn *heard, void *context)
{
	struct heard h = { .at = clock_now() };
	uint16_t words[WORDS_MAX];
	int n, i;

	n = tty9_receive(&line->tty.tty9, words, WORDS_MAX);
	for (i = 0; i < n; i++)
		if (command_rx(&line->tty.rx, words[i])) {
			memcpy(h.bytes, line->tty.rx.bytes, COMMAND_BYTES);
			heard(context, &h);
		}
	return n < 0 ? -1 : 0;
}

static int tty_send(struct line *line, const struct reply *reply,
		    uint32_t sequence, int64_t start)
{
	uint16_t words[REPLY_WORDS];
	size_t n = 0, i;

	(void)sequence;
	for (i = 0; i < reply->junk; i++)
		words[n++] = 0x00;
	for (i = 0; i < reply->len; i++)
		words[n++] = reply->bytes[i] | (i ? 0 : NINTH);
	return tty9_send(&line->tty.tty9, words, n, start);
}

static void tty_close(struct line *line)
{
	tty9_close(&line->tty.tty9);
}

const struct line_kind tty_line = {
	.open		= tty_open,
	.receive	= tty_receive,
	.send		= tty_send,
	.close		= tty_close,
};
