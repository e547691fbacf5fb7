#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The structs of the interface lie the same way in 64-bit, 32-bit and x32 programs, in C
# and in C++; and the assertions that say so catch every member that moves.

top=@TOP@
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"

header=$top/include/uapi/linux/matenet.h
layout=$top/tests/unit/layout.c

# No library is needed, so none of that ABI has to be there.
compile() { # DIRECTORY OF linux/matenet.h, OPTION..
	local include=$1
	shift
	cc -ffreestanding -Wall -Wextra -Wpadded -Werror -fsyntax-only -I"$include" "$@" "$layout" 2>&1
}

for abi in -m64 -m32 -mx32; do
	compile "$top/include/uapi" "$abi" -std=gnu11 | none "$abi: as asserted"
	compile "$top/include/uapi" "$abi" -x c++ -std=c++11 | none "$abi: in C++, too"
done

# "STRUCT MEMBER" and the names of the requests, as the header has them.
{
	awk '/^struct matenet_/ { s = $2 } /^};/ { s = "" }
		s != "" && /;$/ && !/}/ { name = $NF; sub(/[[;].*/, "", name); print s, name }' "$header" |
		sed -E 's/(.*) (.*)/MEMBER(\1, \2,/'
	sed -n -E 's/^struct (matenet_[a-z]+) \{/\1/p' "$header" | sed 's/.*/SIZE(&,\nALIGN(&,/'
	sed -n -E 's/^#define MATENET_IOC_([A-Z_]+)[[:space:]]+_IO.*/REQUEST(\1,/p' "$header"
} >"$tmp/wanted"
{
	[ "$(wc -l <"$tmp/wanted")" -gt 90 ] || echo "only $(wc -l <"$tmp/wanted") things to assert"
	grep -vFf <(grep -oE '^(MEMBER\([a-z_]+, [a-z_0-9]+|(SIZE|ALIGN|REQUEST)\([A-Za-z_]+),' "$layout") "$tmp/wanted"
} | none "every member, struct and request is asserted"

# Headers that are wrong in one line: a byte has been put before a member, or it is gone.
awk -v dir="$tmp" '
	{ line[NR] = $0 }
	/^struct matenet_/ { s = 1 } /^};/ { s = 0 }
	s && /(;|union \{)$/ && !/}/ { member[NR] = 1 }
	function mutant(kind, at, text,  file, i) {
		system("mkdir -p " dir "/" kind "-" at "/linux")
		file = dir "/" kind "-" at "/linux/matenet.h"
		for (i = 1; i <= NR; i++) print i == at ? text : line[i] >file
		close(file)
	}
	END {
		for (at in member) {
			if (line[at] ~ /^\t[^\t]/) mutant("moved", at, "\t__u8 moved;\n" line[at])
			if (line[at] ~ /;$/) mutant("gone", at, "")
		}
	}' "$header"

# survivors KIND: mutants that compile, or are too few
survivors() {
	local mutant count=0
	for mutant in "$tmp/$1"-*; do
		compile "$mutant" -m64 -std=gnu11 -Wno-padded >/dev/null && echo "line ${mutant##*-}: nobody noticed"
		count=$((count + 1))
	done
	[ $count -gt 60 ] || echo "only $count of them"
}
survivors moved | none "a member that moves is noticed"
survivors gone | none "a member that is gone is noticed"

# What only i386 does: numbers of 64 bits at multiples of four.
mkdir -p "$tmp/i386/linux"
sed 's/__aligned_u64/__u64/' "$header" >"$tmp/i386/linux/matenet.h"
{
	compile "$tmp/i386" -m64 -std=gnu11
	compile "$tmp/i386" -m32 -std=gnu11 >"$tmp/said"
	for struct in mode xfer batch frame record; do
		grep -q "static assertion failed: \"alignment of matenet_$struct\"" "$tmp/said" || echo "$struct: nobody noticed"
	done
} | none "a struct that i386 alone would align otherwise is noticed"

finish
