// SPDX-License-Identifier: GPL-2.0
/*
 * n_matenet: a line discipline that makes a tty a MateNET bus
 *
 * Attaching (TIOCSETD) makes a bus with its engine thread and /dev/matenetN,
 * detaching or hanging up ends it.  This file is the glue to the tty layer.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/tty_driver.h>

#include "compat.h"
#include "matenet.h"

static int matenet_ldisc_num = N_DEVELOPMENT;
module_param_named(ldisc, matenet_ldisc_num, int, 0444);
MODULE_PARM_DESC(ldisc, "line discipline number (default 29, N_DEVELOPMENT)");

static const struct matenet_config default_config = {
	.baud = 9600,
	.role = MATENET_ROLE_CONTROLLER,
	.framing = MATENET_FRAMING_AUTO,
	.parity = MATENET_PARITY_AUTO,
	.reply_timeout_us = 45000,
	.gap_us = 20000,
	.turnaround_us = 1000,
	.tx_guard_us = 50,
	.late_us = 100000,
};

static struct matenet_bus *bus_alloc(struct tty_struct *tty)
{
	struct matenet_bus *bus;

	bus = kzalloc(sizeof(*bus), GFP_KERNEL);
	if (!bus)
		return NULL;
	mutex_init(&bus->io);
	spin_lock_init(&bus->lock);
	INIT_LIST_HEAD(&bus->setups);
	INIT_LIST_HEAD(&bus->files);
	INIT_LIST_HEAD(&bus->ready);
	matenet_events_init(bus);
	matenet_listen_forget(bus);
	bus->config = default_config;
	bus->tty = tty;
	strscpy(bus->tty_name, tty->name, sizeof(bus->tty_name));
	matenet_bus_init_device(bus);
	return bus;
}

/* May run in a kworker: hanging up a console opens its line discipline again. */
static int matenet_ldisc_open(struct tty_struct *tty)
{
	struct matenet_bus *bus;
	int ret;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	/* Not a pty or a console: they have no parity bit to carry the ninth. */
	if (tty->driver->type != TTY_DRIVER_TYPE_SERIAL || !tty->ops->write || !tty->port)
		return -EOPNOTSUPP;

	bus = bus_alloc(tty);
	if (!bus)
		return -ENOMEM;

	ret = matenet_line_open(bus);
	if (ret) {
		pr_err("%s: cannot send nine bits at %u baud: %d\n",
		       bus->tty_name, bus->config.baud, ret);
		goto err_bus;
	}
	ret = matenet_engine_start(bus);
	if (ret)
		goto err_line;
	/* Somebody may have asked something before us, and be answered yet. */
	bus->quiet_until = ktime_add_us(ktime_get(), bus->config.late_us);
	ret = matenet_cdev_add(bus);
	if (ret)
		goto err_engine;

	/* Last: receive_buf works with a bus that is all there. */
	tty->receive_room = 65536;
	tty->disc_data = bus;
	matenet_events_tell(bus, MATENET_NL_CMD_ATTACHED_NTF);
	dev_info(&bus->dev, "attached to %s, %s parity\n", bus->tty_name,
		 bus->stick ? "stick" : "even/odd");
	return 0;

err_engine:
	matenet_engine_stop(bus);
	matenet_events_finish(bus);
err_line:
	matenet_line_close(bus);
err_bus:
	put_device(&bus->dev);
	return ret;
}

/* No other operation of the line discipline runs beside this one. */
static void matenet_ldisc_close(struct tty_struct *tty)
{
	struct matenet_bus *bus = tty->disc_data;

	dev_info(&bus->dev, "detached from %s\n", bus->tty_name);
	matenet_engine_stop(bus);
	matenet_cdev_remove(bus);
	matenet_line_close(bus);
	tty->disc_data = NULL;
	put_device(&bus->dev);
}

/*
 * The last close calls this, with tty->closing set, before it shuts the port
 * down: wait until the engine has its hands off the tty, and what it has sent
 * is out.  A hangup calls it before it drops what the tty still has to send,
 * and closes the line discipline only then: a command would be cut.
 */
static void matenet_ldisc_flush_buffer(struct tty_struct *tty)
{
	if (test_bit(TTY_HUPPING, &tty->flags))
		matenet_engine_stop(tty->disc_data);
	else
		matenet_line_settle(tty->disc_data);
}

static void matenet_ldisc_receive_buf(struct tty_struct *tty, const u8 *bytes,
				      matenet_rx_flags *flags, matenet_rx_count count)
{
	matenet_engine_receive(tty->disc_data, bytes, (const u8 *)flags, count);
}

/*
 * No ioctl: TCSETS and its like fail, so that nobody changes the parity under
 * the engine.  No read and write: everything goes through /dev/matenetN.
 */
static struct tty_ldisc_ops matenet_ldisc = {
	.owner		= THIS_MODULE,
	.name		= "n_matenet",
	.open		= matenet_ldisc_open,
	.close		= matenet_ldisc_close,
	.flush_buffer	= matenet_ldisc_flush_buffer,
	.receive_buf	= matenet_ldisc_receive_buf,
};

static int __init matenet_init(void)
{
	int ret;

	ret = matenet_cdev_init();
	if (ret)
		return ret;
	ret = matenet_genl_init();
	if (ret)
		goto err_cdev;
	ret = matenet_pm_init();
	if (ret)
		goto err_genl;
	matenet_debugfs_init();
	matenet_ldisc.num = matenet_ldisc_num;
	ret = tty_register_ldisc(&matenet_ldisc);
	if (ret) {
		pr_err("line discipline %d: cannot register: %d\n",
		       matenet_ldisc_num, ret);
		goto err_pm;
	}
	return 0;

err_pm:
	matenet_debugfs_exit();
	matenet_pm_exit();
err_genl:
	matenet_genl_exit();
err_cdev:
	matenet_cdev_exit();
	return ret;
}

static void __exit matenet_exit(void)
{
	tty_unregister_ldisc(&matenet_ldisc);
	matenet_debugfs_exit();
	matenet_pm_exit();
	matenet_genl_exit();
	matenet_cdev_exit();
}

module_init(matenet_init);
module_exit(matenet_exit);

MODULE_DESCRIPTION("MateNET 9-bit packet bus on a tty");
MODULE_AUTHOR("The n_matenet developers");
MODULE_LICENSE("GPL");
MODULE_ALIAS_LDISC(N_DEVELOPMENT);
