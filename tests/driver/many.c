// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As many buses as there can be, and one more; and all of them told by netlink, to
 * whoever reads in pieces of whatever size: where one message is cut, none is lost.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/matenet_netlink.h>

#include "kselftest_harness.h"
#include "testbus.h"
#include "wirelib.h"

#define BUSES		64
#define PAIRS		32	/* of four ports each, with listeners */
#define PIECE		4096	/* of a reader, at least: the kernel takes no less */
#define STEP		4	/* netlink aligns to it */

FIXTURE(many) {
	int tty[BUSES];
	int family;
};

static int attach_nth(int n)
{
	char tty[32];

	snprintf(tty, sizeof(tty), "/dev/ttyW%d", n);
	return testbus_attach_plain(tty);
}

static int find_family(void)
{
	struct nl_sock *sock = nl_socket_alloc();
	int family = sock && !genl_connect(sock) ?
		     genl_ctrl_resolve(sock, MATENET_FAMILY_NAME) : -1;

	nl_socket_free(sock);
	return family;
}

FIXTURE_SETUP(many)
{
	int i;

	ASSERT_EQ(0, wire_load_listeners(PAIRS));
	testbus_modules();
	self->family = find_family();
	ASSERT_LE(0, self->family);
	for (i = 0; i < BUSES; i++) {
		self->tty[i] = attach_nth(i);
		ASSERT_LE(0, self->tty[i]);
	}
}

FIXTURE_TEARDOWN(many)
{
	int i;

	for (i = 0; i < BUSES; i++)
		testbus_detach(self->tty[i]);
	EXPECT_EQ(0, testbus_rmmod("n_matenet"));
	EXPECT_EQ(0, wire_unload());
}

TEST_F(many, not_one_more)
{
	EXPECT_EQ(-ENOSPC, attach_nth(BUSES));
	EXPECT_NE(0, access("/dev/matenet64", F_OK));
	/* The tty is as it was, and a number that is free again is taken. */
	testbus_detach(self->tty[17]);
	EXPECT_NE(0, access("/dev/matenet17", F_OK));
	self->tty[17] = attach_nth(BUSES);
	EXPECT_LE(0, self->tty[17]);
	EXPECT_EQ(0, access("/dev/matenet17", F_OK));
}

/* ---- netlink, without a library that reads as it likes ---- */

struct reader {
	int fd;
	int family;
	size_t piece;	/* read at a time */
	char data[16384];
	ssize_t n;
};

static bool reader_ask(struct reader *r, int cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();
	bool sent;

	genlmsg_put(msg, 0, 1, r->family, 0, NLM_F_REQUEST | flags, cmd, MATENET_FAMILY_VERSION);
	if (!(flags & NLM_F_DUMP))
		nla_put_u32(msg, MATENET_A_BUS, 0);
	sent = send(r->fd, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len, 0) > 0;
	nlmsg_free(msg);
	return sent;
}

static bool reader_next(struct reader *r)
{
	struct iovec iov = { r->data, r->piece };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	r->n = recvmsg(r->fd, &msg, 0);
	return r->n > 0 && !(msg.msg_flags & MSG_TRUNC);
}

/* Length of the message on one bus; 0 if none comes. */
static uint32_t length_of_one(struct reader *r, int cmd)
{
	struct nlmsghdr *h = (struct nlmsghdr *)r->data;

	return reader_ask(r, cmd, 0) && reader_next(r) && h->nlmsg_type == r->family ?
	       h->nlmsg_len : 0;
}

/* Of the bus it should be, and to the last attribute. */
static bool is_whole(struct nlmsghdr *h, int cmd, uint32_t bus)
{
	struct nlattr *attr[MATENET_A_MAX + 1], *counter[MATENET_A_STATS_MAX + 1];

	if (genlmsg_parse(h, 0, attr, MATENET_A_MAX, NULL) ||
	    !attr[MATENET_A_BUS] || nla_get_u32(attr[MATENET_A_BUS]) != bus)
		return false;
	if (cmd == MATENET_NL_CMD_BUS_GET)
		return attr[MATENET_A_JOIN];
	return attr[MATENET_A_STATS] &&
	       !nla_parse_nested(counter, MATENET_A_STATS_MAX, attr[MATENET_A_STATS], NULL) &&
	       counter[MATENET_A_STATS_TX_GAP_MAX_NS];
}

/* How many buses are told, in their order, before the end; 0 if anything is wrong. */
static uint32_t buses_told(struct reader *r, int cmd)
{
	struct nlmsghdr *h;
	uint32_t bus = 0;
	int left;

	if (!reader_ask(r, cmd, NLM_F_DUMP))
		return 0;
	while (reader_next(r)) {
		left = r->n;
		for (h = (struct nlmsghdr *)r->data; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return bus;
			if (!is_whole(h, cmd, bus++))
				return 0;
		}
	}
	return 0;
}

/* A message more or less fits into a piece, so each place to cut one comes by. */
static void tell_in_pieces(struct __test_metadata *_metadata, int family, int cmd)
{
	struct reader r = { .family = family };
	uint32_t cut, len = 1;

	for (cut = 0; cut < len; cut += STEP) {
		r.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
		ASSERT_LE(0, r.fd);
		/* The largest that has been read is what the kernel fills from then on. */
		r.piece = PIECE + cut;
		len = length_of_one(&r, cmd);
		ASSERT_LT(0, len);
		EXPECT_EQ(BUSES, buses_told(&r, cmd)) {
			TH_LOG("command %d, %zu bytes at a time", cmd, r.piece);
		}
		close(r.fd);
	}
}

TEST_F(many, buses_in_pieces)
{
	tell_in_pieces(_metadata, self->family, MATENET_NL_CMD_BUS_GET);
}

TEST_F(many, counters_in_pieces)
{
	tell_in_pieces(_metadata, self->family, MATENET_NL_CMD_STATS_GET);
}

TEST_HARNESS_MAIN
