// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Four processes do to the interface of the driver whatever its description allows and
 * a little more, while ttys are attached and detached, plugs pulled, lines disturbed and
 * the module exchanged; and the kernel must have nothing to say about it.
 *
 * FUZZ_SEED repeats it, FUZZ_OPS says how much, FUZZ_PROGRAMS=FILE runs only the programs
 * of a file, FUZZ_SECONDS ends it early, FUZZ_TELL=N says each N operations how far it is,
 * FUZZ_TRACE=1 each one before it is made.  FUZZ_BLIND=1 learns nothing of the code that
 * is reached, to see what learning is worth.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "args.h"
#include "wirelib.h"

#define CORPUS		"/usr/libexec/matenet-tests/fuzzer/corpus"
#define OUT		"/out/fuzzer"
#define TTYS		4
#define STUCK_US	60000000	/* longest that a call may take */
#define LOOK_US		10000
#define WORTH_KEEPING	4	/* new places of a program */
#define MARK_LINES	2000
#define LEAST_SHARE	200	/* one call in so many is to succeed */
#define LEAST_SENT	80	/* and of the calls for transactions one in so many to send one, */
#define LEAST_ANSWERED	10	/* of those one in so many to be answered somehow, */
#define LEAST_RIGHT	100	/* and one in so many rightly */
#define USUAL_OPS	20000
#define LONG_OPS	1000000

struct shared *shared;

static unsigned int number, failures;
static int64_t began;
static char complaint[512];	/* first one of the kernel */

static void result(bool right, const char *what)
{
	printf("%sok %u - %s\n", right ? "" : "not ", ++number, what);
	failures += !right;
}

int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* May be cut short by a signal, which is all right here. */
void sleep_us(int64_t us)
{
	struct timespec ts = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&ts, NULL);
}

static unsigned int from_environment(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 0) : otherwise;
}

/* ---- what the kernel says ---- */

/* What we do to lines and ttys, and what a slow host does. */
static bool allowed(const char *line)
{
	static const char * const texts[] = {
		"hrtimer: interrupt took", "input overrun", "clocksource:", "cannot send nine bits",
		"uevent", "netlink: ", "Zero length message",
	};

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strstr(line, texts[i]))
			return true;
	return false;
}

/*
 * The log keeps the last of what a million operations make it say.  All of it is read
 * here; whoever judges the log afterwards wants to see where it begins.
 */
static void mark_log(void)
{
	static unsigned int lines;
	int fd;

	if (++lines % MARK_LINES)
		return;
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	dprintf(fd, "<5>matenet-vm: start of what fuzz.t has not read\n");
	close(fd);
}

static void look_at_log(int log)
{
	char line[8192];
	ssize_t len;
	int level;

	while ((len = read(log, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (len <= 0) {
			snprintf(complaint, sizeof(complaint), "messages lost unread");
			continue;
		}
		line[len] = 0;
		mark_log();
		if (sscanf(line, "%d", &level) != 1 || (level & 7) > 4 || allowed(line))
			continue;
		printf("# %s", line);
		if (!complaint[0])
			snprintf(complaint, sizeof(complaint), "%.400s", line);
	}
}

/* ---- what the workers were doing ---- */

static void show_ring(unsigned int i)
{
	const struct worker *w = &shared->worker[i];
	unsigned int n = w->n, first = n > RING ? n - RING : 0;

	printf("# worker %u, its last %u of %u:\n", i, n - first, n);
	for (; first < n; first++) {
		const struct entry *e = &w->ring[first % RING];

		printf("# %s ", e->done ? strerrorname_np(-e->result) ?: "?" : "...");
		step_print(stdout, &e->step);
	}
}

static void show_rings(void)
{
	for (unsigned int i = 0; i < WORKERS; i++)
		show_ring(i);
	fflush(stdout);
}

static unsigned int successes(unsigned int call)
{
	return shared->results[call][0];
}

static unsigned int attempts(unsigned int call)
{
	unsigned int sum = 0;

	for (unsigned int e = 0; e < MOST_ERRNO; e++)
		sum += shared->results[call][e];
	return sum;
}

static unsigned int attempts_named(const char *name)
{
	for (unsigned int i = 0; i < n_calls; i++)
		if (!strcmp(calls[i].name, name))
			return attempts(i);
	return 0;
}

/* By the table: a call that writes where it should not might hit the counter. */
static unsigned int all_attempts(void)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < n_calls; i++)
		sum += attempts(i);
	return sum;
}

static void show_transactions(void)
{
	static const char * const names[STATUS_BITS] = {
		"right", "sent", "not sent", "no reply", "wrong sum", "short", "long",
		"marked wrongly", "framing", "break", "overrun", "after junk", "refused",
		"aborted", "skipped",
	};

	printf("# %u transactions:", shared->transactions);
	for (unsigned int i = 0; i < STATUS_BITS; i++)
		printf(" %u %s%s", shared->status[i], names[i], i < STATUS_BITS - 1 ? "," : "\n");
	printf("# %u replies as a device; %u children killed\n", shared->answered,
	       shared->children);
}

static void show_results(void)
{
	for (unsigned int i = 0; i < n_calls; i++) {
		printf("# %7u %-40s %6llu ms:", attempts(i), calls[i].name,
		       (unsigned long long)shared->us[i] / 1000);
		for (int e = 0; e < MOST_ERRNO; e++)
			if (shared->results[i][e])
				printf(" %s %u", e ? strerrorname_np(e) ?: "?" : "ok",
				       shared->results[i][e]);
		printf("\n");
	}
	printf("# %u operations in %lld s\n", all_attempts(), (long long)((now_us() - began) / 1000000));
	show_transactions();
	printf("# module exchanged %u times, %u of them when all had paused\n", shared->unloads,
	       shared->reloads);
}

/* ---- what must have come of it ---- */

/* The driver has none of these for anybody. */
static bool never_succeeds(const char *name)
{
	static const char * const names[] = {
		"write$matenet", "mmap$matenet", "lseek$matenet", "ioctl$matenet_unknown",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* Only in the device role, in time, with the number of a command; when nobody is there. */
static bool hardly_succeeds(const char *name)
{
	return !strcmp(name, "ioctl$MATENET_IOC_REPLY") || !strcmp(name, "syz_matenet_unload");
}

/* A call that hardly ever gets past the first check finds nothing. */
static bool call_got_somewhere(unsigned int i)
{
	unsigned int tried = attempts(i);

	return tried && (never_succeeds(calls[i].name) || hardly_succeeds(calls[i].name) ||
			 successes(i) >= tried / LEAST_SHARE);
}

static void judge_calls(void)
{
	bool right = true;

	for (unsigned int i = 0; i < n_calls; i++) {
		if (call_got_somewhere(i))
			continue;
		printf("# %s: %u of %u succeeded\n", calls[i].name, successes(i), attempts(i));
		right = false;
	}
	result(right, "every call was made, and those that can succeed did often enough");
	right = true;
	for (unsigned int i = 0; i < n_calls; i++)
		if (never_succeeds(calls[i].name) && strncmp(calls[i].name, "ioctl", 5) &&
		    successes(i)) {
			printf("# %s: %u succeeded\n", calls[i].name, successes(i));
			right = false;
		}
	result(right, "what no driver file can do was refused");
}

static void judge_transactions(void)
{
	unsigned int asked = attempts_named("ioctl$MATENET_IOC_XFER") +
			     attempts_named("ioctl$MATENET_IOC_SUBMIT") +
			     attempts_named("ioctl$MATENET_IOC_BATCH");
	unsigned int right = shared->status[0], sent = shared->status[1];
	unsigned int answered = sent - shared->status[3];

	result(sent > 0 && sent >= asked / LEAST_SENT, "transactions were sent");
	result(answered > 0 && answered >= sent / LEAST_ANSWERED && right >= sent / LEAST_RIGHT,
	       "enough of them were answered, and enough rightly");
}

static void write_places(void)
{
	FILE *to;

	mkdir(OUT, 0755);
	to = fopen(OUT "/places", "we");
	if (!to)
		return;
	for (unsigned int i = 0; i < MOST_PLACES; i++)
		if (shared->place[i])
			fprintf(to, "%#x\n", shared->place[i] - 1);
	fclose(to);
}

static void write_found(void)
{
	unsigned int n = shared->programs < MOST_PROGRAMS ? shared->programs : MOST_PROGRAMS;
	FILE *to = fopen(OUT "/found", "we");

	for (unsigned int i = 0; to && i < n; i++) {
		const struct program *p = &shared->corpus[i];

		if (p->news < WORTH_KEEPING || !p->ready)
			continue;
		fprintf(to, "# %u\n", p->news);
		for (unsigned int k = 0; k < p->n; k++)
			step_print(to, &p->step[k]);
		fprintf(to, "\n");
	}
	if (to)
		fclose(to);
}

/* ---- the run ---- */

/* What is not sent after a close is not waited for long. */
static void short_closes(unsigned int tty)
{
	struct serial_struct serial;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/ttyW%u", tty);
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TIOCGSERIAL, &serial))
		err(1, "%s", path);
	serial.closing_wait = 5;
	if (ioctl(fd, TIOCSSERIAL, &serial))
		err(1, "%s", path);
	close(fd);
}

static void set_up(void)
{
	if (now_us() < 1000000)
		sleep_us(1000000 - now_us());
	if (wire_load_with("pairs=2 records=100000"))
		errx(1, "uart9 cannot be loaded");
	pseudo_init();
	if (module_insert())
		errx(1, "n_matenet cannot be loaded");
	for (unsigned int i = 0; i < TTYS; i++)
		short_closes(i);
	wire_knobs(1, "answer=500");
}

static void read_corpus(void)
{
	const char *file = getenv("FUZZ_PROGRAMS");
	struct dirent *entry;
	char path[512];
	DIR *dir;

	if (file) {
		if (!programs_read(file))
			exit(1);
		return;
	}
	dir = opendir(CORPUS);
	if (!dir)
		err(1, CORPUS);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), CORPUS "/%s", entry->d_name);
		if (strstr(entry->d_name, ".prog") && !programs_read(path))
			exit(1);
	}
	closedir(dir);
}

static void start_workers(uint32_t seed)
{
	for (unsigned int i = 0; i < WORKERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (!pid) {
			setsid();
			worker_run(i, seed);
			_exit(0);
		}
		shared->worker[i].pid = pid;
	}
}

/* Which worker is in one call for too long; -1 if none is. */
static int stuck_worker(void)
{
	for (unsigned int i = 0; i < WORKERS; i++) {
		const struct worker *w = &shared->worker[i];

		if (w->pid && w->n && now_us() - w->since > STUCK_US)
			return (int)i;
	}
	return -1;
}

/* The workers that have not ended; one that is killed is a fault. */
static unsigned int reap(bool *well)
{
	unsigned int left = 0;
	int status;

	for (unsigned int i = 0; i < WORKERS; i++) {
		struct worker *w = &shared->worker[i];

		if (!w->pid)
			continue;
		if (waitpid(w->pid, &status, WNOHANG) == w->pid) {
			w->pid = 0;
			if (!WIFEXITED(status) || WEXITSTATUS(status)) {
				printf("# worker %u ended with status %#x\n", i, status);
				*well = false;
				shared->stop = 1;
			}
			continue;
		}
		left++;
	}
	return left;
}

static void show_progress(void)
{
	static unsigned int shown;
	static time_t before;
	unsigned int n = shared->operations;

	if (n - shown < from_environment("FUZZ_TELL", 50000))
		return;
	printf("# %u operations, %u places, %lld s\n", n, shared->places,
	       before ? (long long)(now_us() / 1000000 - before) : 0);
	fflush(stdout);
	before = now_us() / 1000000;
	shown = n;
}

static bool watch(int log)
{
	int64_t end = now_us() + from_environment("FUZZ_SECONDS", 1000000) * 1000000LL;
	bool well = true, shown = false;
	int who;

	while (reap(&well)) {
		if (now_us() > end)
			shared->stop = shared->limit = 1;
		sleep_us(LOOK_US);
		look_at_log(log);
		show_progress();
		if (complaint[0] && !shown) {
			show_rings();
			shown = true;
			shared->stop = 1;
		}
		who = stuck_worker();
		if (who >= 0) {
			printf("# worker %d is stuck\n", who);
			show_rings();
			shared->stop = 1;
			kill(shared->worker[who].pid, SIGKILL);
			return false;
		}
	}
	return well;
}

/* Nobody is left who uses it. */
static bool remove_module(void)
{
	for (int tries = 0; tries < 200; tries++) {
		if (!syscall(SYS_delete_module, "n_matenet", O_NONBLOCK))
			return true;
		sleep_us(10000);
	}
	return false;
}

int main(void)
{
	uint32_t seed = from_environment("FUZZ_SEED", 20260101);
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool well;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED || log < 0)
		err(1, "/dev/kmsg");
	shared->trace = from_environment("FUZZ_TRACE", 0);
	shared->blind = from_environment("FUZZ_BLIND", 0);
	shared->limit = from_environment("FUZZ_OPS", getenv("LONG") ? LONG_OPS : USUAL_OPS);
	printf("TAP version 13\n# FUZZ_SEED=%u FUZZ_OPS=%u\n", seed, shared->limit);
	fflush(stdout);
	set_up();
	/* That modules taint the kernel has been said. */
	lseek(log, 0, SEEK_END);
	read_corpus();
	began = now_us();
	start_workers(seed);
	well = watch(log);
	look_at_log(log);

	show_results();
	result(well && all_attempts() >= shared->limit, "all was done, and nobody got stuck");
	judge_calls();
	judge_transactions();
	result(shared->reloads > 0, "the module was exchanged meanwhile");
	result(remove_module(), "nobody uses it afterwards");
	look_at_log(log);
	result(!complaint[0], "the kernel has no complaint");
	if (shared->places) {
		printf("# %u places of the module's code reached\n", shared->places);
		write_places();
		write_found();
	}
	printf("1..%u\n", number);
	return failures > 0;
}
