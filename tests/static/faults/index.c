// SPDX-License-Identifier: GPL-2.0-or-later
int last(void)
{
	int list[4] = { 1, 2, 3, 4 };

	return list[4];
}
