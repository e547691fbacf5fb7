#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The completion of bash, as it is installed, called as bash calls it.
. "$(dirname "$0")/lib.sh"

# shellcheck source=/dev/null
. /usr/share/bash-completion/completions/matetool
export MATETOOL_CONFIG=$tmp/conf
printf '[ports]\nroof = 1 mx\nhouse = 2 fx\n[matenet1]\nbarn = 1 dc\n' >"$tmp/conf"

# complete_line LINE: what could stand at its end
complete_line() {
	COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
	_matetool 2>"$tmp/err"
	out="${COMPREPLY[*]}$(<"$tmp/err")"
}

# offers LINE WORDS NAME: exactly these
offers() { complete_line "$1"; is "$out" "$2" "$3"; }

# has LINE WORD NAME, lacks LINE WORD NAME: this one among others
has() { complete_line "$1"; like " $out " " $2 " "$3"; }
lacks() { complete_line "$1"; if [[ " $out " == *" $2 "* ]]; then report fail "$3" "$out"; else report pass "$3"; fi; }

is "$(complete -p matetool)" "complete -F _matetool matetool" "bash knows whom to ask"

# ---- without a bus -----------------------------------------------------------

offers "matetool st" "status stats" "verbs"
offers "matetool -j st" "status stats" "verbs behind a flag"
offers "matetool -d 1 sca" "scan" "verbs behind a flag with a value"
offers "matetool frob" "" "no verb"
has "matetool reg " get "verbs below a verb"
offers "matetool reg du" dump "one of them"
offers "matetool status --r" --raw "options of the verb"
offers "matetool status --js" --json "and those of all"
offers "matetool scan --r" "" "but not those of others"
offers "matetool status -P " "roof house barn" "names of ports behind -P; there is no bus, so no numbers"
offers "matetool status h" house "and as an argument"
offers "matetool -d matenet1 status b" barn "those of the bus of -d"
offers "matetool reg get roof battery_v" "battery_voltage battery_voltage_max" "registers of the device that a name promises"
lacks "matetool reg get roof i" inverter_control "and no others"
has "matetool reg get -P house in" inverter_control "also with -P"
has "matetool reg get 1 float_voltage absorb_v" absorb_voltage "a second register"
has "matetool reg get 1 i" inverter_control "registers of all where nobody knows what is there"
lacks "matetool reg get roof c" clock_time "none that cannot be read"
offers "matetool reg set house inv" inverter_control= "registers to be written, with a ="
lacks "matetool reg set house b" battery_voltage= "none that cannot be written"
offers "matetool reg set house inverter_control=" "off search on" "values by name, only what is behind the ="
offers "matetool reg set house inverter_control=s" search "one of them"
has "matetool control set house " inverter_control= "controls"
lacks "matetool control set house " float_setpoint= "which set points are not"
offers "matetool log roof al" all "days"
has "matetool reg list " dc "types of devices"
offers "matetool reg list -o na" name "columns"
offers "matetool reg list -o name,ri" name,risk "a second column"
offers "matetool reg list -o +la" +label "one more column"
offers "matetool status -o battery_v" "battery_voltage" "fields, each once"
touch "$tmp/house.conf"
cd "$tmp" || exit
offers "matetool config diff house house.c" house.conf "files"
offers "matetool status barn x" "" "nothing where nothing can come"

# ---- with a bus: it is asked -------------------------------------------------

modules 1
devices -d 1=mx -d 2=fx -d 5=dc
bus 0
offers "matetool status -d " matenet0 "buses"
offers "matetool detach " matenet0 "as an argument"
wire_clear
offers "matetool reg get 5 state" state_of_charge "registers of the device that is there"
is "$(frames 0 | cut -c1-8)" 05020000 "which is asked who it is"
run matetool scan
offers "matetool status " "roof house 0 1 2 5" "names, and ports with a device"
wire_clear
offers "matetool reg get 5 state" state_of_charge "after a scan the type is known"
is "$(frames 0)" "" "and nobody is asked"

echo "[" >"$tmp/conf"
offers "matetool status -P " "0 1 2 5" "a broken configuration is no matter here"

finish
