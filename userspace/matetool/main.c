// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool: the verb table, the flags all verbs share, help. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"

struct flags flags;

const struct verb * const verbs[] = {
	&verb_list, &verb_uart, &verb_attach, &verb_detach, &verb_bus, &verb_scan, &verb_status, &verb_watch,
	&verb_top, &verb_log, &verb_reg, &verb_control, &verb_inc, &verb_dec, &verb_enable,
	&verb_disable, &verb_confirm, &verb_revert, &verb_config, &verb_sync, &verb_send,
	&verb_monitor, &verb_stats, &verb_snapshot, &verb_simulate, NULL
};

const struct option common_options[] = {
	{ "bus", required_argument, NULL, 'd' },
	{ "port", required_argument, NULL, 'P' },
	{ "columns", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

#define COMMON_SHORT "d:P:o:jphV"
#define N_COMMON (sizeof(common_options) / sizeof(common_options[0]) - 1)
#define MAX_OWN	16	/* options that a verb may have of its own */

static const char flags_help[] =
	"Flags, the same everywhere:\n"
	"  -d, --bus BUS       number, name or path of the bus: 0, matenet0, /dev/matenet0;\n"
	"                      may be left out if there is only one\n"
	"  -P, --port PORT     port of the hub, 1 to 10, or its name (see matetool(1)); 0 is\n"
	"                      the hub itself or what is plugged in directly\n"
	"  -o, --columns LIST  what to show of a table: A,B, or +A for one more\n"
	"  -j, --json          JSON on standard output, errors as {\"error\":{...}}\n"
	"  -p, --pretty        JSON with line breaks\n"
	"  -h, --help          this, or the help of a verb\n"
	"  -V, --version       versions of tool and library\n";

#define VERB_WIDTH	32	/* what is longer has a line of its own */

static void print_verbs(const struct verb * const *list)
{
	for (; *list; list++) {
		int n = printf("  %s %s", (*list)->name, (*list)->args);

		printf("%s%*s%s\n", n > VERB_WIDTH ? "\n" : "",
		       n > VERB_WIDTH ? VERB_WIDTH + 2 : VERB_WIDTH + 2 - n, "",
		       (*list)->summary);
	}
}

static int print_help(void)
{
	printf("Usage: matetool [FLAGS] VERB [ARGUMENTS]\n\n"
	       "Talk to OutBack devices on a MateNET bus.\n\nVerbs:\n");
	print_verbs(verbs);
	printf("\n%s\nA first conversation:\n"
	       "  matetool attach /dev/ttyS1           make a bus of a serial port\n"
	       "  matetool scan                        see who is there, on which port\n"
	       "  matetool status                      read everything they say\n"
	       "  matetool status 1 -j | jq .          the same of port 1 for programs\n"
	       "  matetool reg list 1                  which registers the device there has\n"
	       "  matetool reg get 1 battery_voltage   read one of them\n"
	       "  matetool control                     what can be switched, and how it is\n"
	       "\nExit status: 0 done, 1 system, 2 usage, 3 refused, 4 reads back differently,\n"
	       "5 no reply, 6 trouble on the wire, 7 no bus.\n"
	       "\nmatetool VERB --help shows examples; matetool(1) says all.\n", flags_help);
	return EXIT_OK;
}

static void print_columns(const struct column *c)
{
	printf("\nColumns for -o (those in brackets are not shown by default):\n");
	for (; c->heading; c++) {
		bool hidden = c->style & COLUMN_HIDDEN;
		char heading[40];

		snprintf(heading, sizeof(heading), hidden ? "[%s]" : "%s", c->heading);
		printf("  %-14s %s\n", heading, c->help);
	}
}

static int print_verb_help(const struct verb *verb)
{
	printf("Usage: matetool %s [FLAGS] %s\n\n%s.\n\n", verb->name, verb->args, verb->summary);
	if (verb->verbs)
		print_verbs(verb->verbs);
	printf("%s%s", verb->verbs ? "\n" : "", verb->help);
	if (verb->columns)
		print_columns(verb->columns);
	printf("\n%s", flags_help);
	return EXIT_OK;
}

static int print_version(void)
{
	printf("matetool %s, libmatenet %s\n", MATE_VERSION, mate_version());
	return EXIT_OK;
}

const struct verb *find_verb(const struct verb * const *list, const char *name)
{
	for (; *list; list++) {
		const char *last = strrchr((*list)->name, ' ');

		if (!strcmp(last ? last + 1 : (*list)->name, name))
			return *list;
	}
	return NULL;
}

/* A common flag; -1 to go on, or the exit status. */
static int common_option(int c, const struct verb *verb)
{
	switch (c) {
	case 'd':
		flags.bus = optarg;
		return -1;
	case 'P':
		flags.port = optarg;
		return -1;
	case 'o':
		flags.columns = optarg;
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

/* -o where there is nothing to choose from would be quietly ignored. */
static int check_flags(const struct verb *verb)
{
	if (!flags.columns || verb->fields)
		return 0;
	if (!verb->columns)
		return fail(EXIT_USAGE, "usage", "-o %s: %s has no columns", flags.columns,
			    verb->name);
	return check_columns(verb->columns);
}

static int run_leaf(const struct verb *verb, int argc, char **argv)
{
	struct option options[N_COMMON + MAX_OWN + 1];
	char short_options[64];
	size_t n = N_COMMON;
	int ret;

	memcpy(options, common_options, N_COMMON * sizeof(*options));
	for (const struct option *o = verb->long_options; o && o->name && n < N_COMMON + MAX_OWN;
	     o++)
		options[n++] = *o;
	memset(&options[n], 0, sizeof(options[n]));
	snprintf(short_options, sizeof(short_options), ":%s%s", COMMON_SHORT,
		 verb->short_options);
	optind = 0;
	ret = parse_options(argc, argv, short_options, options, verb);
	if (ret >= 0)
		return ret;
	return check_flags(verb) ?: verb->run(argc - optind, argv + optind);
}

/* The verb that the first word names, which may be one of several below another. */
static int run_verb(const struct verb * const *list, const struct verb *above, int argc,
		    char **argv)
{
	const char *prefix = above ? above->name : "", *space = above ? " " : "";
	const struct verb *verb;
	int ret;

	optind = 0;
	ret = parse_options(argc, argv, "+:" COMMON_SHORT, common_options, above);
	if (ret >= 0)
		return ret;
	if (optind >= argc && above && above->run)
		return run_leaf(above, 1, argv);
	if (optind >= argc)
		return fail(EXIT_USAGE, "usage", "%s%sno verb: try matetool %s%s--help", prefix,
			    above ? ": " : "", prefix, space);
	if (!strcmp(argv[optind], "help"))
		return above ? print_verb_help(above) : print_help();
	verb = find_verb(list, argv[optind]);
	if (!verb)
		return fail(EXIT_USAGE, "usage", "%s%s%s: no such verb: try matetool %s%s--help",
			    prefix, space, argv[optind], prefix, space);
	argc -= optind;
	argv += optind;
	return verb->verbs ? run_verb(verb->verbs, verb, argc, argv) : run_leaf(verb, argc, argv);
}

static int run(int argc, char **argv)
{
	look_for_json(argc, argv);
	opterr = 0;
	/* Its arguments are words of another command line, options too. */
	if (argc > 1 && !strcmp(argv[1], verb_complete.name))
		return verb_complete.run(argc - 2, argv + 2);
	return run_verb(verbs, NULL, argc, argv);
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
