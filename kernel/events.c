// SPDX-License-Identifier: GPL-2.0
/*
 * Events of a bus on their way to netlink.
 *
 * They come about under the lock of the bus, mostly while bytes are received,
 * where nothing can be sent.  They wait in a list until a work item, which may
 * sleep, has made messages of them; so they keep their order.
 */
#include <linux/slab.h>

#include "matenet.h"

#define EVENTS_MAX		256	/* that wait */
#define EVENTS_ERRORS_MAX	10	/* errors that are told in a second */

/* The next one will tell. */
static void events_count_lost(struct matenet_bus *bus, const struct matenet_event *event)
{
	spin_lock(&bus->lock);
	bus->events.lost += 1 + event->lost;
	spin_unlock(&bus->lock);
}

static void events_work(struct work_struct *work)
{
	struct matenet_bus *bus = container_of(work, struct matenet_bus, events.work);
	struct matenet_event *event;

	for (;;) {
		spin_lock(&bus->lock);
		event = list_first_entry_or_null(&bus->events.list, struct matenet_event, node);
		if (event) {
			list_del(&event->node);
			bus->events.count--;
		}
		spin_unlock(&bus->lock);
		if (!event)
			return;
		if (!matenet_genl_send(bus, event))
			events_count_lost(bus, event);
		kfree(event);
	}
}

/**
 * matenet_events_init - nothing has happened yet
 * @bus: bus
 */
void matenet_events_init(struct matenet_bus *bus)
{
	INIT_LIST_HEAD(&bus->events.list);
	INIT_WORK(&bus->events.work, events_work);
}

/**
 * matenet_events_finish - wait until all that has happened has been told
 * @bus: bus to which nothing happens any more
 */
void matenet_events_finish(struct matenet_bus *bus)
{
	flush_work(&bus->events.work);
}

static struct matenet_event *events_new(struct matenet_bus *bus, u8 cmd)
{
	struct matenet_event *event = NULL;

	lockdep_assert_held(&bus->lock);
	if (bus->events.count < EVENTS_MAX)
		event = kzalloc(sizeof(*event), GFP_ATOMIC);
	if (!event) {
		bus->events.lost++;
		return NULL;
	}
	event->cmd = cmd;
	event->lost = bus->events.lost;
	bus->events.lost = 0;
	list_add_tail(&event->node, &bus->events.list);
	bus->events.count++;
	schedule_work(&bus->events.work);
	return event;
}

/**
 * matenet_events_bus - a bus has come, changed or gone
 * @bus: bus, locked
 * @cmd: MATENET_NL_CMD_*_NTF
 */
void matenet_events_bus(struct matenet_bus *bus, u8 cmd)
{
	struct matenet_event *event;

	if (!matenet_genl_heard(MATENET_NLGRP_EVENTS))
		return;
	event = events_new(bus, cmd);
	if (event)
		event->config = bus->config;
}

/**
 * matenet_events_tell - the same for a bus that is not locked
 * @bus: bus
 * @cmd: MATENET_NL_CMD_*_NTF
 */
void matenet_events_tell(struct matenet_bus *bus, u8 cmd)
{
	spin_lock(&bus->lock);
	matenet_events_bus(bus, cmd);
	spin_unlock(&bus->lock);
}

/* An empty bus fails for ever, many times a second. */
static bool events_too_many(struct matenet_bus *bus)
{
	ktime_t now = ktime_get();

	if (ktime_after(now, ktime_add_ms(bus->events.second, MSEC_PER_SEC))) {
		bus->events.second = now;
		bus->events.errors = 0;
	}
	return bus->events.errors++ >= EVENTS_ERRORS_MAX;
}

/**
 * matenet_events_error - an attempt has failed
 * @bus: bus, locked
 * @x: transaction
 * @status: how it failed
 * @len: bytes of the reply
 */
void matenet_events_error(struct matenet_bus *bus, const struct matenet_xfer *x, u32 status, u8 len)
{
	struct matenet_event *event;

	if (!matenet_genl_heard(MATENET_NLGRP_EVENTS))
		return;
	if (events_too_many(bus)) {
		bus->events.lost++;
		return;
	}
	event = events_new(bus, MATENET_NL_CMD_ERROR_NTF);
	if (!event)
		return;
	event->ts = ktime_get();
	event->xfer = *x;
	event->xfer.status = status;
	event->xfer.rx_len = len;
}

/**
 * matenet_events_frame - a frame was on the wire
 * @bus: bus, locked
 * @frame: frame
 * @at: when its last byte came or went
 */
void matenet_events_frame(struct matenet_bus *bus, const struct matenet_frame *frame, ktime_t at)
{
	struct matenet_event *event;

	if (!matenet_genl_heard(MATENET_NLGRP_MONITOR))
		return;
	event = events_new(bus, MATENET_NL_CMD_FRAME_NTF);
	if (!event)
		return;
	event->ts = at;
	event->frame = *frame;
}
