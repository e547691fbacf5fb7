# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Python in the guest: that of the machine User-Mode Linux runs on, which is never written
# to, with the guest's devices, and the package and tests that were staged here.
. "$(dirname "$0")/hands.sh"

host=/mnt
shared=$host/tmp # what both see; there it is /tmp
server=

bail() {
	echo "Bail out! $*"
	exit 1
}

mount_host() {
	mount -r -t hostfs -o / none $host && grep -q " $host hostfs ro" /proc/mounts &&
		mount --bind /dev $host/dev && mount --rbind /sys $host/sys &&
		mount -t proc proc $host/proc && mount -t tmpfs tmp $shared
}

# python_site OPTION..: a site with names for its ports, its tester's socket in $shared
python_site() {
	mount_host || bail "no Python"
	cp -r "$here/python" /usr/lib/python3/dist-packages $shared/
	ip link set lo up
	log_to /dev/log
	modules 2 && devices --control $shared/control "$@" && bus 0 >/dev/null || bail "no bus"
}

end_of_python() {
	[ -z "$server" ] || kill $server
	end_of_changes
	umount $shared $host/proc
	umount -l $host/sys
	umount $host/dev $host
}
trap end_of_python EXIT

# python ARGUMENT..: with the package, in a folder where it may write
python() {
	env -i PATH="$PATH" PYTHONPATH=/tmp/dist-packages:/tmp/python PYTHONDONTWRITEBYTECODE=1 \
		chroot $host sh -c 'cd /tmp && exec python3 "$@"' python "$@"
}

# serve_commands: run what comes from there through a pipe, here; one after the other
serve_commands() {
	local line
	mkfifo $shared/commands $shared/status
	while read -r line <$shared/commands; do
		timeout -s INT 20 bash -c "$line" >$shared/out 2>$shared/err </dev/null
		echo $? >$shared/status
	done &
	server=$!
}
