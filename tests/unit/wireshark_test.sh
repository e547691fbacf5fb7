#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Wireshark dissector shows the examples of the protocol's description as what
# they are.
set -u

top=@TOP@
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export PYTHONDONTWRITEBYTECODE=1

command -v tshark >/dev/null || { echo '1..0 # SKIP tshark is not there'; exit 0; }

cp "$top/userspace/wireshark/matenet.lua" "$tmp/"
python3 "$top/userspace/data/gen.py" --out "$tmp" || { echo 'Bail out! gen.py'; exit 1; }

# pcap FILE: packets in hex, one a line, as a capture file of link type 147
pcap() {
	python3 -c '
import struct, sys
with open(sys.argv[1], "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 147))
    for i, line in enumerate(sys.stdin):
        data = bytes.fromhex(line)
        f.write(struct.pack("<IIII", i, 0, len(data), len(data)) + data)
' "$1"
}

pcap "$tmp/test.pcap" <<'END'
0f0805 0002000000000002 0000010001
0f0805 0102000000000003 0200030005
0f0805 0202000000000004 0200020004
0a 0302000000000005
0b 0200040006
0f0805 0202003d00000041 0200020004
0f0805 010300190120003e 0300200023
0a 010201c9000000cd
0b 0200850087
0f0810 0104000100ff0105 0389848900553f02001500fe02a803ec
0f0810 0204000100000007 0200000003730004000200fe09000185
0f0810 0304000a00000011 04ffc8004a000000fe4dfff200130564
0f0811 0116000000000017 169f3964015500000059c038105c000365
0f0805 0203003d00000042 8300000083
0f0805 010200080000000b 0200fe0100
0a 0102000800000000
0f0805 03034005357600f6 03357600ae
0f0805 020200390000003d 02000c000e
ff0102
END

show() { tshark -X "lua_script:$tmp/matenet.lua" -r "$tmp/test.pcap" "$@" 2>"$tmp/err"; }

show -T fields -e _ws.col.Info >"$tmp/info"
show -T fields -e matenet.text -E aggregator='|' >"$tmp/text"
show -T fields -e _ws.expert.message >"$tmp/expert"

n=0 failed=0
# line N FILE TEXT NAME: line N of the file has the text
line() {
	n=$((n + 1))
	if sed -n "$1p" "$tmp/$2" | grep -qF -- "$3"; then
		echo "ok $n - $4"
	else
		echo "not ok $n - $4"
		echo "# wanted: $3"
		echo "# got:    $(sed -n "$1p" "$tmp/$2")"
		sed 's/^/# /' "$tmp/err"
		failed=1
	fi
}

line 1 info 'port 0 READ device_type: hub' 'a hub'
line 2 info 'port 1 READ device_type: mx' 'a charge controller'
line 4 info 'port 3 READ device_type' 'a command alone'
line 5 info 'dc' 'its reply alone'
line 6 info 'port 2 READ inverter_control: on' 'a register by the name of its device'
line 7 info 'port 1 WRITE absorb_voltage = 28.8 V' 'a value that is written'
line 9 info 'on, vent_fan' 'a flag beside a number'
line 10 text 'Output current: 9.9 A' 'tenths from elsewhere'
line 10 text 'Charge today: 85 Ah' 'a value over two bytes'
line 10 text 'Charge mode: bulk' 'a name'
line 11 text 'AC output voltage: 230 V' 'a 230 V unit'
line 12 text 'Shunt A current: -5.6 A' 'a negative number'
line 12 text 'State of charge: 77 %' 'a piece of a longer page'
line 13 text 'Peak power: 1116 W' 'a log page'
line 14 info 'WRITE inverter_control = off: refused' 'a refusal'
line 14 expert 'refused' 'a refusal is remarked'
line 15 info 'READ battery_voltage: 25.4 V' 'a scale'
line 16 expert 'Wrong checksum' 'a wrong checksum is remarked'
line 17 info 'clock_date = 2026-11-22: 2026-11-22' 'a date'
line 18 info 'errors: over_temp, low_battery' 'a set of bits'

n=$((n + 1))
if [ "$(sed '14d;16d' "$tmp/expert" | tr -d '\n')" = '' ]; then
	echo "ok $n - all else is right"
else
	echo "not ok $n - all else is right"
	sed 's/^/# /' "$tmp/expert"
	failed=1
fi
echo "1..$n"
exit $failed
