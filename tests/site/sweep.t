#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every register of every device, and every bit of every field: set in the simulator,
# read over the wire, printed equal.  An FX of each voltage, an MX, a FLEXnet DC, a hub.
. "$(dirname "$0")/lib.sh"

modules 1
devices -d 1=mx -d 2=fx -d 3=dc -d 4=fx,120v --control "$tmp/ctl" --turnaround-us 2000
bus 0
"$here/sweep" "$tmp/ctl"
