#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every kind of fault in every mode, a few transactions each.  The driver must not invent
# anything, no value may be wrong, and what it says of each transaction has to follow from
# what was heard.  The long campaigns: make campaign.
set -u
cd "$(dirname "$0")" || exit
tests=0 failures=0 output=
declare -A failed right	# of each kind, in all modes

field() { sed -n -E "s/^\{.*\"$1\":([0-9]+).*/\1/p" <<<"$output"; }

result() { # RIGHT-OR-NOT DESCRIPTION
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests - $2"
	else
		failures=$((failures + 1))
		echo "not ok $tests - $2"
		while read -r line; do echo "# ${line#\# }"; done <<<"$output"
	fi
}

# campaign KIND MODE OPTION..; then what has to be true of its fields
campaign() {
	local kind=$1 mode=$2
	shift 2
	output=$(./guest campaign -s 1 "$@" "$kind" "$mode")
}

# Only in uml is a moment exactly what it was on the wire, and auto framing is not foretold.
exact() { # MODE
	[ "$MATENET_PROFILE" != uml ] || [ "$(field unlike)" = 0 ] &&
		{ [ "$1" = auto ] || [ "$(field foretold)" -ge $((n / 2)) ]; }
}

# Elsewhere the same noise meets other bytes each time, and the sum is a weak check: one
# value in 8000 is wrong at 1e-3.
no_wrong() { [ "$(field wrong)" -le "$([ "$MATENET_PROFILE" = uml ] && echo 0 || echo 1)" ]; }

check() { # KIND MODE OPTION..
	campaign "$@" && no_wrong && exact "$2"
	result $? "$1, $2: $(field right) right, $(field error) failed, $(field wrong) wrong"
	failed[$1]=$((${failed[$1]-0} + $(field error)))
	right[$1]=$((${right[$1]-0} + $(field right)))
}

# Faults that nobody notices have not been made, and between them the bus works.
check_felt() { # KIND
	output=''
	[ "${failed[$1]}" -gt 0 ] && [ "${right[$1]}" -gt 0 ]
	result $? "$1: ${failed[$1]} failed, ${right[$1]} right in all modes"
}

check_harmless() { # KIND MODE OPTION..
	campaign "$@" && [ "$(field error)" = 0 ] && [ "$(field wrong)" = 0 ] && exact "$2"
	result $? "$1, $2: all of $(field right) right"
}

# The judge sees a wrong value where there is one, and that it was heard so.
check_judge() { # MODE OPTION..
	campaign foreign "$@" && [ "$(field wrong)" -gt 0 ] &&
		[ "$(field by_other)" = "$(field wrong)" ] && exact "$1"
	result $? "foreign, $1: $(field wrong) wrong values are seen"
}

echo "TAP version 13"
case ${MATENET_PROFILE-} in
uml)
	modes="mark gap auto strict mark-evenodd gap-evenodd" n=16
	kinds="noise-command noise-reply flip ninth lose extra split merge early late babble stuck
		break uart baud-beyond mixed"
	;;
timing) modes="mark gap" n=12 kinds="noise mixed" ;;
*)
	echo "1..0 # SKIP noise repeats only in virtual time"
	exit 0
	;;
esac
for mode in $modes; do
	check_harmless clean "$mode" -n $n
	check_harmless baud "$mode" -n $n
	check_judge "$mode" -n $n
	check noise "$mode" -n $((8 * n)) -r 1000000
	for kind in $kinds; do check "$kind" "$mode" -n $n -r 1000000; done
done
for kind in "${!failed[@]}"; do check_felt "$kind"; done
echo "1..$tests"
[ $failures = 0 ]
