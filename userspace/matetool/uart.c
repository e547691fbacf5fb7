// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool uart: what a UART is good for, found out by a wire from its TX to its RX. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "loopback.h"
#include "tool.h"

/* What came of it, in the words of people and of programs. */
struct report {
	const char *sends, *errors, *empty;
	const char *controller, *device, *monitor;
	const char *setting;	/* that it needs, or NULL */
	bool proved;		/* the ninth bit was seen on the wire */
};

static const char * const places[] = {
	[PLACE_NEVER] = "never",
	[PLACE_BYTE] = "with their byte",
	[PLACE_PACKET] = "for all bytes of a packet",
	[PLACE_WRONG] = "with the wrong bytes",
};

static bool both(const bool *which, unsigned int a, unsigned int b)
{
	return which[a] && which[b];
}

static bool is_truth(const struct loopback *l, unsigned int p, enum parity_truth truth)
{
	return l->truth[p] == truth;
}

/* Mark and space parity are not what they say. */
static bool lies(const struct loopback *l)
{
	return is_truth(l, PARITY_MARK, TRUTH_OTHERWISE) ||
	       is_truth(l, PARITY_SPACE, TRUTH_OTHERWISE);
}

static bool can_stick(const struct loopback *l)
{
	return both(l->echoed, PARITY_MARK, PARITY_SPACE) && !lies(l);
}

static bool can_evenodd(const struct loopback *l)
{
	return both(l->echoed, PARITY_EVEN, PARITY_ODD) &&
	       !is_truth(l, PARITY_EVEN, TRUTH_OTHERWISE) &&
	       !is_truth(l, PARITY_ODD, TRUTH_OTHERWISE);
}

static struct report report_of(const struct loopback *l)
{
	bool stick = can_stick(l), evenodd = can_evenodd(l), exact = l->place == PLACE_BYTE;
	unsigned int a = stick ? PARITY_MARK : PARITY_EVEN, b = stick ? PARITY_SPACE : PARITY_ODD;
	const char *can = exact ? "yes" : "yes, by length and checksum";
	struct report r = {
		.sends = stick ? "mark and space parity" : "even and odd parity",
		.proved = is_truth(l, a, TRUTH_SO) && is_truth(l, b, TRUTH_SO),
		.errors = places[l->place],
		.empty = l->empty ? "yes" : "no",
		.controller = can,
		.device = can,
		.monitor = exact ? "yes" : "yes, without ninth bits",
	};

	if (!stick && !evenodd) {
		r.sends = "nothing";
		r.controller = r.device = r.monitor = "no";
		r.proved = false;
	} else if (!stick && lies(l)) {
		r.setting = "parity=evenodd";
	}
	return r;
}

/* ---- showing it ---------------------------------------------------------------- */

static int status_of(const struct report *r)
{
	if (!strcmp(r->controller, "no"))
		return EXIT_FAILED;
	return r->setting ? EXIT_DIFFERS : EXIT_OK;
}

static json_t *json_parities(const struct loopback *l)
{
	static const char * const names[] = { "mark", "space", "even", "odd" };
	static const char * const truths[] = {
		[TRUTH_UNKNOWN] = "unknown", [TRUTH_SO] = "so", [TRUTH_OTHERWISE] = "otherwise",
	};
	json_t *all = json_object();

	for (unsigned int p = 0; p < PARITIES; p++)
		json_object_set_new(all, names[p], json_pack("{s:b,s:b,s:s}", "kept", l->kept[p],
							     "echoed", l->echoed[p], "on_the_wire",
							     truths[l->truth[p]]));
	return all;
}

static void show_text(const char *path, const struct report *r)
{
	printf("%s\n"
	       "Ninth bit sent by: %s%s\n"
	       "Parity errors told: %s\n"
	       "Knows when all is sent: %s\n"
	       "Controller: %s\n"
	       "Device: %s\n"
	       "Monitor: %s\n",
	       path, r->sends,
	       !strcmp(r->sends, "nothing") || r->proved ? "" : " (so it says; it cannot be seen)",
	       r->errors, r->empty, r->controller, r->device, r->monitor);
	if (r->setting)
		printf("It says that it knows mark and space parity, and does not: after attaching\n"
		       "it, matetool bus set %s\n", r->setting);
}

static int show(const char *path, const struct loopback *l)
{
	struct report r = report_of(l);
	int status = status_of(&r);

	if (!flags.json) {
		show_text(path, &r);
		return status;
	}
	print_json(json_pack("{s:s,s:s,s:b,s:s,s:b,s:s,s:s,s:s,s:s?,s:i,s:o}", "tty", path,
			     "sends_by", r.sends, "proved", r.proved, "parity_errors", r.errors,
			     "knows_empty", l->empty, "controller", r.controller, "device",
			     r.device, "monitor", r.monitor, "setting", r.setting, "slow_baud",
			     (int)l->slow_baud, "parity", json_parities(l)));
	return status;
}

/* ---- doing it ------------------------------------------------------------------- */

static int fail_end(const char *path, enum loopback_end end)
{
	switch (end) {
	case LOOPBACK_STOPPED:
		return fail(EXIT_FAILED, "interrupted", "%s: interrupted", path);
	case LOOPBACK_SPEED:
		return fail(EXIT_FAILED, "tty", "%s: has no 9600 baud", path);
	case LOOPBACK_TALK:
		return fail(EXIT_REFUSED, "busy", "%s: somebody talks on this line, nothing was sent: unplug the bus, and join TX and RX by a wire",
			    path);
	case LOOPBACK_SILENT:
		return fail(EXIT_REFUSED, "no_loop", "%s: a byte that was sent did not come back: unplug the bus, and join TX and RX by a wire",
			    path);
	case LOOPBACK_ANSWER:
		return fail(EXIT_REFUSED, "no_loop", "%s: something else came back than was sent: unplug the bus, and join TX and RX by a wire",
			    path);
	default:
		return fail(EXIT_FAILED, "tty", "%s: %s", path, strerror(errno));
	}
}

/* A plain tty that nobody else has open; never a bus. */
static int open_plain(const char *path, int *fd)
{
	int ldisc;

	*fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return fail(EXIT_FAILED, "tty", "%s: %s", path, strerror(errno));
	if (ioctl(*fd, TIOCGETD, &ldisc)) {
		close(*fd);
		return fail(EXIT_USAGE, "tty", "%s: not a tty", path);
	}
	if (ldisc) {
		close(*fd);
		return fail(EXIT_REFUSED, "busy", "%s: line discipline %d is on it: detach it, and unplug the bus",
			    path, ldisc);
	}
	(void)ioctl(*fd, TIOCEXCL);
	return EXIT_OK;
}

static int run_uart(int argc, char **argv)
{
	struct loopback result;
	enum loopback_end end;
	char path[256];
	int fd, ret;

	ret = want_args(&verb_uart, argc, 1, 1);
	if (ret)
		return ret;
	tty_path(argv[0], path, sizeof(path));
	ret = open_plain(path, &fd);
	if (ret)
		return ret;
	end = loopback_test(fd, &result);
	(void)ioctl(fd, TIOCNXCL);
	close(fd);
	return end == LOOPBACK_DONE ? show(path, &result) : fail_end(path, end);
}

const struct verb verb_uart = {
	.name = "uart",
	.args = "TTY",
	.summary = "Test what a serial port is good for, its TX and RX joined by a wire",
	.help = "Unplug the bus and join TX and RX of the port (or of the adapter's outputs), so\n"
		"that it hears itself. It sends bytes, so it refuses when somebody else is on the\n"
		"line; none of them is a command. Takes some ten seconds.\n\n"
		"Exit status: 0 good as it comes, 4 good with the setting that is shown, 1 not.\n\n"
		"Examples:\n"
		"  matetool uart /dev/ttyS1\n"
		"  matetool uart ttyUSB0 -j | jq .parity\n",
	.words = "t",
	.short_options = "",
	.run = run_uart,
};
