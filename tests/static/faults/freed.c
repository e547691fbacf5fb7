// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>

int fault_freed(char *text)
{
	kfree(text);
	return text[0];
}
