#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# userspace/examples: the same program in every language, against matetool.
. "$(dirname "$0")/lib.sh"

host=/mnt

# Interpreters are large, and only User-Mode Linux can see the file system of the
# machine it runs on: never to be written to, so not below $tmp either.
interpreters() {
	[ "$MATENET_PROFILE" = uml ] && mount -r -t hostfs -o / none $host &&
		grep -q " $host hostfs ro" /proc/mounts &&
		mount --bind /dev $host/dev && mount --bind "$here/examples" $host/tmp
}

# example NAME ARGUMENT..
example() {
	local name=$1
	shift
	case $name in
	*.*) run chroot $host "/tmp/$name" "$@" ;;
	*) run "$here/examples/$name" "$@" ;;
	esac
}

# expected PORT: what matetool says of it, in the words of the examples
expected() {
	local type volts
	run matetool reg get "$1" device_type -j
	type=$(json register.raw)
	run matetool status "$1" -j
	volts=$(json devices.0.status.battery_voltage_v)
	wanted="READ: device type 0x${type,,}
STATUS: battery $volts V, PV $(json devices.0.status.pv_voltage_v) V, $(json devices.0.status.pv_current_a) A, charge mode $(json devices.0.status.charge_mode)"
	run matetool log "$1" 0 -j
	wanted="$wanted
LOG: today $(json devices.0.log.energy_kwh) kWh, $(json devices.0.log.charge_ah) Ah"
}

site -d 1=mx,fm80 -d 2=mx,noah -d 3=fx
expected 1
first=$wanted
expected 2
second=$wanted
like "$first" "0x0203.* [1-9][0-9]\.[0-9] V" "matetool has something to compare with"
[ "$first" != "$second" ]
is "$?" 0 "and its charge controllers differ"

interpreters
have_interpreters=$?
for name in mate-c mate-go mate-rust mate.pl mate.py; do
	case $name in
	*.*) [ $have_interpreters = 0 ] || why="only User-Mode Linux sees the interpreters of its host" ;;
	*) [ -x "$here/examples/$name" ] || why="there was no compiler for it" ;;
	esac
	if [ -n "${why-}" ]; then
		report pass "$name # SKIP $why"
		why=
		continue
	fi

	wire_clear
	example "$name" /dev/matenet0 1
	is "$status $err$out" "0 $first" "$name: port 1"
	is "$(frames 0 | cut -c1-12 | tr '\n' ' ')" "010200000000 010400010000 011600000000 " \
		"$name: asks three times"
	example "$name" /dev/matenet0 2
	is "$status $err$out" "0 $second" "$name: port 2"
	example "$name"
	is "$status $err$out" "0 $first" "$name: its defaults"

	wire_clear
	example "$name" /dev/matenet0 9
	like "$status $out$err" "^1 $name: READ: (TX_DONE )?TIMEOUT$" "$name: an empty port"
	is "$(frames 0 | wc -l)" 2 "$name: is asked twice"
	example "$name" /dev/matenet0 3
	like "$status $err" "^1 $name: LOG: (TX_DONE )?REFUSED$" "$name: a submitted one is refused"
	example "$name" /dev/matenet9
	like "${status,,} $out${err,,}" "^1 $name: /dev/matenet9: no such file or directory" "$name: no such node"
	example "$name" /dev/null
	like "${status,,} $out${err,,}" "^1 $name: read: inappropriate ioctl for device" "$name: not a bus"
done
[ $have_interpreters != 0 ] || umount $host/tmp $host/dev $host

finish
