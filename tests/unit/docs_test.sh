#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The pages of the interface say what header and driver say: no name is missing, no
# number is wrong, no error is kept quiet.
# shellcheck disable=SC2016 # the pages are full of backquotes

top=@TOP@
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"

header=$top/include/uapi/linux/matenet.h
pages=$top/Documentation/userspace-api/matenet
man=$top/userspace/man/matenet.4.scd
examples=$top/userspace/examples

missing_in() { # FILE..: names from stdin that none of them has
	local name
	while read -r name; do grep -qw -- "$name" "$@" || echo "$name"; done
}

# Names and values of all constants, as a compiler sees them.
sed -n -E 's/^#define (MATENET_[A-Z_]+)[[:space:]].*/\1/p' "$header" | grep -v _IOC_ >"$tmp/names"
{
	printf '#include <stdio.h>\n#include "%s"\nint main(void)\n{\n' "$header"
	sed 's/.*/	printf("%s %u\\n", "&", (unsigned int)&);/' "$tmp/names"
	printf '	return 0;\n}\n'
} >"$tmp/values.c"
cc -o "$tmp/values" "$tmp/values.c" && "$tmp/values" >"$tmp/values.txt"
missing_in "$pages"/*.rst <"$tmp/names" | none "every constant is explained"

# Rows "* - ``NAME``" with a number in the next line.
awk -v values="$tmp/values.txt" '
	BEGIN { while ((getline line < values) > 0) { split(line, f, " "); value[f[1]] = f[2] } }
	name != "" && $1 == "-" && $2 ~ /^(0x[0-9a-f]+|[0-9]+)$/ {
		rows++
		if (number($2) != value[name]) print FILENAME ": " name " is " value[name] ", not " $2
	}
	{ name = "" }
	/^    \* - ``MATENET_[A-Z_]+``$/ { name = substr($3, 3, length($3) - 4) }
	END { if (rows < 35) print "only " rows " rows" }
	function number(s,  i, x) {
		if (s !~ /^0x/) return s + 0
		for (i = 3; i <= length(s); i++) x = 16 * x + index("0123456789abcdef", substr(s, i, 1)) - 1
		return x
	}' "$pages"/*.rst | none "with its value"

# "TYPE STRUCT MEMBER" for all members, then the rows of all tables of structs.
members='/^struct matenet_[a-z]+ \{/ { s = $2 } /^\};/ { s = "" }
	s != "" && s != "matenet_record" && /^\t[a-z_0-9]+ [a-z_0-9]+(\[[A-Z_0-9]+\])?;$/ {
		sub(/;$/, ""); sub(/__aligned_u64/, "__u64")
		sub(/MATENET_MAX_DATA/, "32"); sub(/MATENET_MAX_FRAME/, "40"); print s, $1, $2 }'
awk "$members" "$header" | sort >"$tmp/members"
awk '/list-table::/ { s = $0 ~ /struct/ ? $NF : "" }
	s != "" && /^    \* - ``/ { type = $3; getline; print s, type, $2 }' "$pages"/ioc-*.rst "$pages"/func-read.rst |
	tr -d '`' | grep -v '^matenet_record ' | sort >"$tmp/rows"
{
	[ "$(wc -l <"$tmp/rows")" -gt 50 ] || echo "only $(wc -l <"$tmp/rows") rows"
	diff "$tmp/members" "$tmp/rows"
} | none "every member of every struct has its row, and no other"

sed -n -E 's/^#define (MATENET_IOC_[A-Z_]+)[[:space:]]+_IO.*/\1/p' "$header" >"$tmp/ioctls"
while read -r name; do
	grep -q "^\.\. c:macro:: $name\$" "$pages"/ioc-*.rst || echo "$name: no page"
	grep -q "\*$name\*" "$man" || echo "$name: not in matenet(4)"
done <"$tmp/ioctls" | none "every ioctl has a page and is in matenet(4)"

for page in "$pages"/ioc-*.rst; do
	for part in Synopsis Arguments Description "Return Value"; do
		grep -qx "$part" "$page" || echo "${page##*/}: no $part"
	done
	sed -n -E 's/^\.\. c:macro:: (MATENET_IOC_[A-Z_]+)$/\1/p' "$page" | while read -r name; do
		direction=$(sed -n -E "s/^#define ${name}[[:space:]]+(_IO[WR]+)\(.*/\1/p" "$header")
		given=$(grep -E "^\`\`int ioctl\(int fd, $name, " "$page")
		case $direction:$given in
		_IOW:*", const "* | _IOR:*", struct "* | _IOWR:*", struct "*) ;;
		*) echo "${page##*/}: $name is $direction, but: ${given:-missing}" ;;
		esac
	done
done | none "every page of an ioctl has its parts, and const where nothing is written back"

sed -n -E 's/^\.\. _([^:]+):$/\1/p' "$pages"/*.rst >"$tmp/labels"
{
	grep -ohE ':ref:`[^`]*`' "$pages"/*.rst | sed -E 's/:ref:`(.* <)?([^>`]*)>?`/\2/' | sort -u |
		grep -vxFf "$tmp/labels"
	grep -ohE ':doc:`[^`]*`' "$pages"/*.rst | sed -E 's/:doc:`(.* <)?([^>`]*)>?`/\2/' | sort -u |
		while read -r page; do [ -f "$pages/$page.rst" ] || echo "$page"; done
	for page in "$pages"/*.rst; do
		page=$(basename "$page" .rst)
		[ "$page" = index ] || grep -qx "    $page" "$pages/index.rst" || echo "$page: not in the index"
	done
} | none "every reference has its target"

awk '/^MATENET_ST_[A-Z_]+ / && $1 != "MATENET_ST_COUNT" { printf "\\*%s\\* (0x%x)\n", substr($1, 12), $2 }' \
	"$tmp/values.txt" | while read -r status; do
	grep -q -- "$status" "$man" || echo "$status"
done | none "matenet(4) has every status"

grep -ohE -- '-E[A-Z]{3,}' "$top"/kernel/{cdev,file,engine,line}.c | sort -u |
	sed -e 's/^-//' -e 's/ERESTARTSYS/EINTR/' >"$tmp/errors"
grep -qx EROFS "$tmp/errors" || echo "no errors found" >>"$tmp/errors"
missing_in "$man" <"$tmp/errors" | none "matenet(4) has every error of the driver"
missing_in "$pages"/ioc-*.rst "$pages"/func-ioctl.rst "$pages"/func-read.rst <"$tmp/errors" |
	none "and so have the pages"

# Roles and directives that are Sphinx's own docutils does not know.
{
	python3 -c 'import docutils' 2>&1
	for page in $(cd "$top/Documentation" && find . -name '*.rst'); do
		(cd "$top/Documentation/${page%/*}" && python3 -m docutils --report=2 --halt=5 "${page##*/}" "$tmp/html" 2>&1) |
			grep -E ':[0-9]+: \((WARNING|ERROR|SEVERE)/' |
			grep -vE 'Unknown (interpreted text role|directive type)|No (role|directive) entry'
	done
} | none "every page is reStructuredText"

# The example of the man page, as a reader would copy it.
sed -n '/^```$/,/^```$/{/^```$/!p}' "$man" | sed 's/\\\\/\\/g' >"$tmp/example.c"
{
	grep -q MATENET_IOC_XFER "$tmp/example.c" || echo "there is none"
	cc -Wall -Wextra -Werror -I"$top/include/uapi" -fsyntax-only "$tmp/example.c" 2>&1
} | none "the example of matenet(4) compiles"

for file in "$examples"/mate.*; do
	[ "$(wc -l <"$file")" -lt 80 ] || echo "$file: $(wc -l <"$file") lines"
done | none "each example is shorter than 80 lines"

finish
