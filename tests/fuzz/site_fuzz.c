// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matesim's files: a site (which matetool snapshot writes, too) and the set points that
 * are kept.  It is refused with a message, or the site answers whatever it is asked, and
 * what is kept of it is read again.
 * Input: 1 byte, odd: set points; the file.
 */
#include "text.h"

#include "recording.h"
#include "device.h"

static struct site site;
static struct bus bus;

static void begin(void)
{
	memset(&site, 0, sizeof(site));
	site.hub_ports = 10;
}

static void build(void)
{
	site_defaults(&site);
	site_build(&site, &bus, 1, 12 * 3600.0, 0);
}

/* Each page, some registers, a day of the log: an answer fits, and has a right sum. */
static void ask_all(void)
{
	static const uint8_t commands[] = { 2, 4, 22 };
	struct reply reply;

	for (unsigned int i = 0; i < BUS_PORTS * 3 * 16; i++) {
		const struct command command = {
			(uint8_t)(i / 48), commands[i / 16 % 3],
			(uint16_t)(i % 16 + (commands[i / 16 % 3] == 2 ? 0x0160 : 0)), 1,
		};

		memset(&reply, 0, sizeof(reply));
		bus_answer(&bus, &command, &reply);
		check(reply.len <= sizeof(reply.bytes));
	}
}

static void a_site(const char *path)
{
	struct matefile file;

	if (matefile_read(&file, path))
		return;
	if (!recording_devices(&file, &site)) {
		build();
		if (!recording_answers(&file, &site))
			ask_all();
	}
	matefile_free(&file);
}

static void set_points(const char *path)
{
	char kept[] = "/tmp/site_fuzz.XXXXXX";
	int fd;

	build();
	if (state_load(&site, path))
		return;
	ask_all();
	fd = mkstemp(kept);
	check(fd >= 0);
	close(fd);
	check(!state_save(&site, kept) && !state_dirty(&site));
	check(!state_load(&site, kept));
	unlink(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path;

	if (!size)
		return 0;
	path = file_of(data + 1, size - 1);
	begin();
	if (data[0] & 1)
		set_points(path);
	else
		a_site(path);
	return 0;
}
