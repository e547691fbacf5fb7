#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool log: what it prints against the bytes the wire has recorded.
. "$(dirname "$0")/lib.sh"

site -d 1=mx -d 2=fx -d 3=dc -d 7=mx,fm80

byte() { local raw; raw=$(json devices.0.log.raw); echo $((0x${raw:2*$1:2})); }
scaled() { echo "$(($1 / 10)).$(($1 % 10))"; }
same() { is "$(json "devices.0.log.$1")" "$2" "$1"; }

for day in 0 1 128; do
	wire_clear
	run matetool log 1 $day -j
	is "$status $(json bus) $(json devices.0.port) $(json devices.0.log.day_d)" "0 matenet0 1 $day" "day $day"
	is "$(json devices.0.log.raw)" "$(pages | tail -n 1)" "raw: the bytes on the wire"
	is "$(frames 0 | tail -n 1 | cut -c1-12)" "01160000$(printf %04x $day)" "the command"
	same output_current_max_a "$(scaled $(($(byte 0) | ($(byte 1) & 3) << 8)))"
	same battery_voltage_max_v "$(scaled $(($(byte 1) >> 2 | ($(byte 2) & 15) << 6)))"
	same battery_voltage_min_v "$(scaled $(($(byte 9) >> 6 | $(byte 10) << 2 | ($(byte 11) & 3) << 10)))"
	same energy_kwh "$(scaled $(($(byte 2) >> 4 | $(byte 3) << 4)))"
	same charge_ah $(($(byte 8) | ($(byte 9) & 0x3f) << 8))
	same power_max_w $((($(byte 11) & 0xfc) << 6 | $(byte 12)))
	same pv_voltage_max_v "$(byte 4)"
	same absorb_time_min $(($(byte 5) | ($(byte 6) & 15) << 8))
	same float_time_min $(($(byte 6) >> 4 | $(byte 7) << 4))
	between "$(json devices.0.log.battery_voltage_max_v)" 20 32 "a 24 V system"
done

run matetool log 1 1
is "$status $err" "0 " "a day for people"
like "$out" "^Port 1, MX charge controller, day 1"$'\n' "has a heading"
like "$out" $'\n'"Energy: [0-9]+\.[0-9] kWh"$'\n' "a value with its unit"

run matetool log -j
is "$status $(json devices.#) $(json devices.0.port) $(json devices.1.port)" "0 2 1 7" "all charge controllers"
is "$(json devices.1.log.day_d)" 0 "today"
run matetool log
is "$status $(grep -c '^Port ' <<<"$out")" "0 2" "all charge controllers for people"

run matetool log 2
fails 2 "port 2: an FX has no log" "an FX"
run matetool log 3 1 -j
json_fails 2 device "port 3: a FLEXnet DC has no log" "a FLEXnet DC, in JSON"
run matetool log 9
fails 5 "port 9: no reply" "an empty port"
run matetool log 1 129
fails 2 "day 129: logs go from 0, today, to 128 days ago" "a day too far"
run matetool log 1 -- -1
fails 2 "day -1: logs go from 0, today, to 128 days ago" "a day to come"
run matetool log 1 x
fails 2 "day x: logs go from 0, today, to 128 days ago" "no day at all"

finish
