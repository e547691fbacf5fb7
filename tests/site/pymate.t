#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Documentation/pymate.rst, row by row; and scripts as they are written for pyMATE, with no
# more than their import lines changed.
. "$(dirname "$0")/python.sh"

python_site
unlock
serve_commands

python python/tap.py test_page test_scripts
