# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is asked of the devices, and in which order, without a word about how it is sent.

Each function here is a generator that yields Commands, is sent the data bytes of their
replies (or thrown what went wrong), and returns a result.  Bus.run() and AsyncBus.run()
drive them.
"""
import datetime
import enum
from dataclasses import dataclass
from typing import Callable, Generator, Iterable, List, NamedTuple, Optional, Tuple, Type, TypeVar

from . import uapi
from ._tables import DcStatus, FxStatus, MxLog, MxStatus
from .errors import (InvalidValue, MatenetError, NoReply, NotAccessible, Refused, WireError,
                     WrongDevice)
from .tables import Page, Register, register
from .values import Quantity, join_date, join_time

PORT_MAX = 10
"""A hub has ports 1 to 10."""
DAY_MAX = 128
"""A charge controller remembers that many days."""

TYPE_NAMES = {1: "hub", 2: "fx", 3: "mx", 4: "dc"}
"""Names of the types of devices, by the low byte of register 0000."""


class Command(NamedTuple):
    """A command: four numbers, and how often to repeat it.

    port: 0 for the device plugged in directly or the hub itself, 1 to 10 for a hub's ports
    command: uapi.CMD_*
    retries: after silence or a damaged reply; None: as the bus is set
    """

    port: int
    command: int
    addr: int
    param: int = 0
    retries: Optional[int] = None

    def encode(self) -> bytes:
        """The six bytes, without checksum."""
        for name, value, most in (("port", self.port, PORT_MAX), ("command", self.command, 0xFF),
                                  ("addr", self.addr, 0xFFFF), ("param", self.param, 0xFFFF)):
            if not isinstance(value, int) or not 0 <= value <= most:
                raise InvalidValue(f"{name} {value}: may be 0 to {most}")
        return bytes((self.port, self.command, self.addr >> 8, self.addr & 0xFF,
                      self.param >> 8, self.param & 0xFF))

    def __str__(self) -> str:
        names = {uapi.CMD_DEC: "DEC", uapi.CMD_INC: "INC", uapi.CMD_READ: "READ",
                 uapi.CMD_WRITE: "WRITE", uapi.CMD_STATUS: "STATUS", uapi.CMD_LOG: "LOG"}
        name = names.get(self.command, f"command {self.command}")
        if self.command == uapi.CMD_LOG:
            return f"port {self.port}: {name} of day {self.param}"
        return f"port {self.port}: {name} {self.addr:04X}"


T = TypeVar("T")
Op = Generator[Command, bytes, T]

# ---- one command -------------------------------------------------------------------

# Data bytes of the replies, without byte 0.
REPLY_BYTES = {uapi.CMD_DEC: 2, uapi.CMD_INC: 2, uapi.CMD_READ: 2, uapi.CMD_WRITE: 2,
               uapi.CMD_STATUS: 13, uapi.CMD_LOG: 14}


def read(port: int, addr: int, retries: Optional[int] = None) -> Op[int]:
    """The 16 bits of a register (READ)."""
    return int.from_bytes((yield Command(port, uapi.CMD_READ, addr, 0, retries)), "big")


def write(port: int, addr: int, value: int) -> Op[int]:
    """WRITE, once, without a look at the result.  The answer is not always an echo."""
    return int.from_bytes((yield Command(port, uapi.CMD_WRITE, addr, value, 0)), "big")


def status_page(port: int, page: int) -> Op[bytes]:
    """13 bytes of status (STATUS): page 1 of an MX or FX, 0x0A to 0x0F of a FLEXnet DC."""
    return (yield Command(port, uapi.CMD_STATUS, page))


def log_page(port: int, day: int) -> Op[bytes]:
    """14 bytes of log (LOG), day days ago."""
    if not 0 <= day <= DAY_MAX:
        raise InvalidValue(f"day {day}: may be 0 (today) to {DAY_MAX}")
    return (yield Command(port, uapi.CMD_LOG, 0, day))


# ---- who is there ------------------------------------------------------------------


@dataclass(frozen=True)
class DeviceInfo:
    """Who answers on a port.

    number: type of device, the low byte of register 0000; type: its name, None if unknown
    variant: the high byte, which is masked from the type (FM80 0x02)
    firmware: three numbers, of an FX one, () if it is not known
    """

    port: int
    number: int
    variant: int = 0
    firmware: Tuple[int, ...] = ()

    @property
    def type(self) -> Optional[str]:
        return TYPE_NAMES.get(self.number)

    @property
    def revision(self) -> str:
        """As its family writes it: "001.009.008", "061", "" if it is not known."""
        return ".".join(f"{part:03}" for part in self.firmware)

    def __str__(self) -> str:
        return f"port {self.port}: {self.type or f'type {self.number}'} {self.revision}".rstrip()


def _firmware(info: DeviceInfo) -> Op[DeviceInfo]:
    """A device whose revision cannot be read is still a device."""
    if info.type is None:
        return info
    names = ["fw_rev"] if info.type == "fx" else ["fw_rev_a", "fw_rev_b", "fw_rev_c"]
    parts = []
    try:
        for name in names:
            parts.append((yield from read(info.port, register(info.type, name).addr)))
    except WireError:
        return info
    return DeviceInfo(info.port, info.number, info.variant, tuple(parts))


def _type(port: int, retries: Optional[int]) -> Op[DeviceInfo]:
    value = yield from read(port, register("all", "device_type").addr, retries)
    return DeviceInfo(port, value & 0xFF, value >> 8)


def identify(port: int, quick: bool = False) -> Op[DeviceInfo]:
    """Ask a port who is there; quick: without the firmware's revision."""
    info = yield from _type(port, None)
    return info if quick else (yield from _firmware(info))


Progress = Callable[[int, Optional[DeviceInfo], Optional[WireError]], None]
_DAMAGED_TRIES = 3  # a damaged reply is proof that somebody is there


def _probe(port: int, quick: bool) -> Op[DeviceInfo]:
    """A silent port of a hub is asked once; port 0 more often: all depends on it."""
    for tries in range(_DAMAGED_TRIES, 0, -1):
        try:
            info = yield from _type(port, 0 if port else None)
            return info if quick else (yield from _firmware(info))
        except NoReply:
            raise
        except WireError:
            if tries == 1:
                raise
    raise AssertionError


def discover(quick: bool = False, progress: Optional[Progress] = None) -> Op[List[DeviceInfo]]:
    """Ask port 0, and ports 1 to 10 if a hub answers there.

    progress(port, info, error) is called after each port.  Raises NoReply if nothing is on
    port 0; other ports without a good reply are left out.
    """
    found: List[DeviceInfo] = []
    for port in range(PORT_MAX + 1):
        info, error = None, None
        try:
            info = yield from _probe(port, quick)
            found.append(info)
        except WireError as e:
            error = e
        if progress:
            progress(port, info, error)
        if error and not port:
            raise error
        if found[0].type != "hub":
            break
    return found


# ---- status and log ----------------------------------------------------------------

_ONE_PAGE = {"mx": MxStatus, "fx": FxStatus}
_DC_PAGES = tuple(range(0x0A, 0x10))
_DC_ALWAYS = 3  # 0A, 0B, 0C; the others when flag 0x40 of 0B says so
_DC_CHANGED = "summary_changed"
_DC_TRIES = 2


@dataclass(frozen=True)
class DcReading:
    """The six status pages of a FLEXnet DC, as one.

    torn: they are of different moments, even after fetching them again
    starting: just switched on, it has measured nothing: zeros but for 0.1 V
    """

    status: DcStatus
    torn: bool = False

    @property
    def starting(self) -> bool:
        return self.status.raw == _DC_STARTING


_DC_STARTING = bytes(7) + b"\1" + bytes(70)

# in - out = net: the sums that lie across pages.  They include every value of which one half
# is on each of two pages.
_DC_SUMS = (
    ("input_power", "output_power", "battery_power"),
    ("today_input_energy", "today_output_energy", "today_battery_energy"),
    ("since_full_input_charge", "since_full_output_charge", "since_full_net_charge"),
)
_DC_SLACK = 2  # in raw numbers: each of the three is rounded by itself


def _raw(status: DcStatus, name: str) -> int:
    return status.field(name).raw(status.raw)


def is_torn(status: DcStatus) -> bool:
    """Sums across its pages do not hold: the device changed them in between."""
    # In 16 bits, for counters that went round.
    rests = ((_raw(status, into) - _raw(status, out) - _raw(status, net) + _DC_SLACK) & 0xFFFF
             for into, out, net in _DC_SUMS)
    return any(rest > 2 * _DC_SLACK for rest in rests)


def _dc_pages(port: int, first: int, end: Optional[int]) -> Op[bytes]:
    raw = b""
    for page in _DC_PAGES[first:end]:
        raw += yield from status_page(port, page)
    return raw


def dc_status(port: int, last: Optional[DcStatus] = None) -> Op[DcReading]:
    """Status of a FLEXnet DC.

    last: what was read before; then as a MATE does: pages 0D to 0F only when flag 0x40 of 0B
    says that they have changed, or when sums across the pages do not hold.
    """
    for _ in range(_DC_TRIES):
        raw = yield from _dc_pages(port, 0, _DC_ALWAYS)
        now = DcStatus.decode(raw + (last.raw if last else bytes(DcStatus.LENGTH))[len(raw):])
        if last is None or _DC_CHANGED in now.flags:
            now = DcStatus.decode(raw + (yield from _dc_pages(port, _DC_ALWAYS, None)))
        if not is_torn(now):
            return DcReading(now)
        last = None
    return DcReading(now, True)


def status(port: int, kind: Optional[str]) -> Op[Page]:
    """Status of a device of type "mx", "fx" or "dc", in its page's class."""
    if kind == "dc":
        return (yield from dc_status(port)).status
    page: Optional[Type[Page]] = _ONE_PAGE.get(kind or "")
    if page is None:
        raise WrongDevice(f"port {port}: a device of type {kind} has no status page")
    return page.decode((yield from status_page(port, 1)))


def log(port: int, kind: Optional[str], day: int) -> Op[MxLog]:
    """One day of a charge controller's log; nobody has had one from a FLEXnet DC."""
    if kind != "mx":
        raise WrongDevice(f"port {port}: a device of type {kind} has no log pages")
    return MxLog.decode((yield from log_page(port, day)))


def log_date(page: MxLog, today: Optional[datetime.date] = None) -> datetime.date:
    """The day a log page is of."""
    return (today or datetime.date.today()) - datetime.timedelta(days=page.day)


# ---- registers ----------------------------------------------------------------------


def is_230v(port: int, reg: Register) -> Op[bool]:
    """Whether volts count double; only asked where it matters."""
    if reg.rule230 == "none":
        return False
    return FxStatus.decode((yield from status_page(port, 1))).is_230v


def read_register(port: int, reg: Register) -> Op[Quantity]:
    """A register as a value."""
    if not reg.readable:
        raise NotAccessible(f"port {port}: {reg} cannot be read")
    doubled = yield from is_230v(port, reg)
    return reg.decode((yield from read(port, reg.addr)), doubled)


class Outcome(enum.Enum):
    """How a change ended; the words are those of matetool."""

    APPLIED = "applied"
    """Read back: it is as it was wanted."""
    DIFFERS = "differs"
    """Read back: it is not, see after."""
    REFUSED = "refused"
    """The device answered that it will not."""
    NO_REPLY = "no_reply"
    """No good answer, and no sign that it has happened.  It may have, all the same."""
    UNVERIFIED = "unverified"
    """The device answered, but it could not be read back."""


@dataclass(frozen=True)
class Change:
    """What became of a write or a step.

    before, answer, after: raw numbers; None where there is none.  An MX answers with the low
    byte alone.
    wanted: what was written; None for a step
    moved: -1 down, 1 up, 0 not at all; None if it is not known
    error: what went wrong with the command, or with reading back
    sent: how often it was sent
    """

    outcome: Outcome
    port: int
    register: Register
    before: Optional[int]
    wanted: Optional[int]
    answer: Optional[int]
    after: Optional[int]
    error: Optional[MatenetError]
    sent: int = 1
    is_230v: bool = False

    @property
    def applied(self) -> bool:
        return self.outcome is Outcome.APPLIED

    @property
    def moved(self) -> Optional[int]:
        if self.before is None or self.after is None:
            return None
        old, new = (self._comparable(raw) for raw in (self.before, self.after))
        return (new > old) - (new < old)

    def _comparable(self, raw: int) -> int:
        raw &= self.register.value_mask
        return raw - 0x10000 if self.register.type == "s16" and raw & 0x8000 else raw

    def _show(self, raw: Optional[int]) -> str:
        return "?" if raw is None else str(self.register.decode(raw, self.is_230v))

    def __str__(self) -> str:
        target = self.after if self.wanted is None else self.wanted
        text = (f"port {self.port}: {self.register}: {self._show(self.before)} -> "
                f"{self._show(target)}: {self.outcome.value}")
        if self.outcome is Outcome.DIFFERS and self.wanted is not None:
            text += f", it is {self._show(self.after)}"
        return text


# What may be sent again if it turns out not to have happened.
_RESEND = ("setpoint", "sync")


@dataclass
class _Try:
    """What is known of a change that is under way."""

    port: int
    reg: Register
    before: Optional[int] = None
    answer: Optional[int] = None
    after: Optional[int] = None
    error: Optional[WireError] = None
    sent: int = 0

    def send(self, command: Command) -> Op[None]:
        """Once, and a look at what is there then.  Raises what kept the first from being sent."""
        answer, error = None, None
        try:
            answer = int.from_bytes((yield command), "big")
        except WireError as e:
            if not e.sent:
                if self.sent:
                    return
                raise
            error = e
        self.sent += 1
        self.answer, self.error, self.after = answer, error, None
        if self.reg.readable and not isinstance(error, Refused):
            try:
                self.after = yield from read(self.port, self.reg.addr)
            except WireError as e:
                self.error = error or e

    def same(self, a: Optional[int], b: Optional[int]) -> bool:
        """In the bits that the register has a meaning for."""
        if a is None or b is None:
            return False
        return not (a ^ b) & (self.reg.value_mask | self.reg.flag_mask)

    @property
    def lost(self) -> bool:
        """No good answer, and the register is as it was."""
        return self.answer is None and self.same(self.after, self.before)

    def outcome(self, done: bool) -> Outcome:
        if isinstance(self.error, Refused) and self.answer is None:
            return Outcome.REFUSED
        if self.after is None:
            return Outcome.NO_REPLY if self.answer is None else Outcome.UNVERIFIED
        if done:
            return Outcome.APPLIED
        return Outcome.NO_REPLY if self.lost else Outcome.DIFFERS

    def result(self, wanted: Optional[int], done: bool, doubled: bool = False) -> Change:
        return Change(self.outcome(done), self.port, self.reg, self.before, wanted, self.answer,
                      self.after, self.error, self.sent, doubled)


def _is_written(t: _Try, raw: int) -> bool:
    if t.reg.risk == "reset" and t.after is not None:
        return (t.same(t.after, raw) or t.same(t.after, t.answer)
                or not t.same(t.after, t.before))
    return t.same(t.after, raw)


def write_register(port: int, reg: Register, raw: int, doubled: bool = False) -> Op[Change]:
    """Write a register and make sure: READ before (if it can be read), WRITE, READ after.

    A lost or damaged answer is no answer to whether it was done: the register is read.  If it
    is unchanged then, a set point or a sync is sent once more, a control or a reset never.  A
    reset counts as applied if the register holds what the device answered, or something else
    than before.
    """
    if not reg.writable:
        raise NotAccessible(f"port {port}: {reg} cannot be written")
    reg.check(raw)
    t = _Try(port, reg)
    if reg.readable:
        t.before = yield from read(port, reg.addr)
    command = Command(port, uapi.CMD_WRITE, reg.addr, raw, 0)
    yield from t.send(command)
    if reg.risk in _RESEND and t.lost and not _is_written(t, raw):
        yield from t.send(command)
    return t.result(raw, _is_written(t, raw), doubled)


class Step(enum.Enum):
    """What to do with a register beside writing it."""

    DEC = "dec"
    INC = "inc"
    DISABLE = "disable"
    ENABLE = "enable"


_SWITCHED = {Step.ENABLE: ("on", "enabled"), Step.DISABLE: ("off", "disabled")}


def step_register(port: int, reg: Register, step: Step, inc_command: int = 1) -> Op[Change]:
    """One step, and a look which way it went: READ, the command, READ.  Never sent twice.

    inc_command: which command number is INC, 0 or 1; the other is DEC.  The sources contradict
    each other; Change.moved says who is right.  DISABLE is always 0 and ENABLE 1.

    APPLIED: INC moved it up or DEC down; ENABLE or DISABLE left it with the number named so.
    DIFFERS: it moved the other way, or not at all (an end of its range).
    """
    stepping = step in (Step.DEC, Step.INC)
    if ("incdec" if stepping else "endis") not in reg.access:
        raise NotAccessible(f"port {port}: {reg} does not take {step.name}")
    number = inc_command ^ (step is Step.DEC) if stepping else int(step is Step.ENABLE)
    t = _Try(port, reg)
    t.before = yield from read(port, reg.addr)
    yield from t.send(Command(port, number, reg.addr, 0, 0))
    if stepping:
        done = t.result(None, False).moved == (1 if step is Step.INC else -1)
    else:
        done = t.after is not None and reg.names.get(t.after & reg.value_mask) in _SWITCHED[step]
    return t.result(None, done)


# ---- what a controller must do regularly --------------------------------------------


@dataclass(frozen=True)
class SyncStep:
    """One of the things that synchronize() did.

    value: what was read from the MX, or written, as a raw number
    error: why it was not done, or None
    """

    port: int
    register: Register
    value: int = 0
    error: Optional[MatenetError] = None


class _Sync:
    """Collects the steps."""

    def __init__(self) -> None:
        self.steps: List[SyncStep] = []

    def _note(self, port: int, reg: Register, value: int, error: Optional[MatenetError]) -> None:
        self.steps.append(SyncStep(port, reg, value, error))

    def write(self, info: DeviceInfo, name: str, value: int) -> Op[None]:
        reg = register(info.type or "", name)
        try:
            yield from write(info.port, reg.addr, value)
        except WireError as e:
            self._note(info.port, reg, value, e)
        else:
            self._note(info.port, reg, value, None)

    def read_temperature(self, devices: Iterable[DeviceInfo]) -> Op[Optional[int]]:
        """Of the first MX that has a plausible one."""
        reg = register("mx", "battery_temp_raw")
        for info in (i for i in devices if i.type == "mx"):
            try:
                raw = yield from read(info.port, reg.addr)
            except WireError as e:
                self._note(info.port, reg, 0, e)
                continue
            if is_plausible(raw):
                self._note(info.port, reg, raw, None)
                return raw
            self._note(info.port, reg, raw, InvalidValue(
                f"port {info.port}: {reg}: {raw} is no temperature that a sensor gives"))
        return None


def is_plausible(raw: int) -> bool:
    """Whether an MX's raw battery temperature is one that a sensor gives: 70 to -21 degC."""
    return 1 <= raw <= 254


def synchronize(devices: Iterable[DeviceInfo], now: Optional[datetime.datetime] = None,
                time: bool = True, date: bool = True,
                temperature: bool = True) -> Op[List[SyncStep]]:
    """Set clocks and battery temperatures as a MATE does.

    now: local time; None for the system's
    time (a real MATE: each 30 s): to each MX and DC; date (60 s): to each DC
    temperature (60 s): of the first MX with a plausible one, to each FX and DC

    One device that does not answer does not keep the others from it: see SyncStep.error.
    """
    devices, sync = list(devices), _Sync()
    now = now or datetime.datetime.now()
    if time:
        for info in (i for i in devices if i.type in ("mx", "dc")):
            yield from sync.write(info, "clock_time", join_time(now.time()))
    if date:
        for info in (i for i in devices if i.type == "dc"):
            yield from sync.write(info, "clock_date", join_date(now.date()))
    takers = [i for i in devices if temperature and i.type in ("fx", "dc")]
    raw = (yield from sync.read_temperature(devices)) if takers else None
    if raw is not None:
        for info in takers:
            yield from sync.write(info, "battery_temp_sync", raw)
    return sync.steps
