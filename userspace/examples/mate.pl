#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# MateNET from Perl: a register and a status page, then a log page that comes when it comes.
# usage: mate.pl [NODE [PORT]], where PORT is that of an MX or FLEXmax charge controller
use strict;
use warnings;

# struct matenet_xfer of linux/matenet.h: user_data, tx_ts, rx_ts; sequence, flags, status,
# timeout_us; tx_len, rx_len, retries, attempts; reserved8 and reserved; tx; rx
my $XFER = 'x24 L4 C4 x20 a32 a32';
# struct matenet_record: ts; type, flags, lost; reserved; a union, here a matenet_xfer
my $RECORD = 'x8 L3 x12 a128';
my ($XFER_SIZE, $RECORD_SIZE, $REC_XFER) = (128, 192, 1);

# _IOWR(0xBC, number, size): two bits direction, 14 bits size, 8 bits 0xBC, 8 bits number
sub iowr { my ($number, $size) = @_; return 3 << 30 | $size << 16 | 0xBC << 8 | $number }

my ($IOC_XFER, $IOC_SUBMIT) = (iowr(0x10, $XFER_SIZE), iowr(0x11, $XFER_SIZE));
my ($READ, $STATUS, $LOG) = (2, 4, 22);
my @BITS = qw(OK TX_DONE TX_ERROR TIMEOUT CHECKSUM SHORT LONG MARK FRAMING BREAK OVERRUN JUNK
	REFUSED ABORTED SKIPPED);    # of matenet_xfer.status, from bit 0 on

sub fail { my ($what, $why) = @_; print STDERR "mate.pl: $what: $why\n"; exit 1 }

sub command {
	my ($port, $cmd, $addr, $param) = @_;
	my $tx = pack 'CCnn', $port, $cmd, $addr, $param // 0;
	my $retries = 1;    # reading twice does no harm
	return pack $XFER, 0, 0, 0, 0, length $tx, 0, $retries, 0, $tx, '';
}

# An ioctl that succeeds has run to its end; whether there is a reply is in status.
sub reply {
	my ($what, $xfer) = @_;
	my ($status, $len, $rx) = (unpack $XFER, $xfer)[2, 5, 9];
	fail($what, join ' ', map { $BITS[$_] } grep { $status & 1 << $_ } 0 .. $#BITS)
		unless $status & 1;
	return substr $rx, 1, $len - 1;    # byte 0 repeats the command
}

sub ask {
	my ($bus, $what, @words) = @_;
	my $xfer = command(@words);
	ioctl $bus, $IOC_XFER, $xfer or fail($what, $!);    # writes the result into $xfer
	return reply($what, $xfer);
}

my ($node, $port) = ($ARGV[0] // '/dev/matenet0', $ARGV[1] // 1);
open my $bus, '<', $node or fail($node, $!);    # enough to read
printf "READ: device type 0x%s\n", unpack 'H*', ask($bus, 'READ', $port, $READ, 0);
my ($amps, $mode, $volts, $pv) = unpack 'xCx4Cx2nn', ask($bus, 'STATUS', $port, $STATUS, 1);
printf "STATUS: battery %.1f V, PV %.1f V, %d A, charge mode %d\n",
	$volts / 10, $pv / 10, ($amps + 128) & 255, $mode;

my $xfer = command($port, $LOG, 0);    # today's
ioctl $bus, $IOC_SUBMIT, $xfer or fail('SUBMIT', $!);    # returns at once
my $sequence = (unpack $XFER, $xfer)[0];
my ($type, $done) = (0, '');
until ($type == $REC_XFER and (unpack $XFER, $done)[0] == $sequence) {    # others may come
	my $ready = '';
	vec($ready, fileno $bus, 1) = 1;
	select $ready, undef, undef, 5 and sysread $bus, my $record, $RECORD_SIZE
		or fail('record', 'it did not come');
	($type, $done) = (unpack $RECORD, $record)[0, 3];
}
my @p = unpack 'C*', reply('LOG', $done);
printf "LOG: today %.1f kWh, %d Ah\n", ($p[2] >> 4 | $p[3] << 4) / 10, $p[8] | ($p[9] & 63) << 8;
