// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The netlink family with nothing but sockets: what it tells is what ioctl, read() and
 * sysfs tell.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/matenet_netlink.h>

#include "kselftest_harness.h"
#include "testbus.h"

#define HEADERS	(NLMSG_HDRLEN + GENL_HDRLEN)

/* A message of a generic netlink family. */
struct message {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	char attributes[4096 - HEADERS];
} __attribute__((aligned(8)));

static const void *data_of(const struct nlattr *a)
{
	return (const char *)a + NLA_HDRLEN;
}

/* The attribute of that type among @len bytes of them, or NULL. */
static const struct nlattr *find(const void *from, int len, int type)
{
	const struct nlattr *a = from;

	for (; len >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN && a->nla_len <= len;
	     len -= NLA_ALIGN(a->nla_len),
	     a = (const struct nlattr *)((const char *)a + NLA_ALIGN(a->nla_len)))
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

static const struct nlattr *attribute(const struct message *m, int type)
{
	return find(m->attributes, (int)m->nl.nlmsg_len - HEADERS, type);
}

static const struct nlattr *nested(const struct nlattr *in, int type)
{
	return in ? find(data_of(in), in->nla_len - NLA_HDRLEN, type) : NULL;
}

static uint32_t u32_of(const struct nlattr *a)
{
	uint32_t value = ~0U;

	if (a && a->nla_len == NLA_HDRLEN + 4)
		memcpy(&value, data_of(a), 4);
	return value;
}

static uint64_t u64_of(const struct nlattr *a)
{
	uint64_t value = ~0ULL;

	if (a && a->nla_len == NLA_HDRLEN + 8)
		memcpy(&value, data_of(a), 8);
	return value;
}

static void add(struct message *m, int type, const void *data, int len)
{
	struct nlattr *a = (struct nlattr *)((char *)m + m->nl.nlmsg_len);

	a->nla_type = type;
	a->nla_len = NLA_HDRLEN + len;
	memcpy((char *)a + NLA_HDRLEN, data, len);
	m->nl.nlmsg_len += NLA_ALIGN(a->nla_len);
}

/* The next message, or -errno if that is what it tells; -ETIME if none comes. */
static int next(int fd, struct message *m)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int error;

	if (poll(&p, 1, 3000) <= 0)
		return -ETIME;
	if (recv(fd, m, sizeof(*m), 0) < (ssize_t)NLMSG_HDRLEN)
		return -errno;
	if (m->nl.nlmsg_type != NLMSG_ERROR)
		return 0;
	memcpy(&error, NLMSG_DATA(&m->nl), sizeof(error));
	return error ? error : 1;
}

static int ask(int fd, struct message *m, int family, int cmd, int flags)
{
	m->nl.nlmsg_type = family;
	m->nl.nlmsg_flags = NLM_F_REQUEST | flags;
	m->genl.cmd = cmd;
	m->genl.version = MATENET_FAMILY_VERSION;
	return send(fd, m, m->nl.nlmsg_len, 0) < 0 ? -errno : next(fd, m);
}

static struct message *begin(struct message *m)
{
	memset(m, 0, sizeof(*m));
	m->nl.nlmsg_len = HEADERS;
	return m;
}

FIXTURE(netlink) {
	pid_t sim;
	int tty;
	int fd;
	int nl;
	int family;
	int group;	/* monitor */
	struct message m;
};

/* The number of the group of that name, among those of the family. */
static int group_of(const struct message *m, const char *name)
{
	const struct nlattr *groups = attribute(m, CTRL_ATTR_MCAST_GROUPS), *group, *is;
	int i;

	for (i = 1; (group = nested(groups, i)); i++) {
		is = nested(group, CTRL_ATTR_MCAST_GRP_NAME);
		if (is && !strcmp(data_of(is), name))
			return u32_of(nested(group, CTRL_ATTR_MCAST_GRP_ID));
	}
	return -1;
}

FIXTURE_SETUP(netlink)
{
	const struct nlattr *id;

	testbus_modules();
	self->sim = testbus_sim(TESTBUS_SIM_TTY, "--pattern", "--turnaround-us", "1000", NULL);
	self->tty = testbus_attach(TESTBUS_TTY);
	ASSERT_LE(0, self->tty);
	self->fd = testbus_open(O_RDWR);
	self->nl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	ASSERT_LE(0, self->nl);

	add(begin(&self->m), CTRL_ATTR_FAMILY_NAME, MATENET_FAMILY_NAME,
	    sizeof(MATENET_FAMILY_NAME));
	ASSERT_EQ(0, ask(self->nl, &self->m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0));
	id = attribute(&self->m, CTRL_ATTR_FAMILY_ID);
	ASSERT_NE(NULL, id);
	self->family = *(const uint16_t *)data_of(id);
	self->group = group_of(&self->m, MATENET_MCGRP_MONITOR);
	ASSERT_LT(0, self->group);
}

FIXTURE_TEARDOWN(netlink)
{
	close(self->nl);
	close(self->fd);
	testbus_detach(self->tty);
	testbus_end(self->sim, SIGTERM);
}

static int bus_request(FIXTURE_DATA(netlink) *self, int cmd, uint32_t bus, int type, uint32_t value)
{
	add(begin(&self->m), MATENET_A_BUS, &bus, sizeof(bus));
	if (type)
		add(&self->m, type, &value, sizeof(value));
	return ask(self->nl, &self->m, self->family, cmd, type ? NLM_F_ACK : 0);
}

/* This suite is for 32-bit programs on a 64-bit kernel. */
TEST_F(netlink, is_of_32_bits)
{
	struct utsname name;

	ASSERT_EQ(0, uname(&name));
	EXPECT_STREQ("x86_64", name.machine);
	EXPECT_EQ(4, sizeof(void *));
	EXPECT_EQ(4, sizeof(long));
}

TEST_F(netlink, bus_get)
{
	struct matenet_config config = testbus_config(self->fd);
	struct matenet_caps caps;
	const struct nlattr *tty;

	ASSERT_EQ(0, ioctl(self->fd, MATENET_IOC_G_CAPS, &caps));
	ASSERT_EQ(0, bus_request(self, MATENET_NL_CMD_BUS_GET, 0, 0, 0));
	EXPECT_EQ(MATENET_NL_CMD_BUS_GET, self->m.genl.cmd);
	EXPECT_EQ(0, u32_of(attribute(&self->m, MATENET_A_BUS)));
	tty = attribute(&self->m, MATENET_A_TTY);
	ASSERT_NE(NULL, tty);
	EXPECT_STREQ(caps.tty, (const char *)data_of(tty));
	EXPECT_EQ(caps.capabilities, u32_of(attribute(&self->m, MATENET_A_CAPABILITIES)));
	EXPECT_EQ(config.role, u32_of(attribute(&self->m, MATENET_A_ROLE)));
	EXPECT_EQ(config.baud, u32_of(attribute(&self->m, MATENET_A_BAUD)));
	EXPECT_EQ(config.late_us, u32_of(attribute(&self->m, MATENET_A_LATE_US)));
	EXPECT_EQ(-ENODEV, bus_request(self, MATENET_NL_CMD_BUS_GET, 1, 0, 0));
}

TEST_F(netlink, bus_set)
{
	EXPECT_EQ(1, bus_request(self, MATENET_NL_CMD_BUS_SET, 0, MATENET_A_GAP_US, 34567));
	EXPECT_EQ(34567, testbus_config(self->fd).gap_us);
	EXPECT_EQ(-EINVAL, bus_request(self, MATENET_NL_CMD_BUS_SET, 0, MATENET_A_GAP_US, 999));
	EXPECT_EQ(34567, testbus_config(self->fd).gap_us);
}

TEST_F(netlink, stats_get)
{
	const struct nlattr *stats;

	EXPECT_TRUE(testbus_read_right(self->fd, 1, 1));
	EXPECT_TRUE(testbus_status_right(self->fd, 1, 1));
	ASSERT_EQ(0, bus_request(self, MATENET_NL_CMD_STATS_GET, 0, 0, 0));
	stats = attribute(&self->m, MATENET_A_STATS);
	EXPECT_EQ(2, u64_of(nested(stats, MATENET_A_STATS_REPLIES)));
	EXPECT_EQ(16, u64_of(nested(stats, MATENET_A_STATS_TX_BYTES)));
	EXPECT_EQ(testbus_counter("rx_bytes"), u64_of(nested(stats, MATENET_A_STATS_RX_BYTES)));
	EXPECT_EQ(testbus_counter("tx_gap_max_ns"),
		  u64_of(nested(stats, MATENET_A_STATS_TX_GAP_MAX_NS)));
	EXPECT_NE(0, u64_of(nested(stats, MATENET_A_STATS_TX_GAP_MAX_NS)));
}

/* Frame by frame the same as a file in mode monitor reads. */
TEST_F(netlink, frames)
{
	struct matenet_mode mode = { .mode = MATENET_MODE_MONITOR };
	int monitor = testbus_open(O_RDONLY), i;
	const struct nlattr *data;
	struct matenet_record r;

	ASSERT_EQ(0, ioctl(monitor, MATENET_IOC_S_MODE, &mode));
	ASSERT_EQ(0, setsockopt(self->nl, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &self->group,
				sizeof(self->group)));
	EXPECT_TRUE(testbus_read_right(self->fd, 1, 0x1234));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(sizeof(r), read(monitor, &r, sizeof(r)));
		ASSERT_EQ(MATENET_REC_FRAME, r.type);
		ASSERT_EQ(0, next(self->nl, &self->m));
		EXPECT_EQ(MATENET_NL_CMD_FRAME_NTF, self->m.genl.cmd);
		EXPECT_EQ(r.ts, u64_of(attribute(&self->m, MATENET_A_TS)));
		EXPECT_EQ(r.frame.mark, u64_of(attribute(&self->m, MATENET_A_MARK)));
		EXPECT_EQ(r.frame.sequence, u32_of(attribute(&self->m, MATENET_A_SEQUENCE)));
		EXPECT_EQ(r.frame.flags, u32_of(attribute(&self->m, MATENET_A_FRAME_FLAGS)));
		EXPECT_EQ(r.frame.status, u32_of(attribute(&self->m, MATENET_A_STATUS)));
		data = attribute(&self->m, MATENET_A_DATA);
		ASSERT_NE(NULL, data);
		ASSERT_EQ(NLA_HDRLEN + r.frame.len, data->nla_len);
		EXPECT_EQ(0, memcmp(r.frame.data, data_of(data), r.frame.len));
	}
	close(monitor);
}

TEST_HARNESS_MAIN
