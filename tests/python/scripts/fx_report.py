# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything of an inverter, as a program for pyMATE reads and switches it."""
import sys

from pymate.matenet import MateNET, MateFXDevice

mate_bus = MateNET(sys.argv[1])
mate_fx = MateFXDevice(mate_bus, port=mate_bus.find_device(MateNET.DEVICE_FX))
mate_fx.scan()
print("revision %s" % mate_fx.revision)
status = mate_fx.get_status()
print(status)
print("battery %s" % status.battery_voltage)
for name in ("inv_power", "chg_power", "buy_power", "sell_power"):
    print("%s %s" % (name, getattr(status, name)))
if mate_fx.errors & mate_fx.ERROR_LOW_BATTERY or mate_fx.warnings & MateFXDevice.WARN_FAN_FAILURE:
    print("trouble")
for name in ("disconn_status", "sell_status", "temp_battery", "temp_air", "temp_fets", "temp_capacitor",
             "output_voltage", "input_voltage", "inverter_current", "charger_current", "input_current",
             "sell_current", "battery_actual", "battery_temp_compensated", "absorb_setpoint",
             "absorb_time_remaining", "float_setpoint", "float_time_remaining", "refloat_setpoint",
             "equalize_setpoint", "equalize_time_remaining"):
    print("reg_%s %s" % (name, getattr(mate_fx, name)))
for name in ("inverter_control", "acin_control", "charge_control", "aux_control", "eq_control"):
    for value in (0, 1):
        setattr(mate_fx, name, value)
        print("%s %d" % (name, getattr(mate_fx, name)))
mate_fx.inverter_control = 2
