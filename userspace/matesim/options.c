// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

static const char help[] =
"usage: matesim [OPTION]... TTY|BUS\n"
"Answer on a serial line, or on a bus as /dev/matenet1, as OutBack devices do:\n"
"MX, FX, FLEXnet DC, hub.\n"
"\n"
"  -d, --device PORT=TYPE[,OPT]...  device on a port of the hub; repeatable\n"
"      --direct TYPE[,OPT]...       no hub: this device is plugged in directly\n"
"      --hub 10|4                   ports of the hub (10)\n"
"      Without -d and --direct: -d 1=mx -d 2=fx -d 3=dc\n"
"      TYPE  mx fx dc, or none for an empty port\n"
"      OPT   all: variant=HEX fw=A.B.C byte0=HEX junk[=N]   mx: fm80 mx60 noah\n"
"            fx: 120v 230v (230v) slave           dc: fresh\n"
"      --turnaround-us N   from the command to the reply (11000)\n"
"      --speed X           simulated seconds in a second (1; 0 stands still)\n"
"      --time HH:MM        time of day at the start (12:00)\n"
"      --seed N            weather and loads (1)\n"
"      --site FILE         devices and what they answer; see site.mate(5)\n"
"      --state FILE        set points as they were left, and are left\n"
"      --control SOCKET    take commands there:\n"
"      --tell SOCKET [COMMAND]...  send such commands (or those of stdin) and end\n"
"            set PORT ITEM = VALUE   get PORT ITEM   free PORT ITEM\n"
"            errors PORT = NAMES   warnings PORT = NAMES   run SECONDS\n"
"            fault N=KIND[:ARG] counted from now   fault none\n"
"            ITEM: reg NAME, status PAGE, log DAY, status.FIELD, log.DAY.FIELD\n"
"      --dec 0|1           which command is DEC; the other is INC (0)\n"
"      --fault N=KIND[:ARG]  spoil the reply to the N-th command; N-M or * for\n"
"            more; KIND: late:MS sum short[:N] long[:N] refuse silent junk[:N]\n"
"      --pattern           answer by question, see below\n"
"      --stick, --evenodd  insist on mark and space parity, or on even and odd;\n"
"            without them even and odd are used where the tty clears CMSPAR\n"
"  -v, --verbose           every frame to stderr\n"
"  -h, --help\n"
"\n"
"Prints \"ready\" when it listens.  SIGTERM and SIGINT end it.\n"
"\n"
"With --pattern ports 0 to 10 answer everything; all numbers modulo 65536:\n"
"  READ, INC, DEC   p(port, addr) = addr * 40503 + port * 4099 + 12345\n"
"  WRITE            the value written\n"
"  STATUS           byte i = low byte of p(port, addr) + 37 * i\n"
"  LOG              byte i = low byte of p(port, param) + 91 * i\n"
"\n"
"Examples: matesim -d 1=mx,fm80 -d 4=fx,120v --speed 600 /dev/ttyUSB0\n"
"          matesim --site house.mate --control /run/sim /dev/matenet1\n"
"          matesim --tell /run/sim 'errors 4 = low_battery'\n";

enum {
	OPT_DIRECT = 256, OPT_HUB, OPT_TURNAROUND, OPT_SPEED, OPT_TIME,
	OPT_SEED, OPT_DEC, OPT_FAULT, OPT_PATTERN, OPT_SITE,
	OPT_STATE, OPT_CONTROL, OPT_TELL, OPT_STICK, OPT_EVENODD,
};

static const struct option long_options[] = {
	{ "device",	required_argument, NULL, 'd' },
	{ "direct",	required_argument, NULL, OPT_DIRECT },
	{ "hub",	required_argument, NULL, OPT_HUB },
	{ "turnaround-us", required_argument, NULL, OPT_TURNAROUND },
	{ "speed",	required_argument, NULL, OPT_SPEED },
	{ "time",	required_argument, NULL, OPT_TIME },
	{ "seed",	required_argument, NULL, OPT_SEED },
	{ "dec",	required_argument, NULL, OPT_DEC },
	{ "fault",	required_argument, NULL, OPT_FAULT },
	{ "pattern",	no_argument, NULL, OPT_PATTERN },
	{ "site",	required_argument, NULL, OPT_SITE },
	{ "state",	required_argument, NULL, OPT_STATE },
	{ "control",	required_argument, NULL, OPT_CONTROL },
	{ "tell",	required_argument, NULL, OPT_TELL },
	{ "stick",	no_argument, NULL, OPT_STICK },
	{ "evenodd",	no_argument, NULL, OPT_EVENODD },
	{ "verbose",	no_argument, NULL, 'v' },
	{ "help",	no_argument, NULL, 'h' },
	{ 0 }
};

static bool wrong(const char *option, const char *value, const char *why)
{
	fprintf(stderr, "matesim: %s %s: %s\n", option, value, why);
	return false;
}

static bool whole_number(const char *option, const char *text,
			 unsigned long max, unsigned long *value)
{
	char *end;

	*value = strtoul(text, &end, 10);
	if (end == text || *end || *text == '-')
		return wrong(option, text, "not a whole number");
	if (*value > max) {
		fprintf(stderr, "matesim: %s %s: at most %lu\n", option, text,
			max);
		return false;
	}
	return true;
}

static bool parse_device(const char *option, const char *whole,
			 const char *text, struct slot *slot)
{
	const char *what, *why;
	int len;

	why = site_parse_device(text, slot, &what, &len);
	if (!why)
		return true;
	fprintf(stderr, "matesim: %s %s: %.*s: %s\n", option, whole, len, what,
		why);
	return false;
}

static bool parse_port(struct options *options, const char *text)
{
	struct site *site = options->site;
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	site->chosen = true;
	if (end == text || *end != '=' || *text == '-')
		return wrong("-d", text, "write it as PORT=TYPE, for instance 1=mx");
	if (port < 1 || port >= BUS_PORTS)
		return wrong("-d", text, "a hub has ports 1 to 10");
	if (site->slots[port].kind)
		return wrong("-d", text, "this port is taken");
	return parse_device("-d", text, end + 1, &site->slots[port]);
}

static bool parse_direct(struct options *options, const char *text)
{
	struct site *site = options->site;

	if (site->direct)
		return wrong("--direct", text, "only one device fits");
	site->chosen = true;
	site->direct = true;
	return parse_device("--direct", text, text, &site->slots[0]);
}

static bool parse_hub(struct options *options, const char *text)
{
	if (strcmp(text, "10") && strcmp(text, "4"))
		return wrong("--hub", text, "a hub has 10 or 4 ports");
	options->site->hub_ports = *text == '4' ? 4 : 10;
	return true;
}

static bool parse_speed(struct options *options, const char *text)
{
	char *end;

	options->speed = strtod(text, &end);
	if (end == text || *end || !isfinite(options->speed) ||
	    options->speed < 0 || options->speed > 1e6)
		return wrong("--speed", text, "not a number from 0 to 1000000");
	return true;
}

static bool parse_time(struct options *options, const char *text)
{
	unsigned int h, m;
	char rest;

	if (strspn(text, "0123456789:") != strlen(text) ||
	    sscanf(text, "%2u:%2u%c", &h, &m, &rest) != 2 || h > 23 || m > 59)
		return wrong("--time", text, "not a time of day as 12:00");
	options->time_of_day = h * 3600 + m * 60;
	return true;
}

static bool parse_fault(struct options *options, const char *text)
{
	const char *why = fault_add(&options->faults, text);

	return why ? wrong("--fault", text, why) : true;
}

static bool want(struct options *options, enum tty9_want method)
{
	if (options->want != TTY9_AUTO && options->want != method) {
		fprintf(stderr, "matesim: --stick and --evenodd exclude each other\n");
		return false;
	}
	options->want = method;
	return true;
}

static bool one(struct options *options, int opt, const char *arg)
{
	unsigned long n = 0;
	bool ok = true;

	switch (opt) {
	case 'd':
		return parse_port(options, arg);
	case OPT_DIRECT:
		return parse_direct(options, arg);
	case OPT_HUB:
		return parse_hub(options, arg);
	case OPT_TURNAROUND:
		ok = whole_number("--turnaround-us", arg, 10000000, &n);
		options->turnaround_us = n;
		return ok;
	case OPT_SPEED:
		return parse_speed(options, arg);
	case OPT_TIME:
		return parse_time(options, arg);
	case OPT_SEED:
		ok = whole_number("--seed", arg, UINT32_MAX, &n);
		options->seed = n;
		return ok;
	case OPT_DEC:
		ok = whole_number("--dec", arg, 1, &n);
		options->dec_command = n;
		return ok;
	case OPT_FAULT:
		return parse_fault(options, arg);
	case OPT_PATTERN:
		options->pattern = true;
		return true;
	case OPT_SITE:
		options->recording = arg;
		return true;
	case OPT_STATE:
		options->state = arg;
		return true;
	case OPT_CONTROL:
		options->control = arg;
		return true;
	case OPT_TELL:
		options->tell = arg;
		return true;
	case OPT_STICK:
		return want(options, TTY9_STICK);
	case OPT_EVENODD:
		return want(options, TTY9_EVENODD);
	case 'v':
		options->trace = true;
		return true;
	default:
		fprintf(stderr, "Try 'matesim --help'.\n");
		return false;
	}
}

/* What can be judged only when all options are known. */
static bool consistent(const struct options *options)
{
	const struct site *site = options->site;
	int port;

	if (options->recording && (site->chosen || site->hub_ports != 10))
		return wrong("--site", options->recording,
			     "it says which devices there are; no -d, --direct or --hub");
	if (options->pattern && (options->recording || options->state ||
				 options->control)) {
		fprintf(stderr, "matesim: --pattern: no --site, --state or --control: there are no devices\n");
		return false;
	}
	for (port = 1; port < BUS_PORTS; port++) {
		if (!site->slots[port].kind)
			continue;
		if (site->direct) {
			fprintf(stderr, "matesim: -d %d=%s: with --direct there is no hub\n",
				port, site->slots[port].kind->name);
			return false;
		}
		if (port > site->hub_ports) {
			fprintf(stderr, "matesim: -d %d=%s: this hub has ports 1 to %d\n",
				port, site->slots[port].kind->name,
				site->hub_ports);
			return false;
		}
	}
	return true;
}

enum options_result options_parse(struct options *options, int argc,
				  char **argv)
{
	int opt;

	options->turnaround_us = 11000;
	options->speed = 1;
	options->seed = 1;
	options->time_of_day = 12 * 3600;
	options->site->hub_ports = 10;
	while ((opt = getopt_long(argc, argv, "d:vh", long_options,
				  NULL)) != -1) {
		if (opt == 'h') {
			fputs(help, stdout);
			return OPTIONS_DONE;
		}
		if (!one(options, opt, optarg))
			return OPTIONS_WRONG;
	}
	options->lines = argv + optind;
	options->n_lines = argc - optind;
	if (options->tell)
		return OPTIONS_RUN;
	if (optind == argc) {
		fprintf(stderr, "matesim: no tty or bus given\nTry 'matesim --help'.\n");
		return OPTIONS_WRONG;
	}
	if (optind + 1 < argc) {
		fprintf(stderr, "matesim: %s: only one tty or bus can be given\n",
			argv[optind + 1]);
		return OPTIONS_WRONG;
	}
	options->path = argv[optind];
	return consistent(options) ? OPTIONS_RUN : OPTIONS_WRONG;
}
