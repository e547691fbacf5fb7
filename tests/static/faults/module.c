// SPDX-License-Identifier: GPL-2.0
/* A fault each for W=1, sparse, and the list of symbols. */
#include <linux/module.h>
#include <linux/types.h>

__le16 fault_order;

int stranger(int value);

int fault_given(int value)
{
	fault_order = value;
	return value;
}
EXPORT_SYMBOL_GPL(fault_given);

int stranger(int value)
{
	return value + 1;
}

MODULE_DESCRIPTION("Planted faults");
MODULE_LICENSE("GPL");
