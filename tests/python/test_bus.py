# SPDX-License-Identifier: GPL-2.0-or-later
"""The package on a bus, in the guest: see tests/site/python.t for what is there."""
import asyncio
import datetime
import errno
import os
import signal
import threading
import time
import unittest

import matenet
from guest import FOLDER, frames, held, load, tell, wire_clear, written
from matenet import Bus, Outcome, Step, uapi
from matenet.aio import AsyncBus

PORTS = {1: "mx", 2: "fx", 3: "dc", 4: "mx", 5: "fx"}


class OnBus(unittest.TestCase):
    def setUp(self):
        self.bus = Bus(0, write=True)
        self.addCleanup(self.bus.close)
        self.addCleanup(tell, "fault none")

    def unlocked(self):
        self.bus.configure(writable=True)
        self.addCleanup(self.bus.configure, writable=False)
        return self.bus


class Opening(unittest.TestCase):
    """Buses by number, name and path, and what is none."""

    def test_list(self):
        found = matenet.buses()
        self.assertEqual([(b.number, b.name, b.tty, b.path) for b in found][0],
                         (0, "matenet0", "ttyW0", "/dev/matenet0"))
        self.assertEqual(len(found), 3)

    def test_by_number_name_and_path(self):
        for name in (0, "0", "matenet0", "/dev/matenet0"):
            with Bus(name) as bus:
                self.assertEqual((bus.name, bus.caps().bus, bus.caps().tty), ("matenet0", 0, "ttyW0"))

    def test_errors(self):
        for name, error, text in (
                ("9", matenet.NoBus, "/dev/matenet9: No such file"), (None, matenet.SeveralBuses, "matenet0.*matenet1"),
                ("roof", matenet.NoBus, '"roof" is no bus'), ("/dev/null", matenet.NotABus, "/dev/null: not a MateNET bus"),
                ("/dev/ttyW1", matenet.NotABus, "/dev/ttyW1: not a MateNET bus"), ("/tmp", matenet.BusError, "/tmp: ")):
            with self.subTest(str(name)):
                with self.assertRaisesRegex(error, text):
                    Bus(name, write=name == "/tmp")

    def test_bad_arguments(self):
        for arguments in ({"retries": 16}, {"timeout": 11}, {"timeout": 0}, {"inc_command": 2}):
            with self.subTest(str(arguments)):
                with self.assertRaisesRegex(matenet.InvalidValue, "may be"):
                    Bus(0, **arguments)

    def test_closed(self):
        with Bus(0) as bus:
            pass
        bus.close()
        self.assertEqual(repr(bus), "<Bus matenet0, closed>")
        with self.assertRaisesRegex(matenet.BusError, "matenet0: the bus is closed"):
            bus.device(1)

    def test_nothing_stays_open(self):
        before = len(os.listdir("/proc/self/fd"))
        for name in (0, "/dev/null", 9):
            try:
                Bus(name).close()
            except matenet.BusError:
                pass
        self.assertEqual(len(os.listdir("/proc/self/fd")), before)


class Settings(OnBus):
    """Capabilities, configuration, modes, counters."""

    def test_caps(self):
        caps = self.bus.caps()
        self.assertEqual((caps.driver, caps.max_data, caps.max_queue), ("n_matenet", 32, 64))

    def test_configure(self):
        self.addCleanup(self.bus.configure, gap_us=20000)
        self.assertEqual(self.bus.configure(gap_us=30000).gap_us, 30000)
        self.assertEqual(self.bus.config().gap_us, 30000)
        (record,) = self.bus.records(0)
        self.assertEqual((record.type, record.body.gap_us), (uapi.REC_STATE, 30000))

    def test_settings_there_are_not(self):
        with self.assertRaisesRegex(matenet.InvalidValue, 'no setting "gap".*gap_us'):
            self.bus.configure(gap=1)
        with self.assertRaisesRegex(matenet.InvalidValue, "gap_us"):
            self.bus.configure(gap_us=-1)
        with self.assertRaises(matenet.BadRequest) as caught:
            self.bus.configure(gap_us=1)
        self.assertEqual((caught.exception.errno, caught.exception.code), (errno.EINVAL, "invalid"))

    def test_exclusive(self):
        self.bus.set_mode(uapi.MODE_EXCLUSIVE)
        self.assertEqual(self.bus.mode().mode, uapi.MODE_EXCLUSIVE)
        with Bus(0) as other:
            with self.assertRaisesRegex(matenet.BusBusy, "somebody has the bus for himself"):
                other.device(1)
            self.bus.set_mode(uapi.MODE_USER)
            self.assertEqual(other.device(1).type, "mx")

    def test_statistics(self):
        before = self.bus.statistics()
        self.bus.device(1).read_raw(0)
        after = self.bus.statistics()
        self.assertGreater(sum(after.values()), sum(before.values()))


class Reading(OnBus):
    """The same as matetool reads."""

    def test_discover(self):
        seen = []
        devices = self.bus.discover(progress=lambda *event: seen.append(event))
        mine = [(d.port, d.type, d.info.variant, d.info.revision) for d in devices]
        tools = [(d["port"], d["type"], d["variant"], d["firmware"]) for d in load("scan")["devices"]]
        self.assertEqual(mine, tools)
        self.assertEqual([type(d).__name__ for d in devices], ["Hub", "Mx", "Fx", "Dc", "Mx", "Fx"])
        self.assertEqual([port for port, _, _ in seen], list(range(11)))
        self.assertEqual(seen[7][2].code, "no_reply")

    def test_status(self):
        for port, kind in PORTS.items():
            with self.subTest(f"port {port}"):
                status = self.bus.device(port, kind).status()
                self.assertEqual(status.as_dict(), load(f"status-{port}")["devices"][0]["status"])
        self.assertFalse(self.bus.device(4).status().charge_valid)
        self.assertIsNone(self.bus.device(4).status().charge_today)

    def test_log(self):
        tools = load("log")["devices"]
        for day, entry in enumerate(tools):
            mine = self.bus.device(1).log(day).as_dict()
            self.assertEqual({k: mine[k] for k in mine if k in entry["log"]},
                             {k: entry["log"][k] for k in entry["log"] if k in mine})
        self.assertEqual(len(tools), 4)
        self.assertEqual(self.bus.device(1).log(128).day, 128)
        with self.assertRaisesRegex(matenet.InvalidValue, "day 129: may be 0 .today. to 128"):
            self.bus.device(1).log(129)

    def test_every_register(self):
        for port, kind in PORTS.items():
            device = self.bus.device(port)
            rows = {int(r["address"], 16): r for r in load(f"registers-{port}")["registers"]}
            for r in device.registers():
                if not r.readable:
                    self.assertNotIn(r.addr, rows)
                    with self.assertRaisesRegex(matenet.NotAccessible, "cannot be read"):
                        device.read(r)
                    continue
                with self.subTest(f"port {port} {r}"):
                    q = device.read(r.id)
                    self.assertEqual((f"{q.raw:04X}", str(q)),
                                     (rows[r.addr]["raw"].upper().replace("0X", ""), rows[r.addr]["text"]))

    def test_short_forms(self):
        mx = self.bus.device(1)
        self.assertEqual(mx["battery_voltage"], mx.read(8).value)
        self.assertEqual(mx.read_raw(0), 0x0203)
        with self.assertRaisesRegex(matenet.UnknownName, 'mx has no register "voltage"'):
            mx.read("voltage")

    def test_wrong_device(self):
        with self.assertRaisesRegex(matenet.WrongDevice, "port 1: the device is of type mx, not fx"):
            self.bus.device(1, "fx")
        with self.assertRaisesRegex(matenet.WrongDevice, "port 2: a device of type fx has no log"):
            self.bus.device(2).log()
        with self.assertRaisesRegex(matenet.WrongDevice, "2 devices of type mx: port 1, port 4"):
            self.bus.find("mx")
        self.assertEqual(self.bus.find("dc").port, 3)

    def test_poll_of_a_flexnet(self):
        def polled():
            wire_clear()
            dc.poll()
            return [f[3] for f in frames() if f[1] == uapi.CMD_STATUS]
        dc = self.bus.device(3)
        everything = [0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F]
        self.assertEqual(polled(), everything)
        self.assertEqual(polled(), everything[:3])
        tell("set 3 status.flags = 0x61")
        self.addCleanup(tell, "set 3 status.flags = 0x21")
        self.assertEqual(polled(), everything)

    def test_nobody_there(self):
        with self.assertRaisesRegex(matenet.NoReply, "matenet0: port 9: READ 0000: no reply") as caught:
            self.bus.device(9)
        self.assertEqual((caught.exception.attempts, caught.exception.sent), (2, True))
        with self.assertRaisesRegex(matenet.InvalidValue, "port 11: may be 0 to 10"):
            self.bus.device(11)

    def test_damage(self):
        with Bus(0, retries=0) as bus:
            for fault, error, code in (("sum", matenet.Damaged, "checksum"), ("short", matenet.Damaged, "short"),
                                       ("silent", matenet.NoReply, "no_reply"),
                                       ("refuse", matenet.Refused, "refused")):
                with self.subTest(fault):
                    tell(f"fault 1={fault}")
                    with self.assertRaises(error) as caught:
                        bus.command(1, uapi.CMD_READ, 8)
                    self.assertEqual((caught.exception.code, caught.exception.attempts), (code, 1))
                    tell("fault none")
        tell("fault 1=sum")
        self.assertEqual(self.bus.device(1).read_raw(0), 0x0203)


class Changing(OnBus):
    """Writes, steps and synchronization, looked at behind the wire."""

    def test_locked(self):
        wire_clear()
        with self.assertRaisesRegex(matenet.NotPermitted, r"locked.*configure\(writable=True\)") as caught:
            self.bus.device(2).write("float_setpoint", 27.0)
        self.assertEqual(caught.exception.errno, errno.EROFS)
        with Bus(0) as reader:
            with self.assertRaisesRegex(matenet.NotPermitted, "write=True"):
                reader.device(2).write("float_setpoint", 27.0)
        self.assertEqual(written(), [])

    def test_set_point(self):
        fx = self.unlocked().device(2)
        old = held(2, "float_setpoint")
        change = fx.write("float_setpoint", "27.6 V")
        self.assertEqual((change.outcome, change.before, change.after), (Outcome.APPLIED, old, 276))
        self.assertEqual(held(2, "float_setpoint"), 276)
        self.assertTrue(fx.write("float_setpoint", old / 10).applied)

    def test_control_and_flag(self):
        self.unlocked()
        self.assertTrue(self.bus.device(2).write("inverter_control", "search").applied)
        self.assertEqual(held(2, "inverter_control"), 1)
        self.assertTrue(self.bus.device(2).write("inverter_control", 2).applied)
        change = self.bus.device(1).write("aux_relay", ("low_battery_disconnect", True))
        self.assertTrue(change.applied, str(change))
        self.assertEqual(held(1, "aux_relay"), 0x83)
        self.assertTrue(self.bus.device(1).write("aux_relay", "off, vent_fan").applied)

    def test_nothing_is_sent_of_what_may_not_be(self):
        fx = self.unlocked().device(2)
        wire_clear()
        for name, value, error in (("inverter_control", "of", matenet.InvalidValue),
                                   ("float_setpoint", 80.1, matenet.InvalidValue),
                                   ("battery_voltage", 1, matenet.NotAccessible),
                                   ("nothing", 1, matenet.UnknownName)):
            with self.assertRaises(error):
                fx.write(name, value) if name != "battery_voltage" else fx.write(name, 1.0)
        self.assertEqual(written(), [])

    def test_refused(self):
        dc = self.unlocked().device(3)
        tell("set 3 reg charge_factor = refused")
        self.addCleanup(tell, "free 3 reg charge_factor")
        with self.assertRaises(matenet.Refused):
            dc.write("charge_factor", 94)
        with self.assertRaises(matenet.Refused):
            self.bus.command(3, uapi.CMD_WRITE, 0x7777, 1)

    def test_outcomes(self):
        fx = self.unlocked().device(2)
        old = fx.read("absorb_setpoint").raw
        # the commands of a write are READ, WRITE, READ
        for fault, outcome, sent in (("2=refuse", Outcome.REFUSED, 1), ("2=sum", Outcome.APPLIED, 1),
                                     ("3-4=silent", Outcome.UNVERIFIED, 1)):
            with self.subTest(fault):
                tell(f"fault {fault}")
                change = fx.write("absorb_setpoint", old / 10)
                self.assertEqual((change.outcome, change.sent), (outcome, sent))
                tell("fault none")

    def test_steps(self):
        # matesim's DEC is 0
        self.unlocked()
        dc = self.bus.device(3)
        before = held(3, "aux_soc_high")
        up = dc.increase("aux_soc_high")
        self.assertEqual((up.outcome, up.moved, held(3, "aux_soc_high")), (Outcome.APPLIED, 1, before + 1))
        self.assertTrue(dc.decrease("aux_soc_high").applied)
        self.bus.inc_command = 0
        wrong = dc.increase("aux_soc_high")
        self.assertEqual((wrong.outcome, wrong.moved), (Outcome.DIFFERS, -1))
        self.assertEqual(dc.decrease("aux_soc_high").moved, 1)
        self.assertEqual(held(3, "aux_soc_high"), before)

    def test_enable(self):
        self.unlocked()
        dc = self.bus.device(3)
        off = dc.disable("shunt_c_mode")
        self.assertEqual((off.outcome, held(3, "shunt_c_mode")), (Outcome.APPLIED, 1))
        self.bus.inc_command = 0  # is of no account here
        on = dc.enable("shunt_c_mode")
        self.assertEqual((on.outcome, held(3, "shunt_c_mode")), (Outcome.APPLIED, 0))
        with self.assertRaisesRegex(matenet.NotAccessible, "port 3: .* does not take ENABLE"):
            dc.enable("aux_soc_high")

    def test_synchronize(self):
        bus = self.unlocked()
        devices = bus.discover()
        wire_clear()
        now = datetime.datetime(2026, 11, 22, 21, 9, 59)
        steps = bus.synchronize(devices, now=now)
        self.assertEqual([s for s in steps if s.error], [])
        raw = held(1, "battery_temp_raw")
        self.assertEqual(written(), [(1, 3, 0x4004, 0xA93D), (3, 3, 0x4004, 0xA93D), (4, 3, 0x4004, 0xA93D),
                                     (3, 3, 0x4005, 0x3576), (2, 3, 0x4001, raw), (3, 3, 0x4001, raw),
                                     (5, 3, 0x4001, raw)])


class Raw(OnBus):
    """The driver's calls."""

    READ = b"\1\2\0\0\0\0"

    def test_xfer(self):
        x = self.bus.xfer(matenet.make_xfer(self.READ, user_data=7))
        self.assertEqual((x.reply, x.user_data, x.attempts), (b"\2\2\3", 7, 1))
        self.assertEqual(uapi.status_names(x.status)[:2], ("OK", "TX_DONE"))
        self.assertGreater(x.rx_ts, x.tx_ts)

    def test_batch(self):
        xfers = [matenet.make_xfer(bytes([port, 2, 0, 0, 0, 0])) for port in (1, 2, 3)]
        done = self.bus.batch(xfers)
        self.assertEqual([x.reply[2] for x in done], [3, 2, 4])
        self.assertEqual([x.sequence - done[0].sequence for x in done], [0, 1, 2])
        with self.assertRaises(matenet.BadRequest):
            self.bus.batch([])

    def test_submit(self):
        sequences = [self.bus.submit(matenet.make_xfer(self.READ, user_data=n)) for n in range(5)]
        done = []
        while len(done) < 5:
            done += self.bus.records(5)
        self.assertEqual([r.body.sequence for r in done], sequences)
        self.assertEqual([r.body.user_data for r in done], list(range(5)))
        self.assertEqual(self.bus.records(0), [])
        self.assertEqual(self.bus.records(0.01), [])

    def test_cancel(self):
        sequences = [self.bus.submit(matenet.make_xfer(self.READ)) for _ in range(5)]
        self.bus.cancel(sequences[4])
        done = []
        while len(done) < 5:
            done += self.bus.records(5)
        status = {r.body.sequence: r.body.status for r in done}
        self.assertEqual(status[sequences[4]], uapi.ST_ABORTED)
        with self.assertRaisesRegex(matenet.InvalidValue, f"cancel {sequences[0]}: .*it is over"):
            self.bus.cancel(sequences[0])

    def test_bad_xfers(self):
        with self.assertRaisesRegex(matenet.InvalidValue, "command of 33 bytes"):
            self.bus.xfer(matenet.make_xfer(bytes(33)))
        with self.assertRaisesRegex(matenet.InvalidValue, "transaction"):
            self.bus.xfer(matenet.make_xfer(self.READ, timeout_us=-1))
        with self.assertRaises(matenet.BadRequest):
            self.bus.xfer(matenet.make_xfer(self.READ, timeout_us=10000001))

    def test_monitor(self):
        with Bus(0) as monitor:
            monitor.set_mode(uapi.MODE_MONITOR)
            self.bus.device(1).read_raw(8)
            last = self.bus.command(2, uapi.CMD_READ, 0)
            seen = []
            while not seen or seen[-1].data[1:3] != last or seen[-1].flags & uapi.FRAME_TX:
                seen += [r.body for r in monitor.records(5) if r.type == uapi.REC_FRAME]
        sent = [f.data[:-2].hex() for f in seen if f.flags & uapi.FRAME_TX]
        self.assertEqual(sent[-2:], ["010200080000", "020200000000"])
        self.assertEqual({f.mark for f in seen}, {1})

    def test_signals_do_not_disturb(self):
        hits = []
        old = signal.signal(signal.SIGALRM, lambda *_: hits.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
        try:
            values = {self.bus.command(1, uapi.CMD_READ, 0) for _ in range(50)}
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, old)
        self.assertEqual(values, {b"\2\3"})
        self.assertGreater(len(hits), 10)

    def test_a_signal_that_raises_ends_a_wait(self):
        class Enough(Exception):
            pass

        def enough(*_):
            raise Enough
        old = signal.signal(signal.SIGALRM, enough)
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        try:
            with self.assertRaises(Enough):
                self.bus.records()
        finally:
            signal.signal(signal.SIGALRM, old)


class Threads(OnBus):
    """One handle, many threads."""

    def test_reads(self):
        wanted = {(1, 0): 0x0203, (2, 0): 2, (3, 0): 4, (5, 1): self.bus.device(5).read_raw(1)}
        wrong = []

        def ask(port, addr):
            for _ in range(40):
                value = int.from_bytes(self.bus.command(port, uapi.CMD_READ, addr), "big")
                if value != wanted[port, addr]:
                    wrong.append((port, addr, value))
        self.run_all([threading.Thread(target=ask, args=key) for key in wanted])
        self.assertEqual(wrong, [])

    def test_changes_are_whole(self):
        bus = self.unlocked()
        devices, outcomes = [bus.device(2), bus.device(2), bus.device(3)], []

        def change(device, name, values):
            for value in values * 5:
                outcomes.append(device.write(name, value).outcome)
        old = [held(2, "float_setpoint") / 10, held(3, "charge_factor")]
        self.run_all([threading.Thread(target=change, args=args) for args in (
            (devices[0], "float_setpoint", [27.0, 27.1]), (devices[1], "float_setpoint", [27.2, 27.3]),
            (devices[2], "charge_factor", [90, 91]))])
        self.assertEqual(set(outcomes), {Outcome.APPLIED})
        devices[0].write("float_setpoint", old[0])
        devices[2].write("charge_factor", old[1])

    def run_all(self, threads):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            self.assertFalse(thread.is_alive())


class Async(unittest.TestCase):
    """asyncio."""

    def run_with(self, work, **options):
        async def main():
            async with AsyncBus(0, **options) as bus:
                return await work(bus)
        return asyncio.run(main())

    def test_devices(self):
        async def work(bus):
            devices = await bus.discover()
            pages = await asyncio.gather(*(d.status() for d in devices if d.type != "hub"))
            return [d.type for d in devices], pages, await devices[1].log(1), await devices[1].read(8)
        types, pages, log, volts = self.run_with(work)
        self.assertEqual(types, ["hub", "mx", "fx", "dc", "mx", "fx"])
        for port, page in zip(PORTS, pages):
            self.assertEqual(page.as_dict(), load(f"status-{port}")["devices"][0]["status"])
        self.assertEqual((log.day, volts.unit), (1, "V"))

    def test_more_than_the_queue_holds(self):
        async def work(bus):
            return await asyncio.gather(*(bus.command(1, uapi.CMD_READ, 0) for _ in range(200)))
        self.assertEqual(set(self.run_with(work)), {b"\2\3"})

    def test_errors(self):
        async def work(bus):
            with self.assertRaisesRegex(matenet.NoReply, "port 9"):
                await bus.device(9)
            with self.assertRaisesRegex(matenet.WrongDevice, "not fx"):
                await bus.device(1, "fx")
            with self.assertRaises(matenet.NotPermitted):
                await (await bus.device(2)).write("float_setpoint", 27)
        self.run_with(work)

    def test_changes(self):
        async def work(bus):
            bus.configure(writable=True)
            try:
                dc = await bus.device(3)
                old = (await dc.read("charge_factor")).raw
                write = await dc.write("charge_factor", 93)
                step = await dc.step("charge_factor", Step.INC)
                back = await dc.write("charge_factor", old)
                sync = await bus.synchronize([dc], temperature=False)
            finally:
                bus.configure(writable=False)
            return write.outcome, step.after, back.outcome, [s.error for s in sync]
        self.assertEqual(self.run_with(work, write=True), (Outcome.APPLIED, 94, Outcome.APPLIED, [None, None]))

    def test_cancelled_is_not_sent(self):
        async def work(bus):
            tasks = [asyncio.ensure_future(bus.command(1, uapi.CMD_READ, addr)) for addr in (8, 0x10, 0x13)]
            await asyncio.sleep(0)
            tasks[2].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            return [t.cancelled() for t in tasks]
        wire_clear()
        self.assertEqual(self.run_with(work), [False, False, True])
        self.assertEqual([f[3] for f in frames()], [0x08, 0x10])

    def test_closed_under_way(self):
        async def main():
            bus = AsyncBus(0)
            task = asyncio.ensure_future(bus.command(9, uapi.CMD_READ, 0))
            await asyncio.sleep(0)
            bus.close()
            with self.assertRaisesRegex(matenet.Aborted, "matenet0: closed"):
                await task
            with self.assertRaisesRegex(matenet.BusError, "closed"):
                await bus.command(1, uapi.CMD_READ, 0)
        asyncio.run(main())


class Roles(unittest.TestCase):
    """A device in Python at the other end of a wire; and a bus that goes away.  In this order."""

    def test_1_device(self):
        with Bus(1, write=True) as near, Bus(2, timeout=1) as far:
            near.configure(role=uapi.ROLE_DEVICE)
            near.set_mode(uapi.MODE_USER, port_mask=1)
            self.assertEqual(near.mode().port_mask, 1)
            self.served = []

            def serve():
                while len(self.served) < 3:
                    for record in near.records(10):
                        if record.type == uapi.REC_COMMAND:
                            near.reply(record.body.sequence, b"\2\0\3")
                            self.served.append(record.body.data[:6].hex())
            thread = threading.Thread(target=serve)
            thread.start()
            values = [far.command(0, uapi.CMD_READ, addr) for addr in (0, 1, 2)]
            thread.join(10)
        self.assertEqual(values, [b"\0\3"] * 3)
        self.assertEqual(self.served, ["000200000000", "000200010000", "000200020000"])

    def test_2_gone(self):
        with Bus(2) as bus:
            open(f"{FOLDER}/detach", "w", encoding="ascii").close()
            with self.assertRaises(matenet.BusGone) as caught:
                for _ in range(600):
                    bus.config()
                    time.sleep(0.05)
            self.assertEqual(caught.exception.code, "gone")
            with self.assertRaisesRegex(matenet.BusGone, "matenet2: .*detached or unplugged"):
                bus.records(1)
            with self.assertRaises(matenet.BusGone):
                bus.device(0)


if __name__ == "__main__":
    unittest.main()
