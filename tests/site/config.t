#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Set points as a file: saved, compared, put back; what of a file is refused.
. "$(dirname "$0")/hands.sh"

changing_site -d 1=mx -d 2=fx -d 3=dc -d 4=mx
unlock

# ---- round trip of each type of device ---------------------------------------

# changes TYPE: set points that somebody changes behind our back, and how they are shown
changes() {
	case $1 in
	mx) echo "absorb_voltage=30.1=28.8_V=30.1_V float_voltage=28.9=27.2_V=28.9_V rebulk_voltage=21.5=24.0_V=21.5_V" ;;
	fx) echo "low_battery_cutout=19.0=21.0_V=19.0_V low_battery_cutin=20.0=25.0_V=20.0_V search_sensitivity=9=6=9" ;;
	dc) echo "battery_capacity=400=800_Ah=400_Ah shunt_b_mode=disabled=enabled=disabled" ;;
	esac
}

for device in 1=mx 2=fx 3=dc; do
	port=${device%=*} type=${device#*=} file=$tmp/$type.conf

	run matetool config save "$port" "$file"
	is "$status $out$err" "0 " "$type: save"
	like "$(<"$file")" "^# matetool config 1"$'\n'"# .* ${type}$port, port $port of matenet0, revision [0-9.]+"$'\n'"device = $type"$'\n' \
		"$type: the file says what it is of"
	run matetool reg list "$port" -j
	wanted=$(for ((i = 0; i < $(json registers.#); i++)); do
		[ "$(json registers.$i.risk)" = setpoint ] && json registers.$i.name
	done)
	is "$(sed -n 's/^\([a-z0-9_]*\) = .*/\1/p' "$file" | grep -v '^device$')" "$wanted" "$type: all set points of the table, nothing else"
	run matetool config save "$port"
	is "$out" "$(<"$file")" "$type: without a file to standard output"
	run matetool config diff "$port" "$file"
	is "$status $out$err" "0 " "$type: nothing differs"

	expected=
	for change in $(changes "$type"); do
		IFS='=' read -r name value was now <<<"$change"
		tell "set $port reg $name = $value"
		expected+="$name ${was/_/ } ${now/_/ }"$'\n'
	done
	run matetool config diff "$port" "$file"
	is "$status" 4 "$type: something differs"
	is "$(sed 1d <<<"$out" | tr -s ' ' | sed 's/ $//' | sort)" "$(sort <<<"${expected%$'\n'}")" "$type: and is shown"
	run matetool config diff "$port" "$file" -j
	is "$status $(json differences.#)" "4 $(wc -w <<<"$(changes "$type")")" "$type: in JSON, too"

	wire_clear
	run matetool config apply "$port" "$file" --dry-run
	is "$status" 0 "$type: a dry run"
	untouched "$type: a dry run"
	run matetool config apply "$port" "$file"
	is "$status" 3 "$type: nobody to ask"
	untouched "$type: nobody to ask"
	run matetool config apply "$port" "$file" --yes
	is "$status" 0 "$type: apply"
	is "$(written | wc -l)" "$(wc -w <<<"$(changes "$type")")" "$type: writes what differs and no more"
	run matetool config diff "$port" "$file"
	is "$status $out$err" "0 " "$type: then nothing differs"
	wire_clear
	run matetool config apply "$port" "$file" --yes
	is "$status $out" "0 The device holds what $file says: nothing written." "$type: nothing to do"
	untouched "$type: nothing to do"
done

# ---- the order ---------------------------------------------------------------

# Up: the higher one first; down: the lower one first; so float never passes absorb.
sed -E 's/^(absorb_voltage) = .*/\1 = 31.0 V/; s/^(float_voltage) = .*/\1 = 30.0 V/' "$tmp/mx.conf" >"$tmp/high.conf"
wire_clear
run matetool config apply 1 "$tmp/high.conf" --yes
is "$status $(written | tr '\n' ' ')" "0 010300190136 01030018012c " "what rises: the highest first"
wire_clear
run matetool config apply 1 "$tmp/mx.conf" --yes
is "$status $(written | tr '\n' ' ')" "0 010300180110 010300190120 " "what falls: the lowest first"
sed -E 's/^(absorb_voltage) = .*/\1 = 29.0/; s/^(float_voltage) = .*/\1 = 26.0/; s/^(rts_compensation) = .*/\1 = 1/; s/^(rebulk_voltage) = .*/\1 = 25.0/' "$tmp/mx.conf" >"$tmp/mixed.conf"
wire_clear
tell "set 1 reg rts_compensation = 0x0001"
run matetool config apply 1 "$tmp/mixed.conf" --dry-run
tell "set 1 reg rts_compensation = wide"
is "$(grep -- '->' <<<"$out" | sed 's/^ *\([a-z_]*\):.*/\1/' | tr '\n' ' ')" "absorb_voltage rebulk_voltage float_voltage " "what rises before what falls"

# ---- it ends at the first that fails -----------------------------------------

# Two READs to compare for each line, then type, revision 3, old, and before, WRITE, after.
wire_clear
lines=$(grep -c '^[a-z].* = ' "$tmp/high.conf")
tell "fault $((4 + lines - 1 + 2 + 2))=refuse"
run matetool config apply 1 "$tmp/high.conf" --yes -j
tell "fault none"
is "$status $(json changes.0.result) $(json changes.1.result)" "6 refused planned" "the device refuses the first: the second is not tried"
is "$(written | wc -l)" 1 "on the wire, too"
matetool config apply 1 "$tmp/mx.conf" --yes >/dev/null

# ---- another device ----------------------------------------------------------

run matetool config apply 4 "$tmp/mx.conf" --dry-run
is "$status" 0 "another device of the same type will do"
wire_clear
run matetool config apply 2 "$tmp/mx.conf" --yes
fails 3 "port 2: $tmp/mx.conf is for an MX, but there is an FX" "another type of device will not"
untouched "another type of device"
run matetool config diff 3 "$tmp/fx.conf"
fails 3 "port 3: $tmp/fx.conf is for an FX, but there is a FLEXnet DC" "nor to compare"
run matetool config save 0
fails 2 "port 0: a hub has no set points" "a hub has nothing to save"

# ---- files -------------------------------------------------------------------

run matetool config save 1 "$tmp/mx.conf"
fails 2 "$tmp/mx.conf: the file exists; --force overwrites it" "a file that is there is kept"
run matetool config save 1 "$tmp/mx.conf" --force
is "$status" 0 "but for --force"
tell "fault 12-99=silent"
run matetool config save 4 "$tmp/broken.conf"
tell "fault none"
is "$status" 5 "a device that falls silent"
like "$err" ": nothing saved: no reply$" "is told"
[ ! -e "$tmp/broken.conf" ]
is $? 0 "and there is no half a file"
run matetool config save 1 "$tmp/none/mx.conf"
fails 1 "$tmp/none/mx.conf: No such file or directory" "a directory that is not there"
run matetool config apply 1 "$tmp/none.conf" --yes
fails 1 "$tmp/none.conf: No such file or directory" "a file that is not there"

# bad LINES MESSAGE NAME: a file with these lines after the first
bad() {
	printf '# matetool config 1\n%b\n' "$1" >"$tmp/bad.conf"
	wire_clear
	run matetool config apply 1 "$tmp/bad.conf" --yes
	fails 2 "$tmp/bad.conf:$2" "$3"
	untouched "$3"
}
bad 'device = mx\nabsorb_voltage = 28.8\nfoo = 1' '4: foo: an MX has no register of that name' "a register there is not"
bad 'device = mx\nabsorb_voltage = hot' '3: absorb_voltage = hot: not a value of this register: 0.0 to 80.0 V' "a value that is none"
bad 'device = mx\nfloat_voltage = 27\nabsorb_voltage = 99 V' '4: absorb_voltage = 99.0 V: outside what is allowed: 0.0 to 80.0 V' "a value out of range: nothing of the file is written"
bad 'device = mx\nabsorb_voltage = 28.8 A' '3: absorb_voltage = 28.8 A: not a value of this register: 0.0 to 80.0 V' "another unit"
bad 'device = mx\nabsorb_voltage 28.8' '3: "absorb_voltage 28.8": NAME = VALUE is wanted' "no ="
bad 'device = mx\nabsorb_voltage = 28\nabsorb_voltage = 29' '4: absorb_voltage: it is on line 3 already' "twice"
bad 'device = mx\ncharge_mode = float' '3: charge_mode: it is no set point; matetool reg set writes it' "a control"
bad 'device = mx\nvbatt_calibration = 1' '3: vbatt_calibration: it is no set point; matetool reg set writes it' "a calibration"
bad 'device = mx\nbattery_voltage = 1' '3: battery_voltage: it is no set point' "a measured value"
bad 'absorb_voltage = 28' '2: absorb_voltage: a line device = TYPE must come before' "no type"
bad 'device = toaster' '2: device = toaster: there are hub, fx, mx and dc' "a type there is not"
bad 'device = mx\ndevice = mx' '3: device: it is there twice' "the type twice"
bad 'device = mx' '2: there is no set point in this file' "nothing in it"
echo 'device = mx' >"$tmp/bad.conf"
run matetool config apply 1 "$tmp/bad.conf" --yes
fails 2 "$tmp/bad.conf:1: the first line is not \"# matetool config 1\"" "some other file"
: >"$tmp/bad.conf"
run matetool config diff 1 "$tmp/bad.conf"
is "$status" 2 "an empty file"
sed 's/$/\r/' "$tmp/mx.conf" >"$tmp/crlf.conf"
run matetool config diff 1 "$tmp/crlf.conf"
is "$status $out$err" "0 " "lines that end with CR LF"

# ---- JSON --------------------------------------------------------------------

run matetool config save 1 -j
is "$status $(json type) $(json config.absorb_voltage) $(json config.rts_compensation_name)" "0 mx 28.8 wide" "save in JSON"

finish
