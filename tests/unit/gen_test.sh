#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The generator finds faults in the data and says where they are; all that it makes
# follows the data; the Documentation pages are what it makes now.  --update writes them.
set -u

top=@TOP@
data=$top/userspace/data
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export PYTHONDONTWRITEBYTECODE=1
n=0 failed=0

result() { # ok|'not ok' NAME
	n=$((n + 1))
	echo "$1 $n - $2"
	[ "$1" = ok ] || failed=1
}

gen() { python3 "$data/gen.py" --registers "$tmp/registers.tsv" --pages "$tmp/pages.tsv" "$@"; }

fresh() { cp "$data/registers.tsv" "$data/pages.tsv" "$tmp/"; chmod u+w "$tmp"/*.tsv; }

# bad NAME TABLE SED-EXPRESSION MESSAGE: after the change the generator fails, and one
# line of its output is FILE:LINE: ... with the line that was changed and the message.
bad() {
	local out line status
	fresh
	sed -i "$3" "$tmp/$2.tsv"
	line=$(cmp -s "$data/$2.tsv" "$tmp/$2.tsv" ||
		diff "$data/$2.tsv" "$tmp/$2.tsv" | sed -n '1s/^[0-9,]*[acd]\([0-9]*\).*/\1/p')
	out=$(gen 2>&1)
	status=$?
	if [ $status = 1 ] && [ -n "$line" ] && grep -q "$2.tsv:$line: .*$4" <<<"$out"; then
		result ok "$1"
	else
		result 'not ok' "$1"
		printf '# wanted %s.tsv:%s: %s, status 1\n# got status %s\n' "$2" "$line" "$4" $status
		echo "${out//$'\n'/$'\n'#}" | sed '1s/^/# /'
	fi
}

fresh
if [ "${1-}" = --update ]; then
	gen --out "$tmp/out" && cp "$tmp/out"/{registers,pages}.rst "$top/Documentation/"
	exit
fi

if out=$(gen 2>&1) && [ -z "$out" ]; then
	result ok 'the data are right'
else
	result 'not ok' 'the data are right'
	echo "# $out"
fi

r=registers p=pages
fx=$'^fx\t000A\t'
bad 'a column too few' $r "/$fx/s/\\t[^\\t]*\$//" '12 columns, expected 13'
bad 'a column too many' $p $'/^mx_log\tday/s/$/\tmore/' '12 columns, expected 11'
bad 'columns with other names' $r $'s/^device\treg/unit\treg/' 'columns are'
bad 'an unknown device' $r "s/$fx/gx\\t000A\\t/" 'device "gx" is none of'
bad 'a register in lower case' $r "s/$fx/fx\\t000a\\t/" 'reg "000a" is not four'
bad 'a register twice' $r "s/$fx/fx\\t000B\\t/" 'reg "000B" already on line\|has reg'
bad 'a name twice' $r "/$fx/s/float_setpoint/air_temp_raw/" 'id "air_temp_raw"\|has id'
bad 'a register of all devices again' $r "s/$fx/fx\\t0000\\t/" 'for all devices'
bad 'an id that is no identifier' $r "/$fx/s/float_setpoint/float-setpoint/" 'not a lower-case C identifier'
bad 'an id that is a word of C' $r "/$fx/s/float_setpoint/float/" 'not a lower-case C identifier'
bad 'no label' $r "/$fx/s/Float set point//" 'has no label'
bad 'an unknown type' $r "/$fx/s/s16/s17/" 'type "s17" is none of'
bad 'a type that is no type' $r "/$fx/s/s16/s16@3/" 'type "s16@3" is not understood'
bad 'a 230 V rule for an MX' $r $'/^mx\t0008\t/s/s16/s16@x2/' 'only an FX'
bad 'an unknown scale' $r "/$fx/s/0\\.1/0.3/" 'scale "0.3" is none of'
bad 'an unknown unit' $r "/$fx/s/\\tV\\t/\\tVolt\\t/" 'unit "Volt" is none of'
bad 'an unknown access' $r "/$fx/s/rw incdec/rw decinc/" 'access "decinc" is none of'
bad 'neither ro, rw nor wo' $r "/$fx/s/rw incdec/incdec/" 'exactly one of ro rw wo'
bad 'an unknown risk' $r "/$fx/s/setpoint\\t0/fun\\t0/" 'risk "fun" is none of'
bad 'writable without a risk' $r "/$fx/s/setpoint\\t0/-\\t0/" 'what can be written has a risk'
bad 'a range that is none' $r "/$fx/s/0\\.\\.80/80/" 'is not MIN..MAX'
bad 'a range of no numbers' $r "/$fx/s/0\\.\\.80/0..8.0.0/" '"8.0.0" is no number'
bad 'a range finer than the scale' $r "/$fx/s/0\\.\\.80/0..80.05/" 'no multiple of the scale 0.1'
bad 'a range upside down' $r "/$fx/s/0\\.\\.80/80..0/" 'holds -32768 to 32767 of 0.1'
bad 'a range beyond the type' $r "/$fx/s/0\\.\\.80/0..4000/" 'holds -32768 to 32767 of 0.1'
bad 'a step of nothing' $r "/$fx/s/0\\.\\.80/0..80 step 0/" 'the step is no step'
bad 'a range of what is only read' $r $'/^mx\t0008/s/ro\t-\t/ro\t-\t0..80/' 'cannot be written'
bad 'ENABLE of what has no names' $r $'/^dc\t00CA/s/1=disabled/1=asleep/' 'access "endis" without values'
bad 'an unknown evidence' $r "/$fx/s/\\tproven\\t/\\tprobable\\t/" 'evidence "probable" is none of'
bad 'no evidence' $p $'/^mx_log\tday/s/\tproven\t/\t\t/' 'evidence "" is none of'
bad 'a value without a name' $r $'/^mx\t01C8/s/3=absorb/3/' 'value "3" is not number=name'
bad 'a value twice' $r $'/^mx\t01C8/s/3=absorb/2=absorb/' 'is there twice'
bad 'a value too large' $r $'/^mx\t01C9/s/8=night_light/200=night_light/' 'does not fit'
bad 'a set of two bits as one' $r $'/^fx\t0039/s/0x04=/0x06=/' 'not a single bit'
bad 'a quote in a label' $p $'/^mx_log\tday/s/Days ago/Days "ago"/' 'contains a quote'
bad 'an unknown page' $p $'/^mx_log\tday/s/^mx_log/fx_log/' 'page "fx_log" is none of'
bad 'bits beyond the page' $p $'/^mx_log\tday/s/\t13\t/\t14\t/' 'has bytes 0 to 13'
bad 'bits upside down' $p $'/^mx_log\tenergy/s/7:4/4:7/' 'bits go from 7 down to 0'
bad 'bits that are none' $p $'/^mx_log\tenergy/s/2\\[7:4\\]/2[7:4/' 'is not BYTE'
bad 'bits of two fields' $p $'/^mx_log\tcharge\t/s/9\\[5:0\\]/9[6:0]/' 'bit 9\[6\] belongs to "charge" already\|belongs to' 
bad 'an unknown type of field' $p $'/^mx_log\tday/s/\tu\t/\tx\t/' 'type "x" is none of'
bad 'a sign with odd width' $p $'/^mx_log\tcharge\t/s/\tu\t/\ts\t/' 'cannot have 14 bits'
bad 'an unknown rule' $p $'/^fx_status\tbuy_c/s/halve:/third:/' 'rule "third" is none of'
bad 'a rule of no field' $p $'/^fx_status\tbuy_c/s/is_230v/is_400v/' 'has no field "is_400v"'
bad 'a rule of a wrong field' $p $'/^fx_status\tbuy_c/s/is_230v/errors/' 'not a plain bool'
bad 'an absence that does not fit' $p $'/^dc_status\tbattery_temp/s/absent:254/absent:256/' 'no number of 8 bits'
bad 'an absence that is no number' $p $'/^dc_status\tbattery_temp/s/absent:254/absent:x/' 'no number of 8 bits'
bad 'values of no register' $p $'/^fx_status\twarnings/s/0059/0060/' 'no such register with values'

# A bit nobody has is a fault of the page as a whole.
fresh
sed -i '/^mx_log	day/d' "$tmp/pages.tsv"
if out=$(gen 2>&1); then
	result 'not ok' 'a bit without a field'
elif grep -q 'pages.tsv:1: mx_log byte 13: no field has bit 7 6 5 4 3 2 1 0' <<<"$out"; then
	result ok 'a bit without a field'
else
	result 'not ok' 'a bit without a field'
	echo "# $out"
fi

# All faults at once, not one a run.
fresh
sed -i "s/$fx/fx\\t000a\\t/; s/^dc\\t00D5/dc\\t00d5/" "$tmp/registers.tsv"
if [ "$(gen 2>&1 | grep -c 'upper-case hex')" = 2 ]; then
	result ok 'all faults of a table are told'
else
	result 'not ok' 'all faults of a table are told'
fi

# One more line of data is one more register in all that is made, with no other change:
# in each file that has the register before it.
fresh
sed -i $'/^mx\t0022/a mx\t0ABC\tnew_thing\tNew thing\tenum\t1\t\trw\tdanger\t\t7=brand_new\tinferred\tno news' "$tmp/registers.tsv"
gen --out "$tmp/out"
for f in $(cd "$tmp/out" && grep -lwi wakeup_time ./*); do
	if grep -qwi new_thing "$tmp/out/$f" && { [[ $f = *.h ]] || grep -qw brand_new "$tmp/out/$f"; }; then
		result ok "a new line is in ${f#./}"
	else
		result 'not ok' "a new line is in ${f#./}"
	fi
done
for f in mate_tables.c mate_tables.h mate_tables.py registers.rst matenet_names.lua; do
	[ -s "$tmp/out/$f" ] || result 'not ok' "$f is made"
done

# Likewise a field of a page, by another name.
fresh
sed -i $'/^dc_status\\tunknown_15/s/unknown_15\tByte 15/new_field\tNew field/' "$tmp/pages.tsv"
python3 "$data/gen.py" --out "$tmp/before"
gen --out "$tmp/after"
for f in $(cd "$tmp/before" && grep -lw unknown_15 ./*); do
	if grep -qw new_field "$tmp/after/$f" && ! grep -qw unknown_15 "$tmp/after/$f"; then
		result ok "a new field is in ${f#./}"
	else
		result 'not ok' "a new field is in ${f#./}"
	fi
done

cat >"$tmp/t.c" <<-END
	#include <mate_tables.h>

	int main(void)
	{
	        const struct mate_reg_desc *r = mate_reg_by_id(MATE_MX, "new_thing");

	        return !(r && r == mate_reg_by_addr(MATE_MX, MATE_REG_MX_NEW_THING) &&
	                 r->addr == 0x0abc && r->risk == MATE_RISK_DANGER &&
	                 r->evidence == MATE_EV_INFERRED && r->named_only && r->min == 7 &&
	                 r->values[0].number == 7 && !mate_reg_by_id(MATE_FX, "new_thing"));
	}
END
if cc -std=gnu11 -Wall -Wextra -Werror -I "$tmp/out" -o "$tmp/t" "$tmp/t.c" "$tmp/out/mate_tables.c" &&
	"$tmp/t"; then
	result ok 'C finds a new line'
else
	result 'not ok' 'C finds a new line'
fi

# The simulator has it, too: written over its bus and read back.
cat >"$tmp/t.c" <<-END
	#include "bus.h"
	#include "site.h"

	static struct reply ask(struct bus *bus, uint8_t cmd, uint8_t param)
	{
	        uint8_t b[COMMAND_BYTES] = { 1, cmd, 0x0a, 0xbc, 0, param };
	        uint16_t sum = frame_sum(b, 6);
	        struct command command;
	        struct reply reply;

	        b[6] = sum >> 8;
	        b[7] = (uint8_t)sum;
	        command_parse(b, &command);
	        bus_answer(bus, &command, &reply);
	        return reply;
	}

	int main(void)
	{
	        static struct site site = { .hub_ports = 10 };
	        static struct bus bus;

	        site_defaults(&site);
	        site_build(&site, &bus, 1, 0.5, CMD_DEC_DISABLE);
	        return ask(&bus, CMD_WRITE, 7).bytes[0] != CMD_WRITE ||
	               ask(&bus, CMD_READ, 0).bytes[2] != 7;
	}
END
mapfile -t sim < <(find "$top/userspace/matesim" -name '*.c' ! -name main.c)
if cc -std=gnu11 -I "$tmp/out" -I "$top/include/uapi" -I "$top/userspace/matesim" -o "$tmp/t" \
	"$tmp/t.c" "${sim[@]}" "$tmp/out/mate_tables.c" -lm && "$tmp/t"; then
	result ok 'the simulator has a new line'
else
	result 'not ok' 'the simulator has a new line'
fi

# Python has it, by its own name.
mkdir "$tmp/py"
cp -r "$top/userspace/python/matenet" "$tmp/py/"
cp "$tmp/out/mate_tables.py" "$tmp/py/matenet/_tables.py"
if out=$(PYTHONPATH=$tmp/py python3 - 2>&1 <<-END
	from matenet._tables import REGISTERS
	r, = (r for r in REGISTERS if r.id == "new_thing")
	print(r.device, r.addr, r.risk, r.evidence, r.names)
END
) && [ "$out" = "mx 2748 danger inferred {7: 'brand_new'}" ]; then
	result ok 'Python finds a new line'
else
	result 'not ok' 'Python finds a new line'
	echo "# ${out//$'\n'/$'\n'# }"
fi

# Lua reads the names for the dissector.
if ! command -v lua5.2 >/dev/null; then
	result ok 'the dissector finds a new line # SKIP lua5.2 is not there'
elif out=$(cd "$tmp/out" && lua5.2 - 2>&1 <<-END
	local names = dofile("matenet_names.lua")
	local r = names.registers.mx[0x0abc]
	print(r.id, r.values[7], r.risk, names.pages.mx_status.length)
END
) && [ "$out" = $'new_thing\tbrand_new\tdanger\t13' ]; then
	result ok 'the dissector finds a new line'
else
	result 'not ok' 'the dissector finds a new line'
	echo "# $out"
fi

# Equal data, equal output: the build is reproducible.
gen --out "$tmp/once" && gen --out "$tmp/again"
if diff -r "$tmp/once" "$tmp/again"; then
	result ok 'the output depends on the data alone'
else
	result 'not ok' 'the output depends on the data alone'
fi

for f in registers pages; do
	fresh
	if python3 "$data/gen.py" --out "$tmp/now" && difference=$(diff -u "$top/Documentation/$f.rst" "$tmp/now/$f.rst"); then
		result ok "Documentation/$f.rst is what the data say"
	else
		result 'not ok' "Documentation/$f.rst is what the data say"
		echo "# ${difference//$'\n'/$'\n'# }"
	fi
	if ! python3 -c 'import docutils' 2>/dev/null; then
		result ok "Documentation/$f.rst is reStructuredText # SKIP python3-docutils is not there"
	elif out=$(python3 -m docutils --report=1 "$tmp/now/$f.rst" "$tmp/html" 2>&1) && [ -z "$out" ]; then
		result ok "Documentation/$f.rst is reStructuredText"
	else
		result 'not ok' "Documentation/$f.rst is reStructuredText"
		echo "# ${out//$'\n'/$'\n'# }"
	fi
done

# The header can be used from C++ and without anything before it.
if echo '#include <mate_tables.h>' | cc -xc++ -Wall -Werror -I "$tmp/out" -fsyntax-only - &&
	echo '#include <mate_tables.h>' | cc -xc -std=c11 -Wall -Werror -pedantic -I "$tmp/out" -fsyntax-only -; then
	result ok 'the header is C and C++ by itself'
else
	result 'not ok' 'the header is C and C++ by itself'
fi

echo "1..$n"
exit $failed
