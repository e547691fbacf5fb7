// SPDX-License-Identifier: GPL-2.0-or-later
/* matesim: OutBack devices on a serial line. */
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "clock.h"
#include "options.h"
#include "server.h"
#include "site.h"

/* Below the kernel's own threads at 50: their work comes first. */
#define PRIORITY 30

static struct site site;

/* Both are refused to ordinary users; then the timing is what it is. */
static void be_punctual(void)
{
	const struct sched_param param = { .sched_priority = PRIORITY };

	sched_setscheduler(0, SCHED_FIFO, &param);
	prctl(PR_SET_TIMERSLACK, 1);
}

static int serve(const struct options *options)
{
	struct bus bus = { .pattern = options->pattern };
	struct line_wish wish = {
		.path	= options->path,
		.parity	= options->want,
	};
	struct line line;
	struct server server = {
		.line		= &line,
		.bus		= &bus,
		.faults		= &options->faults,
		.turnaround_ns	= options->turnaround_us * NSEC_PER_USEC,
		.speed		= options->speed,
		.trace		= options->trace,
	};
	int ret;

	if (!options->pattern) {
		site_defaults(options->site);
		site_build(options->site, &bus, options->seed,
			   options->time_of_day, options->dec_command);
		server.world = &options->site->world;
	}
	wish.ports = bus_port_mask(&bus);
	wish.junk = bus_has_junk(&bus) || fault_plan_has_junk(&options->faults);
	if (line_open(&line, &wish) < 0)
		return -1;
	be_punctual();
	ret = server_run(&server);
	line.kind->close(&line);
	return ret;
}

int main(int argc, char **argv)
{
	struct options options = { .site = &site };

	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_DONE:
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		return EXIT_FAILURE;
	case OPTIONS_RUN:
		break;
	}
	return serve(&options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
