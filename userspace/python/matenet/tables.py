# SPDX-License-Identifier: LGPL-2.1-or-later
"""Descriptions of registers and pages, and conversion between raw numbers and values.

The tables themselves are generated from userspace/data, see REGISTERS and PAGES.
"""
import datetime
from dataclasses import dataclass, field
from typing import Any, ClassVar, Dict, List, Mapping, Optional, Tuple, Type, TypeVar, Union

from . import parse
from .errors import InvalidValue, UnknownName
from .values import Bits, Choice, Quantity, Value, split_date, split_time

Slice = Tuple[int, int, int]

NOT_PRESENT = "not_present"
"""The tables' name for a number that says that there is nothing to measure."""


def _scaled(number: int, decimals: int) -> Union[int, float]:
    """number / 10 is the float nearest to the decimal number, number * 0.1 is not."""
    return number / 10 ** decimals if decimals else number


def _signed(number: int, width: int) -> int:
    return number - (1 << width) if number >> (width - 1) & 1 else number


@dataclass(frozen=True)
class Register:
    """One register of one kind of device.

    device: "mx", "fx", "dc", "hub", or "all"
    addr: its address
    id: its name
    type: u8, u16, s16, enum, bits, offset128, time or date
    decimals: 1 if the value is the raw number / 10, 2 if / 100
    value_mask, flag_mask: bits of the raw number that count, and a bit that stands beside them
    access: "ro", "rw" or "wo"; "incdec" if it takes INC and DEC, "endis" ENABLE and DISABLE
    risk: of a write: none, sync, reset, setpoint, control, danger (can cut the power), forbidden
    evidence: proven, reported or inferred
    rule230: "double" or "halve": what a 230 V FX does to it; else "none"
    min, max, step: least and greatest raw number that may be written, and what a step is
    named_only: only numbers with a name may be written
    names: numbers, or bits if the type is bits, with their names
    """

    device: str
    addr: int
    id: str
    label: str
    type: str
    decimals: int = 0
    unit: str = ""
    value_mask: int = 0xFFFF
    flag_mask: int = 0
    access: Tuple[str, ...] = ("ro",)
    risk: str = "none"
    evidence: str = "reported"
    rule230: str = "none"
    min: int = 0
    max: int = 0xFFFF
    step: int = 1
    named_only: bool = False
    names: Mapping[int, str] = field(default_factory=dict)
    note: str = ""

    def __str__(self) -> str:
        return f"{self.device} register {self.id} ({self.addr:04X})"

    @property
    def readable(self) -> bool:
        return "wo" not in self.access

    @property
    def writable(self) -> bool:
        return "ro" not in self.access

    # ---- raw number -> value ----

    def decode(self, raw: int, is_230v: bool = False) -> Quantity:
        """Value of the 16 bits as they came; is_230v if the device is a 230 V FX."""
        number = raw & self.value_mask
        flag = bool(raw & self.flag_mask) if self.flag_mask else None
        decimals = 1 if self.rule230 == "halve" else self.decimals
        return Quantity(self._value(number, is_230v), self.unit, raw, decimals, self.type, flag,
                        NOT_PRESENT)

    def _value(self, number: int, is_230v: bool) -> Value:
        if self.type == "bits":
            return Bits(number, self.names)
        if self.names.get(number) == NOT_PRESENT:
            return None
        if self.type == "enum" or number in self.names:
            return Choice(number, self.names)
        if self.type == "time":
            return _or_number(datetime.time, split_time(number), number)
        if self.type == "date":
            return _or_number(datetime.date, split_date(number), number)
        return self._number(number, is_230v)

    def _number(self, number: int, is_230v: bool) -> Union[int, float]:
        if self.type == "s16":
            number = _signed(number, 16)
        elif self.type == "offset128":
            number = (number + 128) & 0xFF
        value = _scaled(number, self.decimals)
        if self.rule230 == "halve":
            return value / 2 if is_230v else float(value)
        return value * 2 if is_230v and self.rule230 == "double" else value

    # ---- value -> raw number ----

    def encode(self, value: Any, is_230v: bool = False) -> int:
        """The 16 bits for a value, after a look at what may be written; or InvalidValue.

        A number, in the register's unit and a multiple of its scale; a name of an enum; a
        collection of names for bits; a time or date, seconds are cut to even ones; bool for
        what is off and on; a pair (value, flag) where a flag stands beside the number; or a
        text as matetool takes it: "28.8 V", "0x0120" (the raw bits), "auto", "on, vent_fan",
        "13:59:58", "2026-11-22".
        """
        raw = parse.encode(self, value, is_230v)
        parse.check(self, raw, value)
        return raw

    def check(self, raw: int) -> None:
        """Raise InvalidValue unless these 16 bits may be written."""
        parse.check(self, raw)

    def allowed(self, is_230v: bool = False) -> str:
        """What may be written, in words: "0.0 to 80.0 V", "off, search or on"."""
        return parse.allowed(self, is_230v)


def _or_number(make: Any, parts: Tuple[int, ...], otherwise: Any) -> Any:
    """make(*parts), or otherwise where there is no such thing."""
    try:
        return make(*parts)
    except ValueError:
        return otherwise


@dataclass(frozen=True)
class Field:
    """One field of a page.

    slices: (byte, high bit, low bit) that make up the raw number, most significant first
    type: u, s, offset128, enum, bits, bool or raw (kept, not explained)
    rule: what another field of the page, rule_field, means for this one, or "absent"
    json: its name in matetool's JSON, with the unit
    """

    id: str
    label: str
    type: str
    decimals: int
    unit: str
    json: str
    slices: Tuple[Slice, ...]
    scale_decimals: int = 0
    rule: Optional[str] = None
    rule_field: Optional[str] = None
    absent: Optional[int] = None
    names: Mapping[int, str] = field(default_factory=dict)
    evidence: str = "reported"
    note: str = ""

    def raw(self, page: bytes) -> int:
        """The bits of this field as one number."""
        number = 0
        for byte, high, low in self.slices:
            width = high - low + 1
            number = number << width | page[byte] >> low & ((1 << width) - 1)
        return number

    def decode(self, page: bytes, other: int) -> Value:
        """Its value; other is the raw number of rule_field."""
        number = self.raw(page)
        if number == self.absent or self.rule == "valid" and not other:
            return None
        if self.type == "bool":
            return number != 0
        if self.type == "enum":
            return Choice(number, self.names)
        if self.type == "bits":
            return Bits(number, self.names)
        if self.type == "s":
            number = _signed(number, sum(high - low + 1 for _, high, low in self.slices))
        elif self.type == "offset128":
            number = (number + 128) & 0xFF
        if self.rule == "double":
            return number << other
        if self.rule == "halve":
            return number * (0.5 if other else 1.0)
        if self.rule == "tenths":
            return (number * 10 + other) / 10
        return _scaled(number, self.scale_decimals)


P = TypeVar("P", bound="Page")


@dataclass(frozen=True)
class Page:
    """A status or log page: the bytes as they came, and a member for each field.

    Numbers are in the unit that the class says, None is what the device does not have.
    Numbers that no table has a name for are kept: they occur.
    """

    raw: bytes

    PAGE: ClassVar[str] = ""
    LENGTH: ClassVar[int] = 0
    FIELDS: ClassVar[Tuple[Field, ...]] = ()

    @classmethod
    def decode(cls: Type[P], raw: bytes) -> P:
        """The values of a page's bytes; every page of the right length is accepted."""
        raw = bytes(raw)
        if len(raw) != cls.LENGTH:
            raise InvalidValue(f"{cls.PAGE}: {len(raw)} bytes, {cls.LENGTH} expected")
        by_id = {f.id: f for f in cls.FIELDS}
        values = {f.id: f.decode(raw, by_id[f.rule_field].raw(raw) if f.rule_field else 0)
                  for f in cls.FIELDS}
        return cls(raw=raw, **values)

    @classmethod
    def field(cls, name: str) -> Field:
        """Description of a field."""
        for f in cls.FIELDS:
            if f.id == name:
                return f
        raise UnknownName(f'{cls.PAGE} has no field "{name}", it has '
                          + ", ".join(f.id for f in cls.FIELDS))

    def quantity(self, name: str) -> Quantity:
        """A field with its unit."""
        f = self.field(name)
        return Quantity(getattr(self, name), f.unit, f.raw(self.raw), f.decimals, f.type)

    def quantities(self) -> Dict[str, Quantity]:
        """All fields with their units, by name."""
        return {f.id: self.quantity(f.id) for f in self.FIELDS}

    def as_dict(self) -> Dict[str, Any]:
        """What matetool -j prints: units in the names, names beside numbers, raw in hex."""
        out: Dict[str, Any] = {}
        for f in self.FIELDS:
            value = getattr(self, f.id)
            out[f.json] = int(value) if isinstance(value, (Choice, Bits)) else value
            if isinstance(value, Choice):
                out[f"{f.json}_name"] = value.name
            elif isinstance(value, Bits):
                out[f"{f.json}_names"] = [name for bit, name in value.names.items() if value & bit]
        out["raw"] = self.raw.hex()
        return out


# ---- looking up -------------------------------------------------------------------


def registers(device: str) -> List[Register]:
    """The registers of a type of device, with those that every device has."""
    from ._tables import REGISTERS
    return [r for r in REGISTERS if r.device in ("all", device)]


def register(device: str, key: Union[str, int, Register]) -> Register:
    """A register by name, by address, or itself."""
    if isinstance(key, Register):
        if key.device not in ("all", device):
            raise UnknownName(f"{key}: the device is of type {device}")
        return key
    for r in registers(device):
        if key in (r.id, r.addr):
            return r
    shown = f"{key:04X}" if isinstance(key, int) else f'"{key}"'
    raise UnknownName(f"{device} has no register {shown}; matenet.registers({device!r}) are there")
