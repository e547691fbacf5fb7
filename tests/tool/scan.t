#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool scan: who is there, at what price.
. "$(dirname "$0")/lib.sh"

modules 2
devices -d 1=mx,fm80,fw=1.9.8 -d 2=fx,fw=61 -d 10=dc
bus 0

wire_clear
run matetool scan
is "$status $err" "0 " "a hub with three devices"
like "$out" "^PORT +DEVICE +VARIANT +FIRMWARE" "has a heading"
like "$out" $'\n *0 +hub ' "port 0: the hub"
like "$out" $'\n *1 +MX charge controller +02 +001\.009\.008 *\n' "port 1: an MX, its variant and revision"
like "$out" $'\n *2 +FX inverter +00 +061 *\n' "port 2: an FX, its revision"
like "$out" $'\n *10 +FLEXnet DC ' "port 10: a FLEXnet DC"
is "$(wc -l <<<"$out")" 5 "and nothing else"

# READ 0000 on each of 11 ports once; the revision is three registers, of an FX one.
is "$(frames 0 | wc -l)" 21 "eleven types and ten parts of revisions were asked for"
for port in 3 4 5 6 7 8 9; do frames 0 | grep -c "^0${port}02"; done | sort -u >"$tmp/asked"
is "$(<"$tmp/asked")" 1 "an empty port is asked once"

# From the command to port 4 to the one to port 10: six empty ports, on the wire's clock.
# One costs 9.17 ms for the command, then 45 ms to wait and as much again for a late reply.
frames 0 >"$tmp/f"
starts 0 >"$tmp/s"
if [ "$MATENET_PROFILE" = smp ]; then
	report pass "an empty port costs at most 125 ms # SKIP the bus is set to wait longer"
else
	between "$(paste "$tmp/f" "$tmp/s" | awk '/^0402/ { a = $2 } /^0a020000/ { print ($2 - a) / 6000 }')" \
		45 125 "an empty port costs at most 125 ms"
fi

run matetool scan -j
is "$status $(json bus) $(json devices.#)" "0 matenet0 4" "the same in JSON"
is "$(json devices.1)" '{"port":1,"type":"mx","type_number":3,"variant":2,"firmware":"001.009.008"}' "the MX"
is "$(json devices.2.type) $(json devices.2.firmware)" "fx 061" "the FX"
is "$(json devices.3.port) $(json devices.3.type)" "10 dc" "the FLEXnet DC"
[[ $(json devices.0.firmware) =~ ^[0-9]{3}\.[0-9]{3}\.[0-9]{3}$ ]]
is "$?" 0 "the hub has a revision too"

# A terminal on stderr: the other pair of UARTs serves as one.
stty -F /dev/ttyW3 raw -echo 9600
stty -F /dev/ttyW2 raw -echo 9600
cat /dev/ttyW3 >"$tmp/terminal" &
reader=$!
exec 3<>/dev/ttyW2
matetool scan -j 2>&3 >/dev/null
until_true grep -q 'port 10 of 10' "$tmp/terminal"
exec 3>&-
kill $reader
like "$(tr '\r\033' '\n ' <"$tmp/terminal")" "port 1 of 10: MX charge controller" "progress: a device"
like "$(tr '\r\033' '\n ' <"$tmp/terminal")" "port 9 of 10: empty" "progress: an empty port"

devices --direct mx,mx60
run matetool scan -j
is "$status $(json devices.#) $(json devices.0.port) $(json devices.0.type)" "0 1 0 mx" "a device without a hub"
is "$(json devices.0.variant)" 17 "an MX60 of 2004"

# The first four commands ask the hub for its type and revision.
devices -d 1=mx --fault 5=sum
run matetool scan -j
is "$status $(json devices.#) $(json devices.1.type)" "0 2 mx" "a damaged reply is asked for again"

devices -d 1=mx --fault 5-7=sum
run matetool scan -j
is "$status $(json devices.#)" "0 1" "a port that answers only garbage is no device"
is "$err" "matetool: port 1: reply with a bad checksum" "but it is told"

stop_devices
run matetool scan
fails 5 "matenet0: port 0: no reply" "nobody on the bus"
run matetool scan -j
json_fails 5 no_reply "matenet0: port 0: no reply" "nobody, in JSON"

finish
