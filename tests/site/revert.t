#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Changes that undo themselves: when, by whom, and what can come in between.
. "$(dirname "$0")/hands.sh"

changing_site -d 1=mx -d 2=fx -d 3=dc
unlock
id=matenet0-2-inverter_control

dark() { # SECONDS OPTION..
	wire_clear
	journal_mark
	run matetool control set -P 2 inverter=off --confirm=fx2 --revert-after "$@"
}
inverter() { value 2 inverter_control; }
pending() { (cd "$state" 2>/dev/null && ls -A); }

# since_off: seconds on the wire's clock from the write of off to that of on
since_off() {
	frames 0 >"$tmp/f"
	starts 0 >"$tmp/s"
	paste "$tmp/f" "$tmp/s" | awk '/^0203003d0000/ { off = $2 } /^0203003d0002/ { on = $2 }
		END { if (off && on) print (on - off) / 1e6; else print "never" }'
}

# ---- it comes back -----------------------------------------------------------

dark 20s
is "$status" 0 "off for 20 seconds"
like "$out" $'\n  and back again after 20 s, unless it is confirmed\n' "is announced"
like "$out" $'\nback again in 20 s, unless: matetool confirm '$id'$' "and how to keep it"
is "$(pending)" "$id.pending" "the file is there"
is "$(inverter)" "0x0000" "it is off"
logged "result=applied revert=$id" "the journal knows of the revert"
run matetool revert -j
is "$(json reverts.0.id) $(json reverts.0.old) $(json reverts.0.new) $(json reverts.0.state) $(json reverts.0.user)" \
	"$id on off pending root" "it is listed"
between "$(json reverts.0.left_s)" 15 20 "with the time left"
run matetool revert
like "$out" "^ID +DEVICE +REGISTER.*"$'\n'"$id +fx2 +inverter_control +off +on +[0-9]+ +pending$" "also for people"
sleep 25
is "$(inverter)" "0x0002" "and then it is on"
between "$(since_off)" 18 30 "after 20 seconds, at most 10 more"
is "$(pending)" "" "the file is gone"
no_guards
is "$?" 0 "so is the guard"
logged "^<85>" "revert bus=matenet0 port=2 name=fx2 device=fx register=inverter_control address=003D old=off new=on result=applied revert=$id by=root" \
	"it is in the journal"
run matetool revert
is "$out" "No revert is outstanding." "nothing is left"

# ---- it is kept --------------------------------------------------------------

dark 20s
run matetool confirm
is "$status $out" "0 inverter_control stays off" "confirm without a name: the only one"
logged "confirm bus=matenet0 port=2 name=fx2 device=fx register=inverter_control result=confirmed revert=$id by=root" "is in the journal"
is "$(pending)" "" "its file is gone"
sleep 30
is "$(inverter)" "0x0000" "it stays off"
no_guards
is "$?" 0 "its guard ends"
run matetool confirm
fails 2 "no revert is outstanding" "nothing to confirm"
run matetool confirm $id
fails 2 "$id: no such revert is outstanding" "nor by name"
run matetool revert --now
fails 2 "no revert is outstanding" "nothing to write back"
run matetool confirm ../../etc/passwd
fails 2 "../../etc/passwd: no such revert is outstanding" "a name that is none"
matetool control set -P 2 inverter=on --confirm=fx2 >/dev/null

# ---- now ---------------------------------------------------------------------

dark 1h
run matetool revert --now
is "$status $out" "0 $id has been written back" "revert --now"
is "$(inverter)" "0x0002" "is at once"
between "$(since_off)" 0 10 "not after an hour"

# ---- several -----------------------------------------------------------------

wire_clear
run matetool reg set 2 charge_control=off acin_control=drop --yes --revert-after 30s
is "$status" 0 "two at once"
is "$(pending | tr '\n' ' ')" "matenet0-2-acin_control.pending matenet0-2-charge_control.pending " "are two files"
run matetool confirm
is "$status" 2 "which one to confirm must be said"
run matetool confirm matenet0-2-acin_control
is "$status" 0 "one is confirmed"
sleep 40
is "$(value 2 acin_control) $(value 2 charge_control)" "0x0000 0x0001" "the other goes back"
run matetool reg set 2 charge_control=off acin_control=use --yes --revert-after 30s
run matetool confirm --all
is "$status $out" "0 acin_control stays use"$'\n'"charge_control stays off" "all are confirmed"
matetool control set -P 2 charge=auto --yes >/dev/null

# ---- what comes in between ---------------------------------------------------

dark 30s
run matetool control set -P 2 inverter=search --confirm=fx2 --revert-after 60s
is "$status $err" "3 matetool: $id: a revert of it is outstanding already: matetool confirm $id or matetool revert --now $id first" \
	"a second one of the same register is refused"
is "$(written)" "0203003d0000" "and not written"
run matetool control set -P 2 inverter=on --confirm=fx2
is "$status $err" "0 matetool: the revert $id has nothing left to do" "who switches it on himself settles it"
is "$(pending)" "" "its file is gone"
sleep 40
is "$(written | grep -c 0203003d0002)" 1 "nothing is written any more"

dark 30s
run matetool control set -P 2 inverter=search --confirm=fx2
is "$status" 0 "something else meanwhile"
like "$err" "note: a revert is outstanding and will change it again: matetool confirm $id keeps it" "comes with a word"
sleep 40
is "$(inverter)" "0x0002" "and ends as it was before all"

dark 20s
matetool bus set writable=off >/dev/null
sleep 30
is "$(inverter)" "0x0002" "a bus that is locked meanwhile"
is "$(cat /sys/class/matenet/matenet0/writable)" 0 "which is locked again afterwards"
unlock

dark 20s
matetool detach 0 >/dev/null
until_true has_no_bus
sleep 25
is "$(inverter)" "0x0000" "without a bus nothing can be done"
logged "^<84>" "revert .*result=failed detail=\"no such bus\" revert=$id" "which is in the journal"
is "$(pending)" "$id.due" "but it is not given up"
run matetool confirm
is "$status $err" "3 matetool: $id: too late, it is being written back" "then it is too late to confirm"
bus 0 >/dev/null
until_true no_guards
is "$(inverter)" "0x0002" "with the bus, locked as it comes, it is done"
is "$(cat /sys/class/matenet/matenet0/writable)" 0 "and the bus is locked still"
unlock

dark 20s
tell "fault 1-40=silent"
sleep 40
until_true no_guards
is "$(inverter)" "0x0002" "a device that is silent is asked again and again"
tell "fault none"

# Another device on that port is left alone.
dark 20s
devices --control "$tmp/control" -d 1=fx -d 2=mx -d 3=dc
wire_clear
sleep 30
is "$(written)" "" "what is there instead is not written to"
logged "result=failed detail=\"port 2: an MX, not an FX\"" "but the journal says so"
devices --control "$tmp/control" -d 1=mx -d 2=fx -d 3=dc
tell "set 2 reg inverter_control = off"
until_true no_guards
is "$(inverter)" "0x0002" "once it is back it is switched on"

# ---- signals -----------------------------------------------------------------

dark 20s
for signal in HUP INT QUIT TERM; do kill -$signal "$(pidof_guard)"; done
sleep 30
is "$(inverter)" "0x0002" "a guard does not mind HUP, INT, QUIT, TERM"

# ---- the guard is killed -----------------------------------------------------

dark 20s
kill -9 "$(pidof_guard)"
sleep 30
is "$(inverter)" "0x0000" "with its guard killed it stays off"
journal_mark
run matetool revert --pending
is "$status" 0 "the service finishes it"
is "$(inverter) $(pending)" "0x0002 " "at once, for it is overdue"

dark 30s
kill -9 "$(pidof_guard)"
sleep 5
matetool revert --pending &
service=$!
sleep 15
is "$(inverter)" "0x0000" "the service does not come too early"
sleep 20
wait $service
is "$? $(inverter)" "0 0x0002" "nor too late"
between "$(since_off)" 28 40 "on the wire's clock"

dark 30s
matetool revert --pending &
service=$!
sleep 2
kill -9 "$(pidof_guard)"
sleep 40
wait $service
is "$? $(inverter)" "0 0x0002" "a service that waits beside the guard takes over"
between "$(since_off)" 28 40 "in time"

dark 30s
kill -9 "$(pidof_guard)"
run matetool control set -P 2 charge=off --yes
sleep 40
is "$(inverter)" "0x0002" "without a service the next change by anybody starts the guard again"
matetool control set -P 2 charge=auto --yes >/dev/null

# ---- another boot ------------------------------------------------------------

# reboot MEMBER=VALUE..: the guard is dead, the file is of another boot
reboot() {
	local pair
	kill -9 "$(pidof_guard)"
	until_true no_guards
	sed -i 's/^boot=.*/boot=00000000-0000-0000-0000-000000000000/' "$state/$id.pending"
	for pair; do sed -i "s/^${pair%%=*}=.*/$pair/" "$state/$id.pending"; done
}
now=$(date +%s)

dark 30s
reboot due_ms=0
wire_clear
matetool revert --pending &
service=$!
sleep 15
is "$(inverter)" "0x0000" "after a reboot the wall clock counts"
sleep 25
wait $service
is "$(inverter)" "0x0002" "until the time is over"

dark 1h
reboot "due_s=$(date +%s)" "made_s=$((now - 7200))"
run matetool revert --pending
is "$status $(inverter)" "0 0x0002" "what fell due while the machine was off is done at once"

# A clock that is behind says nothing; then the whole time passes from the start of the machine.
dark 30s
reboot "made_s=$((now + 86400))" "due_s=$((now + 86400 + 30))" period_s=100000
matetool revert --pending &
service=$!
sleep 5
is "$(inverter)" "0x0000" "a clock that is behind is not believed"
sed -i 's/^period_s=.*/period_s=1/' "$state/$id.pending"
# shellcheck disable=SC2046 # a list of numbers
kill -9 $(holders_of "matetool revert")
wait $service 2>/dev/null
run matetool revert --pending
is "$(inverter)" "0x0002" "the whole time counts from the start of the machine"

# ---- what cannot be promised is not begun ------------------------------------

: >"$tmp/file"
MATENET_STATE=$tmp/file/below dark 20s
is "$status" 1 "no directory for the file"
like "$err" "^matetool: $tmp/file/below: Not a directory: without this file the change could not be undone: nothing written$" "is told"
untouched "no directory for the file"
mkdir -p "$state"
echo garbage >"$state/x.pending"
run matetool revert --pending
fails 1 "$state/x.bad: the file of this revert makes no sense: it cannot be undone" "a file that makes no sense"
run matetool revert
is "$status $out" "0 No revert is outstanding." "is no revert"
run matetool revert --pending
is "$status" 0 "and is told once only"
rm "$state/x.bad"

# Nothing was sent, so nothing is to be undone.
tell "fault 4-99=silent"
dark 20s
is "$status $(pending)" "5 " "an FX that says no more before it is switched"
tell "fault none"

finish
