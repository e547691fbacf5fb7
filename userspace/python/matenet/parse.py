# SPDX-License-Identifier: LGPL-2.1-or-later
"""Raw numbers from values and from text, and what may be written: see Register.encode()."""
from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, List, Optional

from .errors import InvalidValue
from .values import join_date, join_time

if TYPE_CHECKING:
    from .tables import Register

_HEX = re.compile(r"0x[0-9a-f]{1,4}", re.I | re.A)
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))\s*(.*)", re.A | re.S)
_FLAG = re.compile(r"(on|off)\s*,\s*(.*)", re.I | re.S)
_TIME = re.compile(r"(\d\d?):(\d\d?)(?::(\d\d?))?", re.A)
_DATE = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)", re.A)
_FLOAT_SLACK = Decimal("0.000001")  # 0.1 * 288 is meant to be 28.8


class _NoValue(Exception):
    """Whatever it is, the register cannot hold it."""


def encode(reg: Register, value: Any, is_230v: bool) -> int:
    """The 16 bits for a value, whether they may be written or not."""
    try:
        return _text(reg, value.strip(), is_230v) if isinstance(value, str) else \
            _typed(reg, value, is_230v)
    except _NoValue:
        raise InvalidValue(f'{reg}: "{value}" is no such value; may be '
                           f"{allowed(reg, is_230v)}") from None


def check(reg: Register, raw: int, value: Any = None) -> None:
    """Raise InvalidValue unless these 16 bits may be written."""
    if not is_allowed(reg, raw):
        shown = f"0x{raw:04x}" if value is None else value
        raise InvalidValue(f'{reg}: "{shown}" is outside what is allowed: {allowed(reg)}')


def is_allowed(reg: Register, raw: int) -> bool:
    number = raw & reg.value_mask
    if not 0 <= raw <= 0xFFFF or raw & ~(reg.value_mask | reg.flag_mask):
        return False
    if reg.type in ("time", "date"):
        return isinstance(reg.decode(raw).value, (datetime.time, datetime.date))
    if reg.named_only:
        return number in reg.names
    if reg.type == "s16" and number & 0x8000:
        number -= 0x10000
    return reg.min <= number <= reg.max


def allowed(reg: Register, is_230v: bool = False) -> str:
    """What may be written, in words: "0.0 to 80.0 V", "off, search or on"."""
    if reg.type == "time":
        return "00:00:00 to 23:59:58"
    if reg.type == "date":
        return "2000-01-01 to 2127-12-31"
    if reg.type == "bits":
        return "none, or with commas between: " + _or(list(reg.names.values()))
    names = [name for number, name in reg.names.items() if is_allowed(reg, number)]
    words = [_or(names)] if names else []
    if not reg.named_only and len(names) < reg.max - reg.min + 1:
        words.append(_range(reg, is_230v))
    return ('"on, " or "off, " and ' if reg.flag_mask else "") + ", or ".join(words)


def _or(words: List[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _factor(reg: Register, is_230v: bool) -> Decimal:
    """Of the unit, what one step of the raw number is."""
    factor = {"double": Decimal(2), "halve": Decimal("0.5")}.get(reg.rule230, Decimal(1))
    return (factor if is_230v else Decimal(1)) / 10 ** reg.decimals


def _range(reg: Register, is_230v: bool) -> str:
    factor, decimals = _factor(reg, is_230v), 1 if reg.rule230 == "halve" else reg.decimals
    ends = [f"{n * factor:.{decimals}f}" for n in sorted({reg.min, reg.max})]
    steps = f" in steps of {factor:g}" if factor > 1 or decimals != reg.decimals else ""
    return " to ".join(ends) + (f" {reg.unit}" if reg.unit else "") + steps


# ---- text ---------------------------------------------------------------------------


def _text(reg: Register, text: str, is_230v: bool) -> int:
    if _HEX.fullmatch(text):
        return int(text, 16)
    if reg.type == "bits":
        return _bits(reg, [] if text.lower() == "none" else text.split(","))
    if reg.type in ("time", "date"):
        return _clock(reg, text)
    flag = 0
    if reg.flag_mask:
        match = _FLAG.fullmatch(text)
        if not match:
            raise _NoValue
        flag, text = reg.flag_mask if match[1].lower() == "on" else 0, match[2]
    number = _named(reg, text)
    return (_number_text(reg, text, is_230v) if number is None else number) | flag


def _named(reg: Register, text: str) -> Optional[int]:
    for number, name in reg.names.items():
        if name == text.lower():
            return number
    return None


def _number_text(reg: Register, text: str, is_230v: bool) -> int:
    match = _NUMBER.fullmatch(text)
    if not match or match[2].lower() not in ("", reg.unit.lower()):
        raise _NoValue
    return _number(reg, Decimal(match[1]), is_230v, Decimal(0))


def _bits(reg: Register, words: Any) -> int:
    number = 0
    for word in words:
        bit = _named(reg, word.strip())
        if bit is None and _HEX.fullmatch(word.strip()):
            bit = int(word, 16)
        if bit is None:
            raise _NoValue
        number |= bit
    return number


def _clock(reg: Register, text: str) -> int:
    match = (_TIME if reg.type == "time" else _DATE).fullmatch(text)
    if not match:
        raise _NoValue
    a, b, c = (int(part or 0) for part in match.groups())
    if reg.type == "time" and a <= 31 and b <= 63 and c <= 63:
        return a << 11 | b << 5 | c >> 1
    if reg.type == "date" and 2000 <= a <= 2127 and b <= 15 and c <= 31:
        return (a - 2000) << 9 | b << 5 | c
    raise _NoValue


# ---- values of Python's types -------------------------------------------------------


def _typed(reg: Register, value: Any, is_230v: bool) -> int:
    if reg.type == "time":
        if isinstance(value, datetime.datetime):
            value = value.time()
        if isinstance(value, datetime.time):
            return join_time(value)
    elif reg.type == "date":
        if isinstance(value, datetime.datetime):
            value = value.date()
        if isinstance(value, datetime.date) and 2000 <= value.year <= 2127:
            return join_date(value)
    elif reg.flag_mask:
        if isinstance(value, tuple) and len(value) == 2:
            return _member(reg, value[0], is_230v) | (reg.flag_mask if value[1] else 0)
    elif reg.type == "bits" and not isinstance(value, int):
        return _bits(reg, value)
    else:
        return _member(reg, value, is_230v)
    raise _NoValue


_SWITCHED = {True: ("on", "enabled", "yes", "use"), False: ("off", "disabled", "no", "drop")}


def _member(reg: Register, value: Any, is_230v: bool) -> int:
    """A number, a name, or a bool for what is off and on."""
    if isinstance(value, bool):
        for name in _SWITCHED[value]:
            number = _named(reg, name)
            if number is not None:
                return number
        raise _NoValue
    if isinstance(value, str):
        number = _named(reg, value)
        return _number_text(reg, value, is_230v) if number is None else number
    if isinstance(value, int):
        return _number(reg, Decimal(int(value)), is_230v, Decimal(0))
    try:
        return _number(reg, Decimal(repr(float(value))), is_230v, _FLOAT_SLACK)
    except (TypeError, ValueError, ArithmeticError):
        raise _NoValue from None


def _number(reg: Register, value: Decimal, is_230v: bool, slack: Decimal) -> int:
    """The raw number of a multiple of the scale."""
    exact = value / _factor(reg, is_230v)
    number = round(exact)
    low, high = {"s16": (-0x8000, 0x7FFF), "offset128": (0, 0xFF)}.get(reg.type,
                                                                    (0, reg.value_mask))
    if abs(exact - number) > slack or not low <= number <= high:
        raise _NoValue
    return (number - 128) & 0xFF if reg.type == "offset128" else number & 0xFFFF
