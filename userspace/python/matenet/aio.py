# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bus for asyncio: transactions are submitted, and awaited while others run.

    async with AsyncBus() as bus:
        mx = await bus.device(1)
        print(await mx.status())
"""
import asyncio
from typing import Any, Dict, Iterable, List, Optional, TypeVar, Union

from . import protocol, tables, uapi
from ._tables import MxLog
from .bus import Node, Patience, check_inc_command, check_reply, check_type
from .device import Key
from .errors import Aborted, BusError, BusGone, MatenetError
from .protocol import Change, Command, DeviceInfo, Op, Step
from .tables import Page
from .values import Quantity

T = TypeVar("T")


class AsyncBus(Node):
    """A bus whose transactions are awaited.  Of one event loop, the one it is made in."""

    def __init__(self, name: Union[None, int, str] = None, *, write: bool = False,
                 timeout: Optional[float] = None, retries: int = 1, inc_command: int = 1) -> None:
        """As matenet.Bus."""
        self.patience = Patience(timeout, retries)
        self.inc_command = check_inc_command(inc_command)
        self.changing = asyncio.Lock()
        self._pending: Dict[int, "asyncio.Future[uapi.Xfer]"] = {}
        self._loop = asyncio.get_running_loop()
        super().__init__(name, write=write)
        self._room = asyncio.Semaphore(self.caps().max_queue)
        self._loop.add_reader(self.fileno(), self._readable)

    async def __aenter__(self) -> "AsyncBus":
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the bus.  What is still awaited ends with Aborted."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
        super().close()
        self._fail(Aborted(f"{self.name}: closed"))

    def _fail(self, error: MatenetError) -> None:
        pending, self._pending = self._pending, {}
        for future in pending.values():
            if not future.done():
                future.set_exception(error)

    def _readable(self) -> None:
        try:
            records = self.records(0)
        except BusError as e:
            self._loop.remove_reader(self._fd)
            self._fail(e)
            return
        for record in records:
            if record.lost:
                self._fail(Aborted(f"{self.name}: {record.lost} records are lost"))
            if record.type == uapi.REC_XFER:
                future = self._pending.pop(record.body.sequence, None)
                if future and not future.done():
                    future.set_result(record.body)

    async def transfer(self, x: uapi.Xfer) -> uapi.Xfer:
        """One raw transaction; what happened on the wire is in the result's status.

        If it is cancelled before its command is on the wire, nothing is sent.
        """
        async with self._room:
            sequence = self.submit(x)
            future = self._loop.create_future()
            self._pending[sequence] = future
            try:
                return await future
            except asyncio.CancelledError:
                self._take_back(sequence)
                raise

    def _take_back(self, sequence: int) -> None:
        try:
            if self._fd >= 0:
                self.cancel(sequence)
        except MatenetError:
            pass  # too late: it is on the wire, or over

    async def command(self, port: int, command: int, addr: int, param: int = 0,
                      retries: Optional[int] = None) -> bytes:
        """One command; the data bytes of its reply, without byte 0."""
        return await self._transact(Command(port, command, addr, param, retries))

    async def _transact(self, command: Command) -> bytes:
        x = await self.transfer(self.patience.xfer(command))
        if x.status & uapi.ST_ABORTED:
            self.caps()  # BusGone if that is why
        return check_reply(self.name, command, x)

    async def run(self, op: Op[T]) -> T:
        """Drive one of the functions of matenet.protocol to its end."""
        try:
            command = next(op)
            while True:
                try:
                    data = await self._transact(command)
                except Exception as e:
                    command = op.throw(e)
                else:
                    command = op.send(data)
        except StopIteration as stop:
            return stop.value

    async def discover(self, quick: bool = False) -> List["AsyncDevice"]:
        """All devices, as Bus.discover()."""
        return [AsyncDevice(self, info) for info in await self.run(protocol.discover(quick))]

    async def device(self, port: int = 0, expect: Optional[str] = None) -> "AsyncDevice":
        """The device on a port, as Bus.device()."""
        return AsyncDevice(self, check_type(await self.run(protocol.identify(port)), expect))

    async def synchronize(self, devices: Iterable["AsyncDevice"],
                          **options: Any) -> List[protocol.SyncStep]:
        """As Bus.synchronize()."""
        async with self.changing:
            return await self.run(protocol.synchronize([d.info for d in devices], **options))


class AsyncDevice:
    """A device on a port; methods as those of matenet.Device, to be awaited."""

    def __init__(self, bus: AsyncBus, info: DeviceInfo) -> None:
        self.bus, self.info = bus, info

    def __str__(self) -> str:
        return str(self.info)

    @property
    def port(self) -> int:
        return self.info.port

    @property
    def type(self) -> Optional[str]:
        return self.info.type

    def register(self, key: Key) -> tables.Register:
        return tables.register(self.type or "", key)

    async def status(self) -> Page:
        return await self.bus.run(protocol.status(self.port, self.type))

    async def log(self, day: int = 0) -> MxLog:
        return await self.bus.run(protocol.log(self.port, self.type, day))

    async def read(self, key: Key) -> Quantity:
        return await self.bus.run(protocol.read_register(self.port, self.register(key)))

    async def write(self, key: Key, value: Any) -> Change:
        reg = self.register(key)
        async with self.bus.changing:
            doubled = await self.bus.run(protocol.is_230v(self.port, reg))
            raw = reg.encode(value, doubled)
            return await self.bus.run(protocol.write_register(self.port, reg, raw, doubled))

    async def step(self, key: Key, step: Step) -> Change:
        """Step.INC, DEC, ENABLE or DISABLE, and a look at what came of it."""
        reg = self.register(key)
        async with self.bus.changing:
            return await self.bus.run(
                protocol.step_register(self.port, reg, step, self.bus.inc_command))


__all__ = ["AsyncBus", "AsyncDevice", "BusGone", "Step"]
