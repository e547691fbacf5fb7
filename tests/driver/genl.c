// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The netlink family: buses, settings and counters as the other interfaces tell
 * them, events in the order they came about, rights, and a bus that goes away
 * under those who ask.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/matenet_netlink.h>

#include "kselftest_harness.h"
#include "testbus.h"

#define NOBODY_THERE	11	/* a port without a device */
#define OTHER_USER	65534
#define MAX_MESSAGES	64
#define WAIT_MS		3000	/* for what is sure to come */
#define QUIET_MS	300	/* for what is not to come */

/* A message: its command and its attributes, with bytes of their own. */
struct message {
	int cmd;
	int bytes;
	char data[512];
	struct nlattr *attr[MATENET_A_MAX + 1];
};

struct inbox {
	struct message message[MAX_MESSAGES];
	int n;
};

static int take(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));
	struct inbox *inbox = arg;
	struct message *m = &inbox->message[inbox->n];

	m->cmd = header->cmd;
	m->bytes = genlmsg_attrlen(header, 0);
	if (inbox->n == MAX_MESSAGES || m->bytes > (int)sizeof(m->data))
		return NL_STOP;
	memcpy(m->data, genlmsg_attrdata(header, 0), m->bytes);
	if (nla_parse(m->attr, MATENET_A_MAX, (struct nlattr *)m->data, m->bytes, NULL))
		return NL_STOP;
	inbox->n++;
	return NL_OK;
}

static struct nl_sock *join(const char *group)
{
	struct nl_sock *sock = nl_socket_alloc();
	int id;

	if (!sock || genl_connect(sock))
		return NULL;
	nl_socket_disable_seq_check(sock);
	nl_socket_set_buffer_size(sock, 1 << 20, 0);
	if (group) {
		id = genl_ctrl_resolve_grp(sock, MATENET_FAMILY_NAME, group);
		if (id < 0 || nl_socket_add_membership(sock, id)) {
			nl_socket_free(sock);
			return NULL;
		}
	}
	return sock;
}

/* Take messages until there are @n or none has come for @ms. */
static void listen_for(struct nl_sock *sock, struct inbox *inbox, int n, int ms)
{
	struct pollfd p = { .fd = nl_socket_get_fd(sock), .events = POLLIN };

	inbox->n = 0;
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, take, inbox);
	while (inbox->n < n && poll(&p, 1, ms) > 0)
		if (nl_recvmsgs_default(sock))
			return;
}

static uint32_t u32_of(const struct message *m, int attr)
{
	return m->attr[attr] ? nla_get_u32(m->attr[attr]) : ~0u;
}

/* A request with attributes; the answer in @inbox.  0 or -errno. */
struct request {
	int cmd;
	int flags;
	struct {
		int attr;
		uint32_t value;
	} with[4];
};

/* What nl_sendmsgs says is an error of libnl: the kernel's own is wanted. */
static int note_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	(void)from;
	*(int *)arg = e->error;
	return NL_STOP;
}

static int ask(struct request request, struct inbox *inbox)
{
	struct nl_sock *sock = join(NULL);
	struct nl_msg *msg = nlmsg_alloc();
	int i, error = 0, family;

	inbox->n = 0;
	family = sock ? genl_ctrl_resolve(sock, MATENET_FAMILY_NAME) : -1;
	if (family < 0 || !msg)
		return -ENOSYS;
	genlmsg_put(msg, 0, 0, family, 0, NLM_F_REQUEST | NLM_F_ACK | request.flags, request.cmd,
		    MATENET_FAMILY_VERSION);
	for (i = 0; i < 4 && request.with[i].attr; i++)
		nla_put_u32(msg, request.with[i].attr, request.with[i].value);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, take, inbox);
	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, note_error, &error);
	i = nl_send_auto(sock, msg);
	nlmsg_free(msg);
	if (i > 0)
		i = request.flags & NLM_F_DUMP ? nl_recvmsgs_default(sock) : nl_wait_for_ack(sock);
	nl_socket_free(sock);
	return error ? error : i < 0 ? -EIO : 0;
}

static int get(int cmd, uint32_t bus, struct inbox *inbox)
{
	return ask((struct request){ .cmd = cmd, .with = { { MATENET_A_BUS, bus } } }, inbox);
}

static int dump(int cmd, struct inbox *inbox)
{
	return ask((struct request){ .cmd = cmd, .flags = NLM_F_DUMP }, inbox);
}

static int set(int attr, uint32_t value)
{
	static struct inbox inbox;

	return ask((struct request){ .cmd = MATENET_NL_CMD_BUS_SET,
				     .with = { { MATENET_A_BUS, 0 }, { attr, value } } }, &inbox);
}

FIXTURE(genl) {
	pid_t sim;
	int tty;
	int fd;
	struct inbox in;
};

FIXTURE_SETUP(genl)
{
	testbus_modules();
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR);
}

FIXTURE_TEARDOWN(genl)
{
	close(self->fd);
	if (self->tty >= 0)
		testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
}

TEST_F(genl, bus_get)
{
	struct matenet_config config = testbus_config(self->fd);
	struct matenet_caps caps;
	struct message *m = self->in.message;

	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_G_CAPS, &caps));
	ASSERT_EQ(0, get(MATENET_NL_CMD_BUS_GET, 0, &self->in));
	ASSERT_EQ(1, self->in.n);
	EXPECT_EQ(MATENET_NL_CMD_BUS_GET, m->cmd);
	EXPECT_EQ(0, u32_of(m, MATENET_A_BUS));
	ASSERT_NE(NULL, m->attr[MATENET_A_TTY]);
	EXPECT_STREQ("ttyW0", nla_get_string(m->attr[MATENET_A_TTY]));
	EXPECT_EQ(config.role, u32_of(m, MATENET_A_ROLE));
	EXPECT_EQ(config.framing, u32_of(m, MATENET_A_FRAMING));
	EXPECT_EQ(caps.framing, u32_of(m, MATENET_A_FRAMING_IN_FORCE));
	EXPECT_EQ(config.parity, u32_of(m, MATENET_A_PARITY));
	EXPECT_EQ(caps.parity, u32_of(m, MATENET_A_PARITY_IN_FORCE));
	EXPECT_EQ(caps.capabilities, u32_of(m, MATENET_A_CAPABILITIES));
	EXPECT_EQ(config.flags, u32_of(m, MATENET_A_FLAGS));
	EXPECT_EQ(config.baud, u32_of(m, MATENET_A_BAUD));
	EXPECT_EQ(config.reply_timeout_us, u32_of(m, MATENET_A_REPLY_TIMEOUT_US));
	EXPECT_EQ(config.gap_us, u32_of(m, MATENET_A_GAP_US));
	EXPECT_EQ(config.turnaround_us, u32_of(m, MATENET_A_TURNAROUND_US));
	EXPECT_EQ(config.tx_guard_us, u32_of(m, MATENET_A_TX_GUARD_US));
	EXPECT_EQ(config.late_us, u32_of(m, MATENET_A_LATE_US));
	EXPECT_EQ(config.join, u32_of(m, MATENET_A_JOIN));
}

TEST_F(genl, no_such_bus)
{
	EXPECT_EQ(-ENODEV, get(MATENET_NL_CMD_BUS_GET, 1, &self->in));
	EXPECT_EQ(-ENODEV, get(MATENET_NL_CMD_STATS_GET, 63, &self->in));
	EXPECT_EQ(-ENODEV, get(MATENET_NL_CMD_BUS_GET, 64, &self->in));
	EXPECT_EQ(-ENODEV, get(MATENET_NL_CMD_BUS_GET, ~0u, &self->in));
	EXPECT_EQ(-ENODEV, get(MATENET_NL_CMD_BUS_SET, 1, &self->in));
	EXPECT_EQ(-EINVAL, ask((struct request){ .cmd = MATENET_NL_CMD_BUS_GET }, &self->in));
	EXPECT_EQ(-EOPNOTSUPP, get(MATENET_NL_CMD_FRAME_NTF, 0, &self->in));
}

TEST_F(genl, dump)
{
	int other;

	ASSERT_EQ(0, dump(MATENET_NL_CMD_BUS_GET, &self->in));
	ASSERT_EQ(1, self->in.n);
	testbus_end(self->sim, SIGTERM);
	other = testbus_attach(TESTBUS_SIM_TTY);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, dump(MATENET_NL_CMD_BUS_GET, &self->in));
	ASSERT_EQ(2, self->in.n);
	EXPECT_EQ(0, u32_of(&self->in.message[0], MATENET_A_BUS));
	EXPECT_EQ(1, u32_of(&self->in.message[1], MATENET_A_BUS));
	EXPECT_STREQ("ttyW1", nla_get_string(self->in.message[1].attr[MATENET_A_TTY]));
	testbus_detach(other);
	testbus_detach(self->tty);
	self->tty = -1;
	ASSERT_EQ(0, dump(MATENET_NL_CMD_BUS_GET, &self->in));
	EXPECT_EQ(0, self->in.n);
}

TEST_F(genl, bus_set)
{
	struct matenet_config before = testbus_config(self->fd), after;

	EXPECT_EQ(0, set(MATENET_A_REPLY_TIMEOUT_US, 77000));
	after = testbus_config(self->fd);
	EXPECT_EQ(77000, after.reply_timeout_us);
	after.reply_timeout_us = before.reply_timeout_us;
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
	EXPECT_EQ(0, set(MATENET_A_FLAGS, MATENET_CFG_WRITABLE));
	EXPECT_EQ(MATENET_CFG_WRITABLE, testbus_config(self->fd).flags);
	EXPECT_EQ(0, set(MATENET_A_PARITY, MATENET_PARITY_EVENODD));
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	ASSERT_EQ(0, get(MATENET_NL_CMD_BUS_GET, 0, &self->in));
	EXPECT_EQ(MATENET_PARITY_EVENODD, u32_of(self->in.message, MATENET_A_PARITY_IN_FORCE));
}

/* The same ranges as S_CONFIG has, and nothing is changed if one is wrong. */
TEST_F(genl, bus_set_is_checked)
{
	static const struct {
		int attr;
		uint32_t value;
		int error;
	} wrong[] = {
		/* The policy says so. */
		{ MATENET_A_ROLE, 3, ERANGE },
		{ MATENET_A_FRAMING, 3, ERANGE },
		{ MATENET_A_PARITY, 3, ERANGE },
		{ MATENET_A_FLAGS, 4, EINVAL },
		{ MATENET_A_BAUD, 299, EINVAL },
		{ MATENET_A_BAUD, 115201, EINVAL },
		{ MATENET_A_REPLY_TIMEOUT_US, 999, EINVAL },
		{ MATENET_A_REPLY_TIMEOUT_US, 10000001, EINVAL },
		{ MATENET_A_GAP_US, 999, EINVAL },
		{ MATENET_A_TURNAROUND_US, 1000001, EINVAL },
		{ MATENET_A_TX_GUARD_US, 19, EINVAL },
		{ MATENET_A_LATE_US, 10000001, EINVAL },
		{ MATENET_A_JOIN, 65, EINVAL },
		{ MATENET_A_CAPABILITIES, 0, EINVAL },	/* not a setting */
		{ MATENET_A_JOIN + 1, 0, EINVAL },	/* no attribute at all */
	};
	struct matenet_config before = testbus_config(self->fd), after;
	unsigned int i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		EXPECT_EQ(-wrong[i].error, set(wrong[i].attr, wrong[i].value)) {
			TH_LOG("attribute %d, value %u", wrong[i].attr, wrong[i].value);
		}
	EXPECT_EQ(-EINVAL, ask((struct request){
				.cmd = MATENET_NL_CMD_BUS_SET,
				.with = { { MATENET_A_BUS, 0 }, { MATENET_A_ROLE, 0 },
					  { MATENET_A_LATE_US, ~0u } } }, &self->in));
	after = testbus_config(self->fd);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(after)));
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* It has to wait for settings that wait for a transaction; a signal ends that. */
TEST_F(genl, signal_while_others_change_settings)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);
	struct sigaction action = { .sa_handler = on_alarm };
	struct matenet_config config = testbus_config(self->fd);
	int status;
	pid_t other;

	x.timeout_us = 2000000;
	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_SUBMIT, &x));
	sleep_us(100000);
	config.late_us++;
	other = fork();
	if (!other)
		_exit(-testbus_set_config(self->fd, config));
	sleep_us(100000);
	sigaction(SIGALRM, &action, NULL);
	ualarm(200000, 0);
	EXPECT_EQ(-ECANCELED, set(MATENET_A_LATE_US, 5));
	ASSERT_EQ(other, waitpid(other, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(config.late_us, testbus_config(self->fd).late_us);
}

/* Nor for as long as that takes: all of generic netlink might have to wait with it. */
TEST_F(genl, not_for_long)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);
	uint32_t before = testbus_config(self->fd).late_us;
	struct matenet_record r;
	int status;
	pid_t other;

	x.timeout_us = 4000000;
	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_SUBMIT, &x));
	sleep_us(100000);
	EXPECT_EQ(-EBUSY, set(MATENET_A_LATE_US, before + 1));
	EXPECT_EQ(before, testbus_config(self->fd).late_us);
	other = fork();
	if (!other)
		_exit(-set(MATENET_A_LATE_US, before + 2));
	ASSERT_EQ(sizeof(r), read(self->fd, &r, sizeof(r)));
	ASSERT_EQ(other, waitpid(other, &status, 0));
	EXPECT_EQ(EBUSY << 8, status);
	EXPECT_EQ(before, testbus_config(self->fd).late_us);
	EXPECT_EQ(0, set(MATENET_A_LATE_US, before + 3));
	EXPECT_EQ(before + 3, testbus_config(self->fd).late_us);
}

/* What each takes over from before is what the others have made of it. */
TEST_F(genl, settings_of_several)
{
	static const unsigned int attrs[] = {
		MATENET_A_LATE_US, MATENET_A_GAP_US, MATENET_A_REPLY_TIMEOUT_US,
	};
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);
	struct matenet_config config;
	pid_t pids[3];
	int i, n, status;

	/* What the three want first, all have to wait with. */
	x.timeout_us = 500000;
	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_SUBMIT, &x));
	sleep_us(50000);
	for (i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		for (n = 1; n <= 100; n++)
			if (set(attrs[i], 20000 + n))
				_exit(1);
		_exit(0);
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
	config = testbus_config(self->fd);
	EXPECT_EQ(20100, config.late_us);
	EXPECT_EQ(20100, config.gap_us);
	EXPECT_EQ(20100, config.reply_timeout_us);
}

static int as_other_user(int (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(setresgid(OTHER_USER, OTHER_USER, OTHER_USER) ||
		      setresuid(OTHER_USER, OTHER_USER, OTHER_USER) ? 99 : what());
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int may_set(void)
{
	return set(MATENET_A_LATE_US, 1) != -EPERM;
}

static int may_get(void)
{
	static struct inbox inbox;

	return get(MATENET_NL_CMD_BUS_GET, 0, &inbox) == 0 &&
	       dump(MATENET_NL_CMD_STATS_GET, &inbox) == 0;
}

static int may_join_monitor(void)
{
	return join(MATENET_MCGRP_MONITOR) != NULL;
}

static int may_join_events(void)
{
	return join(MATENET_MCGRP_EVENTS) != NULL;
}

TEST_F(genl, rights)
{
	EXPECT_EQ(0, as_other_user(may_set));
	EXPECT_EQ(1, as_other_user(may_get));
	EXPECT_EQ(0, as_other_user(may_join_monitor));
	EXPECT_EQ(1, as_other_user(may_join_events));
	EXPECT_EQ(1, may_join_monitor());
}

TEST_F(genl, stats_are_those_of_sysfs)
{
	static const struct {
		int attr;
		const char *name;
	} counters[] = {
		{ MATENET_A_STATS_REPLIES, "replies" },
		{ MATENET_A_STATS_COMMANDS, "commands" },
		{ MATENET_A_STATS_TX_ERRORS, "tx_errors" },
		{ MATENET_A_STATS_TIMEOUTS, "timeouts" },
		{ MATENET_A_STATS_CHECKSUM_ERRORS, "checksum_errors" },
		{ MATENET_A_STATS_SHORT_REPLIES, "short_replies" },
		{ MATENET_A_STATS_LONG_REPLIES, "long_replies" },
		{ MATENET_A_STATS_MARK_ERRORS, "mark_errors" },
		{ MATENET_A_STATS_FRAMING_ERRORS, "framing_errors" },
		{ MATENET_A_STATS_BREAKS, "breaks" },
		{ MATENET_A_STATS_OVERRUNS, "overruns" },
		{ MATENET_A_STATS_JUNK, "junk" },
		{ MATENET_A_STATS_REFUSALS, "refusals" },
		{ MATENET_A_STATS_ABORTED, "aborted" },
		{ MATENET_A_STATS_TX_BYTES, "tx_bytes" },
		{ MATENET_A_STATS_RX_BYTES, "rx_bytes" },
		{ MATENET_A_STATS_RX_STRAY, "rx_stray" },
		{ MATENET_A_STATS_RETRIES, "retries" },
		{ MATENET_A_STATS_TX_SLOW, "tx_slow" },
		{ MATENET_A_STATS_TX_GAP_MAX_NS, "tx_gap_max_ns" },
	};
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);
	struct nlattr *attr[MATENET_A_STATS_MAX + 1];
	unsigned int i;

	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 2));
	x.retries = 1;
	EXPECT_EQ(0, testbus_xfer(self->fd, &x));
	ASSERT_EQ(0, dump(MATENET_NL_CMD_STATS_GET, &self->in));
	ASSERT_EQ(1, self->in.n);
	ASSERT_NE(NULL, self->in.message->attr[MATENET_A_STATS]);
	ASSERT_EQ(0, nla_parse_nested(attr, MATENET_A_STATS_MAX,
				      self->in.message->attr[MATENET_A_STATS], NULL));
	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		ASSERT_NE(NULL, attr[counters[i].attr]);
		EXPECT_EQ(testbus_counter(counters[i].name), nla_get_u64(attr[counters[i].attr])) {
			TH_LOG("%s", counters[i].name);
		}
	}
	EXPECT_EQ(2, nla_get_u64(attr[MATENET_A_STATS_REPLIES]));
	EXPECT_EQ(2, nla_get_u64(attr[MATENET_A_STATS_TIMEOUTS]));
	EXPECT_EQ(1, nla_get_u64(attr[MATENET_A_STATS_RETRIES]));
	EXPECT_EQ(4 * 8, nla_get_u64(attr[MATENET_A_STATS_TX_BYTES]));
}

TEST_F(genl, comings_and_goings)
{
	static const int want[] = {
		MATENET_NL_CMD_CHANGED_NTF, MATENET_NL_CMD_CHANGED_NTF,
		MATENET_NL_CMD_DETACHED_NTF, MATENET_NL_CMD_ATTACHED_NTF,
		MATENET_NL_CMD_DETACHED_NTF,
	};
	struct nl_sock *sock = join(MATENET_MCGRP_EVENTS);
	struct matenet_config config = testbus_config(self->fd);
	int i;

	ASSERT_NE(NULL, sock);
	config.gap_us = 12345;
	EXPECT_EQ(0, testbus_set_config(self->fd, config));
	EXPECT_EQ(0, set(MATENET_A_GAP_US, 23456));
	EXPECT_EQ(-EINVAL, set(MATENET_A_GAP_US, 0));
	testbus_detach(self->tty);
	self->tty = testbus_attach_plain(TESTBUS_TTY);
	testbus_detach(self->tty);
	self->tty = -1;

	listen_for(sock, &self->in, 5, WAIT_MS);
	ASSERT_EQ(5, self->in.n);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(want[i], self->in.message[i].cmd);
		EXPECT_EQ(0, u32_of(&self->in.message[i], MATENET_A_BUS));
		EXPECT_STREQ("ttyW0", nla_get_string(self->in.message[i].attr[MATENET_A_TTY]));
		EXPECT_EQ(NULL, self->in.message[i].attr[MATENET_A_LOST]);
	}
	EXPECT_EQ(12345, u32_of(&self->in.message[0], MATENET_A_GAP_US));
	EXPECT_EQ(23456, u32_of(&self->in.message[1], MATENET_A_GAP_US));
	EXPECT_EQ(20000, u32_of(&self->in.message[3], MATENET_A_GAP_US));
	listen_for(sock, &self->in, 1, QUIET_MS);
	EXPECT_EQ(0, self->in.n);
	nl_socket_free(sock);
}

TEST_F(genl, errors)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0x1234, 0);
	struct nl_sock *sock = join(MATENET_MCGRP_EVENTS);
	struct message *m = self->in.message;

	ASSERT_NE(NULL, sock);
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	x.retries = 1;
	EXPECT_EQ(0, testbus_xfer(self->fd, &x));
	listen_for(sock, &self->in, 2, WAIT_MS);
	ASSERT_EQ(2, self->in.n);
	for (; m < self->in.message + 2; m++) {
		EXPECT_EQ(MATENET_NL_CMD_ERROR_NTF, m->cmd);
		EXPECT_EQ(x.sequence, u32_of(m, MATENET_A_SEQUENCE));
		EXPECT_EQ(MATENET_ST_TX_DONE | MATENET_ST_TIMEOUT, u32_of(m, MATENET_A_STATUS));
		EXPECT_EQ(m - self->in.message + 1, u32_of(m, MATENET_A_ATTEMPTS));
		ASSERT_NE(NULL, m->attr[MATENET_A_COMMAND]);
		ASSERT_EQ(6, nla_len(m->attr[MATENET_A_COMMAND]));
		EXPECT_EQ(0, memcmp(x.tx, nla_data(m->attr[MATENET_A_COMMAND]), 6));
		EXPECT_EQ(NULL, m->attr[MATENET_A_DATA]);
	}
	nl_socket_free(sock);
}

/* Ten a second are told, and how many were not. */
TEST_F(genl, errors_are_limited)
{
	struct matenet_xfer x = testbus_request(NOBODY_THERE, MATENET_CMD_READ, 0, 0);
	struct nl_sock *sock = join(MATENET_MCGRP_EVENTS);
	struct matenet_config config = testbus_config(self->fd);
	int64_t began;
	int i;

	ASSERT_NE(NULL, sock);
	config.late_us = 0;
	EXPECT_EQ(0, testbus_set_config(self->fd, config));
	x.timeout_us = 1000;
	began = now_us();
	for (i = 0; i < 30; i++)
		EXPECT_EQ(0, testbus_xfer(self->fd, &x));
	if (now_us() - began > 900000)
		SKIP(return, "30 attempts took more than a second");
	listen_for(sock, &self->in, 12, QUIET_MS);
	EXPECT_EQ(1 + 10, self->in.n);
	sleep_us(1100000);
	EXPECT_EQ(0, testbus_xfer(self->fd, &x));
	listen_for(sock, &self->in, 1, WAIT_MS);
	ASSERT_EQ(1, self->in.n);
	EXPECT_EQ(20, u32_of(self->in.message, MATENET_A_LOST));
	nl_socket_free(sock);
}

/* Events told and those said to be lost, until no more come. */
static int count_events(struct nl_sock *sock, struct inbox *inbox, int *lost)
{
	int i, told = 0;

	*lost = 0;
	do {
		listen_for(sock, inbox, MAX_MESSAGES, QUIET_MS);
		for (i = 0; i < inbox->n; i++)
			if (inbox->message[i].attr[MATENET_A_LOST])
				*lost += u32_of(&inbox->message[i], MATENET_A_LOST);
		told += inbox->n;
	} while (inbox->n);
	return told;
}

/* As often as that, at a stroke; 0, or a negative error. */
static int change_settings(int fd, int times)
{
	struct sched_param now = { .sched_priority = 1 }, later = { 0 };
	struct matenet_config config = testbus_config(fd);
	int i, ret = 0;

	if (sched_setscheduler(0, SCHED_FIFO, &now))
		return -errno;
	for (i = 0; i < times && !ret; i++) {
		config.late_us ^= 1;
		ret = testbus_set_config(fd, config);
	}
	return sched_setscheduler(0, SCHED_OTHER, &later) ? -errno : ret;
}

/*
 * Who changes settings leaves nobody time to tell of it: what is too much is counted.
 * In uml there is no time, either, but for somebody who has been about to tell.
 */
TEST_F(genl, more_than_can_wait)
{
	struct nl_sock *sock = join(MATENET_MCGRP_EVENTS);
	int told, lost = 0, tries, changes = 300;

	ASSERT_NE(NULL, sock);
	for (tries = 0; tries < 5 && !lost; tries++) {
		ASSERT_EQ(0, change_settings(self->fd, changes));
		sleep_us(100000);
		/* It is the next one that tells how many were lost. */
		EXPECT_EQ(0, testbus_set_config(self->fd, testbus_config(self->fd)));
		told = count_events(sock, &self->in, &lost);
		EXPECT_EQ(changes + 1, told + lost);
	}
	if (testbus_profile() == PROFILE_UML)
		EXPECT_LT(0, lost);
	nl_socket_free(sock);
}

/* Every frame as a descriptor in monitor mode gets it. */
TEST_F(genl, frames)
{
	struct matenet_mode mode = { .mode = MATENET_MODE_MONITOR };
	struct nl_sock *sock = join(MATENET_MCGRP_MONITOR);
	int i, monitor = testbus_open(O_RDONLY | O_NONBLOCK);
	struct matenet_record r;
	struct message *m;

	ASSERT_NE(NULL, sock);
	ASSERT_EQ(0, ioctl(monitor, MATENET_IOC_S_MODE, &mode));
	for (i = 0; i < 20; i++)
		EXPECT_TRUE(testbus_read_right(self->fd, 1 + i % 10, i));
	listen_for(sock, &self->in, 40, WAIT_MS);
	ASSERT_EQ(40, self->in.n);
	for (i = 0; i < 40; i++) {
		m = &self->in.message[i];
		ASSERT_EQ(sizeof(r), read(monitor, &r, sizeof(r)));
		EXPECT_EQ(MATENET_NL_CMD_FRAME_NTF, m->cmd);
		EXPECT_EQ(r.frame.sequence, u32_of(m, MATENET_A_SEQUENCE));
		EXPECT_EQ(r.frame.flags, u32_of(m, MATENET_A_FRAME_FLAGS));
		EXPECT_EQ(i % 2 ? 0 : MATENET_FRAME_TX, r.frame.flags);
		EXPECT_EQ(r.frame.status, u32_of(m, MATENET_A_STATUS));
		EXPECT_EQ(r.frame.mark, nla_get_u64(m->attr[MATENET_A_MARK]));
		EXPECT_EQ(r.ts, nla_get_u64(m->attr[MATENET_A_TS]));
		ASSERT_EQ(r.frame.len, nla_len(m->attr[MATENET_A_DATA]));
		EXPECT_EQ(0, memcmp(r.frame.data, nla_data(m->attr[MATENET_A_DATA]), r.frame.len));
		EXPECT_EQ(NULL, m->attr[MATENET_A_LOST]);
	}
	nl_socket_free(sock);
	/* Nobody listens: what comes now is for nobody. */
	close(monitor);
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	sock = join(MATENET_MCGRP_MONITOR);
	listen_for(sock, &self->in, 1, QUIET_MS);
	EXPECT_EQ(0, self->in.n);
	nl_socket_free(sock);
}

static pid_t forever(void (*what)(struct inbox *inbox))
{
	static struct inbox inbox;
	pid_t pid = fork();

	while (!pid) {
		what(&inbox);
		sleep_us(rand() % 3000);	/* in UML only sleep makes time pass */
	}
	return pid;
}

static void ask_all(struct inbox *inbox)
{
	dump(MATENET_NL_CMD_BUS_GET, inbox);
	dump(MATENET_NL_CMD_STATS_GET, inbox);
	get(MATENET_NL_CMD_STATS_GET, 0, inbox);
	set(MATENET_A_PARITY, rand() % 3);
}

static void join_and_leave(struct inbox *inbox)
{
	struct nl_sock *events = join(MATENET_MCGRP_EVENTS);
	struct nl_sock *monitor = join(MATENET_MCGRP_MONITOR);

	listen_for(monitor, inbox, rand() % 8, 50);
	nl_socket_free(events);
	nl_socket_free(monitor);
}

static void traffic(struct inbox *inbox)
{
	struct matenet_xfer x = testbus_request(rand() % 12, MATENET_CMD_READ, 0, 0);
	int fd = open(TESTBUS_NODE, O_RDONLY);

	(void)inbox;
	x.timeout_us = 10000;
	if (fd < 0)
		sleep_us(1000);
	else
		while (!testbus_xfer(fd, &x))
			;
	close(fd);
}

/* A bus that goes under those who ask, listen and talk. */
TEST_F_TIMEOUT(genl, storm, 200)
{
	pid_t pid[4] = { forever(ask_all), forever(ask_all), forever(join_and_leave),
			 forever(traffic) };
	int i;

	for (i = 0; i < 40; i++) {
		sleep_us(rand() % 60000);
		testbus_detach(self->tty);
		self->tty = testbus_attach(TESTBUS_TTY);
		ASSERT_LE(0, self->tty);
	}
	for (i = 0; i < 4; i++)
		testbus_end(pid[i], SIGKILL);
	close(self->fd);
	self->fd = testbus_open(O_RDONLY);
	EXPECT_EQ(0, set(MATENET_A_PARITY, MATENET_PARITY_AUTO));
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
}

TEST_HARNESS_MAIN
