// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attach, traffic of all kinds, and one of the ways to die, again and again: all
 * who use the bus are told as documented and in time, and nothing is left of it.
 *
 * Chance decides; STORM_SEED in the environment repeats it, STORM_CYCLES says how
 * often.  One victim is a controller, ttyW0, with matesim on the other end; the
 * other is a device, ttyW2, whose controller on ttyW3 stays and asks all the time.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/matenet_netlink.h>

#include "kselftest_harness.h"
#include "pattern.h"
#include "testbus.h"
#include "wirelib.h"

#define CONTROLLER	"/dev/ttyW0"
#define DEVICE		"/dev/ttyW2"
#define ASKER		"/dev/ttyW3"	/* attached first, so that it is matenet0 */
#define VICTIM_NODE	"/dev/matenet1"
#define VICTIM_BUS	1
#define TICK_US		10000
#define STUCK_TICKS	500		/* five seconds */
#define MOST_USERS	6
#define PENDING		4
#define OK		(MATENET_ST_OK | MATENET_ST_TX_DONE)

/* Of all processes. */
static struct shared {
	unsigned int ticks;
	unsigned int right, failed, ended, replies, frames;	/* of transactions, of ... */
	unsigned int attached, detached, overruns;
	int out_of_turn, quit;
} *shared;

#define COUNT(what)	__atomic_fetch_add(&shared->what, 1, __ATOMIC_RELAXED)

/* What a user of the bus found; all but the first two are faults. */
enum verdict {
	TOLD, LATE, WRONG_ANSWER, WRONG_STATUS, WRONG_ERROR, WRONG_RECORD, WRONG_EVENT, STUCK,
	VERDICTS
};

static const char * const verdicts[VERDICTS] = {
	"told", "late", "a wrong answer", "a wrong status", "a wrong error",
	"a wrong or missing record", "a wrong event", "stuck"
};

/* ---- those who use the bus; each ends when it is told that there is none ---- */

static enum verdict wrong_error(const char *what, int error)
{
	dprintf(1, "# %s: %s\n", what, strerror(error));
	return WRONG_ERROR;
}

static struct matenet_xfer anything(void)
{
	return testbus_request(rand() % 11, MATENET_CMD_READ, rand(), 0);
}

/* Of a transaction that came to its end while there was a bus. */
static enum verdict judge(const struct matenet_xfer *x)
{
	unsigned int addr = x->tx[2] << 8 | x->tx[3];

	if (x->status == OK) {
		COUNT(right);
		if (x->rx_len == 3 &&
		    (x->rx[1] << 8 | x->rx[2]) == matesim_pattern(x->tx[0], addr))
			return TOLD;
		dprintf(1, "# port %u addr %04x: %u bytes, %02x%02x%02x\n", x->tx[0], addr,
			x->rx_len, x->rx[0], x->rx[1], x->rx[2]);
		return WRONG_ANSWER;
	}
	COUNT(failed);
	/* Two emulated processors may be late for an answer, and nothing else. */
	if (x->status & MATENET_ST_TX_DONE && !(x->status & MATENET_ST_ABORTED) &&
	    testbus_profile() == PROFILE_SMP)
		return TOLD;
	dprintf(1, "# status 0x%x\n", x->status);
	return WRONG_STATUS;
}

/* Of one that did not: it ends in one of two ways, or was never begun. */
static enum verdict judge_last(const struct matenet_xfer *x)
{
	COUNT(ended);
	if (!(x->status & ~MATENET_ST_TX_DONE & ~MATENET_ST_ABORTED))
		return TOLD;
	dprintf(1, "# status 0x%x at the end\n", x->status);
	return WRONG_STATUS;
}

static enum verdict use_xfer(int fd)
{
	enum verdict verdict = TOLD;

	while (verdict == TOLD) {
		struct matenet_xfer x = anything();
		int ret = testbus_xfer(fd, &x);

		if (ret == -ENODEV)
			return judge_last(&x);
		verdict = ret ? wrong_error("XFER", -ret) : judge(&x);
	}
	return verdict;
}

/* It came to its end while there was a bus. */
static bool ended(const struct matenet_xfer *x)
{
	return x->status && !(x->status & (MATENET_ST_ABORTED | MATENET_ST_SKIPPED));
}

static enum verdict use_batch(int fd)
{
	struct matenet_xfer x[PENDING];
	struct matenet_batch batch = { .xfers = (uintptr_t)x, .count = PENDING };
	enum verdict verdict = TOLD;
	int i, ret;

	while (verdict == TOLD) {
		for (i = 0; i < PENDING; i++)
			x[i] = anything();
		ret = ioctl(fd, MATENET_IOC_BATCH, &batch) ? -errno : 0;
		for (i = 0; i < PENDING && verdict == TOLD && ended(&x[i]); i++)
			verdict = judge(&x[i]);
		if (ret == -ENODEV) {
			if (i < PENDING && verdict == TOLD)
				verdict = judge_last(&x[i++]);
			for (; i < PENDING && verdict == TOLD; i++)
				if (x[i].status && x[i].status != MATENET_ST_SKIPPED)
					verdict = WRONG_STATUS;
			return verdict;
		}
		if (ret)
			verdict = wrong_error("BATCH", -ret);
		else if (i < PENDING && verdict == TOLD)
			verdict = WRONG_STATUS;
	}
	return verdict;
}

static int gone(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	struct matenet_record r;

	return read(fd, &r, sizeof(r)) < 0 && errno == ENODEV && poll(&p, 1, 0) == 1 &&
	       p.revents == (POLLHUP | POLLERR);
}

/* Every one that was submitted has its record, in order, also after the end. */
static enum verdict use_submit(int fd)
{
	uint32_t due[PENDING];
	int n = 0, over = 0, ret;
	enum verdict verdict;
	struct matenet_record r;

	for (;;) {
		while (n < PENDING && !over) {
			struct matenet_xfer x = anything();

			ret = ioctl(fd, MATENET_IOC_SUBMIT, &x) ? -errno : 0;
			if (ret && ret != -ENODEV)
				return wrong_error("SUBMIT", -ret);
			over = ret;
			if (!ret)
				due[n++] = x.sequence;
		}
		if (!n)
			return gone(fd) ? TOLD : WRONG_EVENT;
		if (read(fd, &r, sizeof(r)) != sizeof(r) || r.type != MATENET_REC_XFER || r.lost ||
		    r.xfer.sequence != due[0])
			return WRONG_RECORD;
		memmove(due, due + 1, --n * sizeof(*due));
		verdict = r.xfer.status & MATENET_ST_ABORTED ? judge_last(&r.xfer) : judge(&r.xfer);
		if (verdict != TOLD)
			return verdict;
	}
}

static enum verdict use_poll(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, -1) != 1 || p.revents != (POLLHUP | POLLERR))
		return WRONG_EVENT;
	return gone(fd) ? TOLD : WRONG_EVENT;
}

static enum verdict use_read(int fd)
{
	struct matenet_record r;

	return read(fd, &r, sizeof(r)) < 0 && errno == ENODEV ? TOLD : wrong_error("read", errno);
}

static enum verdict use_monitor(int fd)
{
	struct matenet_mode mode = { .mode = MATENET_MODE_MONITOR };
	struct matenet_record r;
	uint32_t last = 0;
	ssize_t n;

	if (ioctl(fd, MATENET_IOC_S_MODE, &mode))
		return errno == ENODEV ? LATE : wrong_error("S_MODE", errno);
	while ((n = read(fd, &r, sizeof(r))) == sizeof(r)) {
		if (r.type != MATENET_REC_FRAME || (last && r.frame.sequence != last + 1 + r.lost))
			return WRONG_RECORD;
		last = r.frame.sequence;
		COUNT(frames);
	}
	return n < 0 && errno == ENODEV ? TOLD : wrong_error("read of records", errno);
}

static enum verdict use_device(int fd)
{
	struct matenet_mode mode = { .mode = MATENET_MODE_USER, .port_mask = ~0ULL };
	struct matenet_record r;
	int ret;
	ssize_t n;

	if (ioctl(fd, MATENET_IOC_S_MODE, &mode))
		return errno == ENODEV ? LATE : wrong_error("S_MODE", errno);
	while ((n = read(fd, &r, sizeof(r))) == sizeof(r)) {
		struct matenet_reply reply = { .sequence = r.frame.sequence, .len = 3,
					       .data = { 2, 0x12, 0x34 } };

		if (r.type != MATENET_REC_COMMAND)
			return WRONG_RECORD;
		ret = ioctl(fd, MATENET_IOC_REPLY, &reply) ? -errno : 0;
		if (ret && ret != -ESTALE && ret != -ENODEV)
			return wrong_error("REPLY", -ret);
		if (!ret)
			COUNT(replies);
	}
	return n < 0 && errno == ENODEV ? TOLD : wrong_error("read of records", errno);
}

static struct nl_sock *netlink(const char *group)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (!sock || genl_connect(sock))
		_exit(WRONG_ERROR);
	nl_socket_disable_seq_check(sock);
	nl_socket_set_buffer_size(sock, 1 << 20, 0);
	if (group && nl_socket_add_membership(sock, genl_ctrl_resolve_grp(sock, MATENET_FAMILY_NAME,
									  group)))
		_exit(WRONG_ERROR);
	return sock;
}

/* Asks for the counters until they are nobody's any more. */
static enum verdict use_netlink(int fd)
{
	struct nl_sock *sock = netlink(NULL);
	int ret, family = genl_ctrl_resolve(sock, MATENET_FAMILY_NAME);
	struct nl_msg *msg;

	(void)fd;
	nl_socket_disable_auto_ack(sock);
	do {
		msg = nlmsg_alloc();
		genlmsg_put(msg, 0, 0, family, 0, NLM_F_REQUEST, MATENET_NL_CMD_STATS_GET,
			    MATENET_FAMILY_VERSION);
		nla_put_u32(msg, MATENET_A_BUS, VICTIM_BUS);
		ret = nl_send_auto(sock, msg);
		nlmsg_free(msg);
		if (ret > 0)
			ret = nl_recvmsgs_default(sock);
		sleep_us(2000);		/* virtual time would stand still */
	} while (!ret);
	if (ret == -NLE_NODEV)
		return TOLD;
	dprintf(1, "# STATS_GET: %s\n", nl_geterror(ret));
	return WRONG_ERROR;
}

static enum verdict (* const of_controller[])(int) = {
	use_xfer, use_batch, use_submit, use_xfer, use_poll, use_read, use_monitor, use_netlink
};
static enum verdict (* const of_device[])(int) = {
	use_device, use_device, use_poll, use_read, use_monitor, use_netlink
};

static pid_t start_user(int device)
{
	int seed = rand(), fd;
	pid_t pid = fork();

	if (pid)
		return pid;
	srand(seed);
	fd = open(VICTIM_NODE, O_RDWR);
	if (fd < 0)
		_exit(errno == ENOENT || errno == ENXIO || errno == ENODEV ? LATE :
		      wrong_error("open", errno));
	_exit(device ? of_device[rand() % 6](fd) : of_controller[rand() % 8](fd));
}

/* ---- those who are always there ---- */

/* A host that stands still does not tick. */
static void tick(void)
{
	for (;;) {
		sleep_us(TICK_US);
		COUNT(ticks);
	}
}

static int hear_event(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *bus = nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN, MATENET_A_BUS);
	int *there = arg;

	if (!bus || nla_get_u32(bus) != VICTIM_BUS)
		return NL_OK;
	if (header->cmd == MATENET_NL_CMD_ATTACHED_NTF) {
		COUNT(attached);
		shared->out_of_turn += *there;
		*there = 1;
	}
	if (header->cmd == MATENET_NL_CMD_DETACHED_NTF) {
		COUNT(detached);
		shared->out_of_turn += !*there;
		*there = 0;
	}
	return NL_OK;
}

static int hear_frame(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

/* Hears of every coming and going, and of every frame. */
static void run_listener(int unused, int ready)
{
	struct nl_sock *events = netlink(MATENET_MCGRP_EVENTS),
		*frames = netlink(MATENET_MCGRP_MONITOR);
	struct pollfd p[] = { { nl_socket_get_fd(events), POLLIN, 0 },
			      { nl_socket_get_fd(frames), POLLIN, 0 } };
	int there = 0;

	(void)unused;
	nl_socket_modify_cb(events, NL_CB_VALID, NL_CB_CUSTOM, hear_event, &there);
	nl_socket_modify_cb(frames, NL_CB_VALID, NL_CB_CUSTOM, hear_frame, NULL);
	if (write(ready, "r", 1) != 1)
		_exit(1);
	for (;;) {
		poll(p, 2, -1);
		if (p[0].revents && nl_recvmsgs_default(events))
			COUNT(overruns);
		if (p[1].revents)
			nl_recvmsgs_default(frames);
	}
}

/* The controller of the device: asks, whether there is somebody or not. */
static void pester(void)
{
	int fd = testbus_open(O_RDONLY);
	struct matenet_config config = testbus_config(fd);

	config.reply_timeout_us = 20000 * testbus_slowness();
	config.late_us = 0;
	testbus_set_config(fd, config);
	for (;;) {
		struct matenet_xfer x = anything();

		if (testbus_xfer(fd, &x))
			_exit(1);
		sleep_us(1000);
	}
}

/* Keeps a tty attached until it is told to close it, or killed. */
static void attach(int device, int ready)
{
	int tty = testbus_attach_plain(device ? DEVICE : CONTROLLER), fd;
	struct matenet_config config;

	fd = open(VICTIM_NODE, O_RDWR);
	if (tty < 0 || fd < 0)
		_exit(1);
	config = testbus_config(fd);
	config.role = device ? MATENET_ROLE_DEVICE : MATENET_ROLE_CONTROLLER;
	config.reply_timeout_us *= testbus_slowness();
	config.gap_us *= testbus_slowness();
	config.late_us *= testbus_slowness();
	if (testbus_set_config(fd, config) || close(fd) || write(ready, "r", 1) != 1)
		_exit(1);
	pause();
	close(tty);
	_exit(0);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* A process of that kind, when it is ready; -1 if it never was. */
static pid_t start_ready(void (*run)(int device, int ready), int device)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid)
		run(device, ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static pid_t start(void (*run)(void))
{
	pid_t pid = fork();

	if (!pid)
		run();
	return pid;
}

/* ---- the ways to die ---- */

static int tty_ioctl(int device, unsigned long request, void *arg)
{
	int fd = open(device ? DEVICE : CONTROLLER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	int ret = fd < 0 ? -errno : ioctl(fd, request, arg) ? -errno : 0;

	close(fd);
	return ret;
}

static int by_kill(int device, pid_t attacher)
{
	(void)device;
	return kill(attacher, SIGKILL);
}

static int by_close(int device, pid_t attacher)
{
	(void)device;
	return kill(attacher, SIGUSR1);
}

static int by_hangup(int device, pid_t attacher)
{
	(void)attacher;
	return tty_ioctl(device, TIOCVHANGUP, NULL);
}

static int by_n_tty(int device, pid_t attacher)
{
	int ldisc = 0;

	(void)attacher;
	return tty_ioctl(device, TIOCSETD, &ldisc);
}

static int by_unplug(int device, pid_t attacher)
{
	(void)attacher;
	return testbus_unplug(device ? 2 : 0);
}

/* It cannot be unloaded while it is in use; then the last close. */
static int by_rmmod(int device, pid_t attacher)
{
	if (!syscall(SYS_delete_module, "n_matenet", O_NONBLOCK) || errno != EWOULDBLOCK)
		return -1;
	return by_close(device, attacher);
}

static const struct {
	const char *name;
	int (*die)(int device, pid_t attacher);
} ways[] = {
	{ "kill", by_kill }, { "close", by_close }, { "hangup", by_hangup },
	{ "N_TTY", by_n_tty }, { "unplug", by_unplug }, { "rmmod", by_rmmod },
};

#define WAYS	((int)(sizeof(ways) / sizeof(ways[0])))

/* ---- what is left ---- */

/* A cache of kmalloc; each processor hides what is free in one slab. */
struct cache {
	char name[32];
	long objects, hidden;
};

#define CACHES	128

static long cache_number(const char *name, const char *file)
{
	char path[128];
	long n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/%s", name, file);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%ld", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

/* All caches, by their place in the directory; none where that cannot be told. */
static int count_objects(struct cache *cache)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[128];
	int n = 0;
	FILE *f;

	while (dir && n < CACHES && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "kmalloc-", 8))
			continue;
		snprintf(cache[n].name, sizeof(cache[n].name), "%.31s", entry->d_name);
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", cache[n].name);
		f = fopen(path, "we");
		if (f) {
			fputs("1", f);
			fclose(f);
		}
		cache[n].objects = cache_number(cache[n].name, "objects");
		cache[n].hidden = cache_number(cache[n].name, "objs_per_slab") *
				  sysconf(_SC_NPROCESSORS_ONLN);
		n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

/* Threads of ours. */
static int count_engines(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[64], name[16];
	int n = 0;
	FILE *f;

	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/comm", entry->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		n += fgets(name, sizeof(name), f) && !strncmp(name, "matenet/", 8);
		fclose(f);
	}
	closedir(dir);
	return n;
}

/*
 * Lines of the kernel's log since @log was opened that are warnings or worse, but
 * for the one that blames the kernel for a host that stands still.
 */
static int count_warnings(int log)
{
	char line[8192];
	int n = 0, level;
	ssize_t len;

	while ((len = read(log, line, sizeof(line) - 1)) > 0 || errno == EPIPE) {
		if (len <= 0)
			continue;
		line[len] = 0;
		if (sscanf(line, "%d", &level) == 1 && (level & 7) <= 4 &&
		    !strstr(line, "hrtimer: interrupt took")) {
			printf("# %s", line);
			n++;
		}
	}
	return n;
}

FIXTURE(storm) {
	pid_t sim, ticker, listener, pesterer;
	int asker, log;
};

FIXTURE_SETUP(storm)
{
	signal(SIGUSR1, on_signal);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_EQ(0, wire_load_with("pairs=2"));
	testbus_modules();
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->asker = testbus_attach(ASKER);
	ASSERT_LE(0, self->asker);
	self->listener = start_ready(run_listener, 0);
	ASSERT_LT(0, self->listener);
	self->ticker = start(tick);
	self->pesterer = start(pester);
	self->log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->log);
	lseek(self->log, 0, SEEK_END);
}

FIXTURE_TEARDOWN(storm)
{
	testbus_end(self->listener, SIGKILL);
	testbus_end(self->ticker, SIGKILL);
	testbus_end(self->sim, SIGTERM);
	close(self->log);
}

/* How a process ended; one that does not end is ended. */
static int verdict_of(pid_t pid, unsigned int since)
{
	int status;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (shared->ticks - since > STUCK_TICKS) {
			testbus_end(pid, SIGKILL);
			return STUCK;
		}
		sleep_us(1000);
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	dprintf(1, "# a user was ended by signal %d\n", WTERMSIG(status));
	return WRONG_ERROR;
}

struct totals {
	int way[WAYS], verdict[VERDICTS];
	unsigned int longest;	/* ticks until the last was told */
};

static void live_and_die(struct __test_metadata *_metadata, int cycle, struct totals *totals)
{
	int device = rand() % 4 == 0, way = rand() % WAYS, users = 1 + rand() % MOST_USERS;
	pid_t attacher = start_ready(attach, device), user[MOST_USERS];
	unsigned int since;
	int i, verdict;

	ASSERT_LT(0, attacher);
	for (i = 0; i < users; i++)
		user[i] = start_user(device);
	/* In the first tenth of a second nothing is sent: mostly later. */
	sleep_us(rand() % 8 ? 90000 + rand() % 120000 : rand() % 90000);
	since = shared->ticks;
	EXPECT_EQ(0, ways[way].die(device, attacher)) {
		TH_LOG("cycle %d: %s does not work", cycle, ways[way].name);
	}
	totals->way[way]++;
	for (i = 0; i < users; i++) {
		verdict = verdict_of(user[i], since);
		totals->verdict[verdict < VERDICTS ? verdict : WRONG_ERROR]++;
		EXPECT_TRUE(verdict == TOLD || verdict == LATE) {
			TH_LOG("cycle %d, %s of the %s: a user found %s", cycle, ways[way].name,
			       device ? "device" : "controller",
			       verdict < VERDICTS ? verdicts[verdict] : "nothing");
		}
	}
	if (shared->ticks - since > totals->longest)
		totals->longest = shared->ticks - since;
	kill(attacher, SIGKILL);
	waitpid(attacher, NULL, 0);
	EXPECT_NE(0, access(VICTIM_NODE, F_OK));
	if (ways[way].die == by_unplug)
		EXPECT_EQ(0, testbus_plug(device ? 2 : 0));
}

static long number_from(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 0) : otherwise;
}

TEST_F_TIMEOUT(storm, all_ways_to_die, 2400)
{
	int usual = testbus_profile() == PROFILE_TIMING ? 50 : 150;
	long cycles = number_from("STORM_CYCLES",
				  testbus_repetitions(getenv("LONG") ? 2000 : usual));
	long seed = number_from("STORM_SEED", 20260101);
	static struct cache before[CACHES], after[CACHES];
	struct totals totals = { 0 };
	int cycle, i, caches = 0;
	long most = 0;

	TH_LOG("STORM_SEED=%ld STORM_CYCLES=%ld", seed, cycles);
	srand(seed);
	for (cycle = 0; cycle < cycles; cycle++) {
		live_and_die(_metadata, cycle, &totals);
		if (cycle == cycles / 2)
			caches = count_objects(before);
	}
	EXPECT_EQ(caches, count_objects(after));
	for (i = 0; i < WAYS; i++)
		TH_LOG("%4d times %s", totals.way[i], ways[i].name);
	TH_LOG("%d users told, %d late, after %u ms at most", totals.verdict[TOLD],
	       totals.verdict[LATE], totals.longest * TICK_US / 1000);
	TH_LOG("transactions: %u right, %u failed, %u ended; %u replies, %u frames seen",
	       shared->right, shared->failed, shared->ended, shared->replies, shared->frames);
	EXPECT_LT(cycles / 4, shared->right);
	EXPECT_LT(cycles / 4, shared->ended);
	EXPECT_LT(0, shared->replies);
	EXPECT_LT(0, shared->frames);

	/* Beside KASAN, which keeps what was freed, kmemleak looks for what was not. */
	for (i = 0; i < caches && access("/sys/kernel/debug/kmemleak", F_OK); i++) {
		long more = after[i].objects - before[i].objects;

		EXPECT_GT(20 + cycles / 40 + after[i].hidden, more) {
			TH_LOG("%s: %ld objects more after half of the cycles", before[i].name, more);
		}
		if (more > most)
			most = more;
	}
	if (caches)
		TH_LOG("half of the cycles: %ld objects more in the cache that grew most", most);
	sleep_us(200000);
	EXPECT_EQ(1, count_engines());
	EXPECT_EQ(0, shared->overruns);
	EXPECT_EQ(cycles, shared->attached);
	EXPECT_EQ(cycles, shared->detached);
	EXPECT_EQ(0, shared->out_of_turn);

	/* Nobody is left who holds it. */
	testbus_detach(self->asker);
	EXPECT_EQ(1, verdict_of(self->pesterer, shared->ticks));
	EXPECT_EQ(0, testbus_rmmod("n_matenet"));
	EXPECT_EQ(0, count_warnings(self->log));
}

TEST_HARNESS_MAIN
