// SPDX-License-Identifier: GPL-2.0
/*
 * The engine: one thread a bus takes jobs from the queues of the open files,
 * sends the commands and waits for the replies.
 *
 * A reply that is right is completed by the receive path itself, so that its
 * caller need not wait for the thread.  Everything else - silence, damage,
 * another try - the thread decides when a deadline has passed.
 */
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "compat.h"
#include "matenet.h"
#include "trace.h"

#define ENGINE_BABBLE_MS	1000	/* how long somebody may talk whom nobody has asked */
#define ENGINE_HANGUP_MS	200	/* from a port that sends no more to its hangup */
#define ENGINE_PIECE		32	/* words that go to another bus at a time */

/* Ended well, or not worth another try. */
#define ENGINE_FINAL	(MATENET_ST_OK | MATENET_ST_REFUSED | MATENET_ST_ABORTED)

/* Until @when, or until there is something new to look at. */
static void engine_sleep(struct matenet_bus *bus, ktime_t when)
{
	set_current_state(TASK_IDLE);
	if (!READ_ONCE(bus->dead) && !READ_ONCE(bus->rx_done))
		schedule_hrtimeout_range(&when, 0, HRTIMER_MODE_ABS);
	__set_current_state(TASK_RUNNING);
}

/* A byte or two are noise, and no reply. */
static bool engine_may_be_reply(unsigned int bytes)
{
	return bytes > MATENET_SUM_BYTES;
}

/*
 * When the next command may be sent: some idle time after the last byte.
 * After a command without a reply, a late one may still come, which must not
 * be taken for the next one's; once it has come it is over with.
 */
static ktime_t engine_quiet_at(struct matenet_bus *bus)
{
	u32 idle_us = bus->stray ? bus->config.gap_us : bus->config.turnaround_us;
	ktime_t last = max(bus->rx_last, bus->tx_end);
	ktime_t at = ktime_add_us(last, idle_us);

	/* Nobody answers a device. */
	if (engine_may_be_reply(bus->stray) || bus->config.role == MATENET_ROLE_DEVICE)
		return at;
	return max(at, bus->quiet_until);
}

/* Returns false if the line is never idle. */
static bool engine_wait_quiet(struct matenet_bus *bus)
{
	ktime_t at, limit, since = ktime_get();
	bool talking;

	while (!READ_ONCE(bus->dead)) {
		if (matenet_pm_wait(bus))
			since = ktime_get();
		spin_lock(&bus->lock);
		at = engine_quiet_at(bus);
		limit = ktime_add_ms(max(since, bus->quiet_until), ENGINE_BABBLE_MS);
		talking = ktime_after(bus->rx_last, limit);
		spin_unlock(&bus->lock);
		if (!ktime_after(at, ktime_get()))
			return true;
		if (talking)
			return false;
		engine_sleep(bus, at);
	}
	return true;
}

static u8 engine_want(const struct matenet_xfer *x)
{
	unsigned int len = x->rx_len;

	if (x->flags & MATENET_XFER_RAW)
		return len;
	if (!len)
		len = matenet_reply_len(x->tx, x->tx_len);
	return len ? len + MATENET_SUM_BYTES : 0;
}

/* From now on what comes is the reply to this. */
static void engine_expect(struct matenet_bus *bus, const struct matenet_xfer *x)
{
	spin_lock(&bus->lock);
	memset(&bus->rx, 0, sizeof(bus->rx));
	bus->rx.want = engine_want(x);
	bus->rx.cmd = x->tx_len == MATENET_COMMAND_DATA ? x->tx[1] : -1;
	bus->rx.marks = bus->framing.marks;
	bus->rx.strict = bus->config.flags & MATENET_CFG_STRICT;
	bus->rx.raw = x->flags & MATENET_XFER_RAW;
	bus->rx_open = !(x->flags & MATENET_XFER_NO_REPLY);
	bus->stray = 0;
	bus->quiet_until = 0;
	bus->tx_end = KTIME_MAX;
	bus->rx_from = KTIME_MAX;
	spin_unlock(&bus->lock);
}

/*
 * A port that is being removed sends nothing any more, some time before the hangup
 * tells of it.  So what could not be sent is not blamed on the line before there was
 * time for that.  It has no reply, whatever comes meanwhile.
 */
static int engine_blame(struct matenet_bus *bus, int ret)
{
	ktime_t limit = ktime_add_ms(ktime_get(), ENGINE_HANGUP_MS);

	if (!ret || ret == -EAGAIN || ret == -ENODEV)
		return ret;
	spin_lock(&bus->lock);
	bus->rx_open = false;
	spin_unlock(&bus->lock);
	while (!READ_ONCE(bus->dead) && ktime_before(ktime_get(), limit))
		usleep_range(1000, 2000);
	return READ_ONCE(bus->dead) ? -ENODEV : ret;
}

static int engine_sent(struct matenet_bus *bus)
{
	return engine_blame(bus, matenet_line_sent(bus));
}

static int engine_send(struct matenet_bus *bus, const struct matenet_xfer *x)
{
	u8 frame[MATENET_MAX_DATA + MATENET_SUM_BYTES];
	unsigned int len = x->tx_len;
	int ret;
	u16 sum;

	memcpy(frame, x->tx, len);
	if (!(x->flags & MATENET_XFER_RAW)) {
		sum = matenet_sum(frame, len);
		frame[len++] = sum >> 8;
		frame[len++] = sum & 0xff;
	}
	ret = matenet_line_send(bus, frame, len);
	spin_lock(&bus->lock);
	if (ret) {
		bus->tx_end = ktime_get();
	} else {
		bus->stats.tx_bytes += len;
		matenet_listen_sent(bus, frame, len);
	}
	spin_unlock(&bus->lock);
	if (!ret)
		matenet_line_learn(bus);
	return engine_blame(bus, ret);
}

/*
 * When there has been enough silence to end the reply that has begun.  What is still to
 * come takes its time, and a UART with a large FIFO hands it over at its end.
 */
static ktime_t engine_gap_end(struct matenet_bus *bus)
{
	u64 rest_ns = 0;

	if (bus->rx.want > bus->rx.n)
		rest_ns = (u64)(bus->rx.want - bus->rx.n) * bus->frame_ns;
	return ktime_add_ns(ktime_add_us(bus->rx_last, bus->config.gap_us), rest_ns);
}

/*
 * Bytes that do not complete a reply wake nobody.  While there are none it is enough
 * to look once in a gap: no reply can begin and end unseen.
 */
static void engine_await_reply(struct matenet_bus *bus, u32 timeout_us)
{
	ktime_t deadline, look, now;

	spin_lock(&bus->lock);
	while (!bus->rx_done && !bus->dead && !bus->rx.lost) {
		now = ktime_get();
		look = ktime_add_us(max(now, bus->tx_end), bus->config.gap_us);
		if (bus->rx.n || bus->rx.errors)
			deadline = engine_gap_end(bus);
		else
			deadline = ktime_add_us(bus->tx_end, timeout_us);
		if (!ktime_after(deadline, now))
			break;
		spin_unlock(&bus->lock);
		engine_sleep(bus, min(deadline, look));
		spin_lock(&bus->lock);
	}
	spin_unlock(&bus->lock);
}

static void engine_learn(struct matenet_bus *bus)
{
	bool before = bus->framing.marks;

	if (bus->config.framing != MATENET_FRAMING_AUTO)
		return;
	matenet_framing_learn(&bus->framing, &bus->rx);
	if (bus->framing.marks != before)
		dev_info(&bus->dev, "replies %s their ninth bits: %s framing\n",
			 before ? "have lost" : "show",
			 before ? "gap" : "mark");
}

static void engine_count(struct matenet_bus *bus, u32 status)
{
	unsigned int bit;

	for (bit = 0; bit < MATENET_ST_COUNT; bit++)
		if (status & BIT(bit))
			bus->stats.status[bit]++;
}

static struct matenet_xfer *engine_x(struct matenet_job *job)
{
	return &job->x[job->at];
}

/* After this one there is nothing more to do for the job. */
static bool engine_last(struct matenet_job *job)
{
	const struct matenet_xfer *x = engine_x(job);

	return job->at + 1 == job->count || x->status & MATENET_ST_ABORTED ||
	       (x->flags & MATENET_XFER_STOP && !(x->status & MATENET_ST_OK));
}

static void engine_finish(struct matenet_bus *bus, struct matenet_job *job)
{
	u32 status = engine_x(job)->status;
	unsigned int i;

	for (i = job->at + 1; i < job->count; i++) {
		job->x[i].status = MATENET_ST_SKIPPED;
		job->x[i].rx_len = 0;
	}
	bus->job = NULL;
	matenet_job_finish(job, status & MATENET_ST_ABORTED ? job->error ?: -ENODEV : 0);
}

static bool job_harmless(const struct matenet_job *job)
{
	unsigned int i;

	for (i = 0; i < job->count; i++)
		if (!matenet_xfer_harmless(&job->x[i]))
			return false;
	return true;
}

/* May the reply come yet, whatever it was that ended the attempt? */
static bool engine_reply_missing(const struct matenet_bus *bus, const struct matenet_xfer *x,
				 u32 status)
{
	if (!(status & MATENET_ST_TX_DONE))
		return false;
	if (x->flags & MATENET_XFER_NO_REPLY)
		return true;
	return !(status & MATENET_ST_OK) && !engine_may_be_reply(bus->rx.n);
}

/*
 * End an attempt, with the reply as far as there is one.  Called by the engine
 * and, for a right reply, by the receive path.
 *
 * What nobody wants to know any more is not asked again, nor is what comes after it.
 * Changes that have been begun are made as they were ordered: half of them may be worse.
 */
static void engine_end(struct matenet_bus *bus, u32 status)
{
	struct matenet_job *job = bus->job;
	struct matenet_xfer *x = engine_x(job);
	bool unwanted = job->unwanted && job_harmless(job);
	ktime_t quiet;
	u8 len = 0;

	lockdep_assert_held(&bus->lock);
	bus->rx_open = false;
	matenet_listen_flush(bus);

	memset(x->rx, 0, sizeof(x->rx));
	if (status == MATENET_ST_TX_DONE)
		status |= matenet_rx_end(&bus->rx, x->rx, &len);
	if (status & MATENET_ST_OK && !(x->flags & (MATENET_XFER_NO_REPLY | MATENET_XFER_RAW)))
		engine_learn(bus);
	if (engine_reply_missing(bus, x, status)) {
		quiet = ktime_add_us(bus->tx_end, bus->config.late_us);
		bus->quiet_until = max(bus->quiet_until, quiet);
		bus->stray = 0;
	}
	bus->stats.rx_bytes += bus->rx.n;
	engine_count(bus, status);
	trace_matenet_xfer_end(bus, x, status, len);
	if (!(status & (MATENET_ST_OK | MATENET_ST_ABORTED)))
		matenet_events_error(bus, x, status, len);

	if (!(status & ENGINE_FINAL) && x->attempts <= x->retries && !bus->dead && !unwanted) {
		bus->stats.retries++;
		return;
	}
	x->status = status;
	x->rx_len = len;
	x->tx_ts = status & MATENET_ST_TX_DONE ? ktime_to_ns(bus->tx_end) : 0;
	x->rx_ts = len ? ktime_to_ns(bus->rx_last) : 0;
	bus->past[bus->past_n++ % MATENET_MAX_PAST] = *x;
	WRITE_ONCE(bus->rx_done, true);
	if (unwanted || engine_last(job))
		engine_finish(bus, job);
}

/*
 * A job may have been queued under other settings.  What must not be sent any
 * more is not: it has been taken back, somebody else has the bus now, it has
 * another role, or it has been locked.
 */
static int engine_refuses(struct matenet_bus *bus, const struct matenet_job *job)
{
	u32 role = job->command ? MATENET_ROLE_DEVICE : MATENET_ROLE_CONTROLLER;

	lockdep_assert_held(&bus->lock);
	if (job->unwanted)
		return -EINTR;
	if (bus->config.role != role)
		return -EOPNOTSUPP;
	if (bus->exclusive && bus->exclusive != job->file)
		return -EBUSY;
	if (job->command || bus->config.flags & MATENET_CFG_WRITABLE)
		return 0;
	return job_harmless(job) ? 0 : -EROFS;
}

/*
 * Wait until the line is idle: -EIO if it never is.  Until then a job of which nothing
 * has been sent can be taken back.
 */
static int engine_begin(struct matenet_bus *bus, struct matenet_job *job)
{
	bool quiet = engine_wait_quiet(bus);
	int ret = 0;

	spin_lock(&bus->lock);
	if (bus->dead)
		ret = -ENODEV;
	else if (!job->begun)
		ret = engine_refuses(bus, job);
	if (!ret && !quiet)
		ret = -EIO;
	job->begun = job->begun || !ret;
	job->error = ret == -EIO ? 0 : ret;
	spin_unlock(&bus->lock);
	return ret;
}

/* What the engine knows about how an attempt ended; 0 is for the reply to say. */
static u32 engine_attempt(struct matenet_bus *bus, struct matenet_xfer *x)
{
	int ret;

	x->attempts++;
	trace_matenet_xfer_start(bus, x);
	spin_lock(&bus->lock);
	bus->rx.n = 0;	/* of the attempt before, which has been counted */
	spin_unlock(&bus->lock);
	do {
		ret = engine_begin(bus, bus->job);
		if (ret)
			return ret == -EIO ? MATENET_ST_TX_ERROR : MATENET_ST_ABORTED;
		engine_expect(bus, x);
		ret = engine_send(bus, x);
	} while (ret == -EAGAIN);
	if (ret)
		return ret == -ENODEV ? MATENET_ST_ABORTED : MATENET_ST_TX_ERROR;

	if (x->flags & MATENET_XFER_NO_REPLY) {
		ret = engine_sent(bus);
	} else {
		engine_await_reply(bus, x->timeout_us ?: bus->config.reply_timeout_us);
		if (!READ_ONCE(bus->rx_done) && !READ_ONCE(bus->rx.n)) {
			ret = engine_sent(bus);
			matenet_line_doubt(bus);
		}
	}
	if (!ret && x->flags & MATENET_XFER_NO_REPLY)
		return MATENET_ST_TX_DONE | MATENET_ST_OK;
	/* A tty that has gone cannot tell any more; a device may have heard it all. */
	if (ret == -ENODEV || READ_ONCE(bus->dead))
		return MATENET_ST_TX_DONE | MATENET_ST_ABORTED;
	if (ret == -EBUSY)
		return MATENET_ST_TX_DONE | MATENET_ST_TX_ERROR;
	return ret ? MATENET_ST_TX_ERROR : MATENET_ST_TX_DONE;
}

static void engine_transact(struct matenet_bus *bus, struct matenet_xfer *x)
{
	u32 status;

	WRITE_ONCE(bus->rx_done, false);
	do {
		status = engine_attempt(bus, x);
		spin_lock(&bus->lock);
		if (!bus->rx_done)
			engine_end(bus, status);
		spin_unlock(&bus->lock);
	} while (!READ_ONCE(bus->rx_done));
}

/* The device role: too late is not at all, somebody else may be talking by now. */
static int engine_answer(struct matenet_bus *bus, struct matenet_job *job)
{
	bool stale;
	int ret;

	WRITE_ONCE(bus->rx_done, false);
	ret = engine_begin(bus, job);
	if (ret)
		return ret == -EIO ? -ESTALE : ret;
	spin_lock(&bus->lock);
	stale = bus->command != job->command || ktime_after(ktime_get(), bus->answer_until);
	if (!stale)
		bus->command = 0;
	spin_unlock(&bus->lock);
	if (stale)
		return -ESTALE;
	/* A controller that does not understand the reply does not say so. */
	matenet_line_doubt(bus);
	ret = engine_send(bus, job->x) ?: engine_sent(bus);
	if (ret == -EAGAIN)
		return -ESTALE;
	return ret == -EBUSY ? -EIO : ret;
}

/**
 * matenet_xfer_harmless - is this known to change nothing in any device?
 * @x: transaction
 *
 * Raw bytes have no form, so nobody can say what a device makes of them.
 *
 * Return: true if so; never for raw bytes, which may mean anything.
 */
bool matenet_xfer_harmless(const struct matenet_xfer *x)
{
	return !(x->flags & MATENET_XFER_RAW) && matenet_cmd_harmless(x->tx, x->tx_len);
}

static void engine_run(struct matenet_bus *bus, struct matenet_job *job)
{
	int ret;

	if (job->command) {
		ret = engine_answer(bus, job);
		spin_lock(&bus->lock);
		bus->job = NULL;
		matenet_job_finish(job, ret);
		spin_unlock(&bus->lock);
		return;
	}
	for (;;) {
		engine_transact(bus, engine_x(job));
		if (!READ_ONCE(bus->job))
			break;
		job->at++;
	}
}

static bool config_moves_line(const struct matenet_config *a, const struct matenet_config *b)
{
	return a->baud != b->baud || a->parity != b->parity || a->tx_guard_us != b->tx_guard_us;
}

static bool config_hears_anew(const struct matenet_config *a, const struct matenet_config *b)
{
	return a->role != b->role || a->framing != b->framing || a->parity != b->parity;
}

/* Between two jobs, so that no transaction has its settings changed under it. */
static int engine_apply(struct matenet_bus *bus, const struct matenet_config *config)
{
	bool moved = config_moves_line(config, &bus->config);
	int ret = 0;

	if (moved)
		ret = matenet_line_configure(bus, config);
	if (ret)
		return ret;
	/* The bus that it has joined may have gone meanwhile; it is not asked again for that. */
	if (config->role != bus->config.role || config->join != bus->config.join)
		ret = matenet_listen_join(bus, config);
	if (ret) {
		/* All of it or nothing; the tty has had these before. */
		if (moved)
			matenet_line_configure(bus, &bus->config);
		return ret;
	}
	spin_lock(&bus->lock);
	if (config->framing != bus->config.framing) {
		memset(&bus->framing, 0, sizeof(bus->framing));
		bus->framing.marks = config->framing == MATENET_FRAMING_MARK;
	}
	if (config->role != bus->config.role) {
		matenet_listen_flush(bus);
		bus->command = 0;
		bus->stray = 0;
	}
	if (config_hears_anew(config, &bus->config))
		matenet_listen_forget(bus);
	bus->config = *config;
	matenet_bus_record_state(bus);
	matenet_events_bus(bus, MATENET_NL_CMD_CHANGED_NTF);
	spin_unlock(&bus->lock);
	return 0;
}

static struct matenet_setup *setup_take(struct matenet_bus *bus)
{
	struct matenet_setup *setup;

	setup = list_first_entry_or_null(&bus->setups, struct matenet_setup, node);
	if (setup)
		list_del_init(&setup->node);
	return setup;
}

/*
 * What waits while the system sleeps can be withdrawn, what has been begun before is
 * done before its tasks are frozen: nobody waits here who cannot be frozen.
 */
static void engine_setup(struct matenet_bus *bus)
{
	struct matenet_setup *setup;

	if (list_empty(&bus->setups))
		return;
	matenet_line_lock(bus);
	spin_lock(&bus->lock);
	setup = setup_take(bus);
	spin_unlock(&bus->lock);
	if (setup) {
		/* Nobody but the engine writes the settings. */
		if (setup->old && memcmp(setup->old, &bus->config, sizeof(bus->config)))
			setup->ret = -ESTALE;
		else
			setup->ret = engine_apply(bus, &setup->config);
		complete(&setup->done);
	}
	matenet_line_unlock(bus);
}

/* A job, or NULL after something has happened or a frame has come to its end. */
static struct matenet_job *engine_next(struct matenet_bus *bus)
{
	struct matenet_job *job = NULL;
	bool awake, pending = false;
	ktime_t deadline;

	set_current_state(TASK_IDLE);
	spin_lock(&bus->lock);
	awake = !list_empty(&bus->setups);
	if (!awake && !bus->dead)
		job = matenet_job_take(bus);
	bus->job = job;
	awake = awake || job;
	if (!awake)
		pending = matenet_listen_pending(bus, &deadline);
	spin_unlock(&bus->lock);
	if (!awake && !READ_ONCE(bus->dead)) {
		if (pending)
			schedule_hrtimeout_range(&deadline, 0, HRTIMER_MODE_ABS);
		else
			schedule();
	}
	__set_current_state(TASK_RUNNING);
	return job;
}

static int engine_thread(void *arg)
{
	struct matenet_bus *bus = arg;
	struct matenet_job *job;

	while (!READ_ONCE(bus->dead)) {
		engine_setup(bus);
		job = engine_next(bus);
		if (job) {
			engine_run(bus, job);
			matenet_job_put(job);
		}
	}
	complete(&bus->engine_done);
	return 0;
}

/**
 * matenet_engine_start - begin to serve
 * @bus: bus, its line set up
 *
 * Return: 0 or a negative error.
 */
int matenet_engine_start(struct matenet_bus *bus)
{
	struct task_struct *engine;

	init_completion(&bus->engine_done);
	engine = kthread_run(engine_thread, bus, "matenet/%s", bus->tty_name);
	if (IS_ERR(engine))
		return PTR_ERR(engine);
	/* Late by a time slice is late by more than a frame. */
	sched_set_fifo(engine);
	bus->engine = get_task_struct(engine);
	return 0;
}

/**
 * matenet_engine_stop - end all transactions, and all that come after
 * @bus: bus
 *
 * Takes as long as a command does to be sent, or 0.2 s if the tty is stuck.  When it
 * returns nobody uses the tty any more.  Does nothing if it has been done before.
 */
void matenet_engine_stop(struct matenet_bus *bus)
{
	struct matenet_setup *setup;
	struct matenet_job *job;

	if (!bus->engine)
		return;
	spin_lock(&bus->lock);
	WRITE_ONCE(bus->dead, true);
	wake_up_process(bus->engine);
	spin_unlock(&bus->lock);
	/* Who is to be stopped has a signal pending, and tty drivers do not wait for such. */
	wait_for_completion(&bus->engine_done);
	kthread_stop(bus->engine);
	put_task_struct(bus->engine);
	bus->engine = NULL;

	spin_lock(&bus->lock);
	while ((job = matenet_job_take(bus))) {
		engine_x(job)->status = MATENET_ST_ABORTED;
		engine_x(job)->rx_len = 0;
		engine_finish(bus, job);
		matenet_job_put(job);
	}
	while ((setup = setup_take(bus))) {
		setup->ret = -ENODEV;
		complete(&setup->done);
	}
	matenet_listen_flush(bus);
	WRITE_ONCE(bus->ended, true);
	spin_unlock(&bus->lock);
	matenet_listen_part(bus);
	matenet_bus_wake_files(bus);
}

static int setup_post(struct matenet_bus *bus, struct matenet_setup *setup)
{
	int ret = 0;

	spin_lock(&bus->lock);
	if (bus->dead) {
		ret = -ENODEV;
	} else {
		list_add_tail(&setup->node, &bus->setups);
		wake_up_process(bus->engine);
	}
	spin_unlock(&bus->lock);
	return ret;
}

/* Take it back, if the engine has not begun with it. */
static bool setup_withdraw(struct matenet_bus *bus, struct matenet_setup *setup)
{
	bool mine;

	spin_lock(&bus->lock);
	mine = !list_empty(&setup->node);
	list_del_init(&setup->node);
	spin_unlock(&bus->lock);
	return mine;
}

/**
 * matenet_engine_configure - change the settings, before the next job
 * @bus: bus
 * @config: checked
 * @old: settings that @config was made of, or NULL
 * @timeout: how long to wait for the job that is being done, in jiffies
 *
 * Return: what matenet_line_configure() says, -ENODEV; with nothing changed -ERESTARTSYS
 * if a signal came, -EBUSY if the time was over, -ESTALE if the settings are not @old.
 */
int matenet_engine_configure(struct matenet_bus *bus, const struct matenet_config *config,
			     const struct matenet_config *old, long timeout)
{
	struct matenet_setup setup = { .config = *config, .old = old };
	long left;
	int ret;

	init_completion(&setup.done);
	ret = setup_post(bus, &setup);
	if (ret)
		return ret;
	left = wait_for_completion_interruptible_timeout(&setup.done, timeout);
	if (left <= 0) {
		if (setup_withdraw(bus, &setup))
			return left ?: -EBUSY;
		/* Too late: it is being done, which takes milliseconds. */
		wait_for_completion(&setup.done);
	}
	return setup.ret;
}

/**
 * matenet_engine_do - queue a job and wait for its end
 * @job: job
 *
 * Return: 0 or the error of the job, what matenet_job_queue() says,
 * -ERESTARTSYS if a signal came while nothing had been sent, -EINTR if the
 * caller is being killed while it is on the wire.  Except with -ENODEV and 0
 * the job must not be looked into.
 */
int matenet_engine_do(struct matenet_job *job)
{
	int ret;

	ret = matenet_job_queue(job);
	if (ret)
		return ret;
	ret = wait_for_completion_interruptible(&job->done);
	if (ret && !matenet_job_cancel(job)) {
		ret = matenet_wait_killable(&job->done);
		if (ret) {
			matenet_job_abandon(job);
			ret = -EINTR;
		}
	}
	return ret ?: job->error;
}

/* What came, bus locked. */
static u16 engine_hear(struct matenet_bus *bus, u8 byte, u8 flag)
{
	u16 word = matenet_line_word(bus, byte, flag);

	trace_matenet_rx_byte(bus, word);
	if (word & MATENET_WORD_MARK)
		bus->mark_seen = true;
	return word;
}

/*
 * In pieces, for the locks of the two buses are not taken together.  @to is held
 * by a reference.
 */
static void engine_receive_joined(struct matenet_bus *bus, struct matenet_bus *to,
				  const u8 *bytes, const u8 *flags, size_t count, ktime_t now)
{
	u16 words[ENGINE_PIECE];
	size_t i, n;

	for (; count; count -= n, bytes += n, flags = flags ? flags + n : NULL) {
		n = min_t(size_t, count, ENGINE_PIECE);
		spin_lock(&bus->lock);
		bus->stats.rx_bytes += n;
		for (i = 0; i < n; i++)
			words[i] = engine_hear(bus, bytes[i], flags ? flags[i] : TTY_NORMAL);
		spin_unlock(&bus->lock);

		spin_lock(&to->lock);
		for (i = 0; i < n && !to->dead; i++)
			matenet_listen_word(to, MATENET_EAR_JOINED, words[i], now);
		spin_unlock(&to->lock);
	}
}

/**
 * matenet_engine_receive - take bytes from the tty
 * @bus: bus
 * @bytes: as received
 * @flags: TTY_* for each, or NULL if all are normal
 * @count: number of bytes
 */
void matenet_engine_receive(struct matenet_bus *bus, const u8 *bytes, const u8 *flags,
			    size_t count)
{
	struct matenet_bus *joined = NULL;
	ktime_t now = ktime_get();
	size_t i;
	u16 word;

	spin_lock(&bus->lock);
	bus->rx_last = now;
	if (bus->joined && !READ_ONCE(bus->joined->dead)) {
		joined = bus->joined;
		get_device(&joined->dev);
	}
	/* After its engine has gone, nobody is there to be woken. */
	for (i = 0; i < count && !joined && !bus->dead; i++) {
		word = engine_hear(bus, bytes[i], flags ? flags[i] : TTY_NORMAL);
		matenet_listen_word(bus, MATENET_EAR_OWN, word, now);
		if (bus->config.role != MATENET_ROLE_CONTROLLER) {
			bus->stats.rx_bytes++;
			continue;
		}
		/* Nobody answers a command before its end. */
		if (!bus->rx_open || ktime_before(now, bus->rx_from)) {
			bus->stats.rx_stray++;
			bus->stray++;
		} else if (matenet_rx_push(&bus->rx, word)) {
			engine_end(bus, MATENET_ST_TX_DONE);
			wake_up_process(bus->engine);
		}
	}
	spin_unlock(&bus->lock);
	if (joined) {
		engine_receive_joined(bus, joined, bytes, flags, count, now);
		put_device(&joined->dev);
	}
}
