// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

int leak(int size)
{
	char *text = malloc(size);

	if (!text || size > 100)
		return -1;
	free(text);
	return 0;
}
