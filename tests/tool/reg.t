#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool reg get: registers by name and address.
. "$(dirname "$0")/lib.sh"

site -d 1=mx,fm80 -d 2=fx,230v -d 3=dc -d 4=fx,120v

# raw: the sixteen bits of the last reply on the wire
raw() { pages | tail -n 1 | tr a-f A-F; }

wire_clear
run matetool reg get 1 battery_voltage
is "$status $err" "0 " "a register by name"
is "$out" "battery_voltage: $(awk "BEGIN { printf \"%.1f\", $((0x$(raw))) / 10 }") V (raw 0x$(raw))" "value, unit and raw"
is "$(frames 0 | tail -n 1 | cut -c1-12)" "010200080000" "the command"
for addr in 0008 0x8 8; do
	first=$out
	run matetool reg get 1 "$addr"
	is "$status $out" "0 $first" "the same by address $addr"
done

wire_clear
run matetool reg get 1 battery_voltage -j
is "$status $(json bus) $(json port) $(json type)" "0 matenet0 1 mx" "in JSON"
is "$(json register.name) $(json register.address) $(json register.unit)" "battery_voltage 0008 V" "name, address, unit"
is "$(json register.raw)" "$(raw)" "raw"
is "$(json register.value)" "$(awk "BEGIN { printf \"%.1f\", $((0x$(raw))) / 10 }")" "value"
is "$(json register.evidence) $(json register.risk) $(json register.writable)" "proven none false" "evidence and risk"
is "$(json register.label)" "Battery voltage" "label"

run matetool reg get 1 charge_mode -j
like "$(json register.value_name)" "^(sleeping|float|bulk|absorb|equalize)$" "a mode by name"
is "$(json register.risk) $(json register.writable)" "control true" "that can be written"
run matetool reg get 1 device_type
is "$out" "device_type: mx (raw 0x0203)" "the type without its variant"
run matetool reg get 1 aux_relay -j
like "$(json register.value_on) $(json register.value_name)" "^(true|false) [a-z]" "a number with a flag"

run matetool reg get 2 inverter_control
like "$out" "^inverter_control: on \(raw 0x0002\)$" "an FX"
run matetool reg get 2 errors -j
is "$(json register.value) $(json register.value_names)" "0 []" "a set of bits"
wire_clear
run matetool reg get 2 output_voltage -j
is "$(json register.value)" "$((2 * 0x$(raw)))" "volts of a 230 V unit count double"
between "$(json register.value)" 220 240 "and are right"
run matetool reg get 4 output_voltage -j
between "$(json register.value)" 110 130 "volts of a 120 V unit do not"
wire_clear
run matetool reg get 2 inverter_current -j
is "$(json register.value)" "$(awk "BEGIN { printf \"%.1f\", $((0x$(raw))) / 2 }")" "amperes of a 230 V unit count half"

run matetool reg get 3 state_of_charge
like "$out" "^state_of_charge: [0-9]+ % \(raw 0x00[0-9A-F]{2}\)$" "a FLEXnet DC"
run matetool reg get 0 fw_rev_a
like "$out" "^fw_rev_a: [0-9]+ \(raw" "a hub"

# An address without a name is sixteen bits.
run matetool reg get 1 0xabc
like "$status $out" "^0 0ABC: [0-9]+ \(raw 0x[0-9A-F]{4}\)$" "a register that is in no table"
run matetool reg get 1 0xabc -j
is "$(json register.name) $(json register.evidence) $(json register.risk) $(json register.address)" \
	"null null null 0ABC" "of which nothing is known"

run matetool reg get 2 foo
fails 2 'register "foo": an FX has none of that name' "a name an FX does not have"
run matetool reg get 1 inverter_control
fails 2 'register "inverter_control": an MX has none of that name' "a name of another device"
run matetool reg get 3 foo -j
json_fails 2 register 'register "foo": a FLEXnet DC has none of that name' "the same in JSON"
run matetool reg get 0 ''
fails 2 'register "": a hub has none of that name' "no name at all"
run matetool reg get 1 0x12345
fails 2 'register "0x12345": an MX has none of that name' "an address too large"
run matetool reg get 1 clock_time
fails 2 'register "clock_time": it can only be written' "a register that cannot be read"
run matetool reg get 9 battery_voltage
fails 5 "port 9: no reply" "an empty port"
run matetool reg frob 1 foo
fails 2 "reg frob: no such verb: try matetool reg --help" "a verb below reg that is none"
run matetool reg get 1
fails 2 "reg get: too few arguments: matetool reg get PORT NAME|ADDRESS.." "too few arguments"

devices -d 1=mx --fault '2-3=sum'
run matetool reg get 1 battery_voltage
fails 6 "port 1: register 0008: reply with a bad checksum" "a reply that stays damaged"
devices -d 1=mx --fault '2=sum'
run matetool reg get 1 battery_voltage
is "$status $err" "0 " "one that was damaged once"

finish
