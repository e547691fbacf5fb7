// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One thread that sleeps until the line, the next reply or the world needs
 * it.  Commands are heard while replies wait for their time: a late reply
 * does not make a device deaf.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "recording.h"
#include "server.h"

/* Time to set the parity before the first byte is due. */
#define LEAD_NS		(300 * NSEC_PER_USEC)
/* The world need not move more often, and not just before a reply. */
#define WORLD_PERIOD_NS	(100 * NSEC_PER_MSEC)

enum { POLL_LINE, POLL_SIGNAL, POLL_TIMER, POLL_CONTROL, POLLS };

static void trace(const struct server *server, const char *what,
		  const uint8_t *bytes, size_t n)
{
	double t = (double)(clock_now() - server->started) / NSEC_PER_SEC;

	if (!server->trace)
		return;
	fprintf(stderr, "%12.6f %s", t, what);
	while (n--)
		fprintf(stderr, " %02x", *bytes++);
	fputc('\n', stderr);
}

static void queue(struct server *server, const struct reply *reply,
		  uint32_t sequence, int64_t due)
{
	struct pending *p = server->pending;
	unsigned int i = server->n_pending;

	if (i == PENDING_MAX) {
		fprintf(stderr, "matesim: %d replies wait already, one more is dropped\n",
			PENDING_MAX);
		return;
	}
	for (; i && p[i - 1].due > due; i--)
		p[i] = p[i - 1];
	p[i].reply = *reply;
	p[i].sequence = sequence;
	p[i].due = due;
	server->n_pending++;
}

static void command(void *context, const struct heard *heard)
{
	struct server *server = context;
	int64_t due = heard->at + server->turnaround_ns;
	struct command cmd;
	struct reply reply;

	if (!command_parse(heard->bytes, &cmd)) {
		trace(server, "> (wrong checksum)", heard->bytes,
		      COMMAND_BYTES);
		return;
	}
	trace(server, ">", heard->bytes, COMMAND_BYTES);
	server->commands++;
	bus_answer(server->bus, &cmd, &reply);
	state_keep(server->site, server->state);
	fault_apply(server->faults, server->commands, &cmd, &reply, &due);
	if (reply.len)
		queue(server, &reply, heard->sequence, due);
}

static int send_reply(struct server *server, const struct pending *p)
{
	int ret = server->line->kind->send(server->line, &p->reply,
					   p->sequence, p->due);

	if (ret >= 0)
		trace(server, ret ? "< (too late)" : "<", p->reply.bytes,
		      p->reply.len);
	return ret;
}

static int send_due(struct server *server)
{
	struct pending first;

	while (server->n_pending &&
	       server->pending[0].due - LEAD_NS <= clock_now()) {
		first = server->pending[0];
		server->n_pending--;
		memmove(server->pending, server->pending + 1,
			server->n_pending * sizeof(first));
		if (send_reply(server, &first) < 0)
			return -1;
	}
	return 0;
}

static void move_world(struct server *server)
{
	int64_t now = clock_now();
	double seconds = (double)(now - server->started) / NSEC_PER_SEC;

	if (!server->world || server->speed <= 0 || server->n_pending ||
	    now < server->world_due)
		return;
	world_run(server->world,
		  server->world->started + seconds * server->speed);
	server->world_due = now + WORLD_PERIOD_NS;
}

static int set_timer(const struct server *server, int timer)
{
	struct itimerspec when = { 0 };

	if (server->n_pending)
		when.it_value = clock_timespec(server->pending[0].due - LEAD_NS);
	else if (server->world && server->speed > 0)
		when.it_value = clock_timespec(server->world_due);
	return timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static int complain(const char *what)
{
	fprintf(stderr, "matesim: %s: %s\n", what, strerror(errno));
	return -1;
}

static int loop(struct server *server, struct pollfd *polls)
{
	uint64_t ticks;

	for (;;) {
		if (set_timer(server, polls[POLL_TIMER].fd) < 0)
			return complain("cannot set the timer");
		if (poll(polls, POLLS, -1) < 0 && errno != EINTR)
			return complain("cannot wait");
		if (polls[POLL_SIGNAL].revents)
			return 0;
		if (polls[POLL_TIMER].revents &&
		    read(polls[POLL_TIMER].fd, &ticks, sizeof(ticks)) < 0 &&
		    errno != EAGAIN)
			return complain("cannot read the timer");
		if (polls[POLL_LINE].revents && server->line->kind->receive(server->line, command, server) < 0)
			return -1;
		if (polls[POLL_CONTROL].revents)
			control_serve(server->control);
		if (send_due(server) < 0)
			return -1;
		move_world(server);
	}
}

int server_run(struct server *server)
{
	struct pollfd polls[POLLS];
	sigset_t signals;
	int i, ret = -1;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	polls[POLL_LINE].fd = server->line->fd;
	polls[POLL_CONTROL].fd = server->control->fd;
	polls[POLL_SIGNAL].fd = signalfd(-1, &signals, SFD_CLOEXEC);
	polls[POLL_TIMER].fd = timerfd_create(CLOCK_MONOTONIC,
					      TFD_CLOEXEC | TFD_NONBLOCK);
	for (i = 0; i < POLLS; i++)
		polls[i].events = POLLIN;
	if (polls[POLL_SIGNAL].fd < 0 || polls[POLL_TIMER].fd < 0) {
		complain("cannot make a signal or timer descriptor");
		goto out;
	}
	server->started = clock_now();
	server->world_due = server->started;
	puts("ready");
	fflush(stdout);
	ret = loop(server, polls);
out:
	close(polls[POLL_SIGNAL].fd);
	close(polls[POLL_TIMER].fd);
	return ret;
}
