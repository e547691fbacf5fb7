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
#define MATENET_BATCH_FLAGS	(MATENET_XFER_FLAGS | MATENET_XFER_STOP)
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

/* A controller knows what it waits for, all others take what comes. */
static bool cdev_knows_marks(struct matenet_bus *bus)
{
	if (bus->config.role == MATENET_ROLE_CONTROLLER)
		return bus->framing.marks;
	return matenet_listen_knows(bus, MATENET_EAR_OWN);
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
	caps->framing = cdev_knows_marks(bus) ? MATENET_FRAMING_MARK : MATENET_FRAMING_GAP;
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
	{ offsetof(struct matenet_config, join), 0, MATENET_MAX_BUSES },
};

/**
 * matenet_config_check - are all settings in their ranges?
 * @config: settings
 *
 * Return: 0, or -EINVAL if a member is out of its range, or reserved and not 0.
 */
int matenet_config_check(const struct matenet_config *config)
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
	return 0;
}

static long cdev_g_config(struct matenet_file *file, void __user *arg)
{
	struct matenet_config config;

	matenet_bus_get_config(file->bus, &config);
	return copy_to_user(arg, &config, sizeof(config)) ? -EFAULT : 0;
}

static long cdev_s_config(struct matenet_file *file, void __user *arg)
{
	struct matenet_config config;
	int ret;

	if (!capable(CAP_NET_ADMIN))
		return -EPERM;
	if (copy_from_user(&config, arg, sizeof(config)))
		return -EFAULT;
	ret = matenet_config_check(&config);
	if (!ret)
		ret = matenet_engine_configure(file->bus, &config, NULL, MAX_SCHEDULE_TIMEOUT);
	if (ret)
		return ret;
	/* What is in force now; a later driver may choose some of it itself. */
	return cdev_g_config(file, arg);
}

static long cdev_g_caps(struct matenet_file *file, void __user *arg)
{
	struct matenet_caps caps;

	matenet_bus_get_caps(file->bus, &caps);
	return copy_to_user(arg, &caps, sizeof(caps)) ? -EFAULT : 0;
}

static int xfer_check(const struct matenet_xfer *x, u32 flags)
{
	if (x->flags & ~flags || x->timeout_us > MATENET_MAX_TIMEOUT_US ||
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
	if (x->retries &&
	    (x->flags & MATENET_XFER_RAW || !matenet_cmd_repeatable(x->tx, x->tx_len)))
		return -EINVAL;
	return 0;
}

static int xfer_allowed(struct matenet_file *file, const struct matenet_xfer *x)
{
	if (matenet_xfer_harmless(x))
		return 0;
	if (!file->writer)
		return -EPERM;
	return READ_ONCE(file->bus->config.flags) & MATENET_CFG_WRITABLE ? 0 : -EROFS;
}

/* Every transaction of a job is looked at before any of it is queued. */
static int job_check(struct matenet_job *job, u32 flags)
{
	struct matenet_xfer *x;
	int ret;

	for (x = job->x; x < job->x + job->count; x++) {
		ret = xfer_check(x, flags);
		if (!ret)
			ret = xfer_allowed(job->file, x);
		if (ret)
			return ret;
		x->attempts = 0;
		x->status = 0;
		x->tx_ts = 0;
		x->rx_ts = 0;
		memset(x->rx, 0, sizeof(x->rx));
	}
	return 0;
}

/* A job with what the user wants; ERR_PTR() if that is not right. */
static struct matenet_job *job_get(struct matenet_file *file, void __user *arg,
				   unsigned int count, u32 flags)
{
	struct matenet_job *job;
	int ret;

	job = matenet_job_new(file, count);
	if (!job)
		return ERR_PTR(-ENOMEM);
	if (copy_from_user(job->x, arg, count * sizeof(*job->x)))
		ret = -EFAULT;
	else
		ret = job_check(job, flags);
	if (!ret)
		return job;
	matenet_job_put(job);
	return ERR_PTR(ret);
}

/*
 * Do it and write the results back, also when the bus died: the status says
 * whether the command was sent.
 */
static long job_do(struct matenet_job *job, void __user *arg)
{
	long ret = matenet_engine_do(job);

	if ((!ret || ret == -ENODEV) &&
	    copy_to_user(arg, job->x, job->count * sizeof(*job->x)))
		ret = -EFAULT;
	return ret;
}

static long cdev_xfer(struct matenet_file *file, void __user *arg)
{
	struct matenet_job *job = job_get(file, arg, 1, MATENET_XFER_FLAGS);
	long ret;

	if (IS_ERR(job))
		return PTR_ERR(job);
	ret = job_do(job, arg);
	matenet_job_put(job);
	return ret;
}

static long cdev_submit(struct matenet_file *file, void __user *arg)
{
	struct matenet_job *job = job_get(file, arg, 1, MATENET_XFER_FLAGS);
	u32 sequence;
	long ret;

	if (IS_ERR(job))
		return PTR_ERR(job);
	job->rec = matenet_rec_new(MATENET_REC_XFER, GFP_KERNEL_ACCOUNT);
	ret = job->rec ? matenet_job_queue(job) : -ENOMEM;
	sequence = job->one.sequence;
	matenet_job_put(job);
	if (!ret)
		ret = put_user(sequence, &((struct matenet_xfer __user *)arg)->sequence);
	return ret;
}

static long cdev_batch(struct matenet_file *file, void __user *arg)
{
	struct matenet_batch batch;
	struct matenet_job *job;
	void __user *xfers;
	unsigned int i;
	long ret;

	if (copy_from_user(&batch, arg, sizeof(batch)))
		return -EFAULT;
	if (!batch.count || batch.count > MATENET_MAX_BATCH || batch.flags ||
	    !all_zero(batch.reserved, sizeof(batch.reserved)))
		return -EINVAL;
	xfers = u64_to_user_ptr(batch.xfers);
	job = job_get(file, xfers, batch.count, MATENET_BATCH_FLAGS);
	if (IS_ERR(job))
		return PTR_ERR(job);

	ret = job_do(job, xfers);
	if (!ret || ret == -ENODEV) {
		batch.done = 0;
		for (i = 0; i < job->count; i++)
			batch.done += job->x[i].attempts > 0;
		if (copy_to_user(arg, &batch, sizeof(batch)))
			ret = -EFAULT;
	}
	matenet_job_put(job);
	return ret;
}

static long cdev_cancel(struct matenet_file *file, void __user *arg)
{
	u32 sequence;

	if (get_user(sequence, (u32 __user *)arg))
		return -EFAULT;
	return matenet_file_cancel(file, sequence);
}

static int reply_check(struct matenet_file *file, const struct matenet_reply *reply)
{
	if (!reply->sequence || reply->flags & ~MATENET_XFER_RAW || !reply->len ||
	    reply->len > MATENET_MAX_DATA ||
	    !all_zero(reply->reserved8, sizeof(reply->reserved8)) ||
	    !all_zero(reply->reserved, sizeof(reply->reserved)) ||
	    !all_zero(reply->data + reply->len, sizeof(reply->data) - reply->len))
		return -EINVAL;
	return file->writer ? 0 : -EPERM;
}

static long cdev_reply(struct matenet_file *file, void __user *arg)
{
	struct matenet_reply reply;
	struct matenet_job *job;
	long ret;

	if (copy_from_user(&reply, arg, sizeof(reply)))
		return -EFAULT;
	ret = reply_check(file, &reply);
	if (ret)
		return ret;
	job = matenet_job_new(file, 1);
	if (!job)
		return -ENOMEM;
	job->command = reply.sequence;
	job->one.flags = reply.flags;
	job->one.tx_len = reply.len;
	memcpy(job->one.tx, reply.data, reply.len);
	ret = matenet_engine_do(job);
	matenet_job_put(job);
	return ret;
}

static long cdev_g_mode(struct matenet_file *file, void __user *arg)
{
	struct matenet_mode mode;

	spin_lock(&file->bus->lock);
	mode = file->mode;
	spin_unlock(&file->bus->lock);
	return copy_to_user(arg, &mode, sizeof(mode)) ? -EFAULT : 0;
}

static long cdev_s_mode(struct matenet_file *file, void __user *arg)
{
	struct matenet_mode mode;

	if (copy_from_user(&mode, arg, sizeof(mode)))
		return -EFAULT;
	if (mode.mode > MATENET_MODE_MONITOR || mode.flags ||
	    !all_zero(mode.reserved, sizeof(mode.reserved)))
		return -EINVAL;
	if (mode.mode == MATENET_MODE_MONITOR && !capable(CAP_NET_ADMIN))
		return -EPERM;
	return matenet_file_set_mode(file, &mode);
}

static const struct {
	unsigned int cmd;
	long (*run)(struct matenet_file *file, void __user *arg);
} cdev_ioctls[] = {
	{ MATENET_IOC_G_CAPS, cdev_g_caps },
	{ MATENET_IOC_G_CONFIG, cdev_g_config },
	{ MATENET_IOC_S_CONFIG, cdev_s_config },
	{ MATENET_IOC_G_MODE, cdev_g_mode },
	{ MATENET_IOC_S_MODE, cdev_s_mode },
	{ MATENET_IOC_XFER, cdev_xfer },
	{ MATENET_IOC_SUBMIT, cdev_submit },
	{ MATENET_IOC_BATCH, cdev_batch },
	{ MATENET_IOC_CANCEL, cdev_cancel },
	{ MATENET_IOC_REPLY, cdev_reply },
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

/* One record to the reader; it stays where it was if that fails. */
static ssize_t read_one(struct matenet_file *file, char __user *to)
{
	struct matenet_rec *rec = matenet_file_next(file);

	if (!rec)
		return 0;
	if (copy_to_user(to, &rec->r, sizeof(rec->r))) {
		matenet_file_return(file, rec);
		return -EFAULT;
	}
	kfree(rec);
	return sizeof(rec->r);
}

static bool file_readable(struct matenet_file *file)
{
	return READ_ONCE(file->unread);
}

/* Whole records, as many as there are and fit; waits for the first. */
static ssize_t matenet_cdev_read(struct file *filp, char __user *to, size_t size, loff_t *pos)
{
	struct matenet_file *file = filp->private_data;
	ssize_t done = 0, ret;
	bool ended;

	if (size < sizeof(struct matenet_record))
		return -EINVAL;
	do {
		/* Asked first: what is recorded before the end can be read after it. */
		ended = READ_ONCE(file->bus->ended);
		ret = read_one(file, to + done);
		if (ret > 0) {
			done += ret;
			continue;
		}
		if (ret || done)
			break;
		if (ended)
			return -ENODEV;
		if (filp->f_flags & O_NONBLOCK)
			return -EAGAIN;
		ret = wait_event_interruptible(file->wait, file_readable(file) ||
					       READ_ONCE(file->bus->ended));
		if (ret)
			break;
	} while (size - done >= sizeof(struct matenet_record));
	return done ?: ret;
}

static __poll_t matenet_cdev_poll(struct file *filp, poll_table *wait)
{
	struct matenet_file *file = filp->private_data;
	__poll_t mask = 0;

	poll_wait(filp, &file->wait, wait);
	if (READ_ONCE(file->bus->ended))
		mask |= EPOLLHUP | EPOLLERR;
	else if (!READ_ONCE(file->bus->dead) && READ_ONCE(file->queued) < MATENET_MAX_QUEUE)
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (file_readable(file))
		mask |= EPOLLIN | EPOLLRDNORM;
	return mask;
}

static int matenet_cdev_open(struct inode *inode, struct file *filp)
{
	struct matenet_bus *bus = container_of(inode->i_cdev, struct matenet_bus, cdev);
	struct matenet_file *file;

	file = matenet_file_new(bus, filp->f_mode & FMODE_WRITE);
	if (!file)
		return -ENOMEM;
	filp->private_data = file;
	return stream_open(inode, filp);
}

static int matenet_cdev_release(struct inode *inode, struct file *filp)
{
	matenet_file_free(filp->private_data);
	return 0;
}

static const struct file_operations matenet_cdev_fops = {
	.owner		= THIS_MODULE,
	.open		= matenet_cdev_open,
	.release	= matenet_cdev_release,
	.read		= matenet_cdev_read,
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
 *
 * Return: 0 or a negative error; then there is nothing to remove.
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
	matenet_debugfs_add(bus);
	return 0;

err_ida:
	ida_free(&matenet_ida, bus->number);
	return ret;
}

/**
 * matenet_bus_find - a bus by its number
 * @number: N of /dev/matenetN
 *
 * Return: a bus that put_device() gives back, maybe dead by now, or NULL.
 */
struct matenet_bus *matenet_bus_find(unsigned int number)
{
	struct device *dev;

	if (number >= MATENET_MAX_BUSES)
		return NULL;
	dev = class_find_device_by_devt(&matenet_class, MKDEV(MAJOR(matenet_devt), number));
	return dev ? container_of(dev, struct matenet_bus, dev) : NULL;
}

struct each_bus {
	void (*work)(struct matenet_bus *bus);
};

static int each_bus(struct device *dev, void *data)
{
	struct each_bus *each = data;

	each->work(container_of(dev, struct matenet_bus, dev));
	return 0;
}

/**
 * matenet_bus_each - do something to every bus that has a node
 * @work: may sleep
 */
void matenet_bus_each(void (*work)(struct matenet_bus *bus))
{
	struct each_bus each = { .work = work };

	class_for_each_device(&matenet_class, NULL, &each, each_bus);
}

/**
 * matenet_cdev_remove - take the node away; open files keep the bus
 * @bus: bus, dead
 */
void matenet_cdev_remove(struct matenet_bus *bus)
{
	matenet_debugfs_remove(bus);
	cdev_device_del(&bus->cdev, &bus->dev);
	/* Before another bus can get the number. */
	matenet_events_tell(bus, MATENET_NL_CMD_DETACHED_NTF);
	matenet_events_finish(bus);
	ida_free(&matenet_ida, bus->number);
}

/**
 * matenet_cdev_init - reserve device numbers and the class
 *
 * Return: 0 or a negative error.
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
