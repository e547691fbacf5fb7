// SPDX-License-Identifier: GPL-2.0-or-later
/* matetool stats: the counters of a bus. */
#include <stdio.h>
#include <stdlib.h>

#include "tool.h"

#define MAX_COUNTERS 64

static int print_text(const struct mate_counter *list, int n)
{
	for (int i = 0; i < n; i++)
		printf("%-15s %llu\n", list[i].name, (unsigned long long)list[i].value);
	return EXIT_OK;
}

static int print_object(struct mate_bus *bus, const struct mate_counter *list, int n)
{
	json_t *stats = json_object();

	for (int i = 0; i < n; i++)
		json_object_set_new(stats, list[i].name, json_integer((json_int_t)list[i].value));
	return print_json(json_pack("{s:s,s:o}", "bus", mate_bus_name(bus), "stats", stats));
}

static int run_stats(int argc, char **argv)
{
	struct mate_counter list[MAX_COUNTERS];
	struct mate_bus *bus;
	int ret, n;

	(void)argv;
	ret = want_args(&verb_stats, argc, 0, 0) ?: open_bus(&bus);
	if (ret)
		return ret;
	n = mate_stats(bus, list, MAX_COUNTERS);
	if (n > MAX_COUNTERS)
		n = MAX_COUNTERS;
	if (n < 0)
		ret = fail_mate(bus, n, "%s: counters", mate_bus_name(bus));
	else
		ret = flags.json ? print_object(bus, list, n) : print_text(list, n);
	mate_close(bus);
	return ret;
}

const struct verb verb_stats = {
	.name = "stats",
	.args = "",
	.summary = "Counters of a bus since it was attached",
	.help = "Examples:\n"
		"  matetool stats\n"
		"  matetool stats -j | jq .stats.timeouts\n",
	.words = "",
	.short_options = "",
	.run = run_stats,
};
