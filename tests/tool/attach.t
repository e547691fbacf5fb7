#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool attach and detach, and the system's ldattach.
. "$(dirname "$0")/lib.sh"

insmod /lib/matenet/uart9.ko pairs=2
run matetool attach /dev/ttyW0
fails 1 "line discipline 29 is not there: modprobe n_matenet" "without the module"
run matetool attach /dev/ttyW0 -j
json_fails 1 no_ldisc "line discipline 29 is not there: modprobe n_matenet" "the same in JSON"
insmod /lib/matenet/n_matenet.ko
devices
plain=$(stty -F /dev/ttyW0 -g)

# The ldisc is not that of plain ttys: its settings cannot be changed by others.
plain_tty() { stty -F /dev/ttyW0 9600; }

# ---- in the background -------------------------------------------------------

run matetool attach /dev/ttyW0
is "$status $out$err" "0 /dev/matenet0" "attach prints the node"
be_patient() { [ "${MATENET_PROFILE-}" != smp ] || "$here/probe" patience /dev/matenet0 200000; }
be_patient
[ -c /dev/matenet0 ]
is "$?" 0 "that is there at once"
is "$(holders matetool | wc -l)" 1 "one process stays"
is "$(readlink "/proc/$(holders matetool)/fd/1")" /dev/null "and holds nothing of the caller's"
is "$(readlink "/proc/$(holders matetool)/cwd")" / "not even its directory"
is "$(cat /sys/class/tty/ttyW0/rx_trig_bytes)" 1 "the UART tells of each byte"
run matetool reg get 1 device_type
is "$status $err" "0 " "the bus works"
chmod 666 /dev/ttyW0
run "$here/probe" as 65534 bash -c ': </dev/ttyW0'
like "$status $err" "^1 .*Device or resource busy" "nobody else opens the tty"
chmod 600 /dev/ttyW0
run matetool attach /dev/ttyW0
fails 1 "/dev/ttyW0: it is a bus already" "a second attach"
run matetool attach --ldisc 28 /dev/ttyW0
fails 1 "/dev/ttyW0: it is a bus already" "a second attach by another number"
run matetool reg get 1 device_type
is "$status" 0 "leaves the first alone"

run matetool detach /dev/ttyW0
is "$status $out$err" "0 " "detach by path of the tty"
has_no_bus
is "$?" 0 "the bus is gone"
until_true no_attacher
is "$?" 0 "its process ends"
plain_tty
is "$?" 0 "the tty is plain again"
run matetool detach /dev/ttyW0
fails 7 "ttyW0: no such bus, and no bus on such a tty" "a second detach"
is "$(stty -F /dev/ttyW0 -g)" "$plain" "with the settings it had"

run matetool attach ttyW0 -j
is "$status $(json bus) $(json node) $(json tty)" "0 matenet0 /dev/matenet0 /dev/ttyW0" "attach by name, in JSON"
kill -0 "$(json pid)"
is "$?" 0 "with the process"
run matetool detach 0 -j
is "$status $(json bus) $(json tty)" "0 matenet0 /dev/ttyW0" "detach by number, in JSON"
until_true no_attacher
matetool attach /dev/ttyW0 >/dev/null
run matetool detach matenet0
is "$status" 0 "detach by name"
until_true no_attacher

matetool attach /dev/ttyW0 >/dev/null
kill "$(holders matetool)"
until_true no_attacher
is "$?" 0 "SIGTERM ends it"
has_no_bus && plain_tty
is "$?" 0 "and the tty is plain again"

matetool attach /dev/ttyW0 >/dev/null
kill -KILL "$(holders matetool)"
until_true has_no_bus
is "$?" 0 "killed: the bus goes with its last descriptor"

# ---- a terminal before ---------------------------------------------------------

# It listens to a bus: the first byte stops it, the second it echoes, which nobody sends.
exec 3<>/dev/ttyW0
stty -F /dev/ttyW0 ixon echo
plain=$(stty -F /dev/ttyW0 -g)
for byte in 113 141; do
	echo "1 insert 0 $byte" >$pair/inject
	sleep 0.1
done
wire_clear
run timeout 5 matetool attach /dev/ttyW0
is "$status $out$err" "0 /dev/matenet0" "a tty that XOFF has stopped"
be_patient
is "$(frames 0)" "" "what it has echoed is not sent"
run matetool reg get 1 device_type
is "$status $err" "0 " "the bus works"
kill "$(holders matetool)"
until_true no_attacher
is "$(stty -F /dev/ttyW0 -g)" "$plain" "and the tty is a terminal again"
matetool attach /dev/ttyW0 >/dev/null
matetool detach /dev/ttyW0
until_true no_attacher
is "$(stty -F /dev/ttyW0 -g)" "$plain" "so it is if another process has detached it"
exec 3>&-

# ---- in the foreground -------------------------------------------------------

"$here/probe" notify "$tmp/notify" >"$tmp/messages" &
listener=$!
until_true test -S "$tmp/notify"
NOTIFY_SOCKET=$tmp/notify matetool attach --foreground /dev/ttyW0 >"$tmp/node" &
pid=$!
until_true grep -q READY=1 "$tmp/messages"
is "$? $(<"$tmp/node")" "0 /dev/matenet0" "in the foreground: tells when it is ready"
be_patient
run matetool reg get 1 device_type
is "$status" 0 "and the bus works"
kill -INT $pid
wait $pid
is "$?" 0 "SIGINT ends it without an error"
until_true grep -q STOPPING=1 "$tmp/messages"
is "$?" 0 "and it tells that too"
has_no_bus && plain_tty
is "$?" 0 "the tty is plain again"
kill $listener

matetool attach -f /dev/ttyW0 >/dev/null &
pid=$!
until_true has_bus
"$here/probe" hangup /dev/ttyW0
wait $pid
is "$?" 0 "a hangup ends it"
until_true has_no_bus
is "$?" 0 "and the bus"

# ---- wrong ttys --------------------------------------------------------------

run matetool attach /dev/null
fails 2 "/dev/null: not a tty" "a device that is no tty"
run matetool attach ttyNone
fails 1 "/dev/ttyNone: No such file or directory" "a tty that is not there"
run matetool attach --ldisc 28 /dev/ttyW0
fails 1 "line discipline 28 is not there: modprobe n_matenet" "another line discipline"
run "$here/probe" as 65534 matetool attach /dev/ttyW0
fails 1 "/dev/ttyW0: Permission denied" "without permission"
chmod 666 /dev/ttyW2
run "$here/probe" as 65534 matetool attach /dev/ttyW2
fails 1 "/dev/ttyW2: line discipline 29: Operation not permitted" "without the capability"
has_no_bus
is "$?" 0 "none of them made a bus"

# ---- ldattach ----------------------------------------------------------------

ldattach -s 9600 29 /dev/ttyW0
is "$?" 0 "plain ldattach"
until_true test -c /dev/matenet0
be_patient
run matetool scan -j
is "$status $(json devices.#)" "0 4" "makes a bus that works"
run matetool list -j
is "$(json buses.0.tty)" ttyW0 "and is listed"
kill "$(holders ldattach)"
until_true has_no_bus
is "$?" 0 "until it ends"

finish
