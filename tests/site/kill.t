#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A revert comes whatever is killed: matetool at every step of its way, at random moments, and its guard.
. "$(dirname "$0")/hands.sh"

changing_site -d 1=mx -d 2=fx -d 3=dc
unlock
period=5
RANDOM=${SEED:=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
echo "# seed $SEED: SEED in the environment repeats it, LONG=1 tries more"
change=(matetool control set -P 2 inverter=off --confirm=fx2 --revert-after "${period}s")

reset() {
	rm -rf "$state"
	[ "$(value 2 inverter_control)" = 0x0002 ] || tell "set 2 reg inverter_control = on"
	wire_clear
}

# How long the inverter was off, by the wire's clock, "never" if it was not switched off.
off_for() {
	frames 0 >"$tmp/f"
	starts 0 >"$tmp/s"
	paste "$tmp/f" "$tmp/s" | awk '/^0203003d0000/ { off = $2; on = "" } /^0203003d0002/ { if (off && !on) on = $2 }
		END { print !off ? "never" : on ? (on - off) / 1e6 : "stuck" }'
}

# Lit again in time: 10 seconds of grace beside the period.
lit() {
	[ "$(value 2 inverter_control)" = 0x0002 ] || return
	case $(off_for) in
	never) ;;
	stuck) return 1 ;;
	*) awk -v s="$(off_for)" -v p=$period 'BEGIN { exit !(s >= p - 1 && s <= p + 10) }' ;;
	esac
}

wrong=() switched=0

# judge MOMENT: what came of one kill
judge() {
	[ "$(off_for)" = never ] || switched=$((switched + 1))
	lit || wrong+=("$1: $(value 2 inverter_control), off for $(off_for), left: $(ls -A "$state" 2>&1)")
}

# summary KILLS NAME
summary() {
	if [ ${#wrong[@]} = 0 ]; then report pass "$2 ($1 kills)"; else report fail "$2" "${wrong[@]}"; fi
	# Were the kills all too early or too late, nothing would have been tried.
	between "$switched" 1 $(($1 - 1)) "in some of them it had been switched off, in others not"
	wrong=() switched=0
}

# stops KIND: how many system calls it makes from the state directory on
stops() {
	reset
	"$here/aid" "$1" 0 "$state" "${change[@]}" >"$tmp/out" 2>"$tmp/err"
	tail -n 1 "$tmp/out"
	until_gone
}

until_gone() {
	sleep $((period + 2))
	until_true no_guards
}

# ---- the tool, at each of its steps ------------------------------------------

total=$(stops kill)
between "$total" 60 2000 "there are some steps"
is "$(value 2 inverter_control)" "0x0002" "without a kill it is lit again"

# Every few, at another place each time.
stride=$((${LONG:-0} ? 3 : 13)) kills=0
for ((n = 1 + RANDOM % stride; n <= total; n += stride)); do
	reset
	"$here/aid" kill "$n" "$state" "${change[@]}" >/dev/null 2>&1
	until_gone
	judge "step $n of $total"
	kills=$((kills + 1))
done
summary $kills "matetool killed step by step: in time"

# ---- the tool, at random moments ---------------------------------------------

# At random within equal parts of the time it takes, so that none is left out.
kills=0 parts=$((${LONG:-0} ? 50 : 10))
for ((n = 0; n < parts; n++)); do
	reset
	"${change[@]}" >/dev/null 2>&1 &
	tool=$!
	delay=$(((n * 400 + RANDOM % 400) / parts))
	sleep "0.$(printf '%03d' $delay)"
	kill -9 $tool 2>/dev/null
	wait $tool 2>/dev/null
	until_gone
	judge "after $delay ms"
	kills=$((kills + 1))
done
summary $kills "matetool killed at random moments: in time"

# ---- both, as when the power fails; then the service -------------------------

total=$(stops killall)
between "$total" 100 4000 "the guard has steps of its own"
stride=$((${LONG:-0} ? 7 : 29)) kills=0
for ((n = 1 + RANDOM % stride; n <= total; n += stride)); do
	reset
	"$here/aid" killall "$n" "$state" "${change[@]}" >/dev/null 2>&1
	matetool revert --pending >"$tmp/out" 2>&1 || wrong+=("step $n: $(<"$tmp/out")")
	judge "step $n of $total"
	[ -z "$(ls "$state" 2>/dev/null)" ] || wrong+=("step $n leaves $(ls -A "$state")")
	kills=$((kills + 1))
done
summary $kills "matetool and guard killed step by step, then the service: in time"

# ---- the service, too --------------------------------------------------------

kills=0
for ((n = 0; n < (${LONG:-0} ? 30 : 5); n++)); do
	reset
	"${change[@]}" >/dev/null 2>&1
	kill -9 "$(pidof_guard)"
	delay=$((RANDOM % 6000))
	matetool revert --pending &
	service=$!
	sleep "$((delay / 1000)).$(printf '%03d' $((delay % 1000)))"
	# shellcheck disable=SC2046 # a list of numbers
	kill -9 $(holders_of "matetool revert") 2>/dev/null
	wait $service 2>/dev/null
	matetool revert --pending || wrong+=("after $delay ms: status $?")
	judge "after $delay ms"
	kills=$((kills + 1))
done 2>/dev/null
if [ ${#wrong[@]} = 0 ]; then
	report pass "the service killed, and started again: in time ($kills kills)"
else
	report fail "the service killed, and started again" "${wrong[@]}"
fi

finish
