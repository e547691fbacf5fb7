// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that runs out: for n = 1, 2, 3... the n-th allocation of each operation
 * fails, until it takes fewer than n.  It must then fail with an error that is
 * documented, or do what it should; afterwards the same operation must work, a
 * transaction too, and the driver must not have said a word.
 *
 * Leaks are for kmemleak to find, when all is over: tests/vm/vm -k.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"

#define ENDLESS 20000	/* more than any operation takes */

static int kmsg;

/* Lines of the kernel's log that are the driver's, and those of them that are right. */
static const char * const ours[] = { ";matenet ", ";n_matenet" };
static const char * const harmless[] = {
	"attached to ttyW", "detached from ttyW", "replies show their ninth bits",
};

static bool is_one_of(const char *line, const char * const words[], size_t n)
{
	while (n--)
		if (strstr(line, words[n]))
			return true;
	return false;
}
#define IS_ONE_OF(line, words) is_one_of(line, words, sizeof(words) / sizeof((words)[0]))

/*
 * Has the driver said nothing since the last time?  Others may say that they have
 * no memory; whether the kernel complained is for tests/vm/judge.
 */
static bool driver_is_quiet(void)
{
	bool quiet = true;
	char line[2048];
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		line[n > 0 ? n : 0] = 0;
		errno = 0;
		if (!IS_ONE_OF(line, ours) || IS_ONE_OF(line, harmless))
			continue;
		printf("# kernel: %s\n", line);
		quiet = false;
	}
	return quiet;
}

static void tell_judge(const char *text)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "/dev/kmsg");
	close(fd);
}

/* With the n-th allocation failing; then without.  False if anything is wrong. */
static bool try_one(const struct operation *op, unsigned int n, bool *hit, bool *failed)
{
	bool right;
	int ret;

	inject_arm(op->victim, n);
	ret = op->run();
	*hit = inject_disarm();
	*failed = ret != 0;
	if (ret && (!*hit || (ret != -ENOMEM && ret != -op->error))) {
		printf("# %s, allocation %u: error %d\n", op->name, n, -ret);
		return false;
	}
	right = op->after(ret);
	if (!right)
		printf("# %s, allocation %u: what came of it is not right\n", op->name, n);
	ret = op->run();
	if (ret)
		printf("# %s, after allocation %u failed: error %d\n", op->name, n, -ret);
	if (!op->after(ret) && right) {
		printf("# %s, after allocation %u failed: not right\n", op->name, n);
		right = false;
	}
	return driver_is_quiet() && right && !ret;
}

static bool try_all(const struct operation *op, unsigned int *points, unsigned int *failures)
{
	bool hit = true, failed, right = true;
	unsigned int n;

	*points = *failures = 0;
	op->setup();
	lseek(kmsg, 0, SEEK_END);
	for (n = 1; right && n < ENDLESS; n++) {
		right = try_one(op, n, &hit, &failed);
		if (!hit)
			break;
		*points += 1;
		*failures += failed;
	}
	op->teardown();
	return right && !hit;
}

static bool report(unsigned int number, const struct operation *op)
{
	unsigned int points, failures;
	bool right = try_all(op, &points, &failures);
	bool enough = points >= op->least && failures >= op->least_failed;

	if (!enough)
		printf("# expected %u allocations, %u of them needed\n", op->least,
		       op->least_failed);
	printf("%sok %u - %s, %s: %u allocations, without %u of them it fails\n",
	       right && enough ? "" : "not ", number, op->name, victim_names[op->victim], points,
	       failures);
	return right && enough;
}

int main(int argc, char **argv)
{
	unsigned int i, done = 0;
	bool right = true;

	setvbuf(stdout, NULL, _IOLBF, 4096);
	inject_setup();
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0)
		err(1, "/dev/kmsg");
	lseek(kmsg, 0, SEEK_END);
	puts("TAP version 13");
	tell_judge("<5>matenet-vm: memory runs out");
	/* With a name: only that operation. */
	for (i = 0; i < operations_n; i++)
		if (argc < 2 || !strcmp(operations[i].name, argv[1]))
			right &= report(++done, &operations[i]);
	tell_judge("<5>matenet-vm: memory is back");
	printf("1..%u\n", done);
	return right && done ? 0 : 1;
}
