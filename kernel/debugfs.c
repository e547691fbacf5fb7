// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/matenet/matenetN/state: for the curious, no interface.
 *
 * The file is taken away before the bus ends, and that waits for its readers.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "matenet.h"

static struct dentry *debugfs_root;

static void show_xfer(struct seq_file *s, const struct matenet_xfer *x)
{
	seq_printf(s, "  %u status %#06x attempts %u tx %*ph rx %*ph\n", x->sequence, x->status,
		   x->attempts, x->tx_len, x->tx, x->rx_len, x->rx);
}

/* In the words of the structure, so that the code can be read beside it. */
static int state_show(struct seq_file *s, void *unused)
{
	struct matenet_bus *bus = s->private;
	struct matenet_file *file;
	unsigned int i;

	spin_lock(&bus->lock);
	seq_printf(s, "dead %d\nstick %d\nparity %#x\nmarks %d\nguard_ns %u\n", bus->dead,
		   bus->stick, bus->parity, bus->framing.marks, bus->guard_ns);
	seq_printf(s, "sending %u\nrx_open %d\nrx %u of %u\nmonitors %u\nexclusive %d\n",
		   bus->job ? bus->job->x[bus->job->at].sequence : 0, bus->rx_open, bus->rx.n,
		   bus->rx.want, bus->monitors, !!bus->exclusive);
	seq_puts(s, "files\n");
	list_for_each_entry(file, &bus->files, all)
		seq_printf(s, "  mode %u queued %u unread %u lost %u\n", file->mode.mode,
			   file->queued, file->unread, file->lost);
	seq_puts(s, "past\n");
	for (i = bus->past_n > MATENET_MAX_PAST ? bus->past_n - MATENET_MAX_PAST : 0;
	     i < bus->past_n; i++)
		show_xfer(s, &bus->past[i % MATENET_MAX_PAST]);
	spin_unlock(&bus->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

/**
 * matenet_debugfs_add - show a bus
 * @bus: bus with its name
 */
void matenet_debugfs_add(struct matenet_bus *bus)
{
	bus->debugfs = debugfs_create_dir(dev_name(&bus->dev), debugfs_root);
	debugfs_create_file("state", 0400, bus->debugfs, bus, &state_fops);
}

/**
 * matenet_debugfs_remove - no longer; returns when nobody looks any more
 * @bus: bus
 */
void matenet_debugfs_remove(struct matenet_bus *bus)
{
	debugfs_remove_recursive(bus->debugfs);
}

/**
 * matenet_debugfs_init - make the directory of all buses
 */
void __init matenet_debugfs_init(void)
{
	debugfs_root = debugfs_create_dir("matenet", NULL);
}

/**
 * matenet_debugfs_exit - undo matenet_debugfs_init()
 */
void matenet_debugfs_exit(void)
{
	debugfs_remove_recursive(debugfs_root);
}
