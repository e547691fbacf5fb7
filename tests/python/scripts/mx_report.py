# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything of a charge controller, as a program for pyMATE reads it."""
import sys

from pymate.matenet import MateNET, MateMXDevice
from pymate.matenet.mx import MXStatusPacket

mate_bus = MateNET(sys.argv[1])
mate_mx = MateMXDevice(mate_bus, port=mate_bus.find_device(MateNET.DEVICE_MX))
mate_mx.scan()
print("revision %s" % mate_mx.revision)

status = mate_mx.get_status()
for name in ("amp_hours", "kilowatt_hours", "pv_current", "bat_current", "pv_voltage", "bat_voltage"):
    value = getattr(status, name)
    print("%s %s %.3f" % (name, value, float(value)))
print("status %d" % status.status)
print("bulk %s" % (status.status == MXStatusPacket.STATUS_BULK))
print("errors 0x%.2x" % status.errors)
print("watts %.1f" % (float(status.bat_voltage) * float(status.bat_current)))
print(status)

logpage = mate_mx.get_logpage(-1)
for name in ("bat_max", "bat_min", "kilowatt_hours", "amp_hours", "volts_peak", "amps_peak",
             "absorb_time", "float_time", "kilowatts_peak", "day"):
    print("log_%s %s" % (name, getattr(logpage, name)))
print(logpage)

for name in ("charger_watts", "charger_kwh", "charger_amps_dc", "bat_voltage", "panel_voltage", "status",
             "aux_relay_mode", "max_battery", "voc", "max_voc", "total_kwh_dc", "total_kah", "max_wattage",
             "setpt_absorb", "setpt_float"):
    print("reg_%s %s" % (name, getattr(mate_mx, name)))
