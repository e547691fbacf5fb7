#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What must not get slower: figures of a few seconds in virtual time, which repeat within
# 1 %.  All of them, and many more, are measured by make bench.
set -u
cd "$(dirname "$0")" || exit
tests=0 failures=0 result=

# figure NAME [PART]: of the last result
figure() { sed -E "s/.*\"$1\":(\{[^}]*\"${2-}\":)?([-0-9.]+).*/\2/" <<<"$result"; }

measure() { result=$("$@") || result=; }

# check NAME VALUE RELATION LIMIT
check() {
	tests=$((tests + 1))
	if [ -n "$result" ] && awk -v x="$2" -v limit="$4" "BEGIN { exit !(x != \"\" && x $3 limit) }"; then
		echo "ok $tests - $1: $2"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $1: $2 is not $3 $4"
		echo "# $result"
	fi
}

echo "TAP version 13"
if [ "${MATENET_PROFILE-}" != timing ]; then
	echo "1..0 # SKIP time is that of instructions only in the profile timing"
	exit 0
fi
insmod /lib/matenet/uart9.ko pairs=4
insmod /lib/matenet/n_matenet.ko
sleep 1

measure ./bench-ours xfer read 128
check "READ, fraction of the limit" "$(figure ratio)" '>=' 0.99
check "longest gap between byte 0 and 1, us" "$(figure gap_us max)" '<=' 100
check "last stop bit to the return, p99, us" "$(figure done_us p99)" '<=' 80
check "wrong" "$(figure wrong)" == 0
alone=$(figure ratio)
measure ./bench-ours xfer status 64
check "STATUS, fraction of the limit" "$(figure ratio)" '>=' 0.994
measure ./bench-ours submit read 64
check "queue: next command after the last reply, us" "$(figure start_us max)" '<=' 50
measure ./bench-ours xfer-default read 64
check "READ with the default pause" "$(figure ratio)" '>=' 0.92
measure ./bench-ours -b 2 xfer read 32
check "READ beside two busy processes" "$(figure ratio)" '>=' "$(awk "BEGIN { print $alone - 0.005 }")"
measure ./bench-scale 4 1 1
check "four buses, the slowest" "$(figure ratio_lowest)" '>=' 0.98

echo "1..$tests"
[ $failures = 0 ]
