#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool's errors: they name the thing and the value, in text and in JSON.
. "$(dirname "$0")/lib.sh"

# ---- arguments ---------------------------------------------------------------

for port in 11 -1 1x '' 99999999999999999999; do
	run matetool status -- "$port"
	fails 2 "port $port: a hub has ports 1 to 10" "port \"$port\""
done
run matetool status 11 -j
json_fails 2 port "port 11: a hub has ports 1 to 10" "a port in JSON"
run matetool
fails 2 "no verb: try matetool --help" "no verb"
run matetool frobnicate
fails 2 "frobnicate: no such verb: try matetool --help" "an unknown verb"
run matetool -j frobnicate
json_fails 2 usage "frobnicate: no such verb: try matetool --help" "the same in JSON"
run matetool frobnicate -j
json_fails 2 usage "frobnicate: no such verb: try matetool --help" "with the flag behind"
run matetool scan --what
fails 2 "option --what: there is no such option" "an unknown long option"
run matetool scan -w
fails 2 "option -w: there is no such option" "an unknown short option"
run matetool scan -d
fails 2 "option -d: a value is missing" "an option without its value"
run matetool scan 3
fails 2 "scan: too many arguments: matetool scan [--follow]" "an argument too many"
run matetool attach
fails 2 "attach: too few arguments: matetool attach [-f] [--ldisc N] [-l] [--join BUS] TTY" "an argument too few"
run matetool attach --ldisc 300 ttyW0
fails 2 "--ldisc 300: a number from 1 to 255 is wanted" "a line discipline there cannot be"

# ---- help --------------------------------------------------------------------

for verb in list scan status log reg attach detach; do
	run matetool $verb --help
	like "$status $out" "^0 Usage: matetool $verb .*Examples:" "help of $verb has examples"
done
run matetool --help
like "$status $out" "^0 Usage: matetool .*matetool scan" "help of all has examples"
run matetool -V
like "$status $out" "^0 matetool [0-9.]+, libmatenet [0-9.]+$" "versions of tool and library"

# ---- buses -------------------------------------------------------------------

modules 2
run matetool scan
fails 7 "there is no bus: make one with matetool attach TTY" "no bus"
run matetool scan -j
json_fails 7 no_bus "there is no bus: make one with matetool attach TTY" "no bus in JSON"
bus 0
run matetool scan -d 3
fails 7 "matenet3: no such bus" "a bus by number"
run matetool -d matenet3 scan
fails 7 "matenet3: no such bus" "a bus by name"
run matetool scan --bus /dev/matenet3
fails 7 "/dev/matenet3: no such bus" "a bus by path"
run matetool scan -d foo -j
json_fails 7 no_bus "foo: no such bus" "a bus that cannot be"
run matetool scan -d /dev/null
fails 7 "/dev/null: not a MateNET bus" "a path that is something else"
run matetool scan -d /dev/ttyW2
fails 7 "/dev/ttyW2: not a MateNET bus" "a tty that is no bus"
bus 2
run matetool scan
fails 7 "there are several buses: matenet0 matenet1: choose one with -d" "several buses"
run matetool scan -d 1
fails 5 "matenet1: port 0: no reply" "one of them chosen"
chmod 600 /dev/matenet0
run "$here/probe" as 65534 matetool scan -d 0
fails 1 "matenet0: permission denied" "without permission"

# ---- output ------------------------------------------------------------------

run bash -c 'matetool list >/dev/full'
is "$status $err" "1 matetool: standard output: No space left on device" "output that cannot be written"

finish
