// SPDX-License-Identifier: GPL-2.0
/**
 * fault_sum - all of them
 * @bytes: what to add
 *
 * Return: the sum.
 */
int fault_sum(const unsigned char *bytes, int size)
{
    return bytes[0] + size;
}

int nobody_knows(void)
{
	return 0;
}
