# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of matetool share: TAP, a site of devices, the wire's own record.

here=$(dirname "$(readlink -f "$0")")
tmp=$(mktemp -d)
pair=/sys/kernel/debug/uart9/pair0
tests=0 failures=0 sim=
out='' err='' status=0

echo "TAP version 13"

# ---- results -----------------------------------------------------------------

report() { # pass|fail NAME [DIAGNOSTIC..]
	local name=$2 line
	tests=$((tests + 1))
	if [ "$1" = pass ]; then
		echo "ok $tests - $name"
		return
	fi
	failures=$((failures + 1))
	echo "not ok $tests - $name"
	shift 2
	printf '%s\n' "$@" | while IFS= read -r line; do echo "# $line"; done
}

# is GOT WANT NAME
is() {
	if [ "$1" = "$2" ]; then report pass "$3"; else report fail "$3" "got:    $1" "wanted: $2"; fi
}

# like GOT REGEX NAME
like() {
	if [[ $1 =~ $2 ]]; then report pass "$3"; else report fail "$3" "got:    $1" "wanted: $2"; fi
}

# between GOT LEAST MOST NAME; numbers with a decimal point
between() {
	if awk -v x="$1" -v a="$2" -v b="$3" 'BEGIN { exit !(x != "" && x + 0 >= a && x + 0 <= b) }'; then
		report pass "$4"
	else
		report fail "$4" "got:    $1" "wanted: $2 to $3"
	fi
}

# run COMMAND..: its output, errors and exit status into out, err, status
run() {
	out=$("$@" 2>"$tmp/err" </dev/null)
	status=$?
	err=$(<"$tmp/err")
}

# fails STATUS MESSAGE NAME: the last run ended so, with this line on stderr and nothing else
fails() {
	if [ "$status" = "$1" ] && [ "$err" = "matetool: $2" ] && [ -z "$out" ]; then
		report pass "$3"
	else
		report fail "$3" "status: $status" "output: $out" "errors: $err" \
			"wanted: status $1, matetool: $2"
	fi
}

# json PATH: value in the output of the last run
json() { "$here/probe" json "$1" <<<"$out"; }

# json_fails STATUS CODE MESSAGE NAME: the same as an error object on stdout
json_fails() {
	is "$status $(json error.exit_status) $(json error.code): $(json error.message)$err" \
		"$1 $1 $2: $3" "$4"
}

finish() {
	echo "1..$tests"
	[ $failures = 0 ]
	exit
}

# until_true COMMAND..: true within ten seconds
until_true() {
	local tries=100
	while ! "$@" >/dev/null 2>&1; do
		[ $((tries--)) -gt 0 ] || return
		sleep 0.1
	done
}

# ---- the site ----------------------------------------------------------------

modules() { # PAIRS
	insmod /lib/matenet/uart9.ko "pairs=$1" && insmod /lib/matenet/n_matenet.ko
}

# devices OPTION..: matesim at the other end of the wire; values stand still
devices() {
	stop_devices
	: >"$tmp/sim"
	matesim --speed 0 --seed 7 "$@" /dev/ttyW1 >"$tmp/sim" 2>"$tmp/sim.err" &
	sim=$!
	until_true grep -q '^ready' "$tmp/sim" && return
	echo "# matesim $*: not ready:" "$(<"$tmp/sim.err")"
	return 1
}

stop_devices() {
	[ -n "$sim" ] || return
	kill "$sim" 2>/dev/null
	wait "$sim" 2>/dev/null
	sim=
}

# site OPTION..: a bus with devices on it
site() {
	modules 1 && devices "$@" && matetool attach /dev/ttyW0 >/dev/null && return
	echo "Bail out! no bus"
	exit 1
}

has_bus() { [ -e /sys/class/matenet/matenet0 ]; }
has_no_bus() { ! has_bus; }
no_attacher() { ! pgrep -f 'matetool attach' >/dev/null; }

cleanup() {
	local bus
	stop_devices
	for bus in /sys/class/matenet/matenet*; do
		[ -e "$bus" ] && matetool detach "${bus##*/}" >/dev/null
	done
	until_true no_attacher
	rm -rf "$tmp"
}
trap cleanup EXIT

# ---- the wire ----------------------------------------------------------------

wire_clear() { echo >$pair/record; }

# frames PORT: what ttyW<PORT> sent since wire_clear, a frame a line, in hex
frames() {
	awk -v port="$1" '$1 == port {
		if (substr($4, 1, 1) == "1" && frame != "") { print frame; frame = "" }
		frame = frame substr($4, 2)
	}
	END { if (frame != "") print frame }' $pair/record | tr A-F a-f
}

# pages: data bytes of the replies, without byte 0 and checksum
pages() { frames 1 | sed 's/^..//; s/....$//'; }

# starts PORT: when its frames began, in microseconds
starts() {
	awk -v port="$1" '$1 == port && substr($4, 1, 1) == "1" { printf "%d\n", $2 / 1000 }' $pair/record
}
