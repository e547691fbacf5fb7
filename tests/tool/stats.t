#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool stats: the counters that sysfs has.
. "$(dirname "$0")/lib.sh"

run matetool stats
is "$status" 7 "without a bus"
site
matetool scan >/dev/null 2>&1
matetool reg get 7 0 >/dev/null 2>&1 # nobody is there

of_sysfs() { (cd /sys/class/matenet/matenet0/statistics && grep -H . -- * | tr : ' ' | sort); }

run matetool stats
is "$status $err" "0 " "stats"
is "$(tr -s ' ' <<<"$out" | sort)" "$(of_sysfs)" "are all those of sysfs"
like "$out" $'(^|\n)timeouts +[1-9]' "some are not 0"
run matetool stats -j
is "$status $(json bus)" "0 matenet0" "in JSON"
for name in replies commands timeouts tx_bytes rx_bytes retries tx_gap_max_ns; do
	is "$(json stats.$name)" "$(cat /sys/class/matenet/matenet0/statistics/$name)" "$name"
done
run matetool stats -d 5
is "$status" 7 "no such bus"
run matetool stats 1
is "$status" 2 "it takes no argument"

finish
