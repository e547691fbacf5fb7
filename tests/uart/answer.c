// SPDX-License-Identifier: GPL-2.0
/*
 * uart9: a port that is a device.  With the knob answer it answers each command that
 * is right, so many microseconds after the end of its last stop bit, without any
 * software of the guest and with no pause in the reply: the same for whoever asks.
 */

#include <linux/serial_reg.h>
#include <linux/string.h>

#include "uart9.h"

/* What is answered: second byte of the command, first byte and length of the reply. */
static const struct {
	u8 command, first, bytes;
} u9_answers[] = {
	{ 0, 0, 3 }, { 1, 1, 3 }, { 2, 2, 3 }, { 3, 3, 3 }, { 4, 3, 14 }, { 22, 22, 15 },
};

static u16 u9_sum(const u8 *data, unsigned int n)
{
	u16 sum = 0;

	while (n--)
		sum += *data++;
	return sum;
}

/* Nobody opens the tty of such a port: 9600 baud, space parity. */
void u9_answer_setup(struct u9_port *p)
{
	p->lcr = UART_LCR_WLEN8 | UART_LCR_PARITY | UART_LCR_EPAR | UART_LCR_SPAR;
	p->divisor = U9_UARTCLK / 16 / 9600;
	memset(&p->answer, 0, sizeof(p->answer));
}

/* The value is a function of the question, so that no answer passes for another's. */
static void u9_answer_fill(struct u9_answer *a, u8 first, unsigned int bytes)
{
	u8 data[U9_REPLY_BYTES];
	unsigned int i;
	u16 sum;

	data[0] = first;
	for (i = 1; i < bytes; i++)
		data[i] = a->command[0] + 3 * a->command[2] + 5 * a->command[3] +
			  7 * a->command[4] + 11 * a->command[5] + 13 * i;
	sum = u9_sum(data, bytes);
	data[bytes] = sum >> 8;
	data[bytes + 1] = sum;
	a->words = bytes + 2;
	a->sent = 0;
	for (i = 0; i < a->words; i++)
		a->reply[i] = data[i] | (i ? 0 : 0x100);
}

static bool u9_answer_known(struct u9_answer *a, unsigned int present)
{
	u16 sum = u9_sum(a->command, U9_COMMAND_BYTES - 2);
	unsigned int i;

	if (a->command[0] >= 32 || !(present >> a->command[0] & 1) || a->command[6] != sum >> 8 ||
	    a->command[7] != (sum & 0xff))
		return false;
	for (i = 0; i < ARRAY_SIZE(u9_answers); i++)
		if (u9_answers[i].command == a->command[1]) {
			u9_answer_fill(a, u9_answers[i].first, u9_answers[i].bytes);
			return true;
		}
	return false;
}

/* A byte has come whose stop bit ends at @end. */
void u9_answer_byte(struct u9_port *p, u8 byte, bool mark, u64 end)
{
	struct u9_answer *a = &p->answer;

	if (mark)
		a->got = 0;
	else if (!a->got)
		return;
	a->command[a->got++] = byte;
	if (a->got < U9_COMMAND_BYTES)
		return;
	a->got = 0;
	if (p->tx.state != U9_TX_IDLE || !u9_answer_known(a, p->knobs.present))
		return;
	p->tx.state = U9_TX_WAIT;
	p->tx.next = end + p->knobs.answer * U9_TICKS_PER_US;
}

bool u9_answer_pending(const struct u9_port *p)
{
	return p->answer.sent < p->answer.words;
}

u16 u9_answer_next(struct u9_port *p)
{
	return p->answer.reply[p->answer.sent++];
}
