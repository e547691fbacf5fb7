#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A bus that goes away while matetool talks on it: a clear message, no hang.
. "$(dirname "$0")/lib.sh"

gone="matenet0: the bus is gone: detached or unplugged"

# start COMMAND..: its results go to files
start() {
	("$@" >"$tmp/out" 2>"$tmp/errs"; echo $? >"$tmp/status") &
	job=$!
}

# ended: waits for it as long as ten seconds, then out, err and status
ended() {
	until_true test -s "$tmp/status" || kill $job
	wait $job
	out=$(<"$tmp/out") err=$(<"$tmp/errs") status=$(cat "$tmp/status" 2>/dev/null || echo hung)
	rm -f "$tmp/status"
	parse
}

# shellcheck disable=SC2317 # called by until_true
asked() { frames 0 | grep -q "^$1"; }

# With no device but the hub a scan takes ten timeouts: time enough to lose the bus.
site -d 1=none

wire_clear
start matetool scan
until_true asked 02020000
"$here/probe" hangup /dev/ttyW0
ended
fails 7 "$gone" "hung up during a scan"
until_true no_attacher
is "$?" 0 "its attacher ends"

bus 0
wire_clear
start matetool scan -j
until_true asked 02020000
run matetool detach 0
is "$status" 0 "detached during a scan"
ended
json_fails 7 gone "$gone" "is told in JSON"
until_true no_attacher

bus 0
wire_clear
start matetool status
until_true asked 02020000
kill -KILL "$(holders matetool)"
ended
if [ "$MATENET_PROFILE" = smp ] && [ "$status" = 5 ]; then
	report pass "its attacher killed during status # SKIP no reply in time from a host that stood still"
else
	fails 7 "$gone" "its attacher killed during status"
fi

until_true has_no_bus
bus 0
run matetool scan -j
is "$status $(json devices.#)" "0 1" "and the next bus works"

finish
