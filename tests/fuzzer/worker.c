// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A worker: runs programs until enough has been done.  A timer ends every call that can
 * be interrupted; one that cannot is the main program's to notice.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <errno.h>
#include <linux/matenet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "args.h"
#include "pools.h"

#define LIMIT_US	160000	/* longest that a call may block */
#define WAIT_US		5000000	/* for others to pause */
#define RELOAD_EVERY	8000	/* operations */

/* Again and again, in case the first comes before the call has begun to wait. */
static const struct itimerval limit = { { 0, LIMIT_US }, { 0, LIMIT_US } };
static unsigned int me;

#define COUNT(what)	__atomic_fetch_add(&shared->what, 1, __ATOMIC_RELAXED)

static unsigned int call_named(const char *name)
{
	unsigned int i = 0;

	while (strcmp(calls[i].name, name))
		i++;
	return i;
}

/* Transactions end well for the caller whatever became of them: look at the status. */
static void count_transaction(const struct call *call, const struct arguments *args)
{
	const struct matenet_xfer *x = (const struct matenet_xfer *)(uintptr_t)args->value[2];

	if (!strcmp(call->name, "ioctl$MATENET_IOC_REPLY"))
		COUNT(answered);
	if (strcmp(call->name, "ioctl$MATENET_IOC_XFER"))
		return;
	COUNT(transactions);
	for (unsigned int bit = 0; bit < STATUS_BITS; bit++)
		if (x->status >> bit & 1)
			COUNT(status[bit]);
}

static void put_outputs(const struct arguments *args)
{
	uint64_t value;

	for (unsigned int i = 0; i < args->n_outputs; i++) {
		value = 0;
		memcpy(&value, args->output[i].at, args->output[i].size);
		if (value)
			pool_put(args->output[i].pool, value);
	}
}

/* What has gone is of little use, but of some: mostly it is closed. */
static void forget_dead(const struct call *call, const struct arguments *args, long ret)
{
	const struct type *t = call->args[0].type;

	if ((ret != -ENODEV && ret != -EIO) || t->kind != RESOURCE || once_in(3))
		return;
	close((int)args->value[0]);
	pool_drop((unsigned int)t->lo, args->value[0]);
}

static long perform(const struct call *call, const struct arguments *args)
{
	const uint64_t *v = args->value;
	long ret;

	errno = 0;
	ret = call->call ? call->call(v) : syscall(call->nr, v[0], v[1], v[2], v[3], v[4], v[5]);
	if (call->closes)
		pool_drop((unsigned int)call->args[0].type->lo, v[0]);
	if (ret < 0) {
		ret = -errno;
		forget_dead(call, args, ret);
		return ret;
	}
	if (call->result >= 0)
		pool_put((unsigned int)call->result, (uint64_t)ret);
	put_outputs(args);
	count_transaction(call, args);
	return 0;
}

void worker_step(struct step step)
{
	struct worker *w = &shared->worker[me];
	struct entry *entry = &w->ring[w->n % RING];
	const struct call *call = &calls[step.call];
	struct arguments args;
	long ret;

	if (shared->trace) {
		printf("# worker %u: ", me);
		step_print(stdout, &step);
		fflush(stdout);
	}
	*entry = (struct entry){ .step = step };
	setitimer(ITIMER_REAL, &limit, NULL);
	w->since = now_us();
	__atomic_store_n(&w->n, w->n + 1, __ATOMIC_RELEASE);
	args_make(call, step.seed, &args);
	ret = perform(call, &args);
	entry->result = (int)ret;
	entry->done = true;
	__atomic_fetch_add(&shared->us[step.call], now_us() - w->since, __ATOMIC_RELAXED);
	/* In this order: who is killed in between has not done less than was counted. */
	COUNT(results[step.call][-ret < MOST_ERRNO ? -ret : MOST_ERRNO - 1]);
	COUNT(operations);
}

static unsigned int producer_of(unsigned int pool)
{
	unsigned int i = 0;

	while (calls[i].result != (int)pool || !strncmp(calls[i].name, "dup$", 4))
		i++;
	return i;
}

/* Descriptors that the call wants and nobody has opened yet; a bus needs a tty before. */
static void provide(const struct call *call)
{
	static const char * const attach[] = { "openat$ttyW", "ioctl$TIOCSETD", "openat$matenet" };
	uint64_t unused;

	for (unsigned int i = 0; i < call->n; i++) {
		const struct type *t = call->args[i].type;

		if (t->kind != RESOURCE || !pool_kinds[t->lo].fd || pool_some(t->lo, &unused) ||
		    once_in(16))
			continue;
		worker_step((struct step){ .call = producer_of(t->lo), .seed = chance() });
		if (strcmp(pool_kinds[t->lo].name, "fd_matenet"))
			continue;
		for (unsigned int k = 0; k < 3 && !pool_some(t->lo, &unused); k++)
			worker_step((struct step){ .call = call_named(attach[k]),
						   .seed = chance() });
	}
}

/* Somebody exchanges the module, and it must not be in use. */
static void pause_if_asked(void)
{
	int who = __atomic_load_n(&shared->pause, __ATOMIC_ACQUIRE);

	if (!who || who == (int)me + 1)
		return;
	pools_clear();
	COUNT(paused);
	while (__atomic_load_n(&shared->pause, __ATOMIC_ACQUIRE) == who) {
		shared->worker[me].since = now_us();
		sleep_us(1000);
	}
	__atomic_fetch_sub(&shared->paused, 1, __ATOMIC_RELAXED);
}

bool worker_others_wait(void)
{
	int64_t end = now_us() + WAIT_US;
	int nobody = 0;

	if (!__atomic_compare_exchange_n(&shared->pause, &nobody, (int)me + 1, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return false;
	pools_clear();
	while (__atomic_load_n(&shared->paused, __ATOMIC_ACQUIRE) < WORKERS - 1) {
		if (now_us() > end || shared->stop) {
			worker_others_go();
			return false;
		}
		sleep_us(1000);
	}
	return true;
}

void worker_others_go(void)
{
	__atomic_store_n(&shared->pause, 0, __ATOMIC_RELEASE);
}

static bool enough(void)
{
	return shared->stop || shared->operations >= shared->limit;
}

/* In turn, so that it happens as often as it should whatever chance says. */
static bool my_turn_to_reload(void)
{
	static unsigned int done;
	unsigned int turn = shared->operations / RELOAD_EVERY;

	if (turn % WORKERS != me || turn == done)
		return false;
	done = turn;
	return true;
}

static void run(const struct program *p, uint32_t seed)
{
	unsigned int generation = shared->generation;
	unsigned int news = 0;

	chance_seed(seed);
	if (once_in(4))
		pools_clear();
	for (unsigned int i = 0; i < p->n && !enough(); i++) {
		pause_if_asked();
		provide(&calls[p->step[i].call]);
		cover_begin();
		worker_step(p->step[i]);
		/* Where the code is when it has been loaded again nobody knows. */
		if (generation == shared->generation)
			news += cover_end();
	}
	if (news && !shared->blind) {
		struct program found = *p;

		found.news = news;
		program_keep(&found);
	}
}

static void on_tick(int sig)
{
	(void)sig;
}

static void prepare(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN,
				       SIGTTOU, SIGIO };
	struct sigaction action = { .sa_handler = on_tick };

	for (unsigned int i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigaction(SIGALRM, &action, NULL);
	args_init();
	cover_open();
}

void worker_run(unsigned int number, uint32_t seed)
{
	unsigned int reload = call_named("syz_matenet_reload");
	struct program p = { 0 };
	uint32_t next;

	me = number;
	prepare();
	for (next = seed * WORKERS + number; !enough(); next += 0x9e3779b9) {
		chance_seed(next);
		if (my_turn_to_reload())
			p = (struct program){ .n = 1, .step[0] = { reload, false, chance() } };
		else if (once_in(2))
			program_random(&p);
		else
			program_from_corpus(&p);
		run(&p, chance());
	}
	pools_clear();
	/* Whoever waits for this one to pause need not any more. */
	COUNT(paused);
}
