#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool status: what it prints against the bytes the wire has recorded.
. "$(dirname "$0")/lib.sh"

site -d 1=mx,fm80 -d 2=fx,230v -d 3=dc -d 4=fx,120v -d 5=mx,noah

# byte N of the page in the output
byte() { local raw; raw=$(json devices.0.status.raw); echo $((0x${raw:2*$1:2})); }
# word N: signed sixteen bits
word() { local w=$(($(byte "$1") << 8 | $(byte $(($1 + 1))))); echo $((w > 32767 ? w - 65536 : w)); }
# scaled N DIVISOR: as a JSON number; the divisor divides 100
scaled() {
	local n=$(($1 * 100 / $2)) sign='' text
	[ $n -ge 0 ] || { n=$((-n)) sign=-; }
	printf -v text '%s%d.%02d' "$sign" $((n / 100)) $((n % 100))
	echo "${text%0}"
}
# same FIELD VALUE
same() { is "$(json "devices.0.status.$1")" "$2" "$1"; }

# ---- MX ----------------------------------------------------------------------

wire_clear
run matetool status 1 -j
is "$status $(json bus) $(json devices.#) $(json devices.0.port) $(json devices.0.type)" \
	"0 matenet0 1 1 mx" "MX"
is "$(json devices.0.status.raw)" "$(pages | tail -n 1)" "raw: the bytes on the wire"
same battery_voltage_v "$(scaled "$(word 9)" 10)"
same pv_voltage_v "$(scaled "$(word 11)" 10)"
same pv_current_a $((($(byte 1) + 128) & 255))
same output_current_a "$(scaled $(((($(byte 2) + 128) & 255) * 10 + ($(byte 0) & 15))) 10)"
same energy_today_kwh "$(scaled $(($(byte 3) << 8 | $(byte 8))) 10)"
same charge_today_ah $((($(byte 0) & 0x70) << 4 | $(byte 4)))
same charge_mode "$(byte 6)"
same aux_on "$([ $(($(byte 5) & 64)) = 0 ] && echo false || echo true)"
between "$(json devices.0.status.battery_voltage_v)" 20 32 "a 24 V system"
modes=(sleeping float bulk absorb equalize)
same charge_mode_name "${modes[$(byte 6)]}"
mx_v=$(json devices.0.status.battery_voltage_v)

run matetool status 1
is "$status $err" "0 " "MX for people"
like "$out" "^Port 1, MX charge controller"$'\n' "has a heading"
like "$out" $'\n'"Battery voltage: $(printf %.1f "$mx_v") V"$'\n' "a value with its unit"
like "$out" $'\n'"Charge mode: [a-z]+"$'\n' "a mode by name"
like "$out" $'\n'"Errors: none"$'\n' "no errors"

run matetool status 5 -j
same charge_valid false
same charge_today_ah null
run matetool status 5
like "$out" $'\n'"Charge today: not available"$'\n' "amp-hours that are not counted"

# ---- FX ----------------------------------------------------------------------

wire_clear
run matetool status 2 -j
is "$status $(json devices.0.type)" "0 fx" "FX of 230 V"
is "$(json devices.0.status.raw)" "$(pages | tail -n 1)" "raw: the bytes on the wire"
same is_230v true
same ac_out_voltage_v $((2 * $(byte 4)))
same inverter_current_a "$(scaled "$(byte 0)" 2)"
same battery_voltage_v "$(scaled "$(word 9)" 10)"
same operating_mode "$(byte 6)"
same errors_names '[]'
between "$(json devices.0.status.ac_out_voltage_v)" 220 240 "230 V come out"

run matetool status 4 -j
is "$status $(json devices.0.type)" "0 fx" "FX of 120 V"
same is_230v false
same ac_out_voltage_v "$(byte 4)"
same inverter_current_a "$(scaled $((10 * $(byte 0))) 10)"
between "$(json devices.0.status.ac_out_voltage_v)" 110 130 "120 V come out"

# ---- FLEXnet DC --------------------------------------------------------------

wire_clear
run matetool status 3 -j
is "$status $(json devices.0.type)" "0 dc" "FLEXnet DC"
is "$(json devices.0.status.raw)" "$(pages | tail -n 6 | tr -d '\n')" "raw: six pages on the wire"
is "$(frames 0 | tail -n 6 | cut -c1-8 | tr '\n' ' ')" \
	"0304000a 0304000b 0304000c 0304000d 0304000e 0304000f " "asked for one after another"
same battery_voltage_v "$(scaled "$(word 6)" 10)"
same state_of_charge_percent "$(byte 8)"
same shunt_a_current_a "$(scaled "$(word 0)" 10)"
same shunt_b_power_kw "$(scaled "$(word 11)" 100)"
same battery_current_a "$(scaled "$(word 21)" 10)"
same today_input_charge_ah "$(word 29)"
same since_full_corrected_energy_kwh "$(scaled "$(word 70)" 100)"
is "$(awk "BEGIN { printf \"%.1f\", $(json devices.0.status.input_current_a) - $(json devices.0.status.output_current_a) }")" \
	"$(printf %.1f "$(json devices.0.status.battery_current_a)")" "in less out is what the battery gets"
run matetool status 3
like "$out" "^Port 3, FLEXnet DC"$'\n' "FLEXnet DC for people"
like "$out" $'\n'"State of charge: [0-9]+ %"$'\n' "state of charge"

# ---- all ---------------------------------------------------------------------

run matetool status -j
is "$status $(json devices.#)" "0 5" "all devices at once"
is "$(json devices.0.type)$(json devices.1.type)$(json devices.2.type)$(json devices.3.type)$(json devices.4.type)" \
	mxfxdcfxmx "in the order of their ports"
is "$(json devices.0.status.battery_voltage_v)" "$mx_v" "and equal to what one alone says"
run matetool status
is "$status $(grep -c '^Port ' <<<"$out")" "0 5" "all devices for people"
run matetool status -p 1
is "$status $(head -n 1 <<<"$out") $(json devices.0.port)" "0 { 1" "JSON with line breaks"

# ---- what cannot be shown ----------------------------------------------------

run matetool status 0
fails 2 "port 0: a hub has no status" "a hub"
run matetool status 9
fails 5 "port 9: no reply" "an empty port"
run matetool status 9 -j
json_fails 5 no_reply "port 9: no reply" "an empty port in JSON"

# Types take 11 commands; the twelfth is the first status.
devices -d 1=mx -d 2=fx --fault 12=refuse
run matetool status
is "$status" 6 "a device that refuses"
is "$err" "matetool: port 1: the device refused the command" "is told"
like "$out" "^Port 2, FX inverter"$'\n' "and the others are shown"

devices --direct dc,fresh
run matetool status 0 -j
is "$status $(json devices.0.type)" "0 dc" "a device without a hub, just started"
same battery_voltage_v 0.1
same state_of_charge_percent 0
run matetool status -j
is "$status $(json devices.#) $(json devices.0.port)" "0 1 0" "the only device there is"

finish
