#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Logs of many days, raw pages, registers in bulk; watch and scan --follow.
. "$(dirname "$0")/lib.sh"

modules 2
devices -d 1=mx -d 2=fx -d 3=dc -d 7=mx,fm80 --control "$tmp/ctl"
bus 0
matetool scan >/dev/null 2>&1
tell() { matesim --tell "$tmp/ctl" "$@"; }
column() { awk -v n="$1" 'NR > 1 { print $n }'; }

# ---- logs --------------------------------------------------------------------

today=$(date +%Y-%m-%d)
ago() { date -d "@$(($(date -d "$today 12:00" +%s) - $1 * 86400))" +%Y-%m-%d; }

run matetool log 1 1-1 -j
is "$status $(json devices.#) $(json devices.0.log.day_d) $(json devices.0.log.date)" \
	"0 1 1 $(ago 1)" "yesterday has its date"
run matetool log 1
like "$out" $'\n'"Date: $today"$'\n' "today, for people"
run matetool log 1 0-6
is "$status $(column 2 <<<"$out" | tr '\n' ' ')" "0 $(for d in {0..6}; do ago "$d"; done | tr '\n' ' ')" "a week as a table"
run matetool log 0-2 -j
is "$status $(json devices.#) $(json devices.0.port)$(json devices.3.port) $(json devices.5.log.day_d)" \
	"0 6 17 2" "three days of both charge controllers, day by day"

wire_clear
run matetool log 7 all --csv
is "$status $(wc -l <<<"$out")" "0 130" "all: a line for each of 129 days and one of names"
is "$(tail -n 1 <<<"$out" | cut -d, -f3) $(tail -n 1 <<<"$out" | awk -F, '{ print $NF }')" "$(ago 128) 128" "back to day 128"
like "$(head -n 1 <<<"$out")" "^port,name,date,error,.*energy_kwh.*,day_d$" "names as in JSON"
run matetool log 7 5 -j
five=$(json devices.0.log.energy_kwh)
run matetool log 7 5 --csv -o energy_kwh,date
is "$out" "energy_kwh,date"$'\n'"$five,$(ago 5)" "-o chooses and orders"
run matetool log 7 5 -o kwh -j
is "$(json devices.0)" "{\"energy_kwh\":$five}" "also in JSON"

# A device that remembers less repeats itself earlier.
for d in {0..3}; do tell "set 1 log.$d.day = $d"; done
tell 'set 1 log.4.day = 3'
run matetool log 1 all -j
is "$status $(json devices.#)" "0 4" "all ends where the device repeats itself"

tell 'set 7 log 2 = silent'
run matetool log 7 0-4 -j
is "$status $(json devices.#) $(json devices.2.log.day_d) $(json devices.2.error.code)" "5 5 2 no_reply" \
	"a day that does not come is told, the others are shown"
run matetool log 7 0-4 --csv
is "$status $(wc -l <<<"$out") $(grep -c 'no reply' <<<"$out")" "5 6 1" "as a row of comma-separated values"
is "$err" "matetool: port 7: no reply" "and on stderr"
run matetool log 7 2
fails 5 "port 7: no reply" "this day alone"

run matetool log 1 5-3
fails 2 "day 5-3: logs go from 0, today, to 128 days ago" "days backwards"
run matetool log 0-129
fails 2 "day 0-129: logs go from 0, today, to 128 days ago" "a day too far"
run matetool log 1 0-3 -o frob
like "$status $err" '^2 matetool: -o "frob": no such column, there are PORT NAME DATE' "a column that is not there"
run matetool log --csv -j
json_fails 2 usage "--csv and -j: only one of them" "two forms at once"

# ---- status, registers -------------------------------------------------------

wire_clear
run matetool status 3 --raw
is "$status $(grep -c '^0[a-f]: ' <<<"$out")" "0 6" "six pages of a FLEXnet DC"
is "$(sed -n 's/^0[a-f]: //p' <<<"$out" | tr -d ' ')" "$(pages | tail -n 6)" "as they were on the wire"
run matetool status -o battery_voltage,state_of_charge
is "$status $(grep -c '^Battery voltage: ' <<<"$out") $(grep -c ': ' <<<"$out")" "0 4 5" "-o names fields of any page"
run matetool status 1 -o charge_mode,pv_voltage_v -j
like "$(json devices.0.status)" '^\{"charge_mode":[0-9],"charge_mode_name":"[a-z]+","pv_voltage_v":[0-9.]+\}$' "in JSON, too"
run matetool status -o state_of_charge -j
is "$status $(json devices.#)" "0 1" "a device without any of them is left out"
run matetool status -o frob
fails 2 '-o "frob": no status has such a field: matetool status -j shows all' "a field that is not there"

run matetool reg dump 1 -j
is "$status $(json bus) $(json type)" "0 matenet0 mx" "all registers of an MX"
n=$(matetool reg list mx -o name,access | awk '$2 ~ /^r/ { n++ } END { print n }')
is "$(json registers.#)" "$n" "are all that can be read"
tell 'set 1 reg voc = silent'
run matetool reg dump 1
is "$status $(grep -c '^voc .* no reply' <<<"$out") $(wc -l <<<"$out")" "5 1 $((n + 1))" "one that fails is told, the others are shown"
run matetool reg get 1 battery_voltage voc
fails 5 "port 1: register 0010: no reply" "reg get is all or nothing"
run matetool reg get 2 inverter_control float_setpoint -o name,raw
is "$status $(wc -l <<<"$out") $(column 1 <<<"$out" | tr '\n' ' ')" "0 3 inverter_control float_setpoint " "several as a table"
run matetool reg list dc -o name,allowed,risk
is "$status $(awk '$1 == "battery_capacity" { print $NF }' <<<"$out")" "0 setpoint" "reg list needs no bus"
run matetool reg list 9
fails 5 "port 9: no reply" "but it does for a port"
run matetool reg list 2 -j
is "$status $(json registers.0.name)" "0 device_type" "of which it lists those of its device"
is "$(matetool reg list -o name | wc -l)" \
	"$(($(for t in hub fx mx dc; do matetool reg list $t -o name; done | wc -l) - 3))" \
	"without a device those of all"

# ---- watch -------------------------------------------------------------------

tell 'set 1 status.pv_voltage = 70'
run matetool watch 1 -n 100ms -c 3
is "$status $(grep -c ' 1 pv_voltage: 70.0 V$' <<<"$out") $(cut -d' ' -f4 <<<"$out" | sort | uniq -d)" "0 1 " \
	"watch: all values once, if none changes"
run matetool watch 1 -a -n 100ms -c 3 -o pv_voltage
is "$status $(wc -l <<<"$out")" "0 3" "with -a each time"
run matetool watch -n 100ms -i 1s -o battery_temp
is "$status $(wc -l <<<"$out")" "0 1" "-i ends it when nothing changes"
matetool watch -j -n 200ms -o pv_voltage,state_of_charge >"$tmp/watch" &
watcher=$!
sleep 1
tell 'set 1 status.pv_voltage = 71.5'
sleep 1
stop_devices
sleep 2
kill -TERM $watcher
wait $watcher
is "$?" 0 "SIGTERM ends it with status 0"
is "$(wc -l <"$tmp/watch")" 7 "three first values, a change, three that fall silent"
out=$(sed -n 4p "$tmp/watch") && parse
is "$(json port) $(json status)" '1 {"pv_voltage_v":71.5}' "a change is what has changed"
like "$(json time)" "^$today""T[0-9:]{8}\.[0-9]{3}[+-][0-9]{4}$" "with its time"
out=$(tail -n 1 "$tmp/watch") && parse
is "$(json port) $(json error.code)" "3 no_reply" "silence is told once"
run matetool watch 1 -c 1
is "$status" 5 "nobody there"
run matetool watch -n 0
fails 2 "-n 0: a time such as 500ms, 10s, 5m or 2h is wanted" "no time"
run matetool watch -n 1x
fails 2 "-n 1x: a time such as 500ms, 10s, 5m or 2h is wanted" "no unit"
run matetool watch -c 0
fails 2 "-c 0: a number from 1 to 1000000000 is wanted" "no readings"
run matetool top
fails 2 "top: this is no terminal: try matetool watch" "top without a terminal"

# ---- scan --follow -----------------------------------------------------------

matetool scan -f -n 500ms >"$tmp/follow" &
follower=$!
sleep 1
is "$(wc -l <"$tmp/follow")" 0 "follow: nobody there, and it waits"
devices -d 1=mx -d 3=dc
until_true grep -q "port 3: came: FLEXnet DC" "$tmp/follow"
is "$(sed 's/^.* port/port/; s/ [0-9.]*$//' "$tmp/follow" | tr '\n' ';')" \
	"port 0: came: hub;port 1: came: MX charge controller;port 3: came: FLEXnet DC;" "they come"
: >"$tmp/follow"
devices -d 1=fx
until_true grep -q "port 3: went" "$tmp/follow"
is "$(grep -c 'port 1: went: MX' "$tmp/follow") $(grep -c 'port 1: came: FX' "$tmp/follow")" "1 1" \
	"another one on the port: one goes, one comes"
stop_devices
until_true grep -q "port 0: went: hub" "$tmp/follow"
is "$(grep -c 'port 1: went: FX' "$tmp/follow")" 1 "without the hub they are all gone"
kill -INT $follower
wait $follower
is "$?" 0 "SIGINT ends it with status 0"
devices -d 1=mx
out=$(matetool scan -f -c 1 -j)
status=$?
is "$status $(wc -l <<<"$out") $(grep -c '"event":"came"' <<<"$out")" "0 2 2" "in JSON, one round"
matetool scan -f -n 500ms >/dev/null 2>"$tmp/err" &
follower=$!
sleep 1
matetool detach matenet0 >/dev/null
wait $follower
is "$? $(<"$tmp/err")" "7 matetool: matenet0: the bus is gone: detached or unplugged" "without a bus it ends"

finish
