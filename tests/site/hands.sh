# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the tests of changes share: a journal, a view behind the wire, what was written.
. "$(dirname "$0")/lib.sh"

journal=$tmp/journal
state=$tmp/state
export MATENET_STATE=$state MATETOOL_CONFIG='' XDG_CACHE_HOME=$tmp/cache
journal_pid=

# changing_site OPTION..: a bus that is still locked, a tester's socket, a journal
changing_site() {
	log_to /dev/log
	site --control "$tmp/control" "$@"
}

unlock() { matetool bus set writable=on >/dev/null; }

log_to() { # SOCKET
	stop_journal
	mkdir -p "$(dirname "$1")"
	"$here/aid" journal "$1" >"$journal" &
	journal_pid=$!
	until_true grep -q '^ready' "$journal"
}

stop_journal() {
	[ -n "$journal_pid" ] || return
	kill $journal_pid
	wait $journal_pid 2>/dev/null
	journal_pid=
}

# Nothing that is still to be undone, and nobody who would do it.
no_guards() { ! pidof_guard >/dev/null; }

# Not by pidof and the like: a guest has many kernel threads, and starting a program is dear.
pidof_guard() {
	local file comm found=
	for file in /proc/[0-9]*/comm; do
		read -r comm <"$file" || continue
		[ "$comm" = matetool-guard ] || continue
		found=${file%/comm}
		echo "${found#/proc/}"
	done 2>/dev/null
	[ -n "$found" ]
}

# holders_of WORDS: processes whose command line begins so
holders_of() {
	local file words
	for file in /proc/[0-9]*/cmdline; do
		mapfile -d '' -t words <"$file"
		[ "${words[0]-} ${words[1]-}" = "$1" ] || continue
		file=${file%/cmdline}
		echo "${file#/proc/}"
	done 2>/dev/null
}

# shellcheck disable=SC2317 # called by the trap
end_of_changes() {
	local pid
	for pid in $(pidof_guard); do kill -9 "$pid"; done
	stop_journal
	cleanup
}
trap end_of_changes EXIT

# ---- the wire, and behind it -------------------------------------------------

# written: commands since wire_clear that change something, without checksum
written() { frames 0 | grep -E '^..(00|01|03)' | sed 's/....$//'; }

untouched() { is "$(written)" "" "$1: nothing is written"; }

tell() { matesim --tell "$tmp/control" "$@"; }

# value PORT REGISTER: what the device holds, asked behind the wire
value() { tell "get $1 reg $2"; }

# ---- the journal -------------------------------------------------------------

# entries: since the last journal_mark, when what was sent before has arrived
journal_mark() {
	sleep 0.05
	marked=$(wc -l <"$journal")
}
entries() {
	sleep 0.05 # in virtual time: until nobody has anything to do
	sed "1,${marked:-1}d" "$journal"
}

# logged REGEX.. NAME: one entry has all of them
logged() {
	local found name=${*: -1}
	found=$(entries)
	while [ $# -gt 1 ]; do
		found=$(grep -E -- "$1" <<<"$found")
		shift
	done
	if [ -n "$found" ]; then report pass "$name"; else report fail "$name" "journal:" "$(entries)"; fi
}

not_logged() { is "$(entries)" "" "$1: no entry"; }
