// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matetool top: the status of all devices on the whole screen, kept up to date.
 * Terminals of this century understand the same few sequences, so no library.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "loop.h"

#define COLUMN_WIDTH	39	/* two of them on 80, with a gap */
#define STALE_ROUNDS	3

#define ENTER_SCREEN	"\033[?1049h\033[?25l"
#define LEAVE_SCREEN	"\033[?25h\033[?1049l"
#define BOLD		"\033[1m"
#define DIM		"\033[2m"
#define RED		"\033[31m"
#define REVERSE		"\033[7m"
#define PLAIN		"\033[0m"

static unsigned int interval_ms = 1000;
static struct termios cooked;
static bool on_screen;

/* ---- the terminal ----------------------------------------------------------- */

static void leave_screen(void)
{
	if (!on_screen)
		return;
	on_screen = false;
	if (write(STDOUT_FILENO, LEAVE_SCREEN, strlen(LEAVE_SCREEN)) < 0)
		return;		/* it has gone */
	tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
}

/* Keys come at once and unseen; Ctrl-C and the like stay signals. */
static int enter_screen(void)
{
	struct termios raw = cooked;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw))
		return fail(EXIT_FAILED, "system", "terminal: %m");
	on_screen = true;
	if (write(STDOUT_FILENO, ENTER_SCREEN, strlen(ENTER_SCREEN)) < 0)
		return fail(EXIT_FAILED, "system", "terminal: %m");
	return 0;
}

static void suspend(void)
{
	leave_screen();
	raise(SIGSTOP);
	loop_suspended = 0;
	enter_screen();
}

static void screen_size(unsigned int *width, unsigned int *height)
{
	struct winsize size;

	*width = 80;
	*height = 24;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col && size.ws_row) {
		*width = size.ws_col;
		*height = size.ws_row;
	}
}

/* ---- what is shown ---------------------------------------------------------- */

struct line {
	const char *style;
	char left[48], right[48];
};

struct lines {
	struct line *list;
	size_t n, room;
};

static struct line *add_line(struct lines *l, const char *style)
{
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		struct line *more = realloc(l->list, room * sizeof(*more));

		if (!more)
			return NULL;
		l->list = more;
		l->room = room;
	}
	memset(&l->list[l->n], 0, sizeof(*l->list));
	l->list[l->n].style = style;
	return &l->list[l->n++];
}

static void add_fields(struct lines *l, const struct polled *p, bool stale)
{
	const struct mate_page_desc *desc = status_desc(p->dev.device);
	struct mate_quantity q;

	for (unsigned int i = 0; i < desc->n_fields; i++) {
		const struct mate_field_desc *f = &desc->fields[i];
		struct line *line;
		bool alarm;

		if (flags.columns ? !field_wanted(f) :
				    f->type == MATE_T_RAW || is_validity(desc, f))
			continue;
		mate_field_get(f, &p->status.u, &q);
		alarm = f->type == MATE_T_BITS && q.number && strcmp(f->id, "flags");
		line = add_line(l, stale ? DIM : alarm ? RED BOLD : "");
		if (!line)
			return;
		snprintf(line->left, sizeof(line->left), "%s", f->label);
		mate_quantity_format(&q, line->right, sizeof(line->right));
	}
}

static void add_device(struct lines *l, struct mate_bus *bus, const struct polled *p)
{
	const char *name = named_port(bus, p->dev.port)->name;
	double age = loop_clock() - p->when;
	bool stale = !p->seen || age > STALE_ROUNDS * interval_ms / 1e3 + 1;
	struct line *line;

	if (!page_wanted(status_desc(p->dev.device)))
		return;
	if (l->n)
		add_line(l, "");
	line = add_line(l, REVERSE);
	if (!line)
		return;
	snprintf(line->left, sizeof(line->left), "%u %s", p->dev.port,
		 *name ? name : device_title(p->dev.device));
	if (p->seen)
		snprintf(line->right, sizeof(line->right), "%.0f s ago", age);
	if (p->err) {
		line = add_line(l, RED BOLD);
		if (line)
			snprintf(line->left, sizeof(line->left), "%s", error_text(p->err));
	}
	if (p->seen)
		add_fields(l, p, stale);
}

/* One line in a column: label at its left, value at its right. */
static void put_line(FILE *out, const struct line *line, unsigned int row, unsigned int column,
		     unsigned int width)
{
	int value = (int)strlen(line->right), label;

	if (value > (int)width)
		value = (int)width;
	label = (int)width - value - 1;
	fprintf(out, "\033[%u;%uH%s%-*.*s %.*s" PLAIN, row, column, line->style,
		label > 0 ? label : 0, label > 0 ? label : 0, line->left, value, line->right);
}

/* As many columns as the terminal has room for; what does not fit is the next page. */
static void put_lines(FILE *out, const struct lines *l, unsigned int width, unsigned int height,
		      unsigned int *page, unsigned int *pages)
{
	unsigned int columns = width >= 2 * COLUMN_WIDTH ? (width + 2) / (COLUMN_WIDTH + 2) : 1;
	unsigned int rows = height > 3 ? height - 2 : 1, each;
	size_t first;

	if (!columns)
		columns = 1;
	each = columns == 1 ? width : (width - 2 * (columns - 1)) / columns;
	*pages = (unsigned int)((l->n + columns * rows - 1) / (columns * rows));
	if (!*pages)
		*pages = 1;
	if (*page >= *pages)
		*page = *pages - 1;
	first = (size_t)*page * columns * rows;
	for (size_t i = 0; i < columns * rows && first + i < l->n; i++)
		put_line(out, &l->list[first + i], 3 + (unsigned int)(i % rows),
			 1 + (unsigned int)(i / rows) * (each + 2), each);
}

static int draw(struct mate_bus *bus, const struct polled *list, int n, unsigned int *page)
{
	unsigned int width, height, pages;
	struct lines lines = { 0 };
	struct line head = { .style = BOLD };
	char *text = NULL, now[32];
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int ret;

	if (!out)
		return fail(EXIT_FAILED, "memory", "out of memory");
	screen_size(&width, &height);
	for (int i = 0; i < n; i++)
		add_device(&lines, bus, &list[i]);
	fputs("\033[2J", out);
	put_lines(out, &lines, width, height, page, &pages);
	local_time(now);
	snprintf(head.left, sizeof(head.left), "%s %s", mate_bus_name(bus), now);
	snprintf(head.right, sizeof(head.right), "page %u of %u: space, b  quit: q", *page + 1,
		 pages);
	put_line(out, &head, 1, 1, width);
	ret = fclose(out);
	/* One write, so that no half picture is seen. */
	if (!ret && write(STDOUT_FILENO, text, size) < 0)
		ret = -1;
	free(text);
	free(lines.list);
	return ret ? fail(EXIT_FAILED, "system", "terminal: %m") : 0;
}

/* ---- the loop --------------------------------------------------------------- */

/* Keys that have come; false to end. */
static bool read_keys(unsigned int *page)
{
	char keys[64];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys) - 1);

	if (n <= 0)
		return false;	/* the terminal has gone */
	keys[n] = '\0';
	if (strpbrk(keys, "qQ"))
		return false;
	/* PgDn, down and right; PgUp, up and left. */
	if (strpbrk(keys, " \n") || strstr(keys, "[6~") || strstr(keys, "[B") || strstr(keys, "[C"))
		++*page;
	else if (*page && (strchr(keys, 'b') || strstr(keys, "[5~") || strstr(keys, "[A") ||
			   strstr(keys, "[D")))
		--*page;
	return true;
}

/* Until the next reading: EXIT_OK to go on, -1 to end, or an exit status. */
static int wait_round(struct mate_bus *bus, const struct polled *list, int n, double round,
		      unsigned int *page)
{
	/* At least once: a round that takes longer than a period must not be deaf. */
	do {
		int ready = loop_poll(STDIN_FILENO, round);

		if (ready < 0)
			return fail(EXIT_FAILED, "system", "poll: %m");
		if (loop_stopped || (ready && !read_keys(page)))
			return -1;
		if (loop_suspended)
			suspend();
		if (draw(bus, list, n, page))
			return EXIT_FAILED;
	} while (loop_clock() < round);
	return EXIT_OK;
}

static int top(struct mate_bus *bus, struct polled *list, int n)
{
	double round = loop_clock();
	unsigned int page = 0;
	int ret;

	for (;;) {
		for (int i = 0; i < n; i++)
			if (page_wanted(status_desc(list[i].dev.device)) &&
			    poll_device(bus, &list[i]) == MATE_E_GONE) {
				leave_screen();
				return fail_mate(bus, MATE_E_GONE, "%s", mate_bus_name(bus));
			}
		ret = draw(bus, list, n, &page);
		round = loop_next(round, interval_ms);
		ret = ret ?: wait_round(bus, list, n, round, &page);
		if (ret)
			return ret < 0 ? EXIT_OK : ret;
	}
}

static int on_terminal(struct mate_bus *bus, struct polled *list, int n)
{
	int ret;

	if (tcgetattr(STDIN_FILENO, &cooked))
		return fail(EXIT_FAILED, "system", "terminal: %m");
	loop_signals();
	loop_catch_suspend();
	ret = enter_screen() ?: top(bus, list, n);
	leave_screen();
	return ret;
}

static int run_top(int argc, char **argv)
{
	struct polled list[MAX_DEVICES];
	struct port_name port;
	struct mate_bus *bus;
	bool given;
	int n, ret = maybe_port(&argc, &argv, &port, &given) ?: want_args(&verb_top, argc, 0, 0);

	if (!ret && flags.columns)
		ret = check_fields();
	if (!ret && (flags.json || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
		ret = fail(EXIT_USAGE, "usage", "top: this is no terminal: try matetool watch");
	ret = ret ?: open_bus(&bus);
	if (ret)
		return ret;
	n = poll_find(bus, given ? &port : NULL, list, &ret);
	if (n)
		ret = on_terminal(bus, list, n);
	mate_close(bus);
	return ret;
}

static int top_option(int c, const char *arg)
{
	(void)c;
	return parse_period("-n", arg, &interval_ms);
}

static const struct option top_options[] = {
	{ "interval", required_argument, NULL, 'n' },
	{ NULL, 0, NULL, 0 },
};

const struct verb verb_top = {
	.name = "top",
	.args = "[PORT]",
	.summary = "Show the status of all devices on the whole screen, kept up to date",
	.help = "Keys: space or page down, b or page up, q or Ctrl-C to end.  Values that are\n"
		"old because the device does not answer are dim, errors and warnings red.\n\n"
		"  -n, --interval TIME  between readings: 1s by default; 500ms, 10s, 5m\n\n"
		"-o takes names of fields, such as battery_voltage, as JSON has them.\n\n"
		"Examples:\n"
		"  matetool top\n"
		"  matetool top 3 -n 5s\n"
		"  matetool top -o battery_voltage,charge_mode,operating_mode,state_of_charge\n",
	.words = "p",
	.short_options = "n:",
	.long_options = top_options,
	.option = top_option,
	.run = run_top,
	.fields = true,
};
