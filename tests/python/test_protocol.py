# SPDX-License-Identifier: GPL-2.0-or-later
"""What is asked of devices, and what comes of writes, against devices in memory."""
import datetime
import unittest

from fake import BROKEN, REFUSED, SILENT, UNSENT, Fake
from matenet import (DcStatus, NoReply, NotAccessible, Outcome, Step, TransmitError, WrongDevice,
                     protocol, register, uapi)
from matenet.bus import Patience

READ, WRITE, STATUS, INC, DEC = (uapi.CMD_READ, uapi.CMD_WRITE, uapi.CMD_STATUS, uapi.CMD_INC,
                                 uapi.CMD_DEC)


def page(values):
    """78 bytes with 16-bit numbers at offsets."""
    raw = bytearray(78)
    for offset, value in values.items():
        raw[offset:offset + 2] = value.to_bytes(2, "big", signed=True)
    return bytes(raw)


def dc_pages(raw, port=3):
    return {(port, 0x0A + i): raw[13 * i:13 * i + 13] for i in range(6)}


class Discovery(unittest.TestCase):
    def site(self):
        return Fake({(0, 0): 1, (0, 2): 0, (0, 3): 4, (0, 4): 2, (1, 0): 0x0203, (1, 2): 1, (1, 3): 9,
                     (1, 4): 8, (2, 0): 2, (2, 1): 61, (10, 0): 4, (4, 0): 77})

    def test_types_variants_revisions(self):
        found = self.site().run(protocol.discover())
        self.assertEqual([(d.port, d.type, d.variant, d.revision) for d in found],
                         [(0, "hub", 0, "000.004.002"), (1, "mx", 2, "001.009.008"), (2, "fx", 0, "061"),
                          (4, None, 0, ""), (10, "dc", 0, "")])

    def test_quick_asks_types_only(self):
        fake = self.site()
        fake.run(protocol.discover(quick=True))
        self.assertEqual({addr for _, _, addr, _ in fake.sent}, {0})

    def test_without_a_hub_only_port_0(self):
        fake = Fake({(0, 0): 3, (1, 0): 3})
        self.assertEqual([d.type for d in fake.run(protocol.discover(quick=True))], ["mx"])
        self.assertEqual(len(fake.sent), 1)

    def test_nobody(self):
        with self.assertRaises(NoReply):
            Fake().run(protocol.discover())

    def test_a_damaged_reply_is_asked_for_again(self):
        fake, seen = self.site(), []
        fake.faults = {1: BROKEN, 2: BROKEN, 4: BROKEN, 5: BROKEN, 6: BROKEN}
        found = fake.run(protocol.discover(True, lambda *event: seen.append(event)))
        self.assertEqual([d.port for d in found], [0, 1, 4, 10])
        self.assertEqual([port for port, _, _ in seen], list(range(11)))
        self.assertEqual(seen[2][2].code, "checksum")

    def test_wrong_device_has_no_such_page(self):
        with self.assertRaisesRegex(WrongDevice, "port 0: a device of type hub has no status"):
            Fake().run(protocol.status(0, "hub"))
        with self.assertRaisesRegex(WrongDevice, "port 3: a device of type dc has no log"):
            Fake().run(protocol.log(3, "dc", 0))


class Retries(unittest.TestCase):
    """What may be sent again without being told to."""

    def test_only_what_reads(self):
        patience = Patience(None, 3)
        for command, retries in ((READ, 3), (STATUS, 3), (uapi.CMD_LOG, 3), (WRITE, 0), (INC, 0), (DEC, 0), (99, 0)):
            self.assertEqual(patience.xfer(protocol.Command(1, command, 0)).retries, retries, command)
        self.assertEqual(patience.xfer(protocol.Command(1, WRITE, 0, 0, 2)).retries, 2)

    def test_timeout(self):
        self.assertEqual(Patience(0.5, 0).xfer(protocol.Command(1, READ, 0)).timeout_us, 500000)
        for timeout, retries in ((0.0001, 0), (11, 0), (None, 16), (None, -1)):
            with self.assertRaisesRegex(ValueError, "may be"):
                Patience(timeout, retries)


class FlexnetDc(unittest.TestCase):
    """Six pages that belong together."""

    whole = page({23: 30, 25: 10, 27: 20, 35: 300, 37: 100, 39: 200, 53: 9, 51: 4, 49: 5})

    def pages(self, fake):
        return [addr for _, command, addr, _ in fake.sent if command == STATUS]

    def test_all_six(self):
        fake = Fake(pages=dc_pages(self.whole))
        reading = fake.run(protocol.dc_status(3))
        self.assertEqual((reading.status.raw, reading.torn, reading.starting), (self.whole, False, False))
        self.assertEqual(self.pages(fake), [0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F])

    def test_poll_reads_three(self):
        fake = Fake(pages=dc_pages(self.whole))
        last = DcStatus.decode(self.whole)
        self.assertEqual(fake.run(protocol.dc_status(3, last)).status, last)
        self.assertEqual(self.pages(fake), [0x0A, 0x0B, 0x0C])

    def test_poll_reads_six_when_they_changed(self):
        changed = self.whole[:16] + b"\x61" + self.whole[17:73] + b"\x07" + self.whole[74:]
        fake = Fake(pages=dc_pages(changed))
        reading = fake.run(protocol.dc_status(3, DcStatus.decode(self.whole)))
        self.assertEqual(reading.status.raw, changed)
        self.assertEqual(len(self.pages(fake)), 6)

    def test_torn_is_fetched_again(self):
        torn = page({23: 30, 25: 10 + 256, 27: 20})
        fake = Fake(pages=dc_pages(torn))
        whole = dc_pages(self.whole)
        command = fake.command

        def later(c):
            if len(fake.sent) == 6:
                fake.pages = whole
            return command(c)
        fake.command = later
        reading = fake.run(protocol.dc_status(3))
        self.assertEqual((reading.status.raw, reading.torn, len(fake.sent)), (self.whole, False, 12))

    def test_torn_for_ever_is_said(self):
        for values in ({23: 300}, {35: 300}, {49: 300}, {23: 3}):
            reading = Fake(pages=dc_pages(page(values))).run(protocol.dc_status(3))
            self.assertTrue(reading.torn, values)
        for values in ({23: 2}, {23: -2}, {53: 32767, 51: -32768, 49: -1}):
            self.assertFalse(Fake(pages=dc_pages(page(values))).run(protocol.dc_status(3)).torn, values)

    def test_a_poll_that_does_not_add_up_reads_all(self):
        fake = Fake(pages=dc_pages(self.whole))
        reading = fake.run(protocol.dc_status(3, DcStatus.decode(page({39: 5000}))))
        self.assertEqual((reading.status.raw, reading.torn), (self.whole, False))

    def test_starting(self):
        fake = Fake(pages=dc_pages(page({6: 1})))
        self.assertTrue(fake.run(protocol.dc_status(3)).starting)


class Writes(unittest.TestCase):
    """Applied, changed to something else, refused, or no reply."""

    setpoint = register("fx", "float_setpoint")
    control = register("fx", "inverter_control")
    reset = register("dc", "days_at_full_total")
    write_only = register("mx", "clock_time")

    def write(self, fake, reg, raw):
        return fake.run(protocol.write_register(2, reg, raw))

    def fake(self, reg, value, **faults):
        fake = Fake({(2, reg.addr): value})
        fake.faults = {int(n[1:]): status for n, status in faults.items()}
        return fake

    def commands(self, fake):
        return [command for _, command, _, _ in fake.sent]

    def test_applied(self):
        fake = self.fake(self.setpoint, 270)
        change = self.write(fake, self.setpoint, 276)
        self.assertEqual((change.outcome, change.before, change.after), (Outcome.APPLIED, 270, 276))
        self.assertTrue(change.applied)
        self.assertEqual(self.commands(fake), [READ, WRITE, READ])
        self.assertEqual(str(change), "port 2: fx register float_setpoint (000A): 27.0 V -> 27.6 V: applied")

    def test_an_answer_that_is_no_echo_is_no_trouble(self):
        fake = self.fake(self.setpoint, 270)

        def low_byte(key, value):
            fake.registers[key] = value
            return value & 0xFF
        fake.on_write = low_byte
        change = self.write(fake, self.setpoint, 276)
        self.assertEqual((change.outcome, change.answer), (Outcome.APPLIED, 276 & 0xFF))

    def test_differs(self):
        fake = self.fake(self.setpoint, 270)
        fake.on_write = lambda key, value: fake.registers.__setitem__(key, 272) or 272
        change = self.write(fake, self.setpoint, 276)
        self.assertEqual((change.outcome, change.after), (Outcome.DIFFERS, 272))
        self.assertTrue(str(change).endswith("differs, it is 27.2 V"), str(change))

    def test_an_answer_without_effect_differs(self):
        fake = self.fake(self.setpoint, 270)
        fake.on_write = lambda key, value: value
        self.assertEqual(self.write(fake, self.setpoint, 276).outcome, Outcome.DIFFERS)
        self.assertEqual(self.commands(fake).count(WRITE), 1)

    def test_refused(self):
        fake = self.fake(self.setpoint, 270, _1=REFUSED)
        change = self.write(fake, self.setpoint, 276)
        self.assertEqual((change.outcome, change.error.code), (Outcome.REFUSED, "refused"))
        self.assertEqual(self.commands(fake).count(WRITE), 1)

    def test_a_lost_answer_is_looked_after(self):
        for fault in (SILENT, BROKEN):
            fake = self.fake(self.setpoint, 270, _1=fault)
            fake.done = {1}
            change = self.write(fake, self.setpoint, 276)
            self.assertEqual((change.outcome, change.sent), (Outcome.APPLIED, 1))

    def test_a_set_point_is_sent_once_more(self):
        change = self.write(self.fake(self.setpoint, 270, _1=SILENT), self.setpoint, 276)
        self.assertEqual((change.outcome, change.sent), (Outcome.APPLIED, 2))
        change = self.write(self.fake(self.setpoint, 270, _1=SILENT, _3=SILENT), self.setpoint, 276)
        self.assertEqual((change.outcome, change.sent, change.after), (Outcome.NO_REPLY, 2, 270))

    def test_a_control_and_a_reset_never(self):
        for reg, raw in ((self.control, 0), (self.reset, 0)):
            fake = self.fake(reg, 2, _1=SILENT)
            change = self.write(fake, reg, raw)
            self.assertEqual((change.outcome, self.commands(fake)), (Outcome.NO_REPLY, [READ, WRITE, READ]))

    def test_reading_back_fails(self):
        change = self.write(self.fake(self.setpoint, 270, _2=SILENT), self.setpoint, 276)
        self.assertEqual((change.outcome, change.after, change.error.code),
                         (Outcome.UNVERIFIED, None, "no_reply"))
        change = self.write(self.fake(self.setpoint, 270, _1=SILENT, _2=SILENT), self.setpoint, 276)
        self.assertEqual(change.outcome, Outcome.NO_REPLY)

    def test_reading_before_fails_and_nothing_is_sent(self):
        fake = self.fake(self.setpoint, 270, _0=SILENT)
        with self.assertRaises(NoReply):
            self.write(fake, self.setpoint, 276)
        self.assertEqual(self.commands(fake), [READ])

    def test_not_sent_at_all(self):
        with self.assertRaises(TransmitError):
            self.write(self.fake(self.setpoint, 270, _1=UNSENT), self.setpoint, 276)

    def test_reset(self):
        fake = self.fake(self.reset, 50)
        fake.on_write = lambda key, value: fake.registers.__setitem__(key, 3) or 3
        self.assertEqual(self.write(fake, self.reset, 0).outcome, Outcome.APPLIED)

    def test_write_only(self):
        fake = self.fake(self.write_only, 0)
        self.assertEqual(self.write(fake, self.write_only, 0xA938).outcome, Outcome.UNVERIFIED)
        self.assertEqual(self.commands(fake), [WRITE])
        fake = self.fake(self.write_only, 0, _0=SILENT)
        self.assertEqual(self.write(fake, self.write_only, 0xA938).outcome, Outcome.NO_REPLY)

    def test_what_cannot_be_written(self):
        fake = self.fake(self.setpoint, 270)
        with self.assertRaisesRegex(NotAccessible, "port 2: fx register battery_voltage .* cannot be written"):
            self.write(fake, register("fx", "battery_voltage"), 1)
        with self.assertRaisesRegex(ValueError, "0x0321.*0.0 to 80.0 V"):
            self.write(fake, self.setpoint, 801)
        with self.assertRaisesRegex(NotAccessible, "cannot be read"):
            fake.run(protocol.read_register(2, self.write_only))
        self.assertEqual(fake.sent, [])


class Steps(unittest.TestCase):
    """INC and DEC, with the direction verified."""

    reg = register("dc", "aux_soc_high")

    def step(self, step, numbering=1, device=1, reg=None, value=50, **faults):
        reg = reg or self.reg
        self.fake = Fake({(3, reg.addr): value})
        self.fake.inc_command = device
        self.fake.faults = {int(n[1:]): status for n, status in faults.items()}
        return self.fake.run(protocol.step_register(3, reg, step, numbering))

    def test_both_ways_both_numberings(self):
        for numbering in (0, 1):
            up = self.step(Step.INC, numbering, numbering)
            self.assertEqual((up.outcome, up.before, up.after, up.moved), (Outcome.APPLIED, 50, 51, 1))
            down = self.step(Step.DEC, numbering, numbering)
            self.assertEqual((down.outcome, down.after, down.moved), (Outcome.APPLIED, 49, -1))

    def test_the_other_numbering_shows(self):
        up = self.step(Step.INC, 1, 0)
        self.assertEqual((up.outcome, up.moved), (Outcome.DIFFERS, -1))

    def test_never_twice(self):
        up = self.step(Step.INC, _1=SILENT)
        self.assertEqual((up.outcome, len(self.fake.sent)), (Outcome.NO_REPLY, 3))

    def test_a_lost_answer_that_was_done(self):
        fake = Fake({(3, self.reg.addr): 50})
        fake.faults, fake.done = {1: SILENT}, {1}
        up = fake.run(protocol.step_register(3, self.reg, Step.INC))
        self.assertEqual((up.outcome, up.after), (Outcome.APPLIED, 51))

    def test_signed(self):
        up = self.step(Step.INC, reg=register("fx", "float_setpoint"), value=0xFFFF)
        self.assertEqual((up.before, up.after, up.moved, up.outcome), (0xFFFF, 0, 1, Outcome.APPLIED))

    def test_switches(self):
        reg = register("dc", "shunt_a_mode")
        fake = Fake({(3, reg.addr): 1})
        fake.answer = lambda c: (fake.registers.__setitem__((3, reg.addr), 1 - c.command)
                                 if c.command in (INC, DEC) else None,
                                 fake.registers[3, reg.addr].to_bytes(2, "big"))[1]
        self.assertEqual(fake.run(protocol.step_register(3, reg, Step.ENABLE)).outcome, Outcome.APPLIED)
        self.assertEqual(fake.run(protocol.step_register(3, reg, Step.DISABLE, 0)).outcome, Outcome.APPLIED)
        self.assertEqual([c for _, c, _, _ in fake.sent if c in (INC, DEC)], [1, 0])

    def test_what_takes_none(self):
        with self.assertRaisesRegex(NotAccessible, "does not take INC"):
            self.step(Step.INC, reg=register("dc", "shunt_a_mode"))
        with self.assertRaisesRegex(NotAccessible, "does not take ENABLE"):
            self.step(Step.ENABLE)


class Synchronize(unittest.TestCase):
    """Time, date and battery temperature as a MATE does."""

    now = datetime.datetime(2026, 11, 22, 21, 9, 59)

    def site(self, temperature=154):
        fake = Fake({(p, a): 0 for p in (1, 2, 3, 4) for a in (0x4001, 0x4004, 0x4005)})
        fake.registers[1, 0x4000] = 0
        fake.registers[4, 0x4000] = temperature
        self.devices = [protocol.DeviceInfo(p, n) for p, n in ((0, 1), (1, 3), (2, 2), (3, 4), (4, 3))]
        return fake

    def test_as_a_mate_does(self):
        fake = self.site()
        steps = fake.run(protocol.synchronize(self.devices, self.now))
        self.assertEqual([(p, a, v) for p, c, a, v in fake.sent if c == WRITE],
                         [(1, 0x4004, 0xA93D), (3, 0x4004, 0xA93D), (4, 0x4004, 0xA93D),
                          (3, 0x4005, 0x3576), (2, 0x4001, 154), (3, 0x4001, 154)])
        failed = [s for s in steps if s.error]
        self.assertEqual([(s.port, s.value) for s in failed], [(1, 0)])
        self.assertIn("no temperature", str(failed[0].error))

    def test_one_that_is_silent_does_not_keep_the_others(self):
        fake = self.site()
        fake.faults = {0: SILENT}
        steps = fake.run(protocol.synchronize(self.devices, self.now, date=False, temperature=False))
        self.assertEqual([(s.port, s.error is None) for s in steps], [(1, False), (3, True), (4, True)])

    def test_no_temperature_is_not_passed_on(self):
        fake = self.site(temperature=255)
        fake.run(protocol.synchronize(self.devices, self.now, time=False, date=False))
        self.assertEqual([c for _, c, _, _ in fake.sent], [READ, READ])


if __name__ == "__main__":
    unittest.main()
