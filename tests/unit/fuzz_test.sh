#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The fuzz targets build and find nothing in a few seconds; make fuzz runs them longer.
set -u

top=@TOP@
out=${O:-$top/build}
seconds=${FUZZ_SECONDS:-3}

command -v clang >/dev/null || { echo '1..0 # SKIP clang is not there'; exit 0; }

n=0 failed=0
for source in "$top"/tests/fuzz/*_fuzz.c; do
	name=$(basename "$source" _fuzz.c)
	n=$((n + 1))
	if log=$(make -s -C "$top/tests/fuzz" O="$out" "run-$name" FUZZ_SECONDS="$seconds" 2>&1); then
		echo "ok $n - $name: $(grep -o '#[0-9]*.*DONE.*corp: [^ ]*' <<<"$log" | tr -s '\t ' ' ' | tr -d '#')"
	else
		echo "not ok $n - $name"
		tail -n 40 <<<"$log" | sed 's/^/# /'
		failed=1
	fi
done
echo "1..$n"
exit $failed
