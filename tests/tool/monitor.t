#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool monitor: frames as the wire's recorder has them, and what happens to buses.
. "$(dirname "$0")/lib.sh"

monitor=
# start OPTION..: a monitor in the background that listens; its lines in $tmp/lines
start() {
	: >"$tmp/lines"
	matetool monitor "$@" >"$tmp/lines" 2>"$tmp/listening" &
	monitor=$!
	until_true grep -q listening "$tmp/listening"
}

# stop: SIGINT, and all lines into out
stop() {
	kill -INT $monitor
	wait $monitor
	status=$?
	out=$(<"$tmp/lines")
}

lines() { [ "$(grep -c . "$tmp/lines")" -ge "$1" ]; }

# nine: the recorder's bytes in both directions as frames, in the order of the wire
nine() {
	sleep 0.01
	awk '{ if (substr($4, 1, 1) == "1" && frame != "") { print frame; frame = "" }
		frame = frame (frame == "" ? "" : " ") $4 }
	END { if (frame != "") print frame }' $pair/record | tr A-F a-f
}

run matetool monitor
fails 7 "the driver is not there: modprobe n_matenet" "without the driver"
site

# ---- frames ------------------------------------------------------------------

wire_clear
start
matetool scan >/dev/null 2>&1
matetool status >/dev/null 2>&1
frames=$(nine)
until_true lines "$(wc -l <<<"$frames")"
stop
is "$status" 0 "SIGINT ends it without an error"
is "$(grep ' [<>] ' <<<"$out" | grep -Eo '( [01][0-9a-f]{2})+' | sed 's/^ //')" "$frames" \
	"every frame with its ninth bits, in order"
like "$out" "^[0-9]+\.[0-9]{6} matenet0 > 0 read 100 002 000 000 000 000 000 002 ok,tx_done" \
	"a command"
like "$out" $'\n[0-9.]+ matenet0 < 0 read 100 000 001 000 001 ok' "and its reply"
like "$out" $'\n[0-9.]+ matenet0 > [0-9]+ status 10[0-9a-f] 004' "commands have names"
is "$(cut -d ' ' -f 1 <<<"$out" | sort -nc 2>&1)" "" "times go up"
like "$out" $'\n[0-9.]+ matenet0 error [0-9]+ read attempt 1 tx_done,timeout' "a port without device"

# ---- JSON ----------------------------------------------------------------------

start -j
matetool reg get 1 1C8 >/dev/null
until_true lines 2
stop
out=$(head -n 1 "$tmp/lines")
parse
is "$(json event) $(json bus) $(json sent) $(json port) $(json command_name) $(json raw)" \
	"frame matenet0 true 1 read 0102000000000003" "a command in JSON"
out=$(sed -n 2p "$tmp/lines")
parse
is "$(json event) $(json sent) $(json port) $(json command_name) $(json marks.#) $(json marks.0)" \
	"frame false 1 read 1 0" "its reply in JSON"
is "$(json status_names.#) $(json status_names.0)" "1 ok" "with its status"

# ---- buses that come and go ------------------------------------------------------

start -e
matetool reg get 1 1C8 >/dev/null
matetool detach 0
until_true no_attacher
bus 0
matetool reg get 7 0 >/dev/null 2>&1
until_true grep -q error "$tmp/lines"
stop
is "$(cut -d ' ' -f 2- <<<"$out" | sed -n '1p;2p' | paste -sd,)" \
	"matenet0 detached ttyW0,matenet0 attached ttyW0" "detached and attached"
is "$(grep -c ' [<>] ' <<<"$out")" 0 "no frames"
like "$out" "matenet0 error 7 read attempt 1 tx_done,timeout" "an error"

run matetool monitor -d 5
fails 7 "5: no such bus" "a bus that is not there"
start -e -d 0
matetool reg get 7 0 >/dev/null 2>&1
until_true grep -q error "$tmp/lines"
stop
like "$status $out" "^0 [0-9.]+ matenet0 (error|lost)" "one bus by its number"

# ---- rights ----------------------------------------------------------------------

sleep 0.1 # the last error is told by a kernel thread, and that may be late
run "$here/probe" as 65534 matetool monitor
fails 1 "events: permission denied" "frames without the capability"
"$here/probe" as 65534 timeout -s INT 1 matetool monitor -e >"$tmp/lines" 2>&1
is "$(<"$tmp/lines")" "matetool: listening" "events without it"

finish
