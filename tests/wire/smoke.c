// SPDX-License-Identifier: GPL-2.0-or-later
/* First things first: load, open, bytes both ways, ninth bit, recorder, unload. */

#include "kselftest.h"
#include "wirelib.h"

#include <string.h>

int main(void)
{
	static const uint8_t hello[] = { 0x02, 0x02, 0x00, 0xff, 0xff, 0x55, 0x01, 0xfe };
	struct wire_char chars[32];
	struct wire_parmrk state = { 0 };
	struct wire_log log;
	size_t i;
	int a, b, n, bad = 0;

	ksft_print_header();
	ksft_set_plan(7);
	ksft_test_result(!wire_load(1), "load\n");
	a = wire_open(0);
	b = wire_open(1);
	ksft_test_result(a >= 0 && b >= 0, "open both ends\n");
	wire_set_parity(a, WIRE_MARK);
	wire_set_parity(b, WIRE_SPACE);
	ksft_test_result(wire_unload() == -EWOULDBLOCK || wire_unload() == -EBUSY, "rmmod refused while open\n");
	wire_write(a, hello, sizeof(hello));
	n = wire_read(b, &state, chars, 32, 200);
	for (i = 0; i < sizeof(hello) && (int)i < n; i++)
		bad += chars[i].byte != hello[i] || !chars[i].bad;
	ksft_test_result(n == sizeof(hello) && !bad, "%d bytes arrived, %d wrong\n", n, bad);
	n = wire_record_read(0, &log);
	for (i = 0; i < log.n; i++)
		ksft_print_msg("%u %lu %lu %03x %s\n", log.byte[i].port, log.byte[i].start, log.byte[i].end, log.byte[i].bits, log.byte[i].flags);
	ksft_test_result(!n && log.n == sizeof(hello), "recorder has %zu (%d)\n", log.n, n);
	close(a);
	close(b);
	ksft_test_result(wire_open(5) < 0, "no more ports\n");
	n = wire_unload();
	ksft_test_result(!n, "rmmod: %d\n", n);
	ksft_finished();
}
