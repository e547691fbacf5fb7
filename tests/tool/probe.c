// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests of matetool need and a small guest has no program for. */
#include <err.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/matenet.h>

static void print_value(json_t *value)
{
	if (json_is_string(value))
		puts(json_string_value(value));
	else if (json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_COMPACT |
			    JSON_REAL_PRECISION(12)))
		errx(2, "out of memory");
	else
		putchar('\n');
}

static void print_tree(const char *path, json_t *value)
{
	const char *dot = *path ? "." : "", *key;
	char below[256];
	json_t *child;
	size_t i;

	printf("%s\t", *path ? path : ".");
	print_value(value);
	if (json_is_array(value))
		printf("%s%s#\t%zu\n", path, dot, json_array_size(value));
	json_array_foreach(value, i, child) {
		snprintf(below, sizeof(below), "%s%s%zu", path, dot, i);
		print_tree(below, child);
	}
	json_object_foreach(value, key, child) {
		snprintf(below, sizeof(below), "%s%s%s", path, dot, key);
		print_tree(below, child);
	}
}

/*
 * json: every value of the one document on stdin as PATH tab VALUE, a path being
 * a.0.b, and a.# the length of a list; strings without quotes.
 */
static int do_json(char **argv)
{
	json_error_t error;
	json_t *root = json_loadf(stdin, 0, &error);

	(void)argv;
	if (!root)
		errx(2, "no JSON: line %d: %s", error.line, error.text);
	print_tree("", root);
	return 0;
}

/* notify SOCKET: print each message that a service sends there. */
static int do_notify(char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[256];
	ssize_t n;

	strncpy(addr.sun_path, argv[0], sizeof(addr.sun_path) - 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "%s", argv[0]);
	setlinebuf(stdout);
	while ((n = recv(fd, text, sizeof(text), 0)) >= 0)
		printf("%.*s\n", (int)n, text);
	return 1;
}

/* hangup TTY: what unplugging it would do. */
static int do_hangup(char **argv)
{
	int fd = open(argv[0], O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || ioctl(fd, TIOCVHANGUP))
		err(1, "%s", argv[0]);
	return 0;
}

/* as UID COMMAND..: as somebody else. */
static int do_as(char **argv)
{
	if (setgid((gid_t)atoi(argv[0])) || setuid((uid_t)atoi(argv[0])))
		err(1, "%s", argv[0]);
	/* In a build for coverage: they may not write where root does, and would say so. */
	if (getenv("GCOV_PREFIX"))
		setenv("GCOV_PREFIX", "/tmp", 1);
	execvp(argv[1], argv + 1);
	err(1, "%s", argv[1]);
}

/* patience NODE US: how long the bus waits for a reply. */
static int do_patience(char **argv)
{
	struct matenet_config config;
	int fd = open(argv[0], O_RDONLY);

	if (fd < 0 || ioctl(fd, MATENET_IOC_G_CONFIG, &config))
		err(1, "%s", argv[0]);
	config.reply_timeout_us = (unsigned int)atoi(argv[1]);
	if (ioctl(fd, MATENET_IOC_S_CONFIG, &config))
		err(1, "%s: %s us", argv[0], argv[1]);
	return 0;
}

/* spent COMMAND..: its CPU time in microseconds and its greatest size in KiB. */
static int do_spent(char **argv)
{
	int null = open("/dev/null", O_WRONLY), status;
	struct rusage used;
	pid_t pid = fork();

	if (!pid) {
		dup2(null, STDOUT_FILENO);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
		err(1, "%s", argv[0]);
	printf("%ld %ld\n",
	       (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000L +
	       used.ru_utime.tv_usec + used.ru_stime.tv_usec, used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} jobs[] = {
	{ "json", 0, do_json },
	{ "notify", 1, do_notify },
	{ "hangup", 1, do_hangup },
	{ "as", 2, do_as },
	{ "patience", 2, do_patience },
	{ "spent", 1, do_spent },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(jobs) / sizeof(jobs[0]); i++)
		if (!strcmp(argv[1], jobs[i].name) && argc - 2 >= jobs[i].args)
			return jobs[i].run(argv + 2);
	errx(2, "usage: probe json | notify SOCKET | hangup TTY | as UID COMMAND.. |"
	     " patience NODE US | spent COMMAND..");
}
