// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the driver tells by netlink: counters, frames and other events. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include <linux/matenet_netlink.h>

#include "internal.h"

/* Room for a second of frames from several buses, if the system allows it. */
#define EVENTS_ROOM	(4 << 20)

struct mate_events {
	struct nl_sock *sock;
	struct mate_event *event;	/* to be filled by the message that comes */
};

static int nl_error(int err)
{
	switch (-err) {
	case NLE_OBJ_NOTFOUND:	/* the family: no driver, so no bus */
		return mate_errno_error(ENOENT);
	case NLE_PERM:
		return mate_errno_error(EPERM);
	case NLE_NODEV:
		return mate_errno_error(ENODEV);
	case NLE_NOMEM:
		return mate_errno_error(ENOMEM);
	default:
		return mate_errno_error(EPROTO);
	}
}

static struct nl_sock *nl_open(int *family, int *err)
{
	struct nl_sock *sock = nl_socket_alloc();

	*err = -NLE_NOMEM;
	if (!sock)
		return NULL;
	*err = genl_connect(sock);
	if (!*err)
		*err = *family = genl_ctrl_resolve(sock, MATENET_FAMILY_NAME);
	if (*err >= 0)
		return sock;
	nl_socket_free(sock);
	return NULL;
}

/* Numbers that are read below; what is too short for one makes no sense. */
static struct nla_policy policy[MATENET_A_MAX + 1] = {
	[MATENET_A_BUS] = { .type = NLA_U32 },
	[MATENET_A_LOST] = { .type = NLA_U32 },
	[MATENET_A_TS] = { .type = NLA_U64 },
	[MATENET_A_SEQUENCE] = { .type = NLA_U32 },
	[MATENET_A_STATUS] = { .type = NLA_U32 },
	[MATENET_A_ATTEMPTS] = { .type = NLA_U32 },
	[MATENET_A_FRAME_FLAGS] = { .type = NLA_U32 },
	[MATENET_A_MARK] = { .type = NLA_U64 },
	[MATENET_A_TTY] = { .type = NLA_STRING },
};

/* ---- counters -------------------------------------------------------------- */

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

#define N_COUNTERS (sizeof(counters) / sizeof(counters[0]))

struct stats_request {
	struct mate_counter *list;
	size_t max;
	int n;			/* counters there are, -1 before the answer */
};

static int take_stats(struct nl_msg *msg, void *arg)
{
	struct nlattr *attr[MATENET_A_MAX + 1], *value[MATENET_A_STATS_MAX + 1];
	struct stats_request *request = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, attr, MATENET_A_MAX, NULL) ||
	    !attr[MATENET_A_STATS] ||
	    nla_parse_nested(value, MATENET_A_STATS_MAX, attr[MATENET_A_STATS], NULL))
		return NL_SKIP;
	request->n = 0;
	for (size_t i = 0; i < N_COUNTERS; i++) {
		if (!value[counters[i].attr])
			continue;
		if ((size_t)request->n < request->max) {
			request->list[request->n].name = counters[i].name;
			request->list[request->n].value = nla_get_u64(value[counters[i].attr]);
		}
		request->n++;
	}
	return NL_OK;
}

static int ask_stats(struct nl_sock *sock, int family, uint32_t bus,
		     struct stats_request *request)
{
	struct nl_msg *msg = nlmsg_alloc();
	int ret = -NLE_NOMEM;

	if (msg && genlmsg_put(msg, 0, 0, family, 0, 0, MATENET_NL_CMD_STATS_GET,
			       MATENET_FAMILY_VERSION))
		ret = nla_put_u32(msg, MATENET_A_BUS, bus);
	if (!ret)
		ret = nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, take_stats, request);
	if (ret) {
		nlmsg_free(msg);
		return ret;
	}
	ret = nl_send_sync(sock, msg);	/* frees it */
	return ret;
}

int mate_stats(struct mate_bus *bus, struct mate_counter *list, size_t max)
{
	struct stats_request request = { .list = list, .max = max, .n = -1 };
	struct matenet_caps caps;
	struct nl_sock *sock;
	int ret, family = 0;

	ret = mate_caps(bus, &caps);
	if (ret)
		return ret;
	sock = nl_open(&family, &ret);
	if (!sock)
		return nl_error(ret);
	ret = ask_stats(sock, family, caps.bus, &request);
	nl_socket_free(sock);
	if (ret < 0)
		return nl_error(ret);
	return request.n < 0 ? mate_errno_error(EPROTO) : request.n;
}

/* ---- events ---------------------------------------------------------------- */

static uint32_t get_u32(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static uint64_t get_u64(struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

static uint8_t get_bytes(struct nlattr *attr, uint8_t *to, size_t size)
{
	return attr ? (uint8_t)nla_memcpy(to, attr, (int)size) : 0;
}

static int take_event(struct nl_msg *msg, void *arg)
{
	static const uint8_t types[MATENET_NL_CMD_MAX + 1] = {
		[MATENET_NL_CMD_ATTACHED_NTF] = MATE_EVENT_ATTACHED,
		[MATENET_NL_CMD_CHANGED_NTF] = MATE_EVENT_CHANGED,
		[MATENET_NL_CMD_DETACHED_NTF] = MATE_EVENT_DETACHED,
		[MATENET_NL_CMD_ERROR_NTF] = MATE_EVENT_ERROR,
		[MATENET_NL_CMD_FRAME_NTF] = MATE_EVENT_FRAME,
	};
	struct genlmsghdr *header = nlmsg_data(nlmsg_hdr(msg));
	struct mate_event *event = ((struct mate_events *)arg)->event;
	struct nlattr *attr[MATENET_A_MAX + 1];

	/* Later drivers may tell more. */
	if (!genlmsg_valid_hdr(nlmsg_hdr(msg), 0) ||
	    header->cmd > MATENET_NL_CMD_MAX || !types[header->cmd] ||
	    genlmsg_parse(nlmsg_hdr(msg), 0, attr, MATENET_A_MAX, policy))
		return NL_SKIP;
	memset(event, 0, sizeof(*event));
	event->type = types[header->cmd];
	event->bus = get_u32(attr[MATENET_A_BUS]);
	event->lost = get_u32(attr[MATENET_A_LOST]);
	event->ts = get_u64(attr[MATENET_A_TS]);
	event->sequence = get_u32(attr[MATENET_A_SEQUENCE]);
	event->status = get_u32(attr[MATENET_A_STATUS]);
	event->attempts = get_u32(attr[MATENET_A_ATTEMPTS]);
	event->sent = !!(get_u32(attr[MATENET_A_FRAME_FLAGS]) & MATENET_FRAME_TX);
	event->joined = !!(get_u32(attr[MATENET_A_FRAME_FLAGS]) & MATENET_FRAME_JOINED);
	event->mark = get_u64(attr[MATENET_A_MARK]);
	event->len = get_bytes(attr[MATENET_A_DATA], event->data, sizeof(event->data));
	event->command_len = get_bytes(attr[MATENET_A_COMMAND], event->command,
				       sizeof(event->command));
	if (attr[MATENET_A_TTY])
		nla_strlcpy(event->tty, attr[MATENET_A_TTY], sizeof(event->tty));
	return NL_OK;
}

static int join(struct nl_sock *sock, const char *group)
{
	int id = genl_ctrl_resolve_grp(sock, MATENET_FAMILY_NAME, group);

	return id < 0 ? id : nl_socket_add_membership(sock, id);
}

static void make_room(struct nl_sock *sock)
{
	int room = EVENTS_ROOM;

	if (setsockopt(nl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		nl_socket_set_buffer_size(sock, room, 0);
}

int mate_events_open(struct mate_events **out, unsigned int flags)
{
	struct mate_events *events;
	int ret, family;

	mate_detail_clear();
	if (!out || flags & ~MATE_EVENTS_FRAMES)
		return MATE_E_INVALID;
	events = calloc(1, sizeof(*events));
	if (!events)
		return MATE_E_MEMORY;
	events->sock = nl_open(&family, &ret);
	if (!events->sock) {
		free(events);
		return nl_error(ret);
	}
	make_room(events->sock);
	nl_socket_disable_seq_check(events->sock);
	nl_socket_modify_cb(events->sock, NL_CB_VALID, NL_CB_CUSTOM, take_event, events);
	ret = join(events->sock, MATENET_MCGRP_EVENTS);
	if (!ret && flags & MATE_EVENTS_FRAMES)
		ret = join(events->sock, MATENET_MCGRP_MONITOR);
	if (!ret)
		ret = nl_socket_set_nonblocking(events->sock);
	if (ret) {
		mate_events_close(events);
		return nl_error(ret);
	}
	*out = events;
	return 0;
}

void mate_events_close(struct mate_events *events)
{
	if (!events)
		return;
	nl_socket_free(events->sock);
	free(events);
}

int mate_events_fd(const struct mate_events *events)
{
	return nl_socket_get_fd(events->sock);
}

int mate_events_read(struct mate_events *events, struct mate_event *event)
{
	int ret;

	mate_detail_clear();
	events->event = event;
	do {
		event->type = 0;
		ret = nl_recvmsgs_default(events->sock);
	} while (!ret && !event->type);
	if (!ret)
		return 1;
	if (ret == -NLE_AGAIN)
		return 0;
	if (ret != -NLE_NOMEM)
		return nl_error(ret);
	/* ENOBUFS, as libnl says it: this program was too slow. */
	memset(event, 0, sizeof(*event));
	event->type = MATE_EVENT_OVERRUN;
	return 1;
}
