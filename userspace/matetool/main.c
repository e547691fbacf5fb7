// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool: the verb table, the flags all verbs share, help. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

struct flags flags;

static const struct verb * const verbs[] = {
	&verb_list, &verb_scan, &verb_status, &verb_log, &verb_reg, &verb_attach, &verb_detach,
	&verb_monitor, &verb_stats,
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct option common_options[] = {
	{ "bus", required_argument, NULL, 'd' },
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

#define COMMON_SHORT "d:jphV"
#define N_COMMON (sizeof(common_options) / sizeof(common_options[0]) - 1)

static const char flags_help[] =
	"Flags, the same everywhere:\n"
	"  -d, --bus BUS   number, name or path of the bus: 0, matenet0, /dev/matenet0;\n"
	"                  may be left out if there is only one\n"
	"  -j, --json      JSON on standard output, errors as {\"error\":{...}}\n"
	"  -p, --pretty    JSON with line breaks\n"
	"  -h, --help      this, or the help of a verb\n"
	"  -V, --version   versions of tool and library\n";

static int print_help(void)
{
	printf("Usage: matetool [FLAGS] VERB [ARGUMENTS]\n\n"
	       "Read OutBack devices on a MateNET bus.\n\nVerbs:\n");
	for (size_t i = 0; i < N_VERBS; i++)
		printf("  %-7s %-22s %s\n", verbs[i]->name, verbs[i]->args, verbs[i]->summary);
	printf("\n%s\nA first conversation:\n"
	       "  matetool attach /dev/ttyS1       make a bus of a serial port\n"
	       "  matetool scan                    see who is there\n"
	       "  matetool status                  read everything they say\n"
	       "  matetool status 1 -j | jq .      the same of port 1 for programs\n"
	       "  matetool reg get 1 battery_voltage\n"
	       "\nmatetool VERB --help shows examples; matetool(1) says all.\n", flags_help);
	return EXIT_OK;
}

static int print_verb_help(const struct verb *verb)
{
	printf("Usage: matetool %s [FLAGS] %s\n\n%s.\n\n%s\n%s", verb->name, verb->args,
	       verb->summary, verb->help, flags_help);
	return EXIT_OK;
}

static int print_version(void)
{
	printf("matetool %s, libmatenet %s\n", MATE_VERSION, mate_version());
	return EXIT_OK;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (!strcmp(verbs[i]->name, name))
			return verbs[i];
	return NULL;
}

/* A common flag; -1 to go on, or the exit status. */
static int common_option(int c, const struct verb *verb)
{
	switch (c) {
	case 'd':
		flags.bus = optarg;
		return -1;
	case 'p':
		flags.pretty = true;
		flags.json = true;
		return -1;
	case 'j':
		flags.json = true;
		return -1;
	case 'h':
		return verb ? print_verb_help(verb) : print_help();
	case 'V':
		return print_version();
	default:
		return EXIT_USAGE;
	}
}

/* getopt's own messages cannot become JSON, so they are made here. */
static int bad_option(int c, char **argv)
{
	const char *arg = argv[optind - 1];

	if (c == ':')
		return fail(EXIT_USAGE, "usage", "option %s: a value is missing", arg);
	if (optopt && arg[0] == '-' && arg[1] == '-')
		return fail(EXIT_USAGE, "usage", "option %s: takes no value", arg);
	if (optopt)
		return fail(EXIT_USAGE, "usage", "option -%c: there is no such option", optopt);
	return fail(EXIT_USAGE, "usage", "option %s: there is no such option", arg);
}

/* Options of one command line part; -1 to go on, or the exit status. */
static int parse_options(int argc, char **argv, const char *short_options,
			 const struct option *options, const struct verb *verb)
{
	int c, ret;

	while ((c = getopt_long(argc, argv, short_options, options, NULL)) != -1) {
		if (c == '?' || c == ':')
			return bad_option(c, argv);
		/* Long options without a letter are above all characters. */
		if (verb && verb->option && (c > 127 || !strchr(COMMON_SHORT, c))) {
			ret = verb->option(c, optarg);
			if (ret)
				return ret;
			continue;
		}
		ret = common_option(c, verb);
		if (ret >= 0)
			return ret;
	}
	return -1;
}

/* With -j the very first error must be JSON too, wherever the flag stands. */
static void look_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "-j") || !strcmp(argv[i], "--json") ||
		    !strcmp(argv[i], "-p") || !strcmp(argv[i], "--pretty"))
			flags.json = true;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct option options[N_COMMON + 8];
	char short_options[64];
	size_t n = N_COMMON;
	int ret;

	memcpy(options, common_options, sizeof(common_options));
	for (const struct option *o = verb->long_options; o && o->name; o++)
		options[n++] = *o;
	memset(&options[n], 0, sizeof(options[n]));
	snprintf(short_options, sizeof(short_options), ":%s%s", COMMON_SHORT,
		 verb->short_options);
	optind = 0;
	ret = parse_options(argc, argv, short_options, options, verb);
	if (ret >= 0)
		return ret;
	return verb->run(argc - optind, argv + optind);
}

static int run(int argc, char **argv)
{
	const struct verb *verb;
	int ret;

	look_for_json(argc, argv);
	opterr = 0;
	ret = parse_options(argc, argv, "+:" COMMON_SHORT, common_options, NULL);
	if (ret >= 0)
		return ret;
	if (optind >= argc)
		return fail(EXIT_USAGE, "usage", "no verb: try matetool --help");
	if (!strcmp(argv[optind], "help"))
		return print_help();
	verb = find_verb(argv[optind]);
	if (!verb)
		return fail(EXIT_USAGE, "usage", "%s: no such verb: try matetool --help",
			    argv[optind]);
	return run_verb(verb, argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	int status = run(argc, argv);

	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "matetool: standard output: %s\n", strerror(errno));
		return EXIT_FAILED;
	}
	return status;
}
