// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the library reads from netlink messages: whatever the bytes are, an event has no
 * more than its struct has room for.
 * Input: one byte says which of the two, the rest is the message behind its header.
 */
#include "check.h"

/* The functions that take the messages are nobody else's. */
#include "userspace/lib/events.c"

static struct nl_msg *message(const uint8_t *data, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(NLMSG_HDRLEN + size + 64);
	struct nlmsghdr *header = nlmsg_put(msg, 0, 0, 20, (int)size, 0);

	check(header);
	memcpy(nlmsg_data(header), data, size);
	return msg;
}

static void one_event(struct nl_msg *msg)
{
	struct mate_event event = { 0 };
	struct mate_events events = { .event = &event };
	int ret = take_event(msg, &events);

	check(ret == NL_OK || ret == NL_SKIP);
	if (ret == NL_SKIP) {
		check(!event.type);
		return;
	}
	check(event.type >= MATE_EVENT_ATTACHED && event.type <= MATE_EVENT_FRAME);
	check(event.len <= sizeof(event.data) && event.command_len <= sizeof(event.command));
	check(memchr(event.tty, 0, sizeof(event.tty)));
}

static void some_counters(struct nl_msg *msg)
{
	struct mate_counter list[N_COUNTERS];
	struct stats_request request = { .list = list, .max = N_COUNTERS / 2, .n = -1 };

	if (take_stats(msg, &request) == NL_OK)
		check(request.n >= 0 && request.n <= (int)N_COUNTERS);
	else
		check(request.n == -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nl_msg *msg;
	uint8_t *exact;

	if (!size || size > 2000)
		return 0;
	msg = message(data + 1, size - 1);
	/* libnl rounds up; where the message ends exactly only the heap knows. */
	exact = malloc(nlmsg_hdr(msg)->nlmsg_len);
	check(exact);
	memcpy(exact, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
	nlmsg_free(msg);
	msg = nlmsg_convert((struct nlmsghdr *)exact);
	if (data[0] & 1)
		one_event(msg);
	else
		some_counters(msg);
	nlmsg_free(msg);
	free(exact);
	return 0;
}
