// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

char *copy(const char *text)
{
	char *mine = malloc(strlen(text + 1));

	return mine ? strcpy(mine, text) : NULL;
}

int divide(int by)
{
	if (by == 0)
		return 100 / by;
	return by;
}
