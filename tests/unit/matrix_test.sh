#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the kernel matrix makes of a module that builds, warns, or does not build: on this
# machine, with its own headers for those of another release.

top=@TOP@
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"

headers=$(find /usr/src -maxdepth 1 -name 'linux-headers-*-amd64' | sort -V | tail -n 1)
[ -n "$headers" ] || bail "linux-headers-amd64: not installed, run tests/vm/deps"

# A checkout with a small module, a kernel that is this machine's, nothing to go inside of.
checkout=$tmp/checkout kernel=$tmp/cache/matrix-bullseye
mkdir -p "$checkout/tests/vm" "$checkout/tests/uart" "$checkout/kernel" "$checkout/include" "$kernel/root/usr/src"
cp -r "$top/tests/matrix" "$checkout/tests/"
cp "$top/Makefile" "$checkout/"
echo 'obj-m := kernel/n_matenet.o' >"$checkout/Kbuild"
ln -s "$headers" "$kernel/root/usr/src/"
echo "${headers##*/linux-headers-}" >"$kernel/release"
echo amd64 >"$kernel/arch"
: >"$kernel/root.packages"
mv "$checkout/tests/matrix/kernel" "$checkout/tests/matrix/fetch"
cat >"$checkout/tests/matrix/kernel" <<END
#!/bin/bash
[ "\${1-}" != bullseye ] || { echo "$kernel"; exit; }
exec "\${0%/*}/fetch" "\$@"
END
chmod +x "$checkout/tests/matrix/kernel"
cat >"$checkout/tests/matrix/inside" <<'END'
#!/bin/bash
top=$(readlink -f "$(dirname "$0")/../..") out=$2/out
shift 2
mkdir -p "$out"
set -- "${@/%\/src/$top}"
exec "${@/#O=\/out/O=$out}"
END

# matrix CODE: the module with this in it, built by the matrix
matrix() {
	printf '#include <linux/module.h>\n%s\nMODULE_DESCRIPTION("x");\nMODULE_LICENSE("GPL");\n' \
		"$1" >"$checkout/kernel/n_matenet.c"
	MATENET_CACHE=$tmp/cache O=$tmp/out "$checkout/tests/matrix/run" -s build bullseye >"$tmp/said" 2>&1
}

matrix ''
result $? "a module that builds without a word passes" "$(cat "$tmp/said")"

! matrix 'int n_matenet(void) { int forgotten; return 0; }'
result $? "one that warns fails" "$(cat "$tmp/said")"
grep -q '^FAIL bullseye .* build ' "$tmp/said" && grep -q 'unused variable .*forgotten' "$tmp/said"
result $? "the kernel is named and the warning shown" "$(cat "$tmp/said")"

! matrix 'int n_matenet(void) { return missing(); }'
result $? "one that does not build fails" "$(cat "$tmp/said")"
grep -q '^FAIL bullseye .* build ' "$tmp/said" && grep -q 'implicit declaration of function .*missing' "$tmp/said"
result $? "the kernel is named and the error shown" "$(cat "$tmp/said")"
grep -q '^FAIL' "$tmp/out/matrix/bullseye/results/build"
result $? "it is on record for the table" "$(cat "$tmp/said")"

! MATENET_CACHE=$tmp/cache O=$tmp/out "$checkout/tests/matrix/run" potato >"$tmp/said" 2>&1 &&
	grep -q 'potato: no such kernel' "$tmp/said"
result $? "a kernel that is not in the table is refused by name" "$(cat "$tmp/said")"
finish
