# SPDX-License-Identifier: GPL-2.0-or-later
"""Read and check the register and page tables."""
import os
import re
from decimal import Decimal, InvalidOperation

DEVICES = {"all": 0, "hub": 1, "fx": 2, "mx": 3, "dc": 4}
REG_COLUMNS = ["device", "reg", "id", "label", "type", "scale", "unit", "access",
               "risk", "range", "values", "evidence", "note"]
PAGE_COLUMNS = ["page", "id", "label", "bits", "type", "scale", "unit", "rule",
                "values", "evidence", "note"]
# bytes of each page, and what it is
PAGES = {
    "mx_status": (13, "MX or FLEXmax charge controller, STATUS page 1"),
    "fx_status": (13, "FX inverter, STATUS page 1"),
    "dc_status": (78, "FLEXnet DC, STATUS pages 0A to 0F one after another"),
    "mx_log": (14, "MX or FLEXmax charge controller, LOG of one day"),
}
REG_TYPES = ["u8", "u16", "s16", "enum", "bits", "offset128", "time", "date"]
PAGE_TYPES = ["u", "s", "offset128", "enum", "bits", "bool", "raw"]
SCALES = {"1": 0, "0.1": 1, "0.01": 2}
UNITS = {"": "", "V": "v", "A": "a", "W": "w", "kW": "kw", "kWh": "kwh", "Ah": "ah",
         "kAh": "kah", "%": "percent", "degC": "degc", "d": "d", "h": "h",
         "min": "min", "s": "s", "cycles": "cycles"}
ACCESS = ["ro", "rw", "wo", "incdec", "endis"]
RISKS = ["-", "sync", "reset", "setpoint", "control", "danger", "forbidden"]
EVIDENCE = ["proven", "inferred", "reported"]
RULES = ["valid", "absent", "double", "halve", "tenths"]
C_WORDS = {"auto", "break", "case", "char", "const", "continue", "default", "do",
           "double", "else", "enum", "extern", "float", "for", "goto", "if", "int",
           "long", "register", "return", "short", "signed", "sizeof", "static",
           "struct", "switch", "typedef", "union", "unsigned", "void", "volatile",
           "while"}
IDENT = re.compile(r"[a-z][a-z0-9_]*\Z")
NAME = re.compile(r"[a-z0-9][a-z0-9_]*\Z")
SLICE = re.compile(r"(\d+)(?:\[(\d)(?::(\d))?\])?\Z")


class DataError(Exception):
    """One or more faults of a table."""

    def __init__(self, faults):
        super().__init__("\n".join(faults))
        self.faults = faults


class Row:
    """One line of a table: its columns as attributes, and where it stands."""

    def __init__(self, path, line, columns, cells):
        self.path, self.line = path, line
        for name, cell in zip(columns, cells):
            setattr(self, name, cell)

    def fault(self, text):
        return DataError([f"{self.path}:{self.line}: {text}"])


def short(path):
    """The path as seen from here, if it is below."""
    there = os.path.relpath(path)
    return path if there.startswith("..") else there


def read_table(path, columns):
    """Rows of a tab-separated file whose first line without # names the columns."""
    name = short(path)
    rows, faults, seen_header = [], [], False
    with open(path, encoding="utf-8") as f:
        for n, text in enumerate(f, 1):
            text = text.rstrip("\n")
            if not text or text.startswith("#"):
                continue
            cells = text.split("\t")
            if not seen_header:
                seen_header = True
                if cells != columns:
                    raise DataError([f"{name}:{n}: columns are {' '.join(cells)}; "
                                     f"expected {' '.join(columns)}"])
            elif len(cells) != len(columns):
                faults.append(f"{name}:{n}: {len(cells)} columns, expected {len(columns)}")
            else:
                rows.append(Row(name, n, columns, cells))
    if not seen_header:
        faults.append(f"{name}:1: no line that names the columns")
    elif not rows and not faults:
        faults.append(f"{name}:1: no entries")
    if faults:
        raise DataError(faults)
    return rows


def collect(rows, check):
    """Check all rows and raise their faults together."""
    faults = []
    for row in rows:
        try:
            check(row)
        except DataError as e:
            faults += e.faults
    if faults:
        raise DataError(faults)


def one_of(row, what, value, allowed):
    if value not in allowed:
        raise row.fault(f'{what} "{value}" is none of {" ".join(a for a in allowed if a)}')


def check_common(row):
    """Checks that both tables share."""
    if not IDENT.match(row.id) or row.id in C_WORDS:
        raise row.fault(f'id "{row.id}" is not a lower-case C identifier')
    if not row.label:
        raise row.fault(f'id "{row.id}" has no label')
    for name in ("label", "note"):
        if re.search(r'["\\]|[^ -~]', getattr(row, name)):
            raise row.fault(f"{name} contains a quote, backslash or non-ASCII character")
    one_of(row, "scale", row.scale, SCALES)
    one_of(row, "unit", row.unit, UNITS)
    row.decimals = SCALES[row.scale]
    one_of(row, "evidence", row.evidence, EVIDENCE)


def parse_values(row, text, mask):
    """number=name;... as a list of pairs; all numbers lie within the bits of mask."""
    pairs = []
    for item in text.split(";") if text else []:
        m = re.match(r"(0x[0-9A-Fa-f]+|\d+)=(.*)\Z", item)
        if not m or not NAME.match(m.group(2)):
            raise row.fault(f'value "{item}" is not number=name')
        number = int(m.group(1), 0)
        if number & ~mask:
            raise row.fault(f'value "{item}" does not fit into the bits 0x{mask:X}')
        if number in (p[0] for p in pairs) or m.group(2) in (p[1] for p in pairs):
            raise row.fault(f'value "{item}" is there twice')
        pairs.append((number, m.group(2)))
    return pairs


def check_bit_values(row):
    for number, name in row.pairs:
        if number == 0 or number & (number - 1):
            raise row.fault(f'value "{name}" of type bits is not a single bit')


def parse_reg_type(row):
    """base[|flagmask][&valuemask][@x2|@/2]"""
    m = re.match(r"([a-z0-9]+)(?:\|(0x[0-9A-Fa-f]+))?(?:&(0x[0-9A-Fa-f]+))?(?:@(x2|/2))?\Z",
                 row.type)
    if not m:
        raise row.fault(f'type "{row.type}" is not understood')
    one_of(row, "type", m.group(1), REG_TYPES)
    row.base = m.group(1)
    row.flag_mask = int(m.group(2) or "0", 0)
    whole = 0xFF if row.base in ("u8", "offset128") else 0xFFFF
    row.value_mask = (int(m.group(3), 0) if m.group(3) else whole) & ~row.flag_mask
    row.rule230 = {None: "none", "x2": "double", "/2": "halve"}[m.group(4)]
    if row.flag_mask > 0xFFFF or row.value_mask > 0xFFFF:
        raise row.fault(f'type "{row.type}": a mask has more than 16 bits')
    if row.rule230 != "none" and row.device != "fx":
        raise row.fault(f'type "{row.type}": only an FX has a 230 V variant')


# the numbers that the registers of a type can hold
HOLDS = {"u8": (0, 0xFF), "offset128": (0, 0xFF), "s16": (-0x8000, 0x7FFF)}
RANGE = re.compile(r"(-?[0-9.]+)\.\.(-?[0-9.]+)(?: step ([0-9.]+))?\Z")


def raw_number(row, text):
    """A number in the row's unit as the whole number that a register holds."""
    try:
        raw = Decimal(text) * 10 ** row.decimals
    except InvalidOperation:
        raise row.fault(f'range "{row.range}": "{text}" is no number') from None
    if raw != int(raw):
        raise row.fault(f'range "{row.range}": "{text}" is no multiple of the scale {row.scale}')
    return int(raw)


def parse_range(row):
    """min, max and step as raw numbers; named_only: no number without a name is written"""
    holds = HOLDS.get(row.base, (0, row.value_mask))
    row.min, row.max, row.step = *holds, 1
    row.named_only = row.base == "enum" and row.pairs != [] and not row.range
    if row.named_only:
        row.min, row.max = min(row.pairs)[0], max(row.pairs)[0]
    if not row.range:
        return
    m = RANGE.match(row.range)
    if not m:
        raise row.fault(f'range "{row.range}" is not MIN..MAX or MIN..MAX step STEP')
    if "ro" in row.flags:
        raise row.fault(f'range "{row.range}": the register cannot be written')
    row.min, row.max = raw_number(row, m.group(1)), raw_number(row, m.group(2))
    row.step = raw_number(row, m.group(3) or row.scale)
    if not holds[0] <= row.min <= row.max <= holds[1]:
        raise row.fault(f'range "{row.range}": type "{row.type}" holds '
                        f"{holds[0]} to {holds[1]} of {row.scale}")
    if not 1 <= row.step <= 0xFFFF:
        raise row.fault(f'range "{row.range}": the step is no step')


SWITCHED = ({"off", "disabled"}, {"on", "enabled"})


def check_switch(row):
    """What takes ENABLE and DISABLE names both states, so that a result can be told."""
    if "endis" in row.flags and not all(names & {p[1] for p in row.pairs} for names in SWITCHED):
        raise row.fault('access "endis" without values named on or enabled, off or disabled')


def check_register(row):
    check_common(row)
    one_of(row, "device", row.device, DEVICES)
    if not re.match(r"[0-9A-F]{4}\Z", row.reg):
        raise row.fault(f'reg "{row.reg}" is not four upper-case hex digits')
    row.addr = int(row.reg, 16)
    parse_reg_type(row)
    row.flags = row.access.split(" ")
    for word in row.flags:
        one_of(row, "access", word, ACCESS)
    if sum(w in ("ro", "rw", "wo") for w in row.flags) != 1:
        raise row.fault(f'access "{row.access}": exactly one of ro rw wo')
    one_of(row, "risk", row.risk, RISKS)
    if row.risk == "-" and row.flags != ["ro"]:
        raise row.fault(f'risk "-" with access "{row.access}": what can be written has a risk')
    row.pairs = parse_values(row, row.values, row.value_mask)
    if row.base == "bits":
        check_bit_values(row)
    parse_range(row)
    check_switch(row)


def find_twins(rows, group, keys):
    """Entries of one group that share a key."""
    faults = []
    for key in keys:
        seen = {}
        for row in rows:
            k = (getattr(row, group), getattr(row, key))
            if k in seen:
                faults.append(f'{row.path}:{row.line}: {group} {k[0]} has {key} "{k[1]}" '
                              f"already on line {seen[k]}")
            seen.setdefault(k, row.line)
    if faults:
        raise DataError(faults)


def read_registers(path):
    rows = read_table(path, REG_COLUMNS)
    collect(rows, check_register)
    find_twins(rows, "device", ["reg", "id"])
    every = {(k, getattr(r, k)): r.line for r in rows if r.device == "all" for k in ("reg", "id")}
    for r in rows:
        for k in ("reg", "id"):
            if r.device != "all" and (k, getattr(r, k)) in every:
                raise r.fault(f'{k} "{getattr(r, k)}" is on line {every[k, getattr(r, k)]} '
                              "for all devices")
    return rows


def parse_slices(row):
    """List of (byte, high bit, low bit), most significant first."""
    row.slices, length = [], PAGES[row.page][0]
    for word in row.bits.split(" "):
        m = SLICE.match(word)
        if not m:
            raise row.fault(f'bits "{word}" is not BYTE, BYTE[BIT] or BYTE[HIGH:LOW]')
        byte = int(m.group(1))
        high = int(m.group(2)) if m.group(2) else 7
        low = int(m.group(3)) if m.group(3) else (high if m.group(2) else 0)
        if byte >= length:
            raise row.fault(f'bits "{word}": {row.page} has bytes 0 to {length - 1}')
        if not 7 >= high >= low:
            raise row.fault(f'bits "{word}": bits go from 7 down to 0')
        row.slices.append((byte, high, low))
    row.width = sum(h - l + 1 for _, h, l in row.slices)
    if row.width > 16:
        raise row.fault(f'bits "{row.bits}": {row.width} bits, at most 16')


def parse_rule(row):
    row.rule_kind, row.rule_field, row.absent = None, None, None
    if not row.rule:
        return
    row.rule_kind, _, field = row.rule.partition(":")
    one_of(row, "rule", row.rule_kind, RULES)
    if row.rule_kind != "absent":
        row.rule_field = field
    elif field.isdigit() and int(field) < 1 << row.width:
        row.absent = int(field)
    else:
        raise row.fault(f'rule "{row.rule}": "{field}" is no number of {row.width} bits')


WIDTHS = {"s": (8, 16), "offset128": (8,), "bool": (1,)}


def check_field(row, regs):
    one_of(row, "page", row.page, PAGES)
    check_common(row)
    one_of(row, "type", row.type, PAGE_TYPES)
    parse_slices(row)
    if row.width not in WIDTHS.get(row.type, range(1, 17)):
        raise row.fault(f'type "{row.type}" cannot have {row.width} bits')
    if row.type not in ("u", "s") and row.scale != "1":
        raise row.fault(f'type "{row.type}" cannot have a scale')
    parse_rule(row)
    values = row.values
    if values.startswith("="):
        values = borrow(row, values, regs)
    row.pairs = parse_values(row, values, (1 << row.width) - 1)
    if row.type == "bits":
        check_bit_values(row)


def borrow(row, text, regs):
    """Values of a register, =device:reg, with more behind a semicolon."""
    ref, _, more = text[1:].partition(";")
    device, _, reg = ref.partition(":")
    for r in regs:
        if r.device == device and r.reg == reg and r.values:
            return r.values + (";" + more if more else "")
    raise row.fault(f'values "={ref}": no such register with values')


def check_rules(rows):
    """A rule names a field of the same page that has the right type."""
    fields = {(r.page, r.id): r for r in rows}
    for r in rows:
        if not r.rule_field:
            continue
        other = fields.get((r.page, r.rule_field))
        if other is None:
            raise r.fault(f'rule "{r.rule}": {r.page} has no field "{r.rule_field}"')
        want = "raw" if r.rule_kind == "tenths" else "bool"
        if other.type != want or other.rule_kind:
            raise r.fault(f'rule "{r.rule}": "{r.rule_field}" is not a plain {want} field')


def check_cover(rows, path):
    """Every bit of every page belongs to exactly one field: nothing is lost."""
    faults = []
    for page, (length, _) in PAGES.items():
        owner = {}
        for r in (r for r in rows if r.page == page):
            for byte, high, low in r.slices:
                for bit in range(low, high + 1):
                    if (byte, bit) in owner:
                        faults.append(f"{r.path}:{r.line}: {page} bit {byte}[{bit}] belongs "
                                      f'to "{owner[byte, bit]}" already')
                    owner.setdefault((byte, bit), r.id)
        for byte in range(length):
            free = [bit for bit in range(7, -1, -1) if (byte, bit) not in owner]
            if free:
                faults.append(f"{short(path)}:1: {page} byte {byte}: no field has bit "
                              + " ".join(map(str, free)))
    if faults:
        raise DataError(faults)


def read_pages(path, regs):
    rows = read_table(path, PAGE_COLUMNS)
    collect(rows, lambda row: check_field(row, regs))
    find_twins(rows, "page", ["id"])
    check_rules(rows)
    check_cover(rows, path)
    for r in rows:
        r.decimals = 1 if r.rule_kind in ("halve", "tenths") else r.decimals
        r.ctype = storage(r)
    return {page: [r for r in rows if r.page == page] for page in PAGES}


def storage(row):
    """C type of a field: whole numbers stay whole, all others become double."""
    if row.type == "bool":
        return "bool"
    if row.decimals:
        return "double"
    if row.type == "s":
        return "int16_t"
    return "uint8_t" if row.width <= 8 and row.rule_kind != "double" else "uint16_t"
