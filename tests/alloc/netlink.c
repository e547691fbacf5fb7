// SPDX-License-Identifier: GPL-2.0-or-later
#include <err.h>
#include <errno.h>
#include <sys/socket.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/matenet_netlink.h>

#include "alloc.h"

enum request { BUS_GET, STATS_GET, BUS_DUMP, STATS_DUMP, BUS_SET, REQUESTS };

static const struct {
	int cmd;
	int flags;
	int attr;
	uint32_t value;
} requests[] = {
	[BUS_GET] = { MATENET_NL_CMD_BUS_GET, NLM_F_ACK, 0, 0 },
	[STATS_GET] = { MATENET_NL_CMD_STATS_GET, NLM_F_ACK, 0, 0 },
	[BUS_DUMP] = { MATENET_NL_CMD_BUS_GET, NLM_F_DUMP, 0, 0 },
	[STATS_DUMP] = { MATENET_NL_CMD_STATS_GET, NLM_F_DUMP, 0, 0 },
	[BUS_SET] = { MATENET_NL_CMD_BUS_SET, NLM_F_ACK, MATENET_A_LATE_US, 99000 },
};

static struct nl_sock *sock, *listener;
static struct nl_msg *messages[REQUESTS];
static bool overrun;
static char buffer[65536];

static struct nl_sock *sock_new(void)
{
	struct nl_sock *s = nl_socket_alloc();

	if (!s || genl_connect(s) || nl_socket_set_nonblocking(s))
		errx(1, "netlink: no socket");
	return s;
}

void netlink_open(void)
{
	int i, family;

	sock = sock_new();
	family = genl_ctrl_resolve(sock, MATENET_FAMILY_NAME);
	if (family < 0)
		errx(1, "netlink: no family %s", MATENET_FAMILY_NAME);
	for (i = 0; i < REQUESTS; i++) {
		messages[i] = nlmsg_alloc();
		genlmsg_put(messages[i], 0, 0, family, 0, NLM_F_REQUEST | requests[i].flags,
			    requests[i].cmd, MATENET_FAMILY_VERSION);
		if (!(requests[i].flags & NLM_F_DUMP))
			nla_put_u32(messages[i], MATENET_A_BUS, 0);
		if (requests[i].attr)
			nla_put_u32(messages[i], requests[i].attr, requests[i].value);
		nl_complete_msg(sock, messages[i]);
	}
}

void netlink_close(void)
{
	int i;

	for (i = 0; i < REQUESTS; i++)
		nlmsg_free(messages[i]);
	nl_socket_free(sock);
}

/* What the messages of one recv() say: 1 to go on, 0 for the end, or -errno. */
static int look(ssize_t n, bool *answered)
{
	struct nlmsghdr *h = (struct nlmsghdr *)buffer;
	int left = (int)n;

	for (; nlmsg_ok(h, left); h = nlmsg_next(h, &left)) {
		if (h->nlmsg_type == NLMSG_ERROR)
			return ((struct nlmsgerr *)nlmsg_data(h))->error;
		if (h->nlmsg_type == NLMSG_DONE)
			return *(int *)nlmsg_data(h);
		*answered = true;
	}
	return 1;
}

static int ask(enum request request)
{
	struct nlmsghdr *h = nlmsg_hdr(messages[request]);
	bool answered = request == BUS_SET;
	int fd = nl_socket_get_fd(sock);
	int ret = 1;
	ssize_t n;

	if (send(fd, h, h->nlmsg_len, 0) < 0)
		return -errno;
	while (ret > 0) {
		n = recv(fd, buffer, sizeof(buffer), 0);
		ret = n < 0 ? -errno : look(n, &answered);
	}
	/* Done without an answer is not done. */
	return ret ? ret : answered ? 0 : -ENODATA;
}

/* The rest of a conversation that has failed, so that the next one is its own. */
static int ask_afresh(enum request request)
{
	int ret = ask(request), fd = nl_socket_get_fd(sock);

	if (ret)
		while (recv(fd, buffer, sizeof(buffer), 0) >= 0 || errno == ENOBUFS)
			;
	return ret;
}

int netlink_bus_get(void) { return ask_afresh(BUS_GET); }
int netlink_stats_get(void) { return ask_afresh(STATS_GET); }
int netlink_bus_dump(void) { return ask_afresh(BUS_DUMP); }
int netlink_stats_dump(void) { return ask_afresh(STATS_DUMP); }
int netlink_bus_set(void) { return ask_afresh(BUS_SET); }

void netlink_join(const char *group)
{
	int id;

	listener = sock_new();
	nl_socket_disable_seq_check(listener);
	id = genl_ctrl_resolve_grp(listener, MATENET_FAMILY_NAME, group);
	if (id < 0 || nl_socket_add_membership(listener, id))
		errx(1, "netlink: cannot join %s", group);
}

void netlink_leave(void)
{
	nl_socket_free(listener);
	listener = NULL;
}

unsigned int netlink_events(void)
{
	struct nlmsghdr *h = (struct nlmsghdr *)buffer;
	struct nlattr *lost;
	unsigned int events = 0;
	ssize_t n;

	overrun = false;
	for (;;) {
		n = recv(nl_socket_get_fd(listener), buffer, sizeof(buffer), 0);
		if (n < 0 && errno == ENOBUFS) {
			overrun = true;
			continue;
		}
		if (n < 0)
			return events;
		lost = nlmsg_find_attr(h, GENL_HDRLEN, MATENET_A_LOST);
		events += 1 + (lost ? nla_get_u32(lost) : 0);
	}
}

bool netlink_overrun(void)
{
	return overrun;
}
