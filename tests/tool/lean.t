#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a look at the devices costs: of the bus, of the processor, of memory.
. "$(dirname "$0")/lib.sh"

site -d 1=mx -d 2=fx -d 3=dc

# bus_ms: from the first byte on the wire to the last, on the wire's own clock
bus_ms() {
	sleep 0.01
	awk '/^[01] / { if (!first) first = $2; last = $2 } END { printf "%.0f\n", (last - first) / 1e6 }' $pair/record
}

cheap() { # MOST NAME; smp is busy with other things
	if [ "$MATENET_PROFILE" = smp ]; then
		report pass "$2 # SKIP not on a busy machine"
	else
		between "$(bus_ms)" 100 "$1" "$2"
		echo "# $(bus_ms) ms of bus time"
	fi
}

wire_clear
run matetool scan
is "$status $(wc -l <<<"$out")" "0 5" "scan finds a hub and three devices"
cheap 1500 "in less than 1.5 s of bus time"

wire_clear
run matetool status -j
is "$status $(json devices.#)" "0 3" "status of all three"
cheap 500 "in less than 0.5 s of bus time"
is "$(frames 0 | cut -c1-4 | tr '\n' ' ')" "0102 0202 0302 0104 0204 0304 0304 0304 0304 0304 0304 " \
	"each is asked who it is, and for its pages; the empty ports are not"

# ---- what the last scan found is not believed for ever -----------------------

devices -d 1=mx -d 2=dc
matetool scan >/dev/null 2>&1
stop_devices
matesim --speed 0 -d 1=mx -d 2=fx /dev/ttyW1 >"$tmp/sim" &
sim=$!
until_true grep -q '^ready' "$tmp/sim"
run matetool status -j
is "$status $(json devices.#) $(json devices.1.type)" "0 2 fx" "another device on the port is found by a new scan"
is "$(tail -n +2 /run/matetool/matenet0 | tr '\n' ' ')" "0 1 1 3 2 2 " "which is remembered"
touch -d @$(($(date +%s) - 700)) /run/matetool/matenet0
wire_clear
run matetool status -j
is "$status $(frames 0 | grep -c '^0[4-9]020000')" "0 6" "after ten minutes it scans again"
is "$(stat -c %a /run/matetool)" 700 "nobody else can write there"
echo rubbish >/run/matetool/matenet0
run matetool status -j
is "$status $(json devices.#)" "0 2" "rubbish there does no harm"
matetool detach matenet0 >/dev/null
until_true no_attacher
bus 0
wire_clear
run matetool status -j
is "$status $(frames 0 | grep -c '^0[4-9]020000')" "0 6" "nor is it believed of another bus of the same name"

# ---- the processor, memory ----------------------------------------------------

devices -d 1=mx -d 2=fx -d 3=dc
matetool scan >/dev/null 2>&1
read -r us kib < <("$here/probe" spent matetool status -j)
echo "# $us us, $kib KiB"
if [ "$MATENET_PROFILE" = timing ]; then
	between "$us" 0 15000 "status -j takes at most 15 ms of the processor"
else
	report pass "status -j takes at most 15 ms of the processor # SKIP only timing measures it"
fi
between "$kib" 500 4096 "and at most 4 MiB"

finish
