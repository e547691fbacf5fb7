#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether the driver keeps to its budget of instructions; the guest knows nothing of it.
exec "$(dirname "$0")/../instructions.py" --gate
