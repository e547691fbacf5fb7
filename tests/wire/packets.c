// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * 10,000 packets as MateNET has them: one byte with the ninth bit, some without.
 * A fifth of all bytes is FF, which PARMRK doubles.  Not one bit may be wrong.
 */
#include "kselftest.h"
#include "wirelib.h"

#include <fcntl.h>
#include <stdlib.h>

#define PACKETS		10000
#define PLAIN		4	/* unmarked bytes a packet */
#define LENGTH		(1 + PLAIN)

static int fd[2];
static uint8_t sent[PACKETS * LENGTH];
static struct wire_char got[PACKETS * LENGTH];

/* Same in every run: a fault is found again. */
static uint8_t next_byte(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % 5 ? x >> 8 : 0xff;
}

static void set_trigger(void)
{
	int f = open("/sys/class/tty/ttyW1/rx_trig_bytes", O_WRONLY);

	if (f < 0 || write(f, "1", 1) != 1)
		ksft_exit_fail_msg("rx_trig_bytes cannot be set\n");
	close(f);
}

/* As a plain program does it: mark, one byte, wait for it to end, space, the rest. */
static int send_some(const uint8_t *p, unsigned int n, speed_t speed, enum wire_parity parity)
{
	int ret = wire_set_format(fd[0], speed, CS8, parity, false);

	if (!ret)
		ret = wire_write(fd[0], p, n);
	if (ret)
		return ret;
	wire_sleep_us(n * (speed == B9600 ? 1150 : 100));
	return wire_drain(fd[0]);
}

static int send_packet(const uint8_t *p, speed_t speed)
{
	int ret = send_some(p, 1, speed, WIRE_MARK);

	return ret ? ret : send_some(p + 1, PLAIN, speed, WIRE_SPACE);
}

int main(void)
{
	/* Where time is the host's, a faster line; the bits are the same. */
	speed_t speed = wire_exact_time() ? B9600 : B115200;
	unsigned int i, wrong = 0, ff = 0, chars = 0, bad_wire = 0;
	struct wire_parmrk state = { 0 };
	struct wire_log log;
	int n;

	ksft_print_header();
	ksft_set_plan(3);
	if (wire_begin(fd))
		ksft_exit_fail_msg("no wire\n");
	set_trigger();
	wire_set_format(fd[1], speed, CS8, WIRE_SPACE, false);

	for (i = 0; i < sizeof(sent); i++)
		ff += (sent[i] = next_byte()) == 0xff;
	for (i = 0; i < PACKETS; i++) {
		if (send_packet(sent + i * LENGTH, speed))
			ksft_exit_fail_msg("packet %u cannot be sent\n", i);
		n = wire_read(fd[1], &state, got + i * LENGTH, LENGTH, 1000);
		if (n < LENGTH)
			break;
		chars += n;
	}
	for (i = 0; i < chars; i++)
		wrong += got[i].byte != sent[i] || got[i].bad != (i % LENGTH == 0);
	ksft_test_result(ff > sizeof(sent) / 6 && ff < sizeof(sent) / 4, "%u of %zu bytes are FF\n",
			 ff, sizeof(sent));
	ksft_test_result(chars == sizeof(sent) && !wrong,
			 "%u characters received, %u of them wrong\n", chars, wrong);

	if (wire_record_read(0, &log))
		ksft_exit_fail_msg("cannot read the recorder\n");
	for (i = 0; i < log.n && i < sizeof(sent); i++)
		bad_wire += log.byte[i].bits != (sent[i] | (i % LENGTH ? 0 : 0x100));
	ksft_test_result(log.n == sizeof(sent) && !bad_wire,
			 "%zu bytes on the wire, %u of them wrong\n", log.n, bad_wire);
	ksft_finished();
}
