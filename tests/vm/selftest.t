#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2016 # what is quoted is for the guest's shell, or for eval
# The rig tested: what it passes on, and that no fault escapes it.  Prints TAP.
# "selftest.t debug": only that no fault escapes the profile debug, which is slow.
set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
count=0 failures=0

# run NAME STATUS REGEXP OPTION.. COMMAND..: the exit status must be STATUS, and
# what is printed must match.
run() {
	local name=$1 want=$2 pattern=$3 got=0
	shift 3
	"$here/vm" "$@" >"$out/text" 2>&1 || got=$?
	[ $got = "$want" ] && { [ -z "$pattern" ] || grep -qE -e "$pattern" "$out/text"; }
	result $? "$name" || { echo "# exit status $got, wanted $want and $pattern"; sed 's/^/# /' "$out/text"; }
}

result() { # STATUS NAME
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count - $2"
	else
		failures=$((failures + 1))
		echo "not ok $count - $2"
		return 1
	fi
}

expect() { # NAME CONDITION
	eval "$2"
	result $? "$1"
}

fault() { # NAME: commands in the guest that load the module with this fault
	echo "insmod /lib/matenet/plant.ko fault=$1; echo survived"
}

# What a driver may do wrong, and the kernel's word for it; one a boot, for after
# the first report the kernel may make no other.
planted() { # PROFILE
	local row fault
	for row in 'inversion:possible circular locking' 'atomic:scheduling while atomic' \
		'mutex:sleeping function called from invalid context' \
		'overrun:KASAN: slab-out-of-bounds' 'stale:KASAN: .*use-after-free'; do
		fault=${row%%:*}
		run "$1: planted: $fault" 123 "${row#*:}" -p "$1" -t 300 sh -c "$(fault "$fault")"
	done
	run "$1: planted: leak" 123 'kmemleak: [1-9]' -p "$1" -t 300 -k sh -c "$(fault leak)"
	run "$1: a harmless module is no complaint" 0 survived -p "$1" -t 300 -k sh -c "$(fault none)"
}

finish() {
	echo "1..$count"
	[ $failures = 0 ]
}

# Machines of this test that still run, told by a variable in their environment.
machines() {
	local process
	for process in /proc/[0-9]*; do
		[[ $(readlink "$process/exe") = *@(qemu-system|/image)* ]] &&
			grep -qszx "MATENET_SELFTEST=$$" "$process/environ" && cat "$process/comm"
	done
}
export MATENET_SELFTEST=$$

echo TAP version 13

case ${1-} in
debug)
	planted debug
	finish
	exit
	;;
?*)
	echo "Bail out! $1: only debug can be tested by itself"
	exit 2
	;;
esac

run 'no command' 125 'no command given'
run 'unknown profile' 125 '-p vax: no such profile' -p vax true
run 'empty profile' 125 "-p '': no such profile" -p '' true
run 'bad time limit' 125 '-t soon: not a number' -t soon true
run 'bad variable' 125 '-e 1X=y: not NAME=VALUE' -e 1X=y true
run 'unknown option' 125 '-z: unknown option' -z true
run 'another kernel where there is but one' 125 '-K /nowhere: the kernel of uml is uml' -K /nowhere true
run 'a kernel that is not there' 125 '-K /nowhere: no kernel there' -p smp -K /nowhere true
run 'leak check where there is none' 125 '-k: only uml and debug.*not smp' -k -p smp true
run 'computing takes time where it always does' 125 '-r: only in uml.*not in timing' -r -p timing true
run 'counting instructions where they are not time' 125 '-x: only the timing profile.*not uml' -x trace true

printf 'matenet-vm: start\nharmless\n' >"$out/log"
expect 'a log without complaint' "'$here/judge' '$out/log'"
sed -i 1d "$out/log"
expect 'a log that does not go back to the beginning' \
	"! '$here/judge' '$out/log' >'$out/text' && grep -q 'start is not in the log' '$out/text'"

for profile in uml timing smp; do
	run "$profile: exit status 0, output" 0 '^hello$' -p $profile echo hello
	expect "$profile: nothing but the output" "[ \"\$(cat '$out/text')\" = hello ]"
done
run 'uml: exit status 1' 1 '' false
run 'uml: exit status 42' 42 '' sh -c 'exit 42'
run 'timing: exit status 42' 42 '' -p timing sh -c 'exit 42'
run 'smp: exit status 42, profile, two CPUs' 42 '^smp 2$' -p smp \
	sh -c 'echo $MATENET_PROFILE $(nproc); exit 42'
run 'unknown command' 127 'nosuchthing' nosuchthing
run 'arguments and variables arrive as they are' 0 "^<a  b><\\\$c'><d e>\$" -e "D=d e" \
	sh -c 'echo "<$1><$2><$D>"' sh 'a  b' "\$c'"
for profile in uml smp; do
	rm -rf "$out/dir"
	run "$profile: runs with an output directory" 0 '' -p $profile -o "$out/dir" \
		sh -c 'seq 100000 >/out/numbers; mkdir /out/sub; echo x >/out/sub/file; echo mine >/dev/kmsg'
	expect "$profile: files come back whole" \
		"[ \"\$(seq 100000 | cksum)\" = \"\$(cksum <'$out/dir/numbers')\" ] && [ \"\$(cat '$out/dir/sub/file')\" = x ]"
	expect "$profile: dmesg comes back" "grep -q mine '$out/dir/dmesg'"
done

planted uml
run 'uml: WARN' 123 'WARNING: .*plant_' sh -c "$(fault warn)"
run 'smp: WARN' 123 'WARNING: .*plant_' -p smp sh -c "$(fault warn)"
run 'uml: a complaint weighs more than the exit status' 123 'WARNING' sh -c "$(fault warn); exit 7"
run 'uml: panic' 125 'Kernel panic.*planted' sh -c "$(fault panic)"
run 'smp: panic' 125 'Kernel panic.*planted' -p smp sh -c "$(fault panic)"
run 'uml: a task that hangs in the kernel' 125 'blocked for more than' -t 60 sh -c "$(fault hang)"

run 'uml: an endless loop meets the time limit' 124 'ended after 5 seconds' -t 5 sh -c 'while :; do :; done'
run 'timing: an endless loop meets the time limit' 124 'ended after 20 seconds' -p timing -t 20 \
	sh -c 'while :; do :; done'
run 'smp: a command that waits for ever meets the time limit' 124 'here.*ended after 20 seconds|ended after 20' \
	-p smp -t 20 sh -c 'echo here; sleep 10000'
expect 'no machine is left running' '[ -z "$(machines)" ]'

finish
