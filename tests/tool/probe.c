// SPDX-License-Identifier: GPL-2.0-or-later
/* What the tests of matetool need and a small guest has no program for. */
#include <err.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/matenet.h>

/* Value of one step of a path: a member, an index, or # for the length. */
static json_t *step(json_t *at, const char *key)
{
	if (!strcmp(key, "#"))
		return json_integer((json_int_t)(json_is_array(at) ? json_array_size(at) :
						 json_object_size(at)));
	if (json_is_array(at))
		return json_array_get(at, strtoul(key, NULL, 10));
	return json_object_get(at, key);
}

/* json PATH: value at a.0.b of the one document on stdin; strings without quotes. */
static int do_json(char **argv)
{
	json_error_t error;
	json_t *at = json_loadf(stdin, 0, &error);
	char *key;

	if (!at)
		errx(2, "no JSON: line %d: %s", error.line, error.text);
	for (key = strtok(argv[0], "."); key && at; key = strtok(NULL, "."))
		at = step(at, key);
	if (!at)
		return 1;
	if (json_is_string(at))
		puts(json_string_value(at));
	else if (json_dumpf(at, stdout, JSON_ENCODE_ANY | JSON_COMPACT |
			    JSON_REAL_PRECISION(12)))
		return 2;
	else
		putchar('\n');
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

static const struct {
	const char *name;
	int args;
	int (*run)(char **argv);
} jobs[] = {
	{ "json", 1, do_json },
	{ "notify", 1, do_notify },
	{ "hangup", 1, do_hangup },
	{ "as", 2, do_as },
	{ "patience", 2, do_patience },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(jobs) / sizeof(jobs[0]); i++)
		if (!strcmp(argv[1], jobs[i].name) && argc - 2 >= jobs[i].args)
			return jobs[i].run(argv + 2);
	errx(2, "usage: probe json PATH | notify SOCKET | hangup TTY | as UID COMMAND.. |"
	     " patience NODE US");
}
