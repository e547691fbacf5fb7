# SPDX-License-Identifier: LGPL-2.1-or-later
"""Values as the devices mean them: numbers with names, sets of bits, numbers with units."""
import datetime
from dataclasses import dataclass
from typing import Any, Iterator, Mapping, Optional, Tuple, Union

from .errors import UnknownName


class Choice(int):
    """A number that may have a name.

    It is the number, and prints as its name: str() of an MX's charge mode 2 is "bulk".  A
    number that no table knows (they occur) has the name None and prints as a number.
    """

    name: Optional[str]
    names: Mapping[int, str]

    def __new__(cls, number: int, names: Mapping[int, str]) -> "Choice":
        self = super().__new__(cls, number)
        self.names = names
        self.name = names.get(number)
        return self

    def __getnewargs__(self) -> Any:
        return int(self), self.names

    def __str__(self) -> str:
        return self.name or int.__repr__(self)

    def __repr__(self) -> str:
        return f"<{int(self)}: {self.name}>"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec) if not spec or spec[-1] == "s" else format(int(self), spec)


class Bits(int):
    """A set of bits, each of which may have a name: "low_battery" in status.errors."""

    names: Mapping[int, str]

    def __new__(cls, number: int, names: Mapping[int, str]) -> "Bits":
        self = super().__new__(cls, number)
        self.names = names
        return self

    def __getnewargs__(self) -> Any:
        return int(self), self.names

    def __iter__(self) -> Iterator[str]:
        """Names of the bits that are set; what has no name comes last, as one number in hex."""
        rest = int(self)
        for bit, name in self.names.items():
            if self & bit:
                yield name
                rest &= ~bit
        if rest:
            yield f"0x{rest:02x}"

    def __contains__(self, name: str) -> bool:
        for bit, known in self.names.items():
            if known == name:
                return bool(self & bit)
        raise UnknownName(f'there is no bit "{name}", there are {", ".join(self.names.values())}')

    def __str__(self) -> str:
        return ", ".join(self) or "none"

    def __repr__(self) -> str:
        return f"<0x{int(self):02x}: {self}>"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec) if not spec or spec[-1] == "s" else format(int(self), spec)


Value = Union[int, float, bool, Choice, Bits, datetime.time, datetime.date, None]


@dataclass(frozen=True)
class Quantity:
    """A value with what belongs to it.

    value: a number in unit, Choice, Bits, bool, datetime.time or datetime.date; None if the
        device does not have it.  A time or date that cannot be is an int.
    unit: "V", "A", "W", "kW", "kWh", "Ah", "kAh", "%", "degC", "d", "h", "min", "s",
        "cycles", or "" for none
    raw: the number as it came
    decimals: that are meant
    flag: what stands beside the number, such as a relay that is on; None if there is no such bit
    type: what kind of number it is, as in the tables
    missing: what to show where there is no value
    """

    value: Value
    unit: str
    raw: int
    decimals: int
    type: str
    flag: Optional[bool] = None
    missing: str = "not available"

    @property
    def valid(self) -> bool:
        """The device has this value."""
        return self.value is not None

    def _number(self) -> Union[int, float]:
        if not isinstance(self.value, (int, float)):
            raise TypeError(f"{self} is no number")
        return self.value

    def __float__(self) -> float:
        return float(self._number())

    def __int__(self) -> int:
        return int(self._number())

    def __str__(self) -> str:
        """As matetool shows it: "25.4 V", "bulk", "on, vent_fan", "not available"."""
        if self.value is None:
            return self.missing
        if self.type == "time":
            text = "{:02}:{:02}:{:02}".format(*split_time(self.raw))
        elif self.type == "date":
            text = "{:04}-{:02}-{:02}".format(*split_date(self.raw))
        elif self.type == "raw":
            text = f"0x{self.value:02x}"
        elif self.type == "bool":
            text = "yes" if self.value else "no"
        elif isinstance(self.value, (Choice, Bits)):
            text = str(self.value)
        else:
            text = f"{self.value:.{self.decimals}f}{' ' if self.unit else ''}{self.unit}"
        return text if self.flag is None else f"{'on' if self.flag else 'off'}, {text}"


# ---- what registers of the clock hold ---------------------------------------------


def split_time(raw: int) -> Tuple[int, int, int]:
    """Hour, minute, second; the device counts seconds by twos."""
    return raw >> 11, raw >> 5 & 63, (raw & 31) * 2


def split_date(raw: int) -> Tuple[int, int, int]:
    """Year, month, day."""
    return 2000 + (raw >> 9), raw >> 5 & 15, raw & 31


def join_time(time: datetime.time) -> int:
    """h << 11 | min << 5 | s >> 1: all 60 seconds, in five bits."""
    return time.hour << 11 | time.minute << 5 | time.second >> 1


def join_date(date: datetime.date) -> int:
    """(year - 2000) << 9 | month << 5 | day; the year must be 2000 to 2127."""
    return (date.year - 2000) << 9 | date.month << 5 | date.day


def battery_celsius(raw: int) -> int:
    """Degrees of an MX's battery sensor, register mx 4000 (proven: 154 is 15 degC)."""
    return round(-0.3576 * raw + 70.1)
