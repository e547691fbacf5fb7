#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool list: the buses and how they are set.
. "$(dirname "$0")/lib.sh"

modules 2
run matetool list
is "$status $out" "0 " "no bus is no failure"
is "$err" "matetool: there is no bus: make one with matetool attach TTY" "and says how to make one"
run matetool list -j
is "$status $out" '0 {"buses":[]}' "no bus in JSON"

bus 0
devices
matetool scan >/dev/null 2>&1 # after some replies the driver knows that the UART tells of ninth bits
run matetool list
is "$status" 0 "one bus"
like "$out" "^NODE +TTY +ROLE +BAUD +FRAMING +PARITY" "has a heading"
like "$out" $'\n'"/dev/matenet0 +ttyW0 +controller +9600 +mark +stick *\$" "has a line"
run matetool -j list
is "$status" 0 "one bus in JSON"
is "$(json buses.#)" 1 "is one"
is "$(json buses.0)" '{"number":0,"name":"matenet0","node":"/dev/matenet0","tty":"ttyW0","role":"controller","framing":"mark","parity":"stick","baud":9600}' "with all it has"

bus 2
run matetool list -j
is "$(json buses.#) $(json buses.0.tty) $(json buses.1.tty)" "2 ttyW0 ttyW2" "two buses, by number"
is "$(json buses.1.node)" "/dev/matenet1" "the second has the next number"

# A bus that may not be asked is shown with what is known of it.
chmod 600 /dev/matenet0 /dev/matenet1
run "$here/probe" as 65534 matetool list
is "$status" 1 "without permission"
like "$out" $'\n'"/dev/matenet1 +ttyW2 +- +- +- +- *\$" "a line with dashes"
like "$err" "matetool: /dev/matenet0: permission denied" "and the reason"
run "$here/probe" as 65534 matetool list -j
is "$status $(json buses.0.error.code) $(json buses.0.tty)" "1 permission ttyW0" "the same in JSON"

finish
