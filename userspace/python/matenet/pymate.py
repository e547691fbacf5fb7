# SPDX-License-Identifier: LGPL-2.1-or-later
"""For scripts that were written for pyMATE: change their import lines, and they run.

    from pymate.matenet import MateNET, MateMXDevice      # before
    from matenet.pymate import MateNET, MateMXDevice      # after

The names, arguments and attributes are pyMATE's, the work is done by matenet.Bus.  What is
different, because pyMATE is wrong there:

- amp_hours of an MX's status has all eleven bits: pyMATE lays bits 8 to 10 over bits 0 to 2,
  so that what it shows from 256 Ah on is wrong.
- kilowatts_peak of a log page is the peak power in watts / 1000; pyMATE puts its bits together wrongly
  (1047 W for 1116 W).
- update_time() sends all 60 seconds; pyMATE takes them modulo 32.
- What DCStatusPacket calls shunta_kwh_today and so on is counted since the battery was last
  full.  Those names are kept, warn (DeprecationWarning), and give what shunta_kwh_since_full
  gives.  today_* of the whole battery (in_ah_today, ...) is right in both.
- Times that remain (absorb_time_remaining, ...) and total_kah are tenths of what they are in
  pyMATE; voc and max_voc have their unit.
- A device's type is without its variant: find_device() finds a FLEXmax 80; port 10 is looked at.
- A control that the device does not answer raises RuntimeError; in pyMATE nobody is told.  A
  control that no table knows (inverter_control = 7) raises ValueError and is not sent.
- Values are floats: they can be added, compared and written as JSON.

A bus is opened for writing if the user may; that commands which change something get to the
devices is up to its administrator, see Bus.configure(writable=True).
"""
import datetime
import logging
import os
import struct
import warnings
from typing import Any, ClassVar, Dict, Iterable, List, Mapping, Optional, Tuple, Type, Union

from . import protocol, tables, uapi
from ._tables import DcStatus, FxStatus, MxLog, MxStatus
from .bus import Bus, buses, make_xfer
from .errors import MatenetError, NoBus, NoReply, NotPermitted, Refused, WireError, from_status
from .tables import Page
from .values import battery_celsius, join_date, join_time


class MateError(RuntimeError):
    """What pyMATE calls RuntimeError; __cause__ is the MatenetError behind it."""


class Value(float):
    """A number with its unit: float() and int() give the number, str() both, "25.4V"."""

    def __new__(cls, value: Any, units: Optional[str] = None, resolution: int = 0) -> "Value":
        self = super().__new__(cls, value)
        self.units, self.resolution = units, resolution
        self.fmt = f"%.{resolution}f{(units or '').replace('%', '%%')}"
        return self

    units: Optional[str]
    resolution: int
    fmt: str

    def __getnewargs__(self) -> Any:
        return float(self), self.units, self.resolution

    @property
    def value(self) -> float:
        return float(self)

    def __str__(self) -> str:
        return f"{float(self):.{self.resolution}f}{self.units or ''}"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format(str(self), spec) if not spec or spec[-1] == "s" else format(float(self), spec)


# ---- the bus --------------------------------------------------------------------------


def _bus_of(port: Any) -> str:
    """Name of the bus for what pyMATE was told: a bus, a tty, or a pyserial object."""
    name = getattr(port, "port", port)
    if name is None:
        raise NoBus(None, f"{port!r}: a serial port that has no name")
    text = str(name)
    if os.path.basename(text).startswith("matenet") or text.isdigit():
        return text
    tty = os.path.basename(os.path.realpath(text)) if "/" in text else text
    for bus in buses():
        if bus.tty == tty:
            return bus.path
    raise NoBus(None, f"{text}: no MateNET bus there; make one of it: matetool attach {text}")


class MateNETSerial:
    """A serial port, which is a bus of the kernel here.

    comport: number, name or path of a bus, its tty (/dev/ttyUSB0), a pyserial object, a
        matenet.Bus, or None for the only bus there is
    supports_spacemark: without effect: the line discipline finds out by itself
    """

    def __init__(self, comport: Any = None, supports_spacemark: Optional[bool] = None) -> None:
        self.log = logging.getLogger("mate.ser")
        self.supports_spacemark = supports_spacemark
        self._reply: Optional[bytes] = None
        self.bus = comport if isinstance(comport, Bus) else self._open(comport)

    @staticmethod
    def _open(comport: Any) -> Bus:
        name = None if comport is None else _bus_of(comport)
        try:
            return Bus(name, write=True)
        except NotPermitted:
            return Bus(name)

    def send(self, data: bytes) -> None:
        """Send a command, without its checksum; recv() gives the reply."""
        x = self.bus.xfer(make_xfer(_bytes(data)))
        if x.status & uapi.ST_TIMEOUT:
            self._reply = None
            return
        if not x.status & (uapi.ST_OK | uapi.ST_REFUSED):
            raise MateError(str(from_status(self.bus.name, x.status, x.attempts, x.reply)))
        self._reply = x.reply

    def recv(self, expected_len: Optional[int] = None, timeout: float = 1.0) -> Optional[bytes]:
        """The reply to the last send(), with its byte 0; None if there was none."""
        reply, self._reply = self._reply, None
        if reply and expected_len and len(reply) < expected_len:
            raise MateError(f"{self.bus.name}: reply of {len(reply)} bytes, {expected_len} expected")
        return reply


class MateNETPJON:
    """pyMATE's bridge with an Arduino: not for the kernel, which speaks to devices itself."""

    def __init__(self, comport: Any, *_: Any, **__: Any) -> None:
        raise MateError(f"MateNETPJON({comport!r}): a PJON bridge is no bus of the kernel; connect "
                        "the devices to a serial port and give its bus to MateNET()")


def _bytes(data: Union[bytes, str]) -> bytes:
    """Scripts of pyMATE's first days have bytes in strings."""
    return data.encode("latin-1") if isinstance(data, str) else bytes(data)


class MateNET:
    """The bus.  port: as for MateNETSerial, or one; tap: gets capture(tx, rx), capture_tx(tx)."""

    DEVICE_HUB = 1
    DEVICE_FX = 2
    DEVICE_MX = 3
    DEVICE_FLEXNETDC = 4
    DEVICE_DC = 4

    TYPE_DEC = TYPE_DIS = uapi.CMD_DEC
    TYPE_INC = TYPE_EN = uapi.CMD_INC
    TYPE_QUERY = TYPE_READ = uapi.CMD_READ
    TYPE_CONTROL = TYPE_WRITE = uapi.CMD_WRITE
    TYPE_STATUS = uapi.CMD_STATUS
    TYPE_LOG = uapi.CMD_LOG

    DEVICE_TYPES = {DEVICE_HUB: "Hub", DEVICE_MX: "MX", DEVICE_FX: "FX",
                    DEVICE_FLEXNETDC: "FLEXnet DC"}

    def __init__(self, port: Any = None, supports_spacemark: Optional[bool] = None,
                 tap: Any = None) -> None:
        self.port = port if isinstance(port, MateNETSerial) else \
            MateNETSerial(port, supports_spacemark)
        self.log = logging.getLogger("mate.net")
        self.RETRY_PACKET = 2
        self.tap = tap

    @property
    def bus(self) -> Bus:
        """The matenet.Bus behind it."""
        return self.port.bus

    def close(self) -> None:
        self.bus.close()

    def _xfer(self, ptype: int, addr: int, param: int, port: int,
              response_len: Optional[int]) -> uapi.Xfer:
        reading = ptype in (uapi.CMD_READ, uapi.CMD_STATUS, uapi.CMD_LOG)
        retries = max(0, min(self.RETRY_PACKET, 15)) if reading else 0
        x = self.bus.patience.xfer(protocol.Command(port, ptype, addr, param, retries))
        if response_len is not None:
            x = x._replace(rx_len=response_len + 1)
        return self.bus.xfer(x)

    def _show(self, x: uapi.Xfer) -> None:
        """To a tap, as it is on the wire."""
        if self.tap is None:
            return
        command, reply = (data + struct.pack(">H", sum(data)) for data in (x.command, x.reply))
        if x.reply:
            self.tap.capture(command, reply)
        else:
            self.tap.capture_tx(command)

    def send(self, ptype: int, addr: int, param: int = 0, port: int = 0,
             response_len: Optional[int] = None) -> Optional[bytes]:
        """One command; the data bytes of its reply without byte 0, None if none came.

        RuntimeError if the reply is damaged or the device refuses; also if one that changes
        something is not answered, because it may have happened.
        """
        x = self._xfer(ptype, addr, param, port, response_len)
        self._show(x)
        if x.status & uapi.ST_OK:
            return x.reply[1:]
        error = from_status(f"{self.bus.name}: port {port}", x.status, x.attempts, x.reply)
        if isinstance(error, Refused) and x.reply:
            raise MateError(f"Invalid command 0x{x.reply[0] & 0x7F:02x}: {error}") from error
        if isinstance(error, NoReply) and ptype not in (uapi.CMD_WRITE, uapi.CMD_INC, uapi.CMD_DEC):
            return None
        raise MateError(str(error)) from error

    def query(self, reg: int, param: int = 0, port: int = 0) -> Optional[int]:
        """The 16 bits of a register; None if no reply came."""
        data = self.send(self.TYPE_QUERY, reg, param, port)
        return None if data is None else int.from_bytes(data, "big")

    def control(self, reg: int, value: int, port: int = 0) -> None:
        """Write a register, once.  RuntimeError if there is no good answer."""
        self.send(self.TYPE_CONTROL, reg, int(value), port)

    def read(self, register: int, param: int = 0, port: int = 0) -> Optional[int]:
        """query() by another name."""
        return self.query(register, param, port)

    def write(self, register: int, value: int, port: int = 0) -> None:
        """control() by another name."""
        self.control(register, value, port)

    def scan(self, port: int = 0) -> Optional[int]:
        """Type of the device on a port, DEVICE_*, without its variant; None if nobody is there."""
        value = self.query(0x0000, port=port)
        return None if value is None else value & 0xFF

    def enumerate(self) -> List[int]:
        """Types of the devices by port, 0 to 10; 0 where nobody is."""
        found = [self.scan(0) or 0] + [0] * protocol.PORT_MAX
        if not found[0]:
            raise MateError(f"No devices found on the bus {self.bus.name}")
        if found[0] == self.DEVICE_HUB:
            found[1:] = [self.scan(port) or 0 for port in range(1, protocol.PORT_MAX + 1)]
        return found

    def find_device(self, device_type: int) -> int:
        """The first port with a device of that type, DEVICE_*; KeyError if there is none."""
        for port in range(protocol.PORT_MAX + 1):
            if self.scan(port) == device_type:
                self.log.info("Found %s device at port %d",
                              self.DEVICE_TYPES.get(device_type, device_type), port)
                return port
        raise KeyError(f"{self.DEVICE_TYPES.get(device_type, device_type)} device not found")


# ---- pages ----------------------------------------------------------------------------

# Attribute: field, unit (None: an int or bool), decimals.
_Map = Mapping[str, Tuple[str, Optional[str], int]]


class _Packet:
    """A page with pyMATE's names; raw has its bytes."""

    PAGE: ClassVar[Type[Page]]
    MAP: ClassVar[_Map]
    raw: Optional[bytes] = None

    def __init__(self) -> None:
        for name in self.MAP:
            setattr(self, name, None)

    @classmethod
    def from_buffer(cls, data: Union[bytes, str]) -> Any:
        """From the bytes of a page, without byte 0 and checksum."""
        self = cls()
        page = cls.PAGE.decode(_bytes(data))
        for name, (field, units, resolution) in cls.MAP.items():
            # What the device says is not there is given all the same, as pyMATE does.
            value: Any = getattr(page, field)
            if value is None:
                value = page.field(field).decode(page.raw, 1) or 0
            if units is None:
                value = value if isinstance(value, bool) else int(value)
            else:
                value = Value(value, units, resolution)
            setattr(self, name, value)
        self.raw = page.raw
        self._finish(page)
        return self

    def _finish(self, page: Any) -> None:
        """What takes more than one field."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __str__(self) -> str:
        lines = [f"    {name}: {getattr(self, name)}" for name in self.MAP]
        return "\n".join([f"{type(self).__name__}:"] + lines) + "\n"


def _constants(prefix: str, names: Mapping[int, str], **other: str) -> Dict[str, int]:
    """Class attributes for named numbers: other[NAME] is the name in the tables."""
    numbers = {name: number for number, name in names.items()}
    if other:
        return {prefix + key: numbers[name] for key, name in other.items()}
    return {prefix + name.upper(): number for name, number in numbers.items()}


def _with(constants: Dict[str, int]) -> Any:
    def decorate(cls: Any) -> Any:
        for name, number in constants.items():
            setattr(cls, name, number)
        return cls
    return decorate


@_with(_constants("STATUS_", MxStatus.field("charge_mode").names, SLEEPING="sleeping",
                  FLOATING="float", BULK="bulk", ABSORB="absorb", EQUALIZE="equalize"))
@_with(_constants("AUX_MODE_", MxStatus.field("aux_mode").names, FLOAT="float",
                  DIVERSION_RELAY="diversion_relay", PWM_DIVERSION="diversion_solid_state",
                  LOW_BATTERY="low_battery_disconnect", REMOTE="remote", VENTFAN="vent_fan",
                  PVTRIGGER="pv_trigger", ERROR_OUT="error_output", NIGHT_LIGHT="night_light",
                  MANUAL="manual"))
class MXStatusPacket(_Packet):
    """What MateMXDevice.get_status() gives.

    amp_hours_valid: False if the device does not count them, as an MX60 may
    """

    PAGE = MxStatus
    MAP = {
        "amp_hours": ("charge_today", "Ah", 0),
        "kilowatt_hours": ("energy_today", "kWh", 1),
        "pv_current": ("pv_current", "A", 0),
        "bat_current": ("output_current", "A", 1),
        "pv_voltage": ("pv_voltage", "V", 1),
        "bat_voltage": ("battery_voltage", "V", 1),
        "status": ("charge_mode", None, 0),
        "errors": ("errors", None, 0),
        "aux_state": ("aux_on", None, 0),
        "aux_mode": ("aux_mode", None, 0),
        "amp_hours_valid": ("charge_valid", None, 0),
    }


class MXLogPagePacket(_Packet):
    """What MateMXDevice.get_logpage() gives; day is how many days ago, 0 to 128."""

    PAGE = MxLog
    MAP = {
        "day": ("day", None, 0),
        "amp_hours": ("charge", "Ah", 0),
        "kilowatt_hours": ("energy", "kWh", 1),
        "volts_peak": ("pv_voltage_max", "Vpk", 0),
        "amps_peak": ("output_current_max", "Apk", 1),
        "kilowatts_peak": ("power_max", "kWpk", 3),
        "bat_min": ("battery_voltage_min", "V", 1),
        "bat_max": ("battery_voltage_max", "V", 1),
        "absorb_time": ("absorb_time", "min", 0),
        "float_time": ("float_time", "min", 0),
    }

    def _finish(self, page: MxLog) -> None:
        self.kilowatts_peak = Value(page.power_max / 1000, "kWpk", 3)


class FXStatusPacket(_Packet):
    """What MateFXDevice.get_status() gives; volts and amperes as a 230 V unit means them."""

    PAGE = FxStatus
    MAP = {
        "inverter_current": ("inverter_current", "A", 1),
        "chg_current": ("charger_current", "A", 1),
        "buy_current": ("buy_current", "A", 1),
        "input_voltage": ("ac_in_voltage", "V", 0),
        "output_voltage": ("ac_out_voltage", "V", 0),
        "sell_current": ("sell_current", "A", 1),
        "operational_mode": ("operating_mode", None, 0),
        "error_mode": ("errors", None, 0),
        "ac_mode": ("ac_mode", None, 0),
        "battery_voltage": ("battery_voltage", "V", 1),
        "is_230v": ("is_230v", None, 0),
        "aux_on": ("aux_on", None, 0),
        "warnings": ("warnings", None, 0),
    }

    def __init__(self, misc: Optional[int] = None) -> None:
        super().__init__()
        self.misc = misc
        if misc is not None:
            self.is_230v, self.aux_on = bool(misc & 0x01), bool(misc & 0x80)

    def _finish(self, page: FxStatus) -> None:
        self.misc = page.aux_on << 7 | page.misc_unknown << 1 | page.is_230v

    def _power(self, current: str, voltage: str) -> Optional[Value]:
        amperes, volts = getattr(self, current), getattr(self, voltage)
        if amperes is None or volts is None:
            return None
        return Value(float(amperes) * float(volts) / 1000, "kW", 2)

    @property
    def inv_power(self) -> Optional[Value]:
        """Battery to loads."""
        return self._power("inverter_current", "output_voltage")

    @property
    def sell_power(self) -> Optional[Value]:
        """Battery to AC input."""
        return self._power("sell_current", "output_voltage")

    @property
    def chg_power(self) -> Optional[Value]:
        """AC input to battery."""
        return self._power("chg_current", "input_voltage")

    @property
    def buy_power(self) -> Optional[Value]:
        """AC input to battery and loads."""
        return self._power("buy_current", "input_voltage")


# Names that say "today" for what is counted since the battery was full.
_MISNAMED = {f"shunt{s}_{unit}_today": f"shunt{s}_{unit}_since_full"
             for s in "abc" for unit in ("kwh", "ah")}


class DCStatusPacket(_Packet):
    """What MateDCDevice.get_status() gives."""

    PAGE = DcStatus
    MAP = {
        "bat_voltage": ("battery_voltage", "V", 1),
        "state_of_charge": ("state_of_charge", "%", 0),
        **{f"shunt{s}_power": (f"shunt_{s}_power", "kW", 2) for s in "abc"},
        **{f"shunt{s}_current": (f"shunt_{s}_current", "A", 1) for s in "abc"},
        **{f"shunt{s}_kwh_since_full": (f"since_full_shunt_{s}_energy", "kWh", 2) for s in "abc"},
        **{f"shunt{s}_ah_since_full": (f"since_full_shunt_{s}_charge", "Ah", 0) for s in "abc"},
        "bat_net_kwh": ("since_full_corrected_energy", "kWh", 2),
        "bat_net_ah": ("since_full_corrected_charge", "Ah", 0),
        "min_soc_today": ("soc_min_today", "%", 0),
        "in_ah_today": ("today_input_charge", "Ah", 0),
        "out_ah_today": ("today_output_charge", "Ah", 0),
        "bat_ah_today": ("today_battery_charge", "Ah", 0),
        "in_kwh_today": ("today_input_energy", "kWh", 2),
        "out_kwh_today": ("today_output_energy", "kWh", 2),
        "bat_kwh_today": ("today_battery_energy", "kWh", 2),
        "in_power": ("input_power", "kW", 2),
        "out_power": ("output_power", "kW", 2),
        "bat_power": ("battery_power", "kW", 2),
        "in_current": ("input_current", "A", 1),
        "out_current": ("output_current", "A", 1),
        "bat_current": ("battery_current", "A", 1),
        "days_since_full": ("days_since_full", "days", 1),
        "flags": ("flags", None, 0),
    }

    def __getattr__(self, name: str) -> Any:
        right = _MISNAMED.get(name)
        if right is None:
            raise AttributeError(f"{type(self).__name__} has no {name}")
        warnings.warn(f"{name} is counted since the battery was full: it is {right}",
                      DeprecationWarning, stacklevel=2)
        return getattr(self, right)


# ---- devices --------------------------------------------------------------------------


def _quantity(name: str, units: str, resolution: int, doc: str) -> Any:
    """A property that reads a register and gives a Value."""
    def get(self: "MateDevice") -> Value:
        return Value(self._read(name), units, resolution)
    return property(get, doc=f"{doc}; reads register {name}.")


def _number(name: str, doc: str) -> Any:
    """A property that reads a register and gives an int."""
    def get(self: "MateDevice") -> int:
        return self._read_raw(name)
    return property(get, doc=f"{doc}; reads register {name}.")


def _control(name: str, doc: str) -> Any:
    """A property that reads and writes a register."""
    def get(self: "MateDevice") -> int:
        return self._read_raw(name)

    def put(self: "MateDevice", value: Any) -> None:
        self._write(name, value)
    return property(get, put, doc=f"{doc}; reads and writes register {name}.")


class MateDevice:
    """A device on a port of a bus (a MateNET): 0 without a hub, 1 to 10 with one."""

    DEVICE_TYPE: Optional[int] = None
    DEVICE_HUB, DEVICE_FX, DEVICE_MX, DEVICE_DC = 1, 2, 3, 4

    REG_DEVID = 0x0000
    REG_REV_A, REG_REV_B, REG_REV_C = 0x0002, 0x0003, 0x0004
    REG_SET_BATTERY_TEMP = 0x4001
    REG_TIME, REG_DATE = 0x4004, 0x4005

    def __init__(self, matenet: MateNET, port: int = 0) -> None:
        self.matenet, self.port = matenet, port

    def _expect(self, what: str) -> None:
        found = self.matenet.scan(self.port)
        if found is None:
            raise MateError(f"No response from the {what} unit on port {self.port}")
        if found != self.DEVICE_TYPE:
            raise MateError(f"Attached device on port {self.port} is not an {what} unit! "
                            f"(DeviceID: {found})")

    def scan(self, *_: Any) -> Optional[int]:
        """Type of the device, MateNET.DEVICE_*; None if nobody is there."""
        return self.matenet.scan(self.port)

    def send(self, ptype: int, addr: int, param: int = 0,
             response_len: Optional[int] = None) -> Optional[bytes]:
        return self.matenet.send(ptype, addr, param, self.port, response_len)

    def query(self, reg: int, param: int = 0) -> Optional[int]:
        return self.matenet.query(reg, param, self.port)

    def control(self, reg: int, value: int) -> None:
        self.matenet.control(reg, value, self.port)

    def read(self, register: int, param: int = 0) -> Optional[int]:
        return self.query(register, param)

    def write(self, register: int, value: int) -> None:
        self.control(register, value)

    # ---- by name in the tables ----

    def _register(self, name: str) -> tables.Register:
        return tables.register(protocol.TYPE_NAMES.get(self.DEVICE_TYPE or 0, ""), name)

    def _read_raw(self, name: str) -> int:
        raw = self.query(self._register(name).addr)
        if raw is None:
            raise MateError(f"{self.matenet.bus.name}: port {self.port}: no reply to READ of {name}")
        return raw

    def _read(self, name: str, is_230v: bool = False) -> float:
        return float(self._register(name).decode(self._read_raw(name), is_230v))

    def _write(self, name: str, value: Any) -> None:
        reg = self._register(name)
        self.control(reg.addr, reg.encode(value))

    @property
    def revision(self) -> str:
        """Firmware revision, "001.009.008"."""
        parts = [self.query(reg) for reg in (self.REG_REV_A, self.REG_REV_B, self.REG_REV_C)]
        if None in parts:
            raise MateError(f"{self.matenet.bus.name}: port {self.port}: no reply")
        return ".".join(f"{part:03}" for part in parts)

    def update_time(self, dt: datetime.datetime) -> None:
        """Set clock and date; not for an FX."""
        if not isinstance(dt, datetime.datetime) or not 2000 <= dt.year <= 2127:
            raise ValueError(f"update_time({dt!r}): a datetime from 2000 to 2127")
        self.write(self.REG_TIME, join_time(dt.time()))
        self.write(self.REG_DATE, join_date(dt.date()))

    def update_battery_temp(self, raw_temp: int) -> None:
        """Tell an FX or DC the battery temperature, as MateMXDevice.battery_temp_raw gives it."""
        self.write(self.REG_SET_BATTERY_TEMP, raw_temp)

    @staticmethod
    def synchronize(master: "MateDevice", devices: Iterable[Optional["MateDevice"]]) -> int:
        """Clock and date to each MX and DC, the master's battery temperature to each FX and DC.

        Once a minute.  Returns the raw temperature; one that no sensor gives is not passed on.
        """
        if not isinstance(master, MateMXDevice):
            raise ValueError(f"synchronize(): master is {master!r}, not a MateMXDevice")
        now, there = datetime.datetime.now(), [d for d in devices if d is not None]
        for device in there:
            if device.DEVICE_TYPE in (MateDevice.DEVICE_MX, MateDevice.DEVICE_DC):
                device.update_time(now)
        raw: int = master.battery_temp_raw
        for device in there:
            if device.DEVICE_TYPE in (MateDevice.DEVICE_FX, MateDevice.DEVICE_DC) and \
                    protocol.is_plausible(raw):
                device.update_battery_temp(raw)
        return raw


class MateMXDevice(MateDevice):
    """An MX or FLEXmax charge controller."""

    DEVICE_TYPE = MateDevice.DEVICE_MX

    def scan(self, *_: Any) -> None:
        """RuntimeError if there is no MX."""
        self._expect("MX")

    def get_status(self) -> Optional[MXStatusPacket]:
        """None if no reply came."""
        data = self.send(MateNET.TYPE_STATUS, 1)
        return MXStatusPacket.from_buffer(data) if data else None

    def get_logpage(self, day: int) -> Optional[MXLogPagePacket]:
        """day: 0 is today, -1 yesterday, to -128; None if no reply came."""
        if not -protocol.DAY_MAX <= day <= 0:
            raise ValueError(f"get_logpage({day}): 0 (today) to -{protocol.DAY_MAX}")
        data = self.send(MateNET.TYPE_LOG, 0, -day)
        return MXLogPagePacket.from_buffer(data) if data else None

    charger_watts = _quantity("charger_power", "W", 0, "Power of the charger")
    charger_kwh = _quantity("energy_today", "kWh", 1, "Energy today")
    charger_amps_dc = _quantity("charger_current", "A", 0, "Output current")
    bat_voltage = _quantity("battery_voltage", "V", 1, "Battery voltage")
    panel_voltage = _quantity("pv_voltage", "V", 0, "Panel voltage")
    status = _number("charge_mode", "Charge mode, MXStatusPacket.STATUS_*")
    max_battery = _quantity("battery_voltage_max", "V", 1, "Maximum battery voltage")
    voc = _quantity("voc", "V", 1, "Open-circuit voltage")
    max_voc = _quantity("voc_max", "V", 1, "Maximum open-circuit voltage")
    total_kwh_dc = _quantity("energy_total", "kWh", 0, "Total energy")
    total_kah = _quantity("charge_total", "kAh", 1, "Total charge")
    max_wattage = _quantity("power_max", "W", 0, "Maximum power")
    setpt_absorb = _quantity("absorb_setpoint", "V", 1, "Absorb set point in force")
    setpt_float = _quantity("float_setpoint", "V", 1, "Float set point in force")
    battery_temp_raw = _number("battery_temp_raw", "Battery temperature, raw")

    @property
    def aux_relay_mode(self) -> Tuple[int, bool]:
        """Mode of the aux relay, and whether it is on; reads register aux_relay."""
        raw, reg = self._read_raw("aux_relay"), self._register("aux_relay")
        return raw & reg.value_mask & 0x7F, bool(raw & reg.flag_mask)

    @property
    def battery_temp(self) -> Value:
        """Battery temperature, degrees Celsius; reads register battery_temp_raw."""
        return self.convert_battery_temp(self.battery_temp_raw)

    @staticmethod
    def convert_battery_temp(raw: int) -> Value:
        """Degrees Celsius for battery_temp_raw."""
        return Value(battery_celsius(raw), "C", 0)


def _ac(name: str, units: str, resolution: int, doc: str) -> Any:
    """A property whose register counts double or half on a 230 V unit."""
    def get(self: "MateFXDevice") -> Value:
        return Value(self._read(name, self.is_230v), units, resolution)
    return property(get, doc=f"{doc}; reads register {name}.")


@_with(_constants("ERROR_", FxStatus.field("errors").names))
@_with(_constants("WARN_", FxStatus.field("warnings").names))
@_with(_constants("STATUS_", FxStatus.field("operating_mode").names, INV_OFF="off",
                  SEARCH="search", INV_ON="on", CHARGE="charge", SILENT="silent", FLOAT="float",
                  EQ="equalize", CHARGER_OFF="charger_off", SUPPORT="support",
                  SELL_ENABLED="sell", PASS_THRU="pass_through"))
class MateFXDevice(MateDevice):
    """An FX inverter.  inverter_control = 0 cuts the power of the house!"""

    DEVICE_TYPE = MateDevice.DEVICE_FX
    SELL_STOP_REASONS = {number: name.replace("_", " ")
                         for number, name in tables.register("fx", "sell_status").names.items()}

    def __init__(self, matenet: MateNET, port: int = 0) -> None:
        super().__init__(matenet, port)
        self._is_230v: Optional[bool] = None

    def scan(self, *_: Any) -> None:
        """RuntimeError if there is no FX."""
        self._expect("FX")

    def get_status(self) -> Optional[FXStatusPacket]:
        """None if no reply came."""
        data = self.send(MateNET.TYPE_STATUS, 1)
        if not data:
            return None
        status = FXStatusPacket.from_buffer(data)
        self._is_230v = status.is_230v
        return status

    @property
    def is_230v(self) -> bool:
        """Whether it is a 230 V unit; asked once."""
        if self._is_230v is None and self.get_status() is None:
            raise MateError(f"{self.matenet.bus.name}: port {self.port}: no reply to STATUS")
        return bool(self._is_230v)

    @property
    def revision(self) -> str:
        """Firmware number, "FW:061"."""
        return f"FW:{self._read_raw('fw_rev'):03}"

    errors = _number("errors", "Bits ERROR_*")
    warnings = _number("warnings", "Bits WARN_*")
    inverter_control = _control("inverter_control", "0: off (cuts the power), 1: search, 2: on")
    acin_control = _control("acin_control", "0: drop, 1: use")
    charge_control = _control("charge_control", "0: off, 1: auto, 2: on")
    aux_control = _control("aux_control", "0: off, 1: auto, 2: on")
    eq_control = _control("eq_control", "0: off, 1: auto, 2: on")
    disconn_status = _number("disconnect_status", "Reason of the AC disconnect")
    sell_status = _number("sell_status", "Reason of the last sell stop, SELL_STOP_REASONS")
    temp_battery = _number("battery_temp_raw", "Battery temperature, raw, 255: no sensor")
    temp_air = _number("air_temp_raw", "Air temperature, raw")
    temp_fets = _number("fet_temp_raw", "MOSFET temperature, raw")
    temp_capacitor = _number("capacitor_temp_raw", "Capacitor temperature, raw")
    output_voltage = _ac("output_voltage", "V", 0, "AC output voltage")
    input_voltage = _ac("input_voltage", "V", 0, "AC input voltage")
    inverter_current = _ac("inverter_current", "A", 1, "Inverter current")
    charger_current = _ac("charger_current", "A", 1, "Charger current")
    input_current = _ac("input_current", "A", 1, "Input current")
    sell_current = _ac("sell_current", "A", 1, "Sell current")
    battery_actual = _quantity("battery_voltage", "V", 1, "Battery voltage")
    battery_temp_compensated = _quantity("battery_temp_compensated", "V", 1,
                                         "Battery voltage, temperature compensated")
    absorb_setpoint = _quantity("absorb_setpoint", "V", 1, "Absorb set point")
    absorb_time_remaining = _quantity("absorb_time_remaining", "h", 1, "Absorb time that remains")
    float_setpoint = _quantity("float_setpoint", "V", 1, "Float set point")
    float_time_remaining = _quantity("float_time_remaining", "h", 1, "Float time that remains")
    refloat_setpoint = _quantity("refloat_setpoint", "V", 1, "Re-float set point")
    equalize_setpoint = _quantity("eq_setpoint", "V", 1, "Equalize set point")
    equalize_time_remaining = _quantity("eq_time_remaining", "h", 1, "Equalize time that remains")


class MateDCDevice(MateDevice):
    """A FLEXnet DC battery monitor."""

    DEVICE_TYPE = MateDevice.DEVICE_DC

    def scan(self, *_: Any) -> None:
        """RuntimeError if there is no FLEXnet DC."""
        self._expect("FLEXnet DC")

    def get_status_raw(self) -> Optional[bytes]:
        """The six pages as 78 bytes, of one moment; None if no reply came."""
        try:
            return self.matenet.bus.run(protocol.dc_status(self.port)).status.raw
        except NoReply:
            return None
        except WireError as e:
            raise MateError(str(e)) from e

    def get_status(self) -> Optional[DCStatusPacket]:
        """None if no reply came."""
        data = self.get_status_raw()
        return DCStatusPacket.from_buffer(data) if data else None

    def get_logpage(self, day: int) -> None:
        """None, as in pyMATE: nobody has ever had a log page from a FLEXnet DC."""


def Mate(comport: Any = None, supports_spacemark: Optional[bool] = None) -> MateDevice:
    """Whatever is on port 0, as pyMATE's first versions wrote it."""
    return MateDevice(MateNET(comport, supports_spacemark))


def MateMX(comport: Any = None, supports_spacemark: Optional[bool] = None,
           port: int = 0) -> MateMXDevice:
    """As pyMATE's first versions wrote it."""
    return MateMXDevice(MateNET(comport, supports_spacemark), port)


def MateFX(comport: Any = None, supports_spacemark: Optional[bool] = None,
           port: int = 0) -> MateFXDevice:
    """As pyMATE's first versions wrote it."""
    return MateFXDevice(MateNET(comport, supports_spacemark), port)


def MateFlexNetDC(comport: Any = None, supports_spacemark: Optional[bool] = None,
                  port: int = 0) -> MateDCDevice:
    """As pyMATE's first versions wrote it."""
    return MateDCDevice(MateNET(comport, supports_spacemark), port)


__all__ = [
    "DCStatusPacket", "FXStatusPacket", "MXLogPagePacket", "MXStatusPacket", "Mate", "MateDCDevice",
    "MateDevice", "MateError", "MateFX", "MateFXDevice", "MateFlexNetDC", "MateMX", "MateMXDevice",
    "MateNET", "MateNETPJON", "MateNETSerial", "MatenetError", "Value",
]
