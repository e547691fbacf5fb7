// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/matenetN: what the outside may ask of a bus, and whether it may.
 *
 * Nothing here touches the tty.  The node may stay open when the bus has gone;
 * everything then ends with -ENODEV.
 */
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "matenet.h"

#define MATENET_XFER_FLAGS	(MATENET_XFER_NO_REPLY | MATENET_XFER_RAW)
#define MATENET_CFG_FLAGS	(MATENET_CFG_STRICT | MATENET_CFG_WRITABLE)
#define MATENET_MAX_TIMEOUT_US	10000000
#define MATENET_MAX_RETRIES	15

static dev_t matenet_devt;
static DEFINE_IDA(matenet_ida);
static struct class matenet_class = { .name = "matenet" };

static bool all_zero(const void *data, size_t len)
{
	return !memchr_inv(data, 0, len);
}

/**
 * matenet_bus_get_config - the settings in force
 * @bus: bus
 * @config: filled in
 */
void matenet_bus_get_config(struct matenet_bus *bus, struct matenet_config *config)
{
	spin_lock(&bus->lock);
	*config = bus->config;
	spin_unlock(&bus->lock);
}

/**
 * matenet_bus_get_caps - what the bus can do, and how it does it
 * @bus: bus
 * @caps: filled in
 */
void matenet_bus_get_caps(struct matenet_bus *bus, struct matenet_caps *caps)
{
	memset(caps, 0, sizeof(*caps));
	strscpy(caps->driver, "n_matenet", sizeof(caps->driver));
	strscpy(caps->tty, bus->tty_name, sizeof(caps->tty));
	caps->bus = bus->number;
	caps->max_data = MATENET_MAX_DATA;
	caps->max_queue = MATENET_MAX_QUEUE;
	spin_lock(&bus->lock);
	caps->capabilities = MATENET_CAP_TX | bus->tty_caps;
	if (bus->mark_seen)
		caps->capabilities |= MATENET_CAP_RX_MARK;
	caps->framing = bus->framing.marks ? MATENET_FRAMING_MARK : MATENET_FRAMING_GAP;
	caps->parity = bus->stick ? MATENET_PARITY_STICK : MATENET_PARITY_EVENODD;
	spin_unlock(&bus->lock);
}

static const struct {
	size_t offset;
	u32 min, max;
} config_ranges[] = {
	{ offsetof(struct matenet_config, baud), 300, 115200 },
	{ offsetof(struct matenet_config, role), 0, MATENET_ROLE_DEVICE },
	{ offsetof(struct matenet_config, framing), 0, MATENET_FRAMING_GAP },
	{ offsetof(struct matenet_config, parity), 0, MATENET_PARITY_EVENODD },
	{ offsetof(struct matenet_config, flags), 0, MATENET_CFG_FLAGS },
	{ offsetof(struct matenet_config, reply_timeout_us), 1000, MATENET_MAX_TIMEOUT_US },
	{ offsetof(struct matenet_config, gap_us), 1000, 1000000 },
	{ offsetof(struct matenet_config, turnaround_us), 0, 1000000 },
	{ offsetof(struct matenet_config, tx_guard_us), 20, 10000 },
	{ offsetof(struct matenet_config, late_us), 0, MATENET_MAX_TIMEOUT_US },
};

static int config_check(const struct matenet_config *config)
{
	unsigned int i;
	u32 value;

	for (i = 0; i < ARRAY_SIZE(config_ranges); i++) {
		value = *(const u32 *)((const char *)config + config_ranges[i].offset);
		if (value < config_ranges[i].min || value > config_ranges[i].max)
			return -EINVAL;
	}
	if (!all_zero(config->reserved, sizeof(config->reserved)))
		return -EINVAL;
	/* The only side of the bus this driver takes so far. */
	if (config->role != MATENET_ROLE_CONTROLLER)
		return -EOPNOTSUPP;
	return 0;
}

static bool config_moves_line(const struct matenet_config *a, const struct matenet_config *b)
{
	return a->baud != b->baud || a->parity != b->parity || a->tx_guard_us != b->tx_guard_us;
}

/* The setup mutex is held: no transaction runs, and the tty stays. */
static int config_apply(struct matenet_bus *bus, const struct matenet_config *config)
{
	int ret;

	if (READ_ONCE(bus->dead))
		return -ENODEV;
	if (config_moves_line(config, &bus->config)) {
		ret = matenet_line_configure(bus, config);
		if (ret)
			return ret;
	}
	spin_lock(&bus->lock);
	if (config->framing != bus->config.framing) {
		bus->framing.marks = config->framing == MATENET_FRAMING_MARK;
		bus->framing.run = 0;
	}
	bus->config = *config;
	spin_unlock(&bus->lock);
	return 0;
}

static long cdev_s_config(struct matenet_file *file, void __user *arg)
{
	struct matenet_bus *bus = file->bus;
	struct matenet_config config;
	int ret;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	if (copy_from_user(&config, arg, sizeof(config)))
		return -EFAULT;
	ret = config_check(&config);
	if (ret)
		return ret;
	if (mutex_lock_interruptible(&bus->setup))
		return -ERESTARTSYS;
	ret = config_apply(bus, &config);
	mutex_unlock(&bus->setup);
	return ret;
}

static long cdev_g_config(struct matenet_file *file, void __user *arg)
{
	struct matenet_config config;

	matenet_bus_get_config(file->bus, &config);
	return copy_to_user(arg, &config, sizeof(config)) ? -EFAULT : 0;
}

static long cdev_g_caps(struct matenet_file *file, void __user *arg)
{
	struct matenet_caps caps;

	matenet_bus_get_caps(file->bus, &caps);
	return copy_to_user(arg, &caps, sizeof(caps)) ? -EFAULT : 0;
}

static int xfer_check(const struct matenet_xfer *x)
{
	if (x->flags & ~MATENET_XFER_FLAGS || x->timeout_us > MATENET_MAX_TIMEOUT_US ||
	    x->retries > MATENET_MAX_RETRIES)
		return -EINVAL;
	if (!x->tx_len || x->tx_len > MATENET_MAX_DATA || x->rx_len > MATENET_MAX_DATA)
		return -EINVAL;
	if (!all_zero(x->reserved8, sizeof(x->reserved8)) ||
	    !all_zero(x->reserved, sizeof(x->reserved)) ||
	    !all_zero(x->tx + x->tx_len, sizeof(x->tx) - x->tx_len))
		return -EINVAL;
	if (x->flags & MATENET_XFER_NO_REPLY && (x->rx_len || x->retries || x->timeout_us))
		return -EINVAL;
	return 0;
}

/* Raw bytes have no form, so nobody can say what a device makes of them. */
static bool xfer_harmless(const struct matenet_xfer *x)
{
	return !(x->flags & MATENET_XFER_RAW) && matenet_cmd_harmless(x->tx, x->tx_len);
}

static int xfer_allowed(struct matenet_file *file, const struct matenet_xfer *x)
{
	if (xfer_harmless(x))
		return 0;
	if (!file->writer)
		return -EPERM;
	return READ_ONCE(file->bus->config.flags) & MATENET_CFG_WRITABLE ? 0 : -EROFS;
}

static long cdev_xfer(struct matenet_file *file, void __user *arg)
{
	struct matenet_xfer x;
	int ret;

	if (copy_from_user(&x, arg, sizeof(x)))
		return -EFAULT;
	ret = xfer_check(&x);
	if (ret)
		return ret;
	if (x.retries && (x.flags & MATENET_XFER_RAW || !matenet_cmd_repeatable(x.tx, x.tx_len)))
		return -EINVAL;
	ret = xfer_allowed(file, &x);
	if (ret)
		return ret;
	ret = matenet_engine_xfer(file, &x);
	if (ret && ret != -ENODEV)
		return ret;
	/* Also when the bus died: the status says whether the command was sent. */
	return copy_to_user(arg, &x, sizeof(x)) ? -EFAULT : ret;
}

static const struct {
	unsigned int cmd;
	long (*run)(struct matenet_file *file, void __user *arg);
} cdev_ioctls[] = {
	{ MATENET_IOC_G_CAPS, cdev_g_caps },
	{ MATENET_IOC_G_CONFIG, cdev_g_config },
	{ MATENET_IOC_S_CONFIG, cdev_s_config },
	{ MATENET_IOC_XFER, cdev_xfer },
};

static long matenet_cdev_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct matenet_file *file = filp->private_data;
	unsigned int i;

	if (READ_ONCE(file->bus->dead))
		return -ENODEV;
	for (i = 0; i < ARRAY_SIZE(cdev_ioctls); i++)
		if (cdev_ioctls[i].cmd == cmd)
			return cdev_ioctls[i].run(file, (void __user *)arg);
	return -ENOTTY;
}

/* Ready for a command, or gone. */
static __poll_t matenet_cdev_poll(struct file *filp, poll_table *wait)
{
	struct matenet_file *file = filp->private_data;

	poll_wait(filp, &file->bus->wait, wait);
	return READ_ONCE(file->bus->dead) ? EPOLLHUP | EPOLLERR : EPOLLOUT | EPOLLWRNORM;
}

static int matenet_cdev_open(struct inode *inode, struct file *filp)
{
	struct matenet_bus *bus = container_of(inode->i_cdev, struct matenet_bus, cdev);
	struct matenet_file *file;

	file = kzalloc(sizeof(*file), GFP_KERNEL);
	if (!file)
		return -ENOMEM;
	file->bus = bus;
	file->writer = filp->f_mode & FMODE_WRITE;
	INIT_LIST_HEAD(&file->jobs);
	get_device(&bus->dev);
	filp->private_data = file;
	return stream_open(inode, filp);
}

/* Every transaction has a caller inside ioctl(), so none is left by now. */
static int matenet_cdev_release(struct inode *inode, struct file *filp)
{
	struct matenet_file *file = filp->private_data;

	put_device(&file->bus->dev);
	kfree(file);
	return 0;
}

static const struct file_operations matenet_cdev_fops = {
	.owner		= THIS_MODULE,
	.open		= matenet_cdev_open,
	.release	= matenet_cdev_release,
	.unlocked_ioctl	= matenet_cdev_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.poll		= matenet_cdev_poll,
};

static void bus_release(struct device *dev)
{
	kfree(container_of(dev, struct matenet_bus, dev));
}

/**
 * matenet_bus_init_device - from now on put_device() frees the bus
 * @bus: bus
 */
void matenet_bus_init_device(struct matenet_bus *bus)
{
	device_initialize(&bus->dev);
	bus->dev.class = &matenet_class;
	bus->dev.groups = matenet_groups;
	bus->dev.release = bus_release;
}

/**
 * matenet_cdev_add - give the bus a number, a node and a place in sysfs
 * @bus: bus, its engine running
 */
int matenet_cdev_add(struct matenet_bus *bus)
{
	int ret;

	ret = ida_alloc_max(&matenet_ida, MATENET_MAX_BUSES - 1, GFP_KERNEL);
	if (ret < 0)
		return ret;
	bus->number = ret;
	bus->dev.devt = MKDEV(MAJOR(matenet_devt), bus->number);
	ret = dev_set_name(&bus->dev, "matenet%d", bus->number);
	if (ret)
		goto err_ida;
	cdev_init(&bus->cdev, &matenet_cdev_fops);
	bus->cdev.owner = THIS_MODULE;
	ret = cdev_device_add(&bus->cdev, &bus->dev);
	if (ret)
		goto err_ida;
	return 0;

err_ida:
	ida_free(&matenet_ida, bus->number);
	return ret;
}

/**
 * matenet_cdev_remove - take the node away; open files keep the bus
 * @bus: bus, dead
 */
void matenet_cdev_remove(struct matenet_bus *bus)
{
	cdev_device_del(&bus->cdev, &bus->dev);
	ida_free(&matenet_ida, bus->number);
}

/**
 * matenet_cdev_init - reserve device numbers and the class
 */
int __init matenet_cdev_init(void)
{
	int ret;

	ret = alloc_chrdev_region(&matenet_devt, 0, MATENET_MAX_BUSES, "matenet");
	if (ret)
		return ret;
	ret = class_register(&matenet_class);
	if (ret)
		unregister_chrdev_region(matenet_devt, MATENET_MAX_BUSES);
	return ret;
}

/**
 * matenet_cdev_exit - undo matenet_cdev_init()
 */
void matenet_cdev_exit(void)
{
	class_unregister(&matenet_class);
	unregister_chrdev_region(matenet_devt, MATENET_MAX_BUSES);
	ida_destroy(&matenet_ida);
}
