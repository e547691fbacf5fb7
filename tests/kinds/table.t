#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The documentation says of each kind of UART what kinds.t has just measured.  Python is
# that of the machine User-Mode Linux runs on, which is not written to.
cd "$(dirname "$0")" || exit
host=/mnt
mount -r -t hostfs -o / none $host && mount --bind /dev $host/dev &&
	mount -t proc proc $host/proc && mount -t tmpfs tmp $host/tmp || exit
trap 'umount $host/tmp $host/proc $host/dev $host' EXIT
cp table.py uart-kinds.inc /run/matenet-kinds $host/tmp/
env -i PATH="$PATH" PYTHONDONTWRITEBYTECODE=1 chroot $host \
	sh -c 'cd /tmp && exec python3 table.py matenet-kinds --check uart-kinds.inc'
