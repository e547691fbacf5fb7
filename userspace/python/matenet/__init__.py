# SPDX-License-Identifier: LGPL-2.1-or-later
"""OutBack devices on a MateNET bus, by the kernel module n_matenet.

    import matenet

    with matenet.Bus() as bus:                  # the only bus; or its number, name or path
        for device in bus.discover():
            print(device)
        mx = bus.device(1)
        print(mx.status().battery_voltage)      # 25.4, in volts
        print(mx.read("absorb_setpoint"))       # 28.8 V

    with matenet.Bus(write=True) as bus:        # the bus must be unlocked as well
        print(bus.device(2, "fx").write("float_setpoint", 27.2))

Values are numbers in the units that the classes document; what a device does not have is
None; numbers that no table has a name for are kept.  matenet.aio is the same for asyncio,
matenet.pymate for scripts that were written for pyMATE.  All is standard library, on
ioctls alone.
"""
from . import errors, protocol, uapi
from ._tables import PAGES, REGISTERS, DcStatus, FxStatus, MxLog, MxStatus
from .bus import Bus, BusInfo, Node, Record, buses, make_xfer
from .device import Dc, Device, Fx, Hub, Mx
from .errors import (Aborted, BadRequest, BusBusy, BusError, BusGone, Damaged, InvalidValue,
                     MatenetError, NoBus, NoReply, NotABus, NotAccessible, NotPermitted, Refused,
                     SeveralBuses, TransmitError, UnknownName, WireError, WrongDevice)
from .protocol import (Change, Command, DcReading, DeviceInfo, Outcome, Step, SyncStep, log_date)
from .tables import Field, Page, Register, register, registers
from .values import Bits, Choice, Quantity, battery_celsius

__version__ = "0.1"

__all__ = [
    "Aborted", "BadRequest", "Bits", "Bus", "BusBusy", "BusError", "BusGone", "BusInfo", "Change",
    "Choice", "Command", "Damaged", "Dc", "DcReading", "DcStatus", "Device", "DeviceInfo", "Field",
    "Fx", "FxStatus", "Hub", "InvalidValue", "MatenetError", "Mx", "MxLog", "MxStatus", "NoBus",
    "NoReply", "Node", "NotABus", "NotAccessible", "NotPermitted", "Outcome", "PAGES", "Page",
    "Quantity", "REGISTERS", "Record", "Refused", "Register", "SeveralBuses", "Step", "SyncStep",
    "TransmitError", "UnknownName", "WireError", "WrongDevice", "battery_celsius", "buses",
    "errors", "log_date", "make_xfer", "protocol", "register", "registers", "uapi",
]
