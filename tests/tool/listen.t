#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two ttys on somebody else's wires: matetool attach --listen and --join, monitor.
. "$(dirname "$0")/lib.sh"

insmod /lib/matenet/uart9.ko listeners=1
insmod /lib/matenet/n_matenet.ko
if ! devices || ! bus 0; then
	echo "Bail out! no bus"
	exit 1
fi
class=/sys/class/matenet
lines() { [ "$(grep -c . "$tmp/lines")" -ge "$1" ]; }

run matetool attach --listen ttyW2
is "$status $out" "0 /dev/matenet1" "a bus that listens"
is "$(<$class/matenet1/role) $(<$class/matenet1/join)" "monitor 0" "is a monitor"
run matetool attach --join 1 ttyW3
is "$status $out" "0 /dev/matenet2" "a second tty"
is "$(<$class/matenet2/role) $(<$class/matenet2/join)" "monitor 2" "joins it"

run matetool attach --join 7 ttyW1
fails 7 "matenet7: no such bus, and no bus on such a tty" "there is no such bus to join"
is "$(ls $class)" $'matenet0\nmatenet1\nmatenet2' "and none is made"
run matetool -d 1 reg get 1 0
like "$status $err" "^[1-9].*matetool: " "nothing is sent through it"

matetool monitor -d 1 >"$tmp/lines" 2>"$tmp/listening" &
monitor=$!
until_true grep -q listening "$tmp/listening"
matetool -d 0 reg get 1 0 >/dev/null
matetool -d 0 status 3 >/dev/null
# A marked byte is a frame.
frames=$(grep -Ec ' 1[0-9a-f]{2} ' "$pair/record")
until_true lines "$frames"
kill -INT $monitor
wait $monitor
# Two emulated processors stand still for longer than a frame takes.
if [ "${MATENET_PROFILE-}" != smp ]; then
	is "$(cut -d ' ' -f 3 "$tmp/lines" | sort | uniq -c | tr -s ' \n' ' ')" \
		" $(($(wc -l <"$tmp/lines") / 2)) < $(($(wc -l <"$tmp/lines") / 2)) << " \
		"as many replies as commands"
	is "$(cut -d ' ' -f 3 "$tmp/lines" | uniq -d)" "" "a command, its reply, a command .."
	like "$(<"$tmp/lines")" " matenet1 < 1 read 101 002 000 000 000 000 000 003 ok" "a command"
	like "$(<"$tmp/lines")" " matenet1 << 1 read 10[23] 000 003 000 00[56] ok" \
		"and its reply, by name"
	is "$(cut -d ' ' -f 1 "$tmp/lines" | sort -nc 2>&1)" "" "times go up"
fi

finish
