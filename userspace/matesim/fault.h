/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults on purpose: what goes wrong with the reply to the n-th command. */
#ifndef MATESIM_FAULT_H
#define MATESIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

#define FAULTS_MAX 64

struct fault_kind;

struct fault {
	unsigned long first, last;	/* commands, counted from 1 */
	const struct fault_kind *kind;
	unsigned long arg;
};

struct fault_plan {
	struct fault faults[FAULTS_MAX];
	unsigned int n;
};

/*
 * Add "N=KIND[:ARG]", "N-M=..." or "*=...".  Returns NULL or what is wrong
 * with @text.
 */
const char *fault_add(struct fault_plan *plan, const char *text);

/* The fault added last counts from command @n on. */
void fault_later(struct fault_plan *plan, unsigned long n);

/* Whether some reply will have unmarked bytes in front. */
bool fault_plan_has_junk(const struct fault_plan *plan);

/*
 * What happens to the sealed @reply to command number @n; adds to @delay_ns.
 * A reply that is silence stays silence.
 */
void fault_apply(const struct fault_plan *plan, unsigned long n,
		 const struct command *cmd, struct reply *reply,
		 int64_t *delay_ns);

#endif
