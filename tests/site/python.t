#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Python package on a bus, against devices that are simulated, matetool, and the wire.
. "$(dirname "$0")/python.sh"

python_site -d 1=mx,fm80 -d 2=fx -d 3=dc -d 4=mx,mx60 -d 5=fx,120v
matesim --tell "$shared/control" "set 3 status.flags = 0x21"

# said NAME ARGUMENT..: what matetool says, for comparison
said() {
	local name=$1
	shift
	matetool -j "$@" >"$shared/$name.json" 2>"$tmp/err"
}
said nothing status 3 # after which no page has changed
for port in 1 2 3 4 5; do
	said status-$port status $port
	said registers-$port reg dump $port
done
said log log 1 0-3
said scan scan

# A second wire with a bus at either end, until the test wants one of them gone.
matetool attach /dev/ttyW2 >/dev/null
matetool attach /dev/ttyW3 >/dev/null
{
	until [ -e "$shared/detach" ]; do sleep 0.1; done
	matetool detach matenet2 >/dev/null
} &

python python/tap.py test_bus
status=$?
touch "$shared/detach"
wait $!
exit $status
