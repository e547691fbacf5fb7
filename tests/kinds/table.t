#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The documentation says of each kind of UART what kinds.t has just measured.
cd "$(dirname "$0")" && exec python3 table.py /run/matenet-kinds --check uart-kinds.inc
