#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Safe hands: what is asked, what is refused and then not written, what the journal says.
. "$(dirname "$0")/hands.sh"

changing_site -d 1=mx -d 2=fx -d 3=dc

# refused STATUS MESSAGE NAME: the last run; the plan may stand on stdout
refused() {
	is "$status $err" "$1 matetool: $2" "$3"
	untouched "$3"
}

# try COMMAND..: with wire and journal marked
try() {
	wire_clear
	journal_mark
	run "$@"
}

# at_terminal ANSWER COMMAND..: the same with somebody there who types ANSWER
at_terminal() {
	wire_clear
	journal_mark
	out=$("$here/aid" terminal "$@" 2>"$tmp/err")
	status=$?
}

lock="matenet0 is locked: nothing written; to unlock it: matetool bus set writable=on -d matenet0"

# ---- locked ------------------------------------------------------------------

try matetool control set -P 2 charge=on --yes
refused 3 "$lock" "a locked bus"
not_logged "an ordinary change of a locked bus"
try matetool control set -P 2 inverter=off --confirm=fx2
refused 3 "$lock" "a locked bus and danger"
logged "^<84>" "refuse bus=matenet0 port=2 name=fx2" "register=inverter_control risk=danger result=refused detail=locked" \
	"danger is told to the journal"
try matetool sync --once --yes
refused 3 "$lock" "sync on a locked bus"
try matetool send 1#03.0019.0120 --yes
refused 3 "$lock" "send on a locked bus"
try matetool inc 2 absorb_setpoint --yes
refused 3 "$lock" "inc on a locked bus"
try matetool control set -P 2 charge=on --dry-run
is "$status $err" "0 " "a dry run needs no unlocked bus"
untouched "a dry run"

# ---- bus settings ------------------------------------------------------------

run matetool bus
like "$out" "^writable: off"$'\n' "matetool bus shows the settings"
run matetool bus show -j
is "$status $(json settings.writable) $(json settings.framing) $(json settings.baud)" "0 false auto 9600" "in JSON, too"
try matetool bus set writable=perhaps
fails 2 "writable=perhaps: there are off on" "a word there is not"
try matetool bus set writeable=on
fails 2 '"writeable=on": no setting, there are writable strict role framing parity baud reply_timeout_us gap_us turnaround_us tx_guard_us late_us' "a setting there is not"
try matetool bus set writable
fails 2 '"writable": NAME=VALUE is wanted, such as writable=on' "a setting without a value"
try matetool bus set gap_us=5000 baud=100
fails 2 "baud 100: a number from 300 to 115200 is wanted" "a number out of range"
is "$(cat /sys/class/matenet/matenet0/gap_us)" 20000 "and nothing is set"
chmod 666 /dev/matenet0
try "$here/probe" as 1000 matetool bus set writable=on
is "$status $err" "1 matetool: matenet0: settings: permission denied" "somebody else may not unlock it"
logged "^<84>" "bus bus=matenet0 setting=writable old=off new=on result=failed" "uid=1000 user=1000" "but it is in the journal who tried"
chmod 600 /dev/matenet0
try matetool bus set writable=on gap_us=21000
is "$status $out" "0 writable: off -> on"$'\n'"gap_us: 20000 us -> 21000 us" "root unlocks it"
logged "^<85>" "bus bus=matenet0 setting=writable old=off new=on result=applied uid=0 user=root" "which is in the journal"
is "$(cat /sys/class/matenet/matenet0/writable /sys/class/matenet/matenet0/gap_us | tr '\n' ' ')" "1 21000 " "and in force"
run matetool bus set gap_us=20000 framing=gap -j
is "$(json settings.gap_us) $(json settings.framing)" "20000 gap" "-j shows what is then in force"
matetool bus set framing=auto >/dev/null

# ---- ordinary changes --------------------------------------------------------

plan=$'FX inverter fx2, port 2 of matenet0, revision 061\n  charge_control: auto -> on'
try matetool control set -P 2 charge=on
refused 3 "there is no terminal to ask on: nothing written without --yes" "nobody to ask"
is "$out" "$plan" "device, port, revision, old and new are shown all the same"
not_logged "an ordinary change that nobody allowed"
try matetool control set -P 2 charge=on -j
is "$status $(json error.code) $(json error.exit_status)" "3 unattended 3" "nobody to ask, in JSON"
untouched "nobody to ask, in JSON"
try matetool control set -P 2 charge=on --dry-run
is "$status $out" "0 $plan"$'\n'"Nothing written." "a dry run says what it would do"
untouched "a dry run on an open bus"
try matetool control set -P 2 charge=on --dry-run -j
is "$status $(json dry_run) $(json changes.0.register) $(json changes.0.old_name) $(json changes.0.new_name) $(json changes.0.result)" \
	"0 true charge_control auto on planned" "and in JSON"

try matetool control set -P 2 charge=on --yes
is "$status $out" "0 $plan"$'\n'"charge_control: applied, reads on" "--yes"
is "$(written)" "0203003c0002" "is one command on the wire"
is "$(frames 0 | tail -n 1 | cut -c1-12)" "0202003c0000" "and a look afterwards"
is "$(value 2 charge_control)" "0x0002" "it has happened"
logged "^<85>" "matetool\[[0-9]+\]: set bus=matenet0 port=2 name=fx2 device=fx firmware=061 register=charge_control address=003C risk=control old=auto new=on read=on result=applied request=\"control set charge=on\" uid=0 user=root$" \
	"who, what, old, new and result are in the journal"
is "$(entries | wc -l)" 1 "in one entry"
SUDO_USER=anna try matetool control set -P 2 charge=auto --yes
logged "result=applied" "sudo_user=anna" "and the user before sudo"
try matetool control set -P 2 charge=auto --yes
is "$status $out" $'0 FX inverter fx2, port 2 of matenet0, revision 061\n  charge_control: auto, as it is\nNothing written.' "what is so already"
untouched "what is so already"
not_logged "what is so already"

at_terminal n matetool control set -P 2 charge=on
is "$status" 3 "no at a terminal"
like "$out" "charge_control: auto -> on"$'\n'"Write this\? \[y/N\] n"$'\n'"matetool: nothing written" "is asked and heard"
untouched "no at a terminal"
at_terminal '' matetool control set -P 2 charge=on
is "$status" 3 "just Enter is no"
untouched "just Enter"
at_terminal y matetool control set -P 2 charge=on
is "$status" 0 "yes at a terminal"
is "$(written)" "0203003c0002" "writes"
logged "result=applied" "terminal=/dev/pts/" "the terminal is in the journal"
try matetool control set charge=auto --yes -j
is "$status $(json port) $(json name) $(json firmware)" "0 2 fx2 061" "without a port: the only device that has it"
is "$(json changes.0.result) $(json changes.0.read_name) $(json changes.0.risk)" "applied auto control" "the result in JSON"
try matetool reg set absorb_setpoint=28 --yes
is "$status $err" "2 matetool: ports 1 2 have absorb_setpoint: choose one with -P" "without a port, two devices have it"
untouched "without a port, two devices have it"
try matetool control set generator=on --yes
is "$status $err" '2 matetool: "generator": no device on matenet0 has that' "without a port, none has it"

# ---- danger ------------------------------------------------------------------

try matetool control set -P 2 inverter=off
refused 3 "inverter_control can cut the power: nothing written; where there is no terminal to ask on it takes --confirm=fx2" "danger, nobody to ask"
logged "^<84>" "set bus=matenet0 port=2" "register=inverter_control" "risk=danger old=on new=off result=refused detail=danger" "is in the journal"
try matetool control set -P 2 inverter=off --yes
refused 3 "inverter_control can cut the power: nothing written; where there is no terminal to ask on it takes --confirm=fx2" "danger, --yes is not enough"
try matetool reg set 2 inverter_control=off --yes
is "$status" 3 "the same by reg set"
untouched "the same by reg set"
try matetool send 2#03.003D.0 --yes
is "$status" 3 "the same by send"
untouched "the same by send"
logged "send .*register=inverter_control risk=danger .*result=refused" "which is in the journal, too"
try matetool control set -P 2 inverter=off --confirm=fx1
refused 3 "--confirm=fx1: the device is called fx2: nothing written" "danger, the name of another device"
logged "result=refused detail=danger" "the wrong name is in the journal"
at_terminal fx1 matetool control set -P 2 inverter=off
is "$status" 3 "danger, the wrong name is typed"
untouched "danger, the wrong name is typed"
logged "result=refused detail=user" "the wrong name typed is in the journal"
at_terminal y matetool control set -P 2 inverter=off
is "$status" 3 "danger, y is no name"
untouched "danger, y is no name"
at_terminal fx2 matetool control set -P 2 inverter=off
is "$status" 0 "danger, the name is typed"
is "$(written)" "0203003d0000" "writes"
logged "result=begun" "that it begins is in the journal"
logged "old=on new=off read=off result=applied" "and how it ends"
is "$(value 2 inverter_control)" "0x0000" "the house is dark"
try matetool control set -P 2 inverter=on --confirm=fx2
is "$status" 0 "danger, --confirm with the name"
is "$(value 2 inverter_control)" "0x0002" "the house is lit"

# ---- other kinds -----------------------------------------------------------

try matetool control set -P 1 aux="on, vent_fan" --yes
is "$status $(written) $err" "4 010301c90085 matetool: port 1: aux_relay: wanted on, vent_fan, reads off, vent_fan" "a fan that goes by the voltage and not by us"
logged "^<84>" "old=\"off, vent_fan\" new=\"on, vent_fan\" read=\"off, vent_fan\" result=differs" "is in the journal"
try matetool control set -P 1 aux="on, low_battery_disconnect" --yes
is "$status $(written) $(value 1 aux_relay)" "0 010301c90083 0x0083" "a number with a flag"
try matetool reg set 3 days_at_full_total=0 --yes
is "$status $(written)" "0 030300640000" "a reset"
try matetool reg set 3 shunt_b_mode=disabled battery_capacity=640 --yes
is "$status $(written | tr '\n' ' ')" "0 030300cb0001 030300340280 " "two registers, in their order"
try matetool disable 3 shunt_c_mode --yes
is "$status $(written) $(value 3 shunt_c_mode)" "0 030000cc0000 0x0001" "disable is command 0, whatever the number of disabled"
try matetool enable 3 shunt_c_mode --yes
is "$status $(written) $(value 3 shunt_c_mode)" "0 030100cc0000 0x0000" "enable is command 1"
try matetool inc battery_capacity --yes
is "$status $(written) $(tail -n 1 <<<"$out")" "0 030100340000 battery_capacity: applied, reads 650 Ah" "a step of ten"
try "$here/probe" as 1000 matetool reg set 1 absorb_voltage=28 --yes
is "$status $err" "1 matetool: the only bus: permission denied" "who may not open the bus for writing"
untouched "who may not open the bus for writing"

# ---- forbidden ---------------------------------------------------------------

try matetool reg set 1 factory_reset=255 --yes
refused 3 "factory_reset can do lasting harm: nothing written; if it must be: --i-accept=factory_reset" "forbidden"
logged "^<84>" "risk=forbidden new=reset result=refused detail=forbidden" "forbidden is in the journal"
try matetool reg set 1 factory_reset=255 --yes --i-accept=vbatt_calibration
is "$status" 3 "the risk of another register"
untouched "the risk of another register"
try matetool reg set 1 factory_reset=255 --i-accept=factory_reset
refused 3 "there is no terminal to ask on: nothing written without --yes" "accepted, but nobody to ask"
try matetool reg set 1 factory_reset=255 --i-accept=factory_reset --yes
is "$status $(written)" "0 010300c800ff" "accepted and --yes"
like "$out" $'factory_reset: sent; it cannot be read back$' "which cannot be read back"
logged "risk=forbidden new=reset result=unverified" "and so says the journal"
try matetool reg set 1 0xabc=0x1234 --yes
refused 3 "0ABC can do lasting harm: nothing written; if it must be: --i-accept=0ABC" "a register in no table"
try matetool reg set 1 0019=28.7 --yes
is "$status $(written)" "0 01030019011f" "a register of the table by its address is what it is"
try matetool send 1#05 --yes
is "$status" 3 "a command nobody knows"
untouched "a command nobody knows"
try matetool send 1#03.0abc.1 --yes
is "$status" 3 "send to a register in no table"
untouched "send to a register in no table"

# ---- another device than promised --------------------------------------------

printf '[ports]\nhouse = 2 fx\nroof = 1 mx\n' >"$tmp/conf"
MATETOOL_CONFIG=$tmp/conf try matetool control set -P house inverter=off --confirm=fx2
refused 3 "--confirm=fx2: the device is called house: nothing written" "the name is that of the configuration"
MATETOOL_CONFIG=$tmp/conf try matetool control set -P house charge=on --yes
is "$status" 0 "the device is what the name promised"
logged "name=house" "the journal has the name"
devices --control "$tmp/control" -d 1=fx -d 2=mx
MATETOOL_CONFIG=$tmp/conf try matetool control set -P house charge=on --yes
refused 3 'port 2: "house" is to be an FX, but there is an MX' "plugs were swapped"
logged "^<84>" "refuse bus=matenet0 port=2 name=house device=mx" "result=refused detail=promise" "swapped plugs are in the journal"
MATETOOL_CONFIG=$tmp/conf try matetool reg set 2 absorb_voltage=28 --yes
refused 3 'port 2: "house" is to be an FX, but there is an MX' "the same by number: the port has that name"
MATETOOL_CONFIG=$tmp/conf try matetool control set charge=off --yes
refused 3 'port 1: "roof" is to be an MX, but there is an FX' "and where the port is looked for"

# ---- what comes back ---------------------------------------------------------

devices --control "$tmp/control" -d 1=mx -d 2=fx -d 3=dc --dec 1
try matetool inc 2 absorb_setpoint --yes
is "$status $err" "4 matetool: port 2: absorb_setpoint: wanted 28.9 V, reads 28.7 V" "it reads back as something else"
is "$(written)" "0201000b0000" "and is not sent again"
logged "^<84>" "inc .*old=\"28.8 V\" new=\"28.9 V\" read=\"28.7 V\" result=differs" "differs is in the journal"
try matetool inc 2 absorb_setpoint --yes --inc-command 0 -j
is "$status $(json changes.0.result) $(json changes.0.read) $(written)" "0 applied 28.8 0200000b0000" "with the other numbering it is right"
try matetool dec 2 absorb_setpoint --yes --inc-command 0
is "$status $(written)" "0 0201000b0000" "dec, too"

# Commands of a change: type, 1 register of the revision, old; then before, WRITE, after.
tell "fault 5=silent" "fault 6=silent"
try matetool control set -P 2 charge=off --yes
is "$status $(written)" "0 0203003c0000" "an answer is lost: it has happened, and is not sent again"
tell "fault none" "fault 5-99=silent"
try matetool control set -P 2 charge=auto --yes
is "$status" 5 "no reply any more"
is "$(written)" "0203003c0001" "a control is sent once only"
logged "^<84>" "old=off new=auto result=no_reply detail=\"no reply\"" "no reply is in the journal"
tell "fault none" "fault 6-99=silent"
try matetool control set -P 2 charge=on --yes
is "$status" 5 "sent and answered, but it cannot be read back"
like "$err" "charge_control: no reply; sent, but not read back$" "which is said"
logged "^<84>" "new=on result=unverified" "and in the journal"
tell "fault none" "fault 5=refuse"
try matetool control set -P 2 charge=off --yes
is "$status $err" "6 matetool: port 2: charge_control: the device refused the command" "the device refuses"
logged "^<84>" "result=refused detail=\"the device refused the command\"" "so says the journal"
tell "fault none" "fault 1-99=silent"
try matetool control set -P 2 charge=off --yes
is "$status $err" "5 matetool: port 2: no reply" "a device that is not there"
untouched "a device that is not there"
tell "fault none"

# Two at once stop at the first that fails.
tell "fault 6=refuse"
try matetool reg set 2 charge_control=auto aux_control=on --yes -j
is "$status $(json changes.0.result) $(json changes.1.result)" "6 refused planned" "the first fails: the second is not tried"
is "$(written)" "0203003c0001" "on the wire, too"
tell "fault none"

# ---- usage -------------------------------------------------------------------

bad() { # MESSAGE NAME COMMAND..
	local message=$1 name=$2
	shift 2
	try matetool "$@"
	is "$status $err" "2 matetool: $message" "$name"
	untouched "$name"
}
bad 'inverter_control=dim: not a value of this register: off, search or on' "no such value" control set -P 2 inverter=dim --confirm=fx2
bad 'absorb_voltage=99: outside what is allowed: 0.0 to 80.0 V' "out of range" reg set 1 absorb_voltage=99 --yes
bad 'register "battery_voltage": it can only be read' "a register to be read only" reg set 1 battery_voltage=12 --yes
bad 'register "foo": an MX has none of that name' "no such register" reg set 1 foo=1 --yes
bad '"absorb_voltage": NAME=VALUE is wanted' "no value" reg set 1 absorb_voltage --yes
bad 'register 0019: it is there twice' "twice" reg set 1 absorb_voltage=28 0019=29 --yes
bad '"foo": an FX has no such control, but eq acin charge inverter aux' "no such control" control set -P 2 foo=1 --yes
bad '"generator": a hub has no such control' "a device without controls" control set -P 0 generator=on --yes
bad 'register "charge_control": it cannot be incremented or decremented' "inc of what has no steps" inc 2 charge_control --yes
bad 'register "absorb_setpoint": it cannot be enabled or disabled' "enable of what cannot be" enable 2 absorb_setpoint --yes
bad '--revert-after 8d: a time such as 500ms, 10s, 5m or 2h is wanted' "no such time" control set -P 2 charge=on --revert-after 8d --yes
bad '--revert-after: factory_reset cannot be undone' "what cannot be undone" reg set 1 factory_reset=255 --revert-after 5m --yes --i-accept=factory_reset
bad 'port 11: a hub has ports 1 to 10' "no such port" reg set 11 absorb_voltage=28 --yes

# ---- where there is no journal, or a better one --------------------------------

stop_journal
rm -f /dev/log
run matetool control set -P 2 charge=on --yes
is "$status $err" "0 matetool: warning: neither journald nor syslog is there to keep a record" "nobody keeps a record: it is said"
log_to /run/systemd/journal/socket
try matetool control set -P 2 charge=off --yes
is "$status $err" "0 " "journald"
logged "^MESSAGE=set bus=matenet0 port=2.* result=applied.*\|MESSAGE_ID=[0-9a-f]{32}\|PRIORITY=5\|SYSLOG_FACILITY=10\|SYSLOG_IDENTIFIER=matetool\|SYSLOG_PID=[0-9]+\|MATENET_ACTION=set\|" "gets fields"
logged "\|MATENET_BUS=matenet0\|MATENET_PORT=2\|MATENET_NAME=fx2\|MATENET_DEVICE=fx\|MATENET_FIRMWARE=061\|MATENET_REGISTER=charge_control\|MATENET_ADDRESS=003C\|MATENET_RISK=control\|MATENET_OLD=on\|MATENET_NEW=off\|MATENET_READ=off\|MATENET_RESULT=applied\|" "of the change"
logged "\|MATENET_UID=0\|MATENET_USER=root\|$" "and of the user"
try matetool control set -P 2 inverter=off --yes
logged "\|PRIORITY=4\|.*MATENET_RESULT=refused\|MATENET_DETAIL=danger\|" "also of a refusal"

# ---- no bus ------------------------------------------------------------------

matetool detach 0 >/dev/null
run matetool control set -P 2 charge=on --yes
fails 7 "there is no bus: make one with matetool attach TTY" "no bus"

finish
