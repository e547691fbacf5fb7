// SPDX-License-Identifier: GPL-2.0
/*
 * Suspend and resume of the system, and of the ttys with it.
 *
 * From before its tasks are frozen until after they are thawed nothing is sent:
 * a UART without power takes bytes and sends them when it is back, or not at all.
 * What is on the wire by then has its time to be answered, what is queued waits.
 *
 * The engines are not frozen.  An adapter that has lost its power is hung up on
 * resume while tasks still are, and that waits for the engine to end.
 */
#include <linux/notifier.h>
#include <linux/suspend.h>

#include "matenet.h"

static bool pm_asleep;	/* written by the notifier, see matenet_line_send() */
static DECLARE_WAIT_QUEUE_HEAD(pm_awake);

/**
 * matenet_pm_asleep - does the system sleep, or is about to?
 *
 * Return: true if so.
 */
bool matenet_pm_asleep(void)
{
	return READ_ONCE(pm_asleep);
}

/**
 * matenet_pm_wait - wait until the system is awake, or the bus dead
 * @bus: bus; for its engine only
 *
 * Return: whether there was anything to wait for.
 */
bool matenet_pm_wait(struct matenet_bus *bus)
{
	if (!matenet_pm_asleep())
		return false;
	/* The death of the bus comes with the wakeup of kthread_stop(). */
	wait_event_idle(pm_awake, !matenet_pm_asleep() || READ_ONCE(bus->dead));
	return true;
}

/* Let a frame that is being sent go out, and settings that are being changed be so. */
static void pm_settle(struct matenet_bus *bus)
{
	mutex_lock(&bus->io);
	mutex_unlock(&bus->io);
}

/*
 * A UART that gets its power back may make bytes of that: not of the next reply.
 * Who asked before the sleep does not wait any more.
 */
static void pm_hush(struct matenet_bus *bus)
{
	ktime_t until;

	spin_lock(&bus->lock);
	until = ktime_add_us(ktime_get(), bus->config.late_us);
	bus->quiet_until = max(bus->quiet_until, until);
	bus->stray = 0;
	bus->command = 0;
	spin_unlock(&bus->lock);
}

static int pm_notify(struct notifier_block *nb, unsigned long event, void *unused)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		WRITE_ONCE(pm_asleep, true);
		matenet_bus_each(pm_settle);
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		matenet_bus_each(pm_hush);
		WRITE_ONCE(pm_asleep, false);
		wake_up_all(&pm_awake);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block pm_notifier = {
	.notifier_call	= pm_notify,
};

/**
 * matenet_pm_init - from now on heed the sleep of the system
 *
 * Return: 0 or a negative error.
 */
int __init matenet_pm_init(void)
{
	return register_pm_notifier(&pm_notifier);
}

/**
 * matenet_pm_exit - undo matenet_pm_init()
 */
void matenet_pm_exit(void)
{
	unregister_pm_notifier(&pm_notifier);
}
