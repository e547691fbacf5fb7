#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is generated from the netlink specification is what is checked in, and
# the specification keeps to its schema.  --update writes it instead.
# The generator is the kernel's own, out of the package linux-source-6.12.
set -u

top=@TOP@
source=${MATENET_YNL_SOURCE:-/usr/src/linux-source-6.12.tar.xz}
cache=${O:-$top/build}/gen/ynl
spec=Documentation/netlink/specs/matenet.yaml

# File, its generator and the options it takes.
outputs() {
	cat <<-END
	include/uapi/linux/matenet_netlink.h ynl-gen-c.py --mode uapi --header --spec
	kernel/genl-gen.h ynl-gen-c.py --mode kernel --header --spec
	kernel/genl-gen.c ynl-gen-c.py --mode kernel --source --spec
	Documentation/userspace-api/matenet/netlink-spec.rst ynl-gen-rst.py -i
	END
}

skip() { echo "1..0 # SKIP $1"; exit 0; }

[ -r "$source" ] || skip "$source is not there, package linux-source-6.12 has it"
python3 -c 'import yaml, jsonschema' 2>/dev/null || skip 'python3-yaml and python3-jsonschema are not there'

# Unpacking takes half a minute: it is done once.
if [ ! -e "$cache/MAINTAINERS" ]; then
	rm -rf "$cache"
	mkdir -p "$cache.new"
	tar -xf "$source" -C "$cache.new" --strip-components=1 --wildcards \
		'*/tools/net/ynl' '*/Documentation/netlink/*.yaml' '*-6.12/MAINTAINERS' ||
		skip "$source cannot be unpacked"
	mv "$cache.new" "$cache"
fi

# The generator climbs from the specification to a file MAINTAINERS, for ever if
# there is none, and looks for the schema beside it.
mkdir -p "$cache/${spec%/*}"
cp "$top/$spec" "$cache/$spec"
export PYTHONDONTWRITEBYTECODE=1

generate() { # FILE GENERATOR OPTION..
	local file=$1 generator=$2
	shift 2
	mkdir -p "$cache/out/${file%/*}"
	(cd "$cache" && python3 "tools/net/ynl/$generator" "$@" "$cache/$spec" -o "$cache/out/$file")
}

n=0 failed=0
while read -r file command; do
	n=$((n + 1))
	# shellcheck disable=SC2086 # several words
	if ! generate "$file" $command; then
		echo "not ok $n - $file: the generator fails"
		failed=1
	elif [ "${1-}" = --update ]; then
		cp "$cache/out/$file" "$top/$file"
	elif difference=$(diff -u "$top/$file" "$cache/out/$file"); then
		echo "ok $n - $file is what the specification says"
	else
		echo "not ok $n - $file is not what the specification says"
		echo "${difference//$'\n'/$'\n'# }" | sed '1s/^/# /'
		failed=1
	fi
done < <(outputs)
[ "${1-}" = --update ] || echo "1..$n"
exit $failed
