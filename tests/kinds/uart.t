#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool uart: the loop-back self-test says what each kind of UART is good for, and
# refuses where somebody else is.
. "$(dirname "$0")/lib.sh"

insmod /lib/matenet/uart9.ko pairs=1 && insmod /lib/matenet/n_matenet.ko
knobs() { echo "$@" >/sys/kernel/debug/uart9/port0/knobs; }
plain='flags=byte cmspar=yes txempty=yes start=0 latch=start fifo=16'
before=$(stty -F /dev/ttyW0 -g)

# ---- refusals: nothing is sent, or one byte ------------------------------------

run matetool uart /dev/ttyW0
fails 3 "/dev/ttyW0: a byte that was sent did not come back: unplug the bus, and join TX and RX by a wire" "without a wire"
is "$(awk '$1 == 0' "$pair/record" | wc -l)" 1 "one byte was sent"
is "$(stty -F /dev/ttyW0 -g)" "$before" "the settings are as they were"

# Somebody who talks, as a MATE does each second.
(
	sleep 1
	printf x >/dev/ttyW1
) &
wire_clear
run matetool uart /dev/ttyW0
fails 3 "/dev/ttyW0: somebody talks on this line, nothing was sent: unplug the bus, and join TX and RX by a wire" "somebody talks"
is "$(awk '$1 == 0' "$pair/record" | wc -l)" 0 "nothing was sent"
wait

# Somebody who answers anything.
stty -F /dev/ttyW1 raw -echo 9600 clocal
(head -c 1 | tr '\200-\377' '?') </dev/ttyW1 >/dev/ttyW1 &
run matetool uart -j /dev/ttyW0
json_fails 3 no_loop "/dev/ttyW0: something else came back than was sent: unplug the bus, and join TX and RX by a wire" "somebody answers"
wait

matetool attach /dev/ttyW0 >/dev/null
wire_clear
run matetool uart /dev/ttyW0
like "$status $err" '^[13] matetool: /dev/ttyW0: (line discipline 29 is on it: detach it, and unplug the bus|Device or resource busy)$' "a bus"
is "$(wc -l <"$pair/record")" 0 "nothing was sent on it"
matetool detach 0
until_true no_attacher
run matetool uart /dev/null
fails 2 "/dev/null: not a tty" "no tty"
run matetool uart /dev/ttyNone
fails 1 "/dev/ttyNone: No such file or directory" "a tty that is not there"
run matetool uart
is "$status" 2 "no argument"

# ---- what it finds -------------------------------------------------------------

# kind KNOBS STATUS SENDS PROVED ERRORS EMPTY CONTROLLER DEVICE MONITOR SETTING
kind() {
	knobs "$plain bridge=yes" && knobs "$1"
	run matetool uart -j /dev/ttyW0
	is "$status, $(json sends_by), $(json proved), $(json parity_errors), $(json knows_empty), $(json controller), $(json device), $(json monitor), $(json setting)" \
		"$2" "${1:-exact}"
	[ -z "$err" ] || report fail "${1:-exact}: silent" "$err"
}

length='by length and checksum'
kind '' "0, mark and space parity, true, with their byte, true, yes, yes, yes, null"
kind 'fifo=1' "0, mark and space parity, true, with their byte, true, yes, yes, yes, null"
kind 'fifo=64 start=1000' "0, mark and space parity, true, with their byte, true, yes, yes, yes, null"
kind 'latch=parity' "0, mark and space parity, true, with their byte, true, yes, yes, yes, null"
kind 'txempty=no' "0, mark and space parity, true, with their byte, false, yes, yes, yes, null"
kind 'cmspar=cleared' "0, even and odd parity, true, with their byte, true, yes, yes, yes, null"
kind 'cmspar=ignored' "4, even and odd parity, true, with their byte, true, yes, yes, yes, parity=evenodd"
kind 'cmspar=none' "1, nothing, false, with their byte, true, no, no, no, null"
kind 'flags=never' "0, mark and space parity, false, never, true, yes, $length, yes, $length, yes, without ninth bits, null"
kind 'flags=packet txempty=no fifo=64' "0, mark and space parity, true, for all bytes of a packet, false, yes, $length, yes, $length, yes, without ninth bits, null"

# The words for people, and what is on the wire meanwhile.
knobs "$plain bridge=yes cmspar=ignored"
wire_clear
run matetool uart ttyW0
is "$status" 4 "in words: needs a setting"
like "$out" $'^/dev/ttyW0\nNinth bit sent by: even and odd parity\nParity errors told: with their byte\nKnows when all is sent: yes\nController: yes\nDevice: yes\nMonitor: yes\n.*matetool bus set parity=evenodd$' "and says which"
# No eight bytes are a command: bit 7 is set in all, so that no checksum can be.
is "$(awk '$1 == 0 && $5 !~ /b/ && $4 !~ /[89a-f].$/' "$pair/record" | wc -l)" 0 "none of its bytes is part of a command"
is "$(stty -F /dev/ttyW0 -g)" "$before" "the settings are as they were"

# What it says is so: attached as it says, the bus works.
knobs bridge=no
devices && bus 0 && run matetool reg get 1 device_type
is "$status" 5 "as it comes nobody understands it"
matetool bus set parity=evenodd >/dev/null
run matetool reg get 1 device_type
is "$status" 0 "with the setting all do"

finish
