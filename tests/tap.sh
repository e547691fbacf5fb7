# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For tests on this machine that are shell scripts: results as TAP, a place for files.

set -u
shopt -s lastpipe # so that what is piped into "none" is counted
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0 failed=0

# result STATUS NAME [OUTPUT]: passes with status 0, shows the output else
result() {
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		[ -z "${3-}" ] || echo "# ${3//$'\n'/$'\n'# }"
		failed=1
	fi
}

# none NAME: passes if nothing comes in, shows what does
none() {
	local found
	found=$(cat)
	[ -z "$found" ]
	result $? "$1" "$found"
}

bail() {
	echo "Bail out! $*"
	exit 1
}

# The last command of a test.
finish() {
	echo "1..$n"
	exit $failed
}

echo "TAP version 13"
