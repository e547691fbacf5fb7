# SPDX-License-Identifier: GPL-2.0-or-later
"""Status and logs of all devices to a web server, as a program for pyMATE uploads them."""
import json
import sys
from base64 import b64encode
from datetime import datetime
from urllib.request import Request, urlopen

from pymate.matenet import MateNET, MateDevice, MateMXDevice, MateFXDevice, MateDCDevice

bus = MateNET(sys.argv[1])
devices = []
for kind, cls in ((MateNET.DEVICE_MX, MateMXDevice), (MateNET.DEVICE_FX, MateFXDevice),
                  (MateNET.DEVICE_DC, MateDCDevice)):
    device = cls(bus, bus.find_device(kind))
    device.scan()
    devices.append(device)
mx, fx, dc = devices


def upload(kind, data, **more):
    packet = dict(type=kind, data=b64encode(data).decode(), ts=datetime.utcnow().isoformat(), tz=0, **more)
    request = Request(sys.argv[2] + "/" + kind, json.dumps(packet).encode(),
                      {"Content-Type": "application/json"})
    urlopen(request).read()


upload("mx-status", mx.get_status().raw, extra={"chg_w": float(mx.charger_watts)})
upload("fx-status", fx.get_status().raw, extra={"t_air": float(fx.temp_air)})
upload("dc-status", dc.get_status_raw())
upload("mx-logpage", mx.get_logpage(-1).raw)
temperature = MateDevice.synchronize(master=mx, devices=(mx, fx, dc))
print("battery %s" % MateMXDevice.convert_battery_temp(temperature))
