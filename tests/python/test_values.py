# SPDX-License-Identifier: GPL-2.0-or-later
"""Registers and pages: what the tables say, what values are made of raw numbers and back."""
import datetime
import pickle
import unittest

import matenet
from matenet import DcStatus, FxStatus, InvalidValue, MxLog, MxStatus, UnknownName, register

MX = bytes.fromhex("89848900553f02001500fe02a8")
FX = bytes.fromhex("000000037300040002" "00fe0900")
DC = bytes.fromhex("ffc8004a000000fe4dfff20013" "00000021004a00380012001300"
                   "0e00050055006dffe800d90109") + bytes(39)
LOG = bytes.fromhex("9f39640155000000" "59c038105c00")


class Pages(unittest.TestCase):
    """The frames of the protocol description as the values it states."""

    def test_mx(self):
        s = MxStatus.decode(MX)
        self.assertEqual((s.pv_voltage, s.pv_current, s.output_current, s.battery_voltage),
                         (68.0, 4, 9.9, 25.4))
        self.assertEqual((s.energy_today, s.charge_today, s.charge_mode.name), (2.1, 85, "bulk"))
        self.assertEqual((int(s.aux_mode), s.aux_on, list(s.errors)), (63, False, []))
        self.assertEqual(s.raw, MX)

    def test_fx_230v(self):
        s = FxStatus.decode(FX)
        self.assertEqual((s.ac_in_voltage, s.ac_out_voltage, s.battery_voltage),
                         (6, 230, 25.4))
        doubled = FxStatus.decode(bytes([5, 0, 3, 115, 116, 1]) + FX[6:11] + b"\x01\0")
        self.assertEqual((doubled.ac_in_voltage, doubled.ac_out_voltage), (230, 232))
        self.assertEqual((doubled.inverter_current, doubled.buy_current, doubled.sell_current),
                         (2.5, 1.5, 0.5))
        self.assertEqual(s.operating_mode.name, "silent")
        self.assertEqual(s.ac_mode.name, "use")

    def test_dc(self):
        s = DcStatus.decode(DC)
        self.assertEqual((s.shunt_a_current, s.shunt_b_current, s.battery_voltage), (-5.6, 7.4, 25.4))
        self.assertEqual((s.state_of_charge, s.shunt_a_power, s.shunt_b_power), (77, -0.14, 0.19))
        self.assertEqual((s.output_power, s.battery_power, s.today_input_charge), (0.14, 0.05, 85))
        self.assertEqual(s.quantity("battery_voltage").unit, "V")

    def test_log(self):
        p = MxLog.decode(LOG)
        self.assertEqual((p.charge, p.energy, p.pv_voltage_max, p.output_current_max, p.power_max),
                         (89, 2.2, 85, 41.5, 1116))
        self.assertEqual((p.battery_voltage_min, p.battery_voltage_max, p.day), (22.7, 27.0, 0))
        self.assertEqual(matenet.log_date(MxLog.decode(LOG[:-1] + b"\x02"),
                                          datetime.date(2026, 3, 1)), datetime.date(2026, 2, 27))

    def test_what_is_not_there(self):
        s = MxStatus.decode(bytes([MX[0] & 0x7F]) + MX[1:])
        self.assertIsNone(s.charge_today)
        self.assertEqual(str(s.quantity("charge_today")), "not available")
        self.assertFalse(s.quantity("charge_today").valid)
        with self.assertRaises(TypeError):
            float(s.quantity("charge_today"))
        d = DcStatus.decode(DC[:72] + b"\xfe" + DC[73:])
        self.assertIsNone(d.battery_temp)
        self.assertEqual(DcStatus.decode(DC[:72] + b"\xfd" + DC[73:]).battery_temp, -3)

    def test_unknown_numbers_are_kept(self):
        s = FxStatus.decode(FX[:6] + b"\xc8\x00\x07" + FX[9:])
        self.assertEqual((int(s.operating_mode), s.operating_mode.name), (200, None))
        self.assertEqual((str(s.operating_mode), str(s.quantity("ac_mode"))), ("200", "7"))
        self.assertEqual(str(MxStatus.decode(MX[:7] + b"\x41" + MX[8:]).errors), "too_hot, 0x01")

    def test_bits(self):
        errors = MxStatus.decode(MX[:7] + b"\xc0" + MX[8:]).errors
        self.assertEqual(list(errors), ["high_voc", "too_hot"])
        self.assertTrue("too_hot" in errors and "shorted_battery_sensor" not in errors)
        with self.assertRaisesRegex(UnknownName, "too_cold.*high_voc"):
            "too_cold" in errors

    def test_wrong_length(self):
        with self.assertRaisesRegex(InvalidValue, "mx_status: 12 bytes, 13 expected"):
            MxStatus.decode(MX[:12])
        with self.assertRaisesRegex(UnknownName, 'mx_log has no field "nothing"'):
            MxLog.decode(LOG).quantity("nothing")

    def test_as_json(self):
        d = MxStatus.decode(MX).as_dict()
        self.assertEqual((d["battery_voltage_v"], d["charge_mode"], d["charge_mode_name"]),
                         (25.4, 2, "bulk"))
        self.assertEqual((d["errors_names"], d["raw"]), ([], MX.hex()))

    def test_copies(self):
        for s in (MxStatus.decode(MX), DcStatus.decode(DC)):
            again = pickle.loads(pickle.dumps(s))
            self.assertEqual(again, s)
        self.assertEqual(pickle.loads(pickle.dumps(MxStatus.decode(MX))).charge_mode.name, "bulk")


class Registers(unittest.TestCase):
    """Raw numbers of registers as values, and back."""

    def test_lookup(self):
        self.assertIs(register("mx", 0x1C8), register("mx", "charge_mode"))
        self.assertEqual(register("fx", "device_type").device, "all")
        with self.assertRaisesRegex(UnknownName, 'mx has no register "inverter_control"'):
            register("mx", "inverter_control")
        with self.assertRaisesRegex(UnknownName, "fx has no register 01C8"):
            register("fx", 0x1C8)
        with self.assertRaisesRegex(UnknownName, "mx register charge_mode"):
            register("fx", register("mx", "charge_mode"))

    def test_what_the_tables_say(self):
        r = register("fx", "inverter_control")
        self.assertEqual((r.addr, r.risk, r.evidence, r.access), (0x3D, "danger", "proven", ("rw",)))
        self.assertEqual(dict(r.names), {0: "off", 1: "search", 2: "on"})
        self.assertTrue(r.readable and r.writable)
        self.assertFalse(register("mx", "clock_time").readable)

    def test_values(self):
        for device, name, raw, text in (
                ("mx", "battery_voltage", 254, "25.4 V"), ("mx", "battery_voltage", 0xFFF6, "-1.0 V"),
                ("mx", "charger_current", 0x84, "4 A"), ("mx", "charger_current", 0x7F, "255 A"),
                ("mx", "charge_mode", 4, "equalize"), ("mx", "charge_mode", 9, "9"),
                ("mx", "aux_relay", 0x85, "on, vent_fan"), ("mx", "aux_relay", 0x3F, "off, 63"),
                ("mx", "clock_time", 0xA938, "21:09:48"), ("mx", "clock_time", 0xFFFF, "31:63:62"),
                ("mx", "clock_date", 0x3576, "2026-11-22"), ("dc", "battery_temp", 254, "not_present"),
                ("dc", "shunt_a_current_max_removed", 0xFC42, "-95.8 A"),
                ("dc", "shunt_a_energy_charged", 123, "1.23 kWh"), ("fx", "errors", 0x88, "low_battery, back_feed"),
                ("fx", "errors", 0, "none"), ("fx", "sell_status", 55, "55")):
            with self.subTest(f"{device} {name} {raw:04X}"):
                self.assertEqual(str(register(device, name).decode(raw)), text)

    def test_types(self):
        def value(device, name, raw):
            return register(device, name).decode(raw).value
        self.assertIs(type(value("mx", "battery_voltage", 1)), float)
        self.assertIs(type(value("mx", "power_max", 1)), int)
        self.assertEqual(value("mx", "clock_time", 0xA938), datetime.time(21, 9, 48))
        self.assertEqual(value("mx", "clock_time", 0xFFFF), 0xFFFF)
        self.assertEqual(value("mx", "clock_date", 0x3576), datetime.date(2026, 11, 22))
        self.assertIs(register("mx", "aux_relay").decode(0x85).flag, True)
        self.assertIsNone(register("mx", "charge_mode").decode(0x85).flag)

    def test_230v(self):
        volts, amps = register("fx", "output_voltage"), register("fx", "inverter_current")
        self.assertEqual([str(volts.decode(115, b)) for b in (False, True)], ["115 V", "230 V"])
        self.assertEqual([str(amps.decode(5, b)) for b in (False, True)], ["5.0 A", "2.5 A"])

    def test_encode(self):
        for device, name, value, raw in (
                ("mx", "absorb_voltage", 28.8, 288), ("mx", "absorb_voltage", "28.8 V", 288),
                ("mx", "absorb_voltage", "28.8v", 288), ("mx", "absorb_voltage", 288 * 0.1, 288),
                ("mx", "absorb_voltage", 29, 290), ("mx", "absorb_voltage", "0x0120", 0x120),
                ("fx", "inverter_control", "search", 1), ("fx", "inverter_control", 2, 2),
                ("fx", "inverter_control", "ON", 2), ("fx", "acin_control", True, 1),
                ("fx", "acin_control", False, 0), ("dc", "shunt_a_mode", True, 0),
                ("mx", "aux_relay", "on, vent_fan", 0x85), ("mx", "aux_relay", ("remote", False), 4),
                ("mx", "aux_relay", (5, True), 0x85),
                ("mx", "clock_time", "21:09:49", 0xA938), ("mx", "clock_time", "13:59", 0x6F60),
                ("mx", "clock_time", datetime.datetime(2026, 11, 22, 21, 9, 49), 0xA938),
                ("mx", "clock_date", "2026-11-22", 0x3576),
                ("mx", "clock_date", datetime.date(2026, 11, 22), 0x3576),
                ("dc", "battery_capacity", "400 Ah", 400)):
            with self.subTest(f"{name} {value!r}"):
                self.assertEqual(register(device, name).encode(value), raw)

    def test_refused(self):
        for device, name, value, why in (
                ("mx", "absorb_voltage", 80.1, 'mx register absorb_voltage .0019.: "80.1" is outside '
                                               "what is allowed: 0.0 to 80.0 V"),
                ("mx", "absorb_voltage", -0.1, "outside"), ("mx", "absorb_voltage", 28.85, "no such value"),
                ("mx", "absorb_voltage", "28.8 A", "no such value"), ("mx", "absorb_voltage", "NaN", "no such"),
                ("mx", "absorb_voltage", "1e1", "no such"), ("mx", "absorb_voltage", float("nan"), "no such"),
                ("mx", "absorb_voltage", None, "no such"), ("mx", "absorb_voltage", "", "no such"),
                ("mx", "absorb_voltage", 1e9, "no such"),
                ("fx", "inverter_control", "of", 'may be off, search or on'),
                ("fx", "inverter_control", 3, "outside"), ("fx", "inverter_control", 0.5, "no such"),
                ("mx", "aux_relay", "vent_fan", "no such"), ("mx", "aux_relay", 5, "no such"),
                ("mx", "aux_relay", "on, 9", "outside"),
                ("mx", "clock_time", "24:00", "outside"), ("mx", "clock_time", "12", "no such"),
                ("mx", "clock_date", "2026-02-30", "outside"), ("mx", "clock_date", "1999-01-01", "no such"),
                ("mx", "clock_date", datetime.date(2128, 1, 1), "no such"),
                ("mx", "clock_time", datetime.date(2026, 1, 1), "no such"),
                ("mx", "factory_reset", 1, "outside"), ("dc", "shunt_a_mode", 2, "outside")):
            with self.subTest(f"{name} {value!r}"):
                with self.assertRaisesRegex(InvalidValue, why):
                    register(device, name).encode(value)

    def test_every_writable_register_there_and_back(self):
        for r in matenet.REGISTERS:
            if not r.writable:
                continue
            numbers = list(r.names) if r.named_only else sorted({r.min, r.max, (r.min + r.max) // 2})
            for n in numbers:
                raw = n & 0xFFFF
                if r.type == "time":
                    raw = 0xA938
                elif r.type == "date":
                    raw = 0x3576
                q = r.decode(raw)
                with self.subTest(f"{r} {raw:04X}"):
                    self.assertEqual(r.encode(str(q)), raw)
                    if q.flag is None and r.type not in ("bits",):
                        self.assertEqual(r.encode(q.value), raw)


if __name__ == "__main__":
    unittest.main()
