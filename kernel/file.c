// SPDX-License-Identifier: GPL-2.0
/*
 * Open files: the jobs they have queued, the records they have not read, and
 * whose turn it is.
 */
#include <linux/sched.h>
#include <linux/slab.h>

#include "matenet.h"

/**
 * matenet_file_new - a file of a bus
 * @bus: bus
 * @writer: opened for writing
 *
 * Return: the file, or NULL if there is no memory.
 */
struct matenet_file *matenet_file_new(struct matenet_bus *bus, bool writer)
{
	struct matenet_file *file;

	file = kzalloc(sizeof(*file), GFP_KERNEL_ACCOUNT);
	if (!file)
		return NULL;
	file->bus = bus;
	file->writer = writer;
	init_waitqueue_head(&file->wait);
	INIT_LIST_HEAD(&file->jobs);
	INIT_LIST_HEAD(&file->records);
	get_device(&bus->dev);
	spin_lock(&bus->lock);
	list_add_tail(&file->all, &bus->files);
	spin_unlock(&bus->lock);
	return file;
}

/* Out of the queue of its file; the reference of the queue goes to the caller. */
static void job_unlink(struct matenet_job *job)
{
	struct matenet_file *file = job->file;

	lockdep_assert_held(&file->bus->lock);
	if (file->queued == MATENET_MAX_QUEUE)
		wake_up_interruptible(&file->wait);
	list_del_init(&job->node);
	if (!--file->queued)
		list_del(&file->ready);
}

static void file_leave_mode(struct matenet_file *file)
{
	if (file->mode.mode == MATENET_MODE_EXCLUSIVE)
		file->bus->exclusive = NULL;
	if (file->mode.mode == MATENET_MODE_MONITOR)
		file->bus->monitors--;
}

/**
 * matenet_file_free - end a file; what it has queued is not sent
 * @file: file; nobody waits for a job of it
 *
 * What is on the wire goes on, and its result is dropped; see matenet_job_abandon().
 */
void matenet_file_free(struct matenet_file *file)
{
	struct matenet_bus *bus = file->bus;
	struct matenet_rec *rec, *next;
	struct matenet_job *job;

	spin_lock(&bus->lock);
	file_leave_mode(file);
	list_del(&file->all);
	while ((job = list_first_entry_or_null(&file->jobs, struct matenet_job, node))) {
		job_unlink(job);
		job->file = NULL;
		matenet_job_put(job);
	}
	if (bus->job && bus->job->file == file) {
		bus->job->unwanted = true;
		bus->job->file = NULL;
	}
	spin_unlock(&bus->lock);

	list_for_each_entry_safe(rec, next, &file->records, node)
		kfree(rec);
	put_device(&bus->dev);
	kfree(file);
}

/**
 * matenet_file_set_mode - change what a file wants of its bus
 * @file: file
 * @mode: checked
 *
 * Return: -EBUSY if another file has the bus for itself.
 */
int matenet_file_set_mode(struct matenet_file *file, const struct matenet_mode *mode)
{
	struct matenet_bus *bus = file->bus;
	int ret = 0;

	spin_lock(&bus->lock);
	if (mode->mode == MATENET_MODE_EXCLUSIVE && bus->exclusive && bus->exclusive != file) {
		ret = -EBUSY;
	} else {
		file_leave_mode(file);
		file->mode = *mode;
		if (mode->mode == MATENET_MODE_EXCLUSIVE)
			bus->exclusive = file;
		if (mode->mode == MATENET_MODE_MONITOR)
			bus->monitors++;
	}
	spin_unlock(&bus->lock);
	return ret;
}

/**
 * matenet_job_new - a job that is not queued yet
 * @file: on whose behalf
 * @count: transactions in it
 *
 * Return: the job, with one reference, or NULL if there is no memory.
 */
struct matenet_job *matenet_job_new(struct matenet_file *file, unsigned int count)
{
	struct matenet_job *job;

	job = kzalloc(sizeof(*job), GFP_KERNEL_ACCOUNT);
	if (!job)
		return NULL;
	job->x = &job->one;
	if (count > 1) {
		job->x = kcalloc(count, sizeof(*job->x), GFP_KERNEL_ACCOUNT);
		if (!job->x) {
			kfree(job);
			return NULL;
		}
	}
	job->count = count;
	job->file = file;
	init_completion(&job->done);
	INIT_LIST_HEAD(&job->node);
	refcount_set(&job->refs, 1);
	return job;
}

/**
 * matenet_job_put - drop a reference
 * @job: job
 */
void matenet_job_put(struct matenet_job *job)
{
	if (!refcount_dec_and_test(&job->refs))
		return;
	kfree(job->rec);
	if (job->x != &job->one)
		kfree(job->x);
	kfree(job);
}

/**
 * matenet_job_finish - hand the result to whoever wants it
 * @job: job, of a bus that is locked
 * @error: for a caller that waits
 */
void matenet_job_finish(struct matenet_job *job, int error)
{
	struct matenet_rec *rec = job->rec;

	job->error = error;
	if (rec && job->file) {
		job->rec = NULL;
		rec->r.xfer = *job->x;
		matenet_file_record(job->file, rec);
	}
	complete(&job->done);
}

static int job_may_queue(struct matenet_job *job)
{
	struct matenet_file *file = job->file;
	struct matenet_bus *bus = file->bus;
	u32 role = job->command ? MATENET_ROLE_DEVICE : MATENET_ROLE_CONTROLLER;

	if (bus->dead)
		return -ENODEV;
	if (bus->config.role != role)
		return -EOPNOTSUPP;
	if (file->mode.mode == MATENET_MODE_NONE || file->mode.mode == MATENET_MODE_MONITOR)
		return -EPERM;
	if (bus->exclusive && bus->exclusive != file)
		return -EBUSY;
	return file->queued < MATENET_MAX_QUEUE ? 0 : -EAGAIN;
}

/**
 * matenet_job_queue - queue a job
 * @job: job; gets its sequence numbers, and a reference more
 *
 * Return: -ENODEV if the bus is dead, -EOPNOTSUPP if it does not do this in its
 * role, -EPERM if the file is not to send, -EBUSY if another has the bus for
 * itself, -EAGAIN if the queue is full.
 */
int matenet_job_queue(struct matenet_job *job)
{
	struct matenet_file *file = job->file;
	struct matenet_bus *bus = file->bus;
	unsigned int i;
	int ret;

	spin_lock(&bus->lock);
	ret = job_may_queue(job);
	if (!ret) {
		for (i = 0; i < job->count; i++) {
			bus->sequence = matenet_number_after(bus->sequence);
			job->x[i].sequence = bus->sequence;
		}
		refcount_inc(&job->refs);
		if (!file->queued++)
			list_add_tail(&file->ready, &bus->ready);
		list_add_tail(&job->node, &file->jobs);
		wake_up_process(bus->engine);
	}
	spin_unlock(&bus->lock);
	return ret;
}

/*
 * The engine has it, but waits for silence before it sends the first of it: it is
 * told not to.
 */
static bool job_stop(struct matenet_bus *bus, struct matenet_job *job)
{
	if (job != bus->job || job->begun)
		return false;
	job->unwanted = true;
	return true;
}

/**
 * matenet_job_cancel - take a job back
 * @job: job that was queued
 *
 * Return: false if it is too late: what is on the wire cannot be called back.
 */
bool matenet_job_cancel(struct matenet_job *job)
{
	struct matenet_bus *bus = job->file->bus;
	bool mine;

	spin_lock(&bus->lock);
	mine = !list_empty(&job->node);
	if (mine) {
		job_unlink(job);
		matenet_job_put(job);
	} else {
		mine = job_stop(bus, job);
	}
	spin_unlock(&bus->lock);
	return mine;
}

/**
 * matenet_job_abandon - nobody waits for it any more
 * @job: job that is on the wire, or was
 *
 * Unless it changes something it ends with the attempt that is on the wire.
 */
void matenet_job_abandon(struct matenet_job *job)
{
	struct matenet_bus *bus = job->file->bus;

	spin_lock(&bus->lock);
	job->unwanted = true;
	spin_unlock(&bus->lock);
}

/**
 * matenet_file_cancel - take a submitted transaction back
 * @file: file
 * @sequence: as SUBMIT returned it
 *
 * Its record then says ABORTED.
 *
 * Return: -EBUSY if it is on the wire, -ENOENT if there is none such any more.
 */
int matenet_file_cancel(struct matenet_file *file, u32 sequence)
{
	struct matenet_bus *bus = file->bus;
	struct matenet_job *job;
	int ret = -ENOENT;

	spin_lock(&bus->lock);
	list_for_each_entry(job, &file->jobs, node)
		if (job->rec && job->one.sequence == sequence) {
			job_unlink(job);
			job->one.status = MATENET_ST_ABORTED;
			job->one.rx_len = 0;
			matenet_job_finish(job, 0);
			matenet_job_put(job);
			ret = 0;
			break;
		}
	job = bus->job;
	if (ret && job && job->file == file && job->rec && job->one.sequence == sequence)
		ret = job_stop(bus, job) ? 0 : -EBUSY;
	spin_unlock(&bus->lock);
	return ret;
}

/*
 * The first in line, but for those who have had more than their turn: a batch
 * counts as many turns as it has transactions.
 */
static struct matenet_file *file_whose_turn(struct matenet_bus *bus)
{
	struct matenet_file *file;

	for (;;) {
		file = list_first_entry_or_null(&bus->ready, struct matenet_file, ready);
		if (!file || !file->debt || list_is_singular(&bus->ready))
			return file;
		file->debt--;
		list_move_tail(&file->ready, &bus->ready);
	}
}

/**
 * matenet_job_take - the job whose turn it is, now the engine's
 * @bus: bus, locked
 *
 * Return: the job, which is the caller's now, or NULL if nothing waits.
 */
struct matenet_job *matenet_job_take(struct matenet_bus *bus)
{
	struct matenet_file *file;
	struct matenet_job *job;

	lockdep_assert_held(&bus->lock);
	file = file_whose_turn(bus);
	if (!file)
		return NULL;
	job = list_first_entry(&file->jobs, struct matenet_job, node);
	list_move_tail(&file->ready, &bus->ready);
	job_unlink(job);
	file->debt = job->count - 1;
	return job;
}

/**
 * matenet_rec_new - an empty record
 * @type: MATENET_REC_*
 * @gfp: how to allocate
 *
 * Return: the record, or NULL if there is no memory.
 */
struct matenet_rec *matenet_rec_new(u32 type, gfp_t gfp)
{
	struct matenet_rec *rec = kzalloc(sizeof(*rec), gfp);

	if (rec)
		rec->r.type = type;
	return rec;
}

/**
 * matenet_file_record - give a record to a file
 * @file: file, its bus locked
 * @rec: from now on the file's; NULL is one that is lost at once
 */
void matenet_file_record(struct matenet_file *file, struct matenet_rec *rec)
{
	struct matenet_rec *oldest;

	lockdep_assert_held(&file->bus->lock);
	if (!rec) {
		file->lost++;
		return;
	}
	if (!rec->r.ts)
		rec->r.ts = ktime_get_ns();
	list_add_tail(&rec->node, &file->records);
	if (++file->unread > MATENET_MAX_RECORDS) {
		oldest = list_first_entry(&file->records, struct matenet_rec, node);
		list_del(&oldest->node);
		kfree(oldest);
		file->unread--;
		file->lost++;
	}
	wake_up_interruptible(&file->wait);
}

/**
 * matenet_file_next - the oldest record, or NULL
 * @file: file; the record is the caller's
 *
 * Return: the record, which is the caller's now, or NULL if there is none.
 */
struct matenet_rec *matenet_file_next(struct matenet_file *file)
{
	struct matenet_rec *rec;

	spin_lock(&file->bus->lock);
	rec = list_first_entry_or_null(&file->records, struct matenet_rec, node);
	if (rec) {
		list_del(&rec->node);
		file->unread--;
		if (file->lost) {
			rec->r.flags |= MATENET_REC_LOST;
			rec->r.lost += file->lost;
			file->lost = 0;
		}
	}
	spin_unlock(&file->bus->lock);
	return rec;
}

/**
 * matenet_file_return - put a record back that could not be delivered
 * @file: file
 * @rec: from matenet_file_next()
 */
void matenet_file_return(struct matenet_file *file, struct matenet_rec *rec)
{
	spin_lock(&file->bus->lock);
	/* It may be dropped itself now, and must not take the number with it. */
	file->lost += rec->r.lost;
	rec->r.lost = 0;
	rec->r.flags &= ~MATENET_REC_LOST;
	list_add(&rec->node, &file->records);
	file->unread++;
	spin_unlock(&file->bus->lock);
}

/**
 * matenet_bus_wake_files - all who wait shall look again
 * @bus: bus
 */
void matenet_bus_wake_files(struct matenet_bus *bus)
{
	struct matenet_file *file;

	spin_lock(&bus->lock);
	list_for_each_entry(file, &bus->files, all)
		wake_up_all(&file->wait);
	spin_unlock(&bus->lock);
}

/**
 * matenet_bus_record_state - tell all files of a new configuration
 * @bus: bus, locked
 */
void matenet_bus_record_state(struct matenet_bus *bus)
{
	struct matenet_file *file;
	struct matenet_rec *rec;

	lockdep_assert_held(&bus->lock);
	list_for_each_entry(file, &bus->files, all) {
		rec = matenet_rec_new(MATENET_REC_STATE, GFP_ATOMIC);
		if (rec)
			rec->r.state = bus->config;
		matenet_file_record(file, rec);
	}
}
