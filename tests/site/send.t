#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool send: the grammar, what goes out, what comes back, and what is asked.
. "$(dirname "$0")/hands.sh"

changing_site -d 1=mx,fm80 -d 2=fx -d 3=dc

# sends TEXT FRAME NAME: the command on the wire, without its checksum
sends() {
	wire_clear
	run matetool send "$1"
	is "$status $err" "0 " "$3"
	is "$(frames 0 | sed 's/....$//')" "$2" "$3: on the wire"
	is "$(tr -d '.' <<<"${out#*#}" | tr A-F a-f)" "$(frames 1 | sed 's/....$//')" "$3: the answer is shown"
}
sends 1#02 010200000000 "READ 0000"
is "$out" "1#02.0203" "the answer of an FM80"
sends 1#2.0.0 010200000000 "the same with zeros"
sends 01#02.01C8.0 010201c80000 "an address"
sends 2#04.1 020400010000 "STATUS"
like "$out" "^2#02\.[0-9A-F]{26}$" "has 13 bytes"
sends 3#04.0a 0304000a0000 "STATUS of a FLEXnet DC"
sends 1#16.0.80 011600000080 "LOG"
like "$out" "^1#16\.[0-9A-F]{28}$" "has 14 bytes"
run matetool send 1#02.01C8 -j
is "$status $(json bus) $(json port) $(json junk)" "0 matenet0 1 false" "in JSON"
like "$(json reply)" "^1#02\.000[0-4]$" "the answer"
between "$(json latency_ms)" 5 45 "how long it took"
wire_clear
run matetool send 9#02
fails 5 "port 9: no reply" "nobody there"
is "$(frames 0 | wc -l)" 1 "is asked once"

for text in '' 1 '1#' '#02' 11#02 1#123 1#02. 1#02.12345 1#02.0.0.0 1#0x2 1#02.zz ' 1#02' '-1#02' 001#02 1#02.0000.; do
	wire_clear
	run matetool send -- "$text"
	fails 2 "\"$text\": PORT#CMD[.ADDR[.PARAM]] is wanted, port 0 to 10, the rest hex: 1#02.0000" "\"$text\" is no command"
	is "$(frames 0)" "" "\"$text\" sends nothing"
done

# ---- what changes something --------------------------------------------------

unlock
wire_clear
journal_mark
run matetool send 1#03.0019.011f
is "$status $err" "3 matetool: there is no terminal to ask on: nothing written without --yes" "WRITE asks"
like "$out" $'MX charge controller mx1, port 1 of matenet0, revision 001.009.008\n  1#03.0019.011F: absorb_voltage$' "and says what it is"
untouched "WRITE asks"
run matetool send 1#03.0019.011f --dry-run
is "$status" 0 "a dry run"
untouched "a dry run"
run matetool send 1#03.0019.011f --yes
is "$status $(tail -n 1 <<<"$out")" "0 1#03.001F" "an MX answers with the low byte"
is "$(written) $(value 1 absorb_voltage)" "01030019011f 0x011F" "it is written"
logged "^<85>" "send bus=matenet0 port=1 name=mx1 device=mx firmware=001.009.008 register=absorb_voltage risk=setpoint new=1#03.0019.011F read=1#03.001F result=sent" "the journal"
wire_clear
run matetool send 2#01.000b --yes
is "$status $(tail -n 1 <<<"$out") $(written)" "0 2#01.0121 0201000b0000" "INC"
run matetool send 2#00.000b --yes
is "$status $(tail -n 1 <<<"$out")" "0 2#00.0120" "DEC"
wire_clear
run matetool send 1#05.0 --yes --i-accept=command_05
is "$status $err" "6 matetool: port 1: the device refused the command" "a command that the device does not know"
is "$(frames 0 | tail -n 1 | cut -c1-12)" "010500000000" "went out"
logged "^<84>" "send .*register=command_05 risk=forbidden new=1#05.0000.0000 result=refused" "and is in the journal"
wire_clear
run matetool send 2#03.003d.0 --confirm=fx2
is "$status $(written)" "0 0203003d0000" "danger with the name of the device"
is "$(value 2 inverter_control)" "0x0000" "it is dark"
wire_clear
tell "fault 3=silent" # type and revision come before
run matetool send 2#03.003d.2 --confirm=fx2
is "$status $(written)" "5 0203003d0002" "no answer: it is not sent again"

finish
