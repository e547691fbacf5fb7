# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is on the bus, as a program for pyMATE finds out."""
import sys

from pymate.matenet import MateNET, MateDevice

bus = MateNET(sys.argv[1], supports_spacemark=None)
root = MateDevice(bus, port=0)
kind = root.scan()
ports = range(0, 10) if kind == MateNET.DEVICE_HUB else [0]
for port in ports:
    device = MateDevice(bus, port)
    kind = device.scan()
    if kind is None:
        print("%d -" % port)
    elif kind not in MateNET.DEVICE_TYPES:
        print("%d type %d" % (port, kind))
    else:
        print("%d %s %s" % (port, MateNET.DEVICE_TYPES[kind], device.revision))
