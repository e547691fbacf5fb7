#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The simulator on the wire: sites from files and back, set points that stay, the
# tester's hand; on a tty and on a bus in the device role.
. "$(dirname "$0")/lib.sh"

modules 1

# simulate NODE OPTION..: matesim there, all as it pleases
simulate() {
	stop_devices
	rm -rf /run/matetool
	: >"$tmp/ready"
	matesim "${@:2}" "$1" >"$tmp/ready" 2>"$tmp/sim.err" &
	sim=$!
	until_true grep -q '^ready' "$tmp/ready" && return
	echo "# matesim $*: not ready:" "$(<"$tmp/sim.err")"
	return 1
}

tell() { run matesim --tell "$tmp/ctl" "$@"; }

snapshot() { matetool -d 0 snapshot >"$1" 2>/dev/null; }

# refused NAME LINE OPTION..: matesim ends at once, with this on stderr alone
refused() {
	run timeout 10 matesim "${@:3}" /dev/ttyW1
	is "$status $out$err" "1 matesim: $2" "$1"
}

# ---- a site and its recording --------------------------------------------------

# Two MX, three FX of which one is stacked, a 120 V one, two FLEXnet DC.
simulate /dev/ttyW1 -d 1=mx -d 2=fx -d 3=dc -d 4=mx,fm80,noah -d 5=fx,slave -d 7=fx,120v \
	-d 10=dc,fresh --seed 3 --turnaround-us 2000 --control "$tmp/ctl"
bus 0
run matetool scan
like "$out" "4 +MX charge controller +02 " "an FM80 on port 4"
is "$(grep -c . <<<"$out")" 9 "seven devices and a hub"
tell 'set 1 reg 0x0018 = refused' 'set 4 log 9 = silent' 'set 3 status 0x0C = refused' \
	'errors 2 = over_temp, stacking_error' 'set 7 reg sell_voltage = -327.68' 'get 2 reg errors'
is "$status $out $err" "1 0x0006 matesim: set 7 reg sell_voltage = -327.68: finer than the register can hold" \
	"what cannot be is said, the rest is done"
run matetool status -P 2
like "$out" "Errors: stacking_error, over_temp" "errors on command"

# It lives while it is recorded: two recordings of it differ, those of a recording do not.
snapshot "$tmp/live"
tell 'run 3600'
snapshot "$tmp/first"
is "$(cmp -s "$tmp/live" "$tmp/first"; echo $?)" 1 "an hour later all is different"
for line in 'matenet-site 1' 'device = fx,120v' 'reg 0x0018 = refused  # float_voltage' \
	'log 9 = silent' 'status 0x0C = refused' 'reg 0x0000 = 0x0203  # device_type: mx'; do
	is "$(grep -cxF "$line" "$tmp/first")" 1 "recorded: $line"
done

simulate /dev/ttyW1 --site "$tmp/first" --turnaround-us 2000 --speed 3600
snapshot "$tmp/second"
is "$(diff "$tmp/first" "$tmp/second")" "" "the recording of the recorded site is the same"

# The same on a bus in the device role.
matetool attach /dev/ttyW1 >/dev/null
simulate /dev/matenet1 --site "$tmp/second" --turnaround-us 2000 --control "$tmp/ctl"
snapshot "$tmp/second"
is "$(diff "$tmp/first" "$tmp/second")" "" "and so it is from a bus in the device role"
tell 'fault 1=junk'
is "$status $err" "1 matesim: fault 1=junk: a bus in the device role cannot send junk" \
	"no junk from there"
tell 'errors 2 = none'
run matetool -d 0 status -P 2
like "$out" "Errors: none" "errors gone on command"
stop_devices
matetool detach matenet1 >/dev/null

# ---- recorded until somebody writes ----------------------------------------------

cat >"$tmp/fx" <<-END
	matenet-site 1
	[port 2]
	device = fx
	reg charge_control = auto
	reg inverter_current = 1.5
	status 0x01 = 03 00 00 03 73 00 04 00 02 00 fe 09 00
END
simulate /dev/ttyW1 --site "$tmp/fx" --speed 0 --control "$tmp/ctl"
wire_clear
run matetool status -P 2
like "$out" "Operating mode: silent" "a recorded page"
is "$(pages | grep -c '^03000003730004000200fe0900$')" 1 "byte for byte"
matetool bus set writable=on >/dev/null
run matetool reg set 2 charge_control=on --yes
is "$status" 0 "a control is written"
run matetool status -P 2
like "$out" "Operating mode: on" "and the recording of what it decides is past"
run matetool reg get 2 charge_control
like "$out" "^charge_control: on " "it has the value written"
tell 'get 2 status.battery_voltage'
is "$out" 25.4 "the rest of the page stays"

# ---- set points that stay ---------------------------------------------------------

simulate /dev/ttyW1 --state "$tmp/set-points" --speed 0 --control "$tmp/ctl"
matetool reg set 1 float_voltage=26.8 --yes >/dev/null 2>&1
matetool inc 2 absorb_setpoint --yes >/dev/null 2>&1
tell 'set 3 reg battery_capacity = 440'
{
	kill -9 "$sim"
	wait "$sim"
} 2>/dev/null
is "$(<"$tmp/set-points")" "matenet-site 1

[port 1]
device = mx
reg 0x0018 = 0x010C  # float_voltage

[port 2]
device = fx
reg 0x000B = 0x0121  # absorb_setpoint

[port 3]
device = dc
reg 0x0034 = 0x01B8  # battery_capacity" "set points are kept before the reply leaves"
simulate /dev/ttyW1 --state "$tmp/set-points" --speed 0 --control "$tmp/ctl"
like "$(matetool reg get 1 float_voltage)" "^float_voltage: 26.8 V " "written, after kill -9"
like "$(matetool reg get 2 absorb_setpoint)" "^absorb_setpoint: 28.9 V " "stepped, after kill -9"
like "$(matetool reg get 3 battery_capacity)" "^battery_capacity: 440 Ah " "set by hand, after kill -9"

# ---- the tester's hand -------------------------------------------------------------

tell 'fault 1-9=silent'
run matetool reg get 1 float_voltage
is "$status" 5 "silence on command"
tell 'fault none'
run matetool reg get 1 float_voltage
is "$status" 0 "and no longer"
run matesim --tell "$tmp/ctl" <<-END
	# a comment
	set 1 reg float_voltage = 27.0   # and another

	get 1 reg float_voltage
END
is "$status $out" "0 " "nothing on stdin is nothing to do"
printf '%s\n' '# a comment' 'set 1 reg float_voltage = 27.0 # another' '' 'get 1 reg float_voltage' \
	>"$tmp/lines"
is "$(matesim --tell "$tmp/ctl" <"$tmp/lines")" 0x010E "lines of stdin"
is "$(matesim --tell "$tmp/ctl" 'run x' 2>&1; echo $?)" \
	"matesim: run x: so many seconds, at most 400 days
1" "an error is a status"
run matesim --tell "$tmp/nobody" 'run 1'
is "$status $err" "1 matesim: $tmp/nobody: no simulator there: No such file or directory" \
	"nobody to tell"
run timeout 10 matesim --control "$tmp/ctl" /dev/ttyW1
is "$status $out$err" "1 matesim: $tmp/ctl: cannot listen there: Address already in use" \
	"one simulator for a socket"
stop_devices
is "$(ls "$tmp/ctl" 2>/dev/null)" "" "the socket is gone with it"

# ---- bad input ---------------------------------------------------------------------

printf 'matenet-site 1\n[port 1]\ndevice = mx\nreg float_voltage = 27,2\n' >"$tmp/bad"
refused "a bad site" "$tmp/bad:4: reg float_voltage = 27,2: not a number in its unit, nor 0x and hex digits" \
	--site "$tmp/bad"
refused "no such site" "$tmp/none: No such file or directory" --site "$tmp/none"
refused "a site and devices" "--site $tmp/fx: it says which devices there are; no -d, --direct or --hub" \
	--site "$tmp/fx" -d 1=mx
refused "a state of other devices" "$tmp/set-points:4: device = mx: port 1 has fx now" \
	--state "$tmp/set-points" -d 1=fx
refused "a pattern has no devices" "--pattern: no --site, --state or --control: there are no devices" \
	--pattern --state "$tmp/set-points"
finish
