# SPDX-License-Identifier: GPL-2.0-or-later
"""matenet.pymate: pyMATE's names, and right where pyMATE is wrong."""
import datetime
import json
import logging
import unittest
import warnings

from fake import OK, REFUSED, SILENT, Fake
from matenet import MatenetError, protocol, pymate, uapi
from matenet.bus import Patience
from matenet.errors import WireError
from matenet.pymate import (DCStatusPacket, FXStatusPacket, MateDCDevice, MateDevice, MateFXDevice,
                            MateMXDevice, MateNET, MateNETPJON, MXLogPagePacket, MXStatusPacket, Value)
from test_protocol import dc_pages, page
from test_values import FX, LOG, MX


class FakeBus(Fake):
    """As much of a matenet.Bus as pymate uses."""

    name = "fake"
    patience = Patience(None, 1)

    def xfer(self, x):
        c = protocol.Command(x.tx[0], x.tx[1], x.tx[2] << 8 | x.tx[3], x.tx[4] << 8 | x.tx[5])
        self.retries = x.retries
        try:
            data = self.command(c)
        except WireError as e:
            refusal = bytes([0x80 | c.command, 0, 0]) if e.status & uapi.ST_REFUSED else b""
            return x._replace(status=e.status, rx=refusal, rx_len=len(refusal))
        return x._replace(status=OK, rx=b"\0" + data, rx_len=len(data) + 1)


class FakeSerial(pymate.MateNETSerial):
    def __init__(self, bus):
        self.bus = bus
        self.log = logging.getLogger("mate.ser")


def net(registers=None, pages=None):
    return MateNET(FakeSerial(FakeBus(registers, pages)))


class Corrections(unittest.TestCase):
    """Where pyMATE decodes wrongly."""

    def test_amp_hours_have_eleven_bits(self):
        for ah in (85, 127, 128, 255, 256, 1000, 2047):
            data = bytes([0x80 | ah >> 4 & 0x70]) + MX[1:4] + bytes([ah & 0xFF]) + MX[5:]
            self.assertEqual(MXStatusPacket.from_buffer(data).amp_hours, ah)

    def test_peak_kilowatts_of_a_log_page(self):
        self.assertEqual(str(MXLogPagePacket.from_buffer(LOG).kilowatts_peak), "1.116kWpk")

    def test_all_seconds_of_a_minute(self):
        bus = net({(1, 0x4004): 0, (1, 0x4005): 0})
        for second in range(60):
            MateMXDevice(bus, 1).update_time(datetime.datetime(2026, 11, 22, 21, 9, second))
            self.assertEqual(bus.bus.registers[1, 0x4004], 21 << 11 | 9 << 5 | second >> 1)
        self.assertEqual(bus.bus.registers[1, 0x4005], 26 << 9 | 11 << 5 | 22)

    def test_since_full_is_not_today(self):
        dc = DCStatusPacket.from_buffer(page({55: 123, 61: -45, 29: 7}))
        self.assertEqual((str(dc.shunta_kwh_since_full), dc.shunta_ah_since_full), ("1.23kWh", -45))
        with self.assertWarnsRegex(DeprecationWarning, "shunta_kwh_today .* shunta_kwh_since_full"):
            self.assertEqual(dc.shunta_kwh_today, 1.23)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.assertEqual(str(dc.in_ah_today), "7Ah")
        with self.assertRaises(AttributeError):
            dc.shuntd_ah_today

    def test_tenths(self):
        fx = MateFXDevice(net({(2, 0x70): 15, (2, 0x6E): 5, (2, 0x71): 0}), 2)
        self.assertEqual([str(v) for v in (fx.absorb_time_remaining, fx.float_time_remaining,
                                           fx.equalize_time_remaining)], ["1.5h", "0.5h", "0.0h"])
        mx = MateMXDevice(net({(1, 0x14): 123, (1, 0x10): 850}), 1)
        self.assertEqual((str(mx.total_kah), str(mx.voc)), ("12.3kAh", "85.0V"))

    def test_variants_and_port_10(self):
        bus = net({(0, 0): 1, (3, 0): 0x0203, (10, 0): 4})
        self.assertEqual(bus.find_device(MateNET.DEVICE_MX), 3)
        self.assertEqual(bus.find_device(MateNET.DEVICE_DC), 10)
        self.assertEqual(bus.enumerate(), [1, 0, 0, 3, 0, 0, 0, 0, 0, 0, 4])
        with self.assertRaisesRegex(KeyError, "FX device not found"):
            bus.find_device(MateNET.DEVICE_FX)

    def test_the_time_that_pymate_asserts_away(self):
        with self.assertRaisesRegex(ValueError, "update_time"):
            MateMXDevice(net(), 1).update_time("12:00")


class Values(unittest.TestCase):
    """Numbers with units."""

    def test_value(self):
        v = Value(25.4, units="V", resolution=1)
        self.assertEqual((str(v), repr(v), f"{v}", f"{v:>7s}", f"{v:.2f}", "%s" % v),
                         ("25.4V", "25.4V", "25.4V", "  25.4V", "25.40", "25.4V"))
        self.assertEqual((float(v), int(v), v.value, v.units, v.resolution), (25.4, 25, 25.4, "V", 1))
        self.assertEqual((v + 1, v > 25, json.dumps([v])), (26.4, True, "[25.4]"))
        self.assertEqual((str(Value(3)), str(Value(77, "%")), v.fmt % 1), ("3", "77%", "1.0V"))


class Packets(unittest.TestCase):
    """Attributes of pyMATE's packets."""

    def test_mx_status(self):
        s = MXStatusPacket.from_buffer(MX)
        self.assertEqual([str(getattr(s, n)) for n in (
            "amp_hours", "kilowatt_hours", "pv_current", "bat_current", "pv_voltage", "bat_voltage",
            "status", "errors", "aux_state", "aux_mode")],
            ["85Ah", "2.1kWh", "4A", "9.9A", "68.0V", "25.4V", "2", "0", "False", "63"])
        self.assertEqual((s.status, s.raw), (MXStatusPacket.STATUS_BULK, MX))
        self.assertEqual((MXStatusPacket.AUX_MODE_MANUAL, MXStatusPacket.AUX_MODE_VENTFAN), (63, 5))
        self.assertTrue(s.amp_hours_valid)
        self.assertIn("25.4V", str(s))
        self.assertIsNone(MXStatusPacket().bat_voltage)

    def test_what_an_mx60_does_not_count(self):
        s = MXStatusPacket.from_buffer(bytes([MX[0] & 0x7F]) + MX[1:])
        self.assertEqual((str(s.amp_hours), s.amp_hours_valid), ("85Ah", False))

    def test_bytes_in_a_string(self):
        self.assertEqual(MXStatusPacket.from_buffer(MX.decode("latin-1")).raw, MX)

    def test_log_page(self):
        p = MXLogPagePacket.from_buffer(LOG)
        self.assertEqual([str(getattr(p, n)) for n in (
            "bat_max", "bat_min", "kilowatt_hours", "amp_hours", "volts_peak", "amps_peak",
            "absorb_time", "float_time", "kilowatts_peak", "day")],
            ["27.0V", "22.7V", "2.2kWh", "89Ah", "85Vpk", "41.5Apk", "0min", "0min", "1.116kWpk", "0"])

    def test_fx_status(self):
        data = bytes([4, 2, 6, 116, 115, 8, 9, 0x88, 2, 0, 254, 0x89, 0x40])
        s = FXStatusPacket.from_buffer(data)
        self.assertEqual([str(getattr(s, n)) for n in (
            "inverter_current", "chg_current", "buy_current", "sell_current", "input_voltage",
            "output_voltage", "battery_voltage")],
            ["2.0A", "1.0A", "3.0A", "4.0A", "232V", "230V", "25.4V"])
        self.assertEqual((s.operational_mode, s.error_mode, s.ac_mode, s.misc, s.warnings),
                         (MateFXDevice.STATUS_SELL_ENABLED, 0x88, 2, 0x89, MateFXDevice.WARN_COMM_ERROR))
        self.assertEqual((s.is_230v, s.aux_on), (True, True))
        self.assertEqual([str(p) for p in (s.inv_power, s.chg_power, s.sell_power, s.buy_power)],
                         ["0.46kW", "0.23kW", "0.92kW", "0.70kW"])
        self.assertEqual((FXStatusPacket(0x80).aux_on, FXStatusPacket(0x80).inv_power), (True, None))

    def test_dc_status(self):
        s = DCStatusPacket.from_buffer(page({0: -56, 6: 254, 21: 18, 27: 5, 41: 35, 68: -3}))
        self.assertEqual([str(getattr(s, n)) for n in (
            "shunta_current", "bat_voltage", "bat_current", "bat_power", "days_since_full", "bat_net_ah",
            "state_of_charge", "min_soc_today", "flags")],
            ["-5.6A", "25.4V", "1.8A", "0.05kW", "3.5days", "-3Ah", "0%", "0%", "0"])

    def test_constants(self):
        self.assertEqual([getattr(MateFXDevice, n) for n in (
            "ERROR_LOW_VAC_OUTPUT", "ERROR_BACK_FEED", "WARN_ACIN_FREQ_HIGH", "WARN_FAN_FAILURE",
            "STATUS_INV_OFF", "STATUS_PASS_THRU")], [0x01, 0x80, 0x01, 0x80, 0, 10])
        self.assertIn(15, MateFXDevice.SELL_STOP_REASONS)


class Devices(unittest.TestCase):
    """Properties and controls."""

    def test_scan(self):
        bus = net({(0, 0): 3, (1, 0): 2})
        self.assertIsNone(MateMXDevice(bus).scan())
        self.assertEqual((MateDevice(bus, 1).scan(), MateDevice(bus, 2).scan()), (2, None))
        with self.assertRaisesRegex(RuntimeError, "not an MX unit.*DeviceID: 2"):
            MateMXDevice(bus, 1).scan()
        with self.assertRaisesRegex(RuntimeError, "No response from the FX unit on port 5"):
            MateFXDevice(bus, 5).scan()

    def test_mx(self):
        values = {0x16A: 1116, 0x1EA: 21, 0x1C7: 137, 0x08: 254, 0x1C6: 68, 0x1C8: 2, 0x1C9: 0x85, 0x0F: 289,
                  0x10: 850, 0x12: 990, 0x13: 1234, 0x14: 56, 0x15: 1600, 0x170: 288, 0x172: 270, 0x4000: 154,
                  2: 1, 3: 9, 4: 8}
        mx = MateMXDevice(net({(1, a): v for a, v in values.items()}, {(1, 1): MX}), 1)
        self.assertEqual([str(getattr(mx, n)) for n in (
            "charger_watts", "charger_kwh", "charger_amps_dc", "bat_voltage", "panel_voltage", "status",
            "aux_relay_mode", "max_battery", "voc", "max_voc", "total_kwh_dc", "total_kah", "max_wattage",
            "setpt_absorb", "setpt_float", "battery_temp", "revision")],
            ["1116W", "2.1kWh", "9A", "25.4V", "68V", "2", "(5, True)", "28.9V", "85.0V", "99.0V", "1234kWh",
             "5.6kAh", "1600W", "28.8V", "27.0V", "15C", "001.009.008"])
        self.assertEqual(mx.get_status().raw, MX)

    def test_log_days(self):
        bus = net()
        bus.bus.answer = lambda c: LOG[:-1] + bytes([c.param])
        bus.bus.registers[1, 0] = 0
        self.assertEqual([MateMXDevice(bus, 1).get_logpage(d).day for d in (0, -1, -128)], [0, 1, 128])
        for day in (1, -129):
            with self.assertRaisesRegex(ValueError, f"get_logpage.{day}"):
                MateMXDevice(bus, 1).get_logpage(day)

    def test_fx_controls(self):
        fx = MateFXDevice(net({(2, a): 9 for a in (0x3D, 0x3A, 0x3C, 0x5A, 0x38)}), 2)
        for name in ("inverter_control", "acin_control", "charge_control", "aux_control", "eq_control"):
            for value in (0, 1):
                setattr(fx, name, value)
                self.assertEqual(getattr(fx, name), value)
        with self.assertRaisesRegex(ValueError, "inverter_control.*off, search or on"):
            fx.inverter_control = 3
        self.assertEqual(fx.inverter_control, 1)

    def test_fx_230v(self):
        registers = {(2, 0x2D): 115, (2, 0x2C): 116, (2, 0x6D): 5, (2, 0x6A): 4, (2, 0x6C): 3, (2, 0x6B): 1}
        names = ("output_voltage", "input_voltage", "inverter_current", "charger_current", "input_current",
                 "sell_current")
        fx = MateFXDevice(net(registers, {(2, 1): FX}), 2)
        self.assertEqual([str(getattr(fx, n)) for n in names],
                         ["230V", "232V", "2.5A", "2.0A", "1.5A", "0.5A"])
        self.assertEqual(sum(c == uapi.CMD_STATUS for _, c, _, _ in fx.matenet.bus.sent), 1)
        fx = MateFXDevice(net(registers, {(2, 1): FX[:11] + b"\x08\0"}), 2)
        self.assertEqual([str(getattr(fx, n)) for n in names], ["115V", "116V", "5.0A", "4.0A", "3.0A", "1.0A"])

    def test_dc(self):
        dc = MateDCDevice(net(pages=dc_pages(page({6: 254}))), 3)
        self.assertEqual((dc.get_status().bat_voltage, len(dc.get_status_raw())), (25.4, 78))
        self.assertIsNone(MateDCDevice(net(), 3).get_status())
        self.assertIsNone(dc.get_logpage(-1))

    def test_synchronize(self):
        registers = {(p, a): 0 for p in (1, 2, 3) for a in (0x4001, 0x4004, 0x4005)}
        bus = net({**registers, (1, 0x4000): 154})
        devices = MateMXDevice(bus, 1), MateFXDevice(bus, 2), None, MateDCDevice(bus, 3)
        self.assertEqual(MateDevice.synchronize(devices[0], devices), 154)
        written = [(p, a) for p, c, a, _ in bus.bus.sent if c == uapi.CMD_WRITE]
        self.assertEqual(written, [(1, 0x4004), (1, 0x4005), (3, 0x4004), (3, 0x4005), (2, 0x4001), (3, 0x4001)])
        bus.bus.registers[1, 0x4000], bus.bus.sent = 0, []
        MateDevice.synchronize(devices[0], devices)
        self.assertNotIn(0x4001, [a for _, _, a, _ in bus.bus.sent])
        with self.assertRaisesRegex(ValueError, "not a MateMXDevice"):
            MateDevice.synchronize(devices[1], devices)


class Bus(unittest.TestCase):
    """MateNET itself."""

    def test_nobody_there(self):
        bus = net()
        self.assertEqual((bus.query(0), bus.scan(3), MateMXDevice(bus).get_status()), (None, None, None))
        self.assertEqual(bus.bus.retries, 2)
        bus.RETRY_PACKET = 0
        bus.query(0)
        self.assertEqual(bus.bus.retries, 0)
        with self.assertRaisesRegex(RuntimeError, "No devices found"):
            bus.enumerate()
        with self.assertRaisesRegex(RuntimeError, "no reply to READ of battery_voltage"):
            MateMXDevice(bus).bat_voltage

    def test_an_unanswered_control_is_told(self):
        bus = net({(2, 0x3D): 2})
        bus.bus.faults = {0: SILENT}
        with self.assertRaisesRegex(RuntimeError, "no reply"):
            MateFXDevice(bus, 2).inverter_control = 1
        self.assertEqual(bus.bus.retries, 0)

    def test_refused(self):
        bus = net()
        bus.bus.faults = {0: REFUSED}
        with self.assertRaisesRegex(RuntimeError, "Invalid command 0x02"):
            bus.query(0)

    def test_tap(self):
        class Tap:
            seen = []

            def capture(self, tx, rx):
                self.seen.append((tx.hex(), rx.hex()))

            def capture_tx(self, tx):
                self.seen.append(tx.hex())
        bus = net({(1, 8): 254})
        bus.tap = Tap()
        bus.query(8, port=1)
        bus.query(8, port=2)
        self.assertEqual(Tap.seen, [("010200080000000b", "0000fe00fe"), "020200080000000c"])

    def test_ports_that_are_no_bus(self):
        for name in ("/dev/ttyNONE9", "COM1"):
            with self.assertRaisesRegex(MatenetError, f"{name}: no MateNET bus there"):
                MateNET(name)
        with self.assertRaisesRegex(RuntimeError, "PJON"):
            MateNETPJON("COM1")


if __name__ == "__main__":
    unittest.main()
