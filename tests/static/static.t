#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All that can be said of the sources without running them: the checkers of the kernel
# and of its userspace are silent, licences stand where they belong, and each checker
# notices a fault.  What has been checked before is not checked again.
here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"

unset MAKEFLAGS MFLAGS MAKELEVEL	# its makes are not part of the one around it
export TOP=$top O=${O:-$top/build}
KERNEL_uml=$("$top/tests/vm/kernel" uml)/kdir
KERNEL_debian=$("$top/tests/vm/kernel" debian)/kdir
export KERNEL_uml KERNEL_debian
out=$O/static

# One at a time: two would write the same files.
mkdir -p "$out"
exec 9>"$out/lock"
flock 9

# ---- the checkers ---------------------------------------------------------------

make -s -k -C "$here" -j"$(nproc)" >"$tmp/made" 2>&1
none "all checks can be made" <"$tmp/made"
make -s -C "$here" list >"$tmp/list"

# Lines of the table: CHECKER FILE WORD REASON; such a complaint of that file is none.
accepted() { sed -e 's/#.*//' -e '/^$/d' "$here/accepted"; }
awk 'NF < 4' < <(accepted) | none "what is accepted has its reason"

said() { # CHECKER: what is not accepted
	local file
	grep "^$1/" "$tmp/list" | while read -r file; do
		[ ! -e "$out/$file" ] || cat "$out/$file"
	done >"$tmp/said"
	accepted | awk -v checker="$1" -v said="$tmp/said" '
		$1 == checker { file[++n] = $2; word[n] = $3 }
		END {
			while ((getline line < said) > 0) {
				for (i = 1; i <= n; i++)
					if (index(line, file[i] ":") == 1 && line ~ ("(^|[^A-Za-z_])" word[i] "([^A-Za-z_]|$)")) {
						used[i] = 1
						break
					}
				if (i > n) print line
			}
			for (i = 1; i <= n; i++)
				if (!used[i]) print "accepted: " checker " " file[i] " " word[i] ": nobody says so"
		}'
}

cut -d/ -f1 "$tmp/list" | uniq | while read -r checker; do
	count=$(grep -c "^$checker/" "$tmp/list")
	said "$checker" | none "$checker ($count)"
done
for checker in module symbols checkpatch kernel-doc coccinelle analyzer clang-tidy cppcheck shellcheck pyflakes; do
	grep -q "^$checker/." "$tmp/list" || echo "$checker has nothing to do"
done | none "nothing is left out"

# ---- the text -------------------------------------------------------------------

# Licences by place: the first that fits.
licences() {
	cat <<-'END'
	include/uapi/*|kernel/genl-gen.*|Documentation/netlink/* ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
	kernel/*|Kbuild|tests/uart/*|tests/vm/plant/* GPL-2.0
	tests/include/kselftest.h GPL-2.0
	tests/include/kselftest_harness.h GPL-2.0-only
	Documentation/*.svg|README.md|userspace/examples/README.md|Documentation/ABI/*|.gitignore none
	userspace/data/*.tsv|*/py.typed|tests/campaign/results/* none
	userspace/lib/*|userspace/man/libmatenet.3.scd LGPL-2.1-or-later
	userspace/python/matenet/*|userspace/python/pyproject.toml LGPL-2.1-or-later
	Documentation/*.rst|Documentation/*.inc GPL-2.0
	* GPL-2.0-or-later
	END
}

# unlicensed DIRECTORY: files from stdin that do not say the licence of their place in
# the first three lines
unlicensed() {
	local file patterns pattern licence given
	while read -r file; do
		while read -r patterns licence; do
			IFS='|' read -ra patterns <<<"$patterns"
			# shellcheck disable=SC2053 # patterns
			for pattern in "${patterns[@]}"; do [[ $file = $pattern ]] && break 2; done
		done < <(licences)
		given=$(sed -n -E '1,3s,.*SPDX-License-Identifier: ([^*]*[^* ])( \*/)?$,\1,p' "$1/$file")
		[ "${given:-none}" = "$licence" ] || echo "$file: ${given:-no licence}, wanted: $licence"
	done
}

# Words that promise what is not there.  The two halves, or they would be found here.
promises() { xargs grep -nEw 'TO''DO|FIX''ME|XX''X|HA''CK|not implem''ented' /dev/null; }

# Differences of kernels belong into one file a module.
versions() { grep '\.[ch]$' | grep -v '/compat\.h$' | xargs grep -nE 'LINUX_VERS''ION_CODE|KERNEL_VERS''ION\(' /dev/null; }

# Somebody's directory.
homes() { xargs grep -nE "(^|[^]A-Za-z0-9_}*.)])/(home|Users)/[a-z]|(^|[^A-Za-z0-9])$top/" /dev/null; }

cd "$top" || bail "$top: not there"
./tests/static/files >"$tmp/files"
unlicensed . <"$tmp/files" | none "each file has the licence of its place"
grep -v '^tests/include/' "$tmp/files" | promises | none "nothing is promised"
versions <"$tmp/files" | none "kernel versions are told apart in compat.h"
homes <"$tmp/files" | none "no file names a directory of its author"

for plants in tests/fuzz/planted tests/fuzzer/planted; do
	"$plants" -n 2>&1
done | none "every bug to be planted has its place"

# ---- and they see -----------------------------------------------------------------

faults=tests/static/faults
# sees CHECKER FILE REGEXP: the checker complains of the planted fault
sees() {
	"$here/check" "$1" "$faults/$2" >"$tmp/said" 2>&1
	grep -qE -- "$3" "$tmp/said"
	result $? "$1 notices $2" "$(cat "$tmp/said")"
}
while read -r checker file regexp; do
	sees "$checker" "$file" "$regexp"
done <<-'END'
	module module.c no previous prototype
	module module.c incorrect type in assignment.*base types
	symbols module.c exports .*fault_given
	symbols module.c : stranger$
	checkpatch style.c CODE_INDENT|LEADING_SPACE
	kernel-doc style.c 'size' not described
	kernel-doc style.c nobody_knows: not documented
	coccinelle freed.c reference preceded by free on line
	analyzer leak.c analyzer-malloc-leak
	clang-tidy tidy.c bugprone-misplaced-operator-in-strlen-in-alloc
	clang-tidy tidy.c clang-analyzer-core.DivideZero
	cppcheck index.c arrayIndexOutOfBounds
	shellcheck quote.sh SC2086
	pyflakes name.py undefined name
END

mkdir -p "$tmp/tree/kernel"
cd "$tmp/tree" || bail "no room"
fault() { # CHECK TEXT: a kernel file with the text is complained of
	printf '%b\n' "$2" >kernel/a.c
	[ -n "$(echo kernel/a.c | $1)" ]
	result $? "${1% .} notices $2"
}
fault 'unlicensed .' 'int a;'
fault 'unlicensed .' '/* SPDX-License-Identifier: MIT */'
fault promises '/* FIX''ME */'
fault versions '#if LINUX_VERS''ION_CODE'
fault homes "#include </ho""me/me/a.h>"
fault homes "open(\"/ho""me/me/a\")"
fault homes "#include <$top/a.h>"
printf '// SPDX-License-Identifier: GPL-2.0\n' >kernel/a.c
for check in 'unlicensed .' promises versions homes; do echo kernel/a.c | $check; done |
	none "and nothing where there is nothing"

finish
