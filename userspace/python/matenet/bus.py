# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bus: finding, opening, settings, and transactions on /dev/matenetN."""
import array
import fcntl
import os
import re
import select
import struct
import threading
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, TypeVar, Union

from . import protocol, uapi
from .errors import (BadRequest, BusError, Damaged, InvalidValue, NoBus, NotABus, SeveralBuses,
                     WrongDevice, from_errno, from_status)
from .protocol import Command, DeviceInfo, Op

SYSFS = "/sys/class/matenet"
T = TypeVar("T")


class BusInfo(NamedTuple):
    """A bus of this machine; tty is "" if it is not known."""

    number: int
    name: str
    tty: str

    @property
    def path(self) -> str:
        return f"/dev/{self.name}"


def buses() -> List[BusInfo]:
    """The buses of this machine by number.  No driver is the same as no bus."""
    try:
        names = os.listdir(SYSFS)
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        if re.fullmatch(r"matenet\d{1,5}", name):
            found.append(BusInfo(int(name[7:]), name, _tty_of(name)))
    return sorted(found)


def _tty_of(name: str) -> str:
    try:
        with open(f"{SYSFS}/{name}/tty", encoding="ascii") as f:
            return f.read().strip()
    except OSError:
        return ""


def bus_path(name: Union[None, int, str]) -> str:
    """Path of a bus given by number, name or path; of the only one there is for None."""
    if name is None:
        found = buses()
        if len(found) == 1:
            return found[0].path
        if not found:
            raise NoBus(None, "there is no bus")
        raise SeveralBuses(None, "there are several buses, name one: "
                           + ", ".join(info.name for info in found))
    text = str(name)
    if "/" in text:
        return text
    if re.fullmatch(r"\d{1,5}", text):
        return f"/dev/matenet{int(text)}"
    if re.fullmatch(r"matenet\d{1,5}", text):
        return f"/dev/{text}"
    raise NoBus(None, f'"{text}" is no bus: give its number, its name or its path')


class Record(NamedTuple):
    """What Bus.records() gives.

    ts: when it happened, ns of CLOCK_MONOTONIC
    type: uapi.REC_*; a later driver may have more
    lost: how many records between the last one and this one are gone
    body: uapi.Xfer, uapi.Frame or uapi.Config, or the bytes of another type
    """

    ts: int
    type: int
    lost: int
    body: Any


def _unpack_record(data: bytes) -> Record:
    ts, kind, _, lost, body = uapi.RECORD.unpack(data)
    if kind == uapi.REC_XFER:
        body = uapi.Xfer(*uapi.XFER.unpack_from(body))
    elif kind in (uapi.REC_COMMAND, uapi.REC_FRAME):
        frame = uapi.Frame(*uapi.FRAME.unpack_from(body))
        body = frame._replace(data=frame.data[:frame.length])
    elif kind == uapi.REC_STATE:
        body = uapi.Config(*uapi.CONFIG.unpack_from(body))
    return Record(ts, kind, lost, body)


def make_xfer(command: bytes, **fields: Any) -> uapi.Xfer:
    """A transaction to be given to xfer(), batch() or submit().

    command: without checksum; fields: those of uapi.Xfer, such as timeout_us, retries, flags
    """
    return uapi.Xfer(tx_len=len(command), tx=bytes(command), **fields)


def _pack(x: uapi.Xfer) -> bytearray:
    if len(x.tx) > uapi.MAX_DATA:
        raise InvalidValue(f"command of {len(x.tx)} bytes: at most {uapi.MAX_DATA}")
    try:
        return bytearray(uapi.XFER.pack(*x))
    except struct.error as e:
        raise InvalidValue(f"transaction {x.command.hex()}: {e}") from None


def _unpack(data: bytes) -> uapi.Xfer:
    return uapi.Xfer(*uapi.XFER.unpack(data))


class Node:
    """An open /dev/matenetN: the ioctls, one method each.

    Threads may share it: each transaction is whole.  Only close() must come last.
    """

    def __init__(self, name: Union[None, int, str] = None, *, write: bool = False) -> None:
        """Open a bus by number, name or path; None for the only one there is.

        write: commands that change something will be sent.  The bus must be unlocked, too,
        see configure().
        """
        self.path = bus_path(name)
        self.name = os.path.basename(self.path)
        self.write = write
        self._fd = -1
        # O_NOCTTY, O_NONBLOCK: the path may be some other device, even a tty.
        flags = os.O_RDWR if write else os.O_RDONLY
        try:
            self._fd = os.open(self.path, flags | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as e:
            raise from_errno(self.path, e) from None
        try:
            self.caps()
        except (BadRequest, NotABus) as e:
            # Not every foreign driver knows that ENOTTY is the answer.
            self.close()
            raise NotABus(e.errno, f"{self.path}: not a MateNET bus") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the bus.  Nothing happens if it is closed already."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def fileno(self) -> int:
        """The descriptor, for poll() and select(); it is not blocking."""
        if self._fd < 0:
            raise BusError(None, f"{self.name}: the bus is closed")
        return self._fd

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}{'' if self._fd >= 0 else ', closed'}>"

    def _ioctl(self, what: str, request: int, argument: Any) -> None:
        """argument is a mutable buffer, and written back into.

        A signal that comes before anything was sent is handled, and the call made again.
        """
        while True:
            try:
                fcntl.ioctl(self.fileno(), request, argument)
                return
            except InterruptedError:
                continue
            except BusError:
                raise
            except OSError as e:
                raise from_errno(f"{self.name}: {what}", e) from None

    # ---- settings ----

    def caps(self) -> uapi.Caps:
        """What the bus and the driver can do."""
        data = bytearray(uapi.CAPS.size)
        self._ioctl("capabilities", uapi.IOC_G_CAPS, data)
        driver, tty, *numbers = uapi.CAPS.unpack(data)
        return uapi.Caps(*(text.split(b"\0")[0].decode("ascii", "replace")
                           for text in (driver, tty)), *numbers)

    def config(self) -> uapi.Config:
        """Settings of the bus, shared by all its users; times are in microseconds."""
        return uapi.Config(*uapi.CONFIG.unpack(self._get_config()))

    def _get_config(self) -> bytearray:
        data = bytearray(uapi.CONFIG.size)
        self._ioctl("configuration", uapi.IOC_G_CONFIG, data)
        return data

    def configure(self, *, writable: Optional[bool] = None, strict: Optional[bool] = None,
                  **fields: int) -> uapi.Config:
        """Change settings of the bus, for all its users; takes CAP_NET_ADMIN.

        writable: commands that change something may be sent
        strict: a wrong ninth bit fails the reply
        fields: those of uapi.Config, such as reply_timeout_us
        """
        data = self._get_config()
        old = uapi.Config(*uapi.CONFIG.unpack(data))
        for name in fields:
            if name not in old._fields:
                raise InvalidValue(f'the bus has no setting "{name}", there are writable, '
                                   f"strict, {', '.join(old._fields)}")
        new = old._replace(**fields)
        for bit, on in ((uapi.CFG_WRITABLE, writable), (uapi.CFG_STRICT, strict)):
            if on is not None:
                new = new._replace(flags=new.flags | bit if on else new.flags & ~bit)
        try:
            # Not over the reserved fields: a newer driver may use them.
            struct.pack_into(f"={len(new)}I", data, 0, *new)
        except struct.error as e:
            raise InvalidValue(f"configuration {fields}: {e}") from None
        self._ioctl("configuration", uapi.IOC_S_CONFIG, data)
        return uapi.Config(*uapi.CONFIG.unpack(data))

    def mode(self) -> uapi.Mode:
        """What this open file wants of the bus."""
        data = bytearray(uapi.MODE.size)
        self._ioctl("mode", uapi.IOC_G_MODE, data)
        return uapi.Mode(*uapi.MODE.unpack(data))

    def set_mode(self, mode: int, port_mask: int = 0) -> None:
        """uapi.MODE_*; port_mask: in the device role, ports to take commands for."""
        data = bytearray(uapi.MODE.pack(mode, 0, port_mask))
        self._ioctl(f"mode {mode}", uapi.IOC_S_MODE, data)

    # ---- transactions ----

    def xfer(self, x: uapi.Xfer) -> uapi.Xfer:
        """One raw transaction; what happened on the wire is in the result's status."""
        data = _pack(x)
        self._ioctl(f"transaction {x.command.hex()}", uapi.IOC_XFER, data)
        return _unpack(data)

    def batch(self, xfers: Sequence[uapi.Xfer]) -> List[uapi.Xfer]:
        """Up to 64 transactions with nothing of others between."""
        size = uapi.XFER.size
        room = array.array("B", b"".join(map(_pack, xfers)))
        address, _ = room.buffer_info()
        data = bytearray(uapi.BATCH.pack(address, len(xfers), 0, 0))
        self._ioctl(f"batch of {len(xfers)}", uapi.IOC_BATCH, data)
        return [_unpack(room[i * size:(i + 1) * size].tobytes()) for i in range(len(xfers))]

    def submit(self, x: uapi.Xfer) -> int:
        """Queue a transaction; its sequence number comes back at once, the rest as a record."""
        data = _pack(x)
        self._ioctl(f"transaction {x.command.hex()}", uapi.IOC_SUBMIT, data)
        return _unpack(data).sequence

    def cancel(self, sequence: int) -> None:
        """Take back what was submitted.  BusBusy: it is being sent.  InvalidValue: it is over."""
        data = bytearray(struct.pack("=I", sequence & 0xFFFFFFFF))
        try:
            self._ioctl(f"cancel {sequence}", uapi.IOC_CANCEL, data)
        except NoBus:
            raise InvalidValue(f"{self.name}: cancel {sequence}: there is no such transaction, "
                               "or it is over") from None

    def reply(self, sequence: int, data: bytes, raw: bool = False) -> None:
        """Device role: answer the command with that sequence number; raw: with its checksum."""
        flags = uapi.XFER_RAW if raw else 0
        if len(data) > uapi.MAX_DATA:
            raise InvalidValue(f"reply of {len(data)} bytes: at most {uapi.MAX_DATA}")
        self._ioctl(f"reply to {sequence}", uapi.IOC_REPLY,
                    bytearray(uapi.REPLY.pack(sequence, flags, len(data), bytes(data))))

    def records(self, timeout: Optional[float] = None) -> List[Record]:
        """The records there are, after waiting for the first one.

        timeout: seconds to wait; 0 not at all, None without end.  [] if none came in time.
        BusGone when there is no bus any more and all have been read.
        """
        poll = select.poll()
        poll.register(self.fileno(), select.POLLIN)
        poll.poll(None if timeout is None else max(0, timeout * 1000))
        size = uapi.RECORD.size
        try:
            data = os.read(self.fileno(), 64 * size)
        except BlockingIOError:
            return []
        except OSError as e:
            raise from_errno(f"{self.name}: read", e) from None
        return [_unpack_record(data[i:i + size]) for i in range(0, len(data), size)]


def check_reply(name: str, command: Command, x: uapi.Xfer) -> bytes:
    """Data bytes of a reply, without byte 0; or a WireError that says what came of it."""
    what = f"{name}: {command}"
    if not x.status & uapi.ST_OK:
        raise from_status(what, x.status, x.attempts, x.reply)
    data, expected = x.reply[1:], protocol.REPLY_BYTES.get(command.command)
    if expected is not None and len(data) != expected:
        code = "short" if len(data) < expected else "long"
        raise Damaged(f"{what}: reply too {code}", x.status, x.attempts, x.reply, code)
    return data


class Patience:
    """How long a handle waits for a reply, and how often it asks again.

    timeout: seconds for the first byte; None: as the bus is configured (45 ms by default)
    retries: after silence or damage, 0 to 15; of READ, STATUS and LOG.  A WRITE is sent again
        only if its Command says so, INC and DEC never.
    """

    def __init__(self, timeout: Optional[float], retries: int) -> None:
        if timeout is not None and not 0.001 <= timeout <= 10:
            raise InvalidValue(f"timeout {timeout}: may be 0.001 to 10 s")
        if not 0 <= retries <= 15:
            raise InvalidValue(f"retries {retries}: may be 0 to 15")
        self.timeout_us = 0 if timeout is None else round(timeout * 1e6)
        self.retries = retries

    def xfer(self, command: Command) -> uapi.Xfer:
        retries = command.retries
        if retries is None:
            reading = command.command in (uapi.CMD_READ, uapi.CMD_STATUS, uapi.CMD_LOG)
            retries = self.retries if reading else 0
        return make_xfer(command.encode(), timeout_us=self.timeout_us, retries=retries)


class Bus(Node):
    """A bus and the devices on it.

        with matenet.Bus() as bus:
            for device in bus.discover():
                print(device)

    Threads may share it: each transaction is whole, and so is each change with its reads
    before and after.
    """

    def __init__(self, name: Union[None, int, str] = None, *, write: bool = False,
                 timeout: Optional[float] = None, retries: int = 1, inc_command: int = 1) -> None:
        """Open a bus by number, name or path; None for the only one there is.

        write: commands that change something will be sent
        timeout, retries: see Patience
        inc_command: which command number is INC, 0 or 1; the other is DEC.  The sources
            contradict each other; after a step Change.moved says which way it went.
        """
        self.patience = Patience(timeout, retries)
        self.inc_command = check_inc_command(inc_command)
        self.changing = threading.RLock()
        super().__init__(name, write=write)

    def __enter__(self) -> "Bus":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def command(self, port: int, command: int, addr: int, param: int = 0,
                retries: Optional[int] = None) -> bytes:
        """One command; the data bytes of its reply, without byte 0.

        command: uapi.CMD_*.  retries: None for those of the bus, see Patience.
        """
        return self._transact(Command(port, command, addr, param, retries))

    def _transact(self, command: Command) -> bytes:
        return check_reply(self.name, command, self.xfer(self.patience.xfer(command)))

    def run(self, op: Op[T]) -> T:
        """Drive one of the functions of matenet.protocol to its end."""
        try:
            command = next(op)
            while True:
                try:
                    data = self._transact(command)
                except Exception as e:
                    command = op.throw(e)
                else:
                    command = op.send(data)
        except StopIteration as stop:
            return stop.value

    def discover(self, quick: bool = False,
                 progress: Optional[protocol.Progress] = None) -> List["Device"]:
        """All devices: the one on port 0, and those on ports 1 to 10 if that is a hub.

        An empty port costs one timeout.  quick: without the firmware's revisions.
        progress(port, info, error) is called after each port.
        """
        return [make_device(self, info) for info in self.run(protocol.discover(quick, progress))]

    def device(self, port: int = 0, expect: Optional[str] = None) -> "Device":
        """The device on a port.

        expect: "mx", "fx", "dc" or "hub": WrongDevice if it is another.
        """
        return make_device(self, check_type(self.run(protocol.identify(port)), expect))

    def find(self, kind: str) -> "Device":
        """The only device of a type: "mx", "fx", "dc" or "hub"; WrongDevice otherwise."""
        found = [info for info in self.run(protocol.discover(quick=True)) if info.type == kind]
        if len(found) != 1:
            where = ", ".join(f"port {info.port}" for info in found)
            raise WrongDevice(f"{self.name}: {len(found)} devices of type {kind}"
                              + (f": {where}" if where else ""))
        return self.device(found[0].port, kind)

    def synchronize(self, devices: Iterable["Device"], **options: Any) -> List[protocol.SyncStep]:
        """Set clocks and battery temperatures as a MATE does; see protocol.synchronize()."""
        infos = [device.info for device in devices]
        with self.changing:
            return self.run(protocol.synchronize(infos, **options))

    def statistics(self) -> Dict[str, int]:
        """Counters since the bus was attached, as below /sys/class/matenet/matenetN."""
        folder, counters = f"{SYSFS}/matenet{self.caps().bus}/statistics", {}
        try:
            for name in sorted(os.listdir(folder)):
                with open(f"{folder}/{name}", encoding="ascii") as f:
                    counters[name] = int(f.read())
        except OSError as e:
            raise from_errno(f"{self.name}: statistics", e) from None
        return counters


def check_inc_command(number: int) -> int:
    if number not in (0, 1):
        raise InvalidValue(f"inc_command {number}: may be 0 or 1")
    return number


def check_type(info: DeviceInfo, expect: Optional[str]) -> DeviceInfo:
    """Refuse a device that is not of the type that was promised."""
    if expect is not None and info.type != expect:
        raise WrongDevice(f"port {info.port}: the device is of type "
                          f"{info.type or info.number}, not {expect}")
    return info


from .device import Device, make_device  # noqa: E402  they need Bus, and Bus makes them
