#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every kind of fault in every mode, a few transactions each.  The driver must not invent
# anything, no value may be wrong, and what it says of each transaction has to follow from
# what was heard.  The long campaigns: make campaign.
set -u
cd "$(dirname "$0")" || exit
tests=0 failures=0 output=

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

# Only there is a moment exactly what it was on the wire.
exact() { [ "$MATENET_PROFILE" != uml ] || [ "$(field unlike)" = 0 ]; }

# Elsewhere the same noise meets other bytes each time, and the sum is a weak check: one
# value in 8000 is wrong at 1e-3.
no_wrong() { [ "$(field wrong)" -le "$([ "$MATENET_PROFILE" = uml ] && echo 0 || echo 1)" ]; }

check() { # KIND MODE OPTION..
	campaign "$@" && no_wrong && exact
	result $? "$1, $2: $(field right) right, $(field error) failed, $(field wrong) wrong"
}

check_harmless() { # KIND MODE OPTION..
	campaign "$@" && [ "$(field error)" = 0 ] && [ "$(field wrong)" = 0 ] && exact
	result $? "$1, $2: all of $(field right) right"
}

# The judge sees a wrong value where there is one, and that it was heard so.
check_judge() { # MODE OPTION..
	campaign foreign "$@" && [ "$(field wrong)" -gt 0 ] &&
		[ "$(field by_other)" = "$(field wrong)" ] && exact
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
echo "1..$tests"
[ $failures = 0 ]
