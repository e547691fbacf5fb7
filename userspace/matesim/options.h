/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line. */
#ifndef MATESIM_OPTIONS_H
#define MATESIM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"
#include "site.h"
#include "tty9.h"

struct options {
	const char *path;
	enum tty9_want want;
	long turnaround_us;
	double speed;
	uint32_t seed;
	double time_of_day;	/* s */
	bool pattern;
	bool trace;
	uint8_t dec_command;
	struct site *site;
	const char *recording;	/* --site */
	const char *state;
	const char *control;
	const char *tell;	/* be the other end of --control */
	char **lines;
	int n_lines;
	struct fault_plan faults;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/* Fills @options and its site; complains on stderr, help goes to stdout. */
enum options_result options_parse(struct options *options, int argc,
				  char **argv);

#endif
