# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of matetool share: TAP, a site of devices, the wire's own record.

here=$(dirname "$(readlink -f "$0")")
tmp=$(mktemp -d)
pair=/sys/kernel/debug/uart9/pair0
tests=0 failures=0 sim=
out='' err='' status=0
declare -A values

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
	parse
}

# parse: all values of JSON output into an array, by their path
parse() {
	local path value
	values=()
	[[ $out = '{'* ]] || return
	while IFS=$'\t' read -r path value; do values[$path]=$value; done < <("$here/probe" json <<<"$out")
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

# json PATH: value in the output of the last run; a.# is the length of list a
json() { echo "${values[$1]-nothing}"; }

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
	rm -rf /run/matetool # what matetool remembers of those before
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

# bus TTY: a bus on ttyW<TTY>.  In the smp profile time is that of a busy host, and
# whether a device answers within 45 ms is a matter of luck: the bus waits longer.
bus() {
	local node
	node=$(matetool attach "/dev/ttyW$1") || return
	[ "${MATENET_PROFILE-}" != smp ] || "$here/probe" patience "$node" 200000
}

# site OPTION..: a bus with devices on it
site() {
	modules 1 && devices "$@" && bus 0 && return
	echo "Bail out! no bus"
	exit 1
}

has_bus() { [ -e /sys/class/matenet/matenet0 ]; }
has_no_bus() { ! has_bus; }

# holders PROGRAM: processes that hold a bus, matetool or ldattach
holders() {
	local file words
	for file in /proc/[0-9]*/cmdline; do
		mapfile -d '' -t words <"$file"
		case "${words[0]##*/} ${words[1]-}" in
		"matetool attach" | "ldattach "*) [ "${words[0]##*/}" = "$1" ] && basename "${file%/cmdline}" ;;
		esac
	done 2>/dev/null
}
no_attacher() { [ -z "$(holders matetool)" ]; }

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
	sleep 0.01 # a byte is recorded when its stop bit ends, and heard before that
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
