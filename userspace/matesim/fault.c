// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults on purpose. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fault.h"

struct fault_kind {
	const char *name;
	bool needs_arg;
	unsigned long arg;	/* when none is given; 0: takes none */
	unsigned long max;
	void (*apply)(unsigned long arg, const struct command *cmd,
		      struct reply *reply, int64_t *delay_ns);
};

static void late(unsigned long ms, const struct command *cmd,
		 struct reply *reply, int64_t *delay_ns)
{
	(void)cmd;
	(void)reply;
	*delay_ns += ms * NSEC_PER_MSEC;
}

static void wrong_sum(unsigned long arg, const struct command *cmd,
		      struct reply *reply, int64_t *delay_ns)
{
	(void)arg;
	(void)cmd;
	(void)delay_ns;
	reply->bytes[reply->len - 1] ^= 0x01;
}

static void too_short(unsigned long bytes, const struct command *cmd,
		      struct reply *reply, int64_t *delay_ns)
{
	(void)cmd;
	(void)delay_ns;
	reply->len = bytes < reply->len ? reply->len - bytes : 1;
}

static void too_long(unsigned long bytes, const struct command *cmd,
		     struct reply *reply, int64_t *delay_ns)
{
	(void)cmd;
	(void)delay_ns;
	while (bytes-- && reply->len < REPLY_MAX)
		reply->bytes[reply->len++] = 0x55;
}

static void refuse(unsigned long arg, const struct command *cmd,
		   struct reply *reply, int64_t *delay_ns)
{
	size_t len = reply->len - CHECKSUM_BYTES;

	(void)arg;
	(void)delay_ns;
	memset(reply->bytes, 0, len);
	reply->bytes[0] = cmd->cmd | REPLY_REFUSED;
	reply->len = len;
	reply_seal(reply);
}

static void silent(unsigned long arg, const struct command *cmd,
		   struct reply *reply, int64_t *delay_ns)
{
	(void)arg;
	(void)cmd;
	(void)delay_ns;
	reply->len = 0;
}

static void junk(unsigned long bytes, const struct command *cmd,
		 struct reply *reply, int64_t *delay_ns)
{
	(void)cmd;
	(void)delay_ns;
	reply->junk += bytes;
}

static const struct fault_kind kinds[] = {
	{ "late",	true,	0, 60000, late },	/* milliseconds */
	{ "sum",	false,	0, 0, wrong_sum },
	{ "short",	false,	1, REPLY_MAX, too_short },	/* bytes */
	{ "long",	false,	1, 8, too_long },
	{ "refuse",	false,	0, 0, refuse },
	{ "silent",	false,	0, 0, silent },
	{ "junk",	false,	2, 32, junk },
};

static bool parse_number(const char **text, unsigned long max,
			 unsigned long *number)
{
	char *end;

	if (!isdigit((unsigned char)**text))
		return false;
	*number = strtoul(*text, &end, 10);
	*text = end;
	return *number <= max;
}

static const char *parse_range(const char **text, struct fault *fault)
{
	if (**text == '*') {
		++*text;
		fault->first = 1;
		fault->last = ULONG_MAX;
		return NULL;
	}
	if (!parse_number(text, ULONG_MAX, &fault->first) || !fault->first)
		return "starts with the number of a command from 1, a range N-M, or *";
	fault->last = fault->first;
	if (**text != '-')
		return NULL;
	++*text;
	if (!parse_number(text, ULONG_MAX, &fault->last) ||
	    fault->last < fault->first)
		return "a range ends at its first command or later";
	return NULL;
}

static const char *parse_kind(const char **text, struct fault *fault)
{
	const size_t len = strcspn(*text, ":");
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].name) == len &&
		    !strncmp(kinds[i].name, *text, len))
			break;
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return "the kinds are late:MS sum short[:N] long[:N] refuse silent junk[:N]";
	fault->kind = &kinds[i];
	fault->arg = kinds[i].arg;
	*text += len;
	return NULL;
}

static const char *parse_arg(const char **text, struct fault *fault)
{
	const struct fault_kind *kind = fault->kind;

	if (!**text)
		return kind->needs_arg ? "late needs milliseconds, as late:80" :
					 NULL;
	++*text;
	if (!kind->max)
		return "this kind takes no number";
	if (!parse_number(text, kind->max, &fault->arg) || **text ||
	    !fault->arg)
		return "the number after the colon is not in range";
	return NULL;
}

const char *fault_add(struct fault_plan *plan, const char *text)
{
	struct fault *fault = &plan->faults[plan->n];
	const char *wrong;

	if (plan->n == FAULTS_MAX)
		return "too many faults";
	wrong = parse_range(&text, fault);
	if (wrong)
		return wrong;
	if (*text++ != '=')
		return "write it as N=KIND";
	wrong = parse_kind(&text, fault);
	if (!wrong)
		wrong = parse_arg(&text, fault);
	if (!wrong)
		plan->n++;
	return wrong;
}

void fault_later(struct fault_plan *plan, unsigned long n)
{
	struct fault *f = &plan->faults[plan->n - 1];

	f->first += n;
	f->last = f->last > ULONG_MAX - n ? ULONG_MAX : f->last + n;
}

bool fault_plan_has_junk(const struct fault_plan *plan)
{
	unsigned int i;

	for (i = 0; i < plan->n; i++)
		if (plan->faults[i].kind->apply == junk)
			return true;
	return false;
}

void fault_apply(const struct fault_plan *plan, unsigned long n,
		 const struct command *cmd, struct reply *reply,
		 int64_t *delay_ns)
{
	const struct fault *f;

	for (f = plan->faults; f < plan->faults + plan->n; f++)
		if (reply->len && n >= f->first && n <= f->last)
			f->kind->apply(f->arg, cmd, reply, delay_ns);
}
