// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words of matetool's command line: counts, times, settings of a bus.  Each is refused
 * with a message, or is in its range.
 * Input: which of them (1 byte), text.
 */
#include <limits.h>

#include "text.h"

/* What reads settings is nobody else's. */
#include "userspace/matetool/settings.c"

static void a_count(const char *text)
{
	unsigned int n = UINT_MAX;
	int ret = parse_count("--count", text, 3, 77, &n);

	check(ret ? ret == EXIT_USAGE && n == UINT_MAX : n >= 3 && n <= 77);
}

static void a_period(const char *text)
{
	unsigned int ms = 0, again = 0;
	char as_ms[32];

	if (parse_period("--period", text, &ms)) {
		check(!ms);
		return;
	}
	check(ms >= 1 && ms <= INT_MAX);
	snprintf(as_ms, sizeof(as_ms), "%ums", ms);
	check(!parse_period("--period", as_ms, &again) && again == ms);
}

static void a_setting(const char *text)
{
	struct wish wish = { 0 }, again = { 0 };
	struct matenet_config config = { 0 };
	char value[64], whole[128];

	if (parse_wish(text, &wish))
		return;
	set_setting(&config, wish.setting, wish.value);
	check(get_setting(&config, wish.setting) == wish.value);
	format_setting(wish.setting, wish.value, value, sizeof(value));
	value[strcspn(value, " ")] = '\0';	/* the unit */
	snprintf(whole, sizeof(whole), "%s=%s", wish.setting->name, value);
	check(!parse_wish(whole, &again));
	check(again.setting == wish.setting && again.value == wish.value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	void (*const kinds[])(const char *text) = { a_count, a_period, a_setting };
	char *text;

	if (!size)
		return 0;
	text = text_of(data + 1, size - 1);
	kinds[data[0] % 3](text);
	free(text);
	return 0;
}
