#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names for ports: from which file, for which bus, and what they promise.
. "$(dirname "$0")/lib.sh"

modules 2
devices -d 1=mx -d 2=fx -d 3=dc
bus 0

export HOME=$tmp/home MATETOOL_CONFIG=$tmp/conf
mkdir -p "$HOME/.config/matenet"
cat >"$tmp/conf" <<-END
	; of any bus
	[ports]
	roof = 1 mx
	house = 2 fx     ; the inverter
	battery = 3
	lie = 2 mx

	[matenet0]
	here = 1 mx
	[1]
	shed = 1 mx
	[ttyW0]
	by-tty = 3 dc
END

run matetool status roof -j
is "$status $(json devices.0.port) $(json devices.0.type)" "0 1 mx" "a name as an argument"
run matetool status -P house -j
is "$status $(json devices.0.port) $(json devices.0.type)" "0 2 fx" "a name with -P"
run matetool -P 3 status -j
is "$status $(json devices.0.port)" "0 3" "a number with -P, before the verb"
run matetool status battery -j
is "$status $(json devices.0.port)" "0 3" "a name without a promise"
run matetool status here -j
is "$status $(json devices.0.port)" "0 1" "a name of this bus"
run matetool status by-tty -j
is "$status $(json devices.0.port)" "0 3" "a name of the bus of a tty"
run matetool reg get roof battery_voltage -j
is "$status $(json port) $(json register.name)" "0 1 battery_voltage" "reg get takes names"
run matetool reg get -P roof battery_voltage voc -j
is "$status $(json port) $(json registers.1.name)" "0 1 voc" "and -P with two registers"
run matetool log -P roof 1 -j
is "$status $(json devices.0.log.day_d)" "0 1" "log takes -P and a day"
run matetool log roof 1 -j
is "$status $(json devices.0.log.day_d)" "0 1" "and a name and a day"
run matetool scan -j -o port,name
is "$(json devices.1)" '{"port":1,"name":"here"}' "scan tells the name"

run matetool status lie
fails 3 'port 2: "lie" is to be an MX, but there is an FX' "a name that promises another device"
run matetool reg get lie errors -j
json_fails 3 promise 'port 2: "lie" is to be an MX, but there is an FX' "the same of a register, in JSON"
run matetool status barn
fails 2 'port "barn": no configuration file has that name' "a name that is not there"
run matetool status -P 11
fails 2 "port 11: a hub has ports 1 to 10" "a port there cannot be with -P"
run matetool status -P 1 2
fails 2 "status: too many arguments: matetool status [PORT]" "a port too many"
run matetool status shed
fails 2 'port "shed": no configuration file has that name' "a name of another bus"
run matetool status shed -d 1
fails 7 "matenet1: no such bus" "of a bus that is not there"

# ---- several buses -----------------------------------------------------------

bus 2
run matetool status here -j
is "$status $(json bus) $(json devices.0.port)" "0 matenet0 1" "a name chooses its bus"
run matetool status roof
fails 7 "there are several buses: matenet0 matenet1: choose one with -d" "one of any bus does not"
run matetool status -d 0 roof -j
is "$status $(json bus)" "0 matenet0" "with -d it does"
printf '[matenet1]\nhere = 2\n' >>"$tmp/conf"
run matetool status here
fails 2 'port "here": [matenet0] and [matenet1] both have one: choose a bus with -d' "two of the same name"
run matetool status -d ttyW0 here
fails 7 "ttyW0: no such bus" "a tty is no name of a bus for -d"
matetool detach ttyW2 >/dev/null

# ---- files -------------------------------------------------------------------

bad() { # LINE MESSAGE NAME
	printf '[ports]\n%s\n' "$1" >"$tmp/conf"
	run matetool status roof
	fails 2 "$tmp/conf:2: $2" "$3"
}
bad "roof = 11 mx" "roof = 11 mx: a port from 0 to 10 and hub, fx, mx or dc is wanted, such as roof = 1 mx" "a port too high"
bad "roof = 1 xm" "roof = 1 xm: a port from 0 to 10 and hub, fx, mx or dc is wanted, such as roof = 1 mx" "no such device"
bad "roof = mx" "roof = mx: a port from 0 to 10 and hub, fx, mx or dc is wanted, such as roof = 1 mx" "no port"
bad "roof = 1 mx 2" "roof = 1 mx 2: a port from 0 to 10 and hub, fx, mx or dc is wanted, such as roof = 1 mx" "too much"
bad "1st = 1 mx" '1st: a name begins with a letter, has at most 31 letters, digits, - _ and ., and is not "all", hub, fx, mx or dc' "a name that looks like a number"
bad "all = 1 mx" 'all: a name begins with a letter, has at most 31 letters, digits, - _ and ., and is not "all", hub, fx, mx or dc' "a name with a meaning"
bad "fx = 1 mx" 'fx: a name begins with a letter, has at most 31 letters, digits, - _ and ., and is not "all", hub, fx, mx or dc' "a name of a type"
bad "roof" "neither [section] nor name = value" "a line that is neither"
echo 'roof = 1 mx' >"$tmp/conf"
run matetool status roof
fails 2 "$tmp/conf:1: roof: it stands in no section such as [ports]" "a name before any section"
run matetool scan
is "$status" 2 "nothing is done with a broken configuration"

rm "$tmp/conf"
run matetool status roof
fails 1 "$tmp/conf: No such file or directory" "the file of MATETOOL_CONFIG must be there"
MATETOOL_CONFIG='' run matetool status roof
fails 2 'port "roof": no configuration file has that name' "an empty MATETOOL_CONFIG: no file"

unset MATETOOL_CONFIG
mkdir -p /etc/matenet
printf '[ports]\nroof = 3\nhouse = 2\n' >/etc/matenet/matetool.conf
run matetool status roof -j
is "$status $(json devices.0.port)" "0 3" "the file of the system"
printf '[ports]\nroof = 1 mx\n' >"$HOME/.config/matenet/matetool.conf"
run matetool status roof -j
is "$status $(json devices.0.port)" "0 1" "that of the user counts more"
run matetool status house -j
is "$status $(json devices.0.port)" "0 2" "and the system's other names stay"
rm /etc/matenet/matetool.conf

finish
