// SPDX-License-Identifier: GPL-2.0-or-later
/* The emulator's process: transfers of the host and the wire, all in order of time. */
#define _GNU_SOURCE
#include "adapter.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER		4096	/* bytes of the longest */
#define TYPE_OWN	0x60	/* a request of the class or the vendor, not a standard one */

static uint64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t latest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The controller of the host does what it has been given when its next frame begins. */
static uint64_t next_frame(const struct adapter *a, uint64_t at)
{
	uint64_t frame = a->rig->frame_us * 1000ull;

	return (at / frame + 1) * frame;
}

/* ---- transfers -------------------------------------------------------------- */

static struct urb **queue_of(struct adapter *a, unsigned int ep, bool in)
{
	if (!ep)
		return &a->control;
	if (!in)
		return &a->bulk_out;
	return a->chip->interrupt == (ep | 0x80) ? &a->interrupt : &a->bulk_in;
}

static void enqueue(struct adapter *a, struct urb *urb, uint64_t now)
{
	struct urb **at = queue_of(a, urb->ep, urb->in);

	urb->due = next_frame(a, now);
	while (*at)
		at = &(*at)->next;
	*at = urb;
}

static struct urb *dequeue(struct urb **queue)
{
	struct urb *urb = *queue;

	*queue = urb->next;
	if (*queue)
		(*queue)->due = latest((*queue)->due, urb->due);
	return urb;
}

static void unlink_urb(struct adapter *a, uint32_t sequence, uint32_t victim)
{
	struct urb **const queues[] = { &a->control, &a->bulk_in, &a->bulk_out, &a->interrupt };
	struct urb **at, *urb;
	unsigned int i;

	for (i = 0; i < 4; i++)
		for (at = queues[i]; (urb = *at); at = &urb->next)
			if (urb->sequence == victim) {
				*at = urb->next;
				free(urb->data);
				free(urb);
				usbip_unlinked(a->fd, sequence, true);
				return;
			}
	usbip_unlinked(a->fd, sequence, false);
}

static void unknown(struct adapter *a, const struct setup *s)
{
	uint8_t setup[8] = { s->type, s->request, s->value, s->value >> 8, s->index,
			     s->index >> 8, s->length, s->length >> 8 };

	memcpy(a->rig->unknown_setup, setup, sizeof(setup));
	a->rig->unknown++;
}

static void do_control(struct adapter *a, uint64_t now)
{
	struct urb *urb = dequeue(&a->control);
	const struct setup *s = &urb->setup;
	uint8_t data[ANSWER];
	int n;

	memset(data, 0, sizeof(data));
	if (urb->data && urb->length <= ANSWER)
		memcpy(data, urb->data, urb->length);
	if (s->type & TYPE_OWN)
		n = a->chip->request(a, now, s, data);
	else
		n = control_standard(a->chip, s, data);
	if (n == CHIP_STALL && s->type & TYPE_OWN)
		unknown(a, s);
	if (n == CHIP_STALL)
		usbip_complete(a->fd, urb, -EPIPE, NULL, 0);
	else
		usbip_complete(a->fd, urb, 0, data, n < urb->length ? n : urb->length);
}

static void do_bulk_out(struct adapter *a, uint64_t now)
{
	struct urb *urb = a->bulk_out;

	if (a->rig->hold_us && a->rig->bulk_out == a->rig->hold_after) {
		urb->due = now + a->rig->hold_us * 1000ull;
		a->rig->hold_us = 0;
		return;
	}
	/* No room: the chip says so, and the host tries again. */
	if (a->wire.tx_n + urb->length > a->chip->tx_room) {
		urb->due = next_frame(a, now);
		return;
	}
	a->rig->bulk_out++;
	wire_send(&a->wire, now, urb->data, urb->length);
	usbip_complete(a->fd, dequeue(&a->bulk_out), 0, NULL, 0);
}

static void do_bulk_in(struct adapter *a, uint64_t now)
{
	uint8_t data[CHIP_PACKET];
	unsigned int n = a->chip->in(a, now, data);

	a->sent_at = now;
	usbip_complete(a->fd, dequeue(&a->bulk_in), 0, data, n);
}

static void do_interrupt(struct adapter *a, uint64_t now)
{
	uint8_t data[CHIP_PACKET];

	(void)now;
	usbip_complete(a->fd, dequeue(&a->interrupt), 0, data, a->chip->state(a, data));
}

/* ---- time ------------------------------------------------------------------- */

static uint64_t due(const struct urb *urb)
{
	return urb ? urb->due : WIRE_NEVER;
}

/* What comes from the chip waits for a frame, too. */
static uint64_t in_due(const struct adapter *a, const struct urb *urb, uint64_t ready)
{
	if (!urb || ready == WIRE_NEVER)
		return WIRE_NEVER;
	return latest(urb->due, next_frame(a, ready));
}

static uint64_t interrupt_at(const struct adapter *a)
{
	return a->interrupt ? a->chip->state_at(a) : WIRE_NEVER;
}

static uint64_t usb_next(const struct adapter *a, void (**what)(struct adapter *a, uint64_t now))
{
	const struct {
		uint64_t at;
		void (*what)(struct adapter *a, uint64_t now);
	} next[] = {
		{ in_due(a, a->interrupt, interrupt_at(a)), do_interrupt },
		{ in_due(a, a->bulk_in, a->chip->in_at(a)), do_bulk_in },
		{ due(a->control), do_control },
		{ due(a->bulk_out), do_bulk_out },
	};
	unsigned int i, first = 0;

	for (i = 1; i < 4; i++)
		if (next[i].at < next[first].at)
			first = i;
	*what = next[first].what;
	return next[first].at;
}

/* When the plug is to be pulled. */
static uint64_t pull_at(const struct adapter *a)
{
	const struct rig *rig = a->rig;
	uint64_t delay = rig->pull_delay_us * 1000ull;

	if (rig->n >= rig->pull_bytes)
		return (rig->n ? rig->byte[rig->n - 1].end : 0) + delay;
	return rig->requests >= rig->pull_requests ? a->asked + delay : WIRE_NEVER;
}

static uint64_t next_of(const struct adapter *a)
{
	void (*what)(struct adapter *a, uint64_t now);

	return earliest(earliest(wire_next(&a->wire), usb_next(a, &what)), pull_at(a));
}

/* All that is due; false when the plug has been pulled. */
static bool run_until(struct adapter *a, uint64_t now)
{
	void (*what)(struct adapter *a, uint64_t now);
	uint64_t at, wire;

	for (;;) {
		at = usb_next(a, &what);
		wire = wire_next(&a->wire);
		if (pull_at(a) <= earliest(now, earliest(at, wire)))
			return false;
		if (earliest(at, wire) > now)
			return true;
		if (wire <= at)
			wire_run(&a->wire, wire);
		else
			what(a, at);
	}
}

static void fail_all(struct adapter *a)
{
	struct urb **const queues[] = { &a->control, &a->bulk_in, &a->bulk_out, &a->interrupt };
	unsigned int i;

	for (i = 0; i < 4; i++)
		while (*queues[i])
			usbip_complete(a->fd, dequeue(queues[i]), -EPROTO, NULL, 0);
}

/* In a process of its own: the host waits in it for transfers that this one has to fail. */
static pid_t hub_notices(void)
{
	const struct sched_param usual = { .sched_priority = 0 };
	pid_t pid = fork();

	if (pid)
		return pid;
	sched_setscheduler(0, SCHED_OTHER, &usual);
	if (!usbip_unplug())
		err(1, "the hub cannot be told");
	_exit(0);
}

static bool take_request(struct adapter *a)
{
	struct usbip_request request = usbip_read(a->fd);
	uint64_t now = clock_now();

	switch (request.event) {
	case USBIP_GONE:
		return false;
	case USBIP_UNLINK:
		unlink_urb(a, request.sequence, request.victim);
		return true;
	case USBIP_SUBMIT:
		enqueue(a, request.urb, now);
		if (!request.urb->ep) {
			a->asked = now;
			a->rig->requests++;
		}
	}
	return true;
}

static void wait_until(int fd, uint64_t at)
{
	uint64_t now = clock_now();
	uint64_t left = at > now ? at - now : 0;
	struct timespec ts = { left / 1000000000, left % 1000000000 };
	struct pollfd p = { .fd = fd, .events = POLLIN };

	ppoll(&p, 1, at == WIRE_NEVER ? NULL : &ts, NULL);
}

static bool asked(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/*
 * Nobody answers any more: a host controller fails what it has to do in its next frame,
 * until the hub has noticed that something has gone, and what depends on it has ended.
 * vhci does not: what is asked while it gives up a connection, and before its hub has
 * said so, it leaves to the driver's own timeout of 5 s.  So that comes last.
 */
static void die(struct adapter *a)
{
	uint64_t noticed = clock_now() + a->rig->hub_us * 1000ull;
	pid_t hub = 0;
	int status = 0;

	do {
		if (!hub && clock_now() >= noticed)
			hub = hub_notices();
		wait_until(-1, next_frame(a, clock_now()));
		while (asked(a->fd))
			if (!take_request(a))
				return;
		fail_all(a);
	} while (!hub || !waitpid(hub, &status, WNOHANG));
	close(a->fd);
	if (hub < 0 || status)
		_exit(1);
}

void adapter_run(const struct chip *chip, struct rig *rig, int fd)
{
	/* Before everything else that runs here, as hardware is. */
	const struct sched_param first = { .sched_priority = 80 };
	struct adapter a = { .chip = chip, .rig = rig, .fd = fd };

	sched_setscheduler(0, SCHED_FIFO, &first);
	wire_init(&a.wire, rig, chip->tx_room);
	chip->reset(&a);
	do {
		wait_until(fd, next_of(&a));
		while (asked(fd))
			if (!take_request(&a))
				return;
	} while (run_until(&a, clock_now()));
	die(&a);
}
