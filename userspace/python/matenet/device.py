# SPDX-License-Identifier: LGPL-2.1-or-later
"""The devices on a bus: hub, MX and FLEXmax, FX, FLEXnet DC."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Type, Union

from . import protocol, tables
from ._tables import DcStatus, FxStatus, MxLog, MxStatus
from .protocol import Change, DeviceInfo, Outcome, Step
from .tables import Page, Register
from .values import Quantity, Value

if TYPE_CHECKING:
    from .bus import Bus

Key = Union[str, int, Register]


class Device:
    """A device on a port of a bus, as Bus.device() and Bus.discover() give it.

    info: who it is; registers have the names of `matetool reg list`.
    """

    def __init__(self, bus: Bus, info: DeviceInfo) -> None:
        self.bus, self.info = bus, info

    @property
    def port(self) -> int:
        return self.info.port

    @property
    def type(self) -> Optional[str]:
        """ "mx", "fx", "dc", "hub", or None for a type that is not known."""
        return self.info.type

    def __str__(self) -> str:
        return str(self.info)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self.bus.name}, {self.info}>"

    # ---- registers ----

    def registers(self) -> List[Register]:
        """The registers that the tables have for this type of device."""
        return tables.registers(self.type or "")

    def register(self, key: Key) -> Register:
        """One of them, by name or by address."""
        return tables.register(self.type or "", key)

    def read(self, key: Key) -> Quantity:
        """A register as a value with its unit, by name or by address."""
        return self.bus.run(protocol.read_register(self.port, self.register(key)))

    def __getitem__(self, key: Key) -> Value:
        """The bare value of a register: device["battery_voltage"] is 25.4."""
        return self.read(key).value

    def read_raw(self, addr: int) -> int:
        """The 16 bits of any register, whether the tables have it or not."""
        return self.bus.run(protocol.read(self.port, addr))

    def write(self, key: Key, value: Any) -> Change:
        """Write a register and make sure: READ before, WRITE, READ after.

        value: see Register.encode().  Nothing is sent if it may not be written, InvalidValue.
        Risks: what the tables call danger can cut the power, see Register.risk; it is
        written like anything else.
        """
        reg = self.register(key)
        with self.bus.changing:
            doubled = self.bus.run(protocol.is_230v(self.port, reg))
            raw = reg.encode(value, doubled)
            return self.bus.run(protocol.write_register(self.port, reg, raw, doubled))

    def _step(self, key: Key, step: Step) -> Change:
        op = protocol.step_register(self.port, self.register(key), step, self.bus.inc_command)
        with self.bus.changing:
            return self.bus.run(op)

    def increase(self, key: Key) -> Change:
        """One step up (INC), and a look which way it went; never sent twice."""
        return self._step(key, Step.INC)

    def decrease(self, key: Key) -> Change:
        """One step down (DEC), and a look which way it went; never sent twice."""
        return self._step(key, Step.DEC)

    def enable(self, key: Key) -> Change:
        """ENABLE (command 1), and a look at what is there then."""
        return self._step(key, Step.ENABLE)

    def disable(self, key: Key) -> Change:
        """DISABLE (command 0), and a look at what is there then."""
        return self._step(key, Step.DISABLE)

    # ---- pages ----

    def status(self) -> Page:
        """What it does now; WrongDevice if its type has no status."""
        return self.bus.run(protocol.status(self.port, self.type))

    def log(self, day: int = 0) -> MxLog:
        """One day of its log, day days ago, 0 to 128; WrongDevice if its type has none."""
        return self.bus.run(protocol.log(self.port, self.type, day))


class Hub(Device):
    """A hub, on port 0: it only has a type and a revision."""


class Mx(Device):
    """An MX or FLEXmax charge controller."""

    def status(self) -> MxStatus:
        return MxStatus.decode(self.bus.run(protocol.status_page(self.port, 1)))


class Fx(Device):
    """An FX inverter."""

    def status(self) -> FxStatus:
        return FxStatus.decode(self.bus.run(protocol.status_page(self.port, 1)))


class Dc(Device):
    """A FLEXnet DC battery monitor; its status is six pages that belong together."""

    def __init__(self, bus: Bus, info: DeviceInfo) -> None:
        super().__init__(bus, info)
        self._last: Optional[DcStatus] = None

    def status(self) -> DcStatus:
        """All six pages.  See reading() for whether they are of one moment."""
        return self.reading().status

    def reading(self) -> protocol.DcReading:
        """All six pages, fetched once more if sums across them do not hold."""
        return self._remember(self.bus.run(protocol.dc_status(self.port)))

    def poll(self) -> protocol.DcReading:
        """As a MATE does: three pages, and the other three when the device says they changed.

        Of one thread, which remembers what was read last.
        """
        return self._remember(self.bus.run(protocol.dc_status(self.port, self._last)))

    def _remember(self, reading: protocol.DcReading) -> protocol.DcReading:
        self._last = reading.status
        return reading


CLASSES: Dict[Optional[str], Type[Device]] = {"hub": Hub, "mx": Mx, "fx": Fx, "dc": Dc}


def make_device(bus: Bus, info: DeviceInfo) -> Device:
    """The object for a device: Mx, Fx, Dc, Hub, or Device for a type that is not known."""
    return CLASSES.get(info.type, Device)(bus, info)


__all__ = ["Change", "Dc", "Device", "Fx", "Hub", "Mx", "Outcome", "make_device"]
