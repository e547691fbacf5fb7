#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# "make demo", inside the guest: simulated devices on a simulated wire, and the
# real driver and tool on the other end of it.
set -eu

show() {
	printf '\n$ %s\n' "$*"
	"$@"
}

insmod /lib/matenet/uart9.ko
matesim --time 10:30 /dev/ttyW1 >/tmp/matesim &
until grep -qs ready /tmp/matesim; do sleep 0.05; done

show insmod /lib/matenet/n_matenet.ko
show matetool attach /dev/ttyW0
show matetool scan
show matetool status
show matetool log 1 1
show matetool reg get 2 inverter_control
show matetool -j reg get 3 state_of_charge
show matetool detach /dev/ttyW0
