// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hangups and unplugs at any moment of a transaction, on several buses at once:
 * nobody waits long, nobody is told what is not so, and nothing is left.
 *
 * On every bus two processes ask without a pause while it lives; the recorder tells
 * afterwards what was on the wire when it died.  HANGUP_SEED in the environment
 * repeats what chance has decided, HANGUP_DEATHS says how many.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define BUSES		4
#define ASKERS		2	/* of a bus */
#define PENDING		3	/* of a batch, or submitted */
#define COMMAND		8	/* bytes on the wire */
#define NOBODY		11	/* port that is silent */
#define TICK_US		10000
#define ENOUGH_DEATHS	200	/* for one at least to be at each kind of moment */
#define STUCK_TICKS	500	/* five seconds */
#define OK		(MATENET_ST_OK | MATENET_ST_TX_DONE)

enum phase { SILENCE, IN_COMMAND, AFTER_COMMAND, IN_REPLY, PHASES };

static const char * const phases[PHASES] = {
	"in the silence between", "within a command", "between command and reply", "within a reply"
};

/* Of all processes. */
static struct shared {
	unsigned int ticks;
	struct one_bus {
		unsigned int deaths[2];		/* hangups, unplugs */
		unsigned int phase[PHASES];
		unsigned int right, unanswered, failed, ended;
		unsigned int longest[2];	/* ticks, until all were told */
		/* Of the life that is being lived. */
		unsigned int dying_since, sent[ASKERS];
	} bus[BUSES];
} *shared;

/* ---- those who ask, one process each ---- */

static struct matenet_xfer question(void)
{
	static const uint8_t commands[] = {
		MATENET_CMD_READ, MATENET_CMD_READ, MATENET_CMD_STATUS, MATENET_CMD_LOG
	};
	struct matenet_xfer x = testbus_request(rand() % (NOBODY + 1), commands[rand() % 4], rand(),
						rand());

	/* Two emulated processors stand still for longer than a device takes. */
	x.timeout_us = x.tx[0] == NOBODY ? 5000 : 0;
	return x;
}

/* What tests/uart/answer.c answers. */
static bool answer_right(const struct matenet_xfer *x)
{
	unsigned int i, sum = x->tx[0] + 3 * x->tx[2] + 5 * x->tx[3] + 7 * x->tx[4] +
			      11 * x->tx[5];

	for (i = 1; i < x->rx_len; i++)
		if (x->rx[i] != (uint8_t)(sum + 13 * i))
			return false;
	return x->rx_len == (x->tx[1] == MATENET_CMD_READ ? 3 : x->tx[1] == MATENET_CMD_LOG ? 15 : 14);
}

/*
 * Whether that can be what came of a transaction: the right answer, the silence of
 * who is not there, or, when the bus has gone (@over) or is going, an honest error.
 */
static bool honest(struct one_bus *bus, int asker, const struct matenet_xfer *x, bool over)
{
	uint32_t error = x->status & ~MATENET_ST_TX_DONE;

	if (x->status & MATENET_ST_TX_DONE)
		bus->sent[asker] += x->attempts;
	if (x->status == OK) {
		bus->right++;
		return answer_right(x) && x->tx[0] != NOBODY;
	}
	if (error == MATENET_ST_TIMEOUT && x->tx[0] == NOBODY) {
		bus->unanswered++;
		return true;
	}
	if (over && (!error || error == MATENET_ST_ABORTED)) {
		bus->ended++;
		return true;
	}
	bus->failed++;
	/* Two emulated processors may be late for an answer, and nothing else. */
	return testbus_profile() == PROFILE_SMP && x->status & MATENET_ST_TX_DONE &&
	       !(error & (MATENET_ST_ABORTED | MATENET_ST_TX_ERROR));
}

static bool all_honest(struct one_bus *bus, int asker, const struct matenet_xfer *x, int n,
		       bool over)
{
	bool good = true;
	int i;

	for (i = 0; i < n; i++) {
		if (over && x[i].status == MATENET_ST_SKIPPED)
			continue;
		if (honest(bus, asker, &x[i], over))
			continue;
		dprintf(1, "# port %u command %u: status %#x after %u attempts, %u bytes %02x %02x %02x%s\n",
			x[i].tx[0], x[i].tx[1], x[i].status, x[i].attempts, x[i].rx_len, x[i].rx[0],
			x[i].rx[1], x[i].rx[2], over ? ", bus gone" : "");
		good = false;
	}
	return good;
}

/* These give 0 and what came of @n questions, or the error, -ENODEV at the end. */
static int ask_one(int fd, struct matenet_xfer *x, int *n)
{
	*n = 1;
	*x = question();
	return testbus_xfer(fd, x);
}

static int ask_batch(int fd, struct matenet_xfer *x, int *n)
{
	struct matenet_batch batch = { .xfers = (uintptr_t)x, .count = PENDING };
	int i;

	*n = PENDING;
	for (i = 0; i < PENDING; i++)
		x[i] = question();
	return ioctl(fd, MATENET_IOC_BATCH, &batch) ? -errno : 0;
}

/* Each that was taken has its record, whatever happens to the bus. */
static int ask_later(int fd, struct matenet_xfer *x, int *n)
{
	struct matenet_record r;
	int i, ret = 0;

	for (*n = 0; *n < PENDING && !ret; *n += !ret) {
		x[*n] = question();
		ret = ioctl(fd, MATENET_IOC_SUBMIT, &x[*n]) ? -errno : 0;
	}
	for (i = 0; i < *n; i++) {
		if (read(fd, &r, sizeof(r)) != sizeof(r) || r.type != MATENET_REC_XFER || r.lost ||
		    r.xfer.sequence != x[i].sequence)
			return -EBADMSG;
		x[i] = r.xfer;
		if (x[i].status & MATENET_ST_ABORTED)
			ret = -ENODEV;
	}
	return ret;
}

static int (* const ways_to_ask[])(int fd, struct matenet_xfer *x, int *n) = {
	ask_one, ask_one, ask_batch, ask_later
};

/* Exit status 0 if told as documented that there is no bus any more. */
static void ask(struct one_bus *bus, int asker, int fd)
{
	int (*way)(int fd, struct matenet_xfer *x, int *n) = ways_to_ask[rand() % 4];
	struct matenet_xfer x[PENDING];
	int n, ret;

	do {
		ret = way(fd, x, &n);
		if (ret && ret != -ENODEV) {
			dprintf(1, "# asked, and got: %s\n", strerror(-ret));
			_exit(1);
		}
		if (!all_honest(bus, asker, x, n, ret))
			_exit(1);
	} while (!ret);
	_exit(0);
}

static pid_t start_asker(struct one_bus *bus, int asker, const char *tty)
{
	int seed = rand(), fd = testbus_open_of(tty, O_RDWR);
	pid_t pid;

	bus->sent[asker] = 0;
	pid = fork();
	if (!pid) {
		srand(seed);
		ask(bus, asker, fd);
	}
	close(fd);
	return pid;
}

/* ---- one bus, in a process of its own ---- */

static const char *hang_up(int port)
{
	char tty[16];
	int fd;

	snprintf(tty, sizeof(tty), "/dev/ttyW%d", port);
	fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TIOCVHANGUP))
		return "the hangup fails";
	close(fd);
	return NULL;
}

/*
 * What was on the wire at @ns: by what began before, how far the last command had
 * come, and whether more came of its reply.  Also counts whole commands and others.
 */
static enum phase look_at_wire(int port, uint64_t ns, unsigned int *whole, unsigned int *parts)
{
	uint64_t command_end = 0, reply_start = 0, reply_end = 0;
	unsigned int n = 0, begun = 0;
	struct wire_log log;
	size_t i;

	*whole = *parts = 0;
	if (wire_record_read(port / 2, &log))
		return PHASES;
	for (i = 0; i < log.n; i++) {
		const struct wire_byte *byte = &log.byte[i];

		if (byte->port != port) {
			/* The first reply of those that were not over. */
			if (byte->start > command_end && (!reply_end || reply_end < ns)) {
				if (byte->bits & 0x100)
					reply_start = byte->start;
				reply_end = byte->end;
			} else if (reply_end >= ns && !(byte->bits & 0x100)) {
				reply_end = byte->end;
			}
			continue;
		}
		if (byte->bits & 0x100) {
			*parts += n != 0;
			n = 0;
		}
		if (++n == COMMAND) {
			++*whole;
			n = 0;
		}
		if (byte->start > ns)
			continue;
		begun = n;
		command_end = byte->end;
		reply_start = reply_end = 0;
	}
	*parts += n != 0;
	wire_log_free(&log);
	if (begun || command_end > ns)
		return IN_COMMAND;
	if (!reply_end || reply_end < ns)
		return SILENCE;
	return reply_start > ns ? AFTER_COMMAND : IN_REPLY;
}

/* How long it took until all were told, or that it took too long, or who was told wrong. */
static const char *see_them_told(struct one_bus *bus, const pid_t *asker, bool unplug)
{
	unsigned int *longest = &bus->longest[unplug];
	const char *error = NULL;
	int i, status;

	for (i = 0; i < ASKERS; i++) {
		while (!waitpid(asker[i], &status, WNOHANG)) {
			if (shared->ticks - bus->dying_since > STUCK_TICKS) {
				testbus_end(asker[i], SIGKILL);
				return "one who asked is stuck";
			}
			sleep_us(1000);
		}
		if (status)
			error = "one who asked was told something wrong";
	}
	if (shared->ticks - bus->dying_since > *longest)
		*longest = shared->ticks - bus->dying_since;
	return error;
}

static const char *die(struct one_bus *bus, int port, bool unplug)
{
	bus->deaths[unplug]++;
	if (!unplug)
		return hang_up(port);
	return testbus_unplug(port) ? "the unplug fails" : NULL;
}

/* Is what begins a new life any good?  Two emulated processors may stand still for a while. */
static bool answers(int fd)
{
	int tries = testbus_profile() == PROFILE_SMP ? 5 : 1;
	struct matenet_xfer x;

	while (tries--) {
		x = testbus_request(1, MATENET_CMD_READ, 1, 0);
		if (testbus_xfer(fd, &x))
			break;
		if (x.status == OK)
			return answer_right(&x);
		printf("# a new bus: status %#x\n", x.status);
	}
	return false;
}

/* NULL, or what was wrong. */
static const char *live(struct one_bus *bus, int port)
{
	unsigned int whole, parts, sent = 0, i;
	bool unplug = rand() % 2;
	const char *error, *wrong;
	enum phase phase;
	pid_t asker[ASKERS];
	char name[16];
	uint64_t died;
	int tty, fd;

	snprintf(name, sizeof(name), "/dev/ttyW%d", port);
	tty = testbus_attach(name);
	if (tty < 0)
		return "it cannot be attached";
	fd = testbus_open_of(name, O_RDWR);
	/* It takes a tenth of a second before a new bus sends anything. */
	if (!answers(fd))
		return "a new bus does not work";
	close(fd);
	if (wire_record_clear(port / 2))
		return "the recorder does not work";
	for (i = 0; i < ASKERS; i++)
		asker[i] = start_asker(bus, i, name);
	sleep_us(5000 + rand() % 60000);

	bus->dying_since = shared->ticks;
	died = wire_now();
	error = die(bus, port, unplug);
	wrong = see_them_told(bus, asker, unplug);
	close(tty);
	bus->dying_since = 0;
	if (unplug && testbus_plug(port))
		return "it cannot be plugged in";
	/* The last answer is still on its way. */
	sleep_us(25000);
	phase = look_at_wire(port, died, &whole, &parts);
	if (phase == PHASES)
		return "the recorder cannot be read";
	bus->phase[phase]++;
	for (i = 0; i < ASKERS; i++)
		sent += bus->sent[i];
	/*
	 * The serial core sends nothing any more for a port that has gone, so there a
	 * command may be cut; who has asked it is told so or that it was sent.
	 */
	if (parts > unplug || sent < whole || sent > whole + parts) {
		printf("# %s: %u commands on the wire and %u parts of one, %u are said to be sent\n",
		       unplug ? "unplug" : "hangup", whole, parts, sent);
		wrong = wrong ? wrong : "what was sent is not what is said";
	}
	return error ? error : wrong;
}

static void run_bus(int number, long seed, long lives)
{
	const char *error = NULL;
	long life;

	srand(seed * BUSES + number);
	for (life = 0; life < lives && !error; life++) {
		error = live(&shared->bus[number], 2 * number);
		if (error)
			printf("# bus %d, life %ld: %s\n", number, life, error);
	}
	fflush(stdout);
	_exit(error ? 1 : 0);
}

/* ---- all of them ---- */

/* A host that stands still does not tick. */
static pid_t start_ticking(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	for (;;) {
		sleep_us(TICK_US);
		__atomic_fetch_add(&shared->ticks, 1, __ATOMIC_RELAXED);
	}
}

FIXTURE(hangup) {
	pid_t ticker;
};

FIXTURE_SETUP(hangup)
{
	char pairs[16];
	int i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	shared->ticks = 1;
	snprintf(pairs, sizeof(pairs), "pairs=%d", BUSES);
	ASSERT_EQ(0, wire_load_with(pairs));
	testbus_modules();
	for (i = 0; i < BUSES; i++)
		ASSERT_EQ(0, wire_knobs(2 * i + 1, "answer=1000"));
	self->ticker = start_ticking();
}

FIXTURE_TEARDOWN(hangup)
{
	testbus_end(self->ticker, SIGKILL);
}

static long number_from(const char *name, long otherwise)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 0) : otherwise;
}

/* It is not only who asks that may be stuck, but also who hangs up. */
static bool killers_stuck(void)
{
	unsigned int since;
	int i;

	for (i = 0; i < BUSES; i++) {
		since = shared->bus[i].dying_since;
		if (since && shared->ticks - since > 2 * STUCK_TICKS)
			return true;
	}
	return false;
}

static int exit_of(pid_t pid)
{
	int status;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (killers_stuck()) {
			printf("# a hangup or an unplug does not come back\n");
			testbus_end(pid, SIGKILL);
			return -1;
		}
		sleep_us(100000);
	}
	return status;
}

static long usual_deaths(void)
{
	/* uml, timing, smp */
	static const long usual[] = { 200, 50, 120 }, many[] = { 10000, 2000, 4000 };

	return testbus_repetitions((getenv("LONG") ? many : usual)[testbus_profile()]);
}

TEST_F_TIMEOUT(hangup, at_any_moment, 3600)
{
	long deaths = number_from("HANGUP_DEATHS", usual_deaths());
	long seed = number_from("HANGUP_SEED", 20260101);
	struct one_bus all = { 0 };
	pid_t bus[BUSES];
	int how, i, p;

	TH_LOG("HANGUP_SEED=%ld HANGUP_DEATHS=%ld", seed, deaths);
	fflush(stdout);
	for (i = 0; i < BUSES; i++) {
		bus[i] = fork();
		if (!bus[i])
			run_bus(i, seed, (deaths + BUSES - 1 - i) / BUSES);
	}
	for (i = 0; i < BUSES; i++) {
		const struct one_bus *one = &shared->bus[i];

		EXPECT_EQ(0, exit_of(bus[i]));
		for (p = 0; p < PHASES; p++)
			all.phase[p] += one->phase[p];
		for (how = 0; how < 2; how++) {
			all.deaths[how] += one->deaths[how];
			all.longest[how] = MAX(all.longest[how], one->longest[how]);
		}
		all.right += one->right;
		all.unanswered += one->unanswered;
		all.failed += one->failed;
		all.ended += one->ended;
	}
	TH_LOG("%u hangups, all told after %u ms at most; %u unplugs, %u ms", all.deaths[0],
	       all.longest[0] * TICK_US / 1000, all.deaths[1], all.longest[1] * TICK_US / 1000);
	for (p = 0; p < PHASES; p++)
		TH_LOG("%5u %s", all.phase[p], phases[p]);
	TH_LOG("transactions: %u right, %u unanswered, %u failed, %u ended", all.right,
	       all.unanswered, all.failed, all.ended);
	EXPECT_EQ(deaths, all.deaths[0] + all.deaths[1]);
	EXPECT_GE(STUCK_TICKS, all.longest[0]);
	EXPECT_GE(STUCK_TICKS, all.longest[1]);
	EXPECT_LT(deaths / 3, all.deaths[0]);
	EXPECT_LT(deaths / 3, all.deaths[1]);
	EXPECT_LT(deaths / 4, all.ended);
	/* Which moments they were is chance where real time is, or where they are few. */
	for (p = 0; p < PHASES && wire_exact_time() && deaths >= ENOUGH_DEATHS; p++)
		EXPECT_LT(deaths / 100, all.phase[p]);
	EXPECT_LT(deaths / 4, deaths - all.phase[SILENCE]);

	/* Nobody is left who holds it. */
	EXPECT_EQ(0, testbus_rmmod("n_matenet"));
	EXPECT_EQ(0, wire_unload());
}

TEST_HARNESS_MAIN
