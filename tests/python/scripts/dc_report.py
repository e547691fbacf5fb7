# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything of a battery monitor, as a program for pyMATE reads it."""
import sys

from pymate.matenet import MateNET, MateNETSerial, MateDCDevice

port = MateNETSerial(sys.argv[1])
mate_bus = MateNET(port)
mate_dc = MateDCDevice(mate_bus, port=mate_bus.find_device(MateNET.DEVICE_FLEXNETDC))
mate_dc.scan()
print("revision %s" % mate_dc.revision)
status = mate_dc.get_status()
print("bytes %d" % len(mate_dc.get_status_raw()))
for name in ("state_of_charge", "bat_voltage", "shunta_power", "shuntb_power", "shuntc_power",
             "shunta_current", "shuntb_current", "shuntc_current", "shunta_kwh_today", "shuntb_ah_today",
             "bat_net_kwh", "bat_net_ah", "min_soc_today", "in_ah_today", "out_ah_today", "bat_ah_today",
             "in_kwh_today", "out_kwh_today", "bat_kwh_today", "in_power", "out_power", "bat_power",
             "in_current", "out_current", "bat_current", "days_since_full"):
    value = getattr(status, name)
    print("%s %s %.2f" % (name, value, float(value)))
