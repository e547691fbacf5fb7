#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matetool top, on the terminal that pty-top plays.
. "$(dirname "$0")/lib.sh"

site -d 1=mx -d 2=fx -d 3=dc
SIM=$sim "$here/pty-top"
