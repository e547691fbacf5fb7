// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs: made by chance, taken from the corpus, mutated.  As text a step is a line
 * with the name of the call and the seed of its arguments, or "*" for any; an empty
 * line ends a program.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "fuzz.h"

#define USUAL_WEIGHT	10

/* Of 10; what ends everything is rare, what brings it back is not. */
static const struct {
	const char *name;
	unsigned int weight;
} weights[] = {
	{ "openat$matenet", 40 },
	{ "openat$ttyW", 30 },
	{ "close$matenet", 3 },
	{ "close$ttyW", 3 },
	{ "ioctl$TIOCSETD", 40 },
	{ "ioctl$TIOCVHANGUP", 2 },
	{ "ioctl$TIOCEXCL", 4 },
	{ "ioctl$TCSBRK", 3 },
	{ "ioctl$TCXONC", 2 },
	{ "ioctl$TIOCMSET", 3 },
	{ "ioctl$MATENET_IOC_XFER", 20 },
	{ "ioctl$MATENET_IOC_SUBMIT", 20 },
	{ "ioctl$MATENET_IOC_REPLY", 15 },
	{ "ioctl$matenet_unknown", 3 },
	{ "mmap$matenet", 2 },
	{ "lseek$matenet", 2 },
	{ "write$matenet", 2 },
	{ "write$uart9_unbind", 1 },
	{ "write$uart9_bind", 20 },
	{ "syz_matenet_unload", 2 },
	{ "syz_matenet_reload", 0 },	/* by the clock, see worker.c */
	{ "syz_matenet_asked", 3 },
	{ "syz_matenet_fork", 2 },
	{ "nanosleep$matenet", 20 },
};

static unsigned int weight_of(unsigned int call)
{
	for (unsigned int i = 0; i < sizeof(weights) / sizeof(weights[0]); i++)
		if (!strcmp(weights[i].name, calls[call].name))
			return weights[i].weight;
	return USUAL_WEIGHT;
}

static struct step random_step(void)
{
	static unsigned int upto[MOST_CALLS];
	unsigned int at, call;

	for (call = 0; !upto[n_calls - 1] && call < n_calls; call++)
		upto[call] = weight_of(call) + (call ? upto[call - 1] : 0);
	at = below(upto[n_calls - 1]);
	for (call = 0; at >= upto[call]; call++)
		;
	return (struct step){ .call = (uint16_t)call, .seed = chance() };
}

void program_random(struct program *p)
{
	p->n = 4 + below(MOST_STEPS - 4);
	for (unsigned int i = 0; i < p->n; i++)
		p->step[i] = random_step();
}

static const struct program *any_program(void)
{
	unsigned int n = __atomic_load_n(&shared->programs, __ATOMIC_ACQUIRE);
	const struct program *p = &shared->corpus[below(n < MOST_PROGRAMS ? n : MOST_PROGRAMS)];

	return n && __atomic_load_n(&p->ready, __ATOMIC_ACQUIRE) ? p : NULL;
}

static void insert(struct program *p, unsigned int at, const struct step *steps, unsigned int n)
{
	if (n > MOST_STEPS - p->n)
		n = MOST_STEPS - p->n;
	memmove(&p->step[at + n], &p->step[at], (p->n - at) * sizeof(*steps));
	memcpy(&p->step[at], steps, n * sizeof(*steps));
	p->n += n;
}

static void mutate(struct program *p)
{
	const struct program *other = any_program();
	unsigned int at = below(p->n);
	struct step step = random_step();

	switch (below(6)) {
	case 0:
		insert(p, at, &step, 1);
		break;
	case 1:
		p->step[at] = step;
		break;
	case 2:
		if (p->n > 1)
			memmove(&p->step[at], &p->step[at + 1],
				(--p->n - at) * sizeof(step));
		break;
	case 3:
		if (other)
			insert(p, at, other->step, 1 + below(other->n));
		break;
	default:
		p->step[at].seed = once_in(2) ? chance() : p->step[at].seed ^ 1U << below(32);
	}
}

void program_from_corpus(struct program *p)
{
	const struct program *from = any_program();
	unsigned int times = below(4), i;

	if (!from) {
		program_random(p);
		return;
	}
	*p = *from;
	while (times--)
		mutate(p);
	for (i = 0; i < p->n; i++)
		if (p->step[i].any)
			p->step[i] = (struct step){ p->step[i].call, false, chance() };
}

void program_keep(const struct program *p)
{
	unsigned int i = __atomic_fetch_add(&shared->programs, 1, __ATOMIC_ACQ_REL);

	if (i >= MOST_PROGRAMS) {
		__atomic_store_n(&shared->programs, MOST_PROGRAMS, __ATOMIC_RELEASE);
		return;
	}
	shared->corpus[i] = *p;
	__atomic_store_n(&shared->corpus[i].ready, 1, __ATOMIC_RELEASE);
}

void step_print(FILE *to, const struct step *step)
{
	if (step->any)
		fprintf(to, "%s *\n", calls[step->call].name);
	else
		fprintf(to, "%s %#x\n", calls[step->call].name, step->seed);
}

static bool step_read(const char *line, struct step *step)
{
	char name[64], seed[16], *end;

	if (sscanf(line, "%63s %15s", name, seed) != 2)
		return false;
	for (unsigned int i = 0; i < n_calls; i++)
		if (!strcmp(calls[i].name, name)) {
			step->call = (uint16_t)i;
			step->any = !strcmp(seed, "*");
			step->seed = (uint32_t)strtoul(seed, &end, 0);
			return step->any || !*end;
		}
	return false;
}

bool programs_read(const char *path)
{
	struct program p = { 0 };
	unsigned int number = 0;
	char line[128];
	FILE *from = fopen(path, "re");

	if (!from) {
		warn("%s", path);
		return false;
	}
	while (fgets(line, sizeof(line), from)) {
		number++;
		if (line[0] == '#')
			continue;
		if (line[0] == '\n') {
			if (p.n)
				program_keep(&p);
			p.n = 0;
		} else if (p.n == MOST_STEPS || !step_read(line, &p.step[p.n++])) {
			warnx("%s:%u: not a step: %s", path, number, line);
			fclose(from);
			return false;
		}
	}
	if (p.n)
		program_keep(&p);
	fclose(from);
	return true;
}
