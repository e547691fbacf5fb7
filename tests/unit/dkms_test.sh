#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What "make install-dkms" gives to DKMS is whole, and of the version of everything else.
# (That DKMS builds it is shown by "make check-matrix".)
set -u

top=@TOP@
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
n=0 failed=0

same() { # NAME WANTED GOT
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		printf 'not ok %d - %s\n# wanted %s\n# got    %s\n' $n "$1" "$2" "$3"
		failed=1
	fi
}

echo "TAP version 13"
version=$(sed -n 's/^VERSION *= //p' "$top/userspace/Makefile")
make -s -C "$top" install-dkms DESTDIR="$tmp"
sources=$tmp/usr/src/n_matenet-$version
same "sources lie where DKMS looks for them" "n_matenet-$version" "$(ls "$tmp/usr/src")"

# shellcheck source=/dev/null # what it sets is what is tested
. "$sources/dkms.conf"
same "dkms.conf has that name and version" "n_matenet-$version" "$PACKAGE_NAME-$PACKAGE_VERSION"
same "what it installs is what Kbuild builds" "$(sed -n 's/^obj-m := //p' "$sources/Kbuild")" "$BUILT_MODULE_NAME.o"

missing=$(sed -e ':a' -e '/\\$/{N;s/\\\n//;ba}' "$sources/Kbuild" | sed -n 's/^n_matenet-y := //p' | tr -s ' \t' '\n' |
	while read -r object; do [ -e "$sources/${object%.o}.c" ] || echo "$object"; done)
same "every object of Kbuild has its source" '' "$missing"

missing=$(cd "$sources" && grep -rhoE '#include "[a-z_-]+\.h"' kernel | sort -u | cut -d'"' -f2 |
	while read -r header; do [ -e "kernel/$header" ] || echo "$header"; done)
same "every header of its own is there" '' "$missing"
echo "1..$n"
exit $failed
