#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the headers declare is what the library exports and what the man page tells of;
# programs in its man page build; it needs libc and libnl, and does not grow.

top=@TOP@
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"

out=${O:-$top/build}
lib=$out/user/libmatenet.so.0
man=$top/userspace/man/libmatenet.3.scd

make -s -C "$top/userspace" O="$out" lib >"$tmp/log" 2>&1 || bail "the library does not build: $(cat "$tmp/log")"

flags=(-I "$top/include/uapi" -I "$out/gen" -I "$top/userspace/lib")

# Prototypes as the compiler has seen them, not those of other headers.
echo '#include <libmatenet.h>' >"$tmp/h.c"
cc "${flags[@]}" -fsyntax-only -aux-info "$tmp/prototypes" "$tmp/h.c"
grep -o '\bmate_[a-z0-9_]* (' "$tmp/prototypes" | tr -d ' (' | sort -u >"$tmp/declared"
nm -D --defined-only "$lib" | awk '$2 != "A" { sub("@.*", "", $3); print $3 }' | sort -u >"$tmp/exported"

{ [ "$(wc -l <"$tmp/declared")" -gt 50 ] || cat "$tmp/prototypes"; } |
	none 'the headers are understood'
comm -23 "$tmp/declared" "$tmp/exported" | none 'what the headers declare is exported'
comm -13 "$tmp/declared" "$tmp/exported" | none 'what is exported is declared'
while read -r f; do grep -qw -- "$f" "$man" || echo "$f"; done <"$tmp/declared" |
	none 'each function is in the man page'
grep -o '\bmate_[a-z0-9_]*(' "$man" | tr -d '(' | sort -u | comm -23 - "$tmp/declared" |
	none 'the man page names no function that is not there'
grep -o '\bMATE_[A-Z0-9_]*' "$man" | sort -u | while read -r c; do
	grep -qw -- "$c" "$top"/userspace/lib/libmatenet.h "$out/gen/mate_tables.h" || echo "$c"
done | none 'the man page names no constant that is not there'
sed -n 's/^\t\(MATE_E_[A-Z_]*\) =.*/\1/p' "$top/userspace/lib/libmatenet.h" | while read -r c; do
	grep -qw -- "$c" "$man" || echo "$c"
done | none 'each error is in the man page'

readelf -d "$lib" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
	grep -Ev '^(libc\.so\.6|libnl-3\.so\.200|libnl-genl-3\.so\.200|ld-linux.*)$' |
	none 'it needs libc and libnl, nothing else'
{ readelf -d "$lib" | grep -q 'SONAME.*\[libmatenet.so.0\]' || readelf -d "$lib"; } |
	none 'it is called libmatenet.so.0'
strip -o "$tmp/lib.so" "$lib"
size=$(stat -c %s "$tmp/lib.so")
{ [ "$size" -le $((128 * 1024)) ] || echo "$size bytes"; } | none 'not above 128 KB'

# The first example is a program.
awk '/^# EXAMPLE/ { at = 1 } at && /^```/ { inside++; next } inside == 1' "$man" | sed 's/\\\\/\\/g' >"$tmp/example.c"
{ cc -Wall -Wextra -Werror "${flags[@]}" -o "$tmp/example" "$tmp/example.c" -L"$out/user" -lmatenet 2>&1 || echo failed; } |
	none 'the example of the man page builds'
for language in c c++; do
	echo '#include <libmatenet.h>' | cc -x$language -Wall -Werror "${flags[@]}" -fsyntax-only - 2>&1 |
		none "the header is $language by itself"
done

finish
