// SPDX-License-Identifier: GPL-2.0
/* uart9: module, tty driver and life of the ports.  See uart9.h for the whole. */

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/serial_8250.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>

#include "compat.h"
#include "uart9.h"

static unsigned int pairs = 1;
module_param(pairs, uint, 0444);
MODULE_PARM_DESC(pairs, "number of cross-wired pairs of UARTs (1 to 32)");

static bool listeners;
module_param(listeners, bool, 0444);
MODULE_PARM_DESC(listeners, "two more ports a pair, which only listen to its two wires");

static unsigned int records = 1000000;
module_param(records, uint, 0444);
MODULE_PARM_DESC(records, "bytes the recorder of a pair can hold");

static struct u9_pair *u9_pairs;
static struct dentry *u9_dir;
static const struct uart_ops *u9_uart_ops;	/* those of 8250, but for tx_empty */
static unsigned int (*u9_8250_tx_empty)(struct uart_port *port);

static struct uart_driver u9_driver = {
	.owner		= THIS_MODULE,
	.driver_name	= "uart9",
	.dev_name	= "ttyW",
};

static struct u9_port *u9_port(struct uart_port *port)
{
	return container_of(port, struct u9_port, up.port);
}

static unsigned int u9_serial_in(struct uart_port *port, U9_REG_T reg)
{
	return u9_chip_in(u9_port(port), reg);
}

static void u9_serial_out(struct uart_port *port, U9_REG_T reg, U9_VAL_T value)
{
	u9_chip_out(u9_port(port), reg, value);
}

static unsigned int u9_tx_empty(struct uart_port *port)
{
	if (!u9_port(port)->knobs.txempty)
		return TIOCSER_TEMT;	/* what drivers say that cannot know */
	return u9_8250_tx_empty(port);
}

static void u9_set_termios(struct uart_port *port, struct ktermios *termios,
			   U9_CONST_OLD struct ktermios *old)
{
	struct u9_port *p = u9_port(port);
	unsigned long flags;

	if (p->knobs.cmspar == U9_CMSPAR_CLEARED)
		termios->c_cflag &= ~CMSPAR;
	if (p->knobs.cmspar == U9_CMSPAR_NONE)
		termios->c_cflag &= ~(PARENB | PARODD | CMSPAR);
	serial8250_do_set_termios(port, termios, old);
	if (!p->knobs.fifo_clear)
		return;
	raw_spin_lock_irqsave(&p->pair->lock, flags);
	u9_replay(p->pair);
	u9_chip_rx_clear(p);
	raw_spin_unlock_irqrestore(&p->pair->lock, flags);
}

static int u9_setup_irq(struct uart_8250_port *up)
{
	u9_chip_irq_on(container_of(up, struct u9_port, up));
	return 0;
}

static void u9_release_irq(struct uart_8250_port *up)
{
	u9_chip_irq_off(container_of(up, struct u9_port, up));
}

static void u9_setup_timer(struct uart_8250_port *up)
{
	/* The 8250 driver would poll a port without an interrupt number; ours has one. */
}

static const struct uart_8250_ops u9_8250_ops = {
	.setup_irq	= u9_setup_irq,
	.release_irq	= u9_release_irq,
	.setup_timer	= u9_setup_timer,
};

/* Make it the type that has FIFOs of @depth bytes, with our registers. */
static void u9_port_set_type(struct u9_port *p, int depth)
{
	struct uart_port *port = &p->up.port;

	port->type = depth == 1 ? PORT_16450 : depth == 16 ? PORT_16550A : PORT_16750;
	port->fifosize = 0;
	p->up.tx_loadsz = 0;
	p->up.capabilities = 0;
	/*
	 * set_defaults() wants to know how to get at the registers and fills in
	 * functions for that; with these two equal, nobody does so again, and
	 * with this value nobody claims an address range.
	 */
	port->iotype = UPIO_MEM;
	serial8250_set_defaults(&p->up);
	/* Or whoever asks "all sent?" takes the parity error of a received byte away. */
	u9_keep_line_errors(&p->up);
	u9_allow_modem_lines(&p->up);
	p->up.cur_iotype = UPIO_UNKNOWN;	/* a byte, where the other may be an enum */
	port->iotype = p->up.cur_iotype;
	port->serial_in = u9_serial_in;
	port->serial_out = u9_serial_out;
}

/* Knob fifo: -EBUSY while the tty is open. */
int u9_port_set_depth(struct u9_port *p, int depth)
{
	struct tty_port *tport = &p->up.port.state->port;
	unsigned long flags;
	int ret = -EBUSY;

	mutex_lock(&tport->mutex);
	if (!tty_port_initialized(tport)) {
		raw_spin_lock_irqsave(&p->pair->lock, flags);
		u9_replay(p->pair);
		u9_chip_set_depth(p, depth);
		raw_spin_unlock_irqrestore(&p->pair->lock, flags);
		u9_port_set_type(p, depth);
		p->up.port.ops->config_port(&p->up.port, 0);
		ret = 0;
	}
	mutex_unlock(&tport->mutex);
	return ret;
}

/* The 8250 operations are not exported; a port that is initialised has them. */
static void u9_ops_take(struct uart_ops *ops, const struct uart_ops *from)
{
	u9_8250_tx_empty = from->tx_empty;
	*ops = *from;
	ops->tx_empty = u9_tx_empty;
}

static int u9_ops_init(void)
{
	struct u9_port *p = &u9_pairs[0].port[0];
	void *ops = kzalloc(sizeof(*u9_uart_ops), GFP_KERNEL);

	if (!ops)
		return -ENOMEM;
	serial8250_init_port(&p->up);
	u9_ops_take(ops, p->up.port.ops);
	u9_uart_ops = ops;
	return 0;
}

static void u9_port_init(struct u9_pair *pair, int i)
{
	struct u9_port *p = &pair->port[i];
	struct uart_port *port = &p->up.port;

	p->pair = pair;
	p->heard = &pair->port[i < U9_ENDS ? !i : i % U9_ENDS];
	p->peer = i < U9_ENDS ? p->heard : NULL;
	u9_chip_init(p);

	serial8250_init_port(&p->up);
	port->ops = u9_uart_ops;
	port->has_sysrq = 0;
	port->line = U9_ENDS * (i < U9_ENDS ? pair->nr : pairs + pair->nr) + i % U9_ENDS;
	port->uartclk = U9_UARTCLK;
	port->mapbase = port->line + 1;	/* 0 would mean that there is no chip */
	port->flags = UPF_BOOT_AUTOCONF | UPF_FIXED_TYPE;
	port->set_termios = u9_set_termios;
	p->up.ops = &u9_8250_ops;
	u9_port_set_type(p, p->knobs.fifo);
}

static void u9_unplug(void *port)
{
	struct u9_port *p = port;

	uart_remove_one_port(&u9_driver, &p->up.port);
	p->added = false;
}

/* Also by the file "bind" of the driver, after "unbind" has pulled the plug. */
static int u9_probe(struct platform_device *pdev)
{
	struct u9_port *p = *(struct u9_port **)dev_get_platdata(&pdev->dev);
	struct uart_port *port = &p->up.port;
	int ret;

	platform_set_drvdata(pdev, p);
	port->dev = &pdev->dev;
	/* The serial core forgets the type of what it removes. */
	u9_port_set_type(p, p->knobs.fifo);
	ret = uart_add_one_port(&u9_driver, port);
	if (ret)
		return ret;
	p->added = true;
	return devm_add_action_or_reset(&pdev->dev, u9_unplug, p);
}

static int __maybe_unused u9_suspend(struct device *dev)
{
	struct u9_port *p = dev_get_drvdata(dev);

	return uart_suspend_port(&u9_driver, &p->up.port);
}

/* As USB adapters are that have lost their power, when tasks are still frozen. */
static void u9_hang_up(struct u9_port *p)
{
	struct tty_struct *tty = tty_port_tty_get(&p->up.port.state->port);

	if (tty) {
		tty_vhangup(tty);
		tty_kref_put(tty);
	}
}

static int __maybe_unused u9_resume(struct device *dev)
{
	struct u9_port *p = dev_get_drvdata(dev);
	int ret = uart_resume_port(&u9_driver, &p->up.port);

	if (p->knobs.resume)
		u9_hang_up(p);
	return ret;
}

static SIMPLE_DEV_PM_OPS(u9_pm_ops, u9_suspend, u9_resume);

static struct platform_driver u9_platform_driver = {
	.probe	= u9_probe,
	.driver	= { .name = "uart9", .pm = &u9_pm_ops },
};

static int u9_port_add(struct u9_port *p)
{
	char name[16];
	int ret;

	p->pdev = platform_device_register_data(NULL, "uart9", u9_port_nr(p), &p, sizeof(p));
	if (IS_ERR(p->pdev)) {
		ret = PTR_ERR(p->pdev);
		p->pdev = NULL;
		return ret;
	}
	if (!p->added)
		return -ENODEV;	/* the reason is in the log */

	snprintf(name, sizeof(name), "port%u", u9_port_nr(p));
	p->dir = debugfs_create_dir(name, u9_dir);
	debugfs_create_file("knobs", 0600, p->dir, p, &u9_knobs_fops);
	return 0;
}

static int u9_pair_add(struct u9_pair *pair)
{
	unsigned int i;
	char name[16];
	int ret;

	raw_spin_lock_init(&pair->lock);
	pair->ports = listeners ? U9_MAX_PORTS : U9_ENDS;
	for (i = 0; i < pair->ports; i++)
		u9_port_init(pair, i);
	ret = u9_record_init(pair, records);
	for (i = 0; i < pair->ports && !ret; i++)
		ret = u9_port_add(&pair->port[i]);
	if (ret)
		return ret;

	snprintf(name, sizeof(name), "pair%u", pair->nr);
	pair->dir = debugfs_create_dir(name, u9_dir);
	debugfs_create_file("record", 0600, pair->dir, pair, &u9_record_fops);
	debugfs_create_file("inject", 0600, pair->dir, pair, &u9_inject_fops);
	return 0;
}

static void u9_exit(void)
{
	unsigned int i, k;

	debugfs_remove(u9_dir);
	for (i = 0; i < pairs; i++) {
		for (k = 0; k < u9_pairs[i].ports; k++)
			platform_device_unregister(u9_pairs[i].port[k].pdev);
		/* A port that answers has its timer without being open. */
		for (k = 0; k < u9_pairs[i].ports; k++) {
			u9_pairs[i].port[k].knobs.answer = -1;
			u9_chip_irq_off(&u9_pairs[i].port[k]);
		}
		u9_record_exit(&u9_pairs[i]);
	}
	platform_driver_unregister(&u9_platform_driver);
	uart_unregister_driver(&u9_driver);
	kfree(u9_uart_ops);
	kvfree(u9_pairs);
}

static int __init u9_init(void)
{
	unsigned int i;
	int ret;

	if (!pairs || pairs > U9_MAX_PAIRS || !records || records > U9_MAX_RECORDS) {
		pr_err("uart9: pairs=%u records=%u: 1 to %u pairs, 1 to %u records\n",
		       pairs, records, U9_MAX_PAIRS, U9_MAX_RECORDS);
		return -EINVAL;
	}
	u9_pairs = kvcalloc(pairs, sizeof(*u9_pairs), GFP_KERNEL);
	if (!u9_pairs)
		return -ENOMEM;
	ret = u9_ops_init();
	if (ret)
		goto err_free_pairs;
	u9_driver.nr = (listeners ? U9_MAX_PORTS : U9_ENDS) * pairs;
	ret = uart_register_driver(&u9_driver);
	if (ret)
		goto err_free_ops;
	/* Older serial cores set no owner: rmmod would go through under an open tty. */
	u9_driver.tty_driver->owner = THIS_MODULE;
	ret = platform_driver_register(&u9_platform_driver);
	if (ret)
		goto err_unregister;
	u9_dir = debugfs_create_dir("uart9", NULL);

	for (i = 0; i < pairs; i++) {
		u9_pairs[i].nr = i;
		ret = u9_pair_add(&u9_pairs[i]);
		if (ret) {
			u9_exit();
			return ret;
		}
	}
	return 0;

err_unregister:
	uart_unregister_driver(&u9_driver);
err_free_ops:
	kfree(u9_uart_ops);
err_free_pairs:
	kvfree(u9_pairs);
	return ret;
}

module_init(u9_init);
module_exit(u9_exit);

MODULE_DESCRIPTION("Simulated nine-bit wire: pairs of software 16550A UARTs, for tests");
MODULE_LICENSE("GPL");
