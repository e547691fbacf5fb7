#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool sync: clocks and temperature as a real MATE sets them, byte for byte.
. "$(dirname "$0")/hands.sh"

changing_site -d 1=mx -d 2=fx -d 3=dc -d 4=mx -d 5=fx
unlock

# The encodings of a real MATE: h<<11 | min<<5 | s>>1; (year-2000)<<9 | month<<5 | day.
time_word() { printf '%04x' $((10#$1 << 11 | 10#$2 << 5 | 10#$3 >> 1)); }
date_word() { printf '%04x' $((($1 - 2000) << 9 | 10#$2 << 5 | 10#$3)); }

# at "YYYY-MM-DD HH:MM:SS": one round at that time
at() {
	wire_clear
	journal_mark
	date -s "$1" >/dev/null
	run matetool sync --once --yes
}

at "2026-11-22 13:47:58"
is "$status $err" "0 " "one round"
# The commands of a scan come before; a second may pass until the clock is asked.
for second in 58 59; do
	word=$(time_word 13 47 $second)
	[ "$(written | head -n 1)" = "01034004$word" ] && break
	word=none
done
is "$(written)" "01034004$word
03034004$word
04034004$word
03034005$(date_word 2026 11 22)
0203400100$(value 1 battery_temp_raw | cut -c5- | tr A-F a-f)
0303400100$(value 1 battery_temp_raw | cut -c5- | tr A-F a-f)
0503400100$(value 1 battery_temp_raw | cut -c5- | tr A-F a-f)" "time to each MX and DC, date to the DC, temperature to each FX and DC"
is "$(frames 0 | grep -c '^010240000000')" 1 "the temperature is that of the first MX"
is "$(value 2 battery_temp_raw)" "$(value 1 battery_temp_raw)" "the FX has it"
is "$(entries | grep -c '^<85>.*: sync bus=matenet0 .*result=sent')" 7 "seven entries in the journal"
logged "sync bus=matenet0 port=1 name=mx1 device=mx firmware=001.009.008 register=clock_time address=4004 risk=sync new=13:47:5[0-9] result=sent" "one of them"
like "$out" "port 1: clock_time = 13:47:58" "seconds are shown as they are sent, in twos"

# 12 << 11 | 26 << 5 | 16, and 20 << 9 | 10 << 5 | 13, by hand.
is "$(time_word 12 26 32) $(time_word 12 26 33) $(date_word 2020 10 13)" "6350 6350 294d" "this test's own encodings"
at "2031-02-28 23:59:30"
is "$(written | sed -n '1s/^01034004\(...\).$/\1/p')" "$(time_word 23 59 30 | cut -c1-3)" "the last minute of a day"
is "$(written | grep ^03034005)" "03034005$(date_word 2031 02 28)" "a date beyond 2030"
at "2026-01-01 00:00:00"
like "$(written | head -n 1)" "^01034004000[0-2]$" "midnight is 0"

run matetool sync --once --yes -j
is "$status $(json steps.#) $(json steps.0.command) $(json steps.0.register)" "0 8 write clock_time" "in JSON"
is "$(json steps.4.command) $(json steps.4.register) $(json steps.4.value)" "read battery_temp_raw $(($(value 1 battery_temp_raw)))" "what was read is there, too"

# ---- what goes wrong ---------------------------------------------------------

tell "set 1 reg battery_temp_raw = 0"
wire_clear
run matetool sync --once --yes
is "$(written | grep -c '^0[235]034001')" 3 "a sensor that is broken: the next MX is asked"
is "$(frames 0 | grep -c '^040240000000')" 1 "on the wire"
tell "set 4 reg battery_temp_raw = 255"
wire_clear
run matetool sync --once --yes
is "$(written | grep -c '^0[235]034001')" 0 "no MX with a temperature: none is sent"
like "$status $err" "^[1-9] .*battery_temp_raw" "and that is said"
tell "set 1 reg battery_temp_raw = 141" "set 4 reg battery_temp_raw = 139"
wire_clear
run matetool sync --once
is "$status $err" "3 matetool: there is no terminal to ask on: nothing written without --yes" "it asks"
untouched "it asks"

# ---- as long as it takes -----------------------------------------------------

wire_clear
journal_mark
matetool sync --yes >"$tmp/out" 2>"$tmp/errors" &
sync=$!
sleep 125
kill $sync
wait $sync
is "$?" 0 "it ends when it is told to"
is "$(written | grep -c ^01034004)" 5 "in two minutes the time five times"
is "$(written | grep -c ^03034005)" 3 "the date three times"
is "$(written | grep -c ^05034001)" 3 "the temperature three times"
frames 0 >"$tmp/f"
starts 0 >"$tmp/s"
between "$(paste "$tmp/f" "$tmp/s" | awk '/^01034004/ { if (last) print ($2 - last) / 1e6; last = $2 }' | sort -n | head -n 1)" 29 31 "the time every 30 seconds, at least"
between "$(paste "$tmp/f" "$tmp/s" | awk '/^01034004/ { if (last) print ($2 - last) / 1e6; last = $2 }' | sort -n | tail -n 1)" 29 31 "and at most"
is "$(entries | wc -l)" 7 "the journal has the first round"

matetool sync --yes >"$tmp/out" 2>"$tmp/errors" &
sync=$!
sleep 10
journal_mark
stop_devices
sleep 65
logged "^<84>" "sync .*port=1 .*register=clock_time .*result=no_reply" "what stops working is told to the journal"
lines=$(entries | wc -l)
sleep 60
is "$(entries | wc -l)" "$lines" "once"
devices --control "$tmp/control" -d 1=mx -d 2=fx -d 3=dc -d 4=mx -d 5=fx
sleep 65
logged "^<85>" "sync .*port=1 .*register=clock_time .*result=sent" "and when it works again"
matetool detach 0 >/dev/null
wait $sync
is "$?" 7 "without a bus it ends"

finish
