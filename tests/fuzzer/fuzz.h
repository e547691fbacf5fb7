/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the fuzzer share.
 *
 * A program is a list of steps; a step is a call and the seed of its arguments.  Four
 * workers run programs: new ones, those of the corpus, and mutations of those.  What
 * reaches code of the module that nothing has reached before goes into the corpus.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define WORKERS		4
#define MOST_STEPS	32
#define MOST_PROGRAMS	2048
#define MOST_CALLS	128
#define MOST_ERRNO	140
#define MOST_PLACES	16384	/* a power of two */
#define RING		32
#define STATUS_BITS	15	/* MATENET_ST_*, the first is OK */
#define LDISC_MODULE	"/lib/matenet/n_matenet.ko"

struct step {
	uint16_t call;
	bool any;	/* another seed each time */
	uint32_t seed;
};

struct program {
	unsigned int n;
	struct step step[MOST_STEPS];
	int ready;
	unsigned int news;	/* places that it was the first to reach, in this run */
};

/* What a worker does, for whom it may concern. */
struct entry {
	struct step step;
	int result;	/* -errno or 0 */
	bool done;
};

struct worker {
	int pid;
	unsigned int n;			/* entries so far */
	int64_t since;			/* when the last one began, us */
	struct entry ring[RING];
};

/* Of all processes. */
struct shared {
	unsigned int operations, limit;
	unsigned int results[MOST_CALLS][MOST_ERRNO];
	uint64_t us[MOST_CALLS];	/* how long they took, all together */
	unsigned int transactions, status[STATUS_BITS], answered;	/* XFER; REPLY */
	unsigned int reloads, unloads, children;
	bool trace;			/* say each step before it is made */
	bool blind;			/* keep no programs for what they have reached */
	int stop, pause;		/* worker + 1 that asks the others to pause */
	unsigned int paused;
	int exchanging;			/* the module, by one worker */
	unsigned int generation;	/* odd meanwhile */
	struct worker worker[WORKERS];
	struct program corpus[MOST_PROGRAMS];
	unsigned int programs;
	uint32_t place[MOST_PLACES];	/* offset in .text + 1 of code that was reached */
	unsigned int places;
};

extern struct shared *shared;

int64_t now_us(void);
void sleep_us(int64_t us);

/* programs.c */
void program_random(struct program *p);
void program_from_corpus(struct program *p);
void program_keep(const struct program *p);
bool programs_read(const char *path);
void step_print(FILE *to, const struct step *step);

/* worker.c */
void worker_run(unsigned int number, uint32_t seed);
void worker_step(struct step step);
/* The others close what they have and wait until worker_others_go(); false if they do not. */
bool worker_others_wait(void);
void worker_others_go(void);

/* pseudo.c */
void pseudo_init(void);
int module_insert(void);
uint64_t module_text_bytes(void);

/* cover.c: code reached by this process, if the kernel and the module tell */
bool cover_open(void);
void cover_begin(void);
/* How many places nothing had reached before? */
unsigned int cover_end(void);

#endif
