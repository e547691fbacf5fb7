// SPDX-License-Identifier: GPL-2.0-or-later
/* matesim: OutBack devices on a serial line. */
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "clock.h"
#include "options.h"
#include "recording.h"
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

/* World, devices, and what was recorded of them; all but the line. */
static int populate(const struct options *options, struct bus *bus)
{
	struct matefile file = { 0 };
	int ret = 0;

	if (options->recording &&
	    (matefile_read(&file, options->recording) < 0 ||
	     recording_devices(&file, options->site) < 0))
		ret = -1;
	site_defaults(options->site);
	site_build(options->site, bus, options->seed, options->time_of_day,
		   options->dec_command);
	if (ret == 0 && options->recording)
		ret = recording_answers(&file, options->site);
	matefile_free(&file);
	if (ret == 0 && options->state)
		ret = state_load(options->site, options->state);
	return ret;
}

static int serve(struct options *options, struct bus *bus)
{
	struct line line;
	struct control control = {
		.site		= options->site,
		.state		= options->state,
		.faults		= &options->faults,
		.fd		= -1,
	};
	struct server server = {
		.line		= &line,
		.bus		= bus,
		.world		= bus->pattern ? NULL : &options->site->world,
		.faults		= &options->faults,
		.control	= &control,
		.site		= options->site,
		.state		= options->state,
		.turnaround_ns	= options->turnaround_us * NSEC_PER_USEC,
		.speed		= options->speed,
		.trace		= options->trace,
	};
	const struct line_wish wish = {
		.path	= options->path,
		.parity	= options->want,
		.ports	= bus_port_mask(bus),
		.junk	= bus_has_junk(bus) ||
			  fault_plan_has_junk(&options->faults),
	};
	int ret = -1;

	if (line_open(&line, &wish) < 0)
		return -1;
	control.junk = line.kind == &tty_line;
	control.commands = &server.commands;
	if (!options->control || control_open(&control, options->control) == 0) {
		be_punctual();
		ret = server_run(&server);
		control_close(&control);
	}
	line.kind->close(&line);
	return ret;
}

int main(int argc, char **argv)
{
	struct options options = { .site = &site };
	struct bus bus = { 0 };
	int ret;

	switch (options_parse(&options, argc, argv)) {
	case OPTIONS_DONE:
		return EXIT_SUCCESS;
	case OPTIONS_WRONG:
		return EXIT_FAILURE;
	case OPTIONS_RUN:
		break;
	}
	if (options.tell) {
		ret = control_tell(options.tell, options.lines, options.n_lines);
		return ret < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	}
	bus.pattern = options.pattern;
	if (!bus.pattern && populate(&options, &bus) < 0)
		return EXIT_FAILURE;
	return serve(&options, &bus) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
