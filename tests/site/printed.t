#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What matetool prints is what the device holds: every register and every field, at
# both ends, zero and below, set in the simulator and read over the wire.  The text is
# then given back to the simulator, which reads it with code of its own, and must make
# the same device of it.  (sweep.t sets each bit alone and goes by the library.)
. "$(dirname "$0")/lib.sh"

modules 1
devices -d 1=mx -d 2=fx -d 3=dc -d 4=fx,120v --control "$tmp/ctl" --turnaround-us 1000
bus 0
matetool scan >/dev/null 2>&1
types=([0]=hub [1]=mx [2]=fx [3]=dc [4]=fx)

tell() { matesim --tell "$tmp/ctl"; }

# wrong: what differs between two files of lines, not more than ten
wrong() { diff "$tmp/wanted" "$tmp/got" | sed -n '/^[<>]/{s/^</wanted/;s/^>/got/;p}' | head -n 20; }

# same NAME: both files are equal, and not empty
same() {
	if [ -s "$tmp/wanted" ] && cmp -s "$tmp/wanted" "$tmp/got"; then
		report pass "$1: $(wc -l <"$tmp/got")"
	else
		report fail "$1" "$(wrong)"
	fi
}

# ---- registers ---------------------------------------------------------------

# readable TYPE: names of the registers that can be read, but the type: all hangs on it
readable() {
	matetool reg list "$1" -o name,access | awk 'NR > 1 && $2 ~ /^r/ && $1 != "device_type" { print $1 }'
}

# dump PORT COLUMN: "name value" of each
dump() {
	matetool reg dump "$1" -o "name,$2" 2>/dev/null |
		awk 'NR > 1 && $1 != "device_type"' | sed 's/  */ /; s/ *$//'
}

# told NAME: the simulator took all of it
told() { if [ -s "$tmp/told" ]; then report fail "$1: set" "$(head -n 5 "$tmp/told")"; fi; }

for port in "${!types[@]}"; do
	type=${types[port]}
	readable "$type" >"$tmp/names"
	for raw in 0000 0001 7FFF 8000 FFFF; do
		what="$type on port $port, registers at $raw"
		sed "s/.*/set $port reg & = 0x$raw/" "$tmp/names" | tell >"$tmp/told" 2>&1
		told "$what"
		sed "s/$/ $raw/" "$tmp/names" >"$tmp/wanted"
		dump "$port" raw >"$tmp/got"
		same "$what: read"
		# The text, given back without its unit, has to come again.
		dump "$port" value >"$tmp/wanted"
		sed "s/.*/set $port reg & = 0x5A5A/" "$tmp/names" | tell
		sed -E "s/^([a-z_0-9]+) (-?[0-9.]+) .*/\1 \2/; s/^([a-z_0-9]+) /set $port reg \1 = /" \
			"$tmp/wanted" | tell >"$tmp/told" 2>&1
		told "$what, as printed"
		dump "$port" value >"$tmp/got"
		same "$what: printed"
	done
done

# ---- pages -------------------------------------------------------------------

# pin PORT BYTES: all bytes of the status of that device, and of a log page
pin() {
	local page pages
	case ${types[$1]} in
	dc) pages="0x0A 0x0B 0x0C 0x0D 0x0E 0x0F" ;;
	*) pages=0x01 ;;
	esac
	for page in $pages; do echo "set $1 status $page = $2"; done
	[ "${types[$1]}" != mx ] || echo "set $1 log 9 = $2 7f"
}

# got PATH: "id value" of each field below that path of the JSON output; names of
# fields have the unit behind them there
fields_of() {
	local path key
	for path in "${!values[@]}"; do
		key=${path#"$1".}
		[[ $path = "$1".* && $key != *.* && $key != *_names && $key != *_name && ${values[$path]} != null ]] || continue
		case $key in raw | date) continue ;; esac
		echo "$key ${values[$path]}"
	done | sort
}

# known PORT PREFIX: the same, by the simulator, for the keys in $tmp/got
known() {
	local key id
	while read -r key _; do
		id=$key
		grep -qx "$key" "$tmp/ids" || id=${key%_*}
		echo "get $1 $2$id"
	done <"$tmp/got" | tell >"$tmp/numbers" 2>&1
	cut -d' ' -f1 "$tmp/got" | paste -d' ' - "$tmp/numbers"
}

# numbers: 27.0 and 27 are the same, true is 1
numbers() {
	awk '{ v = $2; if (v == "true") v = 1; if (v == "false") v = 0; printf "%s %.4f\n", $1, v }'
}

matetool __complete status -o '' >"$tmp/ids"
for port in 1 2 3 4; do
	for byte in 00 ff 80 7f 55 aa 01 fe; do
		pattern=$(printf "$byte%.0s" {1..13})
		[ $byte != 01 ] || pattern=0102040810204080ff007f8001
		[ $byte != fe ] || pattern=fefdfbf7efdfbf7f00ff807ffe
		what="${types[port]} on port $port, bytes $byte"
		pin $port "$(sed 's/../& /g; s/ $//' <<<"$pattern")" | tell >"$tmp/told" 2>&1
		told "$what"
		run matetool status $port -j
		[[ $(json devices.0.status.raw) =~ ^($pattern)+$ ]]
		is "$?" 0 "$what: raw"
		fields_of devices.0.status >"$tmp/got"
		known $port status. | numbers >"$tmp/wanted"
		numbers <"$tmp/got" >"$tmp/got2" && mv "$tmp/got2" "$tmp/got"
		same "$what: status"
		[ "${types[port]}" = mx ] || continue
		run matetool log $port 9 -j
		fields_of devices.0.log >"$tmp/got"
		known $port log.9. | numbers >"$tmp/wanted"
		numbers <"$tmp/got" >"$tmp/got2" && mv "$tmp/got2" "$tmp/got"
		same "$what: log"
	done
done

finish
