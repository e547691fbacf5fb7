#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A site as a file, and a site from that file: the same answers.
. "$(dirname "$0")/hands.sh"

changing_site -d 1=mx -d 2=fx,120v -d 3=dc -d 7=fx -d 10=mx,mx60
tell "set 2 reg disconnect_status = refused" "set 1 reg auto_restart = 7"

wire_clear
run matetool snapshot
is "$status $err" "0 " "snapshot"
is "$(written)" "" "changes nothing"
printf '%s\n' "$out" >"$tmp/first.mate"
is "$(head -n 1 "$tmp/first.mate")" "matenet-site 1" "it begins with the format"
is "$(grep '^\[\|^device' "$tmp/first.mate" | paste -sd' ')" \
	"[port 0] device = hub [port 1] device = mx [port 2] device = fx,120v [port 3] device = dc [port 7] device = fx [port 10] device = mx,junk" \
	"all devices, and what must be known of them"
is "$(grep -c '^log ' "$tmp/first.mate")" 258 "129 days of both MX"
is "$(grep -c '^status ' "$tmp/first.mate")" 10 "one page each, six of the FLEXnet DC"
is "$(grep '^reg 0x0084' "$tmp/first.mate" | head -n 1)" "reg 0x0084 = refused  # disconnect_status" "what is refused is so in the file"
is "$(grep '^reg 0x00DC' "$tmp/first.mate" | head -n 1)" "reg 0x00DC = 0x0007  # auto_restart: 7" "a value, and its meaning"

# All registers that can be read, by rising address.
run matetool reg list 2 -j
wanted=$(for ((i = 0; i < $(json registers.#); i++)); do
	[[ $(json registers.$i.access) = *r* ]] && json registers.$i.address
done | sort)
is "$(sed -n '/^\[port 2\]/,/^$/s/^reg 0x\([0-9A-F]*\) .*/\1/p' "$tmp/first.mate")" "$wanted" "all registers of an FX in order"

# ---- the simulated site ------------------------------------------------------

stop_devices
matetool simulate "$tmp/first.mate" /dev/ttyW1 >"$tmp/sim" 2>"$tmp/sim.err" &
sim=$! # stop_devices ends it
until_true grep -q '^ready' "$tmp/sim"
run matetool scan -j
is "$status $(json devices.#) $(json devices.2.type) $(json devices.5.port)" "0 6 fx 10" "simulate plays it"
run matetool snapshot
is "$status" 0 "a snapshot of the simulation"
printf '%s\n' "$out" >"$tmp/second.mate"
is "$(diff "$tmp/first.mate" "$tmp/second.mate")" "" "is the same file"

stop_devices
echo 'matenet-site 2' >"$tmp/bad.mate"
run matetool simulate "$tmp/bad.mate" /dev/ttyW1
[ "$status" != 0 ]
is $? 0 "a file that matesim does not understand"
like "$err" "bad.mate:1: " "is its to explain"
run matetool simulate "$tmp/none.mate" /dev/ttyW1
fails 1 "$tmp/none.mate: No such file or directory" "a file that is not there"
run matetool simulate "$tmp/first.mate"
fails 2 "simulate: too few arguments: matetool simulate FILE TTY" "no tty"

# ---- what is not whole is not written ----------------------------------------

devices --control "$tmp/control" -d 1=mx
tell "fault 30-99=sum"
run matetool snapshot
is "$status" 6 "replies that stay damaged"
is "$out" "" "make no file"
like "$err" "^matetool: port 1: register [0-9A-F]{4}: reply with a bad checksum$" "it is told where"
tell "fault none"
stop_devices
run matetool snapshot
fails 5 "matenet0: port 0: no reply" "nobody there"
run matetool snapshot -j
json_fails 2 usage "snapshot has a format of its own: no -j" "no JSON"

finish
