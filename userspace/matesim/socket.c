// SPDX-License-Identifier: GPL-2.0-or-later
/* The control socket: lines in, lines out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control.h"
#include "recording.h"

#define CONNECTIONS	4	/* that wait to be taken */

struct connection {
	int fd;
	size_t n;
	char line[CONTROL_LINE];
};

static int complain(const char *path, const char *what)
{
	fprintf(stderr, "matesim: %s: %s: %s\n", path, what, strerror(errno));
	return -1;
}

static int make_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path)) {
		errno = ENAMETOOLONG;
		return complain(path, "cannot be a socket");
	}
	memcpy(address->sun_path, path, strlen(path) + 1);
	return 0;
}

/* --- the simulator's end ------------------------------------------------- */

static int watch(const struct control *c, int fd, void *what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(c->fd, EPOLL_CTL_ADD, fd, &event);
}

/* A socket that nobody listens at is left over from one that was killed. */
static void remove_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

int control_open(struct control *control, const char *path)
{
	struct sockaddr_un address;

	control->fd = -1;
	if (make_address(&address, path) < 0)
		return -1;
	remove_stale(&address);
	control->fd = epoll_create1(EPOLL_CLOEXEC);
	control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
				   SOCK_NONBLOCK, 0);
	if (bind(control->listener, (struct sockaddr *)&address,
		 sizeof(address)) < 0 ||
	    listen(control->listener, CONNECTIONS) < 0 ||
	    watch(control, control->listener, NULL) < 0) {
		complain(path, "cannot listen there");
		close(control->listener);
		close(control->fd);
		control->fd = -1;
		return -1;
	}
	memcpy(control->path, address.sun_path, sizeof(control->path));
	return 0;
}

static void take_connection(struct control *control)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c)
		return;
	c->fd = accept(control->listener, NULL, NULL);
	if (c->fd < 0 || watch(control, c->fd, c) < 0) {
		close(c->fd);
		free(c);
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): epoll hands it out again */
}

static void drop(struct connection *c)
{
	close(c->fd);
	free(c);
}

/* False if the other end does not take it: it is to read what it asks for. */
static bool answer_line(struct control *control, struct connection *c)
{
	char reply[CONTROL_LINE + 1];
	size_t len;

	control_command(control, c->line, reply);
	state_keep(control->site, control->state);
	len = strlen(reply);
	reply[len++] = '\n';
	return send(c->fd, reply, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

/* Each line that is whole by now.  False: it is over. */
static bool answer_lines(struct control *control, struct connection *c)
{
	char *end;
	size_t len;

	while ((end = memchr(c->line, '\n', c->n))) {
		*end = '\0';
		len = end + 1 - c->line;
		if (!answer_line(control, c))
			return false;
		c->n -= len;
		memmove(c->line, c->line + len, c->n);
	}
	return c->n < sizeof(c->line);
}

static void hear(struct control *control, struct connection *c)
{
	ssize_t n = recv(c->fd, c->line + c->n, sizeof(c->line) - c->n,
			 MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		c->n += n;
		if (answer_lines(control, c))
			return;
	}
	drop(c);
}

void control_serve(struct control *control)
{
	struct epoll_event event;

	/* One at a time: the line is not to wait. */
	if (epoll_wait(control->fd, &event, 1, 0) != 1)
		return;
	if (event.data.ptr)
		hear(control, event.data.ptr);
	else
		take_connection(control);
}

void control_close(struct control *control)
{
	if (control->fd < 0)
		return;
	unlink(control->path);
	close(control->listener);
	close(control->fd);
	control->fd = -1;
}

/* --- the tester's end ---------------------------------------------------- */

/* 0, 1 for an error that the simulator reports, -1 when it is gone. */
static int tell_one(FILE *sim, const char *path, const char *line)
{
	char text[CONTROL_LINE + 1], reply[CONTROL_LINE + 2];
	int len = snprintf(text, sizeof(text), "%s\n", line);

	if (len > CONTROL_LINE) {
		fprintf(stderr, "matesim: %.40s...: longer than %d\n", line,
			CONTROL_LINE - 1);
		return 1;
	}
	if (send(fileno(sim), text, len, MSG_NOSIGNAL) != len ||
	    !fgets(reply, sizeof(reply), sim)) {
		fprintf(stderr, "matesim: %s: the simulator is gone\n", path);
		return -1;
	}
	if (!strncmp(reply, "error: ", 7)) {
		fprintf(stderr, "matesim: %s", reply + 7);
		return 1;
	}
	if (strcmp(reply, "ok\n"))
		fputs(reply, stdout);
	return 0;
}

static int tell_stdin(FILE *sim, const char *path)
{
	char *line = NULL;
	size_t size = 0;
	int ret = 0, one;

	while (ret >= 0 && getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "#\n")] = '\0';
		if (!line[strspn(line, " \t\r")])
			continue;
		one = tell_one(sim, path, line);
		if (one)
			ret = one;
	}
	free(line);
	return ret;
}

int control_tell(const char *path, char **lines, int n)
{
	int i, one, ret = 0, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	FILE *sim;

	if (make_address(&address, path) < 0) {
		close(fd);
		return -1;
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    !(sim = fdopen(fd, "r"))) {
		close(fd);
		return complain(path, "no simulator there");
	}
	if (!n)
		ret = tell_stdin(sim, path);
	for (i = 0; i < n && ret >= 0; i++) {
		one = tell_one(sim, path, lines[i]);
		if (one)
			ret = one;
	}
	fclose(sim);
	return ret ? -1 : 0;
}
