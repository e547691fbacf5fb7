#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Python package: its tests, the same as libmatenet in all values, nothing a checker
# complains of, and that it can be installed.

top=@TOP@
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"

export PYTHONDONTWRITEBYTECODE=1 TOP=$top SAME=$tmp/same
lib=$top/userspace/lib

python3 "$top/userspace/data/gen.py" --out "$tmp/gen" || bail "no tables"
make -s -C "$top/userspace/python" O="$tmp" all >"$tmp/log" 2>&1 || bail "no package: $(cat "$tmp/log")"
# shellcheck disable=SC2046 # lists of flags
cc -std=gnu11 -Wall -Wextra -D_GNU_SOURCE -DMATE_VERSION='"test"' -I"$top/include/uapi" -I"$tmp/gen" \
	-I"$lib" $(pkg-config --cflags libnl-genl-3.0) -o "$SAME" "$top/tests/python/same.c" \
	"$lib"/*.c "$tmp/gen/mate_tables.c" $(pkg-config --libs libnl-genl-3.0) -lpthread ||
	bail "no libmatenet to compare with"

PYTHONPATH=$tmp/user/python:$top/tests/python python3 "$top/tests/python/tap.py" \
	test_values test_protocol test_pymate test_same >"$tmp/tap"
failed=$?
grep -v '^1\.\.' "$tmp/tap"
n=$(grep -Ec '^(not )?ok ' "$tmp/tap")

# checker NAME COMMAND..: says nothing about the package
checker() {
	local name=$1 out
	shift
	if ! command -v "$1" >/dev/null; then
		n=$((n + 1))
		echo "ok $n - $name # SKIP $1 is not installed"
		return
	fi
	out=$(cd "$tmp/user/python" && "$@" 2>&1)
	result $? "$name" "$out"
}
checker "pyflakes" pyflakes3 matenet "$top/tests/python"
checker "types" mypy --no-error-summary --cache-dir=/dev/null --python-version 3.9 matenet

out=$(make -s -C "$top/userspace/python" O="$tmp" DESTDIR="$tmp/root" PREFIX=/usr install 2>&1 &&
	cd / && PYTHONPATH=$tmp/root/usr/lib/python3/dist-packages python3 -c '
import matenet, matenet.aio, matenet.pymate
print(len(matenet.REGISTERS) > 100, matenet.__file__.startswith("'"$tmp"'/root/usr/lib/python3"))' 2>&1)
[ "$out" = "True True" ]
result $? "it can be used from where it is installed" "$out"

# Nothing but the standard library.
out=$(cd "$tmp/user/python" && python3 -c '
import ast, glob, sys
used = set()
for path in glob.glob("matenet/*.py"):
    for node in ast.walk(ast.parse(open(path).read())):
        if isinstance(node, ast.Import):
            used |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            used.add(node.module.split(".")[0])
print(*sorted(used - set(sys.stdlib_module_names)))')
[ -z "$out" ]
result $? "it needs nothing but the standard library" "$out"

finish
