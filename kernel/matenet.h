/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of the driver share: the bus, its open files, its jobs.
 *
 * Data flows one way: ldisc.c -> line.c -> frame.c -> engine.c -> file.c -> cdev.c
 * for what is received, the other way for what is sent; listen.c hears both.
 * events.c -> genl.c tells of it to those who do not have the node open.
 *
 * Who runs where:
 *   the engine thread  does everything to the tty that may sleep, and sends
 *   receive_buf        (a kworker) takes words, completes a good reply itself
 *   ioctls             queue jobs and wait for them
 *   netlink requests   change the settings as one ioctl does
 *   a work item        sends events to netlink
 *   a notifier         stops the engines while the system sleeps
 *
 * Lock order: io -> (tty: termios_rwsem -> port mutex); lock is a leaf.
 *
 * There are no timers: the engine thread waits with deadlines.
 */
#ifndef MATENET_H
#define MATENET_H

#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/matenet.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/tty.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "frame.h"
#include "genl-gen.h"

#define MATENET_MAX_BUSES	64
#define MATENET_MAX_QUEUE	64	/* jobs of one file */
#define MATENET_ST_COUNT	15	/* status bits of the interface */
#define MATENET_MAX_PAST	16	/* transactions that debugfs shows */

/* tty parity settings that carry the ninth bit */
#define MATENET_MARK		(PARENB | CMSPAR | PARODD)
#define MATENET_SPACE		(PARENB | CMSPAR)
#define MATENET_EVEN		PARENB
#define MATENET_ODD		(PARENB | PARODD)
#define MATENET_PARITY_MASK	(PARENB | CMSPAR | PARODD)

/**
 * struct matenet_stats - counters of a bus, under its lock
 * @status: attempts that ended with status bit n
 * @tx_bytes: bytes sent
 * @rx_bytes: bytes received while a reply was expected, or not as a controller
 * @rx_stray: bytes received when none was expected, dropped
 * @retries: attempts after the first
 * @tx_slow: times the UART was not empty when it should have been
 * @tx_gap_max_ns: longest pause between byte 0 and byte 1 of a command
 */
struct matenet_stats {
	u64 status[MATENET_ST_COUNT];
	u64 tx_bytes;
	u64 rx_bytes;
	u64 rx_stray;
	u64 retries;
	u64 tx_slow;
	u64 tx_gap_max_ns;
};

/**
 * struct matenet_rec - a record on its way to a reader
 * @node: in the records of a file
 * @r: what read() returns
 */
struct matenet_rec {
	struct list_head node;
	struct matenet_record r;
};

/**
 * struct matenet_job - something to be sent
 * @x: transactions and their results; the engine's while the job is on the wire
 * @count: number of @x
 * @at: the one whose turn it is
 * @one: @x of a job with one
 * @command: device role: sequence of the command that this is the reply to
 * @file: on whose behalf, under the lock of the bus; NULL when it has been closed
 * @begun: the first of it is being sent, under the lock of the bus
 * @unwanted: whoever asked has gone or has taken it back, under the lock of the bus
 * @rec: becomes the record of the result if nobody waits for it
 * @node: in the queue of its file or empty, under the lock of the bus
 * @done: nobody but the owner touches the job any more
 * @refs: one for the caller, one for the queue and the engine
 * @error: for the caller, when @done
 */
struct matenet_job {
	struct matenet_xfer *x;
	unsigned int count;
	unsigned int at;
	struct matenet_xfer one;
	u32 command;
	struct matenet_file *file;
	bool begun;
	bool unwanted;
	struct matenet_rec *rec;
	struct list_head node;
	struct completion done;
	refcount_t refs;
	int error;
};

/**
 * struct matenet_file - an open /dev/matenetN
 * @bus: held by a reference on its device
 * @writer: opened for writing
 * @wait: readers and pollers
 * @all: in the list of all files; this and all below under the lock of the bus
 * @mode: MATENET_MODE_* and the ports to take commands for
 * @jobs: queued jobs
 * @queued: number of @jobs
 * @ready: in the list of files that have jobs
 * @debt: turns to let pass, for having had several at once
 * @records: to be read
 * @unread: number of @records
 * @lost: records dropped since the last one was read
 */
struct matenet_file {
	struct matenet_bus *bus;
	bool writer;
	wait_queue_head_t wait;
	struct list_head all;
	struct matenet_mode mode;
	struct list_head jobs;
	unsigned int queued;
	struct list_head ready;
	unsigned int debt;
	struct list_head records;
	unsigned int unread;
	u32 lost;
};

/**
 * struct matenet_setup - a change of the settings on its way to the engine
 * @node: waits for the engine or empty, under the lock of the bus
 * @config: wanted
 * @old: only instead of these, unless NULL
 * @ret: what came of it, when @done
 * @done: the engine is through with it
 */
struct matenet_setup {
	struct list_head node;
	struct matenet_config config;
	const struct matenet_config *old;
	int ret;
	struct completion done;
};

/* What is known of a tty that can be asked whether it has sent all. */
enum matenet_empty {
	MATENET_EMPTY_UNKNOWN,
	MATENET_EMPTY_DOUBTED,	/* something has gone wrong, or must not */
	MATENET_EMPTY_LEARNT,	/* it has been seen whether its word counts */
};

/* Where bytes are heard: by the tty of the bus, by that of one that has joined it. */
enum matenet_ear {
	MATENET_EAR_OWN,
	MATENET_EAR_JOINED,
	MATENET_EARS
};

/**
 * struct matenet_heard - bytes on the wire that make a frame
 * @words: the bytes with their ninth bits
 * @n: number of @words
 * @voids: number of breaks and overruns in between, which are no bytes
 * @errors: MATENET_ST_* of the line errors in between
 * @at: when the last one came
 */
struct matenet_heard {
	u16 words[MATENET_MAX_FRAME];
	u8 n;
	u8 voids;
	u32 errors;
	ktime_t at;
};

/**
 * struct matenet_listener - what is known of one ear
 * @hearing: of its ninth bits
 * @coarse: it hands over several bytes at a time, so that pauses say little
 */
struct matenet_listener {
	struct matenet_hearing hearing;
	bool coarse;
};

/**
 * struct matenet_event - something to be told by netlink
 * @node: in the list of its bus
 * @cmd: MATENET_NL_CMD_*_NTF
 * @lost: events before it that are not told
 * @ts: when it happened
 * @frame: of a FRAME_NTF
 * @xfer: of an ERROR_NTF
 * @config: of all others, as it was then
 */
struct matenet_event {
	struct list_head node;
	u8 cmd;
	u32 lost;
	ktime_t ts;
	union {
		struct matenet_frame frame;
		struct matenet_xfer xfer;
		struct matenet_config config;
	};
};

/**
 * struct matenet_events - what is to be told of a bus, under its lock
 * @work: tells it
 * @list: the events
 * @count: number of them
 * @lost: how many were left out since
 * @second: when the second began in which errors are counted
 * @errors: number of them
 */
struct matenet_events {
	struct work_struct work;
	struct list_head list;
	unsigned int count;
	u32 lost;
	ktime_t second;
	unsigned int errors;
};

/**
 * struct matenet_bus - a tty with the line discipline on it
 * @dev: its reference count is that of the bus
 * @cdev: /dev/matenetN
 * @number: N
 *
 * @io: held while the tty is worked on
 * @tty: not to be used once @dead is set, except under the ldisc's own calls
 * @tty_name: copy of its name, for after it has gone
 * @saved: termios as they were before us
 * @stick: parity method in force, written by the engine
 * @usb: the UART is an adapter on USB, written by the engine
 * @tty_caps: MATENET_CAP_* of the tty, written by the engine
 * @frame_ns: time of a byte on the wire, engine only
 * @guard_ns: tx_guard_us as grown by experience, engine only
 * @empty: whether the tty can say when it has sent all, engine only
 * @slow: waits since the UART was last late count it down, engine only
 *
 * @lock: protects everything below
 * @config: settings as the users see them
 * @framing: whether ninth bits are trusted
 * @parity: parity the receiver checks against, MATENET_MARK and so on
 * @mark_seen: a ninth bit has been received
 * @dead: the tty has gone or is going
 * @ended: and all that was under way has been ended, its records made
 * @setups: changes of the settings that wait for the engine
 * @files: all that are open
 * @ready: files that have jobs; the first one's turn is next
 * @exclusive: the only file that may send, or NULL
 * @monitors: number of files that get a copy of every frame
 * @sequence: of the last transaction
 * @rx: reply being received
 * @rx_open: replies are taken
 * @rx_done: the reply was complete, the job has been completed
 * @job: job that has been taken from its queue and is not done
 * @heard: frames that are coming in, for monitors and in the device role
 * @listener: what is known of who hears them
 * @joined: bus whose monitors get what is heard here, held by a reference, or NULL
 * @joiner: bus that has joined this one, only to be compared, or NULL
 * @frame_sequence: of the last frame heard or sent
 * @command: device role: sequence of the command that may be answered, or 0
 * @answer_until: and until when
 * @tx_end: when the last byte sent leaves the wire, at the latest
 * @rx_from: and at the earliest; before, nothing that comes is a reply
 * @rx_last: when bytes came last
 * @quiet_until: nothing is sent before, a late reply might come
 * @stray: how many bytes came that nobody expected, since the last command
 * @stats: counters
 * @events: to be told by netlink
 * @past: the latest transactions, a ring
 * @past_n: number of all there have been in it
 *
 * @debugfs: directory of the bus
 * @engine: thread that sends; may be woken under @lock while not @dead
 * @engine_done: it has done its last
 */
struct matenet_bus {
	struct device dev;
	struct cdev cdev;
	int number;

	struct mutex io;	/* the tty is being worked on */
	struct tty_struct *tty;
	char tty_name[32];
	struct ktermios saved;
	bool stick;
	bool usb;
	u32 tty_caps;
	u32 frame_ns;
	u32 guard_ns;
	enum matenet_empty empty;
	u8 slow;

	spinlock_t lock;	/* everything below, leaf */
	struct matenet_config config;
	struct matenet_framing framing;
	tcflag_t parity;
	bool mark_seen;
	bool dead;
	bool ended;
	struct list_head setups;
	struct list_head files;
	struct list_head ready;
	struct matenet_file *exclusive;
	unsigned int monitors;
	u32 sequence;
	struct matenet_rx rx;
	bool rx_open;
	bool rx_done;
	struct matenet_job *job;
	struct matenet_heard heard[MATENET_EARS];
	struct matenet_listener listener[MATENET_EARS];
	struct matenet_bus *joined;
	struct matenet_bus *joiner;
	u32 frame_sequence;
	u32 command;
	ktime_t answer_until;
	ktime_t tx_end;
	ktime_t rx_from;
	ktime_t rx_last;
	ktime_t quiet_until;
	unsigned int stray;
	struct matenet_stats stats;
	struct matenet_events events;
	struct matenet_xfer past[MATENET_MAX_PAST];
	unsigned int past_n;

	struct dentry *debugfs;
	struct task_struct *engine;
	struct completion engine_done;
};

/* Of transactions and of frames: 0 is none, also after four thousand million of them. */
static inline u32 matenet_number_after(u32 number)
{
	return number % U32_MAX + 1;
}

/* line.c: words to bytes and parity, and back */
int matenet_line_open(struct matenet_bus *bus);
void matenet_line_close(struct matenet_bus *bus);
void matenet_line_lock(struct matenet_bus *bus);
void matenet_line_unlock(struct matenet_bus *bus);
int matenet_line_configure(struct matenet_bus *bus, const struct matenet_config *config);
int matenet_line_send(struct matenet_bus *bus, const u8 *data, unsigned int len);
int matenet_line_sent(struct matenet_bus *bus);
void matenet_line_doubt(struct matenet_bus *bus);
void matenet_line_learn(struct matenet_bus *bus);
void matenet_line_settle(struct matenet_bus *bus);
void matenet_line_sleep_until(ktime_t when);
u16 matenet_line_word(struct matenet_bus *bus, u8 byte, u8 flag);

/* file.c: the jobs and the records of an open file */
struct matenet_file *matenet_file_new(struct matenet_bus *bus, bool writer);
void matenet_file_free(struct matenet_file *file);
int matenet_file_set_mode(struct matenet_file *file, const struct matenet_mode *mode);
struct matenet_job *matenet_job_new(struct matenet_file *file, unsigned int count);
void matenet_job_put(struct matenet_job *job);
void matenet_job_finish(struct matenet_job *job, int error);
int matenet_job_queue(struct matenet_job *job);
bool matenet_job_cancel(struct matenet_job *job);
void matenet_job_abandon(struct matenet_job *job);
struct matenet_job *matenet_job_take(struct matenet_bus *bus);
int matenet_file_cancel(struct matenet_file *file, u32 sequence);
struct matenet_rec *matenet_rec_new(u32 type, gfp_t gfp);
void matenet_file_record(struct matenet_file *file, struct matenet_rec *rec);
struct matenet_rec *matenet_file_next(struct matenet_file *file);
void matenet_file_return(struct matenet_file *file, struct matenet_rec *rec);
void matenet_bus_wake_files(struct matenet_bus *bus);
void matenet_bus_record_state(struct matenet_bus *bus);

/* engine.c: transactions */
int matenet_engine_start(struct matenet_bus *bus);
void matenet_engine_stop(struct matenet_bus *bus);
int matenet_engine_do(struct matenet_job *job);
int matenet_engine_configure(struct matenet_bus *bus, const struct matenet_config *config,
			     const struct matenet_config *old, long timeout);
bool matenet_xfer_harmless(const struct matenet_xfer *x);
void matenet_engine_receive(struct matenet_bus *bus, const u8 *bytes, const u8 *flags,
			    size_t count);

/* listen.c: frames for monitors, commands for devices */
int matenet_listen_join(struct matenet_bus *bus, const struct matenet_config *config);
void matenet_listen_part(struct matenet_bus *bus);
void matenet_listen_word(struct matenet_bus *bus, enum matenet_ear ear, u16 word, ktime_t now);
void matenet_listen_flush(struct matenet_bus *bus);
void matenet_listen_sent(struct matenet_bus *bus, const u8 *data, unsigned int len);
bool matenet_listen_pending(struct matenet_bus *bus, ktime_t *deadline);
void matenet_listen_forget(struct matenet_bus *bus);
bool matenet_listen_knows(const struct matenet_bus *bus, enum matenet_ear ear);

/* events.c: what is to be told by netlink */
void matenet_events_init(struct matenet_bus *bus);
void matenet_events_finish(struct matenet_bus *bus);
void matenet_events_bus(struct matenet_bus *bus, u8 cmd);
void matenet_events_tell(struct matenet_bus *bus, u8 cmd);
void matenet_events_error(struct matenet_bus *bus, const struct matenet_xfer *x, u32 status,
			  u8 len);
void matenet_events_frame(struct matenet_bus *bus, const struct matenet_frame *frame,
			  ktime_t at);

/* genl.c: generic netlink */
bool matenet_genl_heard(unsigned int group);
bool matenet_genl_send(struct matenet_bus *bus, const struct matenet_event *event);
int matenet_genl_init(void);
void matenet_genl_exit(void);

/* cdev.c: /dev/matenetN */
void matenet_bus_init_device(struct matenet_bus *bus);
int matenet_cdev_init(void);
void matenet_cdev_exit(void);
int matenet_cdev_add(struct matenet_bus *bus);
void matenet_cdev_remove(struct matenet_bus *bus);
struct matenet_bus *matenet_bus_find(unsigned int number);
void matenet_bus_each(void (*work)(struct matenet_bus *bus));
int matenet_config_check(const struct matenet_config *config);
void matenet_bus_get_config(struct matenet_bus *bus, struct matenet_config *config);
void matenet_bus_get_caps(struct matenet_bus *bus, struct matenet_caps *caps);

/* debugfs.c: /sys/kernel/debug/matenet/matenetN */
void matenet_debugfs_add(struct matenet_bus *bus);
void matenet_debugfs_remove(struct matenet_bus *bus);
void matenet_debugfs_init(void);
void matenet_debugfs_exit(void);

/* pm.c: suspend and resume */
bool matenet_pm_asleep(void);
bool matenet_pm_wait(struct matenet_bus *bus);
int matenet_pm_init(void);
void matenet_pm_exit(void);

/* sysfs.c: attributes of /sys/class/matenet/matenetN */
extern const struct attribute_group *matenet_groups[];

#endif /* MATENET_H */
